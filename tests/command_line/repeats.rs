//! Same seed, same bytes; and runs that cannot go on.

use super::{json, object, run, same, text};
use std::fs;
use tempfile::tempdir;

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let temp = tempdir().unwrap();
    for (k, line) in [
        "smc fab-40 --particles 3000 --moves-per-stage 2",
        "smc gaussian --set dim=5 --particles 1000 --precision f32 --replicates 2",
        "sample many-well --set dim=4 --particles 1000 --draws 6 --warmup 20",
        "sample gaussian --particles 5000 --sampler ula --step-size 0.1 --steps 100 --precision f32",
    ]
    .into_iter()
    .enumerate()
    {
        let mut seen = None;
        for threads in [1, 2, 3, 7] {
            let out = format!("{k}-{threads}");
            let object = json(
                temp.path(),
                &format!("{line} --quiet --threads {threads} --out {out}"),
            );
            assert_eq!(object["threads"], threads);
            let arrays = ["samples.npy", "draws.npy"]
                .map(|name| fs::read(temp.path().join(&out).join(name)).unwrap_or_default());
            let now = (same(object), arrays.to_vec());
            assert_eq!(*seen.get_or_insert_with(|| now.clone()), now, "{line} {threads}");
        }
    }
}

#[test]
fn a_seed_means_one_result() {
    let temp = tempdir().unwrap();
    let at = |seed: &str| {
        let line = format!("smc gaussian --particles 128 --no-save --seed {seed}");
        same(json(temp.path(), &line))
    };
    assert_eq!(at("7"), at("7"));
    assert_ne!(at("7")["mean"], at("8")["mean"]);
    assert_eq!(at("18446744073709551615")["seed"], u64::MAX);
}

#[test]
fn numerical_failures_exit_with_3_and_say_why() {
    let temp = tempdir().unwrap();
    driftlane::npy::write(temp.path().join("far.npy"), &[4, 1], &[1e200; 4]).unwrap();
    for (line, words) in [
        ("sample gaussian --init far.npy --out a", "no valid start"),
        (
            "smc gaussian --particles 64 --reference normal:1e300 --out b",
            "weights are zero",
        ),
    ] {
        let output = run(temp.path(), line);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{line}: {errors}");
        assert!(
            errors.contains(words) && errors.lines().count() == 1,
            "{errors}"
        );
        assert!(output.stdout.is_empty());
        let folder = temp.path().join(line.split(' ').next_back().unwrap());
        let status = fs::read_to_string(folder.join("status.json")).unwrap();
        assert_eq!(object(&status)["phase"], "failed");
        assert!(!folder.join("samples.npy").exists() && !folder.join("summary.json").exists());
    }
}
