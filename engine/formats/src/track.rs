//! Tracks of tropical cyclones: our CSV, IBTrACS, ATCF decks, CMA and JMA best tracks, advisories as JSON.
//!
//! [`read`] tells the formats apart by their first line. Units, averaging period and agency are those of the
//! format or written in the file; none is guessed from the numbers.
//!
//! Our CSV has one fix a line. Columns: `name`, `time_utc` (RFC 3339), `lat`, `lon`; optional `intl_id`, `sid`, `agency`,
//! `vmax_kt`, `pmin_hpa`, `rmw_nmi`, `status`, `poci_hpa`, and radii of
//! 34, 50 and 64 kt as `r34_ne_nmi`, `_se_`, `_sw_`, `_nw_`. Several storms may stand in one file, and one storm
//! by several agencies: each agency's is a track of its own, for their winds do not mix. The averaging
//! period of the winds follows from the agency: JMA and HKO ten minutes, CMA two, JTWC one.

mod advisory;
mod agency;
mod atcf;
mod ibtracs;
mod line;
#[cfg(test)]
mod tests_of_formats;

use std::collections::HashMap;

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::storm::{Averaging, Fix, Track, WindRadius};
use stormgrid_core::time::Instant;
use stormgrid_core::units::{Length, Pressure, Speed};

use crate::FormatError;
use crate::error::line as line_of;
use crate::series::{Row, Table};

/// Winds whose radii a file may hold [kt], and the quadrants as the columns name them.
const RADII_KT: [u32; 3] = [34, 50, 64];
const SIDES: [&str; 4] = ["ne", "se", "sw", "nw"];

/// The tracks of a file and what a person should know about them.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracks {
    /// One track a storm, in the order of the file.
    pub tracks: Vec<Track>,
    /// Assumptions made and oddities seen.
    pub warnings: Vec<Message>,
}

struct Columns {
    name: usize,
    time: usize,
    lat: usize,
    lon: usize,
    intl_id: Option<usize>,
    sid: Option<usize>,
    agency: Option<usize>,
    vmax: Option<usize>,
    pmin: Option<usize>,
    rmw: Option<usize>,
    status: Option<usize>,
    environment: Option<usize>,
    /// Wind [kt] and its quadrants NE, SE, SW, NW.
    radii: Vec<(f64, [usize; 4])>,
}

/// Reads every storm of a file of any of the formats.
///
/// Refused: time that stands still or runs backwards within a storm, positions off the Earth, winds
/// above 120 m/s, pressures outside 850 to 1100 hPa, radii above 1000 km.
pub fn read(bytes: &[u8], file: &str) -> Result<Tracks, FormatError> {
    if advisory::is(bytes) {
        return advisory::read(bytes, file);
    }
    let first = bytes
        .split(|b| *b == b'\n')
        .find(|line| !line.trim_ascii().is_empty());
    let first = String::from_utf8_lossy(first.unwrap_or_default());
    if atcf::is(&first) {
        return atcf::read(bytes, file);
    }
    if agency::is(&first) {
        return agency::read(bytes, file);
    }
    if ibtracs::is(&first) {
        return ibtracs::read(bytes, file);
    }
    read_csv(bytes, file)
}

fn read_csv(bytes: &[u8], file: &str) -> Result<Tracks, FormatError> {
    let mut table = Table::read(bytes, file)?;
    let columns = Columns {
        name: table.column(&["name"])?,
        time: table.column(&["time_utc"])?,
        lat: table.column(&["lat"])?,
        lon: table.column(&["lon"])?,
        intl_id: table.optional(&["intl_id"]),
        sid: table.optional(&["sid"]),
        agency: table.optional(&["agency"]),
        vmax: table.optional(&["vmax_kt"]),
        pmin: table.optional(&["pmin_hpa"]),
        rmw: table.optional(&["rmw_nmi"]),
        status: table.optional(&["status"]),
        environment: table.optional(&["poci_hpa"]),
        radii: RADII_KT
            .into_iter()
            .filter_map(|knots| {
                let mut places = [0; 4];
                for (place, side) in places.iter_mut().zip(SIDES) {
                    *place = table.optional(&[format!("r{knots}_{side}_nmi").as_str()])?;
                }
                Some((f64::from(knots), places))
            })
            .collect(),
    };
    let mut tracks: Vec<Track> = Vec::new();
    let mut known: HashMap<[String; 4], usize> = HashMap::new();
    let mut warnings = Vec::new();
    while let Some(row) = table.next_row()? {
        let fix = columns.fix(&row, file)?;
        let text =
            |column: Option<usize>| column.map(|c| row.text(c).to_owned()).unwrap_or_default();
        let (name, intl_id) = (row.text(columns.name).to_uppercase(), text(columns.intl_id));
        let (sid, agency) = (text(columns.sid), text(columns.agency));
        let key = [name.clone(), intl_id.clone(), sid.clone(), agency.clone()];
        let index = *known.entry(key).or_insert_with(|| {
            let (averaging, assumed) = averaging(&agency);
            if assumed {
                warnings.push(message!(
                    "note.track.averaging", "{file}: storm {name} names no agency whose averaging period is known; its winds are taken as one-minute means (JTWC)",
                    file = file,
                    name = &name
                ));
            }
            tracks.push(Track {
                name,
                intl_id,
                sid,
                agency,
                averaging,
                fixes: Vec::new(),
            });
            tracks.len() - 1
        });
        let track = &mut tracks[index];
        if let Some(last) = track.fixes.last() {
            line::check_order(track, last, &fix, || {
                (file.to_owned(), Some(line_of(row.line)))
            })?;
            warnings.extend(line::gap(track, last, &fix, file));
        }
        track.fixes.push(fix);
    }
    if tracks.is_empty() {
        return Err(line::no_fix(file));
    }
    Ok(Tracks { tracks, warnings })
}

/// Writes one track in the same columns.
pub fn write(track: &Track) -> String {
    let mut text = String::from(
        "name,intl_id,sid,agency,time_utc,lat,lon,vmax_kt,pmin_hpa,rmw_nmi,status,poci_hpa",
    );
    for knots in RADII_KT {
        for side in SIDES {
            text.push_str(&format!(",r{knots}_{side}_nmi"));
        }
    }
    text.push('\n');
    let number = |value: Option<f64>| {
        value
            .map(|v| format!("{}", (v * 1000.0).round() / 1000.0))
            .unwrap_or_default()
    };
    let miles = |value: Option<f64>| number(value.map(|r| Length::from_m(r).as_nautical_miles()));
    for fix in &track.fixes {
        text.push_str(&format!(
            "{},{},{},{},{},{},{},{},{},{},{},{}",
            quoted(&track.name),
            quoted(&track.intl_id),
            quoted(&track.sid),
            quoted(&track.agency),
            fix.time.to_rfc3339(),
            fix.lat_deg,
            fix.lon_deg,
            number(fix.vmax.map(|v| Speed::from_mps(v).as_knots())),
            number(fix.pmin.map(|p| Pressure::from_pa(p).as_hpa())),
            miles(fix.rmw),
            quoted(&fix.status),
            number(fix.environment.map(|p| Pressure::from_pa(p).as_hpa())),
        ));
        for knots in RADII_KT {
            let wind = Speed::from_knots(f64::from(knots)).as_mps();
            let radius = fix.radii.iter().find(|r| (r.wind - wind).abs() < 0.25);
            for quadrant in 0..4 {
                text.push(',');
                text.push_str(&miles(radius.and_then(|r| r.quadrants[quadrant])));
            }
        }
        text.push('\n');
    }
    text
}

/// A field of a CSV row (RFC 4180): quoted where it holds what would end it.
fn quoted(field: &str) -> std::borrow::Cow<'_, str> {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\"")).into()
    } else {
        field.into()
    }
}

/// The averaging period of an agency, and whether it had to be assumed.
fn averaging(agency: &str) -> (Averaging, bool) {
    match agency.to_ascii_uppercase().as_str() {
        "JMA" | "HKO" | "WMO" | "TOKYO" => (Averaging::TenMinute, false),
        "CMA" => (Averaging::TwoMinute, false),
        "JTWC" | "NHC" | "USA" => (Averaging::OneMinute, false),
        _ => (Averaging::OneMinute, true),
    }
}

impl Columns {
    fn radii(&self, row: &Row<'_>) -> Result<Vec<WindRadius>, FormatError> {
        let mut radii = Vec::new();
        for (knots, places) in &self.radii {
            let mut quadrants = [None; 4];
            for (quadrant, place) in quadrants.iter_mut().zip(places) {
                let nmi = row.optional_number(*place)?;
                *quadrant = nmi.map(|r| Length::from_nautical_miles(r.max(0.0)).as_m());
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

    fn fix(&self, row: &Row<'_>, file: &str) -> Result<Fix, FormatError> {
        let wrong = |problem: Message, remedy: Message| {
            FormatError::malformed(file, line_of(row.line), problem, remedy)
        };
        let time = Instant::parse(row.text(self.time)).map_err(|e| {
            wrong(
                e.message(),
                message!(
                    "fix.time.utc",
                    "give the time in UTC, for example 2017-08-23T00:00:00Z"
                ),
            )
        })?;
        let (lat_deg, lon_deg) = (row.number(self.lat)?, row.number(self.lon)?);
        if lat_deg.abs() > 70.0 || !(-180.0..=360.0).contains(&lon_deg) {
            let problem = message!(
                "fault.track.nowhere",
                "latitude {lat}, longitude {lon} is no place of a tropical cyclone",
                lat = lat_deg,
                lon = lon_deg
            );
            return Err(wrong(
                problem,
                message!(
                    "fix.degrees",
                    "give latitude and longitude in degrees, north and east positive"
                ),
            ));
        }
        let bounded = |column: Option<usize>,
                       low: f64,
                       high: f64,
                       unit: &str|
         -> Result<Option<f64>, FormatError> {
            let Some(column) = column else {
                return Ok(None);
            };
            match row.optional_number(column)? {
                Some(v) if !(low..=high).contains(&v) => Err(wrong(
                    message!(
                        "fault.outside_unit",
                        "{value} {unit} is outside {low} to {high} {unit}",
                        value = v,
                        unit = unit,
                        low = low,
                        high = high
                    ),
                    line::check_unit(),
                )),
                other => Ok(other),
            }
        };
        Ok(Fix {
            time,
            lat_deg,
            lon_deg: if lon_deg > 180.0 {
                lon_deg - 360.0
            } else {
                lon_deg
            },
            vmax: bounded(self.vmax, 0.0, 233.0, "kt")?.map(|v| Speed::from_knots(v).as_mps()),
            pmin: bounded(self.pmin, 850.0, 1100.0, "hPa")?.map(|p| Pressure::from_hpa(p).as_pa()),
            rmw: bounded(self.rmw, 0.5, 540.0, "nmi")?
                .map(|r| Length::from_nautical_miles(r).as_m()),
            radii: self.radii(row)?,
            environment: bounded(self.environment, 950.0, 1050.0, "hPa")?
                .map(|p| Pressure::from_hpa(p).as_pa()),
            status: self
                .status
                .map(|c| row.text(c).to_owned())
                .unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HATO: &str = "name,intl_id,agency,time_utc,lat,lon,vmax_kt,pmin_hpa\n\
        HATO,1713,JMA,2017-08-23T00:00:00Z,21.5,114.9,75,965\n\
        HATO,1713,JMA,2017-08-23T06:00:00Z,22.3,112.9,75,965\n";

    #[test]
    fn a_track_is_read_in_si() {
        let tracks = read(HATO.as_bytes(), "hato.csv").expect("valid");
        let track = &tracks.tracks[0];
        assert_eq!(
            (track.averaging, track.fixes.len()),
            (Averaging::TenMinute, 2)
        );
        assert!((track.fixes[0].vmax.expect("given") - 38.583_333).abs() < 1e-5);
        assert_eq!(track.fixes[0].pmin, Some(96_500.0));
        assert!(tracks.warnings.is_empty());
        let again = read(write(track).as_bytes(), "again.csv").expect("valid");
        assert_eq!(again.tracks[0].fixes[1].lat_deg, track.fixes[1].lat_deg);
    }

    #[test]
    fn what_cannot_be_a_track_is_refused() {
        let fault = |text: &str| {
            read(text.as_bytes(), "t.csv")
                .expect_err("faulty")
                .to_string()
        };
        let backwards = HATO.replace("2017-08-23T06", "2017-08-22T06");
        assert!(
            fault(&backwards)
                .starts_with("t.csv, line 3: time runs backwards in the track of HATO")
        );
        assert!(
            fault(&HATO.replace("22.3,112.9", "112.9,22.3"))
                .contains("no place of a tropical cyclone")
        );
        assert!(
            fault(&HATO.replace(",75,965\nHATO", ",750,965\nHATO")).contains("750 kt is outside")
        );
        assert!(
            fault(&HATO.replace("2017-08-23T06:00:00Z", "2017-08-23 06:00")).contains("line 3")
        );
    }

    #[test]
    fn agencies_are_not_mixed_into_one_track() {
        let text = format!("{HATO}HATO,1713,JTWC,2017-08-23T00:00:00Z,21.6,114.8,85,964\n");
        let tracks = read(text.as_bytes(), "t.csv").expect("valid").tracks;
        let found: Vec<_> = tracks
            .iter()
            .map(|t| (t.averaging, t.fixes.len()))
            .collect();
        assert_eq!(
            found,
            [(Averaging::TenMinute, 2), (Averaging::OneMinute, 1)]
        );
    }

    #[test]
    fn a_name_with_a_comma_survives_writing() {
        let text = HATO.replace("HATO", "\"HATO, \"\"13W\"\"\"");
        let track = read(text.as_bytes(), "t.csv").expect("valid").tracks;
        let again = read(write(&track[0]).as_bytes(), "t.csv").expect("valid");
        assert_eq!(again.tracks[0].name, "HATO, \"13W\"");
    }

    /// The storms were once found by going through all of them for every line: minutes for a file
    /// of a few megabytes.
    #[test]
    fn many_storms_in_a_file_are_read_in_linear_time() {
        let mut text = String::from("name,agency,time_utc,lat,lon\n");
        for storm in 0..100_000 {
            text.push_str(&format!("S{storm},JMA,2017-08-23T00:00:00Z,21.5,114.9\n"));
        }
        let begun = std::time::Instant::now();
        let tracks = read(text.as_bytes(), "t.csv").expect("valid").tracks;
        assert_eq!(tracks.len(), 100_000);
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    }

    #[test]
    fn an_unknown_agency_and_a_long_gap_are_flagged() {
        let text = HATO
            .replace("JMA", "XYZ")
            .replace("2017-08-23T06", "2017-08-25T06");
        assert_eq!(
            read(text.as_bytes(), "t.csv")
                .expect("valid")
                .warnings
                .len(),
            2
        );
    }
}
