//! Who is hit and where there is room: units, shelters, and numbers of their files.

use std::collections::{BTreeMap, VecDeque};

use stormgrid_core::message;
use stormgrid_formats::FormatError;
use stormgrid_formats::attributes::Attributes;
use stormgrid_formats::vector::Feature;
use stormgrid_twin::{GeometryKind, Grid, Layer, Position};

use super::{PlanBasis, PlanOptions, PlanShelter, basis, layer_of, same_count};
use crate::evacuation::basis::PlaceWater;
use crate::twin::LoadedTwin;
use crate::{ProjectError, files, point_layer, vectors};

/// A unit that is hit.
pub(super) struct Unit<'a> {
    pub(super) grid: &'a Grid,
    pub(super) at: [f64; 2],
    /// People who must leave.
    pub(super) people: u64,
    /// People who can stay above the water.
    pub(super) above: u64,
    /// All people of it.
    pub(super) residents: u64,
    pub(super) vulnerable: Option<u64>,
    pub(super) water_s: f64,
    pub(super) leave_s: f64,
    /// The grid's step, by code.
    pub(super) of_grid: String,
}

/// Units that are hit, in the order in which the water comes; grids where the twin has no units.
pub(super) fn hit_units<'a>(
    twin: &'a LoadedTwin,
    basis: &PlanBasis,
    options: PlanOptions,
) -> Result<Vec<Unit<'a>>, ProjectError> {
    let Some(layer) = layer_of(twin, "unit").or_else(|| layer_of(twin, "grid")) else {
        return Ok(Vec::new());
    };
    let zones = basis.zones(&layer.id);
    same_count(
        message!("what.units", "units"),
        layer.entities.len(),
        zones.len(),
    )?;
    let vulnerable = properties(twin, layer, |attributes, feature| {
        attributes.count(feature, &["vulnerable"])
    })?;
    let is_unit = layer.level.as_deref() == Some("unit");
    let features = twin
        .twin
        .all::<Grid>(layer)
        .zip(twin.twin.all::<Position>(layer));
    let mut units: Vec<Unit<'a>> = features
        .zip(zones)
        .zip(vulnerable)
        .filter(|((_, zone), _)| zone.people_reached > 0.0)
        .map(|(((grid, at), zone), vulnerable)| {
            let water_s = zone.arrival_s.unwrap_or(0.0);
            let parent = grid.parent.clone().filter(|_| is_unit);
            let whole = |people: f64| people.max(0.0).round() as u64;
            let residents = whole(zone.people);
            // A part of a person on a wet floor is a person.
            let people = (zone.people_leave.max(0.0) - 1e-6).ceil() as u64;
            let people = people.min(residents);
            Unit {
                of_grid: parent.unwrap_or_else(|| grid.code.clone()),
                grid,
                at: [at.0[0], at.0[1]],
                people,
                above: whole(zone.people_above).min(residents - people),
                residents,
                vulnerable: vulnerable.map(|v| v as u64),
                water_s,
                leave_s: (water_s - options.lead_s).max(0.0),
            }
        })
        .collect();
    units.sort_by(|a, b| {
        let by_code = a.grid.code.cmp(&b.grid.code);
        a.water_s.total_cmp(&b.water_s).then(by_code)
    });
    Ok(units)
}

/// What a value of every feature of a layer's file says.
pub(super) fn properties<T>(
    twin: &LoadedTwin,
    layer: &Layer,
    value: impl Fn(&mut Attributes<'_>, &Feature<geo::MultiPolygon<f64>>) -> Result<T, FormatError>,
) -> Result<Vec<T>, ProjectError> {
    let Some(file) = twin.layers.iter().find(|f| f.id == layer.id) else {
        return Ok(Vec::new());
    };
    let features = vectors::polygons(&file.path, &twin.frame)?;
    same_count(
        message!("what.features", "features"),
        layer.entities.len(),
        features.len(),
    )?;
    let name = files::name(&file.path);
    let mut attributes = Attributes::new(&name, &[]);
    let values = features
        .iter()
        .map(|(feature, _)| value(&mut attributes, feature));
    Ok(values.collect::<Result<_, _>>()?)
}

/// Shelters with their places, and where they are [local m].
pub(super) fn shelters_of(
    twin: &LoadedTwin,
    basis: &PlanBasis,
) -> Result<(Vec<PlanShelter>, Vec<[f64; 2]>), ProjectError> {
    let known: Vec<_> = basis::shelters(twin).collect();
    same_count(
        message!("what.shelters", "shelters"),
        known.len(),
        basis.shelters.len(),
    )?;
    // Shelters of one code are told apart by their order.
    let mut capacity: BTreeMap<String, VecDeque<u64>> = BTreeMap::new();
    for file in twin
        .layers
        .iter()
        .filter(|f| f.geometry == GeometryKind::Point)
    {
        if file.kind.as_deref() != Some(basis::SHELTER) {
            continue;
        }
        let name = files::name(&file.path);
        let mut attributes = Attributes::new(&name, &[]);
        for (feature, _) in vectors::points(&file.path, &twin.frame)? {
            // Nobody is sent to a shelter whose places are unknown; the twin's findings tell them.
            let places = point_layer::places(&mut attributes, &feature)?.unwrap_or(0);
            let first = capacity.entry(point_layer::code(&feature)).or_default();
            first.push_back(places);
        }
    }
    let mut shelter =
        |((point, at), water): (&(&stormgrid_twin::PointAsset, [f64; 2]), &PlaceWater)| {
            let own = capacity.get_mut(&point.code);
            let places = own.and_then(VecDeque::pop_front).unwrap_or(0);
            PlanShelter {
                code: point.code.clone(),
                name: point.name.clone(),
                capacity: places,
                assigned: 0,
                places_left: if water.floods_at_s.is_none() {
                    places
                } else {
                    0
                },
                floods_at_s: water.floods_at_s,
                at: twin.lonlat(at[0], at[1]),
            }
        };
    Ok((
        known
            .iter()
            .zip(&basis.shelters)
            .map(&mut shelter)
            .collect(),
        known.iter().map(|(_, at)| *at).collect(),
    ))
}
