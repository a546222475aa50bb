//! Sequential Monte Carlo samplers: tempering from a reference to the target.

mod decorrelation;
mod islands;
mod ladder;
mod replicates;
mod run;
mod schedule;
mod single;
mod smc_run;
mod stiffness;
mod tempering;
mod waste_free;

pub use decorrelation::MovesPerStage;
pub use ladder::Ladder;
pub use replicates::{Combined, combine_replicates};
pub use run::{Observer, Smc, SmcResult};
pub use schedule::{Schedule, ScheduledStage};
pub use smc_run::SmcRun;
pub use stiffness::Stiffness;
pub use tempering::{TemperatureRecord, Tempering};
pub use waste_free::{LONG_CHAIN, WasteFree};
