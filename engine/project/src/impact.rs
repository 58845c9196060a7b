//! Exposure of every layer of a place, bound once to the cells of a run.

use geo::MultiPolygon;
use serde::{Deserialize, Serialize};
use stormgrid_core::ids::FeatureIdx;
use stormgrid_core::message;
use stormgrid_core::message::Bilingual;
use stormgrid_core::raster::RasterGeometry;
use stormgrid_sim::exposure::{
    AssetExposure, Assets, Cells, ExposureRow, Facility, FacilityKind, Maxima, Occupancy,
    PeopleMethod, PreparedAssets, Settings, Valuation, Zone, ZoneFrame, ZoneLayer,
};
use stormgrid_sim::flood;

use crate::figures::{permanent_water, whole_people};
use crate::tables::NamedRow;
use crate::{ProjectError, messages};

/// The zones of one layer, in the frame of the run.
#[derive(Clone, Debug)]
pub struct ZoneSource {
    /// The layer's identifier.
    pub id: String,
    /// The zones.
    pub zones: Vec<Zone>,
    /// Their names.
    pub names: Vec<String>,
}

/// Everything that water may reach, bound to the cells of one run.
pub struct Impact {
    assets: PreparedAssets,
    layers: Vec<ImpactLayer>,
    permanent: Vec<bool>,
}

struct ImpactLayer {
    id: String,
    names: Vec<String>,
    zones: ZoneLayer,
    /// Area of rivers, ponds and canals in each zone [m²], on the plane.
    permanent_water_m2: Vec<f64>,
}

/// Exposure after a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Impacts {
    /// Rows of each layer, in the layers' order.
    pub layers: Vec<(String, Vec<NamedRow>)>,
    /// Buildings, roads and facilities.
    pub assets: AssetExposure,
}

impl Impacts {
    /// What of each layer is not known, as notes for people; none where everything is.
    pub fn unknown_notes(&self) -> Vec<Bilingual> {
        let of_layer = |(layer, rows): &(String, Vec<NamedRow>)| {
            let rows = || rows.iter().map(|named| &named.row);
            let partly = rows().filter(|row| row.modelled_share < 1.0).count();
            let none = rows().filter(|row| !row.is_modelled()).count();
            let people: f64 = rows().filter_map(|row| row.people_unknown).sum();
            let uncounted = rows().filter(|row| row.people.is_none()).count();
            let outside = (partly > 0).then(|| {
                message!(
                    "note.unknown.ground",
                    "{layer}: {partly} of {all} zones lie outside of the modelled ground in part, {none} of them wholly; of {people} people there it is not known whether they are reached, and they are in no sum of people reached",
                    layer = layer,
                    partly = partly,
                    all = rows().count(),
                    none = none,
                    people = people.round()
                )
            });
            let uncounted = (uncounted > 0).then(|| {
                message!(
                    "note.unknown.people",
                    "{layer}: the number of people of {n} zones is not known; they are in no sum of people",
                    layer = layer,
                    n = uncounted
                )
            });
            outside.into_iter().chain(uncounted)
        };
        let all = self.layers.iter().flat_map(of_layer);
        let buildings = self.assets.buildings.iter();
        let unmodelled = buildings.filter(|building| !building.modelled).count();
        let buildings = (unmodelled > 0).then(|| {
            message!(
                "note.unknown.buildings",
                "{n} of {all} buildings lie outside of the modelled ground: the water at them is not known, which is not dry",
                n = unmodelled,
                all = self.assets.buildings.len()
            )
        });
        all.chain(buildings)
            .map(|note| messages::told(&note))
            .collect()
    }
}

impl Impact {
    /// Binds assets and zones to the cells.
    ///
    /// - `cells`: which of them have ground, and which buildings close
    /// - `initial_depth`: depth at the start [m]; what is wet then counts as dry ever after
    pub fn new(
        geometry: RasterGeometry,
        cells: Cells<'_>,
        initial_depth: &[f32],
        assets: Assets,
        layers: Vec<ZoneSource>,
    ) -> Result<Self, ProjectError> {
        let assets = PreparedAssets::new(geometry, cells, assets, Settings::default())?;
        let permanent = permanent_water(initial_depth);
        let layers = layers
            .into_iter()
            .map(|layer| {
                let zones = ZoneLayer::prepare(&assets, layer.zones)?;
                let water = (0..zones.len()).map(|zone| {
                    let cells = zones.cells(FeatureIdx::from(zone)).iter();
                    let wet = cells.filter(|c| permanent.get(c.cell.index()) == Some(&true));
                    wet.fold(0.0, |sum, c| sum + c.fraction) * geometry.cell_area()
                });
                Ok(ImpactLayer {
                    id: layer.id,
                    names: layer.names,
                    permanent_water_m2: water.collect(),
                    zones,
                })
            })
            .collect::<Result<_, ProjectError>>()?;
        Ok(Self {
            assets,
            layers,
            permanent,
        })
    }

    /// Exposure of all layers after a run.
    pub fn rows(&self, maxima: &flood::Maxima) -> Result<Impacts, ProjectError> {
        let depth = self.dry_on_permanent_water(&maxima.depth_max, 0.0);
        let speed = self.dry_on_permanent_water(&maxima.speed_max, 0.0);
        let hazard = self.dry_on_permanent_water(&maxima.hazard_max, 0);
        let arrival = self.dry_on_permanent_water(&maxima.arrival_s, f32::NAN);
        let duration = self.dry_on_permanent_water(&maxima.duration_s, 0.0);
        let maxima = Maxima {
            depth: &depth,
            speed: &speed,
            hazard: &hazard,
            arrival_s: &arrival,
            duration_s: &duration,
        };
        let assets = self.assets.exposure(&maxima, &Valuation::jrc_china())?;
        let layers = self
            .layers
            .iter()
            .map(|layer| {
                let mut rows = layer.zones.rows(&self.assets, &maxima, &assets)?;
                for (zone, row) in rows.iter_mut().enumerate() {
                    let water = layer.permanent_water_m2[zone];
                    on_land(row, water / layer.zones.plane_area(FeatureIdx::from(zone)));
                }
                // Who is not known to be reached takes no part in the rounding.
                let reached: Vec<f64> = rows
                    .iter()
                    .map(|row| row.people_reached.unwrap_or(0.0))
                    .collect();
                let named = rows
                    .into_iter()
                    .zip(&layer.names)
                    .zip(&layer.permanent_water_m2)
                    .zip(whole_people(&reached))
                    .map(|(((row, name), &water), whole)| NamedRow {
                        name: name.clone(),
                        permanent_water_m2: water,
                        people_reached_whole: row.people_reached.map(|_| whole),
                        row,
                    });
                Ok((layer.id.clone(), named.collect()))
            })
            .collect::<Result<_, ProjectError>>()?;
        Ok(Impacts { layers, assets })
    }

    /// State of all zones at one frame, in the layers' order.
    pub fn frame(&self, depth: &[f32]) -> Result<Vec<Vec<ZoneFrame>>, ProjectError> {
        let depth = self.dry_on_permanent_water(depth, 0.0);
        let at_walls = self.assets.building_depths(&depth);
        self.layers
            .iter()
            .map(|layer| Ok(layer.zones.frame(&self.assets, &depth, &at_walls)?))
            .collect()
    }

    /// Which cells are rivers, ponds and canals.
    pub fn permanent_water(&self) -> &[bool] {
        &self.permanent
    }

    /// Depths at the walls of all buildings in one frame [m], in the order of the assets.
    pub fn buildings(&self, depth: &[f32]) -> Vec<f64> {
        self.assets
            .building_depths(&self.dry_on_permanent_water(depth, 0.0))
    }

    /// Depths on all roads and at all facilities in one frame [m], in the order of the assets.
    pub fn roads_and_facilities(&self, depth: &[f32]) -> (Vec<f64>, Vec<f64>) {
        let depth = self.dry_on_permanent_water(depth, 0.0);
        (
            self.assets.road_depths(&depth),
            self.assets.facility_depths(&depth),
        )
    }

    /// Identifiers of the layers and codes of their zones.
    pub fn codes(&self) -> Vec<(String, Vec<String>)> {
        self.layers
            .iter()
            .map(|l| (l.id.clone(), l.zones.codes().map(str::to_owned).collect()))
            .collect()
    }

    fn dry_on_permanent_water<T: Copy>(&self, values: &[T], dry: T) -> Vec<T> {
        values
            .iter()
            .zip(&self.permanent)
            .map(|(&v, &wet)| if wet { dry } else { v })
            .collect()
    }
}

/// Least share of land of a zone whose people are spread over it alone [-].
const LEAST_LAND: f64 = 1e-3;

/// Brings the people of a zone without buildings from all of its area onto its land: nobody lives on its rivers and
/// ponds.
///
/// - `water_share`: share of the zone that is permanent water [-]
fn on_land(row: &mut ExposureRow, water_share: f64) {
    let land = 1.0 - water_share;
    if row.people_method != PeopleMethod::Area || water_share <= 0.0 || land < LEAST_LAND {
        return;
    }
    let spread = |part: Option<f64>, all: Option<f64>| {
        Some((part? / land).min(all.unwrap_or(f64::INFINITY)))
    };
    row.people_reached = spread(row.people_reached, row.people);
    row.households_reached = spread(row.households_reached, row.households);
    row.people_unknown = spread(row.people_unknown, row.people);
}

/// The use of a building as damage curves tell uses apart.
pub fn occupancy(usage: Option<&str>) -> Occupancy {
    match usage.unwrap_or_default() {
        "industrial" | "factory" | "warehouse" | "industry" => Occupancy::Industrial,
        "commercial" | "office" | "shop" | "hotel" | "school" | "hospital" | "public" => {
            Occupancy::Commercial
        }
        _ => Occupancy::Residential,
    }
}

/// A building as exposure needs it.
pub fn exposed(
    building: &stormgrid_twin::Building,
    footprint: &MultiPolygon<f64>,
) -> stormgrid_sim::exposure::Building {
    stormgrid_sim::exposure::Building {
        footprint: footprint.clone(),
        floors: building.storeys(),
        people: f64::from(building.people.unwrap_or(0)),
        households: f64::from(building.households.unwrap_or(0)),
        occupancy: occupancy(building.usage.as_deref()),
    }
}

/// A point as exposure needs it.
pub fn facility(kind: &str, at: [f64; 2]) -> Facility {
    Facility {
        x: at[0],
        y: at[1],
        kind: match kind {
            "school" => FacilityKind::School,
            "hospital" => FacilityKind::Hospital,
            _ => FacilityKind::Other,
        },
    }
}
