//! Carrying out a run: from judged settings to the summary on standard output.
//!
//! Everything given is validated and loaded before the run folder appears; then the computation,
//! timed alone; then the record.

use super::progress::{Progress, Snapshot};
use super::settings::{
    CompareMethod, Init, Length, Method, Precision, SampleMethod, Sampler, Settings, SmcMethod,
};
use super::starts::{self, Starts};
use super::{compare, diffuse, warnings};
use crate::error::{Error, Result};
use crate::mcmc::{MoveSettings, Sample, Start, check_reference};
use crate::record::{self, Draws, Manifest, RunFolder, RunRecord, Stage, Warning, table};
use crate::record::{ComparePart, Part, SamplePart, SmcPart, Summary, WiderReference};
use crate::smc::{Ladder, Schedule, Smc, SmcResult};
use crate::target::library::BoxedTarget;
use crate::target::{BlockTarget, Path, Precision as Real, Reference};
use driftlane_kernels::{F32, F64, isa};
use std::io::Write;
use std::time::Instant;

/// Runs what `settings` ask for, prints the summary, and returns the exit code: 0, or 1 where
/// `--strict` met a warning. `command` is the line that repeats the run.
pub fn run(settings: &Settings, command: &str) -> Result<u8> {
    let Loaded {
        target,
        starts,
        reference,
        schedule,
    } = load(settings)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(settings.population.threads)
        .build()
        .map_err(|e| Error::invalid("--threads", settings.population.threads, e.to_string()))?;
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
    let manifest = Manifest::new(settings.population.seed, command);
    let open = folder
        .map(|f| f.create(&settings.to_toml(), &manifest))
        .transpose()?;
    for note in settings.notes() {
        say(&note, output.quiet);
    }
    if !isa::FAST {
        say(
            "this build has no fused multiply-add: results are right and slow",
            output.quiet,
        );
    }

    if let Method::Compare(method) = &settings.method {
        let found = pool.install(|| compare::compare(settings, method, &*target, &starts));
        let found = or_failed(found, open.as_ref())?;
        return comparison(
            settings,
            method,
            target.dim(),
            starts.particles,
            found,
            open.as_ref(),
        );
    }
    let outcome = pool.install(|| {
        let job = Job {
            settings,
            target: &*target,
            starts: &starts,
            reference,
            schedule,
        };
        match settings.population.precision {
            Precision::F64 => job.run::<F64>(),
            Precision::F32 => job.run::<F32>(),
        }
    });
    let outcome = or_failed(outcome, open.as_ref())?;
    report(settings, &target, outcome, manifest, open.as_ref(), command)
}

/// A result, or an error that the folder tells of too.
fn or_failed<T>(result: Result<T>, open: Option<&record::OpenFolder>) -> Result<T> {
    if let (Err(_), Some(open)) = (&result, open) {
        open.set_status("failed", 0.0, &[])?;
    }
    result
}

/// Everything given, judged and loaded.
struct Loaded {
    target: BoxedTarget,
    starts: Starts,
    reference: Option<Reference>,
    schedule: Option<Schedule>,
}

/// Judges and loads everything given: the target with its data, the starts, the reference, the
/// schedule to replay.
fn load(settings: &Settings) -> Result<Loaded> {
    let target = settings.target.build()?;
    let starts = Starts::load(settings, &*target)?;
    let reference = starts::reference(settings, &*target)?;
    check_method(settings, &*target, reference.as_ref())?;
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
    })
}

/// Refuses what [`run`] would refuse before it starts, then prints the experiment file.
pub fn dry_run(settings: &Settings) -> Result<()> {
    load(settings)?;
    print(&settings.to_toml())
}

/// A line on standard error, unless told to be quiet.
fn say(line: &str, quiet: bool) {
    if !quiet {
        // A closed standard error must not end the run.
        let _ = writeln!(std::io::stderr(), "driftlane: {line}");
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

fn mover(sampler: Sampler, tuning: &super::settings::Tuning) -> MoveSettings {
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

/// What a run computed, before it is written down.
pub(super) struct Outcome {
    pub(super) part: Part,
    pub(super) seconds: f64,
    pub(super) steps: usize,
    pub(super) totals: crate::flow::Tally,
    pub(super) samples: Vec<f64>,
    pub(super) draws: Option<(Vec<f64>, usize)>,
    pub(super) stages: Vec<Stage>,
    pub(super) schedule: String,
    pub(super) r_hat: Vec<f64>,
    pub(super) ess_bulk: Vec<f64>,
    pub(super) ess_tail: Vec<f64>,
    pub(super) reference: String,
    pub(super) evidence_method: String,
    pub(super) warnings: Vec<Warning>,
}

impl Job<'_> {
    fn run<R: Real>(&self) -> Result<Outcome> {
        match &self.settings.method {
            Method::Sample(method) => self.sample::<R>(method),
            Method::Smc(method) => self.smc::<R>(method),
            Method::Diffuse(method) => self.diffuse::<R>(method),
            // Many runs, not one.
            Method::Compare(_) => Err(Error::invalid("verb", "compare", "must be of one run")),
        }
    }

    fn sample<R: Real>(&self, method: &SampleMethod) -> Result<Outcome> {
        let population = &self.settings.population;
        let mut sample = Sample::new(self.target)
            .particles(self.starts.particles)
            .seed(population.seed)
            .mover(mover(method.sampler, &method.tuning))
            .warmup(method.warmup as usize);
        sample = match method.length {
            Length::Draws(k) => {
                let thin = method.thin as usize;
                sample.draws((k as usize) / thin, thin)
            }
            Length::Steps(k) => sample.steps(k as usize),
        };
        sample = match &population.init {
            Init::File(_) => sample.positions(self.starts.positions.clone()),
            Init::Exact => sample.start(Start::Exact),
            Init::Default | Init::Prior | Init::Reference => sample.start(Start::Reference),
        };
        let moves_kept = method.length.moves() / method.thin * method.thin;
        let all = method.warmup + moves_kept;
        let adjusted = method.sampler.default_target_accept().is_some();
        let mut progress = Progress::start("sample", self.settings.output.quiet);
        let mut moves = 0u64;
        let start = Instant::now();
        let result = sample.run_in::<R>(&mut |record| {
            moves += record.tally.moves;
            let done = moves as f64 / (all as f64 * self.starts.particles as f64);
            progress.update(Snapshot {
                done,
                particle_steps: moves,
                acceptance: record.tally.acceptance().filter(|_| adjusted),
                tempering_param: None,
            });
        });
        let seconds = start.elapsed().as_secs_f64();
        progress.finish();
        let result = result?;
        let warnings = warnings::of_chains(
            &result,
            self.target,
            moves_kept as usize,
            method.sampler.default_target_accept().is_some(),
        );
        let finite_extreme = |values: &[f64], larger: bool| {
            values
                .iter()
                .copied()
                .filter(|v| v.is_finite())
                .reduce(|a, b| if (b > a) == larger { b } else { a })
        };
        let draws = result.draws.map(|d| {
            let kept = d.len() / (self.starts.particles * self.target.dim());
            (d, kept)
        });
        Ok(Outcome {
            part: Part::Sample(SamplePart {
                acceptance: result.acceptance,
                step_size: result.step_size,
                trajectory_length: result.trajectory_length,
                mean: result.mean,
                sd: result.sd,
                r_hat_max: finite_extreme(&result.r_hat, true),
                ess_bulk_min: finite_extreme(&result.ess_bulk, false),
                ess_tail_min: finite_extreme(&result.ess_tail, false),
                mcse_mean: result.mcse_mean,
            }),
            seconds,
            steps: result.steps,
            totals: result.totals,
            samples: result.samples,
            draws,
            stages: Vec::new(),
            schedule: String::new(),
            r_hat: result.r_hat,
            ess_bulk: result.ess_bulk,
            ess_tail: result.ess_tail,
            reference: self.target.reference().describe(),
            evidence_method: String::new(),
            warnings,
        })
    }

    fn smc<R: Real>(&self, method: &SmcMethod) -> Result<Outcome> {
        let population = &self.settings.population;
        let ladder = match &method.ladder {
            Some(ladder) => Ladder::fixed(ladder.clone())?,
            None => Ladder::adaptive(method.target_ess)?,
        };
        let mut smc = Smc::new(self.target)
            .particles(self.starts.particles)
            .seed(population.seed)
            .mover(mover(method.kernel, &method.tuning))
            .ladder(ladder)
            .resampler(method.resampler)
            .resampling(method.resampling)
            .islands(method.islands as usize)
            .replicates(method.replicates as usize);
        smc = match method.moves_per_stage {
            Some(moves) => smc.moves_per_stage(moves as usize),
            None => smc.moves_until_decorrelated(SmcMethod::MOST_MOVES as usize),
        };
        if let Some(length) = method.chain_length {
            smc = smc.waste_free(length as usize);
        }
        if let Some(lag) = method.lag {
            smc = smc.lag(lag as usize);
        }
        if let Some(reference) = &self.reference {
            smc = smc.reference(reference.clone());
        }
        if let Some(schedule) = &self.schedule {
            smc = smc.schedule(schedule.clone());
        }
        let runs = method.replicates.max(method.islands) as usize;
        let mut shares = vec![0.0; runs];
        let mut progress = Progress::start("smc", self.settings.output.quiet);
        let start = Instant::now();
        let mut moves = 0u64;
        let result = smc.run_in::<R>(&mut |replicate, stage| {
            moves += stage.tally.moves;
            shares[replicate] = stage.tempering_param.unwrap_or(0.0);
            progress.update(Snapshot {
                done: shares.iter().sum::<f64>() / runs as f64,
                particle_steps: moves,
                acceptance: stage.tally.acceptance(),
                tempering_param: stage.tempering_param,
            });
        });
        let seconds = start.elapsed().as_secs_f64();
        progress.finish();
        let result = result?;
        let mut warnings = warnings::of_tempering(&result, method, self.starts.particles);
        let wider = match method.check_modes {
            true => Some(wider_references::<R>(&smc)?),
            false => None,
        };
        warnings.extend(warnings::of_modes(&result, wider.as_deref().unwrap_or(&[])));
        let stages = (0..result.ess.len())
            .map(|k| Stage {
                tempering_param: result.temperatures[k + 1],
                ess: result.ess[k],
                acceptance: result.acceptance[k],
                step_size: result.step_size[k],
                log_evidence_increment: result.log_evidence_increments[k],
            })
            .collect();
        let reference = self
            .reference
            .clone()
            .unwrap_or_else(|| self.target.reference());
        Ok(Outcome {
            evidence_method: evidence_method(&result, method),
            part: Part::Smc(SmcPart {
                log_evidence: result.log_evidence,
                log_evidence_se: result.log_evidence_se,
                log_evidences: result.log_evidences,
                wider_references: wider,
                temperatures: result.temperatures,
                ess: result.ess,
                acceptance: result.acceptance,
                moves: result.moves,
                autocorrelation_time: result.autocorrelation_time,
                resamplings: u64::from(result.resamplings),
                mean: result.mean,
                mean_se: result.mean_se,
                sd: result.sd,
            }),
            seconds,
            steps: result.steps,
            totals: result.totals,
            samples: result.samples,
            draws: None,
            stages,
            // Numbers and lists of them always serialise.
            schedule: toml::to_string(&result.schedule).unwrap_or_default(),
            r_hat: Vec::new(),
            ess_bulk: Vec::new(),
            ess_tail: Vec::new(),
            reference: reference.describe(),
            warnings,
        })
    }
}

/// The same run from wider and wider references.
fn wider_references<R: Real>(smc: &Smc<'_>) -> Result<Vec<WiderReference>> {
    warnings::FACTORS
        .iter()
        .map(|&factor| {
            let result = smc
                .from_wider_reference(factor)
                .run_in::<R>(&mut |_, _| {})?;
            Ok(WiderReference {
                factor,
                log_evidence: result.log_evidence,
                log_evidence_se: result.log_evidence_se,
            })
        })
        .collect()
}

fn evidence_method(result: &SmcResult, method: &SmcMethod) -> String {
    let r = result.log_evidences.len();
    if r > 1 {
        let runs = if method.islands > 1 {
            "islands"
        } else {
            "independent replicates"
        };
        return format!(
            "Logarithm of the mean of Z over {r} {runs}; jackknife standard error, \
             scaled by Student's t so that 1.96 of them cover 95%."
        );
    }
    let lagged;
    let error = match result.log_evidence_se {
        Some(_) if method.chain_length.is_some() => {
            "standard error from the autocovariance of the weights along the chains of this run, \
             or from their genealogy where chains are short and that is larger"
        }
        Some(_) if let Some(lag) = method.lag => {
            lagged = format!("standard error from the genealogy of the last {lag} resamplings");
            &lagged
        }
        Some(_) => "standard error by the Lee-Whiteley estimator from the genealogy of this run",
        None => "no standard error: see the warnings",
    };
    format!(
        "Product of the mean weights along the ladder ({} resampling); {error}.",
        method.resampler.name()
    )
}

/// The fields of every verb, with what one adds; no warnings yet.
fn summary(
    settings: &Settings,
    dim: usize,
    particles: usize,
    (steps, seconds, totals): (u64, f64, &crate::flow::Tally),
    open: Option<&record::OpenFolder>,
    part: Part,
) -> Summary {
    let per_second = |count: u64| count as f64 / seconds;
    Summary {
        driftlane: env!("CARGO_PKG_VERSION").to_owned(),
        isa: isa::LEVEL.to_owned(),
        verb: settings.verb().to_owned(),
        target: settings.target.name.clone(),
        dim,
        particles,
        steps,
        precision: settings.population.precision.name().to_owned(),
        threads: settings.population.threads,
        seed: settings.population.seed,
        seconds,
        particle_steps_per_second: per_second(totals.moves),
        gradient_evaluations: totals.gradient_evaluations,
        gradients_per_second: per_second(totals.gradient_evaluations),
        density_evaluations: totals.density_evaluations,
        nonfinite: totals.nonfinite(),
        warnings: Vec::new(),
        out: open.map(|folder| folder.path().display().to_string()),
        part,
    }
}

/// Writes and prints what a comparison found.
fn comparison(
    settings: &Settings,
    method: &CompareMethod,
    dim: usize,
    particles: usize,
    found: compare::Comparison,
    open: Option<&record::OpenFolder>,
) -> Result<u8> {
    let first = &method.entrants[0].method;
    let same = method.entrants.iter().all(|e| e.method.grid == first.grid);
    let part = ComparePart {
        schedule: first.schedule.clone(),
        grid: if same { first.grid.name() } else { "by name" }.to_owned(),
        fine_solver: found.fine.map(|_| compare::FINE_SOLVER.to_owned()),
        fine_nfe: found.fine.map(|fine| fine.0),
        fine_error: found.fine.map(|fine| fine.1),
        rows: found.rows,
    };
    let mut warnings = found.warnings;
    if !isa::FAST {
        warnings.push(Warning::SlowBuild);
    }
    let steps = found.totals.moves / particles.max(1) as u64;
    let counted = (steps, found.seconds, &found.totals);
    let part_of = Part::Compare(part.clone());
    let mut summary = summary(settings, dim, particles, counted, open, part_of);
    summary.warn(&warnings);
    if let Some(open) = open {
        record::comparison::write(&summary, &part, open)?;
    }
    let text = match settings.output.json {
        true => summary.to_json() + "\n",
        false => record::comparison::text(&summary, &part, &warnings),
    };
    print(&text)?;
    Ok(u8::from(settings.output.strict && !warnings.is_empty()))
}

fn report(
    settings: &Settings,
    target: &BoxedTarget,
    outcome: Outcome,
    manifest: Manifest,
    open: Option<&record::OpenFolder>,
    command: &str,
) -> Result<u8> {
    let mut warnings = outcome.warnings;
    if !isa::FAST {
        warnings.push(Warning::SlowBuild);
    }
    let mut summary = summary(
        settings,
        target.dim(),
        outcome.samples.len() / target.dim(),
        (outcome.steps as u64, outcome.seconds, &outcome.totals),
        open,
        outcome.part,
    );
    summary.warn(&warnings);
    let strict = settings.output.strict && !warnings.is_empty();
    let record = RunRecord {
        summary,
        names: target.parameter_names(),
        r_hat: outcome.r_hat,
        ess_bulk: outcome.ess_bulk,
        ess_tail: outcome.ess_tail,
        reference: outcome.reference,
        evidence_method: outcome.evidence_method,
        config: settings.to_toml(),
        stages: outcome.stages,
        schedule: outcome.schedule,
        samples: &outcome.samples,
        draws: outcome.draws.as_ref().map(|(values, draws)| Draws {
            values,
            draws: *draws,
        }),
        exact: target.exact(),
        warnings,
        command: command.to_owned(),
        manifest,
    };
    if let Some(open) = open {
        record::write(&record, open)?;
    }
    let text = if settings.output.json {
        record.summary.to_json() + "\n"
    } else {
        table::text(&record)
    };
    print(&text)?;
    Ok(u8::from(strict))
}

/// Writes to standard output; a reader that closed it early is not an error.
pub(super) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::write("standard output", e))
        }
        _ => Ok(()),
    }
}
