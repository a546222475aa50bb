//! Multinomial resampling by sorted uniforms: N independent draws from the weights, in order.
//!
//! With E_1 .. E_(N+1) unit exponentials and partial sums T_k, the numbers T_k / T_(N+1) are the
//! order statistics of N uniforms, so no sort and no search a draw is needed: exponentials are drawn
//! chunk by chunk from their own streams, chunks are summed, and sorted thresholds are merged with
//! the cumulative weights. The scheme for which the Lee-Whiteley variance of log Z holds. Cost: one
//! logarithm and two ordered passes a particle.

use crate::lane::{F64, Lane};
use crate::rng::Stream;

/// Fills a chunk with partial sums of unit exponentials, starting from zero; returns the chunk's sum.
pub fn exponential_spacings(stream: &mut Stream, chunk: &mut [f64]) -> f64 {
    let mut sum = 0.0;
    for values in chunk.chunks_mut(32) {
        let row = -stream.uniform_open_row::<F64>().ln();
        let spacings: &[f64] = bytemuck::cast_slice(&row.0);
        for (value, spacing) in values.iter_mut().zip(spacings) {
            sum += spacing;
            *value = sum;
        }
    }
    sum
}

/// Turns partial sums of a chunk into sorted thresholds on the cumulative weights: `before` is the
/// sum of the chunks before, `scale` = S / T_(N+1). All stay below `total`.
pub fn thresholds(chunk: &mut [f64], before: f64, scale: f64, total: u64) {
    let last = (total as f64).next_down();
    for value in chunk {
        let before = if crate::mutants::active("thresholds-forget-chunks") {
            0.0
        } else {
            before
        };
        let t = (before + *value) * scale;
        *value = if t < last { t } else { last };
    }
}

/// Offspring of the particles of a block: how many of the sorted `thresholds` (those of the whole
/// population) fall into each particle's share of the cumulative weight, which starts at `before`.
pub fn multinomial_offspring(
    quanta: &[u64],
    before: u64,
    thresholds: &[f64],
    offspring: &mut [u32],
) {
    let start = before as f64;
    let mut k = thresholds.partition_point(|&t| t < start);
    let mut cumulative = before;
    for (q, o) in quanta.iter().zip(offspring) {
        cumulative += q;
        let end = cumulative as f64;
        let first = k;
        while k < thresholds.len() && thresholds[k] < end {
            k += 1;
        }
        *o = (k - first) as u32;
    }
}
