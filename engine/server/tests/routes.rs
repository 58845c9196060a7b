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
use stormgrid_server::{Runs, RunsOptions, Server, ServerOptions};

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

fn one_thread() -> RunsOptions {
    RunsOptions {
        threads: 1,
        ..RunsOptions::default()
    }
}

fn serve(dir: &Path) -> (SocketAddr, tokio::runtime::Runtime) {
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
    let hazards = get(&format!("/api/v1/runs/{id}/hazards?layer=grids")).json();
    let ids = hazards["hazards"].as_array().expect("a list");
    let ids: Vec<&str> = ids.iter().filter_map(|h| h["id"].as_str()).collect();
    assert_eq!(ids, ["flood", "surge", "wind", "landslide", "ponding"]);
    assert_eq!(hazards["hazards"][2]["title"]["zh"], "大风");
    assert_eq!(hazards["rule"]["combination"]["method"], "maximum");
    let zone = &hazards["rows"][0];
    assert_eq!(zone["code"], "G1");
    // The storm passes within 60 km with 75 kt: a gale at least, which the rule makes yellow.
    assert!(zone["levels"]["wind"].as_u64() >= Some(2), "{zone}");
    assert!(zone["combined"].as_u64() >= zone["levels"]["wind"].as_u64());
    assert!(
        zone["why"]["wind"]["zh"]
            .as_str()
            .is_some_and(|why| why.contains("米/秒"))
    );
    let csv = get(&format!("/api/v1/runs/{id}/hazards.csv")).body;
    assert!(
        String::from_utf8(csv)
            .expect("UTF-8")
            .starts_with("code,name,combined,flood_level")
    );
    assert_eq!(
        get(&format!("/api/v1/runs/{id}/hazards.geojson")).status,
        200
    );
    assert_eq!(
        get(&format!("/api/v1/runs/{id}/hazards?layer=roads")).status,
        404
    );
    assert_eq!(get(&format!("/api/v1/runs/{id}/ponding")).body, b"[]");
}

#[test]
fn warnings_go_from_a_draft_to_a_cancel_in_the_name_of_persons() {
    let dir = tempfile::tempdir().expect("a folder");
    lay_twin(dir.path());
    let rules = "[message]\nregion = \"440704\"\n[[rule]]\naudience = \"residents\"\ncolour = \"orange\"\ndepth_m = 0.05\n";
    std::fs::write(dir.path().join("warnings.toml"), rules).expect("written");
    let (at, _runtime) = serve(dir.path());
    let json = "Content-Type: application/json\r\n";
    let get = |path: &str| ask(at, "GET", &format!("/api/v1/{path}"), "", "");
    let post = |path: &str, body: &str| ask(at, "POST", &format!("/api/v1/{path}"), json, body);
    let told = |answer: Answer, status: u16| {
        assert_eq!(
            answer.status,
            status,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        answer.json()
    };
    assert_eq!(told(get("warnings"), 200), Value::Array(vec![]));
    told(post("warnings/drafts", r#"{"run":"none"}"#), 404);
    let run = told(post("runs", r#"{"cell_size_m":20}"#), 202)["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let begun = Instant::now();
    while get(&format!("runs/{run}")).json()["state"] != "done" {
        assert!(begun.elapsed() < Duration::from_secs(120));
        std::thread::sleep(Duration::from_millis(50));
    }
    let request = format!(r#"{{"run":"{run}"}}"#);
    let drafts = told(post("warnings/drafts", &request), 200);
    assert_eq!(
        drafts,
        told(post("warnings/drafts", &request), 200),
        "made once"
    );
    let draft = &drafts[0];
    let id = draft["id"].as_str().expect("an id").to_owned();
    assert_eq!(
        (&draft["state"], &draft["audience"], &draft["colour"]),
        (&"draft".into(), &"residents".into(), &"orange".into())
    );
    assert_eq!(draft["grids"][0], "G1");
    assert_eq!(draft["polygon"]["type"], "MultiPolygon");
    let xml = get(&format!("warnings/{id}/cap.xml"));
    assert!(xml.head.contains("application/cap+xml"));
    assert!(String::from_utf8_lossy(&xml.body).contains("<status>Draft</status>"));

    told(
        post(&format!("warnings/{id}/approve"), r#"{"by":" "}"#),
        409,
    );
    told(
        post(&format!("warnings/{id}/approve"), r#"{"by":"张三","x":1}"#),
        400,
    );
    assert_eq!(
        ask(
            at,
            "POST",
            &format!("/api/v1/warnings/{id}/approve"),
            "",
            r#"{"by":"张三"}"#
        )
        .status,
        400
    );
    let approve = r#"{"by":"张三","client_id":"a1"}"#;
    let issued = told(post(&format!("warnings/{id}/approve"), approve), 200);
    assert_eq!(
        (&issued["state"], &issued["by"]),
        (&"issued".into(), &"张三".into())
    );
    told(post(&format!("warnings/{id}/approve"), approve), 200);
    let update = format!(
        r#"{{"by":"李四","run":"{run}","description":{{"zh":"水位上涨","en":"water rises"}}}}"#
    );
    let updated = told(post(&format!("warnings/{id}/update"), &update), 200);
    assert_eq!(
        (&updated["msg_type"], &updated["references"][0]),
        (&"Update".into(), &id.as_str().into())
    );
    let second = updated["id"].as_str().expect("an id");
    told(
        post(
            &format!("warnings/{id}/cancel"),
            r#"{"by":"李四","reason":"雨停"}"#,
        ),
        409,
    );
    let cancel = told(
        post(
            &format!("warnings/{second}/cancel"),
            r#"{"by":"李四","reason":"雨停"}"#,
        ),
        200,
    );
    assert_eq!(
        (&cancel["msg_type"], &cancel["grids"]),
        (&"Cancel".into(), &draft["grids"])
    );
    assert_eq!(
        told(get(&format!("warnings/{id}")), 200)["state"],
        "cancelled"
    );
    assert_eq!(
        told(get("warnings?state=cancelled&audience=residents"), 200)
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    told(get("warnings?state=lost"), 400);
    told(get("warnings/none"), 404);
    let feed = get("warnings.atom");
    assert!(
        String::from_utf8_lossy(&feed.body)
            .matches("<entry>")
            .count()
            == 3
    );
    let folder = dir.path().join("warnings");
    assert!(folder.join(format!("{id}.xml")).is_file() && folder.join("journal.jsonl").is_file());
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
    let runs = Runs::start(Arc::clone(&twin), one_thread()).expect("a thread");
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
    assert_eq!(paths.len(), 51);
    assert!(paths["/api/v1/runs"]["post"].is_object());
    assert!(paths["/api/v1/ensembles"]["post"].is_object());
}

const JSON: &str = "Content-Type: application/json\r\n";

/// An advisory over the small twin.
const ADVISORY: &str = r#"{"name": "Draft", "agency": "CMA", "base_time": "2017-08-23T00:00:00Z", "averaging_min": 2,
    "wind_unit": "m/s", "fixes": [{"lead_h": 0, "lat": 21.5, "lon": 114.0, "wind": 38, "pressure_hpa": 965},
    {"lead_h": 6, "lat": 22.3, "lon": 112.6, "wind": 35, "pressure_hpa": 970}]}"#;

#[test]
fn a_run_is_copied_changed_compared_and_planned() {
    let dir = tempfile::tempdir().expect("a folder");
    lay_twin(dir.path());
    let (at, _runtime) = serve(dir.path());
    let get = |path: &str| ask(at, "GET", path, "", "");
    let post = |path: &str, body: &str| ask(at, "POST", path, JSON, body);
    let done = |id: &str| {
        let begun = Instant::now();
        loop {
            let view = get(&format!("/api/v1/runs/{id}")).json();
            match view["state"].as_str() {
                Some("queued" | "running") => assert!(begun.elapsed() < Duration::from_secs(120)),
                Some("done") => return view,
                _ => panic!("{view}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let first = post("/api/v1/runs", r#"{"cell_size_m": 20, "title": "原方案"}"#);
    assert_eq!(first.status, 202, "{}", first.head);
    let first = first.json();
    assert_eq!(
        (&first["title"]["zh"], &first["copy_of"]),
        (&"原方案".into(), &Value::Null)
    );
    let a = first["id"].as_str().expect("an id").to_owned();
    let body = format!(
        r#"{{"copy_of": "{a}", "title": "海平面+0.5米并转移", "changes": [{{"kind": "sea_level", "add_m": 0.5}}, {{"kind": "evacuate", "codes": ["G1"]}}]}}"#
    );
    let second = post("/api/v1/runs", &body).json();
    let b = second["id"].as_str().expect("an id").to_owned();
    assert_eq!(second["copy_of"], a.as_str());
    assert_eq!(second["cell_size_m"], 20.0);
    assert_eq!(second["changes"][0]["add_m"], 0.5);
    assert_eq!(get(&format!("/api/v1/runs/{b}/plan")).status, 409);
    let (first, second) = (done(&a), done(&b));
    assert_eq!(
        second["summary"]["changes"].as_array().map(Vec::len),
        Some(2)
    );
    assert_ne!(first["summary"]["digest"], second["summary"]["digest"]);
    assert!(
        first["track_notes"]
            .as_array()
            .is_some_and(|n| !n.is_empty())
    );

    let compared = get(&format!("/api/v1/compare?a={a}&b={b}&layer=grids")).json();
    assert_eq!(
        (&compared["a"]["id"], &compared["b"]["title"]),
        (&a.as_str().into(), &second["title"]["zh"])
    );
    let area = &compared["totals"]["flooded_area_m2"];
    assert!(area["b"].as_f64() > area["a"].as_f64(), "{area}");
    let exposure = get(&format!("/api/v1/runs/{b}/exposure?layer=grids")).json();
    let row = &compared["rows"][0];
    assert_eq!(row["code"], "G1");
    assert_eq!(row["b"]["people_reached"], 0.0);
    assert_eq!(row["b"]["depth_max_m"], exposure["rows"][0]["depth_max_m"]);
    assert_eq!(get(&format!("/api/v1/compare?a={a}&b=none")).status, 404);
    assert_eq!(
        get(&format!("/api/v1/compare?a={a}&b={b}&layer=none")).status,
        404
    );

    // The twin has no shelters and no roads: all who are reached are told to be without a place.
    let plan = get(&format!("/api/v1/runs/{a}/plan")).json();
    assert_eq!(plan["unplaced_people"], plan["people"]);
    assert_eq!(
        get(&format!("/api/v1/runs/{a}/roads")).json(),
        serde_json::json!([])
    );
    assert!(
        get(&format!("/api/v1/runs/{a}/plan.csv"))
            .body
            .starts_with(b"order,time")
    );
    let ways = get(&format!("/api/v1/runs/{a}/plan.geojson")).json();
    assert_eq!(ways["type"], "FeatureCollection");

    for (body, expected) in [
        (
            r#"{"changes": [{"kind": "gate", "at": [113.03, 22.6], "state": "closed"}]}"#,
            "names no gates",
        ),
        (
            r#"{"changes": [{"kind": "rain", "factor": 99}]}"#,
            "factor is 99",
        ),
        (
            r#"{"changes": [{"kind": "evacuate", "codes": ["X"]}]}"#,
            "no unit or grid X",
        ),
        (r#"{"changes": [{"kind": "dam"}]}"#, "unknown variant"),
        (r#"{"title": " "}"#, "1 to 200"),
        (r#"{"advisory": {"name": "X"}}"#, "base_time"),
    ] {
        let answer = post("/api/v1/runs", body);
        assert_eq!(answer.status, 400, "{body}");
        let text = answer.json()["error"]["message"]["en"].to_string();
        assert!(text.contains(expected), "{text}");
    }
    assert_eq!(post("/api/v1/runs", r#"{"copy_of": "none"}"#).status, 404);
}

#[test]
fn an_advisory_is_checked_and_run() {
    let dir = tempfile::tempdir().expect("a folder");
    lay_twin(dir.path());
    let (at, _runtime) = serve(dir.path());
    let check = |body: &str| ask(at, "POST", "/api/v1/advisories/check", JSON, body);
    let good = check(ADVISORY);
    assert_eq!(good.status, 200);
    let good = good.json();
    assert_eq!(good["track"][1]["time"], "2017-08-23T06:00:00Z");
    assert_eq!(good["track"][0]["vmax_mps"], 38.0);
    let notes = |answer: &Value| answer["notes"].to_string();
    assert!(!notes(&good).contains("check"), "{}", notes(&good));

    // Assumptions are flagged, and never silent.
    for (from, to, expected) in [
        ("\"wind\": 38", "\"wind\": 74", "knots or m/s"),
        ("\"lat\": 21.5", "\"lat\": -21.5", "of TEST"),
        ("\"lead_h\": 6", "\"lead_h\": 30", "hours without a fix"),
    ] {
        let text = ADVISORY.replace(from, to);
        let answer = check(&text.replace("35,", "70,"));
        match answer.status {
            200 => assert!(
                notes(&answer.json()).contains(expected),
                "{to}: {}",
                notes(&answer.json())
            ),
            status => assert_eq!((status, to), (400, "\"lat\": -21.5")),
        }
    }
    let south = ADVISORY.replace("\"lat\": 2", "\"lat\": -2");
    let south = check(&south).json();
    assert!(notes(&south).contains("south of the equator"), "{south}");
    assert!(notes(&south).contains("never comes nearer"), "{south}");
    let refused = check(&format!("[{ADVISORY}, {ADVISORY}]"));
    assert_eq!(refused.status, 400);
    assert!(refused.json()["error"]["message"]["zh"].is_string());

    let body = format!(r#"{{"advisory": {ADVISORY}, "cell_size_m": 50, "duration_s": 600}}"#);
    let run = ask(at, "POST", "/api/v1/runs", JSON, &body);
    assert_eq!(run.status, 202);
    assert_eq!(run.json()["id"], "draft-50m");
}
