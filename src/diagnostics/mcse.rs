//! Monte Carlo standard errors (Vehtari et al. 2021, doi 10.1214/20-BA1221, section 4).
//!
//! ```text
//! mean      sd / sqrt(ESS of the mean)
//! sd        sqrt((m4 - m2^2) / ESS of (x - mean)^2 / m2 / 4)          (delta method)
//! quantile  half the distance of the order statistics at the 16% and 84% quantiles of
//!           Beta(ESS p + 1, ESS (1 - p) + 1), ESS that of the quantile
//! ```
//!
//! `series` holds `chains` chains of `draws` draws of one coordinate, chain by chain. Every figure is
//! in the units of the coordinate, and NaN where a draw is not finite, all are equal, or there are
//! fewer than 4 draws.

use super::autocovariance::{ess_mean, ess_quantile, ess_sd};
use super::beta::beta_quantile;
use super::rank::{mean, variance};

/// Standard error of the mean.
pub fn mcse_mean(series: &[f64], chains: usize, draws: usize) -> f64 {
    let ess = ess_mean(series, chains, draws);
    if ess.is_nan() {
        return f64::NAN;
    }
    (variance(series) / ess).sqrt()
}

/// Standard error of the standard deviation.
pub fn mcse_sd(series: &[f64], chains: usize, draws: usize) -> f64 {
    let ess = ess_sd(series, chains, draws);
    if ess.is_nan() {
        return f64::NAN;
    }
    let centre = mean(series);
    let squares: Vec<f64> = series.iter().map(|x| (x - centre) * (x - centre)).collect();
    let fourths: Vec<f64> = squares.iter().map(|s| s * s).collect();
    let second = mean(&squares);
    sd_error(second, mean(&fourths), ess)
}

/// From the second and fourth central moments (divided by the count).
pub(super) fn sd_error(second: f64, fourth: f64, ess: f64) -> f64 {
    ((fourth - second * second) / ess / second / 4.0).sqrt()
}

/// Standard error of the median.
pub fn mcse_median(series: &[f64], chains: usize, draws: usize) -> f64 {
    mcse_quantile(series, chains, draws, 0.5)
}

/// Standard error of the quantile at `probability` in [0, 1]; NaN for any other.
pub fn mcse_quantile(series: &[f64], chains: usize, draws: usize, probability: f64) -> f64 {
    let ess = ess_quantile(series, chains, draws, probability);
    if ess.is_nan() {
        return f64::NAN;
    }
    // Phi(-1) and Phi(1), as arviz-stats and posterior write them.
    let [low, high] = [0.1586553, 0.8413447]
        .map(|p| beta_quantile(p, ess * probability + 1.0, ess * (1.0 - probability) + 1.0));
    let mut sorted = series.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let size = sorted.len() as f64;
    // A float turned into an index saturates at 0.
    let first = (low * size - 1.0).floor() as usize;
    let last = (high * size - 1.0).ceil() as usize;
    (sorted[last.min(sorted.len() - 1)] - sorted[first.min(sorted.len() - 1)]) / 2.0
}
