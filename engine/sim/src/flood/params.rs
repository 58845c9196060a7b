//! What a run is given, and what is wrong with it.

use std::fmt;
use std::sync::Arc;

use stormgrid_core::ids::CellIdx;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::series::Series;

use super::crests::Crest;
use super::error::FloodError;
use super::infiltration::Infiltration;
use super::structures::{End, Law, Structure};
use super::weather::Weather;

/// The ground: bed, roughness and obstacles on the cells of one raster.
#[derive(Clone, Debug)]
pub struct Domain {
    /// Where the cells lie, in metres.
    pub geometry: RasterGeometry,
    /// Bed elevation, one value a cell [m, up]; NaN is outside the domain and acts as a wall.
    pub elevation: Vec<f64>,
    /// Manning's roughness.
    pub manning: Manning,
    /// Cells that a building fills: no water enters, and the rain on them is shed to the nearest
    /// open cell. Empty: no building.
    pub blocked: Vec<bool>,
}

/// Manning's roughness coefficient [s m⁻¹ᐟ³], from 0 (smooth) to 1.
#[derive(Clone, Debug)]
pub enum Manning {
    /// The same everywhere.
    Uniform(f64),
    /// One value a cell; the value at a face is the mean of `n²` of its two cells.
    Field(Vec<f32>),
}

/// A side of the raster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Row 0.
    North,
    /// Last column.
    East,
    /// Last row.
    South,
    /// Column 0.
    West,
}

/// Where a boundary acts.
#[derive(Clone, Debug)]
pub enum BoundaryPlace {
    /// The outer faces of the cells along a side of the raster.
    Side(Side),
    /// These cells themselves, wherever they lie.
    Cells(Vec<CellIdx>),
}

/// What a boundary imposes.
#[derive(Clone, Debug)]
pub enum BoundaryKind {
    /// No flow. Cells become obstacles.
    Wall,
    /// Water leaves and none enters: over a side as uniform flow down the slope of the bed there
    /// (at least 0.1 %), over cells by falling into them.
    Free,
    /// Water level [m], same datum as the bed. On a side the level stands just outside it; on
    /// cells it is the level of the cells, which then belong to the sea rather than to the domain.
    Level(Series),
    /// Total discharge into the domain [m³ s⁻¹], shared evenly among the open cells of the place;
    /// a negative value withdraws water as far as there is some. On a side, finite volumes let it
    /// bring its momentum, with the depth that the outgoing characteristic gives and at least the critical one;
    /// on cells it comes as a spring does.
    Discharge(Series),
}

/// A condition at a place. Sides without one are walls; later entries override earlier ones.
#[derive(Clone, Debug)]
pub struct Boundary {
    /// Where.
    pub place: BoundaryPlace,
    /// What.
    pub kind: BoundaryKind,
}

/// Water from a river, a burst main, a manhole.
#[derive(Clone, Debug)]
pub struct Inflow {
    /// Cells and their weights (positive, any sum); obstacles among them are passed over.
    pub cells: Vec<(CellIdx, f64)>,
    /// Discharge [m³ s⁻¹]; negative withdraws.
    pub discharge: Series,
}

/// Rain rate [m s⁻¹] as a function of time [s] and place (x, y in the raster's frame). At a time at which it jumps
/// it gives what follows.
pub type RainFunction = Arc<dyn Fn(f64, f64, f64) -> f64 + Send + Sync>;

/// Rain on the open cells and, through the roofs, on the blocked ones.
#[derive(Clone, Default)]
pub enum Rain {
    /// No rain.
    #[default]
    None,
    /// The same rate always and everywhere [m s⁻¹].
    Uniform(f64),
    /// The same rate everywhere [m s⁻¹], over time.
    Series(Series),
    /// A rate that varies in place and time.
    Field(RainField),
}

/// Rain that varies in place and time.
#[derive(Clone)]
pub struct RainField {
    /// The rate; a straight line in time between two bends, constant after the last.
    pub rate: RainFunction,
    /// When it bends or jumps.
    pub bends: Bends,
    /// Where it is evaluated.
    pub detail: RainDetail,
    /// What the rate is multiplied with over time; it must not change between two bends then.
    pub factor: Option<Series>,
    /// A rate that is reached everywhere [m s⁻¹]: the greater of the two falls.
    pub least: Option<Series>,
}

/// Times at which a rate bends or jumps.
#[derive(Clone, Debug)]
pub enum Bends {
    /// Every so many seconds [s], positive: a smooth rate becomes a line through its values at the begin and in
    /// the middle of each interval.
    Every(f64),
    /// These times [s], ascending.
    At(Arc<[f64]>),
}

/// Places at which a rate is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RainDetail {
    /// The corners of each 60-cell tile; linear between them. For rain that is smooth over a tile.
    Tiles,
    /// The middle of each cell: edges stay where they are. It takes 16 to 24 bytes a cell.
    Cells,
}

impl fmt::Debug for Rain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => write!(f, "None"),
            Self::Uniform(rate) => write!(f, "Uniform({rate})"),
            Self::Series(series) => write!(f, "Series({series:?})"),
            Self::Field(field) => write!(f, "Field({:?}, {:?})", field.bends, field.detail),
        }
    }
}

/// Water at the start.
#[derive(Clone, Debug, Default)]
pub enum Initial {
    /// None.
    #[default]
    Dry,
    /// One water level [m]; cells above it are dry.
    Level(f64),
    /// A water level a cell [m]; NaN or below the bed is dry.
    LevelField(Vec<f64>),
    /// A depth a cell, not negative [m]; NaN is dry.
    Depth(Vec<f64>),
}

/// The equations that are solved, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// The shallow-water equations whole, with Godunov's method of first order: HLLC fluxes, surfaces
    /// reconstructed at the faces, implicit friction. Dry fronts, jumps, overtopping, velocities.
    #[default]
    FiniteVolume,
    /// The same to second order in space and time, where the water is deep enough for slopes: MUSCL-Hancock
    /// with minmod. Sharper fronts and less damping, at about twice the cost.
    SecondOrder,
    /// Without the advection of momentum: about three times faster, for previews and ensembles.
    LocalInertial,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::FiniteVolume, Self::SecondOrder, Self::LocalInertial];

    /// The name of scenario files.
    pub fn name(self) -> &'static str {
        match self {
            Self::FiniteVolume => "finite_volume",
            Self::SecondOrder => "finite_volume_2",
            Self::LocalInertial => "local_inertial",
        }
    }

    /// Whether the scheme is one of finite volumes: cells carry their discharges.
    pub fn is_finite_volume(self) -> bool {
        self != Self::LocalInertial
    }

    /// What the scheme cannot represent, for those who read its results.
    pub fn limits(self) -> Message {
        match self {
            Self::FiniteVolume => message!(
                "scheme.finite_volume",
                "first order in space and time: jumps and fronts are spread over a few cells; depth-averaged: no vertical acceleration, no short waves"
            ),
            Self::SecondOrder => message!(
                "scheme.finite_volume_2",
                "second order in smooth water, first order at fronts, jumps and walls; depth-averaged: no vertical acceleration, no short waves"
            ),
            Self::LocalInertial => message!(
                "scheme.local_inertial",
                "the advection of momentum is left out: hydraulic jumps, dam breaks and flow carried over a bump are wrong, and speeds above a Froude number of about 0.7 are not to be trusted"
            ),
        }
    }
}

/// Numbers of the scheme.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Equations and method.
    pub scheme: Scheme,
    /// Courant number, above 0 and at most 0.7. The local-inertial scheme uses it times √(2θ − 1), because
    /// the damping takes as much from the range of stability; the finite-volume
    /// scheme at most 0.45, because a cell that drains on all sides must not be overdrawn.
    pub cfl: f64,
    /// How much of the divergence the local-inertial scheme leaves undamped, 0.6 to 1; 1 is Bates et al. (2010),
    /// below 1 along a row de Almeida et al. (2012), whose θ it is.
    pub theta: f64,
    /// Depth at a face at or below which nothing flows [m], positive.
    pub depth_dry: f64,
    /// Largest Froude number at a face, positive: faster flow is cut.
    pub froude_max: f64,
    /// Longest step [s], positive.
    pub max_dt: f64,
    /// Whether tiles with slow and shallow water take longer steps than the fastest tile, by powers
    /// of two; finite-volume only.
    pub local_steps: bool,
    /// Threads; 0 takes what the machine has. The result does not depend on it.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scheme: Scheme::default(),
            cfl: 0.7,
            theta: 0.9,
            depth_dry: 1e-5,
            froude_max: 3.0,
            max_dt: 10.0,
            local_steps: true,
            threads: 0,
        }
    }
}

impl Options {
    /// Depth at or below which no water leaves a cell [m].
    ///
    /// In the finite-volume scheme a film has no velocity but its pressure still pushes it on: a tile
    /// asleep beside one would lose what flows into it.
    pub(super) fn depth_still(&self) -> f32 {
        match self.scheme {
            Scheme::FiniteVolume | Scheme::SecondOrder => 0.0,
            Scheme::LocalInertial => self.depth_dry as f32,
        }
    }
}

/// Everything a run needs.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The ground.
    pub domain: Domain,
    /// Water at the start.
    pub initial: Initial,
    /// Unit discharge at the start, eastwards and northwards, one value a cell [m² s⁻¹]; `None` is
    /// water at rest. The local-inertial scheme begins each face with the mean of its two cells.
    pub initial_discharge: Option<[Vec<f64>; 2]>,
    /// Share of each cell that has ground, above 0 and at most 1; empty where all are whole. Rain, soil and a
    /// given depth count by it, so that their volumes are those of the ground; the water of a cell spreads over
    /// all of it.
    pub cover: Vec<f64>,
    /// Rain.
    pub rain: Rain,
    /// Loss to the soil.
    pub infiltration: Infiltration,
    /// Conditions on sides and cells.
    pub boundaries: Vec<Boundary>,
    /// Point and area inflows.
    pub inflows: Vec<Inflow>,
    /// Levees and walls.
    pub crests: Vec<Crest>,
    /// Weirs, gates, culverts, pumps, drains, reservoirs.
    pub structures: Vec<Structure>,
    /// Wind, pressure and the Earth's rotation.
    pub weather: Option<Weather>,
    /// Numbers of the scheme.
    pub options: Options,
}

impl Setup {
    /// A dry domain without rain, inflow or opening; change the fields that differ.
    pub fn new(domain: Domain) -> Self {
        Self {
            domain,
            initial: Initial::Dry,
            initial_discharge: None,
            cover: Vec::new(),
            rain: Rain::None,
            infiltration: Infiltration::None,
            boundaries: Vec::new(),
            inflows: Vec::new(),
            crests: Vec::new(),
            structures: Vec::new(),
            weather: None,
            options: Options::default(),
        }
    }

    pub(super) fn validate(&self) -> Result<(), FloodError> {
        let n_cells = self.domain.geometry.n_cells();
        let fits = |what, found: usize| {
            (found == n_cells).then_some(()).ok_or(FloodError::Count {
                what,
                found,
                expected: n_cells,
            })
        };
        fits("elevations", self.domain.elevation.len())?;
        if !self.domain.blocked.is_empty() {
            fits("obstacle flags", self.domain.blocked.len())?;
        }
        self.validate_domain()?;
        match &self.initial {
            Initial::Dry => {}
            Initial::Level(level) => {
                finite_within("initial level [m]", *level, LOWEST_LEVEL, HIGHEST_GROUND)?;
            }
            Initial::LevelField(values) => {
                fits("initial levels", values.len())?;
                self.cells_within("initial level [m]", values, LOWEST_LEVEL, HIGHEST_GROUND)?;
            }
            Initial::Depth(values) => {
                fits("initial depths", values.len())?;
                self.cells_within("initial depth [m]", values, 0.0, DEPTH_LIMIT)?;
            }
        }
        for values in self.initial_discharge.iter().flatten() {
            fits("initial discharges", values.len())?;
            self.cells_within("initial discharge [m2/s]", values, -1e5, 1e5)?;
        }
        match &self.rain {
            Rain::None => {}
            Rain::Uniform(rate) => finite_within("rain rate [m/s]", *rate, 0.0, RAIN_LIMIT)?,
            Rain::Series(series) => {
                series_within("rain rate [m/s]", series, 0.0, RAIN_LIMIT)?;
            }
            Rain::Field(field) => {
                match &field.bends {
                    Bends::Every(step) => {
                        finite_within("rain refresh interval [s]", *step, 1e-3, 1e9)?;
                    }
                    Bends::At(times) => {
                        let what = "time of the rain, after the one before [s]";
                        for pair in times.windows(2) {
                            finite_within(what, pair[1], pair[0].next_up(), f64::MAX)?;
                        }
                    }
                }
                if let Some(factor) = &field.factor {
                    series_within("factor of the rain", factor, 0.0, 1e6)?;
                }
                if let Some(least) = &field.least {
                    series_within("rain rate [m/s]", least, 0.0, RAIN_LIMIT)?;
                }
            }
        }
        self.validate_cover(n_cells)?;
        self.infiltration.validate(self)?;
        if let Some(weather) = &self.weather {
            weather.validate()?;
        }
        self.validate_forcing(n_cells)?;
        let lines = (self.inflows.len() + self.boundaries.len()) as f64;
        finite_within("number of inflows and boundaries", lines, 0.0, 60_000.0)?;
        let o = &self.options;
        finite_within("cfl", o.cfl, 1e-3, 0.7)?;
        finite_within("theta", o.theta, 0.6, 1.0)?;
        finite_within("dry depth [m]", o.depth_dry, 1e-7, 0.1)?;
        finite_within("largest Froude number", o.froude_max, 0.1, 100.0)?;
        finite_within("longest step [s]", o.max_dt, 1e-3, 3600.0)
    }

    fn validate_cover(&self, n_cells: usize) -> Result<(), FloodError> {
        if self.cover.is_empty() {
            return Ok(());
        }
        if self.cover.len() != n_cells {
            return Err(FloodError::Count {
                what: "covers",
                found: self.cover.len(),
                expected: n_cells,
            });
        }
        let elevation = &self.domain.elevation;
        let fits = |i: usize| self.cover[i] > 0.0 && self.cover[i] <= 1.0;
        match (0..n_cells).find(|&i| !elevation[i].is_nan() && !fits(i)) {
            Some(i) => Err(self.bad_cell("share of ground", i, self.cover[i])),
            None => Ok(()),
        }
    }

    fn validate_domain(&self) -> Result<(), FloodError> {
        let Domain {
            elevation, manning, ..
        } = &self.domain;
        self.cells_within("elevation [m]", elevation, DEEPEST_BED, HIGHEST_GROUND)?;
        match manning {
            Manning::Uniform(n) => finite_within("Manning's n", *n, 0.0, 1.0),
            Manning::Field(values) => {
                if values.len() != elevation.len() {
                    return Err(FloodError::Count {
                        what: "roughness values",
                        found: values.len(),
                        expected: elevation.len(),
                    });
                }
                let bad = (0..values.len())
                    .find(|&i| !elevation[i].is_nan() && !(0.0..=1.0).contains(&values[i]));
                match bad {
                    Some(i) => Err(self.bad_cell("Manning's n", i, f64::from(values[i]))),
                    None => Ok(()),
                }
            }
        }
    }

    fn validate_forcing(&self, n_cells: usize) -> Result<(), FloodError> {
        let in_raster = |cell: &CellIdx| match cell.index() < n_cells {
            true => Ok(()),
            false => Err(FloodError::CellOutside {
                cell: cell.index(),
                n_cells,
            }),
        };
        for boundary in &self.boundaries {
            if let BoundaryPlace::Cells(cells) = &boundary.place {
                cells.iter().try_for_each(in_raster)?;
            }
            match &boundary.kind {
                BoundaryKind::Wall | BoundaryKind::Free => {}
                BoundaryKind::Level(series) => {
                    series_within("boundary level [m]", series, LOWEST_LEVEL, HIGHEST_GROUND)?;
                }
                BoundaryKind::Discharge(series) => {
                    series_within("boundary discharge [m3/s]", series, -1e7, 1e7)?;
                }
            }
        }
        for inflow in &self.inflows {
            inflow.cells.iter().try_for_each(|(c, _)| in_raster(c))?;
            for &(_, weight) in &inflow.cells {
                finite_within("inflow weight", weight, 0.0, f64::MAX)?;
            }
            series_within("inflow discharge [m3/s]", &inflow.discharge, -1e7, 1e7)?;
        }
        for crest in &self.crests {
            in_raster(&crest.cell)?;
            finite_within("crest [m]", crest.height, LOWEST_LEVEL, HIGHEST_GROUND)?;
        }
        for structure in &self.structures {
            structure.validate()?;
            for end in [&structure.from, &structure.to] {
                if let End::Cells(cells) = end {
                    cells.iter().try_for_each(|(c, _)| in_raster(c))?;
                }
            }
            if let Law::Pump { switch, .. } | Law::Gate { switch, .. } = &structure.law {
                let watched = switch.iter().filter_map(|switch| switch.watch.as_ref());
                watched.into_iter().try_for_each(in_raster)?;
            }
        }
        Ok(())
    }

    fn cells_within(
        &self,
        what: &'static str,
        values: &[f64],
        low: f64,
        high: f64,
    ) -> Result<(), FloodError> {
        let bad = values
            .iter()
            .position(|v| !v.is_nan() && !(low..=high).contains(v));
        match bad {
            Some(i) => Err(self.bad_cell(what, i, values[i])),
            None => Ok(()),
        }
    }

    pub(super) fn bad_cell(&self, what: &'static str, cell: usize, value: f64) -> FloodError {
        let n_cols = self.domain.geometry.n_cols;
        FloodError::CellValue {
            what,
            value,
            row: cell / n_cols,
            col: cell % n_cols,
        }
    }
}

/// Deeper than any sea floor [m]: 10 935 m in the Mariana Trench.
const DEEPEST_BED: f64 = -12_000.0;

/// Higher than any ground [m]: 8849 m.
const HIGHEST_GROUND: f64 = 9_000.0;

/// Lower than any open water [m]: 440 m below the oceans in the Dead Sea.
const LOWEST_LEVEL: f64 = -500.0;

/// Reach of the count of elevations [m].
pub(super) const ELEVATION_LIMIT: f64 = 2e4;

/// Deeper water than anywhere on Earth [m]: the run has blown up.
pub(super) const DEPTH_LIMIT: f64 = 1.2e4;

/// 3.6 m of rain an hour [m s⁻¹], nine times the heaviest ever observed.
const RAIN_LIMIT: f64 = 1e-3;

pub(super) fn finite_within(
    what: &'static str,
    value: f64,
    low: f64,
    high: f64,
) -> Result<(), FloodError> {
    match (low..=high).contains(&value) {
        true => Ok(()),
        false => Err(FloodError::Range {
            what,
            value,
            low,
            high,
        }),
    }
}

pub(super) fn series_within(
    what: &'static str,
    series: &Series,
    low: f64,
    high: f64,
) -> Result<(), FloodError> {
    if series.value.is_empty() || series.value.len() != series.time_s.len() {
        return Err(FloodError::Count {
            what,
            found: series.value.len(),
            expected: series.time_s.len().max(1),
        });
    }
    series
        .value
        .iter()
        .try_for_each(|&value| finite_within(what, value, low, high))
}
