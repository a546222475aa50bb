//! The options of `smc`.

use super::{OutputOptions, PopulationOptions, TargetOptions, TuningOptions};
use crate::cli::given::Given;
use clap::Args;

/// Options of `smc`.
#[derive(Debug, Args)]
pub struct SmcOptions {
    #[command(flatten)]
    pub(in crate::cli) target: TargetOptions,
    /// The move at each temperature (see: driftlane list moves) [default: hmc]
    #[arg(long = "move", value_name = "NAME", help_heading = "Method")]
    pub(in crate::cli) kernel: Option<String>,
    /// Moves of every particle at each temperature, or auto: until the population has decorrelated, at most 100 [default: 5]
    #[arg(
        long,
        value_name = "M",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) moves_per_stage: Option<String>,
    /// Waste-free: chains of P states, P - 1 moves a temperature, every state weighted; P divides the particles
    #[arg(
        long,
        value_name = "P",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) waste_free: Option<String>,
    /// Standard errors from the ancestors L temperatures ago, for ladders so long that all descend from a few [default: from the start]
    #[arg(
        long,
        value_name = "L",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) lag: Option<String>,
    /// Effective sample size, as a share of the particles, that each step of the ladder keeps [default: 0.5]
    #[arg(
        long,
        value_name = "SHARE",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) target_ess: Option<String>,
    /// How populations are resampled (see: driftlane list resamplers) [default: multinomial]
    #[arg(long, value_name = "NAME", help_heading = "Method")]
    pub(in crate::cli) resampler: Option<String>,
    /// When: always, ess:SHARE (below that share of the particles) or never; the last temperature always [default: always]
    #[arg(long, value_name = "WHEN", help_heading = "Method")]
    pub(in crate::cli) resample: Option<String>,
    /// Islands that never meet, whose spread gives the standard error for any resampler, best 16 or more [default: 1]
    #[arg(
        long,
        value_name = "K",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) islands: Option<String>,
    /// Independent repetitions, whose spread gives the standard error [default: 1]
    #[arg(
        long,
        value_name = "R",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) replicates: Option<String>,
    /// Tempering parameters, from 0 to 1 [default: chosen on the way]
    #[arg(
        long,
        value_name = "b0,b1,..,1",
        allow_hyphen_values = true,
        help_heading = "Method"
    )]
    pub(in crate::cli) ladder: Option<String>,
    /// Replay temperatures, step sizes and scales of the run in DIR: Z is then exactly unbiased
    #[arg(long, value_name = "DIR", help_heading = "Method")]
    pub(in crate::cli) freeze: Option<String>,
    /// Keep every particle, its weight and its ancestor at every temperature in trace.zarr
    #[arg(long, help_heading = "Method")]
    pub(in crate::cli) keep_particles: bool,
    /// Run again from references twice, four and eight times as wide, and warn (W-MODES) if log Z disagrees
    #[arg(long, help_heading = "Method")]
    pub(in crate::cli) check_modes: bool,
    /// Where tempering starts: normal:SD, student:DF,SD or FILE.toml [default: the target's own]
    #[arg(long, value_name = "LAW", help_heading = "Method")]
    pub(in crate::cli) reference: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) tuning: TuningOptions,
    #[command(flatten)]
    pub(in crate::cli) population: PopulationOptions,
    #[command(flatten)]
    pub(in crate::cli) output: OutputOptions,
}

impl SmcOptions {
    pub(in crate::cli) fn give(&self, given: &mut Given) {
        given.word("move", "--move", &self.kernel);
        given.word(
            "moves_per_stage",
            "--moves-per-stage",
            &self.moves_per_stage,
        );
        given.word("waste_free", "--waste-free", &self.waste_free);
        given.word("lag", "--lag", &self.lag);
        given.word("target_ess", "--target-ess", &self.target_ess);
        given.word("resampler", "--resampler", &self.resampler);
        given.word("resample", "--resample", &self.resample);
        given.word("islands", "--islands", &self.islands);
        given.word("replicates", "--replicates", &self.replicates);
        given.word("ladder", "--ladder", &self.ladder);
        given.word("reference", "--reference", &self.reference);
        given.word("freeze", "--freeze", &self.freeze);
        given.flag("check_modes", "--check-modes", self.check_modes, true);
        given.flag(
            "keep_particles",
            "--keep-particles",
            self.keep_particles,
            true,
        );
        self.tuning.give(given);
        self.population.give(given);
        self.output.give(given);
    }
}
