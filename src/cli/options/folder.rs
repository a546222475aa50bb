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
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    checkpoint_every: Option<String>,
    /// Stop after this long with a checkpoint and exit code 143 [default: none]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
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

/// Options of `summary`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct SummaryOptions {
    /// A finished run's folder
    #[arg(value_name = "DIR")]
    pub dir: String,
    /// What the run printed, or would have printed, with --json
    #[arg(long, conflicts_with_all = ["csv", "md"])]
    pub json: bool,
    /// One line a coordinate, every digit, all coordinates; of a comparison one line a row
    #[arg(long, conflicts_with = "md")]
    pub csv: bool,
    /// A table in Markdown, all coordinates
    #[arg(long)]
    pub md: bool,
}

/// Options of `report`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct ReportOptions {
    /// A finished run's folder
    #[arg(value_name = "DIR")]
    pub dir: String,
    /// Where the report goes [default: report.html in DIR, replaced]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<String>,
    /// Replace FILE
    #[arg(long)]
    pub force: bool,
}

/// Options of `export`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct ExportOptions {
    /// A finished run's folder
    #[arg(value_name = "DIR")]
    pub dir: String,
    /// csv, npz or stan-csv
    #[arg(long, value_name = "NAME", default_value = "csv")]
    pub format: String,
    /// File, of stan-csv folder [default: in DIR draws.csv or samples.csv, arrays.npz, stan-csv]
    #[arg(long, value_name = "FILE")]
    pub out: Option<String>,
    /// stan-csv: chains to write, the first ones, each to a file [default: all, of at most 64]
    #[arg(long, value_name = "C", allow_negative_numbers = true)]
    pub chains: Option<String>,
    /// Replace what is there
    #[arg(long)]
    pub force: bool,
    /// One JSON object on standard output
    #[arg(long)]
    pub json: bool,
}
