//! `diffuse`: from settings to a step program on its grid.

use super::settings::{DiffuseMethod, Levels, Settings};
use crate::diffusion::solver::{Description, Habit, find};
use crate::diffusion::{Node, Program, Schedule};
use crate::error::{Error, Result};
use crate::npy::{self, NonFinite};

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
pub fn program_json(settings: &Settings, program: &Program) -> String {
    let json = serde_json::json!({
        "verb": settings.verb(),
        "registers": program.registers,
        "carried": program.carried(),
        "nfe": program.calls(),
        "steps": program.steps,
    });
    json.to_string() + "\n"
}
