//! The verbs and options of the command line.
//!
//! Every value is taken as text and judged where all settings are judged ([`super::settings`]), so that
//! a number on the command line and one in an experiment file are refused in the same words.

mod compare;
mod diffuse;
mod folder;
mod output;
mod population;
mod sample;
mod smc;
mod solver;
mod target;
mod tuning;

pub use compare::CompareOptions;
pub use diffuse::DiffuseOptions;
pub use folder::{ExportOptions, ReportOptions, SummaryOptions};
pub use folder::{FolderOptions, ResumeOptions};
pub use sample::SampleOptions;
pub use smc::SmcOptions;
pub use solver::SolverOptions;

pub(super) use output::OutputOptions;
pub(super) use population::PopulationOptions;
pub(super) use target::TargetOptions;
use tuning::TuningOptions;

use super::given::Given;
use clap::{Args, Parser, Subcommand};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "driftlane",
    version,
    about,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = false
)]
#[command(after_help = "Example:\n  driftlane smc eight-gaussians --particles 2048")]
pub struct Options {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// A verb with its options.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run an experiment file: target, method, population, output
    #[command(
        after_help = "Example:\n  driftlane smc grid-9 --particles 512 --dry-run > run.toml\n  driftlane run run.toml --seed 2"
    )]
    Run(RunOptions),
    /// Move many particles by MCMC or by unadjusted Langevin steps
    #[command(
        after_help = "Example:\n  driftlane sample gaussian --set dim=32 --particles 256 --draws 100"
    )]
    Sample(SampleOptions),
    /// Tempered sequential Monte Carlo: log evidence with its standard error
    #[command(
        after_help = "Example:\n  driftlane smc eight-gaussians --particles 4096 --move hmc --seed 1"
    )]
    Smc(SmcOptions),
    /// Diffusion or flow sampling with the target's exact denoiser
    #[command(
        after_help = "Example:\n  driftlane diffuse eight-gaussians --solver dpmpp-2m --steps 20 --particles 4096"
    )]
    Diffuse(DiffuseOptions),
    /// Diffusion solvers side by side: error against calls and cost, fitted orders, a picture
    #[command(
        after_help = "Example:\n  driftlane compare ddim,dpmpp-2m,unipc-3-bh2 --on grid-9 --nfe 10:160 --particles 1024"
    )]
    Compare(CompareOptions),
    /// Go on with a run from its newest checkpoint, or lengthen one that kept draws
    #[command(
        after_help = "Example:\n  driftlane sample gaussian --particles 64 --draws 50 --out gaussian-run --force\n  driftlane resume gaussian-run --draws +50"
    )]
    Resume(ResumeOptions),
    /// How far a run is
    #[command(
        after_help = "Example:\n  driftlane sample gaussian --particles 64 --draws 50 --out gaussian-run --force\n  driftlane status gaussian-run"
    )]
    Status(FolderOptions),
    /// Whether the files of a run are as they were written: exit code 0, or 5
    #[command(
        after_help = "Example:\n  driftlane sample gaussian --particles 64 --draws 50 --out gaussian-run --force\n  driftlane verify gaussian-run"
    )]
    Verify(FolderOptions),
    /// The last moves of a particle that blew up, made again in scalar double precision
    #[command(
        after_help = "Example:\n  driftlane sample many-well --sampler ula --step-size 0.05 --particles 64 --steps 500 --out blown\n  driftlane replay blown"
    )]
    Replay(FolderOptions),
    /// The figures of a finished run once more, as text, JSON, CSV or Markdown
    #[command(
        after_help = "Example:\n  driftlane sample gaussian --particles 64 --out a\n  driftlane summary a --csv"
    )]
    Summary(SummaryOptions),
    /// Draw report.html of a finished run again
    #[command(
        after_help = "Example:\n  driftlane smc grid-9 --particles 512 --out b\n  driftlane report b -o grid-9.html"
    )]
    Report(ReportOptions),
    /// Draws of a finished run for other programs: CSV, NumPy, Stan CSV
    #[command(
        after_help = "Stan CSV counts parameters from 1 (x.1), the other formats from 0 (x[0]).\n\nExample:\n  driftlane sample gaussian --particles 64 --out c\n  driftlane export c --format stan-csv --chains 4"
    )]
    Export(ExportOptions),
    /// What there is, with defaults
    #[command(after_help = "Example:\n  driftlane list targets")]
    List(ListOptions),
    /// The build, the machine, and its measured peaks
    #[command(after_help = "Example:\n  driftlane info --json")]
    Info(InfoOptions),
}

/// Options of `run`.
#[derive(Debug, Args)]
pub struct RunOptions {
    /// Experiment file: tables target, method, population, output
    #[arg(value_name = "FILE.toml")]
    pub file: String,
    #[command(flatten)]
    pub(super) population: PopulationOptions,
    #[command(flatten)]
    pub(super) output: OutputOptions,
}

impl RunOptions {
    pub(super) fn give(&self, given: &mut Given) {
        self.population.give(given);
        self.output.give(given);
    }
}

/// Options of `list`.
#[derive(Debug, Args)]
pub struct ListOptions {
    /// targets, samplers, moves, integrators, resamplers, solvers, schedules or grids [default: all]
    #[arg(value_name = "WHAT")]
    pub what: Option<String>,
}

/// Options of `info`.
#[derive(Debug, Args)]
pub struct InfoOptions {
    /// One JSON object on standard output
    #[arg(long)]
    pub json: bool,
}
