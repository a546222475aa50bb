//! `replay`: the last states of a particle that blew up, evaluated again one number at a time in double precision.
//!
//! At every state: the log density and the gradient by the target's scalar instance, which is the twin of what ran in
//! registers. For Euler-Maruyama (`ula`) the steps are taken again from the first state, with the noise that the
//! states tell of,
//!
//! ```text
//! xi_k = (x_(k+1) - x_k - h g(x_k)) / sqrt(2 h),    y_(k+1) = y_k + h g(y_k) + sqrt(2 h) xi_k,   y_0 = x_0
//! ```
//!
//! so that a run in single precision is told from one that would have blown up in double precision too.

use super::options::FolderOptions;
use super::{config, given::Given, outcome, settings::Settings};
use crate::error::{Error, Result};
use crate::record::OpenFolder;
use crate::record::flight::{Flight, State};
use crate::target::BlockTarget;
use serde_json::{Value, json};

/// A position this many times as large as the first is on its way out.
const FAR: f64 = 1e6;

/// A state, evaluated.
struct Evaluated {
    moves: usize,
    largest: f64,
    log_density: f64,
    gradient: Vec<f64>,
    /// The largest coordinate of the path taken again.
    again: Option<f64>,
}

/// `replay DIR`.
pub fn replay(options: &FolderOptions) -> Result<u8> {
    let open = OpenFolder::open(&options.dir)?;
    let Some(flight) = Flight::read(&open)? else {
        return Err(Error::RunFolder {
            path: open.path().to_owned(),
            what: "has no flight.json: no particle of unadjusted dynamics blew up".into(),
        });
    };
    let mut given = Given::default();
    let file = open.file("config.toml").to_string_lossy().into_owned();
    let target = config::resolve_target(&file, &[], &mut given)?;
    let settings = Settings::resolve(target, None, given)?;
    let target = settings.target.build()?;
    let dim = flight.states[0].position.len();
    if dim != target.dim() {
        return Err(Error::RunFolder {
            path: open.file(crate::record::flight::FILE),
            what: format!("has {dim} coordinates, and the target {}", target.dim()),
        });
    }
    let states = evaluate(&flight, &*target);
    let verdict = verdict(&flight, &states, &target.parameter_names());
    let text = match options.json {
        true => as_json(&flight, &states, &verdict).to_string() + "\n",
        false => as_text(&flight, &states, &verdict),
    };
    outcome::print(&text)?;
    Ok(0)
}

fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |most: f64, x| {
        if x.abs() > most || x.is_nan() {
            x.abs()
        } else {
            most
        }
    })
}

fn evaluate(flight: &Flight, target: &dyn BlockTarget) -> Vec<Evaluated> {
    let dim = target.dim();
    let at = |x: &[f64]| {
        let mut gradient = vec![0.0; dim];
        let log_density = target.scalar_log_density_and_gradient(x, &mut gradient);
        (log_density, gradient)
    };
    let h = flight.step_size;
    let noise = (2.0 * h).sqrt();
    let mut path = (flight.sampler == "ula").then(|| flight.states[0].position.clone());
    let mut states: Vec<Evaluated> = Vec::new();
    for (k, State { moves, position }) in flight.states.iter().enumerate() {
        if let (Some(y), Some(before)) = (&mut path, k.checked_sub(1)) {
            let (x, g) = (&flight.states[before].position, &states[before].gradient);
            let gradient = at(y).1;
            for j in 0..dim {
                let xi = (position[j] - x[j] - h * g[j]) / noise;
                // A step that ends at infinity tells of no noise; its expectation is taken.
                let xi = if xi.is_finite() { xi } else { 0.0 };
                y[j] += h.mul_add(gradient[j], noise * xi);
            }
        }
        let (log_density, gradient) = at(position);
        states.push(Evaluated {
            moves: *moves,
            largest: largest(position),
            log_density,
            gradient,
            again: path.as_ref().map(|y| largest(y)),
        });
    }
    states
}

/// What the states say.
fn verdict(flight: &Flight, states: &[Evaluated], names: &[String]) -> String {
    let finite = |state: &&Evaluated| state.largest.is_finite();
    // Far out any density overflows: there it is not to blame.
    let near = FAR * states.first().map_or(1.0, |state| state.largest.max(1.0));
    for state in states.iter().filter(|state| state.largest <= near) {
        let bad = state.gradient.iter().position(|g| !g.is_finite());
        if let Some(j) = bad {
            let name = names.get(j).cloned().unwrap_or_else(|| format!("x[{j}]"));
            return format!(
                "after move {} the position is finite and the gradient of {name} is {}: look at the density there",
                state.moves, state.gradient[j]
            );
        }
        if state.log_density.is_nan() {
            return format!(
                "after move {} the position is finite and the log density is NaN: look at the density there",
                state.moves
            );
        }
    }
    if let Some(again) = states
        .last()
        .and_then(|state| state.again)
        .filter(|y| y.is_finite())
    {
        return format!(
            "the same steps in double precision end at a finite position, the largest coordinate {again:.3e}: \
             use --precision f64"
        );
    }
    let before: Vec<f64> = states
        .iter()
        .filter(finite)
        .map(|state| state.largest)
        .collect();
    let grown = match before.as_slice() {
        [first, .., last] if *first > 0.0 => (last / first, before.len() - 1),
        _ => (f64::INFINITY, 1),
    };
    format!(
        "the largest coordinate grew {:.3e}-fold in {} moves before it overflowed: the step size, {}, is too large there; \
         lower it",
        grown.0, grown.1, flight.step_size
    )
}

fn as_text(flight: &Flight, states: &[Evaluated], verdict: &str) -> String {
    let mut text = format!(
        "particle {} of {}, step size {}, {}: not finite after move {}\n\
         evaluated again in scalar double precision\n\n\
         {:>10}  {:>12}  {:>14}  {:>12}",
        flight.particle,
        flight.sampler,
        flight.step_size,
        flight.precision,
        flight.at_move,
        "move",
        "max |x|",
        "log density",
        "max |grad|"
    );
    let again = states.iter().any(|state| state.again.is_some());
    if again {
        text += &format!("  {:>14}", "max |x| again");
    }
    text.push('\n');
    for state in states {
        text += &format!(
            "{:>10}  {:>12.4e}  {:>14.6e}  {:>12.4e}",
            state.moves,
            state.largest,
            state.log_density,
            largest(&state.gradient)
        );
        if let Some(y) = state.again {
            text += &format!("  {y:>14.4e}");
        }
        text.push('\n');
    }
    text + "\n" + verdict + "\n"
}

fn as_json(flight: &Flight, states: &[Evaluated], verdict: &str) -> Value {
    let number = |x: f64| if x.is_finite() { json!(x) } else { Value::Null };
    let states: Vec<Value> = states
        .iter()
        .map(|state| {
            json!({
                "moves": state.moves,
                "largest_coordinate": number(state.largest),
                "log_density": number(state.log_density),
                "largest_gradient": number(largest(&state.gradient)),
                "largest_coordinate_again": state.again.map(number),
            })
        })
        .collect();
    json!({
        "particle": flight.particle,
        "at_move": flight.at_move,
        "sampler": flight.sampler,
        "step_size": flight.step_size,
        "precision": flight.precision,
        "states": states,
        "verdict": verdict,
    })
}
