//! Exact curves of a target: its own density where that is a curve, else independent exact draws of it.
//!
//! ```text
//! dim = 1:  p(x) = exp(log_density(x)) / integral over the picture (trapezia)
//! dim > 1:  the marginal density, where the target knows it; else
//!           a histogram of exact draws in bins of its own, as steps, where it can draw them
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
/// Points of a curve: three in the narrowest bin of a histogram.
const POINTS: usize = 481;
/// Bins of exact histograms: of 2^18 draws a bin's noise is 2%, below a line's width.
const BINS: usize = 120;

/// A target that is asked for curves. Its exact draws are made twice, first for where they lie, then to be counted,
/// and not kept: of ten coordinates they would be 20 MB.
pub struct Exactly<'a> {
    target: &'a dyn BlockTarget,
    /// Where the coordinates that are drawn lie, by exact draws; empty where the target makes none.
    reaches: Vec<(usize, Option<(f64, f64)>)>,
}

/// Points (x, density) of a curve and how they were found, in words; nothing where the target does not tell.
pub type Curve = (Vec<(f64, f64)>, String);

impl<'a> Exactly<'a> {
    /// Of the coordinates that are drawn.
    pub fn new(target: &'a dyn BlockTarget, shown: &[usize]) -> Self {
        // The ends need no more digits than these draws give.
        const EVERY: usize = 17;
        let mut columns = vec![Vec::new(); shown.len()];
        let mut drawn = 0;
        exact_draws(target, |x| {
            for (column, j) in columns.iter_mut().zip(shown) {
                let values: &[f64] = cast_slice(&x[*j..=*j]);
                let first = (EVERY - drawn % EVERY) % EVERY;
                column.extend(values.iter().skip(first).step_by(EVERY));
            }
            drawn += ROW;
        });
        let reaches = shown.iter().zip(&columns).map(|(j, c)| (*j, central(c)));
        let reaches = if drawn > 0 {
            reaches.collect()
        } else {
            Vec::new()
        };
        Self { target, reaches }
    }

    /// Where a coordinate lies under the target, if that is known: pictures span it, so that what a run
    /// missed is on them.
    pub fn reach(&self, j: usize) -> Option<(f64, f64)> {
        if let Some((_, reach)) = self.reaches.iter().find(|(k, _)| *k == j) {
            return *reach;
        }
        if self.target.dim() > 2 {
            return None;
        }
        let exact = self.target.exact();
        let (mean, sd) = (*exact.mean?.get(j)?, *exact.sd?.get(j)?);
        let range = (mean - 3.5 * sd, mean + 3.5 * sd);
        (range.1 - range.0 > 0.0 && range.0.is_finite() && range.1.is_finite()).then_some(range)
    }

    /// The marginals of coordinates, each over a range.
    pub fn curves(&self, wanted: &[(usize, (f64, f64))]) -> Vec<Curve> {
        if self.target.dim() == 1 {
            let density = |range| (self.density(range), "the density itself".into());
            return wanted.iter().map(|(_, range)| density(*range)).collect();
        }
        let known = wanted.iter().map(|(j, range)| self.marginal(*j, *range));
        let mut curves: Vec<Option<Curve>> = known.collect();
        if self.reaches.is_empty() || curves.iter().all(Option::is_some) {
            return curves.into_iter().map(Option::unwrap_or_default).collect();
        }
        let mut counts: Vec<Vec<u32>> = wanted.iter().map(|_| vec![0; BINS]).collect();
        let mut all = vec![0usize; wanted.len()];
        let mut draws = 0;
        exact_draws(self.target, |x| {
            draws += ROW;
            for ((counts, all), (j, range)) in counts.iter_mut().zip(&mut all).zip(wanted) {
                let values: &[f64] = cast_slice(&x[*j..=*j]);
                *all += values.iter().filter(|v| v.is_finite()).count();
                let more = histogram(values.iter().copied(), *range, BINS);
                for (count, more) in counts.iter_mut().zip(more) {
                    *count += more;
                }
            }
        });
        let histograms = wanted.iter().zip(&counts).zip(&all);
        let histograms = histograms.map(|(((_, range), counts), all)| {
            let width = (range.1 - range.0) / BINS as f64;
            let all = (*all).max(1) as f64;
            let steps = counts.iter().zip(0..).flat_map(|(n, k)| {
                let height = f64::from(*n) / (all * width);
                [k, k + 1].map(|edge| (range.0 + f64::from(edge) * width, height))
            });
            let how = format!("a histogram of {draws} exact draws");
            (steps.collect(), how)
        });
        let all = curves.iter_mut().zip(histograms);
        all.map(|(known, counted)| known.take().unwrap_or(counted))
            .collect()
    }

    /// The marginal density of a coordinate over a range, where the target knows it.
    fn marginal(&self, j: usize, (low, high): (f64, f64)) -> Option<Curve> {
        let step = (high - low) / (POINTS - 1) as f64;
        let points = (0..POINTS).map(|k| {
            let x = low + k as f64 * step;
            let density = self.target.marginal_density(j, x);
            density.filter(|p| p.is_finite()).map(|p| (x, p))
        });
        let points: Option<Vec<(f64, f64)>> = points.collect();
        Some((points?, "the marginal density".into()))
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

/// The same exact draws every time, a row of them for every coordinate; none where the target makes none, or is of one
/// coordinate, whose density is a curve itself.
fn exact_draws(target: &dyn BlockTarget, mut take: impl FnMut(&[Row<F64>])) {
    let dim = target.dim();
    if dim == 1 {
        return;
    }
    let mut x = vec![Row::<F64>::splat(0.0); dim];
    let mut stream = Stream::new(SEED, Purpose::Exact, 0, 0);
    for _ in 0..(NUMBERS / dim).clamp(DRAWS.0, DRAWS.1) / ROW {
        if !target.sample_exact(&mut stream, &mut x) {
            return;
        }
        take(&x);
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
