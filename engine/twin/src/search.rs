//! Search by name, address and code; an address may end in a floor.

use serde::Serialize;

use crate::components::{Building, Feature, Grid, PointAsset, Position};
use crate::world::Twin;

/// What a hit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HitKind {
    /// A building, or a floor of one.
    Building,
    /// A grid of any level.
    Grid,
    /// A camera, school, pump.
    Point,
}

/// One answer of a search.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// Name for people, with the floor if one was asked for.
    pub label: String,
    /// East [local m].
    pub x: f64,
    /// North [local m].
    pub y: f64,
    /// Up [m]: the roof, or the floor that was asked for; NaN where no ground is known.
    pub z: f64,
    /// Position in its layer.
    pub index: u32,
    /// Code of grids and points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Identifier of its layer.
    pub layer: String,
    /// The floor that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<u32>,
}

/// How well a text fits, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Whole,
    Begins,
    Within,
    Elsewhere,
}

impl Twin {
    /// Buildings, grids and points whose name, address or code holds the text; the best first, at
    /// most `limit`.
    ///
    /// A text such as `翠园里7号4楼` finds the building `翠园里7号` and the height of its fourth
    /// floor. A building that has no such floor is not an answer to it.
    pub fn search(&self, text: &str, limit: usize) -> Vec<Hit> {
        let whole = folded(text);
        if whole.is_empty() {
            return Vec::new();
        }
        let (house, floor) = floor_of_query(&whole);
        let mut hits: Vec<(Fit, usize, Feature, Hit)> = Vec::new();
        for layer in self.layers() {
            for &entity in &layer.entities {
                let (Some(&of), Some(&at)) = (
                    self.world().get::<Feature>(entity),
                    self.world().get::<Position>(entity),
                ) else {
                    continue;
                };
                let found = if let Some(building) = self.world().get::<Building>(entity) {
                    building_hit(building, &whole, house, floor)
                } else if let Some(grid) = self.world().get::<Grid>(entity) {
                    fit(&whole, &[&grid.name, &grid.code])
                        .map(|f| (f, named(HitKind::Grid, &grid.name, &grid.code)))
                } else if let Some(point) = self.world().get::<PointAsset>(entity) {
                    fit(&whole, &[&point.name, &point.code])
                        .map(|f| (f, named(HitKind::Point, &point.name, &point.code)))
                } else {
                    None
                };
                let Some((fit, mut hit)) = found else {
                    continue;
                };
                hit.x = at.0[0];
                hit.y = at.0[1];
                if hit.floor.is_none() {
                    hit.z = at.0[2];
                }
                hit.index = of.idx.0;
                hit.layer.clone_from(&layer.id);
                hits.push((fit, hit.label.chars().count(), of, hit));
            }
        }
        hits.sort_by_key(|hit| (hit.0, hit.1, hit.2));
        hits.truncate(limit);
        hits.into_iter().map(|(_, _, _, hit)| hit).collect()
    }
}

/// Splits `翠园里7号4楼` into `翠园里7号` and 4. Understands 楼, 层 and F behind a number in digits;
/// `None` if the text does not end so.
pub fn floor_of_query(text: &str) -> (&str, Option<u32>) {
    let body = text
        .strip_suffix('楼')
        .or_else(|| text.strip_suffix('层'))
        .or_else(|| text.strip_suffix(['F', 'f']));
    let Some(body) = body else {
        return (text, None);
    };
    let house = body.trim_end_matches(|c: char| c.is_ascii_digit());
    match body[house.len()..].parse() {
        Ok(floor) if floor > 0 && !house.is_empty() => (house, Some(floor)),
        _ => (text, None),
    }
}

fn building_hit(
    building: &Building,
    whole: &str,
    house: &str,
    floor: Option<u32>,
) -> Option<(Fit, Hit)> {
    let name = building.name.as_deref().unwrap_or("");
    let address = building.address.as_deref().unwrap_or("");
    let label = [name, address, &building.id]
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default();
    let texts = [name, address, &building.id];
    if let Some(fit) = fit(whole, &texts) {
        return Some((fit, named(HitKind::Building, label, "")));
    }
    let floor = floor.filter(|&f| f <= building.storeys())?;
    let fit = fit(house, &texts)?;
    let hit = Hit {
        z: building.floor_z(floor),
        floor: Some(floor),
        ..named(HitKind::Building, &format!("{label}{floor}楼"), "")
    };
    Some((fit, hit))
}

fn named(kind: HitKind, label: &str, code: &str) -> Hit {
    Hit {
        kind,
        label: if label.is_empty() { code } else { label }.to_owned(),
        x: 0.0,
        y: 0.0,
        z: 0.0,
        index: 0,
        code: (!code.is_empty()).then(|| code.to_owned()),
        layer: String::new(),
        floor: None,
    }
}

/// Text without spaces, full-width digits and capitals made plain.
fn folded(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '０'..='９' => char::from_digit(c as u32 - '０' as u32, 10).unwrap_or(c),
            _ => c,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

fn fit(wanted: &str, texts: &[&str]) -> Option<Fit> {
    texts
        .iter()
        .enumerate()
        .filter_map(|(place, text)| {
            let text = folded(text);
            let at = text.find(wanted)?;
            // The number before must not go on: `7号` is not an answer to `17号`, nor `1号` to `11号`.
            let cut = wanted.starts_with(|c: char| c.is_ascii_digit())
                && text[..at].ends_with(|c: char| c.is_ascii_digit());
            (!cut).then_some(match (place, at) {
                _ if text == wanted => Fit::Whole,
                (0, 0) => Fit::Begins,
                (0, _) => Fit::Within,
                _ => Fit::Elsewhere,
            })
        })
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::Outline;
    use crate::world::{FeatureData, GeometryKind, LayerData, Site};
    use stormgrid_core::geo::{LineString, MultiPolygon, Polygon};

    fn house(name: &str, x: f64) -> FeatureData {
        let ring = vec![
            (x, 0.0),
            (x + 10.0, 0.0),
            (x + 10.0, 10.0),
            (x, 10.0),
            (x, 0.0),
        ];
        FeatureData::Building(
            Building {
                id: format!("b-{x}"),
                name: Some(name.to_owned()),
                address: Some(format!("江门市江海区礼乐街道{name}")),
                floors: Some(6),
                base: 1.5,
                top: 19.5,
                ..Building::default()
            },
            Outline(MultiPolygon::new(vec![Polygon::new(
                LineString::from(ring),
                vec![],
            )])),
        )
    }

    fn twin() -> Twin {
        let names = ["翠园里17号", "翠园里7号", "翠园里7号之一", "礼乐一路8号"];
        let features = names
            .iter()
            .enumerate()
            .map(|(i, n)| house(n, 20.0 * i as f64));
        Twin::new(
            Site::default(),
            vec![LayerData {
                id: "buildings".to_owned(),
                geometry: GeometryKind::Building,
                level: None,
                kind: None,
                features: features.collect(),
            }],
        )
    }

    #[test]
    fn an_address_with_a_floor_finds_the_floor() {
        let hits = twin().search("翠园里7号4楼", 5);
        let best = &hits[0];
        assert_eq!((best.index, best.floor), (1, Some(4)));
        assert_eq!(best.z, 1.5 + 3.0 * 3.0);
        assert_eq!(best.label, "翠园里7号4楼");
    }

    #[test]
    fn a_floor_that_a_house_does_not_have_is_no_answer() {
        assert!(twin().search("翠园里7号40楼", 5).is_empty());
    }

    #[test]
    fn the_whole_name_comes_before_longer_ones() {
        let twin = twin();
        let labels: Vec<String> = twin
            .search("翠园里 ７号", 5)
            .into_iter()
            .map(|h| h.label)
            .collect();
        assert_eq!(labels, ["翠园里7号", "翠园里7号之一"]);
        assert_eq!(twin.search("7号", 9).len(), 2);
        assert!(twin.search("  ", 9).is_empty());
    }

    #[test]
    fn places_are_found_by_point_box_and_ray() {
        let twin = twin();
        assert_eq!(twin.building_at(25.0, 5.0).map(|b| b.0.0), Some(1));
        assert!(twin.building_at(15.0, 5.0).is_none());
        let (hit, distance) = twin
            .ray([65.0, 5.0, 100.0], [0.0, 0.0, -1.0])
            .expect("a roof");
        assert_eq!((hit.0, distance), (3, 80.5));
        let near = twin.nearest(0, 14.0, 5.0, 2);
        assert_eq!(
            near.iter().map(|n| (n.0.0, n.1)).collect::<Vec<_>>(),
            [(0, 4.0), (1, 6.0)]
        );
    }
}
