//! The wind field as a whole: laws that hold for any track.

use proptest::prelude::*;
use stormgrid_core::frame::Geodetic;
use stormgrid_core::storm::{Averaging, Fix, Track};
use stormgrid_core::time::Instant;

use super::*;

const START: Instant = Instant::from_unix_seconds(1_503_446_400);

fn fix(hours: f64, lon_deg: f64, lat_deg: f64, vmax: Option<f64>, pmin_hpa: Option<f64>) -> Fix {
    Fix {
        time: START.plus_seconds(hours * 3600.0),
        lat_deg,
        lon_deg,
        vmax,
        pmin: pmin_hpa.map(|p| p * 100.0),
        rmw: None,
        radii: Vec::new(),
        environment: None,
        status: String::new(),
    }
}

fn track(fixes: Vec<Fix>) -> Track {
    Track {
        name: "TEST".to_owned(),
        intl_id: String::new(),
        sid: String::new(),
        agency: String::new(),
        averaging: Averaging::TenMinute,
        fixes,
    }
}

/// A storm that moves due west at about 7 m/s (or stands, with `step_deg` zero).
fn westward(step_deg: f64, lat_deg: f64) -> Track {
    track(
        (0..5)
            .map(|i| {
                let i = f64::from(i);
                fix(
                    6.0 * i,
                    116.0 - step_deg * i,
                    lat_deg,
                    Some(40.0),
                    Some(960.0),
                )
            })
            .collect(),
    )
}

fn model(track: &Track) -> TyphoonModel {
    TyphoonModel::new(track, Parameters::default()).expect("a track")
}

fn at(lon_deg: f64, lat_deg: f64) -> Geodetic {
    Geodetic::from_degrees(lon_deg, lat_deg).expect("valid")
}

fn noon() -> Instant {
    START.plus_seconds(12.0 * 3600.0)
}

#[test]
fn a_standing_storm_blows_counterclockwise_and_inwards() {
    let storm = model(&westward(0.0, 20.0));
    // 100 km from the centre, beyond 1.2 R (V&W08 give 34 km): 25° inflow.
    let east = storm.air(at(116.957, 20.0), noon(), Surface::Water);
    assert!(
        (east.v.atan2(-east.u).to_degrees() - 65.0).abs() < 0.5,
        "{east:?}"
    );
    let north = storm.air(at(116.0, 20.9), noon(), Surface::Water);
    assert!(
        (north.from_deg() - 65.0).abs() < 0.5,
        "{}",
        north.from_deg()
    );
    assert!((north.speed() - east.speed()).abs() < 0.05);
}

#[test]
fn the_southern_hemisphere_is_the_mirror_image() {
    let north = model(&westward(1.5, 20.0));
    let south = model(&westward(1.5, -20.0));
    for (dx, dy) in [(0.4, 0.2), (-1.0, 0.7), (0.1, -2.0)] {
        let a = north.air(at(113.0 + dx, 20.0 + dy), noon(), Surface::Water);
        let b = south.air(at(113.0 + dx, -20.0 - dy), noon(), Surface::Water);
        assert!((a.u - b.u).abs() < 1e-9 && (a.v + b.v).abs() < 1e-9);
        assert!((a.pressure - b.pressure).abs() < 1e-6);
    }
}

#[test]
fn the_right_hand_side_of_a_moving_storm_is_stronger() {
    let storm = model(&westward(1.5, 20.0));
    let state = storm.state(noon()).expect("inside");
    // A degree of latitude is 111.195 km on the sphere.
    let offset = state.rmw / 111_195.0;
    let right = storm.air(at(113.0, 20.0 + offset), noon(), Surface::Water);
    let left = storm.air(at(113.0, 20.0 - offset), noon(), Surface::Water);
    let translation = state.velocity[0].hypot(state.velocity[1]);
    // Both carry the whole translation, which at R makes an angle of 10° with the wind.
    let difference = right.speed() - left.speed();
    assert!(
        (difference - 2.0 * translation).abs() < 0.1 * translation,
        "{difference}"
    );
}

#[test]
fn the_strongest_wind_is_that_of_the_bulletin() {
    // B = e · 1.15 · ((50 - 4.9)/0.9)² / 5000 = 1.57 is not clipped.
    let mut fixes = westward(1.0, 18.0).fixes;
    for fix in &mut fixes {
        fix.vmax = Some(50.0);
    }
    let storm = model(&track(fixes));
    let state = storm.state(noon()).expect("inside");
    let strongest = (0..400)
        .map(|i| at(state.center.lon_deg(), 18.0 + f64::from(i) * 0.005))
        .map(|p| storm.air(p, noon(), Surface::Water).speed())
        .fold(0.0, f64::max);
    // The Coriolis term takes about 1 m/s; the inflow turns the vortex 10° off the translation.
    assert!((48.0..50.1).contains(&strongest), "{strongest}");
}

#[test]
fn both_profiles_agree_at_the_eyewall_and_far_out() {
    let fixes = westward(1.0, 18.0);
    let h80 = model(&fixes);
    let parameters = Parameters {
        profile: Profile::Holland10,
        ..Parameters::default()
    };
    let h10 = TyphoonModel::new(&fixes, parameters).expect("a track");
    for lat in [18.3, 19.0, 20.5] {
        let place = at(114.0, lat);
        let (a, b) = (
            h80.air(place, noon(), Surface::Water).speed(),
            h10.air(place, noon(), Surface::Water).speed(),
        );
        assert!((a / b - 1.0).abs() < 0.35, "{lat}: {a} {b}");
    }
}

#[test]
fn land_slows_and_turns_the_wind() {
    let storm = model(&westward(0.0, 20.0));
    let place = at(116.6, 20.3);
    let (water, land) = (
        storm.air(place, noon(), Surface::Water),
        storm.air(place, noon(), Surface::Land),
    );
    assert!((land.speed() / water.speed() - 0.8).abs() < 1e-9);
    let turn = (water.from_deg() - land.from_deg()).rem_euclid(360.0);
    assert!(
        (turn - 20.0).abs() < 1e-6 || (turn - 340.0).abs() < 1e-6,
        "{turn}"
    );
    assert_eq!(water.pressure, land.pressure);
}

#[test]
fn outside_its_track_s_time_the_air_is_calm() {
    let storm = model(&westward(1.5, 20.0));
    let after = START.plus_seconds(25.0 * 3600.0);
    for time in [START.plus_seconds(-1.0), after] {
        let air = storm.air(at(113.0, 20.1), time, Surface::Water);
        assert_eq!((air.u, air.v, air.pressure), (0.0, 0.0, 101_000.0));
        assert!(storm.state(time).is_none());
    }
    let (first, last) = storm.time_range().expect("not empty");
    assert!(storm.state(first).is_some() && storm.state(last).is_some());
}

#[test]
fn winds_of_other_averaging_periods_are_converted() {
    let mut one_minute = westward(1.0, 20.0);
    one_minute.averaging = Averaging::OneMinute;
    let vmax = |t: &Track| model(t).state(noon()).expect("inside").vmax;
    assert!((vmax(&one_minute) - 0.93 * 40.0).abs() < 1e-9);
    one_minute.averaging = Averaging::TwoMinute;
    assert!((vmax(&one_minute) - 0.93 / 0.965 * 40.0).abs() < 1e-9);
}

#[test]
fn gaps_are_filled_from_neighbours_and_relations() {
    let gappy = track(vec![
        fix(0.0, 116.0, 20.0, None, Some(1000.0)),
        fix(6.0, 115.0, 20.0, Some(30.0), None),
        fix(12.0, 114.0, 20.0, None, Some(980.0)),
    ]);
    let storm = model(&gappy);
    let state = |hours: f64| {
        storm
            .state(START.plus_seconds(hours * 3600.0))
            .expect("inside")
    };
    assert!((state(6.0).central_pressure - 99_000.0).abs() < 1e-6);
    assert!((state(0.0).vmax - wind_from_pressure(100_000.0)).abs() < 1e-9);
    assert_eq!(state(3.0).rmw_source, StateSource::Regression);
    let empty = track(vec![fix(0.0, 116.0, 20.0, None, None)]);
    assert!(matches!(
        TyphoonModel::new(&empty, Parameters::default()),
        Err(ParametersError::NoIntensity { .. })
    ));
}

#[test]
fn radii_of_another_agency_are_taken_over_where_they_reach() {
    let jma = westward(1.0, 20.0);
    let mut jtwc = track(vec![
        fix(6.0, 115.0, 20.0, None, None),
        fix(18.0, 113.0, 20.0, None, None),
    ]);
    jtwc.fixes[0].rmw = Some(20_000.0);
    jtwc.fixes[1].rmw = Some(40_000.0);
    let merged = with_rmw_of(&jma, &jtwc);
    let radii: Vec<Option<f64>> = merged.fixes.iter().map(|f| f.rmw).collect();
    assert_eq!(
        radii,
        [None, Some(20_000.0), Some(30_000.0), Some(40_000.0), None]
    );
    let state = model(&merged).state(noon()).expect("inside");
    assert_eq!(
        (state.rmw, state.rmw_source),
        (30_000.0, StateSource::Track)
    );
}

#[test]
fn time_that_stands_still_and_absurd_parameters_are_refused() {
    let mut backwards = westward(1.0, 20.0);
    backwards.fixes[2].time = backwards.fixes[1].time;
    assert!(matches!(
        TyphoonModel::new(&backwards, Parameters::default()),
        Err(ParametersError::TimeOrder { index: 2, .. })
    ));
    for parameters in [
        Parameters {
            air_density: f64::NAN,
            ..Parameters::default()
        },
        Parameters {
            environment_pressure: 1010.0,
            ..Parameters::default()
        },
        Parameters {
            shape: ShapeRule::Fixed(9.0),
            ..Parameters::default()
        },
    ] {
        assert!(TyphoonModel::new(&westward(1.0, 20.0), parameters).is_err());
    }
}

#[test]
fn many_points_are_the_same_as_one_by_one() {
    let storm = model(&westward(1.5, 20.0));
    let points: Vec<Geodetic> = (0..500)
        .map(|i| at(111.0 + f64::from(i) * 0.01, 18.0 + f64::from(i % 37) * 0.1))
        .collect();
    let together = storm.air_at_points(&points, noon(), Surface::Water);
    for (point, air) in points.iter().zip(together) {
        assert_eq!(storm.air(*point, noon(), Surface::Water), air);
    }
}

proptest! {
    #[test]
    fn the_field_is_finite_and_bounded(
        lon in 100.0f64..130.0, lat in 5.0f64..35.0, hours in -3.0f64..30.0,
        vmax in 10.0f64..80.0, pmin in 880.0f64..1015.0,
    ) {
        let mut storm = westward(1.5, 20.0);
        for fix in &mut storm.fixes {
            fix.vmax = Some(vmax);
            fix.pmin = Some(pmin * 100.0);
        }
        let air = model(&storm).air(at(lon, lat), START.plus_seconds(hours * 3600.0), Surface::Water);
        // B of 2.5 with the deepest pressure: sqrt(2.5 · 13000 / (1.15 e)) = 102 m/s and translation.
        prop_assert!(air.speed().is_finite() && air.speed() < 120.0);
        prop_assert!(air.pressure >= pmin.min(1010.0) * 100.0 - 1e-6 && air.pressure <= 101_000.0 + 1e-6);
    }

    #[test]
    fn the_centre_lies_between_its_fixes_on_the_great_circle(share in 0.0f64..1.0) {
        let storm = model(&westward(2.0, 20.0));
        let time = START.plus_seconds((share * 6.0 * 3600.0).round());
        let center = storm.state(time).expect("inside").center;
        let (a, b) = (at(116.0, 20.0), at(114.0, 20.0));
        let away = |p: Geodetic| {
            let mut state = storm.state(time).expect("inside");
            state.center = center;
            TyphoonModel::distance(&state, p)
        };
        let mut first = storm.state(START).expect("inside");
        first.center = a;
        let whole = TyphoonModel::distance(&first, b);
        prop_assert!((away(a) + away(b) - whole).abs() < 1e-3);
        prop_assert!((away(a) / whole - share).abs() < 1e-4);
    }
}
