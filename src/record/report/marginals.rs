//! Marginals of single coordinates, and pairs of them, with what is known exactly.

use super::super::figures::{MARGINALS, Marginal, Pair};
use super::super::{Part, RunRecord};
use super::Axis;
use super::chart::Chart;
use super::page::{Drawing, Page, count, edges, escape, grid, key, number, range, short};

/// Characters of a coordinate's name on a picture.
const NAME: usize = 22;

/// Characters of a coordinate's name above a small picture: on a phone its text is half as large again.
const TITLE: usize = 24;

/// Histograms of the coordinates.
pub fn marginals(record: &RunRecord<'_>, page: &mut Page) {
    let marginals = &record.figures.marginals;
    if marginals.is_empty() {
        return;
    }
    let drawings: Vec<Drawing> = marginals.iter().map(|m| marginal(record, m)).collect();
    let dim = record.summary.dim;
    let which = match dim > MARGINALS {
        true if record.r_hat.len() == dim => format!(
            "The {MARGINALS} of {dim} coordinates with the largest {}",
            record.r_hat_kind().words()
        ),
        true => format!("The first {MARGINALS} of {dim} coordinates"),
        false => "All coordinates".into(),
    };
    let known = match marginals.iter().find(|m| !m.exact.is_empty()) {
        Some(m) => format!(
            " {} is exact ({}), and {} its average over a bar, which is where the bar ends but for noise: about √n of the n \
             values in it, more where values depend on each other, as states of a chain and resampled particles do. Bars that miss it \
             by more, or a missing bump, are an error of the run.",
            key("exact"),
            escape(&m.exact_how),
            key("expected")
        ),
        None if marginals.iter().any(|m| exact_mean(record, m).is_some()) => format!(
            " {} is the exact mean; the centre of the bars should be there within a few standard errors (see the table).",
            key("limit")
        ),
        None => " Gaps and spikes point to too few independent values; a wall at an end, to a bound of the support.".into(),
    };
    let wider = match marginals.iter().any(|m| !m.exact.is_empty()) {
        true => ", or that of the target where it is wider",
        false => "",
    };
    let note = match record.figures.exact_note.as_str() {
        "" => String::new(),
        note => format!(" {}.", escape(note)),
    };
    let caption = format!(
        "{which}: density of {} over their central 99.8%{wider}.{known}{note}",
        looked_at(record)
    );
    let body = page.figure(drawings, &caption);
    page.section("marginals", "Marginals", &body);
}

/// The exact mean, where it is known and the curve is not, if it is on the picture.
fn exact_mean(record: &RunRecord<'_>, marginal: &Marginal) -> Option<f64> {
    let mean = record.exact.mean.as_ref()?.get(marginal.coordinate)?;
    let inside = (marginal.low..marginal.high).contains(mean);
    (marginal.exact.is_empty() && inside).then_some(*mean)
}

/// Whether there were several runs.
fn several(record: &RunRecord<'_>) -> bool {
    matches!(&record.summary.part, Part::Smc(part) if part.log_evidences.len() > 1)
}

/// Whether they share the particles.
fn islands(record: &RunRecord<'_>) -> bool {
    matches!(&record.summary.part, Part::Smc(part) if part.islands > 1)
}

/// What values the pictures are of.
fn looked_at(record: &RunRecord<'_>) -> String {
    let figures = &record.figures;
    let what = match record.draws {
        Some(_) => "kept draws of all chains",
        None if islands(record) => "particles of the last population of all islands",
        None if several(record) => "particles of the last population of the first replicate",
        None => "particles of the last population",
    };
    let (some, all) = (
        count(figures.values as u64),
        count(figures.of_values as u64),
    );
    let seen = figures.marginals.iter().map(|m| m.values).min();
    let lost = figures
        .values
        .saturating_sub(seen.unwrap_or(figures.values));
    let but = match lost {
        0 => String::new(),
        n => format!(" but {} left out as not finite", count(n as u64)),
    };
    match figures.values < figures.of_values {
        true => format!("{some} of {all} {what}, evenly spaced{but}"),
        false => format!("all {all} {what}{but}"),
    }
}

fn marginal(record: &RunRecord<'_>, marginal: &Marginal) -> Drawing {
    let m = marginal;
    let width = (m.high - m.low) / m.counts.len().max(1) as f64;
    let unit = 1.0 / (m.values.max(1) as f64 * width);
    let heights: Vec<f64> = m.counts.iter().map(|n| f64::from(*n) * unit).collect();
    let tallest = heights.iter().copied().chain(m.exact.iter().map(|p| p.1));
    let (_, top) = range(tallest).unwrap_or((0.0, 1.0));
    let x = Axis::linear("", m.low, m.high);
    let y = Axis::linear("density", 0.0, top);
    // Text is half as large again on a phone: its numbers need the room there.
    let mut chart = Chart::new(270.0, 165.0, x, y)
        .with_space(26.0, 12.0)
        .for_large_text();
    let edges = edges(m.low, m.high, heights.len());
    chart.bars(&edges, &heights);
    chart.line(&m.exact, "exact");
    chart.treads(&edges, &m.expected(), "expected");
    if let Some(mean) = exact_mean(record, m) {
        chart.upright(mean, "limit");
    }
    let name = record.name(m.coordinate);
    chart.name(&short(&name, TITLE));
    Drawing {
        chart,
        title: format!("Histogram of {name}"),
        description: format!(
            "{} values from {} to {}",
            m.values,
            number(m.low),
            number(m.high)
        ),
    }
}

/// The most dependent pairs of coordinates.
pub fn pairs(record: &RunRecord<'_>, page: &mut Page) {
    let pairs = &record.figures.pairs;
    if pairs.is_empty() {
        return;
    }
    let figures: Vec<String> = pairs.iter().map(|p| pair(record, p, page)).collect();
    let dim = record.summary.dim;
    let text = match dim {
        2 => String::new(),
        _ => format!(
            "<p>Of the {} coordinates above, the pairs whose ranks depend most on each other, folded ranks included, so that funnels and rings count too.</p>\n",
            dim.min(MARGINALS)
        ),
    };
    page.section("pairs", "Pairs of coordinates", &(text + &grid(&figures)));
}

fn pair(record: &RunRecord<'_>, pair: &Pair, page: &mut Page) -> String {
    let (first, second) = (record.name(pair.first), record.name(pair.second));
    let mut chart = Chart::new(
        420.0,
        380.0,
        Axis::linear(&short(&first, NAME), pair.x.0, pair.x.1),
        Axis::linear(&short(&second, NAME), pair.y.0, pair.y.1),
    );
    if let Some(cells) = &pair.cells {
        chart.cells(&cells.rows);
    }
    chart.scatter(&pair.points);
    chart.contours(&pair.contours);
    let what = match &pair.cells {
        Some(cells) => {
            let n = cells.rows.len().max(1) as f64;
            format!(
                "{}, in cells of {} by {}; shade grows with the square root of the count, {} in the fullest",
                looked_at(record),
                number((pair.x.1 - pair.x.0) / n),
                number((pair.y.1 - pair.y.0) / n),
                count(u64::from(cells.most))
            )
        }
        None => looked_at(record),
    };
    let known = match pair.contours.is_empty() {
        true => String::new(),
        false => format!(
            " {} hold 50% and 95% of the exact density: a mode that is encircled and empty was missed.",
            key("exact")
        ),
    };
    let caption = format!(
        "{} against {}: {what}. Dependence of ranks {:.2}.{known}",
        escape(&second),
        escape(&first),
        pair.dependence
    );
    let description = format!(
        "From {} to {} and from {} to {}",
        number(pair.x.0),
        number(pair.x.1),
        number(pair.y.0),
        number(pair.y.1)
    );
    let title = format!("{second} against {first}");
    page.figure(
        vec![Drawing {
            chart,
            title,
            description,
        }],
        &caption,
    )
}
