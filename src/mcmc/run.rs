//! The front door to many-chain sampling: `Sample::new(&target).particles(1024).draws(100).run()?`.

use super::finite::finite_particles;
use super::{ACCEPTED, Chains, MoveSettings, Start, Work, check_reference};
use crate::diagnostics::Convergence;
use crate::error::{Error, Result};
use crate::flow::{
    Advance, FeynmanKac, Flow, Resampler, StageRecord, Tally, copy_positions, positions,
};
use crate::particles::Population;
use crate::target::{BlockTarget, Path, Precision};
use driftlane_kernels::F64;

/// Settings of a many-chain run; every one has a default.
#[derive(Clone)]
pub struct Sample<'a> {
    target: &'a dyn BlockTarget,
    particles: usize,
    seed: u64,
    mover: MoveSettings,
    warmup: usize,
    moves: usize,
    kept_every: Option<usize>,
    start: Start,
    positions: Vec<f64>,
}

/// What a many-chain run returns.
#[derive(Debug, Clone)]
pub struct SampleResult {
    /// Mean acceptance probability after warm-up; `None` for unadjusted dynamics.
    pub acceptance: Option<f64>,
    /// The step size used after warm-up.
    pub step_size: f64,
    /// The longest trajectory in units of the scales, where its length was tuned.
    pub trajectory_length: Option<f64>,
    /// Means of the coordinates: over kept draws, else over the populations looked at; of particles
    /// that were finite.
    pub mean: Vec<f64>,
    /// Standard deviations of the coordinates, likewise.
    pub sd: Vec<f64>,
    /// Rank-normalised split R-hat of every coordinate, over chains that ended finite; empty where no
    /// draws were kept.
    pub r_hat: Vec<f64>,
    /// Bulk effective sample size of every coordinate, likewise.
    pub ess_bulk: Vec<f64>,
    /// Tail effective sample size of every coordinate; empty where no draws were kept.
    pub ess_tail: Vec<f64>,
    /// Monte Carlo standard error of every mean; empty where no draws were kept.
    pub mcse_mean: Vec<f64>,
    /// The last population, `[particles, dim]`.
    pub samples: Vec<f64>,
    /// Kept draws, `[draw, particles, dim]`.
    pub draws: Option<Vec<f64>>,
    /// Moves, evaluations and non-finite values; of unadjusted dynamics, which evaluates no density on
    /// its way, a particle that diverged counts as one.
    pub totals: Tally,
    /// Moves of every particle, warm-up included.
    pub steps: usize,
    /// Particles whose log density was NaN or +infinity at their start.
    pub nonfinite_starts: usize,
    /// Particles whose position, or in adjusted moves log density, was not finite at the end.
    pub nonfinite: usize,
    /// Particles that accepted none of the moves after warm-up; 0 for unadjusted dynamics.
    pub stuck: usize,
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
        let path = Path::plain(self.target);
        let dim = path.dim();
        self.validate(dim)?;
        let mover = self.mover.build_for::<R>(self.target)?;
        check_reference(&*mover, &path)?;
        // Moments are looked at every 64 moves (unadjusted) or 8 (adjusted, a density and many
        // gradients each): often enough for the moments, seldom enough to stay in cache.
        let every = self
            .kept_every
            .unwrap_or(if mover.adjusted() { 8 } else { 64 });
        let adjusted = mover.adjusted();
        let work = Work {
            warmup: self.warmup,
            moves: self.moves,
            every,
        };
        let mut model =
            Chains::new(path, mover, self.start, work, self.seed).with_mass(self.mover.mass);
        let mut population = Population::<R>::new(self.particles, dim, model.channels());
        if self.start == Start::Given {
            population.set_positions(&self.positions);
        }
        // No weights, so nothing is ever resampled.
        let resampler = Resampler::Multinomial;
        let mut flow = Flow::start_from(&model, population, self.seed, resampler)?;
        flow.forget_stages();
        let nonfinite_starts = flow.totals().nonfinite() as usize;

        let row = self.particles * dim;
        let kept = self.kept_every.map_or(0, |thin| self.moves / thin);
        let mut draws = vec![0.0; kept * row];
        let mut next = 0;
        loop {
            let done = flow.advance(&mut model, &mut |record, population| {
                if kept > 0 && work.keeps(record.time, adjusted) {
                    copy_positions(population, &mut draws[next * row..(next + 1) * row]);
                    next += 1;
                }
                observer(record);
            })?;
            if done == Advance::Finished {
                break;
            }
        }
        let population = flow.population();
        let chains = finite_particles(population, adjusted);
        let mut series = vec![0.0; kept * chains.len()];
        let convergence: Vec<Convergence> = (0..if kept > 0 { dim } else { 0 })
            .map(|j| {
                // Chain by chain, as the diagnostics read it.
                for (values, chain) in series.chunks_exact_mut(kept).zip(&chains) {
                    for (draw, value) in values.iter_mut().enumerate() {
                        *value = draws[draw * row + chain * dim + j];
                    }
                }
                Convergence::of(&series, chains.len(), kept)
            })
            .collect();
        let each = |f: fn(&Convergence) -> f64| convergence.iter().map(f).collect::<Vec<f64>>();
        let nonfinite = self.particles - chains.len();
        let mut totals = flow.totals().clone();
        let mut stuck = 0;
        if adjusted {
            let accepted = population.scalar_values(ACCEPTED);
            stuck = accepted.iter().filter(|count| **count == 0.0).count();
        } else {
            totals.nan += nonfinite as u64;
        }
        let moments = &model.kept().moments;
        Ok(SampleResult {
            acceptance: if adjusted {
                model.kept().acceptance()
            } else {
                None
            },
            step_size: model.mover().step_size(),
            trajectory_length: model.mover().trajectory_length(),
            mean: moments.mean().to_vec(),
            sd: moments.sd(),
            r_hat: each(|c| c.r_hat),
            ess_bulk: each(|c| c.ess_bulk),
            ess_tail: each(|c| c.ess_tail),
            mcse_mean: each(|c| c.mcse_mean),
            samples: positions(population),
            totals,
            nonfinite_starts,
            nonfinite,
            stuck,
            steps: self.warmup + self.moves,
            draws: (kept > 0).then_some(draws),
        })
    }

    fn validate(&self, dim: usize) -> Result<()> {
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
