//! One thing, one number, over the demo city: a forecast with 40 m cells and its ensemble of five members, every surface
//! against a search over the rasters of the run and of each member.
//!
//! The search shares nothing with the engine's zones: it clips each grid by each cell.

#[allow(dead_code, reason = "no process is stopped here")]
mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{Place, Serving, text, until};
use serde_json::Value;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_crs::Projector;
use stormgrid_formats::elevation;

type At = [f64; 2];

const MEMBERS: usize = 5;

/// Depths that chances are told for [m].
const DEPTHS: [f64; 5] = [0.05, 0.15, 0.3, 0.5, 1.0];

/// The cells that a grid holds in part, and its code.
struct Grid {
    code: String,
    /// Position in the raster, and the area inside that has ground [m²].
    cells: Vec<(usize, f64)>,
}

fn raster(folder: &Path, name: &str) -> Raster<f64> {
    let bytes = std::fs::read(folder.join(name)).expect("readable");
    elevation::read(&bytes, name).expect("a raster").raster
}

/// Greatest depth of each cell [m], 0 where it is dry, not known or water from the start.
fn flood_of(folder: &Path, water: &Raster<f64>) -> Vec<f64> {
    let depth = raster(folder, "depth_max.tif");
    assert_eq!(depth.geometry(), water.geometry());
    let cells = depth.values().iter().zip(water.values());
    cells
        .map(|(depth, water)| match depth.is_finite() && *water != 1.0 {
            true => *depth,
            false => 0.0,
        })
        .collect()
}

/// Area of a ring within a rectangle [m²] (Sutherland and Hodgman 1974, Reentrant polygon clipping).
fn area_within(ring: &[At], low: At, high: At) -> f64 {
    let mut shape = ring.to_vec();
    for (axis, bound, keeps_above) in [
        (0, low[0], true),
        (0, high[0], false),
        (1, low[1], true),
        (1, high[1], false),
    ] {
        let inside = |p: &At| match keeps_above {
            true => p[axis] >= bound,
            false => p[axis] <= bound,
        };
        let mut kept = Vec::new();
        for (k, p) in shape.iter().enumerate() {
            let before = shape[(k + shape.len() - 1) % shape.len()];
            if inside(p) != inside(&before) {
                let t = (bound - before[axis]) / (p[axis] - before[axis]);
                kept.push([0, 1].map(|i| before[i] + t * (p[i] - before[i])));
            }
            if inside(p) {
                kept.push(*p);
            }
        }
        shape = kept;
    }
    let pairs = shape.iter().zip(shape.iter().cycle().skip(1));
    let twice: f64 = pairs.map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum();
    (0.5 * twice).abs()
}

/// Share of each cell that the terrain covers with heights [-].
fn ground(terrain: &Raster<f64>, cells: &RasterGeometry) -> Vec<f64> {
    let fine = terrain.geometry();
    let mut shares = Vec::with_capacity(cells.n_rows * cells.n_cols);
    for row in 0..cells.n_rows {
        for col in 0..cells.n_cols {
            // In fine cells from their north-western corner.
            let left = (cells.west + col as f64 * cells.dx - fine.west) / fine.dx;
            let top = (fine.north - cells.north + row as f64 * cells.dy) / fine.dy;
            let (right, bottom) = (left + cells.dx / fine.dx, top + cells.dy / fine.dy);
            let mut covered = 0.0;
            for y in (top as usize)..(bottom.ceil() as usize).min(fine.n_rows) {
                for x in (left as usize)..(right.ceil() as usize).min(fine.n_cols) {
                    let wide = right.min(x as f64 + 1.0) - left.max(x as f64);
                    let high = bottom.min(y as f64 + 1.0) - top.max(y as f64);
                    if terrain.values()[y * fine.n_cols + x].is_finite() {
                        covered += wide * high;
                    }
                }
            }
            shares.push(covered / ((right - left) * (bottom - top)));
        }
    }
    shares
}

/// The grids of the demo: one ring each.
fn grids(twin: &Path, cells: &RasterGeometry) -> Vec<Grid> {
    let ground = ground(&raster(&twin.join("terrain"), "elevation.tif"), cells);
    let bytes = std::fs::read(twin.join("grids/grids.geojson")).expect("there");
    let layer: Value = serde_json::from_slice(&bytes).expect("JSON");
    let to_metres = Projector::new("EPSG:4490", "EPSG:4547").expect("known");
    // From the corner of the raster, so that areas keep their digits.
    let at = |place: &Value| {
        let [lon, lat] = [0, 1].map(|k| place[k].as_f64().expect("a number"));
        let [x, y] = to_metres.convert(lon, lat).expect("on the map");
        [x - cells.west, cells.north - y]
    };
    let grid = |feature: &Value| {
        let rings = feature["geometry"]["coordinates"].as_array();
        let rings = rings.expect("rings");
        assert_eq!(rings.len(), 1);
        let ring: Vec<At> = rings[0]
            .as_array()
            .expect("a ring")
            .iter()
            .map(at)
            .collect();
        let span = |axis: usize, size: f64, n: usize| {
            let places = ring.iter().map(|p| p[axis] / size);
            let (low, high) = places.fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
            (low.max(0.0) as usize)..(high.ceil().max(0.0) as usize).min(n)
        };
        let mut inside = Vec::new();
        for row in span(1, cells.dy, cells.n_rows) {
            for col in span(0, cells.dx, cells.n_cols) {
                let low = [col as f64 * cells.dx, row as f64 * cells.dy];
                let high = [low[0] + cells.dx, low[1] + cells.dy];
                let cell = row * cells.n_cols + col;
                let area = area_within(&ring, low, high) * ground[cell];
                if area > 1e-6 {
                    inside.push((cell, area));
                }
            }
        }
        Grid {
            code: text(&feature["properties"], "code").to_owned(),
            cells: inside,
        }
    };
    let features = layer["features"].as_array().expect("features");
    features.iter().map(grid).collect()
}

impl Grid {
    fn depth(&self, flood: &[f64]) -> f64 {
        self.cells
            .iter()
            .map(|(i, _)| flood[*i])
            .fold(0.0, f64::max)
    }

    fn flooded_m2(&self, flood: &[f64]) -> f64 {
        let deep = self.cells.iter().filter(|(i, _)| flood[*i] >= 0.15);
        deep.map(|(_, area)| area).sum()
    }
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

/// Rows of a CSV without quoted commas by the value of their first column, each by the names of the columns.
fn csv(path: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let bytes = std::fs::read(path).expect("readable");
    let text = String::from_utf8(bytes).expect("UTF-8");
    let mut lines = text
        .lines()
        .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let head = lines.next().expect("a head");
    let row = |cells: Vec<String>| (cells[0].clone(), head.iter().cloned().zip(cells).collect());
    lines.map(row).collect()
}

#[test]
fn every_surface_of_the_demo_tells_the_same_numbers() {
    let place = Place::new(3600);
    let twin = place.at("twin");
    std::fs::remove_dir_all(&twin).expect("removed");
    stormgrid_demo::generate(&twin, &stormgrid_demo::DemoOptions::default()).expect("a city");
    let server = Serving::begin(&place, &[]);
    let done = |kind: &str, id: &str| {
        until("its end", || {
            let view = server.json(&format!("/api/v1/{kind}/{id}"));
            assert_ne!(view["state"], "failed", "{view}");
            (view["state"] == "done").then_some(view)
        })
    };
    let (status, asked) = server.post("/api/v1/runs", r#"{"cell_size_m":40}"#);
    assert_eq!(status, 202, "{asked}");
    let run = done("runs", text(&asked, "id"));
    let id = text(&run, "id").to_owned();
    let folder = twin.join("runs").join(&id);
    let water = raster(&folder, "permanent_water.tif");
    let grids = grids(&twin, water.geometry());
    let flood = flood_of(&folder, &water);

    let hit = rows(&server, &run, &folder, &grids, &flood);
    people(&server, &run, &folder);
    let closed = roads(&server, &id, &folder);
    println!("{} grids, {hit} hit, {closed} roads closed", grids.len());

    let body = format!(r#"{{"members":{MEMBERS},"seed":3,"run":"{id}","workers":2}}"#);
    let (status, asked) = server.post("/api/v1/ensembles", &body);
    assert_eq!(status, 202, "{asked}");
    let ensemble = done("ensembles", text(&asked, "id"));
    chances(&server, &ensemble, &twin, &grids, &flood, &water);
}

/// Grids in the list, the CSV, the GeoJSON and the sums; how many are hit.
fn rows(server: &Serving, run: &Value, folder: &Path, grids: &[Grid], flood: &[f64]) -> usize {
    let id = text(run, "id");
    let exposure = server.json(&format!("/api/v1/runs/{id}/exposure?layer=grids"));
    let geojson = server.json(&format!("/api/v1/runs/{id}/exposure.geojson?layer=grids"));
    let table = csv(&folder.join("exposure/grids.csv"));
    let mut hit = 0;
    for (n, grid) in grids.iter().enumerate() {
        let (row, code) = (&exposure["rows"][n], &grid.code);
        assert_eq!(text(row, "code"), code);
        let deep = grid.depth(flood);
        hit += usize::from(deep >= 0.15);
        let of_geojson = number(&geojson["features"][n]["properties"]["depth_max_m"]);
        let of_table: f64 = table[code]["depth_max_m"].parse().expect("a number");
        for (found, within) in [
            (number(&row["depth_max_m"]), 1e-6),
            (of_geojson, 1e-4),
            (of_table, 1e-4),
        ] {
            assert!(
                (found - deep).abs() <= within,
                "{code}: {found}, not {deep}"
            );
        }
        // On the ellipsoid there, on the plane here.
        let (found, area) = (number(&row["flooded_area_m2"][1]), grid.flooded_m2(flood));
        assert!(
            (found - area).abs() <= 2e-3 * area + 1.0,
            "{code}: {found} m², not {area}"
        );
    }
    let sums = &exposure["totals"];
    assert_eq!(number(&sums["zones_hit"]), hit as f64);
    let all = run["summary"]["totals"].as_array().expect("sums");
    assert!(all.contains(sums), "the sums of the list are the summary's");
    hit
}

/// People in reach: the residents of the buildings with water at their walls, in every layer, the plan and the warnings.
fn people(server: &Serving, run: &Value, folder: &Path) {
    let id = text(run, "id");
    let buildings = csv(&folder.join("exposure/buildings.csv"));
    let of = |row: &BTreeMap<String, String>, name: &str| row[name].parse::<f64>().unwrap_or(0.0);
    // The table's depths have three digits, of which 0.1496 becomes 0.150: the storeys tell what is reached.
    let wet = buildings.values().filter(|b| of(b, "floors_reached") > 0.0);
    let reached: f64 = wet.map(|b| of(b, "people")).sum();
    assert!(reached > 1000.0, "{reached} people");
    for layer in ["towns", "villages", "grids", "units"] {
        let rows = csv(&folder.join(format!("exposure/{layer}.csv")));
        let sum: f64 = rows
            .values()
            .map(|row| of(row, "people_reached_whole"))
            .sum();
        assert_eq!(sum, reached, "{layer}");
        let exposure = server.json(&format!("/api/v1/runs/{id}/exposure?layer={layer}"));
        assert_eq!(number(&exposure["totals"]["people_reached_whole"]), reached);
    }
    let plan = server.json(&format!("/api/v1/runs/{id}/plan"));
    assert_eq!(
        number(&plan["people"]) + number(&plan["people_above"]),
        reached
    );
    let drafts = drafts_for(folder, "residents");
    let warned: f64 = drafts.iter().map(|draft| number(&draft["people"])).sum();
    assert_eq!(warned, reached, "every grid with people in reach is warned");
}

/// What the warnings of a run tell an audience.
fn drafts_for(folder: &Path, audience: &str) -> Vec<Value> {
    let bytes = std::fs::read(folder.join("warnings/drafts.json")).expect("readable");
    let drafts: Vec<Value> = serde_json::from_slice(&bytes).expect("JSON");
    let contents = drafts.into_iter().map(|mut draft| draft["content"].take());
    contents.filter(|c| c["audience"] == audience).collect()
}

/// A road closes at one time in the list, the table and its warning; how many close.
fn roads(server: &Serving, id: &str, folder: &Path) -> usize {
    let table = csv(&folder.join("exposure/roads.csv"));
    let drafts = drafts_for(folder, "drivers");
    let warned: BTreeMap<&str, &Value> = drafts
        .iter()
        .flat_map(|draft| draft["roads"].as_array().expect("roads"))
        .map(|road| (text(road, "id"), road))
        .collect();
    let list = server.json(&format!("/api/v1/runs/{id}/roads"));
    let list = list.as_array().expect("roads");
    for road in list {
        let code = text(road, "id");
        let of_table = &table[code];
        let seconds = |value: &Value| {
            value
                .as_f64()
                .map(|s| format!("{s:.0}"))
                .unwrap_or_default()
        };
        for name in ["closes_s", "reopens_s"] {
            assert_eq!(of_table[name], seconds(&road[name]), "{code} {name}");
            assert_eq!(warned[code][name], road[name], "{code} {name}");
        }
    }
    let closed = table.values().filter(|row| !row["closes_s"].is_empty());
    assert_eq!(closed.count(), list.len());
    assert!(list.len() > 100, "{} roads close", list.len());
    list.len()
}

/// The control is the run, and a chance is a count of members.
fn chances(
    server: &Serving,
    ensemble: &Value,
    twin: &Path,
    grids: &[Grid],
    flood: &[f64],
    water: &Raster<f64>,
) {
    let id = text(ensemble, "id");
    let told = std::fs::read(twin.join("ensembles").join(id).join("ensemble.json"));
    let told: Value = serde_json::from_slice(&told.expect("readable")).expect("JSON");
    let members = told["members"].as_array().expect("members").iter();
    let floods: Vec<Vec<f64>> = members
        .map(|m| flood_of(&twin.join("ensembles/members").join(text(m, "key")), water))
        .collect();
    assert_eq!(floods.len(), MEMBERS);
    assert_eq!(floods[0], flood, "the control is the run");
    let answer = server.json(&format!("/api/v1/ensembles/{id}/probability?layer=grids"));
    for (n, grid) in grids.iter().enumerate() {
        let depths: Vec<f64> = floods.iter().map(|flood| grid.depth(flood)).collect();
        for depth in DEPTHS {
            let chance = number(&answer["rows"][n]["probability"][depth.to_string()]);
            let count = depths.iter().filter(|d| **d >= depth).count();
            assert!(
                (chance - count as f64 / MEMBERS as f64).abs() < 1e-9,
                "{} at {depth} m: {chance}, not {count} of {MEMBERS}",
                grid.code
            );
        }
    }
}
