//! How often two reported standard errors cover the exact log Z: 100 seeds a target, 2048 particles.
//!
//!     cargo run --release --example coverage > examples/coverage.md
//!
//! Takes some minutes; a word after `--` chooses targets by name. Standard errors are Lee-Whiteley's from one
//! run each. Every run moves until its population has decorrelated, or as often as its row says.

use driftlane::mcmc::MoveSettings;
use driftlane::smc::Smc;
use driftlane::target::library::two_modes::Conditioning;
use driftlane::target::library::{
    Banana, Brownian, DoubleWell4, EightSchools, Funnel, Gaussian, ManyWell, Phi4, Rings, Seeds,
    StudentMixture, TwoModes, U1Gauge, mixture,
};
use driftlane::target::{BlockTarget, Unconstrained};

const RUNS: u64 = 100;

/// A target and how it is moved on.
struct Row {
    name: &'static str,
    target: Box<dyn BlockTarget>,
    step_size_spread: Option<f64>,
    leapfrog_steps: usize,
    /// At every temperature; `None`: until decorrelated.
    moves: Option<usize>,
    /// log Z and its error where the target does not know it.
    log_evidence: Option<(f64, f64)>,
}

impl Row {
    fn new(name: &'static str, target: impl BlockTarget + 'static) -> Self {
        Self {
            name,
            target: Box::new(target),
            step_size_spread: None,
            leapfrog_steps: 10,
            moves: None,
            log_evidence: None,
        }
    }

    /// No one step size serves: log-uniform over two decades. Correlations of coordinates do not see a
    /// funnel's neck, so the number of moves is given.
    fn spread(self, moves: usize) -> Self {
        Self {
            step_size_spread: Some(10.0),
            moves: Some(moves),
            ..self
        }
    }
}

fn rows() -> driftlane::Result<Vec<Row>> {
    let means: Vec<f64> = (0..10).map(f64::from).collect();
    let schools = |centred| Unconstrained::new(EightSchools::new(centred));
    let rings = Rings::new(vec![1.0, 2.0, 3.0, 4.0], vec![1.0; 4], 0.15)?;
    Ok(vec![
        Row::new(
            "gaussian, dim 10, off centre",
            Gaussian::isotropic(means, 0.5)?,
        ),
        Row::new("eight-gaussians", mixture::eight_gaussians()),
        Row::new("grid-9", mixture::grid_9()),
        Row::new("grid-25", mixture::grid_25()),
        Row::new("fab-40", mixture::fab_40()),
        Row::new("many-well, dim 8", ManyWell::new(8)?),
        Row::new(
            "two-modes, dim 4, medium",
            TwoModes::new(4, Conditioning::Medium)?,
        ),
        Row::new("funnel, variance 1", Funnel::new(10, 1.0)?).spread(20),
        Row::new("funnel, variance 3", Funnel::new(10, 3.0)?).spread(40),
        Row::new("rings", rings),
        Row::new("banana", Banana::new(2, 10.0, 0.02)?),
        Row::new("student-mixture", StudentMixture::new(2, 10, 2.0)?),
        Row {
            leapfrog_steps: 20,
            moves: Some(10),
            ..Row::new("phi4, n 32, b 0.002", Phi4::new(32, 0.1, 0.002, 20.0)?)
        },
        Row::new("eight-schools", schools(false)?),
        Row {
            leapfrog_steps: 30,
            ..Row::new("eight-schools, centred", schools(true)?).spread(60)
        },
        Row {
            log_evidence: Some((-73.404, 0.01)),
            ..Row::new("seeds", Unconstrained::new(Seeds::new())?)
        },
        Row::new("brownian", Unconstrained::new(Brownian)?).spread(40),
        Row::new("u1-gauge, n 4, beta 2", U1Gauge::new(4, 2.0)?),
        Row::new("u1-gauge, n 8, beta 1", U1Gauge::new(8, 1.0)?),
        Row::new("dw-4", DoubleWell4),
    ])
}

fn main() -> driftlane::Result<()> {
    println!("# Coverage of the standard error of log Z\n");
    println!(
        "Made by `cargo run --release --example coverage > examples/coverage.md`: {RUNS} seeds a target,"
    );
    println!(
        "2048 particles, HMC, one run each. A run covers if the exact log Z lies within 2 standard errors of"
    );
    println!(
        "its own, the error of the exact value added (0.01 for seeds, below 1e-9 for the others).\n"
    );
    println!(
        "| target | moves a temperature | leapfrog steps | exact log Z | mean error | rms error | mean standard error | runs that cover |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let (mut all, mut covered) = (0, 0);
    for row in rows()?.iter().filter(|row| row.name.contains(&wanted)) {
        let known = row.target.exact().log_evidence.map(|z| (z, 0.0));
        let (exact, own) = row.log_evidence.or(known).unwrap_or((f64::NAN, 0.0));
        let mover = MoveSettings {
            step_size_spread: row.step_size_spread,
            leapfrog_steps: row.leapfrog_steps,
            ..MoveSettings::default()
        };
        let (mut error, mut square, mut se_sum, mut inside) = (0.0, 0.0, 0.0, 0);
        for seed in 0..RUNS {
            let smc = Smc::new(&*row.target).mover(mover.clone()).seed(seed);
            let smc = match row.moves {
                Some(moves) => smc.moves_per_stage(moves),
                None => smc.moves_until_decorrelated(100),
            };
            let result = smc.run()?;
            let off = result.log_evidence - exact;
            // A run that gives no standard error covers nothing.
            let se = result.log_evidence_se.unwrap_or(0.0);
            error += off;
            square += off * off;
            se_sum += se;
            inside += u64::from(off.abs() <= 2.0 * se + own);
        }
        let n = RUNS as f64;
        let moves = match (row.moves, row.step_size_spread) {
            (Some(moves), Some(_)) => format!("{moves}, step sizes spread by 10"),
            (Some(moves), None) => moves.to_string(),
            _ => "until decorrelated".to_owned(),
        };
        println!(
            "| {} | {moves} | {} | {exact:.6} | {:+.4} | {:.4} | {:.4} | {inside} of {RUNS} |",
            row.name,
            row.leapfrog_steps,
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
