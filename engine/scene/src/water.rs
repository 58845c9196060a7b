//! The water between the frames of a run: levels interpolated in time, a surface of triangles.

use std::collections::BTreeMap;

use stormgrid_core::raster::RasterGeometry;
use stormgrid_formats::chunk::{DRY, WaterFrame};

use crate::frame::render_from_local;

/// Cells along one side of a tile of the surface.
pub const TILE: usize = 64;
/// Shallower water is not drawn [m]: the depth at which the legend begins, and a film of rain is no flood.
pub const SHALLOWEST: f32 = 0.05;

/// A piece of water surface in the renderer's axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WaterMesh {
    /// Positions [m].
    pub positions: Vec<[f32; 3]>,
    /// Depth of the water under each vertex [m].
    pub depths: Vec<f32>,
    /// Three vertices a triangle, counter-clockwise from above.
    pub indices: Vec<u32>,
}

/// The frames of one run that have come, and the time that is shown.
#[derive(Clone, Debug, Default)]
pub struct Water {
    frames: BTreeMap<u32, WaterFrame>,
    interval: Option<f64>,
    time: f64,
    shown: Option<Shown>,
}

/// The surface at one time.
#[derive(Clone, Debug)]
struct Shown {
    geometry: RasterGeometry,
    time: f64,
    /// Water level [m], NaN where it is dry or too shallow to be drawn.
    level: Vec<f32>,
    /// Depth [m].
    depth: Vec<f32>,
    n_wet: usize,
}

impl Water {
    /// Adds or replaces a frame. A frame on other cells than those before replaces them all.
    pub fn set_frame(&mut self, index: u32, frame: WaterFrame) {
        let others = self.frames.values().next();
        if others.is_some_and(|other| other.geometry != frame.geometry) {
            self.frames.clear();
        }
        self.frames.insert(index, frame);
    }

    /// The time between frames of the run [s]: between frames farther apart one is missing, and the
    /// earlier one is shown. Without it all frames are neighbours.
    pub fn set_interval(&mut self, seconds: f64) {
        self.interval = (seconds > 0.0).then_some(seconds);
    }

    /// Forgets all frames.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.shown = None;
    }

    /// The frames that have come.
    pub fn frames(&self) -> impl Iterator<Item = u32> + '_ {
        self.frames.keys().copied()
    }

    /// The time that is asked for [s after the run's start].
    pub fn time(&self) -> f64 {
        self.time
    }

    /// Asks for a time.
    pub fn set_time(&mut self, seconds: f64) {
        if seconds.is_finite() {
            self.time = seconds;
        }
    }

    /// The time that is shown, `None` without frames.
    pub fn shown_time(&self) -> Option<f64> {
        self.shown.as_ref().map(|s| s.time)
    }

    /// Cells that are drawn.
    pub fn n_wet(&self) -> usize {
        self.shown.as_ref().map_or(0, |s| s.n_wet)
    }

    /// Depth at a place [m], 0 where it is dry, `None` outside or without frames.
    pub fn depth(&self, x: f64, y: f64) -> Option<f32> {
        let shown = self.shown.as_ref()?;
        let (row, col) = shown.geometry.cell_at(x, y)?;
        Some(shown.depth[row * shown.geometry.n_cols + col])
    }

    /// Brings the surface to the time asked for: between the two nearest frames that have come.
    pub fn update(&mut self) {
        let before = self.frames.values().rev().find(|f| f.time_s <= self.time);
        let after = self.frames.values().find(|f| f.time_s >= self.time);
        let near = |a: &WaterFrame, b: &WaterFrame| {
            self.interval
                .is_none_or(|most| b.time_s - a.time_s <= 1.01 * most)
        };
        self.shown = match (before, after) {
            (Some(a), Some(b)) if !near(a, b) => Some(between(a, a, a.time_s)),
            (Some(a), Some(b)) => Some(between(a, b, self.time)),
            (Some(a), None) | (None, Some(a)) => Some(between(a, a, a.time_s)),
            (None, None) => None,
        };
    }

    /// Rows and columns of tiles.
    pub fn tiles(&self) -> (usize, usize) {
        self.shown.as_ref().map_or((0, 0), |s| {
            (
                s.geometry.n_rows.div_ceil(TILE),
                s.geometry.n_cols.div_ceil(TILE),
            )
        })
    }

    /// One tile of the surface: a quad for each wet cell, corners at the mean level of the wet cells
    /// around them, so that the surface has no steps. `None` when the tile is dry.
    pub fn tile(&self, tile_row: usize, tile_col: usize) -> Option<WaterMesh> {
        let shown = self.shown.as_ref()?;
        let g = &shown.geometry;
        let (r0, c0) = (tile_row * TILE, tile_col * TILE);
        let (r1, c1) = ((r0 + TILE).min(g.n_rows), (c0 + TILE).min(g.n_cols));
        let mut mesh = WaterMesh::default();
        let width = c1 - c0 + 1;
        let mut vertex = vec![u32::MAX; width * (r1 - r0 + 1)];
        for row in r0..r1 {
            for col in c0..c1 {
                if shown.level[row * g.n_cols + col].is_nan() {
                    continue;
                }
                let mut corners = [0; 4];
                for (k, (r, c)) in [
                    (row, col),
                    (row + 1, col),
                    (row + 1, col + 1),
                    (row, col + 1),
                ]
                .into_iter()
                .enumerate()
                {
                    let slot = &mut vertex[(r - r0) * width + c - c0];
                    if *slot == u32::MAX {
                        *slot = mesh.positions.len() as u32;
                        let (level, depth) = shown.corner(r, c);
                        let x = (g.west + c as f64 * g.dx) as f32;
                        let y = (g.north - r as f64 * g.dy) as f32;
                        mesh.positions.push(render_from_local([x, y, level]));
                        mesh.depths.push(depth);
                    }
                    corners[k] = *slot;
                }
                let [nw, sw, se, ne] = corners;
                mesh.indices.extend([nw, sw, se, nw, se, ne]);
            }
        }
        (!mesh.indices.is_empty()).then_some(mesh)
    }
}

impl Shown {
    /// Mean level and depth of the wet cells around a corner.
    fn corner(&self, row: usize, col: usize) -> (f32, f32) {
        let g = &self.geometry;
        let (mut level, mut depth, mut n) = (0.0, 0.0, 0.0);
        for r in row.saturating_sub(1)..(row + 1).min(g.n_rows) {
            for c in col.saturating_sub(1)..(col + 1).min(g.n_cols) {
                let i = r * g.n_cols + c;
                if !self.level[i].is_nan() {
                    level += self.level[i];
                    depth += self.depth[i];
                    n += 1.0;
                }
            }
        }
        if n > 0.0 {
            (level / n, depth / n)
        } else {
            (0.0, 0.0)
        }
    }
}

/// The water between two frames. Where one of them is dry, the depth grows from nothing over the
/// ground that the other one tells.
fn between(a: &WaterFrame, b: &WaterFrame, time: f64) -> Shown {
    let span = b.time_s - a.time_s;
    let s = if span > 0.0 {
        ((time - a.time_s) / span).clamp(0.0, 1.0) as f32
    } else {
        0.0
    };
    let n = a.depth_cm.len();
    let mut shown = Shown {
        geometry: a.geometry,
        time: a.time_s + f64::from(s) * span,
        level: vec![f32::NAN; n],
        depth: vec![0.0; n],
        n_wet: 0,
    };
    let wet = |f: &WaterFrame, i: usize| {
        (f.depth_cm[i] > 0 && f.level_cm[i] != DRY)
            .then(|| (f32::from(f.level_cm[i]), f32::from(f.depth_cm[i])))
    };
    for i in 0..n {
        let (level, depth) = match (wet(a, i), wet(b, i)) {
            (Some((za, da)), Some((zb, db))) => (za + s * (zb - za), da + s * (db - da)),
            (Some((z, d)), None) => (z - s * d, d - s * d),
            (None, Some((z, d))) => (z - d + s * d, s * d),
            (None, None) => continue,
        };
        let depth = depth * 0.01;
        shown.depth[i] = depth;
        if depth >= SHALLOWEST {
            shown.level[i] = level * 0.01;
            shown.n_wet += 1;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(time_s: f64, wet: impl Fn(usize, usize) -> Option<(i16, u16)>) -> WaterFrame {
        let geometry = RasterGeometry::new(70, 3, 0.0, 75.0, 25.0, 25.0).expect("valid");
        let cells: Vec<_> = (0..3)
            .flat_map(|r| (0..70).map(move |c| (r, c)))
            .map(|(r, c)| wet(r, c))
            .collect();
        WaterFrame {
            geometry,
            time_s,
            level_cm: cells.iter().map(|w| w.map_or(DRY, |w| w.0)).collect(),
            depth_cm: cells.iter().map(|w| w.map_or(0, |w| w.1)).collect(),
        }
    }

    #[test]
    fn water_rises_linearly_between_frames() {
        let mut water = Water::default();
        water.set_frame(0, frame(0.0, |_, _| Some((100, 40))));
        water.set_frame(1, frame(1800.0, |_, _| Some((200, 140))));
        water.set_time(450.0);
        water.update();
        assert!((water.depth(30.0, 30.0).expect("inside") - 0.65).abs() < 1e-6);
        let mesh = water.tile(0, 0).expect("wet");
        assert!(mesh.positions.iter().all(|p| (p[1] - 1.25).abs() < 1e-5));
        assert_eq!(water.n_wet(), 210);
    }

    #[test]
    fn a_cell_that_floods_grows_from_its_ground() {
        let mut water = Water::default();
        water.set_frame(0, frame(0.0, |_, _| None));
        water.set_frame(
            1,
            frame(100.0, |r, c| (r == 1 && c == 2).then_some((300, 100))),
        );
        for (time, level) in [(25.0, 2.25), (50.0, 2.5), (100.0, 3.0)] {
            water.set_time(time);
            water.update();
            let mesh = water.tile(0, 0).expect("wet");
            assert_eq!(mesh.indices.len(), 6);
            assert!(mesh.positions.iter().all(|p| (p[1] - level).abs() < 1e-5));
        }
        water.set_time(1.0);
        water.update();
        assert!(water.tile(0, 0).is_none() && water.n_wet() == 0);
    }

    #[test]
    fn beyond_the_frames_the_nearest_one_is_shown() {
        let mut water = Water::default();
        water.update();
        assert_eq!(water.shown_time(), None);
        water.set_frame(3, frame(300.0, |_, _| Some((100, 40))));
        water.set_time(9e9);
        water.update();
        assert_eq!(water.shown_time(), Some(300.0));
        assert_eq!(water.tiles(), (1, 2));
    }

    #[test]
    fn a_missing_frame_is_not_made_up() {
        let mut water = Water::default();
        water.set_interval(100.0);
        water.set_frame(0, frame(0.0, |_, _| Some((100, 40))));
        water.set_frame(2, frame(200.0, |_, _| Some((300, 240))));
        water.set_time(150.0);
        water.update();
        assert_eq!(
            (water.shown_time(), water.depth(30.0, 30.0)),
            (Some(0.0), Some(0.4))
        );
        water.set_frame(1, frame(100.0, |_, _| Some((200, 140))));
        water.update();
        assert_eq!(water.shown_time(), Some(150.0));
    }

    #[test]
    fn tiles_meet_without_a_gap() {
        let mut water = Water::default();
        water.set_frame(0, frame(0.0, |_, c| Some((100 + c as i16, 40))));
        water.update();
        let side = |mesh: &WaterMesh| -> Vec<[i32; 3]> {
            let mut at: Vec<_> = mesh
                .positions
                .iter()
                .filter(|p| p[0] == 1600.0)
                .map(|p| p.map(|v| (v * 1000.0).round() as i32))
                .collect();
            at.sort_unstable();
            at
        };
        let (west, east) = (
            water.tile(0, 0).expect("wet"),
            water.tile(0, 1).expect("wet"),
        );
        assert_eq!(side(&west).len(), 4);
        assert_eq!(side(&west), side(&east));
    }
}
