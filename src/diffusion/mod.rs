//! Diffusion and flow sampling: solvers of the probability-flow ODE as step programs.
//!
//! ```text
//! x_t = alpha x_0 + sigma eps,    lambda = ln(alpha / sigma),    s = sigma / alpha
//! dx = [f x - (1/2) g^2 score] dt                        the flow that keeps all marginals
//! ```
//!
//! A solver is a table: nodes, weights and which outputs of the denoiser they belong to depend on the grid
//! alone, so they are worked out once, in double precision, as a [`Program`] over registers. All solvers work
//! in the frame x = alpha x_0 + sigma eps, whatever frame their papers use.

mod angle;
mod flow;
mod grid;
mod node;
mod program;
mod scalar;
mod schedule;
pub mod solver;
pub mod weights;

pub use flow::{DiffuseResult, Start, diffuse};
pub use grid::{Grid, GridOptions, of_level};
pub use node::Node;
pub use program::{Operation, Prediction, Program, Step};
pub use scalar::run_scalar;
pub use schedule::Schedule;
