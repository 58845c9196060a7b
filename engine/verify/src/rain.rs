//! Law 1: steady rain i on a plane of length L, slope S: the kinematic wave q(L, t) = α (i t)^(5/3),
//! α = √S / n, until t_c = (L / (α i^(2/3)))^(3/5), then i L; depth at the foot (i L / α)^(3/5).
//! Source: Henderson & Wooding (1964), J. Geophys. Res. 69, 1531–1540.
//! Tolerance: discharge 1 %, t_c 3 %, foot 2 %: what 80 cells resolve of a kinematic corner.
//!
//! Law 2: rain on a tilted V; at equilibrium the outlet carries rain × area = 4.86 m³/s.
//! Source: Di Giammarco, Todini & Lamberti (1996), J. Hydrol. 175, 267–291: two planes of
//! 800 × 1000 m at 5 % (n = 0.015) and a channel of 20 × 1000 m at 2 % (n = 0.15), 10.8 mm/h for
//! 90 min, 180 min in all.
//! Tolerance: peak 2 % (published models spread over 2–3 %), volume 1e-4 of the rain.

use stormgrid_sim::flood::{BoundaryKind, Manning, Rain, Setup, Side};

use crate::norms::greater;
use crate::record::Pen;
use crate::run::{Run, domain, left_through, on_side, series};
use crate::{CaseError, Gate, Record};

pub(crate) fn plane(record: &mut Record) -> Result<(), CaseError> {
    let (length, slope, n, rate) = (800.0, 0.05, 0.015, 3e-6_f64);
    let alpha = f64::sqrt(slope) / n;
    let t_c = (length / (alpha * rate.powf(2.0 / 3.0))).powf(0.6);
    let steady = rate * length;
    let mut setup = Setup::new(domain(80, 3, 10.0, n, |x, _| slope * (length - x))?);
    setup.rain = Rain::Uniform(rate);
    setup.boundaries = vec![on_side(Side::East, BoundaryKind::Free)];
    let mut run = Run::start(setup, record.scheme)?;
    let (mut before, mut q, mut t_90, mut highest) = (0.0, 0.0, f64::NAN, 0.0);
    let mut series = Vec::new();
    for k in 1..=400 {
        let time = f64::from(k) * 10.0;
        run.advance(time)?;
        let gone = left_through(&run.flood().ledger(), 0);
        let now = (gone - before) / 10.0 / 30.0;
        if t_90.is_nan() && now >= 0.9 * steady {
            let share = (0.9 * steady - q) / (now - q);
            t_90 = time - 5.0 - 10.0 * (1.0 - share);
        }
        (before, q) = (gone, now);
        highest = greater(highest, now);
        series.push((time - 5.0, now));
    }
    record.ends(&run);
    let off = |found: f64, exact: f64| 100.0 * (found / exact - 1.0);
    let within = |by| Gate::Near { expected: 0.0, by };
    record.row("final discharge", "%", off(q, steady), within(1.0));
    record.row("peak discharge", "%", off(highest, steady), within(1.0));
    record.row(
        "time of concentration",
        "%",
        off(t_90 / 0.9_f64.powf(0.6), t_c),
        within(3.0),
    );
    let foot = run.depth_along(1)[79];
    record.open(
        "the bed beyond the free side ends after one cell, which the last face takes for a fall",
    );
    record.row(
        "depth at the foot",
        "%",
        off(foot, (steady / alpha).powf(0.6)),
        within(2.0),
    );
    let exact = |t: f64| alpha * (rate * t.min(t_c)).powf(5.0 / 3.0);
    let curve = series.iter().map(|&(t, _)| (t, exact(t)));
    record.curve("kinematic wave", Pen::Exact, curve.collect());
    record.draw(series);
    Ok(())
}

pub(crate) fn v_catchment(record: &mut Record) -> Result<(), CaseError> {
    // One more row in the south holds the mouth of the channel alone, outside the catchment.
    let (n_cols, n_rows, cell) = (81, 51, 20.0);
    let bed = |x: f64, y: f64| {
        let aside = ((x - 810.0).abs() - 10.0).max(0.0);
        match y < cell && aside > 0.0 {
            true => f64::NAN,
            false => 0.05 * aside + 0.02 * y,
        }
    };
    let mut setup = Setup::new(domain(n_cols, n_rows, cell, 0.015, bed)?);
    let roughness = |k: usize| if k % n_cols == 40 { 0.15 } else { 0.015 };
    setup.domain.manning = Manning::Field((0..n_cols * n_rows).map(roughness).collect());
    let rate = 10.8e-3 / 3600.0;
    setup.rain = Rain::Series(series(&[(0.0, rate), (5400.0, rate), (5400.001, 0.0)]));
    setup.boundaries = vec![on_side(Side::South, BoundaryKind::Free)];
    let mut run = Run::start(setup, record.scheme)?;
    let (mut peak, mut before) = (0.0, 0.0);
    let mut hydrograph = Vec::new();
    for minute in 1..=180 {
        let minute = f64::from(minute);
        run.advance(minute * 60.0)?;
        let gone = left_through(&run.flood().ledger(), 0);
        let now = (gone - before) / 60.0;
        peak = greater(peak, now);
        before = gone;
        hydrograph.push((minute - 0.5, now));
    }
    record.ends(&run);
    let ledger = run.flood().ledger();
    let rained = rate * 5400.0 * (1620.0 * 1000.0 + 400.0);
    let missing = (ledger.out_m3 + ledger.stored_m3) / rained - 1.0;
    let near = |expected, by| Gate::Near { expected, by };
    record.row("peak discharge", "m³/s", peak, near(4.86, 0.02 * 4.86));
    record.peers("published models spread over 2–3 %");
    record.row("volume", "", missing, near(0.0, 1e-4));
    let level = vec![(0.0, 4.86), (90.0, 4.86)];
    record.curve("rain × area", Pen::Exact, level);
    record.draw(hydrograph);
    Ok(())
}
