//! The bent sheet on which the city is drawn.
//!
//! The plan of the city (streets, blocks, rivers, dikes) is straight and axis-parallel on a *sheet*
//! with coordinates u (roughly east) and v (roughly north) in metres. The sheet is then bent into
//! the site frame: a complex polynomial turns and scales it without shear, so that blocks keep
//! their right angles, and two gentle waves make river and borders meander. What tiles the sheet
//! tiles the ground.

use stormgrid_core::raster::RasterGeometry;

/// Extent of the district on the sheet, west to east [m].
pub(crate) const SHEET_EAST: i32 = 10_200;
/// Extent of the district on the sheet, south to north [m].
pub(crate) const SHEET_NORTH: i32 = 10_800;

/// Area of the district [m²]: Jianghai's, from its published outline.
const DISTRICT_AREA_M2: f64 = 110.3e6;
/// Half the size of the sheet, the unit of the polynomial [m].
const UNIT: f64 = 6000.0;
/// Coefficients of z² and z³ (real, imaginary): they turn the streets by up to some 20°.
const SQUARE: (f64, f64) = (0.035, 0.095);
const CUBE: (f64, f64) = (-0.035, 0.045);

/// Sheet to site frame (x east, y north, metres from the site's origin) and back.
#[derive(Clone, Debug)]
pub(crate) struct Warp {
    scale: f64,
}

/// How the sheet lies at one place: where a step along u and along v leads [m per m].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tangents {
    /// Image of the unit step along u.
    pub(crate) along_u: [f64; 2],
    /// Image of the unit step along v.
    pub(crate) along_v: [f64; 2],
}

impl Warp {
    /// The warp whose district has the district's area.
    pub(crate) fn new() -> Self {
        let unscaled = Self { scale: 1.0 };
        let outline = unscaled.outline(50);
        let area = shoelace(&outline);
        Self {
            scale: (DISTRICT_AREA_M2 / area).sqrt(),
        }
    }

    /// Position in the site frame [m] of a place on the sheet.
    pub(crate) fn xy(&self, u: f64, v: f64) -> [f64; 2] {
        let (x, y) = (
            (u - 0.5 * f64::from(SHEET_EAST)) / UNIT,
            (v - 0.5 * f64::from(SHEET_NORTH)) / UNIT,
        );
        let square = (x * x - y * y, 2.0 * x * y);
        let cube = (square.0 * x - square.1 * y, square.0 * y + square.1 * x);
        let times = |a: (f64, f64), b: (f64, f64)| (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0);
        let (second, third) = (times(SQUARE, square), times(CUBE, cube));
        let wave_x = 85.0 * (v / 520.0 + 0.6).sin() + 130.0 * (v / 1150.0 - 0.4).sin();
        let wave_y = 70.0 * (u / 470.0 + 1.9).sin() + 90.0 * (u / 1300.0).sin();
        [
            self.scale * (UNIT * (x + second.0 + third.0) + wave_x),
            self.scale * (UNIT * (y + second.1 + third.1) + wave_y),
        ]
    }

    /// The sheet's directions at a place, by central differences over a metre.
    pub(crate) fn tangents(&self, u: f64, v: f64) -> Tangents {
        let difference = |a: [f64; 2], b: [f64; 2]| [b[0] - a[0], b[1] - a[1]];
        Tangents {
            along_u: difference(self.xy(u - 0.5, v), self.xy(u + 0.5, v)),
            along_v: difference(self.xy(u, v - 0.5), self.xy(u, v + 0.5)),
        }
    }

    /// Mean metres on the ground per metre on the sheet.
    pub(crate) fn stretch(&self, u: f64, v: f64) -> f64 {
        let t = self.tangents(u, v);
        (t.along_u[0] * t.along_v[1] - t.along_u[1] * t.along_v[0]).sqrt()
    }

    /// Place on the sheet of a position, by Newton's method from `start`; within 1e-6 m.
    pub(crate) fn uv(&self, x: f64, y: f64, start: [f64; 2]) -> [f64; 2] {
        let [mut u, mut v] = start;
        for _ in 0..30 {
            let here = self.xy(u, v);
            let (rx, ry) = (x - here[0], y - here[1]);
            if rx.abs() + ry.abs() < 1e-6 {
                break;
            }
            let t = self.tangents(u, v);
            let det = t.along_u[0] * t.along_v[1] - t.along_u[1] * t.along_v[0];
            // Damped: far from the district the polynomial folds, and a full step may run away.
            let du = ((rx * t.along_v[1] - ry * t.along_v[0]) / det).clamp(-1500.0, 1500.0);
            let dv = ((ry * t.along_u[0] - rx * t.along_u[1]) / det).clamp(-1500.0, 1500.0);
            u += du;
            v += dv;
        }
        [u, v]
    }

    /// The district's outline in the site frame, counter-clockwise, a vertex each `step` metres of
    /// sheet, not closed.
    pub(crate) fn outline(&self, step: i32) -> Vec<[f64; 2]> {
        let (east, north) = (SHEET_EAST, SHEET_NORTH);
        let south = (0..east).step_by(step as usize).map(|u| (u, 0));
        let right = (0..north).step_by(step as usize).map(|v| (east, v));
        let top = (0..east).step_by(step as usize).map(|u| (east - u, north));
        let left = (0..north).step_by(step as usize).map(|v| (0, north - v));
        south
            .chain(right)
            .chain(top)
            .chain(left)
            .map(|(u, v)| self.xy(f64::from(u), f64::from(v)))
            .collect()
    }
}

fn shoelace(ring: &[[f64; 2]]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    let twice: f64 = ring
        .iter()
        .zip(next)
        .map(|(a, b)| a[0] * b[1] - b[0] * a[1])
        .sum();
    0.5 * twice
}

/// The inverse of a [`Warp`], tabulated over a raster's box so that millions of cells cost little:
/// exact at knots 40 m apart, linear between, off by at most some decimetres.
pub(crate) struct SheetFinder {
    knots: Vec<[f64; 2]>,
    n_cols: usize,
    n_rows: usize,
    west: f64,
    north: f64,
}

const KNOT_M: f64 = 40.0;

impl SheetFinder {
    /// Tabulates over the box of `geometry` (site frame).
    pub(crate) fn new(warp: &Warp, geometry: &RasterGeometry) -> Self {
        let (west, north) = (geometry.west, geometry.north);
        let n_cols = ((geometry.east() - west) / KNOT_M).ceil() as usize + 2;
        let n_rows = ((north - geometry.south()) / KNOT_M).ceil() as usize + 2;
        // Rows start from the middle, where any start converges, and go outwards.
        let middle = [
            0.5 * f64::from(SHEET_EAST) + west + 0.5 * n_cols as f64 * KNOT_M,
            0.5 * f64::from(SHEET_NORTH) + north - 0.5 * n_rows as f64 * KNOT_M,
        ];
        let mut knots = vec![[0.0; 2]; n_cols * n_rows];
        let (mid_row, mid_col) = (n_rows / 2, n_cols / 2);
        let rows = (mid_row..n_rows).chain((0..mid_row).rev());
        for row in rows {
            let cols = (mid_col..n_cols).chain((0..mid_col).rev());
            for col in cols {
                let start = if col > mid_col {
                    knots[row * n_cols + col - 1]
                } else if col < mid_col {
                    knots[row * n_cols + col + 1]
                } else if row > mid_row {
                    knots[(row - 1) * n_cols + col]
                } else if row < mid_row {
                    knots[(row + 1) * n_cols + col]
                } else {
                    middle
                };
                let (x, y) = (west + col as f64 * KNOT_M, north - row as f64 * KNOT_M);
                knots[row * n_cols + col] = warp.uv(x, y, start);
            }
        }
        Self {
            knots,
            n_cols,
            n_rows,
            west,
            north,
        }
    }

    /// Place on the sheet of a position in the box.
    pub(crate) fn uv(&self, x: f64, y: f64) -> [f64; 2] {
        let col = ((x - self.west) / KNOT_M).clamp(0.0, (self.n_cols - 2) as f64);
        let row = ((self.north - y) / KNOT_M).clamp(0.0, (self.n_rows - 2) as f64);
        let (i, j) = (col as usize, row as usize);
        let (fx, fy) = (col - i as f64, row - j as f64);
        let at = |di: usize, dj: usize| self.knots[(j + dj) * self.n_cols + i + di];
        let blend = |k: usize| {
            let upper = at(0, 0)[k] * (1.0 - fx) + at(1, 0)[k] * fx;
            let lower = at(0, 1)[k] * (1.0 - fx) + at(1, 1)[k] * fx;
            upper * (1.0 - fy) + lower * fy
        };
        [blend(0), blend(1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheet_is_never_folded_and_nearly_free_of_shear() {
        let warp = Warp::new();
        for u in (-200..=10_600).step_by(100) {
            for v in (-200..=11_000).step_by(100) {
                let t = warp.tangents(f64::from(u), f64::from(v));
                let det = t.along_u[0] * t.along_v[1] - t.along_u[1] * t.along_v[0];
                let dot = t.along_u[0] * t.along_v[0] + t.along_u[1] * t.along_v[1];
                assert!(det > 0.25, "folded at {u}, {v}: {det}");
                assert!(
                    (dot / det).abs() < 0.75,
                    "sheared at {u}, {v}: {}",
                    dot / det
                );
            }
        }
    }

    #[test]
    fn newton_finds_the_place_that_was_bent() {
        let warp = Warp::new();
        for (u, v) in [
            (10.0, 20.0),
            (9800.0, 10_300.0),
            (300.0, 10_700.0),
            (10_100.0, 40.0),
        ] {
            let [x, y] = warp.xy(u, v);
            let back = warp.uv(x, y, [5100.0, 5400.0]);
            assert!((back[0] - u).abs() < 1e-5 && (back[1] - v).abs() < 1e-5);
        }
    }

    #[test]
    fn district_has_its_area() {
        let area = shoelace(&Warp::new().outline(10));
        assert!((area / 110.3e6 - 1.0).abs() < 1e-3, "{area}");
    }
}
