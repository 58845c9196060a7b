//! A small twin behind a dike with a gate, for tests.

use std::path::Path;

use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_formats::elevation::write_geotiff;

use crate::rehearsal::Rehearsal;
use crate::twin::LoadedTwin;
use crate::{Forecast, ForecastOptions, Listener, Progress};

/// South-west corner in EPSG:4547.
pub(crate) const CORNER: [f64; 2] = [400_000.0, 2_500_000.0];

/// Middle of the gate's gap [m from the corner].
pub(crate) const GATE: [f64; 2] = [110.0, 300.0];

fn collection(features: &[String]) -> String {
    format!(
        r#"{{"type":"FeatureCollection","crs":{{"type":"name","properties":{{"name":"EPSG:4547"}}}},"features":[{}]}}"#,
        features.join(",")
    )
}

fn feature(kind: &str, coordinates: &str, properties: &str) -> String {
    format!(
        r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"{kind}","coordinates":{coordinates}}}}}"#
    )
}

fn at(x: f64, y: f64) -> String {
    format!("[{},{}]", CORNER[0] + x, CORNER[1] + y)
}

fn area(x0: f64, y0: f64, x1: f64, y1: f64, properties: &str) -> String {
    let ring = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)].map(|(x, y)| at(x, y));
    feature("Polygon", &format!("[[{}]]", ring.join(",")), properties)
}

fn line(points: &[(f64, f64)], properties: &str) -> String {
    let points: Vec<String> = points.iter().map(|&(x, y)| at(x, y)).collect();
    feature("LineString", &format!("[{}]", points.join(",")), properties)
}

/// Lays the twin: 1000 by 600 m in cells of 10 m. A river in the west, a dike of 4 m at x = 110 with a gap of 40 m
/// at y = 300 where a gate stands open, land behind it that rises from 0.2 to 2 m in the east. Two grids
/// of two units each, four houses, three shelters of which the western one lies low, and two roads to the
/// east with three streets between them.
pub(crate) fn lay(dir: &Path) {
    let write = |name: &str, text: String| std::fs::write(dir.join(name), text).expect("written");
    let geometry =
        RasterGeometry::new(100, 60, CORNER[0], CORNER[1] + 600.0, 10.0, 10.0).expect("valid");
    let ground = Raster::from_fn(geometry, |row, col| match col {
        0..10 => -2.0,
        10 | 11 if (28..32).contains(&row) => 0.2,
        10 | 11 => 4.0,
        _ => 0.2 + 0.02 * (col - 12) as f32,
    });
    let bytes = write_geotiff(&ground, Some("EPSG:4547"), -9999.0).expect("a raster");
    std::fs::write(dir.join("dem.tif"), bytes).expect("written");
    let grids = [
        area(
            120.0,
            0.0,
            560.0,
            600.0,
            r#"{"code":"G1","name":"西格","people":200,"staff_full_time":2,"staff_part_time":9,"unit_leaders":2}"#,
        ),
        area(
            560.0,
            0.0,
            1000.0,
            600.0,
            r#"{"code":"G2","name":"东格","people":100,"staff_full_time":3,"staff_part_time":5,"unit_leaders":2}"#,
        ),
    ];
    write("grids.geojson", collection(&grids));
    let unit = |code: &str, parent: &str, people: u32, x: [f64; 2], y: [f64; 2]| {
        let properties = format!(
            r#"{{"code":"{code}","name":"{code}单元","parent":"{parent}","people":{people}}}"#
        );
        area(x[0], y[0], x[1], y[1], &properties)
    };
    let units = [
        unit("G1-1", "G1", 120, [120.0, 560.0], [0.0, 300.0]),
        unit("G1-2", "G1", 80, [120.0, 560.0], [300.0, 600.0]),
        unit("G2-1", "G2", 60, [560.0, 1000.0], [0.0, 300.0]),
        unit("G2-2", "G2", 40, [560.0, 1000.0], [300.0, 600.0]),
    ];
    write("units.geojson", collection(&units));
    let house = |id: &str, x: f64, y: f64, people: u32| {
        let properties =
            format!(r#"{{"id":"{id}","name":"{id}","floors":3,"height_m":9,"people":{people}}}"#);
        area(x, y, x + 20.0, y + 20.0, &properties)
    };
    let houses = [
        house("h1", 300.0, 150.0, 120),
        house("h2", 300.0, 450.0, 80),
        house("h3", 800.0, 150.0, 60),
        house("h4", 800.0, 450.0, 40),
    ];
    write("houses.geojson", collection(&houses));
    let shelter = |code: &str, x: f64, y: f64, places: u32| {
        let properties = format!(
            r#"{{"code":"{code}","name":"{code}避难场所","kind":"shelter","places":{places}}}"#
        );
        feature("Point", &at(x, y), &properties)
    };
    let shelters = [
        shelter("B1", 200.0, 200.0, 500),
        shelter("B2", 950.0, 105.0, 70),
        shelter("B3", 950.0, 495.0, 50),
    ];
    write("shelters.geojson", collection(&shelters));
    let road = |code: &str, points: &[(f64, f64)]| {
        line(
            points,
            &format!(r#"{{"code":"{code}","name":"{code}路","class":"residential"}}"#),
        )
    };
    let roads = [
        road("R1", &[(130.0, 100.0), (500.0, 100.0)]),
        road("R2", &[(500.0, 100.0), (980.0, 100.0)]),
        road("R3", &[(130.0, 500.0), (500.0, 500.0)]),
        road("R4", &[(500.0, 500.0), (980.0, 500.0)]),
        road("R5", &[(130.0, 100.0), (130.0, 500.0)]),
        road("R6", &[(500.0, 100.0), (500.0, 500.0)]),
        road("R7", &[(980.0, 100.0), (980.0, 500.0)]),
    ];
    write("roads.geojson", collection(&roads));
    let dike = |y: [f64; 2], crest: f64| {
        line(
            &[(110.0, y[0]), (110.0, y[1])],
            &format!(r#"{{"code":"D","crest_m":{crest}}}"#),
        )
    };
    let dikes = [
        dike([0.0, 280.0], 4.0),
        dike([280.0, 320.0], 0.2),
        dike([320.0, 600.0], 4.0),
    ];
    write("dikes.geojson", collection(&dikes));
    let gate =
        r#"{"code":"W1","name":"水闸","kind":"gate","width_m":40,"crest_m":4.0,"state":"open"}"#;
    write(
        "gates.geojson",
        collection(&[feature("Point", &at(GATE[0], GATE[1]), gate)]),
    );
    write(
        "sea.geojson",
        collection(&[area(0.0, 0.0, 20.0, 600.0, r#"{"code":"sea"}"#)]),
    );
    write(
        "track.csv",
        "name,agency,time_utc,lat,lon,vmax_kt,pmin_hpa\n\
         TEST,JMA,2017-08-23T00:00:00Z,21.5,114.0,75,965\nTEST,JMA,2017-08-23T06:00:00Z,22.3,112.6,70,970\n"
            .to_owned(),
    );
    write(
        "tide.csv",
        "station_id,name,lat,lon,constituent,amplitude_m,phase_deg_gmt\na,Port,22,113,M2,0.2,56\n"
            .to_owned(),
    );
    write(
        "forecast.toml",
        "[storm]\ntrack = \"track.csv\"\nname = \"TEST\"\nstart = \"2017-08-23T01:00:00Z\"\nduration_s = 7200\noutput_interval_s = 1800\n\
         [tide]\nconstituents = \"tide.csv\"\nstation = \"Port\"\nmean_level_m = 0.9\n[water]\ninitial_level_m = 0.1\n\
         [terrain]\ndikes = \"dikes.geojson\"\n[structures]\ngates = \"gates.geojson\"\n\
         [[boundary]]\npolygon = \"sea.geojson\"\nkind = \"sea\"\n"
            .to_owned(),
    );
    write(
        "twin.toml",
        "[site]\nname = \"Test\"\ncrs = \"EPSG:4547\"\norigin = [113.027, 22.595]\n\
         [terrain]\nelevation = \"dem.tif\"\nroughness = 0.035\n[[city]]\nsource = \"houses.geojson\"\n\
         [[grids]]\nsource = \"grids.geojson\"\nlevel = \"grid\"\nid = \"code\"\nkind = \"rural\"\n\
         [[grids]]\nsource = \"units.geojson\"\nlevel = \"unit\"\nid = \"code\"\nkind = \"rural\"\n\
         [[points]]\nsource = \"shelters.geojson\"\nkind = \"shelter\"\n[roads]\nsource = \"roads.geojson\"\n"
            .to_owned(),
    );
}

/// A laid twin in a folder that goes with it.
pub(crate) fn laid() -> (tempfile::TempDir, LoadedTwin) {
    let dir = tempfile::tempdir().expect("a folder");
    lay(dir.path());
    let twin = LoadedTwin::load(dir.path()).expect("a twin");
    (dir, twin)
}

/// Longitude and latitude of a place [m from the corner].
pub(crate) fn lonlat(twin: &LoadedTwin, x: f64, y: f64) -> [f64; 2] {
    let [x0, y0] = twin.frame.origin;
    twin.lonlat(CORNER[0] + x - x0, CORNER[1] + y - y0)
        .expect("on the map")
}

struct Silent;

impl Listener for Silent {
    fn progress(&mut self, _: Progress) -> std::ops::ControlFlow<()> {
        std::ops::ControlFlow::Continue(())
    }
    fn storm(&mut self, _: &std::sync::Arc<crate::storm::StormTable>) {}
    fn frame(&mut self, _: Vec<u8>) {}
}

/// Runs a rehearsal at 10 m cells.
pub(crate) fn run(
    twin: &LoadedTwin,
    rehearsal: Rehearsal,
    out: Option<&Path>,
) -> Result<Forecast, crate::ProjectError> {
    let options = ForecastOptions {
        track: None,
        storm: None,
        agency: None,
        cell_size_m: 10.0,
        duration_s: None,
        threads: 1,
        scheme: None,
        rehearsal,
    };
    crate::forecast(twin, &options, out, &mut Silent)
}
