//! Edges on the integer lattice: those that no neighbour runs along, and how they meet.
//!
//! How many polygons hold a point is the winding number of all their edges about it. Two edges that
//! run against each other cancel, so the loose ones alone tell where the count is not one: in a
//! sound coverage that is its rim.

use geo::Coord;
use rstar::{AABB, RTree, RTreeObject};

use super::CoordinateUnit;
use crate::polygons::PolygonSet;

/// A vertex, in steps of the lattice.
pub(super) type Point = [i64; 2];

/// An edge from its lexicographically smaller end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    pub(super) from: Point,
    pub(super) to: Point,
    /// How many more polygons lie on its left than on its right.
    pub(super) weight: i32,
}

impl Edge {
    /// An edge with a polygon on its left.
    pub(super) fn directed(a: Point, b: Point) -> Self {
        match a <= b {
            true => Self {
                from: a,
                to: b,
                weight: 1,
            },
            false => Self {
                from: b,
                to: a,
                weight: -1,
            },
        }
    }
}

/// How far a vertex lies from an edge, or from another vertex, and still counts as on it [lattice steps]: rounding
/// moves each of the three by up to 0.71 steps, of which 15 digits of a degree need less than one in all.
pub(super) const SNAP: f64 = 1.5;

/// Crossings of loose edges that are followed; beyond them the ground between is not drawn.
const MOST_CROSSINGS: usize = 1 << 18;

/// Rounds of snapping: rounding a crossing can make edges cross anew; two or three are what happens.
const MOST_ROUNDS: usize = 12;

pub(super) fn point(c: Coord, unit: CoordinateUnit) -> Point {
    let steps = unit.per_lattice_step();
    [(c.x * steps).round() as i64, (c.y * steps).round() as i64]
}

/// Twice the signed area of a ring on the lattice, exact.
pub(super) fn doubled_area(ring: impl Iterator<Item = Point>) -> i128 {
    let mut ring = ring.peekable();
    let Some(&origin) = ring.peek() else {
        return 0;
    };
    let mut before = origin;
    let mut sum = 0;
    for p in ring {
        sum += cross(origin, before, p);
        before = p;
    }
    sum + cross(origin, before, origin)
}

/// Twice the signed area of a triangle, exact for coordinates up to 2⁶² steps.
pub(super) fn cross(a: Point, b: Point, c: Point) -> i128 {
    let d = |p: Point, axis: usize| i128::from(p[axis]) - i128::from(a[axis]);
    d(b, 0) * d(c, 1) - d(b, 1) * d(c, 0)
}

/// The edges of these rings that no other of them runs along in the opposite direction.
///
/// The edges are dealt by a hash of their ends, the same for both directions, into small heaps that are sorted one by
/// one: of a layer of a million polygons only four bytes an edge are held beside the layer.
pub(super) fn loose_edges(
    set: &PolygonSet,
    rings: impl Iterator<Item = usize> + Clone,
    unit: CoordinateUnit,
) -> Vec<Edge> {
    let coords = set.coords();
    let starts = || {
        rings.clone().flat_map(|ring| {
            let span = set.ring_span(ring);
            span.start..span.end.saturating_sub(1).max(span.start)
        })
    };
    let edge = |k: usize| Edge::directed(point(coords[k], unit), point(coords[k + 1], unit));
    let n = starts().count();
    let bits = (n / HEAP).next_power_of_two().trailing_zeros();
    if bits == 0 {
        return cancelled(starts().map(edge).collect());
    }
    let heap_of = |k: usize| (hash(&edge(k)) >> (64 - bits)) as usize;
    let mut ends = vec![0_u32; 1 << bits];
    for k in starts() {
        ends[heap_of(k)] += 1;
    }
    let mut sum = 0;
    for end in &mut ends {
        let count = *end;
        *end = sum;
        sum += count;
    }
    let mut dealt = vec![0_u32; n];
    for k in starts() {
        let end = &mut ends[heap_of(k)];
        dealt[*end as usize] = k as u32;
        *end += 1;
    }
    let mut loose = Vec::new();
    let mut start = 0;
    for end in ends {
        let heap = dealt[start..end as usize].iter().map(|k| edge(*k as usize));
        loose.extend(cancelled(heap.collect()));
        start = end as usize;
    }
    loose
}

/// Edges that are sorted at once: they fit into a cache.
const HEAP: usize = 4096;

fn hash(edge: &Edge) -> u64 {
    let mix = |h: u64, v: i64| {
        (h ^ v as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29)
    };
    let ends = [edge.from[0], edge.from[1], edge.to[0], edge.to[1]];
    ends.into_iter()
        .fold(0, mix)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Adds the weights of edges with the same ends, and leaves out those without weight or length.
pub(super) fn cancelled(mut edges: Vec<Edge>) -> Vec<Edge> {
    edges.retain(|e| e.from != e.to);
    edges.sort_unstable();
    edges.dedup_by(|next, kept| {
        let same = (next.from, next.to) == (kept.from, kept.to);
        if same {
            kept.weight += next.weight;
        }
        same
    });
    edges.retain(|e| e.weight != 0);
    edges
}

/// The edges cut where they meet, so that they share vertices and nothing else; `None` if they cross too often.
pub(super) fn settled(mut edges: Vec<Edge>) -> Option<Vec<Edge>> {
    for _ in 0..MOST_ROUNDS {
        let merged = merge_vertices(&mut edges);
        let near = cuts_near_vertices(&edges);
        let cut = !near.is_empty();
        if cut {
            edges = split(&edges, near);
        }
        if cut || merged {
            edges = cancelled(edges);
        }
        let crossings = crossings(&edges)?;
        let crossed = !crossings.is_empty();
        if crossed {
            edges = cancelled(split(&edges, crossings));
        }
        if !(merged || cut || crossed) {
            break;
        }
    }
    Some(edges)
}

/// All different ends, sorted.
pub(super) fn vertices_of(edges: &[Edge]) -> Vec<Point> {
    let mut points: Vec<Point> = edges.iter().flat_map(|e| [e.from, e.to]).collect();
    points.sort_unstable();
    points.dedup();
    points
}

/// Vertices that rounding set apart by one step become one. Whether there were any.
fn merge_vertices(edges: &mut [Edge]) -> bool {
    let points = vertices_of(edges);
    let mut kept: Vec<u32> = (0..points.len() as u32).collect();
    let mut merged = false;
    for i in 0..points.len() {
        let [x, y] = points[i];
        let mut join = |j: usize| {
            if kept[j] as usize == j {
                kept[j] = kept[i];
                merged = true;
            }
        };
        if points.get(i + 1) == Some(&[x, y + 1]) {
            join(i + 1);
        }
        let mut j = i + 1 + points[i + 1..].partition_point(|p| *p < [x + 1, y - 1]);
        while points.get(j).is_some_and(|p| *p <= [x + 1, y + 1]) {
            join(j);
            j += 1;
        }
    }
    if merged {
        let moved = |p: Point| match points.binary_search(&p) {
            Ok(i) => points[kept[i] as usize],
            Err(_) => p,
        };
        for edge in edges {
            let turned = Edge::directed(moved(edge.from), moved(edge.to));
            edge.weight *= turned.weight;
            (edge.from, edge.to) = (turned.from, turned.to);
        }
    }
    merged
}

/// Places at which edges are cut: the edge and the place.
type Cuts = Vec<(u32, Point)>;

struct Vertex(Point);

impl RTreeObject for Vertex {
    type Envelope = AABB<[i64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_point(self.0)
    }
}

/// Where a vertex lies on an edge, or so near that rounding has put it beside.
fn cuts_near_vertices(edges: &[Edge]) -> Cuts {
    let tree = RTree::bulk_load(vertices_of(edges).into_iter().map(Vertex).collect());
    let mut cuts = Vec::new();
    for (k, edge) in edges.iter().enumerate() {
        let (low, high) = (
            [edge.from[0] - 2, edge.from[1].min(edge.to[1]) - 2],
            [edge.to[0] + 2, edge.from[1].max(edge.to[1]) + 2],
        );
        let near = tree.locate_in_envelope_intersecting(AABB::from_corners(low, high));
        let on = near.map(|v| v.0).filter(|p| lies_on(edge, *p));
        cuts.extend(on.map(|p| (k as u32, p)));
    }
    cuts
}

/// Whether a vertex other than its ends lies on an edge, within [`SNAP`].
fn lies_on(edge: &Edge, p: Point) -> bool {
    if p == edge.from || p == edge.to {
        return false;
    }
    let along = dot(edge.from, edge.to, p);
    let squared = dot(edge.from, edge.to, edge.to);
    if along <= 0 || along >= squared {
        return false;
    }
    let beside = cross(edge.from, edge.to, p);
    beside == 0 || beside.unsigned_abs() as f64 <= SNAP * (squared as f64).sqrt()
}

fn dot(a: Point, b: Point, c: Point) -> i128 {
    let d = |p: Point, axis: usize| i128::from(p[axis]) - i128::from(a[axis]);
    d(b, 0) * d(c, 0) + d(b, 1) * d(c, 1)
}

struct Boxed(u32, AABB<[i64; 2]>);

impl RTreeObject for Boxed {
    type Envelope = AABB<[i64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.1
    }
}

/// Where edges cross, each place for both of them; `None` if there are too many.
fn crossings(edges: &[Edge]) -> Option<Cuts> {
    let boxed = edges.iter().enumerate();
    let tree = RTree::bulk_load(
        boxed
            .map(|(k, e)| Boxed(k as u32, AABB::from_corners(e.from, e.to)))
            .collect(),
    );
    let mut cuts = Vec::new();
    for (a, b) in tree.intersection_candidates_with_other_tree(&tree) {
        if a.0 >= b.0 {
            continue;
        }
        let (p, q) = (&edges[a.0 as usize], &edges[b.0 as usize]);
        let Some(place) = crossing(p, q) else {
            continue;
        };
        if cuts.len() / 2 >= MOST_CROSSINGS {
            return None;
        }
        for (k, edge) in [(a.0, p), (b.0, q)] {
            if place != edge.from && place != edge.to {
                cuts.push((k, place));
            }
        }
    }
    Some(cuts)
}

/// Where two edges cross in their interiors, on the lattice.
fn crossing(p: &Edge, q: &Edge) -> Option<Point> {
    let (c, d) = (cross(p.from, p.to, q.from), cross(p.from, p.to, q.to));
    if c == 0 || d == 0 || (c > 0) == (d > 0) {
        return None;
    }
    let (a, b) = (cross(q.from, q.to, p.from), cross(q.from, q.to, p.to));
    if a == 0 || b == 0 || (a > 0) == (b > 0) {
        return None;
    }
    let share = a as f64 / (a - b) as f64;
    let at = |axis: usize| {
        let length = (p.to[axis] - p.from[axis]) as f64;
        p.from[axis] + (share * length).round() as i64
    };
    Some([at(0), at(1)])
}

fn split(edges: &[Edge], mut cuts: Cuts) -> Vec<Edge> {
    let along = |(k, p): &(u32, Point)| {
        let edge = &edges[*k as usize];
        (*k, dot(edge.from, edge.to, *p))
    };
    cuts.sort_unstable_by_key(along);
    let mut pieces = Vec::with_capacity(edges.len() + cuts.len());
    let mut cuts = cuts.into_iter().peekable();
    for (k, edge) in edges.iter().enumerate() {
        let mut from = edge.from;
        let mut piece = |from: Point, to: Point| {
            let mut piece = Edge::directed(from, to);
            piece.weight *= edge.weight;
            pieces.push(piece);
        };
        while let Some((_, to)) = cuts.next_if(|(of, _)| *of == k as u32) {
            piece(from, to);
            from = to;
        }
        piece(from, edge.to);
    }
    pieces
}

/// The edges strung into closed walks, each edge as often as its weight. Where walks meet it does not matter which goes
/// on how: the areas and the winding numbers are the same.
pub(super) fn loops(edges: &[Edge]) -> Vec<Vec<Point>> {
    let mut directed: Vec<(Point, Point)> = Vec::with_capacity(edges.len());
    for edge in edges {
        let ends = match edge.weight > 0 {
            true => (edge.from, edge.to),
            false => (edge.to, edge.from),
        };
        let times = edge.weight.unsigned_abs() as usize;
        directed.extend(std::iter::repeat_n(ends, times));
    }
    directed.sort_unstable();
    let first_from = |p: Point| directed.partition_point(|e| e.0 < p);
    // How many of the edges that leave a vertex are used, kept at the first of them.
    let mut used = vec![0_u32; directed.len()];
    let mut loops = Vec::new();
    for start in 0..directed.len() {
        let mut walk = Vec::new();
        let mut at = directed[start].0;
        loop {
            let first = first_from(at);
            let Some(edge) = used
                .get(first)
                .and_then(|n| directed.get(first + *n as usize))
                .filter(|e| e.0 == at)
            else {
                break;
            };
            used[first] += 1;
            walk.push(at);
            at = edge.1;
        }
        if !walk.is_empty() {
            loops.push(walk);
        }
    }
    loops
}
