//! Arithmetic on registers and tiles: the bottom of `driftlane`.
//!
//! No threads, no files, no clocks and no allocation in a hot path. Every kernel is written once over
//! [`Lane`] and is bit-equal, lane by lane, to its instance at a scalar (`f64` or `f32`); any NaN
//! equals any NaN. That scalar instance is the oracle of the property tests.
//!
//! | module | what it holds |
//! |---|---|
//! | [`lane`] | the trait [`Lane`] and its instances: scalars, `f64x8`, `f32x16`, [`Pack`], [`Dual`] |
//! | [`isa`] | the only place that names `core::arch` |
//! | [`math`] | exp, ln, expm1, ln_1p, sigmoid, softplus, sin_cos of turns, with tested error bounds |
//! | [`rng`] | xoshiro256++ in eight lanes, seeding, uniforms, the Gaussian map |
//! | [`tile`] | tiles of four registers and the size of a block |
//! | [`step`] | one time step: Langevin, leapfrog, exponential integrators |
//! | [`weights`] | log-sum-exp, ESS and CESS, fixed-shape reductions, integer prefix sums |
//! | [`resample`] | offspring counts and ancestors |
//! | [`panel`] | products of a data matrix with a tile of particles |

#![deny(unsafe_code)]

pub mod isa;
pub mod lane;
pub mod math;
pub mod mutants;
pub mod panel;
pub mod resample;
pub mod rng;
pub mod step;
pub mod tile;
pub mod weights;

pub use lane::{Dual, F32, F64, Lane, Mask, Pack, Register, Scalar, Word};
