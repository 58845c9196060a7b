//! A whole flood run in one binary message, for the solver in the browser.
//!
//! `SGS1`, the header's length in bytes as u32, the header as JSON (with spaces at its end up to a
//! multiple of four), then row by row from the north-west corner the bed as f32 [m] and a byte a cell:
//! position of its Manning coefficient in the header, or 255 for a building. Little-endian.
//!
//! The header is JSON so that a page can change rain, sea level or length of a run without knowing
//! the rest.

use serde::{Deserialize, Serialize};
use stormgrid_core::raster::{RasterError, RasterGeometry};
use stormgrid_core::series::{Series, SeriesError};

/// The byte of a cell that a building fills.
pub const BUILDING: u8 = u8::MAX;

/// Most cells that a message may have: what a browser's 4 GiB hold with room to spare.
pub const MOST_CELLS: usize = 16_000_000;

const MAGIC: &[u8; 4] = b"SGS1";

/// All but the cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetupHeader {
    /// Cells along x.
    pub n_cols: usize,
    /// Cells along y.
    pub n_rows: usize,
    /// Western edge [local m].
    pub west: f64,
    /// Northern edge [local m].
    pub north: f64,
    /// Width of a cell [m].
    pub dx: f64,
    /// Height of a cell [m].
    pub dy: f64,
    /// `finite_volume`, `finite_volume_2` or `local_inertial`.
    pub scheme: String,
    /// Length of the run [s].
    pub duration_s: f64,
    /// Interval of frames [s].
    pub output_interval_s: f64,
    /// Water level at the start [m]; ground above it is dry.
    pub initial_level_m: f64,
    /// Manning's coefficients that cells name [s m⁻¹ᐟ³], at most 255.
    pub manning: Vec<f64>,
    /// Rain everywhere: time [s], rate [mm h⁻¹]; empty without rain.
    pub rain_mm_h: Vec<[f64; 2]>,
    /// Cells that belong to the sea, and edges over which water leaves.
    pub boundaries: Vec<HeldCells>,
    /// Water from elsewhere.
    pub inflows: Vec<CellInflow>,
    /// Cells that have ground in a part, and that part [0 to 1].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<(u32, f64)>,
}

/// Cells with a level, or cells into which water falls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldCells {
    /// Positions of the cells.
    pub cells: Vec<u32>,
    /// Time [s], level [m]; `None` where water leaves freely.
    pub level_m: Option<Vec<[f64; 2]>>,
}

/// Water that enters through cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellInflow {
    /// Positions of the cells and their weights.
    pub cells: Vec<(u32, f64)>,
    /// Time [s], discharge [m³ s⁻¹].
    pub discharge_m3_s: Vec<[f64; 2]>,
}

/// A run, its cells included.
#[derive(Clone, Debug, PartialEq)]
pub struct SetupMessage {
    /// All but the cells.
    pub header: SetupHeader,
    /// Bed [m]; NaN outside the domain.
    pub elevation: Vec<f32>,
    /// Position of each cell's coefficient in [`SetupHeader::manning`], or [`BUILDING`].
    pub class: Vec<u8>,
}

/// Bytes that are no setup message.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SetupMessageError {
    /// Another message, or none.
    #[error("these bytes are no SGS1 message; fetch the run's setup again")]
    Magic,
    /// Fewer or more bytes than the header declares.
    #[error("the SGS1 message declares {declared} bytes and has {found}; fetch it again")]
    Length {
        /// Bytes declared.
        declared: u64,
        /// Bytes there.
        found: usize,
    },
    /// The header is no header.
    #[error("the header of the SGS1 message cannot be read: {0}")]
    Header(String),
    /// More cells than a browser holds.
    #[error(
        "the run has {cells} cells; at most {MOST_CELLS} fit into a browser: take a larger cell size"
    )]
    TooMany {
        /// Cells declared.
        cells: u64,
    },
    /// The cells lie nowhere.
    #[error("the cells of the SGS1 message: {0}")]
    Raster(#[from] RasterError),
    /// A cell names a coefficient that is not there.
    #[error("cell {cell} names Manning coefficient {class}, and the header has {known}")]
    Class {
        /// Position of the cell.
        cell: usize,
        /// What it names.
        class: u8,
        /// How many there are.
        known: usize,
    },
    /// A series of the header is none.
    #[error("{what} of the SGS1 message: {problem}")]
    Series {
        /// Which series.
        what: &'static str,
        /// What is wrong.
        problem: SeriesError,
    },
}

impl SetupHeader {
    /// Where the cells lie.
    pub fn geometry(&self) -> Result<RasterGeometry, RasterError> {
        RasterGeometry::new(
            self.n_cols,
            self.n_rows,
            self.west,
            self.north,
            self.dx,
            self.dy,
        )
    }
}

/// Pairs of time and value as a series; `what` is for messages.
pub fn series_of(what: &'static str, pairs: &[[f64; 2]]) -> Result<Series, SetupMessageError> {
    let (times, values) = pairs.iter().map(|&[time, value]| (time, value)).unzip();
    Series::new(times, values).map_err(|problem| SetupMessageError::Series { what, problem })
}

/// A series as pairs of time and value.
pub fn pairs_of(series: &Series) -> Vec<[f64; 2]> {
    let samples = series.time_s.iter().zip(&series.value);
    samples.map(|(&time, &value)| [time, value]).collect()
}

/// Writes a run.
pub fn encode_setup(message: &SetupMessage) -> Vec<u8> {
    let mut header = serde_json::to_vec(&message.header).expect("numbers and texts become JSON");
    header.resize(header.len().next_multiple_of(4), b' ');
    let n = message.elevation.len();
    let mut out = Vec::with_capacity(8 + header.len() + 5 * n);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&(header.len() as u32).to_le_bytes());
    out.extend_from_slice(&header);
    out.extend(message.elevation.iter().flat_map(|z| z.to_le_bytes()));
    out.extend_from_slice(&message.class);
    out
}

/// Reads a run. The cells are counted against the bytes before anything is allocated.
pub fn decode_setup(bytes: &[u8]) -> Result<SetupMessage, SetupMessageError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(SetupMessageError::Magic)?;
    let short = |declared: u64| SetupMessageError::Length {
        declared,
        found: bytes.len(),
    };
    let (length, rest) = rest.split_first_chunk::<4>().ok_or(short(8))?;
    let length = u32::from_le_bytes(*length) as usize;
    let (header, cells) = rest
        .split_at_checked(length)
        .ok_or(short(8 + length as u64))?;
    let header: SetupHeader =
        serde_json::from_slice(header).map_err(|e| SetupMessageError::Header(e.to_string()))?;
    let n = (header.n_cols as u64).saturating_mul(header.n_rows as u64);
    if n > MOST_CELLS as u64 {
        return Err(SetupMessageError::TooMany { cells: n });
    }
    header.geometry()?;
    let declared = 8 + length as u64 + 5 * n;
    if bytes.len() as u64 != declared {
        return Err(short(declared));
    }
    let (bed, class) = cells.split_at(4 * n as usize);
    let known = header.manning.len();
    let unknown = |class: u8| class != BUILDING && usize::from(class) >= known;
    if let Some(cell) = class.iter().position(|&class| unknown(class)) {
        let class = class[cell];
        return Err(SetupMessageError::Class { cell, class, known });
    }
    Ok(SetupMessage {
        elevation: bed
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect(),
        class: class.to_vec(),
        header,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message() -> SetupMessage {
        SetupMessage {
            header: SetupHeader {
                n_cols: 3,
                n_rows: 2,
                west: -10.0,
                north: 20.0,
                dx: 5.0,
                dy: 5.0,
                scheme: "finite_volume".into(),
                duration_s: 3600.0,
                output_interval_s: 600.0,
                initial_level_m: 0.3,
                manning: vec![0.03, 0.1],
                rain_mm_h: vec![[0.0, 50.0], [3600.0, 0.0]],
                boundaries: vec![
                    HeldCells {
                        cells: vec![0],
                        level_m: Some(vec![[0.0, 0.3]]),
                    },
                    HeldCells {
                        cells: vec![5],
                        level_m: None,
                    },
                ],
                inflows: vec![CellInflow {
                    cells: vec![(2, 1.0)],
                    discharge_m3_s: vec![[0.0, 1.5]],
                }],
                parts: Vec::new(),
            },
            elevation: vec![0.5, -1.25, 3.0, f32::INFINITY, 0.0, 7.5],
            class: vec![0, 1, BUILDING, 0, 1, 0],
        }
    }

    #[test]
    fn a_run_comes_back_as_it_was() {
        let bytes = encode_setup(&message());
        assert_eq!(decode_setup(&bytes).expect("ours"), message());
        assert_eq!((bytes.len() - 6 * 5) % 4, 0);
    }

    #[test]
    fn what_is_wrong_is_told_in_a_sentence() {
        let told = |bytes: &[u8]| decode_setup(bytes).expect_err("wrong").to_string();
        assert!(told(b"SGW1").contains("no SGS1 message"));
        let bytes = encode_setup(&message());
        assert!(told(&bytes[..bytes.len() - 1]).contains("declares"));
        assert!(told(&bytes[..7]).contains("declares 8 bytes and has 7"));
        let mut changed = message();
        changed.class[4] = 2;
        assert!(told(&encode_setup(&changed)).contains("cell 4 names Manning coefficient 2"));
        changed.header.n_cols = 1 << 40;
        assert!(told(&encode_setup(&changed)).contains("take a larger cell size"));
        let text = String::from_utf8_lossy(&bytes).replace("\"dx\"", "\"dq\"");
        assert!(told(text.as_bytes()).contains("dq"));
        let error = series_of("rain", &[[1.0, 0.0], [0.0, 0.0]]).expect_err("backwards");
        assert!(error.to_string().contains("rain of the SGS1 message"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(cut in 0_usize..400, at in 0_usize..400, value: u8) {
            let mut bytes = encode_setup(&message());
            let at = at % bytes.len();
            bytes[at] = value;
            bytes.truncate(bytes.len().saturating_sub(cut));
            let _ = decode_setup(&bytes);
        }
    }
}
