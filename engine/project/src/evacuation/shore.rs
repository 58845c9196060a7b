//! Units that rivers and canals divide: how many of their people live on which side.

use geo::{BoundingRect, Contains, Point};
use stormgrid_twin::network::Dry;
use stormgrid_twin::{Building, GeometryKind, Position};

use super::sources::{Unit, starts};
use super::way::Walkers;
use crate::twin::LoadedTwin;

/// Farthest that is walked to find out whether two places of a unit lie on one side of the water [m]: a bound on time.
const FARTHEST_M: f64 = 2500.0;

/// Smallest share of a unit's people that is a side of its own [-]: a building on a quay whose cell is water is none.
const LEAST_SHARE: f64 = 0.02;

/// People of a unit on one side of the water.
#[derive(Clone, Debug)]
pub(super) struct Side {
    /// Position of the unit among the hit ones.
    pub(super) unit: usize,
    /// Where they may set out, the first place that is not in water counts.
    pub(super) starts: Vec<[f64; 2]>,
    /// How many of them must leave.
    pub(super) people: u64,
}

/// The sides of a unit; one where no water lies in it.
///
/// People are told apart by the buildings that they live in, or, where those are not known, by the land on each side.
pub(super) fn sides(
    twin: &LoadedTwin,
    walkers: &Walkers<'_>,
    number: usize,
    unit: &Unit<'_>,
) -> Vec<Side> {
    let places = starts(twin, unit);
    let whole = |starts| {
        vec![Side {
            unit: number,
            starts,
            people: unit.people,
        }]
    };
    let (wet, land): (Vec<[f64; 2]>, Vec<[f64; 2]>) = places
        .iter()
        .copied()
        .partition(|at| walkers.land.is_water(at[0], at[1]));
    if wet.is_empty() || land.len() < 2 || unit.people == 0 {
        return whole(places);
    }
    let homes = homes(twin, unit);
    // Without homes they live on the land; who must leave, on what of it the water reaches.
    let is_reached = |at: &[f64; 2]| walkers.land.is_reached(at[0], at[1]);
    let any_reached = land.iter().any(is_reached);
    let weight = |at: &[f64; 2]| match homes.is_empty() {
        true => f64::from(u8::from(!any_reached || is_reached(at))),
        false => homes.iter().filter(|h| h.0 == *at).map(|h| h.1).sum(),
    };
    let reach_m = unit
        .outline
        .bounding_rect()
        .map_or(0.0, |bounds| bounds.width() + bounds.height());
    let dry = Dry::Until(0.0, walkers.speed_mps);
    let mut groups: Vec<(Vec<[f64; 2]>, f64)> = Vec::new();
    let mut left = land;
    while let Some(&first) = left.first() {
        let mut walk = walkers.walk_far(first, reach_m.clamp(1.0, FARTHEST_M), dry);
        let (same, apart): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|at| *at == first || walk.to(*at).is_some());
        left = apart;
        let people = same.iter().map(weight).sum::<f64>();
        groups.push((same, people));
    }
    let all: f64 = groups.iter().map(|g| g.1).sum();
    groups.retain(|(_, people)| *people >= LEAST_SHARE * all && *people > 0.0);
    if groups.len() < 2 {
        return whole(places);
    }
    let people = divided(unit.people, &groups.iter().map(|g| g.1).collect::<Vec<_>>());
    groups
        .into_iter()
        .zip(people)
        .filter(|(_, people)| *people > 0)
        .map(|((starts, _), people)| Side {
            unit: number,
            starts,
            people,
        })
        .collect()
}

/// Buildings of a unit in which people live, and how many.
fn homes(twin: &LoadedTwin, unit: &Unit<'_>) -> Vec<([f64; 2], f64)> {
    let layers = twin.twin.layers().iter();
    layers
        .filter(|layer| layer.geometry == GeometryKind::Building)
        .flat_map(|layer| {
            let at = twin.twin.all::<Position>(layer);
            twin.twin.all::<Building>(layer).zip(at)
        })
        .map(|(building, at)| ([at.0[0], at.0[1]], f64::from(building.people.unwrap_or(0))))
        .filter(|(at, people)| *people > 0.0 && unit.outline.contains(&Point::new(at[0], at[1])))
        .collect()
}

/// People divided by weights, whole and none lost: largest remainders first, equal ones in order.
fn divided(people: u64, weights: &[f64]) -> Vec<u64> {
    let all: f64 = weights.iter().sum();
    let exact: Vec<f64> = weights.iter().map(|w| people as f64 * w / all).collect();
    let mut shares: Vec<u64> = exact.iter().map(|e| e.floor() as u64).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| {
        exact[b]
            .fract()
            .total_cmp(&exact[a].fract())
            .then(a.cmp(&b))
    });
    let left = people.saturating_sub(shares.iter().sum());
    for &k in order.iter().take(left as usize) {
        shares[k] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_divided_without_losing_one() {
        assert_eq!(divided(10, &[1.0, 1.0, 1.0]), [4, 3, 3]);
        assert_eq!(divided(100, &[150.0, 50.0]), [75, 25]);
        assert_eq!(divided(1, &[0.2, 0.8]), [0, 1]);
        assert_eq!(divided(0, &[1.0, 2.0]), [0, 0]);
    }
}
