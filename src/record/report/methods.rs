//! What is particular to diffusion: the solver with its nodes, and the comparison of solvers.

use super::super::comparison::{self, Against};
use super::super::{ComparePart, CompareRow, Part, RunRecord};
use super::Axis;
use super::chart::Chart;
use super::page::{Drawing, Page, escape, facts, fixed, grid, key, number, range, table, whole};

/// Solver, schedule, grid, calls and noise levels of `diffuse`.
pub fn diffusion(record: &RunRecord<'_>, page: &mut Page) {
    let Part::Diffuse(part) = &record.summary.part else {
        return;
    };
    let levels = &record.figures.noise_levels;
    let mut rows = vec![
        ("Solver", escape(&part.solver)),
        ("Noise schedule", escape(&part.schedule)),
        ("Time grid", escape(&part.grid)),
        ("Calls of the denoiser", format!("{} a particle", part.nfe)),
    ];
    if let (Some(first), Some(last)) = (levels.first(), levels.last()) {
        rows.push((
            "Noise levels",
            format!(
                "{} nodes, from {} to {}",
                levels.len(),
                number(*first),
                number(*last)
            ),
        ));
    }
    let mut body = facts(&rows);
    let positive: Vec<(f64, f64)> = levels
        .iter()
        .zip(0..)
        .filter(|(l, _)| **l > 0.0)
        .map(|(l, k)| (f64::from(k), *l))
        .collect();
    if let Some((low, high)) = range(positive.iter().map(|p| p.1)).filter(|_| positive.len() > 1) {
        let last = (levels.len() - 1) as f64;
        let mut chart = Chart::new(
            360.0,
            220.0,
            Axis::counted("node", 0.0, last),
            Axis::log("noise level", low, high),
        );
        chart.line(&positive, "line");
        chart.dots(&positive);
        let ends = match levels.last() {
            Some(last) if *last == 0.0 => " The last node is at 0, which this scale has not.",
            _ => "",
        };
        let caption = format!(
            "Noise level {} of the nodes, from the start on. Most of the error is made where a step is long on this scale while the \
             law changes: around the spread of the data and the distance of its modes.{ends}",
            key("line")
        );
        let drawing = Drawing {
            chart,
            title: "Noise level of the nodes".into(),
            description: format!(
                "{} nodes from {} to {}",
                levels.len(),
                number(high),
                number(low)
            ),
        };
        body += &grid(&[page.figure(vec![drawing], &caption)]);
    }
    page.section("solver", "Solver and noise levels", &body);
}

/// Errors against calls of `compare`: picture, fitted orders, all rows.
pub fn comparison(record: &RunRecord<'_>, page: &mut Page) {
    let Part::Compare(part) = &record.summary.part else {
        return;
    };
    let mut about = vec![
        ("Noise schedule", escape(&part.schedule)),
        ("Time grid", escape(&part.grid)),
        ("Error", escape(&comparison::measures(part))),
    ];
    if let (Some(solver), Some(nfe), Some(error)) =
        (&part.fine_solver, part.fine_nfe, part.fine_error)
    {
        about.push((
            "Fine solution",
            format!("{}, {nfe} calls, off by {}", escape(solver), number(error)),
        ));
    }
    let picture = |against, page: &mut Page| {
        let (title, x) = match against {
            Against::Calls => ("Error against calls", "calls of the denoiser"),
            Against::Cost => (
                "Error against time",
                "the time they take, the least of several runs",
            ),
        };
        let drawing = |chart| Drawing {
            chart,
            title: title.into(),
            description:
                "A line a solver, both axes logarithmic; the numbers are in the table below".into(),
        };
        // One for a wide page, one for a narrow one: the style sheet shows either.
        let drawings = vec![
            drawing(comparison::chart(part, against)),
            drawing(comparison::narrow_chart(part, against)),
        ];
        let mut caption =
            format!("Error against {x}, both on logarithmic scales; to the lower left is better.");
        if against == Against::Calls {
            caption += " Bars are standard errors over particles. Far from its floor a method of order p falls with slope −p.";
            caption += flat(part);
            if part.rows.iter().any(|row| row.error_below.is_some()) {
                caption += " An arrow is an error below its noise: it hangs from two standard errors of that.";
            }
            if let Some(rows) = comparison::left_out(part) {
                caption += &format!(" {}.", escape(&rows));
            }
        }
        format!(
            "<div class=\"wide\">\n{}</div>\n",
            page.figure(drawings, &caption)
        )
    };
    let pictures = picture(Against::Calls, page) + &picture(Against::Cost, page);
    let solvers = part.rows.chunk_by(|a, b| a.name == b.name);
    let orders: Vec<Vec<String>> = solvers.filter_map(|rows| rows.first().map(order)).collect();
    page.section(
        "comparison",
        "Error against calls and time",
        &(facts(&about) + &pictures),
    );
    let text = "<p>The slope of the error over its last three doublings of steps that are above its floor, with a 95% interval: it \
                covers chance over particles, the scatter about the line, and what the slope still changes from doubling to \
                doubling. It is the order of the method as far as that change has ended.</p>\n";
    let mut fitted = table(&["solver", "order", "95% interval"], &orders);
    let without = part.rows.chunk_by(|a, b| a.name == b.name);
    let without = without.filter_map(|rows| {
        let note = rows[0].order_note.as_deref()?;
        Some(format!(
            "<li>{}: {}</li>",
            whole(&rows[0].name),
            escape(note)
        ))
    });
    let without: Vec<String> = without.collect();
    if !without.is_empty() {
        fitted += "<p>Without an order:</p>\n<ul class=\"sources\">\n";
        fitted += &(without.join("\n") + "\n</ul>\n");
    }
    page.section("orders", "Fitted orders", &(text.to_owned() + &fitted));
    let (text, rows) = all_rows(part);
    page.section("rows", "All rows", &(text + &rows));
}

/// Why a line may flatten, as far as this comparison has such errors.
fn flat(part: &ComparePart) -> &'static str {
    let has = |measure: &str| part.rows.iter().any(|row| row.measure == measure);
    match (has("solution") || has("strong"), has("moments")) {
        (true, false) => {
            " A line flattens where it meets the floor of the fine solution, or where few particles that end in another mode than \
             that outweigh all others: the median in the table below does not see those."
        }
        (true, true) => {
            " A line flattens where it meets the floor of the fine solution, where few particles that end in another mode than that \
             outweigh all others (the median in the table below does not see those), or, with noise, where chance is as large."
        }
        (false, _) => " A line flattens where chance over particles is as large as the error.",
    }
}

/// Every row, without columns that say nothing.
fn all_rows(part: &ComparePart) -> (String, String) {
    let optional = |value: Option<f64>| value.map_or("–".to_owned(), number);
    // Two digits: a phone has room for no more.
    let short = |value: Option<f64>| match value.filter(|v| v.is_finite()) {
        Some(value) => format!("{value:.1e}").replace('-', "\u{2212}"),
        None => "–".to_owned(),
    };
    let head = [
        "solver",
        "calls",
        "steps",
        "error",
        "± se",
        "median",
        "ns a particle",
        "measure",
    ];
    let first = part.rows.first().map(|row| row.measure.as_str());
    let several = part
        .rows
        .iter()
        .any(|row| Some(row.measure.as_str()) != first);
    let wanted = [
        true,
        true,
        part.rows.iter().any(|row| row.steps != row.nfe),
        true,
        true,
        part.rows.iter().any(|row| row.error_median.is_some()),
        true,
        several,
    ];
    let keep = |cells: Vec<String>| -> Vec<String> {
        let kept = cells.into_iter().zip(wanted).filter(|(_, wanted)| *wanted);
        kept.map(|(cell, _)| cell).collect()
    };
    let rows = part.rows.iter().map(|row| {
        let error = match row.error_below {
            Some(bound) => format!("&lt; {}", number(bound)),
            None => optional(row.error),
        };
        keep(vec![
            whole(&row.name),
            row.nfe.to_string(),
            row.steps.to_string(),
            error,
            short(row.error_se),
            short(row.error_median),
            fixed(row.cost * 1e9, 0),
            escape(&row.measure),
        ])
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let head = keep(head.map(str::to_owned).to_vec());
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let mut text = String::new();
    if wanted[5] {
        text += " The median is that of the distance over particles.";
    }
    if part.rows.iter().any(|row| row.error_below.is_some()) {
        text += " &lt; stands before two standard errors of what chance makes of right moments, where the error is no larger than that.";
    }
    let text = match text.trim() {
        "" => String::new(),
        text => format!("<p>{text}</p>\n"),
    };
    (text, table(&head, &rows))
}

fn order(row: &CompareRow) -> Vec<String> {
    let interval = match (row.order_low, row.order_high) {
        (Some(low), Some(high)) => format!("{} to {}", fixed(low, 2), fixed(high, 2)),
        _ => "–".into(),
    };
    vec![
        whole(&row.name),
        row.order.map_or("–".into(), |order| fixed(order, 2)),
        interval,
    ]
}
