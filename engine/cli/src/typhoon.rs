//! `typhoon`: wind, pressure and rain at points.

use std::fmt::Write;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use stormgrid_core::frame::Geodetic;
use stormgrid_formats::series::read_points;
use stormgrid_project::{files, storm, tables};
use stormgrid_sim::typhoon::Parameters;

use crate::args::TyphoonArguments;

/// Writes the table of a storm at points over its whole track.
pub fn typhoon(arguments: &TyphoonArguments) -> Result<ExitCode> {
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
        eprintln!("note: {}", note.en);
    }
    let points_file = files::name(&arguments.at);
    let points = read_points(&files::read(&arguments.at)?, &points_file)?;
    let (Some(first), Some(last)) = (track.fixes.first(), track.fixes.last()) else {
        bail!("{} holds no fix", arguments.track.display());
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
        let at = Geodetic::from_degrees(point.x, point.y)
            .with_context(|| format!("{points_file}, point {}", point.id))?;
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
    std::fs::write(&arguments.out, text)
        .with_context(|| format!("{} cannot be written", arguments.out.display()))?;
    println!(
        "{} {}: {} points, {} times, 10-minute means at 10 m over water",
        track.agency,
        track.name,
        points.len(),
        times.len()
    );
    Ok(ExitCode::SUCCESS)
}
