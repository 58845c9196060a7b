//! The one door for series: what a run takes from them is known from its begin to its end.

use std::path::Path;

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::series::Series;
use stormgrid_formats::series::{self, Beyond, Ends, Quantity};

use crate::{ProjectError, files};

/// What the numbers of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// Levels, crests and widths [m].
    Metres,
    /// Discharges [m³ s⁻¹].
    Discharge,
    /// Rain [mm h⁻¹].
    Rain,
    /// What a raster is multiplied with [-].
    Factor,
}

/// Numbers that programs write for a level that is missing [m], beside those of all quantities.
const LEVEL_MARKS: [f64; 15] = [
    -99.0, -99.9, -99.99, -99.999, 99.9, 99.99, 99.999, -999.0, -999.9, -999.99, -999.999, 999.0,
    999.9, 999.99, 999.999,
];

/// The same of rain [mm h⁻¹].
const RAIN_MARKS: [f64; 4] = [999.0, 999.9, 999.99, 999.999];

impl Numbers {
    fn quantity(self) -> Quantity<'static> {
        match self {
            // A level does not move by 50 m.
            Self::Metres => Quantity {
                name: "level_m",
                suffix: "_m",
                stands_in: None,
                limits: [-500.0, 9000.0],
                marks: &LEVEL_MARKS,
                marks_from: 50.0,
            },
            // The Amazon in flood carries 4e5.
            Self::Discharge => Quantity {
                name: "discharge_m3_s",
                suffix: "_m3_s",
                limits: [-1e6, 1e6],
                ..Quantity::ANY
            },
            Self::Rain => Quantity {
                name: "rate_mm_h",
                suffix: "_mm_h",
                limits: [0.0, 2000.0],
                marks: &RAIN_MARKS,
                ..Quantity::ANY
            },
            Self::Factor => Quantity {
                name: "factor",
                suffix: "factor",
                // People keep a raster of shares and the rate that it is multiplied with.
                stands_in: Some("rate_mm_h"),
                limits: [0.0, 1e4],
                ..Quantity::ANY
            },
        }
    }
}

/// Reads a series that must tell of a whole run.
///
/// - `said`: what the scenario says of the time beyond it; the file's own word counts where it says nothing
///
/// # Errors
///
/// Values that cannot be; a series that begins after the run or ends before it, and nobody says what holds then.
pub(crate) fn read(
    path: &Path,
    numbers: Numbers,
    said: Ends,
    duration_s: f64,
) -> Result<(Series, Option<Finding>), ProjectError> {
    let file = files::name(path);
    let quantity = numbers.quantity();
    let read = series::read(&files::read(path)?, &file, &quantity)?;
    let told = (quantity.stands_in == Some(read.column.as_str())).then(|| {
        let text = message!(
            "note.series.factor",
            "its column '{column}' is what the raster is multiplied with, a factor without a unit",
            column = &read.column
        );
        Finding::new(Kind::Assumed, &file, text)
    });
    let series = over_run(read.series, &file, said.or(read.ends), duration_s)?;
    Ok((series, told))
}

/// A series over a whole run.
fn over_run(
    series: Series,
    file: &str,
    ends: Ends,
    duration_s: f64,
) -> Result<Series, ProjectError> {
    let (first, last) = (series.time_s.first(), series.time_s.last());
    let (first, last) = (first.copied().unwrap_or(0.0), last.copied().unwrap_or(0.0));
    must_reach(file, [first, last], ends, duration_s)?;
    let series = match ends.before {
        Some(Beyond::Zero) if first > 0.0 => series.zero_before(),
        _ => series,
    };
    Ok(match ends.after {
        Some(Beyond::Zero) if last < duration_s => series.zero_after(),
        _ => series,
    })
}

/// Refuses what tells of a part of a run only, unless somebody says what holds in the rest.
///
/// - `[first, last]`: time that is told of [s after the start]
pub(crate) fn must_reach(
    file: &str,
    [first, last]: [f64; 2],
    ends: Ends,
    duration_s: f64,
) -> Result<(), ProjectError> {
    if last < duration_s && ends.after.is_none() {
        return Err(ProjectError::input(
            file,
            message!(
                "fault.series.ends",
                "it ends {last} s after the start, and the run after {end} s",
                last = last,
                end = duration_s
            ),
            remedy("after"),
        ));
    }
    if first > 0.0 && ends.before.is_none() {
        return Err(ProjectError::input(
            file,
            message!(
                "fault.series.begins",
                "it begins {first} s after the start of the run",
                first = first
            ),
            remedy("before"),
        ));
    }
    Ok(())
}

fn remedy(end: &'static str) -> Message {
    message!(
        "fix.series.ends",
        "give values for the whole run, or say what holds {end} it: a line `# {end}: hold` or `# {end}: zero` in the file, or {end} = \"hold\" or \"zero\" beside its name",
        end = end
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(before: Option<Beyond>, after: Option<Beyond>) -> Ends {
        Ends { before, after }
    }

    #[test]
    fn a_series_tells_of_the_whole_run_or_says_what_holds() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("q.csv");
        let read_text = |text: &str, said: Ends, duration: f64| {
            std::fs::write(&path, text).expect("written");
            read(&path, Numbers::Rain, said, duration).map(|(series, _)| series)
        };
        let rows = "time_s,rate_mm_h\n0,60\n3600,60\n";
        let none = Ends::default();
        assert!(read_text(rows, none, 3600.0).is_ok());
        let fault = read_text(rows, none, 7200.0)
            .expect_err("too short")
            .to_string();
        assert!(
            fault.contains("ends 3600 s after the start, and the run after 7200 s")
                && fault.contains("# after: hold"),
            "{fault}"
        );
        // 60 mm/h over an hour, then nothing, or another hour of it.
        let depth = |text: &str, said: Ends| {
            let series = read_text(text, said, 7200.0).expect("valid");
            series.integral(0.0, 7200.0) / 3600.0
        };
        assert!((depth(rows, ends(None, Some(Beyond::Zero))) - 60.0).abs() < 1e-9);
        assert!((depth(rows, ends(None, Some(Beyond::Hold))) - 120.0).abs() < 1e-9);
        let own = format!("# after: zero\n{rows}");
        assert!((depth(&own, none) - 60.0).abs() < 1e-9);
        assert!((depth(&own, ends(None, Some(Beyond::Hold))) - 120.0).abs() < 1e-9);
        let late = "time_s,rate_mm_h\n1800,60\n7200,60\n";
        let fault = read_text(late, none, 7200.0)
            .expect_err("too late")
            .to_string();
        assert!(
            fault.contains("begins 1800 s after") && fault.contains("# before:"),
            "{fault}"
        );
        assert!((depth(late, ends(Some(Beyond::Zero), None)) - 90.0).abs() < 1e-9);
        assert!((depth(late, ends(Some(Beyond::Hold), None)) - 120.0).abs() < 1e-9);
    }
}
