//! HTTP on the loopback interface: twin, city, terrain, layers, runs, exposure, the static viewer.
//!
//! # What is here
//!
//! [`Server::bind`] takes a loaded twin and a port; [`Server::run`] serves until it is told to stop.
//! Runs are computed one after another on a thread of their own ([`Runs`]); their frames can be
//! fetched while they grow, and they are kept over a restart. The interface is described at `/api/openapi.json`, made from the code.
//!
//! # Conventions
//!
//! - Only 127.0.0.1 is bound, and requests for another host are refused, so that a web page from
//!   elsewhere cannot reach the twin through the browser (DNS rebinding).
//! - Lengths in metres, times in seconds after the run's start, positions local unless they are
//!   called `lon`, `lat`.
//! - Errors are `{"error": {"code", "message": {"zh", "en"}}}`.
//! - What never changes carries an `ETag`; gzip and brotli where the client takes them.
//!
//! # What is left out
//!
//! Users, the live stream, MQTT, OGC API, SensorThings.

mod answer;
mod ensemble_api;
mod ensemble_run;
mod ensembles;
mod error;
mod hazard_api;
mod jobs;
mod plan_api;
mod room;
mod run;
mod run_api;
mod runs;
mod serve;
mod titles;
mod turns;
mod twin_api;
mod warning_api;

pub use ensemble_run::{EnsembleRun, EnsembleView};
pub use ensembles::{EnsembleRequest, Ensembles};
pub use error::ApiError;
pub use jobs::RunState;
pub use run::{Run, RunView};
pub use runs::{RunRequest, Runs, RunsOptions};
pub use serve::{ServeError, Server, ServerOptions, openapi_json};
pub use turns::Turn;
