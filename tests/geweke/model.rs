//! Conjugate models whose data differ from particle to particle.
//!
//! ```text
//! theta ~ N(0, I),   y = A theta + s e,   e ~ N(0, I)
//! E theta theta^T = I,   E theta y^T = A^T,   E y y^T = A A^T + s^2 I
//! ```
//!
//! Raised to the power beta, as tempering does, the likelihood is that of noise s / sqrt(beta).

use driftlane::kernels::rng::Stream;
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F32, F64, Lane};
use driftlane::target::{BlockTarget, Exact, Reference};

/// A linear model with known noise: every row of the design is an observation.
pub struct Linear {
    design: Vec<Vec<f64>>,
    noise: f64,
}

impl Linear {
    /// A normal location in `dim` dimensions: y_i ~ N(mu, noise^2) for `draws` vectors y_i.
    pub fn location(dim: usize, draws: usize, noise: f64) -> Self {
        let row = |k: usize| (0..dim).map(|j| f64::from(j == k % dim)).collect();
        Self {
            design: (0..dim * draws).map(row).collect(),
            noise,
        }
    }

    /// A regression on an intercept and three correlated columns, eight observations.
    pub fn regression(noise: f64) -> Self {
        let row = |i: usize| {
            let t = i as f64 / 7.0 - 0.5;
            vec![1.0, 1.5 * t, 4.0 * t * t - 0.5, t + 0.3 * (i % 2) as f64]
        };
        Self {
            design: (0..8).map(row).collect(),
            noise,
        }
    }

    pub fn dim(&self) -> usize {
        self.design[0].len()
    }
    pub fn observations(&self) -> usize {
        self.design.len()
    }

    fn predicted(&self, theta: &[Row<F64>], i: usize) -> Row<F64> {
        let terms = theta.iter().zip(&self.design[i]);
        terms.fold(Row::zero(), |sum, (t, &a)| t.mul_add(Row::splat(a), sum))
    }

    /// theta of 32 particles from the prior.
    pub fn draw_parameters(&self, stream: &mut Stream, theta: &mut [Row<F64>]) {
        theta.fill_with(|| stream.normal_row::<F64>());
    }

    /// y of 32 particles from the likelihood to the power `beta`.
    pub fn draw_data(
        &self,
        stream: &mut Stream,
        theta: &[Row<F64>],
        beta: f64,
        y: &mut [Row<F64>],
    ) {
        let noise = Row::<F64>::splat(self.noise / beta.sqrt());
        for (i, y) in y.iter_mut().enumerate() {
            *y = noise.mul_add(stream.normal_row::<F64>(), self.predicted(theta, i));
        }
    }

    /// The exact means of [`statistics`](super::joint::statistics).
    pub fn exact(&self, beta: f64) -> Vec<f64> {
        let (d, n) = (self.dim(), self.observations());
        let mut exact = vec![0.0; d + n];
        for j in 0..d {
            exact.extend((0..=j).map(|k| f64::from(j == k)));
        }
        for row in &self.design {
            exact.extend(row);
            let square: f64 = row.iter().map(|a| a * a).sum();
            exact.push(square + self.noise * self.noise / beta);
        }
        exact
    }
}

/// The posterior of 32 particles, each given its own data.
pub struct Posterior<'a> {
    likelihood: Likelihood<'a>,
}

impl<'a> Posterior<'a> {
    pub fn new(model: &'a Linear, data: &'a [Row<F64>]) -> Self {
        Self {
            likelihood: Likelihood { model, data },
        }
    }
}

struct Likelihood<'a> {
    model: &'a Linear,
    data: &'a [Row<F64>],
}

impl Likelihood<'_> {
    /// Up to its constant, which no move sees.
    fn value_and_gradient(&self, x: &[Row<F64>], grad: &mut [Row<F64>]) -> Row<F64> {
        let precision = Row::<F64>::splat(1.0 / (self.model.noise * self.model.noise));
        let mut value = Row::<F64>::zero();
        grad.fill(Row::zero());
        for (i, y) in self.data.iter().enumerate() {
            let residual = *y - self.model.predicted(x, i);
            let pull = residual * precision;
            value -= residual * pull * Row::splat(0.5);
            for (g, &a) in grad.iter_mut().zip(&self.model.design[i]) {
                *g = pull.mul_add(Row::splat(a), *g);
            }
        }
        value
    }
}

impl BlockTarget for Likelihood<'_> {
    fn dim(&self) -> usize {
        self.model.dim()
    }
    fn log_density(&self, x: &[Row<F64>], value: &mut [Row<F64>]) {
        self.log_density_and_gradient(x, value, &mut x.to_vec());
    }
    fn gradient(&self, x: &[Row<F64>], grad: &mut [Row<F64>]) {
        self.value_and_gradient(x, grad);
    }
    fn log_density_and_gradient(
        &self,
        x: &[Row<F64>],
        value: &mut [Row<F64>],
        grad: &mut [Row<F64>],
    ) {
        assert_eq!(x.len(), self.dim(), "one tile, that of the data");
        value[0] = self.value_and_gradient(x, grad);
    }
    fn reference(&self) -> Reference {
        Reference::standard_normal(self.dim())
    }
    fn likelihood(&self) -> Option<&dyn BlockTarget> {
        None
    }
    fn exact(&self) -> Exact {
        Exact::default()
    }
    fn parameter_names(&self) -> Vec<String> {
        (0..self.dim()).map(|j| format!("theta[{j}]")).collect()
    }
    fn sample_exact(&self, _: &mut Stream, _: &mut [Row<F64>]) -> bool {
        false
    }
}

impl BlockTarget for Posterior<'_> {
    fn dim(&self) -> usize {
        self.likelihood.dim()
    }
    fn log_density(&self, x: &[Row<F64>], value: &mut [Row<F64>]) {
        self.log_density_and_gradient(x, value, &mut x.to_vec());
    }
    fn gradient(&self, x: &[Row<F64>], grad: &mut [Row<F64>]) {
        self.log_density_and_gradient(x, &mut [Row::zero()], grad);
    }
    fn log_density_and_gradient(
        &self,
        x: &[Row<F64>],
        value: &mut [Row<F64>],
        grad: &mut [Row<F64>],
    ) {
        self.likelihood.log_density_and_gradient(x, value, grad);
        for (g, x) in grad.iter_mut().zip(x) {
            value[0] -= *x * *x * Row::splat(0.5);
            *g -= *x;
        }
    }
    fn gradient_f32(&self, x: &[Row<F32>], grad: &mut [Row<F32>]) {
        self.likelihood.gradient_f32(x, grad);
    }
    fn reference(&self) -> Reference {
        self.likelihood.reference()
    }
    fn likelihood(&self) -> Option<&dyn BlockTarget> {
        Some(&self.likelihood)
    }
    fn exact(&self) -> Exact {
        Exact::default()
    }
    fn parameter_names(&self) -> Vec<String> {
        self.likelihood.parameter_names()
    }
    fn sample_exact(&self, _: &mut Stream, _: &mut [Row<F64>]) -> bool {
        false
    }
}
