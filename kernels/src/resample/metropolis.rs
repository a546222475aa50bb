//! Resampling without a sum over the population (Murray, Lee, Jacob 2016,
//! doi 10.1080/10618600.2015.1062015, arXiv:1301.4019): every slot looks for its ancestor by itself.
//!
//! ```text
//! Metropolis: a = i; B times: j uniform, a = j with probability min(1, w_j / w_a)
//! rejection:  a = i; until u < w_a / max w: a uniform
//! ```
//!
//! Metropolis is biased: the law of a is within (1 - mean w / max w)^B of the weights in total
//! variation, B chosen for 1% and at most 4096: where one particle has more than about a
//! thousand times the mean weight the bias is larger. Rejection is exact, E[o_i] = N W_i, and needs max w / mean w tries a
//! slot on average; after [`MOST_TRIES`] it takes an inverse-CDF draw, which has the same law. Both are
//! here for comparison: on a CPU the sums they avoid are the cheap part. Cost: a random access a try.

use super::shares::{below, happens};

/// Total variation between the law of a Metropolis ancestor and the weights, where [`MOST_STEPS`] is not
/// reached.
pub const METROPOLIS_BIAS: f64 = 0.01;
/// Steps of a Metropolis ancestor, at most: one with almost all weight elsewhere would look for ever.
pub const MOST_STEPS: u32 = 4096;
/// Tries of the rejection resampler before it takes an inverse-CDF draw.
pub const MOST_TRIES: u32 = 256;

/// B for weights with `mean_over_max` = mean w / max w: (1 - mean/max)^B <= [`METROPOLIS_BIAS`], and
/// at most [`MOST_STEPS`].
pub fn metropolis_steps(mean_over_max: f64) -> u32 {
    use crate::lane::Lane;
    let steps = Lane::ln(METROPOLIS_BIAS) / Lane::ln_1p(-mean_over_max);
    // The quotient is NaN or 0 where all weights are equal: one step is exact there.
    if steps > 1.0 {
        steps.ceil().min(f64::from(MOST_STEPS)) as u32
    } else {
        1
    }
}

/// The ancestor of slot `slot` after `steps` Metropolis steps.
pub fn metropolis_ancestor(
    slot: usize,
    quanta: &[u64],
    steps: u32,
    mut words: impl FnMut() -> u64,
) -> u32 {
    let mut ancestor = slot;
    for _ in 0..steps {
        let (candidate, word) = (below(words(), quanta.len() as u64) as usize, words());
        let (old, new) = (quanta[ancestor], quanta[candidate]);
        if new >= old || happens(word, new, old) {
            ancestor = candidate;
        }
    }
    ancestor as u32
}

/// The ancestor of slot `slot` by rejection; `cumulative` are inclusive sums of `quanta`, `most` the
/// largest of them.
pub fn rejection_ancestor(
    slot: usize,
    quanta: &[u64],
    cumulative: &[u64],
    most: u64,
    mut words: impl FnMut() -> u64,
) -> u32 {
    let mut ancestor = slot;
    for _ in 0..MOST_TRIES {
        if happens(words(), quanta[ancestor], most) {
            return ancestor as u32;
        }
        ancestor = below(words(), quanta.len() as u64) as usize;
    }
    let total = cumulative[cumulative.len() - 1];
    let point = below(words(), total);
    cumulative.partition_point(|&c| c <= point) as u32
}
