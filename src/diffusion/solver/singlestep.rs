//! DPM-Solver and DPM-Solver++ singlestep (Lu et al. 2022, arXiv:2206.00927 and arXiv:2211.01095): steps of order
//! 1, 2, ..., p over consecutive nodes, each from the start of its block.
//!
//! ```text
//! 2:  x_t = A x_0 + B [E_0 m_0 + w (m_1 - m_0)],   w = E_0 / (2 r_1), or E_1 / r_1 as an inner stage of order 3
//! 3:  x_t = A x_0 + B [E_0 m_0 + E_1 (m_2 - m_0) / r_2]
//! taylor:  sum_i w_i r_i^k / k! = E_k over all outputs of the block: E_1 / r_1 at order 2, D' and D'' at order 3
//! ```
//!
//! with h and r measured from the block's start, A, B and E (F) as in [`multistep`](super::multistep), whose weights
//! these are. The inner positions of a block are steps of lower order, so one call a node. Orders 2 and 3; the ++ form
//! of order 3 has E_0 / (2 r_1) within, as diffusers has it, unless it is `taylor`. Blocks end early so that the last
//! step has order 1, which caps the order of the end at 2, where there is noise left to see it; at ends of whole blocks
//! it is that of the block. `fixed` (the authors' singlestep_fixed) has whole blocks up to the end, and one of the
//! steps that are left over. A step from noise alone, which is infinitely long, is a block of its own.

use super::Weights;
use super::builder::{Builder, POSITION};
use super::check_grid;
use super::multistep::{Kernel, combination};
use crate::diffusion::{Node, Program};
use crate::error::{Error, Result};
use crate::target::Prediction;

/// A singlestep method.
#[derive(Debug, Clone, Copy)]
pub(super) struct Singlestep {
    /// Of a block: 2 or 3.
    pub order: usize,
    /// What the denoiser is asked for.
    pub prediction: Prediction,
    /// Whether all outputs of a block are used, with exact weights.
    pub taylor: bool,
    /// Whether blocks are whole up to the end.
    pub fixed: bool,
}

/// Orders of the steps: blocks 1, 2, .., p, and the last of order 1.
fn lowered(steps: usize, order: usize) -> Vec<usize> {
    let block = |blocks: usize| whole(blocks * order, order);
    let (full, rest) = (steps / order, steps % order);
    let (mut orders, tail): (Vec<usize>, &[usize]) = match (order, rest) {
        (2, 0) => (block(full - 1), &[1, 1]),
        (3, 0) => (block(full - 1), &[1, 2, 1]),
        (3, 2) => (block(full), &[1, 2]),
        _ => (block(full), &[1]),
    };
    orders.extend(tail);
    orders
}

/// Blocks 1, 2, .., p, the last cut off.
fn whole(steps: usize, order: usize) -> Vec<usize> {
    (1..=order).cycle().take(steps).collect()
}

impl Singlestep {
    /// The moments of a step of this order, and the first of the block's outputs besides its own that it uses.
    fn weights(&self, order: usize) -> (Weights, usize) {
        let inner = self.order == 3 && self.prediction == Prediction::Noise;
        match order {
            _ if self.taylor => (Weights::Exact, 2),
            2 if !inner => (Weights::Midpoint, 2),
            order => (Weights::Exact, order),
        }
    }
}

/// The program.
pub(super) fn singlestep(nodes: &[Node], method: Singlestep) -> Result<Program> {
    let (of_block, prediction) = (method.order, method.prediction);
    check_grid(nodes)?;
    if !(2..=3).contains(&of_block) {
        return Err(Error::invalid("order", of_block, "2 or 3"));
    }
    if prediction == Prediction::Noise {
        super::check_finite_grid(nodes)?;
        if nodes.last().is_some_and(Node::is_clean) {
            let allowed = "above 0 at the end for solvers that predict noise";
            return Err(Error::invalid("grid", 0, allowed));
        }
    }
    let start = of_block + 1;
    let mut builder = Builder::new();
    // Of the steps after one from noise alone.
    let alone = usize::from(nodes[0].alpha == 0.0);
    let rest = match nodes.len() - 1 - alone {
        0 => Vec::new(),
        steps if method.fixed => whole(steps, of_block),
        steps => lowered(steps, of_block),
    };
    let all = std::iter::repeat_n(1, alone).chain(rest);
    for (i, order) in all.enumerate() {
        let (s, t) = (nodes[i], nodes[i + 1]);
        builder.step(s, t);
        // A step to a clean node is a step of order 1, from its own start.
        let order = if t.is_clean() { 1 } else { order };
        builder.evaluate(POSITION, order, s, prediction);
        if order == 1 {
            builder.combine(start, &[(POSITION, 1.0)]);
        }
        // Output k of the block stands in register k.
        let at = |output: usize| nodes[i + output - order];
        let (weights, first) = method.weights(order);
        let kernel = Kernel {
            prediction,
            weights,
            eta: 0.0,
        };
        let others: Vec<(usize, f64)> = (first.max(2)..=order)
            .map(|output| (output, at(output).lambda()))
            .collect();
        let mut terms = combination(&kernel, (at(1), t), 1, &others)?;
        terms[0].0 = start;
        builder.combine(POSITION, &terms);
    }
    builder.finish()
}
