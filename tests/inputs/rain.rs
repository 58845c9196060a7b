//! The same rain as a series, gauges, a raster with a factor, rasters over time: one volume, that of the closed form.

use crate::program::Folder;
use crate::rows::{Row, hold};
use crate::tiff::{Cells, Dress};

/// Rows of the table.
pub const ROWS: usize = 4 * 6 * 3 + 5 * 3;

/// Side of the ground [m], and its south-west corner.
const SIDE_M: f64 = 400.0;
const WEST: f64 = 405_000.0;
const SOUTH: f64 = 2_497_600.0;
const DURATION_S: f64 = 600.0;

/// Cell sizes [m]: that of the ground, one that does not divide it, one that does.
const SIZES: [f64; 3] = [10.0, 30.0, 40.0];

/// A rain that is linear between its points: name, times [s] with rates [mm/h].
type Shape = (&'static str, &'static [(f64, f64)]);

const SHAPES: [Shape; 4] = [
    ("steady", &[(0.0, 36.0), (600.0, 36.0)]),
    ("ramp", &[(0.0, 0.0), (600.0, 72.0)]),
    (
        "burst of a minute",
        &[
            (0.0, 0.0),
            (120.0, 0.0),
            (150.0, 240.0),
            (180.0, 0.0),
            (600.0, 0.0),
        ],
    ),
    (
        "odd times",
        &[
            (0.0, 10.0),
            (7.3, 55.0),
            (61.1, 3.0),
            (299.9, 80.0),
            (600.0, 0.0),
        ],
    ),
];

/// Volume by the trapezoids of the rates, which are linear [m³].
fn volume(points: &[(f64, f64)]) -> f64 {
    let trapezoid = |pair: &[(f64, f64)]| 0.5 * (pair[0].1 + pair[1].1) * (pair[1].0 - pair[0].0);
    let mm_s_per_h: f64 = points.windows(2).map(trapezoid).sum();
    mm_s_per_h / 3600.0 / 1000.0 * SIDE_M * SIDE_M
}

/// A raster of one value over a square that holds the ground.
fn raster(value: f64, side: f64, margin: f64) -> Vec<u8> {
    let n = ((SIDE_M + 2.0 * margin) / side).round() as usize;
    let cells = Cells {
        n_cols: n,
        n_rows: n,
        west: WEST - margin,
        north: SOUTH + SIDE_M + margin,
        side,
        values: vec![value; n * n],
    };
    Dress::default().write(&cells)
}

fn series(points: &[(f64, f64)], column: &str, factor: f64) -> String {
    let rows = points.iter().map(|(t, v)| format!("{t},{}\n", v * factor));
    format!("time_s,{column}\n{}", rows.collect::<String>())
}

fn gauges(points: &[(f64, f64)], places: &[(&str, f64, f64)]) -> String {
    let mut text = String::from("gauge,x,y,time_s,rate_mm_h\n");
    for (name, x, y) in places {
        for (time, rate) in points {
            text.push_str(&format!(
                "{name},{},{},{time},{rate}\n",
                WEST + x,
                SOUTH + y
            ));
        }
    }
    text
}

fn row(name: String, folder: &Folder, rain: &str, size: f64, want: f64) -> Row {
    let scenario = format!(
        "[run]\nstart = \"2023-09-01T00:00:00+08:00\"\nduration_s = {DURATION_S}\noutput_interval_s = {DURATION_S}\n\
         [terrain]\nelevation = \"dem.tif\"\n[rain]\n{rain}\n[solver]\ncell_size_m = {size}\n"
    );
    Row {
        name: format!("{name}, cells of {size} m"),
        figure: "volume of rain",
        want: want.into(),
        got: folder
            .simulate(&scenario)
            .map(|run| run.source("rain").into()),
        within: 1e-9,
    }
}

#[test]
fn one_rain_has_one_volume_however_it_is_given() {
    let folder = Folder::new();
    folder.write("dem.tif", raster(5.0, 10.0, 0.0));
    folder.write("ones.tif", raster(1.0, 50.0, 100.0));
    folder.write("fine.tif", raster(36.0, 4.0, 0.0));
    folder.write("steady.tif", raster(36.0, 100.0, 0.0));
    folder.write("lists.csv", "time_s,raster\n0,steady.tif\n");
    folder.write(
        "listed.csv",
        "time_s,raster\n0,steady.tif\n77,steady.tif\n300,fine.tif\n",
    );
    let one = [("A", 50.0, 350.0)];
    let three = [("A", 50.0, 350.0), ("B", 390.0, 10.0), ("C", 200.0, 200.0)];
    let mut rows = Vec::new();
    for (shape, points) in SHAPES {
        folder.write("series.csv", series(points, "rate_mm_h", 1.0));
        folder.write("factor.csv", series(points, "value", 1.0));
        folder.write("one.csv", gauges(points, &one));
        folder.write("three.csv", gauges(points, &three));
        // The same numbers as a table of another country and another program has them.
        let text = series(points, "rate_mm_h", 1.0).replace("\n", "\r\n");
        folder.write("windows.csv", format!("\u{feff}{text}"));
        for (way, rain) in [
            ("series", "series = \"series.csv\""),
            ("series saved by Windows", "series = \"windows.csv\""),
            ("one gauge", "gauges = \"one.csv\""),
            ("three gauges, by distance", "gauges = \"three.csv\""),
            (
                "three gauges, the nearest",
                "gauges = \"three.csv\"\nspread = \"nearest\"",
            ),
            (
                "a raster and its factor",
                "raster = \"ones.tif\"\nseries = \"factor.csv\"",
            ),
        ] {
            for size in SIZES {
                rows.push(row(
                    format!("{shape}, {way}"),
                    &folder,
                    rain,
                    size,
                    volume(points),
                ));
            }
        }
    }
    for (way, rain) in [
        ("a rate", "rate_mm_h = 36"),
        ("a raster", "raster = \"steady.tif\""),
        ("a raster finer than the cells", "raster = \"fine.tif\""),
        (
            "a list of one raster",
            "rasters = \"lists.csv\"\nafter = \"hold\"",
        ),
        (
            "a list of three rasters",
            "rasters = \"listed.csv\"\nafter = \"hold\"",
        ),
    ] {
        for size in SIZES {
            rows.push(row(
                format!("steady, {way}"),
                &folder,
                rain,
                size,
                volume(SHAPES[0].1),
            ));
        }
    }
    hold("rain", &rows, ROWS);
}
