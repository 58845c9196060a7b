//! Tiles of the ground and their material.

use bevy::mesh::MeshVertexBufferLayoutRef;
use bevy::pbr::{MaterialPipeline, MaterialPipelineKey};
use bevy::prelude::*;
use bevy::render::render_resource::{
    AsBindGroup, RenderPipelineDescriptor, SpecializedMeshPipelineError,
};
use bevy::shader::ShaderRef;

use crate::render::PACKED_NORMAL;

pub(super) const SHADER: Handle<Shader> =
    bevy::asset::uuid_handle!("6c2f7d0e-0b1c-4d3f-9a51-5f2f3a7c1e02");

/// A tile of the ground: its row and column.
#[derive(Component, Clone, Copy, Debug)]
pub struct GroundTile(pub usize, pub usize);

/// Lambert, colour by height, a tint laid over it.
#[derive(Asset, AsBindGroup, TypePath, Clone, Debug)]
pub struct GroundMaterial {
    /// Where the tint lies: west, −north, 1/side [m⁻¹], its strength 0 to 1.
    #[uniform(0)]
    pub place: Vec4,
    /// The tint, transparent where there is none.
    #[texture(1)]
    #[sampler(2)]
    pub tint: Handle<Image>,
}

impl Material for GroundMaterial {
    fn vertex_shader() -> ShaderRef {
        SHADER.into()
    }

    fn fragment_shader() -> ShaderRef {
        SHADER.into()
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
            PACKED_NORMAL.at_shader_location(1),
        ])?];
        Ok(())
    }
}

/// What is drawn.
#[derive(Resource, Default)]
pub(super) struct Drawn {
    pub terrain: u64,
    pub tint: Option<(u64, u64)>,
    pub material: Option<Handle<GroundMaterial>>,
}
