//! The browser's entry point: starts the renderer on a canvas and offers the interface of `API.md`.
//!
//! The functions here read JavaScript values, change the model, and wake the renderer. They never
//! wait for a frame: the model is behind a lock that nobody holds between frames.

#[cfg(target_family = "wasm")]
mod api;
#[cfg(target_family = "wasm")]
mod app;
#[cfg(target_family = "wasm")]
mod events;
mod layer;
#[cfg(target_family = "wasm")]
mod pointer;
#[cfg(target_family = "wasm")]
mod types;

#[cfg(target_family = "wasm")]
pub use api::*;
pub use layer::{Site, read_layer};
