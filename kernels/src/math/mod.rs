//! Elementary functions: the same bits on every machine, each with a tested error bound.
//!
//! [`double`] serves `f64` and `f64x8`, [`single`] serves `f32` and `f32x16`; both are written once
//! over [`Register`] and reached through the methods of [`Lane`](crate::lane::Lane). The phi functions of
//! exponential integrators exist in double precision alone: coefficients are made in it.
//!
//! Three rules hold for all of them. Nothing branches on a value: special cases are left to the
//! arithmetic where it gets them right and to a select where it does not. Every a b + c that matters
//! is a fused multiply-add. Every polynomial is evaluated by Horner's rule in one fixed order. A
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
//! | `exp2_nonpositive` | 0.95 | 14 | 0.95 | 9 |
//! | `exp_m1` | 1.6 | 26 | 1.4 | 21 |
//! | `ln` | 0.95 | 21 | 0.95 | 18 |
//! | `ln_1p` | 1.2 | 30 | 1.0 | 28 |
//! | `sigmoid` | 2.6 | 22 | 2.6 | 17 |
//! | `softplus` | 1.8 | 39 | 1.8 | 32 |
//! | `sin_cos_turns` | 1.0, 0.95 | 28 | 1.0, 0.95 | 22 |
//! | `phi_1`, `phi_2`, `phi_3` | 1.5 | 60-84 | | |
//!
//! Bounds in ulp; ops are AVX-512 instructions per register as compiled, constants not counted.
//! Concrete registers have methods of the same names that are not these: outside generic code write
//! `Lane::exp(x)`.

pub mod double;
pub mod single;

use crate::lane::{Register, Word};

/// c\[0\] + c\[1\] x + ... by Horner's rule, N - 1 fused multiply-adds.
///
/// Horner and not Estrin: four registers in flight hide most of the latency. Split into even and odd
/// powers (half the chain, one multiplication more), a pack of `exp` was 5 % faster in f64 and 10 %
/// slower in f32.
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
