//! Places that the run leaves dry and members of an ensemble reach: exactly those that a search over the ensemble's
//! tables and the run's rasters finds.

use std::collections::{BTreeMap, BTreeSet};

use stormgrid_project::ensemble::{Ensemble, ProbabilityLayer, ProbabilityRow, RoadProbability};
use stormgrid_project::warning::{Audience, Content, Rules, Situation, contents};
use stormgrid_project::{Forecast, LoadedTwin};

use crate::brute_force::{Depths, lay, near, roads, schools};
use crate::fixture;

const CELL: f64 = 10.0;
/// Rules without storm signals; a fifth of the members counts.
const RULES: &str = "[members]\nchance = 0.2\npeople = 1\ncolour = \"yellow\"\n";

/// The share of the members that reach a place, by its number.
type Share = fn(usize) -> f64;

/// Shares from 0 to 1 in twentieths.
fn varied(n: usize) -> f64 {
    (n * 8 % 21) as f64 / 20.0
}

/// Chances for every grid and road of the twin, wet in the run or not.
fn ensemble(twin: &LoadedTwin, forecast: &Forecast, share: Share) -> Ensemble {
    let (_, rows) = &forecast.impacts.layers[0];
    let rows = rows.iter().enumerate().map(|(n, named)| ProbabilityRow {
        code: named.row.code.clone(),
        name: named.name.clone(),
        people: Some(300.0),
        modelled_share: 1.0,
        probability: [("0.05", 1.0), ("0.15", share(n)), ("0.3", 0.0)]
            .map(|(depth, of)| (depth.to_owned(), Some(of)))
            .into(),
        flooded_share_mean: Some(0.0),
        depth_p10_m: Some(0.0),
        depth_p50_m: Some(0.0),
        depth_p90_m: Some(0.345),
        depth_worst_m: Some(0.9),
        people_p50: Some(0.0),
        people_p90: Some((n % 4) as f64 * 40.0),
        people_worst: Some(300.0),
        arrival_p10_s: Some(3600.0 + n as f64),
        arrival_p50_s: None,
    });
    let segments = twin.road_segments();
    let roads = segments.iter().enumerate();
    let roads = roads.map(|(index, (segment, _))| RoadProbability {
        index,
        id: segment.code.clone(),
        name: segment.name.clone(),
        probability: Some(share(index + 3).min(share(index))),
        probability_slow: Some(share(index)),
        arrival_p10_s: Some(1800.0 + index as f64),
        arrival_p50_s: Some(9000.0),
    });
    let errors: serde_json::Value =
        serde_json::from_str(include_str!("../../../../data/ensemble/errors.json")).expect("JSON");
    let mut ensemble: Ensemble = serde_json::from_value(serde_json::json!({
        "spec": {
            "program": "", "storm": "TEST", "track": "", "twin": "", "start": "2017-08-23T00:00:00Z",
            "issued": "2017-08-22T12:00:00Z", "duration_s": 21600.0, "cell_size_m": CELL, "scheme": "finite_volume",
            "members": 20, "seed": 1, "errors": errors,
        },
        "digest": "", "members_done": 20, "members": [], "least_share": 0.01, "worst_credible": 0.95,
        "files": {}, "wall_s": 0.0, "members_cpu_s": 0.0, "notes": [],
    }))
    .expect("an ensemble");
    ensemble.layers = vec![ProbabilityLayer {
        layer: "grids".to_owned(),
        rows: rows.collect(),
    }];
    ensemble.roads = roads.collect();
    ensemble
}

fn told(all: &[Content], audience: Audience) -> &Content {
    let mut of = all.iter().filter(|c| c.possible && c.audience == audience);
    let found = of.next().expect("a warning of what is possible");
    assert!(of.next().is_none(), "one message an audience");
    found
}

/// Holds the warnings against the search; returns them.
fn check(twin: &LoadedTwin, forecast: &Forecast, depths: &Depths, share: Share) -> Vec<Content> {
    let rules = Rules::read(RULES, "w").expect("sound");
    let ensemble = ensemble(twin, forecast, share);
    let situation = Situation::of(twin, forecast, &rules).expect("a situation");
    let without = contents(twin, &situation, &rules);
    let situation = situation.with_chances(twin, "e", &ensemble, &rules);
    let all = contents(twin, &situation, &rules);

    // What the run warns is told as before.
    let places = |c: &Content| (c.grids.clone(), c.schools.clone(), c.roads.clone());
    let of_run: Vec<_> = all.iter().filter(|c| !c.possible).map(places).collect();
    assert_eq!(of_run, without.iter().map(places).collect::<Vec<_>>());

    let on_road: Vec<f64> = roads().iter().map(|r| depths.on(&r.line)).collect();
    let found: BTreeMap<&str, f64> = told(&all, Audience::Drivers)
        .roads
        .iter()
        .map(|r| (r.id.as_str(), r.warned_s))
        .collect();
    let wanted: BTreeMap<String, f64> = roads()
        .into_iter()
        .enumerate()
        .filter(|(i, road)| !road.bridge && on_road[*i] < 0.15 && share(*i) >= 0.2)
        .map(|(i, road)| (road.code, 1800.0 + i as f64))
        .collect();
    let wanted: BTreeMap<&str, f64> = wanted.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    assert_eq!(found, wanted);
    assert!(found.len() >= 10 && found.len() + 10 <= roads().len());

    let grid_depth = |n: usize| {
        let (i, j) = ((n / 4) as f64, (n % 4) as f64);
        let cells = (0..625).map(|k| {
            let (col, row) = (f64::from(k % 25), f64::from(k / 25));
            [250.0 * i + 10.0 * col + 5.0, 250.0 * j + 10.0 * row + 5.0]
        });
        cells.map(|cell| depths.at(cell)).fold(0.0, f64::max)
    };
    let is_told = |n: usize| grid_depth(n) < 0.15 && share(n) >= 0.2 && !n.is_multiple_of(4);
    let wanted: BTreeSet<String> = (0..32)
        .filter(|&n| is_told(n))
        .map(|n| format!("440704001{n:03}"))
        .collect();
    let residents = told(&all, Audience::Residents);
    let found: BTreeSet<String> = residents.grids.iter().map(|g| g.code.clone()).collect();
    assert_eq!(found, wanted);
    assert!(!found.is_empty() && found.len() < 32, "{found:?}");
    assert!(residents.grids.iter().all(|g| g.depth_m == 0.35));
    let people: f64 = residents.grids.iter().map(|g| g.people).sum();
    assert_eq!(residents.people, people);

    // A school whose grid or an approach of which members flood, and that the run leaves alone.
    let closing: Vec<usize> = (0..roads().len())
        .filter(|&i| !roads()[i].bridge && share(i + 3).min(share(i)) >= 0.2)
        .collect();
    let mut wanted = BTreeMap::new();
    for (code, at) in schools() {
        let grid = (at[0] / 250.0) as usize * 4 + (at[1] / 250.0) as usize;
        let closed = |i: &usize| on_road[*i] >= 0.30 && !roads()[*i].bridge;
        let by_run = depths.at(at) >= 0.15
            || grid_depth(grid) >= 0.15
            || (0..roads().len()).any(|i| closed(&i) && near(&roads()[i].line, at));
        let approaches: Vec<String> = closing
            .iter()
            .filter(|&&i| near(&roads()[i].line, at))
            .map(|&i| roads()[i].code.clone())
            .collect();
        if !by_run && (is_told(grid) || !approaches.is_empty()) {
            wanted.insert(code, approaches);
        }
    }
    let pupils = told(&all, Audience::PupilsParents);
    let schools_told = pupils.schools.iter();
    let found: BTreeMap<String, Vec<String>> = schools_told
        .map(|s| (s.code.clone(), s.closed_roads.clone()))
        .collect();
    assert_eq!(found, wanted);
    assert!(
        !found.is_empty() && found.len() < schools().len(),
        "{found:?}"
    );

    all
}

#[test]
fn what_only_members_reach_is_warned_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a folder");
    lay(dir.path(), 600);
    let twin = LoadedTwin::load(dir.path()).expect("a twin");
    let forecast = fixture::run(&twin, CELL);
    let depths = Depths::read(dir.path());
    // Just enough members everywhere: then the run alone decides.
    check(&twin, &forecast, &depths, |_| 0.2);
    let all = check(&twin, &forecast, &depths, varied);

    // The texts say that it is possible and how likely; the colour is that of the rules.
    for content in all.iter().filter(|c| c.possible) {
        assert_eq!(format!("{:?}", content.colour), "Yellow");
        assert!(
            content.headline.zh.contains("可能"),
            "{:?}",
            content.headline
        );
        assert!(
            content.description.zh.contains("概率"),
            "{:?}",
            content.description
        );
        assert!(!content.polygon.is_empty());
    }

    // Rules that warn of a film of water: nobody is told twice.
    let film = "[[rule]]\naudience = \"residents\"\ncolour = \"blue\"\ndepth_m = 0.01\n";
    let film = Rules::read(&format!("{RULES}{film}"), "w").expect("sound");
    let situation = Situation::of(&twin, &forecast, &film).expect("a situation");
    let ensemble_of = ensemble(&twin, &forecast, |_| 1.0);
    let situation = situation.with_chances(&twin, "e", &ensemble_of, &film);
    let of_film = contents(&twin, &situation, &film);
    let grids = |possible: bool| -> BTreeSet<String> {
        let mut of = of_film.iter().filter(|c| c.possible == possible);
        let of = of.find(|c| c.audience == Audience::Residents);
        let grids = of.iter().flat_map(|c| &c.grids);
        grids.map(|g| g.code.clone()).collect()
    };
    assert!(grids(false).len() > 20 && grids(false).is_disjoint(&grids(true)));

    // All of the members, or nobody: then hardly a place is told.
    let strict = Rules::read("[members]\nchance = 1\n", "w").expect("sound");
    let situation = Situation::of(&twin, &forecast, &strict).expect("a situation");
    let ensemble = ensemble(&twin, &forecast, varied);
    let situation = situation.with_chances(&twin, "e", &ensemble, &strict);
    let all = contents(&twin, &situation, &strict);
    let of_drivers: usize = all
        .iter()
        .filter(|c| c.possible)
        .map(|c| c.roads.len())
        .sum();
    let wanted = roads()
        .into_iter()
        .enumerate()
        .filter(|(i, road)| !road.bridge && depths.on(&road.line) < 0.15 && varied(*i) >= 1.0);
    assert_eq!(of_drivers, wanted.count());
}

#[test]
fn a_share_of_members_that_is_none_is_refused() {
    for (text, name) in [
        ("chance = 0", "[members] chance"),
        ("chance = 1.5", "[members] chance"),
        ("people = -1", "[members] people"),
        ("colour = \"green\"", "colour"),
    ] {
        let fault = Rules::read(&format!("[members]\n{text}\n"), "warnings.toml");
        let told = fault.expect_err(text).to_string();
        assert!(told.contains("warnings.toml"), "{told}");
        assert!(told.contains(name) || told.contains("green"), "{told}");
    }
}
