//! Flood: shallow water over a city, on square or rectangular cells.
//!
//! # Physics
//!
//! Three schemes on one layout, [`Scheme`]. **Finite volumes** (`riemann.rs`): the shallow-water equations
//! whole, Godunov's method of first order with HLLC fluxes, surfaces reconstructed at the faces so that
//! lakes rest and uniform flow is uniform, implicit friction; discharges lie in the cells. Steps:
//! Δt = 0.45 Δx / max(|u| + √(g h)), and for tiles of slow water 2, 4 or 8 times as long. **Second
//! order** (`second.rs`): the same with slopes within the cells, half a step ahead.
//!
//! **Local inertial** (`kernel.rs`): continuity ∂h/∂t + ∇·q = sources, and for each component
//! ∂q/∂t + g h ∂η/∂x + g n² |q| q / h^(7/3) = 0 with depth h, unit discharge q, water level
//! η = z + h. Depths lie in the cells, discharges on the faces between them.
//!
//! - Momentum after Bates, Horritt & Fewtrell (2010) with the weighted neighbours of de Almeida et
//!   al. (2012); friction of both components and implicit; flow depth between cells that keeps
//!   sills shut and does not run ahead at fronts (`kernel.rs`).
//! - Step: Δt = α √θ Δx / √(g h_max), and shorter where more than half of a cell's water would
//!   leave it in a step. Steps towards a time are of one length, and forces act over half of the step
//!   before and half of this one (Störmer and Verlet), since steps of unequal length would pump the
//!   waves of deep water up (`steep.rs`).
//! - Positivity: what leaves a cell in a step is scaled down to what it holds, at all its outgoing
//!   faces alike, so depth is never negative and no volume is made.
//! - Supercritical flow is cut at `froude_max` (3); speeds that people are told likewise.
//!
//! # Sources, structures, weather
//!
//! - Soil: a constant rate, curve numbers, Green & Ampt ([`Infiltration`]).
//! - Levees and walls are crests on faces with weir flow ([`Crest`]). Weirs, gates, culverts, pumps,
//!   drains, breaches and reservoirs move water between cells or out of the domain ([`Structure`]).
//! - Wind, air pressure and the Earth's rotation ([`Weather`]).
//!
//! Each costs nothing where it is not, and each has its line in the ledger. Left out: recovery of the
//! soil, water that a structure stores in its barrel, momentum through structures, sewers as a network.
//!
//! # What they cannot represent
//!
//! Both are depth-averaged and of first order. The local-inertial scheme leaves the advection of
//! momentum out: hydraulic jumps, dam breaks, momentum that carries water over a bump (EA cases 3, 5, 6)
//! and speeds where the Froude number exceeds about 0.7 are not to be trusted; on a travelling wave the
//! depth is 3 to 8 cm off the full equations. Drains are sinks with a capacity, not a network of pipes.
//! Buildings are blocked cells, and their rain falls on the nearest open cell; none is stored on
//! roofs.
//!
//! # Numbers
//!
//! The state is f32, relative to a datum in the lower quartile of the ground; beds and levels are
//! multiples of a power of two, so that still water has no slope at all. What f32 rounds off a
//! depth is carried to the next step, and every volume is booked in f64: the balance closes to
//! about 1e-9 of what entered. Rain falls in pulses every fourth step; each is the integral of the rate over
//! the steps, and all of them sum up to the whole to 1e-9 (`rainfall.rs`).
//!
//! Tiles of 60 × 60 cells wake when water stands beside them or falls on them and sleep when
//! nothing in them moves. A tile needs only the last step's edges of its neighbours; faces on an
//! edge are computed on both sides from the same numbers, so the result does not depend on the
//! number of threads, by construction and bit by bit.
//!
//! ```
//! use std::ops::ControlFlow;
//! use stormgrid_core::raster::RasterGeometry;
//! use stormgrid_sim::flood::{Domain, Flood, Manning, Rain, Setup};
//!
//! let geometry = RasterGeometry::new(20, 10, 0.0, 100.0, 10.0, 10.0)?;
//! let mut setup = Setup::new(Domain {
//!     geometry,
//!     elevation: vec![2.0; geometry.n_cells()],
//!     manning: Manning::Uniform(0.03),
//!     blocked: Vec::new(),
//! });
//! setup.rain = Rain::Uniform(0.05 / 3600.0);
//! let mut flood = Flood::new(setup)?;
//! flood.advance_to(600.0, &mut |_| ControlFlow::Continue(()))?;
//! assert!((flood.ledger().stored_m3 - 0.05 / 6.0 * 20_000.0).abs() < 1e-3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(test)]
mod bench;
mod checkpoint;
mod compact;
mod crests;
mod error;
mod hydraulics;
mod infiltration;
mod inlet;
mod kernel;
mod links;
mod observe;
mod params;
mod prepare;
mod rainfall;
mod report;
mod results;
mod riemann;
mod run;
mod second;
mod state;
#[cfg(test)]
mod steep;
mod structures;
mod sweep;
#[cfg(test)]
mod together;
mod vectors;
mod weather;

pub use crests::{Crest, crests_along};
pub use error::FloodError;
pub use hydraulics::{BROAD_CREST, Barrel, CONTRACTION, Curve, Section};
pub use infiltration::{Infiltration, PerCell};
pub use params::{
    Bends, Boundary, BoundaryKind, BoundaryPlace, Domain, Inflow, Initial, Manning, Options, Rain,
    RainDetail, RainField, RainFunction, Scheme, Setup, Side,
};
pub use report::{Ledger, LedgerLine, Maxima, Outcome, Source, Stats, StepReport};
pub use run::Flood;
pub use structures::{End, Law, PumpRate, Reservoir, Structure, StructureReport, Switch, Way};
pub use weather::{AirFunction, Weather};
