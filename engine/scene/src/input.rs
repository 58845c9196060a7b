//! Pointers, wheel and keys become movements of the camera.
//!
//! One pointer moves the ground; with the right button or Ctrl it turns and tilts. Two pointers zoom,
//! turn and tilt. What is pressed and released on the same spot is a click.

use std::collections::{BTreeMap, BTreeSet};

use crate::camera::Camera;

/// A pointer that moves less than this between down and up clicks [CSS px].
const CLICK_SLOP: f64 = 6.0;
/// Turning by dragging [rad a CSS px].
const TURN: f64 = 0.005;
/// Keys: turning [rad/s], moving [share of the distance a second], zooming [factor's logarithm a second].
const KEY_TURN: f64 = 1.0;
const KEY_MOVE: f64 = 0.7;
const KEY_ZOOM: f64 = 1.2;

/// Which button a pointer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grip {
    /// The left button, a finger, a pen.
    Move,
    /// The right or middle button, or the left one with Ctrl.
    Turn,
}

/// What is pressed.
#[derive(Clone, Debug, Default)]
pub struct Input {
    pointers: BTreeMap<i32, Pointer>,
    keys: BTreeSet<String>,
    shift: bool,
}

#[derive(Clone, Copy, Debug)]
struct Pointer {
    at: [f64; 2],
    start: [f64; 2],
    grip: Grip,
    dragged: bool,
}

impl Input {
    /// A button or finger goes down.
    pub fn down(&mut self, id: i32, at: [f64; 2], grip: Grip) {
        // A second finger makes the first one no click either.
        let dragged = !self.pointers.is_empty();
        for other in self.pointers.values_mut() {
            other.dragged = true;
        }
        let pointer = Pointer {
            at,
            start: at,
            grip,
            dragged,
        };
        self.pointers.insert(id, pointer);
    }

    /// A pointer moves; returns whether the camera did.
    pub fn moved(&mut self, id: i32, to: [f64; 2], camera: &mut Camera) -> bool {
        let Some(pointer) = self.pointers.get(&id).copied() else {
            return false;
        };
        let other = self
            .pointers
            .iter()
            .find(|(k, _)| **k != id)
            .map(|(_, p)| p.at);
        let from = pointer.at;
        let far = (to[0] - pointer.start[0]).hypot(to[1] - pointer.start[1]) > CLICK_SLOP;
        if let Some(p) = self.pointers.get_mut(&id) {
            p.at = to;
            p.dragged |= far;
        }
        match (other, pointer.grip) {
            (Some(other), _) => pinch(camera, other, from, to),
            (None, _) if !(pointer.dragged || far) => return false,
            (None, Grip::Move) => camera.pan(from, to),
            (None, Grip::Turn) => {
                camera.heading += (to[0] - from[0]) * TURN;
                camera.pitch += (to[1] - from[1]) * TURN;
            }
        }
        true
    }

    /// A button or finger goes up; returns where it clicked, if it did.
    pub fn up(&mut self, id: i32) -> Option<[f64; 2]> {
        let pointer = self.pointers.remove(&id)?;
        (!pointer.dragged && pointer.grip == Grip::Move).then_some(pointer.start)
    }

    /// A pointer is taken away by the system.
    pub fn cancel(&mut self, id: i32) {
        self.pointers.remove(&id);
    }

    /// A key goes down or up; returns whether it is one that moves the camera while held.
    pub fn key(&mut self, key: &str, down: bool, shift: bool) -> bool {
        self.shift = shift;
        let name = key.to_lowercase();
        let known = [
            "arrowup",
            "arrowdown",
            "arrowleft",
            "arrowright",
            "+",
            "=",
            "-",
            "_",
            "q",
            "e",
            "r",
            "f",
        ];
        if !known.contains(&name.as_str()) {
            return false;
        }
        if down {
            self.keys.insert(name)
        } else {
            self.keys.remove(&name)
        };
        true
    }

    /// Lets go of all keys, when the canvas loses the focus.
    pub fn release(&mut self) {
        self.keys.clear();
        self.pointers.clear();
    }

    /// Whether a button or finger is down.
    pub fn is_held(&self) -> bool {
        !self.pointers.is_empty()
    }

    /// Whether a key is held that moves the camera.
    pub fn is_moving(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Moves the camera by the keys held for `dt` seconds.
    pub fn advance(&self, dt: f64, camera: &mut Camera) {
        let held = |key: &str| f64::from(u8::from(self.keys.contains(key)));
        let mut right = held("arrowright") - held("arrowleft");
        let mut ahead = held("arrowup") - held("arrowdown");
        let mut turn = held("e") - held("q");
        let mut tilt = held("r") - held("f");
        if self.shift {
            turn += right;
            tilt += ahead;
            (right, ahead) = (0.0, 0.0);
        }
        camera.heading += turn * KEY_TURN * dt;
        camera.pitch += tilt * KEY_TURN * dt;
        let way = KEY_MOVE * camera.range * dt;
        let (s, c) = camera.heading.sin_cos();
        camera.target[0] += way * (right * c + ahead * s);
        camera.target[1] += way * (ahead * c - right * s);
        let zoom = held("-").max(held("_")) - held("+").max(held("="));
        camera.range *= (zoom * KEY_ZOOM * dt).exp();
    }
}

/// Factor of the distance for a turn of the wheel.
///
/// - `delta`: as browsers tell it: pixels, lines (mode 1) or pages (mode 2), positive backwards
pub fn wheel_factor(delta: f64, mode: u32) -> f64 {
    let pixels = match mode {
        1 => delta * 30.0,
        2 => delta * 400.0,
        _ => delta,
    };
    (pixels.clamp(-600.0, 600.0) * 0.0015).exp()
}

/// Two fingers, of which one moves: the distance between them zooms, their angle turns, moving both
/// up or down tilts.
fn pinch(camera: &mut Camera, other: [f64; 2], from: [f64; 2], to: [f64; 2]) {
    let (a, b) = (
        [from[0] - other[0], from[1] - other[1]],
        [to[0] - other[0], to[1] - other[1]],
    );
    let (la, lb) = (a[0].hypot(a[1]).max(1.0), b[0].hypot(b[1]).max(1.0));
    let middle = [0.5 * (other[0] + to[0]), 0.5 * (other[1] + to[1])];
    camera.zoom((la / lb).clamp(0.5, 2.0), middle);
    let turned = (a[0] * b[1] - a[1] * b[0]).atan2(a[0] * b[0] + a[1] * b[1]);
    camera.heading -= turned;
    // Fingers side by side that move across the line between them.
    let side = a[0].abs() / la;
    camera.pitch += side * side * 0.5 * (to[1] - from[1]) * TURN;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_still_pointer_clicks_and_a_dragged_one_moves() {
        let (mut input, mut camera) = (Input::default(), Camera::default());
        let before = camera;
        input.down(1, [100.0, 100.0], Grip::Move);
        assert!(!input.moved(1, [102.0, 101.0], &mut camera));
        assert_eq!(input.up(1), Some([100.0, 100.0]));
        assert_eq!(camera, before);
        input.down(1, [100.0, 100.0], Grip::Move);
        assert!(input.moved(1, [160.0, 100.0], &mut camera));
        assert_eq!(input.up(1), None);
        assert!(camera.target[0] < before.target[0]);
    }

    #[test]
    fn the_right_button_turns_and_never_clicks() {
        let (mut input, mut camera) = (Input::default(), Camera::default());
        let target = camera.target;
        input.down(1, [0.0, 0.0], Grip::Turn);
        input.moved(1, [100.0, 40.0], &mut camera);
        assert!(camera.heading > 0.0 && camera.pitch > Camera::default().pitch);
        assert_eq!((camera.target, input.up(1)), (target, None));
    }

    #[test]
    fn spreading_two_fingers_comes_nearer() {
        let (mut input, mut camera) = (Input::default(), Camera::default());
        input.down(1, [600.0, 400.0], Grip::Move);
        input.down(2, [700.0, 400.0], Grip::Move);
        input.moved(2, [800.0, 400.0], &mut camera);
        assert!((camera.range / Camera::default().range - 0.5).abs() < 1e-9);
        assert_eq!((input.up(2), input.up(1)), (None, None));
    }

    #[test]
    fn arrows_move_along_the_heading_and_shift_turns() {
        let (mut input, mut camera) = (Input::default(), Camera::default());
        camera.heading = std::f64::consts::FRAC_PI_2;
        assert!(input.key("ArrowUp", true, false));
        input.advance(1.0, &mut camera);
        assert!(camera.target[0] > 1000.0 && camera.target[1].abs() < 1e-6);
        let there = camera.target;
        input.key("ArrowUp", true, true);
        input.advance(0.1, &mut camera);
        assert_eq!(camera.target, there);
        input.key("ArrowUp", false, false);
        assert!(!input.is_moving() && !input.key("Tab", true, false));
    }

    #[test]
    fn the_wheel_is_limited() {
        assert!(wheel_factor(1e9, 0) < 2.6 && wheel_factor(-1e9, 2) > 0.4);
        assert!(wheel_factor(3.0, 1) > 1.0);
    }
}
