//! Euler and Heun on the velocity of a flow, u = eps - x_0 (Lipman et al. 2023, arXiv:2210.02747; Liu, Gong,
//! Liu 2023, arXiv:2209.03003).
//!
//! ```text
//! x' = x + (sigma' - sigma) u,  or with (u + u')/2, u' at the end;    u = (x - D) / sigma
//! ```
//!
//! in the frame alpha = 1 - sigma, into which other frames are scaled: well defined at noise alone, where alpha
//! is 0. Euler is DDIM's map; Heun has order 2 and two calls, the step to a clean node is Euler's.

use super::builder::{Builder, POSITION};
use super::{Setup, check_grid};
use crate::diffusion::{Node, Program};
use crate::error::Result;
use crate::target::Prediction;

const OUTPUT: usize = 1;
const SECOND: usize = 2;
const STAGE: usize = 3;

/// The node in the flow's frame, and what positions are divided by on the way there.
fn in_flow(node: Node) -> (Node, f64) {
    let size = node.alpha + node.sigma;
    let inside = Node {
        time: node.sigma / size,
        alpha: node.alpha / size,
        sigma: node.sigma / size,
    };
    (inside, size)
}

/// Euler's method, or Heun's.
pub fn flow_matching(setup: &Setup<'_>, heun: bool) -> Result<Program> {
    check_grid(setup.nodes)?;
    let mut builder = Builder::new();
    for pair in setup.nodes.windows(2) {
        let ((s, size_s), (t, size_t)) = (in_flow(pair[0]), in_flow(pair[1]));
        let step = t.sigma - s.sigma;
        // x + step (x - D) / sigma, of which Heun takes half.
        let euler = |share: f64| {
            let part = share * step / s.sigma;
            [(POSITION, (1.0 + part) / size_s), (OUTPUT, -part)]
        };
        builder.step(pair[0], pair[1]);
        builder.evaluate(POSITION, OUTPUT, pair[0], Prediction::Data);
        if !heun || pair[1].is_clean() {
            let terms = euler(1.0).map(|(register, c)| (register, c * size_t));
            builder.combine(POSITION, &terms);
            continue;
        }
        builder.combine(STAGE, &euler(1.0));
        builder.evaluate(STAGE, SECOND, t, Prediction::Data);
        let part = 0.5 * step / t.sigma;
        let mut terms = euler(0.5).to_vec();
        terms.extend([(STAGE, part), (SECOND, -part)]);
        terms.iter_mut().for_each(|term| term.1 *= size_t);
        builder.combine(POSITION, &terms);
    }
    builder.finish()
}
