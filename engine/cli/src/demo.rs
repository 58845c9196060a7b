//! `demo` and `serve`: the twin in a browser.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use stormgrid_core::message;
use stormgrid_core::message::{Bilingual, Message};
use stormgrid_demo::{DemoOptions, generate};
use stormgrid_project::{LoadedTwin, MANIFEST, usage};
use stormgrid_server::{
    ApiError, Ensembles, Run, RunRequest, RunState, Runs, RunsOptions, Server, ServerOptions, Turn,
};

use crate::args::{DemoArguments, ServeArguments};
use crate::failure::{Failure, Result};
use crate::language::Language;

/// Cell sizes of the demo's forecasts, the first quick, the last fine [m].
const DEMO_CELLS_M: [f64; 3] = [40.0, 20.0, 10.0];

/// How often the runs are looked at [ms].
const POLL_MS: u64 = 250;

/// How long a cancelled run may take to clear up after itself; it notices at its next step.
const PATIENCE: Duration = Duration::from_secs(5);

/// Makes the demo city if it is missing, serves it, forecasts coarse first and finer after.
pub fn demo(arguments: &DemoArguments, language: Language) -> Result<ExitCode> {
    let clock = Clock::new(language);
    if !arguments.dir.join(MANIFEST).is_file() {
        clock.tell(&message!(
            "cli.demo.making",
            "making the demo city in {folder}",
            folder = arguments.dir.display().to_string()
        ));
        let report = generate(&arguments.dir, &DemoOptions::default())?;
        clock.tell(&message!(
            "cli.demo.made",
            "{buildings} buildings, {people} people, {area} km2; all of it synthetic",
            buildings = report.buildings,
            people = report.people,
            area = format!("{:.1}", report.area_m2 / 1e6)
        ));
    }
    let cells: &[f64] = if arguments.exit_after_forecast {
        &DEMO_CELLS_M[..1]
    } else {
        &DEMO_CELLS_M
    };
    let viewer = viewer_folder(arguments.viewer.as_deref(), arguments.exit_after_forecast)?;
    start(
        &Start {
            twin: &arguments.dir,
            port: arguments.port,
            viewer,
            threads: arguments.threads,
            disk_budget_gb: arguments.disk_budget,
            cells,
            opens: !arguments.no_open && !arguments.exit_after_forecast,
            ends: arguments.exit_after_forecast,
        },
        clock,
    )
}

/// Serves a twin.
pub fn serve(arguments: &ServeArguments, language: Language) -> Result<ExitCode> {
    start(
        &Start {
            twin: &arguments.twin,
            port: arguments.port,
            viewer: viewer_folder(arguments.viewer.as_deref(), false)?,
            threads: arguments.threads,
            disk_budget_gb: arguments.disk_budget,
            cells: &[],
            opens: false,
            ends: false,
        },
        Clock::new(language),
    )
}

/// Time since the start, told before what happens, in the language of whoever started the program.
#[derive(Clone, Copy)]
struct Clock {
    start: Instant,
    language: Language,
}

impl Clock {
    fn new(language: Language) -> Self {
        Self {
            start: Instant::now(),
            language,
        }
    }

    fn tell(self, told: &Message) {
        let seconds = self.start.elapsed().as_secs_f64();
        println!("[{seconds:6.1} s] {}", self.language.tell(told));
    }
}

struct Start<'a> {
    twin: &'a Path,
    port: u16,
    viewer: Option<PathBuf>,
    threads: usize,
    disk_budget_gb: f64,
    cells: &'a [f64],
    opens: bool,
    ends: bool,
}

fn start(start: &Start<'_>, clock: Clock) -> Result<ExitCode> {
    let twin = Arc::new(LoadedTwin::load(start.twin)?);
    for finding in &twin.findings {
        tracing::warn!("{}", finding.message());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| {
            message!(
                "cli.serve.threads",
                "the server's threads cannot be started: {detail}",
                detail = Message::english(error)
            )
        })?;
    let kept = RunsOptions {
        out: Some(start.twin.join("runs")),
        threads: start.threads,
        budget_bytes: (start.disk_budget_gb * 1e9) as u64,
    };
    let runs = Runs::start(Arc::clone(&twin), kept)?;
    let options = ServerOptions {
        port: start.port,
        viewer: start.viewer.clone(),
    };
    let asked = runtime.block_on(async {
        let server = Server::bind(Arc::clone(&twin), Arc::clone(&runs), &options).await?;
        let ensembles = server.ensembles();
        let url = format!("http://{}/", server.address());
        clock.tell(&message!(
            "cli.serve.at",
            "{name} at {url}",
            name = &twin.manifest.site.name,
            url = &url
        ));
        tell_kept(&runs, &ensembles, clock.language);
        let told: BTreeSet<String> = over(&runs).map(|run| run.id().to_owned()).collect();
        let mut asked = Vec::new();
        for (n, &cell_size_m) in start.cells.iter().enumerate() {
            // Nobody waits for the finer ones.
            let turn = if n == 0 { Turn::Asked } else { Turn::Idle };
            match forecast_at(&runs, cell_size_m, turn) {
                Ok(run) => asked.push(run),
                Err(error) => {
                    let refused = message!(
                        "cli.serve.refused",
                        "no forecast can be started: {problem}",
                        problem = Message::Own(error.sentence())
                    );
                    return Err(Failure::from(refused));
                }
            }
        }
        if start.opens {
            open_browser(&url);
        }
        let watched = tokio::spawn(watch(Arc::clone(&runs), told, clock, start.ends));
        let ends = start.ends;
        server
            .run(async move {
                tokio::select! {
                    () = stop_signal() => {}
                    () = finished(watched), if ends => {}
                }
            })
            .await?;
        ensembles.stop();
        Ok(asked)
    })?;
    let failed = start.ends && asked.iter().any(|run| run.view().state != RunState::Done);
    // Whatever is still computed is broken off, to be begun again after the next start; a run folder in the making
    // removes itself.
    runs.stop();
    let all = runs.all();
    let patience = Instant::now();
    while !all.iter().all(|run| run.is_over()) && patience.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(POLL_MS / 5));
    }
    if failed {
        return Err(message!(
            "cli.serve.failed",
            "the forecast failed; see the message above"
        )
        .into());
    }
    Ok(ExitCode::SUCCESS)
}

async fn finished(watched: tokio::task::JoinHandle<()>) {
    // The watcher ends by itself once all runs are over.
    let _ = watched.await;
}

fn over(runs: &Runs) -> impl Iterator<Item = Arc<Run>> {
    runs.all().into_iter().filter(|run| run.is_over())
}

/// Prints what came back from an earlier start: what is whole by its number, what is not by name.
fn tell_kept(runs: &Runs, ensembles: &Ensembles, language: Language) {
    let runs = runs.all().into_iter().map(|run| run.view());
    let runs = runs.map(|v| (v.id, v.state, v.message));
    let ensembles = ensembles.all().into_iter().map(|run| run.view());
    let ensembles = ensembles.map(|v| (v.id, v.state, v.message));
    let mut done = 0;
    for (id, state, message) in runs.chain(ensembles) {
        let of_run = |told: Message| {
            let reason = message.map(Bilingual::from).unwrap_or_default();
            let told = told.with("id", id).with("reason", Message::Own(reason));
            language.tell(&told)
        };
        match state {
            RunState::Done => done += 1,
            RunState::Interrupted => {
                let told = message!("cli.serve.cut_off", "{id} was cut off: {reason}");
                println!("{}", of_run(told));
            }
            RunState::Broken => {
                let told = message!("cli.serve.broken", "{id} is broken: {reason}");
                eprintln!("{}", of_run(told));
            }
            _ => {}
        }
    }
    if done > 0 {
        let line = message!(
            "cli.serve.kept",
            "{n} finished runs and ensembles are there from an earlier start",
            n = done
        );
        println!("{}", language.tell(&line));
    }
}

/// The twin's own forecast with cells of a size: that of an earlier start where the twin is the same, else a new one.
fn forecast_at(runs: &Arc<Runs>, cell_size_m: f64, turn: Turn) -> Result<Arc<Run>, ApiError> {
    match runs.own(cell_size_m) {
        Some(run) if run.view().state == RunState::Done => Ok(run),
        Some(run) => runs.resume(run.id(), turn),
        None => {
            let request = RunRequest {
                cell_size_m: Some(cell_size_m),
                ..RunRequest::default()
            };
            runs.queue(request, turn)
        }
    }
}

/// Prints what becomes of the runs, those aside that were `told`; ends when all are over if `ends`.
async fn watch(runs: Arc<Runs>, mut told: BTreeSet<String>, clock: Clock, ends: bool) {
    loop {
        tokio::time::sleep(Duration::from_millis(POLL_MS)).await;
        let all = runs.all();
        // One that is begun again is told again.
        for run in all.iter().filter(|run| !run.is_over()) {
            told.remove(run.id());
        }
        for run in over(&runs) {
            if told.insert(run.id().to_owned()) {
                tell(&run.view(), clock);
            }
        }
        if ends && all.iter().all(|run| run.is_over()) {
            return;
        }
    }
}

fn tell(run: &stormgrid_server::RunView, clock: Clock) {
    let size = run.cell_size_m;
    match run.state {
        RunState::Done => {
            let told = match usage::cpu_seconds() {
                None => message!("cli.serve.done", "forecast at {size} m is done: {wall} s"),
                Some(cpu) => message!(
                    "cli.serve.done_cpu",
                    "forecast at {size} m is done: {wall} s, {cpu} s of processor time since the start",
                    cpu = format!("{cpu:.1}")
                ),
            };
            let wall = format!("{:.1}", run.wall_s.unwrap_or_default());
            clock.tell(&told.with("size", size).with("wall", wall));
        }
        RunState::Cancelled | RunState::Interrupted => clock.tell(&message!(
            "cli.serve.broken_off",
            "forecast at {size} m was broken off",
            size = size
        )),
        _ => {
            let reason = run.message.clone().map(Bilingual::from);
            let told = message!(
                "cli.serve.run_failed",
                "forecast at {size} m failed: {reason}",
                size = size,
                reason = Message::Own(reason.unwrap_or_default())
            );
            eprintln!("{}", Failure::from(told).told(clock.language));
        }
    }
}

/// Ctrl-C, or the signal by which services are stopped.
pub async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = tokio::signal::ctrl_c() => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => {
                let _ = tokio::signal::ctrl_c().await;
            }
        }
    }
    #[cfg(not(unix))]
    {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// The viewer's folder: as given, as STORMGRID_VIEWER says, or `viewer` beside the program.
fn viewer_folder(given: Option<&Path>, may_lack: bool) -> Result<Option<PathBuf>> {
    if let Some(given) = given {
        return Ok(Some(given.to_path_buf()));
    }
    if let Some(named) = std::env::var_os("STORMGRID_VIEWER") {
        return Ok(Some(PathBuf::from(named)));
    }
    let beside = std::env::current_exe()
        .ok()
        .and_then(|program| Some(program.parent()?.join("viewer")));
    match beside {
        Some(folder) if folder.join("index.html").is_file() => Ok(Some(folder)),
        _ if may_lack => Ok(None),
        _ => Err(message!(
            "cli.serve.no_viewer",
            "the viewer is not beside the program; build it with `cargo xtask viewer`, or name its folder with --viewer"
        )
        .into()),
    }
}

/// Asks the desktop to open the page; where there is none, the printed address is enough.
fn open_browser(url: &str) {
    let (program, arguments): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("cmd", &["/C", "start", ""])
    } else {
        ("xdg-open", &[])
    };
    let _ = Command::new(program)
        .args(arguments)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}
