//! Nobody is led through water: an island behind a river, with roads, bridges, boats and shelters in turn.

use std::path::Path;

use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_formats::elevation::write_geotiff;

use super::*;
use crate::test_twin::{CORNER, lay};

/// The river: from x = 400 m to 600 m, 3 m deep.
const RIVER: std::ops::Range<f64> = 400.0..600.0;

/// People of the western bank and of the island.
const PEOPLE: [u64; 2] = [50, 100];

struct World<'a> {
    /// Code, properties beside it, points.
    roads: &'a [(&'a str, &'a str, &'a [[f64; 2]])],
    /// Code and place; 500 places each.
    shelters: &'a [(&'a str, [f64; 2])],
    /// Cells that close: place of the middle to seconds, -1 where they stay dry.
    closes_s: fn(f64, f64) -> i64,
}

/// The road of the western bank, to the water's edge.
const WEST: (&str, &str, &[[f64; 2]]) = ("R1", "", &[[50.0, 300.0], [390.0, 300.0]]);
/// The shelter there.
const S1: (&str, [f64; 2]) = ("S1", [100.0, 290.0]);

const DRY: World<'static> = World {
    roads: &[WEST],
    shelters: &[S1],
    closes_s: |_, _| -1,
};

fn collection(features: &[String]) -> String {
    format!(
        r#"{{"type":"FeatureCollection","crs":{{"type":"name","properties":{{"name":"EPSG:4547"}}}},"features":[{}]}}"#,
        features.join(",")
    )
}

fn at([x, y]: [f64; 2]) -> String {
    format!("[{},{}]", CORNER[0] + x, CORNER[1] + y)
}

fn feature(properties: &str, kind: &str, coordinates: &str) -> String {
    format!(
        r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"{kind}","coordinates":{coordinates}}}}}"#
    )
}

fn lay_island(dir: &Path, world: &World<'_>) -> LoadedTwin {
    lay(dir);
    let write = |name: &str, text: String| std::fs::write(dir.join(name), text).expect("written");
    let cells = RasterGeometry::new(100, 60, CORNER[0], CORNER[1] + 600.0, 10.0, 10.0);
    let ground = Raster::from_fn(cells.expect("valid"), |_, col| {
        match RIVER.contains(&(10.0 * col as f64 + 5.0)) {
            true => -3.0,
            false => 1.0,
        }
    });
    let bytes = write_geotiff(&ground, Some("EPSG:4547"), -9999.0).expect("a raster");
    std::fs::write(dir.join("dem.tif"), bytes).expect("written");
    let unit = |code: &str, parent: &str, people: u64, x: [f64; 2]| {
        let ring = [
            [x[0], 200.0],
            [x[1], 200.0],
            [x[1], 400.0],
            [x[0], 400.0],
            [x[0], 200.0],
        ];
        let parent = match parent {
            "" => String::new(),
            parent => format!(r#","parent":"{parent}""#),
        };
        feature(
            &format!(r#"{{"code":"{code}","name":"{code}","people":{people}{parent}}}"#),
            "Polygon",
            &format!("[[{}]]", ring.map(at).join(",")),
        )
    };
    let two = |names: [&str; 2], parents: [&str; 2]| {
        collection(&[
            unit(names[0], parents[0], PEOPLE[0], [100.0, 300.0]),
            unit(names[1], parents[1], PEOPLE[1], [700.0, 900.0]),
        ])
    };
    write("grids.geojson", two(["G1", "G2"], ["", ""]));
    write("units.geojson", two(["G1-1", "G2-1"], ["G1", "G2"]));
    write("houses.geojson", collection(&[]));
    let roads: Vec<String> = world
        .roads
        .iter()
        .map(|(code, more, points)| {
            let points: Vec<String> = points.iter().copied().map(at).collect();
            feature(
                &format!(r#"{{"code":"{code}"{more}}}"#),
                "LineString",
                &format!("[{}]", points.join(",")),
            )
        })
        .collect();
    write("roads.geojson", collection(&roads));
    let shelters: Vec<String> = world
        .shelters
        .iter()
        .map(|(code, place)| {
            feature(
                &format!(r#"{{"code":"{code}","kind":"shelter","places":500}}"#),
                "Point",
                &at(*place),
            )
        })
        .collect();
    write("shelters.geojson", collection(&shelters));
    let twin = std::fs::read_to_string(dir.join("twin.toml")).expect("there");
    write(
        "twin.toml",
        twin.replace("[[city]]\nsource = \"houses.geojson\"\n", ""),
    );
    LoadedTwin::load(dir).expect("a twin")
}

/// When the water comes to both units [s].
const WATER_S: f64 = 9000.0;

fn basis(twin: &LoadedTwin, world: &World<'_>) -> PlanBasis {
    let cells = *twin.ground.elevation.geometry();
    let [x0, y0] = [
        twin.frame.origin[0] - CORNER[0],
        twin.frame.origin[1] - CORNER[1],
    ];
    let closed = (0..cells.n_cells()).map(|i| {
        let c = cells.center(i / cells.n_cols, i % cells.n_cols);
        match RIVER.contains(&(c.x + x0)) {
            true => 0,
            false => (world.closes_s)(c.x + x0, c.y + y0),
        }
    });
    let zones = |codes: [&str; 2]| {
        let zone = |(code, people): (&str, u64)| ZoneWater {
            code: code.to_owned(),
            arrival_s: Some(WATER_S),
            modelled_share: 1.0,
            depth_max_m: Some(0.7),
            flooded_share: Some(1.0),
            people: Some(people as f64),
            people_reached: Some(people as f64),
            people_unknown: Some(0.0),
            people_leave: people as f64,
            people_above: 0.0,
        };
        codes.into_iter().zip(PEOPLE).map(zone).collect()
    };
    let layers = [("grids", ["G1", "G2"]), ("units", ["G1-1", "G2-1"])];
    PlanBasis {
        start: "2017-08-23T01:00:00Z".to_owned(),
        duration_s: 20_000.0,
        ground: Some(WetGround::of_cells(cells, 0.3, closed)),
        layers: layers
            .into_iter()
            .map(|(layer, codes)| LayerWater {
                layer: layer.to_owned(),
                zones: zones(codes),
            })
            .collect(),
        roads: vec![RoadWater::default(); world.roads.len()],
        shelters: vec![PlaceWater::default(); world.shelters.len()],
        ..PlanBasis::default()
    }
}

fn plan(world: &World<'_>) -> EvacuationPlan {
    let dir = tempfile::tempdir().expect("a folder");
    let twin = lay_island(dir.path(), world);
    let basis = basis(&twin, world);
    evacuation_plan(&twin, &basis, PlanOptions::default()).expect("a plan")
}

/// The move of the island.
fn of_island(plan: &EvacuationPlan) -> &Move {
    let moves = plan.steps.iter().flat_map(|s| &s.moves);
    moves
        .into_iter()
        .find(|m| m.unit.code == "G2-1")
        .expect("hit")
}

fn says(plan: &EvacuationPlan, words: &str) -> bool {
    plan.notes
        .iter()
        .any(|n| n.en.contains(words) && !n.zh.is_empty())
}

#[test]
fn an_island_without_a_dry_way_is_cut_off_with_its_people() {
    let far_bank: (&str, &str, &[[f64; 2]]) = ("R2", "", &[[610.0, 300.0], [900.0, 300.0]]);
    let ferry: (&str, &str, &[[f64; 2]]) = (
        "F",
        r#","class":"ferry""#,
        &[[390.0, 300.0], [610.0, 300.0]],
    );
    for roads in [&[WEST][..], &[WEST, far_bank], &[WEST, ferry, far_bank]] {
        let plan = plan(&World { roads, ..DRY });
        let island = of_island(&plan);
        assert!(island.cut_off && island.shelter.is_none() && island.route.is_none());
        assert_eq!(
            (plan.people, plan.unplaced_people, plan.cut_off_people),
            (150, 100, 100)
        );
        assert_eq!(plan.shelters[0].assigned, 50);
        assert!(
            says(&plan, "100 people who must leave are cut off"),
            "{:?}",
            plan.notes
        );
        assert!(!says(&plan, "too few"), "{:?}", plan.notes);
        let step = plan
            .steps
            .iter()
            .find(|s| s.grid.code == "G2")
            .expect("hit");
        assert_eq!(step.cut_off_people, 100);
        assert!(
            step.note.en.contains("100 of them are cut off"),
            "{:?}",
            step.note
        );
        let csv = String::from_utf8(plan_csv(&plan)).expect("text");
        let row = csv.lines().find(|row| row.contains("G2-1")).expect("a row");
        assert!(row.ends_with(",cut_off"), "{row}");
        assert!(
            !csv.lines()
                .any(|row| row.contains("G1-1") && row.ends_with("cut_off"))
        );
        let json: serde_json::Value = serde_json::from_slice(&plan_geojson(&plan)).expect("JSON");
        let features = json["features"].as_array().expect("a list");
        let cut = features
            .iter()
            .find(|f| f["properties"]["kind"] == "cut_off");
        assert_eq!(cut.expect("there")["properties"]["people"], 100);
    }
}

#[test]
fn a_bridge_leads_over_the_river_and_an_unmarked_one_is_told() {
    let far_bank: (&str, &str, &[[f64; 2]]) = ("R3", "", &[[610.0, 300.0], [900.0, 300.0]]);
    for (more, told) in [(r#","bridge":true"#, false), ("", true)] {
        let over: (&str, &str, &[[f64; 2]]) = ("R2", more, &[[390.0, 300.0], [610.0, 300.0]]);
        let plan = plan(&World {
            roads: &[WEST, over, far_bank],
            ..DRY
        });
        let route = of_island(&plan).route.as_ref().expect("a way");
        // The middle of the unit lies on the road, the shelter 10 m beside it.
        assert_eq!(route.length_m, 700.0 + 10.0);
        assert_eq!(plan.cut_off_people, 0);
        assert_eq!(
            says(&plan, "not marked as bridges"),
            told,
            "{:?}",
            plan.notes
        );
    }
    // A bridge is no place to climb up to: its middle passes the island, its ends lie on the western bank.
    let passing: (&str, &str, &[[f64; 2]]) = (
        "R2",
        r#","bridge":true"#,
        &[[390.0, 300.0], [800.0, 330.0], [390.0, 360.0]],
    );
    let plan = plan(&World {
        roads: &[WEST, passing],
        ..DRY
    });
    assert_eq!(plan.cut_off_people, 100);
}

#[test]
fn people_of_a_unit_on_both_banks_are_told_apart() {
    let dir = tempfile::tempdir().expect("a folder");
    let twin = lay_island(dir.path(), &DRY);
    // The island's unit reaches over the river: 300 m of its 800 m lie on the western bank, 200 m in the water.
    let units = std::fs::read_to_string(dir.path().join("units.geojson")).expect("there");
    let (east, west) = (CORNER[0] + 700.0, CORNER[0] + 100.0);
    let units = units.replace(&format!("[{east},"), &format!("[{west},"));
    std::fs::write(dir.path().join("units.geojson"), units).expect("written");
    let basis = basis(&twin, &DRY);
    let twin = LoadedTwin::load(dir.path()).expect("a twin");
    let plan = evacuation_plan(&twin, &basis, PlanOptions::default()).expect("a plan");
    let moves: Vec<&Move> = plan
        .steps
        .iter()
        .flat_map(|s| &s.moves)
        .filter(|m| m.unit.code == "G2-1")
        .collect();
    let cut: u64 = moves.iter().filter(|m| m.cut_off).map(|m| m.people).sum();
    assert_eq!(moves.iter().map(|m| m.people).sum::<u64>(), 100);
    // Half of its land, as far as 9 places along each side tell it.
    assert!((40..=60).contains(&cut), "{cut}");
    assert_eq!(plan.cut_off_people, cut);
}

#[test]
fn a_shelter_on_the_island_is_reached_without_a_road_and_one_over_the_river_is_told() {
    let own = plan(&World {
        shelters: &[S1, ("S2", [850.0, 300.0])],
        ..DRY
    });
    let island = of_island(&own);
    assert_eq!(island.shelter.as_ref().map(|s| s.code.as_str()), Some("S2"));
    assert_eq!(island.route.as_ref().expect("a way").length_m, 50.0);
    assert!(own.shelters.iter().all(|s| s.reachable));
    let far = plan(&World {
        roads: &[],
        shelters: &[("S2", [990.0, 10.0]), ("S3", [5.0, 595.0])],
        ..DRY
    });
    assert_eq!(
        of_island(&far).shelter.as_ref().map(|s| s.code.as_str()),
        Some("S2")
    );
    let islet = plan(&World {
        shelters: &[S1, ("S2", [500.0, 300.0])],
        ..DRY
    });
    let apart: Vec<bool> = islet.shelters.iter().map(|s| s.reachable).collect();
    assert_eq!(apart, [true, false]);
    assert!(
        says(&islet, "1 shelters cannot be reached"),
        "{:?}",
        islet.notes
    );
}

#[test]
fn a_way_that_is_dry_for_a_while_has_a_last_departure() {
    // A road along the island's northern edge to a shelter; a belt between it and the homes floods at 4000 s.
    let world = World {
        roads: &[WEST, ("R2", "", &[[650.0, 590.0], [950.0, 590.0]])],
        shelters: &[S1, ("S2", [950.0, 595.0])],
        closes_s: |x, y| match x > 600.0 && (450.0..500.0).contains(&y) {
            true => 4000,
            false => -1,
        },
    };
    let first = plan(&world);
    let island = of_island(&first);
    let route = island.route.as_ref().expect("a way");
    // An hour before the water the belt is closed already: people leave at once.
    assert_eq!(route.leave_s, 0.0);
    assert_eq!(route.dry_until_s, Some(4000.0));
    // The last cell of the belt is left 200 m from the middle of the unit, at 1.1 m/s.
    let leave_by = route.leave_by_s.expect("bound");
    assert!(
        (leave_by - (4000.0 - 200.0 / 1.1)).abs() < 10.0 / 1.1,
        "{leave_by}"
    );
    // A belt that floods only after they have gone does not matter.
    let later = plan(&World {
        closes_s: |x, y| match x > 600.0 && (450.0..500.0).contains(&y) {
            true => 8000,
            false => -1,
        },
        ..world
    });
    let route = of_island(&later).route.as_ref().expect("a way");
    assert_eq!(
        (route.leave_s, route.dry_until_s),
        (WATER_S - 3600.0, Some(8000.0))
    );
}

#[test]
fn roads_far_from_where_people_live_are_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let twin = lay_island(dir.path(), &DRY);
    let cover = road_cover(&twin, &WayRule::default());
    assert_eq!((cover.people, cover.people_apart), (150.0, 0.0));
    let near = WayRule {
        greatest_length_m: 100.0,
        ..WayRule::default()
    };
    let cover = road_cover(&twin, &near);
    assert_eq!(
        (cover.people_apart, cover.first.as_deref()),
        (100.0, Some("G2-1"))
    );
    let findings = cover.findings(&near);
    assert_eq!(findings.len(), 1);
    assert!(
        findings[0]
            .message()
            .to_string()
            .contains("100 of 150 people")
    );
}

/// Dry ground all the way, and 250 m to go: a way as long as the rule lets it be, none beyond.
#[test]
fn nobody_walks_farther_than_the_rule() {
    let world = World {
        roads: &[],
        shelters: &[("S2", [800.0, 550.0])],
        ..DRY
    };
    let dir = tempfile::tempdir().expect("a folder");
    let twin = lay_island(dir.path(), &world);
    for (most, reached) in [(300.0, true), (100.0, false)] {
        let mut basis = basis(&twin, &world);
        basis.way.greatest_length_m = most;
        let found = evacuation_plan(&twin, &basis, PlanOptions::default()).expect("a plan");
        let island = of_island(&found);
        assert_eq!(island.shelter.is_some(), reached, "{most} m");
        assert_eq!(island.cut_off, !reached, "{most} m");
    }
}

#[test]
fn the_rule_of_ways_is_data() {
    let text = stay::DEFAULT_RULES;
    assert_eq!(
        WayRule::read(text, "rules").expect("sound"),
        WayRule::default()
    );
    // A twin's older file has no such table.
    let without = &text[..text.find("[way]").expect("there")];
    assert_eq!(
        WayRule::read(without, "rules").expect("sound"),
        WayRule::default()
    );
    let far = text.replace("greatest_length_m = 500", "greatest_length_m = -9999");
    let error = WayRule::read(&far, "evacuation.toml")
        .expect_err("refused")
        .to_string();
    assert!(
        error.contains("[way] greatest_length_m is -9999"),
        "{error}"
    );
}

#[test]
fn a_run_that_does_not_know_its_water_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let twin = lay_island(dir.path(), &DRY);
    let old = PlanBasis {
        ground: None,
        ..basis(&twin, &DRY)
    };
    let error = evacuation_plan(&twin, &old, PlanOptions::default()).expect_err("refused");
    assert!(error.to_string().contains("under water"), "{error}");
}
