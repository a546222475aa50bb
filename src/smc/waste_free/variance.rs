//! The variance of log Z from waste-free chains (Dau, Chopin 2022, doi 10.1111/rssb.12475).
//!
//! ```text
//! Var log Z = sum_t s2_t / (N Gbar_t^2),   s2_t = -c_0 + 2 sum_k (c_2k + c_(2k+1))
//! ```
//!
//! with c_k the autocovariance of G_t along the chains about the mean of all, divided by P, summed while
//! pairs are positive and do not grow (Geyer 1992, doi 10.1214/ss/1177011137); s2_0 = c_0, the first
//! states being independent. It holds for every resampling scheme as P grows with M fixed (theirs): what a chain remembers of where it started is left out. Measured with 8192 states on six targets,
//! it covers 91 to 98 of 100 times where P is ten autocorrelation times or more, and as few as 9 where it
//! is one or two. There the M chains' genealogy (Lee-Whiteley, multinomial resampling) sees what they
//! remember, and the larger of the two is reported: 89 to 98 of 100 on the same targets but the funnel
//! and moves that do not mix at all. Genealogies of fewer than some 200 chains vary by a factor of two,
//! which is why they have no say over chains that are long.

use crate::flow::{LeeWhiteley, in_parallel};
use crate::mcmc::RATIO;
use crate::particles::{Population, STATE_SCALARS};
use crate::target::Precision;
use bytemuck::cast_slice;
use driftlane_kernels::Lane;
use driftlane_kernels::mutants::active;
use serde::{Deserialize, Serialize};

/// What the states kept by waste-free SMC say of one weighting.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WasteFree {
    /// Effective sample size of all states after it.
    pub ess: f64,
    /// What it adds to the variance of log Z.
    pub variance: f64,
    /// Autocorrelation time of the potential along the chains, in states.
    pub autocorrelation_time: f64,
}

/// The longest autocorrelation time of all weightings after the first, whose states are independent.
pub(in crate::smc) fn longest_autocorrelation_time(weightings: &[WasteFree]) -> Option<f64> {
    let times = weightings.iter().skip(1).map(|w| w.autocorrelation_time);
    times.reduce(|a, b| if b > a { b } else { a })
}

/// The standard error of log Z of a run whose chains have `chain_length` states.
pub(in crate::smc) fn standard_error(
    weightings: &[WasteFree],
    chain_length: usize,
    genealogy: Option<LeeWhiteley>,
) -> Option<f64> {
    let own = weightings.iter().map(|w| w.variance).sum::<f64>().sqrt();
    let time = longest_autocorrelation_time(weightings).unwrap_or(1.0);
    let forgets = LONG_CHAIN * time <= chain_length as f64;
    let genealogy = genealogy.and_then(|v| v.standard_error()).unwrap_or(0.0);
    let larger = if own < genealogy { genealogy } else { own };
    Some(if forgets { own } else { larger }).filter(|se| *se > 0.0)
}

/// Autocorrelation times that make a chain long.
pub const LONG_CHAIN: f64 = 10.0;

/// Tiles whose autocovariances are one task.
const TILES_A_TASK: usize = 16;

/// What one weighting by exp(step * ratio) adds to the variance of log Z, chains weighing the same
/// before: s2 / (N Gbar^2), with the autocorrelation time s2 / c_0 it is made of.
pub(in crate::smc) fn variance_of_weighting<R: Precision>(
    population: &Population<R>,
    step: f64,
    independent: bool,
) -> (f64, f64) {
    let (chains, states) = (population.len(), population.states());
    let all = population.state_scalars();
    let ratios = |row: usize| {
        let at = (STATE_SCALARS * row + RATIO) * states;
        &all[at..at + states]
    };
    let rows = chains.div_ceil(32);
    let tasks = rows.div_ceil(TILES_A_TASK);
    let rows_of = |task: usize| task * TILES_A_TASK..((task + 1) * TILES_A_TASK).min(rows);
    let particles = |row: usize| (chains - 32 * row).min(32);
    let larger = |a: f64, b: f64| if b > a { b } else { a };
    let maxima = in_parallel(tasks, |task| {
        let values = rows_of(task).flat_map(|row| {
            let lanes = ratios(row).iter();
            lanes.flat_map(move |r| cast_slice::<_, f64>(&r.0)[..particles(row)].to_vec())
        });
        values.fold(f64::NEG_INFINITY, larger)
    });
    let max = maxima.into_iter().fold(f64::NEG_INFINITY, larger);
    // Potentials as [chain][state], relative to the largest.
    let mut potentials = in_parallel(tasks, |task| {
        let mut out = vec![0.0; rows_of(task).map(particles).sum::<usize>() * states];
        for (k, row) in rows_of(task).enumerate() {
            for (p, ratio) in ratios(row).iter().enumerate() {
                let ratio: &[f64] = cast_slice(&ratio.0);
                for (i, r) in ratio[..particles(row)].iter().enumerate() {
                    let g = Lane::exp(step * (r - max));
                    out[(32 * k + i) * states + p] = if g.is_nan() { 0.0 } else { g };
                }
            }
        }
        out
    });
    let total: f64 = potentials.iter().map(|g| g.iter().sum::<f64>()).sum();
    let count = (chains * states) as f64;
    let mean = total / count;
    potentials
        .iter_mut()
        .flatten()
        .for_each(|g| *g = *g / mean - 1.0);
    let autocovariance = |lag: usize| {
        let sums = in_parallel(tasks, |task| {
            let chains = potentials[task].chunks_exact(states);
            let products = chains.map(|g| dot(&g[..states - lag], &g[lag..]));
            products.sum::<f64>()
        });
        sums.iter().sum::<f64>() / count
    };
    let variance = autocovariance(0);
    if independent || variance <= 0.0 {
        return (variance / count, 1.0);
    }
    let (mut long_run, mut lag, mut least) = (-variance, 0, f64::INFINITY);
    while lag < states {
        let odd = if lag + 1 < states {
            autocovariance(lag + 1)
        } else {
            0.0
        };
        let pair = autocovariance(lag) + odd;
        if pair <= 0.0 {
            break;
        }
        least = if pair < least { pair } else { least };
        long_run += 2.0 * least;
        lag += 2;
    }
    if active("chains-count-as-independent") {
        long_run = variance;
    }
    (long_run / count, long_run / variance)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| a.mul_add(*b, sum))
}

/// The mean of every coordinate along every chain: `[chains, dim]`.
pub(in crate::smc) fn chain_means(states: &[f64], length: usize, dim: usize) -> Vec<f64> {
    let chains = states.chunks_exact(length * dim);
    let mean =
        |chain: &[f64], j: usize| chain[j..].iter().step_by(dim).sum::<f64>() / length as f64;
    chains
        .flat_map(|chain| (0..dim).map(move |j| mean(chain, j)))
        .collect()
}

/// Standard errors of the means over all states: the spread of chains, which start independently given
/// the temperature before, or by their genealogy where that is larger.
pub(in crate::smc) fn mean_standard_errors(
    means: &[f64],
    dim: usize,
    genealogy: Option<Vec<f64>>,
) -> Option<Vec<f64>> {
    let chains = (means.len() / dim) as f64;
    let spread = (0..dim).map(|j| {
        let column = || means[j..].iter().step_by(dim);
        let mean = column().sum::<f64>() / chains;
        let square: f64 = column().map(|m| (m - mean) * (m - mean)).sum();
        (square / (chains - 1.0) / chains).sqrt()
    });
    let genealogy = genealogy.unwrap_or_else(|| vec![0.0; dim]);
    Some(
        spread
            .zip(genealogy)
            .map(|(a, b)| if b > a { b } else { a })
            .collect(),
    )
}
