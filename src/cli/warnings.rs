//! What the figures of a run give cause to warn of.

mod dynamics;
mod moments;
mod tempering;

pub use moments::Moments;
pub use tempering::{explained_by_moves, of_evidence, of_means, of_moves};

use super::settings::SmcMethod;
use crate::diagnostics::RHatKind;
use crate::flow::{Resampler, Tally};
use crate::mcmc::{MoveKind, SampleResult};
use crate::record::{MovedBy, Warning, WiderReference};
use crate::smc::{LONG_CHAIN, SmcResult};
use crate::target::BlockTarget;
use driftlane_kernels::Lane;

fn nonfinite(totals: &Tally) -> Vec<Warning> {
    let count = totals.nonfinite();
    let evaluations = totals.density_evaluations.max(totals.moves);
    // A few diverged trajectories are rejected and harmless; a hundredth of all proposals is not.
    let due = totals.infinite > 0 || count * 100 > evaluations;
    if due {
        vec![Warning::NonFinite { count, evaluations }]
    } else {
        Vec::new()
    }
}

fn nonfinite_starts(count: usize, particles: usize) -> Option<Warning> {
    (count > 0).then_some(Warning::NonFiniteStarts { count, particles })
}

/// As many particles as may be without an acceptance by chance, at five standard errors: each makes
/// `moves` moves and accepts one in ten, or as many as the run did if that is more. Below one in ten
/// the moves themselves are to blame.
fn stuck_by_chance(acceptance: f64, moves: usize, particles: usize) -> f64 {
    let refusal = 1.0 - acceptance.clamp(0.1, 1.0);
    let share = Lane::powi(refusal, moves.min(100_000) as u32);
    let expected = particles as f64 * share;
    expected + 5.0 * (expected * (1.0 - share)).sqrt()
}

/// Fresh momenta that change energies less are too few (Betancourt 2016, arXiv:1604.00695).
const LEAST_E_BFMI: f64 = 0.3;

/// Of `sample`: `moves` is how many each particle made after warm-up.
pub fn of_chains(
    result: &SampleResult,
    target: &dyn BlockTarget,
    moves: usize,
    sampler: MoveKind,
) -> Vec<Warning> {
    let particles = result.samples.len() / target.dim();
    let names = target.parameter_names();
    let mut warnings = nonfinite(&result.totals);
    warnings.extend(nonfinite_starts(result.nonfinite_starts, particles));
    if result.nonfinite > 0 {
        warnings.push(Warning::NonFiniteParticles {
            count: result.nonfinite,
            particles,
            by: match sampler.is_adjusted() {
                true => MovedBy::Adjusted,
                false => MovedBy::Unadjusted,
            },
        });
    }
    warnings.extend(dynamics::of(result, target, sampler));
    if let Some(acceptance) = result.acceptance
        && result.stuck.count as f64 > stuck_by_chance(acceptance, moves, particles)
    {
        warnings.push(Warning::Stuck {
            stuck: result.stuck.count,
            particles,
            moves,
            pull: result.stuck.pull,
        });
    }
    warnings.extend(unmixed(result, particles - result.nonfinite, &names));
    if let (Some(count @ 1..), Some(kept)) = (result.divergences, &result.draws) {
        let draws = (kept.draws * particles) as u64;
        warnings.push(Warning::Divergent { count, draws });
    }
    // Momenta that are renewed in part change energies little, whatever the target.
    if let Some(value) = result.e_bfmi.filter(|value| *value < LEAST_E_BFMI)
        && sampler == MoveKind::Hmc
    {
        warnings.push(Warning::EBfmi { value });
    }
    if let Some((j, &value)) = extreme(&result.ess_bulk, |a, b| a < b)
        && value < 400.0
    {
        warnings.push(Warning::Ess {
            value,
            coordinate: names[j].clone(),
        });
    }
    let by = match sampler.is_adjusted() {
        true => MovedBy::Adjusted,
        false => MovedBy::Unadjusted,
    };
    let away = |warning: &Warning| matches!(warning, Warning::RunsAway { .. });
    if !warnings.iter().any(away) {
        let bias = Moments::of_chains(result, target.dim(), by).bias(target);
        // What is off grossly is told once.
        if !bias.as_ref().is_some_and(Warning::forbids_use) {
            warnings.extend(moments::imbalance(result.samples.numbers(), target, by));
        }
        warnings.extend(bias);
    }
    if let Some(rate) = result.acceptance
        && !(0.1..=0.99).contains(&rate)
        // A move without one has no step size that acceptance tells of.
        && sampler.default_target_accept().is_some()
    {
        warnings.push(Warning::Acceptance {
            rate,
            low: 0.1,
            high: 0.99,
        });
    }
    warnings
}

/// Chains whose R-hat is above its limit: the coordinate where it is by most.
fn unmixed(result: &SampleResult, chains: usize, names: &[String]) -> Option<Warning> {
    let excess: Vec<f64> = result
        .r_hat
        .iter()
        .zip(&result.r_hat_limit)
        .map(|(value, limit)| value / limit)
        .collect();
    let (j, _) = extreme(&excess, |a, b| a > b).filter(|(_, excess)| **excess > 1.0)?;
    let (value, limit) = (result.r_hat[j], result.r_hat_limit[j]);
    let coordinate = names[j].clone();
    Some(match RHatKind::of(chains) {
        RHatKind::Split => Warning::RHat { value, coordinate },
        RHatKind::Nested => Warning::NestedRHat {
            value,
            limit,
            coordinate,
        },
    })
}

fn extreme(values: &[f64], better: fn(f64, f64) -> bool) -> Option<(usize, &f64)> {
    values
        .iter()
        .enumerate()
        // Chains that never moved have an infinite R-hat.
        .filter(|(_, v)| !v.is_nan())
        .reduce(|a, b| if better(*b.1, *a.1) { b } else { a })
}

/// How many times wider the references are that [`of_modes`] compares with. Twice alone may find the same
/// few modes again: of forty, tempered from N(0, 1) with log Z off by 2.5, N(0, 2^2) still misses most.
pub const FACTORS: [f64; 3] = [2.0, 4.0, 8.0];

/// How many standard errors two estimates of the same log Z may differ by: three of them do so by chance
/// once in 120 runs.
const AGREE: f64 = 3.0;

/// Whether a run from a wider reference found more, or less. Without standard errors, whether
/// it is off by ln 2: as much as a mode as heavy as all that was found.
pub fn of_modes(result: &SmcResult, wider: &[WiderReference]) -> Option<Warning> {
    wider.iter().find_map(|wider| {
        let off = (wider.log_evidence - result.log_evidence).abs();
        let se = result
            .log_evidence_se
            .zip(wider.log_evidence_se)
            .map(|(a, b)| (a * a + b * b).sqrt());
        let most = se.map_or(std::f64::consts::LN_2, |se| AGREE * se);
        (off > most).then_some(Warning::Modes {
            log_evidence: result.log_evidence,
            factor: wider.factor,
            wider: wider.log_evidence,
            se,
            few_moves: false,
        })
    })
}

/// Chains from which on their genealogy gives an error that covers: with 128 it does 52 to 89 of 100
/// times, with 512 89 to 97, funnels apart.
const GENEALOGY: usize = 200;

/// Of `smc`, with `particles` in every replicate.
pub fn of_tempering(result: &SmcResult, method: &SmcMethod, particles: usize) -> Vec<Warning> {
    let mut warnings = nonfinite(&result.totals);
    let starts = particles * method.replicates as usize;
    warnings.extend(nonfinite_starts(result.nonfinite_starts, starts));
    let runs = result.log_evidences.len();
    let all = particles * method.replicates as usize;
    // The ladder shown is that of the first island.
    let particles = particles / method.islands as usize;
    if let Some((stage, &ess)) = extreme(&result.ess, |a, b| a < b)
        && ess < 0.1 * particles as f64
    {
        warnings.push(Warning::Ladder {
            stage: stage + 1,
            ess,
            particles,
        });
    }
    if let Some((_, &rate)) = extreme(&result.acceptance, |a, b| a < b)
        && rate < 0.05
    {
        warnings.push(Warning::Acceptance {
            rate,
            low: 0.05,
            high: 1.0,
        });
    }
    if let Some(ancestors) = result.surviving_ancestors
        && (ancestors * 100 < all || ancestors <= 3 * runs)
        && ancestors < all
    {
        warnings.push(Warning::Coalesced {
            ancestors,
            particles: all,
        });
    }
    if let Some((states, autocorrelation_time)) =
        method.chain_length.zip(result.autocorrelation_time)
        && runs == 1
        && autocorrelation_time * LONG_CHAIN > states as f64
    {
        let chains = particles / states as usize;
        if chains < GENEALOGY || method.resampler != Resampler::Multinomial {
            warnings.push(Warning::ShortChains {
                states: states as usize,
                autocorrelation_time,
                chains,
            });
        }
    }
    if result.log_evidence_se.is_none() {
        let single = method.replicates == 1 && method.islands == 1;
        let reason = if single && method.resampler != Resampler::Multinomial {
            format!(
                "the estimator does not hold for {} resampling",
                method.resampler.name()
            )
        } else {
            "the variance estimate is not positive or all particles descend from one".to_owned()
        };
        warnings.push(Warning::NoStandardError { reason });
    }
    warnings
}
