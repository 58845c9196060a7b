//! The same runs outside the browser: writes setup messages for tests and benches, and runs them.
//!
//! - `native message NAME SCHEME FILE`: `city` (buildings, sea, river, rain) or `lake` (1000 × 1000
//!   wet cells, rain, three classes of roughness)
//! - `native run FILE DEPTHS`: runs it, writes the last depths as f32, prints a line of JSON

use std::process::ExitCode;

use stormgrid_flood_wasm::LocalRun;
use stormgrid_formats::setup_message::{
    BUILDING, CellInflow, HeldCells, SetupHeader, SetupMessage, encode_setup,
};

fn header(side: usize, cell: f64, scheme: &str) -> SetupHeader {
    SetupHeader {
        n_cols: side,
        n_rows: side,
        west: 0.0,
        north: side as f64 * cell,
        dx: cell,
        dy: cell,
        scheme: scheme.into(),
        duration_s: 1800.0,
        output_interval_s: 300.0,
        initial_level_m: 0.2,
        manning: vec![0.025, 0.03, 0.035],
        rain_mm_h: vec![[0.0, 80.0], [900.0, 20.0], [1800.0, 0.0]],
        boundaries: Vec::new(),
        inflows: Vec::new(),
        parts: Vec::new(),
    }
}

fn wave(k: usize, n: f64, side: usize) -> f64 {
    (std::f64::consts::TAU * n * k as f64 / side as f64).cos()
}

/// A quarter by the sea: the tide rises in the west, a river comes from the east, houses in rows.
fn city(scheme: &str) -> SetupMessage {
    let side = 150;
    let mut header = header(side, 5.0, scheme);
    let tide = vec![[0.0, 0.2], [900.0, 1.4], [1800.0, 0.6]];
    header.boundaries.push(HeldCells {
        cells: (0..side as u32).map(|row| row * side as u32).collect(),
        level_m: Some(tide),
    });
    header.boundaries.push(HeldCells {
        cells: (40..60).collect(),
        level_m: None,
    });
    header.inflows.push(CellInflow {
        cells: vec![(80 * side as u32 - 2, 1.0), (81 * side as u32 - 2, 2.0)],
        discharge_m3_s: vec![[0.0, 4.0], [1800.0, 9.0]],
    });
    let cells = || (0..side).flat_map(|row| (0..side).map(move |col| (row, col)));
    let bed = |(row, col): (usize, usize)| {
        let bank = if (78..83).contains(&row) { -0.8 } else { 0.0 };
        (0.012 * col as f64 - 0.4 + 0.3 * wave(row, 3.0, side) * wave(col, 2.0, side) + bank) as f32
    };
    let class = |(row, col): (usize, usize)| match row % 12 < 7 && col % 15 < 9 && col > 30 {
        true if !(70..90).contains(&row) => BUILDING,
        _ => ((row / 20 + col / 30) % 3) as u8,
    };
    SetupMessage {
        header,
        elevation: cells().map(bed).collect(),
        class: cells().map(class).collect(),
    }
}

/// Case `W` of the throughput bench: all wet, 0.25 to 8 m, with a slope in the bed that sets it moving.
fn lake(scheme: &str) -> SetupMessage {
    let side = 1000;
    let mut header = header(side, 10.0, scheme);
    header.initial_level_m = 0.0;
    header.output_interval_s = 600.0;
    header.rain_mm_h = vec![[0.0, 50.0]];
    header.boundaries.push(HeldCells {
        cells: (0..side as u32).collect(),
        level_m: Some(vec![[0.0, 0.0], [300.0, 0.3], [600.0, 0.0]]),
    });
    let cells = || (0..side).flat_map(|row| (0..side).map(move |col| (row, col)));
    let bed = |(row, col)| (-4.125 + 3.875 * wave(col, 3.0, side) * wave(row, 2.0, side)) as f32;
    let class = |(row, col): (usize, usize)| ((row / 50 + col / 70) % 3) as u8;
    SetupMessage {
        header,
        elevation: cells().map(bed).collect(),
        class: cells().map(class).collect(),
    }
}

fn run(file: &str, depths: &str) -> Result<String, String> {
    let message = std::fs::read(file).map_err(|e| format!("{file}: {e}"))?;
    let mut run = LocalRun::new(&message).map_err(|e| e.to_string())?;
    let mut frames = Vec::new();
    while !run.is_done() {
        if run.advance(500).map_err(|e| e.to_string())? {
            frames.push(run.take_frame().len());
        }
    }
    let flood = run.flood();
    let bytes: Vec<u8> = flood.depth().iter().flat_map(|h| h.to_le_bytes()).collect();
    std::fs::write(depths, bytes).map_err(|e| format!("{depths}: {e}"))?;
    Ok(serde_json::json!({
        "digest": flood.digest(),
        "volume_error_rel": flood.ledger().error_rel,
        "steps": flood.stats().steps,
        "open_cells": flood.stats().open_cells,
        "frame_bytes": frames,
    })
    .to_string())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = match words.as_slice() {
        ["message", name, scheme, file] => {
            let message = if *name == "city" {
                city(scheme)
            } else {
                lake(scheme)
            };
            std::fs::write(file, encode_setup(&message))
                .map(|()| String::new())
                .map_err(|e| format!("{file}: {e}"))
        }
        ["run", file, depths] => run(file, depths),
        _ => Err("use: native message city|lake SCHEME FILE, or native run FILE DEPTHS".into()),
    };
    match answer {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
