//! Ensembles: queued with the runs, computed by members in processes of their own, watched, cancelled, kept.
//!
//! Where runs are kept, ensembles are: by a card in their folder, as runs are. What was cut off goes on from the
//! members that are done.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use stormgrid_core::message::Message;
use stormgrid_core::time::Instant as Utc;
use stormgrid_project::archive::Archive;
use stormgrid_project::ensemble::{
    EnsembleOptions, MEMBERS_FOLDER, MOST_MEMBERS, plan_ensemble, store,
};
use stormgrid_project::leftover;
use stormgrid_project::messages::{text, told};
use stormgrid_project::rehearsal::Rehearsal;
use stormgrid_project::{ForecastOptions, LoadedTwin, ProjectError};
use utoipa::ToSchema;

use crate::ensemble_run::{EnsembleCard, EnsembleRun, Shown};
use crate::error::ApiError;
use crate::jobs::{self, RunState, locked};
use crate::room::{Excess, Item, Needed, What};
use crate::run::Run;
use crate::runs::{More, Runs};

/// Cell size of an ensemble that names none, where there is no forecast that it would be of [m]: that of a run.
const CELL_SIZE_M: f64 = 20.0;

/// Members of an ensemble that names no number.
const MEMBERS: u32 = 20;

/// Most workers that may be asked for.
const MOST_WORKERS: usize = 256;

/// Most ensembles that are listed; their members stay on disk as long as there is room.
pub(crate) const MOST_ENSEMBLES: usize = 8;

/// What to compute; what is missing is taken from the twin.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnsembleRequest {
    /// How many members, the control counted; 20 without it.
    pub members: Option<u32>,
    /// Seed of their errors; 1 without it.
    pub seed: Option<u64>,
    /// The run that it spreads, whose cell size, length and track it takes; without it, and without a cell size, the
    /// newest finished forecast without changes.
    pub run: Option<String>,
    /// Cell size [m], 2 to 200; that of the run.
    pub cell_size_m: Option<f64>,
    /// Length [s]; that of the run, else of the twin's forecast.
    pub duration_s: Option<f64>,
    /// Members computed at once; as many as the machine has cores without it.
    pub workers: Option<usize>,
    /// When the forecast was issued, RFC 3339; what the twin or the track says without it.
    pub issued: Option<String>,
    /// An advisory that replaces the twin's track.
    #[schema(value_type = Option<Object>)]
    pub advisory: Option<serde_json::Value>,
}

/// All ensembles of a server.
pub struct Ensembles {
    twin: Arc<LoadedTwin>,
    runs: Arc<Runs>,
    folder: PathBuf,
    archive: Option<Arc<Archive>>,
    all: Mutex<Vec<Arc<EnsembleRun>>>,
}

impl Ensembles {
    /// Those that are kept, where runs are. Results go into the twin's folder; members are shared by all ensembles.
    ///
    /// # Errors
    ///
    /// A folder that another server holds or that cannot be used.
    pub fn new(twin: Arc<LoadedTwin>, runs: Arc<Runs>) -> Result<Self, ProjectError> {
        let folder = twin.dir.join("ensembles");
        let mut ensembles = Self {
            archive: match runs.are_kept() {
                true => Some(Arc::new(Archive::open(&folder)?)),
                false => None,
            },
            folder,
            twin,
            runs,
            all: Mutex::new(Vec::new()),
        };
        if let Some(archive) = &ensembles.archive {
            let members = leftover::sweep(&ensembles.folder.join(MEMBERS_FOLDER));
            jobs::tell_swept("ensembles", &archive.sweep().and(members));
            for name in archive.strangers()? {
                if name != MEMBERS_FOLDER {
                    tracing::warn!(
                        "{name} in the folder of ensembles belongs to none that is kept; it is left alone"
                    );
                }
            }
            let cards = archive.cards::<EnsembleCard>()?.into_iter();
            let mut kept: Vec<Arc<EnsembleRun>> = cards
                .map(|(id, card)| Arc::new(ensembles.of_card(id, card, archive)))
                .collect();
            kept.sort_by(|a, b| (&a.created, &a.id).cmp(&(&b.created, &b.id)));
            ensembles.all = Mutex::new(kept);
        }
        Ok(ensembles)
    }

    fn of_card(
        &self,
        id: String,
        card: Result<EnsembleCard, ProjectError>,
        archive: &Arc<Archive>,
    ) -> EnsembleRun {
        let options = |request: &EnsembleRequest| self.options(request);
        EnsembleRun::of_card(id, card, archive, self.runs.twin_state(), options)
    }

    /// What a request asks for.
    fn options(&self, request: &EnsembleRequest) -> Result<EnsembleOptions, ApiError> {
        let issued = request.issued.as_deref().map(Utc::parse).transpose();
        let issued = issued.map_err(|e| {
            let text = Message::key("api.issued");
            ApiError::bad_request(told(&text.with("problem", e.message())))
        })?;
        let program = std::env::current_exe()
            .map_err(|_| ApiError::internal("the program does not know where it is"))?;
        Ok(EnsembleOptions {
            forecast: ForecastOptions {
                track: None,
                storm: None,
                agency: None,
                cell_size_m: request.cell_size_m.unwrap_or(CELL_SIZE_M),
                duration_s: request.duration_s,
                threads: 0,
                // That of a run with these cells: the control is the forecast itself.
                scheme: None,
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
            store: Some(self.folder.join(MEMBERS_FOLDER)),
        })
    }

    /// A request with what it takes from the run that it spreads.
    fn of_run(&self, request: &EnsembleRequest) -> Result<EnsembleRequest, ApiError> {
        let mut request = request.clone();
        let run = match &request.run {
            Some(id) => Some(self.runs.get(id)?),
            None if request.cell_size_m.is_some() => None,
            None => self.newest_forecast(request.advisory.as_ref()),
        };
        let Some(run) = run else {
            return Ok(request);
        };
        let options = &run.options;
        let refused = |key: &str| {
            let slots = [
                ("run", run.id.clone()),
                ("cells", options.cell_size_m.to_string()),
            ];
            Err(ApiError::bad_request(text(key, &slots)))
        };
        if !options.rehearsal.changes.is_empty() {
            return refused("api.ensemble_changes");
        }
        if request
            .cell_size_m
            .is_some_and(|size| size != options.cell_size_m)
        {
            return refused("api.ensemble_cells");
        }
        let advisory = advisory_of(&options.rehearsal);
        let other_track = request.advisory.is_some() && request.advisory != advisory;
        let other_length = request.duration_s.is_some() && request.duration_s != options.duration_s;
        if other_track || other_length {
            return refused("api.ensemble_forcing");
        }
        request.run = Some(run.id.clone());
        request.cell_size_m = Some(options.cell_size_m);
        request.duration_s = options.duration_s;
        request.advisory = advisory;
        Ok(request)
    }

    /// The forecast without changes that was asked for last and is done.
    ///
    /// - `advisory`: that it is of; the twin's own track without one
    fn newest_forecast(&self, advisory: Option<&serde_json::Value>) -> Option<Arc<Run>> {
        let all = self.runs.all();
        let fits = |run: &&Arc<Run>| {
            run.state() == RunState::Done
                && run.options.rehearsal.changes.is_empty()
                && advisory_of(&run.options.rehearsal).as_ref() == advisory
        };
        all.iter().rev().find(fits).cloned()
    }

    /// Queues an ensemble behind the runs and ensembles that wait.
    pub fn queue(&self, request: &EnsembleRequest) -> Result<Arc<EnsembleRun>, ApiError> {
        let request = &self.of_run(request)?;
        check(request)?;
        let options = self.options(request)?;
        let planned = plan_ensemble(&self.twin, &options).map_err(|e| ApiError::refused(&e))?;
        let shown = Shown::of(planned).map_err(|e| ApiError::refused(&e))?;
        self.runs.make_room(More::Ensemble);
        // From here on its members are those of one that waits.
        let _held = self.runs.hold_all();
        let mut all = locked(&self.all);
        if all.len() >= MOST_ENSEMBLES {
            return Err(ApiError::not_ready(text("api.many_ensembles", &[])));
        }
        let name = format!(
            "{}-{}x{}m",
            jobs::id_word(&shown.spec.storm),
            options.members,
            options.forecast.cell_size_m
        );
        let id = jobs::free_id(&name, |id| {
            let on_disk = self.archive.as_ref().is_some_and(|a| a.is_taken(id));
            on_disk || all.iter().any(|run| run.id == id)
        });
        let run = Arc::new(EnsembleRun::new(
            id.clone(),
            request.clone(),
            options,
            shown,
            self.folder.join(&id),
            self.runs.twin_state().clone(),
            self.archive.clone(),
        ));
        run.keep().map_err(|e| jobs::unkept(&e))?;
        all.push(Arc::clone(&run));
        drop(all);
        self.compute_later(&run);
        Ok(run)
    }

    /// Goes on with an ensemble that was cut off, cancelled or could not be finished, from its finished members.
    pub fn resume(&self, id: &str) -> Result<Arc<EnsembleRun>, ApiError> {
        let run = self.get(id)?;
        let request = run.request().ok_or_else(jobs::not_resumable)?;
        // The twin may have changed since: then the members are others.
        let options = self.options(&request)?;
        let planned = plan_ensemble(&self.twin, &options).map_err(|e| ApiError::refused(&e))?;
        let shown = Shown::of(planned).map_err(|e| ApiError::refused(&e))?;
        let twin = self.runs.twin_state().clone();
        let held = self.runs.hold_all();
        self.get(id)?;
        let before = run.wait_again(request, options, shown, twin);
        drop(held);
        let before = before.ok_or_else(jobs::not_resumable)?;
        if let Some(archive) = &self.archive
            && before == RunState::Broken
        {
            jobs::set_aside(archive, id)?;
        }
        run.keep().map_err(|e| jobs::unkept(&e))?;
        self.compute_later(&run);
        Ok(run)
    }

    fn compute_later(&self, run: &Arc<EnsembleRun>) {
        let (twin, mine) = (Arc::clone(&self.twin), Arc::clone(run));
        let runs = Arc::clone(&self.runs);
        self.runs.enqueue(Box::new(move || {
            mine.compute(&twin);
            runs.make_room(More::Nothing);
        }));
    }

    /// Bytes that all of them take, and the members of all.
    pub(crate) fn kept_bytes(&self) -> u64 {
        let of = |archive: &Arc<Archive>| archive.kept_bytes() + archive.bytes(MEMBERS_FOLDER);
        self.archive.as_ref().map_or(0, of)
    }

    /// What may be given up but what is needed: first members, in the order in which they go, then ensembles.
    pub(crate) fn may_go(&self, needed: &Needed) -> Vec<Item> {
        let all = self.all();
        let mut items = self.members_that_may_go(&all, needed);
        // The newest stays in any case: somebody has just waited for it.
        let older = all.iter().take(all.len().saturating_sub(1));
        let ended = older.filter(|run| run.may_go() && !needed.ensembles.contains(&run.id));
        items.extend(ended.map(|run| Item {
            what: What::Ensemble,
            id: run.id.clone(),
            created: run.created.clone(),
            bytes: self.archive.as_ref().map_or(0, |a| a.bytes(&run.id)),
        }));
        items
    }

    fn members_that_may_go(&self, all: &[Arc<EnsembleRun>], needed: &Needed) -> Vec<Item> {
        let Some(archive) = &self.archive else {
            return Vec::new();
        };
        let mut stored = store::members(&archive.folder(MEMBERS_FOLDER));
        let spare = |run: &&Arc<EnsembleRun>| {
            run.state() == RunState::Done && !needed.ensembles.contains(&run.id)
        };
        // One that is not finished may go on from its members.
        for key in all
            .iter()
            .filter(|run| !spare(run))
            .flat_map(|run| run.keys())
        {
            stored.remove(&key);
        }
        // Members of several ensembles are those of the newest of them.
        let mut of_finished = Vec::new();
        for run in all.iter().rev().filter(spare) {
            let keys = run.keys().into_iter();
            let keys: BTreeMap<String, u64> =
                keys.filter_map(|key| stored.remove_entry(&key)).collect();
            of_finished.push((run.id.clone(), keys));
        }
        of_finished.push((String::new(), stored));
        let groups = of_finished.into_iter().rev();
        let groups = groups.filter(|(_, keys)| !keys.is_empty());
        groups
            .map(|(id, keys)| Item {
                id,
                created: String::new(),
                bytes: keys.values().sum(),
                what: What::Members(keys.into_keys().collect()),
            })
            .collect()
    }

    /// Gives up an ensemble, and where the disk is full what only it used; or members.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(crate) fn give_up(&self, item: &Item, excess: Excess) -> Result<u64, ProjectError> {
        let folder = self.folder.join(MEMBERS_FOLDER);
        if let What::Members(keys) = &item.what {
            store::remove(&folder, keys)?;
            return Ok(item.bytes);
        }
        if let Some(archive) = &self.archive {
            archive.give_up(&item.id, jobs::now().to_rfc3339())?;
        }
        let mut all = locked(&self.all);
        let Some(at) = all.iter().position(|run| run.id == item.id) else {
            return Ok(item.bytes);
        };
        let mut keys: BTreeSet<String> = all.remove(at).keys().into_iter().collect();
        for other in all.iter().flat_map(|run| run.keys()) {
            keys.remove(&other);
        }
        drop(all);
        if self.archive.is_none() || excess.bytes <= item.bytes {
            return Ok(item.bytes);
        }
        let stored = store::members(&folder).into_iter();
        let mine: BTreeMap<String, u64> = stored.filter(|(key, _)| keys.contains(key)).collect();
        let bytes: u64 = mine.values().sum();
        store::remove(&folder, mine.keys())?;
        Ok(item.bytes + bytes)
    }

    /// All ensembles, in the order in which they were asked for.
    pub fn all(&self) -> Vec<Arc<EnsembleRun>> {
        locked(&self.all).clone()
    }

    /// The ensemble with an identifier.
    pub fn get(&self, id: &str) -> Result<Arc<EnsembleRun>, ApiError> {
        let all = locked(&self.all);
        let found = all.iter().find(|run| run.id == id).cloned();
        found.ok_or_else(|| jobs::absent(self.archive.as_deref(), "noun.ensemble", id))
    }

    /// Breaks off what is not over, to go on after the next start.
    pub fn stop(&self) {
        for run in self.all() {
            run.stop();
        }
    }
}

/// The advisory that a run is of, as a request holds it.
fn advisory_of(rehearsal: &Rehearsal) -> Option<serde_json::Value> {
    let text = rehearsal.advisory.as_deref()?;
    serde_json::from_str(text).ok()
}

fn check(request: &EnsembleRequest) -> Result<(), ApiError> {
    let members = request.members.unwrap_or(MEMBERS);
    if !(1..=MOST_MEMBERS).contains(&members) {
        return Err(ApiError::bad_request(text(
            "api.members",
            &[("most", MOST_MEMBERS.to_string())],
        )));
    }
    jobs::check_cell_size(request.cell_size_m.unwrap_or(CELL_SIZE_M))?;
    if request.workers.is_some_and(|w| w > MOST_WORKERS) {
        return Err(ApiError::bad_request(text(
            "api.workers",
            &[("most", MOST_WORKERS.to_string())],
        )));
    }
    Ok(())
}
