//! The twin as a folder: the same bytes on every run, all files there, no half twin.

#![allow(clippy::unwrap_used, reason = "a test may stop where it is surprised")]

use std::collections::BTreeSet;

use stormgrid_core::coverage::{CoordinateUnit, Polygonal, check_coverage};
use stormgrid_demo::{DemoError, DemoOptions, generate};
use stormgrid_formats::manifest::Manifest;
use stormgrid_formats::{cityjson, elevation, vector};

/// Ground of 50 m: all else as in the demo.
fn coarse() -> DemoOptions {
    DemoOptions {
        cell_size_m: 50.0,
        ..DemoOptions::default()
    }
}

#[test]
fn two_runs_write_the_same_bytes() {
    let home = tempfile::tempdir().unwrap();
    let first = generate(&home.path().join("a"), &coarse()).unwrap();
    let second = generate(&home.path().join("b"), &coarse()).unwrap();
    assert_eq!(first.files, second.files);
    assert_eq!(first.digest, second.digest);
    let other_seed = DemoOptions {
        seed: 1,
        ..coarse()
    };
    let other = generate(&home.path().join("c"), &other_seed).unwrap();
    assert_ne!(first.digest, other.digest);
    let names: BTreeSet<_> = std::fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names, BTreeSet::from(["a", "b", "c"].map(str::to_owned)));
}

#[test]
fn every_file_that_the_manifest_and_the_forecast_name_is_there() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("twin");
    let report = generate(&dir, &coarse()).unwrap();
    for file in &report.files {
        assert_eq!(
            std::fs::metadata(dir.join(&file.path)).unwrap().len(),
            file.bytes
        );
    }
    for toml in ["twin.toml", "forecast.toml"] {
        let text = std::fs::read_to_string(dir.join(toml)).unwrap();
        let paths: Vec<&str> = text
            .split('"')
            .filter(|part| part.contains('/') && part.contains('.'))
            .collect();
        assert!(paths.len() >= 7, "{toml}: {paths:?}");
        for path in paths {
            assert!(dir.join(path).is_file(), "{toml} names {path}");
        }
    }
}

#[test]
fn the_files_read_back_as_a_labelled_twin_of_coverages() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("twin");
    let report = generate(&dir, &coarse()).unwrap();
    let read = |path: &str| std::fs::read(dir.join(path)).unwrap();
    let manifest = Manifest::read(&read("twin.toml"), "twin.toml").unwrap();
    assert!(manifest.site.synthetic && manifest.site.notice.is_some());

    let ground = elevation::read(&read(&manifest.terrain.elevation), "elevation.tif").unwrap();
    assert_eq!(ground.crs.as_deref(), Some("EPSG:4547"));
    let cells = ground
        .raster
        .values()
        .iter()
        .filter(|z| !z.is_nan())
        .count();
    assert_eq!(cells, report.ground_cells);

    assert_eq!(manifest.grids.len(), 6);
    for grids in &manifest.grids {
        let layer =
            vector::read_polygons(&read(&grids.source), &grids.source, vector::Rings::Refuse)
                .unwrap();
        assert_eq!(layer.features.len(), report.features[&grids.source]);
        let polygons: Vec<Polygonal> = layer
            .features
            .into_iter()
            .map(|feature| Polygonal {
                id: feature.text(&grids.id).unwrap(),
                polygon: feature.geometry,
            })
            .collect();
        let check = check_coverage(&polygons, CoordinateUnit::Degrees, None);
        assert_eq!(
            (check.gap_area_m2, check.overlap_area_m2),
            (0.0, 0.0),
            "{}",
            grids.source
        );
        assert!(check.defects.is_empty(), "{}", grids.source);
    }
    for points in &manifest.points {
        let layer = vector::read_points(&read(&points.source), &points.source).unwrap();
        assert_eq!(layer.features.len(), report.features[&points.source]);
    }
    let roads = manifest.roads.unwrap();
    let layer = vector::read_lines(&read(&roads.source), &roads.source).unwrap();
    let dips = layer
        .features
        .iter()
        .filter(|road| road.text("underpass").as_deref() == Some("true"));
    assert_eq!(dips.count(), 4);
}

#[test]
fn the_city_reads_back_with_all_people_in_its_buildings() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("twin");
    let report = generate(&dir, &coarse()).unwrap();
    let path = "city/buildings.city.jsonl";
    let model = cityjson::read(&std::fs::read(dir.join(path)).unwrap(), path).unwrap();
    let city = cityjson::buildings(&model, "city", cityjson::LodChoice::Highest, &|p| {
        Ok::<_, ()>(p)
    })
    .unwrap();
    assert!(city.findings.is_empty(), "{:?}", city.findings);
    assert!(model.findings.is_empty(), "{:?}", model.findings);
    assert!(city.buildings.len() >= 20_000);
    assert_eq!(city.buildings.len(), report.buildings);
    let sum = |of: fn(&cityjson::CityBuilding) -> Option<u32>| -> u64 {
        city.buildings
            .iter()
            .map(|b| u64::from(of(b).unwrap()))
            .sum()
    };
    assert_eq!(sum(|b| b.people), 364_700);
    assert_eq!(sum(|b| b.households), report.households);
    let named = city
        .buildings
        .iter()
        .find(|b| b.name.as_deref() == Some("翠园里7号"))
        .unwrap();
    assert!(named.floors.unwrap() >= 6 && named.address.as_deref().unwrap().contains("仁美社区"));
    assert!((named.top - named.base - 3.0 * f64::from(named.floors.unwrap())).abs() < 0.01);
}

#[test]
fn a_folder_in_use_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("note.txt"), "mine").unwrap();
    let refused = generate(home.path(), &coarse());
    assert!(matches!(refused, Err(DemoError::Occupied { .. })));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
}

#[test]
fn impossible_cells_are_refused_in_one_sentence() {
    let home = tempfile::tempdir().unwrap();
    for cell_size_m in [0.0, -5.0, f64::NAN, 1e9] {
        let options = DemoOptions {
            cell_size_m,
            ..coarse()
        };
        let error = generate(&home.path().join("x"), &options)
            .unwrap_err()
            .to_string();
        assert!(error.contains("1 to 100 m"), "{error}");
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}
