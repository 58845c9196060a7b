//! The document as it stands, and its way to surfaces with coordinates.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::message::{Message, Said};

use super::{CityModel, CityObject, Geometry, Named, Surface};
use crate::FormatError;

/// Beyond this no coordinate of a city lies [m]; larger ones are damage.
const FARTHEST: f64 = 1e12;
/// Surfaces, rings and vertices that instances of templates may unfold to, all together: a file of
/// some megabytes can ask for more than any machine has. About 1 GiB of memory.
const MOST_INSTANCED: usize = 10_000_000;
/// Characters of a level of detail or a semantic type; they are repeated with every surface.
const LONGEST_NAME: usize = 200;

#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(rename = "type")]
    kind: String,
    version: Option<String>,
    transform: Option<Transform>,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(rename = "CityObjects", default, deserialize_with = "objects")]
    objects: Vec<(String, Object)>,
    #[serde(default, deserialize_with = "or_none")]
    vertices: Vec<[f64; 3]>,
    #[serde(rename = "geometry-templates")]
    templates: Option<Templates>,
}

#[derive(Deserialize)]
pub(super) struct Feature {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "CityObjects", default, deserialize_with = "objects")]
    objects: Vec<(String, Object)>,
    #[serde(default, deserialize_with = "or_none")]
    vertices: Vec<[f64; 3]>,
}

#[derive(Clone, Copy, Deserialize)]
struct Transform {
    scale: [f64; 3],
    translate: [f64; 3],
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "referenceSystem")]
    reference_system: Option<String>,
}

#[derive(Deserialize)]
struct Templates {
    templates: Vec<RawGeometry>,
    #[serde(rename = "vertices-templates")]
    vertices: Vec<[f64; 3]>,
}

#[derive(Deserialize)]
struct Object {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "or_none")]
    parents: Vec<String>,
    #[serde(default, deserialize_with = "or_none")]
    children: Vec<String>,
    #[serde(default)]
    attributes: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "or_none")]
    geometry: Vec<RawGeometry>,
}

/// A member that may be null, which some programs write for an empty one.
fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Words before the id in a complaint about one object.
pub(super) const OF_OBJECT: &str = "object '";

/// The objects with their ids in the order of these, an id that is there twice too; a complaint names the object.
fn objects<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Object)>, D::Error> {
    struct Objects;
    impl<'de> Visitor<'de> for Objects {
        type Value = Vec<(String, Object)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(id) = map.next_key::<String>()? {
                let object = map.next_value().map_err(|e| {
                    let said = e.to_string();
                    // A file that ends here is cut off, whatever the object.
                    match said.starts_with("EOF") {
                        true => e,
                        false => {
                            let said = said.split(" at line ").next().unwrap_or_default();
                            A::Error::custom(format_args!("{OF_OBJECT}{}': {said}", clip(&id)))
                        }
                    }
                })?;
                all.push((id, object));
            }
            all.sort_by(|a: &(String, Object), b| a.0.cmp(&b.0));
            Ok(all)
        }
    }
    deserializer.deserialize_any(Objects)
}

#[derive(Deserialize)]
struct RawGeometry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    lod: Option<Value>,
    #[serde(default)]
    boundaries: Value,
    #[serde(default)]
    semantics: Option<Semantics>,
    #[serde(default)]
    template: Option<Value>,
    #[serde(rename = "transformationMatrix", default)]
    matrix: Option<Vec<f64>>,
}

#[derive(Deserialize)]
struct Semantics {
    #[serde(default, deserialize_with = "or_none")]
    surfaces: Vec<SemanticSurface>,
    #[serde(default)]
    values: Value,
}

#[derive(Deserialize)]
struct SemanticSurface {
    #[serde(rename = "type")]
    kind: String,
}

/// Builds a model from a document and the features that follow it.
pub(super) struct Reader<'a> {
    file: &'a str,
    model: CityModel,
    transform: Transform,
    templates: Vec<Template>,
    ids: HashSet<String>,
    instanced: usize,
    oddities: Oddities,
}

/// What is odd in the geometries, and the objects where.
#[derive(Default)]
struct Oddities {
    /// Vertices that are no whole numbers.
    fractions: usize,
    /// Surfaces whose outline has fewer than three vertices.
    flat: Named,
    /// Holes with fewer than three vertices.
    flat_holes: Named,
    /// Rings that repeat their first vertex at the end.
    closed: Named,
}

impl Oddities {
    fn findings(self, file: &str) -> Vec<Finding> {
        let of = |kind: Kind, named: Named, text: fn(usize, Message) -> Message| {
            let count = named.count;
            (count > 0).then(|| Finding::new(kind, file, text(count, named.list())).times(count))
        };
        let fractions = (self.fractions > 0).then(|| {
            let text = message!(
                "finding.city.fractions",
                "{n} vertices are no whole numbers, which CityJSON asks for; scale and translation of the transform were applied to them all the same",
                n = self.fractions
            );
            Finding::new(Kind::Assumed, file, text).times(self.fractions)
        });
        [
            fractions,
            of(Kind::LeftOut, self.flat, |n, ids| {
                message!(
                    "finding.city.flat",
                    "{n} surfaces have an outline of fewer than three vertices and were left out (of {ids})",
                    n = n,
                    ids = ids
                )
            }),
            of(Kind::LeftOut, self.flat_holes, |n, ids| {
                message!(
                    "finding.city.flat_holes",
                    "{n} holes in surfaces have fewer than three vertices and were left out (of {ids})",
                    n = n,
                    ids = ids
                )
            }),
            of(Kind::Note, self.closed, |n, ids| {
                message!(
                    "finding.city.closed",
                    "{n} rings repeat their first vertex at the end, which CityJSON does not; it was dropped (of {ids})",
                    n = n,
                    ids = ids
                )
            }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// A template and how much one instance of it takes.
struct Template {
    geometry: Geometry,
    size: usize,
}

pub(super) fn json_fault(file: &str, place: &str, error: &serde_json::Error) -> FormatError {
    let problem = error.to_string();
    let problem = problem.split(" at line ").next().unwrap_or_default();
    let remedy = if error.is_eof() {
        "the line is cut off: export the file again"
    } else {
        "mend or remove the line"
    };
    FormatError::malformed(
        file,
        format!("{place}, column {}", error.column()),
        format!("this is no CityJSONFeature ({problem})"),
        remedy,
    )
}

impl<'a> Reader<'a> {
    pub(super) fn new(document: Document, file: &'a str, place: &str) -> Result<Self, FormatError> {
        if document.kind != "CityJSON" {
            let problem = format!(
                "this is no CityJSON document: its type is '{}'",
                clip(&document.kind)
            );
            return Err(FormatError::malformed(
                file,
                place,
                problem,
                "give a CityJSON file, or a CityJSONSeq that begins with one",
            ));
        }
        let version = document.version.unwrap_or_default();
        if !(version.starts_with("1.1") || version.starts_with("2.")) {
            return Err(FormatError::unsupported(
                file,
                place,
                format!("CityJSON version {}", clip(&version)),
                "upgrade the file, for example with `cjio FILE upgrade save OUT`",
            ));
        }
        let Some(transform) = document.transform else {
            return Err(FormatError::malformed(
                file,
                place,
                "the document has no transform",
                "CityJSON 1.1 and 2.0 need one: export it again",
            ));
        };
        let sound = transform.scale.iter().all(|s| *s > 0.0 && s.is_finite())
            && transform.translate.iter().all(|t| t.abs() < FARTHEST);
        if !sound {
            return Err(FormatError::malformed(
                file,
                place,
                "the transform has a scale that is not positive or a translation that is not finite",
                "export the file again",
            ));
        }
        let mut reader = Self {
            file,
            model: CityModel {
                version,
                crs: document.metadata.and_then(|m| m.reference_system),
                objects: Vec::new(),
                n_vertices: 0,
                bounds: None,
                findings: Vec::new(),
            },
            transform,
            templates: Vec::new(),
            ids: HashSet::new(),
            instanced: 0,
            oddities: Oddities::default(),
        };
        if let Some(templates) = document.templates {
            for (index, raw) in templates.templates.iter().enumerate() {
                let id = format!("geometry template {index}");
                let at = Place {
                    file,
                    id: &id,
                    object: id.clone(),
                };
                let geometry = at.geometry(raw, &templates.vertices, &mut reader.oddities)?;
                let rings = || geometry.surfaces.iter().flat_map(|s| &s.rings);
                let size = geometry.surfaces.len()
                    + rings().count()
                    + rings().map(Vec::len).sum::<usize>();
                reader.templates.push(Template { geometry, size });
            }
        }
        reader.add(document.objects, &document.vertices, place)?;
        Ok(reader)
    }

    pub(super) fn add_feature(&mut self, feature: Feature, place: &str) -> Result<(), FormatError> {
        if feature.kind != "CityJSONFeature" {
            let problem = format!(
                "the line is no CityJSONFeature: its type is '{}'",
                clip(&feature.kind)
            );
            return Err(FormatError::malformed(
                self.file,
                place,
                problem,
                "after the first line, a CityJSONSeq holds one feature a line",
            ));
        }
        self.add(feature.objects, &feature.vertices, place)
    }

    pub(super) fn finish(mut self) -> CityModel {
        self.model
            .findings
            .extend(self.oddities.findings(self.file));
        self.model
            .findings
            .extend(super::relations::findings(&self.model, self.file));
        self.model
    }

    fn add(
        &mut self,
        objects: Vec<(String, Object)>,
        vertices: &[[f64; 3]],
        place: &str,
    ) -> Result<(), FormatError> {
        let fractions = vertices
            .iter()
            .filter(|v| v.iter().any(|c| c.fract() != 0.0));
        self.oddities.fractions += fractions.count();
        let vertices = self.real(vertices, place)?;
        self.model.n_vertices += vertices.len();
        for (id, object) in objects {
            let name = if place.is_empty() {
                format!("object '{}'", clip(&id))
            } else {
                format!("{place}, object '{}'", clip(&id))
            };
            if !self.ids.insert(id.clone()) {
                return Err(FormatError::malformed(
                    self.file,
                    name,
                    "another object before it has the same id",
                    "remove one of them or give each an id of its own",
                ));
            }
            let mut geometries = Vec::with_capacity(object.geometry.len());
            for (index, raw) in object.geometry.iter().enumerate() {
                let at = Place {
                    file: self.file,
                    id: &id,
                    object: format!("{name}, geometry {index}"),
                };
                let geometry = match raw.kind.as_str() {
                    "GeometryInstance" => {
                        let template = at.template(raw, &self.templates)?;
                        self.instanced = self.instanced.saturating_add(template.size);
                        if self.instanced > MOST_INSTANCED {
                            return Err(FormatError::unsupported(
                                self.file,
                                at.object,
                                format!(
                                    "more than {MOST_INSTANCED} vertices and surfaces out of geometry templates"
                                ),
                                "split the file or simplify the templates",
                            ));
                        }
                        at.instance(raw, &vertices, &template.geometry)?
                    }
                    _ => at.geometry(raw, &vertices, &mut self.oddities)?,
                };
                geometries.push(geometry);
            }
            self.model.objects.push(CityObject {
                id,
                kind: object.kind,
                parents: object.parents,
                children: object.children,
                attributes: object.attributes.unwrap_or_default(),
                geometries,
            });
        }
        Ok(())
    }

    /// Applies the transform and widens the model's box.
    fn real(&mut self, vertices: &[[f64; 3]], place: &str) -> Result<Vec<[f64; 3]>, FormatError> {
        let Transform { scale, translate } = self.transform;
        let mut real = Vec::with_capacity(vertices.len());
        for (index, v) in vertices.iter().enumerate() {
            let mut point = [0.0; 3];
            for axis in 0..3 {
                point[axis] = v[axis] * scale[axis] + translate[axis];
            }
            if !point.iter().all(|c| c.abs() < FARTHEST) {
                let at = if place.is_empty() {
                    format!("vertex {index}")
                } else {
                    format!("{place}, vertex {index}")
                };
                return Err(FormatError::malformed(
                    self.file,
                    at,
                    "the position is not on the Earth",
                    "mend the vertex or the transform",
                ));
            }
            let bounds = self.model.bounds.get_or_insert((point, point));
            for axis in 0..3 {
                bounds.0[axis] = bounds.0[axis].min(point[axis]);
                bounds.1[axis] = bounds.1[axis].max(point[axis]);
            }
            real.push(point);
        }
        Ok(real)
    }
}

/// Where a geometry stands, for messages.
struct Place<'a> {
    file: &'a str,
    /// The object's own id.
    id: &'a str,
    /// The object with what leads to it.
    object: String,
}

impl Place<'_> {
    fn fault(&self, problem: impl Into<Said>) -> FormatError {
        FormatError::malformed(
            self.file,
            &self.object,
            problem,
            "mend or remove the geometry",
        )
    }

    fn geometry(
        &self,
        raw: &RawGeometry,
        vertices: &[[f64; 3]],
        oddities: &mut Oddities,
    ) -> Result<Geometry, FormatError> {
        // How deep the surfaces lie in the arrays of boundaries.
        let depth = match raw.kind.as_str() {
            "MultiSurface" | "CompositeSurface" => Some(0),
            "Solid" => Some(1),
            "MultiSolid" | "CompositeSolid" => Some(2),
            "MultiPoint" | "MultiLineString" => None,
            other => {
                return Err(
                    self.fault(format!("'{}' is no geometry type of CityJSON", clip(other)))
                );
            }
        };
        let mut surfaces = Vec::new();
        match depth {
            _ if raw.boundaries.is_null() => {}
            Some(depth) => self.surfaces(&raw.boundaries, depth, vertices, &mut surfaces)?,
            None => self.check_indices(&raw.boundaries, vertices.len())?,
        }
        if let (Some(semantics), Some(depth)) = (&raw.semantics, depth) {
            let kinds = semantics.surfaces.iter().map(|s| s.kind.as_str());
            self.check_names(kinds, "semantic type")?;
            let mut values = Vec::with_capacity(surfaces.len());
            meanings(&semantics.values, &raw.boundaries, depth, &mut values);
            for (surface, value) in surfaces.iter_mut().zip(values) {
                surface.semantic = value
                    .and_then(|i| semantics.surfaces.get(i))
                    .map(|s| s.kind.clone());
            }
        }
        // After the meanings, which count all surfaces of the file.
        surfaces.retain_mut(|surface| self.tidy(surface, oddities));
        let lod = lod(raw);
        self.check_names(lod.as_deref().into_iter(), "level of detail")?;
        Ok(Geometry {
            kind: raw.kind.clone(),
            lod,
            surfaces,
        })
    }

    fn check_names<'n>(
        &self,
        mut names: impl Iterator<Item = &'n str>,
        what: &str,
    ) -> Result<(), FormatError> {
        match names.find(|n| n.len() > LONGEST_NAME) {
            Some(name) => Err(self.fault(format!(
                "the {what} '{}…' is longer than {LONGEST_NAME} bytes",
                clip(name)
            ))),
            None => Ok(()),
        }
    }

    fn array<'v>(&self, value: &'v Value) -> Result<&'v [Value], FormatError> {
        value.as_array().map(Vec::as_slice).ok_or_else(|| {
            self.fault("the boundaries are not nested as the geometry's type demands")
        })
    }

    fn surfaces(
        &self,
        value: &Value,
        depth: u32,
        vertices: &[[f64; 3]],
        out: &mut Vec<Surface>,
    ) -> Result<(), FormatError> {
        for part in self.array(value)? {
            if depth > 0 {
                self.surfaces(part, depth - 1, vertices, out)?;
                continue;
            }
            let mut rings = Vec::new();
            for ring in self.array(part)? {
                let points: Result<Vec<_>, _> = self
                    .array(ring)?
                    .iter()
                    .map(|i| self.vertex(i, vertices))
                    .collect();
                rings.push(points?);
            }
            out.push(Surface {
                rings,
                semantic: None,
            });
        }
        Ok(())
    }

    /// Drops what a ring repeats and holes that are none; `false` if the outline is none.
    fn tidy(&self, surface: &mut Surface, oddities: &mut Oddities) -> bool {
        for ring in &mut surface.rings {
            if ring.len() > 1 && ring.first() == ring.last() {
                ring.pop();
                oddities.closed.add(self.id);
            }
        }
        let is_flat = |ring: &Vec<[f64; 3]>| ring.len() < 3;
        if surface.rings.first().is_none_or(is_flat) {
            oddities.flat.add(self.id);
            return false;
        }
        let before = surface.rings.len();
        surface.rings.retain(|ring| !is_flat(ring));
        (surface.rings.len()..before).for_each(|_| oddities.flat_holes.add(self.id));
        true
    }

    fn vertex(&self, index: &Value, vertices: &[[f64; 3]]) -> Result<[f64; 3], FormatError> {
        self.index(index, vertices.len()).map(|i| vertices[i])
    }

    fn index(&self, index: &Value, n: usize) -> Result<usize, FormatError> {
        let Some(i) = index.as_i64() else {
            return Err(if index.is_array() {
                self.fault("the boundaries are nested deeper than the geometry's type allows")
            } else {
                self.fault(format!("{} is no vertex index", clip(&index.to_string())))
            });
        };
        usize::try_from(i)
            .ok()
            .filter(|i| *i < n)
            .ok_or_else(|| self.fault(format!("vertex {i} is used, and there are {n}")))
    }

    fn check_indices(&self, value: &Value, n: usize) -> Result<(), FormatError> {
        match value {
            Value::Array(parts) => parts
                .iter()
                .try_for_each(|part| self.check_indices(part, n)),
            index => self.index(index, n).map(|_| ()),
        }
    }

    fn template<'t>(
        &self,
        raw: &RawGeometry,
        templates: &'t [Template],
    ) -> Result<&'t Template, FormatError> {
        let number = raw
            .template
            .as_ref()
            .ok_or_else(|| self.fault("the instance names no template"))?;
        number
            .as_u64()
            .and_then(|i| templates.get(usize::try_from(i).ok()?))
            .ok_or_else(|| {
                self.fault(format!(
                    "template {} is used, and there are {}",
                    clip(&number.to_string()),
                    templates.len()
                ))
            })
    }

    /// A template, turned and scaled by its matrix and moved to its reference point.
    fn instance(
        &self,
        raw: &RawGeometry,
        vertices: &[[f64; 3]],
        template: &Geometry,
    ) -> Result<Geometry, FormatError> {
        let reference = self
            .array(&raw.boundaries)?
            .first()
            .ok_or_else(|| self.fault("the instance has no reference point"))?;
        let origin = self.vertex(reference, vertices)?;
        let m: [f64; 16] = raw
            .matrix
            .as_deref()
            .and_then(|m| m.try_into().ok())
            .filter(|m: &[f64; 16]| m.iter().all(|v| v.abs() < FARTHEST))
            .ok_or_else(|| self.fault("the transformation matrix is not 16 finite numbers"))?;
        let place = |p: &[f64; 3]| {
            let row = |r: usize| {
                m[4 * r] * p[0] + m[4 * r + 1] * p[1] + m[4 * r + 2] * p[2] + m[4 * r + 3]
            };
            [row(0) + origin[0], row(1) + origin[1], row(2) + origin[2]]
        };
        let surfaces = template
            .surfaces
            .iter()
            .map(|s| Surface {
                rings: s
                    .rings
                    .iter()
                    .map(|ring| ring.iter().map(place).collect())
                    .collect(),
                semantic: s.semantic.clone(),
            })
            .collect();
        Ok(Geometry {
            kind: template.kind.clone(),
            lod: template.lod.clone(),
            surfaces,
        })
    }
}

/// One entry for each surface of the boundaries: its place in the list of semantic surfaces.
///
/// `null` stands for a surface, or a whole shell or solid, without any.
fn meanings(values: &Value, boundaries: &Value, depth: u32, out: &mut Vec<Option<usize>>) {
    let parts = boundaries.as_array().map_or(&[][..], Vec::as_slice);
    for (i, part) in parts.iter().enumerate() {
        let value = values.get(i).unwrap_or(&Value::Null);
        if depth > 0 {
            meanings(value, part, depth - 1, out);
        } else {
            out.push(value.as_u64().and_then(|v| usize::try_from(v).ok()));
        }
    }
}

/// A text in CityJSON 1.1 and later; some files still write a number.
fn lod(raw: &RawGeometry) -> Option<String> {
    match raw.lod.as_ref()? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn clip(text: &str) -> String {
    text.chars().take(60).collect()
}
