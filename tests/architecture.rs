//! Who may name whom: the sources are read, comments and strings taken out, and every path checked.
//!
//! ```text
//! kernels <- particles <- target <- flow <- integrator <- {mcmc, diffusion} <- smc <- cli
//! ```
//!
//! `error`, `parameters`, `disk`, `checkpoint`, `npy` and `zarr` are below all of the engine. `diagnostics` may look at a target, and
//! is read by front doors (`run.rs`), `record` and `cli`; `record` by `cli`. Threads: only `flow` names
//! rayon, and `cli`, which makes the pool; `record` counts cores. `kernels` names no thread, file or clock, and only its `isa`
//! names `core::arch` or unsafe code, each use with its SAFETY line. The checker is shown sources that
//! break each rule.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What each module of the engine may name besides itself.
const MAY_NAME: [(&str, &[&str]); 17] = [
    ("error", &[]),
    ("parameters", &["error"]),
    ("disk", &["error"]),
    ("checkpoint", &["error"]),
    ("npy", &["error", "disk"]),
    ("zarr", &["error", "disk"]),
    ("particles", BASE),
    ("target", &["error", "parameters", "npy", "particles"]),
    (
        "flow",
        &[
            "error",
            "parameters",
            "npy",
            "checkpoint",
            "particles",
            "target",
        ],
    ),
    (
        "integrator",
        &["error", "parameters", "npy", "particles", "target", "flow"],
    ),
    ("mcmc", ENGINE),
    ("diffusion", ENGINE),
    (
        "smc",
        &[
            "error",
            "parameters",
            "npy",
            "checkpoint",
            "particles",
            "target",
            "flow",
            "integrator",
            "mcmc",
        ],
    ),
    (
        "diagnostics",
        &["error", "parameters", "npy", "particles", "target"],
    ),
    (
        "record",
        &[
            "error",
            "parameters",
            "disk",
            "checkpoint",
            "npy",
            "zarr",
            "particles",
            "target",
            "flow",
            "mcmc",
            "smc",
            "diagnostics",
        ],
    ),
    (
        "cli",
        &[
            "error",
            "parameters",
            "disk",
            "checkpoint",
            "npy",
            "zarr",
            "particles",
            "target",
            "flow",
            "integrator",
            "mcmc",
            "diffusion",
            "smc",
            "diagnostics",
            "record",
        ],
    ),
    ("lib", &["error"]),
];
const BASE: &[&str] = &["error", "parameters", "npy"];
const ENGINE: &[&str] = &[
    "error",
    "parameters",
    "npy",
    "checkpoint",
    "particles",
    "target",
    "flow",
    "integrator",
];

/// Files that may name `diagnostics` although their module may not: run once, after the sampling.
const FRONT_DOORS: [&str; 4] = [
    "src/mcmc/sample_run.rs",
    "src/smc/run.rs",
    "src/smc/replicates.rs",
    "src/diffusion/run.rs",
];

/// Files of the engine that open files besides `cli`, `record` and `npy`: a target read from a table.
const READERS: [&str; 1] = ["src/target/library/logistic/data.rs"];

/// What is left of a source without comments, strings and characters.
fn code(source: &str) -> String {
    let mut out = String::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |k| k + 2)
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            raw.find("\"#").map_or(rest.len(), |k| k + 5)
        } else if c == '"' {
            let mut end = 1;
            let bytes = rest.as_bytes();
            while end < bytes.len() && bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            (end + 1).min(rest.len())
        } else if rest.starts_with("'\"'") {
            3
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        // Lines keep their numbers.
        out.extend(rest[..skip].chars().filter(|c| *c == '\n'));
        rest = &rest[skip..];
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The line numbers of a word or path in code, whole words only.
fn lines_naming(code: &str, name: &str) -> Vec<usize> {
    code.match_indices(name)
        .filter(|(at, _)| {
            let before = code[..*at].chars().next_back();
            let after = code[at + name.len()..].chars().next();
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        })
        .map(|(at, _)| code[..at].matches('\n').count() + 1)
        .collect()
}

/// The module path of a file: src/flow/visit.rs is \[flow, visit\], src/flow/mod.rs \[flow\].
fn module_of(file: &str) -> Vec<&str> {
    let inner = file.strip_prefix("kernels/").unwrap_or(file);
    let inner = inner.trim_start_matches("src/").trim_end_matches(".rs");
    inner.split('/').filter(|part| *part != "mod").collect()
}

/// The top-level modules a file names: through `crate::`, through `super::` chains that leave it, and
/// through either with braces.
fn modules_named(file: &str, code: &str) -> BTreeSet<String> {
    let depth = module_of(file).len();
    let mut named = BTreeSet::new();
    let mut starts: Vec<usize> = code
        .match_indices("crate::")
        .filter(|(at, _)| {
            !code[..*at]
                .chars()
                .next_back()
                .is_some_and(|c| is_word(c) || c == '$')
        })
        .map(|(at, text)| at + text.len())
        .collect();
    let climb = "super::".repeat(depth);
    if depth > 0 {
        let ends = code.match_indices(&climb).map(|(at, text)| at + text.len());
        starts.extend(ends.filter(|end| !code[*end..].starts_with("super::")));
    }
    for start in starts {
        let rest = &code[start..];
        if let Some(braced) = rest.strip_prefix('{') {
            // The heads of a braced list, nested lists skipped.
            let (mut level, mut head) = (0, String::new());
            for c in braced.chars() {
                match c {
                    '{' => level += 1,
                    '}' if level == 0 => break,
                    '}' => level -= 1,
                    ',' if level == 0 => {
                        named.insert(first_word(&head));
                        head.clear();
                    }
                    _ if level == 0 => head.push(c),
                    _ => {}
                }
            }
            named.insert(first_word(&head));
        } else {
            named.insert(first_word(rest));
        }
    }
    named
}

fn first_word(text: &str) -> String {
    text.trim_start()
        .chars()
        .take_while(|c| is_word(*c))
        .collect()
}

/// Every rule a file of the engine breaks.
fn engine(file: &str, source: &str) -> Vec<String> {
    let code = code(source);
    let own = module_of(file)[0];
    let mut broken = Vec::new();
    let mut complain = |what: String| broken.push(format!("{file}: {what}"));
    let known: Vec<&str> = MAY_NAME.iter().map(|(name, _)| *name).collect();
    let Some((_, allowed)) = MAY_NAME.iter().find(|(name, _)| *name == own) else {
        if own != "main" {
            complain(format!("module {own} has no place in the dependency order"));
        }
        return broken;
    };
    for named in modules_named(file, &code) {
        let front_door = named == "diagnostics" && FRONT_DOORS.contains(&file);
        let above = known.contains(&named.as_str()) && !allowed.contains(&named.as_str());
        if above && named != own && !front_door {
            complain(format!("{own} names {named}"));
        }
    }
    let mut only = |word: &str, places: &[&str]| {
        for line in lines_naming(&code, word) {
            if !places.contains(&own) && !READERS.contains(&file) {
                complain(format!(
                    "line {line} names {word}, which is for {}",
                    places.join(", ")
                ));
            }
        }
    };
    only("rayon", &["flow", "cli"]);
    only("std::thread", &["cli", "record"]);
    only("std::time", &["cli", "record"]);
    only("std::fs", &["cli", "record", "npy", "disk", "zarr"]);
    only("std::env", &["cli", "record"]);
    only("unsafe", &[]);
    only("core::arch", &[]);
    only("std::arch", &[]);
    broken
}

/// Every rule a file of the kernels breaks.
fn kernels(file: &str, source: &str) -> Vec<String> {
    let code = code(source);
    let mut broken = Vec::new();
    let words = [
        "std::thread",
        "std::fs",
        "std::time",
        "std::env",
        "std::net",
        "std::io",
        "std::path",
        "std::sync",
        "std::process",
        "rayon",
        "driftlane",
    ];
    for word in words {
        for line in lines_naming(&code, word) {
            broken.push(format!("{file}: line {line} names {word}"));
        }
    }
    // The switch of seeded defects, which no build that is used contains.
    if file == "kernels/src/mutants.rs" {
        broken.clear();
    }
    let isa = file.starts_with("kernels/src/isa/");
    for word in ["unsafe", "core::arch", "std::arch"] {
        for line in lines_naming(&code, word) {
            if !isa {
                broken.push(format!(
                    "{file}: line {line} names {word}, which is for isa"
                ));
            } else if word == "unsafe" {
                let lines: Vec<&str> = source.lines().collect();
                let near = &lines[line.saturating_sub(6)..line];
                if !near.iter().any(|l| l.contains("SAFETY")) {
                    broken.push(format!("{file}: line {line}: unsafe without a SAFETY line"));
                }
            }
        }
    }
    broken
}

fn sources(folder: &str) -> Vec<(String, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name: &Path = path.strip_prefix(&root).unwrap();
                found.push((
                    name.to_str().unwrap().to_owned(),
                    fs::read_to_string(&path).unwrap(),
                ));
            }
        }
    }
    assert!(found.len() > 10, "sources of {folder}");
    found
}

#[test]
fn dependencies_run_downwards() {
    let broken: Vec<String> = sources("src")
        .iter()
        .flat_map(|(f, s)| engine(f, s))
        .collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn kernels_are_arithmetic_alone() {
    let broken: Vec<String> = sources("kernels/src")
        .iter()
        .flat_map(|(f, s)| kernels(f, s))
        .collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    let manifest =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/kernels/Cargo.toml")).unwrap();
    let after = manifest
        .split("[dependencies]")
        .nth(1)
        .expect("a list of dependencies");
    let names: Vec<&str> = after
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('=').map(|(name, _)| name.trim()))
        .collect();
    assert_eq!(names, ["wide", "bytemuck"]);
}

#[test]
fn unsafe_code_is_forbidden_by_the_compiler_too() {
    let read =
        |file: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    assert!(read("src/lib.rs").contains("#![forbid(unsafe_code)]"));
    assert!(read("kernels/src/lib.rs").contains("#![deny(unsafe_code)]"));
}

#[test]
fn broken_rules_are_seen() {
    let bad = [
        ("src/particles/span.rs", "use crate::target::Precision;"),
        (
            "src/target/block.rs",
            "use crate::{error::Result, flow::Tally};",
        ),
        ("src/flow/visit.rs", "fn f() { crate::mcmc::Hmc::new(); }"),
        ("src/flow/mod.rs", "use super::smc::Smc;"),
        ("src/flow/visit.rs", "use super::super::smc::Smc;"),
        ("src/mcmc/hmc.rs", "use crate::diagnostics::r_hat;"),
        ("src/mcmc/hmc.rs", "use crate::record::RunFolder;"),
        ("src/smc/run.rs", "use rayon::prelude::*;"),
        ("src/smc/run.rs", "let start = std::time::Instant::now();"),
        ("src/mcmc/ula.rs", "unsafe { read(x) }"),
        ("src/novelty/mod.rs", "//! A module nobody placed."),
    ];
    for (file, source) in bad {
        assert_eq!(engine(file, source).len(), 1, "{file}: {source}");
    }
    let good = [
        (
            "src/flow/visit.rs",
            "use super::Tally; // crate::smc is above\nuse rayon::join;",
        ),
        ("src/mcmc/sample_run.rs", "use crate::diagnostics::r_hat;"),
        (
            "src/smc/run.rs",
            "const NAME: &str = \"crate::cli unsafe std::time\";",
        ),
        (
            "src/cli/execute.rs",
            "use crate::{record::{self, Draws}, smc::Smc}; use std::time::Instant;",
        ),
    ];
    for (file, source) in good {
        assert_eq!(engine(file, source), Vec::<String>::new());
    }
    let bad = [
        ("kernels/src/rng/stream.rs", "use std::time::Instant;"),
        ("kernels/src/tile.rs", "unsafe fn f() {}"),
        ("kernels/src/lane/vector.rs", "use core::arch::x86_64::*;"),
        (
            "kernels/src/isa/avx512.rs",
            "\n\n\n\n\n\n\nfn f() { unsafe { g() } }",
        ),
    ];
    for (file, source) in bad {
        assert_eq!(kernels(file, source).len(), 1, "{file}: {source}");
    }
    let fine =
        "// SAFETY: the level is checked at compile time.\nunsafe { core::arch::x86_64::g() }";
    assert_eq!(
        kernels("kernels/src/isa/avx512.rs", fine),
        Vec::<String>::new()
    );
}
