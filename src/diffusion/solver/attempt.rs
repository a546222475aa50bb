//! One attempted step of an adaptive solver: two results of neighbouring orders from shared calls.
//!
//! ```text
//! 12:  low = DPM-Solver-1,  high = DPM-Solver-2 at r = 1/2;    23:  low = -2 at r = 1/3,  high = -3 at 1/3, 2/3
//! ```

use super::between;
use super::builder::{Builder, POSITION};
use super::multistep::{Kernel, Weights, combination};
use crate::diffusion::{Node, Operation};
use crate::error::Result;
use crate::target::Prediction;
use driftlane_kernels::Lane;

/// The register of the lower result.
pub(in crate::diffusion) const LOW: usize = 5;
/// The register of the higher result.
pub(in crate::diffusion) const HIGH: usize = 6;
/// Registers in use.
pub(in crate::diffusion) const REGISTERS: usize = 7;

const OUTPUTS: [usize; 3] = [1, 2, 3];
const STAGE: usize = 4;

/// What is done, and where it leads.
pub(in crate::diffusion) struct Attempt {
    pub operations: Vec<Operation>,
    pub to: Node,
}

/// A step of `h` in lambda from `s`, on the way to `last`, with a higher method of order 2 or 3.
pub(in crate::diffusion) fn attempt(order: usize, s: Node, last: Node, h: f64) -> Result<Attempt> {
    let at = |place: f64| between(s, last, Lane::exp(-place.mul_add(h, s.lambda())));
    let t = match s.lambda() + h >= last.lambda() {
        true => last,
        false => at(1.0),
    };
    let kernel = |weights| Kernel {
        prediction: Prediction::Noise,
        weights,
        eta: 0.0,
    };
    let (exact, midpoint) = (kernel(Weights::Exact), kernel(Weights::Midpoint));
    let [first, second, third] = OUTPUTS;
    let mut builder = Builder::new();
    builder.step(s, t);
    builder.evaluate(POSITION, first, s, Prediction::Noise);
    let call = |builder: &mut Builder, place: f64, output, others: &[(usize, f64)]| {
        let node = at(place);
        let terms = combination(&exact, (s, node), first, others)?;
        builder.combine(STAGE, &terms);
        builder.evaluate(STAGE, output, node, Prediction::Noise);
        Ok::<_, crate::error::Error>((output, node.lambda()))
    };
    let (low, high) = if order == 2 {
        let inner = call(&mut builder, 0.5, second, &[])?;
        let low = combination(&exact, (s, t), first, &[])?;
        (low, combination(&midpoint, (s, t), first, &[inner])?)
    } else {
        let inner = call(&mut builder, 1.0 / 3.0, second, &[])?;
        let later = call(&mut builder, 2.0 / 3.0, third, &[inner])?;
        let low = combination(&midpoint, (s, t), first, &[inner])?;
        (low, combination(&exact, (s, t), first, &[later])?)
    };
    builder.combine(LOW, &low);
    builder.combine(HIGH, &high);
    let mut program = builder.finish()?;
    let operations = program
        .steps
        .pop()
        .map_or(Vec::new(), |step| step.operations);
    Ok(Attempt { operations, to: t })
}
