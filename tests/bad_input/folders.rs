//! Run folders that are none, are not finished, or whose figures are damaged; the runs that cases damage.

use super::By::Engine;
use super::{Case, case, run};
use driftlane::record::generations::NAMES;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// Runs to be damaged, made once: `done` kept draws, `steps` and `smc` kept none, `compared` is a comparison,
/// `stopped` was interrupted and has both checkpoints.
fn kept() -> &'static Path {
    static KEPT: OnceLock<tempfile::TempDir> = OnceLock::new();
    let temp = KEPT.get_or_init(|| {
        let temp = tempfile::tempdir().unwrap();
        let ends = |line: &str, code: i32| {
            let output = run(temp.path(), &format!("{line} --quiet"));
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        };
        ends(
            "sample gaussian --particles 4 --warmup 4 --draws 6 --out done",
            0,
        );
        ends(
            "sample gaussian --particles 4 --warmup 4 --steps 6 --out steps",
            0,
        );
        ends("smc gaussian --particles 16 --out smc", 0);
        ends(
            "compare ddim --on grid-9 --nfe 4 --particles 8 --out compared",
            0,
        );
        // Moves for many times the limit, however fast the machine.
        let stopped = "smc eight-gaussians --particles 200 --moves-per-stage 200 --out stopped";
        ends(
            &format!("{stopped} --checkpoint-every 4 --time-limit 1ms"),
            143,
        );
        let both = || {
            NAMES
                .iter()
                .all(|name| temp.path().join("stopped").join(name).exists())
        };
        for _ in 0..20 {
            if both() {
                break;
            }
            ends("resume stopped --checkpoint-every 4 --time-limit 1ms", 143);
        }
        assert!(both());
        temp
    });
    temp.path()
}

/// A copy of one of the runs.
fn put(folder: &Path, name: &str) {
    copy(&kept().join(name), &folder.join(name));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

/// Changes the bytes of a file.
pub(super) fn edit(path: &Path, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Changes a text file.
pub(super) fn reword(path: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(old), "{old} not in {text}");
    fs::write(path, text.replacen(old, new, 1)).unwrap();
}

/// Both checkpoints changed alike.
pub(super) fn edit_both(folder: &Path, change: impl Fn(&mut Vec<u8>)) {
    for name in NAMES {
        edit(&folder.join("stopped").join(name), &change);
    }
}

/// A case on a run that something is done to.
pub(super) fn on(
    run: &'static str,
    line: &str,
    note: &'static str,
    words: &[&'static str],
    change: impl Fn(&Path) + 'static,
) -> Case {
    case(Engine, line, words).after(note, move |folder| {
        put(folder, run);
        change(folder);
    })
}

pub(super) fn folders() -> Vec<Case> {
    let mut cases = Vec::new();
    for verb in ["status", "resume", "summary", "report", "export"] {
        let line = |what: &str| format!("{verb} {what}");
        let no_run = ["is not a run folder", "config.toml"];
        cases.extend([
            case(Engine, &line("absent"), &["absent", no_run[0]]).exits(5),
            case(Engine, &line("/dev/null"), &["/dev/null", no_run[0]]).exits(5),
            case(Engine, &line("empty"), &["empty", no_run[0], no_run[1]])
                .exits(5)
                .after("empty is an empty folder", |folder| {
                    fs::create_dir(folder.join("empty")).unwrap();
                }),
        ]);
    }
    for verb in ["summary", "report", "export"] {
        let line = |run: &str| format!("{verb} {run}");
        // A comparison has a table and a report, and no draws.
        if verb == "export" {
            let compared = on(
                "compared",
                &line("compared"),
                "it is a comparison",
                &["compared", "holds a comparison", "compare.json"],
                |_| {},
            );
            cases.push(compared.exits(5));
        }
        cases.extend([
            on(
                "stopped",
                &line("stopped"),
                "it was interrupted",
                &["stopped", "is not finished", "driftlane resume stopped"],
                |_| {},
            )
            .exits(5),
            on(
                "done",
                &line("done"),
                "summary.json is cut",
                &["done", "summary.json", "EOF"],
                |f| {
                    edit(&f.join("done/summary.json"), |b| b.truncate(40));
                },
            )
            .exits(5),
            on(
                "done",
                &line("done"),
                "summary.json says verb twice",
                &["summary.json", "duplicate key", "verb"],
                |f| {
                    reword(&f.join("done/summary.json"), "{", "{\"verb\": \"sample\", ");
                },
            )
            .exits(5),
            on(
                "done",
                &line("done"),
                "status.json is gone",
                &["done", "status.json", "cannot be read"],
                |f| {
                    fs::remove_file(f.join("done/status.json")).unwrap();
                },
            )
            .exits(5),
            on(
                "done",
                &line("done"),
                "record.json is of format 2",
                &["record.json", "format 2"],
                |f| {
                    reword(
                        &f.join("done/record.json"),
                        "\"format\": 1",
                        "\"format\": 2",
                    );
                },
            )
            .exits(5),
            on(
                "done",
                &line("done"),
                "record.json is binary",
                &["record.json"],
                |f| {
                    fs::write(f.join("done/record.json"), b"\0\xff").unwrap();
                },
            )
            .exits(5),
            on(
                "done",
                &line("done"),
                "summary.json says dim 0",
                &["summary.json", "dim", "at least 1"],
                |f| {
                    reword(&f.join("done/summary.json"), "\"dim\": 1", "\"dim\": 0");
                },
            )
            .exits(5),
            on(
                "done",
                &line("done"),
                "summary.json says dim 2",
                &["done"],
                |f| {
                    reword(&f.join("done/summary.json"), "\"dim\": 1", "\"dim\": 2");
                },
            )
            .exits(5),
            on(
                "done",
                &line("done"),
                "summary.json says particles -4",
                &["summary.json", "-4"],
                |f| {
                    reword(
                        &f.join("done/summary.json"),
                        "\"particles\": 4",
                        "\"particles\": -4",
                    );
                },
            )
            .exits(5),
            on(
                "done",
                &line("done"),
                "draws.npy is cut",
                &["draws.npy", "truncated"],
                |f| {
                    edit(&f.join("done/draws.npy"), |b| b.truncate(b.len() - 1));
                },
            )
            .exits(5),
            on(
                "done",
                &line("done"),
                "record.json nests 10000 deep",
                &["record.json", "recursion"],
                |f| {
                    fs::write(f.join("done/record.json"), "[".repeat(10_000)).unwrap();
                },
            )
            .exits(5),
        ]);
    }
    cases
}
