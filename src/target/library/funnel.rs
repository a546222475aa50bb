//! Neal's funnel (Neal 2003, doi 10.1214/aos/1056562461): x_0 ~ N(0, s^2), x_i ~ N(0, e^{x_0}), log Z = 0.
//!
//! The literature has three: s^2 = 9 (Neal; most benchmarks), 3 (Grenioux et al. 2024, SLIPS), and 1 (a
//! slip in a sampler's code that spread), so the variance must be named. With n = d - 1 and
//! q = e^{-x_0} sum x_i^2:
//! log p = -x_0^2 / (2 s^2) - (n x_0 + q) / 2 + const; gradient (-x_0 / s^2 + (q - n) / 2, -x_i e^{-x_0}),
//! 3 operations a coordinate and one exp.

use super::gaussian::normal_density;
use crate::error::{Error, Result};
use crate::parameters::Parameters;
use crate::target::{Exact, Reference, Target};
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// The funnel in `dim` dimensions.
#[derive(Debug, Clone)]
pub struct Funnel {
    dim: usize,
    variance: f64,
    constant: f64,
}

impl Funnel {
    /// `dim` >= 2; `variance`, of x_0, positive and finite.
    pub fn new(dim: usize, variance: f64) -> Result<Self> {
        if dim < 2 {
            return Err(Error::invalid("funnel dim", dim, "must be at least 2"));
        }
        if !(1e-6..=100.0).contains(&variance) {
            let allowed = "must be a number from 1e-6 to 100";
            return Err(Error::invalid("funnel variance", variance, allowed));
        }
        let constant = super::gaussian::log_normaliser(dim, 0.5 * Lane::ln(variance));
        Ok(Self {
            dim,
            variance,
            constant,
        })
    }

    pub(super) fn from_parameters(p: &mut Parameters) -> Result<Self> {
        const VARIANCE: &str = "a number from 1e-6 to 100: 9 (Neal), 3 (SLIPS) and 1 are in use";
        let dim = super::dimension_or(p, "a whole number from 2 to 1000000", 10)?;
        let variance = p.number("variance", 1e-6..=100.0, VARIANCE)?;
        let missing = || p.refuse("variance", "missing", &format!("required: {VARIANCE}"));
        Self::new(dim, variance.ok_or_else(missing)?)
    }

    /// (e^{-x_0}, e^{-x_0} sum x_i^2).
    #[inline(always)]
    fn shrunk<L: Lane>(x: &[L]) -> (L, L) {
        let shrink = (-x[0]).exp();
        let squares = x[1..].iter().fold(L::zero(), |sum, x| x.mul_add(*x, sum));
        (shrink, shrink * squares)
    }
}

impl Target for Funnel {
    fn dim(&self) -> usize {
        self.dim
    }

    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let (_, q) = Self::shrunk(x);
        let n = (self.dim - 1) as f64;
        let inner = (x[0] * x[0]).mul_add(L::splat(1.0 / self.variance), q);
        let inner = x[0].mul_add(L::splat(n), inner);
        inner.mul_add(L::splat(-0.5), L::splat(self.constant))
    }

    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        let (shrink, q) = Self::shrunk(x);
        let n = (self.dim - 1) as f64;
        let pull = (q - L::splat(n)) * L::splat(0.5);
        grad[0] = x[0].mul_add(L::splat(-1.0 / self.variance), pull);
        for (g, x) in grad[1..].iter_mut().zip(&x[1..]) {
            *g = -(*x * shrink);
        }
    }

    /// Student t with 3 degrees of freedom and the funnel's own standard deviations, e^{s^2/4} for x_i:
    /// the tails of x_i, normal with a lognormal scale, are heavier than any normal's and lighter than
    /// any power.
    fn reference(&self) -> Reference {
        let sd = self.exact().sd.unwrap_or_default();
        Reference::student_t(3.0, vec![0.0; self.dim], sd).expect("variances are at most 100")
    }

    fn exact(&self) -> Exact {
        let mut sd = vec![Lane::exp(0.25 * self.variance); self.dim];
        sd[0] = self.variance.sqrt();
        Exact {
            log_evidence: Some(0.0),
            mean: Some(vec![0.0; self.dim]),
            sd: Some(sd),
        }
    }

    /// x_i: the mean of N(0, e^v) over v ~ N(0, s^2), by the trapezoidal rule in v / s on +-9, which converges
    /// geometrically; 2^-6 resolves the scales e^(v/2) to rounding for every variance allowed.
    fn marginal_density(&self, j: usize, x: f64) -> Option<f64> {
        let s = self.variance.sqrt();
        if j == 0 {
            return Some(normal_density(x, 0.0, s));
        }
        let step = 1.0 / 64.0;
        let terms = (-9 * 64..=9 * 64).map(|k| {
            let z = f64::from(k) * step;
            let scale = Lane::exp(0.5 * s * z);
            step * normal_density(z, 0.0, 1.0) * normal_density(x, 0.0, scale)
        });
        Some(terms.sum())
    }

    fn sample_exact(&self, stream: &mut Stream, x: &mut [Row<F64>]) -> bool {
        x[0] = stream.normal_row::<F64>() * Lane::splat(self.variance.sqrt());
        let scale = (x[0] * Row::<F64>::splat(0.5)).exp();
        x[1..].fill_with(|| stream.normal_row::<F64>() * scale);
        true
    }
}
