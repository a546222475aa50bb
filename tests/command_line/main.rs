//! The program from outside: what it prints, writes and returns.

mod compare;
mod diffuse;
mod doubts;
mod export;
mod folders;
mod repeats;
mod report;
mod results;
mod second_looks;
mod smc_doubts;
mod summary;
mod usage;

#[path = "../page/mod.rs"]
mod page;

use serde_json::{Map, Value};
use std::path::Path;
use std::process::{Command, Output};

/// The program in `folder`, ready to be given more.
fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftlane"));
    command.current_dir(folder);
    command
}

/// What the program does with the words of `line`.
fn run(folder: &Path, line: &str) -> Output {
    program(folder)
        .args(line.split_whitespace())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Standard output of a run that must exit with 0.
fn ok(folder: &Path, line: &str) -> String {
    let output = run(folder, line);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{line}: {errors}");
    assert!(!errors.contains("panicked"), "{line}: {errors}");
    text(&output.stdout)
}

/// The object on the one line of standard output of a run with `--json`.
fn json(folder: &Path, line: &str) -> Map<String, Value> {
    let out = ok(folder, &format!("{line} --json"));
    assert_eq!(out.lines().count(), 1, "{out}");
    object(&out)
}

fn object(text: &str) -> Map<String, Value> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => object,
        other => panic!("{text}: {other:?}"),
    }
}

/// A list of numbers, none of them null.
fn list(object: &Map<String, Value>, key: &str) -> Vec<f64> {
    let list = object[key].as_array().unwrap();
    list.iter().map(|v| v.as_f64().unwrap()).collect()
}

/// Shape and items of an array a run has written.
fn array(path: impl AsRef<Path>) -> (Vec<usize>, Vec<f64>) {
    let array = driftlane::npy::read(path, driftlane::npy::NonFinite::Refuse).unwrap();
    (array.shape, array.values)
}

/// The object without what may differ between two runs of the same settings.
fn same(mut object: Map<String, Value>) -> Map<String, Value> {
    for key in [
        "threads",
        "seconds",
        "particle_steps_per_second",
        "gradients_per_second",
        "out",
    ] {
        assert!(object.remove(key).is_some(), "{key}");
    }
    object
}

/// The names in a folder, sorted.
fn names(folder: impl AsRef<Path>) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
