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
    FloodPlugin => FLOOD;
    /// Surge: the sea's still level against the crests before a zone.
    SurgePlugin => SURGE;
    /// Wind: greatest mean and gust, and the damage that they do.
    WindPlugin => WIND;
    /// Wind damage: what the wind does to each zone's own buildings.
    WindDamagePlugin => WindDamageHazard;
    /// Landslides that rain triggers.
    LandslidePlugin => LANDSLIDE;
    /// Ponding in underpasses and other dips of roads.
    PondingPlugin => PONDING;
}

/// A hazard of this crate: what it is called, and the function that finds it.
struct BuiltIn {
    id: &'static str,
    title: &'static str,
    /// Name, unit and title of each measure.
    measures: &'static [(&'static str, &'static str, &'static str)],
    parameters: fn() -> Vec<Parameter>,
    /// As [`Hazard::assess`].
    assess: fn(&World, &World, &ZoneSet, &Parameters) -> Result<Vec<Finding>, Unavailable>,
}

impl Hazard for BuiltIn {
    fn id(&self) -> &str {
        self.id
    }

    fn title(&self) -> Message {
        Message::key(self.title)
    }

    fn measures(&self) -> Vec<Measure> {
        let measures = self.measures.iter();
        measures
            .map(|&(id, unit, title)| Measure::new(id, unit, Message::key(title)))
            .collect()
    }

    fn parameters(&self) -> Vec<Parameter> {
        (self.parameters)()
    }

    fn assess(
        &self,
        twin: &World,
        run: &World,
        zones: &ZoneSet,
        parameters: &Parameters,
    ) -> Result<Vec<Finding>, Unavailable> {
        (self.assess)(twin, run, zones, parameters)
    }
}

fn parameter(name: &'static str, default: f64, least: f64, most: f64) -> Parameter {
    Parameter {
        name,
        default,
        least,
        most,
    }
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

const FLOOD: BuiltIn = BuiltIn {
    id: "flood",
    title: "hazards.flood",
    measures: &[
        ("depth_max_m", "m", "hazards.m.depth_max"),
        ("arr_class", "-", "hazards.m.arr_class"),
        ("flooded_share", "-", "hazards.m.flooded_share"),
        ("people_reached", "-", "hazards.m.people_reached"),
    ],
    parameters: Vec::new,
    assess: assess_flood,
};

fn assess_flood(
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
                // A class of nothing known is none, not that of dry ground.
                match m.depth_max.is_nan() {
                    true => f64::NAN,
                    false => f64::from(m.class),
                },
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

const SURGE: BuiltIn = BuiltIn {
    id: "surge",
    title: "hazards.surge",
    measures: &[
        ("above_crest_m", "m", "hazards.m.above_crest"),
        ("spill_level_m", "m", "hazards.m.spill_level"),
        ("below_share", "-", "hazards.m.below_share"),
        ("reached_share", "-", "hazards.m.reached_share"),
        ("depth_mean_m", "m", "hazards.m.depth_mean"),
    ],
    parameters: || vec![parameter("low_share", 0.05, 0.0, 0.5)],
    assess: assess_surge,
};

fn assess_surge(
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

const WIND: BuiltIn = BuiltIn {
    id: "wind",
    title: "hazards.wind",
    measures: &[
        ("mean_mps", "m/s", "hazards.m.wind_mean"),
        ("gust_mps", "m/s", "hazards.m.wind_gust"),
        ("beaufort_mean", "-", "hazards.m.beaufort_mean"),
        ("beaufort_gust", "-", "hazards.m.beaufort_gust"),
        ("damage_share", "-", "hazards.m.damage_share"),
    ],
    parameters: || {
        vec![parameter(
            "half_damage_mps",
            wind::HALF_DAMAGE_CHINA,
            30.0,
            400.0,
        )]
    },
    assess: assess_wind,
};

fn assess_wind(
    _twin: &World,
    run: &World,
    zones: &ZoneSet,
    parameters: &Parameters,
) -> Result<Vec<Finding>, Unavailable> {
    let (Some(storm), Some(time)) = (run.get_resource::<Storm>(), run.get_resource::<RunTime>())
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

const LANDSLIDE: BuiltIn = BuiltIn {
    id: "landslide",
    title: "hazards.landslide",
    measures: &[
        ("rain_ratio", "-", "hazards.m.rain_ratio"),
        ("rain_ratio_caine", "-", "hazards.m.rain_ratio_caine"),
        ("rain_24h_mm", "mm", "hazards.m.rain_24h"),
        ("steep_share", "-", "hazards.m.steep_share"),
        ("unstable_share", "-", "hazards.m.unstable_share"),
    ],
    parameters: soil_parameters,
    assess: assess_landslide,
};

fn soil_parameters() -> Vec<Parameter> {
    let soil = Soil::default();
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

fn assess_landslide(
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

const PONDING: BuiltIn = BuiltIn {
    id: "ponding",
    title: "hazards.ponding",
    measures: &[
        ("depth_max_m", "m", "hazards.m.road_depth"),
        ("spots_ponded", "-", "hazards.m.spots_ponded"),
        ("spots", "-", "hazards.m.spots"),
    ],
    parameters: || vec![parameter("ponded_from_m", 0.15, 0.01, 2.0)],
    assess: assess_ponding,
};

fn assess_ponding(
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
