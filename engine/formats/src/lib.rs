//! Bytes to core types and back. No files, no network: the caller reads and writes.
//!
//! Every reader takes the bytes and the name that messages use for them. What a reader refuses comes
//! back as one sentence: the file, the place in it, what is wrong, what to do. Declared sizes are
//! checked against the bytes that are there before anything is allocated; nothing panics.
//!
//! | module | formats |
//! |---|---|
//! | [`elevation`] | GeoTIFF, ESRI ASCII grid |
//! | [`cityjson`] | CityJSON 1.1 and 2.0, CityJSONSeq |
//! | [`vector`] | GeoJSON polygons, lines, points |
//! | [`polygon_stream`] | plain GeoJSON polygons of any number |
//! | [`attributes`] | what the properties of features say |
//! | [`text`] | encodings of text files, and files of other formats |
//! | [`track`] | best tracks of tropical cyclones as CSV |
//! | [`series`], [`tide`] | time series and tidal constituents as CSV |
//! | [`scenario`], [`manifest`] | `scenario.toml`, `twin.toml` |
//! | [`chunk`], [`frames`] | binary messages from the server to the viewer |
//! | [`cap`] | CAP 1.2 messages and an Atom feed of them |
//! | [`parse`] | complaints of the libraries that read JSON and TOML |
//! | [`setup_message`] | a whole flood run for the solver in the browser |

pub mod attributes;
pub mod cap;
pub mod chunk;
pub mod cityjson;
pub mod elevation;
mod error;
pub mod frames;
pub mod manifest;
pub mod observations;
pub mod parse;
pub mod polygon_stream;
pub mod rainfall;
pub mod scenario;
pub mod series;
pub mod setup_message;
pub mod text;
pub mod tide;
pub mod toml_text;
pub mod track;
pub mod vector;

pub use error::{Fault, FormatError};
