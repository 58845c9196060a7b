//! The camera: looks at a point of the ground from a distance, never from below it.

use serde::{Deserialize, Serialize};

/// Vertical field of view [rad].
pub const FIELD_OF_VIEW: f64 = 0.7;
/// The camera comes no nearer to its target [m].
const NEAREST: f64 = 25.0;
/// The camera goes no farther from its target [m].
const FARTHEST: f64 = 80_000.0;
/// Least and greatest angle below the horizon [rad].
const PITCH: (f64, f64) = (0.05, 1.555);
/// Least height of the camera above the ground, as a share of its distance to the target.
const CLEARANCE: f64 = 0.03;

/// What the camera looks at, as people and addresses write it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Target, east [m].
    pub x: f64,
    /// Target, north [m].
    pub y: f64,
    /// Target, up [m]; the ground without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub z: Option<f64>,
    /// Distance from the target [m].
    pub range: f64,
    /// Where the camera looks, clockwise from north [°].
    pub heading_deg: f64,
    /// How far below the horizon it looks [°].
    pub pitch_deg: f64,
}

/// A camera over the ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// The point looked at, local metres.
    pub target: [f64; 3],
    /// Distance from it [m].
    pub range: f64,
    /// Clockwise from north [rad].
    pub heading: f64,
    /// Below the horizon [rad].
    pub pitch: f64,
    /// Width and height of the canvas [CSS px].
    pub viewport: [f64; 2],
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            target: [0.0; 3],
            range: 12_000.0,
            heading: 0.0,
            pitch: 0.8,
            viewport: [1280.0, 720.0],
        }
    }
}

impl Camera {
    /// The view, its heading from 0 to 360°.
    pub fn view(&self) -> View {
        View {
            x: self.target[0],
            y: self.target[1],
            z: Some(self.target[2]),
            range: self.range,
            heading_deg: self.heading.to_degrees().rem_euclid(360.0),
            pitch_deg: self.pitch.to_degrees(),
        }
    }

    /// The camera of a view on a canvas of the same size; what is not finite stays as it is.
    pub fn with_view(&self, view: &View, ground: impl Fn(f64, f64) -> f64) -> Self {
        let or = |v: f64, otherwise: f64| if v.is_finite() { v } else { otherwise };
        let (x, y) = (or(view.x, self.target[0]), or(view.y, self.target[1]));
        let z = view
            .z
            .filter(|z| z.is_finite())
            .unwrap_or_else(|| ground(x, y));
        let mut camera = *self;
        camera.target = [x, y, z];
        camera.range = or(view.range, self.range);
        camera.heading = or(view.heading_deg.to_radians(), self.heading);
        camera.pitch = or(view.pitch_deg.to_radians(), self.pitch);
        camera.limit(ground);
        camera
    }

    /// Keeps distance and angles within bounds and the eye above the ground.
    pub fn limit(&mut self, ground: impl Fn(f64, f64) -> f64) {
        self.range = self.range.clamp(NEAREST, FARTHEST);
        self.pitch = self.pitch.clamp(PITCH.0, PITCH.1);
        self.heading = self.heading.rem_euclid(std::f64::consts::TAU);
        for _ in 0..60 {
            let eye = self.eye();
            if eye[2] > ground(eye[0], eye[1]) + CLEARANCE * self.range || self.pitch >= PITCH.1 {
                break;
            }
            self.pitch = (self.pitch + 0.025).min(PITCH.1);
        }
        // On a summit no angle is steep enough.
        let eye = self.eye();
        let short = ground(eye[0], eye[1]) + CLEARANCE * self.range - eye[2];
        if short > 0.0 {
            self.target[2] += short;
        }
    }

    /// Unit vectors: where the camera looks, its right, its up.
    pub fn axes(&self) -> [[f64; 3]; 3] {
        let (sh, ch) = self.heading.sin_cos();
        let (sp, cp) = self.pitch.sin_cos();
        [
            [sh * cp, ch * cp, -sp],
            [ch, -sh, 0.0],
            [sh * sp, ch * sp, cp],
        ]
    }

    /// Where the camera is, local metres.
    pub fn eye(&self) -> [f64; 3] {
        let forward = self.axes()[0];
        [0, 1, 2].map(|k| self.target[k] - self.range * forward[k])
    }

    /// Distance of the near plane [m]: as far as the ground allows, for the sake of depth precision.
    pub fn near(&self, ground: impl Fn(f64, f64) -> f64) -> f64 {
        let eye = self.eye();
        (0.2 * (eye[2] - ground(eye[0], eye[1]))).clamp(1.0, 0.2 * self.range)
    }

    /// Metres of the ground a pixel shows at a distance [m].
    pub fn metres_per_pixel(&self, distance: f64) -> f64 {
        2.0 * distance * (0.5 * FIELD_OF_VIEW).tan() / self.viewport[1].max(1.0)
    }

    /// The ray through a point of the canvas [CSS px]: from the eye, along a direction.
    pub fn ray(&self, x: f64, y: f64) -> ([f64; 3], [f64; 3]) {
        let [w, h] = self.viewport.map(|v| v.max(1.0));
        let tan = (0.5 * FIELD_OF_VIEW).tan();
        let (u, v) = ((2.0 * x / w - 1.0) * tan * w / h, (1.0 - 2.0 * y / h) * tan);
        let [f, r, up] = self.axes();
        (self.eye(), [0, 1, 2].map(|k| f[k] + u * r[k] + v * up[k]))
    }

    /// Where a point appears on the canvas [CSS px], `None` behind the camera.
    pub fn project(&self, p: [f64; 3]) -> Option<[f64; 2]> {
        let eye = self.eye();
        let d = [0, 1, 2].map(|k| p[k] - eye[k]);
        let dot = |a: [f64; 3]| a[0] * d[0] + a[1] * d[1] + a[2] * d[2];
        let [f, r, up] = self.axes();
        let depth = dot(f);
        if depth <= 0.0 {
            return None;
        }
        let [w, h] = self.viewport.map(|v| v.max(1.0));
        let scale = 0.5 * h / ((0.5 * FIELD_OF_VIEW).tan() * depth);
        Some([0.5 * w + dot(r) * scale, 0.5 * h - dot(up) * scale])
    }

    /// Where the ray through a point of the canvas meets the level of the target; towards the
    /// horizon, a point far away.
    pub fn on_level(&self, x: f64, y: f64) -> [f64; 2] {
        let (eye, d) = self.ray(x, y);
        let horizontal = d[0].hypot(d[1]).max(1e-12);
        let farthest = 3.0 * self.range / horizontal;
        let t = if d[2] < 0.0 {
            ((self.target[2] - eye[2]) / d[2]).clamp(0.0, farthest)
        } else {
            farthest
        };
        [eye[0] + t * d[0], eye[1] + t * d[1]]
    }

    /// Moves the target so that what it looked at appears in the middle of a part of the canvas
    /// [CSS px: left, top, right, bottom], on level ground exactly.
    pub fn centre_in(&mut self, [left, top, right, bottom]: [f64; 4]) {
        let seen = self.on_level(0.5 * (left + right), 0.5 * (top + bottom));
        for (target, seen) in self.target.iter_mut().zip(seen) {
            *target += *target - seen;
        }
    }

    /// Moves the ground with the pointer.
    pub fn pan(&mut self, from: [f64; 2], to: [f64; 2]) {
        let (a, b) = (self.on_level(from[0], from[1]), self.on_level(to[0], to[1]));
        self.target[0] += a[0] - b[0];
        self.target[1] += a[1] - b[1];
    }

    /// Changes the distance by a factor; the ground under the pointer stays there.
    pub fn zoom(&mut self, factor: f64, at: [f64; 2]) {
        let range = (self.range * factor).clamp(NEAREST, FARTHEST);
        let factor = range / self.range;
        let fixed = self.on_level(at[0], at[1]);
        for k in 0..2 {
            self.target[k] = fixed[k] + (self.target[k] - fixed[k]) * factor;
        }
        self.range = range;
    }
}

/// A flight from one camera to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flight {
    from: Camera,
    to: Camera,
    seconds: f64,
    elapsed: f64,
}

impl Flight {
    /// Begins a flight of some seconds; none or a negative number arrives at once.
    pub fn new(from: Camera, to: Camera, seconds: f64) -> Self {
        let mut to = to;
        // The short way round.
        let turn = (to.heading - from.heading + std::f64::consts::PI)
            .rem_euclid(std::f64::consts::TAU)
            - std::f64::consts::PI;
        to.heading = from.heading + turn;
        Self {
            from,
            to,
            seconds: seconds.max(0.0),
            elapsed: 0.0,
        }
    }

    /// How long a flight over such a way should take [s].
    pub fn duration(from: &Camera, to: &Camera) -> f64 {
        let way = (to.target[0] - from.target[0]).hypot(to.target[1] - from.target[1]);
        let scale = way / from.range.max(to.range) + (to.range / from.range).ln().abs();
        (0.6 + 0.5 * scale).min(2.5)
    }

    /// Goes on by `dt` seconds: the camera there, and whether it has arrived.
    pub fn advance(&mut self, dt: f64) -> (Camera, bool) {
        self.elapsed += dt.max(0.0);
        if self.elapsed >= self.seconds {
            return (self.to, true);
        }
        let t = self.elapsed / self.seconds;
        let s = t * t * (3.0 - 2.0 * t);
        let mix = |a: f64, b: f64| a + (b - a) * s;
        let (a, b) = (&self.from, &self.to);
        let way = (b.target[0] - a.target[0]).hypot(b.target[1] - a.target[1]);
        // A long way is flown higher, so that the ground does not race past.
        let rise = 0.6 * (1.0 + way / (a.range + b.range)).ln() * (std::f64::consts::PI * s).sin();
        let mut camera = *b;
        camera.target = [0, 1, 2].map(|k| mix(a.target[k], b.target[k]));
        camera.range = (mix(a.range.ln(), b.range.ln()) + rise).exp();
        camera.heading = mix(a.heading, b.heading);
        camera.pitch = mix(a.pitch, b.pitch);
        (camera, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera() -> Camera {
        Camera {
            target: [300.0, -200.0, 5.0],
            range: 900.0,
            heading: 0.7,
            pitch: 0.6,
            viewport: [1440.0, 900.0],
        }
    }

    #[test]
    fn the_target_is_in_the_middle_of_the_canvas() {
        let c = camera();
        let p = c.project(c.target).expect("in front");
        assert!((p[0] - 720.0).abs() < 1e-9 && (p[1] - 450.0).abs() < 1e-9);
        let north = Camera { heading: 0.0, ..c };
        let above = north.project([300.0, 0.0, 5.0]).expect("in front");
        let right = north.project([400.0, -200.0, 5.0]).expect("in front");
        assert!(above[1] < 450.0 && (above[0] - 720.0).abs() < 1e-9 && right[0] > 720.0);
    }

    #[test]
    fn what_is_looked_at_moves_to_the_middle_of_the_free_part() {
        let mut c = camera();
        let wanted = c.target;
        c.centre_in([340.0, 50.0, 1440.0, 500.0]);
        let p = c.project(wanted).expect("in front");
        assert!((p[0] - 890.0).abs() < 1e-6 && (p[1] - 275.0).abs() < 1e-6);
    }

    #[test]
    fn a_ray_goes_through_what_is_drawn_there() {
        let c = camera();
        let point = [512.0, 40.0, 17.0];
        let [x, y] = c.project(point).expect("in front");
        let (eye, d) = c.ray(x, y);
        let t = (point[2] - eye[2]) / d[2];
        assert!((eye[0] + t * d[0] - point[0]).abs() < 1e-6);
        assert!((eye[1] + t * d[1] - point[1]).abs() < 1e-6);
    }

    #[test]
    fn dragging_and_zooming_keep_the_ground_under_the_pointer() {
        let mut c = camera();
        let held = c.on_level(400.0, 600.0);
        c.pan([400.0, 600.0], [900.0, 500.0]);
        let now = c.on_level(900.0, 500.0);
        assert!((held[0] - now[0]).hypot(held[1] - now[1]) < 1e-6);
        let held = c.on_level(200.0, 700.0);
        c.zoom(0.5, [200.0, 700.0]);
        let now = c.on_level(200.0, 700.0);
        assert!((held[0] - now[0]).hypot(held[1] - now[1]) < 1e-6);
        assert!((c.range - 450.0).abs() < 1e-9);
    }

    #[test]
    fn the_eye_is_never_under_the_ground() {
        let hill = |x: f64, y: f64| 400.0 * (-(x * x + y * y) / 1e6).exp();
        for heading in 0..36 {
            for range in [10.0, 200.0, 3000.0] {
                let view = View {
                    x: 900.0,
                    y: -300.0,
                    z: None,
                    range,
                    heading_deg: 10.0 * f64::from(heading),
                    pitch_deg: -20.0,
                };
                let c = camera().with_view(&view, hill);
                let eye = c.eye();
                assert!(eye[2] > hill(eye[0], eye[1]), "{view:?}");
            }
        }
    }

    #[test]
    fn a_view_survives_the_round_trip_and_nonsense_is_ignored() {
        let c = camera();
        let again = Camera::default().with_view(&c.view(), |_, _| 0.0);
        assert!((again.heading - c.heading).abs() < 1e-12);
        assert_eq!(again.target, c.target);
        let bad = View {
            x: f64::NAN,
            range: f64::INFINITY,
            ..c.view()
        };
        let kept = c.with_view(&bad, |_, _| 0.0);
        assert_eq!((kept.target[0], kept.range), (c.target[0], c.range));
    }

    #[test]
    fn a_flight_ends_where_it_should_and_turns_the_short_way() {
        let from = Camera {
            heading: 6.1,
            ..camera()
        };
        let to = Camera {
            heading: 0.2,
            target: [5000.0, 0.0, 1.0],
            ..camera()
        };
        let mut flight = Flight::new(from, to, 1.0);
        let (middle, done) = flight.advance(0.5);
        assert!(!done && middle.heading > 6.1 && middle.range > 900.0);
        let (end, done) = flight.advance(0.6);
        assert!(done && end.target == to.target);
    }
}
