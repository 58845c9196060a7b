//! The camera's entities.

use bevy::camera::visibility::RenderLayers;
use bevy::prelude::*;

use crate::split::Half;

/// The camera, once for each half of the canvas.
#[derive(Component, Clone, Copy, Debug)]
pub struct MainCamera(pub Half);

/// What both halves show is on the layer 0 of the renderer, the water of each half on its own.
pub(crate) fn own_layer(half: Half) -> RenderLayers {
    RenderLayers::layer(1 + half as usize)
}

/// Behind the ground, sRGB: a bright haze. The shaders fade into the same colour.
pub(super) const HAZE: Color = Color::srgb_u8(222, 229, 233);
