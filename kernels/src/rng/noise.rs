//! What a step draws: a source of rows of noise, so that a scheme is written once for Gaussian
//! increments, for the cheaper ones that have the same moments, and for the impulses by which tests
//! read off its linear map.
//!
//! ```text
//! two-point:    xi = +-1                                       E xi^2 = 1
//! three-point:  xi = +-sqrt 3 with probability 1/6 each, or 0   E xi^2 = 1, E xi^4 = 3
//! ```
//!
//! An increment that agrees with a normal in its moments up to 3 (two-point) or 5 (three-point)
//! keeps weak order 1 or 2, and no strong order. Cost a row: two-point a draw of eight words for all
//! (one bit a particle), three-point four draws and three operations each, against four draws and
//! 150 operations of normals. Source: Milstein, Tretyakov 2004, doi 10.1007/978-3-662-10063-9,
//! section 2.1; Kloeden, Platen 1992, doi 10.1007/978-3-662-12616-5, section 14.2.

use super::{Stream, Vector, uniform};
use crate::lane::{Pack, Register, Word};
use crate::tile::Row;

/// A source of independent rows.
pub trait Noise {
    /// Mean 0, variance 1: one number for every particle of a row.
    fn row<R: Vector>(&mut self) -> Row<R>;
    /// Uniform on [0, 1): what a randomised scheme needs besides.
    fn uniform<R: Vector>(&mut self) -> Row<R>;
}

/// Standard normals.
#[derive(Debug)]
pub struct Normals<'a>(pub &'a mut Stream);

/// +1 or -1.
#[derive(Debug)]
pub struct TwoPoint<'a>(pub &'a mut Stream);

/// sqrt 3, 0 or -sqrt 3.
#[derive(Debug)]
pub struct ThreePoint<'a>(pub &'a mut Stream);

impl Noise for Normals<'_> {
    #[inline(always)]
    fn row<R: Vector>(&mut self) -> Row<R> {
        self.0.normal_row()
    }
    #[inline(always)]
    fn uniform<R: Vector>(&mut self) -> Row<R> {
        self.0.uniform_row()
    }
}

/// +1 or -1 by bit `bit` of every element.
#[inline(always)]
pub fn two_point<R: Register>(word: R::Word, bit: u32) -> R {
    let sign = R::Word::splat(1 << (R::Word::BITS - 1));
    R::from_bits((word.shl(bit) & sign) ^ R::one().to_bits())
}

/// The three-point variable of a uniform on [0, 1).
#[inline(always)]
pub fn three_point<R: Register>(uniform: R) -> R {
    let root = R::splat(3.0f64.sqrt());
    let sixth = R::splat(1.0 / 6.0);
    let upper = R::select(uniform.lt(R::splat(5.0 / 6.0)), R::zero(), root);
    R::select(uniform.lt(sixth), -root, upper)
}

impl Noise for TwoPoint<'_> {
    #[inline(always)]
    fn row<R: Vector>(&mut self) -> Row<R> {
        // The high bits of xoshiro256++ are its best; the four registers take one each.
        let word = R::from_words(self.0.next_words());
        Pack([0, 1, 2, 3].map(|bit| two_point(word, bit)))
    }
    #[inline(always)]
    fn uniform<R: Vector>(&mut self) -> Row<R> {
        self.0.uniform_row()
    }
}

impl Noise for ThreePoint<'_> {
    #[inline(always)]
    fn row<R: Vector>(&mut self) -> Row<R> {
        Pack([(); 4].map(|()| three_point(uniform(R::from_words(self.0.next_words())))))
    }
    #[inline(always)]
    fn uniform<R: Vector>(&mut self) -> Row<R> {
        self.0.uniform_row()
    }
}
