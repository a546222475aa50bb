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

use crate::lane::Lane;

/// One Euler-Maruyama step; `noise_scale` = sqrt(2 step_size).
#[inline(always)]
pub fn euler_maruyama<L: Lane>(x: L, grad: L, step_size: L, noise_scale: L, xi: L) -> L {
    noise_scale.mul_add(xi, step_size.mul_add(grad, x))
}
