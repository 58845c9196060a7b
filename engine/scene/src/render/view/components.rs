//! The camera's entity.

use bevy::prelude::*;

/// The one camera.
#[derive(Component, Clone, Copy, Debug)]
pub struct MainCamera;

/// Behind the ground, sRGB: a bright haze. The shaders fade into the same colour.
pub(super) const HAZE: Color = Color::srgb_u8(222, 229, 233);
