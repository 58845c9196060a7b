//! An ensemble is the same however it is computed: with one worker or two, at once, again, or after members
//! were killed; and what fails is told.
//!
//! The twin is a square kilometre with a channel, so that a member takes a second.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::{Place, Serving, signal, text, until};
use serde_json::Value;
use stormgrid_formats::chunk::decode_water;

impl Place {
    fn ensemble(&self, members: &str, workers: &str, out: &str) -> Command {
        let mut command = self.command(&["forecast", "twin", "--cell-size", "20", "--seed", "3"]);
        command.args(["--members", members, "--workers", workers, "--out", out]);
        command
    }

    fn run(&self, members: &str, workers: &str, out: &str) -> Output {
        let mut command = self.ensemble(members, workers, out);
        command.output().expect("the program starts")
    }

    /// Runs an ensemble that must succeed.
    fn found(&self, members: &str, workers: &str, out: &str) -> Value {
        let output = self.run(members, workers, out);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        self.told(out)
    }

    fn told(&self, out: &str) -> Value {
        let text = std::fs::read(self.at(out).join("ensemble.json")).expect("ensemble.json");
        serde_json::from_slice(&text).expect("JSON")
    }
}

fn member(ensemble: &Value, n: usize) -> &Value {
    &ensemble["members"][n]
}

/// Every file of a folder but those whose numbers are of the clock, by name.
fn results(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(at).expect("readable").flatten() {
            let path = entry.path();
            let name = path
                .strip_prefix(folder)
                .expect("inside")
                .display()
                .to_string();
            if path.is_dir() {
                open.push(path);
            } else if !name.ends_with("summary.json") && name != "ensemble.json" {
                found.insert(name, std::fs::read(path).expect("readable"));
            }
        }
    }
    found
}

#[test]
fn one_worker_or_two_once_or_again_it_is_the_same_ensemble() {
    let place = Place::new(3600);
    let one = place.found("4", "1", "one");
    let two = place.found("4", "2", "two");
    assert_eq!(text(&one, "digest"), text(&two, "digest"));
    assert_eq!(results(&place.at("one")), results(&place.at("two")));
    let names: Vec<String> = results(&place.at("one")).into_keys().collect();
    for wanted in [
        "probability/grids.csv",
        "probability/grids.geojson",
        "probability/buildings.csv",
        "probability/roads.csv",
        "depth_p10.tif",
        "depth_p50.tif",
        "depth_p90.tif",
        "depth_worst.tif",
        "probability_15cm.tif",
        "plume.json",
    ] {
        assert!(names.iter().any(|n| n == wanted), "{wanted} of {names:?}");
    }

    // Again: nothing is computed, everything is the same.
    let again = place.found("4", "2", "one");
    assert_eq!(text(&again, "digest"), text(&one, "digest"));
    assert!((0..4).all(|n| member(&again, n)["attempts"] == 0));

    // A member does not depend on how many there are.
    let few = place.found("2", "1", "few");
    for n in 0..2 {
        assert_eq!(member(&few, n)["key"], member(&one, n)["key"]);
        assert_eq!(member(&few, n)["digest"], member(&one, n)["digest"]);
    }
    assert_ne!(text(&few, "digest"), text(&one, "digest"));
    assert_ne!(member(&one, 0)["digest"], member(&one, 1)["digest"]);

    // Results that were changed since are not taken for good: they are computed again.
    let raster = place.at("two/members").join(text(member(&two, 2), "key"));
    let raster = raster.join("depth_max.tif");
    let mut bytes = std::fs::read(&raster).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&raster, bytes).expect("written");
    let mended = place.found("4", "2", "two");
    assert_eq!(text(&mended, "digest"), text(&one, "digest"));
    let attempts = |n| member(&mended, n)["attempts"].as_u64();
    assert_eq!(
        (0..4).map(attempts).collect::<Vec<_>>(),
        [0, 0, 1, 0].map(Some)
    );
}

#[test]
fn the_control_is_the_forecast_and_probabilities_are_counts() {
    let place = Place::new(3600);
    let ensemble = place.found("5", "2", "out");
    let arguments = [
        "forecast",
        "twin",
        "--cell-size",
        "20",
        "--scheme",
        "local_inertial",
        "--out",
        "plain",
        "--json",
    ];
    let plain = place.command(&arguments).output().expect("starts");
    let plain: Value = serde_json::from_slice(&plain.stdout).expect("JSON");
    let folder = |n: usize| {
        place
            .at("out/members")
            .join(text(member(&ensemble, n), "key"))
    };
    let read = |path: PathBuf| -> Value {
        serde_json::from_slice(&std::fs::read(path).expect("readable")).expect("JSON")
    };
    let record = read(folder(0).join("member.json"));
    assert_eq!(text(&record, "flood_digest"), text(&plain, "digest"));
    assert_eq!(member(&ensemble, 0)["perturbation"]["cross_track_km"], 0.0);

    // Brute force over the members' rasters: in how many are 0.15 m or more somewhere in a grid?
    let depth = |n: usize| {
        let bytes = std::fs::read(folder(n).join("depth_max.tif")).expect("readable");
        stormgrid_formats::elevation::read(&bytes, "depth")
            .expect("a raster")
            .raster
    };
    let csv = std::fs::read_to_string(place.at("out/probability/grids.csv")).expect("readable");
    let mut lines = csv.lines();
    let head: Vec<&str> = lines.next().expect("a head").split(',').collect();
    let column = head
        .iter()
        .position(|h| *h == "probability_15cm")
        .expect("there");
    for (zone, line) in lines.enumerate() {
        let p: f64 = line
            .split(',')
            .nth(column)
            .expect("a cell")
            .parse()
            .expect("a number");
        let mut count = 0.0;
        for n in 0..5 {
            let raster = depth(n);
            let (rows, cols) = (raster.geometry().n_rows, raster.geometry().n_cols);
            // Cells of 20 m: the grids are 25 columns wide; the channel, 5 columns, is wet at all times.
            let columns = zone * 25..(zone + 1) * 25;
            let wet = (0..rows).flat_map(|r| columns.clone().map(move |c| (r, c)));
            let wet = wet.filter(|(r, c)| *c >= 5 && *c < cols && raster.get(*r, *c) >= 0.15);
            count += if wet.count() > 0 { 1.0 } else { 0.0 };
        }
        assert!(
            (p - count / 5.0).abs() < 1e-9,
            "zone {zone}: {p} and {count} of 5"
        );
    }
    let plume = read(place.at("out/plume.json"));
    assert_eq!(plume["time_s"].as_array().map(Vec::len), Some(7));
    assert_eq!(plume["members"].as_array().map(Vec::len), Some(5));
    let at = |which: &str| {
        plume["percentiles"]["sea_level_m"][which][6]
            .as_f64()
            .expect("a number")
    };
    assert!(at("p10") < at("p50") && at("p50") < at("p90"));
}

#[test]
fn a_member_that_always_fails_is_told() {
    let place = Place::new(1800);
    let whole = place.found("3", "2", "out");
    let key = text(member(&whole, 2), "key").to_owned();
    let folder = place.at("out/members").join(&key);
    std::fs::remove_dir_all(&folder).expect("removed");
    std::fs::create_dir(&folder).expect("made");
    std::fs::write(folder.join("holiday.jpg"), b"x").expect("written");
    let output = place.run("3", "2", "out");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    for wanted in [
        "member 2 failed 2 times",
        "exit status 1",
        "not empty",
        "2 of 3 members",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    let told = place.told("out");
    assert_eq!(
        (&told["members_done"], &member(&told, 2)["state"]),
        (&2.into(), &"failed".into())
    );
    assert_eq!(member(&told, 2)["attempts"], 2);
    let notes = told["notes"].to_string();
    assert!(notes.contains("2 of 3 members"), "{notes}");
    assert_ne!(text(&told, "digest"), text(&whole, "digest"));
    // Nothing of the stranger's was touched.
    assert!(folder.join("holiday.jpg").is_file());
    assert_eq!(std::fs::read_dir(&folder).expect("readable").count(), 1);
    // Once it is mended the ensemble is whole again.
    std::fs::remove_dir_all(&folder).expect("removed");
    assert_eq!(
        text(&place.found("3", "2", "out"), "digest"),
        text(&whole, "digest")
    );
}

#[test]
fn what_cannot_be_an_ensemble_is_refused() {
    let place = Place::new(1800);
    let refused = |command: &mut Command, status: i32, word: &str| {
        let output = command.output().expect("starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(said.contains(word), "{word}: {said}");
    };
    refused(&mut place.ensemble("0", "1", "out"), 2, "0");
    refused(
        place.ensemble("2", "1", "out").args(["--issued", "noon"]),
        1,
        "noon",
    );
    std::fs::write(place.at("errors.json"), r#"{"position": 3}"#).expect("written");
    refused(
        place
            .ensemble("2", "1", "out")
            .args(["--errors", "errors.json"]),
        1,
        "errors.json",
    );
    std::fs::create_dir(place.at("photos")).expect("made");
    std::fs::write(place.at("photos/a.jpg"), b"x").expect("written");
    refused(&mut place.ensemble("2", "1", "photos"), 1, "photos");

    // A member is bound to its twin and to its program.
    let whole = place.found("1", "1", "out");
    let spec = format!("out/members/{}.json", text(member(&whole, 0), "key"));
    let run =
        |out: &str| place.command(&["forecast", "twin", "--member-spec", &spec, "--out", out]);
    assert!(run("alone").output().expect("starts").status.success());
    let digest = |path: &str| std::fs::read(place.at(path).join("member.json")).expect("there");
    let folder = format!("out/members/{}", text(member(&whole, 0), "key"));
    assert_eq!(digest("alone"), digest(&folder));
    let text = std::fs::read_to_string(place.at("twin/tide.csv")).expect("readable");
    std::fs::write(place.at("twin/tide.csv"), text.replace("0.5", "0.6")).expect("written");
    refused(&mut run("other"), 1, "twin");
    let text = std::fs::read_to_string(place.at(&spec)).expect("readable");
    std::fs::write(place.at(&spec), text.replace("member-1", "member-9")).expect("written");
    refused(&mut run("other"), 1, "member-9");
}

/// Processes whose parent is this one, as Linux tells.
#[cfg(target_os = "linux")]
fn children(of: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").expect("Linux").flatten();
    let ids = entries.filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
        // State, then the parent; a zombie is over.
        let mut fields = after.split_whitespace();
        fields.next() != Some("Z") && fields.next() == Some(&of.to_string())
    })
    .collect()
}

#[cfg(target_os = "linux")]
fn alive(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map_or("", |(_, after)| after);
    !state.is_empty() && !state.starts_with('Z')
}

#[cfg(target_os = "linux")]
#[test]
fn killed_members_and_broken_off_ensembles_do_not_change_the_result() {
    let place = Place::new(6 * 3600);
    let begin = |out: &str| -> Child {
        let mut command = place.ensemble("4", "2", out);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts")
    };
    let whole = place.found("4", "2", "whole");
    let digest = text(&whole, "digest");

    // A member that is killed is run once more.
    let mut program = begin("killed");
    let victim = until("a member", || children(program.id()).first().copied());
    signal("-KILL", victim);
    assert!(program.wait().expect("waited for").success());
    let killed = place.told("killed");
    assert_eq!(text(&killed, "digest"), digest);
    let members = killed["members"].as_array().expect("a list");
    let twice: Vec<&Value> = members.iter().filter(|m| m["attempts"] == 2).collect();
    assert_eq!(twice.len(), 1, "{killed}");
    let why = &twice[0]["message"];
    assert!(text(why, "en").contains("signal 9"), "{why}");
    assert!(text(why, "zh").contains("被信号 9 终止"), "{why}");

    // Ctrl-C ends all and keeps what is done; the next run goes on.
    let mut program = begin("broken");
    let members = place.at("broken/members");
    until("a finished member", || {
        let entries = std::fs::read_dir(&members).ok()?.flatten();
        entries
            .into_iter()
            .find(|e| e.path().join("member.json").is_file())
    });
    let running = children(program.id());
    let asked = Instant::now();
    signal("-INT", program.id());
    let status = program.wait().expect("waited for");
    println!("ended {:.2} s after Ctrl-C", asked.elapsed().as_secs_f64());
    assert!(asked.elapsed() < Duration::from_secs(60) && status.code() == Some(1));
    assert!(running.iter().all(|id| !alive(*id)));
    assert!(!place.at("broken/ensemble.json").exists());
    let hidden = std::fs::read_dir(&members).expect("readable").flatten();
    let hidden = hidden.filter(|e| e.file_name().to_string_lossy().starts_with('.'));
    assert_eq!(hidden.count(), 0, "what a broken-off member wrote is gone");
    let resumed = place.found("4", "2", "broken");
    assert_eq!(text(&resumed, "digest"), digest);
    let members = resumed["members"].as_array().expect("a list");
    assert!(members.iter().any(|m| m["attempts"] == 0));

    // When the program itself is killed its members end by themselves.
    let mut program = begin("orphans");
    let orphans = until("two members", || {
        Some(children(program.id())).filter(|ids| ids.len() == 2)
    });
    program.kill().expect("killed");
    let _ = program.wait();
    until("the end of the orphans", || {
        orphans.iter().all(|id| !alive(*id)).then_some(())
    });
    assert_eq!(text(&place.found("4", "2", "orphans"), "digest"), digest);

    // When all of them are killed at once, what they had half written is swept by the next run.
    let mut program = begin("power-cut");
    let members = place.at("power-cut/members");
    let half_written = || {
        let entries = std::fs::read_dir(&members).into_iter().flatten().flatten();
        let names = entries.map(|e| e.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.contains(".part-")).count()
    };
    let victims = until("half-written members", || {
        (half_written() > 0).then(|| children(program.id()))
    });
    for id in &victims {
        signal("-STOP", *id);
    }
    program.kill().expect("killed");
    let _ = program.wait();
    for id in &victims {
        signal("-KILL", *id);
    }
    assert!(half_written() > 0);
    let table = place.at(&format!(
        "power-cut/probability/grids.part-{}",
        program.id()
    ));
    std::fs::create_dir_all(place.at("power-cut/probability")).expect("made");
    std::fs::write(&table, "code").expect("written");
    until("the end of the members", || {
        victims.iter().all(|id| !alive(*id)).then_some(())
    });
    assert_eq!(text(&place.found("4", "2", "power-cut"), "digest"), digest);
    assert!(half_written() == 0 && !table.exists());
}

#[test]
fn the_server_runs_the_same_ensemble() {
    let place = Place::new(1800);
    let server = Serving::begin(&place, &[]);
    let post = |path: &str, body: &str| server.post(path, body);

    let (status, refused) = post("/api/v1/ensembles", r#"{"members":0}"#);
    assert_eq!(status, 400);
    assert!(text(&refused["error"]["message"], "en").contains("members"));
    assert_eq!(post("/api/v1/ensembles", r#"{"member":3}"#).0, 400);
    let bad = r#"{"members":2,"advisory":{"name":"X","base_time":"noon"}}"#;
    assert_eq!(post("/api/v1/ensembles", bad).0, 400);

    let (status, made) = post(
        "/api/v1/ensembles",
        r#"{"members":3,"seed":3,"cell_size_m":20,"workers":2}"#,
    );
    assert_eq!(status, 202, "{made}");
    let at = format!("/api/v1/ensembles/{}", text(&made, "id"));
    assert_eq!(server.ask("GET", &format!("{at}/plume"), "").0, 409);
    let done = until("the ensemble", || {
        let view = server.json(&at);
        assert_ne!(view["state"], "failed", "{view}");
        (view["state"] == "done").then_some(view)
    });
    let told = place.found("3", "2", "out");
    assert_eq!(text(&done, "digest"), text(&told, "digest"));
    assert_eq!(done["members"][1]["digest"], member(&told, 1)["digest"]);
    assert_eq!(done["members"][1]["attempts"], 1);
    assert!(done["members"][1]["perturbation"]["cross_track_km"].as_f64() != Some(0.0));
    assert!(text(&done["notes"][0], "zh") != text(&done["notes"][1], "zh"));

    let rows = server.json(&format!("{at}/probability?layer=grids"));
    assert_eq!(
        (&rows["members"], &rows["rows"][1]["code"]),
        (&3.into(), &"G2".into())
    );
    let p = rows["rows"][0]["probability"]["0.15"]
        .as_f64()
        .expect("a number");
    assert!((0.0..=1.0).contains(&p));
    let csv = server
        .ask("GET", &format!("{at}/probability.csv?layer=grids"), "")
        .1;
    let file = std::fs::read(place.at("out/probability/grids.csv")).expect("readable");
    assert_eq!(csv, file);
    let geojson = server.json(&format!("{at}/probability.geojson"));
    assert_eq!(geojson["features"].as_array().map(Vec::len), Some(2));
    for which in ["p50", "p90", "worst", "probability"] {
        let (status, bytes) = server.ask("GET", &format!("{at}/frames/{which}"), "");
        let frame = decode_water(&bytes).expect("SGW1");
        assert_eq!((status, frame.geometry.dx), (200, 20.0));
        let most = frame.depth_cm.iter().max();
        assert!(which != "probability" || most <= Some(&100), "{most:?}");
    }
    assert_eq!(server.ask("GET", &format!("{at}/frames/p30"), "").0, 404);
    assert_eq!(
        server.json(&format!("{at}/plume"))["time_s"]
            .as_array()
            .map(Vec::len),
        Some(4)
    );
    for list in ["roads", "buildings"] {
        assert!(server.json(&format!("{at}/{list}")).is_array());
    }

    // The same again takes the members that are there; one that waits can be cancelled.
    let (_, again) = post(
        "/api/v1/ensembles",
        r#"{"members":3,"seed":3,"cell_size_m":20,"workers":1}"#,
    );
    assert_ne!(again["id"], made["id"]);
    let again = until("the ensemble", || {
        let view = server.json(&format!("/api/v1/ensembles/{}", text(&again, "id")));
        (view["state"] == "done").then_some(view)
    });
    assert_eq!(again["digest"], done["digest"]);
    assert_eq!(again["members"][2]["attempts"], 0);
    let advisory = r#"{"members":2,"cell_size_m":10,"advisory":{"name":"TEST","agency":"CMA","base_time":"2017-08-22T12:00:00Z","averaging_min":2,"wind_unit":"m/s",
        "fixes":[{"lead_h":0,"lat":20.7,"lon":115.4,"wind":33,"pressure_hpa":975},{"lead_h":24,"lat":23.0,"lon":111.0,"wind":25,"pressure_hpa":985}]}}"#;
    let (status, other) = post("/api/v1/ensembles", advisory);
    assert_eq!(status, 202, "{other}");
    assert_eq!(text(&other, "issued"), "2017-08-22T12:00:00Z");
    let at = format!("/api/v1/ensembles/{}", text(&other, "id"));
    assert_eq!(post(&format!("{at}/cancel"), "").0, 200);
    let over = until("the end", || {
        let view = server.json(&at);
        (view["state"] != "running" && view["state"] != "queued").then_some(view)
    });
    assert_eq!(over["state"], "cancelled");
    assert_eq!(
        server.json("/api/v1/ensembles").as_array().map(Vec::len),
        Some(3)
    );
}

#[test]
fn warnings_tell_the_chances_of_an_ensemble() {
    let place = Place::new(7200);
    let rules = "[message]\nregion = \"440704\"\n[[rule]]\naudience = \"residents\"\ncolour = \"blue\"\ndepth_m = 0.01\n";
    std::fs::write(place.at("twin/warnings.toml"), rules).expect("written");
    let server = Serving::begin(&place, &[]);
    let (status, run) = server.post("/api/v1/runs", r#"{"cell_size_m":20}"#);
    assert_eq!(status, 202, "{run}");
    let (status, ensemble) = server.post(
        "/api/v1/ensembles",
        r#"{"members":3,"seed":3,"cell_size_m":20,"workers":2}"#,
    );
    assert_eq!(status, 202, "{ensemble}");
    let (run, ensemble) = (text(&run, "id"), text(&ensemble, "id"));
    let draft = |with: &str| {
        let body = format!(r#"{{"run":"{run}"{with}}}"#);
        server.post("/api/v1/warnings/drafts", &body)
    };
    let with = format!(r#","ensemble":"{ensemble}""#);
    for kind in [format!("runs/{run}"), format!("ensembles/{ensemble}")] {
        until("its end", || {
            let view = server.json(&format!("/api/v1/{kind}"));
            assert_ne!(view["state"], "failed", "{view}");
            (view["state"] == "done").then_some(view)
        });
    }
    assert_eq!(draft(r#","ensemble":"none""#).0, 404);
    let (status, plain) = draft("");
    assert_eq!(status, 200, "{plain}");
    assert!(plain[0]["chances"].is_null());
    assert_eq!(plain[0]["certainty"], "Likely");

    let (status, told) = draft(&with);
    assert_eq!(status, 200, "{told}");
    let warning = &told[0];
    assert_eq!(warning["chances"]["members"], 3);
    let rows = server.json(&format!(
        "/api/v1/ensembles/{ensemble}/probability?layer=grids"
    ));
    let mut greatest: f64 = 0.0;
    for row in rows["rows"].as_array().expect("rows") {
        let chance = &warning["chances"]["of"][text(row, "code")];
        if !chance.is_null() {
            assert_eq!(*chance, row["probability"]["0.15"]);
            greatest = greatest.max(chance.as_f64().expect("a number"));
        }
    }
    let of = warning["chances"]["of"].as_object().expect("chances");
    assert_eq!(Some(of.len()), warning["grids"].as_array().map(Vec::len));
    let certainty = match greatest {
        p if p >= 0.5 => "Likely",
        p if p >= 0.05 => "Possible",
        _ => "Unlikely",
    };
    assert_eq!(warning["certainty"], certainty);
    let percent = format!("概率{:.0}%", 100.0 * greatest);
    assert!(text(&warning["description"], "zh").contains(&percent));
    let cap = server
        .ask(
            "GET",
            &format!("/api/v1/warnings/{}/cap.xml", text(warning, "id")),
            "",
        )
        .1;
    let cap = String::from_utf8(cap).expect("UTF-8");
    assert!(
        cap.contains(&format!("<certainty>{certainty}</certainty>")),
        "{cap}"
    );
    assert!(
        cap.contains(&format!("<value>{greatest:.2}</value>")),
        "{cap}"
    );

    // An update by a run keeps telling chances.
    let at = format!("/api/v1/warnings/{}", text(warning, "id"));
    let (status, issued) = server.post(&format!("{at}/approve"), r#"{"by":"张三"}"#);
    assert_eq!(status, 200, "{issued}");
    let body = format!(r#"{{"by":"张三","run":"{run}"{with}}}"#);
    let (status, updated) = server.post(&format!("{at}/update"), &body);
    assert_eq!(status, 200, "{updated}");
    assert_eq!(updated["msg_type"], "Update");
    assert_eq!(updated["chances"], warning["chances"]);
    assert_eq!(updated["certainty"], certainty);
}
