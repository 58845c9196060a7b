//! Storm surge over a shelf by the flood solver: wind, pressure and the Earth's rotation on a coarse sea.

use std::ops::ControlFlow;
use std::sync::Arc;

use stormgrid_core::frame::Geodetic;
use stormgrid_core::ids::CellIdx;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::series::Series;
use stormgrid_core::time::Instant;

use super::surge::inverse_barometer;
use crate::flood::{
    Boundary, BoundaryKind, BoundaryPlace, Domain, Flood, FloodError, Initial, Manning, Scheme,
    Setup, Side, Weather,
};
use crate::typhoon::{Surface, TyphoonModel, coriolis};

/// Mean radius of the Earth [m].
const EARTH_RADIUS: f64 = 6_371_008.8;

/// Manning's n of the sea floor [s m^(−1/3)]: sand and mud of a shelf.
const SEA_FLOOR: f64 = 0.022;

/// Longest step of the solver [s].
const LONGEST_STEP: f64 = 60.0;

/// Greatest distance of the points at which the typhoon is asked [m]: half of a small radius of maximum wind.
const WEATHER_SPACING: f64 = 15_000.0;

/// Deepest sea that is computed [m]. Over deeper water wind raises next to nothing and the level follows the air
/// pressure whatever the depth, while steps would have to be three times shorter; a long wave still runs at
/// 70 m/s, eight times as fast as a typhoon.
const DEEPEST: f64 = 500.0;

/// A part of the sea as a plane of square cells.
///
/// x = R cos φ₀ (λ − λ_w), y = R (φ − φ_s): true along the middle latitude φ₀; off by cos φ / cos φ₀ elsewhere,
/// 3 % over three degrees.
#[derive(Clone, Debug)]
pub struct Shelf {
    geometry: RasterGeometry,
    west_deg: f64,
    south_deg: f64,
    middle_deg: f64,
    bed: Vec<f64>,
    tide: f64,
}

/// Why a shelf cannot be made or asked.
#[derive(Debug)]
pub enum ShelfError {
    /// The window is empty, or too large.
    Window([f64; 4]),
    /// The solver's own.
    Flood(FloodError),
}

impl ShelfError {
    /// The sentence, for both languages.
    pub fn message(&self) -> Message {
        match self {
            Self::Window([west, south, east, north]) => message!(
                "fault.sea.window",
                "the window {west} to {east} E, {south} to {north} N has no sensible size",
                west = *west,
                east = *east,
                south = *south,
                north = *north
            ),
            Self::Flood(error) => error.message(),
        }
    }
}

impl std::fmt::Display for ShelfError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.message().fmt(f)
    }
}

impl std::error::Error for ShelfError {}

impl From<FloodError> for ShelfError {
    fn from(error: FloodError) -> Self {
        Self::Flood(error)
    }
}

/// A gauge of a shelf, as it was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gauge {
    /// The cell.
    pub cell: CellIdx,
    /// Distance of the cell's middle from the place asked for [m].
    pub distance: f64,
    /// Depth there below the level at the start [m].
    pub depth: f64,
}

/// How far from its place a gauge may be moved to water [m].
const GAUGE_REACH: f64 = 15_000.0;

/// Least depth of a gauge's cell [m]: shallower water tells of its own cell, not of the coast.
const GAUGE_DEPTH: f64 = 2.0;

impl Shelf {
    /// Lays cells over a window.
    ///
    /// - `window`: west, south, east, north [°]
    /// - `cell_size`: [m]
    /// - `bed`: elevation at longitude and latitude [°], above mean sea level [m]; deeper than 500 m counts as that
    pub fn new(
        window: [f64; 4],
        cell_size: f64,
        bed: impl Fn(f64, f64) -> f64,
    ) -> Result<Self, ShelfError> {
        let [west, south, east, north] = window;
        let middle_deg = 0.5 * (south + north);
        let width = EARTH_RADIUS * middle_deg.to_radians().cos() * (east - west).to_radians();
        let height = EARTH_RADIUS * (north - south).to_radians();
        let cols = (width / cell_size).round();
        let rows = (height / cell_size).round();
        let sound = |n: f64| (2.0..=5000.0).contains(&n);
        if !sound(rows) || !sound(cols) || !(-70.0..=70.0).contains(&middle_deg) {
            return Err(ShelfError::Window(window));
        }
        let geometry = RasterGeometry::new(
            rows as usize,
            cols as usize,
            0.0,
            rows * cell_size,
            cell_size,
            cell_size,
        )
        .map_err(|_| ShelfError::Window(window))?;
        let mut shelf = Self {
            geometry,
            west_deg: west,
            south_deg: south,
            middle_deg,
            bed: Vec::new(),
            tide: 0.0,
        };
        shelf.bed = (0..geometry.n_cells())
            .map(|k| {
                let at = geometry.center(k / geometry.n_cols, k % geometry.n_cols);
                let (lon, lat) = shelf.degrees(at.x, at.y);
                bed(lon, lat).max(-DEEPEST)
            })
            .collect();
        Ok(shelf)
    }

    /// The same sea at another level [m above mean sea level]: depth for the surge at high or low water.
    #[must_use]
    pub fn at_level(mut self, level: f64) -> Self {
        self.tide = level;
        self
    }

    /// The cells.
    pub fn geometry(&self) -> &RasterGeometry {
        &self.geometry
    }

    /// Elevation of the bed a cell, from the north-west, row by row [m above mean sea level].
    pub fn bed(&self) -> &[f64] {
        &self.bed
    }

    fn scale(&self) -> [f64; 2] {
        let across = EARTH_RADIUS * self.middle_deg.to_radians().cos();
        [across.to_radians(), EARTH_RADIUS.to_radians()]
    }

    /// Longitude and latitude of a place in the plane [°].
    pub fn degrees(&self, x: f64, y: f64) -> (f64, f64) {
        let [per_lon, per_lat] = self.scale();
        (self.west_deg + x / per_lon, self.south_deg + y / per_lat)
    }

    /// Place in the plane [m].
    pub fn place(&self, at: Geodetic) -> [f64; 2] {
        let [per_lon, per_lat] = self.scale();
        [
            (at.lon_deg() - self.west_deg) * per_lon,
            (at.lat_deg() - self.south_deg) * per_lat,
        ]
    }

    /// Cells of the largest water that hangs together: lakes that the cells cut off feel no surge.
    fn open_sea(&self) -> Vec<bool> {
        let (rows, cols) = (self.geometry.n_rows, self.geometry.n_cols);
        let wet = |k: usize| self.bed[k] < self.tide;
        let mut water = vec![0_u32; rows * cols];
        let (mut most, mut sea, mut number) = (0, 0, 0);
        for first in 0..rows * cols {
            if water[first] != 0 || !wet(first) {
                continue;
            }
            number += 1;
            water[first] = number;
            let mut queue = vec![first];
            let mut count = 0;
            while let Some(k) = queue.pop() {
                count += 1;
                let (row, col) = (k / cols, k % cols);
                let around = [
                    (row > 0).then(|| k - cols),
                    (row + 1 < rows).then(|| k + cols),
                    (col > 0).then(|| k - 1),
                    (col + 1 < cols).then(|| k + 1),
                ];
                for next in around.into_iter().flatten() {
                    if water[next] == 0 && wet(next) {
                        water[next] = number;
                        queue.push(next);
                    }
                }
            }
            if count > most {
                (most, sea) = (count, number);
            }
        }
        water.into_iter().map(|of| of != 0 && of == sea).collect()
    }

    /// The cell of the open sea nearest to each place; `None` where there is none within 15 km.
    pub fn gauges(&self, at: &[Geodetic]) -> Vec<Option<Gauge>> {
        let g = &self.geometry;
        let sea = self.open_sea();
        let find = |&at: &Geodetic| {
            let [x, y] = self.place(at);
            let reach = (GAUGE_REACH / g.dx).ceil() as isize;
            let (row, col) = (
                ((g.north - y) / g.dy).floor(),
                ((x - g.west) / g.dx).floor(),
            );
            let mut best: Option<Gauge> = None;
            for down in -reach..=reach {
                for right in -reach..=reach {
                    let (r, c) = (row as isize + down, col as isize + right);
                    let inside =
                        (0..g.n_rows as isize).contains(&r) && (0..g.n_cols as isize).contains(&c);
                    if !inside {
                        continue;
                    }
                    let center = g.center(r as usize, c as usize);
                    let distance = (center.x - x).hypot(center.y - y);
                    let cell = g.index(r as usize, c as usize);
                    let depth = self.tide - self.bed[cell.index()];
                    let closer = best.is_none_or(|b| distance < b.distance);
                    if sea[cell.index()]
                        && depth >= GAUGE_DEPTH
                        && distance <= GAUGE_REACH
                        && closer
                    {
                        best = Some(Gauge {
                            cell,
                            distance,
                            depth,
                        });
                    }
                }
            }
            best
        };
        at.iter().map(find).collect()
    }

    /// The run of a storm over this sea: level at rest at the start, and the inverse barometer on the open sides.
    pub fn setup(
        &self,
        storm: &TyphoonModel,
        start: Instant,
        duration: f64,
        scheme: Scheme,
        threads: usize,
    ) -> Setup {
        let mut setup = Setup::new(Domain {
            geometry: self.geometry,
            elevation: self.bed.clone(),
            manning: Manning::Uniform(SEA_FLOOR),
            blocked: Vec::new(),
        });
        setup.initial = Initial::Level(self.tide);
        for side in [Side::North, Side::South, Side::West, Side::East] {
            if self.is_open(side) {
                setup.boundaries.push(Boundary {
                    place: BoundaryPlace::Side(side),
                    kind: BoundaryKind::Level(self.level_on(side, storm, start, duration)),
                });
            }
        }
        let (shelf, model) = (self.frame(), storm.clone());
        setup.weather = Some(Weather {
            air: Some(Arc::new(move |time, x, y| {
                let (lon, lat) = shelf.degrees(x, y);
                let at = Geodetic::from_degrees(lon, lat).unwrap_or(Geodetic {
                    lat: 0.0,
                    lon: 0.0,
                    height: 0.0,
                });
                model.air(at, start.plus_seconds(time), Surface::Water)
            })),
            spacing: WEATHER_SPACING,
            refresh_s: 600.0,
            coriolis: coriolis(self.middle_deg.to_radians()).copysign(self.middle_deg),
            ..Weather::default()
        });
        setup.options.scheme = scheme;
        setup.options.threads = threads;
        setup.options.max_dt = LONGEST_STEP;
        setup
    }

    /// The frame without the bed.
    fn frame(&self) -> Self {
        Self {
            bed: Vec::new(),
            ..self.clone()
        }
    }

    /// Cells of a side, from west to east or north to south.
    fn along(&self, side: Side) -> Vec<usize> {
        let g = &self.geometry;
        let (rows, cols) = (g.n_rows, g.n_cols);
        match side {
            Side::North => (0..cols).collect(),
            Side::South => (0..cols).map(|c| (rows - 1) * cols + c).collect(),
            Side::West => (0..rows).map(|r| r * cols).collect(),
            Side::East => (0..rows).map(|r| r * cols + cols - 1).collect(),
        }
    }

    /// A side with sea on a tenth of its length at least.
    fn is_open(&self, side: Side) -> bool {
        let cells = self.along(side);
        let wet = cells
            .iter()
            .filter(|&&k| self.bed[k] < self.tide - 5.0)
            .count();
        10 * wet >= cells.len()
    }

    /// Level on a side: the mean of the inverse barometer over its sea.
    fn level_on(&self, side: Side, storm: &TyphoonModel, start: Instant, duration: f64) -> Series {
        const STEP: f64 = 1800.0;
        let g = &self.geometry;
        let places: Vec<Geodetic> = self
            .along(side)
            .into_iter()
            .filter(|&k| self.bed[k] < self.tide - 5.0)
            .step_by(8)
            .filter_map(|k| {
                let at = g.center(k / g.n_cols, k % g.n_cols);
                let (lon, lat) = self.degrees(at.x, at.y);
                Geodetic::from_degrees(lon, lat).ok()
            })
            .collect();
        let environment = storm.parameters().environment_pressure;
        let steps = (duration / STEP).ceil() as usize;
        let time_s: Vec<f64> = (0..=steps).map(|k| k as f64 * STEP).collect();
        let value = time_s
            .iter()
            .map(|&t| {
                let air = storm.air_at_points(&places, start.plus_seconds(t), Surface::Water);
                let rise: f64 = air
                    .iter()
                    .map(|air| inverse_barometer(environment, air.pressure))
                    .sum();
                self.tide + rise / places.len().max(1) as f64
            })
            .collect();
        Series { time_s, value }
    }

    /// Surge at gauges: level less that at the start [m against s after the start].
    ///
    /// - `step`: spacing of the values [s]
    pub fn surge(
        &self,
        setup: Setup,
        gauges: &[Gauge],
        duration: f64,
        step: f64,
    ) -> Result<Vec<Series>, ShelfError> {
        let mut flood = Flood::new(setup)?;
        let mut out = vec![Series::default(); gauges.len()];
        let steps = (duration / step).ceil() as usize;
        for k in 0..=steps {
            let time = (k as f64 * step).min(duration);
            flood.advance_to(time, &mut |_| ControlFlow::Continue(()))?;
            for (gauge, series) in gauges.iter().zip(&mut out) {
                let depth = f64::from(flood.depth_at(gauge.cell));
                series.time_s.push(time);
                series.value.push(depth - gauge.depth);
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use stormgrid_core::storm::{Averaging, Fix, Track};

    use super::*;
    use crate::typhoon::Parameters;

    /// A sea 40 m deep south of 22° N with a lake ashore, land elsewhere; 10 km cells.
    fn shelf() -> Shelf {
        Shelf::new([112.0, 20.0, 116.0, 23.0], 10_000.0, |lon, lat| {
            let lake = (lon - 114.0).abs() < 0.2 && (lat - 22.5).abs() < 0.2;
            match (lat < 22.0, lake) {
                (true, _) => -40.0 - 1000.0 * f64::from(lat < 20.3),
                (_, true) => -9.0,
                _ => 12.0,
            }
        })
        .expect("a shelf")
    }

    fn at(lon: f64, lat: f64) -> Geodetic {
        Geodetic::from_degrees(lon, lat).expect("valid")
    }

    /// A storm that stands at 113.5° E, 19.5° N for two days.
    fn storm() -> (TyphoonModel, Instant) {
        let start = Instant::parse("2020-08-01T00:00:00Z").expect("valid");
        let fix = |hours: f64| Fix {
            time: start.plus_seconds(hours * 3600.0),
            lat_deg: 19.5,
            lon_deg: 113.5,
            vmax: Some(35.0),
            pmin: Some(96_000.0),
            rmw: Some(40_000.0),
            radii: Vec::new(),
            environment: None,
            status: String::new(),
        };
        let track = Track {
            name: "STILL".to_owned(),
            intl_id: String::new(),
            sid: String::new(),
            agency: String::new(),
            averaging: Averaging::TenMinute,
            fixes: vec![fix(0.0), fix(48.0)],
        };
        (
            TyphoonModel::new(&track, Parameters::default()).expect("a model"),
            start,
        )
    }

    #[test]
    fn places_and_degrees_are_inverse_and_depths_end_at_500_m() {
        let shelf = shelf();
        let [x, y] = shelf.place(at(114.25, 21.5));
        let (lon, lat) = shelf.degrees(x, y);
        assert!((lon - 114.25).abs() < 1e-9 && (lat - 21.5).abs() < 1e-9);
        let deepest = shelf.bed().iter().copied().fold(0.0, f64::min);
        assert_eq!(deepest, -500.0);
    }

    #[test]
    fn a_gauge_moves_to_the_open_sea_and_not_into_a_lake() {
        let shelf = shelf().at_level(0.5);
        let found = shelf.gauges(&[at(114.0, 22.05), at(114.0, 22.5), at(114.0, 21.0)]);
        let coast = found[0].expect("the coast is near");
        assert_eq!(coast.depth, 40.5);
        assert!(coast.distance > 1000.0 && coast.distance < 15_000.0);
        assert_eq!(found[1], None, "the lake feels no surge");
        assert!(found[2].is_some_and(|gauge| gauge.distance < 7100.0));
    }

    #[test]
    fn without_a_storm_the_sea_stays_at_rest() {
        let shelf = shelf().at_level(0.4);
        let (storm, start) = storm();
        let gauges: Vec<Gauge> = shelf
            .gauges(&[at(114.0, 21.9)])
            .into_iter()
            .flatten()
            .collect();
        let before = start.plus_seconds(-1e6);
        for scheme in [Scheme::LocalInertial, Scheme::FiniteVolume] {
            let setup = shelf.setup(&storm, before, 7200.0, scheme, 1);
            let found = shelf.surge(setup, &gauges, 7200.0, 600.0).expect("a run");
            let most = found[0].value.iter().map(|v| v.abs()).fold(0.0, f64::max);
            // The level lies between two numbers of the tiles' f32 depths.
            assert!(most < 1e-4, "{most}");
        }
    }

    /// On the open side the level stands by the inverse barometer: (101 000 − p) / (ρ g), some decimetres here.
    #[test]
    fn a_standing_storm_lifts_the_open_side_by_the_pressure() {
        let shelf = shelf();
        let (storm, start) = storm();
        let level = shelf.level_on(Side::South, &storm, start, 3600.0);
        let low = shelf.place(at(113.5, 20.0));
        assert!(low[1].abs() < 1.0);
        let nearest = storm.air(at(113.5, 20.0), start, Surface::Water).pressure;
        let most = inverse_barometer(101_000.0, nearest);
        assert!(
            level.value.iter().all(|&v| v > 0.05 && v < most),
            "{level:?} {most}"
        );
    }

    #[test]
    fn absurd_windows_are_refused() {
        for window in [
            [112.0, 20.0, 112.0, 23.0],
            [112.0, 23.0, 116.0, 20.0],
            [0.0, 60.0, 360.0, 90.0],
            [f64::NAN, 20.0, 116.0, 23.0],
        ] {
            assert!(
                Shelf::new(window, 10_000.0, |_, _| -10.0).is_err(),
                "{window:?}"
            );
        }
        assert!(Shelf::new([112.0, 20.0, 116.0, 23.0], 1.0, |_, _| -10.0).is_err());
    }
}
