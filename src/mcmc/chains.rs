//! Many chains side by side: the flow with G = 1.
//!
//! Every particle is a chain. Adjusted moves are tuned on the population during warm-up: the step
//! size by dual averaging after every move, the scales from the population's standard deviations at
//! a quarter, a half and three quarters of it; then everything is frozen. Visits fuse as many moves
//! as may be taken without looking at the population.
//!
//! A particle is *finite* while its position is and, in adjusted moves, its log density is. One that
//! is not has no say in tuning and in moments; unadjusted dynamics never comes back from there.

use super::finite::{finite_weights, total};
use super::flight_recorder::Before;
use super::{
    ACCEPTED, ALPHA_SUM, BASE, DIVERGED, DualAveraging, Mass, Move, RATIO, SHORTENED, StepSizes,
    Tuning,
};
use super::{fisher_scales, gradient_moments};
use crate::checkpoint::{damaged, from_bytes, to_bytes};
use crate::error::{Error, Result};
use crate::flow::{Cloud, FeynmanKac, FlightRecord, Potential, Resampling, Tally};
use crate::integrator::Scratch;
use crate::particles::{Channels, Moments, Span};
use crate::target::{Path, Precision};
use driftlane_kernels::mutants::active;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Where chains start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Draws from the target's reference: its prior for a posterior.
    Reference,
    /// Exact draws from the target.
    Exact,
    /// The positions already in the population.
    Given,
}

/// How many moves, and what is kept of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// Moves before anything is kept; adjusted moves are tuned in them.
    pub warmup: usize,
    /// Moves after warm-up.
    pub moves: usize,
    /// The population is looked at (recorded, or its moments added) every this many moves.
    pub every: usize,
}

impl Work {
    /// Moves of unadjusted dynamics that a visit takes where nobody looks at the population.
    pub const UNADJUSTED: usize = 64;

    fn warmup_chunk(adjusted: bool) -> usize {
        // An unadjusted move is not tuned, so warm-up need not stop after every move.
        if adjusted { 1 } else { Self::UNADJUSTED }
    }

    /// How many moves are made before visit `time` (from 1).
    fn moves_before(&self, time: usize, adjusted: bool) -> usize {
        let chunk = Self::warmup_chunk(adjusted);
        let warmup_visits = self.warmup.div_ceil(chunk);
        match (time - 1).checked_sub(warmup_visits) {
            None => (time - 1) * chunk,
            Some(visits) => self.warmup + visits * self.every,
        }
    }

    /// How many moves visit `time` (from 1) takes.
    fn moves_at(&self, time: usize, adjusted: bool) -> usize {
        let chunk = Self::warmup_chunk(adjusted);
        let warmup_visits = self.warmup.div_ceil(chunk);
        if time <= warmup_visits {
            chunk.min(self.warmup - (time - 1) * chunk)
        } else {
            self.every
                .min(self.moves - (time - 1 - warmup_visits) * self.every)
        }
    }

    fn visits(&self, adjusted: bool) -> usize {
        self.warmup.div_ceil(Self::warmup_chunk(adjusted)) + self.moves.div_ceil(self.every)
    }

    /// Whether the population after visit `time` belongs to the result.
    pub fn keeps(&self, time: usize, adjusted: bool) -> bool {
        time > self.warmup.div_ceil(Self::warmup_chunk(adjusted))
    }
}

/// Many-chain sampling of one target with one move.
pub struct Chains<'a, R: Precision> {
    path: Path<'a>,
    mover: Box<dyn Move<R> + 'a>,
    start: Start,
    work: Work,
    seed: u64,
    kept: Tally,
    /// Finite particles after the latest visit that looked; all before.
    finite: Option<f64>,
    /// Whether the move has new scales since its last visit, which what it keeps does not know of.
    rescaled: bool,
    /// The scales and the location the move was given last; empty before.
    scales: Vec<f64>,
    location: Vec<f64>,
    /// Of the first particle that was lost.
    flight: Option<Box<FlightRecord>>,
    mass: Mass,
    /// Scalar channels, where the move is adjusted.
    scalars: usize,
    /// Refusals in a row from which on a chain's steps are halved; none where step sizes are given.
    patience: Option<f64>,
}

/// What a checkpoint keeps of [`Chains`].
#[derive(Serialize, Deserialize)]
struct ChainsState {
    kept: Tally,
    finite: Option<f64>,
    rescaled: bool,
    scales: Vec<f64>,
    location: Vec<f64>,
    flight: Option<Box<FlightRecord>>,
    tuning: Tuning,
}

impl<'a, R: Precision> Chains<'a, R> {
    /// Chains of `mover` towards the end of `path`.
    pub fn new(
        path: Path<'a>,
        mover: Box<dyn Move<R> + 'a>,
        start: Start,
        work: Work,
        seed: u64,
    ) -> Self {
        let tuner = mover.tuning().step_size.filter(DualAveraging::is_adapting);
        let tuner = tuner.filter(|_| start != Start::Exact || active("exact-starts-shortened"));
        let patience = tuner.map(|tuner| StepSizes::patience(tuner.target_accept()));
        Self {
            path,
            mover,
            start,
            work,
            seed,
            kept: Tally::default(),
            finite: None,
            rescaled: false,
            scales: Vec::new(),
            location: Vec::new(),
            flight: None,
            mass: Mass::Variance,
            scalars: ACCEPTED + 1,
            patience,
        }
    }

    /// Scales are set by another inverse mass matrix than the variances.
    pub fn with_mass(mut self, mass: Mass) -> Self {
        self.mass = mass;
        self
    }

    /// So many scalar channels are declared, where the move is adjusted: at least those up to [`ACCEPTED`].
    pub(super) fn with_scalars(mut self, scalars: usize) -> Self {
        self.scalars = self.scalars.max(scalars);
        self
    }

    /// Whether scales are set after visit `time`: at the quarters of warm-up.
    fn rescales(&self, time: usize) -> bool {
        let warmup = self.work.warmup;
        let quarter = [1, 2, 3].iter().any(|k| time == (k * warmup).div_ceil(4));
        quarter && time < warmup && self.mover.adjusted()
    }

    /// The scales the move was given last; empty where none were.
    pub fn scales(&self) -> &[f64] {
        &self.scales
    }
    /// What the visits after warm-up did; its moments are over all populations looked at.
    pub fn kept(&self) -> &Tally {
        &self.kept
    }
    /// The last states of the first particle that unadjusted dynamics lost.
    pub fn flight(&self) -> Option<&FlightRecord> {
        self.flight.as_deref()
    }
    /// Whether so many visits, with so many draws kept, are some of this run's.
    pub(super) fn fits(&self, visits: usize, drawn: usize, keeps: bool) -> bool {
        let adjusted = self.mover.adjusted();
        let warmup = self.work.warmup.div_ceil(Work::warmup_chunk(adjusted));
        let draws = if keeps {
            visits.saturating_sub(warmup)
        } else {
            0
        };
        visits <= self.horizon() && draws == drawn
    }
    /// The move, with what it was tuned to.
    pub fn mover(&self) -> &dyn Move<R> {
        &*self.mover
    }
    /// How many moves, and what is kept.
    pub fn work(&self) -> Work {
        self.work
    }
    /// Visits in all.
    pub fn horizon(&self) -> usize {
        self.work.visits(self.mover.adjusted())
    }
}

impl<R: Precision> FeynmanKac for Chains<'_, R> {
    type Real = R;
    type Scratch = Scratch<R>;

    fn dim(&self) -> usize {
        self.path.dim()
    }
    fn channels(&self) -> Channels {
        let shortened = match self.patience {
            Some(_) if self.work.warmup > 0 => SHORTENED + 1,
            _ => 0,
        };
        let scalars = if self.mover.adjusted() {
            self.scalars.max(shortened)
        } else {
            0
        };
        Channels {
            vectors: self.mover.vectors(),
            scalars,
            states: 0,
        }
    }
    fn scratch(&self) -> Scratch<R> {
        Scratch::new(self.path.dim())
    }

    fn m0(&self, block: &mut Span<'_, R>, stream: &mut Stream, scratch: &mut Scratch<R>) -> Tally {
        let mut tally = Tally::default();
        for tile in 0..block.tiles() {
            let rows = block.rows(tile);
            if self.start != Start::Given {
                for part in 0..block.scalar_rows() {
                    let exact = self.start == Start::Exact
                        && self.path.target().sample_exact(stream, &mut scratch.wide);
                    if !exact {
                        self.path.sample_reference(stream, &mut scratch.wide);
                    }
                    R::narrow_part(&scratch.wide, part, &mut block.vectors[0][rows.clone()]);
                }
            }
            let active = block.active(tile);
            if self.mover.adjusted() {
                weigh_tile(&self.path, tile, block, scratch, &mut tally);
                let scalars = block.scalar_range(tile);
                let [base, ratio, ..] = &block.scalars;
                let densities = total(&base[scalars.clone()], &ratio[scalars]);
                tally.count_starts(densities.take(active));
            } else {
                let x = &block.vectors[0][rows];
                let Scratch {
                    wide, base, ratio, ..
                } = scratch;
                self.path.log_densities(x, wide, base, ratio);
                tally.density_evaluations += active as u64;
                tally.count_starts(total(base, ratio).take(active));
            }
        }
        tally
    }

    fn after_m0(&self, tally: &Tally, particles: usize) -> Result<()> {
        if tally.finite_starts == 0 {
            return Err(Error::Numerical(format!(
                "no valid start: the log density is not finite at any of {particles} particles"
            )));
        }
        Ok(())
    }

    fn m(
        &self,
        time: usize,
        _visit: usize,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        scratch: &mut Scratch<R>,
    ) -> Tally {
        let adjusted = self.mover.adjusted();
        let moves = self.work.moves_at(time, adjusted);
        let keeps = self.work.keeps(time, adjusted);
        let fresh = time > 1 && !self.rescaled;
        if adjusted && !(keeps && self.work.keeps(time - 1, adjusted)) {
            block.scalars[ACCEPTED].fill(Row::zero());
        }
        if let Some(patience) = self.patience {
            match time {
                1 => block.scalars[SHORTENED].fill(Row::splat(-patience)),
                _ if time == self.work.warmup / 2 + 1 => block.scalars[SHORTENED].fill(Row::zero()),
                _ => (),
            }
        }
        if adjusted && keeps {
            // What moves tell of a draw is of those since the draw before.
            for channel in [ALPHA_SUM, DIVERGED] {
                block.scalars[channel].fill(Row::zero());
            }
        }
        let law = self.path.law(1.0);
        let watched = !adjusted && self.flight.is_none();
        let before = watched.then(|| Before::keep(block, stream, &mut scratch.block));
        let mut tally = self.mover.run(law, moves, fresh, block, stream, scratch);
        if let Some(before) = before {
            let (mover, made) = (&*self.mover, self.work.moves_before(time, adjusted));
            tally.flight = before.flight(mover, (law, moves, fresh), block, scratch, made);
            scratch.block = before.into_memory();
        }
        if let Some(patience) = self.patience.filter(|_| time <= self.work.warmup / 2) {
            shorten(block, patience);
        }
        if self.path.on_torus() {
            wrap_angles(block);
        }
        if adjusted || keeps {
            for tile in 0..block.tiles() {
                let x = &block.vectors[0][block.rows(tile)];
                let range = block.scalar_range(tile);
                let scalars = [BASE, RATIO].map(|channel| match adjusted {
                    true => &block.scalars[channel][range.clone()],
                    false => &[],
                });
                let finite = finite_weights(x, scalars);
                let active = block.active(tile);
                // Equal weights need no products; the bits are the same.
                let all = finite[..active].iter().all(|w| *w == 1.0);
                let weights = (!all).then_some(&finite[..]);
                if self.mass == Mass::Fisher && self.rescales(time) {
                    let law = self.path.law(1.0);
                    let working = (&mut scratch.gradient[..], &mut scratch.other[..]);
                    let moments = gradient_moments(law, block, tile, weights, working);
                    tally.gradient_moments =
                        std::mem::take(&mut tally.gradient_moments).merge(moments);
                    tally.gradient_evaluations += active as u64;
                }
                let moments = Moments::of_tile::<R>(x, active, weights);
                tally.moments = std::mem::take(&mut tally.moments).merge(moments);
            }
        }
        tally
    }

    fn log_potential(&self, _: usize, _: &Span<'_, R>, _: &mut [Row<F64>]) {}

    fn plan_potential(&mut self, time: usize, cloud: &mut Cloud<'_, R>) -> Result<Potential> {
        if self.finite == Some(0.0) {
            return Err(Error::Numerical(format!(
                "diverged: none of {} particles is finite; the step size, {}, is too large",
                cloud.len(),
                self.mover.step_size()
            )));
        }
        Ok(if time < self.horizon() {
            Potential::One
        } else {
            Potential::Stop
        })
    }

    fn plan_mutation(&mut self, _: usize, _: &mut Cloud<'_, R>) -> Result<Resampling> {
        Ok(Resampling::Never)
    }

    fn state(&self) -> Vec<u8> {
        to_bytes(&ChainsState {
            kept: self.kept.clone(),
            finite: self.finite,
            rescaled: self.rescaled,
            scales: self.scales.clone(),
            location: self.location.clone(),
            flight: self.flight.clone(),
            tuning: self.mover.tuning(),
        })
    }

    fn set_state(&mut self, state: &[u8], _: Option<usize>) -> Result<()> {
        let state: ChainsState = from_bytes("the state of the chains", state)?;
        let dim = self.path.dim();
        if ![&state.scales, &state.location]
            .iter()
            .all(|v| [0, dim].contains(&v.len()))
        {
            return Err(damaged("has scales of another number of coordinates"));
        }
        if let Some(flight) = &state.flight
            && !flight.fits(self.mover.vectors(), dim)
        {
            return Err(damaged("has a flight of another run"));
        }
        if !state.scales.is_empty() {
            self.mover.set_scale(&state.scales);
        }
        if !state.location.is_empty() {
            self.mover.set_location(&state.location);
        }
        self.mover.set_tuning(state.tuning);
        (self.kept, self.finite, self.rescaled) = (state.kept, state.finite, state.rescaled);
        (self.scales, self.location) = (state.scales, state.location);
        self.flight = state.flight;
        Ok(())
    }

    fn before_visit(&mut self, _time: usize, _visit: usize, epoch: u64) {
        self.mover.before_visit(self.seed, epoch);
    }

    fn after_visit(&mut self, time: usize, _visit: usize, tally: &Tally) {
        let adjusted = self.mover.adjusted();
        let keeps = self.work.keeps(time, adjusted);
        self.rescaled = false;
        if self.flight.is_none() {
            self.flight = tally.flight.clone();
        }
        if adjusted || keeps {
            self.finite = Some(tally.moments.weight());
        }
        if keeps {
            let mut kept = tally.clone();
            kept.flight = None;
            self.kept = std::mem::take(&mut self.kept).merge(kept);
            return;
        }
        if !adjusted {
            return;
        }
        if let Some(acceptance) = tally.acceptance() {
            self.mover.adapt(acceptance);
            self.mover
                .adapt_trajectory(tally.trajectory_slope / tally.moves as f64);
        }
        let warmup = self.work.warmup;
        let sd = tally.moments.sd();
        let spread = !sd.is_empty() && sd.iter().all(|s| *s > 0.0 && s.is_finite());
        if spread {
            self.location = tally.moments.mean().to_vec();
            self.mover.set_location(&self.location);
        }
        if self.rescales(time) && spread {
            self.scales = match self.mass {
                Mass::Variance => sd,
                Mass::Fisher => fisher_scales(&sd, &tally.gradient_moments.sd()),
            };
            self.mover.set_scale(&self.scales);
            self.mover.restart_adaptation();
            self.rescaled = true;
        }
        if time == warmup {
            self.mover.freeze();
        }
    }
}

/// Halves the step sizes of chains that refuse, after a visit of one move.
fn shorten<R: Precision>(block: &mut Span<'_, R>, patience: f64) {
    let [_, _, accepted, halvings, ..] = &mut block.scalars;
    for (halvings, accepted) in halvings.iter_mut().zip(accepted.iter()) {
        let moved = Row::zero().lt(*accepted);
        *halvings = StepSizes::shortened(*halvings, moved, patience);
    }
}

/// Fills the log densities of a tile from its positions.
pub(crate) fn weigh_tile<R: Precision>(
    path: &Path<'_>,
    tile: usize,
    block: &mut Span<'_, R>,
    scratch: &mut Scratch<R>,
    tally: &mut Tally,
) {
    let (rows, scalars) = (block.rows(tile), block.scalar_range(tile));
    let [base, ratio, ..] = &mut block.scalars;
    path.log_densities(
        &block.vectors[0][rows],
        &mut scratch.wide,
        &mut base[scalars.clone()],
        &mut ratio[scalars],
    );
    tally.density_evaluations += block.active(tile) as u64;
}

/// Brings angles back to [-pi, pi): densities and gradients on a torus are the same there.
pub(crate) fn wrap_angles<R: Precision>(block: &mut Span<'_, R>) {
    let (turn, inverse) = (R::splat(TAU), R::splat(1.0 / TAU));
    for x in block.vectors[0].iter_mut().flat_map(|row| row.0.iter_mut()) {
        *x = (*x * inverse).round().neg_mul_add(turn, *x);
    }
}
