//! What a diagonal inverse mass matrix is made from.
//!
//! ```text
//! variance:  M^-1_j = Var x_j                            over the population
//! fisher:    M^-1_j = sqrt(Var x_j / Var d_j log pi)
//! ```
//!
//! Moves take scales, the roots of M^-1. Both are exact for independent normal coordinates. Gradients know of
//! curvature that positions only show when they have spread: for correlated normals Var d_j log pi is the
//! conditional precision, so that the second lies between conditional and marginal variance, and minimises the
//! Fisher divergence to a normal law (Seyboldt, Carlson, Carpenter 2026, arXiv:2603.18845). Cost: one gradient
//! a particle each time scales are set.

use crate::particles::{Moments, Span};
use crate::target::{Law, Precision};
use driftlane_kernels::mutants::active;
use driftlane_kernels::tile::Row;

/// Which inverse mass matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mass {
    /// The variances of the coordinates.
    #[default]
    Variance,
    /// The roots of the ratios of their variances to those of the gradient.
    Fisher,
}

impl Mass {
    /// The names on the command line.
    pub const NAMES: &'static [&'static str] = &["variance", "fisher"];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Variance, Self::Fisher]
            .into_iter()
            .find(|mass| mass.name() == name)
    }
}

/// The scales sqrt(sd x / sd grad) of every coordinate; where one is not a number above 0, that of positions.
pub(crate) fn fisher_scales(positions: &[f64], gradients: &[f64]) -> Vec<f64> {
    let scale = |(x, g): (&f64, &f64)| {
        let scale = if active("fisher-without-root") {
            x / g
        } else {
            (x / g).sqrt()
        };
        if scale > 0.0 && scale.is_finite() {
            scale
        } else {
            *x
        }
    };
    positions.iter().zip(gradients).map(scale).collect()
}

/// Moments of the gradients of `law` at the particles of tile `tile`, weighted like
/// [`Moments::of_tile`]; working memory of dim rows each.
pub(crate) fn gradient_moments<R: Precision>(
    law: Law<'_>,
    block: &Span<'_, R>,
    tile: usize,
    weights: Option<&[f64]>,
    (gradient, other): (&mut [Row<R>], &mut [Row<R>]),
) -> Moments {
    law.gradient(&block.vectors[0][block.rows(tile)], gradient, other);
    Moments::of_tile::<R>(gradient, block.active(tile), weights)
}
