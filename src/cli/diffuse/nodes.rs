//! Noise levels and times in place of a grid, as nodes.

use super::refusals::in_words;
use crate::cli::settings::Levels;
use crate::diffusion::solver::Habit;
use crate::diffusion::{Node, Schedule};
use crate::error::{Error, Result};
use crate::npy::{self, NonFinite};

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
pub(super) fn given_nodes(levels: &Levels, schedule: &Schedule, habit: Habit) -> Result<Vec<Node>> {
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
pub(super) fn nodes_at(times: &Levels, schedule: &Schedule, habit: Habit) -> Result<Vec<Node>> {
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
