//! Whether a ring is fit to bound an area.

use geo::{Coord, LineString, MultiPolygon};
use rstar::{AABB, RTree, RTreeObject};

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
/// area rule used here gives the right answer for them.
pub fn ring_fault(ring: &LineString<f64>) -> Option<RingFault> {
    let coords = &ring.0;
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
    if let Some(crossing) = first_crossing(ring) {
        return Some(crossing);
    }
    let origin = coords[0];
    let area: f64 = coords
        .windows(2)
        .map(|w| {
            (w[0].x - origin.x) * (w[1].y - origin.y) - (w[1].x - origin.x) * (w[0].y - origin.y)
        })
        .sum();
    (area == 0.0).then_some(RingFault::NoArea)
}

/// Where two different rings of one area cross or share an edge, `None` if they keep apart.
///
/// Rings are counted through all polygons, shell first. The coordinates must be finite.
pub fn rings_crossing(area: &MultiPolygon<f64>) -> Option<([usize; 2], Coord)> {
    let edges: Vec<Edge> = area
        .iter()
        .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()))
        .enumerate()
        .flat_map(|(ring, line)| edges_of(ring, line))
        .collect();
    crossing_edges(&edges, |a, b| a.ring < b.ring).map(|(a, b, at)| ([a.ring, b.ring], at))
}

#[derive(Clone, Copy)]
struct Edge {
    ring: usize,
    index: usize,
    a: Coord,
    b: Coord,
}

impl RTreeObject for Edge {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners([self.a.x, self.a.y], [self.b.x, self.b.y])
    }
}

fn edges_of(ring: usize, line: &LineString<f64>) -> impl Iterator<Item = Edge> {
    line.lines()
        .enumerate()
        .filter(|(_, l)| l.start != l.end)
        .map(move |(index, l)| Edge {
            ring,
            index,
            a: l.start,
            b: l.end,
        })
}

fn first_crossing(ring: &LineString<f64>) -> Option<RingFault> {
    let edges: Vec<Edge> = edges_of(0, ring).collect();
    crossing_edges(&edges, |a, b| a.index < b.index).map(|(a, b, at)| RingFault::Crossing {
        at,
        edges: [a.index, b.index],
    })
}

/// The first two edges that cross among the pairs that `paired` takes.
fn crossing_edges(
    edges: &[Edge],
    paired: impl Fn(&Edge, &Edge) -> bool,
) -> Option<(Edge, Edge, Coord)> {
    let tree = RTree::bulk_load(edges.to_vec());
    edges.iter().find_map(|edge| {
        tree.locate_in_envelope_intersecting(edge.envelope())
            .filter(|other| paired(edge, other))
            .find_map(|other| Some((*edge, *other, crossing(edge, other)?)))
    })
}

fn orientation(a: Coord, b: Coord, c: Coord) -> f64 {
    let at = |p: Coord| robust::Coord { x: p.x, y: p.y };
    robust::orient2d(at(a), at(b), at(c))
}

/// Where two edges cross in their interiors, or the middle of what they share if they overlap.
fn crossing(p: &Edge, q: &Edge) -> Option<Coord> {
    let (c, d) = (orientation(p.a, p.b, q.a), orientation(p.a, p.b, q.b));
    let (a, b) = (orientation(q.a, q.b, p.a), orientation(q.a, q.b, p.b));
    if c == 0.0 && d == 0.0 {
        let along = |v: Coord| {
            let (ex, ey) = (p.b.x - p.a.x, p.b.y - p.a.y);
            ((v.x - p.a.x) * ex + (v.y - p.a.y) * ey) / (ex * ex + ey * ey)
        };
        let (low, high) = (
            along(q.a).min(along(q.b)).max(0.0),
            along(q.a).max(along(q.b)).min(1.0),
        );
        let middle = 0.5 * (low + high);
        return (high > low).then_some(Coord {
            x: p.a.x + middle * (p.b.x - p.a.x),
            y: p.a.y + middle * (p.b.y - p.a.y),
        });
    }
    let proper = (c > 0.0) != (d > 0.0)
        && (a > 0.0) != (b > 0.0)
        && c != 0.0
        && d != 0.0
        && a != 0.0
        && b != 0.0;
    proper.then(|| {
        let share = a / (a - b);
        Coord {
            x: p.a.x + share * (p.b.x - p.a.x),
            y: p.a.y + share * (p.b.y - p.a.y),
        }
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
        let with_hole =
            |hole| MultiPolygon::new(vec![geo::Polygon::new(square(0.0, 10.0), vec![hole])]);
        assert_eq!(rings_crossing(&with_hole(square(2.0, 5.0))), None);
        let found = rings_crossing(&with_hole(square(5.0, 12.0)));
        assert!(matches!(found, Some(([0, 1], _))), "{found:?}");
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
