//! The run: step lengths, waking and sleeping, threads, errors.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

#[cfg(not(target_arch = "wasm32"))]
use rayon::prelude::*;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::series::Series;
use stormgrid_core::units::GRAVITY;

use super::compact::{Clock, NEVER, Roughness, dither};
use super::error::FloodError;
use super::infiltration::Infiltration;
use super::links::{LinkStep, Links};
use super::params::{BoundaryKind, DEPTH_LIMIT, Setup};
use super::prepare::{Layout, Prepared, prepare};
use super::rainfall::{Over, Pool, RainGauge};
use super::report::{Outcome, Stats, StepReport};
use super::state::{EDGES, EdgeSums, Scratch, Strips, Tile, rimmed};
use super::sweep::{LEVEL_MAX, Look, Step, reach, step_tile};
use super::weather::Station;

/// Steps between two looks at speed, hazard, arrival and duration, and between two pulses of rain.
const LOOK_EVERY: u32 = 4;

/// Share of a cell's water that may leave it in one step, where it is deeper than 1 mm.
///
/// A kinematic wave moves at 5/3 of the water's speed; 0.5 keeps it below one cell a step.
const OUTFLOW_SHARE: f64 = 0.5;

/// The outflow may shorten a step to this share of what the gravity wave allows, not further: one
/// cell that empties over a cliff must not stop the clock, and the limiter keeps it sane.
const LEAST_SHARE: f64 = 0.05;

/// Largest Courant number of the finite-volume scheme.
const LARGEST_COURANT: f64 = 0.45;

/// A tile's level leaves this much to spare for water that speeds up during the common step.
const SPARE: f32 = 0.9;

/// A step that would be shorter than this means that the run has blown up [s].
const SHORTEST_STEP: f64 = 1e-5;

/// Steps to a target from which on evening them out changes their length by little.
const NEAR_STEPS: f64 = 8.0;

/// What a local-inertial step may have of the one before where the target is near.
const GROWTH: f64 = 1.25;

/// Steps without moving water after which a tile sleeps.
const STEPS_TO_SLEEP: u8 = 3;

/// A flood that advances in time.
///
/// All fields that leave it are row by row from the north-west corner of the setup's raster.
pub struct Flood {
    pub(super) setup: Setup,
    pub(super) layout: Layout,
    pub(super) tiles: Vec<Tile>,
    pub(super) links: Links,
    pub(super) initial_m3: f64,
    pub(super) time: f64,
    pub(super) stats: Stats,
    /// The edges of all tiles.
    pub(super) strips: Vec<Strips>,
    pub(super) roughness: Roughness,
    pub(super) clock: Clock,
    scratch: Vec<Mutex<Scratch>>,
    pub(super) pool: Pool,
    pub(super) last_look: f64,
    pub(super) steps_since_look: u32,
    pub(super) dt_before: f64,
    pub(super) rain: RainGauge,
    pub(super) station: Station,
    /// Cells without ground that stand for the water of a boundary; no field tells of them.
    pub(super) ghosts: Vec<usize>,
    /// Greatest share of a single cell in each source.
    share_max: Vec<f64>,
}

impl Flood {
    /// Checks a setup and prepares its run at time 0.
    ///
    /// # Errors
    ///
    /// Values missing or out of range, a domain without a cell that can hold water, an inflow
    /// without one, threads that cannot be started.
    pub fn new(mut setup: Setup) -> Result<Self, FloodError> {
        let Prepared {
            layout,
            tiles,
            links,
            roughness,
            ghosts,
        } = prepare(&mut setup)?;
        let threads = thread_count(setup.options.threads).min(tiles.len()).max(1);
        let strips = tiles.iter().map(Strips::of).collect();
        let keeps_fallen = matches!(setup.infiltration, Infiltration::CurveNumber { .. });
        let mut share_max = vec![0.0; setup.inflows.len() + setup.boundaries.len()];
        for tap in tiles.iter().flat_map(|tile| &tile.taps) {
            let source = usize::from(tap.source);
            share_max[source] = tap.share.max(share_max[source]);
        }
        let mut flood = Self {
            pool: thread_pool(threads)?,
            scratch: (0..threads).map(|_| Mutex::new(Scratch::new())).collect(),
            stats: Stats {
                open_cells: tiles.iter().map(|t| u64::from(t.open_cells)).sum(),
                threads,
                ..Stats::default()
            },
            strips,
            roughness,
            clock: Clock::new(),
            rain: RainGauge::new(&setup.rain, &layout, keeps_fallen),
            ghosts,
            station: Station::default(),
            setup,
            layout,
            tiles,
            links,
            initial_m3: 0.0,
            time: 0.0,
            last_look: 0.0,
            steps_since_look: 0,
            dt_before: 0.0,
            share_max,
        };
        flood.initial_m3 = flood.stored_m3();
        Ok(flood)
    }

    /// Simulation time [s].
    pub fn time_s(&self) -> f64 {
        self.time
    }

    /// Counts so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Steps until `time_s` exactly, or until `on_step` breaks. A time that is past changes nothing.
    ///
    /// # Errors
    ///
    /// [`FloodError::Unstable`] with cell, time and cause; the state is then of no use.
    pub fn advance_to(
        &mut self,
        time_s: f64,
        on_step: &mut dyn FnMut(&StepReport) -> ControlFlow<()>,
    ) -> Result<Outcome, FloodError> {
        while self.time < time_s {
            let report = self.step(time_s)?;
            if on_step(&report).is_break() {
                return Ok(Outcome::Stopped);
            }
        }
        Ok(Outcome::Reached)
    }

    fn step(&mut self, target: f64) -> Result<StepReport, FloodError> {
        self.refresh_rain();
        self.refresh_weather();
        let link_step = self.link_step();
        self.links.look(&self.setup, &self.tiles, &link_step);
        let dt = self.step_length(target)?;
        let parts = self.share_steps();
        // The common step: the finest one, as often as the slowest tile's is longer.
        let longest = if parts > 1 {
            let limit = self.setup.options.max_dt;
            let longest = dt * f64::from(parts);
            self.towards(target, if longest < limit { longest } else { limit })?
        } else {
            dt
        };
        let arrives = target - self.time <= longest;
        let end = if arrives { target } else { self.time + longest };

        self.steps_since_look += parts;
        let looks = arrives || self.steps_since_look >= LOOK_EVERY;
        self.collect_rain(end, looks);
        let rains = looks && self.rain.is_wet();
        let discharges = self.discharges(self.time, end);
        let active_tiles = self.wake(&discharges, rains, u64::from(parts));
        self.join_edges();
        if looks {
            self.make_room(end);
        }
        let begin = self.time;
        let moment = |part: u32| match part == parts {
            true => end,
            false => begin + longest * f64::from(part) / f64::from(parts),
        };
        for part in 1..=parts {
            // The finest first: their fluxes are what slower neighbours take.
            for level in (0..=LEVEL_MAX).take_while(|&level| part.is_multiple_of(1 << level)) {
                let look = looks && part == parts;
                let first = moment(part - (1 << level));
                let number = self.stats.steps + u64::from(part);
                self.step_level(level, [first, moment(part)], number, [look, look && rains]);
            }
        }
        if !self.links.is_empty() {
            let step = LinkStep {
                time: begin + 0.5 * (end - begin),
                dt: end - begin,
                ..link_step
            };
            self.links
                .act(&self.setup, &mut self.tiles, &mut self.strips, &step);
        }
        if rains {
            self.rain.fall();
        }
        if looks {
            self.last_look = end;
            self.steps_since_look = 0;
            let wet = self.tiles.iter().map(|t| u64::from(t.wet_cells)).sum();
            self.stats.wet_cells_max = self.stats.wet_cells_max.max(wet);
        }
        self.time = end;
        self.dt_before = longest;
        self.stats.steps += u64::from(parts);
        self.check(looks)?;
        Ok(StepReport {
            step: self.stats.steps,
            time_s: end,
            dt: longest / f64::from(parts),
            depth_max: self.h_max(),
            active_tiles,
        })
    }

    /// Steps the active tiles of one level from one time to another; `look` tells whether that looks,
    /// and whether rain falls.
    fn step_level(&mut self, level: u8, [from, to]: [f64; 2], number: u64, look: [bool; 2]) {
        let [looks, rains] = look;
        let works = |tile: &Tile| tile.active && tile.level == level;
        let dither = dither(number);
        if !self.tiles.iter().any(works) {
            return;
        }
        self.give_fluxes(level, to - from);
        let levels = self.levels(to);
        let discharges = self.discharges(from, to);
        let geometry = &self.setup.domain.geometry;
        let now = if looks { self.clock.ticks(to) } else { 0 };
        let kick = self.kick(to - from);
        let step = Step {
            dt: to - from,
            kick,
            dx: geometry.dx,
            dy: geometry.dy,
            options: &self.setup.options,
            roughness: self.roughness.unit(GRAVITY),
            dither,
            levels: &levels,
            discharges: &discharges,
            weather: self
                .setup
                .weather
                .as_ref()
                .map(|weather| self.station.step(weather, kick, &self.layout)),
            look: looks.then_some(Look {
                interval: to - self.last_look,
                ticks: [now, now - self.clock.ticks(self.last_look)],
                dither,
                rain: rains.then(|| self.rain.pulse()),
                fallen: self.rain.fallen(),
            }),
        };
        let scratch = &self.scratch;
        let work = |index: usize, tile: &mut Tile, strips: &[Strips], thread: usize| {
            if works(tile) {
                let mut scratch = scratch[thread]
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                step_tile(tile, index, strips, &mut scratch, &step);
            }
        };
        #[cfg(not(target_arch = "wasm32"))]
        let serial = self.pool.is_none();
        #[cfg(target_arch = "wasm32")]
        let serial = true;
        // Neighbours read the edges as they were: those are written when all tiles are done.
        if serial {
            for (index, tile) in self.tiles.iter_mut().enumerate() {
                work(index, tile, &self.strips, 0);
            }
            let pairs = self.strips.iter_mut().zip(&self.tiles);
            pairs
                .filter(|(_, tile)| works(tile))
                .for_each(|(strips, tile)| strips.publish(tile));
        }
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(pool) = &self.pool {
            let (tiles, edges) = (&mut self.tiles, &mut self.strips);
            pool.install(|| {
                tiles
                    .par_iter_mut()
                    .enumerate()
                    .with_max_len(1)
                    .for_each(|(index, tile)| {
                        let thread = rayon::current_thread_index().unwrap_or(0);
                        work(index, tile, edges, thread);
                    });
                edges
                    .par_iter_mut()
                    .zip(tiles.par_iter())
                    .filter(|(_, tile)| works(tile))
                    .for_each(|(strips, tile)| strips.publish(tile));
            });
        }
    }

    /// Time over which forces act on the discharges in a step [s].
    ///
    /// Those of the local-inertial scheme lie half a step before the depths, so that from one to the next
    /// is half of the step before and half of this one: Störmer and Verlet's method for steps of unequal
    /// length. The whole step instead pumps waves up where long and short steps take turns.
    fn kick(&self, dt: f64) -> f64 {
        match self.setup.options.scheme.is_finite_volume() {
            true => dt,
            false => 0.5 * (self.dt_before + dt),
        }
    }

    /// Lengthens the ticks in which arrivals and durations are kept, if the run has become long.
    fn make_room(&mut self, time: f64) {
        let times = self.clock.make_room(time).min(15);
        if times == 0 {
            return;
        }
        for tile in &mut self.tiles {
            for ticks in &mut tile.arrival {
                *ticks = if *ticks == NEVER {
                    NEVER
                } else {
                    *ticks >> times
                };
            }
            for ticks in &mut tile.duration {
                *ticks >>= times;
            }
        }
    }

    /// Chooses each tile's level for the coming common step; how many of the finest steps that has.
    ///
    /// A tile may step as much more seldom as its signals are slower than the fastest of all;
    /// neighbours differ by one level at most, so that what comes from them is not met unprepared.
    fn share_steps(&mut self) -> u32 {
        let o = &self.setup.options;
        if !o.scheme.is_finite_volume() || !o.local_steps {
            return 1;
        }
        let signals: Vec<f32> = self.tiles.iter().map(|tile| tile.signal_max).collect();
        let fastest = signals
            .iter()
            .fold(0.0_f32, |a, &b| if b > a { b } else { a });
        let mut levels: Vec<u8> = self
            .tiles
            .iter()
            .zip(&signals)
            .map(|(tile, &signal)| {
                // Where water is poured in, the signal is yet to come.
                let free = if tile.taps.is_empty() { LEVEL_MAX } else { 0 };
                (0..free)
                    .take_while(|&level| signal * f32::from(2_u8 << level) <= SPARE * fastest)
                    .count() as u8
            })
            .collect();
        for _ in 0..LEVEL_MAX {
            let before = levels.clone();
            for (tile, level) in self.tiles.iter().zip(&mut levels) {
                for &k in tile.around.iter().flatten() {
                    *level = (*level).min(before[k as usize] + 1);
                }
            }
        }
        // Tiles at rest do not hold up the others, nor do they lengthen the common step.
        let longest = self
            .tiles
            .iter()
            .zip(&levels)
            .filter(|(tile, _)| tile.active && tile.h_max > 0.0)
            .map(|(_, &level)| level)
            .max()
            .unwrap_or(0);
        for (tile, level) in self.tiles.iter_mut().zip(levels) {
            tile.level = level.min(longest);
        }
        1 << longest
    }

    /// Sets up the sums of fluxes between tiles of different levels.
    fn join_edges(&mut self) {
        let o = &self.setup.options;
        if !o.scheme.is_finite_volume() || !o.local_steps {
            return;
        }
        let steps: Vec<Option<u8>> = self
            .tiles
            .iter()
            .map(|tile| tile.active.then_some(tile.level))
            .collect();
        for (tile, own) in self.tiles.iter_mut().zip(&steps) {
            let beyond =
                EDGES.map(|edge| tile.around[edge.direction].and_then(|k| steps[k as usize]));
            let slower = beyond.map(|other| own.zip(other).is_some_and(|(own, other)| other > own));
            let faster = beyond.map(|other| own.zip(other).is_some_and(|(own, other)| other < own));
            let lists = |used: [bool; 4]| {
                used.contains(&true).then(|| {
                    let mut sums = EdgeSums::zero();
                    sums.used = used;
                    Box::new(sums)
                })
            };
            tile.sums = lists(slower);
            tile.given = lists(faster);
        }
    }

    /// Hands the tiles of a level what went through the edges that they share with faster tiles.
    fn give_fluxes(&mut self, level: u8, dt: f64) {
        for index in 0..self.tiles.len() {
            let tile = &mut self.tiles[index];
            if !tile.active || tile.level != level {
                continue;
            }
            let Some(mut given) = tile.given.take() else {
                continue;
            };
            let around = tile.around;
            for (k, edge) in EDGES.iter().enumerate().filter(|(k, _)| given.used[*k]) {
                let other = around[edge.direction].map(|other| &mut self.tiles[other as usize]);
                let Some(sums) = other.and_then(|other| other.sums.as_mut()) else {
                    continue;
                };
                let sums = &mut sums.fluxes[edge.opposite];
                for (mean, sum) in given.fluxes[k].iter_mut().zip(sums) {
                    for (mean, sum) in mean.iter_mut().zip(sum) {
                        *mean = (f64::from(*sum) / dt) as f32;
                        *sum = 0.0;
                    }
                }
            }
            self.tiles[index].given = Some(given);
        }
    }

    /// What the structures need to know of the coming step, if it is as long as the last.
    fn link_step(&self) -> LinkStep {
        LinkStep {
            time: self.time + 0.5 * self.dt_before,
            dt: self.dt_before,
            area: self.setup.domain.geometry.cell_area(),
            depth_dry: self.setup.options.depth_dry,
            depth_still: f64::from(self.setup.options.depth_still()),
            reach: reach(&self.setup.options) as usize,
            moving: self.setup.options.scheme.is_finite_volume(),
            dither: dither(self.stats.steps),
        }
    }

    fn h_max(&self) -> f32 {
        let deepest = |a: f32, tile: &Tile| if tile.h_max > a { tile.h_max } else { a };
        self.tiles.iter().fold(0.0, deepest)
    }

    /// The longest step that the gravity wave, the outflow of cells and the caller's time allow [s].
    fn step_length(&self, target: f64) -> Result<f64, FloodError> {
        let o = &self.setup.options;
        let g = &self.setup.domain.geometry;
        let spacing = if g.dx < g.dy { g.dx } else { g.dy };
        // Von Neumann: the shortest wave of two dimensions is stable up to a Courant number of √(θ − ½).
        let courant = o.cfl * (2.0 * o.theta - 1.0).sqrt();
        if o.scheme.is_finite_volume() {
            return self.volume_step(target, spacing);
        }
        let wave = |depth: f64| {
            let dt = courant * spacing / (GRAVITY * depth).sqrt();
            if dt < o.max_dt { dt } else { o.max_dt }
        };
        let deepest = f64::from(self.h_max());
        // Sources may deepen the water within the step: look ahead by what they could add.
        let mut longest = wave(deepest + self.rise_rate() * wave(deepest));
        if self.dt_before > 0.0 {
            let least = |a: f32, tile: &Tile| if tile.slack < a { tile.slack } else { a };
            let slack = f64::from(self.tiles.iter().fold(1e30, least));
            let outflow = (self.dt_before * slack * OUTFLOW_SHARE).max(LEAST_SHARE * longest);
            longest = if outflow < longest { outflow } else { longest };
        }
        self.towards(target, longest)
    }

    /// The longest step of the finite-volume scheme [s].
    fn volume_step(&self, target: f64, spacing: f64) -> Result<f64, FloodError> {
        let o = &self.setup.options;
        let courant = if o.cfl < LARGEST_COURANT {
            o.cfl
        } else {
            LARGEST_COURANT
        };
        let fastest = |a: f32, tile: &Tile| {
            if tile.signal_max > a {
                tile.signal_max
            } else {
                a
            }
        };
        let signal = f64::from(self.tiles.iter().fold(0.0, fastest));
        let within = |signal: f64| {
            let dt = courant * spacing / signal;
            if dt < o.max_dt { dt } else { o.max_dt }
        };
        // Sources may deepen the water within the step: look ahead by what they could add.
        let deepening = (GRAVITY * self.rise_rate() * within(signal)).sqrt();
        self.towards(target, within(signal.hypot(deepening)))
    }

    /// A step of at most `longest` that does not leave a short one before `target` [s].
    fn towards(&self, target: f64, longest: f64) -> Result<f64, FloodError> {
        if longest < SHORTEST_STEP {
            return Err(self.unstable(message!("flood.short_step", "the step became too short")));
        }
        let remaining = target - self.time;
        if !self.setup.options.scheme.is_finite_volume() {
            return Ok(self.even_step(remaining, longest));
        }
        Ok(if remaining <= longest {
            remaining
        } else if remaining < 2.0 * longest {
            0.5 * remaining
        } else {
            longest
        })
    }

    /// A step of at most `longest`, as long as all that follow until `remaining` is over [s].
    ///
    /// Waves that neither bed nor θ damps, those of a deep sea, grow without bound where steps of unequal
    /// length take turns: four of 57 s and two of 36 s to every 300 s made metres of surge of nothing. The
    /// few steps before a target that is near are the only ones that rounding makes much shorter; after them
    /// steps grow slowly.
    fn even_step(&self, remaining: f64, longest: f64) -> f64 {
        let near = remaining < NEAR_STEPS * longest && self.dt_before > 0.0;
        let grown = GROWTH * self.dt_before;
        let longest = if near && grown < longest {
            grown
        } else {
            longest
        };
        remaining / (remaining / longest).ceil()
    }

    /// Fastest rise of a cell under a source [m s⁻¹].
    fn rise_rate(&self) -> f64 {
        let area = self.setup.domain.geometry.cell_area();
        let later = self.time + self.setup.options.max_dt;
        let rate = |source: usize, series: &Series| {
            series.max_between(self.time, later).max(0.0) * self.share_max[source] / area
        };
        self.sources()
            .map(|(source, series)| rate(source, series))
            .chain([self.rain.greatest_rate()])
            .chain([self.links.rise_rate(&self.setup, area, [self.time, later])])
            .fold(0.0, f64::max)
    }

    /// Discharges by source: inflows, then discharge boundaries.
    fn sources(&self) -> impl Iterator<Item = (usize, &Series)> {
        let inflows = self.setup.inflows.iter().map(|inflow| &inflow.discharge);
        let first = self.setup.inflows.len();
        let boundaries = self.setup.boundaries.iter().enumerate();
        inflows
            .enumerate()
            .chain(boundaries.filter_map(move |(k, b)| match &b.kind {
                BoundaryKind::Discharge(series) => Some((first + k, series)),
                _ => None,
            }))
    }

    /// Water that each source brings between two times, as depth on one cell [m].
    fn discharges(&self, begin: f64, end: f64) -> Vec<f64> {
        let area = self.setup.domain.geometry.cell_area();
        let mut discharges = vec![0.0; self.share_max.len()];
        for (source, series) in self.sources() {
            discharges[source] = series.integral(begin, end) / area;
        }
        discharges
    }

    fn levels(&self, time: f64) -> Vec<f32> {
        let level = |kind: &BoundaryKind| match kind {
            BoundaryKind::Level(series) => self.layout.relative(series.at(time)),
            _ => 0.0,
        };
        let boundaries = self.setup.boundaries.iter();
        boundaries.map(|boundary| level(&boundary.kind)).collect()
    }

    /// Brings the rain up to date.
    fn refresh_rain(&mut self) {
        let over = Over {
            geometry: &self.setup.domain.geometry,
            layout: &self.layout,
            tiles: &self.tiles,
            pool: &self.pool,
        };
        self.rain.refresh(&self.setup.rain, self.time, &over);
    }

    /// Brings the weather up to date once a look.
    fn refresh_weather(&mut self) {
        let Some(weather) = &self.setup.weather else {
            return;
        };
        if self.steps_since_look == 0 {
            let geometry = &self.setup.domain.geometry;
            self.station
                .observe(weather, self.time, geometry, &self.layout);
        }
    }

    /// Makes the rates again after a checkpoint was taken up.
    pub(super) fn resume_rain(&mut self) {
        let over = Over {
            geometry: &self.setup.domain.geometry,
            layout: &self.layout,
            tiles: &self.tiles,
            pool: &self.pool,
        };
        self.rain.resume(&self.setup.rain, &over);
    }

    fn collect_rain(&mut self, end: f64, looks: bool) {
        let over = Over {
            geometry: &self.setup.domain.geometry,
            layout: &self.layout,
            tiles: &self.tiles,
            pool: &self.pool,
        };
        let span = [self.time, end];
        self.rain.collect(&self.setup.rain, span, looks, &over);
    }

    /// Marks the tiles in which water moves, could enter or falls; returns how many.
    fn wake(&mut self, discharges: &[f64], rains: bool, parts: u64) -> usize {
        let depth_still = self.setup.options.depth_still();
        let edges: Vec<[bool; 4]> = self.tiles.iter().map(|tile| tile.edge_wet).collect();
        let mut active = 0;
        for tile in &mut self.tiles {
            let beside = |direction: usize, edge: usize| {
                tile.around[direction].is_some_and(|tile| edges[tile as usize][edge])
            };
            let moves = tile.h_max > depth_still
                || (rains && tile.open_cells > 0)
                || !tile.controls.is_empty()
                || tile
                    .taps
                    .iter()
                    .any(|t| discharges[usize::from(t.source)] != 0.0)
                || beside(1, 2)
                || beside(3, 3)
                || beside(5, 0)
                || beside(7, 1);
            tile.still = if moves {
                0
            } else {
                tile.still.saturating_add(1)
            };
            tile.active = !tile.is_land() && tile.still < STEPS_TO_SLEEP;
            if tile.active {
                active += 1;
                self.stats.cell_updates += u64::from(tile.open_cells) * (parts >> tile.level);
            } else {
                tile.slack = 1e30;
                tile.signal_max = 0.0;
                tile.wet_cells = 0;
            }
        }
        active
    }

    fn check(&self, looked: bool) -> Result<(), FloodError> {
        if f64::from(self.h_max()) > DEPTH_LIMIT {
            return Err(self.unstable(message!(
                "flood.too_deep",
                "water deeper than the deepest ocean"
            )));
        }
        if looked && self.tiles.iter().any(|tile| tile.broken) {
            return Err(self.unstable(message!("flood.no_number", "a depth is not a number")));
        }
        Ok(())
    }

    /// The error for the worst cell: the first that is not a number, else the deepest.
    fn unstable(&self, cause: Message) -> FloodError {
        let mut worst = (0, 0, 0.0_f32);
        'search: for row in 0..self.layout.n_rows {
            for col in 0..self.layout.n_cols {
                let (tile, r, c) = self.layout.locate(row, col);
                let tile = &self.tiles[tile];
                if tile.is_land() {
                    continue;
                }
                let depth = tile.h[rimmed(r as isize, c as isize)];
                if depth.is_nan() || depth > worst.2 {
                    worst = (row, col, depth);
                }
                if depth.is_nan() {
                    break 'search;
                }
            }
        }
        FloodError::Unstable {
            time_s: self.time,
            row: worst.0,
            col: worst.1,
            depth_m: worst.2,
            cause,
        }
    }
}

#[cfg(target_arch = "wasm32")]
fn thread_count(_asked: usize) -> usize {
    1
}

#[cfg(not(target_arch = "wasm32"))]
fn thread_count(asked: usize) -> usize {
    match asked {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        asked => asked,
    }
}

#[cfg(target_arch = "wasm32")]
fn thread_pool(_threads: usize) -> Result<Pool, FloodError> {
    Ok(())
}

/// `None` for one thread: the caller's own does the work.
#[cfg(not(target_arch = "wasm32"))]
fn thread_pool(threads: usize) -> Result<Pool, FloodError> {
    if threads == 1 {
        return Ok(None);
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map(Some)
        .map_err(|_| FloodError::Threads { threads })
}
