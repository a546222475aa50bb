//! Splitting schemes: a step is a sequence of pieces, each the exact flow of one part of
//!
//! ```text
//! dx = M^-1 p dt      dp = g(x) dt      dp = -gamma p dt + sqrt(2 gamma) M^1/2 dW
//! A: x <- x + t M^-1 p
//! B: p <- p + t g
//! O: p <- e^(-gamma t) p + sqrt(1 - e^(-2 gamma t)) M^1/2 xi
//! V: p <- e^(-gamma t) p + t phi_1(-gamma t) g + sqrt(1 - e^(-2 gamma t)) M^1/2 xi      (B and O at once)
//! ```
//!
//! Between two evaluations of g all pieces act on one coordinate at a time, so they are applied in
//! one pass: x, p and g of a coordinate are loaded once, taken through every piece in registers with
//! their noise, and stored once. The order of a scheme is that of its composition; each piece is
//! exact. Cost a coordinate: A a product and a fused multiply-add, B one, O two products, one and a
//! normal, V one more. Source: Leimkuhler, Matthews 2013, doi 10.1093/amrx/abs010; for V Melchionna
//! 2007, doi 10.1063/1.2753496.

use super::leapfrog::{drift, kick};
use crate::lane::Lane;
use crate::rng::{Noise, Vector};
use crate::tile::Row;

/// A piece of a splitting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// Drift.
    A,
    /// Kick.
    B,
    /// Ornstein-Uhlenbeck refreshment of the momentum.
    O,
    /// The same under a constant force.
    V,
}

impl Piece {
    /// Whether it reads the gradient.
    pub const fn uses_gradient(self) -> bool {
        matches!(self, Self::B | Self::V)
    }
    /// Whether it draws.
    pub const fn draws(self) -> bool {
        matches!(self, Self::O | Self::V)
    }
}

/// What a piece of a given length does, one number for every particle; what a piece does not have
/// is not read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficients<L> {
    /// What M^-1 p (A) or g (B, V) is multiplied by.
    pub length: L,
    /// e^(-gamma t) (O, V).
    pub decay: L,
    /// sqrt(1 - e^(-2 gamma t)) (O, V).
    pub noise: L,
}

impl<L: Lane> Coefficients<L> {
    /// Of a piece without friction: drift or kick over `length`.
    #[inline(always)]
    pub fn of_length(length: L) -> Self {
        Self {
            length,
            decay: L::one(),
            noise: L::zero(),
        }
    }
}

/// A mass of one coordinate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mass<L> {
    /// 1 / m.
    pub inverse: L,
    /// sqrt m.
    pub root: L,
}

/// Takes (x, p) of one coordinate through one piece; `draw` gives a standard normal.
#[inline(always)]
fn flow<L: Lane>(
    piece: Piece,
    c: &Coefficients<L>,
    (x, p): (L, L),
    grad: L,
    mass: Mass<L>,
    draw: &mut impl FnMut() -> L,
) -> (L, L) {
    match piece {
        Piece::A => (drift(x, p, mass.inverse, c.length), p),
        Piece::B => (x, kick(p, grad, c.length)),
        Piece::O => (x, c.decay.mul_add(p, (c.noise * mass.root) * draw())),
        Piece::V => {
            let kicked = c.length.mul_add(grad, (c.noise * mass.root) * draw());
            (x, c.decay.mul_add(p, kicked))
        }
    }
}

/// Takes (x, p) of one coordinate through `pieces`; `draw` gives a standard normal.
#[inline(always)]
pub fn apply<L: Lane>(
    pieces: &[Piece],
    coefficients: &[Coefficients<L>],
    start: (L, L),
    grad: L,
    mass: Mass<L>,
    draw: &mut impl FnMut() -> L,
) -> (L, L) {
    let stages = pieces.iter().zip(coefficients);
    stages.fold(start, |state, (&piece, c)| {
        flow(piece, c, state, grad, mass, draw)
    })
}

/// Rows of noise drawn at once: 2 KB, which stays in L1.
const AHEAD: usize = 8;

/// Takes a tile through `pieces`, coordinate by coordinate: `x`, `p` and `grad` have a row for each,
/// `inverse_mass` and `root_mass` a number.
#[inline]
pub fn pass<R: Vector, N: Noise>(
    pieces: &[Piece],
    coefficients: &[Coefficients<Row<R>>],
    (x, p): (&mut [Row<R>], &mut [Row<R>]),
    grad: &[Row<R>],
    (inverse_mass, root_mass): (&[R::Scalar], &[R::Scalar]),
    noise: &mut N,
) {
    use Piece::{A, B, O, V};
    // The passes of the schemes there are, each written out so that its coefficients stay in
    // registers; any other is interpreted, which costs a jump a piece and coordinate.
    macro_rules! written_out {
        ($($piece:ident $c:ident),*) => {{
            // Copies: nothing that is stored can change them.
            $(let $c = *$c;)*
            rows(x, p, grad, (inverse_mass, root_mass), |mut state, grad, mass| {
                $(state = flow($piece, &$c, state, grad, mass, &mut || noise.row::<R>());)*
                state
            })
        }};
    }
    // The same where one piece draws: AHEAD rows of noise first, then as many coordinates, so that
    // neither loop has to hold the constants of both in its registers.
    macro_rules! drawn_ahead {
        ($($piece:ident $c:ident),*) => {{
            $(let $c = *$c;)*
            let dim = x.len();
            let mut drawn = [Row::<R>::zero(); AHEAD];
            for first in (0..dim).step_by(AHEAD) {
                let some = first..(first + AHEAD).min(dim);
                for xi in &mut drawn[..some.len()] {
                    *xi = noise.row::<R>();
                }
                let masses = inverse_mass[some.clone()].iter().zip(&root_mass[some.clone()]);
                let states = x[some.clone()].iter_mut().zip(&mut p[some.clone()]);
                for (((x, p), grad), ((&inverse, &root), xi)) in
                    states.zip(&grad[some]).zip(masses.zip(&drawn))
                {
                    let mass = Mass {
                        inverse: Row::<R>::broadcast(inverse),
                        root: Row::<R>::broadcast(root),
                    };
                    let mut state = (*x, *p);
                    $(state = flow($piece, &$c, state, *grad, mass, &mut || *xi);)*
                    (*x, *p) = state;
                }
            }
        }};
    }
    match (pieces, coefficients) {
        ([B], [b]) => written_out!(B b),
        ([A], [a]) => written_out!(A a),
        ([B, A], [b, a]) => written_out!(B b, A a),
        ([V, A], [v, a]) => drawn_ahead!(V v, A a),
        ([B, O], [b, o]) => drawn_ahead!(B b, O o),
        ([O, B, A], [o, b, a]) => drawn_ahead!(O o, B b, A a),
        ([B, A, O, A], [b, a, o, c]) => drawn_ahead!(B b, A a, O o, A c),
        ([B, O, B, A], [b, o, c, a]) => drawn_ahead!(B b, O o, B c, A a),
        _ => rows(
            x,
            p,
            grad,
            (inverse_mass, root_mass),
            |state, grad, mass| {
                apply(pieces, coefficients, state, grad, mass, &mut || {
                    noise.row::<R>()
                })
            },
        ),
    }
}

#[inline(always)]
fn rows<R: Vector>(
    x: &mut [Row<R>],
    p: &mut [Row<R>],
    grad: &[Row<R>],
    (inverse_mass, root_mass): (&[R::Scalar], &[R::Scalar]),
    mut step: impl FnMut((Row<R>, Row<R>), Row<R>, Mass<Row<R>>) -> (Row<R>, Row<R>),
) {
    let masses = inverse_mass.iter().zip(root_mass);
    for (((x, p), grad), (&inverse, &root)) in x.iter_mut().zip(p.iter_mut()).zip(grad).zip(masses)
    {
        let mass = Mass {
            inverse: Row::<R>::broadcast(inverse),
            root: Row::<R>::broadcast(root),
        };
        (*x, *p) = step((*x, *p), *grad, mass);
    }
}
