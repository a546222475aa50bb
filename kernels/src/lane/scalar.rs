//! `f64` and `f32` as lanes: the scalar twin of every kernel.

use super::{Lane, Mask, Register, Word};
use crate::math;

impl Mask for bool {
    #[inline(always)]
    fn splat(value: bool) -> Self {
        value
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self & other
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        self | other
    }
    #[inline(always)]
    fn not(self) -> Self {
        !self
    }
    #[inline(always)]
    fn any(self) -> bool {
        self
    }
    #[inline(always)]
    fn count(self) -> u32 {
        self as u32
    }
}

macro_rules! scalar_word {
    ($word:ty, $signed:ty) => {
        impl Word for $word {
            const BITS: u32 = <$word>::BITS;
            #[inline(always)]
            fn splat(value: u64) -> Self {
                value as $word
            }
            #[inline(always)]
            fn wrapping_add(self, other: Self) -> Self {
                <$word>::wrapping_add(self, other)
            }
            #[inline(always)]
            fn wrapping_sub(self, other: Self) -> Self {
                <$word>::wrapping_sub(self, other)
            }
            #[inline(always)]
            fn shl(self, count: u32) -> Self {
                self << count
            }
            #[inline(always)]
            fn shr(self, count: u32) -> Self {
                self >> count
            }
            #[inline(always)]
            fn sar(self, count: u32) -> Self {
                (self as $signed >> count) as $word
            }
            #[inline(always)]
            fn rotate_left(self, count: u32) -> Self {
                <$word>::rotate_left(self, count)
            }
        }
    };
}
scalar_word!(u64, i64);
scalar_word!(u32, i32);

/// (m, e) with x = m 2^e and m in [low, 2 low): subnormals are lifted into the normal range first,
/// then the exponent is what subtracting the bits of `low` leaves above the mantissa.
macro_rules! split {
    ($x:expr, $float:ty, $word:ty, $signed:ty, $mantissa_bits:expr, $low:expr) => {{
        const LIFT: i32 = 64;
        let given: $float = $x;
        let subnormal = given < <$float>::MIN_POSITIVE;
        let lift = (1u128 << LIFT) as $float;
        let x = if subnormal { given * lift } else { given };
        let offset = <$float>::to_bits($low);
        let steps = <$word>::wrapping_sub(x.to_bits(), offset) as $signed >> $mantissa_bits;
        let m = <$float>::from_bits(x.to_bits().wrapping_sub((steps << $mantissa_bits) as $word));
        let shift = if subnormal { LIFT as $float } else { 0.0 };
        let e = steps as $float - shift;
        // Zero, infinity, negatives and NaN as the instruction has them.
        let (m, e) = if given == 0.0 {
            (1.0, <$float>::NEG_INFINITY)
        } else {
            (m, e)
        };
        let (m, e) = if given == <$float>::INFINITY {
            (1.0, given)
        } else {
            (m, e)
        };
        (if given >= 0.0 { m } else { <$float>::NAN }, e)
    }};
}

macro_rules! scalar_lane {
    ($float:ty, $word:ty, $signed:ty, $math:path, $mantissa_bits:expr, $bias:expr) => {
        impl Lane for $float {
            type Scalar = $float;
            type Mask = bool;
            #[inline(always)]
            fn broadcast(value: $float) -> Self {
                value
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, term: Self) -> Self {
                <$float>::mul_add(self, factor, term)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                <$float>::sqrt(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                <$float>::abs(self)
            }
            #[inline(always)]
            fn lt(self, other: Self) -> bool {
                self < other
            }
            #[inline(always)]
            fn le(self, other: Self) -> bool {
                self <= other
            }
            #[inline(always)]
            fn eq(self, other: Self) -> bool {
                self == other
            }
            #[inline(always)]
            fn select(mask: bool, if_true: Self, if_false: Self) -> Self {
                if mask { if_true } else { if_false }
            }
            elementary!($math);
        }

        impl Register for $float {
            type Word = $word;
            const WIDTH: usize = 1;
            #[inline(always)]
            fn to_bits(self) -> $word {
                <$float>::to_bits(self)
            }
            #[inline(always)]
            fn from_bits(bits: $word) -> Self {
                <$float>::from_bits(bits)
            }
            #[inline(always)]
            fn from_unsigned(word: $word) -> Self {
                word as $float
            }
            #[inline(always)]
            fn from_signed(word: $word) -> Self {
                word as $signed as $float
            }
            #[inline(always)]
            fn round(self) -> Self {
                <$float>::round_ties_even(self)
            }
            #[inline(always)]
            fn scale_by_power_of_two(self, exponent: Self) -> Self {
                // Two factors, because 2^exponent itself may be out of range: the first product is
                // exact (its exponent is half the way), so only the second rounds.
                let power =
                    |n: $signed| <$float>::from_bits(((n + $bias) as $word) << $mantissa_bits);
                let n = exponent as $signed;
                let half = n >> 1;
                self * power(half) * power(n - half)
            }
            #[inline(always)]
            fn split_exponent(self) -> (Self, Self) {
                split!(self, $float, $word, $signed, $mantissa_bits, 0.75)
            }
            #[inline(always)]
            fn split_binade(self) -> (Self, Self) {
                split!(self, $float, $word, $signed, $mantissa_bits, 1.0)
            }
            #[inline(always)]
            fn lookup16(table: &[$float; 16], index: $word) -> Self {
                table[(index & 15) as usize]
            }
        }
    };
}

/// The elementary functions of a register, from one of the two modules of [`crate::math`].
macro_rules! elementary {
    ($math:path) => {
        #[inline(always)]
        fn exp(self) -> Self {
            use $math as m;
            m::exp(self)
        }
        #[inline(always)]
        fn exp2_nonpositive(self) -> Self {
            use $math as m;
            m::exp2_nonpositive(self)
        }
        #[inline(always)]
        fn exp_m1(self) -> Self {
            use $math as m;
            m::exp_m1(self)
        }
        #[inline(always)]
        fn ln(self) -> Self {
            use $math as m;
            m::ln(self)
        }
        #[inline(always)]
        fn ln_1p(self) -> Self {
            use $math as m;
            m::ln_1p(self)
        }
        #[inline(always)]
        fn sigmoid(self) -> Self {
            use $math as m;
            m::sigmoid(self)
        }
        #[inline(always)]
        fn softplus(self) -> Self {
            use $math as m;
            m::softplus(self)
        }
        #[inline(always)]
        fn sin_cos_turns(self) -> (Self, Self) {
            use $math as m;
            m::sin_cos_turns(self)
        }
    };
}
pub(super) use elementary;

scalar_lane!(f64, u64, i64, math::double, 52, 1023);
scalar_lane!(f32, u32, i32, math::single, 23, 127);
