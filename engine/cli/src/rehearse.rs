//! `compare`, `plan`, `advisory`, and the changes of `forecast`.

use std::process::ExitCode;

use anyhow::Result;
use stormgrid_project::advisory::check_advisory;
use stormgrid_project::evacuation::{
    PlanOptions, evacuation_plan, plan_csv, plan_geojson, read_basis, roads_cut,
};
use stormgrid_project::leftover::sweep_of;
use stormgrid_project::rehearsal::{Rehearsal, compare_folders};
use stormgrid_project::{LoadedTwin, files};

use crate::args::{AdvisoryArguments, CompareArguments, ForecastArguments, PlanArguments};
use crate::run::tell_swept;

/// What a forecast is asked to change.
pub fn of(arguments: &ForecastArguments) -> Result<Rehearsal> {
    let read = |path: &std::path::PathBuf| -> Result<Rehearsal> {
        Ok(Rehearsal::of_changes(
            &files::read(path)?,
            &files::name(path),
        )?)
    };
    let changed = arguments.changes.as_ref().map(read).transpose()?;
    let advisory = arguments.advisory.as_deref().map(files::read_text);
    Ok(Rehearsal {
        advisory: advisory.transpose()?,
        title: arguments.title.clone(),
        copy_of: arguments.copy_of.clone(),
        ..changed.unwrap_or_default()
    })
}

/// Compares two runs.
pub fn compare(arguments: &CompareArguments) -> Result<ExitCode> {
    let out = arguments.out.as_deref();
    tell_swept(&out.map(sweep_of).unwrap_or_default());
    let found = compare_folders(&arguments.first, &arguments.second, &arguments.layer, out)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!("a: {}\nb: {}", found.a.title.en, found.b.title.en);
    let t = &found.totals;
    for (what, pair, unit) in [
        ("people reached", t.people_reached, ""),
        ("flooded area", t.flooded_area_m2, " m2"),
        ("buildings reached", t.buildings_reached, ""),
        ("roads cut", t.roads_cut_m, " m"),
        ("damage", t.damage, ""),
    ] {
        println!(
            "{what}: {:.0}{unit}, {:.0}{unit}, difference {:+.0}{unit}",
            pair.a,
            pair.b,
            pair.b - pair.a
        );
    }
    if let Some(out) = out {
        println!("results: {}", out.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Plans an evacuation.
pub fn plan(arguments: &PlanArguments) -> Result<ExitCode> {
    let twin = LoadedTwin::load(&arguments.twin)?;
    let basis = read_basis(&arguments.run)?;
    let options = PlanOptions {
        speed_mps: arguments.speed,
        lead_s: arguments.lead * 60.0,
    };
    let plan = evacuation_plan(&twin, &basis, options)?;
    if let Some(out) = &arguments.out {
        tell_swept(&sweep_of(out));
        let folder = files::RunFolder::begin(out)?;
        folder.write("plan.json", &serde_json::to_vec_pretty(&plan)?)?;
        folder.write("plan.csv", &plan_csv(&plan))?;
        folder.write("plan.geojson", &plan_geojson(&plan))?;
        let roads = roads_cut(&twin, &basis)?;
        folder.write("roads.json", &serde_json::to_vec_pretty(&roads)?)?;
        // What marks the folder as one of ours, so that the next plan may replace it.
        let summary = serde_json::json!({"people": plan.people, "people_above": plan.people_above, "unplaced_people": plan.unplaced_people});
        folder.write(files::SUMMARY_FILE, &serde_json::to_vec_pretty(&summary)?)?;
        folder.finish()?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&plan)?);
        return Ok(ExitCode::SUCCESS);
    }
    for step in &plan.steps {
        let to = step.shelter.as_ref().map_or("-", |s| s.name.as_str());
        println!(
            "{:>4} {} {} {}: {} -> {to}",
            step.order, step.time, step.grid.code, step.grid.name, step.note.en
        );
    }
    println!(
        "{} grids, {} people leave, {} stay above the water, {} without a place",
        plan.steps.len(),
        plan.people,
        plan.people_above,
        plan.unplaced_people
    );
    for note in &plan.notes {
        println!("note: {}", note.en);
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks an advisory.
pub fn advisory(arguments: &AdvisoryArguments) -> Result<ExitCode> {
    let checked = check_advisory(
        &files::read(&arguments.file)?,
        &files::name(&arguments.file),
        None,
    )?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&checked)?);
        return Ok(ExitCode::SUCCESS);
    }
    let optional =
        |v: Option<f64>, digits: usize| v.map_or("-".to_owned(), |v| format!("{v:.digits$}"));
    for fix in &checked.track {
        println!(
            "{}  {:.2} N {:.2} E  {} m/s  {} hPa",
            fix.time,
            fix.lat_deg,
            fix.lon_deg,
            optional(fix.vmax_mps, 1),
            optional(fix.pmin_hpa, 0)
        );
    }
    for note in &checked.notes {
        println!("note: {}", note.en);
    }
    Ok(ExitCode::SUCCESS)
}
