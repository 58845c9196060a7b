//! Wind, air pressure and the Earth's rotation on the water.
//!
//! Pressure acts on the water as a bed that is higher by p/(ρ g): the schemes are given that bed, and
//! what they hold at rest over a bed they hold at rest under a static low. Wind and rotation change
//! the discharges after each step, by kernels of their own that run only when there is weather.

use std::fmt;
use std::sync::Arc;

use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::units::{AIR_DENSITY, GRAVITY, SEA_WATER_DENSITY};

use super::error::FloodError;
use super::kernel::{COLUMN, larger, smaller, some_zero};
use super::params::{Scheme, finite_within};
use super::prepare::Layout;
use super::state::{PITCH, RIM, TILE, Tile, WALL, rimmed, run, run_mut};
use crate::sea::wind_stress;
use crate::typhoon::Air;

/// Air as a function of time [s] and place (x, y in the raster's frame).
pub type AirFunction = Arc<dyn Fn(f64, f64, f64) -> Air + Send + Sync>;

/// What the air does to the water.
#[derive(Clone)]
pub struct Weather {
    /// Wind and pressure on a grid of corners, linear between them; `None` is still air. What is not finite
    /// counts as a calm, or as the standard pressure.
    pub air: Option<AirFunction>,
    /// Greatest distance of the corners [m], 1 to 1e7; they lie a divisor of 60 cells apart, 60 at most.
    pub spacing: f64,
    /// Interval at which the air is asked for [s], 1 to 1e6; linear in between.
    pub refresh_s: f64,
    /// Density of the air [kg m⁻³], 0.5 to 2.
    pub air_density: f64,
    /// Density of the water [kg m⁻³], 900 to 1100.
    pub water_density: f64,
    /// Coriolis parameter 2 Ω sin φ [s⁻¹], negative in the southern hemisphere; 0 without rotation.
    pub coriolis: f64,
}

impl fmt::Debug for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Weather")
            .field("air", &self.air.as_ref().map(|_| "…"))
            .field("spacing", &self.spacing)
            .field("refresh_s", &self.refresh_s)
            .field("air_density", &self.air_density)
            .field("water_density", &self.water_density)
            .field("coriolis", &self.coriolis)
            .finish()
    }
}

impl Default for Weather {
    /// Still air over sea water that does not turn.
    fn default() -> Self {
        Self {
            air: None,
            spacing: 5000.0,
            refresh_s: 600.0,
            air_density: AIR_DENSITY,
            water_density: SEA_WATER_DENSITY,
            coriolis: 0.0,
        }
    }
}

/// Standard pressure [Pa], which the air's is told apart from; the choice has no effect.
const STANDARD_PRESSURE: f64 = 101_325.0;

/// Depth below which the stress of the wind falls off linearly to none [m].
///
/// Source: SFINCS user manual, wind; thin water would else be blown away.
const FULL_STRESS_DEPTH: f32 = 0.25;

impl Weather {
    pub(super) fn validate(&self) -> Result<(), FloodError> {
        finite_within("weather refresh interval [s]", self.refresh_s, 1.0, 1e6)?;
        finite_within(
            "distance of the weather's corners [m]",
            self.spacing,
            1.0,
            1e7,
        )?;
        finite_within("density of the air [kg/m3]", self.air_density, 0.5, 2.0)?;
        finite_within(
            "density of the water [kg/m3]",
            self.water_density,
            900.0,
            1100.0,
        )?;
        finite_within("Coriolis parameter [1/s]", self.coriolis, -1.5e-4, 1.5e-4)
    }

    /// Cells between two corners: a divisor of a tile's side.
    fn pitch(&self, geometry: &RasterGeometry) -> usize {
        let most = self.spacing / geometry.dx.max(geometry.dy);
        let fits = |n: &usize| TILE.is_multiple_of(*n) && (*n as f64) <= most;
        (1..=TILE).rev().find(fits).unwrap_or(1)
    }

    /// The push at a place.
    fn push(&self, time: f64, x: f64, y: f64) -> Push {
        let Some(air) = &self.air else {
            return Push::default();
        };
        let air = air(time, x, y);
        let [east, north] = wind_stress(air, self.air_density);
        let head = (air.pressure - STANDARD_PRESSURE) / (self.water_density * GRAVITY);
        let sound = |value: f64| if value.is_finite() { value } else { 0.0 };
        Push {
            east: sound(east / self.water_density),
            south: sound(-north / self.water_density),
            head: sound(head),
        }
    }
}

/// What the air does at a corner.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Push {
    /// Stress over the density of the water [m² s⁻²].
    pub east: f64,
    pub south: f64,
    /// Pressure as a height of water [m].
    pub head: f64,
}

impl Push {
    fn mix(self, other: Self, share: f64) -> Self {
        let mix = |a: f64, b: f64| a * (1.0 - share) + b * share;
        Self {
            east: mix(self.east, other.east),
            south: mix(self.south, other.south),
            head: mix(self.head, other.head),
        }
    }
}

/// The weather over the corners, as a run knows it.
#[derive(Debug, Default)]
pub(super) struct Station {
    /// Cells between two corners.
    pitch: usize,
    /// At the last and the next refresh.
    known: [Vec<Push>; 2],
    times: [f64; 2],
    now: Vec<Push>,
    version: u64,
}

/// What a step needs to know of the weather.
#[derive(Clone, Copy)]
pub(super) struct WeatherStep<'a> {
    corners: &'a [Push],
    /// Cells between two corners, and corners in a row.
    pitch: usize,
    n_corner_cols: usize,
    n_tile_cols: usize,
    /// Counts the changes of `corners`.
    version: u64,
    quantum: f64,
    /// Cosine and sine of the angle that the Earth turns in a step.
    turn: [f32; 2],
    pressure: bool,
    wind: bool,
}

impl Station {
    /// Brings the corners up to a time.
    pub fn observe(
        &mut self,
        weather: &Weather,
        time: f64,
        geometry: &RasterGeometry,
        layout: &Layout,
    ) {
        if weather.air.is_none() {
            return;
        }
        let pitch = weather.pitch(geometry);
        self.pitch = pitch;
        let corners = layout.n_tile_cols * TILE / pitch + 1;
        let corner_rows = layout.n_tile_rows * TILE / pitch + 1;
        let at = |time: f64| -> Vec<Push> {
            let push = |k: usize| {
                let row = (k / corners * pitch) as f64 - layout.pad_rows as f64;
                let col = (k % corners * pitch) as f64 - layout.pad_cols as f64;
                let x = geometry.west + col * geometry.dx;
                weather.push(time, x, geometry.north - row * geometry.dy)
            };
            (0..corners * corner_rows).map(push).collect()
        };
        if self.version == 0 || time >= self.times[1] {
            let first = (time / weather.refresh_s).floor() * weather.refresh_s;
            let follows = self.version > 0 && first == self.times[1];
            self.known[0] = match follows {
                true => std::mem::take(&mut self.known[1]),
                false => at(first),
            };
            self.times = [first, first + weather.refresh_s];
            self.known[1] = at(self.times[1]);
        }
        let share = (time - self.times[0]) / weather.refresh_s;
        let pairs = self.known[0].iter().zip(&self.known[1]);
        self.now.clear();
        self.now.extend(pairs.map(|(a, b)| a.mix(*b, share)));
        self.version += 1;
    }

    /// The weather of a step of length `dt` [s].
    pub fn step(&self, weather: &Weather, dt: f64, layout: &Layout) -> WeatherStep<'_> {
        let angle = weather.coriolis * dt;
        WeatherStep {
            corners: &self.now,
            pitch: self.pitch,
            n_corner_cols: layout.n_tile_cols * TILE / self.pitch.max(1) + 1,
            n_tile_cols: layout.n_tile_cols,
            version: self.version,
            quantum: layout.quantum,
            turn: [angle.cos() as f32, angle.sin() as f32],
            pressure: self.now.iter().any(|push| push.head != 0.0),
            wind: self
                .now
                .iter()
                .any(|push| push.east != 0.0 || push.south != 0.0),
        }
    }
}

impl WeatherStep<'_> {
    /// A quantity west and east of the block of columns that begins at a corner, level with the middle of a
    /// row; both counted over the whole layout.
    fn across(&self, row: usize, corner: usize, of: impl Fn(&Push) -> f64) -> (f64, f64) {
        let north = row / self.pitch * self.n_corner_cols + corner;
        let south = north + self.n_corner_cols;
        let down = ((row % self.pitch) as f64 + 0.5) / self.pitch as f64;
        let between =
            |a: usize, b: usize| of(&self.corners[a]) * (1.0 - down) + of(&self.corners[b]) * down;
        (between(north, south), between(north + 1, south + 1))
    }

    /// A quantity along a row of a tile, times Δt.
    fn row(
        &self,
        tile: (usize, usize),
        row: usize,
        dt: f64,
        of: impl Fn(&Push) -> f64,
    ) -> [f32; TILE] {
        let mut out = [0.0; TILE];
        let blocks = TILE / self.pitch;
        for (block, out) in out.chunks_exact_mut(self.pitch).enumerate() {
            let corner = tile.1 * blocks + block;
            let (left, right) = self.across(tile.0 * TILE + row, corner, &of);
            let slope = ((right - left) * dt / self.pitch as f64) as f32;
            let first = (left * dt) as f32 + 0.5 * slope;
            for (out, column) in out.iter_mut().zip(COLUMN) {
                *out = first + slope * column;
            }
        }
        out
    }

    fn tile_rows(&self) -> usize {
        (self.corners.len() / self.n_corner_cols - 1) * self.pitch / TILE
    }
}

/// A bed that is higher by the pressure of the air; empty until there is pressure.
#[derive(Debug, Default)]
pub(super) struct Lifted {
    /// With rim, above the datum [m].
    pub z: Vec<f32>,
    version: u64,
}

/// Lifts the bed of a tile and its rim by the pressure of the air, if it has changed.
///
/// A cell of the rim is lifted as the tile does that it belongs to, by the same numbers in the same
/// order, so that both sides of a face see the same slope. Heads are rounded to the quantum of the
/// bed: the sum is exact.
pub(super) fn lift(tile: &mut Tile, index: usize, weather: &WeatherStep<'_>) {
    let never = !weather.pressure && tile.lifted.z.is_empty();
    if never || tile.lifted.version == weather.version {
        return;
    }
    tile.lifted.version = weather.version;
    tile.lifted.z.resize(PITCH * PITCH, WALL);
    let n_tile_rows = weather.tile_rows();
    let pitch = weather.pitch;
    let (tile_row, tile_col) = (index / weather.n_tile_cols, index % weather.n_tile_cols);
    let rim = RIM as isize;
    let side = TILE as isize;
    for row in -rim..side + rim {
        let global = (tile_row * TILE) as isize + row;
        for (first, last) in [(-rim, 0), (0, side), (side, side + rim)] {
            let col = (tile_col * TILE) as isize + first;
            let place = rimmed(row, first);
            let n = (last - first) as usize;
            let inside = (0..(n_tile_rows * TILE) as isize).contains(&global)
                && (0..(weather.n_tile_cols * TILE) as isize).contains(&col);
            let (bed, out) = (&tile.z[place..][..n], &mut tile.lifted.z[place..][..n]);
            if !inside {
                out.copy_from_slice(bed);
                continue;
            }
            // Cells of one block lie between the same corners.
            let mut done = 0;
            while done < n {
                let col = col as usize + done;
                let until = n.min(done + pitch - col % pitch);
                let ends = weather.across(global as usize, col / pitch, |p| p.head);
                let (out, bed) = (&mut out[done..until], &bed[done..until]);
                lift_row(out, bed, (col % pitch, pitch), ends, weather.quantum);
                done = until;
            }
        }
    }
}

/// Adding and taking away 1.5 · 2⁵² rounds to whole numbers.
const TO_WHOLE: f64 = 6_755_399_441_055_744.0;

/// - `(first, pitch)`: place of the first cell in its block, and the block's width
fn lift_row(
    out: &mut [f32],
    bed: &[f32],
    (first, pitch): (usize, usize),
    (left, right): (f64, f64),
    quantum: f64,
) {
    let per_quantum = 1.0 / quantum;
    for (i, (out, bed)) in out.iter_mut().zip(bed).enumerate() {
        let along = ((first + i) as f64 + 0.5) / pitch as f64;
        let head = left + (right - left) * along;
        let whole = (head * per_quantum + TO_WHOLE) - TO_WHOLE;
        let lifted = bed + (whole * quantum) as f32;
        *out = if *bed < WALL { lifted } else { *bed };
    }
}

super::vectors::wide! {
    pub(super) fn push_cells_row = push_cells_row_on_any(
        qx: &mut [f32; TILE],
        qy: &mut [f32; TILE],
        h: &[f32; TILE],
        push: [&[f32; TILE]; 2],
        turn: [f32; 2],
        depth_dry: f32
    );
    pub(super) fn push_faces_row = push_faces_row_on_any(
        q: &mut [f32; TILE],
        beside: &Sides<'_>,
        across: &[(&[f32; TILE], Sides<'_>); 4],
        push: &[f32; TILE],
        turn: f32,
        depth_dry: f32
    );
}

/// Depths and beds on the low and the high side of a row of faces [m].
pub(super) struct Sides<'a> {
    pub h: [&'a [f32; TILE]; 2],
    pub z: [&'a [f32; TILE]; 2],
}

/// Wind and rotation on the discharges of a tile after its step.
pub(super) fn push(
    tile: &mut Tile,
    index: usize,
    weather: &WeatherStep<'_>,
    dt: f64,
    scheme: Scheme,
    depth_dry: f32,
) {
    if !weather.wind && weather.turn[1] == 0.0 {
        return;
    }
    let place = (index / weather.n_tile_cols, index % weather.n_tile_cols);
    let stress = |row: usize| -> [[f32; TILE]; 2] {
        match weather.wind {
            false => [[0.0; TILE]; 2],
            true => [
                weather.row(place, row, dt, |p| p.east),
                weather.row(place, row, dt, |p| p.south),
            ],
        }
    };
    if scheme.is_finite_volume() {
        for row in 0..tile.rows {
            let at = rimmed(row as isize, 0);
            let [east, south] = stress(row);
            push_cells_row(
                run_mut(&mut tile.qx, at),
                run_mut(&mut tile.qy, at),
                run(&tile.h, at),
                [&east, &south],
                weather.turn,
                depth_dry,
            );
        }
        return;
    }
    // Eastern faces first, southern ones by their result: the pair neither grows nor decays.
    for south in [false, true] {
        for row in 0..tile.rows {
            let at = rimmed(row as isize, 0);
            let (h, z) = (&tile.h, tile.bed());
            let sides = |at: usize, beyond: usize| Sides {
                h: [run(h, at), run(h, at + beyond)],
                z: [run(z, at), run(z, at + beyond)],
            };
            let [along_x, along_y] = stress(row);
            let angle = weather.turn[1];
            if south {
                let across = [at - 1, at, at + PITCH - 1, at + PITCH]
                    .map(|at| (run(&tile.qx, at), sides(at, 1)));
                let mut q = *run::<f32, TILE>(&tile.qy, at);
                push_faces_row(
                    &mut q,
                    &sides(at, PITCH),
                    &across,
                    &along_y,
                    angle,
                    depth_dry,
                );
                *run_mut(&mut tile.qy, at) = q;
            } else {
                let across = [at - PITCH, at, at - PITCH + 1, at + 1]
                    .map(|at| (run(&tile.qy, at), sides(at, PITCH)));
                let mut q = *run::<f32, TILE>(&tile.qx, at);
                push_faces_row(&mut q, &sides(at, 1), &across, &along_x, -angle, depth_dry);
                *run_mut(&mut tile.qx, at) = q;
            }
        }
    }
}

/// Share of the wind's stress that water of a depth feels.
#[inline(always)]
fn felt(depth: f32) -> f32 {
    smaller(depth * (1.0 / FULL_STRESS_DEPTH), 1.0)
}

/// Wind and rotation on the discharges in a row of cells.
///
/// - `push`: stress over density times Δt, east and south [m² s⁻¹]
/// - `turn`: cosine and sine of f Δt; the discharge turns to the right for f > 0
#[inline(always)]
fn push_cells_row_on_any(
    qx: &mut [f32; TILE],
    qy: &mut [f32; TILE],
    h: &[f32; TILE],
    push: [&[f32; TILE]; 2],
    turn: [f32; 2],
    depth_dry: f32,
) {
    let [east, south] = push;
    let [cosine, sine] = turn;
    for i in 0..TILE {
        let share = if h[i] > depth_dry { felt(h[i]) } else { 0.0 };
        let x = qx[i] + east[i] * share;
        let y = qy[i] + south[i] * share;
        qx[i] = cosine * x - sine * y;
        qy[i] = cosine * y + sine * x;
    }
}

/// Depth of the flow at a face, as sills leave it; not negative [m].
#[inline(always)]
fn face_depth(zero: f32, h: [f32; 2], z: [f32; 2]) -> f32 {
    let step = z[1] - z[0];
    let over = larger(h[0] - larger(step, 0.0), h[1] + smaller(step, 0.0));
    larger(over, zero)
}

/// Wind and rotation on the discharges at a row of faces.
///
/// A discharge across at depth H' turns into 2 H/(H + H') of itself at depth H. What a face takes and
/// gives in turn is then the same work, q q' f/(H + H'), with the opposite sign: rotation neither makes
/// energy nor takes it. The plain mean makes some wherever depths differ.
///
/// - `across`: discharges at the four faces around [m² s⁻¹], and what lies beside them
/// - `turn`: sine of f Δt, with the sign of the component
///
/// Source: Espelid, Berntsen & Barthel (2000), Int. J. Numer. Methods Eng. 49, 1521–1545, on the energy of
/// the plain mean.
#[inline(always)]
fn push_faces_row_on_any(
    q: &mut [f32; TILE],
    beside: &Sides<'_>,
    across: &[(&[f32; TILE], Sides<'_>); 4],
    push: &[f32; TILE],
    turn: f32,
    depth_dry: f32,
) {
    let zero = some_zero();
    let [h0, h1] = beside.h;
    let [z0, z1] = beside.z;
    for i in 0..TILE {
        let depth = face_depth(zero, [h0[i], h1[i]], [z0[i], z1[i]]);
        let mut share = [0.0; 4];
        for (share, (q, Sides { h, z })) in share.iter_mut().zip(across) {
            let other = face_depth(zero, [h[0][i], h[1][i]], [z[0][i], z[1][i]]);
            *share = q[i] / (depth + other + depth_dry);
        }
        let turned = 0.5 * depth * ((share[0] + share[1]) + (share[2] + share[3]));
        let change = push[i] * felt(depth) + turn * turned;
        q[i] += if depth > depth_dry { change } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flood::bench::{SCHEMES, advance, basin, start};
    use crate::flood::{
        Boundary, BoundaryKind, BoundaryPlace, Domain, Flood, Initial, Manning, Setup,
    };
    use crate::sea::drag_coefficient;
    use stormgrid_core::ids::CellIdx;
    use stormgrid_core::series::Series;

    fn air(field: impl Fn(f64, f64, f64) -> Air + Send + Sync + 'static) -> Weather {
        Weather {
            air: Some(Arc::new(field)),
            ..Weather::default()
        }
    }

    fn setup(scheme: Scheme, domain: Domain, level: f64, weather: Weather) -> Setup {
        let mut setup = Setup::new(domain);
        setup.options.scheme = scheme;
        setup.initial = Initial::Level(level);
        setup.weather = Some(weather);
        setup
    }

    /// From 0 to 1 in 20 000 s, six periods of the basins' seiche, so that it stays small.
    fn onset(time: f64) -> f64 {
        let share = (time / 20_000.0).min(1.0);
        share * share * (3.0 - 2.0 * share)
    }

    fn fastest(flood: &Flood) -> f32 {
        let speed = flood.speed();
        speed
            .into_iter()
            .filter(|v| v.is_finite())
            .fold(0.0, f32::max)
    }

    /// FLOOD 3.13: 30 m/s along 10 km of 5 m: h² = C + 2 τ x/(ρ g), C from the volume. Along each
    /// axis and against it; the set-up at the ends within 1 %.
    #[test]
    fn wind_sets_a_closed_basin_up() {
        let wind = 30.0;
        let stress = 1.25 * drag_coefficient(wind) * wind * wind;
        let slope = 2.0 * stress / (SEA_WATER_DENSITY * GRAVITY);
        // The mean of √(C + s x) over the basin is 5 m.
        let mean = |c: f64| ((c + slope * 1e4).powf(1.5) - c.powf(1.5)) / (1.5 * slope * 1e4);
        let (mut low, mut high) = (10.0, 25.0);
        for _ in 0..80 {
            let middle = 0.5 * (low + high);
            (low, high) = if mean(middle) > 5.0 {
                (low, middle)
            } else {
                (middle, high)
            };
        }
        for scheme in SCHEMES {
            for (u, v) in [(wind, 0.0), (-wind, 0.0), (0.0, wind)] {
                let (cols, rows) = if v == 0.0 { (100, 3) } else { (3, 100) };
                let mut domain = basin(cols, rows, 100.0, |_, _| -5.0);
                // Rough, so that the seiche dies down; water at rest does not feel it.
                domain.manning = Manning::Uniform(0.5);
                let mut weather = air(move |t, _, _| {
                    let share = onset(t);
                    Air {
                        u: u * share,
                        v: v * share,
                        pressure: 101_325.0,
                    }
                });
                weather.air_density = 1.25;
                let mut flood = start(setup(scheme, domain, 0.0, weather));
                advance(&mut flood, 40_000.0);
                let depth = flood.depth();
                let last = depth.len() - 1;
                let (upwind, downwind) = if u > 0.0 || v < 0.0 {
                    (depth[0], depth[last])
                } else {
                    (depth[last], depth[0])
                };
                let exact = |x: f64| (low + slope * x).sqrt() - 5.0;
                for (found, x) in [(upwind, 50.0), (downwind, 9950.0)] {
                    let (found, exact) = (f64::from(found) - 5.0, exact(x));
                    assert!(
                        (found / exact - 1.0).abs() < 0.01,
                        "{scheme:?} ({u}, {v}): {found} {exact}"
                    );
                }
                assert!(flood.ledger().error_rel < 1e-7);
            }
        }
    }

    /// Under a static low of 40 hPa the surface in balance stays as it is: 0.3978 m above the rim, at
    /// rest to the rounding of f32, over a bed with shores and across tiles.
    #[test]
    fn a_static_low_holds_its_inverse_barometer_at_rest() {
        let low = |x: f64, y: f64| {
            101_325.0 - 4000.0 * (-((x - 5800.0).powi(2) + (y - 7200.0).powi(2)) / 4e7).exp()
        };
        for scheme in SCHEMES {
            let domain = basin(140, 130, 100.0, |x, y| {
                -6.0 + 5.0 * (x * 1e-3).sin() * (y * 7e-4).cos() + if x < 900.0 { 7.0 } else { 0.0 }
            });
            let weather = air(move |_, x, y| Air {
                u: 0.0,
                v: 0.0,
                pressure: low(x, y),
            });
            // The low as the tiles see it: through their corners.
            let geometry = domain.geometry;
            let probe = start(setup(scheme, domain.clone(), 0.0, weather.clone()));
            let mut station = Station::default();
            station.observe(&weather, 0.0, &geometry, &probe.layout);
            let seen = station.step(&weather, 1.0, &probe.layout);
            let mut levels = Vec::new();
            for row in 0..geometry.n_rows {
                for col in 0..geometry.n_cols {
                    let (tile, r, c) = probe.layout.locate(row, col);
                    let columns = probe.layout.n_tile_cols;
                    let (row, col) = (tile / columns * TILE + r, tile % columns * TILE + c);
                    let (left, right) = seen.across(row, col / seen.pitch, |p| p.head);
                    let along = ((col % seen.pitch) as f64 + 0.5) / seen.pitch as f64;
                    levels.push(-(left + (right - left) * along));
                }
            }
            let highest = levels.iter().copied().fold(0.0, f64::max);
            assert!((highest / 0.39780 - 1.0).abs() < 0.02, "{highest}");
            let mut setup = setup(scheme, domain, 0.0, weather);
            setup.initial = Initial::LevelField(levels.clone());
            let mut flood = start(setup);
            advance(&mut flood, 1800.0);
            assert!(fastest(&flood) < 1e-5, "{:e}", fastest(&flood));
            let level = flood.level();
            let wet = level.iter().zip(&levels).filter(|(l, _)| l.is_finite());
            for (found, expected) in wet {
                assert!((f64::from(*found) - expected).abs() < 1e-5);
            }
        }
    }

    /// From rest the lake finds the inverse barometer by itself, 1 %.
    #[test]
    fn a_lake_rises_to_the_inverse_barometer() {
        for scheme in SCHEMES {
            let mut domain = basin(120, 3, 100.0, |_, _| -5.0);
            domain.manning = Manning::Uniform(0.5);
            let slope = 6000.0 / 12_000.0;
            let weather = air(move |t, x, _| Air {
                u: 0.0,
                v: 0.0,
                pressure: 101_325.0 + slope * (6000.0 - x) * onset(t),
            });
            let mut flood = start(setup(scheme, domain, 0.0, weather));
            advance(&mut flood, 40_000.0);
            let depth = flood.depth();
            let found = f64::from(depth[119] - depth[0]);
            let exact = 0.59671 * 11_900.0 / 12_000.0;
            assert!((found / exact - 1.0).abs() < 0.01, "{found} {exact}");
            assert!(fastest(&flood) < 2e-3, "{:e}", fastest(&flood));
        }
    }

    /// A current east of 0.5 m/s between two banks 6 km apart stays as it is where the surface leans
    /// on the right bank, ∂η/∂y = −f u/g, and not otherwise.
    #[test]
    fn a_current_in_geostrophic_balance_stays() {
        let (f, u, cell, rows, cols) = (1e-4, 0.5, 100.0, 60, 20);
        for scheme in SCHEMES {
            for turns in [true, false] {
                let mut domain = basin(cols, rows, cell, |_, _| -10.0);
                domain.manning = Manning::Uniform(0.0);
                let level = |row: usize| f * u / GRAVITY * (row as f64 - 29.5) * cell;
                let levels: Vec<f64> = (0..rows * cols).map(|k| level(k / cols)).collect();
                let weather = Weather {
                    coriolis: if turns { f } else { 0.0 },
                    ..Weather::default()
                };
                let mut setup = setup(scheme, domain, 0.0, weather);
                let discharge = levels.iter().map(|level| u * (10.0 + level)).collect();
                setup.initial_discharge = Some([discharge, vec![0.0; rows * cols]]);
                setup.initial = Initial::LevelField(levels.clone());
                for end in [0, cols - 1] {
                    setup.boundaries.extend((0..rows).map(|row| Boundary {
                        place: BoundaryPlace::Cells(vec![CellIdx::from(row * cols + end)]),
                        kind: BoundaryKind::Level(Series::constant(level(row))),
                    }));
                }
                let mut flood = start(setup);
                advance(&mut flood, 7200.0);
                let (found, speed) = (flood.level(), flood.speed());
                let mut worst = [0.0_f64; 2];
                for k in (0..rows * cols).filter(|k| (4..cols - 4).contains(&(k % cols))) {
                    worst[0] = worst[0].max((f64::from(found[k]) - levels[k]).abs());
                    worst[1] = worst[1].max((f64::from(speed[k]) - u).abs());
                }
                // What is left is a seiche of 0.3 mm, which nothing damps here.
                let balanced = worst[0] < 5e-4 && worst[1] < 0.006 * u;
                assert_eq!(balanced, turns, "{scheme:?} {worst:?}");
            }
        }
    }

    /// Free water turns in circles, clockwise in the north, and neither gains nor loses.
    #[test]
    fn free_water_moves_in_inertial_circles() {
        let (mut x, mut y) = ([1.0_f32; TILE], [0.0_f32; TILE]);
        let steps = 4000;
        let angle = std::f64::consts::TAU / f64::from(steps);
        let turn = [angle.cos() as f32, angle.sin() as f32];
        let still = [&[0.0; TILE]; 2];
        for step in 0..steps {
            push_cells_row(&mut x, &mut y, &[5.0; TILE], still, turn, 1e-5);
            if step == steps / 4 - 1 {
                // Southwards, to the right of east.
                assert!(
                    (y[3] - 1.0).abs() < 1e-3 && x[3].abs() < 1e-3,
                    "{} {}",
                    x[3],
                    y[3]
                );
            }
        }
        assert!(
            (x[3] - 1.0).abs() < 1e-3 && y[3].abs() < 1e-3,
            "{} {}",
            x[3],
            y[3]
        );
    }

    /// Rotation alone, over a bed that is 2 m deep here and 500 m there: the energy Σ q²/H of the discharges
    /// stays within 2 % over thirty turns. The plain mean of the discharges around has no such balance.
    #[test]
    fn rotation_over_an_uneven_bed_makes_no_energy() {
        const ROWS: usize = 8;
        const WIDTH: usize = TILE + 2;
        let noise = |k: usize| {
            (k as f64 * 12.9898)
                .sin()
                .mul_add(43_758.545, 0.0)
                .fract()
                .abs()
        };
        let depth: Vec<f32> = (0..(ROWS + 2) * WIDTH)
            .map(|k| 2.0 * 250.0_f64.powf(noise(k)) as f32)
            .collect();
        let z: Vec<f32> = depth.iter().map(|h| -h).collect();
        let at = |row: usize, col: usize| row * WIDTH + col;
        let sides = |place: usize, beyond: usize| Sides {
            h: [run(&depth, place), run(&depth, place + beyond)],
            z: [run(&z, place), run(&z, place + beyond)],
        };
        // Discharges at the eastern and southern faces; those on the rim stay 0.
        let mut q = [vec![0.0_f32; depth.len()], vec![0.0_f32; depth.len()]];
        for row in 1..=ROWS {
            for col in 1..TILE {
                q[0][at(row, col)] = noise(row * 977 + col) as f32 - 0.5;
                q[1][at(row, col)] = noise(row * 641 + col + 7) as f32 - 0.5;
            }
        }
        let energy = |q: &[Vec<f32>; 2]| -> f64 {
            let part = |south: usize, place: usize| {
                let beyond = if south == 1 { WIDTH } else { 1 };
                let h = depth[place].min(depth[place + beyond]);
                f64::from(q[south][place]).powi(2) / f64::from(h)
            };
            let inside = (1..=ROWS).flat_map(|row| (1..TILE).map(move |col| at(row, col)));
            inside.map(|place| part(0, place) + part(1, place)).sum()
        };
        let begun = energy(&q);
        let angle = 0.02_f32;
        for _ in 0..(30.0 * std::f32::consts::TAU / angle) as usize {
            for row in 1..=ROWS {
                let place = at(row, 1);
                let across = [place - WIDTH, place, place - WIDTH + 1, place + 1]
                    .map(|at| (run(&q[1], at), sides(at, WIDTH)));
                let mut out = *run::<f32, TILE>(&q[0], place);
                push_faces_row(
                    &mut out,
                    &sides(place, 1),
                    &across,
                    &[0.0; TILE],
                    -angle,
                    1e-5,
                );
                out[TILE - 1] = 0.0;
                q[0][place..place + TILE].copy_from_slice(&out);
            }
            for row in 1..=ROWS {
                let place = at(row, 1);
                let across = [place - 1, place, place + WIDTH - 1, place + WIDTH]
                    .map(|at| (run(&q[0], at), sides(at, 1)));
                let mut out = *run::<f32, TILE>(&q[1], place);
                push_faces_row(
                    &mut out,
                    &sides(place, WIDTH),
                    &across,
                    &[0.0; TILE],
                    angle,
                    1e-5,
                );
                out[TILE - 1] = 0.0;
                q[1][place..place + TILE].copy_from_slice(&out);
            }
        }
        let ratio = energy(&q) / begun;
        assert!((0.98..1.02).contains(&ratio), "{ratio}");
    }

    #[test]
    fn wind_and_rotation_keep_one_digest_on_any_threads() {
        for scheme in SCHEMES {
            let run = |threads| {
                let domain = basin(150, 130, 20.0, |x, y| (x * 0.004).sin() * (y * 0.006).cos());
                let mut weather = air(|t, x, y| Air {
                    u: 20.0 + 0.002 * x,
                    v: -15.0 + 0.01 * t,
                    pressure: 1e5 + 0.3 * (x - y),
                });
                weather.refresh_s = 30.0;
                weather.coriolis = 6e-5;
                let mut setup = setup(scheme, domain, 0.7, weather);
                setup.options.threads = threads;
                let mut flood = start(setup);
                advance(&mut flood, 120.0);
                advance(&mut flood, 300.0);
                assert!(
                    flood.ledger().error_rel < 1e-7,
                    "{:e}",
                    flood.ledger().error_rel
                );
                flood.digest()
            };
            assert_eq!(run(1), run(2));
        }
    }
}
