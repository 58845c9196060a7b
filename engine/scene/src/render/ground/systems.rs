//! Copies the ground and its tint into entities.

use bevy::asset::RenderAssetUsages;
use bevy::image::{Image, ImageSampler};
use bevy::prelude::*;
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};

use super::components::{Drawn, GroundMaterial, GroundTile};
use crate::render::{PACKED_NORMAL, SharedModel, triangles};

pub(super) fn present_tiles(
    mut commands: Commands,
    model: Res<SharedModel>,
    mut drawn: ResMut<Drawn>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut images: ResMut<Assets<Image>>,
    mut materials: ResMut<Assets<GroundMaterial>>,
    tiles: Query<Entity, With<GroundTile>>,
) {
    let model = model.lock();
    let Some(terrain) = &model.terrain else {
        return;
    };
    if drawn.terrain == model.revisions().terrain {
        return;
    }
    drawn.terrain = model.revisions().terrain;
    for tile in &tiles {
        commands.entity(tile).despawn();
    }
    let material = drawn
        .material
        .get_or_insert_with(|| {
            materials.add(GroundMaterial {
                place: Vec4::ZERO,
                tint: images.add(picture(vec![0; 4], 1)),
            })
        })
        .clone();
    let (rows, cols) = terrain.tiles();
    for (row, col) in (0..rows).flat_map(|r| (0..cols).map(move |c| (r, c))) {
        let tile = terrain.tile(row, col);
        if tile.indices.is_empty() {
            continue;
        }
        let (mut mesh, count) = triangles(tile.positions, tile.indices);
        mesh.insert_attribute(
            PACKED_NORMAL,
            bevy::mesh::VertexAttributeValues::Snorm8x4(tile.normals),
        );
        commands.spawn((
            GroundTile(row, col),
            count,
            Mesh3d(meshes.add(mesh)),
            MeshMaterial3d(material.clone()),
        ));
    }
}

pub(super) fn present_tint(
    model: Res<SharedModel>,
    mut drawn: ResMut<Drawn>,
    mut images: ResMut<Assets<Image>>,
    mut materials: ResMut<Assets<GroundMaterial>>,
) {
    let model = model.lock();
    let now = (model.revisions().tint, model.revisions().visible);
    if drawn.tint == Some(now) {
        return;
    }
    let repaint = drawn.tint.is_none_or(|(tint, _)| tint != now.0);
    let Some(mut material) = drawn.material.as_ref().and_then(|m| materials.get_mut(m)) else {
        return;
    };
    drawn.tint = Some(now);
    if repaint {
        if let Some((bytes, n, [west, north, side])) = model.tint_picture() {
            images.remove(&material.tint);
            material.tint = images.add(picture(bytes, n as u32));
            material.place = Vec4::new(west as f32, -north as f32, (1.0 / side) as f32, 0.0);
        } else {
            material.place.z = 0.0;
        }
    }
    let shown = model.shows("exposure") && material.place.z > 0.0;
    material.place.w = f32::from(u8::from(shown));
}

fn picture(bytes: Vec<u8>, n: u32) -> Image {
    let size = Extent3d {
        width: n,
        height: n,
        depth_or_array_layers: 1,
    };
    let mut image = Image::new(
        size,
        TextureDimension::D2,
        bytes,
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.sampler = ImageSampler::nearest();
    image
}
