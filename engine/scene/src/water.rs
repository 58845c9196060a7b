//! The water between the frames of a run: levels interpolated in time, a surface of triangles.

use std::collections::BTreeMap;

use stormgrid_core::raster::RasterGeometry;
use stormgrid_formats::chunk::{DRY, WaterFrame};

use crate::frame::render_from_local;

/// Cells along one side of a tile of the surface.
pub const TILE: usize = 64;
/// Cells along one side of a block of open water that may become one fan; divides [`TILE`].
const BLOCK: usize = 8;
/// Shallower water is not drawn [m]: the depth at which the legend begins, and a film of rain is no flood.
pub const SHALLOWEST: f32 = 0.05;
/// Cells that the frames of a run may hold together, four bytes each.
const MOST_CELLS: usize = 16 << 20;
/// So many frames are kept however large they are: two around the time shown and some ahead.
const FEWEST_FRAMES: usize = 8;

/// A piece of water surface in the renderer's axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WaterMesh {
    /// Positions [m].
    pub positions: Vec<[f32; 3]>,
    /// Depth of the flood under each vertex [m]; 0 on rivers, ponds and canals.
    pub depths: Vec<f32>,
    /// How far inside the water a vertex is: 1 in the middle of a wet cell, 0 on a straight shore,
    /// negative where the shore should cut a corner off.
    pub shores: Vec<f32>,
    /// Three vertices a triangle, counter-clockwise from above.
    pub indices: Vec<u32>,
}

/// The frames of one run that have come, and the time that is shown.
#[derive(Clone, Debug, Default)]
pub struct Water {
    frames: BTreeMap<u32, WaterFrame>,
    interval: Option<f64>,
    time: f64,
    /// The cells that have ground under them: water beside the drawn ground would float.
    ground: Option<(RasterGeometry, Vec<bool>)>,
    shown: Option<Shown>,
}

/// The surface at one time.
#[derive(Clone, Debug)]
struct Shown {
    geometry: RasterGeometry,
    time: f64,
    /// Water level [m], NaN where it is dry or too shallow to be drawn.
    level: Vec<f32>,
    /// Depth of flood [m]; 0 on rivers, ponds and canals, which have a level.
    depth: Vec<f32>,
    n_wet: usize,
}

impl Water {
    /// Adds or replaces a frame. A frame on other cells than those before replaces them all; frames
    /// beyond what may be held make way, those farthest from the new one first. Returns those.
    pub fn set_frame(&mut self, index: u32, frame: WaterFrame) -> Vec<u32> {
        let mut gone = Vec::new();
        let others = self.frames.values().next();
        if others.is_some_and(|other| other.geometry != frame.geometry) {
            gone.extend(std::mem::take(&mut self.frames).into_keys());
        }
        let most = (MOST_CELLS / frame.depth_cm.len().max(1)).max(FEWEST_FRAMES);
        self.frames.insert(index, frame);
        while self.frames.len() > most {
            let ends = [self.frames.first_key_value(), self.frames.last_key_value()];
            let farthest = ends.into_iter().flatten().map(|(k, _)| *k);
            let Some(farthest) = farthest.max_by_key(|k| k.abs_diff(index)) else {
                break;
            };
            self.frames.remove(&farthest);
            gone.push(farthest);
        }
        gone
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

    /// Depth of flood at a place [m], 0 where it is dry or a river, `None` outside or without frames.
    pub fn depth(&self, x: f64, y: f64) -> Option<f32> {
        let shown = self.shown.as_ref()?;
        let (row, col) = shown.geometry.cell_at(x, y)?;
        Some(shown.depth[row * shown.geometry.n_cols + col])
    }

    /// Forgets which cells have ground.
    pub fn forget_ground(&mut self) {
        self.ground = None;
    }

    /// Brings the surface to the time asked for: between the two nearest frames that have come.
    ///
    /// - `has_ground`: whether ground is drawn at x, y
    pub fn update(&mut self, has_ground: impl Fn(f64, f64) -> bool) {
        if let Some(frame) = self.frames.values().next() {
            let g = frame.geometry;
            if self.ground.as_ref().is_none_or(|(of, _)| *of != g) {
                let cells = (0..g.n_rows).flat_map(|r| (0..g.n_cols).map(move |c| g.center(r, c)));
                self.ground = Some((g, cells.map(|c| has_ground(c.x, c.y)).collect()));
            }
        }
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
        if let (Some(shown), Some((_, ground))) = (&mut self.shown, &self.ground) {
            for (level, on_ground) in shown.level.iter_mut().zip(ground) {
                if !on_ground && !level.is_nan() {
                    *level = f32::NAN;
                    shown.n_wet -= 1;
                }
            }
        }
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

    /// One tile of the surface, its corners at the mean level of the wet cells around them, so that
    /// it has no steps; a fan for each wet cell at the shore, fewer triangles in open water. `None`
    /// when the tile is dry.
    pub fn tile(&self, tile_row: usize, tile_col: usize) -> Option<WaterMesh> {
        let shown = self.shown.as_ref()?;
        let g = &shown.geometry;
        let (r0, c0) = (tile_row * TILE, tile_col * TILE);
        let (r1, c1) = ((r0 + TILE).min(g.n_rows), (c0 + TILE).min(g.n_cols));
        let mut tile = TileBuilder {
            shown,
            mesh: WaterMesh::default(),
            vertex: vec![u32::MAX; (TILE + 1) * (TILE + 1)],
            origin: (r0, c0),
        };
        for row in (r0..r1).step_by(BLOCK) {
            for col in (c0..c1).step_by(BLOCK) {
                tile.block(row, col, (row + BLOCK).min(r1), (col + BLOCK).min(c1));
            }
        }
        (!tile.mesh.indices.is_empty()).then_some(tile.mesh)
    }
}

/// Level, depth and place in the water of a corner between cells.
#[derive(Clone, Copy)]
struct Corner {
    level: f32,
    depth: f32,
    shore: f32,
}

impl Shown {
    fn middle(&self, row: usize, col: usize) -> Corner {
        let i = row * self.geometry.n_cols + col;
        Corner {
            level: self.level[i],
            depth: self.depth[i],
            shore: 1.0,
        }
    }

    /// Mean level and depth of the wet cells around a corner.
    fn corner(&self, row: usize, col: usize) -> Corner {
        let g = &self.geometry;
        let (mut level, mut depth, mut n, mut cells) = (0.0, 0.0, 0_usize, 0_usize);
        for r in row.saturating_sub(1)..(row + 1).min(g.n_rows) {
            for c in col.saturating_sub(1)..(col + 1).min(g.n_cols) {
                let i = r * g.n_cols + c;
                cells += 1;
                if !self.level[i].is_nan() {
                    level += self.level[i];
                    depth += self.depth[i];
                    n += 1;
                }
            }
        }
        let count = n.max(1) as f32;
        // One wet cell of four is a corner to be cut, two are a straight shore, three a bay.
        let shore = match (n, cells) {
            (n, cells) if n == cells => 1.0,
            (0 | 1, _) => -0.6,
            (2, _) => 0.0,
            _ => 0.6,
        };
        Corner {
            level: level / count,
            depth: depth / count,
            shore,
        }
    }
}

struct TileBuilder<'a> {
    shown: &'a Shown,
    mesh: WaterMesh,
    /// The vertex of each corner of the tile that has one.
    vertex: Vec<u32>,
    origin: (usize, usize),
}

impl TileBuilder<'_> {
    fn push(&mut self, row: f64, col: f64, corner: Corner) -> u32 {
        let g = &self.shown.geometry;
        let (x, y) = (g.west + col * g.dx, g.north - row * g.dy);
        let position = [x as f32, y as f32, corner.level];
        self.mesh.positions.push(render_from_local(position));
        self.mesh.depths.push(corner.depth);
        self.mesh.shores.push(corner.shore);
        self.mesh.positions.len() as u32 - 1
    }

    fn vertex(&mut self, row: usize, col: usize) -> u32 {
        let slot = (row - self.origin.0) * (TILE + 1) + col - self.origin.1;
        if self.vertex[slot] == u32::MAX {
            let corner = self.shown.corner(row, col);
            self.vertex[slot] = self.push(row as f64, col as f64, corner);
        }
        self.vertex[slot]
    }

    fn is_wet(&self, row: usize, col: usize) -> bool {
        let g = &self.shown.geometry;
        row < g.n_rows && col < g.n_cols && !self.shown.level[row * g.n_cols + col].is_nan()
    }

    fn block(&mut self, r0: usize, c0: usize, r1: usize, c1: usize) {
        let mut cells = (r0..r1).flat_map(|r| (c0..c1).map(move |c| (r, c)));
        let whole = r1 - r0 == BLOCK && c1 - c0 == BLOCK;
        if whole && cells.all(|(r, c)| self.is_wet(r, c)) && self.is_even(r0, c0) {
            self.fan(r0, c0);
            return;
        }
        for row in r0..r1 {
            for col in c0..c1 {
                if self.is_wet(row, col) {
                    self.cell(row, col);
                }
            }
        }
    }

    /// Whether a block is open water as even as the surface through its corners.
    fn is_even(&self, r0: usize, c0: usize) -> bool {
        let at = |r: usize, c: usize| self.shown.corner(r, c);
        let [nw, ne, sw, se] =
            [(0, 0), (0, BLOCK), (BLOCK, 0), (BLOCK, BLOCK)].map(|(r, c)| at(r0 + r, c0 + c));
        (0..=BLOCK).all(|r| {
            (0..=BLOCK).all(|c| {
                let (v, u) = (r as f32 / BLOCK as f32, c as f32 / BLOCK as f32);
                let mix = |f: fn(&Corner) -> f32| {
                    let north = f(&nw) * (1.0 - u) + f(&ne) * u;
                    let south = f(&sw) * (1.0 - u) + f(&se) * u;
                    north * (1.0 - v) + south * v
                };
                let here = at(r0 + r, c0 + c);
                here.shore >= 1.0
                    && (here.level - mix(|k| k.level)).abs() < 0.02
                    && (here.depth - mix(|k| k.depth)).abs() < 0.04 + 0.15 * here.depth
            })
        })
    }

    /// The middle of a block, once along all vertices of its rim: its neighbours meet each of them.
    fn fan(&mut self, r0: usize, c0: usize) {
        let (row, col) = (r0 + BLOCK / 2, c0 + BLOCK / 2);
        let middle = self.vertex(row, col);
        let side = |k: usize, i: usize| match k {
            0 => (r0 + i, c0),
            1 => (r0 + BLOCK, c0 + i),
            2 => (r0 + BLOCK - i, c0 + BLOCK),
            _ => (r0, c0 + BLOCK - i),
        };
        for (k, i) in (0..4).flat_map(|k| (0..BLOCK).map(move |i| (k, i))) {
            let (a, b) = (side(k, i), side(k, i + 1));
            let (a, b) = (self.vertex(a.0, a.1), self.vertex(b.0, b.1));
            self.mesh.indices.extend([middle, a, b]);
        }
    }

    fn cell(&mut self, row: usize, col: usize) {
        // North-west, south-west, south-east, north-east: side k goes from corner k to the next.
        let rim = [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(r, c)| self.vertex(row + r, col + c));
        let shores = rim.map(|i| self.mesh.shores[i as usize]);
        if shores.iter().all(|s| *s >= 1.0) {
            let [nw, sw, se, ne] = rim;
            self.mesh.indices.extend([nw, sw, se, nw, se, ne]);
            return;
        }
        let here = self.shown.middle(row, col);
        let middle = self.push(row as f64 + 0.5, col as f64 + 0.5, here);
        let across = [
            (row, col.wrapping_sub(1)),
            (row + 1, col),
            (row, col + 1),
            (row.wrapping_sub(1), col),
        ];
        let halfway = [(0.5, 0.0), (1.0, 0.5), (0.5, 1.0), (0.0, 0.5)];
        for k in 0..4 {
            let (a, b) = (rim[k], rim[(k + 1) % 4]);
            let open = self.is_wet(across[k].0, across[k].1);
            if open && shores[k].min(shores[(k + 1) % 4]) < 1.0 {
                // The water goes on across this side, however narrow it is.
                let there = self.shown.middle(across[k].0, across[k].1);
                let between = Corner {
                    level: 0.5 * (here.level + there.level),
                    depth: 0.5 * (here.depth + there.depth),
                    shore: 1.0,
                };
                let (r, c) = (row as f64 + halfway[k].0, col as f64 + halfway[k].1);
                let half = self.push(r, c, between);
                self.mesh.indices.extend([middle, a, half, middle, half, b]);
            } else {
                self.mesh.indices.extend([middle, a, b]);
            }
        }
    }
}

/// The water between two frames. Where one of them is dry, the depth grows from nothing over the
/// ground that the other one tells.
fn between(a: &WaterFrame, b: &WaterFrame, time: f64) -> Shown {
    let span = b.time_s - a.time_s;
    let share = if span > 0.0 {
        ((time - a.time_s) / span).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let s = share as f32;
    let n = a.depth_cm.len();
    let mut shown = Shown {
        geometry: a.geometry,
        time: a.time_s + share * span,
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
            // A river that stands as always is no flood.
            if a.permanent.get(i) == Some(&true) {
                shown.depth[i] = 0.0;
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_river_is_drawn_and_has_no_depth_of_flood() {
        let geometry = RasterGeometry::new(2, 1, 0.0, 20.0, 20.0, 20.0).expect("valid");
        let frame = |time_s: f64, rise: u16| WaterFrame {
            geometry,
            time_s,
            level_cm: vec![
                30 + rise as i16,
                if rise > 0 { 30 + rise as i16 } else { DRY },
            ],
            depth_cm: vec![230 + rise, rise],
            permanent: vec![true, false],
        };
        let mut water = Water::default();
        water.set_frame(0, frame(0.0, 0));
        water.set_frame(1, frame(100.0, 40));
        for (time, wet, depth) in [(0.0, 1, 0.0), (50.0, 2, 0.2), (100.0, 2, 0.4)] {
            water.set_time(time);
            water.update(|_, _| true);
            assert_eq!(water.n_wet(), wet, "{time}");
            assert_eq!(water.depth(10.0, 10.0), Some(0.0));
            let beside = water.depth(30.0, 10.0).expect("inside");
            assert!((beside - depth).abs() < 1e-6, "{time} {beside}");
            assert!(water.tile(0, 0).is_some());
        }
    }

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
            permanent: Vec::new(),
        }
    }

    #[test]
    fn water_rises_linearly_between_frames() {
        let mut water = Water::default();
        water.set_frame(0, frame(0.0, |_, _| Some((100, 40))));
        water.set_frame(1, frame(1800.0, |_, _| Some((200, 140))));
        water.set_time(450.0);
        water.update(|_, _| true);
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
            water.update(|_, _| true);
            let mesh = water.tile(0, 0).expect("wet");
            assert_eq!(mesh.indices.len(), 12);
            assert_eq!(mesh.shores.iter().filter(|s| **s < 0.0).count(), 4);
            assert!(mesh.positions.iter().all(|p| (p[1] - level).abs() < 1e-5));
        }
        water.set_time(1.0);
        water.update(|_, _| true);
        assert!(water.tile(0, 0).is_none() && water.n_wet() == 0);
    }

    #[test]
    fn beyond_the_frames_the_nearest_one_is_shown() {
        let mut water = Water::default();
        water.update(|_, _| true);
        assert_eq!(water.shown_time(), None);
        water.set_frame(3, frame(300.0, |_, _| Some((100, 40))));
        water.set_time(9e9);
        water.update(|_, _| true);
        assert_eq!(water.shown_time(), Some(300.0));
        assert_eq!(water.tiles(), (1, 2));
    }

    #[test]
    fn open_water_needs_few_triangles_and_shores_are_kept() {
        let mut water = Water::default();
        let geometry = RasterGeometry::new(64, 64, 0.0, 640.0, 10.0, 10.0).expect("valid");
        let lake = |wet: &dyn Fn(usize) -> bool| WaterFrame {
            geometry,
            time_s: 0.0,
            level_cm: (0..4096).map(|i| if wet(i) { 200 } else { DRY }).collect(),
            depth_cm: (0..4096).map(|i| u16::from(wet(i)) * 150).collect(),
            permanent: Vec::new(),
        };
        water.set_frame(0, lake(&|_| true));
        water.update(|_, _| true);
        assert_eq!(water.tile(0, 0).expect("wet").indices.len() / 3, 8 * 8 * 32);
        // One dry cell: four bays around it, and no water lost but its own.
        water.set_frame(0, lake(&|i| i != 33 * 64 + 33));
        water.update(|_, _| true);
        let mesh = water.tile(0, 0).expect("wet");
        let bays = mesh.shores.iter().filter(|s| **s == 0.6).count();
        assert_eq!(bays, 4);
        let area: f32 = mesh
            .indices
            .chunks(3)
            .map(|t| {
                let [a, b, c] = [t[0], t[1], t[2]].map(|i| mesh.positions[i as usize]);
                0.5 * ((b[2] - a[2]) * (c[0] - a[0]) - (b[0] - a[0]) * (c[2] - a[2]))
            })
            .sum();
        assert!((area - 4095.0 * 100.0).abs() < 1.0);
    }

    #[test]
    fn a_ditch_one_cell_wide_has_no_gaps() {
        let mut water = Water::default();
        water.set_frame(
            0,
            frame(0.0, |r, c| {
                (r == 1 && (3..20).contains(&c)).then_some((300, 100))
            }),
        );
        water.update(|_, _| true);
        let mesh = water.tile(0, 0).expect("wet");
        // Along its axis the ditch is water from the first middle to the last: x = 87.5 to 487.5.
        let axis: Vec<f32> = (0..mesh.positions.len())
            .filter(|i| mesh.positions[*i][2] == -37.5 && mesh.shores[*i] == 1.0)
            .map(|i| mesh.positions[i][0])
            .collect();
        for k in 0..33 {
            let x = 87.5 + 12.5 * k as f32;
            assert!(axis.contains(&x), "no water at {x}");
        }
    }

    #[test]
    fn water_beside_the_ground_is_not_drawn() {
        let mut water = Water::default();
        water.set_frame(0, frame(0.0, |_, _| Some((100, 40))));
        water.update(|x, _| x < 250.0);
        assert_eq!(water.n_wet(), 30);
        assert!(water.depth(1000.0, 30.0).is_some());
        water.forget_ground();
        water.update(|_, _| true);
        assert_eq!(water.n_wet(), 210);
    }

    #[test]
    fn a_missing_frame_is_not_made_up() {
        let mut water = Water::default();
        water.set_interval(100.0);
        water.set_frame(0, frame(0.0, |_, _| Some((100, 40))));
        water.set_frame(2, frame(200.0, |_, _| Some((300, 240))));
        water.set_time(150.0);
        water.update(|_, _| true);
        assert_eq!(water.shown_time(), Some(0.0));
        assert!((water.depth(30.0, 30.0).expect("inside") - 0.4).abs() < 1e-6);
        water.set_frame(1, frame(100.0, |_, _| Some((200, 140))));
        water.update(|_, _| true);
        assert_eq!(water.shown_time(), Some(150.0));
    }

    #[test]
    fn frames_far_from_the_newest_make_way() {
        let n = MOST_CELLS / 20 + 1;
        let large = |k: u32| WaterFrame {
            geometry: RasterGeometry::new(n, 1, 0.0, 1.0, 1.0, 1.0).expect("valid"),
            time_s: f64::from(k),
            level_cm: vec![DRY; n],
            depth_cm: vec![0; n],
            permanent: Vec::new(),
        };
        let mut water = Water::default();
        let gone: Vec<u32> = (0..30).flat_map(|k| water.set_frame(k, large(k))).collect();
        assert_eq!(gone, (0..11).collect::<Vec<_>>());
        assert!(water.frames().eq(11..30));
        // Back to the start: the latest ones go.
        assert_eq!(water.set_frame(0, large(0)), [29]);
        assert_eq!(water.set_frame(1, large(1)), [28]);
        assert_eq!(water.frames().count(), 19);
        // Another run: all of them.
        assert_eq!(water.set_frame(0, frame(0.0, |_, _| None)).len(), 19);
    }

    #[test]
    fn tiles_meet_without_a_gap() {
        let mut water = Water::default();
        water.set_frame(0, frame(0.0, |_, c| Some((100 + c as i16, 40))));
        water.update(|_, _| true);
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
