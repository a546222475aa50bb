//! Every call that writes fails in turn: no panic, exit code 4 with one line that names the file, and a folder that
//! resumes to the same bytes, or no folder at all.
//!
//! | module | whose calls fail |
//! |---|---|
//! | `runs` | of runs that make a folder |
//! | `folders` | of runs on a folder that is there: resumed, lengthened, replaced |
//! | `looks` | of `export` and `report` |

mod folders;
mod looks;
mod runs;

use super::{errors, program};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// What happens to a call, and to every how-manieth: what is tried at the same calls again tells little more.
type Kinds = [(&'static str, usize)];

/// A folder in memory, where there is such a place: these tests write some ten thousand files and flush each.
fn place() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = memory.is_dir().then(|| tempfile::tempdir_in(memory));
    made.and_then(Result::ok)
        .unwrap_or_else(|| tempfile::tempdir().unwrap())
}

/// `faults.c` as a shared object.
fn shim() -> &'static Path {
    static SHIM: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let made = SHIM.get_or_init(|| {
        let temp = tempfile::tempdir().unwrap();
        let object = temp.path().join("faults.so");
        let source = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/survival/faults/faults.c"
        );
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&object)
            .args([source, "-ldl"])
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", errors(&built));
        (temp, object)
    });
    &made.1
}

/// A run with a fault in it, and how many calls it made.
fn faulty(folder: &Path, line: &str, fault: &str) -> (Output, usize) {
    let calls = folder.join(".calls");
    let output = program(folder)
        .args(line.split_whitespace())
        .env("LD_PRELOAD", shim())
        .env("DRIFTLANE_FAULT", fault)
        .env("DRIFTLANE_CALLS", &calls)
        .output()
        .unwrap();
    let text = std::fs::read_to_string(&calls).unwrap();
    std::fs::remove_file(calls).unwrap();
    (output, text.trim().parse().unwrap())
}

/// Makes the calls of `line` fail, one in every run: `set` fills the folder before, `look` judges what is left after,
/// told where the fault was and the exit code.
fn survives(
    line: &str,
    kinds: &Kinds,
    set: impl Fn(&Path) + Sync,
    look: impl Fn(&Path, &str, i32) + Sync,
) {
    for (kind, stride) in kinds {
        let temp = place();
        set(temp.path());
        let (output, calls) = faulty(temp.path(), line, &format!("-1:{kind}"));
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(0), "{line}: {said}");
        look(temp.path(), &format!("{line}, no fault"), 0);
        let tried: Vec<usize> = (0..calls).step_by(*stride).collect();
        let (next, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some(k) = tried.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let temp = place();
                        set(temp.path());
                        let (output, _) = faulty(temp.path(), line, &format!("{k}:{kind}"));
                        let said = errors(&output);
                        let place = format!("{line}: call {k} of {calls}, {kind}: {said}");
                        let code = judged(&place, kind, &output);
                        refused.fetch_add(usize::from(code == 4), Ordering::Relaxed);
                        look(temp.path(), &place, code);
                    }
                });
            }
        });
        // All calls matter but statuses of what failed, and those a short write only delays.
        let (tried, refused) = (tried.len(), refused.into_inner());
        println!("{line}: {kind}: {refused} of {tried} faults refused, of {calls} calls");
        let least = match *kind {
            "short" | "EINTR" => 0,
            _ => tried * 9 / 10,
        };
        assert!(refused >= least, "{line}: {kind}: {refused} of {tried}");
    }
}

/// The exit code of a run with a fault: 4 with one line, or 0 where it came to its end all the same.
fn judged(place: &str, kind: &str, output: &Output) -> i32 {
    let said = errors(output);
    assert!(!said.contains("panicked"), "{place}");
    match output.status.code() {
        // A short write is finished by another, and not every call is of a file that matters.
        Some(0) => assert!(kind == "short" || said.is_empty(), "{place}"),
        Some(4) if kind != "EINTR" => {
            assert_eq!(said.lines().count(), 1, "{place}");
            assert!(said.contains("cannot be written"), "{place}");
        }
        other => panic!("{place}: {other:?}"),
    }
    output.status.code().unwrap()
}

/// A copy of a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).unwrap()),
        }
    }
}
