//! The edges that no neighbour runs along, and the ground that they bound.
//!
//! How many polygons hold a point is the winding number of all their edges about it. Two edges that
//! run against each other cancel, so the loose ones alone tell where the count is not one: in a
//! sound coverage that is its rim.

use geo::algorithm::bool_ops::FillRule;
use geo::{BooleanOps, Coord, LineString, MultiPolygon, Polygon};
use rstar::{AABB, RTree, RTreeObject};

/// A vertex, in steps of the lattice.
pub(super) type Point = [i64; 2];

/// A directed edge; the polygon lies on its left.
pub(super) type Edge = (Point, Point);

/// Edges left after every pair of opposite ones is taken away; as many enter each vertex as leave it.
pub(super) struct LooseEdges(Vec<Edge>);

impl LooseEdges {
    /// Cancels edges, exactly, also where a vertex lies in the middle of a neighbour's edge.
    pub(super) fn of(edges: Vec<Edge>) -> Self {
        Self(unmatched(split_at_vertices(&unmatched(edges))))
    }

    /// Ground that more than one polygon holds, in steps of the lattice.
    pub(super) fn held_twice(&self) -> MultiPolygon<f64> {
        let Some(frame) = self.frame() else {
            return MultiPolygon::new(vec![]);
        };
        // A clockwise frame around all takes one from every count.
        self.filled(Some(reversed(frame)), FillRule::Positive)
    }

    /// Ground that the loose edges enclose and that no polygon holds, in steps of the lattice.
    pub(super) fn enclosed(&self) -> Vec<Polygon<f64>> {
        let Some(frame) = self.frame() else {
            return Vec::new();
        };
        let west = frame.0[0].x;
        let outside = |p: &Polygon<f64>| p.exterior().coords().any(|c| c.x <= west);
        let mut empty = self.filled(Some(reversed(frame)), FillRule::Negative).0;
        empty.retain(|p| !outside(p));
        empty
    }

    /// Ground about which the edges wind clockwise: inside a reversed boundary and in no polygon.
    pub(super) fn wound_clockwise(&self) -> Vec<Polygon<f64>> {
        self.filled(None, FillRule::Negative).0
    }

    /// Side of the squares on which areas between edges are computed, in steps of the lattice: 1 up
    /// to a layer of 2³⁰ steps (107 km), more beyond, as the clipper counts in 32 bits.
    pub(super) fn resolution(&self) -> f64 {
        self.frame().map_or(1.0, |frame| {
            let (low, high) = (frame.0[0], frame.0[2]);
            ((high.x - low.x).max(high.y - low.y) / 2.0_f64.powi(29)).max(1.0)
        })
    }

    /// A counter-clockwise ring around all edges with room to spare, `None` without edges.
    fn frame(&self) -> Option<LineString<f64>> {
        let (first, _) = *self.0.first()?;
        let (low, high) = self.0.iter().fold((first, first), |(low, high), (p, _)| {
            (
                [low[0].min(p[0]), low[1].min(p[1])],
                [high[0].max(p[0]), high[1].max(p[1])],
            )
        });
        // A share of the extent, so that the frame stays apart when the clipper rounds.
        let margin = ((high[0] - low[0]).max(high[1] - low[1]) / 1000).max(8);
        let (low, high) = (low.map(|v| v - margin), high.map(|v| v + margin));
        Some(LineString::from_iter(
            [low, [high[0], low[1]], high, [low[0], high[1]], low].map(coord),
        ))
    }

    fn filled(&self, frame: Option<LineString<f64>>, rule: FillRule) -> MultiPolygon<f64> {
        let rings = self.loops().into_iter().chain(frame);
        let area = MultiPolygon::new(rings.map(|r| Polygon::new(r, vec![])).collect());
        area.union_with_fill_rule(&MultiPolygon::new(vec![]), rule)
    }

    /// The edges strung into closed walks. Where walks meet it does not matter which goes on how:
    /// the winding numbers are the same.
    fn loops(&self) -> Vec<LineString<f64>> {
        let mut edges = self.0.clone();
        edges.sort_unstable();
        let first_from = |p: Point| edges.partition_point(|e| e.0 < p);
        // How many of the edges that leave a vertex are used, kept at the first of them.
        let mut used = vec![0; edges.len()];
        let mut loops = Vec::new();
        for start in 0..edges.len() {
            let mut walk = Vec::new();
            let mut at = edges[start].0;
            loop {
                let first = first_from(at);
                let Some(edge) = used
                    .get(first)
                    .and_then(|n| edges.get(first + n))
                    .filter(|e| e.0 == at)
                else {
                    break;
                };
                used[first] += 1;
                walk.push(coord(at));
                at = edge.1;
            }
            if !walk.is_empty() {
                walk.push(walk[0]);
                loops.push(LineString::new(walk));
            }
        }
        loops
    }
}

fn coord(p: Point) -> Coord {
    Coord {
        x: p[0] as f64,
        y: p[1] as f64,
    }
}

fn reversed(mut ring: LineString<f64>) -> LineString<f64> {
    ring.0.reverse();
    ring
}

/// Takes every pair of opposite edges away.
fn unmatched(mut edges: Vec<Edge>) -> Vec<Edge> {
    let ends = |e: &Edge| (e.0.min(e.1), e.0.max(e.1));
    edges.retain(|e| e.0 != e.1);
    edges.sort_unstable_by_key(|e| (ends(e), *e));
    let mut left = Vec::new();
    for group in edges.chunk_by(|a, b| ends(a) == ends(b)) {
        let forward = group.iter().filter(|e| e.0 < e.1).count();
        let backward = group.len() - forward;
        let (from, to) = ends(&group[0]);
        let edge = if forward > backward {
            (from, to)
        } else {
            (to, from)
        };
        left.extend(std::iter::repeat_n(edge, forward.abs_diff(backward)));
    }
    left
}

struct Vertex(Point);

impl RTreeObject for Vertex {
    type Envelope = AABB<[i64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_point(self.0)
    }
}

fn split_at_vertices(edges: &[Edge]) -> Vec<Edge> {
    let mut points: Vec<Point> = edges.iter().map(|e| e.0).collect();
    points.sort_unstable();
    points.dedup();
    let tree = RTree::bulk_load(points.into_iter().map(Vertex).collect());
    let mut split = Vec::with_capacity(edges.len());
    for &(a, b) in edges {
        let mut on: Vec<Point> = tree
            .locate_in_envelope_intersecting(AABB::from_corners(a, b))
            .map(|v| v.0)
            .filter(|&p| p != a && p != b && cross(a, b, p) == 0)
            .collect();
        on.sort_by_key(|p| (p[0] - a[0]).abs().max((p[1] - a[1]).abs()));
        let mut from = a;
        for to in on.into_iter().chain([b]) {
            split.push((from, to));
            from = to;
        }
    }
    split
}

/// Twice the signed area of a triangle, exact for coordinates up to 2⁶² steps.
pub(super) fn cross(a: Point, b: Point, c: Point) -> i128 {
    let d = |p: Point, axis: usize| i128::from(p[axis]) - i128::from(a[axis]);
    d(b, 0) * d(c, 1) - d(b, 1) * d(c, 0)
}
