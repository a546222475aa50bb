//! Log-sum-exp, ESS and CESS in one pass over blocks.
//!
//! A block is read twice while it is in L1 (its maximum, then the exponentials: cheaper than a
//! rescaling single pass); blocks are merged as (max, sums) in a fixed order. -infinity is weight
//! zero; NaN counts as zero too and must have been counted by whoever produced it.
//!
//! ESS = (sum w)^2 / sum w^2. With carried normalised weights W and increments v = exp(delta l):
//! ESS(delta) = (sum W v)^2 / sum (W v)^2 and CESS(delta) = N (sum W v)^2 / sum W v^2 (Zhou,
//! Johansen, Aston 2016, doi 10.1080/10618600.2015.1060885), which is monotone in delta always.
//! Cost: one exponential a particle (two for increments).

use super::{max_row, sum_row};
use crate::lane::{F64, Lane};
use crate::tile::Row;

#[inline(always)]
fn max_of(rows: &[Row<F64>]) -> f64 {
    let mut max = Row::<F64>::splat(f64::NEG_INFINITY);
    for &row in rows {
        // row.max(max) keeps `max` where the row is NaN.
        max = row.max(max);
    }
    max_row(max)
}

/// e^(row - max) with 0 where the row is NaN or max is -infinity.
#[inline(always)]
fn shifted_exp(row: Row<F64>, max: f64) -> Row<F64> {
    let zero = Row::<F64>::zero();
    let shifted = row - Lane::splat(max);
    Lane::select(shifted.le(zero), shifted.exp(), zero)
}

/// Sums of weights given by their logarithms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightSums {
    /// The largest log weight.
    pub max: f64,
    /// sum exp(log weight - max).
    pub sum: f64,
    /// sum exp(2 (log weight - max)).
    pub sum_squares: f64,
}

impl WeightSums {
    /// No particles.
    pub const EMPTY: Self = Self {
        max: f64::NEG_INFINITY,
        sum: 0.0,
        sum_squares: 0.0,
    };

    /// The sums of a block.
    pub fn of(log_weights: &[Row<F64>]) -> Self {
        let max = max_of(log_weights);
        let (mut sum, mut sum_squares) = (Row::<F64>::zero(), Row::<F64>::zero());
        for &row in log_weights {
            let w = shifted_exp(row, max);
            sum += w;
            sum_squares = w.mul_add(w, sum_squares);
        }
        Self {
            max,
            sum: sum_row(sum),
            sum_squares: sum_row(sum_squares),
        }
    }

    /// The sums of two disjoint sets of particles.
    pub fn merge(self, other: Self) -> Self {
        let max = if other.max > self.max {
            other.max
        } else {
            self.max
        };
        if max == f64::NEG_INFINITY {
            return Self::EMPTY;
        }
        let (a, b) = if crate::mutants::active("log-sum-without-maximum") {
            (1.0, 1.0)
        } else {
            (Lane::exp(self.max - max), Lane::exp(other.max - max))
        };
        Self {
            max,
            sum: self.sum * a + other.sum * b,
            sum_squares: self.sum_squares * (a * a) + other.sum_squares * (b * b),
        }
    }

    /// ln of the sum of the weights; -infinity where all are zero.
    pub fn log_sum(&self) -> f64 {
        if self.sum > 0.0 {
            self.max + Lane::ln(self.sum)
        } else {
            f64::NEG_INFINITY
        }
    }

    /// The effective sample size; 0 where all weights are zero.
    pub fn ess(&self) -> f64 {
        if self.sum > 0.0 {
            self.sum * self.sum / self.sum_squares
        } else {
            0.0
        }
    }
}

/// Sums that tell what ESS and CESS would be after multiplying carried weights by exp(delta l).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IncrementSums {
    max_weight: f64,
    max_increment: f64,
    w: f64,
    wv: f64,
    wvv: f64,
    wwvv: f64,
}

impl IncrementSums {
    /// No particles.
    pub const EMPTY: Self = Self {
        max_weight: f64::NEG_INFINITY,
        max_increment: f64::NEG_INFINITY,
        w: 0.0,
        wv: 0.0,
        wvv: 0.0,
        wwvv: 0.0,
    };

    /// The sums of a block for increments `delta * log_ratio`, delta > 0.
    pub fn of(log_weights: &[Row<F64>], log_ratio: &[Row<F64>], delta: f64) -> Self {
        let max_weight = max_of(log_weights);
        let scale = Row::<F64>::splat(delta);
        let mut max = Row::<F64>::splat(f64::NEG_INFINITY);
        let dead = Row::<F64>::splat(f64::NEG_INFINITY);
        for (&lw, &l) in log_weights.iter().zip(log_ratio) {
            let alive = Lane::select(dead.lt(lw), l * scale, dead);
            max = alive.max(max);
        }
        let max_increment = max_row(max);
        let zero = Row::<F64>::zero();
        let (mut w, mut wv, mut wvv, mut wwvv) = (zero, zero, zero, zero);
        for (&lw, &l) in log_weights.iter().zip(log_ratio) {
            let weight = shifted_exp(lw, max_weight);
            let v = shifted_exp(l * scale, max_increment);
            let product = weight * v;
            w += weight;
            wv += product;
            wvv = product.mul_add(v, wvv);
            wwvv = product.mul_add(product, wwvv);
        }
        Self {
            max_weight,
            max_increment,
            w: sum_row(w),
            wv: sum_row(wv),
            wvv: sum_row(wvv),
            wwvv: sum_row(wwvv),
        }
    }

    /// The sums of two disjoint sets of particles.
    pub fn merge(self, other: Self) -> Self {
        let larger = |a: f64, b: f64| if b > a { b } else { a };
        let max_weight = larger(self.max_weight, other.max_weight);
        let max_increment = larger(self.max_increment, other.max_increment);
        let scaled = |s: &Self| {
            let factor = |own: f64, max: f64| {
                if own == max {
                    1.0
                } else {
                    Lane::exp(own - max)
                }
            };
            let a = factor(s.max_weight, max_weight);
            let b = factor(s.max_increment, max_increment);
            (
                s.w * a,
                s.wv * (a * b),
                s.wvv * (a * b * b),
                s.wwvv * (a * a * b * b),
            )
        };
        let (a, b) = (scaled(&self), scaled(&other));
        Self {
            max_weight,
            max_increment,
            w: a.0 + b.0,
            wv: a.1 + b.1,
            wvv: a.2 + b.2,
            wwvv: a.3 + b.3,
        }
    }

    /// ESS of the new weights; 0 where they are all zero, or below 1e-154 of what the heaviest
    /// particle with the largest increment would weigh.
    pub fn ess(&self) -> f64 {
        if self.wwvv > 0.0 {
            self.wv * self.wv / self.wwvv
        } else {
            0.0
        }
    }

    /// Conditional ESS as a fraction of the population, in (0, 1]; 0 likewise.
    pub fn cess_fraction(&self) -> f64 {
        let most = self.w * self.wvv;
        if most > 0.0 {
            self.wv * self.wv / most
        } else {
            0.0
        }
    }
}
