//! The verbs and options of the command line.
//!
//! Every value is taken as text and judged where all settings are judged ([`super::settings`]), so that
//! a number on the command line and one in an experiment file are refused in the same words.

mod compare;
mod diffuse;
mod folder;
mod solver;

pub use compare::CompareOptions;
pub use diffuse::DiffuseOptions;
pub use folder::{ExportOptions, ReportOptions, SummaryOptions};
pub use folder::{FolderOptions, ResumeOptions};
pub use solver::SolverOptions;

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

/// Options of `sample`.
#[derive(Debug, Args)]
pub struct SampleOptions {
    #[command(flatten)]
    pub(super) target: TargetOptions,
    /// How particles move: hmc, rwmh, ula, underdamped or another (see: driftlane list samplers) [default: hmc]
    #[arg(long, value_name = "NAME", help_heading = "Method")]
    pub(super) sampler: Option<String>,
    /// Moves of every particle after warm-up, kept [default: 200]
    #[arg(
        long,
        value_name = "K",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(super) draws: Option<String>,
    /// Moves after warm-up of which only summaries and the last population are kept
    #[arg(
        long,
        value_name = "K",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(super) steps: Option<String>,
    /// Moves before the first draw, during which step sizes adapt [default: 200; unadjusted dynamics 0]
    #[arg(
        long,
        value_name = "W",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(super) warmup: Option<String>,
    /// Keep every k-th draw [default: 1]
    #[arg(
        long,
        value_name = "k",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(super) thin: Option<String>,
    /// Noise of unadjusted dynamics: gaussian, two-point or three-point, which converge weakly [default: gaussian]
    #[arg(long, value_name = "LAW", help_heading = "Method")]
    pub(super) noise: Option<String>,
    #[command(flatten)]
    pub(super) tuning: TuningOptions,
    #[command(flatten)]
    pub(super) population: PopulationOptions,
    #[command(flatten)]
    pub(super) output: OutputOptions,
}

/// Options of `smc`.
#[derive(Debug, Args)]
pub struct SmcOptions {
    #[command(flatten)]
    pub(super) target: TargetOptions,
    /// The move at each temperature (see: driftlane list moves) [default: hmc]
    #[arg(long = "move", value_name = "NAME", help_heading = "Method")]
    pub(super) kernel: Option<String>,
    /// Moves of every particle at each temperature, or auto: until the population has decorrelated, at most 100 [default: 5]
    #[arg(
        long,
        value_name = "M",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(super) moves_per_stage: Option<String>,
    /// Waste-free: chains of P states, P - 1 moves a temperature, every state weighted; P divides the particles
    #[arg(
        long,
        value_name = "P",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(super) waste_free: Option<String>,
    /// Standard errors from the ancestors L temperatures ago, for ladders so long that all descend from a few [default: from the start]
    #[arg(
        long,
        value_name = "L",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(super) lag: Option<String>,
    /// Effective sample size, as a share of the particles, that each step of the ladder keeps [default: 0.5]
    #[arg(
        long,
        value_name = "SHARE",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(super) target_ess: Option<String>,
    /// How populations are resampled (see: driftlane list resamplers) [default: multinomial]
    #[arg(long, value_name = "NAME", help_heading = "Method")]
    pub(super) resampler: Option<String>,
    /// When: always, ess:SHARE (below that share of the particles) or never; the last temperature always [default: always]
    #[arg(long, value_name = "WHEN", help_heading = "Method")]
    pub(super) resample: Option<String>,
    /// Islands that never meet, whose spread gives the standard error for any resampler, best 16 or more [default: 1]
    #[arg(
        long,
        value_name = "K",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(super) islands: Option<String>,
    /// Independent repetitions, whose spread gives the standard error [default: 1]
    #[arg(
        long,
        value_name = "R",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    pub(super) replicates: Option<String>,
    /// Tempering parameters, from 0 to 1 [default: chosen on the way]
    #[arg(
        long,
        value_name = "b0,b1,..,1",
        allow_hyphen_values = true,
        help_heading = "Method"
    )]
    pub(super) ladder: Option<String>,
    /// Replay temperatures, step sizes and scales of the run in DIR: Z is then exactly unbiased
    #[arg(long, value_name = "DIR", help_heading = "Method")]
    pub(super) freeze: Option<String>,
    /// Keep every particle, its weight and its ancestor at every temperature in trace.zarr
    #[arg(long, help_heading = "Method")]
    pub(super) keep_particles: bool,
    /// Run again from references twice, four and eight times as wide, and warn (W-MODES) if log Z disagrees
    #[arg(long, help_heading = "Method")]
    pub(super) check_modes: bool,
    /// Where tempering starts: normal:SD, student:DF,SD or FILE.toml [default: the target's own]
    #[arg(long, value_name = "LAW", help_heading = "Method")]
    pub(super) reference: Option<String>,
    #[command(flatten)]
    pub(super) tuning: TuningOptions,
    #[command(flatten)]
    pub(super) population: PopulationOptions,
    #[command(flatten)]
    pub(super) output: OutputOptions,
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

#[derive(Debug, Args)]
pub(super) struct TargetOptions {
    /// A built-in name (see: driftlane list targets), a target file or an experiment file
    #[arg(value_name = "TARGET")]
    pub(super) target: String,
    /// A parameter of the target, repeatable
    #[arg(
        long,
        value_name = "KEY=VALUE",
        allow_hyphen_values = true,
        help_heading = "Target"
    )]
    pub(super) set: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct TuningOptions {
    /// Step size; when given it is never adapted
    #[arg(
        long,
        value_name = "h",
        allow_hyphen_values = true,
        help_heading = "Method"
    )]
    step_size: Option<String>,
    /// Leapfrog steps of a trajectory, the mean where their number is jittered, or auto: tuned by ChEES (hmc) [default: 10]
    #[arg(
        long,
        value_name = "L",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    leapfrog_steps: Option<String>,
    /// Inverse mass matrix: variance (of the coordinates) or fisher (root of their variance over the gradient's) [default: variance]
    #[arg(long, value_name = "NAME", help_heading = "Method")]
    mass: Option<String>,
    /// How hmc moves: velocity-verlet or another (see: driftlane list integrators) [default: velocity-verlet]
    #[arg(long, value_name = "NAME", help_heading = "Method")]
    integrator: Option<String>,
    /// Friction of underdamped dynamics and ghmc [default: 1]
    #[arg(
        long,
        value_name = "GAMMA",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    friction: Option<String>,
    /// Relative half-width of the spread of step sizes over particles [default: hmc and adjusted-mclmc 0.2, others 0]
    #[arg(
        long,
        value_name = "J",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    jitter: Option<String>,
    /// Step sizes log-uniform over h/F to h F instead, one a particle and move: for funnels
    #[arg(
        long,
        value_name = "F",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    step_size_spread: Option<String>,
    /// Acceptance that step sizes adapt to [default: the move's, see: driftlane list moves]
    #[arg(
        long,
        value_name = "P",
        allow_negative_numbers = true,
        help_heading = "Method"
    )]
    target_accept: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct PopulationOptions {
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

#[derive(Debug, Args)]
pub(super) struct OutputOptions {
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
    pub(super) dry_run: bool,
}

impl RunOptions {
    pub(super) fn give(&self, given: &mut Given) {
        self.population.give(given);
        self.output.give(given);
    }
}

impl SampleOptions {
    pub(super) fn give(&self, given: &mut Given) {
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

impl SmcOptions {
    pub(super) fn give(&self, given: &mut Given) {
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

impl TuningOptions {
    fn give(&self, given: &mut Given) {
        given.word("step_size", "--step-size", &self.step_size);
        given.word("leapfrog_steps", "--leapfrog-steps", &self.leapfrog_steps);
        given.word("mass", "--mass", &self.mass);
        given.word("integrator", "--integrator", &self.integrator);
        given.word("friction", "--friction", &self.friction);
        given.word("jitter", "--jitter", &self.jitter);
        given.word(
            "step_size_spread",
            "--step-size-spread",
            &self.step_size_spread,
        );
        given.word("target_accept", "--target-accept", &self.target_accept);
    }
}

impl PopulationOptions {
    fn give(&self, given: &mut Given) {
        given.word("particles", "--particles", &self.particles);
        given.word("seed", "--seed", &self.seed);
        given.word("threads", "--threads", &self.threads);
        given.word("precision", "--precision", &self.precision);
        given.word("init", "--init", &self.init);
    }
}

impl OutputOptions {
    fn give(&self, given: &mut Given) {
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
