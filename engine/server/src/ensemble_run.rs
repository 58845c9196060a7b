//! An ensemble: how it is computed, seen, and kept on the disk.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use stormgrid_core::message::{Bilingual, Message};
use stormgrid_project::archive::{Archive, TwinState};
use stormgrid_project::ensemble::{
    self, Ensemble, EnsembleOptions, EnsembleSpec, EnsembleStatus, MemberRecord, MemberState,
    MemberStatus, Perturbation, PlannedEnsemble, ensemble,
};
use stormgrid_project::messages::{text, text_with};
use stormgrid_project::storm_names::storm_name;
use stormgrid_project::{LoadedTwin, ProjectError};
use utoipa::ToSchema;

use crate::ensembles::EnsembleRequest;
use crate::error::{ApiError, Text};
use crate::jobs::{self, Course, CourseCard, RunState, locked};

/// Share below which no time to the end is told [-]: the first members are still loading.
const LEAST_SHARE_FOR_ETA: f64 = 0.01;

/// Form of the cards.
const CARD_VERSION: u32 = 1;

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
    /// The run that it spreads; null where none was named and none was there.
    pub run: Option<String>,
    /// Digest of the control, once it is done: a run with the same digest is the forecast that it spreads.
    pub control: Option<String>,
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

/// What is shown of an ensemble before it is finished.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Shown {
    pub spec: EnsembleSpec,
    members: Vec<ShownMember>,
    notes: Vec<Bilingual>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct ShownMember {
    n: u32,
    key: String,
    perturbation: Perturbation,
}

impl Shown {
    /// - `planned`: what is to be computed
    pub fn of(planned: PlannedEnsemble) -> Result<Self, ProjectError> {
        let members = planned.members.iter().map(|member| {
            Ok(ShownMember {
                n: member.n,
                key: member.spec.key()?,
                perturbation: member.perturbation,
            })
        });
        Ok(Self {
            members: members.collect::<Result<_, ProjectError>>()?,
            spec: planned.spec,
            notes: planned.notes,
        })
    }

    /// The members as a store of results has them: done, or yet to come.
    fn found_in(&self, store: &Path) -> Vec<MemberStatus> {
        let members = self.members.iter().map(|member| {
            let record = MemberRecord::verified(&store.join(&member.key), &member.key);
            MemberStatus {
                n: member.n,
                key: member.key.clone(),
                state: match record {
                    Some(_) => MemberState::Done,
                    None => MemberState::Queued,
                },
                share: if record.is_some() { 1.0 } else { 0.0 },
                attempts: 0,
                message: None,
                digest: record.map(|record| record.digest),
            }
        });
        members.collect()
    }
}

/// An ensemble as the disk keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct EnsembleCard {
    version: u32,
    created: String,
    request: EnsembleRequest,
    shown: Shown,
    twin: TwinState,
    #[serde(flatten)]
    course: CourseCard,
}

/// An ensemble and what it has come to.
pub struct EnsembleRun {
    pub(crate) id: String,
    pub(crate) created: String,
    folder: PathBuf,
    /// What is asked for and shown; none where its card cannot be read.
    known: Mutex<Option<Arc<Known>>>,
    archive: Option<Arc<Archive>>,
    cancel: AtomicBool,
    stops: AtomicBool,
    changing: Mutex<Changing>,
}

struct Known {
    request: EnsembleRequest,
    options: EnsembleOptions,
    shown: Shown,
    twin: TwinState,
}

struct Changing {
    course: Course,
    members: Vec<MemberStatus>,
    /// What is told of a finished one, without its probabilities.
    told: Option<Arc<Ensemble>>,
    result: Option<Arc<Ensemble>>,
}

impl Changing {
    fn queued() -> Self {
        Self {
            course: Course::queued(),
            members: Vec::new(),
            told: None,
            result: None,
        }
    }
}

impl EnsembleRun {
    /// One that waits to be computed.
    pub(crate) fn new(
        id: String,
        request: EnsembleRequest,
        options: EnsembleOptions,
        shown: Shown,
        folder: PathBuf,
        twin: TwinState,
        archive: Option<Arc<Archive>>,
    ) -> Self {
        Self {
            id,
            created: jobs::now().to_rfc3339(),
            folder,
            known: Mutex::new(Some(Arc::new(Known {
                request,
                options,
                shown,
                twin,
            }))),
            archive,
            cancel: AtomicBool::new(false),
            stops: AtomicBool::new(false),
            changing: Mutex::new(Changing::queued()),
        }
    }

    /// One of which a card tells: finished, cut off, or not to be used.
    ///
    /// - `twin`: as it is now
    /// - `options_of`: what a request asks for
    pub(crate) fn of_card(
        id: String,
        card: Result<EnsembleCard, ProjectError>,
        archive: &Arc<Archive>,
        twin: &TwinState,
        options_of: impl Fn(&EnsembleRequest) -> Result<EnsembleOptions, ApiError>,
    ) -> Self {
        let wrong = |problem| jobs::wrong_card(&id, problem);
        let card = card.and_then(|card| match card.version {
            CARD_VERSION => Ok(card),
            version => Err(wrong(jobs::other_form(version, CARD_VERSION))),
        });
        let found = card.and_then(|card| {
            let options = options_of(&card.request);
            let options = options.map_err(|e| wrong(Message::Own(e.text())))?;
            Ok((card, options))
        });
        let folder = archive.folder(&id);
        let mut run = Self {
            id,
            created: String::new(),
            folder,
            known: Mutex::new(None),
            archive: Some(Arc::clone(archive)),
            cancel: AtomicBool::new(false),
            stops: AtomicBool::new(false),
            changing: Mutex::new(Changing::queued()),
        };
        let (card, options) = match found {
            Ok(found) => found,
            Err(error) => {
                run.break_down(&error);
                return run;
            }
        };
        let same_places = card.twin.places == twin.places;
        let mut now = Changing::queued();
        now.course = Course::kept(card.course);
        let state = now.course.state;
        // The file that tells of it is written last, and taken away before it is computed again.
        let told = ensemble::glance(&run.folder);
        if state == RunState::Done || (state.is_unfinished() && told.is_ok()) {
            now.course.finish();
            match told {
                Ok(_) if !same_places => now.course.break_down(text("kept.other_twin", &[])),
                Ok(told) => {
                    now.members = told.members.iter().map(|m| m.status.clone()).collect();
                    now.course.message = told.failures();
                    now.told = Some(Arc::new(told));
                }
                Err(error) => {
                    tracing::warn!(ensemble = %run.id, "{error}");
                    now.course.break_down(jobs::unreadable(&error));
                }
            }
        } else if state.is_unfinished() {
            now.course.interrupt();
            let store = options.store.clone().unwrap_or_default();
            now.members = card.shown.found_in(&store);
        }
        run.created = card.created;
        run.known = Mutex::new(Some(Arc::new(Known {
            request: card.request,
            options,
            shown: card.shown,
            twin: card.twin,
        })));
        run.changing = Mutex::new(now);
        if state.is_unfinished() {
            run.keep_or_say();
        }
        run
    }

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
        let known = self.known();
        let shown = known.as_ref().map(|known| &known.shown);
        let now = locked(&self.changing);
        let spec = shown.map(|shown| &shown.spec);
        let members = shown.map_or(&[][..], |shown| &shown.members);
        let members = members.iter().map(|member| {
            let status = now.members.get(member.n as usize);
            let p = member.perturbation;
            MemberView {
                n: member.n,
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
        let notes = match (&now.told, shown) {
            (Some(told), _) => told.notes.as_slice(),
            (None, Some(shown)) => shown.notes.as_slice(),
            (None, None) => &[],
        };
        EnsembleView {
            id: self.id.clone(),
            title: spec.map_or_else(|| Bilingual::same(&self.id), title).into(),
            state: now.course.state,
            progress: now.course.share,
            cell_size_m: spec.map_or(0.0, |s| s.cell_size_m),
            run: known.as_ref().and_then(|known| known.request.run.clone()),
            control: now.told.as_ref().and_then(|told| told.control.clone()),
            seed: spec.map_or(0, |s| s.seed),
            start: spec.map_or_else(String::new, |s| s.start.clone()),
            issued: spec.map_or_else(String::new, |s| s.issued.clone()),
            duration_s: spec.map_or(0.0, |s| s.duration_s),
            members: members.collect(),
            created: self.created.clone(),
            wall_s: now.course.wall_s(),
            eta_s: now.course.eta_s(LEAST_SHARE_FOR_ETA),
            message: now.course.message.clone().map(Text::from),
            notes: notes.iter().cloned().map(Text::from).collect(),
            digest: now.told.as_ref().map(|told| told.digest.clone()),
        }
    }

    /// The result, once it is done; read from the disk where it was finished before the server began.
    pub fn result(&self) -> Result<Arc<Ensemble>, ApiError> {
        let lacks = |now: &Changing| now.course.state == RunState::Done && now.result.is_none();
        if lacks(&locked(&self.changing)) {
            let read = tokio::task::block_in_place(|| ensemble::read(&self.folder));
            match read {
                Ok(read) => locked(&self.changing).result = Some(Arc::new(read)),
                Err(error) => self.break_down(&error),
            }
        }
        let now = locked(&self.changing);
        now.result.clone().ok_or_else(|| match now.course.state {
            RunState::Broken => jobs::broken(now.course.message.as_ref()),
            _ => ApiError::not_ready(text("api.ensemble_unfinished", &[])),
        })
    }

    /// Breaks it off; members that are done stay on disk, and one that is over stays as it is.
    pub fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
        if locked(&self.changing).course.call_off() {
            self.keep_or_say();
        }
    }

    /// Breaks it off, to go on after the next start.
    pub(crate) fn stop(&self) {
        self.stops.store(true, Ordering::Relaxed);
        self.cancel.store(true, Ordering::Relaxed);
        let mut now = locked(&self.changing);
        if now.course.state == RunState::Queued {
            now.course.interrupt();
        }
    }

    /// Whether nothing more will come of it.
    pub fn is_over(&self) -> bool {
        locked(&self.changing).course.state.is_over()
    }

    /// Whether it may be given up to make room: what was cut off or is broken waits for a person.
    pub(crate) fn may_go(&self) -> bool {
        locked(&self.changing).course.state.has_ended()
    }

    /// Where it stands.
    pub(crate) fn state(&self) -> RunState {
        locked(&self.changing).course.state
    }

    /// Names of its members in the store; none where its card cannot be read.
    pub(crate) fn keys(&self) -> Vec<String> {
        let known = self.known();
        let members = known.iter().flat_map(|known| &known.shown.members);
        members.map(|member| member.key.clone()).collect()
    }

    fn known(&self) -> Option<Arc<Known>> {
        locked(&self.known).clone()
    }

    /// What it was asked for; none where its card cannot be read.
    pub(crate) fn request(&self) -> Option<EnsembleRequest> {
        self.known().map(|known| known.request.clone())
    }

    /// Lets it wait again, with members drawn anew; how it stood before, and none where it is under way or done.
    pub(crate) fn wait_again(
        &self,
        request: EnsembleRequest,
        options: EnsembleOptions,
        shown: Shown,
        twin: TwinState,
    ) -> Option<RunState> {
        let mut now = locked(&self.changing);
        let before = now.course.state;
        if !before.is_resumable() {
            return None;
        }
        *locked(&self.known) = Some(Arc::new(Known {
            request,
            options,
            shown,
            twin,
        }));
        *now = Changing::queued();
        self.cancel.store(false, Ordering::Relaxed);
        Some(before)
    }

    fn break_down(&self, error: &ProjectError) {
        tracing::warn!(ensemble = %self.id, "{error}");
        let mut now = locked(&self.changing);
        now.told = None;
        now.course.break_down(jobs::unreadable(error));
    }

    /// Sets its card down, where there is an archive.
    pub(crate) fn keep(&self) -> Result<(), ProjectError> {
        let Some(known) = self.known() else {
            return Ok(());
        };
        let course = locked(&self.changing).course.card();
        self.put(&known, course)
    }

    fn put(&self, known: &Known, course: CourseCard) -> Result<(), ProjectError> {
        let Some(archive) = &self.archive else {
            return Ok(());
        };
        let card = EnsembleCard {
            version: CARD_VERSION,
            created: self.created.clone(),
            request: known.request.clone(),
            shown: known.shown.clone(),
            twin: known.twin.clone(),
            course,
        };
        archive.put(&self.id, &card)
    }

    fn keep_or_say(&self) {
        self.say(self.keep());
    }

    /// A card that cannot be written is no reason to stop.
    fn say(&self, kept: Result<(), ProjectError>) {
        if let Err(error) = kept {
            tracing::error!(ensemble = %self.id, "its state is not kept: {error}");
        }
    }

    pub(crate) fn compute(&self, twin: &LoadedTwin) {
        let Some(known) = self.known() else {
            return;
        };
        if !locked(&self.changing).course.begin() {
            return;
        }
        self.keep_or_say();
        let mut observer = |status: &EnsembleStatus<'_>| {
            let mut now = locked(&self.changing);
            now.course.share = status.share;
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
            ensemble(twin, &known.options, &self.folder, &mut observer)
        }));
        let broken_off = match self.stops.load(Ordering::Relaxed) {
            true => RunState::Interrupted,
            false => RunState::Cancelled,
        };
        let mut now = locked(&self.changing);
        if let Some(result) = now.course.end(outcome, broken_off, "api.ensemble_broke") {
            now.course.message = result.failures();
            let result = Arc::new(result);
            now.told = Some(Arc::clone(&result));
            now.result = Some(result);
        }
        tracing::info!(ensemble = %self.id, state = ?now.course.state, wall_s = ?now.course.wall_s(), "ensemble over");
        // Nobody sees an end that a crash would still lose: the card comes first.
        self.say(self.put(&known, now.course.card()));
    }
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
