//! Nested R-hat (Margossian, Hoffman, Sountsov, Riou-Durand, Vehtari, Gelman 2024,
//! arXiv:2110.13017).
//!
//! Chains come in K superchains of M chains that share a start; many short chains then tell the
//! variance left over from the starts, which one long chain cannot, and one draw a chain is enough.
//!
//! ```text
//! R_nu = sqrt(1 + B / W),   B = Var_k(mean of superchain k)
//! W = mean_k(Var(chain means in k) + mean chain variance in k)
//! ```
//!
//! A variance of one value counts as 0. O(S), and O(S log S) with ranks.

use super::rank::{chain_moments, folded, larger, mean, scores, sorted, split, usable, variance};

/// Nested R-hat of one coordinate as it stands; `series` holds `chains` chains of `draws` >= 1 draws,
/// chain by chain, and consecutive chains belong together: `chains / superchains` to a superchain.
/// NaN where a draw is not finite, all are equal, there are fewer than 2 superchains, or they do not
/// divide the chains; infinite where only superchains differ.
pub fn nested_r_hat(series: &[f64], chains: usize, draws: usize, superchains: usize) -> f64 {
    if draws < 1 || !divides(superchains, chains) || !usable(series, 4) {
        return f64::NAN;
    }
    let (means, variances) = chain_moments(series, draws);
    nested_of_moments(&means, &variances, draws, superchains)
}

/// Nested R-hat on the ranks of split chains and of their distances from the median, the larger of
/// the two; laid out as in [`nested_r_hat`], with at least 4 draws a chain (else NaN).
pub fn nested_r_hat_rank(series: &[f64], chains: usize, draws: usize, superchains: usize) -> f64 {
    if !divides(superchains, chains) || !usable(series, draws) {
        return f64::NAN;
    }
    let (halves, n) = split(series, chains, draws);
    let of = |z: &[f64]| {
        let (means, variances) = chain_moments(z, n);
        nested_of_moments(&means, &variances, n, superchains)
    };
    let order = sorted(&halves);
    larger(of(&scores(&order)), of(&scores(&folded(&order))))
}

pub(super) fn divides(superchains: usize, chains: usize) -> bool {
    superchains >= 2 && chains >= superchains && chains.is_multiple_of(superchains)
}

/// From the means and unbiased variances of chains of `draws` draws, superchain by superchain.
pub(super) fn nested_of_moments(
    means: &[f64],
    variances: &[f64],
    draws: usize,
    superchains: usize,
) -> f64 {
    let size = means.len() / superchains;
    let centres: Vec<f64> = means.chunks_exact(size).map(mean).collect();
    let within: Vec<f64> = means
        .chunks_exact(size)
        .zip(variances.chunks_exact(size))
        .map(|(means, variances)| {
            let between = if size > 1 { variance(means) } else { 0.0 };
            between + if draws > 1 { mean(variances) } else { 0.0 }
        })
        .collect();
    (1.0 + variance(&centres) / mean(&within)).sqrt()
}
