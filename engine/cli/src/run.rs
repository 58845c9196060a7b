//! `simulate` and `forecast`.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_project::leftover::{Swept, sweep_of};
use stormgrid_project::storm::StormTable;
use stormgrid_project::{
    ForecastOptions, Listener, LoadedTwin, Progress, RunOptions, Stage, Summary,
};

use crate::args::{ForecastArguments, SimulateArguments};
use crate::ensemble;
use crate::failure::Result;
use crate::language::Language;

/// Steps of the bar.
const BAR_STEPS: u64 = 1000;

/// Cell size of a forecast that names none [m].
pub const CELL_SIZE_M: f64 = 20.0;

/// A bar while a person watches, nothing otherwise.
pub struct Bar {
    bar: ProgressBar,
    language: Language,
}

impl Bar {
    /// A bar on the error output if that is a terminal.
    pub fn new(language: Language) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new(BAR_STEPS)
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{msg:10} [{bar:40}] {percent:>3} %  {eta}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, language }
    }

    /// Shows how far it is.
    pub fn show(&self, progress: &Progress) -> ControlFlow<()> {
        let stage = match progress.stage {
            Stage::Load => message!("cli.stage.load", "reading"),
            Stage::Storm => message!("cli.stage.storm", "storm"),
            Stage::Flood => message!("cli.stage.flood", "flood"),
            Stage::Exposure => message!("cli.stage.exposure", "exposure"),
            Stage::Done => message!("cli.stage.done", "done"),
        };
        self.show_as(&self.language.tell(&stage), progress.share);
        ControlFlow::Continue(())
    }

    /// Shows how far a thing with a name of its own is, 0 to 1.
    pub fn show_as(&self, name: &str, share: f64) {
        self.bar.set_message(name.to_owned());
        self.bar.set_position((share * BAR_STEPS as f64) as u64);
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Says what was removed that programs before this one had half written, if there was anything.
pub fn tell_swept(swept: &Swept) {
    if !swept.is_empty() {
        tracing::warn!("{swept}");
    }
}

/// Runs a scenario.
pub fn simulate(arguments: &SimulateArguments, language: Language) -> Result<ExitCode> {
    let written = arguments.checkpoint.iter().chain([&arguments.out]);
    tell_swept(
        &written
            .map(|path| sweep_of(path))
            .fold(Swept::default(), Swept::and),
    );
    let bar = Bar::new(language);
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
    tell(&outcome?, &arguments.out, arguments.json, language)?;
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
pub fn forecast(arguments: &ForecastArguments, language: Language) -> Result<ExitCode> {
    if let Some(spec) = &arguments.member_spec {
        return ensemble::member(arguments, spec, language);
    }
    if let Some(members) = arguments.members {
        return ensemble::ensemble(arguments, members, language);
    }
    tell_swept(&sweep_of(&arguments.out));
    let twin = LoadedTwin::load(&arguments.twin)?;
    let options = options(arguments, CELL_SIZE_M)?;
    let mut watched = Watched(Bar::new(language));
    let outcome = stormgrid_project::forecast(&twin, &options, Some(&arguments.out), &mut watched);
    watched.0.clear();
    let summary = outcome?.summary;
    tell(&summary, &arguments.out, arguments.json, language)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what a run came to.
pub fn tell(summary: &Summary, out: &Path, json: bool, language: Language) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(summary)?);
        return Ok(());
    }
    for line in [told_of_cells(summary), water(summary), time(summary)] {
        println!("{}", language.tell(&line));
    }
    println!("digest: {}", summary.digest);
    println!("{}", language.tell(&results(out)));
    Ok(())
}

/// Where the results lie.
pub fn results(out: &Path) -> Message {
    message!(
        "cli.results",
        "results: {folder}",
        folder = out.display().to_string()
    )
}

fn told_of_cells(summary: &Summary) -> Message {
    message!(
        "cli.run.cells",
        "{title}: {cells} cells of {size} m, {steps} steps",
        title = Message::Own(summary.title.clone()),
        cells = summary.cells,
        size = summary.cell_size_m,
        steps = summary.steps
    )
}

fn water(summary: &Summary) -> Message {
    message!(
        "cli.run.water",
        "water: {inflow} m3 in, {outflow} m3 out, {stored} m3 stored, error {error}",
        inflow = format!("{:.0}", summary.volume_in_m3),
        outflow = format!("{:.0}", summary.volume_out_m3),
        stored = format!("{:.0}", summary.volume_stored_m3),
        error = format!("{:.1e}", summary.volume_error_rel)
    )
}

fn time(summary: &Summary) -> Message {
    let told = match summary.cpu_s {
        None => message!("cli.run.time", "time: {wall} s, {threads} threads"),
        Some(cpu) => message!(
            "cli.run.time_cpu",
            "time: {wall} s, {cpu} s of processor time, {threads} threads",
            cpu = format!("{cpu:.1}")
        ),
    };
    told.with("wall", format!("{:.1}", summary.wall_s))
        .with("threads", summary.threads)
}
