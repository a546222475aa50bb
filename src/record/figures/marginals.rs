//! Histograms of single coordinates over their central 99.8%, or where the target lies if that is wider.
//!
//! A bar is an average over its bin, and so is what it is held against: the exact curve p averaged over the same bin.
//! Bins follow Rice's rule; where they are too wide for the exact curve they are made narrower, as far as there are
//! values for it:
//!
//! ```text
//! average over bin k   a_k = (P(right) - P(left)) / width,   P the integral of p by trapezia
//! unresolved           U = 1/2 integral |p(x) - a_bin(x)| dx  <=  0.05,   the mass that bars put elsewhere than p
//! ```

use super::exact::Exactly;
use super::{Table, bins, finite, histogram};
use serde::{Deserialize, Serialize};

/// Mass that bars may put elsewhere than the curve, for being bars.
const UNRESOLVED: f64 = 0.05;
/// Values that a bin has on average at least, where bins are made narrower: their noise is 18%.
const VALUES: usize = 30;
/// Bins at most: a bar is then a pixel and a half wide on paper.
const MOST: usize = 160;

/// The histogram of a coordinate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Marginal {
    /// Which.
    pub coordinate: usize,
    /// Lower end of the first bin.
    pub low: f64,
    /// Upper end of the last bin.
    pub high: f64,
    /// Values in each bin.
    pub counts: Vec<u32>,
    /// Finite values, those beyond the ends too.
    pub values: usize,
    /// The exact density at points, if it is known.
    pub exact: Vec<(f64, f64)>,
    /// How it was found, in words.
    pub exact_how: String,
}

/// Of one coordinate over a range.
pub(super) fn of(coordinate: usize, column: &[f64], range: (f64, f64)) -> Marginal {
    let values = finite(column);
    Marginal {
        coordinate,
        low: range.0,
        high: range.1,
        counts: histogram(values.iter().copied(), range, bins(values.len())),
        values: values.len(),
        ..Marginal::default()
    }
}

/// Adds the exact densities, where they are known, and counts again where they need narrower bins.
pub(super) fn add_curves(marginals: &mut [Marginal], exactly: &Exactly<'_>, table: &Table<'_>) {
    let wanted: Vec<_> = marginals
        .iter()
        .map(|m| (m.coordinate, (m.low, m.high)))
        .collect();
    for (marginal, (points, how)) in marginals.iter_mut().zip(exactly.curves(&wanted)) {
        (marginal.exact, marginal.exact_how) = (points, how);
        let bins = marginal.resolving();
        if bins > marginal.counts.len() {
            let column = table.column(marginal.coordinate);
            marginal.counts = histogram(column, (marginal.low, marginal.high), bins);
        }
    }
}

impl Marginal {
    /// The exact density averaged over each bin, if it is known: what bars are but for noise.
    pub fn expected(&self) -> Vec<f64> {
        self.averages(self.counts.len())
    }

    /// The exact density averaged over each of `bins` equal parts; empty where it is not known.
    fn averages(&self, bins: usize) -> Vec<f64> {
        if self.exact.len() < 2 {
            return Vec::new();
        }
        let width = (self.high - self.low) / bins.max(1) as f64;
        let mut averages = Vec::with_capacity(bins);
        let (mut at, mut sum, mut before) = (0, 0.0, 0.0);
        for bin in 1..=bins {
            let edge = self.low + bin as f64 * width;
            while at + 2 < self.exact.len() && self.exact[at + 1].0 <= edge {
                let ((x0, y0), (x1, y1)) = (self.exact[at], self.exact[at + 1]);
                sum += 0.5 * (x1 - x0) * (y0 + y1);
                at += 1;
            }
            // The part of the piece in which the edge lies: curves end where pictures do.
            let ((x0, y0), (x1, y1)) = (self.exact[at], self.exact[at + 1]);
            let along = (edge.min(x1) - x0).max(0.0);
            let slope = if x1 > x0 { (y1 - y0) / (x1 - x0) } else { 0.0 };
            let until = sum + along * (0.5 * slope).mul_add(along, y0);
            averages.push((until - before) / width);
            before = until;
        }
        averages
    }

    /// How many bins resolve the exact curve, as far as there are values for it; no fewer than there are.
    fn resolving(&self) -> usize {
        let most = (self.values / VALUES).min(MOST);
        let mut bins = self.counts.len();
        while bins < most && self.unresolved(bins) > UNRESOLVED {
            bins = (bins + bins / 4 + 1).min(most);
        }
        bins
    }

    /// The mass that so many bars put elsewhere than the curve.
    fn unresolved(&self, bins: usize) -> f64 {
        let averages = self.averages(bins);
        let scale = bins as f64 / (self.high - self.low);
        let off = |ends: &[(f64, f64)]| {
            let ((x0, y0), (x1, y1)) = (ends[0], ends[1]);
            let bin = (0.5 * (x0 + x1) - self.low) * scale;
            let average = averages.get(bin as usize).copied().unwrap_or(0.0);
            (x1 - x0) * (0.5 * (y0 + y1) - average).abs()
        };
        0.5 * self.exact.windows(2).map(off).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A curve of three pieces, by hand: averages over bins that cut them, and the area kept.
    #[test]
    fn averages_are_integrals() {
        let marginal = Marginal {
            low: 0.0,
            high: 4.0,
            exact: vec![(0.0, 0.0), (1.0, 1.0), (3.0, 1.0), (4.0, 0.0)],
            ..Marginal::default()
        };
        assert_eq!(marginal.averages(1), [0.75]);
        assert_eq!(marginal.averages(2), [0.75, 0.75]);
        assert_eq!(marginal.averages(8)[..3], [0.25, 0.75, 1.0]);
        // Steps, upright at their edges.
        let steps = Marginal {
            exact: vec![(0.0, 1.0), (2.0, 1.0), (2.0, 3.0), (4.0, 3.0)],
            ..marginal
        };
        assert_eq!(steps.averages(4), [1.0, 1.0, 3.0, 3.0]);
        assert!(steps.unresolved(4) < 1e-12 && steps.unresolved(1) > 1.9);
        assert!(Marginal::default().expected().is_empty());
    }
}
