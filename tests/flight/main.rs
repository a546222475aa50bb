//! The last states of a particle that blew up: they are those of the run, whatever its tile, precision and dynamics,
//! and `replay` says what happened.
//!
//! | | |
//! |---|---|
//! | `again` | its moves made again: bit for bit in double precision, for every unadjusted move |
//! | `folders` | `replay` of folders of all kinds, and of some nobody wrote |

mod again;
mod folders;

use driftlane::Lane;
use driftlane::flow::{Advance, FlightRecord};
use driftlane::kernels::{F32, F64};
use driftlane::mcmc::{KeptDraws, MoveKind, MoveSettings, Sample, SampleRun};
use driftlane::target::{Precision, Target};
use std::process::Command;

/// Now and then a particle steps beyond where it comes back from.
fn step_size(kind: &str) -> f64 {
    match kind {
        "underdamped" => 1.2,
        "leimkuhler-matthews" => 0.3,
        _ => 0.2,
    }
}

/// exp(-sum x^4 / 4): explicit steps leave it beyond |x| ~ sqrt(2 / h).
struct Quartic(usize);

impl Target for Quartic {
    fn dim(&self) -> usize {
        self.0
    }
    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let quarter = L::splat(-0.25);
        x.iter().fold(L::zero(), |sum, x| {
            let square = *x * *x;
            (square * square).mul_add(quarter, sum)
        })
    }
    fn gradient<L: Lane>(&self, x: &[L], grad: &mut [L]) {
        for (g, x) in grad.iter_mut().zip(x) {
            *g = -(*x * *x * *x);
        }
    }
}

/// The flight of a run, its draws, and how many there are: all particles may be lost before the end.
fn blow_up<R: Precision>(
    kind: &str,
    dim: usize,
    thin: usize,
    warmup: usize,
) -> (FlightRecord, KeptDraws, usize) {
    let mover = MoveSettings {
        kind: MoveKind::from_name(kind).unwrap(),
        step_size: Some(step_size(kind)),
        ..MoveSettings::default()
    };
    let target = Quartic(dim);
    let sample = Sample::new(&target)
        .particles(700)
        .seed(3)
        .mover(mover)
        .warmup(warmup)
        .draws(40, thin);
    let mut run = SampleRun::<R>::begin(&sample).unwrap();
    while run
        .advance(&mut |_| {}, &|| false)
        .is_ok_and(|end| end != Advance::Finished)
    {}
    let flight = run
        .flight()
        .unwrap_or_else(|| panic!("{kind}, {dim} coordinates: no particle blows up"))
        .0
        .clone();
    let (draws, drawn) = run.draws();
    (flight, draws.clone(), drawn)
}

/// How many states were compared.
fn is_the_runs_own<R: Precision>(kind: &str, dim: usize, thin: usize) -> usize {
    let (flight, draws, drawn) = blow_up::<R>(kind, dim, thin, 0);
    let place = format!("{kind}, {dim} coordinates, every {thin}, {}", R::NAME);
    let at = |k: usize, particle: usize| {
        let from = (k * 700 + particle) * dim;
        &draws.positions[from..from + dim]
    };
    assert!(flight.positions.len() <= 10, "{place}");
    let (last, before) = flight.positions.split_last().unwrap();
    assert!(last.iter().any(|x| !x.is_finite()), "{place}");
    assert!(before.iter().flatten().all(|x| x.is_finite()), "{place}");
    // The states at the ends of visits are those that were kept, bit for bit.
    let first = flight.at_move + 1 - flight.positions.len();
    let mut compared = 0;
    for (k, position) in flight.positions.iter().enumerate() {
        let moves = first + k;
        if moves > 0 && moves.is_multiple_of(thin) && moves / thin <= drawn {
            let kept = at(moves / thin - 1, flight.particle);
            let bits = |x: &[f64]| {
                x.iter()
                    .map(|x| if x.is_nan() { 0 } else { x.to_bits() })
                    .collect::<Vec<_>>()
            };
            assert_eq!(bits(position), bits(kept), "{place}, move {moves}");
            compared += 1;
        }
    }
    // No particle was lost before, and of those lost in the same visit none at an earlier move.
    let visit = (flight.at_move - 1) / thin;
    if visit > 0 {
        let finite = (0..700).all(|i| at(visit - 1, i).iter().all(|x| x.is_finite()));
        assert!(finite, "{place}: another was lost before");
    }
    assert!(
        at(visit, flight.particle).iter().any(|x| !x.is_finite()),
        "{place}"
    );
    compared
}

#[test]
fn recorded_states_are_those_of_the_run() {
    let mut compared = 0;
    for kind in ["ula", "underdamped", "leimkuhler-matthews"] {
        for thin in [1, 2, 7] {
            compared += is_the_runs_own::<F64>(kind, 3, thin);
            compared += is_the_runs_own::<F32>(kind, 5, thin);
        }
    }
    // Another tile than the first, whose random numbers come after the others'.
    let particles: Vec<usize> = (1..40)
        .map(|dim| blow_up::<F64>("ula", dim, 2, 0).0.particle % 128)
        .collect();
    assert!(particles.iter().any(|lane| *lane >= 32), "{particles:?}");
    compared += is_the_runs_own::<F64>("ula", 11, 3);
    compared += is_the_runs_own::<F32>("ula", 17, 5);
    assert!(compared >= 20, "only {compared} states were compared");
}

#[test]
fn moves_are_counted_from_the_start_of_warm_up() {
    let flight = blow_up::<F64>("ula", 3, 2, 130).0;
    // Warm-up goes in visits of 64 moves; with this step size it is soon over.
    assert!(
        flight.at_move >= 1 && flight.at_move <= 130,
        "{}",
        flight.at_move
    );
    assert!(flight.positions.len() <= flight.at_move + 1);
}

#[test]
fn nothing_is_recorded_where_nothing_blows_up() {
    let target = Quartic(3);
    let mover = MoveSettings {
        kind: MoveKind::Ula,
        step_size: Some(0.01),
        ..MoveSettings::default()
    };
    let sample = Sample::new(&target)
        .particles(300)
        .mover(mover)
        .draws(50, 3);
    let mut run = SampleRun::<F64>::begin(&sample).unwrap();
    while run.advance(&mut |_| {}, &|| false).unwrap() != Advance::Finished {}
    assert_eq!(run.flight(), None);
}

#[test]
fn replay_says_what_happened() {
    let temp = tempfile::tempdir().unwrap();
    let program = |line: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_driftlane"))
            .current_dir(temp.path())
            .args(line.split_whitespace())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        (
            output.status.code(),
            said,
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let line = "sample phi4 --set n=8 --sampler ula --step-size 0.5 --particles 64 --steps 500 --quiet --out blown";
    program(line);
    let (code, said, errors) = program("replay blown");
    assert_eq!(code, Some(0), "{errors}");
    assert!(said.contains("scalar double precision"), "{said}");
    assert!(said.contains("the step size, 0.5, is too large"), "{said}");
    let (_, json, _) = program("replay blown --json");
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    let states = found["states"].as_array().unwrap();
    assert!(states.len() >= 2 && states.len() <= 10, "{json}");
    assert_eq!(states.last().unwrap()["moves"], found["at_move"]);
    assert!(states.last().unwrap()["largest_coordinate"].is_null());

    program(
        "sample gaussian --particles 64 --sampler ula --step-size 0.1 --steps 10 --quiet --out well",
    );
    let (code, _, errors) = program("replay well");
    assert_eq!(code, Some(5));
    assert!(
        errors.contains("no particle") && errors.lines().count() == 1,
        "{errors}"
    );
    let flight = temp.path().join("blown/flight.json");
    let text = std::fs::read_to_string(&flight).unwrap();
    std::fs::write(&flight, &text[..text.len() / 2]).unwrap();
    let (code, _, errors) = program("replay blown");
    assert_eq!(code, Some(5));
    assert!(errors.contains("flight.json: is damaged"), "{errors}");
}
