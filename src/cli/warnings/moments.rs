//! Whether a run has the moments of its law: the exact ones where they are known, and two that every law has.
//!
//! ```text
//! mean    |m_j - exact| > 5 se and 5% of the exact sd;  se of the run where draws were kept, else sd / sqrt(n)
//! sd      |s_j - exact| > 5 se and 5% of it;  se = s sqrt((K - 1) / 4n), K the kurtosis, at least that of a normal law
//!         n the particles, or the effective draws where they are more, 200 at least: once in 1e6 by chance. Where K is
//!         above 9, that of an exponential law, neither is normal at such n: an sd is told of that is 30 times the exact
//!         one, and a mean that is off by 30 of its exact standard errors, which by Markov and Chebyshev no law has more
//!         often than once in 900 runs
//!
//! force   sd_j E[g_j] = 0,  virial  E[(x_j - m_j) g_j] = -1,  g the gradient of the log density
//!         both by parts: for any law whose density vanishes far out (on a torus the first alone). Over the first 4096
//!         particles of the last population; more than 6 se and 0.1 off is told. Nothing is said of gradients so
//!         heavy-tailed that (K - 1) / n > 0.05
//! ```
//!
//! The identities are those of Stein (1972); the second is the virial theorem, the temperature of a coordinate in
//! molecular dynamics. A population that is still on its way from its start, or that an unadjusted step spreads too wide,
//! breaks them without anything known of the target but its gradient. Chains in separate modes do not.

use crate::mcmc::SampleResult;
use crate::particles::Numbers;
use crate::record::{Identity, Moment, MovedBy, Warning};
use crate::target::{BlockTarget, Path};
use bytemuck::cast_slice;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// Standard errors, and share of the exact sd.
const OFF: (f64, f64) = (5.0, 0.05);
/// Independent values that an error can be told from.
const FEWEST: f64 = 200.0;
/// Exact sds, and exact standard errors, that no law is off by often.
const GROSS: f64 = 30.0;
/// Kurtosis of a law whose sample moments are near enough to normal.
const HEAVY: f64 = 9.0;

/// Particles whose gradients are taken: what they tell is as sharp as needs be, and costs as much as one move of them.
const WITNESSES: usize = 4096;
/// Standard errors, and distance, from what an identity says.
const BROKEN: (f64, f64) = (6.0, 0.1);
/// The most of (K - 1) / n, the relative variance of a sample variance.
const UNKNOWN: f64 = 0.05;

/// The finite numbers of a coordinate.
pub(super) fn column(values: Numbers<'_>, dim: usize, j: usize) -> impl Iterator<Item = f64> {
    let rows = values.len() / dim;
    let column = (0..rows).map(move |i| values.at(i * dim + j));
    column.filter(|x| x.is_finite())
}

/// Moments of a run, coordinate by coordinate.
pub struct Moments<'a> {
    /// Means.
    pub mean: &'a [f64],
    /// Standard deviations.
    pub sd: &'a [f64],
    /// Standard errors of the means; empty where the values are independent.
    pub mcse_mean: &'a [f64],
    /// Effective numbers of values, of the bulk and of the tails; empty likewise.
    pub effective: [&'a [f64]; 2],
    /// Independent values at least.
    pub independent: f64,
    /// What they are of: rows of coordinates.
    pub values: Numbers<'a>,
    /// What moved them.
    pub by: MovedBy,
}

impl<'a> Moments<'a> {
    /// Of many chains.
    pub fn of_chains(result: &'a SampleResult, dim: usize, by: MovedBy) -> Self {
        Self {
            mean: &result.mean,
            sd: &result.sd,
            mcse_mean: &result.mcse_mean,
            effective: [&result.ess_bulk, &result.ess_tail],
            independent: (result.samples.len() / dim - result.nonfinite) as f64,
            values: match &result.draws {
                Some(draws) => Numbers::from(&draws.positions),
                None => result.samples.numbers(),
            },
            by,
        }
    }

    /// The mean or sd that is off its exact value by most standard errors.
    pub fn bias(&self, law: &dyn BlockTarget) -> Option<Warning> {
        let (dim, exact) = (law.dim(), law.exact());
        let (means, sds) = (exact.mean.as_ref(), exact.sd.as_ref()?);
        let judge = |j: usize| {
            let (sd, scale) = (*self.sd.get(j)?, *sds.get(j)?);
            let effective = self.effective.map(|ess| ess.get(j).copied());
            let effective = effective.into_iter().flatten().reduce(f64::min);
            let n = effective.map_or(self.independent, |ess| self.independent.max(ess));
            let mean = means.and_then(|means| Some((*self.mean.get(j)?, *means.get(j)?)));
            let far = |value: f64, exact: f64| (value - exact).abs() > OFF.1 * scale;
            let worth = far(sd, scale) || mean.is_some_and(|(mean, exact)| far(mean, exact));
            if n < FEWEST || !(scale > 0.0 && worth) {
                return None;
            }
            let kurtosis = kurtosis(column(self.values, dim, j));
            let gross_mean =
                |mean: f64, exact: f64| (mean - exact).abs() > GROSS * scale / n.sqrt();
            let gross = sd > GROSS * scale || mean.is_some_and(|(m, exact)| gross_mean(m, exact));
            if kurtosis > HEAVY {
                let wide = (Moment::Sd, sd, scale, scale / n.sqrt());
                let apart = mean.map(|(m, exact)| (Moment::Mean, m, exact, scale / n.sqrt()));
                let (of, value, exact, se) = match sd > GROSS * scale {
                    true => wide,
                    false => apart?,
                };
                return gross.then_some((j, of, value, exact, se, scale));
            }
            let of_mean = self.mcse_mean.get(j).copied().unwrap_or(sd / n.sqrt());
            let of_sd = sd * (0.25 * (kurtosis.max(3.0) - 1.0) / n).sqrt();
            let moments = [
                Some((Moment::Sd, sd, scale, of_sd)),
                mean.map(|(mean, exact)| (Moment::Mean, mean, exact, of_mean)),
            ];
            let off = moments
                .into_iter()
                .flatten()
                .filter(|(_, value, exact, se)| {
                    se.is_finite() && far(*value, *exact) && (value - exact).abs() > OFF.0 * se
                });
            off.map(|(of, value, exact, se)| (j, of, value, exact, se, scale))
                .reduce(|a, b| if size(&b) > size(&a) { b } else { a })
        };
        let worst = (0..dim).filter_map(judge);
        let (j, of, value, exact, se, scale) =
            worst.reduce(|a, b| if size(&b) > size(&a) { b } else { a })?;
        Some(Warning::Bias {
            coordinate: law.parameter_names()[j].clone(),
            of,
            value,
            exact,
            scale,
            se,
            by: self.by,
        })
    }
}

/// How many standard errors a moment is off.
fn size((_, _, value, exact, se, _): &(usize, Moment, f64, f64, f64, f64)) -> f64 {
    (value - exact).abs() / se
}

/// The identity that the last population of a run breaks by most standard errors.
pub fn imbalance(positions: Numbers<'_>, target: &dyn BlockTarget, by: MovedBy) -> Option<Warning> {
    let dim = target.dim();
    let torus = Path::plain(target).on_torus();
    let (x, g) = gradients(positions, target);
    let n = (x.len() / dim) as f64;
    if n < FEWEST {
        return None;
    }
    let judge = |j: usize| {
        let of = |values: &[f64]| column(Numbers::from(values), dim, j).collect::<Vec<f64>>();
        let (x, g) = (of(&x), of(&g));
        let (mean, sd) = moments(&x);
        let force: Vec<f64> = g.iter().map(|g| sd * g).collect();
        let virial: Vec<f64> = x.iter().zip(&g).map(|(x, g)| (x - mean) * g).collect();
        let tests = [
            (Identity::Force, force, 0.0),
            (Identity::Virial, virial, -1.0),
        ];
        let known = tests.into_iter().take(if torus { 1 } else { 2 });
        let broken = known.filter_map(|(identity, values, wanted)| {
            let (value, sd) = moments(&values);
            let (se, off) = (sd / n.sqrt(), (value - wanted).abs());
            let known = (kurtosis(values.into_iter()) - 1.0) / n < UNKNOWN;
            let broken = known && off > BROKEN.1 && off > BROKEN.0 * se;
            broken.then_some((j, identity, value, wanted, se))
        });
        broken.reduce(|a, b| if steps(&b) > steps(&a) { b } else { a })
    };
    let worst = (0..dim).filter_map(judge);
    let (j, identity, value, wanted, se) =
        worst.reduce(|a, b| if steps(&b) > steps(&a) { b } else { a })?;
    Some(Warning::Imbalance {
        coordinate: target.parameter_names()[j].clone(),
        identity,
        value,
        wanted,
        se,
        by,
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

/// How many standard errors an identity is broken by.
fn steps((_, _, value, wanted, se): &(usize, Identity, f64, f64, f64)) -> f64 {
    (value - wanted).abs() / se
}

/// Mean and standard deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    (mean, square.sqrt())
}

/// The first particles whose position and gradient are finite, and their gradients: rows of coordinates.
fn gradients(positions: Numbers<'_>, target: &dyn BlockTarget) -> (Vec<f64>, Vec<f64>) {
    let dim = target.dim();
    let particles = (positions.len() / dim).min(WITNESSES);
    let (mut x, mut g) = (Vec::new(), Vec::new());
    let mut tile = vec![Row::<F64>::zero(); dim];
    let mut gradient = tile.clone();
    for first in (0..particles).step_by(32) {
        let count = (particles - first).min(32);
        for (j, row) in tile.iter_mut().enumerate() {
            // The last tile repeats its last particle.
            let value = |i: usize| positions.at((first + i.min(count - 1)) * dim + j);
            let lanes: &mut [f64] = bytemuck::cast_slice_mut(&mut row.0);
            lanes
                .iter_mut()
                .enumerate()
                .for_each(|(i, lane)| *lane = value(i));
        }
        target.gradient(&tile, &mut gradient);
        for i in 0..count {
            let of = |rows: &[Row<F64>]| -> Vec<f64> {
                let lanes = rows.iter().map(|row| cast_slice::<_, f64>(&row.0)[i]);
                lanes.collect()
            };
            let (position, slope) = (of(&tile), of(&gradient));
            if position.iter().chain(&slope).all(|v| v.is_finite()) {
                x.extend(position);
                g.extend(slope);
            }
        }
    }
    (x, g)
}
