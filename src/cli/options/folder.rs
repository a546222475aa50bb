//! Options of the verbs that work on a run folder.

use clap::Args;

/// Options of `summary`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct SummaryOptions {
    /// A finished run's folder
    #[arg(value_name = "DIR")]
    pub dir: String,
    /// What the run printed, or would have printed, with --json
    #[arg(long, conflicts_with_all = ["csv", "md"])]
    pub json: bool,
    /// One line a coordinate, every digit, all coordinates
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
