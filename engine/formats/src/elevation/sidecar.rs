//! What lies beside a raster: a world file, a projection file, GDAL's `.aux.xml` and an external mask.

use serde::Deserialize;
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

/// Text of an element, whatever its attributes.
#[derive(Debug, Default, Deserialize)]
struct Text {
    #[serde(rename = "$text", default)]
    text: String,
}

impl Text {
    fn trimmed(self) -> Option<String> {
        Some(self.text.trim().to_owned()).filter(|text| !text.is_empty())
    }
}

/// `PAMDataset` of GDAL's `.aux.xml`.
#[derive(Debug, Default, Deserialize)]
struct PamDataset {
    #[serde(rename = "SRS")]
    srs: Option<Text>,
    #[serde(rename = "GeoTransform")]
    transform: Option<Text>,
    #[serde(rename = "PAMRasterBand", default)]
    bands: Vec<PamBand>,
}

#[derive(Debug, Default, Deserialize)]
struct PamBand {
    #[serde(rename = "@band")]
    number: Option<String>,
    #[serde(rename = "NoDataValue")]
    no_data: Option<Text>,
    #[serde(rename = "Scale")]
    scale: Option<Text>,
    #[serde(rename = "Offset")]
    offset: Option<Text>,
    #[serde(rename = "UnitType")]
    unit: Option<Text>,
}

/// `GDALMetadata` in a tag of a GeoTIFF.
#[derive(Debug, Default, Deserialize)]
struct GdalMetadata {
    #[serde(rename = "Item", default)]
    items: Vec<GdalItem>,
}

#[derive(Debug, Default, Deserialize)]
struct GdalItem {
    #[serde(rename = "@role")]
    role: Option<String>,
    #[serde(rename = "@sample")]
    sample: Option<String>,
    #[serde(rename = "$text", default)]
    text: String,
}

/// Reads GDAL's `.aux.xml`; a file that is no such document says nothing.
pub(super) fn aux_metadata(bytes: &[u8]) -> AuxMetadata {
    let text = String::from_utf8_lossy(bytes);
    let read: PamDataset = quick_xml::de::from_str(&text).unwrap_or_default();
    let affine = read.transform.and_then(|numbers| {
        let numbers = numbers.text.split(',');
        let v: Vec<f64> = numbers.map_while(|n| n.trim().parse().ok()).collect();
        let [x0, a, b, y0, d, e] = v[..] else {
            return None;
        };
        Some(Affine { x0, a, b, y0, d, e })
    });
    let is_first = |band: &PamBand| band.number.as_deref().map(str::trim) == Some("1");
    let band = read.bands.into_iter().find(is_first).unwrap_or_default();
    AuxMetadata {
        no_data: band.no_data.and_then(Text::trimmed),
        scale: band.scale.and_then(Text::trimmed),
        offset: band.offset.and_then(Text::trimmed),
        unit: band.unit.and_then(Text::trimmed),
        crs: read.srs.and_then(Text::trimmed),
        affine,
    }
}

/// What GDAL's metadata in a GeoTIFF say of a role of the first band.
pub(super) fn gdal_item(xml: &str, role: &str) -> Option<String> {
    let read: GdalMetadata = quick_xml::de::from_str(xml.trim_end_matches('\0')).ok()?;
    let is_meant =
        |item: &GdalItem| item.role.as_deref() == Some(role) && item.sample.as_deref() == Some("0");
    let item = read.items.into_iter().find(is_meant)?;
    Some(item.text.trim().to_owned())
}
