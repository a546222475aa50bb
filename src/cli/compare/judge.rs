//! What is refused once the target is there: no denoiser, no exact start, no exact moments, noise off the path.

use super::bench::{FINER, draw};
use super::fine::ends;
use crate::cli::diffuse::{Plan, check_denoiser};
use crate::cli::settings::{CompareMethod, DiffuseMethod, Entrant, Init, Settings};
use crate::error::{Error, Result};
use crate::target::BlockTarget;
use crate::target::library::BoxedTarget;

/// Refuses what only the target can tell: no denoiser, no exact start, no exact moments, noise off the path.
pub(in crate::cli) fn check(
    settings: &Settings,
    method: &CompareMethod,
    target: &dyn BlockTarget,
) -> Result<()> {
    let most = method.calls.iter().copied().max().unwrap_or(1);
    let mut any_noise = false;
    for entrant in &method.entrants {
        let program = entrant.program(method.calls[0])?;
        let noisy = program.is_stochastic();
        any_noise |= noisy;
        let first = program.steps[0].from;
        check_denoiser(&entrant.method, target, &Plan::Program(program))?;
        if !matches!(settings.population.init, Init::File(_)) {
            draw(target, first, 1, 0)?;
        }
        if noisy && method.strong {
            check_strong(entrant, method, most, target)?;
        } else if noisy {
            check_moments(settings, entrant, target)?;
        }
    }
    if method.strong && !any_noise {
        let allowed = "has no meaning here: none of the solvers draws noise";
        return Err(Error::invalid("--strong", "true", allowed));
    }
    Ok(())
}

/// A fine solution on the same path needs noise on a path, and a grid whose ends stay where they are.
fn check_strong(
    entrant: &Entrant,
    method: &CompareMethod,
    most: u64,
    target: &dyn BlockTarget,
) -> Result<()> {
    let fine = entrant.program(most * FINER.1)?;
    let on_path = DiffuseMethod {
        brownian_path: true,
        ..entrant.method.clone()
    };
    let refuse = |field: &str, value: &str, allowed: String| {
        Err(Error::invalid(field, value.to_owned(), allowed))
    };
    let ends_of_fine = ends(&fine);
    match check_denoiser(&on_path, target, &Plan::Program(fine)) {
        Err(Error::Invalid { field, allowed, .. }) if field == "--brownian-path" => {
            return refuse("--strong", &entrant.name, allowed);
        }
        judged => judged?,
    }
    for calls in &method.calls {
        let program = entrant.program(*calls)?;
        if ends(&program) != ends_of_fine {
            let allowed =
                "must have the same ends for any number of steps with --strong".to_owned();
            return refuse("--grid", entrant.method.grid.name(), allowed);
        }
    }
    Ok(())
}

/// The law at the last node must be known: that of the target, or of some of its components, noised.
fn check_moments(settings: &Settings, entrant: &Entrant, target: &dyn BlockTarget) -> Result<()> {
    let name = &entrant.name;
    let refuse = |field: &str, value: String, allowed: &str| {
        let allowed = format!(
            "{allowed} where {name} draws noise: the exact moments are of exact starts, plain \
             denoising and noise as it is (or give --strong)"
        );
        Err(Error::invalid(field, value, allowed))
    };
    let (denoising, options) = (&entrant.method.denoising, &entrant.method.options);
    let scale = denoising.guidance.as_ref().map_or(1.0, |g| g.scale);
    if scale != 1.0 {
        return refuse("--guidance", scale.to_string(), "must be 1");
    }
    if let Some(quantile) = denoising.threshold {
        return refuse("--threshold", quantile.to_string(), "must be left out");
    }
    if options.noise_scale != 1.0 {
        return refuse(
            "--noise-scale",
            options.noise_scale.to_string(),
            "must be 1",
        );
    }
    if let Init::File(file) = &settings.population.init {
        return refuse("--init", file.display().to_string(), "must be exact");
    }
    let law = conditional(target, &entrant.method)?;
    let exact = law.as_ref().map_or(target, |law| &**law).exact();
    if exact.mean.is_none() || exact.sd.is_none() {
        let allowed = "must be a target with exact mean and sd for solvers with noise";
        return Err(Error::invalid("TARGET", &settings.target.name, allowed));
    }
    Ok(())
}

/// The law given the condition, where sampling is conditioned and nothing more.
pub(super) fn conditional(
    target: &dyn BlockTarget,
    method: &DiffuseMethod,
) -> Result<Option<BoxedTarget>> {
    let Some(guidance) = &method.denoising.guidance else {
        return Ok(None);
    };
    if guidance.scale != 1.0 {
        return Ok(None);
    }
    let law = target.given_components(&guidance.components);
    let shown = format!("{:?}", guidance.components);
    let allowed = "must be components of the target, counted from 0";
    law.map(Some)
        .ok_or_else(|| Error::invalid("--condition", shown, allowed))
}
