//! Help, lists, the machine, and the text for people.

use super::{array, names, object, ok, program, run, text};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::tempdir;

/// The verbs the program tells of.
fn verbs() -> Vec<String> {
    let temp = tempdir().unwrap();
    let help = ok(temp.path(), "--help");
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let verbs: Vec<String> = commands
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .collect();
    assert!(
        verbs.len() >= 5 && verbs.contains(&"smc".to_owned()),
        "{verbs:?}"
    );
    verbs
}

#[test]
fn examples_of_every_help_text_run_as_they_stand() {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_driftlane"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap_or_default()
    );
    for verb in std::iter::once(String::new()).chain(verbs()) {
        let temp = tempdir().unwrap();
        let help = ok(temp.path(), &format!("{verb} --help"));
        assert!(
            help.lines().all(|line| line.chars().count() <= 110),
            "{help}"
        );
        let (_, examples) = help.split_once("Example").unwrap();
        let lines: Vec<&str> = examples.lines().skip(1).map(str::trim).collect();
        assert!(
            lines.iter().any(|line| line.starts_with("driftlane ")),
            "{verb}"
        );
        for line in lines
            .into_iter()
            .filter(|line| line.starts_with("driftlane "))
        {
            let start = Instant::now();
            let output = Command::new("sh")
                .args(["-c", line])
                .env("PATH", &path)
                .current_dir(temp.path())
                .output()
                .unwrap();
            let errors = text(&output.stderr);
            assert!(output.status.success(), "{line}: {errors}");
            assert!(start.elapsed() < Duration::from_secs(30), "{line}");
        }
    }
}

#[test]
fn lists_are_narrow_and_name_what_there_is() {
    let temp = tempdir().unwrap();
    let all = ok(temp.path(), "list");
    assert!(all.lines().all(|line| line.chars().count() <= 110), "{all}");
    assert!(all.lines().all(|line| line.trim_end() == line), "{all}");
    let mut joined = String::new();
    for (group, members) in [
        (
            "targets",
            &["gaussian", "mixture", "eight-gaussians", "phi4", "logistic"][..],
        ),
        ("samplers", &["hmc", "rwmh", "ula", "baoab", "etd2rk"]),
        ("moves", &["hmc", "rwmh"]),
        (
            "integrators",
            &["velocity-verlet", "baoab", "euler-maruyama"],
        ),
        ("resamplers", &["multinomial", "systematic"]),
        ("solvers", &["ddim", "dpmpp-2m", "heun"]),
        ("schedules", &["vp-linear", "edm", "flow"]),
        ("grids", &["time", "karras", "ays-sd15"]),
    ] {
        let list = ok(temp.path(), &format!("list {group}"));
        assert_eq!(list.lines().next(), Some(group));
        for member in members {
            let row = format!("  {member} ");
            assert!(
                list.lines().any(|line| line.starts_with(&row)),
                "{member}: {list}"
            );
        }
        joined += &list;
    }
    assert_eq!(joined, all);
    assert!(!ok(temp.path(), "list moves").contains("  ula "));
}

#[test]
fn info_tells_the_build_and_the_machine() {
    let temp = tempdir().unwrap();
    let info = object(&ok(temp.path(), "info --json"));
    for key in ["version", "commit", "isa", "compiler", "target", "profile"] {
        assert!(info[key].is_string(), "{key}");
    }
    assert!(info["machine"]["cores"].as_u64().unwrap() >= 1);
    for peak in ["fma_gflops_per_core", "copy_gb_per_second"] {
        assert!(info["peaks"][peak].as_f64().unwrap() > 0.0, "{peak}");
    }
    assert!(info["warnings"].is_array());
    assert!(ok(temp.path(), "info").lines().count() >= 5);
    let version = ok(temp.path(), "--version");
    assert_eq!(
        version,
        format!("driftlane {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert!(names(temp.path()).is_empty());
}

#[test]
fn the_summary_is_a_screen_that_ends_with_a_verdict() {
    let temp = tempdir().unwrap();
    let table = ok(
        temp.path(),
        "smc gaussian --set dim=50 --particles 256 --no-save",
    );
    assert!(
        table.lines().count() <= 40 && table.contains("... 30 more"),
        "{table}"
    );
    assert!(table.starts_with("smc gaussian: 256 particles, 50 coordinates, f64, "));
    assert!(
        table.lines().last().unwrap().starts_with("usable"),
        "{table}"
    );
    let line = "sample gaussian --particles 1 --threads 1 --draws 4 --warmup 4 --no-save";
    let table = ok(temp.path(), line);
    assert!(table.starts_with("sample gaussian: 1 particle, 1 coordinate, f64, 1 thread, "));
    // Nothing that is not a number, and no warning told twice.
    for word in ["NaN", "inf", "-0.0000"] {
        assert!(!table.split_whitespace().any(|w| w == word), "{table}");
    }
    for code in ["W-RHAT", "W-ESS", "W-ACCEPT"] {
        let told = table
            .lines()
            .filter(|l| l.starts_with(code) || l.contains(": W-"));
        assert!(told.filter(|l| l.contains(code)).count() <= 1, "{table}");
    }
}

#[test]
fn quiet_leaves_standard_error_empty() {
    let temp = tempdir().unwrap();
    // One more than there are: the system may refuse a thousand.
    let over = 1 + std::thread::available_parallelism().map_or(1, usize::from);
    let line = format!("smc gaussian --particles 64 --threads {over} --no-save");
    let output = run(temp.path(), &line);
    assert!(text(&output.stderr).contains(&format!("--threads {over} is more than")));
    let output = run(temp.path(), &format!("{line} --quiet"));
    assert_eq!(
        (output.status.code(), text(&output.stderr)),
        (Some(0), String::new())
    );
    assert!(!output.stdout.is_empty());
}

#[test]
fn a_reader_that_leaves_is_harmless() {
    let temp = tempdir().unwrap();
    for line in [
        "list",
        "--help",
        "smc gaussian --particles 64 --json --out r",
    ] {
        let mut child = program(temp.path())
            .args(line.split_whitespace())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}");
        assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    }
    assert_eq!(array(temp.path().join("r/samples.npy")).0, [64, 1]);
}

#[test]
fn output_that_cannot_be_written_exits_with_4() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        return;
    };
    let temp = tempdir().unwrap();
    let output = program(temp.path())
        .args(["smc", "gaussian", "--particles", "64", "--no-save"])
        .stdout(full)
        .output()
        .unwrap();
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{errors}");
    assert!(errors.contains("standard output: cannot be written") && errors.lines().count() == 1);
}

/// A dry run judges what the run would judge, without computing anything.
#[test]
fn a_dry_run_is_instant_and_judges_everything() {
    let folder = tempdir().unwrap();
    let huge = run(
        folder.path(),
        "smc phi4 --set n=100000 --particles 32 --dry-run",
    );
    assert!(huge.status.success());
    // Nothing exact is claimed of a chain the transfer operator cannot resolve.
    let line =
        "smc phi4 --set n=2000 --particles 64 --ladder 0,1 --moves-per-stage 1 --quiet --no-save";
    assert!(!ok(folder.path(), line).contains("exact"));
    for (line, what) in [
        ("sample gaussian --init nowhere.npy", "nowhere.npy"),
        ("smc gaussian --reference nowhere.toml", "nowhere.toml"),
        ("smc gaussian --move pcn --reference student:4,1", "student"),
        (
            "smc gaussian --precision f32 --reference normal:1e38",
            "--precision",
        ),
    ] {
        let out = run(folder.path(), &format!("{line} --dry-run"));
        let message = text(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{line}: {message}");
        assert!(
            message.contains(what) && out.stdout.is_empty(),
            "{line}: {message}"
        );
    }
}

#[test]
fn help_is_asked_for_in_two_ways() {
    let temp = tempfile::tempdir().unwrap();
    for verb in ["smc", "resume", "list"] {
        let asked = ok(temp.path(), &format!("help {verb}"));
        assert_eq!(asked, ok(temp.path(), &format!("{verb} --help")));
    }
    assert_eq!(ok(temp.path(), "help"), ok(temp.path(), "--help"));
}
