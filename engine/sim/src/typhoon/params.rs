//! The choices of the wind model.

use serde::{Deserialize, Serialize};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::units::AIR_DENSITY;

/// Which radial profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Holland (1980) gradient wind, brought down to 10 m.
    #[default]
    #[serde(rename = "holland1980")]
    Holland80,
    /// Holland (2008): the form of 1980 with the surface shape parameter of 2008, a wind at 10 m.
    #[serde(rename = "holland2008")]
    Holland08,
    /// Holland, Belanger & Fritz (2010) surface wind, tied to the track's radius of gales, or to
    /// 17 m/s at 300 km.
    #[serde(rename = "holland2010")]
    Holland10,
    /// Emanuel & Rotunno (2011), scaled to the greatest wind at 10 m.
    #[serde(rename = "emanuel_rotunno")]
    EmanuelRotunno,
    /// Willoughby, Darling & Rahn (2006), scaled to the greatest wind at 10 m.
    Willoughby,
}

/// How the motion of the storm enters the wind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asymmetry {
    /// The storm's velocity times min(1, R/r) (CLIMADA).
    #[default]
    Fading,
    /// Half the speed of the storm times (1 + cos(θ − 70°)) V/V_m along the wind, θ clockwise from the motion
    /// (McConochie, Hardy & Mason 2004).
    RightForward,
    /// The storm's velocity times V/V_m (GeoClaw).
    Proportional,
    /// The speed of the storm times cos(θ − 70°), along the wind (Hubbert et al. 1991).
    Cosine,
    /// None.
    Symmetric,
}

/// Where the shape parameter B comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ShapeRule {
    /// From the greatest wind of the bulletin less the translation, e ρ V² / Δp, 1.0 to 2.5.
    MaximumWind,
    /// Vickery & Wadhera (2008), from radius of maximum wind and latitude, 0.8 to 1.9.
    VickeryWadhera,
    /// One value for the whole track.
    Fixed(f64),
}

/// Parameters of the wind model; the default is the one described in the module's page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// Radial profile.
    pub profile: Profile,
    /// How the storm's motion enters.
    pub asymmetry: Asymmetry,
    /// Rule for B.
    pub shape: ShapeRule,
    /// Pressure of the environment [Pa]; 101 000 by default (CLIMADA).
    pub environment_pressure: f64,
    /// Density of air [kg m⁻³].
    pub air_density: f64,
    /// Greatest translation speed that is added to the vortex [m s⁻¹]; 30 kt by default (CLIMADA).
    pub translation_cap: f64,
    /// Wind over land as a share of the wind over water [-]; 0.8 by default (Knaff et al. 2011).
    pub land_factor: f64,
    /// Inflow angle over land beyond that over water [rad]; 20° by default (Phadke et al. 2003).
    pub land_inflow: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            profile: Profile::Holland80,
            asymmetry: Asymmetry::Fading,
            shape: ShapeRule::MaximumWind,
            environment_pressure: 101_000.0,
            air_density: AIR_DENSITY,
            translation_cap: 30.0 * stormgrid_core::units::KNOT,
            land_factor: 0.8,
            land_inflow: 20.0_f64.to_radians(),
        }
    }
}

/// A track or parameters that no wind field can be made of.
#[derive(Debug, Clone, PartialEq)]
pub enum ParametersError {
    /// A track without a fix, or without any wind or pressure.
    NoIntensity {
        /// Name of the storm.
        name: String,
    },
    /// Times that do not increase.
    TimeOrder {
        /// Name of the storm.
        name: String,
        /// Position of the fix, from 0.
        index: usize,
        /// Its time, RFC 3339.
        time: String,
    },
    /// A centre that moves faster than any storm.
    Leap {
        /// Name of the storm.
        name: String,
        /// Position of the fix, from 0.
        index: usize,
        /// Its time, RFC 3339.
        time: String,
        /// Distance [km].
        km: f64,
        /// Time for it [h].
        hours: f64,
    },
    /// A parameter outside its range.
    Range {
        /// Name of the parameter.
        name: &'static str,
        /// Value given.
        value: f64,
        /// Range allowed.
        range: &'static str,
    },
}

impl ParametersError {
    /// The sentence, for both languages.
    pub fn message(&self) -> Message {
        match self {
            Self::NoIntensity { name } => message!(
                "fault.storm.bare",
                "track '{name}' has no fix with a wind or a pressure; nothing can be computed from it",
                name = name
            ),
            Self::TimeOrder { name, index, time } => message!(
                "fault.storm.order",
                "track '{name}': fix {index} at {time} does not come after the one before it",
                name = name,
                index = *index,
                time = time
            ),
            Self::Leap {
                name,
                index,
                time,
                km,
                hours,
            } => message!(
                "fault.storm.leap",
                "track '{name}': up to fix {index} at {time} the centre would move {km} km in {hours} h; check the hemisphere and the order of latitude and longitude",
                name = name,
                index = *index,
                time = time,
                km = format!("{km:.0}"),
                hours = *hours
            ),
            Self::Range { name, value, range } => message!(
                "fault.storm.parameter",
                "parameter '{name}' is {value}; it must lie in {range}",
                name = *name,
                value = *value,
                range = *range
            ),
        }
    }
}

impl std::fmt::Display for ParametersError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.message().fmt(f)
    }
}

impl std::error::Error for ParametersError {}

impl Parameters {
    /// Refuses values outside their physical range.
    pub(super) fn check(&self) -> Result<(), ParametersError> {
        let rules = [
            (
                "environment_pressure",
                self.environment_pressure,
                90_000.0..=105_000.0,
                "90000 to 105000 Pa",
            ),
            (
                "air_density",
                self.air_density,
                0.9..=1.4,
                "0.9 to 1.4 kg/m³",
            ),
            (
                "translation_cap",
                self.translation_cap,
                0.0..=50.0,
                "0 to 50 m/s",
            ),
            ("land_factor", self.land_factor, 0.1..=1.0, "0.1 to 1"),
            ("land_inflow", self.land_inflow, 0.0..=1.0, "0 to 1 rad"),
            (
                "shape",
                match self.shape {
                    ShapeRule::Fixed(b) => b,
                    ShapeRule::MaximumWind | ShapeRule::VickeryWadhera => 1.0,
                },
                0.5..=3.0,
                "0.5 to 3",
            ),
        ];
        for (name, value, allowed, range) in rules {
            if !allowed.contains(&value) {
                return Err(ParametersError::Range { name, value, range });
            }
        }
        Ok(())
    }
}
