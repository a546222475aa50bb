//! Quantiles of Beta(0.6, 0.6), dense at both ends: Lee et al. 2024, arXiv:2407.12173.
//!
//! ```text
//! beta      s_i = s_min + (s_max - s_min) Q(1 - i/n),     i = 0 .. n        as diffusers has it
//! beta-t    t_i = round((T - 1) Q(1 - i/n)),              i = 0 .. n - 1    as ComfyUI and the paper have it
//! ```
//!
//! On `flow`, where s is infinite at the start, `beta` takes sigma, which is the time. Continuous schedules do
//! not round. The distribution is
//!
//! ```text
//! P(x) = x^a / B(a, a) sum_k c_k x^k / (a + k),    c_k = c_(k-1) (k - a) / k,    a = 0.6
//! ```
//!
//! (DLMF 8.17.7), below 1/2, 55 terms for 1e-17; above by symmetry. In u = x^a it is convex and nearly
//! straight, and u = a B p is beyond the quantile: Newton's steps fall to it.

use super::Points;
use crate::diffusion::Schedule;
use driftlane_kernels::Lane;

const A: f64 = 0.6;
/// B(0.6, 0.6).
const B: f64 = 2.415_344_208_002_472;

/// The `steps + 1` points of `beta`.
pub(super) fn levels(schedule: &Schedule, steps: usize) -> Points {
    let (least, most) = schedule.times();
    let quantiles = (0..=steps).map(|i| upper(i, steps));
    let spread = |low: f64, high: f64| quantiles.map(|q| q.mul_add(high - low, low)).collect();
    if schedule.is_flow() {
        return Points::Times(spread(least, most));
    }
    let level = |time| schedule.at(time).noise_level();
    Points::Levels(spread(level(least), level(most)))
}

/// The `steps` points of `beta-t`.
pub(super) fn times(schedule: &Schedule, steps: usize) -> Points {
    let (least, most) = schedule.times();
    let round = |time: f64| match schedule.is_discrete() {
        true => time.round_ties_even(),
        false => time,
    };
    let time = |i| round(upper(i, steps).mul_add(most - least, least));
    Points::Times((0..steps).map(time).collect())
}

/// The quantile at 1 - i/n, by symmetry without the difference where it is near 1.
fn upper(i: usize, n: usize) -> f64 {
    match 2 * i < n {
        true => 1.0 - lower_quantile(i as f64 / n as f64),
        false => lower_quantile((n - i) as f64 / n as f64),
    }
}

/// The quantile at `p` in [0, 1/2].
fn lower_quantile(p: f64) -> f64 {
    if p == 0.5 {
        // By symmetry; a unit less in the last place would round the middle of whole times to the other side.
        return 0.5;
    }
    let (mut u, mut x) = (A * B * p, 0.0);
    // Doubling digits from the first two: five steps reach the last, ten are a guard.
    for _ in 0..10 {
        if u == 0.0 {
            break;
        }
        x = Lane::exp(Lane::ln(u) / A);
        let density = Lane::exp((A - 1.0) * Lane::ln_1p(-x)) / (A * B);
        let step = (u * series(x) / B - p) / density;
        u -= step;
        if step.abs() <= 1e-16 * u {
            break;
        }
    }
    x
}

/// P(x) B / x^a.
fn series(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0 / A);
    for k in 1..60 {
        let k = f64::from(k);
        term *= x * (k - A) / k;
        let next = sum + term / (A + k);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By mpmath at 40 digits; scipy.stats.beta.ppf agrees to 1e-14.
    const GOLDEN: [(f64, f64); 9] = [
        (1e-6, 1.855_882_462_405_306e-10),
        (0.001, 1.855_873_851_745_200_3e-5),
        (0.01, 8.612_388_215_429_068e-4),
        (0.1, 0.039_584_405_588_780_85),
        (0.25, 0.175_680_378_652_695),
        (0.3, 0.234_017_003_875_235_9),
        (0.4, 0.362_700_990_753_214_3),
        (0.49, 0.486_128_914_278_160_3),
        (0.5, 0.5),
    ];

    #[test]
    fn quantiles_are_golden() {
        for (p, x) in GOLDEN {
            let got = lower_quantile(p);
            assert!((got / x - 1.0).abs() < 1e-14, "{p}: {got} {x}");
        }
        assert_eq!((upper(0, 8), upper(4, 8), upper(8, 8)), (1.0, 0.5, 0.0));
        assert!((upper(2, 8) - 0.824_319_621_347_305).abs() < 1e-15);
    }
}
