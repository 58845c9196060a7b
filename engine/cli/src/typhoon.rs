//! `typhoon`: wind, pressure and rain at points.

use std::fmt::Write;
use std::process::ExitCode;

use stormgrid_core::frame::Geodetic;
use stormgrid_core::message;
use stormgrid_formats::series::read_points;
use stormgrid_project::{ProjectError, files, storm, tables};
use stormgrid_sim::typhoon::Parameters;

use crate::args::TyphoonArguments;
use crate::failure::Result;
use crate::language::{self, Language};

/// Writes the table of a storm at points over its whole track.
pub fn typhoon(arguments: &TyphoonArguments, language: Language) -> Result<ExitCode> {
    let storm = storm::read_storm(&storm::Choice {
        radii: arguments.radii.as_deref(),
        name: arguments.storm.as_deref(),
        agency: arguments.agency.as_deref(),
        parameters: Parameters {
            profile: arguments.model.into(),
            asymmetry: arguments.asymmetry.into(),
            ..Parameters::default()
        },
        rain: arguments.rain.into(),
        ..storm::Choice::of(&arguments.track)
    })?;
    let track = &storm.track;
    for note in &storm.notes {
        eprintln!("{}", language.note(note));
    }
    let points_file = files::name(&arguments.at);
    let points = read_points(&files::read(&arguments.at)?, &points_file)?.points;
    let (Some(first), Some(last)) = (track.fixes.first(), track.fixes.last()) else {
        let file = arguments.track.display().to_string();
        return Err(message!("cli.typhoon.no_fix", "{file} holds no fix", file = file).into());
    };
    let step = i64::from(arguments.step) * 60;
    let times: Vec<_> = (0..)
        .map(|i| first.time.plus_seconds((i * step) as f64))
        .take_while(|time| *time <= last.time)
        .collect();
    let mut text = String::from(
        "id,lon,lat,time_utc,wind_mps,wind_from_deg,u_mps,v_mps,pressure_hpa,rain_mm_h\r\n",
    );
    for point in &points {
        let at = Geodetic::from_degrees(point.x, point.y).map_err(|error| {
            message!(
                "cli.typhoon.point",
                "{file}, point {id}: {problem}",
                file = &points_file,
                id = &point.id,
                problem = error.message()
            )
        })?;
        for &time in &times {
            let s = storm::sample(&storm, at, time);
            let _ = write!(
                text,
                "{},{},{},{},{:.2},{:.1},{:.2},{:.2},{:.2},{:.2}\r\n",
                tables::quoted(&point.id),
                point.x,
                point.y,
                time.to_rfc3339(),
                s.speed,
                s.from_deg,
                s.u,
                s.v,
                s.pressure_hpa,
                s.rain_mm_h
            );
        }
    }
    let written = std::fs::write(&arguments.out, text);
    written.map_err(|error| ProjectError::write(&arguments.out, &error))?;
    let line = message!(
        "cli.typhoon.done",
        "{agency} {name}: {points} points, {times} times, 10-minute means at 10 m over water",
        agency = &track.agency,
        name = language::storm(&track.name),
        points = points.len(),
        times = times.len()
    );
    println!("{}", language.tell(&line));
    Ok(ExitCode::SUCCESS)
}
