//! Ways of a unit to the shelters: by the roads, or over dry ground where a shelter lies that near.

use stormgrid_core::geo::{Coord, LineString};
use stormgrid_twin::network::{Access, Closures, Dry, OffRoad, Places, Route, Trip, near};

use super::way::{Joined, Walkers};

/// Shelters that are asked for per unit: enough that full ones leave others, few enough to be quick.
const NEAREST_SHELTERS: usize = 24;

/// Shelters as the ends of ways.
pub(super) struct Ends {
    /// Number of each among all shelters of the plan.
    numbers: Vec<usize>,
    at: Vec<[f64; 2]>,
    near: Places,
    all: Places,
}

impl Ends {
    /// - `open`: number, place and accesses of each
    pub(super) fn new(walkers: &Walkers<'_>, open: Vec<(usize, [f64; 2], Joined)>) -> Self {
        let places = |of: fn(&Joined) -> &Vec<Access>| {
            let accesses = open.iter().map(|(_, _, joined)| of(joined).clone());
            Places::of(walkers.network, accesses.collect())
        };
        Self {
            near: places(|j| &j.near),
            all: places(|j| &j.all),
            numbers: open.iter().map(|o| o.0).collect(),
            at: open.iter().map(|o| o.1).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
}

/// Which way leads to a shelter.
#[derive(Clone, Debug)]
enum How {
    /// By the roads nearest to both ends.
    Near,
    /// By roads farther off.
    Far,
    /// Beside all roads.
    Beside(OffRoad),
}

/// A shelter that can be reached.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Its number among all shelters.
    pub(super) shelter: usize,
    /// How long the way takes [s].
    pub(super) takes_s: f64,
    end: usize,
    how: How,
}

/// What can be reached from a unit.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    /// When people leave [s].
    pub(super) leave_s: f64,
    /// The shelters; none where no dry way leads to any.
    pub(super) found: Vec<Found>,
    joined: Joined,
}

impl Reach {
    /// Shelters that people reach when they leave at a time, or, if there is none then, at once.
    ///
    /// - `places`: where people start, the first one that is not in water counts
    pub(super) fn of(
        walkers: &Walkers<'_>,
        places: &[[f64; 2]],
        ends: &Ends,
        closures: &Closures,
        leave_s: f64,
    ) -> Self {
        let planned = Self::at(walkers, places, ends, closures, leave_s);
        match planned.found.is_empty() && leave_s > 0.0 {
            true => {
                let at_once = Self::at(walkers, places, ends, closures, 0.0);
                match at_once.found.is_empty() {
                    true => planned,
                    false => at_once,
                }
            }
            false => planned,
        }
    }

    fn at(
        walkers: &Walkers<'_>,
        places: &[[f64; 2]],
        ends: &Ends,
        closures: &Closures,
        leave_s: f64,
    ) -> Self {
        let trip = walkers.trip(leave_s);
        let mut walk = walkers.walk(places, Dry::OnTrip(trip));
        let all = walkers.accesses(&mut walk);
        let joined = Joined {
            near: near(&all),
            all,
        };
        let most = NEAREST_SHELTERS.min(ends.numbers.len());
        let mut found: Vec<Found> = Vec::new();
        for (how, sources, places) in [
            (How::Near, &joined.near, &ends.near),
            (How::Far, &joined.all, &ends.all),
        ] {
            if found.len() >= most {
                break;
            }
            for reached in walkers
                .network
                .nearest_from(sources, places, most, trip, closures)
            {
                if found.len() < most && found.iter().all(|f| f.end != reached.place) {
                    found.push(Found {
                        shelter: ends.numbers[reached.place],
                        takes_s: reached.arrives_s - leave_s,
                        end: reached.place,
                        how: how.clone(),
                    });
                }
            }
        }
        for (end, &at) in ends.at.iter().enumerate() {
            if found.iter().all(|f| f.end != end)
                && let Some(way) = walk.to(at)
            {
                found.push(Found {
                    shelter: ends.numbers[end],
                    takes_s: way.length_m / walkers.speed_mps,
                    end,
                    how: How::Beside(way),
                });
            }
        }
        Self {
            leave_s,
            found,
            joined,
        }
    }

    /// The way to a shelter that can be reached.
    pub(super) fn route(
        &self,
        walkers: &Walkers<'_>,
        ends: &Ends,
        closures: &Closures,
        shelter: usize,
    ) -> Option<Route> {
        let found = self.found.iter().find(|f| f.shelter == shelter)?;
        let trip = walkers.trip(self.leave_s);
        let network = walkers.network;
        match &found.how {
            How::Near => {
                network.route_from(&self.joined.near, &ends.near, found.end, trip, closures)
            }
            How::Far => network.route_from(&self.joined.all, &ends.all, found.end, trip, closures),
            How::Beside(way) => Some(beside(way, trip)),
        }
    }

    /// Edges that people of the unit meet first.
    pub(super) fn accesses(&self) -> &[Access] {
        &self.joined.all
    }
}

/// A way beside the roads as a route.
fn beside(way: &OffRoad, trip: Trip) -> Route {
    let points: Vec<Coord<f64>> = way.line.0.clone();
    Route {
        length_m: way.length_m,
        line: LineString::new(points),
        edges: Vec::new(),
        passed_s: Vec::new(),
        arrives_s: trip.leave_s + way.length_m / trip.speed_mps,
        dry_until_s: Some(way.dry_until_s).filter(|t| t.is_finite()),
        leave_by_s: Some(way.begin_by_s).filter(|t| t.is_finite()),
    }
}
