//! One-step exponential integrators with inner stages, of any number and place (exponential Runge-Kutta
//! methods; DPM-Solver-2 and -3 of Lu et al. 2022, arXiv:2206.00927, are the stages 1/2 and 1/3, 2/3).
//!
//! ```text
//! x_j = A_j x_s + B_j [E_0 m_0 + sum_i w_i (m_i - m_0)],    i < j, for stages 1, .., q and the end
//! ```
//!
//! with the weights of [`multistep`](super::multistep) on the stages before, so that order q + 1 needs q + 1
//! calls: each stage at r_j h takes the step over r_j h from the start with the stages before it as nodes.

use super::between;
use super::builder::{Builder, POSITION};
use super::multistep::{Kernel, combination};
use crate::diffusion::Node;
use crate::error::Result;
use driftlane_kernels::Lane;

/// Takes the position, whose output stands in `output`, from `s` to `t` by stages at `places` (shares of the
/// step in lambda, rising between 0 and 1); `free` are registers for the outputs of the stages and, last, the
/// position at a stage. Returns what the end combines; nothing is added to the position.
pub(super) fn stages(
    builder: &mut Builder,
    kernel: &Kernel,
    (s, t): (Node, Node),
    places: &[f64],
    output: usize,
    free: &[usize],
) -> Result<Vec<(usize, f64)>> {
    let h = t.lambda() - s.lambda();
    let stage = free[places.len()];
    let mut known: Vec<(usize, f64)> = Vec::new();
    for (place, register) in places.iter().zip(free) {
        let at = between(s, t, Lane::exp(-(place * h + s.lambda())));
        let terms = combination(kernel, (s, at), output, &known)?;
        builder.combine(stage, &terms);
        builder.evaluate(stage, *register, at, kernel.prediction);
        known.push((*register, at.lambda()));
    }
    combination(kernel, (s, t), output, &known)
}

/// The same up to the new position.
pub(super) fn step_by_stages(
    builder: &mut Builder,
    kernel: &Kernel,
    ends: (Node, Node),
    places: &[f64],
    output: usize,
    free: &[usize],
) -> Result<()> {
    let terms = stages(builder, kernel, ends, places, output, free)?;
    builder.combine(POSITION, &terms);
    Ok(())
}
