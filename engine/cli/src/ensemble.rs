//! `forecast --members` and its members.

use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::time::Instant as Utc;
use stormgrid_project::ensemble::{
    COMPLAINT_WORD, EnsembleOptions, EnsembleStatus, MemberState, PROGRESS_WORD, run_member, sweep,
};
use stormgrid_project::leftover::sweep_of;
use stormgrid_project::{LoadedTwin, Progress};

use crate::args::ForecastArguments;
use crate::demo::stop_signal;
use crate::failure::Result;
use crate::language::{Language, storm};
use crate::run::{Bar, CELL_SIZE_M, options, results, tell, tell_swept};

/// Time between two lines of a member's progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// Runs an ensemble.
pub fn ensemble(
    arguments: &ForecastArguments,
    members: u32,
    language: Language,
) -> Result<ExitCode> {
    tell_swept(&sweep(&arguments.out));
    let twin = LoadedTwin::load(&arguments.twin)?;
    let forecast = options(arguments, CELL_SIZE_M)?;
    let issued = arguments.issued.as_deref().map(Utc::parse).transpose();
    let issued = issued.map_err(|error| {
        message!(
            "cli.issued",
            "--issued: {problem}",
            problem = error.message()
        )
    })?;
    let program = std::env::current_exe().map_err(|error| {
        message!(
            "cli.no_program",
            "the program does not know where it is: {detail}",
            detail = Message::english(error)
        )
    })?;
    let options = EnsembleOptions {
        forecast,
        members,
        seed: arguments.seed,
        workers: arguments.workers,
        issued,
        errors: arguments.errors.clone(),
        program,
        store: None,
    };
    let stop = stop_flag()?;
    let bar = Bar::new(language);
    let mut observer = |status: &EnsembleStatus<'_>| {
        bar.show_as(&language.tell(&counted(status)), status.share);
        match stop.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let outcome =
        stormgrid_project::ensemble::ensemble(&twin, &options, &arguments.out, &mut observer);
    bar.clear();
    let found = outcome?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        let reused = found.members.iter().filter(|m| m.status.attempts == 0);
        let line = message!(
            "cli.ensemble.members",
            "{storm}: {done} of {all} members with {size} m cells, {before} of them computed before",
            storm = storm(&found.spec.storm),
            done = found.members_done,
            all = found.spec.members,
            size = found.spec.cell_size_m,
            before = reused.count()
        );
        println!("{}", language.tell(&line));
        let line = message!(
            "cli.ensemble.time",
            "time: {wall} s, {cpu} s of processor time of the members",
            wall = format!("{:.1}", found.wall_s),
            cpu = format!("{:.1}", found.members_cpu_s)
        );
        println!("{}", language.tell(&line));
        println!("digest: {}", found.digest);
        println!("{}", language.tell(&results(&arguments.out)));
    }
    for member in &found.members {
        if let (true, Some(message)) = (member.status.attempts > 1, &member.status.message) {
            let line = message!(
                "cli.ensemble.attempts",
                "member {n}: {attempts} attempts, {message}",
                n = member.status.n,
                attempts = member.status.attempts,
                message = Message::Own(message.clone())
            );
            eprintln!("{}", language.tell(&line));
        }
    }
    match found.failures() {
        Some(failures) => Err(Message::Own(failures).into()),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// The word before the bar: members that are over of all.
fn counted(status: &EnsembleStatus<'_>) -> Message {
    let over = |state| matches!(state, MemberState::Done | MemberState::Failed);
    let over = status.members.iter().filter(|m| over(m.state)).count();
    message!(
        "cli.ensemble.counted",
        "{over} of {all}",
        over = over,
        all = status.members.len()
    )
}

/// Set when a person or the system asks the program to end.
fn stop_flag() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&stop);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            message!(
                "cli.no_signals",
                "signals cannot be waited for: {detail}",
                detail = Message::english(error)
            )
        })?;
    std::thread::spawn(move || {
        runtime.block_on(stop_signal());
        set.store(true, Ordering::Relaxed);
    });
    Ok(stop)
}

/// Runs one member. On a terminal it shows a bar, else it prints its progress line by line: whoever started it
/// reads them, and when nobody does any more the member ends.
pub fn member(arguments: &ForecastArguments, spec: &Path, language: Language) -> Result<ExitCode> {
    let bar = std::io::stderr().is_terminal().then(|| Bar::new(language));
    let swept = sweep_of(&arguments.out);
    if bar.is_some() {
        // Else whoever started it would take the line for a complaint.
        tell_swept(&swept);
    }
    let mut last: Option<Instant> = None;
    let mut observer = |progress: Progress| {
        if let Some(bar) = &bar {
            return bar.show(&progress);
        }
        if last.is_some_and(|t| t.elapsed() < PROGRESS_EVERY) {
            return ControlFlow::Continue(());
        }
        last = Some(Instant::now());
        let mut out = std::io::stdout().lock();
        let written = writeln!(out, "{PROGRESS_WORD}{:.4}", progress.share);
        match written.and_then(|()| out.flush()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    };
    let outcome = run_member(
        &arguments.twin,
        spec,
        &arguments.out,
        arguments.threads,
        &mut observer,
    );
    if let Some(bar) = &bar {
        bar.clear();
    }
    if let (Err(error), None) = (&outcome, &bar) {
        // Whoever started the member shows the sentence in the language of its reader.
        eprintln!("{COMPLAINT_WORD}{}", serde_json::to_string(&error.told())?);
    }
    let summary = outcome?;
    if bar.is_some() || arguments.json {
        tell(&summary, &arguments.out, arguments.json, language)?;
    }
    Ok(ExitCode::SUCCESS)
}
