//! Questions to the twin.

use bevy_ecs::prelude::{Component, Entity};
use stormgrid_core::ids::FeatureIdx;
use stormgrid_core::index::IndexedItem;

use crate::components::{Building, Feature, Grid};
use crate::world::{GeometryKind, Layer, Twin};

impl Twin {
    /// The layer with an identifier and its position.
    pub fn layer(&self, id: &str) -> Option<(u16, &Layer)> {
        let number = self.layers().iter().position(|layer| layer.id == id)?;
        Some((u16::try_from(number).ok()?, &self.layers()[number]))
    }

    /// The entity of a feature.
    pub fn entity(&self, layer: u16, feature: FeatureIdx) -> Option<Entity> {
        let layer = self.layers().get(usize::from(layer))?;
        layer.entities.get(feature.index()).copied()
    }

    /// A component of a feature.
    pub fn get<C: Component>(&self, layer: u16, feature: FeatureIdx) -> Option<&C> {
        self.world().get::<C>(self.entity(layer, feature)?)
    }

    /// A component of every feature of a layer that has it, in the layer's order.
    pub fn all<'a, C: Component>(&'a self, layer: &'a Layer) -> impl Iterator<Item = &'a C> {
        let world = self.world();
        layer.entities.iter().filter_map(|&e| world.get::<C>(e))
    }

    /// The layer of the buildings, if the twin has any.
    pub fn building_layer(&self) -> Option<(u16, &Layer)> {
        let number = self
            .layers()
            .iter()
            .position(|layer| layer.geometry == GeometryKind::Building)?;
        Some((u16::try_from(number).ok()?, &self.layers()[number]))
    }

    /// The grids of all layers that hold a point, in the order of the layers. A point on a border
    /// belongs to one grid of each coverage.
    pub fn grids_at(&self, x: f64, y: f64) -> Vec<(u16, &Grid)> {
        self.index()
            .containing(x, y)
            .into_iter()
            .filter_map(|item| Some((item.layer, self.get::<Grid>(item.layer, item.feature)?)))
            .collect()
    }

    /// The building whose footprint holds a point.
    pub fn building_at(&self, x: f64, y: f64) -> Option<(FeatureIdx, &Building)> {
        self.index().containing(x, y).into_iter().find_map(|item| {
            Some((
                item.feature,
                self.get::<Building>(item.layer, item.feature)?,
            ))
        })
    }

    /// The features of one layer nearest to a point, with their distance [m], ascending.
    pub fn nearest(&self, layer: u16, x: f64, y: f64, k: usize) -> Vec<(FeatureIdx, f64)> {
        self.index()
            .nearest(x, y, k, |item| item.layer == layer)
            .into_iter()
            .map(|(item, distance)| (item.feature, distance))
            .collect()
    }

    /// The first building that a ray meets and where, in lengths of `direction`.
    pub fn ray(&self, origin: [f64; 3], direction: [f64; 3]) -> Option<(FeatureIdx, f64)> {
        let is_building = |item: &IndexedItem| {
            self.layers()
                .get(usize::from(item.layer))
                .is_some_and(|layer| layer.geometry == GeometryKind::Building)
        };
        self.index()
            .ray(origin, direction, is_building)
            .map(|(item, distance)| (item.feature, distance))
    }

    /// The grid with a code and where it stands; of several layers the first.
    pub fn grid_by_code(&self, code: &str) -> Option<(Feature, &Grid)> {
        self.layers()
            .iter()
            .filter(|layer| layer.geometry == GeometryKind::Polygon)
            .flat_map(|layer| &layer.entities)
            .find_map(|&entity| {
                let grid = self.world().get::<Grid>(entity)?;
                let feature = self.world().get::<Feature>(entity)?;
                (grid.code == code).then_some((*feature, grid))
            })
    }
}
