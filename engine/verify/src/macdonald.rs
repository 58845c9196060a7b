//! Law: a steady depth is chosen, h(x) = (4/g)^(1/3) (1 + ½ exp(−16(x/L − ½)²)), and the bed that it
//! needs follows from dz/dx = (q²/(g h³) − 1) h' − n² q²/h^(10/3), with L = 1000 m, q = 2 m² s⁻¹,
//! n = 0.033: subcritical everywhere, hardly so at the ends (Froude number 0.99).
//! Source: MacDonald et al. (1997), J. Hydraul. Eng. 123, 1041–1045; SWASHES, 3.2.1.
//! The law holds for any x, and the channel goes on for 100 m beyond both ends: where the slope of
//! the bed stops at a side, half a cell of level ground remains, over which flow so near to the critical one
//! drops or heaps up by (2 h n² q² Δx/(3 h^(10/3)))^½, 11 cm at dx = 5 m, in the equations as in any scheme.
//! Tolerance: mean error of the depth 1 cm at dx = 5 m, discharge 1 % in every cell; order of
//! convergence from 10 to 2.5 m 0.9, that of a first-order scheme in smooth flow; at 2.5 m second order has come
//! down to the rounding of its f32, a hundred-thousandth of the depth.

use stormgrid_core::series::Series;
use stormgrid_core::units::GRAVITY as G;
use stormgrid_sim::flood::{BoundaryKind, Initial, Setup, Side};

use crate::norms::{greater, l1, order};
use crate::record::Pen;
use crate::run::{Run, by_cell, domain, on_side};
use crate::{CaseError, Gate, Record};

const LENGTH: f64 = 1000.0;
const Q: f64 = 2.0;
const N: f64 = 0.033;

/// What the channel goes on for beyond either end [m].
const BEYOND: f64 = 100.0;

fn depth(x: f64) -> f64 {
    (4.0 / G).cbrt() * (1.0 + 0.5 * (-16.0 * (x / LENGTH - 0.5).powi(2)).exp())
}

/// The bed, 0 at x = L, at every metre and half metre from the beginning on; linear between them.
struct Bed(Vec<f64>);

impl Bed {
    fn new() -> Self {
        let slope = |x: f64| {
            let (h, step) = (depth(x), 1e-3);
            let rise = (depth(x + step) - depth(x - step)) / (2.0 * step);
            (Q * Q / (G * h.powi(3)) - 1.0) * rise - (N * Q).powi(2) / h.powf(10.0 / 3.0)
        };
        let last = (2.0 * (LENGTH + 2.0 * BEYOND)) as usize;
        let mut z = vec![0.0; last + 1];
        for k in (0..last).rev() {
            let x = 0.5 * k as f64 - BEYOND;
            // Simpson's rule.
            let mean = (slope(x) + 4.0 * slope(x + 0.25) + slope(x + 0.5)) / 6.0;
            z[k] = z[k + 1] - 0.5 * mean;
        }
        let outlet = z[(2.0 * (LENGTH + BEYOND)) as usize];
        z.iter_mut().for_each(|z| *z -= outlet);
        Self(z)
    }

    fn at(&self, x: f64) -> f64 {
        let place = 2.0 * (x + BEYOND);
        let k = (place as usize).min(self.0.len() - 2);
        let share = place - k as f64;
        self.0[k] * (1.0 - share) + self.0[k + 1] * share
    }
}

pub(crate) fn macdonald(record: &mut Record) -> Result<(), CaseError> {
    record.inertial_lacks("no advection of momentum");
    let bed = Bed::new();
    let mut errors = Vec::new();
    for n_cells in [100, 200, 400, 800] {
        let cell = LENGTH / n_cells as f64;
        let all = n_cells + (2.0 * BEYOND / cell) as usize;
        let ground = |x: f64, _| bed.at(x - BEYOND);
        let mut setup = Setup::new(domain(all, 1, cell, N, ground)?);
        let g = setup.domain.geometry;
        setup.initial = Initial::Depth(by_cell(&g, |x, _| depth(x - BEYOND)));
        setup.initial_discharge = Some([vec![Q; all], vec![0.0; all]]);
        let inflow = BoundaryKind::Discharge(Series::constant(Q * cell));
        // The cell outside has the bed of the last one inside: the level keeps its depth exact.
        let end = LENGTH + BEYOND;
        let outlet = bed.at(end - 0.5 * cell) + depth(end + 0.5 * cell);
        let outlet = BoundaryKind::Level(Series::constant(outlet));
        setup.boundaries = vec![on_side(Side::West, inflow), on_side(Side::East, outlet)];
        let mut run = Run::start(setup, record.scheme)?;
        run.advance(2.0 * 3600.0)?;
        record.ends(&run);

        let part = |values: Vec<f64>| values[(all - n_cells) / 2..][..n_cells].to_vec();
        let x: Vec<f64> = part(run.centres()).iter().map(|x| x - BEYOND).collect();
        let (h, q) = (part(run.depth_along(0)), part(run.discharge_along(0)));
        let exact: Vec<f64> = x.iter().map(|&x| depth(x)).collect();
        errors.push(l1(&h, &exact));
        if n_cells == 200 {
            let mean = h
                .iter()
                .zip(&exact)
                .map(|(a, b)| (a - b).abs())
                .sum::<f64>()
                / 200.0;
            record.row("mean error of the depth", "m", mean, Gate::AtMost(0.01));
            record.peers("itzi's own gate: 0.03 m at dx = 5 m");
            let off = q.iter().map(|q| 100.0 * (q / Q - 1.0).abs());
            let name = "discharge in the cells, greatest deviation";
            record.row(name, "%", off.fold(0.0, greater), Gate::AtMost(1.0));
            let level = |h: &[f64]| -> Vec<(f64, f64)> {
                let pairs = x.iter().zip(h);
                pairs.map(|(&x, h)| (x, h + bed.at(x))).collect()
            };
            record.curve("bed", Pen::Bed, level(&[0.0; 200]));
            record.curve("exact", Pen::Exact, level(&exact));
            record.draw(level(&h));
        } else {
            let error = 100.0 * errors[errors.len() - 1];
            record.tell(format!("L1(h), dx = {cell} m"), "%", error);
        }
    }
    record.row(
        "order of L1(h), dx = 10 to 2.5 m",
        "",
        order(&errors[..3]),
        Gate::AtLeast(0.9),
    );
    Ok(())
}
