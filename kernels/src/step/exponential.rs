//! Exponential integrators: the linear part of the dynamics is solved exactly, whatever its stiffness.
//!
//! The Ornstein-Uhlenbeck step,
//!
//! ```text
//! dX = -gamma X dt + sqrt(2 gamma) s dW
//! x <- e^(-gamma h) x + s sqrt(1 - e^(-2 gamma h)) xi
//! ```
//!
//! free flight, which is damped motion under a constant force f over a time t, with mass m and z =
//! gamma t,
//!
//! ```text
//! x <- x + psi_1 p/m + psi_2 f/m + (c xi_1 + s xi_2) / sqrt m      psi_1 = t phi_1(-z)
//! p <- e^-z p + psi_1 f + sqrt(1 - e^-2z) sqrt m xi_1              psi_2 = t^2 phi_2(-z)
//! c^2 = t^2 z phi_1(-z)^3 / (1 + e^-z)                             c^2 + s^2 = var x
//! var x = 4 z t^2 (2 phi_3(-2z) - phi_3(-z)) = 2 t^2/z (1 - 2 phi_1(-z) + phi_1(-2z))
//! ```
//!
//! and semilinear drift dX = (a X + f(X)) dt + sqrt 2 dW, one a a coordinate, f held fixed,
//!
//! ```text
//! x <- e^(ah) x + h phi_1(ah) f + sqrt(2 h phi_1(2ah)) xi
//! ```
//!
//! All exact in law for any h, from gamma h = 1e-300 to infinity: coefficients come from expm1 and the
//! phi functions, so nothing cancels. Cost a coordinate: one product and one fused multiply-add,
//! eight, three. Source: Uhlenbeck, Ornstein 1930, doi 10.1103/PhysRev.36.823; Cheng, Chatterji,
//! Bartlett, Jordan 2018, arXiv:1707.03663; Jentzen, Kloeden 2009, doi 10.1098/rspa.2008.0325.

use super::splitting::Mass;
use crate::lane::{Lane, Register};
use crate::math::double::{phi_1, phi_2, phi_3};

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
            noise_scale: if crate::mutants::active("refresh-noise-without-root") {
                -Lane::exp_m1(2.0 * exponent)
            } else {
                (-Lane::exp_m1(2.0 * exponent)).sqrt()
            },
        }
    }

    /// One step with stationary standard deviation one.
    #[inline(always)]
    pub fn step<L: Lane>(&self, x: L, xi: L) -> L {
        L::splat(self.decay).mul_add(x, L::splat(self.noise_scale) * xi)
    }
}

/// (e^-z, sqrt(1 - e^-2z)) of z = gamma t: an Ornstein-Uhlenbeck step of every particle's own length.
#[inline(always)]
pub fn refreshment<L: Lane>(z: L) -> (L, L) {
    ((-z).exp(), (-(L::splat(-2.0) * z).exp_m1()).sqrt())
}

/// Damped motion under a constant force over a time; see the head of this file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FreeFlight<L> {
    /// e^-z.
    pub decay: L,
    /// What p/m adds to x, and f to p.
    pub psi_1: L,
    /// What f/m adds to x.
    pub psi_2: L,
    /// Standard deviation of p at unit mass.
    pub momentum_noise: L,
    /// The share of x in the noise of p.
    pub shared_noise: L,
    /// The noise x has alone.
    pub position_noise: L,
}

impl<L: Register<Scalar = f64>> FreeFlight<L> {
    /// Over `time` at friction `friction`, both non-negative.
    #[inline]
    pub fn new(friction: f64, time: L) -> Self {
        let splat = L::broadcast;
        let z = time * splat(friction);
        let (decay, momentum_noise) = refreshment(z);
        let double = z + z;
        let (one, twice) = (phi_1(-z), phi_1(-double));
        let shared = z * (one * one * one) / (L::one() + decay);
        // Near 0 the closed form cancels, far away the other one.
        let near = splat(4.0) * z * splat(2.0).mul_add(phi_3(-double), -phi_3(-z));
        let far = splat(2.0) / z * (splat(-2.0).mul_add(one, L::one()) + twice);
        let variance = L::select(z.lt(splat(1.5)), near, far);
        Self {
            decay,
            psi_1: time * one,
            psi_2: time * time * phi_2(-z),
            momentum_noise,
            shared_noise: time * shared.sqrt(),
            position_noise: time * (variance - shared).sqrt(),
        }
    }
}

/// The coefficients of one coordinate of a semilinear step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Semilinear {
    /// e^(ah).
    pub decay: f64,
    /// h phi_1(ah).
    pub force: f64,
    /// h phi_2(ah): what the change of the force adds in a second stage.
    pub correction: f64,
    /// sqrt(2 h phi_1(2ah)).
    pub noise: f64,
}

impl Semilinear {
    /// Over `step_size` > 0 with the linear part `rate` (a).
    pub fn new(rate: f64, step_size: f64) -> Self {
        let z = rate * step_size;
        Self {
            decay: Lane::exp(z),
            force: step_size * phi_1(z),
            correction: step_size * phi_2(z),
            noise: (2.0 * step_size * phi_1(2.0 * z)).sqrt(),
        }
    }
}

/// decay x + force f + noise xi, where f = g - a x is what the linear part leaves of the gradient.
#[inline(always)]
pub fn semilinear_step<L: Lane>(x: L, rest: L, decay: L, force: L, noise: L, xi: L) -> L {
    decay.mul_add(x, force.mul_add(rest, noise * xi))
}

impl<L: Lane> FreeFlight<L> {
    /// (x, p) of one coordinate after force-free flight; `xi` are two standard normals. A force f
    /// adds psi_2 f/m and psi_1 f.
    #[inline(always)]
    pub fn apply(&self, (x, p): (L, L), mass: Mass<L>, xi: [L; 2]) -> (L, L) {
        let scatter = self
            .shared_noise
            .mul_add(xi[0], self.position_noise * xi[1]);
        let flown = (self.psi_1 * mass.inverse).mul_add(p, x);
        let moved = (mass.inverse * mass.root).mul_add(scatter, flown);
        let refreshed = (self.momentum_noise * mass.root) * xi[0];
        (moved, self.decay.mul_add(p, refreshed))
    }
}
