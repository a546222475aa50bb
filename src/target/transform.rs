//! Constrained parameters moved on an unconstrained space.
//!
//! A model writes its density on the parameters as they are, theta; [`Unconstrained`] is the target of
//! u, theta = T(u), whose density is p(T(u)) |det dT/du| (Stan Development Team, Reference Manual,
//! "Constraint Transforms"; the normalising constant, and so log Z, is the same).
//!
//! | transform | theta | log of the Jacobian determinant |
//! |---|---|---|
//! | real | u | 0 |
//! | positive | e^u | u |
//! | interval (a, b) | a + (b - a) sigmoid(u) | ln(b - a) - softplus(u) - softplus(-u) |
//! | ordered | u_0, theta_(k-1) + e^(u_k) | sum_(k >= 1) u_k |
//! | simplex of K | stick breaking: z_k = sigmoid(u_k - ln(K-1-k)), theta_k = rest_k z_k | sum ln z_k + ln(1 - z_k) + ln rest_k |
//!
//! Gradients are the model's own, pulled back: a vector-Jacobian product of O(dim).

use super::{Exact, Reference, Target};
use crate::error::{Error, Result};
use driftlane_kernels::{Dual, Lane};

/// The space a group of parameters lives in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Transform {
    /// All real numbers.
    Real,
    /// Above 0.
    Positive,
    /// Between two numbers, both excluded.
    Interval(f64, f64),
    /// Each above the one before it.
    Ordered,
    /// Positive with sum 1: one coordinate fewer.
    Simplex,
}

/// A group of parameters with a name and a space.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The name; members are `name[k]` where there is more than one.
    pub name: String,
    /// The number of constrained values, at least 1; of a simplex at least 2.
    pub len: usize,
    /// Their space.
    pub transform: Transform,
}

impl Parameter {
    /// `len` parameters called `name`.
    pub fn new(name: &str, len: usize, transform: Transform) -> Self {
        Self {
            name: name.to_owned(),
            len,
            transform,
        }
    }

    /// Coordinates on the unconstrained space.
    pub fn free(&self) -> usize {
        match self.transform {
            Transform::Simplex => self.len - 1,
            _ => self.len,
        }
    }

    fn check(&self) -> Result<()> {
        let least = if self.transform == Transform::Simplex {
            2
        } else {
            1
        };
        if self.len < least {
            let allowed = format!("at least {least}");
            return Err(Error::invalid(
                format!("{} len", self.name),
                self.len,
                allowed,
            ));
        }
        if let Transform::Interval(a, b) = self.transform
            && !(a < b && (b - a).is_finite())
        {
            let allowed = "finite ends, the lower first";
            let shown = format!("({a}, {b})");
            return Err(Error::invalid(
                format!("{} interval", self.name),
                shown,
                allowed,
            ));
        }
        Ok(())
    }

    /// theta = T(u), and the log of the Jacobian determinant.
    fn constrain<L: Lane>(&self, u: &[L], theta: &mut [L]) -> L {
        let mut log_jacobian = L::zero();
        match self.transform {
            Transform::Real => theta.copy_from_slice(u),
            Transform::Positive => {
                for (theta, &u) in theta.iter_mut().zip(u) {
                    *theta = u.exp();
                    log_jacobian += u;
                }
            }
            Transform::Interval(a, b) => {
                let width = L::splat(b - a);
                let log_width = L::splat(Lane::ln(b - a));
                for (theta, &u) in theta.iter_mut().zip(u) {
                    *theta = width.mul_add(u.sigmoid(), L::splat(a));
                    log_jacobian += log_width - u.softplus() - (-u).softplus();
                }
            }
            Transform::Ordered => {
                theta[0] = u[0];
                for k in 1..u.len() {
                    theta[k] = theta[k - 1] + u[k].exp();
                    log_jacobian += u[k];
                }
            }
            Transform::Simplex => {
                let (mut rest, mut log_rest) = (L::one(), L::zero());
                for (k, &u) in u.iter().enumerate() {
                    let v = u - L::splat(self.level(k));
                    theta[k] = rest * v.sigmoid();
                    // ln z + ln(1 - z) + ln rest.
                    log_jacobian += log_rest - v.softplus() - (-v).softplus();
                    log_rest -= v.softplus();
                    rest *= (-v).sigmoid();
                }
                theta[u.len()] = rest;
            }
        }
        log_jacobian
    }

    /// ln(K - 1 - k): u = 0 stands for equal shares.
    fn level(&self, k: usize) -> f64 {
        Lane::ln((self.len - 1 - k) as f64)
    }

    /// The gradient along u of p(T(u)) |J| from `pull`, that of log p along theta.
    fn pull_back<L: Lane>(&self, u: &[L], theta: &[L], pull: &[L], grad: &mut [L]) {
        let one = L::one();
        match self.transform {
            Transform::Real => grad.copy_from_slice(pull),
            Transform::Positive => {
                for k in 0..u.len() {
                    grad[k] = theta[k].mul_add(pull[k], one);
                }
            }
            Transform::Interval(a, b) => {
                for k in 0..u.len() {
                    let (up, down) = (u[k].sigmoid(), (-u[k]).sigmoid());
                    let slope = L::splat(b - a) * up * down;
                    grad[k] = slope.mul_add(pull[k], down - up);
                }
            }
            Transform::Ordered => {
                let mut above = L::zero();
                for k in (1..u.len()).rev() {
                    above += pull[k];
                    grad[k] = u[k].exp().mul_add(above, one);
                }
                grad[0] = above + pull[0];
            }
            Transform::Simplex => {
                // Adjoints from the end of the stick: `beyond` is rest_(k+1) times that of rest_(k+1), and
                // terms of ln rest count the coordinates still to come.
                let last = u.len();
                let mut beyond = theta[last] * pull[last];
                for k in (0..last).rev() {
                    let v = u[k] - L::splat(self.level(k));
                    let (z, other) = (v.sigmoid(), (-v).sigmoid());
                    let share = theta[k] * pull[k];
                    let later = L::splat((last - 1 - k) as f64);
                    // d theta_k = theta_k (1 - z) du; what lies beyond shrinks by z du.
                    grad[k] = share * other - beyond * z + other - z - later * z;
                    beyond += share;
                }
            }
        }
    }

    /// Names of the coordinates of u.
    fn names(&self) -> Vec<String> {
        let each = |k: usize| match self.len {
            1 => self.name.clone(),
            _ => format!("{}[{k}]", self.name),
        };
        let prefix = |k: usize| match self.transform {
            Transform::Real => "",
            Transform::Positive => "ln ",
            Transform::Interval(..) => "logit ",
            Transform::Ordered if k == 0 => "",
            Transform::Ordered => "ln step ",
            Transform::Simplex => "stick ",
        };
        (0..self.free())
            .map(|k| format!("{}{}", prefix(k), each(k)))
            .collect()
    }
}

/// A density on constrained parameters.
pub trait Model: Sync {
    /// The groups of parameters, in order.
    fn parameters(&self) -> Vec<Parameter>;

    /// log density at the constrained `theta`, constant included.
    fn log_density<L: Lane>(&self, theta: &[L]) -> L;

    /// Its gradient along `theta`. Exact forward-mode differentiation unless given.
    fn gradient<L: Lane>(&self, theta: &[L], grad: &mut [L]) {
        let mut point: Vec<_> = theta.iter().map(|&v| Dual::constant(v)).collect();
        for j in 0..theta.len() {
            point[j].tangent = L::one();
            grad[j] = self.log_density(&point).tangent;
            point[j].tangent = L::zero();
        }
    }

    /// The law tempering starts from, on the unconstrained space of `dim` coordinates.
    fn reference(&self, dim: usize) -> Reference {
        Reference::standard_normal(dim)
    }

    /// What is known exactly: log Z, and moments on the unconstrained space.
    fn exact(&self) -> Exact {
        Exact::default()
    }
}

/// The target of a model's unconstrained coordinates.
#[derive(Debug, Clone)]
pub struct Unconstrained<M> {
    model: M,
    parameters: Vec<Parameter>,
    dim: usize,
    constrained: usize,
}

impl<M: Model> Unconstrained<M> {
    /// Refuses parameters without members, intervals whose ends are not in order.
    pub fn new(model: M) -> Result<Self> {
        let parameters = model.parameters();
        for parameter in &parameters {
            parameter.check()?;
        }
        let dim = parameters.iter().map(Parameter::free).sum();
        if dim == 0 {
            return Err(Error::invalid("parameters", "none", "at least one"));
        }
        let constrained = parameters.iter().map(|p| p.len).sum();
        Ok(Self {
            model,
            parameters,
            dim,
            constrained,
        })
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// The constrained parameters at `u`, length `dim`: as many as the model has.
    pub fn constrain<L: Lane>(&self, u: &[L]) -> Vec<L> {
        self.apply(u).0
    }

    /// theta and the log of the Jacobian determinant.
    fn apply<L: Lane>(&self, u: &[L]) -> (Vec<L>, L) {
        let mut theta = vec![L::zero(); self.constrained];
        let mut log_jacobian = L::zero();
        let (mut from, mut to) = (0, 0);
        for p in &self.parameters {
            let (u, theta) = (&u[from..from + p.free()], &mut theta[to..to + p.len]);
            log_jacobian += p.constrain(u, theta);
            from += p.free();
            to += p.len;
        }
        if driftlane_kernels::mutants::active("jacobian-dropped") {
            log_jacobian = L::zero();
        }
        (theta, log_jacobian)
    }

    fn pull_back<L: Lane>(&self, u: &[L], theta: &[L], grad: &mut [L]) {
        let mut pull = vec![L::zero(); self.constrained];
        self.model.gradient(theta, &mut pull);
        let (mut from, mut to) = (0, 0);
        for p in &self.parameters {
            let (free, all) = (from..from + p.free(), to..to + p.len);
            let (theta, pull) = (&theta[all.clone()], &pull[all]);
            p.pull_back(&u[free.clone()], theta, pull, &mut grad[free]);
            from += p.free();
            to += p.len;
        }
    }
}

impl<M: Model> Target for Unconstrained<M> {
    fn dim(&self) -> usize {
        self.dim
    }

    fn log_density<L: Lane>(&self, u: &[L]) -> L {
        let (theta, log_jacobian) = self.apply(u);
        self.model.log_density(&theta) + log_jacobian
    }

    fn gradient<L: Lane>(&self, u: &[L], grad: &mut [L]) {
        let (theta, _) = self.apply(u);
        self.pull_back(u, &theta, grad);
    }

    fn log_density_and_gradient<L: Lane>(&self, u: &[L], grad: &mut [L]) -> L {
        let (theta, log_jacobian) = self.apply(u);
        self.pull_back(u, &theta, grad);
        self.model.log_density(&theta) + log_jacobian
    }

    fn reference(&self) -> Reference {
        self.model.reference(self.dim)
    }

    fn exact(&self) -> Exact {
        self.model.exact()
    }

    fn parameter_names(&self) -> Vec<String> {
        self.parameters.iter().flat_map(Parameter::names).collect()
    }
}
