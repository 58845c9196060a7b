//! Features, layers and what their polygons are made of; the strips where the water model begins.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::{Map, Value, json};
use stormgrid_core::area::geodesic_area_m2;
use stormgrid_core::geo::{Geometry, LineString, MultiPolygon, Polygon};

use crate::DemoError;
use crate::buildings::Building;
use crate::coverage::{Node, Nodes, to_polygons};
use crate::partition::Block;
use crate::place::Placer;
use crate::plan;

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
        index: 0,
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
pub(crate) struct Tally {
    /// People who live there.
    pub(crate) people: u64,
    /// Households.
    pub(crate) households: u64,
    /// Buildings.
    pub(crate) buildings: u64,
    /// Smallest units.
    pub(crate) units: u64,
}

impl Tally {
    /// The tallies of `n` smallest units, from each building's unit, where it has one.
    pub(crate) fn of_units(
        n: usize,
        buildings: &[Building],
        unit_of: impl Fn(&Building) -> Option<usize>,
    ) -> Vec<Self> {
        let empty = Self {
            units: 1,
            ..Self::default()
        };
        let mut of_unit = vec![empty; n];
        for b in buildings {
            if let Some(unit) = unit_of(b) {
                let tally = &mut of_unit[unit];
                tally.people += u64::from(b.people);
                tally.households += u64::from(b.households);
                tally.buildings += 1;
            }
        }
        of_unit
    }

    /// Sums of the parts of one level for the `n` parts of the level above.
    pub(crate) fn gather(inner: &[Self], n: usize, parent: impl Fn(usize) -> usize) -> Vec<Self> {
        let mut outer = vec![Self::default(); n];
        for (i, tally) in inner.iter().enumerate() {
            outer[parent(i)].add(tally);
        }
        outer
    }

    fn add(&mut self, other: &Tally) {
        self.people += other.people;
        self.households += other.households;
        self.buildings += other.buildings;
        self.units += other.units;
    }

    /// Adds the numbers to a feature's properties.
    pub(crate) fn write(&self, map: &mut Map<String, Value>) {
        map.insert("people".to_owned(), self.people.into());
        map.insert("households".to_owned(), self.households.into());
        map.insert("buildings".to_owned(), self.buildings.into());
        map.insert("units".to_owned(), self.units.into());
    }
}

/// Polygons of blocks whose nodes have one position each.
pub(crate) struct Shapes {
    nodes: Nodes,
    places: BTreeMap<Node, [f64; 2]>,
}

impl Shapes {
    /// Places the nodes of the smallest blocks.
    pub(crate) fn new(smallest: &[Block], placer: &Placer<'_>) -> Result<Self, DemoError> {
        let nodes = Nodes::new(smallest);
        let mut places = BTreeMap::new();
        for block in smallest {
            for node in nodes.ring(block) {
                if let Entry::Vacant(entry) = places.entry(node) {
                    entry.insert(placer.lonlat_of_sheet(f64::from(node.0), f64::from(node.1))?);
                }
            }
        }
        Ok(Self { nodes, places })
    }

    /// The union of blocks as a feature with its area on the ellipsoid.
    pub(crate) fn feature(&self, mut map: Map<String, Value>, blocks: &[Block]) -> Feature {
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
