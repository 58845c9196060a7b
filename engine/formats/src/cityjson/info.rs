//! What is in a model.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::CityModel;

/// A model in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CityInfo {
    /// Version of CityJSON.
    pub version: String,
    /// The CRS as the file names it.
    pub crs: Option<String>,
    /// Objects by type.
    pub objects: BTreeMap<String, usize>,
    /// All objects.
    pub n_objects: usize,
    /// Objects of type Building, their parts not counted.
    pub n_buildings: usize,
    /// Surfaces in all geometries of all levels of detail.
    pub n_surfaces: usize,
    /// Vertices, those of templates not counted.
    pub n_vertices: usize,
    /// Levels of detail.
    pub lods: BTreeSet<String>,
    /// Types of geometry.
    pub geometry_types: BTreeSet<String>,
    /// Semantic types of surfaces.
    pub semantic_surfaces: BTreeSet<String>,
    /// Lower and upper corner of the box around all vertices, in the file's CRS.
    pub bbox: Option<[f64; 6]>,
}

/// Counts what a model holds.
pub fn info(model: &CityModel) -> CityInfo {
    let mut objects: BTreeMap<String, usize> = BTreeMap::new();
    for object in &model.objects {
        *objects.entry(object.kind.clone()).or_default() += 1;
    }
    let geometries = || model.objects.iter().flat_map(|o| &o.geometries);
    let surfaces = || geometries().flat_map(|g| &g.surfaces);
    CityInfo {
        version: model.version.clone(),
        crs: model.crs.clone(),
        n_objects: model.objects.len(),
        n_buildings: objects.get("Building").copied().unwrap_or(0),
        objects,
        n_surfaces: surfaces().count(),
        n_vertices: model.n_vertices,
        lods: geometries().filter_map(|g| g.lod.clone()).collect(),
        geometry_types: geometries().map(|g| g.kind.clone()).collect(),
        semantic_surfaces: surfaces().filter_map(|s| s.semantic.clone()).collect(),
        bbox: model
            .bounds
            .map(|(l, h)| [l[0], l[1], l[2], h[0], h[1], h[2]]),
    }
}
