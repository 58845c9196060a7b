//! Best tracks of CMA and of JMA (RSMC Tokyo) as fixed text: headers that begin with 66666.
//!
//! - CMA: `YYYYMMDDHH I LAT LON PRES WND`, tenths of a degree, hPa, m/s as 2-minute means.
//! - JMA: `YYMMDDHH 002 C LAT LON PRES WND ... #`, tenths of a degree, hPa, knots as 10-minute means; the radii
//!   of 50 and 30 kt as a direction with the longest and the shortest one, nautical miles. Before 1977 there is no
//!   wind; # marks a landfall or passage over Japan.
//!
//! A header begins a storm. Its international number (`1713`: year and number) is its identifier; one without,
//! 0000, is known by its season and its serial number in the file: `1949-0003`.
//!
//! Sources: CMA Tropical Cyclone Data Center, format of the best track dataset; RSMC Tokyo, format of the
//! best track data.

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::storm::{Averaging, Fix, Track, WindRadius};
use stormgrid_core::time::Instant;
use stormgrid_core::units::{Length, Pressure, Speed};

use super::collect::{Collected, Storm};
use super::line::{Line, Odd, lines, time_is};
use super::{Tracks, year_of};
use crate::FormatError;

/// Whether a line is a header of these formats.
pub(super) fn is(line: &str) -> bool {
    line.split_whitespace().next() == Some("66666")
}

/// The storm whose lines follow.
struct Header {
    key: String,
    name: String,
    /// Lines that it announces; `None` if that cannot be read.
    lines: Option<usize>,
}

/// Reads every storm of a file.
pub(super) fn read(text: &str, file: &str) -> Result<Tracks, FormatError> {
    let mut collected = Collected::default();
    let mut header: Option<Header> = None;
    let mut last = 0;
    for (line, text) in lines(text, file) {
        last = line.number;
        let text = match text {
            Ok(text) => text,
            Err(odd) => {
                keep_odd(&mut collected, header.as_ref(), odd);
                continue;
            }
        };
        let fields: Vec<&str> = text.split_whitespace().filter(|f| *f != "#").collect();
        if is(text) {
            check_count(&line, header.as_ref(), &mut collected);
            header = Some(read_header(&line, &fields, &mut collected));
            continue;
        }
        let fix = match fields.get(1) {
            Some(&"002") => jma_fix(&line, &fields),
            _ => cma_fix(&line, &fields),
        };
        match (fix, header.as_ref()) {
            (Err(odd), header) => keep_odd(&mut collected, header, odd),
            (Ok(_), None) => collected.loose(line.odd(
                message!("fault.track.headless", "a fix stands before any header"),
                message!("fix.track.headless", "begin with a line 66666"),
            )),
            (Ok(fix), Some(header)) => {
                if let Some(storm) = collected.known(&header.key) {
                    if fields.get(1) == Some(&"002") {
                        storm.track.agency = "JMA".to_owned();
                        storm.track.averaging = Averaging::TenMinute;
                    }
                    storm.push(line.number, fix);
                }
            }
        }
    }
    let end = Line { file, number: last };
    check_count(&end, header.as_ref(), &mut collected);
    collected.finish(file, identify)
}

fn keep_odd(collected: &mut Collected, header: Option<&Header>, odd: Odd) {
    match header.and_then(|header| collected.known(&header.key)) {
        Some(storm) => storm.odd(odd),
        None => collected.loose(odd),
    }
}

/// A storm with more or fewer lines than its header announces is not whole, and cannot be used.
fn check_count(line: &Line<'_>, header: Option<&Header>, collected: &mut Collected) {
    let Some(header) = header else { return };
    let (Some(storm), Some(due)) = (collected.known(&header.key), header.lines) else {
        return;
    };
    // A line that cannot be read may be one of those announced, or one too many.
    let (read, all) = storm.n_lines();
    if (read..=all).contains(&due) {
        return;
    }
    let problem = match all < due {
        true => message!(
            "fault.track.fewer_lines",
            "the header of {name} announces {n} lines more than there are",
            name = &header.name,
            n = due - all
        ),
        false => message!(
            "fault.track.more_lines",
            "the header of {name} announces {n} lines fewer than there are",
            name = &header.name,
            n = read - due
        ),
    };
    let remedy = message!(
        "fix.track.whole",
        "give the whole storm: the file may be cut off"
    );
    storm.fault = Some(line.odd(problem, remedy).fault(line.file));
}

fn read_header(line: &Line<'_>, fields: &[&str], collected: &mut Collected) -> Header {
    let field = |k: usize| fields.get(k).copied().unwrap_or_default();
    let lines: Option<usize> = field(2).parse().ok();
    // The name is the first field after the numbers that has letters.
    let name = fields
        .iter()
        .skip(3)
        .find(|f| f.chars().any(char::is_alphabetic));
    let number = field(1);
    let numbered =
        number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()) && number != "0000";
    let intl_id = if numbered { number } else { "" };
    let serial = field(3);
    let name = match (name, numbered) {
        (Some(name), _) => name.to_uppercase(),
        (None, true) => format!("STORM {number}"),
        (None, false) => format!("STORM {serial}"),
    };
    // Each header is a storm, whatever numbers come again in another year.
    let key = line.number.to_string();
    let storm: &mut Storm = collected.storm(key.clone(), || Track {
        name: name.clone(),
        intl_id: intl_id.to_owned(),
        sid: if numbered { number } else { serial }.to_owned(),
        agency: "CMA".to_owned(),
        averaging: Averaging::TwoMinute,
        fixes: Vec::new(),
    });
    if lines.is_none() {
        storm.odd(line.odd(
            message!(
                "fault.what_is",
                "{what} is '{text}'",
                what = message!("what.lines", "the number of lines"),
                text = super::line::shown(field(2))
            ),
            super::line::mend_field(),
        ));
    }
    Header { key, name, lines }
}

/// A storm without an international number is known by its season.
fn identify(track: &mut Track) {
    if let (true, Some(first)) = (track.intl_id.is_empty(), track.fixes.first()) {
        track.sid = format!("{}-{}", year_of(first.time), track.sid);
    }
}

fn cma_fix(line: &Line<'_>, fields: &[&str]) -> Result<Fix, Odd> {
    let field = |k: usize| fields.get(k).copied().unwrap_or_default();
    let time = line.hour(field(0))?;
    let wind = line.positive(
        field(5),
        0.0,
        120.0,
        message!("what.wind_mps", "the wind [m/s]"),
    )?;
    fix(line, time, [field(2), field(3), field(4)], wind, field(1))
}

fn jma_fix(line: &Line<'_>, fields: &[&str]) -> Result<Fix, Odd> {
    let field = |k: usize| fields.get(k).copied().unwrap_or_default();
    let digits = field(0);
    if digits.len() != 8 || !digits.is_ascii() {
        return Err(line.odd(
            time_is(digits),
            message!("fix.time.short", "give it as YYMMDDHH in UTC"),
        ));
    }
    // The years of the file are 1951 to 2050.
    let century = if &digits[..2] >= "51" { "19" } else { "20" };
    let time = line.hour(&format!("{century}{digits}"))?;
    // Old tracks have no wind; the next field may be the first radius, of five digits.
    let (wind, radii) = match field(6).len() {
        5 => ("", 6),
        _ => (field(6), 7),
    };
    let knots = line.positive(wind, 0.0, 233.0, message!("what.wind_kt", "the wind [kt]"))?;
    let wind = knots.map(|knots| Speed::from_knots(knots).as_mps());
    let mut fix = fix(line, time, [field(3), field(4), field(5)], wind, field(2))?;
    for (k, knots) in [(radii, 50.0), (radii + 2, 30.0)] {
        // A digit of direction is written together with four of the longest radius.
        let (longest, shortest) = (field(k), field(k + 1));
        if longest.len() != 5 || !longest.is_ascii() {
            continue;
        }
        let longest = line.radius(&longest[1..], 2000.0)?;
        let shortest = line.radius(shortest, 2000.0)?;
        if let Some(mean) = longest.zip(shortest).map(|(a, b)| 0.5 * (a + b))
            && mean > 0.0
        {
            fix.radii.push(WindRadius {
                wind: Speed::from_knots(knots).as_mps(),
                quadrants: [Some(Length::from_nautical_miles(mean).as_m()); 4],
            });
        }
    }
    Ok(fix)
}

fn fix(
    line: &Line<'_>,
    time: Instant,
    [lat, lon, pressure]: [&str; 3],
    vmax: Option<f64>,
    status: &str,
) -> Result<Fix, Odd> {
    let tenths = |text: &str, what: Message| Ok(line.required(text, what)? / 10.0);
    let lat_deg = tenths(lat, message!("what.lat", "the latitude"))?;
    let lon_deg = tenths(lon, message!("what.lon", "the longitude"))?;
    let (lat_deg, lon_deg) = line.place(lat_deg, lon_deg)?;
    let hpa = line.positive(
        pressure,
        850.0,
        1100.0,
        message!("what.pressure_hpa", "the pressure [hPa]"),
    )?;
    Ok(Fix {
        time,
        lat_deg,
        lon_deg,
        vmax,
        pmin: hpa.map(|hpa| Pressure::from_hpa(hpa).as_pa()),
        rmw: None,
        radii: Vec::new(),
        environment: None,
        status: status.to_owned(),
    })
}
