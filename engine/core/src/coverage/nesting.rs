//! Whether the polygons of one layer make up those of the layer above.

use std::collections::BTreeSet;

use super::lattice::{Edge, Point, cancelled, loose_edges, point, settled};
use super::{CoordinateUnit, PolygonSet, area_of, on_ground, orient};
use crate::index::crosses_to_the_east;

/// A parent that its children do not make up.
#[derive(Clone, Debug, PartialEq)]
pub struct NestingFault {
    /// Position of the parent in its layer.
    pub parent: usize,
    /// Its area [m²].
    pub area_m2: f64,
    /// What its children have more than it [m²]; negative where they have less.
    pub difference_m2: f64,
    /// Children that reach out of it, each with a vertex outside.
    pub reaching: Vec<(usize, [f64; 2])>,
}

/// How far a vertex may lie outside of a parent [lattice steps]: 0.2 mm, as rounding puts it.
const BORDER_WIDTH: f64 = 2.0;

/// Compares the children of each parent with it, edge by edge: those that neighbours and the parent's own outline run
/// along cancel, and only what is left is looked at. O(n log n) in the vertices of both layers.
///
/// - `children`: shells counter-clockwise, as [`super::check_layer`] leaves them
/// - `parent_of`: the parent of each child, `None` for a child that is left out
pub fn check_nesting(
    children: &PolygonSet,
    parents: &mut PolygonSet,
    parent_of: &[Option<u32>],
    unit: CoordinateUnit,
) -> Vec<NestingFault> {
    for parent in 0..parents.len() {
        orient(parents, parent, unit);
    }
    let mut order: Vec<u32> = (0..parent_of.len() as u32)
        .filter(|child| parent_of[*child as usize].is_some())
        .collect();
    order.sort_by_key(|child| parent_of[*child as usize]);
    let mut faults = Vec::new();
    let mut rest = order.as_slice();
    for parent in 0..parents.len() {
        let n = rest.partition_point(|child| parent_of[*child as usize] <= Some(parent as u32));
        let (group, later) = rest.split_at(n);
        rest = later;
        faults.extend(compare(children, group, parents, parent, unit));
    }
    faults
}

fn compare(
    children: &PolygonSet,
    group: &[u32],
    parents: &PolygonSet,
    parent: usize,
    unit: CoordinateUnit,
) -> Option<NestingFault> {
    let rings = group.iter().flat_map(|c| children.rings(*c as usize));
    let mut edges = loose_edges(children, rings, unit);
    let own = loose_edges(parents, parents.rings(parent), unit);
    edges.extend(own.iter().map(|e| Edge {
        weight: -e.weight,
        ..*e
    }));
    let edges = cancelled(edges);
    if edges.is_empty() {
        return None;
    }
    let left = settled(edges.clone()).unwrap_or(edges);
    if left.is_empty() {
        return None;
    }
    let mut ends: Vec<Point> = left.iter().flat_map(|e| [e.from, e.to]).collect();
    ends.sort_unstable();
    ends.dedup();
    let outside = ends
        .into_iter()
        .filter(|p| is_outside(parents, parent, *p, unit));
    Some(NestingFault {
        parent,
        area_m2: area_of(&own, unit),
        difference_m2: area_of(&left, unit),
        reaching: reaching(children, group, &outside.collect(), unit),
    })
}

/// The children with a vertex in a set of places.
fn reaching(
    children: &PolygonSet,
    group: &[u32],
    outside: &BTreeSet<Point>,
    unit: CoordinateUnit,
) -> Vec<(usize, [f64; 2])> {
    if outside.is_empty() {
        return Vec::new();
    }
    let out = |child: &u32| {
        let vertices = children
            .rings(*child as usize)
            .flat_map(|r| children.ring(r));
        let at = vertices
            .into_iter()
            .find(|c| outside.contains(&point(**c, unit)))?;
        Some((*child as usize, [at.x, at.y]))
    };
    group.iter().filter_map(out).collect()
}

fn is_outside(parents: &PolygonSet, parent: usize, p: Point, unit: CoordinateUnit) -> bool {
    let c = on_ground(p, unit);
    let mut nearest = f64::INFINITY;
    let mut holds = false;
    for part in parents.parts(parent) {
        let mut crossed = 0;
        for ring in parents.rings_of_part(part) {
            for edge in parents.ring(ring).windows(2) {
                crossed += usize::from(crosses_to_the_east(edge[0], edge[1], c.x, c.y));
                let [a, b] = [point(edge[0], unit), point(edge[1], unit)];
                nearest = nearest.min(distance(a, b, p));
            }
        }
        holds |= crossed % 2 == 1;
    }
    !holds && nearest > BORDER_WIDTH
}

/// Distance of a point from an edge [lattice steps].
fn distance(a: Point, b: Point, p: Point) -> f64 {
    let from = |q: Point| [(q[0] - a[0]) as f64, (q[1] - a[1]) as f64];
    let ([ex, ey], [px, py]) = (from(b), from(p));
    let squared = ex * ex + ey * ey;
    let along = match squared > 0.0 {
        true => ((px * ex + py * ey) / squared).clamp(0.0, 1.0),
        false => 0.0,
    };
    (along * ex - px).hypot(along * ey - py)
}
