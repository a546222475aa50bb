//! Carrying out a run: from judged settings to the summary on standard output.
//!
//! Everything given is validated and loaded before the run folder appears; then the computation,
//! timed alone; then the record.

use super::course::Course;
use super::interrupts::{Interrupts, Stop};
use super::outcome::{Outcome, comparison, print, report};
use super::resume::identity;
use super::settings::{Init, Method, Precision, Sampler, Settings};
use super::starts::{self, Starts};
use super::{compare, diffuse, notes};
use crate::error::{Error, Result};
use crate::mcmc::{MoveSettings, check_reference};
use crate::parameters::Resolved;
use crate::record::generations::Found;
use crate::record::{Manifest, OpenFolder, RunFolder, Status};
use crate::smc::{Ladder, Schedule};
use crate::target::library::BoxedTarget;
use crate::target::{BlockTarget, Path, Precision as Real, Reference};
use driftlane_kernels::{F32, F64, isa};
use std::io::Write;

/// Runs what `settings` ask for, prints the summary, and returns the exit code: 0, or 1 where
/// `--strict` met a warning, or 130 or 143 where the run was stopped and can be resumed. `command` is the
/// line that repeats the run.
pub fn run(settings: &Settings, command: &str) -> Result<u8> {
    let loaded = load(settings)?;
    let settings = &loaded.completed(settings);
    let output = &settings.output;
    let folder = if output.save {
        let name = match &settings.method {
            Method::Compare(_) => format!("compare-{}", settings.target.name),
            _ => settings.target.name.clone(),
        };
        Some(RunFolder::choose(
            output.out.as_deref(),
            &name,
            output.force,
        )?)
    } else {
        None
    };
    if output.save {
        loaded.check_disk(settings)?;
    }
    let interrupts = folder.is_some().then(Interrupts::listen).transpose()?;
    let manifest = Manifest::new(settings.population.seed, command);
    let made = folder
        .map(|f| f.create_locked(&settings.to_record(), &manifest))
        .transpose()?;
    let (open, lock) = made.unzip();
    let kept = open.as_ref().zip(interrupts);
    let code = carry_out(settings, &loaded, manifest, kept, None, command);
    drop(lock);
    code
}

/// Computes a run that is loaded, from its start or from a checkpoint, and writes it down.
pub(super) fn carry_out(
    settings: &Settings,
    loaded: &Loaded,
    manifest: Manifest,
    kept: Option<(&OpenFolder, Interrupts)>,
    found: Option<Found>,
    command: &str,
) -> Result<u8> {
    let open = kept.as_ref().map(|kept| kept.0);
    let quiet = settings.output.quiet;
    for note in settings.notes() {
        say(&note, quiet);
    }
    if !isa::FAST {
        say(
            "this build has no fused multiply-add: results are right and slow",
            quiet,
        );
    }
    let threads = settings.population.threads;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|e| Error::invalid("--threads", threads, e.to_string()))?;
    let Loaded { target, starts, .. } = loaded;
    let mut course = Course::new(settings, identity(settings)?, starts.particles, kept, found)?;
    if let Method::Compare(method) = &settings.method {
        let course = &mut course;
        let found = pool.install(|| compare::compare(settings, method, &**target, starts, course));
        return match or_failed(found, open)? {
            Err(stop) => Ok(stop.exit_code()),
            Ok(found) => {
                let (dim, particles) = (target.dim(), starts.particles);
                let told = (manifest, command);
                let told = comparison(settings, method, dim, particles, found, course, told);
                told.map_err(|error| course.with_last_checkpoint(error))
            }
        };
    }
    let ended = pool.install(|| {
        let job = Job {
            settings,
            target: &**target,
            starts,
            reference: loaded.reference.clone(),
            schedule: loaded.schedule.clone(),
        };
        match settings.population.precision {
            Precision::F64 => job.run::<F64>(&mut course),
            Precision::F32 => job.run::<F32>(&mut course),
        }
    });
    match or_failed(ended, open)? {
        Ended::Stopped(stop) => Ok(stop.exit_code()),
        Ended::Finished(outcome) => {
            // Of a run that fails, its failure is all that is said.
            for note in notes::of(settings, &**target, starts) {
                say(&note, quiet);
            }
            let reported = report(settings, target, *outcome, manifest, &mut course, command);
            reported.map_err(|error| course.with_last_checkpoint(error))
        }
    }
}

/// How the computation of a run ended.
pub(super) enum Ended {
    /// At its end.
    Finished(Box<Outcome>),
    /// Before it, with a checkpoint.
    Stopped(Stop),
}

/// A result, or an error that the folder tells of too.
fn or_failed<T>(result: Result<T>, open: Option<&OpenFolder>) -> Result<T> {
    if let (Err(_), Some(open)) = (&result, open) {
        // The error itself matters more than a status that cannot be written.
        let status = open.status().unwrap_or_default();
        let phase = "failed".to_owned();
        let _ = open.set_status(&Status { phase, ..status });
    }
    result
}

/// Everything given, judged and loaded.
pub(super) struct Loaded {
    target: BoxedTarget,
    starts: Starts,
    reference: Option<Reference>,
    schedule: Option<Schedule>,
    resolved: Resolved,
}

impl Loaded {
    /// The settings it was loaded by, with every default of the target by name.
    fn completed(&self, settings: &Settings) -> Settings {
        let target = &*self.target;
        let all = settings.completed(target, &self.resolved, self.starts.particles);
        self.remarked(&all)
    }

    /// The settings as they are spelled, with what `config.toml` tells besides.
    pub(super) fn remarked(&self, settings: &Settings) -> Settings {
        let mut settings = settings.clone();
        settings.remark(&*self.target, &self.resolved, self.reference.as_ref());
        settings
    }

    /// Refuses what memory cannot hold besides `read_back` bytes of draws.
    pub(super) fn check_memory(&self, settings: &Settings, read_back: u64) -> Result<()> {
        settings.check_memory_again(self.starts.particles as u64, &*self.target, read_back)
    }

    /// Particle-steps of a run of `sample`, warm-up included; of others nothing is known before.
    pub(super) fn moves(&self, settings: &Settings) -> f64 {
        let moves = settings.moves().unwrap_or(f64::INFINITY);
        moves * self.starts.particles as f64
    }

    /// Refuses what the disk cannot hold.
    pub(super) fn check_disk(&self, settings: &Settings) -> Result<()> {
        settings.check_disk(self.starts.particles as u64, self.target.dim())
    }
}

/// Judges and loads everything given: the target with its data, the starts, the reference, the
/// schedule to replay.
pub(super) fn load(settings: &Settings) -> Result<Loaded> {
    let (target, resolved) = settings.build_target()?;
    let starts = Starts::load(settings, &*target)?;
    let reference = starts::reference(settings, &*target)?;
    check_method(settings, &*target, reference.as_ref())
        .map_err(|error| named(error, &settings.target.name))?;
    let tempered = !matches!(settings.method, Method::Diffuse(_) | Method::Compare(_));
    if tempered && starts.positions.is_empty() && settings.population.init != Init::Exact {
        let own = || target.reference();
        starts::check_precision(settings, &reference.clone().unwrap_or_else(own))?;
    }
    let schedule = starts::schedule(settings, target.dim())?;
    Ok(Loaded {
        target,
        starts,
        reference,
        schedule,
        resolved,
    })
}

/// Refuses what [`run`] would refuse before it starts, then prints the experiment file, and on standard error what
/// the run takes.
pub fn dry_run(settings: &Settings) -> Result<()> {
    let loaded = load(settings)?;
    let settings = &loaded.completed(settings);
    loaded.check_disk(settings)?;
    let sizes = settings.sizes(loaded.starts.particles as u64, loaded.target.dim());
    say(&sizes, settings.output.quiet);
    print(&settings.to_toml())
}

/// A line on standard error, unless told to be quiet.
fn say(line: &str, quiet: bool) {
    if !quiet {
        // A closed standard error must not end the run.
        let _ = writeln!(std::io::stderr(), "driftlane: {line}");
    }
}

/// A refusal of what a target lacks, with the target's name.
fn named(error: Error, target: &str) -> Error {
    match error {
        Error::Invalid {
            field,
            value,
            allowed,
        } if field == "TARGET" && value != target => {
            Error::invalid(field, target, format!("has {value}; {allowed}"))
        }
        other => other,
    }
}

/// Refuses what only the target can tell: settings of moves for its dimension.
fn check_method(
    settings: &Settings,
    target: &dyn BlockTarget,
    reference: Option<&Reference>,
) -> Result<()> {
    let mover = match &settings.method {
        Method::Sample(method) => mover(method.sampler, &method.tuning),
        Method::Diffuse(method) => {
            return diffuse::check_denoiser(method, target, &method.plan()?);
        }
        Method::Compare(method) => return compare::check(settings, method, target),
        Method::Smc(method) => {
            if let Some(ladder) = &method.ladder {
                Ladder::fixed(ladder.clone())?;
            }
            mover(method.kernel, &method.tuning)
        }
    };
    let path = Path::tempered(target, reference.cloned())?;
    check_reference(&*mover.build_for::<F64>(target)?, &path)
}

/// A move's settings.
pub(super) fn mover(sampler: Sampler, tuning: &super::settings::Tuning) -> MoveSettings {
    MoveSettings {
        kind: sampler,
        step_size: tuning.step_size,
        target_accept: Some(tuning.target_accept),
        leapfrog_steps: tuning.leapfrog_steps.unwrap_or(10) as usize,
        tune_trajectory: tuning.leapfrog_steps.is_none(),
        mass: tuning.mass,
        integrator: tuning.integrator,
        friction: tuning.friction,
        increments: tuning.noise,
        jitter: Some(tuning.jitter),
        step_size_spread: tuning.step_size_spread,
    }
}

/// A run ready to be computed.
pub(super) struct Job<'a> {
    pub(super) settings: &'a Settings,
    pub(super) target: &'a dyn BlockTarget,
    pub(super) starts: &'a Starts,
    pub(super) reference: Option<Reference>,
    pub(super) schedule: Option<Schedule>,
}

impl Job<'_> {
    /// The name of every coordinate.
    pub(super) fn coordinate_names(&self) -> Vec<String> {
        let mut names = self.target.parameter_names();
        names.extend((names.len()..self.target.dim()).map(|j| format!("x[{j}]")));
        names
    }

    fn run<R: Real>(&self, course: &mut Course<'_>) -> Result<Ended> {
        match &self.settings.method {
            Method::Sample(method) => self.sample::<R>(method, course),
            Method::Smc(method) => self.smc::<R>(method, course),
            Method::Diffuse(method) => self.diffuse::<R>(method, course),
            // Many runs, not one.
            Method::Compare(_) => Err(Error::invalid("verb", "compare", "must be of one run")),
        }
    }
}
