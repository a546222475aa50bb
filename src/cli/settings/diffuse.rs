//! What `diffuse` is given.

use super::resolve::choice;
use super::{DiffuseMethod, Levels};
use crate::cli::config;
use crate::cli::given::Given;
use crate::diffusion::solver::{
    Churn, Habit, Options, Restart, StartUp, adaptive_solvers, find, numbers_of_family, solvers,
};
use crate::diffusion::{Denoising, Grid, GridOptions, Guidance, Schedule};
use crate::error::{Error, Result};

/// Judges everything that can be judged without a target.
pub(super) fn method(given: &Given) -> Result<DiffuseMethod> {
    let (solver, suffix) = solver(given)?;
    let mut method = shared(given, None)?;
    if let Some(grid) = suffix.filter(|_| !given.has("grid")) {
        method.grid = grid;
    }
    let levels = levels(
        given,
        "sigmas",
        "must be FILE.npy, FILE.npz or falling numbers from 0, noise levels sigma/alpha",
        |s| s >= 0.0,
    )?;
    let times = levels_of_time(given)?;
    if levels.is_some() && times.is_some() {
        return Err(given.refuse("timesteps", "contradicts --sigmas; give one of them"));
    }
    for key in ["steps", "nfe"] {
        let grid = if levels.is_some() {
            "--sigmas"
        } else {
            "--timesteps"
        };
        if (levels.is_some() || times.is_some()) && given.has(key) {
            let allowed = format!("contradicts {grid}, which counts the steps");
            return Err(given.refuse(key, allowed));
        }
    }
    if given.has("steps") && given.has("nfe") {
        return Err(given.refuse("nfe", "contradicts --steps; give one of them"));
    }
    let grid_given = levels.is_some() || times.is_some();
    for key in ["rho", "shift"] {
        if grid_given
            && given.has(key)
            && given
                .number(key, "habit", |_| true, "")
                .is_ok_and(|x| x.is_some())
        {
            return Err(given.refuse(key, "has no meaning where the grid is given"));
        }
    }
    let adaptive = find(&solver).is_some_and(|solver| solver.adaptive().is_some());
    for key in ["rtol", "atol"] {
        if !adaptive && given.is_typed(key) {
            let allowed = format!("has no meaning for {solver}, whose steps are given");
            return Err(given.refuse(key, allowed));
        }
    }
    for key in ["steps", "nfe", "grid", "rho", "shift", "brownian_path"] {
        if adaptive && given.is_typed(key) {
            let allowed = format!("has no meaning for {solver}, which chooses its steps");
            return Err(given.refuse(key, allowed));
        }
    }
    let nfe = match given.has("nfe") {
        true => Some(given.count("nfe", 20, 1..=1_000_000)?),
        false => None,
    };
    Ok(DiffuseMethod {
        solver,
        steps: given.count("steps", 20, 1..=1_000_000)?,
        nfe,
        levels,
        times,
        brownian_path: given.truth("brownian_path", false)?,
        ..method
    })
}

/// What any solver may be told, of no solver yet; `last` is what follows the last noise level by default.
pub(super) fn shared(given: &Given, last: Option<Habit>) -> Result<DiffuseMethod> {
    let grid = choice(given, "grid", Grid::NAMES, Grid::LogSnr, Grid::from_name)?;
    let schedule = choice(
        given,
        "schedule",
        Schedule::NAMES,
        "vp-linear".to_owned(),
        |name| Schedule::from_name(name).map(|schedule| schedule.name().to_owned()),
    )?;
    let rules = ["habit", "zero", "sigma-min", "none"];
    let last = choice(given, "final", &rules, last, |rule| {
        Some(match rule {
            "habit" => None,
            "zero" => Some(Habit::Zero),
            "sigma-min" => Some(Habit::Smallest),
            "none" => Some(Habit::Nothing),
            _ => return None,
        })
    })?;
    Ok(DiffuseMethod {
        solver: String::new(),
        steps: 1,
        nfe: None,
        schedule,
        grid,
        grid_options: grid_options(given)?,
        levels: None,
        times: None,
        last,
        options: options(given)?,
        denoising: denoising(given)?,
        brownian_path: false,
        tolerances: (
            tolerance(given, "rtol", 0.05)?,
            tolerance(given, "atol", 0.0078)?,
        ),
    })
}

fn tolerance(given: &Given, key: &'static str, default: f64) -> Result<f64> {
    let allowed = "must be a number above 0, at most 1e6";
    let tolerance = given.number(key, "", |x| x > 0.0 && x <= 1e6, allowed)?;
    Ok(tolerance.unwrap_or(default))
}

fn grid_options(given: &Given) -> Result<GridOptions> {
    let allowed = "must be a number above 0, at most 100, or habit";
    let rho = given.number("rho", "habit", |x| x > 0.0 && x <= 100.0, allowed)?;
    let allowed = "must be a number above 0, at most 1e6, or none";
    let shift = given.number("shift", "none", |x| x > 0.0 && x <= 1e6, allowed)?;
    Ok(GridOptions { rho, shift })
}

/// The solver's name, and the grid after it, which a grid of its own overrules.
fn solver(given: &Given) -> Result<(String, Option<Grid>)> {
    let Some(name) = given.text("solver", NOT_A_SOLVER)? else {
        return Ok(("dpmpp-2m".to_owned(), None));
    };
    named_solver(name).ok_or_else(|| given.refuse("solver", unknown_solver(name)))
}

const NOT_A_SOLVER: &str = "must be a solver (see: driftlane list solvers)";
/// Near names that a refusal tells.
const HINTS: usize = 4;

/// Why a name is refused: a number in it that is out of its range, or the names it may have been meant to be.
pub(super) fn unknown_solver(name: &str) -> String {
    let short = GRID_SUFFIXES.iter().find_map(|s| name.strip_suffix(s.0));
    if let Some(range) = numbers_of_family(short.unwrap_or(name)) {
        return format!("must be a solver: this family has {range}");
    }
    let all = solvers().iter().chain(adaptive_solvers());
    let known: Vec<&str> = all
        .flat_map(|solver| std::iter::once(&*solver.name).chain(solver.aliases.iter().copied()))
        .collect();
    let near = config::near(name, &known, HINTS);
    match near.is_empty() {
        true => NOT_A_SOLVER.to_owned(),
        false => format!("{NOT_A_SOLVER}; did you mean {}?", config::one_of(&near)),
    }
}

/// Grids that may be named after a solver.
const GRID_SUFFIXES: [(&str, Grid); 2] = [("-karras", Grid::Karras), ("-lu", Grid::LogSnr)];

/// A solver by name or alias, and the grid that is named after it.
pub(super) fn named_solver(name: &str) -> Option<(String, Option<Grid>)> {
    let found = GRID_SUFFIXES.into_iter().find_map(|(suffix, grid)| {
        let short = name.strip_suffix(suffix)?;
        find(short).map(|solver| (solver.name.into_owned(), Some(grid)))
    });
    found.or_else(|| find(name).map(|solver| (solver.name.into_owned(), None)))
}

fn levels(
    given: &Given,
    key: &'static str,
    allowed: &str,
    holds: impl Fn(f64) -> bool,
) -> Result<Option<Levels>> {
    let file = given.text(key, allowed).ok().flatten();
    if let Some(file) = file.filter(|text| crate::npy::is_name(text)) {
        return Ok(Some(Levels::File(given.path(key, file))));
    }
    let Some(numbers) = given.numbers(key, "none", allowed)? else {
        return Ok(None);
    };
    match numbers.iter().all(|s| s.is_finite() && holds(*s)) {
        true => Ok(Some(Levels::Numbers(numbers))),
        false => Err(given.refuse(key, allowed)),
    }
}

fn levels_of_time(given: &Given) -> Result<Option<Levels>> {
    let allowed = "must be FILE.npy, FILE.npz or falling numbers, times of the schedule";
    levels(given, "timesteps", allowed, |_| true)
}

fn switch(given: &Given, key: &'static str) -> Result<Option<bool>> {
    choice(
        given,
        key,
        &["habit", "on", "off"],
        None,
        |word| match word {
            "habit" => Some(None),
            "on" => Some(Some(true)),
            "off" => Some(Some(false)),
            _ => None,
        },
    )
}

fn options(given: &Given) -> Result<Options> {
    let from_0 = "must be a number from 0 to 10, or habit";
    let eta = given.number("eta", "habit", |x| (0.0..=10.0).contains(&x), from_0)?;
    let allowed = "must be a number from 0 to 100";
    let in_range = |x: f64| (0.0..=100.0).contains(&x);
    let noise_scale = given.number("noise_scale", "", in_range, allowed)?;
    let extrapolation = given.number("extrapolation", "habit", in_range, allowed)?;
    let start_ups = ["cold", "stages"];
    let start_up = choice(
        given,
        "start_up",
        &start_ups,
        StartUp::Cold,
        |word| match word {
            "cold" => Some(StartUp::Cold),
            "stages" => Some(StartUp::Stages),
            _ => None,
        },
    )?;
    Ok(Options {
        eta,
        noise_scale: noise_scale.unwrap_or(1.0),
        lower_final_order: switch(given, "lower_order_final")?,
        start_up,
        corrected: switch(given, "corrector")?,
        churn: churn(given)?,
        restarts: restarts(given)?,
        extrapolation,
    })
}

/// A refusal by a check of the engine, in the words of the command line.
fn in_words(given: &Given, key: &str, error: Error) -> Error {
    match error {
        Error::Invalid { field, allowed, .. } => {
            given.refuse(key, format!("{field} must be {allowed}"))
        }
        other => other,
    }
}

fn churn(given: &Given) -> Result<Option<Churn>> {
    let allowed = "must be S or S,FROM,TO: an amount, and the noise levels it is added between";
    let churn = match given.numbers("churn", "none", allowed)?.as_deref() {
        None => return Ok(None),
        Some(&[amount]) => Churn {
            amount,
            from: 0.0,
            to: f64::INFINITY,
        },
        Some(&[amount, from, to]) => Churn { amount, from, to },
        Some(_) => return Err(given.refuse("churn", allowed)),
    };
    churn
        .check()
        .map_err(|error| in_words(given, "churn", error))?;
    Ok(Some(churn))
}

fn restarts(given: &Given) -> Result<Vec<Restart>> {
    let allowed = "must be POINTS,REPEATS,FOOT,HEAD, and as many again for every further interval";
    let Some(numbers) = given.numbers("restart", "none", allowed)? else {
        return Ok(Vec::new());
    };
    let refuse = || given.refuse("restart", allowed);
    if numbers.is_empty() || numbers.len() % 4 != 0 {
        return Err(refuse());
    }
    let whole = |x: f64| (x.fract() == 0.0 && (0.0..=1e9).contains(&x)).then_some(x as usize);
    let interval = |four: &[f64]| -> Result<Restart> {
        let restart = Restart {
            points: whole(four[0]).ok_or_else(refuse)?,
            repeats: whole(four[1]).ok_or_else(refuse)?,
            foot: four[2],
            head: four[3],
        };
        let judged = restart.check();
        judged.map_err(|error| in_words(given, "restart", error))?;
        Ok(restart)
    };
    numbers.chunks(4).map(interval).collect()
}

fn denoising(given: &Given) -> Result<Denoising> {
    let allowed = "must be a finite number, at most 1e6 in size, or none";
    let scale = given.number("guidance", "none", |x| x.abs() <= 1e6, allowed)?;
    let allowed = "must be a component of the target, counted from 0, or several with commas";
    let components = given.numbers("condition", "none", allowed)?;
    let whole = |x: &f64| (x.fract() == 0.0 && (0.0..=1e9).contains(x)).then_some(*x as usize);
    let guidance = match components {
        None if scale.is_some() => {
            return Err(given.refuse("guidance", "has no meaning without --condition"));
        }
        None => None,
        Some(components) => {
            let all = components.iter().map(whole).collect::<Option<Vec<_>>>();
            let twice = |k: usize| components[..k].contains(&components[k]);
            if (1..components.len()).any(twice) {
                return Err(given.refuse("condition", "must name every component once"));
            }
            Some(Guidance {
                // A condition alone is sampled from.
                scale: scale.unwrap_or(1.0),
                components: all.ok_or_else(|| given.refuse("condition", allowed))?,
            })
        }
    };
    let allowed = "must be a quantile above 0 and at most 1, or none";
    let in_range = |q: f64| q > 0.0 && q <= 1.0;
    Ok(Denoising {
        guidance,
        threshold: given.number("threshold", "none", in_range, allowed)?,
    })
}
