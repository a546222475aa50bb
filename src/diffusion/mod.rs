//! Diffusion and flow sampling: solvers of the probability flow and the reverse process as step programs.
//!
//! ```text
//! x_t = alpha x_0 + sigma eps,    lambda = ln(alpha / sigma),    s = sigma / alpha
//! dx = [f x - (1 + eta)/2 g^2 score] dt + sqrt(eta) g dw     keeps all marginals; eta = 0: the flow
//! ```
//!
//! A solver is a table: nodes, weights, noise and which outputs of the denoiser they belong to depend on the
//! grid alone, so they are worked out once, in double precision, as a [`Program`] over registers. All solvers
//! work in the frame x = alpha x_0 + sigma eps, whatever frame their papers use.

mod adaptive;
mod angle;
mod conversion;
mod denoising;
mod flow;
mod grid;
mod node;
mod path;
mod program;
mod quadrature;
mod registers;
mod run;
mod scalar;
mod schedule;
pub mod solver;
mod start;
pub mod weights;

pub use crate::target::Prediction;
pub use adaptive::Adaptive;
pub use conversion::Quantity;
pub use denoising::{Denoising, Guidance};
pub use flow::{NoiseSource, SolverFlow};
pub use grid::{Grid, GridOptions, of_level};
pub use node::Node;
pub use program::{Innovation, Operation, Program, Step};
pub use run::{
    Diffuse, DiffuseResult, DiffuseRun, STEPS_PER_VISIT, Steps, diffuse, diffuse_adaptive,
};
pub use scalar::{run_scalar, run_steps};
pub use schedule::Schedule;
pub use start::Start;
