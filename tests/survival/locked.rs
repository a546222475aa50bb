//! One process on a folder at a time, and checkpoints of other runs.

use super::signals::awaited;
use super::{assert_clean, assert_same, errors, ok, program, results, run, undisturbed};

const LONG: &str = "sample gaussian --set dim=10 --sampler ula --step-size 0.1 --particles 50000 --steps 1000000 --quiet --out busy --checkpoint-every 10ms";

#[test]
fn a_folder_in_use_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let mut child = program(temp.path())
        .args(LONG.split_whitespace())
        .spawn()
        .unwrap();
    let checkpoint = temp.path().join("busy/checkpoint.a");
    assert!(awaited(&mut child, || checkpoint.exists()));
    let output = run(temp.path(), "resume busy");
    let again = run(temp.path(), &format!("{LONG} --force"));
    let status = ok(temp.path(), "status busy");
    child.kill().unwrap();
    child.wait().unwrap();
    for output in [output, again] {
        assert_eq!(output.status.code(), Some(5), "{}", errors(&output));
        assert!(
            errors(&output).contains("in use by another process"),
            "{}",
            errors(&output)
        );
    }
    assert!(status.contains("running"), "{status}");
    let status = ok(temp.path(), "status busy");
    assert!(status.contains("resumable"), "{status}");
}

/// Processes that go on with one run at once: one has it, the others are refused or find it finished.
#[test]
fn a_run_is_resumed_by_one_process() {
    let temp = tempfile::tempdir().unwrap();
    // With two threads it takes far longer than the limit on any number of cores.
    let line = "sample grid-9 --sampler mala --particles 4000 --warmup 20 --draws 400 --threads 2";
    let (wanted, _) = undisturbed(temp.path(), line);
    let output = run(
        temp.path(),
        &format!("{line} --quiet --out shared --time-limit 2ms"),
    );
    assert_eq!(output.status.code(), Some(143), "{}", errors(&output));
    let start = || {
        program(temp.path())
            .args(["resume", "shared", "--quiet"])
            .spawn()
            .unwrap()
    };
    let children = [start(), start(), start()];
    let mut finished = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        let said = errors(&output);
        match output.status.code() {
            Some(0) => finished += 1,
            Some(5) => assert!(said.contains("in use by another process"), "{said}"),
            other => panic!("{other:?}: {said}"),
        }
    }
    assert!(finished >= 1);
    assert_same(line, &results(&temp.path().join("shared")), &wanted);
    assert_clean(&temp.path().join("shared"));
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(
        temp.path().join("data.csv"),
        "x,y\n1,0\n2,1\n0.5,1\n-1,0\n0,0\n3,1\n",
    )
    .unwrap();
    std::fs::write(
        temp.path().join("t.toml"),
        "kind = \"logistic\"\ndata = \"data.csv\"\nresponse = \"y\"\nprior_sd = 1\nstandardise = false\nintercept = true\n",
    )
    .unwrap();
    // Moves for a multiple of the limit, however fast the machine.
    let line = "sample t.toml --particles 64 --warmup 5 --draws 240 --thin 40 --quiet --out run --checkpoint-every 2";
    let stopped = || {
        let output = run(temp.path(), &format!("{line} --force --time-limit 1ms"));
        assert_eq!(output.status.code(), Some(143), "{}", errors(&output));
    };
    let refused = |code: i32, said: &str| {
        let output = run(temp.path(), "resume run --quiet");
        assert_eq!(output.status.code(), Some(code), "{}", errors(&output));
        assert!(errors(&output).contains(said), "{}", errors(&output));
        assert_eq!(errors(&output).lines().count(), 1, "{}", errors(&output));
    };
    let config = temp.path().join("run/config.toml");
    stopped();
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("seed = 1", "seed = 2")).unwrap();
    refused(5, "is of another run");
    std::fs::write(&config, text.replace("thin = 40", "thin = 20")).unwrap();
    refused(5, "is of another run");
    std::fs::write(&config, text.replace("verb", "vreb")).unwrap();
    refused(5, "cannot be resumed");
    std::fs::write(&config, &text).unwrap();
    let data = temp.path().join("data.csv");
    let rows = std::fs::read_to_string(&data).unwrap();
    std::fs::write(&data, rows.replace("0.5,1", "0.5,0")).unwrap();
    refused(5, "is of another run");
    std::fs::remove_file(&data).unwrap();
    refused(2, "data.csv");
    std::fs::write(&data, rows).unwrap();
    ok(temp.path(), "resume run --quiet --checkpoint-every none");
}

#[test]
fn looking_at_a_folder_takes_it_from_nobody() {
    let temp = tempfile::tempdir().unwrap();
    let line = "sample gaussian --set dim=3 --sampler ula --step-size 0.1 --particles 500 --steps 200000000";
    let output = run(
        temp.path(),
        &format!("{line} --quiet --out a --time-limit 20ms"),
    );
    assert_eq!(output.status.code(), Some(143), "{}", errors(&output));
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    ok(temp.path(), "status a");
                }
            });
        }
        for _ in 0..12 {
            let output = run(temp.path(), "resume a --quiet --time-limit 30ms");
            assert_eq!(output.status.code(), Some(143), "{}", errors(&output));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    // Nothing was made by looking, and a link is not followed.
    assert!(!temp.path().join("a/checkpoint.lock").exists());
}
