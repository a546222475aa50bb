//! AVX-512 (F and DQ): masks in mask registers, one instruction each.

use core::arch::x86_64::*;

/// Sign control of `getmant`: the mantissa has no sign, and that of a negative number is NaN.
const UNSIGNED_OR_NAN: i32 = _MM_MANT_SIGN_ZERO | _MM_MANT_SIGN_NAN;

/// Runs intrinsics; the features they need are enabled for the whole build by the `cfg` on this
/// module.
macro_rules! arch {
    ($body:expr) => {
        // SAFETY: this module is compiled only when avx512f and avx512dq are enabled for the build.
        unsafe { $body }
    };
}

/// On `f64x8`.
pub mod double {
    use super::*;
    use wide::{f64x8, u64x8};

    /// A truth value per particle.
    #[derive(Clone, Copy, Debug)]
    pub struct Mask(__mmask8);

    impl crate::lane::Mask for Mask {
        #[inline(always)]
        fn splat(value: bool) -> Self {
            Self(if value { u8::MAX } else { 0 })
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
            self.0 != 0
        }
        #[inline(always)]
        fn count(self) -> u32 {
            self.0.count_ones()
        }
    }

    /// a b + c, rounded once.
    #[inline(always)]
    pub fn mul_add(a: f64x8, b: f64x8, c: f64x8) -> f64x8 {
        arch!(_mm512_fmadd_pd(a.into(), b.into(), c.into())).into()
    }
    /// a < b, false on NaN.
    #[inline(always)]
    pub fn lt(a: f64x8, b: f64x8) -> Mask {
        Mask(arch!(_mm512_cmp_pd_mask::<_CMP_LT_OQ>(a.into(), b.into())))
    }
    /// a <= b, false on NaN.
    #[inline(always)]
    pub fn le(a: f64x8, b: f64x8) -> Mask {
        Mask(arch!(_mm512_cmp_pd_mask::<_CMP_LE_OQ>(a.into(), b.into())))
    }
    /// a == b, false on NaN.
    #[inline(always)]
    pub fn eq(a: f64x8, b: f64x8) -> Mask {
        Mask(arch!(_mm512_cmp_pd_mask::<_CMP_EQ_OQ>(a.into(), b.into())))
    }
    /// `if_true` where the mask holds.
    #[inline(always)]
    pub fn select(mask: Mask, if_true: f64x8, if_false: f64x8) -> f64x8 {
        arch!(_mm512_mask_blend_pd(
            mask.0,
            if_false.into(),
            if_true.into()
        ))
        .into()
    }
    /// Nearest integer, ties to even.
    #[inline(always)]
    pub fn round(x: f64x8) -> f64x8 {
        arch!(_mm512_roundscale_pd::<
            { _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC },
        >(x.into()))
        .into()
    }
    /// x 2^n, rounded once.
    #[inline(always)]
    pub fn scale_by_power_of_two(x: f64x8, n: f64x8) -> f64x8 {
        arch!(_mm512_scalef_pd(x.into(), n.into())).into()
    }
    /// (m, e) with x = m 2^e, m in [0.75, 1.5).
    #[inline(always)]
    pub fn split_exponent(x: f64x8) -> (f64x8, f64x8) {
        let m: f64x8 = arch!(_mm512_getmant_pd::<_MM_MANT_NORM_P75_1P5, UNSIGNED_OR_NAN>(
            x.into()
        ))
        .into();
        let e: f64x8 = arch!(_mm512_getexp_pd(x.into())).into();
        // getexp counts from a mantissa in [1, 2); one below 1 was halved once more.
        let halved = lt(m, f64x8::splat(1.0));
        (m, select(halved, e + f64x8::splat(1.0), e))
    }
    /// (m, e) with x = m 2^e, m in [1, 2).
    #[inline(always)]
    pub fn split_binade(x: f64x8) -> (f64x8, f64x8) {
        let m = arch!(_mm512_getmant_pd::<_MM_MANT_NORM_1_2, UNSIGNED_OR_NAN>(
            x.into()
        ));
        (m.into(), arch!(_mm512_getexp_pd(x.into())).into())
    }
    /// a < b ? a : b: what the instruction does, NaN and zeros included.
    #[inline(always)]
    pub fn min(a: f64x8, b: f64x8) -> f64x8 {
        arch!(_mm512_min_pd(a.into(), b.into())).into()
    }
    /// b < a ? a : b.
    #[inline(always)]
    pub fn max(a: f64x8, b: f64x8) -> f64x8 {
        arch!(_mm512_max_pd(a.into(), b.into())).into()
    }
    /// The unsigned integer, rounded to nearest.
    #[inline(always)]
    pub fn from_unsigned(word: u64x8) -> f64x8 {
        arch!(_mm512_cvtepu64_pd(word.into())).into()
    }
    /// The signed integer.
    #[inline(always)]
    pub fn from_signed(word: u64x8) -> f64x8 {
        arch!(_mm512_cvtepi64_pd(word.into())).into()
    }
    /// Arithmetic shift to the right.
    #[inline(always)]
    pub fn sar(word: u64x8, count: u32) -> u64x8 {
        arch!(_mm512_srav_epi64(
            word.into(),
            _mm512_set1_epi64(count as _)
        ))
        .into()
    }
    /// Rotation to the left.
    #[inline(always)]
    pub fn rotate_left(word: u64x8, count: u32) -> u64x8 {
        arch!(_mm512_rolv_epi64(
            word.into(),
            _mm512_set1_epi64(count as _)
        ))
        .into()
    }
    /// `table[index & 15]`: one permute of two registers.
    #[inline(always)]
    pub fn lookup16(table: &[f64; 16], index: u64x8) -> f64x8 {
        let half =
            |k: usize| -> __m512d { f64x8::new(std::array::from_fn(|i| table[k + i])).into() };
        arch!(_mm512_permutex2var_pd(half(0), index.into(), half(8))).into()
    }
}

/// On `f32x16`.
pub mod single {
    use super::*;
    use wide::{f32x16, u32x16};

    /// A truth value per particle.
    #[derive(Clone, Copy, Debug)]
    pub struct Mask(__mmask16);

    impl crate::lane::Mask for Mask {
        #[inline(always)]
        fn splat(value: bool) -> Self {
            Self(if value { u16::MAX } else { 0 })
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
            self.0 != 0
        }
        #[inline(always)]
        fn count(self) -> u32 {
            self.0.count_ones()
        }
    }

    /// a b + c, rounded once.
    #[inline(always)]
    pub fn mul_add(a: f32x16, b: f32x16, c: f32x16) -> f32x16 {
        arch!(_mm512_fmadd_ps(a.into(), b.into(), c.into())).into()
    }
    /// a < b, false on NaN.
    #[inline(always)]
    pub fn lt(a: f32x16, b: f32x16) -> Mask {
        Mask(arch!(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(a.into(), b.into())))
    }
    /// a <= b, false on NaN.
    #[inline(always)]
    pub fn le(a: f32x16, b: f32x16) -> Mask {
        Mask(arch!(_mm512_cmp_ps_mask::<_CMP_LE_OQ>(a.into(), b.into())))
    }
    /// a == b, false on NaN.
    #[inline(always)]
    pub fn eq(a: f32x16, b: f32x16) -> Mask {
        Mask(arch!(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a.into(), b.into())))
    }
    /// `if_true` where the mask holds.
    #[inline(always)]
    pub fn select(mask: Mask, if_true: f32x16, if_false: f32x16) -> f32x16 {
        arch!(_mm512_mask_blend_ps(
            mask.0,
            if_false.into(),
            if_true.into()
        ))
        .into()
    }
    /// Nearest integer, ties to even.
    #[inline(always)]
    pub fn round(x: f32x16) -> f32x16 {
        arch!(_mm512_roundscale_ps::<
            { _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC },
        >(x.into()))
        .into()
    }
    /// x 2^n, rounded once.
    #[inline(always)]
    pub fn scale_by_power_of_two(x: f32x16, n: f32x16) -> f32x16 {
        arch!(_mm512_scalef_ps(x.into(), n.into())).into()
    }
    /// (m, e) with x = m 2^e, m in [0.75, 1.5).
    #[inline(always)]
    pub fn split_exponent(x: f32x16) -> (f32x16, f32x16) {
        let m: f32x16 = arch!(_mm512_getmant_ps::<_MM_MANT_NORM_P75_1P5, UNSIGNED_OR_NAN>(
            x.into()
        ))
        .into();
        let e: f32x16 = arch!(_mm512_getexp_ps(x.into())).into();
        // getexp counts from a mantissa in [1, 2); one below 1 was halved once more.
        let halved = lt(m, f32x16::splat(1.0));
        (m, select(halved, e + f32x16::splat(1.0), e))
    }
    /// (m, e) with x = m 2^e, m in [1, 2).
    #[inline(always)]
    pub fn split_binade(x: f32x16) -> (f32x16, f32x16) {
        let m = arch!(_mm512_getmant_ps::<_MM_MANT_NORM_1_2, UNSIGNED_OR_NAN>(
            x.into()
        ));
        (m.into(), arch!(_mm512_getexp_ps(x.into())).into())
    }
    /// a < b ? a : b: what the instruction does, NaN and zeros included.
    #[inline(always)]
    pub fn min(a: f32x16, b: f32x16) -> f32x16 {
        arch!(_mm512_min_ps(a.into(), b.into())).into()
    }
    /// b < a ? a : b.
    #[inline(always)]
    pub fn max(a: f32x16, b: f32x16) -> f32x16 {
        arch!(_mm512_max_ps(a.into(), b.into())).into()
    }
    /// The unsigned integer, rounded to nearest.
    #[inline(always)]
    pub fn from_unsigned(word: u32x16) -> f32x16 {
        arch!(_mm512_cvtepu32_ps(word.into())).into()
    }
    /// The signed integer.
    #[inline(always)]
    pub fn from_signed(word: u32x16) -> f32x16 {
        arch!(_mm512_cvtepi32_ps(word.into())).into()
    }
    /// Arithmetic shift to the right.
    #[inline(always)]
    pub fn sar(word: u32x16, count: u32) -> u32x16 {
        arch!(_mm512_srav_epi32(
            word.into(),
            _mm512_set1_epi32(count as _)
        ))
        .into()
    }
    /// Rotation to the left.
    #[inline(always)]
    pub fn rotate_left(word: u32x16, count: u32) -> u32x16 {
        arch!(_mm512_rolv_epi32(
            word.into(),
            _mm512_set1_epi32(count as _)
        ))
        .into()
    }
    /// The particles as two registers of doubles, exactly.
    #[inline(always)]
    pub fn widen(x: f32x16) -> [wide::f64x8; 2] {
        let x: __m512 = x.into();
        let halves = arch!((
            _mm512_cvtps_pd(_mm512_castps512_ps256(x)),
            _mm512_cvtps_pd(_mm512_extractf32x8_ps::<1>(x))
        ));
        [halves.0.into(), halves.1.into()]
    }
    /// Two registers of doubles, each number rounded to the nearest.
    #[inline(always)]
    pub fn narrow([low, high]: [wide::f64x8; 2]) -> f32x16 {
        arch!(_mm512_insertf32x8::<1>(
            _mm512_castps256_ps512(_mm512_cvtpd_ps(low.into())),
            _mm512_cvtpd_ps(high.into())
        ))
        .into()
    }
    /// `table[index & 15]`: one permute.
    #[inline(always)]
    pub fn lookup16(table: &[f32; 16], index: u32x16) -> f32x16 {
        arch!(_mm512_permutexvar_ps(
            index.into(),
            f32x16::new(*table).into()
        ))
        .into()
    }
}
