//! Weighted means and variances, merged pairwise (Chan, Golub, LeVeque 1983,
//! doi 10.1080/00031305.1983.10483115): exact for constants, no cancellation far from the origin.

use bytemuck::cast_slice;
use driftlane_kernels::Register;
use driftlane_kernels::tile::{Row, particles_per_tile};

/// Particles in a tile, at most.
const MOST: usize = 64;

/// sum_i f(w_i, v_i) as 16 running sums added up in a fixed shape: a single sum waits four cycles for
/// every addition, which would be a tenth of Langevin dynamics looked at every 64 steps.
#[inline(always)]
fn sum(w: &[f64; MOST], f: impl Fn(f64, f64) -> f64, v: &[f64; MOST]) -> f64 {
    let mut sums = [0.0; 16];
    for (w, v) in w.chunks_exact(16).zip(v.chunks_exact(16)) {
        for (sum, (&w, &v)) in sums.iter_mut().zip(w.iter().zip(v)) {
            *sum += f(w, v);
        }
    }
    for half in [8, 4, 2, 1] {
        for k in 0..half {
            sums[k] += sums[k + half];
        }
    }
    sums[0]
}

/// Total weight, mean and sum of squared deviations of every coordinate.
#[derive(Debug, Clone, Default, PartialEq)]
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
        let flat: &[R::Scalar] = cast_slice(x);
        // 0 x is zero for a finite x and NaN for any other.
        let mut finite = [0.0; MOST];
        for row in flat.chunks_exact(width) {
            for (sum, &v) in finite.iter_mut().zip(row) {
                *sum += 0.0 * v.into();
            }
        }
        let mut weight = [0.0; MOST];
        for (i, w) in weight[..active].iter_mut().enumerate() {
            let given = weights.map_or(1.0, |w| w[i]);
            *w = if finite[i].is_nan() { 0.0 } else { given };
        }
        let total = sum(&weight, |w, _| w, &weight);
        if total.is_nan() || total <= 0.0 {
            return Self {
                weight: 0.0,
                mean: vec![0.0; x.len()],
                squares: vec![0.0; x.len()],
            };
        }
        let mut mean = Vec::with_capacity(x.len());
        let mut squares = Vec::with_capacity(x.len());
        let mut values = [0.0; MOST];
        for row in flat.chunks_exact(width) {
            for ((value, &v), &w) in values.iter_mut().zip(row).zip(&weight) {
                // A particle without weight may sit at infinity.
                *value = if w == 0.0 { 0.0 } else { v.into() };
            }
            let m = sum(&weight, |w, v| w * v, &values) / total;
            squares.push(sum(&weight, |w, v| (w * (v - m)) * (v - m), &values));
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
