//! placeholder
use crate::lane::Register;
/// .
#[inline(always)] pub fn exp<R: Register>(x: R) -> R { x }
/// .
#[inline(always)] pub fn exp_m1<R: Register>(x: R) -> R { x }
/// .
#[inline(always)] pub fn ln<R: Register>(x: R) -> R { x }
/// .
#[inline(always)] pub fn ln_1p<R: Register>(x: R) -> R { x }
/// .
#[inline(always)] pub fn sigmoid<R: Register>(x: R) -> R { x }
/// .
#[inline(always)] pub fn softplus<R: Register>(x: R) -> R { x }
/// .
#[inline(always)] pub fn sin_cos_turns<R: Register>(x: R) -> (R, R) { (x, x) }
