//! Isotropic components: e_k = |s_k x + n_k|^2 + c_k bits with s_k = sqrt(log2(e) / 2) / sd_k, n_k = -s_k m_k,
//! and gradient (sum_k r_k m_k / sd_k^2 - x sum_k r_k / sd_k^2) under the responsibilities r_k.
//!
//! Per component and register 2 d operations for the energy, 2 + exp for its weight, d + 2 for the
//! sums. Up to three dimensions are compiled with the size known, so that x and the sums stay in
//! registers. Folding m_k into n_k rounds it once more, which moves a mode by half an ulp, no more
//! than storing it did.

use super::responsibility::{Components, Responsibility, sum};
use crate::target::denoiser::table_bytes;
use crate::target::{Denoiser, Prediction, regression};
use driftlane_kernels::Lane;
use driftlane_kernels::lane::Table;
use std::f64::consts::LOG2_E;

/// c_k, s_k, 1 / sd_k^2.
const HEAD: usize = 3;

/// Per component: c_k, s_k, u_k = 1 / sd_k^2, then n_k, then u_k m_k.
pub(super) fn table(dim: usize, weights: &[f64], means: &[f64], stds: &[f64]) -> Vec<f64> {
    let mut table = Vec::with_capacity(weights.len() * (HEAD + 2 * dim));
    for ((&w, mean), &sd) in weights.iter().zip(means.chunks_exact(dim)).zip(stds) {
        let normaliser = super::super::gaussian::log_normaliser(dim, dim as f64 * Lane::ln(sd));
        let (s, u) = ((0.5 * LOG2_E).sqrt() / sd, 1.0 / (sd * sd));
        table.extend([(-Lane::ln(w) - normaliser) * LOG2_E, s, u]);
        table.extend(mean.iter().map(|m| -s * m));
        table.extend(mean.iter().map(|m| u * m));
    }
    table
}

/// The same for predictions: c_k and s_k, n_k of the noised components, and -a_k, (b_k - a_k alpha) m_k of the
/// regression on each ([`regression`]) in place of u_k and u_k m_k.
pub(super) fn denoiser_table(
    dim: usize,
    weights: &[f64],
    means: &[f64],
    stds: &[f64],
    (alpha, sigma): (f64, f64),
    prediction: Prediction,
) -> Vec<f64> {
    let noised: Vec<f64> = means.iter().map(|m| alpha * m).collect();
    let wide = |s: &f64| super::root_of_squares(alpha * s, sigma);
    let widths: Vec<f64> = stds.iter().map(wide).collect();
    let mut table = table(dim, weights, &noised, &widths);
    for ((row, mean), &sd) in table
        .chunks_exact_mut(HEAD + 2 * dim)
        .zip(means.chunks_exact(dim))
        .zip(stds)
    {
        let (a, b) = regression(sd, alpha, sigma, prediction);
        row[2] = -a;
        // 1 - a alpha of the data is sigma^2 / variance: not the difference, which cancels.
        let of_mean = match prediction {
            Prediction::Data => {
                let share = sigma / super::root_of_squares(alpha * sd, sigma);
                share * share
            }
            Prediction::Noise => b - a * alpha,
        };
        for (slot, m) in row[HEAD + dim..].iter_mut().zip(mean) {
            *slot = of_mean * m;
        }
    }
    table
}

/// The exact denoiser of isotropic components at one noise: the kernel of the gradient on a table of its own.
pub(super) struct IsotropicDenoiser {
    pub(super) table: Table,
    pub(super) even: bool,
}

impl Denoiser for IsotropicDenoiser {
    fn predict<L: Lane>(&self, x: &[L], prediction: &mut [L]) {
        gradient(self.table.of::<L>(), self.even, x, prediction);
    }
    fn bytes(&self) -> usize {
        table_bytes(&[&self.table])
    }
}

/// Whether all components of a table have the same u_k: their weighted sum is then u times that of the weights.
pub(super) fn is_even(table: &[f64], dim: usize) -> bool {
    let mut rows = table.chunks_exact(HEAD + 2 * dim);
    rows.all(|row| row[2] == table[2])
}

/// Energies, and with `GRADIENT` the sums of the gradient; `EVEN` where all u_k are the same.
struct Isotropic<'a, L: Lane, const GRADIENT: bool, const EVEN: bool> {
    table: &'a [L::Scalar],
    x: &'a [L],
    /// sum_k weight_k u_k m_k.
    mean: &'a mut [L],
    /// sum_k weight_k u_k.
    precision: L,
}

impl<L: Lane, const GRADIENT: bool, const EVEN: bool> Isotropic<'_, L, GRADIENT, EVEN> {
    #[inline(always)]
    fn component(&self, k: usize) -> &[L::Scalar] {
        let stride = HEAD + 2 * self.x.len();
        &self.table[k * stride..][..stride]
    }
}

impl<L: Lane, const GRADIENT: bool, const EVEN: bool> Components<L>
    for Isotropic<'_, L, GRADIENT, EVEN>
{
    #[inline(always)]
    fn count(&self) -> usize {
        self.table.len() / (HEAD + 2 * self.x.len())
    }
    #[inline(always)]
    fn energy(&self, k: usize) -> L {
        let component = self.component(k);
        let scale = L::broadcast(component[1]);
        let mut energy = L::broadcast(component[0]);
        for (j, x) in self.x.iter().enumerate() {
            let y = x.mul_add(scale, L::broadcast(component[HEAD + j]));
            energy = y.mul_add(y, energy);
        }
        energy
    }
    #[inline(always)]
    fn add(&mut self, k: usize, weight: L) {
        if GRADIENT {
            let stride = HEAD + 2 * self.x.len();
            let component = &self.table[k * stride..][..stride];
            if !EVEN {
                self.precision = weight.mul_add(L::broadcast(component[2]), self.precision);
            }
            for (sum, &mean) in self.mean.iter_mut().zip(&component[HEAD + self.x.len()..]) {
                *sum = weight.mul_add(L::broadcast(mean), *sum);
            }
        }
    }
    #[inline(always)]
    fn scale(&mut self, factor: L) {
        if GRADIENT {
            if !EVEN {
                self.precision *= factor;
            }
            for sum in self.mean.iter_mut() {
                *sum *= factor;
            }
        }
    }
}

/// The log density at `x`.
#[inline(always)]
pub(super) fn log_density<L: Lane>(table: &[L::Scalar], x: &[L]) -> L {
    #[inline(always)]
    fn at<L: Lane>(table: &[L::Scalar], x: &[L]) -> L {
        let mut points: Isotropic<'_, L, false, false> = Isotropic {
            table,
            x,
            mean: &mut [],
            precision: L::zero(),
        };
        sum(&mut points).log_density()
    }
    match *x {
        [a] => at(table, &[a]),
        [a, b] => at(table, &[a, b]),
        [a, b, c] => at(table, &[a, b, c]),
        _ => at(table, x),
    }
}

/// The gradient at `x`, and what the log density follows from; `even` as [`is_even`] says.
#[inline(always)]
pub(super) fn gradient<L: Lane>(
    table: &[L::Scalar],
    even: bool,
    x: &[L],
    grad: &mut [L],
) -> Responsibility<L> {
    match even {
        true => shaped::<L, true>(table, x, grad),
        false => shaped::<L, false>(table, x, grad),
    }
}

#[inline(always)]
fn shaped<L: Lane, const EVEN: bool>(
    table: &[L::Scalar],
    x: &[L],
    grad: &mut [L],
) -> Responsibility<L> {
    match *x {
        [a] => sized::<L, 1, EVEN>(table, [a], grad),
        [a, b] => sized::<L, 2, EVEN>(table, [a, b], grad),
        [a, b, c] => sized::<L, 3, EVEN>(table, [a, b, c], grad),
        _ => {
            grad.fill(L::zero());
            at::<L, EVEN>(table, x, grad)
        }
    }
}

#[inline(always)]
fn sized<L: Lane, const D: usize, const EVEN: bool>(
    table: &[L::Scalar],
    x: [L; D],
    grad: &mut [L],
) -> Responsibility<L> {
    let mut local = [L::zero(); D];
    let result = at::<L, EVEN>(table, &x, &mut local);
    grad.copy_from_slice(&local);
    result
}

#[inline(always)]
fn at<L: Lane, const EVEN: bool>(
    table: &[L::Scalar],
    x: &[L],
    grad: &mut [L],
) -> Responsibility<L> {
    let mut points: Isotropic<'_, L, true, EVEN> = Isotropic {
        table,
        x,
        mean: grad,
        precision: L::zero(),
    };
    let result = sum(&mut points);
    let precision = match EVEN {
        true => result.sum * L::broadcast(table[2]),
        false => points.precision,
    };
    let inverse = result.sum.recip();
    for (g, &x) in grad.iter_mut().zip(x) {
        *g = x.neg_mul_add(precision, *g) * inverse;
    }
    result
}
