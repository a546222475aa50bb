//! Pseudo linear multistep (Liu, Ren, Lin, Zhao 2022, arXiv:2202.09778), the form that needs no Runge-Kutta
//! start.
//!
//! ```text
//! x' = DDIM(x, e),  e = (55 e_0 - 59 e_1 + 37 e_2 - 9 e_3) / 24,   (23, -16, 5)/12 and (3, -1)/2 on the way there
//! first step: to the next node with e_0, again from the start with (e_0 + e')/2, e' there
//! ```
//!
//! The weights are those of a uniform grid; on any other the global order is 2. One call a step and one more.

use super::builder::{Builder, POSITION};
use super::check_grid;
use super::sigma::euler_step;
use crate::diffusion::{Node, Prediction, Program};
use crate::error::{Error, Result};

const WEIGHTS: [&[f64]; 3] = [
    &[1.5, -0.5],
    &[23.0 / 12.0, -16.0 / 12.0, 5.0 / 12.0],
    &[55.0 / 24.0, -59.0 / 24.0, 37.0 / 24.0, -9.0 / 24.0],
];
const SLOTS: usize = 4;
/// The output at the end of the first step, and where that began.
const END: usize = 5;
const START: usize = 6;

/// PNDM without Runge-Kutta steps (PLMS).
pub fn pndm(nodes: &[Node]) -> Result<Program> {
    check_grid(nodes)?;
    if nodes[0].noise_level().is_infinite() {
        let allowed = "finite at the start for solvers in the noise level";
        return Err(Error::invalid("grid", "infinity", allowed));
    }
    let slot = |i: usize| 1 + i % SLOTS;
    let mut builder = Builder::new();
    for (i, pair) in nodes.windows(2).enumerate() {
        let (s, t) = (pair[0], pair[1]);
        let (position, noise) = euler_step(s, t);
        builder.step(s, t);
        builder.evaluate(POSITION, slot(i), s, Prediction::Noise);
        if i == 0 {
            builder.combine(START, &[(POSITION, 1.0)]);
            builder.combine(POSITION, &[(POSITION, position), (slot(0), noise)]);
            builder.evaluate(POSITION, END, t, Prediction::Noise);
            let half = 0.5 * noise;
            let terms = [(START, position), (slot(0), half), (END, half)];
            builder.combine(POSITION, &terms);
            continue;
        }
        let weights = WEIGHTS[i.min(3) - 1];
        let mut terms = vec![(POSITION, position)];
        terms.extend(
            weights
                .iter()
                .enumerate()
                .map(|(j, w)| (slot(i - j), noise * w)),
        );
        builder.combine(POSITION, &terms);
    }
    builder.finish()
}
