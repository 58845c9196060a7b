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

/// Runs a flood, fresh or resumed, to its end.
///
/// - `duration`, `interval` [s]: length, and distance of the calls to `on_frame`, which comes at
///   0 or where the flood was resumed, at every interval and at the end
pub fn drive(
    mut flood: Flood,
    duration: f64,
    interval: f64,
    observer: &mut Observer<'_>,
    on_frame: &mut dyn FnMut(usize, f64, &mut Flood) -> Result<(), ProjectError>,
) -> Result<Driven, ProjectError> {
    let (clock, cpu) = (Clock::now(), usage::cpu_seconds());
    let n_frames = (duration / interval - 1e-9).ceil().max(1.0) as usize;
    let first = (flood.time_s() / interval + 1e-9).floor() as usize;
    on_frame(first, flood.time_s(), &mut flood)?;
    for frame in first + 1..=n_frames {
        let until = (frame as f64 * interval).min(duration);
        let outcome = flood.advance_to(until, &mut |step| {
            observer(Progress {
                stage: Stage::Flood,
                share: (step.time_s / duration).min(1.0) * (1.0 - AFTER_FLOOD),
            })
        })?;
        if outcome == Outcome::Stopped {
            return Err(ProjectError::Cancelled);
        }
        on_frame(frame, until, &mut flood)?;
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
