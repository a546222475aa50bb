//! Elementary functions: the same bits on every machine, each with a tested error bound.
//!
//! [`double`] serves `f64` and `f64x8`, [`single`] serves `f32` and `f32x16`; both are written once
//! over [`Register`] and reached through the methods of [`Lane`](crate::lane::Lane).
//!
//! Three rules hold for all of them. Nothing branches on a value: special cases are left to the
//! arithmetic where it gets them right and to a select where it does not. Every a b + c that matters
//! is a fused multiply-add. Every polynomial is evaluated by [`polynomial`] in one fixed order. A
//! scalar and a vector therefore return the same bits for the same bits (any NaN equals any NaN).
//!
//! Bounds are in ulps of the exact result: one ulp is 2^(e - 52) for f64 and 2^(e - 23) for f32,
//! where 2^e <= |exact| < 2^(e + 1), and the spacing of subnormals below the normal range. Each file
//! states its bounds in lines `Error bound of f: x ulp`; `tests/accuracy.rs` reads those lines and
//! fails on a function that is worse than its line, or so much better that the line is idle.
//!
//! | function | f64 | ops | f32 | ops |
//! |---|---|---|---|---|
//! | `exp` | 0.95 | 18 | 0.95 | 13 |
//! | `exp_m1` | 1.9 | 26 | 1.9 | 21 |
//! | `ln` | 0.95 | 22 | 1.3 | 18 |
//! | `ln_1p` | 1.2 | 33 | 1.6 | 31 |
//! | `sigmoid` | 2.4 | 23 | 2.4 | 18 |
//! | `softplus` | 2.0 | 43 | 2.0 | 34 |
//! | `sin_cos_turns` | 1.0 | 29 | 1.0 | 23 |
//!
//! Ops are AVX-512 instructions per register, constants not counted.

pub mod double;
pub mod single;

use crate::lane::{Register, Word};

/// c\[0\] + c\[1\] x + ... by Horner's rule, N - 1 fused multiply-adds.
///
/// Horner and not Estrin: four registers are in flight at once, so eight multiply-adds are already
/// available to the two ports at every step (4 cycles of latency times 2), and Estrin's extra powers
/// of x would only cost.
#[inline(always)]
pub(crate) fn polynomial<R: Register, const N: usize>(x: R, coefficients: &[R::Scalar; N]) -> R {
    let mut sum = R::broadcast(coefficients[N - 1]);
    for &c in coefficients[..N - 1].iter().rev() {
        sum = sum.mul_add(x, R::broadcast(c));
    }
    sum
}

/// The magnitude of the first with the sign of the second: one ternary-logic instruction.
#[inline(always)]
pub(crate) fn copy_sign<R: Register>(magnitude: R, sign: R) -> R {
    let bit = 1 << (R::Word::BITS - 1);
    let (of_sign, of_magnitude) = (R::Word::splat(bit), R::Word::splat(!bit));
    R::from_bits((magnitude.to_bits() & of_magnitude) | (sign.to_bits() & of_sign))
}
