//! The Metropolis-Hastings ratio of every adjusted move: over exact draws its exponential has mean 1 at any
//! step size,
//!
//! ```text
//! E pi(y) q(y, x) / (pi(x) q(x, y)) = 1,   for trajectories that keep volume E exp(-dH) = 1
//! ```
//!
//! which a wrong Hamiltonian, a volume not kept or a proposal density left out changes, whatever acceptance
//! then makes of it. Power (95%, z = 5): 6.645 x 0.015 = 10% at the longest steps, 2% at the shortest.
#![allow(clippy::disallowed_methods)]

mod gates;

use driftlane::integrator::Scratch;
use driftlane::kernels::F64;
use driftlane::kernels::rng::{Purpose, Stream};
use driftlane::mcmc::{BASE, LOG_RATIO, MoveKind, MoveSettings, RATIO};
use driftlane::particles::{Channels, Population};
use driftlane::target::library::{Gaussian, ManyWell, Mixture};
use driftlane::target::{BlockTarget, Path};
use gates::{Gate, known_to, mean_is, must_fail, must_pass};

const TILES: usize = 6400;

/// exp of the log ratios of one move from exact draws of `from`, towards `target`.
fn ratios(from: &dyn BlockTarget, target: &dyn BlockTarget, kind: MoveKind, h: f64) -> Vec<f64> {
    let dim = target.dim();
    let settings = MoveSettings {
        kind,
        step_size: Some(h),
        leapfrog_steps: 4,
        ..MoveSettings::default()
    };
    let mut mover = settings.build::<F64>(dim).unwrap();
    // pCN proposes for a normal reference; the others see the target alone.
    let path = match kind {
        MoveKind::Pcn => Path::tempered(target, None).unwrap(),
        _ => Path::plain(target),
    };
    let channels = Channels {
        vectors: mover.vectors(),
        scalars: LOG_RATIO + 1,
        states: 0,
    };
    let mut population = Population::<F64>::new(32 * TILES, dim, channels);
    let mut block = population.span();
    let mut scratch = Scratch::<F64>::new(dim);
    for tile in 0..TILES {
        let rows = block.rows(tile);
        let mut stream = Stream::new(7, Purpose::Exact, tile as u64, 0);
        assert!(from.sample_exact(&mut stream, &mut block.vectors[0][rows.clone()]));
        let (base, ratio) = block.scalars.split_at_mut(RATIO);
        let at = tile..=tile;
        path.log_densities::<F64>(
            &block.vectors[0][rows],
            &mut scratch.wide,
            &mut base[BASE][at.clone()],
            &mut ratio[0][at],
        );
    }
    let mut stream = Stream::new(8, Purpose::Move, 0, 0);
    mover.before_visit(8, 0);
    mover.run(
        path.law(1.0),
        1,
        false,
        &mut block,
        &mut stream,
        &mut scratch,
    );
    let log_ratios = population.scalar_values(LOG_RATIO);
    log_ratios.iter().map(|r| r.exp()).collect()
}

fn mean_is_one(ratios: &[f64]) -> Gate {
    mean_is("mean ratio", ratios, 1.0, 5.0)
}

fn lopsided(weight: f64) -> Mixture {
    let means = vec![vec![-1.5, 0.0], vec![1.0, 1.0], vec![0.5, -2.0]];
    Mixture::isotropic(vec![0.2, weight, 0.8 - weight], means, vec![0.5, 0.8, 0.4]).unwrap()
}

fn check(kind: MoveKind, steps: [f64; 3]) {
    let gaussian = Gaussian::diagonal(vec![1.0, -1.0, 0.0], vec![0.8, 1.0, 1.5]).unwrap();
    let wells = ManyWell::new(4).unwrap();
    let mixture = lopsided(0.5);
    let targets: [(&str, &dyn BlockTarget); 3] = [
        ("gaussian", &gaussian),
        ("many-well", &wells),
        ("mixture", &mixture),
    ];
    for (name, target) in targets {
        for (k, h) in steps.into_iter().enumerate() {
            // Widths: 1, 0.2 across a well, 0.4 of a component.
            let h = match (name, kind) {
                ("gaussian", _) => h,
                ("many-well", MoveKind::Mala) => 0.03 * h,
                ("many-well", _) => 0.15 * h,
                (_, MoveKind::Mala) => 0.15 * h,
                _ => 0.3 * h,
            };
            let ratios = ratios(target, target, kind, h);
            let what = format!("{} on {name} at {h}", kind.name());
            known_to(&what, &ratios, 0.015);
            if let Err(why) = mean_is_one(&ratios) {
                panic!("{what}: {why}");
            }
            if k == 2 {
                let off: Vec<f64> = ratios.iter().map(|r| 1.11 * r).collect();
                must_fail("a factor of 1.11", mean_is_one(&off));
            }
        }
    }
    must_fail(
        "another law",
        mean_is_one(&ratios(&mixture, &lopsided(0.1), kind, steps[1])),
    );
}

#[test]
fn random_walk() {
    check(MoveKind::Rwmh, [0.1, 0.4, 1.0]);
}

#[test]
fn hmc() {
    check(MoveKind::Hmc, [0.1, 0.4, 1.0]);
}

#[test]
fn mala() {
    check(MoveKind::Mala, [0.02, 0.1, 0.4]);
}

#[test]
fn barker() {
    check(MoveKind::Barker, [0.1, 0.4, 1.0]);
}

#[test]
fn ghmc() {
    check(MoveKind::Ghmc, [0.1, 0.4, 1.0]);
}

#[test]
fn adjusted_mclmc() {
    check(MoveKind::AdjustedMclmc, [0.1, 0.5, 1.2]);
}

#[test]
fn pcn() {
    check(MoveKind::Pcn, [0.05, 0.2, 0.5]);
}

/// An elliptical slice is never refused: its ratio is 1 for every particle.
#[test]
fn elliptical_slice() {
    let gaussian = Gaussian::diagonal(vec![1.0, -1.0], vec![0.8, 1.0]).unwrap();
    let ratios = ratios(&gaussian, &gaussian, MoveKind::EllipticalSlice, 1.0);
    must_pass(mean_is_one(&ratios));
}
