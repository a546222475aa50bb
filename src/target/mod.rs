//! Distributions to sample: a log density over lanes, its gradient, and what is known about it.
//!
//! A target is written once for one particle over `L: Lane`, where `L` is a row of a tile, and so
//! runs on 32 or 64 particles at a time. The value returned is the log density *with its constant*:
//! the constant is part of the target's definition and fixes its log evidence.

mod block;
mod denoiser;
mod law;
pub mod library;
mod path;
mod reference;
pub mod transform;

pub use block::{BlockTarget, Precision};
pub use denoiser::{
    Affine, BlockDenoiser, BoxedDenoiser, Denoiser, Linear, Prediction, Tweedie, regression,
};
pub use law::Law;
pub use path::Path;
pub use reference::{Family, Reference};
pub use transform::{Model, Parameter, Transform, Unconstrained};

use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{Dual, F64, Lane};

/// A distribution on R^dim given by its log density.
pub trait Target: Sync {
    /// The number of coordinates.
    fn dim(&self) -> usize;

    /// log density at `x` (length [`dim`](Target::dim)), constant included; -infinity outside the
    /// support.
    fn log_density<L: Lane>(&self, x: &[L]) -> L;

    /// The gradient of the log density, written to `grad` (length `dim`). Inner leapfrog steps call
    /// this alone. By default exact forward-mode differentiation, at the price of `dim` densities.
    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        gradient_by_dual(self, x, grad);
    }

    /// Both at once, for targets that share work between them.
    fn log_density_and_gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) -> L {
        self.gradient(x, grad);
        self.log_density(x)
    }

    /// The normalised law tempering starts from. It must cover every mode: a reference that is too
    /// narrow misses some and reports a confident wrong evidence.
    fn reference(&self) -> Reference {
        Reference::standard_normal(self.dim())
    }

    /// For a posterior whose prior is [`reference`](Target::reference): its log likelihood, so that
    /// log_density = reference + likelihood and tempering needs no difference of large numbers.
    fn likelihood(&self) -> Option<&dyn BlockTarget> {
        None
    }

    /// The linear part a_j x_j of the drift grad log pi, where the rest of the drift is tame: what
    /// semilinear schemes solve exactly. None unless a target says so.
    fn linear_part(&self) -> Option<Vec<f64>> {
        None
    }

    /// The law of alpha x + sigma e, x drawn from this one and e standard normal, where it is known: what
    /// denoisers follow from. `alpha` and `sigma` at least 0, not both 0.
    fn noised(&self, _alpha: f64, _sigma: f64) -> Option<library::BoxedTarget> {
        None
    }

    /// The exact prediction of data or noise given x = alpha x_0 + sigma eps, x_0 drawn from this law; by
    /// default from the score of [`noised`](Target::noised).
    fn denoiser(&self, alpha: f64, sigma: f64, prediction: Prediction) -> Option<BoxedDenoiser> {
        let law = self.noised(alpha, sigma)?;
        Some(Box::new(Tweedie::new(law, alpha, sigma, prediction)?))
    }

    /// The law given that x belongs to one of these components, of laws that have components: what guided
    /// sampling is conditioned on. `None` where there are none, or no such.
    fn given_components(&self, _components: &[usize]) -> Option<library::BoxedTarget> {
        None
    }

    /// What is known exactly.
    fn exact(&self) -> Exact {
        Exact::default()
    }

    /// The density of the marginal of coordinate `j` at `x`, normalised, where it has a closed form or a
    /// quadrature to rounding; for the curves of the report.
    fn marginal_density(&self, _j: usize, _x: f64) -> Option<f64> {
        None
    }

    /// The names of the coordinates, for tables and traces: `x[0]`, `x[1]`, ... unless they have
    /// names of their own.
    fn parameter_names(&self) -> Vec<String> {
        (0..self.dim()).map(|j| format!("x[{j}]")).collect()
    }

    /// What deserves a line beside the figures of a run, such as data that does not tell what is asked of it.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Draws one tile of independent exact samples into `x` (`dim` rows); false where no exact
    /// sampler exists (and `x` is untouched).
    fn sample_exact(&self, _stream: &mut Stream, _x: &mut [Row<F64>]) -> bool {
        false
    }
}

/// Exactly known properties of a target, for tests and for the report.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Exact {
    /// ln of the integral of the density.
    pub log_evidence: Option<f64>,
    /// Mean of every coordinate.
    pub mean: Option<Vec<f64>>,
    /// Standard deviation of every coordinate.
    pub sd: Option<Vec<f64>>,
}

/// The gradient of a log density by forward-mode differentiation: `dim` evaluations over [`Dual`].
pub fn gradient_by_dual<T: Target + ?Sized, L: Lane>(target: &T, x: &[L], grad: &mut [L]) {
    let mut point: Vec<Dual<L>> = x.iter().map(|&v| Dual::constant(v)).collect();
    for j in 0..x.len() {
        point[j].tangent = L::one();
        grad[j] = target.log_density(&point).tangent;
        point[j].tangent = L::zero();
    }
}
