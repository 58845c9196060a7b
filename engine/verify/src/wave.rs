//! Law 1: a wave that runs over a dry horizontal plane at constant speed u without changing shape.
//! The full shallow-water equations have h = ((7/3) n² u² (u t − x))^(3/7). With q = u h and
//! h = f(u t − x) the local inertial equation ∂q/∂t + g h ∂η/∂x + g n² q²/h^(7/3) = 0 becomes
//! (3/7) h^(7/3) − (3/4)(u²/g) h^(4/3) = n² u² (u t − x) + C instead; at the front h = u²/g, the
//! smallest depth for which the slope is real. Each scheme must reproduce the wave of its own
//! equations; the distance of local inertial from the full equations is the model's error and is held
//! to the distance of the two laws.
//! Source: Hunter et al. (2005), Adv. Water Resour. 28, 975–991; Bates et al. (2010).
//! Tolerance: RMSE 2 cm over the wet length at dx = 50 m, 1 cm at 25 m, and the front within two
//! cells, since it is a wall and one cell is 50 m of it. A plain scheme of first and one of second
//! order stand beside the finite volumes.
//!
//! Law 2: a simple wave into still water of depth h₀: u = 2(√(g h) − √(g h₀)), and each depth moves
//! on at u + √(g h), until the front is vertical.
//! Tolerance: L1 of h − h₀ falls with order 0.9, that of a first-order scheme in smooth flow.

use stormgrid_core::series::Series;
use stormgrid_core::units::GRAVITY as G;
use stormgrid_sim::flood::{BoundaryKind, Initial, Scheme, Setup, Side};

use crate::norms::{l1, order, rmse, root};
use crate::record::Pen;
use crate::run::{Run, by_cell, domain, on_side};
use crate::textbook::{ORDERS, Textbook};
use crate::{CaseError, Gate, Record};

const AHEAD: &str = "first order spreads the front; finite_volume_2 keeps the gate";

/// Depth of the local inertial wave at a distance behind the front [m].
fn local_inertial(n: f64, u: f64, behind: f64) -> f64 {
    if behind <= 0.0 {
        return 0.0;
    }
    let least = u * u / G;
    let law = |h: f64| 3.0 / 7.0 * h.powf(7.0 / 3.0) - 0.75 * least * h.powf(4.0 / 3.0);
    let target = n * n * u * u * behind + law(least);
    root(least, 50.0, |h| law(h) - target)
}

/// Depth of the wave of the full equations at a distance behind the front [m].
fn shallow_water(n: f64, u: f64, behind: f64) -> f64 {
    (7.0 / 3.0 * n * n * u * u * behind.max(0.0)).powf(3.0 / 7.0)
}

pub(crate) fn on_plane(record: &mut Record) -> Result<(), CaseError> {
    for (n, u) in [(0.03, 1.0), (0.01, 0.635), (0.005, 0.635)] {
        for (cell, gate) in [(50.0, 2.0), (25.0, 1.0)] {
            one_wave(record, [n, u], cell, Gate::AtMost(gate))?;
        }
        one_wave(record, [n, u], 12.5, Gate::None)?;
    }
    Ok(())
}

fn one_wave(record: &mut Record, [n, u]: [f64; 2], cell: f64, gate: Gate) -> Result<(), CaseError> {
    let end = 3600.0;
    let law = match record.scheme {
        Scheme::FiniteVolume | Scheme::SecondOrder => shallow_water,
        Scheme::LocalInertial => local_inertial,
    };
    let n_cells = (5000.0 / cell) as usize;
    // The level stands at the centre of the cell outside: x = 0 is there.
    let mut setup = Setup::new(domain(n_cells, 1, cell, n, |_, _| 0.0)?);
    let time_s: Vec<f64> = (0..=3600).map(f64::from).collect();
    let value = time_s.iter().map(|&t| law(n, u, u * t)).collect();
    let level = BoundaryKind::Level(Series { time_s, value });
    setup.boundaries = vec![on_side(Side::West, level)];
    let mut run = Run::start(setup, record.scheme)?;
    run.advance(end)?;
    record.ends(&run);

    let depth = run.depth_along(0);
    let behind = |k: usize| u * end - (k + 1) as f64 * cell;
    let wet: Vec<usize> = (0..n_cells).filter(|&k| behind(k) > 0.0).collect();
    let ours: Vec<f64> = wet.iter().map(|&k| depth[k]).collect();
    let exact = |law: fn(f64, f64, f64) -> f64| -> Vec<f64> {
        wet.iter().map(|&k| law(n, u, behind(k))).collect()
    };
    let name = format!("n = {n}, dx = {cell} m");
    let error = 100.0 * rmse(&ours, &exact(law));
    record.open(AHEAD);
    record.row(format!("{name}: RMSE"), "cm", error, gate);
    if cell < 50.0 {
        return Ok(());
    }
    let front = (0..n_cells).rev().find(|&k| depth[k] > 0.01);
    let cells = front.map_or(f64::NAN, |k| -behind(k) / cell);
    let near = |expected, by| Gate::Near { expected, by };
    record.open(AHEAD);
    record.row(format!("{name}: front"), "cells", cells, near(0.0, 2.0));
    if record.scheme == Scheme::FiniteVolume {
        for (order_name, order) in ORDERS {
            let mut plain = Textbook {
                n_cols: n_cells,
                n_rows: 1,
                cell,
                manning: n,
                order,
                bed: vec![0.0; n_cells],
                state: [0, 1, 2].map(|_| vec![0.0; n_cells]),
            };
            plain.run(end, &|t| Some(law(n, u, u * t)));
            let ours: Vec<f64> = wet.iter().map(|&k| plain.state[0][k]).collect();
            let error = 100.0 * rmse(&ours, &exact(law));
            record.tell(format!("{name}: RMSE, {order_name}"), "cm", error);
        }
    }
    if record.scheme == Scheme::LocalInertial {
        let apart = 100.0 * rmse(&exact(local_inertial), &exact(shallow_water));
        let model = 100.0 * rmse(&ours, &exact(shallow_water));
        let name = format!("{name}: RMSE to the full equations");
        record.row(name, "cm", model, near(apart, 2.0));
    }
    if n == 0.03 {
        let x = |k: usize| (k + 1) as f64 * cell;
        let full = (0..80).map(|k| (x(k), shallow_water(n, u, behind(k))));
        record.curve("full equations, n = 0.03", Pen::Exact, full.collect());
        record.draw((0..80).map(|k| (x(k), depth[k])).collect());
    }
    Ok(())
}

pub(crate) fn simple(record: &mut Record) -> Result<(), CaseError> {
    record.inertial_lacks("no advection of momentum");
    // The front would be vertical after 79 s: the steepest −d(u + c)/dx is 1/79 s⁻¹.
    let (still, high, length, end) = (1.0, 0.2, 1000.0, 60.0);
    let celerity = |h: f64| (G * h).sqrt();
    let speed = |h: f64| 2.0 * (celerity(h) - celerity(still));
    let start = |x: f64| still + high * (-((x - 300.0) / 60.0).powi(2)).exp();
    // The place from which the water at x came.
    let law = |x: f64| {
        let arrives = |from: f64| from + end * (speed(start(from)) + celerity(start(from))) - x;
        start(root(x - 800.0, x, arrives))
    };
    let mut errors = Vec::new();
    for n_cells in [250, 500, 1000, 2000] {
        let cell = length / n_cells as f64;
        let mut setup = Setup::new(domain(n_cells, 1, cell, 0.0, |_, _| 0.0)?);
        let g = setup.domain.geometry;
        setup.initial = Initial::Depth(by_cell(&g, |x, _| start(x)));
        let east = by_cell(&g, |x, _| start(x) * speed(start(x)));
        setup.initial_discharge = Some([east, vec![0.0; g.n_cells()]]);
        let mut run = Run::start(setup, record.scheme)?;
        run.advance(end)?;
        record.ends(&run);
        let (x, h) = (run.centres(), run.depth_along(0));
        let exact: Vec<f64> = x.iter().map(|&x| law(x)).collect();
        let above = |h: &[f64]| -> Vec<f64> { h.iter().map(|h| h - still).collect() };
        let error = 100.0 * l1(&above(&h), &above(&exact));
        errors.push(error);
        record.tell(format!("L1(h − h₀), {n_cells} cells"), "%", error);
        if n_cells == 500 {
            record.curve("exact", Pen::Exact, x.iter().copied().zip(exact).collect());
            record.draw(x.into_iter().zip(h).collect());
        }
    }
    record.row(
        "order of L1(h − h₀)",
        "",
        order(&errors[1..]),
        Gate::AtLeast(0.9),
    );
    Ok(())
}
