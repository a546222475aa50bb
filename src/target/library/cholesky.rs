//! Cholesky factors: C = L L^T with L lower triangular, d^3/3 flops, once per target.

use crate::error::{Error, Result};
use driftlane_kernels::Lane;

/// The factor of a symmetric positive definite matrix, row-major.
#[derive(Debug, Clone)]
pub(super) struct Cholesky {
    dim: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors `matrix`, called `field` in messages. Refused: not square, not symmetric to 1e-8 of
    /// sqrt(C_ii C_jj) (room for matrices printed with nine digits), not positive definite.
    pub fn new(field: &str, matrix: &[Vec<f64>]) -> Result<Self> {
        let dim = matrix.len();
        if let Some(row) = matrix.iter().find(|row| row.len() != dim) {
            let shown = format!("a row of {} numbers", row.len());
            return Err(Error::invalid(
                field,
                shown,
                format!("must be a {dim} x {dim} matrix"),
            ));
        }
        let mut lower = vec![0.0; dim * dim];
        for i in 0..dim {
            for j in 0..=i {
                let (a, b) = (matrix[i][j], matrix[j][i]);
                let scale = (matrix[i][i] * matrix[j][j]).abs().sqrt();
                // Also where an entry is not finite.
                if (a - b).abs() > 1e-8 * scale || !(a - b).is_finite() {
                    let shown = format!("[{i}][{j}] {a}, [{j}][{i}] {b}");
                    return Err(Error::invalid(field, shown, "must be a symmetric matrix"));
                }
                let before: f64 = (0..j)
                    .map(|k| lower[i * dim + k] * lower[j * dim + k])
                    .sum();
                let rest = a - before;
                lower[i * dim + j] = if j < i {
                    rest / lower[j * dim + j]
                } else if rest > 0.0 && rest.is_finite() {
                    rest.sqrt()
                } else {
                    let shown = format!("pivot {rest:e} in row {i}");
                    return Err(Error::invalid(
                        field,
                        shown,
                        "must be a positive definite matrix",
                    ));
                };
            }
        }
        Ok(Self { dim, lower })
    }

    /// L.
    pub fn lower(&self) -> &[f64] {
        &self.lower
    }

    /// L^-1, lower triangular.
    pub fn inverse(&self) -> Vec<f64> {
        let (n, l) = (self.dim, &self.lower);
        let mut inverse = vec![0.0; n * n];
        for j in 0..n {
            for i in j..n {
                let unit = if i == j { 1.0 } else { 0.0 };
                let before: f64 = (j..i).map(|k| l[i * n + k] * inverse[k * n + j]).sum();
                inverse[i * n + j] = (unit - before) / l[i * n + i];
            }
        }
        inverse
    }

    /// ln det L.
    pub fn log_det(&self) -> f64 {
        (0..self.dim)
            .map(|i| Lane::ln(self.lower[i * self.dim + i]))
            .sum()
    }

    /// z <- `mean` + L z, in place from the last row up.
    pub fn colour<L: Lane<Scalar = f64>>(&self, mean: &[f64], z: &mut [L]) {
        for i in (0..self.dim).rev() {
            let row = &self.lower[i * self.dim..=i * self.dim + i];
            let mut sum = L::broadcast(mean[i]);
            for (&l, &z) in row.iter().zip(&*z) {
                sum = L::broadcast(l).mul_add(z, sum);
            }
            z[i] = sum;
        }
    }
}

/// `matrix` times the vector `x`, row-major.
pub(super) fn times(matrix: &[f64], x: &[f64]) -> Vec<f64> {
    matrix
        .chunks_exact(x.len())
        .map(|row| row.iter().zip(x).map(|(a, b)| a * b).sum())
        .collect()
}
