//! The options of `diffuse`.

use super::{OutputOptions, PopulationOptions, SolverOptions, TargetOptions};
use crate::cli::given::Given;
use clap::Args;

/// Options of `diffuse`.
#[derive(Debug, Args)]
pub struct DiffuseOptions {
    #[command(flatten)]
    pub(in crate::cli) target: TargetOptions,
    /// Solver (see: driftlane list solvers); -karras or -lu after its name sets the grid [default: dpmpp-2m]
    #[arg(long, value_name = "NAME", help_heading = "Method")]
    pub(in crate::cli) solver: Option<String>,
    /// Steps, the last one to noise level 0 included [default: 20]
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) steps: Option<String>,
    /// As many steps as take no more than this many calls of the denoiser
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) nfe: Option<String>,
    /// Noise levels sigma/alpha of the calls, falling, in place of a grid
    #[arg(
        long,
        value_name = "FILE.npy|s0,s1,..",
        allow_hyphen_values = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) sigmas: Option<String>,
    /// Times of the schedule of the calls, falling, in place of a grid
    #[arg(
        long,
        value_name = "FILE.npy|t0,t1,..",
        allow_hyphen_values = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) timesteps: Option<String>,
    /// Noise from one Brownian path a particle, the same for any number of steps
    #[arg(long, help_heading = "Method")]
    pub(in crate::cli) brownian_path: bool,
    /// Relative tolerance of adaptive solvers [default: 0.05]
    #[arg(
        long,
        value_name = "TOL",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) rtol: Option<String>,
    /// Absolute tolerance of adaptive solvers [default: 0.0078]
    #[arg(
        long,
        value_name = "TOL",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) atol: Option<String>,
    /// Print the step program as JSON and stop
    #[arg(long, help_heading = "Method")]
    pub(in crate::cli) program: bool,
    #[command(flatten)]
    pub(in crate::cli) solving: SolverOptions,
    #[command(flatten)]
    pub(in crate::cli) population: PopulationOptions,
    #[command(flatten)]
    pub(in crate::cli) output: OutputOptions,
}

impl DiffuseOptions {
    pub(in crate::cli) fn give(&self, given: &mut Given) {
        given.word("solver", "--solver", &self.solver);
        given.word("steps", "--steps", &self.steps);
        given.word("nfe", "--nfe", &self.nfe);
        given.word("sigmas", "--sigmas", &self.sigmas);
        given.word("timesteps", "--timesteps", &self.timesteps);
        given.word("rtol", "--rtol", &self.rtol);
        given.word("atol", "--atol", &self.atol);
        given.flag("brownian_path", "--brownian-path", self.brownian_path, true);
        self.solving.give(given);
        self.population.give(given);
        self.output.give(given);
    }
}
