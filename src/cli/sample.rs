//! `sample`: many chains side by side.

use super::course::{Course, Running};
use super::execute::{Ended, Job, mover};
use super::outcome::Outcome;
use super::progress::Snapshot;
use super::settings::{Init, Length, SampleMethod};
use super::warnings;
use crate::checkpoint::{Sections, damaged};
use crate::diagnostics::RHatKind;
use crate::error::Result;
use crate::flow::{Advance, Pause};
use crate::mcmc::{KeptDraws, MoveKind, Sample, SampleRun, Start};
use crate::record::flight::Flight;
use crate::record::trace::{self, Trace, TracePlan, TraceShape};
use crate::record::{OpenFolder, Part, SamplePart};
use crate::target::Precision as Real;

/// A run with what it shows of itself.
struct Work<'a, R: Real> {
    run: SampleRun<'a, R>,
    snapshot: Snapshot,
    /// Particle-steps of the whole run.
    all: f64,
    adjusted: bool,
    /// What the trace tells of moves.
    statistics: Vec<&'static str>,
    /// Where draws are written as they come.
    trace: Option<Trace>,
    /// Where the last states of a particle that blew up are written, until they are.
    flight: Option<(&'a OpenFolder, &'static str)>,
}

/// What the trace holds besides positions, by ArviZ's names.
fn statistics(sampler: MoveKind) -> Vec<&'static str> {
    let all = [
        ("lp", sampler.is_adjusted()),
        ("acceptance_rate", sampler.is_adjusted()),
        ("energy", sampler.uses_integrator()),
        ("diverging", sampler.can_diverge()),
        ("n_steps", sampler.can_diverge()),
        ("step_size", sampler.uses_jitter()),
    ];
    let known = all.into_iter().filter(|(_, known)| *known);
    known.map(|(name, _)| name).collect()
}

impl<R: Real> Work<'_, R> {
    /// Hands new draws to the trace.
    fn trace_draws(&mut self) -> Result<()> {
        let Some(trace) = &mut self.trace else {
            return Ok(());
        };
        let (draws, drawn) = self.run.draws();
        let known = trace.draws();
        if known == drawn {
            return Ok(());
        }
        // What moves tell is of the latest draw alone: one that came before was lost.
        if known + 1 != drawn {
            return Err(damaged(format!("has {drawn} draws, its trace {known}")));
        }
        let latest = self.run.latest();
        let [x, densities, acceptance, energies] = draws.draw(known);
        let steps = latest.trajectory_steps.unwrap_or(0) as f64;
        let steps = vec![steps; self.run.particles()];
        let statistics = self.statistics.iter().map(|name| {
            let values = match *name {
                "lp" => densities,
                "acceptance_rate" => acceptance,
                "energy" => energies,
                "diverging" => latest.divergences.unwrap_or(&[]),
                "n_steps" => &steps,
                _ => latest.step_sizes.unwrap_or(&[]),
            };
            (*name, values)
        });
        trace.push(x, &statistics.collect::<Vec<_>>())
    }
}

impl<R: Real> Running for Work<'_, R> {
    fn advance(&mut self, pause: &Pause<'_>) -> Result<Advance> {
        let (snapshot, all, adjusted) = (&mut self.snapshot, self.all, self.adjusted);
        let mut watch = |record: &crate::flow::StageRecord| {
            let made = record.tally.moves;
            snapshot.particle_steps = snapshot.particle_steps.saturating_add(made);
            snapshot.done = snapshot.particle_steps as f64 / all;
            snapshot.acceptance = record.tally.acceptance().filter(|_| adjusted);
        };
        let advance = self.run.advance(&mut watch, pause)?;
        self.trace_draws()?;
        if let (Some((folder, sampler)), Some((record, h))) = (self.flight, self.run.flight()) {
            Flight::of(record, sampler, h, R::NAME).write(folder)?;
            self.flight = None;
        }
        Ok(advance)
    }
    fn settle(&mut self) -> Result<()> {
        self.trace.as_mut().map_or(Ok(()), Trace::flush)
    }
    fn save<'a>(&'a self, out: &mut Sections<'a>) {
        let elsewhere = self.trace.as_ref().map_or(0, Trace::whole_draws);
        if let Some(trace) = &self.trace {
            out.put("trace", &trace.checksums());
            out.put("trace-files", &trace.chunk_files());
            out.put_bytes("trace-pending", trace.pending());
        }
        self.run.save(elsewhere, out);
    }
    fn snapshot(&self) -> Snapshot {
        self.snapshot
    }
}

impl Job<'_> {
    /// Runs the chains.
    pub(super) fn sample<R: Real>(
        &self,
        method: &SampleMethod,
        course: &mut Course<'_>,
    ) -> Result<Ended> {
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
        let store = course.folder().map(|folder| folder.file(trace::NAME));
        let store = store.filter(|_| matches!(method.length, Length::Draws(_)));
        let plan = || self.trace_plan(method);
        let first = course.longer().map(|longer| longer.from / method.thin);
        let first = first.map(|draws| draws as usize);
        let (run, trace) = course.start(
            || {
                let run = SampleRun::<R>::begin(&sample)?;
                let trace = store.as_deref().map(|store| Trace::create(store, plan()));
                Ok((run, trace.transpose()?))
            },
            |from| {
                let trace = match store.as_deref() {
                    Some(store) => {
                        let (sums, pending): (Vec<u32>, _) =
                            (from.get("trace")?, from.bytes("trace-pending")?);
                        let trace = Trace::reopen_longer(store, plan(), first, &sums, &pending);
                        Some(trace?)
                    }
                    None => None,
                };
                let run =
                    SampleRun::restore(&sample, from, |draws| kept_draws(trace.as_ref(), draws))?;
                Ok((run, trace))
            },
        )?;
        let mut work = Work {
            run,
            snapshot: course.begun(),
            all: all as f64 * self.starts.particles as f64,
            adjusted,
            statistics: statistics(method.sampler),
            trace,
            flight: course
                .folder()
                .map(|folder| (folder, method.sampler.name())),
        };
        if let Some(stop) = course.carry(&mut work)? {
            return Ok(Ended::Stopped(stop));
        }
        let seconds = course.seconds();
        course.close(&mut work, matches!(method.length, Length::Draws(_)))?;
        let (result, trace) = (work.run.finish(), work.trace);
        let warnings =
            warnings::of_chains(&result, self.target, moves_kept as usize, method.sampler);
        let chains = self.starts.particles - result.nonfinite;
        let finite_extreme = |values: &[f64], larger: bool| {
            values
                .iter()
                .copied()
                .filter(|v| v.is_finite())
                .reduce(|a, b| if (b > a) == larger { b } else { a })
        };
        Ok(Ended::Finished(Box::new(Outcome {
            part: Part::Sample(SamplePart {
                acceptance: result.acceptance,
                step_size: result.step_size,
                scales: result.scales,
                trajectory_length: result.trajectory_length,
                mean: result.mean,
                sd: result.sd,
                r_hat_max: finite_extreme(&result.r_hat, true),
                r_hat_kind: (!result.r_hat.is_empty()).then(|| RHatKind::of(chains)),
                ess_bulk_min: finite_extreme(&result.ess_bulk, false),
                ess_tail_min: finite_extreme(&result.ess_tail, false),
                mcse_mean: result.mcse_mean,
                divergences: result.divergences,
                e_bfmi: result.e_bfmi,
            }),
            seconds,
            steps: result.steps,
            totals: result.totals,
            samples: result.samples,
            draws: result.draws,
            trace,
            stages: Vec::new(),
            schedule: String::new(),
            r_hat: result.r_hat,
            ess_bulk: result.ess_bulk,
            ess_tail: result.ess_tail,
            reference: self.target.reference().describe(),
            evidence_method: String::new(),
            warnings,
            noise_levels: Vec::new(),
        })))
    }

    /// What the trace of the draws holds.
    fn trace_plan(&self, method: &SampleMethod) -> TracePlan {
        let dim = self.target.dim();
        let stats = statistics(method.sampler);
        TracePlan {
            shape: TraceShape::new(
                self.starts.particles,
                dim,
                (method.length.moves() / method.thin) as usize,
            ),
            parameters: self.coordinate_names(),
            stats: stats.into_iter().map(str::to_owned).collect(),
            attributes: Default::default(),
        }
    }
}

/// The first draws, which the trace holds and the checkpoint does not.
fn kept_draws(trace: Option<&Trace>, draws: usize) -> Result<KeptDraws> {
    let values = |name: &str| match trace {
        Some(trace) => trace.read_back(name),
        None => Ok(Vec::new()),
    };
    let positions = trace.map_or(Ok(Vec::new()), Trace::read_back_positions)?;
    Ok(KeptDraws {
        positions,
        log_densities: values("lp")?,
        acceptance: values("acceptance_rate")?,
        energies: values("energy")?,
        draws,
    })
}
