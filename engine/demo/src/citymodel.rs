//! Buildings as CityJSONSeq 2.0 text: one feature a line, a solid with a flat roof each.
//!
//! Source: CityJSON 2.0.1 specification, sections 3.2 (solids), 3.3 (semantics), 4 (transform) and
//! 8 (CityJSONSeq), <https://www.cityjson.org/specs/2.0.1/>.

use serde_json::{Value, json};

use crate::buildings::Building;
use crate::model::{CRS, City};
use crate::texts::{NOTICE_EN, NOTICE_ZH};

/// One step of the integer coordinates [m].
const STEP_M: f64 = 0.001;

/// All buildings of the city.
pub(crate) fn write(city: &City) -> Vec<u8> {
    // Whole kilometres, so that the integers stay short.
    let translate = city.origin.map(|x| (x / 1000.0).floor() * 1000.0);
    let mut text = header(translate).to_string();
    text.push('\n');
    for (index, building) in city.buildings.iter().enumerate() {
        text.push_str(&feature(city, index, building, translate).to_string());
        text.push('\n');
    }
    text.into_bytes()
}

fn header(translate: [f64; 2]) -> Value {
    let code = CRS.trim_start_matches("EPSG:");
    json!({
        "type": "CityJSON",
        "version": "2.0",
        "transform": {
            "scale": [STEP_M, STEP_M, STEP_M],
            "translate": [translate[0], translate[1], 0.0],
        },
        "metadata": {
            "title": format!("江海区 (demo, synthetic). {NOTICE_ZH} {NOTICE_EN}"),
            "referenceSystem": format!("https://www.opengis.net/def/crs/EPSG/0/{code}"),
        },
        "CityObjects": {},
        "vertices": [],
    })
}

fn feature(city: &City, index: usize, b: &Building, translate: [f64; 2]) -> Value {
    let id = format!("JH{:05}", index + 1);
    let n = b.ring.len();
    let step = |x: f64| (x / STEP_M).round() as i64;
    let level = |z: f64| -> Vec<[i64; 3]> {
        b.ring
            .iter()
            .map(|p| {
                [
                    step(city.origin[0] + p[0] - translate[0]),
                    step(city.origin[1] + p[1] - translate[1]),
                    step(z),
                ]
            })
            .collect()
    };
    let vertices: Vec<[i64; 3]> = level(b.base).into_iter().chain(level(b.top)).collect();
    // Seen from outside all rings run counter-clockwise; vertices 0..n are the ground, n..2n the roof.
    let ground: Vec<usize> = (0..n).rev().collect();
    let roof: Vec<usize> = (n..2 * n).collect();
    let walls = (0..n).map(|i| {
        let next = (i + 1) % n;
        vec![i, next, n + next, n + i]
    });
    let shell: Vec<[Vec<usize>; 1]> = [ground, roof]
        .into_iter()
        .chain(walls)
        .map(|ring| [ring])
        .collect();
    let meaning: Vec<usize> = [0, 1]
        .into_iter()
        .chain(std::iter::repeat_n(2, n))
        .collect();
    json!({
        "type": "CityJSONFeature",
        "id": id,
        "CityObjects": {
            &id: {
                "type": "Building",
                "attributes": {
                    "name": b.name,
                    "address": b.address,
                    "use": b.use_.name(),
                    "floors": b.floors,
                    "dwellings": b.dwellings,
                    "households": b.households,
                    "people": b.people,
                    "unit": city.unit_codes[b.unit],
                    "measuredHeight": ((b.top - b.base) * 100.0).round() / 100.0,
                    "synthetic": true,
                },
                "geometry": [{
                    "type": "Solid",
                    "lod": "1.2",
                    "boundaries": [shell],
                    "semantics": {
                        "surfaces": [
                            {"type": "GroundSurface"},
                            {"type": "RoofSurface"},
                            {"type": "WallSurface"},
                        ],
                        "values": [meaning],
                    },
                }],
            },
        },
        "vertices": vertices,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_are_closed_and_face_outwards() {
        let city = crate::model::make(&crate::DemoOptions {
            cell_size_m: 100.0,
            ..crate::DemoOptions::default()
        })
        .unwrap();
        let text = String::from_utf8(write(&city)).unwrap();
        assert_eq!(text.lines().count(), city.buildings.len() + 1);
        for line in text.lines().skip(1).step_by(97) {
            let feature: Value = serde_json::from_str(line).unwrap();
            let object = &feature["CityObjects"][feature["id"].as_str().unwrap()];
            let vertex = |i: &Value, k: usize| {
                feature["vertices"][i.as_u64().unwrap() as usize][k]
                    .as_f64()
                    .unwrap()
                    * STEP_M
            };
            // Divergence theorem over fans of triangles: a closed shell that faces outwards has the
            // volume of footprint times height.
            let mut volume = 0.0;
            for face in object["geometry"][0]["boundaries"][0].as_array().unwrap() {
                let ring = face[0].as_array().unwrap();
                for pair in ring[1..].windows(2) {
                    let p = [&ring[0], &pair[0], &pair[1]]
                        .map(|i| [vertex(i, 0), vertex(i, 1), vertex(i, 2)]);
                    volume += (p[0][0] * (p[1][1] * p[2][2] - p[1][2] * p[2][1])
                        - p[0][1] * (p[1][0] * p[2][2] - p[1][2] * p[2][0])
                        + p[0][2] * (p[1][0] * p[2][1] - p[1][1] * p[2][0]))
                        / 6.0;
                }
            }
            let index: usize = feature["id"].as_str().unwrap()[2..].parse().unwrap();
            let b = &city.buildings[index - 1];
            let twice: f64 = b
                .ring
                .iter()
                .zip(b.ring.iter().cycle().skip(1))
                .map(|(p, q)| p[0] * q[1] - q[0] * p[1])
                .sum();
            let expected = 0.5 * twice * (b.top - b.base);
            assert!(
                (volume / expected - 1.0).abs() < 1e-3,
                "{}: {volume}, {expected}",
                b.name
            );
        }
    }
}
