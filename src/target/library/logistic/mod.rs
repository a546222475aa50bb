//! Bayesian logistic regression: y_i ~ Bernoulli(sigmoid(x_i . theta)), independent normal priors.
//!
//! The rows of X are stored multiplied by 2 y_i - 1, so that with z = X theta the log likelihood is
//! sum_i ln sigmoid(z_i) and its gradient X^T sigmoid(-z). 4 n d flops and one exponential and one
//! division a row for a gradient; the density adds a logarithm a row. Log Z is that of
//! prior x likelihood, with the prior normalised.

mod data;

pub use data::{Data, Layout};

use crate::error::{Error, Result};
use crate::target::{BlockTarget, Reference, Target};
use driftlane_kernels::Lane;
use driftlane_kernels::panel::Panel;

/// The posterior: prior times likelihood.
#[derive(Debug, Clone)]
pub struct Logistic {
    prior: Reference,
    likelihood: Likelihood,
    names: Vec<String>,
}

/// The likelihood of the coefficients, as a function of theta; not normalised in it.
#[derive(Debug, Clone)]
pub struct Likelihood {
    signed_rows: Panel,
    prior: Reference,
}

impl Logistic {
    /// The posterior of `data` under independent priors N(mean_j, sd_j^2), one a column.
    pub fn new(data: &Data, prior_mean: Vec<f64>, prior_sd: Vec<f64>) -> Result<Self> {
        let dim = data.names.len();
        if prior_mean.len() != dim {
            let shown = format!("{} means", prior_mean.len());
            return Err(Error::invalid("logistic prior", shown, format!("{dim}, one a column")));
        }
        let prior = Reference::normal(prior_mean, prior_sd)?;
        let signed: Vec<f64> = data
            .rows
            .chunks_exact(dim)
            .zip(&data.response)
            .flat_map(|(row, &y)| row.iter().map(move |x| if y { *x } else { -x }))
            .collect();
        let signed_rows = Panel::new(dim, &signed);
        let likelihood = Likelihood { signed_rows, prior: prior.clone() };
        Ok(Self { prior, likelihood, names: data.names.clone() })
    }
}

impl Target for Likelihood {
    fn dim(&self) -> usize {
        self.signed_rows.columns()
    }

    fn log_density<L: Lane>(&self, theta: &[L]) -> L {
        let mut sum = L::zero();
        self.signed_rows.for_each(theta, |_, z: L| sum += z.log_sigmoid());
        sum
    }

    fn gradient<L: Lane>(&self, theta: &[L], grad: &mut [L]) {
        grad.fill(L::zero());
        self.add_gradient(theta, grad);
    }

    fn log_density_and_gradient<L: Lane>(&self, theta: &[L], grad: &mut [L]) -> L {
        grad.fill(L::zero());
        self.add_both(theta, grad)
    }

    fn reference(&self) -> Reference {
        self.prior.clone()
    }
}

impl Likelihood {
    #[inline(always)]
    fn add_gradient<L: Lane>(&self, theta: &[L], grad: &mut [L]) {
        // 1 / (1 + e^z) and not sigmoid(-z): e^z may overflow to infinity, whose reciprocal is the
        // 0 that is meant, so the guards of sigmoid are not needed.
        self.signed_rows.accumulate(theta, grad, |_, z: L| (L::one() + z.exp()).recip());
    }

    #[inline(always)]
    fn add_both<L: Lane>(&self, theta: &[L], grad: &mut [L]) -> L {
        let mut sum = L::zero();
        self.signed_rows.accumulate(theta, grad, |_, z: L| {
            sum += z.log_sigmoid();
            (L::one() + z.exp()).recip()
        });
        sum
    }
}

impl Target for Logistic {
    fn dim(&self) -> usize {
        self.names.len()
    }

    fn log_density<L: Lane>(&self, theta: &[L]) -> L {
        Target::log_density(&self.prior, theta) + Target::log_density(&self.likelihood, theta)
    }

    fn gradient<L: Lane>(&self, theta: &[L], grad: &mut [L]) {
        Target::gradient(&self.prior, theta, grad);
        self.likelihood.add_gradient(theta, grad);
    }

    fn log_density_and_gradient<L: Lane>(&self, theta: &[L], grad: &mut [L]) -> L {
        Target::gradient(&self.prior, theta, grad);
        let prior = Target::log_density(&self.prior, theta);
        prior + self.likelihood.add_both(theta, grad)
    }

    /// The prior.
    fn reference(&self) -> Reference {
        self.prior.clone()
    }

    fn likelihood(&self) -> Option<&dyn BlockTarget> {
        Some(&self.likelihood)
    }

    fn parameter_names(&self) -> Vec<String> {
        self.names.clone()
    }
}
