//! The interface over a real socket, on a small twin.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_formats::chunk::{decode_city, decode_terrain, decode_water};
use stormgrid_formats::elevation::write_geotiff;
use stormgrid_formats::setup_message::decode_setup;
use stormgrid_project::LoadedTwin;
use stormgrid_server::{Runs, Server, ServerOptions};

/// Lays a twin of 1 km² around (400500, 2500500) in EPSG:4547: a channel in the west, two grids.
fn lay_twin(dir: &Path) {
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

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

fn ask(at: SocketAddr, method: &str, path: &str, extra: &str, body: &str) -> Answer {
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

fn serve(dir: &Path) -> (SocketAddr, tokio::runtime::Runtime) {
    let twin = Arc::new(LoadedTwin::load(dir).expect("a twin"));
    let runs = Runs::start(Arc::clone(&twin), None, 1).expect("a thread");
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

#[test]
fn the_twin_is_told_and_a_run_goes_from_queue_to_exposure() {
    let dir = tempfile::tempdir().expect("a folder");
    lay_twin(dir.path());
    let (at, _runtime) = serve(dir.path());
    let get = |path: &str| ask(at, "GET", path, "", "");

    assert_eq!(get("/healthz").body, b"ok");
    assert!(get("/").body.starts_with(b"<!doctype"));
    let twin = get("/api/v1/twin").json();
    assert_eq!(
        (&twin["counts"]["buildings"], &twin["counts"]["grids"]),
        (&1.into(), &2.into())
    );
    assert_eq!(twin["synthetic"], true);
    assert_eq!(twin["layers"][0]["title"]["zh"], "网格");
    let local = decode_setup(&get("/api/v1/local-setup?cell=25").body).expect("SGS1");
    assert_eq!((local.header.n_cols, local.header.dx), (40, 25.0));
    assert_eq!(local.header.duration_s, 3600.0);
    assert!(!local.header.boundaries.is_empty() && local.header.rain_mm_h.len() == 7);
    let terrain = decode_terrain(&get("/api/v1/terrain?cell=25").body).expect("SGT1");
    assert_eq!(terrain.geometry().n_cols, 40);
    let chunk = decode_city(&get("/api/v1/city/0").body).expect("SGC1");
    assert_eq!(chunk.buildings.len(), 1);
    let hit = &get("/api/v1/search?q=%E7%BF%A0%E5%9B%AD%E9%87%8C7%E5%8F%B74%E6%A5%BC").json()[0];
    assert_eq!((hit["z"].as_f64(), &hit["floor"]), (Some(9.0), &4.into()));

    let json = "Content-Type: application/json\r\n";
    let made = ask(at, "POST", "/api/v1/runs", json, r#"{"cell_size_m":10}"#);
    assert_eq!(made.status, 202, "{}", String::from_utf8_lossy(&made.body));
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let begun = Instant::now();
    let run = loop {
        let run = get(&format!("/api/v1/runs/{id}")).json();
        if run["state"] == "done" {
            break run;
        }
        assert_ne!(run["state"], "failed", "{run}");
        assert!(begun.elapsed() < Duration::from_secs(120), "{run}");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(run["frames"], 7);
    assert!(
        run["summary"]["volume_error_rel"]
            .as_f64()
            .expect("a number")
            < 1e-6
    );
    let frame = decode_water(&get(&format!("/api/v1/runs/{id}/frames/6")).body).expect("SGW1");
    assert_eq!((frame.time_s, frame.geometry.dx), (3600.0, 20.0));
    assert!(
        frame.depth_cm.iter().any(|&d| d > 100),
        "the channel is wet"
    );
    let rows = get(&format!("/api/v1/runs/{id}/exposure?layer=grids")).json();
    assert_eq!(rows["rows"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        rows["rows"][0]["flooded_share"].as_array().map(Vec::len),
        Some(5)
    );
    let csv = get(&format!("/api/v1/runs/{id}/exposure.csv?layer=grids")).body;
    assert!(String::from_utf8(csv).expect("UTF-8").contains("G2,东"));
    let series = get(&format!("/api/v1/runs/{id}/series?layer=grids")).json();
    assert_eq!(series["time_s"].as_array().map(Vec::len), Some(7));
    let card = get(&format!("/api/v1/grids/G1?run={id}")).json();
    assert_eq!(
        (&card["buildings"], &card["exposure"]["code"]),
        (&1.into(), &"G1".into())
    );
    let storm = get(&format!("/api/v1/runs/{id}/storm")).json();
    assert_eq!(storm["name"], "TEST");
}

#[test]
fn wrong_requests_are_told_in_both_languages() {
    let dir = tempfile::tempdir().expect("a folder");
    lay_twin(dir.path());
    let (at, _runtime) = serve(dir.path());
    let get = |path: &str| ask(at, "GET", path, "", "");
    for path in [
        "/api/v1/grids/none",
        "/api/v1/layers/none",
        "/api/v1/buildings/99",
        "/api/v1/city/x",
        "/api/v1/runs/none",
        "/api/v1/nothing",
    ] {
        let answer = get(path);
        assert_eq!(answer.status, 404, "{path}");
        let message = &answer.json()["error"]["message"];
        assert!(
            message["zh"].is_string() && message["en"].is_string(),
            "{path}"
        );
    }
    assert_eq!(get("/api/v1/terrain?cell=0").status, 400);
    assert_eq!(get("/api/v1/local-setup?cell=1").status, 400);
    assert_eq!(get("/api/v1/at?x=NaN&y=0").status, 400);
    let json = "Content-Type: application/json\r\n";
    assert_eq!(
        ask(at, "POST", "/api/v1/runs", json, r#"{"cell_size_m":0.01}"#).status,
        400
    );
    assert_eq!(
        ask(at, "POST", "/api/v1/runs", json, r#"{"cell":20}"#).status,
        400
    );
    assert_eq!(
        ask(at, "POST", "/api/v1/runs", "", "{}").status,
        400,
        "a form of another page"
    );
    assert_eq!(
        ask(at, "GET", "/healthz", "Host: evil.example\r\n", "").status,
        403
    );
    let up = get("/../twin.toml");
    assert!(
        !String::from_utf8_lossy(&up.body).contains("[site]"),
        "no file outside the viewer"
    );
}

#[test]
fn what_the_browser_has_is_not_sent_again() {
    let dir = tempfile::tempdir().expect("a folder");
    lay_twin(dir.path());
    let (at, _runtime) = serve(dir.path());
    let first = ask(at, "GET", "/api/v1/layers/grids", "", "");
    let tag = first
        .head
        .lines()
        .find_map(|l| l.strip_prefix("etag: "))
        .expect("a tag");
    // Header values were lowered; the tag is hexadecimal behind `W/`.
    let tag = tag.replace("w/", "W/");
    let again = ask(
        at,
        "GET",
        "/api/v1/layers/grids",
        &format!("If-None-Match: {tag}\r\n"),
        "",
    );
    assert_eq!((again.status, again.body.len()), (304, 0));
    let packed = ask(
        at,
        "GET",
        "/api/v1/layers/grids",
        "Accept-Encoding: gzip\r\n",
        "",
    );
    assert!(
        packed.head.contains("content-encoding: gzip"),
        "{}",
        packed.head
    );
}

#[test]
fn a_busy_port_and_a_missing_viewer_are_sentences() {
    let dir = tempfile::tempdir().expect("a folder");
    lay_twin(dir.path());
    let (at, runtime) = serve(dir.path());
    let twin = Arc::new(LoadedTwin::load(dir.path()).expect("a twin"));
    let runs = Runs::start(Arc::clone(&twin), None, 1).expect("a thread");
    let bind = |port, viewer| {
        let options = ServerOptions { port, viewer };
        let bound = Server::bind(Arc::clone(&twin), Arc::clone(&runs), &options);
        runtime.block_on(bound).err().expect("refused").to_string()
    };
    assert!(bind(at.port(), None).contains("is in use"));
    assert!(bind(0, Some(dir.path().join("none"))).contains("index.html"));
}

#[test]
fn the_description_names_every_route() {
    let described: Value = serde_json::from_str(&stormgrid_server::openapi_json()).expect("JSON");
    let paths = described["paths"].as_object().expect("paths");
    assert_eq!(paths.len(), 29);
    assert!(paths["/api/v1/runs"]["post"].is_object());
    assert!(paths["/api/v1/ensembles"]["post"].is_object());
}
