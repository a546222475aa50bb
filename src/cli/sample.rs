//! `sample`: many chains side by side.

use super::course::{Course, Running};
use super::execute::{Ended, Job, mover};
use super::outcome::Outcome;
use super::progress::Snapshot;
use super::settings::{Init, Length, SampleMethod};
use super::warnings;
use crate::checkpoint::Sections;
use crate::error::Result;
use crate::flow::{Advance, Pause};
use crate::mcmc::{KeptDraws, Sample, SampleRun, Start};
use crate::record::{Part, SamplePart};
use crate::target::Precision as Real;

/// A run with what it shows of itself.
struct Work<'a, R: Real> {
    run: SampleRun<'a, R>,
    snapshot: Snapshot,
    /// Particle-steps of the whole run.
    all: f64,
    adjusted: bool,
}

impl<R: Real> Running for Work<'_, R> {
    fn advance(&mut self, pause: &Pause<'_>) -> Result<Advance> {
        let (snapshot, all, adjusted) = (&mut self.snapshot, self.all, self.adjusted);
        let mut watch = |record: &crate::flow::StageRecord| {
            snapshot.particle_steps += record.tally.moves;
            snapshot.done = snapshot.particle_steps as f64 / all;
            snapshot.acceptance = record.tally.acceptance().filter(|_| adjusted);
        };
        self.run.advance(&mut watch, pause)
    }
    fn save<'a>(&'a self, out: &mut Sections<'a>) {
        self.run.save(0, out);
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
        let run = course.start(
            || SampleRun::<R>::begin(&sample),
            |from| SampleRun::restore(&sample, from, |_| Ok(KeptDraws::default())),
        )?;
        let mut work = Work {
            run,
            snapshot: Snapshot {
                particle_steps: course.particle_steps(),
                ..Snapshot::default()
            },
            all: all as f64 * self.starts.particles as f64,
            adjusted,
        };
        if let Some(stop) = course.carry(&mut work)? {
            return Ok(Ended::Stopped(stop));
        }
        let seconds = course.seconds();
        if matches!(method.length, Length::Draws(_)) {
            // What more draws begin from.
            course.keep(&work)?;
        }
        course.close();
        let result = work.run.finish();
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
        Ok(Ended::Finished(Box::new(Outcome {
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
            draws: result.draws,
            stages: Vec::new(),
            schedule: String::new(),
            r_hat: result.r_hat,
            ess_bulk: result.ess_bulk,
            ess_tail: result.ess_tail,
            reference: self.target.reference().describe(),
            evidence_method: String::new(),
            warnings,
        })))
    }
}
