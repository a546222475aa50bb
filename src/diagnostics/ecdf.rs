//! Do groups of draws have one law? Ranks among all draws, and bands for their distribution functions.
//!
//! ```text
//! F_g(z) = share of the draws of group g that are among the first S z of all S = L N in rising order
//! N F_g(z) ~ Hypergeometric(S, N, S z)     where all L groups of N draws have one law
//! ```
//!
//! A band that holds every F_g at every z at once with the stated probability: points where
//! 2 min(P(X <= c), P(X >= c)) >= gamma, and gamma the quantile of the smallest such figure over
//! groups and points in simulated permutations (Sailynoja, Buerkner, Vehtari 2022, algorithm 2,
//! doi 10.1007/s11222-022-10090-6, arXiv:2103.10522). Draws must be about independent within a group:
//! thin them first. Costs 1000 permutations of S labels; the seed is fixed, so bands are the same
//! everywhere.

use driftlane_kernels::rng::{Purpose, Stream};
use driftlane_kernels::{F64, Lane};

/// Permutations gamma is read from.
const PERMUTATIONS: usize = 1000;
/// The smallest share whose quantile they tell: 20 of them lie below.
const SURE: f64 = 0.02;
/// The seed of the permutations.
const SEED: u64 = 0x5a11;

/// The group of every draw in rising order of values; `values` holds the groups one after the other, all
/// of one size. Equal values are ordered by a hash of their place, so that no group comes first.
pub fn groups_in_order(values: &[f64], groups: usize) -> Vec<u32> {
    let each = (values.len() / groups.max(1)).max(1);
    let hash = |place: u32| {
        place
            .wrapping_mul(0x9e37_79b1)
            .rotate_left(13)
            .wrapping_mul(0x85eb_ca6b)
    };
    let mut order: Vec<(f64, u32, u32)> = values
        .iter()
        .zip(0..)
        .map(|(v, i)| (*v, hash(i), i))
        .collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    order.iter().map(|(_, _, i)| i / each as u32).collect()
}

/// Bounds for the distribution functions of groups at rising points.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EcdfBand {
    /// How many of all draws stand before each point.
    pub before: Vec<usize>,
    /// The fewest draws of a group among them.
    pub low: Vec<usize>,
    /// The most.
    pub high: Vec<usize>,
    groups: usize,
}

impl EcdfBand {
    /// The band of `groups` groups (at least 2) of `draws` draws at `points` evenly spaced points, which
    /// holds all of them with probability `level`.
    pub fn new(groups: usize, draws: usize, points: usize, level: f64) -> Self {
        let all = groups * draws;
        let before: Vec<usize> = (1..points).map(|k| k * all / points).collect();
        let ln_factorials: Vec<f64> = std::iter::once(0.0)
            .chain((1..=all).scan(0.0, |sum, n| {
                *sum += Lane::ln(n as f64);
                Some(*sum)
            }))
            .collect();
        // Two-sided tail probabilities of every count, at every point.
        let tails: Vec<Vec<f64>> = before
            .iter()
            .map(|&first| two_sided(&ln_factorials, draws, first))
            .collect();
        let mut labels: Vec<u32> = (0..all).map(|i| (i % groups.max(1)) as u32).collect();
        let mut stream = Stream::new(SEED, Purpose::Exact, groups as u64, draws as u64);
        let mut smallest: Vec<f64> = (0..PERMUTATIONS)
            .map(|_| {
                shuffle(&mut labels, &mut stream);
                let counts = counts_of(&labels, groups, &before);
                let least = |row: &Vec<usize>| {
                    let tail = row.iter().zip(&tails).map(|(c, tails)| tails[*c]);
                    tail.fold(1.0, f64::min)
                };
                counts.iter().map(least).fold(1.0, f64::min)
            })
            .collect();
        smallest.sort_unstable_by(f64::total_cmp);
        let gamma = lower_quantile(&smallest, 1.0 - level);
        let inside = |tails: &Vec<f64>| {
            let first = tails.iter().position(|p| *p >= gamma).unwrap_or(0);
            let last = tails.iter().rposition(|p| *p >= gamma).unwrap_or(draws);
            (first, last)
        };
        let (low, high) = tails.iter().map(inside).unzip();
        Self {
            before,
            low,
            high,
            groups,
        }
    }

    /// Group by group, how many of its draws stand before each point; `order` as [`groups_in_order`]
    /// gives it.
    pub fn counts(&self, order: &[u32]) -> Vec<Vec<usize>> {
        counts_of(order, self.groups, &self.before)
    }

    /// Whether every count is inside.
    pub fn holds(&self, counts: &[Vec<usize>]) -> bool {
        let inside = |row: &Vec<usize>| {
            let bounds = self.low.iter().zip(&self.high);
            row.iter()
                .zip(bounds)
                .all(|(c, (low, high))| low <= c && c <= high)
        };
        counts.iter().all(inside)
    }
}

/// The quantile of rising figures at a share. Below `SURE` too few figures tell it: there it goes on along the power law
/// of the quantiles at `SURE` and ten times that, as small figures do (those of independent points are proportional
/// to the share).
fn lower_quantile(sorted: &[f64], share: f64) -> f64 {
    let at = |share: f64| sorted[((share * sorted.len() as f64) as usize).min(sorted.len() - 1)];
    if share >= SURE {
        return at(share);
    }
    let (near, far) = (at(SURE), at(10.0 * SURE));
    let power = Lane::ln(far / near) / std::f64::consts::LN_10;
    // No slower than in proportion: bands for small shares are too wide rather than too narrow.
    near * Lane::exp(power.max(1.0) * Lane::ln(share.max(1e-12) / SURE))
}

fn counts_of(order: &[u32], groups: usize, before: &[usize]) -> Vec<Vec<usize>> {
    let mut counts = vec![Vec::with_capacity(before.len()); groups];
    let mut running = vec![0; groups];
    let mut at = 0;
    for &first in before {
        for group in &order[at..first.min(order.len())] {
            running[*group as usize] += 1;
        }
        at = first.min(order.len());
        for (row, count) in counts.iter_mut().zip(&running) {
            row.push(*count);
        }
    }
    counts
}

/// 2 min(P(X <= c), P(X >= c)) for c = 0..=draws, X ~ Hypergeometric(all, draws, first).
fn two_sided(ln_factorials: &[f64], draws: usize, first: usize) -> Vec<f64> {
    let all = ln_factorials.len() - 1;
    let choose = |n: usize, k: usize| ln_factorials[n] - ln_factorials[k] - ln_factorials[n - k];
    let others = all - draws;
    let mass: Vec<f64> = (0..=draws)
        .map(|c| match c <= first && first - c <= others {
            true => Lane::exp(choose(draws, c) + choose(others, first - c) - choose(all, first)),
            false => 0.0,
        })
        .collect();
    let mut below = 0.0;
    let up: Vec<f64> = mass
        .iter()
        .map(|m| {
            below += m;
            below
        })
        .collect();
    let mut above = 0.0;
    let mut tails: Vec<f64> = mass
        .iter()
        .rev()
        .map(|m| {
            above += m;
            above
        })
        .collect();
    tails.reverse();
    for (tail, up) in tails.iter_mut().zip(up) {
        *tail = (2.0 * tail.min(up)).min(1.0);
    }
    tails
}

/// Fisher and Yates; the bias of a product of 53 bits is below 1e-10 here.
fn shuffle(labels: &mut [u32], stream: &mut Stream) {
    let mut k = labels.len();
    while k > 1 {
        let row = stream.uniform_row::<F64>();
        for uniform in bytemuck::cast_slice::<_, f64>(&[row]) {
            if k > 1 {
                labels.swap(k - 1, (uniform * k as f64) as usize);
                k -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws of one law stay inside as often as the level says; 400 trials tell 0.95 to 0.011.
    #[test]
    fn bands_hold_as_often_as_they_say() {
        let (groups, draws) = (4, 100);
        let band = EcdfBand::new(groups, draws, 50, 0.95);
        let mut stream = Stream::new(7, Purpose::Move, 0, 0);
        let mut inside = 0;
        for _ in 0..400 {
            let mut values = Vec::new();
            while values.len() < groups * draws {
                let row = stream.uniform_row::<F64>();
                values.extend_from_slice(bytemuck::cast_slice::<_, f64>(&[row]));
            }
            values.truncate(groups * draws);
            let order = groups_in_order(&values, groups);
            inside += usize::from(band.holds(&band.counts(&order)));
            // A group that is shifted by half its spread is outside.
            values[..draws].iter_mut().for_each(|v| *v += 0.5);
            let order = groups_in_order(&values, groups);
            assert!(!band.holds(&band.counts(&order)));
        }
        let share = f64::from(inside as u32) / 400.0;
        assert!((share - 0.95).abs() < 0.04, "{share}");
    }

    /// Levels so near 1 that no permutation tells them: of 3000 sound pictures at 1 - 0.05/12, which would leave out 12.5,
    /// at most 26 (four standard deviations more) are outside, and at 95% many more.
    #[test]
    fn bands_near_one_hold() {
        let (groups, draws) = (4, 60);
        let bands = [0.95, 1.0 - 0.05 / 12.0].map(|l| EcdfBand::new(groups, draws, 50, l));
        let mut labels: Vec<u32> = (0..groups * draws).map(|i| (i % groups) as u32).collect();
        let mut stream = Stream::new(8, Purpose::Move, 0, 0);
        let mut outside = [0, 0];
        for _ in 0..3000 {
            shuffle(&mut labels, &mut stream);
            let counts = bands[0].counts(&labels);
            for (outside, band) in outside.iter_mut().zip(&bands) {
                *outside += usize::from(!band.holds(&counts));
            }
        }
        assert!(outside[0] > 80 && outside[1] <= 26, "{outside:?}");
        assert!(outside[1] > 0, "{outside:?}");
    }

    /// By enumeration: of 2 groups of 2 draws, the first two places hold both draws of a group in 1/6 of
    /// all orders.
    #[test]
    fn tails_are_those_of_the_hypergeometric_law() {
        let ln = |n: f64| Lane::ln(n);
        let table = [0.0, 0.0, ln(2.0), ln(6.0), ln(24.0)];
        let tails = two_sided(&table, 2, 2);
        for (got, wanted) in tails.iter().zip([1.0 / 3.0, 1.0, 1.0 / 3.0]) {
            assert!((got - wanted).abs() < 1e-12, "{tails:?}");
        }
    }

    #[test]
    fn equal_values_favour_no_group() {
        let order = groups_in_order(&[1.0; 4000], 2);
        let first: usize = order[..2000].iter().filter(|g| **g == 0).count();
        assert!((900..1100).contains(&first), "{first}");
    }
}
