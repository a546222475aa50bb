//! Exact curves of a target: its own density where that is a curve, else independent exact draws of it.
//!
//! ```text
//! dim = 1:  p(x) = exp(log_density(x)) / integral over the picture (trapezia)
//! dim > 1:  a histogram of exact draws, where the target can draw them
//! ```

use super::{central, finite, histogram};
use crate::target::BlockTarget;
use bytemuck::{cast_slice, cast_slice_mut};
use driftlane_kernels::rng::{Purpose, Stream};
use driftlane_kernels::tile::Row;
use driftlane_kernels::{F64, Lane};

/// Particles of a row.
const ROW: usize = size_of::<Row<F64>>() / size_of::<f64>();
/// Numbers drawn for exact histograms, all coordinates together, and the fewest and the most draws.
const NUMBERS: usize = 1 << 23;
const DRAWS: (usize, usize) = (1 << 12, 1 << 18);
/// The seed of exact draws: pictures of two runs of a target have the same curve.
const SEED: u64 = 0xd1a3;
/// Points of a curve.
const POINTS: usize = 160;

/// A target that is asked for curves; its exact draws are made once.
pub struct Exactly<'a> {
    target: &'a dyn BlockTarget,
    /// Exact draws of the coordinates that are drawn.
    columns: Vec<(usize, Vec<f64>)>,
}

impl<'a> Exactly<'a> {
    /// Of the coordinates that are drawn.
    pub fn new(target: &'a dyn BlockTarget, shown: &[usize]) -> Self {
        let dim = target.dim();
        let mut columns: Vec<(usize, Vec<f64>)> = Vec::new();
        if dim > 1 {
            let tiles = (NUMBERS / dim).clamp(DRAWS.0, DRAWS.1) / ROW;
            let mut x = vec![Row::<F64>::splat(0.0); dim];
            let mut stream = Stream::new(SEED, Purpose::Exact, 0, 0);
            for tile in 0..tiles {
                if !target.sample_exact(&mut stream, &mut x) {
                    break;
                }
                if tile == 0 {
                    columns.extend(shown.iter().map(|&j| (j, Vec::with_capacity(tiles * ROW))));
                }
                for (j, column) in &mut columns {
                    column.extend_from_slice(cast_slice(&x[*j..=*j]));
                }
            }
        }
        Self { target, columns }
    }

    /// Where a coordinate lies under the target, if that is known: pictures span it, so that what a run
    /// missed is on them.
    pub fn reach(&self, j: usize) -> Option<(f64, f64)> {
        if let Some((_, draws)) = self.columns.iter().find(|(k, _)| *k == j) {
            // The ends need no more digits than these draws give.
            let some: Vec<f64> = draws.iter().step_by(17).copied().collect();
            return central(&some);
        }
        if self.target.dim() > 2 {
            return None;
        }
        let exact = self.target.exact();
        let (mean, sd) = (*exact.mean?.get(j)?, *exact.sd?.get(j)?);
        let range = (mean - 3.5 * sd, mean + 3.5 * sd);
        (range.1 - range.0 > 0.0 && range.0.is_finite() && range.1.is_finite()).then_some(range)
    }

    /// Points (x, density) of a coordinate's marginal over a range, and how they were found; nothing where the target
    /// does not tell.
    pub fn curve(&self, j: usize, range: (f64, f64), bins: usize) -> (Vec<(f64, f64)>, String) {
        if self.target.dim() == 1 {
            return (self.density(range), "the density itself".into());
        }
        let Some((_, draws)) = self.columns.iter().find(|(k, _)| *k == j) else {
            return Default::default();
        };
        let width = (range.1 - range.0) / bins as f64;
        let all = finite(draws).len().max(1) as f64;
        let points = histogram(draws, range, bins).into_iter().zip(0..);
        let points = points.map(|(n, k)| {
            let x = range.0 + (f64::from(k) + 0.5) * width;
            (x, f64::from(n) / (all * width))
        });
        (
            points.collect(),
            format!("a histogram of {} exact draws", draws.len()),
        )
    }

    fn density(&self, (low, high): (f64, f64)) -> Vec<(f64, f64)> {
        let step = (high - low) / (POINTS - 1) as f64;
        let xs: Vec<f64> = (0..POINTS).map(|k| low + k as f64 * step).collect();
        let logs = log_densities(self.target, &xs);
        let most = finite(&logs).into_iter().fold(f64::NEG_INFINITY, f64::max);
        let heights: Vec<f64> = logs.iter().map(|v| Lane::exp(v - most)).collect();
        let area: f64 = heights.windows(2).map(|h| 0.5 * step * (h[0] + h[1])).sum();
        let points = xs.into_iter().zip(heights).map(|(x, h)| (x, h / area));
        points.filter(|p| p.1.is_finite()).collect()
    }
}

/// Log densities at points given row by row, `dim` numbers each.
pub(super) fn log_densities(target: &dyn BlockTarget, points: &[f64]) -> Vec<f64> {
    let dim = target.dim();
    let mut out = Vec::with_capacity(points.len() / dim);
    let mut x = vec![Row::<F64>::splat(0.0); dim];
    let mut value = [Row::<F64>::splat(0.0)];
    for block in points.chunks(ROW * dim) {
        let rows: &mut [f64] = cast_slice_mut(&mut x);
        for (i, point) in block.chunks_exact(dim).enumerate() {
            for (j, number) in point.iter().enumerate() {
                rows[j * ROW + i] = *number;
            }
        }
        target.log_density(&x, &mut value);
        out.extend_from_slice(&cast_slice::<_, f64>(&value)[..block.len() / dim]);
    }
    out
}
