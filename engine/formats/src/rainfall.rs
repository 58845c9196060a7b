//! Rain as files: formulas of design storms (TOML), series of gauges (CSV).

use serde::Deserialize;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::time::Instant;

use crate::error::line;
use crate::series::{Ends, Table, no_row};
use crate::{FormatError, toml_text};
use stormgrid_core::value::is_sentinel;

/// Formulas of design storms.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Formulas {
    /// The one that is taken if none is named.
    pub default: String,
    /// The formulas.
    pub formula: Vec<Formula>,
}

/// One formula: q = A₁ (1 + C lg P) / (t + b)^n, in L s⁻¹ ha⁻¹.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Formula {
    /// Name in scenarios; rows of single periods share one.
    pub id: String,
    /// Name for people.
    pub name: Names,
    /// The one return period that it holds for [years]; all, if none is given.
    pub period_years: Option<f64>,
    /// A₁.
    pub a1: f64,
    /// C [-].
    pub c: f64,
    /// b [min].
    pub b_min: f64,
    /// n [-].
    pub n: f64,
    /// Where it was read.
    pub source: String,
}

/// A name in Chinese and English.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Formulas {
    /// Reads a table of formulas.
    pub fn read(bytes: &[u8], file: &str) -> Result<Self, FormatError> {
        let text = std::str::from_utf8(bytes).map_err(|e| {
            let place = message!("place.byte", "byte {byte}", byte = e.valid_up_to());
            FormatError::malformed(
                file,
                place,
                message!("fault.not_utf8", "it is not UTF-8 text"),
                message!("fix.save_utf8", "save it as UTF-8"),
            )
        })?;
        toml_text::read(text, file)
    }

    /// The formula of a name, or the default, for a return period [years].
    pub fn find(&self, id: Option<&str>, years: f64, file: &str) -> Result<&Formula, FormatError> {
        let id = id.unwrap_or(&self.default);
        let named: Vec<&Formula> = self.formula.iter().filter(|f| f.id == id).collect();
        let fits = |f: &&&Formula| {
            f.period_years
                .is_none_or(|only| (only - years).abs() < 1e-9)
        };
        if let Some(formula) = named.iter().find(fits) {
            return Ok(formula);
        }
        let (problem, remedy) = match named.is_empty() {
            true => {
                let mut ids: Vec<&str> = self.formula.iter().map(|f| f.id.as_str()).collect();
                ids.dedup();
                (
                    message!("fault.rain.formula", "it holds no formula '{id}'", id = id),
                    message!(
                        "fix.one_of",
                        "name one of: {names}",
                        names = Message::own(ids.join("、"), ids.join(", "))
                    ),
                )
            }
            false => {
                let periods = named.iter().filter_map(|f| f.period_years);
                let periods: Vec<String> = periods.map(|p| p.to_string()).collect();
                (
                    message!(
                        "fault.rain.period",
                        "formula '{id}' does not hold for {years} years",
                        id = id,
                        years = years
                    ),
                    message!(
                        "fix.rain.period",
                        "take one of: {years} years",
                        years = Message::own(periods.join("、"), periods.join(", "))
                    ),
                )
            }
        };
        Err(FormatError::malformed(file, "", problem, remedy))
    }
}

/// A rain gauge as a file tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct GaugeRecord {
    /// Name.
    pub id: String,
    /// Place: easting and northing in the terrain's CRS [m], or longitude and latitude [°].
    pub at: [f64; 2],
    /// Times after the start of the run [s] and rates [mm h⁻¹], in order; `None` where it did not report.
    pub rates: Vec<(f64, Option<f64>)>,
}

/// Gauges of a file, and whether their places are longitude and latitude.
#[derive(Clone, Debug, PartialEq)]
pub struct GaugeRecords {
    /// The gauges, in the order of their first rows.
    pub gauges: Vec<GaugeRecord>,
    /// Columns `lon`, `lat` rather than `x`, `y`.
    pub geographic: bool,
    /// What holds before the first and after the last report, if the file says.
    pub ends: Ends,
    /// Reports without a value: empty, negative, or a number that stands for none.
    pub unknown: usize,
    /// Line of the first of them.
    pub first_unknown: Option<u64>,
}

/// Greatest rate that a gauge is believed to have measured [mm h⁻¹]; the record of the world is 401 mm in an hour.
const GREATEST_RATE: f64 = 1000.0;

/// Reads gauges, a row a report: `gauge`, `lon` and `lat` (or `x` and `y`), `time_s` after the start of the run
/// (or `time`, RFC 3339), `rate_mm_h`. A rate that is empty, negative or stands for none (-9999) is not known.
///
/// - `start`: of the run
pub fn read_gauges(bytes: &[u8], file: &str, start: Instant) -> Result<GaugeRecords, FormatError> {
    let ends = Ends::read(bytes, file)?;
    let (mut unknown, mut first_unknown) = (0, None);
    let mut table = Table::read(bytes, file)?;
    let id = table.column(&["gauge", "id", "station"])?;
    let geographic = table.optional(&["lon", "longitude"]).is_some();
    let (x, y) = match geographic {
        true => (
            table.column(&["lon", "longitude"])?,
            table.column(&["lat", "latitude"])?,
        ),
        false => (
            table.column(&["x", "easting"])?,
            table.column(&["y", "northing"])?,
        ),
    };
    let clock = table.optional(&["time"]);
    let seconds = match clock {
        Some(column) => column,
        None => table.column(&["time_s"])?,
    };
    let rate = table.column(&["rate_mm_h"])?;
    let mut gauges: Vec<GaugeRecord> = Vec::new();
    while let Some(row) = table.next_row()? {
        let place = line(row.line);
        let wrong = |problem: Message, remedy: Message| {
            FormatError::malformed(file, place.clone(), problem, remedy)
        };
        let (name, at) = (row.text(id), [row.number(x)?, row.number(y)?]);
        let time = match clock {
            None => row.number(seconds)?,
            Some(column) => Instant::parse(row.text(column))
                .map_err(|e| {
                    wrong(
                        e.message(),
                        message!("fix.time.zone", "write it like 2017-08-23T12:00:00+08:00"),
                    )
                })?
                .seconds_since(start),
        };
        let value = row.optional_number(rate)?;
        let is_mark = |v: f64| (999.0..1000.0).contains(&v);
        let value = value.filter(|v| *v >= 0.0 && !is_sentinel(*v) && !is_mark(*v));
        if value.is_none() {
            unknown += 1;
            first_unknown = first_unknown.or(Some(row.line));
        }
        if value.is_some_and(|v| v > GREATEST_RATE) {
            let problem = message!(
                "fault.rain.rate",
                "rate_mm_h is not between 0 and {most}",
                most = GREATEST_RATE
            );
            return Err(wrong(
                problem,
                message!("fix.rain.rate", "mend the value, or leave it empty"),
            ));
        }
        let known = gauges.iter().position(|g| g.id == name);
        let gauge = match known {
            Some(known) => &mut gauges[known],
            None => {
                gauges.push(GaugeRecord {
                    id: name.to_owned(),
                    at,
                    rates: Vec::new(),
                });
                let last = gauges.len() - 1;
                &mut gauges[last]
            }
        };
        if gauge.at != at {
            return Err(wrong(
                message!(
                    "fault.rain.moved",
                    "gauge {name} lies elsewhere than in its first row",
                    name = name
                ),
                message!("fix.rain.moved", "give each gauge one place"),
            ));
        }
        if gauge
            .rates
            .last()
            .is_some_and(|(before, _)| *before >= time)
        {
            return Err(wrong(
                message!(
                    "fault.rain.order",
                    "time does not increase at gauge {name}",
                    name = name
                ),
                message!(
                    "fix.rain.order",
                    "put the rows of a gauge in order of time, each time once"
                ),
            ));
        }
        gauge.rates.push((time, value));
    }
    match gauges.is_empty() {
        true => Err(no_row(file)),
        false => Ok(GaugeRecords {
            gauges,
            geographic,
            ends,
            unknown,
            first_unknown,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = include_str!("../../../data/rain/formulas.toml");

    #[test]
    fn the_table_of_formulas_is_whole_and_has_its_default() {
        let table = Formulas::read(TABLE.as_bytes(), "formulas.toml").expect("valid");
        let found = |id, years| table.find(id, years, "formulas.toml");
        assert_eq!(found(None, 20.0).expect("the default").id, table.default);
        let single = found(Some("guangzhou_single"), 20.0).expect("given");
        assert_eq!(
            (single.a1, single.b_min, single.n),
            (4161.139, 8.406, 0.653)
        );
        for (id, years, text) in [
            (
                "guangzhou_single",
                30.0,
                "does not hold for 30 years; take one of: 2, 5, 10, 20, 50, 100 years",
            ),
            (
                "jiangmen",
                20.0,
                "no formula 'jiangmen'; name one of: guangzhou_2023, guangzhou_2011, guangzhou_single",
            ),
        ] {
            let fault = found(Some(id), years).expect_err("none").to_string();
            assert!(fault.contains(text), "{fault}");
        }
    }

    #[test]
    fn gauges_are_gathered_and_faults_name_their_line() {
        let start = Instant::parse("2017-08-23T04:00:00Z").expect("valid");
        let text = "gauge,lon,lat,time,rate_mm_h\n\
            翠园里,113.1,22.6,2017-08-23T12:00:00+08:00,5\n\
            B,113.2,22.6,2017-08-23T12:00:00+08:00,7.5\n\
            翠园里,113.1,22.6,2017-08-23T12:10:00+08:00,\n";
        let read = |text: &str| read_gauges(text.as_bytes(), "g.csv", start);
        let found = read(text).expect("valid");
        assert!(found.geographic);
        assert_eq!((found.unknown, found.first_unknown), (1, Some(4)));
        for value in ["-1", "-9999", "9999", "1e20", "n/a", "-32768"] {
            let found = read(&text.replace(",7.5", &format!(",{value}"))).expect("valid");
            assert_eq!(found.gauges[1].rates, [(0.0, None)], "{value}");
            assert_eq!((found.unknown, found.first_unknown), (2, Some(3)));
        }
        assert_eq!(found.gauges[0].rates, [(0.0, Some(5.0)), (600.0, None)]);
        assert_eq!(found.gauges[1].at, [113.2, 22.6]);
        for (from, to, fault) in [
            (
                "12:10",
                "12:00",
                "line 4: time does not increase at gauge 翠园里",
            ),
            (
                "22.6,2017-08-23T12:10",
                "22.7,2017-08-23T12:10",
                "line 4: gauge 翠园里 lies elsewhere",
            ),
            (",7.5", ",1001", "line 3: rate_mm_h is not between"),
            ("+08:00,7.5", ",7.5", "line 3"),
        ] {
            let text = read(&text.replace(from, to))
                .expect_err("faulty")
                .to_string();
            assert!(text.contains(fault), "{text}");
        }
        assert!(read("gauge,x,y,time_s,rate_mm_h\n").is_err());
        let plane = read("gauge,x,y,time_s,rate_mm_h\nA,1,2,0,3\n").expect("valid");
        assert!(!plane.geographic);
    }
}
