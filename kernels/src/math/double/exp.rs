//! The exponential: e^x = 2^n e^r with n = round(x / ln 2), r = x - n ln 2, |r| <= ln 2 / 2.
//!
//! Method: ln 2 is subtracted in two parts. The first product-and-sum is exact: n HIGH and x are both
//! multiples of 2^-54 and their difference is below 1/2, so the fused operation has nothing to round
//! and HIGH needs no trailing zeros. e^r = 1 + r + r^2 Q(r) by a polynomial whose first two
//! coefficients are exactly 1; the scaling by 2^n rounds once, also into the subnormals.
//! e^x - 1 = (2^n - 1) + 2^n r + 2^n r^2 Q(r), summed in that order: rounding e^r - 1 first would
//! count double at n = 1, where 2 (e^r - 1) + 1 cancels to 0.41.
//!
//! 2^x is exact but for its polynomial: x - n has nothing to round. It takes no argument that needs a clamp.
//!
//! Error bound of exp: 0.95 ulp
//! Error bound of exp2_nonpositive: 0.95 ulp
//! Error bound of exp_m1: 1.6 ulp
//!
//! Cost: exp2_nonpositive 14 operations (2 reduce, polynomial, 1 scale); exp 18 (2 clamp, 4 reduce, 11 polynomial, 1 scale); exp_m1 26.

use crate::lane::Register;
use crate::math::polynomial;
use std::f64::consts::LOG2_E;

/// ln 2 rounded to nearest, and what is left of it.
pub(super) const LN_2_HIGH: f64 = std::f64::consts::LN_2;
pub(super) const LN_2_LOW: f64 = 2.319_046_813_846_299_6e-17;

/// Beyond these e^x is +inf and 0: e^710 > 2^1024 and e^-746 < 2^-1075.
const HIGHEST: f64 = 710.0;
const LOWEST: f64 = -746.0;

/// 1, 1, then (e^r - 1 - r) / r^2: minimax on |r| <= ln 2 / 2 (1 + 2^-10) for the relative error of
/// e^r with ten free coefficients, which is 2^-57.9; rounded one after the other from the lowest,
/// refitting the rest, it is 2^-56.6.
const EXP: [f64; 12] = [
    1.0,
    1.0,
    0.500_000_000_000_001_1,
    0.166_666_666_666_678_62,
    0.041_666_666_666_547_82,
    0.008_333_333_332_672_168,
    0.001_388_888_893_517_265,
    0.000_198_412_710_706_615_92,
    2.480_150_437_810_062e-5,
    2.755_635_716_635_857_4e-6,
    2.762_565_824_925_302_3e-7,
    2.534_400_335_875_243_3e-8,
];

/// (e^r - 1 - r) / r^2: minimax on the same interval for the relative error of e^r - 1, which is
/// 2^-61.7; rounded 2^-59.7. One coefficient more than above, because at r = -ln 2 / 2 the same
/// absolute error is 2.4 times larger relative to e^r - 1.
pub(super) const EXP_M1: [f64; 11] = [
    0.5,
    0.166_666_666_666_666_77,
    0.041_666_666_666_666_505,
    0.008_333_333_333_321_61,
    0.001_388_888_888_896_29,
    0.000_198_412_698_862_015_8,
    2.480_158_717_183_564_7e-5,
    2.755_724_411_120_665_2e-6,
    2.755_740_295_305_240_3e-7,
    2.510_907_875_726_585_6e-8,
    2.087_532_284_981_201e-9,
];

/// 2^r: minimax on |r| <= 1/2 for the relative error with twelve free coefficients, which is 2^-58.2; rounded one
/// after the other from the lowest, refitting the rest, it is 2^-57.3.
const EXP_2: [f64; 12] = [
    1.0,
    std::f64::consts::LN_2,
    0.240_226_506_959_101_33,
    0.055_504_108_664_822_26,
    0.009_618_129_107_593_498,
    0.001_333_355_814_638_065_8,
    0.000_154_035_304_577_650_14,
    1.525_273_380_550_841_5e-5,
    1.321_543_500_111_084_8e-6,
    1.017_808_677_368_769_3e-7,
    7.073_826_046_303_358e-9,
    4.449_955_477_539_561e-10,
];

/// (n, r) with x = n ln 2 + r.
#[inline(always)]
fn reduce<R: Register<Scalar = f64>>(x: R) -> (R, R) {
    let n = (x * R::broadcast(LOG2_E)).round();
    let r = n.neg_mul_add(R::broadcast(LN_2_HIGH), x);
    (n, n.neg_mul_add(R::broadcast(LN_2_LOW), r))
}

/// e^x for x <= 710, or NaN: one clamp less.
#[inline(always)]
pub(super) fn exp_below_overflow<R: Register<Scalar = f64>>(x: R) -> R {
    // Lane::max returns its argument on NaN, so the order of the two keeps NaN.
    let (n, r) = reduce(R::broadcast(LOWEST).max(x));
    polynomial(r, &EXP).scale_by_power_of_two(n)
}

/// e^x: +inf above 709.78, gradual underflow below -708.39, 0 below -745.13.
#[inline(always)]
pub fn exp<R: Register<Scalar = f64>>(x: R) -> R {
    exp_below_overflow(R::broadcast(HIGHEST).min(x))
}

/// e^x - 1: x itself for tiny x, +inf above 709.78, -1 below -37.43.
#[inline(always)]
pub fn exp_m1<R: Register<Scalar = f64>>(x: R) -> R {
    // e^-40 is below a quarter of an ulp of 1.
    let clamped = R::broadcast(-40.0).max(R::broadcast(HIGHEST).min(x));
    let (n, r) = reduce(clamped);
    // Half of everything, because 2^n itself overflows at n = 1024 before e^x does.
    let half = R::broadcast(0.5);
    let power = half.scale_by_power_of_two(n);
    let curved = r * r * polynomial(r, &EXP_M1);
    let sum = curved.mul_add(power, r.mul_add(power, power - half));
    // Halving loses the last bit of a subnormal and -0; down here e^x - 1 rounds to x.
    let tiny = x.abs().lt(R::broadcast(f64::EPSILON / 8.0));
    R::select(tiny, x, sum + sum)
}

/// 2^x for -1022 <= x <= 0, or NaN. Weights relative to the largest need no more.
#[inline(always)]
pub fn exp2_nonpositive<R: Register<Scalar = f64>>(x: R) -> R {
    let n = x.round();
    polynomial(x - n, &EXP_2).scale_by_power_of_two(n)
}
