//! Double-double reference functions: about 2^-95 relative, far below a hundredth of an ulp of f64.
//!
//! exp(x) - 1 by its Taylor series on |x| <= ln 2 / 2, everything else from it: ln and ln_1p by one
//! Newton step from the standard library's value (which squares an error of 2^-52), sin and cos by
//! their own series. Checked against values computed with 60 digits by `tests/accuracy.rs`.

use std::f64::consts::{LN_2, TAU};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// hi + lo with |lo| at most half an ulp of hi.
#[derive(Clone, Copy, Debug)]
pub struct Dd(pub f64, pub f64);

/// ln 2 as a sum of two.
pub const LN_2_DD: Dd = Dd(LN_2, 2.319_046_813_846_299_6e-17);
const TAU_DD: Dd = Dd(TAU, 2.449_293_598_294_706_4e-16);

fn two_sum(a: f64, b: f64) -> Dd {
    let sum = a + b;
    let part = sum - a;
    Dd(sum, (a - (sum - part)) + (b - part))
}

fn normalized(hi: f64, lo: f64) -> Dd {
    let sum = hi + lo;
    Dd(sum, lo - (sum - hi))
}

impl From<f64> for Dd {
    fn from(x: f64) -> Self {
        Dd(x, 0.0)
    }
}
impl Add for Dd {
    type Output = Dd;
    fn add(self, other: Dd) -> Dd {
        let (s, t) = (two_sum(self.0, other.0), two_sum(self.1, other.1));
        let s = normalized(s.0, s.1 + t.0);
        normalized(s.0, s.1 + t.1)
    }
}
impl Neg for Dd {
    type Output = Dd;
    fn neg(self) -> Dd {
        Dd(-self.0, -self.1)
    }
}
impl Sub for Dd {
    type Output = Dd;
    fn sub(self, other: Dd) -> Dd {
        self + -other
    }
}
impl Mul for Dd {
    type Output = Dd;
    fn mul(self, other: Dd) -> Dd {
        let product = self.0 * other.0;
        let error = self.0.mul_add(other.0, -product);
        normalized(product, error + (self.0 * other.1 + self.1 * other.0))
    }
}
impl Div for Dd {
    type Output = Dd;
    fn div(self, other: Dd) -> Dd {
        let first = Dd::from(self.0 / other.0);
        let rest = self - first * other;
        first + Dd::from(rest.0 / other.0)
    }
}

/// The series with their coefficients.
pub struct Reference {
    /// 1 / n!
    factorials: [Dd; 26],
}

impl Reference {
    pub fn new() -> Self {
        let mut factorials = [Dd(1.0, 0.0); 26];
        for n in 1..26 {
            factorials[n] = factorials[n - 1] / Dd::from(n as f64);
        }
        Self { factorials }
    }

    /// sum over n = first, first + step, ... of x^((n - first) / step) sign^... / n!
    fn series(&self, x: Dd, first: usize, step: usize) -> Dd {
        let last = first + (25 - first) / step * step;
        let mut sum = self.factorials[last];
        let mut n = last;
        while n > first {
            n -= step;
            sum = sum * x + self.factorials[n];
        }
        sum
    }

    /// e^x = value 2^exponent.
    pub fn exp(&self, x: Dd) -> (Dd, i32) {
        let n = (x.0 / LN_2).round();
        let r = x - Dd::from(n) * LN_2_DD;
        (Dd::from(1.0) + r * self.series(r, 1, 1), n as i32)
    }

    /// e^x - 1 for |x| < 700.
    pub fn exp_m1(&self, x: Dd) -> Dd {
        if x.0.abs() < 0.35 {
            return x * self.series(x, 1, 1);
        }
        let (value, exponent) = self.exp(x);
        let power = 2f64.powi(exponent);
        Dd(value.0 * power, value.1 * power) - Dd::from(1.0)
    }

    /// ln(1 + x) for -1 < x < 2^1000.
    pub fn ln_1p(&self, x: Dd) -> Dd {
        let y = Dd::from(x.0.ln_1p());
        let e = self.exp_m1(y);
        y + (x - e) / (Dd::from(1.0) + e)
    }

    /// ln x for positive x.
    pub fn ln(&self, x: f64) -> Dd {
        if (0.5..2.0).contains(&x) {
            return self.ln_1p(Dd::from(x - 1.0));
        }
        // x = m 2^k with m in [1, 2), subnormals lifted first.
        let lift = if x < f64::MIN_POSITIVE { 64 } else { 0 };
        let lifted = x * 2f64.powi(lift);
        let k = (lifted.to_bits() >> 52) as i32 - 1023;
        let m = f64::from_bits(lifted.to_bits().wrapping_sub(((k as i64) << 52) as u64));
        self.ln_1p(Dd::from(m - 1.0)) + Dd::from((k - lift) as f64) * LN_2_DD
    }

    /// (sin 2 pi u, cos 2 pi u) for |u| < 2^52.
    pub fn sin_cos_turns(&self, u: f64) -> (Dd, Dd) {
        // Quadrants by remainders: nothing of the method under test.
        let rest = u % 1.0;
        let quadrant = (rest * 4.0).round();
        let angle = TAU_DD * Dd::from(rest - quadrant * 0.25);
        let square = -(angle * angle);
        let sin = angle * self.series(square, 1, 2);
        let cos = self.series(square, 0, 2);
        match (quadrant as i32).rem_euclid(4) {
            0 => (sin, cos),
            1 => (cos, -sin),
            2 => (-sin, -cos),
            _ => (-cos, sin),
        }
    }

    /// 1 / (1 + e^-x) = value 2^exponent.
    pub fn sigmoid(&self, x: f64) -> (Dd, i32) {
        let (e, n) = self.exp(Dd::from(-x.abs()));
        let power = 2f64.powi(n.max(-1000));
        let one = Dd::from(1.0);
        let denominator = one + Dd(e.0 * power, e.1 * power);
        if x < 0.0 {
            (e / denominator, n)
        } else {
            (one / denominator, 0)
        }
    }

    /// ln(1 + e^x) = value 2^exponent.
    pub fn softplus(&self, x: f64) -> (Dd, i32) {
        let (e, n) = self.exp(Dd::from(-x.abs()));
        if n < -200 {
            return if x < 0.0 { (e, n) } else { (Dd::from(x), 0) };
        }
        let power = 2f64.powi(n);
        (
            self.ln_1p(Dd(e.0 * power, e.1 * power)) + Dd::from(x.max(0.0)),
            0,
        )
    }
}
