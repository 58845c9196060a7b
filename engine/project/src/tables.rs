//! Exposure as CSV and GeoJSON.

use std::fmt::Write;

use geo::MultiPolygon;
use serde_json::{Map, Value};
use stormgrid_formats::vector::{self, Feature};
use stormgrid_sim::exposure::{DEPTH_THRESHOLDS_M, ExposureRow, ROAD_THRESHOLDS_M};

use crate::ProjectError;

/// A row with the name of its zone, as it is told to people and machines.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct NamedRow {
    /// Name of the zone.
    pub name: String,
    /// The row.
    #[serde(flatten)]
    pub row: ExposureRow,
}

/// One value of a flat row.
pub(crate) enum Cell {
    Text(String),
    Number(f64),
    Count(u32),
    Missing,
}

/// Columns of a row, in their order. Thresholds are in centimetres: `flooded_share_15cm`.
fn flat(named: &NamedRow) -> Vec<(String, Cell)> {
    let row = &named.row;
    let mut cells = vec![
        ("code".to_owned(), Cell::Text(row.code.clone())),
        ("name".to_owned(), Cell::Text(named.name.clone())),
        ("area_m2".to_owned(), Cell::Number(row.area_m2)),
        (
            "modelled_share".to_owned(),
            Cell::Number(row.modelled_share),
        ),
    ];
    let mut put = |name: &str, cell: Cell| cells.push((name.to_owned(), cell));
    for (i, depth) in DEPTH_THRESHOLDS_M.iter().enumerate() {
        let cm = (depth * 100.0).round();
        put(
            &format!("flooded_area_m2_{cm}cm"),
            Cell::Number(row.flooded_area_m2[i]),
        );
        put(
            &format!("flooded_share_{cm}cm"),
            Cell::Number(row.flooded_share[i]),
        );
    }
    let optional = |value: Option<f64>| value.map_or(Cell::Missing, Cell::Number);
    put("depth_mean_m", Cell::Number(row.depth_mean_m));
    put("depth_max_m", Cell::Number(row.depth_max_m));
    put("speed_max_mps", Cell::Number(row.speed_max_mps));
    let hazard = row.hazard_max.map(|h| u32::from(h.number()));
    put("hazard_max", hazard.map_or(Cell::Missing, Cell::Count));
    put("arrival_s", optional(row.arrival_s));
    put("duration_s", Cell::Number(row.duration_s));
    put("people", Cell::Number(row.people));
    put("people_reached", Cell::Number(row.people_reached));
    put("households", Cell::Number(row.households));
    put("households_reached", Cell::Number(row.households_reached));
    put("buildings", Cell::Count(row.buildings));
    put("buildings_reached", Cell::Count(row.buildings_reached));
    put("floors_reached", Cell::Count(row.floors_reached));
    put("schools", Cell::Count(row.schools));
    put("schools_reached", Cell::Count(row.schools_reached));
    put("hospitals", Cell::Count(row.hospitals));
    put("hospitals_reached", Cell::Count(row.hospitals_reached));
    put("road_length_m", Cell::Number(row.road_length_m));
    for (i, depth) in ROAD_THRESHOLDS_M.iter().enumerate() {
        let cm = (depth * 100.0).round();
        put(
            &format!("road_flooded_m_{cm}cm"),
            Cell::Number(row.road_flooded_m[i]),
        );
    }
    put("road_cut_m", Cell::Number(row.road_cut_m));
    put("damage", Cell::Number(row.damage));
    put("damage_currency", Cell::Text(row.damage_currency.clone()));
    put("damage_curve", Cell::Text(row.damage_curve.clone()));
    cells
}

/// Rows as CSV with a header; a value that does not exist is empty.
pub fn csv(rows: &[NamedRow]) -> Vec<u8> {
    csv_of(rows.iter().map(flat))
}

/// Flat rows, all with the same columns, as CSV with a header.
pub(crate) fn csv_of(rows: impl Iterator<Item = Vec<(String, Cell)>>) -> Vec<u8> {
    let mut text = String::new();
    for (i, cells) in rows.enumerate() {
        if i == 0 {
            let names: Vec<&str> = cells.iter().map(|(name, _)| name.as_str()).collect();
            text.push_str(&names.join(","));
            text.push_str("\r\n");
        }
        for (k, (_, cell)) in cells.iter().enumerate() {
            if k > 0 {
                text.push(',');
            }
            match cell {
                Cell::Text(value) => text.push_str(&quoted(value)),
                Cell::Number(value) => {
                    let _ = write!(text, "{}", rounded(*value));
                }
                Cell::Count(value) => {
                    let _ = write!(text, "{value}");
                }
                Cell::Missing => {}
            }
        }
        text.push_str("\r\n");
    }
    text.into_bytes()
}

/// Rows with their geometry, in longitude and latitude or whatever the zones' file had.
pub fn geojson(
    rows: &[NamedRow],
    geometries: &[MultiPolygon<f64>],
    crs: Option<&str>,
) -> Result<Vec<u8>, ProjectError> {
    let flat = rows.iter().map(|r| (r.row.code.clone(), flat(r)));
    geojson_of(flat, geometries, crs)
}

/// Flat rows, each with its identifier, with their geometry.
pub(crate) fn geojson_of(
    rows: impl Iterator<Item = (String, Vec<(String, Cell)>)>,
    geometries: &[MultiPolygon<f64>],
    crs: Option<&str>,
) -> Result<Vec<u8>, ProjectError> {
    let features: Vec<Feature<MultiPolygon<f64>>> = rows
        .zip(geometries)
        .map(|((id, cells), geometry)| {
            let mut properties = Map::new();
            for (name, cell) in cells {
                let value = match cell {
                    Cell::Text(value) => Value::from(value),
                    Cell::Number(value) => Value::from(rounded(value)),
                    Cell::Count(value) => Value::from(value),
                    Cell::Missing => Value::Null,
                };
                properties.insert(name, value);
            }
            Feature {
                id: Some(id),
                properties,
                geometry: geometry.clone(),
                index: 0,
            }
        })
        .collect();
    Ok(vector::write(&features, crs, Map::new())?)
}

/// Four decimals: tenths of a millimetre, hundredths of a per cent.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// A text as a CSV field (RFC 4180). A leading `=`, `+`, `-` or `@` gets an apostrophe, so that no
/// spreadsheet takes a name for a formula.
pub fn quoted(text: &str) -> String {
    let safe = if text.starts_with(['=', '+', '-', '@']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if safe.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn names_cannot_break_a_table() {
        assert_eq!(quoted("翠园里,7号"), "\"翠园里,7号\"");
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
    }
}
