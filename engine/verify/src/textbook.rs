//! A plain solver of the same equations in f64, to tell what its method leaves of an error from
//! what ours does.
//!
//! HLL fluxes on surfaces reconstructed hydrostatically (Audusse et al. 2004, SIAM J. Sci. Comput.
//! 25, 2050–2065), implicit friction; of second order with slopes limited by minmod and Heun's
//! step. It knows walls and a level in the west, nothing else, and shares no code with the solver.

use stormgrid_core::units::GRAVITY as G;

/// Depth at or below which water has no velocity [m].
const DRY: f64 = 1e-6;

/// Cells beyond each end of a line.
const GHOSTS: usize = 2;

/// Both orders, with their names.
pub(crate) const ORDERS: [(&str, Order); 2] = [
    ("textbook of first order", Order::First),
    ("textbook of second order", Order::Second),
];

/// How the states at a face follow from those of the cells.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Order {
    First,
    Second,
}

/// Water over a bed of square cells, row by row.
#[derive(Clone)]
pub(crate) struct Textbook {
    pub n_cols: usize,
    pub n_rows: usize,
    /// Size of a cell [m].
    pub cell: f64,
    pub manning: f64,
    pub order: Order,
    /// Bed [m].
    pub bed: Vec<f64>,
    /// Depth [m], unit discharge along the rows and from row to row [m² s⁻¹].
    pub state: [Vec<f64>; 3],
}

/// A cell as a line sees it: depth, bed, velocity along the line and across.
#[derive(Clone, Copy, Default)]
struct Side {
    h: f64,
    z: f64,
    u: f64,
    v: f64,
}

impl Textbook {
    /// Advances to a time; `west` is the depth beyond the western side, `None` a wall.
    pub fn run(&mut self, end: f64, west: &dyn Fn(f64) -> Option<f64>) {
        let mut time = 0.0;
        while end - time > 1e-9 {
            let dt = self.courant().min(end - time).min(10.0);
            match self.order {
                Order::First => self.step(dt, west(time + dt)),
                Order::Second => {
                    let before = self.state.clone();
                    self.step(dt, west(time));
                    self.step(dt, west(time + dt));
                    for (now, before) in self.state.iter_mut().zip(before) {
                        let pairs = now.iter_mut().zip(before);
                        pairs.for_each(|(now, before)| *now = 0.5 * (*now + before));
                    }
                }
            }
            time += dt;
        }
    }

    fn velocity(&self, k: usize) -> (f64, f64) {
        let [h, qx, qy] = &self.state;
        match h[k] > DRY {
            true => (qx[k] / h[k], qy[k] / h[k]),
            false => (0.0, 0.0),
        }
    }

    fn courant(&self) -> f64 {
        let signal = |k: usize| {
            let (u, v) = self.velocity(k);
            u.abs().max(v.abs()) + (G * self.state[0][k]).sqrt()
        };
        let fastest = (0..self.bed.len()).map(signal).fold(1e-6, f64::max);
        0.45 * self.cell / fastest
    }

    fn step(&mut self, dt: f64, west: Option<f64>) {
        let mut rates = [0, 1, 2].map(|_| vec![0.0; self.bed.len()]);
        for row in 0..self.n_rows {
            let cells: Vec<_> = (0..self.n_cols).map(|c| row * self.n_cols + c).collect();
            self.line(&cells, false, west, &mut rates);
        }
        if self.n_rows > 1 {
            for col in 0..self.n_cols {
                let cells: Vec<_> = (0..self.n_rows).map(|r| r * self.n_cols + col).collect();
                self.line(&cells, true, None, &mut rates);
            }
        }
        let drag = dt * G * self.manning * self.manning;
        let [h, qx, qy] = &mut self.state;
        for k in 0..h.len() {
            h[k] = (h[k] + dt * rates[0][k]).max(0.0);
            let (px, py) = (qx[k] + dt * rates[1][k], qy[k] + dt * rates[2][k]);
            // q (1 + drag |q| / h^(7/3)) = p.
            let power = h[k].powf(7.0 / 3.0);
            let root = (power * (power + 4.0 * drag * px.hypot(py))).sqrt();
            let kept = match h[k] > DRY {
                true => 2.0 * power / (power + root),
                false => 0.0,
            };
            (qx[k], qy[k]) = (px * kept, py * kept);
        }
    }

    /// Adds what the faces along a line of cells do to them.
    fn line(&self, cells: &[usize], turned: bool, west: Option<f64>, rates: &mut [Vec<f64>; 3]) {
        let n = cells.len();
        let mut line = vec![Side::default(); n + 2 * GHOSTS];
        for (i, &k) in cells.iter().enumerate() {
            let (u, v) = self.velocity(k);
            let (u, v) = if turned { (v, u) } else { (u, v) };
            let (h, z) = (self.state[0][k], self.bed[k]);
            line[i + GHOSTS] = Side { h, z, u, v };
        }
        for j in 0..GHOSTS {
            let mirrored = |side: Side| Side { u: -side.u, ..side };
            line[GHOSTS - 1 - j] = mirrored(line[(GHOSTS + j).min(n + GHOSTS - 1)]);
            line[n + GHOSTS + j] = mirrored(line[(n + GHOSTS - 1).saturating_sub(j)]);
            if let Some(h) = west {
                line[j] = Side { h, ..line[GHOSTS] };
            }
        }
        let (low, high) = self.ends(&line);
        let (along, across) = if turned { (2, 1) } else { (1, 2) };
        for face in GHOSTS - 1..n + GHOSTS {
            let (a, b) = (high[face], low[face + 1]);
            let sill = a.z.max(b.z);
            let over = |side: Side| Side {
                h: (side.h + side.z - sill).max(0.0),
                ..side
            };
            let [mass, momentum, turn] = hll(over(a), over(b));
            let push = |side: Side| momentum + 0.5 * G * (side.h.powi(2) - over(side).h.powi(2));
            if face >= GHOSTS {
                let k = cells[face - GHOSTS];
                rates[0][k] -= mass / self.cell;
                rates[along][k] -= push(a) / self.cell;
                rates[across][k] -= turn / self.cell;
            }
            if face + 1 < n + GHOSTS {
                let k = cells[face + 1 - GHOSTS];
                rates[0][k] += mass / self.cell;
                rates[along][k] += push(b) / self.cell;
                rates[across][k] += turn / self.cell;
            }
        }
        // The slope of the bed within the cells, which only the second order knows.
        for (i, &k) in cells.iter().enumerate() {
            let (a, b) = (low[i + GHOSTS], high[i + GHOSTS]);
            rates[along][k] -= 0.5 * G * (a.h + b.h) * (b.z - a.z) / self.cell;
        }
    }

    /// The states at the low and high end of each cell.
    fn ends(&self, line: &[Side]) -> (Vec<Side>, Vec<Side>) {
        let (mut low, mut high) = (line.to_vec(), line.to_vec());
        if self.order == Order::First {
            return (low, high);
        }
        for i in 1..line.len() - 1 {
            let around = [line[i - 1], line[i], line[i + 1]];
            if around.iter().any(|side| side.h <= DRY) {
                continue;
            }
            let half = |f: fn(Side) -> f64| {
                let [a, b, c] = around.map(f);
                0.5 * minmod(b - a, c - b)
            };
            let (dh, level) = (half(|s| s.h), half(|s| s.h + s.z));
            let (du, dv, dz) = (half(|s| s.u), half(|s| s.v), level - dh);
            let Side { h, z, u, v } = line[i];
            // Velocities are weighted so that the cell keeps its momentum.
            let (below, above) = ((h + dh) / h, (h - dh) / h);
            low[i] = Side {
                h: h - dh,
                z: z - dz,
                u: u - below * du,
                v: v - below * dv,
            };
            high[i] = Side {
                h: h + dh,
                z: z + dz,
                u: u + above * du,
                v: v + above * dv,
            };
        }
        (low, high)
    }
}

fn minmod(a: f64, b: f64) -> f64 {
    match a * b > 0.0 {
        true if a.abs() < b.abs() => a,
        true => b,
        false => 0.0,
    }
}

/// Flux of water, of momentum along the line and across.
///
/// Source: Toro (2001), Shock-Capturing Methods for Free-Surface Shallow Flows, section 10.3.
fn hll(a: Side, b: Side) -> [f64; 3] {
    if a.h <= 0.0 && b.h <= 0.0 {
        return [0.0; 3];
    }
    let (ca, cb) = ((G * a.h).sqrt(), (G * b.h).sqrt());
    let u_mid = 0.5 * (a.u + b.u) + ca - cb;
    let c_mid = 0.5 * (ca + cb) + 0.25 * (a.u - b.u);
    let (slow, fast) = match (a.h > 0.0, b.h > 0.0) {
        (true, true) => ((a.u - ca).min(u_mid - c_mid), (b.u + cb).max(u_mid + c_mid)),
        (true, false) => (a.u - ca, a.u + 2.0 * ca),
        _ => (b.u - 2.0 * cb, b.u + cb),
    };
    let flux = |s: Side| [s.h * s.u, s.h * s.u * s.u + 0.5 * G * s.h * s.h];
    let (fa, fb) = (flux(a), flux(b));
    let jump = [b.h - a.h, b.h * b.u - a.h * a.u];
    let between = |k: usize| match (slow >= 0.0, fast <= 0.0) {
        (true, _) => fa[k],
        (_, true) => fb[k],
        _ => (fast * fa[k] - slow * fb[k] + slow * fast * jump[k]) / (fast - slow),
    };
    let mass = between(0);
    [mass, between(1), mass * if mass > 0.0 { a.v } else { b.v }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lake_stays_at_rest_in_both_orders() {
        for order in [Order::First, Order::Second] {
            let bed: Vec<f64> = (0..50).map(|k| 0.5 * f64::from(k % 7) / 7.0).collect();
            let depth = bed.iter().map(|z| (0.3 - z).max(0.0)).collect();
            let mut lake = Textbook {
                n_cols: 10,
                n_rows: 5,
                cell: 1.0,
                manning: 0.0,
                order,
                bed,
                state: [depth, vec![0.0; 50], vec![0.0; 50]],
            };
            let before = lake.state[0].clone();
            lake.run(20.0, &|_| None);
            let moved = lake.state[0].iter().zip(&before);
            assert!(moved.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) < 1e-12);
        }
    }
}
