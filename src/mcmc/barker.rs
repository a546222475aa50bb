//! The Barker proposal (Livingstone, Zanella 2022, doi 10.1111/rssb.12482, arXiv:1908.11812).
//!
//! ```text
//! z_j ~ N(0, (h s_j)^2),   x'_j = x_j + z_j with probability 1 / (1 + exp(-z_j g_j(x))), else x_j - z_j
//! accept with min(1, pi(x') / pi(x) prod_j (1 + exp(-d_j g_j(x))) / (1 + exp(d_j g_j(x')))),   d = x' - x
//! ```
//!
//! g = grad log pi. The gradient chooses a direction but not a length, so a step size far too large
//! costs acceptance and not stability: MALA's efficiency in d (h ~ d^(-1/6) as a length) with the
//! robustness of a random walk. One gradient, one density and two softplus a coordinate and move.

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

/// Barker moves with their step size and scales.
#[derive(Debug, Clone)]
pub struct Barker {
    step_sizes: StepSizes,
    scale: Table,
}

impl Barker {
    /// With unit scales in `dim` dimensions.
    pub fn new(dim: usize, step_sizes: impl Into<StepSizes>) -> Self {
        Self {
            step_sizes: step_sizes.into(),
            scale: vec![1.0; dim].into(),
        }
    }

    /// Where tuning starts, in units of the scales: 2.4 d^(-1/6) (the paper, section 6).
    pub fn initial_step_size(dim: usize) -> f64 {
        2.4 * Lane::exp(-Lane::ln(dim as f64) / 6.0)
    }
}

impl<R: Precision> Move<R> for Barker {
    fn name(&self) -> &'static str {
        "barker"
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
                let x = &block.vectors[0][rows.clone()];
                for (j, &s) in scale.iter().enumerate() {
                    let z = h * Row::<R>::broadcast(s) * stream.normal_row::<R>();
                    let forward = (z * scratch.gradient[j]).sigmoid();
                    let step = Row::select(stream.uniform_row::<R>().lt(forward), z, -z);
                    scratch.position[j] = x[j] + step;
                    scratch.momentum[j] = step;
                }
                law.log_densities_and_gradient(
                    &scratch.position,
                    &mut scratch.base,
                    &mut scratch.ratio,
                    &mut scratch.proposed_gradient,
                    &mut scratch.other,
                    &mut scratch.wide_pair,
                );
                scratch.proposed_energy.fill(Row::zero());
                for j in 0..scale.len() {
                    let step = scratch.momentum[j];
                    let back = (step * scratch.proposed_gradient[j]).softplus();
                    let back = if active("barker-no-way-back") {
                        Row::zero()
                    } else {
                        back
                    };
                    let forward = (-(step * scratch.gradient[j])).softplus();
                    add_coordinate(back - forward, &mut scratch.proposed_energy);
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
