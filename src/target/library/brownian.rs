//! Brownian motion with unknown scales, the middle of it not observed (Inference Gym:
//! Sountsov, Radul et al. 2020, `BrownianMotionUnknownScalesMissingMiddleObservations`).
//!
//! ```text
//! ln s_i, ln s_o ~ N(0, 2^2),   x_0 ~ N(0, s_i^2),   x_t ~ N(x_(t-1), s_i^2) for t < 30
//! y_t ~ N(x_t, s_o^2) for t < 10 and t >= 20
//! ```
//!
//! Coordinates: ln s_i, ln s_o, x_0 .. x_29. Given both scales all is normal, so log Z is the integral of
//! the Kalman likelihood over two coordinates: the trapezoidal rule on [-16, 8]^2, where steps of 1/12 and
//! 1/8 agree to 2e-11 (a narrower range misses the tail of the prior: [-10, 6]^2 is 1.4e-7 below). Cost of
//! a gradient: 300 operations.

use crate::target::transform::{Model, Parameter, Transform};
use crate::target::{Exact, Reference};
use driftlane_kernels::Lane;

const STEPS: usize = 30;
/// Observations at t < 10, then at t >= 20.
const OBSERVED: [f64; 20] = [
    0.215_926_41,
    0.118_771_404,
    -0.079_454_47,
    0.037_677_474,
    -0.278_858_45,
    -0.148_415_6,
    -0.325_090_6,
    -0.229_579_03,
    -0.441_108_94,
    -0.098_307_82,
    -0.878_601_6,
    -0.837_360_74,
    -0.738_484_9,
    -0.893_925_4,
    -0.777_456_6,
    -0.702_387_15,
    -0.877_715_65,
    -0.518_535_73,
    -0.694_821_4,
    -0.620_278_9,
];
/// The standard deviation of the logarithms of both scales.
const PRIOR: f64 = 2.0;

/// What is seen at time `t`.
fn observation(t: usize) -> Option<f64> {
    match t {
        0..10 => Some(OBSERVED[t]),
        20..STEPS => Some(OBSERVED[t - 10]),
        _ => None,
    }
}

/// The model on both scales and the path.
#[derive(Debug, Clone, Copy, Default)]
pub struct Brownian;

impl Brownian {
    /// 30 steps, 20 observations and both logarithms are normal.
    fn constant() -> f64 {
        let half_tau = 0.5 * Lane::ln(std::f64::consts::TAU);
        -52.0 * half_tau - 2.0 * Lane::ln(PRIOR)
    }

    /// ln of the prior of both logarithms times the likelihood, by a Kalman filter.
    fn log_marginal(log_inner: f64, log_outer: f64) -> f64 {
        let (q, r) = (Lane::exp(2.0 * log_inner), Lane::exp(2.0 * log_outer));
        let half_tau = 0.5 * Lane::ln(std::f64::consts::TAU);
        let (mut mean, mut variance, mut sum) = (0.0, 0.0, 0.0);
        // One logarithm for ten factors: each is above e^-32 and below e^17.
        let (mut product, mut log_product) = (1.0, 0.0);
        for t in 0..STEPS {
            variance += q;
            if let Some(y) = observation(t) {
                let total = variance + r;
                let off = y - mean;
                sum += off * off / total;
                product *= total;
                if t % 10 == 9 {
                    log_product += Lane::ln(product);
                    product = 1.0;
                }
                let gain = variance / total;
                mean += gain * off;
                variance *= r / total;
            }
        }
        let prior = log_inner.mul_add(log_inner, log_outer * log_outer) / (PRIOR * PRIOR);
        -0.5 * (sum + log_product + prior) - 22.0 * half_tau - 2.0 * Lane::ln(PRIOR)
    }
}

impl Model for Brownian {
    fn parameters(&self) -> Vec<Parameter> {
        vec![
            Parameter::new("innovation_scale", 1, Transform::Positive),
            Parameter::new("observation_scale", 1, Transform::Positive),
            Parameter::new("x", STEPS, Transform::Real),
        ]
    }

    fn log_density<L: Lane>(&self, theta: &[L]) -> L {
        let (inner, outer) = (theta[0], theta[1]);
        let (mut jumps, mut residuals) = (L::zero(), L::zero());
        let mut before = L::zero();
        for (t, &x) in theta[2..].iter().enumerate() {
            let jump = x - before;
            jumps = jump.mul_add(jump, jumps);
            if let Some(y) = observation(t) {
                let off = L::splat(y) - x;
                residuals = off.mul_add(off, residuals);
            }
            before = x;
        }
        let (log_inner, log_outer) = (inner.ln(), outer.ln());
        let prior = log_inner.mul_add(log_inner, log_outer * log_outer);
        let squares = jumps / (inner * inner) + residuals / (outer * outer);
        let quadratic = prior.mul_add(L::splat(1.0 / (PRIOR * PRIOR)), squares);
        // Each logarithm's own density is lognormal: one more of each.
        let logs = log_inner.mul_add(L::splat(-31.0), log_outer * L::splat(-21.0));
        quadratic.mul_add(L::splat(-0.5), L::splat(Self::constant())) + logs
    }

    fn gradient<L: Lane>(&self, theta: &[L], grad: &mut [L]) {
        let (inner, outer) = (theta[0], theta[1]);
        let (a, b) = (L::one() / (inner * inner), L::one() / (outer * outer));
        let (mut jumps, mut residuals) = (L::zero(), L::zero());
        for t in 0..STEPS {
            let x = theta[2 + t];
            let before = if t == 0 { L::zero() } else { theta[1 + t] };
            let jump = x - before;
            jumps = jump.mul_add(jump, jumps);
            let mut pull = -(jump * a);
            if t + 1 < STEPS {
                pull = (theta[3 + t] - x).mul_add(a, pull);
            }
            if let Some(y) = observation(t) {
                let off = L::splat(y) - x;
                residuals = off.mul_add(off, residuals);
                pull = off.mul_add(b, pull);
            }
            grad[2 + t] = pull;
        }
        let prior = L::splat(-1.0 / (PRIOR * PRIOR));
        let along = |scale: L, count: f64, squares: L, inverse: L| {
            let log = scale.ln();
            (log.mul_add(prior, squares * inverse) - L::splat(count)) / scale
        };
        grad[0] = along(inner, 31.0, jumps, a);
        grad[1] = along(outer, 21.0, residuals, b);
    }

    /// The posterior lies about ln s = -2.2 and x between -1 and 0.3; the reference is some ten times as
    /// wide.
    fn reference(&self, dim: usize) -> Reference {
        let (mut location, mut scale) = (vec![-0.4; dim], vec![1.0; dim]);
        location[..2].fill(-1.0);
        scale[..2].fill(1.5);
        Reference::student_t(4.0, location, scale).expect("constants are valid")
    }

    fn exact(&self) -> Exact {
        const STEPS_PER_UNIT: i32 = 12;
        let at = |k: i32| f64::from(k) / f64::from(STEPS_PER_UNIT);
        let range = -16 * STEPS_PER_UNIT..=8 * STEPS_PER_UNIT;
        let row = |i: i32| {
            let values = range
                .clone()
                .map(|j| Lane::exp(Self::log_marginal(at(i), at(j))));
            values.sum::<f64>()
        };
        let sum: f64 = range.clone().map(row).sum();
        let area = f64::from(STEPS_PER_UNIT * STEPS_PER_UNIT);
        Exact {
            log_evidence: Some(Lane::ln(sum / area)),
            ..Exact::default()
        }
    }
}
