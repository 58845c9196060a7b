//! What a miss hangs on: the same storm with one thing changed at a time.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use stormgrid_formats::observations::Observation;
use stormgrid_sim::flood::Scheme;
use stormgrid_sim::typhoon::{Parameters, Profile, TyphoonModel};

use super::past::{Numbers, Past};
use super::{COARSE, Options, Row, shelf};
use crate::ProjectError;
use crate::sea::SeaFloor;
use crate::storm::{self, Choice, Storm};

/// One thing that is changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Change {
    None,
    Agency,
    Larger,
    Smaller,
    Stronger,
    Weaker,
    Holland80,
    Stress,
    Deeper,
    Shallower,
    Finer,
}

/// A third, the uncertainty of a radius of maximum wind.
const THIRD: f64 = 4.0 / 3.0;

/// Cells of the one run that is finer [m].
const FINE: f64 = 3000.0;

/// Least share of a miss that a change must take away to be named.
const NAMED: f64 = 0.2;

impl Change {
    const ALL: [Self; 10] = [
        Self::Agency,
        Self::Larger,
        Self::Smaller,
        Self::Stronger,
        Self::Weaker,
        Self::Holland80,
        Self::Stress,
        Self::Deeper,
        Self::Shallower,
        Self::Finer,
    ];

    fn told(self) -> &'static str {
        match self {
            Self::None => "nothing changed",
            Self::Agency => "JTWC's track",
            Self::Larger => "a storm a third larger",
            Self::Smaller => "a storm a quarter smaller",
            Self::Stronger => "winds and pressure deficit 15 % greater",
            Self::Weaker => "winds and pressure deficit 15 % smaller",
            Self::Holland80 => "Holland's profile of 1980",
            Self::Stress => "a fifth more stress",
            Self::Deeper => "depths a third greater",
            Self::Shallower => "depths a quarter smaller",
            Self::Finer => "cells of 3 km",
        }
    }

    /// Elevation of the bed under this change [m].
    fn bed(self, z: f64) -> f64 {
        match self {
            Self::Deeper if z < 0.0 => z * THIRD,
            Self::Shallower if z < 0.0 => z / THIRD,
            _ => z,
        }
    }
}

/// JMA's tracks in the data folder.
pub(super) const JMA_TRACKS: &str = "typhoon/tracks_jma_10min.csv";

/// Where the tracks of a storm lie.
pub(super) struct Tracks<'a> {
    pub data: &'a Path,
    /// The storm, with its year where that is known.
    pub name: &'a str,
    pub model: Profile,
}

impl Tracks<'_> {
    /// The storm as it was; `None` if no track of it is at hand.
    pub fn storm_if_held(&self) -> Result<Option<Storm>, ProjectError> {
        let held = storm::tracks_in(&self.data.join(JMA_TRACKS))?;
        let is_held = held.iter().any(|track| storm::is_meant(self.name, track));
        match is_held {
            true => self.storm(Change::None).map(Some),
            false => Ok(None),
        }
    }

    /// The storm by JMA, with JTWC's radii where they are known, and what is changed of it.
    pub fn storm(&self, change: Change) -> Result<Storm, ProjectError> {
        let tracks = self.data.join(match change {
            Change::Agency => "typhoon/tracks_jtwc_1min.csv",
            _ => JMA_TRACKS,
        });
        let radii = self.data.join("typhoon/tracks_jtwc_radii.csv");
        let choice = Choice {
            name: Some(self.name),
            // JTWC's radius of maximum wind is operational guesswork; its radii of gales are analysed.
            from_weaker_winds: true,
            parameters: Parameters {
                profile: match change {
                    Change::Holland80 => Profile::Holland80,
                    _ => self.model,
                },
                ..Parameters::default()
            },
            ..Choice::of(&tracks)
        };
        let with_radii = Choice {
            radii: Some(&radii),
            ..choice
        };
        let bare = storm::read_storm(&choice)?;
        let storm = match radii.is_file() && storm::holds_storm(&radii, &bare.track)? {
            true => storm::read_storm(&with_radii)?,
            false => bare,
        };
        Ok(match change {
            Change::Larger => scaled(storm, THIRD, 1.0),
            Change::Smaller => scaled(storm, 1.0 / THIRD, 1.0),
            Change::Stronger => scaled(storm, 1.0, 1.15),
            Change::Weaker => scaled(storm, 1.0, 0.85),
            _ => storm,
        })
    }
}

/// The storm with its radii, and its winds and pressure deficits, times factors.
fn scaled(storm: Storm, size: f64, strength: f64) -> Storm {
    let mut track = storm.track.clone();
    let parameters = *storm.model.parameters();
    for fix in &mut track.fixes {
        fix.rmw = storm.model.state(fix.time).map(|state| state.rmw * size);
        for radius in fix
            .radii
            .iter_mut()
            .flat_map(|r| &mut r.quadrants)
            .flatten()
        {
            *radius *= size;
        }
        fix.vmax = fix.vmax.map(|v| v * strength);
        let environment = parameters.environment_pressure;
        fix.pmin = fix.pmin.map(|p| environment - (environment - p) * strength);
    }
    match TyphoonModel::new(&track, parameters) {
        Ok(model) => Storm {
            track,
            model,
            ..storm
        },
        Err(_) => storm,
    }
}

/// The storm as it is, and with each change, on coarse cells; side by side on as many threads as are allowed.
///
/// - `floor`: without it winds and pressures alone are known
pub(super) fn run(
    tracks: &Tracks<'_>,
    floor: Option<&SeaFloor>,
    constituents: &Path,
    options: &Options,
) -> Result<Vec<(Change, Past)>, ProjectError> {
    // The longest first.
    let jobs: Vec<Change> = Change::ALL
        .into_iter()
        .rev()
        .chain([Change::None])
        .collect();
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let beside = if options.threads == 0 {
        cores()
    } else {
        options.threads
    };
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..beside.clamp(1, jobs.len()) {
            scope.spawn(|| {
                while let Some(&change) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let past = with(change, tracks, floor, constituents).transpose();
                    if let (Some(past), Ok(mut done)) = (past, done.lock()) {
                        done.push(past.map(|past| (change, past)));
                    }
                }
            });
        }
    });
    done.into_inner().unwrap_or_default().into_iter().collect()
}

/// One run; none where the other agency has no track of the storm.
fn with(
    change: Change,
    tracks: &Tracks<'_>,
    floor: Option<&SeaFloor>,
    constituents: &Path,
) -> Result<Option<Past>, ProjectError> {
    let cell_size = if change == Change::Finer {
        FINE
    } else {
        COARSE
    };
    let sea = floor
        .map(|floor| shelf(floor, cell_size, |z| change.bed(z)))
        .transpose()?;
    let numbers = Numbers {
        scheme: Scheme::FiniteVolume,
        threads: 1,
        stress: if change == Change::Stress { 1.2 } else { 1.0 },
    };
    let Ok(storm) = tracks.storm(change) else {
        return Ok(None);
    };
    Past::run(constituents, sea.as_ref(), storm, numbers).map(Some)
}

/// Which changes take a fifth of a row's miss away or more, and how much.
pub(super) fn why(row: &Row, observation: &Observation, runs: &[(Change, Past)]) -> String {
    let value = |change: Change| {
        let run = runs.iter().find(|(of, _)| *of == change);
        run.and_then(|(_, past)| past.beside(observation).ok())
            .map(|c| c.value)
    };
    let Some(base) = value(Change::None) else {
        return String::new();
    };
    let moved_by = |change: Change| {
        // Finer cells stand beside the row itself, all else beside the coarse run.
        let from = if change == Change::Finer {
            row.computed
        } else {
            base
        };
        Some((change.told(), value(change)? - from))
    };
    let mut moved: Vec<(&str, f64)> = Change::ALL.into_iter().filter_map(moved_by).collect();
    let tried = moved.len();
    // Towards the observation.
    moved.retain(|(_, by)| by * row.error < 0.0 && by.abs() >= NAMED * row.error.abs());
    moved.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    if moved.is_empty() {
        return format!("none of {tried} changes moves it that way by a fifth of the miss");
    }
    let told: Vec<String> = moved
        .iter()
        .map(|(name, by)| format!("{name} {by:+.2} {}", row.unit))
        .collect();
    told.join(", ")
}
