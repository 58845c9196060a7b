//! A run: how it is computed, seen, and kept on the disk.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use stormgrid_project::archive::{Archive, TwinState};
use stormgrid_project::evacuation::{
    EvacuationPlan, PlanBasis, PlanOptions, RoadCut, evacuation_plan, roads_cut,
};
use stormgrid_project::messages::text;
use stormgrid_project::rehearsal::{Change, Rehearsal};
use stormgrid_project::storm::{Bilingual, StormTable};
use stormgrid_project::{
    Forecast, ForecastOptions, Listener, LoadedTwin, Plan, Progress, ProjectError, Stage, Summary,
    forecast, result, run_title,
};
use utoipa::ToSchema;

use crate::error::{ApiError, Text};
use crate::jobs::{self, Course, CourseCard, RunState, locked};
use crate::turns::Turns;

/// Share below which no time to the end is told [-].
const LEAST_SHARE_FOR_ETA: f64 = 0.005;

/// Form of the cards.
const CARD_VERSION: u32 = 1;

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
    /// Whether it stays however old it becomes.
    pub pinned: bool,
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
    pub(crate) id: String,
    pub(crate) options: ForecastOptions,
    pub(crate) created: String,
    base: Mutex<Base>,
    archive: Option<Arc<Archive>>,
    cancel: AtomicBool,
    stops: AtomicBool,
    used: AtomicU64,
    changing: Mutex<Changing>,
    evacuation: OnceLock<Arc<EvacuationPlan>>,
    roads_cut: OnceLock<Arc<Vec<RoadCut>>>,
}

/// What it is made from; it changes where a run is begun again on a twin that has changed.
struct Base {
    plan: Plan,
    /// None of a card that cannot be read.
    twin: Option<TwinState>,
}

struct Changing {
    course: Course,
    stage: Stage,
    pinned: bool,
    /// Frames of water that can be fetched, in memory or on disk.
    n_frames: usize,
    frames: Vec<Arc<Vec<u8>>>,
    track_notes: Vec<Bilingual>,
    storm: Option<Arc<StormTable>>,
    summary: Option<Summary>,
    result: Option<Arc<Forecast>>,
}

impl Changing {
    fn queued() -> Self {
        Self {
            course: Course::queued(),
            stage: Stage::Load,
            pinned: false,
            n_frames: 0,
            frames: Vec::new(),
            track_notes: Vec::new(),
            storm: None,
            summary: None,
            result: None,
        }
    }
}

/// A run as the disk keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RunCard {
    version: u32,
    created: String,
    cell_size_m: f64,
    rehearsal: Rehearsal,
    plan: Plan,
    twin: TwinState,
    pinned: bool,
    track_notes: Vec<Bilingual>,
    #[serde(flatten)]
    course: CourseCard,
}

/// What a forecast is asked for.
pub(crate) fn options_of(
    cell_size_m: f64,
    duration_s: f64,
    threads: usize,
    rehearsal: Rehearsal,
) -> ForecastOptions {
    ForecastOptions {
        scheme: None,
        track: None,
        storm: None,
        agency: None,
        cell_size_m,
        duration_s: Some(duration_s),
        threads,
        rehearsal,
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
            None => run_title(&self.plan().storm, self.options.cell_size_m),
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
        // Before the state is locked: `keep` locks them in this order.
        let (plan, title) = (self.plan(), self.title());
        let now = locked(&self.changing);
        let stage = serde_json::to_value(now.stage).ok();
        RunView {
            id: self.id.clone(),
            title,
            state: now.course.state,
            progress: now.course.share,
            stage: stage
                .and_then(|v| v.as_str().map(str::to_owned))
                .unwrap_or_default(),
            cell_size_m: self.options.cell_size_m,
            start: plan.start,
            duration_s: plan.duration_s,
            output_interval_s: plan.output_interval_s,
            frames: now.n_frames,
            eta_s: now.course.eta_s(LEAST_SHARE_FOR_ETA),
            wall_s: now.course.wall_s(),
            message: now.course.message.clone().map(Text::from),
            created: self.created.clone(),
            pinned: now.pinned,
            copy_of: self.options.rehearsal.copy_of.clone(),
            changes: self.options.rehearsal.changes.clone(),
            track_notes: now.track_notes.iter().cloned().map(Text::from).collect(),
            summary: now.summary.clone(),
        }
    }

    /// A frame of water, by its number.
    pub fn frame(&self, n: usize) -> Option<Arc<Vec<u8>>> {
        self.load();
        locked(&self.changing).frames.get(n).cloned()
    }

    /// All frames so far.
    pub fn frames(&self) -> Vec<Arc<Vec<u8>>> {
        self.load();
        locked(&self.changing).frames.clone()
    }

    /// The storm, once the run has come to it.
    pub fn storm(&self) -> Option<Arc<StormTable>> {
        self.load();
        locked(&self.changing).storm.clone()
    }

    /// The result, once the run is done.
    pub fn result(&self) -> Option<Arc<Forecast>> {
        self.load();
        locked(&self.changing).result.clone()
    }

    /// The result.
    ///
    /// # Errors
    ///
    /// It is not finished yet; what was kept of it cannot be used.
    pub(crate) fn finished(&self) -> Result<Arc<Forecast>, ApiError> {
        let result = self.result();
        let now = locked(&self.changing);
        result.ok_or_else(|| match now.course.state {
            RunState::Broken => jobs::broken(now.course.message.as_ref()),
            _ => ApiError::not_ready(text("api.run_unfinished", &[])),
        })
    }

    /// Interval of frames [s].
    pub fn output_interval_s(&self) -> f64 {
        self.plan().output_interval_s
    }

    /// Breaks the run off; one that is over stays as it is.
    pub fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
        if locked(&self.changing).course.call_off() {
            self.keep_or_say();
        }
    }

    /// Whether nothing more will come of it.
    pub fn is_over(&self) -> bool {
        locked(&self.changing).course.state.is_over()
    }

    /// Where it stands.
    pub(crate) fn state(&self) -> RunState {
        locked(&self.changing).course.state
    }

    /// Notes that it was asked for, by a number that counts up.
    pub(crate) fn use_now(&self, number: u64) {
        self.used.store(number, Ordering::Relaxed);
    }

    /// When it was asked for last.
    pub(crate) fn last_use(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Keeps it however old it becomes, or no longer.
    pub(crate) fn pin(&self, pinned: bool) {
        locked(&self.changing).pinned = pinned;
    }

    /// When and how long it runs.
    pub(crate) fn plan(&self) -> Plan {
        locked(&self.base).plan.clone()
    }

    /// Whether it was made from a twin as it is now.
    pub(crate) fn is_of(&self, twin: &TwinState) -> bool {
        let base = locked(&self.base);
        base.twin.as_ref().is_some_and(|own| own.all == twin.all)
    }

    /// Lets it wait again, as if it had never been begun; false where it is under way, done, or unknown.
    pub(crate) fn wait_again(&self, plan: Plan, twin: &TwinState) -> bool {
        let mut base = locked(&self.base);
        let mut now = locked(&self.changing);
        if base.twin.is_none() || !now.course.state.is_resumable() {
            return false;
        }
        *base = Base {
            plan,
            twin: Some(twin.clone()),
        };
        *now = Changing {
            pinned: now.pinned,
            ..Changing::queued()
        };
        self.cancel.store(false, Ordering::Relaxed);
        true
    }

    /// Breaks it off, to be begun again after the next start.
    pub(crate) fn stop(&self) {
        self.stops.store(true, Ordering::Relaxed);
        self.cancel.store(true, Ordering::Relaxed);
        let mut now = locked(&self.changing);
        if now.course.state == RunState::Queued {
            now.course.interrupt();
        }
    }

    /// Whether it may be given up to make room: what was cut off or is broken waits for a person.
    pub(crate) fn may_go(&self) -> bool {
        let now = locked(&self.changing);
        let state = now.course.state;
        let ended = matches!(
            state,
            RunState::Done | RunState::Cancelled | RunState::Failed
        );
        ended && !now.pinned
    }

    /// One that waits to be computed.
    ///
    /// - `twin`: what it will be made from; none where its card cannot be read
    pub(crate) fn new(
        id: String,
        options: ForecastOptions,
        plan: Plan,
        created: String,
        twin: Option<TwinState>,
        archive: Option<Arc<Archive>>,
    ) -> Self {
        Self {
            id,
            options,
            created,
            base: Mutex::new(Base { plan, twin }),
            archive,
            cancel: AtomicBool::new(false),
            stops: AtomicBool::new(false),
            used: AtomicU64::new(0),
            changing: Mutex::new(Changing::queued()),
            evacuation: OnceLock::new(),
            roads_cut: OnceLock::new(),
        }
    }

    /// One of which a card tells: finished, cut off, or not to be used.
    ///
    /// - `twin`: as it is now
    pub(crate) fn of_card(
        id: String,
        card: Result<RunCard, ProjectError>,
        archive: &Arc<Archive>,
        twin: &TwinState,
        threads: usize,
    ) -> Self {
        let card = card.and_then(|card| match card.version {
            CARD_VERSION => Ok(card),
            version => Err(jobs::wrong_card(
                &id,
                jobs::other_form(version, CARD_VERSION),
            )),
        });
        let archived = Some(Arc::clone(archive));
        let card = match card {
            Ok(card) => card,
            Err(error) => {
                tracing::warn!(run = %id, "{error}");
                let options = options_of(0.0, 0.0, threads, Rehearsal::default());
                let run = Self::new(id, options, Plan::default(), String::new(), None, archived);
                locked(&run.changing)
                    .course
                    .break_down(jobs::unreadable(&error));
                return run;
            }
        };
        let options = options_of(
            card.cell_size_m,
            card.plan.duration_s,
            threads,
            card.rehearsal,
        );
        let same_places = card.twin.places == twin.places;
        let run = Self::new(
            id,
            options,
            card.plan,
            card.created,
            Some(card.twin),
            archived,
        );
        let mut now = locked(&run.changing);
        now.pinned = card.pinned;
        now.track_notes = card.track_notes;
        now.course = Course::kept(card.course);
        let state = now.course.state;
        let folder = archive.folder(&run.id);
        // A folder appears whole: where it stands, only the card's last word may be missing.
        let finished = state == RunState::Done || (state.is_unfinished() && folder.is_dir());
        if finished {
            now.course.finish();
            now.stage = Stage::Done;
            match result::glance(&folder) {
                Ok(_) if !same_places => now.course.break_down(text("kept.other_twin", &[])),
                Ok(glance) => {
                    now.n_frames = glance.frames;
                    now.summary = Some(glance.summary);
                }
                Err(error) => {
                    tracing::warn!(run = %run.id, "{error}");
                    now.course.break_down(jobs::unreadable(&error));
                }
            }
        } else if state.is_unfinished() {
            now.course.interrupt();
        }
        drop(now);
        if state.is_unfinished() {
            run.keep_or_say();
        }
        run
    }

    /// Sets its card down, where there is an archive.
    pub(crate) fn keep(&self) -> Result<(), ProjectError> {
        let base = locked(&self.base);
        self.put(&base, &locked(&self.changing))
    }

    fn put(&self, base: &Base, now: &Changing) -> Result<(), ProjectError> {
        let (Some(archive), Some(twin)) = (&self.archive, &base.twin) else {
            return Ok(());
        };
        let card = RunCard {
            version: CARD_VERSION,
            created: self.created.clone(),
            cell_size_m: self.options.cell_size_m,
            rehearsal: self.options.rehearsal.clone(),
            plan: base.plan.clone(),
            twin: twin.clone(),
            pinned: now.pinned,
            track_notes: now.track_notes.clone(),
            course: now.course.card(),
        };
        archive.put(&self.id, &card)
    }

    fn keep_or_say(&self) {
        self.say(self.keep());
    }

    /// A card that cannot be written is no reason to stop.
    fn say(&self, kept: Result<(), ProjectError>) {
        if let Err(error) = kept {
            tracing::error!(run = %self.id, "its state is not kept: {error}");
        }
    }

    pub(crate) fn is_loaded(&self) -> bool {
        self.archive.is_some() && locked(&self.changing).result.is_some()
    }

    pub(crate) fn unload(&self) {
        let mut now = locked(&self.changing);
        if now.course.state == RunState::Done {
            now.frames = Vec::new();
            now.storm = None;
            now.result = None;
        }
    }

    /// Reads a finished run whose results are on the disk alone.
    fn load(&self) {
        let Some(archive) = &self.archive else {
            return;
        };
        let lacks = |now: &Changing| now.course.state == RunState::Done && now.result.is_none();
        if !lacks(&locked(&self.changing)) {
            return;
        }
        let kept = tokio::task::block_in_place(|| result::read(&archive.folder(&self.id)));
        let mut now = locked(&self.changing);
        if !lacks(&now) {
            return;
        }
        match kept {
            Ok(kept) => {
                now.frames = kept.frames.into_iter().map(Arc::new).collect();
                now.n_frames = now.frames.len();
                now.storm = Some(Arc::clone(&kept.forecast.storm));
                now.result = Some(Arc::new(kept.forecast));
            }
            Err(error) => {
                tracing::warn!(run = %self.id, "{error}");
                now.n_frames = 0;
                now.course.break_down(jobs::unreadable(&error));
            }
        }
    }

    /// Computes it.
    ///
    /// - `gives_way`: where others wait that go in between; nothing for one that somebody waits for
    pub(crate) fn compute(&self, twin: &LoadedTwin, gives_way: Option<&Turns>) {
        if !locked(&self.changing).course.begin() {
            return;
        }
        self.keep_or_say();
        let folder = self.archive.as_ref().map(|a| a.folder(&self.id));
        let mut listener = Watcher {
            run: self,
            gives_way,
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            forecast(twin, &self.options, folder.as_deref(), &mut listener)
        }));
        let broken_off = match self.stops.load(Ordering::Relaxed) {
            true => RunState::Interrupted,
            false => RunState::Cancelled,
        };
        let base = locked(&self.base);
        let mut now = locked(&self.changing);
        if let Some(result) = now.course.end(outcome, broken_off, "api.run_broke") {
            now.summary = Some(result.summary.clone());
            now.result = Some(Arc::new(result));
            now.stage = Stage::Done;
        }
        tracing::info!(run = %self.id, state = ?now.course.state, wall_s = ?now.course.wall_s(), "run over");
        // Nobody sees an end that a crash would still lose: the card comes first.
        self.say(self.put(&base, &now));
    }
}

struct Watcher<'a> {
    run: &'a Run,
    gives_way: Option<&'a Turns>,
}

impl Listener for Watcher<'_> {
    fn progress(&mut self, progress: Progress) -> ControlFlow<()> {
        let mut now = locked(&self.run.changing);
        now.stage = progress.stage;
        now.course.share = progress.share;
        drop(now);
        if let Some(turns) = self.gives_way {
            let since = Instant::now();
            turns.let_through();
            locked(&self.run.changing).course.waited(since.elapsed());
        }
        if self.run.cancel.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn storm(&mut self, storm: &Arc<StormTable>) {
        let mut now = locked(&self.run.changing);
        now.track_notes = storm.notes.clone();
        now.storm = Some(Arc::clone(storm));
    }

    fn frame(&mut self, frame: Vec<u8>) {
        let mut now = locked(&self.run.changing);
        now.frames.push(Arc::new(frame));
        now.n_frames = now.frames.len();
    }
}
