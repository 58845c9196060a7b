//! Writing a GeoTIFF, by the crate `tiff`.

use std::io::Cursor;

use stormgrid_core::raster::Raster;
use tiff::encoder::{Compression, TiffEncoder, colortype};
use tiff::tags::Tag;

use super::geographic::is_geographic;
use super::keys::ESRI_PE;
use crate::FormatError;

/// A GeoTIFF of 32 bit floats, deflated, that GDAL and QGIS open.
///
/// `crs` ends in the EPSG code of a projected or geographic system, as `EPSG:4547` does, or is the well-known text
/// of one that has no code, which is written as GDAL does; the file names none if it is neither. NaN becomes
/// `no_data`.
pub fn write_geotiff(
    raster: &Raster<f32>,
    crs: Option<&str>,
    no_data: f32,
) -> Result<Vec<u8>, FormatError> {
    let g = raster.geometry();
    let failed = |problem: String| FormatError::Write {
        what: "the GeoTIFF".into(),
        problem,
    };
    let (width, height) = (g.n_cols as u32, g.n_rows as u32);
    let values: Vec<f32> = raster
        .values()
        .iter()
        .map(|v| if v.is_nan() { no_data } else { *v })
        .collect();
    let mut out = Cursor::new(Vec::new());
    let result = (|| {
        let mut encoder = TiffEncoder::new(&mut out)?
            .with_compression(Compression::Deflate(tiff::encoder::DeflateLevel::Balanced));
        let mut image = encoder.new_image::<colortype::Gray32Float>(width, height)?;
        let directory = image.encoder();
        directory.write_tag(Tag::ModelPixelScaleTag, &[g.dx, g.dy, 0.0][..])?;
        directory.write_tag(
            Tag::ModelTiepointTag,
            &[0.0, 0.0, 0.0, g.west, g.north, 0.0][..],
        )?;
        directory.write_tag(Tag::GdalNodata, &*format!("{no_data}"))?;
        if let Some((keys, text)) = crs.and_then(geo_keys) {
            directory.write_tag(Tag::GeoKeyDirectoryTag, &keys[..])?;
            if let Some(text) = text {
                directory.write_tag(Tag::GeoAsciiParamsTag, &*text)?;
            }
        }
        image.write_data(&values)
    })();
    result.map_err(|e: tiff::TiffError| failed(e.to_string()))?;
    Ok(out.into_inner())
}

/// GTModelType, GTRasterType (pixel is area) and the code of the CRS, or its text as GDAL writes it.
fn geo_keys(crs: &str) -> Option<(Vec<u16>, Option<String>)> {
    let text = crs.trim();
    if text.contains('[') {
        return defined_keys(text);
    }
    // Of a compound name the first part is the horizontal one.
    let first = text.split("&2=").next()?.split('+').next()?;
    let first = first
        .split(',')
        .find(|part| part.to_ascii_uppercase().contains("EPSG"))?;
    let code: u16 = first
        .rsplit([':', '/'])
        .find(|part| !part.is_empty())?
        .parse()
        .ok()?;
    let (model, key) = if is_geographic(code) {
        (2, 2048)
    } else {
        (1, 3072)
    };
    let keys = vec![
        1, 1, 0, 3, 1024, 0, 1, model, 1025, 0, 1, 1, key, 0, 1, code,
    ];
    Some((keys, None))
}

/// Keys of a CRS that has no code: its well-known text stands in a citation, and the model is user-defined, or GDAL
/// takes the text for the name of a local system.
fn defined_keys(wkt: &str) -> Option<(Vec<u16>, Option<String>)> {
    // A bar ends a text of the keys, and the tag holds ASCII.
    let clean: String = wkt
        .chars()
        .map(|c| if c.is_ascii() && c != '|' { c } else { '_' })
        .collect();
    let text = format!("{ESRI_PE}{clean}|");
    let length = u16::try_from(text.len()).ok()?;
    let keys = vec![
        1, 1, 0, 3, 1024, 0, 1, 32767, 1025, 0, 1, 1, 3073, 34737, length, 0,
    ];
    Some((keys, Some(text)))
}
