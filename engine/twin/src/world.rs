//! The world: layers, entities, index.

use bevy_app::{App, Plugin, Plugins};
use bevy_ecs::prelude::{Entity, Resource, World};
use serde::Serialize;
use stormgrid_core::frame::SiteFrame;
use stormgrid_core::geo::{BoundingRect, InteriorPoint, MultiPolygon};
use stormgrid_core::ids::FeatureIdx;
use stormgrid_core::index::{IndexedItem, Shape, SpatialIndex};

use crate::components::{
    Building, Feature, Grid, Outline, PathLine, PointAsset, Position, RoadSegment,
};
use crate::hazard::HazardPlugins;

/// The place that the twin is about.
#[derive(Resource, Clone, Debug, PartialEq)]
pub struct Site {
    /// Name for people.
    pub name: String,
    /// Frame of all geometry.
    pub frame: SiteFrame,
    /// Longitude of the origin [°].
    pub origin_lon: f64,
    /// Latitude of the origin [°].
    pub origin_lat: f64,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            name: String::new(),
            frame: SiteFrame {
                crs: "EPSG:4547".to_owned(),
                origin_easting: 0.0,
                origin_northing: 0.0,
            },
            origin_lon: 0.0,
            origin_lat: 0.0,
        }
    }
}

/// What the features of a layer are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GeometryKind {
    /// Areas.
    Polygon,
    /// Lines.
    Line,
    /// Points.
    Point,
    /// Bodies with a footprint.
    Building,
}

/// One feature to be made an entity.
#[derive(Clone, Debug)]
pub enum FeatureData {
    /// A building and its footprint.
    Building(Building, Outline),
    /// A grid and its area.
    Grid(Grid, Outline),
    /// A point and where it is.
    Point(PointAsset, Position),
    /// A road and its line.
    Road(RoadSegment, PathLine),
}

/// One layer to be loaded.
#[derive(Clone, Debug)]
pub struct LayerData {
    /// Identifier, unique in the twin.
    pub id: String,
    /// What its features are made of.
    pub geometry: GeometryKind,
    /// Rung of the ladder, of grids.
    pub level: Option<String>,
    /// What its points are.
    pub kind: Option<String>,
    /// The features in the order of their file.
    pub features: Vec<FeatureData>,
}

/// One layer as loaded.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Identifier, unique in the twin.
    pub id: String,
    /// What its features are made of.
    pub geometry: GeometryKind,
    /// Rung of the ladder, of grids.
    pub level: Option<String>,
    /// What its points are.
    pub kind: Option<String>,
    /// Entities in the order of the file.
    pub entities: Vec<Entity>,
}

/// All layers, in the order of `twin.toml`.
#[derive(Resource, Clone, Debug, Default)]
pub struct Layers(pub Vec<Layer>);

/// The R-tree over all features.
#[derive(Resource, Clone, Debug)]
pub struct TwinIndex(pub SpatialIndex);

/// Fills an app with a twin: resources [`Site`], [`Layers`], [`TwinIndex`] and the entities.
pub struct TwinPlugin {
    /// The place.
    pub site: Site,
    /// The layers.
    pub layers: Vec<LayerData>,
}

impl Plugin for TwinPlugin {
    fn build(&self, app: &mut App) {
        let world = app.world_mut();
        let mut shapes = Vec::new();
        let mut layers = Vec::with_capacity(self.layers.len());
        for (number, layer) in self.layers.iter().enumerate() {
            let number = u16::try_from(number).expect("a twin has fewer than 65536 layers");
            let spawn = |(i, feature): (usize, &FeatureData)| {
                let of = Feature {
                    layer: number,
                    idx: FeatureIdx::from(i),
                };
                let item = IndexedItem {
                    layer: number,
                    feature: of.idx,
                };
                shapes.push((item, shape_of(feature)));
                spawn_feature(world, of, feature)
            };
            let entities = layer.features.iter().enumerate().map(spawn).collect();
            layers.push(Layer {
                id: layer.id.clone(),
                geometry: layer.geometry,
                level: layer.level.clone(),
                kind: layer.kind.clone(),
                entities,
            });
        }
        app.insert_resource(self.site.clone());
        app.insert_resource(Layers(layers));
        app.insert_resource(TwinIndex(SpatialIndex::build(shapes)));
    }
}

/// A twin, ready to be asked. It can be shared between threads that only read.
pub struct Twin {
    world: World,
}

impl Twin {
    /// Makes the world of a twin, with the hazards of this crate; the order of layers and features is kept.
    pub fn new(site: Site, layers: Vec<LayerData>) -> Self {
        let mut app = App::empty();
        app.add_plugins((TwinPlugin { site, layers }, HazardPlugins));
        // An app may not leave its thread, a world may.
        Self {
            world: std::mem::take(app.world_mut()),
        }
    }

    /// Adds plug-ins of other crates: hazards, and what else builds on a world alone. Systems that they add do not
    /// run here.
    pub fn add_plugins<M>(&mut self, plugins: impl Plugins<M>) -> &mut Self {
        let mut app = App::empty();
        std::mem::swap(app.world_mut(), &mut self.world);
        app.add_plugins(plugins);
        std::mem::swap(app.world_mut(), &mut self.world);
        self
    }

    /// The world.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The world, to which hazards add their entities.
    pub fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// The place.
    pub fn site(&self) -> &Site {
        self.world().resource::<Site>()
    }

    /// All layers.
    pub fn layers(&self) -> &[Layer] {
        &self.world().resource::<Layers>().0
    }

    /// The spatial index.
    pub fn index(&self) -> &SpatialIndex {
        &self.world().resource::<TwinIndex>().0
    }
}

fn shape_of(feature: &FeatureData) -> Shape {
    match feature {
        FeatureData::Building(building, outline) => Shape::Prism {
            footprint: outline.0.clone(),
            base: building.base,
            top: building.top,
        },
        FeatureData::Grid(_, outline) => Shape::Area(outline.0.clone()),
        FeatureData::Point(_, position) => Shape::Point(position.0),
        FeatureData::Road(_, line) => Shape::Line(line.0.clone()),
    }
}

fn spawn_feature(world: &mut World, of: Feature, feature: &FeatureData) -> Entity {
    match feature {
        FeatureData::Building(building, outline) => {
            let [x, y] = inside(&outline.0);
            let position = Position([x, y, building.top]);
            world
                .spawn((of, building.clone(), outline.clone(), position))
                .id()
        }
        FeatureData::Grid(grid, outline) => {
            let [x, y] = inside(&outline.0);
            let position = Position([x, y, 0.0]);
            world
                .spawn((of, grid.clone(), outline.clone(), position))
                .id()
        }
        FeatureData::Point(point, position) => world.spawn((of, point.clone(), *position)).id(),
        FeatureData::Road(road, line) => {
            let middle = line.0.0.get(line.0.0.len() / 2);
            let position = middle.map_or([0.0; 3], |c| [c.x, c.y, 0.0]);
            world
                .spawn((of, road.clone(), line.clone(), Position(position)))
                .id()
        }
    }
}

/// A point inside an area; the middle of its box if it has no inside.
fn inside(area: &MultiPolygon<f64>) -> [f64; 2] {
    area.interior_point().map_or_else(
        || {
            area.bounding_rect()
                .map_or([0.0; 2], |r| [r.center().x, r.center().y])
        },
        |p| [p.x(), p.y()],
    )
}
