//! The buildings: chunks as they come from the server, their colours, and what a ray meets.

use std::collections::HashMap;

use stormgrid_formats::chunk::CityChunk;

use crate::frame::{packed_normal_from_local, render_from_local};

/// Walls and roofs without water, sRGB: warm greys that leave strong colours to the data.
const PLAIN: [[u8; 3]; 5] = [
    [226, 219, 208],
    [216, 210, 201],
    [233, 227, 217],
    [209, 203, 196],
    [222, 212, 197],
];
/// The selected building, sRGB.
const SELECTED: [u8; 3] = [255, 176, 32];
/// Buildings in the water, sRGB: from the depth [m] on.
const FLOODED: [(f32, [u8; 3]); 4] = [
    (0.15, [170, 205, 240]),
    (0.5, [104, 160, 222]),
    (1.0, [58, 112, 190]),
    (2.0, [34, 66, 140]),
];

/// One chunk's mesh in the renderer's axes; a colour for each vertex.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CityMesh {
    /// Positions [m].
    pub positions: Vec<[f32; 3]>,
    /// Normals in 127ths.
    pub normals: Vec<[i8; 4]>,
    /// sRGB; the fourth byte is the height above the building's foot, 0 to 255 for 0 to 25.5 m.
    pub colours: Vec<[u8; 4]>,
    /// Three vertices a triangle.
    pub indices: Vec<u32>,
}

/// Low and high corner, local metres.
type Box3 = ([f32; 3], [f32; 3]);

#[derive(Clone, Debug)]
struct Part {
    chunk: CityChunk,
    /// A box for each building of the chunk.
    boxes: Vec<Box3>,
    bounds: Box3,
}

/// All buildings that have come.
#[derive(Clone, Debug, Default)]
pub struct City {
    parts: Vec<Part>,
    /// Chunk and place in it of each building.
    places: HashMap<u32, (usize, usize)>,
    depths: HashMap<u32, f32>,
    selected: Option<u32>,
    /// Chunks whose colours have changed.
    dirty: Vec<bool>,
}

impl City {
    /// Adds a chunk and returns its number. A chunk whose place or step is not finite is refused.
    pub fn add(&mut self, chunk: CityChunk) -> Option<usize> {
        let sane = chunk.step.is_finite() && chunk.origin.iter().all(|v| v.is_finite());
        if !sane {
            return None;
        }
        let number = self.parts.len();
        let mut boxes = Vec::with_capacity(chunk.buildings.len());
        for (slot, building) in chunk.buildings.iter().enumerate() {
            self.places.insert(building.building.0, (number, slot));
            let mut box3 = EMPTY;
            for triangle in triangles_of(&chunk, slot) {
                for corner in triangle {
                    grow(&mut box3, position(&chunk, corner));
                }
            }
            boxes.push(box3);
        }
        let bounds = boxes.iter().fold(EMPTY, |mut all, b| {
            if b.0[0] <= b.1[0] {
                grow(&mut all, b.0);
                grow(&mut all, b.1);
            }
            all
        });
        self.parts.push(Part {
            chunk,
            boxes,
            bounds,
        });
        self.dirty.push(true);
        Some(number)
    }

    /// Number of chunks.
    pub fn n_chunks(&self) -> usize {
        self.parts.len()
    }

    /// Number of buildings.
    pub fn n_buildings(&self) -> usize {
        self.places.len()
    }

    /// Number of triangles.
    pub fn n_triangles(&self) -> usize {
        self.parts.iter().map(|p| p.chunk.triangles.len()).sum()
    }

    /// The chunks that must be drawn anew since the last call.
    pub fn take_dirty(&mut self) -> Vec<usize> {
        let dirty = (0..self.dirty.len()).filter(|i| self.dirty[*i]).collect();
        self.dirty.fill(false);
        dirty
    }

    /// Whether a chunk waits to be drawn anew.
    pub fn is_dirty(&self) -> bool {
        self.dirty.contains(&true)
    }

    /// Highlights one building, or none.
    pub fn select(&mut self, building: Option<u32>) {
        for changed in [self.selected, building].into_iter().flatten() {
            if let Some((part, _)) = self.places.get(&changed) {
                self.dirty[*part] = true;
            }
        }
        self.selected = building;
    }

    /// The depth of water at buildings [m]; replaces all earlier ones.
    pub fn set_depths(&mut self, depths: impl Iterator<Item = (u32, f32)>) {
        let old = std::mem::take(&mut self.depths);
        self.depths = depths.filter(|(_, d)| *d >= FLOODED[0].0).collect();
        for building in old.keys().chain(self.depths.keys()) {
            if old.get(building) != self.depths.get(building)
                && let Some((part, _)) = self.places.get(building)
            {
                self.dirty[*part] = true;
            }
        }
    }

    /// The box around a building, local metres.
    pub fn bounds(&self, building: u32) -> Option<([f32; 3], [f32; 3])> {
        let (part, slot) = self.places.get(&building)?;
        Some(self.parts[*part].boxes[*slot]).filter(|b| b.0[0] <= b.1[0])
    }

    /// The mesh of a chunk in its present colours.
    pub fn mesh(&self, number: usize) -> CityMesh {
        let Part { chunk, boxes, .. } = &self.parts[number];
        let mut mesh = CityMesh {
            positions: Vec::with_capacity(chunk.positions.len()),
            normals: Vec::with_capacity(chunk.positions.len()),
            colours: vec![[0; 4]; chunk.positions.len()],
            indices: chunk.triangles.iter().flatten().copied().collect(),
        };
        for (i, normal) in chunk.normals.iter().enumerate() {
            mesh.positions
                .push(render_from_local(position(chunk, i as u32)));
            let unit = normal.map(|v| f32::from(v) / 127.0);
            mesh.normals.push(packed_normal_from_local(unit));
        }
        for (slot, building) in chunk.buildings.iter().enumerate() {
            let [r, g, b] = self.colour(building.building.0);
            let foot = boxes[slot].0[2];
            for corner in triangles_of(chunk, slot).flatten() {
                let above = mesh.positions[corner as usize][1] - foot;
                mesh.colours[corner as usize] = [r, g, b, (above * 10.0).clamp(0.0, 255.0) as u8];
            }
        }
        mesh
    }

    fn colour(&self, building: u32) -> [u8; 3] {
        if self.selected == Some(building) {
            return SELECTED;
        }
        let depth = self.depths.get(&building).copied().unwrap_or(0.0);
        if let Some((_, colour)) = FLOODED.iter().rev().find(|(from, _)| depth >= *from) {
            return *colour;
        }
        // Neighbours differ a little; a multiplicative hash has no pattern that an eye would find.
        let hash = building.wrapping_mul(2_654_435_761) >> 16;
        PLAIN[hash as usize % PLAIN.len()]
    }

    /// The first building that a ray meets, and the distance in lengths of `direction`.
    pub fn ray(&self, origin: [f64; 3], direction: [f64; 3]) -> Option<(u32, f64)> {
        let mut nearest: Option<(u32, f64)> = None;
        for part in &self.parts {
            if !meets(&part.bounds, origin, direction, nearest) {
                continue;
            }
            for (slot, bounds) in part.boxes.iter().enumerate() {
                if !meets(bounds, origin, direction, nearest) {
                    continue;
                }
                for triangle in triangles_of(&part.chunk, slot) {
                    let corners = triangle.map(|i| position(&part.chunk, i).map(f64::from));
                    if let Some(t) = ray_triangle(origin, direction, corners)
                        && nearest.is_none_or(|(_, best)| t < best)
                    {
                        nearest = Some((part.chunk.buildings[slot].building.0, t));
                    }
                }
            }
        }
        nearest
    }
}

const EMPTY: Box3 = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);

fn grow(box3: &mut Box3, p: [f32; 3]) {
    for k in 0..3 {
        box3.0[k] = box3.0[k].min(p[k]);
        box3.1[k] = box3.1[k].max(p[k]);
    }
}

fn triangles_of(chunk: &CityChunk, slot: usize) -> impl Iterator<Item = [u32; 3]> + '_ {
    let building = chunk.buildings[slot];
    let first = building.first_triangle as usize;
    chunk.triangles[first..first + building.n_triangles as usize]
        .iter()
        .copied()
}

fn position(chunk: &CityChunk, vertex: u32) -> [f32; 3] {
    let steps = chunk.positions[vertex as usize];
    [0, 1, 2].map(|k| chunk.origin[k] + f32::from(steps[k]) * chunk.step)
}

/// Whether a ray meets a box before what it has met already.
fn meets(
    bounds: &Box3,
    origin: [f64; 3],
    direction: [f64; 3],
    nearest: Option<(u32, f64)>,
) -> bool {
    let (mut near, mut far) = (0.0_f64, nearest.map_or(f64::INFINITY, |(_, t)| t));
    for k in 0..3 {
        let (low, high) = (f64::from(bounds.0[k]), f64::from(bounds.1[k]));
        if direction[k] == 0.0 {
            if origin[k] < low || origin[k] > high {
                return false;
            }
            continue;
        }
        let a = (low - origin[k]) / direction[k];
        let b = (high - origin[k]) / direction[k];
        near = near.max(a.min(b));
        far = far.min(a.max(b));
    }
    near <= far
}

/// Distance at which a ray crosses a triangle from either side, in lengths of `direction`.
///
/// Source: Möller & Trumbore (1997), Journal of Graphics Tools 2(1), 21–28.
fn ray_triangle(origin: [f64; 3], direction: [f64; 3], corners: [[f64; 3]; 3]) -> Option<f64> {
    let minus = |a: [f64; 3], b: [f64; 3]| [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    let cross = |a: [f64; 3], b: [f64; 3]| {
        [
            a[1] * b[2] - a[2] * b[1],
            a[2] * b[0] - a[0] * b[2],
            a[0] * b[1] - a[1] * b[0],
        ]
    };
    let (e1, e2) = (minus(corners[1], corners[0]), minus(corners[2], corners[0]));
    let p = cross(direction, e2);
    let determinant = dot(e1, p);
    if determinant == 0.0 {
        return None;
    }
    let s = minus(origin, corners[0]);
    let u = dot(s, p) / determinant;
    let q = cross(s, e1);
    let v = dot(direction, q) / determinant;
    let t = dot(e2, q) / determinant;
    (u >= 0.0 && v >= 0.0 && u + v <= 1.0 && t > 0.0).then_some(t)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stormgrid_core::ids::FeatureIdx;
    use stormgrid_core::mesh::extrude;
    use stormgrid_formats::chunk::city_chunk;

    fn city() -> City {
        let square = |x: f64, y: f64| {
            geo::MultiPolygon::new(vec![
                geo::Rect::new((x, y), (x + 10.0, y + 10.0)).to_polygon(),
            ])
        };
        let meshes = [
            extrude(&square(0.0, 0.0), 1.0, 21.0),
            extrude(&square(40.0, 0.0), 2.0, 8.0),
        ];
        let mut city = City::default();
        let chunk = city_chunk(&[(FeatureIdx(7), &meshes[0]), (FeatureIdx(9), &meshes[1])]);
        city.add(chunk).expect("sane");
        city
    }

    #[test]
    fn a_ray_finds_the_nearer_of_two_buildings() {
        let city = city();
        let (hit, t) = city.ray([-50.0, 5.0, 5.0], [2.0, 0.0, 0.0]).expect("hits");
        assert_eq!(hit, 7);
        assert!((t - 25.0).abs() < 0.01);
        let over = city.ray([-50.0, 5.0, 80.0], [95.0, 0.0, -75.0]);
        assert_eq!(over.expect("hits").0, 9);
        assert!(city.ray([-50.0, 5.0, 40.0], [1.0, 0.0, 0.0]).is_none());
    }

    #[test]
    fn selection_and_water_change_colours_of_their_building_only() {
        let mut city = city();
        assert_eq!(city.take_dirty(), [0]);
        let plain = city.mesh(0);
        city.select(Some(9));
        city.set_depths([(7, 0.7), (9, 0.05)].into_iter());
        assert_eq!(city.take_dirty(), [0]);
        let mesh = city.mesh(0);
        let colours: std::collections::BTreeSet<[u8; 3]> =
            mesh.colours.iter().map(|c| [c[0], c[1], c[2]]).collect();
        assert_eq!(colours, [SELECTED, FLOODED[1].1].into_iter().collect());
        city.select(None);
        city.set_depths(std::iter::empty());
        assert_eq!(city.mesh(0), plain);
    }

    #[test]
    fn boxes_hold_their_buildings() {
        let (low, high) = city().bounds(9).expect("known");
        assert!((low[0] - 40.0).abs() < 0.01 && (high[2] - 8.0).abs() < 0.01);
        assert!(city().bounds(8).is_none());
    }
}
