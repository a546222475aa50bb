//! `f64x8` and `f32x16` as lanes: arithmetic by `wide`, the rest by [`crate::isa`].

use super::scalar::elementary;
use super::{F32, F64, Lane, Register, Word};
use crate::{isa, math};
use wide::{u32x16, u64x8};

macro_rules! vector_word {
    ($word:ty, $element:ty, $isa:ident) => {
        impl Word for $word {
            const BITS: u32 = <$element>::BITS;
            #[inline(always)]
            fn splat(value: u64) -> Self {
                <$word>::splat(value as $element)
            }
            #[inline(always)]
            fn wrapping_add(self, other: Self) -> Self {
                self + other
            }
            #[inline(always)]
            fn wrapping_sub(self, other: Self) -> Self {
                self - other
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
                isa::$isa::sar(self, count)
            }
            #[inline(always)]
            fn rotate_left(self, count: u32) -> Self {
                isa::$isa::rotate_left(self, count)
            }
        }
    };
}
vector_word!(u64x8, u64, double);
vector_word!(u32x16, u32, single);

macro_rules! vector_lane {
    ($register:ty, $float:ty, $word:ty, $width:expr, $isa:ident, $math:path) => {
        impl Lane for $register {
            type Scalar = $float;
            type Mask = isa::$isa::Mask;
            #[inline(always)]
            fn broadcast(value: $float) -> Self {
                <$register>::splat(value)
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, term: Self) -> Self {
                isa::$isa::mul_add(self, factor, term)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                <$register>::sqrt(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                <$register>::abs(self)
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                isa::$isa::min(self, other)
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                isa::$isa::max(self, other)
            }
            #[inline(always)]
            fn lt(self, other: Self) -> Self::Mask {
                isa::$isa::lt(self, other)
            }
            #[inline(always)]
            fn le(self, other: Self) -> Self::Mask {
                isa::$isa::le(self, other)
            }
            #[inline(always)]
            fn eq(self, other: Self) -> Self::Mask {
                isa::$isa::eq(self, other)
            }
            #[inline(always)]
            fn select(mask: Self::Mask, if_true: Self, if_false: Self) -> Self {
                isa::$isa::select(mask, if_true, if_false)
            }
            elementary!($math);
        }

        impl Register for $register {
            type Word = $word;
            const WIDTH: usize = $width;
            #[inline(always)]
            fn to_bits(self) -> $word {
                bytemuck::cast(self)
            }
            #[inline(always)]
            fn from_bits(bits: $word) -> Self {
                bytemuck::cast(bits)
            }
            #[inline(always)]
            fn from_unsigned(word: $word) -> Self {
                isa::$isa::from_unsigned(word)
            }
            #[inline(always)]
            fn from_small_signed(word: $word) -> Self {
                isa::$isa::from_small_signed(word)
            }
            #[inline(always)]
            fn round(self) -> Self {
                isa::$isa::round(self)
            }
            #[inline(always)]
            fn scale_by_power_of_two(self, exponent: Self) -> Self {
                isa::$isa::scale_by_power_of_two(self, exponent)
            }
            #[inline(always)]
            fn split_exponent(self) -> (Self, Self) {
                isa::$isa::split_exponent(self)
            }
            #[inline(always)]
            fn split_binade(self) -> (Self, Self) {
                isa::$isa::split_binade(self)
            }
            #[inline(always)]
            fn lookup16(table: &[$float; 16], index: $word) -> Self {
                isa::$isa::lookup16(table, index)
            }
        }
    };
}
vector_lane!(F64, f64, u64x8, 8, double, math::double);
vector_lane!(F32, f32, u32x16, 16, single, math::single);
