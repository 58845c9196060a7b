//! Wind set-up along a transect, and the inverse barometer.

use stormgrid_core::frame::Geodetic;
use stormgrid_core::time::Instant;
use stormgrid_core::units::{GRAVITY, SEA_WATER_DENSITY};

use crate::typhoon::{Air, Surface, TyphoonModel, coriolis};

/// Mean radius of the Earth [m] (IUGG).
const EARTH_RADIUS: f64 = 6_371_008.8;

/// Rise of the sea where the air pressure is lower than the environment's [m], positive up:
/// (p_env - p) / (ρ g), 0.0099451 m for 100 Pa.
///
/// - `environment`, `pressure`: [Pa]
pub fn inverse_barometer(environment: f64, pressure: f64) -> f64 {
    (environment - pressure) / (SEA_WATER_DENSITY * GRAVITY)
}

/// Drag coefficient of the sea surface [-], linear through 1.0e-3 at rest, 2.5e-3 at 28 m/s and
/// 1.5e-3 at 50 m/s, constant beyond.
///
/// - `wind`: 10-minute mean at 10 m [m s⁻¹]
///
/// Source: SFINCS' default law (user manual, `cdnrb`, `cdwnd`, `cdval`), after Powell et al. (2003).
pub fn drag_coefficient(wind: f64) -> f64 {
    const LAW: [(f64, f64); 3] = [(0.0, 1.0e-3), (28.0, 2.5e-3), (50.0, 1.5e-3)];
    let last = LAW[LAW.len() - 1];
    LAW.windows(2)
        .find(|pair| wind < pair[1].0)
        .map_or(last.1, |pair| {
            let share = (wind - pair[0].0).max(0.0) / (pair[1].0 - pair[0].0);
            pair[0].1 + share * (pair[1].1 - pair[0].1)
        })
}

/// Stress of the wind on the water, east and north [Pa]: ρ_a C_d |W| W.
///
/// - `air_density`: [kg m⁻³]
pub fn wind_stress(air: Air, air_density: f64) -> [f64; 2] {
    let factor = air_density * drag_coefficient(air.speed()) * air.speed();
    [factor * air.u, factor * air.v]
}

/// A point of a transect's bed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShelfPoint {
    /// Distance from the coast, seawards [m].
    pub distance: f64,
    /// Depth below mean sea level [m].
    pub depth: f64,
}

/// A line from the coast to deep water.
#[derive(Clone, Debug, PartialEq)]
pub struct Transect {
    coast: Geodetic,
    seaward: f64,
    bed: Vec<ShelfPoint>,
    alongshore_share: f64,
}

/// A transect that no set-up can be computed on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TransectError {
    /// Fewer than two points.
    #[error("a transect needs at least two points, {found} given")]
    TooFewPoints {
        /// Points given.
        found: usize,
    },
    /// Distances that do not increase from 0, or a depth below the least.
    #[error(
        "transect point {index}: distance {distance} m, depth {depth} m; distances start at 0 and increase to 1000 km at most, depths are {LEAST_DEPTH} m or more"
    )]
    Bed {
        /// Position of the point, from 0.
        index: usize,
        /// Its distance [m].
        distance: f64,
        /// Its depth [m].
        depth: f64,
    },
    /// A direction that is no angle.
    #[error("transect direction {seaward} rad is not finite")]
    Direction {
        /// Direction given [rad].
        seaward: f64,
    },
}

/// Least depth of a transect [m]: the set-up grows without bound as the depth tends to zero.
const LEAST_DEPTH: f64 = 1.0;

/// Spacing of the nodes of a transect [m]; half of it changes Hato's set-up by less than 1 mm.
const NODE_SPACING: f64 = 1000.0;

/// Share of the bathystrophic flow that is taken [-].
const ALONGSHORE_SHARE: f64 = 1.0;

/// Length of the longest transect [m].
const LONGEST: f64 = 1.0e6;

impl Transect {
    /// Checks and binds a transect.
    ///
    /// - `coast`: its landward end
    /// - `seaward`: direction from the coast to the sea, clockwise from north [rad]
    /// - `bed`: points from the coast seawards, the first at distance 0
    pub fn new(coast: Geodetic, seaward: f64, bed: Vec<ShelfPoint>) -> Result<Self, TransectError> {
        if bed.len() < 2 {
            return Err(TransectError::TooFewPoints { found: bed.len() });
        }
        if !seaward.is_finite() {
            return Err(TransectError::Direction { seaward });
        }
        for (index, point) in bed.iter().enumerate() {
            let in_order = match index.checked_sub(1) {
                None => point.distance == 0.0,
                Some(before) => point.distance > bed[before].distance,
            };
            let deep = point.depth >= LEAST_DEPTH && point.depth.is_finite();
            if !(in_order && deep && point.distance <= LONGEST) {
                return Err(TransectError::Bed {
                    index,
                    distance: point.distance,
                    depth: point.depth,
                });
            }
        }
        Ok(Self {
            coast,
            seaward,
            bed,
            alongshore_share: ALONGSHORE_SHARE,
        })
    }

    /// Off Modaomen, the mouth of the Xijiang below Jianghai.
    ///
    /// Direction: normal to the general run of the coast (67°–247°). Depths rounded from general
    /// charts: the delta front lies under 5 m to 10 km out, the 20 m line at 40 km, the 50 m line
    /// at 95 km; each may be wrong by a fifth, and the set-up with it by about as much.
    pub fn modaomen() -> Self {
        Self::charted(
            (113.40, 22.05),
            157.0,
            &[
                (0.0, 3.0),
                (10.0, 5.0),
                (20.0, 10.0),
                (40.0, 20.0),
                (55.0, 30.0),
                (95.0, 50.0),
                (190.0, 100.0),
            ],
        )
    }

    /// Off Macau: the shallow west side of Lingdingyang first, then the shelf.
    pub fn macau() -> Self {
        Self::charted(
            (113.55, 22.17),
            157.0,
            &[
                (0.0, 3.0),
                (15.0, 6.0),
                (25.0, 15.0),
                (40.0, 25.0),
                (55.0, 30.0),
                (95.0, 50.0),
                (190.0, 100.0),
            ],
        )
    }

    /// Off Hong Kong's south coast, which stands for Quarry Bay and Shek Pik: deep water is near.
    pub fn hong_kong() -> Self {
        Self::charted(
            (114.10, 22.20),
            157.0,
            &[
                (0.0, 10.0),
                (10.0, 20.0),
                (25.0, 30.0),
                (60.0, 45.0),
                (100.0, 70.0),
                (160.0, 100.0),
            ],
        )
    }

    fn charted(coast_deg: (f64, f64), seaward_deg: f64, bed_km: &[(f64, f64)]) -> Self {
        Self {
            coast: Geodetic {
                lat: coast_deg.1.to_radians(),
                lon: coast_deg.0.to_radians(),
                height: 0.0,
            },
            seaward: seaward_deg.to_radians(),
            bed: bed_km
                .iter()
                .map(|&(km, depth)| ShelfPoint {
                    distance: km * 1000.0,
                    depth,
                })
                .collect(),
            alongshore_share: ALONGSHORE_SHARE,
        }
    }

    /// The same transect with another share of the flow along the coast, 0 to 1.
    pub fn with_alongshore_share(mut self, share: f64) -> Self {
        self.alongshore_share = if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            ALONGSHORE_SHARE
        };
        self
    }

    /// The landward end.
    pub fn coast(&self) -> Geodetic {
        self.coast
    }

    /// Length [m].
    pub fn length(&self) -> f64 {
        self.bed.last().map_or(0.0, |point| point.distance)
    }

    /// Depth below mean sea level at a distance from the coast [m].
    pub fn depth(&self, distance: f64) -> f64 {
        let after = self.bed.partition_point(|point| point.distance <= distance);
        match (
            after.checked_sub(1).map(|i| self.bed[i]),
            self.bed.get(after),
        ) {
            (Some(a), Some(b)) => {
                a.depth + (b.depth - a.depth) * (distance - a.distance) / (b.distance - a.distance)
            }
            (Some(end), None) => end.depth,
            (None, _) => self.bed[0].depth,
        }
    }

    /// Set-up at the coast over time [m], one value per entry of `times`.
    ///
    /// A long wave brings what the wind does in each cell to the coast after its travel time t_i, so
    /// that to first order (the wave equation along its incoming characteristic)
    ///
    /// ```text
    /// η(t) = Σ_i [ τ_n(x_i, t - t_i) / ρ + f V(x_i, t - t_i) ] dx / (g h_i)
    /// dV/dt = τ_a / ρ - g n² V |V| / h^(7/3)
    /// ```
    ///
    /// with τ_n the stress towards the coast, τ_a the stress along it, V the flow along the coast
    /// that the stress drives and the Earth's rotation leans on the shore: the bathystrophic storm
    /// tide of Freeman, Baer & Jung (1957), J. Mar. Res. 16, 12–22, eqs 5–7. It takes the coast as
    /// straight and the storm as long, so V is an upper bound for a small fast storm;
    /// `alongshore_share` scales it.
    ///
    /// - `start`: instant of time 0
    /// - `times`: [s], ascending, evenly spaced
    /// - `still_level`: level of the still water above mean sea level at each time [m]; it adds to
    ///   the depth
    pub fn set_up_series(
        &self,
        storm: &TyphoonModel,
        start: Instant,
        times: &[f64],
        still_level: &[f64],
    ) -> Vec<f64> {
        let forcing = Forcing::along(self, storm, start, times);
        times
            .iter()
            .zip(still_level)
            .map(|(&t, &still)| forcing.set_up(t, still))
            .collect()
    }

    fn n_cells(&self) -> usize {
        (self.length() / NODE_SPACING).ceil().max(1.0) as usize
    }

    /// Position at a distance from the coast, on the great circle that leaves it seawards.
    fn place(&self, distance: f64) -> Geodetic {
        let angle = distance / EARTH_RADIUS;
        let (sin_lat, cos_lat) = self.coast.lat.sin_cos();
        let north = cos_lat * angle.sin() * self.seaward.cos() + sin_lat * angle.cos();
        let east = self.seaward.sin() * angle.sin() * cos_lat;
        Geodetic {
            lat: north.clamp(-1.0, 1.0).asin(),
            lon: self.coast.lon + east.atan2(angle.cos() - sin_lat * north),
            height: 0.0,
        }
    }
}

/// What drives the water in every cell of a transect, over time.
struct Forcing {
    /// Length of a cell [m].
    dx: f64,
    /// Still depth of each cell below mean sea level, from deep water to the coast [m].
    depths: Vec<f64>,
    /// Travel time of a long wave from each cell to the coast [s].
    delays: Vec<f64>,
    /// Time of the first entry [s after the start] and spacing [s].
    first: f64,
    step: f64,
    /// Stress towards the coast plus ρ f V [Pa], one row per time, one entry per cell.
    push: Vec<Vec<f64>>,
}

/// Manning's n of the shelf's bed [s m⁻¹ᐟ³], the usual value for sand and mud under the sea.
const SHELF_MANNING: f64 = 0.02;

/// How long before the first time the flow along the coast begins from rest [s]. Before that a
/// typhoon is a thousand kilometres away.
const SPIN_UP: f64 = 86_400.0;

impl Forcing {
    fn along(transect: &Transect, storm: &TyphoonModel, start: Instant, times: &[f64]) -> Self {
        let n_cells = transect.n_cells();
        let dx = transect.length() / n_cells as f64;
        let distances: Vec<f64> = (0..n_cells)
            .map(|i| transect.length() - (i as f64 + 0.5) * dx)
            .collect();
        let depths: Vec<f64> = distances.iter().map(|&d| transect.depth(d)).collect();
        let mut delays: Vec<f64> = depths
            .iter()
            .rev()
            .scan(0.0, |sum, &depth| {
                let crossing = dx / (GRAVITY * depth).sqrt();
                *sum += crossing;
                Some(*sum - 0.5 * crossing)
            })
            .collect();
        delays.reverse();
        let step = match times {
            [a, b, ..] => (b - a).max(1.0),
            _ => 600.0,
        };
        let first = times.first().copied().unwrap_or(0.0) - (SPIN_UP / step).ceil() * step;
        let last = times.last().copied().unwrap_or(0.0);
        let n_times = ((last - first) / step).round() as usize + 1;
        let places: Vec<Geodetic> = distances.iter().map(|&d| transect.place(d)).collect();
        let landward = [-transect.seaward.sin(), -transect.seaward.cos()];
        let f = coriolis(transect.coast.lat) * transect.coast.lat.signum();
        let mut flow = vec![0.0; n_cells];
        let push = (0..n_times)
            .map(|k| {
                let time = start.plus_seconds(first + k as f64 * step);
                let air = storm.air_at_points(&places, time, Surface::Water);
                (0..n_cells)
                    .map(|i| {
                        let stress = wind_stress(air[i], storm.parameters().air_density);
                        let onshore = stress[0] * landward[0] + stress[1] * landward[1];
                        // The direction along the coast that has the coast on its right.
                        let along = -stress[0] * landward[1] + stress[1] * landward[0];
                        flow[i] = alongshore_flow(flow[i], along, depths[i], step);
                        onshore + transect.alongshore_share * SEA_WATER_DENSITY * f * flow[i]
                    })
                    .collect()
            })
            .collect();
        Self {
            dx,
            depths,
            delays,
            first,
            step,
            push,
        }
    }

    /// Set-up at the coast at a time [m].
    fn set_up(&self, t: f64, still_level: f64) -> f64 {
        let depths: Vec<f64> = self
            .depths
            .iter()
            .map(|depth| (depth + still_level).max(LEAST_DEPTH))
            .collect();
        let pushes: Vec<f64> = self
            .delays
            .iter()
            .enumerate()
            .map(|(i, delay)| self.push_at(i, t - delay))
            .collect();
        integrate_set_up(&depths, &pushes, self.dx, 0.0)
    }

    fn push_at(&self, cell: usize, t: f64) -> f64 {
        let place = ((t - self.first) / self.step).clamp(0.0, (self.push.len() - 1) as f64);
        let before = place as usize;
        let after = (before + 1).min(self.push.len() - 1);
        let (a, b) = (self.push[before][cell], self.push[after][cell]);
        a + (b - a) * (place - before as f64)
    }
}

/// Flow along the coast after a step [m² s⁻¹], friction semi-implicit.
///
/// - `flow`: before the step [m² s⁻¹]
/// - `stress`: along the coast [Pa]
/// - `depth`: [m]
/// - `dt`: [s]
fn alongshore_flow(flow: f64, stress: f64, depth: f64, dt: f64) -> f64 {
    let friction = GRAVITY * SHELF_MANNING * SHELF_MANNING * flow.abs() / depth.powf(7.0 / 3.0);
    (flow + dt * stress / SEA_WATER_DENSITY) / (1.0 + dt * friction)
}

/// Level at the end of a row of cells under wind stress [m]: dη/dx = τ / (ρ g (h + η)).
///
/// In each cell the law is integrated exactly for a flat bed: (h + η)² grows by 2 τ dx / (ρ g).
///
/// - `depths`: depth of the still water in each cell, along the direction of integration [m]
/// - `stresses`: stress in that direction [Pa], one per depth
/// - `dx`: length of a cell [m]
/// - `start`: level at the beginning [m]
///
/// Water that the wind would push out of a cell altogether leaves it at a hundredth of its depth.
pub fn integrate_set_up(depths: &[f64], stresses: &[f64], dx: f64, start: f64) -> f64 {
    let mut level = start;
    for (&depth, &stress) in depths.iter().zip(stresses) {
        let column = depth + level;
        let squared = column * column + 2.0 * stress * dx / (SEA_WATER_DENSITY * GRAVITY);
        let least = 0.01 * depth;
        level = squared.max(least * least).sqrt() - depth;
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_basin_tilts_as_the_closed_form_says() {
        // FLOOD.md 3.13: wind 30 m/s, C_d 0.0025, air 1.25 kg/m³, 5 m deep, 10 km long, volume kept:
        // -0.28523 m at the windward end, +0.27477 m at the lee end (linear: ±0.27970).
        let stress: f64 = 1.25 * 0.0025 * 30.0 * 30.0;
        assert!((stress - 2.8125).abs() < 1e-12);
        for n in [1_usize, 10, 1000] {
            let dx = 10_000.0 / n as f64;
            let lee = integrate_set_up(&vec![5.0; n], &vec![stress; n], dx, -0.285_23);
            assert!((lee - 0.274_77).abs() <= 1e-5, "{n} cells: {lee}");
        }
        let tau_slope = stress / (SEA_WATER_DENSITY * GRAVITY * 5.0) * 5_000.0;
        assert!((tau_slope - 0.279_70).abs() <= 5e-6);
    }

    #[test]
    fn the_closed_basin_keeps_its_volume() {
        // The windward level that keeps the volume is found from our own integration.
        let n = 2000;
        let volume = |start: f64| {
            let mut sum = 0.0;
            let mut level = start;
            for _ in 0..n {
                let next = integrate_set_up(&[5.0], &[2.8125], 10_000.0 / n as f64, level);
                sum += 0.5 * (level + next);
                level = next;
            }
            sum
        };
        let (mut low, mut high) = (-0.5, 0.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if volume(middle) > 0.0 {
                high = middle;
            } else {
                low = middle;
            }
        }
        assert!((low + 0.285_23).abs() <= 1e-5, "{low}");
    }

    #[test]
    fn the_flow_along_the_coast_tends_to_its_balance_with_friction() {
        // τ/ρ = g n² V²/h^(7/3) at rest of the change.
        let (stress, depth) = (1.5, 12.0_f64);
        let mut flow = 0.0;
        for _ in 0..2000 {
            flow = alongshore_flow(flow, stress, depth, 600.0);
        }
        let balance = (stress / SEA_WATER_DENSITY * depth.powf(7.0 / 3.0)
            / (GRAVITY * SHELF_MANNING * SHELF_MANNING))
            .sqrt();
        assert!((flow - balance).abs() < 1e-6 * balance);
        assert!(alongshore_flow(flow, -stress, depth, 600.0) < flow);
    }

    #[test]
    fn inverse_barometer_gives_the_printed_rise() {
        // FLOOD.md 3.13; its last line was made from the rounded first one, hence the tolerance.
        for (hpa, rise) in [(1.0, 0.009_945_1), (40.0, 0.397_80), (60.0, 0.596_71)] {
            let found = inverse_barometer(101_000.0, 101_000.0 - hpa * 100.0);
            assert!((found - rise).abs() <= 1e-5, "{hpa}: {found}");
        }
    }

    #[test]
    fn drag_follows_its_law() {
        for (wind, drag) in [
            (0.0, 1.0e-3),
            (14.0, 1.75e-3),
            (28.0, 2.5e-3),
            (39.0, 2.0e-3),
            (50.0, 1.5e-3),
            (90.0, 1.5e-3),
        ] {
            assert!((drag_coefficient(wind) - drag).abs() < 1e-12);
        }
    }

    #[test]
    fn absurd_transects_are_refused() {
        let coast = Transect::macau().coast();
        let point = |distance, depth| ShelfPoint { distance, depth };
        assert!(Transect::new(coast, 0.0, vec![point(0.0, 5.0)]).is_err());
        assert!(Transect::new(coast, 0.0, vec![point(0.0, 5.0), point(0.0, 6.0)]).is_err());
        assert!(Transect::new(coast, 0.0, vec![point(0.0, 0.0), point(9.0, 6.0)]).is_err());
        assert!(Transect::new(coast, f64::NAN, vec![point(0.0, 5.0), point(9.0, 6.0)]).is_err());
        let far = vec![point(0.0, 5.0), point(1e12, 6.0)];
        assert!(Transect::new(coast, 0.0, far).is_err());
    }

    #[test]
    fn the_transect_s_nodes_lie_where_its_direction_points() {
        let transect = Transect::hong_kong();
        let place = transect.place(100_000.0);
        let (north, east) = (
            (place.lat - transect.coast.lat) * EARTH_RADIUS,
            (place.lon - transect.coast.lon) * EARTH_RADIUS * transect.coast.lat.cos(),
        );
        assert!((north.hypot(east) - 100_000.0).abs() < 1000.0);
        assert!((east.atan2(north).to_degrees() - 157.0).abs() < 0.5);
    }
}
