//! Binary messages from the server to the viewer. Little endian; lengths in bytes.
//!
//! # Terrain, `SGT1`
//!
//! | at | what |
//! |--:|---|
//! | 0 | `SGT1` |
//! | 4 | u32 columns, u32 rows |
//! | 12 | f32 west, f32 north: edges in local metres; f32 cell size [m] |
//! | 24 | f32 lowest height [m], f32 height of one step [m] |
//! | 32 | u16 heights in steps, row by row from the north-west; 65535 is no data |
//!
//! # City, `SGC1`
//!
//! | at | what |
//! |--:|---|
//! | 0 | `SGC1` |
//! | 4 | f32 × 3 origin in local metres; f32 metres a step |
//! | 20 | u32 buildings b, u32 vertices v, u32 triangles t |
//! | 32 | b × (u32 index of the building in the city, u32 first triangle, u32 triangles) |
//! | | v × u16 × 3 position in steps |
//! | | v × i8 × 3 normal in 127ths |
//! | | t × u32 × 3 vertices |
//!
//! # Water, `SGW1`
//!
//! | at | what |
//! |--:|---|
//! | 0 | `SGW1` |
//! | 4 | u32 columns, u32 rows |
//! | 12 | f32 west, f32 north, f32 cell size, local metres |
//! | 24 | f64 seconds after the run's start |
//! | 32 | i16 water level [cm], row by row from the north-west; −32768 is dry |
//! | | u16 depth [cm]; 0 is dry |
//! | | where known: a bit a cell, the lowest of each byte first; 1 is a river, pond or canal, whose depth is no flood |

use stormgrid_core::ids::FeatureIdx;
use stormgrid_core::mesh::TriangleMesh;
use stormgrid_core::raster::{Raster, RasterError, RasterGeometry};

/// A dry cell in the levels of a frame.
pub const DRY: i16 = i16::MIN;
/// A cell without height in a terrain.
const NO_HEIGHT: u16 = u16::MAX;

/// Bytes that are no message.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChunkError {
    /// Another message, or none.
    #[error("these bytes are no {expected} message")]
    Magic {
        /// What was expected.
        expected: &'static str,
    },
    /// Fewer or more bytes than the header declares.
    #[error("the {kind} message declares {declared} bytes and has {found}")]
    Length {
        /// Which message.
        kind: &'static str,
        /// Bytes declared.
        declared: u64,
        /// Bytes found.
        found: usize,
    },
    /// An index beyond its table.
    #[error("the city message points beyond its {table}")]
    Index {
        /// Which table.
        table: &'static str,
    },
    /// Cells that cannot be.
    #[error(transparent)]
    Raster(#[from] RasterError),
}

/// Water at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct WaterFrame {
    /// Where the cells lie, in local metres.
    pub geometry: RasterGeometry,
    /// Seconds after the run's start.
    pub time_s: f64,
    /// Water level [cm], [`DRY`] where there is none.
    pub level_cm: Vec<i16>,
    /// Depth [cm], 0 where there is none.
    pub depth_cm: Vec<u16>,
    /// Cells that are rivers, ponds and canals: their depth is no flood. Empty where that is not known.
    pub permanent: Vec<bool>,
}

/// Buildings of one part of the city, flat-shaded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CityChunk {
    /// Local metres of the position (0, 0, 0).
    pub origin: [f32; 3],
    /// Metres a step.
    pub step: f32,
    /// The buildings and their triangles.
    pub buildings: Vec<ChunkBuilding>,
    /// Vertices in steps.
    pub positions: Vec<[u16; 3]>,
    /// Normals in 127ths.
    pub normals: Vec<[i8; 3]>,
    /// Vertices of the triangles, counter-clockwise from outside.
    pub triangles: Vec<[u32; 3]>,
}

/// A building of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkBuilding {
    /// Its position in the city.
    pub building: FeatureIdx,
    /// Its first triangle.
    pub first_triangle: u32,
    /// How many triangles it has.
    pub n_triangles: u32,
}

/// Writes a terrain. Heights are rounded to 65 534 steps between the lowest and the highest.
pub fn encode_terrain(raster: &Raster<f32>) -> Vec<u8> {
    let g = raster.geometry();
    let finite = raster.values().iter().copied().filter(|v| v.is_finite());
    let (low, high) = finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), v| {
        (l.min(v), h.max(v))
    });
    let low = if low.is_finite() { low } else { 0.0 };
    let step = ((high - low) / 65_534.0).max(1e-6);
    let step = if step.is_finite() { step } else { 1.0 };
    let mut out = Vec::with_capacity(32 + 2 * g.n_cells());
    out.extend_from_slice(b"SGT1");
    put_cells(&mut out, g);
    out.extend_from_slice(&low.to_le_bytes());
    out.extend_from_slice(&step.to_le_bytes());
    for value in raster.values() {
        let steps = if value.is_finite() {
            ((value - low) / step).round().min(65_534.0) as u16
        } else {
            NO_HEIGHT
        };
        out.extend_from_slice(&steps.to_le_bytes());
    }
    out
}

/// Reads a terrain; NaN where it has no height.
pub fn decode_terrain(bytes: &[u8]) -> Result<Raster<f32>, ChunkError> {
    let mut reader = Reader::new(bytes, b"SGT1", "SGT1")?;
    let geometry = reader.cells()?;
    let (low, step) = (reader.f32()?, reader.f32()?);
    reader.expect(geometry.n_cells() as u64 * 2)?;
    let values = reader
        .rest()
        .chunks_exact(2)
        .map(|b| match u16::from_le_bytes([b[0], b[1]]) {
            NO_HEIGHT => f32::NAN,
            steps => low + f32::from(steps) * step,
        });
    Ok(Raster::new(geometry, values.collect())?)
}

/// Writes a frame of water.
pub fn encode_water(frame: &WaterFrame) -> Vec<u8> {
    let mut out = Vec::with_capacity(32 + 4 * frame.level_cm.len());
    out.extend_from_slice(b"SGW1");
    put_cells(&mut out, &frame.geometry);
    out.extend_from_slice(&frame.time_s.to_le_bytes());
    out.extend(frame.level_cm.iter().flat_map(|v| v.to_le_bytes()));
    out.extend(frame.depth_cm.iter().flat_map(|v| v.to_le_bytes()));
    let bits = |cells: &[bool]| {
        let ones = cells.iter().enumerate().filter(|(_, water)| **water);
        ones.fold(0_u8, |byte, (k, _)| byte | 1 << k)
    };
    out.extend(frame.permanent.chunks(8).map(bits));
    out
}

/// Reads a frame of water.
pub fn decode_water(bytes: &[u8]) -> Result<WaterFrame, ChunkError> {
    let mut reader = Reader::new(bytes, b"SGW1", "SGW1")?;
    let geometry = reader.cells()?;
    let time_s = f64::from_le_bytes(reader.take::<8>()?);
    let n = geometry.n_cells();
    let with_bits = n * 4 + n.div_ceil(8);
    if reader.rest().len() != with_bits {
        reader.expect(n as u64 * 4)?;
    }
    let (levels, rest) = reader.rest().split_at(2 * n);
    let (depths, bits) = rest.split_at(2 * n);
    let known = if bits.is_empty() { 0 } else { n };
    Ok(WaterFrame {
        permanent: (0..known)
            .map(|i| bits[i / 8] >> (i % 8) & 1 == 1)
            .collect(),
        geometry,
        time_s,
        level_cm: levels
            .chunks_exact(2)
            .map(|b| i16::from_le_bytes([b[0], b[1]]))
            .collect(),
        depth_cm: depths
            .chunks_exact(2)
            .map(|b| u16::from_le_bytes([b[0], b[1]]))
            .collect(),
    })
}

/// Writes a part of the city.
pub fn encode_city(chunk: &CityChunk) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(b"SGC1");
    for value in chunk.origin.iter().chain([&chunk.step]) {
        out.extend_from_slice(&value.to_le_bytes());
    }
    for count in [
        chunk.buildings.len(),
        chunk.positions.len(),
        chunk.triangles.len(),
    ] {
        out.extend_from_slice(&(count as u32).to_le_bytes());
    }
    for b in &chunk.buildings {
        for value in [b.building.0, b.first_triangle, b.n_triangles] {
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
    out.extend(
        chunk
            .positions
            .iter()
            .flatten()
            .flat_map(|v| v.to_le_bytes()),
    );
    out.extend(chunk.normals.iter().flatten().map(|v| *v as u8));
    out.extend(
        chunk
            .triangles
            .iter()
            .flatten()
            .flat_map(|v| v.to_le_bytes()),
    );
    out
}

/// Reads a part of the city; every index is checked.
pub fn decode_city(bytes: &[u8]) -> Result<CityChunk, ChunkError> {
    let mut reader = Reader::new(bytes, b"SGC1", "SGC1")?;
    let origin = [reader.f32()?, reader.f32()?, reader.f32()?];
    let step = reader.f32()?;
    let [b, v, t] = [reader.u32()?, reader.u32()?, reader.u32()?].map(|n| n as usize);
    reader.expect(b as u64 * 12 + v as u64 * 9 + t as u64 * 12)?;
    let (table, rest) = reader.rest().split_at(b * 12);
    let (positions, rest) = rest.split_at(v * 6);
    let (normals, triangles) = rest.split_at(v * 3);
    let words = |bytes: &[u8]| -> Vec<[u32; 3]> {
        let word = |b: &[u8]| u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        bytes
            .chunks_exact(12)
            .map(|b| [word(b), word(&b[4..]), word(&b[8..])])
            .collect()
    };
    let chunk = CityChunk {
        origin,
        step,
        buildings: words(table)
            .into_iter()
            .map(|[building, first_triangle, n_triangles]| ChunkBuilding {
                building: FeatureIdx(building),
                first_triangle,
                n_triangles,
            })
            .collect(),
        positions: positions
            .chunks_exact(6)
            .map(|b| [0, 2, 4].map(|k| u16::from_le_bytes([b[k], b[k + 1]])))
            .collect(),
        normals: normals
            .chunks_exact(3)
            .map(|b| [b[0] as i8, b[1] as i8, b[2] as i8])
            .collect(),
        triangles: words(triangles),
    };
    if chunk.triangles.iter().flatten().any(|i| *i as usize >= v) {
        return Err(ChunkError::Index { table: "vertices" });
    }
    let beyond =
        |b: &ChunkBuilding| u64::from(b.first_triangle) + u64::from(b.n_triangles) > t as u64;
    if chunk.buildings.iter().any(beyond) {
        return Err(ChunkError::Index { table: "triangles" });
    }
    Ok(chunk)
}

/// Finest step of a chunk [m]; chunks above 655 m a side take a coarser one.
const FINEST_STEP: f64 = 0.01;

/// Binds the meshes of some buildings into one chunk, with a vertex of its own for every corner of
/// every triangle's plane, so that walls and roofs are shaded flat. Local metres.
pub fn city_chunk(buildings: &[(FeatureIdx, &TriangleMesh)]) -> CityChunk {
    let bounds = buildings
        .iter()
        .filter_map(|(_, mesh)| mesh.bounds())
        .reduce(|a, b| {
            let mut joined = a;
            for axis in 0..3 {
                joined.0[axis] = joined.0[axis].min(b.0[axis]);
                joined.1[axis] = joined.1[axis].max(b.1[axis]);
            }
            joined
        });
    let Some((low, high)) = bounds else {
        return CityChunk {
            step: 1.0,
            ..CityChunk::default()
        };
    };
    let extent = (0..3)
        .map(|axis| high[axis] - low[axis])
        .fold(0.0, f64::max);
    let step = (extent / 65_535.0).max(FINEST_STEP) as f32;
    let origin = low.map(|v| v as f32);
    let mut chunk = CityChunk {
        origin,
        step,
        ..CityChunk::default()
    };
    for (building, mesh) in buildings {
        let first_triangle = chunk.triangles.len() as u32;
        for triangle in &mesh.triangles {
            chunk.push(triangle.map(|i| mesh.positions[i as usize]));
        }
        let n_triangles = chunk.triangles.len() as u32 - first_triangle;
        chunk.buildings.push(ChunkBuilding {
            building: *building,
            first_triangle,
            n_triangles,
        });
    }
    chunk
}

impl CityChunk {
    fn push(&mut self, corners: [[f64; 3]; 3]) {
        let normal = stormgrid_core::mesh::newell_normal(&corners);
        let length = normal.iter().map(|v| v * v).sum::<f64>().sqrt();
        if length <= 0.0 {
            return;
        }
        let normal = normal.map(|v| (v / length * 127.0).round() as i8);
        let quantised = corners.map(|c| {
            let mut q = [0; 3];
            for axis in 0..3 {
                let steps = (c[axis] - f64::from(self.origin[axis])) / f64::from(self.step);
                q[axis] = steps.round().clamp(0.0, 65_535.0) as u16;
            }
            q
        });
        // Faces come as fans: the last few vertices are where the shared ones are.
        let recent = self.positions.len().saturating_sub(8);
        let indices = quantised.map(|position| {
            let known = (recent..self.positions.len())
                .find(|&i| self.positions[i] == position && self.normals[i] == normal);
            known.unwrap_or_else(|| {
                self.positions.push(position);
                self.normals.push(normal);
                self.positions.len() - 1
            }) as u32
        });
        self.triangles.push(indices);
    }

    /// The box around the chunk in local metres, `None` if it is empty.
    pub fn bounds(&self) -> Option<([f32; 3], [f32; 3])> {
        let first = *self.positions.first()?;
        let (low, high) = self
            .positions
            .iter()
            .fold((first, first), |(mut l, mut h), p| {
                for axis in 0..3 {
                    l[axis] = l[axis].min(p[axis]);
                    h[axis] = h[axis].max(p[axis]);
                }
                (l, h)
            });
        let metres = |p: [u16; 3]| {
            let mut m = self.origin;
            for axis in 0..3 {
                m[axis] += f32::from(p[axis]) * self.step;
            }
            m
        };
        Some((metres(low), metres(high)))
    }
}

fn put_cells(out: &mut Vec<u8>, g: &RasterGeometry) {
    out.extend_from_slice(&(g.n_cols as u32).to_le_bytes());
    out.extend_from_slice(&(g.n_rows as u32).to_le_bytes());
    for value in [g.west, g.north, g.dx] {
        out.extend_from_slice(&(value as f32).to_le_bytes());
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    kind: &'static str,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], magic: &[u8; 4], kind: &'static str) -> Result<Self, ChunkError> {
        if bytes.starts_with(magic) {
            Ok(Self { bytes, at: 4, kind })
        } else {
            Err(ChunkError::Magic { expected: kind })
        }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], ChunkError> {
        let slice = self
            .bytes
            .get(self.at..self.at + N)
            .ok_or(ChunkError::Length {
                kind: self.kind,
                declared: (self.at + N) as u64,
                found: self.bytes.len(),
            })?;
        self.at += N;
        let mut array = [0; N];
        array.copy_from_slice(slice);
        Ok(array)
    }

    fn u32(&mut self) -> Result<u32, ChunkError> {
        Ok(u32::from_le_bytes(self.take::<4>()?))
    }

    fn f32(&mut self) -> Result<f32, ChunkError> {
        Ok(f32::from_le_bytes(self.take::<4>()?))
    }

    fn cells(&mut self) -> Result<RasterGeometry, ChunkError> {
        let (n_cols, n_rows) = (self.u32()? as usize, self.u32()? as usize);
        let (west, north, cell) = (self.f32()?, self.f32()?, self.f32()?);
        Ok(RasterGeometry::new(
            n_cols,
            n_rows,
            west.into(),
            north.into(),
            cell.into(),
            cell.into(),
        )?)
    }

    /// Checks that exactly this much follows.
    fn expect(&self, length: u64) -> Result<(), ChunkError> {
        if self.rest().len() as u64 == length {
            Ok(())
        } else {
            Err(ChunkError::Length {
                kind: self.kind,
                declared: self.at as u64 + length,
                found: self.bytes.len(),
            })
        }
    }

    fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }
}

#[cfg(test)]
mod tests {
    use geo::{MultiPolygon, polygon};
    use proptest::prelude::*;
    use stormgrid_core::mesh::extrude;

    use super::*;

    fn geometry() -> RasterGeometry {
        RasterGeometry::new(5, 4, -100.0, 60.0, 20.0, 20.0).expect("valid")
    }

    fn house() -> TriangleMesh {
        let footprint = polygon![(x: 400.0, y: -250.0), (x: 412.0, y: -250.0), (x: 412.0, y: -240.0), (x: 400.0, y: -240.0)];
        extrude(&MultiPolygon::new(vec![footprint]), 2.5, 14.5)
    }

    #[test]
    fn terrain_survives_within_half_a_step() {
        let mut raster = Raster::from_fn(geometry(), |r, c| (r as f32 - 1.5) * 40.0 + c as f32);
        raster.set(2, 2, f32::NAN);
        let again = decode_terrain(&encode_terrain(&raster)).expect("own bytes");
        assert_eq!(again.geometry(), raster.geometry());
        for (a, b) in raster.values().iter().zip(again.values()) {
            assert!(
                (a.is_nan() && b.is_nan()) || (a - b).abs() < 2e-3,
                "{a} {b}"
            );
        }
    }

    #[test]
    fn water_survives_exactly() {
        let frame = WaterFrame {
            geometry: geometry(),
            time_s: 5400.0,
            level_cm: (0..20)
                .map(|i| if i % 3 == 0 { DRY } else { i * 11 - 40 })
                .collect(),
            depth_cm: (0..20).map(|i| if i % 3 == 0 { 0 } else { i }).collect(),
            permanent: Vec::new(),
        };
        let told = WaterFrame {
            permanent: (0..20).map(|i| i % 7 == 2).collect(),
            ..frame.clone()
        };
        let bytes = encode_water(&told);
        assert!(decode_water(&bytes[..bytes.len() - 1]).is_err());
        assert_eq!(decode_water(&bytes), Ok(told));
        assert_eq!(decode_water(&encode_water(&frame)), Ok(frame));
    }

    #[test]
    fn a_house_has_four_vertices_a_face() {
        let mesh = house();
        let chunk = city_chunk(&[(FeatureIdx(7), &mesh)]);
        assert_eq!((chunk.triangles.len(), chunk.positions.len()), (12, 24));
        let (low, high) = chunk.bounds().expect("not empty");
        assert!((low[0] - 400.0).abs() < 0.01 && (high[2] - 14.5).abs() < 0.01);
        let again = decode_city(&encode_city(&chunk)).expect("own bytes");
        assert_eq!(again, chunk);
        assert_eq!(again.buildings[0].building, FeatureIdx(7));
    }

    #[test]
    fn indices_beyond_their_table_are_refused() {
        let mut chunk = city_chunk(&[(FeatureIdx(0), &house())]);
        chunk.triangles[3][1] = 24;
        assert_eq!(
            decode_city(&encode_city(&chunk)),
            Err(ChunkError::Index { table: "vertices" })
        );
        chunk.triangles[3][1] = 0;
        chunk.buildings[0].n_triangles = 13;
        assert_eq!(
            decode_city(&encode_city(&chunk)),
            Err(ChunkError::Index { table: "triangles" })
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(kind in 0..4_usize, tail in prop::collection::vec(any::<u8>(), 0..120)) {
            let mut bytes = [&b"SGT1"[..], b"SGC1", b"SGW1", b""][kind].to_vec();
            bytes.extend(tail);
            let _ = decode_terrain(&bytes);
            let _ = decode_water(&bytes);
            let _ = decode_city(&bytes);
        }

        #[test]
        fn a_cut_or_changed_message_never_panics(cut in 0..500_usize, at in 0..500_usize, byte in any::<u8>()) {
            let mut bytes = encode_city(&city_chunk(&[(FeatureIdx(0), &house())]));
            let at = at % bytes.len();
            bytes[at] = byte;
            bytes.truncate(bytes.len().saturating_sub(cut % 60));
            let _ = decode_city(&bytes);
        }
    }
}
