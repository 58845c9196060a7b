//! Water frames for the viewer: one cell size for every run, so that frames of coarse and fine runs
//! look and weigh alike.

use stormgrid_core::raster::{Raster, RasterError, RasterGeometry};

use crate::chunk::{DRY, WaterFrame, encode_water};

/// Cell size of the frames [m]: finer ones would weigh more than the surface on the screen shows.
const FRAME_CELL_M: f64 = 20.0;

/// Depth below which a frame shows no water [m].
const SHOWN_M: f32 = 0.02;

/// Height at which a share is drawn over the ground [m]: enough to be seen, too little to look like water.
const SHARE_ABOVE_GROUND_M: f64 = 0.1;

/// How the cells of a run map onto those of its frames.
pub struct FrameGrid {
    run: RasterGeometry,
    frame: RasterGeometry,
    /// Mean ground in each frame cell [m]; NaN outside.
    ground: Vec<f64>,
    /// Frame cells that are rivers, ponds and canals; empty if none are known.
    permanent: Vec<bool>,
}

impl FrameGrid {
    /// - `run`: the cells of the run, local metres
    /// - `elevation`: the ground at its own resolution, local metres
    ///
    /// # Errors
    ///
    /// A run so wide that its frames would have too many cells.
    pub fn new(run: RasterGeometry, elevation: &Raster<f64>) -> Result<Self, RasterError> {
        let frame = run.resized(FRAME_CELL_M)?;
        Ok(Self {
            run,
            frame,
            ground: elevation.resampled_mean(frame).into_values(),
            permanent: Vec::new(),
        })
    }

    /// The same with rivers, ponds and canals told apart from flood, in every frame.
    ///
    /// - `permanent`: cells of the run that are water from the start; a frame cell is if half of its finer cells are
    /// - `bed_below`: level below which ground is their bed [m], if one level is known; so a canal that is narrower
    ///   than the run's cells is one all the same
    #[must_use]
    pub fn with_permanent_water(mut self, permanent: &[bool], bed_below: Option<f64>) -> Self {
        let is_water = |cell: usize| permanent.get(cell).copied().unwrap_or(false);
        let of_frame = |i: usize| {
            let (row, col) = (i / self.frame.n_cols, i % self.frame.n_cols);
            if self.run.dx < self.frame.dx {
                let cells: Vec<usize> = self.block(row, col).collect();
                let water = cells.iter().filter(|&&cell| is_water(cell)).count();
                return water > 0 && 2 * water >= cells.len();
            }
            let center = self.frame.center(row, col);
            let cell = self.run.cell_at(center.x, center.y);
            let of_run = cell.is_some_and(|(r, c)| is_water(r * self.run.n_cols + c));
            of_run || bed_below.is_some_and(|level| self.ground[i] <= level)
        };
        self.permanent = (0..self.frame.n_cells()).map(of_frame).collect();
        self
    }

    /// The run's cells in a frame cell that is not finer than they are.
    fn block(&self, row: usize, col: usize) -> impl Iterator<Item = usize> + use<> {
        let first = |k: usize, frame: f64, run: f64| (k as f64 * frame / run).round() as usize;
        let n_cols = self.run.n_cols;
        let rows = first(row, self.frame.dy, self.run.dy)
            ..first(row + 1, self.frame.dy, self.run.dy).min(self.run.n_rows);
        let (c0, c1) = (
            first(col, self.frame.dx, self.run.dx),
            first(col + 1, self.frame.dx, self.run.dx).min(n_cols),
        );
        rows.flat_map(move |r| r * n_cols + c0..r * n_cols + c1.max(c0))
    }

    /// One frame as its binary message.
    ///
    /// Of finer runs a frame cell shows the mean depth and the mean level of its wet cells; of
    /// coarser runs the level of the run's cell over the finer ground.
    ///
    /// - `depth` [m], `level` [m]: of the run's cells
    pub fn encode(&self, time_s: f64, depth: &[f32], level: &[f32]) -> Vec<u8> {
        let n = self.frame.n_cells();
        let (mut level_cm, mut depth_cm) = (vec![DRY; n], vec![0_u16; n]);
        for row in 0..self.frame.n_rows {
            for col in 0..self.frame.n_cols {
                let i = row * self.frame.n_cols + col;
                let found = if self.run.dx < self.frame.dx {
                    self.mean_of_block(row, col, depth, level)
                } else {
                    self.over_fine_ground(row, col, depth, level)
                };
                if let Some((water_level, water_depth)) = found {
                    level_cm[i] = (water_level * 100.0)
                        .round()
                        .clamp(f64::from(DRY) + 1.0, f64::from(i16::MAX))
                        as i16;
                    depth_cm[i] = (water_depth * 100.0).round().clamp(1.0, 65_535.0) as u16;
                }
            }
        }
        encode_water(&WaterFrame {
            geometry: self.frame,
            time_s,
            level_cm,
            depth_cm,
            permanent: self.permanent.clone(),
        })
    }

    /// A share of 0 to 1 in each cell as a message of the same form: the depth holds the share in hundredths, the
    /// level lies just above the ground. Cells whose share is below half a hundredth are dry.
    ///
    /// - `share`: of the run's cells; NaN counts as 0
    pub fn encode_share(&self, time_s: f64, share: &[f32]) -> Vec<u8> {
        let n = self.frame.n_cells();
        let (mut level_cm, mut depth_cm) = (vec![DRY; n], vec![0_u16; n]);
        for (i, (level, depth)) in level_cm.iter_mut().zip(&mut depth_cm).enumerate() {
            let center = self
                .frame
                .center(i / self.frame.n_cols, i % self.frame.n_cols);
            let Some((row, col)) = self.run.cell_at(center.x, center.y) else {
                continue;
            };
            let hundredths = (share[row * self.run.n_cols + col] * 100.0).round();
            if hundredths >= 1.0 && self.ground[i].is_finite() {
                *depth = hundredths.min(100.0) as u16;
                *level = ((self.ground[i] + SHARE_ABOVE_GROUND_M) * 100.0)
                    .round()
                    .clamp(f64::from(DRY) + 1.0, f64::from(i16::MAX))
                    as i16;
            }
        }
        encode_water(&WaterFrame {
            geometry: self.frame,
            time_s,
            level_cm,
            depth_cm,
            // A share is no depth.
            permanent: Vec::new(),
        })
    }

    fn over_fine_ground(
        &self,
        row: usize,
        col: usize,
        depth: &[f32],
        level: &[f32],
    ) -> Option<(f64, f64)> {
        let center = self.frame.center(row, col);
        let (r, c) = self.run.cell_at(center.x, center.y)?;
        let cell = r * self.run.n_cols + c;
        let ground = self.ground[row * self.frame.n_cols + col];
        let wet = depth[cell] >= SHOWN_M && f64::from(level[cell]) - ground >= f64::from(SHOWN_M);
        wet.then(|| (f64::from(level[cell]), f64::from(level[cell]) - ground))
    }

    fn mean_of_block(
        &self,
        row: usize,
        col: usize,
        depth: &[f32],
        level: &[f32],
    ) -> Option<(f64, f64)> {
        let (mut n, mut n_wet, mut depths, mut levels) = (0_u32, 0_u32, 0.0, 0.0);
        for cell in self.block(row, col) {
            n += 1;
            if depth[cell] >= SHOWN_M {
                n_wet += 1;
                depths += f64::from(depth[cell]);
                levels += f64::from(level[cell]);
            }
        }
        // Half of the cells: a smaller pool would be drawn larger than it is.
        (n_wet > 0 && 2 * n_wet >= n).then(|| (levels / f64::from(n_wet), depths / f64::from(n)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::decode_water;

    #[test]
    fn a_level_lake_stays_level_at_any_cell_size() {
        for cell in [5.0, 10.0, 20.0, 40.0] {
            let run = RasterGeometry::new(
                (200.0 / cell) as usize,
                (200.0 / cell) as usize,
                0.0,
                200.0,
                cell,
                cell,
            )
            .expect("valid");
            let ground = Raster::from_fn(run, |_, c| {
                if run.center(0, c).x < 120.0 {
                    -1.0
                } else {
                    2.0
                }
            });
            let depth: Vec<f32> = ground
                .values()
                .iter()
                .map(|&z| (0.5_f64 - z).max(0.0) as f32)
                .collect();
            let level: Vec<f32> = ground
                .values()
                .iter()
                .map(|&z| if z < 0.5 { 0.5 } else { f32::NAN })
                .collect();
            let grid = FrameGrid::new(run, &ground).expect("valid");
            let frame = decode_water(&grid.encode(60.0, &depth, &level)).expect("ours");
            assert_eq!(frame.geometry.dx, 20.0);
            let wet: Vec<_> = frame.level_cm.iter().filter(|&&l| l != DRY).collect();
            assert_eq!(wet.len(), 60, "{cell}");
            assert!(wet.iter().all(|&&l| l == 50));
            assert_eq!(frame.depth_cm.iter().filter(|&&d| d == 150).count(), 60);
        }
    }

    /// A canal in the west stands at 0.5 m from the start; later all ground is under water up to 2.5 m.
    #[test]
    fn a_canal_is_told_apart_from_the_flood_beside_it() {
        for cell in [10.0, 20.0, 40.0] {
            let n = (200.0 / cell) as usize;
            let run = RasterGeometry::new(n, n, 0.0, 200.0, cell, cell).expect("valid");
            let bed = |x: f64| if x < 120.0 { -1.0 } else { 2.0 };
            let ground = Raster::from_fn(run, |_, c| bed(run.center(0, c).x));
            let canal: Vec<bool> = ground.values().iter().map(|&z| z < 0.5).collect();
            let level = vec![2.5_f32; n * n];
            let depth: Vec<f32> = ground.values().iter().map(|&z| (2.5 - z) as f32).collect();
            let grid = FrameGrid::new(run, &ground)
                .expect("valid")
                .with_permanent_water(&canal, None);
            let frame = decode_water(&grid.encode(60.0, &depth, &level)).expect("ours");
            assert!(frame.level_cm.iter().all(|&l| l == 250));
            let canal = |i: &usize| frame.permanent[*i];
            assert_eq!((0..100).filter(canal).count(), 60, "{cell}");
            assert!((0..100).all(|i| frame.depth_cm[i] == if canal(&i) { 350 } else { 50 }));
        }
        // A canal of 20 m in cells of 40 m whose mean lies above its level.
        let fine = RasterGeometry::new(4, 4, 0.0, 80.0, 20.0, 20.0).expect("valid");
        let ground = Raster::from_fn(fine, |_, c| if c == 0 { -1.0 } else { 2.0 });
        let run = RasterGeometry::new(2, 2, 0.0, 80.0, 40.0, 40.0).expect("valid");
        let grid = FrameGrid::new(run, &ground)
            .expect("valid")
            .with_permanent_water(&[false; 4], Some(0.25));
        let frame = decode_water(&grid.encode(0.0, &[2.0; 4], &[2.5; 4])).expect("ours");
        assert_eq!(frame.permanent[..4], [true, false, false, false]);
    }
}
