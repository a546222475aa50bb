//! Normal mixtures: p(x) = sum_k w_k N(x; m_k, C_k), C_k = sd_k^2 I or full. log Z = 0.
//!
//! With e_k = 1/2 |L_k^-1 (x - m_k)|^2 - ln w_k + ln det L_k + d/2 ln 2 pi in bits (times log2 e) and low =
//! min_k e_k, log p = ln sum_k 2^(low - e_k) - low ln 2, and the gradient is the mean of the components'
//! gradients under the responsibilities 2^(low - e_k) / sum. Isotropic: K (4 d + exp + 6) operations for a
//! gradient; full: K (3 d^2 / 2 + exp + 6).

mod full;
mod isotropic;
pub mod presets;
mod responsibility;

pub use presets::{eight_gaussians, fab_40, grid_9, grid_25};

use super::cholesky::{self, Cholesky};
use crate::error::{Error, Result};
use crate::target::{Affine, BoxedDenoiser, Exact, Prediction, Reference, Target};
use driftlane_kernels::lane::Table;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane, Mask};

/// A mixture of normal laws.
#[derive(Debug, Clone)]
pub struct Mixture {
    dim: usize,
    /// Sums to 1.
    weights: Vec<f64>,
    /// `[component][coordinate]`.
    means: Vec<f64>,
    spread: Spread,
    /// What the kernel of the spread reads.
    table: Table,
    /// Whether isotropic components have the same width.
    even: bool,
}

#[derive(Debug, Clone)]
enum Spread {
    Isotropic(Vec<f64>),
    Full(Vec<Cholesky>),
}

impl Mixture {
    /// Components N(means_k, stds_k^2 I). Weights are positive and need not sum to 1.
    pub fn isotropic(weights: Vec<f64>, means: Vec<Vec<f64>>, stds: Vec<f64>) -> Result<Self> {
        let (weights, means, dim) = checked(weights, means)?;
        if stds.len() != weights.len() {
            let shown = format!("{} numbers", stds.len());
            let allowed = format!("must be one for each of the {} means", weights.len());
            return Err(Error::invalid("mixture stds", shown, allowed));
        }
        if let Some(s) = stds.iter().find(|s| !(1e-150..=1e150).contains(*s)) {
            return Err(Error::invalid(
                "mixture stds",
                s,
                "must be finite numbers above 0, from 1e-150 to 1e150",
            ));
        }
        let table = isotropic::table(dim, &weights, &means, &stds);
        let even = isotropic::is_even(&table, dim);
        let table = table.into();
        Ok(Self {
            even,
            dim,
            weights,
            means,
            spread: Spread::Isotropic(stds),
            table,
        })
    }

    /// Components N(means_k, covs_k), each covariance given by its rows.
    pub fn full(weights: Vec<f64>, means: Vec<Vec<f64>>, covs: &[Vec<Vec<f64>>]) -> Result<Self> {
        let (weights, means, dim) = checked(weights, means)?;
        if covs.len() != weights.len() || covs.iter().any(|c| c.len() != dim) {
            let shown = format!("{} matrices", covs.len());
            let allowed = format!(
                "must be {} matrices of {dim} x {dim}, one for each mean",
                weights.len()
            );
            return Err(Error::invalid("mixture covs", shown, allowed));
        }
        let factors: Vec<Cholesky> = covs
            .iter()
            .enumerate()
            .map(|(k, cov)| Cholesky::new(&format!("mixture covs[{k}]"), cov))
            .collect::<Result<_>>()?;
        let table = full::table(dim, &weights, &means, &factors).into();
        Ok(Self {
            dim,
            weights,
            means,
            spread: Spread::Full(factors),
            table,
            even: false,
        })
    }

    /// The weights, which sum to 1.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The mean of component `k`.
    pub fn mean(&self, k: usize) -> &[f64] {
        &self.means[k * self.dim..][..self.dim]
    }

    /// The variance of coordinate `j` in component `k`.
    fn variance(&self, k: usize, j: usize) -> f64 {
        match &self.spread {
            Spread::Isotropic(stds) => stds[k] * stds[k],
            Spread::Full(factors) => factors[k].lower()[j * self.dim..][..self.dim]
                .iter()
                .map(|l| l * l)
                .sum(),
        }
    }

    /// Mean and standard deviation of every coordinate of the whole mixture.
    fn moments(&self) -> (Vec<f64>, Vec<f64>) {
        let components = || self.weights.iter().enumerate();
        let mean: Vec<f64> = (0..self.dim)
            .map(|j| components().map(|(k, w)| w * self.mean(k)[j]).sum())
            .collect();
        let sd = (0..self.dim)
            .map(|j| {
                let term = |(k, w): (usize, &f64)| {
                    let shift = self.mean(k)[j] - mean[j];
                    w * (self.variance(k, j) + shift * shift)
                };
                components().map(term).sum::<f64>().sqrt()
            })
            .collect();
        (mean, sd)
    }
}

/// Normalised weights, means in one array, and the dimension.
fn checked(weights: Vec<f64>, means: Vec<Vec<f64>>) -> Result<(Vec<f64>, Vec<f64>, usize)> {
    let dim = means.first().map_or(0, Vec::len);
    if dim == 0 {
        return Err(Error::invalid(
            "mixture means",
            "[]",
            "must be one vector a component",
        ));
    }
    if let Some(mean) = means.iter().find(|mean| mean.len() != dim) {
        let shown = format!("a vector of {} numbers", mean.len());
        return Err(Error::invalid(
            "mixture means",
            shown,
            format!("must have {dim} numbers, as the first"),
        ));
    }
    if let Some(m) = means
        .iter()
        .flatten()
        .find(|m| !(-1e150..=1e150).contains(*m))
    {
        let allowed = "must be finite numbers, at most 1e150 in size";
        return Err(Error::invalid("mixture means", m, allowed));
    }
    if weights.len() != means.len() {
        let shown = format!("{} numbers", weights.len());
        let allowed = format!("must be one for each of the {} means", means.len());
        return Err(Error::invalid("mixture weights", shown, allowed));
    }
    if let Some(w) = weights.iter().find(|&&w| !(w > 0.0 && w.is_finite())) {
        return Err(Error::invalid(
            "mixture weights",
            w,
            "must be finite numbers above 0",
        ));
    }
    let total: f64 = weights.iter().sum();
    if !total.is_finite() {
        return Err(Error::invalid(
            "mixture weights",
            "a sum above f64",
            "a finite sum",
        ));
    }
    let weights = weights.iter().map(|w| w / total).collect();
    Ok((weights, means.concat(), dim))
}

impl Target for Mixture {
    fn dim(&self) -> usize {
        self.dim
    }

    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let table = self.table.of::<L>();
        match self.spread {
            Spread::Isotropic(_) => isotropic::log_density(table, x),
            Spread::Full(_) => full::log_density(table, x),
        }
    }

    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        let table = self.table.of::<L>();
        match self.spread {
            Spread::Isotropic(_) => isotropic::gradient(table, self.even, x, grad),
            Spread::Full(_) => full::gradient(table, x, grad),
        };
    }

    fn log_density_and_gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) -> L {
        let table = self.table.of::<L>();
        match self.spread {
            Spread::Isotropic(_) => isotropic::gradient(table, self.even, x, grad),
            Spread::Full(_) => full::gradient(table, x, grad),
        }
        .log_density()
    }

    /// Independent normals with the mixture's own mean and standard deviations: they reach every
    /// mode (one at distance r from the mean adds w r^2 to the variance along it).
    fn reference(&self) -> Reference {
        let (mean, sd) = self.moments();
        Reference::normal(mean, sd).expect("moments of checked components")
    }

    fn noised(&self, alpha: f64, sigma: f64) -> Option<super::BoxedTarget> {
        let rows = |values: &[f64]| values.chunks(self.dim).map(<[_]>::to_vec).collect();
        let means: Vec<f64> = self.means.iter().map(|m| alpha * m).collect();
        let (weights, means) = (self.weights.clone(), rows(&means));
        let noised = match &self.spread {
            Spread::Isotropic(stds) => {
                let wide = |s: &f64| root_of_squares(alpha * s, sigma);
                Self::isotropic(weights, means, stds.iter().map(wide).collect())
            }
            Spread::Full(factors) => {
                let covs: Vec<Vec<Vec<f64>>> = factors
                    .iter()
                    .map(|factor| noised_covariance(factor.lower(), self.dim, alpha, sigma))
                    .collect();
                Self::full(weights, means, &covs)
            }
        };
        Some(Box::new(noised.ok()?))
    }

    fn denoiser(&self, alpha: f64, sigma: f64, prediction: Prediction) -> Option<BoxedDenoiser> {
        match &self.spread {
            Spread::Isotropic(stds) => {
                isotropic_denoiser(&self.weights, &self.means, stds, (alpha, sigma), prediction)
            }
            Spread::Full(_) if alpha == 0.0 && prediction == Prediction::Data => {
                // Nothing of the data is left in x: they are expected at their mean.
                let mean = self.moments().0;
                Some(Box::new(Affine {
                    factor: vec![0.0; self.dim].into(),
                    term: mean.into(),
                }))
            }
            Spread::Full(factors) => {
                let (dim, at) = (self.dim, (alpha, sigma));
                let noised = |factor: &Cholesky| {
                    let cov = noised_covariance(factor.lower(), dim, alpha, sigma);
                    Cholesky::new("covs", &cov).ok()
                };
                let wide = factors.iter().map(noised).collect::<Option<Vec<_>>>()?;
                let means: Vec<f64> = self.means.iter().map(|m| alpha * m).collect();
                let components = factors.iter().zip(&wide).enumerate();
                let rows = components.flat_map(|(k, (factor, wide))| {
                    linear_rows(factor, wide, self.mean(k), at, prediction)
                });
                Some(Box::new(full::FullDenoiser {
                    regressions: rows.collect::<Vec<f64>>().into(),
                    energies: full::table(dim, &self.weights, &means, &wide).into(),
                }))
            }
        }
    }

    fn given_components(&self, components: &[usize]) -> Option<super::BoxedTarget> {
        let count = self.weights.len();
        if components.is_empty() || components.iter().any(|k| *k >= count) {
            return None;
        }
        let weights = components.iter().map(|k| self.weights[*k]).collect();
        let means = components.iter().map(|k| self.mean(*k).to_vec()).collect();
        let given = match &self.spread {
            Spread::Isotropic(stds) => {
                let stds = components.iter().map(|k| stds[*k]).collect();
                Self::isotropic(weights, means, stds)
            }
            Spread::Full(factors) => {
                let cov = |k: &usize| noised_covariance(factors[*k].lower(), self.dim, 1.0, 0.0);
                let covs: Vec<_> = components.iter().map(cov).collect();
                Self::full(weights, means, &covs)
            }
        };
        Some(Box::new(given.ok()?))
    }

    fn exact(&self) -> Exact {
        let (mean, sd) = self.moments();
        Exact {
            log_evidence: Some(0.0),
            mean: Some(mean),
            sd: Some(sd),
        }
    }

    fn marginal_density(&self, j: usize, x: f64) -> Option<f64> {
        let components = self.weights.iter().enumerate();
        let terms = components.map(|(k, w)| {
            let sd = self.variance(k, j).sqrt();
            w * super::gaussian::normal_density(x, self.mean(k)[j], sd)
        });
        Some(terms.sum())
    }

    /// One uniform chooses the component by inversion of the weights' sums, then normals.
    fn sample_exact(&self, stream: &mut Stream, x: &mut [Row<F64>]) -> bool {
        let u = stream.uniform_row::<F64>();
        let normals: Vec<Row<F64>> = x.iter().map(|_| stream.normal_row::<F64>()).collect();
        let mut below = 0.0;
        let mut draw = normals.clone();
        for k in 0..self.weights.len() {
            // From `below` on: the last component whose interval starts at or under u stays.
            let chosen = Row::<F64>::broadcast(below).le(u);
            below += self.weights[k];
            draw.copy_from_slice(&normals);
            match &self.spread {
                Spread::Isotropic(stds) => {
                    for (z, &m) in draw.iter_mut().zip(self.mean(k)) {
                        *z = z.mul_add(Lane::broadcast(stds[k]), Lane::broadcast(m));
                    }
                }
                Spread::Full(factors) => factors[k].colour(self.mean(k), &mut draw),
            }
            if chosen.any() {
                for (x, &draw) in x.iter_mut().zip(&draw) {
                    *x = Lane::select(chosen, draw, *x);
                }
            }
        }
        true
    }
}

/// The denoiser of isotropic components, of points too (widths of 0) where there is noise; `None` where a
/// noised component has no width.
pub(super) fn isotropic_denoiser(
    weights: &[f64],
    means: &[f64],
    stds: &[f64],
    (alpha, sigma): (f64, f64),
    prediction: Prediction,
) -> Option<BoxedDenoiser> {
    let dim = means.len() / weights.len();
    if sigma == 0.0 && stds.iter().any(|s| alpha * s == 0.0) {
        return None;
    }
    let at = (alpha, sigma);
    let table = isotropic::denoiser_table(dim, weights, means, stds, at, prediction);
    Some(Box::new(isotropic::IsotropicDenoiser {
        even: isotropic::is_even(&table, dim),
        table: table.into(),
    }))
}

/// alpha^2 L L^T + sigma^2 I.
pub(super) fn noised_covariance(
    lower: &[f64],
    dim: usize,
    alpha: f64,
    sigma: f64,
) -> Vec<Vec<f64>> {
    let row = |i: usize| &lower[i * dim..(i + 1) * dim];
    let entry = |i: usize, j: usize| {
        let product: f64 = row(i)
            .iter()
            .zip(row(j))
            .take(i.min(j) + 1)
            .map(|(a, b)| a * b)
            .sum();
        let noise = if i == j { sigma * sigma } else { 0.0 };
        (alpha * alpha).mul_add(product, noise)
    };
    (0..dim)
        .map(|i| (0..dim).map(|j| entry(i, j)).collect())
        .collect()
}

/// The prediction of a normal law with covariance C = L L^T and mean m given x = alpha x_0 + sigma eps, whose covariance
/// is V = alpha^2 C + sigma^2 I, as rows (b_i, A_i1 .. A_id):
///
/// ```text
/// data:   A = alpha C V^-1,   b = m - alpha A m = sigma^2 V^-1 m          neither cancels, however large sigma is
/// noise:  A = sigma V^-1,     b = -alpha A m
/// ```
///
/// `factor` is L and `noised` that of V.
pub(super) fn linear_rows(
    factor: &Cholesky,
    noised: &Cholesky,
    mean: &[f64],
    (alpha, sigma): (f64, f64),
    prediction: Prediction,
) -> Vec<f64> {
    let dim = mean.len();
    let whiten = noised.inverse();
    let product = |of: &dyn Fn(usize) -> f64| -> f64 { (0..dim).map(of).sum() };
    let entries = |of: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
        (0..dim * dim).map(|k| of(k / dim, k % dim)).collect()
    };
    let inverse = entries(&|i, j| product(&|k| whiten[k * dim + i] * whiten[k * dim + j]));
    let matrix = match prediction {
        Prediction::Noise => entries(&|i, j| sigma * inverse[i * dim + j]),
        Prediction::Data => {
            let cov = noised_covariance(factor.lower(), dim, 1.0, 0.0);
            entries(&|i, j| alpha * product(&|k| cov[i][k] * inverse[k * dim + j]))
        }
    };
    let of_mean = match prediction {
        Prediction::Noise => -alpha * sigma,
        Prediction::Data => sigma * sigma,
    };
    let terms = cholesky::times(&inverse, mean);
    let rows = matrix.chunks_exact(dim).zip(terms);
    rows.flat_map(|(row, term)| std::iter::once(of_mean * term).chain(row.iter().copied()))
        .collect()
}

/// sqrt(a^2 + b^2): widths and their squares stay in range.
pub(super) fn root_of_squares(a: f64, b: f64) -> f64 {
    a.mul_add(a, b * b).sqrt()
}
