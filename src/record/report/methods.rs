//! What is particular to diffusion: the solver with its nodes, and the comparison of solvers.

use super::super::comparison;
use super::super::{CompareRow, Part, RunRecord};
use super::Axis;
use super::chart::Chart;
use super::page::{Drawing, Page, escape, facts, fixed, grid, key, number, range, table};

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
    let drawing = |chart| Drawing {
        chart,
        title: "Error against calls".into(),
        description: "A line a solver, both axes logarithmic; the numbers are in the table below"
            .into(),
    };
    // One for a wide page, one for a narrow one: the style sheet shows either.
    let drawings = vec![
        drawing(comparison::chart(part)),
        drawing(comparison::narrow_chart(part)),
    ];
    let named = comparison::names(part).map(|(colour, name, order)| {
        let key = key(&format!("c{colour}"));
        format!("<li>{key} {} {order}</li>", escape(name))
    });
    let named = named.collect::<String>();
    let caption = "Error against calls of the denoiser, both on logarithmic scales; bars are standard errors over particles. A method \
                   of order p falls with slope −p until it meets its floor; to the lower left is better. Lines that flatten have met the \
                   floor of the measure, not of the method.";
    let caption = match comparison::left_out(part) {
        Some(rows) => format!("{caption} {}.", escape(&rows)),
        None => caption.to_owned(),
    };
    let picture = format!(
        "<div class=\"wide\">\n{}<ul class=\"legend\">{named}</ul>\n</div>\n",
        page.figure(drawings, &caption)
    );
    let optional = |value: Option<f64>| value.map_or("–".to_owned(), number);
    let solvers = part.rows.chunk_by(|a, b| a.name == b.name);
    let orders: Vec<Vec<String>> = solvers.filter_map(|rows| rows.first().map(order)).collect();
    let rows: Vec<Vec<String>> = part
        .rows
        .iter()
        .map(|row| {
            vec![
                escape(&row.name),
                row.nfe.to_string(),
                row.steps.to_string(),
                optional(row.error),
                optional(row.error_se),
                fixed(row.cost * 1e9, 0),
                escape(&row.measure),
            ]
        })
        .collect();
    let body = facts(&about) + &picture;
    page.section("comparison", "Error against cost", &body);
    let text = "<p>The slope of the error over the calls that are in its asymptotic range, with its 95% interval.</p>\n";
    // The last column says why there is no order, where there is none.
    let mut head = vec!["solver", "order", "95% interval", "why none"];
    let mut orders = orders;
    if orders.iter().all(|row| row[3].is_empty()) {
        head.truncate(3);
        orders.iter_mut().for_each(|row| row.truncate(3));
    }
    let fitted = table(&head, &orders);
    page.section("orders", "Fitted orders", &(text.to_owned() + &fitted));
    let head = [
        "solver",
        "calls",
        "steps",
        "error",
        "± se",
        "ns a particle",
        "measure",
    ];
    page.section("rows", "All rows", &table(&head, &rows));
}

fn order(row: &CompareRow) -> Vec<String> {
    let interval = match (row.order_low, row.order_high) {
        (Some(low), Some(high)) => format!("{} to {}", fixed(low, 2), fixed(high, 2)),
        _ => "–".into(),
    };
    vec![
        escape(&row.name),
        row.order.map_or("–".into(), |order| fixed(order, 2)),
        interval,
        row.order_note.as_deref().map_or(String::new(), escape),
    ]
}
