//! Hazards of a forecast from end to end, on a small made-up coast, with a hazard from outside.
//!
//! From west to east: sea, a dike with a crest at 4 m, a polder at 0.5 m with a road that dips by 0.7 m, and a
//! hill that rises by 0.8 m a metre.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::{Resource, World};
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_formats::elevation::write_geotiff;
use stormgrid_project::storm::StormTable;
use stormgrid_project::{
    Forecast, ForecastOptions, HazardRow, Listener, LoadedTwin, Progress, ProjectError, forecast,
};
use stormgrid_twin::hazard::{
    AddHazard, Finding, Hazard, HazardRule, Measure, Message, Parameters, Unavailable, ZoneSet,
};

const EAST: f64 = 400_000.0;
const SOUTH: f64 = 2_500_000.0;
const CREST: f64 = 4.0;
const POLDER: f64 = 0.5;

fn height(row: usize, col: usize) -> f32 {
    match col {
        0..10 => -2.0,
        10..12 => CREST as f32,
        // The dip: 30 m of the road, which runs along row 50.
        34..37 if (49..52).contains(&row) => POLDER as f32 - 0.7,
        12..60 => POLDER as f32,
        _ => POLDER as f32 + 8.0 * (col as f32 - 59.0),
    }
}

fn lay_coast(dir: &Path) {
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.join(name), bytes).expect("written");
    let geometry = RasterGeometry::new(100, 100, EAST, SOUTH + 1000.0, 10.0, 10.0).expect("valid");
    let ground = Raster::from_fn(geometry, height);
    let tiff = write_geotiff(&ground, Some("EPSG:4547"), -9999.0).expect("a raster");
    write("dem.tif", &tiff);
    let collection = |features: &[String]| {
        format!(
            r#"{{"type":"FeatureCollection","crs":{{"type":"name","properties":{{"name":"EPSG:4547"}}}},"features":[{}]}}"#,
            features.join(",")
        )
    };
    let strip = |from: f64, to: f64, properties: &str| {
        let (x0, x1, y0, y1) = (EAST + from, EAST + to, SOUTH, SOUTH + 1000.0);
        format!(
            r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"Polygon","coordinates":[[[{x0},{y0}],[{x1},{y0}],[{x1},{y1}],[{x0},{y1}],[{x0},{y0}]]]}}}}"#
        )
    };
    let grids = [
        strip(120.0, 600.0, r#"{"code":"G1","name":"围","people":60}"#),
        strip(620.0, 980.0, r#"{"code":"G2","name":"山","people":40}"#),
    ];
    write("grids.geojson", collection(&grids).as_bytes());
    write(
        "sea.geojson",
        collection(&[strip(0.0, 20.0, "{}")]).as_bytes(),
    );
    let house = |x: f64, floors: u32, people: u32| {
        let (x0, x1, y0, y1) = (EAST + x, EAST + x + 20.0, SOUTH + 800.0, SOUTH + 820.0);
        format!(
            r#"{{"type":"Feature","properties":{{"id":"h{floors}","floors":{floors},"height_m":{},"people":{people}}},"geometry":{{"type":"Polygon","coordinates":[[[{x0},{y0}],[{x1},{y0}],[{x1},{y1}],[{x0},{y1}],[{x0},{y0}]]]}}}}"#,
            3 * floors
        )
    };
    let houses = [house(300.0, 1, 10), house(700.0, 10, 40)];
    write("houses.geojson", collection(&houses).as_bytes());
    let y = SOUTH + 495.0;
    let line = |code: &str, x0: f64, x1: f64| {
        format!(
            r#"{{"type":"Feature","properties":{{"code":"{code}","name":"{code} road","underpass":{}}},"geometry":{{"type":"LineString","coordinates":[[{},{y}],[{},{y}]]}}}}"#,
            code == "R1",
            EAST + x0,
            EAST + x1
        )
    };
    let roads = [line("R1", 280.0, 440.0), line("R2", 450.0, 580.0)];
    write("roads.geojson", collection(&roads).as_bytes());
    write(
        "track.csv",
        b"name,agency,time_utc,lat,lon,vmax_kt,pmin_hpa\n\
          TEST,JMA,2017-08-23T00:00:00Z,21.5,114.0,75,965\nTEST,JMA,2017-08-23T06:00:00Z,22.3,112.6,70,970\n",
    );
    write(
        "tide.csv",
        b"station_id,name,lat,lon,constituent,amplitude_m,phase_deg_gmt\na,Port,22,113,M2,0.5,56\n",
    );
    write(
        "forecast.toml",
        b"[storm]\ntrack = \"track.csv\"\nname = \"TEST\"\nstart = \"2017-08-23T01:00:00Z\"\nduration_s = 3600\noutput_interval_s = 1800\n\
          [tide]\nconstituents = \"tide.csv\"\nstation = \"Port\"\nmean_level_m = 0.5\n[water]\ninitial_level_m = -0.5\n\
          [[boundary]]\npolygon = \"sea.geojson\"\nkind = \"sea\"\n",
    );
    write(
        "twin.toml",
        b"[site]\nname = \"test\"\ncrs = \"EPSG:4547\"\norigin = [113.03, 22.6]\nsynthetic = true\n\
          [terrain]\nelevation = \"dem.tif\"\nroughness = 0.03\n[[city]]\nsource = \"houses.geojson\"\n\
          [[grids]]\nsource = \"grids.geojson\"\nlevel = \"grid\"\n[roads]\nsource = \"roads.geojson\"\n",
    );
}

struct Quiet;

impl Listener for Quiet {
    fn progress(&mut self, _: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn storm(&mut self, _: &Arc<StormTable>) {}

    fn frame(&mut self, _: Vec<u8>) {}
}

fn run(twin: &LoadedTwin, out: Option<&Path>) -> Result<Forecast, ProjectError> {
    let options = ForecastOptions {
        track: None,
        storm: None,
        agency: None,
        cell_size_m: 10.0,
        duration_s: None,
        threads: 1,
        scheme: None,
        rehearsal: Default::default(),
    };
    forecast(twin, &options, out, &mut Quiet)
}

fn value(row: &HazardRow, hazard: &str, measure: &str) -> f64 {
    row.values[hazard][measure].unwrap_or_else(|| panic!("{hazard} {measure}: {row:?}"))
}

#[test]
fn a_coast_has_each_hazard_where_its_ground_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    lay_coast(dir.path());
    let twin = LoadedTwin::load(dir.path()).expect("a twin");
    let out = dir.path().join("out");
    let found = run(&twin, Some(&out)).expect("a forecast");
    let table = found.hazards.layer("grids").expect("the layer");
    assert_eq!(table.hazards.len(), 6, "{:?}", table.notes);
    let [polder, hill] = table.rows.as_slice() else {
        panic!("two zones");
    };

    // Surge: the lowest way in is the dike's crest; the sea's level is that of the storm's table.
    let levels = found.storm.site.iter().map(|s| s.sea_level_m);
    let sea = levels.fold(f64::NEG_INFINITY, f64::max);
    assert!((value(polder, "surge", "spill_level_m") - CREST).abs() < 1e-6);
    assert!((value(polder, "surge", "above_crest_m") - (sea - CREST)).abs() < 1e-3);
    let below = if sea > POLDER { 1.0 } else { 0.0 };
    assert_eq!(value(polder, "surge", "reached_share"), 0.0);
    assert!((value(polder, "surge", "below_share") - below).abs() < 0.01);

    // Landslide: the hill is steep throughout, the polder nowhere but at the foot of dike and hill.
    assert!((value(hill, "landslide", "steep_share") - 1.0).abs() < 1e-9);
    assert!(value(polder, "landslide", "steep_share") < 0.03);
    let rain = value(hill, "landslide", "rain_24h_mm");
    assert!(
        (value(hill, "landslide", "rain_ratio") - (rain / 75.0).max(rain / 200.0)).abs() < 1e-3
    );

    // Wind: the gust and the Beaufort forces belong to the mean.
    let mean = value(polder, "wind", "mean_mps");
    assert!((value(polder, "wind", "gust_mps") - 1.66 * mean).abs() < 1e-3);
    let force = (mean / 0.836).powf(2.0 / 3.0).round();
    assert!(
        (value(polder, "wind", "beaufort_mean") - force).abs() <= 1.0,
        "{mean}"
    );

    // Ponding: R1 dips by 0.7 m, R2 does not and is no underpass.
    let spots = &found.hazards.road_spots;
    assert_eq!(
        spots.iter().map(|s| s.road.as_str()).collect::<Vec<_>>(),
        ["R1"]
    );
    assert!((spots[0].rim_depth_m.expect("a rim") - 0.7).abs() < 1e-6);
    assert_eq!(value(polder, "ponding", "spots"), 1.0);
    assert_eq!(value(hill, "ponding", "spots"), 0.0);
    assert_eq!(
        value(polder, "ponding", "depth_max_m"),
        spots[0].depth_max_m
    );

    // Wind damage: a tower loses what the country's buildings do, a low house what the curve gives at the same wind with
    // its own half-damage wind.
    let country = value(hill, "wind", "damage_share");
    assert!((value(hill, "wind_damage", "damage_own") - country).abs() < 2e-4);
    assert_eq!(value(hill, "wind_damage", "people_weak"), 0.0);
    assert_eq!(value(polder, "wind_damage", "people_weak"), 10.0);
    let country = value(polder, "wind", "damage_share");
    let cube = country / (1.0 - country) * ((112.8 - 25.7_f64) / (74.7 - 25.7)).powi(3);
    let low = value(polder, "wind_damage", "damage_own");
    assert!((low - cube / (1.0 + cube)).abs() < 1e-3, "{low} {country}");

    // The wind is told once, with its worst level, and its damage is counted where it falls. Together, by the
    // built-in rule written out: wind damage and ponding count as orange at most, and two causes at orange, of which
    // all water is one, raise the level by a step.
    let worst = table.rows.iter().map(|r| r.levels["wind"]).max();
    let [wind] = &table.district[..] else {
        panic!("one hazard of the district: {:?}", table.district)
    };
    assert_eq!((wind.id.as_str(), Some(wind.level)), ("wind", worst));
    assert!(wind.level >= 1 && wind.why.is_some());
    for row in &table.rows {
        let level = |id: &str| row.levels[id];
        let water = level("flood")
            .max(level("surge"))
            .max(level("ponding").min(3));
        let causes = [water, level("wind_damage").min(3), level("landslide")];
        let worst = causes.into_iter().max().unwrap_or(0);
        let step = u8::from(causes.iter().filter(|l| **l >= 3).count() >= 2);
        assert_eq!(row.combined, (worst + step).min(4), "{row:?}");
    }

    // Flood: what exposure says.
    let rows = &found
        .impacts
        .layers
        .iter()
        .find(|(id, _)| id == "grids")
        .expect("rows")
        .1;
    assert!(
        (value(polder, "flood", "depth_max_m") - rows[0].row.depth_max_m.expect("modelled")).abs()
            < 1e-4
    );

    for name in [
        "hazards.json",
        "hazards/grids.csv",
        "hazards/grids.geojson",
        "hazards/road_spots.csv",
    ] {
        assert!(out.join(name).is_file(), "{name}");
    }
    let json = std::fs::read(out.join("hazards.json")).expect("there");
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(json["layers"][0]["rows"][1]["code"], "G2");
    assert_eq!(json["layers"][0]["rows"][0]["combined"], polder.combined);
}

/// A further hazard, of this crate: nothing of the engine knows it.
struct Heat;

#[derive(Resource)]
struct Temperatures([f64; 2]);

impl Hazard for Heat {
    fn id(&self) -> &str {
        "heat"
    }

    fn title(&self) -> Message {
        Message::own("高温", "Heat")
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure::new(
            "temperature_c",
            "°C",
            Message::own("最高气温", "Greatest temperature"),
        )]
    }

    fn rule(&self) -> Option<HazardRule> {
        // Signals of high temperature, China Meteorological Administration (2007): 35, 37 and 40 °C.
        Some(HazardRule::rising(
            "temperature_c",
            [35.0, 35.0, 37.0, 40.0],
        ))
    }

    fn assess(
        &self,
        twin: &World,
        _run: &World,
        zones: &ZoneSet,
        _: &Parameters,
    ) -> Result<Vec<Finding>, Unavailable> {
        let all = twin.resource::<Temperatures>().0;
        let found = zones.zones.iter().zip(all).map(|(zone, t)| Finding {
            values: vec![t],
            onset_s: None,
            why: Some(Message::own(
                format!("{}:{t} °C", zone.name),
                format!("{t} °C"),
            )),
        });
        Ok(found.collect())
    }
}

struct HeatPlugin([f64; 2]);

impl Plugin for HeatPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(Temperatures(self.0));
        app.add_hazard(Heat);
    }
}

#[test]
fn a_hazard_of_another_crate_goes_through_a_forecast() {
    let dir = tempfile::tempdir().expect("a folder");
    lay_coast(dir.path());
    let rules = "[combination]\nmethod = \"maximum\"\n[hazards.heat]\n\
                 criteria = [{ measure = \"temperature_c\", orange = 30.0, red = 36.5 }]\n";
    std::fs::write(dir.path().join("hazards.toml"), rules).expect("written");
    let mut twin = LoadedTwin::load(dir.path()).expect("a twin");
    twin.twin.add_plugins(HeatPlugin([30.0, 37.0]));
    let found = run(&twin, None).expect("a forecast");
    let table = found.hazards.layer("grids").expect("the layer");
    assert_eq!(
        table.hazards.last().map(|h| h.title.zh.as_str()),
        Some("高温")
    );
    let heat: Vec<u8> = table.rows.iter().map(|r| r.levels["heat"]).collect();
    assert_eq!(heat, [3, 4]);
    assert_eq!(table.rows[1].why["heat"].zh, "山:37 °C");
    for row in &table.rows {
        assert_eq!(Some(row.combined), row.levels.values().copied().max());
    }
}

#[test]
fn faulty_rules_stop_a_forecast_with_a_sentence() {
    let dir = tempfile::tempdir().expect("a folder");
    lay_coast(dir.path());
    let twin = LoadedTwin::load(dir.path()).expect("a twin");
    let told = |rules: &str| {
        std::fs::write(dir.path().join("hazards.toml"), rules).expect("written");
        run(&twin, None).expect_err("refused").to_string()
    };
    assert!(
        told("[hazards.heat]\n").contains("no hazard is called 'heat'; known are flood, surge")
    );
    let falling =
        "[hazards.wind]\ncriteria = [{ measure = \"mean_mps\", blue = 20, yellow = 10 }]\n";
    assert!(
        told(falling).contains("the threshold of yellow is 10 and lies below that of blue, 20")
    );
    let word = told(
        "[combination]\nmethod = \"maximum\"\nstep_up = { hazards = 2, at_least = \"purple\", steps = 1 }\n",
    );
    assert!(word.contains("line 3") && word.contains("purple"), "{word}");
    assert!(
        told("[hazards.surge]\nparameters = { low_share = 7 }\n")
            .contains("must lie between 0 and 0.5")
    );
}
