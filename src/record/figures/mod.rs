//! What the pictures of the report are drawn from: counts and quantiles of a fixed size, whatever the run's.
//!
//! Made once, when a run ends and its arrays are in memory, and kept in `record.json`; so the report can be
//! drawn again without them. Populations and draws are thinned evenly (see the constants), never copied.

mod chains;
mod exact;
mod marginals;
mod pairs;
mod ranks;

pub use chains::{Acceptance, Autocorrelation, ChainFigures, Energy, TraceFigure};
pub use exact::Exactly;
pub use marginals::Marginal;
pub use pairs::{Cells, Pair};
pub use ranks::{RankFigure, Ranks};

use super::{RunRecord, table};
use crate::particles::Numbers;
use crate::target::{BlockTarget, Family};
use serde::{Deserialize, Serialize};

/// Coordinates whose marginals are drawn.
pub const MARGINALS: usize = 12;
/// Values of a coordinate that are looked at, evenly spaced over population and draws.
const VALUES: usize = 1 << 17;

/// The figures of a run; those a run has not are empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Values of every coordinate that were looked at.
    pub values: usize,
    /// Out of how many.
    pub of_values: usize,
    /// Histograms.
    pub marginals: Vec<Marginal>,
    /// Two coordinates at a time.
    pub pairs: Vec<Pair>,
    /// Ranks of draws among all draws.
    pub ranks: Option<Ranks>,
    /// What kept draws tell of the chains.
    pub chains: Option<ChainFigures>,
    /// Why nothing exact stands beside the run, where the target itself would be known; else empty.
    #[serde(default)]
    pub exact_note: String,
    /// sigma / alpha at the nodes of a diffusion sampler, from the start on.
    pub noise_levels: Vec<f64>,
}

/// What the record does not hold.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// What the run sampled; `None` leaves exact curves out.
    pub target: Option<&'a dyn BlockTarget>,
    /// Log densities of kept draws, [draw, N]; empty if there are none.
    pub log_densities: &'a [f64],
    /// Acceptance probabilities before each kept draw, [draw, N]; empty likewise.
    pub acceptance: &'a [f64],
    /// Energies of kept draws, [draw, N]; empty where moves have no momentum.
    pub energies: &'a [f64],
    /// Noise levels of a diffusion sampler; else empty.
    pub noise_levels: &'a [f64],
}

impl Figures {
    /// Those of a run. The target has the dimension of the record.
    pub fn of(record: &RunRecord<'_>, sources: &Sources<'_>) -> Self {
        let table = Table::of(record);
        let shown = table::shown(record, MARGINALS);
        let exactly = sources.target.map(|target| Exactly::new(target, &shown));
        // One column at a time: twelve of them would be 12 MB.
        let mut ranges = Vec::new();
        let mut marginals = Vec::new();
        for &j in &shown {
            let column = table.column(j);
            let range = central(&column).map(|(low, high)| {
                let exact = exactly.as_ref().and_then(|exactly| exactly.reach(j));
                let (low, high) = exact.map_or((low, high), |e| (low.min(e.0), high.max(e.1)));
                let (first, last) = support(sources.target);
                (low.max(first), high.min(last))
            });
            marginals.extend(range.map(|range| marginals::of(j, &column, range)));
            ranges.push(range);
        }
        if let Some(exactly) = &exactly {
            marginals::add_curves(&mut marginals, exactly, &table);
        }
        let ranked = table::shown(record, ranks::COORDINATES);
        Self {
            values: table.rows(),
            of_values: table.all,
            marginals,
            pairs: pairs::of(&table, &shown, &ranges, sources.target),
            ranks: ranks::of(record, &ranked),
            chains: chains::of(record, sources),
            noise_levels: finite(sources.noise_levels),
            exact_note: String::new(),
        }
    }
}

/// Rows of positions: kept draws, else the last population; every so many of them looked at.
struct Table<'a> {
    values: Numbers<'a>,
    dim: usize,
    all: usize,
    every: usize,
}

impl<'a> Table<'a> {
    fn of(record: &RunRecord<'a>) -> Self {
        let values = match record.draws {
            Some(draws) if !draws.values.is_empty() => draws.values.into(),
            _ => record.samples,
        };
        let dim = record.summary.dim.max(1);
        let all = values.len() / dim;
        // An odd stride meets every particle where their number is a power of two.
        let every = all.div_ceil(VALUES).max(1) | 1;
        Self {
            values,
            dim,
            all,
            every: if all <= VALUES { 1 } else { every },
        }
    }

    fn rows(&self) -> usize {
        self.all.div_ceil(self.every)
    }

    /// A coordinate of every row that is looked at; numbers that are not finite are kept, so that columns stay side
    /// by side.
    fn column(&self, j: usize) -> Vec<f64> {
        let rows = (0..self.all).step_by(self.every);
        rows.map(|row| self.values.at(row * self.dim + j)).collect()
    }
}

fn finite(values: &[f64]) -> Vec<f64> {
    values.iter().copied().filter(|v| v.is_finite()).collect()
}

/// The ends of every coordinate: of angles, beyond which a bin would be half empty.
fn support(target: Option<&dyn BlockTarget>) -> (f64, f64) {
    use std::f64::consts::PI;
    let torus = |target: &dyn BlockTarget| target.reference().family() == Family::Torus;
    match target.is_some_and(torus) {
        true => (-PI, PI),
        false => (f64::NEG_INFINITY, f64::INFINITY),
    }
}

/// The range that holds the central 99.8% of finite values, a little widened; `None` where that is no range.
fn central(values: &[f64]) -> Option<(f64, f64)> {
    let mut sorted = finite(values);
    sorted.sort_unstable_by(f64::total_cmp);
    let cut = sorted.len() / 1000;
    let (low, high) = (*sorted.get(cut)?, *sorted.get(sorted.len() - 1 - cut)?);
    let pad = 0.03 * (high - low);
    let range = (low - pad, high + pad);
    let width = range.1 - range.0;
    (width.is_finite() && width > 1e-12 * low.abs().max(high.abs())).then_some(range)
}

/// How many values are in each of `bins` equal parts of a range.
fn histogram(
    values: impl IntoIterator<Item = f64>,
    (low, high): (f64, f64),
    bins: usize,
) -> Vec<u32> {
    let mut counts = vec![0; bins];
    for value in values {
        let bin = (value - low) / (high - low) * bins as f64;
        if (0.0..bins as f64).contains(&bin) {
            counts[bin as usize] += 1;
        }
    }
    counts
}

/// About one bin for a cube root of values, twice: Rice's rule, between 12 and 60.
fn bins(values: usize) -> usize {
    ((2.0 * (values as f64).cbrt()) as usize).clamp(12, 60)
}

/// The value below which a share of rising values lies.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let (below, part) = (place as usize, place.fract());
    let above = (below + 1).min(sorted.len() - 1);
    Some(sorted[below] + part * (sorted[above] - sorted[below]))
}
