//! `hindcast`: past storms against what was observed.

use std::process::ExitCode;

use stormgrid_core::message;
use stormgrid_project::ProjectError;
use stormgrid_project::hindcast::{Hindcast, Options, Row, hindcast as compute};

use crate::args::HindcastArguments;
use crate::failure::Result;
use crate::language::{self, Language};

/// Computes the storms of a data folder and prints the table.
pub fn hindcast(arguments: &HindcastArguments, language: Language) -> Result<ExitCode> {
    let options = Options {
        storms: arguments.storm.clone(),
        cell_size_m: arguments.cell_size,
        model: arguments.model.into(),
        scheme: arguments.scheme.into(),
        threads: arguments.threads,
        explain: !arguments.no_reasons,
    };
    let found = compute(&arguments.data, &options, |storm| {
        if !arguments.json {
            let storm = language::storm(storm);
            let line = message!("cli.hindcast.storm", "computing {storm}", storm = storm);
            eprintln!("{}", language.tell(&line));
        }
    })?;
    let page = page(&found);
    if let Some(path) = &arguments.page {
        std::fs::write(path, &page).map_err(|error| ProjectError::write(path, &error))?;
    }
    match arguments.json {
        true => println!("{}", serde_json::to_string_pretty(&found)?),
        false => print!("{page}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn observed(row: &Row) -> String {
    match row.observed {
        _ if row.unit == "h" => "–".to_owned(),
        [low, high] if low == high => format!("{low:.2}"),
        [low, high] => format!("{low:.2} to {high:.2}"),
    }
}

/// The table as Markdown.
fn page(found: &Hindcast) -> String {
    let mut text = String::from(
        "<!-- Written by the program; do not edit. Again: stormgrid hindcast --data DIR --page docs/hindcast.md -->\n\n\
         # Past storms, computed and observed\n\n",
    );
    text.push_str(&format!(
        "The flood solver ({}) over the shelf off the Pearl River, {} cells of {:.0} m, depths of ETOPO5 (9 km, none \
         counted beyond 500 m), shoreline of OpenStreetMap, wind and pressure of the typhoon model ({}) with JMA's best \
         track and JTWC's radii of gales; the tide of the nearest harmonic station is added. **Nothing is fitted**: no \
         number differs from storm to storm. Off by: computed less observed; a time is told as hours late (+) or \
         early (−). Quality of the observation: A agency or paper, B agency quoted by the press, C press alone.\n\n\
         Rows off by more than 0.3 m, 1 h, 15 % of a wind or 5 hPa say why: the storm was run again on coarse cells with \
         one thing changed at a time (the other agency's track, size, strength, profile of the wind, stress, depths, finer cells), and \
         the changes that take a fifth of the miss away or more are told with what they add. They do not add up.\n\n",
        found.scheme, found.cells, found.cell_size_m, found.model
    ));
    let kept = found.gates.iter().filter(|gate| gate.kept).count();
    text.push_str(&format!(
        "## Gates: {kept} kept, {} missed\n\n| gate | | computed (observed) |\n|---|---|---|\n",
        found.gates.len() - kept
    ));
    for gate in &found.gates {
        let word = if gate.kept { "kept" } else { "MISSED" };
        text.push_str(&format!("| {} | {word} | {} |\n", gate.name, gate.numbers));
    }
    text.push_str("\n## Observed and computed\n\n| storm | station | quantity | observed | computed | off by | | note | why |\n|---|---|---|--:|--:|--:|---|---|---|\n");
    for row in &found.rows {
        let computed = match row.unit.as_str() {
            "h" => "–".to_owned(),
            _ => format!("{:.2}", row.computed),
        };
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {:+.2} {} | {} | {} | {} |\n",
            row.storm,
            row.station,
            row.quantity.replace('_', " "),
            observed(row),
            computed,
            row.error,
            row.unit,
            row.quality,
            row.note,
            row.why
        ));
    }
    text.push_str("\n## All storms at all stations\n\n| storm | station | greatest surge [m] | at (UTC) | greatest level above mean sea level [m] | at (UTC) | cell [km away] | depth there [m] |\n|---|---|--:|---|--:|---|--:|--:|\n");
    for s in &found.stations {
        text.push_str(&format!(
            "| {} | {} | {:.2} | {} | {:.2} | {} | {:.1} | {:.0} |\n",
            s.storm,
            s.station,
            s.surge_max_m,
            s.surge_time,
            s.level_max_m,
            s.level_time,
            s.cell_km,
            s.cell_depth_m
        ));
    }
    if !found.left_out.is_empty() {
        text.push_str("\n## Not compared\n\n");
        for line in &found.left_out {
            text.push_str(&format!("- {line}\n"));
        }
    }
    text
}
