//! Waste-free SMC: unbiased evidence, an error that covers, all states drawn from the target.
#![allow(clippy::disallowed_methods)]

mod gates;

use driftlane::flow::{Resampler, Resampling};
use driftlane::kernels::F32;
use driftlane::mcmc::{MoveKind, MoveSettings};
use driftlane::smc::{LONG_CHAIN, Smc, SmcResult};
use driftlane::target::library::mixture::eight_gaussians;
use driftlane::target::library::{Gaussian, ManyWell};
use driftlane::target::{BlockTarget, Target};
use gates::{Gate, known_to, mean_is, must_fail, must_pass, variance, within};

fn target() -> Gaussian {
    Gaussian::diagonal(vec![1.0, -2.0, 0.5], vec![0.5, 1.5, 1.0]).unwrap()
}

fn runs(target: &dyn BlockTarget, states: usize, particles: usize, count: u64) -> Vec<SmcResult> {
    let smc = Smc::new(target).particles(particles).waste_free(states);
    (0..count)
        .map(|seed| smc.clone().seed(seed).run().unwrap())
        .collect()
}

/// With a replayed schedule E Z = 1 for four chains of three states, whatever the resampling scheme.
/// Power (95%): a bias of 6.645 x 0.005 = 3.3%.
#[test]
fn evidence_is_unbiased() {
    let target = target();
    for resampler in [Resampler::Multinomial, Resampler::Systematic] {
        let smc = Smc::new(&target)
            .waste_free(3)
            .resampler(resampler)
            .mover(MoveSettings {
                leapfrog_steps: 2,
                ..MoveSettings::default()
            });
        let schedule = smc.clone().particles(300).run().unwrap().schedule;
        let result = smc
            .particles(12)
            .seed(5)
            .replicates(40_000)
            .schedule(schedule);
        let result = result.run().unwrap();
        let z: Vec<f64> = result.log_evidences.iter().map(|z| z.exp()).collect();
        known_to("Z of 12 states", &z, 0.005);
        must_pass(mean_is("mean Z", &z, 1.0, 5.0));
        let scaled: Vec<f64> = z.iter().map(|z| 1.04 * z).collect();
        must_fail("a factor of 1.04", mean_is("mean Z", &scaled, 1.0, 5.0));
    }
}

/// log Z within two of its errors in at least 86 of 100 runs: of a coverage of 0.95 fewer happen with
/// probability 2e-4.
fn covers(results: &[SmcResult], exact: f64, factor: f64) -> Gate {
    let inside = results
        .iter()
        .filter(|r| (r.log_evidence - exact).abs() <= 2.0 * factor * r.log_evidence_se.unwrap());
    within("runs that cover", inside.count() as f64, 100.0, 14.0)
}

#[test]
fn the_error_of_log_z_covers() {
    let wells = ManyWell::new(8).unwrap();
    let exact = Target::exact(&wells).log_evidence.unwrap();
    // Many short chains, which remember: their genealogy. Few long ones: their autocovariance.
    for (target, exact, states) in [
        (&wells as &dyn BlockTarget, exact, 4),
        (&eight_gaussians(), 0.0, 16),
        (&eight_gaussians(), 0.0, 256),
    ] {
        let results = runs(target, states, 8192, 100);
        must_pass(covers(&results, exact, 1.0));
        must_fail("half the error", covers(&results, exact, 0.5));
    }
}

/// The mean of the squared errors is the variance of log Z. Over 600 runs a sample variance is known to
/// 5.8% (sqrt(2/599)); 4 of those. The delta method and what chains remember are below 5% here.
#[test]
fn long_chains_know_their_variance() {
    let results = runs(&eight_gaussians(), 128, 4096, 600);
    for result in &results {
        assert!(result.autocorrelation_time.unwrap() * LONG_CHAIN < 128.0);
    }
    let estimates: Vec<f64> = results.iter().map(|r| r.log_evidence).collect();
    let reported = results
        .iter()
        .map(|r| r.log_evidence_se.unwrap().powi(2))
        .sum::<f64>()
        / 600.0;
    let ratio = |factor: f64| {
        within(
            "variance",
            factor * reported / variance(&estimates),
            1.0,
            0.28,
        )
    };
    must_pass(ratio(1.0));
    must_fail("half the variance", ratio(0.5));
    must_fail("one and a half times the variance", ratio(1.5));
}

/// Means and variances over all states, from 60 runs of 2048, in both precisions.
#[test]
fn states_follow_the_target() {
    let target = target();
    for kind in [MoveKind::Mala, MoveKind::Hmc, MoveKind::Rwmh] {
        let smc = Smc::new(&target).waste_free(32).mover(MoveSettings {
            kind,
            ..MoveSettings::default()
        });
        let results: Vec<SmcResult> = (0..60)
            .map(|seed| match seed % 2 {
                0 => smc.clone().seed(seed).run().unwrap(),
                _ => smc
                    .clone()
                    .seed(seed)
                    .run_in::<F32>(&mut |_, _| {})
                    .unwrap(),
            })
            .collect();
        for (j, (mean, sd)) in [(1.0, 0.5), (-2.0, 1.5), (0.5, 1.0)]
            .into_iter()
            .enumerate()
        {
            let means: Vec<f64> = results.iter().map(|r| r.mean[j]).collect();
            let variances: Vec<f64> = results.iter().map(|r| r.sd[j].powi(2)).collect();
            known_to("mean", &means, 0.03 * sd);
            must_pass(mean_is("mean", &means, mean, 4.5));
            must_fail("shifted", mean_is("mean", &means, mean + 0.2 * sd, 4.5));
            // Of a population a variance is short by what its mean varies, below 1% here.
            known_to("variance", &variances, 0.03 * sd * sd);
            must_pass(mean_is("variance", &variances, sd * sd, 4.5));
            must_fail(
                "narrow",
                mean_is("variance", &variances, 0.8 * sd * sd, 4.5),
            );
        }
        let result = &results[0];
        assert_eq!(result.samples.len(), 3 * 2048);
        let (n, dim) = (2048.0, 3);
        let mean = result.samples.to_vec().iter().step_by(dim).sum::<f64>() / n;
        assert!((mean - result.mean[0]).abs() < 1e-12);
        assert!(result.moves.iter().all(|m| *m == 31));
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let target = eight_gaussians();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let smc = Smc::new(&target).particles(20_000).waste_free(20);
        let result = pool.install(|| smc.run().unwrap());
        let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<u64>>();
        let numbers = [
            result.log_evidence,
            result.log_evidence_se.unwrap(),
            result.ess[0],
        ];
        (
            bits(&result.samples.to_vec()),
            bits(&numbers),
            bits(&result.sd),
        )
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(3));
}

/// A density of no value on half the plane: states there weigh nothing, and nothing else changes.
struct Half;

impl Target for Half {
    fn dim(&self) -> usize {
        2
    }
    fn log_density<L: driftlane::kernels::Lane>(&self, x: &[L]) -> L {
        let square = x[0].mul_add(x[0], x[1] * x[1]);
        L::select(
            x[0].lt(L::zero()),
            L::splat(f64::NAN),
            square * L::splat(-0.5),
        )
    }
}

/// The half plane has half the mass of a normal law: log Z = ln pi.
#[test]
fn a_state_without_a_density_weighs_nothing() {
    let results = runs(&Half, 16, 4096, 20);
    let errors: Vec<f64> = results.iter().map(|r| r.log_evidence).collect();
    known_to("log Z", &errors, 0.02);
    must_pass(mean_is("log Z", &errors, std::f64::consts::PI.ln(), 4.5));
    for result in &results {
        assert!((result.nonfinite_starts as f64 - 2048.0).abs() < 5.0 * 32.0);
        assert!(result.samples.to_vec().iter().step_by(2).all(|x| *x >= 0.0));
    }
}

#[test]
fn chains_that_do_not_fit_are_refused() {
    let target = target();
    let smc = Smc::new(&target).particles(100);
    let refused = |smc: Smc<'_>| smc.run().unwrap_err().to_string();
    for states in [0, 1, 3, 51, 100, 101] {
        let message = refused(smc.clone().waste_free(states));
        assert!(
            message.contains("waste_free") && message.contains("100"),
            "{message}"
        );
    }
    let message = refused(smc.clone().waste_free(10).islands(20));
    assert!(message.contains("of every island, 5"), "{message}");
    let message = refused(smc.clone().waste_free(10).resampling(Resampling::Never));
    assert!(message.contains("resampling"), "{message}");
    let schedule = smc.clone().waste_free(10).run().unwrap().schedule;
    let message = refused(smc.waste_free(20).schedule(schedule));
    assert!(
        message.contains("waste_free") && message.contains("10"),
        "{message}"
    );
}
