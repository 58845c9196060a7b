//! What the wind does to the buildings of each zone.

use bevy_ecs::prelude::World;
use stormgrid_core::geo::Area;
use stormgrid_sim::hazard::wind;

use super::builtin::{STEP_S, percent, told, unavailable};
use super::inputs::{RunTime, Storm};
use super::{Finding, Hazard, Measure, Message, Parameter, Parameters, Unavailable, ZoneSet};
use crate::components::{Building, Outline, Position};
use crate::world::{GeometryKind, Layers, TwinIndex};

/// Wind that destroys half of the value of houses in the United States, a 1-minute mean [m s⁻¹].
///
/// Source: Sealy & Strobl (2017), as taken by Eberenz, Lüthi & Bresch (2021), Nat. Hazards Earth Syst. Sci. 21,
/// 393–415, for uncalibrated regions. That it fits low houses elsewhere is assumed.
const HALF_DAMAGE_LOW_HOUSES: f64 = 74.7;

/// The loss of each zone's own buildings, low houses apart from others.
///
/// A typhoon's wind is nearly the same over a city; what differs from zone to zone is what stands in it.
pub(super) struct WindDamageHazard;

/// Buildings of a zone.
#[derive(Clone, Copy, Debug, Default)]
struct Stock {
    /// Floor area of houses of few storeys, and of the others [m²].
    area: [f64; 2],
    /// Houses of few storeys.
    weak: u32,
    /// People who live in them.
    people: f64,
}

impl Hazard for WindDamageHazard {
    fn id(&self) -> &str {
        "wind_damage"
    }

    fn title(&self) -> Message {
        Message::key("hazards.wind_damage")
    }

    fn measures(&self) -> Vec<Measure> {
        vec![
            Measure::new("damage_own", "-", Message::key("hazards.m.damage_own")),
            Measure::new("people_weak", "-", Message::key("hazards.m.people_weak")),
        ]
    }

    fn parameters(&self) -> Vec<Parameter> {
        let half = |name, default| Parameter {
            name,
            default,
            least: 30.0,
            most: 400.0,
        };
        vec![
            half("half_damage_mps", wind::HALF_DAMAGE_CHINA),
            half("half_damage_weak_mps", HALF_DAMAGE_LOW_HOUSES),
            Parameter {
                name: "weak_storeys",
                default: 2.0,
                least: 0.0,
                most: 10.0,
            },
        ]
    }

    fn assess(
        &self,
        twin: &World,
        run: &World,
        zones: &ZoneSet,
        parameters: &Parameters,
    ) -> Result<Vec<Finding>, Unavailable> {
        let storeys = parameters.get("weak_storeys");
        let stock = stock_of(twin, zones, storeys);
        let (Some(storm), Some(time), Some(stock)) = (
            run.get_resource::<Storm>(),
            run.get_resource::<RunTime>(),
            stock,
        ) else {
            return Err(unavailable("hazards.none.wind_damage"));
        };
        let places: Vec<_> = zones.zones.iter().map(|zone| zone.position).collect();
        let found = wind::greatest(&storm.0, &places, time.start, time.duration_s, STEP_S);
        let halves = ["half_damage_weak_mps", "half_damage_mps"].map(|name| parameters.get(name));
        let finding = |(m, stock): (wind::Greatest, Stock)| {
            let lost = halves.map(|half| wind::damage_fraction(m.open_one_minute, half));
            let area: f64 = stock.area.iter().sum();
            let sum: f64 = stock.area.iter().zip(lost).map(|(a, d)| a * d).sum();
            let damage = if area > 0.0 { sum / area } else { 0.0 };
            Finding {
                values: vec![damage, stock.people],
                onset_s: m.gale_from.filter(|_| damage > 0.0),
                why: (damage > 0.0).then(|| {
                    Message::key("hazards.why.wind_damage")
                        .with("people", told(stock.people, 0))
                        .with("weak", stock.weak)
                        .with("storeys", told(storeys, 0))
                        .with("damage", percent(damage))
                }),
            }
        };
        Ok(found.into_iter().zip(stock).map(finding).collect())
    }
}

/// Buildings of each zone; `None` of a twin without any.
fn stock_of(twin: &World, zones: &ZoneSet, weak_storeys: f64) -> Option<Vec<Stock>> {
    let layers = &twin.get_resource::<Layers>()?.0;
    let index = &twin.get_resource::<TwinIndex>()?.0;
    let of_zones = layers.iter().position(|layer| layer.id == zones.layer)?;
    let mut stock = vec![Stock::default(); zones.zones.len()];
    let mut seen = false;
    let buildings = layers
        .iter()
        .filter(|layer| layer.geometry == GeometryKind::Building)
        .flat_map(|layer| &layer.entities);
    for &entity in buildings {
        let parts = (
            twin.get::<Building>(entity),
            twin.get::<Outline>(entity),
            twin.get::<Position>(entity),
        );
        let (Some(building), Some(outline), Some(at)) = parts else {
            continue;
        };
        seen = true;
        let area = outline.0.unsigned_area() * f64::from(building.storeys());
        let weak = f64::from(building.storeys()) <= weak_storeys;
        for item in index.containing(at.0[0], at.0[1]) {
            if usize::from(item.layer) != of_zones {
                continue;
            }
            if let Some(zone) = stock.get_mut(item.feature.index()) {
                zone.area[usize::from(!weak)] += area;
                zone.weak += u32::from(weak);
                zone.people += f64::from(building.people.unwrap_or(0) * u32::from(weak));
            }
        }
    }
    seen.then_some(stock)
}
