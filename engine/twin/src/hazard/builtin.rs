//! The hazards of this crate, each a plug-in: flood, surge, wind, landslide, ponding.

use bevy_app::{App, Plugin, PluginGroup, PluginGroupBuilder};
use bevy_ecs::prelude::World;
use stormgrid_sim::classes::beaufort;
use stormgrid_sim::hazard::landslide::Soil;
use stormgrid_sim::hazard::surge::Coast;
use stormgrid_sim::hazard::{flood, landslide, surge, wind};

use super::inputs::{FloodRows, Rainfall, RoadSpot, RoadSpots, RunTime, Sea, Slopes, Storm};
use super::wind_damage::WindDamageHazard;
use super::{
    AddHazard, Finding, Hazard, Measure, Message, Parameter, Parameters, Unavailable, ZoneSet,
};
use crate::world::{Layers, TwinIndex};

/// Distance of the instants at which wind and rain are looked at [s].
pub(super) const STEP_S: f64 = 600.0;

macro_rules! hazard_plugins {
    ($($(#[$doc:meta])* $plugin:ident => $hazard:ident;)*) => {
        $(
            $(#[$doc])*
            pub struct $plugin;

            impl Plugin for $plugin {
                fn build(&self, app: &mut App) {
                    app.add_hazard($hazard);
                }
            }
        )*

        /// The hazards of this crate.
        pub struct HazardPlugins;

        impl PluginGroup for HazardPlugins {
            fn build(self) -> PluginGroupBuilder {
                PluginGroupBuilder::start::<Self>()$(.add($plugin))*
            }
        }
    };
}

hazard_plugins! {
    /// Flood: worst class and depth, with the people in reach.
    FloodPlugin => FloodHazard;
    /// Surge: the sea's still level against the crests before a zone.
    SurgePlugin => SurgeHazard;
    /// Wind: greatest mean and gust, and the damage that they do.
    WindPlugin => WindHazard;
    /// Wind damage: what the wind does to each zone's own buildings.
    WindDamagePlugin => WindDamageHazard;
    /// Landslides that rain triggers.
    LandslidePlugin => LandslideHazard;
    /// Ponding in underpasses and other dips of roads.
    PondingPlugin => PondingHazard;
}

pub(super) fn unavailable(key: &'static str) -> Unavailable {
    Unavailable(Message::key(key))
}

/// A number with some decimals; nothing behind the sign where it is none.
pub(super) fn told(value: f64, decimals: usize) -> String {
    match value.is_finite() {
        true => {
            let text = format!("{value:.decimals$}");
            // No minus before nothing: an empty sum of floats is -0.
            match text.strip_prefix('-') {
                Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_owned(),
                _ => text,
            }
        }
        false => "—".to_owned(),
    }
}

pub(super) fn percent(share: f64) -> String {
    told(share * 100.0, 1)
}

struct FloodHazard;

impl Hazard for FloodHazard {
    fn id(&self) -> &str {
        "flood"
    }

    fn title(&self) -> Message {
        Message::key("hazards.flood")
    }

    fn measures(&self) -> Vec<Measure> {
        vec![
            Measure::new("depth_max_m", "m", Message::key("hazards.m.depth_max")),
            Measure::new("arr_class", "-", Message::key("hazards.m.arr_class")),
            Measure::new(
                "flooded_share",
                "-",
                Message::key("hazards.m.flooded_share"),
            ),
            Measure::new(
                "people_reached",
                "-",
                Message::key("hazards.m.people_reached"),
            ),
        ]
    }

    fn assess(
        &self,
        _twin: &World,
        run: &World,
        zones: &ZoneSet,
        _parameters: &Parameters,
    ) -> Result<Vec<Finding>, Unavailable> {
        let rows = run
            .get_resource::<FloodRows>()
            .and_then(|rows| rows.0.get(&zones.layer))
            .filter(|rows| rows.len() == zones.zones.len())
            .ok_or_else(|| unavailable("hazards.none.flood"))?;
        let finding = |row| {
            let m = flood::of_row(row);
            Finding {
                values: vec![
                    m.depth_max,
                    f64::from(m.class),
                    m.flooded_share,
                    m.people_reached,
                ],
                onset_s: m.arrival,
                why: (m.class > 0).then(|| {
                    Message::key("hazards.why.flood")
                        .with("depth", told(m.depth_max, 2))
                        .with("class", m.class)
                        .with("share", percent(m.flooded_share))
                        .with("people", told(m.people_reached, 0))
                }),
            }
        };
        Ok(rows.iter().map(finding).collect())
    }
}

struct SurgeHazard;

impl Hazard for SurgeHazard {
    fn id(&self) -> &str {
        "surge"
    }

    fn title(&self) -> Message {
        Message::key("hazards.surge")
    }

    fn measures(&self) -> Vec<Measure> {
        vec![
            Measure::new("above_crest_m", "m", Message::key("hazards.m.above_crest")),
            Measure::new("spill_level_m", "m", Message::key("hazards.m.spill_level")),
            Measure::new("below_share", "-", Message::key("hazards.m.below_share")),
            Measure::new(
                "reached_share",
                "-",
                Message::key("hazards.m.reached_share"),
            ),
            Measure::new("depth_mean_m", "m", Message::key("hazards.m.depth_mean")),
        ]
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![Parameter {
            name: "low_share",
            default: 0.05,
            least: 0.0,
            most: 0.5,
        }]
    }

    fn assess(
        &self,
        _twin: &World,
        run: &World,
        zones: &ZoneSet,
        parameters: &Parameters,
    ) -> Result<Vec<Finding>, Unavailable> {
        let sea = run
            .get_resource::<Sea>()
            .filter(|sea| !sea.cells.is_empty())
            .ok_or_else(|| unavailable("hazards.none.surge"))?;
        let spill = surge::spill_levels(&sea.geometry, &sea.elevation, &sea.cells);
        let coast = Coast {
            geometry: &sea.geometry,
            elevation: &sea.elevation,
            spill: &spill,
            water: &sea.water,
        };
        let level = sea.level.max();
        let low_share = parameters.get("low_share");
        let found = surge::zones(&coast, &zones.outlines(), level, low_share);
        let finding = |m: surge::SurgeMeasures| Finding {
            values: vec![
                m.above_crest,
                m.spill_level,
                m.below_share,
                m.reached_share,
                m.depth_mean,
            ],
            onset_s: surge::first_above(&sea.level, m.spill_level),
            why: m.spill_level.is_finite().then(|| {
                let key = match m.above_crest > 0.0 {
                    true => "hazards.why.surge_over",
                    false => "hazards.why.surge_held",
                };
                Message::key(key)
                    .with("level", told(level, 2))
                    .with("crest", told(m.spill_level, 2))
                    .with("margin", told(m.above_crest.abs(), 2))
                    .with("share", percent(m.reached_share))
                    .with("below", percent(m.below_share))
            }),
        };
        Ok(found.into_iter().map(finding).collect())
    }
}

struct WindHazard;

impl Hazard for WindHazard {
    fn id(&self) -> &str {
        "wind"
    }

    fn title(&self) -> Message {
        Message::key("hazards.wind")
    }

    fn measures(&self) -> Vec<Measure> {
        vec![
            Measure::new("mean_mps", "m/s", Message::key("hazards.m.wind_mean")),
            Measure::new("gust_mps", "m/s", Message::key("hazards.m.wind_gust")),
            Measure::new(
                "beaufort_mean",
                "-",
                Message::key("hazards.m.beaufort_mean"),
            ),
            Measure::new(
                "beaufort_gust",
                "-",
                Message::key("hazards.m.beaufort_gust"),
            ),
            Measure::new("damage_share", "-", Message::key("hazards.m.damage_share")),
        ]
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![Parameter {
            name: "half_damage_mps",
            default: wind::HALF_DAMAGE_CHINA,
            least: 30.0,
            most: 400.0,
        }]
    }

    fn assess(
        &self,
        _twin: &World,
        run: &World,
        zones: &ZoneSet,
        parameters: &Parameters,
    ) -> Result<Vec<Finding>, Unavailable> {
        let (Some(storm), Some(time)) =
            (run.get_resource::<Storm>(), run.get_resource::<RunTime>())
        else {
            return Err(unavailable("hazards.none.wind"));
        };
        let places: Vec<_> = zones.zones.iter().map(|zone| zone.position).collect();
        let found = wind::greatest(&storm.0, &places, time.start, time.duration_s, STEP_S);
        let half = parameters.get("half_damage_mps");
        let finding = |m: wind::Greatest| {
            let damage = wind::damage_fraction(m.open_one_minute, half);
            let (mean, gust) = (beaufort(m.mean), beaufort(m.gust));
            Finding {
                values: vec![m.mean, m.gust, f64::from(mean), f64::from(gust), damage],
                onset_s: m.gale_from,
                why: Some(
                    Message::key("hazards.why.wind")
                        .with("mean", told(m.mean, 1))
                        .with("force", mean)
                        .with("gust", told(m.gust, 1))
                        .with("gust_force", gust)
                        .with("damage", percent(damage)),
                ),
            }
        };
        Ok(found.into_iter().map(finding).collect())
    }
}

struct LandslideHazard;

impl Hazard for LandslideHazard {
    fn id(&self) -> &str {
        "landslide"
    }

    fn title(&self) -> Message {
        Message::key("hazards.landslide")
    }

    fn measures(&self) -> Vec<Measure> {
        vec![
            Measure::new("rain_ratio", "-", Message::key("hazards.m.rain_ratio")),
            Measure::new(
                "rain_ratio_caine",
                "-",
                Message::key("hazards.m.rain_ratio_caine"),
            ),
            Measure::new("rain_24h_mm", "mm", Message::key("hazards.m.rain_24h")),
            Measure::new("steep_share", "-", Message::key("hazards.m.steep_share")),
            Measure::new(
                "unstable_share",
                "-",
                Message::key("hazards.m.unstable_share"),
            ),
        ]
    }

    fn parameters(&self) -> Vec<Parameter> {
        let soil = Soil::default();
        let parameter = |name, default, least, most| Parameter {
            name,
            default,
            least,
            most,
        };
        vec![
            parameter("steep_deg", 20.0, 5.0, 60.0),
            parameter("cohesion_kpa", soil.cohesion / 1e3, 0.0, 200.0),
            parameter("friction_deg", soil.friction.to_degrees(), 5.0, 60.0),
            parameter("unit_weight_kn_m3", soil.unit_weight / 1e3, 12.0, 26.0),
            parameter("soil_depth_m", soil.depth, 0.1, 30.0),
            parameter("fillable_share", soil.fillable, 0.01, 0.6),
            parameter("wet_at_start", soil.wet_at_start, 0.0, 1.0),
        ]
    }

    fn assess(
        &self,
        _twin: &World,
        run: &World,
        zones: &ZoneSet,
        parameters: &Parameters,
    ) -> Result<Vec<Finding>, Unavailable> {
        let (Some(rain), Some(time), Some(slopes)) = (
            run.get_resource::<Rainfall>(),
            run.get_resource::<RunTime>(),
            run.get_resource::<Slopes>(),
        ) else {
            return Err(unavailable("hazards.none.landslide"));
        };
        let soil = Soil {
            cohesion: parameters.get("cohesion_kpa") * 1e3,
            friction: parameters.get("friction_deg").to_radians(),
            unit_weight: parameters.get("unit_weight_kn_m3") * 1e3,
            depth: parameters.get("soil_depth_m"),
            fillable: parameters.get("fillable_share"),
            wet_at_start: parameters.get("wet_at_start"),
        };
        let places: Vec<[f64; 2]> = zones.zones.iter().map(|zone| zone.at).collect();
        let triggers = landslide::triggers(&*rain.0, &places, time.duration_s, STEP_S);
        let days: Vec<f64> = triggers.iter().map(|t| t.day).collect();
        let steep = parameters.get("steep_deg").to_radians().tan();
        let slopes = landslide::zones(&slopes.0, &zones.outlines(), &days, &soil, steep);
        let finding = |(t, s): (landslide::Trigger, landslide::SlopeMeasures)| Finding {
            values: vec![
                t.hong_kong,
                t.caine,
                t.day * 1e3,
                s.steep_share,
                s.unstable_share,
            ],
            onset_s: None,
            why: (s.steep_share > 0.0).then(|| {
                Message::key("hazards.why.landslide")
                    .with("rain", told(t.day * 1e3, 0))
                    .with("ratio", percent(t.hong_kong))
                    .with("steep", percent(s.steep_share))
                    .with("unstable", percent(s.unstable_share))
                    .with("safety", told(s.safety_min, 2))
            }),
        };
        Ok(triggers.into_iter().zip(slopes).map(finding).collect())
    }
}

struct PondingHazard;

impl Hazard for PondingHazard {
    fn id(&self) -> &str {
        "ponding"
    }

    fn title(&self) -> Message {
        Message::key("hazards.ponding")
    }

    fn measures(&self) -> Vec<Measure> {
        vec![
            Measure::new("depth_max_m", "m", Message::key("hazards.m.road_depth")),
            Measure::new("spots_ponded", "-", Message::key("hazards.m.spots_ponded")),
            Measure::new("spots", "-", Message::key("hazards.m.spots")),
        ]
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![Parameter {
            name: "ponded_from_m",
            default: 0.15,
            least: 0.01,
            most: 2.0,
        }]
    }

    fn assess(
        &self,
        twin: &World,
        run: &World,
        zones: &ZoneSet,
        parameters: &Parameters,
    ) -> Result<Vec<Finding>, Unavailable> {
        let (Some(spots), Some(index), Some(layers)) = (
            run.get_resource::<RoadSpots>(),
            twin.get_resource::<TwinIndex>(),
            twin.get_resource::<Layers>(),
        ) else {
            return Err(unavailable("hazards.none.ponding"));
        };
        let layer = layers.0.iter().position(|layer| layer.id == zones.layer);
        let mut of_zone: Vec<Vec<&RoadSpot>> = vec![Vec::new(); zones.zones.len()];
        for spot in &spots.0 {
            for item in index.0.containing(spot.at[0], spot.at[1]) {
                if Some(usize::from(item.layer)) == layer
                    && let Some(list) = of_zone.get_mut(item.feature.index())
                {
                    list.push(spot);
                }
            }
        }
        let from = parameters.get("ponded_from_m");
        let finding = |spots: Vec<&RoadSpot>| {
            let worst = spots
                .iter()
                .max_by(|a, b| a.depth_max_m.total_cmp(&b.depth_max_m));
            let ponded = || spots.iter().filter(|spot| spot.depth_max_m >= from);
            let arrivals = ponded().filter_map(|spot| spot.arrival_s);
            Finding {
                values: vec![
                    worst.map_or(0.0, |spot| spot.depth_max_m),
                    ponded().count() as f64,
                    spots.len() as f64,
                ],
                onset_s: arrivals.min_by(f64::total_cmp),
                why: worst.filter(|spot| spot.depth_max_m >= from).map(|spot| {
                    Message::key("hazards.why.ponding")
                        .with("name", &spot.name)
                        .with("depth", told(spot.depth_max_m, 2))
                        .with("ponded", ponded().count())
                        .with("spots", spots.len())
                }),
            }
        };
        Ok(of_zone.into_iter().map(finding).collect())
    }
}
