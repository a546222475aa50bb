//! Programs run on one particle in double precision: the oracle of any faster way to run them.

use super::{Node, Operation, Prediction, Program};

/// Takes one particle through `program`; `denoise` writes the prediction at a position and a node.
pub fn run_scalar(
    program: &Program,
    position: &mut [f64],
    mut denoise: impl FnMut(&[f64], &Node, Prediction, &mut [f64]),
) {
    let dim = position.len();
    let mut registers = vec![vec![0.0; dim]; program.registers];
    registers[0].copy_from_slice(position);
    let mut result = vec![0.0; dim];
    for operation in program.steps.iter().flat_map(|step| &step.operations) {
        let to = match operation {
            Operation::Evaluate {
                from,
                to,
                at,
                prediction,
            } => {
                denoise(&registers[*from], at, *prediction, &mut result);
                to
            }
            Operation::Combine { to, terms } => {
                result.fill(0.0);
                for (register, coefficient) in terms {
                    for (sum, value) in result.iter_mut().zip(&registers[*register]) {
                        *sum = coefficient.mul_add(*value, *sum);
                    }
                }
                to
            }
        };
        registers[*to].copy_from_slice(&result);
    }
    position.copy_from_slice(&registers[0]);
}
