//! Best tracks of CMA and of JMA (RSMC Tokyo) as fixed text: headers that begin with 66666.
//!
//! - CMA: `YYYYMMDDHH I LAT LON PRES WND`, tenths of a degree, hPa, m/s as 2-minute means.
//! - JMA: `YYMMDDHH 002 C LAT LON PRES WND ...`, tenths of a degree, hPa, knots as 10-minute means; the radii
//!   of 50 and 30 kt as a direction with the longest and the shortest one, nautical miles.
//!
//! Sources: CMA Tropical Cyclone Data Center, format of the best track dataset; RSMC Tokyo, format of the
//! best track data.

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::storm::{Averaging, Fix, WindRadius};
use stormgrid_core::time::Instant;
use stormgrid_core::units::{Length, Pressure, Speed};

use super::Tracks;
use super::line::{Collected, Line, lines, time_is};
use crate::FormatError;

/// Whether a file's first line is a header of these formats.
pub(super) fn is(first_line: &str) -> bool {
    first_line.split_whitespace().next() == Some("66666")
}

/// The storm whose lines follow.
struct Header {
    name: String,
    id: String,
}

/// Reads every storm of a file.
pub(super) fn read(bytes: &[u8], file: &str) -> Result<Tracks, FormatError> {
    let mut collected = Collected::default();
    let mut header: Option<Header> = None;
    // Lines that the header announced and that have not come yet.
    let mut due = 0;
    for (line, text) in lines(bytes, file)? {
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields[0] == "66666" {
            check_count(&line, header.as_ref(), due)?;
            let (found, lines) = read_header(&line, &fields)?;
            (header, due) = (Some(found), lines);
            continue;
        }
        let Some(storm) = &header else {
            return Err(line.fault(
                message!("fault.track.headless", "a fix stands before any header"),
                message!("fix.track.headless", "begin with a line 66666"),
            ));
        };
        due -= 1;
        let jma = fields.get(1) == Some(&"002");
        let (agency, averaging) = match jma {
            true => ("JMA", Averaging::TenMinute),
            false => ("CMA", Averaging::TwoMinute),
        };
        let fix = match jma {
            true => jma_fix(&line, &fields)?,
            false => cma_fix(&line, &fields)?,
        };
        let track = collected.track(&storm.name, &storm.id, agency, averaging);
        track.intl_id.clone_from(&storm.id);
        track.fixes.push(fix);
    }
    let end = Line {
        file,
        number: bytes.split(|b| *b == b'\n').count(),
    };
    check_count(&end, header.as_ref(), due)?;
    collected.finish(file)
}

fn check_count(line: &Line<'_>, header: Option<&Header>, due: i32) -> Result<(), FormatError> {
    match header {
        Some(header) if due != 0 => Err(line.fault(
            match due > 0 {
                true => message!(
                    "fault.track.fewer_lines",
                    "the header of {name} announces {n} lines more than there are",
                    name = &header.name,
                    n = due
                ),
                false => message!(
                    "fault.track.more_lines",
                    "the header of {name} announces {n} lines fewer than there are",
                    name = &header.name,
                    n = due.abs()
                ),
            },
            message!(
                "fix.track.whole",
                "give the whole storm: the file may be cut off"
            ),
        )),
        _ => Ok(()),
    }
}

fn read_header(line: &Line<'_>, fields: &[&str]) -> Result<(Header, i32), FormatError> {
    let field = |k: usize| fields.get(k).copied().unwrap_or_default();
    let lines = line.required(field(2), message!("what.lines", "the number of lines"))?;
    line.bounded(
        f64::from(lines),
        1.0,
        2000.0,
        message!("what.lines", "the number of lines"),
    )?;
    // The name is the first field after the numbers that has letters.
    let name = fields
        .iter()
        .skip(3)
        .find(|f| f.bytes().any(|b| b.is_ascii_alphabetic()));
    let number = field(1);
    // Storms without an international number are known by their place in the year.
    let id = match number == "0000" {
        true => format!("{} {}", field(3), field(4)),
        false => number.to_owned(),
    };
    let name = name.map_or_else(|| format!("STORM {id}"), |n| n.to_uppercase());
    Ok((Header { name, id }, lines))
}

fn cma_fix(line: &Line<'_>, fields: &[&str]) -> Result<Fix, FormatError> {
    let field = |k: usize| fields.get(k).copied().unwrap_or_default();
    let time = line.hour(field(0))?;
    let wind = line.required(field(5), message!("what.wind", "the wind"))?;
    let wind = line.bounded(
        f64::from(wind),
        0.0,
        120.0,
        message!("what.wind_mps", "the wind [m/s]"),
    )?;
    fix(
        line,
        time,
        [field(2), field(3), field(4)],
        (wind > 0.0).then_some(wind),
        field(1),
    )
}

fn jma_fix(line: &Line<'_>, fields: &[&str]) -> Result<Fix, FormatError> {
    let field = |k: usize| fields.get(k).copied().unwrap_or_default();
    let digits = field(0);
    if digits.len() != 8 || !digits.is_ascii() {
        return Err(line.fault(
            time_is(digits),
            message!("fix.time.short", "give it as YYMMDDHH in UTC"),
        ));
    }
    // The years of the file are 1951 to 2050.
    let century = if &digits[..2] >= "51" { "19" } else { "20" };
    let time = line.hour(&format!("{century}{digits}"))?;
    let knots = line
        .whole(field(6), message!("what.wind", "the wind"))?
        .unwrap_or(0);
    let knots = line.bounded(
        f64::from(knots),
        0.0,
        233.0,
        message!("what.wind_kt", "the wind [kt]"),
    )?;
    let wind = (knots > 0.0).then(|| Speed::from_knots(knots).as_mps());
    let mut fix = fix(line, time, [field(3), field(4), field(5)], wind, field(2))?;
    for (k, knots) in [(7, 50.0), (9, 30.0)] {
        // A digit of direction is written together with four of the longest radius.
        let (longest, shortest) = (field(k), field(k + 1));
        if longest.len() != 5 || !longest.is_ascii() {
            continue;
        }
        let longest = line.required(&longest[1..], message!("what.longest", "a longest radius"))?;
        let shortest = line.required(shortest, message!("what.shortest", "a shortest radius"))?;
        let m = |nmi: i32| Length::from_nautical_miles(f64::from(nmi.max(0))).as_m();
        let mean = 0.5 * (m(longest) + m(shortest));
        if mean > 0.0 {
            fix.radii.push(WindRadius {
                wind: Speed::from_knots(knots).as_mps(),
                quadrants: [Some(mean); 4],
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
) -> Result<Fix, FormatError> {
    let tenths = |text: &str, what: Message| -> Result<f64, FormatError> {
        Ok(f64::from(line.required(text, what)?) / 10.0)
    };
    let lat_deg = line.bounded(
        tenths(lat, message!("what.lat", "the latitude"))?,
        -70.0,
        70.0,
        message!("what.lat", "the latitude"),
    )?;
    let lon_deg = line.bounded(
        tenths(lon, message!("what.lon", "the longitude"))?,
        -180.0,
        360.0,
        message!("what.lon", "the longitude"),
    )?;
    let hpa = f64::from(line.required(pressure, message!("what.pressure", "the pressure"))?);
    let hpa = line.bounded(
        hpa,
        850.0,
        1100.0,
        message!("what.pressure_hpa", "the pressure [hPa]"),
    )?;
    Ok(Fix {
        time,
        lat_deg,
        lon_deg: if lon_deg > 180.0 {
            lon_deg - 360.0
        } else {
            lon_deg
        },
        vmax,
        pmin: Some(Pressure::from_hpa(hpa).as_pa()),
        rmw: None,
        radii: Vec::new(),
        environment: None,
        status: status.to_owned(),
    })
}
