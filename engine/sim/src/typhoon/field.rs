//! Wind and pressure at points.

use rayon::prelude::*;
use stormgrid_core::frame::Geodetic;
use stormgrid_core::storm::Track;
use stormgrid_core::time::Instant;

use super::params::{Parameters, ParametersError, Profile, ShapeRule};
use super::profile::{Holland10, Holland80, coriolis};
use super::relations::{b_from_wind, b_vickery_wadhera, inflow_angle, surface_factor};
use super::state::{EARTH_RADIUS, Node, State, nodes_of, state_at};

/// Share of the gradient wind that reaches 10 m in the eyewall [-] (Franklin et al. 2003).
const EYEWALL_FACTOR: f64 = 0.9;

/// Range of B that a bulletin's wind may ask for [-] (Holland 1980, CLIMADA).
const B_RANGE: (f64, f64) = (1.0, 2.5);

/// What a point stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Open water.
    Water,
    /// Land.
    Land,
}

/// Air at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Air {
    /// Wind towards the east, 10-minute mean at 10 m [m s⁻¹].
    pub u: f64,
    /// Wind towards the north, 10-minute mean at 10 m [m s⁻¹].
    pub v: f64,
    /// Pressure at sea level [Pa].
    pub pressure: f64,
}

impl Air {
    /// Wind speed [m s⁻¹].
    pub fn speed(self) -> f64 {
        self.u.hypot(self.v)
    }

    /// Direction the wind comes from, clockwise from north [°], 0 to 360; 0 in a calm.
    pub fn from_deg(self) -> f64 {
        if self.u == 0.0 && self.v == 0.0 {
            return 0.0;
        }
        (-self.u).atan2(-self.v).to_degrees().rem_euclid(360.0)
    }
}

/// A storm ready to be asked for wind and pressure.
#[derive(Clone, Debug)]
pub struct TyphoonModel {
    name: String,
    parameters: Parameters,
    nodes: Vec<Node>,
}

/// The vortex at one instant.
struct Vortex {
    holland: Holland80,
    surface: Option<Holland10>,
}

impl TyphoonModel {
    /// Binds a track to parameters. Refuses a track without any wind or pressure, times that do
    /// not increase, and parameters outside their range.
    pub fn new(track: &Track, parameters: Parameters) -> Result<Self, ParametersError> {
        parameters.check()?;
        Ok(Self {
            name: track.name.clone(),
            parameters,
            nodes: nodes_of(track)?,
        })
    }

    /// Name of the storm.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// First and last instant of the track.
    pub fn time_range(&self) -> Option<(Instant, Instant)> {
        Some((self.nodes.first()?.time, self.nodes.last()?.time))
    }

    /// The storm at an instant; `None` before the first and after the last fix.
    pub fn state(&self, time: Instant) -> Option<State> {
        let state = state_at(&self.nodes, time)?;
        Some(state.with_radius(self.deficit(&state)))
    }

    /// Air at a point and an instant; calm at the environment's pressure outside the track's time.
    pub fn air(&self, at: Geodetic, time: Instant, surface: Surface) -> Air {
        self.state(time)
            .map_or_else(|| self.calm(), |state| self.air_around(&state, at, surface))
    }

    /// Air at many points of one instant, in their order.
    pub fn air_at_points(&self, at: &[Geodetic], time: Instant, surface: Surface) -> Vec<Air> {
        let Some(state) = self.state(time) else {
            return vec![self.calm(); at.len()];
        };
        at.par_iter()
            .map(|&point| self.air_around(&state, point, surface))
            .collect()
    }

    /// Air at a point around a storm in a given state.
    pub fn air_around(&self, state: &State, at: Geodetic, surface: Surface) -> Air {
        let deficit = self.deficit(state);
        if deficit <= 0.0 {
            return self.calm();
        }
        let vortex = self.vortex(state, deficit);
        let (r, outward) = distance_and_outward(state.center, at);
        let (land_factor, land_inflow) = match surface {
            Surface::Water => (1.0, 0.0),
            Surface::Land => (self.parameters.land_factor, self.parameters.land_inflow),
        };
        let symmetric = match &vortex.surface {
            Some(profile) => profile.wind(r),
            None => vortex.holland.gradient_wind(r) * surface_factor(r),
        };
        let inflow = inflow_angle(r, state.rmw) + land_inflow;
        let turning = if state.center.lat >= 0.0 { 1.0 } else { -1.0 };
        let tangent = [-outward[1] * turning, outward[0] * turning];
        let moving = self.added_translation(state, r);
        let component = |i: usize| {
            let rotating = symmetric * (inflow.cos() * tangent[i] - inflow.sin() * outward[i]);
            land_factor * (rotating + moving[i])
        };
        Air {
            u: component(0),
            v: component(1),
            pressure: vortex.holland.pressure(r),
        }
    }

    /// Distance of a point from the centre of a state [m].
    pub fn distance(state: &State, at: Geodetic) -> f64 {
        distance_and_outward(state.center, at).0
    }

    fn calm(&self) -> Air {
        Air {
            u: 0.0,
            v: 0.0,
            pressure: self.parameters.environment_pressure,
        }
    }

    fn deficit(&self, state: &State) -> f64 {
        (self.parameters.environment_pressure - state.central_pressure).max(0.0)
    }

    fn vortex(&self, state: &State, deficit: f64) -> Vortex {
        let f = coriolis(state.center.lat);
        let translation = capped(state.velocity, self.parameters.translation_cap);
        let symmetric_vmax = (state.vmax - translation[0].hypot(translation[1])).max(0.0);
        let b = match self.parameters.shape {
            ShapeRule::MaximumWind => b_from_wind(
                symmetric_vmax / EYEWALL_FACTOR,
                deficit,
                self.parameters.air_density,
            )
            .clamp(B_RANGE.0, B_RANGE.1),
            ShapeRule::VickeryWadhera => b_vickery_wadhera(state.rmw, f),
            ShapeRule::Fixed(b) => b,
        };
        Vortex {
            holland: Holland80 {
                central_pressure: state.central_pressure,
                deficit,
                rmw: state.rmw,
                b,
                coriolis: f,
                air_density: self.parameters.air_density,
            },
            surface: match self.parameters.profile {
                Profile::Holland80 => None,
                // The surface shape is the gradient shape times the reduction squared, because B
                // goes with the square of the wind.
                Profile::Holland10 => Some(Holland10 {
                    vmax: symmetric_vmax,
                    rmw: state.rmw,
                    b: b * EYEWALL_FACTOR * EYEWALL_FACTOR,
                }),
            },
        }
    }

    /// Translation added to the vortex: the storm's velocity, capped, times min(1, R/r).
    /// Source: CLIMADA's `_compute_windfields` as read in FLOOD.md 4.1 (a).
    fn added_translation(&self, state: &State, r: f64) -> [f64; 2] {
        let fading = if r > state.rmw { state.rmw / r } else { 1.0 };
        capped(state.velocity, self.parameters.translation_cap).map(|c| c * fading)
    }
}

fn capped(velocity: [f64; 2], cap: f64) -> [f64; 2] {
    let speed = velocity[0].hypot(velocity[1]);
    if speed > cap {
        velocity.map(|c| c * cap / speed)
    } else {
        velocity
    }
}

/// Distance between two points on the sphere [m] and the unit vector at `at` that points away from
/// `center`, east and north; the vector is zero at the centre.
fn distance_and_outward(center: Geodetic, at: Geodetic) -> (f64, [f64; 2]) {
    let (dlat, dlon) = (at.lat - center.lat, at.lon - center.lon);
    let haversine =
        (0.5 * dlat).sin().powi(2) + center.lat.cos() * at.lat.cos() * (0.5 * dlon).sin().powi(2);
    let r = 2.0 * EARTH_RADIUS * haversine.sqrt().min(1.0).asin();
    let east = dlon.sin() * center.lat.cos();
    let north = at.lat.sin() * center.lat.cos() * dlon.cos() - at.lat.cos() * center.lat.sin();
    let length = east.hypot(north);
    if length > 0.0 {
        (r, [east / length, north / length])
    } else {
        (r, [0.0; 2])
    }
}
