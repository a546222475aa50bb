//! Weights as integers: their prefix sums are associative, so any order of adding gives the same
//! cumulative weights, and offspring counts need no search and no correction.
//!
//! q_i = floor(exp(lw_i - max) 2^k) with k = 62 - ceil(log2 N): sums stay below 2^62, and the
//! quantisation error is 2^-k of the largest weight (2^-42 at N = 1e6).

use crate::lane::{F64, Lane};
use crate::tile::Row;

/// k for `n` particles: the number of bits of the largest weight.
pub fn quantum_bits(n: usize) -> u32 {
    62 - n.next_power_of_two().trailing_zeros()
}

/// Integer weights of a block, and their sum.
pub fn quantise(log_weights: &[Row<F64>], max: f64, bits: u32, quanta: &mut [u64]) -> u64 {
    let scale = Row::<F64>::splat((1u64 << bits) as f64);
    let zero = Row::<F64>::zero();
    let mut total = 0;
    for (&row, quanta) in log_weights.iter().zip(quanta.chunks_mut(32)) {
        let shifted = row - Lane::splat(max);
        let w = Lane::select(shifted.le(zero), shifted.exp(), zero) * scale;
        let values: &[f64] = bytemuck::cast_slice(&w.0);
        for (q, &v) in quanta.iter_mut().zip(values) {
            *q = v as u64;
            total += *q;
        }
    }
    total
}

/// Replaces every entry by the sum of those before it; returns the sum of all.
pub fn exclusive_prefix_sum(values: &mut [u64]) -> u64 {
    let mut sum = 0;
    for value in values {
        let next = sum + *value;
        *value = sum;
        sum = next;
    }
    sum
}
