//! The path of laws from a reference to a target, and the log densities along it.
//!
//! ```text
//! log pi_beta(x) = base(x) + beta ratio(x),  base = log reference
//! posterior on its own prior:  ratio = log likelihood               (no difference of large numbers)
//! any other:                   ratio = log pi - log reference
//! without a reference (MCMC):  base = 0, ratio = log pi, beta = 1
//! ```

use super::{BlockTarget, Precision, Reference};
use crate::error::{Error, Result};
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// A target seen as the end of a path.
pub struct Path<'a> {
    target: &'a dyn BlockTarget,
    /// The law at beta = 0.
    reference: Option<Reference>,
    /// What `ratio` is: the target's likelihood alone, or the target less the reference.
    likelihood: Option<&'a dyn BlockTarget>,
}

impl<'a> Path<'a> {
    /// From the target's own reference, or from `reference` where one is given.
    pub fn tempered(target: &'a dyn BlockTarget, reference: Option<Reference>) -> Result<Self> {
        let likelihood = if reference.is_none() {
            target.likelihood()
        } else {
            None
        };
        let reference = reference.unwrap_or_else(|| target.reference());
        if super::Target::dim(&reference) != target.dim() {
            return Err(Error::invalid(
                "reference",
                format!("{} coordinates", super::Target::dim(&reference)),
                format!("the target has {}", target.dim()),
            ));
        }
        Ok(Self {
            target,
            reference: Some(reference),
            likelihood,
        })
    }

    /// The target alone: beta is 1 and there is no reference.
    pub fn plain(target: &'a dyn BlockTarget) -> Self {
        Self {
            target,
            reference: None,
            likelihood: None,
        }
    }

    /// Coordinates.
    pub fn dim(&self) -> usize {
        self.target.dim()
    }
    /// The target.
    pub fn target(&self) -> &'a dyn BlockTarget {
        self.target
    }
    /// The law at beta = 0; `None` for the target alone.
    pub fn reference(&self) -> Option<&Reference> {
        self.reference.as_ref()
    }
    /// Draws one tile from the law at beta = 0.
    pub fn sample_reference(&self, stream: &mut Stream, x: &mut [Row<F64>]) {
        let law = self
            .reference
            .clone()
            .unwrap_or_else(|| self.target.reference());
        law.sample(stream, x);
    }

    /// (base, ratio) of one tile, in double precision whatever the positions are kept in: one row
    /// each for 32 particles. `wide` is working memory for `dim` rows.
    pub fn log_densities<R: Precision>(
        &self,
        x: &[Row<R>],
        wide: &mut [Row<F64>],
        base: &mut [Row<F64>],
        ratio: &mut [Row<F64>],
    ) {
        for part in 0..base.len() {
            R::widen_part(x, part, wide);
            let (base, ratio) = (&mut base[part..=part], &mut ratio[part..=part]);
            match (&self.reference, self.likelihood) {
                (None, _) => {
                    base[0] = Row::zero();
                    self.target.log_density(wide, ratio);
                }
                (Some(reference), Some(likelihood)) => {
                    BlockTarget::log_density(reference, wide, base);
                    likelihood.log_density(wide, ratio);
                }
                (Some(reference), None) => {
                    BlockTarget::log_density(reference, wide, base);
                    self.target.log_density(wide, ratio);
                    ratio[0] -= base[0];
                }
            }
        }
    }

    /// [`log_densities`](Path::log_densities) and [`gradient`](Path::gradient) of one tile at once,
    /// for targets that share work between them.
    #[allow(clippy::too_many_arguments)]
    pub fn log_densities_and_gradient<R: Precision>(
        &self,
        beta: f64,
        x: &[Row<R>],
        base: &mut [Row<F64>],
        ratio: &mut [Row<F64>],
        grad: &mut [Row<R>],
        other: &mut [Row<R>],
        wide: &mut [Row<F64>],
    ) {
        let end = self.likelihood.unwrap_or(self.target);
        R::log_density_and_gradient(end, x, ratio, grad, wide);
        let Some(reference) = &self.reference else {
            base.fill(Row::zero());
            return;
        };
        R::log_density_and_gradient(reference, x, base, other, wide);
        if self.likelihood.is_none() {
            for (ratio, base) in ratio.iter_mut().zip(base.iter()) {
                *ratio -= *base;
            }
        }
        self.combine(beta, grad, other);
    }

    /// The gradient of log pi_beta on one tile; `other` is working memory for `dim` rows.
    pub fn gradient<R: Precision>(
        &self,
        beta: f64,
        x: &[Row<R>],
        grad: &mut [Row<R>],
        other: &mut [Row<R>],
    ) {
        R::gradient(self.likelihood.unwrap_or(self.target), x, grad);
        if let Some(reference) = &self.reference
            && self.reference_share(beta) != 0.0
        {
            R::gradient(reference, x, other);
            self.combine(beta, grad, other);
        }
    }

    /// The weight of the reference's own density in log pi_beta.
    fn reference_share(&self, beta: f64) -> f64 {
        if self.likelihood.is_some() {
            1.0
        } else {
            1.0 - beta
        }
    }

    /// grad <- beta grad + share other. At a share of zero `other` is left out, so that a reference
    /// that overflows there does no harm.
    fn combine<R: Precision>(&self, beta: f64, grad: &mut [Row<R>], other: &[Row<R>]) {
        let share = self.reference_share(beta);
        if share == 0.0 {
            return;
        }
        let (beta, share) = (Row::<R>::splat(beta), Row::<R>::splat(share));
        for (g, o) in grad.iter_mut().zip(other.iter()) {
            *g = beta.mul_add(*g, share * *o);
        }
    }
}
