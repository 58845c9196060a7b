//! What drives a scenario, asked for its CRS, unit, cover and time: the same thing given in several ways gives the
//! same figures, and what is not known is told or refused.
//!
//! Expected volumes are area × depth, worked out in each test; the ground is 20 × 20 cells of 10 m at 5 m.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_formats::elevation::write_geotiff;
use stormgrid_project::{RunOptions, Summary, simulate};

const WEST: f64 = 405_000.0;
const NORTH: f64 = 2_498_000.0;
/// Area of the ground [m²].
const AREA: f64 = 40_000.0;

struct Case {
    dir: tempfile::TempDir,
}

fn cells(n_cols: usize, n_rows: usize, west: f64, north: f64, size: f64) -> RasterGeometry {
    RasterGeometry::new(n_cols, n_rows, west, north, size, size).expect("valid")
}

fn ground() -> RasterGeometry {
    cells(20, 20, WEST, NORTH, 10.0)
}

impl Case {
    /// A folder with `dem.tif`.
    fn new() -> Self {
        let case = Self {
            dir: tempfile::tempdir().expect("a folder"),
        };
        case.raster("dem.tif", ground(), Some("EPSG:4547"), |_, _| 5.0);
        case
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), text).expect("written");
    }

    fn raster(
        &self,
        name: &str,
        geometry: RasterGeometry,
        crs: Option<&str>,
        value: impl Fn(usize, usize) -> f32,
    ) {
        let raster = Raster::from_fn(geometry, value);
        let bytes = write_geotiff(&raster, crs, -12_345.0).expect("a raster");
        std::fs::write(self.dir.path().join(name), bytes).expect("written");
    }

    /// Runs for so many seconds; the fault as a sentence.
    fn run(&self, duration: f64, body: &str) -> Result<Summary, String> {
        let terrain = match body.contains("[terrain]") {
            true => "",
            false => "[terrain]\nelevation = \"dem.tif\"\n",
        };
        self.write(
            "s.toml",
            &format!(
                "[run]\nstart = \"2023-09-01T00:00:00+08:00\"\nduration_s = {duration}\noutput_interval_s = {duration}\n{terrain}{body}"
            ),
        );
        run_file(&self.dir.path().join("s.toml"), &self.out())
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    /// Volume of rain [m³].
    fn rain(&self, duration: f64, body: &str) -> f64 {
        rain_of(
            &self
                .run(duration, body)
                .unwrap_or_else(|e| panic!("{body}: {e}")),
        )
    }

    /// The fault of a scenario that must be refused.
    fn fault(&self, duration: f64, body: &str) -> String {
        match self.run(duration, body) {
            Err(fault) => fault,
            Ok(_) => panic!("{body}: it was run"),
        }
    }
}

fn run_file(scenario: &Path, out: &Path) -> Result<Summary, String> {
    let options = RunOptions {
        threads: 1,
        ..RunOptions::default()
    };
    simulate(scenario, out, &options, &mut |_| ControlFlow::Continue(())).map_err(|e| e.to_string())
}

fn line(summary: &Summary, source: &str) -> [f64; 2] {
    let found = summary.ledger.iter().find(|line| line.source == source);
    found.map_or([0.0; 2], |line| [line.in_m3, line.out_m3])
}

fn rain_of(summary: &Summary) -> f64 {
    line(summary, "rain")[0]
}

fn notes(summary: &Summary) -> String {
    summary
        .notes
        .iter()
        .map(|note| format!("{}\n", note.en))
        .collect()
}

#[track_caller]
fn same(found: f64, exact: f64) {
    assert!((found / exact - 1.0).abs() < 1e-9, "{found} {exact}");
}

/// 0 → 72 mm/h over 400 s and back to 10 over 200 s: (36 · 400 + 41 · 200)/3600 mm.
#[test]
fn the_same_rain_in_every_form_has_the_same_volume() {
    let case = Case::new();
    let exact = AREA * (36.0 * 400.0 + 41.0 * 200.0) / 3600.0 / 1000.0;
    let rows = [(0, 0), (400, 72), (600, 10)];
    let table = |head: &str, row: &dyn Fn(i32, i32) -> String| {
        let rows: String = rows.iter().map(|&(t, r)| row(t, r)).collect();
        format!("{head}\n{rows}")
    };
    case.write(
        "series.csv",
        &table("time_s,rate_mm_h", &|t, r| format!("{t},{r}\n")),
    );
    case.write(
        "text.csv",
        &table("time_s,rate_mm_h", &|t, r| format!("\"{t}\",\"{r},0\"\n")),
    );
    let gauges = |places: &[f64]| {
        table("gauge,x,y,time_s,rate_mm_h", &|t, r| {
            let row = |x: &f64| format!("G{x},{x},2497900,{t},{r}\n");
            places.iter().map(row).collect()
        })
    };
    case.write("one.csv", &gauges(&[405_050.0]));
    case.write("three.csv", &gauges(&[404_000.0, 405_050.0, 405_170.0]));
    case.raster("unit.tif", ground(), Some("EPSG:4547"), |_, _| 1.0);
    case.raster(
        "coarse.tif",
        cells(3, 3, WEST - 500.0, NORTH + 500.0, 400.0),
        Some("EPSG:4547"),
        |_, _| 1.0,
    );
    case.raster(
        "fine.tif",
        cells(160, 160, WEST, NORTH, 1.25),
        Some("EPSG:4547"),
        |_, _| 1.0,
    );
    for body in [
        "[rain]\nseries = \"series.csv\"\n",
        "[rain]\nseries = \"text.csv\"\n",
        "[rain]\ngauges = \"one.csv\"\n",
        "[rain]\ngauges = \"three.csv\"\n",
        "[rain]\ngauges = \"three.csv\"\nspread = \"nearest\"\n",
        "[rain]\nraster = \"unit.tif\"\nseries = \"series.csv\"\n",
        "[rain]\nraster = \"coarse.tif\"\nseries = \"series.csv\"\n",
        "[rain]\nraster = \"fine.tif\"\nseries = \"series.csv\"\n",
    ] {
        for solver in [
            "",
            "[solver]\nscheme = \"local_inertial\"\n",
            "[solver]\ncell_size_m = 30\n",
        ] {
            same(case.rain(600.0, &format!("{body}{solver}")), exact);
        }
    }
}

/// 36 mm/h for 300 s, then 72: 3 and 6 mm.
#[test]
fn steps_of_rain_fall_whole_as_rasters_gauges_and_series() {
    let case = Case::new();
    for (name, rate) in [("a.tif", 36.0), ("b.tif", 72.0), ("none.tif", 0.0)] {
        case.raster(name, ground(), Some("EPSG:4547"), |_, _| rate);
    }
    case.write("list.csv", "time_s,raster\n0,a.tif\n300,b.tif\n");
    case.write(
        "longer.csv",
        "# after: zero\ntime_s,raster\n0,a.tif\n300,b.tif\n",
    );
    case.write(
        "dry.csv",
        "time_s,raster\n0,a.tif\n300,b.tif\n600,none.tif\n900,none.tif\n",
    );
    case.write(
        "series.csv",
        "time_s,rate_mm_h\n0,36\n300,36\n300.000001,72\n600,72\n",
    );
    let exact = AREA * 9e-3;
    same(case.rain(600.0, "[rain]\nrasters = \"list.csv\"\n"), exact);
    same(
        case.rain(1200.0, "[rain]\nrasters = \"longer.csv\"\n"),
        exact,
    );
    same(case.rain(1200.0, "[rain]\nrasters = \"dry.csv\"\n"), exact);
    let series = case.rain(600.0, "[rain]\nseries = \"series.csv\"\n");
    assert!((series / exact - 1.0).abs() < 1e-8, "{series}");
    let fault = case.fault(1200.0, "[rain]\nrasters = \"list.csv\"\n");
    assert!(
        fault.contains("list.csv: it ends 600 s after the start"),
        "{fault}"
    );
}

/// A design storm carries what its formula says: 3618.427 (1 + 0.533 lg 20)/(120 + 11.259)^0.75 L/s/ha for two hours.
#[test]
fn a_design_storm_is_that_of_its_formula() {
    let case = Case::new();
    let depth = 3618.427 * (1.0 + 0.533 * 20f64.log10()) / 131.259f64.powf(0.75) * 1e-7 * 7200.0;
    let found = case.rain(9000.0, "[rain]\ndesign = { return_period_years = 20 }\n");
    assert!((found / (AREA * depth) - 1.0).abs() < 1e-8, "{found}");
}

/// Sharp edges: 60 mm/h east of the middle, nothing west of it, a wall of no data between.
#[test]
fn rain_rasters_keep_their_edges() {
    let case = Case::new();
    case.raster(
        "dem.tif",
        cells(41, 20, WEST, NORTH, 10.0),
        Some("EPSG:4547"),
        |_, col| {
            if col == 20 { f32::NAN } else { 5.0 }
        },
    );
    case.raster(
        "half.tif",
        cells(2, 1, WEST, NORTH, 205.0),
        Some("EPSG:4547"),
        |_, col| 60.0 * col as f32,
    );
    case.write(
        "g.csv",
        "id,x,y\nwest,405195,2497900\neast,405215,2497900\n",
    );
    case.run(
        3600.0,
        "[rain]\nraster = \"half.tif\"\n[gauges]\nsource = \"g.csv\"\n",
    )
    .expect("a run");
    let text = std::fs::read_to_string(case.out().join("gauges.csv")).expect("there");
    assert!(text.contains("3600,west,0,,0"), "{text}");
    assert!(text.contains("3600,east,0.0600,5.0600"), "{text}");
}

#[test]
fn series_that_do_not_tell_of_the_whole_run_are_refused_unless_somebody_says_what_holds() {
    let case = Case::new();
    case.write("hour.csv", "time_s,rate_mm_h\n0,60\n3600,60\n");
    case.write("late.csv", "time_s,rate_mm_h\n3600,60\n7200,60\n");
    case.write(
        "g.csv",
        "gauge,x,y,time_s,rate_mm_h\nA,405050,2497950,0,60\nA,405050,2497950,3600,60\n",
    );
    case.write("q.csv", "time_s,discharge_m3_s\n0,1\n3600,1\n");
    case.write("tide.csv", "time_s,level_m\n0,5.5\n1800,6\n");
    case.raster("unit.tif", ground(), Some("EPSG:4547"), |_, _| 1.0);
    let at = "at = [405100, 2497900]\n";
    for (body, text) in [
        ("[rain]\nseries = \"hour.csv\"\n", "ends 3600 s"),
        ("[rain]\nseries = \"late.csv\"\n", "begins 3600 s"),
        ("[rain]\ngauges = \"g.csv\"\n", "ends 3600 s"),
        (
            "[rain]\nraster = \"unit.tif\"\nseries = \"hour.csv\"\n",
            "ends 3600 s",
        ),
        (
            &format!("[[inflow]]\n{at}series = \"q.csv\"\n"),
            "ends 3600 s",
        ),
        (
            "[[boundary]]\nwhere = \"west\"\nkind = \"level\"\nseries = \"tide.csv\"\n",
            "ends 1800 s",
        ),
        (
            "[[boundary]]\nwhere = \"west\"\nkind = \"discharge\"\nseries = \"q.csv\"\n",
            "ends 3600 s",
        ),
        (
            &format!("[[structure]]\nkind = \"pump\"\n{at}series = \"q.csv\"\n"),
            "ends 3600 s",
        ),
        (
            &format!(
                "[[structure]]\nkind = \"weir\"\n{at}outside_series = \"tide.csv\"\ncrest_m = 6\nwidth_m = 2\n"
            ),
            "ends 1800 s",
        ),
    ] {
        let fault = case.fault(7200.0, body);
        assert!(
            fault.contains(text) && fault.contains("hold"),
            "{body}: {fault}"
        );
    }
    // An hour of 60 mm/h, or two.
    for (name, key) in [("series", "hour.csv"), ("gauges", "g.csv")] {
        let body = |after: &str| format!("[rain]\n{name} = \"{key}\"\nafter = \"{after}\"\n");
        same(case.rain(7200.0, &body("zero")), AREA * 0.06);
        same(case.rain(7200.0, &body("hold")), AREA * 0.12);
    }
    same(
        case.rain(7200.0, "[rain]\nseries = \"late.csv\"\nbefore = \"zero\"\n"),
        AREA * 0.06,
    );
    let body = format!("[[inflow]]\n{at}series = \"q.csv\"\nafter = \"zero\"\n");
    same(
        line(&case.run(7200.0, &body).expect("a run"), "inflow 1")[0],
        3600.0,
    );
    let fault = case.fault(600.0, "[rain]\nrate_mm_h = 5\nafter = \"hold\"\n");
    assert!(fault.contains("belong to a series"), "{fault}");
}

#[test]
fn numbers_that_stand_for_none_are_refused_or_unknown() {
    let case = Case::new();
    for value in ["-9999", "9999", "1e20", "-3.40282e38", "-32768"] {
        case.write(
            "tide.csv",
            &format!("time_s,level_m\n0,6\n300,{value}\n600,6\n"),
        );
        let fault = case.fault(
            600.0,
            "[[boundary]]\nwhere = \"west\"\nkind = \"level\"\nseries = \"tide.csv\"\n",
        );
        assert!(
            fault.contains("tide.csv, line 3: ") && fault.contains("missing"),
            "{fault}"
        );
        let row = |gauge: &str, t: u32, rate: &str| format!("{gauge},405050,2497950,{t},{rate}\n");
        let head = "gauge,x,y,time_s,rate_mm_h\n";
        let rows = [
            ("A", 0, "36"),
            ("A", 300, value),
            ("A", 600, "36"),
            ("B", 0, "36"),
            ("B", 600, "36"),
        ];
        let rows = rows.map(|(gauge, t, rate)| row(gauge, t, rate)).concat();
        case.write("g.csv", &format!("{head}{rows}"));
        let summary = case
            .run(600.0, "[rain]\ngauges = \"g.csv\"\n")
            .expect("a run");
        same(rain_of(&summary), AREA * 6e-3);
        assert!(
            notes(&summary).contains("g.csv, line 3: 1 reports have no rate"),
            "{}",
            notes(&summary)
        );
        let alone = rows_of(&format!("{head}{rows}"), "A");
        case.write("g.csv", &alone);
        let fault = case.fault(600.0, "[rain]\ngauges = \"g.csv\"\n");
        assert!(
            fault.contains("no gauge reports between 0 s and 300 s"),
            "{fault}"
        );
    }
}

fn rows_of(table: &str, gauge: &str) -> String {
    let kept = table
        .lines()
        .filter(|l| l.starts_with("gauge") || l.starts_with(gauge));
    kept.map(|line| format!("{line}\n")).collect()
}

/// The same ground with holes in it, at any cell size: what falls is area × depth.
#[test]
fn the_domain_is_what_the_ground_covers_at_any_cell_size() {
    let case = Case::new();
    case.raster(
        "d21.tif",
        cells(21, 21, WEST, NORTH, 10.0),
        Some("EPSG:4547"),
        |_, _| 5.0,
    );
    let hole = |row: usize, col: usize| (3..8).contains(&row) && (5..12).contains(&col);
    case.raster(
        "hole.tif",
        cells(21, 21, WEST, NORTH, 10.0),
        Some("EPSG:4547"),
        |r, c| {
            if hole(r, c) { f32::NAN } else { 5.0 }
        },
    );
    // Twenty columns and three rows of no data around it.
    case.raster(
        "padded.tif",
        cells(41, 27, WEST - 200.0, NORTH + 30.0, 10.0),
        Some("EPSG:4547"),
        |r, c| {
            if (3..24).contains(&r) && c >= 20 {
                5.0
            } else {
                f32::NAN
            }
        },
    );
    for (dem, area) in [
        ("d21.tif", 44_100.0),
        ("hole.tif", 44_100.0 - 3500.0),
        ("padded.tif", 44_100.0),
    ] {
        for size in [
            "",
            "cell_size_m = 7\n",
            "cell_size_m = 10\n",
            "cell_size_m = 30\n",
            "cell_size_m = 40\n",
            "cell_size_m = 80\n",
        ] {
            let body = format!(
                "[terrain]\nelevation = \"{dem}\"\n[rain]\nrate_mm_h = 36\n[solver]\n{size}"
            );
            let summary = case.run(600.0, &body).expect("a run");
            same(rain_of(&summary), area * 6e-3);
            same(summary.volume_stored_m3, area * 6e-3 * (1.0 + 1e-12));
            let depth = format!(
                "[terrain]\nelevation = \"{dem}\"\n[initial]\ndepth = 0.5\n[solver]\n{size}"
            );
            let initial = line(&case.run(1.0, &depth).expect("a run"), "initial")[0];
            assert!(
                (initial / (area * 0.5) - 1.0).abs() < 1e-6,
                "{dem} {size}: {initial}"
            );
        }
    }
    let told = case
        .run(
            60.0,
            "[terrain]\nelevation = \"d21.tif\"\n[solver]\ncell_size_m = 40\n",
        )
        .expect("a run");
    assert!(
        notes(&told).contains("cells are 42 m by 42 m rather than 40 m"),
        "{}",
        notes(&told)
    );
    let told = case
        .run(
            60.0,
            "[terrain]\nelevation = \"hole.tif\"\n[solver]\ncell_size_m = 30\n",
        )
        .expect("a run");
    assert!(
        notes(&told).contains("have ground in a part"),
        "{}",
        notes(&told)
    );
}

/// Name of a raster, the scenario that names its file, and what is said of ground without a value.
type Way<'a> = (&'a str, &'a dyn Fn(&str) -> String, Option<&'a str>);

/// One door: whatever a raster tells, its CRS, cover and range are asked for.
#[test]
fn rasters_are_asked_for_crs_cover_and_range() {
    let case = Case::new();
    let half = cells(10, 20, WEST, NORTH, 10.0);
    let far = cells(20, 20, WEST + 50_000.0, NORTH, 10.0);
    for (name, value) in [
        ("n", 0.05),
        ("level", 6.0),
        ("depth", 0.5),
        ("rain", 36.0),
        ("rate", 10.0),
        ("cn", 80.0),
        ("q", 0.1),
    ] {
        case.raster(
            &format!("{name}.tif"),
            ground(),
            Some("EPSG:4547"),
            |_, _| value,
        );
        case.raster(
            &format!("{name}_half.tif"),
            half,
            Some("EPSG:4547"),
            |_, _| value,
        );
        case.raster(
            &format!("{name}_far.tif"),
            far,
            Some("EPSG:4547"),
            |_, _| value,
        );
        case.raster(
            &format!("{name}_none.tif"),
            ground(),
            Some("EPSG:4547"),
            |_, _| -9999.0,
        );
        case.raster(
            &format!("{name}_odd.tif"),
            ground(),
            Some("EPSG:4547"),
            |_, _| 7777.7 * 1000.0,
        );
    }
    let dem = "[terrain]\nelevation = \"dem.tif\"\n";
    let ways: [Way<'_>; 7] = [
        (
            "n",
            &|f| format!("{dem}roughness = \"{f}\"\n"),
            Some("Manning's n is taken as 0.035"),
        ),
        (
            "level",
            &|f| format!("[initial]\nlevel = \"{f}\"\n"),
            Some("the ground is taken as dry"),
        ),
        (
            "depth",
            &|f| format!("[initial]\ndepth = \"{f}\"\n"),
            Some("the ground is taken as dry"),
        ),
        (
            "rain",
            &|f| format!("[rain]\nraster = \"{f}\"\n"),
            Some("no rain is taken to fall"),
        ),
        (
            "q",
            &|f| format!("[initial]\ndepth = 1\ndischarge_x = \"{f}\"\ndischarge_y = \"{f}\"\n"),
            Some("the water is taken as at rest"),
        ),
        (
            "rate",
            &|f| format!("{dem}infiltration = {{ method = \"constant\", rate_mm_h = \"{f}\" }}\n"),
            None,
        ),
        (
            "cn",
            &|f| format!("{dem}infiltration = {{ method = \"scs\", curve_number = \"{f}\" }}\n"),
            None,
        ),
    ];
    for (name, body, elsewhere) in ways {
        let whole = case
            .run(10.0, &body(&format!("{name}.tif")))
            .expect("a run");
        assert!(
            !notes(&whole).contains(&format!("{name}.tif")),
            "{}",
            notes(&whole)
        );
        let half = case.run(10.0, &body(&format!("{name}_half.tif")));
        match elsewhere {
            Some(elsewhere) => {
                let text = notes(&half.expect("a run"));
                assert!(
                    text.contains("for 50.0 % of the ground") && text.contains(elsewhere),
                    "{text}"
                );
            }
            None => {
                let text = half.expect_err("half covered");
                assert!(text.contains("for 50.0 % of the ground only"), "{text}");
            }
        }
        for (file, texts) in [
            ("far", ["on the ground"; 2]),
            ("none", ["on the ground", "no cell holds a value"]),
            (
                "odd",
                ["row 1, column 1, outside", "heights that cannot be"],
            ),
        ] {
            let fault = case.fault(10.0, &body(&format!("{name}_{file}.tif")));
            let told = texts.iter().any(|text| fault.contains(text));
            assert!(
                told && fault.contains(&format!("{name}_{file}.tif")),
                "{fault}"
            );
        }
    }
    for (value, text) in [
        (-9999.0, "no cell holds a value"),
        (9500.0, "heights that cannot be"),
        (-501.0, "outside -500"),
    ] {
        case.raster("odd.tif", ground(), Some("EPSG:4547"), |_, _| value);
        let fault = case.fault(10.0, "[terrain]\nelevation = \"odd.tif\"\n");
        assert!(fault.contains(text), "{fault}");
    }
}

/// A hole of -9999 in ground without a no-data tag is no ground: 399 cells are.
#[test]
fn sentinels_in_the_ground_are_no_ground() {
    let case = Case::new();
    for value in [-9999.0, -32_767.0, -32_768.0, 9999.0, 1e20, f32::MIN] {
        case.raster("odd.tif", ground(), Some("EPSG:4547"), |r, c| {
            if (r, c) == (9, 9) { value } else { 5.0 }
        });
        let summary = case
            .run(
                600.0,
                "[terrain]\nelevation = \"odd.tif\"\n[rain]\nrate_mm_h = 36\n",
            )
            .expect("a run");
        same(rain_of(&summary), 239.4);
        assert!(
            notes(&summary).contains("1 cells hold"),
            "{}",
            notes(&summary)
        );
    }
}

/// 50 000 m² at 9 m over ground at 5: the same water from a raster in degrees (EPSG:4490) over the ground and beyond.
#[test]
fn rasters_in_another_crs_are_brought_to_the_ground() {
    let case = Case::new();
    // EPSG:4547 (405000..405200, 2497800..2498000) is 113.0762..113.0783° E, 22.5753..22.5772° N (cs2cs).
    let degrees = cells(40, 40, 113.07, 22.59, 0.0005);
    case.raster("level.tif", degrees, Some("EPSG:4490"), |_, _| 9.0);
    case.raster("rain.tif", degrees, Some("EPSG:4490"), |_, _| 36.0);
    let summary = case
        .run(1.0, "[initial]\nlevel = \"level.tif\"\n")
        .expect("a run");
    let stored = line(&summary, "initial")[0];
    assert!((stored / (AREA * 4.0) - 1.0).abs() < 1e-6, "{stored}");
    assert!(
        notes(&summary).contains("from EPSG:4490 to EPSG:4547"),
        "{}",
        notes(&summary)
    );
    same(
        case.rain(600.0, "[rain]\nraster = \"rain.tif\"\n"),
        AREA * 6e-3,
    );
}

const SQUARE: &str = r#"{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4547"}},"features":[FEATURES]}"#;

fn square(x: f64, y: f64, side: f64, code: &str) -> String {
    let (x1, y1) = (x + side, y + side);
    format!(
        r#"{{"type":"Feature","properties":{{"code":"{code}","people":100,"height":6}},"geometry":{{"type":"Polygon","coordinates":[[[{x},{y}],[{x1},{y}],[{x1},{y1}],[{x},{y1}],[{x},{y}]]]}}}}"#
    )
}

#[test]
fn layers_beside_the_ground_are_refused_and_partly_so_told() {
    let case = Case::new();
    let file = |name: &str, squares: &[String]| {
        case.write(name, &SQUARE.replace("FEATURES", &squares.join(",")));
    };
    let on = square(WEST + 50.0, NORTH - 100.0, 40.0, "on");
    let off = square(WEST + 5050.0, NORTH - 100.0, 40.0, "off");
    file("on.geojson", std::slice::from_ref(&on));
    file("off.geojson", std::slice::from_ref(&off));
    file("both.geojson", &[on, off]);
    let ways: [&dyn Fn(&str) -> String; 3] = [
        &|f| format!("[grids]\nsource = \"{f}\"\n"),
        &|f| format!("[buildings]\nsource = \"{f}\"\n"),
        &|f| format!("[[roughness_zone]]\nsource = \"{f}\"\nmanning = 0.1\n"),
    ];
    for body in ways {
        assert!(
            !notes(&case.run(5.0, &body("on.geojson")).expect("a run"))
                .contains("beside the ground")
        );
        let fault = case.fault(5.0, &body("off.geojson"));
        assert!(
            fault.contains("off.geojson: none of its 1 features lies on the ground"),
            "{fault}"
        );
        let text = notes(&case.run(5.0, &body("both.geojson")).expect("a run"));
        assert!(
            text.contains("1 of its 2 features lie beside the ground"),
            "{text}"
        );
    }
    // Ground with data is what counts, not the raster's box.
    case.raster("dem.tif", ground(), Some("EPSG:4547"), |_, col| {
        if col < 10 { f32::NAN } else { 5.0 }
    });
    for body in ways {
        let fault = case.fault(5.0, &body("on.geojson"));
        assert!(fault.contains("lies on the ground"), "{fault}");
    }
    for (body, text) in [
        (
            "[[inflow]]\npolygon = \"on.geojson\"\ndischarge_m3_s = 1\n",
            "where the terrain has no data",
        ),
        (
            "[[inflow]]\nat = [405055, 2497950]\ndischarge_m3_s = 1\n",
            "lies outside the terrain",
        ),
        (
            "[[boundary]]\npolygon = \"on.geojson\"\nkind = \"level\"\nvalue = 6\n",
            "where the terrain has no data",
        ),
        (
            "[[boundary]]\npolygon = \"on.geojson\"\nkind = \"free\"\n",
            "where the terrain has no data",
        ),
        (
            "[[structure]]\nkind = \"levee\"\nline = [[405000, 2497950], [405080, 2497950]]\ncrest_m = 9\n",
            "meets no face",
        ),
        (
            "[[structure]]\nkind = \"pump\"\nat = [405055, 2497950]\nrate_m3_s = 1\n",
            "can hold water",
        ),
        (
            "[gauges]\nsource = \"g.csv\"\n",
            "lies where the terrain has no data",
        ),
    ] {
        case.write("g.csv", "id,x,y\na,405055,2497950\n");
        let fault = case.fault(5.0, body);
        assert!(fault.contains(text), "{body}: {fault}");
    }
}

/// A sea polygon over a masked collar comes in at the shore: 3 m over ground at 1 m in the end.
#[test]
fn a_sea_over_masked_ground_comes_in_at_the_shore() {
    let case = Case::new();
    case.raster("dem.tif", ground(), Some("EPSG:4547"), |_, col| {
        if col < 5 { f32::NAN } else { 1.0 }
    });
    case.write(
        "sea.geojson",
        &SQUARE.replace(
            "FEATURES",
            &square(WEST - 150.0, NORTH - 200.0, 200.0, "sea"),
        ),
    );
    let polygon = "polygon = \"sea.geojson\"";
    for place in [polygon, "where = \"west\""] {
        let body = format!("[[boundary]]\n{place}\nkind = \"level\"\nvalue = 3.0\n");
        let summary = case.run(3600.0, &body).expect("a run");
        let full = 0.75 * AREA * 2.0;
        assert!(
            (summary.volume_stored_m3 / full - 1.0).abs() < 0.02,
            "{place}: {}",
            summary.volume_stored_m3
        );
    }
}

#[test]
fn cells_in_degrees_are_refused_without_a_crs_too() {
    let case = Case::new();
    let row = vec!["5"; 20].join(" ");
    let rows = vec![row; 20].join("\n");
    let head = "ncols 20\nnrows 20\nxllcorner 113.07\nyllcorner 22.57\ncellsize 0.000278\nNODATA_value -9999\n";
    case.write("dem.asc", &format!("{head}{rows}\n"));
    let fault = case.fault(600.0, "[terrain]\nelevation = \"dem.asc\"\n");
    assert!(fault.contains("degrees"), "{fault}");
    case.raster(
        "dem.tif",
        cells(20, 20, 113.07, 22.57, 0.000278),
        Some("EPSG:4326"),
        |_, _| 5.0,
    );
    assert!(case.fault(600.0, "").contains("in degrees"));
}

/// The cases of the reference data beside the checkout, with the value that its README works out.
#[test]
fn the_shared_inputs_give_their_right_values() {
    let Some(folder) = stormgrid_tests::shared_data("inputs/scenarios") else {
        return;
    };
    let out = tempfile::tempdir().expect("a folder");
    let run = |id: &str| run_file(&folder.join(format!("{id}.toml")), &out.path().join("out"));
    for (id, volume) in [
        ("f07_10", 264.6),
        ("f07_40", 264.6),
        ("b08_ramp", 240.0),
        ("b08_series", 240.0),
    ] {
        same(rain_of(&run(id).expect("a run")), volume);
    }
    for (id, text) in [
        ("b04_series", "ends 3600 s after the start"),
        ("b04_tide", "ends 1800 s after the start"),
        ("b06_tide9999", "line 3: -9999 stands for a missing value"),
        ("b08_gauge_end", "ends 3600 s after the start"),
        ("r15_degrees", "degrees"),
        ("g21_far", "lies on the ground"),
        ("g21_buildings", "lies on the ground"),
        ("r25_zone", "lies on the ground"),
        ("r25_levee", "meets no face"),
    ] {
        let fault = run(id).err().unwrap_or_else(|| panic!("{id}: it was run"));
        assert!(fault.contains(text), "{id}: {fault}");
    }
    let half = run("r23_half").expect("a run");
    assert!(
        notes(&half).contains("for 50.0 % of the ground"),
        "{}",
        notes(&half)
    );
    let level = run("r24_level").expect("a run");
    assert!(
        level.volume_stored_m3 > 1000.0 && notes(&level).contains("to EPSG:4547"),
        "{}",
        notes(&level)
    );
    let (masked, open) = (
        run("b01b_masked").expect("a run"),
        run("b01b_open").expect("a run"),
    );
    println!(
        "b01b: masked {} m3, open {} m3",
        masked.volume_stored_m3, open.volume_stored_m3
    );
    assert!(masked.volume_stored_m3 > 0.9 * open.volume_stored_m3);
    // One cell and sixteen cells of 400 hold -9999.
    for (id, volume) in [("r17_nonodata", 239.4), ("r20_untagged", 230.4)] {
        same(rain_of(&run(id).expect("a run")), volume);
    }
    run("b10").expect("a run");
    let text = std::fs::read_to_string(out.path().join("out/gauges.csv")).expect("there");
    let last: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("3600,"))
        .collect();
    println!("{last:?}");
    for line in last {
        let mut fields = line.split(',').skip(2);
        let depth: f64 = fields.next().and_then(|d| d.parse().ok()).expect("a depth");
        assert!(depth == 0.0 || (depth - 0.06).abs() < 1e-4, "{line}");
    }
}
