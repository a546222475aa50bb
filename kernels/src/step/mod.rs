//! One time step on one coordinate of a tile. Noise is an argument; nothing here draws or branches.

pub mod exponential;
pub mod langevin;
pub mod leapfrog;
