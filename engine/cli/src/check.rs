//! `check` and `city info`.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;

use serde_json::{Value, json};
use stormgrid_core::finding::Kind;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_formats::cityjson;
use stormgrid_project::input_check::{InputReport, Strictness, check_twin, is_fault};
use stormgrid_project::input_report::{LayerReport, ReportedLayer, sentence};
use stormgrid_project::{LoadedTwin, Plan, files};

use crate::args::{CheckArguments, CityInfoArguments};
use crate::failure::Result;
use crate::language::{Language, padded, storm};

/// Reads every layer of a twin and reports on it. Status 1 if something would make a number wrong, and with `--strict`
/// if something was assumed or left out.
pub fn check(arguments: &CheckArguments, language: Language) -> Result<ExitCode> {
    let strictness = match arguments.strict {
        true => Strictness::Strict,
        false => Strictness::Usual,
    };
    let (twin, report) = check_twin(&arguments.twin)?;
    let faults = report.n_faults(strictness);
    // A forecast that cannot be planned is a fault of the report already.
    let forecast = match twin.dir.join(stormgrid_project::FORECAST_FILE).is_file() {
        true => stormgrid_project::plan(&twin).ok(),
        false => None,
    };
    let told = match arguments.json {
        true => json_report(&twin, &report, forecast.as_ref(), faults)?,
        false => lines_of_report(&twin, &report, forecast.as_ref(), strictness, language),
    };
    print_lines(&told)?;
    Ok(match faults {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// Prints lines; whoever reads no more of them has read enough.
fn print_lines(text: &str) -> Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(stormgrid_project::ProjectError::write("stdout".as_ref(), &error).into())
        }
        _ => Ok(()),
    }
}

fn json_report(
    twin: &LoadedTwin,
    report: &InputReport,
    forecast: Option<&Plan>,
    faults: usize,
) -> Result<String> {
    let summaries = twin.summary();
    let layers = report.layers.iter().map(|layer| {
        let mut value = json!(ReportedLayer::from(layer));
        let people = summaries
            .iter()
            .find(|of| of.id == layer.id)
            .and_then(|of| of.people);
        value["people"] = json!(people);
        value
    });
    let layers: Vec<Value> = layers.collect();
    let findings = report.layers.iter().flat_map(|layer| &layer.findings);
    let warnings: Vec<String> = findings
        .map(|finding| sentence(finding).to_string())
        .collect();
    let report = json!({
        "name": twin.manifest.site.name, "crs": twin.frame.crs, "synthetic": twin.manifest.site.synthetic,
        "layers": layers, "warnings": warnings, "faults": faults, "passes": faults == 0,
        "forecast": forecast.map(|f| json!({ "storm": f.storm, "start": f.start, "duration_s": f.duration_s })),
    });
    Ok(serde_json::to_string_pretty(&report)?)
}

fn lines_of_report(
    twin: &LoadedTwin,
    report: &InputReport,
    forecast: Option<&Plan>,
    strictness: Strictness,
    language: Language,
) -> String {
    let mut lines = vec![format!("{} ({})", twin.manifest.site.name, twin.frame.crs)];
    let summaries = twin.summary();
    for layer in &report.layers {
        let people = summaries
            .iter()
            .find(|of| of.id == layer.id)
            .and_then(|of| of.people);
        lines.push(line_of_layer(layer, people, language));
        for finding in &layer.findings {
            let kind = kind_of(finding.kind, strictness);
            let line = message!(
                "cli.check.finding",
                "{kind}: {text}",
                kind = kind,
                text = sentence(finding)
            );
            lines.push(format!("      {}", language.tell(&line)));
        }
    }
    if let Some(forecast) = forecast {
        let line = message!(
            "cli.check.forecast",
            "forecast: {storm}, from {start}, {hours} h",
            storm = storm(&forecast.storm),
            start = &forecast.start,
            hours = forecast.duration_s / 3600.0
        );
        lines.push(format!("  {}", language.tell(&line)));
    }
    let faults = report.n_faults(strictness);
    let verdict = match faults {
        0 => message!("cli.check.passes", "no faults"),
        n => message!("cli.check.faults", "faults: {n}", n = n),
    };
    lines.push(language.tell(&verdict));
    lines.join("\n")
}

/// Identifier, number, what it is, file, CRS, unit, cover and unknown values of a layer.
fn line_of_layer(layer: &LayerReport, people: Option<f64>, language: Language) -> String {
    let what = match people {
        None => layer.what.clone(),
        Some(people) => message!(
            "cli.check.peopled",
            "{what}, {people} people",
            what = layer.what.clone(),
            people = people
        ),
    };
    let mut facts = vec![language.tell(&what), layer.file.clone()];
    facts.extend(layer.crs.clone());
    facts.extend(layer.unit.clone());
    facts.extend(layer.cover.map(|share| {
        // Never 100 % of what is not whole.
        // Adding 0 makes 0 of -0.
        let percent = (share * 1000.0).floor() / 10.0 + 0.0;
        language.tell(&message!(
            "cli.check.cover",
            "{percent} % on the ground",
            percent = percent
        ))
    }));
    if layer.unknown > 0 {
        let unknown = message!("cli.check.unknown", "{n} unknown", n = layer.unknown);
        facts.push(language.tell(&unknown));
    }
    let id = padded(&layer.id, 12);
    format!("  {id} {:>8}  {}", layer.count, facts.join(" · "))
}

/// What a finding is called.
fn kind_of(kind: Kind, strictness: Strictness) -> Message {
    match kind {
        _ if is_fault(kind, strictness) && kind != Kind::Fault => {
            message!("cli.check.kind.strict", "fault (assumed or left out)")
        }
        Kind::Fault => message!("cli.check.kind.fault", "fault"),
        Kind::Assumed => message!("cli.check.kind.assumed", "assumed"),
        Kind::LeftOut => message!("cli.check.kind.left_out", "left out"),
        Kind::Unknown => message!("cli.check.kind.unknown", "unknown"),
        Kind::Duplicate => message!("cli.check.kind.duplicate", "duplicate"),
        Kind::Note => message!("cli.check.kind.note", "note"),
    }
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
    for finding in findings {
        let note = message!("cli.note", "note: {text}", text = finding);
        println!("{}", language.tell(&note));
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
