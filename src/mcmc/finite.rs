//! Which particles are finite: their positions are and, in adjusted moves, their log densities.

use super::{BASE, RATIO};
use crate::particles::Population;
use crate::target::Precision;
use bytemuck::cast_slice;
use driftlane_kernels::tile::{Row, particles_per_tile};
use driftlane_kernels::{F64, Lane};

/// log density of every particle of a tile, from its (base, ratio).
pub(super) fn total<'a>(
    base: &'a [Row<F64>],
    ratio: &'a [Row<F64>],
) -> impl Iterator<Item = f64> + 'a {
    let (base, ratio) = (cast_slice(base), cast_slice(ratio));
    base.iter().zip(ratio).map(|(b, r): (&f64, &f64)| b + r)
}

/// 1 for every finite particle of a tile, 0 for the others: `x` are its positions, `scalars` the rows
/// of its (base, ratio), none in unadjusted dynamics.
pub(super) fn finite_weights<R: Precision>(x: &[Row<R>], scalars: [&[Row<F64>]; 2]) -> [f64; 64] {
    let mut sum = Row::<R>::zero();
    for x in x {
        // 0 where the coordinate is finite, NaN elsewhere.
        sum += *x * Row::<R>::zero();
    }
    let mut weights = [0.0; 64];
    for (weight, s) in weights.iter_mut().zip(cast_slice::<_, R::Scalar>(&sum.0)) {
        let s: f64 = (*s).into();
        *weight = f64::from(u8::from(s == 0.0));
    }
    for (weight, density) in weights.iter_mut().zip(total(scalars[0], scalars[1])) {
        if !density.is_finite() {
            *weight = 0.0;
        }
    }
    weights
}

/// The indices of the particles that are finite.
pub(super) fn finite_particles<R: Precision>(
    population: &Population<R>,
    adjusted: bool,
) -> Vec<usize> {
    let tiles = population.vector(0).chunks_exact(population.dim());
    let rows = Population::<R>::scalar_rows();
    let mut finite = Vec::with_capacity(population.len());
    for (tile, x) in tiles.enumerate() {
        let scalars = [BASE, RATIO].map(|channel| match adjusted {
            true => &population.scalar(channel)[tile * rows..(tile + 1) * rows],
            false => &[],
        });
        let first = tile * particles_per_tile::<R>();
        let weights = finite_weights(x, scalars);
        finite.extend(
            (first..)
                .zip(weights)
                .filter(|(_, w)| *w > 0.0)
                .map(|(i, _)| i),
        );
    }
    finite.truncate(finite.partition_point(|i| *i < population.len()));
    finite
}
