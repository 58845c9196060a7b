//! One member: what it is made of, its run, and its results on disk.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use stormgrid_core::message;
use stormgrid_core::message::{Bilingual, Message};
use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::storm::Track;
use stormgrid_core::time::Instant;
use stormgrid_formats::parse;
use stormgrid_formats::{elevation, series};
use stormgrid_sim::ensemble::Perturbation;
use stormgrid_sim::flood::{Flood, Maxima, Scheme};
use stormgrid_sim::sea::CoastalLevel;

use crate::ProjectError;
use crate::drive::{Observer, Stage, drive, tell};
use crate::files::{self, RunFolder, SUMMARY_FILE};
use crate::forecast::{
    FORECAST_FILE, ForecastOptions, OBSTACLE_CELL_M, PreparedGround, forcing_of, parameters, setup,
};
use crate::forecast_file::ForecastFile;
use crate::messages::text_with;
use crate::rehearsal::Rehearsal;
use crate::results::{Summary, pretty, write_rasters, write_summary};
use crate::storm::{Forcing, StormTable, storm_of_track};
use crate::storm_names::storm_name;
use crate::twin::{LoadedTwin, MANIFEST, Parts};

/// Version of the specification of a member and of its results.
const FORMAT: &str = "stormgrid-member-1";

/// Name of the record in a member's folder.
const RECORD_FILE: &str = "member.json";

/// Name of the specification in a member's folder.
const SPEC_FILE: &str = "spec.json";

/// Name of the storm's table in a member's folder.
const STORM_FILE: &str = "storm.json";

/// Everything that the results of a member depend on. Its SHA-256 names the member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberSpec {
    /// Form of the file: `stormgrid-member-1`.
    pub format: String,
    /// Version of the program that computes it.
    pub program: String,
    /// SHA-256 over the twin's files that a run reads.
    pub twin: String,
    /// Cell size [m].
    pub cell_size_m: f64,
    /// Start of the run.
    pub start: Instant,
    /// Length [s].
    pub duration_s: f64,
    /// Name of the scheme.
    pub scheme: String,
    /// What messages call the track: its file or the advisory.
    pub track_name: String,
    /// The member's track, radii merged, its errors applied.
    pub track: Track,
    /// When the forecast was issued.
    pub issued: Instant,
    /// The member's errors. Position, wind and radius are in the track already.
    pub perturbation: Perturbation,
}

impl MemberSpec {
    /// A member of this version of the program.
    pub(super) fn new(
        twin: String,
        options: &ForecastOptions,
        (start, duration_s): (Instant, f64),
        track_name: &str,
        track: Track,
        issued: Instant,
        perturbation: Perturbation,
    ) -> Self {
        Self {
            format: FORMAT.to_owned(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            twin,
            cell_size_m: options.cell_size_m,
            start,
            duration_s,
            scheme: options.scheme().name().to_owned(),
            track_name: track_name.to_owned(),
            track,
            issued,
            perturbation,
        }
    }

    /// Reads a specification and refuses one of another program.
    ///
    /// - `file`: what messages call it
    pub fn parse(bytes: &[u8], file: &str) -> Result<Self, ProjectError> {
        let spec: Self = serde_json::from_slice(bytes).map_err(|e| {
            let remedy = message!(
                "fix.member.file",
                "take the file that `stormgrid forecast --members` writes"
            );
            let problem = message!(
                "fault.member.form",
                "it is no member: {problem}",
                problem = parse::json_problem(&e)
            );
            ProjectError::input(file, problem, remedy)
        })?;
        let ours = (FORMAT, env!("CARGO_PKG_VERSION"));
        if (spec.format.as_str(), spec.program.as_str()) != ours {
            return Err(ProjectError::input(
                file,
                message!(
                    "fault.member.program",
                    "it is a member of {format} in program {program}, and this is {our_format} in program {our_program}",
                    format = &spec.format,
                    program = &spec.program,
                    our_format = ours.0,
                    our_program = ours.1
                ),
                message!(
                    "fix.member.program",
                    "run it with the program that wrote it"
                ),
            ));
        }
        let sizes = (0.1..=10_000.0).contains(&spec.cell_size_m)
            && (1.0..=366.0 * 86_400.0).contains(&spec.duration_s);
        if !sizes {
            let problem = message!(
                "fault.member.size",
                "its cell size or its length is out of range"
            );
            return Err(ProjectError::input(file, problem, mend_file()));
        }
        Ok(spec)
    }

    /// The specification as its file holds it.
    pub fn bytes(&self) -> Result<Vec<u8>, ProjectError> {
        pretty(self)
    }

    /// The name of the member: SHA-256 of its specification.
    pub fn key(&self) -> Result<String, ProjectError> {
        Ok(files::sha256(&self.bytes()?))
    }

    fn scheme(&self, file: &str) -> Result<Scheme, ProjectError> {
        let known = Scheme::ALL.into_iter().find(|s| s.name() == self.scheme);
        known.ok_or_else(|| {
            let problem = message!(
                "fault.member.scheme",
                "it asks for the scheme '{scheme}'",
                scheme = &self.scheme
            );
            ProjectError::input(file, problem, mend_file())
        })
    }
}

fn mend_file() -> Message {
    message!("fix.mend_file", "mend the file")
}

fn remove_member() -> Message {
    message!(
        "fix.member.remove",
        "remove the folder of this member and run the ensemble again"
    )
}

/// What a finished member says of itself: `member.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberRecord {
    /// The member's name.
    pub key: String,
    /// SHA-256 over the name and the digests of the files.
    pub digest: String,
    /// Digest of the flood, as in `summary.json`.
    pub flood_digest: String,
    /// SHA-256 of each file that the ensemble reads.
    pub files: BTreeMap<String, String>,
}

impl MemberRecord {
    fn new(key: String, flood_digest: String, files: BTreeMap<String, String>) -> Self {
        let mut text = format!("{key}\n");
        for (name, digest) in &files {
            text.push_str(&format!("{name} {digest}\n"));
        }
        Self {
            key,
            digest: files::sha256(text.as_bytes()),
            flood_digest,
            files,
        }
    }

    /// The record of a folder, if everything in it is whole and of this member.
    pub fn verified(folder: &Path, key: &str) -> Option<Self> {
        let bytes = files::read(&folder.join(RECORD_FILE)).ok()?;
        let found: Self = serde_json::from_slice(&bytes).ok()?;
        let mut files = BTreeMap::new();
        for name in found.files.keys() {
            files.insert(
                name.clone(),
                files::sha256_of_file(&folder.join(name)).ok()?,
            );
        }
        let again = Self::new(key.to_owned(), found.flood_digest.clone(), files);
        (again == found && !found.files.is_empty()).then_some(found)
    }
}

/// SHA-256 over the files of a twin that a run with cells of a size reads, by name and content.
pub(super) fn twin_digest(
    twin: &LoadedTwin,
    file: &ForecastFile,
    cell_size_m: f64,
) -> Result<String, ProjectError> {
    use stormgrid_formats::scenario::NumberOrRaster;
    let mut names = vec![
        MANIFEST,
        FORECAST_FILE,
        twin.manifest.terrain.elevation.as_str(),
    ];
    if let Some(NumberOrRaster::Raster(name)) = &twin.manifest.terrain.roughness {
        names.push(name);
    }
    names.extend(file.files());
    if cell_size_m < OBSTACLE_CELL_M {
        names.extend(twin.manifest.city.iter().map(|c| c.source.as_str()));
    }
    let listed = match &file.rain.rasters {
        Some(list) => series::read_rasters(&files::read(&twin.dir.join(list))?, list)?,
        None => Vec::new(),
    };
    names.extend(listed.iter().map(|(_, name)| name.as_str()));
    let mut text = String::new();
    for name in names {
        let digest = files::sha256_of_file(&twin.dir.join(name))?;
        text.push_str(&format!("{name} {digest}\n"));
    }
    Ok(files::sha256(text.as_bytes()))
}

/// Runs a member and leaves its folder at `out`, whole or not at all.
///
/// - `threads`: of the solver; 0 takes what the machine has. The result does not depend on it
///
/// # Errors
///
/// As of [`crate::forecast()`]; a twin that is not the one that the member was made for.
pub fn run_member(
    twin: &Path,
    spec_file: &Path,
    out: &Path,
    threads: usize,
    observer: &mut Observer<'_>,
) -> Result<Summary, ProjectError> {
    tell(observer, Stage::Load, 0.0)?;
    let name = files::name(spec_file);
    // Its name is that of the very bytes: numbers that are read and written again may look otherwise.
    let bytes = files::read(spec_file)?;
    let spec = MemberSpec::parse(&bytes, &name)?;
    let folder = RunFolder::begin(out)?;
    let parts = match spec.cell_size_m < OBSTACLE_CELL_M {
        true => Parts::GroundAndBuildings,
        false => Parts::Ground,
    };
    let twin = LoadedTwin::load_parts(twin, parts)?;
    let mut file = ForecastFile::read(&twin.dir.join(FORECAST_FILE))?;
    file.storm.start = spec.start;
    if twin_digest(&twin, &file, spec.cell_size_m)? != spec.twin {
        return Err(ProjectError::input(
            &name,
            message!(
                "fault.member.twin",
                "the twin's files are not those that the member was made for"
            ),
            message!("fix.member.twin", "make the ensemble anew"),
        ));
    }
    let options = ForecastOptions {
        track: None,
        storm: None,
        agency: None,
        cell_size_m: spec.cell_size_m,
        duration_s: Some(spec.duration_s),
        threads,
        scheme: Some(spec.scheme(&name)?),
        rehearsal: Rehearsal::default(),
    };
    tell(observer, Stage::Storm, 0.0)?;
    let storm = storm_of_track(
        spec.track.clone(),
        parameters(&file),
        file.storm.rain,
        &spec.track_name,
    )?;
    let mut forcing = forcing_of(
        &twin,
        &file,
        storm,
        &spec.track_name,
        (spec.duration_s, spec.cell_size_m),
        threads,
    )?;
    perturb(&mut forcing, &spec.perturbation);
    let ground = PreparedGround::new(&twin, &file, spec.cell_size_m)?;
    let (setup, _) = setup(&twin, &file, &forcing, &ground, &options)?;
    let flood = Flood::new(setup)?;
    // The output times of a forecast are kept, though nothing is written: they cut the steps.
    let driven = drive(
        flood,
        spec.duration_s,
        file.storm.output_interval_s,
        observer,
        &mut |_, _, _| Ok(()),
    )?;
    let cell = Bilingual::same(spec.cell_size_m.to_string());
    let storm = storm_name(&spec.track.name);
    let title = text_with("title.member", &[("storm", &storm), ("cell", &cell)]);
    let start = forcing.start.to_rfc3339();
    let summary = Summary::of(&driven, &ground.geometry, title, &start, spec.duration_s);
    let crs = Some(twin.frame.crs.as_str());
    let geometry = twin.in_crs(ground.geometry);
    write_rasters(&folder, &driven.flood, ground.cells(), geometry, crs)?;
    let table = forcing.table(twin.middle(), Bilingual::same(&spec.track.agency));
    folder.write(STORM_FILE, &pretty(&table)?)?;
    folder.write(SPEC_FILE, &bytes)?;
    let record = MemberRecord::new(
        files::sha256(&bytes),
        summary.digest.clone(),
        folder.digests()?,
    );
    folder.write(RECORD_FILE, &pretty(&record)?)?;
    write_summary(&folder, &summary)?;
    folder.finish()?;
    tell(observer, Stage::Done, 1.0)?;
    Ok(summary)
}

/// What a member's errors do to rain and sea; those of the track are in the track.
///
/// The level at the coast is taken apart into tide and all the rest, the surge, however that was computed.
fn perturb(forcing: &mut Forcing, member: &Perturbation) {
    if *member == Perturbation::NONE {
        return;
    }
    forcing.rain_factor = member.rain_factor;
    perturb_sea(&mut forcing.sea, member);
}

fn perturb_sea(sea: &mut CoastalLevel, member: &Perturbation) {
    let tide = sea.tide.clone();
    let shifted = |time: f64| tide.at(time - member.tide_shift_s);
    for (level, &time) in sea.level.value.iter_mut().zip(&sea.level.time_s) {
        let surge = *level - tide.at(time);
        *level = shifted(time) + member.surge_factor * surge + member.level_add_m;
    }
    for (level, &time) in sea.tide.value.iter_mut().zip(&tide.time_s) {
        *level = shifted(time);
    }
}

/// The maxima of a finished member.
///
/// - `geometry`: what they must lie on, local or not
pub(super) fn maxima_of(folder: &Path, geometry: &RasterGeometry) -> Result<Maxima, ProjectError> {
    let read = |name: &str, dry: f32| -> Result<Vec<f32>, ProjectError> {
        field(folder, name, geometry)
            .map(|values| values.map(|v| if v.is_nan() { dry } else { v }).collect())
    };
    Ok(Maxima {
        depth_max: read("depth_max.tif", 0.0)?,
        speed_max: read("speed_max.tif", 0.0)?,
        hazard_max: read("hazard_max.tif", 0.0)?
            .into_iter()
            .map(|class| class as u8)
            .collect(),
        arrival_s: read("arrival.tif", f32::NAN)?,
        duration_s: read("duration.tif", 0.0)?,
    })
}

/// Greatest depth of a finished member [m], 0 where it stayed dry.
pub(super) fn depth_of(folder: &Path, geometry: &RasterGeometry) -> Result<Vec<f32>, ProjectError> {
    field(folder, "depth_max.tif", geometry)
        .map(|values| values.map(|v| if v.is_nan() { 0.0 } else { v }).collect())
}

fn field(
    folder: &Path,
    name: &str,
    geometry: &RasterGeometry,
) -> Result<impl Iterator<Item = f32> + use<>, ProjectError> {
    let path = folder.join(name);
    let file = files::name(&path);
    let read = elevation::read(&files::read(&path)?, &file)?;
    let found = read.raster.geometry();
    if (found.n_rows, found.n_cols) != (geometry.n_rows, geometry.n_cols) {
        return Err(ProjectError::input(
            &file,
            message!("fault.member.cells", "it has other cells than the ensemble"),
            remove_member(),
        ));
    }
    Ok(read.raster.into_values().into_iter().map(|v| v as f32))
}

/// The storm of a finished member.
pub(super) fn storm_table(folder: &Path) -> Result<StormTable, ProjectError> {
    let path = folder.join(STORM_FILE);
    serde_json::from_slice(&files::read(&path)?).map_err(|e| {
        ProjectError::input(
            &files::name(&path),
            parse::json_problem(&e),
            remove_member(),
        )
    })
}

/// The summary of a finished member; `None` if it is gone.
pub(super) fn summary_of(folder: &Path) -> Option<Summary> {
    serde_json::from_slice(&files::read(&folder.join(SUMMARY_FILE)).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use stormgrid_core::series::Series;

    use super::*;

    /// A tide that rises evenly, under a surge of a metre: an hour later it is an hour's rise lower, and only the
    /// surge is stronger.
    #[test]
    fn the_tide_is_shifted_and_the_surge_scaled() {
        let hours: Vec<f64> = (0..9_u8).map(|h| f64::from(h) * 3600.0).collect();
        let series = |of: &dyn Fn(f64) -> f64| {
            let value = hours.iter().map(|&t| of(t / 3600.0)).collect();
            Series::new(hours.clone(), value).expect("valid")
        };
        let mut sea = CoastalLevel {
            level: series(&|h| 0.1 * h + 1.0),
            tide: series(&|h| 0.1 * h),
            set_up: series(&|_| 0.8),
            inverse_barometer: series(&|_| 0.2),
        };
        let member = Perturbation {
            surge_factor: 1.5,
            tide_shift_s: 3600.0,
            level_add_m: -0.2,
            ..Perturbation::NONE
        };
        perturb_sea(&mut sea, &member);
        for (h, t) in (1..9_u8).map(|h| (f64::from(h), f64::from(h) * 3600.0)) {
            let tide = 0.1 * (h - 1.0);
            assert!((sea.tide.at(t) - tide).abs() < 1e-12);
            assert!((sea.level.at(t) - (tide + 1.5 - 0.2)).abs() < 1e-12);
        }
    }
}
