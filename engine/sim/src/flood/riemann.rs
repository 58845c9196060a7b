//! The arithmetic of the finite-volume scheme, row by row: surfaces at the faces, HLLC fluxes,
//! friction. Pure functions on arrays, like `kernel.rs`, and mirror-symmetric to the last bit.

use super::compact::{keep_rest, rest_of};
use super::kernel::{Carried, carry_down_to, gain, inverse_cube_root, larger, smaller, some_zero};
use super::state::{FACES, PITCH, TILE, WHOLE};
use stormgrid_core::units::GRAVITY;

const G: f32 = GRAVITY as f32;

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

    /// Water, momentum along, momentum as the low and as the high cell feel it, of one face.
    #[inline(always)]
    fn at(&self, i: usize) -> [f32; 4] {
        [self.mass[i], self.along[i], self.low[i], self.high[i]]
    }

    #[inline(always)]
    fn put(&mut self, i: usize, values: [f32; 4]) {
        [self.mass[i], self.along[i], self.low[i], self.high[i]] = values;
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

/// A row of cells after continuity and pressure, before friction; the last places fill up a vector and stay 0.
#[derive(Clone, Debug)]
pub(super) struct Free {
    /// Depth [m].
    pub h: [f32; FACES],
    /// Unit discharge eastwards [m² s⁻¹].
    pub x: [f32; FACES],
    /// Unit discharge southwards [m² s⁻¹].
    pub y: [f32; FACES],
}

impl Free {
    pub fn zero() -> Self {
        Self {
            h: [0.0; FACES],
            x: [0.0; FACES],
            y: [0.0; FACES],
        }
    }
}

/// The greatest in each column in this step; the last places fill up a vector and stay 0.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    /// Depth [m].
    pub depth: [f32; FACES],
    /// Speed of a signal [m s⁻¹].
    pub signal: [f32; FACES],
}

impl Columns {
    pub fn zero() -> Self {
        Self {
            depth: [0.0; FACES],
            signal: [0.0; FACES],
        }
    }
}

super::vectors::wide! {
    pub(super) fn velocity_row = velocity_row_on_any(
        out: &mut Velocities,
        h: &[f32; WHOLE],
        qx: &[f32; WHOLE],
        qy: &[f32; WHOLE],
        depth_dry: f32
    );
    pub(super) fn flux_south = flux_south_on_any(
        out: &mut Fluxes,
        before: &Velocities,
        low: &Velocities,
        high: &Velocities,
        h_beyond: &[f32; FACES],
        z: &[f32; FACES + 3 * PITCH]
    );
    pub(super) fn flux_east = flux_east_on_any(
        out: &mut Fluxes,
        row: &Velocities,
        z: &[f32; FACES + 3]
    );
    pub(super) fn moving_row = moving_row_on_any(
        h: &mut [f32; TILE],
        rest: &mut [u16; TILE],
        qx: &mut [f32; TILE],
        qy: &mut [f32; TILE],
        depth_max: &mut [f32; TILE],
        n: &[u16; FACES],
        free: &mut Free,
        columns: &mut Columns,
        x: &Fluxes,
        north: &Fluxes,
        south: &Fluxes,
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
    let zero = some_zero();
    for i in 0..WHOLE {
        // No depth is negative; but a plain copy would become a call in WebAssembly.
        let depth = larger(h[i], zero);
        let inverse = 1.0 / larger(depth, depth_dry);
        let moves = if depth > depth_dry { inverse } else { 0.0 };
        out.h[i] = depth;
        out.x[i] = qx[i] * moves;
        out.y[i] = qy[i] * moves;
        out.celerity[i] = (G * depth).sqrt();
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

/// What passes between two states.
pub(super) struct Passing {
    /// Speed of the slowest signal, at most 0 [m s⁻¹].
    pub slow: f32,
    /// Speed of the fastest signal, at least 0 [m s⁻¹].
    pub fast: f32,
    /// Water [m² s⁻¹].
    pub mass: f32,
    /// Momentum without pressure [m³ s⁻²].
    pub momentum: f32,
    /// Difference of the pressures over that of the speeds [m² s⁻¹].
    pub pressure: f32,
}

/// What passes between depths `a` and `b` that move at `ua`, `ub`; `zero` is 0.
///
/// HLL with the speeds of two rarefactions or of a dry front: Toro (2001), Shock-Capturing Methods for
/// Free-Surface Shallow Flows, section 10.4. A dry side is given the speed of the front, u ± 2c of the wet
/// one: the speeds for two wet sides are then those of a dry front. Water and momentum are gathered by the
/// side that they come from: f (q − s h) and s (q − f h) over f − s, with s the slowest and f the fastest signal.
#[inline(always)]
pub(super) fn hll(a: f32, b: f32, ua: f32, ub: f32, zero: f32) -> Passing {
    let (ca, cb) = ((G * a).sqrt(), (G * b).sqrt());
    let (front_a, front_b) = (ub - 2.0 * cb, ua + 2.0 * ca);
    let ua = if a > zero { ua } else { front_a };
    let ub = if b > zero { ub } else { front_b };
    // u ∓ c of either side, or of the state between them if that is further out.
    let apart = 0.75 * (ub - ua);
    let fall = 1.5 * (ca - cb);
    let slow = smaller((ua - ca) + smaller(fall + apart, zero), zero);
    let fast = larger((ub + cb) + larger(fall - apart, zero), zero);
    let inverse = 1.0 / larger(fast - slow, 1e-20);
    let from_a = a * (ua - slow) * (fast * inverse);
    let from_b = b * (ub - fast) * (slow * inverse);
    Passing {
        slow,
        fast,
        mass: from_a - from_b,
        momentum: ua * from_a - ub * from_b,
        pressure: ((0.5 * G) * (b - a)) * ((b + a) * inverse),
    }
}

/// How close to its whole depth a column must be blocked before it feels the wall.
pub(super) const BLOCKED: f32 = 10.0;

/// The four cells around a face, counted across it: 0 and 1 on its low (west, north) side, 2 and 3 on
/// its high side; the face lies between 1 and 2.
struct Beside {
    /// Depth [m].
    h: [f32; 4],
    /// Bed above the datum [m].
    z: [f32; 4],
    /// Velocity across the face, of cells 1 and 2 [m s⁻¹].
    normal: [f32; 2],
    /// Celerity √(g h) of cells 1 and 2 [m s⁻¹].
    celerity: [f32; 2],
}

/// Depths at a face on its low and its high side [m], and what the bed pushes either cell [m³ s⁻²].
///
/// The surface of the lower cell is lifted by the smooth part of the slope of the bed before the
/// states at the face are formed, so that uniform flow down a plane meets no step there: after the
/// surface reconstruction of Xia et al. (2017), Water Resour. Res. 53, 3730–3759, but by no more
/// than the surface itself rises on either side of that cell, which keeps a lake at rest on any
/// shore. What remains of the step is a wall up to the bed at the face, which is cut at the lower of
/// the surfaces: Chen & Noelle (2017), SIAM J. Numer. Anal. 55, 758–784, eq. 2.13.
///
/// Where hardly any water gets over what is not smooth, the column rebounds as from a wall.
#[inline(always)]
fn at_face(beside: Beside, zero: f32) -> [f32; 4] {
    let [h0, h1, h2, h3] = beside.h;
    let [z0, z1, z2, z3] = beside.z;
    let step = z2 - z1;
    let (step_before, step_after) = (z1 - z0, z3 - z2);
    let rise = (h2 - h1) + step;
    let rise_before = (h1 - h0) + step_before;
    let rise_after = (h3 - h2) + step_after;
    // Half of minmod(step_before, step) + minmod(step, step_after): both lie between 0 and step.
    let (up, down) = (larger(step, zero), smaller(step, zero));
    let within = |other| larger(smaller(other, up), down);
    let smooth = 0.5 * (within(step_before) + within(step_after));
    // The low cell's bed is lifted, or the high cell's.
    let lift_low = larger(smaller(smaller(smooth, rise), rise_before), zero);
    let lift_high = smaller(larger(larger(smooth, rise), rise_after), zero);
    let left = step - (lift_low + lift_high);
    // Water above what is left of the step, or how far it stays below.
    let over_low = h1 - larger(left, zero);
    let over_high = h2 + smaller(left, zero);
    let (a, b) = (larger(over_low, zero), larger(over_high, zero));
    let (below_low, below_high) = (smaller(over_high, zero), smaller(over_low, zero));

    let ([ua, ub], [ca, cb]) = (beside.normal, beside.celerity);
    let rough = step - smooth;
    let rough = larger(rough, zero - rough);
    let hit_low = larger(smaller(h1 - BLOCKED * a, rough), zero);
    let hit_low = hit_low * (ua * (ca + 1.5 * larger(ua, zero)));
    let hit_high = larger(smaller(h2 - BLOCKED * b, rough), zero);
    let hit_high = hit_high * (ub * (cb - 1.5 * smaller(ub, zero)));
    let push_low = (0.5 * G) * (h1 + a) * (lift_low + below_low) + hit_low;
    let push_high = (0.5 * G) * (h2 + b) * (below_high - lift_high) - hit_high;
    [a, b, push_low, push_high]
}

/// Water, momentum along, momentum as the low and as the high cell feel it, from what [`at_face`] gives.
///
/// Fluxes are HLLC with the speeds of two rarefactions or of a dry front: Toro (2001),
/// Shock-Capturing Methods for Free-Surface Shallow Flows, section 10.4. The
/// pressure of the cell at rest is taken out before anything is added, so that still water feels
/// exactly nothing.
#[inline(always)]
fn through_face(at_face: [f32; 4], normal: [f32; 2], along: [f32; 2], zero: f32) -> [f32; 4] {
    let [a, b, push_low, push_high] = at_face;
    let p = hll(a, b, normal[0], normal[1], zero);
    [
        p.mass,
        // What the water carries along comes from where it comes from.
        larger(p.mass, zero) * along[0] + smaller(p.mass, zero) * along[1],
        (p.momentum - p.slow * p.pressure) + push_low,
        (p.momentum - p.fast * p.pressure) + push_high,
    ]
}

/// Fluxes through the faces south of a row of cells, `low`; `before` is the row north of it, `high` the
/// one south of it, `h_beyond` the depths of the next; `z` has the beds of all four.
///
/// In two goes, which leave what they hand on where the fluxes come to lie: one would keep the processor
/// waiting for its own long chain of results, and has more numbers than there are registers.
#[inline(always)]
fn flux_south_on_any(
    out: &mut Fluxes,
    before: &Velocities,
    low: &Velocities,
    high: &Velocities,
    h_beyond: &[f32; FACES],
    z: &[f32; FACES + 3 * PITCH],
) {
    let zero = some_zero();
    for i in 0..FACES {
        let j = i + 1;
        let beside = Beside {
            h: [before.h[j], low.h[j], high.h[j], h_beyond[i]],
            z: [z[i], z[i + PITCH], z[i + 2 * PITCH], z[i + 3 * PITCH]],
            normal: [low.y[j], high.y[j]],
            celerity: [low.celerity[j], high.celerity[j]],
        };
        out.put(i, at_face(beside, zero));
    }
    for i in 0..FACES {
        let j = i + 1;
        let (normal, along) = ([low.y[j], high.y[j]], [low.x[j], high.x[j]]);
        out.put(i, through_face(out.at(i), normal, along, zero));
    }
}

/// Fluxes through the faces east of the cells of a row, the first of column −2; `z` begins at
/// column −3.
#[inline(always)]
fn flux_east_on_any(out: &mut Fluxes, row: &Velocities, z: &[f32; FACES + 3]) {
    let zero = some_zero();
    for i in 0..FACES {
        let j = i + 1;
        let beside = Beside {
            h: [row.h[i], row.h[j], row.h[j + 1], row.h[j + 2]],
            z: [z[i], z[i + 1], z[i + 2], z[i + 3]],
            normal: [row.x[j], row.x[j + 1]],
            celerity: [row.celerity[j], row.celerity[j + 1]],
        };
        out.put(i, at_face(beside, zero));
    }
    for i in 0..FACES {
        let j = i + 1;
        let (normal, along) = ([row.x[j], row.x[j + 1]], [row.y[j], row.y[j + 1]]);
        out.put(i, through_face(out.at(i), normal, along, zero));
    }
}

/// A row of cells after the step: continuity, momentum, friction.
///
/// Friction is implicit and acts on the vector: q' (1 + g Δt n² |q'| / h^(7/3)) = q*, whose root is
/// explicit; flow down a plane settles at Manning's law for any Δt.
/// Source: Xia & Liang (2018), Adv. Water Resour. 117, 87–97, eqs. 12–16.
///
/// `x`, `north` and `south` are the fluxes on the four faces: those of the western and eastern ones are one
/// array, read one place apart. `free` is working space. Arrays by themselves, not in a structure: only of those does the compiler know that they
/// do not overlap.
#[inline(always)]
fn moving_row_on_any(
    h: &mut [f32; TILE],
    rest: &mut [u16; TILE],
    qx: &mut [f32; TILE],
    qy: &mut [f32; TILE],
    depth_max: &mut [f32; TILE],
    n: &[u16; FACES],
    free: &mut Free,
    columns: &mut Columns,
    x: &Fluxes,
    north: &Fluxes,
    south: &Fluxes,
    k: &CellStep,
) {
    let zero = some_zero();
    let Carried { cx, cy, dither } = k.carried;
    for i in 0..TILE {
        // Places of the western face, and of the eastern face and the cell itself.
        let (w, e) = (i + 1, i + 2);
        let change = gain(x.mass[w], x.mass[e], north.mass[e], south.mass[e], cx, cy);
        let (depth, left) = carry_down_to(zero, h[i], change + rest_of(rest[i]));
        let push_x = (x.high[w] - x.low[e]) * cx + (north.along[e] - south.along[e]) * cy;
        let push_y = (north.high[e] - south.low[e]) * cy + (x.along[w] - x.along[e]) * cx;
        h[i] = depth;
        rest[i] = keep_rest(left, dither);
        depth_max[i] = larger(depth_max[i], depth);
        free.h[i] = depth;
        free.x[i] = qx[i] + push_x;
        free.y[i] = qy[i] + push_y;
    }
    for i in 0..FACES {
        let (depth, px, py) = (free.h[i], free.x[i], free.y[i]);
        let deep = larger(depth, k.depth_dry);
        // h^(−1/3), h^(−1), h^(−7/3).
        let y = inverse_cube_root(deep);
        let inverse = (y * y) * y;
        let seven_thirds = inverse * (inverse * y);
        let n = f32::from(n[i]);
        let drag = (k.drag * (n * n)) * (px * px + py * py).sqrt();
        let kept = 2.0 / (1.0 + (1.0 + drag * seven_thirds).sqrt());
        let kept = if depth > k.depth_dry { kept } else { 0.0 };
        let (px, py) = (px * kept, py * kept);
        let swift = larger(larger(px, py), zero - smaller(px, py)) * inverse;
        let signal = swift + (G * depth).sqrt();
        free.x[i] = px;
        free.y[i] = py;
        columns.depth[i] = larger(columns.depth[i], depth);
        columns.signal[i] = larger(columns.signal[i], signal);
    }
    qx.copy_from_slice(&free.x[..TILE]);
    qy.copy_from_slice(&free.y[..TILE]);
}
