//! Normal laws: isotropic, diagonal, or with a full covariance. Normalised, so log Z = 0.
//!
//! log N(x; m, C) = -1/2 |L^-1 (x - m)|^2 - ln det L - d/2 ln 2 pi, C = L L^T; the gradient is
//! -L^-T L^-1 (x - m). L^-1 is formed once and both products run on the lower-triangular panel
//! kernel: d^2 multiply-adds for a gradient with a full covariance, 2 d with a diagonal one.

use super::cholesky::{Cholesky, times};
use crate::error::{Error, Result};
use crate::target::{
    Affine, BoxedDenoiser, Exact, Linear, Prediction, Reference, Target, regression,
};
use driftlane_kernels::lane::Table;
use driftlane_kernels::panel::Panel;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// A normal law.
#[derive(Debug, Clone)]
pub struct Gaussian {
    mean: Table,
    sd: Vec<f64>,
    log_normaliser: f64,
    shape: Shape,
}

#[derive(Debug, Clone)]
enum Shape {
    /// 1 / sd of every coordinate.
    Diagonal(Table),
    /// L^-1, -L^-1 m and L itself.
    Full {
        whiten: Panel,
        offset: Table,
        factor: Cholesky,
    },
}

impl Gaussian {
    /// Independent coordinates N(mean_j, sd_j^2).
    pub fn diagonal(mean: Vec<f64>, sd: Vec<f64>) -> Result<Self> {
        check_mean(&mean)?;
        if let Some(s) = sd.iter().find(|&&s| !(s > 0.0 && s.is_finite())) {
            return Err(Error::invalid(
                "gaussian sds",
                s,
                "must be finite numbers above 0",
            ));
        }
        if sd.len() != mean.len() {
            let shown = format!("{} numbers", sd.len());
            return Err(Error::invalid(
                "gaussian sds",
                shown,
                format!("must be as many as the mean has, {}", mean.len()),
            ));
        }
        let log_sd: f64 = sd.iter().map(|&s| Lane::ln(s)).sum();
        let log_normaliser = log_normaliser(mean.len(), log_sd);
        let inverse: Vec<f64> = sd.iter().map(|s| 1.0 / s).collect();
        Ok(Self {
            mean: mean.into(),
            sd,
            log_normaliser,
            shape: Shape::Diagonal(inverse.into()),
        })
    }

    /// N(mean, sd^2 I).
    pub fn isotropic(mean: Vec<f64>, sd: f64) -> Result<Self> {
        let sd = vec![sd; mean.len()];
        Self::diagonal(mean, sd)
    }

    /// N(mean, cov), `cov` given by its rows.
    pub fn full(mean: Vec<f64>, cov: &[Vec<f64>]) -> Result<Self> {
        check_mean(&mean)?;
        let dim = mean.len();
        if cov.len() != dim {
            let shown = format!("{} rows", cov.len());
            return Err(Error::invalid(
                "gaussian cov",
                shown,
                format!("must have {dim} rows, as the mean"),
            ));
        }
        let factor = Cholesky::new("gaussian cov", cov)?;
        let inverse = factor.inverse();
        let offset: Vec<f64> = times(&inverse, &mean).iter().map(|v| -v).collect();
        Ok(Self {
            sd: (0..dim).map(|j| cov[j][j].sqrt()).collect(),
            log_normaliser: log_normaliser(dim, factor.log_det()),
            shape: Shape::Full {
                whiten: Panel::lower_triangular(dim, &inverse),
                offset: offset.into(),
                factor,
            },
            mean: mean.into(),
        })
    }
}

fn check_mean(mean: &[f64]) -> Result<()> {
    match mean.iter().find(|m| !m.is_finite()) {
        Some(m) => Err(Error::invalid("gaussian mean", m, "must be finite numbers")),
        None if mean.is_empty() => Err(Error::invalid(
            "gaussian mean",
            "[]",
            "must have at least 1 number",
        )),
        None => Ok(()),
    }
}

/// -d/2 ln 2 pi - `log_det`, the determinant being that of the Cholesky factor.
pub(super) fn log_normaliser(dim: usize, log_det: f64) -> f64 {
    -0.5 * dim as f64 * Lane::ln(std::f64::consts::TAU) - log_det
}

impl Target for Gaussian {
    fn dim(&self) -> usize {
        self.sd.len()
    }

    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let mut square = L::zero();
        match &self.shape {
            Shape::Diagonal(inverse) => {
                let (m, w) = (self.mean.of::<L>(), inverse.of::<L>());
                for j in 0..x.len() {
                    let z = (x[j] - L::broadcast(m[j])) * L::broadcast(w[j]);
                    square = z.mul_add(z, square);
                }
            }
            Shape::Full { whiten, offset, .. } => {
                let offset = offset.of::<L>();
                whiten.for_each(x, |rows, z| {
                    for (&z, &offset) in z.iter().zip(&offset[rows]) {
                        let z = z + L::broadcast(offset);
                        square = z.mul_add(z, square);
                    }
                });
            }
        }
        square.mul_add(L::splat(-0.5), L::splat(self.log_normaliser))
    }

    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        self.log_density_and_gradient(x, grad);
    }

    fn log_density_and_gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) -> L {
        let mut square = L::zero();
        match &self.shape {
            Shape::Diagonal(inverse) => {
                let (m, w) = (self.mean.of::<L>(), inverse.of::<L>());
                for j in 0..x.len() {
                    let w = L::broadcast(w[j]);
                    let z = (x[j] - L::broadcast(m[j])) * w;
                    square = z.mul_add(z, square);
                    grad[j] = -(z * w);
                }
            }
            Shape::Full { whiten, offset, .. } => {
                let offset = offset.of::<L>();
                grad.fill(L::zero());
                whiten.accumulate(x, grad, |rows, z| {
                    for (r, &offset) in z.iter_mut().zip(&offset[rows]) {
                        let z = *r + L::broadcast(offset);
                        square = z.mul_add(z, square);
                        *r = -z;
                    }
                });
            }
        }
        square.mul_add(L::splat(-0.5), L::splat(self.log_normaliser))
    }

    /// Independent normals with the target's mean and twice its standard deviations: wide enough
    /// for the tails (weights have a finite variance from scale 1/sqrt(2) up), and not the target.
    fn reference(&self) -> Reference {
        let sd = self.sd.iter().map(|s| 2.0 * s).collect();
        Reference::normal(self.mean.values().to_vec(), sd).expect("checked by the constructor")
    }

    /// -1/sd^2 where coordinates are independent: the whole drift but a constant.
    fn linear_part(&self) -> Option<Vec<f64>> {
        let Shape::Diagonal(inverse) = &self.shape else {
            return None;
        };
        Some(inverse.values().iter().map(|w| -w * w).collect())
    }

    fn noised(&self, alpha: f64, sigma: f64) -> Option<super::BoxedTarget> {
        let mean: Vec<f64> = self.mean.values().iter().map(|m| alpha * m).collect();
        let noised = match &self.shape {
            Shape::Diagonal(_) => {
                let wide = |s: &f64| super::mixture::root_of_squares(alpha * s, sigma);
                Self::diagonal(mean, self.sd.iter().map(wide).collect())
            }
            Shape::Full { factor, .. } => {
                let lower = factor.lower();
                let cov = super::mixture::noised_covariance(lower, mean.len(), alpha, sigma);
                Self::full(mean, &cov)
            }
        };
        Some(Box::new(noised.ok()?))
    }

    fn denoiser(&self, alpha: f64, sigma: f64, prediction: Prediction) -> Option<BoxedDenoiser> {
        // Nothing of the data is left at alpha = 0: they are expected at their mean.
        let alone = alpha == 0.0 && prediction == Prediction::Data;
        if let (Shape::Full { factor, .. }, false) = (&self.shape, alone) {
            let mean = self.mean.values();
            let cov = super::mixture::noised_covariance(factor.lower(), mean.len(), alpha, sigma);
            let noised = Cholesky::new("cov", &cov).ok()?;
            let at = (alpha, sigma);
            let rows = super::mixture::linear_rows(factor, &noised, mean, at, prediction);
            return Some(Box::new(Linear { rows: rows.into() }));
        }
        let coordinates = self.sd.iter().zip(self.mean.values());
        let (factor, term): (Vec<f64>, Vec<f64>) = coordinates
            .map(|(&sd, &mean)| {
                let (a, b) = regression(sd, alpha, sigma, prediction);
                (a, (b - a * alpha) * mean)
            })
            .unzip();
        Some(Box::new(Affine {
            factor: factor.into(),
            term: term.into(),
        }))
    }

    fn exact(&self) -> Exact {
        Exact {
            log_evidence: Some(0.0),
            mean: Some(self.mean.values().to_vec()),
            sd: Some(self.sd.clone()),
        }
    }

    fn marginal_density(&self, j: usize, x: f64) -> Option<f64> {
        Some(normal_density(x, self.mean.values()[j], self.sd[j]))
    }

    fn sample_exact(&self, stream: &mut Stream, x: &mut [Row<F64>]) -> bool {
        let mean = self.mean.values();
        for x in x.iter_mut() {
            *x = stream.normal_row::<F64>();
        }
        match &self.shape {
            Shape::Diagonal(_) => {
                for (x, (&m, &s)) in x.iter_mut().zip(mean.iter().zip(&self.sd)) {
                    *x = x.mul_add(Lane::broadcast(s), Lane::broadcast(m));
                }
            }
            Shape::Full { factor, .. } => factor.colour(mean, x),
        }
        true
    }
}

/// exp(-((x - mean) / sd)^2 / 2) / (sd sqrt(2 pi)).
pub(super) fn normal_density(x: f64, mean: f64, sd: f64) -> f64 {
    let z = (x - mean) / sd;
    Lane::exp(-0.5 * z * z) / (sd * std::f64::consts::TAU.sqrt())
}
