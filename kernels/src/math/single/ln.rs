//! The natural logarithm: ln x = k ln 2 + ln(1 + r), x = 2^k m with m in [3/4, 3/2), r = m - 1.
//!
//! Method: r is exact and ln(1 + r) = r + r^2 P(r) by one polynomial; no table and no division. A
//! table of sixteen as in double precision would save four multiply-adds of eight on AVX-512 and
//! cost two or three permutes, but everywhere else it would be read element by element.
//! Zero and +inf arrive as k = -inf and +inf with m = 1, negatives as m = NaN; no select.
//! ln(1 + x) is the same of u = 1 + x, with the rounding error of that sum added to r, where it is
//! exact whenever k is zero.
//!
//! Error bound of ln: 0.95 ulp
//! Error bound of ln_1p: 1.0 ulp
//!
//! Cost: ln 18 operations (4 split, 1 reduce, 9 polynomial, 4 sum); ln_1p 28.

use crate::lane::{Register, Word};
use crate::math::{copy_sign, polynomial};

/// ln 2 rounded down, and what is left of it. Both are positive, so that k = -inf gives -inf from
/// both; rounded to nearest the second would be negative and 0 would give NaN.
const LN_2_HIGH: f32 = f32::from_bits(0x3f31_7217);
const LN_2_LOW: f32 = 5.769_999e-8;

/// (ln(1 + r) - r) / r^2: near-minimax on [-1/4, 1/2] (reweighted least squares) for the relative
/// error of ln(1 + r), which is 2^-27.6; rounded one after the other from the lowest, refitting the
/// rest, it stays there.
const LOG: [f32; 9] = [
    -0.5,
    0.333_334_5,
    -0.250_001_1,
    0.199_908_48,
    -0.166_468_77,
    0.144_776_25,
    -0.131_639_54,
    0.104_726_3,
    -0.045_153_014,
];

/// k HIGH + (r + (r^2 P(r) + k LOW)). The product with HIGH needs no trailing zeros: it is rounded
/// only together with the last sum.
#[inline(always)]
pub(super) fn sum<R: Register<Scalar = f32>>(r: R, k: R) -> R {
    let low = (r * r).mul_add(polynomial(r, &LOG), k * R::broadcast(LN_2_LOW));
    k.mul_add(R::broadcast(LN_2_HIGH), r + low)
}

/// ln x: -inf at both zeros, NaN below, +inf at +inf, right in the subnormals.
#[inline(always)]
pub fn ln<R: Register<Scalar = f32>>(x: R) -> R {
    let (m, k) = x.split_exponent();
    sum(m - R::one(), k)
}

/// ln(1 + x): x itself for tiny x, -inf at -1, NaN below, +inf at +inf.
#[inline(always)]
pub fn ln_1p<R: Register<Scalar = f32>>(x: R) -> R {
    let u = R::one() + x;
    let (m, k) = u.split_exponent();
    // 2^-k by integers: k is what subtracting the bits of 3/4 leaves above the mantissa. Harmless at
    // u = 0, where the error is 0 too.
    let three_quarters = R::broadcast(0.75).to_bits();
    let steps = u.to_bits().wrapping_sub(three_quarters) & R::Word::splat(0xff80_0000);
    let scale = R::from_bits(R::one().to_bits().wrapping_sub(steps));
    // 1 + x - u is exact below 2^24 and worth less than 2^-30 of the result above 2^60.
    let error = (x - (u - R::one())) * scale;
    let error = R::select(u.lt(R::splat((1u64 << 60) as f64)), error, R::zero());
    // Only -0 has lost its sign.
    copy_sign(sum(m - R::one() + error, k), x)
}
