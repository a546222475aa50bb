//! The seeds of the fuzzer, and inputs that once were too much for a reader, through the functions it calls:
//! `tests/fuzz`.

#[path = "../fuzz/checks.rs"]
mod checks;

use super::snapshots::updating;
use std::fs;
use std::path::PathBuf;

fn folder(target: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus")).join(target)
}

/// Every file of a target through its function; how many there are.
fn each(target: &str, check: fn(&[u8])) -> usize {
    let mut files: Vec<PathBuf> = fs::read_dir(folder(target))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for file in &files {
        // Shown where one fails.
        println!("{}", file.display());
        check(&fs::read(file).unwrap());
    }
    files.len()
}

#[test]
fn every_experiment_file_of_the_corpus() {
    assert!(each("configuration", checks::configuration) >= 15);
}

#[test]
fn every_table_of_the_corpus() {
    assert!(each("csv", checks::csv) >= 15);
}

#[test]
fn every_array_of_the_corpus() {
    assert!(each("npy", checks::npy) >= 20);
}

/// The two whole ones are of this program: runs are restored from them. Where the format has changed they are made
/// anew like the snapshots.
#[test]
fn every_checkpoint_of_the_corpus() {
    let names = ["chains", "tempering"];
    if updating() {
        for (name, bytes) in names.iter().zip(checks::checkpoints().unwrap()) {
            fs::write(folder("checkpoint").join(name), bytes).unwrap();
        }
    }
    let restored = names.map(|name| {
        let seed = fs::read(folder("checkpoint").join(name)).unwrap();
        checks::restored(&seed)
    });
    assert_eq!(restored, [[true, false], [false, true]]);
    assert!(each("checkpoint", checks::checkpoint) >= 2);
}
