//! What lies beside a raster: a world file, a projection file, GDAL's `.aux.xml` and an external mask.

use stormgrid_core::message;
use stormgrid_core::value::{Value, parse_number};

use super::placement::Affine;
use crate::FormatError;

/// The bytes of the files beside a raster; those that are not there are `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sidecars<'a> {
    /// Well-known text of the CRS: `name.prj`.
    pub prj: Option<&'a [u8]>,
    /// Six numbers that place the cells: `name.tfw`, `name.tifw` or `name.wld`.
    pub world: Option<&'a [u8]>,
    /// GDAL's own metadata: `name.tif.aux.xml`.
    pub aux: Option<&'a [u8]>,
    /// A mask: `name.tif.msk`, a GeoTIFF whose zeros are no data.
    pub mask: Option<&'a [u8]>,
}

/// The placement of a world file: six lines, the corner being the middle of the first cell.
///
/// Source: ESRI, World files for raster datasets.
pub(super) fn world_file(bytes: &[u8], file: &str) -> Result<Affine, FormatError> {
    let wrong = || {
        FormatError::malformed(
            file,
            "",
            message!(
                "fault.raster.world",
                "the world file beside it does not hold six numbers"
            ),
            message!(
                "fix.raster.world",
                "export the raster again with its place in it"
            ),
        )
    };
    let text = String::from_utf8_lossy(bytes);
    let mut numbers = text
        .split_whitespace()
        .map(|word| match parse_number(word) {
            Value::Known(value) => Some(value),
            _ => None,
        });
    let mut next = || numbers.next().flatten().ok_or_else(wrong);
    let (a, d, b, e) = (next()?, next()?, next()?, next()?);
    let (x0, y0) = (next()?, next()?);
    Ok(Affine { x0, a, b, y0, d, e }.centers_to_corners())
}

/// What GDAL's `.aux.xml` says of the first band and of the place.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct AuxMetadata {
    pub(super) no_data: Option<String>,
    pub(super) scale: Option<String>,
    pub(super) offset: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) crs: Option<String>,
    pub(super) affine: Option<Affine>,
}

/// Reads GDAL's `.aux.xml`; a file that is no such document says nothing.
pub(super) fn aux_metadata(bytes: &[u8]) -> AuxMetadata {
    let text = String::from_utf8_lossy(bytes);
    let band = text
        .find("<PAMRasterBand band=\"1\"")
        .map(|at| &text[at..])
        .and_then(|rest| rest.split_once("</PAMRasterBand>"))
        .map_or("", |(band, _)| band);
    let whole = element(&text, "GeoTransform").and_then(|numbers| {
        let v: Vec<f64> = numbers
            .split(',')
            .map_while(|n| n.trim().parse().ok())
            .collect();
        let [x0, a, b, y0, d, e] = v[..] else {
            return None;
        };
        Some(Affine { x0, a, b, y0, d, e })
    });
    AuxMetadata {
        no_data: element(band, "NoDataValue"),
        scale: element(band, "Scale"),
        offset: element(band, "Offset"),
        unit: element(band, "UnitType"),
        crs: element(&text, "SRS").filter(|wkt| !wkt.is_empty()),
        affine: whole,
    }
}

/// The text of the first element of a name.
fn element(xml: &str, name: &str) -> Option<String> {
    let open = format!("<{name}");
    let mut rest = xml;
    loop {
        let at = rest.find(&open)?;
        rest = &rest[at + open.len()..];
        // `<Scale` also begins `<ScaleOther`.
        if rest.starts_with(['>', ' ']) {
            break;
        }
    }
    let (_, text) = rest.split_once('>')?;
    let (text, _) = text.split_once('<')?;
    Some(unescaped(text.trim()))
}

/// The five entities of XML.
pub(super) fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
