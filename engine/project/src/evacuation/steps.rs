//! Steps of a plan: what happens in each grid, and what a reader should know.

use std::collections::BTreeMap;

use stormgrid_core::message;
use stormgrid_core::time::Instant;
use stormgrid_twin::network::RoadThresholds;
use stormgrid_twin::{Grid, Layer};

use super::sources::{Unit, properties};
use super::{
    Move, Named, PlanBasis, PlanOptions, PlanShelter, PlanStep, Staff, StayRule, again, same_count,
    the_run,
};
use crate::ProjectError;
use crate::messages::text;
use crate::storm::Bilingual;
use crate::twin::LoadedTwin;

/// Share of a grid under 0.15 m from which it is hit even if no people are reached [-].
const HIT_SHARE: f64 = 0.01;

/// Roles of staff: property of the grids' layer, word for programs, key of the catalogue.
const ROLES: [(&str, &str, &str); 3] = [
    ("staff_full_time", "full_time", "plan.role_full_time"),
    ("staff_part_time", "part_time", "plan.role_part_time"),
    ("unit_leaders", "unit_leaders", "plan.role_unit_leaders"),
];

/// One step for each hit grid, by the arrival of the water.
pub(super) fn steps(
    twin: &LoadedTwin,
    basis: &PlanBasis,
    grids: &Layer,
    units: &[Unit<'_>],
    mut moves: BTreeMap<&str, Vec<Move>>,
) -> Result<Vec<PlanStep>, ProjectError> {
    let zones = basis.zones(&grids.id);
    same_count(
        message!("what.grids", "grids"),
        grids.entities.len(),
        zones.len(),
    )?;
    let staff = properties(twin, grids, |attributes, feature| {
        let mut staff = Vec::new();
        for (property, role, key) in ROLES {
            staff.extend(attributes.count(feature, &[property])?.map(|count| Staff {
                role: role.to_owned(),
                name: text(key, &[]),
                count: count as u64,
            }));
        }
        Ok(staff)
    })?;
    let start = Instant::parse(&basis.start)
        .map_err(|e| ProjectError::input(the_run(), e.message(), again()))?;
    let mut steps = Vec::new();
    for ((grid, zone), staff) in twin.twin.all::<Grid>(grids).zip(zones).zip(staff) {
        let of_grid: Vec<&Unit<'_>> = units.iter().filter(|u| u.of_grid == grid.code).collect();
        if of_grid.is_empty() && zone.flooded_share < HIT_SHARE {
            continue;
        }
        let first = of_grid.iter().map(|u| u.water_s).chain(zone.arrival_s);
        let time_s = first.min_by(f64::total_cmp).unwrap_or(0.0);
        let moves = moves.remove(grid.code.as_str()).unwrap_or_default();
        let with_place = moves
            .iter()
            .find(|m| m.shelter.is_some() && m.route.is_some());
        let gone = |m: &&Move| m.shelter.is_none();
        let unplaced_people: u64 = moves.iter().filter(gone).map(|m| m.people).sum();
        let sum = |of: fn(&Unit<'_>) -> u64| of_grid.iter().map(|u| of(u)).sum::<u64>();
        let (people, people_above) = (sum(|u| u.people), sum(|u| u.above));
        let vulnerable = of_grid
            .iter()
            .filter_map(|u| u.vulnerable)
            .reduce(|a, b| a + b);
        steps.push(PlanStep {
            order: 0,
            time_s,
            time: start.plus_seconds(time_s).to_rfc3339(),
            grid: Named {
                code: grid.code.clone(),
                name: grid.name.clone(),
            },
            units: of_grid.iter().map(|u| u.grid.code.clone()).collect(),
            people,
            people_above,
            residents: sum(|u| u.residents),
            vulnerable,
            staff,
            shelter: with_place.and_then(|m| m.shelter.clone()),
            route: with_place.and_then(|m| m.route.clone()),
            note: note([people, people_above], of_grid.len(), unplaced_people),
            moves,
            unplaced_people,
        });
    }
    steps.sort_by(|a, b| {
        let by_code = a.grid.code.cmp(&b.grid.code);
        a.time_s.total_cmp(&b.time_s).then(by_code)
    });
    for (k, step) in steps.iter_mut().enumerate() {
        step.order = k + 1;
    }
    Ok(steps)
}

fn note([people, above]: [u64; 2], units: usize, unplaced: u64) -> Bilingual {
    let slots = [
        ("people", people.to_string()),
        ("above", above.to_string()),
        ("units", units.to_string()),
        ("unplaced", unplaced.to_string()),
    ];
    let key = match (people, unplaced) {
        (0, _) => "plan.step_watch",
        (_, 0) => "plan.step_move",
        _ => "plan.step_short",
    };
    text(key, &slots)
}

pub(super) fn notes(
    steps: &[PlanStep],
    shelters: &[PlanShelter],
    unplaced: u64,
    options: PlanOptions,
    stay: &StayRule,
) -> Vec<Bilingual> {
    let flooded = shelters.iter().filter(|s| s.floods_at_s.is_some()).count();
    let mut notes = Vec::new();
    if steps.is_empty() {
        notes.push(text("plan.nobody", &[]));
    }
    if unplaced > 0 {
        notes.push(text("plan.unplaced", &[("people", unplaced.to_string())]));
    }
    if flooded > 0 {
        notes.push(text(
            "plan.shelters_flood",
            &[("count", flooded.to_string())],
        ));
    }
    let pace = [
        ("speed", options.speed_mps.to_string()),
        ("lead", (options.lead_s / 60.0).round().to_string()),
        ("depth", RoadThresholds::default().closed_m.to_string()),
    ];
    notes.push(text("plan.rules", &pace));
    let stays = [
        ("storeys", stay.least_storeys.to_string()),
        ("class", stay.leave_from_class.to_string()),
        ("hours", (stay.longest_s / 3600.0).to_string()),
    ];
    notes.push(text("plan.stay", &stays));
    notes
}
