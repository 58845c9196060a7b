//! Zones, bound once to raster cells, buildings, roads and facilities.

use rayon::prelude::*;
use stormgrid_core::geo::{Area, BoundingRect, MultiPolygon, Rect, coord};
use stormgrid_core::ids::{CellIdx, FeatureIdx};
use stormgrid_core::zonal::{CoveredCell, covered_fractions, covered_lengths};

use super::assets::{
    AssetExposure, ExposureError, FacilityKind, Maxima, PreparedAssets, PreparedBuilding, Worst,
    check_length, depth_or_dry, flooded_lengths, line_length, whole_share,
};
use super::lines::Edges;
use super::rows::{BuildingExposure, DEPTH_THRESHOLDS_M, ExposureRow, PeopleMethod, ZoneFrame};
use super::total;

/// Index into [`DEPTH_THRESHOLDS_M`] of the depth at which people without buildings are reached,
/// and at which a zone's frame counts as flooded: 0.15 m.
const WATERLOGGED: usize = 1;

/// A zone as it is told to people. Coordinates are those of the raster.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Code, returned with every row.
    pub code: String,
    /// Outline [m].
    pub geometry: MultiPolygon<f64>,
    /// Area to report [m²], on the ellipsoid if the caller has it; the plane area if `None`.
    pub area_m2: Option<f64>,
    /// Residents; `None` if their number is not known.
    pub people: Option<f64>,
    /// Households; `None` if their number is not known.
    pub households: Option<f64>,
}

/// One layer of zones, prepared for a raster and its assets.
#[derive(Clone, Debug)]
pub struct ZoneLayer {
    zones: Vec<PreparedZone>,
}

#[derive(Clone, Debug)]
struct PreparedZone {
    code: String,
    area_m2: f64,
    people: Option<f64>,
    households: Option<f64>,
    /// Plane area of the zone [m²], on ground of the model and elsewhere.
    plane_area: f64,
    cell_area: f64,
    /// Those with ground; of each the share inside the zone that has ground.
    cells: Vec<CoveredCell>,
    /// Share of the zone on ground of the model [-].
    modelled_share: f64,
    buildings: Vec<FeatureIdx>,
    facilities: Vec<FeatureIdx>,
    /// Cells of the roads with ground, and the length in each [m].
    roads: Vec<(CellIdx, f64)>,
    /// Length of road inside the zone [m], bridges among it: these never stand under water.
    road_length: f64,
    /// Length of road without ground of the model [m], bridges aside.
    road_unknown: f64,
    residents: Residents,
    resident_households: Residents,
}

/// Those who live in the buildings of a zone.
#[derive(Clone, Copy, Debug)]
struct Residents {
    all: f64,
    /// Those in buildings at which the water is not known.
    unknown: f64,
}

/// What water means for a zone's cells.
struct Flooded {
    plane_area: [f64; 5],
    depth_area: f64,
    worst: Worst,
}

impl ZoneLayer {
    /// Binds zones to the raster, buildings, roads and facilities of `assets`.
    ///
    /// A building or facility belongs to the zone that holds a point inside it; a road is cut at
    /// the borders. Refuses a zone without area.
    pub fn prepare(assets: &PreparedAssets, zones: Vec<Zone>) -> Result<Self, ExposureError> {
        let zones: Result<Vec<_>, _> = zones
            .into_par_iter()
            .map(|zone| PreparedZone::new(assets, zone))
            .collect();
        Ok(Self { zones: zones? })
    }

    /// Number of zones.
    pub fn len(&self) -> usize {
        self.zones.len()
    }

    /// Whether the layer has no zones.
    pub fn is_empty(&self) -> bool {
        self.zones.is_empty()
    }

    /// The zones' codes, in their order.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.zones.iter().map(|zone| zone.code.as_str())
    }

    /// The cells of a zone that have ground, with the share of each that is ground inside it, in raster order.
    pub fn cells(&self, zone: FeatureIdx) -> &[CoveredCell] {
        &self.zones[zone.index()].cells
    }

    /// Plane area of a zone [m²].
    pub fn plane_area(&self, zone: FeatureIdx) -> f64 {
        self.zones[zone.index()].plane_area
    }

    /// The buildings of a zone, ascending.
    pub fn buildings(&self, zone: FeatureIdx) -> &[FeatureIdx] {
        &self.zones[zone.index()].buildings
    }

    /// Exposure of every zone, in the zones' order.
    pub fn rows(
        &self,
        assets: &PreparedAssets,
        maxima: &Maxima<'_>,
        exposure: &AssetExposure,
    ) -> Result<Vec<ExposureRow>, ExposureError> {
        maxima.check(assets.geometry())?;
        Ok(self
            .zones
            .par_iter()
            .map(|zone| zone.row(assets, maxima, exposure))
            .collect())
    }

    /// State of every zone in one frame.
    ///
    /// - `depth`: depth of each cell [m], row by row from the north-west; NaN counts as dry
    /// - `building_depths`: what [`PreparedAssets::building_depths`] gives for the same frame
    pub fn frame(
        &self,
        assets: &PreparedAssets,
        depth: &[f32],
        building_depths: &[f64],
    ) -> Result<Vec<ZoneFrame>, ExposureError> {
        check_length("depth", depth.len(), assets.geometry())?;
        Ok(self
            .zones
            .par_iter()
            .map(|zone| zone.frame(assets, depth, building_depths))
            .collect())
    }
}

impl PreparedZone {
    fn new(assets: &PreparedAssets, zone: Zone) -> Result<Self, ExposureError> {
        let plane_area = zone.geometry.unsigned_area();
        let area_m2 = zone.area_m2.unwrap_or(plane_area);
        let bounds = zone.geometry.bounding_rect();
        let (Some(bounds), true) = (bounds, plane_area > 0.0 && area_m2 > 0.0) else {
            return Err(ExposureError::EmptyZone {
                code: zone.code,
                area_m2: area_m2.min(plane_area),
            });
        };
        let edges = Edges::of(&zone.geometry);
        let buildings = indices_where(&assets.buildings, |b| holds(&edges, &bounds, b.at));
        let facilities = indices_where(&assets.facilities, |f| {
            holds(&edges, &bounds, [f.facility.x, f.facility.y])
        });
        let (mut roads, mut road_length, mut road_unknown) = (Vec::new(), 0.0, 0.0);
        for road in &assets.roads {
            for part in edges.parts_of(&road.line) {
                let length = line_length(&part);
                road_length += length;
                if road.bridge || length <= 0.0 {
                    continue;
                }
                let mut cells = covered_lengths(&assets.geometry, &part);
                cells.retain(|&(cell, _)| assets.ground_at(cell) > 0.0);
                let known = total(cells.iter().map(|&(_, length)| length));
                road_unknown += length * (1.0 - whole_share(known / length));
                roads.extend(cells);
            }
        }
        let residents = |value: fn(&PreparedBuilding) -> f64| {
            let all = || buildings.iter().map(|b| &assets.buildings[b.index()]);
            Residents {
                all: total(all().map(value)),
                unknown: total(all().filter(|b| !b.is_modelled()).map(value)),
            }
        };
        let cell_area = assets.geometry.cell_area();
        let mut cells = covered_fractions(&assets.geometry, &zone.geometry);
        for covered in &mut cells {
            covered.fraction *= assets.ground_at(covered.cell);
        }
        cells.retain(|covered| covered.fraction > 0.0);
        let modelled = total(cells.iter().map(|c| c.fraction)) * cell_area;
        Ok(Self {
            residents: residents(|b| b.people),
            resident_households: residents(|b| b.households),
            code: zone.code,
            area_m2,
            people: zone.people,
            households: zone.households,
            plane_area,
            cell_area,
            cells,
            modelled_share: whole_share(modelled / plane_area),
            buildings,
            facilities,
            roads,
            road_length,
            road_unknown,
        })
    }

    fn row(
        &self,
        assets: &PreparedAssets,
        maxima: &Maxima<'_>,
        exposure: &AssetExposure,
    ) -> ExposureRow {
        let flooded = self.flooded(maxima);
        let share = flooded.plane_area.map(|area| self.share(area));
        let reached: Vec<(FeatureIdx, &BuildingExposure)> = self
            .buildings
            .iter()
            .map(|&b| (b, &exposure.buildings[b.index()]))
            .filter(|(_, e)| e.floors_reached > 0)
            .collect();
        let in_reach = |value: fn(&PreparedBuilding) -> f64| -> f64 {
            total(
                reached
                    .iter()
                    .map(|(b, _)| value(&assets.buildings[b.index()])),
            )
        };
        let schools = self.count_facilities(assets, exposure, FacilityKind::School);
        let hospitals = self.count_facilities(assets, exposure, FacilityKind::Hospital);
        let unmodelled = |b: &&FeatureIdx| !assets.buildings[b.index()].is_modelled();
        let road_flooded_m = flooded_lengths(&self.roads, maxima);
        ExposureRow {
            code: self.code.clone(),
            area_m2: self.area_m2,
            modelled_share: self.modelled_share,
            flooded_area_m2: self.known(share.map(|share| share * self.area_m2)),
            flooded_share: self.known(share),
            depth_mean_m: self.known(match flooded.plane_area[0] > 0.0 {
                true => flooded.depth_area / flooded.plane_area[0],
                false => 0.0,
            }),
            depth_max_m: self.known(flooded.worst.depth),
            speed_max_mps: self.known(flooded.worst.speed),
            hazard_max: flooded.worst.hazard,
            arrival_s: flooded.worst.arrival,
            duration_s: self.known(flooded.worst.duration),
            people: self.people,
            people_reached: self.reached_of(
                self.people,
                in_reach(|b| b.people),
                self.residents,
                share[WATERLOGGED],
            ),
            people_unknown: self
                .people
                .map(|people| people * self.unknown_share(self.residents)),
            people_method: self.people_method(),
            households: self.households,
            households_reached: self.reached_of(
                self.households,
                in_reach(|b| b.households),
                self.resident_households,
                share[WATERLOGGED],
            ),
            buildings: self.buildings.len() as u32,
            buildings_reached: reached.len() as u32,
            buildings_unknown: self.buildings.iter().filter(unmodelled).count() as u32,
            floors_reached: reached.iter().map(|(_, e)| e.floors_reached).sum(),
            schools: schools.all,
            schools_reached: schools.reached,
            schools_unknown: schools.unknown,
            hospitals: hospitals.all,
            hospitals_reached: hospitals.reached,
            hospitals_unknown: hospitals.unknown,
            road_length_m: self.road_length,
            road_unknown_m: self.road_unknown,
            road_flooded_m,
            road_cut_m: road_flooded_m[1],
            damage: total(
                self.buildings
                    .iter()
                    .filter_map(|b| exposure.buildings[b.index()].damage),
            ),
            damage_currency: exposure.currency.clone(),
            damage_curve: exposure.curves.clone(),
        }
    }

    fn frame(&self, assets: &PreparedAssets, depth: &[f32], building_depths: &[f64]) -> ZoneFrame {
        let (mut flooded, mut volume, mut greatest) = (0.0, 0.0, 0.0_f64);
        for covered in &self.cells {
            let d = depth_or_dry(depth[covered.cell.index()]);
            volume += covered.fraction * d;
            greatest = greatest.max(d);
            if d >= DEPTH_THRESHOLDS_M[WATERLOGGED] {
                flooded += covered.fraction;
            }
        }
        let threshold = assets.settings.reached_depth_m;
        let is_reached =
            |b: &&FeatureIdx| building_depths.get(b.index()).copied().unwrap_or(0.0) >= threshold;
        let reached = self.buildings.iter().filter(is_reached);
        let flooded_share = self.share(flooded * self.cell_area);
        let modelled = self.modelled_area();
        ZoneFrame {
            flooded_share: self.known(flooded_share),
            people_reached: self.reached_of(
                self.people,
                total(reached.clone().map(|b| assets.buildings[b.index()].people)),
                self.residents,
                flooded_share,
            ),
            buildings_reached: reached.count() as u32,
            depth_max_m: self.known(greatest),
            depth_mean_m: (modelled > 0.0).then(|| volume * self.cell_area / modelled),
        }
    }

    fn flooded(&self, maxima: &Maxima<'_>) -> Flooded {
        let mut flooded = Flooded {
            plane_area: [0.0; 5],
            depth_area: 0.0,
            worst: Worst::default(),
        };
        for covered in &self.cells {
            let depth = maxima.depth_at(covered.cell);
            let area = covered.fraction * self.cell_area;
            for (sum, threshold) in flooded.plane_area.iter_mut().zip(DEPTH_THRESHOLDS_M) {
                if depth >= threshold {
                    *sum += area;
                }
            }
            if depth >= DEPTH_THRESHOLDS_M[0] {
                flooded.depth_area += depth * area;
            }
            flooded.worst.include(maxima, covered.cell);
        }
        flooded
    }

    /// Plane area of the zone on ground of the model [m²].
    fn modelled_area(&self) -> f64 {
        total(self.cells.iter().map(|c| c.fraction)) * self.cell_area
    }

    /// What is known of a zone that has any ground of the model, and of no other.
    fn known<T>(&self, value: T) -> Option<T> {
        (self.modelled_share > 0.0).then_some(value)
    }

    /// A plane area as a share of the zone; rounding may not push it above 1.
    fn share(&self, plane_area: f64) -> f64 {
        (plane_area / self.plane_area).min(1.0)
    }

    fn people_method(&self) -> PeopleMethod {
        if self.residents.all > 0.0 {
            PeopleMethod::Buildings
        } else {
            PeopleMethod::Area
        }
    }

    /// Share of the people who live where nothing is known of the water: by residents of buildings, else by area.
    fn unknown_share(&self, residents: Residents) -> f64 {
        match residents.all > 0.0 {
            true => whole_share(residents.unknown / residents.all),
            false => 1.0 - self.modelled_share,
        }
    }

    /// The part of `all` known to be in reach: by residents of the buildings reached, else by area; `None` where
    /// nothing is known of any.
    fn reached_of(
        &self,
        all: Option<f64>,
        in_reach: f64,
        residents: Residents,
        flooded_share: f64,
    ) -> Option<f64> {
        let share = match residents.all > 0.0 {
            true => (in_reach / residents.all).min(1.0),
            false => flooded_share,
        };
        let known = self.unknown_share(residents) < 1.0;
        all.filter(|_| known).map(|all| all * share)
    }

    fn count_facilities(
        &self,
        assets: &PreparedAssets,
        exposure: &AssetExposure,
        kind: FacilityKind,
    ) -> Counted {
        let of_kind = self
            .facilities
            .iter()
            .filter(|f| assets.facilities[f.index()].facility.kind == kind);
        let reached = of_kind
            .clone()
            .filter(|f| exposure.facilities[f.index()].reached);
        let unknown = of_kind
            .clone()
            .filter(|f| !assets.facilities[f.index()].is_modelled());
        Counted {
            reached: reached.count() as u32,
            unknown: unknown.count() as u32,
            all: of_kind.count() as u32,
        }
    }
}

/// Facilities of a kind in a zone.
struct Counted {
    all: u32,
    reached: u32,
    unknown: u32,
}

fn indices_where<T>(items: &[T], accept: impl Fn(&T) -> bool) -> Vec<FeatureIdx> {
    items
        .iter()
        .enumerate()
        .filter(|(_, item)| accept(item))
        .map(|(i, _)| FeatureIdx::from(i))
        .collect()
}

fn holds(edges: &Edges, bounds: &Rect<f64>, at: [f64; 2]) -> bool {
    let inside_box = (bounds.min().x..=bounds.max().x).contains(&at[0])
        && (bounds.min().y..=bounds.max().y).contains(&at[1]);
    inside_box && edges.contain(coord! { x: at[0], y: at[1] })
}
