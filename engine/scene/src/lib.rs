//! The picture of the twin: mesh mathematics, and the plugins that draw it.
//!
//! The modules of the crate's root are plain Rust: terrain tiles, draped lines, water between
//! frames, tint rasters, the camera, picking, and [`model::SceneModel`], which holds them. They know
//! no renderer and are tested without one (`--no-default-features`). The feature `render` adds
//! the Bevy plugins, which copy what has changed in the model into entities.
//!
//! # Conventions
//!
//! - Positions are local metres: x east, y north, z up; `f32` in meshes, relative to the site's origin.
//! - [`frame`] alone knows that the renderer's y points up.
//! - Colours are sRGB bytes; shaders work in linear light.
//!
//! Left out: shadows, textures of façades, anything that needs more than WebGL2.

pub mod camera;
pub mod city;
pub mod drape;
pub mod frame;
pub mod input;
pub mod layers;
pub mod model;
pub mod split;
pub mod terrain;
pub mod tint;
pub mod water;

#[cfg(feature = "render")]
#[expect(
    elided_lifetimes_in_paths,
    reason = "parameters of systems are written without lifetimes everywhere in Bevy"
)]
pub mod render;
