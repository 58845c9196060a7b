//! Law: water is neither made nor lost, and no depth is negative, whatever the bed, the obstacles,
//! the rain and the sources.
//! Tolerance: 1e-6 of the water that entered, the product's contract. The schemes carry what f32
//! rounds away, so 1e-8 is expected; roofs shed their rain, so it is counted too. A field of rain
//! that changes every 60 s may be evaluated one step of at most 10 s late: 6 % over 120 s.

use std::sync::Arc;

use stormgrid_core::ids::CellIdx;
use stormgrid_core::series::Series;
use stormgrid_sim::flood::{
    Bends, Boundary, BoundaryKind, BoundaryPlace, Initial, Rain, RainDetail, RainField, Setup,
};

use crate::norms::greater;
use crate::run::{Run, domain};
use crate::{CaseError, Gate, Record};

pub(crate) fn volume(record: &mut Record) -> Result<(), CaseError> {
    rain_on_deep_water(record)?;
    roofs(record)?;
    rain_field(record)?;
    sea_of_cells(record)
}

fn near(expected: f64, by: f64) -> Gate {
    Gate::Near { expected, by }
}

/// 7 µm a step on 8 m: what f32 would lose.
fn rain_on_deep_water(record: &mut Record) -> Result<(), CaseError> {
    let mut setup = Setup::new(domain(130, 70, 10.0, 0.03, |x, _| -8.0 + 1e-4 * x)?);
    setup.initial = Initial::Level(0.25);
    let rate = 50e-3 / 3600.0;
    setup.rain = Rain::Uniform(rate);
    let mut run = Run::start(setup, record.scheme)?;
    run.advance(1800.0)?;
    record.ends(&run);
    let ledger = run.flood().ledger();
    let rained = rate * 1800.0 * 130.0 * 70.0 * 100.0;
    let rise = ledger.stored_m3 - ledger.lines[0].in_m3;
    record.row(
        "rain found in a deep basin",
        "",
        rise / rained - 1.0,
        near(0.0, 1e-6),
    );
    Ok(())
}

fn roofs(record: &mut Record) -> Result<(), CaseError> {
    let mut setup = Setup::new(domain(40, 30, 5.0, 0.03, |x, y| 0.01 * x + 0.02 * y)?);
    let in_house = |k: usize| (8..20).contains(&(k / 40)) && (10..25).contains(&(k % 40));
    setup.domain.blocked = (0..1200).map(in_house).collect();
    setup.rain = Rain::Uniform(1e-5);
    let mut run = Run::start(setup, record.scheme)?;
    run.advance(600.0)?;
    record.ends(&run);
    let exact = 1e-5 * 600.0 * 1200.0 * 25.0;
    let found = run.flood().ledger().stored_m3 / exact - 1.0;
    record.row("rain found around a house", "", found, near(0.0, 1e-6));
    let dry_inside = run.depth()[15 * 40 + 15].is_nan();
    record.row(
        "water in the house",
        "",
        f64::from(!dry_inside),
        Gate::AtMost(0.0),
    );
    Ok(())
}

/// A linear field is exact under the interpolation between the corners of tiles.
fn rain_field(record: &mut Record) -> Result<(), CaseError> {
    let mut setup = Setup::new(domain(150, 100, 10.0, 0.03, |x, _| x)?);
    setup.rain = Rain::Field(RainField {
        rate: Arc::new(|t, x, y| 1e-9 * (x + 2.0 * y) * (1.0 + (t / 60.0).floor())),
        bends: Bends::Every(60.0),
        detail: RainDetail::Tiles,
        factor: None,
        least: None,
    });
    let mut run = Run::start(setup, record.scheme)?;
    run.advance(120.0)?;
    record.ends(&run);
    let exact = 1e-9 * (750.0 + 2.0 * 500.0) * 15_000.0 * 100.0 * 60.0 * 3.0;
    let found = run.flood().ledger().in_m3 / exact - 1.0;
    record.row("rain of a field", "", found, near(0.0, 0.06));
    Ok(())
}

/// A level on a set of cells in the middle of the domain, across the borders of tiles.
fn sea_of_cells(record: &mut Record) -> Result<(), CaseError> {
    let (n_cols, n_rows) = (140, 130);
    let mut setup = Setup::new(domain(n_cols, n_rows, 10.0, 0.03, |_, _| 0.0)?);
    let sea = |k: &usize| (50..80).contains(&(k / n_cols)) && (50..75).contains(&(k % n_cols));
    let cells = (0..n_cols * n_rows).filter(sea).map(CellIdx::from);
    setup.boundaries = vec![Boundary {
        place: BoundaryPlace::Cells(cells.collect()),
        kind: BoundaryKind::Level(Series::constant(0.5)),
    }];
    let mut run = Run::start(setup, record.scheme)?;
    run.advance(4.0 * 3600.0)?;
    record.ends(&run);
    let depth = run.depth();
    let off = depth.iter().map(|h| (h - 0.5).abs()).fold(0.0, greater);
    record.row(
        "a sea of cells fills the land: depth off",
        "m",
        off,
        Gate::AtMost(0.01),
    );
    let ledger = run.flood().ledger();
    let entered = ledger.in_m3 - ledger.out_m3;
    let land = 0.5 * (n_cols * n_rows - 750) as f64 * 100.0;
    record.row(
        "and enters by its ledger",
        "",
        entered / land - 1.0,
        near(0.0, 0.01),
    );
    Ok(())
}
