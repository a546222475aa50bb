//! Killing (Del Moral 2004, doi 10.1007/978-1-4684-9393-1, section 2.5; compared in Chopin, Singh, Soto,
//! Vihola 2022, arXiv:2203.10037): a particle survives with probability w_i / max w; those that do not are
//! replaced by independent draws from the weights.
//!
//! ```text
//! o_i = s_i + m_i,   s_i ~ Bernoulli(w_i / max w),   m ~ Multinomial(N - sum s, W)
//! E[o_i] = w_i / max w + (N - S / max w) W_i = N W_i
//! ```
//!
//! Little changes where weights are nearly equal: the scheme of choice for many small steps of a
//! continuous-time flow. Cost: a random word a particle, a logarithm a death.

use super::shares::happens;

/// Survivors of a block, 1 or 0 each into `offspring`; `most` is the largest weight of the population,
/// `words` one random word a particle. Returns how many died.
pub fn survivors(quanta: &[u64], most: u64, words: &[u64], offspring: &mut [u32]) -> u64 {
    let mut dead = 0;
    for ((&q, &word), o) in quanta.iter().zip(words).zip(offspring) {
        let survives = happens(word, q, most)
            || crate::mutants::active("killing-spares-quarter") && q > most / 4;
        *o = u32::from(survives);
        dead += u64::from(!survives);
    }
    dead
}
