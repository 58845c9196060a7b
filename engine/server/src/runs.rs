//! Runs: queued, computed one after another on a thread of their own, watched and cancelled.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::error::logged;
use serde::{Deserialize, Serialize};
use stormgrid_core::message::Bilingual;
use stormgrid_core::time::Instant as Utc;
use stormgrid_project::advisory::check_request;
use stormgrid_project::evacuation::{
    EvacuationPlan, PlanBasis, PlanOptions, RoadCut, evacuation_plan, roads_cut,
};
use stormgrid_project::messages::text;
use stormgrid_project::rehearsal::{Change, Rehearsal};
use stormgrid_project::storm::StormTable;
use stormgrid_project::{
    Forecast, ForecastOptions, Listener, LoadedTwin, Plan, Progress, ProjectError, Stage, Summary,
    forecast, run_title,
};
use utoipa::ToSchema;

use crate::error::{ApiError, Text};

/// Cell sizes that may be asked for [m].
pub(crate) const CELL_SIZES: std::ops::RangeInclusive<f64> = 2.0..=200.0;

/// Longest run that may be asked for [s].
const LONGEST_RUN_S: f64 = 7.0 * 86_400.0;

/// Most runs that are kept; frames of a run are some tens of megabytes.
const MOST_RUNS: usize = 12;

/// What to run; what is missing is taken from the twin.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// Cell size [m], 2 to 200; 20 without it.
    pub cell_size_m: Option<f64>,
    /// Length [s]; that of the twin's forecast without it.
    pub duration_s: Option<f64>,
    /// Title for people.
    pub title: Option<String>,
    /// An advisory instead of the twin's track.
    #[schema(value_type = Option<Object>)]
    pub advisory: Option<serde_json::Value>,
    /// A run to copy: what is missing here is taken from it.
    pub copy_of: Option<String>,
    /// What to change; all changes of the new run, those of the copied one included.
    #[schema(value_type = Option<Vec<Object>>)]
    pub changes: Option<Vec<Change>>,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Waits for the one before it.
    Queued,
    /// Is being computed.
    Running,
    /// Is finished.
    Done,
    /// Was broken off.
    Cancelled,
    /// Could not be finished; `message` says why.
    Failed,
}

/// A run as clients see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RunView {
    /// Identifier.
    pub id: String,
    /// Title for people.
    pub title: Text,
    /// Where it stands.
    pub state: RunState,
    /// Share that is done, 0 to 1.
    pub progress: f64,
    /// What it is doing: load, storm, flood, exposure, done.
    pub stage: String,
    /// Cell size [m].
    pub cell_size_m: f64,
    /// Start, RFC 3339.
    pub start: String,
    /// Length [s].
    pub duration_s: f64,
    /// Interval of frames [s].
    pub output_interval_s: f64,
    /// Frames that can be fetched.
    pub frames: usize,
    /// Estimate of the time until it is done [s].
    pub eta_s: Option<f64>,
    /// Time on the clock so far [s].
    pub wall_s: Option<f64>,
    /// What a person should know.
    pub message: Option<Text>,
    /// When it was asked for, RFC 3339.
    pub created: String,
    /// The run that it was copied from.
    pub copy_of: Option<String>,
    /// What was changed in it.
    #[schema(value_type = Vec<Object>)]
    pub changes: Vec<Change>,
    /// What was assumed of the storm's track, and what looks wrong in it.
    pub track_notes: Vec<Text>,
    /// Numbers of a finished run, as in `summary.json`.
    #[schema(value_type = Option<Object>)]
    pub summary: Option<Summary>,
}

/// A run and what it has made so far.
pub struct Run {
    id: String,
    options: ForecastOptions,
    plan: Plan,
    created: String,
    cancel: AtomicBool,
    changing: Mutex<Changing>,
    evacuation: OnceLock<Arc<EvacuationPlan>>,
    roads_cut: OnceLock<Arc<Vec<RoadCut>>>,
}

struct Changing {
    state: RunState,
    stage: Stage,
    share: f64,
    begun: Option<Instant>,
    wall_s: Option<f64>,
    frames: Vec<Arc<Vec<u8>>>,
    storm: Option<Arc<StormTable>>,
    result: Option<Arc<Forecast>>,
    message: Option<Bilingual>,
}

/// All runs of a server.
pub struct Runs {
    twin: Arc<LoadedTwin>,
    plan: Option<Plan>,
    out: Option<PathBuf>,
    threads: usize,
    all: Mutex<Vec<Arc<Run>>>,
    queue: mpsc::Sender<Job>,
}

/// A computation that waits for its turn: one at a time, in the order in which they were asked for.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// Locks; a thread that panicked while it held the lock has left nothing half-written here, because
/// every write is one assignment.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Runs {
    /// Starts the thread that computes. A finished run leaves a folder under `out`, if given.
    ///
    /// - `threads`: of the solver; 0 takes what the machine has
    pub fn start(
        twin: Arc<LoadedTwin>,
        out: Option<PathBuf>,
        threads: usize,
    ) -> std::io::Result<Arc<Self>> {
        let (queue, waiting) = mpsc::channel::<Job>();
        let plan = stormgrid_project::plan(&twin).ok();
        let runs = Arc::new(Self {
            plan,
            out,
            threads,
            all: Mutex::new(Vec::new()),
            queue,
            twin,
        });
        std::thread::Builder::new()
            .name("runs".to_owned())
            .spawn(move || {
                for job in waiting {
                    job();
                }
            })?;
        Ok(runs)
    }

    /// Queues a run. Refuses sizes and lengths out of range, and a twin without a forecast.
    pub fn queue(&self, request: RunRequest) -> Result<Arc<Run>, ApiError> {
        if self.plan.is_none() {
            return Err(ApiError::bad_request(text("api.no_forecast", &[])));
        }
        let copied = request.copy_of.as_deref().map(|id| self.get(id));
        let copied = copied.transpose()?;
        let of_copied = copied.as_ref().map(|run| &run.options);
        let rehearsal = rehearsal_of(&request, of_copied)?;
        let refused = |error: ProjectError| ApiError::refused(&error);
        rehearsal.check(&self.twin).map_err(refused)?;
        if let Some(advisory) = &rehearsal.advisory {
            check_request(advisory, &self.twin).map_err(refused)?;
        }
        let plan = stormgrid_project::plan_of(&self.twin, &rehearsal).map_err(refused)?;
        let cell_size_m = request.cell_size_m.or(of_copied.map(|o| o.cell_size_m));
        let cell_size_m = cell_size_m.unwrap_or(20.0);
        let duration = request.duration_s.or(of_copied.and_then(|o| o.duration_s));
        let duration = duration.unwrap_or(plan.duration_s);
        if !CELL_SIZES.contains(&cell_size_m) {
            return Err(ApiError::bad_request(text("api.cell_size", &[])));
        }
        if !(60.0..=LONGEST_RUN_S).contains(&duration) {
            return Err(ApiError::bad_request(text("api.duration", &[])));
        }
        let mut all = locked(&self.all);
        if all.len() >= MOST_RUNS {
            let old = all.iter().position(|run| run.is_over());
            let Some(old) = old else {
                return Err(ApiError::not_ready(text("api.many_runs", &[])));
            };
            all.remove(old);
        }
        let name = id_word(&plan.storm);
        let same = |id: &str| all.iter().any(|run| run.id == id);
        let id = (1..)
            .map(|n| match n {
                1 => format!("{name}-{cell_size_m}m"),
                _ => format!("{name}-{cell_size_m}m-{n}"),
            })
            .find(|id| !same(id))
            .unwrap_or_default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let created = Utc::from_unix_seconds(now.map_or(0, |d| d.as_secs() as i64));
        let run = Arc::new(Run {
            id,
            options: ForecastOptions {
                scheme: None,
                track: None,
                storm: None,
                agency: None,
                cell_size_m,
                duration_s: Some(duration),
                threads: self.threads,
                rehearsal,
            },
            plan: Plan {
                duration_s: duration,
                ..plan
            },
            created: created.to_rfc3339(),
            cancel: AtomicBool::new(false),
            evacuation: OnceLock::new(),
            roads_cut: OnceLock::new(),
            changing: Mutex::new(Changing {
                state: RunState::Queued,
                stage: Stage::Load,
                share: 0.0,
                begun: None,
                wall_s: None,
                frames: Vec::new(),
                storm: None,
                result: None,
                message: None,
            }),
        });
        all.push(Arc::clone(&run));
        let (twin, out, mine) = (Arc::clone(&self.twin), self.out.clone(), Arc::clone(&run));
        self.enqueue(Box::new(move || mine.compute(&twin, out.as_deref())))?;
        Ok(run)
    }

    /// Queues any computation behind those that wait already.
    pub(crate) fn enqueue(&self, job: Job) -> Result<(), ApiError> {
        // The computing thread ends only with the program.
        self.queue
            .send(job)
            .map_err(|_| ApiError::internal("the computing thread has ended"))
    }

    /// All runs, in the order in which they were asked for.
    pub fn all(&self) -> Vec<Arc<Run>> {
        locked(&self.all).clone()
    }

    /// The run with an identifier.
    pub fn get(&self, id: &str) -> Result<Arc<Run>, ApiError> {
        let all = locked(&self.all);
        let found = all.iter().find(|run| run.id == id);
        found
            .cloned()
            .ok_or_else(|| ApiError::not_found("noun.run", id))
    }
}

/// Longest title [characters].
const LONGEST_TITLE: usize = 200;

/// What a request asks to be changed; what it does not say is that of the copied run.
fn rehearsal_of(
    request: &RunRequest,
    copied: Option<&ForecastOptions>,
) -> Result<Rehearsal, ApiError> {
    let title = request.title.as_deref().map(str::trim);
    if title.is_some_and(|t| t.is_empty() || t.chars().count() > LONGEST_TITLE) {
        return Err(ApiError::bad_request(text("api.title", &[])));
    }
    let copied = copied
        .map(|options| options.rehearsal.clone())
        .unwrap_or_default();
    Ok(Rehearsal {
        title: title.map(str::to_owned),
        advisory: request
            .advisory
            .as_ref()
            .map(ToString::to_string)
            .or(copied.advisory),
        copy_of: request.copy_of.clone(),
        changes: request.changes.clone().unwrap_or(copied.changes),
    })
}

/// A storm's name as a part of an identifier, which is also the name of a folder.
fn id_word(name: &str) -> String {
    let plain = name.chars().filter(char::is_ascii_alphanumeric);
    let word: String = plain.take(24).collect::<String>().to_lowercase();
    if word.is_empty() {
        "storm".to_owned()
    } else {
        word
    }
}

impl Run {
    /// Its identifier.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its title: what people gave it, else storm and cell size.
    pub fn title(&self) -> Text {
        let title = match &self.options.rehearsal.title {
            Some(title) => Bilingual::same(title),
            None => run_title(&self.plan.storm, self.options.cell_size_m),
        };
        title.into()
    }

    /// The plan of a finished run with the usual options, made when it is first asked for.
    pub fn evacuation(
        &self,
        twin: &LoadedTwin,
        basis: &PlanBasis,
    ) -> Result<Arc<EvacuationPlan>, ProjectError> {
        if let Some(made) = self.evacuation.get() {
            return Ok(Arc::clone(made));
        }
        let made = Arc::new(evacuation_plan(twin, basis, PlanOptions::default())?);
        Ok(Arc::clone(self.evacuation.get_or_init(|| made)))
    }

    /// The roads that close in a finished run, found when they are first asked for.
    pub fn roads_cut(
        &self,
        twin: &LoadedTwin,
        basis: &PlanBasis,
    ) -> Result<Arc<Vec<RoadCut>>, ProjectError> {
        if let Some(made) = self.roads_cut.get() {
            return Ok(Arc::clone(made));
        }
        let made = Arc::new(roads_cut(twin, basis)?);
        Ok(Arc::clone(self.roads_cut.get_or_init(|| made)))
    }

    /// As clients see it.
    pub fn view(&self) -> RunView {
        let now = locked(&self.changing);
        let wall_s = now
            .wall_s
            .or_else(|| now.begun.map(|begun| begun.elapsed().as_secs_f64()));
        let running = now.state == RunState::Running && now.share > 0.005;
        let cell = self.options.cell_size_m;
        RunView {
            id: self.id.clone(),
            title: self.title(),
            state: now.state,
            progress: now.share,
            stage: serde_json::to_value(now.stage)
                .ok()
                .and_then(|v| v.as_str().map(str::to_owned))
                .unwrap_or_default(),
            cell_size_m: cell,
            start: self.plan.start.clone(),
            duration_s: self.plan.duration_s,
            output_interval_s: self.plan.output_interval_s,
            frames: now.frames.len(),
            eta_s: wall_s
                .filter(|_| running)
                .map(|w| w * (1.0 - now.share) / now.share),
            wall_s,
            message: now.message.clone().map(Text::from),
            created: self.created.clone(),
            copy_of: self.options.rehearsal.copy_of.clone(),
            changes: self.options.rehearsal.changes.clone(),
            track_notes: now
                .storm
                .as_ref()
                .map(|s| s.notes.iter().cloned().map(Text::from).collect())
                .unwrap_or_default(),
            summary: now.result.as_ref().map(|r| r.summary.clone()),
        }
    }

    /// A frame of water, by its number.
    pub fn frame(&self, n: usize) -> Option<Arc<Vec<u8>>> {
        locked(&self.changing).frames.get(n).cloned()
    }

    /// All frames so far.
    pub fn frames(&self) -> Vec<Arc<Vec<u8>>> {
        locked(&self.changing).frames.clone()
    }

    /// The storm, once the run has come to it.
    pub fn storm(&self) -> Option<Arc<StormTable>> {
        locked(&self.changing).storm.clone()
    }

    /// The result, once the run is done.
    pub fn result(&self) -> Option<Arc<Forecast>> {
        locked(&self.changing).result.clone()
    }

    /// Interval of frames [s].
    pub fn output_interval_s(&self) -> f64 {
        self.plan.output_interval_s
    }

    /// Breaks the run off; one that is over stays as it is.
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

    fn compute(&self, twin: &LoadedTwin, out: Option<&std::path::Path>) {
        {
            let mut now = locked(&self.changing);
            if now.state != RunState::Queued {
                return;
            }
            now.state = RunState::Running;
            now.begun = Some(Instant::now());
        }
        let folder = out.map(|out| out.join(&self.id));
        let mut listener = Watcher { run: self };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            forecast(twin, &self.options, folder.as_deref(), &mut listener)
        }));
        let mut now = locked(&self.changing);
        now.wall_s = now.begun.map(|begun| begun.elapsed().as_secs_f64());
        match outcome {
            Ok(Ok(result)) => {
                now.result = Some(Arc::new(result));
                now.state = RunState::Done;
                now.stage = Stage::Done;
                now.share = 1.0;
            }
            Ok(Err(ProjectError::Cancelled)) => now.state = RunState::Cancelled,
            Ok(Err(error)) => {
                now.state = RunState::Failed;
                now.message = Some(logged(&error.message()));
            }
            Err(_) => {
                now.state = RunState::Failed;
                now.message = Some(text("api.run_broke", &[]));
            }
        }
        tracing::info!(run = %self.id, state = ?now.state, wall_s = ?now.wall_s, "run over");
    }
}

struct Watcher<'a> {
    run: &'a Run,
}

impl Listener for Watcher<'_> {
    fn progress(&mut self, progress: Progress) -> ControlFlow<()> {
        let mut now = locked(&self.run.changing);
        now.stage = progress.stage;
        now.share = progress.share;
        drop(now);
        if self.run.cancel.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn storm(&mut self, storm: &Arc<StormTable>) {
        locked(&self.run.changing).storm = Some(Arc::clone(storm));
    }

    fn frame(&mut self, frame: Vec<u8>) {
        locked(&self.run.changing).frames.push(Arc::new(frame));
    }
}
