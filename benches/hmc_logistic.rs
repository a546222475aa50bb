//! Hamiltonian Monte Carlo on a logistic posterior (n = 1000, d = 25, `f64`), 1024 chains, 10
//! leapfrog steps on average of size 0.02: an element is a gradient of one chain.
//!
//! Densities, momenta and acceptance are in the time and not in the flops (4 n d a gradient), so the
//! share of the peak understates what the products reach. Goals: 10 times BlackJAX (6.3e4 gradients a
//! second, two threads) and 45% of the FMA peak measured in this process.

mod common;

use common::{Goal, measure};
use driftlane::mcmc::{MoveSettings, Sample, SampleResult};
use driftlane::target::library::Logistic;

const CHAINS: usize = 1024;
const MOVES: usize = 8;
const FLOPS: f64 = 4.0 * 1000.0 * 25.0;
const GOAL: Goal = Goal {
    nanoseconds: 1e9 / (10.0 * 6.3e4),
    source: "10 x BlackJAX",
};
const PEAK_SHARE: f64 = 0.45;

fn run(target: &Logistic, starts: &[f64]) -> SampleResult {
    let mover = MoveSettings {
        step_size: Some(0.02),
        ..MoveSettings::default()
    };
    Sample::new(target)
        .particles(CHAINS)
        .mover(mover)
        .positions(starts.to_vec())
        .warmup(0)
        .steps(MOVES)
        .run()
        .expect("valid settings")
}

fn main() {
    common::require_fast_build();
    let mut criterion = common::criterion();
    let target = common::logistic_posterior();
    let starts: Vec<f64> = common::normals(CHAINS * 25, 4)
        .iter()
        .map(|z| 0.1 * z)
        .collect();
    let first = run(&target, &starts);
    let accepted = first.acceptance.expect("an adjusted move");
    assert!(
        first.totals.nan == 0 && accepted > 0.8 && accepted <= 1.0,
        "acceptance {accepted}"
    );
    assert_eq!(
        run(&target, &starts).samples,
        first.samples,
        "the same bytes"
    );
    // The number of leapfrog steps varies, but not between runs of one seed.
    let gradients = first.totals.gradient_evaluations;
    println!("  acceptance {accepted:.3}");
    let mut group = criterion.benchmark_group("hmc_logistic");
    for threads in [1, 2] {
        let goal = (threads == 2).then_some(GOAL);
        let pool = common::pool(threads);
        let peak = common::fma_peak(threads);
        let times = measure(
            &mut group,
            &format!("gradients x{threads}"),
            gradients,
            goal,
            || {
                pool.install(|| run(&target, &starts));
            },
        );
        if times.median.is_nan() {
            continue;
        }
        let rate = gradients as f64 / times.median;
        let share = rate * FLOPS / peak;
        println!(
            "  x{threads}: {rate:.3e} gradients/s, {:.1} GFLOP/s, {:.0}% of the FMA peak of {:.1} (goal {:.0}%)",
            rate * FLOPS / 1e9,
            100.0 * share,
            peak / 1e9,
            100.0 * PEAK_SHARE
        );
    }
    group.finish();
    criterion.final_summary();
}
