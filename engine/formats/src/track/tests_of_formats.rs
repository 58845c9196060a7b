//! Agencies' formats: what they mean, and what is refused.

use stormgrid_core::storm::Averaging;

use super::read;

const KM: f64 = 1000.0;
const KNOT: f64 = 1852.0 / 3600.0;

fn fault(text: &str) -> String {
    read(text.as_bytes(), "t.txt")
        .expect_err("faulty")
        .to_string()
}

const DECK: &str = "\
WP, 15, 2017082300,   , BEST,   0, 215N, 1149E,  85,  964, TY,  34, NEQ,  120,  100,   80,  100, 1003,  180,  15,   0,   0,   W,   0,    ,   0,   0,       HATO, D,\n\
WP, 15, 2017082300,   , BEST,   0, 215N, 1149E,  85,  964, TY,  50, NEQ,   50,   40,   35,   45, 1003,  180,  15,   0,   0,   W,   0,    ,   0,   0,       HATO, D,\n\
WP, 15, 2017082306,   , BEST,   0, 223N, 1129E,  80,  967, TY,  34, NEQ,  120,  100,   80,  100, 1003,  180,  15,   0,   0,   W,   0,    ,   0,   0,       HATO, D,\n";

#[test]
fn lines_of_one_time_in_a_deck_are_one_fix() {
    let tracks = read(DECK.as_bytes(), "bwp152017.dat").expect("valid");
    let [track] = tracks.tracks.as_slice() else {
        panic!("{tracks:?}")
    };
    assert_eq!(
        (track.name.as_str(), track.agency.as_str()),
        ("HATO", "JTWC")
    );
    assert_eq!(
        (track.averaging, track.fixes.len()),
        (Averaging::OneMinute, 2)
    );
    let fix = &track.fixes[0];
    assert_eq!(
        (fix.lat_deg, fix.lon_deg, fix.pmin),
        (21.5, 114.9, Some(96_400.0))
    );
    assert!((fix.vmax.expect("given") - 85.0 * KNOT).abs() < 1e-9);
    assert!((fix.rmw.expect("given") - 15.0 * 1852.0).abs() < 1e-6);
    assert_eq!(fix.environment, Some(100_300.0));
    assert_eq!(fix.radii.len(), 2);
    assert_eq!(fix.radii[0].quadrants[1], Some(100.0 * 1852.0));
    assert!(tracks.findings.is_empty(), "{:?}", tracks.findings);
}

#[test]
fn forecasts_of_an_aid_are_a_track_for_each_base_time() {
    let line = |base: &str, tau: u32, lat: u32| {
        format!(
            "WP, 15, {base}, 03, JTWC, {tau:3}, {lat}N, 1149E,  85,  964, TY,  34, NEQ,  120,  100,   80,  100,\n"
        )
    };
    let deck = [
        line("2017082200", 0, 200),
        line("2017082200", 12, 205),
        line("2017082206", 0, 203),
        line("2017082206", 12, 208),
    ];
    let tracks = read(deck.concat().as_bytes(), "a.dat")
        .expect("valid")
        .tracks;
    assert_eq!(tracks.len(), 2);
    assert_eq!(tracks[1].fixes[1].time.to_rfc3339(), "2017-08-22T18:00:00Z");
    assert_eq!(tracks[0].agency, "JTWC");
}

/// What is told of a file, as sentences.
fn told(text: &str) -> Vec<String> {
    let read = read(text.as_bytes(), "t.txt").expect("valid");
    let told = read.findings.iter();
    told.map(|told| told.finding.message().to_string())
        .collect()
}

#[test]
fn an_odd_line_of_a_deck_costs_that_line_and_is_told() {
    for (from, to, says) in [
        ("223N", "223S", "latitude 223S does not lie in basin WP"),
        ("1129E", "1129", "the longitude is '1129'"),
        ("2017082306", "2017084506", "the time is '2017084506'"),
        ("  80,  967", " 800,  967", "the wind [kt] is 800"),
        ("BEST,   0, 223N", "BEST,   X, 223N", "the lead time is 'X'"),
        ("2017082306,   ", "2017082306, 75", "the minutes is 75"),
        ("  80,  967", " 8\u{fffd}0,  967", "it is not UTF-8 text"),
    ] {
        let deck = DECK.replace(from, to);
        assert_ne!(deck, DECK, "{from}");
        let found = read(deck.as_bytes(), "t.txt").expect("the other lines are sound");
        assert_eq!(found.tracks[0].fixes.len(), 1, "{from}");
        let told = told(&deck).concat();
        assert!(
            told.contains(says) && told.contains("t.txt, line 3"),
            "{told}"
        );
    }
    // A line that is cut off: what stands in it can be read.
    assert_eq!(
        read(&DECK.as_bytes()[..DECK.len() - 60], "t")
            .expect("valid")
            .tracks[0]
            .fixes
            .len(),
        2
    );
    assert!(!told(&DECK[..DECK.len() - 130]).is_empty());
    // Where every line is odd the file is at fault.
    assert!(fault(&DECK.replace("N, 11", "S, 11")).contains("does not lie in basin WP"));
}

/// The minutes of the fourth field were not read: the fix of 12:30 stood at 12:00.
#[test]
fn minutes_of_a_best_track_count_and_those_of_an_aid_are_none() {
    let line = |hour: &str, minutes: &str, aid: &str| {
        format!("WP, 90, 20230901{hour}, {minutes}, {aid},   0, 200N, 1160E,  90,  950, TY,\n")
    };
    let deck = line("06", "", "BEST") + &line("12", "30", "BEST") + &line("12", "03", "TSTA");
    let tracks = read(deck.as_bytes(), "b.dat").expect("valid").tracks;
    assert_eq!(tracks[0].fixes[1].time.to_rfc3339(), "2023-09-01T12:30:00Z");
    assert_eq!(tracks[1].fixes[0].time.to_rfc3339(), "2023-09-01T12:00:00Z");
    let whole = line("12", "", "BEST") + &line("12", "30", "BEST") + &line("18", "00", "BEST");
    assert_eq!(
        read(whole.as_bytes(), "b.dat").expect("valid").tracks[0]
            .fixes
            .len(),
        3
    );
}

#[test]
fn an_aid_without_a_position_is_left_out_and_told() {
    for nowhere in ["0 ,    0 ", "0N, 0W", ",", "0N, 0E"] {
        let deck = format!(
            "WP, 91, 2023090100, 03, TSTA,   0, 200N, 1160E,  60,  980, TY,\n\
             WP, 91, 2023090100, 03, TSTA,   6, {nowhere},   0,    0, TY,\n\
             WP, 91, 2023090100, 03, TSTA,  12, 210N, 1150E,  65,  975, TY,\n"
        );
        let found = read(deck.as_bytes(), "a.dat").expect("valid");
        assert_eq!(found.tracks[0].fixes.len(), 2, "{nowhere}");
        let told = told(&deck).concat();
        assert!(
            told.contains("line 2: 1 lines of WP91 give no position")
                || told.contains("give no position"),
            "{told}"
        );
    }
}

/// The radii of 34, 50 and 64 kt of one time are one fix, wherever they stand; a second word on one is told.
#[test]
fn radii_of_one_time_are_merged_and_contradictions_told() {
    let lines: Vec<&str> = DECK.lines().collect();
    let apart = [lines[0], lines[2], lines[1]].join("\n");
    assert_eq!(
        read(apart.as_bytes(), "t").expect("valid").tracks[0].fixes[0]
            .radii
            .len(),
        2
    );
    let again = format!("{DECK}{}\n", lines[0]);
    assert!(
        told(&again)[0].contains("say again what an earlier line"),
        "{:?}",
        told(&again)
    );
    let other = format!("{DECK}{}\n", lines[0].replace(" 120,  100", " 150,  100"));
    let found = read(other.as_bytes(), "t").expect("valid");
    assert_eq!(
        found.tracks[0].fixes[0].radii[0].quadrants[0],
        Some(120.0 * 1852.0)
    );
    let said = told(&other);
    assert!(
        said[0].contains("t.txt, line 4: 1 lines of HATO say something else"),
        "{said:?}"
    );
    // Missing radii are unknown, not calm.
    let missing = DECK.replace(" 120,  100,   80,  100", " -99,  999, -999,  100");
    let radii = read(missing.as_bytes(), "t").expect("valid").tracks[0].fixes[0].radii[0];
    assert_eq!(radii.quadrants, [None, None, None, Some(100.0 * 1852.0)]);
}

#[test]
fn numbers_that_come_again_are_other_storms() {
    let line = |base: &str, basin: &str, ns: &str| {
        format!(
            "{basin}, 90, {base}, , BEST, 0, 150{ns}, 1300E, 30, 1000, DB, , , , , , , , , , , , , , , , , INVEST, D,\n"
        )
    };
    let deck = line("2023010100", "WP", "N")
        + &line("2023010106", "WP", "N")
        + &line("2023090100", "WP", "N")
        + &line("2023090106", "WP", "N")
        + &line("2023123018", "SH", "S")
        + &line("2024010200", "SH", "S");
    let found = read(deck.as_bytes(), "t").expect("valid");
    let ids: Vec<_> = found
        .tracks
        .iter()
        .map(|t| (t.sid.as_str(), t.fixes.len()))
        .collect();
    assert_eq!(ids, [("WP902023", 2), ("WP902023", 2), ("SH902024", 2)]);
    assert!(told(&deck).concat().contains("read as 2 storms"));
}

#[test]
fn a_deck_is_read_as_windows_saves_it() {
    let crlf = DECK.replace('\n', "\r\n");
    let utf16: Vec<u8> = format!("\u{feff}{crlf}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for bytes in [
        format!("\u{feff}{crlf}").into_bytes(),
        utf16,
        DECK.replace('\n', "\r").into_bytes(),
    ] {
        let found = read(&bytes, "t").expect("valid");
        assert_eq!((found.tracks.len(), found.tracks[0].fixes.len()), (1, 2));
    }
    let headed = format!("garbage before the deck\n{DECK}");
    assert_eq!(
        read(headed.as_bytes(), "t").expect("valid").tracks[0]
            .fixes
            .len(),
        2
    );
    assert!(told(&headed)[0].contains("no storm"));
    assert!(fault("AL092021,                IDA,     40,\n20210826, 1200,  , TD, 16.5N,  78.9W,  30, 1006,\n").contains("HURDAT2"));
}

const CMA: &str = "66666 0000   2 0019 1713 0 6                 Hato           20180101\n\
2017082300 4 215 1149  965      38\n\
2017082306 4 223 1129  950      45\n";

#[test]
fn cma_gives_two_minute_means_in_metres_a_second() {
    let track = &read(CMA.as_bytes(), "CH2017BST.txt").expect("valid").tracks[0];
    assert_eq!(
        (track.name.as_str(), track.agency.as_str()),
        ("HATO", "CMA")
    );
    assert_eq!(track.averaging, Averaging::TwoMinute);
    assert_eq!(
        (track.fixes[1].vmax, track.fixes[1].pmin),
        (Some(45.0), Some(95_000.0))
    );
    assert_eq!(
        (track.fixes[1].lat_deg, track.fixes[1].lon_deg),
        (22.3, 112.9)
    );
    let short = fault(&CMA.replace("   2 0019", "   3 0019"));
    assert!(
        short.contains("announces 1 lines more than there are"),
        "{short}"
    );
    let long = fault(&CMA.replace("   2 0019", "   1 0019"));
    assert!(long.contains("announces 1 lines fewer"), "{long}");
    let odd = told(&CMA.replace(" 38\n", " 380\n")).concat();
    assert!(odd.contains("the wind [m/s] is 380"), "{odd}");
    assert!(
        fault(&CMA[70..]).contains("t.txt"),
        "a file without its header"
    );
}

/// Nameless storms of several years were one, interpolated over a year.
#[test]
fn nameless_storms_are_known_by_their_season() {
    let text = "66666 0000    2 0003 0000 0 6   (nameless)    20110729\n\
        1949062006 1 213 1218 1000      12\n1949062012 1 215 1235 1000      12\n\
        66666 0000    2 0003 0000 0 6   (nameless)    20110729\n\
        1950070106 1 150 1300 1002      12\n1950070112 1 152 1295 1002      12\n\
        66666 5001    2 0004 5001 0 6   Doris    20110729\n\
        1950080106 1 150 1300 1002       x\n1950080112 1 152 1295 1002       x\n";
    let found = read(text.as_bytes(), "CH.txt").expect("valid");
    let ids: Vec<_> = found
        .tracks
        .iter()
        .map(|t| (t.sid.as_str(), t.fixes.len()))
        .collect();
    assert_eq!(ids, [("1949-0003", 2), ("1950-0003", 2)]);
    // The third storm has no line that can be read: it is lost, the others are not.
    assert_eq!(found.lost.len(), 1);
    assert_eq!(found.lost[0].track.name, "DORIS");
    assert!(
        found.lost[0]
            .fault
            .to_string()
            .contains("line 8: the wind [m/s] is 'x'")
    );
}

const JMA: &str = "66666 1713  002 0015 1713 0 6               HATO              20171023\n\
17082300 002 5 215 1149  965     075     00050 0050 90180 0120\n\
17082306 002 5 223 1129  965     075     00050 0050 90180 0120        #\n";

#[test]
fn jma_gives_ten_minute_means_in_knots_and_radii() {
    let track = &read(JMA.as_bytes(), "bst2017.txt").expect("valid").tracks[0];
    assert_eq!(
        (track.name.as_str(), track.agency.as_str()),
        ("HATO", "JMA")
    );
    assert_eq!(
        (track.averaging, track.intl_id.as_str()),
        (Averaging::TenMinute, "1713")
    );
    let fix = &track.fixes[1];
    assert!((fix.vmax.expect("given") - 75.0 * KNOT).abs() < 1e-9);
    assert_eq!(fix.time.to_rfc3339(), "2017-08-23T06:00:00Z");
    assert_eq!(fix.radii[0].quadrants, [Some(50.0 * 1852.0); 4]);
    assert_eq!(fix.radii[1].quadrants, [Some(150.0 * 1852.0); 4]);
    let old = JMA
        .replace("17082300", "51082300")
        .replace("17082306", "51082306");
    let old = read(old.as_bytes(), "bst").expect("valid").tracks;
    assert_eq!(old[0].fixes[0].time.to_rfc3339(), "1951-08-23T00:00:00Z");
}

/// Before 1977 JMA gives no wind, and the mark of a landfall was taken for one.
#[test]
fn old_tracks_of_jma_have_pressures_alone() {
    let text = "66666 6501  003 0001 6501 0 6               TESTG              19900101\n\
        65090100 002 3 200 1300  970     \n\
        65090106 002 3 210 1290  965                                    #\n\
        65090112 002 3 220 1280  965\n";
    let track = &read(text.as_bytes(), "t").expect("valid").tracks[0];
    let found: Vec<_> = track.fixes.iter().map(|f| (f.vmax, f.pmin)).collect();
    let hpa = |p: f64| (None, Some(100.0 * p));
    assert_eq!(found, [hpa(970.0), hpa(965.0), hpa(965.0)]);
    assert!(told(text).concat().contains("no wind of TESTG is given"));
    let radii = JMA.replace("965     075     00050", "965             00050");
    let fix = &read(radii.as_bytes(), "t").expect("valid").tracks[0].fixes[0];
    assert_eq!((fix.vmax, fix.radii.len()), (None, 2));
}

const IBTRACS: &str = "SID,SEASON,NAME,ISO_TIME,LAT,LON,WMO_WIND,USA_LAT,USA_LON,USA_WIND,USA_PRES,USA_RMW,USA_POCI,USA_R34_NE,USA_R34_SE,USA_R34_SW,USA_R34_NW,TOKYO_LAT,TOKYO_LON,TOKYO_WIND,TOKYO_PRES,CMA_LAT,CMA_LON,CMA_WIND,CMA_PRES\n\
 ,Year, , ,degrees_north,degrees_east,kts,degrees_north,degrees_east,kts,mb,nmile,mb,nmile,nmile,nmile,nmile,degrees_north,degrees_east,kts,mb,degrees_north,degrees_east,kts,mb\n\
2017232N19130,2017,HATO,2017-08-23 00:00:00,21.5,114.9,75,21.5,114.8,85,964,15,1003,120,100,80,100,21.5,114.9,75,965,21.5,114.9,74,965\n\
2017232N19130,2017,HATO,2017-08-23 03:00:00,21.9,113.9, ,21.9,113.8,83,965,15,1003, , , , , , , , ,21.9,113.9,82,955\n\
2017232N19130,2017,HATO,2017-08-23 06:00:00,22.3,112.9,75,22.3,112.9,80,967,15,1003,120,100,80,100,22.3,112.9,75,965,22.3,112.9,87,950\n";

#[test]
fn ibtracs_is_a_track_for_each_agency() {
    let tracks = read(IBTRACS.as_bytes(), "ibtracs.csv")
        .expect("valid")
        .tracks;
    let found: Vec<_> = tracks
        .iter()
        .map(|t| (t.agency.as_str(), t.averaging, t.fixes.len()))
        .collect();
    assert_eq!(
        found,
        [
            ("JMA", Averaging::TenMinute, 2),
            ("CMA", Averaging::TwoMinute, 3),
            ("JTWC", Averaging::OneMinute, 3)
        ]
    );
    assert_eq!(tracks[2].fixes[0].lon_deg, 114.8);
    assert!((tracks[2].fixes[0].radii[0].mean().expect("given") - 185.2 * KM).abs() < 1e-6);
    assert!(tracks[2].fixes[1].radii.is_empty());
}

#[test]
fn an_odd_row_of_ibtracs_costs_that_row() {
    for (from, to, says) in [
        ("21.9,113.8,83", "21.9,113.8,x", "the wind [kt] is 'x'"),
        (
            "2017-08-23 03",
            "2017-08-22 03",
            "do not stand in order of time",
        ),
        ("2017-08-23 03", "2017-13-23 03", "ISO_TIME is '2017-13-23"),
        ("21.9,113.8,83", "71.9,113.8,83", "the latitude is 71.9"),
        (
            "2017-08-23 03:00:00,21.9",
            "2017-08-23 03:00:00",
            "the row has 24 fields",
        ),
        (
            "HATO,2017-08-23 03",
            "\"HATO,2017-08-23 03",
            "quotation mark",
        ),
    ] {
        let text = IBTRACS.replace(from, to);
        assert_ne!(text, IBTRACS, "{from}");
        let found = read(text.as_bytes(), "t").expect("the other rows are sound");
        let jtwc = found
            .tracks
            .iter()
            .find(|t| t.agency == "JTWC")
            .expect("there");
        assert_eq!(jtwc.fixes.len(), 2, "{from}");
        let told = told(&text).concat();
        assert!(told.contains(says), "{from}: {told}");
    }
    let units = IBTRACS.replace(
        "degrees_north,degrees_east,kts,mb,nmile",
        "degrees_north,degrees_east,m/s,mb,nmile",
    );
    assert!(fault(&units).contains("the values of JTWC are in 'm/s', not in kt"));
    let missing = IBTRACS.replace("114.8,85,964", "114.8,-999,9999");
    let found = read(missing.as_bytes(), "t").expect("valid");
    assert_eq!(
        found
            .tracks
            .iter()
            .find(|t| t.agency == "JTWC")
            .expect("there")
            .fixes
            .len(),
        2
    );
}

#[test]
fn storms_of_one_name_are_two_by_their_identifiers() {
    let second = IBTRACS
        .lines()
        .skip(2)
        .map(|l| l.replace("2017", "2005") + "\n");
    let text = IBTRACS.to_owned() + &second.collect::<String>();
    let found = read(text.as_bytes(), "t").expect("valid").tracks;
    assert_eq!(found.len(), 6);
    assert!(found.iter().all(|t| t.name == "HATO" && t.fixes.len() <= 3));
}

const ADVISORY: &str = r#"{"name": "Hato", "agency": "CMA", "base_time": "2017-08-22T20:00:00+08:00",
 "averaging_min": 2, "wind_unit": "m/s", "fixes": [
 {"lead_h": 0, "lat": 20.9, "lon": 116.5, "wind": 33, "pressure_hpa": 975, "radii": [{"wind": 17.2, "km": [250, 220, 180, 200]}]},
 {"lead_h": 12, "lat": 21.6, "lon": 114.6, "wind": 42, "pressure_hpa": 955, "rmw_km": 30},
 {"lead_h": 24, "lat": 22.6, "lon": 112.0, "wind": 33, "pressure_hpa": 975}]}"#;

#[test]
fn an_advisory_says_its_units() {
    let tracks = read(ADVISORY.as_bytes(), "a.json").expect("valid");
    let track = &tracks.tracks[0];
    assert_eq!(
        (track.name.as_str(), track.averaging),
        ("HATO", Averaging::TwoMinute)
    );
    assert_eq!(track.fixes[0].time.to_rfc3339(), "2017-08-22T12:00:00Z");
    assert_eq!(track.fixes[0].radii[0].mean(), Some(212_500.0));
    assert_eq!(track.fixes[1].rmw, Some(30_000.0));
    let knots = read(ADVISORY.replace("m/s", "kt").as_bytes(), "a.json").expect("valid");
    assert!((knots.tracks[0].fixes[1].vmax.expect("given") - 42.0 * KNOT).abs() < 1e-9);
}

#[test]
fn advisories_with_faults_are_refused_and_long_gaps_told() {
    for (from, to, says) in [
        ("\"wind_unit\": \"m/s\", ", "", "wind_unit"),
        (
            "\"averaging_min\": 2",
            "\"averaging_min\": 3",
            "it is 3 minutes",
        ),
        (
            "\"lead_h\": 12",
            "\"lead_h\": 0",
            "fix 2: time runs backwards",
        ),
        ("\"lat\": 22.6", "\"lat\": 122.6", "fix 3: lat is 122.6"),
        ("\"wind\": 42", "\"wind\": 420", "the wind in m/s is 420"),
        (
            "\"base_time\": \"2017-08-22T20:00:00+08:00\"",
            "\"base_time\": \"20:00\"",
            "base_time",
        ),
        (
            "\"pressure_hpa\": 955",
            "\"pressure\": 955",
            "unknown field",
        ),
        (
            "\"wind\": 33, \"pressure_hpa\": 975}]",
            "\"rmw_km\": 3}]",
            "neither wind nor pressure",
        ),
    ] {
        let text = ADVISORY.replacen(from, to, 1);
        assert_ne!(text, ADVISORY, "{from}");
        let problem = fault(&text);
        assert!(problem.contains(says), "{from}: {problem}");
    }
    let gap = ADVISORY.replace("\"lead_h\": 24", "\"lead_h\": 36");
    let said = told(&gap);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("24 hours without a fix of HATO"),
        "{said:?}"
    );
    // Numbers as text are numbers, sentinels are unknown.
    let text = ADVISORY.replace(
        "\"wind\": 42, \"pressure_hpa\": 955",
        "\"wind\": \"42\", \"pressure_hpa\": -9999",
    );
    let fix = &read(text.as_bytes(), "a.json").expect("valid").tracks[0].fixes[1];
    assert_eq!((fix.vmax, fix.pmin), (Some(42.0), None));
    let unclear = ADVISORY.replace("\"wind\": 42", "\"wind\": \"1,200\"");
    assert!(fault(&unclear).contains("1,200"));
}
