//! Law: the run-up of the 1993 tsunami at Monai, measured in a wave tank at 1:400.
//! Source: 3rd International Workshop on Long-Wave Runup Models (2004), benchmark problem 2
//! (CRIEPI): the bed on 393 × 244 cells of 14 mm, the level at the open side over 22.5 s, levels at
//! gauges 5, 7 and 9.
//! Tolerance: RMSE over 25 s 0.6 cm, the first peak within 0.4 s and 1 cm. Manning's n = 0.0025,
//! the lowest of the values in use for the tank (0.0025 to 0.01); its side walls and far wall
//! reflect.

use stormgrid_core::ids::CellIdx;
use stormgrid_core::raster::Raster;
use stormgrid_core::series::Series;
use stormgrid_sim::flood::{BoundaryKind, Domain, Initial, Manning, Setup, Side};

use crate::norms::{greater, rmse};
use crate::record::Pen;
use crate::run::{Run, cell_at, on_side};
use crate::{CaseError, Gate, Record};

/// Name and place of the gauges [m].
const GAUGES: [(&str, f64, f64); 3] = [
    ("gauge 5", 4.521, 1.196),
    ("gauge 7", 4.521, 1.696),
    ("gauge 9", 4.521, 2.196),
];

/// What was measured in the wave tank.
pub struct Lab {
    bed: Raster<f64>,
    /// Level at the open side [m].
    wave: Series,
    /// Time [s] and the levels at the three gauges [cm].
    gauges: Vec<[f64; 4]>,
}

impl Lab {
    /// The file of the bed in the folder of the data.
    pub const BED: &'static str = "bathymetry.tif";
    /// The file of the wave at the open side.
    pub const WAVE: &'static str = "input_wave.txt";
    /// The file of the gauges.
    pub const GAUGES: &'static str = "observed_gauges_ch5_7_9.txt";

    /// Reads the three files.
    ///
    /// # Errors
    ///
    /// A file that is not what its name says.
    pub fn read(bed: &[u8], wave: &str, gauges: &str) -> Result<Self, CaseError> {
        let bed =
            stormgrid_formats::elevation::read(bed, Self::BED).map_err(|e| CaseError::Lab {
                file: Self::BED,
                reason: e.to_string(),
            })?;
        let wave: Vec<[f64; 2]> = table(wave, Self::WAVE)?;
        let times = wave.iter().map(|row| row[0]).collect();
        let levels = wave.iter().map(|row| row[1]).collect();
        let wave = Series::new(times, levels).map_err(|e| CaseError::Lab {
            file: Self::WAVE,
            reason: e.to_string(),
        })?;
        Ok(Self {
            bed: bed.raster,
            wave,
            gauges: table(gauges, Self::GAUGES)?,
        })
    }
}

/// Rows of numbers under one line of words.
fn table<const N: usize>(text: &str, file: &'static str) -> Result<Vec<[f64; N]>, CaseError> {
    let mut rows = Vec::new();
    for (k, line) in text.lines().enumerate().skip(1) {
        let mut row = [0.0; N];
        let mut words = line.split_whitespace();
        if line.trim().is_empty() {
            continue;
        }
        for value in &mut row {
            let number = words.next().and_then(|word| word.parse().ok());
            *value = number.ok_or_else(|| CaseError::Lab {
                file,
                reason: format!("line {} does not hold {N} numbers", k + 1),
            })?;
        }
        rows.push(row);
    }
    Ok(rows)
}

pub(crate) fn monai(record: &mut Record, lab: &Lab) -> Result<(), CaseError> {
    record.inertial_lacks("no advection of momentum");
    let geometry = *lab.bed.geometry();
    let mut setup = Setup::new(Domain {
        geometry,
        elevation: lab.bed.values().to_vec(),
        manning: Manning::Uniform(0.0025),
        blocked: Vec::new(),
    });
    setup.initial = Initial::Level(0.0);
    setup.boundaries = vec![on_side(Side::West, BoundaryKind::Level(lab.wave.clone()))];
    let mut run = Run::start(setup, record.scheme)?;
    let mut cells: Vec<CellIdx> = Vec::new();
    for (_, x, y) in GAUGES {
        cells.push(cell_at(&geometry, x, y)?);
    }
    let rows: Vec<_> = lab.gauges.iter().filter(|row| row[0] <= 25.0).collect();
    let mut levels = vec![Vec::new(); 3];
    for row in &rows {
        run.advance(row[0])?;
        for (series, cell) in levels.iter_mut().zip(&cells) {
            let level = lab.bed.values()[cell.index()] + f64::from(run.flood().depth_at(*cell));
            series.push(100.0 * level);
        }
    }
    record.ends(&run);
    for (gauge, (name, ..)) in GAUGES.into_iter().enumerate() {
        let measured: Vec<f64> = rows.iter().map(|row| row[gauge + 1]).collect();
        let ours = &levels[gauge];
        record.row(
            format!("{name}: RMSE"),
            "cm",
            rmse(ours, &measured),
            Gate::AtMost(0.6),
        );
        let peak = |levels: &[f64]| first_peak(&rows, levels);
        let ((t, top), (t_exact, top_exact)) = (peak(ours), peak(&measured));
        let near = |expected, by| Gate::Near { expected, by };
        record.row(
            format!("{name}: time of the first peak"),
            "s",
            t,
            near(t_exact, 0.4),
        );
        record.row(
            format!("{name}: first peak"),
            "cm",
            top,
            near(top_exact, 1.0),
        );
        if gauge == 0 {
            let times = || rows.iter().map(|row| row[0]);
            record.curve(
                "measured, gauge 5",
                Pen::Measured,
                times().zip(measured).collect(),
            );
            record.draw(times().zip(ours.iter().copied()).collect());
        }
    }
    let maxima = run.flood().maxima().depth_max;
    let wet = maxima
        .iter()
        .zip(lab.bed.values())
        .filter(|(h, _)| **h > 0.001);
    let highest = wet.map(|(_, z)| 100.0 * z).fold(0.0, greater);
    record.tell("highest ground reached", "cm", highest);
    Ok(())
}

/// Time [s] and height of the highest level before 18 s.
fn first_peak(rows: &[&[f64; 4]], levels: &[f64]) -> (f64, f64) {
    let early = rows.iter().zip(levels).filter(|(row, _)| row[0] < 18.0);
    let top = early.max_by(|a, b| a.1.total_cmp(b.1));
    top.map_or((f64::NAN, f64::NAN), |(row, &level)| (row[0], level))
}
