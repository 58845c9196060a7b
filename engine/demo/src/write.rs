//! The twin's files.

use serde_json::json;
use sha2::{Digest, Sha256};
use stormgrid_formats::elevation::write_geotiff;
use stormgrid_formats::vector;

use crate::citymodel;
use crate::folder::{FolderInMaking, hex};
use crate::layers;
use crate::model::{self, City};
use crate::{DemoError, DemoOptions, DemoReport, texts};

/// Best track of Hato: Japan Meteorological Agency, 10-minute winds.
const TRACK: &[u8] = include_bytes!("../../../data/typhoon/hato_2017_jma.csv");
/// Radius of maximum wind of Hato: Joint Typhoon Warning Center.
const RADII: &[u8] = include_bytes!("../../../data/typhoon/hato_2017_jtwc_radii.csv");
/// Tidal constituents of four stations, TICON-4 (CC BY 4.0).
const TIDE: &[u8] = include_bytes!("../../../data/tide/constituents.csv");

/// Mark of raster cells without ground.
const NO_DATA: f32 = -9999.0;

/// Writes all files and gives the folder its name.
pub(crate) fn write(
    mut folder: FolderInMaking,
    city: &City,
    options: &DemoOptions,
) -> Result<DemoReport, DemoError> {
    let crs = Some(model::CRS);
    folder.write(
        "terrain/elevation.tif",
        &write_geotiff(&city.elevation, crs, NO_DATA)?,
    )?;
    folder.write(
        "terrain/manning.tif",
        &write_geotiff(&city.manning, crs, NO_DATA)?,
    )?;
    folder.write("city/buildings.city.jsonl", &citymodel::write(city))?;
    for layer in &city.layers {
        let marks =
            layers::properties(json!({"notice": {"zh": texts::NOTICE_ZH, "en": texts::NOTICE_EN}}));
        folder.write(layer.path, &vector::write(&layer.features, None, marks)?)?;
    }
    folder.write("storm/hato.csv", TRACK)?;
    folder.write("storm/hato_radii.csv", RADII)?;
    folder.write("storm/tide_constituents.csv", TIDE)?;
    folder.write(
        "storm/river_inflow.csv",
        texts::river_inflow_csv().as_bytes(),
    )?;
    folder.write("forecast.toml", texts::forecast_toml().as_bytes())?;
    folder.write("NOTICE.md", texts::notice_md(options.seed).as_bytes())?;
    folder.write("twin.toml", texts::twin_toml().as_bytes())?;
    let files = folder.finish()?;

    let mut digest = Sha256::new();
    for file in &files {
        digest.update(format!("{} {}\n", file.sha256, file.path));
    }
    let towns = city
        .layers
        .iter()
        .find(|layer| layer.path == "grids/towns.geojson");
    let area = |layer: &layers::Layer| -> f64 {
        layer
            .features
            .iter()
            .filter_map(|f| f.properties["area_m2"].as_f64())
            .sum()
    };
    Ok(DemoReport {
        area_m2: towns.map(area).unwrap_or_default(),
        features: city
            .layers
            .iter()
            .map(|layer| (layer.path.to_owned(), layer.features.len()))
            .collect(),
        buildings: city.buildings.len(),
        people: city.buildings.iter().map(|b| u64::from(b.people)).sum(),
        households: city.buildings.iter().map(|b| u64::from(b.households)).sum(),
        ground_cells: city
            .elevation
            .values()
            .iter()
            .filter(|z| !z.is_nan())
            .count(),
        files,
        digest: hex(&digest.finalize()),
    })
}
