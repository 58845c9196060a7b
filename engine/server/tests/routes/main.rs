//! The interface over a real socket, on a small twin.

mod fixture;
#[path = "../../../../tests/language.rs"]
mod language;
mod languages;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use stormgrid_formats::chunk::{decode_city, decode_terrain, decode_water};
use stormgrid_formats::setup_message::decode_setup;
use stormgrid_project::LoadedTwin;
use stormgrid_server::{RunRequest, RunState, Runs, Server, ServerOptions, Turn};

use fixture::{ADVISORY, Answer, JSON, ask, done, lay_twin, one_thread, serve};

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
        assert!(begun.elapsed() < Duration::from_secs(600), "{run}");
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
    assert_eq!(
        ids,
        [
            "flood",
            "surge",
            "wind",
            "wind_damage",
            "landslide",
            "ponding"
        ]
    );
    assert_eq!(hazards["hazards"][2]["title"]["zh"], "大风");
    assert_eq!(hazards["rule"]["combination"]["method"], "maximum");
    let zone = &hazards["rows"][0];
    assert_eq!(zone["code"], "G1");
    // The storm passes within 60 km with 75 kt: a gale at least, which the rule makes yellow.
    assert!(zone["levels"]["wind"].as_u64() >= Some(2), "{zone}");
    // The wind is told once for all; the zone's own level is the worst of the others.
    assert_eq!(hazards["district"][0]["id"], "wind");
    let levels = zone["levels"].as_object().expect("levels").iter();
    let own = levels.filter(|(id, _)| *id != "wind");
    let worst = own.filter_map(|(_, level)| level.as_u64()).max();
    assert_eq!(zone["combined"].as_u64(), worst);
    assert!(
        zone["why"]["wind"]["zh"]
            .as_str()
            .is_some_and(|why| why.contains("米/秒"))
    );
    let csv = get(&format!("/api/v1/runs/{id}/hazards.csv")).body;
    assert!(
        String::from_utf8(csv)
            .expect("UTF-8")
            .starts_with("code,name,combined,unknown,flood_level")
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
        assert!(begun.elapsed() < Duration::from_secs(600));
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
fn what_people_ask_for_goes_before_a_refinement() {
    let dir = tempfile::tempdir().expect("a folder");
    lay_twin(dir.path());
    let twin = Arc::new(LoadedTwin::load(dir.path()).expect("a twin"));
    let runs = Runs::start(twin, one_thread()).expect("a thread");
    let queue = |cell_size_m, duration_s, turn| {
        let request = RunRequest {
            cell_size_m: Some(cell_size_m),
            duration_s: Some(duration_s),
            ..RunRequest::default()
        };
        runs.queue(request, turn).expect("queued")
    };
    // A day on cells of 2 m takes minutes; it would be done before the other one if that had to wait.
    let refinement = queue(2.0, 86_400.0, Turn::Idle);
    while refinement.view().state == RunState::Queued {
        std::thread::sleep(Duration::from_millis(5));
    }
    let asked = queue(50.0, 600.0, Turn::Asked);
    while !asked.is_over() {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(asked.view().state, RunState::Done);
    assert_eq!(refinement.view().state, RunState::Running);
    refinement.cancel();
    while !refinement.is_over() {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(refinement.view().state, RunState::Cancelled);
}

#[test]
fn the_description_names_every_route() {
    let described: Value = serde_json::from_str(&stormgrid_server::openapi_json()).expect("JSON");
    let paths = described["paths"].as_object().expect("paths");
    assert_eq!(paths.len(), 52);
    assert!(paths["/api/v1/runs"]["post"].is_object());
    assert!(paths["/api/v1/ensembles"]["post"].is_object());
}

#[test]
fn a_run_is_copied_changed_compared_and_planned() {
    let dir = tempfile::tempdir().expect("a folder");
    lay_twin(dir.path());
    let (at, _runtime) = serve(dir.path());
    let get = |path: &str| ask(at, "GET", path, "", "");
    let post = |path: &str, body: &str| ask(at, "POST", path, JSON, body);
    let done = |id: &str| done(at, id);
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
        (&a.as_str().into(), &second["title"])
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
        (r#"{"changes": [{"kind": "dam"}]}"#, "unknown word `dam`"),
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
fn the_report_of_the_input_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    lay_twin(dir.path());
    let (at, _runtime) = serve(dir.path());
    let told = ask(at, "GET", "/api/v1/input-report", "", "");
    assert_eq!(told.status, 200);
    let told = told.json();
    assert_eq!(
        (&told["faults"], &told["assumptions"]),
        (&0.into(), &0.into()),
        "{told}"
    );
    let layers = told["layers"].as_array().expect("layers");
    assert_eq!(layers[0]["id"], "terrain");
    assert!(
        layers
            .iter()
            .all(|l| l["what"]["zh"].is_string() && l["file"].is_string())
    );
    // Beside the ground nothing is known, which is not dry.
    let beside = ask(at, "GET", "/api/v1/at?x=-90000&y=0", "", "").json();
    assert_eq!(beside["modelled"], false, "{beside}");
    assert!(beside["depth"].is_null() && beside["ground_m"].is_null());
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
