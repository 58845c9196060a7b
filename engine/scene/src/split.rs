//! One canvas, two runs: each half shows the same city with water of its own.
//!
//! The camera stays that of the whole canvas. A half shows the part of the whole picture that lies
//! under it, or, shifted, the part that lies beside it: without shifts the halves make one picture
//! (a swipe), with them both halves show the same place (side by side). A shift moves a picture
//! without changing its scale, so a place looks the same in both halves, pixel by pixel.

use serde::{Deserialize, Serialize};

use crate::input::Grip;
use crate::model::SceneModel;
use crate::water::Water;

/// One of two runs, and the half of the canvas that shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Half {
    /// The left or upper half; the whole canvas when it is not divided.
    #[default]
    A,
    /// The right or lower half.
    B,
}

impl Half {
    /// Both, in order.
    pub const BOTH: [Half; 2] = [Half::A, Half::B];

    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Half::A => "a",
            Half::B => "b",
        }
    }

    /// The half of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::BOTH.into_iter().find(|half| half.name() == name)
    }
}

/// The axis along which the halves follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Axis {
    /// Left and right.
    X,
    /// Upper and lower.
    Y,
}

/// How the canvas is divided.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// Along which axis the halves follow each other.
    pub axis: Axis,
    /// Where the second half begins [CSS px from the left or upper edge].
    pub at: f64,
    /// How far the picture is moved in the first half [CSS px right, down].
    #[serde(default)]
    pub shift_a: [f64; 2],
    /// How far the picture is moved in the second half [CSS px right, down].
    #[serde(default)]
    pub shift_b: [f64; 2],
}

impl Split {
    /// Whether all numbers are finite.
    pub fn is_valid(&self) -> bool {
        let [a, b] = [self.shift_a, self.shift_b];
        [self.at, a[0], a[1], b[0], b[1]]
            .iter()
            .all(|v| v.is_finite())
    }

    fn along(&self) -> usize {
        match self.axis {
            Axis::X => 0,
            Axis::Y => 1,
        }
    }

    /// The half that a point of the canvas lies in [CSS px].
    pub fn half(&self, point: [f64; 2]) -> Half {
        if point[self.along()] < self.at {
            Half::A
        } else {
            Half::B
        }
    }

    /// The part of the picture that a half covers, at least one pixel of it [px: left, top, right, bottom].
    ///
    /// - `size`: width and height of the picture [px], at least two
    /// - `canvas`: width and height of the canvas that shows it [CSS px], positive
    pub fn pane(&self, half: Half, size: [u32; 2], canvas: [f64; 2]) -> [u32; 4] {
        let k = self.along();
        let all = f64::from(size[k]);
        let at = (self.at * all / canvas[k]).round().clamp(1.0, all - 1.0) as u32;
        let mut pane = [0, 0, size[0], size[1]];
        match half {
            Half::A => pane[2 + k] = at,
            Half::B => pane[k] = at,
        }
        pane
    }

    fn shift(&self, half: Half) -> [f64; 2] {
        match half {
            Half::A => self.shift_a,
            Half::B => self.shift_b,
        }
    }

    /// The point of the whole picture that a half shows at a point of the canvas [CSS px].
    pub fn whole_from_canvas(&self, half: Half, [x, y]: [f64; 2]) -> [f64; 2] {
        let [dx, dy] = self.shift(half);
        [x - dx, y - dy]
    }

    /// Where a half shows a point of the whole picture on the canvas [CSS px].
    pub fn canvas_from_whole(&self, half: Half, [x, y]: [f64; 2]) -> [f64; 2] {
        let [dx, dy] = self.shift(half);
        [x + dx, y + dy]
    }
}

impl SceneModel {
    /// How the canvas is divided, if it is.
    pub fn split(&self) -> Option<&Split> {
        self.split.as_ref()
    }

    /// Divides the canvas, or makes it whole again and forgets the water of the second half.
    pub fn set_split(&mut self, split: Option<Split>) {
        if self.split == split {
            return;
        }
        self.split = split;
        if split.is_none() {
            self.held = Half::A;
            self.clear_water(Half::B);
        }
        self.wake();
    }

    /// The water of a half.
    pub fn water(&self, half: Half) -> &Water {
        &self.waters[half as usize]
    }

    /// The half under a point of the canvas, and the point of the whole picture there [CSS px].
    pub fn whole_from_canvas(&self, at: [f64; 2]) -> (Half, [f64; 2]) {
        self.split.map_or((Half::A, at), |split| {
            let half = split.half(at);
            (half, split.whole_from_canvas(half, at))
        })
    }

    /// Where a half shows a local point on the canvas [CSS px], `None` behind the camera; it may lie
    /// outside that half.
    pub fn project(&self, half: Half, point: [f64; 3]) -> Option<[f64; 2]> {
        let whole = self.camera.project(point)?;
        Some(
            self.split
                .map_or(whole, |split| split.canvas_from_whole(half, whole)),
        )
    }

    /// A button or finger goes down at a point of the canvas [CSS px].
    pub fn pointer_down(&mut self, id: i32, at: [f64; 2], grip: Grip) {
        // All fingers hold the picture of the half where the first one came down.
        if !self.input.is_held() {
            self.held = self.whole_from_canvas(at).0;
        }
        let at = self.in_held(at);
        self.input.down(id, at, grip);
    }

    /// A pointer moves to a point of the canvas [CSS px].
    pub fn pointer_moved(&mut self, id: i32, to: [f64; 2]) {
        let to = self.in_held(to);
        let mut camera = self.camera;
        if self.input.moved(id, to, &mut camera) {
            self.camera = camera;
            self.camera_moved();
        }
    }

    /// A button or finger goes up; returns where on the canvas it clicked, if it did [CSS px].
    pub fn pointer_up(&mut self, id: i32) -> Option<[f64; 2]> {
        let whole = self.input.up(id)?;
        Some(
            self.split
                .map_or(whole, |split| split.canvas_from_whole(self.held, whole)),
        )
    }

    /// The wheel turns at a point of the canvas [CSS px].
    ///
    /// - `factor`: of the camera's distance
    pub fn wheel(&mut self, factor: f64, at: [f64; 2]) {
        let (_, at) = self.whole_from_canvas(at);
        self.camera.zoom(factor, at);
        self.camera_moved();
    }

    fn in_held(&self, at: [f64; 2]) -> [f64; 2] {
        self.split
            .map_or(at, |split| split.whole_from_canvas(self.held, at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::View;
    use stormgrid_core::raster::{Raster, RasterGeometry};
    use stormgrid_formats::chunk::WaterFrame;

    const SIDE: Split = Split {
        axis: Axis::X,
        at: 640.0,
        shift_a: [-320.0, 0.0],
        shift_b: [320.0, 0.0],
    };

    fn flooded(depth_cm: u16) -> WaterFrame {
        WaterFrame {
            geometry: RasterGeometry::new(100, 100, -1000.0, 1000.0, 20.0, 20.0).expect("valid"),
            time_s: 0.0,
            level_cm: vec![200 + depth_cm as i16; 10_000],
            depth_cm: vec![depth_cm; 10_000],
            permanent: Vec::new(),
        }
    }

    fn model() -> SceneModel {
        let mut model = SceneModel::default();
        let g = RasterGeometry::new(100, 100, -1000.0, 1000.0, 20.0, 20.0).expect("valid");
        model.set_terrain(&Raster::filled(g, 2.0));
        model.set_view(&View {
            x: 0.0,
            y: 0.0,
            z: None,
            range: 600.0,
            heading_deg: 30.0,
            pitch_deg: 50.0,
        });
        model.set_split(Some(SIDE));
        model.set_water_frame(Half::A, 0, flooded(30));
        model.set_water_frame(Half::B, 0, flooded(90));
        model.advance(0.1);
        model
    }

    #[test]
    fn the_halves_cover_the_canvas_and_meet() {
        for (axis, at) in [(Axis::X, 300.4), (Axis::Y, -5.0), (Axis::X, 1e9)] {
            let split = Split { axis, at, ..SIDE };
            let size = [900, 700];
            let [a, b] = Half::BOTH.map(|half| split.pane(half, size, [600.0, 466.7]));
            let area = |[l, t, r, b]: [u32; 4]| (r - l) * (b - t);
            assert!(area(a) > 0 && area(b) > 0, "{a:?} {b:?}");
            assert_eq!(area(a) + area(b), 900 * 700);
            let k = split.along();
            assert_eq!(a[2 + k], b[k]);
        }
        assert_eq!(
            SIDE.pane(Half::B, [2880, 1800], [1440.0, 900.0]),
            [1280, 0, 2880, 1800]
        );
    }

    #[test]
    fn a_place_is_picked_in_both_halves_with_the_water_of_each() {
        let model = model();
        let place = [40.0, -60.0, 2.0];
        for (half, depth) in [(Half::A, 0.3), (Half::B, 0.9)] {
            let at = model.project(half, place).expect("in front");
            assert_eq!(SIDE.half(at), half);
            let pick = model.pick(at[0], at[1]).expect("hits");
            assert!((pick.at[0] - 40.0).abs() < 1e-6 && (pick.at[1] + 60.0).abs() < 1e-6);
            assert_eq!(pick.half, Some(half));
            assert!((pick.depth.expect("inside") - depth).abs() < 1e-6);
        }
    }

    #[test]
    fn a_drag_keeps_to_its_half_and_the_ground_to_the_pointer() {
        let mut model = model();
        let ground = |m: &SceneModel, half, at| {
            let [x, y] = SIDE.whole_from_canvas(half, at);
            m.camera.on_level(x, y)
        };
        let held = ground(&model, Half::B, [900.0, 400.0]);
        model.pointer_down(7, [900.0, 400.0], Grip::Move);
        // Across the divider and on.
        model.pointer_moved(7, [500.0, 420.0]);
        let now = ground(&model, Half::B, [500.0, 420.0]);
        assert!((held[0] - now[0]).hypot(held[1] - now[1]) < 1e-6);
        assert_eq!(model.pointer_up(7), None);
        model.pointer_down(7, [100.0, 300.0], Grip::Move);
        assert_eq!(model.pointer_up(7), Some([100.0, 300.0]));
        let under = ground(&model, Half::B, [1000.0, 500.0]);
        model.wheel(0.5, [1000.0, 500.0]);
        let now = ground(&model, Half::B, [1000.0, 500.0]);
        assert!((under[0] - now[0]).hypot(under[1] - now[1]) < 1e-6);
    }

    #[test]
    fn the_whole_canvas_comes_back_with_the_first_water_alone() {
        let mut model = model();
        let camera = model.camera;
        assert!(model.water(Half::B).n_wet() > 0);
        model.set_split(None);
        model.advance(0.1);
        assert_eq!(model.camera, camera);
        assert_eq!(model.water(Half::B).frames().count(), 0);
        assert_eq!(model.water(Half::B).shown_time(), None);
        let [w, h] = camera.viewport;
        let pick = model.pick(0.5 * w, 0.5 * h).expect("hits");
        assert_eq!(pick.half, None);
        assert!((pick.depth.expect("inside") - 0.3).abs() < 1e-6);
    }

    #[test]
    fn a_swipe_shows_one_picture() {
        let mut model = model();
        let place = [40.0, -60.0, 2.0];
        let before = model.camera.project(place);
        model.set_split(Some(Split {
            shift_a: [0.0; 2],
            shift_b: [0.0; 2],
            ..SIDE
        }));
        assert_eq!(model.project(Half::A, place), before);
        assert_eq!(model.project(Half::B, place), before);
    }
}
