//! The front door to many-chain sampling: `Sample::new(&target).particles(1024).draws(100).run()?`.

use super::{KeptDraws, MoveSettings, SampleRun, Start, Stuck};
use crate::error::{Error, Result};
use crate::flow::{Advance, StageRecord, Tally};
use crate::particles::Samples;
use crate::target::{BlockTarget, Precision};
use driftlane_kernels::F64;

/// Settings of a many-chain run; every one has a default.
#[derive(Clone)]
pub struct Sample<'a> {
    pub(super) target: &'a dyn BlockTarget,
    pub(super) particles: usize,
    pub(super) seed: u64,
    pub(super) mover: MoveSettings,
    pub(super) warmup: usize,
    pub(super) moves: usize,
    pub(super) kept_every: Option<usize>,
    pub(super) start: Start,
    pub(super) positions: Vec<f64>,
}

/// What a many-chain run returns.
#[derive(Debug, Clone)]
pub struct SampleResult {
    /// Mean acceptance probability after warm-up; `None` for unadjusted dynamics.
    pub acceptance: Option<f64>,
    /// The step size used after warm-up.
    pub step_size: f64,
    /// The scales of moves after warm-up, whose squares are the diagonal of the inverse mass matrix; empty where they
    /// were not tuned: all 1.
    pub scales: Vec<f64>,
    /// The longest trajectory in units of the scales, where its length was tuned.
    pub trajectory_length: Option<f64>,
    /// Means of the coordinates: over kept draws, else over the populations looked at; of particles
    /// that were finite.
    pub mean: Vec<f64>,
    /// Standard deviations of the coordinates, likewise.
    pub sd: Vec<f64>,
    /// R-hat of every coordinate, over chains that ended finite: nested where they are more than 64, else
    /// rank-normalised split; empty where no draws were kept.
    pub r_hat: Vec<f64>,
    /// What each should be below: 1.01, or what chance gives nested R-hat where that is more.
    pub r_hat_limit: Vec<f64>,
    /// Bulk effective sample size of every coordinate, likewise.
    pub ess_bulk: Vec<f64>,
    /// Tail effective sample size of every coordinate; empty where no draws were kept.
    pub ess_tail: Vec<f64>,
    /// Monte Carlo standard error of every mean; empty where no draws were kept.
    pub mcse_mean: Vec<f64>,
    /// The last population, `[particles, dim]`.
    pub samples: Samples,
    /// Kept draws, where any were asked for.
    pub draws: Option<KeptDraws>,
    /// Moves, evaluations and non-finite values; of unadjusted dynamics, which evaluates no density on
    /// its way, a particle that diverged counts as one.
    pub totals: Tally,
    /// Moves of every particle, warm-up included.
    pub steps: usize,
    /// Particles whose log density was NaN or +infinity at their start.
    pub nonfinite_starts: usize,
    /// Particles whose position, or in adjusted moves log density, was not finite at the end.
    pub nonfinite: usize,
    /// Particles that accepted none of the moves after warm-up; none for unadjusted dynamics.
    pub stuck: Stuck,
    /// Kept draws of a particle with a move before them, since the draw before, that diverged: an energy error above
    /// 1000 or not finite. `None` where none were kept or moves conserve no energy.
    pub divergences: Option<u64>,
    /// E-BFMI of the energies of kept draws, of all chains that moved, each about its own mean; `None` where there are none or it has no value. Of
    /// momenta that are renewed in part (ghmc) it is small whatever the target.
    pub e_bfmi: Option<f64>,
}

impl<'a> Sample<'a> {
    /// 1024 chains of HMC from the target's reference, 200 moves of warm-up, 100 kept draws.
    pub fn new(target: &'a dyn BlockTarget) -> Self {
        Self {
            target,
            particles: 1024,
            seed: 1,
            mover: MoveSettings::default(),
            warmup: 200,
            moves: 100,
            kept_every: Some(1),
            start: Start::Reference,
            positions: Vec::new(),
        }
    }

    /// Chains, at least 1.
    pub fn particles(mut self, particles: usize) -> Self {
        self.particles = particles;
        self
    }
    /// The seed: same seed, same bytes.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
    /// The move and its settings.
    pub fn mover(mut self, mover: MoveSettings) -> Self {
        self.mover = mover;
        self
    }
    /// Moves before anything is kept; adjusted moves are tuned in them.
    pub fn warmup(mut self, moves: usize) -> Self {
        self.warmup = moves;
        self
    }
    /// Keeps `draws` populations, one after every `thin` moves.
    pub fn draws(mut self, draws: usize, thin: usize) -> Self {
        self.moves = draws.saturating_mul(thin);
        self.kept_every = Some(thin);
        self
    }
    /// Makes `moves` moves of which only streaming moments and the last population are kept.
    pub fn steps(mut self, moves: usize) -> Self {
        self.moves = moves;
        self.kept_every = None;
        self
    }
    /// Starts from a law.
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }
    /// Starts from given positions, `[particles, dim]`.
    pub fn positions(mut self, positions: Vec<f64>) -> Self {
        self.start = Start::Given;
        self.positions = positions;
        self
    }

    /// Runs in double precision.
    pub fn run(&self) -> Result<SampleResult> {
        self.run_in::<F64>(&mut |_| {})
    }

    /// Runs in the precision `R`; `observer` is told of every visit.
    pub fn run_in<R: Precision>(
        &self,
        observer: &mut dyn FnMut(&StageRecord),
    ) -> Result<SampleResult> {
        let mut run = SampleRun::<R>::begin(self)?;
        while run.advance(observer, &|| false)? != Advance::Finished {}
        Ok(run.finish())
    }

    pub(super) fn validate(&self, dim: usize) -> Result<()> {
        if self.particles < 1 {
            return Err(Error::invalid("particles", self.particles, "at least 1"));
        }
        if self.moves < 1 || self.kept_every == Some(0) {
            return Err(Error::invalid(
                "moves",
                self.moves,
                "at least 1, thinned by at least 1",
            ));
        }
        if self.start == Start::Given && self.positions.len() != self.particles * dim {
            return Err(Error::invalid(
                "positions",
                format!("{} numbers", self.positions.len()),
                format!("{} particles of {dim} coordinates", self.particles),
            ));
        }
        Ok(())
    }
}
