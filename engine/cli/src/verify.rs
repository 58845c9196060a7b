//! `verify`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use stormgrid_project::files;
use stormgrid_verify::{CASES, Lab, Report, page, svg};

use crate::args::VerifyArguments;

/// The folder of the wave tank's data in the folder that `--data` names.
const LAB: &str = "monai_lab";

/// Runs the cases whose answer is known and prints what came out.
pub fn verify(arguments: &VerifyArguments) -> Result<ExitCode> {
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
        bail!("there is no such case; the cases are {}", names.join(", "));
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&reports)?);
    } else {
        println!("{}", page::totals(&reports));
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
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
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
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for report in reports {
        if let Some(plot) = svg::plot(report) {
            let file = folder.join(format!("{}.svg", report.case));
            std::fs::write(&file, plot)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    Ok(())
}
