//! Law: still water under a level surface stays still, whatever the bed, also where ground emerges.
//! Source: Delestre et al. (2013), SWASHES, section 3.1, for the bump; any bed will do.
//! Tolerance: speed below 1e-6 m/s after 100 s, the usual gate for f32. The scheme holds beds and
//! levels on a binary grid, so the surface's slope is exactly zero and the speed should be too.

use stormgrid_core::series::Series;
use stormgrid_sim::flood::{Boundary, BoundaryKind, BoundaryPlace, Initial, Setup, Side};

use crate::cases::{Dice, advance, domain, inertial, start};

fn fastest_after_100_s(setup: Setup) -> (f32, f32) {
    let mut flood = start(setup);
    let before = flood.depth();
    advance(&mut flood, 100.0);
    let largest = |values: &mut dyn Iterator<Item = f32>| values.fold(0.0_f32, f32::max);
    let speed = largest(&mut flood.maxima().speed_max.into_iter().filter(|v| !v.is_nan()));
    let pairs = before.iter().zip(flood.depth());
    let moved = largest(&mut pairs.filter(|p| !p.0.is_nan()).map(|(a, b)| (a - b).abs()));
    (speed, moved)
}

#[test]
fn a_lake_over_any_bed_stays_at_rest() {
    for seed in 0..6_u64 {
        let mut dice = Dice(seed);
        let heights: Vec<f64> = (0..150 * 130).map(|_| 40.0 + 3.0 * dice.roll()).collect();
        let level = 40.0 + 3.0 * dice.roll();
        let bed = |x: f64, y: f64| match heights[(y / 7.0) as usize * 150 + (x / 7.0) as usize] {
            z if z > 42.9 => f64::NAN,
            z => z,
        };
        let mut setup = inertial(domain(150, 130, 7.0, 0.03, bed));
        setup.initial = Initial::Level(level);
        setup.domain.blocked = heights
            .iter()
            .map(|z| ((z * 1e4) as u64).is_multiple_of(17))
            .collect();
        if seed % 2 == 1 {
            setup.boundaries = vec![
                Boundary {
                    place: BoundaryPlace::Side(Side::West),
                    kind: BoundaryKind::Level(Series::constant(level)),
                },
                Boundary {
                    place: BoundaryPlace::Side(Side::North),
                    kind: BoundaryKind::Level(Series::constant(level)),
                },
            ];
        }
        let (speed, moved) = fastest_after_100_s(setup);
        println!("lake at rest, bed {seed}: speed {speed:e} m/s, depth moved {moved:e} m");
        assert!(speed < 1e-6 && moved < 1e-6);
    }
}

#[test]
fn a_lake_over_the_swashes_bump_stays_at_rest() {
    let bump = |x: f64, _: f64| (0.2 - 0.05 * (x - 10.0) * (x - 10.0)).max(0.0);
    for level in [0.1, 0.5] {
        let mut setup = inertial(domain(250, 2, 0.1, 0.0, bump));
        setup.initial = Initial::Level(level);
        let (speed, moved) = fastest_after_100_s(setup);
        println!("lake at rest, bump, level {level}: speed {speed:e} m/s, moved {moved:e} m");
        assert!(speed < 1e-6 && moved < 1e-6);
    }
}
