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

/// The edges that no other polygon runs along in the other direction.
#[derive(Default)]
struct LooseEdges {
    /// From, to, owner.
    edges: Vec<(Point, Point, usize)>,
    /// Some edge occurs more than once in the same direction: polygons lie on top of each other.
    has_tangle: bool,
}

fn loose_edges(polygons: &[MultiPolygon<f64>]) -> LooseEdges {
    let mut edges: Vec<(Point, Point, usize)> = polygons
        .iter()
        .enumerate()
        .flat_map(|(owner, p)| {
            rings(p).flat_map(move |r| {
                r.lines()
                    .map(move |l| (point(l.start), point(l.end), owner))
            })
        })
        .filter(|(a, b, _)| a != b)
        .collect();
    let mut loose = unmatched(&mut edges);
    if !loose.edges.is_empty() {
        // A neighbour may have a vertex in the middle of an edge: split there and match again.
        let mut split = split_at_vertices(&loose.edges);
        let tangle = loose.has_tangle;
        loose = unmatched(&mut split);
        loose.has_tangle |= tangle;
    }
    loose
}

/// Takes every pair of opposite edges away.
fn unmatched(edges: &mut [(Point, Point, usize)]) -> LooseEdges {
    let key = |e: &(Point, Point, usize)| {
        if e.0 < e.1 {
            (e.0, e.1, false)
        } else {
            (e.1, e.0, true)
        }
    };
    edges.sort_unstable_by_key(|e| (key(e), e.2));
    let mut loose = LooseEdges::default();
    for group in edges.chunk_by(|a, b| (key(a).0, key(a).1) == (key(b).0, key(b).1)) {
        let forward: Vec<_> = group.iter().filter(|e| !key(e).2).collect();
        let backward: Vec<_> = group.iter().filter(|e| key(e).2).collect();
        let pairs = forward.len().min(backward.len());
        loose.has_tangle |= forward.len() > 1 || backward.len() > 1;
        loose.edges.extend(forward.into_iter().skip(pairs).copied());
        loose
            .edges
            .extend(backward.into_iter().skip(pairs).copied());
        if group.len() > 2 {
            // Which of them belong together is not known: all their owners must be looked at.
            loose.edges.extend(group.iter().take(2 * pairs).copied());
        }
    }
    loose
}

struct Vertex(Point);

impl RTreeObject for Vertex {
    type Envelope = AABB<[i64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_point(self.0)
    }
}

fn split_at_vertices(edges: &[(Point, Point, usize)]) -> Vec<(Point, Point, usize)> {
    let mut points: Vec<Point> = edges.iter().flat_map(|e| [e.0, e.1]).collect();
    points.sort_unstable();
    points.dedup();
    let tree = RTree::bulk_load(points.into_iter().map(Vertex).collect());
    let mut split = Vec::with_capacity(edges.len());
    for &(a, b, owner) in edges {
        let mut on: Vec<Point> = tree
            .locate_in_envelope_intersecting(AABB::from_corners(a, b))
            .map(|v| v.0)
            .filter(|&p| p != a && p != b && cross(a, b, p) == 0)
            .collect();
        let along = |p: &Point| {
            let (dx, dy) = (i128::from(p[0] - a[0]), i128::from(p[1] - a[1]));
            dx * dx + dy * dy
        };
        on.sort_by_key(along);
        let mut from = a;
        for to in on.into_iter().chain([b]) {
            split.push((from, to, owner));
            from = to;
        }
    }
    split
}

fn cross(a: Point, b: Point, c: Point) -> i128 {
    let d = |p: Point, axis: usize| i128::from(p[axis]) - i128::from(a[axis]);
    d(b, 0) * d(c, 1) - d(b, 1) * d(c, 0)
}

impl LooseEdges {
    /// Loops of loose edges that run clockwise: the polygons around them look inward.
    fn gaps(&self, unit: CoordinateUnit) -> Vec<Defect> {
        let mut next: BTreeMap<Point, Vec<Point>> = BTreeMap::new();
        for (a, b, _) in &self.edges {
            next.entry(*a).or_default().push(*b);
        }
        let mut gaps = Vec::new();
        while let Some(start) = next
            .iter()
            .find(|(_, to)| !to.is_empty())
            .map(|(from, _)| *from)
        {
            let mut path = vec![start];
            while let Some(to) = next
                .get_mut(path.last().expect("a path has a start"))
                .and_then(Vec::pop)
            {
                // A path that meets itself has closed a loop: take it off and go on.
                if let Some(at) = path.iter().position(|p| *p == to) {
                    gaps.extend(gap_of_loop(&path[at..], unit));
                    path.truncate(at + 1);
                } else {
                    path.push(to);
                }
            }
        }
        by_size(gaps)
    }
}

fn gap_of_loop(points: &[Point], unit: CoordinateUnit) -> Option<Defect> {
    let doubled: i128 = points
        .iter()
        .enumerate()
        .map(|(i, p)| cross(points[0], *p, points[(i + 1) % points.len()]))
        .sum();
    if doubled >= 0 {
        return None;
    }
    let ring = LineString::from_iter(points.iter().rev().map(|p| Coord {
        x: p[0] as f64,
        y: p[1] as f64,
    }));
    gap(&Polygon::new(ring, vec![]), unit)
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

fn gaps_of_union(
    lattice: &[MultiPolygon<f64>],
    boundary: Option<&MultiPolygon<f64>>,
    unit: CoordinateUnit,
) -> Vec<Defect> {
    let union = geo::algorithm::bool_ops::unary_union(lattice);
    let missing: Vec<Polygon<f64>> = match boundary {
        Some(outer) => on_lattice(outer, unit)
            .difference(&union)
            .into_iter()
            .collect(),
        None => union
            .iter()
            .flat_map(|p| {
                p.interiors()
                    .iter()
                    .map(|r| Polygon::new(r.clone(), vec![]))
            })
            .collect(),
    };
    by_size(missing.iter().filter_map(|p| gap(p, unit)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn polygon(id: &str, points: &[(f64, f64)]) -> Polygonal {
        let ring = LineString::from(points.to_vec());
        Polygonal {
            id: id.to_owned(),
            polygon: MultiPolygon::new(vec![Polygon::new(ring, vec![])]),
        }
    }

    /// n × n cells with jittered corners: a sound coverage.
    fn jittered(n: usize, jitter: &[f64]) -> Vec<Polygonal> {
        let corner = |i: usize, j: usize| {
            let k = (j * (n + 1) + i) * 2;
            let shift = |k: usize| 30.0 * (jitter[k % jitter.len()] - 0.5);
            (i as f64 * 100.0 + shift(k), j as f64 * 100.0 + shift(k + 1))
        };
        (0..n * n)
            .map(|c| {
                let (i, j) = (c % n, c / n);
                polygon(
                    &format!("{i}-{j}"),
                    &[
                        corner(i, j),
                        corner(i + 1, j),
                        corner(i + 1, j + 1),
                        corner(i, j + 1),
                        corner(i, j),
                    ],
                )
            })
            .collect()
    }

    #[test]
    fn an_added_square_metre_is_an_overlap_and_a_missing_one_a_gap() {
        let mut layer = jittered(4, &[0.5]);
        // Corner (200, 200): cell 1-1 grows by 1 m² into 2-1, cell 2-2 draws back by 1 m².
        layer[5] = polygon(
            "1-1",
            &[
                (100.0, 100.0),
                (200.0, 100.0),
                (200.0, 150.0),
                (201.0, 150.0),
                (201.0, 151.0),
                (200.0, 151.0),
                (200.0, 200.0),
                (100.0, 200.0),
                (100.0, 100.0),
            ],
        );
        layer[10] = polygon(
            "2-2",
            &[
                (200.0, 200.0),
                (250.0, 200.0),
                (250.0, 201.0),
                (251.0, 201.0),
                (251.0, 200.0),
                (300.0, 200.0),
                (300.0, 300.0),
                (200.0, 300.0),
                (200.0, 200.0),
            ],
        );
        let report = check_coverage(&layer, CoordinateUnit::Metres, None);
        assert!((report.overlap_area_m2 - 1.0).abs() < 1e-3, "{report:?}");
        assert!((report.gap_area_m2 - 1.0).abs() < 1e-3, "{report:?}");
        let places: Vec<[f64; 2]> = report
            .defects
            .iter()
            .filter_map(|d| match d {
                Defect::Gap { at, .. } | Defect::Overlap { at, .. } => Some(*at),
                _ => None,
            })
            .collect();
        assert_eq!(places.len(), 2);
        assert!((places[0][0] - 200.5).abs() < 0.5 && (places[0][1] - 150.5).abs() < 0.5);
        assert!((places[1][0] - 250.5).abs() < 0.5 && (places[1][1] - 200.5).abs() < 0.5);
    }

    #[test]
    fn a_vertex_in_the_middle_of_a_neighbours_edge_is_no_defect() {
        let layer = [
            polygon(
                "west",
                &[
                    (0.0, 0.0),
                    (10.0, 0.0),
                    (10.0, 5.0),
                    (10.0, 10.0),
                    (0.0, 10.0),
                    (0.0, 0.0),
                ],
            ),
            polygon(
                "east",
                &[
                    (10.0, 0.0),
                    (20.0, 0.0),
                    (20.0, 10.0),
                    (10.0, 10.0),
                    (10.0, 0.0),
                ],
            ),
        ];
        assert!(
            check_coverage(&layer, CoordinateUnit::Metres, None)
                .defects
                .is_empty()
        );
    }

    #[test]
    fn the_same_polygon_twice_overlaps_wholly() {
        let a = polygon(
            "a",
            &[
                (0.0, 0.0),
                (10.0, 0.0),
                (10.0, 10.0),
                (0.0, 10.0),
                (0.0, 0.0),
            ],
        );
        let b = Polygonal {
            id: "b".into(),
            ..a.clone()
        };
        let report = check_coverage(&[a, b], CoordinateUnit::Metres, None);
        assert!((report.overlap_area_m2 - 100.0).abs() < 1e-6, "{report:?}");
    }

    #[test]
    fn a_boundary_shows_what_is_missing_at_the_rim() {
        let layer = [polygon(
            "a",
            &[(0.0, 0.0), (9.0, 0.0), (9.0, 10.0), (0.0, 10.0), (0.0, 0.0)],
        )];
        let outer = polygon(
            "o",
            &[
                (0.0, 0.0),
                (10.0, 0.0),
                (10.0, 10.0),
                (0.0, 10.0),
                (0.0, 0.0),
            ],
        )
        .polygon;
        let report = check_coverage(&layer, CoordinateUnit::Metres, Some(&outer));
        assert!((report.gap_area_m2 - 10.0).abs() < 1e-6, "{report:?}");
    }

    #[test]
    fn rings_that_bound_nothing_are_named() {
        let layer = [
            polygon(
                "bow",
                &[(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0), (0.0, 0.0)],
            ),
            polygon(
                "nan",
                &[(0.0, 0.0), (f64::NAN, 2.0), (2.0, 0.0), (0.0, 0.0)],
            ),
            polygon(
                "nan",
                &[(0.0, 0.0), (1e300, 2.0), (2.0, f64::INFINITY), (0.0, 0.0)],
            ),
        ];
        let report = check_coverage(&layer, CoordinateUnit::Metres, None);
        assert_eq!(
            report
                .defects
                .iter()
                .filter(|d| matches!(d, Defect::Ring { .. }))
                .count(),
            3
        );
        assert!(
            report
                .defects
                .contains(&Defect::SameCode { id: "nan".into() })
        );
    }

    proptest! {
        #[test]
        fn a_jittered_partition_is_sound(jitter in prop::collection::vec(0.0..1.0_f64, 50), n in 2..8_usize) {
            let report = check_coverage(&jittered(n, &jitter), CoordinateUnit::Metres, None);
            prop_assert_eq!(report.gap_area_m2, 0.0);
            prop_assert_eq!(report.overlap_area_m2, 0.0);
            prop_assert!(report.defects.is_empty(), "{:?}", report.defects);
        }

        #[test]
        fn a_moved_corner_opens_a_gap_or_an_overlap(
            jitter in prop::collection::vec(0.0..1.0_f64, 50), dx in 2.0..20.0_f64, dy in 2.0..20.0_f64,
        ) {
            let mut layer = jittered(4, &jitter);
            let mut ring = layer[5].polygon.0[0].exterior().0.clone();
            ring[2].x += dx;
            ring[2].y += dy;
            layer[5].polygon = MultiPolygon::new(vec![Polygon::new(LineString::new(ring), vec![])]);
            let report = check_coverage(&layer, CoordinateUnit::Metres, None);
            prop_assert!(report.gap_area_m2 + report.overlap_area_m2 > 1.0, "{:?}", report);
        }

        #[test]
        fn no_polygons_make_it_panic(
            rings in prop::collection::vec(prop::collection::vec((-3i8..4, -3i8..4), 0..9), 0..6),
        ) {
            let layer: Vec<Polygonal> = rings.iter().enumerate().map(|(i, r)| {
                let points: Vec<(f64, f64)> = r.iter().map(|(x, y)| (f64::from(*x), f64::from(*y))).collect();
                polygon(&i.to_string(), &points)
            }).collect();
            let _ = check_coverage(&layer, CoordinateUnit::Metres, None);
        }
    }
}
