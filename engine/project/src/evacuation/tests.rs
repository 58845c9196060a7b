//! Plans keep their rules, whatever the water does.

use std::sync::OnceLock;

use proptest::prelude::*;
use stormgrid_twin::Position;

use super::*;
use crate::rehearsal::Rehearsal;
use crate::test_twin::{laid, run};

fn twin() -> &'static LoadedTwin {
    static TWIN: OnceLock<(tempfile::TempDir, LoadedTwin)> = OnceLock::new();
    &TWIN.get_or_init(laid).1
}

/// Ground that stays dry, the river of the twin aside.
pub(super) fn dry_everywhere(twin: &LoadedTwin) -> WetGround {
    let cells = *twin.ground.elevation.geometry();
    WetGround::of_cells(cells, 0.1, std::iter::repeat_n(-1, cells.n_cells()))
}

/// Water drawn at random over the small twin: 2 grids, 4 units, 7 roads, 3 shelters.
fn basis() -> impl Strategy<Value = PlanBasis> {
    let zone = (0u8..3, 0.0f64..20_000.0, 0u32..200, 0.0f64..=1.0);
    let zones = |layer: &'static str, codes: &'static [&'static str]| {
        proptest::collection::vec(zone.clone(), codes.len()).prop_map(move |drawn| LayerWater {
            layer: layer.to_owned(),
            zones: codes
                .iter()
                .zip(drawn)
                .map(|(code, (wet, arrival, people, leave))| ZoneWater {
                    code: (*code).to_owned(),
                    arrival_s: (wet > 0).then_some(arrival),
                    modelled_share: 1.0,
                    depth_max_m: Some(if wet > 0 { 0.7 } else { 0.0 }),
                    flooded_share: Some(if wet > 1 { 0.3 } else { 0.0 }),
                    people: Some(f64::from(people)),
                    people_reached: Some(if wet > 1 { f64::from(people) } else { 0.0 }),
                    people_unknown: Some(0.0),
                    people_leave: if wet > 1 {
                        f64::from(people) * leave
                    } else {
                        0.0
                    },
                    people_above: if wet > 1 {
                        f64::from(people) * (1.0 - leave)
                    } else {
                        0.0
                    },
                })
                .collect(),
        })
    };
    let road = proptest::option::weighted(
        0.4,
        (0.0f64..20_000.0, proptest::option::of(0.0f64..5000.0)),
    );
    let shelter = proptest::option::weighted(0.3, 0.0f64..20_000.0);
    (
        zones("grids", &["G1", "G2"]),
        zones("units", &["G1-1", "G1-2", "G2-1", "G2-2"]),
        proptest::collection::vec(road, 7),
        proptest::collection::vec(shelter, 3),
    )
        .prop_map(|(grids, units, roads, shelters)| PlanBasis {
            start: "2017-08-23T01:00:00Z".to_owned(),
            duration_s: 20_000.0,
            stay: StayRule::default(),
            way: WayRule::default(),
            ground: Some(dry_everywhere(twin())),
            layers: vec![grids, units],
            roads: roads
                .into_iter()
                .map(|closed| RoadWater {
                    depth_max_m: Some(if closed.is_some() { 0.5 } else { 0.0 }),
                    unknown_m: 0.0,
                    closes_s: closed.map(|c| c.0),
                    reopens_s: closed.and_then(|c| Some(c.0 + c.1?)),
                    // Too deep to walk in a while before it closes.
                    wet_s: closed.map(|c| 0.9 * c.0),
                })
                .collect(),
            shelters: shelters
                .into_iter()
                .map(|floods_at_s| PlaceWater {
                    depth_max_m: Some(if floods_at_s.is_some() { 0.4 } else { 0.0 }),
                    floods_at_s,
                })
                .collect(),
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_plan_keeps_the_rules(basis in basis()) {
        let options = PlanOptions::default();
        let plan = evacuation_plan(twin(), &basis, options).expect("a plan");
        let units = basis.zones("units");
        let hit: Vec<&ZoneWater> = units.iter().filter(|u| u.people_reached > Some(0.0)).collect();

        // Every hit grid is there once, in the order of the water, and no other.
        let of_grid = |code: &str| hit.iter().filter(|u| u.code.starts_with(code)).count();
        let expected: Vec<&str> = basis
            .zones("grids")
            .iter()
            .filter(|g| of_grid(&g.code) > 0 || g.flooded_share >= Some(0.01))
            .map(|g| g.code.as_str())
            .collect();
        let mut found: Vec<&str> = plan.steps.iter().map(|s| s.grid.code.as_str()).collect();
        prop_assert!(plan.steps.windows(2).all(|w| w[0].time_s <= w[1].time_s));
        prop_assert!(plan.steps.iter().enumerate().all(|(k, s)| s.order == k + 1));
        found.sort_unstable();
        prop_assert_eq!(found, expected);

        // All who must leave are accounted for, once; with those who stay above the water they are the people reached.
        let leave = |unit: &ZoneWater| (unit.people_leave - 1e-6).max(0.0).ceil() as u64;
        let people: u64 = hit.iter().map(|u| leave(u)).sum();
        let residents: u64 = hit.iter().filter_map(|u| u.people).map(|n| n as u64).sum();
        prop_assert_eq!((plan.people, plan.residents), (people, residents));
        prop_assert_eq!(plan.steps.iter().map(|s| s.people).sum::<u64>(), people);
        prop_assert_eq!(plan.steps.iter().map(|s| s.people_above).sum::<u64>(), plan.people_above);
        prop_assert_eq!(plan.steps.iter().map(|s| s.residents).sum::<u64>(), residents);
        // Every person of these units is reached; a part of a person is rounded up to leave.
        prop_assert!(plan.people + plan.people_above <= residents);
        prop_assert!(plan.people + plan.people_above + hit.len() as u64 >= residents);
        let moves: Vec<&Move> = plan.steps.iter().flat_map(|s| &s.moves).collect();
        for unit in &hit {
            let of_unit = moves.iter().filter(|m| m.unit.code == unit.code);
            prop_assert_eq!(of_unit.map(|m| m.people).sum::<u64>(), leave(unit));
        }
        prop_assert_eq!(moves.iter().map(|m| m.people).sum::<u64>(), people);
        prop_assert_eq!(moves.iter().map(|m| m.people_above).sum::<u64>(), plan.people_above);
        let gone: u64 = moves.iter().filter(|m| m.shelter.is_none()).map(|m| m.people).sum();
        prop_assert_eq!(plan.unplaced_people, gone);
        let cut_off: u64 = moves.iter().filter(|m| m.cut_off).map(|m| m.people).sum();
        prop_assert_eq!(plan.cut_off_people, cut_off);
        prop_assert!(moves.iter().filter(|m| m.cut_off).all(|m| m.shelter.is_none()));

        // No shelter is overfull, none that floods is used, and its places add up.
        for (shelter, water) in plan.shelters.iter().zip(&basis.shelters) {
            let to = moves.iter().filter(|m| m.shelter.as_ref().is_some_and(|s| s.code == shelter.code));
            let assigned: u64 = to.map(|m| m.people).sum();
            prop_assert_eq!(shelter.assigned, assigned);
            prop_assert!(assigned <= shelter.capacity);
            match water.floods_at_s {
                Some(_) => prop_assert_eq!((assigned, shelter.places_left), (0, 0)),
                None => prop_assert_eq!(shelter.places_left, shelter.capacity - assigned),
            }
        }

        for m in &moves {
            let (Some(_), Some(route)) = (&m.shelter, &m.route) else {
                prop_assert!(m.shelter.is_none() && m.route.is_none());
                continue;
            };
            // No road is passed once water has closed it, and none so late that it would.
            for &(road, [enters, leaves]) in &route.passed {
                let closes = basis.roads[road].wet_s.unwrap_or(f64::INFINITY);
                prop_assert!(enters >= route.leave_s && leaves <= closes + 1e-9);
            }
            let first_closing = route.passed.iter().filter_map(|(road, _)| basis.roads[*road].wet_s);
            prop_assert_eq!(route.dry_until_s, first_closing.min_by(f64::total_cmp));
            let planned = (m.water_s - options.lead_s).max(0.0);
            prop_assert!(route.leave_s == planned || route.leave_s == 0.0);
            prop_assert!((route.arrives_s - route.leave_s - route.length_m / options.speed_mps).abs() < 0.1);
        }

        // Somebody is left without a place only if every dry shelter that they can reach is full.
        let (network, _) = network(twin());
        let closures = closures_on_foot(&network, &basis, &[]).for_good();
        let places: Vec<[f64; 2]> = basis::shelters(twin()).map(|(_, at)| at).collect();
        for m in moves.iter().filter(|m| m.shelter.is_none() && m.people > 0) {
            let (feature, _) = twin().twin.grid_by_code(&m.unit.code).expect("a unit");
            let at = twin().twin.get::<Position>(feature.layer, feature.idx).expect("a place").0;
            for (shelter, &to) in plan.shelters.iter().zip(&places) {
                let leave_s = (m.water_s - options.lead_s).max(0.0);
                let trip = stormgrid_twin::network::Trip { leave_s, speed_mps: options.speed_mps };
                let way = network.route([at[0], at[1]], to, trip, &closures);
                prop_assert!(way.is_none() || shelter.places_left == 0);
            }
        }
        prop_assert_eq!(&plan, &evacuation_plan(twin(), &basis, options).expect("a plan"));
    }
}

#[test]
fn a_run_of_the_twin_gives_a_plan_with_staff_shelters_and_ways() {
    let (dir, twin) = laid();
    let out = dir.path().join("run");
    let forecast = run(&twin, Rehearsal::default(), Some(&out)).expect("run");
    let basis = read_basis(&out).expect("written");
    assert_eq!(basis, forecast.basis);
    let plan = evacuation_plan(&twin, &basis, PlanOptions::default()).expect("a plan");
    let west = plan
        .steps
        .iter()
        .find(|s| s.grid.code == "G1")
        .expect("hit");
    assert_eq!(west.order, 1);
    assert_eq!(west.units, ["G1-1", "G1-2"]);
    // Houses of three storeys with 120 and 80 people, water on the ground floors: a third leaves.
    assert_eq!(
        (west.people, west.people_above, west.residents),
        (67, 133, 200)
    );
    let counts: Vec<(&str, u64)> = west
        .staff
        .iter()
        .map(|s| (s.role.as_str(), s.count))
        .collect();
    assert_eq!(
        counts,
        [("full_time", 2), ("part_time", 9), ("unit_leaders", 2)]
    );
    // The western shelter lies in the water; the two in the east hold 120.
    assert!(plan.shelters[0].floods_at_s.is_some() && plan.shelters[0].assigned == 0);
    assert_eq!((plan.people, plan.unplaced_people), (67, 0));
    for text in [&west.note, &plan.notes[0]] {
        assert!(
            !text.zh.is_empty() && !text.en.starts_with("plan."),
            "{text:?}"
        );
    }
    let csv = String::from_utf8(plan_csv(&plan)).expect("text");
    let columns = csv.lines().next().expect("a head").split(',').count();
    assert_eq!(
        csv.lines().nth(1).expect("a row").split(',').count(),
        columns
    );
    let column = |name: &str| {
        csv.lines()
            .next()
            .and_then(|head| head.split(',').position(|c| c == name))
    };
    let above = column("people_above").expect("a column");
    let staying = csv
        .lines()
        .skip(1)
        .map(|row| row.split(',').nth(above).expect("a cell"));
    assert_eq!(
        staying
            .map(|n| n.parse::<u64>().expect("a number"))
            .sum::<u64>(),
        plan.people_above
    );
    let geojson: serde_json::Value = serde_json::from_slice(&plan_geojson(&plan)).expect("JSON");
    let lines = geojson["features"].as_array().expect("features").iter();
    let lines = lines.filter(|f| f["geometry"]["type"] == "LineString");
    let with_way = plan
        .steps
        .iter()
        .flat_map(|s| &s.moves)
        .filter(|m| m.route.is_some());
    assert_eq!(lines.count(), with_way.count());

    let cut = roads_cut(&twin, &basis).expect("roads");
    assert!(cut.iter().any(|r| r.id == "R5"), "{cut:?}");
    assert!(cut.windows(2).all(|w| w[0].closes_s <= w[1].closes_s));
    let depths: Vec<f64> = forecast
        .impacts
        .assets
        .roads
        .iter()
        .filter_map(|r| r.depth_max_m)
        .collect();
    assert_eq!(cut.len(), depths.iter().filter(|d| **d >= 0.3).count());
}

#[test]
fn a_twin_s_own_rule_makes_all_people_reached_leave() {
    let (dir, twin) = laid();
    let rule =
        "[stay]\nsource = \"test\"\nleast_storeys = 4\nleave_from_class = 5\nlongest_h = 12\n";
    std::fs::write(dir.path().join(RULES_FILE), rule).expect("written");
    let forecast = run(&twin, Rehearsal::default(), None).expect("run");
    let plan = evacuation_plan(&twin, &forecast.basis, PlanOptions::default()).expect("a plan");
    assert_eq!((plan.people, plan.people_above), (200, 0));
    // Two dry shelters hold 120.
    assert_eq!(plan.unplaced_people, 80);
    std::fs::write(dir.path().join(RULES_FILE), "[stay]\nleast_storeys = 4\n").expect("written");
    let error = run(&twin, Rehearsal::default(), None)
        .expect_err("refused")
        .to_string();
    assert!(
        error.contains("evacuation.toml") && error.contains("source"),
        "{error}"
    );
}

#[test]
fn a_run_of_another_twin_is_refused() {
    let mut other = PlanBasis {
        start: "2017-08-23T01:00:00Z".to_owned(),
        ..PlanBasis::default()
    };
    let error = evacuation_plan(twin(), &other, PlanOptions::default()).expect_err("refused");
    assert!(error.to_string().contains("road segments"), "{error}");
    other.roads = vec![RoadWater::default(); 7];
    assert!(evacuation_plan(twin(), &other, PlanOptions::default()).is_err());
    let crawl = PlanOptions {
        speed_mps: f64::NAN,
        ..PlanOptions::default()
    };
    assert!(evacuation_plan(twin(), &other, crawl).is_err());
}

/// A plan lists what it cannot know: nobody there is safe for not being in it.
#[test]
fn units_without_ground_are_unknown_in_the_plan_and_everywhere_else() {
    let dir = tempfile::tempdir().expect("a folder");
    crate::test_twin::lay(dir.path());
    let path = dir.path().join("dem.tif");
    let bytes = std::fs::read(&path).expect("readable");
    let read = stormgrid_formats::elevation::read(&bytes, "dem.tif").expect("a raster");
    let mut raster = read.raster.map(|z| z as f32);
    for row in 0..60 {
        for col in 56..100 {
            raster.set(row, col, f32::NAN);
        }
    }
    let bytes = stormgrid_formats::elevation::write_geotiff(&raster, Some("EPSG:4547"), -9999.0);
    std::fs::write(&path, bytes.expect("a raster")).expect("written");
    let twin = LoadedTwin::load(dir.path()).expect("a twin");
    let out = dir.path().join("run");
    let forecast = run(&twin, Rehearsal::default(), Some(&out)).expect("run");

    let (_, rows) = &forecast.impacts.layers[0];
    let (west, east) = (&rows[0].row, &rows[1].row);
    assert_eq!((west.modelled_share, west.people_unknown), (1.0, Some(0.0)));
    assert!(west.people_reached > Some(0.0));
    assert_eq!((east.modelled_share, east.depth_max_m), (0.0, None));
    assert_eq!(
        (east.people_reached, east.people_unknown),
        (None, Some(100.0))
    );
    let of_buildings = forecast.impacts.assets.buildings.iter().map(|b| b.modelled);
    assert_eq!(of_buildings.collect::<Vec<_>>(), [true, true, false, false]);
    let hazards = &forecast.hazards.layers[0].rows;
    assert!(hazards[1].unknown.contains(&"flood".to_owned()) && hazards[0].unknown.is_empty());
    assert!(!hazards[1].levels.contains_key("flood"));
    assert_eq!(forecast.series[0].depth_max_m[0][1], None);
    let notes = forecast.summary.notes.iter();
    let notes: Vec<&str> = notes.map(|n| n.en.as_str()).collect();
    assert!(
        notes.iter().any(|n| n.contains("2 of 4 buildings")),
        "{notes:?}"
    );
    assert!(
        notes.iter().any(|n| n.contains("of 100 people")),
        "{notes:?}"
    );
    assert!(!forecast.summary.input.is_empty());

    let plan = evacuation_plan(&twin, &forecast.basis, PlanOptions::default()).expect("a plan");
    let unknown = plan
        .unknown
        .iter()
        .map(|u| (u.unit.code.as_str(), u.people_unknown));
    assert_eq!(
        unknown.collect::<Vec<_>>(),
        [("G2-1", Some(60)), ("G2-2", Some(40))]
    );
    assert_eq!((plan.people_unknown, plan.uncounted_units), (100, 0));
    assert!(
        plan.notes[0].en.contains("of 100 people"),
        "{:?}",
        plan.notes
    );
    let modelled = plan.shelters.iter().map(|s| s.modelled);
    assert_eq!(modelled.collect::<Vec<_>>(), [true, false, false]);
    let csv = String::from_utf8(plan_csv(&plan)).expect("UTF-8");
    let width = |line: &str| line.split(',').count();
    let head = csv.lines().next().map(width);
    let lines: Vec<&str> = csv
        .lines()
        .filter(|l| l.trim_end().ends_with(",unknown"))
        .collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|l| Some(width(l)) == head), "{csv}");

    let text = |name: &str| std::fs::read_to_string(out.join(name)).expect("written");
    let buildings = text("exposure/buildings.csv");
    let h3 = buildings
        .lines()
        .find(|l| l.starts_with("h3,"))
        .expect("told");
    assert_eq!(h3, "h3,h3,,60,false,0.0000,,,,,,,");
    let kept = crate::result::read(&out).expect("whole");
    assert_eq!(kept.forecast, forecast);
}
