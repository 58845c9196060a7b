//! Law: uniform flow in a straight rectangular channel with walls that take no friction stands at the normal depth,
//! q = h^(5/3) √S / n, whatever angle its axis makes with the cells.
//! Channels of 7 cells (and 4) of 10 m between walls of 20 m, S = 5·10⁻⁴, n = 0.055, h = 8 m (Froude number 0.19), turned
//! by 0° to 45°, and a sine of 250 m amplitude and 1000 m wavelength. The discharge is that of the mean width of the cells that
//! lie within the walls: what remains is the drag of walls in steps.
//! Tolerance: 4 % of the depth at a quarter, half and three quarters of the length 7 cells across, 10 % 4 cells across.

use std::f64::consts::PI;

use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::series::Series;
use stormgrid_sim::flood::{Boundary, BoundaryKind, BoundaryPlace, Inflow, Initial, Setup};

use crate::norms::greater;
use crate::run::{Run, domain};
use crate::{CaseError, Gate, Record};

const CELL: f64 = 10.0;
const SLOPE: f64 = 5e-4;
const MANNING: f64 = 0.055;
const DEPTH: f64 = 8.0;
const WALL_M: f64 = 20.0;

/// Length of the axis [m].
const LENGTH: f64 = 1200.0;

/// What lies beyond either end of the axis is closed, but for this [m].
const END: f64 = 20.0;

/// How long a run is [s]: the slowest disturbance, u + c downstream, has passed 20 times.
const DURATION_S: f64 = 2400.0;

/// The axis of a channel.
#[derive(Clone, Copy)]
enum Axis {
    /// Straight, at an angle to the rows [rad].
    Straight(f64),
    /// A sine of this amplitude and wavelength [m].
    Sine(f64, f64),
}

/// The axis as points that are a metre apart, from the south-western corner on.
struct Course {
    points: Vec<[f64; 2]>,
    size: [f64; 2],
}

impl Course {
    fn new(axis: Axis, width: f64) -> Self {
        let margin = width + 3.0 * CELL;
        // Off the symmetric places of cells, so that no wall runs through centres.
        let mut at = [0.0, margin + 0.31 * CELL];
        let mut points = vec![at];
        let n = LENGTH as usize;
        for _ in 0..n {
            let angle = match axis {
                Axis::Straight(angle) => angle,
                Axis::Sine(amplitude, length) => {
                    let k = 2.0 * PI / length;
                    (amplitude * k * (k * at[0]).cos()).atan()
                }
            };
            at = [at[0] + angle.cos(), at[1] + angle.sin()];
            points.push(at);
        }
        let least = points.iter().map(|p| p[1]).fold(f64::INFINITY, f64::min);
        let shift = margin - least;
        points.iter_mut().for_each(|p| p[1] += shift);
        let most = |k: usize| points.iter().map(|p| p[k]).fold(0.0, greater);
        let size = [most(0), most(1) + margin];
        Self { points, size }
    }

    /// Distance from the axis and place along it [m].
    fn place(&self, x: f64, y: f64) -> [f64; 2] {
        let mut best = [f64::INFINITY, 0.0];
        for (s, p) in self.points.iter().enumerate() {
            let d = (x - p[0]).hypot(y - p[1]);
            if d < best[0] {
                best = [d, s as f64];
            }
        }
        // Beyond an end the nearest point is the end itself.
        let last = self.points.len() - 1;
        let (a, b) = match best[1] as usize {
            0 => (0, 1),
            k if k == last => (last - 1, last),
            k => (k - 1, k + 1),
        };
        let (p, q) = (self.points[a], self.points[b]);
        let along = [q[0] - p[0], q[1] - p[1]];
        let length = along[0].hypot(along[1]);
        let (ux, uy) = (along[0] / length, along[1] / length);
        let from = [x - p[0], y - p[1]];
        [
            (from[0] * uy - from[1] * ux).abs(),
            a as f64 + from[0] * ux + from[1] * uy,
        ]
    }
}

/// Greatest distance of the depth from the normal one at a quarter, half and three quarters of the length [%].
fn off_normal(record: &mut Record, axis: Axis, n_across: usize) -> Result<f64, CaseError> {
    let width = n_across as f64 * CELL;
    let course = Course::new(axis, width);
    let n = course.size.map(|size| (size / CELL).ceil() as usize);
    let geometry = RasterGeometry::new(n[0], n[1], 0.0, n[1] as f64 * CELL, CELL, CELL)?;
    let places = {
        let mut places = Vec::with_capacity(geometry.n_cells());
        for row in 0..n[1] {
            for col in 0..n[0] {
                let at = geometry.center(row, col);
                let [d, s] = course.place(at.x, at.y);
                let within = d < 0.5 * width && (-END..LENGTH + END).contains(&s);
                places.push(within.then_some(s));
            }
        }
        places
    };
    let bed = |s: f64| -SLOPE * s;
    let mut setup = Setup::new(domain(n[0], n[1], CELL, MANNING, |_, _| 0.0)?);
    setup.domain.elevation = places.iter().map(|s| s.map_or(WALL_M, bed)).collect();
    let depth = |s: &Option<f64>| if s.is_some() { DEPTH } else { 0.0 };
    setup.initial = Initial::Depth(places.iter().map(depth).collect());
    let cells = |from: f64, to: f64| {
        let all = places.iter().enumerate();
        all.filter(move |(_, s)| s.is_some_and(|s| (from..to).contains(&s)))
            .map(|(i, _)| i)
    };
    let middle = cells(100.0, LENGTH - 100.0).count() as f64;
    let mean_width = middle * CELL * CELL / (LENGTH - 200.0);
    let unit = DEPTH.powf(5.0 / 3.0) * SLOPE.sqrt() / MANNING;
    let idx = |i: usize| geometry.index(i / n[0], i % n[0]);
    setup.inflows.push(Inflow {
        cells: cells(-END, END).map(|i| (idx(i), 1.0)).collect(),
        discharge: Series::constant(unit * mean_width),
    });
    let end = bed(LENGTH) + DEPTH;
    setup.boundaries.push(Boundary {
        place: BoundaryPlace::Cells(cells(LENGTH - 0.5 * CELL, LENGTH + END).map(idx).collect()),
        kind: BoundaryKind::Level(Series::constant(end)),
    });
    let mut run = Run::start(setup, record.scheme)?;
    run.advance(DURATION_S)?;
    record.ends(&run);
    let depth = run.depth();
    let off = [0.25, 0.5, 0.75].map(|share| {
        let at = share * LENGTH;
        let near: Vec<f64> = cells(at - 2.0 * CELL, at + 2.0 * CELL)
            .map(|i| depth[i])
            .collect();
        let mean = near.iter().sum::<f64>() / near.len() as f64;
        100.0 * (mean / DEPTH - 1.0).abs()
    });
    Ok(off.into_iter().fold(0.0, greater))
}

pub(crate) fn turned(record: &mut Record) -> Result<(), CaseError> {
    let cause =
        "stepped walls take momentum: a blocked face mirrors the flow that runs along the wall";
    // Across, steps of the angle, gate, ceilings of what is open: first and second order, turned and winding.
    let cases = [
        (7, 5, 4.0, [[112.0, 26.0], [71.0, 18.0]]),
        (4, 15, 10.0, [[164.0, 115.0], [147.0, 67.0]]),
    ];
    for (n_across, steps, gate, [turned, winding]) in cases {
        let mut worst = 0.0;
        for angle in (0..=45).step_by(steps) {
            let axis = Axis::Straight(f64::from(angle).to_radians());
            worst = greater(worst, off_normal(record, axis, n_across)?);
        }
        let name = format!("{n_across} cells across, turned by 0° to 45°: depth off normal");
        record.open_up_to(cause, turned);
        record.row(name, "%", worst, Gate::AtMost(gate));
        let off = off_normal(record, Axis::Sine(250.0, 1000.0), n_across)?;
        let name = format!("{n_across} cells across, winding: depth off normal");
        record.open_up_to(cause, winding);
        record.row(name, "%", off, Gate::AtMost(gate));
    }
    Ok(())
}
