//! `check` and `city info`.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;
use stormgrid_formats::cityjson;
use stormgrid_project::{LoadedTwin, files};

use crate::args::{CheckArguments, CityInfoArguments};

/// Loads every layer of a twin and tells what is in it.
pub fn check(arguments: &CheckArguments) -> Result<ExitCode> {
    let twin = LoadedTwin::load(&arguments.twin)?;
    let forecast = if twin.dir.join(stormgrid_project::FORECAST_FILE).is_file() {
        Some(stormgrid_project::plan(&twin)?)
    } else {
        None
    };
    let layers = twin.summary();
    if arguments.json {
        let report = json!({
            "name": twin.manifest.site.name, "crs": twin.frame.crs, "synthetic": twin.manifest.site.synthetic,
            "layers": layers, "warnings": twin.warnings,
            "forecast": forecast.map(|f| json!({ "storm": f.storm, "start": f.start, "duration_s": f.duration_s })),
        });
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} ({})", twin.manifest.site.name, twin.frame.crs);
    for layer in &layers {
        let people = layer
            .people
            .map(|p| format!(", {p} people"))
            .unwrap_or_default();
        println!(
            "  {:12} {:>8}  {}{people}",
            layer.id, layer.count, layer.what
        );
    }
    if let Some(forecast) = forecast {
        println!(
            "  forecast: {}, from {}, {} h",
            forecast.storm,
            forecast.start,
            forecast.duration_s / 3600.0
        );
    }
    for warning in &twin.warnings {
        println!("  note: {warning}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells what a city model holds.
pub fn city_info(arguments: &CityInfoArguments) -> Result<ExitCode> {
    let file = files::name(&arguments.file);
    let model = cityjson::read(&files::read(&arguments.file)?, &file)?;
    let info = cityjson::info(&model);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&info)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{file}: CityJSON {}", info.version);
    println!("CRS: {}", info.crs.as_deref().unwrap_or("none"));
    let objects: Vec<String> = info
        .objects
        .iter()
        .map(|(kind, n)| format!("{kind} {n}"))
        .collect();
    println!("objects: {} ({})", info.n_objects, objects.join(", "));
    println!("buildings: {}", info.n_buildings);
    println!(
        "surfaces: {}; vertices: {}",
        info.n_surfaces, info.n_vertices
    );
    let words = |set: &std::collections::BTreeSet<String>| {
        set.iter().cloned().collect::<Vec<_>>().join(", ")
    };
    println!("LoD: {}", words(&info.lods));
    println!("geometry: {}", words(&info.geometry_types));
    println!("semantic surfaces: {}", words(&info.semantic_surfaces));
    if let Some(b) = info.bbox {
        println!(
            "box: {:.3} {:.3} {:.3} to {:.3} {:.3} {:.3}",
            b[0], b[1], b[2], b[3], b[4], b[5]
        );
    }
    Ok(ExitCode::SUCCESS)
}
