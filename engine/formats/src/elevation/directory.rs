//! The directories of a TIFF file: tags and where their values lie.
//!
//! Nothing is copied: an entry is a slice of the file, so that a declared length costs no memory before bytes of
//! that length are there.
//!
//! Source: TIFF 6.0, Adobe 1992, section 2; BigTIFF, Aware Systems 2007.

/// The most directories that are looked at: overviews, masks and pages of one file.
const MOST_DIRECTORIES: usize = 256;

/// Width of an image [cells].
pub(super) const IMAGE_WIDTH: u16 = 256;
/// Height of an image [cells].
pub(super) const IMAGE_LENGTH: u16 = 257;
/// Bits of a sample.
pub(super) const BITS_PER_SAMPLE: u16 = 258;
/// How strips and tiles are packed.
pub(super) const COMPRESSION: u16 = 259;
/// What a sample stands for as a colour.
pub(super) const PHOTOMETRIC: u16 = 262;
/// Order of the bits in a byte.
pub(super) const FILL_ORDER: u16 = 266;
/// Places of the strips.
pub(super) const STRIP_OFFSETS: u16 = 273;
/// Samples of a cell.
pub(super) const SAMPLES_PER_PIXEL: u16 = 277;
/// Rows of a strip.
pub(super) const ROWS_PER_STRIP: u16 = 278;
/// Bytes of the strips.
pub(super) const STRIP_BYTE_COUNTS: u16 = 279;
/// Whether the samples of a cell lie together or each in a plane.
pub(super) const PLANAR_CONFIGURATION: u16 = 284;
/// What was done before packing.
pub(super) const PREDICTOR: u16 = 317;
/// Width of a tile [cells].
pub(super) const TILE_WIDTH: u16 = 322;
/// Height of a tile [cells].
pub(super) const TILE_LENGTH: u16 = 323;
/// Places of the tiles.
pub(super) const TILE_OFFSETS: u16 = 324;
/// Bytes of the tiles.
pub(super) const TILE_BYTE_COUNTS: u16 = 325;
/// What samples beyond the colours are: 1 and 2 are alpha.
pub(super) const EXTRA_SAMPLES: u16 = 338;
/// Unsigned, signed or floating point.
pub(super) const SAMPLE_FORMAT: u16 = 339;
/// Bits that say whether an image is an overview (1) or a mask (4).
pub(super) const NEW_SUBFILE_TYPE: u16 = 254;

/// A TIFF file: where its numbers begin with the low byte, and whether offsets take eight bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tiff<'a> {
    bytes: &'a [u8],
    little: bool,
    big: bool,
}

/// The tags of one image of the file, in the order of the file.
#[derive(Debug)]
pub(super) struct Directory<'a> {
    tiff: Tiff<'a>,
    entries: Vec<Entry<'a>>,
    next: u64,
}

/// One tag: its type and the bytes of its values; `None` where the file ends before them.
#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    tag: u16,
    kind: u16,
    data: Option<&'a [u8]>,
}

/// A directory that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum DirectoryFault {
    /// The file ends before it.
    CutOff,
    /// A tag whose values lie beyond the end of the file.
    TagCutOff(u16),
    /// A tag that is needed is missing or of a type that it cannot have.
    Tag(u16),
}

impl<'a> Tiff<'a> {
    /// The header of a file that begins like a TIFF, and the place of its first directory.
    pub(super) fn open(bytes: &'a [u8]) -> Result<(Self, u64), DirectoryFault> {
        let little = bytes.first() == Some(&b'I');
        let tiff = Self {
            bytes,
            little,
            big: false,
        };
        let version = tiff.number(2, 2).ok_or(DirectoryFault::CutOff)?;
        let tiff = Self {
            big: version == 43,
            ..tiff
        };
        let first = match tiff.big {
            true => tiff.number(8, 8),
            false => tiff.number(4, 4),
        };
        Ok((tiff, first.ok_or(DirectoryFault::CutOff)?))
    }

    /// Whether numbers begin with the low byte.
    pub(super) fn is_little_endian(self) -> bool {
        self.little
    }

    /// Bytes of the file.
    pub(super) fn len(self) -> u64 {
        self.bytes.len() as u64
    }

    /// Bytes of the file at a place; `None` beyond its end.
    pub(super) fn slice(self, at: u64, length: u64) -> Option<&'a [u8]> {
        let start = usize::try_from(at).ok()?;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        self.bytes.get(start..end)
    }

    fn number(self, at: u64, size: u64) -> Option<u64> {
        Some(unsigned(self.slice(at, size)?, self.little))
    }

    /// The directory at a place.
    pub(super) fn directory(self, at: u64) -> Result<Directory<'a>, DirectoryFault> {
        let cut = DirectoryFault::CutOff;
        let (count_size, entry_size, word) = if self.big { (8, 20, 8) } else { (2, 12, 4) };
        let count = self.number(at, count_size).ok_or(cut)?;
        let start = at.checked_add(count_size).ok_or(cut)?;
        let length = count.checked_mul(entry_size).ok_or(cut)?;
        let table = self.slice(start, length).ok_or(cut)?;
        let entries = table
            .chunks_exact(entry_size as usize)
            .map(|raw| self.entry(raw))
            .collect();
        // A file may end after its last directory without the place of the next.
        let next = start
            .checked_add(length)
            .and_then(|end| self.number(end, word))
            .unwrap_or(0);
        Ok(Directory {
            tiff: self,
            entries,
            next,
        })
    }

    fn entry(self, raw: &'a [u8]) -> Entry<'a> {
        let word = if self.big { 8 } else { 4 };
        let kind = unsigned(&raw[2..4], self.little) as u16;
        let count = unsigned(&raw[4..4 + word], self.little);
        let inline = &raw[4 + word..4 + 2 * word];
        let length = size_of_kind(kind).and_then(|size| count.checked_mul(size));
        let data = length.and_then(|length| match inline.get(..length as usize) {
            Some(data) if length <= word as u64 => Some(data),
            _ => self.slice(unsigned(inline, self.little), length),
        });
        Entry {
            tag: unsigned(&raw[..2], self.little) as u16,
            kind,
            data,
        }
    }

    /// The directories after one, as far as they can be read; a chain that runs in a circle ends.
    pub(super) fn following(self, first: &Directory<'a>) -> Vec<Directory<'a>> {
        let mut found = Vec::new();
        let mut seen = Vec::new();
        let mut at = first.next;
        while at != 0 && !seen.contains(&at) && found.len() < MOST_DIRECTORIES {
            seen.push(at);
            let Ok(directory) = self.directory(at) else {
                break;
            };
            at = directory.next;
            found.push(directory);
        }
        found
    }
}

impl<'a> Directory<'a> {
    /// The file that it belongs to.
    pub(super) fn tiff(&self) -> Tiff<'a> {
        self.tiff
    }

    fn entry(&self, tag: u16) -> Option<&Entry<'a>> {
        self.entries.iter().find(|e| e.tag == tag)
    }

    /// The bytes of a tag; a fault where they lie beyond the end of the file.
    fn data(&self, tag: u16) -> Result<Option<(&Entry<'a>, &'a [u8])>, DirectoryFault> {
        match self.entry(tag) {
            None => Ok(None),
            Some(entry) => match entry.data {
                Some(data) => Ok(Some((entry, data))),
                None => Err(DirectoryFault::TagCutOff(tag)),
            },
        }
    }

    /// The first value of a tag of whole numbers.
    pub(super) fn number(&self, tag: u16) -> Result<Option<u64>, DirectoryFault> {
        Ok(self.list(tag)?.and_then(|list| list.get(0)))
    }

    /// The first value of a tag, or what the format says where it is missing.
    pub(super) fn number_or(&self, tag: u16, default: u64) -> Result<u64, DirectoryFault> {
        Ok(self.number(tag)?.unwrap_or(default))
    }

    /// The first value of a tag that an image cannot be without.
    pub(super) fn required(&self, tag: u16) -> Result<u64, DirectoryFault> {
        self.number(tag)?.ok_or(DirectoryFault::Tag(tag))
    }

    /// A tag of whole numbers, read where it lies.
    pub(super) fn list(&self, tag: u16) -> Result<Option<List<'a>>, DirectoryFault> {
        let Some((entry, data)) = self.data(tag)? else {
            return Ok(None);
        };
        let size = match entry.kind {
            1 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 13 => 4,
            16..=18 => 8,
            _ => return Err(DirectoryFault::Tag(tag)),
        };
        Ok(Some(List {
            data,
            size,
            little: self.tiff.little,
        }))
    }

    /// A tag of floating point numbers.
    pub(super) fn doubles(&self, tag: u16) -> Result<Option<Vec<f64>>, DirectoryFault> {
        let Some((entry, data)) = self.data(tag)? else {
            return Ok(None);
        };
        let little = self.tiff.little;
        let values = match entry.kind {
            12 => data
                .chunks_exact(8)
                .map(|b| f64::from_bits(unsigned(b, little)))
                .collect(),
            11 => data
                .chunks_exact(4)
                .map(|b| f64::from(f32::from_bits(unsigned(b, little) as u32)))
                .collect(),
            _ => return Err(DirectoryFault::Tag(tag)),
        };
        Ok(Some(values))
    }

    /// A tag of text, without the zero bytes at its end. Bytes that are no UTF-8 become replacement characters.
    pub(super) fn text(&self, tag: u16) -> Result<Option<String>, DirectoryFault> {
        let Some((_, data)) = self.data(tag)? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(data);
        Ok(Some(text.trim_end_matches('\0').to_owned()))
    }
}

/// Whole numbers in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct List<'a> {
    data: &'a [u8],
    size: usize,
    little: bool,
}

impl List<'_> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.data.len() / self.size
    }

    /// One of them.
    pub(super) fn get(&self, k: usize) -> Option<u64> {
        let start = k.checked_mul(self.size)?;
        let bytes = self.data.get(start..start.checked_add(self.size)?)?;
        Some(unsigned(bytes, self.little))
    }
}

/// Bytes of one value of a type; `None` for a type that TIFF does not have.
fn size_of_kind(kind: u16) -> Option<u64> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16..=18 => Some(8),
        _ => None,
    }
}

/// An unsigned number of one to eight bytes.
pub(super) fn unsigned(bytes: &[u8], little: bool) -> u64 {
    let join = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    match little {
        true => bytes.iter().rev().fold(0, join),
        false => bytes.iter().fold(0, join),
    }
}
