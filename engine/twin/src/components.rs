//! Components: what an entity is and where it lies.

use bevy_ecs::prelude::Component;
use serde::Serialize;
use stormgrid_core::geo::{LineString, MultiPolygon};
use stormgrid_core::ids::FeatureIdx;

/// Which feature of which layer an entity is.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Feature {
    /// Position of the layer in the twin.
    pub layer: u16,
    /// Position of the feature in the layer.
    pub idx: FeatureIdx,
}

/// A building.
#[derive(Component, Clone, Debug, Default, PartialEq, Serialize)]
pub struct Building {
    /// Identifier in its file.
    pub id: String,
    /// Name, for example `翠园里7号`.
    pub name: Option<String>,
    /// Full address.
    pub address: Option<String>,
    /// What it is used for.
    #[serde(rename = "use")]
    pub usage: Option<String>,
    /// Storeys above ground, at least 1 where known.
    pub floors: Option<u32>,
    /// Households that live in it.
    pub households: Option<u32>,
    /// People who live in it.
    pub people: Option<u32>,
    /// Height of the ground floor [m].
    pub base: f64,
    /// Height of the roof [m], not below the base.
    pub top: f64,
}

/// Height of a storey where a building does not tell how many it has [m].
const USUAL_STOREY: f64 = 3.0;

impl Building {
    /// Storeys: those of the file, or as many storeys of 3 m as fit into its height; 1 at least.
    pub fn storeys(&self) -> u32 {
        let fitting = ((self.top - self.base) / USUAL_STOREY).round().max(1.0);
        self.floors.unwrap_or(fitting as u32).max(1)
    }

    /// Height of one storey [m].
    pub fn storey_height(&self) -> f64 {
        (self.top - self.base) / f64::from(self.storeys())
    }

    /// Height of the floor of a storey [m]; the ground floor is 1. Storeys beyond the roof are
    /// taken as the top one.
    pub fn floor_z(&self, storey: u32) -> f64 {
        let above = storey.clamp(1, self.storeys()) - 1;
        self.base + f64::from(above) * self.storey_height()
    }
}

/// A governance unit: street, village, grid, unit.
#[derive(Component, Clone, Debug, Default, PartialEq, Serialize)]
pub struct Grid {
    /// Code, unique in its layer.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Rung of the ladder: city, county, town, village, grid, unit, park_grid, park_unit.
    pub level: String,
    /// Rural, community, park or sea, where known.
    pub kind: Option<String>,
    /// Code of the unit above it.
    pub parent: Option<String>,
    /// Residents.
    pub people: Option<f64>,
    /// Households.
    pub households: Option<f64>,
    /// Area on the ellipsoid [m²].
    pub area_m2: f64,
}

/// A camera, sensor, speaker, school, shelter, hospital, pump, gate, lamp.
#[derive(Component, Clone, Debug, Default, PartialEq, Serialize)]
pub struct PointAsset {
    /// Code, unique in its layer; the position in the file where it has none.
    pub code: String,
    /// Name for people, may be empty.
    pub name: String,
    /// What it is.
    pub kind: String,
}

/// A segment of a road.
#[derive(Component, Clone, Debug, Default, PartialEq, Serialize)]
pub struct RoadSegment {
    /// Code, unique in its layer; the position in the file where it has none.
    pub code: String,
    /// Name for people, may be empty.
    pub name: String,
    /// Class, may be empty.
    pub class: String,
    /// Whether it is a bridge: water under it is no water on it.
    pub bridge: bool,
    /// Whether it says that it is none: `bridge = no`, a ford, a ferry.
    pub no_bridge: bool,
}

/// Outline on the ground [local m].
#[derive(Component, Clone, Debug, PartialEq)]
pub struct Outline(pub MultiPolygon<f64>);

/// A line on the ground [local m].
#[derive(Component, Clone, Debug, PartialEq)]
pub struct PathLine(pub LineString<f64>);

/// Where a label or a camera goes: x, y, z [local m].
///
/// Of a polygon it is a point inside it at ground level, of a building the middle of its roof. The height of a point
/// off the ground is NaN: nothing is known of it.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct Position(pub [f64; 3]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fourth_floor_lies_three_storeys_up() {
        let house = Building {
            floors: Some(6),
            base: 2.0,
            top: 20.0,
            ..Building::default()
        };
        assert_eq!(house.floor_z(1), 2.0);
        assert_eq!(house.floor_z(4), 11.0);
        assert_eq!(house.floor_z(99), 17.0);
        assert_eq!(house.floor_z(0), 2.0);
    }

    #[test]
    fn a_house_without_floors_has_storeys_of_three_metres() {
        let house = Building {
            base: 1.0,
            top: 10.5,
            ..Building::default()
        };
        assert_eq!(house.storeys(), 3);
    }
}
