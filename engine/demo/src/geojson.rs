//! GeoJSON text (RFC 7946), one feature a line, the same bytes for the same layer.

use serde_json::{Value, json};
use stormgrid_core::geo::{Coord, Geometry, LineString, Polygon};

use crate::layers::{Feature, Layer};
use crate::texts::{NOTICE_EN, NOTICE_ZH};

/// The layer as a feature collection that says that it is synthetic.
pub(crate) fn write(layer: &Layer) -> Vec<u8> {
    let mut text = format!(
        "{{\"type\":\"FeatureCollection\",\"synthetic\":true,\"notice\":{},\"features\":[\n",
        json!({"en": NOTICE_EN, "zh": NOTICE_ZH})
    );
    for (index, feature) in layer.features.iter().enumerate() {
        if index > 0 {
            text.push_str(",\n");
        }
        text.push_str(&line(feature).to_string());
    }
    text.push_str("\n]}\n");
    text.into_bytes()
}

fn line(feature: &Feature) -> Value {
    json!({
        "type": "Feature",
        "properties": feature.properties,
        "geometry": geometry(&feature.geometry),
    })
}

fn geometry(geometry: &Geometry<f64>) -> Value {
    match geometry {
        Geometry::Point(p) => json!({"type": "Point", "coordinates": position(p.0)}),
        Geometry::LineString(l) => json!({"type": "LineString", "coordinates": positions(l)}),
        Geometry::Polygon(p) => json!({"type": "Polygon", "coordinates": rings(p)}),
        Geometry::MultiPolygon(m) => {
            json!({"type": "MultiPolygon", "coordinates": m.iter().map(rings).collect::<Vec<_>>()})
        }
        _ => Value::Null,
    }
}

fn position(c: Coord<f64>) -> Value {
    json!([c.x, c.y])
}

fn positions(line: &LineString<f64>) -> Value {
    line.coords().map(|c| position(*c)).collect()
}

fn rings(polygon: &Polygon<f64>) -> Value {
    std::iter::once(polygon.exterior())
        .chain(polygon.interiors())
        .map(positions)
        .collect()
}
