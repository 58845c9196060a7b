//! Tiles of the water and their material.

use bevy::mesh::MeshVertexBufferLayoutRef;
use bevy::pbr::{MaterialPipeline, MaterialPipelineKey};
use bevy::prelude::*;
use bevy::render::render_resource::{
    AsBindGroup, RenderPipelineDescriptor, SpecializedMeshPipelineError,
};
use bevy::shader::ShaderRef;

use crate::render::WATER_DEPTH;
use crate::split::Half;

pub(super) const SHADER: Handle<Shader> =
    bevy::asset::uuid_handle!("6c2f7d0e-0b1c-4d3f-9a51-5f2f3a7c1e04");

/// A tile of the water: the half whose run it belongs to, its row and column.
#[derive(Component, Clone, Copy, Debug)]
pub struct WaterTile(pub Half, pub usize, pub usize);

/// Colour by depth, half transparent.
#[derive(Asset, AsBindGroup, TypePath, Clone, Debug)]
pub struct WaterMaterial {
    /// Not used; WebGL2 wants a binding group to have a binding.
    #[uniform(0)]
    pub unused: Vec4,
}

impl Material for WaterMaterial {
    fn vertex_shader() -> ShaderRef {
        SHADER.into()
    }

    fn fragment_shader() -> ShaderRef {
        SHADER.into()
    }

    fn alpha_mode(&self) -> AlphaMode {
        AlphaMode::Blend
    }

    fn enable_prepass() -> bool {
        false
    }

    fn enable_shadows() -> bool {
        false
    }

    fn specialize(
        _: &MaterialPipeline,
        descriptor: &mut RenderPipelineDescriptor,
        layout: &MeshVertexBufferLayoutRef,
        _: MaterialPipelineKey<Self>,
    ) -> Result<(), SpecializedMeshPipelineError> {
        descriptor.vertex.buffers = vec![layout.0.get_layout(&[
            Mesh::ATTRIBUTE_POSITION.at_shader_location(0),
            WATER_DEPTH.at_shader_location(1),
        ])?];
        Ok(())
    }
}

/// What is drawn.
#[derive(Resource, Default)]
pub(super) struct Drawn {
    /// Revisions of the water of each half, and of what is visible.
    pub of: [(u64, u64); 2],
    pub material: Option<Handle<WaterMaterial>>,
}
