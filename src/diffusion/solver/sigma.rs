//! What solvers in the noise level share: the flow is dy = eps ds for y = x / alpha, s = sigma / alpha.
//!
//! ```text
//! x' = (alpha'/alpha) x + alpha' (s' - s) e        Euler's step, DDIM's too
//! ```

use crate::diffusion::Node;

/// What an Euler step multiplies: the position, and the noise.
pub(super) fn euler_step(s: Node, t: Node) -> (f64, f64) {
    (
        t.alpha / s.alpha,
        t.alpha * (t.noise_level() - s.noise_level()),
    )
}
