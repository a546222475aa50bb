//! Whether a run fits the memory there is, before anything is allocated.

use super::bytes::shown;
use super::{DiffuseMethod, Length, Method, SampleMethod, Settings};
use crate::cli::diffuse::Plan;
use crate::diffusion::{Operation, STEPS_PER_VISIT, Step};
use crate::error::{Error, Result};
use crate::record::manifest;
use crate::target::{BlockTarget, Prediction};

impl Settings {
    /// The bytes a run of so many particles needs for `dim` coordinates: particles with their gradients,
    /// momenta and copies, kept draws and their diagnostics.
    pub fn memory_estimate(&self, particles: u64, dim: usize) -> u64 {
        let word = self.population.precision.bytes();
        let dim = dim as u64;
        // Particles lie in whole tiles, 32 of them in double precision; every thread works on one.
        let tile = 256 / word;
        let particles = particles.div_ceil(tile).saturating_mul(tile);
        let scratch = (self.population.threads as u64)
            .saturating_mul(tile)
            .saturating_mul(dim);
        let scratch = scratch.saturating_mul(6 * word);
        // Position, momentum, gradient, a proposal of each, and one channel being resampled; two log
        // densities, acceptances, weights and ancestors, which are double in either precision.
        let channels = 7u64.saturating_mul(dim).saturating_add(10);
        let moving = particles.saturating_mul(channels).saturating_mul(word);
        let kept = match &self.method {
            Method::Sample(SampleMethod {
                length: Length::Draws(k),
                thin,
                ..
            }) => k / (*thin).max(1),
            // Starts, ends, fine solutions, and what every particle says of an error.
            Method::Compare(method) => 5 + method.calls.len() as u64,
            _ => 1,
        };
        // What moves tell of a draw: five doubles of every particle, and energies of all draws.
        let told = match &self.method {
            Method::Sample(SampleMethod {
                length: Length::Draws(_),
                ..
            }) => particles
                .saturating_mul(8)
                .saturating_mul(kept.saturating_add(5)),
            _ => 0,
        };
        let moving = moving.saturating_add(told);
        // Diagnostics take one coordinate at a time: its series, ranks and scores.
        let words = dim.saturating_add(5);
        moving.saturating_add(scratch).saturating_add(
            kept.saturating_mul(particles)
                .saturating_mul(words)
                .saturating_mul(8),
        )
    }

    /// The bytes of the denoisers that a program keeps at a time: those of the steps of one visit, each with tables
    /// as long as the target. Nothing for other verbs, and for what is refused elsewhere.
    pub fn denoiser_estimate(&self, target: &dyn BlockTarget) -> u64 {
        let of = |method: &DiffuseMethod| {
            let (calls, first) = match method.plan().ok()? {
                Plan::Adaptive(adaptive, ends) => (adaptive.order, ends.0),
                Plan::Program(program) => {
                    let calls = |steps: &[Step]| {
                        let all = steps.iter().flat_map(|step| &step.operations);
                        all.filter(|operation| matches!(operation, Operation::Evaluate { .. }))
                            .count()
                    };
                    let most = program.steps.chunks(STEPS_PER_VISIT).map(calls).max()?;
                    (most, program.steps.first()?.from)
                }
            };
            let denoiser = target.denoiser(first.alpha, first.sigma, Prediction::Noise)?;
            // Guidance calls two of them.
            let each = 1 + u64::from(method.denoising.guidance.is_some());
            Some(each * calls as u64 * denoiser.bytes() as u64)
        };
        match &self.method {
            Method::Diffuse(method) => of(method).unwrap_or(0),
            Method::Compare(method) => {
                let most = method.calls.iter().copied().max().unwrap_or(1);
                let all = method.entrants.iter();
                all.filter_map(|entrant| of(&entrant.at(most)))
                    .max()
                    .unwrap_or(0)
            }
            _ => 0,
        }
    }

    /// Refuses a run on `target` that does not fit the memory this process may still use.
    pub fn check_memory_for(&self, particles: u64, target: &dyn BlockTarget) -> Result<()> {
        self.check_bytes(particles, target.dim(), self.denoiser_estimate(target))
    }

    /// Refuses the particles of a run that do not fit the memory this process may still use.
    pub fn check_memory(&self, particles: u64, dim: usize) -> Result<()> {
        self.check_bytes(particles, dim, 0)
    }

    /// The same with so many bytes besides those of particles.
    fn check_bytes(&self, particles: u64, dim: usize, denoisers: u64) -> Result<()> {
        let Some(available) = manifest::available_memory() else {
            return Ok(());
        };
        let needed = self.memory_estimate(particles, dim);
        let needed = needed.saturating_add(denoisers);
        if needed <= available {
            return Ok(());
        }
        let advice = match &self.method {
            Method::Sample(SampleMethod {
                length: Length::Draws(k),
                ..
            }) => {
                format!(" with --draws {k}; lower either, or use --steps")
            }
            _ => "; lower it".into(),
        };
        let of_them = match denoisers {
            0 => String::new(),
            bytes => format!(" ({} of them by denoisers)", shown(bytes)),
        };
        let allowed = format!(
            "must fit memory: {} needed{of_them}, {} available for {dim} coordinates{advice}",
            shown(needed),
            shown(available)
        );
        Err(Error::invalid("--particles", particles, allowed))
    }
}
