//! What a visit did, summed over particles in a fixed order.

use crate::particles::Moments;

/// Counts and sums of a visit. Merging is done in the fixed shape of the visit, so sums do not depend
/// on the number of threads.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Moves of particles that count.
    pub moves: u64,
    /// Sum of acceptance probabilities (one for an unadjusted move).
    pub acceptance_sum: f64,
    /// Sum of squared jumps of accepted moves, in units of the move's scale.
    pub squared_jump_sum: f64,
    /// Gradients evaluated, a particle each.
    pub gradient_evaluations: u64,
    /// Log densities evaluated, a particle each.
    pub density_evaluations: u64,
    /// Proposals or particles whose density or position was NaN.
    pub nan: u64,
    /// Proposals whose density was +infinity.
    pub infinite: u64,
    /// Moments of the positions after the visit, where asked for.
    pub moments: Moments,
}

impl Tally {
    /// The tally of two disjoint sets of particles.
    pub fn merge(self, other: Self) -> Self {
        Self {
            moves: self.moves + other.moves,
            acceptance_sum: self.acceptance_sum + other.acceptance_sum,
            squared_jump_sum: self.squared_jump_sum + other.squared_jump_sum,
            gradient_evaluations: self.gradient_evaluations + other.gradient_evaluations,
            density_evaluations: self.density_evaluations + other.density_evaluations,
            nan: self.nan + other.nan,
            infinite: self.infinite + other.infinite,
            moments: self.moments.merge(other.moments),
        }
    }

    /// Mean acceptance probability; `None` where nothing moved.
    pub fn acceptance(&self) -> Option<f64> {
        (self.moves > 0).then(|| self.acceptance_sum / self.moves as f64)
    }
}
