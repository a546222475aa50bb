//! The unadjusted Langevin algorithm (Parisi 1981, doi 10.1016/0550-3213(81)90056-0; Roberts,
//! Tweedie 1996, doi 10.2307/3318418): Euler-Maruyama steps of overdamped Langevin dynamics.
//!
//! Never accepts or rejects, so it samples a law that differs from the target by O(step_size): on a
//! Gaussian of precision k the variance is (1/k) / (1 - h k / 2). The step size is the user's.

use super::Move;
use crate::flow::Tally;
use crate::integrator::{Scratch, euler_maruyama_steps};
use crate::particles::Span;
use crate::target::{Law, Precision};
use driftlane_kernels::Lane;
use driftlane_kernels::rng::{Alone, Source, Stream};
use driftlane_kernels::tile::Row;

/// Unadjusted Langevin steps of one size.
#[derive(Debug, Clone)]
pub struct Ula {
    step_size: f64,
}

impl Ula {
    /// With a positive step size.
    pub fn new(step_size: f64) -> Self {
        Self { step_size }
    }

    fn steps<R: Precision, S: Source>(
        &self,
        law: Law<'_>,
        moves: usize,
        block: &mut Span<'_, R>,
        source: &mut S,
        scratch: &mut Scratch<R>,
    ) -> Tally {
        let mut tally = Tally::default();
        let step_size = Row::<R>::splat(self.step_size);
        for tile in 0..block.tiles() {
            let rows = block.rows(tile);
            let x = &mut block.vectors[0][rows];
            euler_maruyama_steps(
                law,
                step_size,
                moves,
                source,
                x,
                &mut scratch.gradient,
                &mut scratch.other,
            );
            count_moves(block.active(tile), moves, moves, &mut tally);
        }
        tally
    }
}

impl<R: Precision> Move<R> for Ula {
    fn name(&self) -> &'static str {
        "ula"
    }

    fn run(
        &self,
        law: Law<'_>,
        moves: usize,
        _fresh: bool,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        scratch: &mut Scratch<R>,
    ) -> Tally {
        self.steps(law, moves, block, stream, scratch)
    }

    fn run_alone(
        &self,
        law: Law<'_>,
        moves: usize,
        _fresh: bool,
        block: &mut Span<'_, R>,
        alone: &mut Alone,
        scratch: &mut Scratch<R>,
    ) -> Option<Tally> {
        Some(self.steps(law, moves, block, alone, scratch))
    }

    fn adjusted(&self) -> bool {
        false
    }
    fn step_size(&self) -> f64 {
        self.step_size
    }
}

/// Counts moves that are never rejected, and their gradients.
pub(super) fn count_moves(active: usize, moves: usize, gradients: usize, tally: &mut Tally) {
    tally.moves += (active * moves) as u64;
    tally.acceptance_sum += (active * moves) as f64;
    tally.gradient_evaluations += (active * gradients) as u64;
}
