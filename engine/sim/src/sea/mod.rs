//! Level of the sea at a coast: astronomical tide, wind set-up, inverse barometer.
//!
//! # What is modelled
//!
//! - **Tide** ([`TidePredictor`]) from harmonic constants, with the astronomical arguments and nodal
//!   factors of the instant: η = Z₀ + Σ f H cos(V + u - g).
//! - **Wind set-up** along one transect ([`Transect`]) from deep water to the coast:
//!   dη/dx = τ / (ρ g (h + η)), with the wind of the typhoon at every node of the transect and
//!   SFINCS' drag law; it follows the wind with the travel time of a long wave over the transect.
//! - **Inverse barometer**: (p_env - p) / (ρ g), 0.0099451 m for a hectopascal.
//!
//! # What is first order
//!
//! One line instead of a sea: no Coriolis set-up, no alongshore flow, no funnelling of the estuary,
//! no waves, no interaction of tide and surge but the depth, no river. The coast of the Pearl River
//! delta adds to the surge what this leaves out; `data/tide/README.md` shows by how much it misses
//! Hato. Transect and datum are parameters; [`Transect::modaomen`] and its neighbours carry values
//! rounded from charts.
//!
//! Levels are metres above the datum that the caller's mean level refers to.

mod astronomy;
mod constituents;
#[cfg(test)]
mod hato;
mod level;
mod surge;
mod tide;

pub use astronomy::Longitudes;
pub use level::{CoastalLevel, coastal_level};
pub use surge::{
    ShelfPoint, Transect, TransectError, drag_coefficient, integrate_set_up, inverse_barometer,
    wind_stress,
};
pub use tide::{HarmonicConstant, TidePredictor};
