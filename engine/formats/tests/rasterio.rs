//! One small raster in many ways of GeoTIFF, against what rasterio reads of each.
//!
//! Reference: rasterio 1.4.4 (GDAL 3.10.3); `rasterio/make.py` writes the files and `expected.json`.

use std::path::Path;

use serde_json::Value;
use stormgrid_formats::elevation::{self, Sidecars};

#[test]
fn every_way_to_write_a_raster_gives_the_values_of_rasterio() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rasterio");
    let text = std::fs::read_to_string(folder.join("expected.json")).expect("in the repository");
    let cases: Value = serde_json::from_str(&text).expect("JSON");
    let cases = cases.as_object().expect("an object");
    assert!(cases.len() >= 40, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for (name, expected) in cases {
        let bytes = std::fs::read(folder.join(format!("{name}.tif"))).expect("in the repository");
        let mask = std::fs::read(folder.join(format!("{name}.tif.msk"))).ok();
        let beside = Sidecars {
            mask: mask.as_deref(),
            ..Sidecars::default()
        };
        let read = elevation::read_beside(&bytes, name, &beside).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(read.crs.as_deref(), Some("EPSG:4547"), "{name}");
        let geometry = read.raster.geometry();
        for (key, found) in [
            ("west", geometry.west),
            ("north", geometry.north),
            ("dx", geometry.dx),
            ("dy", geometry.dy),
        ] {
            assert_eq!(expected[key].as_f64(), Some(found), "{name}: {key}");
        }
        let rows = expected["values"].as_array().expect("rows");
        assert_eq!(rows.len(), geometry.n_rows, "{name}");
        for (r, row) in rows.iter().enumerate() {
            let row = row.as_array().expect("a row");
            assert_eq!(row.len(), geometry.n_cols, "{name}");
            for (c, value) in row.iter().enumerate() {
                let found = read.raster.get(r, c);
                let right = value.as_f64().map_or(found.is_nan(), |value| {
                    // Scale and offset may be rounded in one step or two.
                    (found - value).abs() <= 1e-14 * value.abs().max(10.0)
                });
                if !right {
                    wrong.push(format!("{name}, row {r}, column {c}: {found} for {value}"));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cells, first {:?}",
        wrong.len(),
        &wrong[..wrong.len().min(9)]
    );
}
