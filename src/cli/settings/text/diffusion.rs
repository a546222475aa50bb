//! The table `[method]` of `diffuse` and `compare`.

use super::super::diffuse::named_solver;
use super::super::{CompareMethod, DiffuseMethod, Levels};
use super::{path, table, whole};
use crate::diffusion::solver::{Habit, StartUp, find};
use toml::{Table, Value};

fn number_or(word: &str, number: Option<f64>) -> Value {
    number.map_or_else(|| word.into(), Value::Float)
}

fn list_or_none(numbers: Vec<f64>) -> Value {
    match numbers.is_empty() {
        true => "none".into(),
        false => Value::from(numbers),
    }
}

fn switch(choice: Option<bool>) -> Value {
    match choice {
        None => "habit".into(),
        Some(true) => "on".into(),
        Some(false) => "off".into(),
    }
}

/// What both verbs say of a solver, its name left out.
fn solving(m: &DiffuseMethod) -> Table {
    let last = match m.last {
        None => "habit",
        Some(Habit::Zero) => "zero",
        Some(Habit::Smallest) => "sigma-min",
        Some(Habit::Nothing) => "none",
    };
    let start_up = match m.options.start_up {
        StartUp::Cold => "cold",
        StartUp::Stages => "stages",
    };
    let churn = m.options.churn.iter();
    let intervals = m.options.restarts.iter();
    let (scale, components) = match &m.denoising.guidance {
        None => (Value::from("none"), Value::from("none")),
        Some(guidance) => {
            let all = guidance.components.iter().map(|k| whole(*k as u64));
            (guidance.scale.into(), Value::Array(all.collect()))
        }
    };
    table([
        ("schedule", m.schedule.as_str().into()),
        ("grid", m.grid.name().into()),
        ("rho", number_or("habit", m.grid_options.rho)),
        ("shift", number_or("none", m.grid_options.shift)),
        ("final", last.into()),
        ("lower_order_final", switch(m.options.lower_final_order)),
        ("eta", number_or("habit", m.options.eta)),
        ("noise_scale", m.options.noise_scale.into()),
        ("start_up", start_up.into()),
        ("corrector", switch(m.options.corrected)),
        (
            "churn",
            list_or_none(churn.flat_map(|c| [c.amount, c.from, c.to]).collect()),
        ),
        (
            "restart",
            list_or_none(
                intervals
                    .flat_map(|r| [r.points as f64, r.repeats as f64, r.foot, r.head])
                    .collect(),
            ),
        ),
        ("extrapolation", number_or("habit", m.options.extrapolation)),
        ("guidance", scale),
        ("condition", components),
        ("threshold", number_or("none", m.denoising.threshold)),
    ])
}

pub(super) fn diffuse(m: &DiffuseMethod) -> Table {
    let levels = |levels: &Option<Levels>| match levels {
        None => "none".into(),
        Some(Levels::Numbers(levels)) => Value::from(levels.clone()),
        Some(Levels::File(file)) => path(file),
    };
    let mut out = solving(m);
    out.extend(table([
        ("verb", "diffuse".into()),
        ("solver", m.solver.as_str().into()),
        ("sigmas", levels(&m.levels)),
        ("timesteps", levels(&m.times)),
        ("brownian_path", m.brownian_path.into()),
        ("rtol", m.tolerances.0.into()),
        ("atol", m.tolerances.1.into()),
    ]));
    let adaptive = find(&m.solver).is_some_and(|solver| solver.adaptive().is_some());
    if !adaptive && m.levels.is_none() && m.times.is_none() {
        match m.nfe {
            Some(nfe) => out.insert("nfe".into(), whole(nfe)),
            None => out.insert("steps".into(), whole(m.steps)),
        };
    }
    out
}

pub(super) fn compare(m: &CompareMethod) -> Table {
    let first = m.entrants.first();
    let mut out = first.map_or_else(Table::new, |entrant| solving(&entrant.method));
    let mut lowered = m
        .entrants
        .iter()
        .map(|e| e.method.options.lower_final_order);
    // Said of the solvers that know it, of which the first may be none.
    if let Some(rule) = lowered.find(Option::is_some) {
        out.insert("lower_order_final".into(), switch(rule));
    }
    // A grid would overrule those in names, and rename the rows.
    let in_name = |name: &str| named_solver(name).is_some_and(|(_, grid)| grid.is_some());
    if m.entrants.iter().any(|entrant| in_name(&entrant.name)) {
        out.remove("grid");
    }
    let names = m.entrants.iter().map(|e| Value::from(e.name.as_str()));
    out.insert("verb".into(), "compare".into());
    out.insert("solvers".into(), Value::Array(names.collect()));
    let calls = m.calls.iter().map(|n| whole(*n));
    out.insert("nfe".into(), Value::Array(calls.collect()));
    out.insert("strong".into(), m.strong.into());
    out
}
