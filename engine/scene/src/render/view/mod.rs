//! The camera of the model as the renderer's cameras, one for each half of the canvas.
//!
//! The model's canvas is as large as whoever made it says ([`SceneModel::resize`]); the window tells
//! only how many pixels there are.
//!
//! [`SceneModel::resize`]: crate::model::SceneModel::resize

mod components;
mod lens;
mod systems;

pub use components::MainCamera;
pub(super) use components::own_layer;

use bevy::prelude::*;

use super::SceneSystems;

/// Places the cameras.
pub struct ViewPlugin;

impl Plugin for ViewPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Startup, systems::spawn)
            .add_systems(Update, systems::place.in_set(SceneSystems::Present));
    }
}
