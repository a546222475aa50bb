//! A run's settings with every default filled in, judged, and written out again.
//!
//! `resolve` makes them from what was given, `text` writes them as an experiment file, `memory` and
//! `disk` judge whether they fit, `names` holds the choices that have names.

mod bytes;
mod cadence;
mod compare;
mod diffuse;
mod disk;
mod memory;
mod names;
mod resolve;
mod text;

pub use crate::flow::{Resampler, Resampling};
pub use crate::mcmc::{Mass, MoveKind as Sampler};
pub use cadence::Cadence;
pub use names::Precision;

use crate::diffusion::solver::{Habit, Options};
use crate::diffusion::{Denoising, Grid, GridOptions};
use crate::error::{Error, Result};
use crate::integrator::{Increments, Scheme};
use crate::parameters::Parameters;
use crate::record::manifest;
use crate::target::library;
use std::path::PathBuf;
use std::time::Duration;
use toml::Table;

/// Everything a run needs to know. Made by [`super::parse`] or [`Settings::from_toml`].
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What is sampled.
    pub target: TargetSpec,
    /// How.
    pub method: Method,
    /// By how many particles, from where.
    pub population: Population,
    /// What is printed and written.
    pub output: Output,
}

/// A target by name, not built yet.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetSpec {
    /// The built-in name.
    pub name: String,
    /// Its parameters, not judged yet; paths are absolute.
    pub parameters: Table,
    /// Where relative paths start.
    pub folder: PathBuf,
    /// How the table of parameters is called in messages: `--set`, a file, `run.toml [target]`.
    pub place: String,
}

impl TargetSpec {
    /// Builds the target, judging its parameters.
    pub fn build(&self) -> Result<library::BoxedTarget> {
        if !library::describe()
            .iter()
            .any(|known| known.name == self.name)
        {
            let field = match self.place.as_str() {
                "--set" => "TARGET".to_owned(),
                place => format!("{place} kind"),
            };
            return Err(library::unknown_name(&field, &self.name));
        }
        let parameters = Parameters::new(&self.place, &self.folder, self.parameters.clone());
        library::build(&self.name, parameters).map_err(|error| self.placed(error))
    }

    /// A refusal by a target's constructor, which knows no file, with the place of the key.
    fn placed(&self, error: Error) -> Error {
        match error {
            Error::Invalid {
                field,
                value,
                allowed,
            } if !field.starts_with(&self.place) => {
                let kind = |word: &str| library::describe().iter().any(|known| known.name == word);
                let key = match field.split_once(' ') {
                    Some((word, key)) if kind(word) => key,
                    _ => &field,
                };
                Error::invalid(format!("{} {key}", self.place), value, allowed)
            }
            other => other,
        }
    }
}

/// The verb and what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// `sample`.
    Sample(SampleMethod),
    /// `smc`.
    Smc(SmcMethod),
    /// `diffuse`.
    Diffuse(DiffuseMethod),
    /// `compare`.
    Compare(CompareMethod),
}

/// What `compare` sets side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareMethod {
    /// In this order.
    pub entrants: Vec<Entrant>,
    /// The most calls of each row, rising.
    pub calls: Vec<u64>,
    /// Whether solvers with noise are held against a fine solution on the same Brownian path.
    pub strong: bool,
}

/// A solver as it was called, and how it integrates; its calls are those of the row.
#[derive(Debug, Clone, PartialEq)]
pub struct Entrant {
    /// The name given.
    pub name: String,
    /// How.
    pub method: DiffuseMethod,
}

/// How `diffuse` integrates.
#[derive(Debug, Clone, PartialEq)]
pub struct DiffuseMethod {
    /// The solver's name.
    pub solver: String,
    /// Steps, that to noise level 0 included.
    pub steps: u64,
    /// The most calls, in place of steps.
    pub nfe: Option<u64>,
    /// The noise schedule's name.
    pub schedule: String,
    /// The time grid.
    pub grid: Grid,
    /// Its power and shift.
    pub grid_options: GridOptions,
    /// Noise levels in place of a grid.
    pub levels: Option<Levels>,
    /// The schedule's own times in place of a grid.
    pub times: Option<Levels>,
    /// What follows the last noise level; `None`: the solver's habit.
    pub last: Option<Habit>,
    /// What else the solver is told.
    pub options: Options,
    /// How the denoiser is called.
    pub denoising: Denoising,
    /// Whether noise is one Brownian path a particle, whatever the steps.
    pub brownian_path: bool,
    /// Relative and absolute tolerance of adaptive solvers.
    pub tolerances: (f64, f64),
}

/// Noise levels or times given by the user.
#[derive(Debug, Clone, PartialEq)]
pub enum Levels {
    /// These.
    Numbers(Vec<f64>),
    /// An array file.
    File(PathBuf),
}

/// How `sample` moves particles.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleMethod {
    /// The move.
    pub sampler: Sampler,
    /// Moves after warm-up.
    pub length: Length,
    /// Moves before the first draw.
    pub warmup: u64,
    /// Every `thin`-th draw is kept; at least 1.
    pub thin: u64,
    /// Step size and trajectories.
    pub tuning: Tuning,
}

/// How long `sample` runs after warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// This many moves, kept.
    Draws(u64),
    /// This many moves; summaries and the last population are kept.
    Steps(u64),
}

impl Length {
    /// The number of moves.
    pub fn moves(self) -> u64 {
        let (Self::Draws(k) | Self::Steps(k)) = self;
        k
    }
}

/// How `smc` tempers.
#[derive(Debug, Clone, PartialEq)]
pub struct SmcMethod {
    /// The move at each temperature.
    pub kernel: Sampler,
    /// Moves of every particle at each temperature; `None`: until the population has decorrelated, at
    /// most [`MOST_MOVES`](Self::MOST_MOVES).
    pub moves_per_stage: Option<u64>,
    /// States of a waste-free chain, all of them weighted; `None`: one state a particle.
    pub chain_length: Option<u64>,
    /// How many resamplings back the ancestors lie that errors rest on; `None`: to the start.
    pub lag: Option<u64>,
    /// Share of the particles, in (0, 1), that the next temperature's effective sample size keeps.
    pub target_ess: f64,
    /// How populations are resampled.
    pub resampler: Resampler,
    /// When populations are resampled.
    pub resampling: Resampling,
    /// Islands that never meet.
    pub islands: u64,
    /// Independent repetitions.
    pub replicates: u64,
    /// Tempering parameters from 0 to 1, increasing; `None`: chosen on the way.
    pub ladder: Option<Vec<f64>>,
    /// Where tempering starts; `None`: the target's own reference.
    pub reference: Option<ReferenceSpec>,
    /// The folder of the run whose schedule is replayed; `None`: temperatures and moves are tuned.
    pub freeze: Option<PathBuf>,
    /// Whether runs from wider references look for missed modes.
    pub check_modes: bool,
    /// Whether the weighted particles of every temperature are written down.
    pub keep_particles: bool,
    /// Step size and trajectories.
    pub tuning: Tuning,
}

impl SmcMethod {
    /// The most moves at one temperature where their number is not given: where modes are rarely left,
    /// correlations with the start fall for thousands of moves.
    pub const MOST_MOVES: u64 = 100;
}

/// Step size and trajectories of a move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tuning {
    /// Step size, never adapted; `None`: adapted to `target_accept`.
    pub step_size: Option<f64>,
    /// Leapfrog steps of a trajectory (their mean where it is jittered); `None`: its length is tuned.
    pub leapfrog_steps: Option<u64>,
    /// What scales are made from; of adjusted moves only.
    pub mass: Mass,
    /// Relative half-width of the spread of step sizes, in [0, 1).
    pub jitter: f64,
    /// Step sizes log-uniform from 1/F to F times their centre, F at least 1; `None`: by `jitter`.
    pub step_size_spread: Option<f64>,
    /// Acceptance that step sizes adapt to, in (0, 1).
    pub target_accept: f64,
    /// The composition hmc moves by.
    pub integrator: &'static Scheme,
    /// Friction of underdamped dynamics, at least 0; used by its schemes only.
    pub friction: f64,
    /// The law of the noise of unadjusted dynamics.
    pub noise: Increments,
}

/// A reference law given by the user.
#[derive(Debug, Clone, PartialEq)]
pub enum ReferenceSpec {
    /// Independent normals of this standard deviation, centred at 0.
    Normal(f64),
    /// Independent Student t with (degrees of freedom, scale), centred at 0.
    Student(f64, f64),
    /// A file that describes it.
    File(PathBuf),
}

/// Where particles start.
#[derive(Debug, Clone, PartialEq)]
pub enum Init {
    /// The prior if the target has one, else the reference.
    Default,
    /// Exact draws from the target.
    Exact,
    /// Draws from its prior.
    Prior,
    /// Draws from the reference.
    Reference,
    /// An .npy file of shape [N, dim], whose N is the number of particles.
    File(PathBuf),
}

/// The population.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    /// Particles; `None` when `init` is a file, whose N rules, and none were asked for.
    pub particles: Option<u64>,
    /// The seed.
    pub seed: u64,
    /// Threads.
    pub threads: usize,
    /// Precision.
    pub precision: Precision,
    /// Where particles start.
    pub init: Init,
}

/// What is printed and written.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The run folder; `None`: the first free `runs/<target>-<n>`.
    pub out: Option<PathBuf>,
    /// Whether a run folder is written.
    pub save: bool,
    /// Whether an existing run folder may be replaced.
    pub force: bool,
    /// Whether the summary is printed as JSON.
    pub json: bool,
    /// Whether progress is left out.
    pub quiet: bool,
    /// Whether a warning means exit code 1.
    pub strict: bool,
    /// When checkpoints are written.
    pub checkpoint_every: Cadence,
    /// How long the computation may take before it is interrupted.
    pub time_limit: Option<Duration>,
}

impl Settings {
    /// `sample` or `smc`.
    pub fn verb(&self) -> &'static str {
        match self.method {
            Method::Sample(_) => "sample",
            Method::Smc(_) => "smc",
            Method::Diffuse(_) => "diffuse",
            Method::Compare(_) => "compare",
        }
    }

    /// The number of particles when no file rules it.
    pub fn particles(&self) -> u64 {
        self.population
            .particles
            .unwrap_or_else(|| default_particles(&self.method))
    }

    /// Judges what depends on several settings at once, in the words of the command line.
    pub fn validate(&self) -> Result<()> {
        let refuse = |field: &str, value: &dyn std::fmt::Display, allowed: &str| {
            Err(Error::invalid(field, value, allowed))
        };
        match &self.method {
            Method::Sample(method) => {
                if method.warmup == 0 && method.length.moves() == 0 {
                    return refuse("--draws", &0, "must be at least 1 where --warmup is 0");
                }
                let tuning = &method.tuning;
                if !method.sampler.is_adjusted() && tuning.step_size.is_none() {
                    let name = method.sampler.name();
                    return refuse(
                        "--step-size",
                        &"(not given)",
                        &format!("must be given for {name}, which cannot adapt it"),
                    );
                }
                if let Length::Draws(draws) = method.length
                    && method.thin > draws.max(1)
                {
                    return refuse(
                        "--thin",
                        &method.thin,
                        &format!("must be from 1 to the number of draws, {draws}"),
                    );
                }
            }
            Method::Diffuse(method) => {
                let from_file = |levels: &Option<Levels>| matches!(levels, Some(Levels::File(_)));
                if !from_file(&method.levels) && !from_file(&method.times) {
                    method.plan()?;
                }
            }
            Method::Compare(method) => {
                for entrant in &method.entrants {
                    for calls in &method.calls {
                        entrant.program(*calls)?;
                    }
                }
            }
            Method::Smc(method) => {
                if !method.kernel.is_adjusted() {
                    let names = Sampler::ADJUSTED_NAMES.join(", ");
                    let allowed = format!("must leave its target invariant: {names}");
                    return refuse("--move", &method.kernel.name(), &allowed);
                }
                if method.islands > self.particles() / 2 {
                    let most = self.particles() / 2;
                    let allowed = format!("must be from 1 to {most}, half the particles");
                    return refuse("--islands", &method.islands, &allowed);
                }
                if let Some(length) = method.chain_length {
                    let each = self.particles() / method.islands;
                    let whole = self.particles().is_multiple_of(method.islands);
                    if !whole || !each.is_multiple_of(length) || each / length < 2 {
                        let allowed = format!(
                            "must divide the {} particles of {} into at least 2 chains",
                            self.particles(),
                            if method.islands > 1 {
                                "equal islands"
                            } else {
                                "the run"
                            }
                        );
                        return refuse("--waste-free", &length, &allowed);
                    }
                }
                if method.islands > 1 && method.replicates > 1 {
                    let allowed = "must be 1 with --replicates, which are islands of their own";
                    return refuse("--islands", &method.islands, allowed);
                }
                if method.keep_particles {
                    let several =
                        "stages are those of one ladder, which islands and replicates have each";
                    let contradicted = [
                        (method.islands > 1, "--islands", several),
                        (method.replicates > 1, "--replicates", several),
                        (
                            method.chain_length.is_some(),
                            "--waste-free",
                            "particles of a stage are states of chains there, which have no ancestors of their own",
                        ),
                        (
                            !self.output.save,
                            "--no-save",
                            "particles are kept in trace.zarr",
                        ),
                    ];
                    if let Some((_, other, why)) = contradicted.iter().find(|(is, _, _)| *is) {
                        let allowed = format!("must be left out with {other}: {why}");
                        return refuse("--keep-particles", &"given", &allowed);
                    }
                }
                if self.particles() < 2 {
                    return refuse(
                        "--particles",
                        &self.particles(),
                        "must be at least 2 for smc",
                    );
                }
            }
        }
        Ok(())
    }

    /// What deserves a line before the run: more threads than cores, noise levels that a shift leaves out.
    pub fn notes(&self) -> Vec<String> {
        let (threads, cores) = (self.population.threads, manifest::cores());
        let over = threads > cores;
        let threads = over.then(|| {
            format!("--threads {threads} is more than the {cores} cores this process may use")
        });
        threads.into_iter().chain(self.shifted_away()).collect()
    }

    /// That a flow shift leaves out noise levels: of several runs, the one that loses the most.
    fn shifted_away(&self) -> Option<String> {
        let of = |method: &DiffuseMethod, name: String| {
            let lost = method.steps_after_shift().ok().flatten();
            lost.map(|(left, all)| (all - left, left, all, name))
        };
        let (.., left, all, name) = match &self.method {
            Method::Diffuse(method) => of(method, method.solver.clone()),
            Method::Compare(method) => method
                .entrants
                .iter()
                .flat_map(|entrant| method.calls.iter().map(move |calls| (entrant, *calls)))
                .filter_map(|(entrant, calls)| of(&entrant.at(calls), entrant.name.clone()))
                .max_by_key(|lost| lost.0),
            _ => None,
        }?;
        Some(format!(
            "--shift leaves {left} of {all} steps of {name}: noise levels beyond the schedule's ends are left out"
        ))
    }
}

fn default_particles(method: &Method) -> u64 {
    match method {
        Method::Sample(_) => 1024,
        Method::Smc(_) => 2048,
        Method::Diffuse(_) | Method::Compare(_) => 4096,
    }
}
