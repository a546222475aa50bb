//! Islands: log Z with any resampling scheme, its error, one population out of many, same bytes.
#![allow(clippy::disallowed_methods)]

mod gates;

use driftlane::flow::Resampler;
use driftlane::smc::{Ladder, Smc, SmcResult};
use driftlane::target::library::mixture::fab_40;
use driftlane::target::library::{Gaussian, Mixture};
use gates::{Gate, must_fail, must_pass, within};

fn target() -> Gaussian {
    Gaussian::diagonal(vec![1.0, -2.0, 0.5], vec![0.5, 1.5, 1.0]).unwrap()
}

fn run(resampler: Resampler, islands: usize, seed: u64) -> SmcResult {
    Smc::new(&target())
        .particles(2050)
        .islands(islands)
        .resampler(resampler)
        .seed(seed)
        .run()
        .unwrap()
}

/// log Z = 0 within 1.96 of its errors in at least 86 of 100 runs: of a coverage of 0.95 fewer happen
/// with probability 2e-4.
fn covers(results: &[SmcResult], factor: f64) -> Gate {
    let inside = results
        .iter()
        .filter(|r| r.log_evidence.abs() <= 1.96 * factor * r.log_evidence_se.unwrap())
        .count();
    within("runs that cover", inside as f64, 100.0, 14.0)
}

#[test]
fn the_spread_of_islands_is_the_error_of_log_z() {
    for resampler in [Resampler::Systematic, Resampler::Ssp] {
        let results: Vec<SmcResult> = (0..100).map(|seed| run(resampler, 16, seed)).collect();
        must_pass(covers(&results, 1.0));
        must_fail("half the error", covers(&results, 0.5));
        // An error that covers by being enormous would be no use: 2050 particles give about 0.05.
        for result in &results {
            assert!(result.log_evidence_se.unwrap() < 0.25);
            assert_eq!(result.log_evidences.len(), 16);
        }
    }
}

/// The merged population has the moments of the target, though islands differ in Z.
#[test]
fn islands_become_one_population() {
    let means = vec![vec![-3.0, 0.0], vec![3.0, 1.0]];
    let target = Mixture::isotropic(vec![0.3, 0.7], means, vec![0.5, 0.5]).unwrap();
    let result = Smc::new(&target)
        .particles(40_003)
        .islands(16)
        .resampler(Resampler::Stratified)
        .run()
        .unwrap();
    let n = result.samples.len() / 2;
    assert_eq!(n, 40_003);
    let right = result
        .samples
        .to_vec()
        .chunks_exact(2)
        .filter(|x| x[0] > 0.0)
        .count() as f64
        / n as f64;
    // Islands are correlated within: five standard errors of the spread of a run's own mean.
    must_pass(within("mass of the right mode", right, 0.7, 0.03));
    must_fail("equal masses", within("mass", 0.5, 0.7, 0.03));
    let mean = result
        .samples
        .to_vec()
        .chunks_exact(2)
        .map(|x| x[0])
        .sum::<f64>()
        / n as f64;
    must_pass(within("mean", mean, result.mean[0], 0.05));
    must_pass(within("mean", result.mean[0], 1.2, 0.2));
}

/// Small islands on a hard target differ in Z by factors: the merged population follows their weights.
#[test]
fn an_island_weighs_its_evidence() {
    let target = fab_40();
    let result = Smc::new(&target)
        .particles(1600)
        .islands(32)
        .resampler(Resampler::Systematic)
        .moves_per_stage(1)
        .ladder(Ladder::fixed(vec![0.0, 0.02, 0.2, 1.0]).unwrap())
        .run()
        .unwrap();
    let spread = |z: &[f64]| {
        let m = z.iter().sum::<f64>() / z.len() as f64;
        (z.iter().map(|z| (z - m) * (z - m)).sum::<f64>() / z.len() as f64).sqrt()
    };
    assert!(
        spread(&result.log_evidences) > 0.3,
        "{:?}",
        result.log_evidences
    );
    let gate = |samples: &[f64]| -> Gate {
        let n = samples.len() as f64 / 2.0;
        for j in 0..2 {
            let mean = samples.iter().skip(j).step_by(2).sum::<f64>() / n;
            // Copies are whole numbers: a sixth of the sd over the root of 1600.
            within("mean", mean, result.mean[j], 0.3)?;
        }
        Ok(())
    };
    must_pass(gate(&result.samples.to_vec()));
    let shifted: Vec<f64> = result.samples.to_vec().iter().map(|x| x + 1.0).collect();
    must_fail("a shift by one", gate(&shifted));
}

#[test]
fn islands_are_the_same_bytes_with_any_number_of_threads() {
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| run(Resampler::Branching, 7, 3))
    };
    let one = with(1);
    for threads in [2, 3, 7] {
        let other = with(threads);
        assert_eq!(one.samples.to_vec(), other.samples.to_vec());
        assert_eq!(one.log_evidences, other.log_evidences);
        assert_eq!(one.log_evidence_se, other.log_evidence_se);
    }
    let other = run(Resampler::Branching, 7, 4);
    assert_ne!(one.samples.to_vec(), other.samples.to_vec());
}

#[test]
fn too_many_islands_are_refused() {
    let target = target();
    let refuse = |smc: Smc<'_>| smc.run().unwrap_err().to_string();
    let message = refuse(Smc::new(&target).particles(100).islands(51));
    assert!(
        message.contains("islands") && message.contains("51") && message.contains("50"),
        "{message}"
    );
    let message = refuse(Smc::new(&target).islands(0));
    assert!(message.contains("islands"), "{message}");
    let message = refuse(Smc::new(&target).islands(4).replicates(2));
    assert!(
        message.contains("islands") && message.contains("replicates"),
        "{message}"
    );
}
