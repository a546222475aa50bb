//! `list`: what there is, with defaults, in lines of at most [`WIDTH`] columns.

use crate::diffusion::solver::{Description, Habit, NoiseKind, adaptive_solvers, solvers};
use crate::diffusion::{Grid, Schedule};
use crate::flow::Resampler;
use crate::integrator::{Dynamics, Order, SCHEMES, Scheme, Stability};
use crate::mcmc::MoveKind;
use crate::target::library;

/// The longest line.
pub const WIDTH: usize = 110;

/// One group of [`super::GROUPS`], or all of them, as text for a terminal.
pub fn text(group: Option<&str>) -> String {
    let mut out = String::new();
    for (name, rows) in groups() {
        if group.is_none_or(|group| group == name) {
            out.push_str(&format!("{name}\n"));
            let first = rows.iter().map(|r| r.0.chars().count()).max().unwrap_or(0);
            for (label, lines) in rows {
                entry(&mut out, &label, first, &lines);
            }
        }
    }
    out
}

/// A name and lines about it.
type Entry = (String, Vec<String>);

/// Every group: its name and its entries.
fn groups() -> [(&'static str, Vec<Entry>); 8] {
    let targets = library::describe().iter().map(|t| {
        let known = format!("reference: {}; exact: {}", t.reference, t.exact);
        let settings = Some(t.settings.to_owned()).filter(|s| !s.is_empty());
        (
            t.name.to_owned(),
            settings.into_iter().chain([known]).collect(),
        )
    });
    let moves = |keep: fn(&MoveKind) -> bool| {
        let kept = MoveKind::ALL.into_iter().filter(keep);
        kept.map(|k| (k.name().to_owned(), vec![settings(k), what(k)]))
            .collect()
    };
    let resamplers = Resampler::ALL.iter().map(|&r| {
        let line = format!("{}; {}", r.summary(), error(r));
        (r.name().to_owned(), vec![line])
    });
    let solvers = solvers().iter().chain(adaptive_solvers()).map(solver);
    let schedules = Schedule::NAMES.iter().map(|name| {
        let range = Schedule::from_name(name).map_or(String::new(), |schedule| {
            let (least, most) = schedule.times();
            let level = |time: f64| schedule.at(time).noise_level();
            format!(
                "time {least} to {most}, noise levels {:.4} to {:.1}",
                level(least),
                level(most)
            )
        });
        ((*name).to_owned(), vec![range])
    });
    let grids = Grid::NAMES.iter().map(|name| {
        let summary = Grid::from_name(name).map_or("", Grid::summary).to_owned();
        let also = Grid::ALIASES.iter().find(|(_, known)| known == name);
        let also = also.map(|(alias, _)| format!("also {alias}"));
        (
            (*name).to_owned(),
            std::iter::once(summary).chain(also).collect(),
        )
    });
    [
        ("targets", targets.collect()),
        ("samplers", moves(|_| true)),
        ("moves", moves(|k| k.is_adjusted())),
        ("integrators", SCHEMES.iter().map(integrator).collect()),
        ("resamplers", resamplers.collect()),
        ("solvers", solvers.collect()),
        ("schedules", schedules.collect()),
        ("grids", grids.collect()),
    ]
}

/// Order, calls, noise, what follows the last level, source, other names.
fn solver(solver: &Description) -> Entry {
    let after = match solver.habit {
        Habit::Zero => "a step to noise level 0",
        Habit::Smallest => "a step to the smallest noise level",
        Habit::Nothing => "nothing",
    };
    let noise = match solver.noise {
        NoiseKind::None => "no noise".to_owned(),
        NoiseKind::Eta(0.0) => "noise by --eta".to_owned(),
        NoiseKind::Eta(eta) => format!("noise, eta = {eta}"),
        NoiseKind::Own => "noise".to_owned(),
    };
    let order = match solver.noise {
        NoiseKind::None | NoiseKind::Eta(0.0) => format!("order {}", solver.order),
        _ => format!("weak order {}", solver.order),
    };
    let noise = match solver.adaptive() {
        Some(_) => format!("adaptive; {noise}"),
        None => noise,
    };
    let line = format!(
        "{order}; calls a step: {}; {noise}; after the last level: {after}",
        solver.calls
    );
    let mut lines = vec![line, solver.source.to_owned()];
    if !solver.aliases.is_empty() {
        lines.push(format!("also {}", solver.aliases.join(", ")));
    }
    if matches!(&*solver.name, "ghvb-2.5" | "heavy-ball-1.8") {
        lines.push("and any other level above 0: (k - 1) + b of order k and momentum b".to_owned());
    }
    (solver.name.to_string(), lines)
}

/// Appends an entry: its label in a column of `width`, its lines beside it, broken after commas and
/// semicolons.
fn entry(out: &mut String, label: &str, width: usize, lines: &[String]) {
    let mut label = label;
    for line in lines {
        let mut shown = String::new();
        for part in line.replace("; ", ";\n").replace(", ", ",\n").lines() {
            let columns = 5 + width + shown.chars().count() + part.chars().count();
            if !shown.is_empty() && columns > WIDTH {
                out.push_str(&format!("  {label:width$}  {shown}\n"));
                (label, shown) = ("", String::from(" "));
            }
            shown += if shown.is_empty() { "" } else { " " };
            shown += part;
        }
        out.push_str(&format!("  {label:width$}  {shown}\n"));
        label = "";
    }
}

fn settings(kind: MoveKind) -> String {
    match kind.default_target_accept() {
        Some(a) if kind.uses_leapfrog_steps() => {
            format!("leapfrog_steps = 10, target_accept = {a}")
        }
        Some(a) => format!("target_accept = {a}"),
        None if kind.is_adjusted() => "nothing to tune".to_owned(),
        None => match kind.scheme().map(|scheme| scheme.dynamics) {
            Some(Dynamics::Underdamped) => "step_size required, friction = 1".to_owned(),
            _ => "step_size required".to_owned(),
        },
    }
}

fn what(kind: MoveKind) -> String {
    match kind {
        MoveKind::Dynamics(scheme) => {
            let dynamics = dynamics(scheme.dynamics);
            format!("unadjusted {dynamics} steps; {}", scheme.source)
        }
        kind => kind.summary().to_owned(),
    }
}

fn dynamics(dynamics: Dynamics) -> &'static str {
    match dynamics {
        Dynamics::Hamiltonian => "Hamiltonian",
        Dynamics::Underdamped => "underdamped Langevin",
        Dynamics::Overdamped => "overdamped Langevin",
    }
}

/// Name, dynamics, orders, gradients a step, stability limit, source.
fn integrator(scheme: &Scheme) -> Entry {
    let order = match scheme.order {
        Order::Hamiltonian(order) => format!("order {order}"),
        Order::Langevin {
            weak,
            strong,
            configurational,
        } => format!("order: weak {weak}, strong {strong}, configurational {configurational}"),
    };
    let overdamped = scheme.dynamics == Dynamics::Overdamped;
    let stability = match scheme.stability {
        Stability::Limit(limit) if overdamped => format!("h k < {limit:.4}"),
        Stability::Limit(limit) => format!("h omega < {limit:.4}"),
        Stability::Friction => "set by the friction".to_owned(),
        Stability::Bounded => "bounded at any step".to_owned(),
        Stability::LinearPart => "any step on the linear part".to_owned(),
    };
    let line = format!(
        "{}; {order}; gradients a step: {}; stable: {stability}",
        dynamics(scheme.dynamics),
        scheme.gradients_per_step(),
    );
    (scheme.name.to_owned(), vec![line, scheme.source.to_owned()])
}

fn error(resampler: Resampler) -> &'static str {
    match resampler {
        Resampler::Multinomial => "standard error from one run",
        Resampler::Metropolis => {
            "biased: 1% where weights are even, more where one has most; error from --islands"
        }
        _ => "standard error from --islands or --replicates",
    }
}
