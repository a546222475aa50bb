//! What `smc` is given.

use super::choice;
use super::tuning::tuning;
use crate::cli::given::Given;
use crate::cli::settings::{ReferenceSpec, Resampler, Resampling, Sampler, SmcMethod};
use crate::error::Result;
use std::path::PathBuf;

pub(super) fn smc(given: &Given) -> Result<SmcMethod> {
    let kernel = choice(
        given,
        "move",
        Sampler::ADJUSTED_NAMES,
        Sampler::Hmc,
        Sampler::from_name,
    )?;
    let inside = |p: f64| p > 0.0 && p < 1.0;
    let allowed = "must be a number between 0 and 1, both excluded";
    let target_ess = given
        .number("target_ess", "", inside, allowed)?
        .unwrap_or(0.5);
    let allowed = "must be numbers increasing from 0 to 1";
    // Adding 0 turns -0 into 0.
    let ladder = given.numbers("ladder", "adaptive", allowed)?;
    let ladder = ladder.map(|l| l.into_iter().map(|b| b + 0.0).collect::<Vec<f64>>());
    let is_ladder = |l: &Vec<f64>| {
        l.first() == Some(&0.0) && l.last() == Some(&1.0) && l.windows(2).all(|w| w[0] < w[1])
    };
    if ladder.as_ref().is_some_and(|ladder| !is_ladder(ladder)) {
        return Err(given.refuse("ladder", allowed));
    }
    let chain_length = count_or_none(given, "waste_free", 2)?;
    let resampling = resampling(given)?;
    if chain_length.is_some() && resampling != Resampling::Always {
        let allowed = "must be always with --waste-free, whose chains start from resampled states";
        return Err(given.refuse("resample", allowed));
    }
    let resampler = choice(
        given,
        "resampler",
        Resampler::NAMES,
        Resampler::Multinomial,
        Resampler::from_name,
    )?;
    let lag = count_or_none(given, "lag", 1)?;
    if lag.is_some() && resampler != Resampler::Multinomial {
        let allowed = "has no meaning without multinomial resampling, which its errors hold for";
        return Err(given.refuse("lag", allowed));
    }
    Ok(SmcMethod {
        kernel,
        moves_per_stage: moves_per_stage(given, chain_length)?,
        chain_length,
        lag,
        target_ess,
        resampler,
        resampling,
        islands: given.count("islands", 1, 1..=1 << 35)?,
        replicates: given.count("replicates", 1, 1..=100_000)?,
        freeze: freeze(given, ladder.is_some())?,
        check_modes: given.truth("check_modes", false)?,
        keep_particles: given.truth("keep_particles", false)?,
        ladder,
        reference: reference(given)?,
        tuning: tuning(given, kernel)?,
    })
}

/// A number from `least`, or nothing.
fn count_or_none(given: &Given, key: &str, least: u64) -> Result<Option<u64>> {
    let none = given
        .text(key, "")
        .is_ok_and(|text| text.is_none_or(|text| text == "none"));
    if none {
        return Ok(None);
    }
    given.count(key, least, least..=1_000_000).map(Some)
}

/// How many, or `auto` for as many as decorrelate the population; one less than the states of a chain.
fn moves_per_stage(given: &Given, chain_length: Option<u64>) -> Result<Option<u64>> {
    if let Some(length) = chain_length {
        let moves = given.count("moves_per_stage", length - 1, 0..=1_000_000);
        if moves.ok() != Some(length - 1) {
            let allowed = "must be left out or be one less than --waste-free: \
                           a chain moves from each of its states to the next";
            return Err(given.refuse("moves_per_stage", allowed));
        }
        return Ok(Some(length - 1));
    }
    let is_auto = given
        .text("moves_per_stage", "")
        .is_ok_and(|text| text == Some("auto"));
    if is_auto {
        return Ok(None);
    }
    given.count("moves_per_stage", 5, 1..=1_000_000).map(Some)
}

/// The folder of the run that is replayed: its temperatures and step sizes leave nothing to choose.
fn freeze(given: &Given, has_ladder: bool) -> Result<Option<PathBuf>> {
    let allowed = "must name the folder of a finished smc run";
    let Some(folder) = given
        .text("freeze", allowed)?
        .filter(|text| *text != "none")
    else {
        return Ok(None);
    };
    if folder.is_empty() {
        return Err(given.refuse("freeze", allowed));
    }
    let fixed = given.number("step_size", "adapt", |_| true, "")?.is_some();
    for (key, contradicts) in [("ladder", has_ladder), ("step_size", fixed)] {
        if contradicts {
            let allowed =
                "contradicts --freeze, which replays that of another run; give one of them";
            return Err(given.refuse(key, allowed));
        }
    }
    Ok(Some(given.path("freeze", folder)))
}

fn resampling(given: &Given) -> Result<Resampling> {
    let allowed = "must be always, never or ess:SHARE with a share above 0 and at most 1";
    let share = |text: &str| text.parse().ok().filter(|f: &f64| *f > 0.0 && *f <= 1.0);
    match given.text("resample", allowed)? {
        None | Some("always") => Ok(Resampling::Always),
        Some("never") => Ok(Resampling::Never),
        Some(text) => text
            .strip_prefix("ess:")
            .and_then(share)
            .map(Resampling::BelowEss)
            .ok_or_else(|| given.refuse("resample", allowed)),
    }
}

fn reference(given: &Given) -> Result<Option<ReferenceSpec>> {
    let allowed = "must be normal:SD, student:DF,SD (positive numbers), prior, target or FILE.toml";
    let text = match given.text("reference", allowed)? {
        None | Some("target") => return Ok(None),
        Some("prior") => return Ok(Some(ReferenceSpec::Prior)),
        Some(text) => text,
    };
    let positive = |s: &str| {
        s.trim()
            .parse::<f64>()
            .ok()
            .filter(|x| x.is_finite() && *x > 0.0)
    };
    let law = match text.split_once(':') {
        Some(("normal", sd)) => positive(sd).map(ReferenceSpec::Normal),
        Some(("student", rest)) => rest
            .split_once(',')
            .and_then(|(df, sd)| Some(ReferenceSpec::Student(positive(df)?, positive(sd)?))),
        _ if text.ends_with(".toml") => Some(ReferenceSpec::File(given.path("reference", text))),
        _ => None,
    };
    law.map(Some)
        .ok_or_else(|| given.refuse("reference", allowed))
}
