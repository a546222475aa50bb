//! SIGTERM, SIGINT and the time limit: a complete checkpoint, the right exit code, and the same bytes in the end.
//!
//! `DRIFTLANE_STOPS=50 cargo test --test survival signals` stops 50 runs instead of 10.

use super::{
    FAMILIES, Uniforms, assert_clean, assert_same, errors, ok, program, results, run, undisturbed,
};
use std::path::Path;
use std::process::{Child, Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Waits until `reached` holds or the process has ended; whether it still runs.
pub fn awaited(child: &mut Child, reached: impl Fn() -> bool) -> bool {
    while child.try_wait().unwrap().is_none() {
        if reached() {
            return true;
        }
        sleep(Duration::from_millis(1));
    }
    false
}

/// Stops a run by SIGTERM as soon as `reached` holds: by what its folder shows, since no time is right on every machine.
pub fn stopped_when(folder: &Path, line: &str, reached: impl Fn() -> bool) -> Output {
    let mut child = program(folder)
        .args(line.split_whitespace())
        .spawn()
        .unwrap();
    if awaited(&mut child, reached) {
        send("-TERM", &child);
    }
    child.wait_with_output().unwrap()
}

/// Stops a run by a signal after a time; what it said, and the seconds from the signal to its end.
fn stopped(folder: &Path, line: &str, signal: &str, seconds: f64) -> (Output, f64) {
    let child = program(folder)
        .args(line.split_whitespace())
        .spawn()
        .unwrap();
    sleep(Duration::from_secs_f64(seconds));
    send(signal, &child);
    let begun = Instant::now();
    let output = child.wait_with_output().unwrap();
    (output, begun.elapsed().as_secs_f64())
}

#[test]
fn a_stopped_run_leaves_a_checkpoint_and_resumes_to_the_same_bytes() {
    let stops: usize = std::env::var("DRIFTLANE_STOPS").map_or(10, |n| n.parse().unwrap());
    let mut uniforms = Uniforms(5);
    let (mut made, mut slowest) = (0, 0.0f64);
    for round in 0.. {
        for (k, (name, line)) in FAMILIES.into_iter().enumerate() {
            if made >= stops {
                println!("{made} stopped, the slowest after {slowest:.3} s");
                return;
            }
            // Long enough that a signal finds it computing: no checkpoint is written before it.
            let temp = tempfile::tempdir().unwrap();
            let (wanted, seconds) = undisturbed(temp.path(), line);
            let run = format!("{line} --quiet --out stopped --checkpoint-every none");
            let (signal, code) = [("-TERM", 143), ("-INT", 130)][(k + round) % 2];
            let after = seconds * (0.2 + 0.5 * uniforms.next());
            let (output, took) = stopped(temp.path(), &run, signal, after);
            let folder = temp.path().join("stopped");
            let (found, said) = (output.status.code(), errors(&output));
            // The signal may come before the run listens: the system ends the process, which says nothing. Or after
            // all is written; or while that is done, when what took less than a second has no checkpoint.
            let heard = found == Some(code) && !said.is_empty();
            let silent = said.is_empty() && matches!(found, None | Some(0 | 130 | 143));
            assert!(heard || silent, "{name}: {found:?}: {said}");
            if !folder.exists() {
                continue;
            }
            let mut computing = heard;
            if heard {
                assert!(said.contains("driftlane resume"), "{name}: {said}");
                let status = ok(temp.path(), "status stopped");
                assert!(status.contains("interrupted by SIG"), "{name}: {status}");
                computing = !status.contains("while results were written");
                assert!(!computing || folder.join("checkpoint.a").exists(), "{name}");
            }
            ok(temp.path(), "resume stopped --quiet");
            assert_same(name, &results(&folder), &wanted);
            assert_clean(&folder);
            if !computing {
                continue;
            }
            assert!(took < 1.0, "{name}: the checkpoint took {took} s");
            made += 1;
            slowest = slowest.max(took);
        }
    }
}

#[test]
fn a_time_limit_ends_a_run_that_resumes() {
    let temp = tempfile::tempdir().unwrap();
    let line =
        "sample gaussian --set dim=10 --sampler ula --step-size 0.1 --particles 20000 --steps 2000";
    let (wanted, _) = undisturbed(temp.path(), line);
    let output = run(
        temp.path(),
        &format!("{line} --quiet --out limited --time-limit 20ms"),
    );
    assert_eq!(output.status.code(), Some(143), "{}", errors(&output));
    assert!(
        errors(&output).contains("--time-limit"),
        "{}",
        errors(&output)
    );
    while run(temp.path(), "resume limited --quiet --time-limit 30ms")
        .status
        .code()
        == Some(143)
    {}
    assert_same("limited", &results(&temp.path().join("limited")), &wanted);
}

/// Many draws, whose diagnostics take seconds, and a large population, which takes long to write.
#[test]
fn a_signal_while_results_are_written_loses_nothing() {
    for line in [
        "sample gaussian --set dim=20 --particles 4000 --draws 100 --warmup 5",
        "sample gaussian --set dim=10 --sampler ula --step-size 0.1 --particles 300000 --steps 3000",
    ] {
        let temp = tempfile::tempdir().unwrap();
        let (wanted, _) = undisturbed(temp.path(), line);
        let run = format!("{line} --quiet --force --out stopped --checkpoint-every none");
        let folder = temp.path().join("stopped");
        let mut within = 0;
        for _ in 0..4 {
            let _ = std::fs::remove_dir_all(&folder);
            let mut child = program(temp.path())
                .args(run.split_whitespace())
                .spawn()
                .unwrap();
            // Without a cadence a checkpoint is written where the computation ends.
            if awaited(&mut child, || folder.join("checkpoint.a").exists()) {
                send("-TERM", &child);
            }
            let begun = Instant::now();
            let output = child.wait_with_output().unwrap();
            let took = begun.elapsed().as_secs_f64();
            let said = errors(&output);
            if output.status.code() == Some(143) {
                assert!(took < 1.0, "{line}: it took {took} s");
                assert!(said.contains("driftlane resume"), "{line}: {said}");
                let status = ok(temp.path(), "status stopped");
                assert!(
                    status.contains("while results were written"),
                    "{line}: {status}"
                );
                assert!(folder.join("checkpoint.a").exists(), "{line}");
                within += 1;
                // Computed it was already: nothing but the results is made again.
                let resumed = ok(temp.path(), "resume stopped --quiet --json");
                let resumed: serde_json::Value = serde_json::from_str(&resumed).unwrap();
                assert!(resumed["seconds"].as_f64().unwrap() > 0.0);
            } else {
                assert_eq!(output.status.code(), Some(0), "{line}: {said}");
            }
            assert_same(line, &results(&folder), &wanted);
            assert_clean(&folder);
        }
        assert!(
            within > 0,
            "{line}: no signal came while results were written"
        );
    }
}

/// A posterior of so many rows of data, in the file `t.toml`.
fn logistic(folder: &Path, rows: usize) {
    let rows: String = (0..rows)
        .map(|k| format!("{},{}\n", k % 7, k % 2))
        .collect();
    std::fs::write(folder.join("data.csv"), format!("x,y\n{rows}")).unwrap();
    std::fs::write(
        folder.join("t.toml"),
        "kind = \"logistic\"\ndata = \"data.csv\"\nresponse = \"y\"\nprior_sd = 1\nstandardise = false\nintercept = true\n",
    )
    .unwrap();
}

#[test]
fn dear_starts_are_stopped_too() {
    let temp = tempfile::tempdir().unwrap();
    logistic(temp.path(), 20_000);
    let line =
        "sample t.toml --sampler mala --step-size 0.01 --particles 30000 --steps 1 --warmup 0";
    let (wanted, seconds) = undisturbed(temp.path(), line);
    let folder = temp.path().join("stopped");
    let run = format!("{line} --quiet --out stopped");
    let mut within = 0;
    for share in [0.0, 0.1, 0.3] {
        let _ = std::fs::remove_dir_all(&folder);
        let mut child = program(temp.path())
            .args(run.split_whitespace())
            .spawn()
            .unwrap();
        // Starts are drawn as soon as the folder is there.
        assert!(awaited(&mut child, || folder.exists()));
        sleep(Duration::from_secs_f64(share * seconds));
        send("-TERM", &child);
        let begun = Instant::now();
        let output = child.wait_with_output().unwrap();
        let (took, said) = (begun.elapsed().as_secs_f64(), errors(&output));
        // Alone on the machine it may be at its end already.
        if share > 0.0 && output.status.code() == Some(0) {
            continue;
        }
        assert_eq!(output.status.code(), Some(143), "{said}");
        assert!(took < 1.0, "the checkpoint took {took} s");
        let status = ok(temp.path(), "status stopped --json");
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        within += usize::from(status["particle_steps"] == 0);
        ok(temp.path(), "resume stopped --quiet");
        assert_same("stopped", &results(&folder), &wanted);
    }
    assert!(within > 0, "no run was stopped while it drew its starts");
}

#[test]
fn a_second_interrupt_ends_the_process() {
    // The first signal waits for a block of particles: here for seconds.
    let temp = tempfile::tempdir().unwrap();
    logistic(temp.path(), 200_000);
    let line = "sample t.toml --sampler hmc --step-size 0.001 --leapfrog-steps 1000 --particles 1000 --draws 2 --quiet --out twice";
    let mut child = program(temp.path())
        .args(line.split_whitespace())
        .spawn()
        .unwrap();
    assert!(awaited(&mut child, || temp.path().join("twice").exists()));
    sleep(Duration::from_millis(200));
    send("-INT", &child);
    sleep(Duration::from_millis(100));
    send("-INT", &child);
    let begun = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", errors(&output));
    // It did not wait for a checkpoint, nor for anything else.
    assert_eq!(errors(&output), "");
    assert!(!temp.path().join("twice/checkpoint.a").exists());
    assert!(begun.elapsed() < Duration::from_secs(1));
    let status = ok(temp.path(), "status twice");
    assert!(status.contains("ended without a word"), "{status}");
}

/// A terminal that is gone stops a run as SIGTERM does, unless the run was started to outlive it.
#[test]
fn a_terminal_that_is_gone_stops_a_run_that_does_not_outlive_it() {
    let temp = tempfile::tempdir().unwrap();
    let line = "sample gaussian --set dim=20 --sampler ula --step-size 0.1 --particles 2000 --steps 2000000 --quiet --out";
    let folder = |name: &str| temp.path().join(name);
    let mut child = program(temp.path())
        .args(line.split_whitespace())
        .arg("a")
        .spawn()
        .unwrap();
    assert!(awaited(&mut child, || folder("a").exists()));
    sleep(Duration::from_millis(300));
    send("-HUP", &child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(129), "{}", errors(&output));
    assert!(folder("a/checkpoint.a").exists());
    let status = ok(temp.path(), "status a");
    assert!(status.contains("interrupted by SIGHUP"), "{status}");
    let mut ignoring = Command::new("nohup");
    ignoring
        .current_dir(temp.path())
        .arg(env!("CARGO_BIN_EXE_driftlane"))
        .args(line.split_whitespace())
        .arg("b")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = ignoring.spawn().unwrap();
    assert!(awaited(&mut child, || folder("b").exists()));
    send("-HUP", &child);
    sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none());
    send("-TERM", &child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143), "{}", errors(&output));
}
