//! How the cost of a particle depends on the population and on threads: tempered SMC on a Gaussian in
//! 4 dimensions (`f64`, 4 temperatures, one HMC move of 10 leapfrog steps each; an element is a
//! particle). Everything is in it: starts, weights, resampling, moves, moments, the final copy.
//!
//! Goals: from 10^5 particles on (beyond L2) the cost of a particle is flat within 25%; two threads
//! are 1.9 times as fast as one. The last line says what two threads of pure register arithmetic gain
//! here: no program gains more, and where two virtual cores share a real one it is little.

mod common;

use common::{Times, report};
use driftlane::mcmc::{MoveKind, MoveSettings};
use driftlane::smc::{Ladder, Smc, SmcResult};
use driftlane::target::library::Gaussian;
use std::time::Instant;

const FLAT: f64 = 1.25;
const TWO_THREADS: f64 = 1.9;

fn run(target: &Gaussian, particles: usize) -> SmcResult {
    let mover = MoveSettings {
        kind: MoveKind::Hmc,
        step_size: Some(0.3),
        ..MoveSettings::default()
    };
    Smc::new(target)
        .particles(particles)
        .mover(mover)
        .moves_per_stage(1)
        .ladder(Ladder::fixed(vec![0.0, 0.25, 0.5, 0.75, 1.0]).expect("increasing"))
        .run()
        .expect("valid settings")
}

/// log Z = 0, to six of its standard errors.
fn check(result: &SmcResult) {
    let se = result.log_evidence_se.expect("multinomial resampling");
    assert!(result.totals.nan == 0 && result.log_evidence.abs() < 6.0 * se);
}

/// Seconds of a run: three for the large populations, more for the small.
fn time(target: &Gaussian, particles: usize, threads: usize) -> Times {
    let pool = common::pool(threads);
    let repeats = (1_000_000 / particles).clamp(3, 30);
    let seconds = (0..repeats).map(|_| {
        let start = Instant::now();
        let result = pool.install(|| run(target, particles));
        let seconds = start.elapsed().as_secs_f64();
        check(&result);
        seconds
    });
    Times::of(seconds.collect())
}

fn main() {
    common::require_fast_build();
    let target = Gaussian::isotropic(vec![0.0; 4], 1.0).expect("valid");
    check(&run(&target, 1000));
    if !common::measuring() {
        return;
    }
    let quick = std::env::args().any(|a| a == "--quick");
    let sizes = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
    let sizes = &sizes[..if quick { 4 } else { 5 }];
    let mut large = Vec::new();
    for &particles in sizes {
        let two = time(&target, particles, 2);
        report(&format!("{particles} x2"), particles as u64, None, two);
        if particles >= 100_000 {
            large.push(two.median / particles as f64);
        }
        if (100_000..=1_000_000).contains(&particles) {
            let one = time(&target, particles, 1);
            report(&format!("{particles} x1"), particles as u64, None, one);
            let gain = one.median / two.median;
            println!("  {particles}: two threads {gain:.2}x one (goal {TWO_THREADS}x)");
        }
    }
    let most = large.iter().fold(0.0, |a: f64, b| a.max(*b));
    let least = large.iter().fold(f64::INFINITY, |a: f64, b| a.min(*b));
    println!(
        "  dearest over cheapest particle from 100000 on: {:.2} (goal {FLAT})",
        most / least
    );
    let gain = common::fma_peak(2) / common::fma_peak(1);
    println!("  two threads of pure arithmetic: {gain:.2}x one");
}
