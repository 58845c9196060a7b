//! ESRI ASCII grid: a header of keys, then the rows from the north.

use stormgrid_core::raster::{Raster, RasterGeometry};

use super::GeoRaster;
use crate::FormatError;

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

pub(super) fn read(bytes: &[u8], file: &str) -> Result<GeoRaster, FormatError> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        FormatError::malformed(
            file,
            format!("byte {}", e.valid_up_to()),
            "this is neither a GeoTIFF nor text",
            "give a GeoTIFF (.tif) or an ESRI ASCII grid (.asc)",
        )
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let mut header = Header::default();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, line)) = lines.peek() {
        match line.split_ascii_whitespace().next() {
            // A row may begin with `nan`: GDAL writes it for missing values.
            Some(word) if word.parse::<f64>().is_ok() => break,
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
            format!(
                "the header declares {} cells, more than {} bytes can hold",
                geometry.n_cells(),
                bytes.len()
            ),
            "the file is cut off or its header wrong: export it again",
        ));
    }
    let mut values = Vec::with_capacity(geometry.n_cells());
    for (index, line) in lines {
        for word in line.split_ascii_whitespace() {
            let value: f64 = word.parse().map_err(|_| {
                FormatError::malformed(
                    file,
                    format!("line {}", index + 1),
                    format!("'{}' is not a number", clip(word)),
                    "mend the value",
                )
            })?;
            let missing = !value.is_finite() || header.no_data == Some(value);
            values.push(if missing { f64::NAN } else { value });
        }
    }
    let found = values.len();
    let raster = Raster::new(geometry, values).map_err(|_| {
        FormatError::malformed(
            file,
            "",
            format!(
                "the header declares {} cells and {found} values follow",
                geometry.n_cells()
            ),
            "the file is cut off or its header wrong: export it again",
        )
    })?;
    let warnings = vec![super::no_crs(file)];
    Ok(GeoRaster {
        raster,
        crs: None,
        warnings,
    })
}

fn clip(word: &str) -> String {
    word.chars().take(30).collect()
}

impl Header {
    fn read_line(&mut self, line: &str, file: &str, number: usize) -> Result<(), FormatError> {
        let wrong = |problem: String| {
            FormatError::malformed(
                file,
                format!("line {number}"),
                problem,
                "an ESRI ASCII grid begins with ncols, nrows, xllcorner, yllcorner, cellsize, NODATA_value",
            )
        };
        let mut words = line.split_ascii_whitespace();
        let (Some(key), Some(text)) = (words.next(), words.next()) else {
            return Err(wrong(format!("'{}' is no header line", clip(line))));
        };
        let value: f64 = text
            .parse()
            .map_err(|_| wrong(format!("'{}' of {} is not a number", clip(text), clip(key))))?;
        let whole =
            || (value >= 1.0 && value.fract() == 0.0 && value < 4e9).then_some(value as usize);
        match key.to_ascii_lowercase().as_str() {
            "ncols" => {
                self.n_cols = Some(whole().ok_or_else(|| wrong(format!("ncols is {value}")))?);
            }
            "nrows" => {
                self.n_rows = Some(whole().ok_or_else(|| wrong(format!("nrows is {value}")))?);
            }
            "xllcorner" => self.x = Some((value, false)),
            "xllcenter" => self.x = Some((value, true)),
            "yllcorner" => self.y = Some((value, false)),
            "yllcenter" => self.y = Some((value, true)),
            "cellsize" => (self.dx, self.dy) = (Some(value), Some(value)),
            "dx" => self.dx = Some(value),
            "dy" => self.dy = Some(value),
            "nodata_value" => self.no_data = Some(value),
            other => return Err(wrong(format!("'{}' is no key of the header", clip(other)))),
        }
        Ok(())
    }

    fn geometry(&self, file: &str) -> Result<RasterGeometry, FormatError> {
        let missing = |key: &str| {
            FormatError::malformed(
                file,
                "",
                format!("the header lacks {key}"),
                "give a GeoTIFF or a complete ESRI ASCII grid",
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
