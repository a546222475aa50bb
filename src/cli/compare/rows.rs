//! From measured errors to rows and fitted orders.

use super::Comparison;
use super::bench::{ABOVE_CHANCE, Measure, Measured};
use crate::diagnostics::{FittedOrder, MeasuredError, fit_order};
use crate::record::{CompareRow, Warning};

/// Adds the rows of one solver, with its order and what is to be warned of.
pub(super) fn judge(name: &str, measured: &[Measured], found: &mut Comparison) {
    for row in measured.iter().filter(|row| row.nonfinite > 0) {
        found.warnings.push(Warning::NonFiniteError {
            solver: name.to_owned(),
            nfe: row.nfe,
            count: row.nonfinite,
            particles: row.particles,
        });
    }
    let (order, note) = order_of(measured);
    if let Some(reason) = note.as_ref().filter(|_| measured.len() > 1) {
        found.warnings.push(Warning::NoOrder {
            solver: name.to_owned(),
            reason: reason.clone(),
        });
    }
    found.rows.extend(measured.iter().map(|row| CompareRow {
        name: name.to_owned(),
        nfe: row.nfe,
        steps: row.steps,
        cost: row.cost,
        error: Some(row.error.value),
        // One particle says nothing of its own scatter.
        error_se: (row.particles > 1).then_some(row.error.standard_error),
        order: order.map(|order| order.slope),
        order_low: order.map(|order| order.low),
        order_high: order.map(|order| order.high),
        order_note: note.clone(),
        measure: row.measure.name().to_owned(),
        floor: row.floor,
    }));
}

/// The order over the last three doublings above the floor, or why there is none.
fn order_of(rows: &[Measured]) -> (Option<FittedOrder>, Option<String>) {
    let above: Vec<(f64, &MeasuredError)> = rows
        .iter()
        .filter(|row| row.above)
        .map(|row| (row.steps as f64, &row.error))
        .collect();
    let last = above.last().map_or(0.0, |point| point.0);
    // Three doublings, where a solver of several calls a step has rounded them.
    let near: Vec<_> = above.into_iter().filter(|p| p.0 * 8.8 >= last).collect();
    if let Some(order) = fit_order(&near) {
        return (Some(order), None);
    }
    let finite = rows
        .iter()
        .filter(|row| row.error.value.is_finite())
        .count();
    let noisy = rows.iter().any(|row| row.measure == Measure::Moments);
    let reason = match (rows.len(), finite, noisy) {
        (0 | 1, ..) => "a single number of calls".to_owned(),
        (_, 0 | 1, _) => "fewer than two errors are finite".to_owned(),
        (.., true) => {
            format!("fewer than two errors are above {ABOVE_CHANCE} standard errors")
        }
        (.., false) => {
            let floor = rows[0].floor.unwrap_or(0.0);
            format!("fewer than two errors are above the floor of the fine solution, {floor:.1e}")
        }
    };
    (None, Some(reason))
}
