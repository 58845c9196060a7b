//! Drives one flood run through its output times, with progress and a way to break off.

use std::ops::ControlFlow;
use std::time::Instant as Clock;

use serde::Serialize;
use stormgrid_sim::flood::{Flood, Outcome};

use crate::{ProjectError, usage};

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Reading and preparing.
    Load,
    /// Wind, rain, sea.
    Storm,
    /// Water over the ground.
    Flood,
    /// Who is reached.
    Exposure,
    /// Finished.
    Done,
}

/// How far a run has come.
#[derive(Clone, Debug)]
pub struct Progress {
    /// What it is doing.
    pub stage: Stage,
    /// Share of the whole that is done, 0 to 1.
    pub share: f64,
}

/// Told about progress; breaks off with [`ControlFlow::Break`].
pub type Observer<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// A finished flood run and what it used.
pub struct Driven {
    /// The solver at the end of the run.
    pub flood: Flood,
    /// Time on the clock [s].
    pub wall_s: f64,
    /// Processor time of the process over the run [s].
    pub cpu_s: Option<f64>,
}

/// Share of the whole that is left for exposure and writing after the flood [-].
const AFTER_FLOOD: f64 = 0.03;

/// Why a run is handed out while it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// An output time, with its number.
    Frame(usize),
    /// The first step after a time to look; the steps are those of a run that is never looked at.
    Look,
}

/// Called at every output time with its number.
type OnFrame<'a> = dyn FnMut(usize, f64, &mut Flood) -> Result<(), ProjectError> + 'a;

/// Called at every moment.
type OnMoment<'a> = dyn FnMut(Moment, f64, &mut Flood) -> Result<(), ProjectError> + 'a;

/// Runs a flood, fresh or resumed, to its end.
///
/// - `duration`, `interval` [s]: length, and distance of the calls to `on_frame`, which comes at
///   0 or where the flood was resumed, at every interval and at the end
pub fn drive(
    flood: Flood,
    duration: f64,
    interval: f64,
    observer: &mut Observer<'_>,
    on_frame: &mut OnFrame<'_>,
) -> Result<Driven, ProjectError> {
    let on_moment: &mut OnMoment<'_> = &mut |moment, time, flood| match moment {
        Moment::Frame(number) => on_frame(number, time, flood),
        Moment::Look => Ok(()),
    };
    drive_looking(
        flood,
        duration,
        interval,
        f64::INFINITY,
        observer,
        on_moment,
    )
}

/// Like [`drive`], and looks in between.
///
/// - `look` [s]: distance of the looks; each comes after the first step that ends at or after its time, so that
///   no step is shortened for it and the result is the same with and without looks
pub fn drive_looking(
    mut flood: Flood,
    duration: f64,
    interval: f64,
    look: f64,
    observer: &mut Observer<'_>,
    on_moment: &mut OnMoment<'_>,
) -> Result<Driven, ProjectError> {
    let (clock, cpu) = (Clock::now(), usage::cpu_seconds());
    let n_frames = (duration / interval - 1e-9).ceil().max(1.0) as usize;
    let first = (flood.time_s() / interval + 1e-9).floor() as usize;
    on_moment(Moment::Frame(first), flood.time_s(), &mut flood)?;
    let mut next_look = flood.time_s() + look;
    for frame in first + 1..=n_frames {
        let until = (frame as f64 * interval).min(duration);
        loop {
            let mut looks = false;
            let outcome = flood.advance_to(until, &mut |step| {
                let told = observer(Progress {
                    stage: Stage::Flood,
                    share: (step.time_s / duration).min(1.0) * (1.0 - AFTER_FLOOD),
                });
                looks = told.is_continue() && step.time_s >= next_look;
                match looks {
                    true => ControlFlow::Break(()),
                    false => told,
                }
            })?;
            if looks {
                next_look = flood.time_s() + look;
                on_moment(Moment::Look, flood.time_s(), &mut flood)?;
            } else if outcome == Outcome::Stopped {
                return Err(ProjectError::Cancelled);
            } else {
                break;
            }
        }
        on_moment(Moment::Frame(frame), until, &mut flood)?;
    }
    Ok(Driven {
        flood,
        wall_s: clock.elapsed().as_secs_f64(),
        cpu_s: cpu.and_then(|before| Some(usage::cpu_seconds()? - before)),
    })
}

/// Tells progress outside the flood; an error if the observer breaks off.
pub fn tell(observer: &mut Observer<'_>, stage: Stage, share: f64) -> Result<(), ProjectError> {
    match observer(Progress { stage, share }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(ProjectError::Cancelled),
    }
}
