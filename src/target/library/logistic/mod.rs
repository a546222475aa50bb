//! Bayesian logistic regression: y_i ~ Bernoulli(sigmoid(x_i . theta)), independent normal priors.
//!
//! The rows of X are stored multiplied by 2 y_i - 1, so that with z = X theta the log likelihood is
//! sum_i ln sigmoid(z_i) and its gradient X^T sigmoid(-z). A gradient costs 4 n d flops and an
//! exponential and a division a row; a density 2 n d flops, an exponential a row and a logarithm for
//! sixteen. Log Z is that of prior x likelihood, with the prior normalised.

mod collinear;
mod data;
mod link;
mod table;

pub use data::{Data, DataFile, Layout};

use crate::error::{Error, Result};
use crate::target::{BlockTarget, Reference, Target};
use driftlane_kernels::Lane;
use driftlane_kernels::panel::Panel;
use link::{LogSigmoids, residuals};

/// The posterior: prior times likelihood.
#[derive(Debug, Clone)]
pub struct Logistic {
    prior: Reference,
    likelihood: Likelihood,
    names: Vec<String>,
    notes: Vec<String>,
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
            return Err(Error::invalid(
                "logistic prior",
                shown,
                format!("{dim}, one a column"),
            ));
        }
        let prior = Reference::normal(prior_mean, prior_sd)?;
        let signed: Vec<f64> = data
            .rows
            .chunks_exact(dim)
            .zip(&data.response)
            .flat_map(|(row, &y)| row.iter().map(move |x| if y { *x } else { -x }))
            .collect();
        let signed_rows = Panel::new(dim, &signed);
        let likelihood = Likelihood {
            signed_rows,
            prior: prior.clone(),
        };
        Ok(Self {
            prior,
            likelihood,
            names: data.names.clone(),
            notes: data.notes(),
        })
    }
}

impl Target for Likelihood {
    fn dim(&self) -> usize {
        self.signed_rows.columns()
    }

    fn log_density<L: Lane>(&self, theta: &[L]) -> L {
        let mut sum = LogSigmoids::new();
        self.signed_rows
            .for_each(theta, |rows, z| sum.add(z, rows.len()));
        sum.total()
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
        self.signed_rows
            .accumulate(theta, grad, |_, z| residuals(z));
    }

    #[inline(always)]
    fn add_both<L: Lane>(&self, theta: &[L], grad: &mut [L]) -> L {
        let mut sum = LogSigmoids::new();
        self.signed_rows.accumulate(theta, grad, |rows, z| {
            sum.add_and_differentiate(z, rows.len())
        });
        sum.total()
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

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}
