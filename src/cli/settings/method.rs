//! The verbs and what each of them needs to know.

use super::{Mass, Resampler, Resampling, Sampler};
use crate::diffusion::solver::{Habit, Options};
use crate::diffusion::{Denoising, Grid, GridOptions};
use crate::integrator::{Increments, Scheme};
use std::path::PathBuf;

/// The verb and what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// `sample`.
    Sample(SampleMethod),
    /// `smc`.
    Smc(SmcMethod),
    /// `diffuse`.
    Diffuse(DiffuseMethod),
    /// `compare`.
    Compare(CompareMethod),
}

/// What `compare` sets side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareMethod {
    /// In this order.
    pub entrants: Vec<Entrant>,
    /// The most calls of each row, rising.
    pub calls: Vec<u64>,
    /// Whether solvers with noise are held against a fine solution on the same Brownian path.
    pub strong: bool,
}

/// A solver as it was called, and how it integrates; its calls are those of the row.
#[derive(Debug, Clone, PartialEq)]
pub struct Entrant {
    /// The name given.
    pub name: String,
    /// How.
    pub method: DiffuseMethod,
}

/// How `diffuse` integrates.
#[derive(Debug, Clone, PartialEq)]
pub struct DiffuseMethod {
    /// The solver's name.
    pub solver: String,
    /// Steps, that to noise level 0 included.
    pub steps: u64,
    /// The most calls, in place of steps.
    pub nfe: Option<u64>,
    /// The noise schedule's name.
    pub schedule: String,
    /// The time grid.
    pub grid: Grid,
    /// Its power and shift.
    pub grid_options: GridOptions,
    /// Noise levels in place of a grid.
    pub levels: Option<Levels>,
    /// The schedule's own times in place of a grid.
    pub times: Option<Levels>,
    /// What follows the last noise level; `None`: the solver's habit.
    pub last: Option<Habit>,
    /// What else the solver is told.
    pub options: Options,
    /// How the denoiser is called.
    pub denoising: Denoising,
    /// Whether noise is one Brownian path a particle, whatever the steps.
    pub brownian_path: bool,
    /// Relative and absolute tolerance of adaptive solvers.
    pub tolerances: (f64, f64),
}

/// Noise levels or times given by the user.
#[derive(Debug, Clone, PartialEq)]
pub enum Levels {
    /// These.
    Numbers(Vec<f64>),
    /// An array file.
    File(PathBuf),
}

/// How `sample` moves particles.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleMethod {
    /// The move.
    pub sampler: Sampler,
    /// Moves after warm-up.
    pub length: Length,
    /// Moves before the first draw.
    pub warmup: u64,
    /// Every `thin`-th draw is kept; at least 1.
    pub thin: u64,
    /// Step size and trajectories.
    pub tuning: Tuning,
}

/// How long `sample` runs after warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// This many moves, kept.
    Draws(u64),
    /// This many moves; summaries and the last population are kept.
    Steps(u64),
}

impl Length {
    /// The number of moves.
    pub fn moves(self) -> u64 {
        let (Self::Draws(k) | Self::Steps(k)) = self;
        k
    }
}

/// How `smc` tempers.
#[derive(Debug, Clone, PartialEq)]
pub struct SmcMethod {
    /// The move at each temperature.
    pub kernel: Sampler,
    /// Moves of every particle at each temperature; `None`: until the population has decorrelated, at
    /// most [`MOST_MOVES`](Self::MOST_MOVES).
    pub moves_per_stage: Option<u64>,
    /// States of a waste-free chain, all of them weighted; `None`: one state a particle.
    pub chain_length: Option<u64>,
    /// How many resamplings back the ancestors lie that errors rest on; `None`: to the start.
    pub lag: Option<u64>,
    /// Share of the particles, in (0, 1), that the next temperature's effective sample size keeps.
    pub target_ess: f64,
    /// How populations are resampled.
    pub resampler: Resampler,
    /// When populations are resampled.
    pub resampling: Resampling,
    /// Islands that never meet.
    pub islands: u64,
    /// Independent repetitions.
    pub replicates: u64,
    /// Tempering parameters from 0 to 1, increasing; `None`: chosen on the way.
    pub ladder: Option<Vec<f64>>,
    /// Where tempering starts; `None`: the target's own reference.
    pub reference: Option<ReferenceSpec>,
    /// The folder of the run whose schedule is replayed; `None`: temperatures and moves are tuned.
    pub freeze: Option<PathBuf>,
    /// Whether runs from wider references look for missed modes.
    pub check_modes: bool,
    /// Whether the weighted particles of every temperature are written down.
    pub keep_particles: bool,
    /// Step size and trajectories.
    pub tuning: Tuning,
}

impl SmcMethod {
    /// The most moves at one temperature where their number is not given: where modes are rarely left,
    /// correlations with the start fall for thousands of moves.
    pub const MOST_MOVES: u64 = 100;
}

/// Step size and trajectories of a move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tuning {
    /// Step size, never adapted; `None`: adapted to `target_accept`.
    pub step_size: Option<f64>,
    /// Leapfrog steps of a trajectory (their mean where it is jittered); `None`: its length is tuned.
    pub leapfrog_steps: Option<u64>,
    /// What scales are made from; of adjusted moves only.
    pub mass: Mass,
    /// Relative half-width of the spread of step sizes, in [0, 1).
    pub jitter: f64,
    /// Step sizes log-uniform from 1/F to F times their centre, F at least 1; `None`: by `jitter`.
    pub step_size_spread: Option<f64>,
    /// Acceptance that step sizes adapt to, in (0, 1).
    pub target_accept: f64,
    /// The composition hmc moves by.
    pub integrator: &'static Scheme,
    /// Friction of underdamped dynamics, at least 0; used by its schemes only.
    pub friction: f64,
    /// The law of the noise of unadjusted dynamics.
    pub noise: Increments,
}

/// A reference law given by the user.
#[derive(Debug, Clone, PartialEq)]
pub enum ReferenceSpec {
    /// The prior of a posterior, which is its own reference.
    Prior,
    /// Independent normals of this standard deviation, centred at 0.
    Normal(f64),
    /// Independent Student t with (degrees of freedom, scale), centred at 0.
    Student(f64, f64),
    /// A file that describes it.
    File(PathBuf),
}
