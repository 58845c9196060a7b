//! `cargo xtask test`: the same checks at home and in CI, cheap ones first, one line of totals last.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::process::Command;
use crate::{setup, viewer};

#[derive(Default)]
struct Totals {
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// Compressed bytes that the first frame may cost: page, glue and wasm, as brotli.
const VIEWER_BROTLI_LIMIT: u64 = 8_000_000;

/// Runs every check. Goes on after a failure, so that one run shows all of them.
pub fn run_all() -> ExitCode {
    let started = Instant::now();
    let mut totals = Totals::default();
    totals.check(
        "format",
        Command::new("cargo").args(["fmt", "--all", "--check"]),
    );
    totals.step("set-up", || {
        setup::native()
            .and_then(|()| setup::web())
            .and_then(|()| setup::browser())
            .and_then(|()| setup::schemas())
    });
    totals.check(
        "tidy",
        Command::new("cargo").args(["test", "--locked", "--release", "--test", "tidy"]),
    );
    totals.check(
        "clippy",
        Command::new("cargo").args([
            "clippy",
            "--locked",
            "--release",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
    );
    totals.check(
        "clippy of the scene's mathematics",
        Command::new("cargo").args([
            "clippy",
            "--locked",
            "--release",
            "-p",
            "stormgrid_scene",
            "--no-default-features",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
    );
    let skipped = crate::target_dir().join("skipped.txt");
    // A list of an earlier run does not count.
    let _ = std::fs::remove_file(&skipped);
    totals.check(
        "tests",
        Command::new("cargo")
            .args(["test", "--locked", "--release", "--no-fail-fast"])
            .env("STORMGRID_NEED_CAP_SCHEMA", "1")
            .env("STORMGRID_SKIPPED", skipped.to_string_lossy().into_owned()),
    );
    totals.move_skipped(&skipped);
    totals.check(
        "scene tests",
        Command::new("cargo").args([
            "test",
            "--locked",
            "--release",
            "-p",
            "stormgrid_scene",
            "--no-default-features",
        ]),
    );
    totals.check(
        "benches, once each",
        Command::new("cargo").args([
            "bench",
            "--locked",
            "-p",
            "stormgrid_benches",
            "--",
            "--test",
        ]),
    );
    totals.check(
        "documentation",
        Command::new("cargo")
            .args(["doc", "--locked", "--release", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    );
    totals.step("program", crate::build_program);
    totals.step("viewer", || {
        viewer::build().and_then(|folder| within_size(&folder))
    });
    totals.step("solver in WebAssembly", || {
        viewer::build_scalar_flood()?;
        Command::new("cargo")
            .args(["build", "--locked", "--release", "--examples"])
            .args(["-p", "stormgrid_flood_wasm"])
            .run()
    });
    totals.check(
        "solver in WebAssembly: tests",
        Command::new("node").args([
            "--test",
            "--test-reporter=spec",
            "tests/wasm/flood.test.mjs",
        ]),
    );
    totals.check(
        "browser",
        Command::new("node")
            .args([
                "--test",
                "--test-reporter=spec",
                "tests/browser/viewer.test.mjs",
            ])
            .env(
                "CHROMIUM",
                setup::chromium()
                    .map(|p| p.to_string_lossy().into_owned())
                    .unwrap_or_default(),
            ),
    );
    println!("finished in {} s", started.elapsed().as_secs());
    println!(
        "{} passed, {} failed, {} skipped",
        totals.passed, totals.failed, totals.skipped
    );
    if totals.failed == 0 && totals.passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

impl Totals {
    /// A step without tests of its own: counts only when it fails.
    fn step(&mut self, name: &str, action: impl FnOnce() -> anyhow::Result<()>) {
        println!("── {name}");
        let started = Instant::now();
        if let Err(error) = action() {
            println!("error: {error:#}");
            self.failed += 1;
        }
        println!("── {name}: {} s", started.elapsed().as_secs());
    }

    /// A command whose own totals are read from its closing lines.
    fn check(&mut self, name: &str, command: &mut Command) {
        println!("── {name}: {}", command.line());
        let started = Instant::now();
        let before = self.failed;
        let outcome = command.limit(Duration::from_secs(45 * 60)).watch(|line| {
            println!("{line}");
            self.read(line);
        });
        if !matches!(outcome, Ok(true)) {
            if let Err(error) = outcome {
                println!("error: {error:#}");
            }
            self.failed += u64::from(self.failed == before);
        }
        println!("── {name}: {} s", started.elapsed().as_secs());
    }

    /// Moves the tests that told that they were skipped, a line each, from those that passed: the harness of the standard
    /// library knows no skipped test.
    fn move_skipped(&mut self, list: &std::path::Path) {
        let Ok(text) = std::fs::read_to_string(list) else {
            return;
        };
        // Program, test, reason.
        let tests: std::collections::BTreeSet<Vec<&str>> = text
            .lines()
            .map(|line| line.splitn(3, ": ").take(2).collect())
            .collect();
        print!("skipped:\n{text}");
        self.passed = self.passed.saturating_sub(tests.len() as u64);
        self.skipped += tests.len() as u64;
    }

    /// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; …` and node's `ℹ pass 3`.
    fn read(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if line.trim_start().starts_with("test result:") {
            for pair in words.windows(2) {
                let Ok(count) = pair[0].parse::<u64>() else {
                    continue;
                };
                match pair[1] {
                    "passed;" => self.passed += count,
                    "failed;" => self.failed += count,
                    "ignored;" => self.skipped += count,
                    _ => {}
                }
            }
        } else if let ["ℹ", what, count] = words.as_slice() {
            let count = count.parse::<u64>().unwrap_or(0);
            match *what {
                "pass" => self.passed += count,
                "fail" => self.failed += count,
                "skipped" => self.skipped += count,
                _ => {}
            }
        }
    }
}

fn within_size(folder: &std::path::Path) -> anyhow::Result<()> {
    let mut total = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|e| e == "br") {
            total += entry.metadata()?.len();
        }
    }
    println!("viewer over the wire: {total} bytes as brotli, limit {VIEWER_BROTLI_LIMIT}");
    anyhow::ensure!(
        total > 0 && total <= VIEWER_BROTLI_LIMIT,
        "the viewer weighs {total} bytes compressed, more than {VIEWER_BROTLI_LIMIT}; see what grew"
    );
    Ok(())
}
