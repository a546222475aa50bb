//! R-hat of many short chains: nested R-hat whose superchains are found in the draws.
//!
//! Split R-hat compares chains one by one: with n draws of autocorrelation time tau it is about
//! sqrt(1 + tau/n) at stationarity, so hundreds of short chains exceed 1.01 although their joint estimates
//! are good. Nested R-hat (Margossian, Hoffman, Sountsov, Riou-Durand, Vehtari, Gelman 2024,
//! arXiv:2110.13017; [`nested_r_hat`](super::nested_r_hat)) averages M chains of one start into a superchain, and tells
//! what is left of the starts. Chains with starts of their own have no such superchains, and groups that are
//! chosen blindly would tell nothing (B/W <= 1/M whatever the chains do). So superchains are:
//!
//! ```text
//! memory: k = 1..8, neighbours in the rank of the first draw;  z over the second half of the draws
//! drift:  k = 1, 2, the first and the second half of the draws of all chains
//!
//! B = Var_k(mean of k) - E,   E what chance gives Var_k: mean_k(V_k / M_k), V_k = Var(chain means in k)
//!                             (drift: V/2N, V of the differences between the halves of a chain)
//! W = mean_k(V_k + mean chain variance in k)
//! R = sqrt(1 + max(B, 0) / W)
//! ```
//!
//! on ranks and on ranks of the distance from the median, the largest of the four. Chains that have mixed
//! give (B + E)/E ~ F(K - 1, N - K), whatever their autocorrelation (chain means are independent), so
//! sqrt(1 + (f - 1) E/W) is what chance exceeds with the probability of the quantile f. R needs to be above
//! 1.01 and above that: see [`ManyChains::limit`]. Chains in separate modes, or still on their way, keep
//! B/W of order 1. O(S log S) for S draws.

use super::beta::beta_cdf;
use super::rank::{chain_moments, folded, mean, scores, sorted, usable, variance};

/// Above so many chains a run is judged by nested R-hat.
pub const MANY_CHAINS: usize = 64;
/// Superchains of neighbours.
const GROUPS: usize = 8;
/// Tests of a coordinate: memory and drift, in place and in spread.
const TESTS: usize = 4;
/// How often chains that have mixed exceed the limit in one of their coordinates.
pub const FALSE_ALARMS: f64 = 1e-3;
/// The limit where chance has no part.
pub const R_HAT_LIMIT: f64 = 1.01;

/// Nested R-hat of one coordinate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NestedRHat {
    /// The figure; NaN where draws are not finite or constant, infinite where only superchains differ.
    pub value: f64,
    /// What it should be below: [`R_HAT_LIMIT`], or what chance gives where that is more.
    pub limit: f64,
}

/// Chains of one run and what chance does to their superchains.
#[derive(Debug, Clone, Copy)]
pub struct ManyChains {
    chains: usize,
    draws: usize,
    /// Quantiles of F for memory and drift.
    quantiles: [f64; 2],
}

impl ManyChains {
    /// `chains` chains of `draws` draws in `dim` coordinates, which share [`FALSE_ALARMS`].
    pub fn new(chains: usize, draws: usize, dim: usize) -> Self {
        let share = FALSE_ALARMS / (TESTS * dim.max(1)) as f64;
        let quantile =
            |between: usize, within: usize| f_quantile(share, between as f64, within.max(1) as f64);
        Self {
            chains,
            draws,
            quantiles: [
                quantile(GROUPS - 1, chains.saturating_sub(GROUPS)),
                quantile(1, chains.saturating_sub(1)),
            ],
        }
    }

    /// Of one coordinate, chain by chain. NaN, with the limit of no chance, with fewer than 4 draws or
    /// 2 chains a superchain.
    pub fn r_hat(&self, series: &[f64]) -> NestedRHat {
        let none = NestedRHat {
            value: f64::NAN,
            limit: R_HAT_LIMIT,
        };
        if self.chains < 2 * GROUPS || !usable(series, self.draws) {
            return none;
        }
        let order = sorted(series);
        let all = [scores(&order), scores(&folded(&order))];
        let found = all.iter().flat_map(|z| self.of_scores(z));
        // What exceeds its own limit by most is told of.
        let excess = |r: &NestedRHat| r.value / r.limit;
        found
            .filter(|r| !r.value.is_nan())
            .reduce(|a, b| if excess(&b) > excess(&a) { b } else { a })
            .unwrap_or(none)
    }

    /// Memory and drift of scores.
    fn of_scores(&self, z: &[f64]) -> [NestedRHat; 2] {
        let (n, half) = (self.draws, self.draws / 2);
        let part = |from: usize| -> (Vec<f64>, Vec<f64>) {
            let values: Vec<f64> = z
                .chunks_exact(n)
                .flat_map(|chain| chain[from..from + half].iter().copied())
                .collect();
            chain_moments(&values, half)
        };
        let ((early, early_within), (late, late_within)) = (part(0), part(n - half));

        let mut by_start: Vec<usize> = (0..self.chains).collect();
        by_start.sort_by(|&a, &b| z[a * n].total_cmp(&z[b * n]));
        let ends = |k: usize| k * self.chains / GROUPS;
        let mut centres = [0.0; GROUPS];
        let (mut chance, mut spread) = ([0.0; GROUPS], [0.0; GROUPS]);
        for k in 0..GROUPS {
            let chains = &by_start[ends(k)..ends(k + 1)];
            let means: Vec<f64> = chains.iter().map(|c| late[*c]).collect();
            centres[k] = mean(&means);
            spread[k] = variance(&means);
            chance[k] = spread[k] / means.len() as f64;
        }
        let within = mean(&spread) + mean(&late_within);
        let memory = judged(variance(&centres), mean(&chance), within, self.quantiles[0]);

        let halves = [mean(&early), mean(&late)];
        let changes: Vec<f64> = late.iter().zip(&early).map(|(b, a)| b - a).collect();
        let within = 0.5 * (variance(&early) + variance(&late))
            + 0.5 * (mean(&early_within) + mean(&late_within));
        let chance = variance(&changes) / (2 * self.chains) as f64;
        let drift = judged(variance(&halves), chance, within, self.quantiles[1]);
        [memory, drift]
    }
}

/// From the variance of superchain means, what chance gives it, W, and the quantile of their ratio.
fn judged(between: f64, chance: f64, within: f64, quantile: f64) -> NestedRHat {
    let r_hat = |excess: f64| match excess > 0.0 {
        true => (1.0 + excess / within).sqrt(),
        false => 1.0,
    };
    let by_chance = r_hat((quantile - 1.0) * chance);
    NestedRHat {
        value: r_hat(between - chance),
        limit: R_HAT_LIMIT.max(by_chance),
    }
}

/// What F with these degrees of freedom exceeds with probability `p`, by bisection of its logarithm.
fn f_quantile(p: f64, between: f64, within: f64) -> f64 {
    let above = |f: f64| beta_cdf(within / (within + between * f), 0.5 * within, 0.5 * between);
    let (mut low, mut high) = (1e-6f64, 1e9f64);
    for _ in 0..100 {
        let middle = (low * high).sqrt();
        if above(middle) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::f_quantile;

    /// Quantiles of tables: t_{0.9995, 10}^2, F_{0.99}(7, 60), chi2_{0.999}(7) / 7.
    #[test]
    fn quantiles_of_f_are_those_of_tables() {
        for (p, a, b, table, error) in [
            (0.001, 1.0, 10.0, 21.0396, 1e-3),
            (0.01, 7.0, 60.0, 2.9530, 1e-4),
            (0.001, 7.0, 1e7, 24.3219 / 7.0, 1e-4),
        ] {
            let f = f_quantile(p, a, b);
            assert!((f - table).abs() < error, "{f} {table}");
        }
    }
}
