//! DPM-Solver and DPM-Solver++ singlestep (Lu et al. 2022, arXiv:2206.00927 and arXiv:2211.01095): steps of order
//! 1, 2, ..., p over consecutive nodes, each from the start of its block.
//!
//! ```text
//! 2:  x_t = A x_0 + B [E_0 m_0 + w (m_1 - m_0)],   w = E_0 / (2 r_1), or E_1 / r_1 as an inner stage of order 3
//! 3:  x_t = A x_0 + B [E_0 m_0 + E_1 (m_2 - m_0) / r_2]
//! ```
//!
//! with h and r measured from the block's start, A, B and E (F) as in [`multistep`](super::multistep). The inner
//! positions of a block are steps of lower order, so one call a node. Orders 2 and 3; the ++ form of order 3 has
//! E_0 / (2 r_1) within, as diffusers has it. Blocks end early so that the last step has order 1, which caps the order
//! of the end at 2, where there is noise left to see it; at ends of whole blocks it is that of the block. A step from
//! noise alone, which is infinitely long, is a block of its own.

use super::builder::{Builder, POSITION};
use super::check_grid;
use crate::diffusion::weights::{data_integral, noise_integral};
use crate::diffusion::{Node, Program};
use crate::error::{Error, Result};
use crate::target::Prediction;

/// Orders of the steps: blocks 1, 2, .., p, and the last of order 1.
fn orders(steps: usize, order: usize) -> Vec<usize> {
    let block = |blocks: usize| (1..=order).cycle().take(blocks * order).collect::<Vec<_>>();
    let (whole, rest) = (steps / order, steps % order);
    let (mut orders, tail): (Vec<usize>, &[usize]) = match (order, rest) {
        (2, 0) => (block(whole - 1), &[1, 1]),
        (3, 0) => (block(whole - 1), &[1, 2, 1]),
        (3, 2) => (block(whole), &[1, 2]),
        _ => (block(whole), &[1]),
    };
    orders.extend(tail);
    orders
}

/// The program of order 2 or 3.
pub fn singlestep(nodes: &[Node], order: usize, prediction: Prediction) -> Result<Program> {
    check_grid(nodes)?;
    if !(2..=3).contains(&order) {
        return Err(Error::invalid("order", order, "2 or 3"));
    }
    if prediction == Prediction::Noise {
        super::check_finite_grid(nodes)?;
        if nodes.last().is_some_and(Node::is_clean) {
            let allowed = "above 0 at the end for solvers that predict noise";
            return Err(Error::invalid("grid", 0, allowed));
        }
    }
    let start = order + 1;
    let of_block = order;
    let mut builder = Builder::new();
    // Of the steps after one from noise alone.
    let alone = usize::from(nodes[0].alpha == 0.0);
    let rest = match nodes.len() - 1 - alone {
        0 => Vec::new(),
        steps => orders(steps, order),
    };
    let all = std::iter::repeat_n(1, alone).chain(rest);
    for (i, order) in all.enumerate() {
        let (s, t) = (nodes[i], nodes[i + 1]);
        builder.step(s, t);
        // A step to a clean node is a step of order 1, from its own start.
        let order = if t.is_clean() { 1 } else { order };
        let output = order;
        builder.evaluate(POSITION, output, s, prediction);
        if order == 1 {
            builder.combine(start, &[(POSITION, 1.0)]);
        }
        let begin = nodes[i + 1 - order];
        let h = t.lambda() - begin.lambda();
        let integral = |k: usize| match prediction {
            Prediction::Data => data_integral(k, h),
            Prediction::Noise => noise_integral(k, h),
        };
        let (position, outputs) = match prediction {
            Prediction::Data => (t.sigma / begin.sigma, t.alpha),
            Prediction::Noise => (t.alpha / begin.alpha, -t.sigma),
        };
        let first = integral(0);
        let inner = |j: usize| (nodes[i + 1 - order + j].lambda() - begin.lambda()) / h;
        let w = match order {
            1 => 0.0,
            2 if of_block == 3 && prediction == Prediction::Noise => integral(1) / inner(1),
            2 => 0.5 * first / inner(1),
            _ => integral(1) / inner(2),
        };
        let mut terms = vec![(start, position), (1, outputs * (first - w))];
        if order > 1 {
            terms.push((output, outputs * w));
        }
        builder.combine(POSITION, &terms);
    }
    builder.finish()
}
