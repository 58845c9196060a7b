//! Buildings out of a model: one mesh and one footprint each, their parts included.

use std::collections::BTreeMap;

use geo::{Area, LineString, MultiPolygon, Polygon};
use serde_json::{Map, Value};
use stormgrid_core::mesh::{TriangleMesh, extrude, newell_normal};

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
    pub warnings: Vec<String>,
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
    let mut parts: BTreeMap<&str, Vec<&CityObject>> = BTreeMap::new();
    for object in &model.objects {
        for parent in &object.parents {
            parts.entry(parent).or_default().push(object);
        }
    }
    let mut out = CityBuildings::default();
    for object in model.objects.iter().filter(|o| o.kind == "Building") {
        let mut family = vec![object];
        let mut next = 0;
        // Parts of parts; an object that is its own ancestor is met once.
        while let Some(member) = family.get(next).copied() {
            for part in parts.get(member.id.as_str()).into_iter().flatten() {
                if !family.iter().any(|known| std::ptr::eq(*known, *part)) {
                    family.push(part);
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
            None => out.warnings.push(format!(
                "building '{}' has no surface with an area and was left out",
                object.id
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
}
