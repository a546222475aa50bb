//! The Metropolis-adjusted Langevin algorithm (Besag 1994, discussion in J. R. Stat. Soc. B 56:591;
//! Roberts, Tweedie 1996, doi 10.2307/3318418; scaling: Roberts, Rosenthal 1998,
//! doi 10.1111/1467-9868.00123).
//!
//! ```text
//! x' = x + h S grad log pi(x) + sqrt(2 h S) xi,   S = diag(scale^2)
//! accept with min(1, pi(x') exp(-|xi'|^2 / 2) / (pi(x) exp(-|xi|^2 / 2)))
//! xi' = -(xi + sqrt(h S / 2) (grad log pi(x) + grad log pi(x')))
//! ```
//!
//! xi' is the noise of the way back; |xi'|^2 - |xi|^2 is summed as a (2 xi + a), a the difference, so
//! nothing cancels. With scales of the population this is preconditioned MALA, with unit scales the
//! plain one. One gradient and one density a move; h ~ d^(-1/3) at an acceptance of 0.574.

use super::accept::{accept_tile, add_coordinate, note_step_sizes};
use super::step_sizes::tuned_step_sizes;
use super::{Move, StepSizes};
use crate::flow::Tally;
use crate::integrator::Scratch;
use crate::particles::Span;
use crate::target::{Law, Precision};
use driftlane_kernels::lane::Table;
use driftlane_kernels::mutants::active;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// The vector channel that keeps the gradient at the position.
const GRADIENT: usize = 1;

/// MALA with its step size and scales.
#[derive(Debug, Clone)]
pub struct Mala {
    step_sizes: StepSizes,
    scale: Table,
}

impl Mala {
    /// With unit scales in `dim` dimensions.
    pub fn new(dim: usize, step_sizes: impl Into<StepSizes>) -> Self {
        Self {
            step_sizes: step_sizes.into(),
            scale: vec![1.0; dim].into(),
        }
    }

    /// Where tuning starts, in units of the scales: 1.65^2 / 2 d^(-1/3).
    pub fn initial_step_size(dim: usize) -> f64 {
        1.36 * Lane::exp(-Lane::ln(dim as f64) / 3.0)
    }
}

impl<R: Precision> Move<R> for Mala {
    fn name(&self) -> &'static str {
        "mala"
    }

    fn run(
        &self,
        law: Law<'_>,
        moves: usize,
        fresh: bool,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        scratch: &mut Scratch<R>,
    ) -> Tally {
        let mut tally = Tally::default();
        let half = Row::<R>::splat(0.5);
        let scale = self.scale.of::<R>();
        scratch.energy.fill(Row::<F64>::zero());
        for tile in 0..block.tiles() {
            let rows = block.rows(tile);
            if fresh {
                let kept = &block.vectors[GRADIENT][rows.clone()];
                scratch.gradient.copy_from_slice(kept);
            } else {
                let x = &block.vectors[0][rows.clone()];
                law.gradient(x, &mut scratch.gradient, &mut scratch.other);
            }
            for _ in 0..moves {
                let h = self.step_sizes.draw::<R>(stream, tile, block);
                note_step_sizes(tile, h, block);
                let noise = (h + h).sqrt();
                let x = &block.vectors[0][rows.clone()];
                for (j, &s) in scale.iter().enumerate() {
                    let s = Row::<R>::broadcast(s);
                    let xi = stream.normal_row::<R>();
                    let drift = (h * s * s).mul_add(scratch.gradient[j], x[j]);
                    scratch.position[j] = (noise * s).mul_add(xi, drift);
                    scratch.momentum[j] = xi;
                }
                law.log_densities_and_gradient(
                    &scratch.position,
                    &mut scratch.base,
                    &mut scratch.ratio,
                    &mut scratch.proposed_gradient,
                    &mut scratch.other,
                    &mut scratch.wide_pair,
                );
                let factor = noise * half;
                scratch.proposed_energy.fill(Row::zero());
                for (j, &s) in scale.iter().enumerate() {
                    let both = scratch.gradient[j] + scratch.proposed_gradient[j];
                    let a = factor * Row::<R>::broadcast(s) * both;
                    let xi = scratch.momentum[j];
                    let xi = if active("mala-noise-sign") { -xi } else { xi };
                    add_coordinate(a * half.mul_add(a, xi), &mut scratch.proposed_energy);
                }
                accept_tile(law, tile, block, stream, scratch, true, &mut tally);
            }
            block.vectors[GRADIENT][rows].copy_from_slice(&scratch.gradient);
            let active = block.active(tile) as u64;
            tally.gradient_evaluations += active * (moves + usize::from(!fresh)) as u64;
            tally.density_evaluations += active * moves as u64;
        }
        tally
    }

    fn vectors(&self) -> usize {
        2
    }
    tuned_step_sizes!();
    fn set_scale(&mut self, sd: &[f64]) {
        self.scale = sd.to_vec().into();
    }
}
