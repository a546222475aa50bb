//! The coordinates in numbers: a table, and effective sample sizes and R-hat of all of them as curves.

use super::super::{RunRecord, table};
use super::Axis;
use super::chart::Chart;
use super::page::{Drawing, Page, escape, grid, key, number, plural, r_hat, range, rounded};
use crate::diagnostics::RHatKind;

/// Rows of the table.
const ROWS: usize = 200;
/// Points of a curve over coordinates.
const POINTS: usize = 300;

/// Table and curves.
pub fn coordinates(record: &RunRecord<'_>, page: &mut Page) {
    let (mean, sd) = (record.mean(), record.sd());
    if mean.is_empty() {
        return;
    }
    let exact = &record.exact;
    let r_hat_name = record.r_hat_kind().words();
    let lists = [
        ("mean", Some(mean), 0),
        ("exact", exact.mean.as_deref(), 0),
        ("sd", Some(sd), 0),
        ("exact", exact.sd.as_deref(), 0),
        ("MCSE", Some(record.mcse_mean()), 0),
        ("89% from", Some(record.summary.eti89_lb.as_slice()), 0),
        ("to", Some(record.summary.eti89_ub.as_slice()), 0),
        (r_hat_name, Some(record.r_hat.as_slice()), 3),
        ("bulk ESS", Some(record.ess_bulk.as_slice()), 1),
        ("tail ESS", Some(record.ess_tail.as_slice()), 1),
    ];
    let present = lists
        .iter()
        .filter(|(_, list, _)| list.is_some_and(|l| !l.is_empty()));
    let mut head = vec!["coordinate"];
    head.extend(present.clone().map(|(name, ..)| *name));
    let shown = table::shown(record, ROWS);
    let rows: Vec<Vec<String>> = shown
        .iter()
        .map(|&j| {
            let mut row = vec![escape(&record.name(j))];
            row.extend(present.clone().map(|(_, list, style)| {
                let value = list.and_then(|l| l.get(j)).copied().unwrap_or(f64::NAN);
                // What sums of exact centres leave of 0 is 0.
                let spread = sd.get(j).map_or(0.0, |sd| sd.abs());
                let value = if value.abs() < 1e-14 * spread {
                    0.0
                } else {
                    value
                };
                match style {
                    3 => r_hat(value),
                    1 if value.is_finite() => rounded(value),
                    _ => number(value),
                }
            }));
            row
        })
        .collect();
    let mut body = super::page::table(&head, &rows);
    if mean.len() > ROWS {
        let order = match record.r_hat.len() == mean.len() {
            true => "with the smallest R-hat",
            false => "that follow",
        };
        body += &format!(
            "<p>… {} more {order}, in summary.json: a longer table would make this file too large.</p>\n",
            mean.len() - ROWS
        );
    }
    let mut figures = Vec::new();
    if mean.len() > 1 {
        figures.extend(sizes(record, page));
        figures.extend(r_hats(record, page));
    }
    page.section("coordinates", "Coordinates", &(body + &grid(&figures)));
}

/// Values in falling order as points over the share of coordinates, thinned.
fn falling(values: &[f64]) -> Vec<(f64, f64)> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let n = sorted.len();
    let points = n.min(POINTS);
    let place = |k: usize| match points {
        0 | 1 => 0,
        _ => k * (n - 1) / (points - 1),
    };
    (0..points)
        .map(|k| ((place(k) + 1) as f64, sorted[place(k)]))
        .collect()
}

fn sizes(record: &RunRecord<'_>, page: &mut Page) -> Option<String> {
    let (bulk, tail) = (falling(&record.ess_bulk), falling(&record.ess_tail));
    let (low, high) = range(bulk.iter().chain(&tail).map(|p| p.1).filter(|v| *v > 0.0))?;
    let n = record.ess_bulk.len().max(record.ess_tail.len());
    // The level of 400 has to be on the picture.
    let (bottom, top) = (low.min(400.0), high.max(400.0));
    let y = match top > 8.0 * bottom {
        true => Axis::log("effective sample size", bottom, top),
        false => Axis::linear("effective sample size", 0.0, 1.05 * top),
    };
    let mut chart = Chart::new(
        360.0,
        220.0,
        Axis::counted("coordinates, largest first", 1.0, n as f64),
        y,
    );
    chart.level(400.0, "limit");
    for (points, class) in [(&bulk, "c0"), (&tail, "c1")] {
        chart.line(points, &format!("line {class}"));
        if points.len() <= 60 {
            chart.marks(points, 0, &format!("mark {class}"));
        }
    }
    let caption = format!(
        "Effective sample sizes in falling order, {} bulk and {} tail; {} is 400, below which R-hat and \
         standard errors are not to be trusted. A tail far below the bulk means rare excursions: run longer.",
        key("line c0"),
        key("line c1"),
        key("limit")
    );
    let title = "Effective sample sizes of all coordinates".into();
    let description = format!("{n} coordinates, from {} to {}", number(low), number(high));
    Some(page.figure(
        vec![Drawing {
            chart,
            title,
            description,
        }],
        &caption,
    ))
}

fn r_hats(record: &RunRecord<'_>, page: &mut Page) -> Option<String> {
    let points = falling(&record.r_hat);
    let (low, high) = range(points.iter().map(|p| p.1))?;
    let (low, high) = (low.min(1.0), high.max(1.012));
    let pad = 0.05 * (high - low);
    let mut chart = Chart::new(
        360.0,
        220.0,
        Axis::counted("coordinates, largest first", 1.0, record.r_hat.len() as f64),
        Axis::linear(record.r_hat_kind().words(), low - pad, high + pad),
    );
    chart.level(1.01, "limit");
    chart.line(&points, "line c0");
    if points.len() <= 60 {
        chart.marks(&points, 0, "mark c0");
    }
    let what = match record.r_hat_kind() {
        RHatKind::Split => {
            "Split R-hat in falling order; {} is 1.01. All of them should be below it: above, chains have not met, and \
             averages over them are of no use."
        }
        RHatKind::Nested => {
            "Nested R-hat in falling order, of superchains of neighbours at their first draw and of the halves of the \
             run; {} is 1.01. Above it by more than chance gives, which the warnings judge, chains remember where they began or \
             are still on their way, and averages over them are of no use."
        }
    };
    let infinite = record.r_hat.iter().filter(|r| r.is_infinite()).count();
    let beyond = match infinite {
        0 => String::new(),
        n => format!(
            " {} without end, of chains that stand still apart, are not on the picture.",
            plural(n, "figure", "figures")
        ),
    };
    let caption = what.replace("{}", &key("limit")) + &beyond;
    let title = "R-hat of all coordinates".into();
    let description = format!(
        "{} coordinates, from {} to {}",
        record.r_hat.len(),
        number(low),
        number(high)
    );
    Some(page.figure(
        vec![Drawing {
            chart,
            title,
            description,
        }],
        &caption,
    ))
}
