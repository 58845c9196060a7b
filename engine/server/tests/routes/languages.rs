//! What a client shows to a person is Chinese and English, and neither holds the other.

use serde_json::{Value, json};

use crate::fixture::{ADVISORY, JSON, ask, done, lay_twin, serve};
use crate::language::faults;

/// Every pair of texts in an answer, with its place.
fn texts(value: &Value, place: &str, found: &mut Vec<(String, String, String)>) {
    match value {
        Value::Object(of) => {
            if let (2, Some(Value::String(zh)), Some(Value::String(en))) =
                (of.len(), of.get("zh"), of.get("en"))
            {
                found.push((place.to_owned(), zh.clone(), en.clone()));
            }
            for (name, value) in of {
                texts(value, &format!("{place}/{name}"), found);
            }
        }
        Value::Array(of) => {
            for (k, value) in of.iter().enumerate() {
                texts(value, &format!("{place}/{k}"), found);
            }
        }
        _ => {}
    }
}

/// Complaints of the texts in an answer; there is at least one text.
fn complaints(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    texts(value, "", &mut found);
    assert!(!found.is_empty(), "no text in {value}");
    let told = found.iter().flat_map(|(place, zh, en)| {
        let faults = faults(zh, en).into_iter();
        faults.map(move |fault| format!("{place}: {fault}"))
    });
    told.collect()
}

#[test]
fn every_refusal_is_a_sentence_in_both_languages() {
    let dir = tempfile::tempdir().expect("a folder");
    lay_twin(dir.path());
    let (at, _runtime) = serve(dir.path());
    let advisory: Value = serde_json::from_str(ADVISORY).expect("JSON");
    let advised = |name: &str, value: Value| {
        let mut body = advisory.clone();
        body[name] = value;
        body.to_string()
    };
    let run = |name: &str, value: Value| json!({ name: value }).to_string();
    let change = |change: Value| json!({ "changes": [change] }).to_string();
    let gets = [
        "runs/none",
        "runs/none/frames/0",
        "runs/none/plan",
        "ensembles/none",
        "layers/none",
        "grids/none",
        "buildings/99",
        "city/99",
        "warnings/none",
        "terrain?cell=1",
        "local-setup?cell=1",
        "at?x=1e9&y=1e9",
        "compare?a=none&b=none",
        "warnings?state=lost",
        "warnings?audience=lost",
        "nowhere",
    ];
    let posts = [
        ("runs", "{".to_owned()),
        ("runs", "[1]".to_owned()),
        ("runs", run("cell_size", json!(5))),
        ("runs", run("cell_size_m", json!("five"))),
        ("runs", run("cell_size_m", json!(1))),
        ("runs", run("duration_s", json!(1))),
        ("runs", run("title", json!(" "))),
        ("runs", run("copy_of", json!("none"))),
        ("runs", run("advisory", json!({ "name": "X" }))),
        ("runs", run("advisory", json!([1, 2]))),
        ("runs", run("changes", json!("rain"))),
        ("runs", change(json!({ "kind": "dam" }))),
        ("runs", change(json!({ "kind": "rain" }))),
        ("runs", change(json!({ "kind": "rain", "factor": 99 }))),
        ("runs", change(json!({ "kind": "sea_level", "add_m": 99 }))),
        (
            "runs",
            change(json!({ "kind": "shift_track", "hours": 999 })),
        ),
        (
            "runs",
            change(json!({ "kind": "evacuate", "codes": ["X"] })),
        ),
        ("runs", change(json!({ "kind": "evacuate", "codes": [] }))),
        (
            "runs",
            change(json!({ "kind": "gate", "at": [113.03, 22.6], "state": "closed" })),
        ),
        (
            "runs",
            change(json!({ "kind": "gate", "at": [113.03, 22.6], "state": "ajar" })),
        ),
        (
            "runs",
            change(json!({ "kind": "gate", "at": [0, 0], "state": "closed" })),
        ),
        (
            "runs",
            change(json!({ "kind": "pump", "at": [113.03, 22.6], "rate_m3_s": 0 })),
        ),
        (
            "runs",
            change(json!({ "kind": "levee", "line": [[113.03, 22.6]], "raise_m": 1 })),
        ),
        (
            "runs",
            change(json!({ "kind": "levee", "line": [[113.03, 22.6], [113.031, 22.6]] })),
        ),
        ("ensembles", run("members", json!(0))),
        ("ensembles", run("workers", json!(9999))),
        ("ensembles", run("cell_size_m", json!(1))),
        ("ensembles", run("issued", json!("yesterday"))),
        ("ensembles", run("advisory", json!({}))),
        ("ensembles", run("member", json!(5))),
        ("warnings/drafts", run("run", json!("none"))),
        ("warnings/drafts", "{}".to_owned()),
        ("warnings/none/approve", run("by", json!("Li"))),
        (
            "warnings/none/update",
            json!({ "by": "Li", "colour": "pink" }).to_string(),
        ),
        (
            "warnings/none/update",
            json!({ "by": "Li", "expires": "soon" }).to_string(),
        ),
        (
            "warnings/none/cancel",
            json!({ "by": "Li", "reason": "over" }).to_string(),
        ),
        ("advisories/check", String::new()),
        ("advisories/check", "[".to_owned()),
        ("advisories/check", format!("{ADVISORY} {ADVISORY}")),
        ("advisories/check", advised("wind_unit", json!("mph"))),
        ("advisories/check", advised("averaging_min", json!(3))),
        ("advisories/check", advised("averaging_min", json!("two"))),
        (
            "advisories/check",
            advised("base_time", json!("2017-08-22")),
        ),
        ("advisories/check", advised("name", json!(""))),
        ("advisories/check", advised("name", Value::Null)),
        ("advisories/check", advised("fixes", json!([]))),
        (
            "advisories/check",
            advised(
                "fixes",
                json!([{ "lead_h": 0, "lat": 99, "lon": 114, "wind": 30 }]),
            ),
        ),
        (
            "advisories/check",
            advised("fixes", json!([{ "lead_h": 0, "lat": 21, "lon": 114 }])),
        ),
        (
            "advisories/check",
            advised("fixes", json!([{ "lead_h": 0, "lat": 21 }])),
        ),
        (
            "advisories/check",
            "name,agency,time_utc,lat,lon\nA,JMA,then,21,114\n".to_owned(),
        ),
        (
            "advisories/check",
            "name,agency,lat,lon\nA,JMA,21,114\n".to_owned(),
        ),
        ("advisories/check", "66666 1713 2\n".to_owned()),
        (
            "advisories/check",
            "WP, 15, 2017082300, , BEST, 0, 215X, 1149E, 75\n".to_owned(),
        ),
    ];
    let mut told = Vec::new();
    let mut look = |what: &str, answer: crate::fixture::Answer| {
        assert!(
            (400..500).contains(&answer.status),
            "{what}: {}",
            answer.status
        );
        let answer = answer.json();
        let found = complaints(&answer["error"]).into_iter();
        told.extend(found.map(|fault| format!("{what}: {fault}")));
    };
    for path in gets {
        look(path, ask(at, "GET", &format!("/api/v1/{path}"), "", ""));
    }
    for (path, body) in &posts {
        let answer = ask(at, "POST", &format!("/api/v1/{path}"), JSON, body);
        look(&format!("{path} {body}"), answer);
    }
    for path in ["runs", "ensembles", "warnings/drafts", "advisories/check"] {
        look(
            path,
            ask(
                at,
                "POST",
                &format!("/api/v1/{path}"),
                "Content-Type: text/plain\r\n",
                "{}",
            ),
        );
    }
    look(
        "host",
        ask(at, "GET", "/api/v1/twin", "Host: elsewhere.example\r\n", ""),
    );
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// The notes of a run with an advisory and changes: of the track, the sea, the rain, the scheme.
#[test]
fn what_is_told_of_a_changed_forecast_is_in_both_languages() {
    let dir = tempfile::tempdir().expect("a folder");
    lay_twin(dir.path());
    let (at, _runtime) = serve(dir.path());
    let body = json!({
        "cell_size_m": 50, "duration_s": 1800, "advisory": serde_json::from_str::<Value>(ADVISORY).expect("JSON"),
        "changes": [
            { "kind": "sea_level", "add_m": 0.6 }, { "kind": "rain", "factor": 1.5 },
            { "kind": "shift_track", "east_km": -30, "north_km": 5, "hours": 1 },
            { "kind": "evacuate", "codes": ["G1"] },
        ],
    });
    let queued = ask(at, "POST", "/api/v1/runs", JSON, &body.to_string());
    assert_eq!(
        queued.status,
        202,
        "{}",
        String::from_utf8_lossy(&queued.body)
    );
    let id = queued.json()["id"].as_str().expect("an id").to_owned();
    let waiting = ask(at, "POST", "/api/v1/runs", JSON, r#"{"cell_size_m": 5}"#).json();
    let waiting = waiting["id"].as_str().expect("an id");
    let unfinished = ask(
        at,
        "GET",
        &format!("/api/v1/runs/{waiting}/hazards"),
        "",
        "",
    );
    assert_eq!(unfinished.status, 409);
    assert_eq!(
        complaints(&unfinished.json()["error"]),
        Vec::<String>::new()
    );
    ask(
        at,
        "POST",
        &format!("/api/v1/runs/{waiting}/cancel"),
        JSON,
        "",
    );

    let view = done(at, &id);
    assert_eq!(complaints(&view), Vec::<String>::new());
    assert_eq!(view["title"], view["summary"]["title"]);
    let notes = view["summary"]["notes"].as_array().expect("notes");
    let told = |language: &str, words: &str| {
        let says = |note: &Value| note[language].as_str().is_some_and(|n| n.contains(words));
        assert!(notes.iter().any(says), "{words}: {notes:?}");
    };
    told("en", "the sea is raised by 0.6 m throughout");
    told("zh", "海面全程抬高 0.6 m");
    told("en", "the rain is multiplied by 1.5");
    told("zh", "雨量乘以 1.5");
    told("en", "shifted by -30 km to the east");
    told("zh", "路径向东平移 -30 km");
    told("en", "no radius of maximum wind is given for DRAFT");
    told("zh", "台风通报：没有给出 DRAFT 的最大风速半径");
    told("en", "scheme local_inertial: ");
    told("zh", "数值格式 local_inertial：略去动量对流");
    let track = view["track_notes"].as_array().expect("notes");
    assert!(track.iter().all(|note| notes.contains(note)), "{track:?}");
    let storm = ask(at, "GET", &format!("/api/v1/runs/{id}/storm"), "", "").json();
    // A storm that the list of names lacks has one name.
    assert_eq!(complaints(&storm), ["/called: no Chinese in: DRAFT"]);
    assert_eq!(storm["source"]["zh"], "CMA 通报");
    for what in ["plan", "hazards", "exposure"] {
        let answer = ask(at, "GET", &format!("/api/v1/runs/{id}/{what}"), "", "").json();
        let mut pairs = Vec::new();
        texts(&answer, "", &mut pairs);
        let faults = pairs.iter().flat_map(|(_, zh, en)| faults(zh, en));
        assert_eq!(faults.collect::<Vec<_>>(), Vec::<String>::new(), "{what}");
    }
    let compared = ask(at, "GET", &format!("/api/v1/compare?a={id}&b={id}"), "", "").json();
    assert_eq!(compared["a"]["title"], view["title"]);
}
