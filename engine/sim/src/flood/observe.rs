//! Maxima of a row of cells: speed, hazard class, arrival, duration.

use super::compact::{NEVER, keep_worst, worse};
use super::kernel::CellFaces;
use super::state::TILE;

/// Depth from which a cell counts as wet and its speed and hazard are told [m].
pub(super) const WET_DEPTH: f32 = 0.01;

/// Depth whose first crossing is the arrival [m].
pub(super) const ARRIVAL_DEPTH: f32 = 0.05;

/// Depth above which time counts as flooded [m].
pub(super) const DURATION_DEPTH: f32 = 0.15;

/// Upper limits of classes H1 to H5: (depth × speed)² [m⁴ s⁻²], depth [m], speed² [m² s⁻²].
///
/// Source: Smith, Davey & Cox (2014), WRL technical report 2014/07, table 6.
const HAZARD_LIMITS: [(f32, f32, f32); 5] = [
    (0.3 * 0.3, 0.3, 4.0),
    (0.6 * 0.6, 0.5, 4.0),
    (0.6 * 0.6, 1.2, 4.0),
    (1.0, 2.0, 4.0),
    (16.0, 4.0, 16.0),
];

/// What the observer keeps of a row.
pub(super) struct ObservedRow<'a> {
    /// Greatest speed and worst class, 0 to 6, as they are kept.
    pub worst: &'a mut [u16; TILE],
    /// First time with at least 0.05 m, in ticks.
    pub arrival: &'a mut [u16; TILE],
    /// Time with more than 0.15 m, in ticks.
    pub duration: &'a mut [u16; TILE],
    /// Wet cells seen in the column.
    pub wet: &'a mut [u32; TILE],
    /// Sum of depths of the column: not a number if one of them is not.
    pub sum: &'a mut [f32; TILE],
}

super::vectors::wide! {
    pub(super) fn observe_row = observe_row_on_any(
        kept: ObservedRow<'_>,
        h: &[f32; TILE],
        faces: &CellFaces<'_, TILE>,
        froude2_g: f32,
        now: u16,
        interval: u16
    );
}

/// Square of the speed in a cell [m² s⁻²]: the mean discharge of opposite faces over the depth,
/// at most `froude2_g` times the depth; 0 below 1 cm.
#[inline(always)]
pub(super) fn speed2(h: f32, west: f32, east: f32, north: f32, south: f32, froude2_g: f32) -> f32 {
    let qx = 0.5 * (west + east);
    let qy = 0.5 * (north + south);
    let wet = h >= WET_DEPTH;
    let depth = if wet { h } else { WET_DEPTH };
    let raw = (qx * qx + qy * qy) / (depth * depth);
    let cap = froude2_g * depth;
    let capped = if raw < cap { raw } else { cap };
    if wet { capped } else { 0.0 }
}

/// Takes the state of a row of cells into its maxima, `now` ticks after the start and `interval` after
/// the last look.
#[inline(always)]
fn observe_row_on_any(
    kept: ObservedRow<'_>,
    h: &[f32; TILE],
    faces: &CellFaces<'_, TILE>,
    froude2_g: f32,
    now: u16,
    interval: u16,
) {
    let ObservedRow {
        worst,
        arrival,
        duration,
        wet,
        sum,
    } = kept;
    for i in 0..TILE {
        let depth = h[i];
        let v2 = speed2(
            depth,
            faces.west[i],
            faces.east[i],
            faces.north[i],
            faces.south[i],
            froude2_g,
        );
        let dv2 = v2 * depth * depth;
        let mut class = 1_u16;
        for (dv2_limit, depth_limit, v2_limit) in HAZARD_LIMITS {
            let holds = (dv2 <= dv2_limit) & (depth <= depth_limit) & (v2 <= v2_limit);
            class += u16::from(!holds);
        }
        let is_wet = depth >= WET_DEPTH;
        let class = if is_wet { class } else { 0 };
        worst[i] = worse(worst[i], keep_worst(v2, class));
        let seen = if depth >= ARRIVAL_DEPTH { now } else { NEVER };
        arrival[i] = if seen < arrival[i] { seen } else { arrival[i] };
        duration[i] += if depth > DURATION_DEPTH { interval } else { 0 };
        wet[i] += u32::from(is_wet);
        sum[i] += depth;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposure::HazardClass;
    use crate::flood::compact::class_of;

    #[test]
    fn classes_agree_with_the_exposure_table() {
        for k in 0..4000_u32 {
            let depth = 0.011 + 0.0013 * k as f32;
            let speed = 0.003 * ((k * 7919) % 1700) as f32;
            let q = [depth * speed; TILE];
            let zero = [0.0; TILE];
            let faces = CellFaces {
                west: &q,
                east: &q,
                north: &zero,
                south: &zero,
            };
            let mut worst = [0; TILE];
            observe_row(
                ObservedRow {
                    worst: &mut worst,
                    arrival: &mut [NEVER; TILE],
                    duration: &mut [0; TILE],
                    wet: &mut [0; TILE],
                    sum: &mut [0.0; TILE],
                },
                &[depth; TILE],
                &faces,
                1e6,
                0,
                1,
            );
            let expected = HazardClass::of(f64::from(depth), f64::from(speed));
            let near = |a: f64, b: f64| (a - b).abs() < 1e-4;
            let (d, v) = (f64::from(depth), f64::from(speed));
            let on_a_limit = [0.3, 0.6, 1.0, 4.0].iter().any(|&l| near(d * v, l))
                || [0.3, 0.5, 1.2, 2.0, 4.0].iter().any(|&l| near(d, l))
                || [2.0, 4.0].iter().any(|&l| near(v, l));
            if !on_a_limit {
                assert_eq!(
                    expected.map(|c| c as u8),
                    Some(class_of(worst[0])),
                    "{d} {v}"
                );
            }
        }
    }
}
