//! How moves are tuned: what each move takes, and what contradicts what.

use super::choice;
use crate::cli::given::Given;
use crate::cli::settings::{Mass, Sampler, Tuning};
use crate::error::{Error, Result};
use crate::integrator::{Dynamics, Increments, SCHEMES, Scheme, scheme};

/// How many, or `auto` for a trajectory length tuned on the population.
fn leapfrog_steps(given: &Given, sampler: Sampler) -> Result<Option<u64>> {
    let is_auto = given
        .text("leapfrog_steps", "")
        .is_ok_and(|text| text == Some("auto"));
    if is_auto && sampler != Sampler::Hmc {
        let allowed = "must be a number: trajectory lengths are tuned for hmc only";
        return Err(given.refuse("leapfrog_steps", allowed));
    }
    if is_auto {
        return Ok(None);
    }
    given.count("leapfrog_steps", 10, 1..=100_000).map(Some)
}

pub(super) fn tuning(given: &Given, sampler: Sampler) -> Result<Tuning> {
    let allowed = "must be a number from 1e-100 to 1e100";
    let step_size = given.number(
        "step_size",
        "adapt",
        |h| (1e-100..=1e100).contains(&h),
        allowed,
    )?;
    if !sampler.uses_leapfrog_steps() && given.has("leapfrog_steps") {
        return Err(given.refuse(
            "leapfrog_steps",
            format!("has no meaning for {}", sampler.name()),
        ));
    }
    if !sampler.uses_mass() && given.has("mass") {
        return Err(given.refuse("mass", format!("has no meaning for {}", sampler.name())));
    }
    let meaningless =
        |key: &str| given.refuse(key, format!("has no meaning for {}", sampler.name()));
    if !sampler.uses_integrator() && given.has("integrator") {
        return Err(meaningless("integrator"));
    }
    if !sampler.uses_friction() && given.has("friction") {
        return Err(meaningless("friction"));
    }
    if sampler.is_adjusted() && given.has("noise") {
        return Err(meaningless("noise"));
    }
    let (laws, gaussian) = (Increments::NAMES, Increments::Gaussian);
    let noise = choice(given, "noise", laws, gaussian, Increments::from_name)?;
    if let Some(Err(Error::Invalid { allowed, .. })) = sampler
        .scheme()
        .map(|scheme| scheme.check_increments(noise))
    {
        return Err(given.refuse("noise", allowed));
    }
    let compositions: Vec<&str> = compositions().map(|scheme| scheme.name).collect();
    let find = |name: &str| scheme(name).filter(|s| compositions.contains(&s.name));
    let integrator = choice(given, "integrator", &compositions, &SCHEMES[0], find)?;
    if sampler.is_adjusted() && sampler.default_target_accept().is_none() && step_size.is_some() {
        return Err(meaningless("step_size"));
    }
    if !sampler.uses_jitter() && given.has("jitter") {
        return Err(meaningless("jitter"));
    }
    if !sampler.uses_jitter() && given.has("step_size_spread") {
        return Err(meaningless("step_size_spread"));
    }
    if given.has("step_size_spread") && given.has("jitter") {
        return Err(given.refuse("jitter", "contradicts --step-size-spread; give one of them"));
    }
    let adapts = step_size.is_none() && sampler.default_target_accept().is_some();
    if !adapts && given.has("target_accept") {
        return Err(given.refuse(
            "target_accept",
            "has no meaning where no step size is tuned",
        ));
    }
    let default = sampler.default_target_accept().unwrap_or(0.65);
    let inside = |p: f64| p > 0.0 && p < 1.0;
    let allowed = "must be a number between 0 and 1, both excluded";
    Ok(Tuning {
        step_size,
        leapfrog_steps: leapfrog_steps(given, sampler)?,
        mass: choice(given, "mass", Mass::NAMES, Mass::Variance, Mass::from_name)?,
        jitter: given
            .number(
                "jitter",
                "",
                |j| (0.0..1.0).contains(&j),
                "must be a number at least 0 and below 1",
            )?
            .unwrap_or(sampler.default_jitter()),
        step_size_spread: given.number(
            "step_size_spread",
            "",
            |f| (1.0..=1e6).contains(&f),
            "must be a number from 1 to 1e6",
        )?,
        target_accept: given
            .number("target_accept", "", inside, allowed)?
            .unwrap_or(default),
        integrator,
        friction: given
            .number(
                "friction",
                "",
                |g| (0.0..=1e100).contains(&g),
                "must be a number from 0 to 1e100",
            )?
            .unwrap_or(1.0),
        noise,
    })
}

/// What hmc can move by.
fn compositions() -> impl Iterator<Item = &'static Scheme> {
    let proposes = |s: &&Scheme| s.dynamics == Dynamics::Hamiltonian && s.is_symmetric();
    SCHEMES.iter().filter(proposes)
}
