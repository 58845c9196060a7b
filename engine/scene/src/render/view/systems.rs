//! Window to model, model to camera.

use bevy::core_pipeline::tonemapping::{DebandDither, Tonemapping};
use bevy::prelude::*;
use bevy::window::PrimaryWindow;

use super::components::{HAZE, MainCamera};
use crate::camera::FIELD_OF_VIEW;
use crate::frame::render_from_local;
use crate::render::SharedModel;

pub(super) fn spawn(mut commands: Commands) {
    commands.spawn((
        MainCamera,
        Camera3d::default(),
        Camera {
            clear_color: ClearColorConfig::Custom(HAZE),
            ..default()
        },
        Msaa::Off,
        // The shaders' colours are those of the legend, byte for byte.
        Tonemapping::None,
        DebandDither::Disabled,
        Projection::Perspective(PerspectiveProjection {
            fov: FIELD_OF_VIEW as f32,
            ..default()
        }),
    ));
}

pub(super) fn take_size(model: Res<SharedModel>, windows: Query<&Window, With<PrimaryWindow>>) {
    if let Ok(window) = windows.single() {
        model
            .lock()
            .resize(f64::from(window.width()), f64::from(window.height()));
    }
}

pub(super) fn place(
    model: Res<SharedModel>,
    mut cameras: Query<(&mut Transform, &mut Projection), With<MainCamera>>,
) {
    let model = model.lock();
    let camera = &model.camera;
    let vec = |p: [f64; 3]| Vec3::from(render_from_local(p.map(|v| v as f32)));
    let [forward, _, up] = camera.axes();
    let wanted = Transform::from_translation(vec(camera.eye())).looking_to(vec(forward), vec(up));
    let near = camera.near(|x, y| model.ground(x, y)) as f32;
    for (mut transform, mut projection) in &mut cameras {
        if *transform != wanted {
            *transform = wanted;
        }
        let stale = matches!(&*projection, Projection::Perspective(p) if p.near != near);
        if stale && let Projection::Perspective(perspective) = &mut *projection {
            perspective.near = near;
            perspective.near_clip_plane = Vec4::new(0.0, 0.0, -1.0, -near);
            perspective.far = 200_000.0;
        }
    }
}
