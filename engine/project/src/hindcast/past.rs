//! One storm over the shelf, and what was observed of it.

use std::path::Path;

use stormgrid_core::frame::Geodetic;
use stormgrid_core::series::Series;
use stormgrid_core::storm::Averaging;
use stormgrid_core::time::Instant;
use stormgrid_formats::observations::Observation;
use stormgrid_sim::flood::Scheme;
use stormgrid_sim::sea::{Gauge, Shelf, TidePredictor};
use stormgrid_sim::typhoon::{TyphoonModel, ten_minute_factor};

use super::stations::{MASTS, Mast, STATIONS, Station, gust_factor, place};
use crate::ProjectError;
use crate::sea::{BELIEVED_DEPTH, fault};
use crate::storm::{self, Storm};

/// Spacing of the values at gauges [s].
const STEP_S: f64 = 300.0;

/// Time computed before and after the storm passes the estuary [s].
const BEFORE_S: f64 = 30.0 * 3600.0;
const AFTER_S: f64 = 18.0 * 3600.0;

/// The estuary, for the time of passage: longitude and latitude [°].
const ESTUARY: [f64; 2] = [113.7, 22.2];

/// How a storm is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    pub scheme: Scheme,
    pub threads: usize,
    /// Stress of the wind as a multiple of the usual law's [-].
    pub stress: f64,
}

/// A storm that was computed.
pub(super) struct Past {
    pub storm: Storm,
    start: Instant,
    duration: f64,
    /// Stations that the cells hold.
    stations: Vec<&'static Station>,
    gauges: Vec<Gauge>,
    surge: Vec<Series>,
    tides: Vec<TidePredictor>,
}

/// What was computed beside an observation.
pub(super) struct Computed {
    pub value: f64,
    /// Observed, from low to high, in the same unit.
    pub observed: [f64; 2],
    pub unit: &'static str,
    pub note: String,
}

/// What was computed at a station.
pub(super) struct AtStation {
    pub station: &'static Station,
    pub gauge: Gauge,
    /// Greatest surge and level [m above mean sea level], and when.
    pub surge: (f64, Instant),
    pub level: (f64, Instant),
}

impl Past {
    /// - `constituents`: file of harmonic constants
    /// - `sea`: the shelf; without it winds and pressures alone are known
    pub fn run(
        constituents: &Path,
        sea: Option<&Shelf>,
        storm: Storm,
        numbers: Numbers,
    ) -> Result<Self, ProjectError> {
        let places: Vec<Geodetic> = STATIONS.iter().filter_map(|s| place(s.at)).collect();
        let (start, duration) = period(&storm.model).ok_or_else(|| {
            ProjectError::input("the track", "it has no fix", "give another storm")
        })?;
        let Some(sea) = sea else {
            return Ok(Self {
                storm,
                start,
                duration,
                stations: Vec::new(),
                gauges: Vec::new(),
                surge: Vec::new(),
                tides: Vec::new(),
            });
        };
        // The sea as deep as the tide makes it when the storm passes.
        let tide = storm::tide_of(constituents, STATIONS[0].tide, 0.0)?.predictor;
        let passage = duration - AFTER_S;
        let around = (-6..=6).map(|k| passage + f64::from(k) * 1800.0);
        let mean = around
            .map(|t| tide.level(start.plus_seconds(t)))
            .sum::<f64>()
            / 13.0;
        let sea = &sea.clone().at_level(mean);
        let found = STATIONS.iter().zip(sea.gauges(&places));
        let (stations, gauges): (Vec<_>, Vec<_>) = found
            .filter_map(|(station, gauge)| Some((station, gauge?)))
            .unzip();
        let mut setup = sea.setup(
            &storm.model,
            start,
            duration,
            numbers.scheme,
            numbers.threads,
        );
        if let Some(weather) = &mut setup.weather {
            // The stress goes with the density of the air.
            weather.air_density *= numbers.stress;
        }
        let surge = sea.surge(setup, &gauges, duration, STEP_S).map_err(fault)?;
        let tides = stations
            .iter()
            .map(|s| Ok(storm::tide_of(constituents, s.tide, 0.0)?.predictor))
            .collect::<Result<_, ProjectError>>()?;
        Ok(Self {
            storm,
            start,
            duration,
            stations,
            gauges,
            surge,
            tides,
        })
    }

    /// Level above mean sea level at a station [m].
    fn level(&self, station: usize, time_s: f64) -> f64 {
        let tide = self.tides[station].level(self.start.plus_seconds(time_s));
        tide + self.surge[station].at(time_s)
    }

    /// The greatest of a function of time, and when [s].
    fn peak(&self, value: impl Fn(f64) -> f64) -> (f64, f64) {
        let steps = (self.duration / STEP_S) as usize;
        let times = (0..=steps).map(|k| k as f64 * STEP_S);
        times
            .map(|t| (value(t), t))
            .fold((f64::NEG_INFINITY, 0.0), |best, at| {
                if at.0 > best.0 { at } else { best }
            })
    }

    /// All stations.
    pub fn stations(&self) -> impl Iterator<Item = AtStation> {
        let when = |(value, t): (f64, f64)| (value, self.start.plus_seconds(t));
        self.stations
            .iter()
            .enumerate()
            .map(move |(k, &station)| AtStation {
                station,
                gauge: self.gauges[k],
                surge: when(self.peak(|t| self.surge[k].at(t))),
                level: when(self.peak(|t| self.level(k, t))),
            })
    }

    /// What was computed beside an observation, or why it is not compared.
    pub fn beside(&self, observation: &Observation) -> Result<Computed, &'static str> {
        let mast = MASTS.iter().find(|m| m.name == observation.station);
        match observation.quantity.as_str() {
            "wind_mean_max" | "wind_sustained_max" | "gust_max" | "pressure_min" => self.at_mast(
                observation,
                mast.ok_or("no place known, or too high above the sea")?,
            ),
            "landfall" | "central_pressure_min" => self.of_storm(observation),
            quantity if quantity.starts_with("rain") => {
                Err("rain is no sea level; see the rain's own checks")
            }
            "flood_depth" | "flood_depth_max" => {
                Err("a depth over streets, which the shelf does not hold")
            }
            "people_evacuated" => Err("no quantity of the sea or the wind"),
            _ => self.at_station(observation),
        }
    }

    fn at_station(&self, observation: &Observation) -> Result<Computed, &'static str> {
        let named = |s: &&Station| s.name == observation.station;
        if !STATIONS.iter().any(|s| named(&s)) {
            return Err("no single place");
        }
        let at = self.stations.iter().position(named);
        let k = at.ok_or("the cells hold no water within 15 km of it")?;
        let station = self.stations[k];
        let mut level = false;
        let value = match observation.quantity.as_str() {
            "water_level_max" => {
                level = true;
                self.peak(|t| self.level(k, t)).0 + station.mean_level
            }
            "water_level" | "tide_station_level" => {
                level = true;
                let time = observation.time.ok_or("no time is given")?;
                self.level(k, time.seconds_since(self.start)) + station.mean_level
            }
            "surge_max" => self.peak(|t| self.surge[k].at(t)).0,
            // A surge without more is that at the highest level.
            "surge" => self.surge[k].at(self.peak(|t| self.level(k, t)).1),
            "water_level_max_time" => {
                let time = observation.time.ok_or("no time is given")?;
                let (_, top) = self.peak(|t| self.level(k, t));
                let hours = (top - time.seconds_since(self.start)) / 3600.0;
                return Ok(self.told(k, [0.0; 2], hours, "h", false));
            }
            _ => return Err("no level or surge at a time"),
        };
        let observed = observation.value.ok_or("no value is given")?;
        let mut told = self.told(k, observed, value, "m", level && station.datum_assumed);
        if observation.quantity == "water_level" {
            let (top, at) = self.peak(|t| self.level(k, t));
            let time = self.start.plus_seconds(at).to_rfc3339();
            let and = if told.note.is_empty() { "" } else { "; " };
            told.note += &format!(
                "{and}computed greatest {:.2} m at {time}",
                top + station.mean_level
            );
        }
        Ok(told)
    }

    fn told(
        &self,
        k: usize,
        observed: [f64; 2],
        value: f64,
        unit: &'static str,
        datum_assumed: bool,
    ) -> Computed {
        let (station, gauge) = (self.stations[k], self.gauges[k]);
        let mut notes: Vec<String> = Vec::new();
        if !station.note.is_empty() {
            notes.push(station.note.to_owned());
        }
        if datum_assumed {
            notes.push("its datum is assumed, uncertain by 0.2 m or more".to_owned());
        }
        if gauge.depth <= BELIEVED_DEPTH {
            notes.push(format!(
                "depth of its cell assumed ({:.0} m): the chart is too coarse to be believed here",
                gauge.depth
            ));
        }
        Computed {
            value,
            observed,
            unit,
            note: notes.join("; "),
        }
    }

    fn at_mast(&self, observation: &Observation, mast: &Mast) -> Result<Computed, &'static str> {
        let observed = observation.value.ok_or("no value is given")?;
        let at = place(mast.at).ok_or("no place known")?;
        let air = |t: f64| {
            self.storm
                .model
                .air(at, self.start.plus_seconds(t), mast.surface)
        };
        let (value, observed, unit, note) = match observation.quantity.as_str() {
            "pressure_min" => (
                -self.peak(|t| -air(t).pressure).0 / 100.0,
                observed,
                "hPa",
                "",
            ),
            "gust_max" => (
                self.peak(|t| air(t).speed()).0 * gust_factor(mast.surface),
                observed,
                "m/s",
                "10-minute mean times a gust factor (1.38 off the sea, 1.66 over land)",
            ),
            _ => {
                let factor = if observation.unit == "km/h" {
                    1.0 / 3.6
                } else {
                    1.0
                };
                (
                    self.peak(|t| air(t).speed()).0,
                    observed.map(|v| v * factor),
                    "m/s",
                    "10-minute mean at 10 m; the observed mean's period and height are not told",
                )
            }
        };
        Ok(Computed {
            value,
            observed,
            unit,
            note: note.to_owned(),
        })
    }

    /// What the track itself says beside another agency's figures.
    fn of_storm(&self, observation: &Observation) -> Result<Computed, &'static str> {
        let observed = observation.value.ok_or("no value is given")?;
        let (value, unit, note) = match observation.quantity.as_str() {
            "landfall" => {
                let time = observation.time.ok_or("no time is given")?;
                let state = self
                    .storm
                    .model
                    .state(time)
                    .ok_or("outside the track's time")?;
                let two_minutes = state.vmax / ten_minute_factor(Averaging::TwoMinute);
                (
                    two_minutes,
                    "m/s",
                    "the track's own greatest wind then, as a 2-minute mean",
                )
            }
            _ => {
                let least = self.peak(|t| {
                    let state = self.storm.model.state(self.start.plus_seconds(t));
                    state.map_or(f64::NEG_INFINITY, |s| -s.central_pressure)
                });
                (-least.0 / 100.0, "hPa", "the track's own")
            }
        };
        Ok(Computed {
            value,
            observed,
            unit,
            note: note.to_owned(),
        })
    }
}

/// Start and length [s] of the run: around the passage by the estuary, within the track.
fn period(model: &TyphoonModel) -> Option<(Instant, f64)> {
    let (first, last) = model.time_range()?;
    let estuary = place(ESTUARY)?;
    let hours = (last.seconds_since(first) / 3600.0) as usize;
    let distance = |k: usize| {
        let state = model.state(first.plus_seconds(k as f64 * 3600.0));
        state.map_or(f64::INFINITY, |s| TyphoonModel::distance(&s, estuary))
    };
    let nearest = (0..=hours).min_by(|&a, &b| distance(a).total_cmp(&distance(b)))?;
    let passage = nearest as f64 * 3600.0;
    let begin = (passage - BEFORE_S).max(0.0);
    let end = (passage + AFTER_S).min(last.seconds_since(first));
    (end > begin).then(|| (first.plus_seconds(begin), end - begin))
}
