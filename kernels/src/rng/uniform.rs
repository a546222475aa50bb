//! Uniform numbers from the top bits of a word.
//!
//! `uniform`: floor(word / 2^(BITS - p)) 2^-p on [0, 1) with p = 53 or 24, every value equally
//! likely. `uniform_open`: half a step is added (p one less), so neither 0 nor 1 occurs and u and
//! 1 - u have the same law. Three operations.

use crate::lane::{Register, Scalar as _, Word};

const fn precision<R: Register>() -> u32 {
    if size_of::<R::Scalar>() == 8 { 53 } else { 24 }
}

/// Uniform on [0, 1).
#[inline(always)]
pub fn uniform<R: Register>(word: R::Word) -> R {
    let p = precision::<R>();
    let scale = R::broadcast(R::Scalar::from_f64(2f64.powi(-(p as i32))));
    R::from_unsigned(word.shr(R::Word::BITS - p)) * scale
}

/// Uniform on (0, 1), symmetric about one half.
#[inline(always)]
pub fn uniform_open<R: Register>(word: R::Word) -> R {
    let p = precision::<R>() - 1;
    let scale = R::broadcast(R::Scalar::from_f64(2f64.powi(-(p as i32))));
    (R::from_unsigned(word.shr(R::Word::BITS - p)) + R::splat(0.5)) * scale
}
