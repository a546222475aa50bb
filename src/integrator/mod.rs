//! Langevin and Hamiltonian schemes on one tile: a scheme is data ([`Scheme`], [`SCHEMES`]), compiled
//! once into passes over the kernels' steps ([`Stepper`], [`Leapfrog`]).

mod explicit;
mod flight;
mod leapfrog;
mod masses;
mod overdamped;
mod program;
mod scheme;
mod scratch;
mod splitting;
mod stepper;
mod table;

pub use leapfrog::{Leapfrog, draw_momentum, kinetic_energy};
pub use masses::Masses;
pub use overdamped::euler_maruyama_steps;
pub use program::{Pass, Program};
pub use scheme::{Dynamics, Increments, Order, Rule, Scheme, Stability, Stage};
pub use scratch::Scratch;
pub use stepper::{Parameters, Stepper, Tile};
pub use table::{EULER_MARUYAMA, SCHEMES, VELOCITY_VERLET, scheme};
