//! A finished forecast as its run folder keeps it: written with the run, read again by a server that starts anew.
//!
//! `result.json` holds what no other file of the folder holds whole, and the SHA-256 of every file beside it. It is
//! written last, so that a folder without it is not that of a finished forecast.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_formats::parse::json_problem;

use crate::evacuation::BASIS_FILE;
use crate::files::{self, RunFolder, SUMMARY_FILE};
use crate::forecast::{Forecast, Times};
use crate::hazards::Hazards;
use crate::impact::Impacts;
use crate::results::Summary;
use crate::{ProjectError, results};

/// Name of the file.
pub const RESULT_FILE: &str = "result.json";

/// Its form; another number is another form. Form 1 had ground that is not modelled as dry.
const VERSION: u32 = 2;

/// Zones over time.
pub(crate) const SERIES_FILE: &str = "series.json";

/// Depths at the walls of buildings over time.
const COURSES_FILE: &str = "courses.json";

/// The storm.
pub(crate) const STORM_FILE: &str = "storm.json";

#[derive(Serialize)]
struct Writing<'a> {
    version: u32,
    files: BTreeMap<String, String>,
    impacts: &'a Impacts,
    hazards: &'a Hazards,
    times: &'a Times,
}

#[derive(Deserialize)]
struct Reading {
    version: u32,
    files: BTreeMap<String, String>,
    impacts: Impacts,
    hazards: Hazards,
    times: Times,
}

/// Adds the file to a folder in which everything else stands.
pub(crate) fn write(folder: &RunFolder, forecast: &Forecast) -> Result<(), ProjectError> {
    let written = Writing {
        version: VERSION,
        files: folder.digests()?,
        impacts: &forecast.impacts,
        hazards: &forecast.hazards,
        times: &forecast.times,
    };
    let bytes = serde_json::to_vec(&written).map_err(|e| ProjectError::Write {
        path: RESULT_FILE.to_owned(),
        reason: Message::english(e),
    })?;
    folder.write(RESULT_FILE, &bytes)
}

/// A finished forecast and its frames of water.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The forecast.
    pub forecast: Forecast,
    /// `SGW1` messages, in their order.
    pub frames: Vec<Vec<u8>>,
}

/// What can be told of a folder without reading all of it.
#[derive(Clone, Debug)]
pub struct Glance {
    /// Numbers of the run.
    pub summary: Summary,
    /// How many frames of water there are.
    pub frames: usize,
}

fn broken(path: &Path, problem: Message) -> ProjectError {
    let remedy = message!(
        "fix.kept.run",
        "compute the run again; the folder is left as it is"
    );
    ProjectError::input(&files::name(path), problem, remedy)
}

fn parsed<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, ProjectError> {
    serde_json::from_slice(bytes).map_err(|e| broken(path, json_problem(&e)))
}

/// Looks whether a folder is that of a finished forecast.
///
/// # Errors
///
/// A file that is missing, empty or not of its form.
pub fn glance(folder: &Path) -> Result<Glance, ProjectError> {
    let path = folder.join(SUMMARY_FILE);
    let summary: Summary = parsed(&path, &files::read(&path)?)?;
    let size = |name: &str| std::fs::metadata(folder.join(name)).map_or(0, |meta| meta.len());
    for name in [RESULT_FILE, SERIES_FILE, STORM_FILE, BASIS_FILE] {
        if size(name) == 0 {
            let problem = message!("fault.kept.missing", "it is missing or empty");
            return Err(broken(&folder.join(name), problem));
        }
    }
    let frames = (0..).take_while(|n| size(&frame_name(*n)) > 0).count();
    Ok(Glance { summary, frames })
}

/// Name of a frame's file.
pub(crate) fn frame_name(number: usize) -> String {
    format!("frames/{number:04}.sgw")
}

/// Reads a finished forecast, and checks that every file it reads is as it was written.
///
/// # Errors
///
/// A file that is missing, was changed, or is of another form.
pub fn read(folder: &Path) -> Result<Kept, ProjectError> {
    let path = folder.join(RESULT_FILE);
    let found: Reading = parsed(&path, &files::read(&path)?)?;
    if found.version != VERSION {
        let problem = message!(
            "fault.kept.form",
            "it is of form {found}, not {known}",
            found = found.version,
            known = VERSION
        );
        return Err(broken(&path, problem));
    }
    let whole = |name: &str| -> Result<Vec<u8>, ProjectError> {
        let path = folder.join(name);
        let bytes = files::read(&path)?;
        match found.files.get(name) {
            Some(digest) if *digest == files::sha256(&bytes) => Ok(bytes),
            _ => Err(broken(
                &path,
                message!("fault.kept.changed", "it is not as the run wrote it"),
            )),
        }
    };
    let frames = (0..)
        .map(frame_name)
        .take_while(|name| found.files.contains_key(name))
        .map(|name| whole(&name))
        .collect::<Result<_, _>>()?;
    let of = |name: &str| Ok::<_, ProjectError>((folder.join(name), whole(name)?));
    let (path, bytes) = of(SUMMARY_FILE)?;
    let summary = parsed(&path, &bytes)?;
    let (path, bytes) = of(SERIES_FILE)?;
    let series = parsed(&path, &bytes)?;
    let (path, bytes) = of(STORM_FILE)?;
    let storm = Arc::new(parsed(&path, &bytes)?);
    let (path, bytes) = of(BASIS_FILE)?;
    let basis = parsed(&path, &bytes)?;
    // Runs of earlier programs have none.
    let courses = match found.files.contains_key(COURSES_FILE) {
        true => parsed(&folder.join(COURSES_FILE), &whole(COURSES_FILE)?)?,
        false => Default::default(),
    };
    Ok(Kept {
        forecast: Forecast {
            summary,
            impacts: found.impacts,
            series,
            storm,
            hazards: found.hazards,
            times: found.times,
            basis,
            courses,
        },
        frames,
    })
}

/// The JSON of a forecast's zones and storm, for the folder.
pub(crate) fn write_parts(folder: &RunFolder, forecast: &Forecast) -> Result<(), ProjectError> {
    folder.write(SERIES_FILE, &results::pretty(&forecast.series)?)?;
    // Thousands of buildings: spaces would double the file.
    let courses = serde_json::to_vec(&forecast.courses).map_err(|e| ProjectError::Write {
        path: COURSES_FILE.to_owned(),
        reason: Message::english(e),
    })?;
    folder.write(COURSES_FILE, &courses)?;
    folder.write(STORM_FILE, &results::pretty(&*forecast.storm)?)?;
    folder.write(BASIS_FILE, &results::pretty(&forecast.basis)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::{ForecastOptions, Listener, forecast};
    use crate::rehearsal::Rehearsal;
    use crate::test_twin;
    use crate::{Progress, storm::StormTable};

    #[derive(Default)]
    struct Frames(Vec<Vec<u8>>);

    impl Listener for Frames {
        fn progress(&mut self, _: Progress) -> std::ops::ControlFlow<()> {
            std::ops::ControlFlow::Continue(())
        }

        fn storm(&mut self, _: &Arc<StormTable>) {}

        fn frame(&mut self, frame: Vec<u8>) {
            self.0.push(frame);
        }
    }

    /// Everything comes back to the last bit, and a change of any file that is read is found.
    #[test]
    fn what_a_run_folder_keeps_is_the_forecast_itself() {
        let (place, twin) = test_twin::laid();
        let out = place.path().join("out");
        let options = ForecastOptions {
            track: None,
            storm: None,
            agency: None,
            cell_size_m: 20.0,
            duration_s: None,
            threads: 1,
            scheme: None,
            rehearsal: Rehearsal::default(),
        };
        let mut seen = Frames::default();
        let made = forecast(&twin, &options, Some(&out), &mut seen).expect("a forecast");
        let kept = read(&out).expect("whole");
        assert_eq!(kept.forecast, made);
        assert_eq!(kept.frames, seen.0);
        let glance = glance(&out).expect("whole");
        assert_eq!(
            (glance.summary, glance.frames),
            (made.summary, seen.0.len())
        );

        for name in [
            "frames/0001.sgw",
            STORM_FILE,
            SERIES_FILE,
            BASIS_FILE,
            COURSES_FILE,
            SUMMARY_FILE,
        ] {
            let path = out.join(name);
            let whole = std::fs::read(&path).expect("readable");
            let mut changed = whole.clone();
            let last = changed.len() - 2;
            changed[last] ^= 1;
            std::fs::write(&path, &changed).expect("written");
            let error = read(&out).expect_err("found").to_string();
            let file = name.rsplit('/').next().unwrap_or_default();
            assert!(error.contains(file), "{error}");
            std::fs::write(&path, &whole).expect("written");
        }
        let text = std::fs::read_to_string(out.join(RESULT_FILE)).expect("readable");
        std::fs::write(out.join(RESULT_FILE), &text[..text.len() / 2]).expect("written");
        assert!(read(&out).is_err());
        std::fs::write(out.join(RESULT_FILE), "").expect("written");
        assert!(super::glance(&out).is_err() && read(&out).is_err());
    }
}
