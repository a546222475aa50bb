//! The summary of a run for people: at most a screen, the verdict last.

use super::RunRecord;
use std::fmt::Write;

/// Rows of the table of coordinates.
const ROWS: usize = 20;

/// The whole summary: what ran, the coordinates, the evidence, the rates, warnings and one verdict.
pub fn text(record: &RunRecord<'_>) -> String {
    let s = &record.summary;
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(
        out,
        "{} {}: {}, {}, {}, {}, seed {}",
        s.verb,
        s.target,
        count(s.particles, "particle"),
        count(s.dim, "coordinate"),
        s.precision,
        count(s.threads, "thread"),
        s.seed
    );
    out.push_str(&coordinates(record));
    if let Some((value, se)) = s.evidence() {
        let se = se.map_or("(no standard error)".into(), |se| {
            format!("+- {}", figure(se))
        });
        let exact = record
            .exact
            .log_evidence
            .filter(|e| e.is_finite())
            .map_or(String::new(), |e| format!("   exact {}", figure(e)));
        let _ = writeln!(out, "log evidence {} {se}{exact}", figure(value));
    }
    let _ = writeln!(
        out,
        "{}, {} particle-steps/s, {} gradients/s",
        duration(s.seconds),
        rate(s.particle_steps_per_second),
        rate(s.gradients_per_second)
    );
    if let Some(folder) = &s.out {
        let draws = record.draws.map_or("", |_| "draws.npy, ");
        let _ = writeln!(
            out,
            "in {folder} (report.html, samples.npy, {draws}trace.zarr, summary.json)"
        );
    }
    // The verdict tells the first warning that forbids use, with its advice.
    let told = record.warnings.iter().find(|w| w.forbids_use());
    for warning in record.warnings.iter().filter(|w| Some(*w) != told) {
        let _ = writeln!(out, "{}: {warning}; {}", warning.code(), warning.advice());
    }
    let _ = writeln!(out, "{}", record.verdict());
    out
}

/// The coordinates in the order they are shown, worst first where there are too many: by R-hat, else
/// by the smallest effective sample size, else as they come.
pub fn shown(record: &RunRecord<'_>, rows: usize) -> Vec<usize> {
    match record.mean().len() {
        dim if dim > rows => worst(record, rows),
        dim => (0..dim).collect(),
    }
}

/// At most so many coordinates, worst first.
pub(super) fn worst(record: &RunRecord<'_>, rows: usize) -> Vec<usize> {
    let dim = record.mean().len();
    let mut order: Vec<usize> = (0..dim).collect();
    if record.r_hat.len() == dim {
        order.sort_by(|&a, &b| record.r_hat[b].total_cmp(&record.r_hat[a]));
    } else if record.ess_bulk.len() == dim {
        order.sort_by(|&a, &b| record.ess_bulk[a].total_cmp(&record.ess_bulk[b]));
    }
    order.truncate(rows);
    order
}

fn coordinates(record: &RunRecord<'_>) -> String {
    let (mean, sd) = (record.mean(), record.sd());
    let mut header = vec![String::new(), "mean".into(), "sd".into()];
    type Style = fn(f64) -> String;
    let whole: Style = |e| format!("{e:.0}");
    let columns: [(&str, &[f64], Style); 6] = [
        ("mcse", record.mcse_mean(), figure),
        ("eti89_lb", &record.summary.eti89_lb, figure),
        ("eti89_ub", &record.summary.eti89_ub, figure),
        (record.r_hat_kind().column(), &record.r_hat, |r| {
            format!("{r:.3}")
        }),
        ("ess_bulk", &record.ess_bulk, whole),
        ("ess_tail", &record.ess_tail, whole),
    ];
    let present = columns.iter().filter(|(_, list, _)| !list.is_empty());
    header.extend(present.clone().map(|(name, ..)| (*name).to_owned()));
    let mut rows = vec![header];
    let entry = |list: &[f64], j: usize| list.get(j).map_or("-".into(), |&v| figure(v));
    for j in shown(record, ROWS) {
        let centre = mean.get(j).map_or("-".into(), |&m| {
            // What is nothing beside the spread has no digits of its own.
            match sd.get(j).is_some_and(|sd| m.abs() < 1e-4 && *sd > 1e-2) {
                true => format!("{m:.4}"),
                false => figure(m),
            }
        });
        let mut row = vec![record.name(j), centre, entry(sd, j)];
        row.extend(present.clone().map(|(_, list, style)| {
            // Chains that stand still apart have an infinite R-hat.
            let value = list.get(j).filter(|v| !v.is_nan());
            value.map_or("-".into(), |v| style(*v))
        }));
        rows.push(row);
    }
    let mut out = columns_of(&rows);
    if mean.len() > ROWS {
        let _ = writeln!(out, "... {} more", mean.len() - ROWS);
    }
    out
}

/// Rows of cells as lines: the first column to the left, the others to the right.
pub(super) fn columns_of(rows: &[Vec<String>]) -> String {
    let width = |c: usize| {
        rows.iter()
            .map(|row| row[c].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..rows.first().map_or(0, Vec::len)).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (c, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = match c {
                0 => write!(line, "{cell:<width$}"),
                _ => write!(line, "  {cell:>width$}"),
            };
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// A number in about five significant figures; `-` if it is not finite.
pub fn figure(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if !value.is_finite() => "-".into(),
        _ if size == 0.0 => "0".into(),
        _ if !(1e-4..1e6).contains(&size) => format!("{value:.3e}"),
        _ if size >= 1000.0 => format!("{value:.1}"),
        _ if size >= 10.0 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}

/// A number of things: `1 thread`, `2 threads`.
pub(super) fn count(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// Seconds in the unit that suits them; `-` if not finite.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() => "-".into(),
        s if s < 1e-3 => format!("{:.0} us", s * 1e6),
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s if s < 100.0 => format!("{s:.2} s"),
        s => format!("{s:.0} s"),
    }
}

/// A rate in three significant figures; `-` if it is not finite.
pub fn rate(value: f64) -> String {
    match value {
        v if !v.is_finite() => "-".into(),
        v if v.abs() < 1e4 => format!("{v:.0}"),
        v => format!("{v:.2e}"),
    }
}
