//! The vocabulary that every other crate of Stormgrid shares: units, instants, frames, ids,
//! rasters, polygons, grid coverages and the spatial index.
//!
//! What is absent: physics, files, clocks, randomness, threads of its own, async and Bevy. Time,
//! seeds and thread counts are arguments.
//!
//! # Conventions
//!
//! - SI units inside; a scalar outside SI carries its unit as a suffix (`lat_deg`, `rmw_km`).
//! - Positions on the Earth are [`frame::Geodetic`] in radians, positions in the city are local
//!   metres in the twin's [`frame::SiteFrame`]: x east, y north, z up.
//! - A [`raster::Raster`] is stored row by row from its **north-west** cell; row 0 is the
//!   northernmost, as in GeoTIFF. A cell without data is NaN.
//! - Time is UTC; the simulation clock is seconds since the scenario's start.

pub mod area;
pub mod coverage;
pub mod date_line;
pub mod finding;
pub mod frame;
pub mod ids;
pub mod index;
pub mod locate;
pub mod mesh;
pub mod message;
pub mod polygons;
pub mod raster;
pub mod ring;
pub mod series;
pub mod storm;
pub mod time;
pub mod units;
pub mod value;
pub mod zonal;

pub use geo;
