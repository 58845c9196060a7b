//! Law: the equations know no direction. A domain mirrored east to west or north to south, or
//! turned by a quarter, with its water, rain, inflows, obstacles and open sides, gives the same
//! flood mirrored or turned.
//! Tolerance: none; every bit of depth, speed and maxima agrees, as each sum in the kernels is formed
//! in an order that mirroring does not change.
//!
//! Two exceptions have no gate. Roofs: among cells that are equally near, the rain of a blocked cell
//! goes to the first in reading order, which mirroring does change. Local time steps: tiles are cut from
//! the north-west corner, so that a mirrored cell may lie in a tile with another step.

use stormgrid_core::ids::CellIdx;
use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::series::Series;
use stormgrid_sim::flood::{BoundaryKind, Inflow, Initial, Manning, Rain, Setup, Side};

use crate::norms::greater;
use crate::run::{Dice, Run, domain, on_side, series};
use crate::{CaseError, Gate, Record};

const N_COLS: usize = 97;
const N_ROWS: usize = 71;

/// A way to turn a map onto itself.
#[derive(Clone, Copy)]
enum Turn {
    EastWest,
    NorthSouth,
    Quarter,
}

impl Turn {
    const ALL: [(&'static str, Self); 3] = [
        ("mirror east–west", Self::EastWest),
        ("mirror north–south", Self::NorthSouth),
        ("quarter turn", Self::Quarter),
    ];

    fn size(self) -> (usize, usize) {
        match self {
            Self::Quarter => (N_COLS, N_ROWS),
            _ => (N_ROWS, N_COLS),
        }
    }

    /// Where a cell of the plain map lies on the turned one.
    fn place(self, cell: usize) -> usize {
        let (row, col) = (cell / N_COLS, cell % N_COLS);
        match self {
            Self::EastWest => row * N_COLS + (N_COLS - 1 - col),
            Self::NorthSouth => (N_ROWS - 1 - row) * N_COLS + col,
            // Clockwise: north becomes east.
            Self::Quarter => col * N_ROWS + (N_ROWS - 1 - row),
        }
    }

    fn field<T: Copy>(self, plain: &[T]) -> Vec<T> {
        let mut turned = plain.to_vec();
        for (cell, &value) in plain.iter().enumerate() {
            turned[self.place(cell)] = value;
        }
        turned
    }

    fn side(self, side: Side) -> Side {
        match (self, side) {
            (Self::EastWest, Side::East) => Side::West,
            (Self::EastWest, Side::West) => Side::East,
            (Self::NorthSouth, Side::North) => Side::South,
            (Self::NorthSouth, Side::South) => Side::North,
            (Self::Quarter, Side::North) => Side::East,
            (Self::Quarter, Side::East) => Side::South,
            (Self::Quarter, Side::South) => Side::West,
            (Self::Quarter, Side::West) => Side::North,
            (_, same) => same,
        }
    }

    /// The same problem on the turned map.
    fn setup(self, plain: &Setup) -> Result<Setup, CaseError> {
        let mut setup = plain.clone();
        let (n_rows, n_cols) = self.size();
        let cell = plain.domain.geometry.dx;
        setup.domain.geometry =
            RasterGeometry::new(n_cols, n_rows, 0.0, n_rows as f64 * cell, cell, cell)?;
        setup.domain.elevation = self.field(&plain.domain.elevation);
        setup.domain.blocked = self.field(&plain.domain.blocked);
        if let Manning::Field(values) = &plain.domain.manning {
            setup.domain.manning = Manning::Field(self.field(values));
        }
        if let Initial::LevelField(levels) = &plain.initial {
            setup.initial = Initial::LevelField(self.field(levels));
        }
        for inflow in &mut setup.inflows {
            for (cell, _) in &mut inflow.cells {
                *cell = CellIdx::from(self.place(cell.index()));
            }
        }
        for boundary in &mut setup.boundaries {
            if let stormgrid_sim::flood::BoundaryPlace::Side(side) = &mut boundary.place {
                *side = self.side(*side);
            }
        }
        Ok(setup)
    }
}

pub(crate) fn symmetry(record: &mut Record) -> Result<(), CaseError> {
    let mut stepping = storm(false)?;
    stepping.options.local_steps = true;
    let cases = [
        ("holes", "", storm(false)?),
        ("roofs", "the rain of a roof goes to one side", storm(true)?),
        (
            "holes, local steps",
            "tiles are cut from the north-west corner, and each has steps of its own",
            stepping,
        ),
    ];
    for (what, why, setup) in cases {
        let plain = run(record, setup.clone())?;
        for (name, turn) in Turn::ALL {
            let turned = run(record, turn.setup(&setup)?)?;
            let (mut differ, mut apart) = (0, 0.0);
            for (a, b) in plain.iter().zip(&turned) {
                for (a, b) in turn.field(a).iter().zip(b) {
                    differ +=
                        usize::from(a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan()));
                    if !a.is_nan() && !b.is_nan() {
                        apart = greater(apart, f64::from((a - b).abs()));
                    }
                }
            }
            let quantity = format!("{name}, {what}: values that differ");
            if why.is_empty() {
                record.row(quantity, "", differ as f64, Gate::AtMost(0.0));
            } else {
                record.tell(quantity, "", differ as f64);
                record.peers(&format!("{why}; greatest {apart:.1e}"));
            }
        }
    }
    Ok(())
}

/// Depth, speed and maxima after five minutes.
fn run(record: &mut Record, setup: Setup) -> Result<Vec<Vec<f32>>, CaseError> {
    let mut run = Run::start(setup, record.scheme)?;
    run.advance(300.0)?;
    record.ends(&run);
    let maxima = run.flood().maxima();
    Ok(vec![
        run.flood().depth(),
        run.flood().speed(),
        maxima.depth_max,
        maxima.speed_max,
        maxima.arrival_s,
        maxima.duration_s,
    ])
}

/// Rough ground, a lake, obstacles or holes, rain, a spring, a drain, a tide, an open side.
fn storm(roofs: bool) -> Result<Setup, CaseError> {
    let mut dice = Dice(7);
    let n = N_COLS * N_ROWS;
    let heights: Vec<f64> = (0..n).map(|_| 10.0 + 2.0 * dice.roll()).collect();
    let block: Vec<bool> = (0..n).map(|_| dice.roll() < 0.08).collect();
    let mut setup = Setup::new(domain(N_COLS, N_ROWS, 5.0, 0.03, |_, _| 0.0)?);
    setup.options.local_steps = false;
    setup.domain.elevation = heights;
    setup.domain.blocked = vec![false; n];
    for cell in (0..n).filter(|&cell| block[cell]) {
        match roofs {
            true => setup.domain.blocked[cell] = true,
            false => setup.domain.elevation[cell] = f64::NAN,
        }
    }
    let rough = (0..n).map(|_| (0.02 + 0.08 * dice.roll()) as f32);
    setup.domain.manning = Manning::Field(rough.collect());
    let levels = (0..n).map(|_| 10.5 + 0.5 * dice.roll());
    setup.initial = Initial::LevelField(levels.collect());
    setup.rain = Rain::Uniform(5e-5);
    let spring = [(20, 1.0), (3300, 2.0), (3301, 1.0)];
    setup.inflows = vec![
        Inflow {
            cells: spring.map(|(cell, w)| (CellIdx::from(cell), w)).to_vec(),
            discharge: series(&[(0.0, 0.0), (100.0, 8.0), (300.0, 2.0)]),
        },
        Inflow {
            cells: vec![(CellIdx::from(5000), 1.0)],
            discharge: Series::constant(-0.5),
        },
    ];
    setup.boundaries = vec![
        on_side(
            Side::West,
            BoundaryKind::Level(series(&[(0.0, 10.5), (200.0, 11.5), (300.0, 11.0)])),
        ),
        on_side(Side::South, BoundaryKind::Free),
    ];
    Ok(setup)
}
