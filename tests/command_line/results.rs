//! Figures and arrays: the fields of `--json`, starts, precisions.

use super::{array, json, list, ok, same};
use serde_json::{Map, Value};
use std::fs;
use tempfile::tempdir;

const ALWAYS: [&str; 18] = [
    "driftlane",
    "isa",
    "verb",
    "target",
    "dim",
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
];

/// The fields of every verb and `own`, in that order, of the right types.
fn check_fields(object: &Map<String, Value>, own: &[&str]) {
    let keys: Vec<&str> = object.keys().map(String::as_str).collect();
    // Every population has intervals.
    let intervals = ["eti89_lb", "eti89_ub"];
    let mut expected = [&ALWAYS[..], own, &intervals].concat();
    // The parser sorts keys; order is tested where the text is made.
    expected.sort_unstable();
    assert_eq!(keys, expected);
    for key in ["driftlane", "isa", "verb", "target", "precision"] {
        assert!(object[key].is_string(), "{key}");
    }
    for key in [
        "dim",
        "particles",
        "steps",
        "threads",
        "seed",
        "gradient_evaluations",
        "density_evaluations",
        "nonfinite",
    ] {
        assert!(object[key].is_u64(), "{key}");
    }
    for key in [
        "seconds",
        "particle_steps_per_second",
        "gradients_per_second",
    ] {
        assert!(object[key].as_f64().is_some_and(|x| x >= 0.0), "{key}");
    }
    let codes = object["warnings"].as_array().unwrap();
    assert!(
        codes
            .iter()
            .all(|c| c.as_str().is_some_and(|c| c.starts_with("W-")))
    );
    assert!(object["out"].is_null() || object["out"].is_string());
    let dim = object["dim"].as_u64().unwrap() as usize;
    for key in ["mean", "sd"] {
        assert_eq!(list(object, key).len(), dim, "{key}");
    }
    // All moves over the seconds.
    let moves =
        object["particle_steps_per_second"].as_f64().unwrap() * object["seconds"].as_f64().unwrap();
    let expected =
        (object["steps"].as_u64().unwrap() * object["particles"].as_u64().unwrap()) as f64;
    assert!((moves / expected - 1.0).abs() < 1e-9, "{moves} {expected}");
}

#[test]
fn smc_reports_the_fields_of_the_contract() {
    let temp = tempdir().unwrap();
    let own = [
        "log_evidence",
        "log_evidence_se",
        "temperatures",
        "moves",
        "log_evidences",
        "islands",
        "wider_references",
        "ess",
        "acceptance",
        "autocorrelation_time",
        "resamplings",
        "mean",
        "mean_se",
        "sd",
    ];
    for (line, moves_per_stage, tuning) in [
        ("smc eight-gaussians --particles 512", 5, 10),
        (
            "smc gaussian --set dim=3 --particles 300 --step-size 0.7 --moves-per-stage 2",
            2,
            0,
        ),
        (
            "smc gaussian --particles 256 --move rwmh --precision f32 --ladder 0,0.2,1",
            5,
            10,
        ),
    ] {
        let object = json(temp.path(), &format!("{line} --no-save"));
        check_fields(&object, &own);
        assert!(object["out"].is_null());
        let temperatures = list(&object, "temperatures");
        assert_eq!(
            (temperatures.first(), temperatures.last()),
            (Some(&0.0), Some(&1.0))
        );
        assert!(temperatures.windows(2).all(|w| w[0] < w[1]));
        let stages = temperatures.len() - 1;
        let particles = object["particles"].as_f64().unwrap();
        let (ess, acceptance) = (list(&object, "ess"), list(&object, "acceptance"));
        assert_eq!((ess.len(), acceptance.len()), (stages, stages));
        assert!(ess.iter().all(|e| (1.0..=particles * 1.000001).contains(e)));
        assert!(acceptance.iter().all(|a| (0.0..=1.0).contains(a)));
        let steps = object["steps"].as_u64().unwrap() as usize;
        assert_eq!(steps, stages * moves_per_stage + tuning, "{line}");
        let se = object["log_evidence_se"].as_f64().unwrap();
        assert!(
            object["log_evidence"].as_f64().unwrap().abs() < 6.0 * se,
            "{line}"
        );
        assert!(object["resamplings"].as_u64().unwrap() as usize <= stages);
    }
    // No standard error: null and a warning.
    let line = "smc gaussian --particles 256 --resampler systematic --no-save";
    let object = json(temp.path(), line);
    assert!(object["log_evidence_se"].is_null());
    assert_eq!(object["warnings"], serde_json::json!(["W-NO-SE"]));
    let repeated = json(temp.path(), &format!("{line} --replicates 4 --seed 3"));
    assert!(repeated["log_evidence_se"].as_f64().unwrap() > 0.0);
}

#[test]
fn sample_reports_the_fields_of_the_contract() {
    let temp = tempdir().unwrap();
    let own = [
        "acceptance",
        "step_size",
        "trajectory_length",
        "mean",
        "sd",
        "r_hat_max",
        "r_hat_kind",
        "ess_bulk_min",
        "ess_tail_min",
        "mcse_mean",
        "divergences",
        "e_bfmi",
        "scales",
    ];
    let base = "sample gaussian --set dim=3 --set mean=2 --particles 96 --no-save";
    for (options, steps, adjusted, kept) in [
        ("--draws 12 --warmup 8", 20, true, true),
        ("--sampler rwmh --steps 40 --warmup 10", 50, true, false),
        (
            "--sampler rwmh --draws 20 --thin 3 --warmup 0",
            18,
            true,
            true,
        ),
        ("--sampler ula --step-size 0.05 --draws 16", 16, false, true),
        (
            "--sampler ula --step-size 0.05 --steps 70 --warmup 100",
            170,
            false,
            false,
        ),
        (
            "--step-size 0.4 --steps 30 --leapfrog-steps 3 --warmup 0",
            30,
            true,
            false,
        ),
    ] {
        for precision in ["f64", "f32"] {
            let line = format!("{base} {options} --precision {precision}");
            let object = json(temp.path(), &line);
            check_fields(&object, &own);
            assert_eq!(object["precision"], precision);
            assert_eq!(object["steps"], steps, "{line}");
            match object["acceptance"].as_f64() {
                Some(rate) => assert!(adjusted && (0.0..=1.0).contains(&rate), "{line}"),
                None => assert!(!adjusted && object["acceptance"].is_null(), "{line}"),
            }
            assert!(object["step_size"].as_f64().unwrap() > 0.0);
            for key in ["r_hat_max", "ess_bulk_min", "ess_tail_min"] {
                assert_eq!(object[key].is_number(), kept, "{line} {key}");
            }
            let errors = object["mcse_mean"].as_array().unwrap();
            assert_eq!(errors.len(), if kept { 3 } else { 0 }, "{line}");
            assert!(errors.iter().all(|e| e.as_f64().unwrap() > 0.0), "{line}");
            assert!(list(&object, "mean").iter().all(|m| (m - 2.0).abs() < 1.0));
        }
    }
    let given = json(
        temp.path(),
        &format!("{base} --step-size 0.25 --steps 5 --warmup 50"),
    );
    assert_eq!(
        given["step_size"], 0.25,
        "a given step size is never adapted"
    );
}

#[test]
fn arrays_hold_what_the_figures_say() {
    let temp = tempdir().unwrap();
    let line = "sample gaussian --set dim=2 --particles 40 --draws 21 --thin 2 --warmup 30 --out r";
    let object = json(temp.path(), line);
    let (shape, samples) = array(temp.path().join("r/samples.npy"));
    assert_eq!(shape, [40, 2]);
    let (shape, draws) = array(temp.path().join("r/draws.npy"));
    assert_eq!(shape, [10, 40, 2], "21 moves, every second kept");
    assert_eq!(
        draws[9 * 80..],
        samples,
        "the last draw is the last population"
    );
    for j in 0..2 {
        let column: Vec<f64> = draws.iter().skip(j).step_by(2).copied().collect();
        let n = column.len() as f64;
        let mean = column.iter().sum::<f64>() / n;
        let variance = column.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        assert!((list(&object, "mean")[j] - mean).abs() < 1e-9);
        assert!((list(&object, "sd")[j] / variance.sqrt() - 1.0).abs() < 2e-3);
    }
    // Single precision is written as doubles that single precision holds.
    ok(
        temp.path(),
        "smc gaussian --particles 64 --precision f32 --out s",
    );
    let (shape, samples) = array(temp.path().join("s/samples.npy"));
    assert_eq!(shape, [64, 1]);
    assert!(samples.iter().all(|&x| f64::from(x as f32) == x));
}

#[test]
fn particles_start_where_they_are_told() {
    let temp = tempdir().unwrap();
    let still = "--sampler ula --step-size 1e-14 --steps 1 --no-save";
    let positions: Vec<f64> = (0..14).map(f64::from).collect();
    driftlane::npy::write(temp.path().join("s.npy"), &[7, 2], &positions).unwrap();
    let line = "sample gaussian --set dim=2 --init s.npy";
    let object = json(temp.path(), &format!("{line} {still}"));
    assert_eq!(object["particles"], 7);
    let mean = list(&object, "mean");
    assert!(
        (mean[0] - 6.0).abs() < 1e-5 && (mean[1] - 7.0).abs() < 1e-5,
        "{mean:?}"
    );
    json(temp.path(), &format!("{line} --particles 7 {still}"));

    // The same positions, the first axis fastest.
    let mut bytes = fs::read(temp.path().join("s.npy")).unwrap();
    let header = String::from_utf8_lossy(&bytes[10..128]).replace("False", "True ");
    bytes.splice(10..128, header.bytes());
    let turned = (0..2).flat_map(|j| positions.iter().skip(j).step_by(2));
    bytes.splice(128.., turned.flat_map(|x| x.to_le_bytes()));
    fs::write(temp.path().join("s.npy"), bytes).unwrap();
    let turned = json(temp.path(), &format!("{line} {still}"));
    assert_eq!(same(turned), same(object));

    let line = format!("sample gaussian --set mean=5 --set sd=0.1 --particles 4096 {still}");
    for (init, sd) in [("exact", 0.1), ("reference", 0.2)] {
        let object = json(temp.path(), &format!("{line} --init {init}"));
        assert!((list(&object, "mean")[0] - 5.0).abs() < 0.02, "{init}");
        assert!((list(&object, "sd")[0] / sd - 1.0).abs() < 0.06, "{init}");
    }
    fs::write(temp.path().join("d.csv"), "y,a,b\n1,0.5,1\n0,-1,2\n1,2,0\n").unwrap();
    let line =
        format!("sample logistic --set data=d.csv --set prior_sd=3 --particles 4096 {still}");
    let prior = json(temp.path(), &format!("{line} --init prior"));
    assert!(
        list(&prior, "sd")
            .iter()
            .all(|s| (s / 3.0 - 1.0).abs() < 0.06)
    );
    assert_eq!(
        same(json(temp.path(), &line)),
        same(prior),
        "the prior is the default"
    );
}

/// log Z = 0 of a normalised target within four standard errors, however and whenever populations are
/// resampled.
#[test]
fn any_resampling_gives_the_evidence() {
    let folder = tempdir().unwrap();
    for options in [
        "--resample ess:0.5",
        "--resample never --ladder 0,0.1,0.3,0.6,1",
        "--resampler ssp --islands 16",
        "--resampler killing --islands 16 --resample ess:0.9",
        "--move mala",
        "--move barker",
        "--move ghmc --friction 0.5",
        "--move adjusted-mclmc",
        "--move pcn",
        "--move elliptical-slice",
    ] {
        let line = format!("smc gaussian --set dim=4 --no-save --quiet {options}");
        let out = json(folder.path(), &line);
        let (z, se) = (&out["log_evidence"], &out["log_evidence_se"]);
        let (z, se) = (z.as_f64().unwrap(), se.as_f64().unwrap());
        assert!(z.abs() < 4.0 * se && se < 0.3, "{options}: {z} +- {se}");
        if options.contains("--resample ") && !options.contains("islands") {
            let resamplings = out["resamplings"].as_u64().unwrap() as usize;
            assert!(
                resamplings < list(&out, "temperatures").len() - 1,
                "{options}: {resamplings}"
            );
        }
    }
}

/// Of kept draws, else of the last population: quantiles of the numbers that are written.
#[test]
fn intervals_are_quantiles_of_what_is_written() {
    let temp = tempdir().unwrap();
    for (name, line, file) in [
        (
            "draws",
            "sample eight-gaussians --particles 65 --draws 12",
            "draws.npy",
        ),
        (
            "steps",
            "sample gaussian --set dim=3 --steps 20 --particles 700",
            "samples.npy",
        ),
        (
            "smc",
            "smc gaussian --set dim=3 --particles 500 --precision f32",
            "samples.npy",
        ),
        ("diffuse", "diffuse grid-9 --particles 333", "samples.npy"),
    ] {
        let object = json(temp.path(), &format!("{line} --out {name}"));
        let path = temp.path().join(name).join(file);
        let array = driftlane::npy::read(&path, driftlane::npy::NonFinite::Keep).unwrap();
        let dim = object["dim"].as_u64().unwrap() as usize;
        for j in 0..dim {
            let mut column: Vec<f64> = array.values.iter().skip(j).step_by(dim).copied().collect();
            column.sort_by(f64::total_cmp);
            for (key, p) in [("eti89_lb", 0.055), ("eti89_ub", 0.945)] {
                let place = p * (column.len() - 1) as f64;
                let (k, part) = (place as usize, place.fract());
                let wanted = column[k] + part * (column[k + 1] - column[k]);
                let got = object[key][j].as_f64().unwrap();
                assert!(
                    (got - wanted).abs() < 1e-9,
                    "{line}: {key} {j}: {got}, {wanted}"
                );
            }
        }
    }
}
