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
    assert!(tracks.warnings.is_empty());
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

#[test]
fn decks_with_faults_are_refused_in_a_sentence() {
    let south = fault(&DECK.replace("223N", "223S"));
    assert!(
        south.contains("t.txt, line 3: latitude 223S does not lie in basin WP"),
        "{south}"
    );
    let odd = fault(&DECK.replace("1129E", "1129"));
    assert!(odd.contains("line 3: the longitude is '1129'"), "{odd}");
    let date = fault(&DECK.replace("2017082306", "2017084506"));
    assert!(date.contains("line 3: the time is '2017084506'"), "{date}");
    let wind = fault(&DECK.replace("  80,  967", " 800,  967"));
    assert!(wind.contains("the wind [kt] is 800"), "{wind}");
    let cut = fault(&DECK[..DECK.len() - 130]);
    assert!(cut.contains("line 3"), "{cut}");
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
    assert!(fault(&CMA.replace(" 38\n", " 380\n")).contains("the wind [m/s] is 380"));
    assert!(
        fault(&CMA[70..]).contains("t.txt"),
        "a file without its header"
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
    assert!(
        fault(&IBTRACS.replace("21.9,113.8,83", "21.9,113.8,x")).contains("the wind [kt] is 'x'")
    );
    assert!(
        fault(&IBTRACS.replace("2017-08-23 03", "2017-08-22 03")).contains("time runs backwards")
    );
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
    let warnings = read(gap.as_bytes(), "a.json").expect("valid").warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0]
            .to_string()
            .contains("24 hours without a fix of HATO"),
        "{warnings:?}"
    );
}
