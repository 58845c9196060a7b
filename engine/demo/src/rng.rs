//! Seeded numbers: the same on every machine, no state outside the value.

/// A stream of pseudo-random numbers: SplitMix64.
///
/// Source: Steele, Lea & Flood (2014), Fast splittable pseudorandom number generators, OOPSLA '14,
/// 453–472, fig. 16 (the mixing constants are those of the reference).
#[derive(Clone, Debug)]
pub(crate) struct Rng {
    state: u64,
}

const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finalizer of SplitMix64: a bijection on 64 bits that scatters neighbouring inputs.
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Rng {
    /// The stream of one purpose: streams of different tags share nothing, so that drawing one
    /// number more in one part of the city does not move the others.
    pub(crate) fn new(seed: u64, tag: u64) -> Self {
        Self {
            state: mix(seed.wrapping_add(mix(tag.wrapping_mul(GOLDEN_GAMMA) ^ GOLDEN_GAMMA))),
        }
    }

    /// The next 64 bits.
    pub(crate) fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN_GAMMA);
        mix(self.state)
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [`low`, `high`).
    pub(crate) fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform whole number in [0, `n`); 0 for `n` = 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// Uniform whole number in [`low`, `high`].
    pub(crate) fn whole(&mut self, low: u32, high: u32) -> u32 {
        low + self.below((high - low + 1) as usize) as u32
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }
}

/// Smooth noise in about [−1, 1]: values on a unit lattice, joined by a cubic fade.
///
/// - `x`, `y`: position in lattice units
/// - `seed`: which field of noise
pub(crate) fn smooth_noise(x: f64, y: f64, seed: u64) -> f64 {
    let (column, row) = (x.floor(), y.floor());
    let fade = |t: f64| t * t * (3.0 - 2.0 * t);
    let (fx, fy) = (fade(x - column), fade(y - row));
    let corner = |dx: i64, dy: i64| {
        let (i, j) = (column as i64 + dx, row as i64 + dy);
        let hash = mix((i as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93)
            ^ (j as u64).wrapping_mul(0xA076_1D64_78BD_642F)
            ^ seed);
        (hash >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let south = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * fx;
    let north = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * fx;
    south + (north - south) * fy
}

/// Splits `total` into whole parts in proportion to `weights` by largest remainders, so that the
/// parts sum to `total` exactly; a tie goes to the earlier part, a part without weight gets none.
pub(crate) fn apportion(total: u64, weights: &[f64]) -> Vec<u64> {
    let sum: f64 = weights.iter().sum();
    if sum <= 0.0 {
        return vec![0; weights.len()];
    }
    let exact: Vec<f64> = weights.iter().map(|w| total as f64 * w / sum).collect();
    let mut parts: Vec<u64> = exact.iter().map(|share| share.floor() as u64).collect();
    let mut order: Vec<usize> = (0..weights.len()).filter(|&i| weights[i] > 0.0).collect();
    order.sort_by(|&a, &b| {
        let rest = |i: usize| exact[i] - exact[i].floor();
        rest(b).total_cmp(&rest(a)).then(a.cmp(&b))
    });
    let missing = total.saturating_sub(parts.iter().sum());
    for k in 0..missing as usize {
        parts[order[k % order.len()]] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix_gives_the_published_first_numbers_of_seed_zero() {
        // Vigna's splitmix64.c with x = 0 prints these first two.
        let mut rng = Rng { state: 0 };
        assert_eq!(rng.next_u64(), 0xE220_A839_7B1D_CDAF);
        assert_eq!(rng.next_u64(), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn apportioned_parts_sum_to_the_total() {
        let weights = [0.3, 0.0, 1.7, 2.9, 1e-9, 4.0];
        for total in [0, 1, 7, 364_700] {
            let parts = apportion(total, &weights);
            assert_eq!(parts.iter().sum::<u64>(), total);
            assert_eq!(parts[1], 0);
        }
    }

    #[test]
    fn noise_is_continuous_and_bounded() {
        for k in 0..2000 {
            let x = k as f64 * 0.013 - 9.0;
            let here = smooth_noise(x, 0.4 * x, 5);
            let there = smooth_noise(x + 1e-6, 0.4 * x, 5);
            assert!(here.abs() <= 1.0 && (here - there).abs() < 1e-5);
        }
    }
}
