//! The pictures of a comparison: error against calls and against time, both axes logarithmic.

use super::measures;
use crate::record::report::Axis;
use crate::record::report::chart::Chart;
use crate::record::report::names::{Key, Label};
use crate::record::table::count;
use crate::record::{ComparePart, CompareRow, Summary};

/// Colours by class, those of the dark setting below.
const STYLE: &str = include_str!("../comparison.css");

/// What errors are drawn against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// Calls of the denoiser.
    Calls,
    /// Wall time.
    Cost,
}

impl Against {
    fn of(self, row: &CompareRow) -> f64 {
        match self {
            Self::Calls => row.nfe as f64,
            Self::Cost => row.cost * 1e9,
        }
    }
}

/// The rows solver by solver.
fn solvers(part: &ComparePart) -> Vec<&[CompareRow]> {
    part.rows.chunk_by(|a, b| a.name == b.name).collect()
}

/// The picture as a file of its own.
pub fn svg(summary: &Summary, part: &ComparePart) -> String {
    let mut chart = wide(part, Against::Calls, 58.0);
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

/// The bound that an error is below, where there is no more to say of it.
fn bound(row: &CompareRow) -> Option<f64> {
    row.error_below.filter(|e| e.is_finite() && *e > 0.0)
}

/// What the picture leaves out, in words; nothing where it shows all rows.
pub fn left_out(part: &ComparePart) -> Option<String> {
    let zero = part.rows.iter().filter(|row| row.error == Some(0.0));
    let none = part
        .rows
        .iter()
        .filter(|row| row.error.is_none_or(|e| !e.is_finite()) && bound(row).is_none());
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

/// What stands behind a solver's name.
fn order(row: &CompareRow) -> String {
    row.order
        .map_or(String::new(), |order| format!("order {order:.1}"))
}

/// A line a solver, labelled at its right end.
pub fn chart(part: &ComparePart, against: Against) -> Chart {
    wide(part, against, 12.0)
}

/// With so much space above it.
fn wide(part: &ComparePart, against: Against, top: f64) -> Chart {
    let all = solvers(part);
    let longest = all.iter().map(|rows| rows[0].name.chars().count()).max();
    let height = top + (382.0f64).max(62.0 + 15.0 * all.len() as f64);
    let label_width = 44.0 + 11.0 + 7.0 * (longest.unwrap_or(0) + 11) as f64;
    let (mut chart, labels) = drawn(part, against, (800.0, height), (top, label_width), 0.0);
    chart.labels(&labels);
    chart
}

/// The same for a narrow page, names below.
pub fn narrow_chart(part: &ComparePart, against: Against) -> Chart {
    let foot = Chart::legend_height(solvers(part).len());
    let (mut chart, labels) = drawn(part, against, (390.0, 340.0 + foot), (10.0, 12.0), foot);
    chart.legend(&labels);
    chart
}

fn drawn(
    part: &ComparePart,
    against: Against,
    size: (f64, f64),
    space: (f64, f64),
    foot: f64,
) -> (Chart, Vec<Label>) {
    let shown = |row: &CompareRow| Some((against.of(row), on_the_scale(row)?));
    let below = |row: &CompareRow| Some((against.of(row), bound(row)?));
    let rows = part.rows.iter();
    let points = rows.filter_map(|row| shown(row).or_else(|| below(row)));
    let (low, high) = points.fold((f64::INFINITY, 0.0f64), |(low, high), p| {
        (low.min(p.1), high.max(p.1))
    });
    let (low, high) = if high > 0.0 { (low, high) } else { (0.1, 1.0) };
    let y = Axis::log("error (in units of x)", low, high);
    let mut chart = Chart::new(size.0, size.1, across(part, against), y)
        .with_space(space.0, space.1)
        .with_foot(foot);
    let mut labels = Vec::new();
    for (k, rows) in solvers(part).iter().enumerate() {
        let key = Key::of(k);
        let points: Vec<(f64, f64)> = rows.iter().filter_map(shown).collect();
        let bars: Vec<(f64, f64, f64)> = rows
            .iter()
            .filter_map(|row| {
                let (x, error) = shown(row)?;
                let se = row.error_se.filter(|se| se.is_finite())?;
                Some((x, (error - se).max(low), (error + se).min(high)))
            })
            .collect();
        chart.line(&points, &key.line());
        chart.error_bars(&bars, &key.bar());
        chart.marks(&points, k, &key.mark());
        let bounds: Vec<(f64, f64)> = rows.iter().filter_map(below).collect();
        chart.arrows(&bounds, &key.bar());
        if let Some(&(x, y)) = points.last().or(bounds.last()) {
            labels.push(Label {
                at: (x, y),
                name: rows[0].name.clone(),
                rest: order(&rows[0]),
                key,
            });
        }
    }
    (chart, labels)
}

/// The level axis: calls that were asked for, or round times.
fn across(part: &ComparePart, against: Against) -> Axis {
    let mut marks: Vec<f64> = part.rows.iter().map(|row| against.of(row)).collect();
    marks.retain(|mark| mark.is_finite() && *mark > 0.0);
    marks.sort_by(f64::total_cmp);
    marks.dedup();
    let ends = (
        marks.first().copied().unwrap_or(1.0),
        marks.last().copied().unwrap_or(10.0),
    );
    match against {
        Against::Calls => {
            // Of neighbours that a solver has rounded down, the larger.
            let rounded: Vec<f64> = marks
                .iter()
                .enumerate()
                .filter(|(k, mark)| marks.get(k + 1).is_none_or(|next| *next > 1.15 * **mark))
                .map(|(_, mark)| *mark)
                .collect();
            Axis::marked("calls of the denoiser (a particle)", &rounded, ends)
        }
        Against::Cost => {
            let decades = (-3..16).map(|decade| 10f64.powi(decade));
            let round = decades.flat_map(|unit| [unit, 2.0 * unit, 5.0 * unit]);
            // The round values at and beyond either end, so that there are two at least.
            let round: Vec<f64> = round
                .filter(|v| *v > 0.4 * ends.0 && *v < 2.5 * ends.1)
                .collect();
            let first = round.iter().rev().find(|v| **v <= ends.0);
            let last = round.iter().find(|v| **v >= ends.1);
            let wide = (*first.unwrap_or(&ends.0), *last.unwrap_or(&ends.1));
            let round: Vec<f64> = round
                .into_iter()
                .filter(|v| (wide.0..=wide.1).contains(v))
                .collect();
            Axis::marked("time a particle (ns)", &round, wide)
        }
    }
}
