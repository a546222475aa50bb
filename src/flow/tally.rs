//! What a visit did, summed over particles in a fixed order.

use super::FlightRecord;
use crate::particles::Moments;
use serde::{Deserialize, Serialize};

/// Counts and sums of a visit. Merging is done in the fixed shape of the visit, so sums do not depend
/// on the number of threads.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Moves of particles that count.
    pub moves: u64,
    /// Sum of acceptance probabilities (one for an unadjusted move).
    pub acceptance_sum: f64,
    /// Moves of particles where the density is not finite: their acceptance is left out of the sum.
    pub moves_left_out: u64,
    /// Gradients evaluated, a particle each.
    pub gradient_evaluations: u64,
    /// Log densities evaluated, a particle each.
    pub density_evaluations: u64,
    /// Starts whose log density is finite, where the initial law looks at it.
    pub finite_starts: u64,
    /// Log densities that were NaN, of starts and of proposals, each counted where it was evaluated.
    pub nan: u64,
    /// Log densities that were +infinity, likewise.
    pub infinite: u64,
    /// Steps of an adaptive solver taken whatever their error, as they were the shortest allowed; a particle each.
    pub forced_steps: u64,
    /// Sum over accepted proposals of what ChEES tunes trajectory lengths by.
    pub trajectory_slope: f64,
    /// Of the first particle that unadjusted dynamics lost in the visit.
    pub flight: Option<Box<FlightRecord>>,
    /// Moments of the gradients after the visit, where asked for.
    pub gradient_moments: Moments,
    /// Moments of the positions after the visit, where asked for: of particles that are finite.
    pub moments: Moments,
}

impl Tally {
    /// The tally of two disjoint sets of particles.
    pub fn merge(self, other: Self) -> Self {
        Self {
            moves: self.moves + other.moves,
            acceptance_sum: self.acceptance_sum + other.acceptance_sum,
            moves_left_out: self.moves_left_out + other.moves_left_out,
            gradient_evaluations: self.gradient_evaluations + other.gradient_evaluations,
            density_evaluations: self.density_evaluations + other.density_evaluations,
            finite_starts: self.finite_starts + other.finite_starts,
            nan: self.nan + other.nan,
            infinite: self.infinite + other.infinite,
            forced_steps: self.forced_steps + other.forced_steps,
            trajectory_slope: self.trajectory_slope + other.trajectory_slope,
            flight: FlightRecord::earlier(self.flight, other.flight),
            gradient_moments: self.gradient_moments.merge(other.gradient_moments),
            moments: self.moments.merge(other.moments),
        }
    }

    /// Mean acceptance probability of particles where the density is finite; `None` where none moved.
    pub fn acceptance(&self) -> Option<f64> {
        let moves = self.moves.saturating_sub(self.moves_left_out);
        (moves > 0).then(|| self.acceptance_sum / moves as f64)
    }

    /// Log densities that were NaN or +infinity.
    pub fn nonfinite(&self) -> u64 {
        self.nan + self.infinite
    }

    /// Counts the log densities of particles at their start.
    pub(crate) fn count_starts(&mut self, log_densities: impl Iterator<Item = f64>) {
        for density in log_densities {
            self.finite_starts += u64::from(density.is_finite());
            self.nan += u64::from(density.is_nan());
            self.infinite += u64::from(density == f64::INFINITY);
        }
    }
}
