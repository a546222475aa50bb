//! `resume DIR --draws +N`: a longer run in two parts has the bytes of one in one.

use super::{assert_same, errors, ok, results, run};

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
