//! Seeds: germination of 21 plates, a logistic regression with a random effect a plate (Crowder 1978,
//! doi 10.2307/2346223; the BUGS example).
//!
//! ```text
//! r_i ~ Binomial(n_i, sigmoid(a_0 + a_1 x1_i + a_2 x2_i + a_12 x1_i x2_i + b_i))
//! a ~ N(0, 10^2),   b_i ~ N(0, 1/tau),   tau ~ Gamma(0.01, rate 0.01)
//! ```
//!
//! Binomial coefficients are part of the density. Coordinates: a_0, a_1, a_2, a_12, ln tau, b_1 .. b_21.
//! log Z is known to about 0.01, -73.404 (a grid in ln tau by importance sampling in a by Gauss-Hermite in
//! b). Cost of a gradient: 21 sigmoids and 300 operations.

use crate::target::Reference;
use crate::target::transform::{Model, Parameter, Transform};
use driftlane_kernels::Lane;

const GERMINATED: [u32; 21] = [
    10, 23, 23, 26, 17, 5, 53, 55, 32, 46, 10, 8, 10, 8, 23, 0, 3, 22, 15, 32, 3,
];
const SEEDS: [u32; 21] = [
    39, 62, 81, 51, 39, 6, 74, 72, 51, 79, 13, 16, 30, 28, 45, 4, 12, 41, 30, 51, 7,
];
/// Shape and rate of the prior of tau.
const GAMMA: f64 = 0.01;
const PRIOR: f64 = 10.0;
/// ln Gamma(0.01).
const LOG_GAMMA_SHAPE: f64 = 4.599_479_878_042_022;

/// The kind of seed and the root extract of plate `i`: 0 or 1.
fn factors(i: usize) -> (bool, bool) {
    (i >= 11, (5..11).contains(&i) || i >= 16)
}

/// The model on a, tau and b.
#[derive(Debug, Clone)]
pub struct Seeds {
    constant: f64,
}

impl Default for Seeds {
    fn default() -> Self {
        Self::new()
    }
}

impl Seeds {
    /// The model with its data.
    pub fn new() -> Self {
        let half_tau = 0.5 * Lane::ln(std::f64::consts::TAU);
        let choose = GERMINATED.iter().zip(SEEDS).map(|(&r, n)| {
            (1..=r)
                .map(|k| Lane::ln(f64::from(n - r + k) / f64::from(k)))
                .sum::<f64>()
        });
        let gamma = GAMMA * Lane::ln(GAMMA) - LOG_GAMMA_SHAPE;
        let constant = choose.sum::<f64>() + gamma - 25.0 * half_tau - 4.0 * Lane::ln(PRIOR);
        Self { constant }
    }

    /// The linear predictor of plate `i`.
    #[inline(always)]
    fn predictor<L: Lane>(theta: &[L], i: usize) -> L {
        let (kind, extract) = factors(i);
        let mut eta = theta[0] + theta[5 + i];
        for (used, j) in [(kind, 1), (extract, 2), (kind && extract, 3)] {
            if used {
                eta += theta[j];
            }
        }
        eta
    }
}

impl Model for Seeds {
    fn parameters(&self) -> Vec<Parameter> {
        vec![
            Parameter::new("a", 4, Transform::Real),
            Parameter::new("tau", 1, Transform::Positive),
            Parameter::new("b", 21, Transform::Real),
        ]
    }

    fn log_density<L: Lane>(&self, theta: &[L]) -> L {
        let tau = theta[4];
        let mut value = L::splat(self.constant);
        let mut squares = L::zero();
        for (i, &b) in theta[5..].iter().enumerate() {
            let eta = Self::predictor(theta, i);
            // r ln p + (n - r) ln(1 - p), ln(1 - p) = -softplus(eta).
            value = eta.mul_add(L::splat(f64::from(GERMINATED[i])), value);
            value = eta
                .softplus()
                .mul_add(L::splat(-f64::from(SEEDS[i])), value);
            squares = b.mul_add(b, squares);
        }
        let prior = theta[..4].iter().fold(L::zero(), |s, a| a.mul_add(*a, s));
        value = prior.mul_add(L::splat(-0.5 / (PRIOR * PRIOR)), value);
        let rate = squares.mul_add(L::splat(0.5), L::splat(GAMMA));
        value - tau * rate + tau.ln() * L::splat(10.5 + GAMMA - 1.0)
    }

    fn gradient<L: Lane>(&self, theta: &[L], grad: &mut [L]) {
        let tau = theta[4];
        for (g, a) in grad.iter_mut().zip(&theta[..4]) {
            *g = *a * L::splat(-1.0 / (PRIOR * PRIOR));
        }
        let mut squares = L::zero();
        for (i, &b) in theta[5..].iter().enumerate() {
            let p = Self::predictor(theta, i).sigmoid();
            let residual = p.mul_add(
                L::splat(-f64::from(SEEDS[i])),
                L::splat(f64::from(GERMINATED[i])),
            );
            let (kind, extract) = factors(i);
            for (used, j) in [(true, 0), (kind, 1), (extract, 2), (kind && extract, 3)] {
                if used {
                    grad[j] += residual;
                }
            }
            grad[5 + i] = tau.neg_mul_add(b, residual);
            squares = b.mul_add(b, squares);
        }
        let rate = squares.mul_add(L::splat(0.5), L::splat(GAMMA));
        grad[4] = L::splat(10.5 + GAMMA - 1.0) / tau - rate;
    }

    /// Wider than the posterior everywhere: a within 1, ln tau about 2.5, b within 0.5.
    fn reference(&self, dim: usize) -> Reference {
        let (mut location, mut scale) = (vec![0.0; dim], vec![0.5; dim]);
        scale[..4].fill(1.0);
        (location[4], scale[4]) = (2.0, 1.5);
        Reference::student_t(4.0, location, scale).expect("constants are valid")
    }
}
