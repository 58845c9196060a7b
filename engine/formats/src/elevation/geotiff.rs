//! GeoTIFF: one band of numbers, its place, its CRS and every way in which it can say that a cell has no data.
//!
//! Source: OGC 19-008r4, OGC GeoTIFF Standard 1.1; the tags 42112 (metadata) and 42113 (no-data) are GDAL's, and so
//! are masks in a directory of their own (GDAL RFC 15).

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::raster::Raster;
use stormgrid_core::value::{Value, parse_number};

use super::GeoRaster;
use super::chunks::{Image, Sample, damaged, explain};
use super::directory::{self as tag, Directory, Tiff};
use super::keys::{GeoKeys, length_unit};
use super::missing::clear_sentinels;
use super::placement::{self, Affine, Placement};
use super::sidecar::{AuxMetadata, Sidecars, aux_metadata, gdal_item, world_file};
use crate::FormatError;

/// The most cells that one raster may have: 4 GiB of f64, the Pearl River Delta in cells of 10 m.
const MAX_CELLS: u64 = 1 << 29;
/// GDAL's metadata, XML.
const GDAL_METADATA: u16 = 42112;
/// GDAL's number for "no data", text.
const GDAL_NO_DATA: u16 = 42113;
/// Bit of [`tag::NEW_SUBFILE_TYPE`]: an overview.
const REDUCED: u64 = 1;
/// Bit of [`tag::NEW_SUBFILE_TYPE`]: a mask.
const MASK: u64 = 4;

pub(super) fn read(
    bytes: &[u8],
    file: &str,
    beside: &Sidecars<'_>,
) -> Result<GeoRaster, FormatError> {
    let (tiff, first) = Tiff::open(bytes).map_err(|fault| explain(file, fault))?;
    let directory = tiff
        .directory(first)
        .map_err(|fault| explain(file, fault))?;
    let others = tiff.following(&directory);
    let image = open(&directory, file)?;
    let has_alpha = has_alpha(&directory, &image, file)?;
    let mut findings = Vec::new();
    let keys = GeoKeys::read(&directory, file)?;
    let aux = beside.aux.map(aux_metadata).unwrap_or_default();
    let placement = place(&directory, &keys, &image, &aux, beside, &mut findings)?;
    let band = Band::read(&directory, &image, &aux)?;
    let mut values = band.values(&image, &mut findings)?;
    if has_alpha {
        mask_out(&mut values, &image, 1)?;
    }
    for mask in others.iter().filter(|d| is_mask_of(d, &image)) {
        mask_out(&mut values, &Image::open(mask, file)?, 0)?;
    }
    if let Some(bytes) = beside.mask {
        external_mask(&mut values, bytes, &image)?;
    }
    left_out_pages(&others, &image, &mut findings);
    if is_palette(&directory) {
        findings.push(Finding::new(
            Kind::Assumed,
            file,
            message!(
                "note.raster.palette",
                "it is a picture with a palette; the numbers of the colours are taken as values"
            ),
        ));
    }
    clear_sentinels(&mut values, file, &mut findings);
    if [band.scale, band.offset] != [1.0, 0.0] {
        for value in &mut values {
            *value = *value * band.scale + band.offset;
        }
        clear_sentinels(&mut values, file, &mut findings);
    }
    turn(&mut values, &placement);
    let crs = match keys.crs(file)? {
        Some(crs) => Some(crs),
        None => super::crs_beside(beside).map(|crs| crs.text).or(aux.crs),
    };
    if crs.is_none() {
        findings.push(super::no_crs(file));
    }
    let raster = Raster::new(placement.geometry, values)
        .map_err(|e| FormatError::malformed(file, "", e.to_string(), "export it again"))?;
    Ok(GeoRaster {
        raster,
        crs,
        unit_m: keys.unit_m(file)?,
        source_unit_m: 1.0,
        vertical_unit: match keys.vertical_unit(file)? {
            Some(unit) => Some(unit),
            None => band.unit.as_deref().and_then(length_unit),
        },
        unit: band.unit,
        depths: keys.are_depths(),
        findings,
    })
}

/// The image, if it has cells, and not more than are read.
fn open<'a>(directory: &'a Directory<'a>, file: &'a str) -> Result<Image<'a>, FormatError> {
    let side = |tag| {
        directory
            .required(tag)
            .map_err(|fault| explain(file, fault))
    };
    let (width, height) = (side(tag::IMAGE_WIDTH)?, side(tag::IMAGE_LENGTH)?);
    let cells = width.saturating_mul(height);
    if cells == 0 || cells > MAX_CELLS {
        return Err(FormatError::unsupported(
            file,
            "",
            message!(
                "fault.raster.size",
                "a raster of {width} x {height} cells",
                width = width.to_string(),
                height = height.to_string()
            ),
            message!(
                "fix.raster.size",
                "give 1 to {most} cells: clip or resample it, or export it again",
                most = MAX_CELLS.to_string()
            ),
        ));
    }
    Image::open(directory, file)
}

/// Whether a second sample says how opaque a cell is; other rasters of several bands are refused.
fn has_alpha(
    directory: &Directory<'_>,
    image: &Image<'_>,
    file: &str,
) -> Result<bool, FormatError> {
    let extra = directory
        .number_or(tag::EXTRA_SAMPLES, 0)
        .map_err(|fault| explain(file, fault))?;
    match image.samples {
        1 => Ok(false),
        2 if matches!(extra, 1 | 2) => Ok(true),
        bands => Err(FormatError::unsupported(
            file,
            "",
            message!(
                "fault.raster.bands",
                "a raster of {bands} bands",
                bands = bands
            ),
            message!("fix.raster.bands", "export a single band"),
        )),
    }
}

fn is_palette(directory: &Directory<'_>) -> bool {
    directory.number(tag::PHOTOMETRIC) == Ok(Some(3))
}

fn is_mask_of(directory: &Directory<'_>, image: &Image<'_>) -> bool {
    let kind = directory.number_or(tag::NEW_SUBFILE_TYPE, 0).unwrap_or(0);
    kind & MASK != 0 && kind & REDUCED == 0 && same_size(directory, image)
}

fn same_size(directory: &Directory<'_>, image: &Image<'_>) -> bool {
    directory.number(tag::IMAGE_WIDTH) == Ok(Some(image.width as u64))
        && directory.number(tag::IMAGE_LENGTH) == Ok(Some(image.height as u64))
}

/// Pages of a file beside its first image that are neither overviews nor masks.
fn left_out_pages(others: &[Directory<'_>], image: &Image<'_>, findings: &mut Vec<Finding>) {
    let pages = others
        .iter()
        .filter(|d| d.number_or(tag::NEW_SUBFILE_TYPE, 0).unwrap_or(0) & (REDUCED | MASK) == 0)
        .count();
    if pages > 0 {
        findings.push(
            Finding::new(
                Kind::LeftOut,
                image.file(),
                message!(
                    "note.raster.pages",
                    "it holds {n} more images; only the first is read",
                    n = pages
                ),
            )
            .times(pages),
        );
    }
}

/// What the file says of the numbers of its band.
struct Band {
    no_data: Option<f64>,
    scale: f64,
    offset: f64,
    unit: Option<String>,
}

impl Band {
    fn read(
        directory: &Directory<'_>,
        image: &Image<'_>,
        aux: &AuxMetadata,
    ) -> Result<Self, FormatError> {
        let file = image.file();
        let text = |tag| directory.text(tag).map_err(|fault| explain(file, fault));
        let metadata = text(GDAL_METADATA)?.unwrap_or_default();
        let no_data = text(GDAL_NO_DATA)?.or_else(|| aux.no_data.clone());
        let number = |role: &str, beside: &Option<String>, default: f64| {
            let written = gdal_item(&metadata, role).or_else(|| beside.clone());
            written.map_or(Ok(default), |text| factor(&text, role, file))
        };
        let scale = number("scale", &aux.scale, 1.0)?;
        if scale == 0.0 {
            return Err(unclear(file, "scale", "0"));
        }
        let unit = gdal_item(&metadata, "unittype").or_else(|| aux.unit.clone());
        Ok(Self {
            no_data: no_data.map_or(Ok(None), |t| parse_no_data(&t, file))?,
            scale,
            offset: number("offset", &aux.offset, 0.0)?,
            unit: unit.filter(|word| !word.is_empty()),
        })
    }

    /// The numbers as stored, NaN where the file says that there are none.
    fn values(
        &self,
        image: &Image<'_>,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<f64>, FormatError> {
        let mut values = vec![f64::NAN; image.width * image.height];
        let mut unwritten = 0;
        let is_missing = |value: f64| {
            !value.is_finite()
                || self
                    .no_data
                    .is_some_and(|n| super::is_no_data(value, n, image.sample == Sample::Float))
        };
        image.read_band(0, |row, col, n, numbers| match numbers {
            Some(numbers) => {
                let start = row * image.width + col;
                for (value, number) in values[start..start + n].iter_mut().zip(numbers) {
                    *value = if is_missing(*number) {
                        f64::NAN
                    } else {
                        *number
                    };
                }
            }
            None => unwritten += n,
        })?;
        if unwritten > 0 && self.no_data.is_none() {
            findings.push(
                Finding::new(
                    Kind::Unknown,
                    image.file(),
                    message!(
                        "note.raster.unwritten",
                        "{count} cells were never written; they are taken as no data",
                        count = unwritten
                    ),
                )
                .times(unwritten),
            );
        }
        Ok(values)
    }
}

/// Takes the cells out where a band of a mask is 0 or was never written.
fn mask_out(values: &mut [f64], mask: &Image<'_>, band: usize) -> Result<(), FormatError> {
    mask.read_band(band, |row, col, n, numbers| {
        let start = row * mask.width + col;
        for (k, value) in values[start..start + n].iter_mut().enumerate() {
            if numbers.is_none_or(|numbers| numbers.get(k).is_none_or(|m| *m == 0.0)) {
                *value = f64::NAN;
            }
        }
    })
}

/// A mask in a file beside the raster.
fn external_mask(values: &mut [f64], bytes: &[u8], image: &Image<'_>) -> Result<(), FormatError> {
    let name = format!("{}.msk", image.file());
    let broken = |fault| explain(&name, fault);
    let (tiff, first) = Tiff::open(bytes).map_err(broken)?;
    let directory = tiff.directory(first).map_err(broken)?;
    if !same_size(&directory, image) {
        return Err(damaged(
            &name,
            message!(
                "fault.raster.mask_size",
                "the mask has other cells than its raster"
            ),
        ));
    }
    mask_out(values, &Image::open(&directory, &name)?, 0)
}

pub(super) fn factor(text: &str, role: &str, file: &str) -> Result<f64, FormatError> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(unclear(file, role, text)),
    }
}

/// Metadata that is there and cannot be understood.
fn unclear(file: &str, what: &str, text: &str) -> FormatError {
    FormatError::malformed(
        file,
        "",
        message!(
            "fault.raster.metadata",
            "its metadata say '{text}' for {what}, which cannot be understood",
            text = text.chars().take(40).collect::<String>(),
            what = what
        ),
        message!(
            "fix.raster.metadata",
            "mend the metadata or export it again"
        ),
    )
}

/// The number for "no data", in the spellings of C libraries too: `nan`, `1.#QNAN`, `-1.#IND`; `None` for a text
/// that says that there is none.
pub(super) fn parse_no_data(text: &str, file: &str) -> Result<Option<f64>, FormatError> {
    let word = text
        .split(['\0', ' ', ';', '\n', '\t'])
        .find(|word| !word.is_empty())
        .unwrap_or_default();
    let lower = word.to_ascii_lowercase();
    if lower.contains("#qnan")
        || lower.contains("#snan")
        || lower.contains("#ind")
        || lower.trim_start_matches(['-', '+']) == "nan"
    {
        return Ok(Some(f64::NAN));
    }
    if lower.contains("#inf") {
        return Ok(Some(f64::INFINITY));
    }
    if let Ok(value) = word.parse::<f64>() {
        return Ok(Some(value));
    }
    match parse_number(word) {
        Value::Known(value) => Ok(Some(value)),
        Value::Missing => Ok(None),
        Value::Unclear => Err(unclear(file, "nodata", word)),
    }
}

fn place(
    directory: &Directory<'_>,
    keys: &GeoKeys,
    image: &Image<'_>,
    aux: &AuxMetadata,
    beside: &Sidecars<'_>,
    findings: &mut Vec<Finding>,
) -> Result<Placement, FormatError> {
    let file = image.file();
    let inside = placement::affine(directory, keys.pixel_is_point(), file, findings)?;
    let affine: Affine = match (inside, beside.world, aux.affine) {
        (Some(inside), ..) => inside,
        (None, Some(world), _) => world_file(world, file)?,
        (None, None, Some(affine)) => affine,
        (None, None, None) => {
            return Err(FormatError::malformed(
                file,
                "",
                message!(
                    "fault.raster.no_place",
                    "it does not say where it lies, and no world file lies beside it"
                ),
                message!(
                    "fix.raster.no_place",
                    "export it with its place and CRS, or put its world file (.tfw) beside it"
                ),
            ));
        }
    };
    affine.placement(image.width, image.height, file)
}

/// Turns rows and columns so that the first cell is the north-western one.
fn turn(values: &mut [f64], placement: &Placement) {
    let n_cols = placement.geometry.n_cols;
    if placement.south_up {
        let n_rows = placement.geometry.n_rows;
        for row in 0..n_rows / 2 {
            let (upper, lower) = values.split_at_mut((n_rows - 1 - row) * n_cols);
            upper[row * n_cols..(row + 1) * n_cols].swap_with_slice(&mut lower[..n_cols]);
        }
    }
    if placement.east_first {
        values.chunks_exact_mut(n_cols).for_each(<[f64]>::reverse);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_data_is_understood_in_the_spellings_of_libraries() {
        for text in ["nan", "NaN", "-nan", "1.#QNAN", "-1.#IND", "1.#QNAN0\0"] {
            let value = parse_no_data(text, "e.tif").expect("understood");
            assert!(value.is_some_and(f64::is_nan), "{text}");
        }
        for (text, value) in [
            ("-9999", -9999.0),
            ("-9999.000000 ", -9999.0),
            ("-3.40282e+38", -3.402_82e38),
            ("-9999,0", -9999.0),
            ("-32768 -32768", -32768.0),
        ] {
            assert_eq!(parse_no_data(text, "e.tif"), Ok(Some(value)), "{text}");
        }
        assert_eq!(parse_no_data("none", "e.tif"), Ok(None));
        let fault = parse_no_data("minus9", "e.tif").expect_err("unclear");
        assert!(fault.to_string().contains("minus9"), "{fault}");
    }
}
