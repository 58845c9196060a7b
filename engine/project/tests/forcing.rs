//! What drives a forecast, on a small twin: the shelf nested into the sea's level, rain of every form.
//!
//! Expected volumes come from the formulas of design storms and from the rates that the test writes itself.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_formats::elevation::write_geotiff;
use stormgrid_project::storm::StormTable;
use stormgrid_project::{
    Forecast, ForecastOptions, Listener, LoadedTwin, Progress, ProjectError, RunOptions, forecast,
    sea_level_of, simulate,
};

/// Area of the ground [m²]: 100 × 50 cells of 20 m.
const AREA: f64 = 2.0e6;

/// Length of the runs [s].
const DURATION: f64 = 4.0 * 3600.0;

/// A twin of bare ground in Jiangmen and a typhoon that has passed south of it when the run begins.
fn twin(dir: &Path, more: &str) -> LoadedTwin {
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.join(name), bytes).expect("written");
    let geometry = RasterGeometry::new(100, 50, 400_000.0, 2_501_000.0, 20.0, 20.0).expect("valid");
    let ground = Raster::from_fn(geometry, |row, _| 1.0 + 0.01 * row as f32);
    let bytes = write_geotiff(&ground, Some("EPSG:4547"), -9999.0).expect("a raster");
    write("dem.tif", &bytes);
    write(
        "track.csv",
        b"name,agency,time_utc,lat,lon,vmax_kt,pmin_hpa\n\
          TEST,JMA,2017-08-22T00:00:00Z,20.6,118.0,75,965\n\
          TEST,JMA,2017-08-22T18:00:00Z,21.6,114.5,75,965\n\
          TEST,JMA,2017-08-23T06:00:00Z,22.3,111.6,70,970\n",
    );
    write(
        "tide.csv",
        b"station_id,name,lat,lon,constituent,amplitude_m,phase_deg_gmt\na,Port,22,113,M2,0.5,56\n",
    );
    let gauges = |east: f64| {
        let rows = [(397_000.0, 30), (east, 60)]
            .map(|(x, rate)| format!("{x},{x},2500500,0,{rate}\n{x},{x},2500500,14400,{rate}\n"));
        format!("gauge,x,y,time_s,rate_mm_h\n{}", rows.concat())
    };
    write("gauges.csv", gauges(405_000.0).as_bytes());
    write("far.csv", gauges(420_000.0).as_bytes());
    write("forecast.toml", format!(
        "[storm]\ntrack = \"track.csv\"\nstart = \"2017-08-23T01:00:00Z\"\nduration_s = {DURATION}\noutput_interval_s = 1800\n\
         [tide]\nconstituents = \"tide.csv\"\nstation = \"Port\"\nmean_level_m = 0.5\n[water]\ninitial_level_m = 0.1\n{more}"
    ).as_bytes());
    write(
        "twin.toml",
        b"[site]\nname = \"test\"\ncrs = \"EPSG:4547\"\norigin = [113.03, 22.6]\nsynthetic = true\n\
          [terrain]\nelevation = \"dem.tif\"\nroughness = 0.03\n",
    );
    // A shelf that deepens by a metre every 2 km from the coast at 22.15° N southwards, land to the north.
    let mut floor = String::from(
        "ncols 48\nnrows 40\nxllcorner 108\nyllcorner 15\ncellsize 0.25\nNODATA_value -9999\n",
    );
    for row in 0..40 {
        let lat = 25.0 - 0.25 * (f64::from(row) + 0.5);
        let z = ((lat - 22.15) * 111.2 / 2.0).clamp(-4000.0, 50.0);
        floor.push_str(&format!("{}\n", vec![format!("{z:.1}"); 48].join(" ")));
    }
    write("floor.asc", floor.as_bytes());
    LoadedTwin::load(dir).expect("a twin")
}

struct Quiet;

impl Listener for Quiet {
    fn progress(&mut self, _: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    fn storm(&mut self, _: &Arc<StormTable>) {}
    fn frame(&mut self, _: Vec<u8>) {}
}

fn run(more: &str, threads: usize) -> Result<Forecast, ProjectError> {
    let folder = tempfile::tempdir().expect("a folder");
    let options = ForecastOptions {
        track: None,
        storm: None,
        agency: None,
        cell_size_m: 20.0,
        duration_s: None,
        threads,
        scheme: None,
        rehearsal: Default::default(),
    };
    forecast(&twin(folder.path(), more), &options, None, &mut Quiet)
}

/// Depth of rain over the ground [m].
fn rained(more: &str) -> f64 {
    let forecast = run(more, 1).expect("a forecast");
    let line = forecast
        .summary
        .ledger
        .iter()
        .find(|line| line.source == "rain");
    line.map_or(0.0, |line| line.in_m3) / AREA
}

const SEA: &str = "[sea]\nbathymetry = \"floor.asc\"\ncell_size_m = 12000\n";

#[test]
fn a_sea_floor_nests_the_shelf_and_the_forecast_says_so() {
    let along = run("", 1).expect("a forecast");
    let over = run(SEA, 1).expect("a forecast");
    let note = |forecast: &Forecast| {
        let notes = forecast.summary.notes.iter().map(|note| note.en.as_str());
        notes.collect::<Vec<_>>().join(" ")
    };
    assert!(note(&along).contains("one transect"), "{}", note(&along));
    assert!(
        note(&over).contains("flood solver over the shelf in cells of 12 km"),
        "{}",
        note(&over)
    );
    assert!(
        note(&over).contains("too coarse to be believed"),
        "{}",
        note(&over)
    );
    assert!(over.storm.first_order_notes.zh.contains("单向嵌套"));
    let surge = |forecast: &Forecast| {
        let site = &forecast.storm.site;
        site.iter()
            .map(|p| p.sea_level_m - p.tide_m)
            .fold(f64::NEG_INFINITY, f64::max)
    };
    // South-east wind behind the centre pushes the sea on the coast, and the pressure is low.
    let (nested, first_order) = (surge(&over), surge(&along));
    println!("greatest surge: {nested:.2} m over the shelf, {first_order:.2} m along the transect");
    assert!((0.3..4.0).contains(&nested), "{nested}");
    assert_ne!(nested, first_order);
    // The same on two threads, and asked again for the same storm.
    assert_eq!(run(SEA, 2).expect("a forecast").storm.site, over.storm.site);
}

#[test]
fn a_sea_level_is_made_once_and_asked_for_perturbed_storms() {
    let folder = tempfile::tempdir().expect("a folder");
    let twin = twin(folder.path(), SEA);
    let sea = sea_level_of(&twin).expect("a sea");
    let path = folder.path().join("track.csv");
    let choice = stormgrid_project::storm::Choice::of(&path);
    let storm = stormgrid_project::storm::read_storm(&choice).expect("a storm");
    let start = storm.track.fixes[1].time.plus_seconds(7.0 * 3600.0);
    let level = |track: &stormgrid_core::storm::Track| {
        let model =
            stormgrid_sim::typhoon::TyphoonModel::new(track, choice.parameters).expect("a model");
        sea.under(&model, start, DURATION, 1).expect("a level")
    };
    let own = level(&storm.track);
    let mut far = storm.track;
    far.fixes.iter_mut().for_each(|fix| fix.lat_deg -= 2.5);
    let surge = |of: &stormgrid_sim::sea::CoastalLevel| {
        let parts = of.set_up.value.iter().zip(&of.inverse_barometer.value);
        parts.map(|(a, b)| a + b).fold(f64::NEG_INFINITY, f64::max)
    };
    let far = level(&far);
    assert!(
        surge(&far) < 0.7 * surge(&own),
        "{} {}",
        surge(&far),
        surge(&own)
    );
    assert_eq!(own.tide, far.tide);
    for k in 0..own.level.value.len() {
        let sum = own.tide.value[k] + own.set_up.value[k] + own.inverse_barometer.value[k];
        assert!((own.level.value[k] - sum).abs() < 1e-12);
    }
}

#[test]
fn rain_of_every_form_falls_as_it_is_written() {
    // q = 3618.427 (1 + 0.533 lg 20) / (120 + 11.259)^0.75 L/s/ha over two hours; 1 L/s/ha is 1e-7 m/s.
    let design = 3618.427 * (1.0 + 0.533 * 20f64.log10()) / 131.259f64.powf(0.75) * 1e-7 * 7200.0;
    let found = rained("[rain]\ndesign = { return_period_years = 20 }\n");
    assert!((found / design - 1.0).abs() < 0.01, "{found} {design}");
    // By distance, from gauges with 30 and 60 mm/h at the same distance on either side: 45 by symmetry. As the
    // nearest, where the other gauge is far: 30.
    let between = rained("[rain]\ngauges = \"gauges.csv\"\n");
    assert!((between / 0.18 - 1.0).abs() < 0.01, "{between}");
    let nearest = rained("[rain]\ngauges = \"far.csv\"\nspread = \"nearest\"\n");
    assert!((nearest / 0.12 - 1.0).abs() < 0.001, "{nearest}");
    let typhoon = rained("");
    let ipet = rained("[rain]\ntyphoon = \"ipet\"\n");
    assert!(
        typhoon > 0.001 && ipet > 0.001 && ipet != typhoon,
        "{typhoon} {ipet}"
    );
    // A burst takes nothing away, and brings no more than itself.
    let burst = rained("[rain]\nburst = { return_period_years = 20, peak_s = 7200 }\n");
    assert!(
        burst >= design.max(typhoon) && burst <= typhoon + design,
        "{burst}"
    );
    let fault = run(
        "[rain]\ndesign = { return_period_years = 20, formula = \"jiangmen\" }\n",
        1,
    );
    let text = fault.expect_err("no such formula").to_string();
    assert!(text.contains("no formula 'jiangmen'"), "{text}");
}

#[test]
fn scenarios_take_the_same_rain() {
    let folder = tempfile::tempdir().expect("a folder");
    twin(folder.path(), "");
    let path = folder.path().join("s.toml");
    std::fs::write(
        &path,
        "[run]\nstart = \"2017-08-23T01:00:00Z\"\nduration_s = 14400\noutput_interval_s = 3600\n\
         [terrain]\nelevation = \"dem.tif\"\n[solver]\nscheme = \"local_inertial\"\n\
         [rain]\ndesign = { return_period_years = 20, formula = \"guangzhou_single\", peak_s = 7200 }\n",
    )
    .expect("written");
    let options = RunOptions {
        threads: 1,
        ..RunOptions::default()
    };
    let out = folder.path().join("out");
    let summary = simulate(&path, &out, &options, &mut |_| ControlFlow::Continue(()));
    let summary = summary.expect("a finished run");
    let line = summary
        .ledger
        .iter()
        .find(|line| line.source == "rain")
        .expect("rain");
    // The row of the table for 20 years: 4161.139 / (120 + 8.406)^0.653.
    let design = 4161.139 / 128.406f64.powf(0.653) * 1e-7 * 7200.0;
    assert!(
        (line.in_m3 / AREA / design - 1.0).abs() < 0.01,
        "{}",
        line.in_m3 / AREA
    );
}
