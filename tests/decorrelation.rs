//! Moves until the population has decorrelated: enough of them, no more than needed, and an end where
//! modes are never left.
#![allow(clippy::disallowed_methods)]

mod gates;

use driftlane::mcmc::{MoveKind, MoveSettings};
use driftlane::smc::{Smc, SmcResult};
use driftlane::target::library::{Gaussian, Mixture};
use gates::{Gate, must_fail, must_pass, require};

fn mover(kind: MoveKind) -> MoveSettings {
    MoveSettings {
        kind,
        ..MoveSettings::default()
    }
}

/// A standard normal in 32 dimensions, tempered by 1000 particles.
fn normal(kind: MoveKind, moves: Option<usize>) -> SmcResult {
    let target = Gaussian::isotropic(vec![0.0; 32], 1.0).unwrap();
    let smc = Smc::new(&target).particles(1000).mover(mover(kind));
    match moves {
        Some(moves) => smc.moves_per_stage(moves),
        None => smc.moves_until_decorrelated(1000),
    }
    .run()
    .unwrap()
}

/// The variance left within the population over the exact one, mean of 32 coordinates: 1 for
/// independent draws, up to sqrt(2 / 32000) = 0.8%; 0.95 is beyond six standard errors.
fn keeps_its_variance(result: &SmcResult) -> Gate {
    let share = result.sd.iter().map(|s| s * s).sum::<f64>() / 32.0;
    require(share > 0.95, || format!("variance share {share:.3}"))
}

#[test]
fn slow_moves_take_as_many_as_they_need() {
    let rwmh = normal(MoveKind::Rwmh, None);
    must_pass(keeps_its_variance(&rwmh));
    must_fail(
        "three moves",
        keeps_its_variance(&normal(MoveKind::Rwmh, Some(3))),
    );
    let hmc = normal(MoveKind::Hmc, None);
    must_pass(keeps_its_variance(&hmc));
    let most = |result: &SmcResult| *result.moves.iter().max().unwrap();
    assert!(most(&hmc) <= 6, "{:?}", hmc.moves);
    assert!(most(&rwmh) > 3 * most(&hmc), "{:?}", rwmh.moves);
    assert!(most(&rwmh) < 1000, "{:?}", rwmh.moves);
}

/// Two modes that no step of one tenth of their distance crosses: half the particles stay in each, and
/// the correlation with the start stays near 1.
#[test]
fn modes_that_are_never_left_do_not_keep_it_moving() {
    let means = vec![vec![-50.0, 0.0], vec![50.0, 0.0]];
    let target = Mixture::isotropic(vec![1.0, 1.0], means, vec![1.0, 2.0]).unwrap();
    let kept = Smc::new(&target).moves_until_decorrelated(1000).run();
    let kept = kept.unwrap();
    assert!(
        kept.moves.iter().all(|&moves| moves < 1000),
        "{:?}",
        kept.moves
    );
    assert!(kept.log_evidence.abs() < 5.0 * kept.log_evidence_se.unwrap());
}

#[test]
fn no_more_than_allowed_and_as_many_again() {
    let target = Gaussian::isotropic(vec![0.0; 32], 1.0).unwrap();
    let smc = Smc::new(&target)
        .particles(500)
        .mover(mover(MoveKind::Rwmh));
    let capped = smc.clone().moves_until_decorrelated(3).run().unwrap();
    assert!(capped.moves.iter().all(|&moves| moves == 3));
    let free = smc.clone().moves_until_decorrelated(200).run().unwrap();
    let again = smc.schedule(free.schedule.clone()).seed(9).run().unwrap();
    assert_eq!(again.moves, free.moves);
    let none = Smc::new(&target).moves_until_decorrelated(0).run();
    assert!(none.unwrap_err().to_string().contains("moves_per_stage"));
}
