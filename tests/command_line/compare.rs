//! `compare`: its fields and files, orders, errors with noise, threads, refusals.

use super::{json, names, object, ok, run, text};
use driftlane::Lane;
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;
use tempfile::{TempDir, tempdir};

/// A folder with a mixture whose modes overlap.
fn folder() -> TempDir {
    let temp = tempdir().unwrap();
    let target = include_str!("../../examples/three_normals.toml");
    fs::write(temp.path().join("t.toml"), target).unwrap();
    temp
}

fn rows(object: &Map<String, Value>, name: &str) -> Vec<Map<String, Value>> {
    let all = object["rows"].as_array().unwrap().iter();
    let of_name = all.filter(|row| row["name"] == name);
    of_name
        .map(|row| row.as_object().unwrap().clone())
        .collect()
}

fn figures(rows: &[Map<String, Value>], key: &str) -> Vec<f64> {
    rows.iter().map(|row| row[key].as_f64().unwrap()).collect()
}

fn compare(folder: &Path, line: &str) -> Map<String, Value> {
    json(folder, &format!("compare {line} --on t.toml --quiet"))
}

#[test]
fn orders_are_those_of_the_methods() {
    let temp = folder();
    let line = "ddim,dpmpp-2m,heun,unipc-2-bh2,unipc-3-bh2,DEISMultistepScheduler --no-save --particles 1000";
    let found = compare(temp.path(), line);
    for (name, order) in [
        ("ddim", 1.0),
        ("dpmpp-2m", 2.0),
        ("heun", 2.0),
        // Corrected: one more than its predictor's.
        ("unipc-2-bh2", 3.0),
        ("unipc-3-bh2", 3.0),
        ("DEISMultistepScheduler", 2.0),
    ] {
        let rows = rows(&found, name);
        let calls = [20.0, 40.0, 80.0, 160.0, 320.0];
        assert_eq!(figures(&rows, "nfe"), calls, "{name}");
        let fitted = figures(&rows, "order");
        assert!(fitted.iter().all(|p| *p == fitted[0]), "{name}: {fitted:?}");
        let p = fitted[0];
        // From a cold start unipc-3 has order 3 and looks like 4 for long.
        let more = if name == "unipc-3-bh2" { 1.0 } else { 0.3 };
        assert!(p > order - 0.15 && p < order + more, "{name}: {p}");
        let (low, high) = (
            figures(&rows, "order_low")[0],
            figures(&rows, "order_high")[0],
        );
        assert!(
            low < p && p < high && high - low < 1.0,
            "{name}: {low} {high}"
        );
        let errors = figures(&rows, "error");
        assert!(errors.windows(2).all(|e| e[1] < e[0]), "{name}: {errors:?}");
        for (error, se) in errors.iter().zip(figures(&rows, "error_se")) {
            assert!(se > 0.0 && se < 0.2 * error, "{name}: {error} {se}");
        }
        // The slope is that of what is printed.
        let slope = Lane::ln(errors[1] / errors[4]) / Lane::ln(8.0f64);
        assert!((slope - p).abs() < 0.15, "{name}: {slope} {p}");
        assert!(figures(&rows, "cost").iter().all(|cost| *cost > 0.0));
    }
}

/// The error is that of `diffuse` from the same starts against a solution of another solver.
#[test]
fn an_error_is_a_root_mean_square_distance() {
    let temp = folder();
    let starts: Vec<f64> = (0..50).map(|k| f64::from(k) * 0.08 - 2.0).collect();
    driftlane::npy::write(temp.path().join("s.npy"), &[50, 1], &starts).unwrap();
    let found = compare(temp.path(), "ddim --nfe 16 --init s.npy --no-save");
    let end = |solver: &str, steps: usize| {
        let line = format!(
            "diffuse t.toml --solver {solver} --steps {steps} --final none --init s.npy --out {solver} --quiet"
        );
        ok(temp.path(), &line);
        super::array(temp.path().join(solver).join("samples.npy")).1
    };
    let (ends, fine) = (end("ddim", 16), end("heun", 20_000));
    let squares: f64 = ends.iter().zip(&fine).map(|(a, b)| (a - b).powi(2)).sum();
    let expected = (squares / 50.0).sqrt();
    let row = &rows(&found, "ddim")[0];
    let error = row["error"].as_f64().unwrap();
    assert!((error / expected - 1.0).abs() < 1e-5, "{error} {expected}");
    assert_eq!(
        (&row["order"], &row["order_note"]),
        (&Value::Null, &"a single number of calls".into())
    );
}

#[test]
fn errors_with_noise_fall() {
    let temp = folder();
    let line = "sde-dpmpp-1,ddim --eta 1 --nfe 5:40 --no-save --particles 30000";
    let weak = compare(temp.path(), line);
    let strong = compare(
        temp.path(),
        "sde-dpmpp-1 --nfe 20:80 --strong --no-save --particles 500",
    );
    for (found, measure) in [(&weak, "moments"), (&strong, "strong")] {
        let rows = rows(found, "sde-dpmpp-1");
        let errors = figures(&rows, "error");
        assert!(errors.windows(2).all(|e| e[1] < 0.75 * e[0]), "{errors:?}");
        assert!(errors[0] > 4.0 * rows[0]["error_se"].as_f64().unwrap());
        let order = rows[0]["order"].as_f64().unwrap();
        assert!((0.5..1.3).contains(&order), "{order}");
        assert_eq!(rows[0]["measure"], measure);
    }
    // Ancestral sampling and the first order of DPM-Solver++ are one method.
    let first = figures(&rows(&weak, "ddim"), "error");
    let same = figures(&rows(&weak, "sde-dpmpp-1"), "error");
    assert!(
        first.iter().zip(&same).all(|(a, b)| (a - b).abs() < 1e-6),
        "{first:?} {same:?}"
    );
}

#[test]
fn files_fields_and_threads() {
    let temp = folder();
    let line = "heun,dpmpp-2m-karras,rho-rk4 --nfe 7,14,29 --particles 100";
    let found = compare(temp.path(), &format!("{line} --threads 1"));
    for key in [
        "driftlane",
        "isa",
        "particles",
        "steps",
        "precision",
        "threads",
        "seed",
        "seconds",
        "particle_steps_per_second",
        "gradient_evaluations",
        "gradients_per_second",
        "density_evaluations",
        "nonfinite",
        "warnings",
        "out",
        "fine_nfe",
        "fine_error",
    ] {
        assert!(!found[key].is_null(), "{key}");
    }
    assert_eq!(
        (&found["verb"], &found["dim"]),
        (&"compare".into(), &1.into())
    );
    assert_eq!(
        (&found["schedule"], &found["grid"]),
        (&"vp-linear".into(), &"by name".into())
    );
    assert_eq!(figures(&rows(&found, "heun"), "nfe"), [6.0, 14.0, 28.0]);
    assert_eq!(figures(&rows(&found, "rho-rk4"), "nfe"), [4.0, 12.0, 28.0]);
    let out = found["out"].as_str().unwrap();
    assert!(
        out.starts_with('/') && out.ends_with("/runs/compare-mixture-1"),
        "{out}"
    );
    let out = temp.path().join("runs/compare-mixture-1");
    let files = [
        "checksums.json",
        "compare.csv",
        "compare.json",
        "compare.svg",
        "config.toml",
        "manifest.json",
        "record.json",
        "report.html",
        "status.json",
    ];
    assert_eq!(names(&out), files);
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    assert_eq!(object(&read("compare.json")), found);
    let csv = read("compare.csv");
    assert!(
        csv.starts_with("name,nfe,steps,cost,error,error_se,order,"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 10);
    let svg = read("compare.svg");
    assert!(svg.starts_with("<svg xmlns=") && svg.contains("prefers-color-scheme: dark"));
    assert_eq!(svg.matches("<polyline").count(), 3);
    for name in [
        "heun",
        "dpmpp-2m-karras",
        "rho-rk4",
        "calls of the denoiser",
    ] {
        assert!(svg.contains(name), "{name}");
    }
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
    // Whole files, not more: the same folder again needs --force.
    let again = run(
        temp.path(),
        &format!("compare {line} --on t.toml --out {}", out.display()),
    );
    assert_eq!(again.status.code(), Some(2));
    let timeless = |mut object: Map<String, Value>| {
        for row in object["rows"].as_array_mut().unwrap() {
            row.as_object_mut().unwrap().remove("cost").unwrap();
        }
        super::same(object)
    };
    let two = compare(temp.path(), &format!("{line} --threads 2 --no-save"));
    let config = json(
        temp.path(),
        "run runs/compare-mixture-1/config.toml --no-save",
    );
    assert_eq!(timeless(two), timeless(found.clone()));
    assert_eq!(timeless(config), timeless(found));
    let table = ok(
        temp.path(),
        &format!("compare {line} --on t.toml --no-save"),
    );
    assert_eq!(
        table.lines().filter(|l| l.starts_with("rho-rk4 ")).count(),
        3,
        "{table}"
    );
}

#[test]
fn refusals_and_doubts() {
    let temp = folder();
    fs::write(temp.path().join("s.npy"), "no").unwrap();
    for (line, words) in [
        (
            "ddim,unipc3 --on t.toml",
            "SOLVERS = unipc3: must be a solver",
        ),
        ("ddim,unipc3 --on t.toml", "did you mean uni"),
        ("ddim,,heun --on t.toml", "SOLVERS"),
        (
            "ddim,sample_dpm_adaptive --on t.toml",
            "SOLVERS = sample_dpm_adaptive: must be",
        ),
        (
            "ddim,heun,ddim --on t.toml",
            "SOLVERS = ddim: must be named once",
        ),
        ("ddim,DDIMScheduler --on t.toml", "(ddim is the same)"),
        (
            "ddim,ddim-karras --on t.toml --grid time",
            "must be named once",
        ),
        ("ddim", "--on"),
        ("ddim --on banana", "denoiser"),
        ("ddim --on bananas", "did you mean banana?"),
        ("ddim --on t.toml --nfe 0:8", "--nfe = 0:8"),
        ("ddim --on t.toml --nfe 80:20", "--nfe = 80:20"),
        ("ddim --on t.toml --nfe 20:", "--nfe = 20:"),
        ("ddim --on t.toml --nfe many", "--nfe = many"),
        ("ddim --on t.toml --nfe 20:1e9", "--nfe = 20:1e9"),
        ("ddim --on t.toml --nfe 8,8", "--nfe = 8,8"),
        ("ddim --on t.toml --nfe -4", "--nfe = -4"),
        ("ddim --on t.toml --nfe 2.5", "--nfe = 2.5"),
        (
            "ddim,rho-rk4 --on t.toml --nfe 2",
            "--nfe = 2: must be at least 4",
        ),
        (
            "ddim,heun --on t.toml --eta 0.5",
            "--eta = 0.5: must be left out for heun",
        ),
        (
            "heun,dpmpp-2m --on t.toml --start-up stages",
            "--start-up = stages: must be left out for heun",
        ),
        (
            "heun,dpmpp-2m --on t.toml --lower-order-final on",
            "--lower-order-final = on: must be left out for heun",
        ),
        ("ddim --on t.toml --strong", "--strong"),
        (
            "accelerated-ddpm --on t.toml --strong",
            "--strong = accelerated-ddpm",
        ),
        ("ddpm --on t.toml --noise-scale 0.5", "--noise-scale = 0.5"),
        ("ddpm --on t.toml --threshold 0.9", "--threshold = 0.9"),
        (
            "ddpm --on t.toml --condition 0 --guidance 2",
            "--guidance = 2",
        ),
        ("ddim --on t.toml --condition 9", "--condition"),
        ("ddim --on t.toml --init s.npy", "s.npy"),
        ("ddim --on t.toml --init prior", "--init = prior"),
        ("ddim --on t.toml --solver heun", "--solver"),
        ("ddim --on t.toml --particles 0", "--particles = 0"),
    ] {
        let output = run(temp.path(), &format!("compare {line}"));
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {errors}");
        assert!(errors.contains(words), "{line}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{line}: {errors}");
        assert!(output.stdout.is_empty(), "{line}");
        assert_eq!(names(temp.path()), ["s.npy", "t.toml"], "{line}");
    }
    let doubtful =
        "compare sde-dpmpp-2m --on t.toml --nfe 160,320 --particles 64 --no-save --quiet";
    let output = run(temp.path(), &format!("{doubtful} --json --strict"));
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let found = object(&text(&output.stdout));
    assert_eq!(found["warnings"][0], "W-NO-ORDER");
    let row = &rows(&found, "sde-dpmpp-2m")[0];
    assert!(
        row["order"].is_null()
            && row["order_note"]
                .as_str()
                .unwrap()
                .contains("standard errors")
    );
    assert_eq!(run(temp.path(), doubtful).status.code(), Some(0));
}

/// Options of solvers that `diffuse` has: they change what they are for, and are refused by name for others.
#[test]
fn solver_options_are_those_of_diffuse() {
    let temp = folder();
    let error = |line: &str| {
        let found = compare(
            temp.path(),
            &format!("{line} --nfe 20 --particles 2000 --no-save"),
        );
        let row = found["rows"][0].as_object().unwrap().clone();
        (row["error"].as_f64().unwrap(), row["measure"].clone())
    };
    // Without its corrector it is its predictor.
    let (predictor, plain) = (
        error("unipc-3-bh2 --corrector off"),
        error("unip-3 --lower-order-final off"),
    );
    assert_eq!(predictor, plain);
    assert!(error("unipc-3-bh2").0 < 0.5 * plain.0);
    assert_eq!(
        error("gradient-estimation --extrapolation 1.5").0,
        error("ipndm-2").0
    );
    assert_eq!(error("heun").1, "solution");
    assert_eq!(error("heun --churn 20,0.1,5").1, "moments");
    assert_eq!(error("restart --restart 3,2,0.1,0.5").1, "moments");
    for (line, words) in [
        (
            "heun,ddim --churn 20",
            "--churn = 20: must be left out for ddim",
        ),
        (
            "heun,restart --restart 3,2,0.1,0.5",
            "--restart = 1 intervals: must be left out for heun",
        ),
        ("restart", "--restart = (not given): must be given"),
        (
            "ddim --corrector on",
            "--corrector = on: must be left out for ddim",
        ),
        (
            "lms --extrapolation 2",
            "--extrapolation = 2: must be left out for lms",
        ),
        ("heun --churn 20,5,1", "--churn"),
        ("restart --restart 3,2", "--restart"),
    ] {
        let output = run(temp.path(), &format!("compare {line} --on t.toml"));
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {errors}");
        assert!(errors.contains(words), "{line}: {errors}");
    }
}

/// A dry run's file gives the same rows: names with grids in them, options, and what compare does by itself.
#[test]
fn dry_runs_repeat_rows() {
    let temp = folder();
    for line in [
        "dpmpp-2m-karras",
        "dpmpp-2m-karras,ddim-karras",
        "dpmpp-2m-lu,ddim",
        "ddim,dpmpp-2m-karras,heun-lu",
        "dpmpp-2m-karras --grid time",
        "ddim,unip-2 --grid karras --rho 5",
        "heun,euler --churn 5,0.1,4",
        "unipc-2-bh2 --corrector off --lower-order-final on",
        "restart --restart 3,1,0.1,0.5",
        "gradient-estimation --extrapolation 1.7",
    ] {
        let line = format!("compare {line} --on t.toml --nfe 8,16 --particles 64");
        let file = ok(temp.path(), &format!("{line} --dry-run"));
        fs::write(temp.path().join("again.toml"), &file).unwrap();
        let timeless = |line: &str| {
            let mut found = json(temp.path(), &format!("{line} --no-save --quiet"));
            for row in found["rows"].as_array_mut().unwrap() {
                row.as_object_mut().unwrap().remove("cost").unwrap();
            }
            found["rows"].clone()
        };
        let rows = timeless(&line);
        assert_eq!(timeless("run again.toml"), rows, "{line}");
        let written = ok(temp.path(), "run again.toml --dry-run");
        assert_eq!(written, file, "{line}");
    }
}

/// What is at fault is named: the grid and not steps that nobody gave, and noise levels that a shift leaves out.
#[test]
fn grids_and_shifts_are_named() {
    let temp = folder();
    for (line, words) in [
        (
            "ddim --schedule vp-discrete --grid linspace --nfe 2000",
            "--grid = linspace: must allow 2000 steps; it allows 1 to 999 of linspace",
        ),
        ("ddim --grid linspace", "--grid = linspace"),
        (
            "ddim,deis-2 --final zero",
            "--final = zero: must be sigma-min or none for deis-2",
        ),
        (
            "unipc-11-bh2",
            "SOLVERS = unipc-11-bh2: must be a solver: this family has orders 1 to 10",
        ),
    ] {
        let output = run(temp.path(), &format!("compare {line} --on t.toml"));
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {errors}");
        assert!(errors.contains(words), "{line}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{line}: {errors}");
    }
    let shifted = "compare ddim,heun --on t.toml --nfe 8,20 --particles 64 --no-save --shift";
    let note = text(&run(temp.path(), &format!("{shifted} 30")).stderr);
    assert!(
        note.contains("--shift leaves") && note.contains("steps of ddim"),
        "{note}"
    );
    let silent = text(&run(temp.path(), &format!("{shifted} 1")).stderr);
    assert!(!silent.contains("--shift"), "{silent}");
}

/// Between modes far apart few particles end in another mode than the fine solution: their error is no order, and is told.
#[test]
fn few_particles_give_no_order() {
    let temp = folder();
    let line = "ddim,dpmpp-2m,heun --on grid-9 --nfe 20:160 --particles 1024 --out c --quiet";
    let found = json(temp.path(), &format!("compare {line}"));
    for name in ["dpmpp-2m", "heun"] {
        let rows = rows(&found, name);
        let note = rows[0]["order_note"].as_str().unwrap();
        assert!(rows[0]["order"].is_null() && rows[0]["order_low"].is_null());
        assert!(
            note.contains("few particles") && note.contains("median distance falls with order 2."),
            "{name}: {note}"
        );
        let (errors, medians) = (figures(&rows, "error"), figures(&rows, "error_median"));
        assert!(
            medians[3] < 0.3 * errors[3],
            "{name}: {medians:?} {errors:?}"
        );
    }
    assert_eq!(found["warnings"][0], "W-NO-ORDER");
    let html = fs::read_to_string(temp.path().join("c/report.html")).unwrap();
    assert!(
        html.contains("few particles that end in another mode") && html.contains(">median</th>")
    );
    assert!(!html.contains("asymptotic range") && !html.contains("not of the method"));
    assert!(ok(temp.path(), "summary c").contains(" median "));
}

/// An interval reaches to where a slope that still changes leads: to 2 of a method of order 2.
#[test]
fn intervals_cover_the_order() {
    let temp = folder();
    let found = compare(temp.path(), "heun,dpmpp-2m,ddim --no-save");
    for (name, order) in [("heun", 2.0), ("dpmpp-2m", 2.0), ("ddim", 1.0)] {
        let row = &rows(&found, name)[0];
        let ends = ["order_low", "order_high"].map(|end| row[end].as_f64().unwrap());
        assert!(ends[0] < order && order < ends[1], "{name}: {ends:?}");
        assert!(ends[1] - ends[0] < 0.2, "{name}: {ends:?}");
    }
}

/// Moments that are right to chance have no error to tell: none of 0, but what it is below.
#[test]
fn errors_below_their_noise_are_bounds() {
    let temp = folder();
    let line = "compare ddpm,sde-dpmpp-2m --on grid-9 --nfe 10:160 --particles 512";
    let found = json(temp.path(), &format!("{line} --out c --quiet"));
    let all = found["rows"].as_array().unwrap();
    let below: Vec<&Value> = all
        .iter()
        .filter(|row| !row["error_below"].is_null())
        .collect();
    assert!(!below.is_empty());
    for row in &below {
        assert!(row["error"].is_null() && row["error_se"].is_null());
        let bound = row["error_below"].as_f64().unwrap();
        assert!(bound > 0.05 && bound < 1.0, "{bound}");
    }
    assert!(
        all.iter()
            .all(|row| row["error"] != 0.0 && row["error_median"].is_null())
    );
    let table = ok(temp.path(), "summary c");
    assert_eq!(table.matches(" < ").count(), below.len(), "{table}");
    assert!(
        table.contains("below its noise") && !table.contains("0.000e0"),
        "{table}"
    );
    let csv = fs::read_to_string(temp.path().join("c/compare.csv")).unwrap();
    let head: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let column = head.iter().position(|name| *name == "error").unwrap();
    let empty = csv.lines().filter(|l| l.split(',').nth(column) == Some(""));
    assert_eq!(empty.count(), below.len(), "{csv}");
    let html = fs::read_to_string(temp.path().join("c/report.html")).unwrap();
    assert!(html.contains("An arrow is an error below its noise") && html.contains("&lt; 0."));
    assert!(!html.contains("Not on the picture"));
}

/// Runs that are made again to be timed are not counted: steps are those of every row once, and of the fine solutions.
#[test]
fn repeated_timings_are_not_counted() {
    let temp = folder();
    let found = compare(temp.path(), "ddim --nfe 8,16 --particles 64 --no-save");
    // unipc-3 in stages makes some steps more than its calls tell: those of three fine solutions alone are left.
    let fine = found["steps"].as_u64().unwrap() - 8 - 16;
    let twice = compare(temp.path(), "ddim --nfe 8,16,20 --particles 64 --no-save");
    assert_eq!(twice["steps"].as_u64().unwrap(), fine + 8 + 16 + 20);
}
