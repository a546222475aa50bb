//! Whether unadjusted dynamics stayed where the target lies: no acceptance tells, so the target has to.
//!
//! ```text
//! step     h k >= limit (h sqrt(k) underdamped), k the largest rate of the target's linear part, and the limit
//!          that of the scheme on x' = -k x; of schemes whose limit follows from the friction nothing is said
//! spread   max |x_ij - mean_j| / sd_j > sqrt(N dim / A), exact mean and sd: by Chebyshev and the union bound N
//!          draws of any law exceed that once in 1/A runs; A = 1e-3
//!          without these: median_i |x_ij - location_j| / scale_j > 1000, of the reference, which has to cover the
//!          target: half the population is not there by chance
//! ```

use super::moments::column;
use crate::integrator::{Dynamics, Stability};
use crate::mcmc::{MoveKind, SampleResult};
use crate::record::Warning;
use crate::target::BlockTarget;

/// How often independent draws of the target are farther out than told of.
const FALSE_ALARMS: f64 = 1e-3;
/// Scales of the reference.
const FAR: f64 = 1e3;
/// Of unadjusted dynamics; nothing of other moves.
pub fn of(result: &SampleResult, target: &dyn BlockTarget, sampler: MoveKind) -> Vec<Warning> {
    if sampler.is_adjusted() {
        return Vec::new();
    }
    let step = unstable(sampler, result.step_size, target);
    step.into_iter().chain(divergent(result, target)).collect()
}

/// A step above the stability limit of its scheme, where the target tells its stiffness.
fn unstable(sampler: MoveKind, h: f64, target: &dyn BlockTarget) -> Option<Warning> {
    let scheme = sampler.scheme()?;
    let Stability::Limit(limit) = scheme.stability else {
        return None;
    };
    let linear = target.linear_part()?;
    let stiffest = linear.iter().fold(0.0f64, |most, a| most.max(-a));
    let rate = match scheme.dynamics {
        Dynamics::Overdamped => stiffest,
        _ => stiffest.sqrt(),
    };
    (h * rate >= limit).then(|| Warning::Unstable {
        scheme: scheme.name.to_owned(),
        step_size: h,
        limit: limit / rate,
    })
}

fn divergent(result: &SampleResult, target: &dyn BlockTarget) -> Option<Warning> {
    let dim = target.dim();
    let warning = |j: usize, distance: f64, exact: bool| Warning::RunsAway {
        coordinate: target.parameter_names()[j].clone(),
        distance,
        exact,
    };
    if let Some(j) = result.sd.iter().position(|sd| !sd.is_finite()) {
        return Some(warning(j, f64::INFINITY, false));
    }
    let samples = result.samples.numbers();
    let farthest = |of: &dyn Fn(usize) -> Option<f64>| {
        let all = (0..dim).filter_map(|j| Some((j, of(j)?)));
        all.reduce(|a, b| if b.1 > a.1 { b } else { a })
    };
    let exact = target.exact();
    if let (Some(mean), Some(sd)) = (&exact.mean, &exact.sd) {
        let (j, distance) = farthest(&|j| {
            let off = column(samples, dim, j).map(|x| (x - mean[j]).abs() / sd[j]);
            off.reduce(f64::max).filter(|d| !d.is_nan() && sd[j] > 0.0)
        })?;
        let most = (samples.len() as f64 / FALSE_ALARMS).sqrt();
        return (distance > most).then(|| warning(j, distance, true));
    }
    let reference = target.reference();
    let (location, scale) = (reference.location(), reference.scale());
    let (j, distance) = farthest(&|j| {
        let mut off: Vec<f64> = column(samples, dim, j)
            .map(|x| {
                (x - location.get(j).unwrap_or(&0.0)).abs() / scale.get(j).unwrap_or(&f64::INFINITY)
            })
            .collect();
        let middle = off.len() / 2;
        (!off.is_empty()).then(|| *off.select_nth_unstable_by(middle, f64::total_cmp).1)
    })?;
    (distance > FAR).then(|| warning(j, distance, false))
}
