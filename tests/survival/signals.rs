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

/// By the shell, which has the command within it: not every system has it as a program.
fn send(signal: &str, child: &Child) {
    let sent = Command::new("sh")
        .args(["-c", &format!("kill {signal} {}", child.id())])
        .status();
    assert!(sent.unwrap().success());
}

/// What a run may take to stop: a second, and what the disk takes to flush every file of its folder, twice as long.
fn bound(folder: &Path) -> f64 {
    fn flush(from: &Path, to: &Path) {
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                flush(&path, to);
                continue;
            }
            std::fs::copy(path, to.join("copy")).unwrap();
            let copy = std::fs::File::options().write(true).open(to.join("copy"));
            copy.unwrap().sync_all().unwrap();
        }
    }
    let begun = Instant::now();
    let temp = tempfile::tempdir_in(folder.parent().unwrap()).unwrap();
    flush(folder, temp.path());
    1.0 + 2.0 * begun.elapsed().as_secs_f64()
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

/// Stops a run by a signal a time after its folder was there; what it said, and the seconds from the signal to its end.
fn stopped(folder: &Path, line: &str, out: &Path, signal: &str, seconds: f64) -> (Output, f64) {
    let mut child = program(folder)
        .args(line.split_whitespace())
        .spawn()
        .unwrap();
    if awaited(&mut child, || out.exists()) {
        sleep(Duration::from_secs_f64(seconds));
        send(signal, &child);
    }
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
            let folder = temp.path().join("stopped");
            // What is slow once may be so for another process on the machine; a family that is slow three times is slow.
            for attempt in 0..3 {
                let _ = std::fs::remove_dir_all(&folder);
                let after = 0.6 * seconds * uniforms.next();
                let (output, took) = stopped(temp.path(), &run, &folder, signal, after);
                let (found, said) = (output.status.code(), errors(&output));
                // The signal may come after all is written; or while that is done, when what took less than a second
                // has no checkpoint.
                let heard = found == Some(code) && !said.is_empty();
                let silent = said.is_empty() && matches!(found, None | Some(0 | 130 | 143));
                assert!(heard || silent, "{name}: {found:?}: {said}");
                let mut computing = heard;
                if heard {
                    assert!(said.contains("driftlane resume"), "{name}: {said}");
                    let status = ok(temp.path(), "status stopped");
                    assert!(status.contains("interrupted by SIG"), "{name}: {status}");
                    computing = !status.contains("while results were written");
                    assert!(!computing || folder.join("checkpoint.a").exists(), "{name}");
                }
                let most = bound(&folder);
                ok(temp.path(), "resume stopped --quiet");
                assert_same(name, &results(&folder), &wanted);
                assert_clean(&folder);
                if computing && took >= most {
                    assert!(
                        attempt < 2,
                        "{name}: the checkpoint took {took} s of {most}"
                    );
                    continue;
                }
                if computing {
                    made += 1;
                    slowest = slowest.max(took);
                }
                break;
            }
        }
    }
}

#[test]
fn a_time_limit_ends_a_run_that_resumes() {
    let temp = tempfile::tempdir().unwrap();
    // With two threads it takes longer than the limit on any number of cores.
    let line = "sample gaussian --set dim=10 --sampler ula --step-size 0.1 --particles 20000 --steps 2000 --threads 2";
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
    // Longer every time: where reading the checkpoint takes as long as the limit, the run would never come on.
    let mut limit = 30.0;
    loop {
        let line = format!("resume limited --quiet --time-limit {limit:.0}ms");
        let output = run(temp.path(), &line);
        match output.status.code() {
            Some(143) => limit *= 1.2,
            code => break assert_eq!(code, Some(0), "{}", errors(&output)),
        }
    }
    assert_same("limited", &results(&temp.path().join("limited")), &wanted);
}

/// Many draws, whose diagnostics take seconds, and a large population, which takes long to write.
#[test]
fn a_signal_while_results_are_written_loses_nothing() {
    for (line, moves) in [
        (
            "sample gaussian --set dim=20 --particles 4000 --warmup 5 --draws",
            100,
        ),
        (
            "sample gaussian --set dim=10 --sampler ula --step-size 0.1 --particles 300000 --steps",
            500,
        ),
    ] {
        let temp = tempfile::tempdir().unwrap();
        // What keeps no draws has a checkpoint at its end where it computed for more than a second.
        let mut moves = moves;
        let (line, wanted) = loop {
            let line = format!("{line} {moves}");
            let (wanted, seconds) = undisturbed(temp.path(), &line);
            if line.contains("--draws") || seconds > 2.0 {
                break (line, wanted);
            }
            std::fs::remove_dir_all(temp.path().join("undisturbed")).unwrap();
            moves *= 2;
        };
        let run = format!("{line} --quiet --out stopped --checkpoint-every none");
        let folder = temp.path().join("stopped");
        let (mut within, mut slow) = (0, Vec::new());
        // Where this process is not given the time to look, results are written before the signal.
        for _ in 0..12 {
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
                // It cannot end while a call of its own waits for the disk.
                if took >= bound(&folder) {
                    slow.push(took);
                }
            } else {
                assert_eq!(output.status.code(), Some(0), "{line}: {said}");
            }
            assert_same(&line, &results(&folder), &wanted);
            assert_clean(&folder);
            if within >= 3 {
                break;
            }
        }
        assert!(
            within > 0,
            "{line}: no signal came while results were written"
        );
        // Once it may be for another process on the machine.
        assert!(
            slow.len() <= within / 2,
            "{line}: {slow:?} s, {within} times"
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
    // With two threads they take long on any number of cores.
    let line = "sample t.toml --sampler mala --step-size 0.01 --particles 30000 --steps 1 --warmup 0 --threads 2";
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
        let most = bound(&folder);
        assert!(took < most, "the checkpoint took {took} s of {most}");
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
    let folder = temp.path().join("twice");
    // A signal that comes while starts are drawn, or before, waits for less: then once more, and later. Trajectories
    // take a thousand times as long as starts.
    let mut pause = Duration::from_millis(200);
    loop {
        let mut child = program(temp.path())
            .args(line.split_whitespace())
            .spawn()
            .unwrap();
        assert!(awaited(&mut child, || folder.exists()));
        sleep(pause);
        send("-INT", &child);
        sleep(Duration::from_millis(100));
        let waits = child.try_wait().unwrap().is_none();
        if waits {
            send("-INT", &child);
        }
        let begun = Instant::now();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", errors(&output));
        // The first alone ended it.
        if !waits || folder.join("checkpoint.a").exists() {
            assert!(pause < Duration::from_secs(30), "{}", errors(&output));
            pause *= 3;
            std::fs::remove_dir_all(&folder).unwrap();
            continue;
        }
        // It did not wait for a checkpoint, nor for anything else.
        assert_eq!(errors(&output), "");
        assert!(begun.elapsed() < Duration::from_secs(1));
        break;
    }
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
