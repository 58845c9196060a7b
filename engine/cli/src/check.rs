//! `check` and `city info`.

use std::collections::BTreeSet;
use std::process::ExitCode;

use serde_json::json;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_formats::cityjson;
use stormgrid_project::{LoadedTwin, files, messages};

use crate::args::{CheckArguments, CityInfoArguments};
use crate::failure::Result;
use crate::language::{Language, padded, storm};

/// Loads every layer of a twin and tells what is in it.
pub fn check(arguments: &CheckArguments, language: Language) -> Result<ExitCode> {
    let twin = LoadedTwin::load(&arguments.twin)?;
    let forecast = if twin.dir.join(stormgrid_project::FORECAST_FILE).is_file() {
        Some(stormgrid_project::plan(&twin)?)
    } else {
        None
    };
    let layers = twin.summary();
    if arguments.json {
        let warnings: Vec<String> = twin.warnings.iter().map(Message::to_string).collect();
        let report = json!({
            "name": twin.manifest.site.name, "crs": twin.frame.crs, "synthetic": twin.manifest.site.synthetic,
            "layers": layers, "warnings": warnings,
            "forecast": forecast.map(|f| json!({ "storm": f.storm, "start": f.start, "duration_s": f.duration_s })),
        });
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} ({})", twin.manifest.site.name, twin.frame.crs);
    for layer in &layers {
        let what = match layer.people {
            None => layer.what.clone(),
            Some(people) => message!(
                "cli.check.peopled",
                "{what}, {people} people",
                what = layer.what.clone(),
                people = people
            ),
        };
        let (id, what) = (padded(&layer.id, 12), language.tell(&what));
        println!("  {id} {:>8}  {what}", layer.count);
    }
    if let Some(forecast) = forecast {
        let line = message!(
            "cli.check.forecast",
            "forecast: {storm}, from {start}, {hours} h",
            storm = storm(&forecast.storm),
            start = forecast.start,
            hours = forecast.duration_s / 3600.0
        );
        println!("  {}", language.tell(&line));
    }
    for warning in &twin.warnings {
        println!("  {}", language.note(&messages::told(warning)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells what a city model holds.
pub fn city_info(arguments: &CityInfoArguments, language: Language) -> Result<ExitCode> {
    let file = files::name(&arguments.file);
    let model = cityjson::read(&files::read(&arguments.file)?, &file)?;
    let info = cityjson::info(&model);
    let findings = findings_of(&model, &file);
    if arguments.json {
        let mut info = serde_json::to_value(&info)?;
        let told = findings.iter().map(Message::to_string);
        info["findings"] = told.collect::<Vec<_>>().into();
        println!("{}", serde_json::to_string_pretty(&info)?);
        return Ok(ExitCode::SUCCESS);
    }
    for line in lines_of(&info, &file) {
        println!("{}", language.tell(&line));
    }
    for finding in &findings {
        let told = messages::told(finding);
        println!("{}", language.note(&told));
    }
    Ok(ExitCode::SUCCESS)
}

/// What is odd in a model, and what is left out of it where its buildings are taken.
fn findings_of(model: &cityjson::CityModel, file: &str) -> Vec<Message> {
    let as_it_lies = |p| Ok::<_, std::convert::Infallible>(p);
    let Ok(found) = cityjson::buildings(model, file, cityjson::LodChoice::Highest, &as_it_lies);
    let all = model.findings.iter().chain(&found.findings);
    let fault = found
        .fault
        .as_ref()
        .map(stormgrid_formats::FormatError::message);
    all.map(stormgrid_core::finding::Finding::message)
        .chain(fault)
        .collect()
}

fn lines_of(info: &cityjson::CityInfo, file: &str) -> Vec<Message> {
    let none = || message!("cli.city.no_crs", "none");
    let crs = info.crs.as_ref().map_or_else(none, Message::plain);
    let kinds = info.objects.iter().map(|(kind, n)| format!("{kind} {n}"));
    let kinds: Vec<String> = kinds.collect();
    let words = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
    let mut lines = vec![
        message!(
            "cli.city.version",
            "{file}: CityJSON {version}",
            file = file,
            version = &info.version
        ),
        message!("cli.city.crs", "CRS: {crs}", crs = crs),
        message!(
            "cli.city.objects",
            "objects: {n} ({kinds})",
            n = info.n_objects,
            kinds = kinds.join(", ")
        ),
        message!("cli.city.buildings", "buildings: {n}", n = info.n_buildings),
        message!(
            "cli.city.surfaces",
            "surfaces: {surfaces}; vertices: {vertices}",
            surfaces = info.n_surfaces,
            vertices = info.n_vertices
        ),
        message!("cli.city.lods", "LoD: {names}", names = words(&info.lods)),
        message!(
            "cli.city.geometry",
            "geometry: {names}",
            names = words(&info.geometry_types)
        ),
        message!(
            "cli.city.semantic",
            "semantic surfaces: {names}",
            names = words(&info.semantic_surfaces)
        ),
    ];
    lines.extend(info.bbox.map(|b| {
        message!(
            "cli.city.box",
            "box: {low} to {high}",
            low = format!("{:.3} {:.3} {:.3}", b[0], b[1], b[2]),
            high = format!("{:.3} {:.3} {:.3}", b[3], b[4], b[5])
        )
    }));
    lines
}
