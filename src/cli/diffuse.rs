//! `diffuse`: its run, and its step program printed.

mod denoiser;
mod nodes;
mod plan;
mod refusals;

pub(super) use denoiser::check_denoiser;
pub use plan::Plan;

use super::course::{Course, Running};
use super::execute::{Ended, Job};
use super::outcome::{self, Outcome};
use super::progress::Snapshot;
use super::settings::{DiffuseMethod, Init, Method, Settings};
use super::warnings;
use crate::checkpoint::Sections;
use crate::diffusion::{self, Diffuse, DiffuseRun, Program, Steps};
use crate::error::{Error, Result};
use crate::flow::{Advance, Pause, StageRecord};
use crate::record::{DiffusePart, MovedBy, Part, Warning};
use crate::target::Precision as Real;

/// The program as JSON: nodes and operations step by step.
fn program_json(settings: &Settings, program: &Program) -> String {
    let json = serde_json::json!({
        "verb": settings.verb(),
        "registers": program.registers,
        "carried": program.carried(),
        "nfe": program.calls(),
        "steps": program.steps,
    });
    json.to_string() + "\n"
}

/// Prints the step program as JSON.
pub fn print_program(settings: &Settings) -> Result<()> {
    let Method::Diffuse(method) = &settings.method else {
        return Err(Error::invalid(
            "--program",
            settings.verb(),
            "must be diffuse",
        ));
    };
    let target = settings.target.build()?;
    let program = method.program()?;
    let text = program_json(settings, &program);
    check_denoiser(method, &*target, &Plan::Program(program))?;
    outcome::print(&text)
}

/// A run with what it shows of itself.
struct Work<'a, R: Real> {
    run: DiffuseRun<'a, R>,
    snapshot: Snapshot,
    /// Particle-steps of the whole run; infinite where they are not known.
    all: f64,
}

impl<R: Real> Running for Work<'_, R> {
    fn advance(&mut self, pause: &Pause<'_>) -> Result<Advance> {
        let (snapshot, all) = (&mut self.snapshot, self.all);
        let mut watch = |record: &StageRecord| {
            let made = record.tally.moves;
            snapshot.particle_steps = snapshot.particle_steps.saturating_add(made);
            snapshot.done = snapshot.particle_steps as f64 / all;
        };
        self.run.advance(&mut watch, pause)
    }
    fn save<'a>(&'a self, out: &mut Sections<'a>) {
        self.run.save(out);
    }
    fn snapshot(&self) -> Snapshot {
        self.snapshot
    }
}

impl Job<'_> {
    /// Runs the step program, or adaptive steps.
    pub(super) fn diffuse<R: Real>(
        &self,
        method: &DiffuseMethod,
        course: &mut Course<'_>,
    ) -> Result<Ended> {
        let population = &self.settings.population;
        let plan = method.plan()?;
        let begin = match &population.init {
            Init::File(_) => diffusion::Start::Given(&self.starts.positions),
            Init::Exact => diffusion::Start::Exact,
            _ => diffusion::Start::Noise,
        };
        let particles = self.starts.particles;
        let run = Diffuse {
            particles,
            start: begin,
            seed: population.seed,
            denoising: method.denoising.clone(),
            brownian_path: method.brownian_path,
            log_densities: false,
        };
        let (steps, each) = match &plan {
            Plan::Program(program) => (Steps::Program(program), program.steps.len() as f64),
            Plan::Adaptive(adaptive, ends) => (Steps::Adaptive(*adaptive, *ends), f64::INFINITY),
        };
        let target = self.target;
        let run = course.start(
            || DiffuseRun::<R>::begin(target, steps, &run),
            |from| DiffuseRun::restore(target, steps, &run, from),
        )?;
        let mut work = Work {
            run,
            snapshot: course.begun(),
            all: each * particles as f64,
        };
        if let Some(stop) = course.carry(&mut work)? {
            return Ok(Ended::Stopped(stop));
        }
        let seconds = course.seconds();
        course.close(&mut work, false)?;
        let result = work.run.finish();
        let mut warnings = Vec::new();
        if result.nonfinite > 0 {
            warnings.push(Warning::NonFiniteParticles {
                count: result.nonfinite,
                particles,
                by: MovedBy::Solver,
            });
        }
        if result.totals.forced_steps > 0 {
            warnings.push(Warning::ForcedSteps {
                count: result.totals.forced_steps,
                steps: result.totals.moves,
            });
        }
        // Particles are independent: solvers share nothing between them.
        if let Some(law) = outcome::law(self.settings, self.target) {
            let moments = warnings::Moments {
                mean: &result.mean,
                sd: &result.sd,
                mcse_mean: &[],
                effective: [&[]; 2],
                independent: (particles - result.nonfinite) as f64,
                values: result.samples.numbers(),
                by: MovedBy::Solver,
            };
            warnings.extend(moments.bias(law.get()));
        }
        let given = method.levels.is_some() || method.times.is_some();
        let grid = if given { "given" } else { method.grid.name() };
        Ok(Ended::Finished(Box::new(Outcome {
            part: Part::Diffuse(DiffusePart {
                solver: method.solver.clone(),
                nfe: result.calls,
                schedule: method.schedule.clone(),
                grid: grid.to_owned(),
                mean: result.mean,
                sd: result.sd,
            }),
            seconds,
            steps: (result.totals.moves as usize).div_ceil(particles),
            totals: result.totals,
            samples: result.samples,
            draws: None,
            trace: None,
            stages: Vec::new(),
            schedule: String::new(),
            r_hat: Vec::new(),
            ess_bulk: Vec::new(),
            ess_tail: Vec::new(),
            reference: self.target.reference().describe(),
            evidence_method: String::new(),
            warnings,
            noise_levels: plan.noise_levels(),
        })))
    }
}
