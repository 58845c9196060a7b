//! Past storms against what was observed: sea levels, surges, winds and their times.
//!
//! One run of the flood solver a storm over the shelf ([`Shelf`]), 4 km cells, wind and pressure of the typhoon
//! model; the tide of the nearest harmonic station is added. Nothing is fitted to the observations. Where a row
//! misses by much, the same storm is run again with one thing changed at a time, and the row tells which change
//! takes how much of the miss away.

mod changes;
mod past;
mod stations;

use std::path::Path;

use serde::Serialize;
use stormgrid_core::storm::Track;
use stormgrid_core::time::Instant;
use stormgrid_formats::observations::{self, Observation};
use stormgrid_sim::flood::Scheme;
use stormgrid_sim::sea::Shelf;
use stormgrid_sim::typhoon::Profile;

use self::changes::{Change, JMA_TRACKS, Tracks};
use self::past::{Computed, Numbers, Past};
use crate::sea::{SeaFloor, fault};
use crate::storm;
use crate::storm_names::storm_name;
use crate::{ProjectError, files};

/// The sea that is computed: west, south, east, north [°].
const WINDOW: [f64; 4] = [109.0, 17.0, 121.5, 23.6];

/// Cells of the runs that tell what a miss hangs on [m].
const COARSE: f64 = 6000.0;

/// One comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Storm.
    pub storm: String,
    /// Station.
    pub station: String,
    /// What is compared.
    pub quantity: String,
    /// Unit of the values.
    pub unit: String,
    /// Observed, from low to high.
    pub observed: [f64; 2],
    /// Computed.
    pub computed: f64,
    /// Computed less observed, 0 within a range.
    pub error: f64,
    /// Quality of the observation: A to C.
    pub quality: String,
    /// What a reader must know.
    pub note: String,
    /// For a row that misses by much, what the miss hangs on, by runs with one thing changed.
    pub why: String,
}

/// What was computed for a storm at a station.
#[derive(Clone, Debug, Serialize)]
pub struct StationResult {
    /// Storm.
    pub storm: String,
    /// Station.
    pub station: String,
    /// Greatest surge, tide left out [m].
    pub surge_max_m: f64,
    /// When, UTC.
    pub surge_time: String,
    /// Greatest level above mean sea level [m].
    pub level_max_m: f64,
    /// When, UTC.
    pub level_time: String,
    /// Distance of the cell that stands for the gauge [km].
    pub cell_km: f64,
    /// Depth of that cell [m].
    pub cell_depth_m: f64,
}

/// A condition that the whole table must meet.
#[derive(Clone, Debug, Serialize)]
pub struct Gate {
    /// What is asked.
    pub name: String,
    /// Whether it is so.
    pub kept: bool,
    /// The numbers.
    pub numbers: String,
}

/// The whole comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Hindcast {
    /// Observations with what was computed.
    pub rows: Vec<Row>,
    /// All storms and stations, observed or not.
    pub stations: Vec<StationResult>,
    /// Observations that are not compared, and why.
    pub left_out: Vec<String>,
    /// Conditions on the whole; those whose storms were not computed are missing.
    pub gates: Vec<Gate>,
    /// Cells of the sea.
    pub cells: usize,
    /// Their size [m].
    pub cell_size_m: f64,
    /// Scheme of the solver.
    pub scheme: &'static str,
    /// Model of the wind.
    pub model: &'static str,
}

/// What to compute.
#[derive(Clone, Debug)]
pub struct Options {
    /// These storms alone; all if empty.
    pub storms: Vec<String>,
    /// Cell size [m].
    pub cell_size_m: f64,
    /// Model of the wind.
    pub model: Profile,
    /// Scheme of the solver.
    pub scheme: Scheme,
    /// Threads; 0 takes what the machine has. The result does not depend on it.
    pub threads: usize,
    /// Whether rows that miss by much are explained by more runs.
    pub explain: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            storms: Vec::new(),
            cell_size_m: 4000.0,
            model: Profile::Holland10,
            scheme: Scheme::FiniteVolume,
            threads: 0,
            explain: true,
        }
    }
}

/// Computes the storms of a data folder that have a track and an observation.
///
/// The folder holds `typhoon/tracks_jma_10min.csv`, `typhoon/tracks_jtwc_1min.csv`,
/// `typhoon/tracks_jtwc_radii.csv`, `obs/water_levels.csv`, `obs/wind_rain.csv`, `obs/tide_constituents.csv`,
/// `terrain/pearl_river_region/etopo5_south_china_sea.tif` and
/// `terrain/pearl_river_region/osm_land_2017.geojson`.
pub fn hindcast(
    data: &Path,
    options: &Options,
    mut tell: impl FnMut(&str),
) -> Result<Hindcast, ProjectError> {
    let folder = data.join("terrain/pearl_river_region");
    let chart = folder.join("etopo5_south_china_sea.tif");
    let floor = SeaFloor::read(&chart, Some(&folder.join("osm_land_2017.geojson")))?;
    let read = |name: &str| -> Result<Vec<Observation>, ProjectError> {
        let path = data.join("obs").join(name);
        Ok(observations::read(
            &files::read(&path)?,
            &files::name(&path),
        )?)
    };
    let mut observed = read("water_levels.csv")?;
    observed.extend(read("wind_rain.csv")?);
    let held = storm::tracks_in(&data.join(JMA_TRACKS))?;
    let mut names: Vec<String> = Vec::new();
    for observation in &observed {
        let name = &observation.storm;
        let asked =
            options.storms.is_empty() || options.storms.iter().any(|s| is_asked(s, name, &held));
        if asked && !names.contains(name) {
            names.push(name.clone());
        }
    }
    if names.is_empty() {
        return Err(ProjectError::input(
            "water_levels.csv",
            format!("it holds nothing of a storm {}", options.storms.join(", ")),
            "name one of its storms",
        ));
    }
    let constituents = data.join("obs/tide_constituents.csv");
    let sea = shelf(&floor, options.cell_size_m, |z| z)?;
    let mut result = Hindcast {
        rows: Vec::new(),
        stations: Vec::new(),
        left_out: Vec::new(),
        gates: Vec::new(),
        cells: sea.geometry().n_cells(),
        cell_size_m: options.cell_size_m,
        scheme: options.scheme.name(),
        model: storm::name_of(options.model),
    };
    let numbers = Numbers {
        scheme: options.scheme,
        threads: options.threads,
        stress: 1.0,
    };
    for name in names {
        let of_storm: Vec<&Observation> = observed.iter().filter(|o| o.storm == name).collect();
        let dated = dated(&name, &of_storm);
        let tracks = Tracks {
            data,
            name: &dated,
            model: options.model,
        };
        let Some(storm) = tracks.storm_if_held()? else {
            tide_alone(&constituents, &of_storm, &mut result)?;
            continue;
        };
        tell(&name);
        let past = Past::run(&constituents, Some(&sea), storm, numbers)?;
        result.see(&past, &of_storm);
        let missed = |row: &&Row| row.storm == name && row.misses();
        if options.explain && result.rows.iter().any(|row| missed(&row)) {
            tell(&format!("{name}, what its misses hang on"));
            // Winds and pressures need no sea.
            let wet = |row: &Row| missed(&row) && row.is_of_the_sea();
            let floor = result.rows.iter().any(wet).then_some(&floor);
            let changed = changes::run(&tracks, floor, &constituents, options)?;
            for row in result
                .rows
                .iter_mut()
                .filter(|r| r.storm == name && r.misses())
            {
                let observation = of_storm
                    .iter()
                    .find(|o| o.station == row.station && o.quantity == row.quantity);
                if let Some(observation) = observation {
                    row.why = changes::why(row, observation, &changed);
                }
            }
        }
    }
    result.gates = gates(&result);
    Ok(result)
}

fn shelf(
    floor: &SeaFloor,
    cell_size: f64,
    change: impl Fn(f64) -> f64,
) -> Result<Shelf, ProjectError> {
    Shelf::new(WINDOW, cell_size, |lon, lat| change(floor.bed(lon, lat))).map_err(fault)
}

impl Hindcast {
    fn see(&mut self, past: &Past, observed: &[&Observation]) {
        let name = &past.storm.track.name;
        for at in past.stations() {
            self.stations.push(StationResult {
                storm: name.clone(),
                station: at.station.name.to_owned(),
                surge_max_m: at.surge.0,
                surge_time: at.surge.1.to_rfc3339(),
                level_max_m: at.level.0,
                level_time: at.level.1.to_rfc3339(),
                cell_km: at.gauge.distance / 1000.0,
                cell_depth_m: at.gauge.depth,
            });
        }
        for observation in observed {
            match past.beside(observation) {
                Ok(computed) => self.rows.push(Row::new(observation, computed)),
                Err(why) => self.left_out.push(format!(
                    "{name}, {}, {}: {why}",
                    observation.station,
                    observation.quantity.replace('_', " ")
                )),
            }
        }
    }
}

impl Row {
    fn new(observation: &Observation, computed: Computed) -> Self {
        Self {
            storm: observation.storm.clone(),
            station: observation.station.clone(),
            quantity: observation.quantity.clone(),
            unit: computed.unit.to_owned(),
            observed: computed.observed,
            computed: computed.value,
            error: off(computed.observed, computed.value),
            quality: observation.quality.clone(),
            note: computed.note,
            why: String::new(),
        }
    }

    fn is_of_the_sea(&self) -> bool {
        matches!(self.unit.as_str(), "m" | "h")
    }

    /// Off by so much that a reader wants to know why: 0.3 m, an hour, 15 % of a wind, 5 hPa.
    pub fn misses(&self) -> bool {
        let most = match self.unit.as_str() {
            "h" => 1.0,
            "hPa" => 5.0,
            "m/s" => 0.15 * self.observed[1],
            _ => 0.3,
        };
        self.error.abs() > most
    }
}

fn off([low, high]: [f64; 2], computed: f64) -> f64 {
    if computed < low {
        computed - low
    } else {
        (computed - high).max(0.0)
    }
}

/// Whether a storm that observations name is the one asked for: by name, or as one of the tracks.
fn is_asked(wanted: &str, name: &str, held: &[Track]) -> bool {
    let same = |text: &str| text.eq_ignore_ascii_case(name);
    same(wanted)
        || storm_name(name).zh == wanted
        || held
            .iter()
            .any(|track| same(&track.name) && storm::is_meant(wanted, track))
}

/// A storm with the year of its observations: names come again.
fn dated(name: &str, observed: &[&Observation]) -> String {
    let time = observed.iter().find_map(|o| o.time.or(o.day));
    match time.map(Instant::to_rfc3339) {
        Some(time) => format!("{name} {}", time.get(..4).unwrap_or_default()),
        None => name.to_owned(),
    }
}

/// Levels of a storm that no track is known of: the tide of the day.
fn tide_alone(
    constituents: &Path,
    observed: &[&Observation],
    into: &mut Hindcast,
) -> Result<(), ProjectError> {
    for observation in observed {
        let station = stations::STATIONS
            .iter()
            .find(|s| s.name == observation.station);
        let level = station.zip(observation.day).zip(observation.value);
        let Some(((station, day), value)) =
            level.filter(|_| observation.quantity == "water_level_max")
        else {
            into.left_out.push(format!(
                "{}, {}, {}: no track of this storm is at hand",
                observation.storm,
                observation.station,
                observation.quantity.replace('_', " ")
            ));
            continue;
        };
        let tide = storm::tide_of(constituents, station.tide, station.mean_level)?.predictor;
        let computed = Computed {
            value: tide.series(day, 86_400.0, 600.0).max(),
            observed: value,
            unit: "m",
            note: "the tide alone: no track of this storm is at hand".to_owned(),
        };
        into.rows.push(Row::new(observation, computed));
    }
    Ok(())
}

/// Stations of Hong Kong.
const HONG_KONG: [&str; 3] = ["Quarry Bay", "Tai Po Kau", "Shek Pik"];

/// Greatest error of a time of peak [h].
const PEAK_TIME_H: f64 = 1.5;

fn gates(found: &Hindcast) -> Vec<Gate> {
    let mut gates = Vec::new();
    let surge = |storm: &str, station: &str| {
        let at = found
            .stations
            .iter()
            .find(|s| s.storm == storm && s.station == station);
        at.map(|s| s.surge_max_m)
    };
    for station in HONG_KONG {
        if let (Some(mangkhut), Some(hato)) = (surge("MANGKHUT", station), surge("HATO", station)) {
            gates.push(Gate {
                name: format!("Mangkhut's surge is above Hato's at {station}"),
                kept: mangkhut > hato,
                numbers: format!("{mangkhut:.2} m and {hato:.2} m"),
            });
        }
    }
    let mut at_shek_pik: Vec<&Row> = found
        .rows
        .iter()
        .filter(|row| row.station == "Shek Pik" && row.quantity == "surge")
        .collect();
    at_shek_pik.sort_by(|a, b| b.observed[0].total_cmp(&a.observed[0]));
    if at_shek_pik.len() > 1 {
        let numbers: Vec<String> = at_shek_pik
            .iter()
            .map(|r| format!("{} {:.2} m ({:.2} m)", r.storm, r.computed, r.observed[0]))
            .collect();
        gates.push(Gate {
            name: "surges at Shek Pik are in their observed order".to_owned(),
            kept: at_shek_pik
                .windows(2)
                .all(|pair| pair[0].computed > pair[1].computed),
            numbers: numbers.join(", "),
        });
    }
    let surges: Vec<&Row> = found
        .rows
        .iter()
        .filter(|r| r.quantity.starts_with("surge"))
        .collect();
    if !surges.is_empty() {
        gates.push(Gate {
            name: "every surge has its observed sign".to_owned(),
            kept: surges.iter().all(|r| r.computed * r.observed[0] > 0.0),
            numbers: format!("{} rows", surges.len()),
        });
    }
    for row in found
        .rows
        .iter()
        .filter(|row| row.quantity == "water_level_max_time")
    {
        gates.push(Gate {
            name: format!(
                "{} at {}: the peak comes within 1.5 h",
                row.storm, row.station
            ),
            kept: row.computed.abs() <= PEAK_TIME_H,
            numbers: format!("{:+.2} h", row.computed),
        });
    }
    gates
}
