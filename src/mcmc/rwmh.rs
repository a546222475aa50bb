//! Random-walk Metropolis-Hastings (Metropolis et al. 1953, doi 10.1063/1.1699114).
//!
//! ```text
//! x' = x + h s xi,   accept with min(1, pi(x') / pi(x))
//! ```
//!
//! with s the standard deviations of the population and h tuned to an acceptance of 0.234 from
//! 2.38 / sqrt(d) (Roberts, Gelman, Gilks 1997, doi 10.1214/aoap/1034625254). One density and d
//! normals a move; mixing time grows like d.

use super::Move;
use super::accept::{accept_tile, note_step_sizes};
use super::step_sizes::{StepSizes, tuned_step_sizes};
use crate::flow::Tally;
use crate::integrator::Scratch;
use crate::particles::Span;
use crate::target::{Law, Precision};
use driftlane_kernels::lane::Table;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// Random-walk Metropolis with its step size and scales.
#[derive(Debug, Clone)]
pub struct Rwmh {
    step_sizes: StepSizes,
    scale: Table,
}

impl Rwmh {
    /// With unit scales in `dim` dimensions.
    pub fn new(dim: usize, step_sizes: impl Into<StepSizes>) -> Self {
        Self {
            step_sizes: step_sizes.into(),
            scale: vec![1.0; dim].into(),
        }
    }

    /// 2.38 / sqrt(d), in units of the scales.
    pub fn initial_step_size(dim: usize) -> f64 {
        2.38 / (dim as f64).sqrt()
    }
}

impl<R: Precision> Move<R> for Rwmh {
    fn name(&self) -> &'static str {
        "rwmh"
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
        scratch.energy.fill(Row::<F64>::zero());
        scratch.proposed_energy.fill(Row::<F64>::zero());
        for tile in 0..block.tiles() {
            for _ in 0..moves {
                let step_size = self.step_sizes.draw::<R>(stream, tile, block);
                note_step_sizes(tile, step_size, block);
                let x = &block.vectors[0][block.rows(tile)];
                for ((new, x), &s) in scratch.position.iter_mut().zip(x).zip(self.scale.of::<R>()) {
                    let scale = step_size * Row::<R>::broadcast(s);
                    *new = scale.mul_add(stream.normal_row::<R>(), *x);
                }
                law.log_densities(
                    &scratch.position,
                    &mut scratch.wide,
                    &mut scratch.base,
                    &mut scratch.ratio,
                );
                accept_tile(law, tile, block, stream, scratch, false, &mut tally);
            }
            tally.density_evaluations += (block.active(tile) * moves) as u64;
        }
        tally
    }

    tuned_step_sizes!();

    fn set_scale(&mut self, sd: &[f64]) {
        self.scale = sd.to_vec().into();
    }
}
