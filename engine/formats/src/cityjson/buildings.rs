//! Buildings out of a model: one mesh and one footprint each, their parts included.

use std::collections::BTreeMap;

use geo::{Area, LineString, MultiPolygon, Polygon};
use serde_json::{Map, Value};
use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::mesh::{TriangleMesh, extrude, newell_normal};
use stormgrid_core::message;

use super::relations::Relations;
use super::{CityModel, CityObject, Geometry, Named, Surface};
use crate::FormatError;
use crate::attributes::{self, Attributes};

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
    /// What was assumed, left out or is unknown.
    pub findings: Vec<Finding>,
    /// The first value of people or households that is not understood: sums without it would be wrong.
    pub fault: Option<FormatError>,
    /// Buildings whose people the file does not tell.
    pub people_unknown: usize,
}

/// A ring of projected vertices.
type Ring = Vec<[f64; 3]>;

/// A surface with its semantic type and projected rings.
type Face<'a> = (Option<&'a str>, Vec<Ring>);

/// Height of a building that is only a footprint and tells nothing of its height [m].
const UNKNOWN_HEIGHT: f64 = 6.0;
/// Height of a storey where only their number is known [m].
const STOREY_HEIGHT: f64 = 3.0;

/// Most storeys of a building [-]; more is a mistake.
const MOST_FLOORS: f64 = 300.0;
/// Greatest height of a building [m]; more is a mistake.
const GREATEST_HEIGHT: f64 = 1000.0;
/// Most people or households of a building [-]; more is a mistake.
const MOST_PEOPLE: f64 = 1e6;

/// Types of objects that are a part of a building.
///
/// Source: OGC 20-072r5, CityJSON 2.0.1, 2.1 "Building".
const PARTS: [&str; 7] = [
    "BuildingPart",
    "BuildingInstallation",
    "BuildingConstructiveElement",
    "BuildingFurniture",
    "BuildingStorey",
    "BuildingRoom",
    "BuildingUnit",
];

/// Takes every object of type Building with the geometries of its parts.
///
/// `project` brings each vertex to the target frame; its first error ends the work.
pub fn buildings<E>(
    model: &CityModel,
    file: &str,
    lod: LodChoice,
    project: &dyn Fn([f64; 3]) -> Result<[f64; 3], E>,
) -> Result<CityBuildings, E> {
    let Relations { parts } = Relations::of(model);
    // A part with several parents belongs to the first that is met; so the work stays linear, and
    // an object that is its own ancestor is met once.
    let mut taken = vec![false; model.objects.len()];
    let mut out = CityBuildings::default();
    let mut told = Told::new(file);
    for (index, object) in model.objects.iter().enumerate() {
        if object.kind != "Building" {
            continue;
        }
        let mut family = vec![index];
        let mut next = 0;
        while let Some(member) = family.get(next).copied() {
            for &part in &parts[member] {
                if !std::mem::replace(&mut taken[part], true) {
                    family.push(part);
                }
            }
            next += 1;
        }
        let surfaces: Vec<&Surface> = family
            .iter()
            .filter_map(|&o| chosen(&model.objects[o].geometries, lod))
            .flat_map(|g| &g.surfaces)
            .collect();
        match building(object, &surfaces, project, &mut told)? {
            Some(found) => out.buildings.push(found),
            None => told.no_surface.add(&object.id),
        }
    }
    let unused = model.objects.iter().zip(taken);
    for (object, _) in unused.filter(|(o, taken)| !taken && o.kind != "Building") {
        told.unused.entry(&object.kind).or_default().add(&object.id);
    }
    out.people_unknown = out.buildings.iter().filter(|b| b.people.is_none()).count();
    out.fault = told.fault.take();
    out.findings = told.findings(file);
    Ok(out)
}

/// What is told of the buildings of a model.
struct Told<'a> {
    attributes: Attributes<'a>,
    fault: Option<FormatError>,
    no_surface: Named,
    no_height: Named,
    /// Objects that no building takes, by type.
    unused: BTreeMap<&'a str, Named>,
}

impl<'a> Told<'a> {
    fn new(file: &'a str) -> Self {
        Self {
            attributes: Attributes::new(file, &[]),
            fault: None,
            no_surface: Named::default(),
            no_height: Named::default(),
            unused: BTreeMap::new(),
        }
    }

    /// A count that sums are made of: one that is not understood is a fault.
    fn people(&mut self, object: &CityObject, name: &str) -> Option<u32> {
        match self.attributes.count_up_to(object, &[name], MOST_PEOPLE) {
            Ok(count) => count.map(|n| n as u32),
            Err(error) => {
                self.fault.get_or_insert(error);
                None
            }
        }
    }

    fn floors(&mut self, object: &CityObject) -> Option<u32> {
        let names = ["floors", "storeysAboveGround", "b3_bouwlagen"];
        let floors = self
            .attributes
            .small_count(object, &names, 0.0..=MOST_FLOORS);
        floors.map(|n| n as u32)
    }

    /// The height [m] of a building that is only a footprint.
    fn height(&mut self, object: &CityObject, floors: Option<u32>) -> f64 {
        let names = ["measuredHeight"];
        let limits = f64::MIN_POSITIVE..=GREATEST_HEIGHT;
        let measured = self.attributes.length_m(object, &names, limits);
        let by_floors = floors.filter(|n| *n > 0);
        let height = measured.or(by_floors.map(|n| f64::from(n) * STOREY_HEIGHT));
        height.unwrap_or_else(|| {
            self.no_height.add(&object.id);
            UNKNOWN_HEIGHT
        })
    }

    fn findings(self, file: &str) -> Vec<Finding> {
        let mut findings = self.attributes.findings();
        if self.no_height.count > 0 {
            let text = message!(
                "finding.city.no_height",
                "{n} footprints have no height and are drawn {height} m high ({ids})",
                n = self.no_height.count,
                height = UNKNOWN_HEIGHT,
                ids = self.no_height.list()
            );
            findings.push(Finding::new(Kind::Assumed, file, text).times(self.no_height.count));
        }
        if self.no_surface.count > 0 {
            let text = message!(
                "finding.city.no_surface",
                "{n} buildings have no surface with an area and were left out ({ids})",
                n = self.no_surface.count,
                ids = self.no_surface.list()
            );
            findings.push(Finding::new(Kind::LeftOut, file, text).times(self.no_surface.count));
        }
        for (kind, named) in self.unused {
            let (n, ids) = (named.count, named.list());
            let text = match PARTS.contains(&kind) {
                true => message!(
                    "finding.city.orphans",
                    "{n} objects of type {kind} belong to no building of the file and were left out ({ids})",
                    n = n,
                    kind = attributes::clip(kind),
                    ids = ids
                ),
                false => message!(
                    "finding.city.no_building",
                    "{n} objects of type {kind} are no buildings and were left out ({ids})",
                    n = n,
                    kind = attributes::clip(kind),
                    ids = ids
                ),
            };
            findings.push(Finding::new(Kind::LeftOut, file, text).times(n));
        }
        findings
    }
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
    told: &mut Told<'_>,
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
    let floors = told.floors(object);
    let mut mesh = TriangleMesh::default();
    if top - base < 0.01 {
        top = base + told.height(object, floors);
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
        households: told.people(object, "households"),
        people: told.people(object, "people"),
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
        .find_map(|n| attributes::text(attributes.get(*n)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::read;
    use super::super::tests::SHED;
    use super::*;

    fn shed(text: &str) -> CityBuildings {
        let model = read(text.as_bytes(), "c.city.json").expect("valid");
        buildings(&model, "c.city.json", LodChoice::Highest, &|p| {
            Ok::<_, FormatError>(p)
        })
        .expect("projected")
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
        let moved = buildings(&model, "c", LodChoice::Highest, &|p| {
            Ok::<_, ()>([p[0] - 1000.0, p[1] - 2000.0, p[2]])
        });
        let low = moved.expect("projected").buildings[0]
            .mesh
            .bounds()
            .expect("vertices")
            .0;
        assert_eq!(low, [0.0, 0.0, 10.0]);
        assert_eq!(
            buildings(&model, "c", LodChoice::Highest, &|_| Err("no")),
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

    fn told(found: &CityBuildings, kind: Kind) -> Vec<(usize, String)> {
        let of_kind = found.findings.iter().filter(|f| f.kind == kind);
        of_kind.map(|f| (f.count, f.text.to_string())).collect()
    }

    fn model_findings(text: &str) -> Vec<(Kind, usize, String)> {
        let model = read(text.as_bytes(), "c.city.json").expect("valid");
        let all = model.findings.iter();
        all.map(|f| (f.kind, f.count, f.text.to_string())).collect()
    }

    /// A square of 8 x 6 m at 0 m with attributes, as a footprint.
    fn footprint_with(attributes: &str) -> CityBuildings {
        shed(&format!(
            r#"{{"type":"CityJSON","version":"2.0","transform":{{"scale":[1,1,1],"translate":[0,0,0]}},
            "vertices":[[0,0,0],[8,0,0],[8,6,0],[0,6,0]],
            "CityObjects":{{"b1":{{"type":"Building","attributes":{attributes},"geometry":[
            {{"type":"MultiSurface","lod":"0","boundaries":[[[0,1,2,3]]]}}]}}}}}}"#
        ))
    }

    /// Symptom: a height as text was none, and 24 m became the 6 m that are assumed.
    #[test]
    fn attributes_as_text_are_read_as_numbers() {
        for attributes in [
            r#"{"measuredHeight":24.0,"storeysAboveGround":8,"people":80}"#,
            r#"{"measuredHeight":"24.0","storeysAboveGround":"8","people":"80"}"#,
            r#"{"measuredHeight":"24 m","storeysAboveGround":"8.0","people":80.0}"#,
        ] {
            let found = footprint_with(attributes);
            let b = &found.buildings[0];
            assert_eq!(
                (b.top, b.floors, b.people),
                (24.0, Some(8), Some(80)),
                "{attributes}"
            );
            assert_eq!(found.findings, []);
        }
        let unclear = footprint_with(r#"{"measuredHeight":"high","people":"many"}"#);
        assert_eq!(unclear.buildings[0].top, 6.0);
        let fault = unclear.fault.as_ref().map(FormatError::to_string);
        assert!(
            fault.is_some_and(|f| f.starts_with("c.city.json, object 'b1': 'people' is \"many\""))
        );
        assert_eq!(told(&unclear, Kind::Unknown).len(), 1);
        assert_eq!(told(&unclear, Kind::Assumed)[0].0, 1);
        let none = footprint_with(r#"{"people":-9999,"measuredHeight":9999}"#);
        assert_eq!((none.buildings[0].people, none.people_unknown), (None, 1));
        assert_eq!(told(&none, Kind::Unknown).len(), 2);
    }

    #[test]
    fn null_members_are_empty_ones() {
        let text = SHED.replace(
            "\"CityObjects\":{",
            "\"CityObjects\":{\"b2\":{\"type\":\"Building\",\"attributes\":null,\"geometry\":null,\"parents\":null,\"children\":null},",
        );
        let found = shed(&text);
        assert_eq!(found.buildings.len(), 1);
        let left_out = told(&found, Kind::LeftOut);
        assert!(
            left_out
                .iter()
                .any(|(n, t)| *n == 1 && t.contains("no surface") && t.contains("'b2'")),
            "{left_out:?}"
        );
        let broken = SHED.replace(
            "\"boundaries\":[1]",
            "\"boundaries\":[1],\"lod\":\"1\",\"semantics\":7",
        );
        let error = read(broken.as_bytes(), "c")
            .expect_err("faulty")
            .to_string();
        assert!(
            error.starts_with("c, object 'tree': invalid type"),
            "{error}"
        );
    }

    #[test]
    fn what_is_left_out_is_told_with_number_and_type() {
        let found = shed(SHED);
        let left_out = told(&found, Kind::LeftOut);
        assert_eq!(left_out, [(1, "1 objects of type SolitaryVegetationObject are no buildings and were left out ('tree')".to_owned())]);
        let orphan = SHED.replace(
            "\"shed\":{\"type\":\"Building\"",
            "\"shed\":{\"type\":\"BuildingPart\",\"parents\":[\"gone\"]",
        );
        let left_out = told(&shed(&orphan), Kind::LeftOut);
        assert!(
            left_out[0]
                .1
                .starts_with("1 objects of type BuildingPart belong to no building"),
            "{left_out:?}"
        );
        assert!(
            model_findings(&orphan)[0]
                .2
                .contains("not in the file ('shed')")
        );
    }

    #[test]
    fn a_part_that_only_its_building_names_belongs_to_it() {
        let text = SHED
            .replace(
                "\"CityObjects\":{",
                "\"CityObjects\":{\"house\":{\"type\":\"Building\",\"children\":[\"shed\"]},",
            )
            .replace(
                "\"shed\":{\"type\":\"Building\"",
                "\"shed\":{\"type\":\"BuildingPart\"",
            );
        let found = shed(&text);
        assert_eq!(
            (found.buildings.len(), found.buildings[0].id.as_str()),
            (1, "house")
        );
        assert_eq!(found.buildings[0].top, 12.0);
        let notes = model_findings(&text);
        assert!(
            notes
                .iter()
                .any(|(kind, n, t)| (*kind, *n) == (Kind::Note, 1) && t.contains("name no parent")),
            "{notes:?}"
        );
    }

    #[test]
    fn rings_and_relations_that_cannot_be_are_told_by_object() {
        let closed = SHED.replace("[[0,3,2,1]]", "[[0,3,2,1,0]]");
        assert_eq!(model_findings(&closed)[0].0, Kind::Note);
        assert_eq!(shed(&closed).buildings, shed(SHED).buildings);
        let flat = SHED.replace("[[0,1,5,4]]", "[[0,1]]");
        let found = model_findings(&flat);
        assert!(
            found[0].2.contains("fewer than three vertices") && found[0].2.contains("'shed'"),
            "{found:?}"
        );
        // The meanings of the surfaces behind it stay theirs.
        let model = read(flat.as_bytes(), "c").expect("valid");
        let kinds: Vec<_> = model.objects[0].geometries[0]
            .surfaces
            .iter()
            .map(|s| s.semantic.as_deref())
            .collect();
        assert_eq!(
            kinds,
            [
                Some("GroundSurface"),
                Some("RoofSurface"),
                Some("WallSurface"),
                Some("WallSurface"),
                Some("WallSurface")
            ]
        );
        let float = SHED.replace("[8,6,4]", "[8,6,4.5]");
        assert_eq!(model_findings(&float), [(Kind::Assumed, 1, "1 vertices are no whole numbers, which CityJSON asks for; scale and translation of the transform were applied to them all the same".to_owned())]);
        let part = |id: &str, parent: &str| {
            format!("\"{id}\":{{\"type\":\"BuildingPart\",\"parents\":[\"{parent}\"]}},")
        };
        let cycle = SHED.replace(
            "\"CityObjects\":{",
            &format!(
                "\"CityObjects\":{{{}{}{}",
                part("p1", "p2"),
                part("p2", "p1"),
                part("p3", "shed")
            ),
        );
        let found = model_findings(&cycle);
        assert_eq!(
            found,
            [(
                Kind::Note,
                2,
                "2 objects are their own ancestors ('p1', 'p2')".to_owned()
            )]
        );
        let left_out = told(&shed(&cycle), Kind::LeftOut);
        assert!(
            left_out
                .iter()
                .any(|(n, t)| *n == 2 && t.contains("'p1', 'p2'")),
            "{left_out:?}"
        );
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
            let left_out = found.findings.iter().filter(|f| f.kind == Kind::LeftOut);
            prop_assert_eq!(found.buildings.len() + left_out.count(), 1);
            for b in &found.buildings {
                prop_assert!(b.top > b.base && b.footprint.unsigned_area().is_finite());
            }
        }
    }
}
