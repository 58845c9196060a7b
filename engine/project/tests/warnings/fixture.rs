//! A twin of 2 km × 1 km of coast, laid file by file.

use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_formats::elevation::write_geotiff;
use stormgrid_project::storm::StormTable;
use stormgrid_project::{Forecast, ForecastOptions, Listener, LoadedTwin, Progress, forecast};

/// West edge [m], EPSG:4547.
pub const WEST: f64 = 400_000.0;
/// South edge [m].
pub const SOUTH: f64 = 2_500_000.0;

/// A place from the south-west corner [m].
pub type At = [f64; 2];

/// GeoJSON of features in EPSG:4547: properties and geometry.
pub fn collection(features: &[(String, String)]) -> String {
    let features: Vec<String> = features
        .iter()
        .map(|(properties, geometry)| {
            format!(r#"{{"type":"Feature","properties":{properties},"geometry":{geometry}}}"#)
        })
        .collect();
    format!(
        r#"{{"type":"FeatureCollection","crs":{{"type":"name","properties":{{"name":"EPSG:4547"}}}},"features":[{}]}}"#,
        features.join(",")
    )
}

fn coordinates(points: &[At]) -> String {
    let mut text = String::new();
    for (k, [x, y]) in points.iter().enumerate() {
        let comma = if k > 0 { "," } else { "" };
        let _ = write!(text, "{comma}[{},{}]", WEST + x, SOUTH + y);
    }
    text
}

/// A line.
pub fn line(points: &[At]) -> String {
    format!(
        r#"{{"type":"LineString","coordinates":[{}]}}"#,
        coordinates(points)
    )
}

/// A point.
pub fn point(at: At) -> String {
    format!(r#"{{"type":"Point","coordinates":{}}}"#, coordinates(&[at]))
}

/// A rectangle.
pub fn rectangle(low: At, high: At) -> String {
    let ring = [low, [high[0], low[1]], high, [low[0], high[1]], low];
    format!(
        r#"{{"type":"Polygon","coordinates":[[{}]]}}"#,
        coordinates(&ring)
    )
}

/// Writes terrain of square cells, from the north-west cell on.
///
/// - `height`: of the middle of a cell, from the south-west corner [m]
pub fn terrain(dir: &Path, size: At, cell: f64, height: impl Fn(f64, f64) -> f64) {
    let (n_cols, n_rows) = ((size[0] / cell) as usize, (size[1] / cell) as usize);
    let geometry =
        RasterGeometry::new(n_cols, n_rows, WEST, SOUTH + size[1], cell, cell).expect("valid");
    let ground = Raster::from_fn(geometry, |row, col| {
        height(
            (col as f64 + 0.5) * cell,
            size[1] - (row as f64 + 0.5) * cell,
        ) as f32
    });
    let bytes = write_geotiff(&ground, Some("EPSG:4547"), -9999.0).expect("a raster");
    std::fs::write(dir.join("dem.tif"), bytes).expect("written");
}

/// Writes a track past the place, a tide, and the manifest with roads, schools and grids.
pub fn rest(dir: &Path, forecast: &str) {
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).expect("written");
    write(
        "track.csv",
        "name,agency,time_utc,lat,lon,vmax_kt,pmin_hpa\n\
         TEST,JMA,2017-08-23T00:00:00Z,21.5,114.0,75,965\nTEST,JMA,2017-08-23T12:00:00Z,22.7,111.2,70,970\n",
    );
    write(
        "tide.csv",
        "station_id,name,lat,lon,constituent,amplitude_m,phase_deg_gmt\na,Port,22,113,M2,0.8,56\n",
    );
    write("forecast.toml", forecast);
    write(
        "twin.toml",
        "[site]\nname = \"试验区\"\ncrs = \"EPSG:4547\"\norigin = [113.03, 22.6]\nsynthetic = true\n\
         [terrain]\nelevation = \"dem.tif\"\nroughness = 0.03\n\
         [[grids]]\nsource = \"grids.geojson\"\nlevel = \"grid\"\n\
         [[points]]\nsource = \"schools.geojson\"\nkind = \"school\"\n\
         [roads]\nsource = \"roads.geojson\"\n",
    );
}

struct Silent;

impl Listener for Silent {
    fn progress(&mut self, _: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    fn storm(&mut self, _: &Arc<StormTable>) {}
    fn frame(&mut self, _: Vec<u8>) {}
}

/// Forecasts a twin into its folder `out`.
pub fn run(twin: &LoadedTwin, cell_size_m: f64) -> Forecast {
    let options = ForecastOptions {
        track: None,
        storm: None,
        agency: None,
        cell_size_m,
        duration_s: None,
        threads: 2,
        scheme: None,
    };
    forecast(twin, &options, Some(&twin.dir.join("out")), &mut Silent).expect("a finished run")
}
