//! Step programs: what a solver does, written for registers.
//!
//! Register 0 is the position; the others hold outputs of the denoiser and positions of stages. A step
//! evaluates the denoiser and forms linear combinations, and nothing else. What a later step reads is
//! [carried](Program::carried): with resampling these registers are channels of the population.

use super::Node;
use serde::Serialize;

/// What a call of the denoiser is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Prediction {
    /// E\[x_0 | x\].
    Data,
    /// E\[eps | x\].
    Noise,
}

/// One operation on registers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// Register `to` becomes the prediction at the position in register `from`, at the noise of `at`.
    Evaluate {
        /// The position's register.
        from: usize,
        /// The output's register.
        to: usize,
        /// Where on the schedule.
        at: Node,
        /// What is predicted.
        prediction: Prediction,
    },
    /// Register `to` becomes the sum of (register, coefficient); it may be one of them.
    Combine {
        /// The sum's register.
        to: usize,
        /// Registers and what they are multiplied by.
        terms: Vec<(usize, f64)>,
    },
}

/// The operations between two nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// Where the step begins.
    pub from: Node,
    /// Where it ends.
    pub to: Node,
    /// In this order.
    pub operations: Vec<Operation>,
}

/// A solver on a grid.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Program {
    /// Registers in use, the position included.
    pub registers: usize,
    /// In the order of sampling, noise first.
    pub steps: Vec<Step>,
}

impl Program {
    /// Calls of the denoiser.
    pub fn calls(&self) -> usize {
        let evaluates = |o: &&Operation| matches!(o, Operation::Evaluate { .. });
        let operations = self.steps.iter().flat_map(|step| &step.operations);
        operations.filter(evaluates).count()
    }

    /// The noise levels of the calls, in order.
    pub fn noise_levels(&self) -> Vec<f64> {
        let operations = self.steps.iter().flat_map(|step| &step.operations);
        operations
            .filter_map(|operation| match operation {
                Operation::Evaluate { at, .. } => Some(at.noise_level()),
                Operation::Combine { .. } => None,
            })
            .collect()
    }

    /// Registers that some step reads before it has written them, the position left out: what has to
    /// be kept from step to step.
    pub fn carried(&self) -> Vec<usize> {
        let mut carried = vec![false; self.registers];
        for step in &self.steps {
            let mut written = vec![false; self.registers];
            for operation in &step.operations {
                let (reads, to): (Vec<usize>, usize) = match operation {
                    Operation::Evaluate { from, to, .. } => (vec![*from], *to),
                    Operation::Combine { to, terms } => {
                        (terms.iter().map(|(register, _)| *register).collect(), *to)
                    }
                };
                for register in reads {
                    carried[register] |= !written[register];
                }
                written[to] = true;
            }
        }
        (1..self.registers).filter(|r| carried[*r]).collect()
    }
}
