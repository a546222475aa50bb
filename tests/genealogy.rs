//! Errors from the genealogy: of means, and of log Z after so many resamplings that all descend from one.
#![allow(clippy::disallowed_methods)]

mod gates;

use driftlane::flow::Resampler;
use driftlane::smc::{Smc, SmcResult};
use driftlane::target::Reference;
use driftlane::target::library::Gaussian;
use driftlane::target::library::mixture::eight_gaussians;
use gates::{Gate, known_to, mean_is, must_fail, must_pass, variance, within};

fn target() -> Gaussian {
    Gaussian::diagonal(vec![1.0, -2.0], vec![0.5, 1.5]).unwrap()
}

/// Twenty-two temperatures for 64 particles.
fn long_run(lag: Option<usize>, seed: u64) -> SmcResult {
    let target = Gaussian::isotropic(vec![1.0; 20], 0.05).unwrap();
    let reference = Reference::standard_normal(20);
    let smc = Smc::new(&target)
        .particles(64)
        .seed(seed)
        .reference(reference);
    lag.map_or(smc.clone(), |lag| smc.lag(lag)).run().unwrap()
}

/// The mean reported variance of log Z over its variance over runs, which 400 of them tell to 7%
/// (sqrt(2/399)); four of those, and 10% for the delta method.
fn is_calibrated(name: &str, results: &[SmcResult], factor: f64) -> Gate {
    let estimates: Vec<f64> = results.iter().map(|r| r.log_evidence).collect();
    let reported = results.iter().filter_map(|r| r.log_evidence_se);
    let reported: f64 = reported.map(|se| se * se).sum::<f64>() / results.len() as f64;
    within(name, factor * reported / variance(&estimates), 1.0, 0.38)
}

/// After 22 resamplings 64 particles descend from six or fewer, and V from time 0 tells half the variance;
/// what two or four resamplings back add is known.
#[test]
fn a_lag_outlives_the_ancestors() {
    let runs = |lag| (0..400).map(|seed| long_run(lag, seed)).collect::<Vec<_>>();
    let coalesced = runs(None);
    let ancestors = |r: &SmcResult| r.surviving_ancestors.unwrap();
    assert!(coalesced.iter().all(|r| ancestors(r) <= 6));
    assert!(coalesced.iter().any(|r| r.log_evidence_se.is_none()));
    must_fail("time 0", is_calibrated("variance", &coalesced, 1.0));
    for lag in [2, 4] {
        let results = runs(Some(lag));
        assert!(results.iter().all(|r| r.log_evidence_se.is_some()));
        must_pass(is_calibrated("lagged variance", &results, 1.0));
        must_fail("half", is_calibrated("lagged variance", &results, 0.5));
        must_fail("twice", is_calibrated("lagged variance", &results, 2.0));
    }
}

#[test]
fn a_lag_as_long_as_the_run_is_none() {
    let target = eight_gaussians();
    let smc = Smc::new(&target).particles(500);
    let plain = smc.clone().run().unwrap();
    let stages = plain.temperatures.len() - 1;
    for lag in [stages, 40] {
        let lagged = smc.clone().lag(lag).run().unwrap();
        assert_eq!(plain.log_evidence, lagged.log_evidence);
        assert_eq!(plain.log_evidence_se, lagged.log_evidence_se);
        assert_eq!(plain.mean_se, lagged.mean_se);
        assert_eq!(plain.samples.to_vec(), lagged.samples.to_vec());
    }
    let refused = smc.lag(0).run().unwrap_err().to_string();
    assert!(refused.contains("lag"), "{refused}");
}

/// Means within two of their errors in at least 180 of 200 runs of every kind: of a coverage of 0.95
/// fewer happen with probability 1e-3 a coordinate, of 0.9 with probability one half.
fn covers(name: &str, results: &[SmcResult], exact: &[f64], factor: f64) -> Gate {
    for (j, exact) in exact.iter().enumerate() {
        let inside = results
            .iter()
            .filter(|r| (r.mean[j] - exact).abs() <= 2.0 * factor * r.mean_se.as_ref().unwrap()[j]);
        within(name, inside.count() as f64, 200.0, 20.0)?;
    }
    Ok(())
}

#[test]
fn errors_of_means_cover() {
    let gaussian = target();
    let eight = eight_gaussians();
    let smc = Smc::new(&gaussian).particles(600);
    let cases = [
        ("genealogy", smc.clone(), vec![1.0, -2.0]),
        ("lagged", smc.clone().lag(2), vec![1.0, -2.0]),
        ("modes", Smc::new(&eight).particles(600), vec![0.0, 0.0]),
        (
            "islands",
            smc.clone().islands(20).resampler(Resampler::Ssp),
            vec![1.0, -2.0],
        ),
        (
            "replicates",
            smc.clone().particles(100).replicates(8),
            vec![1.0, -2.0],
        ),
        (
            "chains",
            smc.clone().particles(6400).waste_free(64),
            vec![1.0, -2.0],
        ),
    ];
    for (name, smc, exact) in cases {
        let results: Vec<SmcResult> = (0..200)
            .map(|seed| smc.clone().seed(seed).run().unwrap())
            .collect();
        let first: Vec<f64> = results.iter().map(|r| r.mean[0]).collect();
        known_to(name, &first, 0.08 * results[0].sd[0]);
        must_pass(mean_is(name, &first, exact[0], 4.5));
        must_pass(covers(name, &results, &exact, 1.0));
        must_fail("half the error", covers(name, &results, &exact, 0.5));
    }
    let systematic = smc.resampler(Resampler::Systematic).run().unwrap();
    assert!(systematic.mean_se.is_none());
}
