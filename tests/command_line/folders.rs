//! What runs leave behind, and running again from it.

use super::{array, json, names, object, ok, run, same, text};
use std::fs;
use tempfile::tempdir;

/// Whether a folder is named from the root.
fn is(told: &serde_json::Value, folder: &std::path::Path) -> bool {
    let told = std::path::Path::new(told.as_str().unwrap());
    told.is_absolute() && fs::canonicalize(told).unwrap() == fs::canonicalize(folder).unwrap()
}

/// A folder has one name, however the run went and from wherever it goes on.
#[test]
fn a_run_that_goes_on_names_its_folder_as_before() {
    let temp = tempdir().unwrap();
    let line = "sample gaussian --particles 16 --draws 5 --warmup 5 --out a";
    let first = json(temp.path(), line);
    let longer = json(temp.path(), "resume a --draws +5");
    assert!(is(&first["out"], &temp.path().join("a")));
    assert_eq!(first["out"], longer["out"]);
    let stored = json(temp.path(), "summary a");
    assert_eq!(first["out"], stored["out"]);
}

#[test]
fn a_run_folder_is_complete() {
    let temp = tempdir().unwrap();
    let printed = json(temp.path(), "smc grid-9 --particles 200 --seed 5");
    let folder = temp.path().join("runs/grid-9-1");
    assert!(is(&printed["out"], &folder));
    let files = [
        "checksums.json",
        "config.toml",
        "manifest.json",
        "record.json",
        "report.html",
        "samples.npy",
        "schedule.toml",
        "status.json",
        "summary.json",
        "trace.zarr",
    ];
    assert_eq!(names(&folder), files);
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(object(&read("summary.json")), printed);
    let status = object(&read("status.json"));
    assert_eq!(
        (&status["phase"], &status["done"]),
        (&"finished".into(), &1.0.into())
    );
    assert_eq!(status["warnings"], printed["warnings"]);
    let manifest = object(&read("manifest.json"));
    for key in [
        "version", "commit", "isa", "compiler", "features", "machine",
    ] {
        assert!(!manifest[key].is_null(), "{key}");
    }
    assert_eq!(manifest["seed"], 5);
    let command = "driftlane smc grid-9 --particles 200 --seed 5 --json";
    assert_eq!(manifest["command"], command);
    let config: toml::Table = read("config.toml").parse().unwrap();
    assert_eq!(config["target"]["kind"].as_str(), Some("grid-9"));
    assert_eq!(config["method"]["resampler"].as_str(), Some("multinomial"));
    assert_eq!(config["population"]["particles"].as_integer(), Some(200));
    let (shape, samples) = array(folder.join("samples.npy"));
    assert_eq!((shape, samples.len()), (vec![200, 2], 400));

    let drawn = json(
        temp.path(),
        "sample gaussian --particles 50 --draws 6 --warmup 4 --out d",
    );
    assert!(drawn["out"].as_str().unwrap().ends_with("/d"));
    assert_eq!(array(temp.path().join("d/draws.npy")).0, [6, 50, 1]);
    for report in [
        folder.join("report.html"),
        temp.path().join("d/report.html"),
    ] {
        let html = fs::read_to_string(report).unwrap();
        assert!(html.starts_with("<!doctype html>") && html.contains("<svg"));
        for outside in [
            "http://", "https://", "src=", "<script", "@import", "url(", "<link",
        ] {
            assert!(!html.contains(outside), "{outside}");
        }
        assert!(!html.contains("NaN"));
    }
}

#[test]
fn a_dry_run_prints_the_file_that_gives_the_same_bytes() {
    let temp = tempdir().unwrap();
    fs::write(
        temp.path().join("mix.toml"),
        "kind = \"mixture\"\nmeans = \"m.npy\"\nstds = [1, 2]\n",
    )
    .unwrap();
    driftlane::npy::write(temp.path().join("m.npy"), &[2, 2], &[0.0, 1.0, -2.0, 3.0]).unwrap();
    driftlane::npy::write(temp.path().join("s.npy"), &[9, 2], &[0.5; 18]).unwrap();
    driftlane::npy::write(temp.path().join("mu.npy"), &[2], &[4.0, 5.0]).unwrap();
    fs::create_dir(temp.path().join("elsewhere")).unwrap();
    for (k, line) in [
        "smc mix.toml --particles 100 --reference student:4,3 --replicates 2",
        "smc eight-gaussians --particles 64 --ladder 0,0.1,1 --move rwmh --precision f32",
        "sample mix.toml --init s.npy --draws 5 --warmup 10 --seed 18446744073709551615",
        "sample gaussian --set mean=mu.npy --init exact --sampler ula --step-size 0.1 --steps 9",
        "sample gaussian --set dim=1e1 --steps 9 --warmup 5 --target-accept 0.8 --particles 33",
    ]
    .into_iter()
    .enumerate()
    {
        let file = ok(temp.path(), &format!("{line} --dry-run"));
        fs::write(temp.path().join("elsewhere/run.toml"), &file).unwrap();
        let direct = json(temp.path(), &format!("{line} --out a{k}"));
        let again = json(
            &temp.path().join("elsewhere"),
            &format!("run run.toml --out b{k}"),
        );
        let config = temp.path().join(format!("a{k}/config.toml"));
        let third = json(temp.path(), &format!("run {} --out c{k}", config.display()));
        assert_eq!(same(direct.clone()), same(again), "{line}");
        assert_eq!(same(direct), same(third), "{line}");
        let bytes =
            |folder: String| fs::read(temp.path().join(folder).join("samples.npy")).unwrap();
        assert_eq!(bytes(format!("a{k}")), bytes(format!("elsewhere/b{k}")));
        assert_eq!(bytes(format!("a{k}")), bytes(format!("c{k}")));
        // The file stands for itself.
        let second = ok(&temp.path().join("elsewhere"), "run run.toml --dry-run");
        assert_eq!(second, file);
    }
    let left: Vec<String> = names(temp.path())
        .into_iter()
        .filter(|name| name == "runs")
        .collect();
    assert!(left.is_empty(), "a dry run writes nothing");
}

/// The file in a folder repeats the run beside it, and leaves the folder as it is: also of one that might replace another.
#[test]
fn a_folder_s_own_file_repeats_the_run_elsewhere() {
    let temp = tempdir().unwrap();
    let line = "sample gaussian --particles 20 --draws 5 --warmup 5 --force --out first";
    let first = json(temp.path(), line);
    let folder = temp.path().join("first");
    let before = fs::read(folder.join("draws.npy")).unwrap();
    let again = json(temp.path(), "run first/config.toml");
    assert!(is(&again["out"], &temp.path().join("runs/gaussian-1")));
    assert_eq!(same(first), same(again));
    let drawn = temp.path().join("runs/gaussian-1/draws.npy");
    assert_eq!(fs::read(drawn).unwrap(), before);
    assert_eq!(fs::read(folder.join("draws.npy")).unwrap(), before);
    // A longer run says how it is repeated.
    ok(temp.path(), "resume first --draws +4 --quiet");
    let html = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(html.contains("--draws 9") && !html.contains("--draws 5"));
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    assert!(manifest.contains("--draws 9"), "{manifest}");
    ok(temp.path(), "verify first");
    // Chains of somebody else's stay without --force.
    fs::create_dir(temp.path().join("theirs")).unwrap();
    fs::write(temp.path().join("theirs/chain-3.csv"), "mine").unwrap();
    let line = "export first --format stan-csv --chains 2 --out theirs";
    let output = run(temp.path(), line);
    let said = text(&output.stderr);
    assert!(
        output.status.code() == Some(2) && said.contains("holds chains"),
        "{said}"
    );
    assert_eq!(
        fs::read_to_string(temp.path().join("theirs/chain-3.csv")).unwrap(),
        "mine"
    );
    let longer = ok(temp.path(), "run first/config.toml --dry-run");
    assert!(longer.contains("draws = 9"), "{longer}");
}

#[test]
fn default_folders_are_numbered() {
    let temp = tempdir().unwrap();
    let smc = "smc gaussian --particles 32 --json";
    for expected in ["runs/gaussian-1", "runs/gaussian-2", "runs/gaussian-3"] {
        let printed = json(temp.path(), smc.trim_end_matches(" --json"));
        assert!(is(&printed["out"], &temp.path().join(expected)));
    }
    ok(
        temp.path(),
        "sample eight-gaussians --particles 32 --draws 4 --warmup 4",
    );
    fs::remove_dir_all(temp.path().join("runs/gaussian-2")).unwrap();
    ok(temp.path(), smc);
    assert_eq!(
        names(temp.path().join("runs")),
        [
            "eight-gaussians-1",
            "gaussian-1",
            "gaussian-2",
            "gaussian-3"
        ]
    );
    ok(temp.path(), "smc grid-9 --particles 32 --no-save");
    assert_eq!(names(temp.path()), ["runs"]);
    assert_eq!(names(temp.path().join("runs")).len(), 4);
}

#[test]
fn force_replaces_a_run_and_nothing_else() {
    let temp = tempdir().unwrap();
    let samples = || fs::read(temp.path().join("r/samples.npy")).unwrap();
    ok(
        temp.path(),
        "sample gaussian --particles 32 --draws 4 --warmup 4 --out r",
    );
    let first = samples();
    fs::write(temp.path().join("r/notes.txt"), "mine").unwrap();
    fs::write(temp.path().join("aim"), "kept").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("../../aim", temp.path().join("r/trace.zarr/link")).unwrap();
    let line = "smc gaussian --particles 32 --out r";
    let refused = run(temp.path(), line);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("--force") && samples() == first);
    // A refusal after all leaves the old run alone.
    let refused = run(temp.path(), &format!("{line} --force --set sd=-1"));
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(samples(), first);
    ok(temp.path(), &format!("{line} --force"));
    assert_ne!(samples(), first);
    assert!(
        !temp.path().join("r/draws.npy").exists(),
        "draws of the old run are gone"
    );
    assert!(!temp.path().join("r/trace.zarr/link").exists());
    assert_eq!(
        fs::read_to_string(temp.path().join("aim")).unwrap(),
        "kept",
        "links in the old run lead nowhere"
    );
    assert_eq!(
        fs::read_to_string(temp.path().join("r/notes.txt")).unwrap(),
        "mine"
    );
    fs::create_dir(temp.path().join("empty")).unwrap();
    ok(
        temp.path(),
        "smc gaussian --particles 32 --out empty --force",
    );
}

#[test]
fn strict_turns_a_warning_into_exit_code_1() {
    let temp = tempdir().unwrap();
    let doubtful = "smc gaussian --particles 256 --resampler systematic";
    let output = run(temp.path(), &format!("{doubtful} --strict --json --out r"));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(object(&text(&output.stdout))["warnings"][0], "W-NO-SE");
    let status = fs::read_to_string(temp.path().join("r/status.json")).unwrap();
    assert_eq!(object(&status)["phase"], "finished");
    assert_eq!(object(&status)["warnings"][0], "W-NO-SE");
    ok(temp.path(), &format!("{doubtful} --no-save"));
    ok(
        temp.path(),
        "smc gaussian --particles 2048 --strict --no-save",
    );
}
