//! Loss of water to the soil: a constant rate, the curve numbers of the SCS, Green & Ampt.
//!
//! Water sinks in at every look, right after the rain, and never more than stands in a cell. In the
//! finite-volume scheme it takes its momentum along.

use super::compact::{keep_rest, rest_of};
use super::error::FloodError;
use super::kernel::{carry, larger, smaller};
use super::params::{Setup, finite_within};
use super::prepare::Layout;
use super::state::{TILE, Tile, rimmed, run, run_mut};
use super::sweep::Look;

/// A number of the soil, everywhere or by cell.
#[derive(Clone, Debug, PartialEq)]
pub enum PerCell {
    /// The same in all cells.
    Uniform(f64),
    /// One value a cell.
    Field(Vec<f32>),
}

impl PerCell {
    fn at(&self, cell: usize) -> f64 {
        match self {
            Self::Uniform(value) => *value,
            Self::Field(values) => f64::from(values[cell]),
        }
    }
}

/// How the ground takes up water. Buildings, cells outside the domain and cells that a boundary
/// holds take up none.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Infiltration {
    /// Not at all.
    #[default]
    None,
    /// At a constant rate, as long as there is water.
    Constant {
        /// Rate [m s⁻¹], 0 to 1e-3.
        rate: PerCell,
    },
    /// By the curve number: of the rain on a cell P the part
    /// (P − Iₐ)² / (P − Iₐ + S) runs off, with S = 25.4/CN − 0.254 m and Iₐ = 0.2 S. Only rain is
    /// lost, not the water of a river, nor that which roofs shed; the soil does not recover.
    ///
    /// Source: USDA (2004), National Engineering Handbook, part 630, chapter 10, eqs. 10-9 to 10-12.
    CurveNumber {
        /// Curve number [-], 1 (takes nearly all) to 100 (sealed).
        curve_number: PerCell,
    },
    /// By Green & Ampt: f = K (1 + (ψ + h) Δθ / F) with the water taken up so far F, under ponded
    /// water of depth h.
    ///
    /// Source: Green & Ampt (1911), J. Agric. Sci. 4, 1–24; Mein & Larson (1973), Water Resour. Res.
    /// 9, 384–394, eq. 4.
    GreenAmpt {
        /// Saturated conductivity K [m s⁻¹], 0 to 1e-3.
        conductivity: PerCell,
        /// Suction at the wetting front ψ [m], 0 to 10.
        suction: PerCell,
        /// Moisture that the soil can still take up Δθ [-], 0 to 1.
        deficit: PerCell,
    },
}

/// Fastest loss that is accepted [m s⁻¹], that of coarse gravel.
const RATE_LIMIT: f64 = 1e-3;

impl Infiltration {
    pub(super) fn validate(&self, setup: &Setup) -> Result<(), FloodError> {
        let within = |what, values: &PerCell, low: f64, high: f64| match values {
            PerCell::Uniform(value) => finite_within(what, *value, low, high),
            PerCell::Field(values) => {
                let elevation = &setup.domain.elevation;
                if values.len() != elevation.len() {
                    return Err(FloodError::Count {
                        what,
                        found: values.len(),
                        expected: elevation.len(),
                    });
                }
                let fits = |i: usize| (low..=high).contains(&f64::from(values[i]));
                match (0..values.len()).find(|&i| !elevation[i].is_nan() && !fits(i)) {
                    Some(i) => Err(setup.bad_cell(what, i, f64::from(values[i]))),
                    None => Ok(()),
                }
            }
        };
        match self {
            Self::None => Ok(()),
            Self::Constant { rate } => within("infiltration rate [m/s]", rate, 0.0, RATE_LIMIT),
            Self::CurveNumber { curve_number } => within("curve number", curve_number, 1.0, 100.0),
            Self::GreenAmpt {
                conductivity,
                suction,
                deficit,
            } => {
                within("conductivity [m/s]", conductivity, 0.0, RATE_LIMIT)?;
                within("suction [m]", suction, 0.0, 10.0)?;
                within("moisture deficit", deficit, 0.0, 1.0)
            }
        }
    }

    fn soil(&self) -> Option<Soil> {
        let plane = || vec![0.0; TILE * TILE];
        match self {
            Self::None => None,
            Self::Constant { .. } => Some(Soil::Constant { rate: plane() }),
            Self::CurveNumber { .. } => Some(Soil::CurveNumber { retention: plane() }),
            Self::GreenAmpt { .. } => Some(Soil::GreenAmpt {
                conductivity: plane(),
                suction: plane(),
                deficit: plane(),
                taken: plane(),
            }),
        }
    }
}

/// The soil under a tile, `TILE × TILE` in f32; cells that take up no water have zeros.
#[derive(Debug)]
pub(super) enum Soil {
    Constant {
        /// [m s⁻¹]
        rate: Vec<f32>,
    },
    CurveNumber {
        /// S [m].
        retention: Vec<f32>,
    },
    GreenAmpt {
        /// K [m s⁻¹].
        conductivity: Vec<f32>,
        /// ψ [m].
        suction: Vec<f32>,
        /// Δθ.
        deficit: Vec<f32>,
        /// F, the only state [m].
        taken: Vec<f32>,
    },
}

/// Lays the soil under all cells that `is_open` says can hold water, by row and column of the domain.
pub(super) fn lay_soil(
    setup: &Setup,
    layout: &Layout,
    tiles: &mut [Tile],
    is_open: &dyn Fn(usize, usize) -> bool,
) {
    if setup.infiltration == Infiltration::None {
        return;
    }
    for tile in tiles.iter_mut().filter(|tile| !tile.is_land()) {
        tile.soil = setup.infiltration.soil();
    }
    for row in 0..layout.n_rows {
        for col in (0..layout.n_cols).filter(|&col| is_open(row, col)) {
            let (tile, r, c) = layout.locate(row, col);
            let (cell, plain) = (row * layout.n_cols + col, r * TILE + c);
            // Of a cell that has ground in a part only that part takes up water. The laws are homogeneous: depths
            // that are as many times less are taken up as many times less.
            let part = setup.cover.get(cell).copied().unwrap_or(1.0);
            match (&setup.infiltration, &mut tiles[tile].soil) {
                (Infiltration::Constant { rate }, Some(Soil::Constant { rate: plane })) => {
                    plane[plain] = (part * rate.at(cell)) as f32;
                }
                (
                    Infiltration::CurveNumber { curve_number },
                    Some(Soil::CurveNumber { retention }),
                ) => retention[plain] = (part * (25.4 / curve_number.at(cell) - 0.254)) as f32,
                (
                    Infiltration::GreenAmpt {
                        conductivity,
                        suction,
                        deficit,
                    },
                    Some(Soil::GreenAmpt {
                        conductivity: k,
                        suction: psi,
                        deficit: theta,
                        ..
                    }),
                ) => {
                    k[plain] = (part * conductivity.at(cell)) as f32;
                    psi[plain] = (part * suction.at(cell)) as f32;
                    theta[plain] = deficit.at(cell) as f32;
                }
                _ => {}
            }
        }
    }
}

super::vectors::wide! {
    pub(super) fn curve_number_row = curve_number_row_on_any(
        wanted: &mut [f32; TILE],
        retention: &[f32; TILE],
        before: &[f32; TILE],
        pulse: &[f32; TILE]
    );
    pub(super) fn green_ampt_row = green_ampt_row_on_any(row: GreenAmptRow<'_>, wanted: &mut [f32; TILE], dt: f32);
    pub(super) fn soak_row = soak_row_on_any(row: SoakRow<'_>, wanted: &mut [f32; TILE], total: &mut [f64; TILE], dither: u32);
    pub(super) fn slow_row = slow_row_on_any(q: &mut [f32; TILE], kept: &[f32; TILE]);
}

/// What Green & Ampt read of a row of cells.
pub(super) struct GreenAmptRow<'a> {
    h: &'a [f32; TILE],
    conductivity: &'a [f32; TILE],
    suction: &'a [f32; TILE],
    deficit: &'a [f32; TILE],
    taken: &'a [f32; TILE],
}

/// What the uptake changes in a row of cells.
pub(super) struct SoakRow<'a> {
    h: &'a mut [f32; TILE],
    rest: &'a mut [u16; TILE],
    /// Share of the water that remains.
    kept: &'a mut [f32; TILE],
}

/// Lets water sink in over the interval since the last look, and books it.
///
/// - `moving`: cells carry discharges, which lose the share of the water that is lost
pub(super) fn soak(tile: &mut Tile, index: usize, look: &Look<'_>, moving: bool) {
    let Some(mut soil) = tile.soil.take() else {
        return;
    };
    let mut total = [0.0_f64; TILE];
    let dt = look.interval as f32;
    for row in 0..tile.rows {
        let (start, plain) = (rimmed(row as isize, 0), row * TILE);
        let mut wanted = [0.0_f32; TILE];
        match &soil {
            Soil::Constant { rate } => {
                let rate: &[f32; TILE] = run(rate, plain);
                for i in 0..TILE {
                    wanted[i] = rate[i] * dt;
                }
            }
            Soil::CurveNumber { retention } => {
                if let Some(rain) = look.rain {
                    let on_ground = |depths: [f64; TILE]| match tile.cover.is_empty() {
                        true => depths.map(|depth| depth as f32),
                        false => {
                            let cover: &[f64; TILE] = run(&tile.cover, plain);
                            std::array::from_fn(|i| (depths[i] * cover[i]) as f32)
                        }
                    };
                    let before = on_ground(look.fallen.row(index, row));
                    let pulse = on_ground(rain.row(index, row));
                    curve_number_row(&mut wanted, run(retention, plain), &before, &pulse);
                }
            }
            Soil::GreenAmpt {
                conductivity,
                suction,
                deficit,
                taken,
            } => {
                let reads = GreenAmptRow {
                    h: run(&tile.h, start),
                    conductivity: run(conductivity, plain),
                    suction: run(suction, plain),
                    deficit: run(deficit, plain),
                    taken: run(taken, plain),
                };
                green_ampt_row(reads, &mut wanted, dt);
            }
        }
        let mut kept = [1.0; TILE];
        let cells = SoakRow {
            h: run_mut(&mut tile.h, start),
            rest: run_mut(&mut tile.rest, plain),
            kept: &mut kept,
        };
        soak_row(cells, &mut wanted, &mut total, look.dither);
        if let Soil::GreenAmpt { taken, .. } = &mut soil {
            let taken: &mut [f32; TILE] = run_mut(taken, plain);
            for i in 0..TILE {
                taken[i] += wanted[i];
            }
        }
        if moving {
            slow_row(run_mut(&mut tile.qx, start), &kept);
            slow_row(run_mut(&mut tile.qy, start), &kept);
        }
    }
    let lost: f64 = total.iter().sum();
    tile.infiltrated += lost;
    tile.soil = Some(soil);
}

/// Rain of one pulse that the soil keeps [m], by curve number.
///
/// The difference of two values of F = S p / (p + S), p = P − Iₐ, is formed without cancellation:
/// S² Δp / ((p + S) (p + Δp + S)).
///
/// - `before`: rain that fell before the pulse [m]
#[inline(always)]
fn curve_number_row_on_any(
    wanted: &mut [f32; TILE],
    retention: &[f32; TILE],
    before: &[f32; TILE],
    pulse: &[f32; TILE],
) {
    for i in 0..TILE {
        let (fallen, falls) = (before[i], pulse[i]);
        let s = retention[i];
        let initial = larger(smaller(0.2 * s - fallen, falls), 0.0);
        let p = larger(fallen - 0.2 * s, 0.0);
        let more = falls - initial;
        let whole = larger((p + s) * (p + more + s), 1e-30);
        wanted[i] = initial + s * s * more / whole;
    }
}

/// Water that the soil can take up in `dt` [m], by Green & Ampt.
///
/// The rate at the middle of the interval gives x = K Δt (1 + (ψ + h) Δθ / (F + x/2)), a
/// quadratic in x: of second order in Δt, and exact for the √t law with which dry soil begins.
#[inline(always)]
fn green_ampt_row_on_any(row: GreenAmptRow<'_>, wanted: &mut [f32; TILE], dt: f32) {
    for i in 0..TILE {
        let a = row.conductivity[i] * dt;
        let head = (row.suction[i] + row.h[i]) * row.deficit[i];
        let b = row.taken[i] - 0.5 * a;
        let c = 2.0 * a * (row.taken[i] + head);
        let root = (b * b + c).sqrt();
        let dry = root - b;
        let wet = c / larger(b + root, 1e-30);
        wanted[i] = if b > 0.0 { wet } else { dry };
    }
}

/// Takes what is wanted out of a row of cells, or what there is; `wanted` becomes what was taken.
#[inline(always)]
fn soak_row_on_any(
    row: SoakRow<'_>,
    wanted: &mut [f32; TILE],
    total: &mut [f64; TILE],
    dither: u32,
) {
    for i in 0..TILE {
        let held = row.h[i];
        let lost = smaller(wanted[i], held);
        let (depth, rest) = carry(held, rest_of(row.rest[i]) - lost);
        row.h[i] = depth;
        row.rest[i] = keep_rest(rest, dither);
        row.kept[i] = smaller(depth / larger(held, 1e-30), 1.0);
        wanted[i] = lost;
        total[i] += f64::from(lost);
    }
}

/// Scales discharges by the share of the water that remains.
#[inline(always)]
fn slow_row_on_any(q: &mut [f32; TILE], kept: &[f32; TILE]) {
    for i in 0..TILE {
        q[i] *= kept[i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flood::bench::{SCHEMES, advance, basin, line, start};
    use crate::flood::{Bends, Initial, Ledger, Rain, RainDetail, RainField, Setup, Source};
    use std::sync::Arc;

    fn lost(ledger: &Ledger) -> f64 {
        assert!(ledger.error_rel < 1e-7, "{:e}", ledger.error_rel);
        line(ledger, Source::Infiltration).out_m3
    }

    #[test]
    fn a_constant_rate_empties_a_basin_and_no_more() {
        for scheme in SCHEMES {
            let mut setup = Setup::new(basin(70, 5, 10.0, |_, _| 2.0));
            setup.options.scheme = scheme;
            setup.initial = Initial::Level(2.05);
            let rate = PerCell::Uniform(1e-5);
            setup.infiltration = Infiltration::Constant { rate };
            let mut flood = start(setup);
            advance(&mut flood, 1000.0);
            let area = 70.0 * 5.0 * 100.0;
            assert!((lost(&flood.ledger()) / (0.01 * area) - 1.0).abs() < 1e-5);
            advance(&mut flood, 6000.0);
            assert!((lost(&flood.ledger()) / (0.05 * area) - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn a_slow_loss_from_deep_water_is_not_rounded_away() {
        let mut setup = Setup::new(basin(20, 20, 10.0, |_, _| 0.0));
        setup.initial = Initial::Level(12.0);
        let rate = PerCell::Field(vec![1e-8; 400]);
        setup.infiltration = Infiltration::Constant { rate };
        let mut flood = start(setup);
        advance(&mut flood, 500.0);
        let expected = 1e-8 * 500.0 * 400.0 * 100.0;
        assert!((lost(&flood.ledger()) / expected - 1.0).abs() < 1e-4);
    }

    /// P = 100 mm on CN 80: S = 63.5 mm, Q = (100 − 12.7)²/(100 + 50.8) = 50.539 mm.
    #[test]
    fn runoff_by_curve_number_is_the_tables() {
        for scheme in SCHEMES {
            for corners in [false, true] {
                let mut setup = Setup::new(basin(70, 4, 10.0, |_, _| 0.0));
                setup.options.scheme = scheme;
                let rate = 0.1 / 3600.0;
                setup.rain = match corners {
                    true => Rain::Field(RainField {
                        rate: Arc::new(move |_, _, _| rate),
                        bends: Bends::Every(60.0),
                        detail: RainDetail::Tiles,
                        factor: None,
                        least: None,
                    }),
                    false => Rain::Uniform(rate),
                };
                let curve_number = PerCell::Uniform(80.0);
                setup.infiltration = Infiltration::CurveNumber { curve_number };
                let mut flood = start(setup);
                advance(&mut flood, 3600.0);
                let runoff = (100.0_f64 - 12.7).powi(2) / (100.0 + 50.8) / 1000.0;
                let found = 0.1 - lost(&flood.ledger()) / (280.0 * 100.0);
                assert!((found / runoff - 1.0).abs() < 1e-4, "{found} {runoff}");
            }
        }
    }

    /// Under water of depth h that it drinks itself, F solves
    /// K (1 − Δθ) t = F − b ln(1 + F/b), b = (ψ + h₀) Δθ/(1 − Δθ).
    #[test]
    fn dry_soil_under_a_pond_follows_green_and_ampt() {
        let (k, psi, deficit, depth) = (3e-6_f64, 0.11, 0.3, 0.4);
        for scheme in SCHEMES {
            let mut setup = Setup::new(basin(10, 10, 10.0, |_, _| 0.0));
            setup.options.scheme = scheme;
            setup.initial = Initial::Level(depth);
            setup.infiltration = Infiltration::GreenAmpt {
                conductivity: PerCell::Uniform(k),
                suction: PerCell::Uniform(psi),
                deficit: PerCell::Uniform(deficit),
            };
            let mut flood = start(setup);
            let b = (psi + depth) * deficit / (1.0 - deficit);
            for time in [600.0, 7200.0, 21600.0] {
                advance(&mut flood, time);
                let taken = lost(&flood.ledger()) / 1e4;
                let of_taken = (taken - b * (1.0 + taken / b).ln()) / (k * (1.0 - deficit));
                assert!((of_taken / time - 1.0).abs() < 5e-3, "{of_taken} at {time}");
            }
        }
    }

    /// Mein & Larson (1973), eq. 5: rain i > K ponds after t_p = K ψ Δθ / (i (i − K)).
    #[test]
    fn rain_ponds_when_mein_and_larson_say() {
        let (k, psi, deficit, rain) = (2e-6, 0.2, 0.35, 1e-5);
        let mut setup = Setup::new(basin(10, 10, 10.0, |_, _| 0.0));
        setup.rain = Rain::Uniform(rain);
        setup.options.max_dt = 2.0;
        setup.infiltration = Infiltration::GreenAmpt {
            conductivity: PerCell::Uniform(k),
            suction: PerCell::Uniform(psi),
            deficit: PerCell::Uniform(deficit),
        };
        let mut flood = start(setup);
        let ponding = k * psi * deficit / (rain * (rain - k));
        advance(&mut flood, 0.98 * ponding);
        assert!(flood.depth().iter().all(|&h| h < 1e-6));
        advance(&mut flood, 1.05 * ponding);
        assert!(flood.depth().iter().all(|&h| h > 1e-5));
        lost(&flood.ledger());
    }

    #[test]
    fn values_out_of_range_are_refused_by_name() {
        let mut setup = Setup::new(basin(3, 3, 10.0, |_, _| 0.0));
        let curve_number = PerCell::Field(vec![80.0, 70.0, 0.5, 60.0, 60.0, 60.0, 1.0, 1.0, 1.0]);
        setup.infiltration = Infiltration::CurveNumber { curve_number };
        let text = setup.validate().expect_err("0.5").to_string();
        assert!(
            text.starts_with("curve number is 0.5 in row 0, column 2"),
            "{text}"
        );
    }
}
