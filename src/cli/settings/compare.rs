//! What `compare` is given.

use super::diffuse::{self, named_solver, unknown_solver};
use super::{CompareMethod, Entrant};
use crate::cli::given::Given;
use crate::diffusion::solver::{Habit, Setting, find};
use crate::error::{Error, Result};

/// More solvers than a picture shows.
const MOST_SOLVERS: usize = 64;
/// More calls than any comparison needs: fine solutions take up to 16 times as many.
const MOST_CALLS: u64 = 10_000;

/// Judges everything that can be judged without a target.
pub(super) fn method(given: &Given) -> Result<CompareMethod> {
    let allowed = "must be names of solvers with commas between (see: driftlane list solvers)";
    let names = given
        .words("solvers", allowed)?
        .ok_or_else(|| given.refuse("solvers", allowed))?;
    if names.is_empty() || names.len() > MOST_SOLVERS {
        let allowed = format!("must be 1 to {MOST_SOLVERS} names of solvers");
        return Err(given.refuse("solvers", allowed));
    }
    let shared = diffuse::shared(given, Some(Habit::Nothing))?;
    let lowers = |name: &String| {
        let solver = named_solver(name).and_then(|(solver, _)| find(&solver));
        solver.is_some_and(|row| row.takes(Setting::LowerFinalOrder))
    };
    // Off, which compare is by itself where some know it, says nothing of the others.
    let known_to_some = names.iter().any(lowers);
    let mut entrants: Vec<Entrant> = Vec::new();
    for name in &names {
        let refuse = |allowed: String| Error::invalid(given.label("solvers"), name, allowed);
        let Some((solver, suffix)) = named_solver(name) else {
            return Err(refuse(unknown_solver(name)));
        };
        let chosen = find(&solver);
        if chosen.as_ref().is_some_and(|row| row.adaptive().is_some()) {
            let allowed = "must be a solver that takes its calls from --nfe: this one chooses its steps on the way";
            return Err(refuse(allowed.to_owned()));
        }
        let mut method = shared.clone();
        // A grid of its own overrules the one in the name.
        let overruled = suffix.is_some() && given.has("grid");
        let shown = if overruled { &solver } else { name }.clone();
        let takes = |setting| chosen.as_ref().is_some_and(|row| row.takes(setting));
        if let Some(grid) = suffix.filter(|_| !overruled) {
            method.grid = grid;
        }
        // Orders are those of the method itself.
        if !given.has("lower_order_final") && takes(Setting::LowerFinalOrder) {
            method.options.lower_final_order = Some(false);
        }
        let off = method.options.lower_final_order == Some(false);
        if known_to_some && off && !takes(Setting::LowerFinalOrder) {
            method.options.lower_final_order = None;
        }
        method.solver = solver;
        let twice = |other: &Entrant| {
            (&other.method.solver, other.method.grid) == (&method.solver, method.grid)
        };
        if let Some(other) = entrants.iter().find(|other| twice(other)) {
            let also = match other.name == *name {
                true => String::new(),
                false => format!(" ({} is the same)", other.name),
            };
            return Err(refuse(format!("must be named once{also}")));
        }
        entrants.push(Entrant {
            name: shown,
            method,
        });
    }
    Ok(CompareMethod {
        entrants,
        calls: calls(given)?,
        strong: given.truth("strong", false)?,
    })
}

/// `FROM:TO` by doublings, a number, or numbers that rise.
fn calls(given: &Given) -> Result<Vec<u64>> {
    let allowed = format!(
        "must be FROM:TO taken by doublings, or numbers of calls that rise, from 1 to {MOST_CALLS}"
    );
    let refuse = || given.refuse("nfe", allowed.clone());
    let number = |text: &str| {
        let value: f64 = text.trim().parse().ok()?;
        let whole = value.fract() == 0.0 && (1.0..=MOST_CALLS as f64).contains(&value);
        whole.then_some(value as u64)
    };
    let Some(words) = given.words("nfe", &allowed)? else {
        return Ok(vec![20, 40, 80, 160, 320]);
    };
    let calls = match words.as_slice() {
        [range] if range.contains(':') => {
            let ends = range.split_once(':');
            let ends = ends.and_then(|(from, to)| Some((number(from)?, number(to)?)));
            let (from, to) = ends.filter(|(from, to)| from <= to).ok_or_else(refuse)?;
            std::iter::successors(Some(from), |n| Some(n * 2))
                .take_while(|n| *n <= to)
                .collect()
        }
        words => {
            let all: Option<Vec<u64>> = words.iter().map(|word| number(word)).collect();
            all.ok_or_else(refuse)?
        }
    };
    match !calls.is_empty() && calls.windows(2).all(|pair| pair[0] < pair[1]) {
        true => Ok(calls),
        false => Err(refuse()),
    }
}
