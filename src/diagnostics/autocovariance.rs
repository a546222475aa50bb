//! Bulk effective sample size: Geyer's initial sequences on rank-normalised split chains (Geyer 1992,
//! doi 10.1214/ss/1177011137; Vehtari et al. 2021, doi 10.1214/20-BA1221).
//!
//! ```text
//! rho_t = 1 - (w - A_t) / v+,   A_t the biased autocovariance at lag t averaged over chains
//! tau = -1 + 2 sum of positive, monotone pair sums (and the last even term once),   ESS = S / tau
//! ```
//!
//! Lags are computed one pair at a time and only until the sequence ends, so many short, well-mixed
//! chains cost little.

use super::rank::{chain_moments, mean, split, usable, variance, z_scale};
use driftlane_kernels::Lane;

/// Bulk ESS of one coordinate; `series` holds `chains` chains of `draws` draws, chain by chain. NaN
/// where a draw is not finite, all are equal, or there are fewer than 4 draws.
pub fn ess_bulk(series: &[f64], chains: usize, draws: usize) -> f64 {
    if !usable(series, draws) {
        return f64::NAN;
    }
    let (halves, n) = split(series, chains, draws);
    ess(&z_scale(&halves), n)
}

fn ess(series: &[f64], n: usize) -> f64 {
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
    // The pair the sequence ended on is left out but for its even term, counted once.
    let mut tau = -1.0 + if even > 0.0 { even } else { 0.0 };
    let mut least = f64::INFINITY;
    for pair in pairs {
        least = if pair < least { pair } else { least };
        tau += 2.0 * least;
    }
    let floor = std::f64::consts::LN_10 / Lane::ln(total);
    total / if tau > floor { tau } else { floor }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::r_hat;

    /// Four autoregressive chains of 1000 draws from a linear congruential generator.
    fn golden() -> Vec<f64> {
        let mut state = 42u64;
        let mut next = || {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let mut series = Vec::new();
        for _ in 0..4 {
            let mut y = 0.0;
            for _ in 0..1000 {
                y = 0.7 * y + next() - 0.5;
                series.push(y);
            }
        }
        series
    }

    #[test]
    fn golden_vector_of_the_reference_implementation() {
        let series = golden();
        assert!((series[0] - 0.0682303266439076).abs() < 1e-15);
        assert!((series[3999] - 0.37917835013979073).abs() < 1e-13);
        // Computed by arviz-stats 1.3.3.
        let ess = ess_bulk(&series, 4, 1000);
        assert!((ess - 698.2233699716805).abs() < 1e-9 * 698.0, "{ess}");
        let r = r_hat(&series, 4, 1000);
        assert!((r - 1.0021382382412127).abs() < 1e-12, "{r}");
    }

    #[test]
    fn degenerate_chains_have_no_number() {
        for series in [
            vec![1.0; 400],
            vec![f64::NAN; 400],
            vec![0.0, f64::INFINITY],
        ] {
            let draws = series.len() / 2;
            assert!(ess_bulk(&series, 2, draws).is_nan());
            assert!(r_hat(&series, 2, draws).is_nan());
        }
    }
}
