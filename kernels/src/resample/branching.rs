//! Branching with a fixed number of particles (Crisan, Lyons 2002, doi 10.1515/mcma.2002.8.4.343; the
//! sequential form: Bain, Crisan 2009, doi 10.1007/978-0-387-76896-0, section 9.2.1): every count is
//! floor(N W) or one more, and they sum to N.
//!
//! ```text
//! g = N (mass left), a = frac(N W_j), G = frac(g), G' = frac(g - N W_j), s = offspring left - floor(g) in {0, 1}
//! a + G' <  1:  s = 0: no extra;  s = 1: extra with probability a / G
//! a + G' >= 1:  s = 1: extra;     s = 0: extra with probability 1 - (1 - a) / (1 - G)
//! ```
//!
//! P(s = 1) = G throughout, so E[o_i] = N W_i with variance frac (1 - frac), the least there is. All
//! fractions are exact integers in units of 1/S. The state has one bit, so a block is run for both
//! values of it and blocks are joined afterwards. Cost: a share and a 128-bit comparison a particle and
//! state.

use super::shares::{happens, share};

/// Offspring of a block for one value of the state before it; returns the state after it. `before` is
/// the cumulative weight before the block, `total` the sum S, `words` one random word a particle.
pub fn branching_offspring(
    quanta: &[u64],
    before: u64,
    n: u64,
    total: u64,
    words: &[u64],
    mut extra_left: bool,
    offspring: &mut [u32],
) -> bool {
    let ratio = n as f64 / total as f64;
    let mut left = total - before;
    let (_, mut g) = share(left, n, total, ratio);
    for ((&q, &word), o) in quanta.iter().zip(words).zip(offspring) {
        let (whole, a) = share(q, n, total, ratio);
        left -= q;
        let (_, next) = share(left, n, total, ratio);
        let carries = a + next >= total && !crate::mutants::active("branching-no-carry");
        let extra = match (carries, extra_left) {
            (false, false) => false,
            (false, true) => happens(word, a, g),
            (true, true) => true,
            (true, false) => !happens(word, total - a, total - g),
        };
        *o = whole + u32::from(extra);
        // Offspring left - floor(g) after: the whole parts cancel but for the carry.
        extra_left = i8::from(extra_left) + i8::from(carries) - i8::from(extra) == 1;
        g = next;
    }
    extra_left
}
