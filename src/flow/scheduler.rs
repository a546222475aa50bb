//! The scheduler: advances a flow one time at a time.

use super::cloud::{Cloud, make_weights, reset_log_weights};
use super::resampling::Workspace;
use super::visit::{Pause, Piece, Visited, visit_until};
use super::{
    FeynmanKac, Genealogy, LeeWhiteley, Potential, Resampler, Resampling, Tally, Weighing,
    visit_blocks,
};
use crate::error::{Error, Result};
use crate::particles::{Channels, Moments, Population, Samples};
use crate::target::Precision;
use bytemuck::cast_slice_mut;
use driftlane_kernels::mutants::active;
use driftlane_kernels::rng::{Purpose, Stream};
use driftlane_kernels::tile::Row;
use driftlane_kernels::weights::WeightSums;
use driftlane_kernels::{F64, Lane, Mask};
use serde::{Deserialize, Serialize};

/// Called after every visit of the scheduler.
pub type Observer<'a, R> = dyn FnMut(&StageRecord, &Population<R>) + 'a;

/// What [`Flow::advance`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// One more time is done.
    Moved,
    /// Asked to pause: the same call goes on from there.
    Paused,
    /// The horizon is reached.
    Finished,
}

/// What happened at one time: the potential G_(t-1), the resampling, and the mutation M_t.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// t, from 1.
    pub time: usize,
    /// The visit of M_t this record was updated after, from 0.
    pub visit: usize,
    /// log sum_i W_i G_(t-1)(x_i); 0 where nothing was weighed.
    pub log_evidence_increment: f64,
    /// Effective sample size after weighting.
    pub ess: f64,
    /// Potentials that were NaN, of particles that had weight: they have none from then on.
    pub nan_potentials: u64,
    /// Whether the population was resampled.
    pub resampled: bool,
    /// The tempering parameter of M_t, where the flow has one.
    pub tempering_param: Option<f64>,
    /// What the visits of M_t did, all together.
    pub tally: Tally,
}

/// A running flow: everything that has to be kept to go on.
#[derive(Debug, Clone)]
pub struct Flow<R: Precision> {
    pub(super) seed: u64,
    pub(super) resampler: Resampler,
    pub(super) time: usize,
    pub(super) epoch: u64,
    pub(super) population: Population<R>,
    /// Empty until something asks for them: uniform.
    pub(super) log_weights: Vec<Row<F64>>,
    pub(super) log_weight_sum: f64,
    pub(super) log_evidence: f64,
    pub(super) genealogy: Genealogy,
    pub(super) lee_whiteley: Option<LeeWhiteley>,
    pub(super) surviving_ancestors: Option<usize>,
    pub(super) workspace: Workspace,
    pub(super) stages: Vec<StageRecord>,
    /// Visits of one time are kept as one record; of flows without potentials only the last.
    pub(super) keep_stages: bool,
    pub(super) totals: Tally,
    /// The mutation under way.
    pub(super) mutation: Option<Mutation>,
    /// The latest weighing, where it is to be kept.
    pub(super) weighing: Option<Weighing>,
    /// What is done of M_0, until all of it is.
    pub(super) starts: Option<Vec<Piece<Tally>>>,
}

/// M_t between its first visit and its last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Mutation {
    record: StageRecord,
    /// Visits that are done.
    visits: usize,
    /// What is done of the next one, where it was paused.
    pub(super) pieces: Vec<Piece<Tally>>,
    /// Whether the next one was begun: its epoch is taken.
    begun: bool,
    /// Whether the model was told of it by this process.
    #[serde(skip)]
    told: bool,
}

impl<R: Precision> Flow<R> {
    /// Remembers the last `lag` generations, at least 1, instead of time 0; before the first time.
    pub fn with_lag(mut self, lag: usize) -> Self {
        self.genealogy = Genealogy::new(self.population.len(), Some(lag));
        self
    }

    pub(super) fn count(&mut self, tally: &Tally) {
        let mut tally = tally.clone();
        tally.moments = Moments::default();
        tally.flight = None;
        self.totals = std::mem::take(&mut self.totals).merge(tally);
    }

    /// Draws X_0 where that is not done; else weighs, plans, resamples and moves once.
    pub fn advance<F>(&mut self, model: &mut F, observer: &mut Observer<'_, R>) -> Result<Advance>
    where
        F: FeynmanKac<Real = R>,
    {
        self.advance_until(model, observer, &|| false)
    }

    /// [`advance`](Flow::advance), but stops between two blocks once `pause` says so. What was done is kept:
    /// called again, by this process or by one that has restored the flow, it goes on to the same bits.
    pub fn advance_until<F>(
        &mut self,
        model: &mut F,
        observer: &mut Observer<'_, R>,
        pause: &Pause<'_>,
    ) -> Result<Advance>
    where
        F: FeynmanKac<Real = R>,
    {
        if !self.started() {
            return self.draw_starts(model, pause);
        }
        if self.mutation.is_none() && self.begin(model)? == Advance::Finished {
            return Ok(Advance::Finished);
        }
        while let Some(mut mutation) = self.mutation.take() {
            let whole = self.visit(model, &mut mutation, pause);
            if whole {
                observer(&mutation.record, &self.population);
                if !model.goes_on(self.time, mutation.visits) {
                    self.keep(mutation.record);
                    break;
                }
            }
            self.mutation = Some(mutation);
            if !whole || pause() {
                return Ok(Advance::Paused);
            }
        }
        Ok(Advance::Moved)
    }

    /// Everything of a time but its mutation.
    fn begin<F>(&mut self, model: &mut F) -> Result<Advance>
    where
        F: FeynmanKac<Real = R>,
    {
        let time = self.time;
        let potential = model.plan_potential(time, &mut self.cloud())?;
        if potential == Potential::Stop {
            return Ok(Advance::Finished);
        }
        let mut record = StageRecord {
            time: time + 1,
            visit: 0,
            log_evidence_increment: 0.0,
            ess: self.population.len() as f64,
            nan_potentials: 0,
            resampled: false,
            tempering_param: None,
            tally: Tally::default(),
        };
        if potential != Potential::One {
            let nan_before = self.totals.nan;
            let sums = self.weigh(model, time, potential)?;
            record.nan_potentials = self.totals.nan - nan_before;
            record.log_evidence_increment = sums.1;
            record.ess = sums.0.ess();
            if potential == Potential::LastThenStop {
                self.keep(record);
                return Ok(Advance::Finished);
            }
            let resampling = model.plan_mutation(time, &mut self.cloud())?;
            let due = match resampling {
                Resampling::Never => false,
                Resampling::Always => true,
                Resampling::BelowEss(f) => record.ess < f * self.population.len() as f64,
            };
            self.keep_weighing(time);
            if due {
                self.resample(&sums.0);
                record.resampled = true;
                if let Some(weighing) = &mut self.weighing {
                    weighing
                        .ancestors
                        .copy_from_slice(self.workspace.ancestors());
                }
            }
        } else {
            model.plan_mutation(time, &mut self.cloud())?;
        }
        self.time += 1;
        record.tempering_param = model.tempering_param();
        self.mutation = Some(Mutation {
            record,
            visits: 0,
            pieces: Vec::new(),
            begun: false,
            told: false,
        });
        Ok(Advance::Moved)
    }

    /// The population with its weights.
    pub fn cloud(&mut self) -> Cloud<'_, R> {
        Cloud {
            population: &mut self.population,
            log_weights: &mut self.log_weights,
        }
    }

    fn keep(&mut self, record: StageRecord) {
        if !self.keep_stages {
            self.stages.clear();
        }
        self.stages.push(record);
    }

    /// Keeps every weighing until the next: positions and weights of all particles, `8 (dim + 1)` bytes each.
    pub fn keep_weighings(&mut self) {
        self.weighing = Some(Weighing::default());
    }

    /// The latest weighing, where they are kept and there was one.
    pub fn weighing(&self) -> Option<&Weighing> {
        let weighing = self.weighing.as_ref();
        weighing.filter(|weighing| !weighing.log_weights.is_empty())
    }

    fn keep_weighing(&mut self, time: usize) {
        if self.weighing.is_none() {
            return;
        }
        let log_weights = bytemuck::cast_slice::<Row<F64>, f64>(&self.log_weights);
        let counted = &log_weights[..self.population.len()];
        self.weighing = Some(Weighing {
            time,
            positions: super::positions(&self.population),
            log_weights: counted.iter().map(|lw| lw - self.log_weight_sum).collect(),
            ancestors: (0..self.population.len() as u32).collect(),
        });
    }

    /// Keeps only the newest stage record: for flows of very many times.
    pub fn forget_stages(&mut self) {
        self.keep_stages = false;
    }

    /// Multiplies the weights by G_t; returns their sums and the increment of log Z.
    fn weigh<F>(
        &mut self,
        model: &F,
        time: usize,
        potential: Potential,
    ) -> Result<(WeightSums, f64)>
    where
        F: FeynmanKac<Real = R>,
    {
        make_weights(&self.population, &mut self.log_weights);
        let (sums, bad) = visit_blocks(
            self.population.span(),
            &mut self.log_weights,
            &Vec::new,
            &|block, log_weights, carried| {
                carried.clear();
                carried.extend_from_slice(log_weights);
                model.log_potential(time, block, log_weights);
                let bad = refuse_nonfinite(log_weights, carried, block.particles());
                (WeightSums::of(log_weights), bad)
            },
            &|a, b| (a.0.merge(b.0), (a.1.0 + b.1.0, a.1.1 + b.1.1)),
        );
        self.totals.nan += bad.0;
        if bad.1 > 0 {
            return Err(Error::Numerical(format!(
                "the density is +infinity at {} particles at time {time}; it must be finite",
                bad.1
            )));
        }
        let log_sum = sums.log_sum();
        if !log_sum.is_finite() {
            return Err(Error::Numerical(format!(
                "all weights are zero at time {time}: the density is 0 or NaN at each of {} particles",
                self.population.len()
            )));
        }
        let carried = if active("carried-weights-forgotten") {
            log_count(self.population.len())
        } else {
            self.log_weight_sum
        };
        let increment = log_sum - carried;
        self.log_evidence += increment;
        self.log_weight_sum = log_sum;
        if matches!(potential, Potential::LastThenMove | Potential::LastThenStop) {
            let estimate = self.genealogy.lee_whiteley(&self.log_weights, &sums);
            self.surviving_ancestors = Some(estimate.surviving_ancestors);
            self.lee_whiteley = (self.resampler == Resampler::Multinomial).then_some(estimate);
        }
        Ok((sums, increment))
    }

    fn resample(&mut self, sums: &WeightSums) {
        self.genealogy.settle(&self.log_weights, sums);
        let n = self.population.len();
        self.workspace.resample(
            self.resampler,
            &self.log_weights,
            sums.max,
            self.seed,
            self.time as u64,
            &mut self.population,
            self.genealogy.descend(),
        );
        self.genealogy.begin();
        if !active("weights-not-reset") {
            reset_log_weights(&mut self.log_weights, n);
            self.log_weight_sum = log_count(n);
        }
    }

    /// The next visit of a mutation; whether it came to its end.
    fn visit<F>(&mut self, model: &mut F, mutation: &mut Mutation, pause: &Pause<'_>) -> bool
    where
        F: FeynmanKac<Real = R>,
    {
        self.epoch += u64::from(!mutation.begun);
        let (seed, epoch, time, visit) = (self.seed, self.epoch, self.time, mutation.visits);
        if !mutation.told {
            model.before_visit(time, visit, epoch);
        }
        (mutation.begun, mutation.told) = (true, true);
        let shared = &*model;
        let visited = visit_until(
            self.population.span(),
            &|| shared.scratch(),
            &|block, _, scratch| {
                let index = block.first_block() as u64;
                let mut stream = Stream::new(seed, Purpose::Move, index, epoch);
                shared.m(time, visit, block, &mut stream, scratch)
            },
            &Tally::merge,
            pause,
            &mutation.pieces,
        );
        let tally = match visited {
            Visited::Whole(tally) => tally,
            Visited::Pieces(pieces) => {
                mutation.pieces = pieces;
                return false;
            }
        };
        model.after_visit(time, visit, &tally);
        self.count(&tally);
        let record = &mut mutation.record;
        record.visit = visit;
        record.tally = std::mem::take(&mut record.tally).merge(tally);
        mutation.visits += 1;
        mutation.pieces.clear();
        (mutation.begun, mutation.told) = (false, false);
        true
    }

    /// The positions of a flow that is over; nothing of the population is left.
    pub fn take_samples(&mut self) -> Samples {
        let least = Channels {
            vectors: 1,
            scalars: 0,
            states: 0,
        };
        let empty = Population::new(1, self.population.dim(), least);
        let population = std::mem::replace(&mut self.population, empty);
        (self.log_weights, self.workspace) = Default::default();
        super::into_samples(population)
    }

    /// How many mutations came to their end.
    pub(crate) fn completed(&self) -> usize {
        self.time - usize::from(self.mutation.is_some()).min(self.time)
    }
    /// t: how many mutations are done.
    pub fn time(&self) -> usize {
        self.time
    }
    /// The population.
    pub fn population(&self) -> &Population<R> {
        &self.population
    }
    /// Weighted moments of the positions.
    pub fn moments(&mut self) -> Moments {
        self.cloud().moments()
    }
    /// Normalised weights, one a particle.
    pub fn weights(&self) -> Vec<f64> {
        if self.log_weights.is_empty() {
            let n = self.population.len();
            return vec![1.0 / n as f64; n];
        }
        let log_weights = bytemuck::cast_slice::<Row<F64>, f64>(&self.log_weights);
        log_weights[..self.population.len()]
            .iter()
            .map(|lw| Lane::exp(lw - self.log_weight_sum))
            .collect()
    }
    /// log Z so far: the sum of log sum_i W_i G_t(x_i), W carried and normalised.
    pub fn log_evidence(&self) -> f64 {
        self.log_evidence
    }
    /// Who descends from whom.
    pub fn genealogy(&self) -> &Genealogy {
        &self.genealogy
    }
    /// The variance of Z at the last potential by the genealogy; `None` before, and for resamplers it
    /// does not hold for.
    pub fn lee_whiteley(&self) -> Option<LeeWhiteley> {
        self.lee_whiteley
    }
    /// Time-0 particles with descendants at the last potential, whatever the resampling scheme; `None`
    /// before.
    pub fn surviving_ancestors(&self) -> Option<usize> {
        self.surviving_ancestors
    }
    /// The ancestors of the latest resampling; empty before the first.
    pub fn ancestors(&self) -> &[u32] {
        self.workspace.ancestors()
    }
    /// The record of every time.
    pub fn stages(&self) -> &[StageRecord] {
        &self.stages
    }
    /// What all visits did.
    pub fn totals(&self) -> &Tally {
        &self.totals
    }
}

pub(super) fn log_count(n: usize) -> f64 {
    Lane::ln(n as f64)
}

/// Turns NaN into weight zero; counts (NaN, +infinity) among the first `active` particles. A particle
/// that carried no weight into the weighting is not counted: its NaN was, when it lost its weight.
fn refuse_nonfinite(
    log_weights: &mut [Row<F64>],
    carried: &[Row<F64>],
    active: usize,
) -> (u64, u64) {
    cast_slice_mut::<Row<F64>, f64>(log_weights)[active..].fill(f64::NEG_INFINITY);
    let zero = Row::<F64>::splat(f64::NEG_INFINITY);
    let infinity = Row::<F64>::splat(f64::INFINITY);
    let (mut nan, mut infinite) = (0, 0);
    for (row, carried) in log_weights.iter_mut().zip(carried) {
        let bad = row.is_nan();
        nan += u64::from(bad.and(zero.lt(*carried)).count());
        infinite += u64::from(Lane::eq(*row, infinity).count());
        *row = Row::select(bad, zero, *row);
    }
    (nan, infinite)
}
