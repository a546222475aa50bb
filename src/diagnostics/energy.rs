//! What the energy of Hamiltonian chains tells.
//!
//! ```text
//! E-BFMI = mean (E_t - E_{t-1})^2 / Var(E)
//! ```
//!
//! (Betancourt 2016, arXiv:1604.00695): about 2 where every momentum refreshment reaches every energy,
//! under 0.3 where it takes many to walk through the tails. The error of a trajectory,
//! dH = H(end) - H(start), satisfies E exp(-dH) = 1 in stationarity (Creutz 1988,
//! doi 10.1103/PhysRevD.38.1228), whatever the step size.

use super::rank::variance;
use super::running::RunningMoments;
use driftlane_kernels::Lane;

/// E-BFMI of one chain from the energy of each of its draws, in order. NaN where there are fewer than
/// 2, one is not finite, or all are equal.
pub fn e_bfmi(energies: &[f64]) -> f64 {
    e_bfmi_pooled(energies, 1, energies.len())
}

/// E-BFMI of many chains at once: the mean squared difference of all chains over the variance of all
/// energies. `energies` holds `chains` chains of `draws` energies, chain by chain. Where chains are
/// short the figure of one of them says nothing (it is 2 for any two energies); this one still does.
/// NaN as in [`e_bfmi`].
pub fn e_bfmi_pooled(energies: &[f64], chains: usize, draws: usize) -> f64 {
    let energies = &energies[..(chains * draws).min(energies.len())];
    let varies = energies.iter().any(|e| *e != energies[0]);
    if draws < 2 || !varies || !energies.iter().all(|e| e.is_finite()) {
        return f64::NAN;
    }
    let squares: f64 = energies
        .chunks_exact(draws)
        .map(|chain| {
            let jumps = chain.windows(2).map(|e| (e[1] - e[0]) * (e[1] - e[0]));
            jumps.sum::<f64>()
        })
        .sum();
    squares / (chains * (draws - 1)) as f64 / variance(energies)
}

/// E-BFMI of chains that may be in different places: the mean squared difference of all chains over the mean of their
/// variances, each about its own mean. Laid out, and NaN, as in [`e_bfmi_pooled`], and NaN below 50
/// draws: of momenta that renew nothing it tells 6 / (draws + 1), the variance about a chain's own mean growing as fast
/// as its steps.
pub fn e_bfmi_within(energies: &[f64], chains: usize, draws: usize) -> f64 {
    let pooled = e_bfmi_pooled(energies, chains, draws);
    if pooled.is_nan() || draws < E_BFMI_DRAWS {
        return f64::NAN;
    }
    let (mut jumps, mut spread) = (0.0, 0.0);
    for chain in energies.chunks_exact(draws).take(chains) {
        jumps += chain
            .windows(2)
            .map(|e| (e[1] - e[0]) * (e[1] - e[0]))
            .sum::<f64>();
        spread += variance(chain);
    }
    jumps / (draws - 1) as f64 / spread
}

/// Draws of a chain from which on slow energies are told from a short look at them: a walk tells 0.12 there.
const E_BFMI_DRAWS: usize = 50;

/// An energy error above this is a divergence: the trajectory has left what the integrator can follow.
pub const DIVERGENCE: f64 = 1000.0;

/// A summary of energy errors dH that grows with no draw.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EnergyErrors {
    errors: RunningMoments,
    weights: RunningMoments,
    largest: f64,
    divergences: u64,
}

impl EnergyErrors {
    /// Of a list of errors; NaN and errors above [`DIVERGENCE`] are counted as divergences and enter
    /// nothing but exp(-dH), as 0.
    pub fn of(errors: &[f64]) -> Self {
        let followed: Vec<f64> = errors
            .iter()
            .copied()
            .filter(|e| *e <= DIVERGENCE && e.is_finite())
            .collect();
        // A lost trajectory weighs nothing, but it is one.
        let lost = errors.len() - followed.len();
        let mut weights: Vec<f64> = followed.iter().map(|e| Lane::exp(-e)).collect();
        weights.resize(errors.len(), 0.0);
        let largest = |max: f64, e: &f64| if e.abs() > max { e.abs() } else { max };
        Self {
            largest: followed.iter().fold(0.0, largest),
            divergences: lost as u64,
            errors: RunningMoments::of(&followed),
            weights: RunningMoments::of(&weights),
        }
    }

    /// Of two disjoint sets of errors.
    pub fn merge(self, other: Self) -> Self {
        Self {
            errors: self.errors.merge(other.errors),
            weights: self.weights.merge(other.weights),
            largest: if other.largest > self.largest {
                other.largest
            } else {
                self.largest
            },
            divergences: self.divergences + other.divergences,
        }
    }

    /// Moments of the errors that are no divergence. In a stationary chain the mean is about half the
    /// variance.
    pub fn errors(&self) -> &RunningMoments {
        &self.errors
    }
    /// Moments of exp(-dH), whose mean is 1 in stationarity.
    pub fn weights(&self) -> &RunningMoments {
        &self.weights
    }
    /// The largest |dH| that is no divergence.
    pub fn largest(&self) -> f64 {
        self.largest
    }
    /// Errors that are NaN, infinite or above [`DIVERGENCE`].
    pub fn divergences(&self) -> u64 {
        self.divergences
    }
}
