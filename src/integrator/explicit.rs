//! Overdamped schemes that are not splittings, on one tile: Euler-Maruyama, plain and tamed
//! ([`driftlane_kernels::step::langevin`]), the randomised midpoint and semilinear steps.
//!
//! ```text
//! randomised midpoint, u uniform on [0, 1), w = 1/m:
//!   y = x + u h w g(x) + sqrt(2 u h w) xi_1
//!   x <- x + h w g(y) + sqrt(2 u h w) xi_1 + sqrt(2 (1 - u) h w) xi_2
//! semilinear, f(x) = g(x) - a x:
//!   y = e^(ah) x + h phi_1(ah) f(x) + sqrt(2 h phi_1(2ah)) xi;   x <- y,  or  y + h phi_2(ah) (f(y) - f(x))
//! ```
//!
//! u is a number of each particle. On a Gaussian of precision k with z = h k the midpoint is
//! stationary at variance (1/k) (2 - 2z + z^2) / (2 - 2z + z^2 - z^3/3). Gradients a step: one, one,
//! two, one or two; normals a coordinate: one, one, two, one. Sources: He, Balasubramanian, Erdogdu
//! 2020, arXiv:2011.03176; Jentzen, Kloeden 2009, doi 10.1098/rspa.2008.0325; Cox, Matthews 2002,
//! doi 10.1006/jcph.2002.6995.

use super::masses::Masses;
use super::stepper::Tile;
use crate::target::{Law, Precision};
use driftlane_kernels::Lane;
use driftlane_kernels::lane::Table;
use driftlane_kernels::rng::Noise;
use driftlane_kernels::step::exponential::{Semilinear, semilinear_step};
use driftlane_kernels::step::langevin::{euler_maruyama, tamed};
use driftlane_kernels::tile::Row;

/// How the gradient is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taming {
    None,
    Norm,
    ByCoordinate,
}

/// One step of Euler-Maruyama from the gradient in `tile.grad`.
pub(super) fn euler<R: Precision, N: Noise>(
    taming: Taming,
    masses: &Masses,
    step_size: Row<R>,
    tile: &mut Tile<'_, R>,
    noise: &mut N,
) {
    let noise_scale = (Row::<R>::splat(2.0) * step_size).sqrt();
    let mut shared = step_size;
    if taming == Taming::Norm {
        let mut square = Row::<R>::zero();
        for g in tile.grad.iter() {
            square = g.mul_add(*g, square);
        }
        shared = tamed(step_size, square.sqrt());
    }
    let weights = masses.inverse.of::<R>().iter().zip(masses.root.of::<R>());
    for ((x, g), (&w, &root)) in tile.x.iter_mut().zip(tile.grad.iter()).zip(weights) {
        let length = match taming {
            Taming::ByCoordinate => tamed(step_size, g.abs()),
            _ => shared,
        };
        let w = Row::<R>::broadcast(w);
        let scale = noise_scale * (w * Row::<R>::broadcast(root));
        *x = euler_maruyama(*x, *g, length * w, scale, noise.row::<R>());
    }
}

/// One step of the randomised midpoint from the gradient in `tile.grad`, which is overwritten.
pub(super) fn midpoint<R: Precision, N: Noise>(
    law: Law<'_>,
    masses: &Masses,
    step_size: Row<R>,
    tile: &mut Tile<'_, R>,
    noise: &mut N,
) {
    let first = noise.uniform::<R>() * step_size;
    let second = step_size - first;
    let two = Row::<R>::splat(2.0);
    let scales = [(two * first).sqrt(), (two * second).sqrt()];
    let (inverse, roots) = (masses.inverse.of::<R>(), masses.root.of::<R>());
    for (j, x) in tile.x.iter_mut().enumerate() {
        let w = Row::<R>::broadcast(inverse[j]);
        let spread = w * Row::<R>::broadcast(roots[j]);
        *x = (scales[0] * spread).mul_add(noise.row::<R>(), *x);
        tile.middle[j] = (first * w).mul_add(tile.grad[j], *x);
    }
    law.gradient(tile.middle, tile.grad, tile.other);
    for (j, x) in tile.x.iter_mut().enumerate() {
        let w = Row::<R>::broadcast(inverse[j]);
        let spread = w * Row::<R>::broadcast(roots[j]);
        let scale = scales[1] * spread;
        *x = euler_maruyama(*x, tile.grad[j], step_size * w, scale, noise.row::<R>());
    }
}

/// The coefficients of a semilinear step, a number for each coordinate.
#[derive(Debug, Clone)]
pub(super) struct SemilinearTables {
    rate: Table,
    decay: Table,
    force: Table,
    correction: Table,
    noise: Table,
}

impl SemilinearTables {
    /// Of linear parts `rates` and one step size.
    pub(super) fn new(rates: &[f64], step_size: f64) -> Self {
        let all = rates.iter().map(|&a| Semilinear::new(a, step_size));
        let all: Vec<Semilinear> = all.collect();
        let column = |f: fn(&Semilinear) -> f64| Table::new(all.iter().map(f).collect());
        Self {
            rate: rates.to_vec().into(),
            decay: column(|c| c.decay),
            force: column(|c| c.force),
            correction: column(|c| c.correction),
            noise: column(|c| c.noise),
        }
    }
}

/// One semilinear step from the gradient in `tile.grad`, which is overwritten.
pub(super) fn semilinear<R: Precision, N: Noise>(
    law: Law<'_>,
    tables: &SemilinearTables,
    corrected: bool,
    tile: &mut Tile<'_, R>,
    noise: &mut N,
) {
    let row = |table: &Table, j: usize| Row::<R>::broadcast(table.of::<R>()[j]);
    for (j, x) in tile.x.iter_mut().enumerate() {
        let rest = row(&tables.rate, j).neg_mul_add(*x, tile.grad[j]);
        let (decay, force) = (row(&tables.decay, j), row(&tables.force, j));
        let xi = noise.row::<R>();
        *x = semilinear_step(*x, rest, decay, force, row(&tables.noise, j), xi);
        tile.middle[j] = rest;
    }
    if !corrected {
        return;
    }
    law.gradient(tile.x, tile.grad, tile.other);
    for (j, x) in tile.x.iter_mut().enumerate() {
        let rest = row(&tables.rate, j).neg_mul_add(*x, tile.grad[j]);
        *x = row(&tables.correction, j).mul_add(rest - tile.middle[j], *x);
    }
}
