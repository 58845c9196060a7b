//! Values that stand for "no data" though the file does not say so, and heights that cannot be.

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;

use crate::FormatError;

/// Where the Earth's surface lies, land and sea floor, with a margin [m]: the Challenger Deep lies 10 935 m below the
/// sea and Chomolungma 8 849 m above it.
const LOWEST_M: f64 = -11_000.0;
/// See [`LOWEST_M`].
const HIGHEST_M: f64 = 9000.0;
/// No dry land lies lower [m]: the shore of the Dead Sea is at -440 m, open pits reach -290 m.
const LOWEST_LAND_M: f64 = -500.0;
/// A sea floor reaches the depths below [`LOWEST_LAND_M`] without a step that leaves so much empty [m].
const HOLE_STEP_M: f64 = 1000.0;

/// What a number that programs write for "no data" must keep clear of the other values, to be taken for it.
struct Sentinel {
    value: f64,
    clear: f64,
}

const fn sentinel(value: f64, clear: f64) -> Sentinel {
    Sentinel { value, clear }
}

/// Numbers for "no data": those of GIS programs, and -32767 and -32768 as decimetres and centimetres.
const SENTINELS: [Sentinel; 17] = [
    sentinel(-9999.0, 10.0),
    sentinel(-9999.9, 10.0),
    sentinel(-99_999.0, 10.0),
    sentinel(-999_999.0, 10.0),
    sentinel(-32_767.0, 10.0),
    sentinel(-32_768.0, 10.0),
    sentinel(-3276.7, 100.0),
    sentinel(-3276.8, 100.0),
    sentinel(-327.67, 100.0),
    sentinel(-327.68, 100.0),
    sentinel(-999.25, 100.0),
    sentinel(9999.0, 1000.0),
    sentinel(9999.9, 1000.0),
    sentinel(99_999.0, 1000.0),
    sentinel(999_999.0, 1000.0),
    sentinel(32_767.0, 1000.0),
    sentinel(65_535.0, 1000.0),
];

/// Beyond this any number is one of those that floats are filled with: 1e20, -3.4e38 in any rounding.
const HUGE: f64 = 1e19;

impl Sentinel {
    fn is(&self, value: f64) -> bool {
        (value - self.value).abs() <= 1e-6 * self.value.abs()
    }

    /// Whether the other values keep clear of it.
    fn stands_alone(&self, rest: [f64; 2]) -> bool {
        let [low, high] = rest;
        match self.value < 0.0 {
            true => low > self.value + self.clear,
            false => high < self.value - self.clear,
        }
    }
}

/// Takes the numbers that stand for "no data" out of the values of a raster that does not name them; each is a
/// finding with its count.
pub(super) fn clear_sentinels(values: &mut [f64], file: &str, findings: &mut Vec<Finding>) {
    let mut counts = [0_usize; SENTINELS.len()];
    let mut huge = 0_usize;
    let mut rest = [f64::INFINITY, f64::NEG_INFINITY];
    for value in values.iter_mut() {
        if value.is_nan() {
            continue;
        }
        if value.abs() >= HUGE {
            huge += 1;
            *value = f64::NAN;
            continue;
        }
        // Cheap for the many: no sentinel lies here.
        let possible = *value < -300.0 || *value > 9000.0;
        match possible
            .then(|| SENTINELS.iter().position(|s| s.is(*value)))
            .flatten()
        {
            Some(k) => counts[k] += 1,
            None => rest = [rest[0].min(*value), rest[1].max(*value)],
        }
    }
    let missing: Vec<usize> = (0..SENTINELS.len())
        .filter(|k| counts[*k] > 0 && SENTINELS[*k].stands_alone(rest))
        .collect();
    if !missing.is_empty() {
        for value in values.iter_mut() {
            if missing.iter().any(|k| SENTINELS[*k].is(*value)) {
                *value = f64::NAN;
            }
        }
    }
    let told = missing
        .iter()
        .map(|k| (SENTINELS[*k].value.to_string(), counts[*k]));
    let huge = (huge > 0).then(|| ("1e20 … 3.4e38".to_owned(), huge));
    for (value, count) in told.chain(huge) {
        findings.push(unknown(file, &value, count));
    }
}

/// Cells that hold a number for "no data" which the file does not name.
pub(super) fn unknown(file: &str, value: &str, count: usize) -> Finding {
    Finding::new(
        Kind::Unknown,
        file,
        message!(
            "note.raster.sentinel",
            "{count} cells hold {value}, which stands for no data though the file does not say so; they are taken as no data",
            count = count,
            value = value
        ),
    )
    .times(count)
}

/// Holds heights in metres against what the Earth's surface can be.
pub(super) fn check_heights(values: &[f64], file: &str) -> Result<(), FormatError> {
    let known = || values.iter().copied().filter(|v| v.is_finite());
    let low = known().fold(f64::INFINITY, f64::min);
    let high = known().fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return Err(FormatError::malformed(
            file,
            "",
            message!("fault.raster.no_value", "no cell holds a value"),
            message!(
                "fix.raster.no_value",
                "check what the file names as no data, and export it again"
            ),
        ));
    }
    let beyond = known()
        .filter(|v| !(LOWEST_M..=HIGHEST_M).contains(v))
        .count();
    if beyond > 0 {
        return Err(impossible(file, low, high, beyond));
    }
    if low < LOWEST_LAND_M {
        check_depths(known(), file, low, high)?;
    }
    Ok(())
}

/// A sea floor falls away; a number for "no data", or what resampling made of it, leaves a gap above it.
fn check_depths(
    known: impl Iterator<Item = f64>,
    file: &str,
    low: f64,
    high: f64,
) -> Result<(), FormatError> {
    const BIN_M: f64 = 100.0;
    let mut bins = [0_usize; ((HIGHEST_M - LOWEST_M) / BIN_M) as usize + 1];
    for value in known {
        bins[((value - LOWEST_M) / BIN_M) as usize] += 1;
    }
    let empty_above = |bin: usize| bins[bin + 1..].iter().take_while(|n| **n == 0).count();
    let land = ((LOWEST_LAND_M - LOWEST_M) / BIN_M) as usize;
    let top = ((high - LOWEST_M) / BIN_M) as usize;
    let hole = (0..land.min(top))
        .rev()
        .find(|bin| bins[*bin] > 0 && empty_above(*bin) as f64 * BIN_M >= HOLE_STEP_M);
    match hole {
        Some(bin) => Err(impossible(file, low, high, bins[..=bin].iter().sum())),
        None => Ok(()),
    }
}

fn impossible(file: &str, low: f64, high: f64, cells: usize) -> FormatError {
    FormatError::malformed(
        file,
        "",
        message!(
            "fault.raster.heights",
            "{cells} cells hold heights that cannot be (the values reach from {low} to {high} m)",
            cells = cells,
            low = low,
            high = high
        ),
        message!(
            "fix.raster.heights",
            "name the number that stands for no data in the file, for example with gdal_translate -a_nodata, or convert the heights to metres"
        ),
    )
}
