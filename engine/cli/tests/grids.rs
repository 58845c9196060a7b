//! `grids check` and `grids locate` over the real program: what people really have, each with the value that is right.
//!
//! Right values are those of pyproj 3.6 and shapely 2.1 where none is plain from the coordinates.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    }
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stormgrid"));
    command.args(arguments).env("STORMGRID_LANG", "en");
    command
}

fn stormgrid(arguments: &[&str]) -> Output {
    program(arguments).output().expect("the program starts")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// Standard output, error output and status.
fn told(output: &Output) -> (String, String, Option<i32>) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        text(&output.stdout),
        text(&output.stderr),
        output.status.code(),
    )
}

fn check(layer: &Path) -> (Value, Option<i32>) {
    let output = stormgrid(&["grids", "check", text(layer), "--json"]);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (report, output.status.code())
}

/// A layer of rectangles: west, south, east, north.
fn layer(crs: Option<&str>, cells: &[[f64; 4]]) -> String {
    let crs = crs.map_or_else(String::new, |crs| {
        format!(r#""crs":{{"type":"name","properties":{{"name":"{crs}"}}}},"#)
    });
    let cell = |(k, [w, s, e, n]): (usize, &[f64; 4])| {
        format!(
            r#"{{"type":"Feature","properties":{{"code":"A{k}"}},"geometry":{{"type":"Polygon","coordinates":[[[{w},{s}],[{e},{s}],[{e},{n}],[{w},{n}],[{w},{s}]]]}}}}"#
        )
    };
    let cells: Vec<String> = cells.iter().enumerate().map(cell).collect();
    format!(
        r#"{{"type":"FeatureCollection",{crs}"features":[{}]}}"#,
        cells.join(",")
    )
}

const METRES: [[f64; 4]; 2] = [
    [405_000.0, 2_497_800.0, 405_100.0, 2_498_000.0],
    [405_100.0, 2_497_800.0, 405_200.0, 2_498_000.0],
];
/// Points in the middles of these cells, by pyproj from EPSG:4547.
const POINTS: &str = "id,lon,lat\nin_A0,113.07674764853901,22.576206976142025\nin_A1,113.07771990806353,22.57621255936555\n";

#[test]
fn points_in_degrees_are_found_in_grids_in_metres() {
    let bench = Bench::new();
    let grids = bench.file(
        "m.geojson",
        layer(Some("urn:ogc:def:crs:EPSG::4547"), &METRES),
    );
    let points = bench.file("p.csv", POINTS);
    let (out, err, status) = told(&stormgrid(&[
        "grids",
        "locate",
        text(&grids),
        text(&points),
    ]));
    let codes: Vec<&str> = out
        .lines()
        .map(|l| l.rsplit(',').next().unwrap_or_default())
        .collect();
    assert_eq!(
        (codes, status),
        (vec!["code", "A0", "A1"], Some(0)),
        "{err}"
    );
}

#[test]
fn points_in_the_other_order_and_points_elsewhere_are_told() {
    let bench = Bench::new();
    let grids = bench.file("m.geojson", layer(Some("EPSG:4547"), &METRES));
    let cases = [
        (
            "id,lat,lon\na,113.0767,22.5762\nb,113.0777,22.5762\n",
            "in the other order",
        ),
        (
            "lon,lat\n10.0,50.0\n",
            "none of the 1 points lies in a polygon (the polygons are in EPSG:4547)",
        ),
        (
            "lon,lat\n405050,2497900\n",
            "line 2: (405050, 2497900) is no longitude and latitude; name the coordinate reference system of the points with --points-crs",
        ),
        ("lon,lat\n", "the table has no row"),
        (
            "lon,lat\nabout 113,22.5\n",
            "line 2: the coordinate 'about 113' is no number that can be read",
        ),
    ];
    for (rows, sentence) in cases {
        let points = bench.file("p.csv", rows);
        let (_, err, status) = told(&stormgrid(&[
            "grids",
            "locate",
            text(&grids),
            text(&points),
        ]));
        assert!(status == Some(1) && err.contains(sentence), "{rows}: {err}");
    }
}

#[test]
fn points_in_metres_are_found_with_their_crs_or_by_what_they_are_called() {
    let bench = Bench::new();
    let grids = bench.file("m.geojson", layer(Some("EPSG:4547"), &METRES));
    let named = bench.file("n.csv", "lon,lat\n405050,2497900\n");
    let arguments = [
        "grids",
        "locate",
        text(&grids),
        text(&named),
        "--points-crs",
        "EPSG:4547",
    ];
    let (out, err, status) = told(&stormgrid(&arguments));
    assert_eq!(
        (out.as_str(), status),
        ("id,x,y,code\n1,405050,2497900,A0\n", Some(0)),
        "{err}"
    );
    let plane = bench.file("x.csv", "x,y,name\n405150,2497900,b\n");
    let (out, err, status) = told(&stormgrid(&["grids", "locate", text(&grids), text(&plane)]));
    assert_eq!(
        (out.as_str(), status),
        ("id,x,y,code\nb,405150,2497900,A1\n", Some(0))
    );
    assert!(
        err.contains("taken to be in the coordinate reference system of the polygons"),
        "{err}"
    );
    let arguments = [
        "grids",
        "locate",
        text(&grids),
        text(&named),
        "--points-crs",
        "EPSG:9999",
    ];
    assert_eq!(stormgrid(&arguments).status.code(), Some(1));
}

#[test]
fn some_points_outside_and_rows_without_coordinates_are_told_and_numbers_as_text_read() {
    let bench = Bench::new();
    let grids = bench.file("d.geojson", layer(None, &[[113.0, 22.0, 114.0, 23.0]]));
    let rows = "id,lon,lat\n\"a, b\",\"113,5\",２２.5\n\"c\n\",,22.5\nd,-9999,-9999\ne,10,22\nf,22.5,113.5\n=1+1,113.25,22.25\n";
    let points = bench.file("p.csv", rows);
    let (out, err, status) = told(&stormgrid(&[
        "grids",
        "locate",
        text(&grids),
        text(&points),
    ]));
    let right = "id,x,y,code\n\"a, b\",113.5,22.5,A0\nc,,,\nd,,,\ne,10,22,\nf,22.5,113.5,\n'=1+1,113.25,22.25,A0\n";
    assert_eq!((out.as_str(), status), (right, Some(0)), "{err}");
    for sentence in [
        "p.csv: 2 rows have no coordinates, the first in line 3",
        "p.csv: 2 of 6 points lie in no polygon",
        "1 of them would lie in one with longitude and latitude in the other order",
    ] {
        assert!(err.contains(sentence), "{err}");
    }
    let output = stormgrid(&["grids", "locate", text(&grids), text(&points), "--json"]);
    let rows: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        rows[0],
        serde_json::json!({ "id": "a, b", "x": 113.5, "y": 22.5, "codes": ["A0"] })
    );
    assert_eq!(
        rows[1],
        serde_json::json!({ "id": "c", "x": null, "y": null, "codes": [] })
    );
    assert_eq!(rows.as_array().map(Vec::len), Some(6));
}

#[test]
fn a_grid_over_the_date_line_holds_what_lies_in_it() {
    let bench = Bench::new();
    let points = bench.file(
        "p.csv",
        "lon,lat\n179.95,-16.95\n-179.95,-16.95\n180.05,-16.95\n0,-16.95\n179.8,-16.95\n",
    );
    let cell = [179.9, -17.0, -179.9, -16.9];
    let one = bench.file("one.geojson", layer(None, &[cell]));
    let (out, _, _) = told(&stormgrid(&["grids", "locate", text(&one), text(&points)]));
    let found: Vec<bool> = out.lines().skip(1).map(|l| l.ends_with("A0")).collect();
    assert_eq!(found, [true, true, true, false, false], "{out}");
    let (report, status) = check(&one);
    // pyproj Geod(ellps="WGS84"): 235 755 560 m².
    assert!((report["area_m2"].as_f64().unwrap_or_default() - 235_755_560.0).abs() < 1.0);
    assert_eq!(status, Some(0));
    assert!(
        report["notes"][0]
            .as_str()
            .unwrap_or_default()
            .contains("across the 180th meridian"),
        "{report}"
    );
    let wide = bench.file("wide.geojson", layer(None, &[[-180.0, -17.0, 180.0, 17.0]]));
    assert_eq!(check(&wide).1, Some(1));
}

#[test]
fn an_unknown_crs_is_refused_and_feet_are_not_metres() {
    let bench = Bench::new();
    let unknown = bench.file(
        "u.geojson",
        layer(Some("urn:ogc:def:crs:EPSG::9999"), &METRES),
    );
    let (out, err, status) = told(&stormgrid(&["grids", "check", text(&unknown)]));
    assert!(
        status == Some(1) && out.is_empty() && err.contains("EPSG::9999"),
        "{err}"
    );
    // EPSG:2263, New York in US survey feet: 1000 feet square are 92 903.41 m².
    let feet = bench.file(
        "f.geojson",
        layer(
            Some("EPSG:2263"),
            &[[980_000.0, 200_000.0, 981_000.0, 201_000.0]],
        ),
    );
    let (report, status) = check(&feet);
    assert_eq!(status, Some(0));
    assert!(
        (report["area_m2"].as_f64().unwrap_or_default() - 92_903.41).abs() < 0.01,
        "{report}"
    );
    // EPSG:3857 at 22.5° N: a square metre of ground is 1.17 of the map.
    let mercator = bench.file(
        "w.geojson",
        layer(
            Some("EPSG:3857"),
            &[[12_580_000.0, 2_571_000.0, 12_581_000.0, 2_572_000.0]],
        ),
    );
    let (report, _) = check(&mercator);
    assert!(
        report["notes"][0]
            .as_str()
            .unwrap_or_default()
            .contains("1.17"),
        "{report}"
    );
}

#[test]
fn people_are_read_as_they_are_written_and_unknown_people_are_in_no_sum() {
    let bench = Bench::new();
    let written = layer(
        None,
        &[
            [0.0, 0.0, 1.0, 1.0],
            [1.0, 0.0, 2.0, 1.0],
            [2.0, 0.0, 3.0, 1.0],
        ],
    );
    let with = |people: [&str; 3]| {
        let mut text = written.clone();
        for (k, people) in people.iter().enumerate() {
            text = text.replace(
                &format!(r#""code":"A{k}""#),
                &format!(r#""code":"A{k}","people":{people}"#),
            );
        }
        text
    };
    let told_people = bench.file("a.geojson", with([r#""1 200""#, "300", "-9999"]));
    let (report, _) = check(&told_people);
    assert_eq!(
        (report["people"].as_f64(), report["people_unknown"].as_u64()),
        (Some(1500.0), Some(1))
    );
    let unclear = bench.file("b.geojson", with([r#""about 40""#, "300", "1"]));
    let (_, err, status) = told(&stormgrid(&["grids", "check", text(&unclear)]));
    assert!(
        status == Some(1) && err.contains("feature 0 (id A0)") && err.contains("'about 40'"),
        "{err}"
    );
}

#[test]
fn nobody_reads_on_and_nothing_breaks() {
    let bench = Bench::new();
    let cells: Vec<[f64; 4]> = (0..3000)
        .map(|k| f64::from(k) * 0.01)
        .map(|x| [x, 0.0, x + 0.02, 1.0])
        .collect();
    let grids = bench.file("o.geojson", layer(None, &cells));
    let rows: String = (0..60_000)
        .map(|k| format!("{},0.5\n", f64::from(k % 2900) * 0.01))
        .collect();
    let points = bench.file("p.csv", format!("lon,lat\n{rows}"));
    for (arguments, status) in [
        (vec!["grids", "check", text(&grids)], 1),
        (vec!["grids", "check", text(&grids), "--json"], 1),
        (vec!["grids", "locate", text(&grids), text(&points)], 0),
        (
            vec!["grids", "locate", text(&grids), text(&points), "--json"],
            0,
        ),
    ] {
        let mut child = program(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut first = String::new();
        let mut out = BufReader::with_capacity(64, child.stdout.take().expect("piped"));
        out.read_line(&mut first).expect("a line");
        drop(out);
        let output = child.wait_with_output().expect("it ends");
        let (_, err, code) = told(&output);
        assert_eq!(code, Some(status), "{arguments:?}: {err}");
        assert!(!err.contains("panicked"), "{err}");
    }
}

#[test]
fn children_are_held_against_their_parents() {
    let bench = Bench::new();
    let parents = bench.file("p.geojson", layer(Some("EPSG:4547"), &METRES));
    let halves: Vec<[f64; 4]> = METRES
        .iter()
        .flat_map(|[w, s, e, n]| [[*w, *s, *e, *s + 100.0], [*w, *s + 100.0, *e, *n]])
        .collect();
    let children = bench.file("c.geojson", layer(Some("EPSG:4547"), &halves));
    let nested = |children: &Path, parents: &Path| {
        let output = stormgrid(&[
            "grids",
            "check",
            text(children),
            "--parent",
            text(parents),
            "--json",
        ]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (
            report["nesting"]["fault_count"].as_u64(),
            output.status.code(),
        )
    };
    assert_eq!(nested(&children, &parents), (Some(0), Some(0)));
    let degrees = bench.file("d.geojson", layer(None, &[[113.0, 22.0, 114.0, 23.0]]));
    assert_eq!(nested(&children, &degrees).1, Some(1));
    let fewer = bench.file("f.geojson", layer(Some("EPSG:4547"), &halves[..3]));
    assert_eq!(nested(&fewer, &parents), (Some(1), Some(1)));
}

/// The handed cases that need more than a few numbers.
#[test]
fn the_handed_layers_are_told_rightly() {
    let Some(inputs) = stormgrid_tests::shared_data("inputs") else {
        return;
    };
    for (name, status, kind) in [
        ("city/wide-false-gap.geojson", 0, ""),
        ("city/tjunction-slant-15.geojson", 0, ""),
        ("city/gap-open-strip.geojson", 0, ""),
        ("city/figure8-crossing-at-vertex.geojson", 1, "ring"),
        ("city/hole-vertex-through-shell.geojson", 1, "ring"),
        ("g08_dateline.geojson", 0, ""),
        ("g08b_dateline_split.geojson", 0, ""),
    ] {
        let (report, code) = check(&inputs.join(name));
        assert_eq!(code, Some(status), "{name}: {report}");
        assert_eq!(
            report["defects"][0]["kind"].as_str().unwrap_or_default(),
            kind,
            "{name}"
        );
        // A faulty ring has no area, and is no piece.
        let pieces = match kind {
            "ring" => 0,
            _ if name.contains("open-strip") => 2,
            _ => 1,
        };
        assert_eq!(report["pieces"].as_u64(), Some(pieces), "{name}");
    }
    let unknown = inputs.join("city/grid-unknown-epsg-9999.geojson");
    let (_, err, status) = told(&stormgrid(&["grids", "check", text(&unknown)]));
    assert!(status == Some(1) && err.contains("9999"), "{err}");
    let (grids, points) = (
        inputs.join("g05_metres.geojson"),
        inputs.join("g05_points.csv"),
    );
    let (out, _, _) = told(&stormgrid(&[
        "grids",
        "locate",
        text(&grids),
        text(&points),
    ]));
    assert!(out.contains(",A1\n") && out.contains(",A2\n"), "{out}");
}
