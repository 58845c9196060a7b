//! Elevation and other rasters of one value per cell: GeoTIFF and ESRI ASCII grid.

mod ascii;
mod geotiff;

use stormgrid_core::raster::Raster;

use crate::FormatError;

pub use geotiff::write_geotiff;

/// A raster with the CRS that its file names.
#[derive(Clone, Debug, PartialEq)]
pub struct GeoRaster {
    /// The values; NaN where the file has no data.
    pub raster: Raster<f64>,
    /// The CRS as `EPSG:n`; `None` if the file names none.
    pub crs: Option<String>,
    /// What a person should know about the file though it was read.
    pub warnings: Vec<String>,
}

/// Reads a raster: a GeoTIFF if it begins like one, an ESRI ASCII grid otherwise.
///
/// GeoTIFF: one band of 8 to 64 bit integers or 32 or 64 bit floats, strips or tiles, uncompressed,
/// LZW or deflate, any predictor, north up.
pub fn read(bytes: &[u8], file: &str) -> Result<GeoRaster, FormatError> {
    match bytes {
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => geotiff::read(bytes, file),
        [] => Err(FormatError::malformed(
            file,
            "",
            "the file is empty",
            "give a GeoTIFF or an ESRI ASCII grid",
        )),
        _ => ascii::read(bytes, file),
    }
}
