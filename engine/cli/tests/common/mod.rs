//! What several suites need: a small twin, the program on it, and its server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_formats::elevation::write_geotiff;

const TIMEOUT: Duration = Duration::from_secs(1200);

/// Lays a twin around (400500, 2500500) in EPSG:4547: a channel in the west, two grids, a road, a house.
fn lay_twin(dir: &Path, duration_s: u32) {
    std::fs::create_dir(dir).expect("made");
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).expect("written");
    let geometry =
        RasterGeometry::new(100, 100, 400_000.0, 2_501_000.0, 10.0, 10.0).expect("valid");
    let ground = Raster::from_fn(geometry, |r, c| match c {
        0..10 => -2.0,
        _ => 0.6 + c as f32 * 0.015 + 0.1 * (r as f32 * 0.3).sin(),
    });
    let bytes = write_geotiff(&ground, Some("EPSG:4547"), -9999.0).expect("a raster");
    std::fs::write(dir.join("dem.tif"), bytes).expect("written");
    let (x, y) = (400_000.0, 2_500_000.0);
    let at = |dx: f64, dy: f64| format!("[{},{}]", x + dx, y + dy);
    let feature = |kind: &str, coordinates: String, properties: &str| {
        format!(
            r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"{kind}","coordinates":{coordinates}}}}}"#
        )
    };
    let square = |x0: f64, y0: f64, x1: f64, y1: f64| {
        let corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)];
        format!("[[{}]]", corners.map(|(x, y)| at(x, y)).join(","))
    };
    let collection = |features: &[String]| {
        format!(
            r#"{{"type":"FeatureCollection","crs":{{"type":"name","properties":{{"name":"EPSG:4547"}}}},"features":[{}]}}"#,
            features.join(",")
        )
    };
    let grid = |x0: f64, code: &str, people: u32| {
        let properties = format!(r#"{{"code":"{code}","name":"{code}","people":{people}}}"#);
        feature("Polygon", square(x0, 0.0, x0 + 500.0, 1000.0), &properties)
    };
    write(
        "grids.geojson",
        &collection(&[grid(0.0, "G1", 60), grid(500.0, "G2", 40)]),
    );
    let house = r#"{"id":"h1","name":"翠园里7号","floors":6,"height_m":18,"people":60}"#;
    let house = feature("Polygon", square(200.0, 200.0, 220.0, 220.0), house);
    write("houses.geojson", &collection(&[house]));
    let line = format!("[{},{}]", at(150.0, 500.0), at(900.0, 500.0));
    let road = feature(
        "LineString",
        line,
        r#"{"code":"R1","name":"滨江路","class":"primary"}"#,
    );
    write("roads.geojson", &collection(&[road]));
    let sea = feature("Polygon", square(0.0, 0.0, 20.0, 1000.0), "{}");
    write("sea.geojson", &collection(&[sea]));
    write(
        "track.csv",
        "name,agency,time_utc,lat,lon,vmax_kt,pmin_hpa\n\
         TEST,JMA,2017-08-22T12:00:00Z,20.7,115.4,70,970\nTEST,JMA,2017-08-23T00:00:00Z,21.5,114.0,75,965\n\
         TEST,JMA,2017-08-23T06:00:00Z,22.3,112.6,70,970\n",
    );
    write(
        "tide.csv",
        "station_id,name,lat,lon,constituent,amplitude_m,phase_deg_gmt\na,Port,22,113,M2,0.5,56\n",
    );
    write(
        "forecast.toml",
        &format!(
            "[storm]\ntrack = \"track.csv\"\nname = \"TEST\"\nstart = \"2017-08-23T01:00:00Z\"\n\
             duration_s = {duration_s}\noutput_interval_s = 600\n\
             [tide]\nconstituents = \"tide.csv\"\nstation = \"Port\"\nmean_level_m = 0.5\n[water]\ninitial_level_m = 0.1\n\
             [[boundary]]\npolygon = \"sea.geojson\"\nkind = \"sea\"\n"
        ),
    );
    write(
        "twin.toml",
        "[site]\nname = \"test\"\ncrs = \"EPSG:4547\"\norigin = [113.03, 22.6]\nsynthetic = true\n\
         [terrain]\nelevation = \"dem.tif\"\nroughness = 0.03\n[[city]]\nsource = \"houses.geojson\"\n\
         [[grids]]\nsource = \"grids.geojson\"\nlevel = \"grid\"\n[roads]\nsource = \"roads.geojson\"\n",
    );
}

/// A folder with a twin.
pub struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub fn new(duration_s: u32) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        lay_twin(&dir.path().join("twin"), duration_s);
        Self { dir }
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stormgrid"));
        command.current_dir(self.dir.path()).args(arguments);
        command.env("STORMGRID_LANG", "en");
        command
    }
}

pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} of {value}"))
}

/// Waits for something; panics when it takes too long.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < TIMEOUT, "{what} takes too long");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A server and its address; it is killed when it is dropped.
pub struct Serving(pub Child, String);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Serving {
    /// Serves the twin of a place, on a free port.
    pub fn begin(place: &Place, arguments: &[&str]) -> Self {
        let viewer = place.at("viewer");
        std::fs::create_dir_all(&viewer).expect("made");
        std::fs::write(viewer.join("index.html"), "<!doctype html>").expect("written");
        let serve = ["serve", "twin", "--port", "0", "--viewer", "viewer"];
        let mut command = place.command(&[&serve, arguments].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("starts");
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        out.read_line(&mut line).expect("a line");
        let address = line.split("http://").nth(1).expect("an address");
        let address = address.trim().trim_end_matches('/').to_owned();
        // The pipe must not fill up, nor close.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Self(child, address)
    }

    /// Posts a body; the status and the answer.
    pub fn post(&self, path: &str, body: &str) -> (u16, Value) {
        let (status, body) = self.ask("POST", path, body);
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    pub fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.1).expect("connected");
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.1,
            body.len()
        )
        .expect("sent");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("answered");
        let end = bytes
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .expect("a head");
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok());
        (status.expect("a status"), bytes[end + 4..].to_vec())
    }

    pub fn json(&self, path: &str) -> Value {
        let (status, body) = self.ask("GET", path, "");
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).expect("JSON")
    }
}

/// Sends a signal to one process.
#[cfg(target_os = "linux")]
pub fn signal(name: &str, process: u32) {
    let status = Command::new("kill")
        .args([name, &process.to_string()])
        .status();
    assert!(status.expect("kill is there").success());
}
