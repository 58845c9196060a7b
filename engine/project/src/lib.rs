//! Twins, scenarios and runs on disk: the only place where files are opened.
//!
//! # What is here
//!
//! - [`LoadedTwin::load`] reads a twin folder (`twin.toml` and the layers that it names), brings
//!   every vertex into the site frame, and refuses what cannot be used in one sentence.
//! - [`simulate()`] runs a `scenario.toml`.
//! - [`forecast()`] runs a storm over a twin: track → wind, pressure, rain, sea level → flood →
//!   exposure of every zone, building and road.
//! - [`ensemble::ensemble`] runs a forecast many times with the errors that forecasts have, each in a process of its
//!   own, and tells probabilities.
//! - [`input_check`] reports on every layer of a twin: what was read, assumed, left out, and what is not known.
//! - [`warning`] turns a finished forecast into drafts that a person issues, updates and takes back.
//! - [`rehearsal`] changes a forecast and compares two; [`evacuation`] plans who leaves when, and whereto.
//! - [`files::RunFolder`] makes results appear whole or not at all.
//!
//! The command line and the server both call these, so that they tell the same numbers.
//!
//! # What is left out
//!
//! Threads of its own (but for reading what an ensemble's processes say), HTTP, printing. Progress goes to a
//! callback, which can also break a run off.

pub mod advisory;
pub mod archive;
pub mod city;
mod drive;
pub mod ensemble;
mod error;
pub mod evacuation;
mod fields;
pub mod figures;
pub mod files;
mod forcing;
mod forecast;
mod forecast_file;
mod gauges;
mod geo_raster;
pub mod ground;
pub mod hazards;
pub mod hindcast;
mod impact;
pub mod input_check;
pub mod input_report;
#[cfg(test)]
mod layer_tests;
pub mod leftover;
mod local_setup;
pub mod messages;
mod point_layer;
mod rain;
pub mod rehearsal;
pub mod result;
mod results;
pub mod sea;
mod simulate;
pub mod storm;
mod storm_choice;
pub mod storm_names;
mod structures;
pub mod tables;
#[cfg(test)]
mod test_twin;
mod timeline;
mod twin;
mod twin_faults;
pub mod usage;
pub mod vectors;
pub mod warning;
mod without_effect;

pub use drive::{Observer, Progress, Stage};
pub use error::{InputFault, ProjectError};
pub use forecast::{
    FORECAST_FILE, Forecast, ForecastOptions, LOOK_S, LayerSeries, Listener, Plan, Times, forecast,
    plan, plan_of, run_title, sea_level_of,
};
pub use hazards::{HazardRow, Hazards, LayerHazards};
pub use impact::Impacts;
pub use local_setup::{MOST_LOCAL_CELLS, local_setup};
pub use results::{LedgerEntry, StructureEntry, Summary};
pub use simulate::{RunOptions, simulate};
pub use stormgrid_sim::flood::Scheme;
pub use twin::{BUILDINGS, CityPart, LayerFile, LayerSummary, LoadedTwin, MANIFEST, Parts};
