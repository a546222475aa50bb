//! The phi functions of exponential integrators,
//!
//! ```text
//! phi_0(z) = e^z,  phi_k(z) = (phi_{k-1}(z) - 1/(k-1)!) / z = sum_n z^n / (n + k)!
//! phi_1 = (e^z - 1)/z,  phi_2 = (e^z - 1 - z)/z^2,  phi_3 = (e^z - 1 - z - z^2/2)/z^3
//! ```
//!
//! Method: on [-1, 3/2] the series, whose Horner sum has nothing to cancel. Outside it the recurrence
//! itself, but on an unrounded e^z: 2^n (1 + r + r^2 Q(r)) is kept as a sum of two numbers with what
//! the reduction leaves of r, and every difference and quotient carries its own error along, so that
//! a cancellation by 5 (phi_3 at the ends of the interval) costs bits that are there. Above 60 the
//! recurrence runs on 2^-64 of everything, because e^z overflows before phi_k does. Left alone:
//! -infinity gives 0, +infinity gives +infinity, NaN gives NaN. Source of the recurrence: Hochbruck,
//! Ostermann 2010, doi 10.1017/S0962492910000048.
//!
//! Error bound of phi_1: 1.5 ulp
//! Error bound of phi_2: 1.5 ulp
//! Error bound of phi_3: 1.5 ulp
//!
//! Cost: 60, 72, 84 operations, 2 k of them divisions: once a tile and step, never once a coordinate.

use super::exp::{EXP_M1, LN_2_HIGH, LN_2_LOW};
use crate::lane::{Mask, Register};
use crate::math::polynomial;
use std::f64::consts::LOG2_E;

/// Where the series ends.
const SERIES: [f64; 2] = [-1.0, 1.5];
/// Beyond these e^z is 0 next to 1, and phi_3 overflows.
const LOWEST: f64 = -746.0;
const HIGHEST: f64 = 750.0;
/// Where everything is shrunk.
const LARGE: f64 = 60.0;
const SHRINK: f64 = 64.0;
const TWO_TO_SHRINK: f64 = 18_446_744_073_709_551_616.0;

/// 1/(n + k)! for n = 0, 1, ...: on [-1, 3/2] what is left out is below 2^-61 of the sum.
const fn series(k: usize) -> [f64; 22] {
    let mut coefficients = [1.0; 22];
    let (mut factorial, mut m) = (1.0, 1);
    while m < k + 22 {
        factorial *= m as f64;
        if m >= k {
            coefficients[m - k] = 1.0 / factorial;
        }
        m += 1;
    }
    coefficients
}
const SERIES_1: [f64; 22] = series(1);
const SERIES_2: [f64; 22] = series(2);
const SERIES_3: [f64; 22] = series(3);

/// a + b and what rounding took from it.
#[inline(always)]
fn two_sum<R: Register>(a: R, b: R) -> (R, R) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// phi_k by the recurrence from phi_0, `constants` being 1/0!, ..., 1/(k-1)!.
#[inline(always)]
fn recurrence<R: Register<Scalar = f64>>(z: R, constants: &[f64]) -> R {
    let splat = R::broadcast;
    // Lane::max and Lane::min return their argument on NaN, so the order keeps NaN.
    let below = splat(HIGHEST).min(z);
    let bounded = splat(LOWEST).max(below);
    let n = (bounded * splat(LOG2_E)).round();
    let high = n.neg_mul_add(splat(LN_2_HIGH), bounded);
    let step = n * splat(LN_2_LOW);
    let r = high - step;
    let left = (high - r) - step;

    let large = splat(LARGE).lt(bounded);
    let power = R::one().scale_by_power_of_two(n - R::select(large, splat(SHRINK), R::zero()));
    let unit = R::select(large, splat(1.0 / TWO_TO_SHRINK), R::one());
    let head = R::one() + r;
    let curved = left.mul_add(head, r * r * polynomial(r, &EXP_M1));
    let tail = ((R::one() - head) + r) + curved;
    let (mut value, mut rest) = (head * power, tail * power);
    for &constant in constants {
        let (sum, error) = two_sum(value, -(unit * splat(constant)));
        let error = error + rest;
        value = sum / below;
        rest = (value.neg_mul_add(below, sum) + error) / below;
    }
    // At -infinity the quotient is 0 and its remainder 0 * infinity.
    let rest = R::select(rest.is_finite(), rest, R::zero());
    (value + rest) * R::select(large, splat(TWO_TO_SHRINK), R::one())
}

#[inline(always)]
fn phi<R: Register<Scalar = f64>>(z: R, coefficients: &[f64; 22], constants: &[f64]) -> R {
    let [low, high] = SERIES.map(R::broadcast);
    let near = low.le(z).and(z.le(high));
    R::select(near, polynomial(z, coefficients), recurrence(z, constants))
}

/// (e^z - 1) / z.
#[inline(always)]
pub fn phi_1<R: Register<Scalar = f64>>(z: R) -> R {
    phi(z, &SERIES_1, &[1.0])
}

/// (e^z - 1 - z) / z^2.
#[inline(always)]
pub fn phi_2<R: Register<Scalar = f64>>(z: R) -> R {
    phi(z, &SERIES_2, &[1.0, 1.0])
}

/// (e^z - 1 - z - z^2 / 2) / z^3.
#[inline(always)]
pub fn phi_3<R: Register<Scalar = f64>>(z: R) -> R {
    phi(z, &SERIES_3, &[1.0, 1.0, 0.5])
}
