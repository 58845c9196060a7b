//! HTTP on the loopback interface: twin, city, terrain, layers, runs, exposure, the static viewer.
//!
//! # What is here
//!
//! [`Server::bind`] takes a loaded twin and a port; [`Server::run`] serves until it is told to stop.
//! Runs are computed one after another on a thread of their own ([`Runs`]); their frames can be
//! fetched while they grow. The interface is described at `/api/openapi.json`, made from the code.
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
mod ensembles;
mod error;
mod plan_api;
mod run_api;
mod runs;
mod serve;
mod titles;
mod twin_api;
mod warning_api;

pub use ensembles::{EnsembleRequest, EnsembleRun, EnsembleView, Ensembles};
pub use error::ApiError;
pub use runs::{RunRequest, RunState, RunView, Runs};
pub use serve::{ServeError, Server, ServerOptions, openapi_json};
