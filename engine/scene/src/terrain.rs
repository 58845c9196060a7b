//! The ground: heights, tiles of triangles, where a ray meets it.

use std::collections::HashMap;

use stormgrid_core::raster::{Raster, RasterGeometry};

use crate::frame::{packed_normal_from_local, render_from_local};

/// Quads along one side of a tile: small enough to be left out when behind the camera.
pub const TILE: usize = 64;

/// Quads along one side of a block that may become one fan; divides [`TILE`].
const BLOCK: usize = 8;
/// How far a simplified block may be off the samples [m]: less than the shallowest water drawn is deep
/// would be seen, much more would hide it.
const FLAT: f64 = 0.12;

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

    /// One tile of the ground. Blocks of [`BLOCK`] quads a side that are flat to [`FLAT`] become one
    /// fan; a side between two blocks is straight or not by its own samples alone, so that both of
    /// them agree on it and no crack opens.
    pub fn tile(&self, tile_row: usize, tile_col: usize) -> GroundMesh {
        let g = self.geometry();
        let (r0, c0) = (tile_row * TILE, tile_col * TILE);
        let (r1, c1) = ((r0 + TILE).min(g.n_rows - 1), (c0 + TILE).min(g.n_cols - 1));
        let mut tile = TileBuilder {
            terrain: self,
            mesh: GroundMesh::default(),
            vertex: HashMap::new(),
        };
        for row in (r0..r1).step_by(BLOCK) {
            for col in (c0..c1).step_by(BLOCK) {
                tile.block(row, col, (row + BLOCK).min(r1), (col + BLOCK).min(c1));
            }
        }
        tile.mesh
    }

    /// Whether the samples between two are on the line between them.
    fn is_straight(&self, a: (usize, usize), b: (usize, usize)) -> bool {
        let n = (b.0 - a.0).max(b.1 - a.1);
        let (from, to) = (self.heights.get(a.0, a.1), self.heights.get(b.0, b.1));
        (1..n).all(|k| {
            let row = a.0 + (b.0 - a.0) * k / n;
            let col = a.1 + (b.1 - a.1) * k / n;
            let line = from + (to - from) * k as f64 / n as f64;
            (self.heights.get(row, col) - line).abs() <= FLAT
        })
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

struct TileBuilder<'a> {
    terrain: &'a Terrain,
    mesh: GroundMesh,
    /// The vertex of each sample that has one.
    vertex: HashMap<(usize, usize), u32>,
}

impl TileBuilder<'_> {
    fn vertex(&mut self, row: usize, col: usize, height: f64) -> u32 {
        *self.vertex.entry((row, col)).or_insert_with(|| {
            let at = self.terrain.geometry().center(row, col);
            let index = self.mesh.positions.len() as u32;
            let position = [at.x as f32, at.y as f32, height as f32];
            self.mesh.positions.push(render_from_local(position));
            self.mesh
                .normals
                .push(packed_normal_from_local(self.terrain.normal(row, col)));
            index
        })
    }

    fn block(&mut self, r0: usize, c0: usize, r1: usize, c1: usize) {
        let heights = &self.terrain.heights;
        let samples = || (r0..=r1).flat_map(|r| (c0..=c1).map(move |c| (r, c)));
        let whole = r1 - r0 == BLOCK && c1 - c0 == BLOCK;
        let full = samples().all(|(r, c)| heights.get(r, c).is_finite());
        let corner = [(r0, c0), (r1, c0), (r1, c1), (r0, c1)];
        let n = BLOCK as f64;
        let fans = whole && full && {
            let middle = heights.get(r0 + BLOCK / 2, c0 + BLOCK / 2);
            let h = corner.map(|(r, c)| heights.get(r, c));
            samples().all(|(r, c)| {
                let fan = fan_height(middle, h, (r - r0) as f64 / n, (c - c0) as f64 / n);
                (heights.get(r, c) - fan).abs() <= FLAT
            })
        };
        if fans {
            self.fan(corner);
        } else {
            self.quads(r0, c0, r1, c1);
        }
    }

    /// Around the middle, once along the four sides.
    fn fan(&mut self, corner: [(usize, usize); 4]) {
        let (row, col) = (corner[0].0 + BLOCK / 2, corner[0].1 + BLOCK / 2);
        let height = |t: &Self, r, c| t.terrain.heights.get(r, c);
        let h = height(self, row, col);
        let middle = self.vertex(row, col, h);
        let rim = corner.map(|(r, c)| {
            let h = height(self, r, c);
            self.vertex(r, c, h)
        });
        for k in 0..4 {
            self.mesh.indices.extend([middle, rim[k], rim[(k + 1) % 4]]);
        }
    }

    /// Two triangles for each quad; samples on a straight side of the block are moved onto it.
    fn quads(&mut self, r0: usize, c0: usize, r1: usize, c1: usize) {
        let terrain = self.terrain;
        let straight = |a, b| r1 - r0 == BLOCK && c1 - c0 == BLOCK && terrain.is_straight(a, b);
        let sides = [
            straight((r0, c0), (r0, c1)),
            straight((r1, c0), (r1, c1)),
            straight((r0, c0), (r1, c0)),
            straight((r0, c1), (r1, c1)),
        ];
        let height = |row: usize, col: usize| {
            let between = |a: f64, b: f64, k: usize| a + (b - a) * k as f64 / BLOCK as f64;
            let at = |r, c| terrain.heights.get(r, c);
            if (row == r0 && sides[0]) || (row == r1 && sides[1]) {
                between(at(row, c0), at(row, c1), col - c0)
            } else if (col == c0 && sides[2]) || (col == c1 && sides[3]) {
                between(at(r0, col), at(r1, col), row - r0)
            } else {
                at(row, col)
            }
        };
        for row in r0..r1 {
            for col in c0..c1 {
                let quad = [
                    (row, col),
                    (row, col + 1),
                    (row + 1, col),
                    (row + 1, col + 1),
                ];
                let [nw, ne, sw, se] = quad.map(|(r, c)| {
                    let h = height(r, c);
                    h.is_finite().then(|| self.vertex(r, c, h))
                });
                // The diagonal alternates, so that ridges have no preferred direction.
                let halves = if (row + col) % 2 == 0 {
                    [[nw, sw, se], [nw, se, ne]]
                } else {
                    [[nw, sw, ne], [ne, sw, se]]
                };
                for half in halves {
                    if let [Some(a), Some(b), Some(c)] = half {
                        self.mesh.indices.extend([a, b, c]);
                    }
                }
            }
        }
    }
}

/// Height of the fan over a square: `h` at its corners north-west, south-west, south-east,
/// north-east, `middle` in the middle; `v` southward and `u` eastward from 0 to 1.
fn fan_height(middle: f64, h: [f64; 4], v: f64, u: f64) -> f64 {
    let (x, y) = (2.0 * u - 1.0, 2.0 * v - 1.0);
    let [nw, sw, se, ne] = h;
    // The triangle is that of the side which the point is nearest to; on it the height is linear.
    let (out, along, from, to) = if x.abs() >= y.abs() {
        if x >= 0.0 {
            (x, y, ne, se)
        } else {
            (-x, y, nw, sw)
        }
    } else if y >= 0.0 {
        (y, x, sw, se)
    } else {
        (-y, x, nw, ne)
    };
    middle * (1.0 - out) + 0.5 * (from * (out - along) + to * (out + along))
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

    fn area(terrain: &Terrain) -> (f64, usize) {
        let (rows, cols) = terrain.tiles();
        let mut sum = (0.0, 0);
        for (row, col) in (0..rows).flat_map(|r| (0..cols).map(move |c| (r, c))) {
            let mesh = terrain.tile(row, col);
            for t in mesh.indices.chunks(3) {
                let [a, b, c] =
                    [t[0], t[1], t[2]].map(|i| mesh.positions[i as usize].map(f64::from));
                let up = (b[2] - a[2]) * (c[0] - a[0]) - (b[0] - a[0]) * (c[2] - a[2]);
                assert!(up > 0.0, "a triangle looks down");
                sum.0 += 0.5 * up;
                sum.1 += 1;
            }
        }
        sum
    }

    #[test]
    fn tiles_cover_the_ground_once_and_planes_need_few_triangles() {
        let terrain = slope();
        assert_eq!(terrain.tiles(), (2, 3));
        let (covered, triangles) = area(&terrain);
        assert!((covered - 1290.0 * 690.0).abs() < 1.0);
        // 16 x 8 whole blocks of four triangles, and what is left at the rims in quads.
        assert_eq!(triangles, 16 * 8 * 4 + 2 * (129 * 69 - 16 * 8 * 64));
        let g = *terrain.geometry();
        let waves = Terrain::new(&Raster::from_fn(g, |r, c| ((r * r + 3 * c) % 7) as f32));
        assert_eq!(area(&waves).1, 2 * 129 * 69);
    }

    #[test]
    fn simplified_ground_stays_within_its_tolerance() {
        let g = RasterGeometry::new(65, 65, 0.0, 650.0, 10.0, 10.0).expect("valid");
        let dike = |x: f64| {
            if (300.0..330.0).contains(&x) {
                4.0
            } else {
                0.001 * x
            }
        };
        let terrain = Terrain::new(&Raster::from_fn(g, |r, c| dike(g.center(r, c).x) as f32));
        let mesh = terrain.tile(0, 0);
        assert!(mesh.indices.len() / 3 < 2 * 64 * 64 / 2);
        for p in &mesh.positions {
            assert!((f64::from(p[1]) - dike(f64::from(p[0]))).abs() <= FLAT);
        }
        assert!((area(&terrain).0 - 640.0 * 640.0).abs() < 1.0);
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
        let n = mesh.normals[mesh.normals.len() / 2].map(|v| f32::from(v) / 127.0);
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
