//! What a run goes by: the step program on its grid, or the ends of adaptive steps.

use super::nodes::{given_nodes, nodes_at};
use super::refusals::in_words;
use crate::cli::settings::DiffuseMethod;
use crate::diffusion::solver::{Description, Habit, Setting, Setup, find};
use crate::diffusion::{Adaptive, GridOptions, Node, Program, Schedule};
use crate::error::{Error, Result};

/// What a run of `diffuse` goes by.
pub enum Plan {
    /// Steps known before the run.
    Program(Program),
    /// Steps chosen on the way, between these ends.
    Adaptive(Adaptive, (Node, Node)),
}

impl Plan {
    /// Its first node.
    pub(super) fn first(&self) -> Option<Node> {
        match self {
            Self::Program(program) => program.steps.first().map(|step| step.from),
            Self::Adaptive(_, ends) => Some(ends.0),
        }
    }

    /// Noise levels of its nodes; nothing where they are chosen on the way.
    pub(super) fn noise_levels(&self) -> Vec<f64> {
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
fn within_calls(
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
