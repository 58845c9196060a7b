//! Input at fault gives one sentence on the error output, status 1, in under two seconds, and no
//! panic; usage at fault gives status 2.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_formats::elevation::write_geotiff;

/// From here on a fault that is not told is a hang.
const LIMIT: Duration = Duration::from_secs(60);

struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a folder"),
        }
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Everything that lies in the folder.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path()).expect("readable");
        let mut names: Vec<String> = entries
            .map(|e| {
                e.expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

fn stormgrid(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stormgrid"))
        .args(arguments)
        .env_remove("STORMGRID_VIEWER")
        .env("STORMGRID_LANG", "en")
        .output()
        .expect("the program starts")
}

/// The one sentence of a fault; checks status, time and form.
fn fault(arguments: &[&str]) -> String {
    let clock = Instant::now();
    let output = stormgrid(arguments);
    let took = clock.elapsed();
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
    assert!(took < LIMIT, "{arguments:?} took {took:?}");
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    assert!(text.starts_with("error: "), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    text
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn terrain() -> Vec<u8> {
    let geometry = RasterGeometry::new(40, 30, 400_000.0, 2_500_000.0, 5.0, 5.0).expect("valid");
    let raster = Raster::from_fn(geometry, |r, c| (r + c) as f32 * 0.1);
    write_geotiff(&raster, Some("EPSG:4547"), -9999.0).expect("written")
}

fn scenario(extra: &str) -> String {
    format!(
        "[run]\nstart = \"2017-08-23T00:00:00+08:00\"\nduration_s = 60\n{extra}\n[terrain]\nelevation = \"dem.tif\"\n"
    )
}

#[test]
fn a_truncated_geotiff_is_named() {
    let bench = Bench::new();
    let bytes = terrain();
    bench.file("dem.tif", &bytes[..bytes.len() / 2]);
    let path = bench.file("run.toml", scenario(""));
    let out = bench.path("out");
    let said = fault(&["simulate", text(&path), "--out", text(&out)]);
    assert!(said.contains("dem.tif"), "{said}");
    assert_eq!(
        bench.names(),
        ["dem.tif", "run.toml"],
        "nothing half-written"
    );
}

#[test]
fn a_vertex_index_out_of_range_is_named() {
    let bench = Bench::new();
    let model = r#"{"type":"CityJSON","version":"2.0","transform":{"scale":[1,1,1],"translate":[0,0,0]},
        "CityObjects":{"house":{"type":"Building","geometry":[{"type":"MultiSurface","lod":"1",
        "boundaries":[[[0,1,99]]]}]}},"vertices":[[0,0,0],[1,0,0],[0,1,0]]}"#;
    let path = bench.file("city.city.json", model);
    let said = fault(&["city", "info", text(&path)]);
    assert!(
        said.contains("city.city.json") && said.contains("99"),
        "{said}"
    );
}

#[test]
fn nan_in_geojson_is_named() {
    let bench = Bench::new();
    let path = bench.file(
        "g.geojson",
        r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"A"},
        "geometry":{"type":"Polygon","coordinates":[[[113,22],[NaN,22],[113,23],[113,22]]]}}]}"#,
    );
    let said = fault(&["grids", "check", text(&path)]);
    assert!(said.contains("NaN") && said.contains("line 2"), "{said}");
}

const BOW: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"A"},
    "geometry":{"type":"Polygon","coordinates":[[[113,22],[113.1,22.1],[113.1,22],[113,22.1],[113,22]]]}}]}"#;

#[test]
fn a_ring_that_crosses_itself_is_a_defect_of_a_coverage() {
    let bench = Bench::new();
    let path = bench.file("g.geojson", BOW);
    let output = stormgrid(&["grids", "check", text(&path)]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(said.contains("A: ring 0 crosses itself at"), "{said}");
}

#[test]
fn a_ring_that_crosses_itself_is_refused_by_a_run() {
    let bench = Bench::new();
    bench.file("dem.tif", terrain());
    bench.file("g.geojson", BOW);
    let path = bench.file(
        "run.toml",
        format!("{}[grids]\nsource = \"g.geojson\"\n", scenario("")),
    );
    let said = fault(&["simulate", text(&path), "--out", text(&bench.path("out"))]);
    assert!(
        said.contains("g.geojson") && said.contains("crosses itself"),
        "{said}"
    );
}

#[test]
fn a_track_whose_time_runs_backwards_is_named() {
    let bench = Bench::new();
    let track = bench.file(
        "track.csv",
        "name,time_utc,lat,lon,vmax_kt,pmin_hpa\nHATO,2017-08-23T00:00:00Z,21,115,75,965\nHATO,2017-08-22T18:00:00Z,21,116,70,970\n",
    );
    let points = bench.file("p.csv", "lon,lat\n113.1,22.5\n");
    let out = bench.path("wind.csv");
    let said = fault(&[
        "typhoon",
        text(&track),
        "--at",
        text(&points),
        "--out",
        text(&out),
    ]);
    assert!(
        said.contains("track.csv") && said.contains("line 3"),
        "{said}"
    );
    assert!(!out.exists());
}

#[test]
fn an_unknown_key_of_a_scenario_is_named_with_its_neighbour() {
    let bench = Bench::new();
    let path = bench.file("run.toml", scenario("output_intervall_s = 5"));
    let said = fault(&["simulate", text(&path), "--out", text(&bench.path("out"))]);
    assert!(
        said.contains("line 4") && said.contains("'output_interval_s'"),
        "{said}"
    );
}

#[test]
fn a_folder_with_other_things_is_never_written_over() {
    let bench = Bench::new();
    bench.file("dem.tif", terrain());
    let path = bench.file("run.toml", scenario(""));
    let out = bench.path("photos");
    std::fs::create_dir(&out).expect("made");
    std::fs::write(out.join("a.jpg"), b"picture").expect("written");
    let said = fault(&["simulate", text(&path), "--out", text(&out)]);
    assert!(said.contains("photos"), "{said}");
    assert_eq!(
        std::fs::read(out.join("a.jpg")).expect("still there"),
        b"picture"
    );
}

#[test]
fn missing_files_and_broken_twins_are_named() {
    let bench = Bench::new();
    let said = fault(&["check", text(&bench.path("nowhere"))]);
    assert!(
        said.contains("twin.toml") && said.contains("no such file"),
        "{said}"
    );
    bench.file("twin.toml", "[site]\nname = \"x\"\n");
    let said = fault(&["check", text(bench.dir.path())]);
    assert!(said.contains("twin.toml"), "{said}");
    let said = fault(&["simulate", "nowhere.toml", "--out", text(&bench.path("o"))]);
    assert!(said.contains("nowhere.toml"), "{said}");
}

#[test]
fn a_run_writes_what_it_promises() {
    let bench = Bench::new();
    bench.file("dem.tif", terrain());
    bench.file("g.csv", "id,x,y\nA,400010,2499990\n");
    let text_of = format!(
        "{}[rain]\nrate_mm_h = 50\n[gauges]\nsource = \"g.csv\"\n",
        scenario("")
    );
    let path = bench.file("run.toml", text_of);
    let out = bench.path("out");
    let digests: Vec<String> = ["1", "2"]
        .iter()
        .map(|threads| {
            let output = stormgrid(&[
                "simulate",
                text(&path),
                "--out",
                text(&out),
                "--threads",
                threads,
                "--json",
            ]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{said}");
            let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
            assert!(json["volume_error_rel"].as_f64().expect("a number") < 1e-6);
            for key in [
                "cells",
                "wet_cells_max",
                "steps",
                "cell_updates",
                "wall_s",
                "threads",
            ] {
                assert!(json[key].is_number(), "{key}");
            }
            // 40 x 30 cells of 25 m2 under 50 mm/h for a minute.
            let rain = 1200.0 * 25.0 * 0.05 / 60.0;
            let found = json["volume_in_m3"].as_f64().expect("a number");
            assert!((found - rain).abs() < 1e-3 * rain, "{found} {rain}");
            json["digest"].as_str().expect("a text").to_owned()
        })
        .collect();
    assert_eq!(digests[0], digests[1]);
    for name in [
        "depth_max",
        "speed_max",
        "hazard_max",
        "arrival",
        "duration",
        "depth_final",
        "level_final",
    ] {
        assert!(out.join(format!("{name}.tif")).is_file(), "{name}");
    }
    let gauges = std::fs::read_to_string(out.join("gauges.csv")).expect("gauges");
    assert!(gauges.lines().count() > 50, "{gauges}");
}

#[test]
fn every_command_shows_an_example() {
    for command in [
        "demo",
        "serve",
        "simulate",
        "forecast",
        "typhoon",
        "grids check",
        "grids locate",
        "city info",
        "check",
    ] {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.push("--help");
        let output = stormgrid(&arguments);
        let said = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.status.success(), "{command}");
        assert!(
            said.contains(&format!("stormgrid {command}")),
            "{command}: {said}"
        );
        assert!(said.contains("Example"), "{command}: {said}");
    }
    assert_eq!(stormgrid(&["simulate"]).status.code(), Some(2));
    assert_eq!(stormgrid(&["flod"]).status.code(), Some(2));
}

const ADVISORY: &str = r#"{"name": "HATO", "base_time": "2017-08-22T12:00:00Z", "averaging_min": 2,
 "wind_unit": "m/s", "fixes": [
 {"lead_h": 0, "lat": 20.9, "lon": 116.5, "wind": 33, "pressure_hpa": 975},
 {"lead_h": 12, "lat": 21.6, "lon": 114.6, "wind": 42, "pressure_hpa": 955},
 {"lead_h": 24, "lat": 22.6, "lon": 112.0, "wind": 33, "pressure_hpa": 975}]}"#;

/// What the program notes of a track that it takes.
fn notes(bench: &Bench, track: &str) -> String {
    let track = bench.file("noted.json", track);
    let points = bench.file("at.csv", "lon,lat\n113.5,22.2\n");
    let out = bench.path("wind.csv");
    let output = stormgrid(&[
        "typhoon",
        text(&track),
        "--at",
        text(&points),
        "--out",
        text(&out),
    ]);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(0), "{said}");
    std::fs::remove_file(&out).expect("was written");
    said
}

#[test]
fn odd_advisories_are_refused_or_their_assumptions_told() {
    let bench = Bench::new();
    let points = bench.file("at.csv", "lon,lat\n113.5,22.2\n");
    let out = bench.path("w.csv");
    let refused = |name: &str, bytes: &str, more: &[&str]| {
        let track = bench.file(name, bytes);
        let mut arguments = vec![
            "typhoon",
            text(&track),
            "--at",
            text(&points),
            "--out",
            text(&out),
        ];
        arguments.extend(more);
        fault(&arguments)
    };
    // One fix in the other hemisphere; latitude and longitude changed about.
    let south = refused(
        "s.json",
        &ADVISORY.replace("\"lat\": 21.6", "\"lat\": -21.6"),
        &[],
    );
    assert!(
        south.contains("km in 12 h; check the hemisphere"),
        "{south}"
    );
    let swapped = ADVISORY.replace(
        "\"lat\": 21.6, \"lon\": 114.6",
        "\"lat\": 114.6, \"lon\": 21.6",
    );
    assert!(refused("x.json", &swapped, &[]).contains("lat is 114.6"));
    // Two storms, and one storm by two agencies.
    let two = "name,agency,time_utc,lat,lon,vmax_kt,pmin_hpa\n\
        HATO,JMA,2017-08-23T00:00:00Z,21.5,114.9,75,965\n\
        PAKHAR,JMA,2017-08-26T00:00:00Z,19.0,117.0,45,992\n\
        HATO,JTWC,2017-08-23T00:00:00Z,21.6,114.8,85,964\n";
    let which = refused("two.csv", two, &[]);
    assert!(
        which.contains("it holds 2 storms; name a storm of: HATO (2017, JMA), PAKHAR (2017, JMA)"),
        "{which}"
    );
    let whose = refused("two.csv", two, &["--storm", "hato"]);
    assert!(
        whose.contains("it holds 2 tracks of HATO; name an agency of: JMA, JTWC"),
        "{whose}"
    );
    assert!(
        refused("two.csv", two, &["--storm", "HATO", "--agency", "CMA"])
            .contains("no storm HATO of CMA")
    );

    assert_eq!(
        notes(&bench, ADVISORY).lines().count(),
        1,
        "only the missing radius"
    );
    let knots = notes(
        &bench,
        &ADVISORY
            .replace("\"wind\": 33", "\"wind\": 64")
            .replace("\"wind\": 42", "\"wind\": 82"),
    );
    assert!(knots.contains("check their unit (knots or m/s)"), "{knots}");
    let slow = notes(&bench, &ADVISORY.replace("m/s", "kt"));
    assert!(slow.contains("check their unit (knots or m/s)"), "{slow}");
    let gap = notes(
        &bench,
        &ADVISORY.replace("\"lead_h\": 24", "\"lead_h\": 36"),
    );
    assert!(gap.contains("24 hours without a fix of HATO"), "{gap}");
    let mirrored = ["20.9", "21.6", "22.6"]
        .iter()
        .fold(ADVISORY.to_owned(), |text, lat| {
            text.replace(&format!("\"lat\": {lat}"), &format!("\"lat\": -{lat}"))
        });
    assert!(notes(&bench, &mirrored).contains("south of the equator"));
}
