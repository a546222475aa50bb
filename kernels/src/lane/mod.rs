//! The numbers kernels are written over.
//!
//! A [`Lane`] is "one particle's number": a scalar, a register of eight `f64` or sixteen `f32`
//! particles, four such registers side by side ([`Pack`]), or any of these carrying a tangent
//! ([`Dual`]). Code written for one particle over `L: Lane` therefore runs on 32 or 64 particles at
//! once. [`Register`] adds what elementary functions need and only scalars and hardware registers
//! have: the bits.

mod dual;
mod pack;
mod scalar;
mod vector;

pub use dual::Dual;
pub use pack::Pack;

use bytemuck::Pod;
use std::fmt::Debug;
use std::ops::{
    Add, AddAssign, BitAnd, BitOr, BitXor, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign,
};

/// The `f64` register: eight particles on every machine.
pub type F64 = wide::f64x8;
/// The `f32` register: sixteen particles on every machine.
pub type F32 = wide::f32x16;

/// A truth value per particle.
pub trait Mask: Copy + Debug + Send + Sync + 'static {
    /// The same truth value for every particle.
    fn splat(value: bool) -> Self;
    /// Both.
    fn and(self, other: Self) -> Self;
    /// Either.
    fn or(self, other: Self) -> Self;
    /// The opposite.
    fn not(self) -> Self;
    /// Whether it holds for at least one particle.
    fn any(self) -> bool;
    /// Whether it holds for every particle.
    fn all(self) -> bool {
        !self.not().any()
    }
    /// For how many particles it holds.
    fn count(self) -> u32;
}

/// A storage scalar: `f64` or `f32`.
pub trait Scalar:
    Pod + Debug + PartialOrd + Send + Sync + 'static + Into<f64> + Default + private::Sealed
{
    /// Rounds to this precision (nearest, ties to even).
    fn from_f64(value: f64) -> Self;
    /// Picks this precision's copy out of a table kept in both.
    fn table(table: &Table) -> &[Self];
}

/// A read-only array of constants kept in both precisions, so that a kernel over any lane
/// broadcasts a stored scalar without converting it (a conversion costs as much as a multiply).
#[derive(Debug, Clone, Default)]
pub struct Table {
    f64: Vec<f64>,
    f32: Vec<f32>,
}

impl Table {
    /// Keeps `values` as they are and rounded to `f32`.
    pub fn new(values: Vec<f64>) -> Self {
        let f32 = values.iter().map(|&v| v as f32).collect();
        Self { f64: values, f32 }
    }

    /// The values of the precision of `L`.
    #[inline(always)]
    pub fn of<L: Lane>(&self) -> &[L::Scalar] {
        L::Scalar::table(self)
    }

    /// The values in double precision.
    pub fn values(&self) -> &[f64] {
        &self.f64
    }
}

impl From<Vec<f64>> for Table {
    fn from(values: Vec<f64>) -> Self {
        Self::new(values)
    }
}

mod private {
    pub trait Sealed {}
    impl Sealed for f64 {}
    impl Sealed for f32 {}
}

impl Scalar for f64 {
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn table(table: &Table) -> &[Self] {
        &table.f64
    }
}

impl Scalar for f32 {
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn table(table: &Table) -> &[Self] {
        &table.f32
    }
}

/// One number per particle, and the arithmetic on it.
///
/// Addition, subtraction, multiplication, division, [`sqrt`](Lane::sqrt) and
/// [`mul_add`](Lane::mul_add) are correctly rounded; the elementary functions are those of
/// [`crate::math`] with the bounds stated there. Nothing branches on a value: choices are made by
/// [`select`](Lane::select), so a NaN in one particle touches no other.
pub trait Lane:
    Copy
    + Debug
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
{
    /// The precision it is stored in.
    type Scalar: Scalar;
    /// A truth value per particle.
    type Mask: Mask;

    /// The stored scalar for every particle.
    fn broadcast(value: Self::Scalar) -> Self;

    /// A constant for every particle, rounded to this precision.
    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self::broadcast(Self::Scalar::from_f64(value))
    }
    /// Zero.
    #[inline(always)]
    fn zero() -> Self {
        Self::splat(0.0)
    }
    /// One.
    #[inline(always)]
    fn one() -> Self {
        Self::splat(1.0)
    }

    /// `self * factor + term` with one rounding, on every machine.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// `term - self * factor` with one rounding.
    #[inline(always)]
    fn neg_mul_add(self, factor: Self, term: Self) -> Self {
        (-self).mul_add(factor, term)
    }
    /// The square root.
    fn sqrt(self) -> Self;
    /// The absolute value.
    fn abs(self) -> Self;
    /// `self < other ? self : other`; where either is NaN, `other`.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self::select(self.lt(other), self, other)
    }
    /// `other < self ? self : other`; where either is NaN, `other`.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self::select(other.lt(self), self, other)
    }

    /// `self < other`; false where either is NaN.
    fn lt(self, other: Self) -> Self::Mask;
    /// `self <= other`; false where either is NaN.
    fn le(self, other: Self) -> Self::Mask;
    /// `self == other`; false where either is NaN.
    fn eq(self, other: Self) -> Self::Mask;
    /// `if_true` where the mask holds, else `if_false`.
    fn select(mask: Self::Mask, if_true: Self, if_false: Self) -> Self;
    /// Neither infinite nor NaN.
    #[inline(always)]
    fn is_finite(self) -> Self::Mask {
        self.abs().lt(Self::splat(f64::INFINITY))
    }
    /// NaN.
    #[inline(always)]
    fn is_nan(self) -> Self::Mask {
        self.eq(self).not()
    }

    /// e^self; see [`crate::math`].
    fn exp(self) -> Self;
    /// 2^self for self from -1022 (f64) or -126 (f32) to 0, or NaN; beyond, anything.
    fn exp2_nonpositive(self) -> Self;
    /// e^self - 1 without cancellation.
    fn exp_m1(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// ln(1 + self) without cancellation.
    fn ln_1p(self) -> Self;
    /// 1 / (1 + e^-self).
    fn sigmoid(self) -> Self;
    /// ln(1 + e^self), without overflow.
    fn softplus(self) -> Self;
    /// ln sigmoid(self) = -softplus(-self).
    #[inline(always)]
    fn log_sigmoid(self) -> Self {
        -(-self).softplus()
    }
    /// (sin 2 pi self, cos 2 pi self): the argument is in turns.
    fn sin_cos_turns(self) -> (Self, Self);

    /// self * self.
    #[inline(always)]
    fn square(self) -> Self {
        self * self
    }
    /// 1 / self.
    #[inline(always)]
    fn recip(self) -> Self {
        Self::one() / self
    }
    /// self^n by repeated squaring.
    #[inline(always)]
    fn powi(self, n: u32) -> Self {
        let (mut result, mut base, mut n) = (Self::one(), self, n);
        while n > 0 {
            if n & 1 == 1 {
                result *= base;
            }
            base *= base;
            n >>= 1;
        }
        result
    }
}

/// The bits of a [`Register`]: `u64`, `u32` or a vector of them.
pub trait Word:
    Pod + Debug + BitAnd<Output = Self> + BitOr<Output = Self> + BitXor<Output = Self> + Send + Sync
{
    /// Bits of one element: 64 or 32.
    const BITS: u32;
    /// The low [`Word::BITS`] bits of `value` in every element.
    fn splat(value: u64) -> Self;
    /// Wrapping sum.
    fn wrapping_add(self, other: Self) -> Self;
    /// Wrapping difference.
    fn wrapping_sub(self, other: Self) -> Self;
    /// Logical shift to the left; `count < BITS`.
    fn shl(self, count: u32) -> Self;
    /// Logical shift to the right; `count < BITS`.
    fn shr(self, count: u32) -> Self;
    /// Arithmetic shift to the right; `count < BITS`.
    fn sar(self, count: u32) -> Self;
    /// Rotation to the left.
    fn rotate_left(self, count: u32) -> Self;
}

/// A scalar or a hardware register: a [`Lane`] whose bits can be read.
pub trait Register: Lane + Pod + Default {
    /// The bits, as integers of the same width.
    type Word: Word;
    /// Particles in one register: 1, 8 or 16.
    const WIDTH: usize;

    /// The bits.
    fn to_bits(self) -> Self::Word;
    /// A number from its bits.
    fn from_bits(bits: Self::Word) -> Self;
    /// The unsigned integer as a number (nearest, ties to even).
    fn from_unsigned(word: Self::Word) -> Self;
    /// The signed integer as a number (nearest, ties to even).
    fn from_signed(word: Self::Word) -> Self;
    /// Nearest integer, ties to even.
    fn round(self) -> Self;
    /// `self * 2^exponent`, rounded once. `exponent` is an integer with |exponent| <= 2000 (f64)
    /// or 240 (f32); |self| in [0.5, 2), or NaN.
    fn scale_by_power_of_two(self, exponent: Self) -> Self;
    /// `(m, e)` with self = m 2^e and m in [0.75, 1.5), for positive finite self, subnormals too;
    /// (1, -inf) for zeros, (1, inf) for +inf, m = NaN (and e anything) for negatives and NaN.
    fn split_exponent(self) -> (Self, Self);
    /// The same with m in [1, 2): two operations less on AVX-512, at the price of m near 2 just
    /// below 1.
    fn split_binade(self) -> (Self, Self);
    /// `table[index & 15]`.
    fn lookup16(table: &[Self::Scalar; 16], index: Self::Word) -> Self;
}
