//! Every refusal word for word, in `snapshots/`, a file a group of cases: that nobody changes what users read without
//! seeing it. `DRIFTLANE_UPDATE_SNAPSHOTS=1 cargo test --test bad_input` writes the files anew; the difference is
//! then read like any other.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Whether snapshots, and seeds of the fuzzer that are made, are to be written.
pub(super) fn updating() -> bool {
    std::env::var_os("DRIFTLANE_UPDATE_SNAPSHOTS").is_some_and(|value| value == "1")
}

/// What the program said, without what differs from machine to machine: the temporary folder, sizes of memory and
/// disk, which checkpoint, shares done, numbers of errors, this version.
pub(super) fn settled(said: &str, folder: &Path) -> String {
    let real = folder.canonicalize().unwrap();
    let mut text = said.replace(&real.display().to_string(), "[folder]");
    text = text.replace(&folder.display().to_string(), "[folder]");
    // Which of the two is newer depends on when a run was stopped.
    for name in ["checkpoint.a", "checkpoint.b"] {
        text = text.replace(name, "checkpoint.[ab]");
    }
    text = text.replace(
        concat!("this is ", env!("CARGO_PKG_VERSION")),
        "this is [version]",
    );
    for word in [" available", " free on that of"] {
        text = without_size(&text, word);
    }
    // Diagnostics take memory on every core.
    if text.contains("must fit memory") && text.contains("--draws") {
        text = without_size(&text, " needed");
    }
    // Why a place cannot be written to is told by the system, in its words and numbers.
    if let Some((before, _)) = text.split_once("cannot be written: ")
        && text.trim_end().ends_with(')')
    {
        text = format!("{before}cannot be written: [reason]");
    }
    if let Some((before, after)) = text.split_once(" (os error ") {
        let after = after.split_once(')').map_or("", |(_, after)| after);
        text = format!("{before}{after}");
    }
    // How far a run was when it was stopped.
    if let Some((before, after)) = text.split_once("% done") {
        let before = before.trim_end_matches(|c: char| c.is_ascii_digit());
        text = format!("{before}[share]% done{after}");
    }
    text
}

/// Number and unit before `word` left out.
fn without_size(text: &str, word: &str) -> String {
    let Some((before, after)) = text.split_once(word) else {
        return text.to_owned();
    };
    let mut words: Vec<&str> = before.rsplitn(3, ' ').collect();
    words.reverse();
    match words[..] {
        [before, number, _] if number.parse::<f64>().is_ok() => {
            format!("{before} [size]{word}{after}")
        }
        _ => text.to_owned(),
    }
}

/// Compares a group's lines (title, exit code, text) with its file, or writes it; what is wrong.
pub(super) fn check(group: &str, lines: &[(String, i32, String)]) -> Vec<String> {
    let path = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/bad_input/snapshots"
    ))
    .join(format!("{group}.txt"));
    let mut wrong = Vec::new();
    let mut text = String::new();
    for (k, (title, code, line)) in lines.iter().enumerate() {
        if lines[..k].iter().any(|(other, ..)| other == title) {
            wrong.push(format!("two cases are called {title}"));
        }
        let line = line.strip_suffix('\n').unwrap_or(line);
        let _ = writeln!(text, "$ driftlane {title}\n  exit {code}\n{line}\n");
    }
    if updating() {
        std::fs::write(&path, &text).unwrap();
        return wrong;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let blocks = |text: &str| -> Vec<String> { text.split("\n\n").map(str::to_owned).collect() };
    let (kept, found) = (blocks(&kept), blocks(&text));
    for block in &found {
        if !kept.contains(block) {
            wrong.push(format!("not in {}:\n{block}", path.display()));
        }
    }
    for block in &kept {
        if !found.contains(block) {
            wrong.push(format!("only in {}:\n{block}", path.display()));
        }
    }
    wrong
}
