//! The exponential: e^x = 2^n e^r with n = round(x / ln 2), r = x - n ln 2, |r| <= ln 2 / 2.
//!
//! Method: ln 2 is subtracted in two parts, of which the first is exact under a fused multiply-add.
//! e^r = 1 + r + r^2 Q(r) by a polynomial whose first two coefficients are exactly 1; the scaling by
//! 2^n rounds once, also into the subnormals. e^x - 1 = (2^n - 1) + 2^n r + 2^n r^2 Q(r), summed in
//! that order: rounding e^r - 1 first would count double at n = 1, where the sum cancels.
//!
//! 2^x is exact but for its polynomial: x - n has nothing to round. It takes no argument that needs a clamp.
//!
//! Error bound of exp: 0.95 ulp
//! Error bound of exp2_nonpositive: 0.95 ulp
//! Error bound of exp_m1: 1.4 ulp
//!
//! Cost: exp2_nonpositive 9 operations (2 reduce, polynomial, 1 scale); exp 13 (2 clamp, 4 reduce, 6 polynomial, 1 scale); exp_m1 21.

use crate::lane::Register;
use crate::math::polynomial;
use std::f32::consts::LOG2_E;

/// ln 2 rounded to nearest, and what is left of it.
const LN_2_HIGH: f32 = std::f32::consts::LN_2;
const LN_2_LOW: f32 = -1.904_654_3e-9;

/// Beyond these e^x is +inf and 0: e^89 > 2^128 and e^-104 < 2^-150.
const HIGHEST: f32 = 89.0;
const LOWEST: f32 = -104.0;

/// 1, 1, then (e^r - 1 - r) / r^2: minimax on |r| <= ln 2 / 2 (1 + 2^-10) for the relative error of
/// e^r with five free coefficients, which is 2^-28.3; rounded one after the other from the lowest,
/// refitting the rest, it is 2^-28.2.
const EXP: [f32; 7] = [
    1.0,
    1.0,
    0.499_999_94,
    0.166_665_21,
    0.041_668_274,
    0.008_368_684,
    0.001_382_009_1,
];

/// (e^r - 1 - r) / r^2: minimax on the same interval for the relative error of e^r - 1, which is
/// 2^-32.0; rounded in the same way 2^-31.1.
const EXP_M1: [f32; 6] = [
    0.5,
    0.166_666_66,
    0.041_666_493,
    0.008_333_544,
    0.001_393_234_1,
    0.000_197_633_93,
];

/// 2^r: minimax on |r| <= 1/2 for the relative error with seven free coefficients, which is 2^-29.0; rounded one
/// after the other from the lowest, refitting the rest, it is 2^-28.0.
const EXP_2: [f32; 7] = [
    1.0,
    std::f32::consts::LN_2,
    0.240_226_45,
    0.055_503_592,
    0.009_618_841,
    0.001_339_113_7,
    0.000_152_380_06,
];

/// (n, r) with x = n ln 2 + r.
#[inline(always)]
fn reduce<R: Register<Scalar = f32>>(x: R) -> (R, R) {
    let n = (x * R::broadcast(LOG2_E)).round();
    let r = n.neg_mul_add(R::broadcast(LN_2_HIGH), x);
    (n, n.neg_mul_add(R::broadcast(LN_2_LOW), r))
}

/// e^x for x <= 89, or NaN: one clamp less.
#[inline(always)]
pub(super) fn exp_below_overflow<R: Register<Scalar = f32>>(x: R) -> R {
    // Lane::max returns its argument on NaN, so the order of the two keeps NaN.
    let (n, r) = reduce(R::broadcast(LOWEST).max(x));
    polynomial(r, &EXP).scale_by_power_of_two(n)
}

/// e^x: +inf above 88.72, gradual underflow below -87.33, 0 below -103.97.
#[inline(always)]
pub fn exp<R: Register<Scalar = f32>>(x: R) -> R {
    exp_below_overflow(R::broadcast(HIGHEST).min(x))
}

/// e^x - 1: x itself for tiny x, +inf above 88.72, -1 below -17.33.
#[inline(always)]
pub fn exp_m1<R: Register<Scalar = f32>>(x: R) -> R {
    // e^-20 is below a quarter of an ulp of 1.
    let clamped = R::broadcast(-20.0).max(R::broadcast(HIGHEST).min(x));
    let (n, r) = reduce(clamped);
    // Half of everything, because 2^n itself overflows at n = 128 before e^x does.
    let half = R::broadcast(0.5);
    let power = half.scale_by_power_of_two(n);
    let curved = r * r * polynomial(r, &EXP_M1);
    let sum = curved.mul_add(power, r.mul_add(power, power - half));
    // Halving loses the last bit of a subnormal and -0; down here e^x - 1 rounds to x.
    let tiny = x.abs().lt(R::broadcast(f32::EPSILON / 8.0));
    R::select(tiny, x, sum + sum)
}

/// 2^x for -126 <= x <= 0, or NaN. Weights relative to the largest need no more.
#[inline(always)]
pub fn exp2_nonpositive<R: Register<Scalar = f32>>(x: R) -> R {
    let n = x.round();
    polynomial(x - n, &EXP_2).scale_by_power_of_two(n)
}
