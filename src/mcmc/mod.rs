//! Moves that leave a law invariant (or nearly: unadjusted Langevin), their adaptation on the
//! population, and many-chain sampling with them.

mod accept;
mod barker;
mod chains;
mod chees;
mod dual_averaging;
mod elliptical_slice;
mod finite;
mod flight_again;
mod flight_recorder;
mod ghmc;
mod hmc;
mod kinds;
mod mala;
mod mass;
mod mclmc;
mod pcn;
mod run;
mod rwmh;
mod sample_run;
mod settings;
mod step_sizes;
mod stuck;
mod ula;
mod unadjusted;

pub use barker::Barker;
pub use chains::{Chains, Start, Work};
pub(crate) use chains::{weigh_tile, wrap_angles};
pub use chees::Chees;
pub use dual_averaging::DualAveraging;
pub use elliptical_slice::EllipticalSlice;
pub use flight_again::fly_again;
pub use flight_recorder::STATES as FLIGHT_STATES;
pub use ghmc::Ghmc;
pub use hmc::Hmc;
pub use kinds::MoveKind;
pub use mala::Mala;
pub use mass::Mass;
pub(crate) use mass::{fisher_scales, gradient_moments};
pub use mclmc::{AdjustedMclmc, Mclmc};
pub use pcn::Pcn;
pub use run::{Sample, SampleResult};
pub use rwmh::Rwmh;
pub use sample_run::{KeptDraws, LatestDraw, SampleRun};
pub use settings::MoveSettings;
pub use step_sizes::StepSizes;
pub use stuck::Stuck;
pub use ula::Ula;
pub use unadjusted::Unadjusted;

use crate::error::{Error, Result};
use crate::flow::Tally;
use crate::integrator::Scratch;
use crate::particles::Span;
use crate::target::{Family, Law, Path, Precision};
use driftlane_kernels::rng::{Alone, Stream};
use serde::{Deserialize, Serialize};

/// The scalar channels of a population that moves along a [`Path`]: log base and log ratio of every
/// particle's position.
pub const BASE: usize = 0;
/// See [`BASE`].
pub const RATIO: usize = 1;
/// The scalar channel that counts the moves a particle has accepted, where a flow declares it.
pub const ACCEPTED: usize = 2;
/// The scalar channel that tells how many times the step size of a particle is halved, where above 0, while step sizes
/// are tuned and where a flow declares it: see [`StepSizes::shortened`].
pub const SHORTENED: usize = 3;
/// The scalar channel that receives the logarithm of the Metropolis-Hastings ratio of a particle's last
/// proposal, where a flow declares it: its exponential has mean 1 over exact draws.
pub const LOG_RATIO: usize = 4;
/// The scalar channel that sums min(1, alpha) over the moves of a particle, where a flow declares it; who looks sets
/// it to 0. `MoveKind::scalars` has the channels a kind of move fills.
pub const ALPHA_SUM: usize = 5;
/// The scalar channel that receives the step size of a particle's last move, likewise.
pub const STEP_SIZE: usize = 6;
/// The scalar channel that counts the moves of a particle that diverged, likewise: from a finite density, with an
/// error of the energy above 1000 or not finite.
pub const DIVERGED: usize = 7;
/// The scalar channel that receives the energy H(x, p) of the state that a particle's last move came to, likewise: that
/// of the proposal where it was accepted, else that of the start.
pub const ENERGY: usize = 8;

/// A move of every particle of a block towards a [`Law`]. One implementation a file.
pub trait Move<R: Precision>: Send + Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// Moves every particle of `block` `moves` times towards `law`. Vector channel 0 is the position; scalar
    /// channels [`BASE`] and [`RATIO`] are its log densities, before and after; an adjusted move adds its
    /// acceptances to channel [`ACCEPTED`], and leaves its last ratio in channel [`LOG_RATIO`], where those
    /// are declared; and so it does with the channels after them. `fresh` tells that the other vector channels are
    /// as this move left them under the same law.
    fn run(
        &self,
        law: Law<'_>,
        moves: usize,
        fresh: bool,
        block: &mut Span<'_, R>,
        stream: &mut Stream,
        scratch: &mut Scratch<R>,
    ) -> Tally;

    /// The same by the random numbers of one particle of another block, which every particle of this one takes: how
    /// a particle makes its moves again, in double precision. `None` of moves that cannot.
    fn run_alone(
        &self,
        _law: Law<'_>,
        _moves: usize,
        _fresh: bool,
        _block: &mut Span<'_, R>,
        _alone: &mut Alone,
        _scratch: &mut Scratch<R>,
    ) -> Option<Tally> {
        None
    }

    /// Vector channels it needs, the position included.
    fn vectors(&self) -> usize {
        1
    }

    /// Draws what all particles share in a visit: the number of leapfrog steps.
    fn before_visit(&mut self, _seed: u64, _epoch: u64) {}
    /// The steps of a trajectory in the latest visit, where a move is one.
    fn trajectory_steps(&self) -> Option<usize> {
        None
    }

    /// Whether `run` leaves a law invariant by accepting and rejecting; an unadjusted move is never
    /// tuned.
    fn adjusted(&self) -> bool {
        true
    }
    /// Whether it is made for a normal reference, and means nothing with another.
    fn needs_normal_reference(&self) -> bool {
        false
    }
    /// Whether its step size is being tuned.
    fn tunable(&self) -> bool {
        false
    }
    /// Follows the mean acceptance probability of the population in one visit.
    fn adapt(&mut self, _acceptance: f64) {}
    /// Starts adapting anew from the current step size.
    fn restart_adaptation(&mut self) {}
    /// Ends adaptation at the averaged step size.
    fn freeze(&mut self) {}
    /// Takes the standard deviations of the law's coordinates as the move's scales.
    fn set_scale(&mut self, _sd: &[f64]) {}
    /// Takes the population's mean, about which squares are taken that the trajectory length is tuned by.
    fn set_location(&mut self, _mean: &[f64]) {}
    /// Follows [`Tally::trajectory_slope`], a move.
    fn adapt_trajectory(&mut self, _slope: f64) {}
    /// The longest trajectory, where its length is tuned.
    fn trajectory_length(&self) -> Option<f64> {
        None
    }
    /// Fixes the trajectory length for good.
    fn set_trajectory_length(&mut self, _length: f64) {}
    /// Fixes the step size for good.
    fn set_step_size(&mut self, _step_size: f64) {}
    /// The step size in use.
    fn step_size(&self) -> f64;
    /// What tuning has come to, scales apart: what a checkpoint keeps of a move.
    fn tuning(&self) -> Tuning {
        Tuning::default()
    }
    /// Takes up a [`tuning`](Move::tuning) of a move of the same settings.
    fn set_tuning(&mut self, _tuning: Tuning) {}
}

/// The state of a move's tuners; none of a move that has none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tuning {
    /// Of the step size.
    pub step_size: Option<DualAveraging>,
    /// Of the length of trajectories.
    pub trajectory: Option<Chees>,
}

/// Refuses a move made for a normal reference on a path that has another.
pub(crate) fn check_reference<R: Precision>(mover: &dyn Move<R>, path: &Path<'_>) -> Result<()> {
    if mover.needs_normal_reference() && path.reference().family() != Family::Normal {
        let allowed = format!(
            "another move, or a normal reference: this one is {}",
            path.reference().describe()
        );
        return Err(Error::invalid("move", mover.name(), allowed));
    }
    Ok(())
}
