//! SSP resampling (Srinivasan 2001, doi 10.1109/SFCS.2001.959935; as a resampling scheme: Gerber,
//! Chopin, Whiteley 2019, arXiv:1708.09382): counts are floor(N W) or one more, negatively associated.
//!
//! ```text
//! two particles with fractions x, y in (0, 1) of an offspring:   up = min(y, 1 - x), down = min(x, 1 - y)
//! with probability down / (up + down):  x += up,   y -= up
//! otherwise:                            x -= down, y += down        then whoever is 0 or 1 is settled
//! ```
//!
//! Fractions are exact integers in units of 1/S (see [`super::share`]) and sum to a multiple of S: the
//! last is settled at exactly 0 or S, and the count is N without a repair. Any order of pairs keeps
//! the means and the association, so blocks are settled on their own and then their last live
//! fractions with each other. E[o_i] = N W_i. Cost: one random word and a 128-bit comparison a
//! particle with a fraction.

use super::shares::happens;

/// Settles the fractions of a block, each in 0 .. `unit`: adds one offspring to whoever rises to
/// `unit`, leaves everyone else at zero, but for at most one, which is returned with its index.
/// `words` holds one random word for every fraction.
pub fn ssp_offspring(
    fractions: &[u64],
    unit: u64,
    words: &[u64],
    offspring: &mut [u32],
) -> Option<(usize, u64)> {
    let mut live: Option<(usize, u64)> = None;
    for (j, (&fraction, &word)) in fractions.iter().zip(words).enumerate() {
        if fraction == 0 {
            continue;
        }
        let Some((i, x)) = live else {
            live = Some((j, fraction));
            continue;
        };
        let up = fraction.min(unit - x);
        let down = x.min(unit - fraction);
        let (x, y) = if happens(
            word,
            if crate::mutants::active("ssp-swapped") {
                up
            } else {
                down
            },
            up + down,
        ) {
            (x + up, fraction - up)
        } else {
            (x - down, fraction + down)
        };
        live = None;
        for (k, value) in [(i, x), (j, y)] {
            if value == unit {
                offspring[k] += 1;
            } else if value > 0 {
                live = Some((k, value));
            }
        }
    }
    live
}
