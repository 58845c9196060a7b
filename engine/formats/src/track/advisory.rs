//! A forecast advisory as it is typed or drawn: JSON, positions with lead times.
//!
//! ```json
//! {"name": "HATO", "agency": "CMA", "base_time": "2017-08-22T12:00:00Z", "averaging_min": 2,
//!  "wind_unit": "m/s", "fixes": [{"lead_h": 0, "lat": 20.4, "lon": 117.4, "wind": 33,
//!  "pressure_hpa": 975, "rmw_km": 40, "radii": [{"wind": 17.2, "km": [250, 220, 180, 200]}]}]}
//! ```
//!
//! The unit of all winds and what they are means over must be said; nothing is guessed from the numbers.

use serde::Deserialize;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::storm::{Averaging, Fix, Track, WindRadius};
use stormgrid_core::time::Instant;
use stormgrid_core::units::{Length, Pressure, Speed};

use super::Tracks;
use super::line::{check_order, check_unit, gap, outside};
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
    lead_h: f64,
    lat: f64,
    lon: f64,
    wind: Option<f64>,
    pressure_hpa: Option<f64>,
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

/// Most positions of an advisory.
const MOST_FIXES: usize = 500;

/// Whether a file is JSON.
pub(super) fn is(bytes: &[u8]) -> bool {
    let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'['))
}

/// Whether JSON holds several values, one after another or in a list.
fn holds_several(bytes: &[u8]) -> bool {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<serde_json::Value>();
    let first = values.next();
    matches!(first, Some(Ok(serde_json::Value::Array(_))))
        || matches!((first, values.next()), (Some(Ok(_)), Some(_)))
}

/// Reads an advisory.
pub(super) fn read(bytes: &[u8], file: &str) -> Result<Tracks, FormatError> {
    let fault = |place: &str, problem: Message, remedy: Message| {
        FormatError::malformed(file, place, problem, remedy)
    };
    if holds_several(bytes) {
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
    let advisory: Advisory = serde_json::from_slice(bytes).map_err(|e| {
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
    let base = Instant::parse(&advisory.base_time).map_err(|e| {
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
    let mut warnings = Vec::new();
    if advisory.fixes.len() == 1 {
        warnings.push(message!(
            "note.track.one",
            "{file}: there is one position only; the storm is taken to stand still",
            file = file
        ));
    }
    let beyond = advisory.fixes.iter().position(|fix| fix.lon > 180.0);
    if let Some(k) = beyond {
        warnings.push(message!(
            "note.track.west", "{file}: longitude {lon} of fix {fix} is read as {west} W; give west longitudes as negative numbers",
            file = file,
            lon = advisory.fixes[k].lon,
            fix = k + 1,
            west = 360.0 - advisory.fixes[k].lon
        ));
    }
    for (k, position) in advisory.fixes.iter().enumerate() {
        let place = || (file.to_owned(), Some(fix_place(k)));
        let fix = position.fix(base, advisory.wind_unit, &|problem, remedy| {
            FormatError::malformed(file, fix_place(k), problem, remedy)
        })?;
        warnings.extend(shrinking(&fix, k, file));
        if let Some(last) = track.fixes.last() {
            check_order(&track, last, &fix, place)?;
            warnings.extend(gap(&track, last, &fix, file));
        }
        track.fixes.push(fix);
    }
    Ok(Tracks {
        tracks: vec![track],
        warnings,
    })
}

/// A position, counted from 1.
fn fix_place(k: usize) -> Message {
    message!("place.fix", "fix {fix}", fix = k + 1)
}

/// Tells where a stronger wind reaches farther out than a weaker one.
fn shrinking(fix: &Fix, k: usize, file: &str) -> Option<Message> {
    let inside_out = fix.radii.iter().any(|strong| {
        fix.radii.iter().any(|weak| {
            let quadrants = strong.quadrants.iter().zip(&weak.quadrants);
            strong.wind > weak.wind && quadrants.into_iter().any(|(s, w)| s > w)
        })
    });
    inside_out.then(|| {
        message!(
            "note.track.radii", "{file}: in fix {fix} a stronger wind reaches farther out than a weaker one; check the radii",
            file = file,
            fix = k + 1
        )
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
            lon_deg: if self.lon > 180.0 {
                self.lon - 360.0
            } else {
                self.lon
            },
            vmax: wind,
            pmin: pressure.map(|p| Pressure::from_hpa(p).as_pa()),
            rmw: rmw.map(|r| Length::from_m(r * 1000.0).as_m()),
            radii,
            environment: None,
            status: String::new(),
        })
    }
}
