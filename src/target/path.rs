//! The path of laws from a reference to a target, and the log densities along it.
//!
//! ```text
//! log pi_beta(x) = base(x) + beta ratio(x),  base = log reference
//! posterior on its own prior:  ratio = log likelihood               (no difference of large numbers)
//! any other:                   ratio = log pi - log reference
//! without a reference (MCMC):  base = 0, ratio = log pi, beta = 1
//! ```

use super::{BlockTarget, Family, Law, Precision, Reference};
use crate::error::{Error, Result};
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// A target seen as the end of a path.
pub struct Path<'a> {
    target: &'a dyn BlockTarget,
    /// The law at beta = 0; of the target alone, where chains start.
    reference: Reference,
    ratio: Ratio<'a>,
    torus: bool,
}

/// What base and ratio are.
#[derive(Clone, Copy)]
enum Ratio<'a> {
    /// The target alone: no base.
    Plain,
    /// A posterior's likelihood, on its own prior.
    Likelihood(&'a dyn BlockTarget),
    /// The target less the reference.
    Bridge,
}

impl<'a> Path<'a> {
    /// From the target's own reference, or from `reference` where one is given.
    pub fn tempered(target: &'a dyn BlockTarget, reference: Option<Reference>) -> Result<Self> {
        let ratio = match target.likelihood() {
            Some(likelihood) if reference.is_none() => Ratio::Likelihood(likelihood),
            _ => Ratio::Bridge,
        };
        let reference = reference.unwrap_or_else(|| target.reference());
        if super::Target::dim(&reference) != target.dim() {
            return Err(Error::invalid(
                "reference",
                format!("{} coordinates", super::Target::dim(&reference)),
                format!("the target has {}", target.dim()),
            ));
        }
        let torus = target.reference().family() == Family::Torus;
        if torus != (reference.family() == Family::Torus) {
            let allowed = "uniform on the torus for a target on the torus, and for no other";
            return Err(Error::invalid("reference", reference.describe(), allowed));
        }
        Ok(Self {
            target,
            reference,
            ratio,
            torus,
        })
    }

    /// The target alone: beta is 1, and its reference is only where chains start.
    pub fn plain(target: &'a dyn BlockTarget) -> Self {
        let reference = target.reference();
        Self {
            target,
            torus: reference.family() == Family::Torus,
            reference,
            ratio: Ratio::Plain,
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
    /// The law at beta = 0; of the target alone, its own reference.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }
    /// Whether coordinates are angles, which visits bring back to [-pi, pi).
    pub fn on_torus(&self) -> bool {
        self.torus
    }
    /// The law at `tempering_param`.
    pub fn law(&self, tempering_param: f64) -> Law<'_> {
        Law {
            path: self,
            tempering_param,
        }
    }
    /// Draws one tile from the reference.
    pub fn sample_reference(&self, stream: &mut Stream, x: &mut [Row<F64>]) {
        self.reference.sample(stream, x);
    }

    /// What the ratio evaluates: the likelihood or the whole target.
    pub(super) fn end(&self) -> &dyn BlockTarget {
        match self.ratio {
            Ratio::Likelihood(likelihood) => likelihood,
            Ratio::Plain | Ratio::Bridge => self.target,
        }
    }
    /// Whether there is no base.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.ratio, Ratio::Plain)
    }
    /// Whether the ratio is the target less the reference.
    pub(super) fn is_bridge(&self) -> bool {
        matches!(self.ratio, Ratio::Bridge)
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
        R::log_density(self.end(), x, ratio, wide);
        if self.is_plain() {
            base.fill(Row::zero());
            return;
        }
        R::log_density(&self.reference, x, base, wide);
        if self.is_bridge() {
            for (ratio, base) in ratio.iter_mut().zip(base.iter()) {
                *ratio -= *base;
            }
        }
    }
}
