//! Level of the sea at a coast: astronomical tide, wind set-up, inverse barometer.
//!
//! # What is modelled
//!
//! - **Tide** ([`TidePredictor`]) from harmonic constants, with the astronomical arguments and nodal
//!   factors of the instant: η = Z₀ + Σ f H cos(V + u - g).
//! - **Set-up** along one transect ([`Transect`]) from deep water to the coast: the wind of the
//!   typhoon in every cell pushes water shorewards, with SFINCS' drag law; the flow along the coast
//!   that it drives leans on the shore by the Earth's rotation; a long wave brings both to the coast
//!   after its travel time. See [`Transect::set_up_series`].
//! - **Inverse barometer**: (p_env - p) / (ρ g), 0.0099451 m for a hectopascal.
//!
//! - **Surge over a shelf** ([`Shelf`]): the flood solver on coarse cells with wind, pressure and the Earth's
//!   rotation, at the level that the tide has when the storm passes. One-way: the city does not act on it.
//!
//! # What is first order
//!
//! A transect is one line instead of a sea: the coast is straight, the storm long; no funnelling of the estuary,
//! no waves, no river, no interaction of tide and surge but the depth. Transect, drag and datum are
//! parameters and none was fitted; [`Transect::modaomen`] and its neighbours carry depths rounded
//! from charts. Against five storms at Shek Pik the surge misses by 0.4 m in the mean and 0.7 m at
//! worst; `data/tide/README.md` has the table. `docs/hindcast.md` has that of the shelf.
//!
//! Levels are metres above the datum that the caller's mean level refers to.

mod astronomy;
mod compounds;
mod constituents;
#[cfg(test)]
mod hato;
mod level;
mod shelf;
mod surge;
mod tide;

pub use astronomy::Longitudes;
pub use level::{CoastalLevel, coastal_level};
pub use shelf::{Gauge, Shelf, ShelfError};
pub use surge::{
    ShelfPoint, Transect, TransectError, drag_coefficient, integrate_set_up, inverse_barometer,
    wind_stress,
};
pub use tide::{HarmonicConstant, TidePredictor};
