//! Rehearsal (预演): a forecast with something changed, and two runs compared.
//!
//! A changed run is an ordinary run: the changes are applied to the forcing, the ground and the people
//! before it begins, they are set down in its summary, and the same changes give the same digest.
//! A file of changes is a JSON list:
//!
//! ```json
//! [{"kind": "gate", "at": [113.10, 22.50], "state": "closed"},
//!  {"kind": "pump", "at": [113.08, 22.57], "rate_m3_s": 2.5},
//!  {"kind": "levee", "line": [[113.07, 22.53], [113.09, 22.53]], "raise_m": 1.0},
//!  {"kind": "evacuate", "codes": ["440704001001001"]},
//!  {"kind": "shift_track", "east_km": -30, "north_km": 0, "hours": 2},
//!  {"kind": "sea_level", "add_m": 0.3}, {"kind": "rain", "factor": 1.5}]
//! ```

mod apply;
mod compare;
mod fixtures;
#[cfg(test)]
mod tests;

pub(crate) use apply::{Standing, moved_storm, on_forcing, on_setup, without_evacuated};

pub(crate) use fixtures::standing_counts;

pub use compare::{Compared, Comparison, compare, compare_folders, comparison_csv};

use geo::BoundingRect;
use serde::{Deserialize, Serialize};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_formats::parse;

use crate::ProjectError;
use crate::error::{at, line, outside};
use crate::forecast_file::ForecastFile;
use crate::storm::track_of;
use crate::twin::LoadedTwin;

/// What messages call an advisory that comes in a request.
pub(crate) const ADVISORY: &str = "the advisory";

/// A change as it is shown to those who have to write one.
const EXAMPLE: &str = r#"{"kind": "rain", "factor": 1.5}"#;

/// Most changes of one run.
const MOST_CHANGES: usize = 200;
/// Most points of a levee, and most codes of an evacuation.
const MOST_ITEMS: usize = 5_000;

/// What makes a run differ from the twin's own forecast.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// Title that people gave it.
    pub title: Option<String>,
    /// An advisory, JSON as [`stormgrid_formats::track::read`] takes it, instead of the twin's track.
    pub advisory: Option<String>,
    /// The run that it was copied from.
    pub copy_of: Option<String>,
    /// What was changed.
    pub changes: Vec<Change>,
}

/// Whether a gate lets water through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    /// The leaf is down.
    Closed,
    /// The leaf is up.
    Open,
}

/// One change. Places are longitude and latitude [°].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Sets a gate of the twin.
    Gate {
        /// Where it is, within 100 m.
        at: [f64; 2],
        /// How it stands during the run.
        state: GateState,
    },
    /// Adds a pump.
    Pump {
        /// Where it draws: the lowest ground within 30 m.
        at: [f64; 2],
        /// Where it delivers; out of the model without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<[f64; 2]>,
        /// What it lifts [m³ s⁻¹].
        rate_m3_s: f64,
    },
    /// Raises a levee or a wall of sandbags along a line.
    Levee {
        /// The line.
        line: Vec<[f64; 2]>,
        /// Height of its crest above the datum [m].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        crest_m: Option<f64>,
        /// Height of its crest above the ground or dike along the line [m], instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        raise_m: Option<f64>,
    },
    /// Takes the people out of units, grids or villages before the run.
    Evacuate {
        /// Their codes.
        codes: Vec<String>,
    },
    /// Moves the storm's track.
    ShiftTrack {
        /// To the east [km].
        #[serde(default)]
        east_km: f64,
        /// To the north [km].
        #[serde(default)]
        north_km: f64,
        /// Later [h].
        #[serde(default)]
        hours: f64,
    },
    /// Raises the sea.
    SeaLevel {
        /// By so much [m].
        add_m: f64,
    },
    /// Multiplies the rain.
    Rain {
        /// By this [-].
        factor: f64,
    },
}

impl Change {
    /// The word of files for its kind.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Gate { .. } => "gate",
            Self::Pump { .. } => "pump",
            Self::Levee { .. } => "levee",
            Self::Evacuate { .. } => "evacuate",
            Self::ShiftTrack { .. } => "shift_track",
            Self::SeaLevel { .. } => "sea_level",
            Self::Rain { .. } => "rain",
        }
    }

    /// What messages call it, by its number among the changes from 1.
    pub(crate) fn place(&self, number: usize) -> Message {
        let kind = match self {
            Self::Gate { .. } => message!("change.word.gate", "gate"),
            Self::Pump { .. } => message!("change.word.pump", "pump"),
            Self::Levee { .. } => message!("change.word.levee", "levee"),
            Self::Evacuate { .. } => message!("change.word.evacuate", "evacuate"),
            Self::ShiftTrack { .. } => message!("change.word.shift_track", "shift_track"),
            Self::SeaLevel { .. } => message!("change.word.sea_level", "sea_level"),
            Self::Rain { .. } => message!("change.word.rain", "rain"),
        };
        message!(
            "place.change",
            "change {n} ({kind})",
            n = number,
            kind = kind
        )
    }

    /// Checks numbers, places and codes; the sentence begins with the number of the change.
    fn check(&self, number: usize, twin: &LoadedTwin) -> Result<(), ProjectError> {
        let what = self.place(number);
        let wrong =
            |problem: Message, remedy: Message| Err(ProjectError::input(&what, problem, remedy));
        let within =
            |name: &str, value: f64, low: f64, high: f64| match (low..=high).contains(&value) {
                true => Ok(()),
                false => wrong(
                    outside(name, value, low, high),
                    message!("fix.check_unit", "check the unit and the value"),
                ),
            };
        let inside = |at: [f64; 2]| local(twin, at, &what).map(drop);
        match self {
            Self::Gate { at, .. } => {
                inside(*at)?;
                fixtures::gate_near(twin, local(twin, *at, &what)?, *at, &what).map(drop)
            }
            Self::Pump { at, to, rate_m3_s } => {
                inside(*at)?;
                to.map_or(Ok(()), inside)?;
                within("rate_m3_s", *rate_m3_s, 0.01, 200.0)
            }
            Self::Levee {
                line,
                crest_m,
                raise_m,
            } => {
                if !(2..=MOST_ITEMS).contains(&line.len()) {
                    return wrong(
                        message!(
                            "fault.change.points",
                            "its line has {n} points",
                            n = line.len()
                        ),
                        message!("fix.change.points", "give 2 to 5000 of them"),
                    );
                }
                line.iter().try_for_each(|&at| inside(at))?;
                match (crest_m, raise_m) {
                    (Some(crest), None) => within("crest_m", *crest, -50.0, 200.0),
                    (None, Some(raise)) => within("raise_m", *raise, 0.01, 20.0),
                    _ => wrong(
                        message!("fault.change.height", "it needs one height"),
                        message!(
                            "fix.change.height",
                            "give either crest_m above the datum or raise_m above the ground"
                        ),
                    ),
                }
            }
            Self::Evacuate { codes } => {
                if codes.is_empty() || codes.len() > MOST_ITEMS {
                    return wrong(
                        message!("fault.change.codes", "it names {n} codes", n = codes.len()),
                        message!("fix.change.codes", "name 1 to 5000 units or grids"),
                    );
                }
                match codes.iter().find(|c| twin.twin.grid_by_code(c).is_none()) {
                    Some(code) => wrong(
                        message!(
                            "fault.change.code",
                            "the twin has no unit or grid {code}",
                            code = short(code)
                        ),
                        message!("fix.change.code", "give the code as its layer has it"),
                    ),
                    None => Ok(()),
                }
            }
            Self::ShiftTrack {
                east_km,
                north_km,
                hours,
            } => {
                within("east_km", *east_km, -1000.0, 1000.0)?;
                within("north_km", *north_km, -1000.0, 1000.0)?;
                within("hours", *hours, -120.0, 120.0)
            }
            Self::SeaLevel { add_m } => within("add_m", *add_m, -5.0, 10.0),
            Self::Rain { factor } => within("factor", *factor, 0.0, 10.0),
        }
    }
}

impl Rehearsal {
    /// Reads a file of changes.
    ///
    /// - `file`: what messages call it
    pub fn of_changes(bytes: &[u8], file: &str) -> Result<Self, ProjectError> {
        let changes: Vec<Change> = serde_json::from_slice(bytes).map_err(|e| {
            ProjectError::input(
                at(file, line(e.line())),
                parse::json_problem(&e),
                message!(
                    "fix.change.list",
                    "give a list of changes, for example [{example}]",
                    example = EXAMPLE
                ),
            )
        })?;
        Ok(Self {
            changes,
            ..Self::default()
        })
    }

    /// Whether it differs from the twin's own forecast.
    pub fn changes_nothing(&self) -> bool {
        self.advisory.is_none() && self.changes.is_empty()
    }

    /// Lets a run begin at its advisory, and returns the storm's name: at the start that `forecast.toml`
    /// names if the advisory covers it, else at its first position.
    pub(crate) fn begin(&self, file: &mut ForecastFile) -> Result<Option<String>, ProjectError> {
        let Some(advisory) = &self.advisory else {
            return Ok(None);
        };
        let (track, _) = track_of(advisory.as_bytes(), ADVISORY, None, None)?;
        if let (Some(first), Some(last)) = (track.fixes.first(), track.fixes.last())
            && !(first.time..=last.time).contains(&file.storm.start)
        {
            file.storm.start = first.time;
        }
        Ok(Some(track.name))
    }

    /// Refuses what cannot be applied to a twin, in one sentence.
    pub fn check(&self, twin: &LoadedTwin) -> Result<(), ProjectError> {
        if self.changes.len() > MOST_CHANGES {
            return Err(ProjectError::input(
                message!("thing.changes", "the changes"),
                message!("fault.change.many", "there are {n}", n = self.changes.len()),
                message!(
                    "fix.change.many",
                    "give {most} at most",
                    most = MOST_CHANGES
                ),
            ));
        }
        for (k, change) in self.changes.iter().enumerate() {
            change.check(k + 1, twin)?;
        }
        Ok(())
    }
}

/// A text that is shown to people, without what would make a message long.
fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A place in the site frame [m]; refuses what lies outside the ground.
fn local(twin: &LoadedTwin, at: [f64; 2], what: &Message) -> Result<[f64; 2], ProjectError> {
    let outside = || {
        ProjectError::input(
            what,
            message!(
                "fault.change.outside",
                "[{lon}, {lat}] lies outside the twin's ground",
                lon = at[0],
                lat = at[1]
            ),
            message!(
                "fix.change.outside",
                "give longitude and latitude, in this order"
            ),
        )
    };
    let degrees = at[0].abs() <= 180.0 && at[1].abs() <= 90.0;
    if !degrees {
        return Err(outside());
    }
    let [x, y] = twin
        .frame
        .from_crs("EPSG:4490", &what.to_string())?
        .point(at[0], at[1])
        .map_err(|_| outside())?;
    let bounds = twin.ground.elevation.geometry().bounds();
    let holds = (bounds.min().x..=bounds.max().x).contains(&x)
        && (bounds.min().y..=bounds.max().y).contains(&y);
    match holds {
        true => Ok([x, y]),
        false => Err(outside()),
    }
}

/// Whether a place lies in any of some areas.
fn holds(areas: &[(geo::Rect<f64>, &geo::MultiPolygon<f64>)], x: f64, y: f64) -> bool {
    areas.iter().any(|(bounds, area)| {
        (bounds.min().x..=bounds.max().x).contains(&x)
            && (bounds.min().y..=bounds.max().y).contains(&y)
            && stormgrid_core::index::polygon_holds(area, x, y)
    })
}

/// Outlines with their boxes.
fn boxed<'a>(
    areas: impl Iterator<Item = &'a geo::MultiPolygon<f64>>,
) -> Vec<(geo::Rect<f64>, &'a geo::MultiPolygon<f64>)> {
    areas
        .filter_map(|area| Some((area.bounding_rect()?, area)))
        .collect()
}
