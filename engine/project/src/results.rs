//! What a flood run leaves: rasters and a summary.

use serde::{Deserialize, Serialize};
use stormgrid_core::message;
use stormgrid_core::message::{Bilingual, Message};
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_core::time::Instant;
use stormgrid_formats::elevation::write_geotiff;
use stormgrid_formats::scenario;
use stormgrid_sim::exposure::Cells;
use stormgrid_sim::flood::{Flood, Ledger, Source};

use crate::drive::Driven;
use crate::figures::{FloodEnd, LayerTotals};
use crate::files::RunFolder;
use crate::input_report::ReportedLayer;
use crate::rehearsal::Change;
use crate::{ProjectError, messages, structures, usage};

/// The raster that tells dry ground from none.
pub const MODELLED_FILE: &str = "modelled.tif";

/// Written where there is no water, and named as nodata in the file.
const NO_DATA: f32 = -9999.0;

/// Depth below which a cell counts as dry in the rasters [m].
const DRY: f32 = 1e-3;

/// `summary.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Version of the program.
    pub version: String,
    /// What was run.
    pub title: Bilingual,
    /// Start, RFC 3339 in UTC.
    pub start: String,
    /// Length [s].
    pub duration_s: f64,
    /// Cell size [m].
    pub cell_size_m: f64,
    /// Cells of the raster.
    pub cells: u64,
    /// Cells that can hold water.
    pub open_cells: u64,
    /// Greatest number of cells at least 1 cm deep at once.
    pub wet_cells_max: u64,
    /// Steps taken.
    pub steps: u64,
    /// Cells computed, summed over the steps.
    pub cell_updates: u64,
    /// Time on the clock [s].
    pub wall_s: f64,
    /// Processor time [s]; null where the system does not tell.
    pub cpu_s: Option<f64>,
    /// Threads used.
    pub threads: usize,
    /// Greatest resident memory of the process [bytes]; null where the system does not tell.
    pub peak_rss_bytes: Option<u64>,
    /// Water that entered, that of the start included [m³].
    pub volume_in_m3: f64,
    /// Water that left [m³].
    pub volume_out_m3: f64,
    /// Water that is there at the end [m³].
    pub volume_stored_m3: f64,
    /// |in − out − stored| / in.
    pub volume_error_rel: f64,
    /// The ledger, line by line.
    pub ledger: Vec<LedgerEntry>,
    /// What the structures did.
    #[serde(default)]
    pub structures: Vec<StructureEntry>,
    /// SHA-256 of the final state and the maxima; the same for any number of threads.
    pub digest: String,
    /// The run that this one was copied from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<String>,
    /// What was changed in a rehearsal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Whether the run ends before its flood does: see [`FloodEnd::is_cut_off`].
    #[serde(default)]
    pub cut_off_at_end: bool,
    /// Flood water over the run and at its end; null of a scenario.
    #[serde(default)]
    pub flood_end: Option<FloodEnd>,
    /// Sums over the rows of each layer.
    #[serde(default)]
    pub totals: Vec<LayerTotals>,
    /// What a reader should know.
    pub notes: Vec<Bilingual>,
    /// What was read of each layer, and what was assumed, left out or not known: the list of `stormgrid check`.
    #[serde(default)]
    pub input: Vec<ReportedLayer>,
}

/// What a structure did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StructureEntry {
    /// Its number in the scenario, from 1.
    pub structure: usize,
    /// `pump`, `gate` and so on.
    pub kind: String,
    /// What people call it.
    pub name: Option<String>,
    /// Volume moved from the first end to the second [m³].
    pub forward_m3: f64,
    /// Volume moved back [m³].
    pub backward_m3: f64,
    /// Discharge at the end [m³ s⁻¹].
    pub discharge_m3_s: f64,
    /// Water in a reservoir at the end [m³].
    pub held_m3: Option<f64>,
}

/// A line of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// `initial`, `rain`, `infiltration`, `inflow 1`, `boundary 2`, `structure 3`; numbers as in the
    /// input, from 1.
    pub source: String,
    /// Volume that entered [m³].
    pub in_m3: f64,
    /// Volume that left [m³].
    pub out_m3: f64,
}

impl Summary {
    /// Collects the numbers of a finished run.
    pub fn of(
        driven: &Driven,
        geometry: &RasterGeometry,
        title: Bilingual,
        start: &str,
        duration_s: f64,
    ) -> Self {
        let stats = driven.flood.stats();
        let ledger = driven.flood.ledger();
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            title,
            start: start.to_owned(),
            duration_s,
            cell_size_m: geometry.dx,
            cells: geometry.n_cells() as u64,
            open_cells: stats.open_cells,
            wet_cells_max: stats.wet_cells_max,
            steps: stats.steps,
            cell_updates: stats.cell_updates,
            wall_s: driven.wall_s,
            cpu_s: driven.cpu_s,
            threads: stats.threads,
            peak_rss_bytes: usage::peak_rss_bytes(),
            volume_in_m3: ledger.in_m3,
            volume_out_m3: ledger.out_m3,
            volume_stored_m3: ledger.stored_m3,
            volume_error_rel: ledger.error_rel,
            ledger: entries(&ledger),
            structures: Vec::new(),
            digest: driven.flood.digest(),
            copy_of: None,
            changes: Vec::new(),
            cut_off_at_end: false,
            flood_end: None,
            totals: Vec::new(),
            notes: Vec::new(),
            input: Vec::new(),
        }
    }

    /// Tells what is left of the flood at the end, and what the figures of one cell size stand for.
    ///
    /// - `start`: of the run
    pub(crate) fn end_of_flood(&mut self, end: FloodEnd, start: Instant) {
        self.cut_off_at_end = end.is_cut_off();
        self.flood_end = Some(end);
        if self.cut_off_at_end {
            let time = start.plus_seconds(self.duration_s);
            self.notes.push(messages::told(&message!(
                "note.cut_off",
                "the run ends at {time} with {share} % of its flood water ({volume} m³) still on the ground and {roads} road segments closed; what is not told as dry or open again by then is not known: ask for a longer run; rain that no drain, pump or infiltration of the twin takes stays in hollows",
                time = Message::own(time.to_china_rfc3339(), time.to_rfc3339()),
                share = format!("{:.0}", end.left_share * 100.0),
                volume = format!("{:.0}", end.end_m3),
                roads = end.roads_closed
            )));
        }
        self.notes.push(messages::told(&message!(
            "note.cells",
            "all figures are those of cells of {cell} m; a run with other cells has others, since each cell has one height of the ground and dikes, canals, walls and single houses are narrower than coarse cells",
            cell = self.cell_size_m
        )));
    }

    /// Tells what the structures of a scenario did, by their numbers there.
    ///
    /// - `numbers`: of each structure of the flood, from 1; levees are none
    pub(crate) fn name_structures(
        &mut self,
        flood: &Flood,
        numbers: &[usize],
        given: &[scenario::Structure],
    ) {
        for (entry, line) in self.ledger.iter_mut().zip(flood.ledger().lines) {
            if let Source::Structure(k) = line.source {
                entry.source = format!("structure {}", numbers[k]);
            }
        }
        let reports = numbers.iter().zip(flood.structures());
        let told = reports.map(|(&number, report)| StructureEntry {
            structure: number,
            kind: structures::word(given[number - 1].kind).to_owned(),
            name: given[number - 1].name.clone(),
            forward_m3: report.forward_m3,
            backward_m3: report.backward_m3,
            discharge_m3_s: report.discharge_m3_s,
            held_m3: report.held_m3,
        });
        self.structures = told.collect();
    }
}

fn entries(ledger: &Ledger) -> Vec<LedgerEntry> {
    ledger
        .lines
        .iter()
        .map(|line| LedgerEntry {
            source: match line.source {
                Source::Initial => "initial".to_owned(),
                Source::Rain => "rain".to_owned(),
                Source::Infiltration => "infiltration".to_owned(),
                Source::Inflow(i) => format!("inflow {}", i + 1),
                Source::Boundary(i) => format!("boundary {}", i + 1),
                Source::Structure(i) => format!("structure {}", i + 1),
            },
            in_m3: line.in_m3,
            out_m3: line.out_m3,
        })
        .collect()
}

/// Writes the rasters of DESIGN section 5; dry cells are nodata, and so are those without ground. `modelled.tif` tells
/// them apart: 1 where the model has ground, 2 where a building closes it to the water, 0 where nothing is known.
///
/// - `cells`: which have ground, and which buildings close
/// - `geometry`: in the CRS that the files shall name
pub fn write_rasters(
    folder: &RunFolder,
    flood: &Flood,
    cells: Cells<'_>,
    geometry: RasterGeometry,
    crs: Option<&str>,
) -> Result<(), ProjectError> {
    folder.write(MODELLED_FILE, &modelled_geotiff(cells, geometry, crs)?)?;
    let maxima = flood.maxima();
    let wet_ever: Vec<bool> = maxima.depth_max.iter().map(|&d| d >= DRY).collect();
    let depth = flood.depth();
    let wet_now: Vec<bool> = depth.iter().map(|&d| d >= DRY).collect();
    let hazard: Vec<f32> = maxima.hazard_max.iter().map(|&h| f32::from(h)).collect();
    let classified: Vec<bool> = maxima.hazard_max.iter().map(|&h| h > 0).collect();
    let level = flood.level();
    let arrived: Vec<bool> = maxima.arrival_s.iter().map(|t| t.is_finite()).collect();
    let lasting: Vec<bool> = maxima.duration_s.iter().map(|&t| t > 0.0).collect();
    let files: [(&str, &[f32], &[bool]); 7] = [
        ("depth_max.tif", &maxima.depth_max, &wet_ever),
        ("speed_max.tif", &maxima.speed_max, &wet_ever),
        ("hazard_max.tif", &hazard, &classified),
        ("arrival.tif", &maxima.arrival_s, &arrived),
        ("duration.tif", &maxima.duration_s, &lasting),
        ("depth_final.tif", &depth, &wet_now),
        ("level_final.tif", &level, &wet_now),
    ];
    for (name, values, shown) in files {
        folder.write(name, &geotiff(values, shown, geometry, crs)?)?;
    }
    Ok(())
}

/// The raster that tells dry ground from none, as a GeoTIFF.
pub fn modelled_geotiff(
    cells: Cells<'_>,
    geometry: RasterGeometry,
    crs: Option<&str>,
) -> Result<Vec<u8>, ProjectError> {
    let all = vec![true; geometry.n_cells()];
    geotiff(&modelled(cells, &geometry), &all, geometry, crs)
}

/// What is known of each cell: 1 ground, 2 ground that a building closes, 0 no ground.
fn modelled(cells: Cells<'_>, geometry: &RasterGeometry) -> Vec<f32> {
    let is_blocked = |i: usize| cells.blocked.get(i).copied().unwrap_or(false);
    let has_ground = |i: usize| cells.ground.get(i).is_none_or(|&share| share > 0.0);
    let word = |i| match (has_ground(i), is_blocked(i)) {
        (false, _) => 0.0,
        (true, false) => 1.0,
        (true, true) => 2.0,
    };
    (0..geometry.n_cells()).map(word).collect()
}

/// Writes which cells are rivers, ponds and canals: 1 there, no data elsewhere. The other rasters hold their water too;
/// no figure counts it.
///
/// - `geometry`: in the CRS that the file shall name
pub fn write_permanent_water(
    folder: &RunFolder,
    water: &[bool],
    geometry: RasterGeometry,
    crs: Option<&str>,
) -> Result<(), ProjectError> {
    let ones = vec![1.0; water.len()];
    folder.write(
        "permanent_water.tif",
        &geotiff(&ones, water, geometry, crs)?,
    )
}

/// One field as a GeoTIFF; cells that are not `shown` are nodata.
pub fn geotiff(
    values: &[f32],
    shown: &[bool],
    geometry: RasterGeometry,
    crs: Option<&str>,
) -> Result<Vec<u8>, ProjectError> {
    let masked = values
        .iter()
        .zip(shown)
        .map(|(&v, &s)| if s && v.is_finite() { v } else { f32::NAN })
        .collect();
    let raster = Raster::new(geometry, masked).map_err(|e| {
        ProjectError::input(
            message!("thing.result", "the result"),
            e.to_string(),
            message!("fix.report", "report this as an error"),
        )
    })?;
    Ok(write_geotiff(&raster, crs, NO_DATA)?)
}

/// Depth of a frame as a GeoTIFF.
pub fn depth_geotiff(
    depth: &[f32],
    geometry: RasterGeometry,
    crs: Option<&str>,
) -> Result<Vec<u8>, ProjectError> {
    let shown: Vec<bool> = depth.iter().map(|&d| d >= DRY).collect();
    geotiff(depth, &shown, geometry, crs)
}

/// The summary as a file.
pub fn write_summary(folder: &RunFolder, summary: &Summary) -> Result<(), ProjectError> {
    folder.write(crate::files::SUMMARY_FILE, &pretty(summary)?)
}

/// JSON for people and machines.
pub fn pretty<T: Serialize>(value: &T) -> Result<Vec<u8>, ProjectError> {
    serde_json::to_vec_pretty(value).map_err(|e| ProjectError::Write {
        path: "the JSON".to_owned(),
        reason: Message::english(e),
    })
}
