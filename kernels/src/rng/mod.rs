//! Random numbers in registers: xoshiro256++ in eight fixed lanes, seeded per block and epoch.

pub mod gaussian;
mod stream;
mod uniform;

pub use gaussian as normal_pair;
pub use stream::{Purpose, Stream, Vector, lane_seed};
pub use uniform::{uniform, uniform_open};
