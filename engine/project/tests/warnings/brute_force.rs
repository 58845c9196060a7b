//! Exactly the schools and road segments that a search over the rasters finds.
//!
//! The search knows nothing of the engine's exposure: it reads `depth_max.tif`, walks along every road in steps of
//! a centimetre and looks up the cell of every school.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use geo::{Contains, MultiPolygon, Point, Polygon};
use stormgrid_core::raster::Raster;
use stormgrid_formats::elevation;
use stormgrid_project::LoadedTwin;
use stormgrid_project::warning::{Audience, Content, Rules, Situation, contents};

use crate::fixture::{self, At, SOUTH, WEST};

const SIZE: At = [2000.0, 1000.0];
const CELL: f64 = 10.0;
/// Level of the water at the start [m]: cells below it by 5 cm are the sea and no flood.
const INITIAL: f64 = 0.1;

/// Ground that rises from the sea in the west, with low polders behind a bank.
fn height(x: f64, y: f64) -> f64 {
    let slope = 0.0016 * x + 0.15 * (y / 140.0).sin();
    match x {
        x if x < 100.0 => -2.0,
        x if (700.0..1100.0).contains(&x) => slope - 0.55,
        _ => slope,
    }
}

pub struct Road {
    pub code: String,
    /// Bridges are never under water.
    pub bridge: bool,
    pub line: Vec<At>,
}

/// A skewed net, so that no road runs along the borders of cells.
pub fn roads() -> Vec<Road> {
    let mut roads = Vec::new();
    let place = |i: usize, j: usize| {
        let (x, y) = (160.0 + 180.0 * i as f64, 60.0 + 170.0 * j as f64);
        [
            x + 17.3 * (j as f64 * 1.7).sin() + 3.1,
            y + 21.7 * (i as f64 * 1.3).cos() + 2.3,
        ]
    };
    for i in 0..10 {
        for j in 0..6 {
            let mut add = |line| {
                let n = roads.len() + 1;
                roads.push(Road {
                    code: format!("R{n:03}"),
                    bridge: n % 9 == 1,
                    line,
                });
            };
            if i < 9 {
                add(vec![place(i, j), place(i + 1, j)]);
            }
            if j < 5 {
                add(vec![place(i, j), place(i, j + 1)]);
            }
        }
    }
    roads
}

pub fn schools() -> Vec<(String, At)> {
    let at = |n: usize| {
        [
            120.0 + (n * 7919 % 1800) as f64 + 0.7,
            30.0 + (n * 4447 % 930) as f64 + 0.3,
        ]
    };
    // Beyond the edge of the flood: dry grids, some with closed roads within reach.
    let beyond = |n: usize| [1256.7 + 23.0 * n as f64, 80.3 + 140.0 * (n % 7) as f64];
    let all = (0..60).map(at).chain((0..14).map(beyond));
    all.enumerate()
        .map(|(n, at)| (format!("E{:03}", n + 1), at))
        .collect()
}

/// Lays the twin; the region is not told, so that it comes from the grids' codes.
pub fn lay(dir: &Path, interval_s: u32) {
    fixture::terrain(dir, SIZE, CELL, height);
    let write = |name: &str, features: &[(String, String)]| {
        std::fs::write(dir.join(name), fixture::collection(features)).expect("written");
    };
    let mut grids = Vec::new();
    for i in 0..8 {
        for j in 0..4 {
            let low = [250.0 * i as f64, 250.0 * j as f64];
            let text = format!(
                r#"{{"code":"440704001{:03}","name":"网格{i}-{j}","people":300}}"#,
                grids.len()
            );
            grids.push((
                text,
                fixture::rectangle(low, [low[0] + 250.0, low[1] + 250.0]),
            ));
        }
    }
    write("grids.geojson", &grids);
    let told = |road: Road| {
        (
            format!(
                r#"{{"code":"{}","name":"路{0}","class":"street","bridge":{}}}"#,
                road.code, road.bridge
            ),
            fixture::line(&road.line),
        )
    };
    write(
        "roads.geojson",
        &roads().into_iter().map(told).collect::<Vec<_>>(),
    );
    let told = |(code, at): (String, At)| {
        (
            format!(r#"{{"code":"{code}","name":"小学{code}","kind":"school"}}"#),
            fixture::point(at),
        )
    };
    write(
        "schools.geojson",
        &schools().into_iter().map(told).collect::<Vec<_>>(),
    );
    let sea = (
        r#"{"code":"sea"}"#.to_owned(),
        fixture::rectangle([0.0, 0.0], [20.0, 1000.0]),
    );
    write("sea.geojson", &[sea]);
    fixture::rest(
        dir,
        &format!(
            "[storm]\ntrack = \"track.csv\"\nname = \"TEST\"\nstart = \"2017-08-23T00:00:00Z\"\nduration_s = 21600\n\
             output_interval_s = {interval_s}\n[tide]\nconstituents = \"tide.csv\"\nstation = \"Port\"\nmean_level_m = -1.3\n\
             [water]\ninitial_level_m = {INITIAL}\n[[boundary]]\npolygon = \"sea.geojson\"\nkind = \"sea\"\n"
        ),
    );
}

/// Greatest depths of a run, the sea of the start taken as dry.
pub struct Depths(Raster<f64>);

impl Depths {
    pub fn read(dir: &Path) -> Self {
        let bytes = std::fs::read(dir.join("out/depth_max.tif")).expect("there");
        let raster = elevation::read(&bytes, "depth_max.tif")
            .expect("a raster")
            .raster;
        let geometry = *raster.geometry();
        Self(Raster::from_fn(geometry, |row, col| {
            let (x, y) = (
                (col as f64 + 0.5) * CELL,
                SIZE[1] - (row as f64 + 0.5) * CELL,
            );
            let depth = raster.values()[row * geometry.n_cols + col];
            let sea = INITIAL - f64::from(height(x, y) as f32) >= 0.05;
            if sea || !depth.is_finite() {
                0.0
            } else {
                depth
            }
        }))
    }

    pub fn at(&self, [x, y]: At) -> f64 {
        let (row, col) = self
            .0
            .geometry()
            .cell_at(WEST + x, SOUTH + y)
            .expect("inside");
        self.0.values()[row * self.0.geometry().n_cols + col]
    }

    /// Greatest depth on a line.
    pub fn on(&self, line: &[At]) -> f64 {
        walk(line).map(|at| self.at(at)).fold(0.0, f64::max)
    }
}

/// Points of a line, a centimetre apart.
fn walk(line: &[At]) -> impl Iterator<Item = At> + '_ {
    line.windows(2).flat_map(|pair| {
        let (d, n) = ([pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]], 100.0);
        let steps = (d[0].hypot(d[1]) * n).ceil() as usize;
        (0..=steps).map(move |k| {
            let share = k as f64 / steps as f64;
            [pair[0][0] + share * d[0], pair[0][1] + share * d[1]]
        })
    })
}

/// Whether a line comes within 300 m of a place.
pub fn near(line: &[At], at: At) -> bool {
    walk(line).any(|[x, y]| (x - at[0]).hypot(y - at[1]) <= 300.0)
}

/// Places of one audience with the colours that they were warned in.
fn warned(all: &[Content], audience: Audience) -> BTreeMap<String, String> {
    let of = all.iter().filter(|content| content.audience == audience);
    of.flat_map(|content| {
        let codes: Vec<&String> = match audience {
            Audience::Drivers => content.roads.iter().map(|r| &r.id).collect(),
            Audience::PupilsParents => content.schools.iter().map(|s| &s.code).collect(),
            Audience::Residents => content.grids.iter().map(|g| &g.code).collect(),
        };
        let colour = format!("{:?}", content.colour);
        codes
            .into_iter()
            .map(move |code| (code.clone(), colour.clone()))
            .collect::<Vec<_>>()
    })
    .collect()
}

/// The worst of some steps of depth that is reached.
fn step(depth: f64, steps: &[(f64, &str)]) -> Option<String> {
    steps
        .iter()
        .rev()
        .find(|(least, _)| depth >= *least)
        .map(|(_, colour)| (*colour).to_owned())
}

#[test]
fn warnings_name_exactly_what_a_search_over_the_rasters_finds() {
    let dir = tempfile::tempdir().expect("a folder");
    lay(dir.path(), 600);
    let twin = LoadedTwin::load(dir.path()).expect("a twin");
    let forecast = fixture::run(&twin, CELL);
    // Without storm signals, so that the colours are those of the depths.
    let rules = Rules::read("[storm.drivers]\nred = \"blue\"\n[storm.pupils_parents]\nred = \"blue\"\norange = \"blue\"\n[storm.residents]\nred = \"blue\"\n", "w").expect("sound");
    let situation = Situation::of(&twin, &forecast, &rules).expect("a situation");
    let all = contents(&twin, &situation, &rules);
    let depths = Depths::read(dir.path());

    // f32 of the raster: the engine compares the widened number, and so does the search.
    let on = |r: Road| {
        let depth = if r.bridge { 0.0 } else { depths.on(&r.line) };
        (r.code, depth)
    };
    let bridges = roads()
        .into_iter()
        .filter(|r| r.bridge && depths.on(&r.line) >= 0.15)
        .count();
    assert!(bridges >= 2, "{bridges} bridges over the flood");
    let on_road: BTreeMap<String, f64> = roads().into_iter().map(on).collect();
    let steps = [
        (0.15, "Blue"),
        (0.30, "Yellow"),
        (0.50, "Orange"),
        (1.00, "Red"),
    ];
    let expected: BTreeMap<String, String> = on_road
        .iter()
        .filter_map(|(code, &d)| Some((code.clone(), step(d, &steps)?)))
        .collect();
    assert_eq!(warned(&all, Audience::Drivers), expected);
    let colours: BTreeSet<&String> = expected.values().collect();
    assert!(
        expected.len() >= 15 && expected.len() + 15 <= on_road.len() && colours.len() >= 3,
        "{expected:?}"
    );

    let closed: Vec<Vec<At>> = roads()
        .into_iter()
        .filter(|r| on_road[&r.code] >= 0.30)
        .map(|r| r.line)
        .collect();
    let mut expected = BTreeMap::new();
    for (code, at) in schools() {
        let (i, j) = ((at[0] / 250.0).floor(), (at[1] / 250.0).floor());
        let cells = (0..625).map(|k| {
            [
                250.0 * i + 10.0 * f64::from(k % 25) + 5.0,
                250.0 * j + 10.0 * f64::from(k / 25) + 5.0,
            ]
        });
        let share = cells.filter(|&cell| depths.at(cell) >= 0.15).count() as f64 / 625.0;
        let steps = [(0.15, "Yellow"), (0.30, "Orange"), (0.50, "Red")];
        let blue =
            (share >= 0.30 || closed.iter().any(|line| near(line, at))).then(|| "Blue".to_owned());
        if let Some(colour) = step(depths.at(at), &steps).or(blue) {
            expected.insert(code, colour);
        }
    }
    assert_eq!(warned(&all, Audience::PupilsParents), expected);
    let colours: BTreeSet<&String> = expected.values().collect();
    assert!(
        expected.len() >= 10 && expected.len() < schools().len() && colours.len() >= 3,
        "{expected:?}"
    );

    // Every place that is named lies in the polygon of its message.
    for content in &all {
        let rings = content
            .polygon
            .iter()
            .map(|ring| Polygon::new(ring.iter().map(|&[x, y]| (x, y)).collect(), vec![]));
        let area: MultiPolygon<f64> = rings.collect();
        let inside = |[x, y]: At| {
            let [lon, lat] = twin
                .lonlat(
                    WEST + x - twin.frame.origin[0],
                    SOUTH + y - twin.frame.origin[1],
                )
                .expect("projected");
            area.contains(&Point::new(lon, lat))
        };
        let named: BTreeSet<&String> = content
            .schools
            .iter()
            .map(|s| &s.code)
            .chain(content.roads.iter().map(|r| &r.id))
            .collect();
        assert!(
            schools()
                .iter()
                .filter(|(code, _)| named.contains(code))
                .all(|(_, at)| inside(*at))
        );
        assert!(
            roads()
                .iter()
                .filter(|r| named.contains(&r.code))
                .all(|r| r.line.iter().all(|&at| inside(at)))
        );
    }

    // The run's folder holds the same as drafts, and each of them is a sound CAP message that nobody may act upon.
    let drafts: serde_json::Value = serde_json::from_slice(
        &std::fs::read(dir.path().join("out/warnings/drafts.json")).expect("there"),
    )
    .expect("JSON");
    assert!(drafts.as_array().is_some_and(|d| !d.is_empty()));
    for content in contents(
        &twin,
        &situation,
        &Rules::of_twin(dir.path()).expect("sound"),
    ) {
        let colour = stormgrid_project::warning::colour_word(content.colour);
        let name = format!("out/warnings/{}-{colour}.cap.xml", content.audience.word());
        let bytes = std::fs::read(dir.path().join(&name)).expect("there");
        let alert = stormgrid_formats::cap::read(&bytes, &name).expect("sound");
        assert_eq!(alert.status, stormgrid_formats::cap::Status::Draft);
    }
}

/// Times from looks every five minutes lie within five minutes of those from frames every 20 s.
#[test]
fn closing_times_are_those_of_a_closer_look() {
    let times = |interval_s| {
        let dir = tempfile::tempdir().expect("a folder");
        lay(dir.path(), interval_s);
        let twin = LoadedTwin::load(dir.path()).expect("a twin");
        fixture::run(&twin, 20.0).times
    };
    let (coarse, fine) = (times(3600), times(20));
    let mut compared = 0;
    for road in 0..roads().len() {
        for depth in [0.15, 0.30] {
            if let (Some(a), Some(b)) = (
                coarse.road(road, depth).rises_s,
                fine.road(road, depth).rises_s,
            ) {
                assert!((a - b).abs() <= 300.0, "road {road} at {depth}: {a} {b}");
                compared += 1;
            }
        }
    }
    assert!(compared >= 20, "{compared}");
}
