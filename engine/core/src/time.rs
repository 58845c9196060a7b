//! Instants in UTC and their text for people.

use serde::{Deserialize, Serialize};

use crate::message;
use crate::message::Message;

/// An instant, in seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Parsing accepts RFC 3339 with an offset; a text without an offset is refused, because a typhoon
/// bulletin in Beijing time read as UTC moves a landfall by eight hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// A text that is not an instant with an offset.
#[derive(Debug, Clone, PartialEq)]
pub struct ParseInstantError {
    /// What was found.
    pub text: String,
}

impl ParseInstantError {
    /// The same, for both languages.
    pub fn message(&self) -> Message {
        message!(
            "fault.instant",
            "'{text}' is not an instant such as 2017-08-23T12:00:00+08:00",
            text = &self.text
        )
    }
}

impl std::fmt::Display for ParseInstantError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.message().fmt(f)
    }
}

impl std::error::Error for ParseInstantError {}

impl Instant {
    /// From whole seconds since the Unix epoch.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Whole seconds since the Unix epoch.
    pub const fn unix_seconds(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339, for example `2017-08-23T12:00:00+08:00`.
    pub fn parse(text: &str) -> Result<Self, ParseInstantError> {
        let timestamp: jiff::Timestamp = text.trim().parse().map_err(|_| ParseInstantError {
            text: text.chars().take(60).collect(),
        })?;
        Ok(Self(timestamp.as_second()))
    }

    /// The instant `seconds` later (earlier if negative), rounded to the second.
    pub fn plus_seconds(self, seconds: f64) -> Self {
        Self(self.0.saturating_add(seconds.round() as i64))
    }

    /// Seconds from `earlier` to this instant.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0) as f64
    }

    /// RFC 3339 in UTC, for files and interfaces.
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_second(self.0)
            .map_or_else(|_| format!("@{}", self.0), |t| t.to_string())
    }

    /// RFC 3339 in China Standard Time (UTC+8, no daylight saving since 1991), for people.
    pub fn to_china_rfc3339(self) -> String {
        let offset = jiff::tz::Offset::constant(8);
        jiff::Timestamp::from_second(self.0).map_or_else(
            |_| format!("@{}", self.0),
            |t| {
                let civil = offset.to_datetime(t);
                format!(
                    "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+08:00",
                    civil.year(),
                    civil.month(),
                    civil.day(),
                    civil.hour(),
                    civil.minute(),
                    civil.second()
                )
            },
        )
    }
}

impl Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beijing_time_is_eight_hours_ahead() {
        let hato_landfall = Instant::parse("2017-08-23T12:50:00+08:00").expect("valid");
        assert_eq!(hato_landfall.to_rfc3339(), "2017-08-23T04:50:00Z");
        assert_eq!(
            hato_landfall.to_china_rfc3339(),
            "2017-08-23T12:50:00+08:00"
        );
    }

    #[test]
    fn a_time_without_an_offset_is_refused() {
        assert!(Instant::parse("2017-08-23T12:50:00").is_err());
        assert!(Instant::parse("").is_err());
    }
}
