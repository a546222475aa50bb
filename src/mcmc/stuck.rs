//! Chains that accept no move: how many there are, and how far they pull the means.
//!
//! ```text
//! pull_j = |m_j(all) - m_j(others)| / se_j = s / (n - s) |m_j(stuck) - m_j(all)| / se_j
//! ```
//!
//! A chain may be stuck because it began where no move of this step size is ever accepted: it then says nothing of the
//! target, and pulls every mean. Or because it had come to a narrow place that has its share of the mass: it then stands
//! for the chains that should pass there, and a mean without it would be no better.

use super::ACCEPTED;
use crate::particles::Population;
use crate::target::Precision;

/// Chains that accepted none of the moves after warm-up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stuck {
    /// How many.
    pub count: usize,
    /// The most by which those that are finite pull the mean of a coordinate, in its standard errors; infinite where no
    /// other chain is.
    pub pull: f64,
}

impl Stuck {
    /// Of a population at its end: `finite` are the particles that are finite, `mean` and `standard_error` those of
    /// every coordinate over them.
    pub(super) fn of<R: Precision>(
        population: &Population<R>,
        finite: &[usize],
        mean: &[f64],
        standard_error: impl Fn(usize) -> f64,
    ) -> Self {
        let accepted = population.scalar_values(ACCEPTED);
        let count = accepted.iter().filter(|count| **count == 0.0).count();
        let stuck: Vec<usize> = finite
            .iter()
            .copied()
            .filter(|i| accepted[*i] == 0.0)
            .collect();
        if stuck.is_empty() {
            return Self { count, pull: 0.0 };
        }
        if stuck.len() == finite.len() {
            let pull = f64::INFINITY;
            return Self { count, pull };
        }
        let share = stuck.len() as f64 / (finite.len() - stuck.len()) as f64;
        let pull = mean.iter().enumerate().map(|(j, mean)| {
            let positions = stuck.iter().map(|i| population.coordinate(*i, j));
            let theirs = positions.sum::<f64>() / stuck.len() as f64;
            share * (theirs - mean).abs() / standard_error(j)
        });
        let pull = pull.filter(|pull| !pull.is_nan()).fold(0.0, f64::max);
        Self { count, pull }
    }
}
