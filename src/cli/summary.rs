//! `summary DIR`: the figures of a finished run once more.
//!
//! The text and `--json` are what the run itself printed. CSV and Markdown hold a line for every coordinate, of a
//! comparison for every row.

use super::options::SummaryOptions;
use crate::error::{Error, Result};
use crate::record::{Part, RunRecord, StoredRun, comparison, table};
use std::fmt::Write;
use std::path::Path;

/// What to print.
pub fn text(options: &SummaryOptions) -> Result<String> {
    let dir = Path::new(&options.dir);
    let run = StoredRun::open_any(dir)?;
    super::tell_longer(&run);
    let record = run.record();
    if options.json {
        return Ok(record.summary.to_json() + "\n");
    }
    if let Part::Compare(part) = &record.summary.part {
        return match (options.csv, options.md) {
            (true, _) => comparison::csv(part).map_err(|e| Error::write("standard output", e)),
            (_, true) => Ok(comparison::markdown(&record, part, escape)),
            _ => Ok(comparison::text(&record.summary, part, &record.warnings)),
        };
    }
    if options.csv {
        return csv(&record).map_err(|e| Error::write("standard output", e));
    }
    Ok(match options.md {
        true => markdown(&record),
        false => table::text(&record),
    })
}

/// The columns a run has: a name and a number for every coordinate.
fn columns<'a>(record: &'a RunRecord<'_>) -> Vec<(&'static str, &'a [f64])> {
    let all = [
        ("mean", record.mean()),
        ("sd", record.sd()),
        ("mcse_mean", record.mcse_mean()),
        ("eti89_lb", &record.summary.eti89_lb),
        ("eti89_ub", &record.summary.eti89_ub),
        (record.r_hat_kind().column(), &record.r_hat),
        ("ess_bulk", &record.ess_bulk),
        ("ess_tail", &record.ess_tail),
    ];
    let present = all.into_iter().filter(|(_, list)| !list.is_empty());
    present.collect()
}

/// Shortest digits that read back as the same number; nothing where there is no finite one.
fn csv(record: &RunRecord<'_>) -> std::result::Result<String, Box<dyn std::error::Error>> {
    let columns = columns(record);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = columns.iter().map(|(name, _)| *name);
    writer.write_record(std::iter::once("coordinate").chain(names))?;
    for j in 0..record.mean().len() {
        let cell = |list: &[f64]| {
            let value = list.get(j).filter(|v| v.is_finite());
            value.map_or(String::new(), |v| super::export::digits(*v))
        };
        let cells = columns.iter().map(|(_, list)| cell(list));
        writer.write_record(std::iter::once(record.name(j)).chain(cells))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn markdown(record: &RunRecord<'_>) -> String {
    let columns = columns(record);
    let s = &record.summary;
    // Writing to a string does not fail.
    let mut out = String::new();
    let _ = writeln!(
        out,
        "**{} {}**, seed {}\n",
        s.verb,
        escape(&s.target),
        s.seed
    );
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let _ = writeln!(out, "| | {} |", names.join(" | "));
    let _ = writeln!(out, "|:--|{}", "--:|".repeat(columns.len()));
    for j in 0..record.mean().len() {
        let cell = |(name, list): &(&str, &[f64])| {
            let value = list.get(j).copied().unwrap_or(f64::NAN);
            match *name {
                "r_hat" | "r_hat_nested" if value.is_infinite() => "inf".to_owned(),
                _ if !value.is_finite() => "-".to_owned(),
                "r_hat" | "r_hat_nested" => format!("{value:.3}"),
                "ess_bulk" | "ess_tail" => format!("{value:.0}"),
                _ => table::figure(value),
            }
        };
        let cells: Vec<String> = columns.iter().map(cell).collect();
        let _ = writeln!(
            out,
            "| {} | {} |",
            escape(&record.name(j)),
            cells.join(" | ")
        );
    }
    if let Some((value, se)) = s.evidence() {
        let se = se.map_or(String::new(), |se| format!(" ± {}", table::figure(se)));
        let _ = writeln!(out, "\nlog evidence {}{se}", table::figure(value));
    }
    for warning in &record.warnings {
        let text = format!("{warning}; {}", warning.advice());
        let _ = writeln!(out, "\n{}: {}", warning.code(), escape(&text));
    }
    let _ = writeln!(out, "\n{}", escape(&record.verdict()));
    out
}

/// Text that Markdown takes as text.
fn escape(text: &str) -> String {
    let special = |c| {
        matches!(
            c,
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#'
        )
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if special(c) {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}
