//! What is sampled, of every verb that takes a target first.

use clap::Args;

#[derive(Debug, Args)]
pub(in crate::cli) struct TargetOptions {
    /// A built-in name (see: driftlane list targets), a target file or an experiment file
    #[arg(value_name = "TARGET")]
    pub(in crate::cli) target: String,
    /// A parameter of the target, repeatable
    #[arg(
        long,
        value_name = "KEY=VALUE",
        allow_hyphen_values = true,
        help_heading = "Target"
    )]
    pub(in crate::cli) set: Vec<String>,
}
