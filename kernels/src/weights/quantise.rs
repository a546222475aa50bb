//! Weights as integers: their prefix sums are associative, so any order of adding gives the same
//! cumulative weights, and offspring counts need no search and no correction.
//!
//! q_i = round(exp(lw_i - max) 2^k) with k = min(51, 62 - ceil(log2 N)): sums stay below 2^62, and
//! the quantisation error is 2^-k of the largest weight (2^-42 at N = 1e6). Adding 2^52 leaves the
//! integer in the low bits of the sum, so the conversion is one addition and one mask.

use crate::lane::{F64, Lane, Register};
use crate::tile::Row;

/// k for `n` particles: the number of bits of the largest weight.
pub fn quantum_bits(n: usize) -> u32 {
    (62 - n.next_power_of_two().trailing_zeros()).min(51)
}

/// Integer weights of a block, and their sum.
pub fn quantise(log_weights: &[Row<F64>], max: f64, bits: u32, quanta: &mut [u64]) -> u64 {
    const SHIFT: f64 = (1u64 << 52) as f64;
    let scale = Row::<F64>::splat((1u64 << bits) as f64);
    let (zero, shift) = (Row::<F64>::zero(), Row::<F64>::splat(SHIFT));
    let low_bits = <F64 as Register>::Word::splat((1 << 52) - 1);
    let mut total = 0;
    for (&row, quanta) in log_weights.iter().zip(quanta.chunks_mut(32)) {
        let shifted = row - Lane::splat(max);
        let w = Lane::select(shifted.le(zero), shifted.exp(), zero);
        let words = w.mul_add(scale, shift).0.map(|x| x.to_bits() & low_bits);
        let words: &[u64] = &bytemuck::cast_slice(&words)[..quanta.len()];
        quanta.copy_from_slice(words);
        total += words.iter().sum::<u64>();
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
