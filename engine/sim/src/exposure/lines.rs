//! The parts of a line inside a polygon, exact up to rounding.

use stormgrid_core::geo::{BoundingRect, Coord, Line, LineString, MultiPolygon, Rect};

/// Parts of a segment shorter than this share of it are dropped [-]: they are rounding.
const SHORTEST_PART: f64 = 1e-12;

/// The boundary edges of a polygon with its box, ready for many lines.
pub(super) struct Edges {
    edges: Vec<Line<f64>>,
    bounds: Option<Rect<f64>>,
}

impl Edges {
    /// Collects all rings; each edge runs upwards, so that two neighbours that share an edge
    /// compute the same crossing from it.
    pub(super) fn of(polygon: &MultiPolygon<f64>) -> Self {
        let rings = polygon
            .iter()
            .flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()));
        let edges = rings
            .flat_map(LineString::lines)
            .map(|edge| {
                if (edge.start.y, edge.start.x) <= (edge.end.y, edge.end.x) {
                    edge
                } else {
                    Line::new(edge.end, edge.start)
                }
            })
            .collect();
        Self {
            edges,
            bounds: polygon.bounding_rect(),
        }
    }

    /// Whether a point is inside, by the parity of the edges that a ray to the east crosses.
    ///
    /// A point on an edge belongs to the polygon east of it, or north of it if the edge is level:
    /// of the polygons of a coverage exactly one holds it.
    pub(super) fn contain(&self, at: Coord<f64>) -> bool {
        let crossed = self.edges.iter().filter(|edge| {
            let spans = (edge.start.y > at.y) != (edge.end.y > at.y);
            spans && {
                let t = (at.y - edge.start.y) / (edge.end.y - edge.start.y);
                at.x < edge.start.x + t * (edge.end.x - edge.start.x)
            }
        });
        crossed.count() % 2 == 1
    }

    /// The parts of a line inside the polygon, one two-point line for each.
    pub(super) fn parts_of(&self, line: &LineString<f64>) -> Vec<LineString<f64>> {
        let Some(bounds) = self.bounds else {
            return Vec::new();
        };
        line.lines()
            .filter(|segment| boxes_meet(&segment.bounding_rect(), &bounds))
            .flat_map(|segment| self.parts_of_segment(segment))
            .collect()
    }

    fn parts_of_segment(&self, segment: Line<f64>) -> Vec<LineString<f64>> {
        let mut cuts = vec![0.0, 1.0];
        for edge in &self.edges {
            push_crossings(&mut cuts, segment, *edge);
        }
        cuts.sort_by(f64::total_cmp);
        let point = |t: f64| segment.start + segment.delta() * t;
        cuts.windows(2)
            .filter(|part| part[1] - part[0] > SHORTEST_PART)
            .filter(|part| self.contain(point(0.5 * (part[0] + part[1]))))
            .map(|part| LineString::new(vec![point(part[0]), point(part[1])]))
            .collect()
    }
}

/// Whether two boxes share a point.
fn boxes_meet(a: &Rect<f64>, b: &Rect<f64>) -> bool {
    a.min().x <= b.max().x
        && b.min().x <= a.max().x
        && a.min().y <= b.max().y
        && b.min().y <= a.max().y
}

/// Adds where an edge cuts a segment, as shares of the segment. Of a collinear edge both ends are
/// added: what lies between them is decided by its midpoint.
fn push_crossings(cuts: &mut Vec<f64>, segment: Line<f64>, edge: Line<f64>) {
    let (d, e) = (segment.delta(), edge.delta());
    let gap = edge.start - segment.start;
    let cross = d.x * e.y - d.y * e.x;
    if cross == 0.0 {
        let length2 = d.x * d.x + d.y * d.y;
        let collinear = gap.x * d.y - gap.y * d.x == 0.0;
        if collinear && length2 > 0.0 {
            for end in [edge.start, edge.end] {
                let offset = end - segment.start;
                push_inside(cuts, (offset.x * d.x + offset.y * d.y) / length2);
            }
        }
        return;
    }
    let along_edge = (gap.x * d.y - gap.y * d.x) / cross;
    if (0.0..=1.0).contains(&along_edge) {
        push_inside(cuts, (gap.x * e.y - gap.y * e.x) / cross);
    }
}

fn push_inside(cuts: &mut Vec<f64>, t: f64) {
    if t > 0.0 && t < 1.0 {
        cuts.push(t);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use stormgrid_core::geo::{Polygon, coord};

    use super::*;

    fn polygon(points: &[[f64; 2]]) -> MultiPolygon<f64> {
        let ring = points.iter().map(|p| coord! { x: p[0], y: p[1] }).collect();
        MultiPolygon::new(vec![Polygon::new(LineString::new(ring), vec![])])
    }

    fn line(points: &[[f64; 2]]) -> LineString<f64> {
        LineString::from(points.iter().map(|p| (p[0], p[1])).collect::<Vec<_>>())
    }

    fn length(parts: &[LineString<f64>]) -> f64 {
        parts
            .iter()
            .flat_map(LineString::lines)
            .map(|l| l.delta().x.hypot(l.delta().y))
            .sum()
    }

    #[test]
    fn a_line_through_a_comb_loses_the_gaps() {
        let comb = polygon(&[
            [0.0, 0.0],
            [5.0, 0.0],
            [5.0, 2.0],
            [4.0, 2.0],
            [4.0, 1.0],
            [3.0, 1.0],
            [3.0, 2.0],
            [0.0, 2.0],
        ]);
        let parts = Edges::of(&comb).parts_of(&line(&[[-1.0, 1.5], [6.0, 1.5]]));
        assert!((length(&parts) - 4.0).abs() < 1e-12);
        assert_eq!(parts.len(), 2);
    }

    #[test]
    fn a_line_on_the_shared_border_belongs_to_one_neighbour() {
        let west = polygon(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]);
        let east = polygon(&[[1.0, 0.0], [2.0, 0.0], [2.0, 1.0], [1.0, 1.0]]);
        let border = line(&[[1.0, -0.5], [1.0, 1.5]]);
        let total = length(&Edges::of(&west).parts_of(&border))
            + length(&Edges::of(&east).parts_of(&border));
        assert!((total - 1.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn neighbours_share_a_line_without_loss(
            cut in (0.1f64..9.9, 0.1f64..9.9),
            a in (0.0f64..10.0, 0.0f64..10.0),
            b in (0.0f64..10.0, 0.0f64..10.0),
        ) {
            let west = polygon(&[[0.0, 0.0], [cut.0, 0.0], [cut.1, 10.0], [0.0, 10.0]]);
            let east = polygon(&[[cut.0, 0.0], [10.0, 0.0], [10.0, 10.0], [cut.1, 10.0]]);
            let road = line(&[[a.0, a.1], [b.0, b.1]]);
            let total = length(&Edges::of(&west).parts_of(&road))
                + length(&Edges::of(&east).parts_of(&road));
            let whole = length(std::slice::from_ref(&road));
            prop_assert!((total - whole).abs() < 1e-9, "{total} of {whole}");
        }
    }
}
