//! What stations observed of storms: CSV, one value a line.
//!
//! Columns: `storm`, `quantity`, `station`, `value`, `unit`; optional `station_zh`, `reference`, `time_local_utc8`,
//! `quality`. A value may be missing (where only a time is known) or a range `0.5-2.1`. A time is local (UTC+8):
//! `2017-08-23T14:00`, a date alone, or an interval with a slash, of which only the first two count.

use stormgrid_core::time::Instant;

use crate::FormatError;
use crate::series::Table;

/// A value of a station.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Storm, in capitals.
    pub storm: String,
    /// What was observed.
    pub quantity: String,
    /// Station.
    pub station: String,
    /// Its Chinese name.
    pub station_zh: String,
    /// The value, or the range that it lies in; `None` where only a time is known.
    pub value: Option<[f64; 2]>,
    /// Its unit as written.
    pub unit: String,
    /// Datum or meaning.
    pub reference: String,
    /// When, if the hour is known.
    pub time: Option<Instant>,
    /// Start of the local day, if it is known.
    pub day: Option<Instant>,
    /// How sure: A to C.
    pub quality: String,
}

/// Reads a table of observations.
pub fn read(bytes: &[u8], file: &str) -> Result<Vec<Observation>, FormatError> {
    let mut table = Table::read(bytes, file)?;
    let (storm, quantity) = (table.column(&["storm"])?, table.column(&["quantity"])?);
    let (station, value) = (table.column(&["station"])?, table.column(&["value"])?);
    let unit = table.column(&["unit"])?;
    let [station_zh, reference, time, quality] =
        ["station_zh", "reference", "time_local_utc8", "quality"].map(|c| table.optional(&[c]));
    let mut found = Vec::new();
    while let Some(row) = table.next_row()? {
        let text =
            |column: Option<usize>| column.map(|c| row.text(c).to_owned()).unwrap_or_default();
        let written = row.text(value).trim();
        let value = match range(written) {
            Some(value) => Some(value),
            None if written.is_empty() => None,
            None => {
                return Err(FormatError::malformed(
                    file,
                    format!("line {}", row.line),
                    format!(
                        "the value is '{}'",
                        written.chars().take(24).collect::<String>()
                    ),
                    "give a number, a range such as 0.5-2.1, or nothing",
                ));
            }
        };
        found.push(Observation {
            storm: row.text(storm).to_uppercase(),
            quantity: row.text(quantity).to_owned(),
            station: row.text(station).to_owned(),
            station_zh: text(station_zh),
            value,
            unit: row.text(unit).to_owned(),
            reference: text(reference),
            time: local_hour(&text(time)),
            day: local_day(&text(time)),
            quality: text(quality),
        });
    }
    Ok(found)
}

/// `1.5` or `0.5-2.1`.
fn range(text: &str) -> Option<[f64; 2]> {
    let number = |text: &str| text.trim().parse().ok().filter(|v: &f64| v.is_finite());
    if let Some(one) = number(text) {
        return Some([one, one]);
    }
    let (low, high) = text.split_once('-')?;
    Some([number(low)?, number(high)?]).filter(|[low, high]| low <= high)
}

/// A local time with its minutes; `None` for a date alone or an interval.
fn local_hour(text: &str) -> Option<Instant> {
    if text.len() != "2017-08-23T14:00".len() {
        return None;
    }
    Instant::parse(&format!("{text}:00+08:00")).ok()
}

/// Midnight before a local time.
fn local_day(text: &str) -> Option<Instant> {
    let day = text.get(.."2017-08-23".len())?;
    Instant::parse(&format!("{day}T00:00:00+08:00")).ok()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn values_ranges_and_times_are_read() {
        let text = "storm,quantity,station,value,unit,time_local_utc8\n\
            Hato,surge,Shek Pik,1.45,m,2017-08-23\n\
            HATO,surge_range,Estuary,0.50-2.10,m,\n\
            HATO,water_level_max_time,Sanzao,,,2017-08-23T12:50\n";
        let found = read(text.as_bytes(), "o.csv").expect("valid");
        assert_eq!(
            (found[0].storm.as_str(), found[0].value),
            ("HATO", Some([1.45, 1.45]))
        );
        assert_eq!((found[1].value, found[0].time), (Some([0.5, 2.1]), None));
        let time = found[2].time.expect("an hour").to_rfc3339();
        assert_eq!(
            (found[2].value, time.as_str()),
            (None, "2017-08-23T04:50:00Z")
        );
        let day = found[0].day.expect("a day").to_rfc3339();
        assert_eq!(day, "2017-08-22T16:00:00Z");
        let fault = read(text.replace("1.45", "much").as_bytes(), "o.csv").expect_err("faulty");
        assert!(
            fault.to_string().contains("line 2: the value is 'much'"),
            "{fault}"
        );
    }
}
