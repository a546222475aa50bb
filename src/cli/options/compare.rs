//! The options of `compare`.

use super::{OutputOptions, PopulationOptions, SolverOptions};
use crate::cli::given::Given;
use clap::Args;

/// Options of `compare`.
#[derive(Debug, Args)]
pub struct CompareOptions {
    /// Diffusion solvers (see: driftlane list solvers); -karras or -lu after a name sets its grid
    #[arg(value_name = "A,B,..")]
    pub(in crate::cli) solvers: String,
    /// A built-in name (see: driftlane list targets), a target file or an experiment file
    #[arg(long, value_name = "TARGET", help_heading = "Target")]
    pub(in crate::cli) on: String,
    /// A parameter of the target, repeatable
    #[arg(
        long,
        value_name = "KEY=VALUE",
        allow_hyphen_values = true,
        help_heading = "Target"
    )]
    pub(in crate::cli) set: Vec<String>,
    /// Calls of the denoiser: FROM:TO by doublings, or numbers with commas; a solver takes as many steps as make no more [default: 20:320]
    #[arg(
        long,
        value_name = "FROM:TO|n,n,..",
        allow_hyphen_values = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) nfe: Option<String>,
    /// Solvers with noise: distance to a fine solution on the same Brownian path, in place of moments
    #[arg(long, help_heading = "Method")]
    pub(in crate::cli) strong: bool,
    #[command(flatten)]
    pub(in crate::cli) solving: SolverOptions,
    #[command(flatten)]
    pub(in crate::cli) population: PopulationOptions,
    #[command(flatten)]
    pub(in crate::cli) output: OutputOptions,
}

impl CompareOptions {
    pub(in crate::cli) fn give(&self, given: &mut Given) {
        given.word("solvers", "SOLVERS", &Some(self.solvers.clone()));
        given.word("nfe", "--nfe", &self.nfe);
        given.flag("strong", "--strong", self.strong, true);
        self.solving.give(given);
        self.population.give(given);
        self.output.give(given);
    }
}
