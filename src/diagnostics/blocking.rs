//! Effective sample size as draws pass: means of blocks of 1, 2, 4, ... draws, of all chains together
//! (Flyvbjerg, Petersen 1989, doi 10.1063/1.457480; replicated batch means, Argon, Andradottir 2006,
//! doi 10.1002/nav.20158).
//!
//! ```text
//! tau_b = b Var(means of blocks of b draws) / Var(draws)  ->  tau from below as b grows,  ESS = S / tau
//! b: the smallest block with b^3 > 2 S tau_b^2     (Lee, Gillan, Towler, Drummond, Needs 2011,
//!                                                   doi 10.1103/PhysRevE.83.066706)
//! ```
//!
//! The bias of tau_b falls as tau / b and its relative error is sqrt(2 b / S); the rule balances them.
//! Variances are around the mean of all chains, so chains that disagree lower the ESS as they should.
//! Chains that end before a block is long enough leave a lower bound of tau, told by `settled`.
//!
//! O(1) a chain and draw; one row of chains for every doubling of the draws, no draws kept.

use super::autocovariance::least_tau;
use super::chain_moments::check_row;
use super::running::RunningMoments;
use crate::error::{Error, Result};

/// Block means of one coordinate of every chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Blocking {
    chains: usize,
    draws: u64,
    levels: Vec<Level>,
}

/// Blocks of one length.
#[derive(Debug, Clone, Default, PartialEq)]
struct Level {
    moments: RunningMoments,
    /// The mean of a block of every chain that waits for its neighbour; empty if none does.
    waiting: Vec<f64>,
}

/// What blocks tell of the draws' correlation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockEstimate {
    /// Effective sample size of the mean.
    pub ess: f64,
    /// Autocorrelation time in draws.
    pub tau: f64,
    /// Draws in a block.
    pub block: u64,
    /// Whether blocks were long enough; else `tau` may be too small and `ess` too large.
    pub settled: bool,
}

impl Blocking {
    /// Of `chains` chains without a draw.
    pub fn new(chains: usize) -> Self {
        Self {
            chains,
            draws: 0,
            levels: Vec::new(),
        }
    }

    /// Adds one draw of every chain. Refuses a row of another length.
    pub fn push(&mut self, row: &[f64]) -> Result<()> {
        check_row(row, self.chains)?;
        self.draws += 1;
        let mut carried = row.to_vec();
        for k in 0.. {
            if k == self.levels.len() {
                self.levels.push(Level::default());
            }
            let level = &mut self.levels[k];
            level.moments = level.moments.merge(RunningMoments::of(&carried));
            if level.waiting.is_empty() {
                level.waiting = carried;
                break;
            }
            for (now, before) in carried.iter_mut().zip(level.waiting.drain(..)) {
                *now = 0.5 * (before + *now);
            }
        }
        Ok(())
    }

    /// More chains of the same length, put behind these. Refuses another length.
    pub fn beside(mut self, others: Self) -> Result<Self> {
        if self.draws != others.draws {
            let allowed = format!("{}, as many as the other chains have", self.draws);
            return Err(Error::invalid("draws", others.draws, allowed));
        }
        self.chains += others.chains;
        for (level, other) in self.levels.iter_mut().zip(others.levels) {
            level.moments = level.moments.merge(other.moments);
            level.waiting.extend(other.waiting);
        }
        Ok(self)
    }

    /// Chains.
    pub fn chains(&self) -> usize {
        self.chains
    }
    /// Draws of every chain.
    pub fn draws(&self) -> u64 {
        self.draws
    }
    /// Moments of all draws.
    pub fn moments(&self) -> RunningMoments {
        self.levels.first().map(|l| l.moments).unwrap_or_default()
    }

    /// b Var(block means) / Var(draws) for blocks of 1, 2, 4, ... draws, as far as there are two.
    pub fn taus(&self) -> Vec<f64> {
        let variance = self.moments().variance();
        let long = self.levels.iter().map(|level| level.moments);
        long.take_while(|moments| moments.count() >= 2)
            .zip(0..)
            .map(|(moments, k)| (1u64 << k) as f64 * moments.variance() / variance)
            .collect()
    }

    /// The effective sample size of the mean; `None` where a draw is not finite, nothing varies, or
    /// there are fewer than 4 draws in all.
    pub fn estimate(&self) -> Option<BlockEstimate> {
        let total = self.moments().count() as f64;
        let variance = self.moments().variance();
        if total < 4.0 || !(variance > 0.0 && variance.is_finite()) {
            return None;
        }
        let taus = self.taus();
        let enough = |(k, tau): (usize, &f64)| {
            let block = (1u64 << k) as f64;
            block * block * block > 2.0 * total * tau * tau
        };
        let found = taus.iter().enumerate().position(enough);
        let level = found.unwrap_or(taus.len() - 1);
        let floor = least_tau(total);
        let tau = if taus[level] > floor {
            taus[level]
        } else {
            floor
        };
        Some(BlockEstimate {
            ess: total / tau,
            tau,
            block: 1 << level,
            settled: found.is_some(),
        })
    }
}
