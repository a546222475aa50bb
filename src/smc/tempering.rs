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

use super::decorrelation::{self, Decorrelation};
use super::ladder::MOST_TEMPERATURES;
use super::{Ladder, MovesPerStage, Schedule, ScheduledStage, WasteFree, waste_free};
use crate::checkpoint::{damaged, from_bytes, to_bytes};
use crate::error::{Error, Result};
use crate::flow::{Cloud, FeynmanKac, Potential, Resampling, Tally};
use crate::integrator::Scratch;
use crate::mcmc::{Mass, Move, RATIO, fisher_scales, gradient_moments, weigh_tile, wrap_angles};
use crate::particles::{Channels, Moments, Span};
use crate::target::{Path, Precision};
use driftlane_kernels::mutants::active;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};
use serde::{Deserialize, Serialize};

/// Moves at the first temperature beyond those asked for: the step size is not known there yet.
const FIRST_TUNING_MOVES: usize = 10;

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

/// What a checkpoint keeps of [`Tempering`].
#[derive(Serialize, Deserialize)]
struct TemperingState {
    tempering_param: f64,
    next: f64,
    records: Vec<TemperatureRecord>,
    stage: Tally,
    scales: Vec<f64>,
    scaled: bool,
    location: Vec<f64>,
    log_step_sizes: f64,
    scheduled: Vec<ScheduledStage>,
    decorrelation: Decorrelation,
    step: f64,
    weightings: Vec<WasteFree>,
    tuning: crate::mcmc::Tuning,
}

/// Where step sizes and scales come from.
#[derive(Debug, Clone)]
enum Tuning {
    /// The population.
    Population,
    /// The move as it is.
    None,
    /// Another run.
    Schedule(Schedule),
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

    /// Moments of the gradient of the law about to be moved towards.
    fn gradient_moments(&self, cloud: &mut Cloud<'_, R>) -> Moments {
        let max = Row::<F64>::splat(cloud.weight_sums().max);
        let law = self.path.law(self.tempering_param);
        let dim = self.path.dim();
        let step = Row::<F64>::splat(self.step);
        let of_block = |block: &Span<'_, R>, log_weights: &[Row<F64>]| {
            let mut working = vec![Row::<R>::zero(); 2 * dim];
            let (gradient, other) = working.split_at_mut(dim);
            let mut all = Moments::default();
            for tile in 0..block.tiles() {
                let mut weights = [0.0; 64];
                let at = block.scalar_range(tile);
                for (weights, at) in weights.chunks_exact_mut(32).zip(at) {
                    // A position is the last state of its chain, which has a weight of its own.
                    let row = match self.states {
                        0 => log_weights[at],
                        _ => step * block.scalars[RATIO][at],
                    };
                    weights.copy_from_slice(bytemuck::cast_slice(&(row - max).exp().0));
                }
                let working = (&mut *gradient, &mut *other);
                all = all.merge(gradient_moments(law, block, tile, Some(&weights), working));
            }
            all
        };
        cloud.visit(of_block, Moments::merge)
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

    /// Moves before those that count: at the first temperature the step size is not known yet.
    fn tuning_visits(&self, time: usize) -> usize {
        let tuned = matches!(self.tuning, Tuning::Population);
        let first = time == 1 && tuned && self.mover.tunable();
        if first { FIRST_TUNING_MOVES } else { 0 }
    }

    fn set_scales(&mut self, scales: Vec<f64>) {
        self.mover.set_scale(&scales);
        self.scales = scales;
        self.scaled = true;
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

impl<R: Precision> FeynmanKac for Tempering<'_, R> {
    type Real = R;
    type Scratch = (Scratch<R>, Vec<Row<R>>);

    fn dim(&self) -> usize {
        self.path.dim()
    }
    fn channels(&self) -> Channels {
        Channels {
            vectors: self.mover.vectors() + usize::from(self.watches()),
            scalars: 2,
            states: self.states,
        }
    }
    fn scratch(&self) -> Self::Scratch {
        let dim = self.path.dim();
        let watched = if self.watches() { 3 * dim } else { 0 };
        (Scratch::new(dim), vec![Row::zero(); watched])
    }

    fn m0(
        &self,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        (scratch, _): &mut Self::Scratch,
    ) -> Tally {
        let mut tally = Tally::default();
        for tile in 0..block.tiles() {
            let rows = block.rows(tile);
            for state in 0..self.states.max(1) {
                for part in 0..block.scalar_rows() {
                    self.path.sample_reference(stream, &mut scratch.wide);
                    R::narrow_part(&scratch.wide, part, &mut block.vectors[0][rows.clone()]);
                }
                weigh_tile(&self.path, tile, block, scratch, &mut tally);
                if self.states > 0 {
                    waste_free::keep(block, tile, state);
                    // A chain's potential is finite where one of its states has a density.
                    tally.nan += waste_free::without_density(block, tile, state);
                }
            }
        }
        tally
    }

    fn goes_on(&self, time: usize, visits: usize) -> bool {
        let moves = visits.saturating_sub(self.tuning_visits(time));
        match (&self.tuning, self.moves_per_stage) {
            (Tuning::Schedule(schedule), _) => moves < schedule.stages[time - 1].moves,
            (_, MovesPerStage::Fixed(most)) => moves < most,
            (_, MovesPerStage::UntilDecorrelated { most }) => {
                moves < most && !self.decorrelation.is_reached()
            }
        }
    }

    fn m(
        &self,
        time: usize,
        visit: usize,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        (scratch, watched): &mut Self::Scratch,
    ) -> Tally {
        let start = self.mover.vectors();
        let first = self.tuning_visits(time);
        if self.watches() && visit == first {
            let (x, others) = block.vectors.split_at_mut(1);
            others[start - 1].copy_from_slice(x[0]);
        }
        if self.states > 0 {
            if visit == 0 {
                waste_free::draw_state(block, self.step, stream);
            }
            if visit == first {
                (0..block.tiles()).for_each(|tile| waste_free::keep(block, tile, 0));
            }
        }
        // The law changes between temperatures, so only later visits find a fresh gradient.
        let fresh = visit > 0;
        let law = self.path.law(self.tempering_param);
        let mut tally = self.mover.run(law, 1, fresh, block, stream, scratch);
        if self.path.on_torus() {
            wrap_angles(block);
        }
        if self.states > 0 && visit >= first {
            let state = visit - first + 1;
            (0..block.tiles()).for_each(|tile| waste_free::keep(block, tile, state));
        }
        if self.watches() && visit >= first {
            tally.moments = (0..block.tiles())
                .map(|tile| decorrelation::of_tile(block, tile, start, watched))
                .fold(Default::default(), Moments::merge);
        }
        tally
    }

    fn log_potential(&self, _: usize, block: &Span<'_, R>, log_weights: &mut [Row<F64>]) {
        let from = if active("tempering-from-zero") {
            0.0
        } else {
            self.tempering_param
        };
        if self.states > 0 {
            return waste_free::log_potential(block, self.next - from, log_weights);
        }
        let step = Row::<F64>::splat(self.next - from);
        for (lw, &ratio) in log_weights.iter_mut().zip(block.scalars[RATIO].iter()) {
            *lw = step.mul_add(ratio, *lw);
        }
    }

    fn plan_potential(&mut self, time: usize, cloud: &mut Cloud<'_, R>) -> Result<Potential> {
        if self.tempering_param >= 1.0 {
            return Ok(Potential::Stop);
        }
        if time >= MOST_TEMPERATURES && matches!(self.ladder, Ladder::Adaptive { .. }) {
            return Err(Error::Numerical(format!(
                "tempering parameter {:e} after {time} temperatures: the ladder does not end",
                self.tempering_param
            )));
        }
        let states = self.states;
        self.next = self.ladder.next(time, self.tempering_param, |step| {
            if states > 0 {
                waste_free::increment(cloud, step).cess_fraction()
            } else {
                cloud.increment(RATIO, step).cess_fraction()
            }
        });
        self.step = self.next - self.tempering_param;
        if states > 0 {
            let (variance, autocorrelation_time) =
                waste_free::variance_of_weighting(cloud.population(), self.step, time == 0);
            self.weightings.push(WasteFree {
                ess: waste_free::increment(cloud, self.step).ess(),
                variance,
                autocorrelation_time,
            });
        }
        Ok(if self.next >= 1.0 {
            Potential::LastThenMove
        } else {
            Potential::Weigh
        })
    }

    fn plan_mutation(&mut self, time: usize, cloud: &mut Cloud<'_, R>) -> Result<Resampling> {
        self.tempering_param = self.next;
        if active("moves-at-the-target") {
            self.tempering_param = 1.0;
        }
        match &self.tuning {
            Tuning::Population => {
                let moments = if self.states > 0 {
                    waste_free::moments(cloud, self.step)
                } else {
                    cloud.moments()
                };
                let sd = moments.sd();
                if sd.iter().all(|s| *s > 0.0 && s.is_finite()) {
                    let scales = match self.mass {
                        Mass::Variance => sd,
                        Mass::Fisher => fisher_scales(&sd, &self.gradient_moments(cloud).sd()),
                    };
                    self.set_scales(scales);
                    self.location = moments.mean().to_vec();
                    self.mover.set_location(&self.location);
                }
                self.mover.restart_adaptation();
            }
            Tuning::None => {}
            Tuning::Schedule(schedule) => {
                let stage = schedule.stages[time].clone();
                self.set_scales(stage.scales);
                self.mover.set_step_size(stage.step_size);
                if let Some(length) = stage.trajectory_length {
                    self.mover.set_trajectory_length(length);
                }
            }
        }
        self.stage = Tally::default();
        self.log_step_sizes = 0.0;
        self.decorrelation = Decorrelation::default();
        Ok(if self.tempering_param >= 1.0 {
            Resampling::Always
        } else {
            self.resampling
        })
    }

    fn tempering_param(&self) -> Option<f64> {
        Some(self.tempering_param)
    }

    fn state(&self) -> Vec<u8> {
        to_bytes(&TemperingState {
            tempering_param: self.tempering_param,
            next: self.next,
            records: self.records.clone(),
            stage: self.stage.clone(),
            scales: self.scales.clone(),
            scaled: self.scaled,
            location: self.location.clone(),
            log_step_sizes: self.log_step_sizes,
            scheduled: self.scheduled.clone(),
            decorrelation: self.decorrelation.clone(),
            step: self.step,
            weightings: self.weightings.clone(),
            tuning: self.mover.tuning(),
        })
    }

    fn set_state(&mut self, state: &[u8], _: Option<usize>) -> Result<()> {
        let state: TemperingState = from_bytes("the state of the tempering", state)?;
        let dim = self.path.dim();
        if state.scales.len() != dim || ![0, dim].contains(&state.location.len()) {
            return Err(damaged("has scales of another number of coordinates"));
        }
        if state.scaled {
            self.set_scales(state.scales);
        }
        if !state.location.is_empty() {
            self.mover.set_location(&state.location);
        }
        self.mover.set_tuning(state.tuning);
        self.location = state.location;
        (self.tempering_param, self.next, self.step) =
            (state.tempering_param, state.next, state.step);
        (self.records, self.scheduled) = (state.records, state.scheduled);
        (self.stage, self.log_step_sizes) = (state.stage, state.log_step_sizes);
        (self.decorrelation, self.weightings) = (state.decorrelation, state.weightings);
        Ok(())
    }

    fn before_visit(&mut self, _: usize, _: usize, epoch: u64) {
        self.mover.before_visit(self.seed, epoch);
    }

    fn after_visit(&mut self, time: usize, visit: usize, tally: &Tally) {
        let moves = (visit + 1).saturating_sub(self.tuning_visits(time));
        if moves > 0 {
            let mut counted = tally.clone();
            if self.watches() {
                self.decorrelation
                    .update(&std::mem::take(&mut counted.moments));
            }
            self.stage = std::mem::take(&mut self.stage).merge(counted);
            self.log_step_sizes += Lane::ln(self.mover.step_size());
        }
        if matches!(self.tuning, Tuning::Population) {
            self.mover.adapt(tally.acceptance().unwrap_or(0.0));
            let slope = tally.trajectory_slope / tally.moves.max(1) as f64;
            self.mover.adapt_trajectory(slope);
        }
        if !self.goes_on(time, visit + 1) {
            self.records.push(TemperatureRecord {
                tempering_param: self.tempering_param,
                acceptance: self.stage.acceptance().unwrap_or(0.0),
                step_size: self.mover.step_size(),
                moves,
            });
            self.scheduled.push(ScheduledStage {
                tempering_param: self.tempering_param,
                step_size: Lane::exp(self.log_step_sizes / moves as f64),
                moves,
                trajectory_length: self.mover.trajectory_length(),
                scales: self.scales.clone(),
            });
        }
    }
}
