//! The demo city under Hato: its warnings name exactly what a search over the run's rasters finds.
//!
//! The search shares nothing with the engine's index, exposure and network: it parses the GeoJSON itself, cuts each
//! road at the lines between cells, finds the grid of a school by crossings of a ray, and takes the cells that were
//! water from the start from the terrain and `arrival.tif`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use stormgrid_core::raster::Raster;
use stormgrid_crs::Projector;
use stormgrid_formats::elevation;
use stormgrid_project::evacuation::{Move, PlanOptions, evacuation_plan, network, roads_cut};
use stormgrid_project::storm::StormTable;
use stormgrid_project::warning::{Audience, Content, Rules, Situation, contents};
use stormgrid_project::{Forecast, ForecastOptions, Listener, LoadedTwin, Progress, forecast};

type At = [f64; 2];

const CELL: f64 = 40.0;

struct Silent;

impl Listener for Silent {
    fn progress(&mut self, _: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    fn storm(&mut self, _: &Arc<StormTable>) {}
    fn frame(&mut self, _: Vec<u8>) {}
}

fn run(twin: &LoadedTwin) -> Forecast {
    let options = ForecastOptions {
        track: None,
        storm: None,
        agency: None,
        cell_size_m: CELL,
        duration_s: None,
        threads: 2,
        scheme: None,
        rehearsal: Default::default(),
    };
    forecast(twin, &options, Some(&twin.dir.join("out")), &mut Silent).expect("a finished run")
}

/// Features of a file: properties and coordinates in the CRS of the rasters.
fn features(dir: &Path, file: &str) -> Vec<(Value, Vec<At>)> {
    let bytes = std::fs::read(dir.join(file)).expect("there");
    let json: Value = serde_json::from_slice(&bytes).expect("JSON");
    let to_metres = Projector::new("EPSG:4490", "EPSG:4547").expect("known");
    let at = |place: &Value| {
        let [lon, lat] = [0, 1].map(|k| place[k].as_f64().expect("a number"));
        to_metres.convert(lon, lat).expect("on the map")
    };
    let read = |feature: &Value| {
        let geometry = &feature["geometry"];
        let coordinates = &geometry["coordinates"];
        let places = match geometry["type"].as_str() {
            Some("Point") => vec![at(coordinates)],
            Some("LineString") => coordinates
                .as_array()
                .expect("a list")
                .iter()
                .map(at)
                .collect(),
            // The demo's grids are rectangles of its sheet: one ring each.
            Some("Polygon") => {
                let rings = coordinates.as_array().expect("rings");
                assert_eq!(rings.len(), 1);
                rings[0]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(at)
                    .collect()
            }
            other => panic!("{other:?}"),
        };
        (feature["properties"].clone(), places)
    };
    json["features"]
        .as_array()
        .expect("a list")
        .iter()
        .map(read)
        .collect()
}

fn code(properties: &Value) -> String {
    properties["code"].as_str().expect("a code").to_owned()
}

/// Greatest depths of the run [m]; what was water at the start counts as dry.
struct Depths(Raster<f64>);

/// Level at which rivers and canals stand before the storm [m], as the demo's `forecast.toml` says.
const USUAL_LEVEL: f64 = 0.3;

impl Depths {
    fn read(dir: &Path) -> Self {
        let raster = |name: &str| {
            let bytes = std::fs::read(dir.join(name)).expect("there");
            elevation::read(&bytes, name).expect("a raster").raster
        };
        let (depth, arrival) = (raster("out/depth_max.tif"), raster("out/arrival.tif"));
        let ground = raster("terrain/elevation.tif");
        let geometry = *depth.geometry();
        let mut sums = vec![(0.0, 0.0); geometry.n_cells()];
        let fine = *ground.geometry();
        for (i, z) in ground
            .values()
            .iter()
            .enumerate()
            .filter(|(_, z)| z.is_finite())
        {
            // The cells of the run need not be whole cells of the ground: each takes the part that lies in it.
            let parts = |k: usize, begin: f64, fine: f64, n: usize, coarse: f64| {
                let edge = |k: usize| ((begin + k as f64 * fine) / coarse).clamp(0.0, n as f64);
                let (from, to) = (edge(k), edge(k + 1));
                let length = move |c: usize| to.min(c as f64 + 1.0) - from.max(c as f64);
                (from as usize..(to.ceil() as usize).min(n)).map(move |c| (c, length(c)))
            };
            let (down, right) = (geometry.north - fine.north, fine.west - geometry.west);
            let row = i / fine.n_cols;
            for (row, tall) in parts(row, down, fine.dy, geometry.n_rows, geometry.dy) {
                let col = i % fine.n_cols;
                for (col, wide) in parts(col, right, fine.dx, geometry.n_cols, geometry.dx) {
                    let sum = &mut sums[row * geometry.n_cols + col];
                    let share = tall * wide;
                    *sum = (sum.0 + share * z, sum.1 + share);
                }
            }
        }
        Self(Raster::from_fn(geometry, |row, col| {
            let i = row * geometry.n_cols + col;
            let (depth, arrival) = (depth.values()[i], arrival.values()[i]);
            let mean = sums[i].0 / sums[i].1;
            // Low ground that the run finds wet at its first steps; a dike in the cell keeps it dry.
            let water = USUAL_LEVEL - mean >= 0.05 && arrival <= 10.0;
            if depth.is_finite() && !water {
                depth
            } else {
                0.0
            }
        }))
    }

    fn at(&self, [x, y]: At) -> f64 {
        let geometry = self.0.geometry();
        let cell = geometry.cell_at(x, y);
        cell.map_or(0.0, |(row, col)| {
            self.0.values()[row * geometry.n_cols + col]
        })
    }

    /// Greatest depth on a line: it is cut wherever it meets a line between cells, so that each piece has one cell.
    fn on(&self, line: &[At]) -> f64 {
        let geometry = self.0.geometry();
        let pieces = line.windows(2).flat_map(|pair| {
            let (a, d) = (pair[0], [pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]]);
            let mut cuts = vec![0.0, 1.0];
            let size = [geometry.dx, -geometry.dy];
            for (k, origin) in [(0, geometry.west), (1, geometry.north)] {
                let [first, last] = [a[k], a[k] + d[k]].map(|x| (x - origin) / size[k]);
                let between = first.min(last).ceil() as i64..=first.max(last).floor() as i64;
                cuts.extend(between.map(|n| (n as f64 * size[k] + origin - a[k]) / d[k]));
            }
            cuts.retain(|t| (0.0..=1.0).contains(t));
            cuts.sort_by(f64::total_cmp);
            let middles: Vec<At> = cuts
                .windows(2)
                .filter(|t| t[1] - t[0] > 1e-9)
                .map(|t| [0, 1].map(|k| a[k] + d[k] * 0.5 * (t[0] + t[1])))
                .collect();
            middles
        });
        pieces.map(|at| self.at(at)).fold(0.0, f64::max)
    }

    /// Share of a ring under 0.15 m or more, by points 4 m apart.
    fn share(&self, ring: &[At]) -> f64 {
        let low = [0, 1].map(|k| ring.iter().map(|p| p[k]).fold(f64::MAX, f64::min));
        let high = [0, 1].map(|k| ring.iter().map(|p| p[k]).fold(f64::MIN, f64::max));
        let n = [0, 1].map(|k| ((high[k] - low[k]) / 4.0).ceil() as usize);
        let (mut inside, mut wet) = (0usize, 0usize);
        for i in 0..n[0] {
            for j in 0..n[1] {
                let at = [low[0] + 4.0 * i as f64 + 2.0, low[1] + 4.0 * j as f64 + 2.0];
                if holds(ring, at) {
                    inside += 1;
                    wet += usize::from(self.at(at) >= 0.15);
                }
            }
        }
        wet as f64 / inside.max(1) as f64
    }
}

/// Whether a ring holds a place: a ray to the east crosses it an odd number of times.
fn holds(ring: &[At], at: At) -> bool {
    let crossed = ring.windows(2).filter(|pair| {
        let (a, b) = (pair[0], pair[1]);
        (a[1] > at[1]) != (b[1] > at[1])
            && at[0] < a[0] + (at[1] - a[1]) * (b[0] - a[0]) / (b[1] - a[1])
    });
    crossed.count() % 2 == 1
}

/// Distance of a place from a line [m].
fn distance(line: &[At], at: At) -> f64 {
    let of = |pair: &[At]| {
        let d = [pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]];
        let to = [at[0] - pair[0][0], at[1] - pair[0][1]];
        let square = d[0] * d[0] + d[1] * d[1];
        let t = if square > 0.0 {
            ((to[0] * d[0] + to[1] * d[1]) / square).clamp(0.0, 1.0)
        } else {
            0.0
        };
        (to[0] - t * d[0]).hypot(to[1] - t * d[1])
    };
    line.windows(2).map(of).fold(f64::MAX, f64::min)
}

/// The worst of some steps of depth that is reached.
fn step(depth: f64, steps: &[(f64, &str)]) -> Option<String> {
    let reached = steps.iter().rev().find(|(least, _)| depth >= *least);
    reached.map(|(_, colour)| (*colour).to_owned())
}

fn warned(all: &[Content], audience: Audience) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for content in all.iter().filter(|content| content.audience == audience) {
        let roads = content.roads.iter().map(|r| &r.id);
        let schools = content.schools.iter().map(|s| &s.code);
        for code in roads.chain(schools) {
            let before = found.insert(code.clone(), format!("{:?}", content.colour));
            assert_eq!(before, None, "{code} is warned twice");
        }
    }
    found
}

/// Hundreds of places are the same; only those that differ are worth reading.
fn assert_same(found: &BTreeMap<String, String>, expected: &BTreeMap<String, String>) {
    let codes: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    let differ: Vec<_> = codes
        .into_iter()
        .map(|code| (code, found.get(code), expected.get(code)))
        .filter(|(_, a, b)| a != b)
        .collect();
    assert!(differ.is_empty(), "found and expected differ: {differ:?}");
}

/// The drafts of the run's folder: small, with few vertices, over every place that they name.
fn drafts_are_fit_to_be_sent(
    dir: &Path,
    roads: &[(Value, Vec<At>)],
    schools: &[(Value, Vec<At>)],
    grids: &[(Value, Vec<At>)],
) {
    let rules = Rules::of_twin(dir).expect("sound");
    let to_metres = Projector::new("EPSG:4490", "EPSG:4547").expect("known");
    let mut named: BTreeSet<(String, String)> = BTreeSet::new();
    let (mut bytes, mut vertices, mut n_files) = (0, 0, 0);
    for entry in std::fs::read_dir(dir.join("out/warnings")).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|e| e != "xml") {
            continue;
        }
        let text = std::fs::read(&path).expect("there");
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        assert!(text.len() <= 60_000, "{name}: {} bytes", text.len());
        n_files += 1;
        bytes = bytes.max(text.len());
        let alert = stormgrid_formats::cap::read(&text, &name).expect("sound");
        for info in &alert.infos {
            assert!(info.event.chars().count() <= 35, "{}", info.event);
            let pair =
                |pair: &stormgrid_formats::cap::Pair| (pair.name.clone(), pair.value.clone());
            for (channel, limit) in &rules.channels {
                let told = info
                    .parameters
                    .iter()
                    .map(pair)
                    .find(|p| p.0 == format!("text_{channel}"));
                let told = match channel.as_str() {
                    "event" => info.event.clone(),
                    "headline" => info.headline.clone().expect("a headline"),
                    _ => told.expect("a text").1,
                };
                assert!(
                    !told.is_empty() && limit.carries(&told),
                    "{channel}: {told}"
                );
            }
            let area = &info.areas[0];
            let rings: Vec<Vec<At>> = area
                .polygons
                .iter()
                .map(|ring| {
                    let at = |pair: &str| {
                        let (lat, lon) = pair.split_once(',').expect("a pair");
                        let [lat, lon] = [lat, lon].map(|v| v.parse::<f64>().expect("a number"));
                        to_metres.convert(lon, lat).expect("on the map")
                    };
                    ring.split(' ').map(at).collect()
                })
                .collect();
            for ring in &rings {
                assert!(ring.len() <= 100, "{name}: {} vertices", ring.len());
                vertices = vertices.max(ring.len());
            }
            let inside = |at: At| rings.iter().any(|ring| holds(ring, at));
            let codes = |one: &str, all: &str| -> BTreeSet<String> {
                let told = info
                    .parameters
                    .iter()
                    .filter(|p| p.name == one || p.name == all);
                told.flat_map(|p| p.value.split(' ').map(str::to_owned).collect::<Vec<_>>())
                    .collect()
            };
            let audience = name.split('-').next().expect("a word");
            let (of_roads, of_schools) = (codes("road", "roads"), codes("school", "schools"));
            let of_grids: BTreeSet<String> = area
                .geocodes
                .iter()
                .filter(|code| code.name == "grid")
                .map(|code| code.value.clone())
                .collect();
            assert!(!of_grids.is_empty());
            for (properties, line) in roads.iter().filter(|(p, _)| of_roads.contains(&code(p))) {
                for pair in line.windows(2) {
                    for k in 0..=20 {
                        let t = f64::from(k) / 20.0;
                        let at = [0, 1].map(|i| pair[0][i] + t * (pair[1][i] - pair[0][i]));
                        assert!(inside(at), "{name}: {} at {at:?}", code(properties));
                    }
                }
            }
            for (properties, at) in schools
                .iter()
                .filter(|(p, _)| of_schools.contains(&code(p)))
            {
                assert!(inside(at[0]), "{name}: {}", code(properties));
            }
            if audience != "drivers" {
                for (properties, ring) in grids.iter().filter(|(p, _)| of_grids.contains(&code(p)))
                {
                    let n = ring.len() as f64;
                    let middle = [0, 1].map(|i| ring.iter().map(|p| p[i]).sum::<f64>() / n);
                    // A metre inside: the corners themselves lie on the polygon's edge.
                    for corner in ring {
                        let d = [0, 1].map(|i| middle[i] - corner[i]);
                        let t = 1.0 / d[0].hypot(d[1]);
                        let at = [0, 1].map(|i| corner[i] + t * d[i]);
                        assert!(inside(at), "{name}: {} at {at:?}", code(properties));
                    }
                }
            }
            if info.language == "zh-CN" {
                let own = match audience {
                    "drivers" => &of_roads,
                    "pupils_parents" => &of_schools,
                    _ => &of_grids,
                };
                assert!(!own.is_empty());
                for code in own {
                    let fresh = named.insert((audience.to_owned(), code.clone()));
                    assert!(fresh, "{code} is told twice to {audience}");
                }
            }
        }
    }
    assert!(n_files >= 8, "{n_files} drafts");
    eprintln!("{n_files} drafts, at most {bytes} bytes and {vertices} vertices a polygon");
}

/// Ways of the plan stay on ground that is dry: their lines never lie in the rivers of the start, bridges aside.
fn nobody_is_led_through_water(twin: &LoadedTwin, found: &Forecast) {
    let plan = evacuation_plan(twin, &found.basis, PlanOptions::default()).expect("a plan");
    let moves = || plan.steps.iter().flat_map(|step| &step.moves);
    let sum =
        |of: &dyn Fn(&&Move) -> bool| moves().filter(|m| of(m)).map(|m| m.people).sum::<u64>();
    assert_eq!(sum(&|_| true), plan.people);
    assert_eq!(sum(&|m| m.shelter.is_none()), plan.unplaced_people);
    assert_eq!(sum(&|m| m.cut_off), plan.cut_off_people);
    for m in moves().filter(|m| m.shelter.is_some()) {
        let route = m.route.as_ref().expect("a way");
        let last = route.leave_by_s.unwrap_or(f64::INFINITY);
        assert!(
            last >= route.leave_s && route.leave_s <= m.water_s,
            "{}",
            m.unit.code
        );
    }
    eprintln!(
        "{} people leave, {} without a place, {} of them cut off; {} shelters cannot be reached",
        plan.people,
        plan.unplaced_people,
        plan.cut_off_people,
        plan.shelters.iter().filter(|s| !s.reachable).count()
    );
}

#[test]
fn warnings_of_the_demo_city_name_exactly_what_its_rasters_show() {
    let home = tempfile::tempdir().expect("a folder");
    let dir = home.path().join("twin");
    stormgrid_demo::generate(&dir, &stormgrid_demo::DemoOptions::default()).expect("a city");
    let twin = LoadedTwin::load(&dir).expect("a twin");
    assert_eq!(twin.findings, [], "the demo is sound in every layer");
    let found = run(&twin);
    // Without storm signals, so that the colours are those of the depths.
    let rules = "[storm.drivers]\nred = \"blue\"\n[storm.pupils_parents]\nred = \"blue\"\norange = \"blue\"\n\
                 [storm.residents]\nred = \"blue\"\n";
    let rules = Rules::read(rules, "rules").expect("sound");
    let situation = Situation::of(&twin, &found, &rules).expect("a situation");
    let all = contents(&twin, &situation, &rules);
    let depths = Depths::read(&dir);

    let roads = features(&dir, "assets/roads.geojson");
    let is_bridge = |properties: &Value| properties["bridge"] == Value::Bool(true);
    let on_road: BTreeMap<String, f64> = roads
        .iter()
        .map(|(properties, line)| {
            let depth = if is_bridge(properties) {
                0.0
            } else {
                depths.on(line)
            };
            (code(properties), depth)
        })
        .collect();
    let steps = [
        (0.15, "Blue"),
        (0.30, "Yellow"),
        (0.50, "Orange"),
        (1.00, "Red"),
    ];
    let expected: BTreeMap<String, String> = on_road
        .iter()
        .filter_map(|(code, &depth)| Some((code.clone(), step(depth, &steps)?)))
        .collect();
    assert_same(&warned(&all, Audience::Drivers), &expected);
    let colours: BTreeSet<&String> = expected.values().collect();
    assert!(
        expected.len() > 200 && 2 * expected.len() < roads.len() && colours.len() == 4,
        "{}",
        expected.len()
    );
    // Bridges stand over water of the same run that would close a road.
    let over_flood = roads
        .iter()
        .filter(|(p, line)| is_bridge(p) && depths.on(line) >= 0.30)
        .count();
    assert!(over_flood >= 5, "{over_flood}");

    let closed: Vec<&Vec<At>> = roads
        .iter()
        .filter(|(properties, _)| on_road[&code(properties)] >= 0.30)
        .map(|(_, line)| line)
        .collect();
    let grids = features(&dir, "grids/grids.geojson");
    let schools = features(&dir, "assets/schools.geojson");
    let mut expected = BTreeMap::new();
    for (properties, at) in &schools {
        let at = at[0];
        let of_school: Vec<&Vec<At>> = grids
            .iter()
            .map(|g| &g.1)
            .filter(|ring| holds(ring, at))
            .collect();
        assert_eq!(of_school.len(), 1);
        let share = depths.share(of_school[0]);
        assert!(
            (share - 0.30).abs() > 0.005,
            "{} is too close to call: {share}",
            code(properties)
        );
        let near = closed
            .iter()
            .map(|line| distance(line, at))
            .fold(f64::MAX, f64::min);
        assert!(
            (near - 300.0).abs() > 0.01,
            "{} is too close to call: {near}",
            code(properties)
        );
        let steps = [(0.15, "Yellow"), (0.30, "Orange"), (0.50, "Red")];
        let blue = (share >= 0.30 || near <= 300.0).then(|| "Blue".to_owned());
        if let Some(colour) = step(depths.at(at), &steps).or(blue) {
            expected.insert(code(properties), colour);
        }
    }
    assert_same(&warned(&all, Audience::PupilsParents), &expected);
    assert!(
        !expected.is_empty() && expected.len() < schools.len(),
        "{} of {}",
        expected.len(),
        schools.len()
    );

    // The engine's own graph of these roads hangs together, and no bridge closes.
    let (network, segments) = network(&twin);
    let parts: BTreeSet<u32> = network.parts().into_iter().collect();
    assert_eq!(parts.len(), 1);
    let closes = |(segment, water): (
        &&stormgrid_twin::RoadSegment,
        &stormgrid_project::evacuation::RoadWater,
    )| { segment.bridge && water.closes_s.is_some() };
    assert!(!segments.iter().zip(&found.basis.roads).any(closes));
    // A road closes at one time, in its warning, the road list and the plan.
    let listed = roads_cut(&twin, &found.basis).expect("the list");
    let mut compared = 0;
    for told in all.iter().flat_map(|content| &content.roads) {
        let row = listed.iter().find(|row| row.id == told.id);
        assert_eq!(row.map(|r| r.closes_s), told.closes_s, "{}", told.id);
        assert_eq!(row.and_then(|r| r.reopens_s), told.reopens_s, "{}", told.id);
        compared += usize::from(row.is_some());
    }
    assert_eq!(compared, listed.len());
    assert!(compared > 100, "{compared}");
    drafts_are_fit_to_be_sent(&dir, &roads, &schools, &grids);
    nobody_is_led_through_water(&twin, &found);
    eprintln!(
        "{} roads and {} schools warned",
        warned(&all, Audience::Drivers).len(),
        expected.len()
    );
}
