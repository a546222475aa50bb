//! Weighted means and variances, merged pairwise (Chan, Golub, LeVeque 1983,
//! doi 10.1080/00031305.1983.10483115): exact for constants, no cancellation far from the origin.

use bytemuck::cast_slice;
use driftlane_kernels::Register;
use driftlane_kernels::tile::{Row, particles_per_tile};

/// Total weight, mean and sum of squared deviations of every coordinate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Moments {
    weight: f64,
    mean: Vec<f64>,
    /// sum w (x - mean)^2.
    squares: Vec<f64>,
}

impl Moments {
    /// Of the first `active` particles of a tile (`dim` rows), each with its weight; all equal to
    /// one where `weights` is `None`.
    pub fn of_tile<R: Register>(x: &[Row<R>], active: usize, weights: Option<&[f64]>) -> Self {
        let width = particles_per_tile::<R>();
        let flat: &[R::Scalar] = cast_slice(x);
        let weight_of = |i: usize| weights.map_or(1.0, |w| w[i]);
        let weight: f64 = (0..active).map(weight_of).sum();
        if weight.is_nan() || weight <= 0.0 {
            return Self {
                weight: 0.0,
                mean: vec![0.0; x.len()],
                squares: vec![0.0; x.len()],
            };
        }
        let mut mean = Vec::with_capacity(x.len());
        let mut squares = Vec::with_capacity(x.len());
        for row in flat.chunks_exact(width) {
            let (mut sum, mut square) = (0.0, 0.0);
            for (i, &v) in row[..active].iter().enumerate() {
                let w = weight_of(i);
                // A particle without weight may sit at infinity.
                sum += if w == 0.0 { 0.0 } else { w * v.into() };
            }
            let m = sum / weight;
            for (i, &v) in row[..active].iter().enumerate() {
                let w = weight_of(i);
                let d = v.into() - m;
                square += if w == 0.0 { 0.0 } else { w * d * d };
            }
            mean.push(m);
            squares.push(square);
        }
        Self {
            weight,
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
