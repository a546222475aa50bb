//! Folders under a temporary name that killed processes have left: the next run removes them, and nothing else.

use super::{ok, program, results, run};
use driftlane::record::Lock;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

const LINE: &str = "sample gaussian --particles 16 --draws 3 --quiet";

/// What a process leaves that is killed while it makes a folder.
fn left(path: &Path) {
    fs::create_dir_all(path).unwrap();
    fs::write(path.join("config.toml"), "verb").unwrap();
    fs::write(path.join(".manifest.json.partial-77"), "{").unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_dead_processes_left_is_removed_and_nothing_else() {
    let temp = tempfile::tempdir().unwrap();
    let runs = temp.path().join("runs");
    // Also of this process's number, of a process that lives, and of other targets.
    left(&runs.join(".gaussian.partial-4000000"));
    left(&runs.join(".fab-40.partial-1"));
    left(&runs.join(format!(".gaussian.partial-{}", std::process::id())));
    fs::create_dir(runs.join(".gaussian.partial-3")).unwrap();
    // In use; with what is not ours; of other names; no folders.
    let held = runs.join(".gaussian.partial-2");
    left(&held);
    let lock = Lock::take(&held).unwrap();
    left(&runs.join(".gaussian.partial-5"));
    fs::write(runs.join(".gaussian.partial-5/notes.txt"), "mine").unwrap();
    left(&runs.join(".gaussian.partial-x"));
    left(&runs.join("gaussian.partial-6"));
    fs::write(runs.join(".gaussian.partial-7"), "a file").unwrap();
    #[cfg(unix)]
    {
        left(&temp.path().join("aim"));
        std::os::unix::fs::symlink("../aim", runs.join(".gaussian.partial-8")).unwrap();
    }
    ok(temp.path(), LINE);
    let mut stay = vec![
        ".gaussian.partial-2",
        ".gaussian.partial-5",
        ".gaussian.partial-7",
        ".gaussian.partial-x",
        "gaussian-1",
        "gaussian.partial-6",
    ];
    if cfg!(unix) {
        stay.push(".gaussian.partial-8");
        assert_eq!(names(&temp.path().join("aim")).len(), 2);
    }
    stay.sort_unstable();
    assert_eq!(names(&runs), stay);
    // Its holder gone, it goes too, also beside a folder of a given name.
    drop(lock);
    // A process that another test starts meanwhile has it too, until its program runs.
    let gone = (0..50).any(|k| {
        ok(temp.path(), &format!("{LINE} --out runs/mine-{k}"));
        !held.exists()
    });
    assert!(gone);
}

/// Killed at every moment of the making of its folder, again and again: nothing gathers.
#[test]
fn kills_leave_nothing_that_gathers() {
    let temp = tempfile::tempdir().unwrap();
    for k in 0..60 {
        let mut child = program(temp.path())
            .args(LINE.split_whitespace())
            .spawn()
            .unwrap();
        sleep(Duration::from_micros(1000 + 400 * k));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    ok(temp.path(), LINE);
    for name in names(&temp.path().join("runs")) {
        assert!(name.starts_with("gaussian-"), "{name}");
        ok(temp.path(), &format!("resume runs/{name} --quiet"));
    }
}

/// Runs that make folders side by side take none from each other.
#[test]
fn who_makes_a_folder_keeps_it() {
    let temp = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..12)
        .map(|seed| {
            program(temp.path())
                .args(LINE.split_whitespace())
                .args(["--seed", &seed.to_string()])
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let said = super::errors(&output);
        assert_eq!(output.status.code(), Some(0), "{said}");
    }
    let made = names(&temp.path().join("runs"));
    assert_eq!(made.len(), 12, "{made:?}");
    for name in made {
        assert!(
            results(&temp.path().join("runs").join(&name)).len() > 5,
            "{name}"
        );
        assert!(
            run(temp.path(), &format!("verify runs/{name}"))
                .status
                .success()
        );
    }
}
