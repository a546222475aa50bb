//! DPM-Solver++ singlestep (Lu et al. 2022, arXiv:2211.01095): steps of order 1, 2, ..., p over consecutive nodes,
//! each from the start of its block.
//!
//! ```text
//! 2:  x_t = (sigma_t/sigma_0) x_0 + alpha_t [E_0 m_0 + (E_0/2) (m_1 - m_0) / r_1]
//! 3:  x_t = ...                   + alpha_t [E_0 m_0 + E_1 (m_2 - m_0) / r_2]
//! ```
//!
//! with h and r measured from the block's start. The inner positions of a block are steps of lower order, so
//! one call a node. Orders 2 and 3. Blocks end early so that the last step has order 1; a step from noise alone,
//! which is infinitely long, is a block of its own.

use super::builder::{Builder, POSITION};
use super::check_grid;
use crate::diffusion::weights::data_integral;
use crate::diffusion::{Node, Prediction, Program};
use crate::error::{Error, Result};

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
pub fn singlestep(nodes: &[Node], order: usize) -> Result<Program> {
    check_grid(nodes)?;
    if !(2..=3).contains(&order) {
        return Err(Error::invalid("order", order, "2 or 3"));
    }
    let start = order + 1;
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
        builder.evaluate(POSITION, output, s, Prediction::Data);
        if order == 1 {
            builder.combine(start, &[(POSITION, 1.0)]);
        }
        let begin = nodes[i + 1 - order];
        let h = t.lambda() - begin.lambda();
        let first = data_integral(0, h);
        let inner = |j: usize| (nodes[i + 1 - order + j].lambda() - begin.lambda()) / h;
        let w = match order {
            1 => 0.0,
            2 => 0.5 * first / inner(1),
            _ => data_integral(1, h) / inner(2),
        };
        let mut terms = vec![(start, t.sigma / begin.sigma), (1, t.alpha * (first - w))];
        if order > 1 {
            terms.push((output, t.alpha * w));
        }
        builder.combine(POSITION, &terms);
    }
    builder.finish()
}
