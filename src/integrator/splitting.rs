//! Runs the passes of a splitting over one tile: a gradient where the program asks for one, then a
//! fused pass over the coordinates ([`driftlane_kernels::step::splitting`]).

use super::masses::Masses;
use super::program::{Pass, Program};
use crate::target::Precision;
use driftlane_kernels::Lane;
use driftlane_kernels::rng::Noise;
use driftlane_kernels::step::exponential::refreshment;
use driftlane_kernels::step::splitting::{Coefficients, Piece, pass};
use driftlane_kernels::tile::Row;

/// How long pieces are and what friction does in them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Clock<R: Precision> {
    /// Steps of this size, one a particle, at this friction.
    Friction(Row<R>, f64),
    /// Steps of this size at infinite friction: O draws the momentum anew.
    Overdamped(Row<R>),
}

impl<R: Precision> Clock<R> {
    /// Overdamped steps of size h are steps of sqrt(2 h) at infinite friction.
    pub(super) fn overdamped(step_size: Row<R>) -> Self {
        Self::Overdamped((Row::<R>::splat(2.0) * step_size).sqrt())
    }

    fn coefficients(&self, piece: Piece, share: f64) -> Coefficients<Row<R>> {
        let (Self::Friction(step_size, _) | Self::Overdamped(step_size)) = *self;
        let length = step_size * Row::<R>::splat(share);
        let mut coefficients = Coefficients::of_length(length);
        if !piece.draws() {
            return coefficients;
        }
        (coefficients.decay, coefficients.noise) = (Row::<R>::zero(), Row::<R>::one());
        if let Self::Friction(_, friction) = *self {
            let z = length * Row::<R>::splat(friction);
            (coefficients.decay, coefficients.noise) = refreshment(z);
            if piece == Piece::V && friction > 0.0 {
                coefficients.length = -(-z).exp_m1() / Row::<R>::splat(friction);
            }
        }
        coefficients
    }
}

/// `steps` >= 1 steps of (x, p), `grad` being the gradient at x where the program starts with one.
/// `evaluate` writes the gradient at a position.
#[allow(clippy::too_many_arguments)]
pub(super) fn run<R: Precision, N: Noise>(
    program: &Program,
    steps: usize,
    clock: Clock<R>,
    masses: &Masses,
    x: &mut [Row<R>],
    p: &mut [Row<R>],
    grad: &mut [Row<R>],
    evaluate: &mut impl FnMut(&[Row<R>], &mut [Row<R>]),
    noise: &mut N,
) {
    let (opening, cycle, repetitions, closing) = program.parts(steps);
    let length = |passes: &[Pass]| passes.iter().map(|q| q.pieces.len()).sum::<usize>();
    let [first, second] = [opening, cycle].map(length);
    let mut table = Vec::new();
    for q in opening.iter().chain(cycle).chain(closing) {
        let stages = q.pieces.iter().zip(&q.shares);
        table.extend(stages.map(|(&piece, &c)| clock.coefficients(piece, c)));
    }
    let (of_opening, rest) = table.split_at(first);
    let (of_cycle, of_closing) = rest.split_at(second);
    let masses = (masses.inverse.of::<R>(), masses.root.of::<R>());
    let mut play = |passes: &[Pass], mut table: &[Coefficients<Row<R>>]| {
        for q in passes {
            if q.evaluates {
                evaluate(x, grad);
            }
            let (own, rest) = table.split_at(q.pieces.len());
            table = rest;
            pass(&q.pieces, own, (&mut *x, &mut *p), grad, masses, noise);
        }
    };
    play(opening, of_opening);
    for _ in 0..repetitions {
        play(cycle, of_cycle);
    }
    play(closing, of_closing);
}
