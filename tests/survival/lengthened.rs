//! `resume DIR --draws +N`: a longer run in two parts has the bytes of one in one.

use super::kills::killed_after;
use super::{Uniforms, assert_clean, assert_same, errors, ok, results, run, undisturbed};
use driftlane::npy;
use std::fs;
use std::path::Path;

/// The results that a folder shows are those of `from` draws or of `to`, all of them of the same, or none; whether
/// there are any. `from` and `to` count kept draws.
pub fn never_mixed(temp: &Path, name: &str, from: usize, to: usize, place: &str) -> bool {
    let folder = temp.join(name);
    ok(temp, &format!("status {name} --json"));
    let verified = run(temp, &format!("verify {name}"));
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert_eq!(verified.status.code(), Some(0), "{place}: {said}");
    let summary = run(temp, &format!("summary {name} --json"));
    let said = errors(&summary);
    let whole = summary.status.success();
    let elsewhere = temp.join("elsewhere.csv");
    let export = format!("export {name} --out {} --format", elsewhere.display());
    if !whole {
        assert_eq!(summary.status.code(), Some(5), "{place}: {said}");
        assert_eq!(said.lines().count(), 1, "{place}: {said}");
        let told = ["is being lengthened", "is not finished"];
        assert!(
            told.iter().any(|words| said.contains(words)),
            "{place}: {said}"
        );
        let export = run(temp, &format!("{export} csv"));
        assert_eq!(
            export.status.code(),
            Some(5),
            "{place}: {}",
            errors(&export)
        );
        return false;
    }
    let summary: serde_json::Value = serde_json::from_slice(&summary.stdout).unwrap();
    let particles = summary["particles"].as_u64().unwrap() as usize;
    let kept = npy::shape(folder.join("draws.npy")).unwrap()[0];
    assert!(kept == from || kept == to, "{place}: {kept} draws");
    let told = fs::read_to_string(folder.join("trace.zarr/posterior/x/zarr.json")).unwrap();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["shape"][1], kept, "{place}");
    let config: toml::Table = fs::read_to_string(folder.join("config.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let method = |key: &str| config["method"][key].as_integer().unwrap() as usize;
    assert_eq!(method("draws") / method("thin"), kept, "{place}");
    let steps = (method("warmup") + kept * method("thin")) as u64;
    assert_eq!(summary["steps"], steps, "{place}");
    ok(temp, &format!("{export} csv"));
    let lines = fs::read_to_string(&elsewhere).unwrap().lines().count();
    assert_eq!(lines, 1 + kept * particles, "{place}");
    fs::remove_file(&elsewhere).unwrap();
    ok(
        temp,
        &format!(
            "export {name} --format stan-csv --chains 2 --out {}",
            temp.join("chains").display()
        ),
    );
    fs::remove_dir_all(temp.join("chains")).unwrap();
    let report = temp.join("elsewhere.html");
    ok(temp, &format!("report {name} --out {}", report.display()));
    fs::remove_file(report).unwrap();
    true
}

/// Killed or stopped at random times while it is lengthened: the first results can be read all the while, or the run
/// says that it is being lengthened, and it ends as the longer run.
#[test]
fn an_interrupted_lengthening_keeps_its_first_results() {
    let mut uniforms = Uniforms(23);
    let (mut kept, mut stopped) = (0, 0);
    for (line, from, to) in [
        (
            "sample grid-9 --sampler mala --particles 200 --warmup 20 --thin 2",
            60,
            4060,
        ),
        (
            "sample gaussian --set dim=20 --sampler ula --step-size 0.1 --particles 600",
            7,
            700,
        ),
    ] {
        let temp = tempfile::tempdir().unwrap();
        let short = format!("{line} --draws {from} --quiet --out short");
        ok(temp.path(), &short);
        let (wanted, seconds) = undisturbed(temp.path(), &format!("{line} --draws {to}"));
        let thin = if line.contains("--thin 2") { 2 } else { 1 };
        let first = results(&temp.path().join("short"));
        // More rounds where runs end before they are stopped, as on a machine that was busier before.
        let (mut round, mut here) = (0, 0);
        while round < 3 || here < 2 && round < 20 {
            let _ = fs::remove_dir_all(temp.path().join("short"));
            ok(temp.path(), &short);
            let folder = temp.path().join("short");
            let begun = || folder.join("longer.toml").exists();
            let mut go = format!(
                "resume short --draws +{} --quiet --checkpoint-every 20ms",
                to - from
            );
            for k in 0..4 {
                let share = uniforms.next();
                // A signal, the others are kills: at any moment, or at any after it is known that it is lengthened.
                let alive = match uniforms.next() < 0.3 {
                    true => {
                        let limited =
                            format!("{go} --time-limit {:.0}ms", 1.0 + seconds * 300.0 * share);
                        run(temp.path(), &limited).status.code() == Some(143)
                    }
                    false => {
                        let reached = || k == 0 || begun();
                        killed_after(temp.path(), &go, reached, 0.7 * seconds * share)
                    }
                };
                here += usize::from(alive);
                let place = format!("{line}, round {round}");
                let whole = never_mixed(temp.path(), "short", from / thin, to / thin, &place);
                kept += usize::from(alive && whole);
                if begun() {
                    let status = ok(temp.path(), "status short");
                    assert!(
                        status.contains(&format!("lengthened from {from} to {to}")),
                        "{status}"
                    );
                    if whole {
                        let found = results(&folder);
                        for name in ["draws.npy", "samples.npy", "summary.json"] {
                            assert!(found[name] == first[name], "{place}: {name}");
                        }
                    }
                }
                // Draws are asked for once: what has begun, or is told by the configuration already, goes on.
                let config = fs::read_to_string(folder.join("config.toml")).unwrap();
                if begun() || config.contains(&format!("draws = {to}\n")) {
                    go = "resume short --quiet --checkpoint-every 20ms".into();
                }
                if !alive {
                    break;
                }
            }
            ok(temp.path(), "resume short --quiet");
            let done = results(&folder);
            match done["draws.npy"] == first["draws.npy"] {
                // Killed before it had said that it would be longer.
                true => assert_same(line, &done, &first),
                false => assert_same(line, &done, &wanted),
            }
            assert_clean(&folder);
            round += 1;
        }
        stopped += here;
    }
    println!("{stopped} times stopped, {kept} with results to read");
    assert!(kept * 4 >= stopped && stopped >= 4, "{kept} of {stopped}");
}

/// More draws asked for while a run is being lengthened are added to those it aims at.
#[test]
fn a_lengthening_can_be_lengthened() {
    let temp = tempfile::tempdir().unwrap();
    let line = "sample grid-9 --sampler mala --particles 2000 --warmup 6";
    ok(
        temp.path(),
        &format!("{line} --draws 205 --quiet --out long"),
    );
    ok(
        temp.path(),
        &format!("{line} --draws 5 --quiet --out short"),
    );
    for (more, to) in [(100, 105), (100, 205)] {
        let output = run(
            temp.path(),
            &format!("resume short --draws +{more} --quiet --time-limit 1ms --threads 1"),
        );
        assert_eq!(output.status.code(), Some(143), "{}", errors(&output));
        let status = ok(temp.path(), "status short");
        assert!(
            status.contains(&format!("from 5 to {to} draws")),
            "{status}"
        );
        let summary = run(temp.path(), "summary short");
        assert!(summary.status.success());
        let said = errors(&summary);
        assert!(
            said.contains("is being lengthened") && said.lines().count() == 1,
            "{said}"
        );
        assert!(never_mixed(
            temp.path(),
            "short",
            5,
            205,
            "lengthened twice"
        ));
    }
    ok(temp.path(), "resume short --quiet");
    assert_same(
        line,
        &results(&temp.path().join("short")),
        &results(&temp.path().join("long")),
    );
}

/// A file that should say how a run is lengthened and does not is refused by name.
#[test]
fn a_damaged_length_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    ok(
        temp.path(),
        "sample gaussian --particles 64 --draws 5 --warmup 5 --quiet --out a",
    );
    for text in [
        "",
        "from = 5",
        "from = 9\nto = 5",
        "from = 0\nto = 5",
        "from = -1\nto = 2",
        "\u{1}",
    ] {
        fs::write(temp.path().join("a/longer.toml"), text).unwrap();
        for verb in ["resume", "status", "summary"] {
            let output = run(temp.path(), &format!("{verb} a"));
            let said = errors(&output);
            assert_eq!(output.status.code(), Some(5), "{verb} {text}: {said}");
            assert!(
                said.contains("longer.toml") && said.lines().count() == 1,
                "{said}"
            );
        }
    }
}

#[test]
fn more_draws_are_those_of_a_longer_run() {
    for (line, short, more) in [
        (
            "sample fab-40 --sampler hmc --particles 300 --warmup 40 --thin 2",
            30,
            52,
        ),
        (
            "sample gaussian --set dim=3 --sampler ula --step-size 0.1 --particles 500",
            7,
            200,
        ),
        (
            "sample grid-9 --sampler mala --precision f32 --particles 4000 --warmup 20",
            11,
            1,
        ),
    ] {
        let temp = tempfile::tempdir().unwrap();
        ok(
            temp.path(),
            &format!("{line} --draws {} --quiet --out long", short + more),
        );
        ok(
            temp.path(),
            &format!("{line} --draws {short} --quiet --out short"),
        );
        ok(
            temp.path(),
            &format!("resume short --draws +{more} --quiet"),
        );
        let folder = temp.path().join("short");
        assert_same(line, &results(&folder), &results(&temp.path().join("long")));
        let config = std::fs::read_to_string(folder.join("config.toml")).unwrap();
        assert!(
            config.contains(&format!("draws = {}", short + more)),
            "{config}"
        );
    }
}

#[test]
fn what_cannot_be_lengthened_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    ok(
        temp.path(),
        "sample gaussian --particles 64 --draws 5 --warmup 5 --quiet --out a",
    );
    ok(
        temp.path(),
        "sample gaussian --particles 64 --steps 5 --warmup 5 --quiet --out b",
    );
    ok(temp.path(), "smc gaussian --particles 64 --quiet --out c");
    for (line, said) in [
        ("resume a --draws 5", "--draws = 5"),
        ("resume a --draws +0", "--draws = +0"),
        ("resume a --draws +x", "--draws = +x"),
        ("resume a --draws -5", "--draws = -5"),
        ("resume b --draws +5", "keeps draws"),
        ("resume c --draws +5", "sample only"),
    ] {
        let output = run(temp.path(), line);
        assert_eq!(output.status.code(), Some(2), "{line}: {}", errors(&output));
        assert!(
            errors(&output).contains(said),
            "{line}: {}",
            errors(&output)
        );
        assert_eq!(errors(&output).lines().count(), 1, "{line}");
    }
    let before = results(&temp.path().join("a"));
    ok(temp.path(), "resume a");
    assert_same("a", &results(&temp.path().join("a")), &before);
}

/// How far a run is that is being lengthened, is told of the longer run: from the checkpoint it begins with.
#[test]
fn a_lengthening_begins_with_the_share_that_is_done() {
    let temp = tempfile::tempdir().unwrap();
    ok(
        temp.path(),
        "sample gaussian --set dim=10 --sampler ula --step-size 0.1 --particles 500 --draws 300 --quiet --out a",
    );
    // Stopped before it has made a move, or a few.
    let output = run(
        temp.path(),
        "resume a --draws +5000 --quiet --time-limit 1ms",
    );
    assert_eq!(output.status.code(), Some(143), "{}", errors(&output));
    let status = ok(temp.path(), "status a --json");
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    let done = status["done"].as_f64().unwrap();
    let wanted = status["particle_steps"].as_f64().unwrap() / (5300.0 * 500.0);
    assert!((done - wanted).abs() < 1e-9 && done < 0.9, "{status}");
    assert!(done >= 300.0 / 5300.0 - 1e-9, "{status}");
}
