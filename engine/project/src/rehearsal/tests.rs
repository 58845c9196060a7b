//! Changes act as they say, are recorded, repeat bit for bit, and are refused in one sentence.

use super::*;
use crate::test_twin::{GATE, laid, lonlat, run};
use crate::{Forecast, ProjectError};
use stormgrid_core::message::Bilingual;

fn changed(changes: Vec<Change>) -> Rehearsal {
    Rehearsal {
        changes,
        ..Rehearsal::default()
    }
}

fn people_reached(forecast: &Forecast) -> f64 {
    let (_, rows) = &forecast.impacts.layers[0];
    rows.iter().filter_map(|row| row.row.people_reached).sum()
}

fn flooded_area(forecast: &Forecast) -> f64 {
    let (_, rows) = &forecast.impacts.layers[0];
    rows.iter()
        .filter_map(|row| row.row.flooded_area_m2)
        .map(|areas| areas[1])
        .sum()
}

#[test]
fn a_closed_gate_keeps_the_river_out() {
    let (_dir, twin) = laid();
    let open = run(&twin, Rehearsal::default(), None).expect("run");
    let gate = |state| {
        changed(vec![Change::Gate {
            at: lonlat(&twin, GATE[0], GATE[1] + 30.0),
            state,
        }])
    };
    let closed = run(&twin, gate(GateState::Closed), None).expect("run");
    assert!(people_reached(&open) >= 200.0, "{}", people_reached(&open));
    assert_eq!(people_reached(&closed), 0.0);
    assert!(flooded_area(&closed) < 0.01 * flooded_area(&open));
    // A gate that is set as it stands changes nothing.
    let same = run(&twin, gate(GateState::Open), None).expect("run");
    assert_eq!(same.summary.digest, open.summary.digest);
}

#[test]
fn an_open_gate_lets_water_through_a_dike_without_a_gap() {
    let (dir, _) = laid();
    let gates = dir.path().join("gates.geojson");
    let text = std::fs::read_to_string(&gates).expect("there");
    // The gate is moved to where the dike is whole.
    let (from, to) = (
        format!("{}", 2_500_000.0 + GATE[1]),
        format!("{}", 2_500_000.0 + 450.0),
    );
    std::fs::write(&gates, text.replace(&from, &to).replace("open", "closed")).expect("written");
    let wall = [[0.0, 250.0], [0.0, 350.0]];
    let twin = LoadedTwin::load(dir.path()).expect("a twin");
    let wall = Change::Levee {
        line: wall
            .iter()
            .map(|p| lonlat(&twin, GATE[0] + p[0], p[1]))
            .collect(),
        crest_m: Some(4.0),
        raise_m: None,
    };
    let shut = run(&twin, changed(vec![wall.clone()]), None).expect("run");
    let gate = Change::Gate {
        at: lonlat(&twin, GATE[0], 450.0),
        state: GateState::Open,
    };
    let open = run(&twin, changed(vec![wall, gate]), None).expect("run");
    let entry = &open.summary.structures[0];
    assert_eq!(
        (entry.kind.as_str(), entry.name.as_deref()),
        ("gate", Some("W1"))
    );
    let through = (entry.forward_m3 - entry.backward_m3).abs();
    assert!(through > 10_000.0, "{through}");
    assert!(shut.summary.structures.is_empty());
    assert!(flooded_area(&open) > flooded_area(&shut) + 10_000.0);
    assert!(open.summary.volume_error_rel < 1e-6);
}

#[test]
fn sandbags_over_the_gap_do_what_the_gate_does() {
    let (_dir, twin) = laid();
    let line = vec![lonlat(&twin, GATE[0], 250.0), lonlat(&twin, GATE[0], 350.0)];
    let raised = changed(vec![Change::Levee {
        line,
        crest_m: None,
        raise_m: Some(3.0),
    }]);
    let forecast = run(&twin, raised, None).expect("run");
    assert_eq!(people_reached(&forecast), 0.0);
}

#[test]
fn a_pump_lifts_what_it_says() {
    let (_dir, twin) = laid();
    let pump = changed(vec![Change::Pump {
        at: lonlat(&twin, 300.0, 300.0),
        to: Some(lonlat(&twin, 50.0, 300.0)),
        rate_m3_s: 2.0,
    }]);
    let forecast = run(&twin, pump, None).expect("run");
    let entry = &forecast.summary.structures[0];
    assert_eq!(entry.kind, "pump");
    // It cannot lift more than its rate over the two hours, and it stands in water for most of them.
    assert!(
        (2.0 * 1800.0..=2.0 * 7200.0 + 1.0).contains(&entry.forward_m3),
        "{}",
        entry.forward_m3
    );
    assert_eq!(entry.backward_m3, 0.0);
    assert!(forecast.summary.volume_error_rel < 1e-6);
}

#[test]
fn who_has_left_is_not_reached() {
    let (_dir, twin) = laid();
    let all = run(&twin, Rehearsal::default(), None).expect("run");
    let without = changed(vec![Change::Evacuate {
        codes: vec!["G1-1".to_owned()],
    }]);
    let fewer = run(&twin, without, None).expect("run");
    // The water is the same, 120 people fewer are in it, on every layer.
    assert_eq!(all.summary.digest, fewer.summary.digest);
    assert_eq!(people_reached(&all) - people_reached(&fewer), 120.0);
    for ((_, before), (_, after)) in all.impacts.layers.iter().zip(&fewer.impacts.layers) {
        let sum = |rows: &[crate::tables::NamedRow]| {
            rows.iter().filter_map(|r| r.row.people).sum::<f64>()
        };
        assert_eq!(sum(before) - sum(after), 120.0);
    }
}

#[test]
fn sea_rain_and_track_follow_their_changes() {
    let (_dir, twin) = laid();
    let plain = run(&twin, Rehearsal::default(), None).expect("run");
    let higher = run(&twin, changed(vec![Change::SeaLevel { add_m: 0.5 }]), None).expect("run");
    for (a, b) in plain.storm.site.iter().zip(&higher.storm.site) {
        assert!((b.sea_level_m - a.sea_level_m - 0.5).abs() < 1e-12);
    }
    assert!(flooded_area(&higher) > flooded_area(&plain));
    let dry = run(&twin, changed(vec![Change::Rain { factor: 0.0 }]), None).expect("run");
    let rain = dry.summary.ledger.iter().find(|l| l.source == "rain");
    assert!(rain.is_none_or(|l| l.in_m3 == 0.0));
    let shift = Change::ShiftTrack {
        east_km: -50.0,
        north_km: 111.194_926_64,
        hours: 1.0,
    };
    let moved = run(&twin, changed(vec![shift]), None).expect("run");
    let (a, b) = (&plain.storm.track[0], &moved.storm.track[0]);
    assert!((b.lat - a.lat - 1.0).abs() < 1e-9);
    let km = (b.lon - a.lon) * 111.194_926_64 * a.lat.to_radians().cos();
    assert!((km + 50.0).abs() < 1e-6, "{km}");
    assert!((b.time_s - a.time_s - 3600.0).abs() < 1e-9);
    assert!(
        moved
            .storm
            .notes
            .iter()
            .any(|note| note.en.contains("shifted"))
    );
}

#[test]
fn a_rehearsal_is_recorded_and_repeats_bit_for_bit() {
    let (dir, twin) = laid();
    let text = r#"[{"kind": "rain", "factor": 1.5}, {"kind": "sea_level", "add_m": 0.1},
        {"kind": "shift_track", "east_km": -5}]"#;
    let mut rehearsal = Rehearsal::of_changes(text.as_bytes(), "changes.json").expect("read");
    rehearsal.title = Some("雨量加半".to_owned());
    rehearsal.copy_of = Some("test-10m".to_owned());
    let out = dir.path().join("run");
    let first = run(&twin, rehearsal.clone(), Some(&out)).expect("run");
    let second = run(&twin, rehearsal.clone(), None).expect("run");
    assert_eq!(first.summary.digest, second.summary.digest);
    let summary = compare::summary_of(&out).expect("a summary");
    assert_eq!(summary.changes, rehearsal.changes);
    assert_eq!(
        (summary.title, summary.copy_of),
        (Bilingual::same("雨量加半"), Some("test-10m".to_owned()))
    );
    assert_eq!(summary.changes.len(), 3);
}

#[test]
fn two_runs_are_compared_zone_by_zone() {
    let (dir, twin) = laid();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    let first = run(&twin, Rehearsal::default(), Some(&a)).expect("run");
    let closed = changed(vec![Change::Gate {
        at: lonlat(&twin, GATE[0], GATE[1]),
        state: GateState::Closed,
    }]);
    let second = run(&twin, closed, Some(&b)).expect("run");
    let out = dir.path().join("difference");
    let on_disk = compare_folders(&a, &b, "grids", Some(&out)).expect("compared");
    let named = |id: &str| Compared {
        id: id.to_owned(),
        title: Bilingual::default(),
    };
    let here = compare((named("a"), &first), (named("b"), &second), "grids").expect("a layer");
    assert_eq!(here.rows.len(), 2);
    for (x, y) in on_disk.rows.iter().zip(&here.rows) {
        assert_eq!(x.code, y.code);
        assert!(
            (x.difference.depth_max_m.expect("known") - y.difference.depth_max_m.expect("known"))
                .abs()
                < 1e-3
        );
        assert!(x.difference.depth_max_m < Some(0.0) && x.difference.people_reached <= Some(0.0));
    }
    assert_eq!(here.totals.people_reached.a, people_reached(&first));
    assert_eq!(here.totals.people_reached.b, 0.0);
    // The map: greatest depth of the second less that of the first, cell by cell.
    let tif = |path: std::path::PathBuf| {
        let bytes = std::fs::read(&path).expect("there");
        stormgrid_formats::elevation::read(&bytes, "x")
            .expect("a raster")
            .raster
    };
    let (d, x, y) = (
        tif(out.join("difference.tif")),
        tif(a.join("depth_max.tif")),
        tif(b.join("depth_max.tif")),
    );
    let or_dry = |v: f64| if v.is_nan() { 0.0 } else { v };
    let mut compared = 0;
    for ((d, x), y) in d.values().iter().zip(x.values()).zip(y.values()) {
        if !d.is_nan() {
            assert!((d - (or_dry(*y) - or_dry(*x))).abs() < 1e-5);
            compared += 1;
        } else {
            assert!(x.is_nan() && y.is_nan());
        }
    }
    assert!(compared > 1000);
    let csv = String::from_utf8(comparison_csv(&here)).expect("text");
    assert_eq!(csv.lines().count(), 3);
    assert!(compare_folders(&a, &b, "../x", None).is_err());
}

#[test]
fn what_cannot_be_done_is_said_in_one_sentence() {
    let (_dir, twin) = laid();
    let here = lonlat(&twin, 300.0, 300.0);
    let pump = |rate_m3_s| Change::Pump {
        at: here,
        to: None,
        rate_m3_s,
    };
    let levee = |line: Vec<[f64; 2]>, crest_m, raise_m| Change::Levee {
        line,
        crest_m,
        raise_m,
    };
    let far = lonlat(&twin, 400.0, 300.0);
    let cases: Vec<(Change, &str)> = vec![
        (
            Change::Gate {
                at: far,
                state: GateState::Closed,
            },
            "no gate stands within 100 m",
        ),
        (
            Change::Gate {
                at: [22.6, 113.0],
                state: GateState::Open,
            },
            "lies outside the twin's ground",
        ),
        (
            Change::Gate {
                at: [f64::NAN, 22.6],
                state: GateState::Open,
            },
            "lies outside the twin's ground",
        ),
        (pump(0.0), "rate_m3_s is 0"),
        (pump(f64::INFINITY), "rate_m3_s is inf"),
        (levee(vec![here], Some(3.0), None), "its line has 1 points"),
        (levee(vec![here, far], None, None), "it needs one height"),
        (
            levee(vec![here, far], Some(3.0), Some(1.0)),
            "it needs one height",
        ),
        (levee(vec![here, far], None, Some(99.0)), "raise_m is 99"),
        (
            Change::Evacuate {
                codes: vec!["G9".into()],
            },
            "no unit or grid G9",
        ),
        (Change::Evacuate { codes: vec![] }, "it names 0 codes"),
        (
            Change::ShiftTrack {
                east_km: 5e4,
                north_km: 0.0,
                hours: 0.0,
            },
            "east_km is 50000",
        ),
        (Change::SeaLevel { add_m: f64::NAN }, "add_m is NaN"),
        (Change::Rain { factor: -1.0 }, "factor is -1"),
    ];
    for (change, expected) in cases {
        let error = changed(vec![Change::Rain { factor: 1.0 }, change.clone()]).check(&twin);
        let text = error.expect_err("refused").to_string();
        assert!(text.contains(expected), "{change:?}: {text}");
        assert!(text.starts_with("change 2 ("), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
    for (text, expected) in [
        ("[{\"kind\": \"dam\"}]", "unknown word"),
        (
            "[{\"kind\": \"rain\", \"factor\": 1, \"x\": 2}]",
            "unknown field",
        ),
        ("[{\"kind\": \"rain\"}]", "missing field"),
        ("{", "line 1"),
        ("", "line"),
    ] {
        let error = Rehearsal::of_changes(text.as_bytes(), "c.json").expect_err("refused");
        assert!(matches!(error, ProjectError::Input { .. }));
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_run_begins_with_its_advisory() {
    let (_dir, twin) = laid();
    let advisory = |base: &str| {
        format!(
            r#"{{"name": "Draft", "agency": "CMA", "base_time": "{base}", "averaging_min": 2, "wind_unit": "m/s",
            "fixes": [{{"lead_h": 0, "lat": 21.5, "lon": 114.0, "wind": 38, "pressure_hpa": 965}},
            {{"lead_h": 6, "lat": 22.3, "lon": 112.6, "wind": 35, "pressure_hpa": 970}}]}}"#
        )
    };
    let of = |base: &str| Rehearsal {
        advisory: Some(advisory(base)),
        ..Rehearsal::default()
    };
    // Where the advisory covers the start of forecast.toml, that counts; else its first position.
    let covered = crate::plan_of(&twin, &of("2017-08-23T00:00:00Z")).expect("a plan");
    assert_eq!(covered.start, "2017-08-23T01:00:00Z");
    let later = of("2026-09-01T20:00:00+08:00");
    let plan = crate::plan_of(&twin, &later).expect("a plan");
    assert_eq!(
        (plan.start.as_str(), plan.storm.as_str()),
        ("2026-09-01T12:00:00Z", "DRAFT")
    );
    let forecast = run(&twin, later, None).expect("run");
    assert_eq!(forecast.storm.name, "DRAFT");
    assert!(
        forecast
            .summary
            .notes
            .iter()
            .any(|n| n.en.contains("no radius of maximum wind"))
    );
}
