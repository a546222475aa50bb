//! Runs that make a folder.

use super::{Kinds, faulty, place, survives};
use crate::{assert_clean, assert_same, errors, run, undisturbed};

/// Every call fails as on a full disk and on a broken one; what only delays a call is tried at fewer.
const ALL: [(&str, usize); 4] = [("ENOSPC", 1), ("EIO", 1), ("short", 3), ("EINTR", 4)];
/// Every few, where the calls are much the same as those of other runs.
const SOME: [(&str, usize); 4] = [("ENOSPC", 9), ("EIO", 7), ("short", 31), ("EINTR", 13)];

fn every_run_survives(line: &str, kinds: &Kinds) {
    let temp = place();
    let (wanted, _) = undisturbed(temp.path(), line);
    let line = format!("{line} --quiet --out faulty --checkpoint-every 4");
    survives(
        &line,
        kinds,
        |_| {},
        |temp, place, code| {
            let folder = temp.join("faulty");
            assert!(code == 4 || folder.exists(), "{place}");
            // No folder under another name either.
            let others = std::fs::read_dir(temp).unwrap().count();
            assert_eq!(others, usize::from(folder.exists()), "{place}");
            if !folder.exists() {
                return;
            }
            if code == 4 {
                let resumed = run(temp, "resume faulty --quiet");
                let said = errors(&resumed);
                assert_eq!(resumed.status.code(), Some(0), "{place}: {said}");
            }
            assert_same(place, &crate::results(&folder), &wanted);
            assert_clean(&folder);
        },
    );
}

#[test]
fn every_failing_write_of_sample_is_survived() {
    let line = "sample grid-9 --sampler mala --particles 64 --warmup 6 --draws 8";
    every_run_survives(line, &ALL);
    every_run_survives(line, &[("EDQUOT", 17)]);
}

#[test]
fn every_failing_write_of_smc_is_survived() {
    let line = "smc grid-9 --particles 96 --moves-per-stage 3 --ladder 0,0.02,0.1,0.4,1";
    every_run_survives(line, &ALL);
    every_run_survives(&format!("{line} --keep-particles"), &SOME);
}

#[test]
fn every_failing_write_of_other_runs_is_survived() {
    for line in [
        "diffuse grid-9 --solver dpmpp-2m --particles 64 --steps 12",
        "diffuse grid-9 --solver dpm-adaptive-23 --particles 64 --rtol 1e-2 --atol 1e-2",
        "compare ddim,dpmpp-2m --on grid-9 --nfe 2,4 --particles 16",
    ] {
        every_run_survives(line, &SOME);
    }
}

/// A system that lets nobody listen to signals: the run is refused before its folder is made.
#[test]
fn a_run_that_cannot_be_stopped_is_refused() {
    let temp = place();
    let line = "sample gaussian --particles 8 --draws 4 --quiet";
    let (output, _) = faulty(temp.path(), &format!("{line} --out deaf"), "-1:signals");
    let said = errors(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.contains("SIGINT") && said.contains("--no-save"),
        "{said}"
    );
    assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 0);
    let (output, _) = faulty(temp.path(), &format!("{line} --no-save"), "-1:signals");
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
}
