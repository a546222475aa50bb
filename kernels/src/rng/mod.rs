//! Random numbers in registers: xoshiro256++ in eight fixed lanes, seeded per block and epoch.

mod alone;
pub mod gaussian;
mod noise;
mod stream;
mod uniform;

pub use alone::{Alone, Source};
pub use gaussian as normal_pair;
pub use noise::{Noise, Normals, ThreePoint, TwoPoint, three_point, two_point};
pub use stream::{Purpose, Stream, Vector, lane_seed};
pub use uniform::{uniform, uniform_open};
