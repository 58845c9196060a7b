//! GeoTIFF, by the crate `tiff`, with the few tags that place the cells.
//!
//! Source: OGC 19-008r4, OGC GeoTIFF Standard 1.1; the no-data tag 42113 is GDAL's.

use std::io::Cursor;

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::{Raster, RasterGeometry};
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::encoder::{Compression, TiffEncoder, colortype};
use tiff::tags::Tag;

use super::GeoRaster;
use super::geographic::is_geographic;
use crate::FormatError;

/// No byte holds more: deflate reaches 1032, LZW with its longest strings 4096 in 12 bits.
const BYTES_PER_PACKED_BYTE: u64 = 3000;
/// The most cells that one raster may have: 4 GiB of f64, the Pearl River Delta in cells of 10 m.
const MAX_CELLS: u64 = 1 << 29;
/// What one strip or tile may take beside the raster [bytes]: a tile of 2048 x 2048 f64 twice.
const CHUNK_BYTES: usize = 64 << 20;
/// GDAL's metadata, XML.
const GDAL_METADATA: Tag = Tag::Unknown(42112);

pub(super) fn read(bytes: &[u8], file: &str) -> Result<GeoRaster, FormatError> {
    let broken = |error: tiff::TiffError| explain(file, bytes, &error);
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(broken)?;
    let (width, height) = decoder.dimensions().map_err(broken)?;
    let cells = u64::from(width) * u64::from(height);
    if cells == 0 || cells > MAX_CELLS {
        return Err(FormatError::unsupported(
            file,
            "",
            format!("a raster of {width} x {height} cells"),
            format!("give 1 to {MAX_CELLS} cells: clip or resample it, or export it again"),
        ));
    }
    let bands: u64 = number(&mut decoder, Tag::SamplesPerPixel).unwrap_or(1);
    if bands != 1 {
        return Err(FormatError::unsupported(
            file,
            "",
            format!("a raster of {bands} bands"),
            "export a single band",
        ));
    }
    check_chunks(&mut decoder, file, bytes.len() as u64, cells)?;
    let mut limits = Limits::default();
    // Texts are held to it too: without the file's length a raster of two cells lost its no-data.
    limits.decoding_buffer_size = (cells as usize * 8).max(bytes.len());
    limits.intermediate_buffer_size = (cells as usize * 8).max(CHUNK_BYTES);
    decoder = decoder.with_limits(limits);
    let mut warnings = Vec::new();
    let geometry = placement(
        &mut decoder,
        file,
        width as usize,
        height as usize,
        &mut warnings,
    )?;
    let no_data = no_data(&mut decoder);
    let crs = crs(&mut decoder);
    if crs.is_none() {
        warnings.push(super::no_crs(file));
    }
    let mut values = as_f64(decoder.read_image().map_err(broken)?);
    if values.len() as u64 != cells {
        return Err(FormatError::unsupported(
            file,
            "",
            format!("a raster of {} values in {cells} cells", values.len()),
            "export a single band",
        ));
    }
    let [scale, offset] = scale_and_offset(&mut decoder);
    for value in &mut values {
        let missing = !value.is_finite()
            || no_data.is_some_and(|n| *value == n || (*value as f32) == n as f32);
        *value = if missing {
            f64::NAN
        } else {
            *value * scale + offset
        };
    }
    let raster = Raster::new(geometry, values)
        .map_err(|e| FormatError::malformed(file, "", e.to_string(), "export it again"))?;
    Ok(GeoRaster {
        raster,
        crs,
        warnings,
    })
}

/// A GeoTIFF of 32 bit floats, deflated, that GDAL and QGIS open.
///
/// `crs` ends in the EPSG code of a projected or geographic system, as `EPSG:4547` does; the file
/// names none if it does not. NaN becomes `no_data`.
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
        if let Some(keys) = crs.and_then(geo_keys) {
            directory.write_tag(Tag::GeoKeyDirectoryTag, &keys[..])?;
        }
        image.write_data(&values)
    })();
    result.map_err(|e: tiff::TiffError| failed(e.to_string()))?;
    Ok(out.into_inner())
}

/// GTModelType, GTRasterType (pixel is area) and the code of the CRS.
fn geo_keys(crs: &str) -> Option<[u16; 16]> {
    let code: u16 = crs.rsplit([':', '/']).next()?.parse().ok()?;
    let (model, key) = if is_geographic(code) {
        (2, 2048)
    } else {
        (1, 3072)
    };
    Some([
        1, 1, 0, 3, 1024, 0, 1, model, 1025, 0, 1, 1, key, 0, 1, code,
    ])
}

fn explain(file: &str, bytes: &[u8], error: &tiff::TiffError) -> FormatError {
    use tiff::TiffError;
    match error {
        TiffError::UnsupportedError(what) => FormatError::unsupported(
            file,
            "",
            format!("this kind of GeoTIFF ({what})"),
            "convert it to a single band of floats with LZW or deflate",
        ),
        TiffError::IoError(_) => FormatError::malformed(
            file,
            "",
            format!("the GeoTIFF ends too early, after {} bytes", bytes.len()),
            "the file is cut off: copy or download it again",
        ),
        other => FormatError::malformed(
            file,
            "",
            format!("the GeoTIFF is damaged ({other})"),
            "copy or export the file again",
        ),
    }
}

type TiffDecoder<'a> = Decoder<Cursor<&'a [u8]>>;

fn doubles(decoder: &mut TiffDecoder<'_>, tag: Tag) -> Option<Vec<f64>> {
    decoder.find_tag(tag).ok()??.into_f64_vec().ok()
}

fn number(decoder: &mut TiffDecoder<'_>, tag: Tag) -> Option<u64> {
    decoder.find_tag_unsigned(tag).ok()?
}

/// Holds the declared places and sizes of strips or tiles against the bytes that are there, before
/// anything of the raster's size is allocated.
fn check_chunks(
    decoder: &mut TiffDecoder<'_>,
    file: &str,
    file_bytes: u64,
    cells: u64,
) -> Result<(), FormatError> {
    let mut list = |tag| decoder.find_tag_unsigned_vec::<u64>(tag).ok().flatten();
    let tiles = list(Tag::TileOffsets).zip(list(Tag::TileByteCounts));
    let word = if tiles.is_some() { "tile" } else { "strip" };
    let strips = || list(Tag::StripOffsets).zip(list(Tag::StripByteCounts));
    let Some((offsets, sizes)) = tiles.or_else(strips) else {
        // The decoder says what it lacks.
        return Ok(());
    };
    let mut packed = 0_u64;
    for (k, (offset, size)) in offsets.iter().zip(&sizes).enumerate() {
        let end = offset.saturating_add(*size);
        if end > file_bytes {
            return Err(FormatError::malformed(
                file,
                "",
                format!("{word} {k} ends at byte {end} of {file_bytes}"),
                "the file is cut off: copy or download it again",
            ));
        }
        packed = packed.saturating_add(*size);
    }
    let bits = number(decoder, Tag::BitsPerSample).unwrap_or(8).max(1);
    let plain = number(decoder, Tag::Compression).unwrap_or(1) == 1;
    let reach = packed.saturating_mul(if plain { 1 } else { BYTES_PER_PACKED_BYTE });
    let needed = cells.saturating_mul(bits).div_ceil(8);
    if needed > reach {
        return Err(FormatError::malformed(
            file,
            "",
            format!("the header declares {needed} bytes of cells in {packed} bytes"),
            "the file is damaged: copy or export it again",
        ));
    }
    Ok(())
}

/// Scale and offset that GDAL's metadata give to the first band; 1 and 0 without them.
fn scale_and_offset(decoder: &mut TiffDecoder<'_>) -> [f64; 2] {
    let found = decoder.find_tag(GDAL_METADATA).ok().flatten();
    let xml = found
        .and_then(|value| value.into_string().ok())
        .unwrap_or_default();
    let item = |role: &str| {
        let item = xml
            .split("<Item ")
            .find(|i| i.contains(&format!("role=\"{role}\"")) && i.contains("sample=\"0\""))?;
        let value: f64 = item
            .split_once('>')?
            .1
            .split_once('<')?
            .0
            .trim()
            .parse()
            .ok()?;
        value.is_finite().then_some(value)
    };
    [item("scale").unwrap_or(1.0), item("offset").unwrap_or(0.0)]
}

fn placement(
    decoder: &mut TiffDecoder<'_>,
    file: &str,
    n_cols: usize,
    n_rows: usize,
    warnings: &mut Vec<Message>,
) -> Result<RasterGeometry, FormatError> {
    let point_registered = geo_key(decoder, 1025) == Some(2);
    let scale = doubles(decoder, Tag::ModelPixelScaleTag);
    let tie = doubles(decoder, Tag::ModelTiepointTag);
    let matrix = doubles(decoder, Tag::ModelTransformationTag);
    let (dx, dy, mut west, mut north) = match (scale.as_deref(), tie.as_deref(), matrix.as_deref())
    {
        (Some([dx, dy, ..]), Some([col, row, _, x, y, ..]), _) => {
            (*dx, *dy, x - col * dx, y + row * dy)
        }
        (_, _, Some([a, b, _, x, d, e, _, y, ..])) if *b == 0.0 && *d == 0.0 && *e < 0.0 => {
            (*a, -e, *x, *y)
        }
        (_, _, Some(_)) => {
            return Err(FormatError::unsupported(
                file,
                "",
                "a rotated raster",
                "resample it north up",
            ));
        }
        _ => {
            warnings.push(message!(
                "note.raster.no_place",
                "{file} does not say where it lies; cells of 1 unit from (0, 0) are assumed",
                file = file
            ));
            (1.0, 1.0, 0.0, n_rows as f64)
        }
    };
    if point_registered {
        west -= 0.5 * dx;
        north += 0.5 * dy;
    }
    RasterGeometry::new(n_cols, n_rows, west, north, dx, dy).map_err(|e| {
        FormatError::malformed(file, "", e.to_string(), "export the raster again, north up")
    })
}

fn no_data(decoder: &mut TiffDecoder<'_>) -> Option<f64> {
    let text = decoder
        .find_tag(Tag::GdalNodata)
        .ok()??
        .into_string()
        .ok()?;
    text.trim_matches(['\0', ' ']).parse().ok()
}

/// The value of a short key of the GeoKey directory.
fn geo_key(decoder: &mut TiffDecoder<'_>, key: u16) -> Option<u16> {
    let keys = decoder
        .find_tag(Tag::GeoKeyDirectoryTag)
        .ok()??
        .into_u16_vec()
        .ok()?;
    keys.chunks_exact(4)
        .skip(1)
        .find(|k| k[0] == key && k[1] == 0)
        .map(|k| k[3])
}

/// ProjectedCRSGeoKey, else GeodeticCRSGeoKey; 32767 means "user-defined".
fn crs(decoder: &mut TiffDecoder<'_>) -> Option<String> {
    [3072, 2048]
        .iter()
        .find_map(|key| geo_key(decoder, *key))
        .filter(|code| *code != 32767 && *code != 0)
        .map(|code| format!("EPSG:{code}"))
}

fn as_f64(image: DecodingResult) -> Vec<f64> {
    fn widen<T: Copy>(values: &[T], f: impl Fn(T) -> f64) -> Vec<f64> {
        values.iter().map(|v| f(*v)).collect()
    }
    match image {
        DecodingResult::U8(v) => widen(&v, f64::from),
        DecodingResult::U16(v) => widen(&v, f64::from),
        DecodingResult::U32(v) => widen(&v, f64::from),
        DecodingResult::U64(v) => widen(&v, |x| x as f64),
        DecodingResult::I8(v) => widen(&v, f64::from),
        DecodingResult::I16(v) => widen(&v, f64::from),
        DecodingResult::I32(v) => widen(&v, f64::from),
        DecodingResult::I64(v) => widen(&v, |x| x as f64),
        DecodingResult::F16(v) => widen(&v, |x| f64::from(x.to_f32())),
        DecodingResult::F32(v) => widen(&v, f64::from),
        DecodingResult::F64(v) => v,
    }
}
