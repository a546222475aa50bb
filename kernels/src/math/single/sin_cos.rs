//! Sine and cosine of turns: (sin 2 pi u, cos 2 pi u).
//!
//! Method: never reduced by pi. a = u - round(u) is exact, b = |a| <= 1/2, q is b rounded to
//! quarters (by adding 2^21, whose ulp is 1/4) and y = b - q, |y| <= 1/8, is exact again. One pair of
//! polynomials in y^2 gives sin 2 pi y and cos 2 pi y, swapped where q = 1/4. Signs need no quadrant
//! arithmetic: the sine has the sign of a, the cosine that of 1/4 - b. 2 pi is kept in two parts:
//! rounded, it alone would cost up to half an ulp of the sine.
//! Multiples of 1/4 are exact, so is every |u| >= 2^23 (an integer): (0, 1). Infinities give NaN.
//!
//! Error bound of sin_turns: 1.0 ulp
//! Error bound of cos_turns: 0.95 ulp
//!
//! Cost: 22 operations for both (8 reduce, 1 square, 5 sine, 4 cosine, 4 swap and sign).

use crate::lane::Register;
use crate::math::{copy_sign, polynomial};

/// 2 pi rounded to nearest.
const TAU_HIGH: f32 = std::f32::consts::TAU;

/// 2 pi less its high part, then (sin(2 pi y) / y - 2 pi) / y^2 in powers of y^2: minimax on
/// |y| <= 1/8 for the relative error of the sine, which is 2^-28.0; it is 2^-27.9 rounded one after
/// the other from the lowest, refitting the rest.
const SIN: [f32; 4] = [-1.748_455_5e-7, -41.341_67, 81.593_43, -75.427_536];

/// 1, then (cos(2 pi y) - 1) / y^2 in powers of y^2: minimax on |y| <= 1/8 for the relative error of
/// the cosine, which is 2^-33.9; rounded in the same way 2^-31.1.
const COS: [f32; 5] = [1.0, -19.739_208, 64.939_15, -85.424_51, 58.619_28];

/// (sin 2 pi u, cos 2 pi u). The sign of a zero sine is that of u - round(u).
#[inline(always)]
pub fn sin_cos_turns<R: Register<Scalar = f32>>(u: R) -> (R, R) {
    let a = u - u.round();
    let b = a.abs();
    let quarters = R::broadcast((1u32 << 21) as f32);
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
