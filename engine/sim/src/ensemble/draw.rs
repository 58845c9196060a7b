//! The random numbers of a member.

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// Standard normal numbers of one member, independent of each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draw {
    /// Of the position along the track, positive ahead.
    pub along: f64,
    /// Of the position across the track, positive to the right.
    pub across: f64,
    /// Of the greatest wind.
    pub wind: f64,
    /// Of the radius of maximum wind.
    pub rmw: f64,
    /// Of the rain.
    pub rain: f64,
    /// Of the surge.
    pub surge: f64,
    /// Of the tide's time, positive later.
    pub tide_time: f64,
    /// Of the level besides.
    pub level: f64,
}

/// Tells these numbers from any others that are made of the same seed; with the seed, 32 bytes.
const PURPOSE: &[u8; 24] = b"stormgrid ensemble draw1";

impl Draw {
    /// The numbers of a member; all zero for member 0, the control.
    pub fn of(seed: u64, member: u32) -> Self {
        if member == 0 {
            return Self::default();
        }
        let mut key = [0_u8; 32];
        key[..24].copy_from_slice(PURPOSE);
        key[24..].copy_from_slice(&seed.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(u64::from(member));
        let mut pair = || normal_pair(uniform(rng.next_u64()), uniform(rng.next_u64()));
        let [along, across] = pair();
        let [wind, rmw] = pair();
        let [rain, surge] = pair();
        let [tide_time, level] = pair();
        Self {
            along,
            across,
            wind,
            rmw,
            rain,
            surge,
            tide_time,
            level,
        }
    }
}

/// A number strictly between 0 and 1 from the upper 52 bits: with the half they fill a mantissa, so that
/// nothing is rounded to 1.
fn uniform(bits: u64) -> f64 {
    ((bits >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
}

/// Two independent standard normal numbers from two uniform ones (Box & Muller 1958).
///
/// By `libm` rather than the system's functions, whose last bits differ between machines.
fn normal_pair(u: f64, v: f64) -> [f64; 2] {
    let radius = (-2.0 * libm::log(u)).sqrt();
    let angle = 2.0 * std::f64::consts::PI * v;
    [radius * libm::cos(angle), radius * libm::sin(angle)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(draw: Draw) -> [f64; 8] {
        [
            draw.along,
            draw.across,
            draw.wind,
            draw.rmw,
            draw.rain,
            draw.surge,
            draw.tide_time,
            draw.level,
        ]
    }

    /// Laws of sums of n independent standard normal numbers: the mean has the deviation 1/√n, the mean
    /// square √(2/n), the mean product of two of them 1/√n, the share beyond ±1.96 √(0.05 · 0.95/n). Five
    /// deviations are allowed: with the 60 numbers looked at a right generator fails with p < 4e-5.
    #[test]
    fn members_are_standard_normal_and_independent() {
        let n = 40_000_u32;
        let draws: Vec<[f64; 8]> = (1..=n).map(|k| numbers(Draw::of(7, k))).collect();
        let mean = |of: &dyn Fn(&[f64; 8]) -> f64| draws.iter().map(of).sum::<f64>() / f64::from(n);
        let allowed = 5.0 / f64::from(n).sqrt();
        for i in 0..8 {
            assert!(mean(&|d| d[i]).abs() < allowed, "mean of number {i}");
            let square = mean(&|d| d[i] * d[i]);
            assert!(
                (square - 1.0).abs() < allowed * 2.0_f64.sqrt(),
                "variance of number {i}: {square}"
            );
            let beyond = mean(&|d| if d[i].abs() > 1.959_964 { 1.0 } else { 0.0 });
            assert!((beyond - 0.05).abs() < allowed * (0.05_f64 * 0.95).sqrt());
            for j in 0..i {
                assert!(
                    mean(&|d| d[i] * d[j]).abs() < allowed,
                    "numbers {i} and {j}"
                );
            }
            let next = draws.windows(2).map(|w| w[0][i] * w[1][i]).sum::<f64>() / f64::from(n);
            assert!(next.abs() < allowed, "number {i} of neighbours");
        }
    }

    #[test]
    fn a_member_is_its_own_and_its_seeds() {
        assert_eq!(Draw::of(3, 0), Draw::default());
        assert_eq!(Draw::of(3, 17), Draw::of(3, 17));
        assert_ne!(Draw::of(3, 17), Draw::of(4, 17));
        assert_ne!(Draw::of(3, 17), Draw::of(3, 18));
        for bits in [0, u64::MAX] {
            let u = uniform(bits);
            assert!(u > 0.0 && u < 1.0);
            assert!(normal_pair(u, u).iter().all(|z| z.is_finite()));
        }
    }
}
