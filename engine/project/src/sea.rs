//! Level of the sea at a city's boundary: tide, and the surge of a storm over the shelf or along a transect.
//!
//! The shelf is the flood solver on coarse cells ([`Shelf`]) with the storm's wind and pressure and the Earth's
//! rotation, one-way nested: its surge at one place is added to the tide and becomes the level on the city's sea.
//! Without a sea floor the first-order set-up along one transect stands in. [`SeaLevel`] is made once for a city
//! and asked for each storm, also a perturbed one.

use std::path::{Path, PathBuf};

use geo::{BoundingRect, Contains, MultiPolygon, Point};
use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::frame::Geodetic;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::Raster;
use stormgrid_core::series::Series;
use stormgrid_core::time::Instant;
use stormgrid_formats::vector::{Rings, read_polygons};
use stormgrid_sim::flood::Scheme;
use stormgrid_sim::sea::{
    CoastalLevel, Gauge, Shelf, ShelfError, TidePredictor, Transect, coastal_level,
    inverse_barometer,
};
use stormgrid_sim::typhoon::{Surface, TyphoonModel};

use crate::fields;
use crate::messages::{text, told};
use crate::storm::{Bilingual, TABLE_STEP_S};
use crate::{ProjectError, files};

/// Least depth of sea where the chart has land but the shoreline water [m].
pub const ASSUMED_DEPTH: f64 = 5.0;

/// Depths down to this [m] are assumed, or of a chart too coarse to be believed.
pub const BELIEVED_DEPTH: f64 = 5.0;

/// Height of land that the chart has as sea [m].
const ASSUMED_LAND: f64 = 3.0;

/// How far the window of a shelf reaches from the city: west, south, east, north [°].
const REACH_DEG: [f64; 4] = [4.0, 4.0, 4.0, 1.5];

/// Part of the edge of the land's file that is left to the chart [°]: there its polygons are cut.
const CUT_DEG: f64 = 0.05;

/// Time computed before the city's run [s]: a typhoon crosses the shelf in less, and a long wave too.
const SPIN_UP_S: f64 = 24.0 * 3600.0;

/// The floor of a sea: charted depths, and a shoreline where one is given.
pub struct SeaFloor {
    chart: Raster<f64>,
    land: Vec<MultiPolygon<f64>>,
    /// Where the shoreline is known: west, south, east, north [°].
    known: [f64; 4],
    /// What was found in the chart.
    pub findings: Vec<Finding>,
}

impl SeaFloor {
    /// Reads a raster of relief in longitude and latitude, metres up, and polygons of land.
    pub fn read(chart: &Path, land: Option<&Path>) -> Result<Self, ProjectError> {
        let file = files::name(chart);
        let (read, findings) = fields::read_sea_floor(chart)?;
        // An ASCII grid names no CRS; degrees are told by their size.
        let g = read.raster.geometry();
        let like_degrees =
            g.west >= -360.0 && g.east() <= 360.0 && g.south() >= -90.0 && g.north <= 90.0;
        let geographic = like_degrees
            && read.crs.as_deref().is_none_or(|crs| {
                stormgrid_crs::Crs::parse(crs).is_ok_and(|crs| crs.is_geographic())
            });
        if !geographic {
            return Err(ProjectError::input(
                &file,
                message!(
                    "fault.sea.degrees",
                    "a sea floor must be in longitude and latitude"
                ),
                message!("fix.sea.degrees", "give a raster in EPSG:4326"),
            ));
        }
        let mut floor = Self {
            chart: read.raster,
            land: Vec::new(),
            findings,
            known: [
                f64::INFINITY,
                f64::INFINITY,
                f64::NEG_INFINITY,
                f64::NEG_INFINITY,
            ],
        };
        if let Some(path) = land {
            let file = files::name(path);
            let layer = read_polygons(&files::read(path)?, &file, Rings::HandOn)?;
            floor.land = layer.features.into_iter().map(|f| f.geometry).collect();
            for bounds in floor.land.iter().filter_map(BoundingRect::bounding_rect) {
                let k = &mut floor.known;
                k[0] = k[0].min(bounds.min().x + CUT_DEG);
                k[1] = k[1].min(bounds.min().y + CUT_DEG);
                k[2] = k[2].max(bounds.max().x - CUT_DEG);
                k[3] = k[3].max(bounds.max().y - CUT_DEG);
            }
        }
        Ok(floor)
    }

    /// Spacing of the chart [km].
    pub fn chart_km(&self) -> f64 {
        let g = self.chart.geometry();
        let middle = 0.5 * (g.north + g.south());
        111.2 * g.dy.max(g.dx * middle.to_radians().cos())
    }

    /// Elevation of the bed [m above mean sea level] at a longitude and latitude [°]; land beyond the chart.
    ///
    /// Where the shoreline is known it says what is sea, and there the sea is 5 m deep at least.
    pub fn bed(&self, lon: f64, lat: f64) -> f64 {
        let charted = self.chart.interpolate(lon, lat).unwrap_or(10.0);
        let [west, south, east, north] = self.known;
        if !(west..east).contains(&lon) || !(south..north).contains(&lat) {
            return charted;
        }
        let at = Point::new(lon, lat);
        match self.land.iter().any(|polygon| polygon.contains(&at)) {
            true => charted.max(ASSUMED_LAND),
            false => self
                .sea(lon, lat)
                .map_or(-ASSUMED_DEPTH, |z| z.min(-ASSUMED_DEPTH)),
        }
    }

    /// The chart between its points, those on land left out: hills ashore must not lift the sea floor. `None`
    /// if all four points around are land.
    fn sea(&self, lon: f64, lat: f64) -> Option<f64> {
        let g = self.chart.geometry();
        let (right, down) = ((lon - g.west) / g.dx - 0.5, (g.north - lat) / g.dy - 0.5);
        let rows = [
            (down.floor(), 1.0 - down.fract()),
            (down.floor() + 1.0, down.fract()),
        ];
        let cols = [
            (right.floor(), 1.0 - right.fract()),
            (right.floor() + 1.0, right.fract()),
        ];
        let (mut sum, mut weights) = (0.0, 0.0);
        for (row, share_row) in rows {
            for (col, share_col) in cols {
                let inside =
                    (0.0..g.n_rows as f64).contains(&row) && (0.0..g.n_cols as f64).contains(&col);
                if !inside {
                    continue;
                }
                let z = self.chart.get(row as usize, col as usize);
                let weight = share_row * share_col;
                if z < 0.0 && weight > 0.0 {
                    sum += weight * z;
                    weights += weight;
                }
            }
        }
        (weights > 0.0).then(|| sum / weights)
    }

    /// West, south, east and north of the shelf around a place, as far as the chart reaches [°].
    fn window(&self, around: Geodetic) -> [f64; 4] {
        let (lon, lat) = (around.lon_deg(), around.lat_deg());
        let g = self.chart.geometry();
        [
            (lon - REACH_DEG[0]).max(g.west),
            (lat - REACH_DEG[1]).max(g.south()),
            (lon + REACH_DEG[2]).min(g.east()),
            (lat + REACH_DEG[3]).min(g.north),
        ]
    }

    /// What the chart does not tell around a place: it is taken as land.
    fn unknown(&self, around: Geodetic, file: &str) -> Option<Finding> {
        let [west, south, east, north] = self.window(around);
        let g = self.chart.geometry();
        let (mut n, mut all) = (0, 0);
        for cell in 0..g.n_cells() {
            let at = g.center(cell / g.n_cols, cell % g.n_cols);
            if (west..east).contains(&at.x) && (south..north).contains(&at.y) {
                all += 1;
                n += usize::from(self.chart.values()[cell].is_nan());
            }
        }
        let text = message!(
            "note.sea.unknown",
            "{share} % of the sea floor around the place have no data; they are taken as land",
            share = fields::percent(n, all)
        );
        (n > 0).then(|| Finding::new(Kind::Assumed, file, text).times(n))
    }

    /// Coarse cells over the sea around a place, as far as the chart reaches.
    pub fn shelf(&self, around: Geodetic, cell_size: f64) -> Result<Shelf, ProjectError> {
        let window = self.window(around);
        Shelf::new(window, cell_size, |lon, lat| self.bed(lon, lat)).map_err(fault)
    }
}

fn sea_floor() -> Message {
    message!("thing.sea_floor", "the sea floor")
}

/// A fault of a shelf as a person is told.
pub(crate) fn fault(error: ShelfError) -> ProjectError {
    ProjectError::input(
        sea_floor(),
        error.message(),
        message!(
            "fix.sea.chart",
            "choose another cell size, or a chart around the place"
        ),
    )
}

/// A shelf whose surge reaches a city.
#[derive(Clone, Debug)]
pub struct Nest {
    shelf: Shelf,
    at: Geodetic,
    gauge: Gauge,
    scheme: Scheme,
    chart_km: f64,
    findings: Vec<Finding>,
}

impl Nest {
    /// Binds a place at the coast to a shelf.
    ///
    /// - `chart_km`: spacing of the depths that the shelf was made from
    ///
    /// # Errors
    ///
    /// No open sea 2 m deep within 15 km of the place.
    pub fn new(shelf: Shelf, at: Geodetic, chart_km: f64) -> Result<Self, ProjectError> {
        let Some(gauge) = shelf.gauges(&[at]).into_iter().next().flatten() else {
            return Err(ProjectError::input(
                sea_floor(),
                message!(
                    "fault.sea.nowhere",
                    "it has no open sea within 15 km of {lon}° E, {lat}° N",
                    lon = format!("{:.3}", at.lon_deg()),
                    lat = format!("{:.3}", at.lat_deg())
                ),
                message!(
                    "fix.sea.at",
                    "give another place as `at` in [sea], or finer cells"
                ),
            ));
        };
        Ok(Self {
            shelf,
            at,
            gauge,
            scheme: Scheme::FiniteVolume,
            chart_km,
            findings: Vec::new(),
        })
    }

    /// The cell that stands for the place.
    pub fn gauge(&self) -> Gauge {
        self.gauge
    }

    /// Surge at the place under a storm, against s after `start` [m].
    ///
    /// - `still_level`: of the sea above mean sea level while the storm passes [m]; it adds to the depths
    /// - `step`: spacing of the values [s]
    pub fn surge(
        &self,
        storm: &TyphoonModel,
        still_level: f64,
        (start, duration, step): (Instant, f64, f64),
        threads: usize,
    ) -> Result<Series, ProjectError> {
        let shelf = self.shelf.clone().at_level(still_level);
        let gauge = Gauge {
            depth: self.gauge.depth + still_level,
            ..self.gauge
        };
        let begin = start.plus_seconds(-SPIN_UP_S);
        let setup = shelf.setup(storm, begin, SPIN_UP_S + duration, self.scheme, threads);
        let mut found = shelf
            .surge(setup, &[gauge], SPIN_UP_S + duration, step)
            .map_err(fault)?;
        let all = found.pop().unwrap_or_default();
        let steps = (duration / step).ceil() as usize;
        let time_s: Vec<f64> = (0..=steps).map(|k| k as f64 * step).collect();
        let value = time_s.iter().map(|t| all.at(t + SPIN_UP_S)).collect();
        Ok(Series { time_s, value })
    }
}

/// What makes the level of the sea at a city's boundary.
#[derive(Clone, Debug)]
pub struct SeaLevel {
    tide: TidePredictor,
    transect: Transect,
    nest: Option<Nest>,
    findings: Vec<Finding>,
}

impl SeaLevel {
    /// The tide, and the set-up along a transect.
    pub fn of_transect(tide: TidePredictor, transect: Transect) -> Self {
        Self {
            tide,
            transect,
            nest: None,
            findings: Vec::new(),
        }
    }

    /// What was found about the constants of its tide.
    #[must_use]
    pub fn with_findings(self, findings: Vec<Finding>) -> Self {
        Self { findings, ..self }
    }

    /// What was found about the constants of its tide.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The tide, and the surge over a shelf.
    #[must_use]
    pub fn nested(self, nest: Nest) -> Self {
        Self {
            nest: Some(nest),
            ..self
        }
    }

    /// What was found in the sea floor.
    pub fn findings(&self) -> &[Finding] {
        self.nest.as_ref().map_or(&[], |nest| &nest.findings)
    }

    /// The shelf, if the surge comes from one.
    pub fn nest(&self) -> Option<&Nest> {
        self.nest.as_ref()
    }

    /// Level at the city's boundary under a storm, every ten minutes from `start`.
    ///
    /// Over a shelf `set_up` is what the surge has beyond the inverse barometer of the place.
    ///
    /// - `threads`: of the shelf's run; 0 takes what the machine has. The result does not depend on it
    pub fn under(
        &self,
        storm: &TyphoonModel,
        start: Instant,
        duration: f64,
        threads: usize,
    ) -> Result<CoastalLevel, ProjectError> {
        let Some(nest) = &self.nest else {
            let (tide, transect) = (&self.tide, &self.transect);
            return Ok(coastal_level(
                storm,
                tide,
                transect,
                start,
                duration,
                TABLE_STEP_S,
            ));
        };
        let tide = self.tide.series(start, duration, TABLE_STEP_S);
        let still = self.still_level(storm, nest.at, &tide, start);
        let when = (start, duration, TABLE_STEP_S);
        let surge = nest.surge(storm, still, when, threads)?;
        let environment = storm.parameters().environment_pressure;
        let series = |value: Vec<f64>| Series {
            time_s: tide.time_s.clone(),
            value,
        };
        let barometer: Vec<f64> = tide
            .time_s
            .iter()
            .map(|&t| {
                let air = storm.air(nest.at, start.plus_seconds(t), Surface::Water);
                inverse_barometer(environment, air.pressure)
            })
            .collect();
        let surge = tide.time_s.iter().map(|&t| surge.at(t));
        let set_up = surge
            .zip(&barometer)
            .map(|(surge, b)| surge - b)
            .collect::<Vec<f64>>();
        let level = (0..set_up.len())
            .map(|k| tide.value[k] + set_up[k] + barometer[k])
            .collect();
        Ok(CoastalLevel {
            level: series(level),
            set_up: series(set_up),
            inverse_barometer: series(barometer),
            tide,
        })
    }

    /// Mean tide over six hours around the storm's passage, above mean sea level [m].
    fn still_level(
        &self,
        storm: &TyphoonModel,
        at: Geodetic,
        tide: &Series,
        start: Instant,
    ) -> f64 {
        let distance = |t: f64| {
            let state = storm.state(start.plus_seconds(t));
            state.map_or(f64::INFINITY, |s| TyphoonModel::distance(&s, at))
        };
        let passage = tide
            .time_s
            .iter()
            .copied()
            .min_by(|&a, &b| distance(a).total_cmp(&distance(b)))
            .unwrap_or(0.0);
        let around = (-6..=6).map(|k| start.plus_seconds(passage + f64::from(k) * 1800.0));
        around.map(|time| self.tide.level(time)).sum::<f64>() / 13.0 - self.tide.mean_level()
    }

    /// How the surge is found and what is not believed of it, for a person to read.
    pub fn limits(&self) -> Bilingual {
        let Some(nest) = &self.nest else {
            return text("note.sea.transect", &[]);
        };
        let cell = nest.shelf.geometry().dx / 1000.0;
        let away = nest.gauge.distance / 1000.0;
        let (depth, chart) = (nest.gauge.depth, nest.chart_km);
        let doubt = match depth <= BELIEVED_DEPTH {
            true => Message::key("note.sea.assumed"),
            false => Message::key("note.sea.estuary"),
        };
        told(
            &Message::key("note.sea.shelf")
                .with("cell", format!("{cell:.0}"))
                .with("chart", format!("{chart:.0}"))
                .with("away", format!("{away:.0}"))
                .with("depth", format!("{depth:.0}"))
                .with("doubt", doubt),
        )
    }
}

/// Where the files of `[sea]` lie, and what is made of them.
#[derive(Clone, Debug)]
pub struct SeaChoice {
    /// Relief in longitude and latitude, metres up.
    pub bathymetry: PathBuf,
    /// Polygons of land.
    pub land: Option<PathBuf>,
    /// Cell size [m].
    pub cell_size_m: f64,
}

impl SeaChoice {
    /// Reads the floor and binds it to a place at the coast.
    pub fn nest(&self, at: Geodetic) -> Result<Nest, ProjectError> {
        let floor = SeaFloor::read(&self.bathymetry, self.land.as_deref())?;
        let shelf = floor.shelf(at, self.cell_size_m)?;
        let mut nest = Nest::new(shelf, at, floor.chart_km())?;
        let unknown = floor.unknown(at, &files::name(&self.bathymetry));
        nest.findings = floor.findings.into_iter().chain(unknown).collect();
        Ok(nest)
    }
}
