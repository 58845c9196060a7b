//! Whether polygons tile the ground: no gaps, no overlaps (不留空白、不交叉重叠).
//!
//! Coordinates are rounded to an integer lattice; from there on the matching of edges is exact.
//! In a sound coverage every edge between two polygons occurs once in each direction. Only where
//! that fails are areas computed.

use std::collections::BTreeMap;

use geo::algorithm::bool_ops::FillRule;
use geo::{
    Area, BooleanOps, BoundingRect, Coord, Euclidean, InteriorPoint, Length, LineString,
    MultiPolygon, Polygon, Rect,
};
use rstar::{AABB, RTree, RTreeObject};
use serde::Serialize;

use crate::area::geodesic_area_m2;
use crate::message;
use crate::message::Message;
use crate::ring::{RingFault, ring_fault, rings_crossing};

mod loose;

use loose::{Edge, LooseEdges, Point, cross};

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

    /// Whether a coordinate makes sense and, as a number of lattice steps, is exact in every sum here.
    fn can_hold(self, c: Coord) -> bool {
        match self {
            Self::Degrees => c.x.abs() <= 360.0 && c.y.abs() <= 90.0,
            Self::Metres => c.x.abs() <= 1e9 && c.y.abs() <= 1e9,
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
        /// What is wrong; serialized as its English.
        #[serde(serialize_with = "message::as_english")]
        fault: Message,
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

/// Average width below which a gap or an overlap is called a sliver [m].
const SLIVER_WIDTH: f64 = 0.1;

/// Area below which a computed gap or overlap is rounding of the lattice [m²].
const AREA_NOISE: f64 = 1e-4;

/// Checks one layer.
///
/// A gap is ground enclosed by the layer that no polygon holds, or, where a `boundary` is given, any
/// of its ground that no polygon holds. Without a boundary a gap that opens to the outside cannot be
/// told from the shape of the layer. A polygon with a faulty ring is named and otherwise left out, so
/// that its ground may appear as a gap.
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
    let sound: Vec<Sound<'_>> = polygons
        .iter()
        .filter_map(|p| Sound::new(&p.id, &p.polygon, unit, &mut report.defects))
        .collect();
    let outer = boundary.and_then(|b| Sound::new("boundary", b, unit, &mut report.defects));
    report.area_m2 = sound.iter().map(|p| unit.area_m2(p.ground)).sum();
    let edges: Vec<Edge> = sound.iter().flat_map(|p| edges(&p.lattice)).collect();
    let loose = LooseEdges::of(edges.clone());
    let overlaps = overlaps(&sound, &loose.held_twice(), unit);
    let (empty, resolution) = match outer {
        Some(outer) => {
            let against = edges_reversed(&outer.lattice);
            let loose = LooseEdges::of(edges.into_iter().chain(against).collect());
            (loose.wound_clockwise(), loose.resolution())
        }
        None => (loose.enclosed(), loose.resolution()),
    };
    let gaps = by_size(
        empty
            .iter()
            .filter_map(|p| gap(p, resolution, unit))
            .collect(),
    );
    report.overlap_area_m2 = total_area(&overlaps);
    report.gap_area_m2 = total_area(&gaps);
    report.defects.extend(overlaps);
    report.defects.extend(gaps);
    report
}

/// A polygon whose rings bound an area, on the ground and on the lattice.
struct Sound<'a> {
    id: &'a str,
    ground: &'a MultiPolygon<f64>,
    lattice: MultiPolygon<f64>,
}

impl<'a> Sound<'a> {
    /// Reports faulty rings instead of returning them.
    fn new(
        id: &'a str,
        ground: &'a MultiPolygon<f64>,
        unit: CoordinateUnit,
        defects: &mut Vec<Defect>,
    ) -> Option<Self> {
        let faults: Vec<Defect> = rings(ground)
            .enumerate()
            .filter_map(|(ring, line)| fault_of_ring(id, ring, line, unit))
            .collect();
        if !faults.is_empty() {
            defects.extend(faults);
            return None;
        }
        let lattice = on_lattice(ground, unit);
        if let Some(fault) = fault_between_rings(id, ground, &lattice) {
            defects.push(fault);
            return None;
        }
        Some(Self {
            id,
            ground,
            lattice,
        })
    }
}

fn fault_of_ring(
    id: &str,
    ring: usize,
    line: &LineString<f64>,
    unit: CoordinateUnit,
) -> Option<Defect> {
    let defect = |fault: Message, at| {
        Some(Defect::Ring {
            id: id.to_owned(),
            ring,
            fault,
            at,
        })
    };
    let finite = |c: &Coord| c.x.is_finite() && c.y.is_finite();
    let far = line
        .coords()
        .position(|c| finite(c) && !unit.can_hold(*c))
        .map(|vertex| (vertex, line.0[vertex]));
    if let Some((vertex, c)) = far {
        let fault = match unit {
            CoordinateUnit::Degrees => message!(
                "fault.ring.degrees",
                "vertex {vertex}, ({x}, {y}), is no longitude and latitude; check the CRS"
            ),
            CoordinateUnit::Metres => message!(
                "fault.ring.far",
                "vertex {vertex}, ({x}, {y}), is too far away to be a place"
            ),
        };
        let fault = fault.with("vertex", vertex).with("x", c.x).with("y", c.y);
        return defect(fault, Some([c.x, c.y]));
    }
    let fault = ring_fault(line)?;
    let at = match &fault {
        RingFault::Crossing { at, .. } => Some([at.x, at.y]),
        _ => None,
    };
    defect(fault.message(), at)
}

/// Holes outside their shells, rings that cross, parts that lie on each other.
fn fault_between_rings(
    id: &str,
    ground: &MultiPolygon<f64>,
    lattice: &MultiPolygon<f64>,
) -> Option<Defect> {
    if rings(ground).count() < 2 {
        return None;
    }
    if let Some(([first, ring], at)) = rings_crossing(ground) {
        return Some(Defect::Ring {
            id: id.to_owned(),
            ring,
            fault: message!(
                "fault.ring.rings",
                "crosses ring {first} or runs along it",
                first = first
            ),
            at: Some([at.x, at.y]),
        });
    }
    // Rings that do not cross are nested rightly if and only if what they bound has the area that
    // their signs add up to; else at least the area of a ring is amiss.
    let areas = || rings(lattice).map(|r| Polygon::new(r.clone(), vec![]).signed_area());
    let bound = lattice
        .union_with_fill_rule(&MultiPolygon::new(vec![]), FillRule::Positive)
        .unsigned_area();
    let smallest = areas().map(f64::abs).fold(f64::INFINITY, f64::min);
    ((areas().sum::<f64>() - bound).abs() > 0.5 * smallest).then(|| Defect::Ring {
        id: id.to_owned(),
        ring: 0,
        fault: message!(
            "fault.ring.nested",
            "has a hole outside its shell, or parts that lie on each other"
        ),
        at: None,
    })
}

fn edges(lattice: &MultiPolygon<f64>) -> impl Iterator<Item = Edge> {
    rings(lattice).flat_map(|r| r.lines().map(|l| (point(l.start), point(l.end))))
}

fn edges_reversed(lattice: &MultiPolygon<f64>) -> impl Iterator<Item = Edge> {
    edges(lattice).map(|(from, to)| (to, from))
}

fn vertices(area: &MultiPolygon<f64>) -> usize {
    rings(area).map(|r| r.0.len().saturating_sub(1)).sum()
}

fn rings(area: &MultiPolygon<f64>) -> impl Iterator<Item = &LineString<f64>> {
    area.iter()
        .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()))
}

/// Counted from plus zero: the sum of no numbers is minus zero, which people would read.
fn total_area(defects: &[Defect]) -> f64 {
    defects.iter().map(defect_area).fold(0.0, |a, b| a + b)
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
        let origin = point(coords[0]);
        let doubled: i128 = coords
            .windows(2)
            .map(|w| cross(origin, point(w[0]), point(w[1])))
            .sum();
        if (doubled > 0) != positive {
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

fn gap(lattice: &Polygon<f64>, resolution: f64, unit: CoordinateUnit) -> Option<Defect> {
    let area = MultiPolygon::new(vec![lattice.clone()]);
    // Beyond the clipper's range corners are rounded: no wider than that, it is no gap.
    let rim: f64 = rings(&area).map(|r| Euclidean.length(r)).sum();
    if resolution > 1.0 && area.unsigned_area() < rim * resolution {
        return None;
    }
    let (area_m2, at, sliver) = measure(&area, unit)?;
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

/// The pairs of polygons that hold the same ground, clipped against each other.
///
/// Only polygons whose box meets a piece of ground `held_twice` are looked at.
fn overlaps(
    polygons: &[Sound<'_>],
    held_twice: &MultiPolygon<f64>,
    unit: CoordinateUnit,
) -> Vec<Defect> {
    let boxes: Vec<Option<AABB<[f64; 2]>>> = polygons
        .iter()
        .map(|p| envelope(p.lattice.bounding_rect()))
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
    let near = |around: AABB<[f64; 2]>| {
        let mut near: Vec<usize> = tree
            .locate_in_envelope_intersecting(around)
            .map(|b| b.index)
            .collect();
        near.sort_unstable();
        near
    };
    let mut suspects = vec![false; polygons.len()];
    for piece in held_twice {
        for i in envelope(piece.bounding_rect()).into_iter().flat_map(near) {
            suspects[i] = true;
        }
    }
    let mut found = Vec::new();
    for (i, a) in polygons.iter().enumerate().filter(|(i, _)| suspects[*i]) {
        for j in boxes[i].into_iter().flat_map(near) {
            if j <= i || !suspects[j] {
                continue;
            }
            let b = &polygons[j];
            if let Some((area_m2, at, sliver)) = measure(&a.lattice.intersection(&b.lattice), unit)
            {
                found.push(Defect::Overlap {
                    a: a.id.to_owned(),
                    b: b.id.to_owned(),
                    area_m2,
                    at,
                    sliver,
                });
            }
        }
    }
    by_size(found)
}

fn envelope(rect: Option<Rect>) -> Option<AABB<[f64; 2]>> {
    rect.map(|r| AABB::from_corners([r.min().x, r.min().y], [r.max().x, r.max().y]))
}

#[cfg(test)]
mod tests;
