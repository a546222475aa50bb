//! Tempered SMC (Del Moral, Doucet, Jasra 2006, doi 10.1111/j.1467-9868.2006.00553.x; adaptive
//! temperatures: Jasra, Stephens, Doucet, Tsagaris 2011, doi 10.1111/j.1467-9469.2010.00723.x; scales
//! from the population: Buchholz, Chopin, Jacob 2021, arXiv:1808.07730).
//!
//! ```text
//! M_0 = reference,   G_t(x) = exp((b_(t+1) - b_t) ratio(x)),   M_t invariant for pi_(b_t)
//! ```
//!
//! At every temperature the scales are the standard deviations of the weighted population and the
//! step size is tuned anew: acceptance decays along the path otherwise. Tuning sees populations, not
//! particles; its effect on log Z is O(1/N). With a fixed ladder and fixed moves Z is unbiased.

mod flow;
mod saved;
mod tuning;

use super::decorrelation::Decorrelation;
use super::ladder::MOST_TEMPERATURES;
use super::{Ladder, MovesPerStage, Schedule, ScheduledStage, Stiffness, WasteFree};
use crate::error::Result;
use crate::flow::{Resampling, Tally};
use crate::mcmc::{Mass, Move};
use crate::target::{Path, Precision};
use serde::{Deserialize, Serialize};
use tuning::Tuning;

/// What one temperature came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemperatureRecord {
    /// b_t.
    pub tempering_param: f64,
    /// Mean acceptance probability of the moves at it.
    pub acceptance: f64,
    /// Step size after the moves at it.
    pub step_size: f64,
    /// Moves of every particle at it, those of tuning at the first temperature left out.
    pub moves: usize,
    /// Acceptance at it where log ratios are highest, once the next temperature is planned.
    pub stiffness: Stiffness,
}

/// The tempering flow.
pub struct Tempering<'a, R: Precision> {
    path: Path<'a>,
    mover: Box<dyn Move<R> + 'a>,
    ladder: Ladder,
    moves_per_stage: MovesPerStage,
    resampling: Resampling,
    tuning: Tuning,
    seed: u64,
    tempering_param: f64,
    next: f64,
    records: Vec<TemperatureRecord>,
    stage: Tally,
    /// The scales in use, and what the moves counted so far have made of step sizes.
    scales: Vec<f64>,
    /// Whether the move has these scales, and the location it was given last.
    scaled: bool,
    location: Vec<f64>,
    log_step_sizes: f64,
    scheduled: Vec<ScheduledStage>,
    mass: Mass,
    decorrelation: Decorrelation,
    /// States kept of every chain (waste-free), or none.
    states: usize,
    /// b_(t+1) - b_t of the last weighting.
    step: f64,
    weightings: Vec<WasteFree>,
}

impl<'a, R: Precision> Tempering<'a, R> {
    /// From the reference of `path` to its target with `moves_per_stage` moves at every temperature.
    pub fn new(
        path: Path<'a>,
        mover: Box<dyn Move<R> + 'a>,
        ladder: Ladder,
        moves_per_stage: MovesPerStage,
        seed: u64,
    ) -> Self {
        let scales = vec![1.0; path.dim()];
        Self {
            path,
            mover,
            ladder,
            moves_per_stage,
            resampling: Resampling::Always,
            tuning: Tuning::Population,
            seed,
            tempering_param: 0.0,
            next: 0.0,
            records: Vec::new(),
            stage: Tally::default(),
            scales,
            scaled: false,
            location: Vec::new(),
            log_step_sizes: 0.0,
            scheduled: Vec::new(),
            decorrelation: Decorrelation::default(),
            mass: Mass::Variance,
            states: 0,
            step: 0.0,
            weightings: Vec::new(),
        }
    }

    /// Scales are set by another inverse mass matrix than the variances.
    pub fn with_mass(mut self, mass: Mass) -> Self {
        self.mass = mass;
        self
    }

    /// Waste-free: every particle is a chain of `states` states, at least 2, all of which are weighted;
    /// `states - 1` moves lie between them, and chains are resampled at every temperature.
    pub fn keeping_states(mut self, states: usize) -> Self {
        self.states = states.max(2);
        self.moves_per_stage = MovesPerStage::Fixed(self.states - 1);
        self.resampling = Resampling::Always;
        self
    }

    /// What waste-free SMC saw at every weighting; empty without it.
    pub fn weightings(&self) -> &[WasteFree] {
        &self.weightings
    }

    /// Resamples only when due; the last temperature is resampled always, so that the population
    /// ends with equal weights.
    pub fn with_resampling(mut self, resampling: Resampling) -> Self {
        self.resampling = resampling;
        self
    }

    /// Leaves step size and scales as they are: with a fixed ladder Z is then exactly unbiased.
    pub fn without_tuning(mut self) -> Self {
        self.tuning = Tuning::None;
        self
    }

    /// Replays temperatures, step sizes and scales of another run: Z is then exactly unbiased. Refused
    /// where the schedule does not fit move and target ([`Schedule::check`]).
    pub fn with_schedule(mut self, schedule: Schedule) -> Result<Self> {
        schedule.check(self.mover.name(), self.path.dim())?;
        self.ladder = Ladder::fixed(schedule.ladder())?;
        self.tuning = Tuning::Schedule(schedule);
        Ok(self)
    }

    /// What this run settled on so far.
    pub fn schedule(&self) -> Schedule {
        Schedule {
            mover: self.mover.name().to_owned(),
            stages: self.scheduled.clone(),
        }
    }

    /// Whether moves go on until the population has decorrelated, which takes a channel of its own.
    fn watches(&self) -> bool {
        let tuned = !matches!(self.tuning, Tuning::Schedule(_));
        tuned
            && matches!(
                self.moves_per_stage,
                MovesPerStage::UntilDecorrelated { .. }
            )
    }

    /// Every temperature after the first (0).
    pub fn records(&self) -> &[TemperatureRecord] {
        &self.records
    }

    /// Whether so many temperatures after the first are no more than there are.
    pub(super) fn fits(&self, time: usize) -> bool {
        let scheduled = match &self.tuning {
            Tuning::Schedule(schedule) => time <= schedule.stages.len(),
            _ => true,
        };
        let fixed = match &self.ladder {
            Ladder::Fixed(ladder) => time < ladder.len(),
            Ladder::Adaptive { .. } => time <= MOST_TEMPERATURES,
        };
        // At the end of the ladder there is no next temperature to ask for.
        let ended = self.tempering_param >= 1.0;
        let open = match &self.ladder {
            Ladder::Fixed(ladder) => ended || time + 1 < ladder.len(),
            Ladder::Adaptive { .. } => true,
        };
        scheduled && fixed && open
    }

    /// The path.
    pub fn path(&self) -> &Path<'a> {
        &self.path
    }
}
