//! Rain of a typhoon (R-CLIPER, IPET), of gauges, and design storms (Chicago hyetograph).
//!
//! # What is modelled
//!
//! [`ipet`] goes by pressure deficit and radius of maximum wind, and rains more to the right of the track.
//! [`r_cliper`], the default, is the climatology of the US National Hurricane Center: a circle of rain around the
//! centre that grows with the greatest wind. It knows no rain bands, no terrain, no shear.
//!
//! # What is first order
//!
//! It is a mean over many storms, so its peaks are too low and too wide: for Hato at Taishan it
//! gives some 9 mm/h where 126 mm fell in one hour. Where the city's drainage matters, a
//! [`DesignStorm`] can be nested into the typhoon's rain by [`nested`]; the caller decides, with
//! which return period, and says so.
//!
//! Rain of gauges lies between them by distance or by polygons, see [`rain_between`].
//!
//! Rates are [m s⁻¹]; series give the rate against seconds.

mod chicago;
mod cliper;
mod gauges;
mod ipet;

pub use chicago::{DesignStorm, DesignStormError, IntensityFormula, nested};
pub use cliper::{RainModel, hyetograph, r_cliper, rain_at, rain_at_points};
pub use gauges::{Gauge, Spread, rain_between};
pub use ipet::ipet;
