//! `summary` and `report`: a finished run once more, and folders that hold none.

use super::{json, object, ok, run, text};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

/// A run of every kind: its folder and its command.
const RUNS: [(&str, &str); 5] = [
    (
        "kept",
        "sample gaussian --set dim=3 --particles 20 --draws 40 --warmup 30",
    ),
    (
        "steps",
        "sample eight-schools --particles 20 --steps 30 --warmup 30",
    ),
    (
        "many",
        "sample gaussian --set dim=24 --particles 8 --draws 9 --warmup 9",
    ),
    (
        "smc",
        "smc grid-9 --particles 200 --resampler systematic --seed 5",
    ),
    (
        "diffuse",
        "diffuse eight-gaussians --particles 64 --steps 7",
    ),
];

/// Figures of nothing.
const NO_COORDINATE: &str = r#"{"driftlane": "0", "isa": "avx2", "verb": "diffuse", "target": "x", "dim": 0,
    "particles": 3, "steps": 1, "precision": "f64", "threads": 1, "seed": 1, "seconds": null,
    "particle_steps_per_second": 1, "gradient_evaluations": 1, "gradients_per_second": 1,
    "density_evaluations": 1, "nonfinite": 0, "warnings": [], "out": null, "solver": "ddim", "nfe": 1,
    "schedule": "edm", "grid": "time", "mean": [], "sd": [null]}"#;

fn refused(folder: &Path, line: &str, words: &[&str]) {
    let output = run(folder, line);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{line}: {errors}");
    assert!(
        errors.lines().count() == 1 && output.stdout.is_empty(),
        "{line}: {errors}"
    );
    for word in words {
        assert!(errors.contains(word), "{line}: {word}: {errors}");
    }
}

#[test]
fn a_summary_is_what_the_run_printed() {
    let temp = tempdir().unwrap();
    for (name, line) in RUNS {
        let printed = ok(temp.path(), &format!("{line} --out {name}"));
        assert_eq!(
            ok(temp.path(), &format!("summary {name}")),
            printed,
            "{name}"
        );
        let out = ok(temp.path(), &format!("{line} --json --out {name} --force"));
        assert_eq!(
            ok(temp.path(), &format!("summary {name} --json")),
            out,
            "{name}"
        );
        let report = fs::read(temp.path().join(name).join("report.html")).unwrap();
        ok(temp.path(), &format!("report {name} -o {name}.html"));
        let again = fs::read(temp.path().join(format!("{name}.html"))).unwrap();
        assert!(again == report, "{name}: the report differs");
        fs::remove_file(temp.path().join(name).join("report.html")).unwrap();
        ok(temp.path(), &format!("report {name}"));
        assert!(fs::read(temp.path().join(name).join("report.html")).unwrap() == report);
    }
    let taken = run(temp.path(), "report kept -o smc.html");
    assert!(taken.status.code() == Some(2) && text(&taken.stderr).contains("--force"));
    ok(temp.path(), "report kept -o smc.html --force");
    assert_eq!(
        run(temp.path(), "report kept -o no/where.html")
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn tables_hold_every_coordinate_and_every_digit() {
    let temp = tempdir().unwrap();
    let printed = json(temp.path(), &format!("{} --out a", RUNS[2].1));
    let csv = ok(temp.path(), "summary a --csv");
    let mut rows = csv.lines();
    let head = "coordinate,mean,sd,mcse_mean,eti89_lb,eti89_ub,r_hat,ess_bulk,ess_tail";
    assert_eq!(rows.next(), Some(head));
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split(',').collect()).collect();
    assert_eq!(rows.len(), 24);
    for (j, row) in rows.iter().enumerate() {
        assert_eq!(row[0], format!("x[{j}]"));
        assert_eq!(row[1].parse::<f64>().ok(), printed["mean"][j].as_f64());
        assert_eq!(row[3].parse::<f64>().ok(), printed["mcse_mean"][j].as_f64());
        for (cell, name) in [(4, "eti89_lb"), (5, "eti89_ub")] {
            assert_eq!(row[cell].parse::<f64>().ok(), printed[name][j].as_f64());
        }
    }
    let largest = rows
        .iter()
        .map(|row| row[6].parse().unwrap())
        .fold(0.0, f64::max);
    assert_eq!(Some(largest), printed["r_hat_max"].as_f64());
    let md = ok(temp.path(), "summary a --md");
    assert_eq!(
        md.lines().filter(|line| line.starts_with("| x\\[")).count(),
        24
    );
    let usage = run(temp.path(), "summary a --csv --json");
    assert_eq!(usage.status.code(), Some(2));
}

/// Of a comparison: what it printed, its object, its rows, and its report drawn again.
#[test]
fn comparisons_have_summaries() {
    let temp = tempdir().unwrap();
    let line = "compare ddim,heun --on grid-9 --nfe 10:40 --particles 64 --out c";
    let table = ok(temp.path(), line);
    assert_eq!(ok(temp.path(), "summary c"), table);
    let read = |name: &str| fs::read_to_string(temp.path().join("c").join(name)).unwrap();
    let printed = ok(temp.path(), "summary c --json");
    assert_eq!(printed.lines().count(), 1);
    assert_eq!(object(&printed), object(&read("compare.json")));
    assert_eq!(ok(temp.path(), "summary c --csv"), read("compare.csv"));
    let md = ok(temp.path(), "summary c --md");
    assert_eq!(
        md.lines().filter(|l| l.starts_with("| ddim |")).count(),
        3,
        "{md}"
    );
    assert!(
        md.starts_with("**compare on grid-9**") && md.contains("|:--|--:|"),
        "{md}"
    );
    let report = read("report.html");
    ok(temp.path(), "report c");
    assert!(read("report.html") == report);
}

#[test]
fn what_is_not_a_finished_run_is_refused() {
    let temp = tempdir().unwrap();
    let path = |name: &str| temp.path().join(name);
    ok(temp.path(), &format!("{} --out a", RUNS[0].1));
    ok(
        temp.path(),
        "compare ddim,heun --on grid-9 --nfe 10:20 --particles 64 --out c",
    );
    fs::create_dir(path("empty")).unwrap();
    fs::write(path("file"), "x").unwrap();
    for verb in ["summary", "report", "export"] {
        for other in ["empty", "file", "absent", "."] {
            refused(
                temp.path(),
                &format!("{verb} {other}"),
                &[other, "is not a run folder"],
            );
        }
        // A comparison has a report and a table, and no coordinates.
        if verb == "export" {
            refused(
                temp.path(),
                &format!("{verb} c"),
                &["c: ", "holds a comparison", "compare.csv"],
            );
        }
        let status = path("a/status.json");
        let before = fs::read(&status).unwrap();
        for phase in ["running", "failed", "interrupted"] {
            fs::write(
                &status,
                format!("{{\"phase\": \"{phase}\", \"done\": 0.4}}"),
            )
            .unwrap();
            let words = [phase, "40% done", "driftlane resume a"];
            refused(temp.path(), &format!("{verb} a"), &words);
        }
        fs::write(&status, &before).unwrap();
        for (file, bytes, words) in [
            ("status.json", "{", "status.json"),
            ("summary.json", "[]", "summary.json"),
            (
                "summary.json",
                "{\"verb\": \"sample\"}",
                "summary.json: missing field",
            ),
            (
                "record.json",
                "{\"format\": 1}",
                "record.json: missing field",
            ),
            (
                "summary.json",
                NO_COORDINATE,
                "dim and particles must be at least 1",
            ),
            ("manifest.json", "nothing", "manifest.json"),
        ] {
            let kept = fs::read(path("a").join(file)).unwrap();
            fs::write(path("a").join(file), bytes).unwrap();
            refused(temp.path(), &format!("{verb} a"), &["a: ", words]);
            fs::remove_file(path("a").join(file)).unwrap();
            if file != "manifest.json" {
                refused(temp.path(), &format!("{verb} a"), &[file, "cannot be read"]);
            }
            fs::write(path("a").join(file), kept).unwrap();
        }
    }
    // Arrays that do not fit the figures.
    driftlane::npy::write(path("a/samples.npy"), &[2, 3], &[0.0; 6]).unwrap();
    refused(
        temp.path(),
        "export a --format npz",
        &["samples.npy has shape [2, 3]"],
    );
    // A report is drawn from record.json alone.
    ok(temp.path(), "report a");
    driftlane::npy::write(path("a/draws.npy"), &[2, 3], &[0.0; 6]).unwrap();
    refused(temp.path(), "export a", &["draws.npy has shape [2, 3]"]);
    fs::write(path("a/draws.npy"), "x").unwrap();
    refused(temp.path(), "summary a", &["draws.npy"]);
    let later = fs::read_to_string(path("a/record.json")).unwrap();
    fs::write(
        path("a/record.json"),
        later.replace("\"format\": 1", "\"format\": 9"),
    )
    .unwrap();
    refused(temp.path(), "summary a", &["record.json has format 9"]);
    assert!(object(&fs::read_to_string(path("a/summary.json")).unwrap()).contains_key("verb"));
}
