//! `cargo xtask …`: everything that needs more than cargo.

mod checks;
mod fuzz;
mod process;
mod setup;
mod viewer;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use process::Command;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  demo [ARGS…]   build all, make the demo city, forecast Typhoon Hato and serve it in the browser;
                 ARGS go to `stormgrid demo`, for example --port 9000 --no-open
  test           every check and test, ending in one line of totals
  viewer         build the browser viewer into target/viewer
  flood-wasm     build the solver for the browser, with and without vector instructions
  setup          install what the builds need, without building
  bench          measure the solver and the viewer; prints ratios
  fuzz [TARGET…] [--seconds N]
                 every reader under libFuzzer, 60 s each

Needed beforehand: Rust by rustup, Node.js 20 or newer with npm, and a C++ compiler.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some("demo") => demo(&arguments[1..]),
        Some("test") => return checks::run_all(),
        Some("viewer") => viewer::build().map(|_| ()),
        Some("flood-wasm") => viewer::build()
            .and_then(|_| viewer::build_scalar_flood())
            .map(|_| ()),
        Some("setup") => setup::native()
            .and_then(|()| setup::web())
            .and_then(|()| setup::browser()),
        Some("bench") => bench(),
        Some("fuzz") => fuzz::run(&arguments[1..]),
        Some("--help" | "-h" | "help") => {
            println!("{USAGE}");
            Ok(())
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The repository's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(PathBuf::from)
        .unwrap_or_default()
}

/// Where cargo puts what it builds.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The `stormgrid` program of the release profile.
pub fn program() -> PathBuf {
    target_dir().join("release").join(if cfg!(windows) {
        "stormgrid.exe"
    } else {
        "stormgrid"
    })
}

/// Builds the native program.
pub fn build_program() -> Result<()> {
    // Not `-p stormgrid`: with the default members all features are those of the tests.
    Command::new("cargo")
        .args(["build", "--locked", "--release", "--bin", "stormgrid"])
        .run()
}

fn demo(arguments: &[String]) -> Result<()> {
    setup::native()?;
    setup::web()?;
    build_program()?;
    let viewer = viewer::build()?;
    let twin = target_dir().join("demo-twin");
    let mut serve = Command::new(program().to_string_lossy());
    serve
        .arg("demo")
        .arg("--viewer")
        .arg(viewer.to_string_lossy());
    if !arguments
        .iter()
        .any(|a| a == "--dir" || a.starts_with("--dir="))
    {
        serve.arg("--dir").arg(twin.to_string_lossy());
    }
    serve.args(arguments).run()
}

fn bench() -> Result<()> {
    setup::native()?;
    setup::web()?;
    setup::browser()?;
    build_program()?;
    viewer::build()?;
    Command::new("cargo")
        .args(["bench", "--locked", "-p", "stormgrid_benches"])
        .env("STORMGRID_PEER_PYTHON", setup::peers()?.to_string_lossy())
        .run()?;
    Command::new(setup::peers()?.to_string_lossy())
        .arg(root().join("benches/peers/coverage.py").to_string_lossy())
        .arg(program().to_string_lossy())
        .run()?;
    viewer::build_scalar_flood()?;
    Command::new("cargo")
        .args(["build", "--locked", "--release", "--examples"])
        .args(["-p", "stormgrid_flood_wasm"])
        .run()?;
    for script in ["benches/wasm/measure.mjs", "benches/viewer/measure.mjs"] {
        let script = root().join(script);
        if !script.exists() {
            bail!("{} is missing from the checkout", script.display());
        }
        Command::new("node").arg(script.to_string_lossy()).run()?;
    }
    Ok(())
}
