//! `driftlane` samples on the CPU: particles in structure-of-arrays tiles are moved by SIMD Langevin
//! and Hamiltonian steps, weighted and resampled by one Feynman-Kac scheduler spread over all cores.
//! Same seed, same bytes, for any number of threads.
//!
//! A density is written once, for one particle, over [`Lane`]; the engine runs it on 32 or 64
//! particles at a time and differentiates it where no gradient is given:
//!
//! ```
//! use driftlane::{Lane, Smc, Target};
//!
//! /// exp(-(x^2 - 1)^2) on the line.
//! struct DoubleWell;
//! impl Target for DoubleWell {
//!     fn dim(&self) -> usize {
//!         1
//!     }
//!     fn log_density<L: Lane>(&self, x: &[L]) -> L {
//!         let well = x[0] * x[0] - L::one();
//!         -(well * well)
//!     }
//! }
//!
//! let result = Smc::new(&DoubleWell).particles(4096).run()?;
//! // By quadrature: ln 1.9737 = 0.6799.
//! assert!((result.log_evidence - 0.6799).abs() < 0.1);
//! # Ok::<(), driftlane::Error>(())
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`target`] | densities: the trait [`Target`], references, the library |
//! | [`smc`] | tempered SMC: [`Smc`] |
//! | [`mcmc`] | moves and many-chain sampling: [`Sample`] |
//! | [`flow`] | the Feynman-Kac scheduler behind both |
//! | [`checkpoint`] | the format a run is kept in while it goes on |
//! | [`diagnostics`] | R-hat, ESS, MCSE, E-BFMI, gradient checks |
//! | [`kernels`] | lanes, elementary functions, random streams, steps |

#![forbid(unsafe_code)]

pub mod checkpoint;
pub mod cli;
pub mod diagnostics;
pub mod diffusion;
pub mod disk;
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
pub mod zarr;

pub use driftlane_kernels as kernels;
pub use error::{Error, Result};
pub use kernels::Lane;
pub use mcmc::{MoveKind, MoveSettings, Sample, SampleResult};
pub use smc::{Smc, SmcResult};
pub use target::{Reference, Target};
