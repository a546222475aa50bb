//! The population: channels of particles in structure-of-arrays tiles, cut into blocks.
//!
//! A channel holds some numbers a particle, as `[tile][row][4 registers]`. Vector channels (position
//! first, then what a move declares: momentum, gradient) have `dim` rows in the run's precision;
//! scalar channels (log densities) have one row in double precision; kept states are rows of both
//! kinds. What is declared here survives
//! a step, is permuted by resampling, and is what a checkpoint has to hold.

mod moments;
mod population;
mod samples;
mod span;

pub use moments::Moments;
pub(crate) use population::transpose_tile;
pub use population::{Channels, MAX_CHANNELS, Population, STATE_SCALARS};
pub use samples::{Numbers, Samples};
pub use span::{Span, States};
