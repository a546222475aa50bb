//! A density of your own: written once, its gradient derived, checked, sampled and tempered.
//!
//! Run with `cargo run --release --example own_density`.

use driftlane::{Lane, Reference, Result, Sample, Smc, Target, diagnostics::gradient_error};

/// A ring of radius 3 in the plane: density exp(-(|x| - 3)^2 / (2 0.5^2)).
struct Ring;

impl Target for Ring {
    fn dim(&self) -> usize {
        2
    }

    fn log_density<L: Lane>(&self, x: &[L]) -> L {
        let radius = x[0].mul_add(x[0], x[1] * x[1]).sqrt();
        let z = (radius - L::splat(3.0)) * L::splat(2.0);
        z * z * L::splat(-0.5)
    }

    /// Wide enough for the whole ring.
    fn reference(&self) -> Reference {
        Reference::normal(vec![0.0; 2], vec![3.0; 2]).expect("scales are positive")
    }
}

fn main() -> Result<()> {
    println!(
        "gradient by differentiation, worst error {:.1e}",
        gradient_error(&Ring, 1)
    );

    let chains = Sample::new(&Ring).particles(512).draws(50, 1).run()?;
    let worst = chains.r_hat.iter().copied().fold(0.0, f64::max);
    println!(
        "chains: mean {:.3?}, sd {:.3?}, largest R-hat {worst:.3}",
        chains.mean, chains.sd
    );

    // Polar coordinates: log Z = log(2 pi 3 sqrt(2 pi) 0.5) = 3.1624, up to 1e-9.
    let tempered = Smc::new(&Ring).particles(8192).run()?;
    let se = tempered.log_evidence_se.unwrap_or(f64::NAN);
    println!(
        "log Z = {:.4} +- {se:.4}; exact 3.1624",
        tempered.log_evidence
    );
    Ok(())
}
