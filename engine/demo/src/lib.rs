//! The synthetic demo twin of Jianghai: a made-up delta city with the real district's counts.
//!
//! [`generate`] writes the folder that `stormgrid demo` loads: terrain, buildings, grids, assets,
//! the manifest and the forecast's inputs. Names of villages and communities, the storm's track and
//! the tide are real; ground, water, streets, houses and people are not, and every layer says so.
//!
//! # How it is made
//!
//! The city is drawn on a flat *sheet* whose streets run along two axes, then the sheet is bent into
//! the site frame (module `warp`). On the sheet everything is a rectangle, a straight line or a
//! function of the place: the partition into streets, villages, grids and units cuts rectangles
//! (`partition`), cuts become roads and canals (`landuse`), these are joined to a
//! network with banks and bridges (`streets`), blocks become lots and houses
//! (`buildings`), and the ground is a sum of plain, hills, dikes, beds and pads (`ground`). What
//! tiles the sheet tiles the ground exactly, because a node has one position for all polygons that
//! share it (`coverage`).
//!
//! # Conventions
//!
//! Same seed, same bytes: numbers come from SplitMix64 streams, one for each purpose; nothing
//! depends on threads, hash order or the clock. Heights are metres above the datum (mean sea level
//! of the tide station), positions in files lie on a lattice of 10⁻⁹ degrees or millimetres.
//!
//! # What is left out
//!
//! Pipes and drains, culverts under embankments, roofs other than flat ones; a bridge is a road whose deck
//! has a height, not a body in the ground.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test may stop where it is surprised")
)]

mod assets;
mod buildings;
mod citymodel;
mod coverage;
mod folder;
mod ground;
mod landuse;
mod layers;
mod model;
mod names;
mod parklayers;
mod parks;
mod partition;
mod place;
mod plan;
mod rng;
mod streets;
mod territory;
#[cfg(test)]
mod tests;
mod texts;
mod warp;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::RasterError;
use stormgrid_crs::CrsError;
use stormgrid_formats::FormatError;

pub use folder::WrittenFile;

/// What to make.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoOptions {
    /// Seed of all random choices; another seed makes another city with the same counts.
    pub seed: u64,
    /// Cell of the terrain rasters, 1 to 100 [m].
    pub cell_size_m: f64,
}

impl Default for DemoOptions {
    /// The city that `stormgrid demo` shows: 5 m ground.
    fn default() -> Self {
        Self {
            seed: 20_170_823,
            cell_size_m: 5.0,
        }
    }
}

/// What was made.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoReport {
    /// Area of the district on the ellipsoid [m²].
    pub area_m2: f64,
    /// Features of each GeoJSON layer, by path.
    pub features: BTreeMap<String, usize>,
    /// Buildings.
    pub buildings: usize,
    /// People who live in them.
    pub people: u64,
    /// Households.
    pub households: u64,
    /// Cells of the terrain raster with ground.
    pub ground_cells: usize,
    /// All files, in the order of writing.
    pub files: Vec<WrittenFile>,
    /// SHA-256 over the files' paths and digests, lower-case hexadecimal: one value for the twin.
    pub digest: String,
}

/// Why no twin was made. Its text is one sentence.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.message())]
pub enum DemoError {
    /// The cell size is not usable.
    CellSize {
        /// Cell size asked for [m].
        cell_size_m: f64,
    },
    /// The folder has something in it.
    Occupied {
        /// The folder.
        dir: PathBuf,
    },
    /// The path does not end in a folder's name.
    NoName {
        /// The path.
        dir: PathBuf,
    },
    /// The file system refuses.
    File {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A place could not be projected.
    Projection(#[from] CrsError),
    /// The terrain raster cannot be made.
    Raster(#[from] RasterError),
    /// A file's content could not be put together.
    Format(#[from] FormatError),
}

impl DemoError {
    fn at(path: &Path, source: std::io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }

    /// The sentence, for both languages.
    pub fn message(&self) -> Message {
        match self {
            Self::CellSize { cell_size_m } => message!(
                "fault.demo.cell",
                "a terrain cell of {size} m is not possible; give 1 to 100 m",
                size = *cell_size_m
            ),
            Self::Occupied { dir } => message!(
                "fault.demo.occupied",
                "{path} is not empty, so no demo twin is written there; remove it or name another folder",
                path = dir.display().to_string()
            ),
            Self::NoName { dir } => message!(
                "fault.demo.no_name",
                "'{path}' names no folder; give a path that ends in the new folder's name",
                path = dir.display().to_string()
            ),
            Self::File { path, source } => message!(
                "fault.demo.file",
                "{path} cannot be written ({reason}); check permissions and free space",
                path = path.display().to_string(),
                reason = Message::english(source)
            ),
            Self::Projection(error) => message!(
                "fault.demo.projection",
                "a place of the demo city could not be projected: {problem}",
                problem = error.message()
            ),
            Self::Raster(error) => message!(
                "fault.demo.raster",
                "the demo's terrain cannot be made: {problem}",
                problem = Message::english(error)
            ),
            Self::Format(error) => message!(
                "fault.demo.format",
                "a file of the demo could not be written: {problem}",
                problem = error.message()
            ),
        }
    }
}

/// Makes the demo twin and writes it to `dir`, which must be new or empty.
///
/// The folder appears whole or not at all: files are written to a sibling folder that is renamed at
/// the end and removed on failure. Takes a few seconds.
pub fn generate(dir: &Path, options: &DemoOptions) -> Result<DemoReport, DemoError> {
    if !(1.0..=100.0).contains(&options.cell_size_m) {
        return Err(DemoError::CellSize {
            cell_size_m: options.cell_size_m,
        });
    }
    let folder = folder::FolderInMaking::new(dir)?;
    let city = model::make(options)?;
    write::write(folder, &city, options)
}
