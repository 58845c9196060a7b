//! Where the cells of a GeoTIFF lie: from a corner and a cell size, a matrix, ground control points or a world file.

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::RasterGeometry;

use super::chunks::explain;
use super::directory::Directory;
use crate::FormatError;

/// Tag of the cell size.
const MODEL_PIXEL_SCALE: u16 = 33550;
/// Tag of points of the raster with their coordinates.
const MODEL_TIEPOINT: u16 = 33922;
/// Tag of the matrix from cells to coordinates.
const MODEL_TRANSFORMATION: u16 = 34264;
/// How far ground control points may lie off a grid that runs north, in cells.
const MOST_OFF: f64 = 0.01;

/// The matrix from columns and rows to coordinates: `x = x0 + a·col + b·row`, `y = y0 + d·col + e·row`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Affine {
    pub(super) x0: f64,
    pub(super) a: f64,
    pub(super) b: f64,
    pub(super) y0: f64,
    pub(super) d: f64,
    pub(super) e: f64,
}

/// A geometry that runs north, and how the rows and columns of the file have to be turned for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placement {
    pub(super) geometry: RasterGeometry,
    /// The first row of the file is the southernmost.
    pub(super) south_up: bool,
    /// The first column of the file is the easternmost.
    pub(super) east_first: bool,
}

/// The matrix that the tags of a file give; `None` if the file does not say where it lies.
pub(super) fn affine(
    directory: &Directory<'_>,
    pixel_is_point: bool,
    file: &str,
    findings: &mut Vec<Finding>,
) -> Result<Option<Affine>, FormatError> {
    let doubles = |tag| directory.doubles(tag).map_err(|fault| explain(file, fault));
    let scale = doubles(MODEL_PIXEL_SCALE)?;
    let tie = doubles(MODEL_TIEPOINT)?;
    let matrix = doubles(MODEL_TRANSFORMATION)?;
    let found = match (scale.as_deref(), tie.as_deref(), matrix.as_deref()) {
        (Some([dx, dy, ..]), Some([col, row, _, x, y, _, ..]), _) => {
            if *dy < 0.0 {
                findings.push(Finding::new(
                    Kind::Assumed,
                    file,
                    message!(
                        "note.raster.negative_scale",
                        "its cell height is negative; it is taken as positive, rows from the north, as GDAL does"
                    ),
                ));
            }
            let dy = dy.abs();
            Affine {
                x0: x - col * dx,
                a: *dx,
                b: 0.0,
                y0: y + row * dy,
                d: 0.0,
                e: -dy,
            }
        }
        (_, _, Some([a, b, _, x, d, e, _, y, ..])) => Affine {
            x0: *x,
            a: *a,
            b: *b,
            y0: *y,
            d: *d,
            e: *e,
        },
        (None, Some(points), None) if points.len() >= 12 => {
            return control_points(points, file, findings).map(Some);
        }
        _ => return Ok(None),
    };
    Ok(Some(match pixel_is_point {
        true => found.centers_to_corners(),
        false => found,
    }))
}

impl Affine {
    /// The matrix of corners where that of centres of cells is given.
    pub(super) fn centers_to_corners(self) -> Self {
        Self {
            x0: self.x0 - 0.5 * (self.a + self.b),
            y0: self.y0 - 0.5 * (self.d + self.e),
            ..self
        }
    }

    /// The geometry of so many columns and rows.
    pub(super) fn placement(
        self,
        n_cols: usize,
        n_rows: usize,
        file: &str,
    ) -> Result<Placement, FormatError> {
        // What the turn moves over the whole raster must stay below a thousandth of a cell.
        let reach = n_cols.max(n_rows) as f64;
        let turned = |side: f64, along: f64| (side * reach).abs() > 1e-3 * along.abs();
        if turned(self.b, self.a) || turned(self.d, self.e) {
            return Err(FormatError::unsupported(
                file,
                "",
                message!("fault.raster.rotated", "a rotated raster"),
                resample(),
            ));
        }
        let (dx, dy) = (self.a.abs(), self.e.abs());
        let (south_up, east_first) = (self.e > 0.0, self.a < 0.0);
        let west = if east_first {
            self.x0 - n_cols as f64 * dx
        } else {
            self.x0
        };
        let north = if south_up {
            self.y0 + n_rows as f64 * dy
        } else {
            self.y0
        };
        let geometry = RasterGeometry::new(n_cols, n_rows, west, north, dx, dy).map_err(|e| {
            FormatError::malformed(file, "", e.to_string(), "export the raster again, north up")
        })?;
        Ok(Placement {
            geometry,
            south_up,
            east_first,
        })
    }
}

fn resample() -> Message {
    message!(
        "fix.raster.rotated",
        "resample it north up, for example with gdalwarp"
    )
}

/// The grid that ground control points lie on, if they lie on one; refused otherwise.
fn control_points(
    points: &[f64],
    file: &str,
    findings: &mut Vec<Finding>,
) -> Result<Affine, FormatError> {
    let refused = || {
        FormatError::unsupported(
            file,
            "",
            message!(
                "fault.raster.gcp",
                "a raster that only ground control points place, on no regular grid,"
            ),
            resample(),
        )
    };
    let (points, _) = points.as_chunks::<6>();
    if points.iter().flatten().any(|v| !v.is_finite()) {
        return Err(refused());
    }
    let fit = |value: usize| least_squares(points, value).ok_or_else(refused);
    let ([x0, a, b], [y0, d, e]) = (fit(3)?, fit(4)?);
    let off = points
        .iter()
        .map(|[col, row, _, x, y, _]| {
            let across = (x0 + a * col + b * row - x) / a;
            let down = (y0 + d * col + e * row - y) / e;
            across.abs().max(down.abs())
        })
        .fold(0.0, f64::max);
    // A fit of zero width is not a number.
    if off.is_nan() || off > MOST_OFF {
        return Err(refused());
    }
    findings.push(Finding::new(
        Kind::Note,
        file,
        message!(
            "note.raster.gcp",
            "it is placed by {n} ground control points, which lie on a regular grid",
            n = points.len()
        ),
    ));
    // Rounding of the fit is no turn.
    let clean = |side: f64, along: f64| {
        if side.abs() < 1e-9 * along.abs() {
            0.0
        } else {
            side
        }
    };
    Ok(Affine {
        x0,
        a,
        b: clean(b, a),
        y0,
        d: clean(d, e),
        e,
    })
}

/// The plane `c0 + c1·col + c2·row` nearest to one value of the points, by normal equations about their mean;
/// `None` if they lie in one line.
fn least_squares(points: &[[f64; 6]], value: usize) -> Option<[f64; 3]> {
    let n = points.len() as f64;
    let mean = |k: usize| points.iter().map(|p| p[k]).sum::<f64>() / n;
    let (col, row, z) = (mean(0), mean(1), mean(value));
    let sum = |f: &dyn Fn(&[f64; 6]) -> f64| points.iter().map(f).sum::<f64>();
    let cc = sum(&|p| (p[0] - col).powi(2));
    let rr = sum(&|p| (p[1] - row).powi(2));
    let cr = sum(&|p| (p[0] - col) * (p[1] - row));
    let cz = sum(&|p| (p[0] - col) * (p[value] - z));
    let rz = sum(&|p| (p[1] - row) * (p[value] - z));
    let determinant = cc * rr - cr * cr;
    if determinant.is_nan() || determinant <= 1e-9 * cc * rr {
        return None;
    }
    let c1 = (cz * rr - rz * cr) / determinant;
    let c2 = (rz * cc - cz * cr) / determinant;
    Some([z - c1 * col - c2 * row, c1, c2])
}
