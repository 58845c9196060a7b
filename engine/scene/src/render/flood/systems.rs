//! Copies the surface of the water into entities.

use std::collections::HashMap;

use bevy::prelude::*;

use super::components::{Drawn, WaterMaterial, WaterTile};
use crate::render::{SharedModel, WATER_DEPTH, triangles};

pub(super) fn present(
    mut commands: Commands,
    model: Res<SharedModel>,
    mut drawn: ResMut<Drawn>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<WaterMaterial>>,
    tiles: Query<(Entity, &WaterTile)>,
) {
    let model = model.lock();
    let now = (model.revisions().water, model.revisions().visible);
    if (drawn.water, drawn.visible) == now {
        return;
    }
    (drawn.water, drawn.visible) = now;
    let mut old: HashMap<(usize, usize), Entity> =
        tiles.iter().map(|(e, t)| ((t.0, t.1), e)).collect();
    let material = drawn
        .material
        .get_or_insert_with(|| materials.add(WaterMaterial { unused: Vec4::ZERO }))
        .clone();
    let (rows, cols) = if model.shows("water") {
        model.water.tiles()
    } else {
        (0, 0)
    };
    for (row, col) in (0..rows).flat_map(|r| (0..cols).map(move |c| (r, c))) {
        let Some(tile) = model.water.tile(row, col) else {
            continue;
        };
        let (mut mesh, count) = triangles(tile.positions, tile.indices);
        let depths: Vec<[f32; 2]> = tile
            .depths
            .into_iter()
            .zip(tile.shores)
            .map(<[f32; 2]>::from)
            .collect();
        mesh.insert_attribute(WATER_DEPTH, depths);
        let mesh = Mesh3d(meshes.add(mesh));
        match old.remove(&(row, col)) {
            // The box for culling is that of the first mesh unless it goes with it.
            Some(entity) => {
                commands
                    .entity(entity)
                    .remove::<bevy::camera::primitives::Aabb>()
                    .insert((mesh, count));
            }
            None => {
                commands.spawn((
                    WaterTile(row, col),
                    count,
                    mesh,
                    MeshMaterial3d(material.clone()),
                ));
            }
        }
    }
    for entity in old.into_values() {
        commands.entity(entity).despawn();
    }
}
