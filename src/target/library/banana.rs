//! The banana (Haario, Saksman, Tamminen 1999; the form of Grenioux, Durmus, Moulines, Gabrie 2023):
//! pairs x_1 ~ N(0, a^2), x_2 = b x_1^2 - b a^2 + N(0, 1), log Z = 0.
//!
//! With r = x_2 - b (x_1^2 - a^2): log p = -x_1^2 / (2 a^2) - r^2 / 2 + const, gradient
//! (-x_1 / a^2 + 2 b x_1 r, -r), 8 operations a pair. Means are 0, variances a^2 and 1 + 2 b^2 a^4.

use super::gaussian::normal_density;
use crate::error::{Error, Result};
use crate::parameters::Parameters;
use crate::target::{Exact, Reference, Target};
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// Independent bananas, `dim / 2` of them.
#[derive(Debug, Clone)]
pub struct Banana {
    dim: usize,
    a: f64,
    b: f64,
    constant: f64,
}

impl Banana {
    /// `dim` even, at least 2; `a` from 1e-6 to 1e6; `b` at most 1e6 in size.
    pub fn new(dim: usize, a: f64, b: f64) -> Result<Self> {
        if dim == 0 || !dim.is_multiple_of(2) {
            let allowed = "must be an even number, at least 2";
            return Err(Error::invalid("banana dim", dim, allowed));
        }
        if !(1e-6..=1e6).contains(&a) {
            let allowed = "must be a number from 1e-6 to 1e6";
            return Err(Error::invalid("banana a", a, allowed));
        }
        if !(-1e6..=1e6).contains(&b) {
            let allowed = "must be a number from -1e6 to 1e6";
            return Err(Error::invalid("banana b", b, allowed));
        }
        let log_det = (dim / 2) as f64 * Lane::ln(a);
        let constant = super::gaussian::log_normaliser(dim, log_det);
        Ok(Self {
            dim,
            a,
            b,
            constant,
        })
    }

    pub(super) fn from_parameters(p: &mut Parameters) -> Result<Self> {
        let dim = super::dimension_or(p, "an even number from 2 to 1000000", 2)?;
        let a = p.number_or("a", 1e-6..=1e6, "a number from 1e-6 to 1e6", 10.0)?;
        let b = p.number_or("b", -1e6..=1e6, "a number from -1e6 to 1e6", 0.02)?;
        Self::new(dim, a, b)
    }

    /// r of a pair.
    #[inline(always)]
    fn residual<L: Lane>(&self, x: &[L]) -> L {
        let centred = x[0].mul_add(x[0], L::splat(-self.a * self.a));
        centred.mul_add(L::splat(-self.b), x[1])
    }
}

impl Target for Banana {
    fn dim(&self) -> usize {
        self.dim
    }

    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let precision = L::splat(1.0 / (self.a * self.a));
        let sum = x.chunks_exact(2).fold(L::zero(), |sum, x| {
            let r = self.residual(x);
            (x[0] * x[0]).mul_add(precision, r.mul_add(r, sum))
        });
        sum.mul_add(L::splat(-0.5), L::splat(self.constant))
    }

    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        let precision = L::splat(-1.0 / (self.a * self.a));
        for (x, grad) in x.chunks_exact(2).zip(grad.chunks_exact_mut(2)) {
            let r = self.residual(x);
            grad[0] = x[0] * r.mul_add(L::splat(2.0 * self.b), precision);
            grad[1] = -r;
        }
    }

    /// Normal with the banana's own standard deviations along it and twice them across: x_2 is skewed,
    /// and its long end, b x_1^2, lies beyond a normal of its own deviation.
    fn reference(&self) -> Reference {
        let own = self.exact().sd.unwrap_or_default();
        let scale = own.iter().enumerate();
        let scale = scale.map(|(j, sd)| if j % 2 == 0 { *sd } else { 2.0 * sd });
        Reference::normal(vec![0.0; self.dim], scale.collect()).expect("positive scales")
    }

    fn exact(&self) -> Exact {
        let bent = self.b * self.a * self.a;
        let across = (2.0 * bent).mul_add(bent, 1.0).sqrt();
        let sd = (0..self.dim).map(|j| if j % 2 == 0 { self.a } else { across });
        Exact {
            log_evidence: Some(0.0),
            mean: Some(vec![0.0; self.dim]),
            sd: Some(sd.collect()),
        }
    }

    /// x_2: the mean of N(b a^2 (z^2 - 1), 1) over z ~ N(0, 1), by the trapezoidal rule on +-9, whose step the
    /// unit width resolves up to |b| a^2 = 20.
    fn marginal_density(&self, j: usize, x: f64) -> Option<f64> {
        if j.is_multiple_of(2) {
            return Some(normal_density(x, 0.0, self.a));
        }
        let bend = self.b * self.a * self.a;
        let step = 1.0 / 1024.0;
        let terms = (-9 * 1024..=9 * 1024).map(|k| {
            let z = f64::from(k) * step;
            step * normal_density(z, 0.0, 1.0) * normal_density(x, bend * (z * z - 1.0), 1.0)
        });
        (bend.abs() <= 20.0).then(|| terms.sum())
    }

    fn sample_exact(&self, stream: &mut Stream, x: &mut [Row<F64>]) -> bool {
        for x in x.chunks_exact_mut(2) {
            x[0] = stream.normal_row::<F64>() * Lane::splat(self.a);
            let centred = x[0].mul_add(x[0], Lane::splat(-self.a * self.a));
            x[1] = centred.mul_add(Lane::splat(self.b), stream.normal_row::<F64>());
        }
        true
    }
}
