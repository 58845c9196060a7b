//! One step of the model a frame; then on, or rest.

use std::time::Duration;

use bevy::prelude::*;
use bevy::time::Real;
use bevy::winit::{UpdateMode, WinitSettings};

use super::components::{Drawn, FrameTimes};
use crate::render::{SharedModel, Triangles};

/// While nothing changes only the page can wake the loop; a hover costs no picture.
const REST: UpdateMode = UpdateMode::Reactive {
    wait: Duration::from_secs(3600),
    react_to_device_events: false,
    react_to_user_events: true,
    react_to_window_events: false,
};

pub(super) fn step(model: Res<SharedModel>, times: Res<FrameTimes>, time: Res<Time<Real>>) {
    let dt = time.delta_secs_f64();
    times.push(dt * 1000.0);
    model.lock().advance(dt);
}

pub(super) fn decide(
    model: Res<SharedModel>,
    times: Res<FrameTimes>,
    mut settings: ResMut<WinitSettings>,
    meshes: Query<(&ViewVisibility, &Triangles), With<Mesh3d>>,
) {
    let awake = model.lock().is_awake();
    let mode = if awake { UpdateMode::Continuous } else { REST };
    if settings.focused_mode != mode {
        settings.focused_mode = mode;
        settings.unfocused_mode = mode;
    }
    let drawn = Drawn {
        entities: meshes.iter().len(),
        visible: meshes.iter().filter(|(v, _)| v.get()).count(),
        triangles: meshes.iter().map(|(_, t)| t.0).sum(),
    };
    times.close(drawn, awake);
}
