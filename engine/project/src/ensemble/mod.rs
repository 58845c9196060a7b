//! An ensemble: the same forecast with the errors that forecasts have, many times, and what may come of it.
//!
//! # How it works
//!
//! - **Members.** [`stormgrid_sim::ensemble`] draws the errors of member 1, 2, … from the seed; member 0 is the
//!   forecast itself. A member's specification ([`MemberSpec`]) holds everything that its result depends on: its
//!   track, the digest of the twin's files, cells, scheme, the program's version. The SHA-256 of that file names
//!   the member and the folder of its results.
//! - **Processes.** A member is one run of the command line, `stormgrid forecast TWIN --member-spec FILE --out
//!   FOLDER` ([`run_member`]), so that a cluster's scheduler can run it as well as we do. Here some run side by side.
//!   What is in its folder and has the right digests is taken as it is; a process that fails is tried once more, and
//!   if it fails again the ensemble says so and how it ended.
//! - **Probabilities.** When all have ended, their maxima are read one after another in the order of the members,
//!   however they were computed, and go through the same exposure as a forecast's. So the ensemble has one digest,
//!   with one worker or many, at once or resumed, here or elsewhere.
//!
//! # What the numbers mean
//!
//! A probability is the share of the members. It is that of the errors in [`ErrorStatistics`] and of nothing else:
//! neither the models' own errors nor those of ground and dikes are in it. Percentiles are those of
//! [`percentile`]; "worst credible" is the 99th.

mod aggregate;
mod kept;
mod member;
mod output;
pub mod percentile;
mod pool;
pub mod store;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant as Clock;

use serde::{Deserialize, Serialize};
use stormgrid_core::time::Instant;
pub use stormgrid_sim::ensemble::Perturbation;
use stormgrid_sim::ensemble::{Draw, ErrorStatistics, REFERENCE_LEAD_H, perturbed_track};
use stormgrid_sim::typhoon::ten_minute_factor;

pub use aggregate::{
    BuildingProbability, LEAST_SHARE, ProbabilityLayer, ProbabilityRow, ProbabilityTotals,
    RoadProbability, SumPercentiles,
};
pub use kept::{glance, read};
pub use member::{MemberRecord, MemberSpec, run_member};
pub use output::{Band, Percentiles, Plume, PlumeMember, probability_csv, probability_geojson};
pub use pool::{COMPLAINT_WORD, MemberState, MemberStatus, PROGRESS_WORD};

use crate::forecast::scheme_note;
use crate::forecast::{FORECAST_FILE, ForecastOptions, PreparedGround, storm_of};
use crate::forecast_file::ForecastFile;
use crate::leftover::{self, Swept};
use crate::messages::{text, told};
use crate::storm::{Bilingual, Storm};
use crate::twin::LoadedTwin;
use crate::{ProjectError, files};
use pool::Pool;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_formats::parse;

/// Most members of an ensemble: more would not fit a table of their attempts, and tell nothing new.
pub const MOST_MEMBERS: u32 = 1000;

/// Name of the file that tells what an ensemble is and came to. It is written last: where it stands, the
/// ensemble is whole.
pub const ENSEMBLE_FILE: &str = "ensemble.json";

/// An empty file that marks a folder as that of an ensemble, whole or not.
const MARK_FILE: &str = ".stormgrid-ensemble";

/// Name of the folder of members.
pub const MEMBERS_FOLDER: &str = "members";

/// How long before the run a track may begin to be taken for a forecast rather than a best track [s].
const FORECAST_AGE_S: f64 = 36.0 * 3600.0;

/// Share of an ensemble that is left when all members have ended [-].
const AFTER_MEMBERS: f64 = 0.05;

/// The published errors; see `data/ensemble/README.md`.
const PUBLISHED: &str = include_str!("../../../../data/ensemble/errors.json");

/// What to compute.
#[derive(Clone, Debug)]
pub struct EnsembleOptions {
    /// The forecast that is spread: track, cells, length, scheme.
    pub forecast: ForecastOptions,
    /// How many members, the control counted, 1 to [`MOST_MEMBERS`].
    pub members: u32,
    /// Seed of the errors.
    pub seed: u64,
    /// Members computed at once; 0 takes as many as the machine has cores.
    pub workers: usize,
    /// When the forecast was issued. Without it what `forecast.toml` says; else the track's first fix, if that lies
    /// within 36 h before the run's start; else the start.
    pub issued: Option<Instant>,
    /// Another file of errors than the published ones.
    pub errors: Option<PathBuf>,
    /// The program that runs a member: ourselves.
    pub program: PathBuf,
    /// Folder of the members' results, which several ensembles may share; `members` in the ensemble's own folder
    /// without it.
    pub store: Option<PathBuf>,
}

/// What an ensemble was made of: the part of `ensemble.json` that its digest covers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnsembleSpec {
    /// Version of the program.
    pub program: String,
    /// The storm.
    pub storm: String,
    /// Where its track is from.
    pub track: String,
    /// SHA-256 over the twin's files that a run reads.
    pub twin: String,
    /// Start of the run, RFC 3339.
    pub start: String,
    /// When the forecast was issued, RFC 3339.
    pub issued: String,
    /// Length [s].
    pub duration_s: f64,
    /// Cell size [m].
    pub cell_size_m: f64,
    /// Name of the scheme.
    pub scheme: String,
    /// Members asked for.
    pub members: u32,
    /// Seed of the errors.
    pub seed: u64,
    /// The errors.
    pub errors: ErrorStatistics,
}

/// A member of an ensemble that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberReport {
    /// How it went.
    #[serde(flatten)]
    pub status: MemberStatus,
    /// Its errors at a lead time of a day.
    pub perturbation: Perturbation,
    /// The numbers behind them.
    pub draw: Draw,
    /// Processor time of its run [s]; `None` where the system does not tell.
    pub cpu_s: Option<f64>,
}

/// A finished ensemble: `ensemble.json`, and what else is told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ensemble {
    /// What it was made of.
    pub spec: EnsembleSpec,
    /// SHA-256 over all of it: specification, members, files.
    pub digest: String,
    /// Members that are in the results.
    pub members_done: u32,
    /// Every member.
    pub members: Vec<MemberReport>,
    /// Share of a zone from which a depth counts as having come to it [-].
    pub least_share: f64,
    /// What the worst credible is: this percentile, as a share.
    pub worst_credible: f64,
    /// SHA-256 of each file of results.
    pub files: BTreeMap<String, String>,
    /// SHA-256 of `result.json`, from which a server reads the ensemble again.
    #[serde(default)]
    pub result: String,
    /// Time on the clock [s].
    pub wall_s: f64,
    /// Processor time of the members that are done, whenever they were computed [s].
    pub members_cpu_s: f64,
    /// Digest of the flood of the control, which is that of the forecast that was spread; `None` if it failed.
    #[serde(default)]
    pub control: Option<String>,
    /// Sums over each layer: percentiles of the members' sums.
    #[serde(default)]
    pub totals: Vec<ProbabilityTotals>,
    /// What a reader should know.
    pub notes: Vec<Bilingual>,
    /// Probabilities of every layer of grids.
    #[serde(skip)]
    pub layers: Vec<ProbabilityLayer>,
    /// Probabilities of the buildings.
    #[serde(skip)]
    pub buildings: Vec<BuildingProbability>,
    /// Probabilities of the road segments.
    #[serde(skip)]
    pub roads: Vec<RoadProbability>,
    /// Level, rain and wind over time.
    #[serde(skip)]
    pub plume: Plume,
    /// Frames for the viewer: `p50`, `p90`, `worst` and `probability`.
    #[serde(skip)]
    pub frames: Vec<(&'static str, Vec<u8>)>,
}

impl Ensemble {
    /// Members that failed, if any, as one sentence.
    pub fn failures(&self) -> Option<Bilingual> {
        let failed = self.members.iter().map(|m| &m.status);
        let failed: Vec<&MemberStatus> =
            failed.filter(|m| m.state == MemberState::Failed).collect();
        let first = failed.first()?;
        let message = first.message.clone().unwrap_or_default();
        let told_of = match failed.len() {
            1 => Message::key("ensemble.one_failed"),
            several => Message::key("ensemble.several_failed").with("more", several - 1),
        };
        Some(told(
            &told_of
                .with("n", first.n)
                .with("attempts", first.attempts)
                .with("message", Message::Own(message))
                .with("done", self.members_done)
                .with("all", self.spec.members),
        ))
    }
}

/// An ensemble under way.
#[derive(Clone, Debug)]
pub struct EnsembleStatus<'a> {
    /// Share of the whole that is done, 0 to 1.
    pub share: f64,
    /// Its members.
    pub members: &'a [MemberStatus],
}

impl Ensemble {
    /// Why figures of a run and of this ensemble may contradict: it spreads another forecast. `None` if its control is
    /// the run.
    ///
    /// - `run`: a finished forecast of the same twin
    pub fn differs_from(&self, run: &crate::Summary) -> Option<Bilingual> {
        if self.control.as_deref() == Some(run.digest.as_str()) {
            return None;
        }
        let problem = match self.spec.cell_size_m == run.cell_size_m {
            true => message!(
                "ensemble.other_run",
                "the ensemble spreads another forecast than this run: its start, length, track or scheme is another, so that its chances may contradict the run"
            ),
            false => message!(
                "ensemble.other_cells",
                "the ensemble has cells of {cells} m and the run of {own} m, so that its chances may contradict the run: make an ensemble of this run",
                cells = self.spec.cell_size_m,
                own = run.cell_size_m
            ),
        };
        Some(told(&problem))
    }

    /// The rows of a layer of grids, by code; none if there is no such layer.
    pub fn rows_of(&self, layer: &str) -> BTreeMap<&str, &ProbabilityRow> {
        let layers = self.layers.iter().filter(|l| l.layer == layer);
        let rows = layers.flat_map(|l| &l.rows);
        rows.map(|row| (row.code.as_str(), row)).collect()
    }
}

/// A member before it is run.
#[derive(Clone, Debug)]
pub struct PlannedMember {
    /// Its number.
    pub n: u32,
    /// Its errors.
    pub perturbation: Perturbation,
    /// The numbers behind them.
    pub draw: Draw,
    /// What its run is given.
    pub spec: MemberSpec,
}

/// An ensemble before it is run.
#[derive(Clone, Debug)]
pub struct PlannedEnsemble {
    /// What it is made of.
    pub spec: EnsembleSpec,
    /// Its members, in their order.
    pub members: Vec<PlannedMember>,
    /// What was assumed.
    pub notes: Vec<Bilingual>,
}

/// The published errors of forecasts.
pub fn published_errors() -> Result<ErrorStatistics, ProjectError> {
    errors_from(PUBLISHED, "data/ensemble/errors.json")
}

fn errors_from(text: &str, file: &str) -> Result<ErrorStatistics, ProjectError> {
    let remedy = || {
        message!(
            "fix.ensemble.errors",
            "see data/ensemble/errors.json for the form"
        )
    };
    let errors: ErrorStatistics = serde_json::from_str(text)
        .map_err(|e| ProjectError::input(file, parse::json_problem(&e), remedy()))?;
    errors
        .check()
        .map_err(|e| ProjectError::input(file, e.to_string(), remedy()))?;
    Ok(errors)
}

/// Draws the members of an ensemble.
pub fn plan_ensemble(
    twin: &LoadedTwin,
    options: &EnsembleOptions,
) -> Result<PlannedEnsemble, ProjectError> {
    if !(1..=MOST_MEMBERS).contains(&options.members) {
        return Err(ProjectError::input(
            the_ensemble(),
            message!(
                "fault.ensemble.members",
                "{n} members are asked for",
                n = options.members
            ),
            message!(
                "fix.ensemble.members",
                "ask for 1 to {most}",
                most = MOST_MEMBERS
            ),
        ));
    }
    let errors = match &options.errors {
        Some(path) => errors_from(&files::read_text(path)?, &files::name(path))?,
        None => published_errors()?,
    };
    let forecast = &options.forecast;
    if !forecast.rehearsal.changes.is_empty() {
        let problem = message!(
            "fault.ensemble.changes",
            "changes are asked for, and members know none"
        );
        let remedy = message!(
            "fix.ensemble.changes",
            "rehearse changes with a single forecast"
        );
        return Err(ProjectError::input(the_ensemble(), problem, remedy));
    }
    let mut file = ForecastFile::read(&twin.dir.join(FORECAST_FILE))?;
    forecast.rehearsal.begin(&mut file)?;
    let duration_s = forecast.duration_s.unwrap_or(file.storm.duration_s);
    let (storm, path) = storm_of(twin, &file, forecast)?;
    // Not the path: the same track under another name is the same member.
    let track_name = path.file_name().map(|n| n.to_string_lossy().into_owned());
    let track_name = track_name.unwrap_or_default();
    let issued = issued(options, &file, &storm);
    let twin_digest = member::twin_digest(twin, &file, forecast.cell_size_m)?;
    let vmax = vmax_at_reference(&storm, issued);
    let members = (0..options.members).map(|n| {
        let draw = Draw::of(options.seed, n);
        let perturbation = Perturbation::of(&draw, &errors, vmax);
        let track = perturbed_track(&storm.track, &storm.model, &draw, &errors, issued);
        let spec = MemberSpec::new(
            twin_digest.clone(),
            forecast,
            (file.storm.start, duration_s),
            &track_name,
            track,
            issued,
            perturbation,
        );
        PlannedMember {
            n,
            perturbation,
            draw,
            spec,
        }
    });
    let members = members.collect();
    let said = storm.notes.iter().cloned();
    let notes = said
        .chain(notes(&file, forecast, &errors, issued))
        .collect();
    Ok(PlannedEnsemble {
        spec: EnsembleSpec {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            storm: storm.track.name,
            track: track_name,
            twin: twin_digest,
            start: file.storm.start.to_rfc3339(),
            issued: issued.to_rfc3339(),
            duration_s,
            cell_size_m: forecast.cell_size_m,
            scheme: forecast.scheme().name().to_owned(),
            members: options.members,
            seed: options.seed,
            errors,
        },
        members,
        notes,
    })
}

fn the_ensemble() -> Message {
    message!("thing.ensemble", "the ensemble")
}

/// What was assumed, for a reader.
fn notes(
    file: &ForecastFile,
    forecast: &ForecastOptions,
    errors: &ErrorStatistics,
    issued: Instant,
) -> Vec<Bilingual> {
    let lead_h = file.storm.start.seconds_since(issued) / 3600.0;
    let mut notes = vec![
        told(
            &Message::key("ensemble.issued")
                .with(
                    "time",
                    Message::own(issued.to_china_rfc3339(), issued.to_rfc3339()),
                )
                .with("hours", format!("{lead_h:.0}")),
        ),
        text("ensemble.share", &[]),
    ];
    let all = [
        (
            errors.position.assumption,
            text("ensemble.of_position", &[]),
        ),
        (errors.wind.assumption, text("ensemble.of_wind", &[])),
        (errors.rmw.assumption, text("ensemble.of_rmw", &[])),
        (errors.surge.assumption, text("ensemble.of_surge", &[])),
        (errors.rain.assumption, text("ensemble.of_rain", &[])),
        (
            errors.tide_time.assumption,
            text("ensemble.of_tide_time", &[]),
        ),
        (errors.level.assumption, text("ensemble.of_level", &[])),
    ];
    let assumed = all.iter().filter(|(assumed, _)| *assumed);
    let assumed: Vec<&Bilingual> = assumed.map(|(_, name)| name).collect();
    if !assumed.is_empty() {
        let list = |pick: fn(&Bilingual) -> &str, comma: &str| {
            let picked = assumed.iter().map(|name| pick(name));
            picked.collect::<Vec<_>>().join(comma)
        };
        let names = Message::own(list(|a| &a.zh, "、"), list(|a| &a.en, ", "));
        notes.push(told(&Message::key("ensemble.assumed").with("names", names)));
    }
    notes.push(scheme_note(forecast.scheme()));
    notes
}

fn issued(options: &EnsembleOptions, file: &ForecastFile, storm: &Storm) -> Instant {
    let start = file.storm.start;
    // Another track than the twin's was issued at another time.
    let of_file = match options.forecast.track {
        Some(_) => None,
        None => file.storm.issued,
    };
    let first = storm.track.fixes.first().map(|fix| fix.time);
    let recent = first.filter(|f| (0.0..=FORECAST_AGE_S).contains(&start.seconds_since(*f)));
    options.issued.or(of_file).or(recent).unwrap_or(start)
}

/// Greatest wind of the forecast at the reference lead time, as its agency averages [m s⁻¹].
fn vmax_at_reference(storm: &Storm, issued: Instant) -> f64 {
    let wanted = issued.plus_seconds(REFERENCE_LEAD_H * 3600.0);
    let time = storm
        .model
        .time_range()
        .map_or(wanted, |(first, last)| wanted.clamp(first, last));
    let vmax = storm.model.state(time).map_or(0.0, |state| state.vmax);
    vmax / ten_minute_factor(storm.track.averaging)
}

/// Removes what programs that were killed left half-written in the folder of an ensemble, its members included. To be
/// called before it is computed; a folder of something else is left alone.
pub fn sweep(out: &Path) -> Swept {
    match out.join(MARK_FILE).is_file() {
        true => leftover::sweep_below(out),
        false => Swept::default(),
    }
}

/// Runs an ensemble and leaves its results in `out`.
///
/// - `observer`: called several times a second; [`ControlFlow::Break`] ends all processes and leaves the members
///   that are done, so that the next run goes on from there
///
/// # Errors
///
/// As of [`crate::forecast()`]; no member that could be finished; a folder that holds something else. Members that
/// failed are no error as long as one is there: see [`Ensemble::failures`].
pub fn ensemble(
    twin: &LoadedTwin,
    options: &EnsembleOptions,
    out: &Path,
    observer: &mut dyn FnMut(&EnsembleStatus<'_>) -> ControlFlow<()>,
) -> Result<Ensemble, ProjectError> {
    let clock = Clock::now();
    let planned = plan_ensemble(twin, options)?;
    let store = options
        .store
        .clone()
        .unwrap_or_else(|| out.join(MEMBERS_FOLDER));
    prepare_folder(out)?;
    std::fs::create_dir_all(&store).map_err(|e| ProjectError::write(&store, &e))?;
    let mut members = Vec::new();
    for member in &planned.members {
        let (key, bytes) = (member.spec.key()?, member.spec.bytes()?);
        files::replace(&store.join(format!("{key}.json")), &bytes)?;
        members.push(MemberStatus {
            n: member.n,
            key,
            state: MemberState::Queued,
            share: 0.0,
            attempts: 0,
            message: None,
            digest: None,
        });
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = match options.workers {
        0 => cores,
        workers => workers.min(MOST_MEMBERS as usize),
    };
    let pool = Pool {
        program: &options.program,
        twin: &twin.dir,
        store: &store,
        workers,
        threads: match options.forecast.threads {
            0 => (cores / workers.min(members.len())).max(1),
            threads => threads,
        },
    };
    let mut tell = |members: &[MemberStatus]| {
        let done: f64 = members.iter().map(done_share).sum();
        let share = (1.0 - AFTER_MEMBERS) * done / members.len() as f64;
        observer(&EnsembleStatus { share, members })
    };
    pool.run(&mut members, &mut tell)?;
    let done: Vec<PathBuf> = members
        .iter()
        .filter(|m| m.state == MemberState::Done)
        .map(|m| pool.folder(m))
        .collect();
    if done.is_empty() {
        let why = members.iter().find_map(|m| m.message.clone());
        return Err(ProjectError::input(
            the_ensemble(),
            message!(
                "fault.ensemble.none",
                "no member could be finished: {why}",
                why = Message::Own(why.unwrap_or_default())
            ),
            message!("fix.ensemble.none", "mend that and run it again"),
        ));
    }
    let mut n_read = 0;
    let mut each = || {
        n_read += 1;
        let read = f64::from(n_read) / done.len() as f64;
        let share = 1.0 - AFTER_MEMBERS + AFTER_MEMBERS * 0.8 * read;
        let members = members.as_slice();
        match observer(&EnsembleStatus { share, members }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ProjectError::Cancelled),
        }
    };
    let file = ForecastFile::read(&twin.dir.join(FORECAST_FILE))?;
    let ground = PreparedGround::new(twin, &file, planned.spec.cell_size_m)?;
    let made = output::make(twin, &planned.spec, &ground, &members, &done, &mut each)?;
    let mut finished = Ensemble {
        digest: digest(&planned.spec, &members, &made.files)?,
        spec: planned.spec,
        members_done: done.len() as u32,
        members: planned
            .members
            .iter()
            .zip(&members)
            .map(|(planned, status)| MemberReport {
                status: status.clone(),
                perturbation: planned.perturbation,
                draw: planned.draw,
                cpu_s: member::summary_of(&pool.folder(status)).and_then(|s| s.cpu_s),
            })
            .collect(),
        least_share: LEAST_SHARE,
        worst_credible: percentile::WORST,
        files: made
            .files
            .iter()
            .map(|(name, bytes)| (name.clone(), files::sha256(bytes)))
            .collect(),
        result: String::new(),
        wall_s: 0.0,
        members_cpu_s: 0.0,
        control: members
            .first()
            .filter(|control| control.state == MemberState::Done)
            .and_then(|control| member::summary_of(&pool.folder(control)))
            .map(|summary| summary.digest),
        notes: planned.notes,
        totals: made.probabilities.totals,
        layers: made.probabilities.layers,
        buildings: made.probabilities.buildings,
        roads: made.probabilities.roads,
        plume: made.plume,
        frames: made.frames,
    };
    finished.notes.extend(finished.failures());
    finished.members_cpu_s = finished.members.iter().filter_map(|m| m.cpu_s).sum();
    for (name, bytes) in &made.files {
        let path = out.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|e| ProjectError::write(parent, &e))?;
        }
        files::replace(&path, bytes)?;
    }
    finished.result = kept::write(out, &finished)?;
    finished.wall_s = clock.elapsed().as_secs_f64();
    let told = crate::results::pretty(&finished)?;
    files::replace(&out.join(ENSEMBLE_FILE), &told)?;
    let members = members.as_slice();
    let _ = observer(&EnsembleStatus {
        share: 1.0,
        members,
    });
    Ok(finished)
}

/// Share of a member that is done; one that failed has nothing left to do.
fn done_share(member: &MemberStatus) -> f64 {
    match member.state {
        MemberState::Done | MemberState::Failed => 1.0,
        MemberState::Queued | MemberState::Running => member.share,
    }
}

/// Refuses a folder that holds anything but an ensemble; takes away what says that an earlier one is whole.
fn prepare_folder(out: &Path) -> Result<(), ProjectError> {
    let (told, mark) = (out.join(ENSEMBLE_FILE), out.join(MARK_FILE));
    if out.exists() {
        let mut entries = std::fs::read_dir(out).map_err(|e| ProjectError::read(out, &e))?;
        if entries.next().is_some() && !mark.is_file() {
            return Err(ProjectError::Occupied {
                path: out.display().to_string(),
            });
        }
    }
    std::fs::create_dir_all(out).map_err(|e| ProjectError::write(out, &e))?;
    std::fs::write(&mark, b"").map_err(|e| ProjectError::write(&mark, &e))?;
    if told.is_file() {
        std::fs::remove_file(&told).map_err(|e| ProjectError::write(&told, &e))?;
    }
    Ok(())
}

/// One SHA-256 over the specification, the members and the results.
fn digest(
    spec: &EnsembleSpec,
    members: &[MemberStatus],
    made: &[(String, Vec<u8>)],
) -> Result<String, ProjectError> {
    let mut text = crate::results::pretty(spec)?;
    for member in members {
        let digest = member.digest.as_deref().unwrap_or("failed");
        text.extend(format!("\nmember {} {} {digest}", member.n, member.key).bytes());
    }
    for (name, bytes) in made {
        text.extend(format!("\n{name} {}", files::sha256(bytes)).bytes());
    }
    Ok(files::sha256(&text))
}
