//! Adams-Bashforth methods in the noise level, on dy = eps ds for y = x / alpha, s = sigma / alpha.
//!
//! ```text
//! y' = y + sum_j w_j e_j
//! ```
//!
//! | weights | w_j |
//! |---|---|
//! | exact (LMS, rhoAB, iPNDM_v) | integrals over the step of the Lagrange polynomials of the last p levels |
//! | uniform (iPNDM) | (s' - s) times those of a uniform grid: 3/2, -1/2; 23/12, -16/12, 5/12; ... |
//! | extrapolated (gradient estimation) | (s' - s) (g, 1 - g) |
//!
//! Order p with exact weights on any grid; 2 at most with uniform weights on a grid that is not; 1 with an
//! extrapolation of g != 3/2. Lower orders at the start cap the global order at 2, unless the start is taken by
//! Runge-Kutta steps of order 4. One call a step. The published weights of iPNDM_v are wrong beyond order 2
//! (order 1.8 at order 4 on Karras grids); what goes by its name here are the exact ones. Sources: Zhang, Chen
//! 2022, arXiv:2204.13902; Liu et al. 2022, arXiv:2202.09778; Permenter, Yuan 2023, arXiv:2306.04848;
//! Crowson's k-diffusion.

use super::builder::{Builder, POSITION};
use super::runge_kutta::{CLASSICAL4, runge_kutta_end};
use super::{Setup, StartUp, check_finite_grid};
use crate::diffusion::Program;
use crate::diffusion::quadrature::gauss_legendre;
use crate::error::{Error, Result};
use crate::target::Prediction;

/// The weights of outputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AdamsWeights {
    /// Integrals of Lagrange polynomials.
    Exact,
    /// Those of a uniform grid.
    Uniform,
    /// Of the newest output, and the rest to the one before.
    Extrapolated(f64),
}

/// Adams-Bashforth on a uniform grid, orders 1 to 4.
pub(super) const UNIFORM: [&[f64]; 4] = [
    &[1.0],
    &[1.5, -0.5],
    &[23.0 / 12.0, -16.0 / 12.0, 5.0 / 12.0],
    &[55.0 / 24.0, -59.0 / 24.0, 37.0 / 24.0, -9.0 / 24.0],
];

/// The program of order 1 to 6 (uniform weights: 4).
pub fn adams(setup: &Setup<'_>, order: usize, weights: AdamsWeights) -> Result<Program> {
    let nodes = setup.nodes;
    check_finite_grid(nodes)?;
    let most = if weights == AdamsWeights::Exact { 6 } else { 4 };
    if !(1..=most).contains(&order) {
        return Err(Error::invalid("order", order, format!("1 to {most}")));
    }
    let slot = |i: usize| 1 + i % order;
    let free = [order + 1, order + 2, order + 3, order + 4];
    let mut builder = Builder::new();
    for (i, pair) in nodes.windows(2).enumerate() {
        let (s, t) = (pair[0], pair[1]);
        builder.step(s, t);
        builder.evaluate(POSITION, slot(i), s, Prediction::Noise);
        if setup.options.start_up == StartUp::Stages && i + 1 < order && !t.is_clean() {
            let terms = runge_kutta_end(&mut builder, &CLASSICAL4, s, t, slot(i), &free);
            builder.combine(POSITION, &terms);
            continue;
        }
        let used = order.min(i + 1);
        let levels: Vec<f64> = (0..used).map(|j| nodes[i - j].noise_level()).collect();
        let (level, next) = (s.noise_level(), t.noise_level());
        let mut terms = vec![(POSITION, t.alpha / s.alpha)];
        for j in 0..used {
            let weight = match weights {
                AdamsWeights::Exact => {
                    gauss_legendre(order.div_ceil(2), level, next, |s| lagrange(&levels, j, s))
                }
                AdamsWeights::Uniform => (next - level) * UNIFORM[used - 1][j],
                AdamsWeights::Extrapolated(_) if used == 1 => next - level,
                AdamsWeights::Extrapolated(newest) => (next - level) * [newest, 1.0 - newest][j],
            };
            terms.push((slot(i - j), t.alpha * weight));
        }
        builder.combine(POSITION, &terms);
    }
    builder.finish()
}

/// The Lagrange polynomial of node `j` at `place`.
pub(super) fn lagrange(nodes: &[f64], j: usize, place: f64) -> f64 {
    let others = nodes.iter().enumerate().filter(|(k, _)| *k != j);
    others
        .map(|(_, other)| (place - other) / (nodes[j] - other))
        .product()
}
