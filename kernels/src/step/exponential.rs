//! The exact Ornstein-Uhlenbeck step, the first exponential integrator:
//!
//! ```text
//! dX = -gamma X dt + sqrt(2 gamma) s dW
//! x <- e^(-gamma h) x + s sqrt(1 - e^(-2 gamma h)) xi
//! ```
//!
//! Exact in law for any h, from gamma h = 1e-300 to infinity: the noise coefficient comes from
//! expm1, so nothing cancels. Cost: one product and one fused multiply-add a coordinate.
//! Source: Uhlenbeck, Ornstein 1930, doi 10.1103/PhysRev.36.823.

use crate::lane::Lane;

/// The coefficients of an Ornstein-Uhlenbeck step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrnsteinUhlenbeck {
    /// e^(-gamma h).
    pub decay: f64,
    /// sqrt(1 - e^(-2 gamma h)), to be multiplied by the stationary standard deviation.
    pub noise_scale: f64,
}

impl OrnsteinUhlenbeck {
    /// The step of length `step_size` at friction `friction`; both non-negative.
    pub fn new(friction: f64, step_size: f64) -> Self {
        let exponent = -(friction * step_size);
        Self {
            decay: Lane::exp(exponent),
            noise_scale: (-Lane::exp_m1(2.0 * exponent)).sqrt(),
        }
    }

    /// One step with stationary standard deviation one.
    #[inline(always)]
    pub fn step<L: Lane>(&self, x: L, xi: L) -> L {
        L::splat(self.decay).mul_add(x, L::splat(self.noise_scale) * xi)
    }
}
