//! What `compare` leaves behind: a table for people, `compare.json`, `compare.csv`, `compare.svg`
//! and the report.

use super::report::Axis;
use super::report::chart::Chart;
use super::table::{columns_of, count, duration};
use super::{ComparePart, CompareRow, OpenFolder, RunRecord, Summary, Warning, report, stored};
use crate::error::{Error, Result};
use std::fmt::Write;

/// Colours by class, those of the dark setting below.
const STYLE: &str = include_str!("comparison.css");
/// Colours that the style sheet has.
const COLOURS: usize = 8;

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
fn csv(part: &ComparePart) -> std::result::Result<String, Box<dyn std::error::Error>> {
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
    let head = [
        "solver",
        "nfe",
        "error",
        "+- se",
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
        rows.push(vec![
            row.name.clone(),
            row.nfe.to_string(),
            small(row.error, 3),
            small(row.error_se, 1),
            format!("{:.0}", row.cost * 1e9),
            row.order
                .map_or("-".to_owned(), |order| format!("{order:.2}")),
            interval,
        ]);
    }
    out.push_str(&columns_of(&rows));
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

/// The rows solver by solver.
fn solvers(part: &ComparePart) -> Vec<&[CompareRow]> {
    part.rows.chunk_by(|a, b| a.name == b.name).collect()
}

/// The picture as a file of its own.
pub fn svg(summary: &Summary, part: &ComparePart) -> String {
    let mut chart = chart(part);
    chart.heading(
        &format!("Error against calls on {}", summary.target),
        &format!(
            "{}, grid {}, {}; {}",
            part.schedule,
            part.grid,
            count(summary.particles, "particle"),
            measures(part)
        ),
    );
    chart.finish_alone("Error against calls, both on logarithmic scales", STYLE)
}

/// Whether a row has an error that a logarithmic scale has a place for.
fn on_the_scale(row: &CompareRow) -> Option<f64> {
    row.error.filter(|e| e.is_finite() && *e > 0.0)
}

/// What the picture leaves out, in words; nothing where it shows all rows.
pub(super) fn left_out(part: &ComparePart) -> Option<String> {
    let zero = part.rows.iter().filter(|row| row.error == Some(0.0));
    let none = part
        .rows
        .iter()
        .filter(|row| row.error.is_none_or(|e| !e.is_finite()));
    let list = |rows: &mut dyn Iterator<Item = &CompareRow>, why: &str| {
        let names: Vec<String> = rows
            .map(|row| format!("{} at {} calls", row.name, row.nfe))
            .collect();
        (!names.is_empty()).then(|| format!("{} ({why})", names.join(", ")))
    };
    let lists = [
        list(
            &mut zero.into_iter(),
            "error 0, which a logarithmic scale has not",
        ),
        list(&mut none.into_iter(), "no error"),
    ];
    let lists: Vec<String> = lists.into_iter().flatten().collect();
    (!lists.is_empty()).then(|| format!("Not on the picture: {}", lists.join("; ")))
}

/// A solver's colour, the same wherever it is named, its name, and its order in words.
pub(super) fn names(part: &ComparePart) -> impl Iterator<Item = (usize, &str, String)> {
    solvers(part).into_iter().enumerate().map(|(k, rows)| {
        let order = rows[0].order;
        let order = order.map_or(String::new(), |order| format!("order {order:.1}"));
        (k % COLOURS, rows[0].name.as_str(), order)
    })
}

/// Error against calls, both logarithmic: a line a solver, labelled at its right end.
pub(super) fn chart(part: &ComparePart) -> Chart {
    let longest = names(part).map(|(_, name, _)| name.chars().count()).max();
    let height = (440.0f64).max(120.0 + 15.0 * solvers(part).len() as f64);
    let label_width = 30.0 + 11.0 + 7.0 * (longest.unwrap_or(0) + 11) as f64;
    drawn(part, (800.0, height), (58.0, label_width), true)
}

/// The same for a narrow page, without names.
pub(super) fn narrow_chart(part: &ComparePart) -> Chart {
    drawn(part, (390.0, 340.0), (10.0, 12.0), false)
}

fn drawn(part: &ComparePart, size: (f64, f64), space: (f64, f64), labelled: bool) -> Chart {
    let shown = |row: &CompareRow| Some((row.nfe as f64, on_the_scale(row)?));
    let points: Vec<(f64, f64)> = part.rows.iter().filter_map(shown).collect();
    let mut marks: Vec<f64> = part.rows.iter().map(|row| row.nfe as f64).collect();
    marks.sort_by(f64::total_cmp);
    marks.dedup();
    // The calls asked for: of neighbours that a solver has rounded down, the larger.
    let rounded: Vec<f64> = marks
        .iter()
        .enumerate()
        .filter(|(k, mark)| marks.get(k + 1).is_none_or(|next| *next > 1.15 * **mark))
        .map(|(_, mark)| *mark)
        .collect();
    let (first, last) = (marks.first().copied(), marks.last().copied());
    let ends = (first.unwrap_or(1.0), last.unwrap_or(10.0));
    let (low, high) = points
        .iter()
        .fold((f64::INFINITY, 0.0f64), |(low, high), p| {
            (low.min(p.1), high.max(p.1))
        });
    let (low, high) = if high > 0.0 { (low, high) } else { (0.1, 1.0) };
    let all = solvers(part);
    let x = Axis::marked("calls of the denoiser (a particle)", &rounded, ends);
    let y = Axis::log("error (in units of x)", low, high);
    let mut chart = Chart::new(size.0, size.1, x, y).with_space(space.0, space.1);
    let mut labels = Vec::new();
    for (k, rows) in all.iter().enumerate() {
        let colour = k % COLOURS;
        let points: Vec<(f64, f64)> = rows.iter().filter_map(shown).collect();
        let bars: Vec<(f64, f64, f64)> = rows
            .iter()
            .filter_map(|row| {
                let (x, error) = shown(row)?;
                let se = row.error_se.filter(|se| se.is_finite())?;
                Some((x, (error - se).max(low), (error + se).min(high)))
            })
            .collect();
        let dashed = if k >= COLOURS { " dashed" } else { "" };
        chart.line(&points, &format!("line c{colour}{dashed}"));
        chart.error_bars(&bars, &format!("bar c{colour}"));
        chart.marks(&points, k, &format!("mark c{colour}"));
        if let Some(&(x, y)) = points.last() {
            let order = rows[0].order;
            labels.push((
                x,
                y,
                rows[0].name.clone(),
                format!("name c{colour}"),
                order.map_or(String::new(), |order| format!("order {order:.1}")),
            ));
        }
    }
    if labelled {
        chart.labels(&labels);
    }
    chart
}
