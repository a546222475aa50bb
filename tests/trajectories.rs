//! Trajectory lengths tuned by ChEES, and inverse mass matrices from gradients.
#![allow(clippy::disallowed_methods)]

mod gates;

use driftlane::diagnostics::ess_sd;
use driftlane::mcmc::{Chees, Mass, MoveKind, MoveSettings, Sample, SampleResult};
use driftlane::smc::Smc;
use driftlane::target::library::{Gaussian, Phi4};
use driftlane::target::{BlockTarget, Target};
use gates::{Gate, must_fail, must_pass, require, within};

const DIM: usize = 10;
const RHO: f64 = 0.95;

/// Unit variances, correlation RHO between all: one direction of sd 3.1, nine of 0.22, and no diagonal
/// scales that make them alike.
fn equicorrelated() -> Gaussian {
    let entry = |i: usize, j: usize| if i == j { 1.0 } else { RHO };
    let cov: Vec<Vec<f64>> = (0..DIM)
        .map(|i| (0..DIM).map(|j| entry(i, j)).collect())
        .collect();
    Gaussian::full(vec![0.0; DIM], &cov).unwrap()
}

const CHAINS: usize = 128;
const DRAWS: usize = 200;

fn sample(target: &Gaussian, leapfrog_steps: Option<usize>, mass: Mass) -> SampleResult {
    let mover = MoveSettings {
        leapfrog_steps: leapfrog_steps.unwrap_or(10),
        tune_trajectory: leapfrog_steps.is_none(),
        mass,
        ..MoveSettings::default()
    };
    let sample = Sample::new(target).particles(CHAINS).mover(mover);
    sample.warmup(200).draws(DRAWS, 1).seed(3).run().unwrap()
}

/// Effective draws of the mean direction's square for each gradient after warm-up.
fn efficiency(result: &SampleResult, leapfrog_steps: f64) -> f64 {
    let draws = &result.draws.as_ref().unwrap().positions;
    // As [chain][draw].
    let mut series = vec![0.0; CHAINS * DRAWS];
    for draw in 0..DRAWS {
        for chain in 0..CHAINS {
            let at = (draw * CHAINS + chain) * DIM;
            series[chain * DRAWS + draw] = draws[at..at + DIM].iter().sum();
        }
    }
    ess_sd(&series, CHAINS, DRAWS) / (leapfrog_steps * (CHAINS * DRAWS) as f64)
}

/// The tuned length is at least 0.6 as efficient as the best of five numbers of steps that span the useful and
/// the useless, which differ by 9: a jittered length misses what the best fixed one gains by its phase.
#[test]
fn a_tuned_length_is_nearly_the_best() {
    let target = equicorrelated();
    let given: Vec<f64> = [1, 3, 10, 30, 100]
        .into_iter()
        .map(|steps| efficiency(&sample(&target, Some(steps), Mass::Variance), steps as f64))
        .collect();
    let best = given.iter().copied().fold(0.0, f64::max);
    let tuned = sample(&target, None, Mass::Variance);
    let length = tuned.trajectory_length.unwrap();
    // u is uniform on (0, 1).
    let steps = 0.5 * length / tuned.step_size + 0.5;
    let own = efficiency(&tuned, steps);
    println!("{given:?} {own} length {length} steps {steps}");
    let good = |value: f64| -> Gate {
        require(value > 0.6 * best, || {
            format!("{value:.2e} of {best:.2e} draws a gradient")
        })
    };
    must_pass(good(own));
    must_fail("a single step", good(given[0]));
    must_fail("a hundred steps", good(given[4]));
    // A quarter of the period of the slowest mode is 4.9.
    assert!((3.0..12.0).contains(&length), "{length}");
    for (j, sd) in tuned.sd.iter().enumerate() {
        must_pass(within("sd", *sd, 1.0, 0.06));
        must_pass(within("mean", tuned.mean[j], 0.0, 0.06));
    }
}

/// Slopes that always say longer lengthen by the rate, those that alternate keep; the end is an average.
#[test]
fn the_update_is_the_one_stated() {
    let mut longer = Chees::new(2.0);
    longer.draw(0.5);
    for _ in 0..10 {
        // So that the gradient by ln t stays the same.
        longer.update(3.0 / longer.length());
    }
    must_pass(within("ln t", longer.length().ln(), 2f64.ln() + 0.5, 1e-12));
    longer.freeze();
    assert!(longer.length() < 2.0 * 0.5f64.exp() && longer.length() > 2.0);
    let frozen = longer.length();
    longer.update(3.0);
    assert_eq!(longer.length(), frozen);
    let mut other = Chees::new(2.0);
    other.update(f64::NAN);
    other.update(0.0);
    assert_eq!(other, Chees::new(2.0));
    other.draw(1.0);
    assert_eq!(other.steps(0.3), 7);
    assert_eq!(other.steps(1e-9), 1000);
    assert_eq!(other.steps(f64::INFINITY), 1);
}

/// phi^4 from ten steps on needs its slow mode: log Z with 5 moves a temperature, their length tuned.
#[test]
fn tempering_tunes_lengths_and_replays_them() {
    let target = Phi4::new(32, 0.1, 0.002, 20.0).unwrap();
    let mover = MoveSettings {
        tune_trajectory: true,
        ..MoveSettings::default()
    };
    let smc = Smc::new(&target).particles(4096).mover(mover);
    let first = smc.clone().run().unwrap();
    let exact = Target::exact(&target).log_evidence.unwrap();
    let se = first.log_evidence_se.unwrap();
    assert!(se < 0.15, "{se}");
    must_pass(within("log Z", first.log_evidence, exact, 4.0 * se));
    let lengths: Vec<f64> = first
        .schedule
        .stages
        .iter()
        .map(|s| s.trajectory_length.unwrap())
        .collect();
    assert!(lengths.windows(2).any(|w| w[0] != w[1]));
    let again = smc
        .clone()
        .seed(9)
        .schedule(first.schedule.clone())
        .run()
        .unwrap();
    let replayed: Vec<f64> = again
        .schedule
        .stages
        .iter()
        .map(|s| s.trajectory_length.unwrap())
        .collect();
    for (a, b) in replayed.iter().zip(&lengths) {
        must_pass(within("length", *a, *b, 1e-12 * b));
    }
    let mut broken = first.schedule;
    broken.stages[2].trajectory_length = Some(-1.0);
    let refused = smc.schedule(broken).run().unwrap_err().to_string();
    assert!(refused.contains("stage 3 trajectory_length"), "{refused}");
}

/// M^-1 = sqrt(Var x / Var grad): of an equicorrelated normal the gradient's variance is the conditional
/// precision, (1 + (d - 2) rho) / ((1 - rho) (1 + (d - 1) rho)).
#[test]
fn fisher_scales_are_the_exact_ones() {
    let target = equicorrelated();
    let d = DIM as f64;
    let precision = (1.0 + (d - 2.0) * RHO) / ((1.0 - RHO) * (1.0 + (d - 1.0) * RHO));
    let scales = |mass: Mass| {
        let mover = MoveSettings {
            mass,
            ..MoveSettings::default()
        };
        let result = Smc::new(&target)
            .particles(20_000)
            .mover(mover)
            .run()
            .unwrap();
        result.schedule.stages.last().unwrap().scales.clone()
    };
    let all = |scales: &[f64], exact: f64| -> Gate {
        scales
            .iter()
            .try_for_each(|s| within("scale", *s, exact, 0.03 * exact))
    };
    must_pass(all(&scales(Mass::Fisher), precision.powf(-0.25)));
    must_pass(all(&scales(Mass::Variance), 1.0));
    must_fail(
        "the other",
        all(&scales(Mass::Variance), precision.powf(-0.25)),
    );
    // Chains with either move the same law.
    let result = sample(&target, Some(20), Mass::Fisher);
    must_pass(within("sd", result.sd[0], 1.0, 0.06));
}

#[test]
fn only_hmc_has_a_length_to_tune() {
    let target = equicorrelated();
    let mover = MoveSettings {
        kind: MoveKind::Mala,
        tune_trajectory: true,
        ..MoveSettings::default()
    };
    let refused = Smc::new(&target as &dyn BlockTarget).mover(mover).run();
    let message = refused.unwrap_err().to_string();
    assert!(
        message.contains("mala") && message.contains("hmc"),
        "{message}"
    );
}
