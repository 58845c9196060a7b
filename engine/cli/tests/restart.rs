//! A server that ends, by a signal or a blow, comes back with everything that was finished, and says what was cut off.
//!
//! The program itself is started, killed by its number and started again over the same twin.

#![cfg(target_os = "linux")]

mod common;

use std::path::Path;
use std::process::Stdio;

use common::{Place, Serving, signal, text, until};
use serde_json::Value;

/// A rule that warns of any water, so that the small twin has something to warn of.
const RULES: &str = "[message]\nregion = \"440704\"\n[[rule]]\naudience = \"residents\"\ncolour = \"orange\"\ndepth_m = 0.05\n";

/// A run that floods the twin, so that there is something to warn of.
const FLOOD: &str =
    r#"{"cell_size_m":25,"title":"演练","changes":[{"kind":"sea_level","add_m":1.5}]}"#;

/// Asks for a run or an ensemble; where it is told of.
fn asked(server: &Serving, what: &str, body: &str) -> String {
    let (status, made) = server.post(&format!("/api/v1/{what}"), body);
    assert_eq!(status, 202, "{made}");
    format!("/api/v1/{what}/{}", text(&made, "id"))
}

fn in_state(server: &Serving, at: &str, state: &str) -> Value {
    until(state, || {
        let view = server.json(at);
        assert_ne!(view["state"], "failed", "{view}");
        (view["state"] == state).then_some(view)
    })
}

/// Ends the server at once, as a crash or a power cut does, and the members that it leaves.
fn kill(mut server: Serving) {
    let of = server.0.id();
    let list = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children"));
    let _ = server.0.kill();
    let _ = server.0.wait();
    for member in list.unwrap_or_default().split_whitespace() {
        // It may have ended when its pipe did.
        let kill = std::process::Command::new("kill")
            .args(["-KILL", member])
            .stderr(Stdio::null())
            .status();
        assert!(kill.is_ok());
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<String> = entries
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn what_was_finished_comes_back_to_the_last_byte() {
    let place = Place::new(1800);
    std::fs::write(place.at("twin/warnings.toml"), RULES).expect("written");
    let server = Serving::begin(&place, &[]);
    let run = asked(&server, "runs", FLOOD);
    let ensemble = asked(
        &server,
        "ensembles",
        r#"{"members":2,"seed":3,"cell_size_m":20}"#,
    );
    in_state(&server, &run, "done");
    in_state(&server, &ensemble, "done");
    let id = run.rsplit('/').next().expect("an id").to_owned();
    let (status, drafts) = server.post("/api/v1/warnings/drafts", &format!(r#"{{"run":"{id}"}}"#));
    assert_eq!(status, 200, "{drafts}");
    assert!(!drafts.as_array().expect("a list").is_empty());

    let of_run = [
        "",
        "/frames/0",
        "/frames/3",
        "/exposure",
        "/exposure.csv",
        "/series",
        "/storm",
        "/hazards",
        "/ponding",
        "/roads",
    ];
    let of_ensemble = [
        "",
        "/probability",
        "/probability.csv",
        "/plume",
        "/frames/p90",
        "/frames/probability",
        "/roads",
        "/buildings",
    ];
    let mut paths: Vec<String> = of_run.iter().map(|p| format!("{run}{p}")).collect();
    paths.extend(of_ensemble.iter().map(|p| format!("{ensemble}{p}")));
    paths.extend(["/api/v1/runs", "/api/v1/ensembles", "/api/v1/warnings"].map(str::to_owned));
    paths.push(format!("/api/v1/grids/G1?run={id}"));
    let look = |server: &Serving| -> Vec<(u16, Vec<u8>)> {
        paths
            .iter()
            .map(|path| server.ask("GET", path, ""))
            .collect()
    };
    let before = look(&server);
    kill(server);

    let server = Serving::begin(&place, &[]);
    for ((path, before), after) in paths.iter().zip(before).zip(look(&server)) {
        let told = String::from_utf8_lossy(&after.1).into_owned();
        assert_eq!(before.0, 200, "{path}");
        assert!(
            before == after,
            "{path}: {told}\n\n{}",
            String::from_utf8_lossy(&before.1)
        );
    }
    // It is copied like any other, and its name is not given again.
    let copy = asked(
        &server,
        "runs",
        &format!(r#"{{"copy_of":"{id}","changes":[{{"kind":"rain","factor":2}}]}}"#),
    );
    assert_ne!(copy, run);
    let copy = in_state(&server, &copy, "done");
    assert_eq!(
        (&copy["copy_of"], &copy["cell_size_m"]),
        (&Value::from(id), &25.0.into())
    );

    // One server at a time: a second would take what the first computes for cut off.
    let second = place
        .command(&["serve", "twin", "--port", "0", "--viewer", "viewer"])
        .output()
        .expect("starts");
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(
        !second.status.success() && said.contains("another server"),
        "{said}"
    );
}

#[test]
fn what_was_cut_off_says_so_and_is_begun_again() {
    let place = Place::new(3600);
    let server = Serving::begin(&place, &[]);
    let whole = asked(&server, "runs", r#"{"cell_size_m":10,"duration_s":1200}"#);
    let whole = in_state(&server, &whole, "done");
    // Days, so that a kill always meets them.
    let long = r#"{"cell_size_m":4,"duration_s":600000}"#;
    let running = asked(&server, "runs", long);
    let waiting = asked(&server, "runs", r#"{"cell_size_m":10,"duration_s":1200}"#);
    until("progress", || {
        (server.json(&running)["frames"].as_u64() > Some(0)).then_some(())
    });
    kill(server);
    let left = names(&place.at("twin/runs"));
    assert!(
        left.iter().any(|name| name.contains(".part-")),
        "half-written: {left:?}"
    );
    // What a process that lives, this one, has in the making is not theirs to sweep.
    let living = format!(".mine.part-{}", std::process::id());
    std::fs::create_dir(place.at("twin/runs").join(&living)).expect("made");

    let server = Serving::begin(&place, &[]);
    for at in [&running, &waiting] {
        let view = server.json(at);
        assert_eq!(view["state"], "interrupted", "{view}");
        let said = &view["message"];
        assert!(text(said, "en").contains("begun again") && text(said, "zh").contains("重新开始"));
        assert_eq!(server.ask("GET", &format!("{at}/exposure"), "").0, 409);
    }
    let mut left = names(&place.at("twin/runs"));
    left.retain(|name| name.contains(".part-"));
    assert_eq!(left, [living], "half-written, swept");
    let (status, again) = server.post(&format!("{waiting}/resume"), "");
    assert_eq!(status, 202, "{again}");
    let again = in_state(&server, &waiting, "done");
    assert_eq!(again["summary"]["digest"], whole["summary"]["digest"]);
    assert_eq!(server.post(&format!("{waiting}/resume"), "").0, 409);
    assert_eq!(server.post("/api/v1/runs/none/resume", "").0, 404);

    // The signal by which services are stopped cuts off as well, and leaves no half-written folder.
    assert_eq!(server.post(&format!("{running}/resume"), "").0, 202);
    in_state(&server, &running, "running");
    let before = names(&place.at("twin/runs"));
    let mut server = server;
    signal("-TERM", server.0.id());
    server.0.wait().expect("ended");
    let left = names(&place.at("twin/runs"));
    assert!(left.len() <= before.len(), "{before:?} {left:?}");
    drop(server);
    let server = Serving::begin(&place, &[]);
    assert_eq!(server.json(&running)["state"], "interrupted");
    assert_eq!(server.json(&waiting)["state"], "done");
    // What a person cancels stays cancelled.
    assert_eq!(server.post(&format!("{running}/resume"), "").0, 202);
    assert_eq!(server.post(&format!("{running}/cancel"), "").0, 200);
    in_state(&server, &running, "cancelled");
    kill(server);
    let server = Serving::begin(&place, &[]);
    assert_eq!(server.json(&running)["state"], "cancelled");
}

#[test]
fn an_ensemble_goes_on_from_its_finished_members() {
    let place = Place::new(3600);
    let server = Serving::begin(&place, &[]);
    let request = r#"{"members":6,"seed":3,"cell_size_m":10,"workers":1}"#;
    let at = asked(&server, "ensembles", request);
    let done = |view: &Value| {
        let members = view["members"].as_array().expect("members").iter();
        members.filter(|m| m["state"] == "done").count()
    };
    until("two members", || {
        (done(&server.json(&at)) >= 2).then_some(())
    });
    kill(server);

    let server = Serving::begin(&place, &[]);
    let view = server.json(&at);
    assert_eq!(view["state"], "interrupted", "{view}");
    let kept = done(&view);
    assert!((2..6).contains(&kept), "{view}");
    assert_eq!(server.post(&format!("{at}/resume"), "").0, 202);
    let view = in_state(&server, &at, "done");
    let attempts = |n: usize| view["members"][n]["attempts"].as_u64();
    assert_eq!(
        (attempts(0), attempts(1), attempts(5)),
        (Some(0), Some(0), Some(1))
    );
    // The same as one that nobody broke off.
    let fresh = Place::new(3600);
    let other = Serving::begin(&fresh, &[]);
    let unbroken = asked(&other, "ensembles", request);
    let unbroken = in_state(&other, &unbroken, "done");
    assert_eq!(view["digest"], unbroken["digest"]);
}

#[test]
fn a_broken_folder_is_told_of_and_never_deleted() {
    let place = Place::new(1800);
    let server = Serving::begin(&place, &[]);
    let runs: Vec<String> = (0..4)
        .map(|_| asked(&server, "runs", r#"{"cell_size_m":25}"#))
        .collect();
    for at in &runs {
        in_state(&server, at, "done");
    }
    kill(server);
    let folder = |at: &str| {
        place
            .at("twin/runs")
            .join(at.rsplit('/').next().expect("an id"))
    };
    let cards = place.at("twin/runs/.cards");
    // A disk that lost a file, one that turned a byte over, a card that was cut short; and somebody's own folder.
    std::fs::remove_file(folder(&runs[0]).join("summary.json")).expect("removed");
    let frame = folder(&runs[1]).join("frames/0001.sgw");
    let mut bytes = std::fs::read(&frame).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    std::fs::write(&frame, bytes).expect("written");
    let card = cards.join(format!(
        "{}.json",
        runs[2].rsplit('/').next().expect("an id")
    ));
    let text_of_card = std::fs::read_to_string(&card).expect("readable");
    std::fs::write(&card, &text_of_card[..text_of_card.len() / 2]).expect("written");
    std::fs::create_dir(place.at("twin/runs/holiday")).expect("made");

    let server = Serving::begin(&place, &[]);
    let state = |at: &str| server.json(at)["state"].clone();
    assert_eq!(state(&runs[0]), "broken");
    assert_eq!(state(&runs[2]), "broken");
    assert_eq!(state(&runs[3]), "done");
    assert_eq!(
        server.ask("GET", &format!("{}/exposure", runs[3]), "").0,
        200
    );
    // The turned byte is found by its digest, when the run is read.
    let (status, said) = server.ask("GET", &format!("{}/exposure", runs[1]), "");
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(
        status == 409 && said.contains("0001.sgw") && said.contains("无法读取"),
        "{status} {said}"
    );
    assert_eq!(state(&runs[1]), "broken");
    // A run whose card is lost cannot be begun again; the others can, and their old folders are set aside.
    assert_eq!(server.post(&format!("{}/resume", runs[2]), "").0, 409);
    assert_eq!(server.post(&format!("{}/resume", runs[0]), "").0, 202);
    in_state(&server, &runs[0], "done");
    let left = names(&place.at("twin/runs"));
    assert!(left.iter().any(|name| name == "holiday"));
    assert!(
        left.iter().any(|name| name.contains("broken-1")),
        "{left:?}"
    );
    for at in &runs[1..] {
        assert!(folder(at).join("frames").is_dir());
    }
}

/// Results name buildings and grids by their place: they are not shown on others.
#[test]
fn results_of_a_twin_that_has_changed_are_computed_again() {
    let place = Place::new(1800);
    let server = Serving::begin(&place, &[]);
    let at = asked(&server, "runs", r#"{"cell_size_m":25}"#);
    in_state(&server, &at, "done");
    kill(server);
    let houses = place.at("twin/houses.geojson");
    let text_of_houses = std::fs::read_to_string(&houses).expect("readable");
    std::fs::write(
        &houses,
        text_of_houses.replace("\"people\":60", "\"people\":61"),
    )
    .expect("written");
    let server = Serving::begin(&place, &[]);
    let view = server.json(&at);
    assert_eq!(view["state"], "broken");
    assert!(
        text(&view["message"], "en").contains("changed since"),
        "{view}"
    );
    assert_eq!(server.post(&format!("{at}/resume"), "").0, 202);
    in_state(&server, &at, "done");
    kill(server);
    let server = Serving::begin(&place, &[]);
    assert_eq!(server.json(&at)["state"], "done");
}

#[test]
fn the_oldest_go_when_the_disk_is_full_but_none_that_somebody_needs() {
    let place = Place::new(1800);
    std::fs::write(place.at("twin/warnings.toml"), RULES).expect("written");
    let server = Serving::begin(&place, &[]);
    let higher = FLOOD.replace("1.5", "1.6");
    let runs = [FLOOD, FLOOD, &higher, FLOOD, FLOOD].map(|body| asked(&server, "runs", body));
    let [pinned, warned, taken_back, compared, plain] = &runs;
    for at in &runs {
        in_state(&server, at, "done");
    }
    let id = |at: &str| at.rsplit('/').next().expect("an id").to_owned();
    let (status, view) = server.post(&format!("{pinned}/pin"), r#"{"pinned":true}"#);
    assert_eq!((status, &view["pinned"]), (200, &true.into()));
    let issue = |at: &str| -> Vec<String> {
        let draft = format!(r#"{{"run":"{}"}}"#, id(at));
        let (status, drafts) = server.post("/api/v1/warnings/drafts", &draft);
        assert_eq!(status, 200, "{drafts}");
        let drafts = drafts.as_array().expect("a list").iter();
        let paths = drafts.map(|draft| format!("/api/v1/warnings/{}", text(draft, "id")));
        let paths: Vec<String> = paths.collect();
        for path in &paths {
            let (status, view) = server.post(&format!("{path}/approve"), r#"{"by":"张三"}"#);
            assert_eq!((status, &view["state"]), (200, &"issued".into()));
        }
        assert!(!paths.is_empty());
        paths
    };
    issue(warned);
    for path in issue(taken_back) {
        let body = r#"{"by":"张三","reason":"水退"}"#;
        assert_eq!(server.post(&format!("{path}/cancel"), body).0, 200);
    }
    kill(server);

    let server = Serving::begin(&place, &["--disk-budget", "0"]);
    let listed = |server: &Serving| -> Vec<String> {
        let runs = server.json("/api/v1/runs");
        let runs = runs.as_array().expect("a list").iter();
        runs.map(|run| text(run, "id").to_owned()).collect()
    };
    assert_eq!(listed(&server).len(), 5, "nothing goes at the start");
    server.json(&format!(
        "/api/v1/compare?a={}&b={}",
        id(compared),
        id(pinned)
    ));
    let new = asked(&server, "runs", r#"{"cell_size_m":25}"#);
    in_state(&server, &new, "done");
    until("room", || {
        (server.ask("GET", plain, "").0 == 410).then_some(())
    });
    let left = [pinned, warned, compared, &new].map(|at| id(at));
    assert_eq!(listed(&server), left);
    let folders = names(&place.at("twin/runs"));
    let mut shown: Vec<&String> = folders.iter().filter(|n| !n.starts_with('.')).collect();
    let mut expected: Vec<&String> = left.iter().collect();
    shown.sort();
    expected.sort();
    assert_eq!(shown, expected);

    // That they were there is known after a restart as well, and their names are not given again.
    kill(server);
    let server = Serving::begin(&place, &[]);
    for at in [plain, taken_back] {
        let (status, said) = server.ask("GET", &format!("{at}/exposure"), "");
        let said: Value = serde_json::from_slice(&said).expect("JSON");
        let told = &said["error"]["message"];
        assert_eq!(
            (status, &said["error"]["code"]),
            (410, &"given_up".into()),
            "{said}"
        );
        assert!(text(told, "en").contains(&format!("run '{}' was given up", id(at))));
        assert!(text(told, "zh").contains("腾出磁盘空间"), "{told}");
    }
    let again = asked(&server, "runs", FLOOD);
    assert!(!runs.contains(&again), "{again}");
}

#[test]
fn an_ensemble_over_the_budget_loses_members_and_still_tells_its_chances() {
    let place = Place::new(3600);
    let server = Serving::begin(&place, &[]);
    let cut_off = asked(
        &server,
        "ensembles",
        r#"{"members":6,"seed":4,"cell_size_m":10,"workers":1}"#,
    );
    let done = |view: &Value| -> Vec<usize> {
        let members = view["members"].as_array().expect("members").iter();
        let states = members.enumerate();
        let done = states.filter(|(_, member)| member["state"] == "done");
        done.map(|(n, _)| n).collect()
    };
    until("a member", || {
        (!done(&server.json(&cut_off)).is_empty()).then_some(())
    });
    kill(server);
    let server = Serving::begin(&place, &[]);
    let before = done(&in_state(&server, &cut_off, "interrupted"));
    // The newest, also by its name where both were asked for within a second.
    let whole = asked(
        &server,
        "ensembles",
        r#"{"members":7,"seed":3,"cell_size_m":20}"#,
    );
    in_state(&server, &whole, "done");
    // Its card comes last, and tells how long it took.
    let name = whole.rsplit('/').next().expect("an id");
    let card = place.at(&format!("twin/ensembles/.cards/{name}.json"));
    until("the card", || {
        let card = std::fs::read_to_string(&card).ok()?;
        card.contains("\"state\": \"done\"").then_some(())
    });
    let paths = ["", "/probability", "/plume", "/frames/p90", "/buildings"];
    let look = |server: &Serving| {
        paths.map(|path| {
            let (status, body) = server.ask("GET", &format!("{whole}{path}"), "");
            assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
            body
        })
    };
    let told = look(&server);
    let members = place.at("twin/ensembles/members");
    let finished = || {
        let folders = names(&members).into_iter().map(|name| members.join(name));
        folders.filter(|f| f.join("member.json").is_file()).count()
    };
    assert_eq!(finished(), before.len() + 7);
    kill(server);

    let server = Serving::begin(&place, &["--disk-budget", "0"]);
    assert_eq!(finished(), before.len() + 7, "nothing goes at the start");
    let run = asked(&server, "runs", r#"{"cell_size_m":25}"#);
    in_state(&server, &run, "done");
    // Those of the ensemble that may go on from them stay.
    until("room", || (finished() <= before.len()).then_some(()));
    assert!(told == look(&server));
    kill(server);
    let server = Serving::begin(&place, &[]);
    assert!(told == look(&server));
    assert_eq!(done(&server.json(&cut_off)), before);
    assert_eq!(finished(), before.len());
    // The members are computed again where they are asked for again.
    let again = asked(
        &server,
        "ensembles",
        r#"{"members":7,"seed":3,"cell_size_m":20}"#,
    );
    let again = in_state(&server, &again, "done");
    assert_eq!(again["members"][1]["attempts"], 1);
    assert_eq!(again["digest"], server.json(&whole)["digest"]);
}
