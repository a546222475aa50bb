//! Step programs: what a solver does, written for registers.
//!
//! Register 0 is the position; the others hold outputs of the denoiser, positions of stages and noise. A step
//! evaluates the denoiser, draws normals and forms linear combinations, and nothing else. What a later step reads is
//! [carried](Program::carried): with resampling these registers are channels of the population.

use super::Node;
use crate::target::Prediction;
use serde::Serialize;

/// Which increment of a Brownian path a draw is, where it is one: the innovation of the stationary
/// Ornstein-Uhlenbeck process Y of this rate in lambda,
///
/// ```text
/// xi = (Y(new) - e^(-rate d) Y(old)) / sqrt(1 - e^(-2 rate d)),    d = |new - old|
/// ```
///
/// What a kernel of noise level eta adds over h is sigma_t sqrt(1 - e^(-2 eta h)) times the innovation of
/// rate eta, and two half steps add up to the whole one exactly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Innovation {
    /// lambda where Y is known.
    pub old: f64,
    /// lambda where it is new; before `old` for kernels linear in the noise prediction, whose clock runs
    /// backwards.
    pub new: f64,
    /// Above 0.
    pub rate: f64,
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
    /// Register `to` becomes standard normals.
    Draw {
        /// The register of the noise.
        to: usize,
        /// Its place on a Brownian path; none for noise that is not of the reverse process.
        innovation: Option<Innovation>,
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

impl Operation {
    /// The registers it reads, and the one it writes.
    pub fn registers(&self) -> (Vec<usize>, usize) {
        match self {
            Self::Evaluate { from, to, .. } => (vec![*from], *to),
            Self::Draw { to, .. } => (Vec::new(), *to),
            Self::Combine { to, terms } => (terms.iter().map(|term| term.0).collect(), *to),
        }
    }
}

impl Program {
    /// Every operation, in order.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.steps.iter().flat_map(|step| &step.operations)
    }

    /// Calls of the denoiser.
    pub fn calls(&self) -> usize {
        self.noise_levels().len()
    }

    /// The noise levels of the calls, in order.
    pub fn noise_levels(&self) -> Vec<f64> {
        self.operations()
            .filter_map(|operation| match operation {
                Operation::Evaluate { at, .. } => Some(at.noise_level()),
                _ => None,
            })
            .collect()
    }

    /// Whether it draws noise.
    pub fn is_stochastic(&self) -> bool {
        self.operations()
            .any(|operation| matches!(operation, Operation::Draw { .. }))
    }

    /// Registers that some step reads before it has written them, the position left out: what has to
    /// be kept from step to step.
    pub fn carried(&self) -> Vec<usize> {
        self.carried_across(1)
    }

    /// The same where `steps` steps at a time are taken together.
    pub fn carried_across(&self, steps: usize) -> Vec<usize> {
        let mut carried = vec![false; self.registers];
        for visit in self.steps.chunks(steps.max(1)) {
            let mut written = vec![false; self.registers];
            for operation in visit.iter().flat_map(|step| &step.operations) {
                let (reads, to) = operation.registers();
                for register in reads {
                    carried[register] |= !written[register];
                }
                written[to] = true;
            }
        }
        (1..self.registers).filter(|r| carried[*r]).collect()
    }

    /// The registers that hold the position: register 0 and its copies.
    pub fn positions(&self) -> Vec<usize> {
        let mut found = vec![0];
        for operation in self.operations() {
            if let Operation::Combine { to, terms } = operation
                && let [(from, 1.0)] = terms[..]
                && found.contains(&from)
                && !found.contains(to)
            {
                found.push(*to);
            }
        }
        found
    }

    /// Step by step and combination by combination, whether a later one goes on from the position that it writes, one
    /// of `positions`: what is only asked for a prediction, or replaced by a correction, is not gone on from.
    pub fn goes_on(&self, positions: &[usize]) -> Vec<Vec<bool>> {
        // The end is gone on from.
        let mut read: Vec<bool> = (0..self.registers).map(|register| register == 0).collect();
        let of_step = |step: &Step| {
            let mut all = Vec::new();
            for operation in step.operations.iter().rev() {
                let Operation::Combine { to, terms } = operation else {
                    continue;
                };
                let goes_on = std::mem::take(&mut read[*to]);
                let base = terms.iter().find(|term| positions.contains(&term.0));
                if let (true, Some((base, _))) = (goes_on, base) {
                    read[*base] = true;
                }
                all.push(goes_on);
            }
            all.reverse();
            all
        };
        let mut steps: Vec<Vec<bool>> = self.steps.iter().rev().map(of_step).collect();
        steps.reverse();
        steps
    }
}
