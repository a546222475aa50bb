//! Sine and cosine of turns: (sin 2 pi u, cos 2 pi u).
//!
//! Method: never reduced by pi. a = u - round(u) is exact, b = |a| <= 1/2, q is b rounded to
//! quarters (by adding 2^50, whose ulp is 1/4) and y = b - q, |y| <= 1/8, is exact again. One pair of
//! polynomials in y^2 gives sin 2 pi y and cos 2 pi y, swapped where q = 1/4. Signs need no quadrant
//! arithmetic: the sine has the sign of a, the cosine that of 1/4 - b. 2 pi is kept in two parts:
//! rounded, it alone would cost a third of an ulp of the sine.
//! Multiples of 1/4 are exact, so is every |u| >= 2^52 (an integer): (0, 1). Infinities give NaN.
//!
//! Error bound of sin_turns: 1.0 ulp
//! Error bound of cos_turns: 0.95 ulp
//!
//! Cost: 28 operations for both (8 reduce, 1 square, 8 sine, 7 cosine, 4 swap and sign).

use crate::lane::Register;
use crate::math::{copy_sign, polynomial};

/// 2 pi rounded to nearest.
const TAU_HIGH: f64 = std::f64::consts::TAU;

/// 2 pi less its high part, then (sin(2 pi y) / y - 2 pi) / y^2 in powers of y^2: minimax on
/// |y| <= 1/8 for the relative error of the sine, which is 2^-57.9; it stays there rounded one after
/// the other from the lowest, refitting the rest.
const SIN: [f64; 7] = [
    2.449_293_598_294_706_4e-16,
    -41.341_702_240_399_67,
    81.605_249_275_963_79,
    -76.705_859_707_432_3,
    42.058_685_327_255_87,
    -15.093_818_521_813_85,
    3.781_124_970_638_506_6,
];

/// 1, then (cos(2 pi y) - 1) / y^2 in powers of y^2: minimax on |y| <= 1/8 for the relative error of
/// the cosine, which is 2^-64.5; rounded in the same way 2^-61.5 (rounded all at once, the half ulp
/// of 2 pi^2 would make it 2^-55.3).
const COS: [f64; 8] = [
    1.0,
    -19.739_208_802_178_716,
    64.939_394_022_666_68,
    -85.456_817_205_989_25,
    60.244_641_227_235_63,
    -26.426_241_132_201_774,
    7.902_629_258_223_417,
    -1.688_297_750_618_517_3,
];

/// (sin 2 pi u, cos 2 pi u). The sign of a zero sine is that of u - round(u).
#[inline(always)]
pub fn sin_cos_turns<R: Register<Scalar = f64>>(u: R) -> (R, R) {
    let a = u - u.round();
    let b = a.abs();
    let quarters = R::broadcast((1u64 << 50) as f64);
    let q = (b + quarters) - quarters;
    let y = b - q;
    let quarter = R::broadcast(0.25);
    let swapped = q.eq(quarter);

    let y2 = y * y;
    let sin = y.mul_add(R::broadcast(TAU_HIGH), y * polynomial(y2, &SIN));
    let cos = polynomial(y2, &COS);
    (
        copy_sign(R::select(swapped, cos, sin), a),
        copy_sign(R::select(swapped, sin, cos), quarter - b),
    )
}
