//! `replay`: the last moves of a particle that blew up, made again in scalar double precision.
//!
//! At every state of the record: the log density and the gradient by the target's scalar instance, which is the twin of
//! what ran in registers. From the start of the particle's last visit its moves are made again ([`fly_again`]), by the
//! sampler of the folder's configuration at the step size of the record, with the random numbers they took: of a run in
//! double precision they come back bit for bit, and a run in single precision is told from one that would have blown up
//! in double precision too.

use super::options::FolderOptions;
use super::settings::{Length, Method, Settings};
use super::{config, execute, given::Given, outcome};
use crate::error::{Error, Result};
use crate::mcmc::{FLIGHT_STATES, MoveSettings, Work, fly_again};
use crate::record::OpenFolder;
use crate::record::flight::{self, Flight};
use crate::target::{BlockTarget, Precision};
use driftlane_kernels::{F32, F64};
use serde_json::{Value, json};

/// Moves of a visit that are made again, at most: a minute of a cheap target.
const LONGEST: u64 = 10_000_000;

/// A position this many times as large as the first is on its way out.
const FAR: f64 = 1e6;
/// What is this far from the record is not its particle any more.
const PARTED: f64 = 0.01;

/// A state, evaluated.
struct Evaluated {
    moves: usize,
    largest: f64,
    log_density: f64,
    gradient: Vec<f64>,
    /// The largest coordinate of the same move made again.
    again: f64,
    /// The largest difference of a coordinate between the two, over the largest coordinate.
    apart: f64,
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
    let refuse = |what: String| Error::RunFolder {
        path: open.file(flight::FILE),
        what,
    };
    let dim = flight.states[0].position.len();
    if dim != target.dim() {
        let what = format!("has {dim} coordinates, and the target {}", target.dim());
        return Err(refuse(what));
    }
    let mover = mover(&settings, &flight).map_err(&refuse)?;
    let again = match flight.precision.as_str() {
        F32::NAME => fly_again::<F32>,
        F64::NAME => fly_again::<F64>,
        other => {
            return Err(refuse(format!(
                "has the precision {other:?}, not f32 or f64"
            )));
        }
    };
    let again = again(&*target, &mover, &flight.record()).map_err(|e| refuse(e.to_string()))?;
    let states = evaluate(&flight, &*target, &again);
    let verdict = verdict(&flight, &states, &target.parameter_names(), reach(&*target));
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

/// The sampler of the run at the step size of the record; refused, in a few words, where the record is not of that run.
fn mover(settings: &Settings, flight: &Flight) -> std::result::Result<MoveSettings, String> {
    let Method::Sample(method) = &settings.method else {
        return Err("is of a run of sample, and config.toml of another method".into());
    };
    let name = method.sampler.name();
    if name != flight.sampler {
        return Err(format!(
            "is of {:?}, and config.toml of {name}",
            flight.sampler
        ));
    }
    // So that no number in a file keeps this busy for ever: every state is reached from the visit's start.
    if flight.states.len() > FLIGHT_STATES {
        return Err(format!(
            "has {} states, and a record {FLIGHT_STATES}",
            flight.states.len()
        ));
    }
    let kept = match method.length {
        Length::Draws(_) => method.thin,
        Length::Steps(_) => 0,
    };
    let longest = kept.max(Work::UNADJUSTED as u64).min(LONGEST);
    let made = (flight.at_move - flight.start.moves) as u64;
    if made > longest {
        return Err(format!(
            "has a visit of {made} moves, and the run none above {longest}"
        ));
    }
    Ok(MoveSettings {
        step_size: Some(flight.step_size),
        ..execute::mover(method.sampler, &method.tuning)
    })
}

fn evaluate(flight: &Flight, target: &dyn BlockTarget, again: &[Vec<f64>]) -> Vec<Evaluated> {
    let evaluated = flight.states.iter().zip(again).map(|(state, again)| {
        let position = &state.position;
        let mut gradient = vec![0.0; target.dim()];
        let log_density = target.scalar_log_density_and_gradient(position, &mut gradient);
        let same = |(x, y): (&f64, &f64)| x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan();
        let pairs = || position.iter().zip(again);
        let differences: Vec<f64> = pairs().map(|(x, y)| x - y).collect();
        Evaluated {
            moves: state.moves,
            largest: largest(position),
            log_density,
            gradient,
            again: largest(again),
            apart: match pairs().all(same) {
                true => 0.0,
                false => largest(&differences) / largest(position),
            },
        }
    });
    evaluated.collect()
}

/// Where the target lies, by its reference, which covers it; at least 1.
fn reach(target: &dyn BlockTarget) -> f64 {
    let reference = target.reference();
    largest(reference.location()) + largest(reference.scale()).max(1.0)
}

/// What the states say; the target lies within `reach` of the origin.
fn verdict(flight: &Flight, states: &[Evaluated], names: &[String], reach: f64) -> String {
    let finite = |state: &&Evaluated| state.largest.is_finite();
    // Far out any density overflows: there it is not to blame.
    let near = FAR * reach;
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
    if flight.precision == F64::NAME
        && let Some(other) = states.iter().find(|state| state.apart != 0.0)
    {
        return format!(
            "the same moves end elsewhere after move {}: flight.json or config.toml is not as the run left it, or the run \
             is of another version",
            other.moves
        );
    }
    // Doubles are finite for long on the same way out.
    let survived = states.last().is_some_and(|state| state.again <= near);
    if survived && states[0].apart <= PARTED {
        return format!(
            "the same moves in double precision end at a finite position, the largest coordinate {:.3e}: \
             use --precision f64",
            states[states.len() - 1].again
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
         its moves made again from move {} in scalar double precision\n\n\
         {:>10}  {:>12}  {:>14}  {:>12}  {:>13}  {:>9}",
        flight.particle,
        flight.sampler,
        flight.step_size,
        flight.precision,
        flight.at_move,
        flight.start.moves,
        "move",
        "max |x|",
        "log density",
        "max |grad|",
        "max |x| again",
        "apart"
    );
    text.push('\n');
    for state in states {
        text += &format!(
            "{:>10}  {:>12.4e}  {:>14.6e}  {:>12.4e}  {:>13.4e}  {:>9.1e}\n",
            state.moves,
            state.largest,
            state.log_density,
            largest(&state.gradient),
            state.again,
            state.apart
        );
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
                "largest_coordinate_again": number(state.again),
                "apart": number(state.apart),
            })
        })
        .collect();
    json!({
        "particle": flight.particle,
        "at_move": flight.at_move,
        "sampler": flight.sampler,
        "step_size": flight.step_size,
        "precision": flight.precision,
        "from_move": flight.start.moves,
        "states": states,
        "verdict": verdict,
    })
}
