//! When edges cannot be passed.

use serde::{Deserialize, Serialize};

use super::{EdgeIdx, RoadNetwork};

/// Depths from which a road counts as warned and as closed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoadThresholds {
    /// Depth from which drivers are warned [m]; the waterlogging criterion of GB 50014.
    pub warned_m: f64,
    /// Depth from which a road is closed [m]: cars lose their grip and people their footing at
    /// about this depth (Pregnolato et al. 2017, Transportation Research Part D 55, 67–81).
    pub closed_m: f64,
}

impl Default for RoadThresholds {
    fn default() -> Self {
        Self {
            warned_m: 0.15,
            closed_m: 0.30,
        }
    }
}

/// An edge that cannot be passed for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Closure {
    /// The edge.
    pub edge: EdgeIdx,
    /// First moment at which it is closed [s].
    pub from_s: f64,
    /// First moment at which it is open again [s]; infinite if never.
    pub to_s: f64,
}

/// The closures of a network, ready to be asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Closures {
    /// By edge and then by time, apart from each other.
    sorted: Vec<Closure>,
}

impl Closures {
    /// Everything is open.
    pub fn none() -> Self {
        Self::default()
    }

    /// Sorts and merges closures; those without a duration, or with a time that is not a number,
    /// are left out.
    pub fn new(closures: impl IntoIterator<Item = Closure>) -> Self {
        let mut all: Vec<Closure> = closures.into_iter().filter(|c| c.from_s < c.to_s).collect();
        all.sort_by(|a, b| {
            let by_time = a.from_s.total_cmp(&b.from_s);
            a.edge.cmp(&b.edge).then(by_time)
        });
        let mut sorted: Vec<Closure> = Vec::with_capacity(all.len());
        for closure in all {
            match sorted.last_mut() {
                Some(last) if last.edge == closure.edge && closure.from_s <= last.to_s => {
                    last.to_s = last.to_s.max(closure.to_s);
                }
                _ => sorted.push(closure),
            }
        }
        Self { sorted }
    }

    /// Closes all edges of roads: road, first moment closed, first moment open again [s].
    pub fn of_roads(
        network: &RoadNetwork,
        roads: impl IntoIterator<Item = (usize, f64, f64)>,
    ) -> Self {
        Self::new(roads.into_iter().flat_map(|(road, from_s, to_s)| {
            network
                .edges_of(road)
                .map(move |edge| Closure { edge, from_s, to_s })
        }))
    }

    /// The same closures without an end: what has been under water once is not relied on again.
    #[must_use]
    pub fn for_good(&self) -> Self {
        Self::new(self.sorted.iter().map(|c| Closure {
            to_s: f64::INFINITY,
            ..*c
        }))
    }

    /// All closures, by edge and time.
    pub fn iter(&self) -> impl Iterator<Item = &Closure> {
        self.sorted.iter()
    }

    /// The closures of an edge, by time.
    pub fn of(&self, edge: EdgeIdx) -> &[Closure] {
        let first = self.sorted.partition_point(|c| c.edge < edge);
        let rest = &self.sorted[first..];
        &rest[..rest.partition_point(|c| c.edge == edge)]
    }

    /// The first moment from `time_s` on at which an edge can be entered and left again before it
    /// is closed; `None` if there is none.
    pub fn open_from(&self, edge: EdgeIdx, time_s: f64, passage_s: f64) -> Option<f64> {
        let mut start = time_s;
        for closure in self.of(edge) {
            let meets = closure.from_s < start + passage_s || closure.from_s <= start;
            if meets && start < closure.to_s {
                start = closure.to_s;
            }
        }
        start.is_finite().then_some(start)
    }

    /// The first moment after `time_s` at which an edge closes; `None` if it stays open.
    pub(super) fn next_closing(&self, edge: EdgeIdx, time_s: f64) -> Option<f64> {
        self.of(edge)
            .iter()
            .map(|c| c.from_s)
            .find(|&from_s| from_s >= time_s)
    }

    /// Whether an edge is closed at any moment of a half-open stretch of time.
    pub(super) fn meet(&self, edge: EdgeIdx, from_s: f64, to_s: f64) -> bool {
        self.of(edge)
            .iter()
            .any(|c| c.from_s < to_s && from_s < c.to_s)
    }
}
