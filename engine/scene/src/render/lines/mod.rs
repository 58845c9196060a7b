//! Borders, roads and the highlighted outline, as ribbons over everything else.

mod components;
mod systems;

pub use components::{RibbonLayer, RibbonMaterial};

use bevy::asset::load_internal_asset;
use bevy::prelude::*;

use super::SceneSystems;

/// Draws lines on the ground.
pub struct LinesPlugin;

impl Plugin for LinesPlugin {
    fn build(&self, app: &mut App) {
        load_internal_asset!(
            app,
            components::SHADER,
            "../../../../../assets/shaders/ribbon.wgsl",
            Shader::from_wgsl
        );
        app.add_plugins(MaterialPlugin::<RibbonMaterial>::default())
            .init_resource::<components::Drawn>()
            .add_systems(
                Update,
                (
                    systems::present_layers,
                    systems::present_selection,
                    systems::show_layers,
                )
                    .chain()
                    .in_set(SceneSystems::Present),
            );
    }
}
