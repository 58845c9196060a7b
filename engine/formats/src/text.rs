//! Text files as programs of any country write them: byte order marks, encodings, and files of another format.

use std::borrow::Cow;

use encoding_rs::{GB18030, UTF_16BE, UTF_16LE};
use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::message::Message;

use crate::FormatError;

/// A text file as UTF-8 without a byte order mark.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// What was assumed of its encoding.
    pub finding: Option<Finding>,
}

/// The text of a file: UTF-8 with or without a byte order mark, UTF-16, or GB18030 (and so GBK and GB2312), which
/// is told.
///
/// Files of another format that are known by their first bytes are refused by its name.
pub fn decode<'a>(bytes: &'a [u8], file: &str) -> Result<Decoded<'a>, FormatError> {
    if let Some(other) = Foreign::of(bytes) {
        return Err(other.error(file));
    }
    let plain = |text: Cow<'a, str>| Decoded {
        text,
        finding: None,
    };
    let bytes = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => rest,
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
            return Err(FormatError::unsupported(
                file,
                "",
                message!("fault.text.utf32", "text in UTF-32"),
                save_as_utf8(),
            ));
        }
        [0xff, 0xfe, rest @ ..] => return Ok(plain(utf_16(rest, UTF_16LE, file)?)),
        [0xfe, 0xff, rest @ ..] => return Ok(plain(utf_16(rest, UTF_16BE, file)?)),
        // JSON and CSV begin with an ASCII character: the other byte of a wide one is 0.
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => {
            return Ok(plain(utf_16(bytes, UTF_16LE, file)?));
        }
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => {
            return Ok(plain(utf_16(bytes, UTF_16BE, file)?));
        }
        bytes => bytes,
    };
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(plain(Cow::Borrowed(text))),
        Err(error) => gb18030(bytes, file, error.valid_up_to()),
    }
}

fn utf_16<'a>(
    bytes: &'a [u8],
    encoding: &'static encoding_rs::Encoding,
    file: &str,
) -> Result<Cow<'a, str>, FormatError> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    text.ok_or_else(|| {
        FormatError::malformed(
            file,
            "",
            message!(
                "fault.text.utf16",
                "it begins as text in UTF-16 and is none"
            ),
            save_as_utf8(),
        )
    })
}

fn gb18030<'a>(bytes: &'a [u8], file: &str, at: usize) -> Result<Decoded<'a>, FormatError> {
    match GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok(Decoded {
            text,
            finding: Some(Finding::new(
                Kind::Assumed,
                file,
                message!(
                    "finding.text.gb18030",
                    "the text is not UTF-8 and was read as GB18030 (GBK); look at its names, or save it as UTF-8"
                ),
            )),
        }),
        None => Err(FormatError::malformed(
            file,
            message!("place.byte", "byte {byte}", byte = at),
            message!(
                "fault.text.encoding",
                "this is text in none of UTF-8, UTF-16 and GB18030"
            ),
            save_as_utf8(),
        )),
    }
}

fn save_as_utf8() -> Message {
    message!("fix.text.utf8", "save the file as UTF-8")
}

/// Whether a JSON text is GeoJSON and no city model: by the type of its first document.
///
/// Of a text that is no JSON the first words decide, so that its fault is told in the terms of its format.
pub fn is_geojson(text: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Head {
        #[serde(rename = "type")]
        kind: Option<String>,
    }
    let text = text.trim_start_matches(['\u{1e}', ' ', '\t', '\r', '\n']);
    let mut roots = serde_json::Deserializer::from_str(text).into_iter::<Head>();
    match roots.next() {
        Some(Ok(Head { kind: Some(kind) })) => !kind.starts_with("CityJSON"),
        Some(Ok(Head { kind: None })) | None => false,
        Some(Err(_)) => {
            let head: String = text.chars().take(2000).collect();
            head.contains("\"Feature") && !head.contains("CityJSON")
        }
    }
}

/// A file of a format that is not text, or not the one that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// An archive or a compressed file.
    Packed(&'static str),
    /// Features in another format, which GDAL reads.
    Features(&'static str),
    /// A scene of triangles without objects.
    Scene(&'static str),
    /// A city model in another format.
    City(&'static str),
    /// Anything else.
    Other(&'static str),
}

/// The first bytes of files that people hand in where a text is wanted.
const MAGIC: [(&[u8], Foreign); 26] = [
    (b"\x1f\x8b", Foreign::Packed("gzip")),
    (b"PK\x03\x04", Foreign::Packed("ZIP")),
    (b"PK\x05\x06", Foreign::Packed("ZIP")),
    (b"7z\xbc\xaf\x27\x1c", Foreign::Packed("7-Zip")),
    (b"Rar!\x1a\x07", Foreign::Packed("RAR")),
    (b"BZh", Foreign::Packed("bzip2")),
    (b"\xfd7zXZ", Foreign::Packed("xz")),
    (b"\x28\xb5\x2f\xfd", Foreign::Packed("Zstandard")),
    (
        b"SQLite format 3\0",
        Foreign::Features("GeoPackage / SQLite"),
    ),
    (b"\0\0\x27\x0a", Foreign::Features("ESRI Shapefile")),
    (b"fgb\x03fgb", Foreign::Features("FlatGeobuf")),
    (b"fcb\x01fcb", Foreign::City("FlatCityBuf")),
    (b"PAR1", Foreign::Features("GeoParquet")),
    (b"ARROW1", Foreign::Features("GeoArrow")),
    (b"glTF", Foreign::Scene("glTF (GLB)")),
    (b"b3dm", Foreign::Scene("3D Tiles (b3dm)")),
    (b"i3dm", Foreign::Scene("3D Tiles (i3dm)")),
    (b"cmpt", Foreign::Scene("3D Tiles (cmpt)")),
    (b"pnts", Foreign::Scene("3D Tiles (pnts)")),
    (b"II*\0", Foreign::Other("TIFF")),
    (b"MM\0*", Foreign::Other("TIFF")),
    (b"II+\0", Foreign::Other("BigTIFF")),
    (b"MM\0+", Foreign::Other("BigTIFF")),
    (b"\x89PNG", Foreign::Other("PNG")),
    (b"%PDF", Foreign::Other("PDF")),
    (b"LASF", Foreign::Other("LAS / LAZ")),
];

/// Words near the beginning of markup, in lower case.
const MARKUP: [(&str, Foreign); 7] = [
    ("<kml", Foreign::Features("KML")),
    ("citymodel", Foreign::City("CityGML")),
    ("<gml:", Foreign::Features("GML")),
    ("featurecollection", Foreign::Features("GML")),
    ("<osm", Foreign::Features("OSM XML")),
    ("<gpx", Foreign::Features("GPX")),
    ("<html", Foreign::Other("HTML")),
];

impl Foreign {
    /// The format that the first bytes tell.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let magic = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic));
        if let Some((_, foreign)) = magic {
            return Some(*foreign);
        }
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let start = text.iter().position(|b| !b.is_ascii_whitespace())?;
        if text[start] != b'<' {
            return None;
        }
        let head = String::from_utf8_lossy(&text[start..text.len().min(start + 4096)]);
        let head = head.to_lowercase();
        let word = MARKUP.iter().find(|(word, _)| head.contains(word));
        Some(word.map_or(Self::Other("XML"), |(_, foreign)| *foreign))
    }

    /// The format that the members of a JSON document tell, where it is not the one that is wanted.
    pub(crate) fn of_json(root: &serde_json::Value) -> Option<Self> {
        let has = |name: &str| root.get(name).is_some();
        match root.get("type").and_then(serde_json::Value::as_str) {
            Some("Topology") => Some(Self::Features("TopoJSON")),
            Some("CityJSON" | "CityJSONFeature") => Some(Self::City("CityJSON")),
            _ if has("asset") && has("root") => Some(Self::Scene("3D Tiles (tileset)")),
            _ if has("asset") && (has("meshes") || has("scenes")) => Some(Self::Scene("glTF")),
            _ if has("features") && (has("geometryType") || has("spatialReference")) => {
                Some(Self::Features("Esri JSON"))
            }
            _ => None,
        }
    }

    /// The sentence that names the format and tells what to do.
    pub(crate) fn error(self, file: &str) -> FormatError {
        let (name, remedy) = match self {
            Self::Packed(name) => (
                name,
                message!("fix.text.unpack", "unpack it and give the file inside"),
            ),
            Self::Features(name) => (
                name,
                message!(
                    "fix.text.geojson",
                    "convert it to GeoJSON, for example with `ogr2ogr -f GeoJSON OUT.geojson FILE`"
                ),
            ),
            Self::Scene(name) => (
                name,
                message!(
                    "fix.text.scene",
                    "it has triangles but no objects with heights: give the CityJSON or the footprints (GeoJSON) that it was made of"
                ),
            ),
            Self::City(name) => (
                name,
                message!(
                    "fix.text.city",
                    "city models are read as CityJSON (CityGML: `citygml-tools to-cityjson FILE`), layers as GeoJSON"
                ),
            ),
            Self::Other(name) => (
                name,
                message!(
                    "fix.text.other",
                    "check which file is named here; a text in the documented format is needed"
                ),
            ),
        };
        FormatError::malformed(
            file,
            "",
            message!(
                "fault.text.foreign",
                "the file holds {format}, which is not read here",
                format = name
            ),
            remedy,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of Python 3 `'{"n": "江海区"}'.encode('gbk')` and `.encode('utf-16')`.
    const GBK: &[u8] = b"{\"n\": \"\xbd\xad\xba\xa3\xc7\xf8\"}";

    fn utf_16(text: &str, mark: bool, big: bool) -> Vec<u8> {
        let units = mark
            .then_some(0xfeff)
            .into_iter()
            .chain(text.encode_utf16());
        units
            .flat_map(|u| {
                if big {
                    u.to_be_bytes()
                } else {
                    u.to_le_bytes()
                }
            })
            .collect()
    }

    #[test]
    fn chinese_encodings_are_decoded_and_told() {
        let read = decode(GBK, "g").expect("GBK");
        assert_eq!(read.text, "{\"n\": \"江海区\"}");
        assert_eq!(read.finding.map(|f| f.kind), Some(Kind::Assumed));
        for (mark, big) in [(true, false), (true, true), (false, false), (false, true)] {
            let bytes = utf_16("{\"n\": \"江海区\"}", mark, big);
            let read = decode(&bytes, "g").expect("UTF-16");
            assert_eq!(read.text, "{\"n\": \"江海区\"}", "{mark} {big}");
            assert_eq!(read.finding, None);
        }
        let marked = decode(b"\xef\xbb\xbf{}", "g").expect("UTF-8");
        assert_eq!((marked.text.as_ref(), marked.finding), ("{}", None));
        assert!(decode(b"{\"n\": \"\xff\xff\"}", "g").is_err());
        assert!(decode(b"\xff\xfe\0\0{\0\0\0", "g").is_err());
    }

    #[test]
    fn footprints_are_told_from_city_models_by_what_is_in_them() {
        for (text, is) in [
            (r#"{"features":[],"type":"FeatureCollection"}"#, true),
            (
                "\u{1e}{\"type\":\"Feature\"}\n\u{1e}{\"type\":\"Feature\"}",
                true,
            ),
            (
                r#"{"type":"FeatureCollection","features":[{"type":"Feature","#,
                true,
            ),
            (r#"{"version":"2.0","type":"CityJSON"}"#, false),
            (
                "{\"type\":\"CityJSON\"}\n{\"type\":\"CityJSONFeature\"}",
                false,
            ),
            (r#"{"asset":{},"root":{}}"#, false),
            ("", false),
        ] {
            assert_eq!(is_geojson(text), is, "{text}");
        }
    }

    #[test]
    fn other_formats_are_named() {
        for (bytes, name, fix) in [
            (&b"\x1f\x8b\x08\0"[..], "gzip", "unpack"),
            (b"PK\x03\x04..", "ZIP", "unpack"),
            (b"SQLite format 3\0..", "GeoPackage", "ogr2ogr"),
            (b"\0\0\x27\x0a\0\0", "ESRI Shapefile", "ogr2ogr"),
            (b"glTF\x02\0\0\0", "glTF (GLB)", "CityJSON"),
            (b"b3dm\x01\0", "3D Tiles", "CityJSON"),
            (
                b"<?xml version=\"1.0\"?>\n<kml xmlns=\"x\">",
                "KML",
                "ogr2ogr",
            ),
            (b"<?xml?><core:CityModel>", "CityGML", "citygml-tools"),
            (b"<!DOCTYPE html><html>", "HTML", "check which file"),
        ] {
            let told = decode(bytes, "f").expect_err("foreign").to_string();
            assert!(told.contains(name) && told.contains(fix), "{told}");
        }
    }
}
