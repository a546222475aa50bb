//! `driftlane`: particles moved by SIMD Langevin and Hamiltonian steps, weighted and resampled by one
//! Feynman-Kac scheduler.

#![forbid(unsafe_code)]

pub mod cli;
pub mod error;
pub mod parameters;
pub mod record;
pub mod target;

pub use driftlane_kernels as kernels;
pub use error::{Error, Result};
