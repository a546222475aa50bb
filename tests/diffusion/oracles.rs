//! All 84 entries of another implementation, step for step on its own noise levels.

use super::gates::{Gate, must_fail, must_pass, within};
use super::mixture::Mixture;
use super::program_of;
use driftlane::diffusion::solver::{Habit, find};
use driftlane::diffusion::{Node, Schedule, run_scalar};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

/// The grid of an entry: its noise levels without repeats, of kdpm2 without its stages, then what the method
/// does at the end.
fn grid(method: &str, habit: Habit, levels: &[f64], smallest: f64) -> Vec<Node> {
    let mut levels = levels.to_vec();
    levels.dedup();
    if method == "kdpm2" {
        levels = levels.into_iter().step_by(2).collect();
    }
    match habit {
        Habit::Zero => levels.push(0.0),
        Habit::Smallest => levels.push(smallest),
        Habit::Nothing => {}
    }
    levels
        .into_iter()
        .map(|s| Node::variance_preserving(s).unwrap())
        .collect()
}

/// The largest difference over particles and coordinates, with the grid's habit or another.
fn difference(oracle: &Value, entry: &str, habit: Option<Habit>) -> f64 {
    let mixture = Mixture {
        weights: numbers(&oracle["weights"]),
        means: rows(&oracle["means"]),
        stds: numbers(&oracle["stds"]),
    };
    let known = &oracle["entries"][entry];
    let method = entry.split('/').next().unwrap();
    let name = method.trim_end_matches("-karras").trim_end_matches("-lu");
    let solver = find(name).unwrap_or_else(|| panic!("no solver {name}"));
    let levels = numbers(&known["noise_levels"]);
    let smallest = oracle["smallest"].as_f64().unwrap();
    let nodes = grid(method, habit.unwrap_or(solver.habit), &levels, smallest);
    let schedule = Schedule::from_name("vp-discrete").unwrap();
    let program = program_of(&solver, &nodes, &schedule).unwrap();
    let init = known["init_sigma"].as_f64().unwrap();
    let scaled = if init == 1.0 {
        1.0
    } else {
        init * nodes[0].alpha
    };
    let mut largest = 0.0f64;
    for (start, end) in rows(&oracle["start"]).iter().zip(rows(&known["end"])) {
        let mut x: Vec<f64> = start.iter().map(|x| x * scaled).collect();
        run_scalar(&program, &mut x, |x, at, what, out| {
            mixture.predict(x, at, what, out)
        });
        for (x, end) in x.iter().zip(&end) {
            largest = largest.max((x - end).abs());
        }
    }
    largest
}

fn oracle() -> Value {
    serde_json::from_str(include_str!("data/diffusers.json")).unwrap()
}

fn agrees(oracle: &Value, entry: &str, habit: Option<Habit>) -> Gate {
    // Theirs integrates the coefficients of lms to 1e-4.
    let allowed = if entry.starts_with("lms") { 1e-3 } else { 1e-9 };
    within(entry, difference(oracle, entry, habit), 0.0, allowed)
}

#[test]
fn every_entry_of_diffusers_is_reproduced() {
    let oracle = oracle();
    let entries = oracle["entries"].as_object().unwrap();
    assert_eq!(entries.len(), 84);
    let wrong: Vec<String> = entries
        .keys()
        .filter_map(|entry| agrees(&oracle, entry, None).err())
        .collect();
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    must_fail(
        "a step too few",
        agrees(&oracle, "dpmpp-2m/10", Some(Habit::Nothing)),
    );
    must_fail(
        "another end",
        agrees(&oracle, "deis-3/20", Some(Habit::Nothing)),
    );
    must_pass(agrees(&oracle, "heun/5", None));
}
