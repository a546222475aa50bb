//! Adams-Bashforth in the schedule's own time (tAB-DEIS; Zhang, Chen 2022, arXiv:2204.13902).
//!
//! ```text
//! x' = (alpha'/alpha) x + alpha' sum_j C_j e_j,    C_j = int l_j(tau(s)) ds from s to s'
//! ```
//!
//! with l_j the Lagrange polynomials in time of the last p nodes. The integral has no closed form; written in
//! lambda, ds = -e^-lambda d lambda, it is smooth, and 24 Gauss nodes a unit of lambda make it exact to
//! rounding (the authors sum 10000 rectangles). Order p on smooth grids, capped at 2 by a cold start. One call
//! a step.

use super::adams::lagrange;
use super::builder::{Builder, POSITION};
use super::{Setup, check_finite_grid};
use crate::diffusion::Program;
use crate::diffusion::quadrature::gauss_legendre;
use crate::error::{Error, Result};
use crate::target::Prediction;
use driftlane_kernels::Lane;

const GAUSS_NODES: usize = 24;

/// The program of order 1 to 4.
pub fn time_adams(setup: &Setup<'_>, order: usize) -> Result<Program> {
    let nodes = setup.nodes;
    check_finite_grid(nodes)?;
    if nodes.last().is_some_and(|node| node.is_clean()) {
        let allowed = "above 0 at the end for solvers in the schedule's time";
        return Err(Error::invalid("grid", 0, allowed));
    }
    let times: Vec<f64> = nodes
        .iter()
        .map(|node| setup.schedule.time_of(node.noise_level()))
        .collect();
    if times.windows(2).any(|pair| pair[1] >= pair[0]) {
        let allowed = "within the schedule's noise levels for solvers in its time";
        return Err(Error::invalid("grid", nodes[0].noise_level(), allowed));
    }
    let slot = |i: usize| 1 + i % order;
    let mut builder = Builder::new();
    for (i, pair) in nodes.windows(2).enumerate() {
        let (s, t) = (pair[0], pair[1]);
        builder.step(s, t);
        builder.evaluate(POSITION, slot(i), s, Prediction::Noise);
        let used = order.min(i + 1);
        let history: Vec<f64> = (0..used).map(|j| times[i - j]).collect();
        let mut terms = vec![(POSITION, t.alpha / s.alpha)];
        for j in 0..used {
            let integrand = |lambda: f64| {
                let level = Lane::exp(-lambda);
                -level * lagrange(&history, j, setup.schedule.time_of(level))
            };
            let (from, to) = (s.lambda(), t.lambda());
            let pieces = (to - from).ceil().max(1.0);
            let length = (to - from) / pieces;
            let weight: f64 = (0..pieces as usize)
                .map(|k| {
                    let start = (k as f64).mul_add(length, from);
                    gauss_legendre(GAUSS_NODES, start, start + length, integrand)
                })
                .sum();
            terms.push((slot(i - j), t.alpha * weight));
        }
        builder.combine(POSITION, &terms);
    }
    builder.finish()
}
