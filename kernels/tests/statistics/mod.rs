//! Statistical gates: p-values of checks, judged together at one false-alarm rate.
//!
//! A gate collects the p-values of its checks and fails if the smallest is below [`FALSE_ALARM`]
//! divided by their number (Bonferroni). Seeds are fixed, so a gate that passes once passes always;
//! the rate is what a change of seed or of generator would risk. Every gate is a function of its data
//! source, and is called a second time with a seeded defect that it has to catch.

#![allow(clippy::disallowed_methods, dead_code)]

use std::f64::consts::{PI, TAU};

/// The probability that a gate fails on a perfect source.
pub const FALSE_ALARM: f64 = 1e-6;

/// Checks that pass or fail together.
#[derive(Default)]
pub struct Gate {
    checks: Vec<(String, f64)>,
}

/// A line to print, of a gate that passed or failed.
pub type Verdict = Result<String, String>;

impl Gate {
    pub fn new() -> Self {
        Self::default()
    }

    /// A check by its p-value.
    pub fn p(&mut self, label: impl Into<String>, p: f64) {
        self.checks.push((label.into(), p));
    }

    /// A check that `value` is normal about `mean` with `sd`, two-sided.
    pub fn z(&mut self, label: impl Into<String>, value: f64, mean: f64, sd: f64) {
        let z = (value - mean) / sd;
        self.p(
            format!("{} (z {z:+.2})", label.into()),
            (2.0 * upper_tail(z.abs())).min(1.0),
        );
    }

    /// A check that `count` of `n` happened with probability `p` each: exact binomial tails.
    pub fn binomial(&mut self, label: impl Into<String>, count: u64, n: u64, p: f64) {
        let label = format!("{} ({count}, expected {:.4})", label.into(), n as f64 * p);
        self.p(label, binomial_p(count, n, p));
    }

    /// Pearson's chi-square of counts that should be equal, two-sided (too even is a defect too).
    pub fn even(&mut self, label: impl Into<String>, counts: &[u64]) {
        let n: u64 = counts.iter().sum();
        let expected = vec![n as f64 / counts.len() as f64; counts.len()];
        self.chi_square(label, counts, &expected);
    }

    /// Pearson's chi-square against expected counts, by the Wilson-Hilferty cube root; every
    /// expected count should be 10 or more.
    pub fn chi_square(&mut self, label: impl Into<String>, counts: &[u64], expected: &[f64]) {
        let sum: f64 = counts
            .iter()
            .zip(expected)
            .map(|(&c, e)| (c as f64 - e).powi(2) / e)
            .sum();
        let k = (counts.len() - 1) as f64;
        let spread = 2.0 / (9.0 * k);
        self.z(
            format!("{} chi-square {sum:.1}", label.into()),
            (sum / k).cbrt(),
            1.0 - spread,
            spread.sqrt(),
        );
    }

    /// Kolmogorov-Smirnov with the largest distance of two distribution functions over `n` draws.
    pub fn kolmogorov(&mut self, label: impl Into<String>, distance: f64, n: u64) {
        let s = distance * (n as f64).sqrt();
        self.p(
            format!("{} (KS {s:.3})", label.into()),
            (2.0 * (-2.0 * s * s).exp()).min(1.0),
        );
    }

    /// Passes if no p-value is below the share of the false-alarm rate of one check.
    pub fn verdict(self) -> Verdict {
        let limit = FALSE_ALARM / self.checks.len() as f64;
        let (label, p) = self
            .checks
            .iter()
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .expect("a gate has checks");
        let line = format!(
            "{} checks, worst p {p:.2e} (limit {limit:.1e}): {label}",
            self.checks.len()
        );
        // A NaN must not pass.
        if *p >= limit { Ok(line) } else { Err(line) }
    }
}

/// Passes a gate on the real source and fails it on a seeded defect; prints both lines.
pub fn passes_and_catches(name: &str, real: Verdict, defect: Verdict) {
    match real {
        Ok(line) => println!("{name}: passes; {line}"),
        Err(line) => panic!("{name}: {line}"),
    }
    match defect {
        Err(line) => println!("{name}: seeded defect caught; {line}"),
        Ok(line) => panic!("{name}: the gate has no power, a seeded defect passed: {line}"),
    }
}

/// P(X > x) of a standard normal, relative error below 1e-13.
pub fn upper_tail(x: f64) -> f64 {
    if x < 0.0 {
        return 1.0 - upper_tail(-x);
    }
    let density = (-0.5 * x * x).exp() / TAU.sqrt();
    if x < 3.0 {
        let (mut term, mut sum, mut k) = (x, x, 1.0);
        while term > 1e-18 * sum {
            k += 2.0;
            term *= x * x / k;
            sum += term;
        }
        return 0.5 - density * sum;
    }
    // Mills' ratio as a continued fraction.
    let mut fraction = x;
    for k in (1..=200).rev() {
        fraction = x + f64::from(k) / fraction;
    }
    density / fraction
}

/// P(X <= x) of a standard normal.
pub fn normal_cdf(x: f64) -> f64 {
    upper_tail(-x)
}

fn ln_gamma(x: f64) -> f64 {
    let shift: f64 = (0..10).map(|k| (x + f64::from(k)).ln()).sum();
    let y = x + 10.0;
    let series = 1.0 / (12.0 * y) - 1.0 / (360.0 * y.powi(3)) + 1.0 / (1260.0 * y.powi(5));
    (y - 0.5) * y.ln() - y + 0.5 * (2.0 * PI).ln() + series - shift
}

/// Twice the smaller of P(K <= count) and P(K >= count) for K ~ Binomial(n, p).
pub fn binomial_p(count: u64, n: u64, p: f64) -> f64 {
    let (k, nf) = (count as f64, n as f64);
    let ln_point = ln_gamma(nf + 1.0) - ln_gamma(k + 1.0) - ln_gamma(nf - k + 1.0)
        + k * p.ln()
        + (nf - k) * (-p).ln_1p();
    let odds = p / (1.0 - p);
    let tail = |up: bool| {
        let (mut term, mut sum, mut k) = (1.0, 1.0, k);
        loop {
            if up {
                term *= (nf - k) / (k + 1.0) * odds;
                k += 1.0;
            } else {
                term *= k / (nf - k + 1.0) / odds;
                k -= 1.0;
            }
            sum += term;
            // Growing terms mean the long way round: the tail is above one half.
            if term <= 1e-17 * sum || sum > 1e12 {
                return ln_point + f64::ln(sum);
            }
        }
    };
    (2.0 * tail(true).min(tail(false)).exp()).min(1.0)
}

/// Checks of the helpers themselves against tabulated values.
pub fn check_helpers() {
    let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-10, "{a} {b}");
    close(upper_tail(1.0), 0.158_655_253_931_457_05);
    close(upper_tail(2.0), 0.022_750_131_948_179_21);
    close(upper_tail(3.0), 0.001_349_898_031_630_094_5);
    close(upper_tail(6.0), 9.865_876_450_376_98e-10);
    // Binomial(10, 1/2): P(K >= 9) = 11 / 1024.
    close(binomial_p(9, 10, 0.5), 22.0 / 1024.0);
    close(binomial_p(0, 1000, 1e-3), 2.0 * 0.999f64.powi(1000));
}
