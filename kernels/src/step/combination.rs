//! Linear combinations of registers of a program: what a diffusion solver's step is.
//!
//! ```text
//! sum = c_1 r_1 + c_2 r_2 + ... + c_m r_m        one product, then fused multiply-adds in this order
//! ```
//!
//! One pass over m streams of up to [`STREAMS`]: m - 1/2 operations, and m rows read and one written, a row;
//! longer sums take another pass for every further term.

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
