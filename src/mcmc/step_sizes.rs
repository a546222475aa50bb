//! Step sizes of particles: one centre, tuned or given, and a spread about it.

use super::DualAveraging;
use driftlane_kernels::Lane;
use driftlane_kernels::rng::{Stream, Vector};
use driftlane_kernels::tile::Row;

/// A step size that is tuned on the population, or fixed, and the relative half-width of the uniform
/// spread of particles about it.
///
/// h = step_size (1 + jitter (2 u - 1)), u uniform for each particle and move: drawn apart from the
/// position, so every invariant law stays invariant.
#[derive(Debug, Clone)]
pub struct StepSizes {
    /// The centre.
    pub tuner: DualAveraging,
    jitter: f64,
}

impl StepSizes {
    /// With a jitter in [0, 1).
    pub fn new(tuner: DualAveraging, jitter: f64) -> Self {
        Self { tuner, jitter }
    }

    /// The centre in use.
    pub fn centre(&self) -> f64 {
        self.tuner.step_size()
    }

    /// The step sizes of a tile for one move. No jitter, no random numbers.
    pub fn draw<R: Vector>(&self, stream: &mut Stream) -> Row<R> {
        let centre = Row::<R>::splat(self.centre());
        if self.jitter == 0.0 {
            return centre;
        }
        let spread = Row::<R>::splat(2.0).mul_add(stream.uniform_row::<R>(), -Row::<R>::one());
        centre * Row::<R>::splat(self.jitter).mul_add(spread, Row::<R>::one())
    }
}

impl From<DualAveraging> for StepSizes {
    fn from(tuner: DualAveraging) -> Self {
        Self::new(tuner, 0.0)
    }
}

/// The tuning methods of a [`Move`](super::Move) whose field `step_sizes` is a [`StepSizes`].
macro_rules! tuned_step_sizes {
    () => {
        fn tunable(&self) -> bool {
            self.step_sizes.tuner.is_adapting()
        }
        fn adapt(&mut self, acceptance: f64) {
            self.step_sizes.tuner.update(acceptance);
        }
        fn restart_adaptation(&mut self) {
            self.step_sizes.tuner.restart();
        }
        fn freeze(&mut self) {
            self.step_sizes.tuner.freeze();
        }
        fn set_step_size(&mut self, step_size: f64) {
            self.step_sizes.tuner = $crate::mcmc::DualAveraging::fixed(step_size);
        }
        fn step_size(&self) -> f64 {
            self.step_sizes.centre()
        }
    };
}
pub(super) use tuned_step_sizes;
