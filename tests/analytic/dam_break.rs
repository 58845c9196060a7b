//! Law: the Riemann problem of the shallow-water equations, dry (Ritter) and wet (Stoker).
//! Source: Delestre et al. (2013), SWASHES, sections 4.1.1 and 4.1.2.
//! Tolerance: FLOOD.md 3.2 and 3.3.

use stormgrid_sim::flood::{Initial, Scheme, Setup};

use crate::cases::{advance, domain, start};

const G: f64 = 9.81;

/// Depth and velocity of a channel of `n` cells after `t`.
fn run(n: usize, length: f64, x0: f64, hl: f64, hr: f64, t: f64) -> (Vec<f64>, Vec<f64>) {
    let cell = length / n as f64;
    let mut setup = Setup::new(domain(n, 2, cell, 0.0, |_, _| 0.0));
    setup.options.scheme = Scheme::FiniteVolume;
    setup.options.depth_dry = 1e-6;
    let depth = (0..2 * n).map(|k| {
        let x = ((k % n) as f64 + 0.5) * cell;
        if x < x0 { hl } else { hr }
    });
    setup.initial = Initial::Depth(depth.collect());
    let mut flood = start(setup);
    advance(&mut flood, t);
    let h = flood.depth()[..n].iter().map(|&h| f64::from(h)).collect();
    let u = flood.speed()[..n].iter().map(|&u| f64::from(u)).collect();
    println!(
        "steps {}, ledger {:e}",
        flood.stats().steps,
        flood.ledger().error_rel
    );
    (h, u)
}

fn ritter(x: f64, t: f64, hl: f64) -> f64 {
    let c = (G * hl).sqrt();
    match x / t {
        s if s < -c => hl,
        s if s > 2.0 * c => 0.0,
        s => 4.0 / (9.0 * G) * (c - 0.5 * s).powi(2),
    }
}

fn stoker(x: f64, t: f64, hl: f64, hm: f64, um: f64, shock: f64, hr: f64) -> f64 {
    let (c, cm) = ((G * hl).sqrt(), (G * hm).sqrt());
    match x / t {
        s if s < -c => hl,
        s if s < um - cm => 4.0 / (9.0 * G) * (c - 0.5 * s).powi(2),
        s if s < shock => hm,
        _ => hr,
    }
}

fn l1(h: &[f64], cell: f64, exact: impl Fn(f64) -> f64) -> f64 {
    let (mut error, mut sum) = (0.0, 0.0);
    for (k, h) in h.iter().enumerate() {
        let e = exact((k as f64 + 0.5) * cell);
        error += (h - e).abs();
        sum += e;
    }
    error / sum
}

#[test]
fn probe() {
    for n in [100, 200, 400, 800] {
        let cell = 10.0 / n as f64;
        let (h, _) = run(n, 10.0, 5.0, 0.005, 0.0, 6.0);
        let e = l1(&h, cell, |x| ritter(x - 5.0, 6.0, 0.005));
        let front = h.iter().rposition(|&h| h > 1e-5).unwrap_or(0) as f64 * cell;
        println!("ritter {n}: L1 {e:.5} front {front:.3} (7.658)");
        let (h, _) = run(n, 10.0, 5.0, 0.005, 0.001, 6.0);
        let e = l1(&h, cell, |x| {
            stoker(
                x - 5.0,
                6.0,
                0.005,
                0.002539357,
                0.127279718,
                0.2099634,
                0.001,
            )
        });
        println!("stoker {n}: L1 {e:.5}");
        let (h, _) = run(n, 1000.0, 500.0, 10.0, 5.0, 20.0);
        let e = l1(&h, 1000.0 / n as f64, |x| {
            stoker(x - 500.0, 20.0, 10.0, 7.269204, 2.919933, 9.353758, 5.0)
        });
        println!("stoker large {n}: L1 {e:.5}");
    }
}
