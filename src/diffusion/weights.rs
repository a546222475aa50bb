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

/// w with sum_i w_i r_i^k / k! = moments_k for k = 1 .. m: elimination with row pivots. `None` where two
/// nodes coincide or one is 0.
pub fn solve(nodes: &[f64], moments: &[f64]) -> Option<Vec<f64>> {
    let m = nodes.len();
    let mut rows: Vec<Vec<f64>> = (1..=m)
        .map(|k| {
            let power = |r: &f64| Lane::powi(*r, k as u32) / factorial(k);
            nodes.iter().map(power).chain([moments[k - 1]]).collect()
        })
        .collect();
    for column in 0..m {
        let larger =
            |a: &usize, b: &usize| rows[*a][column].abs().total_cmp(&rows[*b][column].abs());
        let pivot = (column..m).max_by(larger)?;
        rows.swap(column, pivot);
        let (above, below) = rows.split_at_mut(column + 1);
        let head = &above[column];
        if head[column].is_nan() || head[column].abs() < f64::MIN_POSITIVE {
            return None;
        }
        for row in below {
            let factor = row[column] / head[column];
            for (value, above) in row.iter_mut().zip(head).skip(column) {
                *value = (-factor).mul_add(*above, *value);
            }
        }
    }
    let mut w = vec![0.0; m];
    for row in (0..m).rev() {
        let known: f64 = (row + 1..m).map(|j| rows[row][j] * w[j]).sum();
        w[row] = (rows[row][m] - known) / rows[row][row];
    }
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
