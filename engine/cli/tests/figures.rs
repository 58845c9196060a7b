//! One thing, one number: every surface of one run and its ensemble tells what a search over the run's rasters finds.
//!
//! The search shares nothing with the engine's exposure, network and plan: grids, houses and roads of the twin lie on the
//! cells of the run, so that cells are counted by their rows and columns.

#[allow(dead_code, reason = "no process is stopped here")]
mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{Place, Serving, text, until};
use serde_json::Value;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_formats::chunk::{DRY, WaterFrame, decode_water};
use stormgrid_formats::elevation;

const WEST: f64 = 400_000.0;
const SOUTH: f64 = 2_500_000.0;
/// Cell size of the run [m].
const CELL: f64 = 20.0;
/// Cells along a side of the twin.
const N: usize = 50;
/// Level before the storm [m].
const LEVEL: f64 = 0.1;
const HOURS: u32 = 3;

/// Houses of one cell: column and row from the south-west, people, storeys.
const HOUSES: [(usize, usize, u32, u32); 6] = [
    (8, 10, 7, 1),
    (12, 12, 5, 3),
    (16, 30, 9, 2),
    (20, 40, 4, 4),
    (28, 20, 3, 1),
    (45, 8, 8, 2),
];

/// People of the grids: not those of their houses, so that shares of people come about.
const PEOPLE: [u32; 2] = [61, 40];

fn collection(features: &[String]) -> String {
    format!(
        r#"{{"type":"FeatureCollection","crs":{{"type":"name","properties":{{"name":"EPSG:4547"}}}},"features":[{}]}}"#,
        features.join(",")
    )
}

fn feature(kind: &str, coordinates: &str, properties: &str) -> String {
    format!(
        r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"{kind}","coordinates":{coordinates}}}}}"#
    )
}

fn at(x: f64, y: f64) -> String {
    format!("[{},{}]", WEST + x, SOUTH + y)
}

fn area([x0, y0]: [f64; 2], [x1, y1]: [f64; 2], properties: &str) -> String {
    let ring = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)].map(|(x, y)| at(x, y));
    feature("Polygon", &format!("[[{}]]", ring.join(",")), properties)
}

/// Height of the ground [m] by column of the run from the west: a river of five columns, a canal of one at 26, and land
/// that rises to the east.
fn height(column: usize) -> f64 {
    match column {
        0..5 => -2.0,
        26 => -1.0,
        _ => 1.0 + 0.08 * column as f64,
    }
}

/// Lays houses, units, shelters and roads over the small twin of the suites.
fn lay(place: &Place) {
    let dir = place.at("twin");
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).expect("written");
    let fine = RasterGeometry::new(100, 100, WEST, SOUTH + 1000.0, 10.0, 10.0).expect("valid");
    let ground = Raster::from_fn(fine, |_, c| height(c / 2) as f32);
    let bytes = elevation::write_geotiff(&ground, Some("EPSG:4547"), -9999.0).expect("a raster");
    std::fs::write(dir.join("dem.tif"), bytes).expect("written");
    let houses = HOUSES
        .iter()
        .enumerate()
        .map(|(i, (col, row, people, floors))| {
            let (x, y) = (*col as f64 * CELL, *row as f64 * CELL);
            let properties = format!(
                r#"{{"id":"h{i}","name":"h{i}","floors":{floors},"height_m":9,"people":{people}}}"#
            );
            area([x + 1.0, y + 1.0], [x + 19.0, y + 19.0], &properties)
        });
    write("houses.geojson", &collection(&houses.collect::<Vec<_>>()));
    let grid = |n: usize| {
        let x = 500.0 * n as f64;
        let properties = format!(
            r#"{{"code":"G{}","name":"G{}","people":{}}}"#,
            n + 1,
            n + 1,
            PEOPLE[n]
        );
        area([x, 0.0], [x + 500.0, 1000.0], &properties)
    };
    write("grids.geojson", &collection(&[grid(0), grid(1)]));
    let road = |code: &str, y: f64, [x0, x1]: [f64; 2], bridge: bool| {
        let line = format!("[{},{}]", at(x0, y), at(x1, y));
        let properties =
            format!(r#"{{"code":"{code}","name":"{code}","class":"primary","bridge":{bridge}}}"#);
        feature("LineString", &line, &properties)
    };
    let roads = [
        road("R1", 510.0, [105.0, 290.0], false),
        road("R2", 510.0, [290.0, 505.0], false),
        road("B1", 510.0, [505.0, 555.0], true),
        road("R3", 510.0, [555.0, 990.0], false),
    ];
    write("roads.geojson", &collection(&roads));
    let shelter = r#"{"code":"S1","name":"S1","kind":"shelter","places":500}"#;
    let point = feature("Point", &at(985.0, 515.0), shelter);
    write("shelters.geojson", &collection(&[point]));
    let manifest = std::fs::read_to_string(dir.join("twin.toml")).expect("readable");
    write(
        "twin.toml",
        &format!("{manifest}[[points]]\nsource = \"shelters.geojson\"\nkind = \"shelter\"\n"),
    );
    write("warnings.toml", "[message]\nregion = \"440704\"\n");
}

fn raster(folder: &Path, name: &str) -> Vec<f64> {
    let bytes = std::fs::read(folder.join(name)).expect("readable");
    let found = elevation::read(&bytes, name).expect("a raster").raster;
    assert_eq!((found.geometry().n_cols, found.geometry().dx), (N, CELL));
    found.into_values()
}

/// Position of a cell in a raster, by column and row from the south-west.
fn cell(col: usize, row: usize) -> usize {
    (N - 1 - row) * N + col
}

fn is_river(col: usize) -> bool {
    LEVEL - height(col) >= 0.05
}

/// Greatest depth of each cell [m], 0 where it is dry or a river.
fn flood_of(folder: &Path) -> Vec<f64> {
    let depth = raster(folder, "depth_max.tif");
    let land = |i: usize| !is_river(i % N) && depth[i].is_finite();
    (0..N * N)
        .map(|i| if land(i) { depth[i] } else { 0.0 })
        .collect()
}

/// What a search finds in a grid.
#[derive(Debug, PartialEq)]
struct Found {
    depth_max_m: f64,
    flooded_m2: f64,
    buildings: u64,
    people: f64,
}

fn search(flood: &[f64], grid: usize) -> Found {
    let columns = 25 * grid..25 * (grid + 1);
    let cells = (0..N * N).filter(|i| columns.contains(&(i % N)));
    let deep = cells.clone().filter(|&i| flood[i] >= 0.15).count();
    let own = HOUSES.iter().filter(|h| columns.contains(&h.0));
    let wet = own.clone().filter(|h| flood[cell(h.0, h.1)] >= 0.15);
    let residents: u32 = own.map(|h| h.2).sum();
    let in_reach: u32 = wet.clone().map(|h| h.2).sum();
    Found {
        depth_max_m: cells.map(|i| flood[i]).fold(0.0, f64::max),
        flooded_m2: deep as f64 * CELL * CELL,
        buildings: wet.count() as u64,
        people: f64::from(PEOPLE[grid]) * f64::from(in_reach) / f64::from(residents),
    }
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

fn near(found: f64, expected: f64, within: f64, what: &str) {
    assert!(
        (found - expected).abs() <= within,
        "{what}: {found}, not {expected}"
    );
}

/// Rows of a CSV by the value of their first column, each by the names of the columns.
fn csv(bytes: &[u8]) -> BTreeMap<String, BTreeMap<String, String>> {
    let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let mut lines = text
        .lines()
        .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let head = lines.next().expect("a head");
    let row = |cells: Vec<String>| (cells[0].clone(), head.iter().cloned().zip(cells).collect());
    lines.map(row).collect()
}

/// Depth on a road in a frame: the deepest of the cells that it crosses.
fn on_road(frame: &WaterFrame, columns: std::ops::Range<usize>) -> f64 {
    let depths = columns.map(|col| f64::from(frame.depth_cm[cell(col, 25)]) / 100.0);
    depths.fold(0.0, f64::max)
}

/// A percentile of few numbers, linear between them (Hyndman & Fan 1996, type 7).
fn percentile(values: &[f64], p: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = p * (sorted.len() - 1) as f64;
    let (low, share) = (place.floor() as usize, place.fract());
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + share * (sorted[high] - sorted[low])
}

#[test]
fn every_surface_tells_the_same_numbers() {
    let place = Place::new(HOURS * 3600);
    lay(&place);
    let server = Serving::begin(&place, &[]);
    let done = |kind: &str, id: &str| {
        until("its end", || {
            let view = server.json(&format!("/api/v1/{kind}/{id}"));
            assert_ne!(view["state"], "failed", "{view}");
            (view["state"] == "done").then_some(view)
        })
    };
    let (status, asked) = server.post("/api/v1/runs", r#"{"cell_size_m":20}"#);
    assert_eq!(status, 202, "{asked}");
    let run = done("runs", text(&asked, "id"));
    let id = text(&run, "id").to_owned();
    let folder = place.at("twin/runs").join(&id);
    let flood = flood_of(&folder);
    let found = [search(&flood, 0), search(&flood, 1)];
    assert!(found[0].people > 0.0 && found[0].people < 61.0, "{found:?}");
    assert!(found[0].people.fract() > 0.0, "{found:?}");

    rows_and_sums(&server, &folder, &run, &found);
    rivers_are_no_flood(&server, &id, &folder);
    roads(&server, &id, &folder, &flood);
    courses(&server, &id, &flood);
    end(&run, &folder);

    let body = format!(r#"{{"members":5,"seed":3,"run":"{id}","workers":2}}"#);
    let (status, asked) = server.post("/api/v1/ensembles", &body);
    assert_eq!(status, 202, "{asked}");
    let ensemble = done("ensembles", text(&asked, "id"));
    members(&place, &server, &run, &ensemble, &found);

    // An ensemble of other cells is none of this run, and warns of nothing with it.
    let other = format!(r#"{{"members":2,"run":"{id}","cell_size_m":40}}"#);
    let (status, refused) = server.post("/api/v1/ensembles", &other);
    assert_eq!(status, 400, "{refused}");
    assert!(
        text(&refused["error"]["message"], "en").contains("20 m"),
        "{refused}"
    );
    let (status, asked) = server.post("/api/v1/ensembles", r#"{"members":1,"cell_size_m":50}"#);
    assert_eq!(status, 202, "{asked}");
    let coarse = done("ensembles", text(&asked, "id"));
    let body = format!(r#"{{"run":"{id}","ensemble":"{}"}}"#, text(&coarse, "id"));
    let (status, refused) = server.post("/api/v1/warnings/drafts", &body);
    assert_eq!(status, 400, "{refused}");
    // Without a word an ensemble is of the newest forecast.
    let (_, asked) = server.post("/api/v1/ensembles", r#"{"members":1}"#);
    assert_eq!(
        (&asked["run"], &asked["cell_size_m"]),
        (&id.into(), &20.0.into())
    );
}

/// What the drafts of a run tell.
fn drafts(folder: &Path) -> Vec<Value> {
    let bytes = std::fs::read(folder.join("warnings/drafts.json")).expect("readable");
    let drafts: Vec<Value> = serde_json::from_slice(&bytes).expect("JSON");
    drafts
        .into_iter()
        .map(|mut draft| draft["content"].take())
        .collect()
}

/// List, card, CSV, GeoJSON, comparison, sums, plan and warnings.
fn rows_and_sums(server: &Serving, folder: &Path, run: &Value, found: &[Found; 2]) {
    let id = text(run, "id");
    let exposure = server.json(&format!("/api/v1/runs/{id}/exposure?layer=grids"));
    let (_, told) = server.ask(
        "GET",
        &format!("/api/v1/runs/{id}/exposure.csv?layer=grids"),
        "",
    );
    assert_eq!(
        told,
        std::fs::read(folder.join("exposure/grids.csv")).expect("readable")
    );
    let table = csv(&told);
    let geojson = server.json(&format!("/api/v1/runs/{id}/exposure.geojson?layer=grids"));
    let compared = server.json(&format!("/api/v1/compare?a={id}&b={id}&layer=grids"));
    for (n, grid) in found.iter().enumerate() {
        let row = &exposure["rows"][n];
        let code = text(row, "code");
        let card = server.json(&format!("/api/v1/grids/{code}?run={id}"));
        assert_eq!(card["exposure"], *row);
        let of_csv = |name: &str| table[code][name].parse::<f64>().expect("a number");
        let of_json = |name: &str| number(&geojson["features"][n]["properties"][name]);
        near(number(&row["depth_max_m"]), grid.depth_max_m, 1e-6, "depth");
        near(
            of_csv("depth_max_m"),
            grid.depth_max_m,
            1e-4,
            "depth of the CSV",
        );
        near(
            of_json("depth_max_m"),
            grid.depth_max_m,
            1e-4,
            "depth of the GeoJSON",
        );
        near(
            number(&compared["rows"][n]["a"]["depth_max_m"]),
            grid.depth_max_m,
            1e-6,
            "compared",
        );
        // The grids' area is that on the ellipsoid, the cells' that on the plane.
        let area = number(&row["flooded_area_m2"][1]);
        near(area, grid.flooded_m2, 2e-3 * grid.flooded_m2, "area");
        near(
            of_csv("people_reached"),
            grid.people,
            1e-4,
            "people of the CSV",
        );
        near(
            of_json("people_reached"),
            grid.people,
            1e-4,
            "people of the GeoJSON",
        );
        assert_eq!(number(&row["buildings_reached"]), grid.buildings as f64);
        let river = [5.0, 1.0][n] * 50.0 * CELL * CELL;
        near(of_csv("permanent_water_m2"), river, 1e-3, "permanent water");
    }
    let people: f64 = found.iter().map(|grid| grid.people).sum();
    let whole = people.round();
    let sums = &exposure["totals"];
    assert_eq!(*sums, run["summary"]["totals"][0]);
    near(
        number(&sums["people_reached"]),
        people,
        1e-9,
        "sum of people",
    );
    assert_eq!(number(&sums["people_reached_whole"]), whole);
    let rows = exposure["rows"].as_array().expect("rows");
    let of_rows: f64 = rows
        .iter()
        .map(|row| number(&row["people_reached_whole"]))
        .sum();
    assert_eq!(of_rows, whole);
    near(
        number(&compared["totals"]["people_reached"]["a"]),
        people,
        1e-9,
        "compared sum",
    );
    let plan = server.json(&format!("/api/v1/runs/{id}/plan"));
    assert_eq!(
        number(&plan["people"]) + number(&plan["people_above"]),
        whole
    );
    let drafts = drafts(folder);
    let residents = drafts
        .iter()
        .filter(|draft| draft["audience"] == "residents");
    let warned: f64 = residents.map(|draft| number(&draft["people"])).sum();
    assert_eq!(warned, whole, "every grid with people in reach is warned");
}

/// The raster, the frames and the first picture.
fn rivers_are_no_flood(server: &Serving, id: &str, folder: &Path) {
    let mask = raster(folder, "permanent_water.tif");
    let (_, bytes) = server.ask("GET", &format!("/api/v1/runs/{id}/frames/0"), "");
    let first = decode_water(&bytes).expect("SGW1");
    for i in 0..N * N {
        assert_eq!(mask[i] == 1.0, is_river(i % N));
        assert_eq!(first.permanent[i], is_river(i % N));
        // At the start there is water in the rivers, and no flood.
        assert_eq!(
            first.level_cm[i] != DRY,
            is_river(i % N),
            "column {}",
            i % N
        );
    }
    let place = server.json(&format!("/api/v1/at?x=-6000&y=0&run={id}"));
    assert_ne!(place["depth"]["permanent_water"], true);
}

/// List, table, warning and plan close a road at one time, between the frames in which it is shallower and deeper.
fn roads(server: &Serving, id: &str, folder: &Path, flood: &[f64]) {
    let frames: Vec<WaterFrame> = (0..=HOURS * 6)
        .map(|n| {
            decode_water(
                &server
                    .ask("GET", &format!("/api/v1/runs/{id}/frames/{n}"), "")
                    .1,
            )
        })
        .map(|frame| frame.expect("SGW1"))
        .collect();
    let list = server.json(&format!("/api/v1/runs/{id}/roads"));
    let table = csv(&std::fs::read(folder.join("exposure/roads.csv")).expect("readable"));
    let drafts = drafts(folder);
    let warned = drafts.iter().filter(|draft| draft["audience"] == "drivers");
    let warned = warned.flat_map(|draft| draft["roads"].as_array().expect("roads"));
    let warned: Vec<&Value> = warned.collect();
    let mut closed = 0;
    for (code, columns) in [("R1", 5..15), ("R2", 14..26), ("R3", 27..50)] {
        let greatest = columns
            .clone()
            .map(|col| flood[cell(col, 25)])
            .fold(0.0, f64::max);
        let of_list = list
            .as_array()
            .expect("roads")
            .iter()
            .find(|road| road["id"] == code);
        assert_eq!(of_list.is_some(), greatest >= 0.30, "{code}: {greatest}");
        let Some(of_list) = of_list else {
            assert_eq!(table[code]["closes_s"], "");
            continue;
        };
        closed += 1;
        let closes_s = number(&of_list["closes_s"]);
        near(number(&of_list["depth_max_m"]), greatest, 1e-4, code);
        let of_warning = warned
            .iter()
            .find(|road| road["id"] == code)
            .expect("warned");
        assert_eq!(of_warning["closes_s"], of_list["closes_s"]);
        assert_eq!(of_warning["reopens_s"], of_list["reopens_s"]);
        assert_eq!(table[code]["closes_s"], format!("{closes_s:.0}"));
        let deep = frames
            .iter()
            .position(|frame| on_road(frame, columns.clone()) >= 0.30);
        let deep = deep.expect("deep in some frame");
        assert!(
            closes_s <= frames[deep].time_s + 1.0,
            "{code} closes at {closes_s}"
        );
        assert!(
            deep == 0 || closes_s >= frames[deep - 1].time_s - 1.0,
            "{code} closes at {closes_s}"
        );
        let last = on_road(frames.last().expect("frames"), columns.clone());
        let stays = last >= 0.305;
        assert!(!stays || of_list["reopens_s"].is_null());
        if of_list["reopens_s"].is_null() {
            assert_eq!(number(&of_list["closed_at_end_s"]), f64::from(HOURS * 3600));
        }
    }
    assert!((1..3).contains(&closed), "{closed} roads close");
}

/// A building's course has its greatest depth, which is that of its cell.
fn courses(server: &Serving, id: &str, flood: &[f64]) {
    for (i, (col, row, ..)) in HOUSES.iter().enumerate() {
        let card = server.json(&format!("/api/v1/buildings/{i}?run={id}"));
        let greatest = number(&card["exposure"]["depth_max_m"]);
        near(greatest, flood[cell(*col, *row)], 1e-6, "depth at a wall");
        let of_place = |name: &str| number(&card[name]);
        let (x, y) = (of_place("x"), of_place("y"));
        let there = server.json(&format!("/api/v1/at?x={x}&y={y}&run={id}"));
        for course in [&card["course"], &there["depth"]] {
            let depths = course["depth_m"]
                .as_array()
                .expect("depths")
                .iter()
                .map(number);
            assert_eq!(depths.fold(0.0, f64::max), greatest);
            let times: Vec<f64> = course["time_s"]
                .as_array()
                .expect("times")
                .iter()
                .map(number)
                .collect();
            assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
        }
        assert_eq!(there["depth"]["of"], "building");
    }
}

/// What is left at the end is what the last raster holds.
fn end(run: &Value, folder: &Path) {
    let depth = raster(folder, "depth_final.tif");
    let left = (0..N * N).filter(|i| !is_river(i % N) && depth[*i] >= 0.05);
    let left: f64 = left.map(|i| depth[i] * CELL * CELL).sum();
    let summary = &run["summary"];
    let of_end = &summary["flood_end"];
    near(
        number(&of_end["end_m3"]),
        left,
        1e-3 * left.max(1.0),
        "water at the end",
    );
    let share = number(&of_end["left_share"]);
    near(share, left / number(&of_end["peak_m3"]), 1e-4, "share");
    let cut = share > 0.05 || number(&of_end["roads_closed"]) > 0.0;
    assert_eq!(summary["cut_off_at_end"], cut);
    assert!(cut, "the sea stands above the land when this run ends");
    let notes = summary["notes"].as_array().expect("notes");
    assert!(
        notes
            .iter()
            .any(|note| text(note, "en").contains("flood water")),
        "{notes:?}"
    );
}

/// The control is the run, a chance is a count, and a sum is a member's.
fn members(place: &Place, server: &Serving, run: &Value, ensemble: &Value, found: &[Found; 2]) {
    assert_eq!(ensemble["control"], run["summary"]["digest"]);
    assert_eq!(ensemble["cell_size_m"], run["cell_size_m"]);
    assert_eq!(ensemble["run"], run["id"]);
    let store = place.at("twin/ensembles/members");
    let told = std::fs::read(
        place
            .at("twin/ensembles")
            .join(text(ensemble, "id"))
            .join("ensemble.json"),
    );
    let told: Value = serde_json::from_slice(&told.expect("readable")).expect("JSON");
    let keys = told["members"].as_array().expect("members").iter();
    let floods: Vec<Vec<f64>> = keys
        .map(|m| flood_of(&store.join(text(m, "key"))))
        .collect();
    assert_eq!(floods.len(), 5);
    let at = format!(
        "/api/v1/ensembles/{}/probability?layer=grids",
        text(ensemble, "id")
    );
    let answer = server.json(&at);
    for (n, grid) in found.iter().enumerate() {
        let row = &answer["rows"][n];
        let depths: Vec<f64> = floods
            .iter()
            .map(|flood| search(flood, n).depth_max_m)
            .collect();
        near(depths[0], grid.depth_max_m, 1e-6, "the control");
        for depth in [0.05, 0.15, 0.3, 0.5, 1.0] {
            let chance = number(&row["probability"][depth.to_string()]);
            let count = depths.iter().filter(|d| **d >= depth).count();
            near(chance, count as f64 / 5.0, 1e-9, "chance");
            assert!(
                chance > 0.0 || grid.depth_max_m < depth,
                "{depth} m in the forecast and in no member"
            );
        }
        near(
            number(&row["depth_p90_m"]),
            percentile(&depths, 0.9),
            1e-6,
            "depth",
        );
    }
    let sums: Vec<f64> = floods
        .iter()
        .map(|flood| (0..2).map(|n| search(flood, n).people).sum())
        .collect();
    let people = &answer["totals"]["people"];
    for (of, sum) in people["members"]
        .as_array()
        .expect("sums")
        .iter()
        .zip(&sums)
    {
        near(number(of), *sum, 1e-9, "sum of a member");
    }
    for (name, p) in [("p10", 0.1), ("p50", 0.5), ("p90", 0.9), ("worst", 0.99)] {
        near(number(&people[name]), percentile(&sums, p), 1e-9, name);
    }
}
