//! A forecast's run as a message for the solver in the browser.

use stormgrid_core::message;
use stormgrid_core::message::Bilingual;
use stormgrid_core::units::RainRate;
use stormgrid_formats::setup_message::{
    BUILDING, CellInflow, HeldCells, SetupHeader, SetupMessage, encode_setup, pairs_of,
};
use stormgrid_sim::flood::{BoundaryKind, BoundaryPlace, Manning, Rain, Setup};

use crate::ProjectError;
use crate::forecast::terrain;
use crate::forecast::{FORECAST_FILE, ForecastOptions, PreparedGround, forcing, setup};
use crate::forecast_file::ForecastFile;
use crate::twin::LoadedTwin;

/// Most cells that are handed out at once: four million take about 160 MB in the browser.
pub const MOST_LOCAL_CELLS: usize = 4_000_000;

/// Steps of Manning's coefficient between the classes of a message [s m⁻¹ᐟ³].
const CLASS_STEP: f64 = 1e-3;

/// The run of a forecast with cells of a size, as an `SGS1` message: ground, roughness, buildings, sea
/// and rivers are those of [`crate::forecast()`]; the rain is that of the middle of the site,
/// everywhere.
///
/// # Errors
///
/// More than [`MOST_LOCAL_CELLS`] cells; files of the twin that are missing or wrong.
pub fn local_setup(twin: &LoadedTwin, options: &ForecastOptions) -> Result<Vec<u8>, ProjectError> {
    let geometry = twin.ground.geometry_at(options.cell_size_m)?;
    if geometry.n_cells() > MOST_LOCAL_CELLS {
        return Err(ProjectError::input(
            terrain(),
            message!(
                "fault.local.cells",
                "cells of {size} m make {n} of them, a browser takes {most}",
                size = options.cell_size_m,
                n = geometry.n_cells(),
                most = MOST_LOCAL_CELLS
            ),
            message!("fix.local.cells", "choose a larger cell size"),
        ));
    }
    let file = ForecastFile::read(&twin.dir.join(FORECAST_FILE))?;
    let duration = options.duration_s.unwrap_or(file.storm.duration_s);
    let forcing = forcing(twin, &file, options, duration)?;
    let ground = PreparedGround::new(twin, &file, options.cell_size_m)?;
    // Gates, pumps and levees stay here: the message has no place for them.
    let (setup, _) = setup(twin, &file, &forcing, &ground, options)?;
    let rain_mm_h = match &setup.rain {
        // A design storm is finer than the table.
        Rain::Series(rain) => {
            let told = rain.time_s.iter().zip(&rain.value);
            told.map(|(&t, &v)| [t, RainRate::from_mps(v).as_mm_h()])
                .collect()
        }
        _ => {
            let site = forcing.table(twin.middle(), Bilingual::default()).site;
            site.iter().map(|p| [p.time_s, p.rain_mm_h]).collect()
        }
    };
    let header = SetupHeader {
        n_cols: geometry.n_cols,
        n_rows: geometry.n_rows,
        west: geometry.west,
        north: geometry.north,
        dx: geometry.dx,
        dy: geometry.dy,
        scheme: options.scheme().name().to_owned(),
        duration_s: duration,
        output_interval_s: file.storm.output_interval_s,
        initial_level_m: file.water.initial_level_m,
        manning: Vec::new(),
        rain_mm_h,
        boundaries: Vec::new(),
        inflows: Vec::new(),
        parts: parts_of(&setup),
    };
    Ok(encode_setup(&message(header, &setup)))
}

/// Cells with ground in a part.
fn parts_of(setup: &Setup) -> Vec<(u32, f64)> {
    let parts = setup.cover.iter().zip(&setup.domain.elevation).enumerate();
    let parts = parts.filter(|(_, (cover, z))| z.is_finite() && **cover < 1.0);
    parts
        .map(|(cell, (cover, _))| (cell as u32, *cover))
        .collect()
}

fn message(mut header: SetupHeader, setup: &Setup) -> SetupMessage {
    for boundary in &setup.boundaries {
        // A forecast's boundaries are polygons, never sides.
        let BoundaryPlace::Cells(cells) = &boundary.place else {
            continue;
        };
        header.boundaries.push(HeldCells {
            cells: cells.iter().map(|cell| cell.0).collect(),
            level_m: match &boundary.kind {
                BoundaryKind::Level(series) => Some(pairs_of(series)),
                _ => None,
            },
        });
    }
    for inflow in &setup.inflows {
        header.inflows.push(CellInflow {
            cells: inflow.cells.iter().map(|&(c, w)| (c.0, w)).collect(),
            discharge_m3_s: pairs_of(&inflow.discharge),
        });
    }
    let domain = &setup.domain;
    let mut class = match &domain.manning {
        Manning::Uniform(n) => {
            header.manning = vec![*n];
            vec![0; domain.elevation.len()]
        }
        Manning::Field(values) => {
            let greatest = values.iter().copied().fold(0.0, f32::max);
            let step = CLASS_STEP.max(f64::from(greatest) / 254.0);
            let class_of = |&n: &f32| (f64::from(n) / step).round() as u8;
            let count = class_of(&greatest);
            header.manning = (0..=count).map(|k| f64::from(k) * step).collect();
            values.iter().map(class_of).collect()
        }
    };
    for (class, blocked) in class.iter_mut().zip(&domain.blocked) {
        if *blocked {
            *class = BUILDING;
        }
    }
    SetupMessage {
        header,
        elevation: domain.elevation.iter().map(|&z| z as f32).collect(),
        class,
    }
}
