//! The same place padded with cells without data, cut out of a larger file, or in another CRS: the same water.

use crate::program::{Folder, Run};
use crate::rows::{Row, hold};
use crate::tiff::{Cells, Dress, NoData};

/// Rows of the tables.
pub const ROWS: usize = PADDED + MOVED + COARSE + IN_FEET;

const PADDED: usize = 3 * 10;
const MOVED: usize = 3 * 6;

const COARSE: usize = 5 * 5;

const IN_FEET: usize = 4;

/// A US survey foot [m].
const FOOT_M: f64 = 1200.0 / 3937.0;

const N: usize = 30;
const SIDE_M: f64 = 10.0;

/// A bowl: water runs to its middle.
fn height(row: usize, col: usize) -> f64 {
    let (r, c) = (row as f64 - 14.0, col as f64 - 16.0);
    3.0 + 0.0625 * (r * r + c * c).sqrt().floor()
}

/// The bowl, padded by cells without data: west, north, east, south.
fn padded([west, north, east, south]: [usize; 4], x0: f64, y1: f64) -> Cells {
    let (n_cols, n_rows) = (N + west + east, N + north + south);
    let value = |i: usize| {
        let (row, col) = (i / n_cols, i % n_cols);
        let inside = (north..north + N).contains(&row) && (west..west + N).contains(&col);
        if inside {
            height(row - north, col - west)
        } else {
            f64::NAN
        }
    };
    Cells {
        n_cols,
        n_rows,
        west: x0 - west as f64 * SIDE_M,
        north: y1 + north as f64 * SIDE_M,
        side: SIDE_M,
        values: (0..n_cols * n_rows).map(value).collect(),
    }
}

fn simulated(folder: &Folder, x0: f64, y1: f64, size: f64) -> Result<Run, String> {
    folder.write(
        "points.csv",
        format!("id,x,y\ng,{},{}\n", x0 + 165.0, y1 - 145.0),
    );
    folder.simulate(&format!(
        "[run]\nstart = \"2023-09-01T00:00:00+08:00\"\nduration_s = 900\noutput_interval_s = 900\n\
         [terrain]\nelevation = \"dem.tif\"\n[rain]\nrate_mm_h = 120\n[gauges]\nsource = \"points.csv\"\n[solver]\ncell_size_m = {size}\n"
    ))
}

/// 120 mm/h for a quarter of an hour over the bowl [m³].
const RAIN_M3: f64 = 0.030 * (N * N) as f64 * SIDE_M * SIDE_M;

fn rows_of(name: &str, run: &Result<Run, String>, base: &Run) -> Vec<Row> {
    let depth = |run: &Run| {
        run.cell("gauges.csv", "g", "depth_m")
            .and_then(|d| d.parse().ok())
            .unwrap_or(f64::NAN)
    };
    let row = |figure, want: f64, got: Result<f64, String>, within| Row {
        name: name.to_owned(),
        figure,
        want: want.into(),
        got: got.map(Into::into),
        within,
    };
    let of = |figure: &dyn Fn(&Run) -> f64| run.as_ref().map(figure).map_err(Clone::clone);
    vec![
        row(
            "volume of rain",
            RAIN_M3,
            of(&|run| run.source("rain")),
            1e-9,
        ),
        row(
            "water left",
            base.number("volume_stored_m3"),
            of(&|run| run.number("volume_stored_m3")),
            1e-6,
        ),
        row("depth at the gauge", depth(base), of(&depth), 1e-4),
    ]
}

#[test]
fn cells_without_data_around_a_place_change_nothing() {
    let folder = Folder::new();
    let dress = Dress {
        no_data: NoData::Tagged(-9999.0),
        ..Dress::default()
    };
    let (x0, y1) = (405_000.0, 2_498_000.0);
    folder.write("dem.tif", dress.write(&padded([0; 4], x0, y1)));
    let base = simulated(&folder, x0, y1, SIDE_M).expect("the base runs");
    let mut rows = Vec::new();
    for pads in [
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
        [1, 1, 1, 1],
        [7, 3, 5, 11],
        [30, 30, 0, 0],
        [60, 0, 0, 60],
        [59, 61, 1, 2],
        [64, 64, 64, 64],
    ] {
        folder.write("dem.tif", dress.write(&padded(pads, x0, y1)));
        let run = simulated(&folder, x0, y1, SIDE_M);
        rows.extend(rows_of(&format!("padded by {pads:?}"), &run, &base));
    }
    hold("padded ground", &rows, PADDED);
}

/// A round ground takes no whole number of coarse cells.
#[test]
fn coarse_cells_with_ground_in_a_part_take_the_rain_of_that_part() {
    let folder = Folder::new();
    let dress = Dress {
        no_data: NoData::Tagged(-9999.0),
        ..Dress::default()
    };
    let (x0, y1) = (405_000.0, 2_498_000.0);
    let mut rows = Vec::new();
    for radius in [14.6_f64, 12.1, 9.4, 7.3, 5.2] {
        let mut ground = padded([0; 4], x0, y1);
        for (i, z) in ground.values.iter_mut().enumerate() {
            let (r, c) = ((i / N) as f64 - 14.0, (i % N) as f64 - 16.0);
            if r.hypot(c) > radius {
                *z = f64::NAN;
            }
        }
        let cells = ground.values.iter().filter(|z| z.is_finite()).count();
        folder.write("dem.tif", dress.write(&ground));
        for size in [20.0, 30.0, 37.0, 40.0, 75.0] {
            let run = simulated(&folder, x0, y1, size);
            rows.push(Row {
                name: format!("{cells} cells of ground, cells of {size} m"),
                figure: "volume of rain",
                want: (0.030 * cells as f64 * SIDE_M * SIDE_M).into(),
                got: run.map(|run| run.source("rain").into()),
                within: 1e-9,
            });
        }
    }
    hold("coarse cells", &rows, COARSE);
}

#[test]
fn a_place_has_the_same_water_in_every_projected_frame() {
    let folder = Folder::new();
    let frame = |epsg: u16, x0: f64, y1: f64| {
        let dress = Dress {
            epsg: Some(epsg),
            no_data: NoData::Tagged(-9999.0),
            ..Dress::default()
        };
        folder.write("dem.tif", dress.write(&padded([0; 4], x0, y1)));
        simulated(&folder, x0, y1, SIDE_M)
    };
    let base = frame(4547, 405_000.0, 2_498_000.0).expect("the base runs");
    let mut rows = Vec::new();
    // CGCS2000 in zones of 3 and 6 degrees, with and without the zone's number, Beijing 1954, UTM.
    for (epsg, x0, y1) in [
        (4526_u16, 38_405_000.0, 2_498_000.0),
        (4508, 405_000.0, 2_498_000.0),
        (4497, 19_705_000.0, 2_498_000.0),
        (2435, 405_000.0, 2_498_000.0),
        (32649, 705_000.0, 2_498_000.0),
        (3857, 12_590_000.0, 2_580_000.0),
    ] {
        let run = frame(epsg, x0, y1);
        rows.extend(rows_of(&format!("EPSG:{epsg}"), &run, &base));
    }
    hold("frames", &rows, MOVED);
}

/// Cause: places of a scenario over a terrain in feet were taken as metres.
#[test]
fn places_are_in_the_unit_of_the_terrain() {
    let folder = Folder::new();
    // Long Island in metres and in feet, the same cells on the ground.
    let run = |epsg: u16, unit: f64| {
        let dress = Dress {
            epsg: Some(epsg),
            no_data: NoData::Tagged(-9999.0),
            ..Dress::default()
        };
        let mut ground = padded([0; 4], 300_000.0, 60_000.0);
        ground.west /= unit;
        ground.north /= unit;
        ground.side /= unit;
        // Heights stay in metres: the file names no unit of them.
        folder.write("dem.tif", dress.write(&ground));
        let at = |x: f64, y: f64| format!("{},{}", (300_000.0 + x) / unit, (60_000.0 - y) / unit);
        folder.write("points.csv", format!("id,x,y\ng,{}\n", at(165.0, 145.0)));
        folder.write(
            "rain.csv",
            format!(
                "gauge,x,y,time_s,rate_mm_h\na,{a},0,0\na,{a},900,0\nb,{b},0,90\nb,{b},900,90\n",
                a = at(75.0, 150.0),
                b = at(225.0, 150.0)
            ),
        );
        folder.simulate(&format!(
            "[run]\nstart = \"2023-09-01T00:00:00+08:00\"\nduration_s = 900\noutput_interval_s = 900\n\
             [terrain]\nelevation = \"dem.tif\"\n[rain]\ngauges = \"rain.csv\"\nspread = \"nearest\"\n\
             [gauges]\nsource = \"points.csv\"\n[[inflow]]\nat = [{}]\ndischarge_m3_s = 1\n\
             [[structure]]\nkind = \"levee\"\nline = [[{}], [{}]]\ncrest_m = 9\n",
            at(45.0, 45.0),
            at(0.0, 100.0),
            at(300.0, 100.0)
        ))
    };
    let metres = run(32118, 1.0).expect("the base runs");
    let feet = run(2263, FOOT_M);
    let mut rows = rows_of("EPSG:2263", &feet, &metres);
    // Half of the ground lies nearer to the gauge where it rains.
    rows[0].want = (0.75 * RAIN_M3 / 2.0).into();
    rows.push(Row {
        name: "EPSG:2263".to_owned(),
        figure: "inflow",
        want: 900.0.into(),
        got: feet.map(|run| run.source("inflow 1").into()),
        within: 1e-6,
    });
    hold("places in feet", &rows, IN_FEET);
}
