//! Hazards as plug-ins, and the combined level of each zone.
//!
//! # What is modelled
//!
//! A [`Hazard`] measures something in every zone: metres of water, metres per second, a ratio. [`Rules`], which are
//! data, turn measures into a [`Level`] (none, blue, yellow, orange, red) and the levels of all hazards into
//! one. [`assess`] does both.
//!
//! # A new hazard
//!
//! One plug-in of any crate, without a change here:
//!
//! ```
//! use bevy_app::{App, Plugin};
//! use bevy_ecs::prelude::World;
//! use stormgrid_twin::hazard::{
//!     AddHazard, Finding, Hazard, HazardRule, Measure, Message, Parameters, Unavailable, ZoneSet,
//! };
//!
//! struct Heat;
//!
//! impl Hazard for Heat {
//!     fn id(&self) -> &str { "heat" }
//!     fn title(&self) -> Message { Message::own("高温", "Heat") }
//!     fn measures(&self) -> Vec<Measure> {
//!         vec![Measure::new("temperature_c", "°C", Message::own("最高气温", "Greatest temperature"))]
//!     }
//!     fn rule(&self) -> Option<HazardRule> {
//!         Some(HazardRule::rising("temperature_c", [35.0, 37.0, 39.0, 40.0]))
//!     }
//!     fn assess(&self, _twin: &World, _run: &World, zones: &ZoneSet, _: &Parameters)
//!         -> Result<Vec<Finding>, Unavailable>
//!     {
//!         Ok(zones.zones.iter().map(|_| Finding::of(vec![36.0])).collect())
//!     }
//! }
//!
//! struct HeatPlugin;
//!
//! impl Plugin for HeatPlugin {
//!     fn build(&self, app: &mut App) { app.add_hazard(Heat); }
//! }
//! ```
//!
//! What a hazard needs of the place it keeps in the twin's world, what it needs of one run it finds in the run's
//! world ([`inputs`] for those of this crate).
//!
//! # What is left out
//!
//! Files, catalogues of texts (a [`Message`] is a key or its own text), and probabilities.

mod builtin;
pub mod inputs;
mod level;
mod rules;
mod wind_damage;

use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::prelude::{Resource, World};
use stormgrid_core::frame::Geodetic;
use stormgrid_core::geo::MultiPolygon;

pub use builtin::{
    FloodPlugin, HazardPlugins, LandslidePlugin, PondingPlugin, SurgePlugin, WindDamagePlugin,
    WindPlugin,
};
pub use level::Level;
pub use rules::{
    Combination, Criterion, HazardRule, Method, Requirement, Rules, RulesError, StepUp,
};
pub use stormgrid_core::message::Message;

/// A zone of the layer that is looked at.
#[derive(Clone, Debug)]
pub struct ZoneInfo {
    /// Code, unique in its layer.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Outline [local m].
    pub outline: MultiPolygon<f64>,
    /// A place inside it [local m].
    pub at: [f64; 2],
    /// The same place on the ellipsoid.
    pub position: Geodetic,
    /// Residents.
    pub people: f64,
}

/// The zones of one layer, in its order.
#[derive(Clone, Debug)]
pub struct ZoneSet {
    /// Identifier of the layer.
    pub layer: String,
    /// The zones.
    pub zones: Vec<ZoneInfo>,
}

impl ZoneSet {
    /// The outlines, in order.
    pub fn outlines(&self) -> Vec<&MultiPolygon<f64>> {
        self.zones.iter().map(|zone| &zone.outline).collect()
    }
}

/// A number that a hazard tells of each zone; it grows with the danger.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Name for rules and programs, for example `depth_max_m`.
    pub id: String,
    /// Unit, `-` for a share or a ratio.
    pub unit: String,
    /// Title for people.
    pub title: Message,
}

impl Measure {
    /// From its parts.
    pub fn new(id: &str, unit: &str, title: Message) -> Self {
        Self {
            id: id.to_owned(),
            unit: unit.to_owned(),
            title,
        }
    }
}

/// A number that a hazard's model takes from the rules.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Name with its unit, for example `half_damage_mps`.
    pub name: &'static str,
    /// Value where the rules give none.
    pub default: f64,
    /// Least value allowed.
    pub least: f64,
    /// Greatest value allowed.
    pub most: f64,
}

/// The numbers that a model takes, all of them, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters(Vec<(&'static str, f64)>);

impl Parameters {
    /// The value of a parameter that the hazard itself has named; 0 for any other.
    pub fn get(&self, name: &str) -> f64 {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map_or(0.0, |(_, value)| *value)
    }
}

/// What a hazard found in one zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// A value for each measure of the hazard, in their order; NaN where there is none.
    pub values: Vec<f64>,
    /// When it begins [s after the run's start], where that is known.
    pub onset_s: Option<f64>,
    /// What a person should read.
    pub why: Option<Message>,
}

impl Finding {
    /// Values alone.
    pub fn of(values: Vec<f64>) -> Self {
        Self {
            values,
            onset_s: None,
            why: None,
        }
    }
}

/// Why a hazard says nothing about a run, for a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Unavailable(pub Message);

/// One hazard.
pub trait Hazard: Send + Sync + 'static {
    /// Name for rules and programs, for example `flood`.
    fn id(&self) -> &str;

    /// Title for people.
    fn title(&self) -> Message;

    /// What it measures.
    fn measures(&self) -> Vec<Measure>;

    /// Its rule where the rules of the place have none.
    fn rule(&self) -> Option<HazardRule> {
        None
    }

    /// Numbers that its model takes from the rules.
    fn parameters(&self) -> Vec<Parameter> {
        Vec::new()
    }

    /// What it finds in each zone, in the zones' order.
    ///
    /// - `twin`: the world of the twin, the same for all runs
    /// - `run`: resources of one run
    fn assess(
        &self,
        twin: &World,
        run: &World,
        zones: &ZoneSet,
        parameters: &Parameters,
    ) -> Result<Vec<Finding>, Unavailable>;
}

/// All hazards of a twin, in the order in which they were plugged in.
#[derive(Resource, Clone, Default)]
pub struct Hazards(Vec<Arc<dyn Hazard>>);

impl Hazards {
    /// Adds a hazard; one with the same name gives way to it.
    pub fn add(&mut self, hazard: impl Hazard) {
        let hazard: Arc<dyn Hazard> = Arc::new(hazard);
        match self.0.iter_mut().find(|h| h.id() == hazard.id()) {
            Some(old) => *old = hazard,
            None => self.0.push(hazard),
        }
    }

    /// The hazards.
    pub fn all(&self) -> &[Arc<dyn Hazard>] {
        &self.0
    }

    /// The hazard of a name.
    pub fn get(&self, id: &str) -> Option<&Arc<dyn Hazard>> {
        self.0.iter().find(|hazard| hazard.id() == id)
    }
}

/// How a plug-in adds a hazard.
pub trait AddHazard {
    /// Adds a hazard to the app's world.
    fn add_hazard(&mut self, hazard: impl Hazard) -> &mut Self;
}

impl AddHazard for App {
    fn add_hazard(&mut self, hazard: impl Hazard) -> &mut Self {
        let hazards = self.world_mut().get_resource_or_init::<Hazards>();
        hazards.into_inner().add(hazard);
        self
    }
}

/// One hazard in all zones of a layer.
#[derive(Clone, Debug)]
pub struct HazardTable {
    /// Name.
    pub id: String,
    /// Title.
    pub title: Message,
    /// What it measures.
    pub measures: Vec<Measure>,
    /// What it found, zone by zone.
    pub findings: Vec<Finding>,
    /// The levels, zone by zone.
    pub levels: Vec<Level>,
}

/// A hazard that is told once for all zones of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct DistrictLevel {
    /// Name of the hazard.
    pub id: String,
    /// The worst level of all zones.
    pub level: Level,
    /// When it begins in the first zone [s after the run's start], where that is known.
    pub onset_s: Option<f64>,
    /// Why, in a zone with that level.
    pub why: Option<Message>,
}

/// All hazards in all zones of a layer.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// Identifier of the layer.
    pub layer: String,
    /// Codes and names of the zones.
    pub zones: Vec<(String, String)>,
    /// The hazards that could be assessed.
    pub hazards: Vec<HazardTable>,
    /// Hazards that the rules tell once for all zones, in the order of the rules.
    pub district: Vec<DistrictLevel>,
    /// The combined levels, zone by zone, without the hazards of `district`.
    pub combined: Vec<Level>,
    /// Why others could not.
    pub notes: Vec<Message>,
}

/// Assesses all hazards of a twin in the zones of a layer.
///
/// - `rules`: what [`Rules::check`] has accepted for the same world
pub fn assess(twin: &World, run: &World, zones: &ZoneSet, rules: &Rules) -> Assessment {
    let mut assessment = Assessment {
        layer: zones.layer.clone(),
        zones: zones
            .zones
            .iter()
            .map(|zone| (zone.code.clone(), zone.name.clone()))
            .collect(),
        hazards: Vec::new(),
        district: Vec::new(),
        combined: Vec::new(),
        notes: Vec::new(),
    };
    let Some(hazards) = twin.get_resource::<Hazards>() else {
        assessment.combined = vec![Level::None; zones.zones.len()];
        return assessment;
    };
    for hazard in hazards.all() {
        let rule = rules.of(hazard.as_ref());
        let parameters = rule.parameters_of(&hazard.parameters());
        match hazard.assess(twin, run, zones, &parameters) {
            Ok(findings) => {
                let measures = hazard.measures();
                let levels = findings.iter().map(|f| rule.level(&measures, &f.values));
                assessment.hazards.push(HazardTable {
                    id: hazard.id().to_owned(),
                    title: hazard.title(),
                    levels: levels.collect(),
                    measures,
                    findings,
                });
            }
            Err(Unavailable(reason)) => assessment.notes.push(reason),
        }
    }
    let once = rules.combination.district.iter();
    assessment.district = once
        .filter_map(|id| district_level(assessment.hazards.iter().find(|h| h.id == *id)?))
        .collect();
    let ids: Vec<&str> = assessment.hazards.iter().map(|h| h.id.as_str()).collect();
    assessment.combined = (0..zones.zones.len())
        .map(|zone| {
            let levels = assessment.hazards.iter().map(|h| {
                let level = h.levels.get(zone).copied();
                level.unwrap_or(Level::None)
            });
            rules.combination.combine(ids.iter().copied().zip(levels))
        })
        .collect();
    assessment
}

/// The worst of a hazard's zones; `None` without zones.
fn district_level(hazard: &HazardTable) -> Option<DistrictLevel> {
    let worst = hazard.levels.iter().copied().max()?;
    let at = hazard.levels.iter().position(|level| *level == worst)?;
    let onsets = hazard.findings.iter().filter_map(|f| f.onset_s);
    Some(DistrictLevel {
        id: hazard.id.clone(),
        level: worst,
        onset_s: onsets.min_by(f64::total_cmp),
        why: hazard.findings.get(at).and_then(|f| f.why.clone()),
    })
}

#[cfg(test)]
mod tests;
