use std::collections::BTreeMap;

use bevy_app::{App, Plugin};
use proptest::prelude::*;
use stormgrid_core::geo::{MultiPolygon, polygon};
use stormgrid_sim::exposure::{ExposureRow, HazardClass, PeopleMethod};

use super::inputs::FloodRows;
use super::*;
use crate::world::{Site, Twin};

/// Zones of the whole city of the requirements.
const CITY: usize = 3028;

fn zone(code: usize) -> ZoneInfo {
    let x = code as f64 * 10.0;
    let outline: MultiPolygon<f64> =
        polygon![(x: x, y: 0.0), (x: x + 10.0, y: 0.0), (x: x + 10.0, y: 10.0), (x: x, y: 10.0)]
            .into();
    ZoneInfo {
        code: format!("G{code}"),
        name: String::new(),
        outline,
        at: [x + 5.0, 5.0],
        position: Geodetic::from_degrees(113.0, 22.5).expect("valid"),
        people: 100.0,
    }
}

fn zones(n: usize) -> ZoneSet {
    ZoneSet {
        layer: "grids".to_owned(),
        zones: (0..n).map(zone).collect(),
    }
}

/// A hazard from outside: it reads its own resource and brings its own rule.
struct Fire(&'static str);

#[derive(Resource)]
struct FireWeather(Vec<f64>);

impl Hazard for Fire {
    fn id(&self) -> &str {
        self.0
    }

    fn title(&self) -> Message {
        Message::own("森林火险", "Forest fire")
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::new(
            "index",
            "-",
            Message::own("火险指数", "Fire index"),
        )]
    }

    fn rule(&self) -> Option<HazardRule> {
        Some(HazardRule::rising("index", [10.0, 20.0, 30.0, 40.0]))
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![Parameter {
            name: "factor",
            default: 1.0,
            least: 0.5,
            most: 2.0,
        }]
    }

    fn assess(
        &self,
        _twin: &World,
        run: &World,
        _zones: &ZoneSet,
        parameters: &Parameters,
    ) -> Result<Vec<Finding>, Unavailable> {
        let weather = run
            .get_resource::<FireWeather>()
            .ok_or(Unavailable(Message::own(
                "没有气象数据",
                "there is no weather",
            )))?;
        let factor = parameters.get("factor");
        Ok(weather
            .0
            .iter()
            .map(|v| Finding::of(vec![v * factor]))
            .collect())
    }
}

struct FirePlugin(&'static str);

impl Plugin for FirePlugin {
    fn build(&self, app: &mut App) {
        app.add_hazard(Fire(self.0));
    }

    fn is_unique(&self) -> bool {
        false
    }
}

fn only(names: &[&'static str]) -> World {
    let mut app = App::empty();
    for name in names {
        app.add_plugins(FirePlugin(name));
    }
    std::mem::take(app.world_mut())
}

#[test]
fn another_hazard_is_one_plugin() {
    let mut twin = Twin::new(Site::default(), Vec::new());
    assert_eq!(twin.world().resource::<Hazards>().all().len(), 6);
    twin.add_plugins(FirePlugin("fire"));
    let ids: Vec<&str> = twin
        .world()
        .resource::<Hazards>()
        .all()
        .iter()
        .map(|h| h.id())
        .collect();
    assert_eq!(
        ids,
        [
            "flood",
            "surge",
            "wind",
            "wind_damage",
            "landslide",
            "ponding",
            "fire"
        ]
    );
    let mut run = World::new();
    run.insert_resource(FireWeather(vec![5.0, 25.0, 40.0]));
    let rules = Rules::default();
    rules
        .check(twin.world().resource::<Hazards>())
        .expect("fitting rules");
    let found = assess(twin.world(), &run, &zones(3), &rules);
    // The run has nothing for the six others: they are told, not silently none.
    assert_eq!(found.hazards.len(), 1);
    assert_eq!(found.notes.len(), 6);
    assert_eq!(
        found.hazards[0].levels,
        [Level::None, Level::Yellow, Level::Red]
    );
    assert_eq!(found.combined, found.hazards[0].levels);
    // Plugged in again, it gives way to the new one.
    twin.add_plugins(FirePlugin("fire"));
    assert_eq!(twin.world().resource::<Hazards>().all().len(), 7);
}

#[test]
fn rules_of_the_place_go_before_a_hazards_own() {
    let world = only(&["fire"]);
    let mut run = World::new();
    run.insert_resource(FireWeather(vec![15.0]));
    let mut rule = HazardRule::rising("index", [1.0, 2.0, 3.0, 30.0]);
    rule.parameters.insert("factor".to_owned(), 2.0);
    let rules = Rules::default().replaced_by(None, BTreeMap::from([("fire".to_owned(), rule)]));
    rules
        .check(world.resource::<Hazards>())
        .expect("fitting rules");
    assert_eq!(
        assess(&world, &run, &zones(1), &rules).combined,
        [Level::Red]
    );
}

fn row(depth: f64, class: Option<HazardClass>, share: f64, people: f64) -> ExposureRow {
    ExposureRow {
        code: String::new(),
        area_m2: 1.0,
        modelled_share: 1.0,
        flooded_area_m2: Some([share; 5]),
        flooded_share: Some([share; 5]),
        depth_mean_m: Some(depth),
        depth_max_m: Some(depth),
        speed_max_mps: Some(0.0),
        hazard_max: class,
        arrival_s: class.map(|_| 60.0),
        duration_s: Some(0.0),
        people: Some(100.0),
        people_reached: Some(people),
        people_unknown: Some(0.0),
        people_method: PeopleMethod::Area,
        households: Some(0.0),
        households_reached: Some(0.0),
        buildings: 0,
        buildings_reached: 0,
        buildings_unknown: 0,
        floors_reached: 0,
        schools: 0,
        schools_reached: 0,
        schools_unknown: 0,
        hospitals: 0,
        hospitals_reached: 0,
        hospitals_unknown: 0,
        road_length_m: 0.0,
        road_unknown_m: 0.0,
        road_flooded_m: [0.0; 3],
        road_cut_m: 0.0,
        damage: 0.0,
        damage_currency: String::new(),
        damage_curve: String::new(),
    }
}

#[test]
fn the_worst_criterion_counts_and_requirements_hold_it_down() {
    let mut rule = HazardRule::rising("depth_max_m", [0.15, 0.3, 0.5, 1.2]);
    rule.criteria.push(Criterion {
        measure: "arr_class".to_owned(),
        orange: Some(4.0),
        ..Criterion::default()
    });
    rule.requires.push(Requirement {
        measure: "people_reached".to_owned(),
        at_least: 1.0,
        else_at_most: Level::Yellow,
    });
    let rules = Rules::default().replaced_by(None, BTreeMap::from([("flood".to_owned(), rule)]));
    let twin = Twin::new(Site::default(), Vec::new());
    let mut run = World::new();
    let rows = vec![
        row(0.0, None, 0.0, 0.0),
        row(0.3, Some(HazardClass::H1), 0.5, 9.0),
        row(0.2, Some(HazardClass::H4), 0.5, 9.0),
        row(2.0, Some(HazardClass::H5), 0.5, 0.0),
        row(2.0, Some(HazardClass::H5), 0.5, 1.0),
    ];
    run.insert_resource(FloodRows(BTreeMap::from([("grids".to_owned(), rows)])));
    let found = assess(twin.world(), &run, &zones(5), &rules);
    let numbers: Vec<u8> = found.hazards[0].levels.iter().map(|l| l.number()).collect();
    assert_eq!(numbers, [0, 2, 3, 2, 4]);
    assert_eq!(found.hazards[0].findings[0].why, None);
    assert_eq!(found.hazards[0].findings[1].onset_s, Some(60.0));
}

/// The rule once more, written out: how many causes, the worst level, one step.
fn by_brute_force(levels: [u8; 4]) -> u8 {
    let [a, b, c, d] = levels;
    let water = u8::from(a >= 3 || b >= 3);
    let causes = water + u8::from(c >= 3) + u8::from(d >= 3);
    let worst = levels.into_iter().max().unwrap_or(0);
    if causes >= 2 {
        (worst + 1).min(4)
    } else {
        worst
    }
}

#[test]
fn what_is_told_once_for_the_district_colours_no_zone() {
    let world = only(&["wind", "fire"]);
    let mut run = World::new();
    run.insert_resource(FireWeather(vec![35.0, 5.0, 45.0]));
    let mut rules = Rules {
        combination: Combination {
            district: vec!["wind".to_owned()],
            ..Combination::default()
        },
        ..Rules::default()
    };
    let hazards = world.resource::<Hazards>();
    rules.check(hazards).expect("sound");
    let found = assess(&world, &run, &zones(3), &rules);
    let [wind] = &found.district[..] else {
        panic!("one: {:?}", found.district)
    };
    assert_eq!((wind.id.as_str(), wind.level), ("wind", Level::Red));
    // Both hazards read the same numbers here: the zones have those of the other one.
    assert_eq!(found.combined, found.hazards[1].levels);
    assert_eq!(found.hazards[0].levels, found.hazards[1].levels);
    // Alone it leaves the zones without a level.
    let alone = assess(&only(&["wind"]), &run, &zones(3), &rules);
    assert_eq!(alone.combined, [Level::None; 3]);
    assert_eq!(
        assess(&only(&["fire"]), &run, &zones(3), &rules).district,
        []
    );

    rules.combination.left_out = vec!["wind".to_owned()];
    let error = rules.check(hazards).expect_err("refused").to_string();
    assert!(
        error.contains("'wind' stands in district and elsewhere"),
        "{error}"
    );
    rules.combination.left_out.clear();
    rules.combination.district.push("wind".to_owned());
    assert!(rules.check(hazards).is_err());
    rules.combination.district = vec!["hail".to_owned()];
    assert!(rules.check(hazards).is_err());
}

#[test]
fn combined_levels_of_3028_zones_are_those_of_brute_force() {
    let names = ["a", "b", "c", "d"];
    let rules = Rules {
        combination: Combination {
            step_up: Some(StepUp {
                hazards: 2,
                at_least: Level::Orange,
                steps: 1,
            }),
            one_cause: vec![vec!["a".to_owned(), "b".to_owned()]],
            ..Combination::default()
        },
        ..Rules::default()
    };
    // Multiplicative congruence: every combination of levels occurs among the zones.
    let level = |zone: usize, hazard: usize| {
        ((zone * 7919 + hazard * 104_729) / 5_usize.pow(hazard as u32) % 5) as u8
    };
    let zones = zones(CITY);
    let tables: Vec<Vec<u8>> = (0..4)
        .map(|hazard| (0..CITY).map(|zone| level(zone, hazard)).collect())
        .collect();
    let seen: std::collections::BTreeSet<[u8; 4]> = (0..CITY)
        .map(|z| [0, 1, 2, 3].map(|h: usize| tables[h][z]))
        .collect();
    assert!(seen.len() > 300, "{}", seen.len());
    // Through the plug-ins: each hazard reads its own column.
    let mut app = App::empty();
    for (hazard, name) in names.into_iter().enumerate() {
        let column = tables[hazard]
            .iter()
            .map(|l| f64::from(*l) * 10.0)
            .collect();
        app.add_hazard(Column(name, column));
    }
    let world = std::mem::take(app.world_mut());
    rules
        .check(world.resource::<Hazards>())
        .expect("fitting rules");
    let found = assess(&world, &World::new(), &zones, &rules);
    assert_eq!(found.combined.len(), CITY);
    for zone in 0..CITY {
        let levels = [0, 1, 2, 3].map(|h: usize| tables[h][zone]);
        assert_eq!(
            found.combined[zone].number(),
            by_brute_force(levels),
            "{levels:?}"
        );
    }
}

struct Column(&'static str, Vec<f64>);

impl Hazard for Column {
    fn id(&self) -> &str {
        self.0
    }

    fn title(&self) -> Message {
        Message::own(self.0, self.0)
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::new("index", "-", self.title())]
    }

    fn rule(&self) -> Option<HazardRule> {
        Some(HazardRule::rising("index", [10.0, 20.0, 30.0, 40.0]))
    }

    fn assess(
        &self,
        _: &World,
        _: &World,
        _: &ZoneSet,
        _: &Parameters,
    ) -> Result<Vec<Finding>, Unavailable> {
        Ok(self.1.iter().map(|v| Finding::of(vec![*v])).collect())
    }
}

#[test]
fn a_sum_has_weights_and_thresholds_of_its_own() {
    let sum = Combination {
        method: Method::Sum,
        weights: BTreeMap::from([("b".to_owned(), 0.5)]),
        sum: Some([1.0, 2.0, 4.0, 6.0]),
        left_out: vec!["c".to_owned()],
        ..Combination::default()
    };
    let combine = |a, b, c| sum.combine([("a", a), ("b", b), ("c", c)].into_iter());
    assert_eq!(combine(Level::None, Level::Blue, Level::Red), Level::None);
    assert_eq!(
        combine(Level::Blue, Level::Yellow, Level::None),
        Level::Yellow
    );
    assert_eq!(combine(Level::Red, Level::Red, Level::None), Level::Red);
    let capped = Combination {
        at_most: BTreeMap::from([("b".to_owned(), Level::Orange)]),
        ..Combination::default()
    };
    let combine = |a, b| capped.combine([("a", a), ("b", b)].into_iter());
    assert_eq!(combine(Level::Blue, Level::Red), Level::Orange);
    assert_eq!(combine(Level::Red, Level::Red), Level::Red);
}

#[test]
fn faulty_rules_are_refused_with_a_sentence() {
    let world = only(&["fire", "heat"]);
    let hazards = world.resource::<Hazards>();
    let fire = |rule: HazardRule| {
        let rules = Rules::default().replaced_by(None, BTreeMap::from([("fire".to_owned(), rule)]));
        rules.check(hazards).expect_err("refused").to_string()
    };
    assert_eq!(
        fire(HazardRule::rising("index", [10.0, 20.0, 15.0, 40.0])),
        "hazard 'fire', measure 'index': the threshold of orange is 15 and lies below that of yellow, 20; they must rise with the level"
    );
    assert_eq!(
        fire(HazardRule::rising("indx", [1.0; 4])),
        "hazard 'fire' has no measure 'indx'; it has index"
    );
    assert!(fire(HazardRule::rising("index", [f64::NAN; 4])).contains("not a finite number"));
    let empty = HazardRule {
        criteria: vec![Criterion {
            measure: "index".to_owned(),
            ..Criterion::default()
        }],
        ..HazardRule::default()
    };
    assert!(fire(empty).contains("gives no threshold"));
    let parameter = |name: &str, value| HazardRule {
        parameters: BTreeMap::from([(name.to_owned(), value)]),
        ..HazardRule::default()
    };
    assert!(fire(parameter("faktor", 1.0)).contains("no parameter 'faktor'; it has factor"));
    assert!(fire(parameter("factor", 9.0)).contains("must lie between 0.5 and 2"));
    assert!(fire(parameter("factor", f64::NAN)).contains("must lie between"));
    let combined = |combination: Combination| {
        let rules = Rules {
            combination,
            ..Rules::default()
        };
        rules.check(hazards).expect_err("refused").to_string()
    };
    let group = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        combined(Combination {
            left_out: group(&["flod"]),
            ..Combination::default()
        }),
        "[combination]: no hazard is called 'flod'; known are fire, heat"
    );
    assert!(
        combined(Combination {
            one_cause: vec![group(&["fire"]), group(&["fire"])],
            ..Combination::default()
        })
        .contains("twice")
    );
    assert!(
        combined(Combination {
            method: Method::Sum,
            ..Combination::default()
        })
        .contains("needs sum")
    );
    assert!(
        combined(Combination {
            sum: Some([1.0; 4]),
            ..Combination::default()
        })
        .contains("belong to the method")
    );
    let step = StepUp {
        hazards: 1,
        at_least: Level::Orange,
        steps: 1,
    };
    assert!(
        combined(Combination {
            step_up: Some(step),
            ..Combination::default()
        })
        .contains("2 or more")
    );
}

proptest! {
    /// Whatever the rule: no measure that grows lowers the level of its hazard or the combined one.
    #[test]
    fn a_worse_measure_never_lowers_a_level(
        mut thresholds in prop::array::uniform4(-5.0f64..5.0),
        at_least in -5.0f64..5.0,
        values in prop::array::uniform3(-6.0f64..6.0),
        more in prop::array::uniform3(0.0f64..4.0),
        others in prop::array::uniform2(0usize..5),
        worse in prop::array::uniform2(0usize..3),
        steps in 0u8..3,
    ) {
        thresholds.sort_by(f64::total_cmp);
        let measures: Vec<Measure> = ["x", "y", "z"].map(|id| Measure::new(id, "-", Message::own("", ""))).into();
        let mut rule = HazardRule::rising("x", thresholds);
        rule.criteria.push(Criterion { measure: "y".to_owned(), yellow: Some(at_least), ..Criterion::default() });
        rule.requires.push(Requirement { measure: "z".to_owned(), at_least, else_at_most: Level::Blue });
        let grown = [0, 1, 2].map(|i: usize| values[i] + more[i]);
        let (low, high) = (rule.level(&measures, &values), rule.level(&measures, &grown));
        prop_assert!(high >= low);
        let combination = Combination {
            step_up: Some(StepUp { hazards: 2, at_least: Level::Yellow, steps }),
            ..Combination::default()
        };
        let combine = |first: Level, second: [usize; 2]| {
            let [b, c] = second.map(|l| Level::ALL[l.min(4)]);
            combination.combine([("a", first), ("b", b), ("c", c)].into_iter())
        };
        let raised = [0, 1].map(|i: usize| others[i] + worse[i]);
        prop_assert!(combine(high, raised) >= combine(low, others));
    }
}
