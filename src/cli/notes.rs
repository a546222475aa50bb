//! What deserves a line beside the figures of a run: nothing is refused, and something may be meant otherwise.

use super::settings::{Init, Method, SampleMethod, Settings};
use super::starts::Starts;
use crate::integrator::{Dynamics, Stability};
use crate::target::BlockTarget;

/// All of it: of the target's data, of the starts, of the step size.
pub(super) fn of(settings: &Settings, target: &dyn BlockTarget, starts: &Starts) -> Vec<String> {
    let mut notes = target.notes();
    if let Method::Sample(method) = &settings.method {
        notes.extend(one_start(settings, starts, target.dim()));
        notes.extend(unstable(method, target));
    }
    notes
}

/// Chains that start at one point and never part agree perfectly.
fn one_start(settings: &Settings, starts: &Starts, dim: usize) -> Option<String> {
    let Init::File(file) = &settings.population.init else {
        return None;
    };
    let mut rows = starts.positions.chunks_exact(dim);
    let first = rows.next()?;
    (starts.particles > 1 && rows.all(|row| row == first)).then(|| {
        format!(
            "--init {}: all {} particles start at one point: that they agree says little of whether they mix",
            file.display(),
            starts.particles
        )
    })
}

/// Unadjusted dynamics run away above the stability limit of their scheme, where the target tells its stiffness.
fn unstable(method: &SampleMethod, target: &dyn BlockTarget) -> Option<String> {
    let (scheme, h) = (method.sampler.scheme()?, method.tuning.step_size?);
    let Stability::Limit(limit) = scheme.stability else {
        return None;
    };
    let linear = target.linear_part()?;
    let stiffest = linear.iter().fold(0.0f64, |most, a| most.max(-a));
    let rate = match scheme.dynamics {
        Dynamics::Overdamped => stiffest,
        _ => stiffest.sqrt(),
    };
    (h * rate >= limit).then(|| {
        format!(
            "--step-size {h} is not below {:.3e}, where {} is stable on this target: particles run away",
            limit / rate,
            scheme.name
        )
    })
}
