//! Runs: queued, computed one after another on a thread of their own, watched, cancelled, kept.
//!
//! With a folder a server keeps them over a restart. A card beside the run folders is written when a run is asked for,
//! when it begins and when it ends; what a card says is queued or running when a server starts was cut off, unless its
//! folder is whole. Frames and results of the runs that were used last stay in memory, others are read when they are
//! asked for.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};

use serde::Deserialize;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_project::advisory::check_request;
use stormgrid_project::archive::{Archive, TwinState};
use stormgrid_project::messages::text;
use stormgrid_project::rehearsal::{Change, Rehearsal};
use stormgrid_project::{ForecastOptions, InputFault, LoadedTwin, Plan, ProjectError};
use utoipa::ToSchema;

use crate::ensembles::{Ensembles, MOST_ENSEMBLES};
use crate::error::ApiError;
use crate::jobs::{self, RunState, locked};
use crate::room::{Excess, Item, Needed, What, give_up_in_order};
use crate::run::{Run, RunCard, options_of};
use crate::turns::{Job, Turn, Turns};

/// Longest run that may be asked for [s].
const LONGEST_RUN_S: f64 = 7.0 * 86_400.0;

/// Most runs whose frames and results are in memory: some tens of megabytes each.
const MOST_LOADED: usize = 12;

/// Most runs that are kept, in memory without a folder and with one.
const MOST_RUNS: [usize; 2] = [MOST_LOADED, 100];

/// Most pairs of runs that stay because they were compared last.
const MOST_COMPARED: usize = 4;

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

/// Tells what may not be given up; none where that cannot be known.
type TellNeeded = Box<dyn Fn() -> Option<Needed> + Send + Sync>;

/// What there is to be more of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum More {
    Nothing,
    Run,
    Ensemble,
}

/// How runs are computed and kept.
#[derive(Clone, Debug)]
pub struct RunsOptions {
    /// Folder in which runs are kept; without one they end with the server.
    pub out: Option<PathBuf>,
    /// Threads of the solver; 0 takes what the machine has.
    pub threads: usize,
    /// What runs, ensembles and their members may take on the disk [bytes]. Beyond it members of finished ensembles go,
    /// then the oldest runs and ensembles that are neither pinned nor warned about.
    pub budget_bytes: u64,
}

impl Default for RunsOptions {
    fn default() -> Self {
        Self {
            out: None,
            threads: 0,
            budget_bytes: 20_000_000_000,
        }
    }
}

/// All runs of a server.
pub struct Runs {
    twin: Arc<LoadedTwin>,
    twin_state: TwinState,
    plan: Option<Plan>,
    archive: Option<Arc<Archive>>,
    threads: usize,
    budget_bytes: u64,
    all: Mutex<Vec<Arc<Run>>>,
    uses: AtomicU64,
    needed: OnceLock<TellNeeded>,
    ensembles: OnceLock<Weak<Ensembles>>,
    compared: Mutex<VecDeque<[String; 2]>>,
    /// Held while something is given up, and while what might be is taken up again.
    room: Mutex<()>,
    turns: Arc<Turns>,
}

impl Drop for Runs {
    fn drop(&mut self) {
        self.turns.close();
    }
}

impl Runs {
    /// Starts the thread that computes, and takes up the runs that are kept.
    ///
    /// # Errors
    ///
    /// A folder of runs that another server holds or that cannot be used; a twin whose files cannot be read; no thread.
    pub fn start(twin: Arc<LoadedTwin>, options: RunsOptions) -> Result<Arc<Self>, ProjectError> {
        let turns = Arc::new(Turns::default());
        let plan = stormgrid_project::plan(&twin).ok();
        let archive = options.out.as_deref().map(Archive::open).transpose()?;
        let archive = archive.map(Arc::new);
        let twin_state = TwinState::of(&twin)?;
        let kept = match &archive {
            Some(archive) => kept(archive, &twin_state, options.threads)?,
            None => Vec::new(),
        };
        let runs = Arc::new(Self {
            plan,
            archive,
            twin_state,
            threads: options.threads,
            budget_bytes: options.budget_bytes,
            all: Mutex::new(kept),
            uses: AtomicU64::new(0),
            needed: OnceLock::new(),
            ensembles: OnceLock::new(),
            compared: Mutex::new(VecDeque::new()),
            room: Mutex::new(()),
            turns: Arc::clone(&turns),
            twin,
        });
        let thread = std::thread::Builder::new().name("runs".to_owned());
        let spawned = thread.spawn(move || {
            while let Some(job) = turns.next() {
                job();
            }
        });
        spawned.map_err(|e| {
            ProjectError::Input(Box::new(InputFault {
                file: message!("api.computing_thread", "the computing thread"),
                problem: message!(
                    "fault.no_thread",
                    "it cannot be started: {reason}",
                    reason = Message::english(e)
                ),
                remedy: message!("fix.no_thread", "end other programs first"),
            }))
        })?;
        Ok(runs)
    }

    /// What the twin's files are.
    pub(crate) fn twin_state(&self) -> &TwinState {
        &self.twin_state
    }

    /// Whether runs are kept on the disk.
    pub(crate) fn are_kept(&self) -> bool {
        self.archive.is_some()
    }

    /// Says how to find what may not be given up, and which ensembles share the disk.
    pub(crate) fn keep_for(&self, needed: TellNeeded, ensembles: &Arc<Ensembles>) {
        // Only a second server on the same runs could have been here before, and needs the same.
        let _ = self.needed.set(needed);
        let _ = self.ensembles.set(Arc::downgrade(ensembles));
    }

    /// Notes that two runs are compared: they stay until others were.
    pub(crate) fn compare_now(&self, pair: [String; 2]) {
        let mut compared = locked(&self.compared);
        compared.retain(|earlier| *earlier != pair);
        compared.push_back(pair);
        let too_many = compared.len().saturating_sub(MOST_COMPARED);
        compared.drain(..too_many);
    }

    /// Holds up whoever wants to give something up.
    pub(crate) fn hold_all(&self) -> MutexGuard<'_, ()> {
        locked(&self.room)
    }

    /// Queues a run for its turn. Refuses sizes and lengths out of range, and a twin without a forecast.
    pub fn queue(self: &Arc<Self>, request: RunRequest, turn: Turn) -> Result<Arc<Run>, ApiError> {
        if self.plan.is_none() {
            return Err(ApiError::bad_request(text("api.no_forecast", &[])));
        }
        let copied = request.copy_of.as_deref().map(|id| self.get(id));
        let copied = copied.transpose()?;
        let of_copied = copied.as_ref().map(|run| &run.options);
        let rehearsal = rehearsal_of(&request, of_copied)?;
        rehearsal
            .check(&self.twin)
            .map_err(|e| ApiError::refused(&e))?;
        if let Some(advisory) = &rehearsal.advisory {
            check_request(advisory, &self.twin).map_err(|e| ApiError::refused(&e))?;
        }
        let plan = stormgrid_project::plan_of(&self.twin, &rehearsal);
        let plan = plan.map_err(|e| ApiError::refused(&e))?;
        let cell_size_m = request.cell_size_m.or(of_copied.map(|o| o.cell_size_m));
        let cell_size_m = cell_size_m.unwrap_or(20.0);
        let duration = request.duration_s.or(of_copied.and_then(|o| o.duration_s));
        let duration = duration.unwrap_or(plan.duration_s);
        jobs::check_cell_size(cell_size_m)?;
        if !(60.0..=LONGEST_RUN_S).contains(&duration) {
            return Err(ApiError::bad_request(text("api.duration", &[])));
        }
        self.make_room(More::Run);
        let mut all = locked(&self.all);
        if all.len() >= MOST_RUNS[usize::from(self.are_kept())] {
            return Err(ApiError::not_ready(text("api.many_runs", &[])));
        }
        let name = format!("{}-{cell_size_m}m", jobs::id_word(&plan.storm));
        let id = jobs::free_id(&name, |id| {
            let on_disk = self.archive.as_ref().is_some_and(|a| a.is_taken(id));
            on_disk || all.iter().any(|run| run.id == id)
        });
        let plan = Plan {
            duration_s: duration,
            ..plan
        };
        let run = Arc::new(Run::new(
            id,
            options_of(cell_size_m, duration, self.threads, rehearsal),
            plan,
            jobs::now().to_rfc3339(),
            Some(self.twin_state.clone()),
            self.archive.clone(),
        ));
        run.keep().map_err(|e| jobs::unkept(&e))?;
        all.push(Arc::clone(&run));
        drop(all);
        self.compute_later(&run, turn);
        Ok(run)
    }

    /// Begins a run again that was cut off, cancelled or could not be finished.
    pub fn resume(self: &Arc<Self>, id: &str, turn: Turn) -> Result<Arc<Run>, ApiError> {
        let run = self.get(id)?;
        let plan = stormgrid_project::plan_of(&self.twin, &run.options.rehearsal);
        let plan = plan.map_err(|e| ApiError::refused(&e))?;
        let plan = Plan {
            duration_s: run.options.duration_s.unwrap_or(plan.duration_s),
            ..plan
        };
        let held = self.hold_all();
        self.get(id)?;
        if !run.wait_again(plan, &self.twin_state) {
            return Err(jobs::not_resumable());
        }
        drop(held);
        if let Some(archive) = &self.archive {
            jobs::set_aside(archive, id)?;
        }
        run.keep().map_err(|e| jobs::unkept(&e))?;
        self.compute_later(&run, turn);
        Ok(run)
    }

    /// Keeps a run however old it becomes, or no longer.
    pub fn pin(&self, id: &str, pinned: bool) -> Result<Arc<Run>, ApiError> {
        let _held = self.hold_all();
        let run = self.get(id)?;
        run.pin(pinned);
        run.keep().map_err(|e| jobs::unkept(&e))?;
        Ok(run)
    }

    /// The twin's own forecast with cells of a size, made from the same files, if it is there or was cut off.
    pub fn own(&self, cell_size_m: f64) -> Option<Arc<Run>> {
        let plan = self.plan.as_ref()?;
        let all = locked(&self.all);
        let fits = |run: &&Arc<Run>| {
            run.options.cell_size_m == cell_size_m
                && run.options.rehearsal == Rehearsal::default()
                && run.plan() == *plan
                && run.is_of(&self.twin_state)
                && matches!(run.state(), RunState::Done | RunState::Interrupted)
        };
        all.iter().rev().find(fits).cloned()
    }

    fn compute_later(self: &Arc<Self>, run: &Arc<Run>, turn: Turn) {
        let (runs, mine) = (Arc::clone(self), Arc::clone(run));
        let job = move || {
            let gives_way = (turn == Turn::Idle).then_some(&*runs.turns);
            mine.compute(&runs.twin, gives_way);
            runs.make_room(More::Nothing);
            runs.unload();
        };
        self.turns.add(Box::new(job), turn);
    }

    /// Queues a computation that people ask for.
    pub(crate) fn enqueue(&self, job: Job) {
        self.turns.add(job, Turn::Asked);
    }

    /// Gives up what nobody needs until there is room for `more`, on the list and on the disk; [`crate::room`] tells the
    /// order.
    pub(crate) fn make_room(&self, more: More) {
        let _one_at_a_time = self.hold_all();
        let ensembles = self.ensembles.get().and_then(Weak::upgrade);
        let listed = self.all();
        let n_ensembles = ensembles.as_ref().map_or(0, |all| all.all().len());
        let of_runs = self.archive.as_ref().map_or(0, |a| a.kept_bytes());
        let of_ensembles = ensembles.as_ref().map_or(0, |all| all.kept_bytes());
        let most = MOST_RUNS[usize::from(self.are_kept())];
        let above = |count: usize, wanted: bool, most: usize| {
            (count + usize::from(wanted)).saturating_sub(most)
        };
        let excess = Excess {
            bytes: (of_runs + of_ensembles).saturating_sub(self.budget_bytes),
            runs: above(listed.len(), more == More::Run, most),
            ensembles: above(n_ensembles, more == More::Ensemble, MOST_ENSEMBLES),
        };
        if excess == Excess::default() {
            return;
        }
        // Before a list is locked: whoever holds the journal may be waiting for the lists.
        let needed = match self.needed.get() {
            Some(needed) => needed(),
            None => Some(Needed::default()),
        };
        let Some(mut needed) = needed else {
            tracing::warn!("nothing is given up, since the journal of warnings cannot be read");
            return;
        };
        needed
            .runs
            .extend(locked(&self.compared).iter().flatten().cloned());
        // The newest stays in any case: somebody has just waited for it.
        let older = listed.iter().take(listed.len().saturating_sub(1));
        let runs = older.filter(|run| run.may_go() && !needed.runs.contains(&run.id));
        let mut items: Vec<Item> = runs
            .map(|run| Item {
                what: What::Run,
                id: run.id.clone(),
                created: run.created.clone(),
                bytes: self.archive.as_ref().map_or(0, |a| a.bytes(&run.id)),
            })
            .collect();
        if let Some(ensembles) = &ensembles {
            items.extend(ensembles.may_go(&needed));
        }
        give_up_in_order(excess, items, |item, excess| match &item.what {
            What::Run => self.give_up(item),
            What::Ensemble | What::Members(_) => ensembles
                .as_ref()
                .map_or(Ok(0), |all| all.give_up(item, excess)),
        });
    }

    fn give_up(&self, item: &Item) -> Result<u64, ProjectError> {
        if let Some(archive) = &self.archive {
            archive.give_up(&item.id, jobs::now().to_rfc3339())?;
        }
        locked(&self.all).retain(|run| run.id != item.id);
        Ok(item.bytes)
    }

    /// Lets go of what the disk holds of the runs that were not used for longest.
    fn unload(&self) {
        let all = self.all();
        let mut loaded: Vec<&Arc<Run>> = all.iter().filter(|run| run.is_loaded()).collect();
        loaded.sort_by_key(|run| std::cmp::Reverse(run.last_use()));
        for run in loaded.into_iter().skip(MOST_LOADED) {
            run.unload();
        }
    }

    /// All runs, in the order in which they were asked for.
    pub fn all(&self) -> Vec<Arc<Run>> {
        locked(&self.all).clone()
    }

    /// The run with an identifier.
    pub fn get(&self, id: &str) -> Result<Arc<Run>, ApiError> {
        let all = locked(&self.all);
        let found = all.iter().find(|run| run.id == id).cloned();
        drop(all);
        let run = found.ok_or_else(|| jobs::absent(self.archive.as_deref(), "noun.run", id))?;
        run.use_now(self.uses.fetch_add(1, Ordering::Relaxed) + 1);
        self.unload();
        Ok(run)
    }

    /// Breaks off what is not over, to be begun again after the next start.
    pub fn stop(&self) {
        for run in self.all() {
            run.stop();
        }
    }
}

/// The runs of an archive, the oldest first.
fn kept(
    archive: &Arc<Archive>,
    twin: &TwinState,
    threads: usize,
) -> Result<Vec<Arc<Run>>, ProjectError> {
    jobs::tell_swept("runs", &archive.sweep());
    for name in archive.strangers()? {
        tracing::warn!(
            "{name} in the folder of runs belongs to no run that is kept; it is left alone"
        );
    }
    let cards = archive.cards::<RunCard>()?.into_iter();
    let mut runs: Vec<Arc<Run>> = cards
        .map(|(id, card)| Arc::new(Run::of_card(id, card, archive, twin, threads)))
        .collect();
    runs.sort_by(|a, b| (&a.created, &a.id).cmp(&(&b.created, &b.id)));
    Ok(runs)
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
