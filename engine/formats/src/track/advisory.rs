//! A forecast advisory as it is typed or drawn: JSON, positions with lead times.
//!
//! ```json
//! {"name": "HATO", "agency": "CMA", "base_time": "2017-08-22T12:00:00Z", "averaging_min": 2,
//!  "wind_unit": "m/s", "fixes": [{"lead_h": 0, "lat": 20.4, "lon": 117.4, "wind": 33,
//!  "pressure_hpa": 975, "rmw_km": 40, "radii": [{"wind": 17.2, "km": [250, 220, 180, 200]}]}]}
//! ```
//!
//! The unit of all winds and what they are means over must be said; nothing is guessed from the numbers.

use serde::{Deserialize, Deserializer};
use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::storm::{Averaging, Fix, Track, WindRadius};
use stormgrid_core::time::Instant;
use stormgrid_core::units::{Length, Pressure, Speed};
use stormgrid_core::value::{Value, is_sentinel, parse_number};

use super::collect::{gap, order_remedy, time_backwards};
use super::line::{check_unit, east_of_antimeridian, instant, outside};
use super::{TrackFinding, Tracks};
use crate::error::line;
use crate::{FormatError, parse};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advisory {
    name: String,
    #[serde(default)]
    agency: String,
    base_time: String,
    averaging_min: u32,
    wind_unit: WindUnit,
    fixes: Vec<Position>,
}

#[derive(Clone, Copy, Deserialize)]
enum WindUnit {
    #[serde(rename = "m/s")]
    MetresPerSecond,
    #[serde(rename = "kt")]
    Knots,
    #[serde(rename = "km/h")]
    KilometresPerHour,
}

impl WindUnit {
    fn mps(self, wind: f64) -> f64 {
        match self {
            Self::MetresPerSecond => wind,
            Self::Knots => Speed::from_knots(wind).as_mps(),
            Self::KilometresPerHour => wind / 3.6,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    #[serde(deserialize_with = "number")]
    lead_h: f64,
    #[serde(deserialize_with = "number")]
    lat: f64,
    #[serde(deserialize_with = "number")]
    lon: f64,
    #[serde(default, deserialize_with = "quantity")]
    wind: Option<f64>,
    #[serde(default, deserialize_with = "quantity")]
    pressure_hpa: Option<f64>,
    #[serde(default, deserialize_with = "quantity")]
    rmw_km: Option<f64>,
    #[serde(default)]
    radii: Vec<Radius>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Radius {
    wind: f64,
    /// North-east, south-east, south-west, north-west [km].
    km: [f64; 4],
}

/// A number as JSON has it, or as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Text(String),
}

fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let text = match Option::<Written>::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Written::Number(number)) => return Ok(Some(number)),
        Some(Written::Text(text)) => text,
    };
    match parse_number(&text) {
        Value::Known(number) => Ok(Some(number)),
        Value::Missing => Ok(None),
        Value::Unclear => Err(serde::de::Error::invalid_value(
            serde::de::Unexpected::Str(&text),
            &"a number",
        )),
    }
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    value(deserializer)?
        .ok_or_else(|| serde::de::Error::invalid_value(serde::de::Unexpected::Unit, &"a number"))
}

/// A quantity; null, sentinels and 0 stand for "not known". A person types an advisory: a negative number is a slip of
/// theirs, for the check of ranges to refuse.
fn quantity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let value = value(deserializer)?;
    Ok(value.filter(|v| *v != 0.0 && !is_sentinel(*v)))
}

/// Most positions of an advisory.
const MOST_FIXES: usize = 500;

/// Whether a file is JSON.
pub(super) fn is(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Whether JSON holds several values, one after another or in a list.
fn holds_several(text: &str) -> bool {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
    let first = values.next();
    matches!(first, Some(Ok(serde_json::Value::Array(_))))
        || matches!((first, values.next()), (Some(Ok(_)), Some(_)))
}

/// Reads an advisory.
pub(super) fn read(text: &str, file: &str) -> Result<Tracks, FormatError> {
    let fault = |place: &str, problem: Message, remedy: Message| {
        FormatError::malformed(file, place, problem, remedy)
    };
    if holds_several(text) {
        return Err(fault(
            "",
            message!(
                "fault.advisory.several",
                "it holds more than one advisory, or something after the first"
            ),
            message!(
                "fix.advisory.one",
                "give the positions of one storm in one object"
            ),
        ));
    }
    let advisory: Advisory = serde_json::from_str(text).map_err(|e| {
        FormatError::malformed(
            file,
            line(e.line()),
            parse::json_problem(&e),
            message!("fix.advisory.fields", "give name, base_time, averaging_min (1, 2 or 10), wind_unit (m/s, kt or km/h) and fixes with lead_h, lat, lon, wind, pressure_hpa"),
        )
    })?;
    let averaging = match advisory.averaging_min {
        1 => Averaging::OneMinute,
        2 => Averaging::TwoMinute,
        10 => Averaging::TenMinute,
        other => {
            return Err(fault(
                "averaging_min",
                message!(
                    "fault.advisory.averaging",
                    "it is {minutes} minutes",
                    minutes = other
                ),
                message!(
                    "fix.advisory.averaging",
                    "give 1 (JTWC), 2 (CMA) or 10 (JMA, HKO)"
                ),
            ));
        }
    };
    let base = instant(&advisory.base_time).map_err(|e| {
        fault(
            "base_time",
            e.message(),
            message!(
                "fix.advisory.base_time",
                "give it with its zone, for example 2017-08-22T20:00:00+08:00"
            ),
        )
    })?;
    if advisory.name.trim().is_empty() {
        return Err(fault(
            "name",
            message!("fault.empty", "it is empty"),
            message!("fix.advisory.name", "name the storm"),
        ));
    }
    if advisory.fixes.is_empty() || advisory.fixes.len() > MOST_FIXES {
        return Err(fault(
            "fixes",
            message!(
                "fault.advisory.fixes",
                "there are {n}",
                n = advisory.fixes.len()
            ),
            message!("fix.advisory.fixes", "give 1 to 500 positions"),
        ));
    }
    let mut track = Track {
        name: advisory.name.trim().to_uppercase(),
        intl_id: String::new(),
        sid: String::new(),
        agency: advisory.agency.clone(),
        averaging,
        fixes: Vec::new(),
    };
    let mut findings = Vec::new();
    if advisory.fixes.len() == 1 {
        let text = message!(
            "note.track.one",
            "there is one position only; the storm is taken to stand still"
        );
        findings.push(Finding::new(Kind::Assumed, file, text));
    }
    let beyond = advisory.fixes.iter().position(|fix| fix.lon > 180.0);
    if let Some(k) = beyond {
        let text = message!(
            "note.track.west",
            "longitude {lon} is read as {west} W; give west longitudes as negative numbers",
            lon = advisory.fixes[k].lon,
            west = 360.0 - advisory.fixes[k].lon
        );
        findings.push(Finding::new(Kind::Note, file, text).at(fix_place(k)));
    }
    for (k, position) in advisory.fixes.iter().enumerate() {
        let fix = position.fix(base, advisory.wind_unit, &|problem, remedy| {
            FormatError::malformed(file, fix_place(k), problem, remedy)
        })?;
        findings.extend(shrinking(&fix, k, file));
        if let Some(last) = track.fixes.last() {
            if fix.time <= last.time {
                let problem = time_backwards(&track, last, &fix);
                return Err(FormatError::malformed(
                    file,
                    fix_place(k),
                    problem,
                    order_remedy(),
                ));
            }
            findings.extend(gap(&track, last, &fix, file));
        }
        track.fixes.push(fix);
    }
    let of_track = |finding| TrackFinding {
        track: Some(0),
        finding,
    };
    Ok(Tracks {
        tracks: vec![track],
        findings: findings.into_iter().map(of_track).collect(),
        lost: Vec::new(),
    })
}

/// A position, counted from 1.
fn fix_place(k: usize) -> Message {
    message!("place.fix", "fix {fix}", fix = k + 1)
}

/// Tells where a stronger wind reaches farther out than a weaker one.
fn shrinking(fix: &Fix, k: usize, file: &str) -> Option<Finding> {
    let inside_out = fix.radii.iter().any(|strong| {
        fix.radii.iter().any(|weak| {
            let quadrants = strong.quadrants.iter().zip(&weak.quadrants);
            strong.wind > weak.wind && quadrants.into_iter().any(|(s, w)| s > w)
        })
    });
    inside_out.then(|| {
        let text = message!(
            "note.track.radii",
            "a stronger wind reaches farther out than a weaker one; check the radii"
        );
        Finding::new(Kind::Note, file, text).at(fix_place(k))
    })
}

impl Position {
    fn fix(
        &self,
        base: Instant,
        unit: WindUnit,
        fault: &dyn Fn(Message, Message) -> FormatError,
    ) -> Result<Fix, FormatError> {
        let within =
            |value: f64, low: f64, high: f64, what: Message| match (low..=high).contains(&value) {
                true => Ok(value),
                false => Err(fault(outside(what, value, low, high), check_unit())),
            };
        let optional = |value: Option<f64>, low: f64, high: f64, what: Message| match value {
            Some(value) => within(value, low, high, what).map(Some),
            None => Ok(None),
        };
        let named = |name: &str| Message::plain(name);
        within(self.lead_h, -240.0, 240.0, named("lead_h"))?;
        within(self.lat, -70.0, 70.0, named("lat"))?;
        within(self.lon, -180.0, 360.0, named("lon"))?;
        let wind = self.wind.map(|wind| unit.mps(wind));
        let wind = optional(
            wind,
            0.0,
            120.0,
            message!("what.wind_in_mps", "the wind in m/s"),
        )?;
        let pressure = optional(self.pressure_hpa, 850.0, 1100.0, named("pressure_hpa"))?;
        if wind.is_none() && pressure.is_none() {
            return Err(fault(
                message!("fault.advisory.bare", "it has neither wind nor pressure"),
                message!("fix.advisory.bare", "give one of them at least"),
            ));
        }
        let rmw = optional(self.rmw_km, 1.0, 1000.0, named("rmw_km"))?;
        let mut radii = Vec::new();
        for radius in &self.radii {
            let wind = within(
                unit.mps(radius.wind),
                5.0,
                120.0,
                message!("what.radius_wind", "the wind of a radius in m/s"),
            )?;
            let mut quadrants = [None; 4];
            for (quadrant, km) in quadrants.iter_mut().zip(radius.km) {
                *quadrant = Some(
                    within(
                        km,
                        0.0,
                        2000.0,
                        message!("what.radius_km", "a radius in km"),
                    )? * 1000.0,
                );
            }
            radii.push(WindRadius { wind, quadrants });
        }
        Ok(Fix {
            time: base.plus_seconds(self.lead_h * 3600.0),
            lat_deg: self.lat,
            lon_deg: east_of_antimeridian(self.lon),
            vmax: wind,
            pmin: pressure.map(|p| Pressure::from_hpa(p).as_pa()),
            rmw: rmw.map(|r| Length::from_m(r * 1000.0).as_m()),
            radii,
            environment: None,
            status: String::new(),
        })
    }
}
