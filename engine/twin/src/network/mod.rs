//! Roads as a graph: ways on them while some are under water.
//!
//! # What is modelled
//!
//! [`RoadNetwork`] joins road lines at their ends, where an end meets another line, and at vertices
//! that two lines share; lines that merely cross are a bridge and stay apart. Each edge keeps the
//! road that it is a part of and its length. [`Closures`] tell when edges cannot be passed;
//! [`RoadNetwork::route`] finds the earliest arrival, [`RoadNetwork::nearest`] the places that are
//! reached first, [`RoadNetwork::detour`] the way round a closed edge.
//!
//! # Conventions
//!
//! Local metres, seconds after the start of the run. Every edge may be passed both ways at the speed
//! of the trip. An edge is passed as a whole or not at all: it must be open from the moment it is
//! entered until it is left. Waiting at junctions for an edge to open again is allowed, which makes
//! Dijkstra's algorithm exact (a trip that is later nowhere arrives later nowhere; Dreyfus 1969,
//! Operations Research 17, 395–412); who must not wait in front of water uses
//! [`Closures::for_good`].
//!
//! # What is left out
//!
//! One-way roads, turn restrictions and congestion. Between a place and the roads people walk over dry ground
//! ([`Walk`]): a dike can be walked over, a fence or a wall is not known. A graph library is not used: the state of this search is a time, which
//! the shortest paths of `petgraph` do not hand to an edge's cost.
//!
//! ```
//! use stormgrid_core::geo::LineString;
//! use stormgrid_twin::network::{Closure, Closures, RoadLine, RoadNetwork, Trip};
//!
//! let straight = LineString::from(vec![(0.0, 0.0), (100.0, 0.0)]);
//! let round = LineString::from(vec![(0.0, 0.0), (50.0, 80.0), (100.0, 0.0)]);
//! let lines = [RoadLine { road: 0, line: &straight }, RoadLine { road: 1, line: &round }];
//! let network = RoadNetwork::build(&lines);
//! let trip = Trip { leave_s: 0.0, speed_mps: 1.0 };
//! let dry = network.route([0.0, 0.0], [100.0, 0.0], trip, &Closures::none()).expect("joined");
//! assert_eq!(dry.length_m, 100.0);
//! let flooded = Closures::of_roads(&network, [(0, 0.0, 3600.0)]);
//! let wet = network.route([0.0, 0.0], [100.0, 0.0], trip, &flooded).expect("joined");
//! assert_eq!(wet.edges, vec![network.edges_of(1).next().expect("one")]);
//! ```

mod build;
mod closure;
mod detour;
mod search;
#[cfg(test)]
mod tests;
mod walk;

pub use build::{RoadLine, SNAP_M};
pub use closure::{Closure, Closures, RoadThresholds};
pub use search::{ACCESS_LENGTH_M, Access, Places, Reached, Route, Trip};
pub use walk::{Dry, Footing, OffRoad, Walk, near};

use serde::Serialize;
use stormgrid_core::geo::LineString;
use stormgrid_core::index::SpatialIndex;

/// An edge by its position in the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EdgeIdx(pub u32);

impl EdgeIdx {
    /// The position in the network.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A junction or an end of a road by its position in the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct NodeIdx(pub u32);

impl NodeIdx {
    /// The position in the network.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A piece of a road between two junctions.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The road that it is a part of: the number that the caller gave.
    pub road: usize,
    /// Where its line begins.
    pub from: NodeIdx,
    /// Where its line ends.
    pub to: NodeIdx,
    /// Length along its line [m], positive.
    pub length_m: f64,
    /// Its line [local m].
    pub line: LineString<f64>,
}

/// Roads joined to a graph.
#[derive(Clone, Debug)]
pub struct RoadNetwork {
    nodes: Vec<[f64; 2]>,
    edges: Vec<Edge>,
    /// Edges at each node: those of node `n` are `incident[first[n]..first[n + 1]]`.
    incident: Vec<EdgeIdx>,
    first: Vec<u32>,
    /// Edges of each road, in the order of the road's lines.
    of_road: std::collections::BTreeMap<usize, Vec<EdgeIdx>>,
    index: SpatialIndex,
}

impl RoadNetwork {
    /// Where junctions and ends are [local m].
    pub fn nodes(&self) -> &[[f64; 2]] {
        &self.nodes
    }

    /// All edges.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The edges of a road, along it; none if the number is unknown.
    pub fn edges_of(&self, road: usize) -> impl Iterator<Item = EdgeIdx> + '_ {
        self.of_road.get(&road).into_iter().flatten().copied()
    }

    /// The edges that meet at a node.
    pub fn edges_at(&self, node: NodeIdx) -> &[EdgeIdx] {
        let n = node.index();
        &self.incident[self.first[n] as usize..self.first[n + 1] as usize]
    }

    /// An edge.
    fn edge(&self, edge: EdgeIdx) -> &Edge {
        &self.edges[edge.index()]
    }

    /// The end of an edge that is not `node`; `node` itself of a loop.
    fn across(&self, edge: EdgeIdx, node: NodeIdx) -> NodeIdx {
        let edge = self.edge(edge);
        if edge.from == node {
            edge.to
        } else {
            edge.from
        }
    }

    /// Number of the connected part that each node belongs to, from 0 in the order of the nodes.
    pub fn parts(&self) -> Vec<u32> {
        self.parts_over(|_| true)
    }

    /// The same over the edges that `may` be passed.
    fn parts_over(&self, may: impl Fn(EdgeIdx) -> bool) -> Vec<u32> {
        let mut part = vec![u32::MAX; self.nodes.len()];
        let mut n_parts = 0;
        for start in 0..self.nodes.len() {
            if part[start] != u32::MAX {
                continue;
            }
            part[start] = n_parts;
            let mut open = vec![NodeIdx(start as u32)];
            while let Some(node) = open.pop() {
                for &edge in self.edges_at(node).iter().filter(|&&e| may(e)) {
                    let next = self.across(edge, node);
                    if part[next.index()] == u32::MAX {
                        part[next.index()] = n_parts;
                        open.push(next);
                    }
                }
            }
            n_parts += 1;
        }
        part
    }
}
