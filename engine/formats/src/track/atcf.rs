//! ATCF a-decks, b-decks and f-decks' common columns: comma-separated text of JTWC and NHC.
//!
//! One line a time and wind radius; winds in knots (1-minute means), radii in nautical miles, pressures in
//! hPa; 0 stands for "not known". A b-deck is one track a storm; an a-deck one track an aid and base time. In a
//! b-deck the fourth field holds the minutes of the time, in an a-deck a number of the technique.
//!
//! A storm is known by basin, number and season. The number comes again in each season, those of invests (90 to 99)
//! in the same one: lines more than ten days apart are of two storms.
//!
//! Source: Naval Research Laboratory, ATCF database file formats, common fields.

use std::collections::HashMap;

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::storm::{Averaging, Fix, Track, WindRadius};
use stormgrid_core::time::Instant;
use stormgrid_core::units::{Length, Pressure, Speed};

use super::collect::{ANOTHER_STORM_S, Collected};
use super::line::{Line, MOST_RADIUS_NMI, Odd, lines, shown};
use super::{Tracks, is_nameless};
use crate::FormatError;

/// Whether a line is of this kind: basin, number, ten digits of time.
pub(super) fn is(line: &str) -> bool {
    let mut fields = line.split(',').map(str::trim);
    let mut next = || fields.next().unwrap_or_default();
    let (basin, number, time) = (next(), next(), next());
    basin.len() == 2
        && basin.bytes().all(|b| b.is_ascii_alphabetic())
        && (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
        && time.len() == 10
        && time.bytes().all(|b| b.is_ascii_digit())
}

/// What is known of a basin and number over all its lines: when they are, and what they call the storm.
type Numbers = HashMap<String, Vec<(Instant, String)>>;

/// Reads every storm and aid of a deck.
pub(super) fn read(text: &str, file: &str) -> Result<Tracks, FormatError> {
    let mut collected = Collected::default();
    let mut numbers = Numbers::new();
    for (line, text) in lines(text, file) {
        match text.and_then(|text| Fields::of(&line, text)) {
            Ok(fields) => fields.read(&line, &mut collected, &mut numbers),
            Err(odd) => collected.loose(odd),
        }
    }
    for times in numbers.values_mut() {
        times.sort_by_key(|(time, _)| *time);
    }
    collected.finish(file, |track| identify(track, &numbers))
}

/// The fields of a line that say whose it is.
struct Fields<'a> {
    all: Vec<&'a str>,
    /// Basin and number, for example `WP15`.
    storm: String,
    aid: String,
}

impl<'a> Fields<'a> {
    fn of(line: &Line<'_>, text: &'a str) -> Result<Self, Odd> {
        let all: Vec<&str> = text.split(',').map(str::trim).collect();
        if !is(text) || all.len() < 8 {
            return Err(line.odd(
                message!("fault.track.atcf", "it is no line of an ATCF deck"),
                message!("fix.track.atcf", "give basin, number, YYYYMMDDHH, technique, aid, lead, latitude, longitude, wind, separated by commas"),
            ));
        }
        let number: u32 = all[1].parse().unwrap_or_default();
        Ok(Self {
            storm: format!("{}{number:02}", all[0].to_uppercase()),
            aid: all[4].to_uppercase(),
            all,
        })
    }

    fn field(&self, k: usize) -> &'a str {
        self.all.get(k).copied().unwrap_or_default()
    }

    fn basin(&self) -> &str {
        &self.storm[..2]
    }

    fn is_best(&self) -> bool {
        self.aid == "BEST"
    }

    /// Adds the line to its storm.
    fn read(self, line: &Line<'_>, into: &mut Collected, numbers: &mut Numbers) {
        // Each base time of a forecast is a track of its own.
        let id = match self.is_best() {
            true => self.storm.clone(),
            false => format!("{} {}", self.storm, self.field(2)),
        };
        let agency = match (self.is_best(), ["WP", "IO", "SH"].contains(&self.basin())) {
            (true, true) => "JTWC",
            (true, false) => "NHC",
            (false, _) => &self.aid,
        };
        let storm = into.storm(format!("{id}/{}", self.aid), || Track {
            name: self.storm.clone(),
            intl_id: String::new(),
            sid: id.clone(),
            agency: agency.to_owned(),
            averaging: Averaging::OneMinute,
            fixes: Vec::new(),
        });
        match self.fix(line) {
            Ok(Some(fix)) => {
                let base = line.hour(self.field(2)).unwrap_or(fix.time);
                let known = numbers.entry(self.storm.clone()).or_default();
                known.push((base, self.field(27).to_uppercase()));
                storm.push(line.number, fix);
            }
            Ok(None) => storm.placeless(line.number),
            Err(odd) => storm.odd(odd),
        }
    }

    /// The instant of the line: base time, minutes of a best track, lead of a forecast.
    fn time(&self, line: &Line<'_>) -> Result<Instant, Odd> {
        let base = line.hour(self.field(2))?;
        let lead = line.number(self.field(5), message!("what.lead", "the lead time"))?;
        let lead_h = lead.unwrap_or(0.0);
        line.bounded(
            lead_h,
            -240.0,
            480.0,
            message!("what.lead", "the lead time"),
        )?;
        let minutes = match self.is_best() {
            true => line.number(self.field(3), minutes_name())?.unwrap_or(0.0),
            false => 0.0,
        };
        line.bounded(minutes, 0.0, 59.0, minutes_name())?;
        Ok(base.plus_seconds(lead_h * 3600.0 + minutes * 60.0))
    }

    /// The fix of the line; `None` if it gives no position.
    fn fix(&self, line: &Line<'_>) -> Result<Option<Fix>, Odd> {
        let time = self.time(line)?;
        let lat = degrees(
            line,
            self.field(6),
            ['N', 'S'],
            message!("what.lat", "the latitude"),
        )?;
        let lon = degrees(
            line,
            self.field(7),
            ['E', 'W'],
            message!("what.lon", "the longitude"),
        )?;
        // An aid without a position at a lead time says 0N 0W, or 0 alone, or nothing.
        let (lat_deg, lon_deg) = match (lat, lon) {
            (None | Some(0.0), None | Some(0.0)) => return Ok(None),
            (lat, lon) => (lat.unwrap_or(0.0), lon.unwrap_or(0.0)),
        };
        let (lat_deg, lon_deg) = line.place(lat_deg, lon_deg)?;
        self.check_hemisphere(line, lat_deg)?;
        let wind = line.positive(
            self.field(8),
            0.0,
            233.0,
            message!("what.wind_kt", "the wind [kt]"),
        )?;
        let pressure = line.positive(
            self.field(9),
            850.0,
            1100.0,
            message!("what.pressure_hpa", "the pressure [hPa]"),
        )?;
        let rmw = line.positive(
            self.field(19),
            0.5,
            540.0,
            message!("what.rmw_nmi", "the radius of maximum wind [nmi]"),
        )?;
        let environment =
            line.number(self.field(17), message!("what.outer", "the outer pressure"))?;
        let environment = environment.filter(|p| (950.0..=1050.0).contains(p));
        Ok(Some(Fix {
            time,
            lat_deg,
            lon_deg,
            vmax: wind.map(|v| Speed::from_knots(v).as_mps()),
            pmin: pressure.map(|p| Pressure::from_hpa(p).as_pa()),
            rmw: rmw.map(|r| Length::from_nautical_miles(r).as_m()),
            radii: self.radius(line)?.into_iter().collect(),
            environment: environment.map(|p| Pressure::from_hpa(p).as_pa()),
            status: self.field(10).to_owned(),
        }))
    }

    fn check_hemisphere(&self, line: &Line<'_>, lat_deg: f64) -> Result<(), Odd> {
        if (lat_deg < 0.0) == is_southern(self.basin()) || lat_deg.abs() <= 1.0 {
            return Ok(());
        }
        Err(line.odd(
            message!(
                "fault.track.basin",
                "latitude {lat} does not lie in basin {basin}",
                lat = self.field(6),
                basin = self.basin()
            ),
            message!("fix.track.basin", "check the hemisphere: N or S"),
        ))
    }

    /// The wind radius of the line, if it has one.
    fn radius(&self, line: &Line<'_>) -> Result<Option<WindRadius>, Odd> {
        let wind = line.number(
            self.field(11),
            message!("what.radii_wind", "the wind of the radii"),
        )?;
        let first = match self.field(12) {
            "AAA" => None,
            "NEQ" => Some(0),
            "SEQ" => Some(1),
            "SWQ" => Some(2),
            "NWQ" => Some(3),
            _ => return Ok(None),
        };
        let Some(wind) = wind.filter(|wind| *wind > 0.0) else {
            return Ok(None);
        };
        let mut quadrants = [None; 4];
        for k in 0..4 {
            let given = self.field(13 + if first.is_none() { 0 } else { k });
            let radius = line.radius(given, MOST_RADIUS_NMI)?;
            let radius = radius.map(|nmi| Length::from_nautical_miles(nmi).as_m());
            quadrants[(first.unwrap_or(0) + k) % 4] = radius;
        }
        let known = quadrants.iter().any(Option::is_some);
        Ok(known.then(|| WindRadius {
            wind: Speed::from_knots(wind).as_mps(),
            quadrants,
        }))
    }
}

fn minutes_name() -> Message {
    message!("what.minutes", "the minutes")
}

fn is_southern(basin: &str) -> bool {
    ["SH", "SL", "SP", "SI", "LS"].contains(&basin)
}

/// Degrees with a letter, in tenths unless they have a point; `None` for a blank or a bare 0.
fn degrees(
    line: &Line<'_>,
    field: &str,
    letters: [char; 2],
    what: Message,
) -> Result<Option<f64>, Odd> {
    let odd = || {
        line.odd(
            message!(
                "fault.what_is",
                "{what} is '{text}'",
                what = what.clone(),
                text = shown(field)
            ),
            message!(
                "fix.tenths",
                "give tenths of a degree and {a} or {b}, for example 215{a}",
                a = letters[0],
                b = letters[1]
            ),
        )
    };
    if field.is_empty() || field.bytes().all(|b| b == b'0') {
        return Ok(None);
    }
    let sign = match field.chars().last().map(|c| c.to_ascii_uppercase()) {
        Some(c) if c == letters[0] => 1.0,
        Some(c) if c == letters[1] => -1.0,
        _ => return Err(odd()),
    };
    let digits = field[..field.len() - 1].trim();
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let value: f64 = digits.parse().ok().filter(|_| plain).ok_or_else(odd)?;
    let degrees = match digits.contains('.') {
        true => value,
        false => value / 10.0,
    };
    match degrees <= 180.0 {
        true => Ok(Some(sign * degrees)),
        false => Err(odd()),
    }
}

/// Gives a track the season and the name of its storm.
fn identify(track: &mut Track, numbers: &Numbers) {
    let sid = track.sid.clone();
    let (storm, base) = sid.split_once(' ').unwrap_or((&sid, ""));
    let (Some(first), Some(lines)) = (track.fixes.first(), numbers.get(storm)) else {
        return;
    };
    // All lines without ten days between them: those of the same storm.
    let mut own: &[(Instant, String)] = &[];
    let apart =
        |a: &(Instant, String), b: &(Instant, String)| b.0.seconds_since(a.0) <= ANOTHER_STORM_S;
    for group in lines.chunk_by(apart) {
        // The analyses of an a-deck reach back before its base times.
        let reached = |begin: Instant| begin.plus_seconds(-0.5 * ANOTHER_STORM_S) <= first.time;
        if own.is_empty() || group.first().is_some_and(|(begin, _)| reached(*begin)) {
            own = group;
        }
    }
    let Some((begin, _)) = own.first() else {
        return;
    };
    let season = season(*begin, is_southern(&storm[..2]));
    track.sid = match base {
        "" => format!("{storm}{season}"),
        base => format!("{storm}{season} {base}"),
    };
    let names = own.iter().rev().map(|(_, name)| name);
    let mut names = names.filter(|name| is_name(name));
    let any = names.clone().next();
    if let Some(name) = names.find(|name| !is_nameless(name)).or(any) {
        track.name.clone_from(name);
    }
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b' ')
}

/// The season of an instant: that of the south begins in July and has the number of the year in which it ends.
fn season(time: Instant, southern: bool) -> i64 {
    // Half a year on, July 1 falls into the next year; a day more or less does not matter then.
    let ahead = if southern { 184.0 * 86_400.0 } else { 0.0 };
    let text = time.plus_seconds(ahead).to_rfc3339();
    text.get(..4)
        .and_then(|year| year.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_season_of_the_south_has_the_year_in_which_it_ends() {
        let of = |text: &str, south| season(Instant::parse(text).expect("valid"), south);
        assert_eq!(of("2018-12-31T18:00:00Z", false), 2018);
        assert_eq!(of("2023-12-30T00:00:00Z", true), 2024);
        assert_eq!(of("2024-01-02T00:00:00Z", true), 2024);
        assert_eq!(of("2024-06-29T00:00:00Z", true), 2024);
        assert_eq!(of("2024-07-02T00:00:00Z", true), 2025);
    }

    #[test]
    fn degrees_are_tenths_with_a_letter() {
        let line = Line {
            file: "t",
            number: 1,
        };
        let read = |text| degrees(&line, text, ['N', 'S'], Message::plain("latitude"));
        assert_eq!(read("215N"), Ok(Some(21.5)));
        assert_eq!(read("5s"), Ok(Some(-0.5)));
        assert_eq!(read("21.5N"), Ok(Some(21.5)));
        assert_eq!(
            (read("0"), read(""), read("0N")),
            (Ok(None), Ok(None), Ok(Some(0.0)))
        );
        for odd in ["215", "N", "-215N", "2x5N", "215E", "5000N", "天N", "北"] {
            assert!(read(odd).is_err(), "{odd}");
        }
    }
}
