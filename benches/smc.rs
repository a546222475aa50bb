//! Adaptive tempered SMC on the logistic posterior: 2048 particles, 5 moves of 10 leapfrog steps at
//! every temperature. A run takes seconds, so it is timed three times with each number of threads and
//! not by criterion (once with `--quick`). An element is a gradient of one particle.
//!
//! Goal: 10 times faster than BlackJAX, which took 41 s for 23 temperatures with two threads.

mod common;

use common::{Goal, Times, report};
use driftlane::smc::{Smc, SmcResult};
use driftlane::target::library::Logistic;
use std::time::Instant;

const GOAL_SECONDS: f64 = 4.1;
const FLOPS: f64 = 4.0 * 1000.0 * 25.0;

fn run(target: &Logistic, particles: usize) -> SmcResult {
    Smc::new(target)
        .particles(particles)
        .seed(1)
        .run()
        .expect("valid settings")
}

fn check(result: &SmcResult) {
    assert!(result.log_evidence.is_finite() && result.totals.nan == 0);
    assert_eq!(result.temperatures.last(), Some(&1.0));
    assert!(
        result.acceptance.iter().all(|a| *a > 0.3),
        "{:?}",
        result.acceptance
    );
}

fn main() {
    common::require_fast_build();
    let quick = std::env::args().any(|a| a == "--quick");
    let target = common::logistic_posterior();
    check(&run(&target, 256));
    if !common::measuring() {
        return;
    }
    for threads in [1, 2] {
        let pool = common::pool(threads);
        let peak = common::fma_peak(threads);
        let (mut seconds, mut last) = (Vec::new(), None);
        for _ in 0..if quick { 1 } else { 3 } {
            let start = Instant::now();
            let result = pool.install(|| run(&target, 2048));
            seconds.push(start.elapsed().as_secs_f64());
            check(&result);
            last = Some(result);
        }
        let result = last.expect("a run");
        let gradients = result.totals.gradient_evaluations;
        let times = Times::of(seconds);
        let goal = Goal {
            nanoseconds: GOAL_SECONDS * 1e9 / gradients as f64,
            source: "a run in 4.1 s, 10 x BlackJAX",
        };
        report(
            &format!("smc x{threads}"),
            gradients,
            (threads == 2).then_some(goal),
            times,
        );
        println!(
            "  x{threads}: {:.2} s, {} temperatures, log Z {:.2} +- {:.2}, {:.0}% of the FMA peak of {:.1} GFLOP/s",
            times.median,
            result.temperatures.len(),
            result.log_evidence,
            result.log_evidence_se.unwrap_or(f64::NAN),
            100.0 * gradients as f64 * FLOPS / times.median / peak,
            peak / 1e9
        );
    }
}
