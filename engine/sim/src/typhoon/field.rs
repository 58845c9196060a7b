//! Wind and pressure at points.

use rayon::prelude::*;
use stormgrid_core::frame::Geodetic;
use stormgrid_core::storm::Track;
use stormgrid_core::time::Instant;

use super::doubts::refuse_leaps;
use super::params::{Asymmetry, Parameters, ParametersError, Profile, ShapeRule};
use super::profile::{Holland10, Holland80, OUTER, coriolis};
use super::profiles::{EmanuelRotunno, Willoughby};
use super::relations::{
    b_from_wind, b_holland_2008, b_vickery_wadhera, inflow_angle, surface_factor,
};
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
    /// Pressure, and the gradient wind.
    holland: Holland80,
    /// What gives the wind at 10 m.
    wind: Wind,
}

/// Profile of the rotating wind at 10 m.
enum Wind {
    /// Holland's gradient wind, brought down.
    Gradient,
    /// Holland's form with a shape parameter of the surface.
    Surface(Holland80),
    Holland10(Holland10),
    EmanuelRotunno(EmanuelRotunno),
    Willoughby(Willoughby),
}

impl Vortex {
    /// Rotating wind at 10 m [m s⁻¹].
    fn wind(&self, r: f64) -> f64 {
        match &self.wind {
            Wind::Gradient => self.holland.gradient_wind(r) * surface_factor(r),
            Wind::Surface(profile) => profile.gradient_wind(r),
            Wind::Holland10(profile) => profile.wind(r),
            Wind::EmanuelRotunno(profile) => profile.wind(r),
            Wind::Willoughby(profile) => profile.wind(r),
        }
    }
}

/// Angle right of the motion at which the wind of a moving storm is strongest [rad] (McConochie et al. 2004).
const STRONGEST: f64 = 70.0 / 180.0 * std::f64::consts::PI;

/// Range of the shape parameter at the surface [-]: that of the gradient times 0.9² (CLIMADA).
const SURFACE_B_RANGE: (f64, f64) = (0.81, 2.025);

impl TyphoonModel {
    /// Binds a track to parameters. Refuses a track without any wind or pressure, times that do
    /// not increase, and parameters outside their range.
    pub fn new(track: &Track, parameters: Parameters) -> Result<Self, ParametersError> {
        parameters.check()?;
        refuse_leaps(track)?;
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
        let symmetric = vortex.wind(r);
        let inflow = inflow_angle(r, state.rmw) + land_inflow;
        let turning = if state.center.lat >= 0.0 { 1.0 } else { -1.0 };
        let tangent = [-outward[1] * turning, outward[0] * turning];
        let along: [f64; 2] =
            std::array::from_fn(|i| inflow.cos() * tangent[i] - inflow.sin() * outward[i]);
        let moving = self.added_motion(state, r, symmetric, outward, along);
        let component = |i: usize| land_factor * (symmetric * along[i] + moving[i]);
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

    /// Distance of a point from the centre of a state [m], and the unit vector away from the centre there, east
    /// and north; zero at the centre.
    pub fn from_center(state: &State, at: Geodetic) -> (f64, [f64; 2]) {
        distance_and_outward(state.center, at)
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
        let density = self.parameters.air_density;
        let b = match self.parameters.shape {
            ShapeRule::MaximumWind => {
                b_from_wind(symmetric_vmax / EYEWALL_FACTOR, deficit, density)
                    .clamp(B_RANGE.0, B_RANGE.1)
            }
            ShapeRule::VickeryWadhera => b_vickery_wadhera(state.rmw, f),
            ShapeRule::Fixed(b) => b,
        };
        let holland = Holland80 {
            central_pressure: state.central_pressure,
            deficit,
            rmw: state.rmw,
            b,
            coriolis: f,
            air_density: density,
        };
        // The surface shape is the gradient shape times the reduction squared, because B goes with
        // the square of the wind; in 2008 Holland found it from the storm's other numbers.
        let (vmax, rmw) = (symmetric_vmax, state.rmw);
        let wind = match self.parameters.profile {
            Profile::Holland80 => Wind::Gradient,
            Profile::Holland08 => {
                let speed = translation[0].hypot(translation[1]);
                let lat = state.center.lat_deg();
                let b = b_holland_2008(deficit, state.pressure_tendency, lat, speed);
                Wind::Surface(Holland80 {
                    b: b.clamp(SURFACE_B_RANGE.0, SURFACE_B_RANGE.1),
                    ..holland
                })
            }
            Profile::Holland10 => Wind::Holland10(Holland10 {
                vmax,
                rmw,
                b: b * EYEWALL_FACTOR * EYEWALL_FACTOR,
                // A radius within twice that of the greatest wind says nothing of what lies far out.
                outer: state.outer.filter(|o| o[1] > 2.0 * rmw).unwrap_or(OUTER),
            }),
            Profile::EmanuelRotunno => Wind::EmanuelRotunno(EmanuelRotunno {
                vmax,
                rmw,
                coriolis: f,
            }),
            Profile::Willoughby => Wind::Willoughby(Willoughby {
                vmax,
                rmw,
                lat_deg: state.center.lat_deg(),
            }),
        };
        Vortex { holland, wind }
    }

    /// What the storm's motion adds to a rotating wind of `symmetric` along `along` [m s⁻¹].
    /// Sources: FLOOD.md 4.1 (a) to (d).
    fn added_motion(
        &self,
        state: &State,
        r: f64,
        symmetric: f64,
        outward: [f64; 2],
        along: [f64; 2],
    ) -> [f64; 2] {
        let velocity = capped(state.velocity, self.parameters.translation_cap);
        let speed = velocity[0].hypot(velocity[1]);
        let strength = match state.vmax > 0.0 {
            true => symmetric / state.vmax,
            false => 0.0,
        };
        // Cosine of the angle from the direction of strongest wind, right of the motion in the north.
        let from_strongest = || {
            let turning = if state.center.lat >= 0.0 { 1.0 } else { -1.0 };
            let motion = velocity[1].atan2(velocity[0]);
            (outward[1].atan2(outward[0]) - motion + turning * STRONGEST).cos()
        };
        match self.parameters.asymmetry {
            Asymmetry::Fading => {
                let fading = if r > state.rmw { state.rmw / r } else { 1.0 };
                velocity.map(|c| c * fading)
            }
            Asymmetry::Proportional => velocity.map(|c| c * strength),
            Asymmetry::RightForward => {
                along.map(|c| c * 0.5 * (1.0 + from_strongest()) * speed * strength)
            }
            Asymmetry::Cosine => along.map(|c| c * speed * from_strongest()),
            Asymmetry::Symmetric => [0.0; 2],
        }
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
