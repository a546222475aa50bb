//! Names the instruction set of this build and embeds where it came from, for `info` and for the
//! manifest of every run.
//!
//! Emitted to the crate's environment, always all of them:
//!
//! | variable | value |
//! |---|---|
//! | `DRIFTLANE_ISA` | `avx512` (avx512f and avx512dq), `avx2` (avx2 and fma) or `portable` |
//! | `DRIFTLANE_COMMIT` | the git commit, `+dirty` if tracked files differ from it; else `unknown` |
//! | `DRIFTLANE_RUSTC` | `rustc --version` |
//! | `DRIFTLANE_TARGET` | the target triple |
//! | `DRIFTLANE_FEATURES` | the target features, comma separated |
//! | `DRIFTLANE_PROFILE` | `release` or `debug` |
//!
//! The level is what the compiler was told, never what the building host can do. Nothing is
//! downloaded; a tree without git builds just as well.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    let var = |name: &str| env::var(name).unwrap_or_default();
    let features = var("CARGO_CFG_TARGET_FEATURE");
    let has = |name: &str| features.split(',').any(|f| f == name);
    let isa = if has("avx512f") && has("avx512dq") {
        "avx512"
    } else if has("avx2") && has("fma") {
        "avx2"
    } else {
        "portable"
    };
    let root = var("CARGO_MANIFEST_DIR");
    let rustc = run(&var("RUSTC"), &["--version"], &root).unwrap_or_else(|| "unknown".into());
    for (name, value) in [
        ("ISA", isa),
        ("COMMIT", &commit(&root)),
        ("RUSTC", &rustc),
        ("TARGET", &var("TARGET")),
        ("FEATURES", &features),
        ("PROFILE", &var("PROFILE")),
    ] {
        println!(
            "cargo::rustc-env=DRIFTLANE_{name}={}",
            value.replace(['\n', '\r'], " ")
        );
    }
    // The dirty flag depends on every tracked source; unpacked archives simply have no `.git`.
    for path in [
        "build.rs",
        "Cargo.toml",
        "Cargo.lock",
        ".clippy.toml",
        "src",
        "kernels",
    ] {
        println!("cargo::rerun-if-changed={path}");
    }
}

/// The commit of the tree at `root`, or `unknown` when it is not the top of a git checkout.
fn commit(root: &str) -> String {
    let unknown = || "unknown".to_owned();
    if !Path::new(root).join(".git").exists() {
        return unknown();
    }
    let git = |args: &[&str]| run("git", args, root);
    let Some(head) = git(&["rev-parse", "--short=12", "HEAD"]) else {
        return unknown();
    };
    // A worktree keeps HEAD and index apart from its refs: ask git where they are.
    let mut watched = vec![
        "HEAD".to_owned(),
        "index".to_owned(),
        "packed-refs".to_owned(),
    ];
    watched.extend(git(&["symbolic-ref", "--quiet", "HEAD"]));
    for name in watched {
        if let Some(path) = git(&["rev-parse", "--git-path", &name])
            && Path::new(root).join(&path).exists()
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let status = [
        "--no-optional-locks",
        "status",
        "--porcelain",
        "--untracked-files=no",
    ];
    match git(&status) {
        Some(changes) if !changes.is_empty() => format!("{head}+dirty"),
        _ => head,
    }
}

/// What a command prints, trimmed; `None` if it cannot be run or fails.
fn run(program: &str, args: &[&str], folder: &str) -> Option<String> {
    let output = Command::new(program)
        .args(args)
        .current_dir(folder)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
