//! Replayed schedules: exactly unbiased evidence, the choices of the run they come from, and none that
//! do not fit.
#![allow(clippy::disallowed_methods)]

mod gates;

use driftlane::mcmc::{MoveKind, MoveSettings};
use driftlane::smc::{Schedule, Smc};
use driftlane::target::library::Gaussian;
use gates::{Gate, known_to, mean_is, must_fail, must_pass};

fn target() -> Gaussian {
    Gaussian::diagonal(vec![1.0, -2.0, 0.5], vec![0.5, 1.5, 1.0]).unwrap()
}

fn mover(kind: MoveKind) -> MoveSettings {
    MoveSettings {
        kind,
        leapfrog_steps: 2,
        ..MoveSettings::default()
    }
}

/// Estimates of Z = 1 from runs of 12 particles and one move a temperature.
fn estimates(kind: MoveKind, schedule: &Schedule, replicates: usize) -> Vec<f64> {
    let target = target();
    let result = Smc::new(&target)
        .particles(12)
        .moves_per_stage(1)
        .mover(mover(kind))
        .seed(17)
        .replicates(replicates)
        .schedule(schedule.clone())
        .run()
        .unwrap();
    result.log_evidences.iter().map(|z| z.exp()).collect()
}

fn unbiased(z: &[f64]) -> Gate {
    mean_is("mean Z", z, 1.0, 5.0)
}

/// Power (95%): a bias of 6.645 x 0.005 = 3.3%.
#[test]
fn a_replayed_run_is_unbiased() {
    for kind in [MoveKind::Hmc, MoveKind::Rwmh] {
        let target = target();
        let first = Smc::new(&target)
            .particles(200)
            .moves_per_stage(1)
            .mover(mover(kind))
            .run()
            .unwrap();
        let replayed = estimates(kind, &first.schedule, 40_000);
        known_to("Z of 12 particles", &replayed, 0.005);
        must_pass(unbiased(&replayed));
        must_fail("a factor of 1.04", unbiased(&scaled(&replayed, 1.04)));
    }
}

fn scaled(z: &[f64], factor: f64) -> Vec<f64> {
    z.iter().map(|z| z * factor).collect()
}

#[test]
fn a_replayed_run_makes_the_choices_of_the_first() {
    let target = target();
    for name in MoveKind::ADJUSTED_NAMES {
        let kind = MoveKind::from_name(name).unwrap();
        let smc = Smc::new(&target).particles(256).mover(mover(kind));
        let first = smc.clone().run().unwrap().schedule;
        let again = smc.seed(99).schedule(first.clone()).run().unwrap();
        assert_eq!(again.schedule.stages.len(), first.stages.len(), "{name}");
        for (a, b) in again.schedule.stages.iter().zip(&first.stages) {
            assert_eq!(a.tempering_param, b.tempering_param, "{name}");
            assert_eq!(a.scales, b.scales, "{name}");
            // Through a logarithm and back.
            assert!((a.step_size / b.step_size - 1.0).abs() < 1e-14, "{name}");
        }
        assert_eq!(again.temperatures[1..], temperatures(&first), "{name}");
        let text = toml::to_string(&first).unwrap();
        assert_eq!(toml::from_str::<Schedule>(&text).unwrap(), first, "{name}");
    }
}

fn temperatures(schedule: &Schedule) -> Vec<f64> {
    schedule.stages.iter().map(|s| s.tempering_param).collect()
}

#[test]
fn schedules_that_do_not_fit_are_refused() {
    let target = target();
    let good = Smc::new(&target).particles(128).run().unwrap().schedule;
    let refused = |edit: &dyn Fn(&mut Schedule), words: &[&str]| {
        let mut schedule = good.clone();
        edit(&mut schedule);
        let result = Smc::new(&target).particles(128).schedule(schedule).run();
        let message = result.unwrap_err().to_string();
        for word in words {
            assert!(message.contains(word), "{word}: {message}");
        }
    };
    refused(&|s| s.mover = "rwmh".into(), &["move", "hmc", "rwmh"]);
    refused(&|s| s.stages.clear(), &["ladder"]);
    refused(&|s| s.stages[0].tempering_param = f64::NAN, &["ladder"]);
    refused(&|s| s.stages[0].tempering_param = 2.0, &["ladder"]);
    refused(&|s| s.stages[0].step_size = 0.0, &["stage 1 step_size"]);
    refused(
        &|s| s.stages[0].step_size = f64::NAN,
        &["stage 1 step_size"],
    );
    refused(&|s| s.stages[1].scales[2] = -1.0, &["stage 2 scales", "-1"]);
    refused(&|s| s.stages[0].scales.truncate(2), &["2 numbers", "3"]);
}
