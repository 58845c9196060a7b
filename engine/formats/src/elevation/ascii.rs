//! ESRI ASCII grid: a header of keys, then the rows from the north.

use stormgrid_core::finding::Finding;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_core::value::{Value, parse_number};

use super::keys::length_unit;
use super::missing::clear_sentinels;
use super::sidecar::{Sidecars, aux_metadata};
use super::{GeoRaster, geotiff};
use crate::FormatError;
use crate::error::line;

/// What ArcGIS takes for "no data" where the header does not name it.
const DEFAULT_NO_DATA: f64 = -9999.0;

#[derive(Default)]
struct Header {
    n_cols: Option<usize>,
    n_rows: Option<usize>,
    x: Option<(f64, bool)>,
    y: Option<(f64, bool)>,
    dx: Option<f64>,
    dy: Option<f64>,
    no_data: Option<f64>,
}

/// Words of a file: what stands between spaces, tabs and semicolons.
fn words(line: &str) -> impl Iterator<Item = &str> {
    // DOS programs end a text with Ctrl-Z.
    line.split(|c: char| c.is_ascii_whitespace() || c == ';' || c == '\u{1a}')
        .filter(|word| !word.is_empty())
}

pub(super) fn read(
    bytes: &[u8],
    file: &str,
    beside: &Sidecars<'_>,
) -> Result<GeoRaster, FormatError> {
    let text = text(bytes, file)?;
    let mut header = Header::default();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, line)) = lines.peek() {
        match words(line).next() {
            // A row may begin with `nan`: GDAL writes it for missing values.
            Some(word) if cell(word).is_some() => break,
            Some(_) => header.read_line(line, file, index + 1)?,
            None => {}
        }
        lines.next();
    }
    let geometry = header.geometry(file)?;
    // A value takes at least a digit and a space.
    if geometry.n_cells() > bytes.len().div_ceil(2) + 1 {
        return Err(FormatError::malformed(
            file,
            "",
            message!(
                "fault.ascii.more_cells",
                "the header declares {cells} cells, more than {bytes} bytes can hold",
                cells = geometry.n_cells().to_string(),
                bytes = bytes.len().to_string()
            ),
            cut_off(),
        ));
    }
    let no_data = header.no_data.unwrap_or(DEFAULT_NO_DATA);
    let mut values = Vec::with_capacity(geometry.n_cells());
    let mut missing = 0_usize;
    for (index, row) in lines {
        for word in words(row) {
            let value = cell(word).ok_or_else(|| not_a_number(file, index + 1, word))?;
            if super::is_no_data(value, no_data, true) {
                missing += 1;
                values.push(f64::NAN);
            } else {
                values.push(if value.is_finite() { value } else { f64::NAN });
            }
        }
    }
    let found = values.len();
    let mut findings = Vec::new();
    if header.no_data.is_none() && missing > 0 {
        findings.push(super::missing::unknown(
            file,
            &DEFAULT_NO_DATA.to_string(),
            missing,
        ));
    }
    clear_sentinels(&mut values, file, &mut findings);
    let raster = Raster::new(geometry, values).map_err(|_| {
        FormatError::malformed(
            file,
            "",
            message!(
                "fault.ascii.count",
                "the header declares {cells} cells and {found} values follow",
                cells = geometry.n_cells().to_string(),
                found = found.to_string()
            ),
            cut_off(),
        )
    })?;
    placed(raster, file, beside, findings)
}

/// The grid with what lies beside it: its CRS and unit.
fn placed(
    mut raster: Raster<f64>,
    file: &str,
    beside: &Sidecars<'_>,
    mut findings: Vec<Finding>,
) -> Result<GeoRaster, FormatError> {
    let aux = beside.aux.map(aux_metadata).unwrap_or_default();
    let factor = |role: &str, text: &Option<String>, default: f64| match text {
        Some(text) => geotiff::factor(text, role, file),
        None => Ok(default),
    };
    let (scale, offset) = (
        factor("scale", &aux.scale, 1.0)?,
        factor("offset", &aux.offset, 0.0)?,
    );
    let no_data = aux.no_data.as_deref();
    let no_data = no_data.map_or(Ok(None), |text| geotiff::parse_no_data(text, file))?;
    for value in raster.values_mut() {
        *value = match no_data.is_some_and(|n| super::is_no_data(*value, n, true)) {
            true => f64::NAN,
            false => *value * scale + offset,
        };
    }
    let (crs, vertical_unit) = match super::crs_beside(beside) {
        Some(crs) => (Some(crs.text), crs.vertical_unit),
        None => (aux.crs, None),
    };
    if crs.is_none() {
        findings.push(super::no_crs(file));
    }
    Ok(GeoRaster {
        raster,
        crs,
        unit_m: None,
        source_unit_m: 1.0,
        vertical_unit: aux.unit.as_deref().and_then(length_unit).or(vertical_unit),
        unit: aux.unit,
        depths: false,
        findings,
    })
}

/// The text of the file; grids of other programs are refused by their name.
fn text<'a>(bytes: &'a [u8], file: &str) -> Result<&'a str, FormatError> {
    let other = match bytes {
        [b'D', b'S', b'A', b'A', ..] | [b'D', b'S', b'B' | b'R', b'B', ..] => Some("Surfer"),
        [b'\x89', b'H', b'D', b'F', ..] => Some("HDF5 / netCDF-4"),
        [b'C', b'D', b'F', ..] => Some("netCDF"),
        [b'G', b'R', b'I', b'B', ..] => Some("GRIB"),
        [0x89, b'P', b'N', b'G', ..] => Some("PNG"),
        [0xff, 0xd8, 0xff, ..] => Some("JPEG"),
        [0x1f, 0x8b, ..] => Some("gzip"),
        [b'P', b'K', 3, 4, ..] => Some("zip"),
        [b'S', b'Q', b'L', b'i', b't', b'e', ..] => Some("SQLite / GeoPackage"),
        [b'E', b'H', b'F', b'A', ..] => Some("Erdas Imagine"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        _ => None,
    };
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).to_lowercase();
    let start = start.trim_start_matches('\u{feff}').trim_start();
    let other = other.or_else(|| match start {
        s if s.starts_with("<!doctype html") || s.starts_with("<html") => Some("HTML (a web page)"),
        s if s.starts_with("version https://git-lfs") => Some("Git LFS (a pointer to the file)"),
        s if s.starts_with("<vrtdataset") => Some("GDAL VRT"),
        s if s.starts_with("<?xml") || s.starts_with('<') => Some("XML"),
        s if s.starts_with("north:") || s.starts_with("proj:") => Some("GRASS ASCII"),
        s if s.starts_with('{') || s.starts_with('[') => Some("JSON"),
        _ => None,
    });
    let remedy = || {
        message!(
            "fix.raster.format",
            "give a GeoTIFF (.tif) or an ESRI ASCII grid (.asc)"
        )
    };
    if let Some(name) = other {
        return Err(FormatError::unsupported(
            file,
            "",
            message!(
                "fault.raster.format",
                "a file of the format {name}",
                name = name
            ),
            remedy(),
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| {
        FormatError::malformed(
            file,
            format!("byte {}", e.valid_up_to()),
            message!(
                "fault.raster.not_text",
                "this is neither a GeoTIFF nor text"
            ),
            remedy(),
        )
    })?;
    Ok(text.trim_start_matches('\u{feff}'))
}

/// A value of a cell: as Rust reads it, as C libraries write what is no number, or with a decimal comma.
fn cell(word: &str) -> Option<f64> {
    if let Ok(value) = word.parse() {
        return Some(value);
    }
    if word.contains('#') {
        let digits = word.trim_start_matches(['-', '+']);
        return digits.starts_with("1.#").then_some(f64::NAN);
    }
    // In a table of numbers a single comma is a decimal mark: thousands are not separated there.
    let (whole, fraction) = word.split_once(',')?;
    (!fraction.contains(',') && !word.contains('.'))
        .then(|| format!("{whole}.{fraction}").parse().ok())
        .flatten()
}

fn not_a_number(file: &str, number: usize, word: &str) -> FormatError {
    FormatError::malformed(
        file,
        line(number),
        message!(
            "fault.ascii.number",
            "'{word}' is not a number",
            word = clip(word)
        ),
        message!("fix.ascii.number", "mend the value"),
    )
}

fn cut_off() -> Message {
    message!(
        "fix.ascii.cut_off",
        "the file is cut off or its header wrong: export it again"
    )
}

fn clip(word: &str) -> String {
    word.chars().take(30).collect()
}

impl Header {
    fn read_line(&mut self, text: &str, file: &str, number: usize) -> Result<(), FormatError> {
        let wrong = |problem: Message| {
            FormatError::malformed(
                file,
                line(number),
                problem,
                message!(
                    "fix.ascii.header",
                    "an ESRI ASCII grid begins with ncols, nrows, xllcorner, yllcorner, cellsize, NODATA_value"
                ),
            )
        };
        let mut of_line = words(text);
        let (Some(key), Some(word)) = (of_line.next(), of_line.next()) else {
            return Err(wrong(message!(
                "fault.ascii.line",
                "'{line}' is no header line",
                line = clip(text)
            )));
        };
        let key = key.trim_end_matches([':', '=']).to_ascii_lowercase();
        if matches!(key.as_str(), "nodata_value" | "nodata" | "no_data_value") {
            self.no_data = geotiff::parse_no_data(word, file)?;
            return Ok(());
        }
        let Some(value) = header_number(word) else {
            return Err(wrong(message!(
                "fault.ascii.header_number",
                "'{word}' of {key} is not a number",
                word = clip(word),
                key = clip(&key)
            )));
        };
        let whole = || {
            (value >= 1.0 && value.fract() == 0.0 && value < 4e9)
                .then_some(value as usize)
                .ok_or_else(|| {
                    wrong(message!(
                        "fault.ascii.size",
                        "{key} is {value}",
                        key = clip(&key),
                        value = value
                    ))
                })
        };
        match key.as_str() {
            "ncols" => self.n_cols = Some(whole()?),
            "nrows" => self.n_rows = Some(whole()?),
            "xllcorner" => self.x = Some((value, false)),
            "xllcenter" => self.x = Some((value, true)),
            "yllcorner" => self.y = Some((value, false)),
            "yllcenter" => self.y = Some((value, true)),
            "cellsize" => (self.dx, self.dy) = (Some(value), Some(value)),
            "dx" => self.dx = Some(value),
            "dy" => self.dy = Some(value),
            other => {
                return Err(wrong(message!(
                    "fault.ascii.key",
                    "'{key}' is no key of the header",
                    key = clip(other)
                )));
            }
        }
        Ok(())
    }

    fn geometry(&self, file: &str) -> Result<RasterGeometry, FormatError> {
        let missing = |key: &str| {
            FormatError::malformed(
                file,
                "",
                message!("fault.ascii.lacks", "the header lacks {key}", key = key),
                message!(
                    "fix.ascii.lacks",
                    "give a GeoTIFF or a complete ESRI ASCII grid"
                ),
            )
        };
        let n_cols = self.n_cols.ok_or_else(|| missing("ncols"))?;
        let n_rows = self.n_rows.ok_or_else(|| missing("nrows"))?;
        let dx = self.dx.ok_or_else(|| missing("cellsize"))?;
        let dy = self.dy.ok_or_else(|| missing("cellsize"))?;
        let (x, x_center) = self.x.ok_or_else(|| missing("xllcorner"))?;
        let (y, y_center) = self.y.ok_or_else(|| missing("yllcorner"))?;
        let half = |center: bool, size: f64| if center { 0.5 * size } else { 0.0 };
        let (west, south) = (x - half(x_center, dx), y - half(y_center, dy));
        RasterGeometry::new(n_cols, n_rows, west, south + n_rows as f64 * dy, dx, dy)
            .map_err(|e| FormatError::malformed(file, "", e.to_string(), "mend the header"))
    }
}

/// A number of the header; a decimal comma is read, and one that could part thousands is not.
fn header_number(word: &str) -> Option<f64> {
    match word.parse::<f64>() {
        Ok(value) => value.is_finite().then_some(value),
        Err(_) => match parse_number(word) {
            Value::Known(value) => Some(value),
            _ => None,
        },
    }
}
