//! The flood solver in a worker of the browser: a setup message in, frames of water out.
//!
//! [`LocalRun`] is plain Rust and runs natively too, where tests hold it against the browser's; `face`
//! is what JavaScript sees of it. One thread, no clock, no network: the worker decides how many steps
//! a slice has, and a run is cancelled by letting go of it between two slices.

mod face;
mod run;

pub use face::BrowserRun;
pub use run::{LocalRun, LocalRunError};
