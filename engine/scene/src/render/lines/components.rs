//! Ribbons and their material.

use bevy::mesh::MeshVertexBufferLayoutRef;
use bevy::pbr::{MaterialPipeline, MaterialPipelineKey};
use bevy::prelude::*;
use bevy::render::render_resource::{
    AsBindGroup, DepthBiasState, RenderPipelineDescriptor, SpecializedMeshPipelineError,
};
use bevy::shader::ShaderRef;

use crate::render::RIBBON_END;

pub(super) const SHADER: Handle<Shader> =
    bevy::asset::uuid_handle!("6c2f7d0e-0b1c-4d3f-9a51-5f2f3a7c1e05");

/// The ribbons of a layer by its place in the model; `None` is the highlighted outline.
#[derive(Component, Clone, Copy, Debug)]
pub struct RibbonLayer(pub Option<usize>);

/// One colour, a width on the screen or on the ground.
#[derive(Asset, AsBindGroup, TypePath, Clone, Debug)]
pub struct RibbonMaterial {
    /// Linear colour and opacity.
    #[uniform(0)]
    pub colour: LinearRgba,
    /// Least width [px], width on the ground [m], height above the ground [m], share of the distance
    /// by which it is drawn nearer.
    #[uniform(0)]
    pub width: Vec4,
    /// Later ones are drawn over earlier ones.
    pub rank: u32,
}

impl Material for RibbonMaterial {
    fn vertex_shader() -> ShaderRef {
        SHADER.into()
    }

    fn fragment_shader() -> ShaderRef {
        SHADER.into()
    }

    fn alpha_mode(&self) -> AlphaMode {
        AlphaMode::Blend
    }

    fn depth_bias(&self) -> f32 {
        // Only the order of drawing: after the water, however far its tiles are.
        1.0e6 * (1 + self.rank) as f32
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
            RIBBON_END.at_shader_location(1),
        ])?];
        descriptor.primitive.cull_mode = None;
        if let Some(depth) = &mut descriptor.depth_stencil {
            depth.bias = DepthBiasState::default();
        }
        Ok(())
    }
}

/// What is drawn.
#[derive(Resource, Default)]
pub(super) struct Drawn {
    pub layers: u64,
    pub selection: u64,
}
