//! From the stages of a splitting to the passes of n steps.
//!
//! Neighbours of the same piece are merged, across steps too (two half kicks are one, two half
//! refreshments are one in law), and the sequence is cut where a gradient is needed at a position that
//! has moved. What lies between two cuts is one pass over the coordinates. A run of n steps is
//! opening, cycle (n - 2 times), closing, so its cost to compile does not depend on n.

use super::scheme::Stage;
use driftlane_kernels::step::splitting::Piece;

/// The pieces between two gradient evaluations.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    /// In the order they are applied.
    pub pieces: Vec<Piece>,
    /// Their shares of the step.
    pub shares: Vec<f64>,
    /// Whether the gradient is evaluated before it.
    pub evaluates: bool,
}

impl Pass {
    fn uses_gradient(&self) -> bool {
        self.pieces.iter().any(|piece| piece.uses_gradient())
    }
}

/// The passes of one, two and more steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    one: Vec<Pass>,
    two: Vec<Pass>,
    /// Passes of two steps before those that a further step inserts.
    opening: usize,
    cycle: Vec<Pass>,
}

impl Program {
    /// Of a step made of `stages`, at least one.
    pub fn new(stages: &[Stage]) -> Self {
        let [one, two, three] = [1, 2, 3].map(|steps| passes(stages, steps));
        let same = two.iter().zip(&three).take_while(|(a, b)| a == b);
        let opening = same.count();
        let inserted = three.len() - two.len();
        let cycle = three[opening..opening + inserted].to_vec();
        Self {
            one,
            two,
            opening,
            cycle,
        }
    }

    /// (opening, cycle, repetitions of the cycle, closing) of `steps` >= 1 steps.
    pub fn parts(&self, steps: usize) -> (&[Pass], &[Pass], usize, &[Pass]) {
        if steps < 2 {
            return (&self.one, &[], 0, &[]);
        }
        let (opening, closing) = self.two.split_at(self.opening);
        (opening, &self.cycle, steps - 2, closing)
    }

    /// Whether the first pass reads the gradient at the start.
    pub fn starts_with_gradient(&self) -> bool {
        self.one[0].uses_gradient()
    }

    /// Whether the last gradient evaluated is that of the last position: nothing drifts after it.
    pub fn ends_with_gradient(&self) -> bool {
        !self
            .one
            .last()
            .is_some_and(|pass| pass.pieces.contains(&Piece::A))
    }

    /// Gradients evaluated in `steps` steps from a position whose gradient is known.
    pub fn evaluations(&self, steps: usize) -> usize {
        let count = |passes: &[Pass]| passes.iter().filter(|pass| pass.evaluates).count();
        let (opening, cycle, repetitions, closing) = self.parts(steps);
        count(opening) + repetitions * count(cycle) + count(closing)
    }
}

/// The passes of `steps` steps.
fn passes(stages: &[Stage], steps: usize) -> Vec<Pass> {
    let mut merged: Vec<Stage> = Vec::new();
    for _ in 0..steps {
        for stage in stages {
            match merged.last_mut() {
                Some(last) if last.piece == stage.piece => last.share += stage.share,
                _ => merged.push(*stage),
            }
        }
    }
    let mut passes: Vec<Pass> = Vec::new();
    let mut moved = false;
    for stage in merged {
        let evaluates = stage.piece.uses_gradient() && moved;
        if evaluates || passes.is_empty() {
            moved = false;
            passes.push(Pass {
                pieces: Vec::new(),
                shares: Vec::new(),
                evaluates,
            });
        }
        moved |= stage.piece == Piece::A;
        if let Some(pass) = passes.last_mut() {
            pass.pieces.push(stage.piece);
            pass.shares.push(stage.share);
        }
    }
    passes
}
