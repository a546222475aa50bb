//! DPM-Solver-12 and -23: step sizes from the difference of two orders (Lu et al. 2022, arXiv:2206.00927,
//! appendix C).
//!
//! ```text
//! 12:  low = DPM-Solver-1,                high = DPM-Solver-2 at r = 1/2
//! 23:  low = DPM-Solver-2 at r = 1/3,     high = DPM-Solver-3 at r = 1/3, 2/3
//! E = max over particles of the root mean square over coordinates of
//!     (low - high) / max(atol, rtol max(|low|, |low before|))
//! accepted where E <= 1, with high;   h <- min(0.9 h E^(-1/p), lambda_end - lambda),   p = 2, 3
//! ```
//!
//! on noise predictions, in lambda, h = 0.05 at first. Each block of particles chooses its own steps, as one
//! that is hard to integrate would hold up all others; what a block does follows from its particles alone.
//! p calls an attempt. Steps of a millionth of the way are taken
//! whatever their error, and counted ([`Tally::forced_steps`]).

use super::denoising::{Call, CallMaker};
use super::registers::Registers;
use super::solver::attempt::{Attempt, HIGH, LOW, attempt};
use super::start::{Start, draw_starts, first_law};
use super::{Diffuse, Node, Operation};
use crate::error::{Error, Result};
use crate::flow::{Cloud, FeynmanKac, Potential, Tally};
use crate::particles::{Channels, Moments, Span};
use crate::target::library::BoxedTarget;
use crate::target::{BlockTarget, Precision, Prediction};
use bytemuck::cast_slice;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};
use std::marker::PhantomData;

/// How steps are chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adaptive {
    /// Of the higher method: 2 or 3.
    pub order: usize,
    /// Relative tolerance, above 0.
    pub relative: f64,
    /// Absolute tolerance, above 0.
    pub absolute: f64,
    /// Whether the last node is followed by a step to clean data.
    pub denoise: bool,
}

impl Adaptive {
    /// Of that order, with the authors' tolerances.
    pub fn new(order: usize) -> Self {
        Self {
            order,
            relative: 0.05,
            absolute: 0.0078,
            denoise: false,
        }
    }

    fn check(&self) -> Result<()> {
        if !(2..=3).contains(&self.order) {
            return Err(Error::invalid("order", self.order, "2 or 3"));
        }
        for (name, value) in [("rtol", self.relative), ("atol", self.absolute)] {
            if !(value > 0.0 && value <= 1e6) {
                return Err(Error::invalid(name, value, "above 0, at most 1e6"));
            }
        }
        Ok(())
    }
}

const FIRST_STEP: f64 = 0.05;
const SAFETY: f64 = 0.9;
/// Of the whole way in lambda.
const SHORTEST: f64 = 1e-6;
/// Channels: the position, the low result before, and what is proposed for both.
const BEFORE: usize = 1;
const PROPOSED: usize = 2;
const PROPOSED_LOW: usize = 3;

pub(super) struct AdaptiveFlow<'a, R> {
    maker: CallMaker<'a>,
    adaptive: Adaptive,
    ends: (Node, Node),
    start: Start<'a>,
    first_law: Option<BoxedTarget>,
    dim: usize,
    precision: PhantomData<fn() -> R>,
}

impl<'a, R: Precision> AdaptiveFlow<'a, R> {
    /// Refused: ends that are not finite in lambda or do not rise, tolerances out of their ranges, targets
    /// without a denoiser.
    pub fn new(
        target: &'a dyn BlockTarget,
        adaptive: Adaptive,
        ends: (Node, Node),
        run: &Diffuse<'a>,
    ) -> Result<Self> {
        adaptive.check()?;
        let (first, last) = (ends.0.lambda(), ends.1.lambda());
        if !(first.is_finite() && last.is_finite() && first < last) {
            let shown = format!("{} to {}", ends.0.noise_level(), ends.1.noise_level());
            let allowed = "falling noise levels, finite at the start and above 0 at the end, for adaptive steps";
            return Err(Error::invalid("grid", shown, allowed));
        }
        let maker = CallMaker::new(target, &run.denoising)?;
        maker.call(ends.0, Prediction::Noise)?;
        Ok(Self {
            maker,
            adaptive,
            ends,
            start: run.start,
            first_law: first_law(target, run.start, ends.0)?,
            dim: target.dim(),
            precision: PhantomData,
        })
    }

    /// The calls of an attempt; the first is that at its start.
    fn calls(&self, attempt: &Attempt) -> Option<Vec<Call>> {
        let calls = attempt
            .operations
            .iter()
            .filter_map(|operation| match operation {
                Operation::Evaluate { at, prediction, .. } => {
                    Some(self.maker.call(*at, *prediction))
                }
                _ => None,
            });
        calls.collect::<Result<_>>().ok()
    }

    /// Proposes a step for every tile of a block; E.
    fn propose(
        &self,
        attempt: &Attempt,
        calls: &[Call],
        block: &mut Span<'_, R>,
        registers: &mut Registers<R>,
    ) -> f64 {
        let mut worst = 0.0f64;
        for tile in 0..block.tiles() {
            let rows = block.rows(tile);
            let position = registers.register_mut(0);
            position.copy_from_slice(&block.vectors[0][rows.clone()]);
            let mut calls = calls.iter();
            for operation in &attempt.operations {
                match operation {
                    Operation::Evaluate { from, to, .. } => {
                        if let Some(call) = calls.next() {
                            registers.evaluate(call, *from, *to);
                        }
                    }
                    Operation::Combine { to, terms } => registers.combine(terms, *to),
                    Operation::Draw { .. } => {}
                }
            }
            let (low, high) = (registers.register(LOW), registers.register(HIGH));
            let before = &block.vectors[BEFORE][rows.clone()];
            let errors = self.errors(low, high, before);
            let errors: &[R::Scalar] = cast_slice(&errors.0);
            for error in &errors[..block.active(tile)] {
                // A particle that is not finite has no say.
                let error: f64 = (*error).into();
                worst = if error > worst { error } else { worst };
            }
            block.vectors[PROPOSED][rows.clone()].copy_from_slice(high);
            block.vectors[PROPOSED_LOW][rows].copy_from_slice(low);
        }
        (worst / self.dim as f64).sqrt()
    }

    /// The sum over coordinates of squared scaled differences.
    fn errors(&self, low: &[Row<R>], high: &[Row<R>], before: &[Row<R>]) -> Row<R> {
        let absolute = Row::<R>::splat(self.adaptive.absolute);
        let relative = Row::<R>::splat(self.adaptive.relative);
        let mut sum = Row::<R>::zero();
        for ((low, high), before) in low.iter().zip(high).zip(before) {
            let size = low.abs().max(before.abs());
            let scaled = (*low - *high) / absolute.max(relative * size);
            sum = scaled.mul_add(scaled, sum);
        }
        sum
    }

    /// Takes a block the whole way; calls a particle, steps, and how many of them were forced.
    fn integrate(&self, block: &mut Span<'_, R>, registers: &mut Registers<R>) -> [u64; 3] {
        let (mut node, last) = self.ends;
        let end = last.lambda();
        let shortest = SHORTEST * (end - node.lambda());
        let mut h = FIRST_STEP;
        let (mut evaluations, mut steps, mut forced) = (0, 0, 0);
        let [position, before, proposed, proposed_low, ..] = [0, BEFORE, PROPOSED, PROPOSED_LOW];
        copy(block, position, before);
        while node.lambda() < end {
            let left = end - node.lambda();
            let whole = h >= left;
            let h_taken = if whole { left } else { h };
            let Ok(attempt) = attempt(self.adaptive.order, node, last, h_taken) else {
                break;
            };
            let Some(calls) = self.calls(&attempt) else {
                break;
            };
            let error = self.propose(&attempt, &calls, block, registers);
            evaluations += calls.len() as u64;
            if error <= 1.0 || h_taken <= shortest {
                copy(block, proposed, position);
                copy(block, proposed_low, before);
                node = if whole { last } else { attempt.to };
                steps += 1;
                // An error that is not a number is of particles that are none: they have no say.
                forced += u64::from(error > 1.0);
            }
            let power = -Lane::ln(error) / self.adaptive.order as f64;
            h = (SAFETY * h_taken * Lane::exp(power)).max(shortest);
        }
        if self.adaptive.denoise
            && let Ok(call) = self.maker.call(last, Prediction::Data)
        {
            for tile in 0..block.tiles() {
                let rows = block.rows(tile);
                let position = registers.register_mut(0);
                position.copy_from_slice(&block.vectors[0][rows.clone()]);
                registers.evaluate(&call, 0, 0);
                block.vectors[0][rows].copy_from_slice(registers.register(0));
            }
            evaluations += 1;
        }
        [evaluations, steps, forced]
    }
}

fn copy<R: Precision>(block: &mut Span<'_, R>, from: usize, to: usize) {
    let (low, high) = (from.min(to), from.max(to));
    let (left, right) = block.vectors.split_at_mut(high);
    match from < to {
        true => right[0].copy_from_slice(left[low]),
        false => left[low].copy_from_slice(right[0]),
    }
}

impl<R: Precision> FeynmanKac for AdaptiveFlow<'_, R> {
    type Real = R;
    type Scratch = (Registers<R>, Vec<Row<F64>>);

    fn dim(&self) -> usize {
        self.dim
    }
    fn channels(&self) -> Channels {
        Channels {
            vectors: 4,
            scalars: 0,
            states: 0,
        }
    }
    fn scratch(&self) -> Self::Scratch {
        let registers = Registers::new(super::solver::attempt::REGISTERS, self.dim);
        (registers, vec![Row::zero(); self.dim])
    }

    fn m0(
        &self,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        (_, wide): &mut Self::Scratch,
    ) -> Tally {
        draw_starts(
            self.start,
            &self.first_law,
            self.ends.0,
            block,
            stream,
            wide,
        );
        Tally::default()
    }

    fn m(
        &self,
        _: usize,
        _: usize,
        block: &mut Span<'_, R>,
        _: &mut Stream,
        (registers, _): &mut Self::Scratch,
    ) -> Tally {
        let [calls, steps, forced] = self.integrate(block, registers);
        let mut tally = Tally::default();
        for tile in 0..block.tiles() {
            let active = block.active(tile);
            tally.moves += active as u64 * steps;
            tally.forced_steps += active as u64 * forced;
            tally.gradient_evaluations += active as u64 * calls;
            let x = &block.vectors[0][block.rows(tile)];
            let moments = Moments::of_tile::<R>(x, active, None);
            tally.moments = std::mem::take(&mut tally.moments).merge(moments);
        }
        tally
    }

    fn log_potential(&self, _: usize, _: &Span<'_, R>, _: &mut [Row<F64>]) {}

    fn plan_potential(&mut self, time: usize, _: &mut Cloud<'_, R>) -> Result<Potential> {
        Ok(if time < 1 {
            Potential::One
        } else {
            Potential::Stop
        })
    }
}
