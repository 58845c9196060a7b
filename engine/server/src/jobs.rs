//! What runs and ensembles have in common: how far a computation is, how it ends, what it is called.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use stormgrid_core::message;
use stormgrid_core::message::{Bilingual, Message};
use stormgrid_core::time::Instant as Utc;
use stormgrid_project::archive::Archive;
use stormgrid_project::leftover::Swept;
use stormgrid_project::messages::text;
use stormgrid_project::{InputFault, ProjectError};
use utoipa::ToSchema;

use crate::error::{ApiError, logged};

/// Cell sizes that may be asked for [m].
const CELL_SIZES: std::ops::RangeInclusive<f64> = 2.0..=200.0;

/// Letters of a storm's name in an identifier.
const LONGEST_WORD: usize = 40;

/// Where a computation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    /// The server ended before it was finished; it can be begun again.
    Interrupted,
    /// It was finished, and what was kept of it cannot be used; `message` says why.
    Broken,
}

impl RunState {
    /// Whether nothing more will come of it by itself.
    pub(crate) fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    /// Whether it can be begun again: it is over, and not as it should be.
    pub(crate) fn is_resumable(self) -> bool {
        self.is_over() && self != Self::Done
    }

    /// Whether it ended by itself or by a person, so that nobody waits for it.
    pub(crate) fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled | Self::Failed)
    }

    /// Whether it waits to be computed, or to be begun again.
    pub(crate) fn is_unfinished(self) -> bool {
        matches!(self, Self::Queued | Self::Running | Self::Interrupted)
    }
}

/// How far a computation is.
pub(crate) struct Course {
    pub state: RunState,
    /// Share that is done, 0 to 1.
    pub share: f64,
    pub message: Option<Bilingual>,
    begun: Option<Instant>,
    wall_s: Option<f64>,
}

/// A course as a card keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CourseCard {
    pub state: RunState,
    pub wall_s: Option<f64>,
    pub message: Option<Bilingual>,
}

impl Course {
    /// One that waits.
    pub fn queued() -> Self {
        Self {
            state: RunState::Queued,
            share: 0.0,
            message: None,
            begun: None,
            wall_s: None,
        }
    }

    /// One that was kept.
    pub fn kept(card: CourseCard) -> Self {
        Self {
            share: if card.state == RunState::Done {
                1.0
            } else {
                0.0
            },
            state: card.state,
            message: card.message,
            begun: None,
            wall_s: card.wall_s,
        }
    }

    pub fn card(&self) -> CourseCard {
        CourseCard {
            state: self.state,
            wall_s: self.wall_s,
            message: self.message.clone(),
        }
    }

    /// Begins what waits; false where it was called off before.
    pub fn begin(&mut self) -> bool {
        if self.state != RunState::Queued {
            return false;
        }
        self.state = RunState::Running;
        self.begun = Some(Instant::now());
        true
    }

    /// It has waited for others so long, which is no time of its own.
    pub fn waited(&mut self, time: Duration) {
        self.begun = self.begun.map(|begun| begun + time);
    }

    /// Time on the clock so far [s].
    pub fn wall_s(&self) -> Option<f64> {
        let running = || self.begun.map(|begun| begun.elapsed().as_secs_f64());
        self.wall_s.or_else(running)
    }

    /// Estimate of the time until it is done [s].
    ///
    /// - `least`: share below which there is none [-]
    pub fn eta_s(&self, least: f64) -> Option<f64> {
        let running = self.state == RunState::Running && self.share > least;
        let wall_s = self.wall_s().filter(|_| running);
        wall_s.map(|wall_s| wall_s * (1.0 - self.share) / self.share)
    }

    /// Takes down how it ended; what came of it, if it was finished.
    ///
    /// - `broken_off`: what it counts as if somebody broke it off
    /// - `inside`: key of what is said if it failed inside
    pub fn end<T>(
        &mut self,
        outcome: thread::Result<Result<T, ProjectError>>,
        broken_off: RunState,
        inside: &str,
    ) -> Option<T> {
        self.wall_s = self.wall_s();
        let (state, message, result) = match outcome {
            Ok(Ok(result)) => (RunState::Done, None, Some(result)),
            Ok(Err(ProjectError::Cancelled)) => {
                let said = broken_off == RunState::Interrupted;
                (
                    broken_off,
                    said.then(|| text("kept.interrupted", &[])),
                    None,
                )
            }
            Ok(Err(error)) => (RunState::Failed, Some(logged(&error.message())), None),
            Err(_) => (RunState::Failed, Some(text(inside, &[])), None),
        };
        self.state = state;
        self.message = message;
        if state == RunState::Done {
            self.share = 1.0;
        }
        result
    }

    /// Cancels what waits; false where it is beyond that.
    pub fn call_off(&mut self) -> bool {
        let waits = self.state == RunState::Queued;
        if waits {
            self.state = RunState::Cancelled;
        }
        waits
    }

    /// It was finished after all.
    pub fn finish(&mut self) {
        self.state = RunState::Done;
        self.share = 1.0;
        self.message = None;
    }

    /// The server ended, or ends, before it was finished.
    pub fn interrupt(&mut self) {
        self.state = RunState::Interrupted;
        self.message = Some(text("kept.interrupted", &[]));
    }

    /// What was kept cannot be used.
    pub fn break_down(&mut self, why: Bilingual) {
        self.state = RunState::Broken;
        self.share = 0.0;
        self.message = Some(why);
    }
}

/// What is said of kept results that cannot be read.
pub(crate) fn unreadable(error: &ProjectError) -> Bilingual {
    logged(&Message::key("kept.unreadable").with("reason", error.message()))
}

/// A card that this program cannot use.
pub(crate) fn wrong_card(id: &str, problem: Message) -> ProjectError {
    ProjectError::Input(Box::new(InputFault {
        file: message!("kept.card", "the card of {id}", id = id),
        problem,
        remedy: message!("fix.kept.program", "use the program that wrote it"),
    }))
}

/// What is said of a card of another form.
pub(crate) fn other_form(found: u32, known: u32) -> Message {
    message!(
        "fault.kept.form",
        "it is of form {found}, not {known}",
        found = found,
        known = known
    )
}

/// Something that may be done only with what is over and not done.
pub(crate) fn not_resumable() -> ApiError {
    ApiError::not_ready(text("kept.not_resumable", &[]))
}

/// Results that were kept and cannot be used.
pub(crate) fn broken(why: Option<&Bilingual>) -> ApiError {
    ApiError::not_ready(why.cloned().unwrap_or_else(|| text("kept.other_twin", &[])))
}

/// Moves results that cannot be used out of the way of new ones.
pub(crate) fn set_aside(archive: &Archive, id: &str) -> Result<(), ApiError> {
    if let Some(aside) = archive.set_aside(id).map_err(|e| unkept(&e))? {
        tracing::warn!(%id, aside = %aside.display(), "results that cannot be used are set aside");
    }
    Ok(())
}

/// Says what was removed that programs before this one had half written, if there was anything.
pub(crate) fn tell_swept(folder: &str, swept: &Swept) {
    if !swept.is_empty() {
        tracing::warn!("{folder}: {swept}");
    }
}

/// Something that is on no list: it never was, or it was given up.
///
/// - `noun`: key of the catalogue for what it is
pub(crate) fn absent(archive: Option<&Archive>, noun: &'static str, id: &str) -> ApiError {
    match archive.and_then(|archive| archive.given_up(id)) {
        Some(time) => ApiError::given_up(noun, id, &time),
        None => ApiError::not_found(noun, id),
    }
}

/// A disk that does not keep what it is given.
pub(crate) fn unkept(error: &ProjectError) -> ApiError {
    ApiError::failed(error)
}

/// Locks; a thread that panicked while it held the lock has left nothing half-written here, because
/// every write is one assignment.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Refuses cell sizes that are out of range.
pub(crate) fn check_cell_size(cell_size_m: f64) -> Result<(), ApiError> {
    match CELL_SIZES.contains(&cell_size_m) {
        true => Ok(()),
        false => Err(ApiError::bad_request(text("api.cell_size", &[]))),
    }
}

/// A storm's name as a part of an identifier, which is also the name of a folder.
pub(crate) fn id_word(name: &str) -> String {
    let kept = name.chars().filter(char::is_ascii_alphanumeric);
    let word: String = kept.take(LONGEST_WORD).collect();
    match word.is_empty() {
        true => "storm".to_owned(),
        false => word.to_lowercase(),
    }
}

/// The name, or the first free one that begins with it.
pub(crate) fn free_id(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    (1..)
        .map(|n| match n {
            1 => name.to_owned(),
            _ => format!("{name}-{n}"),
        })
        .find(|id| !is_taken(id))
        .unwrap_or_default()
}

/// The clock's time.
pub(crate) fn now() -> Utc {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    Utc::from_unix_seconds(now.map_or(0, |d| d.as_secs() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSIDE: &str = "api.run_broke";

    #[test]
    fn a_course_ends_once_and_says_how() {
        let mut course = Course::queued();
        assert!(course.begin() && !course.begin());
        course.share = 0.5;
        assert!(course.eta_s(0.1).is_some() && course.eta_s(0.6).is_none());
        let done = course.end(Ok(Ok(7)), RunState::Cancelled, INSIDE);
        assert_eq!(
            (done, course.state, course.share),
            (Some(7), RunState::Done, 1.0)
        );

        for (broken_off, said) in [(RunState::Cancelled, false), (RunState::Interrupted, true)] {
            let mut course = Course::queued();
            course.begin();
            let outcome: Result<(), _> = Err(ProjectError::Cancelled);
            assert!(course.end(Ok(outcome), broken_off, INSIDE).is_none());
            assert_eq!((course.state, course.message.is_some()), (broken_off, said));
            let again = Course::kept(course.card());
            assert_eq!((again.state, again.share), (broken_off, 0.0));
        }
        let mut course = Course::queued();
        let panicked: thread::Result<Result<(), _>> = Err(Box::new("boom"));
        course.end(panicked, RunState::Cancelled, INSIDE);
        assert_eq!(course.message, Some(text(INSIDE, &[])));
    }

    #[test]
    fn names_are_plain_and_free() {
        assert_eq!(id_word("天鸽 Hato/../"), "hato");
        assert_eq!(id_word("天鸽"), "storm");
        let taken = ["a", "a-2"];
        assert_eq!(free_id("a", |id| taken.contains(&id)), "a-3");
        assert_eq!(free_id("b", |id| taken.contains(&id)), "b");
    }
}
