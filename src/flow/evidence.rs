//! log Z and its standard error from one run.
//!
//! ```text
//! log Z <- log Z + log sum_i W_i G_t(x_i)       (W carried, normalised)
//! V = 1 - (N / (N - 1))^q (1 - sum_k S_k^2),    S_k = sum of W_i over particles with time-0 ancestor k
//! ```
//!
//! with q one more than the number of resamplings so far. V estimates Var(Z)/Z^2 without bias on the
//! scale of Z^2 V under multinomial resampling (Lee, Whiteley 2018, doi 10.1093/biomet/asy028; for a
//! weighted end the W are those of the last weighting). Leaving the factor out overstates the
//! variance of a tempered run by 1 / (1 - target ESS): 2x at 0.5, 10x at 0.9. V can be negative, and
//! says nothing once all particles descend from one.

use bytemuck::cast_slice;
use driftlane_kernels::mutants::active;
use driftlane_kernels::tile::Row;
use driftlane_kernels::weights::WeightSums;
use driftlane_kernels::{F64, Lane};
use rayon::prelude::*;

/// V below this is rounding: it is one minus a number near one, summed over up to 1e8 particles.
const ROUNDING: f64 = 1e-12;

/// The running estimate of log Z, with the genealogy its variance is read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    log_evidence: f64,
    resamplings: u32,
    /// The time-0 ancestor of every particle.
    eves: Vec<u32>,
}

/// The Lee-Whiteley estimate at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeeWhiteley {
    /// V, the relative variance of Z; may be negative.
    pub relative_variance: f64,
    /// Time-0 particles that still have descendants with weight.
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

impl Evidence {
    /// At time 0 of `n` particles.
    pub fn new(n: usize) -> Self {
        Self {
            log_evidence: 0.0,
            resamplings: 0,
            eves: (0..n as u32).collect(),
        }
    }

    /// log Z so far.
    pub fn log_evidence(&self) -> f64 {
        self.log_evidence
    }
    /// Resamplings so far.
    pub fn resamplings(&self) -> u32 {
        self.resamplings
    }

    /// Adds log sum_i W_i G_t(x_i).
    pub fn accumulate(&mut self, increment: f64) {
        self.log_evidence += increment;
    }

    /// Counts a resampling and hands out the time-0 ancestors, which are resampled like a channel.
    pub(super) fn descend(&mut self) -> &mut [u32] {
        self.resamplings += 1;
        &mut self.eves
    }

    /// The Lee-Whiteley variance for the current weights.
    pub fn lee_whiteley(&self, log_weights: &[Row<F64>], sums: &WeightSums) -> LeeWhiteley {
        let n = self.eves.len();
        let log_sum = Row::<F64>::splat(sums.log_sum());
        let mut weights = bytemuck::zeroed_vec::<Row<F64>>(log_weights.len());
        weights
            .par_iter_mut()
            .with_min_len(512)
            .zip(log_weights)
            .for_each(|(w, lw)| *w = (*lw - log_sum).exp());
        let mut share = vec![0.0; n];
        for (&eve, &w) in self.eves.iter().zip(cast_slice::<Row<F64>, f64>(&weights)) {
            share[eve as usize] += w;
        }
        let concentration: f64 = share.iter().map(|s| s * s).sum();
        let n = n as f64;
        let exponent = if active("lee-whiteley-without-factor") {
            0
        } else {
            self.resamplings + 1
        };
        let factor = Lane::powi(n / (n - 1.0), exponent);
        LeeWhiteley {
            relative_variance: factor.mul_add(concentration - 1.0, 1.0),
            surviving_ancestors: share.iter().filter(|s| **s > 0.0).count(),
        }
    }
}
