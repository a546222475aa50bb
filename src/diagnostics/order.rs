//! Errors of a method with their standard errors, and the order they fall by.
//!
//! An error E is a smooth function of a mean over particles, so that it comes with what each particle says of
//! its logarithm, g_p with mean 0 (the delta method):
//!
//! ```text
//! against a solution   Q = mean of q_p,   q_p = |x_p - y_p|^2 / d             E = sqrt(Q),   g_p = (q_p - Q) / 2 Q
//! of moments           Q = sum_j [(m_j - mu_j)^2 + (s_j - sigma_j)^2] / 2 d   E = sqrt(max(Q - B, 0))
//! ```
//!
//! B is what Q is on average where all moments are right, the sum of the variances of m_j and s_j: without it E
//! would be chance alone once there are many coordinates. The order is the slope of -log2 E over log2 of the steps
//! by least squares; its standard error comes from g_p of all points together, which share their particles:
//!
//! ```text
//! slope = -sum_i c_i log2 E_i,   c_i = (x_i - mean x) / sum (x_i - mean x)^2,   variance = Var(sum_i c_i g_ip) / (N ln^2 2)
//! ```
//!
//! The interval takes the larger of this and of the scatter about the line, with Student's t, and where the slope still
//! changes by more than chance it reaches to where that leads: with errors C h^p (1 + c h) the slopes s_1, s_2 between the
//! last three points, each twice as fine, are p + 2 d and p + d, so that p = 2 s_2 - s_1 (Richardson). Of two points it
//! covers chance over particles alone.
//!
//! A root mean square may be that of few particles: between modes far apart those that choose another mode than the
//! solution are off by the distance of the modes, however fine the steps. [`MeasuredError::median`] does not see them, and
//! [`MeasuredError::few`] tells them.

#[cfg(test)]
mod tests;

use super::student_t_quantile;
use driftlane_kernels::Lane;
use serde::{Deserialize, Serialize};

/// An error, measured on particles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredError {
    /// E, from 0; NaN where a particle is not finite.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// What each particle says of ln E.
    pub influence: Vec<f64>,
    /// Median over particles of sqrt(q_p), against a solution.
    pub median: Option<f64>,
    /// Share of Q that the largest hundredth of all q_p hold (one of them at least), against a solution; else 0.
    pub few: f64,
}

impl MeasuredError {
    /// Root mean square over particles and coordinates of `ends - solution`, both `[particles, dim]`.
    pub fn of_solution(ends: &[f64], solution: &[f64], dim: usize) -> Self {
        let pairs = ends.chunks_exact(dim).zip(solution.chunks_exact(dim));
        let squares: Vec<f64> = pairs
            .map(|(x, y)| {
                let sum: f64 = x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum();
                sum / dim as f64
            })
            .collect();
        let mean = squares.iter().sum::<f64>() / squares.len() as f64;
        let influence: Vec<f64> = match mean > 0.0 {
            true => squares.iter().map(|q| (q - mean) / (2.0 * mean)).collect(),
            false => vec![0.0; squares.len()],
        };
        let value = mean.sqrt();
        let standard_error = value * spread_of_mean(&influence);
        let mut rising = squares;
        rising.sort_unstable_by(f64::total_cmp);
        let n = rising.len();
        let largest = &rising[n - n.div_ceil(100)..];
        Self {
            value,
            standard_error,
            influence,
            median: rising.get(n / 2).map(|q| q.sqrt()),
            few: match mean > 0.0 && mean.is_finite() {
                true => largest.iter().sum::<f64>() / (mean * n as f64),
                false => 0.0,
            },
        }
    }

    /// The pooled error of means and standard deviations over coordinates, of `ends` in `[particles, dim]`.
    pub fn of_moments(ends: &[f64], mean: &[f64], sd: &[f64]) -> Self {
        let dim = mean.len();
        let particles = ends.len() / dim;
        let n = particles as f64;
        let share = 1.0 / (2 * dim) as f64;
        let (mut square, mut chance, mut chance_square) = (0.0, 0.0, 0.0);
        let mut influence = vec![0.0; particles];
        for (j, (mu, sigma)) in mean.iter().zip(sd).enumerate() {
            let column = || ends.iter().skip(j).step_by(dim);
            let m = column().sum::<f64>() / n;
            let variance = column().map(|x| (x - m) * (x - m)).sum::<f64>() / n;
            let s = variance.sqrt();
            let (off_mean, off_sd) = (m - mu, s - sigma);
            square += share * (off_mean * off_mean + off_sd * off_sd);
            let of_sd = |x: f64| match s > 0.0 {
                true => ((x - m) * (x - m) - variance) / (2.0 * s),
                false => 0.0,
            };
            for (influence, x) in influence.iter_mut().zip(column()) {
                *influence += share * 2.0 * (off_mean * (x - m) + off_sd * of_sd(*x));
            }
            let of_mean = variance / n;
            let of_sd = column().map(|x| of_sd(*x) * of_sd(*x)).sum::<f64>() / (n * n);
            chance += share * (of_mean + of_sd);
            chance_square += share * share * 2.0 * (of_mean * of_mean + of_sd * of_sd);
        }
        let regular = spread_of_mean(&influence);
        let spread = (regular * regular + chance_square).sqrt();
        let left = (square - chance).max(0.0);
        let value = if square.is_finite() {
            left.sqrt()
        } else {
            f64::NAN
        };
        for g in &mut influence {
            *g = if left > 0.0 { *g / (2.0 * left) } else { 0.0 };
        }
        Self {
            value,
            // spread / 2 E where E is far from 0, and finite where it is not.
            standard_error: (left + spread).sqrt() - value,
            influence,
            median: None,
            few: 0.0,
        }
    }
}

/// The standard error of the mean of numbers whose mean is 0.
fn spread_of_mean(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let squares: f64 = values.iter().map(|v| v * v).sum();
    (squares / (n * (n - 1.0).max(1.0))).sqrt()
}

/// A fitted order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FittedOrder {
    /// The slope.
    pub slope: f64,
    /// The lower end of its 95% interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The order that errors fall by over numbers of steps, at least two different ones, all errors positive; `None`
/// otherwise.
pub fn fit_order(points: &[(f64, &MeasuredError)]) -> Option<FittedOrder> {
    let usable = |(steps, error): &(f64, &MeasuredError)| {
        *steps > 0.0 && error.value > 0.0 && error.value.is_finite()
    };
    if points.len() < 2 || !points.iter().all(usable) {
        return None;
    }
    let log2 = |x: f64| Lane::ln(x) * std::f64::consts::LOG2_E;
    let n = points.len() as f64;
    let xs: Vec<f64> = points.iter().map(|(steps, _)| log2(*steps)).collect();
    let ys: Vec<f64> = points.iter().map(|(_, e)| -log2(e.value)).collect();
    let centre = |all: &[f64]| all.iter().sum::<f64>() / n;
    let (x_mean, y_mean) = (centre(&xs), centre(&ys));
    let square: f64 = xs.iter().map(|x| (x - x_mean) * (x - x_mean)).sum();
    if square.is_nan() || square <= 0.0 {
        return None;
    }
    let weights: Vec<f64> = xs.iter().map(|x| (x - x_mean) / square).collect();
    let slope: f64 = weights.iter().zip(&ys).map(|(c, y)| c * y).sum();
    let particles = points
        .iter()
        .map(|p| p.1.influence.len())
        .min()
        .unwrap_or(0);
    let chance = |weights: &[f64]| {
        let of_particle = |p: usize| {
            let terms = weights.iter().zip(points);
            terms.map(|(c, (_, e))| c * e.influence[p]).sum::<f64>()
        };
        let said: Vec<f64> = (0..particles).map(of_particle).collect();
        1.96 * std::f64::consts::LOG2_E * spread_of_mean(&said)
    };
    let by_particles = chance(&weights);
    let by_scatter = match points.len() - 2 {
        0 => 0.0,
        degrees => {
            let off = |(x, y): (&f64, &f64)| {
                let off = y - y_mean - slope * (x - x_mean);
                off * off
            };
            let rest: f64 = xs.iter().zip(&ys).map(off).sum();
            student_t_quantile(0.975, degrees) * (rest / degrees as f64 / square).sqrt()
        }
    };
    let by_change = match towards(&xs) {
        Some(limit) => {
            let off: Vec<f64> = limit.iter().zip(&weights).map(|(e, c)| e - c).collect();
            let lack = off.iter().zip(&ys).map(|(w, y)| w * y).sum::<f64>().abs();
            match lack > chance(&off) {
                // A quarter more for what is left of the next power of h.
                true => 1.25 * lack + by_particles,
                false => 0.0,
            }
        }
        None => 0.0,
    };
    let half = by_particles.max(by_scatter).max(by_change);
    Some(FittedOrder {
        slope,
        low: slope - half,
        high: slope + half,
    })
}

/// Weights of the points by which 2 s_2 - s_1 is a sum over them, s_1 and s_2 the slopes between the last three; `None`
/// where there are fewer.
fn towards(xs: &[f64]) -> Option<Vec<f64>> {
    let n = xs.len();
    let &[.., a, b, c] = xs else {
        return None;
    };
    let (before, last) = (1.0 / (b - a), 2.0 / (c - b));
    let mut weights = vec![0.0; n];
    weights[n - 3] = before;
    weights[n - 2] = -before - last;
    weights[n - 1] = last;
    weights.iter().all(|w| w.is_finite()).then_some(weights)
}
