//! Langevin and Hamiltonian schemes on one tile: compositions of the kernels' steps.

mod leapfrog;
mod overdamped;
mod scratch;

pub use leapfrog::{Leapfrog, draw_momentum, kinetic_energy};
pub use overdamped::euler_maruyama_steps;
pub use scratch::Scratch;
