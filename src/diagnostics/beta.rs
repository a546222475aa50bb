//! The beta distribution: what the error of a quantile is read from.
//!
//! ```text
//! I_x(a, b) = x^a (1 - x)^b / (a B(a, b)) / (1 + d1 / (1 + d2 / (1 + ...)))
//! ```
//!
//! The continued fraction converges in O(sqrt(max(a, b))) terms on its side of the mean (DLMF 8.17.22,
//! evaluated by the algorithm of Lentz 1976, doi 10.1364/AO.15.000668); the other side by symmetry.

use driftlane_kernels::Lane;

/// ln Gamma(x) for x > 0: Stirling's series (DLMF 5.11.1) from 10 upwards, recurrence below.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut product) = (x, 1.0);
    while x < 10.0 {
        product *= x;
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    // Bernoulli numbers B_2k / (2k (2k - 1)), lowest order last.
    let series = [
        -3617.0 / 122400.0,
        1.0 / 156.0,
        -691.0 / 360360.0,
        1.0 / 1188.0,
        -1.0 / 1680.0,
        1.0 / 1260.0,
        -1.0 / 360.0,
        1.0 / 12.0,
    ]
    .iter()
    .fold(0.0, |sum, c| sum * inverse + c);
    let half_ln_tau = 0.918_938_533_204_672_8;
    (x - 0.5) * Lane::ln(x) - x + half_ln_tau + series / x - Lane::ln(product)
}

/// ln of x^a (1 - x)^b / B(a, b).
fn ln_power(x: f64, a: f64, b: f64) -> f64 {
    let ln_beta = ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
    a * Lane::ln(x) + b * Lane::ln(1.0 - x) - ln_beta
}

/// The distribution function of Beta(a, b), a, b > 0, at x in (0, 1).
pub(super) fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_cdf(1.0 - x, b, a);
    }
    const TINY: f64 = 1e-300;
    let nonzero = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / nonzero(1.0 + term * d);
            c = nonzero(1.0 + term / c);
            change = c * d;
            fraction *= change;
        }
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    Lane::exp(ln_power(x, a, b)) * fraction / a
}

/// The quantile of Beta(a, b), a, b >= 1, at `p` in (0, 1): Newton steps kept inside a bracket.
pub(super) fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    let mut x = a / (a + b);
    for _ in 0..200 {
        let excess = beta_cdf(x, a, b) - p;
        if excess > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let density = Lane::exp(ln_power(x, a, b)) / (x * (1.0 - x));
        let mut next = x - excess / density;
        if !(next > low && next < high) {
            next = 0.5 * (low + high);
        }
        let step = (next - x).abs();
        x = next;
        if step <= 1e-15 * x {
            break;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_known_beta_laws() {
        // Beta(1, 1) is uniform, Beta(a, 1) has x^a, Beta(1, b) has 1 - (1 - x)^b.
        for p in [0.01, 0.1586553, 0.5, 0.8413447] {
            assert!((beta_quantile(p, 1.0, 1.0) - p).abs() < 1e-14);
            let x = beta_quantile(p, 37.0, 1.0);
            assert!((37.0 * Lane::ln(x) - Lane::ln(p)).abs() < 1e-12);
            let x = beta_quantile(p, 1.0, 250.0);
            assert!((250.0 * Lane::ln(1.0 - x) - Lane::ln(1.0 - p)).abs() < 1e-12);
        }
        // By scipy.stats.beta.ppf.
        for (p, a, b, x) in SCIPY {
            let got = beta_quantile(p, a, b);
            assert!((got / x - 1.0).abs() < 1e-10, "{p} {a} {b}: {got} {x}");
        }
    }

    const SCIPY: [(f64, f64, f64, f64); 4] = [
        (0.1586553, 2.5, 7.25, 0.12108915948028774),
        (0.8413447, 51.0, 51.0, 0.5495067700649308),
        (0.1586553, 1000.0, 9000.0, 0.09700035817331232),
        (0.8413447, 500000.0, 5500000.0, 0.08344616715007722),
    ];
}
