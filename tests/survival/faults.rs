//! Every call that writes fails in turn: no panic, exit code 4 with one line that names the file, and a folder that
//! resumes to the same bytes, or no folder at all.

use super::{assert_same, errors, program, results, run, undisturbed};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// `faults.c` as a shared object.
fn shim(folder: &Path) -> PathBuf {
    let object = folder.join("faults.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/survival/faults.c");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&object)
        .args([source, "-ldl"])
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", errors(&built));
    object
}

/// A run with a fault in it, and how many calls it made.
fn faulty(folder: &Path, shim: &Path, line: &str, fault: &str) -> (Output, i64) {
    let calls = folder.join("calls");
    let output = program(folder)
        .args(line.split_whitespace())
        .env("LD_PRELOAD", shim)
        .env("DRIFTLANE_FAULT", fault)
        .env("DRIFTLANE_CALLS", &calls)
        .output()
        .unwrap();
    let text = std::fs::read_to_string(&calls).unwrap();
    (output, text.trim().parse().unwrap())
}

#[test]
fn every_failing_write_is_survived() {
    for line in [
        "sample grid-9 --sampler mala --particles 64 --warmup 6 --draws 8",
        "smc grid-9 --particles 96 --moves-per-stage 3 --ladder 0,0.02,0.1,0.4,1",
    ] {
        let temp = tempfile::tempdir().unwrap();
        let shim = shim(temp.path());
        let (wanted, _) = undisturbed(temp.path(), line);
        let line = format!("{line} --quiet --out faulty --checkpoint-every 4");
        let folder = temp.path().join("faulty");
        let (output, calls) = faulty(temp.path(), &shim, &line, "-1:EIO");
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        assert!(
            calls > 30,
            "{calls} calls: the faults are not where they should be"
        );
        for kind in ["ENOSPC", "EIO", "short"] {
            let mut refused = 0;
            // Short writes only take longer: a third of the calls tell.
            let stride = if kind == "short" { 3 } else { 1 };
            for k in (0..calls).step_by(stride) {
                let _ = std::fs::remove_dir_all(&folder);
                let (output, _) = faulty(temp.path(), &shim, &line, &format!("{k}:{kind}"));
                let said = errors(&output);
                let place = format!("call {k} of {calls}, {kind}: {said}");
                assert!(!said.contains("panicked"), "{place}");
                match output.status.code() {
                    // A short write is finished by another, and not every call is of a file that matters.
                    Some(0) => {
                        assert!(kind == "short" || said.is_empty(), "{place}");
                    }
                    Some(4) => {
                        refused += 1;
                        assert_eq!(said.lines().count(), 1, "{place}");
                        assert!(said.contains("cannot be written"), "{place}");
                    }
                    other => panic!("{place}: {other:?}"),
                }
                if !folder.exists() {
                    assert_ne!(output.status.code(), Some(0), "{place}");
                    continue;
                }
                let resumed = run(temp.path(), "resume faulty --quiet");
                assert_eq!(
                    resumed.status.code(),
                    Some(0),
                    "{place}: {}",
                    errors(&resumed)
                );
                assert_same(&place, &results(&folder), &wanted);
            }
            // All calls matter but removals, statuses of what failed, and those a short write only delays.
            println!("{line}: {kind}: {refused} of {calls} calls");
            let least = if kind == "short" { 0 } else { calls * 9 / 10 };
            assert!(refused >= least, "{kind}: {refused} of {calls}");
        }
    }
}
