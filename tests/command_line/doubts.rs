//! Doubts about a run: starts and particles that are not finite, particles that never move.

use super::{json, list, ok, run, text};
use serde_json::Value;
use std::path::Path;
use tempfile::tempdir;

fn codes(object: &serde_json::Map<String, Value>) -> Vec<&str> {
    let codes = object["warnings"].as_array().unwrap();
    codes.iter().map(|code| code.as_str().unwrap()).collect()
}

/// The text of a failed run: one line, code 3.
fn failure(folder: &Path, line: &str) -> String {
    let output = run(folder, line);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{line}: {errors}");
    assert!(
        output.stdout.is_empty() && errors.lines().count() == 1,
        "{errors}"
    );
    errors
}

#[test]
fn starts_that_are_not_finite_are_counted() {
    let temp = tempdir().unwrap();
    // So far out on the left the tilt of phi4 is -infinity and its wells are +infinity: NaN.
    let write = |name: &str, bad: usize| {
        let far = std::iter::repeat_n([-1.5e308; 4], bad);
        let near = (0..100 - bad).map(|k| [0.01 * k as f64 - 0.5; 4]);
        let rows: Vec<f64> = far.chain(near).flatten().collect();
        driftlane::npy::write(temp.path().join(name), &[100, 4], &rows).unwrap();
    };
    write("some.npy", 6);
    write("all.npy", 100);
    write("none.npy", 0);
    for sampler in ["hmc", "rwmh", "ula --step-size 0.01"] {
        let line = |init: &str| {
            format!(
                "sample phi4 --set n=4 --set b=0.1 --sampler {sampler} --init {init}.npy \
                 --draws 50 --no-save"
            )
        };
        let object = json(temp.path(), &line("some"));
        assert!(codes(&object).contains(&"W-NONFINITE"), "{object:?}");
        assert!(object["nonfinite"].as_u64().unwrap() >= 6);
        let told = ok(temp.path(), &line("some"));
        assert!(told.contains("6 of 100 particles start where"), "{told}");
        assert!(failure(temp.path(), &line("all")).contains("no valid start"));
        let told = ok(temp.path(), &line("none"));
        assert!(
            !told.contains("start where") && !told.contains("left out"),
            "{told}"
        );
    }
}

#[test]
fn particles_that_diverge_are_counted_and_left_out() {
    let temp = tempdir().unwrap();
    let line = "sample many-well --sampler ula --step-size 0.05 --particles 1000 --draws 200";
    let object = json(temp.path(), &format!("{line} --out r"));
    let samples = driftlane::npy::read(
        temp.path().join("r/samples.npy"),
        driftlane::npy::NonFinite::Keep,
    );
    let rows = samples.unwrap().values;
    let bad = rows
        .chunks(2)
        .filter(|x| !(x[0] + x[1]).is_finite())
        .count();
    assert!((10..500).contains(&bad), "{bad}");
    assert_eq!(object["nonfinite"].as_u64(), Some(bad as u64));
    assert_eq!(codes(&object)[0], "W-NONFINITE");
    assert_eq!(list(&object, "mean").len(), 2);
    assert!(object["r_hat_max"].is_f64() && object["ess_bulk_min"].is_f64());
    let told = ok(temp.path(), &format!("{line} --no-save"));
    let sentence = format!("{bad} of 1000 particles are not finite at the end");
    assert!(
        told.contains(&sentence) && told.contains("left out of mean and sd"),
        "{told}"
    );
    let strict = run(temp.path(), &format!("{line} --no-save --strict"));
    assert_eq!(strict.status.code(), Some(1));

    let all = "sample gaussian --sampler ula --step-size 3 --particles 64 --steps 3000 --no-save";
    let told = failure(temp.path(), all);
    assert!(
        told.contains("none of 64 particles") && told.contains("step size"),
        "{told}"
    );
}

#[test]
fn particles_that_never_move_are_told_of() {
    let temp = tempdir().unwrap();
    let line = "sample gaussian --particles 500 --sampler rwmh --no-save";
    let told = ok(temp.path(), &format!("{line} --step-size 1e7 --draws 20"));
    let sentence = "W-STUCK 500 of 500 particles accepted none of 20 moves";
    assert!(
        told.contains(sentence) && told.contains("lower --step-size"),
        "{told}"
    );

    // A quarter of 500 healthy particles accepts none of five moves: chance, not a fault.
    for rest in [
        "--draws 5",
        "--steps 5",
        "--draws 1",
        "--draws 100",
        "--steps 200",
    ] {
        let object = json(temp.path(), &format!("{line} {rest}"));
        assert!(!codes(&object).contains(&"W-STUCK"), "{object:?}");
    }
    let ula = "sample gaussian --sampler ula --step-size 0.1 --steps 10 --no-save";
    assert!(!codes(&json(temp.path(), ula)).contains(&"W-STUCK"));

    // Ten particles where the density is zero all around.
    let rows: Vec<f64> = (0..500)
        .map(|k| if k % 50 == 7 { 1e200 } else { 0.1 })
        .collect();
    driftlane::npy::write(temp.path().join("s.npy"), &[500, 1], &rows).unwrap();
    let told = ok(temp.path(), &format!("{line} --init s.npy --steps 100"));
    let sentence = "10 of 500 particles accepted none of 100 moves";
    assert!(told.contains(sentence), "{told}");
}

#[test]
fn steps_beyond_stability_are_told_of() {
    let temp = tempdir().unwrap();
    let of = |line: &str| ok(temp.path(), &format!("sample gaussian {line} --no-save"));
    let warned = |line: &str| {
        let object = json(temp.path(), &format!("sample gaussian {line} --no-save"));
        codes(&object)
            .iter()
            .map(|code| code.to_string())
            .collect::<Vec<_>>()
    };
    let told = of("--sampler ula --step-size 2.5 --steps 500");
    let sentence =
        "do not use: W-STABILITY step size 2.5 is not below 2.0000, where euler-maruyama is stable";
    assert!(told.contains(sentence), "{told}");
    assert!(told.contains("W-RUNAWAY: a particle ends"), "{told}");
    // Positions are numbers and their squares are not.
    let told = of("--set dim=2 --sampler baoab --step-size 2.5 --steps 500");
    assert!(
        told.contains("W-STABILITY") && told.contains("the sd of x[0] overflowed"),
        "{told}"
    );

    // Stable and wrong: an sd of 1 / sqrt(1 - h/2).
    let told = of("--sampler ula --step-size 1.5 --steps 200");
    assert!(
        told.contains("do not use: W-BIAS the sd of x[0] is 2.0"),
        "{told}"
    );
    assert!(told.contains("exactly it is 1.0000: off by 10"), "{told}");
    for (line, wanted) in [
        (
            "--sampler ula --step-size 0.3 --steps 2000 --particles 1e4",
            vec!["W-BIAS"],
        ),
        ("--sampler ula --step-size 0.05 --steps 2000", vec![]),
        ("--sampler baoab --step-size 1.5 --steps 2000", vec![]),
    ] {
        assert_eq!(warned(line), wanted, "{line}");
    }
    // Without an exact law: against the reference.
    std::fs::write(temp.path().join("d.csv"), "a,y\n1,0\n2,1\n3,0\n4,1\n").unwrap();
    let file = "kind = \"logistic\"\ndata = \"d.csv\"\nresponse = \"y\"\nstandardise = true\nintercept = true\nprior_sd = 1\n";
    std::fs::write(temp.path().join("l.toml"), file).unwrap();
    let line = "sample l.toml --sampler tamed-euler --step-size 1e8 --steps 300 --no-save";
    let told = ok(temp.path(), line);
    assert!(
        told.contains("W-RUNAWAY") && told.contains("scales of the target's reference"),
        "{told}"
    );
}

#[test]
fn many_short_chains_are_judged_by_nested_r_hat() {
    let temp = tempdir().unwrap();
    let line = "sample gaussian --set dim=32 --particles 256 --draws 100 --no-save";
    let object = json(temp.path(), line);
    assert_eq!(object["r_hat_kind"], "nested");
    assert!(codes(&object).is_empty(), "{object:?}");
    let told = ok(temp.path(), line);
    assert!(
        told.contains("r_hat_nested") && told.contains("usable: max nested R-hat 1.0"),
        "{told}"
    );
    for seed in 1..=5 {
        let line = format!("sample gaussian --init exact --seed {seed} --no-save");
        assert!(codes(&json(temp.path(), &line)).is_empty(), "{line}");
    }
    let few = json(
        temp.path(),
        "sample gaussian --particles 64 --draws 500 --no-save",
    );
    assert_eq!(few["r_hat_kind"], "split");

    // In separate modes; far too short a warm-up.
    let modes = "sample two-modes --set dim=2 --draws 100 --no-save";
    assert_eq!(codes(&json(temp.path(), modes)), ["W-RHAT"]);
    let short = "sample gaussian --sampler rwmh --step-size 0.05 --warmup 0 --draws 50 --no-save";
    let told = ok(temp.path(), short);
    assert!(
        told.contains("do not use: W-RHAT nested R-hat of x[0] is"),
        "{told}"
    );
}

/// Exact draws of a law so heavy-tailed that no sample sd is near its sd: chance, not bias.
#[test]
fn heavy_tails_are_not_taken_for_bias() {
    let temp = tempdir().unwrap();
    for seed in 1..=12 {
        let line = format!(
            "sample funnel --set variance=9 --sampler ula --step-size 1e-12 --init exact --warmup 0 --steps 1 \
             --particles 1000 --seed {seed} --no-save"
        );
        let told = ok(temp.path(), &line);
        assert!(!told.contains("W-BIAS"), "{told}");
    }
}

/// Solvers of too few steps; a population in fewer modes than there are; means as well as sds.
#[test]
fn moments_that_are_not_the_laws_are_told_of() {
    let temp = tempdir().unwrap();
    for (line, wanted) in [
        (
            "diffuse grid-9 --steps 2",
            "do not use: W-BIAS the sd of x[",
        ),
        (
            "diffuse grid-9 --steps 5 --particles 50000",
            "usable with care (W-BIAS)",
        ),
        (
            "diffuse grid-9 --steps 2 --condition 4",
            "do not use: W-BIAS the sd of x[",
        ),
        (
            "sample two-modes --steps 50",
            "do not use: W-BIAS the mean of x[",
        ),
        ("diffuse grid-9", "usable: 0 non-finite"),
        ("diffuse grid-9 --condition 4", "usable: 0 non-finite"),
    ] {
        let told = ok(temp.path(), &format!("{line} --no-save"));
        assert!(told.contains(wanted), "{line}: {told}");
    }
}

/// Where nothing exact is known: by the forces on the last population.
#[test]
fn populations_that_forces_still_move_are_told_of() {
    let temp = tempdir().unwrap();
    let rows: String = (0..200)
        .map(|k| format!("{},{}\n", 20 + (k * 37) % 60, (k * 7 / 3) % 2))
        .collect();
    std::fs::write(temp.path().join("d.csv"), format!("age,y\n{rows}")).unwrap();
    let file = "kind = \"logistic\"\ndata = \"d.csv\"\nresponse = \"y\"\nstandardise = false\nintercept = true\nprior_sd = 1\n";
    std::fs::write(temp.path().join("l.toml"), file).unwrap();
    for (line, wanted) in [
        (
            "sample l.toml --sampler ula --step-size 0.1 --steps 500",
            "do not use: W-BIAS ",
        ),
        (
            "sample grid-25 --sampler rwmh --steps 3 --warmup 0",
            "do not use: W-BIAS distance from the mean times the slope",
        ),
        ("sample l.toml --steps 300", "\nusable: acceptance"),
        ("sample seeds --warmup 500 --steps 300", "acceptance"),
    ] {
        let told = ok(temp.path(), &format!("{line} --no-save"));
        assert!(told.contains(wanted), "{line}: {told}");
        assert_eq!(
            told.contains("W-BIAS"),
            wanted.contains("W-BIAS"),
            "{line}: {told}"
        );
    }
}

/// Exact draws are never told of.
#[test]
fn exact_draws_have_the_moments_of_their_law() {
    let temp = tempdir().unwrap();
    for target in [
        "gaussian --set dim=20",
        "fab-40",
        "grid-25",
        "many-well",
        "two-modes",
        "rings",
        "banana",
        "student-mixture",
        "funnel --set variance=9",
    ] {
        for seed in 1..=4 {
            let line = format!(
                "sample {target} --init exact --sampler ula --step-size 1e-12 --steps 1 --seed {seed} --no-save"
            );
            let told = ok(temp.path(), &line);
            assert!(!told.contains("W-BIAS"), "{line}: {told}");
        }
    }
}

/// Few short chains that have mixed: R-hat above 1.01 says that nothing can be told, not that they have not.
#[test]
fn short_chains_are_not_condemned() {
    let temp = tempdir().unwrap();
    let mut above = 0;
    for seed in 1..=20 {
        let line = format!("sample gaussian --particles 4 --seed {seed} --no-save");
        let told = ok(temp.path(), &line);
        assert!(!told.contains("do not use"), "{told}");
        above += usize::from(told.contains("too short to tell"));
    }
    assert!(above > 2, "{above} of 20 were above 1.01");
    let apart = "sample grid-25 --particles 4 --draws 400 --no-save";
    let told = ok(temp.path(), apart);
    assert!(told.contains("do not use: W-RHAT R-hat"), "{told}");
}

/// Few particles far out make a sample heavy-tailed: that does not hide what they do.
#[test]
fn outliers_do_not_hide_behind_their_kurtosis() {
    let temp = tempdir().unwrap();
    let mut starts = vec![0.3; 500];
    starts[..10].fill(1e4);
    driftlane::npy::write(temp.path().join("g.npy"), &[500, 1], &starts).unwrap();
    let line = "sample gaussian --init g.npy --sampler rwmh --warmup 300 --draws 50 --no-save";
    let told = ok(temp.path(), line);
    assert!(
        told.contains("do not use") && told.contains("W-BIAS"),
        "{told}"
    );
}
