//! `smc --keep-particles`: the weighted particles of every temperature, as `trace.zarr` holds them.

use std::fs;
use std::path::Path;
use std::process::Command;

const PARTICLES: usize = 500;

fn program(folder: &Path, line: &str) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_driftlane"))
        .current_dir(folder)
        .args(line.split_whitespace())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn words(path: &Path) -> Vec<[u8; 8]> {
    fs::read(path)
        .unwrap()
        .chunks_exact(8)
        .map(|w| w.try_into().unwrap())
        .collect()
}

#[test]
fn weights_and_ancestors_are_those_of_the_run() {
    for resampler in ["multinomial", "systematic"] {
        let temp = tempfile::tempdir().unwrap();
        let line =
            format!("smc grid-9 --particles {PARTICLES} --resampler {resampler} --quiet --json");
        let (_, plain, _) = program(temp.path(), &format!("{line} --out plain"));
        let (code, kept, errors) =
            program(temp.path(), &format!("{line} --keep-particles --out kept"));
        assert_eq!(code, Some(0), "{errors}");
        let object = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        let (plain, kept) = (object(&plain), object(&kept));
        // Looking changes nothing.
        for key in ["log_evidence", "ess", "temperatures", "mean"] {
            assert_eq!(plain[key], kept[key], "{key}");
        }
        let samples = |name: &str| fs::read(temp.path().join(name).join("samples.npy")).unwrap();
        assert!(samples("plain") == samples("kept"));

        let group = temp.path().join("kept/trace.zarr/smc_particles");
        let ess = kept["ess"].as_array().unwrap();
        for (stage, ess) in ess.iter().enumerate() {
            let weights = words(&group.join(format!("log_weight/c/{stage}/0")));
            let weights: Vec<f64> = weights
                .into_iter()
                .map(|w| driftlane::Lane::exp(f64::from_le_bytes(w)))
                .collect();
            let sum: f64 = weights.iter().sum();
            assert!(
                (sum - 1.0).abs() < 1e-12,
                "stage {stage}: the weights sum to {sum}"
            );
            let own = 1.0 / weights.iter().map(|w| w * w).sum::<f64>();
            let told = ess.as_f64().unwrap();
            assert!(
                (own - told).abs() < 1e-9 * told,
                "stage {stage}: ESS {own}, told {told}"
            );
            let ancestors = words(&group.join(format!("ancestor/c/{stage}/0")));
            let mut offspring = vec![0i32; PARTICLES];
            for ancestor in ancestors {
                offspring[i64::from_le_bytes(ancestor) as usize] += 1;
            }
            // Systematic counts are within one of N W; multinomial ones within six standard deviations.
            for (count, weight) in offspring.iter().zip(&weights) {
                let expected = PARTICLES as f64 * weight;
                let allowed = match resampler {
                    "systematic" => 1.0,
                    _ => 6.0f64.mul_add(expected.sqrt(), 3.0),
                };
                let off = (f64::from(*count) - expected).abs();
                assert!(
                    off <= allowed,
                    "stage {stage}: {count} offspring of {expected}"
                );
            }
        }
        assert!(!group.join(format!("x/c/{}/0/0", ess.len())).exists());
        // Stages of particles and of the ladder are the same: weights of a stage are of its temperature.
        let of = |path: &str| words(&group.join("..").join(path));
        let stages = of("smc_particles/stage/c/0")[..ess.len()].to_vec();
        assert_eq!(stages, of("smc_ladder/stage/c/0"));
        assert_eq!(stages[0], 1i64.to_le_bytes());
        let temperatures = of("smc_particles/inverse_temperature/c/0");
        assert_eq!(temperatures, of("smc_ladder/inverse_temperature/c/0"));
        let told = kept["temperatures"].as_array().unwrap();
        for (found, told) in temperatures.iter().zip(&told[1..]) {
            assert_eq!(f64::from_le_bytes(*found), told.as_f64().unwrap());
        }
        let attributes = |array: &str| {
            let text = fs::read_to_string(group.join(array).join("zarr.json")).unwrap();
            object(&text)["attributes"].clone()
        };
        assert_eq!(attributes("log_weight")["normalised"], true);
        let direction = attributes("ancestor")["description"].to_string();
        assert!(direction.contains("particle of this stage") && direction.contains("of the next"));
        // The last stage, resampled and moved, is the result; the first is drawn from the reference: all differ.
        let first = fs::read(group.join("x/c/0/0/0")).unwrap();
        assert_eq!(first.len(), PARTICLES * 2 * 8);
    }
}

#[test]
fn it_is_refused_where_it_has_no_meaning() {
    let temp = tempfile::tempdir().unwrap();
    for other in [
        "--islands 4",
        "--replicates 2",
        "--waste-free 10",
        "--no-save",
    ] {
        let (code, _, errors) = program(
            temp.path(),
            &format!("smc grid-9 --particles 100 --keep-particles {other}"),
        );
        assert_eq!(code, Some(2), "{other}: {errors}");
        let option = other.split(' ').next().unwrap();
        assert!(
            errors.contains("--keep-particles") && errors.contains(option),
            "{errors}"
        );
        assert_eq!(errors.lines().count(), 1);
        // Why, too.
        let (_, why) = errors.split_once(&format!("with {option}: ")).unwrap();
        assert!(why.split_whitespace().count() > 4, "{errors}");
    }
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
}
