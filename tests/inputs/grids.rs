//! The same grids in many files: numbers as text, other encodings, other geometries, other coordinates.

use crate::program::{Folder, Run};
use crate::rows::{Row, hold};
use crate::tiff::{Cells, Dress};

/// Rows of the table.
pub const ROWS: usize = 3 * 24;

const N: usize = 40;
const SIDE_M: f64 = 10.0;
const WEST: f64 = 405_000.0;
const NORTH: f64 = 2_498_000.0;

/// One grid of the layer: code, people, corners from the north-west of the ground [m].
const GRIDS: [(&str, f64, [f64; 4]); 2] = [
    ("A1", 1200.0, [0.0, 0.0, 200.0, 400.0]),
    ("A2", 350.0, [200.0, 0.0, 400.0, 400.0]),
];

/// How the layer is written.
struct Dressing<'a> {
    people: &'a dyn Fn(f64) -> String,
    ring: &'a dyn Fn(Vec<[f64; 2]>) -> String,
    kind: &'a str,
    /// Whether the coordinates of a polygon are wrapped as those of a multipolygon.
    multi: bool,
    crs: &'a str,
    name: &'a str,
}

impl Default for Dressing<'_> {
    fn default() -> Self {
        Self {
            people: &|n| n.to_string(),
            ring: &|ring| positions(&ring, |[x, y]| format!("[{x},{y}]")),
            kind: "Polygon",
            multi: false,
            crs: r#""crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4547"}},"#,
            name: "江海区",
        }
    }
}

fn positions(ring: &[[f64; 2]], write: impl Fn([f64; 2]) -> String) -> String {
    let list: Vec<String> = ring.iter().map(|at| write(*at)).collect();
    format!("[[{}]]", list.join(","))
}

impl Dressing<'_> {
    fn features(&self) -> Vec<String> {
        let feature = |(code, people, [x0, y0, x1, y1]): &(&str, f64, [f64; 4])| {
            let corners = [[*x0, *y1], [*x1, *y1], [*x1, *y0], [*x0, *y0], [*x0, *y1]];
            let ring = corners.map(|[x, y]| [WEST + x, NORTH - y]).to_vec();
            let rings = (self.ring)(ring);
            let coordinates = if self.multi {
                format!("[{rings}]")
            } else {
                rings
            };
            format!(
                r#"{{"type":"Feature","properties":{{"code":"{code}","name":"{}","people":{}}},"geometry":{{"type":"{}","coordinates":{coordinates}}}}}"#,
                self.name,
                (self.people)(*people),
                self.kind
            )
        };
        GRIDS.iter().map(feature).collect()
    }

    fn collection(&self) -> String {
        format!(
            r#"{{"type":"FeatureCollection",{}"features":[{}]}}"#,
            self.crs,
            self.features().join(",")
        )
    }
}

fn simulated(folder: &Folder, grids: &str) -> Result<Run, String> {
    folder.simulate(&format!(
        "[run]\nstart = \"2023-09-01T00:00:00+08:00\"\nduration_s = 3600\noutput_interval_s = 3600\n\
         [terrain]\nelevation = \"dem.tif\"\n[rain]\nrate_mm_h = 999\n[grids]\nsource = \"{grids}\"\n"
    ))
}

/// UTF-16 with its mark.
fn utf16(text: &str, little: bool) -> Vec<u8> {
    let units = std::iter::once(0xfeff_u16).chain(text.encode_utf16());
    units
        .flat_map(|unit| {
            if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        })
        .collect()
}

#[test]
fn grids_have_the_same_people_in_every_file() {
    let folder = Folder::new();
    let ground = Cells {
        n_cols: N,
        n_rows: N,
        west: WEST,
        north: NORTH,
        side: SIDE_M,
        values: vec![5.0; N * N],
    };
    folder.write("dem.tif", Dress::default().write(&ground));
    let people = |people: &'static dyn Fn(f64) -> String| {
        Dressing {
            people,
            ..Dressing::default()
        }
        .collection()
        .into_bytes()
    };
    let wide = |n: f64| -> String {
        let digits = n.to_string();
        let wide = digits
            .chars()
            .map(|c| char::from_u32(c as u32 + 0xfee0).unwrap_or(c));
        format!("\"{}\"", wide.collect::<String>())
    };
    let named = Dressing::default().collection();
    let lines: String = named.replace("},", "},\r\n  ");
    let files: Vec<(&str, &str, Vec<u8>)> = vec![
        ("people as text", "geojson", people(&|n| format!("\"{n}\""))),
        ("people with a decimal point", "geojson", people(&|n| format!("{n}.0"))),
        ("people as text with a decimal point", "geojson", people(&|n| format!("\"{n}.0\""))),
        ("people as text with a decimal comma", "geojson", people(&|n| format!("\"{n},0\""))),
        ("people with blanks around", "geojson", people(&|n| format!("\"  {n} \""))),
        ("people with a space between thousands", "geojson", people(&|n| if n > 999.0 { "\"1 200\"".into() } else { format!("\"{n}\"") })),
        ("people with a narrow space", "geojson", people(&|n| if n > 999.0 { "\"1\u{202f}200\"".into() } else { format!("\"{n}\"") })),
        ("people with comma and point", "geojson", people(&|n| if n > 999.0 { "\"1,200.0\"".into() } else { format!("\"{n}\"") })),
        ("people in full width", "geojson", Dressing { people: &wide, ..Dressing::default() }.collection().into_bytes()),
        ("people in exponents", "geojson", people(&|n| format!("{n:e}"))),
        ("multipolygons", "geojson", Dressing { kind: "MultiPolygon", multi: true, ..Dressing::default() }.collection().into_bytes()),
        ("rings the other way round", "geojson", Dressing {
            ring: &|mut ring| { ring.reverse(); positions(&ring, |[x, y]| format!("[{x},{y}]")) },
            ..Dressing::default()
        }.collection().into_bytes()),
        ("rings that begin elsewhere", "geojson", Dressing {
            ring: &|mut ring| { ring.pop(); ring.rotate_left(2); ring.push(ring[0]); positions(&ring, |[x, y]| format!("[{x},{y}]")) },
            ..Dressing::default()
        }.collection().into_bytes()),
        ("heights in the positions", "geojson", Dressing {
            ring: &|ring| positions(&ring, |[x, y]| format!("[{x},{y},12.5]")),
            ..Dressing::default()
        }.collection().into_bytes()),
        ("more vertices on the edges", "geojson", Dressing {
            ring: &|ring| {
                let mut fine = vec![ring[0]];
                for pair in ring.windows(2) {
                    fine.push([0.5 * (pair[0][0] + pair[1][0]), 0.5 * (pair[0][1] + pair[1][1])]);
                    fine.push(pair[1]);
                }
                positions(&fine, |[x, y]| format!("[{x},{y}]"))
            },
            ..Dressing::default()
        }.collection().into_bytes()),
        ("a feature without geometry beside", "geojson", named.replace(
            "\"features\":[",
            "\"features\":[{\"type\":\"Feature\",\"properties\":{\"code\":\"B0\",\"people\":77},\"geometry\":null},",
        ).into_bytes()),
        ("the CRS by a short name", "geojson", named.replace("urn:ogc:def:crs:EPSG::4547", "EPSG:4547").into_bytes()),
        ("the CRS by its address", "geojson", named.replace("urn:ogc:def:crs:EPSG::4547", "http://www.opengis.net/def/crs/EPSG/0/4547").into_bytes()),
        ("a byte order mark", "geojson", format!("\u{feff}{named}").into_bytes()),
        ("lines and Windows line ends", "geojson", lines.into_bytes()),
        ("UTF-16, low byte first", "geojson", utf16(&named, true)),
        ("UTF-16, high byte first", "geojson", utf16(&named, false)),
        ("the name in GB 18030", "geojson", {
            let (head, tail) = named.split_once("江海区").expect("a name");
            let mut bytes = head.as_bytes().to_vec();
            bytes.extend([0xbd, 0xad, 0xba, 0xa3, 0xc7, 0xf8]);
            bytes.extend(tail.replace("江海区", "A2").as_bytes());
            bytes
        }),
        ("named .json", "json", named.clone().into_bytes()),
    ];
    folder.write("base.geojson", &named);
    let base = simulated(&folder, "base.geojson").expect("the base runs");
    let mut rows = Vec::new();
    for (name, ending, bytes) in files {
        let file = format!("grids.{ending}");
        folder.write(&file, bytes);
        let run = simulated(&folder, &file);
        let people = |code: &str| match &run {
            Ok(run) => run
                .cell("exposure.csv", code, "people_reached")
                .and_then(|text| text.parse::<f64>().ok())
                .map(crate::rows::Figure::from)
                .ok_or_else(|| format!("no row {code}")),
            Err(why) => Err(why.clone()),
        };
        let row = |figure, want: crate::rows::Figure, got| Row {
            name: name.to_owned(),
            figure,
            want,
            got,
            within: 1e-12,
        };
        let area = |run: &Run| {
            run.cell("exposure.csv", "A1", "area_m2")
                .unwrap_or_default()
        };
        rows.push(row("people reached in A1", 1200.0.into(), people("A1")));
        rows.push(row("people reached in A2", 350.0.into(), people("A2")));
        rows.push(row(
            "area of A1",
            area(&base).into(),
            run.as_ref().map(|r| area(r).into()).map_err(Clone::clone),
        ));
    }
    hold("grids", &rows, ROWS);
}
