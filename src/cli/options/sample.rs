//! The options of `sample`.

use super::{OutputOptions, PopulationOptions, TargetOptions, TuningOptions};
use crate::cli::given::Given;
use clap::Args;

/// Options of `sample`.
#[derive(Debug, Args)]
pub struct SampleOptions {
    #[command(flatten)]
    pub(in crate::cli) target: TargetOptions,
    /// How particles move: hmc, rwmh, ula, underdamped or another (see: driftlane list samplers) [default: hmc]
    #[arg(long, value_name = "NAME", help_heading = "Method")]
    pub(in crate::cli) sampler: Option<String>,
    /// Moves of every particle after warm-up, kept [default: 200]
    #[arg(
        long,
        value_name = "K",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) draws: Option<String>,
    /// Moves after warm-up of which only summaries and the last population are kept
    #[arg(
        long,
        value_name = "K",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) steps: Option<String>,
    /// Moves before the first draw, during which step sizes adapt [default: 200; unadjusted dynamics 0]
    #[arg(
        long,
        value_name = "W",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) warmup: Option<String>,
    /// Keep every k-th draw [default: 1]
    #[arg(
        long,
        value_name = "k",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) thin: Option<String>,
    /// Noise of unadjusted dynamics: gaussian, two-point or three-point, which converge weakly [default: gaussian]
    #[arg(long, value_name = "LAW", help_heading = "Method")]
    pub(in crate::cli) noise: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) tuning: TuningOptions,
    #[command(flatten)]
    pub(in crate::cli) population: PopulationOptions,
    #[command(flatten)]
    pub(in crate::cli) output: OutputOptions,
}

impl SampleOptions {
    pub(in crate::cli) fn give(&self, given: &mut Given) {
        given.word("sampler", "--sampler", &self.sampler);
        given.word("draws", "--draws", &self.draws);
        given.word("steps", "--steps", &self.steps);
        given.word("warmup", "--warmup", &self.warmup);
        given.word("thin", "--thin", &self.thin);
        given.word("noise", "--noise", &self.noise);
        self.tuning.give(given);
        self.population.give(given);
        self.output.give(given);
    }
}
