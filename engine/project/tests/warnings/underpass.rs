//! The virtual gauge of an underpass with a rim of 0.70 m, as at S273 金居路口, under a design storm.
//!
//! A storm that brings more water than the dip holds fills it to the rim; what comes then runs off over a wide lip.
//! The depth at the gauge is then the rim's 0.70 m and the head over the lip, a few centimetres: 0.70 ± 0.05 m.
//! The storm is that of Guangzhou's formula, 20 years, 3 h, with its peak at 0.40.

use std::ops::ControlFlow;
use std::path::Path;

use stormgrid_core::time::Instant;
use stormgrid_project::warning::{Audience, Rules, Situation, State, Store, contents};
use stormgrid_project::{LoadedTwin, RunOptions, simulate};
use stormgrid_sim::rain::{DesignStorm, IntensityFormula};

use crate::fixture::{self, At, SOUTH, WEST};

const SIZE: At = [120.0, 60.0];
const CELL: f64 = 2.0;
/// Depth of the floor below the lip [m].
const RIM: f64 = 0.70;
/// Where the gauge stands.
const GAUGE: At = [60.0, 40.0];
/// Depth from which drivers are warned [m].
const WARN: f64 = 0.15;

/// A floor 12 m square with ramps of 12 m along the road and 4 m beside it, in a bowl. In the south, between banks,
/// a lip 40 m wide at the height of the rim lets out what is too much.
fn height(x: f64, y: f64) -> f64 {
    let (along, across) = ((x - GAUGE[0]).abs(), (y - GAUGE[1]).abs());
    let out = ((along - 6.0) / 12.0).max((across - 6.0) / 4.0).max(0.0);
    let south = GAUGE[1] - 10.0 - y;
    if out < 1.0 {
        10.0 - RIM * (1.0 - out)
    } else if south > 0.0 && along <= 20.0 {
        10.0 - 0.03 * (south - 2.0).max(0.0)
    } else if south > 0.0 {
        10.5 - 0.02 * south
    } else {
        10.0 + 0.015 * (along - 18.0).max(across - 10.0).max(0.0)
    }
}

fn storm() -> DesignStorm {
    DesignStorm::new(IntensityFormula::guangzhou(), 20.0, 10_800.0, 0.40).expect("valid")
}

/// The scenario: terrain, design storm, gauge.
fn simulate_gauge(dir: &Path) -> Vec<(f64, f64)> {
    let rain = storm().series(60.0);
    let mut csv = String::from("time_s,rate_mm_h\n");
    for (time, rate) in rain.time_s.iter().zip(&rain.value) {
        csv.push_str(&format!("{time},{}\n", rate * 3.6e6));
    }
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).expect("written");
    write("rain.csv", &csv);
    write(
        "gauges.csv",
        &format!(
            "id,x,y\nS273,{},{}\n",
            WEST + GAUGE[0] + 1.0,
            SOUTH + GAUGE[1] + 1.0
        ),
    );
    write(
        "scenario.toml",
        "[run]\nstart = \"2021-07-20T20:00:00+08:00\"\nduration_s = 10800\noutput_interval_s = 60\n\
         [terrain]\nelevation = \"dem.tif\"\nroughness = 0.02\n[rain]\nseries = \"rain.csv\"\n\
         [[boundary]]\nwhere = \"south\"\nkind = \"free\"\n[gauges]\nsource = \"gauges.csv\"\n\
         [solver]\nscheme = \"finite_volume\"\n",
    );
    let options = RunOptions {
        threads: 2,
        ..RunOptions::default()
    };
    let go_on = &mut |_| ControlFlow::Continue(());
    simulate(
        &dir.join("scenario.toml"),
        &dir.join("gauge"),
        &options,
        go_on,
    )
    .expect("a finished run");
    let text = std::fs::read_to_string(dir.join("gauge/gauges.csv")).expect("there");
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (
            cells[0].parse().expect("a time"),
            cells[2].parse().expect("a depth"),
        )
    };
    text.lines().skip(1).map(row).collect()
}

/// The twin: the same ground with the road through the dip, forecast with the same storm.
fn lay(dir: &Path) {
    fixture::terrain(dir, SIZE, CELL, height);
    let write = |name: &str, features: &[(String, String)]| {
        std::fs::write(dir.join(name), fixture::collection(features)).expect("written");
    };
    let grid = (
        r#"{"code":"440704001001","name":"金居","people":100}"#.to_owned(),
        fixture::rectangle([0.0, 0.0], SIZE),
    );
    write("grids.geojson", &[grid]);
    let road = |code: &str, line: &[At]| {
        (
            format!(r#"{{"code":"{code}","name":"S273省道","class":"trunk"}}"#),
            fixture::line(line),
        )
    };
    let (west, east) = ([35.0, 41.0], [85.0, 41.0]);
    write(
        "roads.geojson",
        &[
            road("S273-1", &[[1.0, 41.0], west]),
            road("S273-2", &[west, east]),
            road("S273-3", &[east, [119.0, 41.0]]),
            road("Y24", &[west, [35.0, 57.0], [85.0, 57.0], east]),
        ],
    );
    write(
        "schools.geojson",
        &[(
            r#"{"code":"E1","name":"金居小学","kind":"school"}"#.to_owned(),
            fixture::point([5.0, 5.0]),
        )],
    );
    write(
        "low.geojson",
        &[(
            r#"{"code":"out"}"#.to_owned(),
            fixture::rectangle([0.0, 0.0], [SIZE[0], CELL]),
        )],
    );
    fixture::rest(
        dir,
        "[storm]\ntrack = \"track.csv\"\nname = \"TEST\"\nstart = \"2017-08-23T00:00:00Z\"\nduration_s = 10800\noutput_interval_s = 1800\n\
         [tide]\nconstituents = \"tide.csv\"\nstation = \"Port\"\n[water]\ninitial_level_m = -5.0\n\
         [[boundary]]\npolygon = \"low.geojson\"\nkind = \"free\"\n\
         [rain]\ndesign = { return_period_years = 20, duration_s = 10800 }\n",
    );
}

#[test]
fn the_gauge_fills_to_its_rim_and_the_warning_comes_before_the_water() {
    let dir = tempfile::tempdir().expect("a folder");
    lay(dir.path());
    // More rain falls on the bowl than the dip holds: 0.7 m × (144 + 192 + 64) m² = 280 m³ of 0.36 ha.
    assert!(
        storm().depth() * 3600.0 > 1.3 * 280.0,
        "{}",
        storm().depth()
    );
    let gauge = simulate_gauge(dir.path());
    let greatest = gauge.iter().map(|&(_, depth)| depth).fold(0.0, f64::max);
    assert!((greatest - RIM).abs() <= 0.05, "{greatest}");
    let at = gauge
        .windows(2)
        .find(|pair| pair[1].1 >= WARN)
        .expect("reached");
    let share = (WARN - at[0].1) / (at[1].1 - at[0].1);
    let crossing = at[0].0 + share * (at[1].0 - at[0].0);

    eprintln!("gauge: {greatest:.3} m at most, {WARN} m after {crossing:.0} s");

    let twin = LoadedTwin::load(dir.path()).expect("a twin");
    let forecast = fixture::run(&twin, CELL);
    // A lead of a quarter of an hour: the rule is data, and the storm's peak is only 72 minutes away.
    let rules = Rules::read("[lead_s]\ndrivers = 900\n", "w").expect("sound");
    let situation = Situation::of(&twin, &forecast, &rules).expect("a situation");
    let all = contents(&twin, &situation, &rules);
    let drivers: Vec<_> = all
        .iter()
        .filter(|c| c.audience == Audience::Drivers)
        .collect();
    let named: Vec<_> = drivers.iter().flat_map(|c| &c.roads).collect();
    let s273 = named
        .iter()
        .find(|r| r.id == "S273-2")
        .expect("the road through the dip is warned");
    assert!((s273.depth_m - RIM).abs() <= 0.05, "{s273:?}");
    // Looks every five minutes; the water on the road is first as deep at its lowest cell, the gauge.
    assert!(
        (s273.warned_s - crossing).abs() <= 300.0,
        "{} {crossing}",
        s273.warned_s
    );
    eprintln!("road: {s273:?}");
    let closes = s273.closes_s.expect("closed");
    assert!(
        closes > s273.warned_s && s273.reopens_s.is_none(),
        "{s273:?}"
    );
    // The way round by Y24: 16 m up, 50 m along, 16 m down.
    assert!(
        s273.detour_m.is_some_and(|d| (d - 82.0).abs() < 1.0),
        "{s273:?}"
    );
    assert!(named.iter().all(|r| r.id != "Y24"), "{named:?}");

    // Issued as soon as the forecast is there: before the latest time of the rule, and that before the water.
    let mut store = Store::open(&dir.path().join("warnings"), rules).expect("opened");
    let clock = Instant::parse("2026-11-25T12:00:00Z").expect("valid");
    let ids = store
        .draft(
            all,
            "design",
            &forecast.summary.digest,
            situation.start(),
            clock,
        )
        .expect("drafted");
    let id = ids.iter().find(|id| {
        let content = &store.book().warning(id).expect("there").content;
        content.audience == Audience::Drivers && content.roads.iter().any(|r| r.id == "S273-2")
    });
    let id = id.expect("drafted").clone();
    store
        .approve(&id, "张三", None, clock.plus_seconds(120.0))
        .expect("issued");
    let view = store.view(&id, clock.plus_seconds(121.0)).expect("there");
    assert_eq!(view.state, State::Issued);
    let stands = situation.start().plus_seconds(crossing);
    let sent = view.sent.expect("sent");
    assert!(
        !view.late && sent < view.warn_by && view.warn_by < stands,
        "{sent:?} {:?} {stands:?}",
        view.warn_by
    );
    assert!(
        stands.seconds_since(sent) > 900.0,
        "{}",
        stands.seconds_since(sent)
    );
    assert!(
        view.headline.zh.starts_with("【演练】道路积水"),
        "{}",
        view.headline.zh
    );
    assert!(
        view.description.zh.contains("S273省道（S273-2）"),
        "{}",
        view.description.zh
    );
}
