//! Law: steady rain i on a plane of length L, slope S: the kinematic wave q(L, t) = α (i t)^(5/3),
//! α = √S / n, until t_c = (L / (α i^(2/3)))^(3/5), then i L; depth at the foot (i L / α)^(3/5).
//! Source: Henderson & Wooding (1964), J. Geophys. Res. 69, 1531–1540.
//! Tolerance: final discharge 1 %, t_c 3 %: what 80 cells resolve of a kinematic corner.

use stormgrid_sim::flood::{Boundary, BoundaryKind, BoundaryPlace, Rain, Side};

use crate::cases::{advance, domain, inertial, left_through, start};

#[test]
fn rain_on_a_plane_follows_the_kinematic_wave() {
    let (length, slope, n, rate) = (800.0, 0.05, 0.015, 3e-6_f64);
    let alpha = f64::sqrt(slope) / n;
    let t_c = (length / (alpha * rate.powf(2.0 / 3.0))).powf(0.6);
    let mut setup = inertial(domain(80, 3, 10.0, n, |x, _| slope * (length - x)));
    setup.rain = Rain::Uniform(rate);
    setup.boundaries = vec![Boundary {
        place: BoundaryPlace::Side(Side::East),
        kind: BoundaryKind::Free,
    }];
    let mut flood = start(setup);
    let (mut before, mut q, mut t_90, mut highest) = (0.0, 0.0, f64::NAN, 0.0_f64);
    for k in 1..=400 {
        let time = f64::from(k) * 10.0;
        advance(&mut flood, time);
        let gone = left_through(&flood.ledger(), 0);
        let now = (gone - before) / 10.0 / 30.0;
        if t_90.is_nan() && now >= 0.9 * rate * length {
            let share = (0.9 * rate * length - q) / (now - q);
            t_90 = time - 5.0 - 10.0 * (1.0 - share);
        }
        (before, q) = (gone, now);
        highest = highest.max(now);
    }
    let t_c_found = t_90 / 0.9_f64.powf(0.6);
    let foot = f64::from(flood.depth()[79 + 80]);
    let depth = (rate * length / alpha).powf(0.6);
    println!(
        "plane: q {q:.6e} m2/s ({:+.3} %), greatest {:+.3} %, t_c {t_c_found:.1} s of {t_c:.1} ({:+.2} %), foot {:.3} mm of {:.3}",
        (q / (rate * length) - 1.0) * 100.0,
        (highest / (rate * length) - 1.0) * 100.0,
        (t_c_found / t_c - 1.0) * 100.0,
        foot * 1e3,
        depth * 1e3
    );
    assert!((q / (rate * length) - 1.0).abs() < 0.01);
    assert!((highest / (rate * length) - 1.0).abs() < 0.01);
    assert!((t_c_found / t_c - 1.0).abs() < 0.03);
    assert!((foot / depth - 1.0).abs() < 0.02);
    assert!(flood.ledger().error_rel < 1e-6);
}
