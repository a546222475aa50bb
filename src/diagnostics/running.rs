//! Central moments to the fourth order of a stream of numbers, merged pairwise.
//!
//! ```text
//! d = mean_b - mean_a,  n = n_a + n_b
//! M2 = M2a + M2b + d^2 n_a n_b / n
//! M3 = M3a + M3b + d^3 n_a n_b (n_a - n_b) / n^2 + 3 d (n_a M2b - n_b M2a) / n
//! M4 = M4a + M4b + d^4 n_a n_b (n_a^2 - n_a n_b + n_b^2) / n^3
//!    + 6 d^2 (n_a^2 M2b + n_b^2 M2a) / n^2 + 4 d (n_a M3b - n_b M3a) / n
//! ```
//!
//! (Chan, Golub, LeVeque 1983, doi 10.1080/00031305.1983.10483115, for M2; Pebay 2008, SAND2008-6212,
//! for the rest.) Lists are halved down to 256 numbers and merged upwards, so that the result depends
//! on the list alone and errors grow with the logarithm of its length. O(n), constant memory.

use super::mcse::sd_error;
use super::rank::mean;

/// Count, mean and sums of the second to fourth powers of deviations.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RunningMoments {
    count: f64,
    mean: f64,
    m2: f64,
    m3: f64,
    m4: f64,
}

/// Numbers that are summed directly.
const LEAF: usize = 256;

impl RunningMoments {
    /// Of a list; an empty one is the neutral element of [`merge`](Self::merge).
    pub fn of(values: &[f64]) -> Self {
        if values.len() > LEAF {
            // The left part is a power of two of leaves, so that it is the same in every longer list.
            let left = (values.len().div_ceil(LEAF)).next_power_of_two() / 2 * LEAF;
            let (a, b) = values.split_at(left);
            return Self::of(a).merge(Self::of(b));
        }
        if values.is_empty() {
            return Self::default();
        }
        let count = values.len() as f64;
        let mean = mean(values);
        let mut all = Self {
            count,
            mean,
            ..Self::default()
        };
        for x in values {
            let d = x - mean;
            all.m2 += d * d;
            all.m3 += d * d * d;
            all.m4 += (d * d) * (d * d);
        }
        all
    }

    /// Of two disjoint sets. Not associative to the last bit: merge in an order that depends on the
    /// data alone.
    pub fn merge(self, other: Self) -> Self {
        if self.count == 0.0 {
            return other;
        }
        if other.count == 0.0 {
            return self;
        }
        let (a, b) = (self.count, other.count);
        let n = a + b;
        let d = other.mean - self.mean;
        let (share_a, share_b) = (a / n, b / n);
        let square = d * d * a * share_b;
        let mixed = share_a * share_a - share_a * share_b + share_b * share_b;
        let seconds = share_a * share_a * other.m2 + share_b * share_b * self.m2;
        Self {
            count: n,
            mean: self.mean + d * share_b,
            m2: self.m2 + other.m2 + square,
            m3: self.m3
                + other.m3
                + square * d * (share_a - share_b)
                + 3.0 * d * (share_a * other.m2 - share_b * self.m2),
            m4: self.m4
                + other.m4
                + square * d * d * mixed
                + 6.0 * d * d * seconds
                + 4.0 * d * (share_a * other.m3 - share_b * self.m3),
        }
    }

    /// How many numbers.
    pub fn count(&self) -> u64 {
        self.count as u64
    }
    /// Their mean; 0 of none.
    pub fn mean(&self) -> f64 {
        self.mean
    }
    /// The unbiased variance; NaN of fewer than 2.
    pub fn variance(&self) -> f64 {
        if self.count < 2.0 {
            return f64::NAN;
        }
        self.m2 / (self.count - 1.0)
    }
    /// The unbiased variance's square root.
    pub fn sd(&self) -> f64 {
        self.variance().sqrt()
    }
    /// (M3 / n) / (M2 / n)^(3/2); NaN where nothing varies.
    pub fn skewness(&self) -> f64 {
        let second = self.m2 / self.count;
        self.m3 / self.count / (second * second.sqrt())
    }
    /// (M4 / n) / (M2 / n)^2, 3 for a normal law; NaN where nothing varies.
    pub fn kurtosis(&self) -> f64 {
        let second = self.m2 / self.count;
        self.m4 / self.count / (second * second)
    }
    /// Standard error of the mean, given the effective sample size of the mean.
    pub fn mcse_mean(&self, ess: f64) -> f64 {
        (self.variance() / ess).sqrt()
    }
    /// Standard error of the standard deviation, given the effective sample size of (x - mean)^2.
    pub fn mcse_sd(&self, ess: f64) -> f64 {
        sd_error(self.m2 / self.count, self.m4 / self.count, ess)
    }
}
