//! What is expected of data and noise, given their sum: exact denoisers.
//!
//! ```text
//! x = alpha x_0 + sigma eps,    D(x) = E[x_0 | x],    e(x) = E[eps | x],    x = alpha D + sigma e
//! score = -e / sigma            e = -sigma score,      D = (x + sigma^2 score) / alpha
//! ```
//!
//! One denoiser answers for one (alpha, sigma) and one of D and e, so that whatever depends on the noise alone
//! is worked out once. D survives sigma = 0 and e alpha = 0; a closed form of each keeps its digits where the
//! other would cancel.

use super::BlockTarget;
use crate::target::library::BoxedTarget;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F32, F64, Lane};
use serde::Serialize;

/// What a denoiser is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Prediction {
    /// E\[x_0 | x\].
    Data,
    /// E\[eps | x\].
    Noise,
}

/// A prediction at one noise, written once for one particle over lanes.
pub trait Denoiser: Send + Sync {
    /// The prediction at `x`, written to `prediction`, as long as `x`.
    fn predict<L: Lane>(&self, x: &[L], prediction: &mut [L]);
}

/// The object-safe form of a [`Denoiser`]: one tile of `dim` rows a call. Implement [`Denoiser`] instead.
pub trait BlockDenoiser: Send + Sync {
    /// In double precision.
    fn predict(&self, x: &[Row<F64>], prediction: &mut [Row<F64>]);
    /// In single precision.
    fn predict_f32(&self, x: &[Row<F32>], prediction: &mut [Row<F32>]);
}

/// A denoiser that can be moved between threads.
pub type BoxedDenoiser = Box<dyn BlockDenoiser>;

impl<D: Denoiser> BlockDenoiser for D {
    fn predict(&self, x: &[Row<F64>], prediction: &mut [Row<F64>]) {
        Denoiser::predict(self, x, prediction);
    }
    fn predict_f32(&self, x: &[Row<F32>], prediction: &mut [Row<F32>]) {
        Denoiser::predict(self, x, prediction);
    }
}

/// A denoiser from the score of the noised law: for laws without a closed form of their own.
pub struct Tweedie {
    law: BoxedTarget,
    /// What x and the score are multiplied by.
    factors: (f64, f64),
}

impl Tweedie {
    /// From the law of alpha x_0 + sigma eps; `None` for the data where alpha is 0: the score does not
    /// know of them.
    pub fn new(law: BoxedTarget, alpha: f64, sigma: f64, prediction: Prediction) -> Option<Self> {
        let factors = match prediction {
            Prediction::Noise => (0.0, -sigma),
            Prediction::Data if alpha == 0.0 => return None,
            Prediction::Data => (1.0 / alpha, sigma * (sigma / alpha)),
        };
        Some(Self { law, factors })
    }
}

fn tweedie<L: Lane>(factors: (f64, f64), x: &[L], prediction: &mut [L]) {
    let (of_x, of_score) = (L::splat(factors.0), L::splat(factors.1));
    for (p, x) in prediction.iter_mut().zip(x) {
        *p = of_score.mul_add(*p, of_x * *x);
    }
}

impl BlockDenoiser for Tweedie {
    fn predict(&self, x: &[Row<F64>], prediction: &mut [Row<F64>]) {
        BlockTarget::gradient(&*self.law, x, prediction);
        tweedie(self.factors, x, prediction);
    }
    fn predict_f32(&self, x: &[Row<F32>], prediction: &mut [Row<F32>]) {
        self.law.gradient_f32(x, prediction);
        tweedie(self.factors, x, prediction);
    }
}

/// Coordinate by coordinate a x + b: what normal laws with independent coordinates have.
pub struct Affine {
    /// a.
    pub factor: driftlane_kernels::lane::Table,
    /// b.
    pub term: driftlane_kernels::lane::Table,
}

impl Denoiser for Affine {
    fn predict<L: Lane>(&self, x: &[L], prediction: &mut [L]) {
        let (a, b) = (self.factor.of::<L>(), self.term.of::<L>());
        for (j, (p, x)) in prediction.iter_mut().zip(x).enumerate() {
            *p = x.mul_add(L::broadcast(a[j]), L::broadcast(b[j]));
        }
    }
}

/// (a, b) with a (x - alpha m) + b m the prediction of a normal coordinate of mean m and standard deviation
/// `sd` given x = alpha x_0 + sigma eps: a of the data is the regression of x_0 on x.
pub fn regression(sd: f64, alpha: f64, sigma: f64, prediction: Prediction) -> (f64, f64) {
    let variance = (alpha * sd).mul_add(alpha * sd, sigma * sigma);
    match prediction {
        Prediction::Data => (alpha * sd * sd / variance, 1.0),
        Prediction::Noise => (sigma / variance, 0.0),
    }
}
