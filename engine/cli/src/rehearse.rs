//! `compare`, `plan`, `advisory`, and the changes of `forecast`.

use std::process::ExitCode;

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_project::advisory::check_advisory;
use stormgrid_project::evacuation::{
    PlanOptions, evacuation_plan, plan_csv, plan_geojson, read_basis, roads_cut,
};
use stormgrid_project::leftover::sweep_of;
use stormgrid_project::rehearsal::{Rehearsal, compare_folders};
use stormgrid_project::{LoadedTwin, files};

use crate::args::{AdvisoryArguments, CompareArguments, ForecastArguments, PlanArguments};
use crate::failure::Result;
use crate::language::Language;
use crate::run::{results, tell_swept};

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
pub fn compare(arguments: &CompareArguments, language: Language) -> Result<ExitCode> {
    let out = arguments.out.as_deref();
    tell_swept(&out.map(sweep_of).unwrap_or_default());
    let found = compare_folders(&arguments.first, &arguments.second, &arguments.layer, out)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
        return Ok(ExitCode::SUCCESS);
    }
    let (a, b) = (language.of(&found.a.title), language.of(&found.b.title));
    println!("a: {a}\nb: {b}");
    let t = &found.totals;
    for (what, pair, unit) in [
        (
            message!("cli.compare.people", "people reached"),
            t.people_reached,
            "",
        ),
        (
            message!("cli.compare.unknown", "people of whom nothing is known"),
            t.people_unknown,
            "",
        ),
        (
            message!("cli.compare.area", "flooded area"),
            t.flooded_area_m2,
            " m2",
        ),
        (
            message!("cli.compare.buildings", "buildings reached"),
            t.buildings_reached,
            "",
        ),
        (
            message!("cli.compare.roads", "roads cut"),
            t.roads_cut_m,
            " m",
        ),
        (message!("cli.compare.damage", "damage"), t.damage, ""),
    ] {
        let row = message!(
            "cli.compare.row",
            "{what}: {a}, {b}, difference {difference}",
            what = what,
            a = format!("{:.0}{unit}", pair.a),
            b = format!("{:.0}{unit}", pair.b),
            difference = format!("{:+.0}{unit}", pair.b - pair.a)
        );
        println!("{}", language.tell(&row));
    }
    if let Some(out) = out {
        println!("{}", language.tell(&results(out)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Plans an evacuation.
pub fn plan(arguments: &PlanArguments, language: Language) -> Result<ExitCode> {
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
        let summary = serde_json::json!({"people": plan.people, "people_above": plan.people_above, "unplaced_people": plan.unplaced_people, "cut_off_people": plan.cut_off_people, "people_unknown": plan.people_unknown, "uncounted_units": plan.uncounted_units});
        folder.write(files::SUMMARY_FILE, &serde_json::to_vec_pretty(&summary)?)?;
        folder.finish()?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&plan)?);
        return Ok(ExitCode::SUCCESS);
    }
    for step in &plan.steps {
        let to = step.shelter.as_ref().map_or("-", |s| s.name.as_str());
        let line = message!(
            "cli.plan.step",
            "{order} {time} {code} {name}: {note} -> {to}",
            order = format!("{:>4}", step.order),
            time = &step.time,
            code = &step.grid.code,
            name = &step.grid.name,
            note = Message::Own(step.note.clone()),
            to = to
        );
        println!("{}", language.tell(&line));
    }
    let line = message!(
        "cli.plan.totals",
        "{grids} grids, {people} people leave, {above} stay above the water, {unplaced} without a place, {cut_off} of them cut off",
        grids = plan.steps.len(),
        people = plan.people,
        above = plan.people_above,
        unplaced = plan.unplaced_people,
        cut_off = plan.cut_off_people
    );
    println!("{}", language.tell(&line));
    for note in &plan.notes {
        println!("{}", language.note(note));
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks an advisory.
pub fn advisory(arguments: &AdvisoryArguments, language: Language) -> Result<ExitCode> {
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
        let line = message!(
            "cli.advisory.fix",
            "{time}  {lat} {lon}  {wind} m/s  {pressure} hPa",
            time = &fix.time,
            lat = latitude(fix.lat_deg),
            lon = longitude(fix.lon_deg),
            wind = optional(fix.vmax_mps, 1),
            pressure = optional(fix.pmin_hpa, 0)
        );
        println!("{}", language.tell(&line));
    }
    for note in &checked.notes {
        println!("{}", language.note(note));
    }
    Ok(ExitCode::SUCCESS)
}

fn latitude(deg: f64) -> Message {
    let size = format!("{:.2}", deg.abs());
    match deg < 0.0 {
        true => message!("place.south", "{deg} S", deg = size),
        false => message!("place.north", "{deg} N", deg = size),
    }
}

fn longitude(deg: f64) -> Message {
    let size = format!("{:.2}", deg.abs());
    match deg < 0.0 {
        true => message!("place.west", "{deg} W", deg = size),
        false => message!("place.east", "{deg} E", deg = size),
    }
}
