//! `simulate` and `forecast`.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use stormgrid_project::leftover::{Swept, sweep_of};
use stormgrid_project::storm::StormTable;
use stormgrid_project::{
    ForecastOptions, Listener, LoadedTwin, Progress, RunOptions, Stage, Summary,
};

use crate::args::{ForecastArguments, SimulateArguments};
use crate::ensemble;

/// Steps of the bar.
const BAR_STEPS: u64 = 1000;

/// Cell size of a forecast that names none [m].
const CELL_SIZE_M: f64 = 20.0;

/// A bar while a person watches, nothing otherwise.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar on the error output if that is a terminal.
    pub fn new() -> Self {
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new(BAR_STEPS)
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{msg:10} [{bar:40}] {percent:>3} %  {eta}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self(bar)
    }

    /// Shows how far it is.
    pub fn show(&self, progress: &Progress) -> ControlFlow<()> {
        self.0.set_message(match progress.stage {
            Stage::Load => "reading",
            Stage::Storm => "storm",
            Stage::Flood => "flood",
            Stage::Exposure => "exposure",
            Stage::Done => "done",
        });
        self.0
            .set_position((progress.share * BAR_STEPS as f64) as u64);
        ControlFlow::Continue(())
    }

    /// Shows how far a thing with a name of its own is, 0 to 1.
    pub fn show_as(&self, name: &str, share: f64) {
        self.0.set_message(name.to_owned());
        self.0.set_position((share * BAR_STEPS as f64) as u64);
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

/// Says what was removed that programs before this one had half written, if there was anything.
pub fn tell_swept(swept: &Swept) {
    if !swept.is_empty() {
        tracing::warn!("what ended programs left half-written is removed, {swept}");
    }
}

/// Runs a scenario.
pub fn simulate(arguments: &SimulateArguments) -> Result<ExitCode> {
    let written = arguments.checkpoint.iter().chain([&arguments.out]);
    tell_swept(
        &written
            .map(|path| sweep_of(path))
            .fold(Swept::default(), Swept::and),
    );
    let bar = Bar::new();
    let options = RunOptions {
        threads: arguments.threads,
        frames: arguments.frames,
        checkpoint: arguments.checkpoint.clone(),
        resume: arguments.resume.clone(),
    };
    let outcome =
        stormgrid_project::simulate(&arguments.scenario, &arguments.out, &options, &mut |p| {
            bar.show(&p)
        });
    bar.clear();
    tell(
        &outcome?,
        &arguments.out.display().to_string(),
        arguments.json,
    )?;
    Ok(ExitCode::SUCCESS)
}

struct Watched(Bar);

impl Listener for Watched {
    fn progress(&mut self, progress: Progress) -> ControlFlow<()> {
        self.0.show(&progress)
    }

    fn storm(&mut self, _storm: &Arc<StormTable>) {}

    fn frame(&mut self, _frame: Vec<u8>) {}
}

/// What a forecast's arguments ask for.
///
/// - `cell_size`: where they do not say [m]
pub fn options(arguments: &ForecastArguments, cell_size: f64) -> Result<ForecastOptions> {
    Ok(ForecastOptions {
        track: arguments.track.clone(),
        storm: arguments.storm.clone(),
        agency: arguments.agency.clone(),
        cell_size_m: arguments.cell_size.unwrap_or(cell_size),
        duration_s: arguments.duration,
        threads: arguments.threads,
        scheme: arguments.scheme.map(Into::into),
        rehearsal: crate::rehearse::of(arguments)?,
    })
}

/// Runs a forecast.
pub fn forecast(arguments: &ForecastArguments) -> Result<ExitCode> {
    if let Some(spec) = &arguments.member_spec {
        return ensemble::member(arguments, spec);
    }
    if let Some(members) = arguments.members {
        return ensemble::ensemble(arguments, members);
    }
    tell_swept(&sweep_of(&arguments.out));
    let twin = LoadedTwin::load(&arguments.twin)?;
    let options = options(arguments, CELL_SIZE_M)?;
    let mut watched = Watched(Bar::new());
    let outcome = stormgrid_project::forecast(&twin, &options, Some(&arguments.out), &mut watched);
    watched.0.clear();
    tell(
        &outcome?.summary,
        &arguments.out.display().to_string(),
        arguments.json,
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what a run came to.
pub fn tell(summary: &Summary, out: &str, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(summary)?);
        return Ok(());
    }
    println!(
        "{}: {} cells of {} m, {} steps",
        summary.title.en, summary.cells, summary.cell_size_m, summary.steps
    );
    println!(
        "water: {:.0} m3 in, {:.0} m3 out, {:.0} m3 stored, error {:.1e}",
        summary.volume_in_m3,
        summary.volume_out_m3,
        summary.volume_stored_m3,
        summary.volume_error_rel
    );
    let cpu = summary
        .cpu_s
        .map(|s| format!(", {s:.1} s of processor time"))
        .unwrap_or_default();
    println!(
        "time: {:.1} s{cpu}, {} threads",
        summary.wall_s, summary.threads
    );
    println!("digest: {}", summary.digest);
    println!("results: {out}");
    Ok(())
}
