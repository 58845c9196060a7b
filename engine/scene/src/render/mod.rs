//! The plugins that draw the model. One folder for each thing that is drawn.
//!
//! Each plugin compares the model's revisions with those it drew last and rebuilds the meshes that
//! have changed; entities hold numbers of tiles, chunks and layers, never copies of the model.
//! Meshes are in world coordinates and entities have no transform of their own, so that the
//! shaders need nothing but the view.

pub mod buildings;
pub mod flood;
pub mod ground;
pub mod lines;
pub mod pace;
pub mod view;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bevy::app::PluginGroupBuilder;
use bevy::asset::{RenderAssetUsages, load_internal_asset};
use bevy::mesh::{Indices, MeshVertexAttribute, PrimitiveTopology, VertexFormat};
use bevy::prelude::*;

use crate::model::SceneModel;

/// Normals in 127ths.
pub const PACKED_NORMAL: MeshVertexAttribute =
    MeshVertexAttribute::new("Packed_Normal", 0x5347_0001, VertexFormat::Snorm8x4);
/// sRGB bytes and a fourth value.
pub const PACKED_COLOUR: MeshVertexAttribute =
    MeshVertexAttribute::new("Packed_Colour", 0x5347_0002, VertexFormat::Unorm8x4);
/// Depth of water [m], and how far inside the shore.
pub const WATER_DEPTH: MeshVertexAttribute =
    MeshVertexAttribute::new("Water_Depth", 0x5347_0003, VertexFormat::Float32x2);
/// The other end of a piece of ribbon and the side: x, y, z, −1 or 1.
pub const RIBBON_END: MeshVertexAttribute =
    MeshVertexAttribute::new("Ribbon_End", 0x5347_0004, VertexFormat::Float32x4);

/// What the shaders share: light, haze, colour space.
pub(crate) const COMMON_SHADER: Handle<Shader> =
    bevy::asset::uuid_handle!("6c2f7d0e-0b1c-4d3f-9a51-5f2f3a7c1e01");

/// The model, shared with whoever fills it. Nobody holds the lock while a frame is drawn.
#[derive(Resource, Clone, Default)]
pub struct SharedModel(Arc<Mutex<SceneModel>>);

impl SharedModel {
    /// The model, alone.
    pub fn lock(&self) -> MutexGuard<'_, SceneModel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The order of work in a frame.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SceneSystems {
    /// The model takes in what the page or window tells.
    Ingest,
    /// The model goes on by one frame.
    Step,
    /// What has changed is copied into entities.
    Present,
}

/// All plugins of the scene.
pub struct ScenePlugins(
    /// What they draw.
    pub SharedModel,
);

impl PluginGroup for ScenePlugins {
    fn build(self) -> PluginGroupBuilder {
        PluginGroupBuilder::start::<Self>()
            .add(BasePlugin(self.0))
            .add(view::ViewPlugin)
            .add(ground::GroundPlugin)
            .add(buildings::BuildingsPlugin)
            .add(flood::FloodPlugin)
            .add(lines::LinesPlugin)
            .add(pace::PacePlugin)
    }
}

struct BasePlugin(SharedModel);

impl Plugin for BasePlugin {
    fn build(&self, app: &mut App) {
        load_internal_asset!(
            app,
            COMMON_SHADER,
            "../../../../assets/shaders/common.wgsl",
            Shader::from_wgsl
        );
        app.insert_resource(self.0.clone()).configure_sets(
            Update,
            (
                SceneSystems::Ingest,
                SceneSystems::Step,
                SceneSystems::Present,
            )
                .chain(),
        );
    }
}

/// How many triangles the mesh of an entity has: the mesh itself is on the graphics card only.
#[derive(Component, Clone, Copy, Debug)]
pub struct Triangles(pub usize);

/// A mesh of triangles that lives on the graphics card only.
fn triangles(positions: Vec<[f32; 3]>, indices: Vec<u32>) -> (Mesh, Triangles) {
    let count = Triangles(indices.len() / 3);
    let mut mesh = Mesh::new(
        PrimitiveTopology::TriangleList,
        RenderAssetUsages::RENDER_WORLD,
    );
    mesh.insert_attribute(Mesh::ATTRIBUTE_POSITION, positions);
    mesh.insert_indices(Indices::U32(indices));
    (mesh, count)
}
