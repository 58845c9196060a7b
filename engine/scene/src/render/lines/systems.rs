//! Copies lines into entities and shows those that the camera is near enough to.

use bevy::prelude::*;

use super::components::{Drawn, RibbonLayer, RibbonMaterial};
use crate::drape::RibbonMesh;
use crate::render::{RIBBON_END, SharedModel, Triangles, triangles};

/// Share of the distance by which lines are drawn nearer than they are: they stay over ground and
/// water that is a little higher, and behind hills.
const NEARER: f32 = 0.004;
/// Height of lines above the ground [m].
const LIFT: f32 = 0.6;
/// The highlighted outline: orange, sRGB.
const HIGHLIGHT: [u8; 4] = [255, 122, 0, 255];

pub(super) fn present_layers(
    mut commands: Commands,
    model: Res<SharedModel>,
    mut drawn: ResMut<Drawn>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<RibbonMaterial>>,
    old: Query<(Entity, &RibbonLayer)>,
) {
    let model = model.lock();
    // Without ground there is nothing to lie on; it comes with a new revision.
    if drawn.layers == model.revisions().layers || model.terrain.is_none() {
        return;
    }
    drawn.layers = model.revisions().layers;
    for (entity, _) in old.iter().filter(|(_, layer)| layer.0.is_some()) {
        commands.entity(entity).despawn();
    }
    let ground = |x: f64, y: f64| model.ground(x, y);
    for (k, layer) in model.layers.iter().enumerate() {
        let Some((mesh, count)) = mesh(layer.ribbons(&ground)) else {
            continue;
        };
        let material = RibbonMaterial {
            colour: linear(layer.style.colour),
            width: Vec4::new(layer.style.width_px, layer.style.width_m, LIFT, NEARER),
            // Borders over roads.
            rank: k as u32 + if layer.is_polygons() { 50 } else { 0 },
        };
        commands.spawn((
            RibbonLayer(Some(k)),
            count,
            Mesh3d(meshes.add(mesh)),
            MeshMaterial3d(materials.add(material)),
        ));
    }
}

pub(super) fn present_selection(
    mut commands: Commands,
    model: Res<SharedModel>,
    mut drawn: ResMut<Drawn>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<RibbonMaterial>>,
    old: Query<(Entity, &RibbonLayer)>,
) {
    let model = model.lock();
    if drawn.selection == model.revisions().selection {
        return;
    }
    drawn.selection = model.revisions().selection;
    for (entity, _) in old.iter().filter(|(_, layer)| layer.0.is_none()) {
        commands.entity(entity).despawn();
    }
    if let Some((mesh, count)) = mesh(model.selection_ribbons()) {
        let material = RibbonMaterial {
            colour: linear(HIGHLIGHT),
            width: Vec4::new(4.0, 0.0, LIFT, 1.5 * NEARER),
            rank: 200,
        };
        commands.spawn((
            RibbonLayer(None),
            count,
            Mesh3d(meshes.add(mesh)),
            MeshMaterial3d(materials.add(material)),
        ));
    }
}

pub(super) fn show_layers(
    model: Res<SharedModel>,
    mut ribbons: Query<(&RibbonLayer, &mut Visibility)>,
) {
    let model = model.lock();
    for (ribbon, mut visibility) in &mut ribbons {
        let layer = ribbon.0.and_then(|k| model.layers.get(k));
        let shown = layer.is_none_or(|layer| {
            let name = if layer.is_polygons() {
                "grids"
            } else {
                "roads"
            };
            model.shows(name) && model.camera.range < layer.style.range_max
        });
        let wanted = if shown {
            Visibility::Visible
        } else {
            Visibility::Hidden
        };
        if *visibility != wanted {
            *visibility = wanted;
        }
    }
}

fn mesh(ribbon: RibbonMesh) -> Option<(Mesh, Triangles)> {
    if ribbon.indices.is_empty() {
        return None;
    }
    let ends: Vec<[f32; 4]> = ribbon
        .others
        .iter()
        .zip(&ribbon.sides)
        .map(|([x, y, z], side)| [*x, *y, *z, *side])
        .collect();
    let (mut mesh, count) = triangles(ribbon.positions, ribbon.indices);
    mesh.insert_attribute(RIBBON_END, ends);
    Some((mesh, count))
}

fn linear([r, g, b, a]: [u8; 4]) -> LinearRgba {
    Srgba::rgba_u8(r, g, b, a).into()
}
