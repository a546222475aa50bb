//! Diffusion sampling of a whole population, by a step program or by adaptive steps.

use super::adaptive::{Adaptive, AdaptiveFlow};
use super::flow::{NoiseSource, SolverFlow};
use super::start::{Start, place_starts};
use super::{Denoising, Node, Program};
use crate::checkpoint::{Reader, Sections};
use crate::error::{Error, Result};
use crate::flow::{Advance, FeynmanKac, Flow, Pause, Resampler, StageRecord, Tally};
use crate::particles::{Population, Samples};
use crate::target::{BlockTarget, Precision};
use std::io::{Read, Seek};

/// Steps of one visit: enough that the population's way through memory is nothing beside the arithmetic,
/// few enough that a long run can be watched.
pub const STEPS_PER_VISIT: usize = 32;

/// What is run besides a program on a target.
#[derive(Debug, Clone)]
pub struct Diffuse<'a> {
    /// How many particles, at least 1.
    pub particles: usize,
    /// Where they start.
    pub start: Start<'a>,
    /// The seed of starts and noise.
    pub seed: u64,
    /// How the denoiser is called.
    pub denoising: Denoising,
    /// Whether noise is the increments of one Brownian path a particle, whatever the grid.
    pub brownian_path: bool,
    /// Whether the log densities of noisy steps are collected.
    pub log_densities: bool,
}

impl Diffuse<'_> {
    /// `particles` from pure noise, unguided, with fresh noise.
    pub fn new(particles: usize, seed: u64) -> Self {
        Self {
            particles,
            start: Start::Noise,
            seed,
            denoising: Denoising::default(),
            brownian_path: false,
            log_densities: false,
        }
    }
}

/// What a run returns.
#[derive(Debug, Clone)]
pub struct DiffuseResult {
    /// The positions at the last node, `[particles, dim]`.
    pub samples: Samples,
    /// Their means, of particles that are finite.
    pub mean: Vec<f64>,
    /// Their standard deviations.
    pub sd: Vec<f64>,
    /// Particles that are not finite at the end.
    pub nonfinite: usize,
    /// Calls of the denoiser, a particle.
    pub calls: usize,
    /// The log density of every particle's noisy steps given their starts; empty where not asked for.
    pub log_densities: Vec<f64>,
    /// What all visits did.
    pub totals: Tally,
}

/// Where the nodes of a run come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Steps<'a> {
    /// A step program.
    Program(&'a Program),
    /// Chosen on the way between these ends; of [`Diffuse`], noise and log densities have no meaning then.
    Adaptive(Adaptive, (Node, Node)),
}

/// Runs `program` towards `target` in the precision `R`; `observer` is told of every visit. Refused for
/// targets whose denoiser is not known, and what [`SolverFlow`] refuses.
pub fn diffuse<R: Precision>(
    target: &dyn BlockTarget,
    program: &Program,
    run: &Diffuse<'_>,
    observer: &mut dyn FnMut(&StageRecord),
) -> Result<DiffuseResult> {
    DiffuseRun::<R>::begin(target, Steps::Program(program), run)?.run_to_end(observer)
}

/// Samples from the first of `ends` to the last by adaptive steps, in the precision `R`. The calls returned are the
/// mean over particles, rounded up. Refused: ends that are not finite in lambda or do not rise, tolerances out of
/// their ranges, targets without a denoiser.
pub fn diffuse_adaptive<R: Precision>(
    target: &dyn BlockTarget,
    adaptive: Adaptive,
    ends: (Node, Node),
    run: &Diffuse<'_>,
    observer: &mut dyn FnMut(&StageRecord),
) -> Result<DiffuseResult> {
    DiffuseRun::<R>::begin(target, Steps::Adaptive(adaptive, ends), run)?.run_to_end(observer)
}

/// A run on its way, that can be paused, saved and restored.
pub struct DiffuseRun<'a, R: Precision> {
    model: Model<'a, R>,
    flow: Flow<R>,
    log_densities: bool,
    /// Calls of a program, a particle.
    calls: Option<usize>,
}

enum Model<'a, R: Precision> {
    Program(Box<SolverFlow<'a, R>>),
    Adaptive(Box<AdaptiveFlow<'a, R>>),
}

/// No weights, so nothing is ever resampled.
const RESAMPLER: Resampler = Resampler::Multinomial;

impl<'a, R: Precision> DiffuseRun<'a, R> {
    /// A run that draws its starts when it first advances.
    pub fn begin(target: &'a dyn BlockTarget, steps: Steps<'a>, run: &Diffuse<'a>) -> Result<Self> {
        let model = Self::model(target, steps, run)?;
        let flow = match &model {
            Model::Program(model) => start::<R, _>(&**model, target.dim(), run),
            Model::Adaptive(model) => start::<R, _>(&**model, target.dim(), run),
        };
        Ok(Self::of(model, flow?, steps, run))
    }

    fn of(model: Model<'a, R>, flow: Flow<R>, steps: Steps<'_>, run: &Diffuse<'_>) -> Self {
        let (calls, log_densities) = match steps {
            Steps::Program(program) => (Some(program.calls()), run.log_densities),
            Steps::Adaptive(..) => (None, false),
        };
        Self {
            model,
            flow,
            log_densities,
            calls,
        }
    }

    fn model(
        target: &'a dyn BlockTarget,
        steps: Steps<'a>,
        run: &Diffuse<'a>,
    ) -> Result<Model<'a, R>> {
        if run.particles == 0 {
            return Err(Error::invalid("particles", 0, "at least 1"));
        }
        let program = match steps {
            Steps::Program(program) => program,
            Steps::Adaptive(adaptive, ends) => {
                let flow = AdaptiveFlow::new(target, adaptive, ends, run)?;
                return Ok(Model::Adaptive(Box::new(flow)));
            }
        };
        let source = match run.brownian_path {
            true => NoiseSource::Path(run.seed),
            false => NoiseSource::Fresh,
        };
        let (denoising, start) = (&run.denoising, run.start);
        let model = SolverFlow::new(target, program, denoising, start, STEPS_PER_VISIT)?;
        let mut model = model.with_noise(source)?;
        if run.log_densities {
            model = model.with_log_densities()?;
        }
        Ok(Model::Program(Box::new(model)))
    }

    /// The starts, then one visit of the scheduler at a time, or less where `pause` says so; `observer` is told of whole ones.
    pub fn advance(
        &mut self,
        observer: &mut dyn FnMut(&StageRecord),
        pause: &Pause<'_>,
    ) -> Result<Advance> {
        let mut watch = |record: &StageRecord, _: &Population<R>| observer(record);
        match &mut self.model {
            Model::Program(model) => self.flow.advance_until(&mut **model, &mut watch, pause),
            Model::Adaptive(model) => self.flow.advance_until(&mut **model, &mut watch, pause),
        }
    }

    /// What [`restore`](DiffuseRun::restore) needs.
    pub fn save<'b>(&'b self, out: &mut Sections<'b>) {
        match &self.model {
            Model::Program(model) => self.flow.save(&**model, out),
            Model::Adaptive(model) => self.flow.save(&**model, out),
        }
    }

    /// The run that was saved. Refused: a checkpoint of another run.
    pub fn restore<S: Read + Seek>(
        target: &'a dyn BlockTarget,
        steps: Steps<'a>,
        run: &Diffuse<'a>,
        from: &mut Reader<S>,
    ) -> Result<Self> {
        let mut model = Self::model(target, steps, run)?;
        let (n, seed) = (run.particles, run.seed);
        let flow = match &mut model {
            Model::Program(model) => Flow::restore(&mut **model, n, seed, RESAMPLER, from),
            Model::Adaptive(model) => Flow::restore(&mut **model, n, seed, RESAMPLER, from),
        };
        Ok(Self::of(model, flow?, steps, run))
    }

    fn run_to_end(mut self, observer: &mut dyn FnMut(&StageRecord)) -> Result<DiffuseResult> {
        while self.advance(observer, &|| false)? != Advance::Finished {}
        Ok(self.finish())
    }

    /// The result of a run that has reached its last node.
    pub fn finish(mut self) -> DiffuseResult {
        let (flow, particles) = (&self.flow, self.flow.population().len());
        let log_densities = match self.log_densities {
            true => flow.population().scalar_values(0).to_vec(),
            false => Vec::new(),
        };
        let moments = flow.stages().last().map(|last| &last.tally.moments);
        let moments = moments.cloned().unwrap_or_default();
        let totals = flow.totals().clone();
        let evaluations = totals.gradient_evaluations as usize;
        DiffuseResult {
            samples: self.flow.take_samples(),
            mean: moments.mean().to_vec(),
            sd: moments.sd(),
            nonfinite: particles - moments.weight() as usize,
            calls: self.calls.unwrap_or(evaluations.div_ceil(particles)),
            log_densities,
            totals,
        }
    }
}

/// The starts of a run.
fn start<R: Precision, F: FeynmanKac<Real = R>>(
    model: &F,
    dim: usize,
    run: &Diffuse<'_>,
) -> Result<Flow<R>> {
    let mut population = Population::<R>::new(run.particles, dim, model.channels());
    place_starts(run.start, &mut population)?;
    let mut flow = Flow::waiting(population, run.seed, RESAMPLER)?;
    flow.forget_stages();
    Ok(flow)
}
