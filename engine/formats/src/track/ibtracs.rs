//! IBTrACS v04 as CSV: one line a time, columns by agency; a track for each storm and agency that gives wind
//! or pressure.
//!
//! Winds in knots, pressures in hPa, radii in nautical miles; the line below the header names the units.
//! Source: Knapp et al. (2010), Bull. Amer. Meteor. Soc. 91, 363–376; IBTrACS v04 column documentation.

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::storm::{Averaging, Fix, WindRadius};
use stormgrid_core::time::Instant;
use stormgrid_core::units::{Length, Pressure, Speed};

use super::Tracks;
use super::line::{Collected, Line, mend_field, shown};
use crate::FormatError;
use crate::series::{Row, Table};

/// Agencies read: prefix of the columns, name, what their winds are means over.
const AGENCIES: [(&str, &str, Averaging); 4] = [
    ("TOKYO", "JMA", Averaging::TenMinute),
    ("CMA", "CMA", Averaging::TwoMinute),
    ("HKO", "HKO", Averaging::TenMinute),
    ("USA", "JTWC", Averaging::OneMinute),
];

/// Whether a header is that of IBTrACS.
pub(super) fn is(first_line: &str) -> bool {
    let has = |name: &str| {
        first_line
            .split(',')
            .any(|c| c.trim().trim_matches('"').eq_ignore_ascii_case(name))
    };
    has("SID") && has("ISO_TIME")
}

/// Columns of an agency.
struct Columns {
    agency: &'static str,
    averaging: Averaging,
    lat: usize,
    lon: usize,
    wind: usize,
    pressure: usize,
    rmw: Option<usize>,
    environment: Option<usize>,
    /// Wind [kt] and its quadrants NE, SE, SW, NW.
    radii: Vec<(f64, [usize; 4])>,
}

/// Reads every storm and agency of a file.
pub(super) fn read(bytes: &[u8], file: &str) -> Result<Tracks, FormatError> {
    let mut table = Table::read(bytes, file)?;
    let (sid, name, time) = (
        table.column(&["sid"])?,
        table.column(&["name"])?,
        table.column(&["iso_time"])?,
    );
    let (lat, lon) = (table.column(&["lat"])?, table.column(&["lon"])?);
    let mut agencies = Vec::new();
    for (prefix, agency, averaging) in AGENCIES {
        let own = |what: &str| format!("{prefix}_{what}").to_lowercase();
        let optional = |what: &str| table.optional(&[own(what).as_str()]);
        let (Some(wind), Some(pressure)) = (optional("WIND"), optional("PRES")) else {
            continue;
        };
        let quadrants = |knots: u32| -> Option<[usize; 4]> {
            let mut places = [0; 4];
            for (place, side) in places.iter_mut().zip(["NE", "SE", "SW", "NW"]) {
                *place = optional(&format!("R{knots}_{side}"))?;
            }
            Some(places)
        };
        let radii = [34, 50, 64].into_iter();
        let radii = radii.filter_map(|knots| Some((f64::from(knots), quadrants(knots)?)));
        agencies.push(Columns {
            agency,
            averaging,
            lat: optional("LAT").unwrap_or(lat),
            lon: optional("LON").unwrap_or(lon),
            wind,
            pressure,
            rmw: optional("RMW"),
            environment: optional("POCI"),
            radii: radii.collect(),
        });
    }
    let mut collected = Collected::default();
    while let Some(row) = table.next_row()? {
        // The line of units has no identifier.
        if row.text(sid).trim().is_empty() {
            continue;
        }
        let line = Line {
            file,
            number: row.line as usize,
        };
        let written = row.text(time).trim();
        let when = Instant::parse(&format!("{}Z", written.replace(' ', "T"))).map_err(|_| {
            line.fault(
                message!(
                    "fault.what_is",
                    "{what} is '{text}'",
                    what = "ISO_TIME",
                    text = shown(written)
                ),
                message!("fix.time.iso", "give it as YYYY-MM-DD HH:MM:SS in UTC"),
            )
        })?;
        for columns in &agencies {
            if let Some(fix) = columns.fix(&row, &line, when)? {
                let (name, sid) = (row.text(name).trim().to_uppercase(), row.text(sid).trim());
                let track = collected.track(&name, sid, columns.agency, columns.averaging);
                track.fixes.push(fix);
            }
        }
    }
    collected.finish(file)
}

impl Columns {
    /// The fix of this agency in a row; `None` if it gives no wind and no pressure.
    fn fix(
        &self,
        row: &Row<'_>,
        line: &Line<'_>,
        time: Instant,
    ) -> Result<Option<Fix>, FormatError> {
        let number = |column: usize, what: Message| -> Result<Option<f64>, FormatError> {
            let text = row.text(column).trim();
            if text.is_empty() {
                return Ok(None);
            }
            match text.parse::<f64>() {
                Ok(v) if v.is_finite() => Ok(Some(v)),
                _ => Err(line.fault(
                    message!(
                        "fault.not_number",
                        "{what} is '{text}', not a number",
                        what = what,
                        text = shown(text)
                    ),
                    mend_field(),
                )),
            }
        };
        let bounded =
            |column: usize, low: f64, high: f64, what: Message| match number(column, what.clone())?
            {
                Some(v) if v > 0.0 => line.bounded(v, low, high, what).map(Some),
                _ => Ok(None),
            };
        let wind = bounded(
            self.wind,
            0.0,
            233.0,
            message!("what.wind_kt", "the wind [kt]"),
        )?;
        let pressure = bounded(
            self.pressure,
            850.0,
            1100.0,
            message!("what.pressure_hpa", "the pressure [hPa]"),
        )?;
        let (lat, lon) = (
            number(self.lat, message!("what.lat", "the latitude"))?,
            number(self.lon, message!("what.lon", "the longitude"))?,
        );
        let (Some(lat_deg), Some(lon_deg)) = (lat, lon) else {
            return Ok(None);
        };
        if wind.is_none() && pressure.is_none() {
            return Ok(None);
        }
        line.bounded(lat_deg, -70.0, 70.0, message!("what.lat", "the latitude"))?;
        line.bounded(
            lon_deg,
            -180.0,
            360.0,
            message!("what.lon", "the longitude"),
        )?;
        let optional = |column: Option<usize>, low: f64, high: f64, what: Message| match column {
            Some(column) => bounded(column, low, high, what),
            None => Ok(None),
        };
        let rmw = optional(
            self.rmw,
            0.5,
            540.0,
            message!("what.rmw_nmi", "the radius of maximum wind [nmi]"),
        )?;
        let environment = optional(
            self.environment,
            950.0,
            1050.0,
            message!("what.outer_hpa", "the outer pressure [hPa]"),
        )?;
        let mut radii = Vec::new();
        for (knots, places) in &self.radii {
            let mut quadrants = [None; 4];
            for (quadrant, place) in quadrants.iter_mut().zip(places) {
                let nmi = number(*place, message!("what.radius_nmi", "a radius [nmi]"))?;
                *quadrant = nmi.map(|r| Length::from_nautical_miles(r.max(0.0)).as_m());
            }
            if quadrants.iter().any(Option::is_some) {
                radii.push(WindRadius {
                    wind: Speed::from_knots(*knots).as_mps(),
                    quadrants,
                });
            }
        }
        Ok(Some(Fix {
            time,
            lat_deg,
            lon_deg: if lon_deg > 180.0 {
                lon_deg - 360.0
            } else {
                lon_deg
            },
            vmax: wind.map(|v| Speed::from_knots(v).as_mps()),
            pmin: pressure.map(|p| Pressure::from_hpa(p).as_pa()),
            rmw: rmw.map(|r| Length::from_nautical_miles(r).as_m()),
            radii,
            environment: environment.map(|p| Pressure::from_hpa(p).as_pa()),
            status: String::new(),
        }))
    }
}
