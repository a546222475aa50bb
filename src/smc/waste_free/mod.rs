//! Waste-free SMC (Dau, Chopin 2022, doi 10.1111/rssb.12475, arXiv:2011.02328): every state of the
//! chains between two temperatures is kept and weighted, and chains start from M of the N = M P states.
//!
//! ```text
//! particle = chain of states x_1, ..., x_P,   G_t(chain) = (1/P) sum_p exp((b_(t+1) - b_t) ratio(x_p))
//! M_t:  x_1 = x_p of the ancestor with probability proportional to its own G,  x_(p+1) ~ K_t(x_p, .)
//! ```
//!
//! So it is a Feynman-Kac flow of M chains (an argument of theirs): drawing a chain in proportion to the
//! mean of its states' weights, then a state in proportion to its own, is drawing a state. With a fixed
//! ladder and fixed moves Z is unbiased for every P.
//!
//! Cost over plain SMC of M particles and P - 1 moves: P exponentials a chain and
//! temperature, and one copy of the states.

mod variance;

pub use variance::{LONG_CHAIN, WasteFree};
pub(super) use variance::{
    chain_means, longest_autocorrelation_time, mean_standard_errors, standard_error,
    variance_of_weighting,
};

use crate::flow::{Cloud, in_parallel};
use crate::mcmc::{BASE, RATIO};
use crate::particles::{Moments, Population, Span};
use crate::target::Precision;
use bytemuck::{cast_slice, cast_slice_mut};
use driftlane_kernels::mutants::active;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::{Row, particles_per_tile};
use driftlane_kernels::weights::IncrementSums;
use driftlane_kernels::{F64, Lane, Mask};

/// Puts the current position of every particle of tile `tile` where state `state` is kept.
pub(super) fn keep<R: Precision>(block: &mut Span<'_, R>, tile: usize, state: usize) {
    let (from, to) = (block.rows(tile), block.state_rows(tile, state));
    block.states.vectors[to].copy_from_slice(&block.vectors[0][from]);
    for part in 0..block.scalar_rows() {
        for number in [BASE, RATIO] {
            let at = block.state_scalar_range(tile, part, number).start + state;
            block.states.scalars[at] = block.scalars[number][block.scalar_range(tile)][part];
        }
    }
}

/// Particles of tile `tile` whose state `state` has NaN for a log ratio.
pub(super) fn without_density<R: Precision>(block: &Span<'_, R>, tile: usize, state: usize) -> u64 {
    let ratios = (0..block.scalar_rows()).flat_map(|part| {
        let at = block.state_scalar_range(tile, part, RATIO).start + state;
        cast_slice::<_, f64>(&block.states.scalars[at].0)
    });
    let counted = ratios.take(block.active(tile));
    counted.filter(|ratio| ratio.is_nan()).count() as u64
}

/// Draws every particle's position among its states with probability proportional to
/// exp(step * ratio). Where no state has weight the last one is taken: nobody descends from it.
pub(super) fn draw_state<R: Precision>(block: &mut Span<'_, R>, step: f64, stream: &mut Stream) {
    let (states, dim) = (block.states.count, block.dim());
    let mut shares = vec![Row::<F64>::zero(); states];
    let step = if active("state-drawn-unweighted") {
        0.0
    } else {
        step
    };
    for tile in 0..block.tiles() {
        for part in 0..block.scalar_rows() {
            let ratios = block.state_scalar_range(tile, part, RATIO);
            shares_of(&block.states.scalars[ratios], step, &mut shares);
            let u = stream.uniform_row::<F64>();
            let u: &[f64] = cast_slice(&u.0);
            for (i, &u) in u.iter().enumerate() {
                let mut below = 0.0;
                let drawn = shares.iter().position(|share| {
                    below += cast_slice::<_, f64>(&share.0)[i];
                    u < below
                });
                let drawn = drawn.unwrap_or(states - 1);
                let particle = 32 * part + i;
                for number in [BASE, RATIO] {
                    let from = block.state_scalar_range(tile, part, number).start + drawn;
                    let value = cast_slice::<_, f64>(&block.states.scalars[from].0)[i];
                    let to = block.scalar_range(tile).start + part;
                    cast_slice_mut::<_, f64>(&mut block.scalars[number][to].0)[i] = value;
                }
                let from = block.state_rows(tile, drawn);
                let to = block.rows(tile);
                let from = &block.states.vectors[from];
                let to = &mut block.vectors[0][to];
                for (to, from) in to.iter_mut().zip(from).take(dim) {
                    let from: &[R::Scalar] = cast_slice(&from.0);
                    let to: &mut [R::Scalar] = cast_slice_mut(&mut to.0);
                    to[particle] = from[particle];
                }
            }
        }
    }
}

/// exp(step * ratio) over its sum, state by state; 0 where no state has weight.
fn shares_of(ratios: &[Row<F64>], step: f64, shares: &mut [Row<F64>]) -> (Row<F64>, Row<F64>) {
    let (step, zero) = (Row::<F64>::splat(step), Row::<F64>::zero());
    let dead = Row::<F64>::splat(f64::NEG_INFINITY);
    let mut max = dead;
    for &ratio in ratios {
        // max(NaN, m) is m, so that a state without a density has no say.
        max = ratio.max(max);
    }
    let mut sum = zero;
    for (share, &ratio) in shares.iter_mut().zip(ratios) {
        let alive = dead.lt(ratio).and(dead.lt(max));
        *share = Row::select(alive, (step * (ratio - max)).exp(), zero);
        sum += *share;
    }
    let some = zero.lt(sum);
    for share in shares {
        *share = Row::select(some, *share / sum, zero);
    }
    (max, sum)
}

/// Adds log (1/P) sum_p exp(step * ratio_p) to the log weight of every chain.
pub(super) fn log_potential<R: Precision>(
    block: &Span<'_, R>,
    step: f64,
    log_weights: &mut [Row<F64>],
) {
    let states = block.states.count;
    let mut shares = vec![Row::<F64>::zero(); states];
    let count = Row::<F64>::splat(states as f64);
    let zero = Row::<F64>::zero();
    let dead = Row::<F64>::splat(f64::NEG_INFINITY);
    for tile in 0..block.tiles() {
        for (part, at) in block.scalar_range(tile).enumerate() {
            let ratios = block.state_scalar_range(tile, part, RATIO);
            let (max, sum) = shares_of(&block.states.scalars[ratios], step, &mut shares);
            let mean = Row::<F64>::splat(step).mul_add(max, (sum / count).ln());
            let mean = Row::select(zero.lt(sum), mean, dead);
            // A density of +infinity is the scheduler's to refuse.
            let infinite = Lane::eq(max, Row::splat(f64::INFINITY));
            log_weights[at] += Row::select(infinite, max, mean);
        }
    }
}

/// What ESS and CESS of all states become if they are weighted by exp(step * ratio) on top of the
/// weights of their chains.
pub(super) fn increment<R: Precision>(cloud: &mut Cloud<'_, R>, step: f64) -> IncrementSums {
    let of_block = |block: &Span<'_, R>, log_weights: &[Row<F64>]| {
        let mut carried = vec![Row::<F64>::zero(); block.states.count];
        let mut sums = IncrementSums::EMPTY;
        for tile in 0..block.tiles() {
            for (part, at) in block.scalar_range(tile).enumerate() {
                carried.fill(log_weights[at]);
                let ratios = block.state_scalar_range(tile, part, RATIO);
                let ratios = &block.states.scalars[ratios];
                sums = sums.merge(IncrementSums::of(&carried, ratios, step));
            }
        }
        sums
    };
    cloud.visit(of_block, IncrementSums::merge)
}

/// Moments of all states: those of a chain share the weight it has in proportion to exp(step * ratio).
pub(super) fn moments<R: Precision>(cloud: &mut Cloud<'_, R>, step: f64) -> Moments {
    let max = Row::<F64>::splat(cloud.weight_sums().max);
    let of_block = |block: &Span<'_, R>, log_weights: &[Row<F64>]| {
        let states = block.states.count;
        let mut shares = vec![Row::<F64>::zero(); states];
        let mut weights = vec![[0.0; 64]; states];
        let mut all = Moments::default();
        for tile in 0..block.tiles() {
            for (part, at) in block.scalar_range(tile).enumerate() {
                let ratios = block.state_scalar_range(tile, part, RATIO);
                shares_of(&block.states.scalars[ratios], step, &mut shares);
                let chain = (log_weights[at] - max).exp();
                for (share, weights) in shares.iter().zip(&mut weights) {
                    let weight = chain * *share;
                    weights[32 * part..32 * (part + 1)].copy_from_slice(cast_slice(&weight.0));
                }
            }
            for (state, weights) in weights.iter().enumerate() {
                let x = &block.states.vectors[block.state_rows(tile, state)];
                all = all.merge(Moments::of_tile::<R>(x, block.active(tile), Some(weights)));
            }
        }
        all
    };
    cloud.visit(of_block, Moments::merge)
}

/// All states as `[chains * states, dim]`, chain by chain.
pub(super) fn states<R: Precision>(population: &Population<R>) -> Vec<f64> {
    let (chains, row) = (population.len(), population.states() * population.dim());
    let width = particles_per_tile::<R>();
    let tiles = in_parallel(population.tiles(), |tile| {
        let count = (chains - tile * width).min(width);
        let mut out = vec![0.0; count * row];
        population.copy_tile_states(tile, &mut out);
        out
    });
    tiles.concat()
}
