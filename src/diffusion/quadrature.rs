//! Gauss-Legendre quadrature: weights of solvers without a closed form, once a run.
//!
//! n nodes are exact for polynomials of degree 2 n - 1. Nodes by Newton's method on the three-term
//! recurrence from the Chebyshev guess cos(pi (i + 3/4) / (n + 1/2)); O(n^2) operations.

use driftlane_kernels::Lane;

/// The integral of `f` from `from` to `to` by `nodes` >= 1 nodes.
pub fn gauss_legendre(nodes: usize, from: f64, to: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (centre, half) = (0.5 * (from + to), 0.5 * (to - from));
    let sum: f64 = (0..nodes)
        .map(|i| {
            let (place, weight) = node(nodes, i);
            weight * f(half.mul_add(place, centre))
        })
        .sum();
    half * sum
}

/// Node `i` of `n` on [-1, 1], and its weight.
fn node(n: usize, i: usize) -> (f64, f64) {
    let turns = 0.5 * (i as f64 + 0.75) / (n as f64 + 0.5);
    let mut x = turns.sin_cos_turns().1;
    let mut slope = 1.0;
    for _ in 0..8 {
        let (mut below, mut value) = (0.0, 1.0);
        for k in 0..n {
            let k = k as f64;
            (below, value) = (value, ((2.0 * k + 1.0) * x * value - k * below) / (k + 1.0));
        }
        slope = n as f64 * (x * value - below) / (x * x - 1.0);
        x -= value / slope;
    }
    (x, 2.0 / ((1.0 - x * x) * slope * slope))
}

#[cfg(test)]
mod tests {
    use super::gauss_legendre;

    #[test]
    fn polynomials_are_integrated_exactly() {
        for n in [1, 2, 3, 5, 16] {
            let degree = 2 * n - 1;
            let f = |x: f64| {
                (0..=degree)
                    .rev()
                    .fold(0.0, |sum: f64, k| sum.mul_add(x, 1.0 + k as f64))
            };
            // sum (k + 1) x^k integrates to sum x^(k + 1).
            let exact: f64 = (1..=degree + 1)
                .map(|k| 1.5f64.powi(k as i32) - 0.5f64.powi(k as i32))
                .sum();
            let found = gauss_legendre(n, 0.5, 1.5, f);
            assert!((found / exact - 1.0).abs() < 1e-14, "{n}: {found} {exact}");
            let more = |x: f64| f(x) + x.powi(degree as i32 + 1) * 100.0;
            let off = gauss_legendre(n, 0.5, 1.5, more);
            let exact = exact
                + 100.0 * (1.5f64.powi(degree as i32 + 2) - 0.5f64.powi(degree as i32 + 2))
                    / (degree as f64 + 2.0);
            assert!(
                n > 5 || (off / exact - 1.0).abs() > 1e-12,
                "{n} is exact beyond its degree"
            );
        }
    }
}
