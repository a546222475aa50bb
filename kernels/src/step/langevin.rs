//! Euler-Maruyama for overdamped Langevin dynamics dX = grad log pi(X) dt + sqrt 2 dW:
//!
//! ```text
//! x <- x + h g(x) + sqrt(2 h) xi,   xi ~ N(0, 1)
//! ```
//!
//! Weak order 1, strong order 1 (the noise is additive). Unadjusted: on a Gaussian of precision k
//! the chain is stationary at variance (1/k) / (1 - h k / 2) and unstable for h k >= 2. Cost: two
//! fused multiply-adds a coordinate; 8 bytes read and written each in f64 when not in cache.
//! Source: Roberts, Tweedie 1996, doi 10.2307/3318418.
//!
//! Tamed, against drifts that grow faster than linearly (and where Euler-Maruyama explodes):
//!
//! ```text
//! x <- x + h g / (1 + h |g|) + sqrt(2 h) xi      |g| of the whole gradient, or coordinate by coordinate
//! ```
//!
//! Weak order 1. Cost: one square root and one division a particle (a coordinate) more. Source:
//! Hutzenthaler, Jentzen, Kloeden 2012, doi 10.1214/11-AAP803; Brosse, Durmus, Moulines, Sabanis 2019,
//! arXiv:1710.05559.

use crate::lane::Lane;

/// One Euler-Maruyama step; `noise_scale` = sqrt(2 step_size).
#[inline(always)]
pub fn euler_maruyama<L: Lane>(x: L, grad: L, step_size: L, noise_scale: L, xi: L) -> L {
    noise_scale.mul_add(xi, step_size.mul_add(grad, x))
}

/// h / (1 + h |g|) of a gradient of norm `norm`: what a tamed step multiplies the gradient by.
#[inline(always)]
pub fn tamed<L: Lane>(step_size: L, norm: L) -> L {
    step_size / step_size.mul_add(norm, L::one())
}
