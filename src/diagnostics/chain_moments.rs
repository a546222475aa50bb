//! R-hat as draws pass: one mean and one sum of squares a chain, whatever the number of draws.
//!
//! ```text
//! mean += (x - mean) / n,   squares += (x - old mean) (x - new mean)
//! ```
//!
//! (Welford 1962, doi 10.1080/00401706.1962.10490022.) Without ranks, so heavy tails need kept draws.
//! A split R-hat takes one value for each half of the run and [`beside`](ChainMoments::beside). O(1)
//! a chain and draw, two numbers a chain.

use super::nested::{divides, nested_of_moments};
use super::rank::r_hat_of_moments;
use super::running::RunningMoments;
use crate::error::{Error, Result};

/// Moments of one coordinate of every chain, all of them equally long.
#[derive(Debug, Clone, PartialEq)]
pub struct ChainMoments {
    draws: u64,
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl ChainMoments {
    /// Of `chains` chains without a draw.
    pub fn new(chains: usize) -> Self {
        Self {
            draws: 0,
            mean: vec![0.0; chains],
            squares: vec![0.0; chains],
        }
    }

    /// Adds one draw of every chain. Refuses a row of another length.
    pub fn push(&mut self, row: &[f64]) -> Result<()> {
        check_row(row, self.mean.len())?;
        self.draws += 1;
        let n = self.draws as f64;
        for ((x, mean), squares) in row.iter().zip(&mut self.mean).zip(&mut self.squares) {
            let d = x - *mean;
            *mean += d / n;
            *squares += d * (x - *mean);
        }
        Ok(())
    }

    /// The same chains over two stretches of the run (Chan, Golub, LeVeque 1983). Refuses another
    /// number of chains.
    pub fn after(mut self, later: Self) -> Result<Self> {
        check_row(&later.mean, self.mean.len())?;
        let (a, b) = (self.draws as f64, later.draws as f64);
        if later.draws == 0 {
            return Ok(self);
        }
        let share = b / (a + b);
        for j in 0..self.mean.len() {
            let d = later.mean[j] - self.mean[j];
            self.squares[j] += later.squares[j] + d * d * a * share;
            self.mean[j] += d * share;
        }
        self.draws += later.draws;
        Ok(self)
    }

    /// More chains of the same length, put behind these. Refuses another length.
    pub fn beside(mut self, others: Self) -> Result<Self> {
        if self.draws != others.draws {
            let allowed = format!("{}, as many as the other chains have", self.draws);
            return Err(Error::invalid("draws", others.draws, allowed));
        }
        self.mean.extend(others.mean);
        self.squares.extend(others.squares);
        Ok(self)
    }

    /// Chains.
    pub fn chains(&self) -> usize {
        self.mean.len()
    }
    /// Draws of every chain.
    pub fn draws(&self) -> u64 {
        self.draws
    }
    /// Moments of the chains' means: their variance times the draws, over that of the draws, is the
    /// autocorrelation time of stationary chains.
    pub fn of_means(&self) -> RunningMoments {
        RunningMoments::of(&self.mean)
    }

    /// R-hat of the chains as they stand: neither split nor ranked. NaN for fewer than 2 chains, 2
    /// draws, or where nothing varies.
    pub fn r_hat(&self) -> f64 {
        if self.draws < 2 || self.mean.len() < 2 {
            return f64::NAN;
        }
        r_hat_of_moments(&self.mean, &self.variances(), self.draws as f64)
    }

    /// Nested R-hat (arXiv:2110.13017), consecutive chains belonging together. NaN without a draw,
    /// for fewer than 2 superchains, or where they do not divide the chains.
    pub fn nested_r_hat(&self, superchains: usize) -> f64 {
        if self.draws < 1 || !divides(superchains, self.mean.len()) {
            return f64::NAN;
        }
        let draws = self.draws as usize;
        nested_of_moments(&self.mean, &self.variances(), draws, superchains)
    }

    fn variances(&self) -> Vec<f64> {
        let n = self.draws as f64;
        self.squares.iter().map(|s| s / (n - 1.0)).collect()
    }
}

pub(super) fn check_row(row: &[f64], chains: usize) -> Result<()> {
    if row.len() == chains {
        return Ok(());
    }
    let given = format!("{} numbers", row.len());
    Err(Error::invalid(
        "row",
        given,
        format!("{chains}, one a chain"),
    ))
}
