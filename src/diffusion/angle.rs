//! Angles in turns: what std's `atan` and `tan` would be, the same on every machine.
//!
//! ```text
//! atan x = pi/2 - atan 1/x,    atan x = 2 atan(x / (1 + sqrt(1 + x^2))),    atan y = y - y^3/3 + y^5/5 - ...
//! ```
//!
//! Two halvings bring the argument below 0.199, where twelve terms leave 1e-17 of the value.

use driftlane_kernels::Lane;

const TURN: f64 = std::f64::consts::TAU;

/// atan(x) / 2 pi for x >= 0; a quarter at infinity.
pub(super) fn atan_turns(x: f64) -> f64 {
    if x > 1.0 {
        return 0.25 - atan_turns(x.recip());
    }
    let half = |x: f64| x / (1.0 + x.mul_add(x, 1.0).sqrt());
    let y = half(half(x));
    let square = -y * y;
    let series = (0..12).rev().fold(0.0f64, |sum, k| {
        sum.mul_add(square, f64::from(2 * k + 1).recip())
    });
    4.0 / TURN * y * series
}

/// tan(2 pi turns) for turns in [0, 1/4].
pub(super) fn tan_turns(turns: f64) -> f64 {
    let (sin, cos) = turns.sin_cos_turns();
    sin / cos
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_those_of_std() {
        assert_eq!((atan_turns(0.0), atan_turns(f64::INFINITY)), (0.0, 0.25));
        for i in -600..=600 {
            let x = (f64::from(i) * 0.05).exp();
            let (ours, std) = (TURN * atan_turns(x), x.atan());
            assert!((ours / std - 1.0).abs() < 8e-16, "atan {x}: {ours} {std}");
            let back = tan_turns(atan_turns(x));
            // A quarter turn has an absolute error of 3e-17, which tan makes x times larger.
            assert!(
                (back / x - 1.0).abs() < 2e-15 * (1.0 + x),
                "tan {x}: {back}"
            );
        }
    }
}
