//! Step sizes of particles: one centre, tuned or given, and a spread about it.

use super::{DualAveraging, SHORTENED};
use crate::particles::Span;
use crate::target::Precision;
use driftlane_kernels::mutants::active;
use driftlane_kernels::rng::{Stream, Vector};
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// A step size that is tuned on the population, or fixed, and the spread of particles about it.
///
/// ```text
/// uniform:      h = step_size (1 + jitter (2 u - 1))
/// log-uniform:  h = step_size F^(2 u - 1)
/// ```
///
/// u is uniform on (0, 1) for each particle and move: drawn apart from the position, so every invariant
/// law stays invariant. A law whose scales differ by orders of magnitude from place to place, such as a
/// funnel, has no step size that suits everywhere; among F^-1 to F every particle meets one that does.
#[derive(Debug, Clone)]
pub struct StepSizes {
    /// The centre.
    pub tuner: DualAveraging,
    spread: Spread,
}

/// 2^-64 of a step is no step: enough for any place that doubles resolve.
const MOST_HALVINGS: f64 = 64.0;

/// The law of h / step_size.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Spread {
    /// Half-width about 1.
    Uniform(f64),
    /// ln F.
    LogUniform(f64),
}

impl StepSizes {
    /// Uniform about the centre, with a relative half-width `jitter` in [0, 1).
    pub fn new(tuner: DualAveraging, jitter: f64) -> Self {
        let spread = Spread::Uniform(jitter);
        Self { tuner, spread }
    }

    /// Log-uniform from 1 / `factor` to `factor` times the centre; `factor` at least 1.
    pub fn log_uniform(tuner: DualAveraging, factor: f64) -> Self {
        let spread = Spread::LogUniform(Lane::ln(factor));
        Self { tuner, spread }
    }

    /// How many times the step size of a particle is halved after a move, from how many times it was before it (0 where
    /// it never was): a number at most 0 is not halved.
    ///
    /// ```text
    /// refused:   e + 1
    /// accepted:  e - 1 where e > 0, else -patience
    /// ```
    ///
    /// One centre for all suits the bulk of a population. Where a chain begins far out in a place much stiffer than that,
    /// it refuses every move until it is met half-way: after a run of refusals that a chain in the bulk meets less than
    /// once in two hundred times ([`patience`](StepSizes::patience)), and again after each further one. A chain that moves
    /// takes its steps back. A move that depends on what was leaves no law invariant: chains leave narrow places by short
    /// steps and cannot come back by long ones. So it is for the first half of warm-up, and not for exact starts.
    pub fn shortened(
        halvings: Row<F64>,
        accepted: <Row<F64> as Lane>::Mask,
        patience: f64,
    ) -> Row<F64> {
        let (zero, one) = (Row::<F64>::zero(), Row::<F64>::one());
        let taken_back = Row::select(zero.lt(halvings), halvings - one, Row::splat(-patience));
        Row::select(
            accepted,
            taken_back,
            (halvings + one).min(Row::splat(MOST_HALVINGS)),
        )
    }

    /// The longest run of refusals of chance more than 0.005 at an acceptance probability.
    pub fn patience(target_accept: f64) -> f64 {
        let refusals = Lane::ln(0.005) / Lane::ln_1p(-target_accept);
        refusals.floor().clamp(1.0, 1000.0)
    }

    /// The centre in use.
    pub fn centre(&self) -> f64 {
        self.tuner.step_size()
    }

    /// The step sizes of tile `tile` for one move. No spread, no random numbers.
    pub fn draw<R: Precision>(
        &self,
        stream: &mut Stream,
        tile: usize,
        block: &Span<'_, R>,
    ) -> Row<R> {
        let drawn = self.spread(stream);
        let kept = block.scalars[SHORTENED].is_empty() || active("steps-not-shortened");
        if !self.tuner.is_adapting() || kept {
            return drawn;
        }
        let mut share = [Row::<R>::zero()];
        for (part, at) in block.scalar_range(tile).enumerate() {
            let halvings = block.scalars[SHORTENED][at].max(Row::zero());
            R::narrow_part(&[(-halvings).exp2_nonpositive()], part, &mut share);
        }
        drawn * share[0]
    }

    fn spread<R: Vector>(&self, stream: &mut Stream) -> Row<R> {
        let centre = Row::<R>::splat(self.centre());
        let (Spread::Uniform(width) | Spread::LogUniform(width)) = self.spread;
        if width == 0.0 {
            return centre;
        }
        let place = Row::<R>::splat(2.0).mul_add(stream.uniform_row::<R>(), -Row::<R>::one());
        let width = Row::<R>::splat(width);
        match self.spread {
            Spread::Uniform(_) => centre * width.mul_add(place, Row::<R>::one()),
            Spread::LogUniform(_) => centre * (width * place).exp(),
        }
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
        fn tuning(&self) -> $crate::mcmc::Tuning {
            $crate::mcmc::Tuning {
                step_size: Some(self.step_sizes.tuner.clone()),
                trajectory: None,
            }
        }
        fn set_tuning(&mut self, tuning: $crate::mcmc::Tuning) {
            if let Some(tuner) = tuning.step_size {
                self.step_sizes.tuner = tuner;
            }
        }
        fn freeze(&mut self) {
            self.step_sizes.tuner.freeze();
        }
        $crate::mcmc::step_sizes::tuned_step_sizes!(@after_tunable);
    };
    (@after_tunable) => {
        fn adapt(&mut self, acceptance: f64) {
            self.step_sizes.tuner.update(acceptance);
        }
        fn restart_adaptation(&mut self) {
            self.step_sizes.tuner.restart();
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
