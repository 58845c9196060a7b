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
    /// over closed edges alone, with the least distance to the ends.
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
        let before = self.exits(self.edge(*first).from, &shut, edges);
        let behind = self.exits(self.edge(*last).to, &shut, edges);
        let pairs = before
            .iter()
            .flat_map(|a| behind.iter().map(move |b| (a, b)));
        let (a, b) = pairs.filter(|(a, b)| a.1 != b.1).min_by(|(a, b), (c, d)| {
            let by_nodes = (a.1, b.1).cmp(&(c.1, d.1));
            (a.0 + b.0).total_cmp(&(c.0 + d.0)).then(by_nodes)
        })?;
        let open = |edge: EdgeIdx| !shut.contains(&edge);
        self.lengths(a.1, open, |node| node == b.1)
            .get(&b.1)
            .copied()
    }

    /// Junctions with an open edge that closed edges lead to from an end of a stretch of road, with
    /// their distance; the nearest two.
    fn exits(
        &self,
        end: NodeIdx,
        shut: &BTreeSet<EdgeIdx>,
        own: &[EdgeIdx],
    ) -> Vec<(f64, NodeIdx)> {
        let is_exit = |node: NodeIdx| self.edges_at(node).iter().any(|e| !shut.contains(e));
        let wet = |edge: EdgeIdx| shut.contains(&edge) && !own.contains(&edge);
        let mut exits: Vec<(f64, NodeIdx)> = self
            .lengths(end, wet, |_| false)
            .into_iter()
            .filter(|(node, _)| is_exit(*node))
            .map(|(node, length)| (length, node))
            .collect();
        exits.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        exits.truncate(2);
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
