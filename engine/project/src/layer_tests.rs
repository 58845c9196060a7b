//! Layers as people have them, in a twin: the same values give the same twin however they are written, and what
//! cannot be is refused with file, feature and property.
//!
//! Cause of all: values were read only where JSON has the type that was hoped for, and what was missing counted as 0
//! or as "no", in silence.

use std::path::Path;

use serde_json::{Value, json};
use stormgrid_core::finding::Kind;
use stormgrid_twin::{Building, GeometryKind, Grid, PointAsset, RoadSegment};

use crate::test_twin::lay;
use crate::twin::LoadedTwin;
use crate::vectors::{Lie, Lies, on_ground};

/// Lays the twin with one file changed.
fn with(file: &str, change: impl Fn(&mut Value)) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    lay(dir.path());
    let path = dir.path().join(file);
    let mut root: Value =
        serde_json::from_slice(&std::fs::read(&path).expect("a layer")).expect("JSON");
    change(&mut root);
    std::fs::write(&path, root.to_string()).expect("written");
    dir
}

/// Lays it with a property of the first feature of a layer set.
fn with_property(file: &str, name: &str, value: Value) -> tempfile::TempDir {
    with(file, |root| {
        root["features"][0]["properties"][name] = value.clone();
    })
}

fn load(dir: &Path) -> LoadedTwin {
    LoadedTwin::load(dir).expect("a twin")
}

fn refused(dir: &tempfile::TempDir) -> String {
    match LoadedTwin::load(dir.path()) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("the twin was let in"),
    }
}

fn people(twin: &LoadedTwin, layer: &str) -> Vec<Option<f64>> {
    let layer = twin.twin.layers().iter().find(|l| l.id == layer);
    let layer = layer.expect("a layer");
    twin.twin.all::<Grid>(layer).map(|g| g.people).collect()
}

fn of_kind(twin: &LoadedTwin, kind: Kind) -> Vec<String> {
    let found = twin.findings.iter().filter(|f| f.kind == kind);
    found.map(|f| f.message().to_string()).collect()
}

#[test]
fn a_sound_twin_is_loaded_without_a_finding() {
    let dir = tempfile::tempdir().expect("a folder");
    lay(dir.path());
    assert_eq!(load(dir.path()).findings, []);
}

#[test]
fn people_as_text_are_people() {
    for value in [json!("200"), json!("２００"), json!(200.0)] {
        let dir = with_property("grids.geojson", "people", value.clone());
        let twin = load(dir.path());
        assert_eq!(
            people(&twin, "grids"),
            [Some(200.0), Some(100.0)],
            "{value}"
        );
        assert_eq!(twin.findings, []);
    }
}

#[test]
fn people_that_cannot_be_are_unknown_and_people_that_are_not_understood_are_refused() {
    for value in [json!(-5), json!(-9999), json!("-9999")] {
        let dir = with_property("grids.geojson", "people", value.clone());
        let twin = load(dir.path());
        assert_eq!(people(&twin, "grids"), [None, Some(100.0)], "{value}");
        let told = of_kind(&twin, Kind::Unknown);
        assert!(told[0].contains("grids.geojson, feature 0 (id G1): 'people' is"));
    }
    for value in [json!("many"), json!(true), json!([200])] {
        let told = refused(&with_property("grids.geojson", "people", value));
        assert!(
            told.contains("grids.geojson, feature 0 (id G1): 'people' is")
                && told.contains("not understood"),
            "{told}"
        );
    }
}

#[test]
fn a_bridge_is_one_in_every_spelling() {
    let bridges = |value: Value| {
        let dir = with_property("roads.geojson", "bridge", value);
        let twin = load(dir.path());
        let layer = twin
            .twin
            .layers()
            .iter()
            .find(|l| l.geometry == GeometryKind::Line);
        let all = twin.twin.all::<RoadSegment>(layer.expect("roads"));
        all.filter(|road| road.bridge).count()
    };
    for value in [
        json!(true),
        json!("yes"),
        json!("viaduct"),
        json!(1),
        json!("T"),
        json!("是"),
    ] {
        assert_eq!(bridges(value.clone()), 1, "{value}");
    }
    for value in [
        json!(false),
        json!("no"),
        json!(0),
        json!(null),
        json!(""),
        json!("none"),
    ] {
        assert_eq!(bridges(value.clone()), 0, "{value}");
    }
    let told = refused(&with_property("roads.geojson", "bridge", json!("perhaps")));
    assert!(
        told.contains("roads.geojson, feature 0 (id R1): 'bridge' is \"perhaps\""),
        "{told}"
    );
}

#[test]
fn codes_as_numbers_are_codes() {
    let code = |value: Value| {
        let dir = with_property("shelters.geojson", "code", value);
        let twin = load(dir.path());
        let layer = twin.twin.layers().iter().find(|l| l.id == "shelters");
        let all = twin.twin.all::<PointAsset>(layer.expect("shelters"));
        all.map(|p| p.code.clone()).next().expect("a point")
    };
    assert_eq!(code(json!(1.0)), "1");
    assert_eq!(code(json!(440704)), "440704");
    assert_eq!(code(json!("0012")), "0012");
}

#[test]
fn two_polygons_of_one_code_are_refused_and_two_points_are_told() {
    let told = refused(&with_property("units.geojson", "code", json!("G1-2")));
    assert!(
        told.contains("units.geojson: features 0 and 1 both have the code 'G1-2'"),
        "{told}"
    );
    let dir = with_property("shelters.geojson", "code", json!("B2"));
    let told = of_kind(&load(dir.path()), Kind::Duplicate);
    assert!(
        told[0].contains("features 0 and 1 both have 'B2'"),
        "{told:?}"
    );
    let dir = with_property("houses.geojson", "id", json!("h2"));
    let told = of_kind(&load(dir.path()), Kind::Duplicate);
    assert!(told[0].contains("for example 'h2'"), "{told:?}");
}

#[test]
fn places_of_shelters_are_read_as_text_or_told() {
    let dir = with_property("shelters.geojson", "places", json!("500"));
    assert_eq!(load(dir.path()).findings, []);
    let dir = with_property("shelters.geojson", "places", json!(null));
    let told = of_kind(&load(dir.path()), Kind::Unknown);
    assert!(
        told[0].contains("shelters.geojson, feature 0 (id B1): 'places' has no value"),
        "{told:?}"
    );
    let told = refused(&with_property(
        "shelters.geojson",
        "places",
        json!("enough"),
    ));
    assert!(told.contains("'places' is \"enough\""), "{told}");
}

#[test]
fn heights_are_read_with_their_units_or_assumed_aloud() {
    let top = |value: Value, floors: Value| {
        let dir = with("houses.geojson", |root| {
            let properties = &mut root["features"][0]["properties"];
            properties["height_m"] = value.clone();
            properties["floors"] = floors.clone();
        });
        let twin = load(dir.path());
        let (_, layer) = twin.twin.building_layer().expect("buildings");
        let top = twin.twin.all::<Building>(layer).map(|b| b.top).next();
        (
            top.expect("a building"),
            of_kind(&twin, Kind::Assumed).len(),
            of_kind(&twin, Kind::Unknown).len(),
        )
    };
    assert_eq!(top(json!("9"), json!(3)), (9.0, 0, 0));
    assert_eq!(top(json!("12 m"), json!(3)), (12.0, 0, 0));
    assert_eq!(top(json!(null), json!("4")), (12.0, 0, 0));
    assert_eq!(top(json!("3;4"), json!(3)), (9.0, 0, 1));
    assert_eq!(top(json!(-9999), json!(null)), (6.0, 1, 1));
}

#[test]
fn a_layer_that_lies_elsewhere_is_refused_with_what_is_wrong() {
    let moved = |file: &str| {
        with(file, |root| {
            move_all(&mut root["features"], &|[x, y]| [x + 5000.0, y]);
        })
    };
    for file in [
        "grids.geojson",
        "shelters.geojson",
        "roads.geojson",
        "houses.geojson",
    ] {
        let told = refused(&moved(file));
        assert!(
            told.contains(file) && told.contains("lies on the ground of dem.tif"),
            "{told}"
        );
    }
    let swapped = with("grids.geojson", |root| {
        move_all(&mut root["features"], &|[x, y]| [y, x]);
    });
    let told = refused(&swapped);
    assert!(told.contains("axes look swapped"), "{told}");
    // pyproj 3.7.2: EPSG:4547 (400500, 2500300) in EPSG:4490.
    let degrees = with("shelters.geojson", |root| {
        move_all(&mut root["features"], &|_| [113.0323588, 22.5976163]);
    });
    let told = refused(&degrees);
    assert!(
        told.contains("longitude and latitude, but the file names EPSG:4547"),
        "{told}"
    );
    let unnamed = with("shelters.geojson", |root| {
        root["crs"] = Value::Null;
    });
    let told = refused(&unnamed);
    assert!(
        told.contains("shelters.geojson, feature 0 (id B1): (400200, 2500200) is no longitude"),
        "{told}"
    );
    let latitude_first = with("shelters.geojson", |root| {
        root["crs"] = Value::Null;
        move_all(&mut root["features"], &|_| [22.5976163, 113.0323588]);
    });
    let told = refused(&latitude_first);
    assert!(told.contains("the axes are swapped"), "{told}");
}

/// Maps every position of GeoJSON features.
fn move_all(value: &mut Value, to: &dyn Fn([f64; 2]) -> [f64; 2]) {
    match value {
        Value::Array(parts) => match parts.as_slice() {
            [Value::Number(x), Value::Number(y)] => {
                let [x, y] = to([x.as_f64().expect("x"), y.as_f64().expect("y")]);
                *value = json!([x, y]);
            }
            _ => parts.iter_mut().for_each(|part| move_all(part, to)),
        },
        Value::Object(members) => {
            if let Some(coordinates) = members.get_mut("coordinates") {
                move_all(coordinates, to);
            } else if let Some(geometry) = members.get_mut("geometry") {
                move_all(geometry, to);
            }
        }
        _ => {}
    }
}

#[test]
fn features_without_a_geometry_are_told_and_the_rest_is_read() {
    let dir = with("roads.geojson", |root| {
        root["features"][0]["geometry"] = Value::Null;
    });
    let twin = load(dir.path());
    let told = of_kind(&twin, Kind::LeftOut);
    assert!(
        told[0].contains("roads.geojson, feature 0 (id R1): it has no geometry"),
        "{told:?}"
    );
    assert_eq!(twin.road_segments().len(), 6);
}

/// Symptom: the page was handed the file as it lies, whatever its CRS and form.
#[test]
fn a_layer_is_handed_on_in_longitude_and_latitude() {
    use crate::vectors::as_geojson;
    let dir = with("shelters.geojson", |root| {
        root["features"][0]["geometry"] = Value::Null;
    });
    let path = dir.path().join("shelters.geojson");
    let bytes = as_geojson(&path, GeometryKind::Point).expect("a layer");
    let read: Value = serde_json::from_slice(&bytes).expect("JSON");
    let features = read["features"].as_array().expect("features");
    assert_eq!(features.len(), 2);
    let at = |k: usize| {
        features[0]["geometry"]["coordinates"][k]
            .as_f64()
            .expect("a number")
    };
    // pyproj 3.7.2: EPSG:4547 (400950, 2500105) in EPSG:4490.
    let [lon, lat] = [113.036_746_838_231, 22.595_881_990_140];
    assert!(
        (at(0) - lon).abs() < 1e-9 && (at(1) - lat).abs() < 1e-9,
        "{read}"
    );
    let plain = r#"{"type":"FeatureCollection","notice":"kept","features":[]}"#;
    std::fs::write(&path, plain).expect("written");
    assert_eq!(
        as_geojson(&path, GeometryKind::Point).expect("a layer"),
        plain.as_bytes()
    );
}

#[test]
fn a_site_frame_is_in_metres_and_near_its_ground() {
    let with_site = |old: &str, new: &str| {
        let dir = tempfile::tempdir().expect("a folder");
        lay(dir.path());
        let path = dir.path().join("twin.toml");
        let text = std::fs::read_to_string(&path).expect("a manifest");
        std::fs::write(&path, text.replace(old, new)).expect("written");
        dir
    };
    let told = refused(&with_site("EPSG:4547", "EPSG:4490"));
    assert!(told.contains("a site frame needs metres"), "{told}");
    let told = refused(&with_site("[113.027, 22.595]", "[113.027, 12.595]"));
    assert!(told.contains("km from the ground of dem.tif"), "{told}");
}

#[test]
fn a_place_is_on_ground_off_it_or_where_there_are_no_data() {
    use geo::{MultiPolygon, Rect};
    use stormgrid_core::raster::{Raster, RasterGeometry};
    // Two by two cells of 10 m, the north-eastern one without data.
    let geometry = RasterGeometry::new(2, 2, 0.0, 20.0, 10.0, 10.0).expect("valid");
    let ground = Raster::new(geometry, vec![1.0, f64::NAN, 2.0, 3.0]).expect("four cells");
    assert_eq!([5.0, 5.0].lie(&ground), Lie::OnGround);
    assert_eq!([15.0, 15.0].lie(&ground), Lie::NoData);
    assert_eq!([25.0, 15.0].lie(&ground), Lie::Outside);
    let area = |x0: f64, y0: f64, x1: f64, y1: f64| {
        let rect = Rect::new((x0, y0), (x1, y1));
        MultiPolygon::new(vec![rect.to_polygon()])
    };
    // No vertex of the first lies on the raster.
    let areas = [
        area(-5.0, -5.0, 25.0, 25.0),
        area(12.0, 12.0, 18.0, 18.0),
        area(30.0, 0.0, 40.0, 10.0),
    ];
    let found = on_ground(&areas, &ground);
    assert_eq!((found.inside, found.unknown, found.outside), (1, 1, 1));
    assert!(!found.is_off() && on_ground(&areas[1..], &ground).is_off());
    let through = vec![geo::LineString::from(vec![(-5.0, 5.0), (25.0, 5.0)])];
    assert_eq!(through.lie(&ground), Lie::OnGround);
}
