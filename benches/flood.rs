//! The flood solver: cell updates a second.
//!
//! `wet`: basins of 0.25 to 8 m depth that slosh, closed, n = 0.03, rain and maxima on, 10 m cells;
//! one iteration is 8 steps' worth of simulated time. `dry`: the same bed, dry, 2 % of it flooded from
//! a burst main: what the sleeping tiles cost. One thread, so that time is core time on an idle machine.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use stormgrid_benches::{CELL, advance_to};
use stormgrid_core::ids::CellIdx;
use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::series::Series;
use stormgrid_sim::flood::{Domain, Flood, Inflow, Initial, Manning, Rain, Setup};

fn basin(side: usize) -> Setup {
    let geometry = RasterGeometry::new(side, side, 0.0, 0.0, CELL, CELL).expect("a valid raster");
    let wave = |k: usize, n: f64| (std::f64::consts::TAU * n * k as f64 / side as f64).cos();
    let cells = (0..side).flat_map(|row| (0..side).map(move |col| (row, col)));
    let bed = |(row, col)| -4.0 + 3.6 * wave(col, 3.0) * wave(row, 2.0);
    let level = |(row, col)| 0.1 * wave(col, 1.0) * wave(row, 1.0);
    let mut setup = Setup::new(Domain {
        geometry,
        elevation: cells.clone().map(bed).collect(),
        manning: Manning::Uniform(0.03),
        blocked: Vec::new(),
    });
    setup.initial = Initial::LevelField(cells.map(level).collect());
    setup.options.threads = 1;
    setup
}

fn advance(flood: &mut Flood, seconds: f64) {
    let until = flood.time_s() + seconds;
    advance_to(flood, until);
    black_box(flood);
}

/// Cell updates of one iteration from the given state.
fn updates(setup: &Setup, warm: f64, seconds: f64) -> u64 {
    let mut flood = Flood::new(setup.clone()).expect("a valid setup");
    advance(&mut flood, warm);
    let before = flood.stats().cell_updates;
    advance(&mut flood, seconds);
    flood.stats().cell_updates - before
}

fn flood(c: &mut Criterion) {
    let mut group = c.benchmark_group("sim/flood");
    group.sample_size(10);
    for side in [240, 480] {
        let mut wet = basin(side);
        wet.rain = Rain::Uniform(0.05 / 3600.0);
        let mut dry = basin(side);
        dry.initial = Initial::Dry;
        dry.inflows = vec![Inflow {
            cells: vec![(CellIdx::from(side * side / 2 + side / 2), 1.0)],
            discharge: Series::constant(5.0),
        }];
        for (name, setup, warm, seconds) in [("wet", wet, 4.0, 6.0), ("dry", dry, 600.0, 60.0)] {
            group.throughput(Throughput::Elements(updates(&setup, warm, seconds)));
            group.bench_function(format!("{name}/{side}"), |b| {
                b.iter_batched_ref(
                    || {
                        let mut flood = Flood::new(setup.clone()).expect("a valid setup");
                        advance(&mut flood, warm);
                        flood
                    },
                    |flood| advance(flood, seconds),
                    BatchSize::PerIteration,
                );
            });
        }
    }
    group.finish();
}

criterion_group!(benches, flood);
criterion_main!(benches);
