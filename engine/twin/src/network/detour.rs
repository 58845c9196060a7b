//! The way round a closed edge.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::{Closures, EdgeIdx, NodeIdx, RoadNetwork};

impl RoadNetwork {
    /// Length of the way round an edge while it is closed [m]; `None` if there is none.
    ///
    /// All edges that are closed at any moment at which this one is are avoided; one that never
    /// closes is taken to be the only one closed. The way leads from the last open junction before
    /// the water to the first one behind it: these are the two junctions, reached from the edge's ends
    /// over closed edges alone, with the least distance to the ends. Of the parts into which the closed edges
    /// cut the network the longest one with a junction on either side counts: roads between waters, where nobody
    /// comes from, are no way round.
    pub fn detour(&self, edge: EdgeIdx, closures: &Closures) -> Option<f64> {
        self.way_round(&[edge], closures)
    }

    /// The same for all edges of a road together.
    pub fn detour_of_road(&self, road: usize, closures: &Closures) -> Option<f64> {
        let edges: Vec<EdgeIdx> = self.edges_of(road).collect();
        self.way_round(&edges, closures)
    }

    /// - `edges`: a stretch of road, in the order along it
    fn way_round(&self, edges: &[EdgeIdx], closures: &Closures) -> Option<f64> {
        let own = edges.iter().flat_map(|&e| closures.of(e));
        let (from_s, to_s) = own.fold((f64::INFINITY, f64::NEG_INFINITY), |(from, to), c| {
            (from.min(c.from_s), to.max(c.to_s))
        });
        let mut shut: BTreeSet<EdgeIdx> = closures
            .iter()
            .filter(|c| closures.meet(c.edge, from_s, to_s))
            .map(|c| c.edge)
            .collect();
        shut.extend(edges);
        let (first, last) = (edges.first()?, edges.last()?);
        let open = |edge: EdgeIdx| !shut.contains(&edge);
        let part = self.parts_over(open);
        let before = self.exits(self.edge(*first).from, &shut, edges, &part);
        let behind = self.exits(self.edge(*last).to, &shut, edges, &part);
        let mut length = vec![0.0; self.nodes.len()];
        for (edge, of) in self.edges.iter().enumerate() {
            if open(EdgeIdx(edge as u32)) {
                length[part[of.from.index()] as usize] += of.length_m;
            }
        }
        let (_, a, b) = before
            .iter()
            .filter_map(|(part, before)| {
                let (a, b) = nearest_pair(before, behind.get(part)?)?;
                Some((length[*part as usize], a, b))
            })
            .max_by(|p, q| p.0.total_cmp(&q.0).then((q.1, q.2).cmp(&(p.1, p.2))))?;
        self.lengths(a, open, |node| node == b).get(&b).copied()
    }

    /// Junctions with an open edge that closed edges lead to from an end of a stretch of road, with
    /// their distance; the nearest two of each open part.
    fn exits(
        &self,
        end: NodeIdx,
        shut: &BTreeSet<EdgeIdx>,
        own: &[EdgeIdx],
        part: &[u32],
    ) -> BTreeMap<u32, Vec<(f64, NodeIdx)>> {
        let is_exit = |node: NodeIdx| self.edges_at(node).iter().any(|e| !shut.contains(e));
        let wet = |edge: EdgeIdx| shut.contains(&edge) && !own.contains(&edge);
        let mut exits: BTreeMap<u32, Vec<(f64, NodeIdx)>> = BTreeMap::new();
        for (node, length) in self.lengths(end, wet, |_| false) {
            if is_exit(node) {
                exits
                    .entry(part[node.index()])
                    .or_default()
                    .push((length, node));
            }
        }
        for of_part in exits.values_mut() {
            of_part.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            of_part.truncate(2);
        }
        exits
    }

    /// Length of the shortest way to each node over the edges that `may` be passed [m], until one
    /// is `enough`.
    fn lengths(
        &self,
        start: NodeIdx,
        may: impl Fn(EdgeIdx) -> bool,
        enough: impl Fn(NodeIdx) -> bool,
    ) -> BTreeMap<NodeIdx, f64> {
        let mut done = BTreeMap::new();
        // Lengths are not negative: their bits order as they do.
        let mut heap = BinaryHeap::from([Reverse((0.0_f64.to_bits(), start))]);
        while let Some(Reverse((bits, node))) = heap.pop() {
            if done.contains_key(&node) {
                continue;
            }
            let length = f64::from_bits(bits);
            done.insert(node, length);
            if enough(node) {
                break;
            }
            for &edge in self.edges_at(node).iter().filter(|&&e| may(e)) {
                let next = length + self.edge(edge).length_m;
                heap.push(Reverse((next.to_bits(), self.across(edge, node))));
            }
        }
        done
    }
}

/// The nearest two junctions on either side that are not the same.
fn nearest_pair(
    before: &[(f64, NodeIdx)],
    behind: &[(f64, NodeIdx)],
) -> Option<(NodeIdx, NodeIdx)> {
    let pairs = before
        .iter()
        .flat_map(|a| behind.iter().map(move |b| (a, b)));
    let (a, b) = pairs.filter(|(a, b)| a.1 != b.1).min_by(|(a, b), (c, d)| {
        let by_nodes = (a.1, b.1).cmp(&(c.1, d.1));
        (a.0 + b.0).total_cmp(&(c.0 + d.0)).then(by_nodes)
    })?;
    Some((a.1, b.1))
}
