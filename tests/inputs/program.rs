//! The real program on a folder of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A folder with the files of one case.
pub struct Folder {
    dir: tempfile::TempDir,
}

/// What came of a command.
pub struct Outcome {
    /// Exit status.
    pub status: i32,
    /// What it printed, output and errors.
    pub said: String,
}

impl Folder {
    /// An empty folder.
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a folder"),
        }
    }

    /// Where it lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).expect("written");
    }

    /// Runs the program in it.
    pub fn run(&self, arguments: &[&str], language: &str) -> Outcome {
        run_in(self.dir.path(), arguments, language)
    }

    /// Runs a scenario into `out`.
    pub fn simulate(&self, scenario: &str) -> Result<Run, String> {
        self.write("scenario.toml", scenario);
        let outcome = self.run(
            &[
                "simulate",
                "scenario.toml",
                "--out",
                "out",
                "--threads",
                "1",
            ],
            "en",
        );
        match outcome.status {
            0 => Ok(Run::read(&self.path("out"))),
            status => Err(format!("status {status}: {}", outcome.said.trim())),
        }
    }
}

/// Runs the program in a folder.
pub fn run_in(folder: &Path, arguments: &[&str], language: &str) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_stormgrid"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("STORMGRID_VIEWER")
        .env("STORMGRID_LANG", language)
        .output()
        .expect("the program starts");
    let said = [output.stdout, output.stderr].concat();
    Outcome {
        status: output.status.code().unwrap_or(-1),
        said: String::from_utf8_lossy(&said).into_owned(),
    }
}

/// A finished run.
pub struct Run {
    folder: PathBuf,
    summary: Value,
}

impl Run {
    /// Reads the summary of a run folder.
    pub fn read(folder: &Path) -> Self {
        let bytes = std::fs::read(folder.join("summary.json")).expect("a summary");
        Self {
            folder: folder.to_path_buf(),
            summary: serde_json::from_slice(&bytes).expect("a summary in JSON"),
        }
    }

    /// The summary.
    pub fn summary(&self) -> &Value {
        &self.summary
    }

    /// A number of the summary.
    pub fn number(&self, name: &str) -> f64 {
        self.summary[name].as_f64().unwrap_or(f64::NAN)
    }

    /// What a source of the ledger brought [m³].
    pub fn source(&self, name: &str) -> f64 {
        let lines = self.summary["ledger"].as_array();
        let line = lines.and_then(|l| l.iter().find(|line| line["source"] == name));
        line.and_then(|line| line["in_m3"].as_f64()).unwrap_or(0.0)
    }

    /// The digest of the water.
    pub fn digest(&self) -> String {
        self.summary["digest"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// A file of the run as text.
    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap_or_else(|e| format!("{name}: {e}"))
    }

    /// A value of a table by the value of its first column; the last row that has it.
    pub fn cell(&self, table: &str, row: &str, column: &str) -> Option<String> {
        cell(&self.text(table), row, column)
    }
}

/// A value of a CSV by the value of its first column; the last row that has it.
pub fn cell(text: &str, row: &str, column: &str) -> Option<String> {
    let mut lines = text.lines();
    let at = lines.next()?.split(',').position(|name| name == column)?;
    let mut fields = lines.map(|line| line.split(',').collect::<Vec<_>>());
    let found = fields.rfind(|fields| fields.iter().take(2).any(|name| *name == row))?;
    found.get(at).map(|s| (*s).to_owned())
}
