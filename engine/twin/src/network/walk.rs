//! Ways on foot beside the roads: over dry ground, round water, and no farther than people are sent.
//!
//! The ground is asked cell by cell when water closes it. From a place the search goes from cell to cell to all eight
//! neighbours, never between two closed cells that touch in a corner, until the greatest length; where the straight
//! line is dry it is taken instead. A road is reached at any point of it that lies on dry ground; a bridge only at
//! its ends.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use stormgrid_core::geo::{Coord, LineString};
use stormgrid_core::raster::RasterGeometry;

use super::build::{distance, measure, point_at, project};
use super::search::{ACCESS_EDGES, ACCESS_MARGIN_M};
use super::{Access, EdgeIdx, RoadNetwork, Trip};

/// Samples along a line, in parts of a cell: the grid is left by less than a cell's corner.
const STRAIGHT_STEP: f64 = 0.2;

/// Cells around a place that are searched at most in one direction: a bound on memory.
const MOST_CELLS: f64 = 600.0;

/// Ground that people walk over, in cells.
pub trait Footing {
    /// The cells [local m].
    fn cells(&self) -> &RasterGeometry;

    /// First moment at which a cell is under water [s]: infinite if it stays dry, 0 where it is water from the start
    /// or there is no ground.
    fn closes_s(&self, row: usize, col: usize) -> f64;
}

/// When a way beside the roads must be dry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dry {
    /// Each cell when it is passed on a trip that begins at the place.
    OnTrip(Trip),
    /// All cells until a moment [s] at least; for good if it is infinite. The speed [m s⁻¹] tells when the way must be
    /// begun.
    Until(f64, f64),
}

impl Dry {
    fn speed_mps(self) -> f64 {
        match self {
            Self::OnTrip(trip) => trip.speed_mps,
            Self::Until(_, speed_mps) => speed_mps,
        }
    }

    /// Whether a cell that closes at a moment can be passed so far from the place [m].
    fn holds(self, closes_s: f64, off_m: f64) -> bool {
        match self {
            Self::OnTrip(trip) => closes_s > trip.leave_s + off_m / trip.speed_mps,
            Self::Until(least_s, _) => closes_s == f64::INFINITY || closes_s > least_s,
        }
    }
}

/// A way beside the roads from a place.
#[derive(Clone, Debug, PartialEq)]
pub struct OffRoad {
    /// Length [m].
    pub length_m: f64,
    /// The last moment at which it can be begun at its first end [s]; infinite if at any.
    pub begin_by_s: f64,
    /// When the first of its cells is under water [s]; infinite if none.
    pub dry_until_s: f64,
    /// Its line [local m].
    pub line: LineString<f64>,
}

/// What a way has met so far.
#[derive(Clone, Copy, Debug)]
struct Passed {
    off_m: f64,
    begin_by_s: f64,
    dry_until_s: f64,
}

impl Passed {
    const NOTHING: Self = Self {
        off_m: 0.0,
        begin_by_s: f64::INFINITY,
        dry_until_s: f64::INFINITY,
    };

    fn on(self, off_m: f64, closes_s: f64, speed_mps: f64) -> Self {
        Self {
            off_m,
            begin_by_s: self.begin_by_s.min(closes_s - off_m / speed_mps),
            dry_until_s: self.dry_until_s.min(closes_s),
        }
    }
}

/// All ground that can be reached on foot from a place.
pub struct Walk<'a> {
    footing: &'a dyn Footing,
    at: Coord<f64>,
    dry: Dry,
    greatest_m: f64,
    /// First row and column, and number of rows and columns, of the window.
    row: usize,
    col: usize,
    n_rows: usize,
    n_cols: usize,
    closes_s: Vec<f64>,
    reached: Vec<Option<Passed>>,
    before: Vec<u32>,
}

impl<'a> Walk<'a> {
    /// Walks from a place until the greatest length [m]. Nothing is reached from a place outside of the ground, or
    /// in water.
    pub fn from(footing: &'a dyn Footing, at: [f64; 2], greatest_m: f64, dry: Dry) -> Self {
        let g = *footing.cells();
        let mut walk = Self {
            footing,
            at: Coord { x: at[0], y: at[1] },
            dry,
            greatest_m,
            row: 0,
            col: 0,
            n_rows: 0,
            n_cols: 0,
            closes_s: Vec::new(),
            reached: Vec::new(),
            before: Vec::new(),
        };
        let Some((row, col)) = g.cell_at(at[0], at[1]) else {
            return walk;
        };
        let cells = |size: f64| (greatest_m / size).ceil().clamp(1.0, MOST_CELLS) as usize;
        let (rows, cols) = (cells(g.dy), cells(g.dx));
        walk.row = row.saturating_sub(rows);
        walk.col = col.saturating_sub(cols);
        walk.n_rows = (row + rows + 1).min(g.n_rows) - walk.row;
        walk.n_cols = (col + cols + 1).min(g.n_cols) - walk.col;
        let n = walk.n_rows * walk.n_cols;
        walk.closes_s = vec![f64::NAN; n];
        walk.reached = vec![None; n];
        walk.before = vec![u32::MAX; n];
        walk.spread((row - walk.row) * walk.n_cols + col - walk.col);
        walk
    }

    /// Dijkstra's algorithm from the cell of the place.
    fn spread(&mut self, start: usize) {
        let mut best = vec![f64::INFINITY; self.reached.len()];
        let mut heap = BinaryHeap::new();
        let speed_mps = self.dry.speed_mps();
        let begins = distance(self.centre(start), self.at);
        if self.dry.holds(self.closes(start), 0.0) {
            best[start] = begins;
            heap.push(Reverse((begins.to_bits(), start as u32)));
        }
        while let Some(Reverse((bits, cell))) = heap.pop() {
            let (off_m, cell) = (f64::from_bits(bits), cell as usize);
            if self.reached[cell].is_some() {
                continue;
            }
            let closes_s = self.closes(cell);
            let earlier = match self.before[cell] {
                u32::MAX => Passed::NOTHING,
                before => self.reached[before as usize].unwrap_or(Passed::NOTHING),
            };
            self.reached[cell] = Some(earlier.on(off_m, closes_s, speed_mps));
            for (next, length) in self.neighbours(cell) {
                let there = off_m + length;
                if there <= self.greatest_m
                    && there < best[next]
                    && self.is_open(next, there)
                    && self.reached[next].is_none()
                {
                    best[next] = there;
                    self.before[next] = cell as u32;
                    heap.push(Reverse((there.to_bits(), next as u32)));
                }
            }
        }
    }

    /// Neighbours with their distance; over a corner only where both cells beside it are open.
    fn neighbours(&mut self, cell: usize) -> Vec<(usize, f64)> {
        let g = *self.footing.cells();
        let (row, col) = ((cell / self.n_cols) as i64, (cell % self.n_cols) as i64);
        let off_m = self.reached[cell].map_or(0.0, |p| p.off_m);
        let inside = |row: i64, col: i64| {
            let is = row >= 0 && col >= 0 && row < self.n_rows as i64 && col < self.n_cols as i64;
            is.then_some(row as usize * self.n_cols + col as usize)
        };
        let mut found = Vec::with_capacity(8);
        for (dr, dc) in [
            (-1, 0),
            (1, 0),
            (0, -1),
            (0, 1),
            (-1, -1),
            (-1, 1),
            (1, -1),
            (1, 1),
        ] {
            let Some(next) = inside(row + dr, col + dc) else {
                continue;
            };
            let length = (dr as f64 * g.dy).hypot(dc as f64 * g.dx);
            found.push((
                next,
                length,
                (dr != 0 && dc != 0).then(|| [inside(row + dr, col), inside(row, col + dc)]),
            ));
        }
        found.retain(|(_, length, corner)| {
            corner.is_none_or(|sides| {
                sides
                    .into_iter()
                    .all(|side| side.is_some_and(|side| self.is_open(side, off_m + length)))
            })
        });
        found
            .into_iter()
            .map(|(next, length, _)| (next, length))
            .collect()
    }

    fn is_open(&mut self, cell: usize, off_m: f64) -> bool {
        let closes_s = self.closes(cell);
        self.dry.holds(closes_s, off_m)
    }

    fn closes(&mut self, cell: usize) -> f64 {
        if self.closes_s[cell].is_nan() {
            let (row, col) = (cell / self.n_cols + self.row, cell % self.n_cols + self.col);
            let closes_s = self.footing.closes_s(row, col);
            self.closes_s[cell] = if closes_s.is_nan() { 0.0 } else { closes_s };
        }
        self.closes_s[cell]
    }

    fn centre(&self, cell: usize) -> Coord<f64> {
        let (row, col) = (cell / self.n_cols + self.row, cell % self.n_cols + self.col);
        self.footing.cells().center(row, col)
    }

    /// The window's cell at a place.
    fn cell_at(&self, at: Coord<f64>) -> Option<usize> {
        let (row, col) = self.footing.cells().cell_at(at.x, at.y)?;
        let (row, col) = (row.checked_sub(self.row)?, col.checked_sub(self.col)?);
        (row < self.n_rows && col < self.n_cols).then_some(row * self.n_cols + col)
    }

    /// Whether nothing can be reached: the place itself is in water or outside of the ground.
    pub fn is_stuck(&self) -> bool {
        self.reached.iter().all(Option::is_none)
    }

    /// How a place was reached through the cells.
    fn through_cells(&self, to: Coord<f64>) -> Option<Passed> {
        let cell = self.cell_at(to)?;
        let passed = self.reached[cell]?;
        let off_m = passed.off_m + distance(self.centre(cell), to);
        (off_m <= self.greatest_m).then_some(Passed { off_m, ..passed })
    }

    /// The straight line to a place, where it is dry.
    fn straight(&mut self, to: Coord<f64>) -> Option<Passed> {
        let length = distance(self.at, to);
        if self.reached.is_empty() || length.is_nan() || length > self.greatest_m {
            return None;
        }
        let g = self.footing.cells();
        let step = STRAIGHT_STEP * g.dx.min(g.dy);
        let n = (length / step).ceil().max(1.0) as usize;
        let (mut passed, speed_mps) = (Passed::NOTHING, self.dry.speed_mps());
        for k in 0..=n {
            let share = k as f64 / n as f64;
            let off_m = share * length;
            let cell = self.cell_at(self.at + (to - self.at) * share)?;
            if !self.is_open(cell, off_m) {
                return None;
            }
            passed = passed.on(off_m, self.closes(cell), speed_mps);
        }
        Some(passed)
    }

    /// The way to a place; `None` if there is none over dry ground within the greatest length.
    pub fn to(&mut self, to: [f64; 2]) -> Option<OffRoad> {
        let to = Coord { x: to[0], y: to[1] };
        let of = |passed: Passed, line| OffRoad {
            length_m: passed.off_m,
            begin_by_s: passed.begin_by_s,
            dry_until_s: passed.dry_until_s,
            line,
        };
        if let Some(passed) = self.straight(to) {
            return Some(of(passed, LineString::new(vec![self.at, to])));
        }
        let passed = self.through_cells(to)?;
        let mut points = vec![to];
        let mut cell = self.cell_at(to)?;
        while self.before[cell] != u32::MAX {
            cell = self.before[cell] as usize;
            points.push(self.centre(cell));
        }
        points.push(self.at);
        points.reverse();
        Some(of(passed, LineString::new(points)))
    }

    /// Where roads are reached, the nearest first; equal distances by the number of the edge.
    ///
    /// - `is_bridge`: whether a road, by its number, is a bridge
    pub fn accesses(
        &mut self,
        network: &RoadNetwork,
        is_bridge: &dyn Fn(usize) -> bool,
    ) -> Vec<Access> {
        if self.is_stuck() {
            return Vec::new();
        }
        let reach = self.greatest_m;
        let low = [self.at.x - reach, self.at.y - reach];
        let high = [self.at.x + reach, self.at.y + reach];
        let mut found: Vec<Access> = network
            .index
            .in_box(low, high)
            .into_iter()
            .filter_map(|item| {
                let edge = EdgeIdx(item.feature.0);
                let is_bridge = is_bridge(network.edge(edge).road);
                let (along_m, passed) = self.on_edge(&network.edge(edge).line.0, is_bridge)?;
                // Who comes from the road meets the cells in the other order: all must be dry to the end.
                let begin_by_s = match self.dry {
                    Dry::OnTrip(_) => passed.begin_by_s,
                    Dry::Until(_, speed_mps) => passed.dry_until_s - passed.off_m / speed_mps,
                };
                Some(Access {
                    edge,
                    along_m,
                    off_m: passed.off_m,
                    begin_by_s,
                    dry_until_s: passed.dry_until_s,
                })
            })
            .collect();
        found.sort_by(|a, b| a.off_m.total_cmp(&b.off_m).then(a.edge.cmp(&b.edge)));
        found
    }

    /// The nearest point of a line that is reached, by its distance from the start.
    fn on_edge(&mut self, points: &[Coord<f64>], is_bridge: bool) -> Option<(f64, Passed)> {
        let along = measure(points);
        let length = *along.last()?;
        let (nearest_m, _) = project(points, &along, self.at);
        let is_end = nearest_m <= 0.0 || nearest_m >= length;
        if (!is_bridge || is_end)
            && let Some(passed) = self.straight(point_at(points, &along, nearest_m))
        {
            return Some((nearest_m, passed));
        }
        let g = self.footing.cells();
        let n = match is_bridge {
            true => 1.0,
            false => (2.0 * length / g.dx.min(g.dy)).ceil().clamp(1.0, 1e6),
        };
        let samples = (0..=n as usize).map(|k| length * k as f64 / n);
        let reached = samples.filter_map(|at_m| {
            let passed = self.through_cells(point_at(points, &along, at_m))?;
            Some((at_m, passed))
        });
        let (at_m, passed) = reached.min_by(|a, b| a.1.off_m.total_cmp(&b.1.off_m))?;
        let straight = self.straight(point_at(points, &along, at_m));
        Some((at_m, straight.unwrap_or(passed)))
    }
}

/// The nearest of some accesses, and others hardly farther off: the other streets around a block.
///
/// - `accesses`: the nearest first
pub fn near(accesses: &[Access]) -> Vec<Access> {
    let farthest = accesses.first().map_or(0.0, |a| a.off_m + ACCESS_MARGIN_M);
    let near = accesses.iter().filter(|a| a.off_m <= farthest);
    near.take(ACCESS_EDGES).copied().collect()
}
