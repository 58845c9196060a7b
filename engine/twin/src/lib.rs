//! The headless twin: every feature of a city is an entity, an R-tree indexes all of them.
//!
//! # What is modelled
//!
//! A [`Twin`] owns a `bevy_ecs` world without a renderer. Each building, grid, point and road
//! segment is an entity with a [`Feature`] (its layer and place in it), one component that says
//! what it is ([`Building`], [`Grid`], [`PointAsset`], [`RoadSegment`]) and one with its geometry.
//! [`TwinIndex`] finds entities by place, [`Twin::search`] by name and address. Plug-ins of other
//! crates work on [`Twin::world_mut`], or add [`TwinPlugin`] to an app of their own.
//!
//! # Conventions
//!
//! Geometry is in the site frame: local metres, x east, y north, z up. The order of layers and of
//! features in them is that of the files, so that every id is the same on every start.
//!
//! # What is left out
//!
//! Files, projections and time: the caller reads and projects. Incidents and sensors' values.
//!
//! ```
//! use stormgrid_twin::{FeatureData, GeometryKind, Grid, LayerData, Outline, Site, Twin};
//! use stormgrid_core::geo::{MultiPolygon, polygon};
//!
//! let square = polygon![(x: 0.0, y: 0.0), (x: 10.0, y: 0.0), (x: 10.0, y: 10.0), (x: 0.0, y: 10.0)];
//! let grid = Grid { code: "G1".into(), name: "one".into(), ..Grid::default() };
//! let layer = LayerData {
//!     id: "grids".into(),
//!     geometry: GeometryKind::Polygon,
//!     level: Some("grid".into()),
//!     kind: None,
//!     features: vec![FeatureData::Grid(grid, Outline(MultiPolygon::new(vec![square])))],
//! };
//! let twin = Twin::new(Site::default(), vec![layer]);
//! assert_eq!(twin.grids_at(5.0, 5.0)[0].1.code, "G1");
//! ```

mod components;
pub mod network;
mod queries;
mod search;
mod world;

pub use components::{
    Building, Feature, Grid, Outline, PathLine, PointAsset, Position, RoadSegment,
};
pub use search::{Hit, HitKind, floor_of_query};
pub use world::{
    FeatureData, GeometryKind, Layer, LayerData, Layers, Site, Twin, TwinIndex, TwinPlugin,
};
