//! Residual resampling (Liu, Chen 1998, doi 10.1080/01621459.1998.10473765): floor(N W_i) offspring
//! each, the rest drawn independently from what is left of N W.
//!
//! ```text
//! o_i = floor(N W_i) + m_i,   m ~ Multinomial(R, frac(N W) / R),  R = sum_j frac(N W_j)
//! ```
//!
//! R is an integer, exactly (see [`share`]). E[o_i] = N W_i; the variance is at most that of
//! multinomial resampling. Cost: a share a particle, a logarithm a draw.

use super::shares::share;

/// Whole offspring of a block of `n` particles in all, into `offspring`; `quanta` become integer
/// weights of the remainders, shifted down so that those of the population sum below 2^62 (an error
/// of 2^-30 of an offspring at most). Returns the sums of both.
pub fn residual_shares(
    quanta: &mut [u64],
    n: u64,
    total: u64,
    offspring: &mut [u32],
) -> (u64, u64) {
    let ratio = n as f64 / total as f64;
    let bits = |x: u64| 64 - x.leading_zeros();
    let shift = (bits(n) + bits(total)).saturating_sub(62);
    let (mut whole_sum, mut rest_sum) = (0, 0);
    for (q, o) in quanta.iter_mut().zip(offspring) {
        let (whole, rest) = share(*q, n, total, ratio);
        *o = whole;
        if !crate::mutants::active("residual-from-weights") {
            *q = rest >> shift;
        }
        whole_sum += u64::from(whole);
        rest_sum += *q;
    }
    (whole_sum, rest_sum)
}
