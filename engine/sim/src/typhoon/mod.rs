//! Wind and pressure of a typhoon from its best track.
//!
//! # What is modelled
//!
//! The track is interpolated in time along great circles ([`State`]). Around its centre lies a
//! circular vortex, [`Profile`]; by default [Holland (1980)]:
//!
//! ```text
//! p(r) = p_c + Δp exp(-(R/r)^B)                                        Holland 1980 eq. 4
//! V(r) = sqrt( B/ρ (R/r)^B Δp exp(-(R/r)^B) + (r f/2)² ) - r f/2       Holland 1980 eq. 5
//! ```
//!
//! with R the radius of maximum wind and f the Coriolis parameter at the centre. The gradient wind
//! is brought down to 10 m, turned inwards by the inflow angle, and the translation of the storm is
//! added ([`Asymmetry`]), by default fading with distance (CLIMADA's form), which makes the right-hand side
//! the strong one. Holland (2008), [Holland, Belanger & Fritz (2010)], Emanuel & Rotunno (2011) and
//! Willoughby et al. (2006) give winds at 10 m; the pressure is Holland's in all of them.
//!
//! The radius of maximum wind is the track's; else it comes from the radius of 34 kt, else of 50 kt, else from
//! the pressure deficit ([`StateSource`] says which).
//!
//! All winds are **10-minute means at 10 m**. Agencies differ: JMA gives 10-minute, CMA 2-minute,
//! JTWC 1-minute means; [`TyphoonModel::new`] converts them by [`ten_minute_factor`].
//!
//! # What is first order
//!
//! - One circular vortex: no terrain, no double eyewall, no asymmetry but the translation.
//! - B from the greatest wind of the bulletin, which is given to 5 kt.
//! - Where the track has no radius of maximum wind it comes from a regression on the pressure
//!   deficit whose scatter is about a third (σ of ln R near 0.4).
//! - Land slows the wind by one factor, not by upwind roughness.
//!
//! [Holland (1980)]: https://doi.org/10.1175/1520-0493(1980)108%3C1212:AAMOTW%3E2.0.CO;2
//! [Holland, Belanger & Fritz (2010)]: https://doi.org/10.1175/2010MWR3317.1

mod doubts;
mod field;
mod params;
mod profile;
mod profiles;
mod relations;
mod state;
#[cfg(test)]
mod tests;

pub use doubts::{Doubt, doubts};
pub use field::{Air, Surface, TyphoonModel};
pub use params::{Asymmetry, Parameters, ParametersError, Profile, ShapeRule};
pub use profile::{Holland10, Holland80, coriolis};
pub use profiles::{EmanuelRotunno, Willoughby};
pub use relations::{
    b_from_wind, b_holland_2008, b_vickery_wadhera, decayed_over_land, inflow_angle,
    pressure_from_wind, rmw_chavas_knaff, rmw_from_r50, rmw_knaff, rmw_takagi, rmw_vickery_wadhera,
    rmw_willoughby, surface_factor, ten_minute_factor, vmax_holland_2008, wind_from_pressure,
};
pub(crate) use state::EARTH_RADIUS;
pub use state::{State, StateSource, with_rmw_of, without_rmw};
