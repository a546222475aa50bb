//! Heavy ball and GHVB (Wizadwongsa et al. 2023, arXiv:2307.11118), in the noise level: y = x / alpha, s =
//! sigma / alpha.
//!
//! ```text
//! heavy ball:  v <- (1 - b) v + b AB_k(e),         y' = y + (s' - s) v
//! GHVB:        v <- (1 - b) v + b e,               y' = y + (s' - s) mix_k(v; b) / b
//! mix_k = sum_j c_j nabla^j v, the terms up to nabla^(k-1) of (b + (1 - b) nabla) sum_j g_j nabla^j,
//! g = 1, 1/2, 5/12, 3/8, 251/720
//! ```
//!
//! b = 1 is Adams-Bashforth of order k. GHVB has order k on grids uniform in s, heavy ball order 1; `ghvb-2.5`
//! is k = 3 with b = 0.5. Velocity begins as the first output; lower k at the start. One call a step.

use super::adams::UNIFORM;
use super::builder::{Builder, POSITION};
use super::{Setup, check_finite_grid};
use crate::diffusion::Program;
use crate::error::{Error, Result};
use crate::target::Prediction;

/// Coefficients of backward differences in Adams-Bashforth's step.
const DIFFERENCES: [f64; 5] = [1.0, 0.5, 5.0 / 12.0, 3.0 / 8.0, 251.0 / 720.0];

/// What velocities, newest first, are multiplied by in mix_k / b.
fn mix(order: usize, momentum: f64) -> Vec<f64> {
    let mut of_differences = vec![0.0; order];
    for (j, slot) in of_differences.iter_mut().enumerate() {
        *slot = momentum * DIFFERENCES[j];
        if j > 0 {
            *slot += (1.0 - momentum) * DIFFERENCES[j - 1];
        }
    }
    // nabla^j v = sum_i (-1)^i binomial(j, i) v_i.
    let mut weights = vec![0.0; order];
    for (j, c) in of_differences.iter().enumerate() {
        let mut binomial = 1.0;
        for (i, weight) in weights.iter_mut().enumerate().take(j + 1) {
            *weight += c * binomial / momentum;
            binomial *= -((j - i) as f64) / (i + 1) as f64;
        }
    }
    weights
}

/// The program of order 1 to 5 (heavy ball: 4) with `momentum` b in (0, 1].
pub fn momentum(
    setup: &Setup<'_>,
    order: usize,
    momentum: f64,
    generalised: bool,
) -> Result<Program> {
    check_finite_grid(setup.nodes)?;
    let most = if generalised { 5 } else { 4 };
    if !(1..=most).contains(&order) {
        return Err(Error::invalid("order", order, format!("1 to {most}")));
    }
    let slot = |i: usize| 1 + i % order;
    let (velocity, output) = (order + 1, order + 2);
    let mut builder = Builder::new();
    for (i, pair) in setup.nodes.windows(2).enumerate() {
        let (s, t) = (pair[0], pair[1]);
        let step = t.alpha * (t.noise_level() - s.noise_level());
        let used = order.min(i + 1);
        builder.step(s, t);
        let mut terms = vec![(POSITION, t.alpha / s.alpha)];
        if generalised {
            builder.evaluate(POSITION, output, s, Prediction::Noise);
            let blend = match i {
                0 => vec![(output, 1.0)],
                _ => vec![(slot(i - 1), 1.0 - momentum), (output, momentum)],
            };
            builder.combine(slot(i), &blend);
            let weighted = mix(used, momentum).into_iter().enumerate();
            terms.extend(weighted.map(|(j, w)| (slot(i - j), step * w)));
        } else {
            builder.evaluate(POSITION, slot(i), s, Prediction::Noise);
            let share = if i == 0 { 1.0 } else { momentum };
            let newest = UNIFORM[used - 1].iter().enumerate();
            let newest = newest.map(|(j, w)| (slot(i - j), share * w));
            let kept = (i > 0).then_some((velocity, 1.0 - momentum));
            let blend: Vec<_> = kept.into_iter().chain(newest).collect();
            builder.combine(velocity, &blend);
            terms.push((velocity, step));
        }
        builder.combine(POSITION, &terms);
    }
    builder.finish()
}
