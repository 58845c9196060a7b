//! ATCF a-decks, b-decks and f-decks' common columns: comma-separated text of JTWC and NHC.
//!
//! One line a time and wind radius; winds in knots (1-minute means), radii in nautical miles, pressures in
//! hPa. A b-deck is one track a storm; an a-deck one track an aid and base time.
//! Source: Naval Research Laboratory, ATCF database file formats, common fields.

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::storm::{Averaging, Fix, WindRadius};
use stormgrid_core::units::{Length, Pressure, Speed};

use super::Tracks;
use super::line::{Collected, Line, lines, shown};
use crate::FormatError;

/// Whether a file's first line is of this kind: basin, number, ten digits of time.
pub(super) fn is(first_line: &str) -> bool {
    let mut fields = first_line.split(',').map(str::trim);
    let mut next = || fields.next().unwrap_or_default();
    let (basin, number, time) = (next(), next(), next());
    basin.len() == 2
        && basin.bytes().all(|b| b.is_ascii_alphabetic())
        && number.len() <= 2
        && number.bytes().all(|b| b.is_ascii_digit())
        && time.len() == 10
        && time.bytes().all(|b| b.is_ascii_digit())
}

/// Reads every storm and aid of a deck.
pub(super) fn read(bytes: &[u8], file: &str) -> Result<Tracks, FormatError> {
    let mut collected = Collected::default();
    for (line, text) in lines(bytes, file)? {
        read_line(&line, text, &mut collected)?;
    }
    for track in &mut collected.tracks {
        if track.name.is_empty() {
            track.name = track.sid.split(' ').next().unwrap_or_default().to_owned();
        }
    }
    collected.finish(file)
}

fn read_line(line: &Line<'_>, text: &str, into: &mut Collected) -> Result<(), FormatError> {
    let fields: Vec<&str> = text.split(',').map(str::trim).collect();
    let field = |k: usize| fields.get(k).copied().unwrap_or_default();
    if !is(text) || fields.len() < 9 {
        return Err(line.fault(
            message!("fault.track.atcf", "it is no line of an ATCF deck"),
            message!("fix.track.atcf", "give basin, number, YYYYMMDDHH, technique, aid, lead, latitude, longitude, wind, separated by commas"),
        ));
    }
    let base = line.hour(field(2))?;
    let lead = line
        .whole(field(5), message!("what.lead", "the lead time"))?
        .unwrap_or(0);
    let aid = field(4).to_uppercase();
    let best = aid == "BEST";
    let time = base.plus_seconds(f64::from(lead) * 3600.0);
    let basin = field(0).to_uppercase();
    let deck = format!("{basin}{}{}", field(1), &field(2)[..4]);
    // Each base time of a forecast is a track of its own.
    let id = match best {
        true => deck,
        false => format!("{deck} {}", field(2)),
    };
    let lat_deg = degrees(
        line,
        field(6),
        ['N', 'S'],
        message!("what.lat", "the latitude"),
    )?;
    let lon_deg = degrees(
        line,
        field(7),
        ['E', 'W'],
        message!("what.lon", "the longitude"),
    )?;
    // An aid without a position at a lead time says 0N 0W.
    if lat_deg == 0.0 && lon_deg == 0.0 {
        return Ok(());
    }
    line.bounded(
        lat_deg.abs(),
        0.0,
        70.0,
        message!("what.lat", "the latitude"),
    )?;
    let south = ["SH", "SL", "SP", "SI"].contains(&basin.as_str());
    if (lat_deg < 0.0) != south && lat_deg.abs() > 1.0 {
        return Err(line.fault(
            message!(
                "fault.track.basin",
                "latitude {lat} does not lie in basin {basin}",
                lat = field(6),
                basin = &basin
            ),
            message!("fix.track.basin", "check the hemisphere: N or S"),
        ));
    }
    let positive = |k: usize, what: Message| -> Result<Option<f64>, FormatError> {
        let value = line.whole(field(k), what)?;
        Ok(value.filter(|v| *v > 0).map(f64::from))
    };
    let bounded = |value: Option<f64>, low: f64, high: f64, what: Message| match value {
        Some(v) => line.bounded(v, low, high, what).map(Some),
        None => Ok(None),
    };
    let wind = bounded(
        positive(8, message!("what.wind", "the wind"))?,
        0.0,
        233.0,
        message!("what.wind_kt", "the wind [kt]"),
    )?;
    let pressure = bounded(
        positive(9, message!("what.pressure", "the pressure"))?,
        850.0,
        1100.0,
        message!("what.pressure_hpa", "the pressure [hPa]"),
    )?;
    let environment = positive(17, message!("what.outer", "the outer pressure"))?
        .filter(|p| (950.0..=1050.0).contains(p));
    let rmw = bounded(
        positive(19, message!("what.rmw", "the radius of maximum wind"))?,
        0.5,
        540.0,
        message!("what.rmw_short", "the radius [nmi]"),
    )?;
    let radius = radius(line, &field)?;

    let agency = match (best, ["WP", "IO", "SH"].contains(&basin.as_str())) {
        (true, true) => "JTWC".to_owned(),
        (true, false) => "NHC".to_owned(),
        (false, _) => aid,
    };
    let track = into.track("", &id, &agency, Averaging::OneMinute);
    let name = field(27).to_uppercase();
    if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-') {
        track.name = name;
    }
    // Further lines of one time bring further radii.
    match track.fixes.last_mut() {
        Some(last) if last.time == time => last.radii.extend(radius),
        _ => track.fixes.push(Fix {
            time,
            lat_deg,
            lon_deg,
            vmax: wind.map(|v| Speed::from_knots(v).as_mps()),
            pmin: pressure.map(|p| Pressure::from_hpa(p).as_pa()),
            rmw: rmw.map(|r| Length::from_nautical_miles(r).as_m()),
            radii: radius.into_iter().collect(),
            environment: environment.map(|p| Pressure::from_hpa(p).as_pa()),
            status: field(10).to_owned(),
        }),
    }
    Ok(())
}

/// Tenths of a degree with a letter.
fn degrees(
    line: &Line<'_>,
    field: &str,
    letters: [char; 2],
    what: Message,
) -> Result<f64, FormatError> {
    let fault = || {
        line.fault(
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
    let sign = match field.chars().last() {
        Some(c) if c == letters[0] => 1.0,
        Some(c) if c == letters[1] => -1.0,
        _ => return Err(fault()),
    };
    let tenths: u32 = field[..field.len() - 1].parse().map_err(|_| fault())?;
    let degrees = f64::from(tenths) / 10.0;
    match degrees <= 180.0 {
        true => Ok(sign * degrees),
        false => Err(fault()),
    }
}

/// The wind radius of a line, if it has one.
fn radius<'a>(
    line: &Line<'_>,
    field: &impl Fn(usize) -> &'a str,
) -> Result<Option<WindRadius>, FormatError> {
    let wind = line
        .whole(
            field(11),
            message!("what.radii_wind", "the wind of the radii"),
        )?
        .unwrap_or(0);
    let first = match field(12) {
        "AAA" => None,
        "NEQ" => Some(0),
        "SEQ" => Some(1),
        "SWQ" => Some(2),
        "NWQ" => Some(3),
        _ => return Ok(None),
    };
    if wind <= 0 {
        return Ok(None);
    }
    let mut quadrants = [None; 4];
    for k in 0..4 {
        let given = field(13 + if first.is_none() { 0 } else { k });
        let value = line.whole(given, message!("what.radius", "a radius"))?;
        let value = value.map(|nmi| Length::from_nautical_miles(f64::from(nmi.max(0))).as_m());
        quadrants[(first.unwrap_or(0) + k) % 4] = value;
    }
    Ok(Some(WindRadius {
        wind: Speed::from_knots(f64::from(wind)).as_mps(),
        quadrants,
    }))
}
