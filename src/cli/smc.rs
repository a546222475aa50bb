//! `smc`: tempered sequential Monte Carlo.

use super::course::{Counter, Course, Running};
use super::execute::{Ended, Job, mover};
use super::outcome::Outcome;
use super::progress::Snapshot;
use super::settings::SmcMethod;
use super::warnings;
use crate::checkpoint::{Reader, Sections};
use crate::error::{Error, Result};
use crate::flow::{Advance, Pause, StageRecord};
use crate::record::trace::{self, Trace, TracePlan, TraceShape};
use crate::record::{Part, SmcPart, Stage, WiderReference};
use crate::smc::{Ladder, Smc, SmcResult, SmcRun};
use crate::target::Precision as Real;
use std::io::{Read, Seek};
use std::sync::atomic::Ordering;
use std::time::Instant;

/// The run, and after it those from wider references, with what they show of themselves.
struct Work<'a, R: Real> {
    runs: Vec<SmcRun<'a, R>>,
    /// Which of them is under way.
    at: usize,
    snapshot: Snapshot,
    counter: Counter,
    /// The tempering parameter of every replicate or island of the first, and its particle-steps at it.
    reached: Vec<(f64, u64)>,
    /// Seconds the first took, once it is finished; before, those of processes before this.
    seconds: f64,
    begun: Instant,
    /// Where the weighted particles of every temperature go, and how many are there.
    trace: Option<(Trace, usize)>,
}

impl<'a, R: Real> Work<'a, R> {
    fn begin(settings: &'a [Smc<'a>], replicates: usize) -> Result<Self> {
        let runs = settings.iter().map(SmcRun::begin).collect::<Result<_>>()?;
        Ok(Self::of(runs, replicates))
    }

    fn of(runs: Vec<SmcRun<'a, R>>, replicates: usize) -> Self {
        Self {
            runs,
            at: 0,
            snapshot: Snapshot::default(),
            counter: Counter::default(),
            reached: vec![(0.0, 0); replicates],
            seconds: 0.0,
            begun: Instant::now(),
            trace: None,
        }
    }

    fn restore<S: Read + Seek>(
        settings: &'a [Smc<'a>],
        replicates: usize,
        from: &mut Reader<S>,
    ) -> Result<Self> {
        let runs = settings.iter().enumerate().map(|(k, settings)| {
            from.within(&format!("run{k}/"), |from| SmcRun::restore(settings, from))
        });
        let mut work = Self::of(runs.collect::<Result<_>>()?, replicates);
        let (at, seconds, reached): (usize, f64, Vec<(f64, u64)>) = from.get("work")?;
        if at > work.runs.len() || reached.len() != replicates {
            return Err(Error::Checkpoint("is of other runs".into()));
        }
        (work.at, work.seconds, work.reached) = (at, seconds, reached);
        Ok(work)
    }

    /// Seconds the first run has taken.
    fn seconds_of_first(&self) -> f64 {
        match self.at {
            0 => self.seconds + self.begun.elapsed().as_secs_f64(),
            _ => self.seconds,
        }
    }
}

impl<R: Real> Running for Work<'_, R> {
    fn advance(&mut self, pause: &Pause<'_>) -> Result<Advance> {
        let (at, reached, snapshot) = (self.at, &mut self.reached, &mut self.snapshot);
        let counter = &self.counter;
        let Some(run) = self.runs.get_mut(at) else {
            return Ok(Advance::Finished);
        };
        let mut watch = |replicate: usize, stage: &StageRecord| {
            if at > 0 {
                return;
            }
            // A record counts all visits of its temperature.
            let reached_here = &mut reached[replicate];
            let before = if stage.visit == 0 { 0 } else { reached_here.1 };
            let made = stage.tally.moves.saturating_sub(before);
            *reached_here = (stage.tempering_param.unwrap_or(0.0), stage.tally.moves);
            snapshot.particle_steps = snapshot.particle_steps.saturating_add(made);
            counter.store(snapshot.particle_steps, Ordering::Relaxed);
            snapshot.acceptance = stage.tally.acceptance();
            snapshot.tempering_param = stage.tempering_param;
            snapshot.done = reached.iter().map(|r| r.0).sum::<f64>() / reached.len() as f64;
        };
        let advance = run.advance(&mut watch, pause)?;
        if let (Some((trace, kept)), Some(weighing)) = (&mut self.trace, run.weighing())
            && at == 0
            && weighing.time >= *kept
        {
            trace.add_particles(weighing)?;
            *kept = weighing.time + 1;
        }
        match advance {
            Advance::Finished => {
                self.seconds = self.seconds_of_first();
                self.at += 1;
                Ok(Advance::Moved)
            }
            other => Ok(other),
        }
    }
    fn settle(&mut self) -> Result<()> {
        self.trace
            .as_mut()
            .map_or(Ok(()), |(trace, _)| trace.flush())
    }
    fn save<'b>(&'b self, out: &mut Sections<'b>) {
        if let Some((trace, _)) = &self.trace {
            let (files, sums) = trace.particle_files();
            out.put("trace", &sums);
            out.put("trace-files", &files);
        }
        out.put("work", &(self.at, self.seconds_of_first(), &self.reached));
        for (k, run) in self.runs.iter().enumerate() {
            out.within(&format!("run{k}/"), |out| run.save(out));
        }
    }
    fn counter(&self) -> Option<Counter> {
        Some(self.counter.clone())
    }
    fn snapshot(&self) -> Snapshot {
        self.snapshot
    }
}

impl Job<'_> {
    /// Runs the tempering.
    pub(super) fn smc<R: Real>(
        &self,
        method: &SmcMethod,
        course: &mut Course<'_>,
    ) -> Result<Ended> {
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
        let smc = smc.keep_particles(method.keep_particles);
        let mut settings = vec![smc];
        if method.check_modes {
            let wider = warnings::FACTORS.map(|factor| {
                settings[0]
                    .from_wider_reference(factor)
                    .keep_particles(false)
            });
            settings.extend(wider);
        }
        let replicates = method.replicates.max(method.islands) as usize;
        let store = course.folder().map(|folder| folder.file(trace::NAME));
        let store = store.filter(|_| method.keep_particles);
        let plan = || TracePlan {
            shape: TraceShape::population(self.starts.particles, self.target.dim()),
            parameters: self.coordinate_names(),
            stats: trace::WEIGHTS.map(str::to_owned).to_vec(),
            attributes: Default::default(),
        };
        let mut work = course.start(
            || {
                let mut work = Work::<R>::begin(&settings, replicates)?;
                let trace = store.as_deref().map(|store| Trace::create(store, plan()));
                work.trace = trace.transpose()?.map(|trace| (trace, 0));
                Ok(work)
            },
            |from| {
                let mut work = Work::restore(&settings, replicates, from)?;
                if let Some(store) = store.as_deref() {
                    let sums: Vec<u32> = from.get("trace")?;
                    let mut trace = Trace::reopen(store, plan(), &[], &[])?;
                    trace.take_up_particles(&sums)?;
                    work.trace = Some((trace, sums.len() / 3));
                }
                Ok(work)
            },
        )?;
        work.snapshot = course.begun();
        work.counter
            .store(course.begun().particle_steps, Ordering::Relaxed);
        if let Some(stop) = course.carry(&mut work)? {
            return Ok(Ended::Stopped(stop));
        }
        course.close(&mut work, false)?;
        let (seconds, trace) = (work.seconds, work.trace);
        let unfinished = || Error::Numerical("a run did not come to its end".into());
        let results = work.runs.into_iter().map(SmcRun::finish);
        let mut results = results.collect::<Option<Vec<_>>>().ok_or_else(unfinished)?;
        let wider: Vec<WiderReference> = results
            .drain(1..)
            .zip(warnings::FACTORS)
            .map(|(result, factor)| WiderReference {
                factor,
                log_evidence: result.log_evidence,
                log_evidence_se: result.log_evidence_se,
            })
            .collect();
        let result = results.pop().ok_or_else(unfinished)?;
        let chains = self.starts.particles / method.chain_length.unwrap_or(1).max(1) as usize;
        let names = self.target.parameter_names();
        let exact = self.target.exact().log_evidence;
        let undermoved = warnings::of_moves(&result);
        let modes = warnings::of_modes(&result, &wider);
        let modes = modes.map(|w| warnings::explained_by_moves(w, &wider, undermoved.is_some()));
        let mut warnings: Vec<_> = warnings::of_evidence(&result, exact, chains)
            .into_iter()
            .chain(undermoved)
            .chain(modes)
            .collect();
        warnings.extend(warnings::of_tempering(
            &result,
            method,
            self.starts.particles,
        ));
        warnings.extend(warnings::of_means(&result, &names, chains));
        let wider = method.check_modes.then_some(wider);
        let stages = (0..result.ess.len())
            .map(|k| Stage {
                tempering_param: result.temperatures[k + 1],
                ess: result.ess[k],
                acceptance: result.acceptance[k],
                step_size: result.step_size[k],
                log_evidence_increment: result.log_evidence_increments[k],
            })
            .collect::<Vec<_>>();
        let trace = match trace {
            Some((mut trace, _)) => {
                trace.push_population(result.samples.numbers())?;
                trace.add_ladder(&stages)?;
                Some(trace)
            }
            None => None,
        };
        let reference = self
            .reference
            .clone()
            .unwrap_or_else(|| self.target.reference());
        Ok(Ended::Finished(Box::new(Outcome {
            evidence_method: evidence_method(&result, method),
            part: Part::Smc(SmcPart {
                log_evidence: result.log_evidence,
                log_evidence_se: result.log_evidence_se,
                log_evidences: result.log_evidences,
                islands: method.islands as usize,
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
            trace,
            stages,
            // Numbers and lists of them always serialise.
            schedule: toml::to_string(&result.schedule).unwrap_or_default(),
            r_hat: Vec::new(),
            ess_bulk: Vec::new(),
            ess_tail: Vec::new(),
            reference: reference.describe(),
            warnings,
            noise_levels: Vec::new(),
        })))
    }
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
