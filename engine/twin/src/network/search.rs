//! Earliest arrivals.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use stormgrid_core::geo::{Coord, LineString};

use super::build::{measure, part_of, project};
use super::{Closures, EdgeIdx, NodeIdx, RoadNetwork};

/// How many edges near a place are tried as ways onto the network.
pub(super) const ACCESS_EDGES: usize = 4;

/// An edge is tried if it is no more than this much farther off than the nearest one [m]: the other
/// streets around a block for who lives in its middle, and no way across country for the others.
pub(super) const ACCESS_MARGIN_M: f64 = 30.0;

/// A straight way onto the network is no longer than this [m]: about eight minutes on foot. Assumed.
pub const ACCESS_LENGTH_M: f64 = 500.0;

/// Stretches up to this length are the junction itself [m]: rounding.
const NO_LENGTH_M: f64 = 1e-6;

/// When a trip begins and how fast it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trip {
    /// Departure [s].
    pub leave_s: f64,
    /// Speed on roads and on the way to them [m s⁻¹], positive.
    pub speed_mps: f64,
}

/// Where a place meets the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Access {
    /// The edge.
    pub edge: EdgeIdx,
    /// Distance of the place on the edge from the edge's start [m].
    pub along_m: f64,
    /// Length of the way between the place and the edge [m].
    pub off_m: f64,
    /// The last moment at which that way can be begun, at either end, so that it is dry [s]; infinite if at any.
    pub begin_by_s: f64,
    /// When the first water comes to that way [s]; infinite if none.
    pub dry_until_s: f64,
}

/// A way from one place to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Length, with the ways from and to the places beside the roads [m].
    pub length_m: f64,
    /// Its line on the roads [local m].
    pub line: LineString<f64>,
    /// The edges in the order in which they are passed; none between two places on one junction.
    pub edges: Vec<EdgeIdx>,
    /// When each of the edges is entered and left [s].
    pub passed_s: Vec<[f64; 2]>,
    /// Arrival [s].
    pub arrives_s: f64,
    /// When the first of its roads closes that was still open behind the traveller, or water comes to the ways beside
    /// them [s]; `None` if all stay open.
    pub dry_until_s: Option<f64>,
    /// The last departure at which the same way can be gone without waiting [s]; `None` if at any
    /// time from `leave_s` on.
    pub leave_by_s: Option<f64>,
}

/// A place that was reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// Its position among the places asked for.
    pub place: usize,
    /// Arrival [s].
    pub arrives_s: f64,
}

/// Places bound to a network, to be reached again and again.
#[derive(Clone, Debug)]
pub struct Places {
    accesses: Vec<Vec<Access>>,
    /// Places and the number of their access at each edge.
    at_edge: Vec<Vec<(u32, u32)>>,
}

impl Places {
    /// Binds places [local m] by straight ways.
    pub fn new(network: &RoadNetwork, places: &[[f64; 2]]) -> Self {
        Self::of(
            network,
            places.iter().map(|&at| network.access(at)).collect(),
        )
    }

    /// Binds places by the ways that lead to them from the roads.
    pub fn of(network: &RoadNetwork, accesses: Vec<Vec<Access>>) -> Self {
        let mut at_edge = vec![Vec::new(); network.edges().len()];
        for (place, of_place) in accesses.iter().enumerate() {
            for (number, access) in of_place.iter().enumerate() {
                at_edge[access.edge.index()].push((place as u32, number as u32));
            }
        }
        Self { accesses, at_edge }
    }

    /// How many places there are.
    pub fn len(&self) -> usize {
        self.accesses.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.accesses.is_empty()
    }
}

impl RoadNetwork {
    /// Where a place meets the network in a straight line, whatever lies between: the nearest edge, and up to
    /// three others hardly farther off; none beyond [`ACCESS_LENGTH_M`]. Who knows the water asks [`super::Walk`].
    pub fn access(&self, at: [f64; 2]) -> Vec<Access> {
        let near = self.index.nearest(at[0], at[1], ACCESS_EDGES, |_| true);
        let farthest = near.first().map_or(0.0, |(_, d)| d + ACCESS_MARGIN_M);
        near.into_iter()
            .filter(|(_, distance)| *distance <= farthest.min(ACCESS_LENGTH_M))
            .map(|(item, _)| {
                let points = &self.edges[item.feature.index()].line.0;
                let at = Coord { x: at[0], y: at[1] };
                let (along_m, off_m) = project(points, &measure(points), at);
                Access {
                    edge: EdgeIdx(item.feature.0),
                    along_m,
                    off_m,
                    begin_by_s: f64::INFINITY,
                    dry_until_s: f64::INFINITY,
                }
            })
            .collect()
    }

    /// Distance of a place from the nearest edge [m], whatever lies between; `None` where there are no edges.
    pub fn distance(&self, at: [f64; 2]) -> Option<f64> {
        let near = self.index.nearest(at[0], at[1], 1, |_| true);
        near.first().map(|(_, distance)| *distance)
    }

    /// The way that arrives first; `None` if there is none.
    pub fn route(
        &self,
        from: [f64; 2],
        to: [f64; 2],
        trip: Trip,
        closures: &Closures,
    ) -> Option<Route> {
        self.route_to(from, &Places::new(self, &[to]), 0, trip, closures)
    }

    /// The way to one of several bound places that arrives first.
    pub fn route_to(
        &self,
        from: [f64; 2],
        places: &Places,
        place: usize,
        trip: Trip,
        closures: &Closures,
    ) -> Option<Route> {
        self.route_from(&self.access(from), places, place, trip, closures)
    }

    /// The same from where a place meets the network.
    pub fn route_from(
        &self,
        sources: &[Access],
        places: &Places,
        place: usize,
        trip: Trip,
        closures: &Closures,
    ) -> Option<Route> {
        let accesses = places.accesses.get(place)?;
        let mut search = Search::new(self, sources, trip, closures);
        let mut best: Option<End> = None;
        for access in accesses {
            search.offer(&mut best, search.direct(*access));
        }
        while let Some((time, node)) = search.settle() {
            if best.as_ref().is_some_and(|b| b.arrives_s <= time) {
                break;
            }
            for access in accesses {
                search.offer(&mut best, search.last_leg(node, time, *access));
            }
        }
        Some(search.route(best?))
    }

    /// The `k` places that are reached first, by arrival; equal arrivals by position. Fewer if fewer
    /// can be reached.
    pub fn nearest(
        &self,
        from: [f64; 2],
        places: &Places,
        k: usize,
        trip: Trip,
        closures: &Closures,
    ) -> Vec<Reached> {
        self.nearest_from(&self.access(from), places, k, trip, closures)
    }

    /// The same from where a place meets the network.
    pub fn nearest_from(
        &self,
        sources: &[Access],
        places: &Places,
        k: usize,
        trip: Trip,
        closures: &Closures,
    ) -> Vec<Reached> {
        let mut search = Search::new(self, sources, trip, closures);
        let mut arrivals = Arrivals::new(places.len(), k);
        for source in sources {
            for &(place, number) in &places.at_edge[source.edge.index()] {
                let access = places.accesses[place as usize][number as usize];
                arrivals.offer(place, search.direct(access));
            }
        }
        while let Some((time, node)) = search.settle() {
            if arrivals.settled_before(time) {
                break;
            }
            for &edge in self.edges_at(node) {
                for &(place, number) in &places.at_edge[edge.index()] {
                    let access = places.accesses[place as usize][number as usize];
                    arrivals.offer(place, search.last_leg(node, time, access));
                }
            }
        }
        arrivals.first()
    }
}

/// The best arrivals so far; the `k` best are kept in order.
struct Arrivals {
    best: Vec<f64>,
    first: std::collections::BTreeSet<(u64, u32)>,
    k: usize,
}

impl Arrivals {
    fn new(n: usize, k: usize) -> Self {
        Self {
            best: vec![f64::INFINITY; n],
            first: Default::default(),
            k,
        }
    }

    fn offer(&mut self, place: u32, end: Option<End>) {
        let Some(end) = end else { return };
        let best = &mut self.best[place as usize];
        if end.arrives_s < *best {
            self.first.remove(&(order(*best), place));
            *best = end.arrives_s;
            self.first.insert((order(end.arrives_s), place));
            if self.first.len() > self.k {
                self.first.pop_last();
            }
        }
    }

    /// Whether no later search changes the first `k`.
    fn settled_before(&self, time: f64) -> bool {
        self.k == 0
            || self.first.len() == self.k
                && self
                    .first
                    .last()
                    .is_some_and(|&(last, _)| last < order(time))
    }

    fn first(self) -> Vec<Reached> {
        let reached = self.first.into_iter().map(|(_, place)| Reached {
            place: place as usize,
            arrives_s: self.best[place as usize],
        });
        reached.collect()
    }
}

/// A number as bits that order as the numbers do.
fn order(value: f64) -> u64 {
    let bits = value.to_bits();
    if value.is_sign_negative() {
        !bits
    } else {
        bits | 1 << 63
    }
}

/// How a node was reached.
#[derive(Clone, Copy, Debug)]
enum Before {
    /// From a source, by its number.
    Source(usize),
    /// From a node.
    Node(NodeIdx),
}

/// A stretch of an edge and when it is passed.
#[derive(Clone, Copy, Debug)]
struct Leg {
    edge: EdgeIdx,
    from_m: f64,
    to_m: f64,
    enters_s: f64,
    leaves_s: f64,
}

/// An arrival at a place: the node before the last leg, or none if the leg begins at the source.
#[derive(Clone, Copy, Debug)]
struct End {
    arrives_s: f64,
    before: Before,
    last: Leg,
    to: Access,
}

/// Dijkstra's algorithm from several places on edges.
struct Search<'a> {
    network: &'a RoadNetwork,
    closures: &'a Closures,
    sources: &'a [Access],
    trip: Trip,
    arrival: Vec<f64>,
    before: Vec<Option<(Before, Leg)>>,
    settled: Vec<bool>,
    heap: BinaryHeap<Reverse<(u64, NodeIdx)>>,
}

impl<'a> Search<'a> {
    fn new(
        network: &'a RoadNetwork,
        sources: &'a [Access],
        trip: Trip,
        closures: &'a Closures,
    ) -> Self {
        let n = network.nodes().len();
        let mut search = Self {
            network,
            closures,
            sources,
            trip,
            arrival: vec![f64::INFINITY; n],
            before: vec![None; n],
            settled: vec![false; n],
            heap: BinaryHeap::new(),
        };
        for (number, source) in sources.iter().enumerate() {
            if trip.leave_s > source.begin_by_s {
                continue;
            }
            let edge = network.edge(source.edge);
            for (node, end_m) in [(edge.from, 0.0), (edge.to, edge.length_m)] {
                let starts = search.starts(*source);
                if let Some(leg) = search.leg(source.edge, source.along_m, end_m, starts) {
                    search.improve(node, Before::Source(number), leg);
                }
            }
        }
        search
    }

    /// When a source's edge is reached.
    fn starts(&self, source: Access) -> f64 {
        self.trip.leave_s + source.off_m / self.trip.speed_mps
    }

    /// A stretch of an edge, entered as soon as it is open.
    fn leg(&self, edge: EdgeIdx, from_m: f64, to_m: f64, time_s: f64) -> Option<Leg> {
        let length = (to_m - from_m).abs();
        let passage = length / self.trip.speed_mps;
        // Who stands on a junction is not on one of its roads yet.
        let enters_s = if length > NO_LENGTH_M {
            self.closures.open_from(edge, time_s, passage)?
        } else {
            time_s
        };
        Some(Leg {
            edge,
            from_m,
            to_m,
            enters_s,
            leaves_s: enters_s + passage,
        })
    }

    fn improve(&mut self, node: NodeIdx, before: Before, leg: Leg) {
        if leg.leaves_s < self.arrival[node.index()] {
            self.arrival[node.index()] = leg.leaves_s;
            self.before[node.index()] = Some((before, leg));
            self.heap.push(Reverse((order(leg.leaves_s), node)));
        }
    }

    /// The next node in the order of arrival, with its time.
    fn settle(&mut self) -> Option<(f64, NodeIdx)> {
        let network = self.network;
        while let Some(Reverse((_, node))) = self.heap.pop() {
            if std::mem::replace(&mut self.settled[node.index()], true) {
                continue;
            }
            let time = self.arrival[node.index()];
            for &edge in network.edges_at(node) {
                let next = network.across(edge, node);
                if self.settled[next.index()] {
                    continue;
                }
                let (from_m, to_m) = self.ends_from(edge, node);
                if let Some(leg) = self.leg(edge, from_m, to_m, time) {
                    self.improve(next, Before::Node(node), leg);
                }
            }
            return Some((time, node));
        }
        None
    }

    /// Distances of a node and of the other end from an edge's start [m].
    fn ends_from(&self, edge: EdgeIdx, node: NodeIdx) -> (f64, f64) {
        let edge = self.network.edge(edge);
        if edge.from == node {
            (0.0, edge.length_m)
        } else {
            (edge.length_m, 0.0)
        }
    }

    /// From a source to a place on the same edge.
    fn direct(&self, to: Access) -> Option<End> {
        let ends = self.sources.iter().enumerate().filter_map(|(number, s)| {
            let same = s.edge == to.edge && self.trip.leave_s <= s.begin_by_s;
            let leg = same.then(|| self.leg(s.edge, s.along_m, to.along_m, self.starts(*s)))??;
            self.end(Before::Source(number), leg, to)
        });
        ends.min_by(|a, b| a.arrives_s.total_cmp(&b.arrives_s))
    }

    /// From a node to a place on an edge at it.
    fn last_leg(&self, node: NodeIdx, time: f64, to: Access) -> Option<End> {
        let edge = self.network.edge(to.edge);
        let ends = [(edge.from, 0.0), (edge.to, edge.length_m)];
        ends.into_iter()
            .filter(|(end, _)| *end == node)
            .filter_map(|(_, end_m)| self.leg(to.edge, end_m, to.along_m, time))
            .filter_map(|leg| self.end(Before::Node(node), leg, to))
            .min_by(|a, b| a.arrives_s.total_cmp(&b.arrives_s))
    }

    /// `None` where the way from the road to the place is under water by then.
    fn end(&self, before: Before, last: Leg, to: Access) -> Option<End> {
        (last.leaves_s <= to.begin_by_s).then_some(End {
            arrives_s: last.leaves_s + to.off_m / self.trip.speed_mps,
            before,
            last,
            to,
        })
    }

    fn offer(&self, best: &mut Option<End>, end: Option<End>) {
        if let Some(end) = end
            && best.is_none_or(|b| end.arrives_s < b.arrives_s)
        {
            *best = Some(end);
        }
    }

    /// Walks back from an arrival.
    fn route(&self, end: End) -> Route {
        let here = [end.last];
        let mut legs = here.to_vec();
        let mut before = end.before;
        while let Before::Node(node) = before {
            let Some((earlier, leg)) = self.before[node.index()] else {
                break;
            };
            legs.push(leg);
            before = earlier;
        }
        legs.reverse();
        legs.retain(|leg| (leg.to_m - leg.from_m).abs() > NO_LENGTH_M);
        let source = match before {
            Before::Source(number) => Some(self.sources[number]),
            Before::Node(_) => None,
        };
        let source_off = source.map_or(0.0, |s| s.off_m);
        let next = |leg: &Leg| self.closures.next_closing(leg.edge, leg.leaves_s);
        let beside = [
            source.map(|s| (s.dry_until_s, s.begin_by_s - self.trip.leave_s)),
            Some((end.to.dry_until_s, end.to.begin_by_s - end.last.leaves_s)),
        ];
        let beside = beside.into_iter().flatten().filter(|b| b.0.is_finite());
        let dry_until_s = legs
            .iter()
            .filter_map(next)
            .chain(beside.clone().map(|b| b.0))
            .min_by(f64::total_cmp);
        let slack = legs
            .iter()
            .filter_map(|leg| Some(next(leg)? - leg.leaves_s))
            .chain(beside.map(|b| b.1))
            .min_by(f64::total_cmp);
        let on_roads: f64 = legs.iter().map(|l| (l.to_m - l.from_m).abs()).sum();
        Route {
            length_m: source_off + on_roads + end.to.off_m,
            line: self.line(if legs.is_empty() { &here } else { &legs }),
            edges: legs.iter().map(|l| l.edge).collect(),
            passed_s: legs.iter().map(|l| [l.enters_s, l.leaves_s]).collect(),
            arrives_s: end.arrives_s,
            dry_until_s,
            leave_by_s: slack.map(|s| self.trip.leave_s + s),
        }
    }

    fn line(&self, legs: &[Leg]) -> LineString<f64> {
        let mut points: Vec<Coord<f64>> = Vec::new();
        for leg in legs {
            let of_edge = &self.network.edge(leg.edge).line.0;
            let part = part_of(of_edge, &measure(of_edge), leg.from_m, leg.to_m);
            for point in part.0 {
                if points.last() != Some(&point) {
                    points.push(point);
                }
            }
        }
        if let [only] = points[..] {
            points.push(only);
        }
        LineString::new(points)
    }
}
