//! Programs run on one particle in double precision: the oracle of any faster way to run them.

use super::{Innovation, Node, Operation, Program};
use crate::target::Prediction;

/// Takes one particle through `program`, which must draw no noise; `denoise` writes the prediction at a
/// position and a node.
pub fn run_scalar(
    program: &Program,
    position: &mut [f64],
    denoise: impl FnMut(&[f64], &Node, Prediction, &mut [f64]),
) {
    let mut registers = vec![vec![0.0; position.len()]; program.registers];
    registers[0].copy_from_slice(position);
    let silent = |_: Option<Innovation>, noise: &mut [f64]| noise.fill(0.0);
    run_steps(program, 0, &mut registers, denoise, silent);
    position.copy_from_slice(&registers[0]);
}

/// Takes the registers of one particle through the steps from `first` on; `draw` fills a register with
/// standard normals.
pub fn run_steps(
    program: &Program,
    first: usize,
    registers: &mut [Vec<f64>],
    mut denoise: impl FnMut(&[f64], &Node, Prediction, &mut [f64]),
    mut draw: impl FnMut(Option<Innovation>, &mut [f64]),
) {
    let mut result = vec![0.0; registers[0].len()];
    let steps = program.steps.get(first..).unwrap_or_default();
    for operation in steps.iter().flat_map(|step| &step.operations) {
        match operation {
            Operation::Evaluate {
                from,
                at,
                prediction,
                ..
            } => denoise(&registers[*from], at, *prediction, &mut result),
            Operation::Draw { innovation, .. } => draw(*innovation, &mut result),
            Operation::Combine { terms, .. } => {
                result.fill(0.0);
                for (register, coefficient) in terms {
                    for (sum, value) in result.iter_mut().zip(&registers[*register]) {
                        *sum = coefficient.mul_add(*value, *sum);
                    }
                }
            }
        }
        registers[operation.registers().1].copy_from_slice(&result);
    }
}
