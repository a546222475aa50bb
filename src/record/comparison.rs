//! What `compare` leaves behind: a table for people, `compare.json`, `compare.csv`, `compare.svg`
//! and the report.

mod picture;

pub use picture::svg;
pub(super) use picture::{Against, chart, left_out, narrow_chart};

use super::table::{columns_of, count, duration};
use super::{ComparePart, OpenFolder, RunRecord, Summary, Warning, report, stored};
use crate::error::{Error, Result};
use std::fmt::Write;

/// Writes the files into the folder, and that it is finished.
pub fn write(record: &RunRecord<'_>, part: &ComparePart, folder: &OpenFolder) -> Result<()> {
    let summary = &record.summary;
    folder.put(
        "compare.csv",
        &csv(part).map_err(|e| Error::write(folder.file("compare.csv"), e))?,
    )?;
    folder.put("compare.svg", &svg(summary, part))?;
    folder.put("report.html", &report::html(record))?;
    folder.put(stored::FILE, &stored::text(record))?;
    folder.put("compare.json", &summary.to_json_pretty())?;
    super::checksums::write(folder)?;
    folder.set_status(&super::Status::finished(summary))
}

/// The rows with the names of their fields in front; empty where there is no number.
pub fn csv(part: &ComparePart) -> std::result::Result<String, Box<dyn std::error::Error>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in &part.rows {
        writer.serialize(row)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// What the errors are, in words.
pub(super) fn measures(part: &ComparePart) -> String {
    let words = [
        ("solution", "RMS distance to a fine solution"),
        ("moments", "RMS error of means and sds"),
        ("strong", "RMS distance to a fine solution on the same path"),
    ];
    let has = |measure: &str| part.rows.iter().any(|row| row.measure == measure);
    let used: Vec<&str> = words.iter().filter(|w| has(w.0)).map(|w| w.1).collect();
    used.join("; with noise ")
}

/// The table: a head, and a line a row. Medians stand there where errors have them.
fn cells(part: &ComparePart) -> Vec<Vec<String>> {
    let medians = part.rows.iter().any(|row| row.error_median.is_some());
    let head = [
        "solver",
        "nfe",
        "error",
        "+- se",
        "median",
        "ns/particle",
        "order",
        "95% interval",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let small = |value: Option<f64>, digits: usize| match value.filter(|v| v.is_finite()) {
        Some(value) => format!("{value:.digits$e}"),
        None => "-".to_owned(),
    };
    for row in &part.rows {
        let interval = match (row.order_low, row.order_high) {
            (Some(low), Some(high)) => format!("{low:.2} to {high:.2}"),
            _ => "-".to_owned(),
        };
        let error = match row.error_below {
            Some(bound) => format!("< {bound:.1e}"),
            None => small(row.error, 3),
        };
        rows.push(vec![
            row.name.clone(),
            row.nfe.to_string(),
            error,
            small(row.error_se, 1),
            small(row.error_median, 1),
            format!("{:.0}", row.cost * 1e9),
            row.order
                .map_or("-".to_owned(), |order| format!("{order:.2}")),
            interval,
        ]);
    }
    if !medians {
        for row in &mut rows {
            row.remove(4);
        }
    }
    rows
}

/// The table in Markdown, its verdict and doubts below.
pub fn markdown(record: &RunRecord<'_>, part: &ComparePart, escape: fn(&str) -> String) -> String {
    let s = &record.summary;
    // Writing to a string does not fail.
    let mut out = String::new();
    let _ = writeln!(
        out,
        "**compare on {}**: {}, seed {}\n",
        escape(&s.target),
        escape(&measures(part)),
        s.seed
    );
    for (k, row) in cells(part).iter().enumerate() {
        let row: Vec<String> = row.iter().map(|cell| escape(cell)).collect();
        let _ = writeln!(out, "| {} |", row.join(" | "));
        if k == 0 {
            let _ = writeln!(out, "|:--|{}", "--:|".repeat(row.len() - 1));
        }
    }
    for warning in &record.warnings {
        let text = format!("{warning}; {}", warning.advice());
        let _ = writeln!(out, "\n{}: {}", warning.code(), escape(&text));
    }
    let _ = writeln!(out, "\n{}", escape(&record.verdict()));
    out
}

/// A line a row, solvers apart, the doubts last.
pub fn text(summary: &Summary, part: &ComparePart, warnings: &[Warning]) -> String {
    let s = summary;
    // Writing to a string does not fail.
    let mut out = String::new();
    let _ = writeln!(
        out,
        "compare on {}: {}, {}, {}, {}, seed {}",
        s.target,
        count(s.particles, "particle"),
        count(s.dim, "coordinate"),
        s.precision,
        count(s.threads, "thread"),
        s.seed
    );
    let _ = writeln!(
        out,
        "{}, grid {}; {}",
        part.schedule,
        part.grid,
        measures(part)
    );
    if let (Some(solver), Some(nfe), Some(error)) =
        (&part.fine_solver, part.fine_nfe, part.fine_error)
    {
        let _ = writeln!(
            out,
            "fine solution: {solver}, {nfe} calls, off by {error:.1e}"
        );
    }
    out.push_str(&columns_of(&cells(part)));
    if part.rows.iter().any(|row| row.error_below.is_some()) {
        out += "< of an error: below its noise, of which two standard errors are given\n";
    }
    let _ = writeln!(
        out,
        "{}, {} in all",
        duration(s.seconds),
        count(s.steps as usize, "step")
    );
    if let Some(folder) = &s.out {
        let _ = writeln!(
            out,
            "in {folder} (report.html, compare.svg, compare.json, compare.csv)"
        );
    }
    for warning in warnings {
        let _ = writeln!(out, "{}: {warning}; {}", warning.code(), warning.advice());
    }
    out
}
