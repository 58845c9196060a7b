//! Ensembles: queued with the runs, computed by members in processes of their own, watched and cancelled.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::error::logged;
use serde::{Deserialize, Serialize};
use stormgrid_core::message::{Bilingual, Message};
use stormgrid_core::time::Instant as Utc;
use stormgrid_project::ensemble::EnsembleSpec;
use stormgrid_project::ensemble::{
    Ensemble, EnsembleOptions, EnsembleStatus, MOST_MEMBERS, MemberState, MemberStatus,
    PlannedEnsemble, ensemble, plan_ensemble,
};
use stormgrid_project::messages::{text, text_with, told};
use stormgrid_project::rehearsal::Rehearsal;
use stormgrid_project::storm_names::storm_name;
use stormgrid_project::{ForecastOptions, LoadedTwin, ProjectError, Scheme};
use utoipa::ToSchema;

use crate::error::{ApiError, Text};
use crate::runs::{CELL_SIZES, RunState, Runs, locked};

/// Cell size of an ensemble that names none [m].
const CELL_SIZE_M: f64 = 40.0;

/// Members of an ensemble that names no number.
const MEMBERS: u32 = 20;

/// Most workers that may be asked for.
const MOST_WORKERS: usize = 256;

/// Most ensembles that are kept in memory; their members stay on disk.
const MOST_ENSEMBLES: usize = 8;

/// Share below which no time to the end is told [-]: the first members are still loading.
const LEAST_SHARE_FOR_ETA: f64 = 0.01;

/// What to compute; what is missing is taken from the twin.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnsembleRequest {
    /// How many members, the control counted; 20 without it.
    pub members: Option<u32>,
    /// Seed of their errors; 1 without it.
    pub seed: Option<u64>,
    /// Cell size [m], 2 to 200; 40 without it.
    pub cell_size_m: Option<f64>,
    /// Members computed at once; as many as the machine has cores without it.
    pub workers: Option<usize>,
    /// When the forecast was issued, RFC 3339; what the twin or the track says without it.
    pub issued: Option<String>,
    /// An advisory that replaces the twin's track.
    #[schema(value_type = Option<Object>)]
    pub advisory: Option<serde_json::Value>,
}

/// The errors of a member at a lead time of a day.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct PerturbationView {
    /// To the right of the track [km].
    pub cross_track_km: f64,
    /// Ahead of the track [km].
    pub along_track_km: f64,
    /// Greatest wind over the forecast one [-].
    pub vmax_factor: f64,
    /// Radius of maximum wind over the forecast one [-].
    pub rmw_factor: f64,
    /// Rain over the forecast one [-].
    pub rain_factor: f64,
    /// Surge over the forecast one [-].
    pub surge_factor: f64,
    /// How much later the tide comes [s].
    pub tide_shift_s: f64,
    /// Level added to tide and surge [m].
    pub level_add_m: f64,
}

/// A member as clients see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MemberView {
    /// Its number; 0 is the control.
    pub n: u32,
    /// Where it stands: queued, running, done, failed.
    #[schema(value_type = String)]
    pub state: MemberState,
    /// How often it was begun; 0 if its results were there already.
    pub attempts: u32,
    /// SHA-256 of its results.
    pub digest: Option<String>,
    /// What went wrong the last time.
    pub message: Option<Text>,
    /// Its errors.
    pub perturbation: PerturbationView,
}

/// An ensemble as clients see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EnsembleView {
    /// Identifier.
    pub id: String,
    /// Title for people.
    pub title: Text,
    /// Where it stands.
    pub state: RunState,
    /// Share that is done, 0 to 1.
    pub progress: f64,
    /// Cell size [m].
    pub cell_size_m: f64,
    /// Seed of the errors.
    pub seed: u64,
    /// Start of the run, RFC 3339.
    pub start: String,
    /// When the forecast was issued, RFC 3339.
    pub issued: String,
    /// Length [s].
    pub duration_s: f64,
    /// Its members.
    pub members: Vec<MemberView>,
    /// When it was asked for, RFC 3339.
    pub created: String,
    /// Time on the clock so far [s].
    pub wall_s: Option<f64>,
    /// Estimate of the time until it is done [s].
    pub eta_s: Option<f64>,
    /// What a person should know.
    pub message: Option<Text>,
    /// What was assumed.
    pub notes: Vec<Text>,
    /// SHA-256 over all of it, once it is done.
    pub digest: Option<String>,
}

/// An ensemble and what it has come to.
pub struct EnsembleRun {
    id: String,
    options: EnsembleOptions,
    planned: PlannedEnsemble,
    folder: PathBuf,
    created: String,
    cancel: AtomicBool,
    changing: Mutex<Changing>,
}

struct Changing {
    state: RunState,
    share: f64,
    members: Vec<MemberStatus>,
    begun: Option<Instant>,
    wall_s: Option<f64>,
    result: Option<Arc<Ensemble>>,
    message: Option<Bilingual>,
}

/// All ensembles of a server.
pub struct Ensembles {
    twin: Arc<LoadedTwin>,
    runs: Arc<Runs>,
    folder: PathBuf,
    all: Mutex<Vec<Arc<EnsembleRun>>>,
}

impl Ensembles {
    /// None yet. Results go into the twin's folder; members are shared by all ensembles.
    pub fn new(twin: Arc<LoadedTwin>, runs: Arc<Runs>) -> Self {
        Self {
            folder: twin.dir.join("ensembles"),
            twin,
            runs,
            all: Mutex::new(Vec::new()),
        }
    }

    /// Queues an ensemble behind the runs and ensembles that wait.
    pub fn queue(&self, request: &EnsembleRequest) -> Result<Arc<EnsembleRun>, ApiError> {
        check(request)?;
        let cell_size_m = request.cell_size_m.unwrap_or(CELL_SIZE_M);
        let issued = request.issued.as_deref().map(Utc::parse).transpose();
        let issued = issued.map_err(|e| {
            let text = Message::key("api.issued");
            ApiError::bad_request(told(&text.with("problem", e.message())))
        })?;
        let program = std::env::current_exe()
            .map_err(|_| ApiError::internal("the program does not know where it is"))?;
        let options = EnsembleOptions {
            forecast: ForecastOptions {
                track: None,
                storm: None,
                agency: None,
                cell_size_m,
                duration_s: None,
                threads: 0,
                scheme: Some(Scheme::LocalInertial),
                rehearsal: Rehearsal {
                    advisory: request.advisory.as_ref().map(ToString::to_string),
                    ..Rehearsal::default()
                },
            },
            members: request.members.unwrap_or(MEMBERS),
            seed: request.seed.unwrap_or(1),
            workers: request.workers.unwrap_or(0),
            issued,
            errors: None,
            program,
            store: Some(self.folder.join("members")),
        };
        let planned = plan_ensemble(&self.twin, &options).map_err(|e| ApiError::refused(&e))?;
        let mut all = locked(&self.all);
        if all.len() >= MOST_ENSEMBLES {
            let Some(old) = all.iter().position(|run| run.is_over()) else {
                return Err(ApiError::not_ready(text("api.many_ensembles", &[])));
            };
            all.remove(old);
        }
        let name = format!(
            "{}-{}x{cell_size_m}m",
            plain(&planned.spec.storm),
            options.members
        );
        let taken = |id: &str| all.iter().any(|run| run.id == id);
        let id = (1..)
            .map(|n| match n {
                1 => name.clone(),
                _ => format!("{name}-{n}"),
            })
            .find(|id| !taken(id))
            .unwrap_or_default();
        let run = Arc::new(EnsembleRun {
            folder: self.folder.join(&id),
            changing: Mutex::new(Changing {
                state: RunState::Queued,
                share: 0.0,
                members: Vec::new(),
                begun: None,
                wall_s: None,
                result: None,
                message: None,
            }),
            id,
            options,
            planned,
            created: now(),
            cancel: AtomicBool::new(false),
        });
        all.push(Arc::clone(&run));
        drop(all);
        let (twin, mine) = (Arc::clone(&self.twin), Arc::clone(&run));
        self.runs.enqueue(Box::new(move || mine.compute(&twin)))?;
        Ok(run)
    }

    /// All ensembles, in the order in which they were asked for.
    pub fn all(&self) -> Vec<Arc<EnsembleRun>> {
        locked(&self.all).clone()
    }

    /// The ensemble with an identifier.
    pub fn get(&self, id: &str) -> Result<Arc<EnsembleRun>, ApiError> {
        let all = locked(&self.all);
        let found = all.iter().find(|run| run.id == id);
        found
            .cloned()
            .ok_or_else(|| ApiError::not_found("noun.ensemble", id))
    }

    /// Breaks off all that are not over.
    pub fn cancel_all(&self) {
        for run in self.all() {
            run.cancel();
        }
    }
}

fn check(request: &EnsembleRequest) -> Result<(), ApiError> {
    let members = request.members.unwrap_or(MEMBERS);
    if !(1..=MOST_MEMBERS).contains(&members) {
        return Err(ApiError::bad_request(text(
            "api.members",
            &[("most", MOST_MEMBERS.to_string())],
        )));
    }
    if !CELL_SIZES.contains(&request.cell_size_m.unwrap_or(CELL_SIZE_M)) {
        return Err(ApiError::bad_request(text("api.cell_size", &[])));
    }
    if request.workers.is_some_and(|w| w > MOST_WORKERS) {
        return Err(ApiError::bad_request(text(
            "api.workers",
            &[("most", MOST_WORKERS.to_string())],
        )));
    }
    Ok(())
}

/// Storm, members and cell size.
fn title(spec: &EnsembleSpec) -> Bilingual {
    let members = Bilingual::same(spec.members.to_string());
    let cell = Bilingual::same(spec.cell_size_m.to_string());
    let slots = [
        ("storm", &storm_name(&spec.storm)),
        ("members", &members),
        ("cell", &cell),
    ];
    text_with("title.ensemble", &slots)
}

/// A name that can be part of an address and of a folder's name.
fn plain(name: &str) -> String {
    let kept = name.chars().filter(char::is_ascii_alphanumeric).take(40);
    let kept = kept.collect::<String>().to_lowercase();
    if kept.is_empty() {
        "storm".to_owned()
    } else {
        kept
    }
}

fn now() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    Utc::from_unix_seconds(now.map_or(0, |d| d.as_secs() as i64)).to_rfc3339()
}

impl EnsembleRun {
    /// Its identifier.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where its results are written.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// As clients see it.
    pub fn view(&self) -> EnsembleView {
        let now = locked(&self.changing);
        let wall_s = now
            .wall_s
            .or_else(|| now.begun.map(|begun| begun.elapsed().as_secs_f64()));
        let running = now.state == RunState::Running && now.share > LEAST_SHARE_FOR_ETA;
        let spec = &self.planned.spec;
        let members = self.planned.members.iter().map(|planned| {
            let status = now.members.get(planned.n as usize);
            let p = planned.perturbation;
            MemberView {
                n: planned.n,
                state: status.map_or(MemberState::Queued, |s| s.state),
                attempts: status.map_or(0, |s| s.attempts),
                digest: status.and_then(|s| s.digest.clone()),
                message: status.and_then(|s| s.message.clone()).map(Text::from),
                perturbation: PerturbationView {
                    cross_track_km: p.cross_track_km,
                    along_track_km: p.along_track_km,
                    vmax_factor: p.vmax_factor,
                    rmw_factor: p.rmw_factor,
                    rain_factor: p.rain_factor,
                    surge_factor: p.surge_factor,
                    tide_shift_s: p.tide_shift_s,
                    level_add_m: p.level_add_m,
                },
            }
        });
        let notes = match &now.result {
            Some(result) => &result.notes,
            None => &self.planned.notes,
        };
        EnsembleView {
            id: self.id.clone(),
            title: title(spec).into(),
            state: now.state,
            progress: now.share,
            cell_size_m: spec.cell_size_m,
            seed: spec.seed,
            start: spec.start.clone(),
            issued: spec.issued.clone(),
            duration_s: spec.duration_s,
            members: members.collect(),
            created: self.created.clone(),
            wall_s,
            eta_s: wall_s
                .filter(|_| running)
                .map(|w| w * (1.0 - now.share) / now.share),
            message: now.message.clone().map(Text::from),
            notes: notes.iter().cloned().map(Text::from).collect(),
            digest: now.result.as_ref().map(|r| r.digest.clone()),
        }
    }

    /// The result, once it is done.
    pub fn result(&self) -> Result<Arc<Ensemble>, ApiError> {
        locked(&self.changing)
            .result
            .clone()
            .ok_or_else(|| ApiError::not_ready(text("api.ensemble_unfinished", &[])))
    }

    /// Breaks it off; members that are done stay on disk, and one that is over stays as it is.
    pub fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
        let mut now = locked(&self.changing);
        if now.state == RunState::Queued {
            now.state = RunState::Cancelled;
        }
    }

    /// Whether nothing more will come of it.
    pub fn is_over(&self) -> bool {
        !matches!(
            locked(&self.changing).state,
            RunState::Queued | RunState::Running
        )
    }

    fn compute(&self, twin: &LoadedTwin) {
        {
            let mut now = locked(&self.changing);
            if now.state != RunState::Queued {
                return;
            }
            now.state = RunState::Running;
            now.begun = Some(Instant::now());
        }
        let mut observer = |status: &EnsembleStatus<'_>| {
            let mut now = locked(&self.changing);
            now.share = status.share;
            if now.members != status.members {
                now.members = status.members.to_vec();
            }
            drop(now);
            match self.cancel.load(Ordering::Relaxed) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            ensemble(twin, &self.options, &self.folder, &mut observer)
        }));
        let mut now = locked(&self.changing);
        now.wall_s = now.begun.map(|begun| begun.elapsed().as_secs_f64());
        match outcome {
            Ok(Ok(result)) => {
                now.message = result.failures();
                if let Some(failures) = &now.message {
                    tracing::warn!("{}", failures.en);
                }
                now.result = Some(Arc::new(result));
                now.state = RunState::Done;
                now.share = 1.0;
            }
            Ok(Err(ProjectError::Cancelled)) => now.state = RunState::Cancelled,
            Ok(Err(error)) => {
                now.state = RunState::Failed;
                now.message = Some(logged(&error.message()));
            }
            Err(_) => {
                now.state = RunState::Failed;
                now.message = Some(text("api.ensemble_broke", &[]));
            }
        }
        tracing::info!(ensemble = %self.id, state = ?now.state, wall_s = ?now.wall_s, "ensemble over");
    }
}
