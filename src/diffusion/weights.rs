//! The integrals of exponential integrators and the weights that follow from them.
//!
//! ```text
//! data:   x_t = (sigma_t / sigma_s) x_s + alpha_t sum_k E_k(h) h^k D^(k),   E_0 = 1 - e^-h,  E_k = 1/k! - E_(k-1)/h
//! noise:  x_t = (alpha_t / alpha_s) x_s - sigma_t sum_k F_k(h) h^k eps^(k), F_0 = e^h - 1,   F_k = F_(k-1)/h - 1/k!
//! ```
//!
//! with h = lambda_t - lambda_s. The recursions cancel (a hundredth of E_2 is left at h = 1e-7), so both are
//! summed from series of positive terms,
//!
//! ```text
//! E_k = h e^-h / (k+1)! sum_n (k+1) / (k+1+n) h^n / n!,      F_k = h sum_n h^n / (n+k+1)!
//! ```
//!
//! to a few units in the last place; beyond h = 30 the recursions are exact enough. Derivatives come from
//! outputs at nodes r_i = (lambda_i - lambda_s) / h: w solves sum_i w_i r_i^k / k! = E_k, k = 1 .. m, for any
//! nodes, past, inner or at the end. One solve serves DPM-Solver++, UniP, UniC and DEIS in lambda (Zhao et al.
//! 2023, arXiv:2302.04867; Xue et al. 2023, arXiv:2309.05019).

use driftlane_kernels::Lane;

/// Where the recursions take over.
const LARGE: f64 = 30.0;

fn factorial(k: usize) -> f64 {
    (1..=k).map(|i| i as f64).product()
}

/// E_k(h) for h >= 0, infinity included.
pub fn data_integral(k: usize, h: f64) -> f64 {
    if h > LARGE {
        let first = -(-h).exp_m1_lane();
        return (1..=k).fold(first, |e, i| 1.0 / factorial(i) - e / h);
    }
    let (order, mut term, mut sum, mut n) = ((k + 1) as f64, 1.0, 0.0, 0.0);
    loop {
        let share = term * (order / (order + n));
        sum += share;
        if share <= 1e-18 * sum && n > h {
            break;
        }
        n += 1.0;
        term *= h / n;
    }
    h * Lane::exp(-h) / factorial(k + 1) * sum
}

/// F_k(h) for h >= 0.
pub fn noise_integral(k: usize, h: f64) -> f64 {
    if h > LARGE {
        let first = h.exp_m1_lane();
        return (1..=k).fold(first, |f, i| f / h - 1.0 / factorial(i));
    }
    let (mut term, mut sum, mut n) = (1.0 / factorial(k + 1), 0.0, 0.0);
    loop {
        sum += term;
        if term <= 1e-18 * sum && n > h {
            break;
        }
        n += 1.0;
        term *= h / (n + (k + 1) as f64);
    }
    h * sum
}

/// w with sum_i w_i r_i^k / k! = moments_k for k = 1 .. m, by Bjorck and Pereyra's elimination of the Vandermonde
/// system of w_i r_i: at order ten it is right to 2e-15 of the weights, elimination with pivots to 1e-10. `None`
/// where two nodes coincide or one is 0.
pub fn solve(nodes: &[f64], moments: &[f64]) -> Option<Vec<f64>> {
    let m = nodes.len();
    let gap = |i: usize, j: usize| nodes[i] - nodes[j];
    let apart = |d: f64| !d.is_nan() && d.abs() >= f64::MIN_POSITIVE;
    let distinct = |i: usize| apart(nodes[i]) && (0..i).all(|j| apart(gap(i, j)));
    if !(0..m).all(distinct) {
        return None;
    }
    let scaled = moments.iter().enumerate();
    let mut w: Vec<f64> = scaled
        .map(|(k, moment)| moment * factorial(k + 1))
        .collect();
    for k in 1..m {
        for i in (k..m).rev() {
            w[i] = (-nodes[k - 1]).mul_add(w[i - 1], w[i]);
        }
    }
    for k in (1..m).rev() {
        let later = w.iter_mut().enumerate().skip(k);
        later.for_each(|(i, w)| *w /= gap(i, i - k));
        for i in k - 1..m - 1 {
            w[i] -= w[i + 1];
        }
    }
    w.iter_mut().zip(nodes).for_each(|(w, r)| *w /= r);
    Some(w)
}

/// e^x - 1 by [`driftlane_kernels::math`].
trait ExpM1 {
    fn exp_m1_lane(self) -> f64;
}
impl ExpM1 for f64 {
    fn exp_m1_lane(self) -> f64 {
        Lane::exp_m1(self)
    }
}
