//! Ways on foot beside the roads: how far, and over which ground.

use std::path::Path;

use serde::{Deserialize, Serialize};
use stormgrid_core::message::Message;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_sim::flood;
use stormgrid_twin::network::{Access, Dry, Footing, RoadNetwork, Trip, Walk, near};

use super::RULES_FILE;
use super::stay::{DEFAULT_RULES, RuleFile, within};
use crate::{ProjectError, files};

/// How far people walk beside the roads, and in which water they do not.
///
/// `data/evacuation/rules.toml` names where the numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WayRule {
    /// Greatest length of a way between a place and a road [m].
    pub greatest_length_m: f64,
    /// Depth from which people do not walk, on roads and beside them [m].
    pub depth_m: f64,
    /// Share of the people with no road within the greatest length from which the road layer counts as incomplete [-].
    pub incomplete_share: f64,
}

impl Default for WayRule {
    fn default() -> Self {
        Self {
            greatest_length_m: 500.0,
            depth_m: 0.15,
            incomplete_share: 0.05,
        }
    }
}

/// `[way]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WayTable {
    #[serde(rename = "source")]
    _source: String,
    greatest_length_m: f64,
    depth_m: f64,
    incomplete_share: f64,
}

impl WayRule {
    /// The rule of a twin: the table `[way]` of its `evacuation.toml`, else the built-in one.
    ///
    /// # Errors
    ///
    /// A file that is not of the form of `data/evacuation/rules.toml`, or numbers out of range.
    pub fn of_twin(dir: &Path) -> Result<Self, ProjectError> {
        let path = dir.join(RULES_FILE);
        match path.is_file() {
            true => Self::read(&files::read_text(&path)?, &files::name(&path)),
            false => Self::read(DEFAULT_RULES, "data/evacuation/rules.toml"),
        }
    }

    /// Reads the rule; the built-in one where a text has none.
    ///
    /// - `file`: name for faults
    pub(super) fn read(text: &str, file: &str) -> Result<Self, ProjectError> {
        let Some(table) = RuleFile::read(text, file)?.way else {
            return Ok(Self::default());
        };
        for (name, value, low, high) in [
            ("greatest_length_m", table.greatest_length_m, 1.0, 5000.0),
            ("depth_m", table.depth_m, 0.01, 1.0),
            ("incomplete_share", table.incomplete_share, 0.0, 1.0),
        ] {
            within(
                file,
                Message::plain(format!("[way] {name}")),
                value,
                low,
                high,
            )?;
        }
        Ok(Self {
            greatest_length_m: table.greatest_length_m,
            depth_m: table.depth_m,
            incomplete_share: table.incomplete_share,
        })
    }
}

/// Seconds that stand for never.
const NEVER: i64 = -1;

/// When people can no longer walk over the cells of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WetGround {
    /// The run's cells [local m].
    pub cells: RasterGeometry,
    /// Level of rivers, canals and ponds at the start [m]: finer ground below it is water.
    pub level_m: f64,
    /// Cells row by row from the north-west: so many of them, closed from so many seconds on; 0 where there is water
    /// at the start or no ground, -1 where it stays dry. In files a text, `120*-1 3*22320`.
    #[serde(with = "as_text")]
    pub closed: Vec<(u32, i64)>,
}

/// Cells and seconds as a text: a list of pairs would take ten lines where this takes one.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(runs: &[(u32, i64)], to: S) -> Result<S::Ok, S::Error> {
        let words: Vec<String> = runs.iter().map(|(n, s)| format!("{n}*{s}")).collect();
        to.serialize_str(&words.join(" "))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<(u32, i64)>, D::Error> {
        let text = String::deserialize(from)?;
        let run = |word: &str| {
            let (n, s) = word.split_once('*')?;
            Some((n.parse().ok()?, s.parse().ok()?))
        };
        let runs = text.split_whitespace().map(|word| {
            run(word).ok_or_else(|| de::Error::custom(format!("'{word}' is not CELLS*SECONDS")))
        });
        runs.collect()
    }
}

/// Times are told to the minute before [s]: cells side by side that flood together are one run.
const MINUTE_S: i64 = 60;

impl WetGround {
    /// Collects it at the end of a run: a cell that gets deeper than the limit counts as closed from its first water.
    ///
    /// - `elevation`: of the cells, NaN where there is no ground [m]
    /// - `blocked`: cells closed by buildings: they close with the first cell around them
    /// - `initial_depth`: at the start [m]
    pub(super) fn new(
        cells: RasterGeometry,
        level_m: f64,
        (elevation, blocked, initial_depth): (&[f64], &[bool], &[f32]),
        maxima: &flood::Maxima,
        rule: &WayRule,
    ) -> Self {
        let of_water = |i: usize| {
            let wet = initial_depth.get(i).is_some_and(|&d| d >= WATER_M);
            if wet || !elevation[i].is_finite() {
                return 0;
            }
            if f64::from(maxima.depth_max[i]) < rule.depth_m {
                return NEVER;
            }
            match maxima.arrival_s[i] {
                arrival if arrival > 0.0 => f64::from(arrival) as i64 / MINUTE_S * MINUTE_S,
                _ => 0,
            }
        };
        let is_blocked = |i: usize| blocked.get(i).copied().unwrap_or(false);
        let closed = (0..cells.n_cells()).map(|i| match is_blocked(i) {
            false => of_water(i),
            true => around(&cells, i)
                .filter(|&n| !is_blocked(n))
                .map(of_water)
                .filter(|&s| s != NEVER)
                .min()
                .unwrap_or(NEVER),
        });
        Self {
            closed: run_lengths(closed),
            cells,
            level_m,
        }
    }

    /// Dry ground everywhere but where a cell is closed: for runs that are made up.
    #[cfg(test)]
    pub(super) fn of_cells(
        cells: RasterGeometry,
        level_m: f64,
        closed: impl IntoIterator<Item = i64>,
    ) -> Self {
        Self {
            closed: run_lengths(closed),
            cells,
            level_m,
        }
    }

    /// When each cell closes [s]; infinite if never.
    fn times(&self) -> Vec<f64> {
        let n = self.cells.n_cells();
        let mut times = Vec::with_capacity(n);
        for &(count, second) in &self.closed {
            let time = match second {
                NEVER => f64::INFINITY,
                second => second as f64,
            };
            let count = (count as usize).min(n - times.len());
            times.extend(std::iter::repeat_n(time, count));
        }
        // What a file that was cut does not tell is not dry.
        times.resize(n, 0.0);
        times
    }
}

/// Depth at the start from which a cell is a river or pond [m], as the exposure has it.
const WATER_M: f32 = 0.05;

/// The cells around a cell.
fn around(cells: &RasterGeometry, i: usize) -> impl Iterator<Item = usize> + '_ {
    let (row, col) = (i / cells.n_cols, i % cells.n_cols);
    let rows = row.saturating_sub(1)..(row + 2).min(cells.n_rows);
    rows.flat_map(move |r| {
        let cols = col.saturating_sub(1)..(col + 2).min(cells.n_cols);
        cols.map(move |c| r * cells.n_cols + c)
    })
}

fn run_lengths(values: impl IntoIterator<Item = i64>) -> Vec<(u32, i64)> {
    let mut runs: Vec<(u32, i64)> = Vec::new();
    for value in values {
        match runs.last_mut() {
            Some((count, last)) if *last == value && *count < u32::MAX => *count += 1,
            _ => runs.push((1, value)),
        }
    }
    runs
}

/// Least size of the cells that ways are searched on [m]: finer ground is gathered.
const LEAST_CELL_M: f64 = 4.0;

/// The ground of a twin with the water of a run.
pub(super) struct DryLand<'a> {
    ground: &'a Raster<f64>,
    /// Cells of the ground in one cell of the ways, along each side.
    gathered: [usize; 2],
    cells: RasterGeometry,
    run: RasterGeometry,
    closes_s: Vec<f64>,
    /// Ground below this is water [m].
    floor_m: f64,
}

impl<'a> DryLand<'a> {
    /// `None` for cells that cannot be.
    pub(super) fn new(ground: &'a Raster<f64>, wet: &WetGround, rule: &WayRule) -> Option<Self> {
        let own = *ground.geometry();
        let gathered = [own.dx, own.dy].map(|d| (LEAST_CELL_M / d).ceil().max(1.0) as usize);
        let cells = RasterGeometry::new(
            own.n_cols.div_ceil(gathered[0]),
            own.n_rows.div_ceil(gathered[1]),
            own.west,
            own.north,
            own.dx * gathered[0] as f64,
            own.dy * gathered[1] as f64,
        );
        Some(Self {
            ground,
            gathered,
            cells: cells.ok()?,
            run: wet.cells,
            closes_s: wet.times(),
            floor_m: wet.level_m - rule.depth_m,
        })
    }

    /// Whether rivers, canals, ponds or no ground are at a place before the run.
    pub(super) fn is_water(&self, x: f64, y: f64) -> bool {
        let z = self.ground.sample(x, y);
        !z.is_some_and(|z| z >= self.floor_m)
    }

    /// Whether the water of the run closes a place.
    pub(super) fn is_reached(&self, x: f64, y: f64) -> bool {
        let cell = self.run.cell_at(x, y);
        cell.is_some_and(|(r, c)| self.closes_s[self.run.index(r, c).index()].is_finite())
    }

    /// The first moment at which one of the run's cells under a cell closes [s].
    fn of_run(&self, row: usize, col: usize) -> f64 {
        let middle = self.cells.center(row, col);
        // The corners lie a hair inside, so that a neighbour that only touches does not count.
        let half = [0.499 * self.cells.dx, 0.499 * self.cells.dy];
        let at = |sx: f64, sy: f64| {
            self.run
                .cell_at(middle.x + sx * half[0], middle.y + sy * half[1])
        };
        let (Some(low), Some(high)) = (at(-1.0, 1.0), at(1.0, -1.0)) else {
            return at(0.0, 0.0).map_or(0.0, |(r, c)| self.closes_s[self.run.index(r, c).index()]);
        };
        let rows = low.0..=high.0;
        let cells = rows.flat_map(|r| (low.1..=high.1).map(move |c| (r, c)));
        cells
            .map(|(r, c)| self.closes_s[self.run.index(r, c).index()])
            .fold(f64::INFINITY, f64::min)
    }
}

impl Footing for DryLand<'_> {
    fn cells(&self) -> &RasterGeometry {
        &self.cells
    }

    fn closes_s(&self, row: usize, col: usize) -> f64 {
        let own = self.ground.geometry();
        let rows = row * self.gathered[1]..((row + 1) * self.gathered[1]).min(own.n_rows);
        let cols = col * self.gathered[0]..((col + 1) * self.gathered[0]).min(own.n_cols);
        let is_land = |r: usize, c: usize| self.ground.get(r, c) >= self.floor_m;
        match rows
            .flat_map(|r| cols.clone().map(move |c| (r, c)))
            .all(|(r, c)| is_land(r, c))
        {
            true => self.of_run(row, col),
            false => 0.0,
        }
    }
}

/// People on foot: roads, ground, and how far they walk beside the roads.
pub(super) struct Walkers<'a> {
    pub(super) network: &'a RoadNetwork,
    pub(super) land: &'a DryLand<'a>,
    pub(super) rule: &'a WayRule,
    pub(super) speed_mps: f64,
    /// Whether each road is a bridge.
    pub(super) bridges: Vec<bool>,
}

/// Where a place meets the roads.
#[derive(Clone, Debug, Default)]
pub(super) struct Joined {
    /// By the nearest roads.
    pub(super) near: Vec<Access>,
    /// By all within the greatest length.
    pub(super) all: Vec<Access>,
}

impl<'a> Walkers<'a> {
    /// A trip on foot that begins at a time.
    pub(super) fn trip(&self, leave_s: f64) -> Trip {
        Trip {
            leave_s,
            speed_mps: self.speed_mps,
        }
    }

    /// Walks from the first of some places that is not in water; from the first one if all are.
    ///
    /// - `places`: one at least
    pub(super) fn walk(&self, places: &[[f64; 2]], dry: Dry) -> Walk<'a> {
        let reach = self.rule.greatest_length_m;
        let from = |&at: &[f64; 2]| Walk::from(self.land, at, reach, dry);
        let is_land = |at: &&[f64; 2]| {
            let cell = self.land.cells.cell_at(at[0], at[1]);
            cell.is_some_and(|(row, col)| self.land.closes_s(row, col) > 0.0)
        };
        let first = places.iter().find(is_land).or(places.first());
        first.map_or_else(|| from(&[f64::NAN; 2]), from)
    }

    /// Walks from a place for another length than the greatest one [m].
    pub(super) fn walk_far(&self, at: [f64; 2], reach_m: f64, dry: Dry) -> Walk<'a> {
        Walk::from(self.land, at, reach_m, dry)
    }

    /// Roads that a walk reaches.
    pub(super) fn accesses(&self, walk: &mut Walk<'_>) -> Vec<Access> {
        let is_bridge = |road: usize| self.bridges.get(road).copied().unwrap_or(false);
        walk.accesses(self.network, &is_bridge)
    }

    /// Where people come from the roads to a place: over ground that stays dry, and over ground that is dry for a
    /// while; of each connected part of the roads the nearest ones.
    ///
    /// - `parts`: of the network's nodes
    pub(super) fn joined(&self, at: [f64; 2], parts: &[u32]) -> Joined {
        let mut joined = Joined::default();
        for least_s in [f64::INFINITY, 0.0] {
            let places = around_place(at, &self.land.cells);
            let mut walk = self.walk(&places, Dry::Until(least_s, self.speed_mps));
            let all = self.accesses(&mut walk);
            let mut by_part: std::collections::BTreeMap<u32, Vec<Access>> = Default::default();
            for &access in &all {
                let node = self.network.edges()[access.edge.index()].from;
                by_part.entry(parts[node.index()]).or_default().push(access);
            }
            joined.near.extend(by_part.values().flat_map(|of| near(of)));
            joined.all.extend(all);
        }
        joined
    }
}

/// A place and others a cell beside it: a house on a quay stands in no water because its cell does.
fn around_place(at: [f64; 2], cells: &RasterGeometry) -> Vec<[f64; 2]> {
    let ring = [
        (0.0, 1.0),
        (1.0, 0.0),
        (0.0, -1.0),
        (-1.0, 0.0),
        (1.0, 1.0),
        (1.0, -1.0),
        (-1.0, -1.0),
        (-1.0, 1.0),
    ]
    .map(|(x, y)| [at[0] + x * cells.dx, at[1] + y * cells.dy]);
    std::iter::once(at).chain(ring).collect()
}
