//! Ensembles: queued with the runs, computed by members in processes of their own, watched, cancelled, kept.
//!
//! Where runs are kept, ensembles are: by a card in their folder, as runs are. What was cut off goes on from the
//! members that are done.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use stormgrid_core::message::Message;
use stormgrid_core::time::Instant as Utc;
use stormgrid_project::archive::Archive;
use stormgrid_project::ensemble::{EnsembleOptions, MEMBERS_FOLDER, MOST_MEMBERS, plan_ensemble};
use stormgrid_project::messages::{text, told};
use stormgrid_project::rehearsal::Rehearsal;
use stormgrid_project::{ForecastOptions, LoadedTwin, ProjectError, Scheme};
use utoipa::ToSchema;

use crate::ensemble_run::{EnsembleCard, EnsembleRun, Shown};
use crate::error::ApiError;
use crate::jobs::{self, RunState, locked};
use crate::runs::Runs;

/// Cell size of an ensemble that names none [m].
const CELL_SIZE_M: f64 = 40.0;

/// Members of an ensemble that names no number.
const MEMBERS: u32 = 20;

/// Most workers that may be asked for.
const MOST_WORKERS: usize = 256;

/// Most ensembles that are listed; their members stay on disk.
const MOST_ENSEMBLES: usize = 8;

/// What to compute; what is missing is taken from the twin.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
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
            store: Some(self.folder.join(MEMBERS_FOLDER)),
        })
    }

    /// Queues an ensemble behind the runs and ensembles that wait.
    pub fn queue(&self, request: &EnsembleRequest) -> Result<Arc<EnsembleRun>, ApiError> {
        check(request)?;
        let options = self.options(request)?;
        let planned = plan_ensemble(&self.twin, &options).map_err(|e| ApiError::refused(&e))?;
        let shown = Shown::of(planned).map_err(|e| ApiError::refused(&e))?;
        let mut all = locked(&self.all);
        if all.len() >= MOST_ENSEMBLES {
            let Some(old) = all.iter().position(|run| run.may_go()) else {
                return Err(ApiError::not_ready(text("api.many_ensembles", &[])));
            };
            let old = all.remove(old);
            if let Some(archive) = &self.archive
                && let Err(error) = archive.remove(&old.id)
            {
                tracing::warn!(ensemble = %old.id, "not given up: {error}");
            }
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
        self.compute_later(&run)?;
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
        let before = run.wait_again(request, options, shown, twin);
        let before = before.ok_or_else(jobs::not_resumable)?;
        if let Some(archive) = &self.archive
            && before == RunState::Broken
        {
            jobs::set_aside(archive, id)?;
        }
        run.keep().map_err(|e| jobs::unkept(&e))?;
        self.compute_later(&run)?;
        Ok(run)
    }

    fn compute_later(&self, run: &Arc<EnsembleRun>) -> Result<(), ApiError> {
        let (twin, mine) = (Arc::clone(&self.twin), Arc::clone(run));
        self.runs.enqueue(Box::new(move || mine.compute(&twin)))
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

    /// Breaks off what is not over, to go on after the next start.
    pub fn stop(&self) {
        for run in self.all() {
            run.stop();
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
    jobs::check_cell_size(request.cell_size_m.unwrap_or(CELL_SIZE_M))?;
    if request.workers.is_some_and(|w| w > MOST_WORKERS) {
        return Err(ApiError::bad_request(text(
            "api.workers",
            &[("most", MOST_WORKERS.to_string())],
        )));
    }
    Ok(())
}
