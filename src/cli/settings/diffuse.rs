//! What `diffuse` is given.

use super::resolve::choice;
use super::{DiffuseMethod, Levels};
use crate::cli::given::Given;
use crate::diffusion::solver::{Habit, SOLVERS, find};
use crate::diffusion::{Grid, Schedule};
use crate::error::Result;

/// Judges everything that can be judged without a target.
pub(super) fn method(given: &Given) -> Result<DiffuseMethod> {
    let names: Vec<&str> = SOLVERS.iter().map(|solver| solver.name).collect();
    // A grid after the name, which a grid of its own overrules.
    let split = |name: &str| {
        let suffixes = [("-karras", Grid::Karras), ("-lu", Grid::LogSnr)];
        let found = suffixes.into_iter().find_map(|(suffix, grid)| {
            let short = name.strip_suffix(suffix)?;
            find(short).map(|solver| (solver.name.to_owned(), Some(grid)))
        });
        found.or_else(|| find(name).map(|solver| (solver.name.to_owned(), None)))
    };
    let default = ("dpmpp-2m".to_owned(), None);
    let (solver, suffix) = choice(given, "solver", &names, default, split)?;
    let own = suffix.unwrap_or(Grid::LogSnr);
    let grid = choice(given, "grid", Grid::NAMES, own, Grid::from_name)?;
    let schedule = choice(
        given,
        "schedule",
        Schedule::NAMES,
        "vp-linear".to_owned(),
        |name| Schedule::from_name(name).map(|schedule| schedule.name().to_owned()),
    )?;
    let rules = ["habit", "zero", "sigma-min", "none"];
    let last = choice(given, "final", &rules, None, |rule| {
        Some(match rule {
            "habit" => None,
            "zero" => Some(Habit::Zero),
            "sigma-min" => Some(Habit::Smallest),
            "none" => Some(Habit::Nothing),
            _ => return None,
        })
    })?;
    let allowed = "must be FILE.npy or falling numbers from 0, noise levels sigma/alpha";
    let file = given.text("sigmas", allowed).ok().flatten();
    let levels = match file.filter(|text| text.ends_with(".npy")) {
        Some(file) => Some(Levels::File(given.path("sigmas", file))),
        None => given
            .numbers("sigmas", "none", allowed)?
            .map(Levels::Numbers),
    };
    if let Some(Levels::Numbers(levels)) = &levels
        && !levels.iter().all(|s| s.is_finite() && *s >= 0.0)
    {
        return Err(given.refuse("sigmas", allowed));
    }
    for key in ["steps", "nfe"] {
        if levels.is_some() && given.has(key) {
            return Err(given.refuse(key, "contradicts --sigmas, which counts the steps"));
        }
    }
    if given.has("steps") && given.has("nfe") {
        return Err(given.refuse("nfe", "contradicts --steps; give one of them"));
    }
    let nfe = match given.has("nfe") {
        true => Some(given.count("nfe", 20, 1..=1_000_000)?),
        false => None,
    };
    Ok(DiffuseMethod {
        solver,
        steps: given.count("steps", 20, 1..=1_000_000)?,
        nfe,
        schedule,
        grid,
        levels,
        last,
    })
}
