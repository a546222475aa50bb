//! Options of the verbs on a run folder.

use crate::cli::given::Given;
use clap::Args;

/// Options of `resume`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct ResumeOptions {
    /// Run folder
    #[arg(value_name = "DIR")]
    pub dir: String,
    /// Draws to be added, with a plus: +1000
    #[arg(long, value_name = "+N", allow_hyphen_values = true)]
    pub draws: Option<String>,
    /// Threads [default: the cores this process may use]
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    threads: Option<String>,
    /// Write a checkpoint this often: 30s, 200ms, a number of moves, or none [default: as before]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    checkpoint_every: Option<String>,
    /// Stop after this long with a checkpoint and exit code 143 [default: none]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    time_limit: Option<String>,
    /// One JSON object on standard output
    #[arg(long)]
    pub json: bool,
    /// No progress
    #[arg(long)]
    pub quiet: bool,
    /// Exit with 1 if there is a warning
    #[arg(long)]
    strict: bool,
}

impl ResumeOptions {
    pub(in crate::cli) fn give(&self, given: &mut Given) {
        // Of this process, not of the one before.
        given.drop_key("threads");
        given.drop_key("time_limit");
        given.word("threads", "--threads", &self.threads);
        given.word(
            "checkpoint_every",
            "--checkpoint-every",
            &self.checkpoint_every,
        );
        given.word("time_limit", "--time-limit", &self.time_limit);
        given.flag("strict", "--strict", self.strict, true);
    }
}

/// Options of a verb that looks at a run folder.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct FolderOptions {
    /// Run folder
    #[arg(value_name = "DIR")]
    pub dir: String,
    /// One JSON object on standard output
    #[arg(long)]
    pub json: bool,
}
