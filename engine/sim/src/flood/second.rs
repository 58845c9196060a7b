//! Finite volumes of second order, row by row: slopes within the cells, half a step ahead, fluxes.
//!
//! MUSCL-Hancock: limited slopes of surface, depth and velocities; the states at a cell's faces
//! are taken half a step forward by the equations themselves; then one flux a face, as in first order.
//! Source: van Leer (1984), SIAM J. Sci. Stat. Comput. 5, 1–20; bed and surface by Audusse et al.
//! (2004), SIAM J. Sci. Comput. 25, 2050–2065, section 3.
//!
//! The bed within a cell rises as between its neighbours, so that hardly a step is left at the faces, and
//! the depth follows from surface and bed: slopes of depth limited by themselves leave steps that
//! hold standing waves in flow near the critical one. A cell beside a dry one, a wall or an obstacle takes the
//! slopes of its other side; films and cells beside a levee have none, and between two such cells the
//! flux is that of first order. Pure functions on arrays, mirror-symmetric like `riemann.rs`.

use super::kernel::{inverse_cube_root, larger, smaller, some_zero};
use super::riemann::{BLOCKED, Fluxes, Velocities, hll, minmod, ram};
use super::state::{FACES, TILE, WALL, WHOLE};
use stormgrid_core::units::GRAVITY;

const G: f32 = GRAVITY as f32;

/// Depth at or below which a cell has no slopes, nor counts for those beside it [m].
const SHALLOW: f32 = 1e-3;

/// Rise from which on a neighbour is outside the domain or an obstacle [m].
const CLIFF: f32 = 0.5 * WALL;

/// Weight of the smaller of two differences against their mean, from 1 (minmod) to 2 (monotonised central).
///
/// The generalised minmod of Kurganov & Tadmor (2000), J. Comput. Phys. 160, 241–282, section 4, and
/// their choice: a smooth wave has a third of minmod's error, 2 hardly betters it and rings.
const STEEPEST: f32 = 1.3;

/// What a row of cells is at one of its four faces, half a step ahead.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    /// Depth [m].
    pub h: [f32; WHOLE],
    /// Velocity eastwards [m s⁻¹].
    pub u: [f32; WHOLE],
    /// Velocity southwards [m s⁻¹].
    pub v: [f32; WHOLE],
    /// Pressure along the slope of the surface from the middle of the cell to the face, per
    /// width [m³ s⁻²].
    pub slope: [f32; WHOLE],
}

impl Ends {
    fn zero() -> Self {
        Self {
            h: [0.0; WHOLE],
            u: [0.0; WHOLE],
            v: [0.0; WHOLE],
            slope: [0.0; WHOLE],
        }
    }
}

/// A row of cells with its slopes.
#[derive(Clone, Debug)]
pub(super) struct States {
    pub west: Ends,
    pub east: Ends,
    pub north: Ends,
    pub south: Ends,
    /// Half the rise of the bed within the cell, eastwards and southwards [m].
    pub rise_x: [f32; WHOLE],
    pub rise_y: [f32; WHOLE],
    /// 1 where the cell has slopes along x and along y, 0 where it has none.
    pub smooth_x: [f32; WHOLE],
    pub smooth_y: [f32; WHOLE],
}

impl States {
    pub fn zero() -> Self {
        Self {
            west: Ends::zero(),
            east: Ends::zero(),
            north: Ends::zero(),
            south: Ends::zero(),
            rise_x: [0.0; WHOLE],
            rise_y: [0.0; WHOLE],
            smooth_x: [0.0; WHOLE],
            smooth_y: [0.0; WHOLE],
        }
    }
}

/// What the slopes of a row are made of: the rows north of it, itself and south of it.
pub(super) struct Rows<'a> {
    pub water: [&'a Velocities; 3],
    /// Bed above the datum [m].
    pub z: [&'a [f32; WHOLE]; 3],
    /// Manning's n of the row as it is kept.
    pub n: &'a [u16; WHOLE],
    /// 1 where cells may have slopes, 0 beside levees, across which no slope may be taken.
    pub allowed: &'a [f32; WHOLE],
}

/// Numbers of one step that all cells share.
#[derive(Clone, Copy, Debug)]
pub(super) struct HalfStep {
    /// Δt/Δx [s m⁻¹].
    pub cx: f32,
    /// Δt/Δy [s m⁻¹].
    pub cy: f32,
    /// g n² Δt / 2 of a kept roughness of 1.
    pub drag: f32,
}

/// What a row of faces reads: the cells on its low (west, north) and high side, half a step ahead, and what
/// they are before the step.
pub(super) struct Meeting<'a> {
    pub h: [&'a [f32; FACES]; 2],
    /// Velocity across the face.
    pub normal: [&'a [f32; FACES]; 2],
    /// Velocity along the face.
    pub along: [&'a [f32; FACES]; 2],
    pub slope: [&'a [f32; FACES]; 2],
    pub rise: [&'a [f32; FACES]; 2],
    pub smooth: [&'a [f32; FACES]; 2],
    /// Bed above the datum, of two cells on either side counted across the face [m].
    pub z: [&'a [f32; FACES]; 4],
    /// Depth before the step [m].
    pub held: [&'a [f32; FACES]; 2],
    /// Celerity before the step [m s⁻¹].
    pub celerity: [&'a [f32; FACES]; 2],
    /// Width of a cell over the step's length [m s⁻¹].
    pub reach: f32,
}

/// What is found on a row of faces, 0 for no: slopes on either side; water on either side but no slopes.
#[derive(Default)]
pub(super) struct Found {
    pub slopes: u32,
    pub plain: u32,
}

super::vectors::wide! {
    pub(super) fn states_row = states_row_on_any(out: &mut States, rows: &Rows<'_>, k: &HalfStep);
    pub(super) fn meet_row = meet_row_on_any(out: &mut Fluxes, row: &Meeting<'_>);
    pub(super) fn look_row = look_row_on_any(found: &mut Found, row: &Meeting<'_>, first: usize);
}

/// Half the change across a cell from the differences before and after it; where one neighbour holds no
/// water, the difference towards the other.
#[inline(always)]
fn half_change(before: f32, after: f32, [wet_before, wet_after]: [bool; 2]) -> f32 {
    let a = if wet_before { before } else { after };
    let b = if wet_after { after } else { before };
    0.5 * minmod(STEEPEST * minmod(a, b), 0.5 * (a + b))
}

/// Half the rise of the bed within a cell from the rises before and after it: central, so that the beds of
/// cells meet; beside a shore the smaller one, beside a wall that of the other side.
#[inline(always)]
fn half_rise(before: f32, after: f32, [wet_before, wet_after]: [bool; 2]) -> f32 {
    let a = if before.abs() < CLIFF { before } else { after };
    let b = if after.abs() < CLIFF { after } else { before };
    let (central, smaller) = (0.25 * (a + b), 0.5 * minmod(a, b));
    let central = if wet_before { central } else { smaller };
    if wet_after { central } else { smaller }
}

/// Slopes of a row of cells, and its faces half a step ahead. The first and the last place have no
/// neighbour and no meaning.
///
/// The half step is that of depth and velocities with friction, implicit as in the whole step, so that
/// uniform flow stays as it is.
#[inline(always)]
fn states_row_on_any(out: &mut States, rows: &Rows<'_>, k: &HalfStep) {
    let [north, here, south] = rows.water;
    let [z_north, z_here, z_south] = rows.z;
    for i in 1..WHOLE - 1 {
        let (h, u, v, z) = (here.h[i], here.x[i], here.y[i], z_here[i]);
        let (hw, he, hn, hs) = (here.h[i - 1], here.h[i + 1], north.h[i], south.h[i]);
        let allowed = if h > SHALLOW { rows.allowed[i] } else { 0.0 };
        let wet_x = [hw > SHALLOW, he > SHALLOW];
        let wet_y = [hn > SHALLOW, hs > SHALLOW];
        let smooth = |[a, b]: [bool; 2]| {
            let beside = if a { allowed } else { 0.0 };
            if b { allowed } else { beside }
        };
        let (smooth_x, smooth_y) = (smooth(wet_x), smooth(wet_y));
        // Half the differences across the cell.
        let (up_x, down_x) = (z - z_here[i - 1], z_here[i + 1] - z);
        let (up_y, down_y) = (z - z_north[i], z_south[i] - z);
        let surface_x = smooth_x * half_change((h - hw) + up_x, (he - h) + down_x, wet_x);
        let surface_y = smooth_y * half_change((h - hn) + up_y, (hs - h) + down_y, wet_y);
        // No face lies deeper than twice the cell, none below its bed.
        let within = |d: f32| larger(smaller(d, h), -h);
        let depth_x = smooth_x * within(surface_x - half_rise(up_x, down_x, wet_x));
        let depth_y = smooth_y * within(surface_y - half_rise(up_y, down_y, wet_y));
        let ux = smooth_x * half_change(u - here.x[i - 1], here.x[i + 1] - u, wet_x);
        let uy = smooth_y * half_change(u - north.x[i], south.x[i] - u, wet_y);
        let vx = smooth_x * half_change(v - here.y[i - 1], here.y[i + 1] - v, wet_x);
        let vy = smooth_y * half_change(v - north.y[i], south.y[i] - v, wet_y);

        let dh = -((u * depth_x + h * ux) * k.cx + (v * depth_y + h * vy) * k.cy);
        let push_u = (u * ux + G * surface_x) * k.cx + (v * uy) * k.cy;
        let push_v = (u * vx) * k.cx + (v * vy + G * surface_y) * k.cy;
        let deep = larger(h, SHALLOW);
        let y = inverse_cube_root(deep);
        let n = f32::from(rows.n[i]);
        let speed = (u * u + v * v).sqrt();
        let kept = 1.0 / (1.0 + k.drag * (n * n) * speed * (y * y) * (y * y));
        let du = (u - push_u) * kept - u;
        let dv = (v - push_v) * kept - v;

        // Velocities are weighted so that the cell keeps its momentum.
        let inverse = 1.0 / deep;
        let (less_x, more_x) = ((h - depth_x) * inverse, (h + depth_x) * inverse);
        let (less_y, more_y) = ((h - depth_y) * inverse, (h + depth_y) * inverse);
        let (middle_x, middle_y) = (h + smooth_x * dh, h + smooth_y * dh);
        let (west, east) = (
            larger(middle_x - depth_x, 0.0),
            larger(middle_x + depth_x, 0.0),
        );
        let (top, bottom) = (
            larger(middle_y - depth_y, 0.0),
            larger(middle_y + depth_y, 0.0),
        );
        let (u_x, v_x) = (u + smooth_x * du, v + smooth_x * dv);
        let (u_y, v_y) = (u + smooth_y * du, v + smooth_y * dv);
        out.west.h[i] = west;
        out.east.h[i] = east;
        out.north.h[i] = top;
        out.south.h[i] = bottom;
        out.west.u[i] = u_x - more_x * ux;
        out.east.u[i] = u_x + less_x * ux;
        out.west.v[i] = v_x - more_x * vx;
        out.east.v[i] = v_x + less_x * vx;
        out.north.u[i] = u_y - more_y * uy;
        out.south.u[i] = u_y + less_y * uy;
        out.north.v[i] = v_y - more_y * vy;
        out.south.v[i] = v_y + less_y * vy;
        out.west.slope[i] = -(0.5 * G) * (middle_x + west) * surface_x;
        out.east.slope[i] = (0.5 * G) * (middle_x + east) * surface_x;
        out.north.slope[i] = -(0.5 * G) * (middle_y + top) * surface_y;
        out.south.slope[i] = (0.5 * G) * (middle_y + bottom) * surface_y;
        out.rise_x[i] = surface_x - depth_x;
        out.rise_y[i] = surface_y - depth_y;
        out.smooth_x[i] = smooth_x;
        out.smooth_y[i] = smooth_y;
    }
}

/// Fluxes through a row of faces, of second order where one cell at least has slopes, elsewhere those that `plain`
/// puts there. The faces from `first` on up to the tile's last one count; what is left on others has no meaning.
pub(super) fn fluxes(
    out: &mut Fluxes,
    row: &Meeting<'_>,
    first: usize,
    plain: impl FnOnce(&mut Fluxes),
) {
    let mut found = Found::default();
    look_row(&mut found, row, first);
    if found.plain == 0 {
        // What is left has no water on either side.
        *out = Fluxes::zero();
    } else {
        plain(out);
    }
    if found.slopes != 0 {
        meet_row(out, row);
    }
}

#[inline(always)]
fn look_row_on_any(found: &mut Found, row: &Meeting<'_>, first: usize) {
    let [h1, h2] = row.held;
    let [smooth1, smooth2] = row.smooth;
    for i in first..TILE + 2 {
        let slopes = (smooth1[i] + smooth2[i]).to_bits();
        let water = h1[i].to_bits() | h2[i].to_bits();
        found.slopes |= slopes;
        found.plain |= if slopes == 0 { water } else { 0 };
    }
}

/// Fluxes through the faces of a row of which one cell at least has slopes; the others keep what is there.
///
/// The momentum that a cell feels is told less the pressure of its own depth at the face; with half
/// the pressure along its slope added on either side nothing remains in a lake at rest. Columns that are
/// blocked rebound as in first order.
#[inline(always)]
fn meet_row_on_any(out: &mut Fluxes, row: &Meeting<'_>) {
    let [h1, h2] = row.h;
    let [u1, u2] = row.normal;
    let [v1, v2] = row.along;
    let [slope1, slope2] = row.slope;
    let [rise1, rise2] = row.rise;
    let [smooth1, smooth2] = row.smooth;
    let [z0, z1, z2, z3] = row.z;
    let [held1, held2] = row.held;
    let [c1, c2] = row.celerity;
    let zero = some_zero();
    for i in 0..FACES {
        let between = z2[i] - z1[i];
        let step = between - (rise1[i] + rise2[i]);
        let a = larger(h1[i] - larger(step, 0.0), 0.0);
        let b = larger(h2[i] - larger(-step, 0.0), 0.0);
        let (ua, ub) = (u1[i], u2[i]);
        let p = hll(a, b, ua, ub, zero);
        // No cell gives more than half of its water through one face.
        let most = 0.5 * row.reach;
        let mass = larger(smaller(p.mass, most * held1[i]), -(most * held2[i]));
        let (before, after) = (z1[i] - z0[i], z3[i] - z2[i]);
        // A bed that bends is no wall; one that rises more than on either side is.
        let rough = larger(
            between - larger(before, after),
            smaller(before, after) - between,
        );
        let hit_low = larger(smaller(h1[i] - BLOCKED * a, rough), 0.0) * ram(ua, c1[i]);
        let hit_high = larger(smaller(h2[i] - BLOCKED * b, rough), 0.0) * ram(-ub, c2[i]);
        let low = (p.momentum - p.slow * p.pressure) + (slope1[i] + hit_low);
        let high = (p.momentum - p.fast * p.pressure) + (slope2[i] + hit_high);
        let along = 0.5 * (mass * (v1[i] + v2[i]) + mass.abs() * (v1[i] - v2[i]));
        let takes = smooth1[i] + smooth2[i] > 0.0;
        out.mass[i] = if takes { mass } else { out.mass[i] };
        out.low[i] = if takes { low } else { out.low[i] };
        out.high[i] = if takes { high } else { out.high[i] };
        out.along[i] = if takes { along } else { out.along[i] };
    }
}
