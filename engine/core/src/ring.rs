//! Whether a ring is fit to bound an area.

use std::ops::Range;

use geo::{Coord, InteriorPoint, LineString, MultiPolygon, Polygon};
use rstar::{AABB, RTree, RTreeObject};

use crate::index::crosses_to_the_east;
use crate::message;
use crate::message::Message;

/// What is wrong with a ring.
#[derive(Clone, Debug, PartialEq)]
pub enum RingFault {
    /// A coordinate is NaN or infinite.
    NotFinite {
        /// Position of the vertex in the ring, from 0.
        vertex: usize,
    },
    /// Fewer than four vertices with the closing one.
    TooFewVertices {
        /// Vertices found.
        found: usize,
    },
    /// The last vertex is not the first.
    NotClosed,
    /// Two edges cross, or run on top of each other.
    Crossing {
        /// Where.
        at: Coord,
        /// Positions of the two edges in the ring, from 0.
        edges: [usize; 2],
    },
    /// The ring encloses nothing.
    NoArea,
}

impl RingFault {
    /// What is wrong, for both languages; the ring is named before it.
    pub fn message(&self) -> Message {
        match self {
            Self::NotFinite { vertex } => message!(
                "fault.ring.finite",
                "vertex {vertex} is not a finite number",
                vertex = *vertex
            ),
            Self::TooFewVertices { found } => message!(
                "fault.ring.few",
                "has {found} vertices where at least 4 are needed",
                found = *found
            ),
            Self::NotClosed => message!(
                "fault.ring.open",
                "is not closed: its last vertex differs from its first"
            ),
            Self::Crossing { at, edges } => message!(
                "fault.ring.crosses",
                "crosses itself at ({x}, {y}), edges {first} and {second}",
                x = at.x,
                y = at.y,
                first = edges[0],
                second = edges[1]
            ),
            Self::NoArea => message!("fault.ring.area", "encloses no area"),
        }
    }
}

impl std::fmt::Display for RingFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.message().fmt(f)
    }
}

/// The first fault of a ring, `None` if it is sound. O(n log n) for rings of a map.
///
/// A ring that merely touches itself in a point is let through: surveys contain them, and every
/// area rule used here gives the right answer for them. One that crosses itself there is not.
pub fn ring_fault(ring: &LineString<f64>) -> Option<RingFault> {
    RingCheck::default().fault(&ring.0)
}

/// Where two different rings of one area cross or share an edge, `None` if they keep apart.
///
/// Rings are counted through all polygons, shell first. The coordinates must be finite.
pub fn rings_crossing(area: &MultiPolygon<f64>) -> Option<([usize; 2], Coord)> {
    let rings: Vec<&[Coord]> = area
        .iter()
        .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()))
        .map(|ring| ring.0.as_slice())
        .collect();
    RingCheck::default().crossing_between(&rings)
}

/// Checks rings one after the other without allocating for each.
#[derive(Debug, Default)]
pub struct RingCheck {
    edges: Vec<Edge>,
    /// Where the edges of each ring stand in `edges`.
    spans: Vec<Range<usize>>,
    boxes: Vec<EdgeBox>,
}

impl RingCheck {
    /// The first fault of a ring, closing vertex included; `None` if it is sound.
    pub fn fault(&mut self, coords: &[Coord]) -> Option<RingFault> {
        if let Some(vertex) = coords
            .iter()
            .position(|c| !(c.x.is_finite() && c.y.is_finite()))
        {
            return Some(RingFault::NotFinite { vertex });
        }
        if coords.len() < 4 {
            return Some(RingFault::TooFewVertices {
                found: coords.len(),
            });
        }
        if coords.first() != coords.last() {
            return Some(RingFault::NotClosed);
        }
        self.take(&[coords]);
        if let Some((p, q, at)) = self.first_fault(|_, _| true) {
            let (p, q) = (self.edges[p].index, self.edges[q].index);
            return Some(RingFault::Crossing {
                at,
                edges: [p.min(q) as usize, p.max(q) as usize],
            });
        }
        (doubled_area(coords) == 0.0).then_some(RingFault::NoArea)
    }

    /// Where two different rings cross or share an edge. The coordinates must be finite.
    pub fn crossing_between(&mut self, rings: &[&[Coord]]) -> Option<([usize; 2], Coord)> {
        self.take(rings);
        let (p, q, at) = self.first_fault(|p, q| p.ring != q.ring)?;
        let (p, q) = (self.edges[p].ring, self.edges[q].ring);
        Some(([p.min(q) as usize, p.max(q) as usize], at))
    }

    fn take(&mut self, rings: &[&[Coord]]) {
        self.edges.clear();
        self.spans.clear();
        for (ring, coords) in rings.iter().enumerate() {
            let start = self.edges.len();
            let edges = coords.windows(2).enumerate();
            self.edges
                .extend(edges.filter(|(_, w)| w[0] != w[1]).map(|(index, w)| Edge {
                    ring: ring as u32,
                    index: index as u32,
                    a: w[0],
                    b: w[1],
                }));
            self.spans.push(start..self.edges.len());
        }
    }

    /// The first pair among those that `paired` takes that cross.
    fn first_fault(
        &mut self,
        paired: impl Fn(&Edge, &Edge) -> bool,
    ) -> Option<(usize, usize, Coord)> {
        let mut boxes = std::mem::take(&mut self.boxes);
        let found = self.pairs(&mut boxes, |i, j| {
            let (i, j) = (i.min(j), i.max(j));
            if !paired(&self.edges[i], &self.edges[j]) {
                return None;
            }
            Some((i, j, self.crossing(i, j)?))
        });
        self.boxes = boxes;
        found
    }

    /// Hands every pair of edges whose boxes meet to `look` until it finds something.
    ///
    /// A sweep along the axis in which the edges are shorter; where the edges of a layer are so long that it would
    /// compare most pairs, a tree.
    fn pairs<T>(
        &self,
        boxes: &mut Vec<EdgeBox>,
        mut look: impl FnMut(usize, usize) -> Option<T>,
    ) -> Option<T> {
        let extent = self.edges.iter().fold([0.0, 0.0], |[x, y], e| {
            [x + (e.a.x - e.b.x).abs(), y + (e.a.y - e.b.y).abs()]
        });
        let along_x = extent[0] <= extent[1];
        boxes.clear();
        boxes.extend(self.edges.iter().enumerate().map(|(k, e)| {
            let x = [e.a.x.min(e.b.x), e.a.x.max(e.b.x)];
            let y = [e.a.y.min(e.b.y), e.a.y.max(e.b.y)];
            let (along, across) = if along_x { (x, y) } else { (y, x) };
            EdgeBox {
                along,
                across,
                edge: k as u32,
            }
        }));
        boxes.sort_unstable_by(|p, q| p.along[0].total_cmp(&q.along[0]));
        let mut budget = SWEEP_BUDGET.saturating_mul(boxes.len());
        for (k, p) in boxes.iter().enumerate() {
            for q in &boxes[k + 1..] {
                if q.along[0] > p.along[1] {
                    break;
                }
                budget = budget.saturating_sub(1);
                if q.across[0] <= p.across[1]
                    && q.across[1] >= p.across[0]
                    && let Some(found) = look(p.edge as usize, q.edge as usize)
                {
                    return Some(found);
                }
            }
            if budget == 0 {
                return self.pairs_by_tree(look);
            }
        }
        None
    }

    fn pairs_by_tree<T>(&self, mut look: impl FnMut(usize, usize) -> Option<T>) -> Option<T> {
        let boxed = self.edges.iter().enumerate();
        let tree = RTree::bulk_load(boxed.map(|(k, e)| Boxed(k, e.a, e.b)).collect());
        (0..self.edges.len()).find_map(|i| {
            let around = Boxed(i, self.edges[i].a, self.edges[i].b).envelope();
            tree.locate_in_envelope_intersecting(around)
                .filter(|other| other.0 > i)
                .find_map(|other| look(i, other.0))
        })
    }

    /// Where two edges cross, run on top of each other, or belong to paths that cross in a vertex.
    fn crossing(&self, i: usize, j: usize) -> Option<Coord> {
        let (p, q) = (&self.edges[i], &self.edges[j]);
        let follow = self.before(j) == i || self.before(i) == j;
        if follow && !turns_back(p, q) {
            return None;
        }
        let (c, d) = (orientation(p.a, p.b, q.a), orientation(p.a, p.b, q.b));
        if c == 0.0 && d == 0.0 {
            return middle_of_shared(p, q).or_else(|| self.crossing_in_vertex(i, j));
        }
        if follow {
            return None;
        }
        if (c > 0.0 && d > 0.0) || (c < 0.0 && d < 0.0) {
            return None;
        }
        let (a, b) = (orientation(q.a, q.b, p.a), orientation(q.a, q.b, p.b));
        if (a > 0.0 && b > 0.0) || (a < 0.0 && b < 0.0) {
            return None;
        }
        if a == 0.0 || b == 0.0 || c == 0.0 || d == 0.0 {
            return self.crossing_in_vertex(i, j);
        }
        if let Some(crossed) = self.crossing_near_vertex(i, j) {
            return crossed;
        }
        let share = a / (a - b);
        Some(Coord {
            x: p.a.x + share * (p.b.x - p.a.x),
            y: p.a.y + share * (p.b.y - p.a.y),
        })
    }

    /// The edge before another in its ring.
    fn before(&self, edge: usize) -> usize {
        let span = &self.spans[self.edges[edge].ring as usize];
        match edge == span.start {
            true => span.end - 1,
            false => edge - 1,
        }
    }

    /// Whether the paths through the vertex where one edge begins on the other change sides there.
    fn crossing_in_vertex(&self, i: usize, j: usize) -> Option<Coord> {
        let (p, q) = (&self.edges[i], &self.edges[j]);
        if p.a == q.a {
            let path = |k: usize| [self.edges[self.before(k)].a, self.edges[k].b];
            return change_sides(p.a, path(i), path(j)).then_some(p.a);
        }
        for (edge, other) in [(i, j), (j, i)] {
            let (e, o) = (&self.edges[edge], &self.edges[other]);
            if is_inside(o.a, e) {
                let path = [self.edges[self.before(other)].a, o.b];
                return change_sides(o.a, [e.a, e.b], path).then_some(o.a);
            }
        }
        None
    }

    /// Two edges that cross properly, one of which ends so near the other that rounding of coordinates to 15 digits
    /// may have put it across: then only paths that change sides there cross. `None` where no end is near.
    fn crossing_near_vertex(&self, i: usize, j: usize) -> Option<Option<Coord>> {
        for (edge, other) in [(i, j), (j, i)] {
            let (e, o) = (&self.edges[edge], &self.edges[other]);
            let next = self.after(other);
            for (vertex, path) in [
                (o.a, [self.edges[self.before(other)].a, o.b]),
                (o.b, [o.a, self.edges[next].b]),
            ] {
                if distance_to_line(e, vertex) > rounding(vertex) {
                    continue;
                }
                let side = |c: Coord| orientation(e.a, e.b, c) > 0.0;
                return Some((side(path[0]) != side(path[1])).then_some(vertex));
            }
        }
        None
    }

    fn after(&self, edge: usize) -> usize {
        let span = &self.spans[self.edges[edge].ring as usize];
        match edge + 1 == span.end {
            true => span.start,
            false => edge + 1,
        }
    }
}

/// Pairs that a sweep may compare for each edge before a tree takes over [-].
const SWEEP_BUDGET: usize = 200;

/// How far rounding to 15 digits moves a coordinate, as a share of it, with both axes and a safety of two [-].
const ROUNDING: f64 = 1e-14;

fn rounding(c: Coord) -> f64 {
    ROUNDING * c.x.abs().max(c.y.abs())
}

/// Distance of a point from the line through an edge.
fn distance_to_line(edge: &Edge, c: Coord) -> f64 {
    let (ex, ey) = (edge.b.x - edge.a.x, edge.b.y - edge.a.y);
    (orientation(edge.a, edge.b, c) / ex.hypot(ey)).abs()
}

/// Whether a point on the line of an edge lies between its ends.
fn is_inside(c: Coord, edge: &Edge) -> bool {
    let within = |v: f64, a: f64, b: f64| v >= a.min(b) && v <= a.max(b);
    c != edge.a
        && c != edge.b
        && within(c.x, edge.a.x, edge.b.x)
        && within(c.y, edge.a.y, edge.b.y)
        && orientation(edge.a, edge.b, c) == 0.0
}

/// Whether two paths through one vertex cross: exactly one end of the second lies between the ends of the first.
fn change_sides(vertex: Coord, first: [Coord; 2], second: [Coord; 2]) -> bool {
    let between = |c: Coord| {
        let [a, b] = first;
        let turn = orientation(vertex, a, b);
        if turn > 0.0 {
            orientation(vertex, a, c) > 0.0 && orientation(vertex, c, b) > 0.0
        } else if turn < 0.0 {
            !(orientation(vertex, b, c) >= 0.0 && orientation(vertex, c, a) >= 0.0)
        } else {
            orientation(vertex, a, c) > 0.0
        }
    };
    between(second[0]) != between(second[1])
}

/// Twice the signed area of a ring, positive if it runs counter-clockwise.
pub fn doubled_area(coords: &[Coord]) -> f64 {
    let Some(origin) = coords.first() else {
        return 0.0;
    };
    coords
        .windows(2)
        .map(|w| {
            (w[0].x - origin.x) * (w[1].y - origin.y) - (w[1].x - origin.x) * (w[0].y - origin.y)
        })
        .sum()
}

/// Whether a ring lies inside another that it does not cross, though it may touch it.
pub(crate) fn lies_inside(inner: &[Coord], outer: &[Coord]) -> bool {
    let edges = || outer.windows(2);
    let is_on = |c: Coord| {
        edges().any(|w| {
            let edge = Edge {
                ring: 0,
                index: 0,
                a: w[0],
                b: w[1],
            };
            c == w[0] || is_inside(c, &edge)
        })
    };
    let holds = |c: Coord| {
        let crossed = edges().filter(|w| crosses_to_the_east(w[0], w[1], c.x, c.y));
        crossed.count() % 2 == 1
    };
    if let Some(free) = inner.iter().find(|c| !is_on(**c)) {
        return holds(*free);
    }
    // All of its vertices touch: a point of its ground decides.
    let ground = Polygon::new(LineString::new(inner.to_vec()), vec![]);
    ground.interior_point().is_some_and(|p| holds(p.0))
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    ring: u32,
    index: u32,
    a: Coord,
    b: Coord,
}

/// The box of an edge, along the sweep and across it.
#[derive(Clone, Copy, Debug)]
struct EdgeBox {
    along: [f64; 2],
    across: [f64; 2],
    edge: u32,
}

struct Boxed(usize, Coord, Coord);

impl RTreeObject for Boxed {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners([self.1.x, self.1.y], [self.2.x, self.2.y])
    }
}

fn orientation(a: Coord, b: Coord, c: Coord) -> f64 {
    let at = |p: Coord| robust::Coord { x: p.x, y: p.y };
    robust::orient2d(at(a), at(b), at(c))
}

/// Whether an edge may run back over the one before it: only then can two that follow each other share more than a
/// vertex.
fn turns_back(p: &Edge, q: &Edge) -> bool {
    (p.b.x - p.a.x) * (q.b.x - q.a.x) + (p.b.y - p.a.y) * (q.b.y - q.a.y) <= 0.0
}

/// The middle of what two edges on one line share, `None` if that is a point or nothing.
fn middle_of_shared(p: &Edge, q: &Edge) -> Option<Coord> {
    let along = |v: Coord| {
        let (ex, ey) = (p.b.x - p.a.x, p.b.y - p.a.y);
        ((v.x - p.a.x) * ex + (v.y - p.a.y) * ey) / (ex * ex + ey * ey)
    };
    let (low, high) = (
        along(q.a).min(along(q.b)).max(0.0),
        along(q.a).max(along(q.b)).min(1.0),
    );
    let middle = 0.5 * (low + high);
    (high > low).then_some(Coord {
        x: p.a.x + middle * (p.b.x - p.a.x),
        y: p.a.y + middle * (p.b.y - p.a.y),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(points: &[(f64, f64)]) -> Option<RingFault> {
        ring_fault(&LineString::from(points.to_vec()))
    }

    #[test]
    fn a_bow_tie_crosses_itself_in_its_middle() {
        let found = fault(&[(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0), (0.0, 0.0)]);
        assert_eq!(
            found,
            Some(RingFault::Crossing {
                at: Coord { x: 1.0, y: 1.0 },
                edges: [0, 2]
            })
        );
    }

    #[test]
    fn a_spike_runs_back_on_itself() {
        let found = fault(&[(0.0, 0.0), (4.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 0.0)]);
        assert!(
            matches!(found, Some(RingFault::Crossing { .. })),
            "{found:?}"
        );
    }

    #[test]
    fn rings_that_are_no_rings_are_named() {
        assert_eq!(
            fault(&[(0.0, 0.0), (f64::NAN, 0.0), (1.0, 1.0), (0.0, 0.0)]),
            Some(RingFault::NotFinite { vertex: 1 })
        );
        assert_eq!(
            fault(&[(0.0, 0.0), (1.0, 0.0), (0.0, 0.0)]),
            Some(RingFault::TooFewVertices { found: 3 })
        );
        assert_eq!(
            fault(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]),
            Some(RingFault::NotClosed)
        );
        assert_eq!(
            fault(&[(0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)]),
            Some(RingFault::NoArea)
        );
        assert_eq!(
            fault(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)]),
            None
        );
    }

    #[test]
    fn a_hole_that_leaves_its_shell_is_found() {
        let square = |low: f64, high: f64| {
            LineString::from(vec![
                (low, low),
                (high, low),
                (high, high),
                (low, high),
                (low, low),
            ])
        };
        let with_hole = |hole| MultiPolygon::new(vec![Polygon::new(square(0.0, 10.0), vec![hole])]);
        assert_eq!(rings_crossing(&with_hole(square(2.0, 5.0))), None);
        let found = rings_crossing(&with_hole(square(5.0, 12.0)));
        assert!(matches!(found, Some(([0, 1], _))), "{found:?}");
    }

    fn ring(points: &[(f64, f64)]) -> LineString<f64> {
        LineString::from(points.to_vec())
    }

    /// A ring of two loops whose paths change sides in a vertex they share has no inside that all agree on.
    #[test]
    fn a_figure_of_eight_that_crosses_in_a_vertex_is_named_there() {
        let eight = [
            (0.0, 0.0),
            (2.0, 2.0),
            (5.0, 5.0),
            (5.0, 2.0),
            (2.0, 2.0),
            (0.0, 2.0),
            (0.0, 0.0),
        ];
        let found = fault(&eight);
        assert!(
            matches!(found, Some(RingFault::Crossing { at, .. }) if at == Coord { x: 2.0, y: 2.0 }),
            "{found:?}"
        );
        // The same with no vertex of the first path where the second crosses it.
        let on_edge: Vec<(f64, f64)> = eight
            .iter()
            .enumerate()
            .filter(|(k, _)| *k != 1)
            .map(|(_, p)| *p)
            .collect();
        let found = fault(&on_edge);
        assert!(
            matches!(found, Some(RingFault::Crossing { at, .. }) if at == Coord { x: 2.0, y: 2.0 }),
            "{found:?}"
        );
    }

    #[test]
    fn a_ring_that_touches_its_own_edge_with_a_vertex_is_sound() {
        let touching = [
            (0.0, 0.0),
            (4.0, 0.0),
            (4.0, 4.0),
            (2.0, 0.0),
            (0.0, 4.0),
            (0.0, 0.0),
        ];
        assert_eq!(fault(&touching), None);
        // 15 digits of a point on a slanted edge lie beside it, on either side.
        for share in [0.1, 0.3, 1.0 / 3.0, 0.7, 0.9] {
            let (x, y) = (113.0 + 0.007 * share, 22.5 + 0.0033 * share);
            let (x, y): (f64, f64) = (
                format!("{x:.12}").parse().expect("a number"),
                format!("{y:.13}").parse().expect("a number"),
            );
            let ring = [
                (113.0, 22.5),
                (113.007, 22.5033),
                (113.005, 22.51),
                (x, y),
                (113.0, 22.51),
                (113.0, 22.5),
            ];
            assert_eq!(fault(&ring), None, "{share}");
        }
    }

    #[test]
    fn a_hole_that_leaves_its_shell_through_vertices_is_found() {
        let shell = ring(&[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (0.0, 0.0)]);
        let crossing = |hole: &[(f64, f64)]| {
            rings_crossing(&MultiPolygon::new(vec![Polygon::new(
                shell.clone(),
                vec![ring(hole)],
            )]))
        };
        let through = crossing(&[(1.0, 0.0), (2.0, -1.2), (3.0, 0.0), (2.0, 2.0), (1.0, 0.0)]);
        assert!(
            matches!(through, Some(([0, 1], at)) if at.y == 0.0),
            "{through:?}"
        );
        let through_corner =
            crossing(&[(0.0, 0.0), (-1.0, 1.0), (2.0, 2.0), (1.0, 0.5), (0.0, 0.0)]);
        assert!(through_corner.is_some());
        assert_eq!(
            crossing(&[(2.0, 0.0), (1.0, 2.0), (3.0, 2.0), (2.0, 0.0)]),
            None
        );
        assert_eq!(
            crossing(&[(0.0, 0.0), (1.0, 2.0), (2.0, 1.0), (0.0, 0.0)]),
            None
        );
    }

    #[test]
    fn long_edges_side_by_side_are_compared_by_a_tree() {
        // A comb of 2000 teeth turned by 45 degrees: sweeps along either axis would compare most pairs.
        let turned = |x: f64, y: f64| (x + y, y - x);
        let mut comb: Vec<(f64, f64)> = vec![turned(0.0, -1.0)];
        for k in 0..2000 {
            let x = f64::from(k);
            comb.push(turned(x, if k % 2 == 0 { 0.0 } else { 3000.0 }));
            comb.push(turned(x + 0.5, if k % 2 == 0 { 0.0 } else { 3000.0 }));
        }
        comb.push(turned(2000.0, -1.0));
        comb.push(comb[0]);
        assert_eq!(fault(&comb), None);
    }

    #[test]
    fn touching_in_a_point_is_let_through() {
        let two_loops = [
            (0.0, 0.0),
            (1.0, 1.0),
            (2.0, 0.0),
            (2.0, 2.0),
            (1.0, 1.0),
            (0.0, 2.0),
            (0.0, 0.0),
        ];
        assert_eq!(fault(&two_loops), None);
    }
}
