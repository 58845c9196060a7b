//! A run that was broken off goes on from its checkpoint as if it had not been.

use std::path::Path;
use std::process::Command;

fn stormgrid(folder: &Path, arguments: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_stormgrid"))
        .current_dir(folder)
        .args(arguments)
        .env("STORMGRID_LANG", "en")
        .output()
        .expect("the program starts")
}

fn scenario(folder: &Path, name: &str, duration_s: u32) {
    let text = format!(
        "[run]\nstart = \"2017-08-23T00:00:00Z\"\nduration_s = {duration_s}\noutput_interval_s = 60\n\n\
         [terrain]\nelevation = \"hill.asc\"\nroughness = 0.03\n\n[rain]\nrate_mm_h = 60\n\n\
         [[boundary]]\nwhere = \"east\"\nkind = \"free\"\n"
    );
    std::fs::write(folder.join(name), text).expect("written");
}

fn digest(folder: &Path, run: &str) -> String {
    let text = std::fs::read_to_string(folder.join(run).join("summary.json")).expect("a summary");
    let summary: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    summary["digest"].as_str().expect("a digest").to_owned()
}

#[test]
fn a_resumed_run_has_the_digest_of_the_unbroken_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let mut grid = String::from("ncols 70\nnrows 65\nxllcorner 0\nyllcorner 0\ncellsize 5\n");
    for row in 0..65 {
        for col in 0..70 {
            let (x, y) = (f64::from(col), f64::from(row));
            grid += &format!(
                "{:.3} ",
                3.0 - 0.02 * x + 0.4 * (0.3 * x).sin() * (0.2 * y).cos()
            );
        }
        grid.push('\n');
    }
    std::fs::write(at.join("hill.asc"), grid).expect("written");
    scenario(at, "half.toml", 300);
    scenario(at, "whole.toml", 600);

    let ok = |arguments: &[&str]| {
        let output = stormgrid(at, arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {error}");
    };
    ok(&[
        "simulate",
        "half.toml",
        "--out",
        "half",
        "--checkpoint",
        "kept.sgc",
    ]);
    ok(&[
        "simulate",
        "whole.toml",
        "--out",
        "resumed",
        "--resume",
        "kept.sgc",
        "--threads",
        "1",
    ]);
    ok(&["simulate", "whole.toml", "--out", "whole", "--threads", "2"]);
    assert_eq!(digest(at, "resumed"), digest(at, "whole"));
    assert_ne!(digest(at, "half"), digest(at, "whole"));

    let mut bytes = std::fs::read(at.join("kept.sgc")).expect("a checkpoint");
    bytes[500] ^= 1;
    std::fs::write(at.join("bad.sgc"), bytes).expect("written");
    let output = stormgrid(
        at,
        &[
            "simulate",
            "whole.toml",
            "--out",
            "no",
            "--resume",
            "bad.sgc",
        ],
    );
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.contains("bad.sgc") && error.contains("damaged"),
        "{error}"
    );
    assert!(!at.join("no").exists());
}
