//! What a summary shows of one coordinate, from one sort of its draws.

use super::autocovariance::{ess, ess_tail};
use super::mcse::mcse_mean;
use super::rank::{rank_r_hat, scores, sorted, split, usable};

/// Which R-hat a run is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RHatKind {
    /// [`r_hat`](super::r_hat), of few chains.
    Split,
    /// [`ManyChains`](super::ManyChains).
    Nested,
}

impl RHatKind {
    /// What so many chains are judged by.
    pub fn of(chains: usize) -> Self {
        match chains > super::MANY_CHAINS {
            true => Self::Nested,
            false => Self::Split,
        }
    }

    /// The name of a table's column.
    pub fn column(self) -> &'static str {
        match self {
            Self::Split => "r_hat",
            Self::Nested => "r_hat_nested",
        }
    }

    /// The name in text.
    pub fn words(self) -> &'static str {
        match self {
            Self::Split => "R-hat",
            Self::Nested => "nested R-hat",
        }
    }
}

/// The usual diagnostics of one coordinate (Vehtari et al. 2021, doi 10.1214/20-BA1221).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Convergence {
    /// As [`r_hat`](super::r_hat).
    pub r_hat: f64,
    /// As [`ess_bulk`](super::ess_bulk).
    pub ess_bulk: f64,
    /// As [`ess_tail`](super::ess_tail).
    pub ess_tail: f64,
    /// As [`mcse_mean`](super::mcse_mean).
    pub mcse_mean: f64,
}

impl Convergence {
    /// Of `chains` chains of `draws` draws, chain by chain; all NaN where a draw is not finite, all
    /// are equal, or there are fewer than 4 draws.
    pub fn of(series: &[f64], chains: usize, draws: usize) -> Self {
        if !usable(series, draws) {
            return Self {
                r_hat: f64::NAN,
                ess_bulk: f64::NAN,
                ess_tail: f64::NAN,
                mcse_mean: f64::NAN,
            };
        }
        let (halves, n) = split(series, chains, draws);
        let order = sorted(&halves);
        let z = scores(&order);
        Self {
            r_hat: rank_r_hat(&z, &order, n),
            ess_bulk: ess(&z, n),
            ess_tail: ess_tail(series, chains, draws),
            mcse_mean: mcse_mean(series, chains, draws),
        }
    }
}
