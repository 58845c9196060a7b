//! Laws of the whole city: it tiles, its sums agree, its houses stand on dry ground.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::Value;
use stormgrid_core::coverage::{CoordinateUnit, Polygonal, check_coverage};
use stormgrid_core::geo::{BoundingRect, Geometry, MultiPolygon};

use crate::buildings::{Building, BuildingUse};
use crate::layers::{Feature, Layer};
use crate::model::{City, make};
use crate::{DemoOptions, landuse};

/// The default city on coarser ground: made once for all tests.
fn city() -> &'static City {
    static CITY: OnceLock<City> = OnceLock::new();
    CITY.get_or_init(|| {
        make(&DemoOptions {
            cell_size_m: 20.0,
            ..DemoOptions::default()
        })
        .unwrap()
    })
}

fn layer(path: &str) -> &'static Layer {
    city().layers.iter().find(|l| l.path == path).unwrap()
}

fn text<'a>(feature: &'a Feature, key: &str) -> &'a str {
    feature.properties[key].as_str().unwrap()
}

fn sum(path: &str, key: &str) -> u64 {
    layer(path)
        .features
        .iter()
        .map(|f| f.properties[key].as_u64().unwrap())
        .sum()
}

fn polygon(feature: &Feature) -> MultiPolygon<f64> {
    match &feature.geometry {
        Geometry::Polygon(p) => MultiPolygon(vec![p.clone()]),
        Geometry::MultiPolygon(m) => m.clone(),
        other => panic!("not an area: {other:?}"),
    }
}

const TERRITORIAL: [(&str, usize); 4] = [
    ("grids/towns.geojson", 3),
    ("grids/villages.geojson", 63),
    ("grids/grids.geojson", 190),
    ("grids/units.geojson", 2590),
];
const PARKS: [(&str, usize); 2] = [
    ("grids/park_grids.geojson", 25),
    ("grids/park_units.geojson", 683),
];

#[test]
fn every_level_is_a_coverage_without_gap_or_overlap() {
    for (path, n) in TERRITORIAL.into_iter().chain(PARKS) {
        let polygons: Vec<Polygonal> = layer(path)
            .features
            .iter()
            .map(|f| Polygonal {
                id: text(f, "code").to_owned(),
                polygon: polygon(f),
            })
            .collect();
        let report = check_coverage(&polygons, CoordinateUnit::Degrees, None);
        assert_eq!(report.polygons, n, "{path}");
        assert_eq!(report.gap_area_m2, Some(0.0), "{path}");
        assert_eq!(report.overlap_area_m2, 0.0, "{path}");
        assert!(report.defects.is_empty(), "{path}: {:?}", report.defects);
    }
}

#[test]
fn levels_cover_the_same_110_square_kilometres() {
    let area = |path: &str| -> f64 {
        layer(path)
            .features
            .iter()
            .map(|f| f.properties["area_m2"].as_f64().unwrap())
            .sum()
    };
    let district = area("grids/towns.geojson");
    assert!((district / 110.3e6 - 1.0).abs() < 0.002, "{district}");
    for (path, n) in TERRITORIAL {
        // Areas are given to 0.1 m².
        assert!(
            (area(path) - district).abs() < 0.05 * (n + 3) as f64,
            "{path}"
        );
    }
}

#[test]
fn each_part_has_one_parent_and_sums_agree() {
    for pair in TERRITORIAL.windows(2).chain([&PARKS[..]]) {
        let [(outer, _), (inner, _)] = pair else {
            panic!("two levels")
        };
        for key in ["people", "households", "buildings", "area_m2"] {
            let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
            for f in &layer(inner).features {
                *sums.entry(text(f, "parent")).or_default() += f.properties[key].as_f64().unwrap();
            }
            for f in &layer(outer).features {
                let (whole, parts) = (f.properties[key].as_f64().unwrap(), sums[text(f, "code")]);
                let rounding = if key == "area_m2" { 5.0 } else { 0.0 };
                assert!(
                    (whole - parts).abs() <= rounding,
                    "{outer} {key} {}: {whole}, {parts}",
                    text(f, "code")
                );
            }
            assert_eq!(sums.len(), layer(outer).features.len());
        }
    }
}

#[test]
fn published_counts_hold() {
    for (path, _) in TERRITORIAL {
        assert_eq!(sum(path, "people"), 364_700, "{path}");
    }
    assert_eq!(
        city()
            .buildings
            .iter()
            .map(|b| u64::from(b.people))
            .sum::<u64>(),
        364_700
    );
    for (path, _) in PARKS {
        assert_eq!(sum(path, "workers"), 70_000);
        assert_eq!(sum(path, "firms"), 4500);
    }
    assert_eq!(sum("grids/grids.geojson", "staff_full_time"), 383);
    assert_eq!(sum("grids/grids.geojson", "staff_part_time"), 2192);
    assert_eq!(sum("grids/grids.geojson", "unit_leaders"), 2590);
    assert_eq!(sum("grids/units.geojson", "unit_leaders"), 2590);
    assert_eq!(sum("grids/grids.geojson", "patrol_cars"), 69);
    let grids = &layer("grids/grids.geojson").features;
    assert!(
        grids
            .iter()
            .all(|g| g.properties["staff_full_time"].as_u64() >= Some(2))
    );
    let own = grids
        .iter()
        .filter(|g| g.properties["party_organisation"] == Value::Bool(true));
    assert_eq!(own.count(), 168);
    for (path, n) in [
        ("assets/speakers.geojson", 336),
        ("assets/cameras.geojson", 1000),
        ("assets/lamps.geojson", 564),
        ("assets/gates.geojson", 6),
    ] {
        assert_eq!(layer(path).features.len(), n, "{path}");
    }
    let kinds: BTreeSet<&str> = grids.iter().map(|g| text(g, "kind")).collect();
    assert_eq!(kinds, BTreeSet::from(["community", "park", "rural", "sea"]));
}

#[test]
fn every_feature_says_that_it_is_synthetic_and_has_its_own_code() {
    for layer in &city().layers {
        assert!(
            layer
                .features
                .iter()
                .all(|f| f.properties["synthetic"] == Value::Bool(true))
        );
        let codes: BTreeSet<&str> = layer.features.iter().map(|f| text(f, "code")).collect();
        assert_eq!(codes.len(), layer.features.len(), "{}", layer.path);
    }
}

#[test]
fn houses_are_many_and_none_is_in_another() {
    let buildings = &city().buildings;
    assert!(buildings.len() >= 20_000, "{}", buildings.len());
    // Sorted by west edge, only houses whose boxes meet are compared.
    let bounds = |b: &Building| {
        b.ring
            .iter()
            .fold([f64::MAX, f64::MAX, f64::MIN, f64::MIN], |m, p| {
                [
                    m[0].min(p[0]),
                    m[1].min(p[1]),
                    m[2].max(p[0]),
                    m[3].max(p[1]),
                ]
            })
    };
    let mut order: Vec<([f64; 4], &Building)> = buildings.iter().map(|b| (bounds(b), b)).collect();
    order.sort_by(|a, b| a.0[0].total_cmp(&b.0[0]));
    for (i, (a_box, a)) in order.iter().enumerate() {
        for (b_box, b) in order[i + 1..]
            .iter()
            .take_while(|(b_box, _)| b_box[0] <= a_box[2])
        {
            let boxes_meet = b_box[1] <= a_box[3] && a_box[1] <= b_box[3];
            assert!(
                !(boxes_meet && rings_meet(&a.ring, &b.ring)),
                "{} and {}",
                a.address,
                b.address
            );
        }
    }
}

/// Whether two rings cross or one holds a vertex of the other.
fn rings_meet(a: &[[f64; 2]], b: &[[f64; 2]]) -> bool {
    let edges = |ring: &[[f64; 2]]| -> Vec<([f64; 2], [f64; 2])> {
        ring.iter()
            .copied()
            .zip(ring.iter().copied().cycle().skip(1))
            .collect()
    };
    let side = |p: [f64; 2], q: [f64; 2], r: [f64; 2]| {
        (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
    };
    let cross = edges(a).iter().any(|&(p, q)| {
        edges(b).iter().any(|&(r, s)| {
            side(p, q, r) * side(p, q, s) < 0.0 && side(r, s, p) * side(r, s, q) < 0.0
        })
    });
    let holds = |ring: &[[f64; 2]], p: [f64; 2]| {
        edges(ring)
            .iter()
            .filter(|(s, e)| {
                (s[1] > p[1]) != (e[1] > p[1])
                    && p[0] < s[0] + (p[1] - s[1]) / (e[1] - s[1]) * (e[0] - s[0])
            })
            .count()
            % 2
            == 1
    };
    cross || holds(a, b[0]) || holds(b, a[0])
}

#[test]
fn houses_stand_on_dry_ground_and_rise_by_their_floors() {
    for b in &city().buildings {
        assert!(
            b.base > crate::texts::INITIAL_LEVEL_M,
            "{} at {}",
            b.address,
            b.base
        );
        assert!((1..=33).contains(&b.floors) && b.top - b.base >= 2.9 * f64::from(b.floors));
        assert!(
            b.households <= b.dwellings && (b.people == 0) == (b.households == 0),
            "{}",
            b.address
        );
        let lived_in = matches!(b.use_, BuildingUse::Residential | BuildingUse::VillageHouse);
        assert!(lived_in || b.people == 0);
    }
}

#[test]
fn each_house_lies_within_its_unit() {
    let warp = crate::warp::Warp::new();
    let partition = crate::partition::Partition::new(DemoOptions::default().seed);
    for b in &city().buildings {
        let block = partition.units[b.unit].block;
        for corner in &b.ring {
            let [u, v] = warp.uv(corner[0], corner[1], [b.place.0, b.place.1]);
            let inside = u > f64::from(block.west)
                && u < f64::from(block.east)
                && v > f64::from(block.south)
                && v < f64::from(block.north);
            assert!(inside, "{}: {u}, {v} not in {block:?}", b.address);
        }
    }
}

#[test]
fn the_named_house_is_found_once_and_is_tall_enough() {
    let name = format!("{}7号", landuse::NAMED_ESTATE);
    let houses: Vec<&Building> = city().buildings.iter().filter(|b| b.name == name).collect();
    assert_eq!(houses.len(), 1);
    assert!(houses[0].floors >= 6 && houses[0].people > 0);
    assert!(
        houses[0].address.ends_with("翠园里7号"),
        "{}",
        houses[0].address
    );
    let addresses: BTreeSet<&str> = city()
        .buildings
        .iter()
        .map(|b| b.address.as_str())
        .collect();
    assert_eq!(addresses.len(), city().buildings.len());
}

#[test]
fn polders_are_low_dikes_are_high_and_rivers_deep() {
    let z: Vec<f32> = city()
        .elevation
        .values()
        .iter()
        .copied()
        .filter(|z| !z.is_nan())
        .collect();
    let share = |low: f32, high: f32| {
        z.iter().filter(|z| (low..high).contains(*z)).count() as f64 / z.len() as f64
    };
    assert!(
        share(-10.0, -6.0) > 0.04,
        "deep river: {}",
        share(-10.0, -6.0)
    );
    assert!(share(0.5, 2.5) > 0.30, "polders: {}", share(0.5, 2.5));
    assert!(share(2.5, 5.0) > 0.15, "city: {}", share(2.5, 5.0));
    assert!(share(60.0, 200.0) > 0.002, "hills: {}", share(60.0, 200.0));
    assert!(z.iter().all(|z| (-12.0..170.0).contains(z)));
}

#[test]
fn boundary_strips_lie_on_modelled_water() {
    let city = city();
    let geometry = city.elevation.geometry();
    let to_crs = stormgrid_crs::Projector::new("EPSG:4490", crate::model::CRS).unwrap();
    let strips: Vec<&Layer> = city
        .layers
        .iter()
        .filter(|l| l.path.starts_with("boundary/"))
        .collect();
    assert_eq!(strips.len(), 4);
    for strip in strips {
        let middle = polygon(&strip.features[0])
            .bounding_rect()
            .unwrap()
            .center();
        let [x, y] = to_crs.convert(middle.x, middle.y).unwrap();
        let (row, col) = geometry.cell_at(x, y).unwrap();
        let z = city.elevation.values()[row * geometry.n_cols + col];
        assert!(z < -2.0, "{}: {z}", strip.path);
    }
}

#[test]
fn another_seed_is_another_city_with_the_same_counts() {
    let other = make(&DemoOptions {
        seed: 5,
        cell_size_m: 100.0,
    })
    .unwrap();
    let units = other
        .layers
        .iter()
        .find(|l| l.path == "grids/units.geojson")
        .unwrap();
    let people: u64 = units
        .features
        .iter()
        .map(|f| f.properties["people"].as_u64().unwrap())
        .sum();
    assert_eq!((units.features.len(), people), (2590, 364_700));
    assert_ne!(other.buildings.len(), city().buildings.len());
}

/// A segment of the road layer in the site frame [m].
struct Segment {
    ends: [(u64, u64); 2],
    vertices: Vec<(u64, u64)>,
    points: Vec<[f64; 2]>,
    class: String,
}

/// A place in metres, good to a metre in ten kilometres; only distances within some hundred metres are asked.
fn metres(lon: f64, lat: f64) -> [f64; 2] {
    let [lon0, lat0] = crate::model::ORIGIN;
    let degree = 111_320.0;
    [
        (lon - lon0) * degree * lat0.to_radians().cos(),
        (lat - lat0) * degree * 0.9945,
    ]
}

fn segments(city: &City) -> Vec<Segment> {
    let roads = city
        .layers
        .iter()
        .find(|l| l.path == "assets/roads.geojson")
        .unwrap();
    let read = |feature: &Feature| {
        let Geometry::LineString(line) = &feature.geometry else {
            panic!("not a line")
        };
        let vertices: Vec<(u64, u64)> = line
            .0
            .iter()
            .map(|c| (c.x.to_bits(), c.y.to_bits()))
            .collect();
        // A point at least each 10 m, so that distances to points are those to the line within 2 m.
        let corners: Vec<[f64; 2]> = line.0.iter().map(|c| metres(c.x, c.y)).collect();
        let points = corners.windows(2).flat_map(|w| {
            let n = ((w[1][0] - w[0][0]).hypot(w[1][1] - w[0][1]) / 10.0)
                .ceil()
                .max(1.0);
            let at = move |t: f64| [0, 1].map(|k| w[0][k] + (w[1][k] - w[0][k]) * t);
            (0..=n as usize)
                .map(move |i| at(i as f64 / n))
                .collect::<Vec<_>>()
        });
        Segment {
            ends: [vertices[0], vertices[vertices.len() - 1]],
            points: points.collect(),
            vertices,
            class: text(feature, "class").to_owned(),
        }
    };
    roads.features.iter().map(read).collect()
}

/// Number of the part that each segment belongs to: an end joins a segment that has a vertex there.
fn parts(segments: &[Segment]) -> Vec<usize> {
    let mut at: BTreeMap<(u64, u64), Vec<usize>> = BTreeMap::new();
    for (i, segment) in segments.iter().enumerate() {
        for &vertex in &segment.vertices {
            at.entry(vertex).or_default().push(i);
        }
    }
    let mut part = vec![usize::MAX; segments.len()];
    for start in 0..segments.len() {
        let mut open = vec![start];
        while let Some(i) = open.pop() {
            if part[i] != usize::MAX {
                continue;
            }
            part[i] = start;
            // Both ways: through my ends, and through ends of others that lie on me.
            let touching = segments[i]
                .vertices
                .iter()
                .flat_map(|v| at[v].iter().map(move |&j| (v, j)));
            open.extend(
                touching
                    .filter(|(v, j)| segments[i].ends.contains(v) || segments[*j].ends.contains(v))
                    .map(|(_, j)| j),
            );
        }
    }
    part
}

fn largest(part: &[usize]) -> (usize, usize) {
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for &p in part {
        *sizes.entry(p).or_default() += 1;
    }
    sizes.into_iter().max_by_key(|&(_, n)| n).unwrap()
}

#[test]
fn roads_are_one_network_in_every_city() {
    let other = make(&DemoOptions {
        seed: 7,
        cell_size_m: 100.0,
    })
    .unwrap();
    for city in [city(), &other] {
        let part = parts(&segments(city));
        let (_, size) = largest(&part);
        let share = size as f64 / part.len() as f64;
        assert!(
            part.len() > 2500 && share >= 0.99,
            "{size} of {}",
            part.len()
        );
    }
    let part = parts(&segments(city()));
    assert_eq!(part.iter().collect::<BTreeSet<_>>().len(), 1);
}

#[test]
fn most_roads_are_streets_and_tracks() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let segments = segments(city());
    for segment in &segments {
        *counts.entry(segment.class.clone()).or_default() += segment.points.len();
    }
    let all: usize = counts.values().sum();
    let share = |class: &str| counts[class] as f64 / all as f64;
    // A choice: few main roads, a fifth at most of what lies between them and the streets.
    assert!(
        (0.05..0.20).contains(&(share("trunk") + share("primary"))),
        "{counts:?}"
    );
    assert!((0.10..0.20).contains(&share("secondary")), "{counts:?}");
    assert!(
        (0.60..0.85).contains(&(share("residential") + share("track"))),
        "{counts:?}"
    );
}

#[test]
fn schools_shelters_and_hospitals_have_a_road_within_150_metres() {
    let segments = segments(city());
    let part = parts(&segments);
    let (main, _) = largest(&part);
    let points: Vec<[f64; 2]> = segments
        .iter()
        .zip(&part)
        .filter(|(_, p)| **p == main)
        .flat_map(|(s, _)| s.points.iter().copied())
        .collect();
    for path in [
        "assets/schools.geojson",
        "assets/shelters.geojson",
        "assets/hospitals.geojson",
    ] {
        for feature in &layer(path).features {
            let Geometry::Point(at) = &feature.geometry else {
                panic!("not a point")
            };
            let at = metres(at.x(), at.y());
            let nearest = points
                .iter()
                .map(|p| (p[0] - at[0]).hypot(p[1] - at[1]))
                .fold(f64::MAX, f64::min);
            assert!(nearest <= 150.0, "{} {nearest}", text(feature, "code"));
        }
    }
}

#[test]
fn a_road_runs_along_every_unit_with_houses() {
    let seed = DemoOptions::default().seed;
    let warp = crate::warp::Warp::new();
    let partition = crate::partition::Partition::new(seed);
    let built: BTreeSet<usize> = city().buildings.iter().map(|b| b.unit).collect();
    assert!(built.len() > 1500);
    // On the ground, in cells of 60 m: a point of a road within 60 m of some point of the unit's edge.
    let cell = |x: f64| (x / 60.0).floor() as i64;
    let to_site = stormgrid_crs::Projector::new("EPSG:4490", crate::model::CRS).unwrap();
    let mut by_cell: BTreeMap<(i64, i64), Vec<[f64; 2]>> = BTreeMap::new();
    let roads = layer("assets/roads.geojson");
    for feature in &roads.features {
        let Geometry::LineString(line) = &feature.geometry else {
            panic!("not a line")
        };
        let corners: Vec<[f64; 2]> = line
            .0
            .iter()
            .map(|c| to_site.convert(c.x, c.y).unwrap())
            .map(|[x, y]| [x - city().origin[0], y - city().origin[1]])
            .collect();
        for w in corners.windows(2) {
            for k in 0..=6 {
                let at = [0, 1].map(|i| w[0][i] + (w[1][i] - w[0][i]) * f64::from(k) / 6.0);
                by_cell
                    .entry((cell(at[0]), cell(at[1])))
                    .or_default()
                    .push(at);
            }
        }
    }
    for unit in built {
        let b = partition.units[unit].block;
        let edge = (0..=20).flat_map(|k| {
            let t = f64::from(k) / 20.0;
            let (u, v) = (
                f64::from(b.west) + t * f64::from(b.width()),
                f64::from(b.south) + t * f64::from(b.height()),
            );
            [
                (u, f64::from(b.south)),
                (u, f64::from(b.north)),
                (f64::from(b.west), v),
                (f64::from(b.east), v),
            ]
        });
        let near = edge.map(|(u, v)| warp.xy(u, v)).any(|at| {
            let cells = (-1..=1).flat_map(|i| (-1..=1).map(move |j| (i, j)));
            cells
                .filter_map(|(i, j)| by_cell.get(&(cell(at[0]) + i, cell(at[1]) + j)))
                .flatten()
                .any(|p| (p[0] - at[0]).hypot(p[1] - at[1]) <= 60.0)
        });
        assert!(near, "unit {unit} at {b:?}");
    }
}

#[test]
fn bridges_cross_water_and_their_decks_stand_clear_of_it() {
    let geometry = city().elevation.geometry();
    let to_crs = stormgrid_crs::Projector::new("EPSG:4490", crate::model::CRS).unwrap();
    let usual = crate::texts::INITIAL_LEVEL_M;
    let (mut bridges, mut over_water, mut over_river) = (0, 0, 0);
    for feature in &layer("assets/roads.geojson").features {
        let Geometry::LineString(line) = &feature.geometry else {
            panic!("not a line")
        };
        let heights: Vec<f64> = line
            .0
            .windows(2)
            .flat_map(|w| (0..=8).map(move |k| w[0] + (w[1] - w[0]) * (f64::from(k) / 8.0)))
            .map(|c| {
                let [x, y] = to_crs.convert(c.x, c.y).unwrap();
                let (row, col) = geometry.cell_at(x, y).unwrap();
                f64::from(city().elevation.values()[row * geometry.n_cols + col])
            })
            .collect();
        let lowest = heights.iter().copied().fold(f64::MAX, f64::min);
        let Some(deck) = feature.properties.get("deck_m") else {
            assert_eq!(feature.properties["bridge"], Value::Bool(false));
            continue;
        };
        let deck = deck.as_f64().unwrap();
        assert!(deck >= usual + 1.5, "{} {deck}", text(feature, "code"));
        bridges += 1;
        // A canal's head lies beside its road, and cells of 20 m blur canals: not every deck has low cells under it.
        assert!(lowest < deck, "{} {lowest} {deck}", text(feature, "code"));
        over_water += usize::from(lowest < usual + 0.5);
        over_river += usize::from(lowest < -2.0);
    }
    assert!(
        bridges >= 100 && 2 * over_water >= bridges && over_river >= 4,
        "{bridges} {over_water} {over_river}"
    );
}
