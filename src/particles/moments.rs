//! Weighted means and variances, merged pairwise (Chan, Golub, LeVeque 1983,
//! doi 10.1080/00031305.1983.10483115): exact for constants, no cancellation far from the origin.

use bytemuck::cast_slice;
use driftlane_kernels::tile::{Row, particles_per_tile};
use driftlane_kernels::weights::sum_row;
use driftlane_kernels::{F64, Lane, Register};
use serde::{Deserialize, Serialize};

/// Registers of eight particles in a tile, at most.
const MOST_GROUPS: usize = 8;

/// Particles 8 k to 8 k + 7 of a row.
#[inline(always)]
fn group<R: Register>(row: &[R::Scalar], k: usize) -> F64 {
    F64::new(std::array::from_fn(|i| row[8 * k + i].into()))
}

/// The sum of f(k, w_k) over groups and over their particles, in a fixed shape.
#[inline(always)]
fn sum_of(weight: &[F64], f: impl Fn(usize, F64) -> F64) -> f64 {
    let mut sums = Row::<F64>::zero();
    for (k, &w) in weight.iter().enumerate() {
        sums.0[k % 4] += f(k, w);
    }
    sum_row(sums)
}

/// Total weight, mean and sum of squared deviations of every coordinate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    weight: f64,
    mean: Vec<f64>,
    /// sum w (x - mean)^2.
    squares: Vec<f64>,
}

impl Moments {
    /// Of the first `active` particles of a tile (`dim` rows), each with its weight (one for every
    /// particle of the tile), all equal to one where `weights` is `None`. A particle with a
    /// coordinate that is not finite is left out.
    pub fn of_tile<R: Register>(x: &[Row<R>], active: usize, weights: Option<&[f64]>) -> Self {
        let width = particles_per_tile::<R>();
        let (groups, zero) = (width / 8, F64::splat(0.0));
        let flat: &[R::Scalar] = cast_slice(x);
        // 0 x is zero for a finite x and NaN for any other.
        let mut finite = [zero; MOST_GROUPS];
        for row in flat.chunks_exact(width) {
            for (k, sum) in finite[..groups].iter_mut().enumerate() {
                *sum = Lane::mul_add(zero, group::<R>(row, k), *sum);
            }
        }
        let mut given = [0.0; 8 * MOST_GROUPS];
        for (i, w) in given[..active].iter_mut().enumerate() {
            *w = weights.map_or(1.0, |w| w[i]);
        }
        let mut weight = [zero; MOST_GROUPS];
        for ((w, given), sum) in weight.iter_mut().zip(given.chunks_exact(8)).zip(finite) {
            *w = Lane::select(Lane::is_nan(sum), zero, group::<F64>(given, 0));
        }
        let weight = &weight[..groups];
        let total = sum_of(weight, |_, w| w);
        if total.is_nan() || total <= 0.0 {
            return Self {
                weight: 0.0,
                mean: vec![0.0; x.len()],
                squares: vec![0.0; x.len()],
            };
        }
        let mut mean = Vec::with_capacity(x.len());
        let mut squares = Vec::with_capacity(x.len());
        for row in flat.chunks_exact(width) {
            // A particle without weight may sit at infinity.
            let value = |k, w: F64| Lane::select(Lane::lt(zero, w), group::<R>(row, k), zero);
            let m = sum_of(weight, |k, w| w * value(k, w)) / total;
            let centre = F64::splat(m);
            squares.push(sum_of(weight, |k, w| {
                let d = value(k, w) - centre;
                w * d * d
            }));
            mean.push(m);
        }
        Self {
            weight: total,
            mean,
            squares,
        }
    }

    /// Of two disjoint sets of particles; an empty `Moments` is the neutral element.
    pub fn merge(mut self, other: Self) -> Self {
        if other.weight == 0.0 {
            return self;
        }
        if self.weight == 0.0 {
            return other;
        }
        let total = self.weight + other.weight;
        let share = other.weight / total;
        for j in 0..self.mean.len() {
            let d = other.mean[j] - self.mean[j];
            self.squares[j] += other.squares[j] + d * d * (self.weight * share);
            self.mean[j] += d * share;
        }
        self.weight = total;
        self
    }

    /// The total weight: the number of particles where all weigh one.
    pub fn weight(&self) -> f64 {
        self.weight
    }
    /// Means.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }
    /// Population standard deviations (divided by the total weight).
    pub fn sd(&self) -> Vec<f64> {
        self.squares
            .iter()
            .map(|s| (s / self.weight).sqrt())
            .collect()
    }
}
