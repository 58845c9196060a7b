//! Model to cameras.

use bevy::camera::Viewport;
use bevy::core_pipeline::tonemapping::{DebandDither, Tonemapping};
use bevy::prelude::*;
use bevy::window::PrimaryWindow;

use super::components::{HAZE, MainCamera, own_layer};
use super::lens::Lens;
use crate::frame::render_from_local;
use crate::render::SharedModel;
use crate::split::Half;

pub(super) fn spawn(mut commands: Commands) {
    for half in Half::BOTH {
        commands.spawn((
            MainCamera(half),
            own_layer(half).with(0),
            Camera3d::default(),
            Camera {
                clear_color: ClearColorConfig::Custom(HAZE),
                order: half as isize,
                is_active: half == Half::A,
                ..default()
            },
            Msaa::Off,
            // The shaders' colours are those of the legend, byte for byte.
            Tonemapping::None,
            DebandDither::Disabled,
            Projection::custom(Lens::default()),
        ));
    }
}

pub(super) fn place(
    model: Res<SharedModel>,
    windows: Query<&Window, With<PrimaryWindow>>,
    mut cameras: Query<(&MainCamera, &mut Camera, &mut Transform, &mut Projection)>,
) {
    let Ok(window) = windows.single() else {
        return;
    };
    let model = model.lock();
    let eye = &model.camera;
    let vec = |p: [f64; 3]| Vec3::from(render_from_local(p.map(|v| v as f32)));
    let [forward, _, up] = eye.axes();
    let wanted = Transform::from_translation(vec(eye.eye())).looking_to(vec(forward), vec(up));
    let near = eye.near(|x, y| model.ground(x, y)) as f32;
    let size = window.physical_size();
    // A canvas without two pixels has no halves.
    let split = model.split().filter(|_| size.min_element() >= 2);
    let canvas = eye.viewport;
    let scale = [f64::from(size.x) / canvas[0], f64::from(size.y) / canvas[1]];
    for (MainCamera(half), mut camera, mut transform, mut projection) in &mut cameras {
        let active = split.is_some() || *half == Half::A;
        if camera.is_active != active {
            camera.is_active = active;
        }
        let pane = split.map(|split| split.pane(*half, size.to_array(), canvas));
        let drawn = camera.viewport.as_ref().map(|v| {
            let end = v.physical_position + v.physical_size;
            [v.physical_position.x, v.physical_position.y, end.x, end.y]
        });
        if drawn != pane {
            camera.viewport = pane.map(|[left, top, right, bottom]| Viewport {
                physical_position: UVec2::new(left, top),
                physical_size: UVec2::new(right - left, bottom - top),
                ..default()
            });
        }
        if *transform != wanted {
            *transform = wanted;
        }
        let [left, top, right, bottom] = pane.unwrap_or([0, 0, size.x, size.y]);
        let whole = |x: u32, y: u32| {
            let at = [f64::from(x) / scale[0], f64::from(y) / scale[1]];
            split.map_or(at, |split| split.whole_from_canvas(*half, at))
        };
        let ([left, top], [right, bottom]) = (whole(left, top), whole(right, bottom));
        let lens = Lens {
            whole: Vec2::from(canvas.map(|v| v as f32)),
            part: Vec4::from([left, top, right, bottom].map(|v| v as f32)),
            near,
        };
        let fitted =
            matches!(&*projection, Projection::Custom(c) if c.get::<Lens>() == Some(&lens));
        if !fitted {
            *projection = Projection::custom(lens);
        }
    }
}
