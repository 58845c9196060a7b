//! Copies changed chunks into entities.

use bevy::mesh::VertexAttributeValues;
use bevy::prelude::*;

use super::components::{BuildingMaterial, CityPart, Drawn};
use crate::render::{PACKED_COLOUR, PACKED_NORMAL, SharedModel, triangles};

pub(super) fn present_parts(
    mut commands: Commands,
    model: Res<SharedModel>,
    mut drawn: ResMut<Drawn>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<BuildingMaterial>>,
) {
    let mut model = model.lock();
    for number in model.city.take_dirty() {
        let part = model.city.mesh(number);
        if part.indices.is_empty() {
            continue;
        }
        let material = drawn
            .material
            .get_or_insert_with(|| materials.add(BuildingMaterial { unused: Vec4::ZERO }))
            .clone();
        let (mut mesh, count) = triangles(part.positions, part.indices);
        mesh.insert_attribute(PACKED_NORMAL, VertexAttributeValues::Snorm8x4(part.normals));
        mesh.insert_attribute(PACKED_COLOUR, VertexAttributeValues::Unorm8x4(part.colours));
        let mesh = Mesh3d(meshes.add(mesh));
        if drawn.parts.len() <= number {
            drawn.parts.resize(number + 1, None);
        }
        match drawn.parts[number] {
            Some(entity) => {
                commands.entity(entity).insert(mesh);
            }
            None => {
                let entity = commands.spawn((
                    CityPart(number),
                    count,
                    mesh,
                    MeshMaterial3d(material),
                    visibility(model.shows("buildings")),
                ));
                drawn.parts[number] = Some(entity.id());
            }
        }
    }
}

pub(super) fn show_parts(
    model: Res<SharedModel>,
    mut drawn: ResMut<Drawn>,
    mut parts: Query<&mut Visibility, With<CityPart>>,
) {
    let model = model.lock();
    if drawn.visible == model.revisions().visible {
        return;
    }
    drawn.visible = model.revisions().visible;
    for mut part in &mut parts {
        *part = visibility(model.shows("buildings"));
    }
}

fn visibility(shown: bool) -> Visibility {
    if shown {
        Visibility::Visible
    } else {
        Visibility::Hidden
    }
}
