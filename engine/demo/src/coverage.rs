//! From blocks of the sheet to polygons that share their vertices exactly.

use std::collections::{BTreeMap, BTreeSet};

use stormgrid_core::geo::{Coord, LineString, MultiPolygon, Polygon};

use crate::partition::Block;

/// A place of the sheet's lattice [m].
pub(crate) type Node = (i32, i32);

/// A vertex at least each so many metres of sheet, so that bent borders stay smooth.
const VERTEX_EVERY: i32 = 100;

/// The nodes of a family of coverages that share borders.
///
/// Every corner of every smallest block is a node of all borders through it, and so are the
/// multiples of 100 m: two polygons that share a border have the same vertices along it.
pub(crate) struct Nodes {
    on_row: BTreeMap<i32, BTreeSet<i32>>,
    on_column: BTreeMap<i32, BTreeSet<i32>>,
}

impl Nodes {
    /// The nodes of the given smallest blocks.
    pub(crate) fn new<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> Self {
        let mut nodes = Self {
            on_row: BTreeMap::new(),
            on_column: BTreeMap::new(),
        };
        for b in blocks {
            for (u, v) in [
                (b.west, b.south),
                (b.east, b.south),
                (b.east, b.north),
                (b.west, b.north),
            ] {
                nodes.on_row.entry(v).or_default().insert(u);
                nodes.on_column.entry(u).or_default().insert(v);
            }
        }
        nodes
    }

    /// Nodes strictly between two places of a lattice line, ascending.
    fn between(corners: Option<&BTreeSet<i32>>, low: i32, high: i32) -> Vec<i32> {
        let mut all: BTreeSet<i32> = corners
            .map(|set| set.range(low + 1..high).copied().collect())
            .unwrap_or_default();
        let first = (low / VERTEX_EVERY + 1) * VERTEX_EVERY;
        all.extend((first..high).step_by(VERTEX_EVERY as usize));
        all.into_iter().collect()
    }

    /// The block's ring of nodes, counter-clockwise, not closed.
    pub(crate) fn ring(&self, b: &Block) -> Vec<Node> {
        let row = |v: i32| Self::between(self.on_row.get(&v), b.west, b.east);
        let column = |u: i32| Self::between(self.on_column.get(&u), b.south, b.north);
        let mut ring = vec![(b.west, b.south)];
        ring.extend(row(b.south).into_iter().map(|u| (u, b.south)));
        ring.push((b.east, b.south));
        ring.extend(column(b.east).into_iter().map(|v| (b.east, v)));
        ring.push((b.east, b.north));
        ring.extend(row(b.north).into_iter().rev().map(|u| (u, b.north)));
        ring.push((b.west, b.north));
        ring.extend(column(b.west).into_iter().rev().map(|v| (b.west, v)));
        ring
    }

    /// The union of blocks, by cancelling the edges that two of them share.
    pub(crate) fn dissolve(&self, blocks: &[Block]) -> Vec<Rings> {
        let mut edges: BTreeSet<(Node, Node)> = BTreeSet::new();
        for block in blocks {
            let ring = self.ring(block);
            for (&a, &b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                if !edges.remove(&(b, a)) {
                    edges.insert((a, b));
                }
            }
        }
        assemble(trace(edges))
    }
}

/// One polygon: an outer ring counter-clockwise and holes clockwise, none closed.
#[derive(Clone, Debug)]
pub(crate) struct Rings {
    outer: Vec<Node>,
    holes: Vec<Vec<Node>>,
}

/// Follows directed edges (inside on the left) into rings; where rings touch in a node the walk
/// turns left most sharply, so that every ring stays simple.
fn trace(edges: BTreeSet<(Node, Node)>) -> Vec<Vec<Node>> {
    let mut from: BTreeMap<Node, Vec<Node>> = BTreeMap::new();
    for (a, b) in edges {
        from.entry(a).or_default().push(b);
    }
    let mut rings = Vec::new();
    while let Some((&start, _)) = from.iter().next() {
        let mut ring = vec![start];
        let mut before: Option<Node> = None;
        let mut here = start;
        while let Some(next) = take_next(&mut from, before, here) {
            if next == start {
                break;
            }
            ring.push(next);
            before = Some(here);
            here = next;
        }
        rings.push(ring);
    }
    rings
}

fn take_next(
    from: &mut BTreeMap<Node, Vec<Node>>,
    before: Option<Node>,
    here: Node,
) -> Option<Node> {
    let exits = from.get_mut(&here)?;
    let turn = |next: &Node| match before {
        // Quarter turns on the lattice: left 0, straight 1, right 2.
        Some(b) => {
            let (ax, ay) = ((here.0 - b.0).signum(), (here.1 - b.1).signum());
            let (bx, by) = ((next.0 - here.0).signum(), (next.1 - here.1).signum());
            1 - (ax * by - ay * bx)
        }
        None => 0,
    };
    let best = (0..exits.len()).min_by_key(|&i| turn(&exits[i]))?;
    let next = exits.swap_remove(best);
    if exits.is_empty() {
        from.remove(&here);
    }
    Some(next)
}

fn twice_area(ring: &[Node]) -> i64 {
    ring.iter()
        .zip(ring.iter().cycle().skip(1))
        .map(|(a, b)| i64::from(a.0) * i64::from(b.1) - i64::from(b.0) * i64::from(a.1))
        .sum()
}

/// Does an outer ring hold a hole? Asked at the middle of the hole's first edge: a node of the hole
/// may lie on the outer ring, the inside of an edge does not.
fn is_in(hole: &[Node], outer: &[Node]) -> bool {
    let (x, y) = (
        f64::from(hole[0].0 + hole[1].0) * 0.5,
        f64::from(hole[0].1 + hole[1].1) * 0.5,
    );
    outer
        .iter()
        .zip(outer.iter().cycle().skip(1))
        .filter(|(a, b)| {
            let (ay, by) = (f64::from(a.1), f64::from(b.1));
            (ay > y) != (by > y) && x < f64::from(a.0) + (y - ay) / (by - ay) * f64::from(b.0 - a.0)
        })
        .count()
        % 2
        == 1
}

fn assemble(rings: Vec<Vec<Node>>) -> Vec<Rings> {
    let (outers, holes): (Vec<_>, Vec<_>) =
        rings.into_iter().partition(|ring| twice_area(ring) > 0);
    let mut polygons: Vec<Rings> = outers
        .into_iter()
        .map(|outer| Rings {
            outer,
            holes: Vec::new(),
        })
        .collect();
    for hole in holes {
        let holder = polygons
            .iter_mut()
            .filter(|polygon| is_in(&hole, &polygon.outer))
            .min_by_key(|polygon| twice_area(&polygon.outer));
        if let Some(polygon) = holder {
            polygon.holes.push(hole);
        }
    }
    polygons
}

/// Polygons with real coordinates: `place` gives the one position of each node.
pub(crate) fn to_polygons(
    polygons: &[Rings],
    place: &dyn Fn(Node) -> [f64; 2],
) -> MultiPolygon<f64> {
    let line = |ring: &[Node]| -> LineString<f64> {
        ring.iter()
            .chain(ring.first())
            .map(|&node| {
                let [x, y] = place(node);
                Coord { x, y }
            })
            .collect()
    };
    MultiPolygon(
        polygons
            .iter()
            .map(|p| Polygon::new(line(&p.outer), p.holes.iter().map(|h| line(h)).collect()))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(west: i32, south: i32, east: i32, north: i32) -> Block {
        Block {
            west,
            south,
            east,
            north,
        }
    }

    #[test]
    fn neighbours_share_the_corner_of_a_third() {
        let blocks = [
            block(0, 0, 40, 40),
            block(40, 0, 80, 20),
            block(40, 20, 80, 40),
        ];
        let nodes = Nodes::new(&blocks);
        assert!(nodes.ring(&blocks[0]).contains(&(40, 20)));
        let union = nodes.dissolve(&blocks);
        assert_eq!(union.len(), 1);
        assert_eq!(twice_area(&union[0].outer), 2 * 80 * 40);
        assert!(!union[0].outer.contains(&(40, 20)));
    }

    #[test]
    fn a_ring_of_blocks_has_a_hole() {
        let mut blocks = Vec::new();
        for i in 0..3 {
            for j in 0..3 {
                if (i, j) != (1, 1) {
                    blocks.push(block(i * 10, j * 10, i * 10 + 10, j * 10 + 10));
                }
            }
        }
        let union = Nodes::new(&blocks).dissolve(&blocks);
        assert_eq!(union.len(), 1);
        assert_eq!(union[0].holes.len(), 1);
        assert_eq!(twice_area(&union[0].holes[0]), -200);
    }

    #[test]
    fn blocks_that_touch_in_a_corner_stay_two_polygons() {
        let blocks = [block(0, 0, 10, 10), block(10, 10, 20, 20)];
        let union = Nodes::new(&blocks).dissolve(&blocks);
        assert_eq!(union.len(), 2);
    }
}
