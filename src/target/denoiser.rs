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
use driftlane_kernels::lane::Table;
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
    /// Bytes of the constants it keeps: programs keep many denoisers at a time.
    fn bytes(&self) -> usize;
}

/// The object-safe form of a [`Denoiser`]: one tile of `dim` rows a call. Implement [`Denoiser`] instead.
pub trait BlockDenoiser: Send + Sync {
    /// In double precision.
    fn predict(&self, x: &[Row<F64>], prediction: &mut [Row<F64>]);
    /// In single precision.
    fn predict_f32(&self, x: &[Row<F32>], prediction: &mut [Row<F32>]);
    /// See [`Denoiser::bytes`].
    fn bytes(&self) -> usize;
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
    fn bytes(&self) -> usize {
        Denoiser::bytes(self)
    }
}

/// A denoiser from the score of the noised law: for laws without a closed form of their own. The data lose digits
/// where sigma is large: what is left of x is small beside it.
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
    /// The law keeps a few numbers for every pair of its coordinates, in both precisions, at most.
    fn bytes(&self) -> usize {
        let dim = BlockTarget::dim(&*self.law);
        dim * (dim + 3) * (size_of::<f64>() + size_of::<f32>())
    }
}

/// Bytes of tables, kept in both precisions.
pub(crate) fn table_bytes(tables: &[&Table]) -> usize {
    let numbers: usize = tables.iter().map(|table| table.values().len()).sum();
    numbers * (size_of::<f64>() + size_of::<f32>())
}

/// Coordinate by coordinate a x + b: what normal laws with independent coordinates have.
pub struct Affine {
    /// a.
    pub factor: Table,
    /// b.
    pub term: Table,
}

impl Denoiser for Affine {
    fn predict<L: Lane>(&self, x: &[L], prediction: &mut [L]) {
        let (a, b) = (self.factor.of::<L>(), self.term.of::<L>());
        for (j, (p, x)) in prediction.iter_mut().zip(x).enumerate() {
            *p = x.mul_add(L::broadcast(a[j]), L::broadcast(b[j]));
        }
    }
    fn bytes(&self) -> usize {
        table_bytes(&[&self.factor, &self.term])
    }
}

/// A x + b, row after row (b_i, A_i1 .. A_id): what normal laws with a full covariance have.
pub struct Linear {
    /// The rows.
    pub rows: Table,
}

impl Denoiser for Linear {
    fn predict<L: Lane>(&self, x: &[L], prediction: &mut [L]) {
        let rows = self.rows.of::<L>().chunks_exact(x.len() + 1);
        for (p, row) in prediction.iter_mut().zip(rows) {
            *p = affine_row(row, x);
        }
    }
    fn bytes(&self) -> usize {
        table_bytes(&[&self.rows])
    }
}

/// b + A_1 x_1 + .. of one row (b, A_1 .. A_d).
#[inline(always)]
pub(crate) fn affine_row<L: Lane>(row: &[L::Scalar], x: &[L]) -> L {
    let mut sum = L::broadcast(row[0]);
    for (&a, &x) in row[1..].iter().zip(x) {
        sum = L::broadcast(a).mul_add(x, sum);
    }
    sum
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
