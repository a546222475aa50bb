//! `diffuse`: from settings to a step program on its grid, and its run.

use super::execute::{self, Job, Outcome};
use super::progress::{Progress, Snapshot};
use super::settings::{DiffuseMethod, Init, Levels, Method, Settings};
use crate::diffusion::solver::{Description, Habit, find};
use crate::diffusion::{self, Node, Program, Schedule};
use crate::error::{Error, Result};
use crate::flow::StageRecord;
use crate::npy::{self, NonFinite};
use crate::record::{DiffusePart, Part, Warning};
use crate::target::{BlockTarget, Precision as Real};
use std::time::Instant;

impl DiffuseMethod {
    /// The step program, judged; the number of steps follows from `--steps`, `--nfe` or the noise levels.
    pub fn program(&self) -> Result<Program> {
        let solver = self.solver()?;
        let habit = self.last.unwrap_or(solver.habit);
        let schedule = Schedule::from_name(&self.schedule)
            .ok_or_else(|| Error::invalid("--schedule", &self.schedule, "a schedule's name"))?;
        if let Some(levels) = &self.levels {
            let nodes = given_nodes(levels, &schedule, habit)?;
            return (solver.program)(&nodes).map_err(|error| in_words(error, "--sigmas"));
        }
        let with_steps = |steps: usize| {
            let nodes = self.nodes(&schedule, habit, steps)?;
            (solver.program)(&nodes).map_err(|error| in_words(error, "--grid"))
        };
        let Some(calls) = self.nfe else {
            return with_steps(self.steps as usize);
        };
        // Calls grow with steps; a method of k calls a step takes about nfe / k.
        let mut steps = calls as usize;
        loop {
            let program = with_steps(steps)?;
            if program.calls() <= calls as usize {
                return Ok(program);
            }
            if steps == 1 {
                let allowed = format!("must be at least {}, a step's calls", program.calls());
                return Err(Error::invalid("--nfe", calls, allowed));
            }
            let over = program.calls() - calls as usize;
            steps = (steps - over.div_ceil(solver.calls).clamp(1, steps - 1)).max(1);
        }
    }

    /// The solver's row.
    pub fn solver(&self) -> Result<&'static Description> {
        find(&self.solver)
            .ok_or_else(|| Error::invalid("--solver", &self.solver, "a solver's name"))
    }

    fn nodes(&self, schedule: &Schedule, habit: Habit, steps: usize) -> Result<Vec<Node>> {
        if habit != Habit::Zero {
            return self.grid.nodes(schedule, steps);
        }
        let mut nodes = match steps {
            1 => vec![schedule.at(schedule.times().1)],
            steps => self.grid.nodes(schedule, steps - 1)?,
        };
        nodes.push(schedule.of_noise_level(0.0)?);
        Ok(nodes)
    }
}

/// Noise levels as given, neighbours that are the same taken once, and what follows them.
fn given_nodes(levels: &Levels, schedule: &Schedule, habit: Habit) -> Result<Vec<Node>> {
    let mut levels = match levels {
        Levels::Numbers(levels) => levels.clone(),
        Levels::File(path) => {
            let shape = npy::shape(path)?;
            if shape.len() != 1 || shape[0] == 0 {
                let what = format!("shape {shape:?}; must be [n], n at least 1");
                return Err(Error::data(path, what));
            }
            npy::read(path, NonFinite::Refuse)?.values
        }
    };
    levels.dedup();
    match habit {
        Habit::Zero if levels.last() != Some(&0.0) => levels.push(0.0),
        Habit::Smallest => levels.push(schedule.at(schedule.times().0).noise_level()),
        Habit::Zero | Habit::Nothing => {}
    }
    let node = |level: &f64| schedule.of_noise_level(*level);
    let nodes = levels.iter().map(node).collect::<Result<Vec<_>>>();
    nodes.map_err(|error| in_words(error, "--sigmas"))
}

/// A refusal of the grid in the words of the command line.
fn in_words(error: Error, option: &str) -> Error {
    match error {
        Error::Invalid { value, allowed, .. } => {
            Error::invalid(option, value, format!("must be {allowed}"))
        }
        other => other,
    }
}

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
    check_denoiser(&*target, &program)?;
    execute::print(&program_json(settings, &program))
}

/// Refuses targets whose noised laws are not known in closed form.
pub(super) fn check_denoiser(target: &dyn BlockTarget, program: &Program) -> Result<()> {
    let first = program.steps.first().map(|step| step.from);
    match first.and_then(|at| target.noised(at.alpha, at.sigma)) {
        Some(_) => Ok(()),
        None => {
            let allowed = "must have an exact denoiser: gaussian, mixture and its presets";
            Err(Error::invalid("TARGET", "no denoiser", allowed))
        }
    }
}

impl Job<'_> {
    /// Runs the step program.
    pub(super) fn diffuse<R: Real>(&self, method: &DiffuseMethod) -> Result<Outcome> {
        let population = &self.settings.population;
        let program = method.program()?;
        let begin = match &population.init {
            Init::File(_) => diffusion::Start::Given(&self.starts.positions),
            Init::Exact => diffusion::Start::Exact,
            _ => diffusion::Start::Noise,
        };
        let mut progress = Progress::start("diffuse", self.settings.output.quiet);
        let start = Instant::now();
        let all = program.steps.len() as f64;
        let mut moves = 0u64;
        let particles = self.starts.particles;
        let mut watch = |record: &StageRecord| {
            moves += record.tally.moves;
            progress.update(Snapshot {
                done: record.time as f64 / all,
                particle_steps: moves,
                acceptance: None,
                tempering_param: None,
            });
        };
        let seed = population.seed;
        let result =
            diffusion::diffuse::<R>(self.target, &program, particles, begin, seed, &mut watch);
        let seconds = start.elapsed().as_secs_f64();
        progress.finish();
        let result = result?;
        let mut warnings = Vec::new();
        if result.nonfinite > 0 {
            warnings.push(Warning::NonFiniteParticles {
                count: result.nonfinite,
                particles,
            });
        }
        let grid = match method.levels {
            Some(_) => "given",
            None => method.grid.name(),
        };
        Ok(Outcome {
            part: Part::Diffuse(DiffusePart {
                solver: method.solver.clone(),
                nfe: result.calls,
                schedule: method.schedule.clone(),
                grid: grid.to_owned(),
                mean: result.mean,
                sd: result.sd,
            }),
            seconds,
            steps: program.steps.len(),
            totals: result.totals,
            samples: result.samples,
            draws: None,
            stages: Vec::new(),
            schedule: String::new(),
            r_hat: Vec::new(),
            ess_bulk: Vec::new(),
            ess_tail: Vec::new(),
            reference: self.target.reference().describe(),
            evidence_method: String::new(),
            warnings,
        })
    }
}
