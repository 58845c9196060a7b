//! Rasters: cells of equal size in a north-up projected frame.

use geo::{Coord, Rect};
use serde::{Deserialize, Serialize};

use crate::ids::CellIdx;

/// Where the cells of a raster lie: north-up, square or rectangular cells.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RasterGeometry {
    /// Number of columns, west to east.
    pub n_cols: usize,
    /// Number of rows, north to south.
    pub n_rows: usize,
    /// Western edge of the raster [m, or the CRS's unit].
    pub west: f64,
    /// Northern edge of the raster [m, or the CRS's unit].
    pub north: f64,
    /// Cell width, positive [m, or the CRS's unit].
    pub dx: f64,
    /// Cell height, positive [m, or the CRS's unit].
    pub dy: f64,
}

/// A geometry or a buffer that no raster can have.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RasterError {
    /// No cells, or more than a 32-bit cell index can name.
    #[error("a raster of {n_cols} x {n_rows} cells cannot be held; it needs 1 to 2^32 - 1 cells")]
    CellCount {
        /// Columns asked for.
        n_cols: usize,
        /// Rows asked for.
        n_rows: usize,
    },
    /// Cell size not positive and finite, or an edge not finite.
    #[error("cell size {dx} x {dy} at corner ({west}, {north}) is not positive and finite")]
    Placement {
        /// Cell width.
        dx: f64,
        /// Cell height.
        dy: f64,
        /// Western edge.
        west: f64,
        /// Northern edge.
        north: f64,
    },
    /// The buffer does not fit the geometry.
    #[error("{found} values given for a raster of {expected} cells")]
    ValueCount {
        /// Values given.
        found: usize,
        /// Cells of the geometry.
        expected: usize,
    },
}

impl RasterGeometry {
    /// Checks the geometry: 1 to 2³² − 1 cells, positive finite cell size, finite corner.
    pub fn new(
        n_cols: usize,
        n_rows: usize,
        west: f64,
        north: f64,
        dx: f64,
        dy: f64,
    ) -> Result<Self, RasterError> {
        let cells = n_cols.saturating_mul(n_rows);
        if cells == 0 || cells >= u32::MAX as usize {
            return Err(RasterError::CellCount { n_cols, n_rows });
        }
        let sane = dx > 0.0
            && dy > 0.0
            && dx.is_finite()
            && dy.is_finite()
            && west.is_finite()
            && north.is_finite();
        if !sane {
            return Err(RasterError::Placement {
                dx,
                dy,
                west,
                north,
            });
        }
        Ok(Self {
            n_cols,
            n_rows,
            west,
            north,
            dx,
            dy,
        })
    }

    /// Number of cells.
    pub fn n_cells(&self) -> usize {
        self.n_cols * self.n_rows
    }

    /// Area of one cell [m²].
    pub fn cell_area(&self) -> f64 {
        self.dx * self.dy
    }

    /// Eastern edge.
    pub fn east(&self) -> f64 {
        self.west + self.n_cols as f64 * self.dx
    }

    /// Southern edge.
    pub fn south(&self) -> f64 {
        self.north - self.n_rows as f64 * self.dy
    }

    /// The box that the cells cover.
    pub fn bounds(&self) -> Rect {
        Rect::new(
            Coord {
                x: self.west,
                y: self.south(),
            },
            Coord {
                x: self.east(),
                y: self.north,
            },
        )
    }

    /// Centre of the cell in `row` (0 = north) and `col` (0 = west).
    pub fn center(&self, row: usize, col: usize) -> Coord {
        Coord {
            x: self.west + (col as f64 + 0.5) * self.dx,
            y: self.north - (row as f64 + 0.5) * self.dy,
        }
    }

    /// Row and column of the cell that holds a point; a point on a shared edge belongs to the cell
    /// south or east of it, and the southern and eastern rim to the last cell.
    pub fn cell_at(&self, x: f64, y: f64) -> Option<(usize, usize)> {
        let col = (x - self.west) / self.dx;
        let row = (self.north - y) / self.dy;
        let inside =
            (0.0..=self.n_cols as f64).contains(&col) && (0.0..=self.n_rows as f64).contains(&row);
        inside.then(|| {
            (
                (row as usize).min(self.n_rows - 1),
                (col as usize).min(self.n_cols - 1),
            )
        })
    }

    /// West and east, south and north edge of a cell.
    pub fn extent(&self, row: usize, col: usize) -> ([f64; 2], [f64; 2]) {
        let (row, col) = (row as f64, col as f64);
        (
            [self.west + col * self.dx, self.west + (col + 1.0) * self.dx],
            [
                self.north - (row + 1.0) * self.dy,
                self.north - row * self.dy,
            ],
        )
    }

    /// The cell's position in the buffer.
    pub fn index(&self, row: usize, col: usize) -> CellIdx {
        CellIdx::from(row * self.n_cols + col)
    }

    /// Cells of nearly `cell_size` that fill the same box exactly: as many as fit best, at least one.
    pub fn filled_with(&self, cell_size: f64) -> Result<Self, RasterError> {
        let along = |n: usize, size: f64| {
            let length = n as f64 * size;
            let cells = (length / cell_size).round().max(1.0);
            let exact = (length / cell_size - cells).abs() < 1e-9 * cells;
            (cells, if exact { cell_size } else { length / cells })
        };
        let (n_cols, dx) = along(self.n_cols, self.dx);
        let (n_rows, dy) = along(self.n_rows, self.dy);
        Self::new(
            n_cols as usize,
            n_rows as usize,
            self.west,
            self.north,
            dx,
            dy,
        )
    }

    /// The geometry of the same ground in cells of `cell_size` [m], its north-west corner kept; the
    /// last row and column may reach beyond the old edge.
    pub fn resized(&self, cell_size: f64) -> Result<Self, RasterError> {
        let n_cols = (self.n_cols as f64 * self.dx / cell_size - 1e-9).ceil();
        let n_rows = (self.n_rows as f64 * self.dy / cell_size - 1e-9).ceil();
        Self::new(
            n_cols as usize,
            n_rows as usize,
            self.west,
            self.north,
            cell_size,
            cell_size,
        )
    }
}

/// Values on cells, row by row from the north-west corner; NaN is "no data" in float rasters.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster<T> {
    geometry: RasterGeometry,
    values: Vec<T>,
}

impl<T: Copy> Raster<T> {
    /// Binds values to a geometry of as many cells.
    pub fn new(geometry: RasterGeometry, values: Vec<T>) -> Result<Self, RasterError> {
        if values.len() == geometry.n_cells() {
            Ok(Self { geometry, values })
        } else {
            Err(RasterError::ValueCount {
                found: values.len(),
                expected: geometry.n_cells(),
            })
        }
    }

    /// The same value on every cell.
    pub fn filled(geometry: RasterGeometry, value: T) -> Self {
        Self {
            geometry,
            values: vec![value; geometry.n_cells()],
        }
    }

    /// A value computed at each cell from its row and column.
    pub fn from_fn(geometry: RasterGeometry, mut value: impl FnMut(usize, usize) -> T) -> Self {
        let mut values = Vec::with_capacity(geometry.n_cells());
        for row in 0..geometry.n_rows {
            for col in 0..geometry.n_cols {
                values.push(value(row, col));
            }
        }
        Self { geometry, values }
    }

    /// Where the cells lie.
    pub fn geometry(&self) -> &RasterGeometry {
        &self.geometry
    }

    /// All values, row by row from the north.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// All values, to be written.
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// The values, the geometry dropped.
    pub fn into_values(self) -> Vec<T> {
        self.values
    }

    /// The value in `row` (0 = north), `col` (0 = west). Panics outside the raster.
    pub fn get(&self, row: usize, col: usize) -> T {
        self.values[row * self.geometry.n_cols + col]
    }

    /// Writes the value in `row`, `col`. Panics outside the raster.
    pub fn set(&mut self, row: usize, col: usize, value: T) {
        self.values[row * self.geometry.n_cols + col] = value;
    }

    /// The value of the cell that holds a point, `None` outside the raster.
    pub fn sample(&self, x: f64, y: f64) -> Option<T> {
        self.geometry
            .cell_at(x, y)
            .map(|(row, col)| self.get(row, col))
    }

    /// The same cells with every value mapped.
    pub fn map<U: Copy>(&self, f: impl FnMut(T) -> U) -> Raster<U> {
        Raster {
            geometry: self.geometry,
            values: self.values.iter().copied().map(f).collect(),
        }
    }
}

impl Raster<f64> {
    /// Bilinear value between cell centres, clamped at the rim; `None` outside or beside no-data.
    pub fn interpolate(&self, x: f64, y: f64) -> Option<f64> {
        let g = &self.geometry;
        g.cell_at(x, y)?;
        let col = ((x - g.west) / g.dx - 0.5).clamp(0.0, (g.n_cols - 1) as f64);
        let row = ((g.north - y) / g.dy - 0.5).clamp(0.0, (g.n_rows - 1) as f64);
        let (c0, r0) = (col as usize, row as usize);
        let (c1, r1) = ((c0 + 1).min(g.n_cols - 1), (r0 + 1).min(g.n_rows - 1));
        let (fx, fy) = (col - c0 as f64, row - r0 as f64);
        let north = self.get(r0, c0) * (1.0 - fx) + self.get(r0, c1) * fx;
        let south = self.get(r1, c0) * (1.0 - fx) + self.get(r1, c1) * fx;
        let value = north * (1.0 - fy) + south * fy;
        value.is_finite().then_some(value)
    }

    /// Area-weighted mean on another geometry; no-data cells do not count, a cell that meets only
    /// no-data becomes NaN. The total of value × area over the common ground is kept.
    pub fn resampled_mean(&self, target: RasterGeometry) -> Self {
        Self::from_fn(target, |row, col| {
            let (x, y) = target.extent(row, col);
            self.mean_over(x, y)
        })
    }

    /// Share of each cell of another geometry that lies on cells with data [0 to 1].
    pub fn resampled_cover(&self, target: RasterGeometry) -> Self {
        Self::from_fn(target, |row, col| {
            let (x, y) = target.extent(row, col);
            // What rounding leaves of the edges of cells is no gap.
            let share = self.sum_over(x, y).1 / target.cell_area();
            if share > 1.0 - 1e-9 { 1.0 } else { share }
        })
    }

    /// Area-weighted mean over a box; NaN where it meets no data.
    ///
    /// - `x`, `y`: west and east, south and north edge
    pub fn mean_over(&self, x: [f64; 2], y: [f64; 2]) -> f64 {
        let (sum, area) = self.sum_over(x, y);
        if area > 0.0 { sum / area } else { f64::NAN }
    }

    /// Sum of value × area over a box, and the area with data in it.
    fn sum_over(&self, [west, east]: [f64; 2], [south, north]: [f64; 2]) -> (f64, f64) {
        let g = self.geometry;
        let overlaps = |low: f64, high: f64, n: usize, size: f64| {
            let first = (low / size).floor().max(0.0) as usize;
            let last = ((high / size).ceil().max(0.0) as usize).min(n);
            first..last
        };
        let share = |low: f64, high: f64, k: usize, size: f64| {
            (high.min((k + 1) as f64 * size) - low.max(k as f64 * size)).max(0.0)
        };
        let (x0, x1) = (west - g.west, east - g.west);
        let (y0, y1) = (g.north - north, g.north - south);
        let (mut sum, mut area) = (0.0, 0.0);
        for r in overlaps(y0, y1, g.n_rows, g.dy) {
            let height = share(y0, y1, r, g.dy);
            for c in overlaps(x0, x1, g.n_cols, g.dx) {
                let value = self.get(r, c);
                let weight = height * share(x0, x1, c, g.dx);
                if value.is_finite() && weight > 0.0 {
                    sum += value * weight;
                    area += weight;
                }
            }
        }
        (sum, area)
    }

    /// The rows and columns that hold data, as first and last and one; `None` without any.
    pub fn data_window(&self) -> Option<[std::ops::Range<usize>; 2]> {
        let n_cols = self.geometry.n_cols;
        let (mut rows, mut cols) = (None::<[usize; 2]>, None::<[usize; 2]>);
        let widen = |range: &mut Option<[usize; 2]>, k: usize| {
            *range = Some(range.map_or([k, k + 1], |[a, b]| [a.min(k), b.max(k + 1)]));
        };
        for (cell, value) in self.values.iter().enumerate() {
            if value.is_finite() {
                widen(&mut rows, cell / n_cols);
                widen(&mut cols, cell % n_cols);
            }
        }
        rows.zip(cols).map(|(r, c)| [r[0]..r[1], c[0]..c[1]])
    }

    /// The rows and columns of a window, which must lie in the raster.
    pub fn window(&self, [rows, cols]: [std::ops::Range<usize>; 2]) -> Self {
        let g = self.geometry;
        let geometry = RasterGeometry {
            n_rows: rows.len(),
            n_cols: cols.len(),
            west: g.west + cols.start as f64 * g.dx,
            north: g.north - rows.start as f64 * g.dy,
            ..g
        };
        Self::from_fn(geometry, |r, c| self.get(rows.start + r, cols.start + c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn geometry() -> RasterGeometry {
        RasterGeometry::new(4, 3, 100.0, 60.0, 10.0, 20.0).expect("valid")
    }

    #[test]
    fn the_center_of_a_cell_lies_in_that_cell() {
        let g = geometry();
        for row in 0..g.n_rows {
            for col in 0..g.n_cols {
                let c = g.center(row, col);
                assert_eq!(g.cell_at(c.x, c.y), Some((row, col)));
            }
        }
        assert_eq!(g.cell_at(99.9, 30.0), None);
        assert_eq!(g.cell_at(f64::NAN, 30.0), None);
        assert_eq!(g.cell_at(140.0, 0.0), Some((2, 3)));
    }

    #[test]
    fn bilinear_interpolation_is_exact_on_a_plane() {
        let g = geometry();
        let plane = Raster::from_fn(g, |r, c| 2.0 * g.center(r, c).x - 3.0 * g.center(r, c).y);
        let value = plane.interpolate(117.0, 33.0).expect("inside");
        assert!((value - (2.0 * 117.0 - 3.0 * 33.0)).abs() < 1e-9);
    }

    #[test]
    fn resampling_keeps_the_total() {
        let g = RasterGeometry::new(7, 5, 0.0, 35.0, 7.0, 7.0).expect("valid");
        let fine = Raster::from_fn(g, |r, c| (r * 7 + c * c) as f64);
        let coarse = fine.resampled_mean(
            RasterGeometry::new(3, 3, 0.0, 35.0, 49.0 / 3.0, 35.0 / 3.0).expect("valid"),
        );
        let total = |r: &Raster<f64>| r.values().iter().sum::<f64>() * r.geometry().cell_area();
        assert!((total(&fine) - total(&coarse)).abs() < 1e-6 * total(&fine));
    }

    #[test]
    fn absurd_geometries_are_refused() {
        assert!(RasterGeometry::new(usize::MAX, 2, 0.0, 0.0, 1.0, 1.0).is_err());
        assert!(RasterGeometry::new(0, 2, 0.0, 0.0, 1.0, 1.0).is_err());
        assert!(RasterGeometry::new(2, 2, 0.0, 0.0, f64::NAN, 1.0).is_err());
        assert!(Raster::new(geometry(), vec![0.0; 3]).is_err());
    }

    /// 210 m in cells of 40: five of 42; 0.7 of a cell is one.
    #[test]
    fn cells_fill_a_box_that_they_do_not_divide() {
        let g = RasterGeometry::new(21, 7, 5.0, 70.0, 10.0, 10.0).expect("valid");
        let filled = g.filled_with(40.0).expect("valid");
        assert_eq!(
            (filled.n_cols, filled.dx, filled.n_rows, filled.dy),
            (5, 42.0, 2, 35.0)
        );
        assert!(
            (filled.east() - g.east()).abs() < 1e-9 && (filled.south() - g.south()).abs() < 1e-9
        );
        let one = g.filled_with(100.0).expect("valid");
        assert_eq!(
            (one.n_cols, one.dx, one.n_rows, one.dy),
            (2, 105.0, 1, 70.0)
        );
        let same = g.filled_with(30.0).expect("valid");
        assert_eq!((same.n_cols, same.dx), (7, 30.0));
    }

    /// Cells of 20 m over cells of 10 m, one of which has no data: three quarters.
    #[test]
    fn the_cover_of_a_cell_is_the_share_with_data() {
        let g = RasterGeometry::new(4, 2, 0.0, 20.0, 10.0, 10.0).expect("valid");
        let mut raster = Raster::filled(g, 5.0);
        raster.set(1, 0, f64::NAN);
        let coarse = RasterGeometry::new(3, 1, 0.0, 20.0, 20.0, 20.0).expect("valid");
        assert_eq!(raster.resampled_cover(coarse).values(), [0.75, 1.0, 0.0]);
        assert_eq!(raster.data_window(), Some([0..2, 0..4]));
        let window = raster.window([0..1, 1..3]);
        assert_eq!(
            (window.geometry().west, window.geometry().n_cols),
            (10.0, 2)
        );
    }
}
