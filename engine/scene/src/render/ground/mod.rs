//! The ground: tiles of triangles, coloured by height and slope, tinted by exposure.

mod components;
mod systems;

pub use components::{GroundMaterial, GroundTile};

use bevy::asset::load_internal_asset;
use bevy::prelude::*;

use super::SceneSystems;

/// Draws the ground.
pub struct GroundPlugin;

impl Plugin for GroundPlugin {
    fn build(&self, app: &mut App) {
        load_internal_asset!(
            app,
            components::SHADER,
            "../../../../../assets/shaders/ground.wgsl",
            Shader::from_wgsl
        );
        app.add_plugins(MaterialPlugin::<GroundMaterial>::default())
            .init_resource::<components::Drawn>()
            .add_systems(
                Update,
                (systems::present_tiles, systems::present_tint)
                    .chain()
                    .in_set(SceneSystems::Present),
            );
    }
}
