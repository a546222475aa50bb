//! Inputs that must be refused: the exit code, one line that names field and value, nothing left behind.
//!
//! | module | what it holds |
//! |---|---|
//! | `options`, `methods`, `solvers`, `cadences` | the command line |
//! | `files` | experiment files |
//! | `targets`, `tables`, `starts`, `archives` | targets, their data, starting positions |
//! | `folders`, `reports`, `resumptions` | run folders that are none, or damaged |
//! | `system` | what the system refuses: paths, locks, pipes |
//! | `snapshots` | every line, word for word |
//! | `warned` | what is taken with a warning |
//! | `disk` | what would not fit the disk |
//! | `corpus` | the seeds of the fuzzer, and what it found |

mod archives;
mod cadences;
mod corpus;
mod disk;
mod files;
mod folders;
mod methods;
mod options;
mod reports;
mod resumptions;
mod snapshots;
mod solvers;
mod starts;
mod system;
mod tables;
mod targets;
mod warned;

use driftlane::cli::{self, ParseOutcome};
use std::any::Any;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Where a case is refused: by [`cli::parse`] alone, or once the target is built or a file is read.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Parse,
    Engine,
}
use By::Parse;

/// What a case needs besides files; what it returns is kept until the program has ended.
type Setup = Box<dyn Fn(&Path) -> Box<dyn Any>>;

struct Case {
    by: By,
    args: Vec<OsString>,
    files: Vec<(&'static str, Vec<u8>)>,
    /// What cannot be told from arguments and files: what `setup` does.
    note: &'static str,
    setup: Option<Setup>,
    /// All of these stand in the line.
    words: Vec<&'static str>,
    /// The exit code.
    code: i32,
}

fn case(by: By, args: &str, words: &[&'static str]) -> Case {
    Case {
        by,
        args: args.split_whitespace().map(OsString::from).collect(),
        files: vec![],
        note: "",
        setup: None,
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

impl Case {
    fn exits(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    /// Something is done in the case's folder first, which `note` tells.
    fn after(mut self, note: &'static str, setup: impl Fn(&Path) + 'static) -> Self {
        self.note = note;
        self.setup = Some(Box::new(move |folder| {
            setup(folder);
            Box::new(())
        }));
        self
    }

    /// The arguments, the note and the files, each on one line.
    fn title(&self) -> String {
        let args = self.args.iter().map(|arg| arg.to_string_lossy());
        let mut title = args
            .collect::<Vec<_>>()
            .join(" ")
            .escape_debug()
            .to_string();
        if title.chars().count() > 300 {
            title = title.chars().take(300).collect::<String>() + " ...";
        }
        if !self.note.is_empty() {
            title += &format!("\n  {}", self.note);
        }
        for (name, content) in &self.files {
            let shown = String::from_utf8_lossy(content).escape_debug().to_string();
            let cut: String = shown.chars().take(400).collect();
            let more = if cut.len() < shown.len() {
                format!(
                    " ... ({} bytes, CRC-32 {:08x})",
                    content.len(),
                    crc32fast::hash(content)
                )
            } else {
                String::new()
            };
            title += &format!("\n  {name}: {cut}{more}");
        }
        title
    }
}

/// Every case, by the file of its snapshots.
fn groups() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        ("options", options::options()),
        ("unwritable", options::unwritable()),
        ("methods", methods::methods()),
        ("solvers", solvers::solvers()),
        ("cadences", cadences::cadences()),
        ("files", files::files()),
        ("targets", targets::targets()),
        ("tables", tables::tables()),
        ("starts", starts::starts()),
        ("archives", archives::archives()),
        ("references", starts::references()),
        ("folders", folders::folders()),
        ("reports", reports::reports()),
        ("resumptions", resumptions::resumptions()),
        ("system", system::cases()),
    ]
}

/// A case's folder with the listing of everything in it, and what is kept meanwhile.
struct Prepared {
    folder: tempfile::TempDir,
    before: BTreeMap<String, u64>,
    _kept: Option<Box<dyn Any>>,
}

fn prepare(case: &Case) -> Prepared {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in &case.files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let kept = case.setup.as_ref().map(|setup| setup(folder.path()));
    let before = list(folder.path());
    Prepared {
        folder,
        before,
        _kept: kept,
    }
}

/// Every file and folder below `folder`, with the length of files.
fn list(folder: &Path) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let about = path.symlink_metadata().unwrap();
            let length = if about.is_dir() { 0 } else { about.len() };
            found.insert(path.display().to_string(), length);
            if about.is_dir() {
                open.push(path);
            }
        }
    }
    found
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftlane"));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// What the program does with the words of `line`.
fn run(folder: &Path, line: &str) -> Output {
    program(folder)
        .args(line.split_whitespace())
        .output()
        .unwrap()
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
    let groups = groups();
    let total: usize = groups.iter().map(|(_, cases)| cases.len()).sum();
    assert!(total >= 400, "{total}");
    let mut complaints = Vec::new();
    for (group, cases) in &groups {
        let mut lines = Vec::new();
        for case in cases {
            let prepared = prepare(case);
            let folder = prepared.folder.path();
            let output = program(folder).args(&case.args).output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            let mut wrong = Vec::new();
            if output.status.code() != Some(case.code) {
                wrong.push(format!("exit {:?}", output.status.code()));
            }
            if !output.stdout.is_empty() {
                wrong.push("text on standard output".into());
            }
            if list(folder) != prepared.before {
                wrong.push("files left behind".into());
            }
            wrong.extend(complaint(case, &stderr));
            if !wrong.is_empty() {
                complaints.push(format!("{}: {}", case.title(), wrong.join("; ")));
            }
            lines.push((case.title(), case.code, snapshots::settled(&stderr, folder)));
        }
        complaints.extend(snapshots::check(group, &lines));
    }
    report(&complaints, total);
}

#[test]
fn parsing_alone_refuses_what_it_can_judge() {
    let cases: Vec<Case> = groups()
        .into_iter()
        .flat_map(|(_, cases)| cases)
        .filter(|case| case.by == Parse)
        .collect();
    let mut complaints = Vec::new();
    for case in &cases {
        let prepared = prepare(case);
        let folder = prepared.folder.path();
        // Only this test changes the working folder, and the others give their own to every child.
        std::env::set_current_dir(folder).unwrap();
        let args = std::iter::once("driftlane".into()).chain(case.args.iter().cloned());
        let wrong = match cli::parse(args) {
            Ok(command) => Some(format!("accepted as {command:?}")),
            Err(ParseOutcome::Text(text)) => Some(format!("printed {text}")),
            Err(ParseOutcome::Usage(line)) => complaint(case, &line),
            Err(ParseOutcome::Refused(error)) if error.exit_code() != 2 => {
                Some(format!("exit code of {error}"))
            }
            Err(ParseOutcome::Refused(error)) => complaint(case, &error.to_string()),
        };
        assert_eq!(list(folder), prepared.before);
        std::env::set_current_dir("/").unwrap();
        complaints.extend(wrong.map(|wrong| format!("{}: {wrong}", case.title())));
    }
    report(&complaints, cases.len());
}
