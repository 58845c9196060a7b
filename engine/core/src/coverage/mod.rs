//! Whether polygons tile the ground: no gaps, no overlaps (不留空白、不交叉重叠).
//!
//! Coordinates are rounded to an integer lattice; from there on the matching of edges is exact.
//! In a sound coverage every edge between two polygons occurs once in each direction. Only where
//! that fails are areas computed.

use std::collections::BTreeMap;

use geo::{
    Area, BooleanOps, BoundingRect, Coord, Euclidean, InteriorPoint, Length, LineString,
    MultiPolygon, Polygon,
};
use rstar::{AABB, RTree, RTreeObject};
use serde::Serialize;

use crate::area::geodesic_area_m2;
use crate::ring::{RingFault, ring_fault};

/// One polygon of a layer, with its code.
#[derive(Clone, Debug, PartialEq)]
pub struct Polygonal {
    /// The code that reports name.
    pub id: String,
    /// Its area.
    pub polygon: MultiPolygon<f64>,
}

/// What coordinates are, and so how areas are told in square metres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoordinateUnit {
    /// Longitude, latitude in degrees; areas on the ellipsoid; lattice of 10⁻⁹ degrees (0.1 mm).
    Degrees,
    /// Metres of a projection; areas in the plane; lattice of 0.1 mm.
    Metres,
}

impl CoordinateUnit {
    fn per_lattice_step(self) -> f64 {
        match self {
            Self::Degrees => 1e9,
            Self::Metres => 1e4,
        }
    }

    fn area_m2(self, area: &MultiPolygon<f64>) -> f64 {
        match self {
            Self::Degrees => geodesic_area_m2(area),
            Self::Metres => area.unsigned_area(),
        }
    }

    /// Metres in one unit, roughly, for the width of slivers.
    fn metres(self) -> f64 {
        match self {
            Self::Degrees => 111_000.0,
            Self::Metres => 1.0,
        }
    }
}

/// A place where the layer is no coverage.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Defect {
    /// Ground inside the layer that no polygon holds.
    Gap {
        /// Its area [m²].
        area_m2: f64,
        /// A point in it, in the layer's coordinates.
        at: [f64; 2],
        /// Narrower than a tenth of a metre on average.
        sliver: bool,
    },
    /// Ground that two polygons hold.
    Overlap {
        /// One polygon.
        a: String,
        /// The other.
        b: String,
        /// Its area [m²].
        area_m2: f64,
        /// A point in it, in the layer's coordinates.
        at: [f64; 2],
        /// Narrower than a tenth of a metre on average.
        sliver: bool,
    },
    /// A ring that bounds no area.
    Ring {
        /// The polygon.
        id: String,
        /// Position of the ring in it, from 0; the shell comes first.
        ring: usize,
        /// What is wrong.
        fault: String,
        /// Where, if it has a place.
        at: Option<[f64; 2]>,
    },
    /// Two polygons with the same code.
    SameCode {
        /// The code.
        id: String,
    },
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CoverageReport {
    /// Polygons checked.
    pub polygons: usize,
    /// Vertices checked, closing ones not counted.
    pub vertices: usize,
    /// Sum of the polygons' areas [m²].
    pub area_m2: f64,
    /// Sum of the gaps [m²]; exactly 0 where every edge matches.
    pub gap_area_m2: f64,
    /// Sum of the overlaps [m²]; exactly 0 where every edge matches.
    pub overlap_area_m2: f64,
    /// Every defect with its place, rings first, then overlaps and gaps by size.
    pub defects: Vec<Defect>,
}

type Point = [i64; 2];

/// Average width below which a gap or an overlap is called a sliver [m].
const SLIVER_WIDTH: f64 = 0.1;

/// Area below which a computed gap or overlap is rounding of the lattice [m²].
const AREA_NOISE: f64 = 1e-4;

/// Checks one layer.
///
/// A gap is a hole in the union of the polygons, or, where a `boundary` is given, any of its ground
/// that no polygon holds. Without a boundary a gap that opens to the outside cannot be told from
/// the shape of the layer.
pub fn check_coverage(
    polygons: &[Polygonal],
    unit: CoordinateUnit,
    boundary: Option<&MultiPolygon<f64>>,
) -> CoverageReport {
    let mut report = CoverageReport {
        polygons: polygons.len(),
        vertices: polygons.iter().map(|p| vertices(&p.polygon)).sum(),
        ..CoverageReport::default()
    };
    report.defects.extend(repeated_codes(polygons));
    let sound: Vec<&Polygonal> = polygons
        .iter()
        .filter(|p| ring_defects(p, &mut report.defects))
        .collect();
    report.area_m2 = sound.iter().map(|p| unit.area_m2(&p.polygon)).sum();
    let lattice: Vec<MultiPolygon<f64>> =
        sound.iter().map(|p| on_lattice(&p.polygon, unit)).collect();
    let loose = loose_edges(&lattice);
    let overlaps = overlaps(&sound, &lattice, &loose, unit);
    let gaps = if boundary.is_none() && overlaps.is_empty() && !loose.has_tangle {
        loose.gaps(unit)
    } else {
        gaps_of_union(&lattice, boundary, unit)
    };
    report.overlap_area_m2 = overlaps.iter().map(defect_area).sum();
    report.gap_area_m2 = gaps.iter().map(defect_area).sum();
    report.defects.extend(overlaps);
    report.defects.extend(gaps);
    report
}

fn vertices(area: &MultiPolygon<f64>) -> usize {
    rings(area).map(|r| r.0.len().saturating_sub(1)).sum()
}

fn rings(area: &MultiPolygon<f64>) -> impl Iterator<Item = &LineString<f64>> {
    area.iter()
        .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()))
}

fn defect_area(defect: &Defect) -> f64 {
    match defect {
        Defect::Gap { area_m2, .. } | Defect::Overlap { area_m2, .. } => *area_m2,
        Defect::Ring { .. } | Defect::SameCode { .. } => 0.0,
    }
}

fn repeated_codes(polygons: &[Polygonal]) -> Vec<Defect> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for p in polygons {
        *counts.entry(&p.id).or_default() += 1;
    }
    counts
        .into_iter()
        .filter(|(_, n)| *n > 1)
        .map(|(id, _)| Defect::SameCode { id: id.to_owned() })
        .collect()
}

/// Reports faulty rings; says whether the polygon can be checked further.
fn ring_defects(polygonal: &Polygonal, defects: &mut Vec<Defect>) -> bool {
    let before = defects.len();
    for (ring, line) in rings(&polygonal.polygon).enumerate() {
        if let Some(fault) = ring_fault(line) {
            let at = match &fault {
                RingFault::Crossing { at, .. } => Some([at.x, at.y]),
                _ => None,
            };
            defects.push(Defect::Ring {
                id: polygonal.id.clone(),
                ring,
                fault: fault.to_string(),
                at,
            });
        }
    }
    defects.len() == before
}

/// The polygons with every coordinate a whole number of lattice steps, shells counter-clockwise.
fn on_lattice(area: &MultiPolygon<f64>, unit: CoordinateUnit) -> MultiPolygon<f64> {
    let steps = unit.per_lattice_step();
    let snap = |ring: &LineString<f64>, positive: bool| {
        let mut coords: Vec<Coord> = ring
            .coords()
            .map(|c| Coord {
                x: (c.x * steps).round(),
                y: (c.y * steps).round(),
            })
            .collect();
        coords.dedup();
        let origin = coords[0];
        let area: f64 = coords
            .windows(2)
            .map(|w| {
                (w[0].x - origin.x) * (w[1].y - origin.y)
                    - (w[1].x - origin.x) * (w[0].y - origin.y)
            })
            .sum();
        if (area > 0.0) != positive {
            coords.reverse();
        }
        LineString::new(coords)
    };
    MultiPolygon::new(
        area.iter()
            .map(|p| {
                Polygon::new(
                    snap(p.exterior(), true),
                    p.interiors().iter().map(|r| snap(r, false)).collect(),
                )
            })
            .collect(),
    )
}

fn point(c: Coord) -> Point {
    [c.x as i64, c.y as i64]
}

fn gap(lattice: &Polygon<f64>, unit: CoordinateUnit) -> Option<Defect> {
    let (area_m2, at, sliver) = measure(&MultiPolygon::new(vec![lattice.clone()]), unit)?;
    Some(Defect::Gap {
        area_m2,
        at,
        sliver,
    })
}

/// Area, a point inside, and whether it is a sliver; `None` if it is lattice noise.
fn measure(lattice: &MultiPolygon<f64>, unit: CoordinateUnit) -> Option<(f64, [f64; 2], bool)> {
    let steps = unit.per_lattice_step();
    let ground = MultiPolygon::new(
        lattice
            .iter()
            .map(|p| {
                geo::MapCoords::map_coords(p, |c| Coord {
                    x: c.x / steps,
                    y: c.y / steps,
                })
            })
            .collect(),
    );
    let area_m2 = unit.area_m2(&ground);
    if area_m2 < AREA_NOISE {
        return None;
    }
    let largest = ground
        .iter()
        .max_by(|a, b| a.unsigned_area().total_cmp(&b.unsigned_area()))?;
    let inside = largest.interior_point()?;
    let perimeter: f64 = rings(&ground).map(|r| Euclidean.length(r)).sum::<f64>() * unit.metres();
    Some((
        area_m2,
        [inside.x(), inside.y()],
        2.0 * area_m2 / perimeter.max(1e-9) < SLIVER_WIDTH,
    ))
}

fn by_size(mut defects: Vec<Defect>) -> Vec<Defect> {
    defects.sort_by(|a, b| defect_area(b).total_cmp(&defect_area(a)));
    defects
}

struct Boxed {
    index: usize,
    envelope: AABB<[f64; 2]>,
}

impl RTreeObject for Boxed {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

/// Clips every polygon that owns a loose edge against those around it.
fn overlaps(
    polygons: &[&Polygonal],
    lattice: &[MultiPolygon<f64>],
    loose: &LooseEdges,
    unit: CoordinateUnit,
) -> Vec<Defect> {
    let mut suspects = vec![false; lattice.len()];
    for (_, _, owner) in &loose.edges {
        suspects[*owner] = true;
    }
    let boxes: Vec<Option<AABB<[f64; 2]>>> = lattice
        .iter()
        .map(|p| {
            p.bounding_rect()
                .map(|r| AABB::from_corners([r.min().x, r.min().y], [r.max().x, r.max().y]))
        })
        .collect();
    let tree = RTree::bulk_load(
        boxes
            .iter()
            .enumerate()
            .filter_map(|(index, b)| {
                Some(Boxed {
                    index,
                    envelope: (*b)?,
                })
            })
            .collect(),
    );
    let mut found = Vec::new();
    for (i, envelope) in boxes.iter().enumerate() {
        let Some(envelope) = envelope.filter(|_| suspects[i]) else {
            continue;
        };
        let mut near: Vec<usize> = tree
            .locate_in_envelope_intersecting(envelope)
            .map(|b| b.index)
            .collect();
        near.sort_unstable();
        for j in near {
            // Two suspects meet twice: once is enough.
            if j == i || (suspects[j] && j < i) {
                continue;
            }
            let common = lattice[i].intersection(&lattice[j]);
            if let Some((area_m2, at, sliver)) = measure(&common, unit) {
                found.push(Defect::Overlap {
                    a: polygons[i].id.clone(),
                    b: polygons[j].id.clone(),
                    area_m2,
                    at,
                    sliver,
                });
            }
        }
    }
    by_size(found)
}

