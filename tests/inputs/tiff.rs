//! A writer of GeoTIFFs in many dresses: byte order, size of offsets, strips and tiles, sample formats, masks.
//!
//! It shares no code with the reader that it tests, and writes what GDAL's documentation and the TIFF 6.0 and
//! OGC GeoTIFF 1.1 standards say.

use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};

/// How a value is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sample {
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// Signed 16-bit integer of `scale` [m], with GDAL's scale in the metadata.
    I16 { scale: f64 },
    /// Signed 32-bit integer of `scale` [m], with GDAL's scale in the metadata.
    I32 { scale: f64 },
}

/// How the cells lie in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Layout {
    /// Strips of so many rows.
    Strips(usize),
    /// Square tiles of so many cells.
    Tiles(usize),
}

/// How the place is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// A tie point and a cell size, north up.
    Scale,
    /// A tie point in the middle of the raster.
    MiddleTie,
    /// A transformation matrix, north up.
    Matrix,
    /// A transformation matrix, the southern row first.
    SouthUp,
    /// A tie point at the centre of the first cell.
    PixelIsPoint,
}

/// How cells without data are told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NoData {
    /// There is none.
    Full,
    /// A value, and the tag that names it.
    Tagged(f64),
    /// A value without a tag.
    Untagged(f64),
    /// A mask as a second image of one byte a cell, with any value under it.
    Mask,
    /// The same, a bit a cell.
    BitMask,
}

/// A raster to be written.
pub struct Dress {
    /// Whether numbers begin with their low byte.
    pub little: bool,
    /// Whether offsets have 64 bits (BigTIFF).
    pub big: bool,
    /// Deflate.
    pub packed: bool,
    /// Strips or tiles.
    pub layout: Layout,
    /// Sample format.
    pub sample: Sample,
    /// Placement.
    pub place: Place,
    /// Cells without data.
    pub no_data: NoData,
    /// WhiteIsZero, which says how grey is shown and changes no value.
    pub white_is_zero: bool,
    /// EPSG code of a projected CRS.
    pub epsg: Option<u16>,
}

impl Default for Dress {
    fn default() -> Self {
        Self {
            little: true,
            big: false,
            packed: false,
            layout: Layout::Strips(8),
            sample: Sample::F32,
            place: Place::Scale,
            no_data: NoData::Full,
            white_is_zero: false,
            epsg: Some(4547),
        }
    }
}

/// Cells with their place: row by row from the north-west; NaN where there is none.
pub struct Cells {
    /// Columns.
    pub n_cols: usize,
    /// Rows.
    pub n_rows: usize,
    /// Western edge.
    pub west: f64,
    /// Northern edge.
    pub north: f64,
    /// Side of a cell.
    pub side: f64,
    /// The values.
    pub values: Vec<f64>,
}

struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    bytes: Vec<u8>,
}

struct Writer<'a> {
    dress: &'a Dress,
    out: Vec<u8>,
}

impl Dress {
    /// The file.
    pub fn write(&self, cells: &Cells) -> Vec<u8> {
        let mut writer = Writer {
            dress: self,
            out: Vec::new(),
        };
        writer.header();
        let main = writer.image(cells);
        let mask =
            matches!(self.no_data, NoData::Mask | NoData::BitMask).then(|| writer.mask(cells));
        let link = writer.directory(&main, if self.big { 8 } else { 4 });
        if let Some(mask) = mask {
            let at = writer.append(&mask);
            writer.patch(link, at);
        }
        writer.out
    }
}

impl Writer<'_> {
    fn u16(&self, v: u16) -> Vec<u8> {
        if self.dress.little {
            v.to_le_bytes().to_vec()
        } else {
            v.to_be_bytes().to_vec()
        }
    }

    fn u32(&self, v: u32) -> Vec<u8> {
        if self.dress.little {
            v.to_le_bytes().to_vec()
        } else {
            v.to_be_bytes().to_vec()
        }
    }

    fn u64(&self, v: u64) -> Vec<u8> {
        if self.dress.little {
            v.to_le_bytes().to_vec()
        } else {
            v.to_be_bytes().to_vec()
        }
    }

    fn f64(&self, v: f64) -> Vec<u8> {
        if self.dress.little {
            v.to_le_bytes().to_vec()
        } else {
            v.to_be_bytes().to_vec()
        }
    }

    /// An offset: 32 bits, or 64 in a BigTIFF.
    fn offset(&self, v: u64) -> Vec<u8> {
        if self.dress.big {
            self.u64(v)
        } else {
            self.u32(v as u32)
        }
    }

    fn header(&mut self) {
        self.out
            .extend(if self.dress.little { b"II" } else { b"MM" });
        let rest = if self.dress.big {
            [self.u16(43), self.u16(8), self.u16(0), self.u64(0)].concat()
        } else {
            [self.u16(42), self.u32(0)].concat()
        };
        self.out.extend(rest);
    }

    fn shorts(&self, tag: u16, values: &[u16]) -> Entry {
        let bytes = values.iter().flat_map(|v| self.u16(*v)).collect();
        Entry {
            tag,
            kind: 3,
            count: values.len() as u64,
            bytes,
        }
    }

    fn offsets(&self, tag: u16, values: &[u64]) -> Entry {
        let bytes = values.iter().flat_map(|v| self.offset(*v)).collect();
        let kind = if self.dress.big { 16 } else { 4 };
        Entry {
            tag,
            kind,
            count: values.len() as u64,
            bytes,
        }
    }

    fn doubles(&self, tag: u16, values: &[f64]) -> Entry {
        let bytes = values.iter().flat_map(|v| self.f64(*v)).collect();
        Entry {
            tag,
            kind: 12,
            count: values.len() as u64,
            bytes,
        }
    }

    fn text(&self, tag: u16, text: &str) -> Entry {
        let bytes = [text.as_bytes(), b"\0"].concat();
        Entry {
            tag,
            kind: 2,
            count: bytes.len() as u64,
            bytes,
        }
    }

    fn value(&self, z: f64) -> Vec<u8> {
        match self.dress.sample {
            Sample::F32 => self.u32((z as f32).to_bits()),
            Sample::F64 => self.f64(z),
            Sample::I16 { scale } => self.u16((z / scale).round() as i16 as u16),
            Sample::I32 { scale } => self.u32((z / scale).round() as i32 as u32),
        }
    }

    /// Writes the cells of an image, and gives the entries that say where they are.
    fn chunks(
        &mut self,
        n_cols: usize,
        n_rows: usize,
        bits: usize,
        cell: &dyn Fn(usize, usize) -> Vec<u8>,
    ) -> Vec<Entry> {
        let (width, height) = match self.dress.layout {
            Layout::Strips(rows) => (n_cols, rows),
            Layout::Tiles(side) => (side, side),
        };
        let (mut at, mut sizes) = (Vec::new(), Vec::new());
        for row0 in (0..n_rows).step_by(height) {
            for col0 in (0..n_cols).step_by(width) {
                // The last strip holds the rows that are left; a tile is whole.
                let rows = match self.dress.layout {
                    Layout::Strips(_) => height.min(n_rows - row0),
                    Layout::Tiles(_) => height,
                };
                let mut bytes = Vec::new();
                for row in row0..row0 + rows {
                    let line = (col0..col0 + width)
                        .map(|col| cell(row.min(n_rows - 1), col.min(n_cols - 1)));
                    match bits {
                        1 => {
                            let flags: Vec<bool> = line.map(|b| b[0] != 0).collect();
                            bytes.extend(flags.chunks(8).map(|eight| {
                                eight
                                    .iter()
                                    .enumerate()
                                    .fold(0_u8, |byte, (k, on)| byte | (u8::from(*on) << (7 - k)))
                            }));
                        }
                        _ => bytes.extend(line.flatten()),
                    }
                }
                if self.dress.packed {
                    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
                    encoder.write_all(&bytes).expect("memory takes it");
                    bytes = encoder.finish().expect("memory takes it");
                }
                at.push(self.out.len() as u64);
                sizes.push(bytes.len() as u64);
                self.out.extend(bytes);
            }
        }
        let side = |v: usize| v as u16;
        match self.dress.layout {
            Layout::Strips(rows) => vec![
                self.offsets(273, &at),
                self.shorts(278, &[side(rows)]),
                self.offsets(279, &sizes),
            ],
            Layout::Tiles(n) => vec![
                self.shorts(322, &[side(n)]),
                self.shorts(323, &[side(n)]),
                self.offsets(324, &at),
                self.offsets(325, &sizes),
            ],
        }
    }

    fn common(&self, n_cols: usize, n_rows: usize, bits: u16, photometric: u16) -> Vec<Entry> {
        vec![
            self.shorts(256, &[n_cols as u16]),
            self.shorts(257, &[n_rows as u16]),
            self.shorts(258, &[bits]),
            self.shorts(259, &[if self.dress.packed { 8 } else { 1 }]),
            self.shorts(262, &[photometric]),
            self.shorts(277, &[1]),
        ]
    }

    fn image(&mut self, cells: &Cells) -> Vec<Entry> {
        let south_up = self.dress.place == Place::SouthUp;
        let empty = match self.dress.no_data {
            NoData::Full => f64::NAN,
            NoData::Tagged(v) | NoData::Untagged(v) => v,
            // What lies under a mask means nothing: a height that would drown the place if it were taken.
            NoData::Mask | NoData::BitMask => 0.0,
        };
        let values: Vec<Vec<u8>> = cells
            .values
            .iter()
            .map(|z| self.value(if z.is_nan() { empty } else { *z }))
            .collect();
        let bits = values[0].len() * 8;
        let (n_cols, n_rows) = (cells.n_cols, cells.n_rows);
        let cell = |row: usize, col: usize| {
            let row = if south_up { n_rows - 1 - row } else { row };
            values[row * n_cols + col].clone()
        };
        let mut entries = self.chunks(n_cols, n_rows, bits, &cell);
        entries.extend(self.common(
            n_cols,
            n_rows,
            bits as u16,
            if self.dress.white_is_zero { 0 } else { 1 },
        ));
        let format = match self.dress.sample {
            Sample::F32 | Sample::F64 => 3,
            Sample::I16 { .. } | Sample::I32 { .. } => 2,
        };
        entries.push(self.shorts(339, &[format]));
        entries.extend(self.placed(cells));
        if let Sample::I16 { scale } | Sample::I32 { scale } = self.dress.sample {
            let xml = format!(
                "<GDALMetadata>\n  <Item name=\"SCALE\" sample=\"0\" role=\"scale\">{scale}</Item>\n</GDALMetadata>\n"
            );
            entries.push(self.text(42112, &xml));
        }
        if let NoData::Tagged(value) = self.dress.no_data {
            // GDAL compares what is stored, before the scale.
            let stored = match self.dress.sample {
                Sample::I16 { scale } | Sample::I32 { scale } => value / scale,
                Sample::F32 | Sample::F64 => value,
            };
            let text = if stored.is_nan() {
                "nan".to_owned()
            } else {
                stored.to_string()
            };
            entries.push(self.text(42113, &text));
        }
        entries
    }

    fn placed(&self, cells: &Cells) -> Vec<Entry> {
        let Cells {
            west, north, side, ..
        } = *cells;
        let (rows, cols) = (cells.n_rows as f64, cells.n_cols as f64);
        let scale = || self.doubles(33550, &[side, side, 0.0]);
        let tie =
            |col: f64, row: f64, x: f64, y: f64| self.doubles(33922, &[col, row, 0.0, x, y, 0.0]);
        let matrix = |e: f64, y: f64| {
            self.doubles(
                34264,
                &[
                    side, 0.0, 0.0, west, 0.0, e, 0.0, y, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0,
                ],
            )
        };
        let mut entries = match self.dress.place {
            Place::Scale => vec![scale(), tie(0.0, 0.0, west, north)],
            Place::MiddleTie => {
                let (col, row) = ((cols / 2.0).floor(), (rows / 2.0).floor());
                vec![
                    scale(),
                    tie(col, row, west + col * side, north - row * side),
                ]
            }
            Place::Matrix => vec![matrix(-side, north)],
            Place::SouthUp => vec![matrix(side, north - rows * side)],
            Place::PixelIsPoint => vec![
                scale(),
                tie(0.0, 0.0, west + 0.5 * side, north - 0.5 * side),
            ],
        };
        if let Some(code) = self.dress.epsg {
            let registered = if self.dress.place == Place::PixelIsPoint {
                2
            } else {
                1
            };
            entries.push(self.shorts(
                34735,
                &[
                    1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, registered, 3072, 0, 1, code,
                ],
            ));
        }
        entries
    }

    fn mask(&mut self, cells: &Cells) -> Vec<Entry> {
        let bits = if self.dress.no_data == NoData::BitMask {
            1
        } else {
            8
        };
        let (n_cols, n_rows) = (cells.n_cols, cells.n_rows);
        let south_up = self.dress.place == Place::SouthUp;
        let cell = |row: usize, col: usize| {
            let row = if south_up { n_rows - 1 - row } else { row };
            vec![if cells.values[row * n_cols + col].is_nan() {
                0
            } else {
                255
            }]
        };
        let mut entries = self.chunks(n_cols, n_rows, bits, &cell);
        entries.extend(self.common(n_cols, n_rows, bits as u16, 4));
        // NewSubfileType 4: a mask of another image (TIFF 6.0, page 36).
        entries.push(Entry {
            tag: 254,
            kind: 4,
            count: 1,
            bytes: self.u32(4),
        });
        entries
    }

    /// Where the next directory goes: an even place.
    fn directory_at(&mut self) -> u64 {
        if self.out.len() % 2 == 1 {
            self.out.push(0);
        }
        self.out.len() as u64
    }

    /// Writes the first directory, names it in the header, and gives the place of its link to the next one.
    fn directory(&mut self, entries: &[Entry], link: usize) -> usize {
        // Long values lie behind the directory: its place is known only after them, so that it comes last.
        let at = self.append(entries);
        self.patch(link, at);
        self.out.len() - if self.dress.big { 8 } else { 4 }
    }

    fn patch(&mut self, place: usize, value: u64) {
        let bytes = self.offset(value);
        self.out[place..place + bytes.len()].copy_from_slice(&bytes);
    }

    /// Writes a directory with its long values before it; gives its place.
    fn append(&mut self, entries: &[Entry]) -> u64 {
        let room = if self.dress.big { 8 } else { 4 };
        let mut sorted: Vec<&Entry> = entries.iter().collect();
        sorted.sort_by_key(|e| e.tag);
        let mut lines = Vec::new();
        for entry in sorted {
            let mut field = entry.bytes.clone();
            if field.len() > room {
                let at = self.directory_at();
                self.out.extend(&entry.bytes);
                field = self.offset(at);
            }
            field.resize(room, 0);
            let count = if self.dress.big {
                self.u64(entry.count)
            } else {
                self.u32(entry.count as u32)
            };
            lines.extend([self.u16(entry.tag), self.u16(entry.kind), count, field].concat());
        }
        let at = self.directory_at();
        let n = if self.dress.big {
            self.u64(entries.len() as u64)
        } else {
            self.u16(entries.len() as u16)
        };
        self.out.extend(n);
        self.out.extend(lines);
        self.out.extend(self.offset(0));
        at
    }
}
