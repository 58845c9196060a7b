//! Buildings, roads and facilities, bound once to the cells where water reaches them.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use stormgrid_core::geo::{Area, InteriorPoint, LineString, MultiPolygon};
use stormgrid_core::ids::CellIdx;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::zonal::{covered_fractions, covered_lengths};

use super::damage::{Occupancy, Valuation};
use super::hazard::HazardClass;
use super::rows::{
    BuildingExposure, DEPTH_THRESHOLDS_M, FacilityExposure, ROAD_THRESHOLDS_M, RoadExposure,
};

/// A building. Coordinates are those of the raster.
#[derive(Clone, Debug)]
pub struct Building {
    /// Outline on the ground [m].
    pub footprint: MultiPolygon<f64>,
    /// Storeys above ground, at least 1.
    pub floors: u32,
    /// Residents.
    pub people: f64,
    /// Households.
    pub households: f64,
    /// Use, which chooses curve and value.
    pub occupancy: Occupancy,
}

/// Facilities that rows count by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FacilityKind {
    /// School or kindergarten.
    School,
    /// Hospital or clinic.
    Hospital,
    /// Anything else: shelter, pump, substation.
    Other,
}

/// A facility at a point. Coordinates are those of the raster.
#[derive(Clone, Copy, Debug)]
pub struct Facility {
    /// East [m].
    pub x: f64,
    /// North [m].
    pub y: f64,
    /// What it is.
    pub kind: FacilityKind,
}

/// A road segment. Coordinates are those of the raster.
#[derive(Clone, Debug)]
pub struct Road {
    /// Centre line [m].
    pub line: LineString<f64>,
    /// Whether it lies on a bridge: the water under it is none on it, however high it stands.
    pub bridge: bool,
}

/// Everything that water may reach, in the order in which exposure is returned.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    /// Buildings.
    pub buildings: Vec<Building>,
    /// Roads.
    pub roads: Vec<Road>,
    /// Facilities.
    pub facilities: Vec<Facility>,
}

/// What the cells of a raster are to the water, as the flood run had them, row by row from the north-west.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cells<'a> {
    /// Share of each cell that has ground [-], 0 to 1; empty if all have. Where there is none, nothing is known of
    /// the water.
    pub ground: &'a [f32],
    /// Cells that buildings close to the water; empty if none.
    pub blocked: &'a [bool],
}

/// The choices behind "reached".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Depth at the wall from which a building or facility counts as reached [m]: the height of a
    /// doorstep and the waterlogging criterion of GB 50014, 0.15 by default.
    pub reached_depth_m: f64,
    /// Height of a storey [m], 3.0 by default: GB 50096 asks for 2.8 at least, slabs included.
    pub storey_height_m: f64,
    /// How many cells beyond a blocked block of buildings open ground is looked for, 3 by default.
    pub rim_search_cells: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            reached_depth_m: 0.15,
            storey_height_m: 3.0,
            rim_search_cells: 3,
        }
    }
}

/// The maxima of a flood run, row by row from the north-west cell, all of one length.
#[derive(Clone, Copy, Debug)]
pub struct Maxima<'a> {
    /// Greatest depth [m]; NaN counts as dry.
    pub depth: &'a [f32],
    /// Greatest speed [m s⁻¹].
    pub speed: &'a [f32],
    /// Worst hazard class of any instant, 1 to 6, 0 where dry.
    pub hazard: &'a [u8],
    /// First time at 0.05 m or more [s after the start]; not finite or negative where it never was.
    pub arrival_s: &'a [f32],
    /// Time above 0.15 m [s].
    pub duration_s: &'a [f32],
}

impl<'a> From<&'a crate::flood::Maxima> for Maxima<'a> {
    fn from(maxima: &'a crate::flood::Maxima) -> Self {
        Self {
            depth: &maxima.depth_max,
            speed: &maxima.speed_max,
            hazard: &maxima.hazard_max,
            arrival_s: &maxima.arrival_s,
            duration_s: &maxima.duration_s,
        }
    }
}

/// Input that exposure cannot be computed from.
#[derive(Debug, Clone, PartialEq)]
pub enum ExposureError {
    /// A field of another length than the raster.
    FieldLength {
        /// Name of the field.
        field: &'static str,
        /// Values given.
        found: usize,
        /// Cells of the raster.
        expected: usize,
    },
    /// A zone without area: nothing can be a share of it.
    EmptyZone {
        /// The zone's code.
        code: String,
        /// Its area as found [m²].
        area_m2: f64,
    },
}

impl ExposureError {
    /// The sentence, for both languages.
    pub fn message(&self) -> Message {
        match self {
            Self::FieldLength {
                field,
                found,
                expected,
            } => message!(
                "fault.exposure.field",
                "field '{field}' has {found} values for a raster of {expected} cells",
                field = *field,
                found = *found,
                expected = *expected
            ),
            Self::EmptyZone { code, area_m2 } => message!(
                "fault.exposure.zone",
                "zone '{code}' has an area of {area} m²; remove it or mend its rings",
                code = code,
                area = *area_m2
            ),
        }
    }
}

impl std::fmt::Display for ExposureError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.message().fmt(f)
    }
}

impl std::error::Error for ExposureError {}

/// Assets bound to the cells of one raster.
#[derive(Clone, Debug)]
pub struct PreparedAssets {
    pub(super) geometry: RasterGeometry,
    pub(super) settings: Settings,
    pub(super) buildings: Vec<PreparedBuilding>,
    pub(super) roads: Vec<PreparedRoad>,
    pub(super) facilities: Vec<PreparedFacility>,
    /// Share of each cell that has ground; empty if all have.
    ground: Vec<f32>,
}

/// A building without its outline.
#[derive(Clone, Debug)]
pub(super) struct PreparedBuilding {
    /// A point inside the footprint; it decides the zone.
    pub(super) at: [f64; 2],
    pub(super) people: f64,
    pub(super) households: f64,
    floors: u32,
    occupancy: Occupancy,
    area: f64,
    /// Share of the footprint on ground of the model [-].
    modelled_share: f64,
    /// Open cells at the walls; none where the model has no ground.
    rim: Vec<CellIdx>,
}

#[derive(Clone, Debug)]
pub(super) struct PreparedRoad {
    pub(super) line: LineString<f64>,
    /// Those with ground; none of a bridge.
    cells: Vec<(CellIdx, f64)>,
    length: f64,
    /// Length without ground of the model [m]; none of a bridge.
    unknown: f64,
    pub(super) bridge: bool,
}

#[derive(Clone, Debug)]
pub(super) struct PreparedFacility {
    pub(super) facility: Facility,
    /// Open cells at it; none where the model has no ground.
    cells: Vec<CellIdx>,
}

/// Exposure of all assets in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssetExposure {
    /// One per building.
    pub buildings: Vec<BuildingExposure>,
    /// One per road.
    pub roads: Vec<RoadExposure>,
    /// One per facility.
    pub facilities: Vec<FacilityExposure>,
    /// Currency of the damage.
    pub currency: String,
    /// Names of the curves.
    pub curves: String,
}

impl PreparedAssets {
    /// Binds assets to the cells of a raster.
    ///
    /// Refuses fields of another length than the raster.
    pub fn new(
        geometry: RasterGeometry,
        cells: Cells<'_>,
        assets: Assets,
        settings: Settings,
    ) -> Result<Self, ExposureError> {
        if !cells.blocked.is_empty() {
            check_length("blocked", cells.blocked.len(), &geometry)?;
        }
        if !cells.ground.is_empty() {
            check_length("ground", cells.ground.len(), &geometry)?;
        }
        let ground = Ground {
            geometry: &geometry,
            cells,
            search: settings.rim_search_cells,
        };
        let buildings = assets
            .buildings
            .into_par_iter()
            .map(|building| ground.bind_building(&building))
            .collect();
        let roads = assets
            .roads
            .into_par_iter()
            .map(|road| ground.bind_road(road))
            .collect();
        let facilities = assets
            .facilities
            .into_iter()
            .map(|facility| PreparedFacility {
                cells: ground.bind_point(facility.x, facility.y),
                facility,
            })
            .collect();
        Ok(Self {
            geometry,
            settings,
            buildings,
            roads,
            facilities,
            ground: cells.ground.to_vec(),
        })
    }

    /// Share of a cell that has ground [-].
    pub(super) fn ground_at(&self, cell: CellIdx) -> f64 {
        ground_at(&self.ground, cell)
    }

    /// The raster that the assets are bound to.
    pub fn geometry(&self) -> &RasterGeometry {
        &self.geometry
    }

    /// Exposure of every building, road and facility.
    pub fn exposure(
        &self,
        maxima: &Maxima<'_>,
        valuation: &Valuation,
    ) -> Result<AssetExposure, ExposureError> {
        maxima.check(&self.geometry)?;
        Ok(AssetExposure {
            buildings: self
                .buildings
                .par_iter()
                .map(|building| building.exposure(maxima, valuation, &self.settings))
                .collect(),
            roads: self
                .roads
                .par_iter()
                .map(|road| road.exposure(maxima))
                .collect(),
            facilities: self
                .facilities
                .iter()
                .map(|facility| facility.exposure(maxima, &self.settings))
                .collect(),
            currency: valuation.currency.clone(),
            curves: valuation.curve_names(),
        })
    }

    /// Depth at the walls of every building in one frame [m]; 0 also where nothing is known of the water.
    ///
    /// - `depth`: depth of each cell [m], row by row from the north-west
    pub fn building_depths(&self, depth: &[f32]) -> Vec<f64> {
        self.buildings
            .par_iter()
            .map(|building| greatest_depth(&building.rim, depth))
            .collect()
    }

    /// Greatest depth on every road in one frame [m]; 0 also where nothing is known of the water.
    ///
    /// - `depth`: depth of each cell [m], row by row from the north-west
    pub fn road_depths(&self, depth: &[f32]) -> Vec<f64> {
        let on = |road: &PreparedRoad| {
            let cells = road
                .cells
                .iter()
                .filter_map(|(cell, _)| depth.get(cell.index()));
            cells.fold(0.0, |greatest: f64, &d| greatest.max(depth_or_dry(d)))
        };
        self.roads.par_iter().map(on).collect()
    }

    /// Depth at every facility in one frame [m]; 0 also where nothing is known of the water.
    ///
    /// - `depth`: depth of each cell [m], row by row from the north-west
    pub fn facility_depths(&self, depth: &[f32]) -> Vec<f64> {
        self.facilities
            .iter()
            .map(|facility| greatest_depth(&facility.cells, depth))
            .collect()
    }
}

/// Storeys whose floor the water has passed: the ground floor at the sill, each further one a
/// storey height higher; never more than there are.
///
/// - `depth`: depth at the wall [m]
/// - `floors`: storeys of the building
pub fn floors_reached(depth: f64, floors: u32, settings: &Settings) -> u32 {
    let above_sill = depth - settings.reached_depth_m;
    if above_sill >= 0.0 {
        let passed = 1.0 + (above_sill / settings.storey_height_m).floor();
        (passed as u32).min(floors.max(1))
    } else {
        0
    }
}

impl Maxima<'_> {
    /// Refuses fields that do not fit the raster.
    pub(super) fn check(&self, geometry: &RasterGeometry) -> Result<(), ExposureError> {
        check_length("depth", self.depth.len(), geometry)?;
        check_length("speed", self.speed.len(), geometry)?;
        check_length("hazard", self.hazard.len(), geometry)?;
        check_length("arrival_s", self.arrival_s.len(), geometry)?;
        check_length("duration_s", self.duration_s.len(), geometry)
    }

    /// Depth of a cell [m], zero where there is none.
    pub(super) fn depth_at(&self, cell: CellIdx) -> f64 {
        depth_or_dry(self.depth[cell.index()])
    }

    /// Arrival at a cell [s], `None` if the water never came.
    pub(super) fn arrival_at(&self, cell: CellIdx) -> Option<f64> {
        let arrival = f64::from(self.arrival_s[cell.index()]);
        (arrival.is_finite() && arrival >= 0.0).then_some(arrival)
    }
}

/// The worst over a set of cells.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Worst {
    pub(super) depth: f64,
    pub(super) speed: f64,
    pub(super) hazard: Option<HazardClass>,
    pub(super) arrival: Option<f64>,
    pub(super) duration: f64,
}

impl Worst {
    /// Takes one more cell in; cells below 0.05 m are dry.
    pub(super) fn include(&mut self, maxima: &Maxima<'_>, cell: CellIdx) {
        let depth = maxima.depth_at(cell);
        self.depth = self.depth.max(depth);
        if depth < DEPTH_THRESHOLDS_M[0] {
            return;
        }
        let i = cell.index();
        self.speed = self.speed.max(f64::from(maxima.speed[i]));
        self.hazard = self.hazard.max(HazardClass::from_number(maxima.hazard[i]));
        self.duration = self.duration.max(f64::from(maxima.duration_s[i]));
        if let Some(arrival) = maxima.arrival_at(cell) {
            self.arrival = Some(self.arrival.map_or(arrival, |first| first.min(arrival)));
        }
    }

    /// The worst over cells; `None` of none, where nothing is known.
    fn of_known(maxima: &Maxima<'_>, cells: &[CellIdx]) -> Option<Self> {
        (!cells.is_empty()).then(|| Self::over(maxima, cells.iter().copied()))
    }

    fn over(maxima: &Maxima<'_>, cells: impl Iterator<Item = CellIdx>) -> Self {
        let mut worst = Self::default();
        for cell in cells {
            worst.include(maxima, cell);
        }
        worst
    }
}

impl PreparedBuilding {
    fn exposure(
        &self,
        maxima: &Maxima<'_>,
        valuation: &Valuation,
        settings: &Settings,
    ) -> BuildingExposure {
        let known = Worst::of_known(maxima, &self.rim);
        let worst = known.unwrap_or_default();
        let floors_reached = floors_reached(worst.depth, self.floors, settings);
        let damage = match floors_reached > 0 {
            true => valuation.damage(self.occupancy, worst.depth, self.area, self.floors),
            false => 0.0,
        };
        BuildingExposure {
            modelled: known.is_some(),
            modelled_share: self.modelled_share,
            depth_max_m: known.map(|w| w.depth),
            speed_max_mps: known.map(|w| w.speed),
            hazard_max: worst.hazard,
            arrival_s: worst.arrival,
            duration_s: known.map(|w| w.duration),
            floors_reached,
            damage: known.map(|_| damage),
        }
    }

    /// Whether the water at it is known.
    pub(super) fn is_modelled(&self) -> bool {
        !self.rim.is_empty()
    }
}

impl PreparedRoad {
    fn exposure(&self, maxima: &Maxima<'_>) -> RoadExposure {
        let worst = Worst::over(maxima, self.cells.iter().map(|&(cell, _)| cell));
        // A bridge is known to stay dry.
        let known = self.bridge || !self.cells.is_empty();
        RoadExposure {
            length_m: self.length,
            unknown_m: self.unknown,
            depth_max_m: known.then_some(worst.depth),
            flooded_m: flooded_lengths(&self.cells, maxima),
            hazard_max: worst.hazard,
            arrival_s: worst.arrival,
        }
    }
}

impl PreparedFacility {
    fn exposure(&self, maxima: &Maxima<'_>, settings: &Settings) -> FacilityExposure {
        let known = Worst::of_known(maxima, &self.cells);
        let worst = known.unwrap_or_default();
        FacilityExposure {
            depth_max_m: known.map(|w| w.depth),
            hazard_max: worst.hazard,
            arrival_s: worst.arrival,
            reached: worst.depth >= settings.reached_depth_m,
        }
    }

    /// Whether the water at it is known.
    pub(super) fn is_modelled(&self) -> bool {
        !self.cells.is_empty()
    }
}

/// Share of a cell that has ground [-]; an empty field has it everywhere.
fn ground_at(ground: &[f32], cell: CellIdx) -> f64 {
    match ground.is_empty() {
        true => 1.0,
        false => ground.get(cell.index()).map_or(0.0, |&g| f64::from(g)),
    }
}

/// A share, where rounding may not make a little more or less of all or nothing.
pub(super) fn whole_share(share: f64) -> f64 {
    const ROUNDING: f64 = 1e-9;
    if share > 1.0 - ROUNDING {
        1.0
    } else if share > ROUNDING {
        share
    } else {
        0.0
    }
}

/// Length under water per entry of [`ROAD_THRESHOLDS_M`] [m].
pub(super) fn flooded_lengths(cells: &[(CellIdx, f64)], maxima: &Maxima<'_>) -> [f64; 3] {
    let mut lengths = [0.0; 3];
    for &(cell, length) in cells {
        let depth = maxima.depth_at(cell);
        for (sum, threshold) in lengths.iter_mut().zip(ROAD_THRESHOLDS_M) {
            if depth >= threshold {
                *sum += length;
            }
        }
    }
    lengths
}

/// Depth of a cell as f64, zero for NaN.
///
/// Every threshold of the tables, rounded to f32 and widened, is at or above the decimal it stands
/// for, so a cell that holds the f32 nearest to 0.15 counts as 0.15.
pub(super) fn depth_or_dry(depth: f32) -> f64 {
    if depth > 0.0 { f64::from(depth) } else { 0.0 }
}

pub(super) fn check_length(
    field: &'static str,
    found: usize,
    geometry: &RasterGeometry,
) -> Result<(), ExposureError> {
    let expected = geometry.n_cells();
    if found == expected {
        Ok(())
    } else {
        Err(ExposureError::FieldLength {
            field,
            found,
            expected,
        })
    }
}

/// Length of a line [m].
pub(super) fn line_length(line: &LineString<f64>) -> f64 {
    let parts = line.lines().map(|l| l.delta().x.hypot(l.delta().y));
    super::total(parts)
}

fn greatest_depth(cells: &[CellIdx], depth: &[f32]) -> f64 {
    cells
        .iter()
        .filter_map(|cell| depth.get(cell.index()))
        .fold(0.0, |greatest: f64, &d| greatest.max(depth_or_dry(d)))
}

/// The raster with its ground and its blocked cells: finds the open cells that stand for a wall or a door.
struct Ground<'a> {
    geometry: &'a RasterGeometry,
    cells: Cells<'a>,
    search: usize,
}

impl Ground<'_> {
    fn bind_building(&self, building: &Building) -> PreparedBuilding {
        let mut under = covered_fractions(self.geometry, &building.footprint);
        under.retain(|covered| self.has_ground(covered.cell));
        let area = building.footprint.unsigned_area();
        let on_ground: f64 = under.iter().map(|covered| covered.fraction).sum();
        let under: Vec<CellIdx> = under.into_iter().map(|covered| covered.cell).collect();
        let at = building
            .footprint
            .interior_point()
            .map_or([f64::NAN; 2], |point| [point.x(), point.y()]);
        PreparedBuilding {
            at,
            people: building.people,
            households: building.households,
            floors: building.floors,
            occupancy: building.occupancy,
            area,
            modelled_share: match area > 0.0 {
                true => whole_share(on_ground * self.geometry.cell_area() / area),
                false => f64::from(u8::from(!under.is_empty())),
            },
            rim: self.open_cells_at(&under),
        }
    }

    fn bind_road(&self, road: Road) -> PreparedRoad {
        let length = line_length(&road.line);
        let mut cells = covered_lengths(self.geometry, &road.line);
        cells.retain(|&(cell, _)| self.has_ground(cell));
        let known: f64 = cells.iter().map(|&(_, length)| length).sum();
        let unknown = match road.bridge || length <= 0.0 {
            true => 0.0,
            false => length * (1.0 - whole_share(known / length)),
        };
        if road.bridge {
            cells.clear();
        }
        PreparedRoad {
            line: road.line,
            cells,
            length,
            unknown,
            bridge: road.bridge,
        }
    }

    fn bind_point(&self, x: f64, y: f64) -> Vec<CellIdx> {
        self.geometry
            .cell_at(x, y)
            .map(|(row, col)| self.geometry.index(row, col))
            .filter(|&cell| self.has_ground(cell))
            .map_or_else(Vec::new, |cell| self.open_cells_at(&[cell]))
    }

    /// The open cells among `seeds`, all with ground, and the open neighbours of the blocked ones; if there are none,
    /// the nearest ring that has any, within the search distance. Ascending, without repeats.
    fn open_cells_at(&self, seeds: &[CellIdx]) -> Vec<CellIdx> {
        let (mut open, mut closed): (Vec<_>, Vec<_>) =
            seeds.iter().copied().partition(|&c| self.is_open(c));
        for ring in 0..self.search.max(1) {
            let beside = closed.iter().flat_map(|&c| self.neighbours(c));
            let mut around: Vec<CellIdx> = beside.filter(|&c| self.has_ground(c)).collect();
            around.sort_unstable();
            around.dedup();
            let (reached, walled): (Vec<_>, Vec<_>) =
                around.into_iter().partition(|&c| self.is_open(c));
            open.extend(reached);
            if !open.is_empty() || closed.is_empty() || ring + 1 == self.search {
                break;
            }
            closed = walled;
        }
        open.sort_unstable();
        open.dedup();
        open
    }

    fn has_ground(&self, cell: CellIdx) -> bool {
        ground_at(self.cells.ground, cell) > 0.0
    }

    fn is_open(&self, cell: CellIdx) -> bool {
        let blocked = self.cells.blocked.get(cell.index());
        !blocked.copied().unwrap_or(false)
    }

    fn neighbours(&self, cell: CellIdx) -> Vec<CellIdx> {
        let g = self.geometry;
        let (row, col) = (cell.index() / g.n_cols, cell.index() % g.n_cols);
        let rows = row.saturating_sub(1)..=(row + 1).min(g.n_rows - 1);
        rows.flat_map(|r| {
            let cols = col.saturating_sub(1)..=(col + 1).min(g.n_cols - 1);
            cols.map(move |c| (r, c))
        })
        .filter(|&at| at != (row, col))
        .map(|(r, c)| g.index(r, c))
        .collect()
    }
}
