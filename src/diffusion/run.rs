//! Diffusion sampling of a whole population by a step program.

use super::flow::{NoiseSource, SolverFlow, Start, place_starts};
use super::{Denoising, Program};
use crate::error::{Error, Result};
use crate::flow::{Advance, FeynmanKac, Flow, Resampler, StageRecord, Tally, positions};
use crate::particles::{Moments, Population};
use crate::target::{BlockTarget, Precision};
use driftlane_kernels::F64;
use driftlane_kernels::tile::Row;

/// Steps of one visit: enough that the population's way through memory is nothing beside the arithmetic,
/// few enough that a long run can be watched.
const STEPS_PER_VISIT: usize = 32;

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
    pub samples: Vec<f64>,
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

/// Runs `program` towards `target` in the precision `R`; `observer` is told of every visit. Refused for
/// targets whose denoiser is not known, and what [`SolverFlow`] refuses.
pub fn diffuse<R: Precision>(
    target: &dyn BlockTarget,
    program: &Program,
    run: &Diffuse<'_>,
    observer: &mut dyn FnMut(&StageRecord),
) -> Result<DiffuseResult> {
    let (dim, particles) = (target.dim(), run.particles);
    if particles == 0 {
        return Err(Error::invalid("particles", 0, "at least 1"));
    }
    let source = match run.brownian_path {
        true => NoiseSource::Path(run.seed),
        false => NoiseSource::Fresh,
    };
    let model = SolverFlow::<R>::new(target, program, &run.denoising, run.start, STEPS_PER_VISIT)?;
    let mut model = model.with_noise(source)?;
    if run.log_densities {
        model = model.with_log_densities()?;
    }
    let mut population = Population::<R>::new(particles, dim, model.channels());
    place_starts(run.start, &mut population)?;
    let mut flow = Flow::start_from(&model, population, run.seed, Resampler::Multinomial)?;
    flow.forget_stages();
    let mut moments = Moments::default();
    let mut watch = |record: &StageRecord, _: &Population<R>| {
        moments = record.tally.moments.clone();
        observer(record);
    };
    while flow.advance(&mut model, &mut watch)? == Advance::Moved {}
    let log_densities = match run.log_densities {
        true => {
            let all = bytemuck::cast_slice::<Row<F64>, f64>(flow.population().scalar(0));
            all[..particles].to_vec()
        }
        false => Vec::new(),
    };
    Ok(DiffuseResult {
        samples: positions(flow.population()),
        mean: moments.mean().to_vec(),
        sd: moments.sd(),
        nonfinite: particles - moments.weight() as usize,
        calls: program.calls(),
        log_densities,
        totals: flow.totals().clone(),
    })
}
