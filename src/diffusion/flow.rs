//! A step program as a Feynman-Kac flow with G = 1: one time a step, the denoiser evaluated in the same visit
//! to the block as the combinations.
//!
//! What the denoiser returns follows from the score of the noised law, which a target gives in closed form
//! ([`Target::noised`](crate::target::Target::noised)):
//!
//! ```text
//! E[eps | x] = -sigma score(x),      E[x_0 | x] = (x + sigma^2 score(x)) / alpha
//! ```
//!
//! Cost of a step over its calls: one pass over the registers a combination reads, and one over each output.

use super::{Node, Operation, Prediction, Program};
use crate::error::{Error, Result};
use crate::flow::{
    Advance, Cloud, FeynmanKac, Flow, Potential, Resampler, StageRecord, Tally, positions,
};
use crate::particles::{Channels, MAX_CHANNELS, Moments, Population, Span};
use crate::target::library::BoxedTarget;
use crate::target::{BlockTarget, Precision};
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

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

/// What a run returns.
#[derive(Debug, Clone)]
pub struct DiffuseResult {
    /// The positions at the last node, `[particles, dim]`.
    pub samples: Vec<f64>,
    /// Their means, of particles that are finite.
    pub mean: Vec<f64>,
    /// Their standard deviations.
    pub sd: Vec<f64>,
    /// Particles that are not finite at the end.
    pub nonfinite: usize,
    /// Calls of the denoiser, a particle.
    pub calls: usize,
    /// What all visits did.
    pub totals: Tally,
}

/// The flow of a program.
struct Diffusion<'a> {
    program: &'a Program,
    /// The noised law of every evaluation, step by step.
    laws: Vec<Vec<BoxedTarget>>,
    /// Register by register, the channel that carries it from step to step.
    channels: Vec<Option<usize>>,
    start: Start<'a>,
    first: Node,
    first_law: Option<BoxedTarget>,
    /// Of the data: what is predicted where there is noise alone.
    mean: Vec<f64>,
    dim: usize,
}

impl<'a> Diffusion<'a> {
    fn new(target: &dyn BlockTarget, program: &'a Program, start: Start<'a>) -> Result<Self> {
        let dim = target.dim();
        let noised = |at: &Node| {
            target.noised(at.alpha, at.sigma).ok_or_else(|| {
                let allowed =
                    "a target whose noised law is known: gaussian, mixture and its presets";
                Error::invalid("target", "no denoiser", allowed)
            })
        };
        let of_step = |operations: &[Operation]| {
            let evaluated = operations.iter().filter_map(|operation| match operation {
                Operation::Evaluate { at, .. } => Some(noised(at)),
                Operation::Combine { .. } => None,
            });
            evaluated.collect::<Result<Vec<_>>>()
        };
        let steps = program.steps.iter();
        let laws = steps
            .map(|step| of_step(&step.operations))
            .collect::<Result<Vec<_>>>()?;
        let first = program
            .steps
            .first()
            .map(|step| step.from)
            .ok_or_else(|| Error::invalid("grid", "no steps", "at least 1 step"))?;
        let mut channels = vec![None; program.registers];
        channels[0] = Some(0);
        let carried = program.carried();
        if carried.len() >= MAX_CHANNELS {
            let allowed = format!("at most {} registers between steps", MAX_CHANNELS - 1);
            return Err(Error::invalid("program", carried.len(), allowed));
        }
        for (k, register) in carried.into_iter().enumerate() {
            channels[register] = Some(k + 1);
        }
        let first_law = match start {
            Start::Exact => Some(noised(&first)?),
            Start::Noise | Start::Given(_) => None,
        };
        let alone = program
            .noise_levels()
            .iter()
            .any(|level| level.is_infinite());
        let mean = match target.exact().mean {
            Some(mean) => mean,
            None if alone => {
                let allowed = "a target whose mean is known, where a grid starts at noise alone";
                return Err(Error::invalid("target", "no mean", allowed));
            }
            None => Vec::new(),
        };
        Ok(Self {
            program,
            laws,
            channels,
            start,
            first,
            first_law,
            mean,
            dim,
        })
    }
}

impl Diffusion<'_> {
    /// One step of one tile whose registers are rows of `registers`, dim each.
    fn step<R: Precision>(
        &self,
        step: usize,
        registers: &mut [Vec<Row<R>>],
        result: &mut Vec<Row<R>>,
    ) {
        let mut laws = self.laws[step].iter();
        for operation in &self.program.steps[step].operations {
            let to = match operation {
                Operation::Evaluate {
                    from,
                    to,
                    at,
                    prediction,
                } => {
                    let x = &registers[*from];
                    if let Some(law) = laws.next() {
                        R::gradient(&**law, x, result);
                    }
                    match prediction {
                        Prediction::Noise => {
                            let factor = Row::<R>::splat(-at.sigma);
                            result.iter_mut().for_each(|g| *g *= factor);
                        }
                        // Nothing of the data is left: the prediction is their mean.
                        Prediction::Data if at.alpha == 0.0 => {
                            for (g, m) in result.iter_mut().zip(&self.mean) {
                                *g = Row::splat(*m);
                            }
                        }
                        Prediction::Data => {
                            let inverse = Row::<R>::splat(1.0 / at.alpha);
                            let factor = Row::<R>::splat(at.sigma * (at.sigma / at.alpha));
                            for (g, x) in result.iter_mut().zip(x) {
                                *g = factor.mul_add(*g, *x * inverse);
                            }
                        }
                    }
                    to
                }
                Operation::Combine { to, terms } => {
                    combine(terms, registers, result);
                    to
                }
            };
            std::mem::swap(&mut registers[*to], result);
        }
    }
}

/// The sum of coefficient times register, in the order given: one pass for up to four of them.
fn combine<R: Precision>(terms: &[(usize, f64)], registers: &[Vec<Row<R>>], result: &mut [Row<R>]) {
    let term = |k: usize| {
        let (register, coefficient) = terms[k];
        (&registers[register][..], Row::<R>::splat(coefficient))
    };
    match terms.len() {
        1 => {
            let (a, ca) = term(0);
            for (sum, a) in result.iter_mut().zip(a) {
                *sum = *a * ca;
            }
        }
        2 => {
            let ((a, ca), (b, cb)) = (term(0), term(1));
            for (sum, (a, b)) in result.iter_mut().zip(a.iter().zip(b)) {
                *sum = cb.mul_add(*b, *a * ca);
            }
        }
        3 => {
            let ((a, ca), (b, cb), (c, cc)) = (term(0), term(1), term(2));
            for (sum, (a, (b, c))) in result.iter_mut().zip(a.iter().zip(b.iter().zip(c))) {
                *sum = cc.mul_add(*c, cb.mul_add(*b, *a * ca));
            }
        }
        _ => {
            result.fill(Row::zero());
            for k in 0..terms.len() {
                let (register, coefficient) = term(k);
                for (sum, value) in result.iter_mut().zip(register) {
                    *sum = coefficient.mul_add(*value, *sum);
                }
            }
        }
    }
}

/// The flow in one precision.
struct InPrecision<'a, 'b, R>(&'b Diffusion<'a>, std::marker::PhantomData<fn() -> R>);

impl<R: Precision> FeynmanKac for InPrecision<'_, '_, R> {
    type Real = R;
    type Scratch = (Vec<Vec<Row<R>>>, Vec<Row<R>>, Vec<Row<F64>>);

    fn dim(&self) -> usize {
        self.0.dim
    }
    fn channels(&self) -> Channels {
        Channels {
            vectors: self.0.channels.iter().flatten().count(),
            scalars: 0,
            states: 0,
        }
    }
    fn scratch(&self) -> Self::Scratch {
        let dim = self.0.dim;
        let row = || vec![Row::zero(); dim];
        let registers = (0..self.0.program.registers).map(|_| row()).collect();
        (registers, row(), vec![Row::zero(); dim])
    }

    fn m0(
        &self,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        (_, _, wide): &mut Self::Scratch,
    ) -> Tally {
        if matches!(self.0.start, Start::Given(_)) {
            return Tally::default();
        }
        for tile in 0..block.tiles() {
            let rows = block.rows(tile);
            for part in 0..block.scalar_rows() {
                let exact = match &self.0.first_law {
                    Some(law) => law.sample_exact(stream, wide),
                    None => false,
                };
                if !exact {
                    let scale = Row::<F64>::splat(self.0.first.sigma);
                    for x in wide.iter_mut() {
                        *x = stream.normal_row::<F64>() * scale;
                    }
                }
                R::narrow_part(wide, part, &mut block.vectors[0][rows.clone()]);
            }
        }
        Tally::default()
    }

    fn m(
        &self,
        time: usize,
        _: usize,
        block: &mut Span<'_, R>,
        _: &mut Stream,
        (registers, result, _): &mut Self::Scratch,
    ) -> Tally {
        let mut tally = Tally::default();
        let last = time == self.0.program.steps.len();
        for tile in 0..block.tiles() {
            let rows = block.rows(tile);
            for (register, channel) in registers.iter_mut().zip(&self.0.channels) {
                if let Some(channel) = channel {
                    register.copy_from_slice(&block.vectors[*channel][rows.clone()]);
                }
            }
            self.0.step(time - 1, registers, result);
            for (register, channel) in registers.iter().zip(&self.0.channels) {
                if let Some(channel) = channel {
                    block.vectors[*channel][rows.clone()].copy_from_slice(register);
                }
            }
            let active = block.active(tile);
            tally.moves += active as u64;
            tally.gradient_evaluations += (active * self.0.laws[time - 1].len()) as u64;
            if last {
                let moments = Moments::of_tile::<R>(&registers[0], active, None);
                tally.moments = std::mem::take(&mut tally.moments).merge(moments);
            }
        }
        tally
    }

    fn log_potential(&self, _: usize, _: &Span<'_, R>, _: &mut [Row<F64>]) {}

    fn plan_potential(&mut self, time: usize, _: &mut Cloud<'_, R>) -> Result<Potential> {
        Ok(if time < self.0.program.steps.len() {
            Potential::One
        } else {
            Potential::Stop
        })
    }
}

/// Runs `program` towards `target` on `particles` particles in the precision `R`; `observer` is told of every
/// step. Refused for targets whose noised laws are not known in closed form.
pub fn diffuse<R: Precision>(
    target: &dyn BlockTarget,
    program: &Program,
    particles: usize,
    start: Start<'_>,
    seed: u64,
    observer: &mut dyn FnMut(&StageRecord),
) -> Result<DiffuseResult> {
    let dim = target.dim();
    if particles == 0 {
        return Err(Error::invalid("particles", 0, "at least 1"));
    }
    let diffusion = Diffusion::new(target, program, start)?;
    let mut model = InPrecision::<R>(&diffusion, std::marker::PhantomData);
    let mut population = Population::<R>::new(particles, dim, model.channels());
    if let Start::Given(given) = start {
        if given.len() != particles * dim {
            let allowed = format!("{particles} x {dim}");
            return Err(Error::invalid(
                "start",
                format!("{} numbers", given.len()),
                allowed,
            ));
        }
        population.set_positions(given);
    }
    let mut flow = Flow::start_from(&model, population, seed, Resampler::Multinomial)?;
    flow.forget_stages();
    let mut moments = Moments::default();
    let mut watch = |record: &StageRecord, _: &Population<R>| {
        moments = record.tally.moments.clone();
        observer(record);
    };
    while flow.advance(&mut model, &mut watch)? == Advance::Moved {}
    Ok(DiffuseResult {
        samples: positions(flow.population()),
        mean: moments.mean().to_vec(),
        sd: moments.sd(),
        nonfinite: particles - moments.weight() as usize,
        calls: program.calls(),
        totals: flow.totals().clone(),
    })
}
