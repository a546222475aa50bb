//! Inputs that must be refused: the exit code, one line that names field and value, nothing left behind.

mod files;
mod methods;
mod options;
mod starts;
mod targets;

use driftlane::cli::{self, ParseOutcome};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Where a case is refused: by [`cli::parse`] alone, or once the target is built or a file is read.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Parse,
    Engine,
}
use By::Parse;

struct Case {
    by: By,
    args: Vec<String>,
    files: Vec<(&'static str, Vec<u8>)>,
    /// All of these stand in the line.
    words: Vec<&'static str>,
    /// The exit code.
    code: i32,
}

fn case(by: By, args: &str, words: &[&'static str]) -> Case {
    Case {
        by,
        args: args.split_whitespace().map(str::to_owned).collect(),
        files: vec![],
        words: words.to_vec(),
        code: 2,
    }
}

/// A case with one file.
fn with(
    by: By,
    args: &str,
    name: &'static str,
    content: impl Into<Vec<u8>>,
    words: &[&'static str],
) -> Case {
    let mut case = case(by, args, words);
    case.files.push((name, content.into()));
    case
}

fn cases() -> Vec<Case> {
    [
        options::options(),
        options::unwritable(),
        methods::methods(),
        files::files(),
        targets::targets(),
        starts::starts(),
        starts::references(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Makes the case's folder and returns it with the listing of everything in it.
fn prepare(case: &Case) -> (tempfile::TempDir, BTreeMap<String, u64>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in &case.files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let listing = list(folder.path());
    (folder, listing)
}

/// Every file and folder below `folder`, with the length of files.
fn list(folder: &Path) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let length = if path.is_dir() {
                0
            } else {
                path.metadata().unwrap().len()
            };
            found.insert(path.display().to_string(), length);
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    found
}

/// What is wrong with the line of a refusal, if anything.
fn complaint(case: &Case, line: &str) -> Option<String> {
    let line = line.strip_suffix('\n').unwrap_or(line);
    if line.is_empty() || line.contains('\n') {
        return Some(format!("not one line: {line:?}"));
    }
    if line.contains("panicked") || line.contains("RUST_BACKTRACE") {
        return Some(format!("a panic: {line}"));
    }
    let missing: Vec<_> = case
        .words
        .iter()
        .filter(|word| !line.contains(**word))
        .collect();
    (!missing.is_empty()).then(|| format!("{missing:?} not in: {line}"))
}

fn report(complaints: &[String], total: usize) {
    assert!(
        complaints.is_empty(),
        "{} of {total}:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

#[test]
fn the_program_refuses_in_one_line_and_leaves_nothing() {
    let cases = cases();
    assert!(cases.len() >= 150, "{}", cases.len());
    let mut complaints = Vec::new();
    for case in &cases {
        let (folder, before) = prepare(case);
        let output = Command::new(env!("CARGO_BIN_EXE_driftlane"))
            .args(&case.args)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let mut wrong = Vec::new();
        if output.status.code() != Some(case.code) {
            wrong.push(format!("exit {:?}", output.status.code()));
        }
        if !output.stdout.is_empty() {
            wrong.push("text on standard output".into());
        }
        if list(folder.path()) != before {
            wrong.push("files left behind".into());
        }
        wrong.extend(complaint(case, &stderr));
        if !wrong.is_empty() {
            complaints.push(format!("{}: {}", case.args.join(" "), wrong.join("; ")));
        }
    }
    report(&complaints, cases.len());
}

#[test]
fn parsing_alone_refuses_what_it_can_judge() {
    let cases: Vec<Case> = cases()
        .into_iter()
        .filter(|case| case.by == Parse)
        .collect();
    let mut complaints = Vec::new();
    for case in &cases {
        let (folder, before) = prepare(case);
        // Only this test changes the working folder, and the other gives its own to every child.
        std::env::set_current_dir(folder.path()).unwrap();
        let args = std::iter::once("driftlane".to_owned()).chain(case.args.iter().cloned());
        let wrong = match cli::parse(args) {
            Ok(command) => Some(format!("accepted as {command:?}")),
            Err(ParseOutcome::Text(text)) => Some(format!("printed {text}")),
            Err(ParseOutcome::Usage(line)) => complaint(case, &line),
            Err(ParseOutcome::Refused(error)) if error.exit_code() != 2 => {
                Some(format!("exit code of {error}"))
            }
            Err(ParseOutcome::Refused(error)) => complaint(case, &error.to_string()),
        };
        assert_eq!(list(folder.path()), before);
        std::env::set_current_dir("/").unwrap();
        complaints.extend(wrong.map(|wrong| format!("{}: {wrong}", case.args.join(" "))));
    }
    report(&complaints, cases.len());
}
