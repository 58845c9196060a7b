//! Flood: shallow water over a city on square or rectangular cells.

mod params;
mod report;

pub use params::{
    Boundary, BoundaryKind, BoundaryPlace, Domain, FloodError, Inflow, Initial, Manning, Options,
    Rain, RainFunction, Setup, Side,
};
pub use report::{Ledger, LedgerLine, Maxima, Outcome, Source, Stats, StepReport};
