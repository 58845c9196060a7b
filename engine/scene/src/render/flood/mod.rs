//! The water: tiles of the surface of each run, rebuilt when the time that is shown changes. The
//! camera of a half sees the tiles of its run alone.

mod components;
mod systems;

pub use components::{WaterMaterial, WaterTile};

use bevy::asset::load_internal_asset;
use bevy::prelude::*;

use super::SceneSystems;

/// Draws the water.
pub struct FloodPlugin;

impl Plugin for FloodPlugin {
    fn build(&self, app: &mut App) {
        load_internal_asset!(
            app,
            components::SHADER,
            "../../../../../assets/shaders/water.wgsl",
            Shader::from_wgsl
        );
        app.add_plugins(MaterialPlugin::<WaterMaterial>::default())
            .init_resource::<components::Drawn>()
            .add_systems(Update, systems::present.in_set(SceneSystems::Present));
    }
}
