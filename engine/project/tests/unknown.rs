//! Unknown is not dry: what a run tells of zones, buildings, people and cells where the terrain has no data.

use std::ops::ControlFlow;
use std::path::Path;

use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_formats::elevation::{self, write_geotiff};
use stormgrid_project::{RunOptions, simulate};

const CORNER: [f64; 2] = [410_000.0, 2_494_000.0];

fn write(dir: &Path, name: &str, text: &str) {
    std::fs::write(dir.join(name), text).expect("written");
}

fn collection(features: &[String]) -> String {
    format!(
        r#"{{"type":"FeatureCollection","crs":{{"type":"name","properties":{{"name":"EPSG:4547"}}}},"features":[{}]}}"#,
        features.join(",")
    )
}

fn square(x0: f64, x1: f64, properties: &str) -> String {
    let ring = [
        (x0, 100.0),
        (x1, 100.0),
        (x1, 300.0),
        (x0, 300.0),
        (x0, 100.0),
    ];
    let ring = ring.map(|(x, y)| format!("[{},{}]", CORNER[0] + x, CORNER[1] + y));
    format!(
        r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"Polygon","coordinates":[[{}]]}}}}"#,
        ring.join(",")
    )
}

/// 400 by 400 m in cells of 10 m, flat, 0.5 m of water all over; no data east of 200 m.
fn lay(dir: &Path) {
    let geometry = RasterGeometry::new(40, 40, CORNER[0], CORNER[1] + 400.0, 10.0, 10.0);
    let ground = Raster::from_fn(geometry.expect("valid"), |_, col| match col {
        0..20 => 1.0_f32,
        _ => f32::NAN,
    });
    let bytes = write_geotiff(&ground, Some("EPSG:4547"), -9999.0).expect("a raster");
    std::fs::write(dir.join("dem.tif"), bytes).expect("written");
    let grids = [
        square(100.0, 300.0, r#"{"code":"HALF","people":1000}"#),
        square(300.0, 400.0, r#"{"code":"NONE","people":70}"#),
        square(0.0, 100.0, r#"{"code":"ALL","people":200}"#),
        square(0.0, 50.0, r#"{"code":"UNCOUNTED"}"#),
    ];
    write(dir, "grids.geojson", &collection(&grids));
    write(
        dir,
        "run.toml",
        "[run]\nstart = \"2017-08-23T00:00:00+08:00\"\nduration_s = 60\noutput_interval_s = 60\n\
         [terrain]\nelevation = \"dem.tif\"\n[initial]\nlevel = 1.25\n[grids]\nsource = \"grids.geojson\"\nid = \"code\"\n\
         [rain]\nrate_mm_h = 36\n",
    );
}

/// A CSV as rows of values by column.
fn rows(dir: &Path) -> Vec<std::collections::BTreeMap<String, String>> {
    let text = std::fs::read_to_string(dir.join("exposure.csv")).expect("written");
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().expect("a header").split(',').collect();
    lines
        .map(|line| {
            let values = line.split(',').map(str::to_owned);
            names.iter().map(|n| (*n).to_owned()).zip(values).collect()
        })
        .collect()
}

/// perrygeo/python-rasterstats#105, ci1xgk/Fellowship_Webpage#21: cells without data counted as dry ground of a
/// zone (modelled share 1, 500 of 1000 people reached as if the others were safe).
#[test]
fn a_zone_half_without_ground_knows_half_of_its_people() {
    let dir = tempfile::tempdir().expect("a folder");
    lay(dir.path());
    let out = dir.path().join("out");
    let options = RunOptions {
        threads: 1,
        ..RunOptions::default()
    };
    let summary = simulate(&dir.path().join("run.toml"), &out, &options, &mut |_| {
        ControlFlow::Continue(())
    })
    .expect("a run");
    let rows = rows(&out);
    let of = |row: usize, name: &str| rows[row][name].as_str();
    assert_eq!(of(0, "modelled_share"), "0.5");
    assert_eq!(
        (of(0, "people_reached"), of(0, "people_unknown")),
        ("500", "500")
    );
    // Nothing is known: empty, never 0.
    assert_eq!(of(1, "modelled_share"), "0");
    for name in [
        "depth_max_m",
        "flooded_share_15cm",
        "people_reached",
        "duration_s",
    ] {
        assert_eq!(of(1, name), "", "{name}");
    }
    assert_eq!(of(1, "people_unknown"), "70");
    assert_eq!(
        (of(2, "people_reached"), of(2, "people_unknown")),
        ("200", "0")
    );
    for name in ["people", "people_reached", "people_unknown"] {
        assert_eq!(of(3, name), "", "{name}");
    }

    // The notes and the report of the input tell it too.
    let notes: Vec<&str> = summary.notes.iter().map(|n| n.en.as_str()).collect();
    let told = |part: &str| notes.iter().any(|note| note.contains(part));
    assert!(told("2 of 4 zones") && told("of 570 people"), "{notes:?}");
    assert!(told("number of people of 1 zones"), "{notes:?}");
    let terrain = &summary.input[0];
    assert_eq!(
        (terrain.id.as_str(), terrain.cover, terrain.unknown),
        ("terrain", Some(0.5), 800)
    );
    let grids = summary
        .input
        .iter()
        .find(|layer| layer.id == "grids")
        .expect("told");
    assert_eq!((grids.count, grids.unknown), (4, 1));

    // The raster tells dry ground from none.
    let bytes = std::fs::read(out.join("modelled.tif")).expect("written");
    let modelled = elevation::read(&bytes, "modelled.tif")
        .expect("a raster")
        .raster;
    assert_eq!((modelled.get(5, 19), modelled.get(5, 20)), (1.0, 0.0));
}
