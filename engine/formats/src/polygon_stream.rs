//! Polygons out of a GeoJSON FeatureCollection as it streams by, into flat arrays: a layer of a million polygons takes
//! little more than its coordinates.
//!
//! Only files that are plain are read: UTF-8, a collection, each feature with a Polygon or MultiPolygon. For any
//! other, sound or not, the answer is that it is not plain; [`crate::vector::read_polygons`] reads it, or says what is
//! wrong with it.

use std::io::Read;

use geo::Coord;
use stormgrid_core::polygons::PolygonSet;

/// Texts one after the other in one piece of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    /// Adds a text.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// One of them.
    pub fn get(&self, index: usize) -> &str {
        let start = match index {
            0 => 0,
            _ => self.ends[index - 1],
        };
        &self.text[start..self.ends[index]]
    }
}

/// A property as a text, with whether the feature has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    texts: Texts,
}

impl Column {
    /// The value of a feature, `None` if it has none or it is null.
    pub fn get(&self, feature: usize) -> Option<&str> {
        // A mark before each text: an empty text is not the same as none.
        self.texts.get(feature).strip_prefix('=')
    }

    /// Adds the value of the next feature.
    pub fn push(&mut self, value: Option<&str>) {
        match value {
            Some(value) => {
                self.texts.text.push('=');
                self.texts.push(value);
            }
            None => self.texts.push(""),
        }
    }
}

/// The polygons of a layer and some of their properties.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolygonLayer {
    /// The geometries, in the order of the file.
    pub polygons: PolygonSet,
    /// The `id` member of each feature.
    pub ids: Column,
    /// A column for each property that was asked for.
    pub columns: Vec<Column>,
    /// The name in the `crs` member.
    pub crs: Option<String>,
}

/// Reads a layer; `None` if it is not plain or cannot be read.
///
/// - `properties`: names of the properties that become columns
pub fn read(source: impl Read, properties: &[&str]) -> Option<PolygonLayer> {
    let mut scan = Scan::new(source);
    let mut layer = PolygonLayer {
        columns: vec![Column::default(); properties.len()],
        ..PolygonLayer::default()
    };
    collection(&mut scan, properties, &mut layer).ok()?;
    Some(layer)
}

/// A property of a feature as a text: strings as they are, numbers as written, whole ones without a fraction.
pub fn text_of(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number_text(&number.to_string())),
        serde_json::Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// `1.0` and `1e0` as `1`: exports of tables write whole numbers as floats.
fn number_text(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(value)
            if text.contains(['.', 'e', 'E']) && value.fract() == 0.0 && value.abs() < 1e15 =>
        {
            format!("{value:.0}")
        }
        _ => text.to_owned(),
    }
}

/// The file is not plain.
struct NotPlain;

type Plain<T> = Result<T, NotPlain>;

/// Deepest nesting that is skipped [-].
const MOST_NESTED: usize = 64;

fn collection<R: Read>(
    scan: &mut Scan<R>,
    properties: &[&str],
    layer: &mut PolygonLayer,
) -> Plain<()> {
    scan.skip_mark()?;
    let (mut is_collection, mut has_features, mut has_crs) = (false, false, false);
    let mut key = String::new();
    scan.expect(b'{')?;
    while scan.member(&mut key)? {
        match key.as_str() {
            "type" => is_collection = scan.text()? == "FeatureCollection",
            "features" if !has_features => {
                has_features = true;
                scan.expect(b'[')?;
                while scan.item()? {
                    feature(scan, properties, layer)?;
                }
            }
            "crs" if !has_crs => {
                has_crs = true;
                layer.crs = crs(scan)?;
            }
            "features" | "crs" => return Err(NotPlain),
            _ => scan.skip(0)?,
        }
    }
    match is_collection && has_features && scan.is_at_end()? {
        true => Ok(()),
        false => Err(NotPlain),
    }
}

/// The name in a `crs` member; of other forms the general reader knows more.
fn crs<R: Read>(scan: &mut Scan<R>) -> Plain<Option<String>> {
    if scan.peek()? == b'n' {
        scan.skip(0)?;
        return Ok(None);
    }
    let mut name = None;
    let (mut key, mut inner) = (String::new(), String::new());
    scan.expect(b'{')?;
    while scan.member(&mut key)? {
        if key != "properties" {
            scan.skip(0)?;
            continue;
        }
        scan.expect(b'{')?;
        while scan.member(&mut inner)? {
            match inner.as_str() {
                "name" => name = Some(scan.text()?.to_owned()),
                _ => scan.skip(0)?,
            }
        }
    }
    name.map(Some).ok_or(NotPlain)
}

fn feature<R: Read>(
    scan: &mut Scan<R>,
    properties: &[&str],
    layer: &mut PolygonLayer,
) -> Plain<()> {
    let mut values: Vec<Option<String>> = vec![None; properties.len()];
    let mut id = None;
    let (mut is_feature, mut has_geometry, mut has_properties) = (false, false, false);
    let (mut key, mut name) = (String::new(), String::new());
    scan.expect(b'{')?;
    while scan.member(&mut key)? {
        match key.as_str() {
            "type" => is_feature = scan.text()? == "Feature",
            "id" => id = scan.value()?,
            "geometry" if !has_geometry => {
                has_geometry = true;
                geometry(scan, &mut layer.polygons)?;
            }
            "geometry" => return Err(NotPlain),
            "properties" if !has_properties => {
                has_properties = true;
                if scan.peek()? == b'n' {
                    scan.skip(0)?;
                    continue;
                }
                scan.expect(b'{')?;
                while scan.member(&mut name)? {
                    match properties.iter().position(|p| *p == name) {
                        Some(at) => values[at] = scan.value()?,
                        None => scan.skip(0)?,
                    }
                }
            }
            "properties" => return Err(NotPlain),
            _ => scan.skip(0)?,
        }
    }
    if !(is_feature && has_geometry) {
        return Err(NotPlain);
    }
    layer.ids.push(id.as_deref());
    for (column, value) in layer.columns.iter_mut().zip(values) {
        column.push(value.as_deref());
    }
    Ok(())
}

fn geometry<R: Read>(scan: &mut Scan<R>, set: &mut PolygonSet) -> Plain<()> {
    let (mut parts_written, mut parts_meant) = (None, None);
    let mut key = String::new();
    scan.expect(b'{')?;
    while scan.member(&mut key)? {
        match key.as_str() {
            "type" => {
                parts_meant = match scan.text()? {
                    "Polygon" => Some(false),
                    "MultiPolygon" => Some(true),
                    _ => return Err(NotPlain),
                }
            }
            "coordinates" if parts_written.is_none() => {
                parts_written = Some(coordinates(scan, set)?);
            }
            "coordinates" => return Err(NotPlain),
            _ => scan.skip(0)?,
        }
    }
    match parts_written.is_some() && parts_written == parts_meant {
        true => Ok(()),
        false => Err(NotPlain),
    }
}

/// Reads the coordinates of a Polygon or MultiPolygon, and says whether it was one of several parts. Empty arrays are
/// left to the general reader.
fn coordinates<R: Read>(scan: &mut Scan<R>, set: &mut PolygonSet) -> Plain<bool> {
    for _ in 0..3 {
        scan.expect(b'[')?;
    }
    let several = scan.peek()? == b'[';
    if !several {
        part(scan, set)?;
    } else {
        scan.expect(b'[')?;
        loop {
            part(scan, set)?;
            if !scan.goes_on()? {
                break;
            }
            for _ in 0..3 {
                scan.expect(b'[')?;
            }
        }
    }
    set.end_polygon();
    Ok(several)
}

/// The rest of a part whose first position is open.
fn part<R: Read>(scan: &mut Scan<R>, set: &mut PolygonSet) -> Plain<()> {
    loop {
        loop {
            let vertex = scan.position()?;
            set.push_vertex(vertex);
            if !scan.goes_on()? {
                break;
            }
            scan.expect(b'[')?;
        }
        set.end_ring();
        if !scan.goes_on()? {
            break;
        }
        scan.expect(b'[')?;
        scan.expect(b'[')?;
    }
    set.end_part();
    Ok(())
}

/// JSON token by token through a window.
struct Scan<R> {
    source: R,
    window: Vec<u8>,
    at: usize,
    end: usize,
    /// Bytes of the text that was read last.
    bytes: Vec<u8>,
    text: String,
    /// Whether the object or array that was entered last has had a member.
    opened: bool,
}

const WINDOW: usize = 1 << 16;

/// Longest number that is read [bytes].
const LONGEST_NUMBER: usize = 64;

impl<R: Read> Scan<R> {
    fn new(source: R) -> Self {
        Self {
            source,
            window: vec![0; WINDOW],
            at: 0,
            end: 0,
            bytes: Vec::new(),
            text: String::new(),
            opened: false,
        }
    }

    /// Makes so many bytes ready, fewer only at the end of the file.
    fn fill(&mut self, wanted: usize) -> Plain<()> {
        if self.end - self.at >= wanted {
            return Ok(());
        }
        self.window.copy_within(self.at..self.end, 0);
        self.end -= self.at;
        self.at = 0;
        while self.end < wanted {
            match self.source.read(&mut self.window[self.end..]) {
                Ok(0) => break,
                Ok(n) => self.end += n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return Err(NotPlain),
            }
        }
        Ok(())
    }

    fn skip_mark(&mut self) -> Plain<()> {
        self.fill(3)?;
        if self.window[self.at..self.end].starts_with(b"\xef\xbb\xbf") {
            self.at += 3;
        }
        Ok(())
    }

    /// The next byte that is no white space, left where it is; 0 at the end.
    fn peek_or_end(&mut self) -> Plain<u8> {
        loop {
            if self.at == self.end {
                self.fill(1)?;
                if self.at == self.end {
                    return Ok(0);
                }
            }
            match self.window[self.at] {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Ok(byte),
            }
        }
    }

    fn peek(&mut self) -> Plain<u8> {
        match self.peek_or_end()? {
            0 => Err(NotPlain),
            byte => Ok(byte),
        }
    }

    fn is_at_end(&mut self) -> Plain<bool> {
        Ok(self.peek_or_end()? == 0 && self.at == self.end)
    }

    fn expect(&mut self, byte: u8) -> Plain<()> {
        if self.peek()? != byte {
            return Err(NotPlain);
        }
        self.at += 1;
        self.opened = true;
        Ok(())
    }

    /// After an item of an array of numbers or positions: whether another follows.
    fn goes_on(&mut self) -> Plain<bool> {
        let goes_on = match self.peek()? {
            b',' => true,
            b']' => false,
            _ => return Err(NotPlain),
        };
        self.at += 1;
        self.opened = false;
        Ok(goes_on)
    }

    /// Moves to the next member of the object that was entered, behind its key; `false` at its end.
    fn member(&mut self, key: &mut String) -> Plain<bool> {
        if !self.next_in(b'}')? {
            return Ok(false);
        }
        let text = self.text()?;
        key.clear();
        key.push_str(text);
        self.expect(b':')?;
        self.opened = false;
        Ok(true)
    }

    /// Moves to the next item of the array that was entered; `false` at its end.
    fn item(&mut self) -> Plain<bool> {
        self.next_in(b']')
    }

    fn next_in(&mut self, close: u8) -> Plain<bool> {
        let opened = std::mem::replace(&mut self.opened, false);
        match self.peek()? {
            byte if byte == close => {
                self.at += 1;
                Ok(false)
            }
            b',' if !opened => {
                self.at += 1;
                // A comma before the end is no JSON.
                match self.peek()? == close {
                    true => Err(NotPlain),
                    false => Ok(true),
                }
            }
            _ if opened => Ok(true),
            _ => Err(NotPlain),
        }
    }

    fn position(&mut self) -> Plain<Coord> {
        let mut values = [0.0; 2];
        for (k, value) in values.iter_mut().enumerate() {
            if k > 0 && !self.goes_on()? {
                return Err(NotPlain);
            }
            *value = self.number()?;
        }
        while self.goes_on()? {
            self.number()?;
        }
        let [x, y] = values;
        Ok(Coord { x, y })
    }

    fn number(&mut self) -> Plain<f64> {
        self.peek()?;
        self.fill(LONGEST_NUMBER)?;
        if let Some((value, length)) = short_decimal(&self.window[self.at..self.end]) {
            self.at += length;
            return Ok(value);
        }
        let text = self.number_text()?;
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(NotPlain),
        }
    }

    fn number_text(&mut self) -> Plain<&str> {
        self.peek()?;
        self.fill(LONGEST_NUMBER)?;
        let rest = &self.window[self.at..self.end];
        let is_part = |b: &u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
        let length = rest.iter().take_while(|b| is_part(b)).count();
        let text = &rest[..length];
        if length >= LONGEST_NUMBER || !is_json_number(text) {
            return Err(NotPlain);
        }
        self.at += length;
        std::str::from_utf8(text).map_err(|_| NotPlain)
    }

    /// A text, without its quotes and escapes.
    fn text(&mut self) -> Plain<&str> {
        self.peek()?;
        if self.window[self.at] != b'"' {
            return Err(NotPlain);
        }
        self.at += 1;
        self.bytes.clear();
        let mut escaped = false;
        loop {
            self.fill(1)?;
            let rest = &self.window[self.at..self.end];
            let stop = rest
                .iter()
                .position(|b| matches!(b, b'"' | b'\\') || *b < 0x20);
            let taken = stop.unwrap_or(rest.len());
            if rest.is_empty() {
                return Err(NotPlain);
            }
            self.bytes.extend_from_slice(&rest[..taken]);
            self.at += taken;
            match stop.map(|stop| rest[stop]) {
                None => {}
                Some(b'"') => {
                    self.at += 1;
                    break;
                }
                Some(b'\\') => {
                    self.fill(2)?;
                    if self.end - self.at < 2 {
                        return Err(NotPlain);
                    }
                    escaped = true;
                    self.bytes
                        .extend_from_slice(&self.window[self.at..self.at + 2]);
                    self.at += 2;
                }
                Some(_) => return Err(NotPlain),
            }
        }
        if escaped {
            let quoted = [b"\"", self.bytes.as_slice(), b"\""].concat();
            self.text = serde_json::from_slice(&quoted).map_err(|_| NotPlain)?;
            return Ok(&self.text);
        }
        std::str::from_utf8(&self.bytes).map_err(|_| NotPlain)
    }

    /// A text, number or flag as a text; `None` for null.
    fn value(&mut self) -> Plain<Option<String>> {
        match self.peek()? {
            b'"' => Ok(Some(self.text()?.to_owned())),
            b't' => self.word("true").map(|()| Some("true".to_owned())),
            b'f' => self.word("false").map(|()| Some("false".to_owned())),
            b'n' => self.word("null").map(|()| None),
            b'[' | b'{' => {
                self.skip(0)?;
                Ok(None)
            }
            _ => Ok(Some(number_text(self.number_text()?))),
        }
    }

    fn word(&mut self, word: &str) -> Plain<()> {
        self.fill(word.len())?;
        if !self.window[self.at..self.end].starts_with(word.as_bytes()) {
            return Err(NotPlain);
        }
        self.at += word.len();
        Ok(())
    }

    fn skip(&mut self, depth: usize) -> Plain<()> {
        if depth > MOST_NESTED {
            return Err(NotPlain);
        }
        match self.peek()? {
            b'{' => {
                self.expect(b'{')?;
                while self.next_in(b'}')? {
                    self.text()?;
                    self.expect(b':')?;
                    self.skip(depth + 1)?;
                    self.opened = false;
                }
            }
            b'[' => {
                self.expect(b'[')?;
                while self.item()? {
                    self.skip(depth + 1)?;
                    self.opened = false;
                }
            }
            b'"' => {
                self.text()?;
            }
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            _ => {
                self.number_text()?;
            }
        }
        Ok(())
    }
}

/// The number that a text begins with, and its length, where it is a decimal of so few digits that one division rounds
/// it rightly: mantissa and power of ten are exact. `None` for any other.
///
/// Source: Clinger (1990), How to read floating point numbers accurately, PLDI '90.
fn short_decimal(text: &[u8]) -> Option<(f64, usize)> {
    const POWERS: [f64; 16] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ];
    let negative = text.first() == Some(&b'-');
    let start = usize::from(negative);
    let mut mantissa: u64 = 0;
    let mut point = None;
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa
                    .wrapping_mul(10)
                    .wrapping_add(u64::from(byte - b'0'));
            }
            b'.' if point.is_none() => point = Some(at),
            b'e' | b'E' | b'.' | b'+' | b'-' => return None,
            _ => break,
        }
        at += 1;
    }
    let whole = point.unwrap_or(at) - start;
    let fraction = point.map_or(0, |point| at - point - 1);
    let leading_zero = whole > 1 && text[start] == b'0';
    // 15 digits are less than 2⁵³.
    if whole == 0 || leading_zero || whole + fraction > 15 || (point.is_some() && fraction == 0) {
        return None;
    }
    let value = mantissa as f64 / POWERS[fraction];
    Some((if negative { -value } else { value }, at))
}

/// Whether a run of digits, signs, points and exponents is a number as JSON writes it.
fn is_json_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let digits = |t: &[u8]| t.iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return false;
    }
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let n = digits(fraction);
        if n == 0 {
            return false;
        }
        rest = &fraction[n..];
    }
    if let Some(exponent) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        let sign = exponent
            .strip_prefix(b"-")
            .or_else(|| exponent.strip_prefix(b"+"));
        let exponent = sign.unwrap_or(exponent);
        let n = digits(exponent);
        return n > 0 && n == exponent.len();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::{Rings, read_polygons};
    use proptest::prelude::*;

    const LAYER: &str = r#"{ "type": "FeatureCollection", "name": "units", "crs": {"type": "name",
        "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}, "features": [
        {"type": "Feature", "id": 7, "properties": {"code": "A\u00e9\"1", "people": 12.0, "more": [1, {"a": [null, true]}]},
         "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [4.5, 0, 7], [4, 4e0], [0, 0]], [[1, 0.5], [2, 0.5], [2, 1], [1, 0.5]]]}},
        {"geometry": {"coordinates": [[[[10, 0], [14, 0], [14, -4.25E-1], [10, 0]]], [[[20, 0], [24, 0], [24, 4], [20, 0]]]], "type": "MultiPolygon"},
         "properties": null, "type": "Feature"} ] }"#;

    #[test]
    fn a_plain_layer_is_read_as_the_general_reader_reads_it() {
        let layer = read(LAYER.as_bytes(), &["code", "people"]).expect("plain");
        let general = read_polygons(LAYER.as_bytes(), "l", Rings::HandOn).expect("sound");
        let polygons: Vec<_> = general.features.iter().map(|f| &f.geometry).collect();
        assert_eq!(layer.polygons, polygons.into_iter().collect());
        assert_eq!(layer.crs.as_deref(), Some("urn:ogc:def:crs:EPSG::4547"));
        assert_eq!((layer.ids.get(0), layer.ids.get(1)), (Some("7"), None));
        assert_eq!(layer.columns[0].get(0), Some("Aé\"1"));
        assert_eq!(layer.columns[1].get(0), Some("12"));
        assert_eq!(layer.columns[0].get(1), None);
    }

    /// Bytes handed out one by one.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let n = self.0.len().min(into.len()).min(1);
            into[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    #[test]
    fn it_does_not_matter_how_the_bytes_come() {
        let names = ["code", "people"];
        assert_eq!(
            read(Drip(LAYER.as_bytes()), &names),
            read(LAYER.as_bytes(), &names)
        );
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_general_reader() {
        let square = r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#;
        let layer =
            |feature: &str| format!(r#"{{"type":"FeatureCollection","features":[{feature}]}}"#);
        let feature = |geometry: &str| {
            layer(&format!(
                r#"{{"type":"Feature","properties":{{}},"geometry":{geometry}}}"#
            ))
        };
        assert!(read(feature(square).as_bytes(), &[]).is_some());
        for text in [
            feature("null"),
            feature(r#"{"type":"Point","coordinates":[0,0]}"#),
            feature(r#"{"type":"MultiPolygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#),
            feature(r#"{"type":"Polygon","coordinates":[]}"#),
            feature(r#"{"type":"Polygon","coordinates":[[[0,NaN],[1,0],[1,1],[0,0]]]}"#),
            feature(r#"{"type":"Polygon","coordinates":[[[0,01],[1,0],[1,1],[0,0]]]}"#),
            feature(r#"{"type":"Polygon","coordinates":[[[0,1e999],[1,0],[1,1],[0,0]]]}"#),
            feature(square).replace("]]]", "]],]"),
            feature(square) + "x",
            feature(square).replace("}]}", "},]}"),
            feature(square)[..40].to_owned(),
            feature(square).replace("FeatureCollection", "Topology"),
            square.to_owned(),
            String::new(),
        ] {
            assert!(read(text.as_bytes(), &[]).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn short_decimals_are_rounded_as_the_library_rounds_them(mantissa in -999_999_999_999_999_i64..999_999_999_999_999, point in 0..15_usize) {
            let digits = format!("{:016}", mantissa.abs());
            let (whole, fraction) = digits.split_at(16 - point);
            let whole = whole.trim_start_matches('0');
            let sign = if mantissa < 0 { "-" } else { "" };
            let text = format!("{sign}{}{}{fraction}", if whole.is_empty() { "0" } else { whole }, if point > 0 { "." } else { "" });
            if let Some((value, length)) = short_decimal(text.as_bytes()) {
                prop_assert_eq!((value.to_bits(), length), (text.parse::<f64>().expect("a number").to_bits(), text.len()));
            }
        }

        #[test]
        fn what_is_accepted_is_what_the_general_reader_reads(at in 0..LAYER.len(), byte in prop_oneof![Just(b'"'), Just(b'['), Just(b','), Just(b'-'), Just(b'0'), any::<u8>()]) {
            let mut bytes = LAYER.as_bytes().to_vec();
            bytes[at] = byte;
            if let Some(layer) = read(bytes.as_slice(), &["code"]) {
                let general = read_polygons(&bytes, "l", Rings::HandOn).expect("what is accepted is sound");
                prop_assert_eq!(layer.polygons.len(), general.features.len());
                // Both as polygons of the geo crate, which closes rings that are open.
                for (k, feature) in general.features.iter().enumerate() {
                    prop_assert_eq!(&layer.polygons.polygon(k), &feature.geometry);
                }
                prop_assert_eq!(layer.crs, general.crs);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(bytes.as_slice(), &["code"]);
        }
    }
}
