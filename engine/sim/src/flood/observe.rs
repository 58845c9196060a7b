//! Maxima of a row of cells: speed, hazard class, arrival, duration.

use super::compact::{NEVER, keep_worst, worse};
use super::kernel::{CellFaces, larger, some_zero};
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

/// What the observer keeps of each column of a tile during one look.
pub(super) struct Seen {
    /// Wet cells.
    pub wet: [u32; TILE],
    /// Sum of depths: not a number if one of them is not.
    pub sum: [f32; TILE],
    /// Greatest depth [m].
    pub depth: [f32; TILE],
}

impl Seen {
    pub fn nothing() -> Self {
        Self {
            wet: [0; TILE],
            sum: [0.0; TILE],
            depth: [0.0; TILE],
        }
    }
}

super::vectors::wide! {
    pub(super) fn depth_row = depth_row_on_any(
        depth_max: &mut [f32; TILE],
        seen: &mut Seen,
        row_max: &mut f32,
        h: &[f32; TILE]
    );
    pub(super) fn worst_row = worst_row_on_any(
        worst: &mut [u16; TILE],
        h: &[f32; TILE],
        faces: &CellFaces<'_, TILE>,
        froude2_g: f32
    );
    pub(super) fn time_row = time_row_on_any(
        arrival: &mut [u16; TILE],
        duration: &mut [u16; TILE],
        h: &[f32; TILE],
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
    // A factor, not a choice: the compiler would make a branch of that, and no vectors.
    capped * if wet { 1.0 } else { 0.0 }
}

/// Takes the depths of a row into its maxima: rain came after they were last compared.
#[inline(always)]
fn depth_row_on_any(
    depth_max: &mut [f32; TILE],
    seen: &mut Seen,
    row_max: &mut f32,
    h: &[f32; TILE],
) {
    for i in 0..TILE {
        depth_max[i] = larger(h[i], depth_max[i]);
        seen.depth[i] = larger(h[i], seen.depth[i]);
        seen.wet[i] += u32::from(h[i] >= WET_DEPTH);
        seen.sum[i] += h[i];
    }
    // Four strands, as wide as the narrowest vectors.
    let mut most = [0.0_f32; 4];
    for quarter in h.chunks_exact(4) {
        for k in 0..4 {
            most[k] = larger(quarter[k], most[k]);
        }
    }
    *row_max = larger(larger(most[0], most[1]), larger(most[2], most[3]));
}

/// Takes speed and hazard class of a row into its maxima. A row without a cell of [`WET_DEPTH`] has neither.
#[inline(always)]
fn worst_row_on_any(
    worst: &mut [u16; TILE],
    h: &[f32; TILE],
    faces: &CellFaces<'_, TILE>,
    froude2_g: f32,
) {
    let CellFaces {
        west,
        east,
        north,
        south,
    } = *faces;
    let zero = some_zero();
    for i in 0..TILE {
        let depth = h[i];
        let v2 = speed2(depth, west[i], east[i], north[i], south[i], froude2_g);
        let dv2 = v2 * depth * depth;
        let beyond = |k: usize| -> f32 {
            let (dv2_limit, depth_limit, v2_limit) = HAZARD_LIMITS[k];
            // Positive where one of the limits is passed.
            let over = larger(dv2 - dv2_limit, larger(depth - depth_limit, v2 - v2_limit));
            if over > zero { 1.0 } else { 0.0 }
        };
        let class = 1.0 + beyond(0) + beyond(1) + beyond(2) + beyond(3) + beyond(4);
        let class = if depth >= WET_DEPTH { class } else { 0.0 };
        // The last bits of 2²³ + class are the class: a conversion would not become a vector.
        let found = keep_worst(v2, (class + 8_388_608.0).to_bits() & 7);
        worst[i] = worse(u32::from(worst[i]), found) as u16;
    }
}

/// Takes arrival and duration of a row, `now` ticks after the start and `interval` after the last look. In a row
/// without a cell of [`ARRIVAL_DEPTH`] neither changes.
#[inline(always)]
fn time_row_on_any(
    arrival: &mut [u16; TILE],
    duration: &mut [u16; TILE],
    h: &[f32; TILE],
    now: u16,
    interval: u16,
) {
    // Two bytes are widened to four, as wide as the depths that decide.
    let (now, interval, never) = (u32::from(now), u32::from(interval), u32::from(NEVER));
    for i in 0..TILE {
        let before = u32::from(arrival[i]);
        let seen = if h[i] >= ARRIVAL_DEPTH { now } else { never };
        arrival[i] = if seen < before { seen } else { before } as u16;
        let longer = if h[i] > DURATION_DEPTH { interval } else { 0 };
        duration[i] = (u32::from(duration[i]) + longer) as u16;
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
            worst_row(&mut worst, &[depth; TILE], &faces, 1e6);
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
