//! Histograms of single coordinates over their central 99.8%, or where the target lies if that is wider.

use super::exact::Exactly;
use super::{bins, finite, histogram};
use serde::{Deserialize, Serialize};

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

/// Adds the exact densities, where they are known.
pub(super) fn add_curves(marginals: &mut [Marginal], exactly: &Exactly<'_>) {
    let wanted: Vec<_> = marginals
        .iter()
        .map(|m| (m.coordinate, (m.low, m.high)))
        .collect();
    for (marginal, (points, how)) in marginals.iter_mut().zip(exactly.curves(&wanted)) {
        (marginal.exact, marginal.exact_how) = (points, how);
    }
}
