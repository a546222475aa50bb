//! The two simulators of a joint law and the gate between them.
//!
//! ```text
//! marginal-conditional:    theta ~ p(theta),  y ~ p(y | theta)
//! successive-conditional:  theta' ~ K_y(theta, .),  y' ~ p(y | theta'),  from a draw of the joint
//! ```
//!
//! Both have the joint law if and only if K_y leaves p(theta | y) invariant for almost every y; a
//! wrong K drives the second further off with every sweep. Chains are independent, so the average of a
//! statistic over the sweeps of one chain has an honest standard error over chains.

use crate::gates::{Gate, require};
use crate::model::{Linear, Posterior};
use bytemuck::cast_slice;
use driftlane::integrator::Scratch;
use driftlane::kernels::rng::{Purpose, Stream};
use driftlane::kernels::tile::Row;
use driftlane::kernels::{F64, Lane};
use driftlane::mcmc::Move;
use driftlane::particles::{Channels, Population};
use driftlane::target::Path;

/// Tiles of 32 chains.
const TILES: usize = 1024;
const SWEEPS: usize = 60;
/// Moves between new data.
const MOVES: usize = 3;

/// theta, y, the products theta_j theta_k (k <= j), then for each observation its products with theta
/// and its square.
pub fn statistics(theta: &[Row<F64>], y: &[Row<F64>], mut add: impl FnMut(usize, Row<F64>)) {
    let mut at = 0;
    let mut next = |value: Row<F64>| {
        add(at, value);
        at += 1;
    };
    theta.iter().chain(y).for_each(|v| next(*v));
    for (j, a) in theta.iter().enumerate() {
        theta[..=j].iter().for_each(|b| next(*a * *b));
    }
    for y in y {
        theta.iter().for_each(|t| next(*t * *y));
        next(*y * *y);
    }
}

/// Means of the statistics over independent chains, with their standard errors.
pub struct Means {
    pub mean: Vec<f64>,
    pub se: Vec<f64>,
}

impl Means {
    /// From one row of chains a tile and statistic, `[tile][statistic]`.
    fn of(rows: &[Row<F64>], statistics: usize) -> Self {
        let n = (32 * rows.len() / statistics) as f64;
        let (mean, se) = (0..statistics)
            .map(|k| {
                let rows: Vec<Row<F64>> =
                    rows.iter().skip(k).step_by(statistics).copied().collect();
                let values: &[f64] = cast_slice(&rows);
                let mean = values.iter().sum::<f64>() / n;
                let square: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
                (mean, (square / (n - 1.0) / n).sqrt())
            })
            .unzip();
        Self { mean, se }
    }

    /// Known values, without error.
    pub fn known(mean: Vec<f64>) -> Self {
        let se = vec![0.0; mean.len()];
        Self { mean, se }
    }
}

/// Draws of the joint law: the reference of the test.
pub fn marginal_conditional(model: &Linear, beta: f64, seed: u64) -> Means {
    let count = model.exact(beta).len();
    let mut rows = vec![Row::<F64>::zero(); TILES * count];
    let mut theta = vec![Row::<F64>::zero(); model.dim()];
    let mut y = vec![Row::<F64>::zero(); model.observations()];
    for (tile, rows) in rows.chunks_exact_mut(count).enumerate() {
        // As many draws as the other simulator has sweeps, so that neither limits the power.
        let mut stream = Stream::new(seed, Purpose::Exact, tile as u64, 0);
        for _ in 0..SWEEPS {
            model.draw_parameters(&mut stream, &mut theta);
            model.draw_data(&mut stream, &theta, beta, &mut y);
            statistics(&theta, &y, |k, v| {
                rows[k] += v * Row::splat(1.0 / SWEEPS as f64)
            });
        }
    }
    Means::of(&rows, count)
}

/// Chains of `mover`, with new data after every visit of 3 moves. `tempered`: along the path
/// from the prior, at `beta`; else the posterior itself, and `beta` is 1.
pub fn successive_conditional(
    model: &Linear,
    mover: &mut dyn Move<F64>,
    beta: f64,
    tempered: bool,
    seed: u64,
) -> Means {
    let count = model.exact(beta).len();
    let mut rows = vec![Row::<F64>::zero(); TILES * count];
    let mut theta = vec![Row::<F64>::zero(); model.dim()];
    let mut y = vec![Row::<F64>::zero(); model.observations()];
    let mut scratch = Scratch::<F64>::new(model.dim());
    let channels = Channels {
        vectors: mover.vectors(),
        scalars: 2,
        states: 0,
    };
    for (tile, rows) in rows.chunks_exact_mut(count).enumerate() {
        let mut stream = Stream::new(seed, Purpose::Initial, tile as u64, 0);
        model.draw_parameters(&mut stream, &mut theta);
        model.draw_data(&mut stream, &theta, beta, &mut y);
        let mut population = Population::<F64>::new(32, model.dim(), channels);
        let mut block = population.span();
        for sweep in 0..SWEEPS as u64 {
            let posterior = Posterior::new(model, &y);
            let path = match tempered {
                true => Path::tempered(&posterior, None).unwrap(),
                false => Path::plain(&posterior),
            };
            block.vectors[0].copy_from_slice(&theta);
            let [base, ratio, ..] = &mut block.scalars;
            path.log_densities::<F64>(&theta, &mut scratch.wide, base, ratio);
            let mut noise = Stream::new(seed, Purpose::Move, tile as u64, sweep);
            mover.before_visit(seed, sweep);
            mover.run(
                path.law(beta),
                MOVES,
                false,
                &mut block,
                &mut noise,
                &mut scratch,
            );
            theta.copy_from_slice(block.vectors[0]);
            model.draw_data(&mut stream, &theta, beta, &mut y);
            statistics(&theta, &y, |k, v| {
                rows[k] += v * Row::splat(1.0 / SWEEPS as f64)
            });
        }
    }
    Means::of(&rows, count)
}

/// Every statistic agrees within 5 standard errors of the difference.
pub fn same(a: &Means, b: &Means) -> Gate {
    for k in 0..a.mean.len() {
        let error = (a.se[k] * a.se[k] + b.se[k] * b.se[k]).sqrt();
        let off = a.mean[k] - b.mean[k];
        require(off.abs() <= 5.0 * error, || {
            format!(
                "statistic {k}: {off:.3e} apart, allowed {:.3e}",
                5.0 * error
            )
        })?;
    }
    Ok(())
}
