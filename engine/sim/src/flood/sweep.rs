//! One step of one tile.

use super::compact::{keep_rest, rest_of};
use super::crests::{flux_over_crests, over_crests};
use super::infiltration::soak;
use super::inlet::bring_momentum;
use super::kernel::{
    Carried, CellFaces, CellRow, FaceRow, FaceStep, cell_row, face_row, gain, larger, least_row,
    limit_row, rain_row, share_row,
};
use super::observe::{ARRIVAL_DEPTH, Seen, WET_DEPTH, depth_row, time_row, worst_row};
use super::params::{Options, Scheme};
use super::riemann::{
    CellStep, Columns, Fluxes, Velocities, flux_east, flux_south, moving_row, velocity_row,
};
use super::second::{HalfStep, Meeting, Rows, States, fluxes, states_row};
use super::state::{
    Ends, FACES, PITCH, RIM, Rule, Scratch, Strips, TILE, Tile, WALL, WHOLE, face, fill_rim,
    fill_row_ends, rimmed, run, run_mut,
};
use super::weather::{WeatherStep, lift, push};
use stormgrid_core::units::GRAVITY;

/// What all tiles need to know of a step.
pub(super) struct Step<'a> {
    pub dt: f64,
    /// Time over which forces act on the discharges [s]; see `Flood::kick`.
    pub kick: f64,
    pub dx: f64,
    pub dy: f64,
    pub options: &'a Options,
    /// g n² of a kept roughness of 1.
    pub roughness: f32,
    /// For what rounding keeps out of the depths.
    pub dither: u32,
    /// Level of each boundary above the datum after the step [m]; unused entries are 0.
    pub levels: &'a [f32],
    /// Discharge of each tap's source during the step, as depth a cell [m].
    pub discharges: &'a [f64],
    pub weather: Option<WeatherStep<'a>>,
    /// Present in every fourth step and in the last one before a caller looks.
    pub look: Option<Look<'a>>,
}

/// The slow part of a step.
pub(super) struct Look<'a> {
    /// Time since the last look [s].
    pub interval: f64,
    /// Time after the step and since the last look, in ticks.
    pub ticks: [u16; 2],
    /// For what rounding keeps out of the depths.
    pub dither: u32,
    /// Rain since the last look, or `None` without [m].
    pub rain: Option<RainPulse<'a>>,
    /// Rain that had fallen before [m].
    pub fallen: RainPulse<'a>,
}

/// Rain to be added [m].
#[derive(Clone, Copy)]
pub(super) enum RainPulse<'a> {
    Uniform(f64),
    /// At the corners of the tiles, row by row; the number of tiles in a row.
    Corners(&'a [f64], usize),
    /// In the cells, tile by tile.
    Cells(&'a [f64]),
}

/// Largest level of a tile: steps up to eight times the shortest.
pub(super) const LEVEL_MAX: u8 = 3;

impl RainPulse<'_> {
    /// Depth in the cells of a row of a tile [m].
    pub fn row(self, index: usize, row: usize) -> [f64; TILE] {
        match self {
            RainPulse::Uniform(depth) => [depth; TILE],
            RainPulse::Cells(depths) => *run(depths, index * TILE * TILE + row * TILE),
            RainPulse::Corners(corners, n_tile_cols) => {
                let north = index / n_tile_cols * (n_tile_cols + 1) + index % n_tile_cols;
                let south = north + n_tile_cols + 1;
                let down = (row as f64 + 0.5) / TILE as f64;
                let between = |a: usize, b: usize| corners[a] * (1.0 - down) + corners[b] * down;
                let (west, east) = (between(north, south), between(north + 1, south + 1));
                let slope = (east - west) / TILE as f64;
                std::array::from_fn(|col| west + slope * (col as f64 + 0.5))
            }
        }
    }
}

const SIDE: isize = TILE as isize;

/// Advances a tile: rim, faces, limiter, cells, boundaries, inflows, rain, maxima, strips.
///
/// The fluxes on the tile's outermost faces and the limiter of the first cells beyond them are
/// computed here as well as in the neighbour, from the same numbers in the same order, hence
/// bit by bit alike: tiles need not wait for each other within a step.
pub(super) fn step_tile(
    tile: &mut Tile,
    index: usize,
    strips: &[Strips],
    scratch: &mut Scratch,
    step: &Step<'_>,
) {
    fill_rim(tile, strips);
    if let Some(weather) = &step.weather {
        lift(tile, index, weather);
    }
    let cx = (step.dt / step.dx) as f32;
    let cy = (step.dt / step.dy) as f32;
    match step.options.scheme {
        Scheme::LocalInertial => inertial(tile, strips, scratch, step, cx, cy),
        Scheme::FiniteVolume | Scheme::SecondOrder => {
            volumes(tile, strips, scratch, step, cx, cy);
        }
    }
    if let Some(weather) = &step.weather {
        let o = step.options;
        push(
            tile,
            index,
            weather,
            step.kick,
            o.scheme,
            o.depth_dry as f32,
        );
    }
    apply_controls(tile, scratch, step, cx, cy);
    open_taps(tile, step);
    if let Some(look) = &step.look {
        if let Some(rain) = look.rain {
            rain_on(tile, index, rain, step.dither);
        }
        soak(tile, index, look, step.options.scheme.is_finite_volume());
        observe(tile, scratch, step.options, look);
    }
    note_edges(tile, step.options);
}

/// The local-inertial scheme.
fn inertial(
    tile: &mut Tile,
    strips: &[Strips],
    scratch: &mut Scratch,
    step: &Step<'_>,
    cx: f32,
    cy: f32,
) {
    let rows = tile.rows as isize;
    faces(tile, strips, scratch, step);
    for &place in &tile.closed_x {
        scratch.x[usize::from(place)] = 0.0;
    }
    for &place in &tile.closed_y {
        scratch.y[usize::from(place)] = 0.0;
    }
    over_crests(tile, scratch);
    limit(tile, scratch, cx, cy);

    let carried = Carried {
        cx,
        cy,
        dither: step.dither,
    };
    let mut column_max = [0.0; TILE];
    for row in 0..rows {
        let (start, plain) = (rimmed(row, 0), row as usize * TILE);
        let cells = CellRow {
            h: run_mut(&mut tile.h, start),
            rest: run_mut(&mut tile.rest, plain),
            qx: run_mut(&mut tile.qx, start),
            qy: run_mut(&mut tile.qy, start),
            depth_max: run_mut(&mut tile.depth_max, plain),
            column_max: &mut column_max,
        };
        cell_row(cells, &around_cells(scratch, row), &carried);
    }
    tile.h_max = greatest(&column_max);
    for &(to, from) in &tile.repeat_x {
        tile.qx[usize::from(to)] = scratch.x[usize::from(from)];
    }
    for &(to, from) in &tile.repeat_y {
        tile.qy[usize::from(to)] = scratch.y[usize::from(from)];
    }
}

fn greatest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |a, &b| if b > a { b } else { a })
}

/// The finite-volume scheme, from north to south, the fluxes south of
/// a row, those within it, then the row itself.
///
/// A row is written where it was read. The faces south of the next row still need its old depth as
/// the outer cell of the surface's slope, so that is kept for one row.
fn volumes(
    tile: &mut Tile,
    strips: &[Strips],
    scratch: &mut Scratch,
    step: &Step<'_>,
    cx: f32,
    cy: f32,
) {
    let Scratch {
        x: mass_x,
        y: mass_y,
        moving: m,
        ..
    } = scratch;
    let k = CellStep {
        carried: Carried {
            cx,
            cy,
            dither: step.dither,
        },
        dt: step.dt as f32,
        drag: (4.0 * step.dt * f64::from(step.roughness)) as f32,
        depth_dry: step.options.depth_dry as f32,
    };
    let keeps_mass = !tile.controls.is_empty();
    let has_crests = !tile.crests.is_empty();
    let has_inlets = tile.taps.iter().any(|tap| tap.side.is_some());
    let mut inlet_signal: f32 = 0.0;
    let mut columns = Columns::zero();
    let last = tile.rows as isize - 1;
    let velocities = |out: &mut _, tile: &Tile, row: isize| {
        let at = rimmed(row, -3);
        let (h, qx, qy) = (run(&tile.h, at), run(&tile.qx, at), run(&tile.qy, at));
        velocity_row(out, h, qx, qy, k.depth_dry);
    };
    let ends = Ends::of(tile, strips);
    fill_row_ends(tile, &ends, 0);
    velocities(&mut m.here, tile, -1);
    velocities(&mut m.before, tile, -2);
    let second = step.options.scheme == Scheme::SecondOrder;
    let slopes = SlopesOf {
        k: HalfStep {
            cx,
            cy,
            drag: (0.5 * step.dt * f64::from(step.roughness)) as f32,
        },
    };
    if second {
        velocities(&mut m.next, tile, 0);
        slopes.put(&mut m.slopes_here, tile, -1, [&m.before, &m.here, &m.next]);
    }
    for row in -1..tile.rows as isize {
        if row + 2 < SIDE {
            fill_row_ends(tile, &ends, (row + 2) as usize);
        }
        if second {
            velocities(&mut m.beyond, tile, row + 2);
            slopes.put(
                &mut m.slopes_next,
                tile,
                row + 1,
                [&m.here, &m.next, &m.beyond],
            );
        } else {
            velocities(&mut m.next, tile, row + 1);
        }
        let at = rimmed(row, -2);
        let after = at + PITCH;
        let plain = |out: &mut Fluxes| {
            let h_beyond = run(&tile.h, after + PITCH);
            let z = run(tile.bed(), at - PITCH);
            flux_south(out, &m.before, &m.here, &m.next, h_beyond, z);
        };
        if second {
            let (low, high) = (&m.slopes_here, &m.slopes_next);
            fluxes(
                &mut m.south,
                &Meeting {
                    h: [run(&low.south.h, 1), run(&high.north.h, 1)],
                    normal: [run(&low.south.v, 1), run(&high.north.v, 1)],
                    along: [run(&low.south.u, 1), run(&high.north.u, 1)],
                    slope: [run(&low.south.slope, 1), run(&high.north.slope, 1)],
                    rise: [run(&low.rise_y, 1), run(&high.rise_y, 1)],
                    smooth: [run(&low.smooth_y, 1), run(&high.smooth_y, 1)],
                    z: [at - PITCH, at, after, after + PITCH].map(|at| run(tile.bed(), at)),
                    held: [run(&m.here.h, 1), run(&m.next.h, 1)],
                    celerity: [run(&m.here.celerity, 1), run(&m.next.celerity, 1)],
                    reach: 1.0 / cy,
                },
                2,
                plain,
            );
        } else {
            plain(&mut m.south);
        }
        if has_crests {
            flux_over_crests(&mut m.south, tile, row, true, &m.here, &m.next, 1);
        }
        if has_inlets {
            let water = [&*m.here, &*m.next];
            let signal = bring_momentum(&mut m.south, tile, row, true, water, step);
            inlet_signal = larger(inlet_signal, signal);
        }
        if row == -1 {
            along_edge(tile, 0, &mut m.south, k.dt);
        } else if row == last {
            along_edge(tile, 2, &mut m.south, k.dt);
        }
        if keeps_mass {
            mass_y[face(row, -2)..][..FACES].copy_from_slice(&m.south.mass);
        }
        if row >= 0 {
            let plain = |out: &mut Fluxes| flux_east(out, &m.here, run(tile.bed(), at - 1));
            if second {
                let s = &m.slopes_here;
                fluxes(
                    &mut m.x,
                    &Meeting {
                        h: [run(&s.east.h, 1), run(&s.west.h, 2)],
                        normal: [run(&s.east.u, 1), run(&s.west.u, 2)],
                        along: [run(&s.east.v, 1), run(&s.west.v, 2)],
                        slope: [run(&s.east.slope, 1), run(&s.west.slope, 2)],
                        rise: [run(&s.rise_x, 1), run(&s.rise_x, 2)],
                        smooth: [run(&s.smooth_x, 1), run(&s.smooth_x, 2)],
                        z: [at - 1, at, at + 1, at + 2].map(|at| run(tile.bed(), at)),
                        held: [run(&m.here.h, 1), run(&m.here.h, 2)],
                        celerity: [run(&m.here.celerity, 1), run(&m.here.celerity, 2)],
                        reach: 1.0 / cx,
                    },
                    1,
                    plain,
                );
            } else {
                plain(&mut m.x);
            }
            if has_crests {
                flux_over_crests(&mut m.x, tile, row, false, &m.here, &m.here, 2);
            }
            if has_inlets {
                let water = [&*m.here, &*m.here];
                let signal = bring_momentum(&mut m.x, tile, row, false, water, step);
                inlet_signal = larger(inlet_signal, signal);
            }
            at_edge(tile, 3, row as usize, &mut m.x, k.dt);
            at_edge(tile, 1, row as usize, &mut m.x, k.dt);
            if keeps_mass {
                mass_x[face(row, -2)..][..FACES].copy_from_slice(&m.x.mass);
            }
            let (start, plain) = (rimmed(row, 0), row as usize * TILE);
            moving_row(
                run_mut(&mut tile.h, start),
                run_mut(&mut tile.rest, plain),
                run_mut(&mut tile.qx, start),
                run_mut(&mut tile.qy, start),
                run_mut(&mut tile.depth_max, plain),
                run(&tile.n, start),
                &mut m.free,
                &mut columns,
                &m.x,
                &m.north,
                &m.south,
                &k,
            );
        }
        std::mem::swap(&mut m.before, &mut m.here);
        std::mem::swap(&mut m.here, &mut m.next);
        if second {
            std::mem::swap(&mut m.next, &mut m.beyond);
            std::mem::swap(&mut m.slopes_here, &mut m.slopes_next);
        }
        std::mem::swap(&mut m.north, &mut m.south);
    }
    tile.h_max = greatest(&columns.depth);
    tile.signal_max = larger(greatest(&columns.signal), inlet_signal);
    if keeps_mass {
        for &place in &tile.closed_x {
            mass_x[usize::from(place)] = 0.0;
        }
        for &place in &tile.closed_y {
            mass_y[usize::from(place)] = 0.0;
        }
    }
}

/// How the slopes of a row are found.
struct SlopesOf {
    k: HalfStep,
}

impl SlopesOf {
    fn put(&self, out: &mut States, tile: &Tile, row: isize, water: [&Velocities; 3]) {
        let mut allowed = [1.0; WHOLE];
        for col in tile.crests.beside(row) {
            allowed[(col + RIM as isize) as usize] = 0.0;
        }
        let rows = Rows {
            water,
            z: [-1, 0, 1].map(|down| run(tile.bed(), rimmed(row + down, -3))),
            n: run(&tile.n, rimmed(row, -3)),
            allowed: &allowed,
        };
        states_row(out, &rows, &self.k);
    }
}

fn faces(tile: &mut Tile, strips: &[Strips], scratch: &mut Scratch, step: &Step<'_>) {
    let o = step.options;
    let coefficients = |spacing: f64, other: f64| FaceStep {
        g_dt_dx: (GRAVITY * step.kick / spacing) as f32,
        drag: (0.5 * step.kick * f64::from(step.roughness)) as f32,
        theta: o.theta as f32,
        beside: (0.5 * (1.0 - o.theta)) as f32,
        across: (0.5 * (1.0 - o.theta) * spacing / other) as f32,
        depth_dry: o.depth_dry as f32,
        froude_sqrt_g: (o.froude_max * GRAVITY.sqrt()) as f32,
    };
    let ends = Ends::of(tile, strips);
    let last = tile.rows as isize;
    let k = coefficients(step.dx, step.dy);
    for row in -1..=last {
        if (0..SIDE).contains(&row) {
            fill_row_ends(tile, &ends, row as usize);
        }
        let at = rimmed(row, -2);
        let high = at + 1;
        let north = at - PITCH;
        let reads = FaceRow {
            h_low: run(&tile.h, at),
            h_high: run(&tile.h, high),
            z_low: run(tile.bed(), at),
            z_high: run(tile.bed(), high),
            n_low: run(&tile.n, at),
            n_high: run(&tile.n, high),
            q_before: run(&tile.qx, at - 1),
            q: run(&tile.qx, at),
            q_after: run(&tile.qx, high),
            cross_low: [run(&tile.qy, north), run(&tile.qy, at)],
            cross_high: [run(&tile.qy, north + 1), run(&tile.qy, high)],
        };
        face_row(run_mut(&mut scratch.x, face(row, -2)), &reads, &k);
    }
    let k = coefficients(step.dy, step.dx);
    for row in -2..=last {
        let at = rimmed(row, -2);
        let high = at + PITCH;
        let reads = FaceRow {
            h_low: run(&tile.h, at),
            h_high: run(&tile.h, high),
            z_low: run(tile.bed(), at),
            z_high: run(tile.bed(), high),
            n_low: run(&tile.n, at),
            n_high: run(&tile.n, high),
            q_before: run(&tile.qy, at - PITCH),
            q: run(&tile.qy, at),
            q_after: run(&tile.qy, high),
            cross_low: [run(&tile.qx, at - 1), run(&tile.qx, at)],
            cross_high: [run(&tile.qx, high - 1), run(&tile.qx, high)],
        };
        face_row(run_mut(&mut scratch.y, face(row, -2)), &reads, &k);
    }
}

fn limit(tile: &mut Tile, scratch: &mut Scratch, cx: f32, cy: f32) {
    let last = tile.rows as isize;
    let Scratch { x, y, share, .. } = scratch;
    let mut slack = [1e30; FACES];
    for row in -1..=last {
        let at = face(row, -2);
        let around = CellFaces {
            west: run(x, at - 1),
            east: run(x, at),
            north: run(y, at - FACES),
            south: run(y, at),
        };
        share_row(
            run_mut(share, at),
            &mut slack,
            run(&tile.h, rimmed(row, -2)),
            &around,
            cx,
            cy,
        );
    }
    for &place in &tile.unlimited {
        share[usize::from(place)] = 1.0;
    }
    // The columns of the tile itself; what lies beyond is the neighbours' to report.
    tile.slack = slack[2..2 + TILE]
        .iter()
        .fold(1e30, |a, &b| if b < a { b } else { a });
    let mut least = [1.0_f32; FACES];
    for row in -1..=last {
        least_row(&mut least, run(share, face(row, -2)));
    }
    if least[1..=2 + TILE].iter().all(|&least| least >= 1.0) {
        return;
    }
    for row in 0..last {
        let at = face(row, -2);
        limit_row(run_mut(x, at), run(share, at), run(share, at + 1));
    }
    for row in -1..last {
        let at = face(row, -2);
        limit_row(run_mut(y, at), run(share, at), run(share, at + FACES));
    }
}

fn around_cells(scratch: &Scratch, row: isize) -> CellFaces<'_, TILE> {
    let at = face(row, 0);
    CellFaces {
        west: run(&scratch.x, at - 1),
        east: run(&scratch.x, at),
        north: run(&scratch.y, at - FACES),
        south: run(&scratch.y, at),
    }
}

/// Fluxes through the northern or southern edge: those of faster neighbours are taken, those for
/// slower ones are added up.
fn along_edge(tile: &mut Tile, edge: usize, fluxes: &mut Fluxes, dt: f32) {
    if let Some(given) = tile.given.as_ref().filter(|given| given.used[edge]) {
        for (part, of) in fluxes.parts().into_iter().zip(&given.fluxes[edge]) {
            part[2..2 + TILE].copy_from_slice(of);
        }
    }
    if let Some(sums) = tile.sums.as_mut().filter(|sums| sums.used[edge]) {
        for (part, sum) in fluxes.parts().into_iter().zip(&mut sums.fluxes[edge]) {
            for (sum, flux) in sum.iter_mut().zip(&part[2..]) {
                *sum += dt * flux;
            }
        }
    }
}

/// The same for one face of the eastern or western edge.
fn at_edge(tile: &mut Tile, edge: usize, row: usize, fluxes: &mut Fluxes, dt: f32) {
    let place = if edge == 3 { 1 } else { 1 + TILE };
    if let Some(given) = tile.given.as_ref().filter(|given| given.used[edge]) {
        for (part, of) in fluxes.parts().into_iter().zip(&given.fluxes[edge]) {
            part[place] = of[row];
        }
    }
    if let Some(sums) = tile.sums.as_mut().filter(|sums| sums.used[edge]) {
        for (part, sum) in fluxes.parts().into_iter().zip(&mut sums.fluxes[edge]) {
            sum[row] += dt * part[place];
        }
    }
}

/// Books what flowed into or out of the cells that a boundary holds, and sets their depth.
fn apply_controls(tile: &mut Tile, scratch: &Scratch, step: &Step<'_>, cx: f32, cy: f32) {
    let n_inflows = tile.booked.len().saturating_sub(step.levels.len());
    for control in &tile.controls {
        let (row, col) = (control.row as isize, control.col as isize);
        let at = face(row, col);
        let (x, y) = (&scratch.x, &scratch.y);
        let entered = gain(x[at - 1], x[at], y[at - FACES], y[at], cx, cy);
        let boundary = usize::from(control.boundary);
        tile.booked[n_inflows + boundary].add(-f64::from(entered));
        let place = rimmed(row, col);
        let depth = match control.rule {
            Rule::Level => step.levels[boundary] - tile.z[place],
            Rule::Copy(inner) => tile.h[usize::from(inner)],
            Rule::Empty => 0.0,
        };
        let depth = if depth > 0.0 { depth } else { 0.0 };
        let plain = control.row as usize * TILE + control.col as usize;
        if step.options.scheme.is_finite_volume() {
            // The water outside moves as that inside.
            let share = match control.beside.map(usize::from) {
                Some(beside) if tile.h[beside] > step.options.depth_dry as f32 => {
                    let per_depth = depth / tile.h[beside];
                    [tile.qx[beside] * per_depth, tile.qy[beside] * per_depth]
                }
                _ => [0.0; 2],
            };
            [tile.qx[place], tile.qy[place]] = share;
            let celerity = (GRAVITY as f32 * depth).sqrt();
            if celerity > tile.signal_max {
                tile.signal_max = celerity;
            }
        }
        tile.h[place] = depth;
        tile.rest[plain] = 0;
        tile.depth_max[plain] = match depth > tile.depth_max[plain] {
            true => depth,
            false => tile.depth_max[plain],
        };
        tile.h_max = if depth > tile.h_max {
            depth
        } else {
            tile.h_max
        };
    }
}

fn open_taps(tile: &mut Tile, step: &Step<'_>) {
    for tap in &tile.taps {
        let source = usize::from(tap.source);
        let wanted = step.discharges[source] * tap.share;
        let place = rimmed(tap.row as isize, tap.col as isize);
        let plain = tap.row as usize * TILE + tap.col as usize;
        let held = f64::from(tile.h[place]);
        let change = if wanted < -held { -held } else { wanted };
        // In f64, as the rain: a discharge that does not change would always be rounded to the same side.
        let whole = held + (change + f64::from(rest_of(tile.rest[plain])));
        let depth = if whole > 0.0 { whole as f32 } else { 0.0 };
        tile.h[place] = depth;
        let rest = (whole - f64::from(depth)) as f32;
        tile.rest[plain] = keep_rest(rest, step.dither);
        tile.booked[source].add(change);
        if depth > tile.depth_max[plain] {
            tile.depth_max[plain] = depth;
        }
        tile.h_max = if depth > tile.h_max {
            depth
        } else {
            tile.h_max
        };
    }
}

fn rain_on(tile: &mut Tile, index: usize, rain: RainPulse<'_>, dither: u32) {
    let mut total = [0.0_f64; TILE];
    let mut open = [0.0_f64; TILE];
    for row in 0..tile.rows {
        let (start, plain) = (rimmed(row as isize, 0), row * TILE);
        let share = if tile.rain_share.is_empty() {
            let z: &[f32; TILE] = run(&tile.z, start);
            for (share, z) in open.iter_mut().zip(z) {
                *share = if *z < WALL { 1.0 } else { 0.0 };
            }
            // What falls on a cell that a boundary holds is the boundary's.
            let held = tile.controls.iter().filter(|c| usize::from(c.row) == row);
            held.for_each(|control| open[usize::from(control.col)] = 0.0);
            &open
        } else {
            run(&tile.rain_share, plain)
        };
        rain_row(
            run_mut(&mut tile.h, start),
            run_mut(&mut tile.rest, plain),
            share,
            &rain.row(index, row),
            dither,
            &mut total,
        );
    }
    let fallen: f64 = total.iter().sum();
    tile.rain += fallen;
}

fn observe(tile: &mut Tile, scratch: &Scratch, options: &Options, look: &Look<'_>) {
    let froude2_g = (options.froude_max * options.froude_max * GRAVITY) as f32;
    let mut seen = Seen::nothing();
    for row in 0..tile.rows {
        let plain = row * TILE;
        let start = rimmed(row as isize, 0);
        let h: &[f32; TILE] = run(&tile.h, start);
        let mut row_max = 0.0;
        depth_row(
            run_mut(&mut tile.depth_max, plain),
            &mut seen,
            &mut row_max,
            h,
        );
        // A comparison that a NaN passes is not needed: it stops the run.
        if row_max < WET_DEPTH {
            continue;
        }
        let around = match options.scheme {
            Scheme::LocalInertial => around_cells(scratch, row as isize),
            Scheme::FiniteVolume | Scheme::SecondOrder => {
                let (x, y) = (run(&tile.qx, start), run(&tile.qy, start));
                CellFaces {
                    west: x,
                    east: x,
                    north: y,
                    south: y,
                }
            }
        };
        worst_row(run_mut(&mut tile.worst, plain), h, &around, froude2_g);
        if row_max < ARRIVAL_DEPTH {
            continue;
        }
        let [now, interval] = look.ticks;
        time_row(
            run_mut(&mut tile.arrival, plain),
            run_mut(&mut tile.duration, plain),
            h,
            now,
            interval,
        );
    }
    tile.h_max = greatest(&seen.depth);
    tile.wet_cells = seen.wet.iter().sum();
    tile.broken = !seen.sum.iter().sum::<f32>().is_finite();
}

/// Cells from an edge within which water wakes the tile beyond: as many as the finest steps in one
/// common step, in which a front may come so far.
pub(super) fn reach(options: &Options) -> isize {
    match options.scheme.is_finite_volume() && options.local_steps {
        true => 1 << LEVEL_MAX,
        false => 1,
    }
}

fn note_edges(tile: &mut Tile, options: &Options) {
    let depth_still = options.depth_still();
    if tile.h_max <= depth_still {
        tile.edge_wet = [false; 4];
        return;
    }
    let reach = reach(options);
    let wet = |rows: std::ops::Range<isize>, cols: std::ops::Range<isize>| {
        rows.into_iter().any(|row| {
            cols.clone()
                .any(|col| tile.h[rimmed(row, col)] > depth_still)
        })
    };
    tile.edge_wet = [
        wet(0..reach, 0..SIDE),
        wet(0..SIDE, SIDE - reach..SIDE),
        wet(SIDE - reach..SIDE, 0..SIDE),
        wet(0..SIDE, 0..reach),
    ];
}
