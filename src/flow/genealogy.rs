//! Who descends from whom, and the variances that follow.
//!
//! ```text
//! V(g) = 1 - (N / (N - 1))^q (1 - sum_k S_k^2),    S_k = sum of W_i over particles with ancestor k
//!                                                  in generation g
//! ```
//!
//! Generation g is the population after g resamplings, and q one more than the resamplings since.
//! V(0) estimates Var(Z)/Z^2 without bias on the scale of Z^2 V under multinomial resampling (Lee, Whiteley
//! 2018, doi 10.1093/biomet/asy028; for a weighted end the W are those of the last weighting). Leaving the
//! factor out overstates the variance of a tempered run by 1 / (1 - target ESS): 2x at 0.5, 10x at 0.9.
//! V can be negative, and says nothing once all particles descend from one.
//!
//! Long flows come to that. With a lag L only the last L generations are remembered (Olsson, Douc 2019,
//! doi 10.3150/18-BEJ1054, for means): V(g) - V(g+1) is what generation g alone adds to the variance,
//! and it is taken L resamplings later, when what the particles of g were has been forgotten:
//!
//! ```text
//! V = sum_(g < R - L) [V(g) - V(g+1)] at the weighting of generation g + L,  +  V(R - L) at the last
//! ```
//!
//! With L >= R that is V(0). For a mean over the final population,
//! se^2 = (N / (N - 1))^q sum_k (sum_(i: ancestor k) W_i (f_i - mean))^2 in the oldest generation kept.
//! Cost: every generation kept is one `u32` channel to resample, and N additions a weighting.

use super::in_parallel;
use crate::checkpoint::damaged;
use crate::error::Result;
use crate::particles::Numbers;
use bytemuck::cast_slice;
use driftlane_kernels::mutants::active;
use driftlane_kernels::tile::Row;
use driftlane_kernels::weights::WeightSums;
use driftlane_kernels::{F64, Lane};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::VecDeque;

/// V below this is rounding: it is one minus a number near one, summed over up to 1e8 particles.
const ROUNDING: f64 = 1e-12;

/// What the genealogy says of the variance of Z at one time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LeeWhiteley {
    /// V, the relative variance of Z; may be negative.
    pub relative_variance: f64,
    /// Particles of the oldest generation kept, time 0 without a lag, that still have descendants with
    /// weight.
    pub surviving_ancestors: usize,
}

impl LeeWhiteley {
    /// sqrt(V), the standard error of log Z by the delta method; `None` where V is not positive
    /// beyond rounding (equal weights have none) or all particles descend from one.
    pub fn standard_error(&self) -> Option<f64> {
        (self.relative_variance > ROUNDING && self.surviving_ancestors > 1)
            .then(|| self.relative_variance.sqrt())
    }
}

/// The ancestors of every particle in the generations kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Genealogy {
    lag: Option<usize>,
    resamplings: u32,
    n: usize,
    /// Oldest first; without a lag only time 0. None before the first resampling, which not every flow has:
    /// everyone is then their own ancestor.
    generations: VecDeque<Vec<u32>>,
    /// What generations no longer kept have added to V.
    settled: f64,
}

impl Genealogy {
    /// At time 0 of `n` particles; with a lag of at least 1, or back to time 0.
    pub fn new(n: usize, lag: Option<usize>) -> Self {
        Self {
            lag: lag.map(|lag| lag.max(1)),
            resamplings: 0,
            n,
            generations: VecDeque::new(),
            settled: 0.0,
        }
    }

    /// All but the generations, and how many there are.
    pub(super) fn state(&self) -> GenealogyState {
        GenealogyState {
            lag: self.lag,
            resamplings: self.resamplings,
            settled: self.settled,
            generations: self.generations.len(),
        }
    }

    /// The generations kept, oldest first.
    pub(super) fn generations(&self) -> &VecDeque<Vec<u32>> {
        &self.generations
    }

    /// The genealogy of `n` particles that was kept; refused where an ancestor is none of them.
    pub(super) fn restored(
        state: &GenealogyState,
        n: usize,
        generations: VecDeque<Vec<u32>>,
    ) -> Result<Self> {
        let known = |a: &u32| (*a as usize) < n;
        if !generations
            .iter()
            .all(|g| g.len() == n && g.iter().all(known))
        {
            return Err(damaged("has ancestors that are no particles"));
        }
        Ok(Self {
            lag: state.lag,
            resamplings: state.resamplings,
            n,
            generations,
            settled: state.settled,
        })
    }

    /// Resamplings so far.
    pub fn resamplings(&self) -> u32 {
        self.resamplings
    }

    /// Forgets the generation that is `lag` resamplings old, seeing the weights about to be resampled by.
    pub(super) fn settle(&mut self, log_weights: &[Row<F64>], sums: &WeightSums) {
        if self.lag.is_some_and(|lag| self.generations.len() > lag) {
            let weights = normalised(log_weights, sums);
            let next = if active("lag-counts-twice") {
                0.0
            } else {
                self.variance(1, &weights).relative_variance
            };
            self.settled += self.variance(0, &weights).relative_variance - next;
            self.generations.pop_front();
        }
    }

    /// Counts a resampling and hands out what it permutes like channels.
    pub(super) fn descend(&mut self) -> &mut VecDeque<Vec<u32>> {
        self.resamplings += 1;
        if self.generations.is_empty() {
            self.generations.push_back(itself(self.n));
        }
        &mut self.generations
    }

    /// A generation begins.
    pub(super) fn begin(&mut self) {
        if self.lag.is_some() {
            self.generations.push_back(itself(self.n));
        }
    }

    /// V for the current weights.
    pub fn lee_whiteley(&self, log_weights: &[Row<F64>], sums: &WeightSums) -> LeeWhiteley {
        let mut estimate = self.variance(0, &normalised(log_weights, sums));
        estimate.relative_variance += self.settled;
        estimate
    }

    /// The `k`-th generation kept.
    fn generation(&self, k: usize) -> Cow<'_, [u32]> {
        match self.generations.get(k) {
            Some(ancestors) => Cow::Borrowed(ancestors),
            None => Cow::Owned(itself(self.n)),
        }
    }

    /// V(g) of the `k`-th generation kept.
    fn variance(&self, k: usize, weights: &[Row<F64>]) -> LeeWhiteley {
        let ancestors = self.generation(k);
        let mut share = vec![0.0; ancestors.len()];
        for (&ancestor, &w) in ancestors.iter().zip(cast_slice::<Row<F64>, f64>(weights)) {
            share[ancestor as usize] += w;
        }
        let concentration: f64 = share.iter().map(|s| s * s).sum();
        LeeWhiteley {
            relative_variance: self.factor(k).mul_add(concentration - 1.0, 1.0),
            surviving_ancestors: share.iter().filter(|s| **s > 0.0).count(),
        }
    }

    /// (N / (N - 1))^q of the `k`-th generation kept.
    fn factor(&self, k: usize) -> f64 {
        let n = self.n as f64;
        let since = match self.lag {
            Some(_) => (self.generations.len().max(1) - 1 - k) as u32,
            None => self.resamplings,
        };
        let exponent = if active("lee-whiteley-without-factor") {
            0
        } else {
            since + 1
        };
        Lane::powi(n / (n - 1.0), exponent)
    }

    /// The standard error of the mean of each of `dim` functions of the particles, all of the same weight;
    /// `values` is `[particles, dim]`. `None` where all particles descend from one. A value that is not
    /// finite gives NaN in its column.
    pub fn standard_errors(&self, values: Numbers<'_>, dim: usize) -> Option<Vec<f64>> {
        let ancestors = self.generation(0);
        let n = ancestors.len();
        if ancestors.iter().all(|a| *a == ancestors[0]) {
            return None;
        }
        Some(in_parallel(dim, |j| {
            let column = || (0..n).map(|i| values.at(i * dim + j));
            let mean = column().sum::<f64>() / n as f64;
            let mut share = vec![0.0; n];
            for (&ancestor, value) in ancestors.iter().zip(column()) {
                share[ancestor as usize] += value - mean;
            }
            let square: f64 = share.iter().map(|s| s * s).sum();
            (self.factor(0) * square).sqrt() / n as f64
        }))
    }
}

/// What a checkpoint keeps of a [`Genealogy`] besides its generations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct GenealogyState {
    lag: Option<usize>,
    resamplings: u32,
    settled: f64,
    pub(super) generations: usize,
}

fn itself(n: usize) -> Vec<u32> {
    (0..n as u32).collect()
}

/// W_i.
fn normalised(log_weights: &[Row<F64>], sums: &WeightSums) -> Vec<Row<F64>> {
    let log_sum = Row::<F64>::splat(sums.log_sum());
    let mut weights = bytemuck::zeroed_vec::<Row<F64>>(log_weights.len());
    weights
        .par_iter_mut()
        .with_min_len(512)
        .zip(log_weights)
        .for_each(|(w, lw)| *w = (*lw - log_sum).exp());
    weights
}
