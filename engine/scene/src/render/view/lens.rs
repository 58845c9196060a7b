//! A projection that shows a part of a picture.

use bevy::camera::{CameraProjection, SubCameraView};
use bevy::math::Vec3A;
use bevy::prelude::*;

use crate::camera::FIELD_OF_VIEW;

/// The part of the whole picture that a camera draws. Bevy's own perspective knows such parts too,
/// but culls as if it drew the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Lens {
    /// Width and height of the whole picture [px].
    pub whole: Vec2,
    /// Left, top, right and bottom of the part [px]; may lie outside the whole.
    pub part: Vec4,
    /// Distance of the near plane [m].
    pub near: f32,
}

impl Lens {
    /// Left, right, bottom and top of what is seen, a metre before the eye [m].
    fn sides(&self) -> [f32; 4] {
        let tan = (0.5 * FIELD_OF_VIEW).tan() as f32;
        let pixel = 2.0 * tan / self.whole.y.max(1.0);
        let [left, top, right, bottom] = self.part.to_array();
        let (cx, cy) = (0.5 * self.whole.x, 0.5 * self.whole.y);
        [left - cx, right - cx, cy - bottom, cy - top].map(|px| px * pixel)
    }
}

impl CameraProjection for Lens {
    fn get_clip_from_view(&self) -> Mat4 {
        let [left, right, bottom, top] = self.sides();
        let (width, height) = ((right - left).max(1e-6), (top - bottom).max(1e-6));
        // Depth is near / distance, as everywhere in Bevy.
        Mat4::from_cols(
            Vec4::new(2.0 / width, 0.0, 0.0, 0.0),
            Vec4::new(0.0, 2.0 / height, 0.0, 0.0),
            Vec4::new((right + left) / width, (top + bottom) / height, 0.0, -1.0),
            Vec4::new(0.0, 0.0, self.near, 0.0),
        )
    }

    fn get_clip_from_view_for_sub(&self, _: &SubCameraView) -> Mat4 {
        self.get_clip_from_view()
    }

    fn update(&mut self, _: f32, _: f32) {
        // Whoever places the camera knows the part.
    }

    fn far(&self) -> f32 {
        200_000.0
    }

    fn get_frustum_corners(&self, z_near: f32, z_far: f32) -> [Vec3A; 8] {
        let [left, right, bottom, top] = self.sides();
        let corners = |z: f32| {
            let d = z.abs();
            [
                Vec3A::new(right * d, bottom * d, z),
                Vec3A::new(right * d, top * d, z),
                Vec3A::new(left * d, top * d, z),
                Vec3A::new(left * d, bottom * d, z),
            ]
        };
        let ([a, b, c, d], [e, f, g, h]) = (corners(z_near), corners(z_far));
        [a, b, c, d, e, f, g, h]
    }
}
