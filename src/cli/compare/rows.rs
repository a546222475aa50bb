//! From measured errors to rows and fitted orders.

use super::Comparison;
use super::bench::{ABOVE_CHANCE, Measure, Measured};
use crate::diagnostics::{FittedOrder, MeasuredError, fit_order};
use crate::record::{CompareRow, Warning};
use driftlane_kernels::Lane;

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
    found.rows.extend(measured.iter().map(|row| {
        // Not 0: no larger than chance.
        let unseen = row.measure == Measure::Moments && row.error.value == 0.0;
        let se = row.error.standard_error;
        CompareRow {
            name: name.to_owned(),
            nfe: row.nfe,
            steps: row.steps,
            cost: row.cost,
            error: (!unseen).then_some(row.error.value),
            // One particle says nothing of its own scatter.
            error_se: (row.particles > 1 && !unseen).then_some(se),
            order: order.map(|order| order.slope),
            order_low: order.map(|order| order.low),
            order_high: order.map(|order| order.high),
            order_note: note.clone(),
            measure: row.measure.name().to_owned(),
            floor: row.floor,
            error_below: unseen.then_some(2.0 * se),
            error_median: row.error.median,
        }
    }));
}

/// Of the largest hundredth of all particles, the share of the mean square above which it is theirs.
const OF_FEW: f64 = 0.5;
/// How much faster the median falls where the order is not that of the method, and how many times smaller it is.
const MEDIAN: (f64, f64) = (0.25, 100.0);
/// How much faster where few particles do not hold most of the error, but enough of it to slow its fall.
const MUCH_FASTER: f64 = 0.4;

/// Why a slope is not the order of the method: the errors are those of few particles, and the median falls otherwise.
fn of_few(slope: f64, near: &[&Measured]) -> Option<String> {
    let (first, last) = (near.first()?, near.last()?);
    let few = last.error.few;
    let median = last.error.median?;
    let own = |row: &&&Measured| {
        row.error
            .median
            .is_some_and(|m| m > row.floor.unwrap_or(0.0))
    };
    let fall = match (near.iter().find(own), near.iter().rev().find(own)) {
        (Some(from), Some(to)) if to.steps > from.steps => {
            let errors = from.error.median? / to.error.median?;
            Some(Lane::ln(errors) / Lane::ln(to.steps as f64 / from.steps as f64))
        }
        _ => None,
    };
    let faster_by = |more: f64| fall.is_some_and(|fall| fall > slope + more);
    if few <= OF_FEW && !faster_by(MUCH_FASTER) {
        return None;
    }
    if !faster_by(MEDIAN.0) && median * MEDIAN.1 > last.error.value {
        return None;
    }
    let tells = fall.map_or(String::new(), |fall| {
        format!("; the median distance falls with order {fall:.1}")
    });
    Some(format!(
        "the error is that of few particles, as of those that choose another mode than the fine solution (1% of them hold \
         {:.0}% of its square at {} calls, and it falls with {slope:.2} from {} calls on){tells}",
        100.0 * few,
        last.nfe,
        first.nfe
    ))
}

/// The slope over the last three doublings above the floor as the order, or why there is none.
fn order_of(rows: &[Measured]) -> (Option<FittedOrder>, Option<String>) {
    let above: Vec<&Measured> = rows.iter().filter(|row| row.above).collect();
    let last = above.last().map_or(0.0, |row| row.steps as f64);
    // Three doublings, where a solver of several calls a step has rounded them.
    let near = |row: &&Measured| row.steps as f64 * 8.8 >= last;
    let near: Vec<&Measured> = above.into_iter().filter(near).collect();
    let points: Vec<(f64, &MeasuredError)> = near
        .iter()
        .map(|row| (row.steps as f64, &row.error))
        .collect();
    if let Some(order) = fit_order(&points) {
        return match of_few(order.slope, &near) {
            Some(note) => (None, Some(note)),
            None => (Some(order), None),
        };
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
