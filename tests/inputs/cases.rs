//! The cases: inputs of `shared/data/inputs` with the value that is right, or the sentence that must be said.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use stormgrid_tests::shared_data;

use crate::program::{Outcome, Run, cell, run_in};

/// The table.
const TABLE: &str = include_str!("cases.toml");

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

/// One case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Its name in the table of the reference data.
    id: String,
    /// The kind of fault, by its number there.
    kind: u32,
    /// What is right, and how that was worked out.
    right: String,
    /// The command, or several with ` ; ` between them; `{out}` is where it writes to, `{points}` a table with one place near Hong Kong, `{twin}` a copy of
    /// a folder of the reference data.
    run: String,
    /// The folder to be copied.
    twin: Option<String>,
    /// Exit status.
    #[serde(default)]
    status: i32,
    /// Figures of what it wrote.
    #[serde(default)]
    figure: Vec<Wanted>,
    /// Texts that the English output or the notes of the summary hold.
    #[serde(default)]
    says: Vec<String>,
    /// The same in Chinese.
    #[serde(default)]
    says_zh: Vec<String>,
}

/// A figure of a case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// `rain`, a number of the summary by its name, or `file.csv/row/column`.
    of: String,
    /// What it must be; a text for what is no number.
    is: toml::Value,
    /// Greatest difference [the figure's unit].
    #[serde(default)]
    within: f64,
}

#[test]
fn every_case_gives_its_right_value_or_says_so() {
    let Some(folder) = shared_data("inputs") else {
        return;
    };
    let table: Table = toml::from_str(TABLE).expect("a table");
    let mut faults = Vec::new();
    for case in &table.case {
        for fault in faults_of(case, &folder) {
            faults.push(format!(
                "{} (kind {}; right: {}): {fault}",
                case.id, case.kind, case.right
            ));
        }
    }
    println!("{} cases, {} faults", table.case.len(), faults.len());
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

fn faults_of(case: &Case, folder: &Path) -> Vec<String> {
    let place = tempfile::tempdir().expect("a folder");
    let out = place.path().join("out");
    let twin = place.path().join("twin");
    let points = place.path().join("points.csv");
    std::fs::write(&points, "id,lon,lat\na,114.2,22.3\n").expect("written");
    if let Some(name) = &case.twin {
        copy(&folder.join(name), &twin);
        // Its storm and tide are those that the demo city ships.
        for (file, source) in [
            ("hato.csv", "typhoon/hato_2017_jma.csv"),
            ("hato_radii.csv", "typhoon/hato_2017_jtwc_radii.csv"),
            ("tide_constituents.csv", "tide/constituents.csv"),
        ] {
            let source = stormgrid_tests::repository().join("data").join(source);
            std::fs::copy(source, twin.join(file)).expect("written");
        }
    }
    let said = |language: &str| {
        let _ = std::fs::remove_dir_all(&out);
        let line = case
            .run
            .replace("{out}", &out.to_string_lossy())
            .replace("{twin}", &twin.to_string_lossy())
            .replace("{points}", &points.to_string_lossy());
        let mut outcome = Outcome {
            said: String::new(),
            status: 0,
        };
        for command in line.split(" ; ") {
            let arguments: Vec<&str> = command.split_whitespace().collect();
            let one = run_in(folder, &arguments, language);
            outcome.said += &one.said;
            outcome.status = outcome.status.max(one.status);
        }
        outcome.said += &notes(&out, language);
        outcome
    };
    let english = said("en");
    let mut faults = Vec::new();
    if english.status != case.status {
        faults.push(format!(
            "status {}: {}",
            english.status,
            english.said.trim()
        ));
    }
    for wanted in &case.figure {
        faults.extend(wanted.fault(&out));
    }
    let lacks = |said: &str, texts: &[String]| -> Vec<String> {
        let missing = texts.iter().filter(|text| !said.contains(text.as_str()));
        missing
            .map(|text| format!("nothing says '{text}': {}", said.trim()))
            .collect()
    };
    faults.extend(lacks(&english.said, &case.says));
    if !case.says_zh.is_empty() {
        faults.extend(lacks(&said("zh").said, &case.says_zh));
    }
    faults
}

/// The notes of a summary, a line each.
fn notes(out: &Path, language: &str) -> String {
    if !out.join("summary.json").is_file() {
        return String::new();
    }
    let run = Run::read(out);
    let notes = run.summary()["notes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    notes
        .iter()
        .map(|note| format!("\n{}", note[language].as_str().unwrap_or_default()))
        .collect()
}

impl Wanted {
    fn fault(&self, out: &Path) -> Option<String> {
        let found = self.found(out);
        let equal = match (&self.is, &found) {
            (_, None) => false,
            (toml::Value::String(text), Some(found)) => text == found,
            (number, Some(found)) => {
                let want = number
                    .as_float()
                    .or_else(|| number.as_integer().map(|v| v as f64));
                let got = found.parse::<f64>().ok();
                want.zip(got).is_some_and(|(want, got)| {
                    (got - want).abs() <= self.within.max(want.abs() * 1e-9)
                })
            }
        };
        (!equal).then(|| format!("{} is {found:?} instead of {}", self.of, self.is))
    }

    fn found(&self, out: &Path) -> Option<String> {
        match self.of.split('/').collect::<Vec<_>>().as_slice() {
            [table, row, column] => {
                let path = if *table == "out" {
                    out.to_path_buf()
                } else {
                    out.join(table)
                };
                cell(&std::fs::read_to_string(path).ok()?, row, column)
            }
            ["rain"] => Some(Run::read(out).source("rain").to_string()),
            [name] => Some(Run::read(out).number(name).to_string()),
            _ => None,
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("readable") {
        let path: PathBuf = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            // Contents only: the reference data may be read-only.
            std::fs::write(&target, std::fs::read(&path).expect("readable")).expect("written");
        }
    }
}
