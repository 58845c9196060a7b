//! Rain that varies in place: rates at points, integrated exactly between the instants at which they bend.
//!
//! The points are the cells, or for smooth rain the corners of the tiles. Within a span between two bends the rate
//! of a point is a straight line in time, so that what falls in a step is known in closed form however long the
//! steps are; the least rate that a nested burst sets is taken into account in closed form too.

#[cfg(not(target_arch = "wasm32"))]
use rayon::prelude::*;
use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::series::Series;

use super::params::{Rain, RainDetail, RainField};
use super::prepare::Layout;
use super::state::{TILE, Tile};
use super::sweep::RainPulse;

/// Cells of a tile.
const CELLS: usize = TILE * TILE;

/// Threads for fields of all cells; `None` is the caller's own.
#[cfg(not(target_arch = "wasm32"))]
pub(super) type Pool = Option<rayon::ThreadPool>;

/// Threads for fields of all cells: the browser has one.
#[cfg(target_arch = "wasm32")]
pub(super) type Pool = ();

/// Where the rain is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Points {
    /// Everywhere the same.
    One,
    /// At the corners of the tiles; the number of tiles in a row.
    Corners(usize),
    /// In the cells, tile by tile.
    Cells,
}

/// The rain of a run: what falls now, and what has not fallen yet.
pub(super) struct RainGauge {
    points: Points,
    /// Begin and end of the span in which the rates are straight lines [s].
    span: [f64; 2],
    /// Time until which the rain is in `waiting` [s].
    collected: f64,
    /// Rate at the begin of the span [m s⁻¹].
    begin: Vec<f64>,
    /// Its change over time [m s⁻²]; empty where nothing changes.
    slope: Vec<f64>,
    /// What has not fallen yet [m].
    waiting: Vec<f64>,
    /// What has fallen in all [m]; of cells only where the soil asks for it.
    fallen: Vec<f64>,
    keeps_fallen: bool,
    /// Greatest rate of the span [m s⁻¹].
    greatest: f64,
    /// Something waits.
    is_wet: bool,
}

/// What of a flood the rain has to know.
#[derive(Clone, Copy)]
pub(super) struct Over<'a> {
    pub geometry: &'a RasterGeometry,
    pub layout: &'a Layout,
    pub tiles: &'a [Tile],
    pub pool: &'a Pool,
}

impl RainGauge {
    /// - `keeps_fallen`: the soil asks what has fallen before
    pub fn new(rain: &Rain, layout: &Layout, keeps_fallen: bool) -> Self {
        let (points, n) = match rain {
            Rain::Field(field) => match field.detail {
                RainDetail::Tiles => (
                    Points::Corners(layout.n_tile_cols),
                    (layout.n_tile_rows + 1) * (layout.n_tile_cols + 1),
                ),
                RainDetail::Cells => (
                    Points::Cells,
                    layout.n_tile_rows * layout.n_tile_cols * CELLS,
                ),
            },
            _ => (Points::One, 1),
        };
        let of_field = if points == Points::One { 0 } else { n };
        let keeps_fallen = keeps_fallen || points != Points::Cells;
        Self {
            points,
            span: [f64::NEG_INFINITY; 2],
            collected: 0.0,
            begin: vec![0.0; of_field],
            slope: Vec::new(),
            waiting: vec![0.0; n],
            fallen: vec![0.0; if keeps_fallen { n } else { 0 }],
            keeps_fallen,
            greatest: 0.0,
            is_wet: false,
        }
    }

    /// Brings a field up to the span that begins at or before a time.
    pub fn refresh(&mut self, rain: &Rain, time: f64, over: &Over<'_>) {
        let Rain::Field(field) = rain else { return };
        while time >= self.span[1] {
            self.enter_next(field, over);
        }
    }

    /// Collects what falls until `end`; a field at bends and looks only, for it costs a pass over the cells.
    pub fn collect(&mut self, rain: &Rain, [begin, end]: [f64; 2], looks: bool, over: &Over<'_>) {
        let dt = end - begin;
        match rain {
            Rain::None => {}
            Rain::Uniform(rate) => self.add(rate * dt),
            Rain::Series(series) => self.add(series.integral(begin, end)),
            Rain::Field(field) => {
                while end > self.span[1] {
                    self.enter_next(field, over);
                }
                if looks {
                    self.add_piece(field, end, over.pool);
                }
            }
        }
    }

    fn add(&mut self, depth: f64) {
        self.waiting[0] += depth;
        self.is_wet = self.waiting[0] > 0.0;
    }

    /// Whether rain waits to fall.
    pub fn is_wet(&self) -> bool {
        self.is_wet
    }

    /// Greatest rate at present [m s⁻¹]; 0 for rain that is the same everywhere.
    pub fn greatest_rate(&self) -> f64 {
        self.greatest
    }

    /// What falls now.
    pub fn pulse(&self) -> RainPulse<'_> {
        self.as_pulse(&self.waiting)
    }

    /// What had fallen before; nothing of cells unless the soil asked for it.
    pub fn fallen(&self) -> RainPulse<'_> {
        match self.fallen.is_empty() {
            true => RainPulse::Uniform(0.0),
            false => self.as_pulse(&self.fallen),
        }
    }

    fn as_pulse<'a>(&self, depths: &'a [f64]) -> RainPulse<'a> {
        match self.points {
            Points::One => RainPulse::Uniform(depths[0]),
            Points::Corners(n_tile_cols) => RainPulse::Corners(depths, n_tile_cols),
            Points::Cells => RainPulse::Cells(depths),
        }
    }

    /// Books what waited as fallen.
    pub fn fall(&mut self) {
        match self.keeps_fallen {
            true => {
                let points = self.fallen.iter_mut().zip(&mut self.waiting);
                points.for_each(|(fallen, waiting)| *fallen += std::mem::take(waiting));
            }
            false => self.waiting.fill(0.0),
        }
        self.is_wet = false;
    }

    /// State for a checkpoint: the time collected, what waits and what has fallen.
    pub fn state(&mut self) -> (&mut f64, &mut bool, [&mut Vec<f64>; 2]) {
        (
            &mut self.collected,
            &mut self.is_wet,
            [&mut self.waiting, &mut self.fallen],
        )
    }

    /// Makes the span again after a checkpoint was taken up.
    pub fn resume(&mut self, rain: &Rain, over: &Over<'_>) {
        if let Rain::Field(field) = rain {
            self.enter(field, self.collected, over);
        }
    }

    /// Collects the rest of a span and enters the next one.
    fn enter_next(&mut self, field: &RainField, over: &Over<'_>) {
        let end = self.span[1].max(0.0);
        if self.span[1].is_finite() {
            self.add_piece(field, end, over.pool);
        }
        self.enter(field, end, over);
    }

    /// Makes the straight lines of the span that holds a time. Its middle tells the slope: the end belongs to
    /// what follows, where the rate may jump.
    fn enter(&mut self, field: &RainField, time: f64, over: &Over<'_>) {
        self.span = field.span(time);
        let [begin, end] = self.span;
        let middle = if end.is_finite() {
            0.5 * (begin + end)
        } else {
            begin
        };
        let rate = |time: f64, [x, y]: [f64; 2]| {
            let found = (field.rate)(time, x, y);
            if found > 0.0 { found } else { 0.0 }
        };
        let per_time = if middle > begin && field.factor.is_none() {
            1.0 / (middle - begin)
        } else {
            0.0
        };
        self.slope.resize(self.begin.len(), 0.0);
        let fill = |first: usize, begins: &mut [f64], slopes: &mut [f64]| {
            for (k, (value, slope)) in begins.iter_mut().zip(slopes).enumerate() {
                let Some(at) = place(self.points, first + k, over) else {
                    continue;
                };
                *value = rate(begin, at);
                *slope = match per_time > 0.0 {
                    true => (rate(middle, at) - *value) * per_time,
                    false => 0.0,
                };
            }
        };
        let pairs = (&mut self.begin, &mut self.slope);
        each_block(pairs, over.pool, &fill);
        let length = 2.0 * (middle - begin);
        let ends = self.begin.iter().zip(&self.slope);
        let greatest = ends.fold(0.0_f64, |a, (r, s)| a.max(*r).max(r + s * length));
        let least = field.least.as_ref().map_or(0.0, |least| {
            least
                .at(begin)
                .max(least.at(if end.is_finite() { end } else { begin }))
        });
        let factor = field.factor.as_ref().map_or(1.0, Series::max);
        self.greatest = (greatest * factor).max(least);
        if self.slope.iter().all(|&slope| slope == 0.0) {
            self.slope = Vec::new();
        }
    }

    /// Adds what falls from the time collected until `end`, which lies in the span.
    fn add_piece(&mut self, field: &RainField, end: f64, pool: &Pool) {
        let (from, dt) = (self.collected - self.span[0], end - self.collected);
        if dt <= 0.0 {
            return;
        }
        let span = [self.collected, end];
        self.collected = end;
        if self.greatest <= 0.0 {
            return;
        }
        self.is_wet = true;
        let factor = field.factor.as_ref();
        let mean_factor = factor.map_or(1.0, |f| f.integral(span[0], end) / dt);
        let factors = span.map(|time| factor.map_or(1.0, |f| f.at(time)));
        let least = field.least.as_ref().map(|l| span.map(|time| l.at(time)));
        let (begin, slope) = (&self.begin, &self.slope);
        let add = |first: usize, waiting: &mut [f64], _: &mut [f64]| {
            for (k, waiting) in waiting.iter_mut().enumerate() {
                let slope = slope.get(first + k).copied().unwrap_or(0.0);
                let rate = |after: f64| begin[first + k] + slope * after;
                let mean = match least {
                    None => rate(from + 0.5 * dt) * mean_factor,
                    Some(least) => {
                        let own = [rate(from) * factors[0], rate(from + dt) * factors[1]];
                        greater(own, least)
                    }
                };
                *waiting += mean * dt;
            }
        };
        each_block((&mut self.waiting, &mut Vec::new()), pool, &add);
    }
}

/// Mean of the greater of two straight lines over an interval, from their values at its ends.
fn greater(a: [f64; 2], b: [f64; 2]) -> f64 {
    let over = [a[0] - b[0], a[1] - b[1]];
    let below = 0.5 * (b[0] + b[1]);
    let above = match (over[0] > 0.0, over[1] > 0.0) {
        (true, true) => 0.5 * (over[0] + over[1]),
        (false, false) => 0.0,
        // The lines cross: what lies above is a triangle.
        (true, false) => 0.5 * over[0] * over[0] / (over[0] - over[1]),
        (false, true) => 0.5 * over[1] * over[1] / (over[1] - over[0]),
    };
    below + above
}

/// Place of a point; `None` for a cell beyond the domain or in a tile without ground.
fn place(points: Points, k: usize, over: &Over<'_>) -> Option<[f64; 2]> {
    let (g, layout) = (over.geometry, over.layout);
    let at = |row: f64, col: f64| {
        let row = row - layout.pad_rows as f64;
        let col = col - layout.pad_cols as f64;
        [g.west + col * g.dx, g.north - row * g.dy]
    };
    match points {
        Points::One => None,
        Points::Corners(n_tile_cols) => {
            let corners = n_tile_cols + 1;
            Some(at((k / corners * TILE) as f64, (k % corners * TILE) as f64))
        }
        Points::Cells => {
            let (tile, cell) = (k / CELLS, k % CELLS);
            if over.tiles[tile].is_land() {
                return None;
            }
            let row = tile / layout.n_tile_cols * TILE + cell / TILE;
            let col = tile % layout.n_tile_cols * TILE + cell % TILE;
            let inside = (layout.pad_rows..layout.pad_rows + layout.n_rows).contains(&row)
                && (layout.pad_cols..layout.pad_cols + layout.n_cols).contains(&col);
            inside.then(|| at(row as f64 + 0.5, col as f64 + 0.5))
        }
    }
}

/// Works on blocks of two fields, with their first position; the second may be empty.
fn each_block(
    (a, b): (&mut Vec<f64>, &mut Vec<f64>),
    pool: &Pool,
    work: &(dyn Fn(usize, &mut [f64], &mut [f64]) + Sync),
) {
    #[cfg(not(target_arch = "wasm32"))]
    if let Some(pool) = pool
        && a.len() > CELLS
    {
        pool.install(|| match b.is_empty() {
            true => a
                .par_chunks_mut(CELLS)
                .enumerate()
                .for_each(|(k, a)| work(k * CELLS, a, &mut [])),
            false => a
                .par_chunks_mut(CELLS)
                .zip(b.par_chunks_mut(CELLS))
                .enumerate()
                .for_each(|(k, (a, b))| work(k * CELLS, a, b)),
        });
        return;
    }
    #[cfg(target_arch = "wasm32")]
    let () = pool;
    work(0, a, b);
}

impl RainField {
    /// Begin and end of the span that holds a time [s]; the last one has no end.
    pub(super) fn span(&self, time: f64) -> [f64; 2] {
        let own = self.bends.around(time);
        let mut span = [own[0].max(0.0), own[1]];
        // The greater of two is taken of straight lines: a factor alone is integrated as it is.
        if let Some(least) = &self.least {
            for series in std::iter::once(least).chain(&self.factor) {
                let [before, after] = around(&series.time_s, time);
                span = [span[0].max(before), span[1].min(after)];
            }
        }
        span
    }

    /// The rate at a time and a place [m s⁻¹].
    pub fn rate_at(&self, time: f64, x: f64, y: f64) -> f64 {
        let least = self.least.as_ref().map_or(0.0, |least| least.at(time));
        let factor = self.factor.as_ref().map_or(1.0, |factor| factor.at(time));
        ((self.rate)(time, x, y) * factor).max(least)
    }
}

impl super::params::Bends {
    /// The bends before or at a time and after it [s]; infinite where there is none.
    fn around(&self, time: f64) -> [f64; 2] {
        match self {
            Self::Every(step) => {
                let n = (time / step).floor();
                // Rounding may put the product after the time that it was made from.
                let n = if n * step > time { n - 1.0 } else { n };
                [n * step, (n + 1.0) * step]
            }
            Self::At(times) => around(times, time),
        }
    }
}

fn around(times: &[f64], time: f64) -> [f64; 2] {
    let after = times.partition_point(|&t| t <= time);
    let before = after.checked_sub(1).and_then(|k| times.get(k));
    [
        before.copied().unwrap_or(f64::NEG_INFINITY),
        times.get(after).copied().unwrap_or(f64::INFINITY),
    ]
}

impl Rain {
    /// The rate at a time and a place in the raster's frame [m s⁻¹].
    pub fn rate(&self, time: f64, x: f64, y: f64) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Uniform(rate) => *rate,
            Self::Series(series) => series.at(time),
            Self::Field(field) => field.rate_at(time, x, y),
        }
    }

    /// The rain times a factor.
    #[must_use]
    pub fn times(&self, factor: f64) -> Self {
        let scaled = |series: &Series| Series {
            time_s: series.time_s.clone(),
            value: series.value.iter().map(|rate| factor * rate).collect(),
        };
        match self {
            Self::None => Self::None,
            Self::Uniform(rate) => Self::Uniform(factor * rate),
            Self::Series(series) => Self::Series(scaled(series)),
            Self::Field(field) => {
                let rate = std::sync::Arc::clone(&field.rate);
                Self::Field(RainField {
                    rate: std::sync::Arc::new(move |time, x, y| factor * rate(time, x, y)),
                    least: field.least.as_ref().map(scaled),
                    ..field.clone()
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::flood::bench::{SCHEMES, advance, basin, start};
    use crate::flood::{Bends, Flood, Infiltration, PerCell, Setup};

    fn fallen(rain: Rain, end: f64) -> f64 {
        let mut setup = Setup::new(basin(130, 70, 10.0, |_, _| 0.0));
        setup.rain = rain;
        let mut flood = start(setup);
        advance(&mut flood, end);
        rained(&flood) / (130.0 * 70.0 * 100.0)
    }

    fn rained(flood: &Flood) -> f64 {
        let ledger = flood.ledger();
        let line = ledger
            .lines
            .iter()
            .find(|l| l.source == crate::flood::Source::Rain);
        line.expect("the ledger has a line for rain").in_m3
    }

    fn ramp() -> Series {
        Series::new(vec![0.0, 601.0, 900.0], vec![0.0, 2e-5, 1e-6]).expect("valid")
    }

    fn field(
        rate: impl Fn(f64) -> f64 + Send + Sync + 'static,
        bends: Bends,
        detail: RainDetail,
    ) -> Rain {
        Rain::Field(RainField {
            rate: Arc::new(move |t, _, _| rate(t)),
            bends,
            detail,
            factor: None,
            least: None,
        })
    }

    /// ½ · 601 · 2e-5 + ½ · 299 · 2.1e-5 + 300 · 1e-6, whichever way the rain is given.
    #[test]
    fn the_same_rain_falls_to_the_same_depth_however_it_is_given() {
        let exact = 0.5 * 601.0 * 2e-5 + 0.5 * 299.0 * 2.1e-5 + 300.0 * 1e-6;
        let at = || Bends::At(ramp().time_s.into());
        let ways = [
            Rain::Series(ramp()),
            field(move |t| ramp().at(t), at(), RainDetail::Cells),
            field(move |t| ramp().at(t), at(), RainDetail::Tiles),
            field(move |t| ramp().at(t), Bends::Every(0.5), RainDetail::Tiles),
            Rain::Field(RainField {
                rate: Arc::new(|_, _, _| 0.0),
                bends: Bends::At(Vec::new().into()),
                detail: RainDetail::Cells,
                factor: None,
                least: Some(ramp()),
            }),
        ];
        for (k, rain) in ways.into_iter().enumerate() {
            let found = fallen(rain, 1200.0);
            assert!((found / exact - 1.0).abs() < 1e-9, "{k}: {found} {exact}");
        }
        // A rate that no f32 holds.
        let found = fallen(Rain::Uniform(60.0 / 3.6e6), 3600.0);
        assert!((found / 0.06 - 1.0).abs() < 1e-9, "{found}");
    }

    /// A rate of 1e-5 that jumps to 3e-5 at 100 s and to nothing at 250 s; bursts above it count.
    #[test]
    fn jumps_and_bursts_are_exact() {
        let steps = |t: f64| match t {
            t if t < 100.0 => 1e-5,
            t if t < 250.0 => 3e-5,
            _ => 0.0,
        };
        let bends = || Bends::At(vec![0.0, 100.0, 250.0].into());
        let found = fallen(field(steps, bends(), RainDetail::Cells), 1000.0);
        assert!((found / 5.5e-3 - 1.0).abs() < 1e-9, "{found}");
        // A burst from 0 to 4e-5 at 80 s and back at 160 s: above 1e-5 from 20 s on, above 3e-5 until 120 s.
        let least = Series::new(vec![0.0, 80.0, 160.0], vec![0.0, 4e-5, 0.0]).expect("valid");
        let rain = Rain::Field(RainField {
            rate: Arc::new(move |t, _, _| steps(t)),
            bends: bends(),
            detail: RainDetail::Cells,
            factor: None,
            least: Some(least),
        });
        // 20 s of 1e-5, the triangle's part until 100 s (20 → 80 at slope 5e-7, 80 → 100), then 3e-5 until 250 s.
        let exact = 20.0 * 1e-5 + 60.0 * 2.5e-5 + 20.0 * 3.5e-5 + 150.0 * 3e-5;
        let found = fallen(rain, 1000.0);
        assert!((found / exact - 1.0).abs() < 1e-9, "{found} {exact}");
    }

    /// A raster's edge in the middle of a tile: no cell sees the rain of the other side.
    #[test]
    fn rain_keeps_its_edges_within_a_tile() {
        for scheme in SCHEMES {
            let mut domain = basin(90, 4, 10.0, |_, _| 0.0);
            // A wall of no data, so that the two halves do not share their water.
            (0..4).for_each(|row| domain.elevation[row * 90 + 45] = f64::NAN);
            let mut setup = Setup::new(domain);
            setup.options.scheme = scheme;
            setup.rain = Rain::Field(RainField {
                rate: Arc::new(|_, x, _| if x > 455.0 { 60.0 / 3.6e6 } else { 0.0 }),
                bends: Bends::At(Vec::new().into()),
                detail: RainDetail::Cells,
                factor: None,
                least: None,
            });
            let mut flood = start(setup);
            advance(&mut flood, 3600.0);
            let depth = flood.depth();
            assert!(depth[..45].iter().all(|&h| h == 0.0));
            assert!(depth[46..90].iter().all(|h| (h - 0.06).abs() < 1e-6));
        }
    }

    /// A cell that has ground in a quarter takes a quarter of the rain and of what the soil takes.
    #[test]
    fn cells_with_ground_in_a_part_count_in_part() {
        for soil in [
            Infiltration::None,
            Infiltration::Constant {
                rate: PerCell::Uniform(1e-6),
            },
            Infiltration::CurveNumber {
                curve_number: PerCell::Uniform(80.0),
            },
            Infiltration::GreenAmpt {
                conductivity: PerCell::Uniform(2e-6),
                suction: PerCell::Uniform(0.1),
                deficit: PerCell::Uniform(0.3),
            },
        ] {
            let lost = |cover: f64| {
                let mut setup = Setup::new(basin(3, 3, 10.0, |_, _| 0.0));
                setup.rain = Rain::Uniform(1e-5);
                setup.cover = vec![cover; 9];
                setup.infiltration = soil.clone();
                let mut flood = start(setup);
                advance(&mut flood, 7200.0);
                let rain = rained(&flood);
                assert!(
                    (rain / (0.072 * 900.0 * cover) - 1.0).abs() < 1e-9,
                    "{rain}"
                );
                rain - flood.ledger().stored_m3
            };
            let (whole, quarter) = (lost(1.0), lost(0.25));
            assert!(
                (quarter - 0.25 * whole).abs() <= 1e-4 * whole.abs() + 1e-6,
                "{soil:?}: {quarter} {whole}"
            );
        }
    }

    #[test]
    fn the_digest_does_not_depend_on_threads_or_a_pause() {
        let setup = |threads: usize| {
            let mut setup = Setup::new(basin(130, 70, 10.0, |x, y| 0.001 * x + 0.002 * y));
            setup.options.threads = threads;
            setup.rain = Rain::Field(RainField {
                rate: Arc::new(|t, x, _| if x > 300.0 { 1e-5 + 1e-8 * t } else { 2e-5 }),
                bends: Bends::At(vec![0.0, 70.0, 300.0].into()),
                detail: RainDetail::Cells,
                factor: None,
                least: Some(Series::new(vec![50.0, 200.0], vec![0.0, 2e-5]).expect("valid")),
            });
            setup.infiltration = Infiltration::CurveNumber {
                curve_number: PerCell::Uniform(90.0),
            };
            setup
        };
        let run = |threads: usize| {
            let mut flood = start(setup(threads));
            for time in [95.0, 400.0] {
                advance(&mut flood, time);
            }
            flood.digest()
        };
        let one = run(1);
        assert_eq!(one, run(4));
        let mut flood = start(setup(1));
        advance(&mut flood, 95.0);
        let bytes = flood.checkpoint();
        let mut flood = Flood::resume(setup(2), &bytes).expect("a sound checkpoint");
        advance(&mut flood, 400.0);
        assert_eq!(one, flood.digest());
    }
}
