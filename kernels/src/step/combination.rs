//! Linear combinations of registers of a program: what a diffusion solver's step is.
//!
//! ```text
//! sum = c_1 r_1 + c_2 r_2 + ... + c_m r_m        one product, then fused multiply-adds in this order
//! ```
//!
//! One pass over m streams of up to [`STREAMS`]: m - 1/2 operations, and m rows read and one written, a row;
//! longer sums take another pass for every further term.
//!
//! [`advance`] keeps what rounding takes off a position, for sums over very many steps:
//!
//! ```text
//! d = A low + (A - 1) high + c_1 r_1 + .. + c_m r_m,    high' = high + d,    low' = d - (high' - high)
//! ```
//!
//! Where |d| <= |high| the subtraction is exact (Dekker 1971, doi 10.1007/BF01397083) and high' + low' is off by the
//! rounding of d alone: (m + 3) u |d|, in place of u |high| a step. 2 m + 5 operations a row.

use crate::lane::Lane;

/// Terms of one pass.
pub const STREAMS: usize = 8;

/// A register and what it is multiplied by: one number, as a row of them would cost a short sum more to pass
/// than to use.
pub type Term<'a, L> = (&'a [L], <L as Lane>::Scalar);

/// Writes the combination of `terms` to `sum`; zero where there are none. All as long as `sum`.
#[inline(always)]
pub fn combine<L: Lane>(terms: &[Term<'_, L>], sum: &mut [L]) {
    let (first, rest) = terms.split_at(terms.len().min(STREAMS));
    match *first {
        [] => sum.fill(L::zero()),
        [a] => fused([a], sum),
        [a, b] => fused([a, b], sum),
        [a, b, c] => fused([a, b, c], sum),
        [a, b, c, d] => fused([a, b, c, d], sum),
        [a, b, c, d, e] => fused([a, b, c, d, e], sum),
        [a, b, c, d, e, f] => fused([a, b, c, d, e, f], sum),
        [a, b, c, d, e, f, g] => fused([a, b, c, d, e, f, g], sum),
        [a, b, c, d, e, f, g, h, ..] => fused([a, b, c, d, e, f, g, h], sum),
    }
    for (register, coefficient) in rest {
        let coefficient = L::broadcast(*coefficient);
        for (sum, value) in sum.iter_mut().zip(*register) {
            *sum = value.mul_add(coefficient, *sum);
        }
    }
}

#[inline(always)]
fn fused<L: Lane, const M: usize>(terms: [Term<'_, L>; M], sum: &mut [L]) {
    let length = sum.len();
    // Slices of one known length: no bound is checked inside.
    let terms = terms.map(|(register, c)| (&register[..length], L::broadcast(c)));
    for (row, sum) in sum.iter_mut().enumerate() {
        let mut value = terms[0].0[row] * terms[0].1;
        for (register, coefficient) in &terms[1..] {
            value = register[row].mul_add(*coefficient, value);
        }
        *sum = value;
    }
}

/// A position in two parts and what it is multiplied by: the factor, and the factor less 1, which is small.
pub struct Position<'a, L: Lane> {
    /// The position as it is rounded.
    pub high: &'a [L],
    /// What rounding took off it.
    pub low: &'a [L],
    /// A.
    pub factor: L::Scalar,
    /// A - 1.
    pub change: L::Scalar,
}

/// Writes A times a position plus the combination of `terms` to `high`, and to `low` what rounding takes off it. All as
/// long as `high`.
#[inline(always)]
pub fn advance<L: Lane>(
    position: &Position<'_, L>,
    terms: &[Term<'_, L>],
    high: &mut [L],
    low: &mut [L],
) {
    let length = high.len();
    let (old, rest) = (&position.high[..length], &position.low[..length]);
    let low = &mut low[..length];
    for row in 0..length {
        // Broadcast where they are used: numbers kept across the loop, a row each, spill.
        let mut by = rest[row] * L::broadcast(position.factor);
        for (register, coefficient) in terms {
            by = register[row].mul_add(L::broadcast(*coefficient), by);
        }
        by = old[row].mul_add(L::broadcast(position.change), by);
        let sum = old[row] + by;
        high[row] = sum;
        low[row] = by - (sum - old[row]);
    }
}
