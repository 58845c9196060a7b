//! Law: a wave that runs over a dry horizontal plane at constant speed u without changing shape.
//!
//! With q = u h and h = f(u t − x) the local inertial equation ∂q/∂t + g h ∂η/∂x + g n² q² / h^(7/3) = 0
//! becomes (3/7) h^(7/3) − (3/4)(u²/g) h^(4/3) = n² u² (u t − x) + C; at the front h = u²/g, the
//! smallest depth for which the slope is real. The solver must reproduce this wave.
//!
//! The full shallow water equations have h = ((7/3) n² u³ (u t − x) / u)^(3/7) instead (Hunter et
//! al. 2005, Adv. Water Resour. 28, 975–991; used by Bates et al. 2010): there the advection
//! ∂(q²/h)/∂x, which the local inertial equation leaves out, cancels ∂q/∂t. The distance between
//! the two is the model's error, not the solver's; it is printed, and held to the distance of the two laws.
//!
//! Tolerance: RMSE 2 cm over the wet length at dx = 50 m, and the front within two cells, since
//! the front is a wall and one cell is 50 m of it.

use stormgrid_core::series::Series;
use stormgrid_core::units::GRAVITY;
use stormgrid_sim::flood::{Boundary, BoundaryKind, BoundaryPlace, Side};

use crate::cases::{advance, domain, inertial, start};

/// Depth at a distance behind the front [m].
fn local_inertial(n: f64, u: f64, behind: f64) -> f64 {
    if behind <= 0.0 {
        return 0.0;
    }
    let front = u * u / GRAVITY;
    let law = |h: f64| 3.0 / 7.0 * h.powf(7.0 / 3.0) - 0.75 * front * h.powf(4.0 / 3.0);
    let target = n * n * u * u * behind + law(front);
    let (mut low, mut high) = (front, 50.0);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if law(middle) < target {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

fn shallow_water(n: f64, u: f64, behind: f64) -> f64 {
    (7.0 / 3.0 * n * n * u * u * behind.max(0.0)).powf(3.0 / 7.0)
}

struct Errors {
    rmse: f64,
    front_cells: f64,
    model_rmse: f64,
    /// Distance of the two laws at the same cells [m].
    laws_rmse: f64,
}

fn run(n: f64, u: f64, cell: f64) -> Errors {
    let end = 3600.0;
    let n_cells = (5000.0 / cell) as usize;
    // The level stands at the centre of the cell outside: x = 0 is there.
    let mut setup = inertial(domain(n_cells, 1, cell, n, |_, _| 0.0));
    let times: Vec<f64> = (0..=3600).map(f64::from).collect();
    let levels = times.iter().map(|&t| local_inertial(n, u, u * t)).collect();
    setup.boundaries = vec![Boundary {
        place: BoundaryPlace::Side(Side::West),
        kind: BoundaryKind::Level(Series::new(times, levels).expect("valid")),
    }];
    let mut flood = start(setup);
    advance(&mut flood, end);
    let depth = flood.depth();
    let behind = |k: usize| u * end - (k + 1) as f64 * cell;
    let wet: Vec<usize> = (0..n_cells).filter(|&k| behind(k) > 0.0).collect();
    let rmse = |law: fn(f64, f64, f64) -> f64| {
        let square = |&k: &usize| (f64::from(depth[k]) - law(n, u, behind(k))).powi(2);
        (wet.iter().map(square).sum::<f64>() / wet.len() as f64).sqrt()
    };
    let apart =
        |&k: &usize| (local_inertial(n, u, behind(k)) - shallow_water(n, u, behind(k))).powi(2);
    let laws_rmse = (wet.iter().map(apart).sum::<f64>() / wet.len() as f64).sqrt();
    let front = (0..n_cells).rev().find(|&k| depth[k] > 0.01);
    Errors {
        rmse: rmse(local_inertial),
        front_cells: front.map_or(f64::NAN, |k| -behind(k) / cell),
        model_rmse: rmse(shallow_water),
        laws_rmse,
    }
}

#[test]
fn a_wave_on_a_plane_keeps_its_shape() {
    for (n, u) in [(0.03, 1.0), (0.01, 0.635)] {
        let coarse = run(n, u, 50.0);
        let fine = run(n, u, 25.0);
        println!(
            "wave, n = {n}, u = {u}: RMSE {:.2} cm at 50 m, {:.2} cm at 25 m, front {:+.2} cells; against the full equations {:.2} cm (laws {:.2})",
            coarse.rmse * 100.0,
            fine.rmse * 100.0,
            coarse.front_cells,
            coarse.model_rmse * 100.0,
            coarse.laws_rmse * 100.0
        );
        assert!(coarse.rmse < 0.02 && fine.rmse < 0.01);
        assert!(coarse.front_cells.abs() <= 2.0);
        assert!((coarse.model_rmse - coarse.laws_rmse).abs() < 0.02);
    }
}
