//! The denoiser's calls of a program: exact predictions, guided and thresholded.
//!
//! ```text
//! guidance:      m = m_u + w (m_c - m_u)                     m_c given the condition, m_u without
//! thresholding:  D <- clamp(D, -q, q) / q,   q = max(1, the quantile of |D_1|, .., |D_d|)
//! ```
//!
//! q is a number of each particle, the quantile interpolated between order statistics; solvers that ask for
//! the noise get (x - alpha D) / sigma of the thresholded D, so that histories hold what was thresholded. A guided
//! call counts as one. Sources: Ho, Salimans 2022, arXiv:2207.12598; Saharia et al. 2022, arXiv:2205.11487.

use super::{Node, Operation, Step};
use crate::error::{Error, Result};
use crate::target::{BlockTarget, BoxedDenoiser, Precision, Prediction};
use driftlane_kernels::Lane;
use driftlane_kernels::tile::Row;

/// Classifier-free guidance towards some components of the target.
#[derive(Debug, Clone, PartialEq)]
pub struct Guidance {
    /// w: 0 without the condition, 1 with it, beyond 1 exaggerated.
    pub scale: f64,
    /// The components of the condition.
    pub components: Vec<usize>,
}

/// How the denoiser is called.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Denoising {
    /// With a condition.
    pub guidance: Option<Guidance>,
    /// The quantile of dynamic thresholding, above 0 and at most 1.
    pub threshold: Option<f64>,
}

/// One call of the denoiser.
pub(super) struct Call {
    plain: BoxedDenoiser,
    given: Option<(f64, BoxedDenoiser)>,
    at: Node,
    prediction: Prediction,
    /// The quantile, and how many of the largest coordinates it needs.
    threshold: Option<f64>,
}

/// Makes calls for any node.
pub(super) struct CallMaker<'a> {
    target: &'a dyn BlockTarget,
    given: Option<(f64, crate::target::library::BoxedTarget)>,
    threshold: Option<f64>,
}

impl<'a> CallMaker<'a> {
    /// Refused: a condition that the target does not have, numbers out of their ranges.
    pub fn new(target: &'a dyn BlockTarget, denoising: &Denoising) -> Result<Self> {
        if let Some(q) = denoising.threshold
            && !(q > 0.0 && q <= 1.0)
        {
            return Err(Error::invalid("threshold", q, "above 0 and at most 1"));
        }
        let given = match &denoising.guidance {
            None => None,
            Some(guidance) => {
                if !(-1e6..=1e6).contains(&guidance.scale) {
                    let allowed = "a number from -1e6 to 1e6";
                    return Err(Error::invalid("guidance", guidance.scale, allowed));
                }
                let given = target.given_components(&guidance.components);
                let given = given.ok_or_else(|| {
                    let shown = format!("{:?}", guidance.components);
                    let allowed = "components that the target has: a mixture's, or points";
                    Error::invalid("condition", shown, allowed)
                })?;
                Some((guidance.scale, given))
            }
        };
        Ok(Self {
            target,
            given,
            threshold: denoising.threshold,
        })
    }

    /// The calls of every step, in order. Refused: a target without a denoiser.
    pub fn calls(&self, steps: &[Step]) -> Result<Vec<Vec<Call>>> {
        let of_step = |step: &Step| {
            let calls = step
                .operations
                .iter()
                .filter_map(|operation| match operation {
                    Operation::Evaluate { at, prediction, .. } => Some(self.call(*at, *prediction)),
                    _ => None,
                });
            calls.collect()
        };
        steps.iter().map(of_step).collect()
    }

    pub fn call(&self, at: Node, prediction: Prediction) -> Result<Call> {
        let asked = match self.threshold {
            Some(_) => Prediction::Data,
            None => prediction,
        };
        let of = |target: &dyn BlockTarget| {
            target.denoiser(at.alpha, at.sigma, asked).ok_or_else(|| {
                let allowed =
                    "a target whose denoiser is known: gaussian, mixture and its presets, points";
                Error::invalid("target", "no denoiser", allowed)
            })
        };
        let given = match &self.given {
            Some((scale, target)) => Some((*scale, of(&**target)?)),
            None => None,
        };
        Ok(Call {
            plain: of(self.target)?,
            given,
            at,
            prediction,
            threshold: self.threshold,
        })
    }
}

impl Call {
    /// The prediction at `x`; `other` is working memory, as long.
    pub fn predict<R: Precision>(
        &self,
        x: &[Row<R>],
        prediction: &mut [Row<R>],
        other: &mut [Row<R>],
    ) {
        R::predict(&*self.plain, x, prediction);
        if let Some((scale, given)) = &self.given {
            R::predict(&**given, x, other);
            let scale = Row::<R>::splat(*scale);
            for (m, given) in prediction.iter_mut().zip(other.iter()) {
                *m = scale.mul_add(*given - *m, *m);
            }
        }
        let Some(quantile) = self.threshold else {
            return;
        };
        threshold(prediction, quantile, other);
        if self.prediction == Prediction::Noise {
            let alpha = Row::<R>::splat(-self.at.alpha / self.at.sigma);
            let inverse = Row::<R>::splat(1.0 / self.at.sigma);
            for (m, x) in prediction.iter_mut().zip(x) {
                *m = alpha.mul_add(*m, *x * inverse);
            }
        }
    }
}

/// Dynamic thresholding of every particle of a tile; `largest` is working memory for `dim` rows.
fn threshold<L: Lane>(data: &mut [L], quantile: f64, largest: &mut [L]) {
    let place = quantile * (data.len() - 1) as f64;
    let below = place as usize;
    // The order statistic above the quantile and those above it, largest first.
    let kept = data.len() - below;
    let largest = &mut largest[..kept];
    largest.fill(L::zero());
    for x in data.iter() {
        let mut moving = x.abs();
        for slot in largest.iter_mut() {
            let higher = moving.max(*slot);
            moving = moving.min(*slot);
            *slot = higher;
        }
    }
    let low = largest[kept - 1];
    let high = largest[kept.saturating_sub(2)];
    let bound = L::splat(place - below as f64).mul_add(high - low, low);
    let bound = bound.max(L::one());
    let inverse = bound.recip();
    for x in data.iter_mut() {
        *x = bound.min((-bound).max(*x)) * inverse;
    }
}
