//! Tests on real figures: tides of three gauges, and Hato (2017) against its observations.

use std::f64::consts::FRAC_PI_2;

use stormgrid_core::frame::Geodetic;
use stormgrid_core::storm::{Averaging, Fix, Track};
use stormgrid_core::time::Instant;
use stormgrid_core::units::{KNOT, NAUTICAL_MILE};

use super::astronomy::{Longitudes, NodeAngles};
use super::constituents::Constituent;
use super::{CoastalLevel, HarmonicConstant, TidePredictor, Transect, coastal_level};
use crate::typhoon::{Parameters, Surface, TyphoonModel, with_rmw_of};

const TRACK: &str = include_str!("../../../../data/typhoon/hato_2017_jma.csv");
const RADII: &str = include_str!("../../../../data/typhoon/hato_2017_jtwc_radii.csv");
const OTHER_TRACKS: &str = include_str!("../../../../data/typhoon/others_jma.csv");
const OTHER_RADII: &str = include_str!("../../../../data/typhoon/others_jtwc_radii.csv");
const CONSTANTS: &str = include_str!("../../../../data/tide/constituents.csv");

fn instant(text: &str) -> Instant {
    Instant::parse(text).expect("RFC 3339")
}

/// Rows of a CSV without quotes as lookups by column name; a column that is missing is empty.
fn rows(text: &str) -> Vec<impl Fn(&str) -> String> {
    let mut lines = text.lines();
    let head: Vec<String> = lines
        .next()
        .expect("a head")
        .split(',')
        .map(str::to_owned)
        .collect();
    lines
        .map(|line| {
            let cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            let head = head.clone();
            move |column: &str| {
                let at = head.iter().position(|h| h == column);
                at.map_or_else(String::new, |at| cells[at].clone())
            }
        })
        .collect()
}

fn track(text: &str, name: &str, averaging: Averaging) -> Track {
    let fixes = rows(text)
        .iter()
        .filter(|row| row("name") == name)
        .map(|row| Fix {
            time: instant(&row("time_utc")),
            lat_deg: row("lat").parse().expect("a number"),
            lon_deg: row("lon").parse().expect("a number"),
            vmax: row("vmax_kt").parse().ok().map(|kt: f64| kt * KNOT),
            pmin: row("pmin_hpa").parse().ok().map(|hpa: f64| hpa * 100.0),
            rmw: row("rmw_nmi").parse().ok().map(|n: f64| n * NAUTICAL_MILE),
            radii: Vec::new(),
            environment: None,
            status: String::new(),
        })
        .collect();
    Track {
        name: name.to_owned(),
        intl_id: String::new(),
        sid: String::new(),
        agency: String::new(),
        averaging,
        fixes,
    }
}

/// JMA's track with JTWC's radii: what the product uses.
fn hato() -> TyphoonModel {
    storm(TRACK, RADII, "HATO")
}

fn storm(tracks: &str, radii: &str, name: &str) -> TyphoonModel {
    let jma = track(tracks, name, Averaging::TenMinute);
    let jtwc = track(radii, name, Averaging::OneMinute);
    TyphoonModel::new(&with_rmw_of(&jma, &jtwc), Parameters::default()).expect("a track")
}

fn constants(station: &str) -> Vec<HarmonicConstant> {
    let constants: Vec<HarmonicConstant> = rows(CONSTANTS)
        .iter()
        .filter(|row| row("name") == station)
        .map(|row| HarmonicConstant {
            name: row("constituent"),
            amplitude: row("amplitude_m").parse().expect("a number"),
            phase: row("phase_deg_gmt")
                .parse::<f64>()
                .expect("a number")
                .to_radians(),
        })
        .collect();
    assert_eq!(constants.len(), 50);
    constants
}

fn tide(station: &str, mean_level: f64) -> TidePredictor {
    TidePredictor::new(&constants(station), mean_level)
}

#[test]
fn quarry_bay_tide_is_that_of_the_observation_notes() {
    // Mean level 1.463 m above gauge zero (datums of the same file) plus harmonics: 2.42 m and 1.56 m at the
    // two instants, to their printed digits. The notes' figures are those of the program tide-predictor 0.11.0 (npm)
    // (2.4193 m, 1.5646 m), which counts two waves otherwise than we do: M1 by the argument of NO1 and by the nodal
    // angle of M1, that is the perigee twice (the next test says why we do not), and R3 as S2 + K1.
    let mut constants = constants("Hong Kong");
    let read_otherwise: Vec<HarmonicConstant> = constants
        .extract_if(.., |c| c.name == "M1" || c.name == "R3")
        .collect();
    let tide = TidePredictor::new(&constants, 1.463);
    for (time, level) in [
        ("2017-08-23T01:00:00Z", 2.42),
        ("2018-09-16T06:00:00Z", 1.56),
    ] {
        let longitudes = Longitudes::at(instant(time));
        let angles = NodeAngles::at(&longitudes);
        let wave = |name: &str| Constituent::named(name).expect("listed");
        let argument = |name: &str| wave(name).argument(&longitudes);
        let others: f64 = read_otherwise
            .iter()
            .map(|constant| {
                let (argument, (f, u)) = if constant.name == "M1" {
                    let no1 = argument("M1") + longitudes.p.to_radians() + FRAC_PI_2;
                    (no1, wave("M1").nodal(&angles))
                } else {
                    (argument("S2") + argument("K1"), wave("K1").nodal(&angles))
                };
                f * constant.amplitude * (argument + u - constant.phase).cos()
            })
            .sum();
        let found = tide.level(instant(time)) + others;
        assert!((found - level).abs() < 0.005, "{time}: {found}");
    }
}

#[test]
fn m1_has_the_admittance_of_its_neighbours() {
    // Munk & Cartwright (1966): the answer of the sea changes smoothly with frequency. M1 lies half way between
    // O1 and K1; the three coefficients are Schureman's (1958), table 2. This is what tells which argument the
    // file counts the phase of M1 from: see CONSTITUENTS.
    type Complex = (f64, f64);
    let turn = |(re, im): Complex, by: f64| {
        let (sin, cos) = by.sin_cos();
        (re * cos - im * sin, re * sin + im * cos)
    };
    for station in ["Hong Kong", "Macau", "Zhapo"] {
        let constants = constants(station);
        let answer = |name: &str, coefficient: f64| -> Complex {
            let constant = constants.iter().find(|c| c.name == name).expect("listed");
            let of_potential = constant.amplitude / coefficient;
            turn((of_potential, 0.0), constant.phase)
        };
        let (o1, k1) = (answer("O1", 0.3771), answer("K1", 0.5300));
        let expected = (0.5 * (o1.0 + k1.0), 0.5 * (o1.1 + k1.1));
        // O1 is counted from a quarter turn back and K1 from one ahead of their Doodson numbers, so that their
        // lags are those of the potential; M1's lag is counted from its number and needs the quarter first.
        let named = Constituent::named("M1").expect("listed");
        let quarters = f64::from(1 - named.quarters) * FRAC_PI_2;
        let m1 = turn(answer("M1", 0.0209), quarters);
        let ratio = m1.0.hypot(m1.1) / expected.0.hypot(expected.1);
        assert!((0.9..=1.1).contains(&ratio), "{station}: {ratio}");
        let lag = turn(m1, -expected.1.atan2(expected.0));
        let degrees = lag.1.atan2(lag.0).to_degrees();
        assert!(degrees.abs() < 20.0, "{station}: {degrees}");
    }
}

#[test]
fn tides_agree_with_another_program() {
    // pyTMD 3.0.9: sum over constituents of f H cos(G + u - g) with constituents.arguments(mjd, [c],
    // corrections='FES', climate_solar_perigee=True), M1 and 3L2 left out on both sides (it takes
    // M1's Q without its quadrant). Its nodal factor of MA2, MB2 and 3N2 is 1: within 1 mm.
    const TIMES: [&str; 6] = [
        "2017-08-23T01:00:00Z",
        "2017-08-23T04:00:00Z",
        "2018-09-16T06:00:00Z",
        "2000-01-01T00:00:00Z",
        "2010-06-15T13:00:00Z",
        "2025-12-31T18:00:00Z",
    ];
    for (station, levels) in [
        (
            "Hong Kong",
            [0.9679, 0.2986, 0.1007, -0.2187, -0.5641, -0.7877],
        ),
        ("Macau", [0.9464, 0.9044, 0.1396, -0.0961, -0.8039, -1.0499]),
        ("Zhapo", [0.9841, 1.3361, 0.2280, -0.0147, -1.2175, -1.1046]),
    ] {
        let mut constants = constants(station);
        constants.retain(|c| c.name != "M1");
        let tide = TidePredictor::new(&constants, 0.0);
        for (time, level) in TIMES.iter().zip(levels) {
            let found = tide.level(instant(time));
            assert!(
                (found - level).abs() <= 0.003,
                "{station} {time}: {found} for {level}"
            );
        }
    }
}

#[test]
fn every_constant_of_the_three_gauges_is_used() {
    for station in ["Hong Kong", "Macau", "Zhapo"] {
        let tide = tide(station, 0.0);
        assert!(tide.unused().is_empty(), "{:?}", tide.unused());
        assert!(tide.repeated().is_empty(), "{:?}", tide.repeated());
        let sum: f64 = constants(station).iter().map(|c| c.amplitude).sum();
        assert!((tide.amplitude() - sum).abs() < 1e-12);
    }
}

#[test]
fn what_the_prediction_leaves_out_is_named() {
    let constant = |name: &str| HarmonicConstant {
        name: name.to_owned(),
        amplitude: 0.1,
        phase: 0.0,
    };
    let given = ["M2", "XYZ", "RHO1", "RHO", "m2", "M(2)"].map(constant);
    let tide = TidePredictor::new(&given, 0.0);
    let names = |of: &[HarmonicConstant]| of.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(tide.unused()), ["XYZ"]);
    assert_eq!(names(tide.repeated()), ["RHO", "m2", "M(2)"]);
    assert!((tide.amplitude() - 0.2).abs() < 1e-12);
}

#[test]
fn the_track_passes_the_landfall() {
    // CMA: 04:50 UTC, 113.2 E, 22.0 N. JMA's fixes are six hours and 0.1° apart.
    let state = hato()
        .state(instant("2017-08-23T04:50:00Z"))
        .expect("inside the track");
    let landfall = Geodetic::from_degrees(113.2, 22.0).expect("valid");
    assert!(TyphoonModel::distance(&state, landfall) < 10_000.0);
    let speed = state.velocity[0].hypot(state.velocity[1]);
    assert!((6.0..10.0).contains(&speed), "moves at {speed} m/s");
    assert!(state.velocity[0] < 0.0 && state.velocity[1] > 0.0);
}

#[test]
fn winds_turn_and_peak_as_at_landfall() {
    // At Macau the wind blows from the north-east ahead of the centre and from the south-east
    // behind it; Guishan island, on the strong side, had 41.7 m/s as a mean.
    let storm = hato();
    let macau = Geodetic::from_degrees(113.55, 22.17).expect("valid");
    let from = |time: &str| storm.air(macau, instant(time), Surface::Water).from_deg();
    assert!((20.0..90.0).contains(&from("2017-08-23T01:00:00Z")));
    assert!((100.0..190.0).contains(&from("2017-08-23T07:00:00Z")));
    let guishan = Geodetic::from_degrees(113.82, 22.14).expect("valid");
    let strongest = (0..48)
        .map(|i| instant("2017-08-22T20:00:00Z").plus_seconds(f64::from(i) * 900.0))
        .map(|time| storm.air(guishan, time, Surface::Water).speed())
        .fold(0.0, f64::max);
    println!("Guishan: strongest 10-minute wind {strongest:.1} m/s, observed mean 41.7 m/s");
    assert!((29.0..50.0).contains(&strongest), "{strongest}");
}

/// Greatest value of a series and its time [h after the start].
fn peak(time_s: &[f64], value: impl Fn(usize) -> f64) -> (f64, f64) {
    (0..time_s.len())
        .map(|i| (value(i), time_s[i] / 3600.0))
        .fold((f64::NEG_INFINITY, 0.0), |best, at| {
            if at.0 > best.0 { at } else { best }
        })
}

fn levels(station: &str, transect: &Transect) -> CoastalLevel {
    coastal_level(
        &hato(),
        &tide(station, 0.0),
        transect,
        instant("2017-08-22T12:00:00Z"),
        36.0 * 3600.0,
        600.0,
    )
}

#[test]
fn hato_raises_the_sea_as_observed_to_a_few_decimetres() {
    // Nothing here is fitted. Observed, water levels above mean sea level: Quarry Bay 3.57 - 1.46 =
    // 2.11 m; Macau Barra 4.51 - 1.82 = 2.69 m if its zero is that of the constants' file (not
    // known). Surge: 1.45 m at Shek Pik at the highest level, 0.50 to 2.10 m along the estuary.
    // Peaks: Sanzao, next to Modaomen, 04:50 UTC; Nansha, far inside, 05:55 UTC; Barra's gauge failed
    // after 03:21 UTC. Gates: 0.5 m and 1.5 h.
    println!("place      surge [m]  of it wind  at UTC  level above MSL [m]  at UTC");
    for (name, station, transect, surge_range, level_range, peak_hours) in [
        (
            "Hong Kong",
            "Hong Kong",
            Transect::hong_kong(),
            0.95..1.95,
            1.61..2.61,
            0.0..24.0,
        ),
        (
            "Macau",
            "Macau",
            Transect::macau(),
            0.5..2.6,
            2.19..3.19,
            2.5..6.5,
        ),
        (
            "Modaomen",
            "Macau",
            Transect::modaomen(),
            0.5..2.1,
            0.0..9.0,
            3.33..6.33,
        ),
    ] {
        let sea = levels(station, &transect);
        let times = &sea.level.time_s;
        let (surge, surge_at) = peak(times, |i| {
            sea.set_up.value[i] + sea.inverse_barometer.value[i]
        });
        let (level, level_at) = peak(times, |i| sea.level.value[i]);
        let wind = peak(times, |i| sea.set_up.value[i]).0;
        let utc = |hours: f64| (hours + 12.0).rem_euclid(24.0);
        println!(
            "{name:<10} {surge:>8.2} {wind:>10.2} {:>9.2} {level:>12.2} {:>15.2}",
            utc(surge_at),
            utc(level_at)
        );
        assert!(surge_range.contains(&surge), "{name}: surge {surge}");
        assert!(level_range.contains(&level), "{name}: level {level}");
        assert!(
            peak_hours.contains(&utc(level_at)),
            "{name}: peak at {}",
            utc(level_at)
        );
    }
}

#[test]
fn the_flow_along_the_coast_raises_the_sea_ahead_of_the_centre() {
    // North-east wind ahead of the centre drives water along the coast with the shore on its right:
    // a forerunner of centimetres to decimetres three hours before landfall, 14 h after the start.
    for transect in [
        Transect::hong_kong(),
        Transect::macau(),
        Transect::modaomen(),
    ] {
        let all = levels("Macau", &transect);
        let direct = levels("Macau", &transect.clone().with_alongshore_share(0.0));
        let ahead = 14.0 * 3600.0;
        let forerunner = all.set_up.at(ahead) - direct.set_up.at(ahead);
        assert!((0.03..1.0).contains(&forerunner), "{forerunner}");
    }
}

#[test]
fn the_level_is_the_sum_of_its_parts_and_calm_without_the_storm() {
    let sea = levels("Macau", &Transect::macau());
    for i in 0..sea.level.value.len() {
        let sum = sea.tide.value[i] + sea.set_up.value[i] + sea.inverse_barometer.value[i];
        assert!((sea.level.value[i] - sum).abs() < 1e-12);
    }
    let calm = coastal_level(
        &hato(),
        &tide("Macau", 0.3),
        &Transect::macau(),
        instant("2018-01-01T00:00:00Z"),
        7200.0,
        600.0,
    );
    assert_eq!(calm.level.value, calm.tide.value);
    assert_eq!(calm.level.time_s.len(), 13);
}

#[test]
fn five_storms_raise_the_sea_at_shek_pik_as_observed_to_half_a_metre() {
    // Residuals at the time of the greatest level: Table S1 of "pearl-estuary-connected-inundation"
    // (CC BY 4.0), from records of the Hong Kong Observatory.
    let tide = tide("Hong Kong", 1.46);
    println!("storm      level [m CD]  tide  surge   observed level  tide  surge");
    let mut errors = Vec::new();
    for (name, start, [level, tide_then, surge]) in [
        ("HATO", "2017-08-22T12:00:00Z", [3.67, 2.220, 1.450]),
        ("MANGKHUT", "2018-09-15T12:00:00Z", [3.77, 1.553, 2.217]),
        ("HIGOS", "2020-08-18T06:00:00Z", [2.97, 2.557, 0.413]),
        ("PAKHAR", "2017-08-26T12:00:00Z", [2.38, 1.817, 0.562]),
        ("NALGAE", "2022-11-02T00:00:00Z", [2.97, 2.272, 0.698]),
    ] {
        let model = if name == "HATO" {
            hato()
        } else {
            storm(OTHER_TRACKS, OTHER_RADII, name)
        };
        let sea = coastal_level(
            &model,
            &tide,
            &Transect::hong_kong(),
            instant(start),
            36.0 * 3600.0,
            600.0,
        );
        let top = (0..sea.level.value.len())
            .max_by(|&a, &b| sea.level.value[a].total_cmp(&sea.level.value[b]))
            .expect("not empty");
        let found = sea.level.value[top] - sea.tide.value[top];
        println!(
            "{name:<10} {:>8.2} {:>8.2} {found:>6.2} {level:>12.2} {tide_then:>8.2} {surge:>6.2}",
            sea.level.value[top], sea.tide.value[top]
        );
        errors.push((found - surge).abs());
        assert!(found > 0.2, "{name}: {found}");
    }
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    let worst = errors.iter().copied().fold(0.0, f64::max);
    println!("mean error {mean:.2} m, worst {worst:.2} m");
    assert!(mean < 0.5 && worst < 0.8);
}
