//! `driftlane`: particles moved by SIMD Langevin and Hamiltonian steps, weighted and resampled by one
//! Feynman-Kac scheduler.

#![forbid(unsafe_code)]

pub mod cli;
pub mod diagnostics;
pub mod error;
pub mod flow;
pub mod integrator;
pub mod mcmc;
pub mod npy;
pub mod parameters;
pub mod particles;
pub mod record;
pub mod smc;
pub mod target;

pub use driftlane_kernels as kernels;
pub use error::{Error, Result};
