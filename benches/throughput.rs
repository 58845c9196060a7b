//! The flood solver in its own processor time: the cases of peers' tables, as a table.
//!
//! - `W`: 1000 × 1000 cells of 10 m, all wet (0.25 to 8 m), n by class, rain and maxima on.
//! - `R`: the same bed, dry, 50 mm/h for an hour.
//! - `5 % wet`: as `W`, water in a strip of 5 % of the domain.
//!
//! With `STORMGRID_PEER_PYTHON`, landlab's OverlandFlow runs beside it on `W`.
//!
//! `cargo bench -p stormgrid_benches --bench throughput [-- quick]`

use std::process::Command;
use std::time::Instant;

use stormgrid_benches::{CELL, advance_to};
use stormgrid_core::raster::RasterGeometry;
use stormgrid_sim::flood::{Domain, Flood, Initial, Manning, Rain, Scheme, Setup};

const MM_H: f64 = 1e-3 / 3600.0;

/// Processor time of this process [s] and its greatest memory [bytes], as Linux counts them.
fn used() -> (f64, f64) {
    let read = |file| std::fs::read_to_string(file).unwrap_or_default();
    let stat = read("/proc/self/stat");
    let fields: Vec<f64> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .map(|f| f.parse().unwrap_or(0.0))
        .collect();
    let ticks = fields.get(11..13).map_or(f64::NAN, |t| t[0] + t[1]);
    let status = read("/proc/self/status");
    let line = status.lines().find(|l| l.starts_with("VmHWM:"));
    let kib = line.and_then(|l| l.split_whitespace().nth(1)?.parse::<f64>().ok());
    (ticks / 100.0, kib.unwrap_or(f64::NAN) * 1024.0)
}

fn case(side: usize, scheme: Scheme, threads: usize) -> Setup {
    let geometry = RasterGeometry::new(side, side, 0.0, 0.0, CELL, CELL).expect("a valid raster");
    let wave = |k: usize, n: f64| (std::f64::consts::TAU * n * k as f64 / side as f64).cos();
    let cells = (0..side).flat_map(|row| (0..side).map(move |col| (row, col)));
    let bed = |(row, col)| -4.125 + 3.625 * wave(col, 3.0) * wave(row, 2.0);
    let class = |(row, col): (usize, usize)| [0.025, 0.03, 0.035][(row / 50 + col / 70) % 3];
    let mut setup = Setup::new(Domain {
        geometry,
        elevation: cells.clone().map(bed).collect(),
        manning: Manning::Field(cells.map(class).collect()),
        blocked: Vec::new(),
    });
    setup.options.scheme = scheme;
    setup.options.threads = threads;
    setup.rain = Rain::Uniform(50.0 * MM_H);
    setup
}

fn wet(mut setup: Setup, share: f64) -> Setup {
    let g = setup.domain.geometry;
    let side = g.n_cols;
    let rows = (share * side as f64) as usize;
    let level = (0..side * side).map(|k| {
        let (row, col) = (k / side, k % side);
        let wave = (std::f64::consts::TAU * col as f64 / side as f64).cos();
        if row < rows {
            -0.1 + 0.1 * wave
        } else {
            f64::NAN
        }
    });
    setup.initial = Initial::LevelField(level.collect());
    // A dyke keeps the water where it is.
    for cell in rows * side..(rows * side + side).min(side * side) {
        setup.domain.elevation[cell] = 5.0;
    }
    setup
}

struct Measured {
    updates: f64,
    steps: f64,
    cpu: f64,
    wall: f64,
}

fn run(setup: Setup, warm: f64, seconds: f64) -> Measured {
    let mut flood = Flood::new(setup).expect("a valid setup");
    advance_to(&mut flood, warm);
    let (before, cpu, clock) = (flood.stats(), used().0, Instant::now());
    advance_to(&mut flood, warm + seconds);
    let after = flood.stats();
    Measured {
        updates: (after.cell_updates - before.cell_updates) as f64,
        steps: (after.steps - before.steps) as f64,
        cpu: used().0 - cpu,
        wall: clock.elapsed().as_secs_f64(),
    }
}

/// Greatest memory of case `W` [bytes], in a process of its own so that no other run's counts.
fn memory_of_its_own(scheme: Scheme, quick: bool) -> f64 {
    let mut child = Command::new(std::env::current_exe().expect("a program has a file"));
    child.args(["memory", scheme.name()]);
    let output = child.args(quick.then_some("quick")).output();
    let text = output.map(|o| o.stdout).unwrap_or_default();
    let number = String::from_utf8(text)
        .ok()
        .and_then(|t| t.trim().parse().ok());
    number.unwrap_or(f64::NAN)
}

fn main() {
    let quick = std::env::args().any(|a| a == "quick" || a == "--test");
    let side = if quick { 240 } else { 1000 };
    if let Some(name) = std::env::args().skip_while(|a| a != "memory").nth(1) {
        let before = used().1;
        let scheme = Scheme::ALL.into_iter().find(|s| s.name() == name);
        run(
            wet(case(side, scheme.expect("a scheme's name"), 1), 1.0),
            5.0,
            20.0,
        );
        println!("{}", used().1 - before);
        return;
    }
    let seconds = if quick { 10.0 } else { 60.0 };
    println!(
        "| case | scheme | threads | cells | steps | own CPU s | wall s | million updates a CPU second |"
    );
    println!("|---|---|--:|--:|--:|--:|--:|--:|");
    let show = |name: &str, scheme: Scheme, threads: usize, m: &Measured| {
        println!(
            "| {name} | {} | {threads} | {} | {} | {:.2} | {:.2} | {:.1} |",
            scheme.name(),
            side * side,
            m.steps,
            m.cpu,
            m.wall,
            m.updates / m.cpu / 1e6
        );
    };
    let mut rates = Vec::new();
    for scheme in [
        Scheme::LocalInertial,
        Scheme::FiniteVolume,
        Scheme::SecondOrder,
    ] {
        let mut walls = Vec::new();
        for threads in [1, 2] {
            let m = run(wet(case(side, scheme, threads), 1.0), 5.0, seconds);
            show("W", scheme, threads, &m);
            walls.push(m.wall);
            if threads == 1 {
                rates.push(m.updates / m.cpu / 1e6);
            }
        }
        let bytes = memory_of_its_own(scheme, quick) / (side * side) as f64;
        println!("peak memory: {bytes:.1} bytes a cell, the setup included");
        println!(
            "two threads are {:.2} times as fast as one",
            walls[0] / walls[1]
        );
        let mut part = wet(case(side, scheme, 1), 0.05);
        part.rain = Rain::None;
        let mut all = wet(case(side, scheme, 1), 1.0);
        all.rain = Rain::None;
        let (part, all) = (run(part, 0.0, seconds), run(all, 0.0, seconds));
        show("5 % wet", scheme, 1, &part);
        let ratio = (part.cpu / part.steps) / (all.cpu / all.steps);
        println!("5 % wet costs {:.1} % of all wet, a step", 100.0 * ratio);
        let hour = run(
            case(side, scheme, 1),
            0.0,
            if quick { 60.0 } else { 3600.0 },
        );
        show("R", scheme, 1, &hour);
    }
    match peer(side, if quick { 2.0 } else { 30.0 }) {
        Some(peer) => println!(
            "landlab OverlandFlow on W: {peer:.1} million updates a CPU second; local_inertial is {:.1} times \
             as fast, finite_volume {:.1} times",
            rates[0] / peer,
            rates[1] / peer
        ),
        None => println!(
            "landlab OverlandFlow was not run: set STORMGRID_PEER_PYTHON to a Python with \
             benches/peers/requirements.txt, or run cargo xtask bench"
        ),
    }
}

/// Million updates a CPU second of landlab's OverlandFlow on case `W`.
fn peer(side: usize, seconds: f64) -> Option<f64> {
    let python = std::env::var_os("STORMGRID_PEER_PYTHON")?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/overland_flow.py");
    let output = Command::new(python)
        .args([script, &side.to_string(), &seconds.to_string()])
        .env("OMP_NUM_THREADS", "1")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let number = |name: &str| -> Option<f64> {
        let (_, rest) = text.split_once(&format!("\"{name}\": "))?;
        rest.split([',', '}']).next()?.trim().parse().ok()
    };
    Some(number("cells")? * number("steps")? / number("cpu_s")? / 1e6)
}
