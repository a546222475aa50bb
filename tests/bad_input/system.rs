//! What the system has a say in: paths, locks, closed pipes, folders that may not be written to.

use super::By::{Engine, Parse};
use super::{Case, case, list, program, run, with};
use driftlane::record::Lock;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;

/// A run folder of nothing but what makes it one, and the lock on it, held by this process.
fn locked(case: Case) -> Case {
    Case {
        note: "run is in use by another process",
        setup: Some(Box::new(|folder| {
            let made = run(
                folder,
                "sample gaussian --particles 2 --draws 2 --warmup 2 --out run",
            );
            assert!(made.status.success());
            Box::new(Lock::take(&folder.join("run")).unwrap())
        })),
        ..case
    }
    .exits(5)
}

/// The last argument as bytes that are not UTF-8.
fn raw(args: &str, words: &[&'static str]) -> Case {
    let mut case = case(Parse, args, words);
    #[cfg(unix)]
    let last: OsString = std::os::unix::ffi::OsStringExt::from_vec(b"caf\xe9".to_vec());
    #[cfg(windows)]
    let last: OsString = std::os::windows::ffi::OsStringExt::from_wide(&[0xd800]);
    case.args.push(last);
    case
}

pub(super) fn cases() -> Vec<Case> {
    let long = |length: usize| "x".repeat(length);
    let named = |by, line: String, words: &[&'static str]| case(by, &line, words);
    let in_use = ["run", "in use by another process"];
    vec![
        // Paths.
        named(
            Engine,
            format!("sample gaussian --out {}", long(300)),
            &["--out = ", "/xxx", "too long"],
        ),
        named(
            Engine,
            format!("sample gaussian --out {}", "x/".repeat(3000)),
            &["--out = ", "/x/x", "too long"],
        ),
        named(
            Parse,
            format!("sample {}.toml", long(300)),
            &["xxx", "too long"],
        ),
        named(
            Parse,
            format!("run {}", "a/".repeat(2500)),
            &["a/a", "too long"],
        ),
        named(
            Engine,
            format!("sample gaussian --init {}.npy", long(300)),
            &["xxx", "too long"],
        ),
        named(
            Engine,
            format!("sample logistic --set data={}", long(300)),
            &["xxx", "too long"],
        ),
        named(
            Engine,
            format!("resume {}", long(300)),
            &["xxx", "is not a run folder"],
        )
        .exits(5),
        raw("sample", &["UTF-8", "caf"]),
        raw("run", &["UTF-8", "caf"]),
        raw("sample gaussian --out", &["--out = caf", "UTF-8"]),
        raw("sample gaussian --init", &["--init = caf", "UTF-8"]),
        raw("resume", &["UTF-8", "caf"]),
        case(
            Engine,
            "sample gaussian --out link",
            &["--out = ", "link", "not a folder"],
        )
        .after("link leads nowhere", |folder| {
            #[cfg(unix)]
            std::os::unix::fs::symlink("absent", folder.join("link")).unwrap();
        }),
        case(
            Engine,
            "sample gaussian --out link --force",
            &["--out = ", "link", "not a folder"],
        )
        .after("link leads to a folder", |folder| {
            fs::create_dir(folder.join("other")).unwrap();
            #[cfg(unix)]
            std::os::unix::fs::symlink("other", folder.join("link")).unwrap();
        }),
        case(Parse, "run loop.toml", &["loop.toml", "cannot be read"]).after(
            "loop.toml leads to itself",
            |folder| {
                #[cfg(unix)]
                std::os::unix::fs::symlink("loop.toml", folder.join("loop.toml")).unwrap();
            },
        ),
        case(Parse, "run hole.toml", &["hole.toml", "1073741824 bytes"])
            .after("hole.toml is a hole of 1 GiB", |folder| {
                hole(folder, "hole.toml", 1 << 30)
            }),
        case(
            Engine,
            "sample gaussian --init hole.npy",
            &["hole.npy", "magic"],
        )
        .after("hole.npy is a hole of 1 TB", |folder| {
            hole(folder, "hole.npy", 1 << 40)
        }),
        case(
            Engine,
            "sample gaussian --init hole.npz",
            &["hole.npz", "zip"],
        )
        .after("hole.npz is a hole of 1 TB", |folder| {
            hole(folder, "hole.npz", 1 << 40)
        }),
        with(
            Engine,
            "sample gaussian --out file/run",
            "file",
            "x",
            &["--out = ", "file/run"],
        ),
        case(
            Engine,
            "sample gaussian --out a/b/c",
            &["--out = ", "a/b/c", "parent"],
        ),
        with(
            Engine,
            "sample gaussian",
            "runs",
            "a file",
            &["runs", "cannot be written"],
        )
        .exits(4),
        // One process on a folder.
        locked(case(Engine, "resume run", &in_use)),
        locked(case(Engine, "resume run --draws +5", &in_use)),
        locked(case(
            Engine,
            "sample gaussian --particles 2 --out run --force",
            &in_use,
        )),
        locked(case(
            Engine,
            "smc gaussian --particles 4 --out run --force",
            &in_use,
        )),
        // More threads than the system has room for are refused before they are asked for.
        case(
            Parse,
            "sample gaussian --threads 4097",
            &["--threads = 4097", "4096"],
        ),
    ]
}

fn hole(folder: &Path, name: &str, length: u64) {
    let file = fs::File::create(folder.join(name)).unwrap();
    file.set_len(length).unwrap();
}

/// Whoever reads standard output may leave: no panic, and what was to be written to the disk is.
#[test]
fn a_reader_that_leaves_is_no_error() {
    for line in [
        "list",
        "info --json",
        "smc gaussian --dry-run --quiet",
        "sample gaussian --help",
        "sample gaussian --particles 64 --draws 20 --quiet --json --out run",
        "smc gaussian --particles 64 --quiet --json --no-save",
        "diffuse grid-9 --particles 64 --steps 3 --quiet --json --no-save",
        "diffuse grid-9 --steps 30 --program",
        "compare ddim --on grid-9 --nfe 2,4 --particles 16 --quiet --json --no-save",
        "list targets",
        "status run",
        "status run --json",
        "verify run --json",
        "summary run --csv",
        "summary run --json",
        "resume run --json",
        "export run --format csv --json",
        "report run",
    ] {
        let temp = tempfile::tempdir().unwrap();
        if line.contains(" run") && !line.starts_with("sample") {
            let made = run(
                temp.path(),
                "sample gaussian --particles 2 --draws 2 --quiet --out run",
            );
            assert!(made.status.success());
        }
        let mut child = program(temp.path())
            .args(line.split_whitespace())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        let code = child.wait().unwrap().code();
        assert!(
            code == Some(0) && said.is_empty(),
            "{line}: {code:?} {said}"
        );
    }
}

/// A standard output that takes nothing is a failed write, of which one line tells.
#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_told() {
    let temp = tempfile::tempdir().unwrap();
    for line in [
        "list targets",
        "sample gaussian --particles 8 --draws 4 --quiet --json --out run",
        "summary run --json",
    ] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = program(temp.path())
            .args(line.split_whitespace())
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{line}: {said}");
        assert_eq!(said.lines().count(), 1, "{line}: {said}");
        assert!(
            said.contains("standard output: cannot be written"),
            "{said}"
        );
    }
}

/// A parent that may not be written to: exit code 4, nothing there. Who may write anywhere is not refused.
#[cfg(unix)]
#[test]
fn a_parent_that_is_read_only_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let temp = tempfile::tempdir().unwrap();
    let parent = temp.path().join("parent");
    fs::create_dir(&parent).unwrap();
    let may = |mode| fs::set_permissions(&parent, fs::Permissions::from_mode(mode)).unwrap();
    may(0o555);
    let all_powerful = fs::write(parent.join("probe"), "").is_ok();
    if !all_powerful {
        let output = run(
            temp.path(),
            "sample gaussian --particles 4 --quiet --out parent/run",
        );
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(
            said.contains("parent/run") && said.contains("cannot be written"),
            "{said}"
        );
        assert_eq!(list(&parent).len(), 0);
    }
    may(0o755);
}

/// Two runs at once that want one folder: one has it, the other is refused and leaves nothing of its own.
#[test]
fn two_runs_never_share_a_folder() {
    let temp = tempfile::tempdir().unwrap();
    let line = "sample gaussian --set dim=3 --particles 64 --draws 100 --quiet --out run";
    let start = |seed: &str| {
        program(temp.path())
            .args(line.split_whitespace())
            .args(["--seed", seed])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children = [start("1"), start("2"), start("3")];
    let outputs = children.map(|child| child.wait_with_output().unwrap());
    let won = outputs
        .iter()
        .filter(|output| output.status.success())
        .count();
    assert_eq!(won, 1);
    for output in outputs.iter().filter(|output| !output.status.success()) {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(2 | 4)), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains("run"), "{said}");
    }
    let names: Vec<_> = fs::read_dir(temp.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names, ["run"]);
}

/// A limit of addresses (`ulimit -v`) is memory that is not there: refused before anything is allocated.
#[cfg(target_os = "linux")]
#[test]
fn a_limit_of_addresses_is_respected() {
    let temp = tempfile::tempdir().unwrap();
    let limited = |limits: &str, line: &str| {
        let command = format!("{limits}; exec {} {line}", env!("CARGO_BIN_EXE_driftlane"));
        let mut shell = std::process::Command::new("sh");
        shell.current_dir(temp.path()).args(["-c", &command]);
        shell.output().unwrap()
    };
    for limits in ["ulimit -v 400000", "ulimit -d 400000"] {
        let output = limited(
            limits,
            "sample gaussian --particles 1e6 --draws 5 --no-save --quiet",
        );
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{limits}: {said}");
        assert!(
            said.starts_with("driftlane: --draws = 5: must fit memory")
                && said.lines().count() == 1,
            "{said}"
        );
        let output = limited(
            limits,
            "sample gaussian --particles 1000 --draws 5 --no-save",
        );
        assert_eq!(output.status.code(), Some(0), "{limits}");
    }
    // A limit of a file's size fails a write, of which a line tells.
    let output = limited(
        "ulimit -f 100",
        "sample gaussian --particles 1e5 --steps 5 --out run --quiet",
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(
        said.contains("cannot be written") && said.lines().count() == 1,
        "{said}"
    );
    assert!(
        list(temp.path())
            .keys()
            .all(|name| !name.contains("partial"))
    );
}
