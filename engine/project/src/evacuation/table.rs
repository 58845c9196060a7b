//! A plan as CSV and GeoJSON.

use serde_json::{Value, json};

use super::{EvacuationPlan, Move, PlanStep};
use crate::tables::quoted;

/// One row for each move; a grid without one has a row of its own.
pub fn plan_csv(plan: &EvacuationPlan) -> Vec<u8> {
    let mut csv = String::from(
        "order,time,time_s,grid,grid_name,unit,unit_name,people,people_above,water_s,leave_s,leave_by_s,shelter,shelter_name,length_m,dry_until_s,staff,without\r\n",
    );
    let seconds = |v: Option<f64>| v.map(|v| format!("{v:.0}")).unwrap_or_default();
    for step in &plan.steps {
        let staff: Vec<String> = step
            .staff
            .iter()
            .map(|s| format!("{} {}", s.role, s.count))
            .collect();
        let head = format!(
            "{},{},{:.0},{},{}",
            step.order,
            step.time,
            step.time_s,
            quoted(&step.grid.code),
            quoted(&step.grid.name)
        );
        let staff = quoted(&staff.join("; "));
        if step.moves.is_empty() {
            csv.push_str(&format!("{head},,,0,0,,,,,,,,{staff},\r\n"));
        }
        for m in &step.moves {
            let (shelter, route) = (m.shelter.as_ref(), m.route.as_ref());
            csv.push_str(&format!(
                "{head},{},{},{},{},{:.0},{},{},{},{},{},{},{staff},{}\r\n",
                quoted(&m.unit.code),
                quoted(&m.unit.name),
                m.people,
                m.people_above,
                m.water_s,
                seconds(route.map(|r| r.leave_s)),
                seconds(route.and_then(|r| r.leave_by_s)),
                quoted(shelter.map_or("", |s| &s.code)),
                quoted(shelter.map_or("", |s| &s.name)),
                route
                    .map(|r| format!("{:.1}", r.length_m))
                    .unwrap_or_default(),
                seconds(route.and_then(|r| r.dry_until_s)),
                without(m),
            ));
        }
    }
    // What is not known has rows without a step; its people are those of whom nothing is known.
    for of in &plan.unknown {
        let people = of.people_unknown.map(|n| n.to_string());
        csv.push_str(&format!(
            ",,,,,{},{},{},,,,,,,,,,unknown\r\n",
            quoted(&of.unit.code),
            quoted(&of.unit.name),
            people.unwrap_or_default(),
        ));
    }
    csv.into_bytes()
}

/// Why people of a move have no shelter: `cut_off` or `no_place`; empty where they have one. (`unknown` stands there for
/// units of which nothing is known.)
fn without(m: &Move) -> &'static str {
    match (m.people > 0 && m.shelter.is_none(), m.cut_off) {
        (false, _) => "",
        (true, true) => "cut_off",
        (true, false) => "no_place",
    }
}

/// Ways as lines, shelters and the units of people without one as points, longitude and latitude.
pub fn plan_geojson(plan: &EvacuationPlan) -> Vec<u8> {
    let ways = plan
        .steps
        .iter()
        .flat_map(|step| step.moves.iter().filter_map(move |m| way(step, m)));
    let shelters = plan.shelters.iter().filter_map(|shelter| {
        Some(json!({
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": shelter.at?},
            "properties": {"kind": "shelter", "code": shelter.code, "name": shelter.name,
                "capacity": shelter.capacity, "assigned": shelter.assigned,
                "places_left": shelter.places_left, "floods_at_s": shelter.floods_at_s,
                "reachable": shelter.reachable},
        }))
    });
    let left = plan
        .steps
        .iter()
        .flat_map(|step| step.moves.iter().filter_map(move |m| left_behind(step, m)));
    let features: Vec<Value> = ways.chain(shelters).chain(left).collect();
    json!({"type": "FeatureCollection", "features": features})
        .to_string()
        .into_bytes()
}

/// People without a shelter, at their unit.
fn left_behind(step: &PlanStep, m: &Move) -> Option<Value> {
    let kind = Some(without(m)).filter(|kind| !kind.is_empty())?;
    Some(json!({
        "type": "Feature",
        "geometry": m.at.map(|at| json!({"type": "Point", "coordinates": at})),
        "properties": {"kind": kind, "order": step.order, "grid": step.grid.code, "unit": m.unit.code,
            "people": m.people, "water_s": m.water_s},
    }))
}

fn way(step: &PlanStep, m: &Move) -> Option<Value> {
    let (shelter, route) = (m.shelter.as_ref()?, m.route.as_ref()?);
    // A line needs two positions; whoever lives beside the shelter has none.
    let geometry = match route.line.as_slice() {
        [] => Value::Null,
        [only] => json!({"type": "Point", "coordinates": only}),
        line => json!({"type": "LineString", "coordinates": line}),
    };
    Some(json!({
        "type": "Feature",
        "geometry": geometry,
        "properties": {"kind": "way", "order": step.order, "grid": step.grid.code, "unit": m.unit.code,
            "people": m.people, "shelter": shelter.code, "length_m": route.length_m,
            "leave_s": route.leave_s, "leave_by_s": route.leave_by_s,
            "arrives_s": route.arrives_s, "dry_until_s": route.dry_until_s},
    }))
}
