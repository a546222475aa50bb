//! The particles, their seed, threads and start, of every verb that runs.

use crate::cli::given::Given;
use clap::Args;

#[derive(Debug, Args)]
pub(in crate::cli) struct PopulationOptions {
    /// Particles; sizes accept 1e6 [default: sample 1024, smc 2048, diffuse and compare 4096]
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        help_heading = "Population"
    )]
    particles: Option<String>,
    /// Same seed, same bytes, on any number of threads [default: 1]
    #[arg(
        long,
        value_name = "S",
        allow_negative_numbers = true,
        help_heading = "Population"
    )]
    seed: Option<String>,
    /// Threads [default: the cores this process may use]
    #[arg(
        long,
        value_name = "T",
        allow_negative_numbers = true,
        help_heading = "Population"
    )]
    threads: Option<String>,
    /// f64 or f32 [default: f64]
    #[arg(long, value_name = "TYPE", help_heading = "Population")]
    precision: Option<String>,
    /// Start of sample: FILE.npy (or FILE.npz, FILE.npz:NAME) of shape [N, dim], exact, prior or reference [default: prior if there is one, else reference; diffuse: noise; compare: exact]
    #[arg(long, value_name = "START", help_heading = "Population")]
    init: Option<String>,
}

impl PopulationOptions {
    pub(super) fn give(&self, given: &mut Given) {
        given.word("particles", "--particles", &self.particles);
        given.word("seed", "--seed", &self.seed);
        given.word("threads", "--threads", &self.threads);
        given.word("precision", "--precision", &self.precision);
        given.word("init", "--init", &self.init);
    }
}
