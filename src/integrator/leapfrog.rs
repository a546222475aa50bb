//! Leapfrog trajectories on one tile, with a diagonal inverse mass matrix and one step size a
//! particle.
//!
//! ```text
//! kick h/2, (drift h, kick h) x (L - 1), drift h, kick h/2
//! ```
//!
//! L gradients; each inner step is one pass (kick and drift fused) over the coordinates: two fused
//! multiply-adds, a product, 24 bytes read and 16 written a coordinate, all in L1.

use super::Scratch;
use crate::target::{Law, Precision};
use driftlane_kernels::lane::Table;
use driftlane_kernels::rng::Stream;
use driftlane_kernels::step::leapfrog::{drift, kick};
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// Inverse mass matrix (diagonal) with the square roots momenta are drawn with.
#[derive(Debug, Clone)]
pub struct Leapfrog {
    inverse_mass: Table,
    root_mass: Table,
}

impl Leapfrog {
    /// With inverse masses, all positive: best the variances of the target's coordinates.
    pub fn new(inverse_mass: Vec<f64>) -> Self {
        let root = inverse_mass
            .iter()
            .map(|v| 1.0 / v.sqrt())
            .collect::<Vec<_>>();
        Self {
            inverse_mass: inverse_mass.into(),
            root_mass: root.into(),
        }
    }

    /// The inverse masses.
    pub fn inverse_mass(&self) -> &[f64] {
        self.inverse_mass.values()
    }

    /// Moves `scratch.position` and `scratch.momentum` through `steps` >= 1 steps towards `law`.
    /// `scratch.proposed_gradient` is the gradient at the position, before and after;
    /// `scratch.base` and `scratch.ratio` are the log densities after.
    pub fn trajectory<R: Precision>(
        &self,
        law: Law<'_>,
        step_size: Row<R>,
        steps: usize,
        scratch: &mut Scratch<R>,
    ) {
        let inverse_mass = self.inverse_mass.of::<R>();
        let half = step_size * Row::<R>::splat(0.5);
        for step in 0..steps {
            let length = if step == 0 { half } else { step_size };
            let (x, p, g) = (
                &mut scratch.position[..],
                &mut scratch.momentum[..],
                &mut scratch.proposed_gradient[..],
            );
            for ((x, p), (g, &w)) in x
                .iter_mut()
                .zip(p.iter_mut())
                .zip(g.iter().zip(inverse_mass))
            {
                *p = kick(*p, *g, length);
                *x = drift(*x, *p, Row::<R>::broadcast(w), step_size);
            }
            let other = &mut scratch.other[..];
            if step + 1 < steps {
                law.gradient(x, g, other);
            } else {
                let (base, ratio) = (&mut scratch.base[..], &mut scratch.ratio[..]);
                law.log_densities_and_gradient(x, base, ratio, g, other, &mut scratch.wide);
            }
        }
        for (p, g) in scratch.momentum.iter_mut().zip(&scratch.proposed_gradient) {
            *p = kick(*p, *g, half);
        }
    }
}

/// Momenta from N(0, M).
pub fn draw_momentum<R: Precision>(integrator: &Leapfrog, stream: &mut Stream, p: &mut [Row<R>]) {
    for (p, &root) in p.iter_mut().zip(integrator.root_mass.of::<R>()) {
        *p = stream.normal_row::<R>() * Row::<R>::broadcast(root);
    }
}

/// sum_j p_j^2 / (2 m_j), in double precision; `wide` is working memory for `dim` rows.
pub fn kinetic_energy<R: Precision>(
    integrator: &Leapfrog,
    p: &[Row<R>],
    wide: &mut [Row<F64>],
    energy: &mut [Row<F64>],
) {
    let inverse_mass = integrator.inverse_mass.values();
    for (part, energy) in energy.iter_mut().enumerate() {
        R::widen_part(p, part, wide);
        let mut sum = Row::<F64>::zero();
        for (p, &w) in wide.iter().zip(inverse_mass) {
            sum = (*p * Row::<F64>::splat(w)).mul_add(*p, sum);
        }
        *energy = sum * Row::<F64>::splat(0.5);
    }
}
