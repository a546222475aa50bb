//! Diffusion solvers against other implementations, their orders, and the integrals they are made of.
#![allow(clippy::disallowed_methods)]

#[path = "../gates/mod.rs"]
mod gates;

mod authors;
mod conversions;
mod counting;
mod denoisers;
mod densities;
mod edges;
mod flow;
mod gains;
mod grid_values;
mod grids;
mod high_orders;
mod identities;
mod integrals;
mod mixture;
mod oracles;
mod orders;
mod paths;
mod resampling;
mod reverse;
mod rounding;
mod schedules;
mod slopes;
mod starts;
mod tilted;
mod whole_range;

use driftlane::diffusion::solver::{Description, Options, Setup};
use driftlane::diffusion::{Node, Program, Schedule};

/// A solver's program on nodes of a schedule, without options.
fn program_of(
    solver: &Description,
    nodes: &[Node],
    schedule: &Schedule,
) -> driftlane::Result<Program> {
    solver.program(&Setup {
        nodes,
        schedule,
        options: &Options::default(),
    })
}
