//! Resampling a population: offspring counts from integer weights, then survivors stay and dead slots
//! take surplus copies.

mod counts;
mod permute;

pub use counts::resample_offspring;
pub(super) use permute::Workspace;

use driftlane_kernels::rng::{Purpose, lane_seed};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// A resampling scheme. All but [`Metropolis`](Resampler::Metropolis) have E\[offspring\] = N W.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resampler {
    /// N independent draws, by sorted uniforms: the scheme the Lee-Whiteley variance is valid for.
    Multinomial,
    /// One uniform for all: least work, counts within one of N W.
    Systematic,
    /// One uniform a stratum.
    Stratified,
    /// floor(N W), the rest independently.
    Residual,
    /// Pairs of fractions settled against each other: floor(N W) or one more, negatively associated.
    Ssp,
    /// Survival with probability w / max w, the dead replaced independently.
    Killing,
    /// floor(N W) or one more with the least variance, N fixed.
    Branching,
    /// A short Metropolis chain a slot: biased, for comparison.
    Metropolis,
    /// Rejection a slot: exact, for comparison.
    Rejection,
}

impl Resampler {
    /// All schemes.
    pub const ALL: [Self; 9] = [
        Self::Multinomial,
        Self::Systematic,
        Self::Stratified,
        Self::Residual,
        Self::Ssp,
        Self::Killing,
        Self::Branching,
        Self::Metropolis,
        Self::Rejection,
    ];

    /// The names, in the order of [`Resampler::ALL`].
    pub const NAMES: &'static [&'static str] = &[
        "multinomial",
        "systematic",
        "stratified",
        "residual",
        "ssp",
        "killing",
        "branching",
        "metropolis",
        "rejection",
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// What it is, in a few words, and its source.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Multinomial => "independent draws, by sorted uniforms",
            Self::Systematic => "one uniform for all (Carpenter, Clifford, Fearnhead 1999)",
            Self::Stratified => "one uniform a stratum (Kitagawa 1996)",
            Self::Residual => "whole offspring, the rest independently (Liu, Chen 1998)",
            Self::Ssp => "fractions settled in pairs (Gerber, Chopin, Whiteley 2019)",
            Self::Killing => "survival by w / max w, the dead redrawn (Del Moral 2004)",
            Self::Branching => "floor or one more, least variance (Crisan, Lyons 2002)",
            Self::Metropolis => "a short chain a slot (Murray, Lee, Jacob 2016)",
            Self::Rejection => "rejection a slot (Murray, Lee, Jacob 2016)",
        }
    }

    /// Whether E\[offspring\] = N W: with a fixed ladder and fixed moves Z is then unbiased.
    pub fn unbiased(self) -> bool {
        self != Self::Metropolis
    }

    /// The scheme of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }
}

/// A uniform on [0, 1) for the whole population, one an epoch.
pub(crate) fn population_uniform(seed: u64, purpose: Purpose, epoch: u64) -> f64 {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(lane_seed(seed, purpose, 0, epoch, 0));
    driftlane_kernels::rng::uniform::<f64>(generator.next_u64())
}
