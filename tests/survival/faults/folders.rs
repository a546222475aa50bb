//! Runs on a folder that is there: resumed, lengthened, replaced.

use super::{copy, faulty, place, survives};
use crate::{assert_clean, assert_same, errors, ok, results, run};
use driftlane::record::generations::NAMES;
use std::fs;
use std::path::Path;

const LINE: &str = "sample grid-9 --sampler mala --particles 64 --warmup 6";

/// What `resume` must end with after a fault.
fn ends(temp: &Path, place: &str) {
    let resumed = run(temp, "resume faulty --quiet");
    let said = errors(&resumed);
    assert_eq!(resumed.status.code(), Some(0), "{place}: {said}");
    assert_clean(&temp.join("faulty"));
}

/// Stops a run at its first call that writes after the checkpoints have begun, or a later one: no time is short enough on
/// every machine, and none long enough.
fn stop_on_its_way(temp: &Path, line: &str, folder: &Path) {
    let stopped = (0..500).any(|call| {
        let _ = fs::remove_dir_all(folder);
        let (output, _) = faulty(temp, line, &format!("{call}:stop"));
        output.status.code() == Some(143) && folder.join(NAMES[0]).exists()
    });
    assert!(stopped, "{line}: never stopped with a checkpoint");
}

#[test]
fn every_failing_write_of_resume_is_survived() {
    let temp = place();
    for (name, line, kinds) in [
        (
            "sample",
            &format!("{LINE} --draws 9"),
            [("ENOSPC", 5), ("EIO", 5), ("short", 31), ("EINTR", 7)],
        ),
        (
            "smc",
            &"smc grid-9 --particles 96 --moves-per-stage 3 --keep-particles".to_owned(),
            [("ENOSPC", 7), ("EIO", 7), ("short", 31), ("EINTR", 11)],
        ),
    ] {
        ok(temp.path(), &format!("{line} --quiet --out whole-{name}"));
        let wanted = results(&temp.path().join(format!("whole-{name}")));
        let kept = temp.path().join(name);
        stop_on_its_way(
            temp.path(),
            &format!("{line} --quiet --out {name} --checkpoint-every 2"),
            &kept,
        );
        survives(
            "resume faulty --quiet --checkpoint-every 3",
            &kinds,
            |folder| copy(&kept, &folder.join("faulty")),
            |folder, place, code| {
                if code == 4 {
                    ends(folder, place);
                }
                assert_same(place, &results(&folder.join("faulty")), &wanted);
            },
        );
    }
}

/// The first results stand until the longer ones do, and those come.
#[test]
fn every_failing_write_of_lengthening_is_survived() {
    let temp = place();
    ok(
        temp.path(),
        &format!("{LINE} --draws 5 --quiet --out short"),
    );
    ok(
        temp.path(),
        &format!("{LINE} --draws 12 --quiet --out long"),
    );
    let short = temp.path().join("short");
    let (first, wanted) = (results(&short), results(&temp.path().join("long")));
    survives(
        "resume faulty --draws +7 --quiet --checkpoint-every 3",
        &[("ENOSPC", 3), ("EIO", 2), ("short", 17), ("EINTR", 5)],
        |folder| copy(&short, &folder.join("faulty")),
        |folder, place, code| {
            let faulty = folder.join("faulty");
            if code == 4 {
                crate::lengthened::never_mixed(folder, "faulty", 5, 12, place);
                ends(folder, place);
                let found = results(&faulty);
                // Before anything said that it would be longer, it is the run that it was.
                match found["draws.npy"] == first["draws.npy"] {
                    true => assert_same(place, &found, &first),
                    false => assert_same(place, &found, &wanted),
                }
                return;
            }
            assert_same(place, &results(&faulty), &wanted);
        },
    );
}

/// The old run, or the new one, and what is nobody's stays.
#[test]
fn every_failing_write_of_a_replacement_is_survived() {
    let temp = place();
    ok(temp.path(), &format!("{LINE} --draws 5 --quiet --out old"));
    let new = format!("{LINE} --draws 3 --seed 8 --quiet");
    ok(temp.path(), &format!("{new} --out new"));
    fs::write(temp.path().join("old/notes.txt"), "mine").unwrap();
    fs::write(temp.path().join("new/notes.txt"), "mine").unwrap();
    let old = temp.path().join("old");
    let (before, wanted) = (results(&old), results(&temp.path().join("new")));
    survives(
        &format!("{new} --out faulty --force --checkpoint-every 4"),
        &[("ENOSPC", 4), ("EIO", 3), ("short", 31), ("EINTR", 7)],
        |folder| copy(&old, &folder.join("faulty")),
        |folder, place, code| {
            let faulty = folder.join("faulty");
            if code == 4 {
                ends(folder, place);
                let found = results(&faulty);
                match found["draws.npy"] == before["draws.npy"] {
                    true => assert_same(place, &found, &before),
                    false => assert_same(place, &found, &wanted),
                }
                return;
            }
            assert_same(place, &results(&faulty), &wanted);
        },
    );
}
