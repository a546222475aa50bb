//! `diffuse`: another implementation's results through the command line, the program, the fields, refusals.

use super::{json, list, ok, run, text};
use serde_json::Value;
use std::fs;
use tempfile::tempdir;

fn numbers(value: &Value) -> Vec<f64> {
    let items = value.as_array().unwrap().iter();
    items.map(|v| v.as_f64().unwrap()).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

fn npy(values: &[f64], shape: &[usize]) -> Vec<u8> {
    let shape: Vec<String> = shape.iter().map(ToString::to_string).collect();
    let shape = format!("({},)", shape.join(", "));
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    values.iter().for_each(|v| bytes.extend(v.to_le_bytes()));
    bytes
}

fn floats(bytes: &[u8]) -> Vec<f64> {
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let words = bytes[start..].chunks_exact(8);
    words
        .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
        .collect()
}

/// All 84 entries of diffusers, noise levels and starts from files, within 1e-9 (1e-3 for lms).
#[test]
fn another_implementation_is_reproduced_step_for_step() {
    let temp = tempdir().unwrap();
    let oracle: Value =
        serde_json::from_str(include_str!("../diffusion/data/diffusers.json")).unwrap();
    let target = format!(
        "kind = \"mixture\"\nweights = {}\nmeans = {}\nstds = {}\n",
        oracle["weights"], oracle["means"], oracle["stds"]
    );
    fs::write(temp.path().join("target.toml"), target).unwrap();
    for (entry, known) in oracle["entries"].as_object().unwrap() {
        let method = entry.split('/').next().unwrap();
        let mut levels = numbers(&known["noise_levels"]);
        levels.dedup();
        if method == "kdpm2" {
            levels = levels.into_iter().step_by(2).collect();
        }
        let init = known["init_sigma"].as_f64().unwrap();
        let scale = if init == 1.0 {
            1.0
        } else {
            init / levels[0].hypot(1.0)
        };
        let starts: Vec<f64> = rows(&oracle["start"])
            .concat()
            .iter()
            .map(|x| x * scale)
            .collect();
        fs::write(
            temp.path().join("levels.npy"),
            npy(&levels, &[levels.len()]),
        )
        .unwrap();
        fs::write(
            temp.path().join("starts.npy"),
            npy(&starts, &[starts.len() / 2, 2]),
        )
        .unwrap();
        let line = format!(
            "diffuse target.toml --solver {method} --schedule vp-discrete --sigmas levels.npy \
             --init starts.npy --out out --force --quiet"
        );
        let object = json(temp.path(), &line);
        assert_eq!(object["grid"], "given");
        let ends = floats(&fs::read(temp.path().join("out/samples.npy")).unwrap());
        let allowed = if method == "lms" { 1e-3 } else { 1e-9 };
        for (end, known) in ends.iter().zip(rows(&known["end"]).concat()) {
            assert!((end - known).abs() <= allowed, "{entry}: {end} {known}");
        }
    }
}

#[test]
fn diffuse_reports_its_fields_and_repeats_itself() {
    let temp = tempdir().unwrap();
    let line = "diffuse eight-gaussians --solver dpmpp-2m-karras --steps 30 --particles 20000 \
                --schedule edm --quiet";
    let first = json(temp.path(), &format!("{line} --out first"));
    assert_eq!(first["verb"], "diffuse");
    assert_eq!(first["solver"], "dpmpp-2m");
    assert_eq!(first["grid"], "karras");
    assert_eq!(first["schedule"], "edm");
    assert_eq!(first["nfe"], 30);
    assert_eq!(first["steps"], 30);
    assert_eq!(first["gradient_evaluations"], 600_000);
    // The ring has sd sqrt(50.7); 5 standard errors and 1% for the solver.
    for (mean, sd) in list(&first, "mean").iter().zip(list(&first, "sd")) {
        assert!(mean.abs() < 5.0 * 7.12 / 20_000f64.sqrt() + 0.07, "{mean}");
        assert!((sd / 50.7f64.sqrt() - 1.0).abs() < 0.03, "{sd}");
    }
    for file in ["config.toml", "samples.npy", "summary.json", "report.html"] {
        assert!(temp.path().join("first").join(file).exists(), "{file}");
    }
    let again = json(
        temp.path(),
        "run first/config.toml --no-save --quiet --threads 1",
    );
    assert_eq!(first["mean"], again["mean"]);
    let single = json(temp.path(), &format!("{line} --no-save --precision f32"));
    assert!((list(&single, "sd")[0] - list(&first, "sd")[0]).abs() < 1e-3);
    let calls = json(
        temp.path(),
        "diffuse gaussian --solver heun --nfe 20 --no-save --quiet",
    );
    assert_eq!((&calls["nfe"], &calls["steps"]), (&19.into(), &10.into()));
    let exact =
        "diffuse fab-40 --init exact --schedule flow --solver unipc-3-bh2 --no-save --quiet";
    assert_eq!(json(temp.path(), exact)["nfe"], 20);
}

#[test]
fn the_program_is_printed() {
    let temp = tempdir().unwrap();
    let output = ok(
        temp.path(),
        "diffuse gaussian --solver dpmpp-2m --steps 5 --program",
    );
    let program: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(program["nfe"], 5);
    assert_eq!(program["steps"].as_array().unwrap().len(), 5);
    assert!(!temp.path().join("runs").exists());
    for group in ["solvers", "schedules"] {
        let listed = ok(temp.path(), &format!("list {group}"));
        assert!(
            listed.contains("dpmpp-2m") || listed.contains("vp-cosine"),
            "{listed}"
        );
    }
}

#[test]
fn bad_input_is_refused_in_a_line() {
    let temp = tempdir().unwrap();
    fs::write(
        temp.path().join("square.npy"),
        npy(&[3.0, 2.0, 1.0, 0.5], &[2, 2]),
    )
    .unwrap();
    for (line, words) in [
        ("gaussian --solver dpmpp2m", "--solver = dpmpp2m"),
        ("gaussian --steps 0", "--steps = 0"),
        ("gaussian --nfe -3", "--nfe = -3"),
        ("gaussian --solver heun --nfe 0", "--nfe = 0"),
        ("gaussian --steps 3 --nfe 3", "--nfe"),
        ("gaussian --schedule linear", "--schedule = linear"),
        ("gaussian --grid cubic", "--grid = cubic"),
        ("gaussian --sigmas 1,2", "--sigmas = 2"),
        ("gaussian --sigmas 3,nan", "--sigmas"),
        ("gaussian --sigmas 3,-1", "--sigmas"),
        ("gaussian --sigmas inf,1", "--sigmas"),
        ("gaussian --sigmas 3 --final none", "--sigmas"),
        ("gaussian --sigmas 3,2 --steps 2", "--steps"),
        ("gaussian --sigmas square.npy", "square.npy"),
        ("gaussian --sigmas absent.npy", "absent.npy"),
        ("gaussian --final never", "--final = never"),
        (
            "gaussian --solver deis-3 --final zero",
            "must be above 0 at the end",
        ),
        ("gaussian --solver deis-2 --final zero", "--final = zero"),
        ("gaussian --solver dpm-3s --final zero", "--final = zero"),
        ("gaussian --solver t-ab-2 --final zero", "--final = zero"),
        (
            "gaussian --solver deis-2 --sigmas 3,1,0",
            "--sigmas = 0: must be above 0 at the end",
        ),
        (
            "gaussian --solver foo",
            "--solver = foo: must be a solver (see: driftlane list solvers)",
        ),
        (
            "gaussian --solver unipc-3",
            "did you mean unipc-3-bh1, unipc-3-bh2",
        ),
        (
            "gaussian --solver unip-11-noise",
            "must be a solver: this family has orders 1 to 10",
        ),
        (
            "gaussian --solver dpm-adaptive-12 --schedule flow",
            "falling noise levels, finite",
        ),
        ("gaussian --solver dpm-adaptive-12 --sigmas 1,5", "--sigmas"),
        ("gaussian --solver dpm-adaptive-12 --grid karras", "--grid"),
        ("gaussian --solver restart", "--restart"),
        ("gaussian --sigmas 10,5,1 --rho 3", "--rho"),
        ("gaussian --solver heun --rtol 0.1", "--rtol"),
        ("gaussian --solver ddim --brownian-path", "--brownian-path"),
        (
            "gaussian --solver dpmpp-3m-corrected --eta 1 --start-up stages",
            "--eta = 1",
        ),
        ("grid-9 --condition 0,0", "--condition"),
        ("gaussian --init reference", "--init"),
        ("gaussian --step-size 0.1", "--step-size"),
        ("banana", "denoiser"),
        ("gaussian --program --solver x", "--solver"),
    ] {
        let output = run(temp.path(), &format!("diffuse {line} --out out"));
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {errors}");
        assert!(errors.contains(words), "{line}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{line}: {errors}");
        assert!(!temp.path().join("out").exists(), "{line}");
    }
}

/// The experiment file of any run repeats it, whatever gave its grid.
#[test]
fn experiment_files_repeat_runs() {
    let temp = tempdir().unwrap();
    for options in [
        "--sigmas 10,5,1,0.1",
        "--schedule vp-discrete --timesteps 900,500,100 --final sigma-min",
        "--nfe 15 --solver heun --churn 10,0.1,5",
        "--steps 9 --solver restart --restart 3,2,0.1,0.5,4,1,1,3",
        "--solver sde-dpmpp-2m --eta 0.5 --brownian-path --condition 1,2 --guidance 1.5",
        "--solver dpm-adaptive-23 --rtol 0.01",
        "--solver unipc-2-bh1 --start-up stages --lower-order-final off --shift 1.5 --threshold 0.9",
    ] {
        let line = format!("diffuse grid-9 {options} --particles 40 --quiet --force --out a");
        ok(temp.path(), &line);
        ok(temp.path(), "run a/config.toml --quiet --force --out b");
        let samples =
            |folder: &str| fs::read(temp.path().join(folder).join("samples.npy")).unwrap();
        assert_eq!(samples("a"), samples("b"), "{options}");
    }
}

/// A refusal of a name tells near names, a few of them, and none that is another word.
#[test]
fn hints_are_near() {
    let temp = tempdir().unwrap();
    let error = |line: &str| {
        let output = run(temp.path(), &format!("diffuse gaussian {line} --no-save"));
        assert_eq!(output.status.code(), Some(2), "{line}");
        text(&output.stderr)
    };
    for line in [
        "--solver foo",
        "--solver dpmpp2m",
        "--solver unipc",
        "--solver dpm-4s",
    ] {
        let error = error(line);
        assert!(error.len() < 250, "{line}: {error}");
    }
    assert!(!error("--solver foo").contains("did you mean"));
    assert!(error("--solver dpmpp2m").contains("did you mean dpmpp-2m"));
    assert!(!error("--schedule foo").contains("did you mean"));
    assert!(error("--schedule vp-linaer").contains("did you mean vp-linear?"));
}

/// Noise levels that a shift moves beyond the schedule's ends are told of.
#[test]
fn shifts_that_lose_steps_say_so() {
    let temp = tempdir().unwrap();
    let line = "diffuse gaussian --particles 64 --no-save --steps 20";
    let note = |more: &str| text(&run(temp.path(), &format!("{line} {more}")).stderr);
    let told = note("--shift 20");
    let left = told.split("--shift leaves ").nth(1).unwrap();
    let left: usize = left.split(' ').next().unwrap().parse().unwrap();
    let found = json(temp.path(), &format!("{line} --shift 20 --quiet"));
    assert!(left < 20 && found["steps"] == left, "{told} {found:?}");
    assert!(told.contains("of 20 steps of dpmpp-2m"), "{told}");
    for silent in ["", "--shift 1", "--shift 20 --quiet"] {
        assert!(!note(silent).contains("--shift"), "{silent}");
    }
}
