//! Pseudo linear multistep (Liu, Ren, Lin, Zhao 2022, arXiv:2202.09778), with its Runge-Kutta start and without.
//!
//! ```text
//! x' = DDIM(x, e),  e = (55 e_0 - 59 e_1 + 37 e_2 - 9 e_3) / 24
//! PLMS:  first step to the next node with e_0, again from the start with (e_0 + e')/2, e' there;
//!        then (3, -1)/2 and (23, -16, 5)/12 on the way there                                   n + 1 calls
//! PNDM:  the first three steps by e = (e_0 + 2 e_1 + 2 e_2 + e_3)/6 with e_1 and e_2 at the middle in time,
//!        e_3 at the end, each reached by DDIM with the one before                              n + 9 calls
//! ```
//!
//! The weights are those of a uniform grid; on any other the global order is 2.

use super::adams::UNIFORM;
use super::builder::{Builder, POSITION};
use super::sigma::euler_step;
use super::{Setup, check_finite_grid};
use crate::diffusion::{Node, Program, of_level};
use crate::error::Result;
use crate::target::Prediction;

const SLOTS: usize = 4;
/// Outputs within the first steps, and where they began.
const INNER: [usize; 3] = [5, 6, 7];
const START: usize = 8;

/// PNDM, and PLMS where there are no Runge-Kutta steps.
pub fn pndm(setup: &Setup<'_>, runge_kutta: bool) -> Result<Program> {
    check_finite_grid(setup.nodes)?;
    let slot = |i: usize| 1 + i % SLOTS;
    let mut builder = Builder::new();
    for (i, pair) in setup.nodes.windows(2).enumerate() {
        let (s, t) = (pair[0], pair[1]);
        let (position, noise) = euler_step(s, t);
        builder.step(s, t);
        builder.evaluate(POSITION, slot(i), s, Prediction::Noise);
        if runge_kutta && i < 3 && !t.is_clean() {
            runge_kutta_step(&mut builder, setup, s, t, slot(i));
            continue;
        }
        if i == 0 && !runge_kutta && !t.is_clean() {
            builder.combine(START, &[(POSITION, 1.0)]);
            builder.combine(POSITION, &[(POSITION, position), (slot(0), noise)]);
            builder.evaluate(POSITION, INNER[0], t, Prediction::Noise);
            let half = 0.5 * noise;
            let terms = [(START, position), (slot(0), half), (INNER[0], half)];
            builder.combine(POSITION, &terms);
            continue;
        }
        let weights = UNIFORM[i.min(3)];
        let mut terms = vec![(POSITION, position)];
        let weighted = weights.iter().enumerate();
        terms.extend(weighted.map(|(j, w)| (slot(i - j), noise * w)));
        builder.combine(POSITION, &terms);
    }
    builder.finish()
}

fn runge_kutta_step(builder: &mut Builder, setup: &Setup<'_>, s: Node, t: Node, first: usize) {
    let time = |node: Node| setup.schedule.time_of(node.noise_level());
    let middle = setup.schedule.at(0.5 * (time(s) + time(t))).noise_level();
    let middle = of_level(setup.schedule, middle);
    builder.combine(START, &[(POSITION, 1.0)]);
    let mut latest = first;
    for (at, register) in [middle, middle, t].into_iter().zip(INNER) {
        let (position, noise) = euler_step(s, at);
        builder.combine(POSITION, &[(START, position), (latest, noise)]);
        builder.evaluate(POSITION, register, at, Prediction::Noise);
        latest = register;
    }
    let (position, noise) = euler_step(s, t);
    let (sixth, third) = (noise / 6.0, noise / 3.0);
    let terms = [
        (START, position),
        (first, sixth),
        (INNER[0], third),
        (INNER[1], third),
        (INNER[2], sixth),
    ];
    builder.combine(POSITION, &terms);
}
