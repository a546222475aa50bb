//! A program under construction.

use crate::diffusion::{Innovation, Node, Operation, Program, Step};
use crate::error::{Error, Result};
use crate::target::Prediction;

/// The register of the position.
pub(super) const POSITION: usize = 0;

/// As many as any combination has: a position and eleven outputs, or ten and noise.
pub(in crate::diffusion) const MOST_TERMS: usize = 12;

/// Collects operations step by step.
pub(super) struct Builder {
    program: Program,
}

impl Builder {
    pub fn new() -> Self {
        Self {
            program: Program {
                registers: 1,
                steps: Vec::new(),
            },
        }
    }

    pub fn step(&mut self, from: Node, to: Node) {
        self.program.steps.push(Step {
            from,
            to,
            operations: Vec::new(),
        });
    }

    pub fn evaluate(&mut self, from: usize, to: usize, at: Node, prediction: Prediction) {
        self.push(Operation::Evaluate {
            from,
            to,
            at,
            prediction,
        });
    }

    /// Terms of one register are added up, terms of nothing left out.
    pub fn combine(&mut self, to: usize, terms: &[(usize, f64)]) {
        let mut sums: Vec<(usize, f64)> = Vec::new();
        for &(register, coefficient) in terms {
            match sums.iter_mut().find(|(known, _)| *known == register) {
                Some((_, sum)) => *sum += coefficient,
                None => sums.push((register, coefficient)),
            }
        }
        sums.retain(|(_, coefficient)| *coefficient != 0.0);
        self.push(Operation::Combine { to, terms: sums });
    }

    /// The same with `coefficient` times fresh noise, drawn into register `noise`, on top; none where it is 0.
    pub fn combine_with_noise(
        &mut self,
        to: usize,
        terms: &[(usize, f64)],
        (noise, coefficient): (usize, f64),
        innovation: Option<Innovation>,
    ) {
        if coefficient == 0.0 {
            return self.combine(to, terms);
        }
        self.push(Operation::Draw {
            to: noise,
            innovation,
        });
        self.combine(to, &[terms, &[(noise, coefficient)]].concat());
    }

    fn push(&mut self, operation: Operation) {
        let (reads, to) = operation.registers();
        let most = reads.into_iter().fold(to, usize::max);
        self.program.registers = self.program.registers.max(most + 1);
        if let Some(step) = self.program.steps.last_mut() {
            step.operations.push(operation);
        }
    }

    /// Refuses a grid that some coefficient is not a finite number on.
    pub fn finish(self) -> Result<Program> {
        for step in &self.program.steps {
            let short = |operation: &Operation| operation.registers().0.len() <= MOST_TERMS;
            if !step.operations.iter().all(short) {
                let allowed = format!("a method whose sums have at most {MOST_TERMS} terms");
                return Err(Error::invalid("order", "too high", allowed));
            }
            let finite = |operation: &Operation| match operation {
                Operation::Combine { terms, .. } => terms.iter().all(|(_, c)| c.is_finite()),
                _ => true,
            };
            if !step.operations.iter().all(finite) {
                let shown = format!("{} to {}", step.from.noise_level(), step.to.noise_level());
                return Err(Error::invalid(
                    "grid",
                    shown,
                    "steps with finite coefficients",
                ));
            }
        }
        Ok(self.program)
    }
}

/// The innovation over a step, forwards in lambda.
pub(super) fn innovation(s: Node, t: Node, rate: f64) -> Option<Innovation> {
    let (old, new) = (s.lambda(), t.lambda());
    Some(Innovation { old, new, rate })
}
