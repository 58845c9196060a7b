//! Law: steps of different lengths side by side give the flood of equal steps, with fewer updates.
//! Source: the uniform step of the same scheme, which the other cases hold.
//! Tolerance: depths within 1 cm, at least three times fewer updates on an estuary of 15 m beside
//! streets of half a metre; still water stays still.

use std::ops::ControlFlow;

use stormgrid_core::series::Series;
use stormgrid_sim::flood::{
    Boundary, BoundaryKind, BoundaryPlace, Flood, Initial, Rain, Setup, Side,
};

use stormgrid_verify::{Dice, domain};

/// An estuary along the western side, a bank, and streets behind it.
fn estuary(local_steps: bool) -> Setup {
    let bed = |x: f64, y: f64| match x {
        x if x < 300.0 => -15.0,
        x if x < 450.0 => -15.0 + 14.5 * (x - 300.0) / 150.0,
        _ => -0.5 + 0.1 * (x / 300.0).sin() * (y / 400.0).cos(),
    };
    let mut setup = Setup::new(domain(1200, 120, 10.0, 0.03, bed).expect("valid"));
    setup.initial = Initial::Level(0.0);
    setup.boundaries = vec![Boundary {
        place: BoundaryPlace::Side(Side::West),
        kind: BoundaryKind::Level(
            Series::new(vec![0.0, 1800.0, 3600.0], vec![0.0, 0.15, 0.05]).expect("valid"),
        ),
    }];
    setup.rain = Rain::Uniform(0.05 / 3600.0);
    setup.options.local_steps = local_steps;
    setup
}

fn run(setup: Setup, until: f64) -> Flood {
    let mut flood = Flood::new(setup).expect("a valid setup");
    for k in 1..=6 {
        let outcome = flood.advance_to(until * f64::from(k) / 6.0, &mut |_| {
            ControlFlow::Continue(())
        });
        outcome.expect("a stable run");
    }
    flood
}

#[test]
fn an_estuary_beside_streets_costs_a_third_and_gives_the_same_depths() {
    let equal = run(estuary(false), 3600.0);
    let local = run(estuary(true), 3600.0);
    let pairs = equal.depth().into_iter().zip(local.depth());
    let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0_f32, f32::max);
    let maxima = equal
        .maxima()
        .depth_max
        .into_iter()
        .zip(local.maxima().depth_max);
    let worst_max = maxima.map(|(a, b)| (a - b).abs()).fold(0.0_f32, f32::max);
    let [a, b] = [&equal, &local].map(|flood| flood.stats().cell_updates);
    let ratio = a as f64 / b as f64;
    println!(
        "estuary: {ratio:.2} times fewer updates, depth off by {worst:.4} m at most, greatest depth by \
         {worst_max:.4} m, ledger {:.1e} and {:.1e}",
        equal.ledger().error_rel,
        local.ledger().error_rel
    );
    assert!(ratio >= 3.0);
    assert!(worst < 0.01 && worst_max < 0.01);
    assert!(local.ledger().error_rel < 1e-6);
}

#[test]
fn still_water_of_all_depths_stays_still() {
    let mut dice = Dice(7);
    let heights: Vec<f64> = (0..300 * 200)
        .map(|k| {
            let deep = if (k / 300 / 60 + k % 300 / 60) % 2 == 0 {
                14.0
            } else {
                0.0
            };
            3.0 * dice.roll() - deep
        })
        .collect();
    let bed = |x: f64, y: f64| heights[(y / 5.0) as usize * 300 + (x / 5.0) as usize];
    let mut setup = Setup::new(domain(300, 200, 5.0, 0.03, bed).expect("valid"));
    setup.initial = Initial::Level(1.0);
    let flood = run(setup, 100.0);
    let speeds = flood.maxima().speed_max;
    let speed = speeds
        .into_iter()
        .filter(|v| !v.is_nan())
        .fold(0.0, f32::max);
    println!("still water, steps of several lengths: {speed:e} m/s");
    assert!(speed < 1e-6);
}
