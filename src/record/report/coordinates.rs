//! The coordinates in numbers: a table, and effective sample sizes and R-hat of all of them as dots.

use super::super::{RunRecord, table};
use super::Axis;
use super::chart::Chart;
use super::page::{Drawing, Page, escape, grid, key, number, plural, r_hat, range, rounded, short};
use crate::diagnostics::RHatKind;

/// Rows of the table.
const ROWS: usize = 200;
/// Dots over coordinates.
const POINTS: usize = 300;

/// Table and pictures.
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

/// Coordinates that have a line with their name each; more are dots in falling order.
const NAMED: usize = 24;

/// Places of coordinates, those with the smallest value last, thinned to so many as a picture shows.
fn falling(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len())
        .filter(|j| values[*j].is_finite())
        .collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]).then(a.cmp(b)));
    let n = order.len();
    let points = n.min(POINTS);
    let place = |k: usize| match points {
        0 | 1 => 0,
        _ => k * (n - 1) / (points - 1),
    };
    (0..points).map(|k| order[place(k)]).collect()
}

/// A picture of figures of the coordinates: a line with its name for each where they are few, else dots in falling order.
/// Nothing joins coordinates, which have nothing to do with each other.
fn dots(
    record: &RunRecord<'_>,
    series: &[(&[f64], usize)],
    values: Axis,
    limit: f64,
) -> Option<Chart> {
    let (first, _) = series.first()?;
    let order = falling(first);
    let few = order.len() <= NAMED && first.len() <= NAMED;
    let last = first.len() as f64;
    let mut chart = match few {
        true => {
            let rows = Axis::linear("", 0.0, order.len() as f64);
            let height = 64.0 + 17.0 * order.len() as f64;
            let names: Vec<String> = order.iter().map(|j| short(&record.name(*j), 18)).collect();
            Chart::new(360.0, height, values, rows).with_rows(&names)
        }
        false => Chart::new(
            360.0,
            220.0,
            Axis::counted("coordinates, largest first", 1.0, last),
            values,
        ),
    };
    match few {
        true => chart.upright(limit, "limit"),
        false => chart.level(limit, "limit"),
    }
    for (list, k) in series {
        let order = if few { order.clone() } else { falling(list) };
        let shown = order.len();
        let place = |k: usize| match shown {
            0 | 1 => 1.0,
            // Where thinned, evenly over all.
            _ => 1.0 + k as f64 / (shown - 1) as f64 * (last - 1.0),
        };
        let points = order.iter().enumerate().filter_map(|(at, j)| {
            let value = list.get(*j).copied().filter(|v| v.is_finite())?;
            Some(match few {
                true => (value, (shown - at) as f64 - 0.5),
                false => (place(at), value),
            })
        });
        let points: Vec<(f64, f64)> = points.collect();
        chart.marks(&points, *k, &format!("mark c{k}"));
    }
    Some(chart)
}

fn sizes(record: &RunRecord<'_>, page: &mut Page) -> Option<String> {
    let (bulk, tail) = (&record.ess_bulk, &record.ess_tail);
    let (low, high) = range(bulk.iter().chain(tail).copied().filter(|v| *v > 0.0))?;
    let n = bulk.len().max(tail.len());
    // The level of 400 has to be on the picture.
    let (bottom, top) = (low.min(400.0), high.max(400.0));
    let axis = match top > 8.0 * bottom {
        true => Axis::log("effective sample size", bottom, top),
        false => Axis::linear("effective sample size", 0.0, 1.05 * top),
    };
    let chart = dots(record, &[(bulk, 0), (tail, 1)], axis, 400.0)?;
    let caption = format!(
        "Effective sample sizes in falling order of the bulk's, {} bulk and {} tail; {} is 400, below which R-hat and \
         standard errors are not to be trusted. A tail far below the bulk means rare excursions: run longer.",
        sample(0),
        sample(1),
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

/// A mark in a caption.
fn sample(k: usize) -> String {
    let mark = ["\u{25cf}", "\u{25a0}"][k % 2];
    format!("<span class=\"sign c{k}\">{mark}</span>")
}

fn r_hats(record: &RunRecord<'_>, page: &mut Page) -> Option<String> {
    let (low, high) = range(record.r_hat.iter().copied())?;
    let (low, high) = (low.min(1.0), high.max(1.012));
    let pad = 0.05 * (high - low);
    let axis = Axis::linear(record.r_hat_kind().words(), low - pad, high + pad);
    let chart = dots(record, &[(&record.r_hat, 0)], axis, 1.01)?;
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
