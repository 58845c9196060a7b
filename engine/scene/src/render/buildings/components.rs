//! Chunks of the city and their material.

use bevy::mesh::MeshVertexBufferLayoutRef;
use bevy::pbr::{MaterialPipeline, MaterialPipelineKey};
use bevy::prelude::*;
use bevy::render::render_resource::{
    AsBindGroup, RenderPipelineDescriptor, SpecializedMeshPipelineError,
};
use bevy::shader::ShaderRef;

use crate::render::{PACKED_COLOUR, PACKED_NORMAL};

pub(super) const SHADER: Handle<Shader> =
    bevy::asset::uuid_handle!("6c2f7d0e-0b1c-4d3f-9a51-5f2f3a7c1e03");

/// A chunk of the city by its number.
#[derive(Component, Clone, Copy, Debug)]
pub struct CityPart(pub usize);

/// Lambert with the colour of the vertex.
#[derive(Asset, AsBindGroup, TypePath, Clone, Debug)]
pub struct BuildingMaterial {
    /// Not used; WebGL2 wants a binding group to have a binding.
    #[uniform(0)]
    pub unused: Vec4,
}

impl Material for BuildingMaterial {
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
            PACKED_COLOUR.at_shader_location(2),
        ])?];
        // Surveyed models turn some faces inward; they should not be holes.
        descriptor.primitive.cull_mode = None;
        Ok(())
    }
}

/// What is drawn.
#[derive(Resource, Default)]
pub(super) struct Drawn {
    pub parts: Vec<Option<Entity>>,
    pub visible: u64,
    pub material: Option<Handle<BuildingMaterial>>,
}
