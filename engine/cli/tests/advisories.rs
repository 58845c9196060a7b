//! A malformed advisory is refused in one sentence or its assumption is flagged; none makes a wrong field in
//! silence.

use std::process::{Command, Output};

use stormgrid_project::advisory::check_advisory;

#[path = "../../../tests/language.rs"]
mod language;

/// A sound advisory: Hato by the CMA, as of 2017-08-22 20:00 in China.
const SOUND: &str = r#"{"name": "HATO", "agency": "CMA", "base_time": "2017-08-22T20:00:00+08:00",
  "averaging_min": 2, "wind_unit": "m/s", "fixes": [
  {"lead_h": 0, "lat": 20.4, "lon": 117.4, "wind": 33, "pressure_hpa": 975, "rmw_km": 40},
  {"lead_h": 12, "lat": 21.4, "lon": 114.6, "wind": 42, "pressure_hpa": 960, "rmw_km": 35},
  {"lead_h": 24, "lat": 22.4, "lon": 111.6, "wind": 38, "pressure_hpa": 965, "rmw_km": 35}]}"#;

fn check(text: &str) -> Output {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("advisory.json");
    std::fs::write(&path, text).expect("written");
    Command::new(env!("CARGO_BIN_EXE_stormgrid"))
        .args(["advisory", "--json"])
        .arg(&path)
        .env("STORMGRID_LANG", "en")
        .output()
        .expect("the program starts")
}

fn notes(text: &str) -> Vec<String> {
    let output = check(text);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{error}");
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let notes = value["notes"].as_array().expect("notes").iter();
    notes
        .map(|note| {
            let [zh, en] = ["zh", "en"].map(|language| note[language].as_str().expect("text"));
            // The path of the file goes before.
            let said = zh.split_once('：').map_or(zh, |(_, said)| said);
            assert_eq!(language::faults(said, en), Vec::<String>::new());
            en.to_owned()
        })
        .collect()
}

#[test]
fn a_sound_advisory_is_understood_without_a_doubt() {
    assert_eq!(notes(SOUND), Vec::<String>::new());
    let output = check(SOUND);
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(value["track"][2]["time"], "2017-08-23T12:00:00Z");
    assert_eq!(value["track"][0]["vmax_mps"], 33.0);
    // 64 kt are 32.9244 m/s.
    let knots = SOUND
        .replace("m/s", "kt")
        .replace("\"wind\": 33", "\"wind\": 64");
    let value: serde_json::Value = serde_json::from_slice(&check(&knots).stdout).expect("JSON");
    let wind = value["track"][0]["vmax_mps"].as_f64().expect("a number");
    assert!((wind - 64.0 * 1852.0 / 3600.0).abs() < 1e-9);
}

#[test]
fn what_may_be_meant_is_flagged() {
    let knots = [
        ("\"wind\": 33", 64),
        ("\"wind\": 42", 82),
        ("\"wind\": 38", 74),
    ];
    let knots_as_mps = knots.iter().fold(SOUND.to_owned(), |text, (wind, kt)| {
        text.replace(wind, &format!("\"wind\": {kt}"))
    });
    let pressureless = |text: &str| {
        let mut text = text.to_owned();
        for hpa in [975, 960, 965] {
            text = text.replace(&format!(", \"pressure_hpa\": {hpa}"), "");
        }
        text
    };
    let cases = [
        ("knots given as m/s", knots_as_mps.clone(), "knots or m/s"),
        ("knots given as m/s without pressures", pressureless(&knots_as_mps), "above all records"),
        ("winds alone", pressureless(SOUND), "their unit cannot be checked"),
        ("m/s given as knots", SOUND.replace("m/s", "kt"), "knots or m/s"),
        ("the southern hemisphere", SOUND.replace("\"lat\": 2", "\"lat\": -2"), "check the hemisphere"),
        ("a gap of a day", SOUND.replace("\"lead_h\": 24", "\"lead_h\": 36"), "24 hours without a fix"),
        ("no radius", SOUND.replace(", \"rmw_km\": 40", "").replace(", \"rmw_km\": 35", ""), "no radius of maximum wind"),
        ("longitude from 0 to 360", SOUND.replace("\"lon\": 11", "\"lon\": 21"), "is read as"),
        ("radii inside out", SOUND.replace("\"rmw_km\": 40", "\"rmw_km\": 40, \"radii\": [{\"wind\": 17, \"km\": [100, 90, 80, 90]}, {\"wind\": 25, \"km\": [120, 60, 50, 60]}]"), "check the radii"),
    ];
    for (what, text, expected) in cases {
        let notes = notes(&text);
        assert!(
            notes.iter().any(|n| n.contains(expected)),
            "{what}: {notes:?}"
        );
    }
}

#[test]
fn what_cannot_be_meant_is_refused_in_one_sentence() {
    let one = |from: &str, to: &str| SOUND.replacen(from, to, 1);
    let cases = [
        ("time runs backwards", one("\"lead_h\": 24", "\"lead_h\": 6"), "fix 3"),
        ("a lead twice", one("\"lead_h\": 12", "\"lead_h\": 0"), "fix 2"),
        ("pascals", one("975", "97500"), "pressure_hpa is 97500"),
        ("kilopascals", one("975", "97.5"), "pressure_hpa is 97.5"),
        ("no unit", one("\"wind_unit\": \"m/s\",", ""), "wind_unit"),
        ("an unknown unit", one("m/s", "mph"), "mph"),
        ("no averaging period", one("\"averaging_min\": 2,", ""), "averaging_min"),
        ("three minutes", one("\"averaging_min\": 2", "\"averaging_min\": 3"), "it is 3 minutes"),
        ("no time zone", one("+08:00", ""), "base_time"),
        ("latitude and longitude exchanged", one("\"lat\": 20.4, \"lon\": 117.4", "\"lat\": 117.4, \"lon\": 20.4"), "lat is 117.4"),
        ("one position in the other hemisphere", one("21.4", "-21.4"), "km in"),
        ("a leap", one("114.6", "144.6"), "km in"),
        ("km/h above any wind", one("\"wind\": 33", "\"wind\": 330"), "the wind in m/s is 330"),
        ("a negative wind", one("\"wind\": 33", "\"wind\": -33"), "the wind in m/s is -33"),
        ("lead times in minutes", one("\"lead_h\": 24", "\"lead_h\": 1440"), "lead_h is 1440"),
        ("neither wind nor pressure", one("\"wind\": 33, \"pressure_hpa\": 975,", ""), "neither wind nor pressure"),
        ("an unknown word", one("\"lead_h\": 0", "\"lead\": 0"), "lead"),
        ("no position", r#"{"name": "A", "base_time": "2017-08-22T12:00:00Z", "averaging_min": 2, "wind_unit": "m/s", "fixes": []}"#.into(), "there are 0"),
        ("no name", one("HATO", " "), "name"),
        ("two advisories in a row", format!("{SOUND}\n{SOUND}"), "more than one advisory"),
        ("a list of advisories", format!("[{SOUND}, {SOUND}]"), "more than one advisory"),
        ("cut off", SOUND[..SOUND.len() / 2].to_owned(), "EOF"),
        ("two storms as CSV", "name,agency,time_utc,lat,lon,vmax_kt,pmin_hpa\nA,JMA,2017-08-23T00:00:00Z,21.5,114,75,965\nB,JMA,2017-08-23T00:00:00Z,15.5,130,75,965\n".into(), "it holds 2 storms"),
    ];
    for (what, text, expected) in cases {
        let output = check(&text);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{what}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{what}: {error}");
        assert!(
            error.starts_with("error: ") && error.contains(expected),
            "{what}: {error}"
        );
        assert!(output.stdout.is_empty(), "{what}");
        // The page shows the sentence in the language of its reader.
        let told = check_advisory(text.as_bytes(), "the advisory", None);
        let told = told.expect_err(what).told();
        assert_eq!(
            language::faults(&told.zh, &told.en),
            Vec::<String>::new(),
            "{what}"
        );
        assert!(told.en.contains(expected), "{what}: {}", told.en);
        assert!(told.zh.starts_with("台风通报"), "{what}: {}", told.zh);
    }
}
