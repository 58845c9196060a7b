//! Our own CSV of tracks; [`super`] describes its columns.

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::storm::{Averaging, Fix, Track};
use stormgrid_core::units::{Length, Pressure, Speed};

use super::collect::Collected;
use super::ibtracs::radii;
use super::line::{Odd, instant};
use super::rows::{Row, Table};
use super::{RADII_KT, SIDES, Tracks};
use crate::FormatError;

struct Columns {
    name: usize,
    time: usize,
    lat: usize,
    lon: usize,
    intl_id: Option<usize>,
    sid: Option<usize>,
    agency: Option<usize>,
    /// Column, and knots in its unit.
    vmax: Option<(usize, f64)>,
    pmin: Option<usize>,
    rmw: Option<usize>,
    status: Option<usize>,
    environment: Option<usize>,
    /// Wind [kt] and its quadrants NE, SE, SW, NW.
    radii: Vec<(f64, [usize; 4])>,
}

/// Reads every storm and agency of a table.
pub(super) fn read(text: &str, file: &str) -> Result<Tracks, FormatError> {
    let mut table = Table::read(text, file)?;
    let columns = Columns::of(&table)?;
    let mut collected = Collected::default();
    while let Some(row) = table.next_row() {
        match row {
            Ok(row) => columns.read(&row, file, &mut collected),
            Err(odd) => collected.loose(odd),
        }
    }
    collected.finish(file, |_| {})
}

/// The averaging period of an agency; `None` if it is not known.
fn averaging(agency: &str) -> Option<Averaging> {
    match agency.to_ascii_uppercase().as_str() {
        "JMA" | "HKO" | "WMO" | "TOKYO" => Some(Averaging::TenMinute),
        "CMA" => Some(Averaging::TwoMinute),
        "JTWC" | "NHC" | "USA" => Some(Averaging::OneMinute),
        _ => None,
    }
}

/// Knots in a metre a second.
const KNOTS_A_MPS: f64 = 1.0 / stormgrid_core::units::KNOT;

/// Names of the column of winds, and knots in their unit.
const WIND_COLUMNS: [(&str, f64); 5] = [
    ("vmax_kt", 1.0),
    ("vmax_mps", KNOTS_A_MPS),
    ("vmax_ms", KNOTS_A_MPS),
    ("vmax_m_s", KNOTS_A_MPS),
    ("vmax_kmh", KNOTS_A_MPS / 3.6),
];

impl Columns {
    fn of(table: &Table<'_>) -> Result<Self, FormatError> {
        let radii = RADII_KT.into_iter().filter_map(|knots| {
            let mut places = [0; 4];
            for (place, side) in places.iter_mut().zip(SIDES) {
                *place = table.optional(&format!("r{knots}_{side}_nmi"))?;
            }
            Some((f64::from(knots), places))
        });
        Ok(Self {
            name: table.column("name")?,
            time: table.column("time_utc")?,
            lat: table.column("lat")?,
            lon: table.column("lon")?,
            intl_id: table.optional("intl_id"),
            sid: table.optional("sid"),
            agency: table.optional("agency"),
            vmax: WIND_COLUMNS
                .into_iter()
                .find_map(|(name, knots)| Some((table.optional(name)?, knots))),
            pmin: table.optional("pmin_hpa"),
            rmw: table.optional("rmw_nmi"),
            status: table.optional("status"),
            environment: table.optional("poci_hpa"),
            radii: radii.collect(),
        })
    }

    /// Adds a row to its storm: that of its identifier, or else of its number, or else of its name.
    fn read(&self, row: &Row<'_>, file: &str, into: &mut Collected) {
        let (name, agency) = (row.text(self.name).to_uppercase(), row.text_of(self.agency));
        let (intl_id, sid) = (row.text_of(self.intl_id), row.text_of(self.sid));
        let id = [sid, intl_id, &name].into_iter().find(|id| !id.is_empty());
        let key = format!("{}/{agency}", id.unwrap_or_default());
        let known = averaging(agency);
        let is_new = into.known(&key).is_none();
        let storm = into.storm(key, || Track {
            name: name.clone(),
            intl_id: intl_id.to_owned(),
            sid: sid.to_owned(),
            agency: agency.to_owned(),
            averaging: known.unwrap_or(Averaging::OneMinute),
            fixes: Vec::new(),
        });
        if is_new && known.is_none() {
            storm.findings.push(Finding::new(Kind::Assumed, file, message!(
                "note.track.averaging", "storm {name} names no agency whose averaging period is known; its winds are taken as one-minute means (JTWC)",
                name = &name
            )));
        }
        match self.fix(row) {
            Ok(fix) => storm.push(row.line.number, fix),
            Err(odd) => storm.odd(odd),
        }
    }

    fn fix(&self, row: &Row<'_>) -> Result<Fix, Odd> {
        let line = &row.line;
        let time = instant(row.text(self.time)).map_err(|e| {
            line.odd(
                e.message(),
                message!(
                    "fix.time.utc",
                    "give the time in UTC, for example 2017-08-23T00:00:00Z"
                ),
            )
        })?;
        let lat_deg = line.required(row.text(self.lat), message!("what.lat", "the latitude"))?;
        let lon_deg = line.required(row.text(self.lon), message!("what.lon", "the longitude"))?;
        let Ok((lat_deg, lon_deg)) = line.place(lat_deg, lon_deg) else {
            let problem = message!(
                "fault.track.nowhere",
                "latitude {lat}, longitude {lon} is no place of a tropical cyclone",
                lat = lat_deg,
                lon = lon_deg
            );
            let remedy = message!(
                "fix.degrees",
                "give latitude and longitude in degrees, north and east positive"
            );
            return Err(line.odd(problem, remedy));
        };
        let positive = |column: Option<usize>, low: f64, high: f64, what| {
            line.positive(row.text_of(column), low, high, what)
        };
        let (column, knots) = self
            .vmax
            .map_or((None, 1.0), |(at, knots)| (Some(at), knots));
        let vmax = positive(
            column,
            0.0,
            233.0 / knots,
            message!("what.wind_kt", "the wind [kt]"),
        )?;
        let vmax = vmax.map(|v| v * knots);
        let pmin = positive(
            self.pmin,
            850.0,
            1100.0,
            message!("what.pressure_hpa", "the pressure [hPa]"),
        )?;
        let rmw = positive(
            self.rmw,
            0.5,
            540.0,
            message!("what.rmw_nmi", "the radius of maximum wind [nmi]"),
        )?;
        let environment = positive(
            self.environment,
            950.0,
            1050.0,
            message!("what.outer_hpa", "the outer pressure [hPa]"),
        )?;
        Ok(Fix {
            time,
            lat_deg,
            lon_deg,
            vmax: vmax.map(|v| Speed::from_knots(v).as_mps()),
            pmin: pmin.map(|p| Pressure::from_hpa(p).as_pa()),
            rmw: rmw.map(|r| Length::from_nautical_miles(r).as_m()),
            radii: radii(row, &self.radii)?,
            environment: environment.map(|p| Pressure::from_hpa(p).as_pa()),
            status: row.text_of(self.status).to_owned(),
        })
    }
}
