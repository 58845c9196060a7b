//! Lines of text formats: their fields, times and faults.

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::time::{Instant, ParseInstantError};
use stormgrid_core::value::{Value, is_sentinel, parse_number};

use crate::FormatError;
use crate::error::{Fault, line};

/// Greatest radius of a wind that is believed [nmi]: twice that of gales in Tip of 1979; 999 stands for none.
pub(super) const MOST_RADIUS_NMI: f64 = 998.0;

/// A line of a file, for messages.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub file: &'a str,
    /// Counted from 1.
    pub number: usize,
}

/// What is wrong with a line, and what to do: it costs that line alone.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Odd {
    pub line: usize,
    pub problem: Message,
    remedy: Message,
}

impl Odd {
    /// The same as a fault of the file.
    pub fn fault(&self, file: &str) -> FormatError {
        FormatError::Malformed(Box::new(Fault {
            file: file.to_owned(),
            place: Some(line(self.line)),
            problem: self.problem.clone(),
            remedy: self.remedy.clone(),
        }))
    }
}

/// A quantity that a line gives, or none.
pub(super) type Maybe = Result<Option<f64>, Odd>;

impl Line<'_> {
    pub fn odd(&self, problem: Message, remedy: Message) -> Odd {
        Odd {
            line: self.number,
            problem,
            remedy,
        }
    }

    /// A number in a field; `None` if it is empty or a word for nothing.
    pub fn number(&self, field: &str, what: Message) -> Maybe {
        match parse_number(field) {
            Value::Known(value) => Ok(Some(value)),
            Value::Missing => Ok(None),
            Value::Unclear => Err(self.odd(
                message!(
                    "fault.not_number",
                    "{what} is '{text}', not a number",
                    what = what,
                    text = shown(field.trim())
                ),
                mend_field(),
            )),
        }
    }

    /// A number that must be there.
    pub fn required(&self, field: &str, what: Message) -> Result<f64, Odd> {
        self.number(field, what.clone())?.ok_or_else(|| {
            self.odd(
                message!("fault.what_empty", "{what} is empty", what = what),
                message!("fix.give_it", "give it"),
            )
        })
    }

    /// A value within bounds, else the line is odd.
    pub fn bounded(&self, value: f64, low: f64, high: f64, what: Message) -> Result<f64, Odd> {
        match (low..=high).contains(&value) {
            true => Ok(value),
            false => Err(self.odd(outside(what, value, low, high), check_unit())),
        }
    }

    /// A positive quantity: 0, negative numbers and sentinels stand for "unknown" in all these formats.
    pub fn positive(&self, field: &str, low: f64, high: f64, what: Message) -> Maybe {
        match self.number(field, what.clone())? {
            Some(value) if stands_for_none(value, low, high) => Ok(None),
            Some(value) => self.bounded(value, low, high, what).map(Some),
            None => Ok(None),
        }
    }

    /// A radius of a wind; 0 says that it does not blow, negative numbers and sentinels that it is unknown.
    pub fn radius(&self, field: &str, highest: f64) -> Maybe {
        let what = message!("what.radius_nmi", "a radius [nmi]");
        match self.number(field, what.clone())? {
            Some(0.0) => Ok(Some(0.0)),
            Some(value) if stands_for_none(value, 0.0, highest) => Ok(None),
            Some(value) => self.bounded(value, 0.0, highest, what).map(Some),
            None => Ok(None),
        }
    }

    /// Latitude and longitude in degrees, the longitude brought to ±180.
    pub fn place(&self, lat_deg: f64, lon_deg: f64) -> Result<(f64, f64), Odd> {
        self.bounded(lat_deg, -70.0, 70.0, message!("what.lat", "the latitude"))?;
        self.bounded(
            lon_deg,
            -180.0,
            360.0,
            message!("what.lon", "the longitude"),
        )?;
        Ok((lat_deg, east_of_antimeridian(lon_deg)))
    }

    /// `YYYYMMDDHH` as an instant in UTC; hour 24 is 00 of the next day.
    pub fn hour(&self, digits: &str) -> Result<Instant, Odd> {
        let odd = || {
            self.odd(
                time_is(digits),
                message!(
                    "fix.time.hour",
                    "give it as YYYYMMDDHH in UTC, for example 2017082300"
                ),
            )
        };
        if digits.len() != 10 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(odd());
        }
        let text = format!(
            "{}-{}-{}T{}:00:00Z",
            &digits[..4],
            &digits[4..6],
            &digits[6..8],
            &digits[8..]
        );
        instant(&text).map_err(|_| odd())
    }
}

/// RFC 3339 with an offset; 24:00 is the beginning of the next day, as ISO 8601 has it.
pub(super) fn instant(text: &str) -> Result<Instant, ParseInstantError> {
    let text = text.trim();
    match text.get(10..).and_then(|rest| rest.get(1..6)) {
        Some("24:00") => {
            let (day, rest) = text.split_at(11);
            let zero = format!("{day}00{}", &rest[2..]);
            let start = Instant::parse(&zero)?;
            let whole = rest[5..]
                .trim_start_matches(':')
                .chars()
                .take_while(|c| c.is_ascii_digit() || *c == '.')
                .all(|c| c == '0' || c == '.');
            match whole {
                true => Ok(start.plus_seconds(86_400.0)),
                false => Instant::parse(text),
            }
        }
        _ => Instant::parse(text),
    }
}

/// A longitude of 0 to 360 as one of -180 to 180.
pub(super) fn east_of_antimeridian(lon_deg: f64) -> f64 {
    match lon_deg > 180.0 {
        true => lon_deg - 360.0,
        false => lon_deg,
    }
}

/// Whether a number that is no possible value stands for none.
fn stands_for_none(value: f64, low: f64, high: f64) -> bool {
    let possible = value > 0.0 && (low..=high).contains(&value);
    !possible && (value <= 0.0 || is_sentinel(value) || value == 999.0)
}

/// A value out of its range.
pub(super) fn outside(what: Message, value: f64, low: f64, high: f64) -> Message {
    message!(
        "fault.outside",
        "{what} is {value}, outside {low} to {high}",
        what = what,
        value = value,
        low = low,
        high = high
    )
}

/// What to do about it.
pub(super) fn check_unit() -> Message {
    message!("fix.check_unit", "check the unit and the value")
}

/// What to do about a field that cannot be read.
pub(super) fn mend_field() -> Message {
    message!("fix.mend_field", "mend the field")
}

/// A time that cannot be read.
pub(super) fn time_is(text: &str) -> Message {
    message!("fault.time_is", "the time is '{text}'", text = shown(text))
}

/// A file without a track.
pub(super) fn no_fix(file: &str) -> FormatError {
    FormatError::malformed(
        file,
        "",
        message!("fault.track.no_fix", "there is no fix in the file"),
        message!("fix.track.no_fix", "give at least two fixes of a storm"),
    )
}

/// The beginning of a field, for messages.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(24).collect()
}

/// The lines of a file that hold something, with what is wrong with those that are no text.
pub(super) fn lines<'a>(
    text: &'a str,
    file: &'a str,
) -> impl Iterator<Item = (Line<'a>, Result<&'a str, Odd>)> {
    let numbered = text.lines().enumerate().map(move |(k, text)| {
        let number = k + 1;
        (Line { file, number }, text)
    });
    numbered
        .filter(|(_, text)| !text.trim().is_empty())
        .map(|(line, text)| {
            let sound = match text.contains('\u{fffd}') {
                false => Ok(text),
                true => Err(line.odd(
                    message!("fault.not_utf8", "it is not UTF-8 text"),
                    message!("fix.save_utf8", "save it as UTF-8"),
                )),
            };
            (line, sound)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_may_be_written_as_the_end_of_a_day() {
        for (text, utc) in [
            ("2016-02-28T24:00:00Z", "2016-02-29T00:00:00Z"),
            ("2017-12-31T24:00Z", "2018-01-01T00:00:00Z"),
            ("2017-08-23T24:00:00+08:00", "2017-08-23T16:00:00Z"),
            ("2017-08-23T08:00:00+08:00", "2017-08-23T00:00:00Z"),
            ("2016-12-31T23:59:59.5Z", "2016-12-31T23:59:59Z"),
        ] {
            let found = instant(text).map(Instant::to_rfc3339);
            assert_eq!(found.as_deref(), Ok(utc), "{text}");
        }
        for text in [
            "2017-02-29T00:00:00Z",
            "2017-08-23T24:30:00Z",
            "2017-08-23T24:00:01Z",
            "天天天天天天",
        ] {
            assert!(instant(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_stands_for_no_value_is_unknown_and_what_cannot_be_is_odd() {
        let line = Line {
            file: "t",
            number: 3,
        };
        let wind = |text| line.positive(text, 0.0, 233.0, Message::plain("wind"));
        for none in [
            "", "0", "-1", "-99", "-999", "999", "9999", "-9999", "1e20", "n/a",
        ] {
            assert_eq!(wind(none), Ok(None), "{none}");
        }
        assert_eq!(wind("85"), Ok(Some(85.0)));
        assert_eq!(wind("８５"), Ok(Some(85.0)));
        for odd in ["x", "250", "8 5", "1,200"] {
            assert!(wind(odd).is_err(), "{odd}");
        }
        let pressure = line.positive("999", 850.0, 1100.0, Message::plain("pressure"));
        assert_eq!(pressure, Ok(Some(999.0)));
        assert_eq!(
            (line.radius("0", 540.0), line.radius("-99", 540.0)),
            (Ok(Some(0.0)), Ok(None))
        );
    }
}
