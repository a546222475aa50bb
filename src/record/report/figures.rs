//! The figures of the report: the ladder, the marginals, the first two coordinates together.

use super::super::RunRecord;
use super::chart::{Axis, Chart};
use super::{count, escape, number, section};

/// Marginals drawn.
const MARGINALS: usize = 12;
/// Values of a coordinate looked at, evenly spaced over the population.
const VALUES: usize = 100_000;

/// What happened from temperature to temperature; nothing for a run without tempering.
pub fn ladder(record: &RunRecord<'_>) -> String {
    let stages = &record.stages;
    if stages.is_empty() {
        return String::new();
    }
    let last = stages.len() as f64;
    let stage = || Axis::counted("stage", if last > 1.0 { 1.0 } else { 0.5 }, last.max(1.5));
    let series = |of: &dyn Fn(usize) -> f64| -> Vec<(f64, f64)> {
        (0..stages.len()).map(|t| ((t + 1) as f64, of(t))).collect()
    };
    let draw = |points: &[(f64, f64)], y: Axis, title: &str| {
        let mut chart = Chart::new(420.0, 230.0, stage(), y);
        chart.line(points, "line");
        chart.dots(points);
        figure(&chart.finish(title), title)
    };

    let lowest = stages
        .iter()
        .map(|s| s.tempering_param)
        .fold(f64::INFINITY, f64::min);
    let beta = series(&|t| stages[t].tempering_param);
    let scale = match lowest > 0.0 && lowest < 0.02 {
        true => Axis::log("tempering parameter", lowest, 1.0),
        false => Axis::linear("tempering parameter", 0.0, 1.0),
    };
    let mut total = 0.0;
    let evidence: Vec<(f64, f64)> = std::iter::once((0.0, 0.0))
        .chain(stages.iter().zip(1..).map(|(s, t)| {
            total += s.log_evidence_increment;
            (f64::from(t), total)
        }))
        .skip(1)
        .collect();
    let (low, high) = range(evidence.iter().map(|p| p.1).chain([0.0]));
    let pad = 0.06 * (high - low);
    let particles = record.summary.particles as f64;
    let charts = [
        draw(&beta, scale, "Tempering parameter at each stage"),
        draw(
            &series(&|t| stages[t].ess),
            Axis::linear("effective sample size", 0.0, particles),
            "Effective sample size of the weights at each stage, before resampling",
        ),
        draw(
            &series(&|t| stages[t].acceptance),
            Axis::linear("acceptance", 0.0, 1.0),
            "Share of accepted moves at each stage",
        ),
        draw(
            &evidence,
            Axis::linear("log evidence so far", low - pad, high + pad),
            "Log evidence accumulated up to each stage",
        ),
    ];
    section(
        "Tempering ladder",
        &format!("<div class=\"grid\">\n{}</div>\n", charts.concat()),
    )
}

fn figure(svg: &str, caption: &str) -> String {
    format!(
        "<figure>\n{svg}<figcaption>{}.</figcaption>\n</figure>\n",
        escape(caption)
    )
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        })
}

/// The finite values of a coordinate, thinned evenly.
fn column(record: &RunRecord<'_>, j: usize) -> Vec<f64> {
    let dim = record.summary.dim.max(1);
    let rows = record.samples.len() / dim;
    let every = rows.div_ceil(VALUES).max(1);
    let column = record.samples.iter().skip(j).step_by(dim).step_by(every);
    column.copied().filter(|v| v.is_finite()).collect()
}

/// The range that holds the central 99.8% of the values, a little widened; `None` without values.
fn central(values: &[f64]) -> Option<(f64, f64)> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let cut = sorted.len() / 1000;
    let (low, high) = (*sorted.get(cut)?, *sorted.get(sorted.len() - 1 - cut)?);
    let pad = 0.03 * (high - low);
    Some((low - pad, high + pad))
}

/// Histograms of the first coordinates.
pub fn marginals(record: &RunRecord<'_>) -> String {
    let dim = record.summary.dim;
    let mut charts = String::new();
    for j in 0..dim.min(MARGINALS) {
        let values = column(record, j);
        let Some((low, high)) = central(&values) else {
            continue;
        };
        let axis = Axis::linear("", low, high);
        let bins = if values.len() < 400 { 20 } else { 44 };
        let width = (high - low) / f64::from(bins);
        if width.is_nan() || width <= 0.0 || !width.is_finite() {
            continue;
        }
        let mut heights = vec![0.0; bins as usize];
        for value in &values {
            let bin = (value - low) / width;
            if (0.0..f64::from(bins)).contains(&bin) {
                heights[bin as usize] += 1.0;
            }
        }
        let edges: Vec<f64> = (0..=bins).map(|i| low + f64::from(i) * width).collect();
        let top = heights.iter().copied().fold(0.0, f64::max) * 1.25;
        let mut chart = Chart::new(270.0, 150.0, axis, Axis::linear("", 0.0, top.max(1.0)));
        chart.bars(&edges, &heights);
        let name = record.name(j);
        chart.note(&name);
        let caption = format!("Histogram of {name}");
        charts.push_str(&format!("<figure>\n{}</figure>\n", chart.finish(&caption)));
    }
    if charts.is_empty() {
        return String::new();
    }
    let particles = count(record.summary.particles as u64);
    let which = match dim > MARGINALS {
        true => format!("The first {MARGINALS} of {dim} coordinates"),
        false => "All coordinates".into(),
    };
    let text = format!(
        "<p>{which}, over the last population of {particles} particles; each panel spans the central 99.8%.</p>\n"
    );
    section(
        "Marginals",
        &format!("{text}<div class=\"grid small\">\n{charts}</div>\n"),
    )
}

/// The first two coordinates as a two-dimensional histogram.
pub fn joint(record: &RunRecord<'_>) -> String {
    if record.summary.dim < 2 {
        return String::new();
    }
    let dim = record.summary.dim;
    let (a, b) = (column(record, 0), column(record, 1));
    let (Some((x0, x1)), Some((y0, y1))) = (central(&a), central(&b)) else {
        return String::new();
    };
    // As many cells as the particles can fill: about N^(1/2) along an axis, between 16 and 72.
    let rows = record.samples.len() / dim;
    let cells = ((rows as f64).sqrt() * 0.9).clamp(16.0, 72.0) as usize;
    let mut counts = vec![vec![0u32; cells]; cells];
    for pair in record.samples.chunks_exact(dim) {
        let place = |v: f64, low: f64, high: f64| (v - low) / (high - low) * cells as f64;
        let (c, r) = (place(pair[0], x0, x1), place(pair[1], y0, y1));
        if (0.0..cells as f64).contains(&c) && (0.0..cells as f64).contains(&r) {
            counts[r as usize][c as usize] += 1;
        }
    }
    let (first, second) = (record.name(0), record.name(1));
    let mut chart = Chart::new(
        520.0,
        470.0,
        Axis::linear(&first, x0, x1),
        Axis::linear(&second, y0, y1),
    );
    chart.cells(&counts);
    let title = format!("{first} against {second}");
    let caption = format!(
        "{title}: two-dimensional histogram of the last population, {cells} by {cells} cells of {} by {}; shade grows with the square root of the count",
        number((x1 - x0) / cells as f64),
        number((y1 - y0) / cells as f64),
    );
    let figure = figure(&chart.finish(&title), &caption);
    section(
        "First two coordinates",
        &format!("<div class=\"joint\">\n{figure}</div>\n"),
    )
}
