//! The table of all cases as text for a terminal and as Markdown.

use std::fmt::Write as _;

use stormgrid_core::message;
use stormgrid_core::message::Message;

use crate::record::{Row, Verdict, number};
use crate::{Report, svg};

/// A line of totals: rows by verdict.
pub fn totals(reports: &[Report]) -> Message {
    let count = |verdict| {
        let rows = reports.iter().flat_map(|report| &report.rows);
        rows.filter(|row| row.verdict == verdict).count()
    };
    let skipped = reports.iter().filter(|r| r.skipped.is_some()).count();
    message!(
        "cli.verify.totals",
        "cases: {cases}; gates: {kept} kept, {missed} missed, {open} missed for a known cause (open), {by_design} missed by design; cases skipped: {skipped}",
        cases = reports.len(),
        kept = count(Verdict::Pass),
        missed = count(Verdict::Fail),
        open = count(Verdict::Open),
        by_design = count(Verdict::ByDesign),
        skipped = skipped
    )
}

/// A report for a terminal.
pub fn text(report: &Report) -> String {
    let mut out = format!("{}: {}\n", report.case, report.title);
    if let Some(why) = report.skipped {
        let _ = writeln!(out, "  skipped: {why}");
    }
    for row in &report.rows {
        let _ = writeln!(
            out,
            "  {:14} {:40} {:>12} {:5} {:22} {:9} {:>7} cells {:>6} steps {:>6.2} s  {}",
            row.scheme,
            row.quantity,
            number(row.ours),
            row.unit,
            row.gate.text(),
            row.verdict.text(),
            row.cells,
            row.steps,
            row.cpu_s,
            row.note
        );
    }
    out
}

/// The page of all cases; `plots` is the folder of their plots as seen from the page.
pub fn markdown(reports: &[Report], command: &str, plots: &str) -> String {
    let mut out = format!(
        "<!-- Written by the program; do not edit. Again: {command} -->\n\n\
         # Verification\n\n\
         The flood solver against closed forms and published cases. Its schemes run where the case \
         concerns them. *By design* marks gates that `local_inertial` misses because its equations \
         lack the advection of momentum; *OPEN*, a miss of finite volumes of one order that those of \
         the other keep, with what is known of the cause. \
         Processor time is that of one run on one thread and depends on the machine; \
         all else does not.\n\n{}.\n",
        totals(reports)
    );
    for report in reports {
        let _ = write!(
            out,
            "\n## {}\n\n`{}`. Source: {}.\n\n",
            report.title, report.case, report.source
        );
        if let Some(why) = report.skipped {
            let _ = writeln!(out, "Skipped: {why}.");
            continue;
        }
        out.push_str(
            "| scheme | quantity | ours | gate | | cells | steps | CPU s | note |\n\
             |---|---|--:|---|---|--:|--:|--:|---|\n",
        );
        for row in &report.rows {
            out.push_str(&table_row(row));
        }
        if svg::plot(report).is_some() {
            let _ = write!(out, "\n![{}]({plots}/{}.svg)\n", report.title, report.case);
        }
    }
    out
}

fn table_row(row: &Row) -> String {
    let gap = if row.unit.is_empty() { "" } else { " " };
    format!(
        "| {} | {} | {}{gap}{} | {} | {} | {} | {} | {:.2} | {} |\n",
        row.scheme,
        row.quantity,
        number(row.ours),
        row.unit,
        row.gate.text(),
        row.verdict.text(),
        row.cells,
        row.steps,
        row.cpu_s,
        row.note
    )
}
