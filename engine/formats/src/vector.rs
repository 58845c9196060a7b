//! GeoJSON (RFC 7946): polygons, lines and points with their properties.

use geo::{LineString, MultiLineString, MultiPolygon, Point, Polygon};
use geojson::{GeometryValue, Position};
use serde_json::{Map, Value};
use stormgrid_core::ring::{ring_fault, rings_crossing};

use crate::FormatError;

/// A feature of one kind of geometry.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature<G> {
    /// The feature's `id` member, as text.
    pub id: Option<String>,
    /// Its properties.
    pub properties: Map<String, Value>,
    /// Its geometry, in the coordinates of the file.
    pub geometry: G,
}

impl<G> Feature<G> {
    /// A property as text: strings as they are, numbers as written; `None` if missing or null.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.properties.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            _ => None,
        }
    }

    /// A property as a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.properties.get(name)?.as_f64()
    }
}

/// Features of a file and the CRS that it names.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer<G> {
    /// The features in the order of the file.
    pub features: Vec<Feature<G>>,
    /// The `crs` member of older GeoJSON; without one, coordinates are longitude and latitude.
    pub crs: Option<String>,
}

/// What to do with rings that bound no area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rings {
    /// Refuse the file.
    Refuse,
    /// Hand them on: the caller reports all of them itself.
    HandOn,
}

/// Reads polygons and multipolygons. A ring that is not closed, crosses itself or another ring of its
/// polygon, or has too few vertices is refused, and so is a polygon without rings; or they are handed
/// on for a report of all of them.
pub fn read_polygons(
    bytes: &[u8],
    file: &str,
    rings: Rings,
) -> Result<Layer<MultiPolygon<f64>>, FormatError> {
    read(bytes, file, "a Polygon or MultiPolygon", |value, place| {
        let parts = match value {
            GeometryValue::Polygon { coordinates } => vec![coordinates],
            GeometryValue::MultiPolygon { coordinates } => coordinates.iter().collect(),
            _ => return Ok(None),
        };
        let mut polygons = Vec::with_capacity(parts.len());
        for part in parts {
            let lines = part
                .iter()
                .enumerate()
                .map(|(ring, positions)| {
                    let line = line(file, &format!("{place}, ring {ring}"), positions)?;
                    if rings == Rings::Refuse
                        && let Some(fault) = ring_fault(&line)
                    {
                        let remedy = "redraw it so that its outline is simple and closed";
                        return Err(FormatError::malformed(
                            file,
                            place,
                            format!("ring {ring} {fault}"),
                            remedy,
                        ));
                    }
                    Ok(line)
                })
                .collect::<Result<Vec<_>, _>>()?;
            let mut lines = lines.into_iter();
            if let Some(shell) = lines.next() {
                polygons.push(Polygon::new(shell, lines.collect()));
            } else if rings == Rings::Refuse {
                return Err(FormatError::malformed(
                    file,
                    place,
                    "a polygon has no rings",
                    "remove or redraw it",
                ));
            }
        }
        if rings == Rings::Refuse {
            refuse_crossing_holes(file, place, &polygons)?;
            if polygons.is_empty() {
                return Err(FormatError::malformed(
                    file,
                    place,
                    "it has no polygon",
                    "remove or redraw it",
                ));
            }
        }
        Ok(Some(MultiPolygon::new(polygons)))
    })
}

/// A hole that leaves its shell, or crosses another hole, has no area that all would agree on.
fn refuse_crossing_holes(
    file: &str,
    place: &str,
    polygons: &[Polygon<f64>],
) -> Result<(), FormatError> {
    for polygon in polygons.iter().filter(|p| !p.interiors().is_empty()) {
        if let Some(([a, b], at)) = rings_crossing(&MultiPolygon::new(vec![polygon.clone()])) {
            return Err(FormatError::malformed(
                file,
                place,
                format!("rings {a} and {b} cross at ({}, {})", at.x, at.y),
                "redraw the hole inside its outline",
            ));
        }
    }
    Ok(())
}

/// Reads lines and multilines.
pub fn read_lines(bytes: &[u8], file: &str) -> Result<Layer<MultiLineString<f64>>, FormatError> {
    read(
        bytes,
        file,
        "a LineString or MultiLineString",
        |value, place| {
            let parts = match value {
                GeometryValue::LineString { coordinates } => vec![coordinates],
                GeometryValue::MultiLineString { coordinates } => coordinates.iter().collect(),
                _ => return Ok(None),
            };
            let lines = parts.into_iter().map(|part| {
                if part.len() < 2 {
                    return Err(FormatError::malformed(
                        file,
                        place,
                        "the line has fewer than two vertices",
                        "remove or complete it",
                    ));
                }
                line(file, place, part)
            });
            Ok(Some(MultiLineString::new(lines.collect::<Result<_, _>>()?)))
        },
    )
}

/// Reads points.
pub fn read_points(bytes: &[u8], file: &str) -> Result<Layer<Point<f64>>, FormatError> {
    read(bytes, file, "a Point", |value, place| match value {
        GeometryValue::Point { coordinates } => {
            let [x, y] = position(file, place, 0, coordinates)?;
            Ok(Some(Point::new(x, y)))
        }
        _ => Ok(None),
    })
}

/// Writes a collection; `name` and `notice` become members of it.
pub fn write<'a, G: 'a>(
    features: impl IntoIterator<Item = &'a Feature<G>>,
    crs: Option<&str>,
    extra: Map<String, Value>,
) -> Result<Vec<u8>, FormatError>
where
    for<'g> GeometryValue: From<&'g G>,
{
    let features = features
        .into_iter()
        .map(|feature| geojson::Feature {
            id: feature.id.clone().map(geojson::feature::Id::String),
            properties: Some(feature.properties.clone()),
            geometry: Some(geojson::Geometry::new(GeometryValue::from(
                &feature.geometry,
            ))),
            ..geojson::Feature::default()
        })
        .collect();
    let mut members = extra;
    if let Some(crs) = crs {
        let code = crs.trim_start_matches("EPSG:");
        members.insert(
            "crs".into(),
            serde_json::json!({ "type": "name", "properties": { "name": format!("urn:ogc:def:crs:EPSG::{code}") } }),
        );
    }
    let collection = geojson::FeatureCollection {
        bbox: None,
        features,
        foreign_members: Some(members),
    };
    serde_json::to_vec(&collection).map_err(|e| FormatError::Write {
        what: "the GeoJSON".into(),
        problem: e.to_string(),
    })
}

fn read<G>(
    bytes: &[u8],
    file: &str,
    wanted: &str,
    mut convert: impl FnMut(&GeometryValue, &str) -> Result<Option<G>, FormatError>,
) -> Result<Layer<G>, FormatError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut root: Value = serde_json::from_slice(bytes).map_err(|e| json_error(file, bytes, &e))?;
    let crs = root
        .pointer("/crs/properties/name")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let features = match root.get("type").and_then(Value::as_str) {
        Some("FeatureCollection") => match root.get_mut("features").map(Value::take) {
            Some(Value::Array(features)) => features,
            _ => {
                return Err(FormatError::malformed(
                    file,
                    "",
                    "the collection has no array 'features'",
                    "give a GeoJSON FeatureCollection",
                ));
            }
        },
        Some("Feature") => vec![root],
        _ => {
            return Err(FormatError::malformed(
                file,
                "",
                "this is no GeoJSON FeatureCollection",
                "export it as GeoJSON",
            ));
        }
    };
    let mut layer = Layer {
        features: Vec::with_capacity(features.len()),
        crs,
    };
    for (index, value) in features.into_iter().enumerate() {
        let name = value
            .get("id")
            .or_else(|| value.pointer("/properties/code"))
            .filter(|v| !v.is_null())
            .map(Value::to_string);
        let place = name.map_or_else(
            || format!("feature {index}"),
            |id| format!("feature {index} (id {})", clip(&id)),
        );
        let feature: geojson::Feature = serde_json::from_value(value).map_err(|e| {
            FormatError::malformed(
                file,
                &place,
                format!("it is no GeoJSON feature ({e})"),
                "mend or remove the feature",
            )
        })?;
        let Some(geometry) = feature.geometry else {
            return Err(FormatError::malformed(
                file,
                &place,
                "it has no geometry",
                "remove it or give it one",
            ));
        };
        let Some(converted) = convert(&geometry.value, &place)? else {
            let found = geometry.value.type_name();
            return Err(FormatError::malformed(
                file,
                &place,
                format!("it is a {found} where {wanted} is needed"),
                "put each kind of geometry in a file of its own",
            ));
        };
        let id = feature.id.map(|id| match id {
            geojson::feature::Id::String(text) => text,
            geojson::feature::Id::Number(number) => number.to_string(),
        });
        layer.features.push(Feature {
            id,
            properties: feature.properties.unwrap_or_default(),
            geometry: converted,
        });
    }
    Ok(layer)
}

fn line(file: &str, place: &str, positions: &[Position]) -> Result<LineString<f64>, FormatError> {
    let coords: Result<Vec<_>, _> = positions
        .iter()
        .enumerate()
        .map(|(i, p)| position(file, place, i, p))
        .collect();
    Ok(LineString::from(coords?))
}

fn position(
    file: &str,
    place: &str,
    vertex: usize,
    position: &Position,
) -> Result<[f64; 2], FormatError> {
    match position.as_slice() {
        [x, y, ..] if x.is_finite() && y.is_finite() => Ok([*x, *y]),
        _ => Err(FormatError::malformed(
            file,
            format!("{place}, vertex {vertex}"),
            "the position is not two finite numbers",
            "give longitude and latitude (or x and y)",
        )),
    }
}

/// A JSON fault in a sentence; NaN, which many programs write though JSON has no such number, by name.
pub(crate) fn json_error(file: &str, bytes: &[u8], error: &serde_json::Error) -> FormatError {
    let place = format!("line {}, column {}", error.line(), error.column());
    let line = bytes
        .split(|b| *b == b'\n')
        .nth(error.line().saturating_sub(1))
        .unwrap_or_default();
    let around = &line
        [error.column().saturating_sub(12).min(line.len())..(error.column() + 12).min(line.len())];
    let around = String::from_utf8_lossy(around);
    if ["NaN", "Infinity", "nan", "inf"]
        .iter()
        .any(|word| around.contains(word))
    {
        return FormatError::malformed(
            file,
            place,
            "a coordinate or value is NaN or infinite",
            "give a finite number or remove the feature",
        );
    }
    if error.is_eof() {
        return FormatError::malformed(
            file,
            place,
            "the JSON ends in the middle",
            "the file is cut off: copy or export it again",
        );
    }
    let problem = error.to_string();
    let problem = problem.split(" at line ").next().unwrap_or_default();
    FormatError::malformed(
        file,
        place,
        format!("this is not valid JSON ({problem})"),
        "mend or export the file again",
    )
}

fn clip(text: &str) -> String {
    text.trim_matches('"').chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn collection(geometry: &str) -> Vec<u8> {
        format!(r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"code":"A1"}},"geometry":{geometry}}}]}}"#).into_bytes()
    }

    fn fault(geometry: &str) -> String {
        read_polygons(&collection(geometry), "g.geojson", Rings::Refuse)
            .expect_err("faulty")
            .to_string()
    }

    #[test]
    fn polygons_survive_writing_and_reading() {
        let bytes = collection(
            r#"{"type":"Polygon","coordinates":[[[113.0,22.5],[113.1,22.5],[113.1,22.6],[113.0,22.5]]]}"#,
        );
        let layer = read_polygons(&bytes, "g.geojson", Rings::Refuse).expect("valid");
        let again = write(&layer.features, Some("EPSG:4490"), Map::new()).expect("finite");
        let layer_again = read_polygons(&again, "g.geojson", Rings::Refuse).expect("valid");
        assert_eq!(layer.features, layer_again.features);
        assert_eq!(
            layer_again.crs.as_deref(),
            Some("urn:ogc:def:crs:EPSG::4490")
        );
    }

    #[test]
    fn a_byte_order_mark_is_no_fault() {
        let plain = collection(r#"{"type":"Point","coordinates":[113.0,22.5]}"#);
        let marked = [&b"\xef\xbb\xbf"[..], &plain].concat();
        assert_eq!(
            read_points(&marked, "p").expect("valid"),
            read_points(&plain, "p").expect("valid")
        );
    }

    /// Pairs of edges compared one with another would take an hour.
    #[test]
    fn a_long_ring_is_checked_in_time() {
        let n = 200_000;
        let vertices: Vec<String> = (0..=n)
            .map(|k| {
                let (sin, cos) =
                    (f64::from(k % n) / f64::from(n) * std::f64::consts::TAU).sin_cos();
                format!("[{cos},{sin}]")
            })
            .collect();
        let bytes = collection(&format!(
            r#"{{"type":"Polygon","coordinates":[[{}]]}}"#,
            vertices.join(",")
        ));
        let begun = std::time::Instant::now();
        assert!(read_polygons(&bytes, "g", Rings::Refuse).is_ok());
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    }

    #[test]
    fn faults_name_feature_ring_and_place() {
        let bow = r#"{"type":"Polygon","coordinates":[[[0,0],[2,2],[2,0],[0,2],[0,0]]]}"#;
        assert!(
            fault(bow).contains("feature 0 (id A1): ring 0 crosses itself at (1, 1)"),
            "{}",
            fault(bow)
        );
        let open = r#"{"type":"Polygon","coordinates":[[[0,0],[2,2],[2,0],[0,1]]]}"#;
        assert!(fault(open).contains("is not closed"), "{}", fault(open));
        let nan = r#"{"type":"Polygon","coordinates":[[[0,0],[NaN,2],[2,0],[0,0]]]}"#;
        assert!(
            fault(nan).contains("NaN") && fault(nan).contains("line 1"),
            "{}",
            fault(nan)
        );
        let hole = r#"{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[5,5],[5,6],[12,6],[12,5],[5,5]]]}"#;
        assert!(
            fault(hole).contains("rings 0 and 1 cross at (9, "),
            "{}",
            fault(hole)
        );
        let nothing = r#"{"type":"Polygon","coordinates":[]}"#;
        assert!(fault(nothing).contains("no rings"), "{}", fault(nothing));
        let none = r#"{"type":"MultiPolygon","coordinates":[]}"#;
        assert!(fault(none).contains("no polygon"), "{}", fault(none));
        let point = r#"{"type":"Point","coordinates":[0,0]}"#;
        assert!(
            fault(point).contains("it is a Point where a Polygon"),
            "{}",
            fault(point)
        );
        assert!(
            read_polygons(b"{\"type\":\"Feat", "g", Rings::Refuse)
                .expect_err("cut")
                .to_string()
                .contains("cut off")
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_polygons(&bytes, "x", Rings::Refuse);
            let _ = read_points(&bytes, "x");
        }

        #[test]
        fn no_mutation_makes_it_panic(at in 0..140_usize, byte in any::<u8>()) {
            let mut bytes = collection(r#"{"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]}"#);
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = read_polygons(&bytes, "x", Rings::Refuse);
            let _ = read_lines(&bytes, "x");
        }
    }
}
