//! One time step on one coordinate of a tile. Noise is an argument of every kernel, and nothing here
//! branches on a value; [`splitting::pass`] alone draws, from a source it is given, so that noise
//! stays in registers.

pub mod combination;
pub mod exponential;
pub mod langevin;
pub mod leapfrog;
pub mod splitting;
