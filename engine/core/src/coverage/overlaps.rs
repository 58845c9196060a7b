//! Pairs of polygons that hold the same ground.

use rstar::{AABB, RTree, RTreeObject};

use crate::area::{geodesic_area_m2, small_ring_area_m2};

use super::lattice::{Point, cross, point};
use super::{
    Area, BooleanOps, Coord, CoordinateUnit, Defect, LineString, MOST_LISTED, MultiPolygon,
    Polygon, PolygonSet, measure, on_ground,
};

/// What the pairs come to: the largest are kept, all are counted.
#[derive(Debug, Default)]
pub(super) struct Overlaps {
    pub(super) count: usize,
    pub(super) area_m2: f64,
    pub(super) largest: Vec<Overlap>,
}

/// Ground that two polygons hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Overlap {
    polygons: [u32; 2],
    area_m2: f64,
    at: [f64; 2],
    sliver: bool,
}

impl Overlap {
    pub(super) fn defect<'a>(&self, id: impl Fn(usize) -> &'a str) -> Defect {
        let [a, b] = self.polygons.map(|p| id(p as usize).to_owned());
        Defect::Overlap {
            a,
            b,
            area_m2: self.area_m2,
            at: self.at,
            sliver: self.sliver,
        }
    }
}

impl Overlaps {
    fn push(&mut self, overlap: Overlap) {
        self.count += 1;
        self.area_m2 += overlap.area_m2;
        self.largest.push(overlap);
        if self.largest.len() >= 2 * MOST_LISTED {
            self.keep_largest();
        }
    }

    fn keep_largest(&mut self) {
        self.largest.sort_by(|a, b| {
            let by_area = b.area_m2.total_cmp(&a.area_m2);
            by_area.then(a.polygons.cmp(&b.polygons))
        });
        self.largest.truncate(MOST_LISTED);
    }
}

struct Boxed {
    polygon: u32,
    envelope: AABB<[i64; 2]>,
}

impl RTreeObject for Boxed {
    type Envelope = AABB<[i64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

/// Finds the pairs.
///
/// - `held_twice`: boxes of the ground that more than one polygon holds; only polygons that meet one are looked at.
///   `None` if that is not known.
pub(super) fn find(
    set: &PolygonSet,
    polygons: &[u32],
    held_twice: Option<&[[Point; 2]]>,
    unit: CoordinateUnit,
) -> Overlaps {
    let mut overlaps = Overlaps::default();
    if held_twice.is_some_and(<[_]>::is_empty) {
        return overlaps;
    }
    let boxed = |polygon: &u32| {
        let bounds = set.bounds(set.rings(*polygon as usize))?;
        Some(Boxed {
            polygon: *polygon,
            envelope: AABB::from_corners(point(bounds.min(), unit), point(bounds.max(), unit)),
        })
    };
    let mut suspects: Vec<Boxed> = polygons.iter().filter_map(boxed).collect();
    if let Some(held_twice) = held_twice {
        let ground = RTree::bulk_load(
            held_twice
                .iter()
                .map(|[low, high]| Boxed {
                    polygon: 0,
                    envelope: AABB::from_corners(*low, *high),
                })
                .collect(),
        );
        suspects.retain(|s| {
            let mut met = ground.locate_in_envelope_intersecting(s.envelope);
            met.next().is_some()
        });
    }
    let tree = RTree::bulk_load(suspects);
    let mut order: Vec<&Boxed> = tree.iter().collect();
    order.sort_unstable_by_key(|b| b.polygon);
    for a in order {
        let first = Ground::new(set, a.polygon, unit);
        let near = tree.locate_in_envelope_intersecting(a.envelope);
        let mut near: Vec<u32> = near.map(|b| b.polygon).filter(|b| *b > a.polygon).collect();
        near.sort_unstable();
        for b in near {
            let second = Ground::new(set, b, unit);
            if let Some((area_m2, at, sliver)) = first.overlap(&second) {
                overlaps.push(Overlap {
                    polygons: [a.polygon, b],
                    area_m2,
                    at,
                    sliver,
                });
            }
        }
    }
    overlaps.keep_largest();
    overlaps
}

/// A polygon on the lattice.
struct Ground<'a> {
    set: &'a PolygonSet,
    polygon: u32,
    unit: CoordinateUnit,
    /// Its outline, if that is convex.
    convex: Option<Vec<Point>>,
}

/// Vertices of convex polygons that are clipped directly.
const MOST_CONVEX: usize = 16;

impl<'a> Ground<'a> {
    fn new(set: &'a PolygonSet, polygon: u32, unit: CoordinateUnit) -> Self {
        let rings = set.rings(polygon as usize);
        let convex = (rings.len() == 1 && set.ring(rings.start).len() <= MOST_CONVEX).then(|| {
            let mut ring: Vec<Point> = set
                .ring(rings.start)
                .iter()
                .map(|c| point(*c, unit))
                .collect();
            ring.dedup();
            ring.pop();
            ring
        });
        let is_convex = |ring: &Vec<Point>| {
            let n = ring.len();
            n >= 3 && (0..n).all(|k| cross(ring[k], ring[(k + 1) % n], ring[(k + 2) % n]) >= 0)
        };
        Self {
            set,
            polygon,
            unit,
            convex: convex.filter(is_convex),
        }
    }

    fn overlap(&self, other: &Self) -> Option<(f64, [f64; 2], bool)> {
        match (&self.convex, &other.convex) {
            (Some(a), Some(b)) => {
                let shared = clipped(a, b)?;
                let ring = LineString::new(shared);
                self.measure(a[0], MultiPolygon::new(vec![Polygon::new(ring, vec![])]))
            }
            _ => {
                let origin = point(
                    self.set.ring(self.set.rings(self.polygon as usize).start)[0],
                    self.unit,
                );
                let shared = self.about(origin).intersection(&other.about(origin));
                self.measure(origin, shared)
            }
        }
    }

    /// The polygon in lattice steps from an origin.
    fn about(&self, origin: Point) -> MultiPolygon<f64> {
        geo::MapCoords::map_coords(&self.set.polygon(self.polygon as usize), |c| {
            let p = point(c, self.unit);
            Coord {
                x: (p[0] - origin[0]) as f64,
                y: (p[1] - origin[1]) as f64,
            }
        })
    }

    fn measure(&self, origin: Point, shared: MultiPolygon<f64>) -> Option<(f64, [f64; 2], bool)> {
        let steps = self.unit.per_lattice_step();
        let zero = on_ground(origin, self.unit);
        let pieces = shared.0.into_iter().filter(|p| p.exterior().0.len() > 3);
        let pieces = pieces.map(|p| {
            geo::MapCoords::map_coords(&p, |c: Coord| Coord {
                x: zero.x + c.x / steps,
                y: zero.y + c.y / steps,
            })
        });
        let measured = pieces.filter_map(|piece| {
            let area = match self.unit {
                CoordinateUnit::Degrees => degrees_area_m2(&piece),
                CoordinateUnit::Metres | CoordinateUnit::Projected { .. } => {
                    piece.unsigned_area() * self.unit.metres().powi(2)
                }
            };
            measure(&MultiPolygon::new(vec![piece]), area, self.unit)
        });
        let mut measured: Vec<(f64, [f64; 2], bool)> = measured.collect();
        measured.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (_, at, _) = *measured.first()?;
        let area = measured.iter().map(|m| m.0).fold(0.0, |a, b| a + b);
        Some((area, at, measured.iter().all(|m| m.2)))
    }
}

fn degrees_area_m2(piece: &Polygon<f64>) -> f64 {
    let small = match piece.interiors() {
        [] => small_ring_area_m2(&piece.exterior().0),
        _ => None,
    };
    small.unwrap_or_else(|| geodesic_area_m2(&MultiPolygon::new(vec![piece.clone()])))
}

/// What two convex rings share, in steps from the first vertex of the first; `None` if that is no area.
///
/// Source: Sutherland & Hodgman (1974), Communications of the ACM 17, 32–42.
fn clipped(a: &[Point], b: &[Point]) -> Option<Vec<Coord>> {
    let origin = a[0];
    let local = |p: &Point| Coord {
        x: (p[0] - origin[0]) as f64,
        y: (p[1] - origin[1]) as f64,
    };
    let mut ring: Vec<Coord> = a.iter().map(local).collect();
    for k in 0..b.len() {
        let (from, to) = (local(&b[k]), local(&b[(k + 1) % b.len()]));
        let side = |c: Coord| (to.x - from.x) * (c.y - from.y) - (to.y - from.y) * (c.x - from.x);
        let mut kept = Vec::with_capacity(ring.len() + 1);
        for (i, &c) in ring.iter().enumerate() {
            let before = ring[(i + ring.len() - 1) % ring.len()];
            let (p, q) = (side(before), side(c));
            if (p > 0.0 && q < 0.0) || (p < 0.0 && q > 0.0) {
                let share = p / (p - q);
                kept.push(Coord {
                    x: before.x + share * (c.x - before.x),
                    y: before.y + share * (c.y - before.y),
                });
            }
            if q >= 0.0 {
                kept.push(c);
            }
        }
        ring = kept;
        if ring.len() < 3 {
            return None;
        }
    }
    ring.push(ring[0]);
    Some(ring)
}
