//! The Gaussian map: two words to two independent standard normals.
//!
//! Box-Muller (1958, doi 10.1214/aoms/1177706645) with an angle that needs no reduction:
//!
//! ```text
//! u = (a + 1/2) 2^-BITS in (0, 1)           r = sqrt(-ln u)
//! phi = pi/4 * signed(b << 2) 2^-(BITS-1)    in [-pi/4, pi/4)
//! x = +-r (cos phi + sin phi)    y = +-r (cos phi - sin phi)    signs: the top two bits of b
//! ```
//!
//! Turning by pi/4 makes cos phi +- sin phi = sqrt 2 (cos, sin) of an angle uniform on the first
//! quadrant, so the sqrt 2 of the radius cancels, and the two sign bits choose the quadrant: neither
//! a swap nor a select. ln u comes from the integer, so the smallest u keep full relative precision:
//! |x| reaches 9.49 (f64) and 6.76 (f32, where 24-bit uniforms would stop at 5.77). Exactly one word
//! per normal; no rejection, no branch.
//!
//! Error bound of double: 10 ulp of the radius
//! Error bound of double, u < 31/32: 6 ulp of the radius
//! Error bound of single: 6 ulp of the radius
//!
//! (u taken as rounded to 53 or 24 bits, which is exact below 2^-12 or 2^-9; near u = 1 the error
//! of ln is absolute, so radii below 0.18 have the larger bound. Read and held by
//! `tests/gaussian.rs`.)
//!
//! Cost per pair of registers on AVX-512, random bits
//! (22 operations) left out: f64 44 operations and a square root, f32 34 and a square root.

use crate::lane::{Register, Scalar as _, Word};

/// sin(pi/4 t) / t in z = t^2 on [0, 1], minimax, relative error 2^-58.
const SIN_F64: [f64; 7] = [
    std::f64::consts::FRAC_PI_4,
    -0.080_745_512_188_280_54,
    0.002_490_394_570_188_846,
    -3.657_620_415_892_393e-5,
    3.133_616_225_627_339_5e-7,
    -1.757_150_091_940_738_2e-9,
    6.877_366_321_873_784e-12,
];
/// cos(pi/4 t) in z = t^2 on [0, 1], minimax, error 2^-54.
const COS_F64: [f64; 7] = [
    1.0,
    -0.308_425_137_534_037_83,
    0.015_854_344_243_741_597,
    -3.259_918_864_837_575e-4,
    3.590_859_180_269_717_6e-6,
    -2.460_950_746_689_635e-8,
    1.136_548_163_896_420_7e-10,
];
/// (ln(1 + r) - r) / r^2 on |r| <= 1/32, minimax; error of ln 2^-55.
const LOG_F64: [f64; 7] = [
    -0.499_999_999_999_995_84,
    0.333_333_333_352_307_2,
    -0.250_000_000_056_099_6,
    0.199_999_881_971_879_86,
    -0.166_666_476_059_196_25,
    0.143_065_706_895_757_1,
    -0.125_238_556_576_056_24,
];
/// 1/m to double precision at the centre m of each sixteenth of the binade, halved for m >= 3/2.
const RECIPROCAL: [f64; 16] = [
    1.0,
    0.9411764705882353,
    0.8888888888888888,
    0.8421052631578947,
    0.8,
    0.7619047619047619,
    0.7272727272727273,
    0.6956521739130435,
    1.3333333333333333,
    1.28,
    1.2307692307692308,
    1.1851851851851851,
    1.1428571428571428,
    1.103448275862069,
    1.0666666666666667,
    1.032258064516129,
];
/// -ln of [`RECIPROCAL`].
const LOG_CENTRE: [f64; 16] = [
    0.0,
    0.060624621816434856,
    0.117_783_035_656_383_51,
    0.171_850_256_926_659_28,
    0.223_143_551_314_209_7,
    0.271_933_715_483_641_8,
    0.318_453_731_118_534_6,
    0.362_905_493_689_368_5,
    -0.28768207245178087,
    -0.246_860_077_931_525_8,
    -0.20763936477824456,
    -0.16989903679539742,
    -0.13353139262452257,
    -0.09844007281325251,
    -0.06453852113757116,
    -0.03174869831458027,
];
/// sin(pi/4 t) / t in z = t^2 on [0, 1], minimax, relative error 2^-28.
const SIN_F32: [f64; 4] = [
    0.785398160983,
    -0.0807454348303,
    0.00249000712714,
    -3.59545077899e-5,
];
/// cos(pi/4 t) in z = t^2 on [0, 1], minimax, error 2^-25.
const COS_F32: [f64; 4] = [
    0.999999972423,
    -0.308424253563,
    0.0158499152576,
    -0.000318880508458,
];
/// ln(1 + f) / f on [sqrt 1/2 - 1, sqrt 2 - 1], minimax, relative error 2^-25.
const LOG_F32: [f64; 9] = [
    0.999999975046,
    -0.499999777408,
    0.333341604464,
    -0.250029461607,
    0.199584174322,
    -0.165437365628,
    0.149173730165,
    -0.144821948786,
    0.0895993621618,
];

#[inline(always)]
fn polynomial<R: Register, const N: usize>(x: R, coefficients: &[f64; N]) -> R {
    let mut sum = R::splat(coefficients[N - 1]);
    for k in (0..N - 1).rev() {
        sum = sum.mul_add(x, R::splat(coefficients[k]));
    }
    sum
}

/// x with its sign flipped where the top bit of `word` is set.
#[inline(always)]
fn flip_sign<R: Register>(x: R, word: R::Word) -> R {
    let top = R::Word::splat(1 << (R::Word::BITS - 1));
    R::from_bits(x.to_bits() ^ (word & top))
}

/// r and t from the words: radius, then the two coordinates.
#[inline(always)]
fn rotate<R: Register, const S: usize, const C: usize>(
    radius: R,
    b: R::Word,
    sin: &[f64; S],
    cos: &[f64; C],
) -> (R, R) {
    let unit = R::broadcast(R::Scalar::from_f64(2f64.powi(1 - R::Word::BITS as i32)));
    let t = R::from_signed(b.shl(2)) * unit;
    let z = t * t;
    let s = if crate::mutants::active("normals-share-a-coordinate") {
        R::splat(0.0)
    } else {
        t * polynomial(z, sin)
    };
    let c = polynomial(z, cos);
    (
        flip_sign(radius * (c + s), b),
        flip_sign(radius * (c - s), b.shl(1)),
    )
}

/// Two words of 64 bits to two normals in double precision.
#[inline(always)]
pub fn double<R: Register<Scalar = f64>>(a: R::Word, b: R::Word) -> (R, R) {
    const LN_2: f64 = std::f64::consts::LN_2;
    // Mantissas in [0.734375, 1.46875): every sixteenth of the binade, rounded, then has one sign
    // of exponent, so the top four bits alone choose the table entry.
    let offset = R::Word::splat(0.734375f64.to_bits());
    let f = R::from_unsigned(a) + R::splat(0.5);
    let bits = f.to_bits();
    let steps = bits.wrapping_sub(offset).sar(52);
    let m_bits = bits.wrapping_sub(steps.shl(52));
    let m = R::from_bits(m_bits);
    let index = m_bits.wrapping_add(R::Word::splat(1 << 47)).shr(48);
    let r = m.mul_add(R::lookup16(&RECIPROCAL, index), -R::one());
    let log_centre = R::lookup16(&LOG_CENTRE, index);
    // 64 ln 2 - e ln 2 is zero exactly at e = 64.
    let high = R::from_signed(steps).mul_add(R::splat(-LN_2), R::splat(64.0 * LN_2)) - log_centre;
    let tail = (r * r).mul_add(polynomial(r, &LOG_F64), r);
    rotate((high - tail).sqrt(), b, &SIN_F64, &COS_F64)
}

/// Two words of 32 bits to two normals in single precision.
#[inline(always)]
pub fn single<R: Register<Scalar = f32>>(a: R::Word, b: R::Word) -> (R, R) {
    const LN_2: f64 = std::f32::consts::LN_2 as f64;
    let offset = R::Word::splat(std::f32::consts::FRAC_1_SQRT_2.to_bits() as u64);
    let u = R::from_unsigned(a) + R::splat(0.5);
    let bits = u.to_bits();
    let steps = bits.wrapping_sub(offset).sar(23);
    let f = R::from_bits(bits.wrapping_sub(steps.shl(23))) - R::one();
    let high = R::from_signed(steps).mul_add(R::splat(-LN_2), R::splat(32.0 * LN_2));
    let minus_log = f.neg_mul_add(polynomial(f, &LOG_F32), high);
    // Never negative: at e = 32 `high` is +0 and f <= 0 (u = 1 gives +0); below, `high` is at least
    // ln 2 and ln(1 + f) at most half of that.
    rotate(minus_log.sqrt(), b, &SIN_F32, &COS_F32)
}
