//! A step program as a Feynman-Kac flow with G = 1: the denoiser is evaluated in the same visit to the block as
//! the combinations, and as many steps are taken in one visit as may be without looking at the population.
//!
//! Single precision keeps what rounding takes off the position where steps are many
//! ([`advance`](driftlane_kernels::step::combination::advance)). Cost of a step over its calls: one pass over the registers a combination reads, and one over each output,
//! all in L1. With one step a visit, what a later step reads is a channel of the population each, which
//! resampling permutes with the position. Where log densities are asked for, scalar channel 0 collects
//!
//! ```text
//! sum over noisy steps of log N(x'; A x + sum_j B_j m_j, C^2 I) = -|xi|^2 / 2 - d ln C - d/2 ln 2 pi
//! ```

use super::denoising::{Call, CallMaker};
use super::path::{self, Path};
use super::registers::Registers;
use super::{Denoising, Innovation, Node, Operation, Program};
use crate::checkpoint::damaged;
use crate::error::{Error, Result};
use crate::flow::{Cloud, FeynmanKac, Potential, Tally};
use crate::particles::{Channels, MAX_CHANNELS, Moments, Population, Span};
use crate::target::library::BoxedTarget;
use crate::target::{BlockTarget, Precision, Prediction};
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::{Row, particles_per_tile};
use driftlane_kernels::{F64, Lane};
use std::marker::PhantomData;

/// Where particles start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start<'a> {
    /// N(0, sigma^2) at the first node: what is left of any data there is noise.
    Noise,
    /// Exact draws from the noised law at the first node.
    Exact,
    /// These positions, `[particles, dim]`, in the schedule's frame.
    Given(&'a [f64]),
}

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

/// Working memory of a visit.
pub struct Memory<R: Precision> {
    registers: Registers<R>,
    wide: Vec<Row<F64>>,
    /// One for every 32 particles of a tile.
    paths: Vec<Path>,
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

    /// One step of one tile; `groups` is the number of its first 32 particles, `densities` a row for each.
    fn step(
        &self,
        step: usize,
        group: usize,
        stream: &mut Stream,
        memory: &mut Memory<R>,
        densities: &mut [Row<F64>],
    ) {
        let mut calls = self.calls[step % self.steps_per_visit].iter();
        let mut goes_on = self.goes_on.get(step).into_iter().flatten();
        for operation in &self.program.steps[step].operations {
            match operation {
                Operation::Evaluate { from, to, .. } => {
                    if let Some(call) = calls.next() {
                        memory.registers.evaluate(call, *from, *to);
                    }
                }
                Operation::Draw { to, innovation } => {
                    self.draw(innovation.as_ref(), group, stream, memory);
                    if let Some(spread) = self.densities.as_ref().and_then(|all| all[step]) {
                        let noise = &memory.registers.result;
                        add_log_density(spread, noise, &mut memory.wide, densities);
                    }
                    memory.registers.take_result(*to);
                }
                Operation::Combine { to, terms } => match goes_on.next() {
                    Some(true) => memory.registers.advance(terms, *to),
                    _ => memory.registers.combine(terms, *to),
                },
            }
        }
    }

    /// Standard normals into the result of `memory.registers`.
    fn draw(
        &self,
        innovation: Option<&Innovation>,
        group: usize,
        stream: &mut Stream,
        memory: &mut Memory<R>,
    ) {
        let (Some(innovation), true) = (innovation, self.path.is_some()) else {
            // A copy stays in registers through the loop.
            let mut local = stream.clone();
            for row in memory.registers.result.iter_mut() {
                *row = local.normal_row::<R>();
            }
            *stream = local;
            return;
        };
        for (part, path) in memory.paths.iter_mut().enumerate() {
            path.of_group((group + part) as u64);
            path.innovation(innovation, &mut memory.wide);
            R::narrow_part(&memory.wide, part, &mut memory.registers.result);
        }
    }
}

/// Steps from which on single precision keeps what rounding takes off the position. Each step takes 3e-8 of it, so that
/// N of them take 3e-8 sqrt(N): as much as all the rest of single precision from here on.
const MANY_STEPS: usize = 250;

/// The registers whose rounding is kept, each with a channel behind those of registers: none in double precision, in
/// short programs, and where channels are too few.
fn rounding_channels<R: Precision>(
    program: &Program,
    channels: &[Option<usize>],
) -> Vec<(usize, usize)> {
    let single = size_of::<R::Scalar>() == size_of::<f32>();
    if !single || program.steps.len() < MANY_STEPS {
        return Vec::new();
    }
    let first = channels.iter().flatten().count();
    let positions = program.positions();
    if first + positions.len() > MAX_CHANNELS {
        return Vec::new();
    }
    positions.into_iter().zip(first..).collect()
}

/// The noised law at the first node, where starts are drawn from it.
pub(super) fn first_law(
    target: &dyn BlockTarget,
    start: Start<'_>,
    first: Node,
) -> Result<Option<BoxedTarget>> {
    if start != Start::Exact {
        return Ok(None);
    }
    let law = target.noised(first.alpha, first.sigma).ok_or_else(|| {
        let allowed = "a target whose noised law is known";
        Error::invalid("target", "no exact start", allowed)
    });
    law.map(Some)
}

/// Fills a block with starts; given ones are there already.
pub(super) fn draw_starts<R: Precision>(
    start: Start<'_>,
    first_law: &Option<BoxedTarget>,
    first: Node,
    block: &mut Span<'_, R>,
    stream: &mut Stream,
    wide: &mut [Row<F64>],
) {
    if matches!(start, Start::Given(_)) {
        return;
    }
    for tile in 0..block.tiles() {
        let rows = block.rows(tile);
        for part in 0..block.scalar_rows() {
            let exact = first_law
                .as_ref()
                .is_some_and(|law| law.sample_exact(stream, wide));
            if !exact {
                let scale = Row::<F64>::splat(first.sigma);
                for x in wide.iter_mut() {
                    *x = stream.normal_row::<F64>() * scale;
                }
            }
            R::narrow_part(wide, part, &mut block.vectors[0][rows.clone()]);
        }
    }
}

/// Puts given starts into a population; refused where they are not as many.
pub(super) fn place_starts<R: Precision>(
    start: Start<'_>,
    population: &mut Population<R>,
) -> Result<()> {
    let Start::Given(given) = start else {
        return Ok(());
    };
    let (particles, dim) = (population.len(), population.dim());
    if given.len() != particles * dim {
        let allowed = format!("{particles} x {dim}");
        let shown = format!("{} numbers", given.len());
        return Err(Error::invalid("start", shown, allowed));
    }
    population.set_positions(given);
    Ok(())
}

/// ln C of a step that is normal given its start, `Some(None)` without noise: one draw, that no call of the
/// denoiser depends on, multiplied into the position at the end. `None` for others.
fn log_spread(operations: &[Operation]) -> Option<Option<f64>> {
    let mut noise: Option<(usize, f64)> = None;
    for operation in operations {
        match (operation, noise) {
            (Operation::Draw { to, .. }, None) => noise = Some((*to, 0.0)),
            (Operation::Draw { .. }, Some(_)) => return None,
            (Operation::Evaluate { .. }, Some((_, coefficient))) if coefficient != 0.0 => {
                return None;
            }
            (Operation::Combine { to, terms }, Some((register, _))) => {
                let found = terms.iter().find(|term| term.0 == register);
                if let Some((_, coefficient)) = found {
                    if *to != 0 {
                        return None;
                    }
                    noise = Some((register, *coefficient));
                }
            }
            _ => {}
        }
    }
    match noise {
        None => Some(None),
        Some((_, coefficient)) if coefficient > 0.0 => Some(Some(Lane::ln(coefficient))),
        Some(_) => None,
    }
}

/// Adds the log density of a step with this ln C and these normals, a row for 32 particles.
fn add_log_density<R: Precision>(
    log_spread: f64,
    noise: &[Row<R>],
    wide: &mut [Row<F64>],
    densities: &mut [Row<F64>],
) {
    let half_log_tau = 0.5 * Lane::ln(std::f64::consts::TAU);
    let constant = Row::<F64>::splat(-(noise.len() as f64) * (log_spread + half_log_tau));
    for (part, density) in densities.iter_mut().enumerate() {
        R::widen_part(noise, part, wide);
        let square = wide
            .iter()
            .fold(Row::<F64>::zero(), |sum, xi| xi.mul_add(*xi, sum));
        *density += square.mul_add(Row::splat(-0.5), constant);
    }
}

impl<R: Precision> FeynmanKac for SolverFlow<'_, R> {
    type Real = R;
    type Scratch = Memory<R>;

    fn dim(&self) -> usize {
        self.dim
    }
    fn channels(&self) -> Channels {
        Channels {
            vectors: self.channels.iter().flatten().count() + self.rounding.len(),
            scalars: usize::from(self.densities.is_some()),
            states: 0,
        }
    }
    fn scratch(&self) -> Memory<R> {
        let paths = self
            .path
            .iter()
            .flat_map(|(seed, rate)| (0..R::WIDTH / 8).map(|_| Path::new(*seed, *rate, self.dim)));
        let registers = Registers::new(self.program.registers, self.dim);
        let kept: Vec<usize> = self.rounding.iter().map(|pair| pair.0).collect();
        Memory {
            registers: match kept.is_empty() {
                true => registers,
                false => registers.compensated(&kept),
            },
            wide: vec![Row::zero(); self.dim],
            paths: paths.collect(),
        }
    }

    fn m0(&self, block: &mut Span<'_, R>, stream: &mut Stream, memory: &mut Memory<R>) -> Tally {
        let wide = &mut memory.wide;
        draw_starts(self.start, &self.first_law, self.first, block, stream, wide);
        Tally::default()
    }

    fn m(
        &self,
        time: usize,
        _: usize,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        memory: &mut Memory<R>,
    ) -> Tally {
        let mut tally = Tally::default();
        let steps = self.steps_of_visit(time);
        let last = steps.end == self.program.steps.len();
        let calls: usize = self.calls.iter().map(Vec::len).sum();
        let tiles_per_block = block.particles_per_block() / particles_per_tile::<R>();
        let first_group = block.first_block() * tiles_per_block * (R::WIDTH / 8);
        for tile in 0..block.tiles() {
            let (rows, scalars) = (block.rows(tile), block.scalar_range(tile));
            let carried = || self.channels.iter().enumerate();
            for (register, channel) in carried() {
                if let Some(channel) = channel {
                    let kept = &block.vectors[*channel][rows.clone()];
                    memory
                        .registers
                        .register_mut(register)
                        .copy_from_slice(kept);
                }
            }
            for (register, channel) in &self.rounding {
                let kept = &block.vectors[*channel][rows.clone()];
                memory.registers.low_mut(*register).copy_from_slice(kept);
            }
            let densities = match self.densities {
                Some(_) => &mut block.scalars[0][scalars],
                None => &mut [],
            };
            let group = first_group + tile * (R::WIDTH / 8);
            for step in steps.clone() {
                self.step(step, group, stream, memory, densities);
            }
            for (register, channel) in carried() {
                if let Some(channel) = channel {
                    let kept = &mut block.vectors[*channel][rows.clone()];
                    kept.copy_from_slice(memory.registers.register(register));
                }
            }
            for (register, channel) in &self.rounding {
                let kept = &mut block.vectors[*channel][rows.clone()];
                kept.copy_from_slice(memory.registers.low(*register));
            }
            let active = block.active(tile);
            tally.moves += (active * steps.len()) as u64;
            tally.gradient_evaluations += (active * calls) as u64;
            if last {
                let moments = Moments::of_tile::<R>(memory.registers.register(0), active, None);
                tally.moments = std::mem::take(&mut tally.moments).merge(moments);
            }
        }
        tally
    }

    fn log_potential(&self, _: usize, _: &Span<'_, R>, _: &mut [Row<F64>]) {}

    fn plan_potential(&mut self, time: usize, _: &mut Cloud<'_, R>) -> Result<Potential> {
        if time >= self.horizon() {
            return Ok(Potential::Stop);
        }
        self.make_calls(time + 1)?;
        Ok(Potential::One)
    }

    fn set_state(&mut self, _: &[u8], mutation: Option<usize>) -> Result<()> {
        match mutation {
            Some(time) if time < 1 || time > self.horizon() => {
                Err(damaged("is of another program"))
            }
            Some(time) => self.make_calls(time),
            None => Ok(()),
        }
    }
}
