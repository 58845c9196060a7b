//! The arithmetic of the finite-volume scheme, row by row: surfaces at the faces, HLLC fluxes,
//! friction. Pure functions on arrays, like `kernel.rs`, and mirror-symmetric to the last bit.

use super::compact::{keep_rest, rest_of};
use super::kernel::{Carried, carry, gain, inverse_cube_root, larger, smaller};
use super::state::{FACES, TILE, WHOLE};
use stormgrid_core::units::GRAVITY;

const G: f32 = GRAVITY as f32;

/// What a row of faces reads. Cells count across the face: 0 and 1 on its low (west, north) side,
/// 2 and 3 on its high side; the face lies between 1 and 2.
pub(super) struct Beside<'a> {
    /// Depth [m].
    pub h: [&'a [f32; FACES]; 4],
    /// Bed above the datum [m].
    pub z: [&'a [f32; FACES]; 4],
    /// Velocity across the face, of cells 1 and 2 [m s⁻¹].
    pub normal: [&'a [f32; FACES]; 2],
    /// Velocity along the face, of cells 1 and 2 [m s⁻¹].
    pub along: [&'a [f32; FACES]; 2],
    /// Celerity √(g h) of cells 1 and 2 [m s⁻¹].
    pub celerity: [&'a [f32; FACES]; 2],
}

/// What goes through a row of faces in a unit of time and width.
#[derive(Clone, Debug)]
pub(super) struct Fluxes {
    /// Water [m² s⁻¹].
    pub mass: [f32; FACES],
    /// Momentum across the face and push of the bed, as the low cell feels them, less the
    /// pressure of that cell at rest [m³ s⁻²].
    pub low: [f32; FACES],
    /// The same as the high cell feels it.
    pub high: [f32; FACES],
    /// Momentum along the face [m³ s⁻²].
    pub along: [f32; FACES],
}

impl Fluxes {
    pub fn zero() -> Self {
        Self {
            mass: [0.0; FACES],
            low: [0.0; FACES],
            high: [0.0; FACES],
            along: [0.0; FACES],
        }
    }

    /// Water, momentum as the low and as the high cell feel it, momentum along.
    pub fn parts(&mut self) -> [&mut [f32; FACES]; 4] {
        [
            &mut self.mass,
            &mut self.low,
            &mut self.high,
            &mut self.along,
        ]
    }
}

/// Depth and velocities of a row of cells before the step, the rim included; the last few places fill
/// up a vector and are not used.
#[derive(Clone, Debug)]
pub(super) struct Velocities {
    /// Depth [m].
    pub h: [f32; WHOLE],
    /// Eastwards [m s⁻¹].
    pub x: [f32; WHOLE],
    /// Southwards [m s⁻¹].
    pub y: [f32; WHOLE],
    /// Celerity √(g h) [m s⁻¹].
    pub celerity: [f32; WHOLE],
}

impl Velocities {
    pub fn zero() -> Self {
        Self {
            h: [0.0; WHOLE],
            x: [0.0; WHOLE],
            y: [0.0; WHOLE],
            celerity: [0.0; WHOLE],
        }
    }
}

/// Fluxes on the four faces of a row of cells, as [`flux_row`] gives them: those of the
/// western and eastern faces are one array, read one place apart.
pub(super) struct Around<'a> {
    pub x: &'a Fluxes,
    pub north: &'a Fluxes,
    pub south: &'a Fluxes,
}

/// Numbers of one step that all cells share.
#[derive(Clone, Copy, Debug)]
pub(super) struct CellStep {
    pub carried: Carried,
    /// Δt [s].
    pub dt: f32,
    /// 4 g n² Δt of a kept roughness of 1.
    pub drag: f32,
    /// Depth at or below which water does not move [m].
    pub depth_dry: f32,
}

/// What a row of cells changes.
pub(super) struct MovingRow<'a> {
    /// Depth [m].
    pub h: &'a mut [f32; TILE],
    /// What rounding has kept out of the depth so far, as it is kept.
    pub rest: &'a mut [u16; TILE],
    /// Unit discharge eastwards [m² s⁻¹].
    pub qx: &'a mut [f32; TILE],
    /// Unit discharge southwards [m² s⁻¹].
    pub qy: &'a mut [f32; TILE],
    /// Manning's n as it is kept.
    pub n: &'a [u16; TILE],
    /// Greatest depth so far [m].
    pub depth_max: &'a mut [f32; TILE],
    /// Greatest depth of the column in this step [m].
    pub column_max: &'a mut [f32; TILE],
    /// Greatest speed of a signal in the column in this step [m s⁻¹].
    pub signal_max: &'a mut [f32; TILE],
}

super::vectors::wide! {
    pub(super) fn velocity_row = velocity_row_on_any(
        out: &mut Velocities,
        h: &[f32; WHOLE],
        qx: &[f32; WHOLE],
        qy: &[f32; WHOLE],
        depth_dry: f32
    );
    pub(super) fn flux_row = flux_row_on_any(out: &mut Fluxes, row: &Beside<'_>);
    pub(super) fn moving_row = moving_row_on_any(
        row: MovingRow<'_>,
        around: &Around<'_>,
        k: &CellStep
    );
}

/// Velocity from discharge and depth; none in a film at or below `depth_dry`.
#[inline(always)]
fn velocity_row_on_any(
    out: &mut Velocities,
    h: &[f32; WHOLE],
    qx: &[f32; WHOLE],
    qy: &[f32; WHOLE],
    depth_dry: f32,
) {
    for i in 0..WHOLE {
        let inverse = 1.0 / larger(h[i], depth_dry);
        let moves = if h[i] > depth_dry { inverse } else { 0.0 };
        out.h[i] = h[i];
        out.x[i] = qx[i] * moves;
        out.y[i] = qy[i] * moves;
        out.celerity[i] = (G * h[i]).sqrt();
    }
}

/// The smaller in size of two numbers of one sign, 0 if they differ in sign.
#[inline(always)]
pub(super) fn minmod(a: f32, b: f32) -> f32 {
    let up = larger(smaller(a, b), 0.0);
    let down = smaller(larger(a, b), 0.0);
    up + down
}

/// Water between two faces: pressure above that at rest when it moves towards a wall at `u`, as
/// the flux between the cell and its mirror image gives it, per depth [m² s⁻²].
#[inline(always)]
pub(super) fn ram(u: f32, celerity: f32) -> f32 {
    u * (celerity + 1.5 * larger(u, 0.0))
}

/// Speeds of the slowest and fastest signal, fluxes of water and of momentum without pressure, and the
/// difference of pressures that goes with the speeds, between depths `a` and `b` that move at `ua`, `ub`.
///
/// HLL with the speeds of two rarefactions or of a dry front: Toro (2001), Shock-Capturing Methods for
/// Free-Surface Shallow Flows, section 10.4.
#[inline(always)]
pub(super) fn hll(a: f32, b: f32, ua: f32, ub: f32) -> (f32, f32, f32, f32, f32) {
    let (ca, cb) = ((G * a).sqrt(), (G * b).sqrt());
    let u_mid = 0.5 * (ua + ub) + (ca - cb);
    let c_mid = larger(0.5 * (ca + cb) + 0.25 * (ua - ub), 0.0);
    let slow = smaller(ua - ca, u_mid - c_mid);
    let fast = larger(ub + cb, u_mid + c_mid);
    let slow = if a > 0.0 { slow } else { ub - 2.0 * cb };
    let fast = if b > 0.0 { fast } else { ua + 2.0 * ca };
    let slow = if b > 0.0 { slow } else { ua - ca };
    let fast = if a > 0.0 { fast } else { ub + cb };
    let slow = smaller(slow, 0.0);
    let fast = larger(fast, 0.0);
    let inverse = 1.0 / larger(fast - slow, 1e-20);
    let both = slow * fast;

    let (qa, qb) = (a * ua, b * ub);
    let mass = ((fast * qa - slow * qb) + both * (b - a)) * inverse;
    let momentum = ((fast * (qa * ua) - slow * (qb * ub)) + both * (qb - qa)) * inverse;
    let pressure = ((0.5 * G) * (b - a)) * (b + a) * inverse;
    (slow, fast, mass, momentum, pressure)
}

/// How close to its whole depth a column must be blocked before it feels the wall.
pub(super) const BLOCKED: f32 = 10.0;

/// Fluxes through a row of faces.
///
/// The surface of the lower cell is lifted by the smooth part of the slope of the bed before the
/// states at the face are formed, so that uniform flow down a plane meets no step there: after the
/// surface reconstruction of Xia et al. (2017), Water Resour. Res. 53, 3730–3759, but by no more
/// than the surface itself rises on either side of that cell, which keeps a lake at rest on any
/// shore. What remains of the step is a wall up to the bed at the face, which is cut at the lower of
/// the surfaces: Chen & Noelle (2017), SIAM J. Numer. Anal. 55, 758–784, eq. 2.13.
///
/// Where hardly any water gets over what is not smooth, the column rebounds as from a wall.
///
/// Fluxes are HLLC with the speeds of two rarefactions or of a dry front: Toro (2001),
/// Shock-Capturing Methods for Free-Surface Shallow Flows, section 10.4. The
/// pressure of the cell at rest is taken out before anything is added, so that still water feels
/// exactly nothing.
#[inline(always)]
fn flux_row_on_any(out: &mut Fluxes, row: &Beside<'_>) {
    let [h0, h1, h2, h3] = row.h;
    let [z0, z1, z2, z3] = row.z;
    let [u1, u2] = row.normal;
    let [v1, v2] = row.along;
    let [c1, c2] = row.celerity;
    for i in 0..FACES {
        let step = z2[i] - z1[i];
        let (step_before, step_after) = (z1[i] - z0[i], z3[i] - z2[i]);
        let rise = (h2[i] - h1[i]) + step;
        let rise_before = (h1[i] - h0[i]) + step_before;
        let rise_after = (h3[i] - h2[i]) + step_after;
        let smooth = 0.5 * (minmod(step_before, step) + minmod(step, step_after));
        let lift_low = larger(smaller(smaller(smooth, rise), rise_before), 0.0);
        let lift_high = larger(smaller(smaller(-smooth, -rise), -rise_after), 0.0);
        // The bed at the face above the lifted beds of both cells.
        let left = (step - lift_low) + lift_high;
        let above_low = smaller(larger(left, 0.0), smaller(h1[i], h2[i] + left));
        let above_high = smaller(larger(-left, 0.0), smaller(h2[i], h1[i] - left));
        let a = h1[i] - larger(above_low, 0.0);
        let b = h2[i] - larger(above_high, 0.0);

        let (ua, ub) = (u1[i], u2[i]);
        let (slow, fast, mass, momentum, pressure) = hll(a, b, ua, ub);
        let rough = (step - smooth).abs();
        let hit_low = larger(smaller(h1[i] - BLOCKED * a, rough), 0.0) * ram(ua, c1[i]);
        let hit_high = larger(smaller(h2[i] - BLOCKED * b, rough), 0.0) * ram(-ub, c2[i]);
        let push_low = (0.5 * G) * (h1[i] + a) * (lift_low + smaller(above_low, 0.0)) + hit_low;
        let push_high = (0.5 * G) * (h2[i] + b) * (lift_high + smaller(above_high, 0.0)) + hit_high;
        out.mass[i] = mass;
        out.low[i] = (momentum - slow * pressure) + push_low;
        out.high[i] = (momentum - fast * pressure) + push_high;
        // What the water carries along comes from where it comes from.
        out.along[i] = 0.5 * (mass * (v1[i] + v2[i]) + mass.abs() * (v1[i] - v2[i]));
    }
}

/// A row of cells after the step: continuity, momentum, friction.
///
/// Friction is implicit and acts on the vector: q' (1 + g Δt n² |q'| / h^(7/3)) = q*, whose root is
/// explicit; flow down a plane settles at Manning's law for any Δt.
/// Source: Xia & Liang (2018), Adv. Water Resour. 117, 87–97, eqs. 12–16.
#[inline(always)]
fn moving_row_on_any(row: MovingRow<'_>, around: &Around<'_>, k: &CellStep) {
    let MovingRow {
        h,
        rest,
        qx,
        qy,
        n,
        depth_max,
        column_max,
        signal_max,
    } = row;
    let Around { x, north, south } = around;
    let Carried { cx, cy, dither } = k.carried;
    for i in 0..TILE {
        // Places of the western face, and of the eastern face and the cell itself.
        let (w, e) = (i + 1, i + 2);
        let change = gain(x.mass[w], x.mass[e], north.mass[e], south.mass[e], cx, cy);
        let (depth, left) = carry(h[i], change + rest_of(rest[i]));
        let push_x = (x.high[w] - x.low[e]) * cx + (north.along[e] - south.along[e]) * cy;
        let push_y = (north.high[e] - south.low[e]) * cy + (x.along[w] - x.along[e]) * cx;
        let (px, py) = (qx[i] + push_x, qy[i] + push_y);

        let deep = larger(depth, k.depth_dry);
        let y = inverse_cube_root(deep);
        let h_seven_thirds = (deep * deep * deep) * (y * y);
        let free = (px * px + py * py).sqrt();
        let n = f32::from(n[i]);
        let drag = k.drag * (n * n);
        let root = (h_seven_thirds * (h_seven_thirds + drag * free)).sqrt();
        let kept = 2.0 * h_seven_thirds / (h_seven_thirds + root);
        let kept = if depth > k.depth_dry { kept } else { 0.0 };
        let (px, py) = (px * kept, py * kept);

        let inverse = 1.0 / deep;
        let swift = larger(px.abs(), py.abs()) * inverse;
        let signal = swift + (G * depth).sqrt();
        h[i] = depth;
        rest[i] = keep_rest(left, dither);
        qx[i] = px;
        qy[i] = py;
        depth_max[i] = larger(depth_max[i], depth);
        column_max[i] = larger(column_max[i], depth);
        signal_max[i] = larger(signal_max[i], signal);
    }
}
