//! The natural logarithm: ln x = k ln 2 - ln c + ln(1 + r), x = 2^k m, c ~ 1/m, r = m c - 1.
//!
//! Method: no division. The top four bits of m in [1, 2) pick c = j/32 from a table of sixteen (one
//! two-register permute). c has so few bits that r is exact: m c is a multiple of 2^-57 and |r| <
//! 2^-4. The first cell has c = 1 and the last c = 1/2 with -ln c = ln 2, so that around x = 1 the
//! table and k ln 2 vanish or cancel without error and r = x - 1. The high parts of ln 2 and of the
//! table are multiples of 2^-42, hence their sum is exact. ln(1 + r) = r + r^2 P(r).
//! The two cells next to 1 have their c off centre, so that r is small where the result is: the
//! rounding of r + r^2 P(r) then costs at most a quarter of an ulp of the result instead of half.
//! Zero and +inf arrive as k = -inf and +inf with m = 1, negatives as m = NaN; no select.
//! ln(1 + x) is the same of u = 1 + x, with the rounding error of that sum added to r, where it is
//! exact whenever k ln 2 - ln c is zero.
//!
//! Error bound of ln: 0.95 ulp
//! Error bound of ln_1p: 1.2 ulp
//!
//! Cost: ln 21 operations (2 split, 4 table, 3 reduce, 9 polynomial, 3 sum); ln_1p 30.

use crate::lane::{Register, Word};
use crate::math::{copy_sign, polynomial};

/// The unit of the high parts: 11 bits of k and 42 of these make 53.
const UNIT: f64 = 1.0 / (1u64 << 42) as f64;

/// ln 2 down to a multiple of 2^-42, and what is left of it. Both are positive, so that k = -inf
/// gives -inf from both.
const LN_2_HIGH: f64 = 3_048_493_539_143.0 * UNIT;
const LN_2_LOW: f64 = 5.497_923_018_708_371e-14;

/// c = j/32 for m in [1 + i/16, 1 + (i + 1)/16): of the j that keep r within [-0.0372, 0.0625], one
/// for which half an ulp of ln(1 + r), in ulps of ln x at k = 0 and k = -1, is smallest.
const RECIPROCAL: [f64; 16] = [
    1.0, 0.9375, 0.875, 0.8125, 0.78125, 0.75, 0.71875, 0.6875, 0.65625, 0.625, 0.59375, 0.59375,
    0.5625, 0.53125, 0.53125, 0.5,
];

/// -ln c down to a multiple of 2^-42.
const LOG_HIGH: [f64; 16] = [
    0.0,
    283_843_417_720.0 * UNIT,
    587_277_275_455.0 * UNIT,
    913_207_583_830.0 * UNIT,
    1_085_702_104_477.0 * UNIT,
    1_265_239_135_053.0 * UNIT,
    1_452_418_298_762.0 * UNIT,
    1_647_919_218_049.0 * UNIT,
    1_852_516_410_508.0 * UNIT,
    2_067_097_821_810.0 * UNIT,
    2_292_688_116_234.0 * UNIT,
    2_292_688_116_234.0 * UNIT,
    2_530_478_270_107.0 * UNIT,
    2_781_863_632_676.0 * UNIT,
    2_781_863_632_676.0 * UNIT,
    LN_2_HIGH,
];

/// -ln c less its high part.
const LOG_LOW: [f64; 16] = [
    0.0,
    2.061_480_673_984_220_7e-13,
    3.185_973_634_907_833_4e-14,
    1.839_482_528_479_895e-13,
    1.383_751_618_776_276_2e-13,
    1.644_501_015_531_501_2e-13,
    5.461_214_448_992_021_5e-14,
    7.260_466_149_925_637e-14,
    1.963_098_379_022_284_4e-13,
    9.667_719_603_235_566e-14,
    1.414_716_262_592_044_2e-13,
    1.414_716_262_592_044_2e-13,
    1.015_265_276_630_681_6e-13,
    1.071_154_365_784_487_6e-13,
    1.071_154_365_784_487_6e-13,
    LN_2_LOW,
];

/// (ln(1 + r) - r) / r^2: minimax on [-0.0374, 0.0626] for the relative error of ln(1 + r), which is
/// 2^-55.7; rounded 2^-55.6.
const LOG: [f64; 9] = [
    -0.499_999_999_999_998_56,
    0.333_333_333_333_523_8,
    -0.250_000_000_012_871_3,
    0.199_999_999_306_370_58,
    -0.166_666_634_255_153_52,
    0.142_857_764_555_642,
    -0.125_031_324_531_149_37,
    0.111_077_864_917_454_9,
    -0.089_860_395_219_319_03,
];

/// One row of the table per particle.
pub(super) struct Cell<R> {
    pub(super) reciprocal: R,
    pub(super) high: R,
    pub(super) low: R,
}

impl<R: Register<Scalar = f64>> Cell<R> {
    /// The row of m in [1, 2).
    #[inline(always)]
    pub(super) fn of(m: R) -> Self {
        // The permute reads the low four bits; the exponent above them is ignored.
        let index = m.to_bits().shr(48);
        Self {
            reciprocal: R::lookup16(&RECIPROCAL, index),
            high: R::lookup16(&LOG_HIGH, index),
            low: R::lookup16(&LOG_LOW, index),
        }
    }
}

/// high + (r + (r^2 P(r) + low)).
#[inline(always)]
pub(super) fn sum<R: Register<Scalar = f64>>(r: R, high: R, low: R) -> R {
    high + (r + (r * r).mul_add(polynomial(r, &LOG), low))
}

/// ln x: -inf at both zeros, NaN below, +inf at +inf, right in the subnormals.
#[inline(always)]
pub fn ln<R: Register<Scalar = f64>>(x: R) -> R {
    let (m, k) = x.split_binade();
    let cell = Cell::of(m);
    sum(
        m.mul_add(cell.reciprocal, -R::one()),
        k.mul_add(R::broadcast(LN_2_HIGH), cell.high),
        k.mul_add(R::broadcast(LN_2_LOW), cell.low),
    )
}

/// ln(1 + x): x itself for tiny x, -inf at -1, NaN below, +inf at +inf.
#[inline(always)]
pub fn ln_1p<R: Register<Scalar = f64>>(x: R) -> R {
    let u = R::one() + x;
    let (m, k) = u.split_binade();
    let cell = Cell::of(m);
    // 2^-k by subtracting the exponent field; harmless at u = 0, where the error is 0 too.
    let field = u.to_bits() & R::Word::splat(0x7ff0_0000_0000_0000);
    let scale = R::from_bits(R::Word::splat(0x7fe0_0000_0000_0000).wrapping_sub(field));
    // 1 + x - u is exact below 2^53 and worth less than 2^-60 of the result above.
    let error = (x - (u - R::one())) * scale;
    let error = R::select(u.lt(R::splat((1u64 << 60) as f64)), error, R::zero());
    let r = m.mul_add(cell.reciprocal, -R::one());
    let result = sum(
        error.mul_add(cell.reciprocal, r),
        k.mul_add(R::broadcast(LN_2_HIGH), cell.high),
        k.mul_add(R::broadcast(LN_2_LOW), cell.low),
    );
    // Only -0 has lost its sign.
    copy_sign(result, x)
}
