//! Whether moves are accepted where a stage puts its weight.
//!
//! ```text
//! s_i = accepted moves of particle i / moves of the stage
//! a = mean of s_i,   a' = mean of s_i over the tenth with the highest log ratios
//! ```
//!
//! A step size is tuned on the mean acceptance of the population, which particles in the bulk decide. Where the density
//! is highest in a place much stiffer than the bulk (the neck of a funnel, the small scales of a hierarchy), moves of
//! that length are refused there, and by detailed balance they do not lead there either: the mass that each
//! temperature shifts towards that place does not arrive, log Z comes out too low, and no weight tells of
//! it. But the particles that are there say so by their refusals: a' is then far below a. The log ratio when the
//! stage ended serves as well as when it began, as the two are exchangeable at equilibrium. Cost: one channel, and a sort
//! of at most 8192 particles a temperature.

use crate::mcmc::{ACCEPTED, RATIO};
use crate::particles::Population;
use crate::target::Precision;
use serde::{Deserialize, Serialize};

/// Particles looked at, evenly spaced, at most.
const LOOKED_AT: usize = 8192;
/// One in so many is among the highest.
const SHARE: usize = 10;

/// Shares of accepted moves of the particles with the highest log ratios, and of all, summed; those of
/// several populations add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Stiffness {
    highest: f64,
    highest_sum: f64,
    highest_squares: f64,
    all: f64,
    all_sum: f64,
}

impl Stiffness {
    /// Of a population that has made `moves` moves, counted in channel [`ACCEPTED`].
    pub(super) fn of<R: Precision>(population: &Population<R>, moves: usize) -> Self {
        let ratios = population.scalar_values(RATIO);
        let accepted = population.scalar_values(ACCEPTED);
        let step = ratios.len().div_ceil(LOOKED_AT).max(1);
        let each = ratios.iter().zip(accepted).step_by(step);
        Self::of_shares(each.map(|(ratio, accepted)| (*ratio, accepted / moves.max(1) as f64)))
    }

    /// Of pairs (log ratio, share of moves accepted).
    fn of_shares(each: impl Iterator<Item = (f64, f64)>) -> Self {
        let mut each: Vec<(f64, f64)> = each.filter(|(ratio, _)| !ratio.is_nan()).collect();
        each.sort_by(|a, b| b.0.total_cmp(&a.0));
        let highest = &each[..each.len() / SHARE];
        Self {
            highest: highest.len() as f64,
            highest_sum: highest.iter().map(|(_, share)| share).sum(),
            highest_squares: highest.iter().map(|(_, share)| share * share).sum(),
            all: each.len() as f64,
            all_sum: each.iter().map(|(_, share)| share).sum(),
        }
    }

    /// Of both populations.
    pub(super) fn merge(self, other: Self) -> Self {
        Self {
            highest: self.highest + other.highest,
            highest_sum: self.highest_sum + other.highest_sum,
            highest_squares: self.highest_squares + other.highest_squares,
            all: self.all + other.all,
            all_sum: self.all_sum + other.all_sum,
        }
    }

    /// Acceptance of the highest, and of all; `None` where none are known.
    pub fn acceptances(&self) -> Option<(f64, f64)> {
        let known = self.highest > 0.0 && self.all_sum > 0.0;
        known.then(|| (self.highest_sum / self.highest, self.all_sum / self.all))
    }

    /// The standard error of the acceptance of the highest; 0 where none are known.
    pub fn standard_error(&self) -> f64 {
        let n = self.highest.max(1.0);
        let mean = self.highest_sum / n;
        ((self.highest_squares / n - mean * mean).max(0.0) / n).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_tenth_is_set_against_all() {
        // 100 particles; the ten highest accept one in five, the others four in five; one has no ratio.
        let each = (0..100).map(|i| (f64::from(i), if i >= 90 { 0.2 } else { 0.8 }));
        let seen = Stiffness::of_shares(each.chain([(f64::NAN, 1.0)]));
        let (highest, all) = seen.acceptances().expect("all are known");
        assert!((highest - 0.2).abs() < 1e-12 && (all - 0.74).abs() < 1e-12);
        assert!(seen.standard_error() < 1e-6);
        let halves = Stiffness::of_shares((0..20).map(|i| (f64::from(i), f64::from(i % 2))));
        assert!((halves.standard_error() - 0.5 / 2f64.sqrt()).abs() < 1e-12);
        assert_eq!(seen.merge(seen).acceptances(), seen.acceptances());
        assert_eq!(Stiffness::default().acceptances(), None);
    }
}
