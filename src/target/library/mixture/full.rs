//! Full covariances: e_k = |y_k|^2 + c_k bits with y_k = W_k x + n_k, W_k = sqrt(log2(e) / 2) L_k^-1 and
//! n_k = -W_k m_k; gradient -2 ln 2 sum_k r_k W_k^T y_k. The whitened y_k is formed again for the
//! gradient instead of kept: d^2/2 multiply-adds against K d stores of whole rows.

use super::super::cholesky::{Cholesky, times};
use super::responsibility::{Components, Responsibility, sum};
use crate::target::Denoiser;
use crate::target::denoiser::{affine_row, table_bytes};
use driftlane_kernels::Lane;
use driftlane_kernels::lane::Table;
use std::f64::consts::{LN_2, LOG2_E};

/// Numbers a component: c_k, then for every row n_ki and W_ki0 .. W_kii.
fn stride(dim: usize) -> usize {
    1 + dim + dim * (dim + 1) / 2
}

/// The components, [`stride`] numbers each.
pub(super) fn table(dim: usize, weights: &[f64], means: &[f64], factors: &[Cholesky]) -> Vec<f64> {
    let mut table = Vec::with_capacity(weights.len() * stride(dim));
    for ((&w, mean), factor) in weights.iter().zip(means.chunks_exact(dim)).zip(factors) {
        let normaliser = super::super::gaussian::log_normaliser(dim, factor.log_det());
        table.push((-Lane::ln(w) - normaliser) * LOG2_E);
        let root = (0.5 * LOG2_E).sqrt();
        let whiten: Vec<f64> = factor.inverse().iter().map(|v| v * root).collect();
        let centre = times(&whiten, mean);
        for i in 0..dim {
            table.push(-centre[i]);
            table.extend(&whiten[i * dim..=i * dim + i]);
        }
    }
    table
}

/// Energies, and with `GRADIENT` the sums of the gradient.
struct Full<'a, L: Lane, const GRADIENT: bool> {
    table: &'a [L::Scalar],
    x: &'a [L],
    /// sum_k weight_k W_k^T y_k.
    sum: &'a mut [L],
}

/// Calls `row(W_i, y_i)` for every row of a component.
#[inline(always)]
fn whiten<L: Lane>(component: &[L::Scalar], x: &[L], mut row: impl FnMut(&[L::Scalar], L)) {
    let mut rest = &component[1..];
    for i in 0..x.len() {
        let (head, tail) = rest.split_at(i + 2);
        let mut y = L::broadcast(head[0]);
        for (&w, &x) in head[1..].iter().zip(x) {
            y = L::broadcast(w).mul_add(x, y);
        }
        row(&head[1..], y);
        rest = tail;
    }
}

/// e_k at `x`.
#[inline(always)]
fn energy<L: Lane>(table: &[L::Scalar], x: &[L], k: usize) -> L {
    let stride = stride(x.len());
    let component = &table[k * stride..][..stride];
    let mut energy = L::broadcast(component[0]);
    whiten(component, x, |_, y: L| energy = y.mul_add(y, energy));
    energy
}

impl<L: Lane, const GRADIENT: bool> Components<L> for Full<'_, L, GRADIENT> {
    #[inline(always)]
    fn count(&self) -> usize {
        self.table.len() / stride(self.x.len())
    }
    #[inline(always)]
    fn energy(&self, k: usize) -> L {
        energy(self.table, self.x, k)
    }
    #[inline(always)]
    fn add(&mut self, k: usize, weight: L) {
        if GRADIENT {
            let stride = stride(self.x.len());
            let sum = &mut *self.sum;
            whiten(&self.table[k * stride..][..stride], self.x, |row, y: L| {
                let y = y * weight;
                for (sum, &w) in sum.iter_mut().zip(row) {
                    *sum = L::broadcast(w).mul_add(y, *sum);
                }
            });
        }
    }
    #[inline(always)]
    fn scale(&mut self, factor: L) {
        if GRADIENT {
            for sum in self.sum.iter_mut() {
                *sum *= factor;
            }
        }
    }
}

/// The log density at `x`.
pub(super) fn log_density<L: Lane>(table: &[L::Scalar], x: &[L]) -> L {
    sum(&mut Full::<'_, L, false> {
        table,
        x,
        sum: &mut [],
    })
    .log_density()
}

/// The gradient at `x`, and what the log density follows from.
pub(super) fn gradient<L: Lane>(table: &[L::Scalar], x: &[L], grad: &mut [L]) -> Responsibility<L> {
    grad.fill(L::zero());
    let result = sum(&mut Full::<'_, L, true> {
        table,
        x,
        sum: grad,
    });
    let factor = L::splat(-2.0 * LN_2) / result.sum;
    for g in grad {
        *g *= factor;
    }
    result
}

/// The exact denoiser of full covariances at one noise: energies of the noised components, and the regression on each
/// in place of its score, sum_k r_k (A_k x + b_k), as [`linear_rows`](super::linear_rows) has them. The score's x +
/// sigma^2 score cancels: in single precision nothing is left of the data at noise levels of 1e7.
///
/// d^2/2 multiply-adds a component for its energy and d^2 for its regression: as many as the score takes.
pub(super) struct FullDenoiser {
    /// [`table`] of the noised components.
    pub(super) energies: Table,
    /// d rows of d + 1 numbers a component.
    pub(super) regressions: Table,
}

impl Denoiser for FullDenoiser {
    fn predict<L: Lane>(&self, x: &[L], prediction: &mut [L]) {
        prediction.fill(L::zero());
        let result = sum(&mut Regressions::<'_, L> {
            energies: self.energies.of::<L>(),
            regressions: self.regressions.of::<L>(),
            x,
            sum: prediction,
        });
        let inverse = result.sum.recip();
        for p in prediction {
            *p *= inverse;
        }
    }
    fn bytes(&self) -> usize {
        table_bytes(&[&self.energies, &self.regressions])
    }
}

/// Energies, and the sums of the prediction.
struct Regressions<'a, L: Lane> {
    energies: &'a [L::Scalar],
    regressions: &'a [L::Scalar],
    x: &'a [L],
    /// sum_k weight_k (A_k x + b_k).
    sum: &'a mut [L],
}

impl<L: Lane> Components<L> for Regressions<'_, L> {
    #[inline(always)]
    fn count(&self) -> usize {
        self.energies.len() / stride(self.x.len())
    }
    #[inline(always)]
    fn energy(&self, k: usize) -> L {
        energy(self.energies, self.x, k)
    }
    #[inline(always)]
    fn add(&mut self, k: usize, weight: L) {
        let dim = self.x.len();
        let rows = &self.regressions[k * dim * (dim + 1)..][..dim * (dim + 1)];
        for (sum, row) in self.sum.iter_mut().zip(rows.chunks_exact(dim + 1)) {
            *sum = weight.mul_add(affine_row(row, self.x), *sum);
        }
    }
    #[inline(always)]
    fn scale(&mut self, factor: L) {
        for sum in self.sum.iter_mut() {
            *sum *= factor;
        }
    }
}
