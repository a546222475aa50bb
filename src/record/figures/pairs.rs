//! Two coordinates at a time: those that depend most on each other among the ones shown.
//!
//! ```text
//! dependence(a, b) = max |corr| of (r_a, r_b), (|r_a|, r_b), (r_a, |r_b|), (|r_a|, |r_b|),   r centred ranks
//! ```
//!
//! so that a funnel and a ring count as dependent too. Few points are drawn one by one, many as cells whose
//! shade grows with the square root of their count. In the plane the exact density is drawn as the lines
//! that hold 50% and 95% of its mass, by marching squares (Lorensen, Cline 1987, doi 10.1145/37402.37422,
//! in two dimensions), saddles split by the mean.

use super::Table;
use super::exact::log_densities;
use crate::target::BlockTarget;
use driftlane_kernels::Lane;
use serde::{Deserialize, Serialize};

/// Pairs drawn.
const PAIRS: usize = 3;
/// Rows that dependence is judged by.
const JUDGED: usize = 4096;
/// Points drawn one by one; more become cells.
const SCATTERED: usize = 1500;
/// Points along an axis of the grid that contours are found on.
const GRID: usize = 96;
/// Shades of cells.
const SHADES: u32 = 8;

/// Two coordinates.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Coordinate to the right.
    pub first: usize,
    /// Coordinate upwards.
    pub second: usize,
    /// Range of the first.
    pub x: (f64, f64),
    /// Range of the second.
    pub y: (f64, f64),
    /// Their dependence, in [0, 1].
    pub dependence: f64,
    /// The cells, where there are many points.
    pub cells: Option<Cells>,
    /// Points `x,y` in thousandths of the ranges, separated by spaces, where there are few.
    pub points: String,
    /// Pieces of lines of equal exact density `x,y,x,y` likewise.
    pub contours: String,
}

/// A histogram in two dimensions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cells {
    /// A row of shades from 0 to 8, the lowest row first.
    pub rows: Vec<String>,
    /// What the darkest shade stands for.
    pub most: u32,
}

/// The most dependent pairs of the shown coordinates, whose ranges are given.
pub(super) fn of(
    table: &Table<'_>,
    shown: &[usize],
    ranges: &[Option<(f64, f64)>],
    target: Option<&dyn BlockTarget>,
) -> Vec<Pair> {
    let rows = table.rows();
    if rows < 2 || shown.is_empty() {
        return Vec::new();
    }
    let every = rows.div_ceil(JUDGED);
    let ranks: Vec<Vec<f64>> = shown
        .iter()
        .map(|&j| centred_ranks(&table.column(j), every))
        .collect();
    let mut pairs = Vec::new();
    for a in 0..shown.len() {
        for b in a + 1..shown.len() {
            pairs.push((dependence(&ranks[a], &ranks[b]), a, b));
        }
    }
    pairs.sort_by(|p, q| q.0.total_cmp(&p.0));
    pairs.truncate(PAIRS);
    let plane = target.filter(|target| target.dim() == 2);
    let pairs = pairs.into_iter().filter_map(|(dependence, a, b)| {
        let (x, y) = (ranges[a]?, ranges[b]?);
        let columns = [a, b].map(|k| table.column(shown[k]));
        let (cells, points) = match rows > SCATTERED {
            true => (Some(cells(&columns[0], &columns[1], x, y)), String::new()),
            false => (None, points(&columns[0], &columns[1], x, y)),
        };
        Some(Pair {
            first: shown[a],
            second: shown[b],
            x,
            y,
            dependence,
            cells,
            points,
            // Shown coordinates of the plane are in order.
            contours: plane.map_or(String::new(), |target| contours(target, x, y)),
        })
    });
    pairs.collect()
}

fn centred_ranks(column: &[f64], every: usize) -> Vec<f64> {
    let values: Vec<f64> = column.iter().step_by(every).copied().collect();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    for (rank, i) in order.into_iter().enumerate() {
        ranks[i] = (rank as f64 + 0.5) / values.len() as f64 - 0.5;
    }
    ranks
}

fn dependence(a: &[f64], b: &[f64]) -> f64 {
    let fold = |r: &[f64]| r.iter().map(|r| r.abs() - 0.25).collect::<Vec<f64>>();
    let (fa, fb) = (fold(a), fold(b));
    let correlation = |a: &[f64], b: &[f64]| {
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let scale = (product(a, a) * product(b, b)).sqrt();
        if scale > 0.0 {
            (product(a, b) / scale).abs()
        } else {
            0.0
        }
    };
    let all = [(a, b), (&fa, b), (a, &fb), (&fa, &fb)];
    all.iter()
        .map(|(a, b)| correlation(a, b))
        .fold(0.0, f64::max)
}

/// Where a value stands in a range, in thousandths; `None` outside.
fn thousandths(value: f64, (low, high): (f64, f64)) -> Option<u32> {
    let place = (value - low) / (high - low);
    (0.0..=1.0)
        .contains(&place)
        .then(|| (1000.0 * place).round() as u32)
}

fn points(a: &[f64], b: &[f64], x: (f64, f64), y: (f64, f64)) -> String {
    let point =
        |(a, b): (&f64, &f64)| Some(format!("{},{}", thousandths(*a, x)?, thousandths(*b, y)?));
    let all: Vec<String> = a.iter().zip(b).filter_map(point).collect();
    all.join(" ")
}

fn cells(a: &[f64], b: &[f64], x: (f64, f64), y: (f64, f64)) -> Cells {
    // As many as the points can fill: between 24 and 64 along an axis.
    let n = ((a.len() as f64).sqrt() * 0.5).clamp(24.0, 64.0) as usize;
    let mut counts = vec![vec![0u32; n]; n];
    for (a, b) in a.iter().zip(b) {
        let place = |v: f64, (low, high): (f64, f64)| (v - low) / (high - low) * n as f64;
        let (c, r) = (place(*a, x), place(*b, y));
        if (0.0..n as f64).contains(&c) && (0.0..n as f64).contains(&r) {
            counts[r as usize][c as usize] += 1;
        }
    }
    let most = counts.iter().flatten().copied().max().unwrap_or(0).max(1);
    let shade = |n: u32| {
        // Square-root scale, so that thin tails stay visible.
        let shade = (f64::from(SHADES) * (f64::from(n) / f64::from(most)).sqrt()).ceil() as u32;
        char::from_digit(shade.min(SHADES), 10).unwrap_or('0')
    };
    Cells {
        rows: counts
            .iter()
            .map(|row| row.iter().map(|n| shade(*n)).collect())
            .collect(),
        most,
    }
}

fn contours(target: &dyn BlockTarget, x: (f64, f64), y: (f64, f64)) -> String {
    let at = |k: usize, (low, high): (f64, f64)| low + k as f64 / (GRID - 1) as f64 * (high - low);
    let mut grid = Vec::with_capacity(2 * GRID * GRID);
    for r in 0..GRID {
        for c in 0..GRID {
            grid.extend([at(c, x), at(r, y)]);
        }
    }
    let logs = log_densities(target, &grid);
    let most = logs
        .iter()
        .copied()
        .filter(|v| v.is_finite())
        .fold(f64::NEG_INFINITY, f64::max);
    let mut heights: Vec<f64> = logs.iter().map(|v| Lane::exp(v - most)).collect();
    for height in heights.iter_mut().filter(|h| !h.is_finite()) {
        *height = 0.0;
    }
    let mut sorted = heights.clone();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let mass: f64 = sorted.iter().sum();
    let mut pieces = Vec::new();
    for share in [0.5, 0.95] {
        let mut sum = 0.0;
        let level = sorted.iter().find(|h| {
            sum += **h;
            sum >= share * mass
        });
        if let Some(level) = level.filter(|level| **level > 0.0) {
            march(&heights, *level, &mut pieces);
        }
    }
    pieces.join(" ")
}

/// Pieces of the line at a level, cell by cell of the grid.
fn march(heights: &[f64], level: f64, pieces: &mut Vec<String>) {
    let unit = 1000.0 / (GRID - 1) as f64;
    for r in 0..GRID - 1 {
        for c in 0..GRID - 1 {
            let corner = [(c, r), (c + 1, r), (c + 1, r + 1), (c, r + 1)];
            let height = corner.map(|(c, r)| heights[r * GRID + c]);
            // Where the line crosses the four sides, in order around the cell.
            let mut crossings = Vec::new();
            for side in 0..4 {
                let next = (side + 1) % 4;
                let (a, b) = (height[side], height[next]);
                if (a >= level) != (b >= level) {
                    let share = (level - a) / (b - a);
                    let mix =
                        |a: usize, b: usize| unit * (a as f64 + share * (b as f64 - a as f64));
                    let ((x0, y0), (x1, y1)) = (corner[side], corner[next]);
                    crossings.push((mix(x0, x1).round(), mix(y0, y1).round()));
                }
            }
            // At a saddle the mean tells which corners belong together.
            let middle = 0.25 * height.iter().sum::<f64>() >= level;
            if crossings.len() == 4 && middle == (height[0] >= level) {
                crossings.rotate_left(1);
            }
            for ends in crossings.chunks_exact(2).filter(|ends| ends[0] != ends[1]) {
                let ((a, b), (c, d)) = (ends[0], ends[1]);
                pieces.push(format!("{a},{b},{c},{d}"));
            }
        }
    }
}
