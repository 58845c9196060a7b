//! GeoJSON (RFC 7946): polygons, lines and points with their properties.
//!
//! Read in the forms that QGIS, PostGIS, ogr2ogr and OpenStreetMap exports write: a FeatureCollection, single
//! features or geometries, GeoJSONSeq (with or without record separators), multi-geometries of one part, collections
//! of one member, features without a geometry (left out, and told), text in UTF-8, UTF-16 or GB18030.

use std::collections::HashMap;

use geo::{LineString, MultiLineString, MultiPolygon, Point, Polygon};
pub use geojson::GeometryValue;
use geojson::Position;
use serde::Deserialize;
use serde_json::{Map, Value};
use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::ring::{ring_fault, rings_crossing};
use stormgrid_core::value;

use crate::attributes::{self, place_of};
use crate::text::{Foreign, decode};
use crate::{FormatError, parse};

/// A feature of one kind of geometry.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature<G> {
    /// The feature's `id` member, as text.
    pub id: Option<String>,
    /// Its properties.
    pub properties: Map<String, Value>,
    /// Its geometry, in the coordinates of the file.
    pub geometry: G,
    /// Its position in the file, from 0, those without a geometry counted; for messages.
    pub index: usize,
}

impl<G> Feature<G> {
    /// A property as text: strings without blanks around them, numbers as written, whole ones without a fraction;
    /// `None` if missing, null or blank.
    pub fn text(&self, name: &str) -> Option<String> {
        attributes::text(self.properties.get(name)?)
    }

    /// A property as a number; a sentinel is [`value::Value::Missing`].
    pub fn number(&self, name: &str) -> value::Value<f64> {
        self.properties
            .get(name)
            .map_or(value::Value::Missing, attributes::quantity)
    }

    /// A property as a count; a negative one is [`value::Value::Missing`].
    pub fn count(&self, name: &str) -> value::Value<f64> {
        self.properties
            .get(name)
            .map_or(value::Value::Missing, attributes::count)
    }

    /// A property as a flag, in the usual spellings.
    pub fn flag(&self, name: &str) -> value::Value<bool> {
        self.properties
            .get(name)
            .map_or(value::Value::Missing, |v| attributes::flag(v, &[], &[]))
    }
}

/// Features of a file and the CRS that it names.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer<G> {
    /// The features in the order of the file.
    pub features: Vec<Feature<G>>,
    /// The `crs` member of older GeoJSON; without one, coordinates are longitude and latitude.
    pub crs: Option<String>,
    /// What was assumed and left out.
    pub findings: Vec<Finding>,
    /// How the file is written.
    pub form: Form,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As one FeatureCollection in UTF-8, which every program reads.
    Collection,
    /// In another encoding, as another of the documents that are read, or with geometries that were unwrapped.
    Other,
}

impl<G> Layer<G> {
    /// The first two features of the same text, and how many features repeat one before them.
    pub fn repeated(&self, text: impl Fn(&Feature<G>) -> Option<String>) -> Option<Repeated> {
        repeated(self.features.iter().map(|f| (f.index, text(f))))
    }
}

/// Features that say that they are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// What they share.
    pub text: String,
    /// Positions of the first two.
    pub features: [usize; 2],
    /// How many features repeat one before them.
    pub count: usize,
}

/// The first two of the same text among features at positions of a file, and how many repeat one before them.
pub fn repeated(texts: impl IntoIterator<Item = (usize, Option<String>)>) -> Option<Repeated> {
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut found: Option<Repeated> = None;
    for (index, text) in texts {
        let Some(text) = text else { continue };
        let Some(&before) = first.get(&text) else {
            first.insert(text, index);
            continue;
        };
        let new = || Repeated {
            text,
            features: [before, index],
            count: 0,
        };
        found.get_or_insert_with(new).count += 1;
    }
    found
}

/// What to do with rings that bound no area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rings {
    /// Refuse the file.
    Refuse,
    /// Hand them on: the caller reports all of them itself.
    HandOn,
}

/// Whether a feature whose geometry has no coordinates is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Empty {
    /// It is left out, as one without a geometry.
    LeaveOut,
    /// It is handed on.
    HandOn,
}

/// What is read of a feature.
struct Wanted {
    /// Kinds of geometry, for messages.
    kinds: &'static str,
    empty: Empty,
}

/// Reads polygons and multipolygons. A ring that is not closed, crosses itself or another ring of its
/// polygon, or has too few vertices is refused; or they are handed on for a report of all of them. A polygon
/// without coordinates is left out, or handed on.
pub fn read_polygons(
    bytes: &[u8],
    file: &str,
    rings: Rings,
) -> Result<Layer<MultiPolygon<f64>>, FormatError> {
    let wanted = Wanted {
        kinds: "Polygon, MultiPolygon",
        empty: match rings {
            Rings::Refuse => Empty::LeaveOut,
            Rings::HandOn => Empty::HandOn,
        },
    };
    read(bytes, file, &wanted, |value, place| {
        let mut polygons = Vec::new();
        if !polygons_of(value, &mut polygons, &mut |part| {
            polygon(part, file, place, rings)
        })? {
            return Ok(None);
        }
        if rings == Rings::Refuse {
            refuse_crossing_holes(file, place, &polygons)?;
        }
        Ok(Some(MultiPolygon::new(polygons)))
    })
}

/// Gathers the polygons of a geometry; `false` if it is of another kind.
fn polygons_of(
    value: &GeometryValue,
    out: &mut Vec<Polygon<f64>>,
    polygon: &mut impl FnMut(&[Vec<Position>]) -> Result<Option<Polygon<f64>>, FormatError>,
) -> Result<bool, FormatError> {
    match value {
        GeometryValue::Polygon { coordinates } => out.extend(polygon(coordinates)?),
        GeometryValue::MultiPolygon { coordinates } => {
            for part in coordinates {
                out.extend(polygon(part)?);
            }
        }
        GeometryValue::GeometryCollection { geometries } => {
            for member in geometries {
                if !polygons_of(&member.value, out, polygon)? {
                    return Ok(false);
                }
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// One polygon of a geometry; `None` without rings.
fn polygon(
    part: &[Vec<Position>],
    file: &str,
    place: &Message,
    rings: Rings,
) -> Result<Option<Polygon<f64>>, FormatError> {
    let lines = part
        .iter()
        .enumerate()
        .map(|(ring, positions)| {
            let line = line(file, place, positions)?;
            match ring_fault(&line) {
                Some(fault) if rings == Rings::Refuse => Err(FormatError::malformed(
                    file,
                    place.clone(),
                    message!(
                        "fault.vector.ring",
                        "ring {ring} {fault}",
                        ring = ring,
                        fault = fault.message()
                    ),
                    message!(
                        "fix.vector.ring",
                        "redraw it so that its outline is simple and closed"
                    ),
                )),
                _ => Ok(line),
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut lines = lines.into_iter();
    Ok(lines
        .next()
        .map(|shell| Polygon::new(shell, lines.collect())))
}

/// A hole that leaves its shell, or crosses another hole, has no area that all would agree on.
fn refuse_crossing_holes(
    file: &str,
    place: &Message,
    polygons: &[Polygon<f64>],
) -> Result<(), FormatError> {
    for polygon in polygons.iter().filter(|p| !p.interiors().is_empty()) {
        if let Some(([a, b], at)) = rings_crossing(&MultiPolygon::new(vec![polygon.clone()])) {
            return Err(FormatError::malformed(
                file,
                place.clone(),
                message!(
                    "fault.vector.crossing",
                    "rings {a} and {b} cross at ({x}, {y})",
                    a = a,
                    b = b,
                    x = at.x,
                    y = at.y
                ),
                message!("fix.vector.hole", "redraw the hole inside its outline"),
            ));
        }
    }
    Ok(())
}

/// Reads lines and multilines.
pub fn read_lines(bytes: &[u8], file: &str) -> Result<Layer<MultiLineString<f64>>, FormatError> {
    let wanted = Wanted {
        kinds: "LineString, MultiLineString",
        empty: Empty::LeaveOut,
    };
    read(bytes, file, &wanted, |value, place| {
        let mut parts = Vec::new();
        if !lines_of(value, &mut parts) {
            return Ok(None);
        }
        let lines = parts.into_iter().map(|part| {
            if part.len() < 2 {
                return Err(FormatError::malformed(
                    file,
                    place.clone(),
                    message!("fault.vector.short", "the line has fewer than two vertices"),
                    message!("fix.vector.short", "remove or complete it"),
                ));
            }
            line(file, place, part)
        });
        Ok(Some(MultiLineString::new(lines.collect::<Result<_, _>>()?)))
    })
}

/// Gathers the lines of a geometry; `false` if it is of another kind.
fn lines_of<'a>(value: &'a GeometryValue, out: &mut Vec<&'a [Position]>) -> bool {
    match value {
        GeometryValue::LineString { coordinates } => out.push(coordinates),
        GeometryValue::MultiLineString { coordinates } => {
            out.extend(coordinates.iter().map(Vec::as_slice));
        }
        GeometryValue::GeometryCollection { geometries } => {
            return geometries.iter().all(|g| lines_of(&g.value, out));
        }
        _ => return false,
    }
    true
}

/// Reads points, also as multipoints and collections of one.
pub fn read_points(bytes: &[u8], file: &str) -> Result<Layer<Point<f64>>, FormatError> {
    let wanted = Wanted {
        kinds: "Point",
        empty: Empty::LeaveOut,
    };
    read(bytes, file, &wanted, |value, place| {
        let mut value = value;
        let coordinates = loop {
            match value {
                GeometryValue::Point { coordinates } => break coordinates,
                GeometryValue::MultiPoint { coordinates } => match coordinates.as_slice() {
                    [one] => break one,
                    several => return Err(several_points(file, place, several.len())),
                },
                GeometryValue::GeometryCollection { geometries } => match geometries.as_slice() {
                    [one] => value = &one.value,
                    _ => return Ok(None),
                },
                _ => return Ok(None),
            }
        };
        let [x, y] = position(file, place, 0, coordinates)?;
        Ok(Some(Point::new(x, y)))
    })
}

/// One feature at several places: which of them its properties hold for cannot be known.
fn several_points(file: &str, place: &Message, n: usize) -> FormatError {
    FormatError::malformed(
        file,
        place.clone(),
        message!(
            "fault.vector.multipoint",
            "it is one feature of {n} points",
            n = n
        ),
        message!(
            "fix.vector.multipoint",
            "split it into one feature for each point (QGIS: Multipart to singleparts)"
        ),
    )
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

/// Documents of a file: one, or a GeoJSONSeq's.
struct Documents {
    /// Their features, geometries and collections' features, in order.
    features: Vec<Value>,
    /// The CRS that the first of them names.
    crs: Option<String>,
    findings: Vec<Finding>,
    form: Form,
}

fn read<G>(
    bytes: &[u8],
    file: &str,
    wanted: &Wanted,
    mut convert: impl FnMut(&GeometryValue, &Message) -> Result<Option<G>, FormatError>,
) -> Result<Layer<G>, FormatError> {
    let Documents {
        features,
        crs,
        findings,
        form,
    } = documents(bytes, file)?;
    let mut layer = Layer {
        features: Vec::with_capacity(features.len()),
        crs,
        findings,
        form,
    };
    let mut without = Without::default();
    for (index, mut value) in features.into_iter().enumerate() {
        let id = value.get("id").and_then(attributes::text);
        let code = || value.pointer("/properties/code").and_then(attributes::text);
        let place = place_of(index, id.clone().or_else(code).as_deref());
        let fault = |problem: Message| {
            FormatError::malformed(
                file,
                place.clone(),
                problem,
                message!("fix.vector.feature", "mend or remove the feature"),
            )
        };
        let properties = match value.get_mut("properties").map(Value::take) {
            Some(Value::Object(properties)) => properties,
            None | Some(Value::Null) => Map::new(),
            Some(_) => {
                return Err(fault(message!(
                    "fault.vector.properties",
                    "its properties are no object"
                )));
            }
        };
        let raw = value.get_mut("geometry").map_or(Value::Null, Value::take);
        if is_nothing(&raw) || (wanted.empty == Empty::LeaveOut && is_empty(&raw)) {
            without.add(place);
            continue;
        }
        let geometry = geojson::Geometry::deserialize(raw).map_err(|e| {
            fault(message!(
                "fault.vector.geometry",
                "its geometry is no GeoJSON geometry ({detail})",
                detail = Message::english(e)
            ))
        })?;
        let Some(converted) = convert(&geometry.value, &place)? else {
            return Err(other_geometry(file, place, &geometry.value, wanted.kinds));
        };
        if let GeometryValue::MultiPoint { .. } | GeometryValue::GeometryCollection { .. } =
            geometry.value
        {
            layer.form = Form::Other;
        }
        layer.features.push(Feature {
            id,
            properties,
            geometry: converted,
            index,
        });
    }
    layer.findings.extend(without.finding(file));
    Ok(layer)
}

fn other_geometry(
    file: &str,
    place: Message,
    found: &GeometryValue,
    wanted: &'static str,
) -> FormatError {
    FormatError::malformed(
        file,
        place,
        message!(
            "fault.vector.kind",
            "it is a {found} where one of these is needed: {wanted}",
            found = found.type_name(),
            wanted = wanted
        ),
        message!(
            "fix.vector.kind",
            "put each kind of geometry in a file of its own"
        ),
    )
}

/// Features without a geometry: the first and how many.
#[derive(Default)]
struct Without {
    first: Option<Message>,
    count: usize,
}

impl Without {
    fn add(&mut self, place: Message) {
        self.first.get_or_insert(place);
        self.count += 1;
    }

    fn finding(self, file: &str) -> Option<Finding> {
        let text = message!(
            "finding.vector.no_geometry",
            "it has no geometry and was left out ({n} features in all)",
            n = self.count
        );
        let finding = Finding::new(Kind::LeftOut, file, text).times(self.count);
        self.first.map(|place| finding.at(place))
    }
}

/// Whether a geometry is none: null, or one whose coordinates are null.
fn is_nothing(geometry: &Value) -> bool {
    let null = |name: &str| geometry.get(name).is_some_and(Value::is_null);
    geometry.is_null() || null("coordinates") || null("geometries")
}

/// Whether a geometry holds no number at all, as PostGIS writes an empty one.
fn is_empty(geometry: &Value) -> bool {
    fn no_number(value: &Value) -> bool {
        matches!(value, Value::Array(parts) if parts.iter().all(no_number))
    }
    match (geometry.get("coordinates"), geometry.get("geometries")) {
        (Some(coordinates), _) => no_number(coordinates),
        (None, Some(Value::Array(members))) => members.iter().all(is_empty),
        _ => false,
    }
}

/// Takes a file apart into features.
fn documents(bytes: &[u8], file: &str) -> Result<Documents, FormatError> {
    let decoded = decode(bytes, file)?;
    // GeoJSONSeq (RFC 8142) puts a record separator before each document; no other JSON has one outside of strings.
    let separated;
    let text: &str = if decoded.text.contains('\u{1e}') {
        separated = decoded.text.replace('\u{1e}', " ");
        &separated
    } else {
        &decoded.text
    };
    let mut found = Documents {
        features: Vec::new(),
        crs: None,
        findings: decoded.finding.into_iter().collect(),
        form: match decoded.text.len() == bytes.len() {
            true => Form::Collection,
            false => Form::Other,
        },
    };
    let roots = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let (mut n_roots, mut n_collections) = (0, 0);
    for root in roots {
        let mut root = root.map_err(|e| json_error(file, text.as_bytes(), &e))?;
        n_roots += 1;
        if found.crs.is_none() {
            found.crs = named_crs(&root, file)?;
        }
        match root.get("type").and_then(Value::as_str) {
            Some("FeatureCollection") if Foreign::of_json(&root).is_none() => {
                match root.get_mut("features").map(Value::take) {
                    Some(Value::Array(features)) => {
                        n_collections += 1;
                        found.features.extend(features);
                    }
                    _ => {
                        return Err(FormatError::malformed(
                            file,
                            "",
                            message!(
                                "fault.vector.features",
                                "the collection has no array 'features'"
                            ),
                            export_again(),
                        ));
                    }
                }
            }
            Some("Feature") => found.features.push(root),
            Some(kind) if is_geometry(kind) => {
                found
                    .features
                    .push(serde_json::json!({ "type": "Feature", "geometry": root }));
            }
            _ => return Err(no_geojson(file, &root)),
        }
    }
    if (n_roots, n_collections) != (1, 1) {
        found.form = Form::Other;
    }
    match n_roots {
        0 => Err(FormatError::malformed(
            file,
            "",
            message!("fault.vector.empty", "the file is empty"),
            export_again(),
        )),
        _ => Ok(found),
    }
}

fn export_again() -> Message {
    message!("fix.vector.export", "export it again as GeoJSON")
}

fn is_geometry(kind: &str) -> bool {
    kind == "GeometryCollection"
        || ["Point", "LineString", "Polygon"].contains(&kind.strip_prefix("Multi").unwrap_or(kind))
}

fn no_geojson(file: &str, root: &Value) -> FormatError {
    match Foreign::of_json(root) {
        Some(other) => other.error(file),
        None => FormatError::malformed(
            file,
            "",
            message!(
                "fault.vector.type",
                "this is JSON but no GeoJSON: its type is {kind}",
                kind = root
                    .get("type")
                    .map_or_else(|| "null".to_owned(), attributes::shown)
            ),
            export_again(),
        ),
    }
}

/// The CRS that a `crs` member names, in any of the forms that it is met in.
///
/// RFC 7946 has no such member and takes longitude and latitude; older files and QGIS name others. `EPSG:4326` in it
/// is longitude, latitude by practice, whatever the register says of the order of axes.
fn named_crs(root: &Value, file: &str) -> Result<Option<String>, FormatError> {
    let crs = match root.get("crs") {
        None | Some(Value::Null) => return Ok(None),
        Some(crs) => crs,
    };
    let name = match crs {
        Value::String(name) => Some(name.clone()),
        _ => {
            let of = |pointer: &str| crs.pointer(pointer).and_then(attributes::text);
            let code = |code: String| match code.contains(':') {
                true => code,
                false => format!("EPSG:{code}"),
            };
            of("/properties/name").or_else(|| of("/properties/code").map(code))
        }
    };
    match name {
        Some(name) => Ok(Some(name)),
        None => Err(FormatError::malformed(
            file,
            "crs",
            message!(
                "fault.vector.crs",
                "the CRS is given as {crs}, which names none",
                crs = attributes::shown(crs)
            ),
            message!(
                "fix.vector.crs",
                "name it as {form}, or export the layer in longitude and latitude without one",
                form = r#"{"type":"name","properties":{"name":"EPSG:4547"}}"#
            ),
        )),
    }
}

fn line(
    file: &str,
    place: &Message,
    positions: &[Position],
) -> Result<LineString<f64>, FormatError> {
    let coords: Result<Vec<_>, _> = positions
        .iter()
        .enumerate()
        .map(|(i, p)| position(file, place, i, p))
        .collect();
    Ok(LineString::from(coords?))
}

fn position(
    file: &str,
    place: &Message,
    vertex: usize,
    position: &Position,
) -> Result<[f64; 2], FormatError> {
    match position.as_slice() {
        [x, y, ..] if x.is_finite() && y.is_finite() => Ok([*x, *y]),
        _ => Err(FormatError::malformed(
            file,
            message!(
                "place.vertex",
                "{place}, vertex {vertex}",
                place = place.clone(),
                vertex = vertex
            ),
            message!(
                "fault.vector.position",
                "the position is not two finite numbers"
            ),
            message!(
                "fix.vector.position",
                "give longitude and latitude (or x and y)"
            ),
        )),
    }
}

/// A JSON fault in a sentence; NaN, which many programs write though JSON has no such number, by name.
pub(crate) fn json_error(file: &str, bytes: &[u8], error: &serde_json::Error) -> FormatError {
    let place = message!(
        "place.line_column",
        "line {line}, column {column}",
        line = error.line(),
        column = error.column()
    );
    let line = bytes
        .split(|b| *b == b'\n')
        .nth(error.line().saturating_sub(1))
        .unwrap_or_default();
    if is_nan(line, error.column()) {
        return FormatError::malformed(
            file,
            place,
            message!("fault.json.nan", "a coordinate or value is NaN or infinite"),
            message!("fix.json.nan", "give a finite number or remove the feature"),
        );
    }
    if error.is_eof() {
        return FormatError::malformed(
            file,
            place,
            message!("fault.json.eof", "the JSON ends in the middle"),
            message!(
                "fix.json.eof",
                "the file is cut off: copy or export it again"
            ),
        );
    }
    FormatError::malformed(
        file,
        place,
        parse::json_problem(error),
        message!("fix.json.invalid", "mend or export the file again"),
    )
}

/// Whether the reader stopped at a NaN or an infinity: a bare word, not one inside of a string.
fn is_nan(line: &[u8], column: usize) -> bool {
    let of_word = |b: &u8| b.is_ascii_alphabetic();
    // Readers stop at the first letter of the word or, where it begins like `null`, at the second.
    (column.saturating_sub(2)..=column).any(|at| {
        if !line.get(at).is_some_and(of_word) {
            return false;
        }
        let from = line[..at]
            .iter()
            .rposition(|b| !of_word(b))
            .map_or(0, |k| k + 1);
        let to = line[at..]
            .iter()
            .position(|b| !of_word(b))
            .map_or(line.len(), |k| at + k);
        let word = line[from..to].to_ascii_lowercase();
        let before = line[..from].last().copied().unwrap_or(b' ');
        matches!(&word[..], b"nan" | b"infinity" | b"inf")
            && (before.is_ascii_whitespace() || b"[,:-+".contains(&before))
    })
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
        let [marked, plain] = [marked, plain].map(|bytes| read_points(&bytes, "p").expect("valid"));
        assert_eq!(marked.features, plain.features);
        assert_eq!(marked.findings, plain.findings);
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
        let point = r#"{"type":"Point","coordinates":[0,0]}"#;
        assert!(
            fault(point).contains("it is a Point where one of these is needed: Polygon"),
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

    const POINT: &str = r#"{"type":"Feature","id":7,"properties":{"code":"A1"},"geometry":{"type":"Point","coordinates":[113.0,22.5]}}"#;

    fn points(text: &str) -> Layer<Point<f64>> {
        read_points(text.as_bytes(), "p.geojson").expect("valid")
    }

    /// Each form is one that QGIS, PostGIS, ogr2ogr or an OpenStreetMap export writes.
    #[test]
    fn the_same_feature_is_read_in_every_form() {
        let plain = points(&format!(
            r#"{{"type":"FeatureCollection","features":[{POINT}]}}"#
        ));
        assert_eq!(plain.features[0].id.as_deref(), Some("7"));
        let geometry = r#""geometry":{"type":"Point","coordinates":[113.0,22.5]}"#;
        let forms = [
            POINT.to_owned(),
            format!("{POINT}\n"),
            format!("\u{1e}{POINT}\n"),
            POINT.replace("[113.0,22.5]", "[113.0,22.5,4.5]"),
            POINT.replace(geometry, r#""geometry":{"type":"MultiPoint","coordinates":[[113.0,22.5]]}"#),
            POINT.replace(geometry, r#""geometry":{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[113.0,22.5]}]}"#),
            POINT.replace("\"id\":7", "\"id\":7.0"),
            POINT.replace("\"id\":7", "\"id\":\"7\""),
            format!(r#"{{"type":"FeatureCollection","crs":null,"features":[{POINT}]}}"#),
        ];
        for form in forms {
            let read = points(&form);
            assert_eq!(
                (&read.features, &read.crs),
                (&plain.features, &plain.crs),
                "{form}"
            );
            assert_eq!(read.findings, []);
            let is_collection = form.contains("FeatureCollection");
            assert_eq!(read.form == Form::Collection, is_collection, "{form}");
        }
        let bare = points(r#"{"type":"Point","coordinates":[113.0,22.5]}"#);
        assert_eq!(bare.features[0].geometry, plain.features[0].geometry);
        let two = points(&format!(
            "\u{1e}{POINT}\n\u{1e}{}\n",
            POINT.replace("A1", "A2")
        ));
        let codes: Vec<_> = two.features.iter().map(|f| f.text("code")).collect();
        assert_eq!(codes, [Some("A1".to_owned()), Some("A2".to_owned())]);
        assert_eq!(two.features[1].index, 1);
    }

    #[test]
    fn features_without_a_geometry_are_left_out_and_told() {
        let nulls = [
            "null",
            r#"{"type":"Point","coordinates":[]}"#,
            r#"{"type":"Point","coordinates":null}"#,
            r#"{"type":"GeometryCollection","geometries":[]}"#,
        ];
        for null in nulls {
            let without =
                format!(r#"{{"type":"Feature","id":"x","properties":null,"geometry":{null}}}"#);
            let layer = points(&format!(
                r#"{{"type":"FeatureCollection","features":[{without},{POINT},{without}]}}"#
            ));
            assert_eq!(layer.features.len(), 1, "{null}");
            assert_eq!(layer.features[0].index, 1);
            let found = &layer.findings[0];
            assert_eq!((found.kind, found.count), (Kind::LeftOut, 2), "{null}");
            assert!(
                found
                    .message()
                    .to_string()
                    .starts_with("p.geojson, feature 0 (id x): it has no geometry"),
                "{found:?}"
            );
        }
        let empty = collection(r#"{"type":"MultiPolygon","coordinates":[]}"#);
        let layer = read_polygons(&empty, "g", Rings::Refuse).expect("read");
        assert_eq!((layer.features.len(), layer.findings.len()), (0, 1));
    }

    #[test]
    fn one_feature_at_several_places_is_refused() {
        let several = POINT.replace(
            r#""Point","coordinates":[113.0,22.5]"#,
            r#""MultiPoint","coordinates":[[113.0,22.5],[113.1,22.5]]"#,
        );
        let told = read_points(several.as_bytes(), "p")
            .expect_err("refused")
            .to_string();
        assert!(
            told.contains("feature 0 (id 7): it is one feature of 2 points"),
            "{told}"
        );
    }

    #[test]
    fn a_crs_is_read_in_every_form_and_one_that_names_none_is_refused() {
        let with = |crs: &str| {
            let text =
                format!(r#"{{"type":"FeatureCollection","crs":{crs},"features":[{POINT}]}}"#);
            read_points(text.as_bytes(), "p").map(|layer| layer.crs)
        };
        for (crs, name) in [
            (
                r#"{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}}"#,
                "urn:ogc:def:crs:OGC:1.3:CRS84",
            ),
            (
                r#"{"type":"name","properties":{"name":"EPSG:4547"}}"#,
                "EPSG:4547",
            ),
            (r#"{"type":"EPSG","properties":{"code":4547}}"#, "EPSG:4547"),
            (r#""EPSG:4547""#, "EPSG:4547"),
        ] {
            assert_eq!(with(crs).expect("named").as_deref(), Some(name));
        }
        for crs in [
            r#"{"type":"link","properties":{"href":"x.prj"}}"#,
            "{}",
            "7",
        ] {
            let told = with(crs).expect_err("no name").to_string();
            assert!(told.contains("which names none"), "{told}");
        }
    }

    /// Symptom: a word that holds `nan` near a fault was told as a number that is NaN.
    #[test]
    fn nan_is_told_where_it_is_one() {
        let told = |text: &str| {
            let error = read_points(text.as_bytes(), "p").expect_err("faulty");
            error.to_string()
        };
        let word = r#"{"type":"Feature","properties":{"finance":"x" "y":1},"geometry":null}"#;
        assert!(
            !told(word).contains("NaN") && told(word).contains("no valid JSON"),
            "{}",
            told(word)
        );
        for number in ["NaN", "nan", "Infinity", "-Infinity", "-inf", "inf"] {
            let text = POINT.replace("113.0", number);
            assert!(
                told(&text).contains("NaN or infinite"),
                "{number}: {}",
                told(&text)
            );
        }
    }

    #[test]
    fn other_formats_are_named_by_their_members() {
        for (text, name) in [
            (r#"{"type":"Topology","objects":{}}"#, "TopoJSON"),
            (r#"{"type":"CityJSON","version":"2.0"}"#, "CityJSON"),
            (r#"{"asset":{"version":"1.0"},"root":{}}"#, "tileset"),
            (
                r#"{"geometryType":"esriGeometryPoint","features":[]}"#,
                "Esri JSON",
            ),
            (r#"{"type":"Nonsense"}"#, "its type is \"Nonsense\""),
            ("[1, 2]", "its type is null"),
            ("", "empty"),
        ] {
            let told = read_points(text.as_bytes(), "p")
                .expect_err("foreign")
                .to_string();
            assert!(told.contains(name), "{told}");
        }
    }

    #[test]
    fn names_in_gbk_are_read_and_told() {
        // Python 3: '江海区'.encode('gbk').
        let (before, after) = POINT.split_once("A1").expect("a code");
        let bytes = [
            before.as_bytes(),
            b"\xbd\xad\xba\xa3\xc7\xf8",
            after.as_bytes(),
        ]
        .concat();
        let layer = read_points(&bytes, "p").expect("GBK");
        assert_eq!(layer.features[0].text("code").as_deref(), Some("江海区"));
        assert_eq!(layer.findings[0].kind, Kind::Assumed);
    }

    #[test]
    fn the_second_of_a_code_is_found() {
        let texts = ["A", "B", "A", "A"].map(|t| Some(t.to_owned()));
        let found = repeated(texts.into_iter().enumerate()).expect("twice");
        assert_eq!((found.features, found.count), ([0, 2], 2));
        assert_eq!(repeated([(0, None), (1, None)]), None);
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
