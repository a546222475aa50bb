//! A step program as a Feynman-Kac flow with G = 1: the denoiser is evaluated in the same visit to the block as
//! the combinations, and as many steps are taken in one visit as may be without looking at the population.
//!
//! Single precision keeps what rounding takes off the position where steps are many
//! ([`advance`](driftlane_kernels::step::combination::advance)). Cost of a step over its calls: one pass over the
//! registers a combination reads, and one over each output, all in L1. With one step a visit, what a later step
//! reads is a channel of the population each, which resampling permutes with the position. Where log densities are
//! asked for, scalar channel 0 collects those of the noisy steps.

mod densities;
mod rounding;
mod visit;

use super::denoising::{Call, CallMaker};
use super::path;
use super::start::{Start, first_law};
use super::{Denoising, Innovation, Node, Operation, Program};
use crate::error::{Error, Result};
use crate::particles::MAX_CHANNELS;
use crate::target::library::BoxedTarget;
use crate::target::{BlockTarget, Precision, Prediction};
use densities::log_spread;
use rounding::rounding_channels;
use std::marker::PhantomData;

/// Where normals come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NoiseSource {
    /// The stream of the block.
    #[default]
    Fresh,
    /// A Brownian path of this seed: the same for every program, grid and precision.
    Path(u64),
}

/// The flow of a program, with positions in the precision `R`.
pub struct SolverFlow<'a, R> {
    program: &'a Program,
    maker: CallMaker<'a>,
    /// Of the steps of the next visit, step by step: a long program's would fill memory.
    calls: Vec<Vec<Call>>,
    /// Register by register, the channel that carries it from visit to visit.
    channels: Vec<Option<usize>>,
    /// Registers whose rounding is kept, each with the channel that carries it.
    rounding: Vec<(usize, usize)>,
    /// Step by step, the combinations whose rounding is read later.
    goes_on: Vec<Vec<bool>>,
    steps_per_visit: usize,
    start: Start<'a>,
    first: Node,
    first_law: Option<BoxedTarget>,
    /// Seed and rate.
    path: Option<(u64, f64)>,
    /// ln C of every noisy step, where log densities are collected.
    densities: Option<Vec<Option<f64>>>,
    dim: usize,
    precision: PhantomData<fn() -> R>,
}

impl<'a, R: Precision> SolverFlow<'a, R> {
    /// `program` on `target`. Refused: a target without the denoiser that is asked for, more registers
    /// between visits than there are channels.
    pub fn new(
        target: &'a dyn BlockTarget,
        program: &'a Program,
        denoising: &Denoising,
        start: Start<'a>,
        steps_per_visit: usize,
    ) -> Result<Self> {
        let steps_per_visit = steps_per_visit.max(1);
        let first = program
            .steps
            .first()
            .map(|step| step.from)
            .ok_or_else(|| Error::invalid("grid", "no steps", "at least 1 step"))?;
        let mut channels = vec![None; program.registers];
        channels[0] = Some(0);
        let carried = program.carried_across(steps_per_visit);
        if carried.len() >= MAX_CHANNELS {
            let allowed = format!("at most {} registers between steps", MAX_CHANNELS - 1);
            return Err(Error::invalid("program", carried.len(), allowed));
        }
        for (k, register) in carried.into_iter().enumerate() {
            channels[register] = Some(k + 1);
        }
        let rounding = rounding_channels::<R>(program, &channels);
        let goes_on = match rounding.is_empty() {
            true => Vec::new(),
            false => program.goes_on(&program.positions()),
        };
        let first_law = first_law(target, start, first)?;
        let maker = CallMaker::new(target, denoising)?;
        maker.call(first, Prediction::Noise)?;
        Ok(Self {
            program,
            maker,
            calls: Vec::new(),
            channels,
            rounding,
            goes_on,
            steps_per_visit,
            start,
            first,
            first_law,
            path: None,
            densities: None,
            dim: target.dim(),
            precision: PhantomData,
        })
    }

    /// With noise from `source`. Refused: a Brownian path for a program with noise that is not of the
    /// reverse process, or with steps too short for the path's grid.
    pub fn with_noise(mut self, source: NoiseSource) -> Result<Self> {
        let NoiseSource::Path(seed) = source else {
            self.path = None;
            return Ok(self);
        };
        let mut rate = None;
        for operation in self.program.operations() {
            let Operation::Draw { innovation, .. } = operation else {
                continue;
            };
            let on_path = |i: &&Innovation| rate.is_none_or(|rate| rate == i.rate);
            let Some(innovation) = innovation.as_ref().filter(on_path) else {
                let allowed = "fresh: the solver adds noise that is not of the reverse process";
                return Err(Error::invalid("noise", "path", allowed));
            };
            path::check(innovation)?;
            rate = Some(innovation.rate);
        }
        self.path = Some((seed, rate.unwrap_or(1.0)));
        Ok(self)
    }

    /// Collects the log densities of noisy steps in scalar channel 0. Refused for steps that are not normal
    /// given their start: with noise under a call of the denoiser, or more than once.
    pub fn with_log_densities(mut self) -> Result<Self> {
        let of_step = self.program.steps.iter().map(|step| {
            log_spread(&step.operations).ok_or_else(|| {
                let shown = step.from.noise_level();
                let allowed = "steps that are normal given their start";
                Error::invalid("log densities", shown, allowed)
            })
        });
        self.densities = Some(of_step.collect::<Result<_>>()?);
        Ok(self)
    }

    /// Visits in all.
    pub fn horizon(&self) -> usize {
        self.program.steps.len().div_ceil(self.steps_per_visit)
    }

    fn steps_of_visit(&self, time: usize) -> std::ops::Range<usize> {
        let first = (time - 1) * self.steps_per_visit;
        first..(first + self.steps_per_visit).min(self.program.steps.len())
    }

    /// The denoisers of a visit.
    fn make_calls(&mut self, time: usize) -> Result<()> {
        let steps = self.steps_of_visit(time);
        self.calls = self.maker.calls(&self.program.steps[steps])?;
        Ok(())
    }
}
