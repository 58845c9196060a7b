//! `cargo xtask fuzz`: every reader for a while under libFuzzer, by cargo-fuzz.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use crate::process::Command;

/// The version that is installed into the build folder.
const CARGO_FUZZ: &str = "0.13.2";

/// Longest that one input may take [s].
const TIMEOUT_S: u32 = 10;

/// Longest input [bytes].
const MAX_LEN: u32 = 1 << 16;

/// Runs the targets named, all of them without a name, `--seconds N` each (60).
///
/// What the fuzzer finds of interest is kept in the build folder; an input that breaks a promise in
/// `fuzz/artifacts`. `--merge` takes the inputs that reach more code over into `fuzz/corpus`.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut seconds = 60_u32;
    let mut merge = false;
    let mut wanted: Vec<&str> = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--seconds" => {
                let value = rest.next().context("--seconds needs a number")?;
                seconds = value
                    .parse()
                    .with_context(|| format!("--seconds is '{value}', no whole number"))?;
            }
            "--merge" => merge = true,
            name if name.starts_with('-') => {
                bail!("{name} is not known; the options are --seconds N and --merge")
            }
            name => wanted.push(name),
        }
    }
    let all = targets()?;
    if let Some(unknown) = wanted.iter().find(|name| !all.iter().any(|t| t == *name)) {
        bail!(
            "there is no target {unknown}; the targets are {}",
            all.join(", ")
        );
    }
    let chosen: Vec<&String> = all
        .iter()
        .filter(|t| wanted.is_empty() || wanted.contains(&t.as_str()))
        .collect();
    let cargo_fuzz = installed()?;
    let mut broken = Vec::new();
    for target in &chosen {
        println!("── {target}: {seconds} s");
        if let Err(error) = fuzz(&cargo_fuzz, target, seconds) {
            println!("{target}: {error:#}");
            broken.push(target.as_str());
        }
        if merge {
            merged(&cargo_fuzz, target)?;
        }
    }
    ensure!(
        broken.is_empty(),
        "{} of {} targets broke: {}",
        broken.len(),
        chosen.len(),
        broken.join(", ")
    );
    println!("{} targets, {seconds} s each: nothing broke", chosen.len());
    Ok(())
}

fn targets() -> Result<Vec<String>> {
    let folder = crate::root().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        names.extend(
            path.file_stem()
                .map(|stem| stem.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}

/// cargo-fuzz in the build folder.
fn installed() -> Result<PathBuf> {
    let root = crate::target_dir().join("tools");
    let program = root.join("bin/cargo-fuzz");
    if !program.exists() {
        Command::new("cargo")
            .args([
                "install",
                "cargo-fuzz",
                "--locked",
                "--version",
                CARGO_FUZZ,
                "--root",
            ])
            .arg(root.to_string_lossy())
            .run()?;
    }
    Ok(program)
}

/// Where the fuzzer keeps what it finds.
fn found(target: &str) -> PathBuf {
    crate::target_dir().join("fuzz-corpus").join(target)
}

fn base(cargo_fuzz: &std::path::Path, target: &str) -> Command {
    let mut command = Command::new(cargo_fuzz.to_string_lossy());
    // Without a sanitizer the stable compiler does: the code is safe Rust, and memory is counted by the targets.
    command
        .args([
            "fuzz",
            "run",
            "--sanitizer",
            "none",
            "--features",
            "libfuzzer",
        ])
        .arg("--target-dir")
        .arg(crate::target_dir().join("fuzz").to_string_lossy())
        .arg(target);
    command
}

fn fuzz(cargo_fuzz: &std::path::Path, target: &str, seconds: u32) -> Result<()> {
    let folder = found(target);
    std::fs::create_dir_all(&folder)?;
    base(cargo_fuzz, target)
        .arg(folder.to_string_lossy())
        .arg(format!("fuzz/corpus/{target}"))
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={TIMEOUT_S}"))
        .arg(format!("-max_len={MAX_LEN}"))
        .args(["-rss_limit_mb=4096", "-print_final_stats=1", "-verbosity=0"])
        .run()
}

/// Adds the inputs that reach more code to the corpus of the repository.
fn merged(cargo_fuzz: &std::path::Path, target: &str) -> Result<()> {
    base(cargo_fuzz, target)
        .arg(format!("fuzz/corpus/{target}"))
        .arg(found(target).to_string_lossy())
        .args(["--", "-merge=1", "-max_len=4096", "-verbosity=0"])
        .run()
}
