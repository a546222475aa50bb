//! Unadjusted dynamics under any scheme of [`crate::integrator::SCHEMES`]: underdamped and overdamped
//! Langevin steps that are never rejected.
//!
//! The law it samples differs from the target by O(h^r), r the scheme's configurational order; for
//! BAOAB and the method of Leimkuhler and Matthews the variance on a Gaussian is exact. The step size is
//! the user's. One move is one step. Momenta start from N(0, M) and are kept from visit to visit, with
//! the gradient where the scheme ends on it, so a step costs what the table says even one a visit.

use super::Move;
use super::ula::count_moves;
use crate::flow::Tally;
use crate::integrator::{Increments, Scratch, Stepper, Tile};
use crate::particles::Span;
use crate::target::{Law, Precision};
use driftlane_kernels::Lane;
use driftlane_kernels::rng::{Alone, Source, Stream};
use driftlane_kernels::tile::Row;

/// Steps of one size of one scheme.
#[derive(Debug, Clone)]
pub struct Unadjusted {
    stepper: Stepper,
    step_size: f64,
    increments: Increments,
}

/// The vector channel of momenta; gradients, where kept, lie in the next free one.
const MOMENTUM: usize = 1;

impl Unadjusted {
    /// With a positive step size and Gaussian noise.
    pub fn new(stepper: Stepper, step_size: f64) -> Self {
        Self {
            stepper,
            step_size,
            increments: Increments::Gaussian,
        }
    }

    /// With noise of another law, which keeps weak convergence alone.
    pub fn with_increments(mut self, increments: Increments) -> Self {
        self.increments = increments;
        self
    }

    fn steps<R: Precision, S: Source>(
        &self,
        law: Law<'_>,
        moves: usize,
        fresh: bool,
        block: &mut Span<'_, R>,
        source: &mut S,
        scratch: &mut Scratch<R>,
    ) -> Tally {
        let mut tally = Tally::default();
        let step_size = Row::<R>::splat(self.step_size);
        let (has_momentum, keeps) = (
            self.stepper.scheme().has_momentum(),
            self.stepper.keeps_gradient(),
        );
        for tile in 0..block.tiles() {
            let (rows, active) = (block.rows(tile), block.active(tile));
            let [x, second, third, ..] = &mut block.vectors;
            let x = &mut x[rows.clone()];
            let p = if has_momentum {
                &mut second[rows.clone()]
            } else {
                &mut scratch.momentum[..]
            };
            let grad = match (keeps, has_momentum) {
                (true, true) => &mut third[rows],
                _ => &mut scratch.gradient[..],
            };
            if has_momentum && !fresh {
                self.stepper.masses().draw(&mut source.normals(), p);
            }
            let mut rows = Tile {
                x,
                p,
                grad,
                other: &mut scratch.other,
                middle: &mut scratch.position,
            };
            let known = fresh && keeps && has_momentum;
            let (stepper, rows) = (&self.stepper, &mut rows);
            let gradients = match self.increments {
                Increments::Gaussian => {
                    stepper.advance(law, step_size, moves, known, rows, &mut source.normals())
                }
                Increments::TwoPoint => {
                    let noise = &mut source.two_points();
                    stepper.advance(law, step_size, moves, known, rows, noise)
                }
                Increments::ThreePoint => {
                    let noise = &mut source.three_points();
                    stepper.advance(law, step_size, moves, known, rows, noise)
                }
            };
            count_moves(active, moves, gradients, &mut tally);
        }
        tally
    }
}

impl<R: Precision> Move<R> for Unadjusted {
    fn name(&self) -> &'static str {
        self.stepper.scheme().name
    }

    fn run(
        &self,
        law: Law<'_>,
        moves: usize,
        fresh: bool,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        scratch: &mut Scratch<R>,
    ) -> Tally {
        self.steps(law, moves, fresh, block, stream, scratch)
    }

    fn run_alone(
        &self,
        law: Law<'_>,
        moves: usize,
        fresh: bool,
        block: &mut Span<'_, R>,
        alone: &mut Alone,
        scratch: &mut Scratch<R>,
    ) -> Option<Tally> {
        Some(self.steps(law, moves, fresh, block, alone, scratch))
    }

    fn vectors(&self) -> usize {
        let momentum = usize::from(self.stepper.scheme().has_momentum());
        MOMENTUM + momentum + usize::from(self.stepper.keeps_gradient() && momentum > 0)
    }
    fn adjusted(&self) -> bool {
        false
    }
    fn step_size(&self) -> f64 {
        self.step_size
    }
}
