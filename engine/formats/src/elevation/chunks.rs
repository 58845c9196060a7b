//! Strips and tiles of a TIFF image: unpacked one by one, and handed on as numbers row by row.
//!
//! The numbers are those of the file: no colours are inverted, and a chunk that was never written (offset and
//! length 0, as in a sparse COG) has no numbers. That is why the decoder of the crate `tiff` is not used: it inverts
//! WhiteIsZero and takes a sparse chunk for the end of the file. The codecs are those of kept crates.
//!
//! Source: TIFF 6.0, Adobe 1992; Technical Note 3 (floating point predictor), Adobe 2005; GDAL's GTiff driver for
//! sparse files.

use std::borrow::Cow;
use std::io::Read;

use stormgrid_core::message;
use stormgrid_core::message::Message;
use weezl::{BitOrder, LzwStatus};

use super::directory::{self as tag, Directory, DirectoryFault, List};
use crate::FormatError;

/// What one chunk may take beside the raster [bytes]: a tile of 2048 x 2048 f64 twice.
const CHUNK_BYTES: u64 = 64 << 20;
/// Cells that a file may leave unwritten whatever its length: 256 MiB of f64.
const FREE_SPARSE_CELLS: u64 = 1 << 25;

/// How the numbers of a sample are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sample {
    /// Whole numbers from 0.
    Unsigned,
    /// Whole numbers in two's complement.
    Signed,
    /// IEEE 754.
    Float,
}

/// An image of a file, with its strips or tiles.
#[derive(Debug)]
pub(super) struct Image<'a> {
    directory: &'a Directory<'a>,
    file: &'a str,
    /// Columns.
    pub(super) width: usize,
    /// Rows.
    pub(super) height: usize,
    /// Samples of a cell.
    pub(super) samples: usize,
    /// Bits of a sample.
    pub(super) bits: u32,
    /// How a sample is stored.
    pub(super) sample: Sample,
    chunk_width: usize,
    chunk_height: usize,
    tiled: bool,
    planar: bool,
    packing: Packing,
    predictor: u64,
    low_bit_first: bool,
    offsets: List<'a>,
    lengths: Option<List<'a>>,
}

/// How a chunk is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    None,
    Lzw,
    Deflate,
    PackBits,
    Zstd,
}

impl Packing {
    fn new(code: u64, file: &str) -> Result<Self, FormatError> {
        let name = match code {
            1 => return Ok(Self::None),
            5 => return Ok(Self::Lzw),
            8 | 32946 => return Ok(Self::Deflate),
            32773 => return Ok(Self::PackBits),
            50000 => return Ok(Self::Zstd),
            2..=4 => "CCITT",
            6 | 7 => "JPEG",
            34887 => "LERC",
            34925 => "LZMA",
            50001 => "WebP",
            50002 => "JPEG XL",
            _ => "",
        };
        let name = match name {
            "" => code.to_string(),
            name => name.to_owned(),
        };
        Err(FormatError::unsupported(
            file,
            "",
            message!(
                "fault.raster.packing",
                "a GeoTIFF packed with {name}",
                name = name
            ),
            message!(
                "fix.raster.packing",
                "convert it, for example with gdal_translate -co COMPRESS=DEFLATE"
            ),
        ))
    }

    /// No byte holds more bytes than these.
    ///
    /// Deflate reaches 1032; LZW with its longest strings 4096 in 12 bits; PackBits 128 in 2 bytes; Zstandard a
    /// block of 128 KiB in 4 bytes.
    fn reach(self) -> u64 {
        match self {
            Self::None => 1,
            Self::PackBits => 64,
            Self::Lzw | Self::Deflate => 3000,
            Self::Zstd => 32_768,
        }
    }
}

/// Where a chunk lies in the image and in the file.
struct Chunk<'a> {
    index: usize,
    row: usize,
    col: usize,
    /// `None` if it was never written.
    packed: Option<&'a [u8]>,
}

impl<'a> Image<'a> {
    /// The image of a directory; its chunks are held against the bytes that are there before anything of the
    /// image's size is allocated.
    pub(super) fn open(directory: &'a Directory<'a>, file: &'a str) -> Result<Self, FormatError> {
        let broken = |fault| explain(file, fault);
        let whole = |value: Result<u64, DirectoryFault>| {
            Ok(usize::try_from(value.map_err(broken)?).unwrap_or(usize::MAX))
        };
        let width = whole(directory.required(tag::IMAGE_WIDTH))?;
        let height = whole(directory.required(tag::IMAGE_LENGTH))?;
        let tiled = directory.list(tag::TILE_OFFSETS).map_err(broken)?.is_some();
        let (chunk_width, chunk_height) = match tiled {
            true => (
                whole(directory.required(tag::TILE_WIDTH))?,
                whole(directory.required(tag::TILE_LENGTH))?,
            ),
            false => (
                width,
                whole(directory.number_or(tag::ROWS_PER_STRIP, height as u64))?.min(height),
            ),
        };
        let [offsets, lengths] = match tiled {
            true => [tag::TILE_OFFSETS, tag::TILE_BYTE_COUNTS],
            false => [tag::STRIP_OFFSETS, tag::STRIP_BYTE_COUNTS],
        };
        let packing = directory.number_or(tag::COMPRESSION, 1).map_err(broken)?;
        let image = Self {
            directory,
            file,
            width,
            height,
            samples: whole(directory.number_or(tag::SAMPLES_PER_PIXEL, 1))?,
            bits: whole(directory.number_or(tag::BITS_PER_SAMPLE, 1))? as u32,
            sample: sample(directory, file)?,
            chunk_width,
            chunk_height,
            tiled,
            planar: directory
                .number_or(tag::PLANAR_CONFIGURATION, 1)
                .map_err(broken)?
                == 2,
            packing: Packing::new(packing, file)?,
            predictor: directory.number_or(tag::PREDICTOR, 1).map_err(broken)?,
            low_bit_first: directory.number_or(tag::FILL_ORDER, 1).map_err(broken)? == 2,
            offsets: directory
                .list(offsets)
                .and_then(|list| list.ok_or(DirectoryFault::Tag(offsets)))
                .map_err(broken)?,
            lengths: directory.list(lengths).map_err(broken)?,
        };
        image.check_numbers()?;
        image.check_chunks()?;
        Ok(image)
    }

    /// The file, as the person knows it.
    pub(super) fn file(&self) -> &'a str {
        self.file
    }

    /// Whether the numbers are of a kind that is read.
    fn check_numbers(&self) -> Result<(), FormatError> {
        let damaged = |tag: u16| explain(self.file, DirectoryFault::Tag(tag));
        if self.width == 0 || self.height == 0 {
            return Err(damaged(tag::IMAGE_WIDTH));
        }
        if self.chunk_width == 0 || self.chunk_height == 0 {
            return Err(damaged(match self.tiled {
                true => tag::TILE_WIDTH,
                false => tag::ROWS_PER_STRIP,
            }));
        }
        if self.samples == 0 {
            return Err(damaged(tag::SAMPLES_PER_PIXEL));
        }
        let read = match self.sample {
            Sample::Float => matches!(self.bits, 16 | 32 | 64),
            _ => (1..=32).contains(&self.bits) || self.bits == 64,
        };
        let predicted = match self.predictor {
            1 => true,
            2 => matches!(self.bits, 8 | 16 | 32 | 64),
            3 => self.sample == Sample::Float,
            _ => false,
        };
        let refused = |problem: Message| {
            Err(FormatError::unsupported(
                self.file,
                "",
                problem,
                message!(
                    "fix.raster.float",
                    "convert it to a single band of 32 bit floats"
                ),
            ))
        };
        if !read {
            return refused(message!(
                "fault.raster.bits",
                "a raster of {bits} bits a value",
                bits = self.bits
            ));
        }
        if !predicted {
            return refused(message!(
                "fault.raster.predictor",
                "predictor {predictor} for values of {bits} bits",
                predictor = self.predictor,
                bits = self.bits
            ));
        }
        Ok(())
    }

    /// Samples that lie beside one another in a chunk.
    fn samples_together(&self) -> usize {
        if self.planar { 1 } else { self.samples }
    }

    fn chunks_across(&self) -> usize {
        self.width.div_ceil(self.chunk_width)
    }

    fn chunks_of_plane(&self) -> usize {
        self.chunks_across()
            .saturating_mul(self.height.div_ceil(self.chunk_height))
    }

    /// Bytes of one row of a chunk.
    fn row_bytes(&self) -> u64 {
        (self.chunk_width as u64)
            .saturating_mul(self.samples_together() as u64)
            .saturating_mul(u64::from(self.bits))
            .div_ceil(8)
    }

    /// Rows that a chunk holds: a tile all of them, the last strip those that are left.
    fn rows_of(&self, row: usize) -> usize {
        match self.tiled {
            true => self.chunk_height,
            false => self.chunk_height.min(self.height - row),
        }
    }

    fn bytes_of(&self, row: usize) -> u64 {
        self.row_bytes().saturating_mul(self.rows_of(row) as u64)
    }

    /// Length of a chunk in the file; files without a list of lengths are not packed.
    fn length(&self, index: usize, row: usize) -> u64 {
        match self.lengths {
            Some(lengths) => lengths.get(index).unwrap_or(0),
            None => self.bytes_of(row),
        }
    }

    fn check_chunks(&self) -> Result<(), FormatError> {
        let cells = (self.width as u64).saturating_mul(self.height as u64);
        let planes = if self.planar { self.samples } else { 1 };
        let n_chunks = self.chunks_of_plane().saturating_mul(planes);
        if self.offsets.len() < n_chunks || self.lengths.is_some_and(|l| l.len() < n_chunks) {
            return Err(self.damaged(message!(
                "fault.raster.chunks",
                "{found} of {needed} strips or tiles are listed",
                found = self.offsets.len().min(n_chunks),
                needed = n_chunks
            )));
        }
        let (mut packed, mut written, mut sparse) = (0_u64, 0_u64, false);
        for k in 0..n_chunks {
            let row = (k % self.chunks_of_plane()) / self.chunks_across() * self.chunk_height;
            let length = self.length(k, row);
            if length == 0 {
                sparse = true;
                continue;
            }
            let end = self.offsets.get(k).unwrap_or(0).saturating_add(length);
            let file_bytes = self.directory.tiff().len();
            if end > file_bytes {
                return Err(self.cut_off(k, end, file_bytes));
            }
            packed = packed.saturating_add(length);
            written = written.saturating_add(
                self.bytes_of(row)
                    .min(cells.saturating_mul(u64::from(self.bits)).div_ceil(8)),
            );
        }
        let needed = written.min(
            cells
                .saturating_mul(self.samples as u64)
                .saturating_mul(u64::from(self.bits))
                .div_ceil(8),
        );
        let reach = packed.saturating_mul(self.packing.reach());
        let largest = self.bytes_of(0);
        let bytes_of_a_cell = (self.samples as u64).saturating_mul(8);
        let most = CHUNK_BYTES.max(cells.saturating_mul(bytes_of_a_cell));
        if needed > reach {
            return Err(self.too_little(needed, packed));
        }
        if largest > most || (sparse && cells > FREE_SPARSE_CELLS.max(reach)) {
            return Err(self.too_little(cells.saturating_mul(8), packed));
        }
        Ok(())
    }

    fn cut_off(&self, chunk: usize, end: u64, file_bytes: u64) -> FormatError {
        let problem = match self.tiled {
            true => message!(
                "fault.raster.tile_end",
                "tile {tile} ends at byte {end} of {bytes}",
                tile = chunk,
                end = end,
                bytes = file_bytes
            ),
            false => message!(
                "fault.raster.strip_end",
                "strip {strip} ends at byte {end} of {bytes}",
                strip = chunk,
                end = end,
                bytes = file_bytes
            ),
        };
        FormatError::malformed(
            self.file,
            "",
            problem,
            message!(
                "fix.raster.cut_off",
                "the file is cut off: copy or download it again"
            ),
        )
    }

    fn too_little(&self, needed: u64, packed: u64) -> FormatError {
        self.damaged(message!(
            "fault.raster.declared",
            "the header declares {needed} bytes of cells in {packed} bytes",
            needed = needed,
            packed = packed
        ))
    }

    fn damaged(&self, problem: Message) -> FormatError {
        damaged(self.file, problem)
    }

    /// Hands the numbers of one band on: row, first column and the numbers from there; `None` for a row of a chunk
    /// that was never written.
    pub(super) fn read_band(
        &self,
        band: usize,
        mut take: impl FnMut(usize, usize, usize, Option<&[f64]>),
    ) -> Result<(), FormatError> {
        let plane = if self.planar { band } else { 0 };
        let first = if self.planar { 0 } else { band };
        let mut numbers = Vec::new();
        for k in 0..self.chunks_of_plane() {
            let chunk = self.chunk(plane * self.chunks_of_plane() + k, k)?;
            let rows = self.chunk_height.min(self.height - chunk.row);
            let cols = self.chunk_width.min(self.width - chunk.col);
            let Some(packed) = chunk.packed else {
                (0..rows).for_each(|r| take(chunk.row + r, chunk.col, cols, None));
                continue;
            };
            let mut plain = self.unpack(packed, &chunk)?;
            let row_bytes = self.row_bytes() as usize;
            for (r, row) in plain
                .to_mut()
                .chunks_exact_mut(row_bytes)
                .take(rows)
                .enumerate()
            {
                self.numbers_of(row, first, cols, &mut numbers);
                take(chunk.row + r, chunk.col, cols, Some(&numbers));
            }
        }
        Ok(())
    }

    fn chunk(&self, index: usize, of_plane: usize) -> Result<Chunk<'a>, FormatError> {
        let row = of_plane / self.chunks_across() * self.chunk_height;
        let col = of_plane % self.chunks_across() * self.chunk_width;
        let length = self.length(index, row);
        let packed = match length {
            0 => None,
            _ => {
                let offset = self.offsets.get(index).unwrap_or(0);
                let end = offset.saturating_add(length);
                let tiff = self.directory.tiff();
                let bytes = tiff.slice(offset, length);
                Some(bytes.ok_or_else(|| self.cut_off(index, end, tiff.len()))?)
            }
        };
        Ok(Chunk {
            index,
            row,
            col,
            packed,
        })
    }

    /// The bytes of a chunk.
    fn unpack(&self, packed: &'a [u8], chunk: &Chunk<'_>) -> Result<Cow<'a, [u8]>, FormatError> {
        let expected = self.bytes_of(chunk.row);
        let broken = || {
            self.damaged(message!(
                "fault.raster.unpack",
                "strip or tile {chunk} cannot be unpacked",
                chunk = chunk.index
            ))
        };
        if expected > (packed.len() as u64).saturating_mul(self.packing.reach()) {
            return Err(broken());
        }
        let packed = match self.low_bit_first {
            true => Cow::Owned(packed.iter().map(|b| b.reverse_bits()).collect()),
            false => Cow::Borrowed(packed),
        };
        let expected = usize::try_from(expected).map_err(|_| broken())?;
        let plain = match self.packing {
            Packing::None => match packed {
                Cow::Borrowed(bytes) => bytes.get(..expected).map(Cow::Borrowed),
                Cow::Owned(bytes) => bytes.get(..expected).map(|b| Cow::Owned(b.to_vec())),
            },
            Packing::Lzw => unpack_lzw(&packed, expected).map(Cow::Owned),
            Packing::Deflate => {
                unpack_stream(flate2::read::ZlibDecoder::new(&*packed), expected).map(Cow::Owned)
            }
            Packing::PackBits => unpack_packbits(&packed, expected).map(Cow::Owned),
            Packing::Zstd => ruzstd::decoding::StreamingDecoder::new(&*packed)
                .ok()
                .and_then(|stream| unpack_stream(stream, expected))
                .map(Cow::Owned),
        };
        plain.ok_or_else(broken)
    }

    /// The numbers of one sample along a row of a chunk.
    fn numbers_of(&self, row: &mut [u8], first: usize, cols: usize, numbers: &mut Vec<f64>) {
        let together = self.samples_together();
        let size = self.bits as usize / 8;
        let mut words = match self.predictor {
            3 => joined_bytes(row, together, size),
            _ => words(row, self.bits, self.directory.tiff().is_little_endian()),
        };
        if self.predictor == 2 {
            let mask = u64::MAX >> (64 - self.bits);
            for k in together..words.len() {
                words[k] = words[k].wrapping_add(words[k - together]) & mask;
            }
        }
        let to_number = |word: &u64| number(*word, self.sample, self.bits);
        numbers.clear();
        numbers.extend(
            words
                .iter()
                .skip(first)
                .step_by(together)
                .take(cols)
                .map(to_number),
        );
    }
}

/// What the first sample is; samples of a file are of one kind.
fn sample(directory: &Directory<'_>, file: &str) -> Result<Sample, FormatError> {
    let kind = directory
        .number_or(tag::SAMPLE_FORMAT, 1)
        .map_err(|fault| explain(file, fault))?;
    match kind {
        1 | 4 => Ok(Sample::Unsigned),
        2 => Ok(Sample::Signed),
        3 => Ok(Sample::Float),
        _ => Err(FormatError::unsupported(
            file,
            "",
            message!("fault.raster.complex", "a raster of complex numbers"),
            message!(
                "fix.raster.float",
                "convert it to a single band of 32 bit floats"
            ),
        )),
    }
}

/// A damaged file, and what to do.
pub(super) fn damaged(file: &str, problem: Message) -> FormatError {
    FormatError::malformed(
        file,
        "",
        problem,
        message!(
            "fix.raster.damaged",
            "the file is damaged: copy or export it again"
        ),
    )
}

/// The sentence of a directory that cannot be read.
pub(super) fn explain(file: &str, fault: DirectoryFault) -> FormatError {
    match fault {
        DirectoryFault::CutOff | DirectoryFault::TagCutOff(_) => FormatError::malformed(
            file,
            "",
            message!("fault.raster.early_end", "the GeoTIFF ends too early"),
            message!(
                "fix.raster.cut_off",
                "the file is cut off: copy or download it again"
            ),
        ),
        DirectoryFault::Tag(tag) => damaged(
            file,
            message!(
                "fault.raster.tag",
                "tag {tag} of the GeoTIFF is missing or cannot be",
                tag = tag.to_string()
            ),
        ),
    }
}

fn unpack_stream(stream: impl Read, expected: usize) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(expected);
    stream.take(expected as u64).read_to_end(&mut plain).ok()?;
    (plain.len() == expected).then_some(plain)
}

fn unpack_lzw(packed: &[u8], expected: usize) -> Option<Vec<u8>> {
    let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
    let mut plain = vec![0; expected];
    let (mut from, mut to) = (0, 0);
    while to < expected {
        let step = decoder.decode_bytes(&packed[from..], &mut plain[to..]);
        from += step.consumed_in;
        to += step.consumed_out;
        match step.status {
            Ok(LzwStatus::Ok) => {}
            _ => break,
        }
    }
    (to == expected).then_some(plain)
}

/// Source: TIFF 6.0, section 9.
fn unpack_packbits(packed: &[u8], expected: usize) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(expected);
    let mut rest = packed;
    while plain.len() < expected {
        let (head, tail) = rest.split_first()?;
        let run = i16::from(*head as i8);
        rest = match run {
            -128 => tail,
            0.. => {
                let (bytes, after) = tail.split_at_checked(run as usize + 1)?;
                plain.extend(bytes);
                after
            }
            _ => {
                let (byte, after) = tail.split_first()?;
                plain.extend(std::iter::repeat_n(
                    *byte,
                    usize::from(run.unsigned_abs()) + 1,
                ));
                after
            }
        };
    }
    plain.truncate(expected);
    Some(plain)
}

/// The bits of the values of a row.
fn words(row: &[u8], bits: u32, little: bool) -> Vec<u64> {
    macro_rules! wide {
        ($type:ty, $size:literal) => {
            row.as_chunks::<$size>()
                .0
                .iter()
                .map(|b| match little {
                    true => u64::from(<$type>::from_le_bytes(*b)),
                    false => u64::from(<$type>::from_be_bytes(*b)),
                })
                .collect()
        };
    }
    match bits {
        8 => row.iter().map(|b| u64::from(*b)).collect(),
        16 => wide!(u16, 2),
        32 => wide!(u32, 4),
        64 => wide!(u64, 8),
        _ => narrow_words(row, bits as usize),
    }
}

/// Values that do not end with a byte lie one after another, the high bit first.
fn narrow_words(row: &[u8], bits: usize) -> Vec<u64> {
    let bit = |k: usize| u64::from(row[k / 8] >> (7 - k % 8) & 1);
    (0..row.len() * 8 / bits)
        .map(|k| (k * bits..(k + 1) * bits).fold(0, |word, at| word << 1 | bit(at)))
        .collect()
}

/// The floating point predictor: differences of bytes, the high bytes of a row first.
fn joined_bytes(row: &mut [u8], together: usize, size: usize) -> Vec<u64> {
    for k in together..row.len() {
        row[k] = row[k].wrapping_add(row[k - together]);
    }
    let n = row.len() / size;
    (0..n)
        .map(|k| (0..size).fold(0, |word, b| word << 8 | u64::from(row[b * n + k])))
        .collect()
}

fn number(word: u64, sample: Sample, bits: u32) -> f64 {
    match (sample, bits) {
        (Sample::Float, 64) => f64::from_bits(word),
        (Sample::Float, 32) => f64::from(f32::from_bits(word as u32)),
        (Sample::Float, _) => half(word as u16),
        (Sample::Signed, _) => (((word << (64 - bits)) as i64) >> (64 - bits)) as f64,
        (Sample::Unsigned, _) => word as f64,
    }
}

/// A float of 16 bits. Source: IEEE 754-2008, binary16.
fn half(word: u16) -> f64 {
    let sign = if word >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(word >> 10 & 31);
    let fraction = f64::from(word & 1023) / 1024.0;
    match exponent {
        0 => sign * fraction * 2f64.powi(-14),
        31 if word & 1023 == 0 => sign * f64::INFINITY,
        31 => f64::NAN,
        _ => sign * (1.0 + fraction) * 2f64.powi(exponent - 15),
    }
}
