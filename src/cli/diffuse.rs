//! `diffuse`: from settings to a step program on its grid, and its run.

use super::course::{Course, Running};
use super::execute::{Ended, Job};
use super::outcome::{self, Outcome};
use super::progress::Snapshot;
use super::settings::{DiffuseMethod, Init, Levels, Method, Settings};
use crate::checkpoint::Sections;
use crate::diffusion::solver::{Description, Habit, Setting, Setup, find};
use crate::diffusion::{
    self, Adaptive, Diffuse, DiffuseRun, GridOptions, Node, NoiseSource, Operation, Prediction,
    Program, Schedule, SolverFlow, Step, Steps,
};
use crate::error::{Error, Result};
use crate::flow::{Advance, Pause, StageRecord};
use crate::npy::{self, NonFinite};
use crate::record::{DiffusePart, MovedBy, Part, Warning};
use crate::target::{BlockTarget, Precision as Real};
use driftlane_kernels::F64;

/// What a run of `diffuse` goes by.
pub enum Plan {
    /// Steps known before the run.
    Program(Program),
    /// Steps chosen on the way, between these ends.
    Adaptive(Adaptive, (Node, Node)),
}

impl Plan {
    /// Its first node.
    fn first(&self) -> Option<Node> {
        match self {
            Self::Program(program) => program.steps.first().map(|step| step.from),
            Self::Adaptive(_, ends) => Some(ends.0),
        }
    }

    /// Noise levels of its nodes; nothing where they are chosen on the way.
    fn noise_levels(&self) -> Vec<f64> {
        let Self::Program(program) = self else {
            return Vec::new();
        };
        let first = program.steps.first().map(|step| step.from.noise_level());
        let rest = program.steps.iter().map(|step| step.to.noise_level());
        first.into_iter().chain(rest).collect()
    }
}

impl DiffuseMethod {
    /// The step program, or the ends that adaptive steps lead between; judged.
    pub fn plan(&self) -> Result<Plan> {
        let solver = self.solver()?;
        let Some(order) = solver.adaptive() else {
            return self.program().map(Plan::Program);
        };
        let judged = solver.check(&self.options);
        judged.map_err(|error| in_words(error, "--solver"))?;
        let habit = self.last.unwrap_or(solver.habit);
        let schedule = &self.schedule()?;
        let given = match (&self.levels, &self.times) {
            (Some(levels), _) => Some(given_nodes(levels, schedule, Habit::Nothing)?),
            (None, Some(times)) => Some(nodes_at(times, schedule, Habit::Nothing)?),
            (None, None) => None,
        };
        let (least, most) = schedule.times();
        let nodes = given.unwrap_or_else(|| vec![schedule.at(most), schedule.at(least)]);
        let adaptive = Adaptive {
            relative: self.tolerances.0,
            absolute: self.tolerances.1,
            denoise: habit == Habit::Zero,
            ..Adaptive::new(order)
        };
        let ends = (nodes[0], nodes[nodes.len() - 1]);
        let falls = |pair: &[Node]| pair[1].noise_level() < pair[0].noise_level();
        if !nodes.windows(2).all(falls) {
            let option = match self.levels {
                Some(_) => "--sigmas",
                None => "--timesteps",
            };
            let shown = format!("{} nodes", nodes.len());
            return Err(Error::invalid(
                option,
                shown,
                "must fall from the first to the last",
            ));
        }
        if nodes.len() < 2 || ends.0.alpha == 0.0 || ends.1.is_clean() {
            let shown = format!("{} to {}", ends.0.noise_level(), ends.1.noise_level());
            let allowed = "must be falling noise levels, finite and above 0, for adaptive steps";
            return Err(Error::invalid("--schedule", shown, allowed));
        }
        Ok(Plan::Adaptive(adaptive, ends))
    }

    /// The step program, judged; the number of steps follows from `--steps`, `--nfe` or the noise levels.
    pub fn program(&self) -> Result<Program> {
        let solver = self.solver()?;
        if solver.takes(Setting::Restarts) && self.options.restarts.is_empty() {
            let allowed = "must be given for restart: without an interval it is heun";
            return Err(Error::invalid("--restart", "(not given)", allowed));
        }
        let habit = self.last.unwrap_or(solver.habit);
        let schedule = &self.schedule()?;
        let program_on = |nodes: &[Node], option: &str| {
            let options = &self.options;
            let setup = Setup {
                nodes,
                schedule,
                options,
            };
            let program = solver.program(&setup);
            // The end that was asked for, not the grid, is what the solver cannot reach.
            let asked = self.last == Some(Habit::Zero) && nodes.last().is_some_and(Node::is_clean);
            if asked && !solver.ends_at_data() {
                let allowed = format!(
                    "must be sigma-min or none for {}: noise levels must be above 0 at the end for solvers \
                     that ask for the noise or work in the schedule's time",
                    solver.name
                );
                return Err(Error::invalid("--final", "zero", allowed));
            }
            program.map_err(|error| in_words(error, option))
        };
        if let Some(levels) = &self.levels {
            let nodes = given_nodes(levels, schedule, habit)?;
            return program_on(&nodes, "--sigmas");
        }
        if let Some(times) = &self.times {
            let nodes = nodes_at(times, schedule, habit)?;
            return program_on(&nodes, "--timesteps");
        }
        let with_steps = |steps: usize| {
            let nodes = self.nodes(schedule, habit, steps);
            let nodes = nodes.map_err(|error| self.of_grid(error))?;
            program_on(&nodes, "--grid")
        };
        match self.nfe {
            Some(calls) => within_calls(calls as usize, solver.calls, with_steps),
            None => with_steps(self.steps as usize),
        }
    }

    /// The solver's row.
    pub fn solver(&self) -> Result<Description> {
        find(&self.solver)
            .ok_or_else(|| Error::invalid("--solver", &self.solver, "a solver's name"))
    }

    /// The noise schedule.
    pub fn schedule(&self) -> Result<Schedule> {
        Schedule::from_name(&self.schedule)
            .ok_or_else(|| Error::invalid("--schedule", &self.schedule, "a schedule's name"))
    }

    /// A refusal of the grid; where calls are what is given, steps are not to blame.
    fn of_grid(&self, error: Error) -> Error {
        match error {
            Error::Invalid {
                field,
                value,
                allowed,
            } if field == "steps" && self.nfe.is_some() => {
                let allowed = format!("must allow {value} steps; it allows {allowed}");
                Error::invalid("--grid", self.grid.name(), allowed)
            }
            other => in_words(other, "--grid"),
        }
    }

    /// The steps that are left of those there would be without the flow shift, where it moves nodes beyond the
    /// ends of the schedule.
    pub fn steps_after_shift(&self) -> Result<Option<(usize, usize)>> {
        if self.grid_options.shift.is_none() || self.levels.is_some() || self.times.is_some() {
            return Ok(None);
        }
        let plain = Self {
            grid_options: GridOptions {
                shift: None,
                ..self.grid_options
            },
            ..self.clone()
        };
        let (left, all) = (self.program()?.steps.len(), plain.program()?.steps.len());
        Ok((left < all).then_some((left, all)))
    }

    fn nodes(&self, schedule: &Schedule, habit: Habit, steps: usize) -> Result<Vec<Node>> {
        if habit != Habit::Zero {
            return self.grid.nodes_with(schedule, steps, &self.grid_options);
        }
        let mut nodes = self.grid.calls_with(schedule, steps, &self.grid_options)?;
        nodes.push(schedule.of_noise_level(0.0)?);
        Ok(nodes)
    }
}

/// The program of the most steps that make no more than `most` calls; a method of k calls a step takes about
/// most / k.
pub(super) fn within_calls(
    most: usize,
    calls_per_step: usize,
    with_steps: impl Fn(usize) -> Result<Program>,
) -> Result<Program> {
    let mut steps = most;
    loop {
        let program = with_steps(steps)?;
        if program.calls() <= most {
            return Ok(program);
        }
        if steps == 1 {
            let allowed = format!("must be at least {}, a step's calls", program.calls());
            return Err(Error::invalid("--nfe", most, allowed));
        }
        let over = program.calls() - most;
        steps = (steps - over.div_ceil(calls_per_step).clamp(1, steps - 1)).max(1);
    }
}

/// Numbers as given, neighbours that are the same taken once.
fn numbers(levels: &Levels) -> Result<Vec<f64>> {
    let mut numbers = match levels {
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
    numbers.dedup();
    Ok(numbers)
}

/// Noise levels as given, and what follows them.
fn given_nodes(levels: &Levels, schedule: &Schedule, habit: Habit) -> Result<Vec<Node>> {
    let mut levels = numbers(levels)?;
    match habit {
        Habit::Zero if levels.last() != Some(&0.0) => levels.push(0.0),
        Habit::Smallest if levels.last() != Some(&0.0) => {
            levels.push(schedule.at(schedule.times().0).noise_level());
        }
        _ => {}
    }
    let node = |level: &f64| schedule.of_noise_level(*level);
    let nodes = levels.iter().map(node).collect::<Result<Vec<_>>>();
    nodes.map_err(|error| in_words(error, "--sigmas"))
}

/// The nodes of times, within the schedule, and what follows them.
fn nodes_at(times: &Levels, schedule: &Schedule, habit: Habit) -> Result<Vec<Node>> {
    let mut times = numbers(times)?;
    let (least, most) = schedule.times();
    if let Some(time) = times.iter().find(|t| !(least..=most).contains(*t)) {
        let allowed = format!("must be times of {}, {least} to {most}", schedule.name());
        return Err(Error::invalid("--timesteps", time, allowed));
    }
    if let Some(pair) = times.windows(2).find(|pair| pair[1] > pair[0]) {
        let allowed = format!("must not be above the time before it, {}", pair[0]);
        return Err(Error::invalid("--timesteps", pair[1], allowed));
    }
    if habit == Habit::Smallest && times.last() != Some(&least) {
        times.push(least);
    }
    let mut nodes: Vec<Node> = times.iter().map(|time| schedule.at(*time)).collect();
    if habit == Habit::Zero {
        nodes.push(schedule.of_noise_level(0.0)?);
    }
    Ok(nodes)
}

/// A refusal of the grid in the words of the command line.
fn in_words(error: Error, option: &str) -> Error {
    match error {
        Error::Invalid {
            field,
            value,
            allowed,
        } => {
            let option = match &*field {
                "grid" | "noise level" | "order" => option.to_owned(),
                "lower_final_order" => "--lower-order-final".to_owned(),
                "corrected" => "--corrector".to_owned(),
                field => format!("--{}", field.replace(['_', ' '], "-")),
            };
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
    let text = program_json(settings, &program);
    check_denoiser(method, &*target, &Plan::Program(program))?;
    outcome::print(&text)
}

/// Refuses targets without the denoiser that is asked for, and noise that is not on a path.
pub(super) fn check_denoiser(
    method: &DiffuseMethod,
    target: &dyn BlockTarget,
    plan: &Plan,
) -> Result<()> {
    // Of an adaptive run, its first call is all that can be judged.
    let first_call;
    let program = match plan {
        Plan::Program(program) => program,
        Plan::Adaptive(..) => {
            first_call = first_call_of(plan);
            &first_call
        }
    };
    let start = diffusion::Start::Noise;
    let flow = SolverFlow::<F64>::new(target, program, &method.denoising, start, 1);
    let flow = flow.map_err(|error| match error {
        Error::Invalid {
            field,
            value,
            allowed,
        } if field == "target" => Error::invalid("TARGET", value, format!("must be {allowed}")),
        other => in_words(other, "--solver"),
    })?;
    if method.brownian_path && !program.is_stochastic() {
        let allowed = "must be left out for a solver that draws no noise";
        return Err(Error::invalid("--brownian-path", &method.solver, allowed));
    }
    let scale = method.options.noise_scale;
    if scale != 1.0 && !program.is_stochastic() {
        let allowed = "must be 1 for a solver that draws no noise";
        return Err(Error::invalid("--noise-scale", scale, allowed));
    }
    let source = match method.brownian_path {
        true => NoiseSource::Path(0),
        false => NoiseSource::Fresh,
    };
    let judged = flow.with_noise(source).map(|_| ());
    judged.map_err(|error| match error {
        Error::Invalid {
            field,
            value,
            allowed,
        } if field == "noise" => {
            let value = format!("{value} for {}", method.solver);
            Error::invalid("--brownian-path", value, format!("must be {allowed}"))
        }
        other => in_words(other, "--grid"),
    })
}

/// A program of one call.
fn first_call_of(plan: &Plan) -> Program {
    let steps = plan.first().map(|at| Step {
        from: at,
        to: at,
        operations: vec![Operation::Evaluate {
            from: 0,
            to: 1,
            at,
            prediction: Prediction::Noise,
        }],
    });
    Program {
        registers: 2,
        steps: steps.into_iter().collect(),
    }
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
