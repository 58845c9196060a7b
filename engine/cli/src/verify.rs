//! `verify`.

use std::path::Path;
use std::process::ExitCode;

use stormgrid_core::message;
use stormgrid_project::{ProjectError, files};
use stormgrid_verify::{CASES, Lab, Report, page, svg};

use crate::args::VerifyArguments;
use crate::failure::Result;
use crate::language::Language;

/// The folder of the wave tank's data in the folder that `--data` names.
const LAB: &str = "monai_lab";

/// Runs the cases whose answer is known and prints what came out.
pub fn verify(arguments: &VerifyArguments, language: Language) -> Result<ExitCode> {
    let lab = arguments.data.as_deref().map(read_lab).transpose()?;
    let mut reports = Vec::new();
    for case in CASES {
        if arguments.case.as_deref().is_some_and(|n| n != case.name) {
            continue;
        }
        let report = stormgrid_verify::verify(case, lab.as_ref());
        if !arguments.json {
            print!("{}", page::text(&report));
        }
        reports.push(report);
    }
    if reports.is_empty() {
        let names: Vec<_> = CASES.iter().map(|case| case.name).collect();
        return Err(message!(
            "cli.verify.no_case",
            "there is no such case; the cases are {names}",
            names = names.join(", ")
        )
        .into());
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&reports)?);
    } else {
        println!("{}", language.tell(&page::totals(&reports)));
    }
    if let Some(folder) = &arguments.plots {
        write_plots(&reports, folder)?;
    }
    if let Some(file) = &arguments.page {
        let folder = file.with_extension("");
        write_plots(&reports, &folder)?;
        let command = "stormgrid verify --page docs/verification.md --data DIR";
        // From the page, its plots lie in the folder beside it.
        let plots = folder.file_name().unwrap_or_default().to_string_lossy();
        let text = page::markdown(&reports, command, &plots);
        std::fs::write(file, text).map_err(|error| ProjectError::write(file, &error))?;
    }
    Ok(match reports.iter().all(Report::passes) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn read_lab(folder: &Path) -> Result<Lab> {
    let folder = folder.join(LAB);
    let bed = files::read(&folder.join(Lab::BED))?;
    let wave = files::read_text(&folder.join(Lab::WAVE))?;
    let gauges = files::read_text(&folder.join(Lab::GAUGES))?;
    Ok(Lab::read(&bed, &wave, &gauges)?)
}

fn write_plots(reports: &[Report], folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| ProjectError::write(folder, &error))?;
    for report in reports {
        if let Some(plot) = svg::plot(report) {
            let file = folder.join(format!("{}.svg", report.case));
            std::fs::write(&file, plot).map_err(|error| ProjectError::write(&file, &error))?;
        }
    }
    Ok(())
}
