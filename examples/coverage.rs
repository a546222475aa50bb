//! How often two reported standard errors cover the exact log Z: 100 seeds a target, 2048 particles.
//!
//!     cargo run --release --example coverage > examples/coverage.md
//!
//! Takes some minutes. Standard errors are Lee-Whiteley's from one run each; every run moves until its
//! population has decorrelated, or 20 times a temperature where step sizes are spread.

use driftlane::mcmc::MoveSettings;
use driftlane::smc::Smc;
use driftlane::target::library::two_modes::Conditioning;
use driftlane::target::library::{
    Banana, EightSchools, Funnel, Gaussian, ManyWell, Phi4, Rings, StudentMixture, TwoModes,
    mixture,
};
use driftlane::target::{BlockTarget, Unconstrained};

const RUNS: u64 = 100;

fn targets() -> driftlane::Result<Vec<(&'static str, Box<dyn BlockTarget>)>> {
    let means: Vec<f64> = (0..10).map(f64::from).collect();
    let schools = |centred| Unconstrained::new(EightSchools::new(centred));
    Ok(vec![
        (
            "gaussian, dim 10, off centre",
            Box::new(Gaussian::isotropic(means, 0.5)?),
        ),
        ("eight-gaussians", Box::new(mixture::eight_gaussians())),
        ("grid-9", Box::new(mixture::grid_9())),
        ("grid-25", Box::new(mixture::grid_25())),
        ("fab-40", Box::new(mixture::fab_40())),
        ("many-well, dim 8", Box::new(ManyWell::new(8)?)),
        (
            "two-modes, dim 4, medium",
            Box::new(TwoModes::new(4, Conditioning::Medium)?),
        ),
        (
            "funnel, variance 1, spread 10",
            Box::new(Funnel::new(10, 1.0)?),
        ),
        (
            "funnel, variance 3, spread 10",
            Box::new(Funnel::new(10, 3.0)?),
        ),
        (
            "rings",
            Box::new(Rings::new(vec![1.0, 2.0, 3.0, 4.0], vec![1.0; 4], 0.15)?),
        ),
        ("banana", Box::new(Banana::new(2, 10.0, 0.02)?)),
        (
            "student-mixture",
            Box::new(StudentMixture::new(2, 10, 2.0)?),
        ),
        (
            "phi4, n 32, b 0.002, long moves",
            Box::new(Phi4::new(32, 0.1, 0.002, 20.0)?),
        ),
        ("eight-schools", Box::new(schools(false)?)),
        (
            "eight-schools, centred, spread 10",
            Box::new(schools(true)?),
        ),
    ])
}

fn main() -> driftlane::Result<()> {
    println!("# Coverage of the standard error of log Z\n");
    println!(
        "Made by `cargo run --release --example coverage > examples/coverage.md`: {RUNS} seeds a target,"
    );
    println!(
        "2048 particles, HMC until decorrelated (20 moves where step sizes are spread by 10, 10 of 20 steps where they are long), one run each. A run covers if the"
    );
    println!(
        "exact log Z lies within 2 standard errors of its own; the errors of exact values are below 1e-9.\n"
    );
    println!(
        "| target | exact log Z | mean error | rms error | mean standard error | runs that cover |"
    );
    println!("|---|---|---|---|---|---|");
    let (mut all, mut covered) = (0, 0);
    for (name, target) in targets()? {
        let exact = target.exact().log_evidence.unwrap_or(f64::NAN);
        let mover = MoveSettings {
            step_size_spread: name.contains("spread").then_some(10.0),
            leapfrog_steps: if name.contains("long") { 20 } else { 10 },
            ..MoveSettings::default()
        };
        let (mut error, mut square, mut se_sum, mut inside) = (0.0, 0.0, 0.0, 0);
        for seed in 0..RUNS {
            let smc = Smc::new(&*target).mover(mover.clone()).seed(seed);
            // Correlations of coordinates do not see the funnel's neck.
            let smc = match name {
                name if name.contains("spread") => smc.moves_per_stage(20),
                name if name.contains("long") => smc.moves_per_stage(10),
                _ => smc.moves_until_decorrelated(100),
            };
            let result = smc.run()?;
            let off = result.log_evidence - exact;
            // A run that gives no standard error covers nothing.
            let se = result.log_evidence_se.unwrap_or(0.0);
            error += off;
            square += off * off;
            se_sum += se;
            inside += u64::from(off.abs() <= 2.0 * se);
        }
        let n = RUNS as f64;
        println!(
            "| {name} | {exact:.6} | {:+.4} | {:.4} | {:.4} | {inside} of {RUNS} |",
            error / n,
            (square / n).sqrt(),
            se_sum / n
        );
        all += RUNS;
        covered += inside;
    }
    println!(
        "\nAll together: {covered} of {all}, {:.1}%.",
        100.0 * covered as f64 / all as f64
    );
    Ok(())
}
