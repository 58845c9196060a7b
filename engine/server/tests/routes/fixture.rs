//! A small twin and a server for it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_formats::elevation::write_geotiff;
use stormgrid_project::LoadedTwin;
use stormgrid_server::{Runs, RunsOptions, Server, ServerOptions};

/// The head of a request in JSON.
pub const JSON: &str = "Content-Type: application/json\r\n";

/// An advisory over the small twin.
pub const ADVISORY: &str = r#"{"name": "Draft", "agency": "CMA", "base_time": "2017-08-23T00:00:00Z", "averaging_min": 2,
    "wind_unit": "m/s", "fixes": [{"lead_h": 0, "lat": 21.5, "lon": 114.0, "wind": 38, "pressure_hpa": 965},
    {"lead_h": 6, "lat": 22.3, "lon": 112.6, "wind": 35, "pressure_hpa": 970}]}"#;

/// Lays a twin of 1 km² around (400500, 2500500) in EPSG:4547: a channel in the west, two grids.
pub fn lay_twin(dir: &Path) {
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.join(name), bytes).expect("written");
    let geometry =
        RasterGeometry::new(100, 100, 400_000.0, 2_501_000.0, 10.0, 10.0).expect("valid");
    let ground = Raster::from_fn(geometry, |_, c| if c < 10 { -2.0 } else { c as f32 * 0.02 });
    write(
        "dem.tif",
        &write_geotiff(&ground, Some("EPSG:4547"), -9999.0).expect("a raster"),
    );
    let square = |x0: f64, y0: f64, x1: f64, y1: f64, properties: &str| {
        format!(
            r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"Polygon","coordinates":[[[{x0},{y0}],[{x1},{y0}],[{x1},{y1}],[{x0},{y1}],[{x0},{y0}]]]}}}}"#
        )
    };
    let collection = |features: &[String]| {
        format!(
            r#"{{"type":"FeatureCollection","crs":{{"type":"name","properties":{{"name":"EPSG:4547"}}}},"features":[{}]}}"#,
            features.join(",")
        )
    };
    let (x, y) = (400_000.0, 2_500_000.0);
    let grids = [
        square(
            x,
            y,
            x + 500.0,
            y + 1000.0,
            r#"{"code":"G1","name":"西","people":60}"#,
        ),
        square(
            x + 500.0,
            y,
            x + 1000.0,
            y + 1000.0,
            r#"{"code":"G2","name":"东","people":40}"#,
        ),
    ];
    write("grids.geojson", collection(&grids).as_bytes());
    let house = square(
        x + 200.0,
        y + 200.0,
        x + 220.0,
        y + 220.0,
        r#"{"id":"h1","name":"翠园里7号","floors":6,"height_m":18,"people":60}"#,
    );
    write("houses.geojson", collection(&[house]).as_bytes());
    let sea = square(x, y, x + 20.0, y + 1000.0, r#"{"code":"sea"}"#);
    write("sea.geojson", collection(&[sea]).as_bytes());
    write(
        "track.csv",
        b"name,agency,time_utc,lat,lon,vmax_kt,pmin_hpa\n\
          TEST,JMA,2017-08-23T00:00:00Z,21.5,114.0,75,965\nTEST,JMA,2017-08-23T06:00:00Z,22.3,112.6,70,970\n",
    );
    write(
        "tide.csv",
        b"station_id,name,lat,lon,constituent,amplitude_m,phase_deg_gmt\na,Port,22,113,M2,0.5,56\n",
    );
    write(
        "forecast.toml",
        b"[storm]\ntrack = \"track.csv\"\nname = \"TEST\"\nstart = \"2017-08-23T01:00:00Z\"\nduration_s = 3600\noutput_interval_s = 600\n\
          [tide]\nconstituents = \"tide.csv\"\nstation = \"Port\"\nmean_level_m = 0.5\n[water]\ninitial_level_m = 0.1\n\
          [[boundary]]\npolygon = \"sea.geojson\"\nkind = \"sea\"\n",
    );
    write(
        "twin.toml",
        b"[site]\nname = \"test\"\ncrs = \"EPSG:4547\"\norigin = [113.03, 22.6]\nsynthetic = true\n\
          [terrain]\nelevation = \"dem.tif\"\nroughness = 0.03\n[[city]]\nsource = \"houses.geojson\"\n\
          [[grids]]\nsource = \"grids.geojson\"\nlevel = \"grid\"\n",
    );
    std::fs::create_dir(dir.join("viewer")).expect("made");
    write("viewer/index.html", b"<!doctype html><title>viewer</title>");
}

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

pub fn ask(at: SocketAddr, method: &str, path: &str, extra: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(at).expect("connected");
    let host = if extra.contains("Host:") {
        String::new()
    } else {
        format!("Host: {at}\r\n")
    };
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\n{host}{extra}Content-Length: {length}\r\n\r\n{body}"
    )
    .expect("sent");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("answered");
    let end = bytes
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .expect("a head");
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|s| s.parse().ok())
        .expect("a status");
    Answer {
        status,
        head,
        body: bytes[end + 4..].to_vec(),
    }
}

/// A queue whose solver has one thread.
pub fn one_thread() -> RunsOptions {
    RunsOptions {
        threads: 1,
        ..RunsOptions::default()
    }
}

pub fn serve(dir: &Path) -> (SocketAddr, tokio::runtime::Runtime) {
    let twin = Arc::new(LoadedTwin::load(dir).expect("a twin"));
    let runs = Runs::start(Arc::clone(&twin), one_thread()).expect("a thread");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let options = ServerOptions {
        port: 0,
        viewer: Some(dir.join("viewer")),
    };
    let server = runtime
        .block_on(Server::bind(twin, runs, &options))
        .expect("bound");
    let address = server.address();
    runtime.spawn(server.run(std::future::pending()));
    (address, runtime)
}

/// A run, once it is done.
pub fn done(at: SocketAddr, id: &str) -> Value {
    let begun = Instant::now();
    loop {
        let view = ask(at, "GET", &format!("/api/v1/runs/{id}"), "", "").json();
        match view["state"].as_str() {
            Some("queued" | "running") => assert!(begun.elapsed() < Duration::from_secs(600)),
            Some("done") => return view,
            _ => panic!("{view}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
