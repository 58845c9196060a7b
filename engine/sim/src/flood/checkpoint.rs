//! A run set down in bytes and taken up again, bit by bit.
//!
//! A checkpoint holds what changes during a run; ground, forcing and structures come from the setup
//! again. Little-endian: magic, SHA-256 of the ground, state, SHA-256 of all before it.

use sha2::{Digest, Sha256};

use super::error::FloodError;
use super::infiltration::Soil;
use super::params::Setup;
use super::report::Stats;
use super::run::Flood;
use super::state::{Booked, Tile};

const MAGIC: &[u8; 8] = b"SGCKPT3\n";
const HASH: usize = 32;

/// Takes numbers out of the state or puts them into it, in one order for both.
trait Archive {
    fn bytes<const N: usize>(&mut self, value: [u8; N]) -> Result<[u8; N], FloodError>;

    fn f64(&mut self, value: &mut f64) -> Result<(), FloodError> {
        *value = f64::from_le_bytes(self.bytes(value.to_le_bytes())?);
        Ok(())
    }

    fn u64(&mut self, value: &mut u64) -> Result<(), FloodError> {
        *value = u64::from_le_bytes(self.bytes(value.to_le_bytes())?);
        Ok(())
    }

    fn u32(&mut self, value: &mut u32) -> Result<(), FloodError> {
        *value = u32::from_le_bytes(self.bytes(value.to_le_bytes())?);
        Ok(())
    }

    fn f32(&mut self, value: &mut f32) -> Result<(), FloodError> {
        *value = f32::from_le_bytes(self.bytes(value.to_le_bytes())?);
        Ok(())
    }

    fn u8(&mut self, value: &mut u8) -> Result<(), FloodError> {
        [*value] = self.bytes([*value])?;
        Ok(())
    }

    fn flag(&mut self, value: &mut bool) -> Result<(), FloodError> {
        *value = self.bytes([u8::from(*value)])? != [0];
        Ok(())
    }

    fn f32s(&mut self, values: &mut [f32]) -> Result<(), FloodError> {
        values.iter_mut().try_for_each(|value| self.f32(value))
    }

    fn u16s(&mut self, values: &mut [u16]) -> Result<(), FloodError> {
        values.iter_mut().try_for_each(|value| {
            *value = u16::from_le_bytes(self.bytes(value.to_le_bytes())?);
            Ok(())
        })
    }

    fn f64s(&mut self, values: &mut [f64]) -> Result<(), FloodError> {
        values.iter_mut().try_for_each(|value| self.f64(value))
    }
}

struct Writer(Vec<u8>);

impl Archive for Writer {
    fn bytes<const N: usize>(&mut self, value: [u8; N]) -> Result<[u8; N], FloodError> {
        self.0.extend_from_slice(&value);
        Ok(value)
    }
}

struct Reader<'a>(&'a [u8]);

impl Archive for Reader<'_> {
    fn bytes<const N: usize>(&mut self, _: [u8; N]) -> Result<[u8; N], FloodError> {
        let (value, rest) = self.0.split_first_chunk().ok_or(unusable(SHORT))?;
        self.0 = rest;
        Ok(*value)
    }
}

const SHORT: &str = "it ends too early; take an earlier one";

fn unusable(cause: &'static str) -> FloodError {
    FloodError::Checkpoint { cause }
}

impl Flood {
    /// The run as it is between two calls to advance.
    pub fn checkpoint(&mut self) -> Vec<u8> {
        let mut writer = Writer(MAGIC.to_vec());
        writer.0.extend_from_slice(&self.ground_hash());
        self.pass(&mut writer)
            .expect("writing into memory does not fail");
        let hash = Sha256::digest(&writer.0);
        writer.0.extend_from_slice(&hash);
        writer.0
    }

    /// Goes on from a checkpoint of a run of the same setup; the flood is then bit by bit that of
    /// the unbroken run, on any number of threads.
    ///
    /// # Errors
    ///
    /// Those of [`Flood::new`], and a checkpoint that is damaged or of another ground or scheme.
    pub fn resume(setup: Setup, checkpoint: &[u8]) -> Result<Self, FloodError> {
        let body = checkpoint
            .strip_prefix(MAGIC)
            .ok_or(unusable("it does not begin as one; name the right file"))?;
        let end = body.len().checked_sub(HASH).ok_or(unusable(SHORT))?;
        let (body, hash) = body.split_at(end);
        if *Sha256::digest(&checkpoint[..MAGIC.len() + end]) != *hash {
            return Err(unusable("it is damaged; take an earlier one"));
        }
        let mut flood = Self::new(setup)?;
        let (ground, state) = body.split_at_checked(HASH).ok_or(unusable(SHORT))?;
        if ground != flood.ground_hash() {
            return Err(unusable(
                "it belongs to another ground, scheme or set of sources; resume with the scenario that wrote it",
            ));
        }
        let mut reader = Reader(state);
        flood.pass(&mut reader)?;
        if !reader.0.is_empty() {
            return Err(unusable("it holds more than this scenario has"));
        }
        flood.publish_all();
        flood.resume_rain();
        Ok(flood)
    }

    /// SHA-256 of what a checkpoint must agree with.
    fn ground_hash(&self) -> [u8; HASH] {
        let mut hasher = Sha256::new();
        let g = &self.setup.domain.geometry;
        for value in [g.west, g.north, g.dx, g.dy] {
            hasher.update(value.to_le_bytes());
        }
        let lines = [
            self.setup.inflows.len(),
            self.setup.boundaries.len(),
            self.setup.structures.len(),
            self.setup.crests.len(),
        ];
        for count in [g.n_rows, g.n_cols].iter().chain(&lines) {
            hasher.update((*count as u64).to_le_bytes());
        }
        hasher.update(self.setup.options.scheme.name());
        for tile in &self.tiles {
            for value in &tile.z {
                hasher.update(value.to_le_bytes());
            }
            for value in &tile.n {
                hasher.update(value.to_le_bytes());
            }
        }
        hasher.finalize().into()
    }

    fn pass(&mut self, archive: &mut impl Archive) -> Result<(), FloodError> {
        self.pass_clock(archive)?;
        let Stats {
            open_cells: _,
            steps,
            cell_updates,
            wet_cells_max,
            threads: _,
        } = &mut self.stats;
        archive.u64(steps)?;
        archive.u64(cell_updates)?;
        archive.u64(wet_cells_max)?;
        archive.f64(&mut self.initial_m3)?;
        for tile in self.tiles.iter_mut().filter(|tile| !tile.is_land()) {
            pass_tile(tile, archive)?;
        }
        for state in self.links.states() {
            archive.flag(&mut state.on)?;
            archive.f64(&mut state.discharge)?;
            archive.f64(&mut state.under_way)?;
            archive.f64(&mut state.held)?;
            archive.f64s(&mut state.moved)?;
            archive.f64s(&mut state.crossed)?;
        }
        Ok(())
    }
}

fn pass_tile(tile: &mut Tile, archive: &mut impl Archive) -> Result<(), FloodError> {
    for plane in [&mut tile.h, &mut tile.qx, &mut tile.qy] {
        archive.f32s(plane)?;
    }
    archive.f32s(&mut tile.depth_max)?;
    for field in [
        &mut tile.rest,
        &mut tile.worst,
        &mut tile.arrival,
        &mut tile.duration,
    ] {
        archive.u16s(field)?;
    }
    archive.u8(&mut tile.still)?;
    archive.flag(&mut tile.active)?;
    archive.f32(&mut tile.h_max)?;
    archive.f32(&mut tile.slack)?;
    archive.f32(&mut tile.signal_max)?;
    for wet in &mut tile.edge_wet {
        archive.flag(wet)?;
    }
    archive.u32(&mut tile.wet_cells)?;
    archive.f64(&mut tile.rain)?;
    archive.f64(&mut tile.infiltrated)?;
    if let Some(Soil::GreenAmpt { taken, .. }) = &mut tile.soil {
        archive.f32s(taken)?;
    }
    for Booked { inward, outward } in &mut tile.booked {
        archive.f64(inward)?;
        archive.f64(outward)?;
    }
    Ok(())
}

impl Flood {
    fn pass_clock(&mut self, archive: &mut impl Archive) -> Result<(), FloodError> {
        archive.f64(&mut self.time)?;
        archive.f64(&mut self.last_look)?;
        archive.f64(&mut self.clock.tick)?;
        archive.f64(&mut self.dt_before)?;
        archive.u32(&mut self.steps_since_look)?;
        let (collected, is_wet, depths) = self.rain.state();
        archive.f64(collected)?;
        archive.flag(is_wet)?;
        depths
            .into_iter()
            .try_for_each(|depths| archive.f64s(depths))
    }

    fn publish_all(&mut self) {
        for (strips, tile) in self.strips.iter_mut().zip(&self.tiles) {
            if !tile.is_land() {
                strips.publish(tile);
            }
        }
    }
}
