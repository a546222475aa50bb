//! What is printed and written, of every verb that runs.

use crate::cli::given::Given;
use clap::Args;

#[derive(Debug, Args)]
pub(in crate::cli) struct OutputOptions {
    /// Run folder [default: runs/TARGET-n, of compare runs/compare-TARGET-n]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: Option<String>,
    /// Write no run folder
    #[arg(long, help_heading = "Output")]
    no_save: bool,
    /// Replace an existing run folder
    #[arg(long, help_heading = "Output")]
    force: bool,
    /// One JSON object on standard output
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// No progress
    #[arg(long, help_heading = "Output")]
    quiet: bool,
    /// Exit with 1 if there is a warning
    #[arg(long, help_heading = "Output")]
    strict: bool,
    /// Write a checkpoint this often: 30s, 200ms, a number of moves, or none [default: 60s]
    #[arg(
        long,
        value_name = "TIME",
        allow_hyphen_values = true,
        help_heading = "Output"
    )]
    checkpoint_every: Option<String>,
    /// Stop after this long with a checkpoint and exit code 143: 10m, 23.5h [default: none]
    #[arg(
        long,
        value_name = "TIME",
        allow_hyphen_values = true,
        help_heading = "Output"
    )]
    time_limit: Option<String>,
    /// Print the experiment file this command stands for, and stop
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) dry_run: bool,
}

impl OutputOptions {
    pub(super) fn give(&self, given: &mut Given) {
        given.word("out", "--out", &self.out);
        given.flag("save", "--no-save", self.no_save, false);
        given.flag("force", "--force", self.force, true);
        given.flag("json", "--json", self.json, true);
        given.flag("quiet", "--quiet", self.quiet, true);
        given.flag("strict", "--strict", self.strict, true);
        given.word(
            "checkpoint_every",
            "--checkpoint-every",
            &self.checkpoint_every,
        );
        given.word("time_limit", "--time-limit", &self.time_limit);
    }
}
