//! Whether a run fits the memory there is, before anything is allocated.

use super::bytes::{count, shown};
use super::{DiffuseMethod, Init, Length, Method, SampleMethod, Sampler, Settings, Tuning};
use crate::cli::diffuse::Plan;
use crate::cli::execute::mover;
use crate::diffusion::{Operation, STEPS_PER_VISIT, Step};
use crate::error::{Error, Result};
use crate::record::manifest;
use crate::target::{BlockTarget, Prediction};
use driftlane_kernels::F64;

/// The program, its threads and what it reads, writes and draws beside particles: 14 MB were measured.
const PROGRAM: u64 = 20 << 20;
/// Rows of a tile that a thread works with, for every coordinate.
const SCRATCH_ROWS: u64 = 8;
/// Scalar channels of a chain: two log densities, acceptances, the halvings of step sizes that are tuned, and
/// what moves tell where draws are kept.
pub(super) const CHAIN_SCALARS: [u64; 2] = [4, 9];
/// Numbers kept with a draw: log density, acceptance, divergence, energy, steps and step size, and energies once more as
/// they are judged.
const STATISTICS: u64 = 7;
/// Words a draw that the diagnostics of a coordinate take: the series and its halves, two orders of a value and a place,
/// scores of each.
const DIAGNOSTIC_WORDS: u64 = 8;

impl DiffuseMethod {
    /// Vector channels of a particle: registers that are carried from visit to visit and, in single precision, the
    /// rounding of each.
    pub(super) fn vectors(&self, single: bool) -> u64 {
        match self.plan() {
            Ok(Plan::Program(program)) => {
                let carried = 1 + program.carried_across(STEPS_PER_VISIT).len() as u64;
                carried * if single { 2 } else { 1 }
            }
            _ => 4,
        }
    }
}

/// Vector channels of a move, and whether it is adjusted.
pub(super) fn move_vectors(sampler: Sampler, tuning: &Tuning) -> (usize, bool) {
    // In the plane, which no move refuses: channels do not depend on the dimension, tables of a move do.
    let built = mover(sampler, tuning).build::<F64>(2);
    built.map_or((3, true), |built| (built.vectors(), built.adjusted()))
}

impl Settings {
    /// The bytes a run of so many particles needs for `dim` coordinates: the channels it declares, what
    /// resampling and genealogies take, starts that were given, kept draws and their diagnostics.
    pub fn memory_estimate(&self, particles: u64, dim: usize) -> u64 {
        let word = self.population.precision.bytes();
        // Particles lie in whole tiles, 32 of them in double precision; every thread works on one.
        let tile = 256 / word;
        let whole = particles.div_ceil(tile).saturating_mul(tile);
        let threads = self.population.threads as u64;
        let scratch = threads
            .saturating_mul(tile * word * SCRATCH_ROWS)
            .saturating_mul(dim as u64);
        let moving = whole.saturating_mul(self.particle_bytes(dim));
        let kept = self
            .draws_estimate(particles, dim)
            .saturating_add(self.diagnostics_estimate(particles, dim));
        [moving, scratch, kept]
            .into_iter()
            .fold(PROGRAM, u64::saturating_add)
    }

    /// The bytes that diagnostics of kept draws take: a coordinate a thread at a time.
    fn diagnostics_estimate(&self, particles: u64, dim: usize) -> u64 {
        if !matches!(self.method, Method::Sample(_)) {
            return 0;
        }
        let coordinates = (self.population.threads as u64).min(dim as u64).max(1);
        self.kept_estimate()
            .saturating_mul(particles)
            .saturating_mul(8 * DIAGNOSTIC_WORDS * coordinates)
    }

    /// The bytes of a particle: its channels, and what is kept of it beside them.
    fn particle_bytes(&self, dim: usize) -> u64 {
        let word = self.population.precision.bytes();
        let row = (dim as u64).saturating_mul(word);
        let doubles = (dim as u64).saturating_mul(8);
        let given = match &self.population.init {
            Init::File(_) => doubles,
            _ => 0,
        };
        let channels = match &self.method {
            Method::Sample(method) => {
                let (vectors, adjusted) = move_vectors(method.sampler, &method.tuning);
                let keeps = matches!(method.length, Length::Draws(_));
                let scalars = if adjusted {
                    CHAIN_SCALARS[usize::from(keeps)]
                } else {
                    0
                };
                row.saturating_mul(vectors as u64) + 8 * scalars
            }
            Method::Smc(method) => {
                let (vectors, _) = move_vectors(method.kernel, &method.tuning);
                // Where a stage began, where its length is found.
                let vectors = vectors as u64 + u64::from(method.moves_per_stage.is_none());
                // Two log densities, accepted moves, the weight; of resampling offspring, ancestors and their matching, and of
                // descent one number a generation. A quarter of a channel travels between chunks.
                let generations = method.lag.unwrap_or(1);
                let words = 8 * 4 + 4 * 4 + 4 * generations.min(1 << 20);
                let states = method.chain_length.map_or(0, |_| row + 16 + doubles);
                let weighed = if method.keep_particles {
                    doubles + 12
                } else {
                    0
                };
                let merged = if method.islands > 1 { 2 * doubles } else { 0 };
                row.saturating_mul(vectors) + row / 4 + words + states + weighed + merged
            }
            Method::Diffuse(method) => row.saturating_mul(method.vectors(word == 4)),
            Method::Compare(method) => {
                let most = method.calls.iter().copied().max().unwrap_or(1);
                let entrants = method.entrants.iter();
                let vectors = entrants.map(|entrant| entrant.at(most).vectors(word == 4));
                row.saturating_mul(vectors.max().unwrap_or(1))
            }
        };
        channels.saturating_add(given)
    }

    /// Numbers of a kept population, a particle.
    fn draw_words(&self, dim: usize) -> u64 {
        (dim as u64).saturating_add(match self.method {
            Method::Sample(SampleMethod { sampler, .. }) if sampler.is_adjusted() => STATISTICS,
            _ => 0,
        })
    }

    /// The bytes of kept draws, with the statistics of each.
    fn draws_estimate(&self, particles: u64, dim: usize) -> u64 {
        self.kept_estimate()
            .saturating_mul(particles)
            .saturating_mul(8)
            .saturating_mul(self.draw_words(dim))
    }

    /// Populations that are kept.
    fn kept_estimate(&self) -> u64 {
        match &self.method {
            Method::Sample(SampleMethod {
                length: Length::Draws(k),
                thin,
                ..
            }) => k / (*thin).max(1),
            // Starts, ends, fine solutions, and what every particle says of an error.
            Method::Compare(method) => 5 + method.calls.len() as u64,
            _ => 0,
        }
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
        let denoisers = (self.denoiser_estimate(target), "by denoisers");
        self.check_bytes(particles, target.dim(), denoisers)
    }

    /// The bytes that a run which goes on needs besides: `read_back` bytes of its draws are held twice while they are
    /// read back, when the draws to come take no memory yet.
    pub fn read_back_estimate(&self, particles: u64, dim: usize, read_back: u64) -> u64 {
        let to_come = self
            .draws_estimate(particles, dim)
            .saturating_sub(read_back);
        read_back.saturating_sub(to_come)
    }

    /// [`check_memory_for`](Settings::check_memory_for) a run that goes on.
    pub fn check_memory_again(
        &self,
        particles: u64,
        target: &dyn BlockTarget,
        read_back: u64,
    ) -> Result<()> {
        let twice = self.read_back_estimate(particles, target.dim(), read_back);
        let besides = (twice, "to read back the draws that are kept");
        self.check_bytes(particles, target.dim(), besides)
    }

    /// Refuses the particles of a run that do not fit the memory this process may still use.
    pub fn check_memory(&self, particles: u64, dim: usize) -> Result<()> {
        self.check_bytes(particles, dim, (0, ""))
    }

    /// The same with so many bytes besides those of particles.
    fn check_bytes(
        &self,
        particles: u64,
        dim: usize,
        (besides, what_for): (u64, &str),
    ) -> Result<()> {
        let Some(available) = manifest::available_memory() else {
            return Ok(());
        };
        let needed = self.memory_estimate(particles, dim);
        let needed = needed.saturating_add(besides);
        if needed <= available {
            return Ok(());
        }
        let of_them = match besides {
            0 => String::new(),
            bytes => format!(" ({} of them {what_for})", shown(bytes)),
        };
        let allowed = |advice: &str| {
            format!(
                "must fit memory: {} needed{of_them}, {} available for {}{advice}",
                shown(needed),
                shown(available),
                count(dim, "coordinate")
            )
        };
        Err(match &self.method {
            // The field to lower is that which the rest would fit without.
            Method::Sample(SampleMethod {
                length: Length::Draws(k),
                ..
            }) => {
                let either = "lower either, or use --steps";
                let kept = self
                    .draws_estimate(particles, dim)
                    .saturating_add(self.diagnostics_estimate(particles, dim));
                match needed.saturating_sub(kept) <= available {
                    true => {
                        let advice = format!(" with --particles {particles}; {either}");
                        Error::invalid("--draws", k, allowed(&advice))
                    }
                    false => {
                        let advice = format!(" with --draws {k}; {either}");
                        Error::invalid("--particles", particles, allowed(&advice))
                    }
                }
            }
            _ => Error::invalid("--particles", particles, allowed("; lower it")),
        })
    }
}
