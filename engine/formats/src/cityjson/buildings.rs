//! Buildings out of a model: one mesh and one footprint each, their parts included.

use std::collections::BTreeMap;

use geo::{Area, LineString, MultiPolygon, Polygon};
use serde_json::{Map, Value};
use stormgrid_core::mesh::{TriangleMesh, extrude, newell_normal};
use stormgrid_core::message;
use stormgrid_core::message::Message;

use super::{CityModel, CityObject, Geometry, Surface};

/// Which level of detail to take where an object has several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LodChoice {
    /// The finest.
    Highest,
    /// The finest that is not above this, else the coarsest.
    AtMost(f64),
}

/// A building in the frame that its vertices were projected to.
#[derive(Clone, Debug, PartialEq)]
pub struct CityBuilding {
    /// Identifier of the object.
    pub id: String,
    /// Name.
    pub name: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// Use or function.
    pub usage: Option<String>,
    /// Storeys above ground.
    pub floors: Option<u32>,
    /// Households.
    pub households: Option<u32>,
    /// People.
    pub people: Option<u32>,
    /// Outline on the ground.
    pub footprint: MultiPolygon<f64>,
    /// Lowest height [m].
    pub base: f64,
    /// Greatest height [m].
    pub top: f64,
    /// Walls and roofs; ground surfaces are left out, since nobody sees them.
    pub mesh: TriangleMesh,
}

/// The buildings of a model and what could not be used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CityBuildings {
    /// Buildings in the order of the model.
    pub buildings: Vec<CityBuilding>,
    /// One sentence for each building without a usable geometry.
    pub warnings: Vec<Message>,
}

/// A ring of projected vertices.
type Ring = Vec<[f64; 3]>;

/// A surface with its semantic type and projected rings.
type Face<'a> = (Option<&'a str>, Vec<Ring>);

/// Height of a building that is only a footprint and tells nothing of its height [m].
const UNKNOWN_HEIGHT: f64 = 6.0;
/// Height of a storey where only their number is known [m].
const STOREY_HEIGHT: f64 = 3.0;

/// Takes every object of type Building with the geometries of its parts.
///
/// `project` brings each vertex to the target frame; its first error ends the work.
pub fn buildings<E>(
    model: &CityModel,
    lod: LodChoice,
    project: &dyn Fn([f64; 3]) -> Result<[f64; 3], E>,
) -> Result<CityBuildings, E> {
    let mut parts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    // A building stands for itself even where a file names another as its parent.
    let is_part = |o: &&CityObject| o.kind != "Building";
    for (index, object) in model.objects.iter().enumerate() {
        for parent in object.parents.iter().filter(|_| is_part(&object)) {
            parts.entry(parent).or_default().push(index);
        }
    }
    // A part with several parents belongs to the first that is met; so the work stays linear, and
    // an object that is its own ancestor is met once.
    let mut taken = vec![false; model.objects.len()];
    let mut out = CityBuildings::default();
    for object in model.objects.iter().filter(|o| !is_part(o)) {
        let mut family = vec![object];
        let mut next = 0;
        while let Some(member) = family.get(next).copied() {
            for &part in parts.get(member.id.as_str()).into_iter().flatten() {
                if !std::mem::replace(&mut taken[part], true) {
                    family.push(&model.objects[part]);
                }
            }
            next += 1;
        }
        let surfaces: Vec<&Surface> = family
            .iter()
            .filter_map(|o| chosen(&o.geometries, lod))
            .flat_map(|g| &g.surfaces)
            .collect();
        match building(object, &surfaces, project)? {
            Some(found) => out.buildings.push(found),
            None => out.warnings.push(message!(
                "note.city.no_surface",
                "building '{id}' has no surface with an area and was left out",
                id = &object.id
            )),
        }
    }
    Ok(out)
}

fn chosen(geometries: &[Geometry], choice: LodChoice) -> Option<&Geometry> {
    let level = |g: &Geometry| {
        g.lod
            .as_deref()
            .and_then(|l| l.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    let usable = || geometries.iter().filter(|g| !g.surfaces.is_empty());
    let finest = |limit: f64| {
        usable()
            .filter(|g| level(g) <= limit)
            .max_by(|a, b| level(a).total_cmp(&level(b)))
    };
    match choice {
        LodChoice::Highest => finest(f64::INFINITY),
        LodChoice::AtMost(limit) => {
            finest(limit).or_else(|| usable().min_by(|a, b| level(a).total_cmp(&level(b))))
        }
    }
}

fn building<E>(
    object: &CityObject,
    surfaces: &[&Surface],
    project: &dyn Fn([f64; 3]) -> Result<[f64; 3], E>,
) -> Result<Option<CityBuilding>, E> {
    let mut faces: Vec<Face<'_>> = Vec::with_capacity(surfaces.len());
    for surface in surfaces {
        let rings = surface
            .rings
            .iter()
            .map(|ring| {
                ring.iter()
                    .map(|p| project(*p))
                    .collect::<Result<Vec<_>, E>>()
            })
            .collect::<Result<Vec<_>, E>>()?;
        faces.push((surface.semantic.as_deref(), rings));
    }
    let heights = || {
        faces
            .iter()
            .flat_map(|(_, rings)| rings.iter().flatten())
            .map(|p| p[2])
    };
    let base = heights().fold(f64::INFINITY, f64::min);
    let mut top = heights().fold(f64::NEG_INFINITY, f64::max);
    let footprint = footprint(&faces, base, top);
    if footprint.unsigned_area() <= 0.0 {
        return Ok(None);
    }
    let attributes = &object.attributes;
    let floors = number(
        attributes,
        &["floors", "storeysAboveGround", "b3_bouwlagen"],
    );
    let mut mesh = TriangleMesh::default();
    if top - base < 0.01 {
        let height = attributes
            .get("measuredHeight")
            .and_then(Value::as_f64)
            .filter(|h| *h > 0.0 && *h < 1000.0);
        top = base
            + height
                .or(floors.map(|f| f64::from(f) * STOREY_HEIGHT))
                .unwrap_or(UNKNOWN_HEIGHT);
        mesh = extrude(&footprint, base, top);
    } else {
        for (semantic, rings) in &faces {
            if *semantic != Some("GroundSurface") {
                mesh.push_face(rings);
            }
        }
    }
    Ok(Some(CityBuilding {
        id: object.id.clone(),
        name: text(attributes, &["name"]),
        address: text(attributes, &["address"]),
        usage: text(attributes, &["use", "function", "class"]),
        floors,
        households: number(attributes, &["households"]),
        people: number(attributes, &["people"]),
        footprint,
        base,
        top,
        mesh,
    }))
}

/// The ground surfaces; without semantics the faces that look down at the bottom; without those
/// all that looks up, seen from above.
fn footprint(faces: &[Face<'_>], base: f64, top: f64) -> MultiPolygon<f64> {
    let facing = |rings: &[Vec<[f64; 3]>]| {
        let n = rings.first().map_or([0.0; 3], |shell| newell_normal(shell));
        n[2] / n
            .iter()
            .map(|v| v * v)
            .sum::<f64>()
            .sqrt()
            .max(f64::MIN_POSITIVE)
    };
    let low = base + 0.25 * (top - base);
    let select = |keep: &dyn Fn(Option<&str>, &[Ring]) -> bool| -> Vec<Polygon<f64>> {
        faces
            .iter()
            .filter(|(semantic, rings)| keep(*semantic, rings))
            .filter_map(|(_, rings)| seen_from_above(rings))
            .collect()
    };
    let mut parts = select(&|semantic, _| semantic == Some("GroundSurface"));
    if parts.is_empty() {
        parts =
            select(&|_, rings| facing(rings) < -0.7 && rings.iter().flatten().all(|p| p[2] <= low));
    }
    if parts.is_empty() {
        parts = select(&|_, rings| facing(rings).abs() > 0.1);
    }
    if parts.len() > 1 {
        geo::algorithm::bool_ops::unary_union(&parts)
    } else {
        MultiPolygon::new(parts)
    }
}

fn seen_from_above(rings: &[Vec<[f64; 3]>]) -> Option<Polygon<f64>> {
    let mut lines = rings
        .iter()
        .map(|ring| LineString::from_iter(ring.iter().map(|p| (p[0], p[1]))));
    let polygon = Polygon::new(lines.next()?, lines.collect());
    (polygon.unsigned_area() > 1e-6).then_some(polygon)
}

fn text(attributes: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|n| attributes.get(*n)?.as_str())
        .filter(|t| !t.is_empty())
        .map(str::to_owned)
}

fn number(attributes: &Map<String, Value>, names: &[&str]) -> Option<u32> {
    let value = names.iter().find_map(|n| attributes.get(*n)?.as_f64())?;
    (0.0..=1e6).contains(&value).then_some(value as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::read;
    use super::super::tests::SHED;
    use super::*;
    use crate::FormatError;

    fn shed(text: &str) -> CityBuildings {
        let model = read(text.as_bytes(), "c.city.json").expect("valid");
        buildings(&model, LodChoice::Highest, &|p| Ok::<_, FormatError>(p)).expect("projected")
    }

    #[test]
    fn a_building_has_footprint_heights_and_attributes() {
        let found = shed(SHED);
        let b = &found.buildings[0];
        assert_eq!((b.base, b.top, b.floors), (10.0, 12.0, Some(2)));
        assert_eq!(b.name.as_deref(), Some("翠园里7号"));
        assert!((b.footprint.unsigned_area() - 12.0).abs() < 1e-9);
        // Ten faces' triangles without the ground: roof and four walls.
        assert_eq!(b.mesh.triangles.len(), 10);
    }

    #[test]
    fn without_semantics_the_floor_is_found_by_where_it_looks() {
        let plain = SHED.replace("\"semantics\"", "\"ignored\"");
        let found = shed(&plain);
        assert!((found.buildings[0].footprint.unsigned_area() - 12.0).abs() < 1e-9);
    }

    #[test]
    fn every_vertex_is_projected_and_the_first_error_ends_it() {
        let model = read(SHED.as_bytes(), "c").expect("valid");
        let moved = buildings(&model, LodChoice::Highest, &|p| {
            Ok::<_, ()>([p[0] - 1000.0, p[1] - 2000.0, p[2]])
        });
        let low = moved.expect("projected").buildings[0]
            .mesh
            .bounds()
            .expect("vertices")
            .0;
        assert_eq!(low, [0.0, 0.0, 10.0]);
        assert_eq!(
            buildings(&model, LodChoice::Highest, &|_| Err("no")),
            Err("no")
        );
    }

    /// Symptom: a part was handed to each of its parents, and a family searched for each new member;
    /// a file of one megabyte kept a reader busy for hours.
    #[test]
    fn a_part_belongs_to_one_building_whatever_its_parents_are() {
        let mut objects = Map::new();
        let box_ = serde_json::json!([{"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 2]], [[0, 1, 3]]]}]);
        for i in 0..3000 {
            let id = format!("b{i}");
            objects.insert(id, serde_json::json!({"type": "Building", "parents": [format!("b{}", (i + 1) % 3000)], "geometry": box_}));
            let parents = ["b0".to_owned(), format!("b{i}"), format!("p{i}")];
            objects.insert(
                format!("p{i}"),
                serde_json::json!({"type": "BuildingPart", "parents": parents, "geometry": box_}),
            );
        }
        let text = serde_json::json!({"type": "CityJSON", "version": "2.0", "CityObjects": objects,
            "transform": {"scale": [1, 1, 1], "translate": [0, 0, 0]},
            "vertices": [[0, 0, 0], [9, 0, 0], [9, 9, 0], [9, 0, 5]]});
        let found = shed(&text.to_string());
        assert_eq!(found.buildings.len(), 3000);
        let faces = |b: &CityBuilding| b.mesh.triangles.len();
        // Two triangles of its own each, and all parts with the first parent of the model's order.
        assert_eq!(found.buildings.iter().map(faces).sum::<usize>(), 12_000);
        assert_eq!(faces(&found.buildings[0]), 6_002);
    }

    #[test]
    fn parts_belong_to_their_building() {
        let text = SHED.replace(
            "\"CityObjects\":{",
            "\"CityObjects\":{\"house\":{\"type\":\"Building\"},",
        );
        let text = text.replace(
            "\"shed\":{\"type\":\"Building\"",
            "\"shed\":{\"type\":\"BuildingPart\",\"parents\":[\"house\"]",
        );
        let found = shed(&text);
        assert_eq!(found.buildings.len(), 1);
        assert_eq!(found.buildings[0].id, "house");
        assert_eq!(found.buildings[0].top, 12.0);
    }

    proptest! {
        /// Any few faces, crossing and degenerate ones too, within all that the reader lets through.
        #[test]
        fn no_surfaces_make_it_panic(
            vertices in prop::collection::vec(prop::array::uniform3(prop_oneof![
                8 => (-5..6_i64).prop_map(|v| v as f64),
                1 => -9e11..9e11_f64,
                1 => -1e-9..1e-9_f64,
            ]), 1..12),
            faces in prop::collection::vec(
                prop::collection::vec(prop::collection::vec(0..12_usize, 0..7), 0..3), 0..8),
            ground in any::<bool>(),
        ) {
            let faces: Vec<Vec<Vec<usize>>> = faces.iter().map(|rings| rings.iter()
                .map(|ring| ring.iter().map(|i| i % vertices.len()).collect()).collect()).collect();
            let meaning = vec![0; faces.len()];
            let text = serde_json::json!({"type": "CityJSON", "version": "2.0",
                "transform": {"scale": [1, 1, 1], "translate": [0, 0, 0]}, "vertices": vertices,
                "CityObjects": {"a": {"type": "Building", "geometry": [{"type": "MultiSurface", "lod": "2",
                    "boundaries": faces, "semantics": {
                        "surfaces": [{"type": if ground { "GroundSurface" } else { "WallSurface" }}],
                        "values": meaning}}]}}});
            let found = shed(&text.to_string());
            prop_assert_eq!(found.buildings.len() + found.warnings.len(), 1);
            for b in &found.buildings {
                prop_assert!(b.top > b.base && b.footprint.unsigned_area().is_finite());
            }
        }
    }
}
