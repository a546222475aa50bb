//! Chains that begin where no step of the common size is ever accepted: warm-up takes them from there; and what those
//! that stay do to means.
#![allow(clippy::disallowed_methods)]

mod gates;

use driftlane::kernels::{F64, Lane, tile::Row};
use driftlane::mcmc::{MoveKind, MoveSettings, Sample, Start, StepSizes};
use driftlane::target::library::{EightSchools, Funnel, Mixture};
use driftlane::target::{Target, Unconstrained};
use gates::{must_fail, must_pass, require, within};

/// Exact means, standard errors of which are the run's; nearly all chains move. A tenth of the prior's draws have a tau
/// above 32, where an effect's sd is a fiftieth of what it is at the posterior's median.
#[test]
fn chains_from_a_wide_prior_come_to_the_posterior() {
    let target = Unconstrained::new(EightSchools::new(false)).unwrap();
    let exact = Target::exact(&target).mean.unwrap();
    for kind in [MoveKind::Hmc, MoveKind::Mala] {
        let mover = MoveSettings {
            kind,
            ..MoveSettings::default()
        };
        let sample = Sample::new(&target).mover(mover).warmup(400).draws(200, 1);
        let result = sample.seed(4).run().unwrap();
        let count = result.stuck.count;
        must_pass(require(count <= 5, || {
            format!("{} has {count} stuck", kind.name())
        }));
        for (j, exact) in exact.iter().enumerate() {
            let se = result.mcse_mean[j];
            assert!(
                se < 0.08,
                "standard error {se}: the gate has lost its power"
            );
            let gate = |shift: f64| within("mean", result.mean[j], exact + shift, 4.5 * se);
            must_pass(gate(0.0));
            must_fail("off by ten", gate(10.0 * se));
        }
    }
}

/// A run of refusals of that length has chance 0.005 at most, one shorter more.
#[test]
fn patience_is_what_chance_leaves() {
    for target_accept in [0.05f64, 0.234, 0.574, 0.7, 0.8, 0.95, 0.999] {
        let chance = |refusals: f64| (1.0 - target_accept).powf(refusals);
        let patience = StepSizes::patience(target_accept);
        assert!(
            chance(patience + 1.0) < 0.005,
            "{target_accept}: {patience}"
        );
        assert!(
            patience == 1.0 || chance(patience) > 0.005,
            "{target_accept}: {patience}"
        );
    }
}

/// Halved after a run of refusals, once for each more; taken back by moves; from then on as before.
#[test]
fn refusals_halve_and_moves_take_back() {
    let patience = 3.0;
    let (mut e, mut seen) = (Row::<F64>::zero(), Vec::new());
    for accepted in [0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1] {
        let moved = Row::<F64>::zero().lt(Row::splat(f64::from(accepted)));
        e = StepSizes::shortened(e, moved, patience);
        seen.push(bytemuck::cast_slice::<_, f64>(&e.0)[7]);
    }
    let wanted = [1.0, 2.0, 1.0, 0.0, -3.0, -2.0, -1.0, 0.0, 1.0, 0.0, -3.0];
    assert_eq!(seen, wanted);
}

/// In a component 1e-4 wide no move of a step of 1/2 is accepted: what the one particle there does to the mean is what
/// leaving it out undoes.
#[test]
fn a_stuck_chain_pulls_means_by_what_leaving_it_out_undoes() {
    let means = vec![vec![0.0, 0.0], vec![30.0, -4.0]];
    let target = Mixture::isotropic(vec![0.5, 0.5], means, vec![1.0, 1e-4]).unwrap();
    let mut positions = vec![0.1; 2 * 100];
    positions[2 * 37..2 * 38].copy_from_slice(&[30.0, -4.0]);
    let mover = MoveSettings {
        kind: MoveKind::Mala,
        step_size: Some(0.5),
        ..MoveSettings::default()
    };
    let sample = Sample::new(&target).particles(100).mover(mover).warmup(0);
    for draws in [0, 50] {
        let sample = sample.clone().positions(positions.clone());
        let sample = match draws {
            0 => sample.steps(50),
            draws => sample.draws(draws, 1),
        };
        let result = sample.run().unwrap();
        assert_eq!(result.stuck.count, 1);
        let pulls = [30.0, -4.0].iter().enumerate().map(|(j, stuck)| {
            let others = (100.0 * result.mean[j] - stuck) / 99.0;
            let se = match draws {
                0 => result.sd[j] / 10.0,
                _ => result.mcse_mean[j],
            };
            (result.mean[j] - others).abs() / se
        });
        let pull = pulls.fold(0.0, f64::max);
        assert!(
            (result.stuck.pull / pull - 1.0).abs() < 1e-9,
            "{pull}: {:?}",
            result.stuck
        );
        assert!(pull > 0.9, "{pull}");
    }
    // Where all are there, nothing is known but them.
    let all = [30.0, -4.0].repeat(100);
    let result = sample.positions(all).draws(50, 1).run().unwrap();
    assert_eq!(
        (result.stuck.count, result.stuck.pull),
        (100, f64::INFINITY)
    );
}

/// Chains that begin in the law stay in it, narrow places included: half-way steps would let them leave a funnel's neck,
/// into which whole ones do not lead.
#[test]
fn exact_starts_stay_exact() {
    let target = Funnel::new(3, 9.0).unwrap();
    let sample = Sample::new(&target).particles(4096).start(Start::Exact);
    let result = sample.warmup(200).steps(20).seed(5).run().unwrap();
    // 4096 independent values of sd 3: a standard error of 0.047.
    must_pass(within("mean", result.mean[0], 0.0, 0.2));
    must_fail(
        "a drained neck",
        within("mean", result.mean[0] + 1.0, 0.0, 0.2),
    );
}
