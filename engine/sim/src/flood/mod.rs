//! Flood: shallow water over a city, on square or rectangular cells.
mod kernel;
mod observe;
mod params;
mod prepare;
mod report;
mod results;
mod run;
mod state;
mod sweep;
mod vectors;

pub use params::{
    Boundary, BoundaryKind, BoundaryPlace, Domain, FloodError, Inflow, Initial, Manning, Options,
    Rain, RainFunction, Setup, Side,
};
pub use report::{Ledger, LedgerLine, Maxima, Outcome, Source, Stats, StepReport};
pub use run::Flood;
