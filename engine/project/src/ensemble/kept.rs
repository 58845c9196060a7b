//! A finished ensemble as its folder keeps it.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_formats::parse::json_problem;

use super::{
    BuildingProbability, ENSEMBLE_FILE, Ensemble, Plume, ProbabilityLayer, RoadProbability,
};
use crate::{ProjectError, files};

/// Name of the file that holds what is told of an ensemble and stands in no other file whole.
const RESULT_FILE: &str = "result.json";

/// Names of the frames.
const FRAMES: [&str; 4] = ["p50", "p90", "worst", "probability"];

#[derive(Serialize)]
struct Writing<'a> {
    layers: &'a [ProbabilityLayer],
    buildings: &'a [BuildingProbability],
    roads: &'a [RoadProbability],
    plume: &'a Plume,
}

#[derive(Deserialize)]
struct Reading {
    layers: Vec<ProbabilityLayer>,
    buildings: Vec<BuildingProbability>,
    roads: Vec<RoadProbability>,
    plume: Plume,
}

/// Writes the file and returns its SHA-256.
pub(super) fn write(folder: &Path, ensemble: &Ensemble) -> Result<String, ProjectError> {
    let path = folder.join(RESULT_FILE);
    let written = Writing {
        layers: &ensemble.layers,
        buildings: &ensemble.buildings,
        roads: &ensemble.roads,
        plume: &ensemble.plume,
    };
    let bytes = serde_json::to_vec(&written).map_err(|e| ProjectError::Write {
        path: files::name(&path),
        reason: Message::english(e),
    })?;
    files::replace(&path, &bytes)?;
    Ok(files::sha256(&bytes))
}

fn broken(path: &Path, problem: Message) -> ProjectError {
    let remedy = message!(
        "fix.kept.ensemble",
        "compute the ensemble again; its members are taken as they are"
    );
    ProjectError::input(&files::name(path), problem, remedy)
}

fn parsed<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, ProjectError> {
    serde_json::from_slice(bytes).map_err(|e| broken(path, json_problem(&e)))
}

/// What `ensemble.json` tells of a finished ensemble: all but probabilities, plume and frames.
///
/// # Errors
///
/// A file that is missing or of another form.
pub fn glance(folder: &Path) -> Result<Ensemble, ProjectError> {
    let path = folder.join(ENSEMBLE_FILE);
    parsed(&path, &files::read(&path)?)
}

/// Reads a finished ensemble, and checks that every file it reads is as it was written.
///
/// # Errors
///
/// A file that is missing, was changed, or is of another form.
pub fn read(folder: &Path) -> Result<Ensemble, ProjectError> {
    let mut ensemble = glance(folder)?;
    let whole = |name: &str, digest: Option<&String>| -> Result<Vec<u8>, ProjectError> {
        let path = folder.join(name);
        let bytes = files::read(&path)?;
        match digest.is_some_and(|digest| *digest == files::sha256(&bytes)) {
            true => Ok(bytes),
            false => Err(broken(
                &path,
                message!(
                    "fault.kept.changed_ensemble",
                    "it is not as the ensemble wrote it"
                ),
            )),
        }
    };
    let bytes = whole(RESULT_FILE, Some(&ensemble.result))?;
    let found: Reading = parsed(&folder.join(RESULT_FILE), &bytes)?;
    ensemble.frames = FRAMES
        .into_iter()
        .map(|name| {
            let file = format!("frames/{name}.sgw");
            let bytes = whole(&file, ensemble.files.get(&file))?;
            Ok((name, bytes))
        })
        .collect::<Result<_, ProjectError>>()?;
    ensemble.layers = found.layers;
    ensemble.buildings = found.buildings;
    ensemble.roads = found.roads;
    ensemble.plume = found.plume;
    Ok(ensemble)
}
