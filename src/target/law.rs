//! One law on the way from a reference to a target: what a move leaves invariant.
//!
//! ```text
//! log pi_beta(x) = base(x) + beta ratio(x)
//! grad log pi_beta(x) = share grad base(x) + beta grad log target(x)
//! ```
//!
//! with a share of 1 where the ratio is a likelihood, and of 1 - beta where it is the target less the
//! reference (see [`Path`]).

use super::{Path, Precision};
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// pi_beta: a path and where on it.
#[derive(Clone, Copy)]
pub struct Law<'a> {
    /// From which reference to which target.
    pub path: &'a Path<'a>,
    /// beta: 0 at the reference, 1 at the target.
    pub tempering_param: f64,
}

impl Law<'_> {
    /// log pi_beta of 32 particles from their (base, ratio).
    pub fn log_density(&self, base: Row<F64>, ratio: Row<F64>) -> Row<F64> {
        Row::<F64>::splat(self.tempering_param).mul_add(ratio, base)
    }

    /// (base, ratio) of one tile: [`Path::log_densities`].
    pub fn log_densities<R: Precision>(
        &self,
        x: &[Row<R>],
        wide: &mut [Row<F64>],
        base: &mut [Row<F64>],
        ratio: &mut [Row<F64>],
    ) {
        self.path.log_densities(x, wide, base, ratio);
    }

    /// The log density of the path's reference at one tile whose base is `base`: the base itself, but
    /// for a target alone, which has none.
    pub fn log_reference<R: Precision>(
        &self,
        x: &[Row<R>],
        base: &[Row<F64>],
        wide: &mut [Row<F64>],
        value: &mut [Row<F64>],
    ) {
        if !self.path.is_plain() {
            value.copy_from_slice(base);
            return;
        }
        R::log_density(self.path.reference(), x, value, wide);
    }

    /// [`log_densities`](Law::log_densities) and [`gradient`](Law::gradient) of one tile at once, for
    /// targets that share work between them.
    pub fn log_densities_and_gradient<R: Precision>(
        &self,
        x: &[Row<R>],
        base: &mut [Row<F64>],
        ratio: &mut [Row<F64>],
        grad: &mut [Row<R>],
        other: &mut [Row<R>],
        wide_pair: &mut [Row<F64>],
    ) {
        R::log_density_and_gradient(self.path.end(), x, ratio, grad, wide_pair);
        if self.path.is_plain() {
            base.fill(Row::zero());
            return;
        }
        R::log_density_and_gradient(self.path.reference(), x, base, other, wide_pair);
        if self.path.is_bridge() {
            for (ratio, base) in ratio.iter_mut().zip(base.iter()) {
                *ratio -= *base;
            }
        }
        self.combine(grad, other);
    }

    /// The gradient of log pi_beta on one tile; `other` is working memory for `dim` rows.
    pub fn gradient<R: Precision>(&self, x: &[Row<R>], grad: &mut [Row<R>], other: &mut [Row<R>]) {
        R::gradient(self.path.end(), x, grad);
        if !self.path.is_plain() && self.reference_share() != 0.0 {
            R::gradient(self.path.reference(), x, other);
            self.combine(grad, other);
        }
    }

    /// The weight of the reference's own density in log pi_beta.
    fn reference_share(&self) -> f64 {
        if self.path.is_bridge() {
            1.0 - self.tempering_param
        } else {
            1.0
        }
    }

    /// grad <- beta grad + share other. At a share of zero `other` is left out, so that a reference
    /// that overflows there does no harm.
    fn combine<R: Precision>(&self, grad: &mut [Row<R>], other: &[Row<R>]) {
        let share = self.reference_share();
        if share == 0.0 {
            return;
        }
        let beta = Row::<R>::splat(self.tempering_param);
        let share = Row::<R>::splat(share);
        for (g, o) in grad.iter_mut().zip(other.iter()) {
            *g = beta.mul_add(*g, share * *o);
        }
    }
}
