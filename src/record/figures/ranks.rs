//! Ranks of the draws of groups among all draws, with bands: see [`crate::diagnostics::EcdfBand`].
//!
//! Chains are pooled into at most four groups of neighbours; a single chain is cut into quarters. Draws of a
//! group are thinned to half as many as are effective (bulk and tail, of the coordinate shown that has fewest), so that the
//! bands mean what they say.
//!
//! The level is joint (Bonferroni): coordinates are shown because their R-hat is the largest, so that the bands have to
//! hold for all they were chosen from. Of `d` coordinates each band has level 1 - 0.05 / d.

use crate::diagnostics::{EcdfBand, groups_in_order};
use crate::record::RunRecord;
use serde::{Deserialize, Serialize};

/// Coordinates drawn.
pub(super) const COORDINATES: usize = 6;
/// Groups.
const GROUPS: usize = 4;
/// Draws of a group: too few say nothing, more would be no finer on paper.
const DRAWS: (usize, usize) = (40, 2000);
/// How often a line of sound draws is outside of any picture.
const FALSE_ALARMS: f64 = 0.05;
/// Points of the distribution functions.
const POINTS: usize = 100;

/// Ranks of several coordinates.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ranks {
    /// What each group is.
    pub groups: Vec<String>,
    /// Probability that a picture's lines are inside where groups have one law; 0.95 in folders written before it was joint.
    #[serde(default = "before")]
    pub level: f64,
    /// Draws of a group after thinning.
    pub draws: usize,
    /// Draws of a group before.
    pub of_draws: usize,
    /// Effective draws of a group, which thinning goes by; 0 if unknown.
    pub effective: usize,
    /// How many of all draws stand before each point.
    pub before: Vec<usize>,
    /// Fewest of a group among them inside the band.
    pub low: Vec<usize>,
    /// Most.
    pub high: Vec<usize>,
    /// The coordinates.
    pub coordinates: Vec<RankFigure>,
}

/// Ranks of one coordinate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RankFigure {
    /// Which.
    pub coordinate: usize,
    /// Draws of each group in equal parts of the ranks.
    pub bins: Vec<Vec<u32>>,
    /// Draws of each group before each point.
    pub counts: Vec<Vec<usize>>,
    /// Whether every group stays inside the band.
    pub inside: bool,
}

/// Of a run that kept draws; `None` for others and where there are too few.
pub(super) fn of(record: &RunRecord<'_>, coordinates: &[usize]) -> Option<Ranks> {
    let kept = record.draws?;
    let dim = record.summary.dim.max(1);
    let chains = kept.values.len() / dim / kept.draws.max(1);
    let (parts, across) = match chains {
        0 => return None,
        1 => (GROUPS, 1),
        n => (n.min(GROUPS), n / n.min(GROUPS)),
    };
    let (along, groups) = match chains {
        1 => (kept.draws / GROUPS, quarters()),
        _ => (kept.draws, names(parts, across)),
    };
    let of_draws = along * across;
    // Tails are told by fewer than the middle where moves go back and forth, and the bands are for both.
    let size = |j: &usize| {
        let sizes = [record.ess_bulk.get(*j), record.ess_tail.get(*j)];
        let finite = sizes.into_iter().flatten().filter(|e| e.is_finite());
        finite.copied().reduce(f64::min)
    };
    let smallest = coordinates.iter().filter_map(size).reduce(f64::min);
    let effective = smallest.map_or(0, |e| e as usize / parts);
    // As many as are effective would still depend on their neighbours: of a first-order process with effective size n / 2
    // every second draw has 3 n / 8 of its own, every fourth as good as all.
    let wanted = match smallest {
        Some(_) => effective / 2,
        None => DRAWS.1,
    };
    let draws = wanted.clamp(DRAWS.0, DRAWS.1).min(of_draws);
    if draws < DRAWS.0 {
        return None;
    }
    let level = 1.0 - FALSE_ALARMS / dim as f64;
    let band = EcdfBand::new(parts, draws, POINTS, level);
    let bins = if draws < 200 { 10 } else { 20 };
    let mut values = Vec::with_capacity(parts * draws);
    let coordinates = coordinates.iter().map(|&j| {
        values.clear();
        for part in 0..parts {
            for k in 0..draws {
                // Evenly along the chains, so that those of one chain are as far apart as they can be; every chain is
                // begun elsewhere, so that a step as long as a chain meets all draws (the golden section is far from
                // every ratio of small numbers).
                let place = k * of_draws / draws;
                let (draw, chain) = match chains {
                    1 => (part * along + place, 0),
                    _ => {
                        let chain = place / along;
                        let begin = chain * 618 * along / 1000;
                        ((place + begin) % along, part * across + chain)
                    }
                };
                values.push(kept.values[(draw * chains + chain) * dim + j]);
            }
        }
        let order = groups_in_order(&values, parts);
        let counts = band.counts(&order);
        let mut in_bins = vec![vec![0; bins]; parts];
        for (rank, group) in order.iter().enumerate() {
            in_bins[*group as usize][rank * bins / order.len()] += 1;
        }
        RankFigure {
            coordinate: j,
            bins: in_bins,
            inside: band.holds(&counts),
            counts,
        }
    });
    Some(Ranks {
        level,
        coordinates: coordinates.collect(),
        groups,
        draws,
        of_draws,
        effective,
        before: band.before.clone(),
        low: band.low.clone(),
        high: band.high.clone(),
    })
}

fn before() -> f64 {
    0.95
}

fn quarters() -> Vec<String> {
    (1..=GROUPS).map(|k| format!("quarter {k}")).collect()
}

fn names(parts: usize, across: usize) -> Vec<String> {
    let name = |k: usize| match across {
        1 => format!("chain {k}"),
        _ => format!("chains {} to {}", k * across, (k + 1) * across - 1),
    };
    (0..parts).map(name).collect()
}
