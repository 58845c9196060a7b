//! Draws only while something changes, and measures how long frames take.

mod components;
mod systems;

pub use components::{Drawn, FrameTimes};

use bevy::prelude::*;

use super::SceneSystems;

/// Advances the model and decides whether to go on drawing.
pub struct PacePlugin;

impl Plugin for PacePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<FrameTimes>()
            .add_systems(Update, systems::step.in_set(SceneSystems::Step))
            .add_systems(Last, systems::decide);
    }
}
