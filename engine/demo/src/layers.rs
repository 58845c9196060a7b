//! GeoJSON layers of the partition: streets, villages, grids, units, and the park layer.

use serde_json::{Map, Value, json};
use stormgrid_core::area::geodesic_area_m2;
use stormgrid_core::geo::{Geometry, LineString, MultiPolygon, Polygon};

use crate::DemoError;
use crate::buildings::{Building, Site};
use crate::coverage::{Node, Nodes, to_polygons};
use crate::landuse::LandUse;
use crate::names::{DISTRICT_CODE, STREETS};
use crate::parks::N_PARK_GRIDS;
use crate::partition::Block;
use crate::place::Placer;
use crate::plan::{self, DIKE_FOOT};
use crate::rng::{Rng, apportion};

/// Full-time grid staff (专职网格员) of the district.
const FULL_TIME_STAFF: u64 = 383;
/// Part-time grid staff (兼职网格员) of the district.
const PART_TIME_STAFF: u64 = 2192;
/// Patrol cars of the district.
const PATROL_CARS: u64 = 69;
/// Grids that have a party organisation of their own; the others share one.
const PARTY_ORGANISATIONS: usize = 168;
/// Workers of the industrial parks.
const WORKERS: u64 = 70_000;
/// Firms of the industrial parks.
const FIRMS: u64 = 4500;

/// One feature of a layer, in longitude and latitude.
pub(crate) type Feature = stormgrid_formats::vector::Feature<Geometry<f64>>;

/// A feature whose id is its code.
pub(crate) fn feature(properties: Map<String, Value>, geometry: Geometry<f64>) -> Feature {
    Feature {
        id: properties
            .get("code")
            .and_then(Value::as_str)
            .map(str::to_owned),
        properties,
        geometry,
    }
}

/// A GeoJSON file of the twin.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// Path within the twin's folder.
    pub(crate) path: &'static str,
    /// Features in the order of their codes.
    pub(crate) features: Vec<Feature>,
}

/// Properties from a JSON object, with the mark that all of the demo carries.
pub(crate) fn properties(object: Value) -> Map<String, Value> {
    let mut map = match object {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    map.insert("synthetic".to_owned(), Value::Bool(true));
    map
}

/// What lives and stands in one part.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    people: u64,
    households: u64,
    buildings: u64,
    units: u64,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.people += other.people;
        self.households += other.households;
        self.buildings += other.buildings;
        self.units += other.units;
    }

    fn write(&self, map: &mut Map<String, Value>) {
        map.insert("people".to_owned(), self.people.into());
        map.insert("households".to_owned(), self.households.into());
        map.insert("buildings".to_owned(), self.buildings.into());
        map.insert("units".to_owned(), self.units.into());
    }
}

/// Codes of all parts.
pub(crate) struct Codes {
    /// 15 digits: the village's 12 and a number within it.
    pub(crate) grids: Vec<String>,
    /// 18 digits: the grid's 15 and a number within it.
    pub(crate) units: Vec<String>,
}

impl Codes {
    /// Numbers grids within villages and units within grids, in the partition's order.
    pub(crate) fn new(site: &Site<'_>) -> Self {
        let villages: Vec<&str> = site.villages.iter().map(|v| v.code.as_str()).collect();
        let parents = site.partition.grids.iter().map(|g| g.parent);
        let grids = numbered(parents, &villages);
        let above: Vec<&str> = grids.iter().map(String::as_str).collect();
        let parents = site.partition.units.iter().map(|u| u.parent);
        let units = numbered(parents, &above);
        Self { grids, units }
    }
}

fn numbered(parents: impl Iterator<Item = usize>, above: &[&str]) -> Vec<String> {
    let mut next = vec![0; above.len()];
    parents
        .map(|parent| {
            next[parent] += 1;
            format!("{}{:03}", above[parent], next[parent])
        })
        .collect()
}

/// The four territorial layers.
pub(crate) fn territorial(
    site: &Site<'_>,
    buildings: &[Building],
    placer: &Placer<'_>,
) -> Result<Vec<Layer>, DemoError> {
    let partition = site.partition;
    let blocks: Vec<Block> = partition.units.iter().map(|u| u.block).collect();
    let shapes = Shapes::new(&blocks, placer)?;
    let codes = Codes::new(site);

    let mut of_unit = vec![
        Tally {
            units: 1,
            ..Tally::default()
        };
        blocks.len()
    ];
    for b in buildings {
        let tally = &mut of_unit[b.unit];
        tally.people += u64::from(b.people);
        tally.households += u64::from(b.households);
        tally.buildings += 1;
    }
    let of_grid = gather(&of_unit, partition.grids.len(), |i| {
        partition.units[i].parent
    });
    let of_village = gather(&of_grid, partition.villages.len(), |i| {
        partition.grids[i].parent
    });
    let of_street = gather(&of_village, partition.streets.len(), |i| {
        partition.villages[i].parent
    });

    let kinds: Vec<&str> = (0..partition.grids.len())
        .map(|g| grid_kind(site, g))
        .collect();
    let staff = Staff::new(&of_grid, &kinds, site.seed);

    let streets = (0..partition.streets.len())
        .map(|i| {
            let (code, name, name_en) = STREETS[i];
            let mut map = properties(json!({
                "code": code, "name": name, "name_en": name_en, "level": "town", "parent": DISTRICT_CODE,
                "kind": "community",
            }));
            of_street[i].write(&mut map);
            shapes.feature(map, &[partition.streets[i].block])
        })
        .collect();
    let villages = (0..partition.villages.len())
        .map(|i| {
            let name = &site.villages[i];
            let mut map = properties(json!({
                "code": name.code, "name": name.name, "level": "village",
                "parent": STREETS[partition.villages[i].parent].0,
                "kind": if name.is_community { "community" } else { "rural" },
            }));
            of_village[i].write(&mut map);
            shapes.feature(map, &[partition.villages[i].block])
        })
        .collect();
    let grids = (0..partition.grids.len())
        .map(|i| {
            let village = &site.villages[partition.grids[i].parent];
            let number: usize = codes.grids[i][12..].parse().unwrap_or_default();
            let mut map = properties(json!({
                "code": codes.grids[i], "name": format!("{}第{number}网格", village.name), "level": "grid",
                "parent": village.code, "kind": kinds[i],
                "staff_full_time": staff.full_time[i], "staff_part_time": staff.part_time[i],
                "unit_leaders": of_grid[i].units, "patrol_cars": staff.patrol_cars[i],
                "party_organisation": staff.has_party_organisation[i],
            }));
            of_grid[i].write(&mut map);
            shapes.feature(map, &[partition.grids[i].block])
        })
        .collect();
    let units = (0..partition.units.len())
        .map(|i| {
            let grid = partition.units[i].parent;
            let number: usize = codes.units[i][15..].parse().unwrap_or_default();
            let in_village: usize = codes.grids[grid][12..].parse().unwrap_or_default();
            let village = &site.villages[partition.grids[grid].parent];
            let mut map = properties(json!({
                "code": codes.units[i], "name": format!("{}第{in_village}网格{number}号单元", village.name),
                "level": "unit", "parent": codes.grids[grid], "kind": kinds[grid],
                "land_use": site.uses[i].name(), "unit_leaders": 1,
            }));
            of_unit[i].write(&mut map);
            map.remove("units");
            shapes.feature(map, &[partition.units[i].block])
        })
        .collect();
    Ok(vec![
        Layer {
            path: "grids/towns.geojson",
            features: streets,
        },
        Layer {
            path: "grids/villages.geojson",
            features: villages,
        },
        Layer {
            path: "grids/grids.geojson",
            features: grids,
        },
        Layer {
            path: "grids/units.geojson",
            features: units,
        },
    ])
}

fn gather(inner: &[Tally], n: usize, parent: impl Fn(usize) -> usize) -> Vec<Tally> {
    let mut outer = vec![Tally::default(); n];
    for (i, tally) in inner.iter().enumerate() {
        outer[parent(i)].add(tally);
    }
    outer
}

fn grid_kind(site: &Site<'_>, grid: usize) -> &'static str {
    let block = site.partition.grids[grid].block;
    if block.west >= DIKE_FOOT {
        return "sea";
    }
    let units = site
        .partition
        .units
        .iter()
        .zip(site.uses)
        .filter(|(u, _)| u.parent == grid);
    let (industry, all) = units.fold((0, 0), |(n, all), (_, use_)| {
        (n + usize::from(*use_ == LandUse::Industry), all + 1)
    });
    if 2 * industry > all {
        "park"
    } else if site.villages[site.partition.grids[grid].parent].is_community {
        "community"
    } else {
        "rural"
    }
}

/// People who work for the grids.
struct Staff {
    full_time: Vec<u64>,
    part_time: Vec<u64>,
    patrol_cars: Vec<u64>,
    has_party_organisation: Vec<bool>,
}

impl Staff {
    /// Two full-time members for each grid (一格两员) and the rest where most people live.
    fn new(of_grid: &[Tally], kinds: &[&str], seed: u64) -> Self {
        let mut rng = Rng::new(seed, 0x7000);
        let people: Vec<f64> = of_grid.iter().map(|t| t.people as f64 + 1.0).collect();
        let size: Vec<f64> = of_grid
            .iter()
            .map(|t| (t.units as f64) + t.people as f64 / 400.0)
            .collect();
        let n = of_grid.len() as u64;
        let plus = |least: u64, extra: Vec<u64>| extra.into_iter().map(|e| least + e).collect();
        let mut by_people: Vec<usize> = (0..of_grid.len()).collect();
        by_people.sort_by_key(|&i| (kinds[i] == "sea", u64::MAX - of_grid[i].people, i));
        let mut has_party_organisation = vec![false; of_grid.len()];
        for &i in &by_people[..PARTY_ORGANISATIONS.min(of_grid.len())] {
            has_party_organisation[i] = true;
        }
        let cars: Vec<f64> = people
            .iter()
            .map(|p| p.sqrt() * rng.range(0.5, 1.0))
            .collect();
        Self {
            full_time: plus(2, apportion(FULL_TIME_STAFF.saturating_sub(2 * n), &people)),
            part_time: plus(2, apportion(PART_TIME_STAFF.saturating_sub(2 * n), &size)),
            patrol_cars: apportion(PATROL_CARS, &cars),
            has_party_organisation,
        }
    }
}

/// The two layers of the industrial parks.
pub(crate) fn parks(
    site: &Site<'_>,
    buildings: &[Building],
    placer: &Placer<'_>,
) -> Result<Vec<Layer>, DemoError> {
    let compounds = &site.parks.compounds;
    let blocks: Vec<Block> = compounds.iter().map(|c| c.block).collect();
    let shapes = Shapes::new(&blocks, placer)?;
    let codes = Codes::new(site);

    let mut of_unit = vec![
        Tally {
            units: 1,
            ..Tally::default()
        };
        compounds.len()
    ];
    for b in buildings {
        if let Some(compound) = b.compound {
            let tally = &mut of_unit[compound];
            tally.people += u64::from(b.people);
            tally.households += u64::from(b.households);
            tally.buildings += 1;
        }
    }
    let of_grid = gather(&of_unit, N_PARK_GRIDS, |i| compounds[i].grid);
    let halls: Vec<f64> = of_unit.iter().map(|t| t.buildings as f64 + 0.2).collect();
    let workers = apportion(WORKERS, &halls);
    let firms = apportion(FIRMS, &halls);
    let mut sums = vec![(0, 0); N_PARK_GRIDS];
    for (i, compound) in compounds.iter().enumerate() {
        sums[compound.grid].0 += workers[i];
        sums[compound.grid].1 += firms[i];
    }

    let grid_code = |grid: usize| format!("{DISTRICT_CODE}P{:02}", grid + 1);
    let grids = (0..N_PARK_GRIDS)
        .map(|grid| {
            let mut map = properties(json!({
                "code": grid_code(grid), "name": format!("园区第{}网格", grid + 1), "level": "grid",
                "parent": DISTRICT_CODE, "kind": "park", "workers": sums[grid].0, "firms": sums[grid].1,
            }));
            of_grid[grid].write(&mut map);
            let blocks: Vec<Block> = compounds.iter().filter(|c| c.grid == grid).map(|c| c.block).collect();
            shapes.feature(map, &blocks)
        })
        .collect();
    let unit_codes = numbered_parks(compounds.iter().map(|c| c.grid), &grid_code);
    let units = (0..compounds.len())
        .map(|i| {
            let grid = compounds[i].grid;
            let mut map = properties(json!({
                "code": unit_codes[i], "name": format!("园区第{}网格厂企单元{}", grid + 1, &unit_codes[i][9..]),
                "level": "unit", "parent": grid_code(grid), "kind": "park", "workers": workers[i],
                "firms": firms[i], "within_unit": codes.units[compounds[i].unit],
            }));
            of_unit[i].write(&mut map);
            map.remove("units");
            shapes.feature(map, &[compounds[i].block])
        })
        .collect();
    Ok(vec![
        Layer {
            path: "grids/park_grids.geojson",
            features: grids,
        },
        Layer {
            path: "grids/park_units.geojson",
            features: units,
        },
    ])
}

fn numbered_parks(
    parents: impl Iterator<Item = usize>,
    above: &dyn Fn(usize) -> String,
) -> Vec<String> {
    let mut next = vec![0; N_PARK_GRIDS];
    parents
        .map(|parent| {
            next[parent] += 1;
            format!("{}{:03}", above(parent), next[parent])
        })
        .collect()
}

/// Polygons of blocks whose nodes have one position each.
struct Shapes {
    nodes: Nodes,
    places: std::collections::BTreeMap<Node, [f64; 2]>,
}

impl Shapes {
    fn new(smallest: &[Block], placer: &Placer<'_>) -> Result<Self, DemoError> {
        let nodes = Nodes::new(smallest);
        let mut places = std::collections::BTreeMap::new();
        for block in smallest {
            for node in nodes.ring(block) {
                if let std::collections::btree_map::Entry::Vacant(entry) = places.entry(node) {
                    entry.insert(placer.lonlat_of_sheet(f64::from(node.0), f64::from(node.1))?);
                }
            }
        }
        Ok(Self { nodes, places })
    }

    fn feature(&self, mut map: Map<String, Value>, blocks: &[Block]) -> Feature {
        let rings = self.nodes.dissolve(blocks);
        let polygons: MultiPolygon<f64> = to_polygons(&rings, &|node| self.places[&node]);
        let area = geodesic_area_m2(&polygons);
        map.insert("area_m2".to_owned(), json!((area * 10.0).round() / 10.0));
        let geometry = match polygons.0.as_slice() {
            [one] => Geometry::Polygon(one.clone()),
            _ => Geometry::MultiPolygon(polygons),
        };
        feature(map, geometry)
    }
}

/// A line feature through places of the sheet.
pub(crate) fn line_feature(
    placer: &Placer<'_>,
    object: Value,
    places: &[(f64, f64)],
) -> Result<Feature, DemoError> {
    let coords: Result<Vec<_>, DemoError> = places
        .iter()
        .map(|&(u, v)| placer.lonlat_of_sheet(u, v))
        .collect();
    let line: LineString<f64> = coords?.into_iter().map(|[x, y]| (x, y)).collect();
    Ok(feature(properties(object), Geometry::LineString(line)))
}

/// Strips of water where the sea's level is given, and where the river comes in.
pub(crate) fn boundaries(placer: &Placer<'_>) -> Result<Vec<Layer>, DemoError> {
    plan::boundary_strips()
        .into_iter()
        .map(|strip| {
            let (west, south, east, north) = strip.extent;
            // As many vertices as keep to the bent banks.
            let steps = |from: f64, to: f64| (0..8).map(move |k| from + (to - from) * f64::from(k) / 8.0);
            let ring: Vec<(f64, f64)> = steps(west, east)
                .map(|u| (u, south))
                .chain(steps(south, north).map(|v| (east, v)))
                .chain(steps(east, west).map(|u| (u, north)))
                .chain(steps(north, south).map(|v| (west, v)))
                .chain([(west, south)])
                .collect();
            let coords: Result<Vec<_>, DemoError> =
                ring.into_iter().map(|(u, v)| placer.lonlat_of_sheet(u, v)).collect();
            let ring: LineString<f64> = coords?.into_iter().map(|[x, y]| (x, y)).collect();
            let map = properties(json!({
                "code": strip.code, "name": strip.name.0, "name_en": strip.name.1, "kind": strip.kind,
            }));
            let geometry = Geometry::Polygon(Polygon::new(ring, Vec::new()));
            Ok(Layer {
                path: strip.path,
                features: vec![feature(map, geometry)],
            })
        })
        .collect()
}
