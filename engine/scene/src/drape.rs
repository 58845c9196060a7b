//! Lines laid on the ground, as ribbons that the vertex shader widens on the screen.

use crate::frame::render_from_local;

/// Longest piece of a draped line [m]: one that is longer would cut through a hill unnoticed.
const LONGEST: f64 = 150.0;
/// Pieces are halved down to this length [m].
const SHORTEST: f64 = 12.0;
/// A piece may leave the ground by this much [m].
const TOLERANCE: f64 = 0.5;

/// Quads along lines, in the renderer's axes: each vertex knows the other end of its piece and the
/// side that it is moved to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RibbonMesh {
    /// Where the vertex is [m].
    pub positions: Vec<[f32; 3]>,
    /// The other end of its piece [m].
    pub others: Vec<[f32; 3]>,
    /// To which side of the direction from here to the other end it is moved: −1 or 1.
    pub sides: Vec<f32>,
    /// Three vertices a triangle.
    pub indices: Vec<u32>,
}

impl RibbonMesh {
    /// Adds one piece between two points of local metres.
    pub fn push(&mut self, a: [f32; 3], b: [f32; 3]) {
        let first = self.positions.len() as u32;
        let (a, b) = (render_from_local(a), render_from_local(b));
        // Seen from the other end, left and right change places.
        for (here, there, side) in [(a, b, 1.0), (a, b, -1.0), (b, a, -1.0), (b, a, 1.0)] {
            self.positions.push(here);
            self.others.push(there);
            self.sides.push(side);
        }
        self.indices
            .extend([0, 1, 2, 2, 1, 3].map(|i: u32| first + i));
    }
}

/// The vertices of a line with as many between them as the ground asks for, z up.
///
/// - `line`: local metres
/// - `ground`: height of the ground at x, y [m]
pub fn drape(line: &[[f64; 2]], ground: impl Fn(f64, f64) -> f64) -> Vec<[f32; 3]> {
    let lift = |p: [f64; 2]| [p[0], p[1], ground(p[0], p[1])];
    let mut out = Vec::with_capacity(line.len() * 2);
    for pair in line.windows(2) {
        let (a, b) = (lift(pair[0]), lift(pair[1]));
        out.push(a.map(|v| v as f32));
        divide(a, b, &lift, &mut out, 0);
    }
    out.extend(line.last().map(|p| lift(*p).map(|v| v as f32)));
    out
}

fn divide(
    a: [f64; 3],
    b: [f64; 3],
    lift: &impl Fn([f64; 2]) -> [f64; 3],
    out: &mut Vec<[f32; 3]>,
    depth: u32,
) {
    let length = (b[0] - a[0]).hypot(b[1] - a[1]);
    // A line of absurd length ends after 2^12 pieces.
    if length < SHORTEST || depth >= 12 {
        return;
    }
    let off = |s: f64| {
        let p = lift([a[0] + s * (b[0] - a[0]), a[1] + s * (b[1] - a[1])]);
        (p[2] - (a[2] + s * (b[2] - a[2]))).abs()
    };
    let rough = [0.25, 0.5, 0.75].into_iter().any(|s| off(s) > TOLERANCE);
    if length > LONGEST || rough {
        let middle = lift([0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])]);
        divide(a, middle, lift, out, depth + 1);
        out.push(middle.map(|v| v as f32));
        divide(middle, b, lift, out, depth + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_flat_ground_only_long_pieces_are_cut() {
        let line = [[0.0, 0.0], [100.0, 0.0], [100.0, 400.0]];
        let draped = drape(&line, |_, _| 3.0);
        assert_eq!(draped.len(), 6);
        assert!(draped.iter().all(|p| p[2] == 3.0));
        assert_eq!(draped[5], [100.0, 400.0, 3.0]);
    }

    #[test]
    fn a_line_follows_a_hill() {
        let hill = |x: f64, _: f64| 40.0 * (-(x - 300.0).powi(2) / 5000.0).exp();
        let draped = drape(&[[0.0, 0.0], [600.0, 0.0]], hill);
        for pair in draped.windows(2) {
            let middle = f64::from(pair[0][0] + pair[1][0]) * 0.5;
            let z = f64::from(pair[0][2] + pair[1][2]) * 0.5;
            assert!((hill(middle, 0.0) - z).abs() < 1.0, "off at {middle}");
        }
        assert!(draped.len() < 64);
    }

    #[test]
    fn a_piece_is_two_triangles_that_share_a_diagonal() {
        let mut ribbon = RibbonMesh::default();
        ribbon.push([0.0, 0.0, 1.0], [10.0, 0.0, 2.0]);
        assert_eq!(ribbon.indices.len(), 6);
        assert_eq!(ribbon.positions[0], ribbon.others[2]);
        assert_eq!(ribbon.sides.iter().sum::<f32>(), 0.0);
    }
}
