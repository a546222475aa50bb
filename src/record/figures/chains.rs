//! What kept draws tell of the chains: traces, energies, acceptance, autocorrelation.
//!
//! ```text
//! E-BFMI = mean (E_t - E_{t-1})^2 / Var(E)                         over all chains
//! rho_k = mean (x_t - m)(x_{t+k} - m) / v                          m, v of all chains together
//! ```
//!
//! The first is that of Betancourt 2016 (arXiv:1604.00695) where kept draws have energies H(x, p), Var about the mean
//! of each chain. Where moves have no
//! momentum it is taken of the log density: 2 (1 - its autocorrelation at lag 1). The second does not fall to 0 where
//! chains sit in different places.

use super::{Sources, bins, central, finite, histogram, quantile};
use crate::diagnostics::{e_bfmi_pooled, e_bfmi_within};
use crate::record::{Draws, RunRecord, table};
use serde::{Deserialize, Serialize};

/// Columns of a trace.
const COLUMNS: usize = 120;
/// Chains that are looked at, evenly spaced.
const CHAINS: usize = 256;
/// Lags of an autocorrelation, at most.
const LAGS: usize = 60;
/// Draws of a chain that lags are averaged over.
const LAG_DRAWS: usize = 4000;
/// Autocorrelations drawn.
const COORDINATES: usize = 4;
/// Quartile ranges that histograms of the log density reach, at most.
const REACH: f64 = 12.0;
/// Quantiles of a trace.
const QUANTILES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// Figures of chains.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ChainFigures {
    /// Chains looked at.
    pub chains: usize,
    /// Of the log density, if there is one, and of the coordinate that is worst.
    pub traces: Vec<TraceFigure>,
    /// Of the energy, or of the log density where there is none.
    pub energy: Option<Energy>,
    /// Of the chains' moves.
    pub acceptance: Option<Acceptance>,
    /// Of the worst coordinates.
    pub autocorrelations: Vec<Autocorrelation>,
}

/// A quantity over the draws.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TraceFigure {
    /// A coordinate; `None` for the log density.
    pub coordinate: Option<usize>,
    /// The draws that are shown, counted from 1.
    pub draws: Vec<usize>,
    /// Quantiles 5, 25, 50, 75, 95% over chains at each of them.
    pub quantiles: Vec<[f64; 5]>,
    /// The first chains alone, at each of them.
    pub alone: Vec<Vec<f64>>,
}

/// The spread of the energy, or of the log density, and of its changes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Energy {
    /// Whether it is the energy H(x, p); else it is the log density.
    #[serde(default)]
    pub hamiltonian: bool,
    /// Both histograms span from minus this to this, values less their median.
    pub reach: f64,
    /// Of the values.
    pub marginal: Vec<u32>,
    /// Of its changes from draw to draw.
    pub changes: Vec<u32>,
    /// Values looked at, those beyond the ends too.
    pub values: usize,
    /// Their ratio; `None` where it has no value.
    pub e_bfmi: Option<f64>,
}

/// The chains' mean acceptance probabilities.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Chains in equal parts of [0, 1].
    pub counts: Vec<u32>,
    /// The smallest share.
    pub least: f64,
    /// The largest.
    pub most: f64,
}

/// Autocorrelation of a coordinate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Autocorrelation {
    /// Which.
    pub coordinate: usize,
    /// At lags 0, 1, ...
    pub rho: Vec<f64>,
}

/// Of a run that kept draws.
pub(super) fn of(record: &RunRecord<'_>, sources: &Sources<'_>) -> Option<ChainFigures> {
    let kept = record.draws.filter(|kept| kept.draws > 1)?;
    let dim = record.summary.dim.max(1);
    let all = kept.values.len() / dim / kept.draws;
    let chains: Vec<usize> = (0..all).step_by(all.div_ceil(CHAINS).max(1)).collect();
    let position =
        |j: usize| move |draw: usize, chain: usize| kept.values[(draw * all + chain) * dim + j];
    let log_density = |draw: usize, chain: usize| sources.log_densities[draw * all + chain];
    let energy_at = |draw: usize, chain: usize| sources.energies[draw * all + chain];
    let has_density = sources.log_densities.len() == kept.draws * all;
    let has_energy = sources.energies.len() == kept.draws * all;
    let worst = table::worst(record, COORDINATES);
    let mut traces = Vec::new();
    if has_density {
        traces.extend(trace(None, kept.draws, &chains, log_density));
    }
    if let Some(&j) = worst.first() {
        traces.extend(trace(Some(j), kept.draws, &chains, position(j)));
    }
    let lags = worst
        .iter()
        .filter_map(|&j| autocorrelation(j, kept, &chains, position(j)));
    Some(ChainFigures {
        chains: chains.len(),
        traces,
        energy: match (has_energy, has_density) {
            (true, _) => energy(kept.draws, &chains, true, energy_at),
            (false, true) => energy(kept.draws, &chains, false, log_density),
            (false, false) => None,
        },
        acceptance: acceptance(sources.acceptance, kept.draws, all),
        autocorrelations: lags.collect(),
    })
}

fn trace(
    coordinate: Option<usize>,
    draws: usize,
    chains: &[usize],
    value: impl Fn(usize, usize) -> f64,
) -> Option<TraceFigure> {
    let columns = draws.min(COLUMNS);
    let mut figure = TraceFigure {
        coordinate,
        ..TraceFigure::default()
    };
    // Single chains show how they move only where every draw is one of the columns.
    let alone: &[usize] = &chains[..chains.len().min(3)];
    figure.alone = vec![Vec::new(); alone.len()];
    for k in 0..columns {
        let draw = ((k + 1) * draws / columns).max(1) - 1;
        let mut column: Vec<f64> = chains
            .iter()
            .map(|c| value(draw, *c))
            .filter(|v| v.is_finite())
            .collect();
        column.sort_unstable_by(f64::total_cmp);
        let ends: Option<Vec<f64>> = QUANTILES.iter().map(|q| quantile(&column, *q)).collect();
        let here: Vec<f64> = alone.iter().map(|c| value(draw, *c)).collect();
        let Some(ends) = ends.filter(|_| here.iter().all(|v| v.is_finite())) else {
            continue;
        };
        figure.draws.push(draw + 1);
        figure.quantiles.push(std::array::from_fn(|q| ends[q]));
        for (line, value) in figure.alone.iter_mut().zip(here) {
            line.push(value);
        }
    }
    (figure.draws.len() > 1).then_some(figure)
}

fn energy(
    draws: usize,
    chains: &[usize],
    hamiltonian: bool,
    value: impl Fn(usize, usize) -> f64,
) -> Option<Energy> {
    // Neighbouring draws stay neighbours: chains are left out, not draws.
    let fewer = chains
        .iter()
        .step_by((draws * chains.len()).div_ceil(1 << 20).max(1));
    let mut series = Vec::new();
    let mut count = 0;
    for chain in fewer {
        series.extend((0..draws).map(|draw| value(draw, *chain)));
        count += 1;
    }
    let values = finite(&series);
    let mut sorted = values.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let [low, median, high] = [0.25, 0.5, 0.75].map(|share| quantile(&sorted, share));
    let (low, median, high) = (low?, median?, high?);
    let centred: Vec<f64> = values.iter().map(|v| v - median).collect();
    let changes: Vec<f64> = series
        .chunks_exact(draws)
        .flat_map(|chain| chain.windows(2).map(|w| w[1] - w[0]))
        .filter(|v| v.is_finite())
        .collect();
    let (a, b) = (central(&centred)?, central(&changes)?);
    let reach = [a.0, a.1, b.0, b.1]
        .iter()
        .fold(0.0f64, |m, v| m.max(v.abs()));
    // A few chains far down must not press all others into one bar.
    let reach = match REACH * (high - low) {
        limit if limit > 0.0 => reach.min(limit),
        _ => reach,
    };
    let bins = bins(values.len()) | 1;
    let ratio = match hamiltonian {
        true => e_bfmi_within(&series, count, draws),
        false => e_bfmi_pooled(&series, count, draws),
    };
    Some(Energy {
        hamiltonian,
        reach,
        values: values.len(),
        marginal: histogram(centred.iter().copied(), (-reach, reach), bins),
        changes: histogram(changes.iter().copied(), (-reach, reach), bins),
        e_bfmi: Some(ratio).filter(|r| r.is_finite()),
    })
}

fn acceptance(shares: &[f64], draws: usize, all: usize) -> Option<Acceptance> {
    // One chain's share is the run's, which the top of the page tells.
    if all < 2 || shares.len() != draws * all {
        return None;
    }
    let mut means = vec![0.0; all];
    for row in shares.chunks_exact(all) {
        for (mean, share) in means.iter_mut().zip(row) {
            *mean += share / draws as f64;
        }
    }
    let (least, most) = (
        means.iter().copied().fold(f64::INFINITY, f64::min),
        means.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    );
    (least.is_finite() && most.is_finite()).then(|| Acceptance {
        // A share of exactly 1 belongs to the last part.
        counts: histogram(means.iter().copied(), (0.0, 1.0 + 1e-12), 50),
        least,
        most,
    })
}

fn autocorrelation(
    coordinate: usize,
    kept: Draws<'_>,
    chains: &[usize],
    value: impl Fn(usize, usize) -> f64,
) -> Option<Autocorrelation> {
    let draws = kept.draws.min(LAG_DRAWS);
    let chains = chains.iter().step_by(chains.len().div_ceil(64).max(1));
    let series: Vec<Vec<f64>> = chains
        .map(|c| (0..draws).map(|draw| value(draw, *c)).collect::<Vec<f64>>())
        .filter(|chain| chain.iter().all(|v| v.is_finite()))
        .collect();
    let count = (series.len() * draws) as f64;
    let mean = series.iter().flatten().sum::<f64>() / count;
    let lag = |k: usize| {
        let products = |chain: &Vec<f64>| {
            let pairs = chain.iter().zip(&chain[k..]);
            pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>()
        };
        series.iter().map(products).sum::<f64>() / (series.len() * (draws - k)) as f64
    };
    let variance = lag(0);
    let rho: Vec<f64> = (0..=LAGS.min(draws / 2))
        .map(|k| lag(k) / variance)
        .collect();
    (variance > 0.0 && rho.iter().all(|r| r.is_finite()))
        .then_some(Autocorrelation { coordinate, rho })
}
