//! The same ground in many files: tiled, striped, masked, south-up, of other samples, as ASCII; the same water.

use crate::program::{Folder, Run};
use crate::rows::{Row, hold};
use crate::tiff::{Cells, Dress, Layout, NoData, Place, Sample};

/// Rows of the table.
pub const ROWS: usize = 3 * (24 + 16);

const N: usize = 40;
const SIDE_M: f64 = 10.0;
const WEST: f64 = 405_000.0;
const NORTH: f64 = 2_498_000.0;

/// A slope with a bump: quarters of a metre, which every sample format holds exactly.
fn height(row: usize, col: usize) -> f64 {
    let bump = if (10..14).contains(&row) && (20..26).contains(&col) {
        2.0
    } else {
        0.0
    };
    2.0 + 0.25 * (col as f64) + 0.5 * ((row / 8) as f64) + bump
}

fn cells(holes: bool) -> Cells {
    let inside = |row: usize, col: usize| !holes || (col >= 9 && !(row > 30 && col > 25));
    let values = (0..N * N).map(|i| match inside(i / N, i % N) {
        true => height(i / N, i % N),
        false => f64::NAN,
    });
    Cells {
        n_cols: N,
        n_rows: N,
        west: WEST,
        north: NORTH,
        side: SIDE_M,
        values: values.collect(),
    }
}

/// An ESRI ASCII grid; `empty` stands for NaN.
fn ascii(cells: &Cells, header: &str, empty: &str, line_end: &str, gap: &str) -> String {
    let mut text = header.replace('\n', line_end);
    for row in cells.values.chunks(cells.n_cols) {
        let fields: Vec<String> = row
            .iter()
            .map(|z| {
                if z.is_nan() {
                    empty.to_owned()
                } else {
                    z.to_string()
                }
            })
            .collect();
        text.push_str(&fields.join(gap));
        text.push_str(line_end);
    }
    text
}

fn header(rest: &str) -> String {
    let south = NORTH - N as f64 * SIDE_M;
    format!("ncols {N}\nnrows {N}\nxllcorner {WEST}\nyllcorner {south}\ncellsize {SIDE_M}\n{rest}")
}

fn simulated(folder: &Folder, name: &str) -> Result<Run, String> {
    folder.write("points.csv", "id,x,y\ng,405205,2497795\n");
    folder.simulate(&format!(
        "[run]\nstart = \"2023-09-01T00:00:00+08:00\"\nduration_s = 600\noutput_interval_s = 600\n\
         [terrain]\nelevation = \"{name}\"\n[rain]\nrate_mm_h = 90\n[gauges]\nsource = \"points.csv\"\n"
    ))
}

fn rows_of(name: &str, run: &Result<Run, String>, base: &Run, rain: f64) -> Vec<Row> {
    let taken = |figure: &dyn Fn(&Run) -> crate::rows::Figure| {
        run.as_ref().map(figure).map_err(Clone::clone)
    };
    let row = |figure, want: crate::rows::Figure, got, within| Row {
        name: name.to_owned(),
        figure,
        want,
        got,
        within,
    };
    vec![
        row(
            "volume of rain",
            rain.into(),
            taken(&|run| run.source("rain").into()),
            1e-9,
        ),
        row(
            "level at the gauge",
            base.text("gauges.csv").into(),
            taken(&|run| run.text("gauges.csv").into()),
            0.0,
        ),
        row(
            "digest",
            base.digest().into(),
            taken(&|run| run.digest().into()),
            0.0,
        ),
    ]
}

fn held(table: &str, cells: &Cells, base: &Dress, files: Vec<(&str, Vec<u8>)>, n_rows: usize) {
    let folder = Folder::new();
    folder.write("base.tif", base.write(cells));
    let base = simulated(&folder, "base.tif").expect("the base runs");
    let ground = cells.values.iter().filter(|z| z.is_finite()).count() as f64;
    let rain = ground * SIDE_M * SIDE_M * 0.090 / 6.0;
    let mut rows = Vec::new();
    for (name, bytes) in files {
        let ending = if bytes.starts_with(b"II") || bytes.starts_with(b"MM") {
            "tif"
        } else {
            "asc"
        };
        let file = format!("dem.{ending}");
        folder.write(&file, bytes);
        rows.extend(rows_of(name, &simulated(&folder, &file), &base, rain));
    }
    hold(table, &rows, n_rows);
}

#[test]
fn a_ground_is_the_same_in_every_file() {
    let cells = cells(false);
    let tif = |dress: Dress| dress.write(&cells);
    let samples = |sample| Dress {
        sample,
        ..Dress::default()
    };
    let places = |place| Dress {
        place,
        ..Dress::default()
    };
    let plain = header("NODATA_value -9999\n");
    let centre = format!(
        "NCOLS {N}\nNROWS {N}\nXLLCENTER {}\nYLLCENTER {}\nCELLSIZE {SIDE_M}\n",
        WEST + 0.5 * SIDE_M,
        NORTH - (N as f64 - 0.5) * SIDE_M
    );
    let axes = format!(
        "ncols {N}\nnrows {N}\nxllcorner {WEST}\nyllcorner {}\ndx {SIDE_M}\ndy {SIDE_M}\n",
        NORTH - N as f64 * SIDE_M
    );
    let files = vec![
        (
            "strips of one row",
            tif(Dress {
                layout: Layout::Strips(1),
                ..Dress::default()
            }),
        ),
        (
            "strips of seven rows",
            tif(Dress {
                layout: Layout::Strips(7),
                ..Dress::default()
            }),
        ),
        (
            "one strip",
            tif(Dress {
                layout: Layout::Strips(N),
                ..Dress::default()
            }),
        ),
        (
            "tiles of 16",
            tif(Dress {
                layout: Layout::Tiles(16),
                ..Dress::default()
            }),
        ),
        (
            "a tile larger than the raster",
            tif(Dress {
                layout: Layout::Tiles(64),
                ..Dress::default()
            }),
        ),
        (
            "deflate",
            tif(Dress {
                packed: true,
                ..Dress::default()
            }),
        ),
        (
            "deflated tiles",
            tif(Dress {
                packed: true,
                layout: Layout::Tiles(16),
                ..Dress::default()
            }),
        ),
        (
            "big endian",
            tif(Dress {
                little: false,
                ..Dress::default()
            }),
        ),
        (
            "BigTIFF",
            tif(Dress {
                big: true,
                ..Dress::default()
            }),
        ),
        (
            "BigTIFF, big endian, tiles",
            tif(Dress {
                big: true,
                little: false,
                layout: Layout::Tiles(32),
                ..Dress::default()
            }),
        ),
        ("f64", tif(samples(Sample::F64))),
        (
            "i16 in quarters of a metre",
            tif(samples(Sample::I16 { scale: 0.25 })),
        ),
        (
            "i16 in decimetres and a half",
            tif(samples(Sample::I16 { scale: 0.05 })),
        ),
        (
            "i32 in millimetres",
            tif(samples(Sample::I32 { scale: 0.001 })),
        ),
        ("a tie point in the middle", tif(places(Place::MiddleTie))),
        ("a matrix", tif(places(Place::Matrix))),
        ("south up", tif(places(Place::SouthUp))),
        (
            "a point is the centre of a cell",
            tif(places(Place::PixelIsPoint)),
        ),
        (
            "white is zero",
            tif(Dress {
                white_is_zero: true,
                ..Dress::default()
            }),
        ),
        (
            "a full mask",
            tif(Dress {
                no_data: NoData::Mask,
                ..Dress::default()
            }),
        ),
        (
            "ASCII",
            ascii(&cells, &plain, "-9999", "\n", " ").into_bytes(),
        ),
        (
            "ASCII by its centre, in capitals",
            ascii(&cells, &centre, "-9999", "\n", "  ").into_bytes(),
        ),
        (
            "ASCII with dx and dy, tabs",
            ascii(&cells, &axes, "-9999", "\n", "\t").into_bytes(),
        ),
        (
            "ASCII with Windows line ends",
            ascii(&cells, &plain, "-9999", "\r\n", " ").into_bytes(),
        ),
    ];
    held("ground", &cells, &Dress::default(), files, 3 * 24);
}

#[test]
fn ground_that_is_missing_is_missing_however_it_is_told() {
    let cells = cells(true);
    let of = |no_data| Dress {
        no_data,
        ..Dress::default()
    };
    let tif = |no_data| of(no_data).write(&cells);
    let files = vec![
        ("NaN, tagged", tif(NoData::Tagged(f64::NAN))),
        ("NaN, untagged", tif(NoData::Untagged(f64::NAN))),
        ("-9999, untagged", tif(NoData::Untagged(-9999.0))),
        ("-32768, tagged", tif(NoData::Tagged(-32768.0))),
        ("-32767, untagged", tif(NoData::Untagged(-32767.0))),
        (
            "-3.4e38, tagged",
            tif(NoData::Tagged(-3.402_823_466_385_288_6e38)),
        ),
        (
            "-3.4e38, untagged",
            tif(NoData::Untagged(-3.402_823_466_385_288_6e38)),
        ),
        ("1e20, untagged", tif(NoData::Untagged(1e20))),
        ("0, tagged", tif(NoData::Tagged(0.0))),
        ("a mask of bytes", tif(NoData::Mask)),
        ("a mask of bits", tif(NoData::BitMask)),
        (
            "a mask, tiles",
            Dress {
                layout: Layout::Tiles(16),
                ..of(NoData::Mask)
            }
            .write(&cells),
        ),
        (
            "a mask, south up, deflate",
            Dress {
                place: Place::SouthUp,
                packed: true,
                ..of(NoData::Mask)
            }
            .write(&cells),
        ),
        (
            "i16 with -9999 before its scale",
            Dress {
                sample: Sample::I16 { scale: 0.25 },
                ..of(NoData::Tagged(-2499.75))
            }
            .write(&cells),
        ),
        (
            "ASCII with its line",
            ascii(
                &cells,
                &header("NODATA_value -9999\n"),
                "-9999.0",
                "\n",
                " ",
            )
            .into_bytes(),
        ),
        (
            "ASCII without",
            ascii(&cells, &header(""), "-9999", "\n", " ").into_bytes(),
        ),
    ];
    held(
        "ground with holes",
        &cells,
        &of(NoData::Tagged(-9999.0)),
        files,
        3 * 16,
    );
}
