//! Every level below AVX-512, AVX2 included: `wide` splits a register into halves; what it lacks is
//! done element by element, which the compiler turns into vector code where the level has it.

use crate::lane::Register as _;

/// On `f64x8`.
pub mod double {
    use super::*;
    use wide::{f64x8, u64x8};

    #[inline(always)]
    fn each(x: f64x8, f: impl Fn(f64) -> f64) -> f64x8 {
        f64x8::new(x.to_array().map(f))
    }

    /// A truth value per particle: all bits set or none.
    #[derive(Clone, Copy, Debug)]
    pub struct Mask(f64x8);

    impl crate::lane::Mask for Mask {
        #[inline(always)]
        fn splat(value: bool) -> Self {
            Self(f64x8::splat(f64::from_bits(if value {
                u64::MAX
            } else {
                0
            })))
        }
        #[inline(always)]
        fn and(self, other: Self) -> Self {
            Self(self.0 & other.0)
        }
        #[inline(always)]
        fn or(self, other: Self) -> Self {
            Self(self.0 | other.0)
        }
        #[inline(always)]
        fn not(self) -> Self {
            Self(!self.0)
        }
        #[inline(always)]
        fn any(self) -> bool {
            self.count() != 0
        }
        #[inline(always)]
        fn count(self) -> u32 {
            self.0
                .to_array()
                .iter()
                .map(|x| x.to_bits() as u32 & 1)
                .sum()
        }
    }

    /// a b + c, rounded once; without the instruction, by the software routine.
    #[inline(always)]
    pub fn mul_add(a: f64x8, b: f64x8, c: f64x8) -> f64x8 {
        if super::super::FAST {
            return a.mul_add(b, c);
        }
        let (a, b, c) = (a.to_array(), b.to_array(), c.to_array());
        f64x8::new(std::array::from_fn(|i| a[i].mul_add(b[i], c[i])))
    }
    /// a < b, false on NaN.
    #[inline(always)]
    pub fn lt(a: f64x8, b: f64x8) -> Mask {
        Mask(a.simd_lt(b))
    }
    /// a <= b, false on NaN.
    #[inline(always)]
    pub fn le(a: f64x8, b: f64x8) -> Mask {
        Mask(a.simd_le(b))
    }
    /// a == b, false on NaN.
    #[inline(always)]
    pub fn eq(a: f64x8, b: f64x8) -> Mask {
        Mask(a.simd_eq(b))
    }
    /// `if_true` where the mask holds.
    #[inline(always)]
    pub fn select(mask: Mask, if_true: f64x8, if_false: f64x8) -> f64x8 {
        mask.0.select(if_true, if_false)
    }
    /// Nearest integer, ties to even.
    #[inline(always)]
    pub fn round(x: f64x8) -> f64x8 {
        each(x, f64::round_ties_even)
    }
    /// x 2^n, rounded once.
    #[inline(always)]
    pub fn scale_by_power_of_two(x: f64x8, n: f64x8) -> f64x8 {
        let (x, n) = (x.to_array(), n.to_array());
        f64x8::new(std::array::from_fn(|i| x[i].scale_by_power_of_two(n[i])))
    }
    /// (m, e) with x = m 2^e, m in [0.75, 1.5).
    #[inline(always)]
    pub fn split_exponent(x: f64x8) -> (f64x8, f64x8) {
        let both = x.to_array().map(|x| x.split_exponent());
        (f64x8::new(both.map(|b| b.0)), f64x8::new(both.map(|b| b.1)))
    }
    /// (m, e) with x = m 2^e, m in [1, 2).
    #[inline(always)]
    pub fn split_binade(x: f64x8) -> (f64x8, f64x8) {
        let both = x.to_array().map(|x| x.split_binade());
        (f64x8::new(both.map(|b| b.0)), f64x8::new(both.map(|b| b.1)))
    }
    /// a < b ? a : b.
    #[inline(always)]
    pub fn min(a: f64x8, b: f64x8) -> f64x8 {
        select(lt(a, b), a, b)
    }
    /// b < a ? a : b.
    #[inline(always)]
    pub fn max(a: f64x8, b: f64x8) -> f64x8 {
        select(lt(b, a), a, b)
    }
    /// The unsigned integer, rounded to nearest.
    #[inline(always)]
    pub fn from_unsigned(word: u64x8) -> f64x8 {
        f64x8::new(word.to_array().map(|w| w as f64))
    }
    /// The signed integer.
    #[inline(always)]
    pub fn from_signed(word: u64x8) -> f64x8 {
        f64x8::new(word.to_array().map(|w| w as i64 as f64))
    }
    /// Arithmetic shift to the right.
    #[inline(always)]
    pub fn sar(word: u64x8, count: u32) -> u64x8 {
        u64x8::new(word.to_array().map(|w| (w as i64 >> count) as u64))
    }
    /// Rotation to the left.
    #[inline(always)]
    pub fn rotate_left(word: u64x8, count: u32) -> u64x8 {
        (word << count) | (word >> (u64::BITS - count))
    }
    /// `table[index & 15]`.
    #[inline(always)]
    pub fn lookup16(table: &[f64; 16], index: u64x8) -> f64x8 {
        f64x8::new(index.to_array().map(|i| table[(i & 15) as usize]))
    }
}

/// On `f32x16`.
pub mod single {
    use super::*;
    use wide::{f32x16, u32x16};

    #[inline(always)]
    fn each(x: f32x16, f: impl Fn(f32) -> f32) -> f32x16 {
        f32x16::new(x.to_array().map(f))
    }

    /// A truth value per particle: all bits set or none.
    #[derive(Clone, Copy, Debug)]
    pub struct Mask(f32x16);

    impl crate::lane::Mask for Mask {
        #[inline(always)]
        fn splat(value: bool) -> Self {
            Self(f32x16::splat(f32::from_bits(if value {
                u32::MAX
            } else {
                0
            })))
        }
        #[inline(always)]
        fn and(self, other: Self) -> Self {
            Self(self.0 & other.0)
        }
        #[inline(always)]
        fn or(self, other: Self) -> Self {
            Self(self.0 | other.0)
        }
        #[inline(always)]
        fn not(self) -> Self {
            Self(!self.0)
        }
        #[inline(always)]
        fn any(self) -> bool {
            self.count() != 0
        }
        #[inline(always)]
        fn count(self) -> u32 {
            self.0
                .to_array()
                .iter()
                .map(|x| x.to_bits() as u32 & 1)
                .sum()
        }
    }

    /// a b + c, rounded once; without the instruction, by the software routine.
    #[inline(always)]
    pub fn mul_add(a: f32x16, b: f32x16, c: f32x16) -> f32x16 {
        if super::super::FAST {
            return a.mul_add(b, c);
        }
        let (a, b, c) = (a.to_array(), b.to_array(), c.to_array());
        f32x16::new(std::array::from_fn(|i| a[i].mul_add(b[i], c[i])))
    }
    /// a < b, false on NaN.
    #[inline(always)]
    pub fn lt(a: f32x16, b: f32x16) -> Mask {
        Mask(a.simd_lt(b))
    }
    /// a <= b, false on NaN.
    #[inline(always)]
    pub fn le(a: f32x16, b: f32x16) -> Mask {
        Mask(a.simd_le(b))
    }
    /// a == b, false on NaN.
    #[inline(always)]
    pub fn eq(a: f32x16, b: f32x16) -> Mask {
        Mask(a.simd_eq(b))
    }
    /// `if_true` where the mask holds.
    #[inline(always)]
    pub fn select(mask: Mask, if_true: f32x16, if_false: f32x16) -> f32x16 {
        mask.0.select(if_true, if_false)
    }
    /// Nearest integer, ties to even.
    #[inline(always)]
    pub fn round(x: f32x16) -> f32x16 {
        each(x, f32::round_ties_even)
    }
    /// x 2^n, rounded once.
    #[inline(always)]
    pub fn scale_by_power_of_two(x: f32x16, n: f32x16) -> f32x16 {
        let (x, n) = (x.to_array(), n.to_array());
        f32x16::new(std::array::from_fn(|i| x[i].scale_by_power_of_two(n[i])))
    }
    /// (m, e) with x = m 2^e, m in [0.75, 1.5).
    #[inline(always)]
    pub fn split_exponent(x: f32x16) -> (f32x16, f32x16) {
        let both = x.to_array().map(|x| x.split_exponent());
        (
            f32x16::new(both.map(|b| b.0)),
            f32x16::new(both.map(|b| b.1)),
        )
    }
    /// (m, e) with x = m 2^e, m in [1, 2).
    #[inline(always)]
    pub fn split_binade(x: f32x16) -> (f32x16, f32x16) {
        let both = x.to_array().map(|x| x.split_binade());
        (
            f32x16::new(both.map(|b| b.0)),
            f32x16::new(both.map(|b| b.1)),
        )
    }
    /// a < b ? a : b.
    #[inline(always)]
    pub fn min(a: f32x16, b: f32x16) -> f32x16 {
        select(lt(a, b), a, b)
    }
    /// b < a ? a : b.
    #[inline(always)]
    pub fn max(a: f32x16, b: f32x16) -> f32x16 {
        select(lt(b, a), a, b)
    }
    /// The unsigned integer, rounded to nearest.
    #[inline(always)]
    pub fn from_unsigned(word: u32x16) -> f32x16 {
        f32x16::new(word.to_array().map(|w| w as f32))
    }
    /// The signed integer.
    #[inline(always)]
    pub fn from_signed(word: u32x16) -> f32x16 {
        f32x16::new(word.to_array().map(|w| w as i32 as f32))
    }
    /// Arithmetic shift to the right.
    #[inline(always)]
    pub fn sar(word: u32x16, count: u32) -> u32x16 {
        u32x16::new(word.to_array().map(|w| (w as i32 >> count) as u32))
    }
    /// Rotation to the left.
    #[inline(always)]
    pub fn rotate_left(word: u32x16, count: u32) -> u32x16 {
        (word << count) | (word >> (u32::BITS - count))
    }
    /// The particles as two registers of doubles, exactly.
    #[inline(always)]
    pub fn widen(x: f32x16) -> [wide::f64x8; 2] {
        let x = x.to_array();
        [0, 8].map(|k| wide::f64x8::new(std::array::from_fn(|i| f64::from(x[k + i]))))
    }
    /// Two registers of doubles, each number rounded to the nearest.
    #[inline(always)]
    pub fn narrow(halves: [wide::f64x8; 2]) -> f32x16 {
        let halves = halves.map(|half| half.to_array());
        f32x16::new(std::array::from_fn(|i| halves[i / 8][i % 8] as f32))
    }
    /// `table[index & 15]`.
    #[inline(always)]
    pub fn lookup16(table: &[f32; 16], index: u32x16) -> f32x16 {
        f32x16::new(index.to_array().map(|i| table[(i & 15) as usize]))
    }
}
