//! From lines to a graph.

use std::collections::BTreeMap;

use stormgrid_core::geo::{Coord, LineString};
use stormgrid_core::ids::FeatureIdx;
use stormgrid_core::index::{IndexedItem, Shape, SpatialIndex};

use super::{Edge, EdgeIdx, NodeIdx, RoadNetwork};

/// An end of a road this close to another road joins it [m]: about a lane's half width, and more
/// than digitising from 1:2000 maps leaves open.
pub const SNAP_M: f64 = 1.5;

/// Vertices this close are one [m].
const SAME_M: f64 = 0.01;

/// A line of a road.
#[derive(Clone, Copy, Debug)]
pub struct RoadLine<'a> {
    /// Number of the road that it belongs to; several lines may share one.
    pub road: usize,
    /// The line [local m].
    pub line: &'a LineString<f64>,
}

/// A line with the distance of its vertices from its start.
struct Measured<'a> {
    road: usize,
    points: &'a [Coord<f64>],
    along: Vec<f64>,
}

impl<'a> Measured<'a> {
    /// `None` of a line without length or with a vertex that is not finite.
    fn new(road: &RoadLine<'a>) -> Option<Self> {
        let points = &road.line.0;
        let mut along = Vec::with_capacity(points.len());
        let mut sum = 0.0;
        for (i, point) in points.iter().enumerate() {
            if i > 0 {
                sum += distance(points[i - 1], *point);
            }
            along.push(sum);
        }
        (sum.is_finite() && sum > 0.0).then_some(Self {
            road: road.road,
            points,
            along,
        })
    }

    fn length(&self) -> f64 {
        self.along[self.along.len() - 1]
    }

    /// The part between two distances from the start.
    fn part(&self, from: f64, to: f64) -> LineString<f64> {
        part_of(self.points, &self.along, from, to)
    }
}

/// A place where a line is cut: line and distance from its start.
type Cut = (usize, f64);

impl RoadNetwork {
    /// Joins lines to a graph; ends within [`SNAP_M`] of another line join it.
    pub fn build(lines: &[RoadLine<'_>]) -> Self {
        Self::build_with(lines, SNAP_M)
    }

    /// Joins lines to a graph. Lines without length or with coordinates that are not finite are
    /// left out.
    ///
    /// - `snap_m`: an end this close to another line joins it [m]
    pub fn build_with(lines: &[RoadLine<'_>], snap_m: f64) -> Self {
        let measured: Vec<Measured<'_>> = lines.iter().filter_map(Measured::new).collect();
        let mut joints = Joints::default();
        for (number, line) in measured.iter().enumerate() {
            joints.add((number, 0.0));
            joints.add((number, line.length()));
        }
        let index = SpatialIndex::build(
            measured
                .iter()
                .enumerate()
                .map(|(i, line)| (item(i), Shape::Line(LineString::new(line.points.to_vec()))))
                .collect(),
        );
        for (number, line) in measured.iter().enumerate() {
            let last = line.points.len() - 1;
            for (vertex, &point) in line.points.iter().enumerate() {
                let reach = if vertex == 0 || vertex == last {
                    snap_m
                } else {
                    SAME_M
                };
                let here = (number, line.along[vertex]);
                join_near(&measured, &index, &mut joints, here, point, reach);
            }
        }
        Self::of_joints(&measured, joints)
    }

    fn of_joints(lines: &[Measured<'_>], mut joints: Joints) -> Self {
        let mut nodes = Vec::new();
        let mut node_of_root = BTreeMap::new();
        let mut edges = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            let mut last: Option<(f64, NodeIdx)> = None;
            for (along, joint) in joints.on_line(number) {
                let node = *node_of_root.entry(joints.root(joint)).or_insert_with(|| {
                    let at = point_at(line.points, &line.along, along);
                    nodes.push([at.x, at.y]);
                    NodeIdx(nodes.len() as u32 - 1)
                });
                if let Some((before, from)) = last {
                    edges.push(Edge {
                        road: line.road,
                        from,
                        to: node,
                        length_m: along - before,
                        line: line.part(before, along),
                    });
                }
                last = Some((along, node));
            }
        }
        Self::of_edges(nodes, edges)
    }

    /// Binds edges to nodes and roads.
    pub(super) fn of_edges(nodes: Vec<[f64; 2]>, edges: Vec<Edge>) -> Self {
        let mut at_node: Vec<Vec<EdgeIdx>> = vec![Vec::new(); nodes.len()];
        let mut of_road: BTreeMap<usize, Vec<EdgeIdx>> = BTreeMap::new();
        for (number, edge) in edges.iter().enumerate() {
            let number = EdgeIdx(number as u32);
            at_node[edge.from.index()].push(number);
            if edge.to != edge.from {
                at_node[edge.to.index()].push(number);
            }
            of_road.entry(edge.road).or_default().push(number);
        }
        let mut first = vec![0];
        let mut incident = Vec::new();
        for mut at in at_node {
            incident.append(&mut at);
            first.push(incident.len() as u32);
        }
        let shapes = edges
            .iter()
            .enumerate()
            .map(|(i, edge)| (item(i), Shape::Line(edge.line.clone())));
        Self {
            index: SpatialIndex::build(shapes.collect()),
            nodes,
            edges,
            incident,
            first,
            of_road,
        }
    }
}

/// Joins a vertex to every other line within reach.
fn join_near(
    lines: &[Measured<'_>],
    index: &SpatialIndex,
    joints: &mut Joints,
    here: Cut,
    point: Coord<f64>,
    reach: f64,
) {
    let (min, max) = (
        [point.x - reach, point.y - reach],
        [point.x + reach, point.y + reach],
    );
    for near in index.in_box(min, max) {
        let other = near.feature.index();
        if other == here.0 {
            continue;
        }
        let line = &lines[other];
        let (along, gap) = project(line.points, &line.along, point);
        // Where two lines merely run through one place they join only if both have a vertex there.
        let is_end = reach > SAME_M;
        let at_vertex = || line.along.iter().any(|&v| (v - along).abs() <= SAME_M);
        if gap <= reach && (is_end || at_vertex()) {
            let snapped = snap_to_end(along, line.length(), reach);
            let (a, b) = (joints.add(here), joints.add((other, snapped)));
            joints.join(a, b);
        }
    }
    // A ring joins its own start.
    let line = &lines[here.0];
    if here.1 == line.length() && distance(line.points[0], point) <= reach {
        let (a, b) = (joints.add(here), joints.add((here.0, 0.0)));
        joints.join(a, b);
    }
}

fn snap_to_end(along: f64, length: f64, reach: f64) -> f64 {
    if along <= reach.min(0.5 * length) {
        0.0
    } else if length - along <= reach {
        length
    } else {
        along
    }
}

/// Cuts of lines, and which of them are one place.
#[derive(Default)]
struct Joints {
    /// Cut to number; distances are compared by their bits, which order as the numbers do: none is
    /// negative.
    numbers: BTreeMap<(usize, u64), usize>,
    parents: Vec<usize>,
}

impl Joints {
    fn add(&mut self, (line, along): Cut) -> usize {
        let next = self.parents.len();
        let number = *self.numbers.entry((line, along.to_bits())).or_insert(next);
        if number == next {
            self.parents.push(next);
        }
        number
    }

    fn root(&mut self, mut joint: usize) -> usize {
        while self.parents[joint] != joint {
            self.parents[joint] = self.parents[self.parents[joint]];
            joint = self.parents[joint];
        }
        joint
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b)] = a.min(b);
    }

    /// The cuts of a line by distance from its start.
    fn on_line(&self, line: usize) -> Vec<(f64, usize)> {
        self.numbers
            .range((line, 0)..=(line, u64::MAX))
            .map(|(&(_, bits), &number)| (f64::from_bits(bits), number))
            .collect()
    }
}

fn item(number: usize) -> IndexedItem {
    IndexedItem {
        layer: 0,
        feature: FeatureIdx::from(number),
    }
}

/// Distance of two places [m].
pub(super) fn distance(a: Coord<f64>, b: Coord<f64>) -> f64 {
    (b.x - a.x).hypot(b.y - a.y)
}

/// Distance of each vertex from the start of a line [m].
pub(super) fn measure(points: &[Coord<f64>]) -> Vec<f64> {
    let mut sum = 0.0;
    let rest = points.windows(2).map(|w| {
        sum += distance(w[0], w[1]);
        sum
    });
    std::iter::once(0.0).chain(rest).collect()
}

/// The place on a line nearest to a point: distance from the start and from the point [m]; the first
/// one of several.
pub(super) fn project(points: &[Coord<f64>], along: &[f64], at: Coord<f64>) -> (f64, f64) {
    let mut best = (0.0, f64::INFINITY);
    for (i, w) in points.windows(2).enumerate() {
        let d = w[1] - w[0];
        let length2 = d.x * d.x + d.y * d.y;
        let t = if length2 > 0.0 {
            (((at.x - w[0].x) * d.x + (at.y - w[0].y) * d.y) / length2).clamp(0.0, 1.0)
        } else {
            0.0
        };
        let gap = distance(w[0] + d * t, at);
        if gap < best.1 {
            best = (along[i] + t * (along[i + 1] - along[i]), gap);
        }
    }
    best
}

/// The place at a distance from a line's start.
pub(super) fn point_at(points: &[Coord<f64>], along: &[f64], at: f64) -> Coord<f64> {
    let next = along
        .partition_point(|&a| a < at)
        .clamp(1, points.len() - 1);
    let (a, b) = (along[next - 1], along[next]);
    if b > a {
        let t = ((at - a) / (b - a)).clamp(0.0, 1.0);
        points[next - 1] + (points[next] - points[next - 1]) * t
    } else {
        points[next]
    }
}

/// The part of a line between two distances from its start; backwards if the first is greater.
pub(super) fn part_of(points: &[Coord<f64>], along: &[f64], from: f64, to: f64) -> LineString<f64> {
    let (low, high) = (from.min(to), from.max(to));
    let mut part = vec![point_at(points, along, low)];
    part.extend(
        points
            .iter()
            .zip(along)
            .filter(|(_, a)| (low..high).contains(*a) && **a > low)
            .map(|(p, _)| *p),
    );
    part.push(point_at(points, along, high));
    if from > to {
        part.reverse();
    }
    LineString::new(part)
}
