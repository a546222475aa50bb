//! Effective sample sizes: Geyer's initial sequences on split chains (Geyer 1992,
//! doi 10.1214/ss/1177011137; Vehtari, Gelman, Simpson, Carpenter, Buerkner 2021,
//! doi 10.1214/20-BA1221).
//!
//! ```text
//! rho_t = 1 - (w - A_t) / v+,   A_t the biased autocovariance at lag t averaged over chains
//! tau = -1 + 2 sum of positive, monotone pair sums (and the last even term once),   ESS = S / tau
//! ```
//!
//! | figure | of which series |
//! |---|---|
//! | bulk | normal scores of the ranks |
//! | mean | the draws |
//! | sd | (x - mean)^2 |
//! | quantile | 1 where x <= the quantile |
//! | tail | the smaller of the 5% and the 95% quantile |
//!
//! Lags are computed one pair at a time and only until the sequence ends, so many short, well-mixed
//! chains cost little: O(S log S) for the ranks and O(S tau) for the lags.
//!
//! Every figure is NaN where a draw is not finite, all are equal, or there are fewer than 4 draws.
//! An indicator or a square that never changes although the draws do counts as S draws.

use super::rank::{chain_moments, mean, quantile, scores, sorted, split, usable, variance};
use driftlane_kernels::Lane;

/// Bulk ESS of one coordinate; `series` holds `chains` chains of `draws` draws, chain by chain.
pub fn ess_bulk(series: &[f64], chains: usize, draws: usize) -> f64 {
    if !usable(series, draws) {
        return f64::NAN;
    }
    let (halves, n) = split(series, chains, draws);
    ess(&scores(&sorted(&halves)), n)
}

/// ESS of the mean of one coordinate, laid out as in [`ess_bulk`]. NaN also where squares overflow.
pub fn ess_mean(series: &[f64], chains: usize, draws: usize) -> f64 {
    if !usable(series, draws) {
        return f64::NAN;
    }
    let (halves, n) = split(series, chains, draws);
    ess(&halves, n)
}

/// ESS of the standard deviation of one coordinate, laid out as in [`ess_bulk`]. NaN also where
/// fourth powers overflow.
pub fn ess_sd(series: &[f64], chains: usize, draws: usize) -> f64 {
    if !usable(series, draws) {
        return f64::NAN;
    }
    let centre = mean(series);
    let squares: Vec<f64> = series.iter().map(|x| (x - centre) * (x - centre)).collect();
    ess_of_statistic(&squares, chains, draws)
}

/// ESS of the quantile at `probability` in [0, 1] of one coordinate, laid out as in [`ess_bulk`].
/// NaN for any other probability.
pub fn ess_quantile(series: &[f64], chains: usize, draws: usize, probability: f64) -> f64 {
    if !usable(series, draws) || !(0.0..=1.0).contains(&probability) {
        return f64::NAN;
    }
    let bound = quantile(&mut series.to_vec(), probability);
    indicator(series, chains, draws, bound)
}

/// Tail ESS of one coordinate, laid out as in [`ess_bulk`]: the smaller one of its 5% and 95%
/// quantiles.
pub fn ess_tail(series: &[f64], chains: usize, draws: usize) -> f64 {
    if !usable(series, draws) {
        return f64::NAN;
    }
    let mut values = series.to_vec();
    let [low, high] = [0.05, 0.95].map(|p| {
        let bound = quantile(&mut values, p);
        indicator(series, chains, draws, bound)
    });
    if high < low { high } else { low }
}

/// ESS of the share of draws up to `bound`.
fn indicator(series: &[f64], chains: usize, draws: usize, bound: f64) -> f64 {
    let below: Vec<f64> = series
        .iter()
        .map(|x| if *x <= bound { 1.0 } else { 0.0 })
        .collect();
    ess_of_statistic(&below, chains, draws)
}

fn ess_of_statistic(values: &[f64], chains: usize, draws: usize) -> f64 {
    let (halves, n) = split(values, chains, draws);
    if !halves.iter().all(|v| v.is_finite()) {
        return f64::NAN;
    }
    if halves.iter().all(|v| *v == halves[0]) {
        return halves.len() as f64;
    }
    ess(&halves, n)
}

/// ESS of halves of `n` draws each; NaN where they never change.
pub(super) fn ess(series: &[f64], n: usize) -> f64 {
    let (means, variances) = chain_moments(series, n);
    let total = series.len() as f64;
    let autocovariance = |lag: usize| {
        let sum: f64 = series
            .chunks_exact(n)
            .zip(&means)
            .map(|(x, m)| {
                x[..n - lag]
                    .iter()
                    .zip(&x[lag..])
                    .map(|(a, b)| (a - m) * (b - m))
                    .sum::<f64>()
            })
            .sum();
        sum / total
    };
    let w = mean(&variances);
    let a0 = w * (n as f64 - 1.0) / n as f64;
    let between = if means.len() > 1 {
        variance(&means)
    } else {
        0.0
    };
    let v_plus = a0 + between;
    if !(v_plus > 0.0 && v_plus.is_finite()) {
        return f64::NAN;
    }
    let rho = |lag: usize| 1.0 - (w - autocovariance(lag)) / v_plus;

    let mut pairs = Vec::new();
    let (mut even, mut odd) = (1.0, rho(1));
    let mut t = 1;
    while t + 3 < n && even + odd > 0.0 {
        pairs.push(even + odd);
        even = rho(t + 1);
        odd = rho(t + 2);
        t += 2;
    }
    // The pair the sequence ended on is left out but for its even term, counted once: a negative
    // one too where lags ran out before the pairs turned negative.
    let lags_ran_out = t > 1 && even + odd >= 0.0;
    let last = if even > 0.0 || lags_ran_out {
        even
    } else {
        0.0
    };
    let mut tau = last - 1.0;
    let mut least = f64::INFINITY;
    for pair in pairs {
        least = if pair < least { pair } else { least };
        tau += 2.0 * least;
    }
    let floor = least_tau(total);
    total / if tau > floor { tau } else { floor }
}

/// The least autocorrelation time believed of S draws, 1 / log10(S): antithetic chains are not
/// credited with more.
pub(super) fn least_tau(total: f64) -> f64 {
    std::f64::consts::LN_10 / Lane::ln(total)
}
