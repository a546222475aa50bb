//! Accelerated DDIM and DDPM (Li, Huang, Efimov, Wei, Chi, Chen 2024, arXiv:2403.03852).
//!
//! ```text
//! ODE:  x' = DDIM(x, e) + alpha' (e_before - e) / (u - u_before) int_(s')^s (u(r) - u) dr,  u = alpha^2
//! SDE:  y = x + sqrt((1 - a)/2) xi,   x' = (y + (1 - a) score(y)) / sqrt a + sqrt((1 - a)/2) xi',  a = u / u'
//! ```
//!
//! in the variance-preserving frame, where u = 1 / (1 + s^2): the ODE's correction takes e linear in u between
//! the last two nodes. (The paper writes the integral as a difference of u sqrt((1 - u)/u) + arcsin sqrt u,
//! which cancels.) Orders 2 for the ODE (the first step is DDIM's) and, weakly, 1 for the SDE. One call a step.

use super::builder::{Builder, POSITION};
use super::sigma::euler_step;
use super::{Setup, check_finite_grid};
use crate::diffusion::quadrature::gauss_legendre;
use crate::diffusion::{Node, Program};
use crate::error::Result;
use crate::target::Prediction;

/// u = alpha^2 in the variance-preserving frame.
fn signal(level: f64) -> f64 {
    1.0 / level.mul_add(level, 1.0)
}

/// int_(t)^(s) (u(r) - u(s)) dr, in pieces short against the distance of u's poles.
fn correction(t: f64, s: f64) -> f64 {
    let mut sum = 0.0;
    let mut from = t;
    while from < s {
        let to = (1.5 * from + 0.25).min(s);
        sum += gauss_legendre(16, from, to, |r| {
            // u(r) - u(s), without cancelling.
            (s - r) * (s + r) * signal(r) * signal(s)
        });
        from = to;
    }
    sum
}

/// The ODE form.
pub fn accelerated_ddim(setup: &Setup<'_>) -> Result<Program> {
    let nodes = setup.nodes;
    check_finite_grid(nodes)?;
    let slot = |i: usize| 1 + i % 2;
    let mut builder = Builder::new();
    for (i, pair) in nodes.windows(2).enumerate() {
        let (s, t) = (pair[0], pair[1]);
        let (position, noise) = euler_step(s, t);
        let mut terms = vec![(POSITION, position), (slot(i), noise)];
        if i > 0 {
            let (before, level) = (nodes[i - 1].noise_level(), s.noise_level());
            let rise = (before - level) * (before + level) * signal(level) * signal(before);
            let weight = t.alpha * correction(t.noise_level(), level) / rise;
            terms.extend([(slot(i - 1), weight), (slot(i), -weight)]);
        }
        builder.step(s, t);
        builder.evaluate(POSITION, slot(i), s, Prediction::Noise);
        builder.combine(POSITION, &terms);
    }
    builder.finish()
}

const OUTPUT: usize = 1;
const NOISY: usize = 2;
const NOISE: usize = 3;

/// The SDE form: noise before and after the score.
pub fn accelerated_ddpm(setup: &Setup<'_>) -> Result<Program> {
    check_finite_grid(setup.nodes)?;
    let preserving = |node: Node| -> Result<(Node, f64)> {
        let inside = Node::variance_preserving(node.noise_level())?;
        Ok((inside, inside.alpha / node.alpha))
    };
    let mut builder = Builder::new();
    for pair in setup.nodes.windows(2) {
        let ((s, into), (t, out)) = (preserving(pair[0])?, preserving(pair[1])?);
        let ratio = s.alpha / t.alpha;
        let lost = 1.0 - ratio * ratio;
        let spread = setup.options.noise_scale * (0.5 * lost).sqrt();
        builder.step(pair[0], pair[1]);
        builder.combine_with_noise(NOISY, &[(POSITION, into)], (NOISE, spread), None);
        builder.evaluate(NOISY, OUTPUT, s, Prediction::Noise);
        let of_output = -lost / (s.sigma * ratio * out);
        let terms = [(NOISY, 1.0 / (ratio * out)), (OUTPUT, of_output)];
        let last = if pair[1].is_clean() {
            0.0
        } else {
            spread / out
        };
        builder.combine_with_noise(POSITION, &terms, (NOISE, last), None);
    }
    builder.finish()
}
