//! Law: a wave of constant speed u that runs over a dry horizontal plane,
//! h(x, t) = ((7/3) n² u³ (u t − x))^(3/7): friction balances the slope, and advection is zero.
//! Source: Hunter et al. (2005), Adv. Water Resour. 28, 975–991; the cases of Bates et al. (2010)
//! and de Almeida et al. (2012).
//! Tolerance: RMSE 2 cm over the wet length at dx = 50 m and the front within two cells: the front
//! is vertical in the limit and one cell is 50 m of it.

use stormgrid_core::series::Series;
use stormgrid_sim::flood::{Boundary, BoundaryKind, BoundaryPlace, Setup, Side};

use crate::cases::{advance, domain, start};

fn run(n: f64, u: f64) -> (f64, f64) {
    let cell = 50.0;
    let end = 3600.0;
    let exact =
        |x: f64, t: f64| (7.0 / 3.0 * n * n * u.powi(3) * (u * t - x).max(0.0)).powf(3.0 / 7.0);
    // The level stands at the centre of the cell outside: x = 0 is there.
    let mut setup = Setup::new(domain(100, 1, cell, n, |_, _| 0.0));
    let times: Vec<f64> = (0..=3600).map(f64::from).collect();
    let levels = times.iter().map(|&t| exact(0.0, t)).collect();
    setup.boundaries = vec![Boundary {
        place: BoundaryPlace::Side(Side::West),
        kind: BoundaryKind::Level(Series::new(times, levels).expect("valid")),
    }];
    let mut flood = start(setup);
    advance(&mut flood, end);
    let depth = flood.depth();
    let x = |k: usize| (k + 1) as f64 * cell;
    let wet: Vec<usize> = (0..100).filter(|&k| x(k) < u * end).collect();
    let square = |&k: &usize| (f64::from(depth[k]) - exact(x(k), end)).powi(2);
    let rmse = (wet.iter().map(square).sum::<f64>() / wet.len() as f64).sqrt();
    let front = (0..100).rev().find(|&k| depth[k] > 0.01).map_or(0.0, x);
    (rmse, (front - u * end) / cell)
}

#[test]
fn a_wave_on_a_plane_keeps_its_shape() {
    for (n, u) in [(0.03, 1.0), (0.01, 0.635)] {
        let (rmse, front) = run(n, u);
        println!(
            "wave, n = {n}, u = {u}: RMSE {:.2} cm, front {front:+.2} cells",
            rmse * 100.0
        );
        assert!(rmse < 0.02, "RMSE {rmse} m");
        assert!(front.abs() <= 2.0, "front {front} cells off");
    }
}
