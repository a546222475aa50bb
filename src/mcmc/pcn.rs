//! The preconditioned Crank-Nicolson move for a Gaussian reference N(m, S) (Neal 1999, in Bayesian
//! Statistics 6; Cotter, Roberts, Stuart, White 2013, doi 10.1214/13-STS421, arXiv:1202.0709).
//!
//! ```text
//! x' = m + sqrt(1 - rho^2) (x - m) + rho S^(1/2) xi,   accept with min(1, L(x') / L(x)),  L = pi / N(m, S)
//! ```
//!
//! Reversible for the reference whatever the dimension, so acceptance does not fall as coordinates
//! that the likelihood does not see are added. rho is the step size, in (0, 1]; at 1 every proposal is
//! a fresh draw from the reference. One density a move.

use super::accept::{accept_tile, note_step_sizes};
use super::step_sizes::tuned_step_sizes;
use super::{BASE, Move, StepSizes};
use crate::flow::Tally;
use crate::integrator::Scratch;
use crate::particles::Span;
use crate::target::{Law, Precision};
use driftlane_kernels::Lane;
use driftlane_kernels::lane::Table;
use driftlane_kernels::mutants::active;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;

/// pCN with its step size rho.
#[derive(Debug, Clone)]
pub struct Pcn {
    step_sizes: StepSizes,
}

impl Pcn {
    /// Where tuning starts.
    pub const INITIAL_STEP_SIZE: f64 = 0.3;

    /// With a step size; what exceeds 1 counts as 1.
    pub fn new(step_sizes: impl Into<StepSizes>) -> Self {
        Self {
            step_sizes: step_sizes.into(),
        }
    }
}

impl<R: Precision> Move<R> for Pcn {
    fn name(&self) -> &'static str {
        "pcn"
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
        let mut tally = Tally::default();
        let one = Row::<R>::one();
        let reference = law.path.reference();
        let location = Table::from(reference.location().to_vec());
        let scale = Table::from(reference.scale().to_vec());
        for tile in 0..block.tiles() {
            for _ in 0..moves {
                let rho = one.min(self.step_sizes.draw::<R>(stream, tile, block));
                note_step_sizes(tile, rho, block);
                let keep = if active("pcn-keeps-too-little") {
                    one - rho
                } else {
                    (one - rho * rho).sqrt()
                };
                let x = &block.vectors[0][block.rows(tile)];
                let laws = location.of::<R>().iter().zip(scale.of::<R>());
                for ((new, x), (&m, &s)) in scratch.position.iter_mut().zip(x).zip(laws) {
                    let m = Row::<R>::broadcast(m);
                    let centred = keep.mul_add(*x - m, m);
                    *new = (rho * Row::<R>::broadcast(s)).mul_add(stream.normal_row(), centred);
                }
                law.log_densities(
                    &scratch.position,
                    &mut scratch.wide,
                    &mut scratch.base,
                    &mut scratch.ratio,
                );
                let old_base = &block.scalars[BASE][block.scalar_range(tile)];
                law.log_reference(x, old_base, &mut scratch.wide, &mut scratch.energy);
                law.log_reference(
                    &scratch.position,
                    &scratch.base,
                    &mut scratch.wide,
                    &mut scratch.proposed_energy,
                );
                accept_tile(law, tile, block, stream, scratch, false, &mut tally);
            }
            tally.density_evaluations += (block.active(tile) * moves) as u64;
        }
        tally
    }

    fn needs_normal_reference(&self) -> bool {
        true
    }
    tuned_step_sizes!();
}
