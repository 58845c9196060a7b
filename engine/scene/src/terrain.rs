//! The ground: heights, tiles of triangles, where a ray meets it.

use stormgrid_core::raster::{Raster, RasterGeometry};

use crate::frame::{packed_normal_from_local, render_from_local};

/// Quads along one side of a tile: small enough to be left out when behind the camera.
pub const TILE: usize = 64;

/// Triangles with a normal at each vertex, in the renderer's axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroundMesh {
    /// Positions [m].
    pub positions: Vec<[f32; 3]>,
    /// Normals in 127ths.
    pub normals: Vec<[i8; 4]>,
    /// Three vertices a triangle, counter-clockwise from above.
    pub indices: Vec<u32>,
}

/// The ground as samples at the centres of cells, NaN where there is none.
#[derive(Clone, Debug)]
pub struct Terrain {
    heights: Raster<f64>,
    low: f64,
    high: f64,
}

impl Terrain {
    /// Takes the heights [m] over local metres.
    pub fn new(heights: &Raster<f32>) -> Self {
        let heights = heights.map(f64::from);
        let (low, high) = heights
            .values()
            .iter()
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
                (l.min(*v), h.max(*v))
            });
        let any = low.is_finite();
        Self {
            heights,
            low: if any { low } else { 0.0 },
            high: if any { high } else { 0.0 },
        }
    }

    /// Where the cells lie, in local metres.
    pub fn geometry(&self) -> &RasterGeometry {
        self.heights.geometry()
    }

    /// The lowest and highest ground [m].
    pub fn range(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// Height of the ground [m], `None` outside or beside cells without ground.
    pub fn height(&self, x: f64, y: f64) -> Option<f64> {
        self.heights.interpolate(x, y)
    }

    /// Height of the ground, or of the nearest sample, or the lowest ground where there is none [m].
    pub fn height_or_low(&self, x: f64, y: f64) -> f64 {
        self.height(x, y)
            .or_else(|| self.heights.sample(x, y).filter(|v| v.is_finite()))
            .unwrap_or(self.low)
    }

    /// Rows and columns of tiles.
    pub fn tiles(&self) -> (usize, usize) {
        let g = self.geometry();
        let count = |n: usize| n.saturating_sub(1).div_ceil(TILE);
        (count(g.n_rows), count(g.n_cols))
    }

    /// One tile of the ground. Neighbours share the samples along their common side.
    pub fn tile(&self, tile_row: usize, tile_col: usize) -> GroundMesh {
        let g = self.geometry();
        let (r0, c0) = (tile_row * TILE, tile_col * TILE);
        let (r1, c1) = ((r0 + TILE).min(g.n_rows - 1), (c0 + TILE).min(g.n_cols - 1));
        let mut mesh = GroundMesh::default();
        let width = c1 - c0 + 1;
        let mut vertex = vec![u32::MAX; width * (r1 - r0 + 1)];
        for row in r0..=r1 {
            for col in c0..=c1 {
                let height = self.heights.get(row, col);
                if height.is_finite() {
                    let at = g.center(row, col);
                    vertex[(row - r0) * width + col - c0] = mesh.positions.len() as u32;
                    mesh.positions.push(render_from_local([
                        at.x as f32,
                        at.y as f32,
                        height as f32,
                    ]));
                    mesh.normals
                        .push(packed_normal_from_local(self.normal(row, col)));
                }
            }
        }
        for row in 0..r1 - r0 {
            for col in 0..c1 - c0 {
                let at = row * width + col;
                let [nw, ne, sw, se] = [at, at + 1, at + width, at + width + 1].map(|i| vertex[i]);
                // The diagonal alternates, so that ridges have no preferred direction.
                let halves = if (row + col) % 2 == 0 {
                    [[nw, sw, se], [nw, se, ne]]
                } else {
                    [[nw, sw, ne], [ne, sw, se]]
                };
                for half in halves {
                    if half.iter().all(|i| *i != u32::MAX) {
                        mesh.indices.extend(half);
                    }
                }
            }
        }
        mesh
    }

    fn normal(&self, row: usize, col: usize) -> [f32; 3] {
        let g = self.geometry();
        let here = self.heights.get(row, col);
        let at = |row: usize, col: usize| {
            let value = self.heights.get(row, col);
            if value.is_finite() { value } else { here }
        };
        let (west, east) = (
            at(row, col.saturating_sub(1)),
            at(row, (col + 1).min(g.n_cols - 1)),
        );
        let (north, south) = (
            at(row.saturating_sub(1), col),
            at((row + 1).min(g.n_rows - 1), col),
        );
        let slope = [(west - east) / (2.0 * g.dx), (south - north) / (2.0 * g.dy)];
        let length = (slope[0] * slope[0] + slope[1] * slope[1] + 1.0).sqrt();
        [slope[0] / length, slope[1] / length, 1.0 / length].map(|v| v as f32)
    }

    /// Where a ray first goes below the ground: local metres, and the distance in lengths of
    /// `direction`. Rays that never come down to the highest ground give `None`.
    pub fn ray(&self, origin: [f64; 3], direction: [f64; 3]) -> Option<([f64; 3], f64)> {
        let at = |t: f64| [0, 1, 2].map(|k| origin[k] + t * direction[k]);
        let above = |t: f64| {
            let p = at(t);
            self.height(p[0], p[1]).map(|h| p[2] - h)
        };
        let horizontal = direction[0].hypot(direction[1]);
        let reach = |z: f64| (z - origin[2]) / direction[2];
        let (mut start, end) = if direction[2] < 0.0 {
            (reach(self.high).max(0.0), reach(self.low))
        } else {
            (0.0, 0.0)
        };
        if end <= start && end <= 0.0 {
            return None;
        }
        // Half a cell at a time cannot jump over more than a ridge of one sample.
        let step = if horizontal > 0.0 {
            (self.geometry().dx * 0.5 / horizontal).max((end - start) / 20_000.0)
        } else {
            (end - start).max(1e-6)
        };
        while start <= end + step {
            let next = start + step;
            if above(next).is_some_and(|h| h <= 0.0) {
                let (mut low, mut high) = (start, next);
                for _ in 0..40 {
                    let middle = 0.5 * (low + high);
                    if above(middle).is_none_or(|h| h > 0.0) {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
                return Some((at(high), high));
            }
            start = next;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope() -> Terrain {
        let g = RasterGeometry::new(130, 70, -500.0, 400.0, 10.0, 10.0).expect("valid");
        Terrain::new(&Raster::from_fn(g, |r, c| {
            (0.1 * g.center(r, c).x + 0.05 * g.center(r, c).y) as f32
        }))
    }

    #[test]
    fn tiles_cover_every_quad_once() {
        let terrain = slope();
        let (rows, cols) = terrain.tiles();
        assert_eq!((rows, cols), (2, 3));
        let triangles: usize = (0..rows)
            .flat_map(|r| (0..cols).map(move |c| (r, c)))
            .map(|(r, c)| terrain.tile(r, c).indices.len() / 3)
            .sum();
        assert_eq!(triangles, 2 * 129 * 69);
    }

    #[test]
    fn triangles_and_normals_look_up() {
        let mesh = slope().tile(0, 0);
        for t in mesh.indices.chunks(3) {
            let [a, b, c] = [t[0], t[1], t[2]].map(|i| mesh.positions[i as usize]);
            let up = (b[2] - a[2]) * (c[0] - a[0]) - (b[0] - a[0]) * (c[2] - a[2]);
            assert!(up > 0.0);
        }
        // Gradient (0.1, 0.05): the normal is (-0.1, -0.05, 1) / 1.00623.
        let n = mesh.normals[70].map(|v| f32::from(v) / 127.0);
        assert!((n[0] + 0.0994).abs() < 0.005 && (n[1] - 0.9938).abs() < 0.005);
        assert!((n[2] - 0.0497).abs() < 0.005);
    }

    #[test]
    fn cells_without_ground_leave_a_hole() {
        let g = RasterGeometry::new(4, 4, 0.0, 40.0, 10.0, 10.0).expect("valid");
        let holed = Raster::from_fn(g, |r, c| if r == 1 && c == 1 { f32::NAN } else { 1.0 });
        let mesh = Terrain::new(&holed).tile(0, 0);
        assert_eq!(mesh.positions.len(), 15);
        assert!(mesh.indices.len() / 3 < 18);
        assert!(mesh.indices.iter().all(|i| (*i as usize) < 15));
    }

    #[test]
    fn a_ray_meets_a_plane_where_algebra_says() {
        let terrain = slope();
        let (origin, direction) = ([-100.0, -50.0, 300.0], [0.6, 0.3, -0.5]);
        // z = 0.1 x + 0.05 y along the ray: 300 - 0.5 t = -12.5 + 0.075 t.
        let expected = 312.5 / 0.575;
        let (p, t) = terrain.ray(origin, direction).expect("hits");
        assert!((t - expected).abs() < 1e-6);
        assert!((p[2] - (0.1 * p[0] + 0.05 * p[1])).abs() < 1e-6);
        assert!(terrain.ray(origin, [0.6, 0.3, 0.1]).is_none());
        assert!(terrain.ray([9e4, 9e4, 300.0], [0.1, 0.0, -1.0]).is_none());
    }
}
