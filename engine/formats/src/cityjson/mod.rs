//! CityJSON 1.1 and 2.0, whole or as a sequence of features (CityJSONSeq).
//!
//! Every surface comes out with real coordinates: the transform is applied, geometry templates are
//! put in their places. Appearance is not read. CityJSON's own structures are few and the readers
//! that exist as crates panic on some bad files, so the document is read with `serde` alone.
//!
//! Source: OGC 20-072r5, CityJSON 2.0.1 community standard.

mod buildings;
mod info;
mod raw;
mod relations;

use serde_json::{Map, Value};
use stormgrid_core::finding::Finding;
use stormgrid_core::message;
use stormgrid_core::message::Message;

use crate::attributes::{Described, clip};
use crate::text::{Foreign, decode};
use crate::vector::json_error;
use crate::{FormatError, parse};

pub use buildings::{CityBuilding, CityBuildings, LodChoice, buildings};
pub use info::{CityInfo, info};

/// A city model in the coordinates of its file.
#[derive(Clone, Debug, PartialEq)]
pub struct CityModel {
    /// Version of CityJSON, for example `2.0`.
    pub version: String,
    /// `metadata.referenceSystem` as it stands in the file.
    pub crs: Option<String>,
    /// The objects: in a sequence in the order of its lines, else in the order of their ids.
    pub objects: Vec<CityObject>,
    /// Vertices of the file, those of templates not counted.
    pub n_vertices: usize,
    /// Box around the vertices, lower and upper corner; `None` without any.
    pub bounds: Option<([f64; 3], [f64; 3])>,
    /// What is odd, was assumed or left out.
    pub findings: Vec<Finding>,
}

/// One object.
#[derive(Clone, Debug, PartialEq)]
pub struct CityObject {
    /// Identifier, unique in the model.
    pub id: String,
    /// Type, for example `BuildingPart`.
    pub kind: String,
    /// Identifiers of its parents.
    pub parents: Vec<String>,
    /// Identifiers of its children.
    pub children: Vec<String>,
    /// Its attributes.
    pub attributes: Map<String, Value>,
    /// Its geometries, one or more levels of detail.
    pub geometries: Vec<Geometry>,
}

/// One geometry of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Geometry {
    /// Type, for example `Solid`; an instance of a template has the template's.
    pub kind: String,
    /// Level of detail, for example `2.2`.
    pub lod: Option<String>,
    /// Its surfaces in the order of the file; points and lines have none.
    pub surfaces: Vec<Surface>,
}

/// A planar surface.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    /// The shell and its holes, without closing vertices.
    pub rings: Vec<Vec<[f64; 3]>>,
    /// Semantic type, for example `RoofSurface`.
    pub semantic: Option<String>,
}

impl Described for CityObject {
    fn properties(&self) -> &Map<String, Value> {
        &self.attributes
    }

    fn place(&self) -> Message {
        message!("place.city_object", "object '{id}'", id = clip(&self.id))
    }
}

/// How many objects, and the first of them by id.
#[derive(Clone, Debug, Default, PartialEq)]
struct Named {
    count: usize,
    first: Vec<String>,
}

impl Named {
    /// Ids that are told of many.
    const MOST: usize = 3;

    fn add(&mut self, id: &str) {
        self.count += 1;
        if self.first.len() < Self::MOST && self.first.last().is_none_or(|last| last != id) {
            self.first.push(clip(id));
        }
    }

    /// The first ids, with dots where there are more.
    fn list(&self) -> Message {
        let quoted: Vec<String> = self.first.iter().map(|id| format!("'{id}'")).collect();
        let more = if self.count > self.first.len() {
            ", …"
        } else {
            ""
        };
        Message::plain(format!("{}{more}", quoted.join(", ")))
    }
}

/// Reads a model: a CityJSON document, or a CityJSONSeq if more lines follow the first.
pub fn read(bytes: &[u8], file: &str) -> Result<CityModel, FormatError> {
    let decoded = decode(bytes, file)?;
    let mut model = of_text(&decoded.text, file)?;
    model.findings.extend(decoded.finding);
    Ok(model)
}

fn of_text(text: &str, file: &str) -> Result<CityModel, FormatError> {
    // RFC 8142 begins each text of a sequence with a record separator.
    let plain = text.replace('\u{1e}', "");
    let text = plain.as_str();
    let mut lines = text
        .split('\n')
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let Some((_, first)) = lines.next() else {
        return Err(FormatError::malformed(
            file,
            "",
            message!("fault.city.empty", "the file is empty"),
            message!("fix.city.file", "give a CityJSON or CityJSONSeq file"),
        ));
    };
    // A document spread over lines does not begin with a whole one.
    match serde_json::from_str::<raw::Document>(first) {
        Ok(head) => {
            let mut reader = raw::Reader::new(head, file, "line 1")?;
            for (index, line) in lines {
                let place = format!("line {}", index + 1);
                let feature: raw::Feature =
                    serde_json::from_str(line).map_err(|e| raw::json_fault(file, &place, &e))?;
                reader.add_feature(feature, &place)?;
            }
            Ok(reader.finish())
        }
        Err(first_error) if lines.next().is_none() => Err(document_error(file, text, &first_error)),
        Err(_) => {
            let document: raw::Document =
                serde_json::from_str(text).map_err(|e| document_error(file, text, &e))?;
            Ok(raw::Reader::new(document, file, "")?.finish())
        }
    }
}

/// Why a document cannot be read: another format by its name, a fault of an object by its id.
fn document_error(file: &str, text: &str, error: &serde_json::Error) -> FormatError {
    let foreign = serde_json::from_str(text)
        .ok()
        .and_then(|root: Value| Foreign::of_json(&root));
    if let Some(foreign @ (Foreign::Features(_) | Foreign::Scene(_))) = foreign {
        return foreign.error(file);
    }
    let said = error.to_string();
    let of_object = said
        .strip_prefix(raw::OF_OBJECT)
        .and_then(|rest| rest.split_once("': "));
    match of_object {
        Some((id, problem)) => FormatError::malformed(
            file,
            message!("place.city_object", "object '{id}'", id = id),
            parse::complaint(problem),
            message!("fix.city.object", "mend or remove the object"),
        ),
        None => json_error(file, text.as_bytes(), error),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A shed of 4 x 3 x 2 m with a yard wall as a template.
    pub(super) const SHED: &str = r#"{"type":"CityJSON","version":"2.0",
        "transform":{"scale":[0.5,0.5,0.5],"translate":[1000,2000,10]},
        "metadata":{"referenceSystem":"https://www.opengis.net/def/crs/EPSG/0/4547"},
        "CityObjects":{
          "shed":{"type":"Building","attributes":{"name":"翠园里7号","floors":2},"geometry":[{"type":"Solid","lod":"1.2",
            "boundaries":[[[[0,3,2,1]],[[4,5,6,7]],[[0,1,5,4]],[[1,2,6,5]],[[2,3,7,6]],[[3,0,4,7]]]],
            "semantics":{"surfaces":[{"type":"GroundSurface"},{"type":"RoofSurface"},{"type":"WallSurface"}],"values":[[0,1,2,2,2,2]]}}]},
          "tree":{"type":"SolitaryVegetationObject","geometry":[{"type":"GeometryInstance","template":0,"boundaries":[1],
            "transformationMatrix":[2,0,0,0, 0,2,0,0, 0,0,2,0, 0,0,0,1]}]}},
        "geometry-templates":{"templates":[{"type":"MultiSurface","lod":"1","boundaries":[[[0,1,2]]]}],
          "vertices-templates":[[0,0,0],[1,0,0],[0,0,1]]},
        "vertices":[[0,0,0],[8,0,0],[8,6,0],[0,6,0],[0,0,4],[8,0,4],[8,6,4],[0,6,4]]}"#;

    fn fault(text: &str) -> String {
        read(text.as_bytes(), "c.city.json")
            .expect_err("faulty")
            .to_string()
    }

    #[test]
    fn vertices_are_transformed_and_templates_placed() {
        let model = read(SHED.as_bytes(), "c.city.json").expect("valid");
        assert_eq!(
            model.bounds,
            Some(([1000.0, 2000.0, 10.0], [1004.0, 2003.0, 12.0]))
        );
        let shed = &model.objects[0].geometries[0];
        assert_eq!(shed.surfaces.len(), 6);
        assert_eq!(shed.surfaces[1].semantic.as_deref(), Some("RoofSurface"));
        let tree = &model.objects[1].geometries[0].surfaces[0].rings[0];
        assert_eq!(tree[1], [1006.0, 2000.0, 10.0]);
        assert_eq!(tree[2], [1004.0, 2000.0, 12.0]);
    }

    #[test]
    fn a_sequence_reads_like_its_document() {
        let document: Value = serde_json::from_str(SHED).expect("JSON");
        let mut head = document.clone();
        head["CityObjects"] = serde_json::json!({});
        head["vertices"] = serde_json::json!([]);
        let feature = serde_json::json!({
            "type": "CityJSONFeature", "id": "shed",
            "CityObjects": { "shed": document["CityObjects"]["shed"] }, "vertices": document["vertices"]
        });
        let text = format!("{head}\n{feature}\n\n");
        let model = read(text.as_bytes(), "c.city.jsonl").expect("valid");
        let whole = read(SHED.as_bytes(), "c.city.json").expect("valid");
        assert_eq!(model.objects[0], whole.objects[0]);
        assert_eq!(model.n_vertices, 8);
        let broken = text.replace("[0,0,4]", "[0,0,\"x\"]");
        assert!(
            read(broken.as_bytes(), "c.city.jsonl")
                .expect_err("faulty")
                .to_string()
                .contains("line 2")
        );
    }

    #[test]
    fn faults_name_the_object_and_the_place() {
        let beyond = fault(&SHED.replace("[[4,5,6,7]]", "[[4,5,6,88]]"));
        assert!(
            beyond.contains("object 'shed', geometry 0: vertex 88 is used, and there are 8"),
            "{beyond}"
        );
        assert!(fault(&SHED.replace("[[4,5,6,7]]", "[[4,5,6,-1]]")).contains("vertex -1"));
        assert!(
            fault(&SHED.replace("[[4,5,6,7]]", "[[4,5,6,1.5]]")).contains("1.5 is no vertex index")
        );
        assert!(fault(&SHED.replace("[[4,5,6,7]]", "[4,5,6,7]")).contains("nested"));
        for odd in ["3", "-1", "1.5", "\"x\""] {
            let text = fault(&SHED.replace("\"template\":0", &format!("\"template\":{odd}")));
            let expected = format!("object 'tree', geometry 0: template {odd} is used");
            assert!(text.contains(&expected), "{text}");
        }
        assert!(fault(&SHED.replace("[0.5,0.5,0.5]", "[0.5,0,0.5]")).contains("transform"));
        assert!(fault(&SHED.replace("[8,6,4]", "[8,6,1e300]")).contains("vertex 6"));
        assert!(
            fault(&SHED.replace("\"2.0\"", "\"1.0\"")).contains("version 1.0 is not supported")
        );
        assert!(fault(&SHED[..400]).contains("cut off"));
        assert!(fault("{\"type\":\"FeatureCollection\"}").contains("no CityJSON"));
        assert!(fault("").contains("empty"));
    }

    /// Cause: each instance copies its template, each surface its semantic type. Symptom: three
    /// megabytes of JSON took all memory and ended the program.
    #[test]
    fn small_files_cannot_ask_for_all_memory() {
        let instance = r#"{"type":"GeometryInstance","template":0,"boundaries":[1],"transformationMatrix":[1,0,0,0,0,1,0,0,0,0,1,0,0,0,0,1]}"#;
        let template = "[[0,1,2]]";
        let bomb = SHED
            .replace("[[[0,1,2]]]", &format!("[{}]", [template; 4000].join(",")))
            .replace(
                "[{\"type\":\"GeometryInstance\"",
                &format!(
                    "[{},{{\"type\":\"GeometryInstance\"",
                    [instance; 4000].join(",")
                ),
            );
        let text = fault(&bomb);
        assert!(
            text.contains("object 'tree', geometry 500: more than 10000000 vertices"),
            "{text}"
        );
        let long = "x".repeat(100_000);
        assert!(fault(&SHED.replace("WallSurface", &long)).contains("semantic type"));
        assert!(
            fault(&SHED.replace("\"lod\":\"1\"", &format!("\"lod\":\"{long}\"")))
                .contains("level of detail")
        );
    }

    #[test]
    fn an_id_stands_for_one_object() {
        let mut head: Value = serde_json::from_str(SHED).expect("JSON");
        let objects = head["CityObjects"].take();
        let feature = serde_json::json!({
            "type": "CityJSONFeature", "id": "shed",
            "CityObjects": { "shed": objects["shed"] }, "vertices": head["vertices"]
        });
        head["CityObjects"] = serde_json::json!({});
        let text = fault(&format!("{head}\n{feature}\n{feature}\n"));
        assert!(
            text.contains("line 3, object 'shed': another object before it has the same id"),
            "{text}"
        );
    }

    #[test]
    fn a_byte_order_mark_is_no_fault() {
        let marked = format!("\u{feff}{SHED}");
        assert_eq!(read(marked.as_bytes(), "c"), read(SHED.as_bytes(), "c"));
    }

    #[test]
    fn no_meaning_may_stand_for_a_surface_or_a_whole_shell() {
        let semantics = |values: &str| {
            let text = SHED.replace("[[0,1,2,2,2,2]]", values);
            let model = read(text.as_bytes(), "c").expect("valid");
            let surfaces = &model.objects[0].geometries[0].surfaces;
            surfaces.iter().filter(|s| s.semantic.is_some()).count()
        };
        assert_eq!(semantics("[[0,null,2,2,2,2]]"), 5);
        assert_eq!(semantics("[null]"), 0);
        assert_eq!(semantics("[[0,1]]"), 2);
        // Two shells, the second with meanings: the first must not take them.
        let hollow = SHED
            .replace("[[[[0,3,2,1]],", "[[[[0,1,2]]],[[[0,3,2,1]],")
            .replace("[[0,1,2,2,2,2]]", "[null,[0,1,2,2,2,2]]");
        let model = read(hollow.as_bytes(), "c").expect("valid");
        let surfaces = &model.objects[0].geometries[0].surfaces;
        assert_eq!(surfaces[0].semantic, None);
        assert_eq!(surfaces[1].semantic.as_deref(), Some("GroundSurface"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes, "x");
        }

        #[test]
        fn no_mutation_makes_it_panic(changes in prop::collection::vec((any::<u16>(), any::<u8>()), 1..4)) {
            let mut bytes = SHED.replace('\n', " ").into_bytes();
            for (at, byte) in changes {
                let at = usize::from(at) % bytes.len();
                bytes[at] = byte;
            }
            if let Ok(model) = read(&bytes, "x") {
                let _ = info(&model);
                let _ = buildings(&model, "c", LodChoice::Highest, &|p| Ok::<_, FormatError>(p));
            }
        }
    }
}
