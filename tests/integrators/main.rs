//! Every scheme against what is known of it: stationary laws, orders, reversibility, volume, stability
//! limits, and the exact law of the exponential pieces.
//!
//! Where a scheme is linear its own linear map gives exact answers, and nothing is simulated;
//! `simulation.rs` confirms through the command of a user, with its power stated.
// Matrices are indexed as in the formulas; libm is the other opinion.
#![allow(clippy::needless_range_loop, clippy::disallowed_methods)]

mod composition;
mod drift_only;
mod exact_law;
#[path = "../gates/mod.rs"]
mod gates;
mod hamiltonian;
mod linear;
mod mutants;
mod simulation;
mod stationary;
mod tamed;
mod weak;
