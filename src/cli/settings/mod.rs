//! A run's settings with every default filled in, judged, and written out again.
//!
//! `resolve` makes them from what was given, `complete` adds what the target tells, `contradictions` judges whether
//! they fit each other, `text` writes them as an experiment file, `memory` and `disk` judge whether they fit the
//! machine, `names` holds the choices that have names, `notes` what is said before a run.

mod bytes;
mod cadence;
mod compare;
mod complete;
mod contradictions;
mod diffuse;
mod disk;
mod memory;
mod method;
mod names;
mod notes;
mod resolve;
mod target;
mod text;

pub use crate::flow::{Resampler, Resampling};
pub use crate::mcmc::{Mass, MoveKind as Sampler};
pub use cadence::Cadence;
pub use complete::Remark;
pub use method::{
    CompareMethod, DiffuseMethod, Entrant, Length, Levels, Method, ReferenceSpec, SampleMethod,
    SmcMethod, Tuning,
};
pub use names::Precision;
pub use target::TargetSpec;

use std::path::PathBuf;
use std::time::Duration;

/// Everything a run needs to know. Made by [`super::parse`] or [`Settings::from_toml`].
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What is sampled.
    pub target: TargetSpec,
    /// How.
    pub method: Method,
    /// By how many particles, from where.
    pub population: Population,
    /// What is printed and written.
    pub output: Output,
    /// What stands beside them in `config.toml`, for who reads it.
    pub remarks: Vec<Remark>,
}

/// Where particles start.
#[derive(Debug, Clone, PartialEq)]
pub enum Init {
    /// The prior if the target has one, else the reference; of `diffuse` noise, of `compare` exact draws at the first
    /// noise level.
    Default,
    /// Exact draws from the target.
    Exact,
    /// Draws from its prior.
    Prior,
    /// Draws from the reference.
    Reference,
    /// An .npy file of shape [N, dim], whose N is the number of particles.
    File(PathBuf),
}

/// The population.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    /// Particles; `None` when `init` is a file, whose N rules, and none were asked for.
    pub particles: Option<u64>,
    /// The seed.
    pub seed: u64,
    /// Threads.
    pub threads: usize,
    /// Precision.
    pub precision: Precision,
    /// Where particles start.
    pub init: Init,
}

/// What is printed and written.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The run folder; `None`: the first free `runs/<target>-<n>`.
    pub out: Option<PathBuf>,
    /// Whether a run folder is written.
    pub save: bool,
    /// Whether an existing run folder may be replaced.
    pub force: bool,
    /// Whether the summary is printed as JSON.
    pub json: bool,
    /// Whether progress is left out.
    pub quiet: bool,
    /// Whether a warning means exit code 1.
    pub strict: bool,
    /// When checkpoints are written.
    pub checkpoint_every: Cadence,
    /// How long the computation may take before it is interrupted.
    pub time_limit: Option<Duration>,
}

impl Settings {
    /// `sample`, `smc`, `diffuse` or `compare`.
    pub fn verb(&self) -> &'static str {
        match self.method {
            Method::Sample(_) => "sample",
            Method::Smc(_) => "smc",
            Method::Diffuse(_) => "diffuse",
            Method::Compare(_) => "compare",
        }
    }

    /// Moves of a particle in a run of `sample`, warm-up included; of others nothing is known before.
    pub fn moves(&self) -> Option<f64> {
        let Method::Sample(method) = &self.method else {
            return None;
        };
        let thin = method.thin.max(1);
        let kept = method.length.moves() / thin * thin;
        Some(method.warmup.saturating_add(kept) as f64)
    }

    /// The number of particles when no file rules it.
    pub fn particles(&self) -> u64 {
        self.population
            .particles
            .unwrap_or_else(|| default_particles(&self.method))
    }
}

fn default_particles(method: &Method) -> u64 {
    match method {
        Method::Sample(_) => 1024,
        Method::Smc(_) => 2048,
        Method::Diffuse(_) | Method::Compare(_) => 4096,
    }
}
