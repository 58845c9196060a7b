//! Ponding: how deep water stands where a road dips, an underpass above all.
//!
//! # What is modelled
//!
//! A *dip* is the lowest place of a road's profile with higher ground on both sides. A flood run on
//! coarse cells knows a mean depth on a mean ground; the same volume is put on the fine ground inside the cell,
//! where it collects at the bottom, and the depth there is told.
//!
//! # What is left out
//!
//! Drains and pumps of the underpass, unless the run has them; water that flows from one coarse cell to the
//! next along a gutter lower than both means; a road that is an embankment in the terrain and an
//! underpass in truth.

/// The lowest place of a profile that has higher ground on both sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dip {
    /// Which sample of the profile.
    pub sample: usize,
    /// Depth at which water there would run over the lower side [m].
    pub rim_depth: f64,
    /// The nearest samples before and after it that are as high as the lower side.
    pub rims: [usize; 2],
}

/// The deepest dip of a profile; `None` where it has none. Samples that are not finite are passed over.
///
/// - `heights`: ground along a line [m]
pub fn dip(heights: &[f64]) -> Option<Dip> {
    let greatest = |greatest: f64, z: f64| if z > greatest { z } else { greatest };
    let mut right: Vec<f64> = heights
        .iter()
        .rev()
        .scan(f64::NEG_INFINITY, |most, &z| {
            *most = greatest(*most, z);
            Some(*most)
        })
        .collect();
    right.reverse();
    let mut left = f64::NEG_INFINITY;
    let mut deepest: Option<Dip> = None;
    for (sample, &z) in heights.iter().enumerate() {
        left = greatest(left, z);
        let rim_depth = left.min(right[sample]) - z;
        if rim_depth > 0.0 && deepest.is_none_or(|d| rim_depth > d.rim_depth) {
            deepest = Some(Dip {
                sample,
                rim_depth,
                rims: [sample; 2],
            });
        }
    }
    let mut dip = deepest?;
    let rim = heights[dip.sample] + dip.rim_depth;
    // Against rounding: the rim is a height of the profile less and plus another.
    let at_rim = |i: &usize| heights[*i] >= rim - 1e-9;
    dip.rims = [
        (0..dip.sample).rev().find(at_rim)?,
        (dip.sample..heights.len()).find(at_rim)?,
    ];
    Some(dip)
}

/// Level at which a volume of water stands on ground of equal cells [m]; `None` without ground or water.
///
/// The level L solves Σ max(0, L - z) = depth · n.
///
/// - `ground`: heights of the cells [m]; those that are not finite hold no water
/// - `mean_depth`: volume over the area of those cells [m]
pub fn level_of(ground: &[f64], mean_depth: f64) -> Option<f64> {
    let mut heights: Vec<f64> = ground.iter().copied().filter(|z| z.is_finite()).collect();
    if heights.is_empty() || mean_depth.is_nan() || mean_depth <= 0.0 {
        return None;
    }
    heights.sort_by(f64::total_cmp);
    let volume = mean_depth * heights.len() as f64;
    let mut below = 0.0;
    for (k, &z) in heights.iter().enumerate() {
        below += z;
        let n = (k + 1) as f64;
        let level = (volume + below) / n;
        // The level of the first cells counts if it stays below the next one.
        if heights.get(k + 1).is_none_or(|next| level <= *next) {
            return Some(level);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_dip_is_as_deep_as_its_lower_side() {
        let profile = [3.0, 3.2, 2.6, 2.1, 2.5, 2.8, 2.9, 2.7];
        let found = dip(&profile).expect("a dip");
        assert_eq!(found.sample, 3);
        assert!((found.rim_depth - 0.8).abs() < 1e-12);
        assert_eq!(found.rims, [1, 6]);
        assert_eq!(dip(&[1.0, 2.0, 3.0]), None);
        assert_eq!(dip(&[2.0, 2.0]), None);
        assert_eq!(dip(&[]), None);
        let gap = [2.0, f64::NAN, 1.0, f64::NAN, 1.5];
        assert_eq!(dip(&gap).map(|d| (d.sample, d.rim_depth)), Some((2, 0.5)));
    }

    #[test]
    fn water_stands_level_in_a_wedge() {
        // On level ground the level is the ground and the depth.
        assert_eq!(level_of(&[2.0; 16], 0.25), Some(2.25));
        // Steps 0, 1, 2, 3: 1.5 of volume fill the first by 1 and the first two by a quarter more.
        let level = level_of(&[3.0, 1.0, 0.0, 2.0], 1.5 / 4.0).expect("water");
        assert!((level - 1.25).abs() < 1e-12);
        assert_eq!(level_of(&[1.0], 0.0), None);
        assert_eq!(level_of(&[f64::NAN], 1.0), None);
    }

    proptest! {
        #[test]
        fn the_volume_is_kept_and_more_water_stands_higher(
            ground in prop::collection::vec(-3.0f64..9.0, 1..40),
            depth in 0.001f64..4.0,
        ) {
            let level = level_of(&ground, depth).expect("water");
            let held: f64 = ground.iter().map(|z| (level - z).max(0.0)).sum();
            let given = depth * ground.len() as f64;
            prop_assert!((held - given).abs() < 1e-9 * given.max(1.0), "{held} {given}");
            prop_assert!(level_of(&ground, depth * 1.1).expect("water") >= level);
        }
    }
}
