//! The options of `diffuse`.

use super::{OutputOptions, PopulationOptions, TargetOptions};
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
    /// Noise schedule (see: driftlane list schedules) [default: vp-linear]
    #[arg(long, value_name = "NAME", help_heading = "Method")]
    pub(in crate::cli) schedule: Option<String>,
    /// Time grid: time, quadratic, logsnr, karras or polyexponential [default: logsnr]
    #[arg(long, value_name = "NAME", help_heading = "Method")]
    pub(in crate::cli) grid: Option<String>,
    /// Noise levels sigma/alpha of the calls, falling, in place of a grid
    #[arg(
        long,
        value_name = "FILE.npy|s0,s1,..",
        allow_hyphen_values = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) sigmas: Option<String>,
    /// What follows the last noise level: zero, sigma-min or none [default: the solver's habit]
    #[arg(long = "final", value_name = "RULE", help_heading = "Method")]
    pub(in crate::cli) last: Option<String>,
    /// Print the step program as JSON and stop
    #[arg(long, help_heading = "Method")]
    pub(in crate::cli) program: bool,
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
        given.word("schedule", "--schedule", &self.schedule);
        given.word("grid", "--grid", &self.grid);
        given.word("sigmas", "--sigmas", &self.sigmas);
        given.word("final", "--final", &self.last);
        self.population.give(given);
        self.output.give(given);
    }
}
