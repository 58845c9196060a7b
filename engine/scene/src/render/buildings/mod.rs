//! The buildings: one mesh for each chunk, drawn anew when the colour of one of them changes.

mod components;
mod systems;

pub use components::{BuildingMaterial, CityPart};

use bevy::asset::load_internal_asset;
use bevy::prelude::*;

use super::SceneSystems;

/// Draws the buildings.
pub struct BuildingsPlugin;

impl Plugin for BuildingsPlugin {
    fn build(&self, app: &mut App) {
        load_internal_asset!(
            app,
            components::SHADER,
            "../../../../../assets/shaders/building.wgsl",
            Shader::from_wgsl
        );
        app.add_plugins(MaterialPlugin::<BuildingMaterial>::default())
            .init_resource::<components::Drawn>()
            .add_systems(
                Update,
                (systems::present_parts, systems::show_parts)
                    .chain()
                    .in_set(SceneSystems::Present),
            );
    }
}
