//! Whether unadjusted dynamics stayed where the target lies: no acceptance tells, so the target has to.
//!
//! ```text
//! step     h k >= limit (h sqrt(k) underdamped), k the largest rate of the target's linear part, and the limit
//!          that of the scheme on x' = -k x; of schemes whose limit follows from the friction nothing is said
//! spread   max |x_ij - mean_j| / sd_j > sqrt(N dim / A), exact mean and sd: by Chebyshev and the union bound N
//!          draws of any law exceed that once in 1/A runs; A = 1e-3
//!          without these: median_i |x_ij - location_j| / scale_j > 1000, of the reference, which has to cover the
//!          target: half the population is not there by chance
//! bias     |sd_j - exact| > 5 se and 5% of it, se = sd sqrt((K - 1) / 4n), K the kurtosis, at least that of a
//!          normal law, n the particles, or the effective draws where they are more: once in 1e6 sds by chance.
//!          Where K is above 9, that of an exponential law, sds are not normal at such n, and nothing is said
//! ```

use crate::integrator::{Dynamics, Stability};
use crate::mcmc::{MoveKind, SampleResult};
use crate::particles::Numbers;
use crate::record::Warning;
use crate::target::BlockTarget;

/// How often independent draws of the target are farther out than told of.
const FALSE_ALARMS: f64 = 1e-3;
/// Scales of the reference.
const FAR: f64 = 1e3;
/// Standard errors, and share of the exact sd.
const OFF: (f64, f64) = (5.0, 0.05);
/// Independent values that an error of an sd can be told from.
const FEWEST: f64 = 30.0;
/// Kurtosis of a law whose sample sds are near enough to normal.
const HEAVY: f64 = 9.0;

/// Of unadjusted dynamics; nothing of other moves.
pub fn of(result: &SampleResult, target: &dyn BlockTarget, sampler: MoveKind) -> Vec<Warning> {
    if sampler.is_adjusted() {
        return Vec::new();
    }
    let step = unstable(sampler, result.step_size, target);
    let away = divergent(result, target);
    let bias = match away {
        None => bias(result, target),
        Some(_) => None,
    };
    step.into_iter().chain(away).chain(bias).collect()
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

/// The finite numbers of a coordinate.
fn column(values: Numbers<'_>, dim: usize, j: usize) -> impl Iterator<Item = f64> {
    let rows = values.len() / dim;
    let column = (0..rows).map(move |i| values.at(i * dim + j));
    column.filter(|x| x.is_finite())
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

/// The sd that is off by most of its standard errors.
fn bias(result: &SampleResult, target: &dyn BlockTarget) -> Option<Warning> {
    let dim = target.dim();
    let exact = target.exact().sd?;
    let particles = (result.samples.len() / dim - result.nonfinite) as f64;
    let values = match &result.draws {
        Some(draws) => Numbers::from(&draws.positions),
        None => result.samples.numbers(),
    };
    let judge = |j: usize| {
        let (sd, exact) = (*result.sd.get(j)?, *exact.get(j)?);
        let effective = [&result.ess_bulk, &result.ess_tail].map(|ess| ess.get(j).copied());
        let effective = effective.into_iter().flatten().reduce(f64::min);
        let n = effective.map_or(particles, |ess| particles.max(ess));
        let off = (sd - exact).abs();
        if n < FEWEST || !(exact > 0.0 && off > OFF.1 * exact) {
            return None;
        }
        let kurtosis = kurtosis(column(values, dim, j));
        if kurtosis > HEAVY {
            return None;
        }
        let se = sd * (0.25 * (kurtosis.max(3.0) - 1.0) / n).sqrt();
        (se.is_finite() && off > OFF.0 * se).then_some((j, sd, exact, se))
    };
    let worst = (0..dim).filter_map(judge);
    let size = |(_, sd, exact, se): &(usize, f64, f64, f64)| (sd - exact).abs() / se;
    let (j, sd, exact, se) = worst.reduce(|a, b| if size(&b) > size(&a) { b } else { a })?;
    Some(Warning::Bias {
        coordinate: target.parameter_names()[j].clone(),
        sd,
        exact,
        se,
    })
}

/// The fourth central moment over the square of the second; NaN where there is no spread.
fn kurtosis(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let (mut second, mut fourth) = (0.0, 0.0);
    for x in values {
        let square = (x - mean) * (x - mean);
        second += square;
        fourth += square * square;
    }
    n * fourth / (second * second)
}
