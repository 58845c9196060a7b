//! Copies the surfaces of the water into entities.

use std::collections::HashMap;

use bevy::prelude::*;

use super::components::{Drawn, WaterMaterial, WaterTile};
use crate::render::view::own_layer;
use crate::render::{SharedModel, WATER_DEPTH, triangles};
use crate::split::Half;

pub(super) fn present(
    mut commands: Commands,
    model: Res<SharedModel>,
    mut drawn: ResMut<Drawn>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<WaterMaterial>>,
    tiles: Query<(Entity, &WaterTile)>,
) {
    let model = model.lock();
    let revisions = model.revisions();
    let material = drawn
        .material
        .get_or_insert_with(|| materials.add(WaterMaterial { unused: Vec4::ZERO }))
        .clone();
    for half in Half::BOTH {
        let now = (revisions.water[half as usize], revisions.visible);
        if std::mem::replace(&mut drawn.of[half as usize], now) == now {
            continue;
        }
        let mut old: HashMap<(usize, usize), Entity> = tiles
            .iter()
            .filter(|(_, t)| t.0 == half)
            .map(|(e, t)| ((t.1, t.2), e))
            .collect();
        let water = model.water(half);
        let (rows, cols) = if model.shows("water") {
            water.tiles()
        } else {
            (0, 0)
        };
        for (row, col) in (0..rows).flat_map(|r| (0..cols).map(move |c| (r, c))) {
            let Some(tile) = water.tile(row, col) else {
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
                        WaterTile(half, row, col),
                        own_layer(half),
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
}
