//! Two normal modes of unequal weight and one covariance (Noble, Grenioux, Gabrie, Durmus 2025, the
//! mode-weight benchmark): 2/3 N(-1, V) + 1/3 N(1, V), V = 0.05 diag(v), log Z = 0.
//!
//! | conditioning | v |
//! |---|---|
//! | `not` | 1 |
//! | `medium` | 10^-1 to 1, evenly spaced logarithms |
//! | `hard` | 10^-2 to 1 |
//!
//! With t = sum_j x_j / V_j and q = 2 t + ln(1/2):
//! log p = ln(2/3) - 1/2 sum (x_j + 1)^2 / V_j + softplus(q) + const, and
//! d/dx_j = (2 sigmoid(q) - 1 - x_j) / V_j: both modes for 3 operations a coordinate, where a mixture of
//! full covariances takes 3 d.

use super::gaussian::normal_density;
use crate::error::{Error, Result};
use crate::parameters::Parameters;
use crate::target::{Exact, Reference, Target};
use driftlane_kernels::lane::Table;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// How unequal the variances of coordinates are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conditioning {
    /// All equal.
    Not,
    /// Condition number 10.
    Medium,
    /// Condition number 100.
    Hard,
}

/// The weight of the mode at -1.
const LEFT: f64 = 2.0 / 3.0;

/// The two modes.
#[derive(Debug, Clone)]
pub struct TwoModes {
    variance: Vec<f64>,
    precision: Table,
    /// ln(2/3) + the normaliser of N(., V).
    constant: f64,
}

impl TwoModes {
    /// In `dim` >= 1 dimensions.
    pub fn new(dim: usize, conditioning: Conditioning) -> Result<Self> {
        if dim == 0 {
            return Err(Error::invalid("two-modes dim", dim, "must be at least 1"));
        }
        let decades = match conditioning {
            Conditioning::Not => 0.0,
            Conditioning::Medium => -1.0,
            Conditioning::Hard => -2.0,
        };
        let last = (dim.max(2) - 1) as f64;
        let variance: Vec<f64> = (0..dim)
            .map(|j| 0.05 * Lane::exp(decades * (1.0 - j as f64 / last) * std::f64::consts::LN_10))
            .collect();
        let log_det: f64 = variance.iter().map(|v| 0.5 * Lane::ln(*v)).sum();
        let constant = Lane::ln(LEFT) + super::gaussian::log_normaliser(dim, log_det);
        let precision = variance.iter().map(|v| 1.0 / v).collect::<Vec<_>>();
        Ok(Self {
            variance,
            precision: precision.into(),
            constant,
        })
    }

    pub(super) fn from_parameters(p: &mut Parameters) -> Result<Self> {
        const NAMES: &str = "not, medium or hard";
        let dim = super::dimension_or(p, "a whole number from 1 to 1000000", 16)?;
        let conditioning = match p.text_or("conditioning", NAMES, "not")?.as_str() {
            "not" => Conditioning::Not,
            "medium" => Conditioning::Medium,
            "hard" => Conditioning::Hard,
            other => return Err(p.must_be("conditioning", other, NAMES)),
        };
        Self::new(dim, conditioning)
    }

    /// The logarithm of the odds of the mode at 1.
    #[inline(always)]
    fn log_odds<L: Lane>(&self, x: &[L]) -> L {
        let precision = self.precision.of::<L>();
        let sum = |t: L, (x, &p): (&L, &L::Scalar)| x.mul_add(L::broadcast(p), t);
        let t = x.iter().zip(precision).fold(L::zero(), sum);
        t.mul_add(L::splat(2.0), L::splat(-std::f64::consts::LN_2))
    }
}

impl Target for TwoModes {
    fn dim(&self) -> usize {
        self.variance.len()
    }

    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let precision = self.precision.of::<L>();
        let mut square = L::zero();
        for (x, &p) in x.iter().zip(precision) {
            let z = *x + L::one();
            square = (z * z).mul_add(L::broadcast(p), square);
        }
        let left = square.mul_add(L::splat(-0.5), L::splat(self.constant));
        left + self.log_odds(x).softplus()
    }

    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        let centre = self.log_odds(x).sigmoid().mul_add(L::splat(2.0), -L::one());
        let precision = self.precision.of::<L>();
        for ((g, x), &p) in grad.iter_mut().zip(x).zip(precision) {
            *g = (centre - *x) * L::broadcast(p);
        }
    }

    /// Normal with the mixture's own mean and standard deviations, which reach both modes.
    fn reference(&self) -> Reference {
        let Exact { mean, sd, .. } = self.exact();
        Reference::normal(mean.unwrap_or_default(), sd.unwrap_or_default())
            .expect("moments are finite")
    }

    fn exact(&self) -> Exact {
        let mean = 1.0 - 2.0 * LEFT;
        let sd = self.variance.iter().map(|v| (v + 1.0 - mean * mean).sqrt());
        Exact {
            log_evidence: Some(0.0),
            mean: Some(vec![mean; self.variance.len()]),
            sd: Some(sd.collect()),
        }
    }

    fn marginal_density(&self, j: usize, x: f64) -> Option<f64> {
        let mode = |centre: f64| normal_density(x, centre, self.variance[j].sqrt());
        Some(LEFT * mode(-1.0) + (1.0 - LEFT) * mode(1.0))
    }

    fn sample_exact(&self, stream: &mut Stream, x: &mut [Row<F64>]) -> bool {
        let left = stream.uniform_row::<F64>().lt(Lane::splat(LEFT));
        let centre = Row::<F64>::select(left, Lane::splat(-1.0), Lane::splat(1.0));
        for (x, v) in x.iter_mut().zip(&self.variance) {
            *x = stream
                .normal_row::<F64>()
                .mul_add(Lane::splat(v.sqrt()), centre);
        }
        true
    }
}
