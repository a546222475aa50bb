//! Feynman-Kac flows: the one scheduler behind every sampler.
//!
//! A population is advanced block by block (M_t), weighted (G_t), and resampled when the weights say
//! so. The order of work at time t is always: weight, accumulate log Z with the carried weights, plan,
//! resample and reset the weights (ancestors recorded), move with the kernel for the current law.
//! Many-chain MCMC and unadjusted dynamics are flows with G = 1; tempering and particle filters
//! differ only in their potentials. This module is the only one that works in parallel.

mod cloud;
mod flight_record;
mod genealogy;
mod resampling;
mod saved;
mod scheduler;
mod starts;
mod tally;
mod visit;
mod weighing;

pub use cloud::Cloud;
pub use flight_record::{FlightRecord, FlightStart};
pub use genealogy::{Genealogy, LeeWhiteley};
pub(crate) use resampling::population_uniform;
pub use resampling::{Resampler, resample_offspring};
pub use scheduler::{Advance, Flow, Observer, StageRecord};
pub use tally::Tally;
pub use visit::Pause;
pub use visit::visit_blocks;
pub(crate) use visit::{copy_positions, each_in_parallel, in_parallel, into_samples, positions};
pub use weighing::Weighing;

use crate::error::Result;
use crate::particles::{Channels, Span};
use crate::target::Precision;
use driftlane_kernels::F64;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::tile::Row;

/// What happens at a time before the population moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Potential {
    /// G_t = 1: nothing to weigh.
    One,
    /// Weigh by G_t, then move.
    Weigh,
    /// Weigh by the last potential, then resample and move once more under the final law.
    LastThenMove,
    /// Weigh by the last potential and stop.
    LastThenStop,
    /// Stop: the horizon is reached and there is nothing to weigh.
    Stop,
}

/// When to resample after weighting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Resampling {
    /// Never.
    Never,
    /// When the effective sample size is below this fraction of the population.
    BelowEss(f64),
    /// Always.
    Always,
}

/// A Feynman-Kac model: an initial law M_0, mutations M_t and potentials G_t (Del Moral 2004,
/// doi 10.1007/978-1-4684-9393-1; the names are those of Chopin, Papaspiliopoulos 2020,
/// doi 10.1007/978-3-030-47845-2).
///
/// Times run t = 0, 1, ...: X_0 ~ M_0, weight G_0, resample, X_1 ~ M_1(X_0, .), weight G_1, ...
pub trait FeynmanKac: Sync {
    /// The precision of positions.
    type Real: Precision;
    /// Working memory of a thread.
    type Scratch: Send;

    /// Coordinates of a particle.
    fn dim(&self) -> usize;

    /// The channels a particle needs besides nothing: position first.
    fn channels(&self) -> Channels;

    /// Fresh working memory.
    fn scratch(&self) -> Self::Scratch;

    /// M_0: fills a block with draws from the initial law (all tiles, filled up or not).
    fn m0(
        &self,
        block: &mut Span<'_, Self::Real>,
        stream: &mut Stream,
        scratch: &mut Self::Scratch,
    ) -> Tally;

    /// Judges M_0 by what it did to `particles` particles: an error where none can be moved on.
    fn after_m0(&self, _tally: &Tally, _particles: usize) -> Result<()> {
        Ok(())
    }

    /// Whether the mutation M_t, t >= 1, takes another visit of the scheduler after `visits` of them, at
    /// least one. Between visits the whole population is seen by
    /// [`after_visit`](FeynmanKac::after_visit).
    fn goes_on(&self, _time: usize, _visits: usize) -> bool {
        false
    }

    /// Visit `visit` (from 0) of M_t to a block, t >= 1.
    fn m(
        &self,
        time: usize,
        visit: usize,
        block: &mut Span<'_, Self::Real>,
        stream: &mut Stream,
        scratch: &mut Self::Scratch,
    ) -> Tally;

    /// log G_t for every particle of a block, added to `log_weights` (one row for 32 particles).
    /// -infinity is a legal zero.
    fn log_potential(
        &self,
        time: usize,
        block: &Span<'_, Self::Real>,
        log_weights: &mut [Row<F64>],
    );

    /// Decides on G_t, seeing the population with its carried weights: tempering chooses its next
    /// temperature here.
    fn plan_potential(
        &mut self,
        time: usize,
        cloud: &mut Cloud<'_, Self::Real>,
    ) -> Result<Potential>;

    /// Prepares M_(t+1), seeing the population weighted by G_t: moves are tuned here. Says when to
    /// resample.
    fn plan_mutation(
        &mut self,
        _time: usize,
        _cloud: &mut Cloud<'_, Self::Real>,
    ) -> Result<Resampling> {
        Ok(Resampling::Never)
    }

    /// The tempering parameter of the next mutation, where the flow has one.
    fn tempering_param(&self) -> Option<f64> {
        None
    }

    /// What the model has learnt and counted, besides its settings: what a checkpoint keeps of it. Nothing by
    /// default.
    fn state(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Takes up a [`state`](FeynmanKac::state) of a model of the same settings; `mutation` is the t of the M_t
    /// that is under way, where one is.
    fn set_state(&mut self, _state: &[u8], _mutation: Option<usize>) -> Result<()> {
        Ok(())
    }

    /// Called before each visit of M_t with a number unique to the visit, and again where a visit that was
    /// paused is taken up by another process.
    fn before_visit(&mut self, _time: usize, _visit: usize, _epoch: u64) {}

    /// Called after each visit of M_t with what it did.
    fn after_visit(&mut self, _time: usize, _visit: usize, _tally: &Tally) {}
}
