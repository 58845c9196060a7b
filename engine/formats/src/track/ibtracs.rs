//! IBTrACS v04 as CSV: one line a time, columns by agency; a track for each storm and agency that gives wind
//! or pressure.
//!
//! Winds in knots, pressures in hPa, radii in nautical miles; the line below the header names the units, and
//! others are refused. A storm is one by its identifier (SID): names come again.
//! Source: Knapp et al. (2010), Bull. Amer. Meteor. Soc. 91, 363–376; IBTrACS v04 column documentation.

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::storm::{Averaging, Fix, Track, WindRadius};
use stormgrid_core::time::Instant;
use stormgrid_core::units::{Length, Pressure, Speed};

use super::Tracks;
use super::collect::Collected;
use super::line::{Line, MOST_RADIUS_NMI, Odd, instant, shown};
use super::rows::{Row, Table};
use crate::FormatError;
use crate::error::line as line_of;

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
            .split([',', ';', '\t'])
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
pub(super) fn read(text: &str, file: &str) -> Result<Tracks, FormatError> {
    let mut table = Table::read(text, file)?;
    let (sid, name, time) = (
        table.column("sid")?,
        table.column("name")?,
        table.column("iso_time")?,
    );
    let agencies = agencies(&table)?;
    let mut collected = Collected::default();
    while let Some(row) = table.next_row() {
        let row = match row {
            Ok(row) => row,
            Err(odd) => {
                collected.loose(odd);
                continue;
            }
        };
        // The line of units has no identifier.
        if row.text(sid).is_empty() {
            for columns in &agencies {
                columns.check_units(&row)?;
            }
            continue;
        }
        let when = time_of(&row, time);
        for columns in &agencies {
            let (name, sid) = (row.text(name).to_uppercase(), row.text(sid));
            let fix = when.clone().and_then(|when| columns.fix(&row, when));
            if fix == Ok(None) || !columns.says_something(&row) {
                continue;
            }
            let storm = collected.storm(format!("{sid}/{}", columns.agency), || Track {
                name,
                intl_id: String::new(),
                sid: sid.to_owned(),
                agency: columns.agency.to_owned(),
                averaging: columns.averaging,
                fixes: Vec::new(),
            });
            match fix {
                Ok(Some(fix)) => storm.push(row.line.number, fix),
                Ok(None) => {}
                Err(odd) => storm.odd(odd),
            }
        }
    }
    collected.finish(file, |_| {})
}

/// The columns of the agencies that the table has.
fn agencies(table: &Table<'_>) -> Result<Vec<Columns>, FormatError> {
    let (lat, lon) = (table.column("lat")?, table.column("lon")?);
    let mut agencies = Vec::new();
    for (prefix, agency, averaging) in AGENCIES {
        let optional =
            |what: &str| table.optional(format!("{prefix}_{what}").to_lowercase().as_str());
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
    Ok(agencies)
}

/// The time of a row, in UTC unless it names an offset.
fn time_of(row: &Row<'_>, column: usize) -> Result<Instant, Odd> {
    let written = row.text(column);
    let joined = written.replace(' ', "T");
    let time = instant(&format!("{joined}Z")).or_else(|_| instant(&joined));
    time.map_err(|_| {
        row.line.odd(
            message!(
                "fault.what_is",
                "{what} is '{text}'",
                what = "ISO_TIME",
                text = shown(written)
            ),
            message!("fix.time.iso", "give it as YYYY-MM-DD HH:MM:SS in UTC"),
        )
    })
}

impl Columns {
    /// Refuses units other than those of the format.
    fn check_units(&self, row: &Row<'_>) -> Result<(), FormatError> {
        for (column, units, unit) in [
            (self.wind, ["", "kts", "kt", "knots"], "kt"),
            (self.pressure, ["", "mb", "hpa", "mbar"], "hPa"),
        ] {
            let written = row.text(column).to_lowercase();
            if !units.contains(&written.as_str()) {
                return Err(FormatError::malformed(
                    row.line.file,
                    line_of(row.line.number),
                    message!(
                        "fault.track.units",
                        "the values of {agency} are in '{text}', not in {unit}",
                        agency = self.agency,
                        text = shown(&written),
                        unit = unit
                    ),
                    message!("fix.track.units", "give them in {unit}", unit = unit),
                ));
            }
        }
        Ok(())
    }

    /// Whether the agency gives a wind or a pressure in a row.
    fn says_something(&self, row: &Row<'_>) -> bool {
        !row.text(self.wind).is_empty() || !row.text(self.pressure).is_empty()
    }

    /// The fix of this agency in a row; `None` if it gives no wind and no pressure.
    fn fix(&self, row: &Row<'_>, time: Instant) -> Result<Option<Fix>, Odd> {
        let line: &Line<'_> = &row.line;
        let wind = line.positive(
            row.text(self.wind),
            0.0,
            233.0,
            message!("what.wind_kt", "the wind [kt]"),
        )?;
        let pressure = line.positive(
            row.text(self.pressure),
            850.0,
            1100.0,
            message!("what.pressure_hpa", "the pressure [hPa]"),
        )?;
        let (lat, lon) = (
            line.number(row.text(self.lat), message!("what.lat", "the latitude"))?,
            line.number(row.text(self.lon), message!("what.lon", "the longitude"))?,
        );
        let (Some(lat_deg), Some(lon_deg)) = (lat, lon) else {
            return Ok(None);
        };
        if wind.is_none() && pressure.is_none() {
            return Ok(None);
        }
        let (lat_deg, lon_deg) = line.place(lat_deg, lon_deg)?;
        let optional = |column: Option<usize>, low: f64, high: f64, what: Message| {
            line.positive(row.text_of(column), low, high, what)
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
        Ok(Some(Fix {
            time,
            lat_deg,
            lon_deg,
            vmax: wind.map(|v| Speed::from_knots(v).as_mps()),
            pmin: pressure.map(|p| Pressure::from_hpa(p).as_pa()),
            rmw: rmw.map(|r| Length::from_nautical_miles(r).as_m()),
            radii: radii(row, &self.radii)?,
            environment: environment.map(|p| Pressure::from_hpa(p).as_pa()),
            status: String::new(),
        }))
    }
}

/// Radii of winds in the columns of a row.
pub(super) fn radii(row: &Row<'_>, columns: &[(f64, [usize; 4])]) -> Result<Vec<WindRadius>, Odd> {
    let mut radii = Vec::new();
    for (knots, places) in columns {
        let mut quadrants = [None; 4];
        for (quadrant, place) in quadrants.iter_mut().zip(places) {
            let nmi = row.line.radius(row.text(*place), MOST_RADIUS_NMI)?;
            *quadrant = nmi.map(|r| Length::from_nautical_miles(r).as_m());
        }
        if quadrants.iter().any(Option::is_some) {
            radii.push(WindRadius {
                wind: Speed::from_knots(*knots).as_mps(),
                quadrants,
            });
        }
    }
    Ok(radii)
}
