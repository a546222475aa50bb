//! Diffusion solvers against other implementations, their orders, and the integrals they are made of.
#![allow(clippy::disallowed_methods)]

#[path = "../gates/mod.rs"]
mod gates;

mod edges;
mod flow;
mod grid_values;
mod grids;
mod integrals;
mod mixture;
mod oracles;
mod orders;
mod schedules;
