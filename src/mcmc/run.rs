//! The front door to many-chain sampling: `Sample::new(&target).particles(1024).draws(100).run()?`.

use super::{Chains, MoveSettings, Start, Work};
use crate::diagnostics::{ess_bulk, r_hat};
use crate::error::{Error, Result};
use crate::flow::{Advance, FeynmanKac, Flow, Resampler, StageRecord, Tally};
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
    /// Means of the coordinates: over kept draws, else over the populations looked at.
    pub mean: Vec<f64>,
    /// Standard deviations of the coordinates, likewise.
    pub sd: Vec<f64>,
    /// Rank-normalised split R-hat of every coordinate; empty where no draws were kept.
    pub r_hat: Vec<f64>,
    /// Bulk effective sample size of every coordinate; empty where no draws were kept.
    pub ess_bulk: Vec<f64>,
    /// The last population, `[particles, dim]`.
    pub samples: Vec<f64>,
    /// Kept draws, `[draw, particles, dim]`.
    pub draws: Option<Vec<f64>>,
    /// Moves, evaluations and non-finite values.
    pub totals: Tally,
    /// Moves of every particle, warm-up included.
    pub steps: usize,
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
        let mut model = Chains::new(path, mover, self.start, work, self.seed);
        let mut population = Population::<R>::new(self.particles, dim, model.channels());
        if self.start == Start::Given {
            population.set_positions(&self.positions);
        }
        // No weights, so nothing is ever resampled.
        let resampler = Resampler::Multinomial;
        let mut flow = Flow::start_from(&model, population, self.seed, resampler)?;
        flow.forget_stages();

        let row = self.particles * dim;
        let kept = self.kept_every.map_or(0, |thin| self.moves / thin);
        let mut draws = vec![0.0; kept * row];
        let mut next = 0;
        loop {
            let done = flow.advance(&mut model, &mut |record, population| {
                if kept > 0 && work.keeps(record.time, adjusted) {
                    population.copy_positions(&mut draws[next * row..(next + 1) * row]);
                    next += 1;
                }
                observer(record);
            })?;
            if done == Advance::Finished {
                break;
            }
        }
        let each = |f: fn(&[f64], usize, usize) -> f64| -> Vec<f64> {
            let mut series = vec![0.0; kept * self.particles];
            (0..if kept > 0 { dim } else { 0 })
                .map(|j| {
                    // Chain by chain, as the diagnostics read it.
                    for (chain, values) in series.chunks_exact_mut(kept).enumerate() {
                        for (draw, value) in values.iter_mut().enumerate() {
                            *value = draws[draw * row + chain * dim + j];
                        }
                    }
                    f(&series, self.particles, kept)
                })
                .collect()
        };
        let moments = &model.kept().moments;
        Ok(SampleResult {
            acceptance: if adjusted {
                model.kept().acceptance()
            } else {
                None
            },
            step_size: model.mover().step_size(),
            mean: moments.mean().to_vec(),
            sd: moments.sd(),
            r_hat: each(r_hat),
            ess_bulk: each(ess_bulk),
            samples: flow.population().positions(),
            totals: flow.totals().clone(),
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
